/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A backend's convolutions against the oracle in tests/ref; each backend has a driver that calls these. */
#ifndef BASIN_TEST_CONV_H
#define BASIN_TEST_CONV_H

#include "src/layer.h"
#include "tests/ref/ref.h"

/* One convolution with its data: exact values in PyTorch's order, and the same on the device in their formats. */
struct conv_case {
	struct device *d;
	struct ref_conv shape;
	struct layer layer, norm;
	struct plan_request request;
	struct segment weight, scale, shift;
	struct point at;
	struct slots slots;
	struct weight_source from;
	struct layer_plan *plan;
	size_t nx, ny, nw;
	double *x, *w, *b, *dy, *residual;   /* b: out; for a folded norm γ, β, mean, variance are in `affine` (4, out) */
	double *affine;
	float *theta, *stats;                /* device: w, b or γ, β */
	void *device_x, *device_y, *device_dy, *device_dx, *device_residual, *working;
	float *dw, *db;                      /* device; */
	float *gradients;                    /* what they are in, owned */
};

struct conv_dims {
	int n, in, height, width, out, kernel, stride, pad, groups;
	bool bias;
};

/* Those that every way of convolving is tried with: channels that fill blocks, any, and few. */
struct conv_shapes {
	const struct conv_dims *dims;
	int n;
};
extern const struct conv_shapes conv_blocked, conv_odd, conv_few;

struct conv_setup {
	struct conv_dims dims;
	struct format x, y;
	enum plan_mode mode;
	enum precision precision;
	enum conv_algo algo;
	bool folded, residual;               /* infer: with a batch norm, and with a second input */
	enum activation activation;
	bool fast;
	bool first;                          /* reads the batch itself: no gradient of its input */
	bool apart;                          /* x ⋆ W and dW are rounded to y's type before anything is added */
	bool askew;                          /* dW begins at no multiple of 16 bytes, as in a flat vector it may */
};

/* Fills a case with random values that its formats hold exactly, plans it and makes its working weights. */
void conv_case_new(struct device *d, const struct conv_setup *s, struct conv_case *c);
void conv_case_free(struct conv_case *c);
void conv_case_materialise(struct conv_case *c);
struct layer_io conv_case_io(const struct conv_case *c);
/* Reads a tensor of `count` images of the given shape back into PyTorch's order. */
void conv_read(struct device *d, struct format f, int n, const int shape[3], const void *device, double *out);
void conv_put(struct device *d, struct format f, int n, const int shape[3], const double *in, void *device);
double round_to_bf16(double x);

/* The worst error over many cases, in units of its bound, and where. */
struct conv_worst {
	double ratio;
	char where[160];
};

/* Runs a case forward, and backward where it is made for it, and compares; error bounds are those of float32 sums
 * (Higham 2002, eq. 3.5) times `slack`, and half a unit of bf16 where a result is stored so. */
void conv_check(struct conv_case *c, const struct conv_setup *s, bool add, double slack, struct conv_worst worst[4]);
void conv_judge(const struct conv_worst worst[4], const char *name);

/* Everything that holds for any backend, in one pair of formats. */
void check_conv(struct device *d, struct format f, enum precision precision, enum conv_algo algo, double slack, const char *name);
/* The same of a backend that rounds before it adds. */
void check_conv_apart(struct device *d, struct format f, enum precision precision, enum conv_algo algo, double slack, const char *name);
void check_conv_folded(struct device *d, struct format f, enum precision precision, enum conv_algo algo, const char *name);
/* The convolution that reads the batch; one that reads bf16 rounds before it adds. */
void check_conv_entry(struct device *d, struct format x, struct format y, enum precision precision, const char *name);
/* Shapes of few channels in planes, and others that lie so. */
void check_conv_planes(struct device *d, enum conv_algo algo, const char *name);
/* The same bits from both devices, which differ in their threads; noise in both copies of the weights; NaN. */
void check_conv_planes_rules(struct device *d, struct device *other);
/* Both have more than one thread, and not as many. */
void check_conv_threads(struct device *d, struct device *other, struct format f, enum conv_algo algo, const char *name);
void check_conv_rest(struct device *d, struct format f, enum conv_algo algo, const char *name);
void check_conv_bits(struct device *d, struct format f, enum precision precision, enum conv_algo algo, const char *name);
void check_conv_choices(struct device *d, struct format f);
void forget_choices(struct device *d);
void check_conv_noise(struct device *d, struct format f, enum precision precision, const char *name);

#endif
