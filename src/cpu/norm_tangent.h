/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The norms' tangents, in float32: the part that all kinds share, and each kind's jvp and hvp. Dots are derivatives along the
 * direction. With z what the activation φ is given, s the scale of x in it, and g = φ′(z)·dy:
 * ẏ = φ′(z)·ż, ġ = φ′(z)·dẏ + φ″(z)·ż·dy, and ġ is the tangent of the residual's gradient. Both passes read x[0], x[1] and y, more than
 * backward does. */
#ifndef BASIN_CPU_NORM_TANGENT_H
#define BASIN_CPU_NORM_TANGENT_H

#include "src/cpu/norm.h"

/* Takes the plan's tangent part, in its arena. Errors: ERR_MEMORY. */
status norm_tangent_open(struct layer_plan *p);

/* The ops. */
status norm_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot);
status norm_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot);

/* Where the numbers by channel of a part's block begin. */
static inline int norm_place(const struct layer_plan *p, int block, int part)
{
	return part * p->channels + block * p->width;
}

/* The kernels of both with a part's numbers, and with the tensors from example `image` on. */
struct norm_kernel norm_jvp_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int part, int image,
                                   int images);
struct norm_kernel norm_hvp_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int part, int image,
                                   int images);

/* Of a part's block: sets the tangents of the thresholds, and sums to 0. */
void norm_set_threshold_dot(struct layer_plan *p, int block, int part);
void norm_clear(const struct layer_plan *p, double *const *sums, int count, int block, int part);

/* The tangent of parameter PARAM_… of a channel. */
static inline double norm_param_dot(const struct layer_plan *p, int param, int channel)
{
	const float *dot = p->tangent.dot->param[param];
	return dot ? (double)dot[channel] : 0;
}

void norm_batch_jvp(struct layer_plan *p, const struct layer_io *io);
void norm_batch_hvp(struct layer_plan *p, const struct layer_io *io);
void norm_filter_jvp(struct layer_plan *p, const struct layer_io *io);
void norm_filter_hvp(struct layer_plan *p, const struct layer_io *io);

#endif
