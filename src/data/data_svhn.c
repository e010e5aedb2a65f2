/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SVHN (Netzer et al. 2011, "Reading digits in natural images with unsupervised feature learning"), cropped digits: MATLAB 5
 * files with X, uint8 32 × 32 × 3 × n (row, column, channel, image; column-major), and y, n × 1, where 10 is the digit 0. */
#include <limits.h>
#include <matio.h>
#include <stdio.h>
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"
#include "src/text.h"

enum { SIDE = 32, CHANNELS = 3, IMAGE = CHANNELS * SIDE * SIDE, DIGITS = 10 };

static const char *const digits[DIGITS] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static status bad_shape(const char *path, const matvar_t *v, const char *wanted)
{
	struct text shape = {.n = 0};
	for (int d = 0; d < v->rank && d < 6; d++)
		text_add(&shape, "%s%zu", d ? "×" : "", v->dims[d]);
	return fail(ERR_INPUT, "%s: member '%s' has shape %s and class %d; %s was expected", path, v->name, shape.at,
	            (int)v->class_type, wanted);
}

/* The file is checked against its announced size first: a compressed byte holds at most 1032. */
static status images_header(const char *path, size_t file_size, const matvar_t *v, size_t *n)
{
	const char *wanted = "uint8 of 32×32×3×n";
	if (v->class_type != MAT_C_UINT8 || v->isComplex || v->rank < 3 || v->rank > 4 || v->dims[0] != SIDE ||
	    v->dims[1] != SIDE || v->dims[2] != CHANNELS)
		return bad_shape(path, v, wanted);
	*n = v->rank == 4 ? v->dims[3] : 1;
	if (*n == 0 || *n > INT_MAX / 2)
		return bad_shape(path, v, wanted);
	if (*n * IMAGE / 1032 > file_size)
		return fail(ERR_INPUT, "%s: truncated: member 'X' announces %zu images, the file holds %zu bytes", path, *n, file_size);
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

static status read_images(const char *path, size_t file_size, mat_t *file, struct arena *a, uint8_t **x, size_t *n)
{
	matvar_t *v = Mat_VarReadInfo(file, "X");
	if (!v)
		return fail(ERR_INPUT, "%s: member 'X' is missing or damaged; uint8 of 32×32×3×n was expected", path);
	status s = images_header(path, file_size, v, n);
	if (s == OK)
		s = arena_take(a, *n, IMAGE, x);
	if (s == OK) {
		int start[4] = {0}, stride[4] = {1, 1, 1, 1}, edge[4] = {SIDE, SIDE, CHANNELS, (int)*n};
		if (Mat_VarReadData(file, v, *x, start, stride, edge) != 0)
			s = fail(ERR_INPUT, "%s: truncated or damaged in member 'X', which announces %zu images", path, *n);
	}
	Mat_VarFree(v);
	return s;
}

static status read_labels(const char *path, mat_t *file, int32_t *label, size_t n)
{
	matvar_t *v = Mat_VarReadInfo(file, "y");
	if (!v)
		return fail(ERR_INPUT, "%s: member 'y' is missing or damaged; the %zu labels were expected", path, n);
	status s = OK;
	if (v->rank != 2 || v->isComplex || (v->class_type != MAT_C_UINT8 && v->class_type != MAT_C_DOUBLE) ||
	    v->dims[0] != n || v->dims[1] != 1)
		s = bad_shape(path, v, "uint8 or double of n×1, a label for each image of 'X',");
	else if (Mat_VarReadDataAll(file, v) != 0 || !v->data)
		s = fail(ERR_INPUT, "%s: truncated or damaged in member 'y'", path);
	for (size_t i = 0; s == OK && i < n; i++) {
		double y = v->class_type == MAT_C_UINT8 ? ((const uint8_t *)v->data)[i] : ((const double *)v->data)[i];
		if (!(y >= 1 && y <= DIGITS) || y != (int)y)
			s = fail(ERR_INPUT, "%s: label %zu of member 'y' is %g; 1 to 10 were expected (10 is the digit 0)", path, i, y);
		else
			label[i] = (int)y % DIGITS;
	}
	Mat_VarFree(v);
	return s;
}

/* matio takes lengths from the file at their word, so they are checked first: the 128-byte header, then every element's
 * length against what is left. */
static status check_elements(const char *path, size_t size)
{
	char head[128];
	status s = OK;
	FILE *f = fopen(path, "rb");
	if (!f)
		return fail(ERR_INPUT, "%s: can't be opened", path);
	if (fread(head, sizeof head, 1, f) != 1 || memcmp(head + 124, "\0\1IM", 4))
		s = fail(ERR_INPUT, "%s: not a little-endian MATLAB 5 file", path);
	for (size_t at = sizeof head; s == OK && at < size;) {
		uint32_t tag[2] = {0};   /* type, bytes that follow */
		size_t left = size - at;
		if (left < sizeof tag || fseeko(f, (off_t)at, SEEK_SET) != 0 || fread(tag, sizeof tag, 1, f) != 1 ||
		    tag[1] > left - sizeof tag)
			s = fail(ERR_INPUT, "%s: truncated: the element at byte %zu announces %u bytes, %zu are left with its tag",
			         path, at, tag[1], left);
		at += sizeof tag + tag[1];
	}
	fclose(f);
	return s;
}

static status read_svhn(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	const char *name = split == SPLIT_TEST ? "test_32x32.mat" : "train_32x32.mat";
	char *file_name;
	size_t n = 0, size;
	uint8_t *x = NULL;
	int32_t *label = NULL;
	if (input_is_file(path))
		return fail(ERR_INPUT, "%s: is a file; the folder that holds %s was expected", path, name);
	TRY(arena_text(&out->arena, &file_name, "%s/%s", path, name));
	TRY(input_size(file_name, &size));
	TRY(check_elements(file_name, size));
	mat_t *file = Mat_Open(file_name, MAT_ACC_RDONLY);
	if (!file)
		return fail(ERR_INPUT, "%s: not a MATLAB 5 file", file_name);
	status s = read_images(file_name, size, file, &out->arena, &x, &n);
	if (s == OK)
		s = ARENA_NEW(&out->arena, n, &label);
	if (s == OK)
		s = read_labels(file_name, file, label, n);
	Mat_Close(file);
	TRY(s);
	transpose(x, n * CHANNELS);
	dataset_images(out, n, CHANNELS, SIDE, SIDE, x, label, DIGITS);
	out->class_names = digits;
	return OK;
}

const struct dataset_reader reader_svhn = {
	.kind = "svhn", .path = "DIR", .has_test = true, .read = read_svhn,
	.help = "SVHN's cropped digits: train_32x32.mat and test_32x32.mat; class 0 is the digit 0",
};
