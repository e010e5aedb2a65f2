/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tables of pieces on the card: a network has one, which every verb names. */
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"

struct cuda_table {
	struct cuda_table *next;
	void *there;               /* device: the same n pieces, as many slopes, and where blocks begin */
	int n;
	struct piece at[];         /* as they were */
};

static bool same_piece(const struct piece *a, const struct piece *b)
{
	return a->offset == b->offset && a->count == b->count && a->prior == b->prior && a->frozen == b->frozen &&
	       a->kind == b->kind && a->nu == b->nu;
}

static bool is_table_of(const struct cuda_table *t, const struct pieces *p)
{
	if (t->n != p->n)
		return false;
	for (int i = 0; i < p->n; i++)
		if (!same_piece(&t->at[i], &p->at[i]))
			return false;
	return true;
}

static size_t begin_at(const struct pieces *p)
{
	return (size_t)p->n * (sizeof(struct piece) + sizeof(struct cuda_slope));
}

/* Fills in struct cuda_pieces' `begin`. */
static status put_begin(struct device *d, const struct pieces *p, void *there)
{
	const size_t n = (p->count + PIECES_BLOCK - 1) / PIECES_BLOCK;
	int *begin = malloc((n + 1) * sizeof *begin), k = 0;
	if (!begin)
		return fail(ERR_MEMORY, "out of memory: a table of pieces");
	for (size_t i = 0; i < n; i++) {
		while (k + 1 < p->n && p->at[k + 1].offset <= i * PIECES_BLOCK)
			k++;
		begin[i] = k;
	}
	status s = cuda_put(d, there, begin, n * sizeof *begin);
	free(begin);
	return s;
}

static status add_table(struct device *d, const struct pieces *p, struct cuda_table **out)
{
	size_t bytes = (size_t)p->n * sizeof *p->at;
	struct cuda_table *t = malloc(sizeof *t + bytes);
	if (!t)
		return fail(ERR_MEMORY, "out of memory: a table of pieces");
	*t = (struct cuda_table){.next = cuda_of(d)->tables, .n = p->n};
	if (bytes)
		memcpy(t->at, p->at, bytes);
	status s = cuda_alloc(d, begin_at(p) + (p->count / PIECES_BLOCK + 1) * sizeof(int), &t->there);
	if (s == OK)
		s = cuda_put(d, t->there, t->at, bytes);
	if (s == OK)
		s = put_begin(d, p, (unsigned char *)t->there + begin_at(p));
	if (s != OK) {
		cuda_free(d, t->there);
		free(t);
		return s;
	}
	*out = cuda_of(d)->tables = t;
	return OK;
}

status cuda_pieces_of(struct device *d, const struct pieces *p, struct cuda_pieces *out)
{
	struct cuda_table *t = cuda_of(d)->tables;
	while (t && !is_table_of(t, p))
		t = t->next;
	if (!t)
		TRY(add_table(d, p, &t));
	/* One by one: what lies between the members stays as it is, since calls are compared with it. */
	out->at = t->there;
	out->slopes = (struct cuda_slope *)((struct piece *)t->there + p->n);
	out->begin = (const int *)(out->slopes + p->n);
	out->n = p->n;
	out->count = p->count;
	return OK;
}

void cuda_pieces_close(struct cuda_device *cuda)
{
	for (struct cuda_table *t = cuda->tables, *next; t; t = next) {
		next = t->next;
		cuda_free(&cuda->device, t->there);
		free(t);
	}
	cuda->tables = NULL;
}
