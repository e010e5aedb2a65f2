/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/linear_small.h"

/* Beyond it rows lie so far apart that they share few lines of the L1 cache, and a product is worth a second thread. */
enum { LONGEST = 512, MULTIPLICATIONS = 1 << 20 };

bool linear_is_small(const struct linear_shape *s)
{
	return s->n <= LONGEST && s->in <= LONGEST && s->out <= LONGEST && s->n * s->in * s->out < MULTIPLICATIONS;
}

static size_t pitch_of(size_t n)
{
	return (n + PRODUCT_PITCH - 1) / PRODUCT_PITCH * PRODUCT_PITCH;
}

/* Whether Wᵀ is the matrix that is read by rows. Turning a number costs about as much as six multiplications. */
static bool turns_weights(const struct linear_shape *s)
{
	size_t with_weights = 6 * s->in * s->out + s->n * s->in * pitch_of(s->out);
	size_t with_x = 6 * s->n * (s->in + s->out) + s->out * s->in * pitch_of(s->n);
	return with_weights <= with_x;
}

/* y = x·(Wᵀ) + b */
static status forward_by_weights(struct device *d, const struct linear_shape *s, const struct layer_io *io)
{
	const struct kernels *k = kernels_of(d);
	const size_t pitch = pitch_of(s->out);
	float *turned;
	TRY(cpu_scratch(d, s->in * pitch * sizeof *turned, (void **)&turned));
	k->turn(&(struct turn_kernel){.rows = s->out, .columns = s->in, .from_row = s->in, .to_row = pitch, .room = pitch},
	        io->param[PARAM_WEIGHT], turned);
	k->product(&(struct product_kernel){.m = s->n, .n = s->out, .k = s->in, .a = io->x[0], .a_row = s->in, .a_column = 1, .b = turned,
	                                    .b_row = pitch, .padded = true, .bias = io->param[PARAM_BIAS], .c = io->y});
	cpu_scratch_return(d);
	return OK;
}

/* yᵀ = W·(xᵀ), and b is added on the way back: the same sums in the same order. */
static status forward_by_x(struct device *d, const struct linear_shape *s, const struct layer_io *io)
{
	const struct kernels *k = kernels_of(d);
	const size_t pitch = pitch_of(s->n);
	float *x, *y;
	TRY(cpu_scratch(d, (s->in + s->out) * pitch * sizeof *x, (void **)&x));
	y = x + s->in * pitch;
	k->turn(&(struct turn_kernel){.rows = s->n, .columns = s->in, .from_row = s->in, .to_row = pitch, .room = pitch}, io->x[0], x);
	k->product(&(struct product_kernel){.m = s->out, .n = pitch, .k = s->in, .a = io->param[PARAM_WEIGHT], .a_row = s->in,
	                                    .a_column = 1, .b = x, .b_row = pitch, .c = y});
	k->turn(&(struct turn_kernel){.rows = s->out, .columns = s->n, .from_row = pitch, .to_row = s->out, .room = s->out,
	                              .bias = io->param[PARAM_BIAS]}, y, io->y);
	cpu_scratch_return(d);
	return OK;
}

status linear_small_forward(struct device *d, const struct linear_shape *s, const struct layer_io *io)
{
	return turns_weights(s) ? forward_by_weights(d, s, io) : forward_by_x(d, s, io);
}

void linear_small_backward(struct device *d, const struct linear_shape *s, const struct layer_io *io)
{
	const struct kernels *k = kernels_of(d);
	if (io->dx[0])
		k->product(&(struct product_kernel){.m = s->n, .n = s->in, .k = s->out, .a = io->dy[0], .a_row = s->out, .a_column = 1,
		                                    .b = io->param[PARAM_WEIGHT], .b_row = s->in, .c = io->dx[0]});
	if (io->dparam[PARAM_WEIGHT])
		k->product(&(struct product_kernel){.m = s->out, .n = s->in, .k = s->n, .a = io->dy[0], .a_row = 1, .a_column = s->out,
		                                    .b = io->x[0], .b_row = s->in, .c = io->dparam[PARAM_WEIGHT], .add = io->add_dparams});
}
