/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Device memory: the host can't touch it but while device code runs; blocks end where a page ends (to 256 bytes), and
 * what lies beside them can't be touched or is looked at afterwards. Address space is not used again, so that a
 * pointer to what was given back stays wrong.
 *
 * The arena is one mapping of a file with no bytes: whatever is not a block faults, whoever runs. A block is opened
 * when device code first touches it, and closed when device code has ended: opening all would cost what their sizes
 * do, each time. */
#include "inside.h"
#include <cstdio>
#include <cstdlib>
#include <map>
#include <csignal>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, ALIGN = 256, POISON = 0xff };
#if defined(__SANITIZE_THREAD__)
static const size_t ARENA = (size_t)16 << 30;
#else
static const size_t ARENA = (size_t)256 << 30;
#endif

typedef std::map<const char *, struct standin_block> block_map;
static block_map blocks, pinned;
static char *arena;
static size_t arena_used, in_use, capacity = (size_t)4 << 30;
static int file = -1, running;
static struct standin_block *open_blocks;
static unsigned long serials;
static struct sigaction before[2];

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static struct standin_block *block_at(block_map &map, const void *p)
{
	auto after = map.upper_bound((const char *)p);
	if (after == map.begin())
		return NULL;
	struct standin_block *b = &(--after)->second;
	return (const char *)p < b->pages + b->page_bytes ? b : NULL;
}

const struct standin_block *standin_block_at(const void *p)
{
	return block_at(blocks, p);
}

const struct standin_block *standin_pinned_at(const void *p)
{
	return block_at(pinned, p);
}

bool standin_in_arena(const void *p)
{
	return arena && (const char *)p >= arena && (const char *)p < arena + ARENA;
}

/* ---- open and closed ---- */

static void protect(struct standin_block *b, int how)
{
	if (syscall(SYS_mprotect, b->pages, b->page_bytes, how) != 0)
		standin_fatal("device memory can't be opened or closed");
	b->open = how != PROT_NONE;
}

static void open_block(struct standin_block *b)
{
	if (!b || b->open)
		return;
	protect(b, PROT_READ | PROT_WRITE);
	b->next_open = open_blocks;
	open_blocks = b;
}

void standin_touch(const void *p)
{
	open_block(block_at(blocks, p));
}

void standin_open(void)
{
	running++;
}

void standin_close(void)
{
	if (--running)
		return;
	for (; open_blocks; open_blocks = open_blocks->next_open)
		protect(open_blocks, PROT_NONE);
}

/* ---- faults ---- */

static UNSEEN void fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	const struct standin_unwatched here{};   /* it comes in the middle of anybody's work */
	char *p = (char *)info->si_addr;
	if (!standin_in_arena(p)) {
		sigaction(signal, &before[signal == SIGBUS], NULL);   /* it comes again, and is whoever's it was */
		return;
	}
	const struct standin_block *b = standin_block_at(p);
	if (running && b && !b->open)
		return standin_touch(p);
	const char *who = running ? *standin_running() ? "a kernel" : "a copy" : "the host";
	if (b && (size_t)(p - b->first) < b->bytes)
		standin_fatal("%s touches device memory: byte %zu of block %lu of %zu bytes", who,
		              (size_t)(p - b->first), b->serial, b->bytes);
	b = standin_block_at(p - PAGE) ? standin_block_at(p - PAGE) : standin_block_at(p + PAGE);
	if (!b)
		standin_fatal("%s touches device memory that is nobody's (given back, or never there): %p", who, (void *)p);
	if (p > b->first)
		standin_fatal("%s touches memory %zu bytes behind block %lu of %zu bytes", who,
		              (size_t)(p - b->first) - b->bytes, b->serial, b->bytes);
	standin_fatal("%s touches memory %zu bytes before block %lu of %zu bytes", who, (size_t)(b->first - p),
	              b->serial, b->bytes);
}

static void arena_make(void)
{
	file = (int)syscall(SYS_memfd_create, "stand-in", 1);
	/* Straight from the system: sanitizers would want shadows for all of it. */
	arena = (char *)syscall(SYS_mmap, NULL, ARENA, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0L);
	if (file < 0 || arena == MAP_FAILED)
		standin_fatal("no address space for device memory");
	struct sigaction ours = {};
	ours.sa_sigaction = fault;
	ours.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &ours, &before[0]);
	sigaction(SIGBUS, &ours, &before[1]);
}

/* ---- what lies beside a block in its pages ---- */

#if !defined(__SANITIZE_ADDRESS__)
static UNSEEN bool poisoned(const char *from, const char *to)
{
	for (const volatile char *c = from; c < to; c++)
		if (*c != (char)POISON)
			return false;
	return true;
}
#endif

void standin_margins(const char *name)
{
#if defined(__SANITIZE_ADDRESS__)
	(void)name;   /* it has seen to it */
#else
	for (const struct standin_block *b = open_blocks; b; b = b->next_open) {
		const char *margin = b->first - b->pages > ALIGN ? b->first - ALIGN : b->pages;
		if (!poisoned(b->first + b->bytes, b->pages + b->page_bytes))
			standin_fatal("%s wrote behind block %lu of %zu bytes", name, b->serial, b->bytes);
		if (!poisoned(margin, b->first))
			standin_fatal("%s wrote before block %lu of %zu bytes", name, b->serial, b->bytes);
	}
#endif
}

