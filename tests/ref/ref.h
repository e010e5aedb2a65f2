/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each layer in plain double C, as its definition reads: the oracle of every backend. ref_fd checks the derivatives here
 * against finite differences. */
#ifndef BASIN_REF_H
#define BASIN_REF_H

#include "src/layer.h"

/* y (n, out) = x (n, in) Wᵀ + b; b may be NULL. */
void ref_linear(int n, int in, int out, const double *x, const double *weight, const double *bias, double *y);
/* Sets dx (n, in), dweight (out, in), dbias (out) from dy (n, out); each may be NULL. */
void ref_linear_backward(int n, int in, int out, const double *x, const double *weight, const double *dy, double *dx,
                         double *dweight, double *dbias);

/* A convolution of n images x (n, c, h, w) in PyTorch's order; weight (out, kernel, kernel, in/groups). */
struct ref_conv {
	int n, in[3], out[3], kernel, stride, pad, groups;
};

/* y (n, out) from x; bias may be NULL. */
void ref_conv(const struct ref_conv *c, const double *x, const double *weight, const double *bias, double *y);
/* Sets dx, dweight and dbias from dy; each may be NULL. */
void ref_conv_backward(const struct ref_conv *c, const double *x, const double *weight, const double *dy, double *dx,
                       double *dweight, double *dbias);

/* Pooling of images of one channel: x (images, h, w), y (images, oh, ow). The first of equal maxima counts. */
struct ref_pool {
	bool max;                  /* else the mean of what is not padding */
	int images, h, w, oh, ow;
	int kernel, stride, pad;
};

void ref_pool(const struct ref_pool *p, const double *x, double *y);
/* Sets dx. */
void ref_pool_backward(const struct ref_pool *p, const double *x, const double *dy, double *dx);

double ref_activation(enum activation kind, double x);
double ref_activation_slope(enum activation kind, double x);

/* y = activation(γ·(x − place)/size + β + residual), all tensors (n, channels, pixels). Batch norm: place and size are a
 * channel's mean and √(variance + 1e-5) over the batch, or the running ones; filter response norm: 0 and
 * √(mean of x² over an example's pixels + 1e-6). */
struct ref_norm {
	enum norm norm;
	enum activation activation;
	int n, channels, pixels;
	const double *x, *residual;                  /* residual may be NULL */
	const double *gamma, *beta, *threshold;      /* (channels) */
	const double *running;                       /* means, variances (2, channels); NULL: the batch's */
};

/* z is what the activation is given; z and y may be NULL. */
void ref_norm(const struct ref_norm *l, double *z, double *y);
/* Sets dx, the gradient g behind the activation (that of the residual), and the parameters'. */
void ref_norm_backward(const struct ref_norm *l, const double *dy, double *dx, double *g, double *dgamma, double *dbeta,
                       double *dthreshold);
/* γ/size of example i's channel c. */
double ref_norm_scale(const struct ref_norm *l, int i, int c);
/* Updates stats (means, unbiased variances, number of batches) by the batch. */
void ref_norm_running(const struct ref_norm *l, enum stats_policy policy, double *stats);

/* A network of linear layers and activations with a likelihood, as Basin's mlp and linear are. */
struct ref_mlp {
	int n_widths;
	const int *width;          /* inputs, hidden …, outputs */
	enum activation activation;
	enum loss_kind loss;
	double noise_sd;
};

size_t ref_mlp_params(const struct ref_mlp *m);
/* scale · Σ wᵢ ℓᵢ over n rows of x (n, inputs). target: classes (n) or values (n, outputs); weight (n) may be NULL.
 * θ in the order weight, bias, weight, bias …; the gradient is set and may be NULL, so may output (n, outputs). */
double ref_mlp(const struct ref_mlp *m, const double *theta, int n, const double *x, const double *target,
               const double *weight, double scale, double *gradient, double *output);

#endif
