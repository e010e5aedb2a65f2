/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, SMALL_BLOCK = 1 << 16 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;  /* bytes, both from the block's own start */
};

static size_t round_up(size_t bytes)
{
	return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

status arena_take(struct arena *a, size_t count, size_t size, void *out)
{
	void **place = out;
	*place = NULL;
	if (size && count > (SIZE_MAX / 2 - ALIGN) / size)
		return fail(ERR_MEMORY, "out of memory: %zu × %zu bytes asked for", count, size);
	size_t bytes = round_up(count * size), head = round_up(sizeof(struct arena_block));
	struct arena_block *b = a->blocks;
	if (!b || b->size - b->used < bytes) {
		size_t total = head + (bytes > SMALL_BLOCK / 2 ? bytes : SMALL_BLOCK);
		b = aligned_alloc(ALIGN, total);
		if (!b)
			return fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
		b->used = head;
		b->size = total;
		/* A large piece fills its block: keep the block with room left in front. */
		if (a->blocks && bytes > SMALL_BLOCK / 2) {
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	*place = memset((char *)b + b->used, 0, bytes);
	b->used += bytes;
	return OK;
}

status arena_text(struct arena *a, char **out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	TRY(arena_take(a, (size_t)(n < 0 ? 0 : n) + 1, 1, out));
	va_start(args, format);
	vsnprintf(*out, (size_t)(n < 0 ? 0 : n) + 1, format, args);
	va_end(args);
	return OK;
}

void arena_free(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
}
