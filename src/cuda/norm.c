/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Norms: y = activation(norm(x[0]) + x[1]), the residual x[1] being optional, in any layout. */
#include "src/cuda/norm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/layers.h"

static const double MOMENTUM = 0.1;

/* A slice is 64 bytes of a row at most: every block of a batch norm's second kernel reads what all blocks have left of its own slice.
 * So many blocks are two to each multiprocessor of the largest card. Rows of a block: a few for each of its threads, and so few that
 * a thread's float32 sums are short. */
enum { LANE_BITS = 2, BLOCKS = 264, ROWS_MOST = 4096 };

struct layer_plan {
	struct device *device;
	struct cuda_norm_shape shape;
	enum norm norm;
	enum activation activation;
	bool residual;
	bool fixed;                /* the last forward used running statistics */
	struct format x, r, y;
	char forward[64], backward[64];   /* what calls are named */
};

static unsigned norm_backward_reads(const struct layer *l)
{
	if (l->input[1] == INPUT_NONE || l->activation == ACTIVATION_NONE)
		return READS_X0;
	return l->activation == ACTIVATION_SILU ? READS_X0 | READS_X1 : READS_X0 | READS_Y;
}

/* What is added has no gradient but the one behind the activation. */
static unsigned norm_in_place(const struct layer *l)
{
	return l->input[1] == INPUT_NONE ? IN_PLACE_DX0_DY0 : IN_PLACE_DX1_DY0;
}

static size_t norm_kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return cuda_norm_kept((size_t)r->n, (size_t)r->layer->in[0], r->layer->norm);
}

static void norm_drop(struct layer_plan *p)
{
	if (p)
		cuda_forget(cuda_of(p->device));
	free(p);
}

/* ---- how the work is divided ---- */

/* One lane, and so as many blocks as there are packs, where each holds all its rows; else lanes for the channels that there are, and in a filter response norm for more of them where an example's pixels are too few for a
 * block's threads. */
static int lane_bits_of(enum norm norm, const struct cuda_norm_shape *s)
{
	const int packs = s->width / s->pack;
	int bits = 0;
	if (s->whole)
		return 0;
	while (1 << bits < packs && 1 << bits < CUDA_NORM_LANES &&
	       (bits < LANE_BITS || (norm == NORM_FILTER_RESPONSE && (size_t)(CUDA_NORM_THREADS >> bits) > s->pixels)))
		bits++;
	return bits;
}

static size_t ratio_up(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

/* The rows of a batch norm, in whole turns of a block's threads. */
static void divide_rows(struct cuda_norm_shape *s)
{
	const size_t rows = (size_t)s->n * s->pixels, turn = CUDA_NORM_THREADS >> s->lane_bits;
	const size_t slices = (size_t)s->slices * (size_t)(s->channels / s->width), parts = slices < BLOCKS ? BLOCKS / slices : 1;
	size_t each = ratio_up(ratio_up(rows, parts), turn) * turn;
	each = each < ROWS_MOST ? each : ROWS_MOST;
	s->part_rows = (int)each;
	s->parts = (int)ratio_up(rows, each);
}

struct cuda_norm_shape cuda_norm_divide(enum norm norm, int n, int channels, size_t pixels, int width, bool bf16, bool mixed)
{
	const int pack = bf16 ? 8 : 4;
	struct cuda_norm_shape s;
	memset(&s, 0, sizeof s);
	s.n = n;
	s.channels = channels;
	s.pixels = pixels;
	s.width = width;
	s.pack = mixed || width != channels || width % pack ? 1 : pack;
	s.whole = norm == NORM_BATCH && s.pack > 1 && (size_t)n * pixels <= (size_t)CUDA_NORM_WHOLE * CUDA_NORM_THREADS;
	s.lane_bits = lane_bits_of(norm, &s);
	s.slices = (int)ratio_up((size_t)width, (size_t)s.pack << s.lane_bits);
	s.share = 1 / (norm == NORM_BATCH ? (double)n * (double)pixels : (double)pixels);
	if (norm == NORM_BATCH)
		divide_rows(&s);
	return s;
}

static status norm_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	static const char *const names[] = {[NORM_BATCH] = "batch norm", [NORM_FILTER_RESPONSE] = "filter response norm"};
	const struct layer *l = r->layer;
	struct layer_plan *p = *out = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a norm's plan");
	p->device = d;
	p->norm = l->norm;
	p->activation = l->activation;
	p->residual = l->input[1] != INPUT_NONE;
	p->x = r->x[0];
	p->r = r->x[1];
	p->y = r->y;
	const bool mixed = p->x.bf16 != p->y.bf16 || (p->residual && p->r.bf16 != p->y.bf16);
	p->shape = cuda_norm_divide(l->norm, r->n, l->in[0], (size_t)l->in[1] * (size_t)l->in[2], r->y.block ? r->y.block : l->in[0],
	                            p->y.bf16, mixed);
	snprintf(p->forward, sizeof p->forward, "%s %dx%dx%d forward", names[l->norm], l->in[0], l->in[1], l->in[2]);
	snprintf(p->backward, sizeof p->backward, "%s %dx%dx%d backward", names[l->norm], l->in[0], l->in[1], l->in[2]);
	status s = cuda_scratch(d, cuda_norm_parts(&p->shape, l->norm) * sizeof(float));
	if (s != OK) {
		norm_drop(p);
		*out = NULL;
	}
	return s;
}

