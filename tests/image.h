/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tensors of images for the layers' tests: in a device's layout and type, and in double in PyTorch's order. */
#ifndef BASIN_TEST_IMAGE_H
#define BASIN_TEST_IMAGE_H

#include "src/layer.h"

struct image {
	struct device *d;
	struct format format;
	int n, c, h, w;
	size_t count;
	void *device;
	double *exact;     /* (n, c, h, w) */
};

struct image image_new(struct device *d, struct format format, int n, const int shape[3]);
void image_free(struct image *m);

/* Sends `exact`, after rounding it to the type that the tensor has. */
void image_put(struct image *m);
/* Normals, different at each call. image_seed begins them again: other ones for another seed. */
void image_random(struct image *m);
void image_normals(struct image *m, double mean, double sd);
void image_seed(unsigned seed);
/* Fetches what the device holds into `exact`. */
void image_get(struct image *m);
/* What the device holds, as it lies (caller frees), and whether it holds the same bits still. */
void *image_bits(const struct image *m);
bool image_same(const struct image *m, const void *bits);

/* The largest |got − want| / (relative·|want| + absolute) over the elements; infinite where one of them alone is NaN. */
double image_error(const struct image *got, const double *want, double relative, double absolute);

/* The bf16 number nearest to x; ties to even. */
double bf16_of(double x);

#endif
