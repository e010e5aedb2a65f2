/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/conv_planes_weights.h"

#include <stdlib.h>

enum { ALONE_PLANES = 1 << 22 };   /* multiplications below which waking other threads costs more than they save */

struct planes planes_of(const int shape[3], int pad)
{
	return (struct planes){shape[0], shape[1], shape[2], pad, (shape[2] + 2 * pad + PLANE_PITCH - 1) / PLANE_PITCH * PLANE_PITCH};
}

int planes_threads(const struct device *d, const struct planes_kernel *k, int n, int tasks)
{
	double work = (double)n * k->out * k->oh * k->ow * k->kernel * k->kernel * k->x.n;
	int threads = work < ALONE_PLANES ? 1 : cpu_threads(d);
	return threads < tasks ? threads : tasks;
}

struct planes_kernel planes_kernel_of(const int in[3], const int out[3], int kernel, int pad)
{
	int tiles = (out[0] + PLANE_OUTS - 1) / PLANE_OUTS;
	return (struct planes_kernel){.x = planes_of(in, pad), .out = out[0], .oh = out[1], .ow = out[2], .kernel = kernel,
	                              .wide = (out[0] + tiles - 1) / tiles};
}

/* The weights' order in the flat vector is (out, row, column, in); tiles of outs are filled up with anything. */
static void weight_order(const struct planes_kernel *k, bool turned, int32_t *to)
{
	int taps = k->kernel * k->kernel, tiles = (k->out + k->wide - 1) / k->wide;
	for (int t = 0; t < tiles; t++)
		for (int c = 0; c < k->x.n; c++)
			for (int tap = 0; tap < taps; tap++)
				for (int o = t * k->wide; o < (t + 1) * k->wide; o++)
					*to++ = o >= k->out ? 0 : turned ? (c * taps + taps - 1 - tap) * k->out + o : (o * taps + tap) * k->x.n + c;
}

static size_t count_of(const struct planes_kernel *k)
{
	return (size_t)((k->out + k->wide - 1) / k->wide * k->wide * k->x.n * k->kernel * k->kernel);
}

status planes_weights_make(const struct planes_kernel *forward, const struct planes_kernel *data, struct planes_weights *w)
{
	w->count[0] = count_of(forward);
	w->count[1] = count_of(data);
	w->order = malloc((w->count[0] + w->count[1]) * sizeof *w->order);
	if (!w->order)
		return fail(ERR_MEMORY, "out of memory: a convolution's weights");
	weight_order(forward, false, w->order);
	weight_order(data, true, w->order + w->count[0]);
	return OK;
}

void planes_weights_drop(struct planes_weights *w)
{
	free(w->order);
}

size_t planes_weights_bytes(const struct planes_weights *w)
{
	return (w->count[0] + w->count[1]) * sizeof(float);
}

status planes_weights_fill(struct device *d, const struct planes_weights *w, const struct weight_source *from, float *working)
{
	const struct kernels *k = kernels_of(d);
	const struct segment *weight = from->param[PARAM_WEIGHT];
	float *flat;
	TRY(cpu_scratch(d, weight->count * sizeof *flat, (void **)&flat));
	cpu_point_range(k, from->slots, from->at, weight->offset, weight->count, weight->frozen, flat);
	k->permute(flat, w->order, w->count[0] + w->count[1], working);
	cpu_scratch_return(d);
	return OK;
}

static void put_value(float *to, bool add, float value)
{
	*to = add ? *to + value : value;
}

void planes_collect(const struct kernels *k, const struct planes_kernel *f, int task, const float *sums, const struct layer_io *io)
{
	float *dweight = io->dparam[PARAM_WEIGHT], *dbias = io->dparam[PARAM_BIAS];
	struct planes_task t = planes_task(f, task);
	for (int o = t.first; o < t.end; o++) {
		float value[KERNEL_MAX];
		k->lane_sums(sums, planes_sum_at(f, o, t.in, t.row), (size_t)f->kernel, value);
		for (int i = 0; dweight && i < f->kernel; i++)
			put_value(&dweight[((o * f->kernel + t.row) * f->kernel + i) * f->x.n + t.in], io->add_dparams, value[i]);
		if (!dbias || t.in || t.row)
			continue;
		k->lane_sums(sums, planes_bias_at(f, o), 1, value);
		put_value(&dbias[o], io->add_dparams, value[0]);
	}
}