/* ---- passes ---- */

CUDA_RUN(batch_norm)
CUDA_RUN(batch_norm_back)
CUDA_RUN(filter_norm)
CUDA_RUN(filter_norm_back)

/* What both passes are given. */
static struct cuda_norm_args *set_args(const struct layer_plan *p, const struct layer_io *io, struct cuda_norm_args *a)
{
	memset(a, 0, sizeof *a);
	a->shape = p->shape;
	a->x = io->x[0];
	a->gamma = io->param[PARAM_WEIGHT];
	a->beta = io->param[PARAM_BIAS];
	a->tau = p->activation == ACTIVATION_THRESHOLD ? io->param[PARAM_THRESHOLD] : NULL;
	a->kept = io->kept;
	a->parts = cuda_of(p->device)->scratch;
	a->activation = p->activation;
	a->x_bf16 = p->x.bf16;
	a->r_bf16 = p->residual && p->r.bf16;
	a->y_bf16 = p->y.bf16;
	a->fixed = p->fixed;
	return a;
}

static status norm_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_norm_args a;
	p->fixed = p->norm == NORM_BATCH && io->policy == STATS_USE;
	set_args(p, io, &a);
	a.r = p->residual ? io->x[1] : NULL;
	a.y = io->y;
	if (p->norm == NORM_FILTER_RESPONSE)
		return cuda_later(p->device, p->forward, run_filter_norm, &a, sizeof a);
	/* PyTorch's momentum, or None, a cumulative mean, where the pass says the share: in a slot, so that its batches replay. */
	a.stats = io->stats;
	a.update = io->policy == STATS_RUN || io->policy == STATS_CUMULATE;
	a.momentum = MOMENTUM;
	a.share = io->policy == STATS_CUMULATE ? &cuda_slots_of(io->slots)->value[io->stats_share] : NULL;
	return cuda_later(p->device, p->forward, run_batch_norm, &a, sizeof a);
}

/* Without a residual the output follows from x alone, and with SiLU nothing follows from the output. */
static bool slope_of_output(const struct layer_plan *p)
{
	return p->residual && p->activation != ACTIVATION_SILU && p->activation != ACTIVATION_NONE;
}

static status norm_backward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_norm_args a;
	set_args(p, io, &a);
	a.y = slope_of_output(p) ? io->y : NULL;
	a.r = p->residual && p->activation == ACTIVATION_SILU ? io->x[1] : NULL;
	a.dy[0] = io->dy[0];
	a.dy[1] = io->dy[1];
	a.dx = io->dx[0];
	a.dr = p->residual ? io->dx[1] : NULL;
	a.dgamma = io->dparam[PARAM_WEIGHT];
	a.dbeta = io->dparam[PARAM_BIAS];
	a.dtau = a.tau ? io->dparam[PARAM_THRESHOLD] : NULL;
	a.add = io->add_dparams;
	if (p->norm == NORM_FILTER_RESPONSE)
		return cuda_later(p->device, p->backward, run_filter_norm_back, &a, sizeof a);
	return cuda_later(p->device, p->backward, run_batch_norm_back, &a, sizeof a);
}

const struct layer_ops cuda_norm = {
	.two_gradients = true,
	.plan = norm_plan,
	.drop = norm_drop,
	.forward = norm_forward,
	.backward = norm_backward,
	.backward_reads = norm_backward_reads,
	.in_place = norm_in_place,
	.kept_bytes = norm_kept_bytes,
};
