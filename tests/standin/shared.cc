/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "shared.h"
#include "inside.h"
#include <sys/mman.h>

/* A device's 48 KB of static shared memory, 227 KB with the dynamic; and gaps here between the arrays. */
enum {
	STATIC_MOST = 48 << 10,
	GAP = 64,
	ARRAYS = 32,
	PAGE = 4096,
	ALL = STANDIN_SHARED_MOST + (ARRAYS + 2) * 2 * GAP + PAGE,
	POISON = 0xff
};

struct array { const void *key; size_t at, bytes; };
static struct array arrays[ARRAYS + 1];   /* the first is the dynamic one */
static int n_arrays;
static size_t used, statics;
static char *memory;

static UNSEEN void poison(char *from, size_t bytes)
{
	for (volatile char *c = from; c < from + bytes; c++)   /* no memset: ThreadSanitizer would see it */
		*c = (char)POISON;
}

static UNSEEN size_t add(const void *key, size_t bytes)
{
	const size_t at = (used + GAP - 1) / GAP * GAP + GAP;
	arrays[n_arrays++] = {key, at, bytes};
	used = at + bytes;
#if defined(__SANITIZE_ADDRESS__)
	__asan_unpoison_memory_region(memory + at, bytes);
#endif
	return at;
}

UNSEEN void standin_shared_begin(size_t dynamic)
{
	if (!memory) {
		memory = (char *)mmap(NULL, (ALL + PAGE - 1) / PAGE * PAGE, PROT_READ | PROT_WRITE,
		                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			standin_fatal("no memory for shared memory");
		poison(memory, ALL);
#if defined(__SANITIZE_ADDRESS__)
		__asan_poison_memory_region(memory, ALL);
#endif
	}
	n_arrays = 0;
	used = statics = 0;
	add(NULL, dynamic);
}

UNSEEN void *standin_dynamic_shared(void)
{
	return memory + arrays[0].at;
}

UNSEEN void *standin_shared(const void *key, size_t bytes)
{
	for (int i = 1; i < n_arrays; i++)
		if (arrays[i].key == key)
			return memory + arrays[i].at;
	statics += bytes;
	if (n_arrays > ARRAYS || statics > STATIC_MOST)
		standin_fatal("%zu bytes of static shared memory in %d arrays: a block has 48 KB", statics, n_arrays);
	if (statics + arrays[0].bytes > STANDIN_SHARED_MOST)
		standin_fatal("%zu bytes of shared memory: a block has 227 KB", statics + arrays[0].bytes);
	return memory + add(key, bytes);
}

static UNSEEN void gap_check(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if ((unsigned char)memory[i] != POISON)
			standin_fatal("a write to shared memory outside of its arrays");
}

UNSEEN void standin_shared_end(void)
{
	if (n_arrays == 1 && arrays[0].bytes == 0)
		return;
#if defined(__SANITIZE_ADDRESS__)
	__asan_unpoison_memory_region(memory, ALL);
#endif
	size_t end = 0;
	for (int i = 0; i < n_arrays; i++) {
		gap_check(end, arrays[i].at);
		end = arrays[i].at + arrays[i].bytes;
	}
	gap_check(end, end + GAP);
#if defined(__SANITIZE_THREAD__)
	/* Pages that are mapped anew make ThreadSanitizer forget who used them. */
	const size_t bytes = (end + GAP + PAGE - 1) / PAGE * PAGE;
	const struct standin_unwatched here{};   /* or the mapping counts as a write of this stream */
	if (mmap(memory, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != memory)
		standin_fatal("no memory for shared memory");
	end = bytes;
#endif
	poison(memory, end);
#if defined(__SANITIZE_ADDRESS__)
	__asan_poison_memory_region(memory, ALL);
#endif
}