static UNSEEN void poison(char *from, size_t bytes)
{
#if defined(__SANITIZE_THREAD__)
	for (volatile char *c = from; c < from + bytes; c++)   /* not seen: nobody wrote this */
		*c = (char)POISON;
#else
	memset(from, POISON, bytes);
#endif
}

static cudaError_t take(void **out, size_t bytes)
{
	const size_t page_bytes = round_up(bytes, PAGE);
	if (bytes > capacity || in_use + bytes > capacity)
		return cudaErrorMemoryAllocation;
	if (!arena)
		arena_make();
	if (arena_used + page_bytes + 2 * PAGE > ARENA)
		standin_fatal("all address space of device memory is used up: a test that takes and gives back too much");
	char *pages = arena + arena_used + (arena_used ? 0 : PAGE);
	if (mmap(pages, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
	         -1, 0) != pages)
		return cudaErrorMemoryAllocation;
	arena_used = (size_t)(pages - arena) + page_bytes + PAGE;
	(void)madvise(pages, page_bytes, MADV_HUGEPAGE);
	poison(pages, page_bytes);
	char *first = pages + page_bytes - round_up(bytes, ALIGN);
#if defined(__SANITIZE_ADDRESS__)
	__asan_poison_memory_region(pages, page_bytes + PAGE);
	__asan_unpoison_memory_region(first, bytes);
#endif
	blocks[pages] = {first, bytes, pages, page_bytes, ++serials, true, NULL};
	protect(&blocks[pages], PROT_NONE);
	in_use += bytes;
	*out = first;
	return cudaSuccess;
}

extern "C" {

void standin_memory(size_t bytes)
{
	std::lock_guard<std::recursive_mutex> held(standin_lock);
	capacity = bytes;
}

size_t standin_in_use(void)
{
	return in_use;
}

long standin_blocks(void)
{
	return (long)blocks.size();
}

cudaError_t cudaMalloc(void **out, size_t bytes)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_capture_forbids();
	if (e != cudaSuccess)
		return standin_said(e);
	*out = NULL;
	return bytes ? standin_said(take(out, bytes)) : cudaSuccess;
}

/* Waits for everything, as the device's does. */
cudaError_t cudaFree(void *p)
{
	CALL();
	cudaError_t e = standin_capture_forbids();
	if (e != cudaSuccess)
		return standin_said(e);
	if (!p)
		return forced;
	standin_drain_all();
	const struct standin_block *b = standin_block_at(p);
	if (!b || b->first != p)
		return standin_said(cudaErrorInvalidValue);
	const struct standin_block gone = *b;
	standin_access_forget(gone.first, gone.bytes);
	in_use -= gone.bytes;
	blocks.erase(gone.pages);
	if ((char *)syscall(SYS_mmap, gone.pages, gone.page_bytes, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file,
			    gone.pages - arena) != gone.pages)
		standin_fatal("device memory can't be given back");
#if defined(__SANITIZE_ADDRESS__)
	__asan_poison_memory_region(gone.pages, gone.page_bytes);
#endif
	return forced;
}

cudaError_t cudaMemGetInfo(size_t *left, size_t *total)
{
	CALL_OR_FAIL();
	*left = capacity > in_use ? capacity - in_use : 0;
	*total = capacity;
	return cudaSuccess;
}

cudaError_t cudaMallocHost(void **out, size_t bytes)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_capture_forbids();
	if (e != cudaSuccess)
		return standin_said(e);
	*out = NULL;
	if (!bytes)
		return cudaSuccess;
	void *p;
	if (posix_memalign(&p, PAGE, bytes) != 0)
		return standin_said(cudaErrorMemoryAllocation);
	memset(p, POISON, bytes);
	pinned[(const char *)p] = {(char *)p, bytes, (char *)p, bytes, ++serials, true, NULL};
	*out = p;
	return cudaSuccess;
}

cudaError_t cudaFreeHost(void *p)
{
	CALL();
	cudaError_t e = standin_capture_forbids();
	if (e != cudaSuccess)
		return standin_said(e);
	if (!p)
		return forced;
	standin_drain_all();
	const struct standin_block *b = standin_pinned_at(p);
	if (!b || b->first != p)
		return standin_said(cudaErrorInvalidValue);
	standin_access_forget(b->first, b->bytes);
	pinned.erase(b->first);
	free(p);
	return forced;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *a, const void *p)
{
	CALL_OR_FAIL();
	const struct standin_block *device = standin_block_at(p), *host = standin_pinned_at(p);
	memset(a, 0, sizeof *a);
	a->type = device ? cudaMemoryTypeDevice : host ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
	a->devicePointer = device || host ? (void *)(uintptr_t)p : NULL;
	a->hostPointer = host ? (void *)(uintptr_t)p : NULL;
	return cudaSuccess;
}

}

bool standin_memory_leaks(void)
{
	for (auto &entry : blocks)
		standin_tell("block %lu of %zu bytes of device memory was never given back", entry.second.serial,
		             entry.second.bytes);
	for (auto &entry : pinned)
		standin_tell("block %lu of %zu bytes of pinned memory was never given back", entry.second.serial,
		             entry.second.bytes);
	return !blocks.empty() || !pinned.empty();
}
