/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SVHN reader on small MATLAB files. */
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/data/dataset.h"
#include "tests/tap.h"

enum { N = 3 };

static char path[300], spec[300];

/* Writes X (rows × 32 × 3 × N; value (row + 2 column + 5 channel + 9 image) mod 256) and y; a member is left out where its
 * name is NULL. */
static void make(const char *x_name, const char *y_name, size_t rows, size_t n_labels, const double *labels, bool bytes,
                 enum matio_compression compression)
{
	static uint8_t x[N * 3072];
	uint8_t y[8];
	size_t x_dims[4] = {rows, 32, 3, N}, y_dims[2] = {n_labels, 1};
	for (size_t i = 0; i < N; i++)
		for (size_t c = 0; c < 3; c++)
			for (size_t col = 0; col < 32; col++)
				for (size_t row = 0; row < rows; row++)
					x[row + rows * (col + 32 * (c + 3 * i))] = (uint8_t)(row + 2 * col + 5 * c + 9 * i);
	for (size_t i = 0; i < n_labels; i++)
		y[i] = (uint8_t)labels[i];
	unlink(path);
	mat_t *file = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
	matvar_t *v[2] = {
		x_name ? Mat_VarCreate(x_name, MAT_C_UINT8, MAT_T_UINT8, 4, x_dims, x, 0) : NULL,
		!y_name ? NULL : bytes ? Mat_VarCreate(y_name, MAT_C_UINT8, MAT_T_UINT8, 2, y_dims, y, 0) :
			Mat_VarCreate(y_name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, y_dims, (void *)labels, 0),
	};
	for (int k = 0; k < 2; k++)
		if (v[k]) {
			MUST(Mat_VarWrite(file, v[k], compression) ? ERR_IO : OK);
			Mat_VarFree(v[k]);
		}
	Mat_Close(file);
}

static status get(struct dataset *d)
{
	return dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TEST}, d);
}

static bool right(void)
{
	struct dataset d;
	MUST(get(&d));
	const uint8_t *x = d.x;
	bool same = d.n == N && d.label[0] == 1 && d.label[1] == 0 && d.label[2] == 9 && !strcmp(d.class_names[1], "1");
	for (size_t k = 0; same && k < N * 3072; k++)
		same = x[k] == (uint8_t)(k / 32 % 32 + 2 * (k % 32) + 5 * (k / 1024 % 3) + 9 * (k / 3072));
	dataset_close(&d);
	return same;
}

static void refuse(const char *wanted, const char *what)
{
	struct dataset d;
	status s = get(&d);
	if (!ok(s == ERR_INPUT && strstr(fail_words(s, "--"), wanted), "%s is refused", what))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	dataset_close(&d);
}

static int truncations(void)
{
	static uint8_t whole[1 << 14];
	struct dataset d;
	int accepted = 0;
	FILE *f = fopen(path, "rb");
	size_t n = fread(whole, 1, sizeof whole, f);
	fclose(f);
	for (size_t k = 0; k < n; k += k < 300 || k + 200 > n ? 1 : 37) {
		f = fopen(path, "wb");
		fwrite(whole, 1, k, f);
		fclose(f);
		accepted += get(&d) != ERR_INPUT;
		dataset_close(&d);
	}
	return accepted;
}

int main(void)
{
	static const double labels[] = {1, 10, 9, 1}, eleven[] = {1, 11, 9}, half[] = {1, 2.5, 3};
	snprintf(path, sizeof path, "%s/test_32x32.mat", scratch_folder());
	snprintf(spec, sizeof spec, "svhn:%s", scratch_folder());
	for (int zip = 0; zip < 2; zip++)
		for (int bytes = 0; bytes < 2; bytes++) {
			make("X", "y", 32, N, labels, bytes, zip ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE);
			ok(right(), "%s, labels as %s", zip ? "compressed" : "plain", bytes ? "bytes" : "doubles");
			if (bytes)
				ok(truncations() == 0, "every truncation of it is refused");
		}
	make("X", "y", 32, N, eleven, true, MAT_COMPRESSION_NONE);
	refuse("label 1 of member 'y' is 11", "a label out of range");
	make("X", "y", 32, N, half, false, MAT_COMPRESSION_NONE);
	refuse("label 1 of member 'y' is 2.5", "a label that is no integer");
	make("X", "y", 32, N + 1, labels, true, MAT_COMPRESSION_NONE);
	refuse("member 'y' has shape 4×1", "another number of labels");
	make("X", "y", 28, N, labels, true, MAT_COMPRESSION_NONE);
	refuse("member 'X' has shape 28×32×3×3", "another image size");
	make("Z", "y", 32, N, labels, true, MAT_COMPRESSION_NONE);
	refuse("member 'X' is missing", "a missing X");
	make("X", NULL, 32, N, labels, true, MAT_COMPRESSION_NONE);
	refuse("member 'y' is missing", "a missing y");
	unlink(path);
	refuse("test_32x32.mat", "a missing file");
	snprintf(spec, sizeof spec, "svhn:%s/none", scratch_folder());
	refuse("test_32x32.mat", "a missing folder");
	return done_testing();
}
