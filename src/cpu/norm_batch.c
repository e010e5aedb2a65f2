/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch norm (Ioffe & Szegedy 2015): x̂ = (x − mean)/√(variance + ε), by channel over examples and pixels, the variance
 * the biased one; γx̂ + β. With g the gradient behind it, over m elements a channel:
 * dβ = Σg, dγ = Σg·x̂, dx = γ/√(variance + ε)·(g − dβ/m − x̂·dγ/m). With running statistics, constants, dx =
 * γ/√(variance + ε)·g; plans with tangents know no others. */
#include "src/cpu/norm.h"
#include "src/cpu/norm_tangent.h"

#include <math.h>
#include <string.h>

static const double MOMENTUM = 0.1;

/* Rows that the numbers are centred by, and elements that a second pass takes at a time. */
enum { PILOT_ROWS = 64, PIECE = 1 << 15 };

/* What a plan of batch norms has of its own. */
struct batch_part {
	bool fixed;                     /* the last forward used running statistics */
	float *center;                  /* (parts, channels): what numbers are taken relative to */
	double *sum[3];                 /* (parts, channels) */
	float *of_g, *of_x, *rest;      /* (channels): dx = of_g·g + of_x·x + rest */
};

static size_t batch_kept_bytes(size_t n, size_t channels)
{
	(void)n;
	return channels * (2 * sizeof(double) + 2 * sizeof(float));
}

struct batch_kept norm_batch_kept(const struct layer_plan *p, const struct layer_io *io)
{
	double *mean = io->kept;
	float *scale = (float *)(mean + 2 * p->channels);
	return (struct batch_kept){mean, mean + p->channels, scale, scale + p->channels};
}

static status batch_open(struct layer_plan *p)
{
	struct batch_part *b;
	size_t channels = (size_t)p->channels, parts = (size_t)p->parts;
	TRY(ARENA_NEW(&p->arena, 1, &b));
	p->own = b;
	TRY(ARENA_NEW(&p->arena, parts * channels, &b->center));
	for (int i = 0; i < 3; i++)
		TRY(ARENA_NEW(&p->arena, parts * channels, &b->sum[i]));
	TRY(ARENA_NEW(&p->arena, channels, &b->of_g));
	TRY(ARENA_NEW(&p->arena, channels, &b->of_x));
	return ARENA_NEW(&p->arena, channels, &b->rest);
}

static void clear_sums(struct layer_plan *p, int block, int part)
{
	struct batch_part *b = p->own;
	for (int i = 0; i < 3; i++)
		memset(b->sum[i] + part * p->channels + block * p->width, 0, (size_t)p->width * sizeof(double));
}

static void set_sums(struct layer_plan *p, int block, int part, struct norm_kernel *k)
{
	struct batch_part *b = p->own;
	for (int i = 0; i < 3; i++)
		k->sum[i] = b->sum[i] + part * p->channels + block * p->width;
}

static int images_of(const struct layer_plan *p, int part)
{
	return norm_first(p, part + 1) - norm_first(p, part);
}

/* Sums of squares of what lies around 100 would lose the variance to rounding: numbers are taken relative to the mean
 * of a few of them. */
static void sum_moments(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	int first = norm_first(p, part);
	float *center = ((struct batch_part *)p->own)->center + part * p->channels + block * p->width;
	struct norm_kernel k = norm_kernel_of(p, block, 1);
	k.x = norm_tensor_of(p, io->x[0], p->x, block, first);
	k.center = center;
	k.rows = p->pixels < PILOT_ROWS ? p->pixels : PILOT_ROWS;
	set_sums(p, block, part, &k);
	memset(center, 0, (size_t)p->width * sizeof *center);
	clear_sums(p, block, part);
	kernels_of(p->device)->norm_moments(&k);
	for (int j = 0; j < p->width; j++)
		center[j] = (float)(k.sum[0][j] / (double)k.rows);
	clear_sums(p, block, part);
	k.rows = p->pixels;
	k.panels = (size_t)images_of(p, part);
	kernels_of(p->device)->norm_moments(&k);
}

static void set_scale(struct layer_plan *p, const struct layer_io *io, int c, double mean, double variance)
{
	const float *gamma = io->param[PARAM_WEIGHT], *beta = io->param[PARAM_BIAS];
	struct batch_kept k = norm_batch_kept(p, io);
	k.mean[c] = mean;
	k.inverse[c] = 1 / sqrt(variance + NORM_BATCH_EPSILON);
	k.scale[c] = (float)((double)gamma[c] * k.inverse[c]);
	k.shift[c] = (float)((double)beta[c] - mean * (double)k.scale[c]);
}

/* running ← (1 − f)·running + f·new: PyTorch's momentum 0.1, or None, a cumulative mean, where the pass says f. */
static void update_running(const struct layer_plan *p, const struct layer_io *io, int c, double mean, double unbiased)
{
	float *stats = io->stats;
	if (io->policy != STATS_RUN && io->policy != STATS_CUMULATE)
		return;
	double f = io->policy == STATS_RUN ? MOMENTUM : io->slots->value[io->stats_share];
	stats[c] = (float)((1 - f) * (double)stats[c] + f * mean);
	stats[p->channels + c] = (float)((1 - f) * (double)stats[p->channels + c] + f * unbiased);
}

