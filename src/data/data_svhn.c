/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SVHN (Netzer et al. 2011, "Reading digits in natural images with unsupervised feature learning"), cropped digits: MATLAB 5
 * files with X, uint8 32 × 32 × 3 × n (row, column, channel, image; column-major), and y, n × 1 (1 × n where SciPy wrote
 * it) of any type, where 10 is the digit 0. */
#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"
#include "src/data/mat.h"

enum { SIDE = 32, CHANNELS = 3, IMAGE = CHANNELS * SIDE * SIDE, DIGITS = 10 };

static const char *const digits[DIGITS] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static status check_images(const char *path, const struct mat_array *v, size_t *n)
{
	const char *wanted = "a 32×32×3×n uint8 array was expected";
	if (!v->found)
		return fail(ERR_INPUT, "%s: member 'X' is missing; %s", path, wanted);
	*n = v->ndim == 4 ? v->dim[3] : 1;
	if (v->class != MAT_UINT8 || v->count != *n * IMAGE || *n == 0 || v->ndim < 3 || v->dim[0] != SIDE ||
	    v->dim[1] != SIDE || v->dim[2] != CHANNELS)
		return fail(ERR_INPUT, "%s: member 'X' is a %s; %s", path, mat_words(v).at, wanted);
	if (!mat_is_bytes(v))
		return fail(ERR_INPUT, "%s: member 'X' is a %s stored as something else than unsigned bytes", path, mat_words(v).at);
	return OK;
}

/* In each plane MATLAB runs down the columns. */
static void transpose(uint8_t *x, size_t planes)
{
	for (size_t p = 0; p < planes; p++, x += SIDE * SIDE)
		for (int i = 0; i < SIDE; i++)
			for (int j = 0; j < i; j++) {
				uint8_t t = x[i * SIDE + j];
				x[i * SIDE + j] = x[j * SIDE + i];
				x[j * SIDE + i] = t;
			}
}

static status read_labels(const char *path, const struct mat_array *v, int32_t *label, size_t n)
{
	if (!v->found)
		return fail(ERR_INPUT, "%s: member 'y' is missing; the %zu labels were expected", path, n);
	if (v->ndim != 2 || v->count != n || (v->dim[0] != 1 && v->dim[1] != 1))
		return fail(ERR_INPUT, "%s: member 'y' is a %s; %zu×1 or 1×%zu numbers were expected, a label for each image of 'X'",
		            path, mat_words(v).at, n, n);
	for (size_t i = 0; i < n; i++) {
		double y = mat_number(v, i);
		if (!(y >= 1 && y <= DIGITS) || y != (int)y)
			return fail(ERR_INPUT, "%s: label %zu of member 'y' is %g; 1 to 10 were expected (10 is the digit 0)", path, i,
			            y);
		label[i] = (int)y % DIGITS;
	}
	return OK;
}

static status read_svhn(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	const char *name = split == SPLIT_TEST ? "test_32x32.mat" : "train_32x32.mat";
	char *file_name;
	struct mat_array member[] = {{.name = "X"}, {.name = "y"}};
	size_t n;
	int32_t *label;
	if (input_is_file(path))
		return fail(ERR_INPUT, "%s: is a file; the folder that holds %s was expected", path, name);
	TRY(arena_text(&out->arena, &file_name, "%s/%s", path, name));
	TRY(mat_read(file_name, &out->arena, member, 2));
	TRY(check_images(file_name, &member[0], &n));
	TRY(ARENA_NEW(&out->arena, n, &label));
	TRY(read_labels(file_name, &member[1], label, n));
	transpose(member[0].data, n * CHANNELS);
	dataset_images(out, n, CHANNELS, SIDE, SIDE, member[0].data, label, DIGITS);
	out->class_names = digits;
	return OK;
}

static const char *const files[] = {"*_32x32.mat", NULL};

const struct dataset_reader reader_svhn = {
	.kind = "svhn", .path = "DIR", .has_test = true, .files = files, .read = read_svhn,
	.help = "SVHN's cropped digits: train_32x32.mat and test_32x32.mat; class 0 is the digit 0",
};
