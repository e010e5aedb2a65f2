/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch norm (Ioffe & Szegedy 2015): x̂ = (x − mean)/√(variance + ε), by channel over examples and pixels, the variance
 * the biased one; γx̂ + β. With g the gradient behind it, over m elements a channel:
 * dβ = Σg, dγ = Σg·x̂, dx = γ/√(variance + ε)·(g − dβ/m − x̂·dγ/m). */
#include "src/cpu/norm.h"

#include <math.h>
#include <string.h>

static const double MOMENTUM = 0.1;

/* Rows that the numbers are centred by, and elements that a second pass takes at a time. */
enum { PILOT_ROWS = 64, PIECE = 1 << 15 };

status norm_batch_open(struct layer_plan *p)
{
	TRY(ARENA_NEW(&p->arena, (size_t)p->channels, &p->mean));
	return ARENA_NEW(&p->arena, (size_t)p->channels, &p->inverse);
}

static void clear_sums(struct layer_plan *p, int block, int part)
{
	for (int i = 0; i < 3; i++)
		memset(p->sum[i] + part * p->channels + block * p->width, 0, (size_t)p->width * sizeof(double));
}

static void set_sums(struct layer_plan *p, int block, int part, struct norm_kernel *k)
{
	for (int i = 0; i < 3; i++)
		k->sum[i] = p->sum[i] + part * p->channels + block * p->width;
}

static int images_of(const struct layer_plan *p, int part)
{
	return norm_first(p, part + 1) - norm_first(p, part);
}

/* Sums of squares of what lies around 100 would lose the variance to rounding: numbers are taken relative to the mean of
 * a few of them. */
static void sum_moments(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	int first = norm_first(p, part);
	float *center = p->center + part * p->channels + block * p->width;
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
	p->mean[c] = mean;
	p->inverse[c] = 1 / sqrt(variance + NORM_BATCH_EPSILON);
	p->scale[c] = (float)((double)((const float *)io->weight)[c] * p->inverse[c]);
	p->shift[c] = (float)((double)io->bias[c] - mean * (double)p->scale[c]);
}

/* running ← (1 − f)·running + f·new: PyTorch's momentum 0.1, or None, a cumulative mean. */
static void update_running(const struct layer_plan *p, const struct layer_io *io, int c, double mean, double unbiased)
{
	float *stats = io->stats;
	if (io->policy != STATS_RUN && io->policy != STATS_CUMULATE)
		return;
	double f = io->policy == STATS_RUN ? MOMENTUM : 1 / ((double)stats[2 * p->channels] + 1);
	stats[c] = (float)((1 - f) * (double)stats[c] + f * mean);
	stats[p->channels + c] = (float)((1 - f) * (double)stats[p->channels + c] + f * unbiased);
}

/* Joins the parts' moments (Chan, Golub & LeVeque 1983). */
static void finish_moments(struct layer_plan *p, const struct layer_io *io, int block)
{
	double m = (double)p->n * (double)p->pixels;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double count = 0, mean = 0, squares = 0;
		for (int part = 0; part < p->parts; part++) {
			int at = part * p->channels + c;
			double k = (double)images_of(p, part) * (double)p->pixels, sum = p->sum[0][at];
			double gap = (double)p->center[at] + sum / k - mean;
			squares += p->sum[1][at] - sum * sum / k + gap * gap * count * k / (count + k);
			count += k;
			mean += gap * k / count;
		}
		squares = squares < 0 ? 0 : squares;
		set_scale(p, io, c, mean, squares / m);
		update_running(p, io, c, mean, squares / (m > 1 ? m - 1 : 1));
	}
}

/* A second pass goes backwards over the examples: what the first one read last is still in a cache. */
static void backwards(struct layer_plan *p, const struct layer_io *io, int block, int part,
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
	struct norm_kernel k = norm_forward_kernel(p, io, block, image, images);
	k.scale = p->scale + block * p->width;
	k.shift = p->shift + block * p->width;
	kernels_of(p->device)->norm_forward(&k);
}

static void apply(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	backwards(p, io, block, part, apply_piece);
}

void norm_batch_forward(struct layer_plan *p, const struct layer_io *io)
{
	static const struct norm_work fixed = {.second = apply}, of_batch = {sum_moments, finish_moments, apply};
	p->fixed = io->policy == STATS_USE;
	for (int c = 0; p->fixed && c < p->channels; c++)
		set_scale(p, io, c, (double)io->stats[c], (double)io->stats[p->channels + c]);
	norm_run(p, io, p->fixed ? &fixed : &of_batch);
	if (io->policy == STATS_RUN || io->policy == STATS_CUMULATE)
		io->stats[2 * p->channels] += 1;
}

static void sum_gradients(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	struct norm_kernel k = norm_sums_kernel(p, io, block, norm_first(p, part), images_of(p, part));
	int c = block * p->width;
	k.scale = p->scale + c;
	k.shift = p->shift + c;
	k.center = p->center + c;
	set_sums(p, block, part, &k);
	clear_sums(p, block, part);
	kernels_of(p->device)->norm_sums(&k);
}

static void finish_gradients(struct layer_plan *p, const struct layer_io *io, int block)
{
	double m = (double)p->n * (double)p->pixels;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double sum[3] = {0};
		for (int part = 0; part < p->parts; part++)
			for (int i = 0; i < 3; i++)
				sum[i] += p->sum[i][part * p->channels + c];
		double dgamma = (sum[1] + ((double)p->center[c] - p->mean[c]) * sum[0]) * p->inverse[c];
		double scale = (double)p->scale[c], of_x = p->fixed ? 0 : -scale * p->inverse[c] * dgamma / m;
		norm_give(io, io->dweight, c, dgamma);
		norm_give(io, io->dbias, c, sum[0]);
		norm_give(io, io->dthreshold, c, sum[2]);
		p->of_g[c] = p->scale[c];
		p->of_x[c] = (float)of_x;
		p->rest[c] = (float)((p->fixed ? 0 : -scale * sum[0] / m) - (double)p->of_x[c] * p->mean[c]);
	}
}

static void back_piece(struct layer_plan *p, const struct layer_io *io, int block, int image, int images)
{
	struct norm_kernel k = norm_backward_kernel(p, io, block, image, images);
	int c = block * p->width;
	k.scale = p->scale + c;
	k.shift = p->shift + c;
	k.of_g = p->of_g + c;
	k.of_x = p->of_x + c;
	k.rest = p->rest + c;
	kernels_of(p->device)->norm_backward(&k);
}

static void back(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	backwards(p, io, block, part, back_piece);
}

void norm_batch_backward(struct layer_plan *p, const struct layer_io *io)
{
	for (int c = 0; c < p->channels; c++)
		p->center[c] = (float)p->mean[c];
	norm_run(p, io, &(struct norm_work){sum_gradients, finish_gradients, io->dx[0] ? back : NULL});
}