/* Joins the parts' moments (Chan, Golub & LeVeque 1983). */
static void finish_moments(struct layer_plan *p, const struct layer_io *io, int block)
{
	const struct batch_part *b = p->own;
	double m = (double)p->n * (double)p->pixels;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double count = 0, mean = 0, squares = 0;
		for (int part = 0; part < p->parts; part++) {
			int at = part * p->channels + c;
			double k = (double)images_of(p, part) * (double)p->pixels, sum = b->sum[0][at];
			double gap = (double)b->center[at] + sum / k - mean;
			squares += b->sum[1][at] - sum * sum / k + gap * gap * count * k / (count + k);
			count += k;
			mean += gap * k / count;
		}
		squares = squares < 0 ? 0 : squares;
		set_scale(p, io, c, mean, squares / m);
		update_running(p, io, c, mean, squares / (m > 1 ? m - 1 : 1));
	}
}

/* A second pass goes backwards over the examples: what the first one read last is still in a cache. */
static void run_backwards(struct layer_plan *p, const struct layer_io *io, int block, int part,
                      void (*piece)(struct layer_plan *, const struct layer_io *, int, int, int))
{
	int first = norm_first(p, part), per_piece = (int)(PIECE / (p->pixels * (size_t)p->width)) + 1;
	for (int end = norm_first(p, part + 1); end > first;) {
		int images = end - first < per_piece ? end - first : per_piece;
		end -= images;
		piece(p, io, block, end, images);
	}
}

static void apply_piece(struct layer_plan *p, const struct layer_io *io, int block, int image, int images)
{
	const struct batch_kept kept = norm_batch_kept(p, io);
	struct norm_kernel k = norm_forward_kernel(p, io, block, image, images);
	k.scale = kept.scale + block * p->width;
	k.shift = kept.shift + block * p->width;
	kernels_of(p->device)->norm_forward(&k);
}

static void apply_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	run_backwards(p, io, block, part, apply_piece);
}

static void batch_forward(struct layer_plan *p, const struct layer_io *io)
{
	static const struct norm_work fixed = {.second = apply_part}, of_batch = {sum_moments, finish_moments, apply_part};
	struct batch_part *b = p->own;
	b->fixed = p->with_tangents || io->policy == STATS_USE;
	for (int c = 0; b->fixed && c < p->channels; c++)
		set_scale(p, io, c, (double)io->stats[c], (double)io->stats[p->channels + c]);
	norm_run(p, io, b->fixed ? &fixed : &of_batch);
	if (!b->fixed && (io->policy == STATS_RUN || io->policy == STATS_CUMULATE))
		io->stats[2 * p->channels] += 1;
}

static void sum_gradients(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	const struct batch_kept kept = norm_batch_kept(p, io);
	struct norm_kernel k = norm_sums_kernel(p, io, block, norm_first(p, part), images_of(p, part));
	int c = block * p->width;
	k.scale = kept.scale + c;
	k.shift = kept.shift + c;
	k.center = ((struct batch_part *)p->own)->center + c;
	set_sums(p, block, part, &k);
	clear_sums(p, block, part);
	kernels_of(p->device)->norm_sums(&k);
}

static void finish_gradients(struct layer_plan *p, const struct layer_io *io, int block)
{
	struct batch_part *b = p->own;
	const struct batch_kept kept = norm_batch_kept(p, io);
	double m = (double)p->n * (double)p->pixels;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double sum[3] = {0};
		for (int part = 0; part < p->parts; part++)
			for (int i = 0; i < 3; i++)
				sum[i] += b->sum[i][part * p->channels + c];
		double dgamma = (sum[1] + ((double)b->center[c] - kept.mean[c]) * sum[0]) * kept.inverse[c];
		double scale = (double)kept.scale[c], of_x = b->fixed ? 0 : -scale * kept.inverse[c] * dgamma / m;
		norm_give(io, PARAM_WEIGHT, c, dgamma);
		norm_give(io, PARAM_BIAS, c, sum[0]);
		norm_give(io, PARAM_THRESHOLD, c, sum[2]);
		b->of_g[c] = kept.scale[c];
		b->of_x[c] = (float)of_x;
		b->rest[c] = (float)((b->fixed ? 0 : -scale * sum[0] / m) - (double)b->of_x[c] * kept.mean[c]);
	}
}

static void back_piece(struct layer_plan *p, const struct layer_io *io, int block, int image, int images)
{
	const struct batch_part *b = p->own;
	const struct batch_kept kept = norm_batch_kept(p, io);
	struct norm_kernel k = norm_backward_kernel(p, io, block, image, images);
	int c = block * p->width;
	k.scale = kept.scale + c;
	k.shift = kept.shift + c;
	k.of_g = b->of_g + c;
	k.of_x = b->of_x + c;
	k.rest = b->rest + c;
	kernels_of(p->device)->norm_backward(&k);
}

static void back_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	run_backwards(p, io, block, part, back_piece);
}

static void batch_backward(struct layer_plan *p, const struct layer_io *io)
{
	struct batch_part *b = p->own;
	const struct batch_kept kept = norm_batch_kept(p, io);
	for (int c = 0; c < p->channels; c++)
		b->center[c] = (float)kept.mean[c];
	norm_run(p, io, &(struct norm_work){sum_gradients, finish_gradients, io->dx[0] ? back_part : NULL});
}

const struct norm_kind norm_batch = {
	.kept_bytes = batch_kept_bytes,
	.open = batch_open,
	.forward = batch_forward,
	.backward = batch_backward,
	.jvp = norm_batch_jvp,
	.hvp = norm_batch_hvp,
};
