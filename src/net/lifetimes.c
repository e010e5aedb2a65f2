/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/net/lifetimes.h"

#include <stdbool.h>

enum { ALIGN = 64 };

static size_t padded(size_t bytes)
{
	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static bool meet(const struct lifetime *a, const struct lifetime *b)
{
	return a->from <= b->to && b->from <= a->to;
}

/* Whether `a` stands before `b` in the order of placing: larger first, then earlier in the array. */
static bool before(const struct lifetime *a, const struct lifetime *b)
{
	return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
}

/* The next buffer to place after `last` (NULL: the first), or NULL. */
static struct lifetime *next(struct lifetime *at, int n, const struct lifetime *last)
{
	struct lifetime *best = NULL;
	for (int i = 0; i < n; i++)
		if (at[i].bytes && (!last || before(last, &at[i])) && (!best || before(&at[i], best)))
			best = &at[i];
	return best;
}

/* The lowest offset where `l` meets none of the buffers placed before it. */
static size_t lowest(const struct lifetime *at, int n, const struct lifetime *l)
{
	size_t offset = 0;
	for (bool moved = true; moved;) {
		moved = false;
		for (int i = 0; i < n; i++) {
			const struct lifetime *o = &at[i];
			if (!o->bytes || !before(o, l) || !meet(o, l))
				continue;
			if (offset < o->offset + padded(o->bytes) && o->offset < offset + padded(l->bytes)) {
				offset = o->offset + padded(o->bytes);
				moved = true;
			}
		}
	}
	return offset;
}

size_t lifetimes_place(struct lifetime *at, int n)
{
	size_t end = 0;
	for (struct lifetime *l = next(at, n, NULL); l; l = next(at, n, l)) {
		l->offset = lowest(at, n, l);
		if (l->offset + padded(l->bytes) > end)
			end = l->offset + padded(l->bytes);
	}
	return end;
}
