/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/holdout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/number.h"
#include "src/rng.h"

/* ---- what is asked for ---- */

/* Reads FRACTION|COUNT, which ends at `text_end`: a number with a point or an exponent, or below 1, is a fraction of n. */
static status read_count(const struct dataset *d, const char *text, const char *text_end, size_t *count)
{
	const size_t length = (size_t)(text_end - text);
	double value;
	bool number = number_whole(text, length, &value), whole = strspn(text, "0123456789") == length && value >= 1;
	if (!number || !(value > 0))
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
	*stratified = how && strcmp(how, "stratified") == 0;
	if (how && !*stratified && strcmp(how, "random") != 0)
		return fail(ERR_USAGE, "{holdout} %s: behind the comma, stratified or random was expected", text);
	if (*stratified && !d->label)
		return fail(ERR_USAGE, "{holdout} %s: %s has no classes of which each could have its share", text, d->spec);
	return read_count(d, text, end, count);
}

/* ---- shares ---- */

void holdout_shares(size_t count, size_t n, size_t classes, const size_t *size, size_t start, size_t *out)
{
	uint64_t rows = 0;
	size_t before = 0;
	for (size_t k = 0; k < classes; k++) {
		rows += size[k];
		const size_t until = (size_t)((count * rows + start) / n);
		out[k] = until - before;
		before = until;
	}
}

/* ---- rows ---- */

/* Always the same rows, whatever --seed is. */
static const struct rng_key rows_key = {0, 0};

/* What is drawn of STREAM_HOLDOUT. */
enum { ROWS, START, CLASSES };

/* What has no label is a class of its own, the first. */
static size_t class_of(const struct dataset *d, size_t i)
{
	return (size_t)(d->label[i] + 1);
}

/* left[k]: the rows of class k that are held out. Classes come in an order that is drawn, since their own may have to do with how hard
 * they are. */
static void draw_shares(size_t count, size_t n, size_t classes, const size_t *size, uint32_t *order, size_t *sizes, size_t *left)
{
	uint32_t draw[4];
	rng_permutation(rows_key, STREAM_HOLDOUT, CLASSES, order, classes);
	rng_words(rows_key, STREAM_HOLDOUT, START, (uint32_t)n, draw);
	for (size_t j = 0; j < classes; j++)
		sizes[j] = size[order[j]];
	holdout_shares(count, n, classes, sizes, (size_t)((uint64_t)draw[0] * n >> 32), sizes);
	for (size_t j = 0; j < classes; j++)
		left[order[j]] = sizes[j];
}

/* Takes the first rows of each class in this order. */
static status draw_by_class(const struct dataset *d, const uint32_t *order, size_t count, uint8_t *held)
{
	const size_t classes = (size_t)d->n_classes + 1;
	size_t *size = calloc(3 * classes, sizeof *size), *left = size ? size + classes : NULL;
	uint32_t *of_classes = malloc(classes * sizeof *of_classes);
	if (!size || !of_classes) {
		free(size);
		free(of_classes);
		return fail(ERR_MEMORY, "out of memory: the sizes of %zu classes", classes);
	}
	for (size_t i = 0; i < d->n; i++)
		size[class_of(d, i)]++;
	draw_shares(count, d->n, classes, size, of_classes, left + classes, left);
	for (size_t i = 0; i < d->n; i++) {
		size_t *rest = &left[class_of(d, order[i])];
		held[order[i]] = *rest > 0;
		*rest -= *rest > 0;
	}
	free(size);
	free(of_classes);
	return OK;
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
	rng_permutation(rows_key, STREAM_HOLDOUT, ROWS, order, d->n);
	d->held_by_class = stratified;
	status s = stratified ? draw_by_class(d, order, count, *held) : OK;
	for (size_t i = 0; !stratified && i < count; i++)
		(*held)[order[i]] = 1;
	free(order);
	return s;
}
