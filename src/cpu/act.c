/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Activations: ReLU max(x, 0), SiLU x/(1 + e⁻ˣ), tanh, of tensors in any layout. The loops are Basin's own: oneDNN's
 * ReLU turns NaN into 0, and a diverged chain would go on unseen. */
#include "src/cpu/cpu.h"
#include "src/cpu/linear_tangent.h"

#include <stdlib.h>
#include <string.h>

enum { SHARE = 1 << 13 };  /* elements that a thread works on at a time */

struct layer_plan {
	const struct device *device;
	size_t n;
	enum activation kind;
	struct format x, y;
};

static bool from_output(enum activation kind)
{
	return kind != ACTIVATION_SILU;
}

static void act_drop(struct layer_plan *p)
{
	free(p);
}

static status act_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	TRY(tangent_check(r));
	*out = malloc(sizeof **out);
	if (!*out)
		return fail(ERR_MEMORY, "out of memory: an activation's plan");
	**out = (struct layer_plan){
		.device = d, .n = (size_t)r->n * shape_size(l->out), .kind = l->activation, .x = r->x[0], .y = r->y,
	};
	return OK;
}

/* Where element i of a tensor lies. */
static void *element_at(const void *p, struct format f, size_t i)
{
	return (char *)p + i * format_bytes(f);
}

/* Elements i … i + n − 1. */
static void act_forward_part(const struct layer_plan *p, const struct layer_io *io, size_t i, size_t n)
{
	kernels_of(p->device)->activate(p->kind, element_at(io->x[0], p->x, i), p->x.bf16, element_at(io->y, p->y, i), p->y.bf16, n);
}

static void act_backward_part(const struct layer_plan *p, const struct layer_io *io, size_t i, size_t n)
{
	bool output = from_output(p->kind);
	kernels_of(p->device)->activate_backward(p->kind, element_at(output ? io->y : io->x[0], output ? p->y : p->x, i),
	                                         element_at(io->dy[0], p->y, i), element_at(io->dx[0], p->x, i), p->x.bf16,
	                                         p->y.bf16, n);
}

static status act_forward(struct layer_plan *p, const struct layer_io *io)
{
	if (cpu_alone(p->device, p->n)) {
		act_forward_part(p, io, 0, p->n);
		return OK;
	}
#pragma omp parallel for schedule(static) num_threads(cpu_threads(p->device))
	for (size_t i = 0; i < p->n; i += SHARE)
		act_forward_part(p, io, i, p->n - i < SHARE ? p->n - i : SHARE);
	return OK;
}

static status act_backward(struct layer_plan *p, const struct layer_io *io)
{
	if (!io->dx[0])
		return OK;
	if (cpu_alone(p->device, p->n)) {
		act_backward_part(p, io, 0, p->n);
		return OK;
	}
#pragma omp parallel for schedule(static) num_threads(cpu_threads(p->device))
	for (size_t i = 0; i < p->n; i += SHARE)
		act_backward_part(p, io, i, p->n - i < SHARE ? p->n - i : SHARE);
	return OK;
}

/* ---- tangents ---- */

/* f′·from, or 0 where that is NULL. */
static status slope_times(struct layer_plan *p, const struct layer_io *io, const void *from, void *to)
{
	if (to && !from)
		memset(to, 0, p->n * sizeof(float));
	return from ? act_backward(p, &(struct layer_io){.x = {io->x[0]}, .y = io->y, .dy = {from}, .dx = {to}}) : OK;
}

static status act_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return slope_times(p, io, dot->x[0], dot->y);
}

static const float *from_element(const void *v, size_t i)
{
	return v ? (const float *)v + i : NULL;
}

/* Elements i … i + n − 1. */
static void act_bend_part(const struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot, size_t i, size_t n)
{
	kernels_of(p->device)->activate_bend(p->kind, from_element(from_output(p->kind) ? io->y : io->x[0], i), from_element(dot->x[0], i),
	                                     from_element(io->dy[0], i), from_element(dot->dy[0], i), (float *)dot->dx[0] + i, n);
}

static status act_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	/* ReLU is straight on both sides of its kink. */
	if (!dot->dx[0] || !dot->x[0] || p->kind == ACTIVATION_RELU)
		return slope_times(p, io, dot->dy[0], dot->dx[0]);
	if (cpu_alone(p->device, p->n)) {
		act_bend_part(p, io, dot, 0, p->n);
		return OK;
	}
#pragma omp parallel for schedule(static) num_threads(cpu_threads(p->device))
	for (size_t i = 0; i < p->n; i += SHARE)
		act_bend_part(p, io, dot, i, p->n - i < SHARE ? p->n - i : SHARE);
	return OK;
}

static unsigned act_backward_reads(const struct layer *l)
{
	return from_output(l->activation) ? READS_Y : READS_X0;
}

static unsigned act_in_place(const struct layer *l)
{
	(void)l;
	return IN_PLACE_Y_X0 | IN_PLACE_DX0_DY0;
}

const struct layer_ops cpu_activation = {
	.plan = act_plan,
	.drop = act_drop,
	.forward = act_forward,
	.backward = act_backward,
	.backward_reads = act_backward_reads,
	.in_place = act_in_place,
	.jvp = act_jvp,
	.hvp = act_hvp,
};
