/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Two .npy files: images or rows, and labels or targets. uint8 of 3 or 4 dimensions are images: (n, h, w), (n, c, h, w) where
 * the second dimension is 1, 3 or 4, else (n, h, w, c) where the last one is. Everything else is a table of n rows. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"
#include "src/data/npy.h"
#include "src/data/npy_pair.h"

static bool channels(int64_t c)
{
	return c == 1 || c == 3 || c == 4;
}

/* (n, h, w, c) to (n, c, h, w). */
static status channels_first(struct arena *a, const struct npy *in, const uint8_t **out)
{
	size_t n = (size_t)in->shape[0], pixels = (size_t)(in->shape[1] * in->shape[2]), c = (size_t)in->shape[3];
	const uint8_t *from = in->data;
	uint8_t *to;
	TRY(arena_take(a, in->count, 1, &to));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c; k++)
			for (size_t p = 0; p < pixels; p++)
				to[(i * c + k) * pixels + p] = from[(i * pixels + p) * c + k];
	*out = to;
	return OK;
}

static status set_images(const char *path, const struct npy *in, struct dataset *out)
{
	const int64_t *s = in->shape;
	const uint8_t *x = in->data;
	if (in->ndim == 3) {
		dataset_images(out, (size_t)s[0], 1, (int)s[1], (int)s[2], x, NULL, 0);
	} else if (channels(s[1])) {
		dataset_images(out, (size_t)s[0], (int)s[1], (int)s[2], (int)s[3], x, NULL, 0);
	} else if (channels(s[3])) {
		TRY(channels_first(&out->arena, in, &x));
		dataset_images(out, (size_t)s[0], (int)s[3], (int)s[1], (int)s[2], x, NULL, 0);
	} else {
		return fail(ERR_INPUT, "%s: uint8 images of shape (%lld, %lld, %lld, %lld); (n, h, w), (n, c, h, w) or (n, h, w, c) "
		            "with 1, 3 or 4 channels were expected", path, (long long)s[0], (long long)s[1], (long long)s[2],
		            (long long)s[3]);
	}
	return OK;
}

/* The values in float32, and as they are: always, or only where float32 does not hold all of their type (else NULL). */
static status take_values(const char *path, const struct npy *in, struct arena *a, bool always, const float **narrow,
                          const double **wide)
{
	size_t per_row = in->count / (size_t)in->shape[0];
	bool exact = in->type == NPY_F4 || in->type == NPY_F2 || (npy_is_integer(in->type) && npy_size(in->type) <= 2);
	float *f;
	double *d = NULL;
	TRY(ARENA_NEW(a, in->count, &f));
	npy_float(in, f);
	for (size_t i = 0; i < in->count; i++)
		if (!isfinite(f[i]))
			return fail(ERR_INPUT, "%s: value %zu of row %zu is not a finite float32 number", path, i % per_row, i / per_row);
	*narrow = f;
	*wide = NULL;
	if (exact && !always)
		return OK;
	TRY(ARENA_NEW(a, in->count, &d));
	npy_double(in, d);
	*wide = d;
	return OK;
}

#define SAVE_FLOATS "real targets are saved as floats: y.astype('float64')"
#define SAVE_CLASSES "rows of 0 and one 1 as their classes: y.argmax(1)"

static status set_labels(const char *path, const struct npy *in, struct dataset *out)
{
	int32_t *label;
	int64_t largest = 0;
	if (in->count != out->n)
		return fail(ERR_INPUT, "%s: holds %zu integer labels; (n,) or (n, 1) was expected, one for each of %zu examples; "
		            SAVE_FLOATS "; " SAVE_CLASSES, path, in->count, out->n);
	TRY(ARENA_NEW(&out->arena, out->n, &label));
	for (size_t i = 0; i < out->n; i++) {
		int64_t y = npy_integer(in, i);
		if (y < 0 || y > 999999)
			return fail(ERR_INPUT, "%s: label %zu is %lld; classes 0, 1, 2 … were expected (below 1,000,000); "
			            SAVE_FLOATS, path, i, (long long)y);
		label[i] = (int32_t)y;
		largest = y > largest ? y : largest;
	}
	out->label = label;
	out->n_classes = largest < 1 ? 2 : (int)largest + 1;
	return OK;
}

/* What the examples are to be predicted. */
static status set_answers(const struct dataset_request *r, const char *first, const char *path, struct dataset *out)
{
	struct npy y;
	const float *values;
	const double *wide;
	TRY(npy_read(path, &out->arena, &y));
	if (y.ndim < 1 || (size_t)y.shape[0] != out->n)
		return fail(ERR_INPUT, "%s: holds %lld labels; %s has %zu examples", path, (long long)(y.ndim ? y.shape[0] : 1),
		            first, out->n);
	if (npy_is_integer(y.type))
		return set_labels(path, &y, out);
	if (r->class_targets)
		return fail(ERR_INPUT, "%s: labels are float%zu: save integers for classes: y.astype('int64')", path,
		            8 * npy_size(y.type));
	if (y.ndim > 2 || y.count == 0 || y.count / out->n > INT_MAX)
		return fail(ERR_INPUT, "%s: real targets of %d dimensions; (n,) or (n, k) was expected", path, y.ndim);
	TRY(take_values(path, &y, &out->arena, true, &values, &wide));
	dataset_reals(out, (int)(y.count / out->n), values, wide);
	return OK;
}

static status read_npy(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)split;
	const char *comma;
	struct npy x;
	char *first;
	const float *values;
	const double *wide;
	TRY(npy_pair(path, r->need != NEED_TARGETS, &comma));
	TRY(arena_text(&out->arena, &first, "%.*s", comma ? (int)(comma - path) : (int)strlen(path), path));
	TRY(npy_read(first, &out->arena, &x));
	if (x.ndim < 1 || x.count == 0)
		return fail(ERR_INPUT, "%s: holds no examples", first);
	size_t n = (size_t)x.shape[0], per_row = x.count / n;
	if (per_row > INT_MAX)
		return fail(ERR_INPUT, "%s: %zu values an example; at most %d are read", first, per_row, INT_MAX);
	if (x.type == NPY_U1 && (x.ndim == 3 || x.ndim == 4)) {
		TRY(set_images(first, &x, out));
	} else {
		TRY(take_values(first, &x, &out->arena, false, &values, &wide));
		dataset_table(out, n, (int)per_row, values, wide);
		out->flattened = x.ndim > 2;
	}
	size_t labels;
	if (r->need == NEED_FOREIGN || !comma)
		return comma ? input_size(comma + 1, &labels) : OK;
	return set_answers(r, first, comma + 1, out);
}

const struct dataset_reader reader_npy = {
	.kind = "npy", .path = "IMAGES.npy,LABELS.npy", .has_test = false, .read = read_npy,
	.help = "two NumPy arrays: uint8 images or rows of numbers, and integer classes or real targets",
};
