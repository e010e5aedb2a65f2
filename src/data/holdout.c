/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/holdout.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/rng.h"

/* ---- what is asked for ---- */

/* Reads FRACTION|COUNT, which ends at `text_end`: a number with a point or an exponent, or below 1, is a fraction of n. */
static status read_count(const struct dataset *d, const char *text, const char *text_end, size_t *count)
{
	char *end;
	const size_t length = (size_t)(text_end - text);
	errno = 0;
	double value = strtod(text, &end);
	bool whole = length && strspn(text, "0123456789") == length && value >= 1;
	if (end == text || end != text_end || strspn(text, "+-0123456789.eE") < length || !(value > 0) || errno)
		return fail(ERR_USAGE, "{holdout} %s: a fraction between 0 and 1, or a number of examples, was expected", text);
	if (!whole && value >= 1)
		return fail(ERR_USAGE, "{holdout} %s: a fraction must be below 1, and a number of examples has no point", text);
	double rows = whole ? value : round(value * (double)d->n);
	if (rows < 1 || rows >= (double)d->n)
		return fail(ERR_USAGE, "{holdout} %s: that is %.0f of %zu training examples; at least one must be held out, and "
		            "one left", text, rows, d->n);
	*count = (size_t)rows;
	return OK;
}

static status read_text(const struct dataset *d, const char *text, size_t *count, bool *stratified)
{
	const char *end = text + strcspn(text, ","), *how = *end ? end + 1 : NULL;
	*stratified = how ? !strcmp(how, "stratified") : d->table.n_classes > 0;
	if (how && !*stratified && strcmp(how, "random") != 0)
		return fail(ERR_USAGE, "{holdout} %s: behind the comma, stratified or random was expected", text);
	if (*stratified && !d->label)
		return fail(ERR_USAGE, "{holdout} %s: %s has no classes of which each could have its share", text, d->spec);
	return read_count(d, text, end, count);
}

/* ---- shares ---- */

struct share {
	double wanted;      /* count·size/n */
	size_t k, rows, least, most;
};

/* The largest remainder first. */
static int by_remainder(const void *a, const void *b)
{
	const struct share *x = a, *y = b;
	double p = x->wanted - (double)x->rows, q = y->wanted - (double)y->rows;
	return p != q ? (p < q) - (p > q) : (x->k > y->k) - (x->k < y->k);
}

static size_t bounded(const struct share *s)
{
	const size_t rows = (size_t)s->wanted;
	return rows < s->least ? s->least : rows > s->most ? s->most : rows;
}

/* Each class in its turn gives or takes a row, until they are `count`. */
static void level(struct share *s, size_t classes, size_t count)
{
	size_t all = 0;
	for (size_t k = 0; k < classes; k++)
		all += s[k].rows;
	while (all < count)
		for (size_t k = 0; k < classes && all < count; k++)
			if (s[k].rows < s[k].most) {
				s[k].rows++;
				all++;
			}
	while (all > count)
		for (size_t k = classes; k-- > 0 && all > count; )
			if (s[k].rows > s[k].least) {
				s[k].rows--;
				all--;
			}
}

status holdout_shares(size_t count, size_t n, size_t classes, const size_t *size, size_t *out)
{
	struct share *s = calloc(classes + 1, sizeof *s);
	size_t least = 0, most = 0;
	if (!s)
		return fail(ERR_MEMORY, "out of memory: the shares of %zu classes", classes);
	for (size_t k = 0; k < classes; k++) {
		least += size[k] >= 2;
		most += size[k] >= 2 ? size[k] - 1 : 0;
	}
	for (size_t k = 0; k < classes; k++) {
		s[k] = (struct share){.wanted = (double)count * (double)size[k] / (double)n, .k = k};
		s[k].least = size[k] >= 2 && least <= count;
		s[k].most = most < count ? size[k] : size[k] >= 2 ? size[k] - 1 : 0;
		s[k].rows = bounded(&s[k]);
	}
	qsort(s, classes, sizeof *s, by_remainder);
	level(s, classes, count);
	for (size_t k = 0; k < classes; k++)
		out[s[k].k] = s[k].rows;
	free(s);
	return OK;
}

/* ---- rows ---- */

/* What has no label is a class of its own, the first. */
static size_t class_of(const struct dataset *d, size_t i)
{
	return (size_t)(d->label[i] + 1);
}

/* Takes the first rows of each class in this order. */
static status draw_by_class(const struct dataset *d, const uint32_t *order, size_t count, uint8_t *held)
{
	const size_t classes = (size_t)d->n_classes + 1;
	size_t *size = calloc(2 * classes, sizeof *size), *left = size ? size + classes : NULL;
	if (!size)
		return fail(ERR_MEMORY, "out of memory: the sizes of %zu classes", classes);
	for (size_t i = 0; i < d->n; i++)
		size[class_of(d, i)]++;
	status s = holdout_shares(count, d->n, classes, size, left);
	for (size_t i = 0; s == OK && i < d->n; i++) {
		size_t *rest = &left[class_of(d, order[i])];
		held[order[i]] = *rest > 0;
		*rest -= *rest > 0;
	}
	free(size);
	return s;
}

status holdout_draw(struct dataset *d, const char *text, uint8_t **held)
{
	uint32_t *order;
	size_t count = 0;
	bool stratified = false;
	TRY(ARENA_NEW(&d->arena, d->n, held));
	if (!text)
		return OK;
	TRY(read_text(d, text, &count, &stratified));
	order = malloc(d->n * sizeof *order);
	if (!order)
		return fail(ERR_MEMORY, "out of memory: the order of %zu examples", d->n);
	rng_permutation((struct rng_key){0, 0}, STREAM_HOLDOUT, 0, order, d->n);
	status s = stratified ? draw_by_class(d, order, count, *held) : OK;
	for (size_t i = 0; !stratified && i < count; i++)
		(*held)[order[i]] = 1;
	free(order);
	return s;
}
