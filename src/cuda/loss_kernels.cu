/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The likelihoods: values are summed in double, in an order that the batch's shape alone decides; gradients are float32. A row
 * has some neighbouring lanes of a warp, and a block some of the rows. */
#include "src/cuda/launch.h"

#define HETEROSCEDASTIC_ROW static __device__ __forceinline__
#include "src/heteroscedastic.h"

#include "src/cuda/lanes.cuh"
#include "src/cuda/rows.h"

enum { THREADS = 256, WARPS = THREADS / WARP };
/* Up to so many outputs in all are one block's, which saves a launch. */
enum { ALONE = 1 << 12 };

static __device__ __forceinline__ void add_sums(struct cuda_loss_sums *to, const struct cuda_loss_sums &from)
{
	to->weighted += from.weighted;
	to->plain += from.plain;
	to->correct += from.correct;
}

/* ---- a row: what its value is, and whether the answer is right ---- */

struct row {
	const float *x;        /* (k) */
	const void *target;    /* the row's own: int32, or float (loss_targets) */
	float *g;              /* (k), or NULL */
	double own, weight;    /* of its class; of all */
	bool there;            /* false: beyond the batch, and only the shuffles are */
};

/* ℓ = ln Σ exp(x) − x_y; ∇ℓ = softmax(x) − onehot(y). fmaxf passes over NaN, and the sum then is. */
template <int lanes>
static __device__ __forceinline__ double categorical(const struct cuda_loss_args &a, const struct row &r, int lane,
                                                     bool *right)
{
	const int k = r.there ? a.k : 0, y = r.there ? *(const int32_t *)r.target : 0;
	float max = -INFINITY;
	for (int j = lane; j < k; j += lanes)
		max = fmaxf(max, r.x[j]);
	max = row_max<lanes>(max);
	double sum = 0;
	int first = INT32_MAX;
	for (int j = lane; j < k; j += lanes) {
		sum += (double)expf(r.x[j] - max);
		if (r.x[j] == max && j < first)
			first = j;
	}
	sum = row_sum<lanes>(sum);
	/* The first of the largest outputs is the answer. */
	*right = row_min<lanes>(first) == y;
	if (!r.there)
		return 0;
	const double f = a.scale * r.weight / sum;
	for (int j = lane; r.g && j < k; j += lanes) {
		const float e = expf(r.x[j] - max);
		/* For the label p − 1 is −Σ over the others, which keeps its accuracy where p is near 1. */
		r.g[j] = j == y ? (float)(-f * (sum - (double)e)) : e * (float)f;
	}
	return log(sum) + ((double)max - (double)r.x[y]);
}

/* ℓ = Σ ½((x − y)/σ)² + ½ ln 2πσ²; ∇ℓ = (x − y)/σ². Each output may have a σ of its own. */
template <int lanes>
static __device__ __forceinline__ double gaussian(const struct cuda_loss_args &a, const struct row &r, int lane)
{
	const int k = r.there ? a.k : 0;
	double value = 0;
#ifdef __CUDACC__
#pragma unroll 1  /* two at a time spill registers */
#endif
	for (int j = lane; j < k; j += lanes) {
		const double log_sd = a.log_sd ? (double)a.log_sd[j] : 0, precision = a.log_sd ? exp(-2 * log_sd) : a.precision;
		const double d = (double)r.x[j] - (double)((const float *)r.target)[j];
		value += precision * d * d / 2 + log_sd;
		if (r.g)
			r.g[j] = (float)(a.scale * r.weight * precision * d);
	}
	return row_sum<lanes>(value) + a.constant;
}

/* ℓ = Σ ½ e^−v (x − y)² + ½ v + ½ ln 2π, v the log-variance that the output s behind the means stands for (heteroscedastic.h);
 * ∂ℓ/∂x = e^−v (x − y), ∂ℓ/∂s = ½ (1 − e^−v (x − y)²) v′(s). */
template <int lanes>
static __device__ __forceinline__ double heteroscedastic(const struct cuda_loss_args &a, const struct row &r, int lane)
{
	const int targets = r.there ? a.k / 2 : 0;
	double value = 0;
#ifdef __CUDACC__
#pragma unroll 1  /* two at a time spill registers */
#endif
	for (int j = lane; j < targets; j += lanes) {
		double slope;
		const double v = log_variance((double)r.x[targets + j], &slope), precision = exp(-v);
		const double d = (double)r.x[j] - (double)((const float *)r.target)[j];
		value += precision * d * d / 2 + v / 2;
		if (!r.g)
			continue;
		r.g[j] = (float)(a.scale * r.weight * precision * d);
		r.g[targets + j] = (float)(a.scale * r.weight * slope * (1 - precision * d * d) / 2);
	}
	return row_sum<lanes>(value) + a.constant;
}

/* ℓ = Σ ln(1 + eˣ) − y·x; ∇ℓ = 1/(1 + e⁻ˣ) − y */
template <int lanes>
static __device__ __forceinline__ double bernoulli(const struct cuda_loss_args &a, const struct row &r, int lane, bool *right)
{
	const int k = r.there ? a.k : 0;
	const float *const y = (const float *)r.target;
	double value = 0;
	for (int j = lane; j < k; j += lanes) {
		const double x = (double)r.x[j], e = exp(-fabs(x));  /* never overflows */
		const double p = x > 0 ? 1 / (1 + e) : e / (1 + e);
		value += log1p(e) + (x > 0 ? x : 0) - (double)y[j] * x;
		if (r.g)
			r.g[j] = (float)(a.scale * r.weight * (p - (double)y[j]));
	}
	*right = k == 1 && (r.x[0] > 0) == (y[0] > 0.5f);
	return row_sum<lanes>(value);
}

/* ---- the batch ---- */

/* What all of a block's threads have, to thread 0; each thread's `mine` is used up. */
static __device__ __forceinline__ struct cuda_loss_sums block_sum(struct cuda_loss_sums mine)
{
	SHARED(struct cuda_loss_sums, warps, WARPS);
	mine.weighted = row_sum<WARP>(mine.weighted);
	mine.plain = row_sum<WARP>(mine.plain);
	mine.correct = row_sum<WARP>(mine.correct);
	if (threadIdx.x % WARP == 0)
		warps[threadIdx.x / WARP] = mine;
	__syncthreads();
	if (threadIdx.x == 0)
		for (int i = 1; i < WARPS; i++)
			add_sums(&mine, warps[i]);
	return mine;
}

/* The slots that a loss writes, as slots_value and the CPU's loss have them. */
static __device__ __forceinline__ void set_slots(const struct cuda_loss_args &a, const struct cuda_loss_sums &sums)
{
	double *const value = a.slots->value;
	const double now = a.scale * sums.weighted, nll = a.add_value ? value[SLOT_NLL] + now : now;
	value[SLOT_NLL] = nll;
	if (!a.count)
		return;
	if (isfinite(nll))
		value[SLOT_GOOD_NLL] = nll;
	else if (value[SLOT_BAD] == 0)
		value[SLOT_BAD] = 1 + (double)a.slots->step;
	value[SLOT_NLL_TOTAL] += sums.plain;
	value[SLOT_CORRECT_TOTAL] += sums.correct;
	value[SLOT_SEEN_TOTAL] += a.n;
}

/* Row i of the batch is that of the block i / (rows of a block) modulo the number of blocks. */
template <enum loss_kind kind, int lanes>
__global__ void __launch_bounds__(THREADS) loss_kernel(const struct cuda_loss_args a)
{
	enum { ROWS = THREADS / lanes };
	const int lane = (int)threadIdx.x % lanes;
	const size_t n = (size_t)a.n, k = (size_t)a.k, first = slots_row_of(a.slots, a.row, a.offset);
	const size_t targets = kind == LOSS_HETEROSCEDASTIC ? k / 2 : k;
	struct cuda_loss_sums mine = {0, 0, 0};
	for (size_t from = (size_t)blockIdx.x * ROWS; from < n; from += (size_t)gridDim.x * ROWS) {
		const size_t i = from + threadIdx.x / lanes, at = i < n ? set_row_of(a.index, first + i) : 0;
		const int32_t *const label = (const int32_t *)a.target + at;
		const float *const y = (const float *)a.target + at * targets;
		const bool weighs = (kind == LOSS_CATEGORICAL || kind == LOSS_BERNOULLI) && a.class_weight && i < n;
		const double own = weighs ? (double)a.class_weight[kind == LOSS_CATEGORICAL ? *label : y[0] > 0.5f] : 1;
		const struct row r = {
			a.output + i * k, kind == LOSS_CATEGORICAL ? (const void *)label : (const void *)y,
			a.gradient ? a.gradient + i * k : NULL, own, own * (a.weight && i < n ? (double)a.weight[i] : 1), i < n,
		};
		bool right = false;
		const double value = kind == LOSS_CATEGORICAL ? categorical<lanes>(a, r, lane, &right)
		                   : kind == LOSS_GAUSSIAN ? gaussian<lanes>(a, r, lane)
		                   : kind == LOSS_HETEROSCEDASTIC ? heteroscedastic<lanes>(a, r, lane)
		                                                  : bernoulli<lanes>(a, r, lane, &right);
		if (lane != 0 || i >= n)
			continue;
		add_sums(&mine, {r.weight * value, r.own * value, right ? 1.0 : 0.0});
		if (a.each)
			a.each[i] = (float)value;
	}
	const struct cuda_loss_sums sums = block_sum(mine);
	if (threadIdx.x != 0)
		return;
	if (gridDim.x == 1)
		set_slots(a, sums);
	else
		a.parts[blockIdx.x] = sums;
}

static_assert((int)CUDA_LOSS_PARTS == (int)THREADS, "a thread a part");

/* All parts, of `parts` blocks. */
__global__ void __launch_bounds__(THREADS) loss_parts_kernel(const struct cuda_loss_args a, int parts)
{
	const struct cuda_loss_sums none = {0, 0, 0};
	const struct cuda_loss_sums sums = block_sum((int)threadIdx.x < parts ? a.parts[threadIdx.x] : none);
	if (threadIdx.x == 0)
		set_slots(a, sums);
}

/* ∂ℓ/∂ ln σ = 1 − ((x − y)/σ)², a block for each output. */
__global__ void __launch_bounds__(THREADS) loss_log_sd_kernel(const struct cuda_loss_args a)
{
	const size_t j = blockIdx.x, k = (size_t)a.k, first = slots_row_of(a.slots, a.row, a.offset);
	const double precision = exp(-2 * (double)a.log_sd[j]);
	struct cuda_loss_sums mine = {0, 0, 0};
	for (size_t i = threadIdx.x; i < (size_t)a.n; i += THREADS) {
		const double y = (double)((const float *)a.target)[set_row_of(a.index, first + i) * k + j];
		const double d = (double)a.output[i * k + j] - y;
		mine.weighted += (a.weight ? (double)a.weight[i] : 1) * (1 - precision * d * d);
	}
	const struct cuda_loss_sums sums = block_sum(mine);
	if (threadIdx.x == 0)
		a.dlog_sd[j] = (float)(a.scale * sums.weighted + (a.add_dparams ? (double)a.dlog_sd[j] : 0));
}

template <enum loss_kind kind, int lanes> static cudaError_t launch_rows(const struct cuda_loss_args *a, cudaStream_t stream)
{
	const size_t rows = THREADS / lanes, whole = ((size_t)a->n + rows - 1) / rows;
	const bool alone = (size_t)a->n * (size_t)a->k <= ALONE || whole <= 1;
	const unsigned blocks = alone ? 1 : whole < CUDA_LOSS_PARTS ? (unsigned)whole : (unsigned)CUDA_LOSS_PARTS;
	const cudaError_t e = LAUNCH((loss_kernel<kind, lanes>), blocks, THREADS, 0, stream, *a);
	return e != cudaSuccess || blocks == 1 ? e : LAUNCH(loss_parts_kernel, 1, THREADS, 0, stream, *a, (int)blocks);
}

/* As many lanes as a row keeps busy. */
template <enum loss_kind kind> static cudaError_t launch_kind(const struct cuda_loss_args *a, cudaStream_t stream)
{
	return a->k <= 2 ? launch_rows<kind, 1>(a, stream) : a->k <= 16 ? launch_rows<kind, 8>(a, stream)
	                                                                : launch_rows<kind, WARP>(a, stream);
}

cudaError_t cuda_launch_loss(const struct cuda_loss_args *a, cudaStream_t stream)
{
	const cudaError_t e = a->kind == LOSS_CATEGORICAL ? launch_kind<LOSS_CATEGORICAL>(a, stream)
	                    : a->kind == LOSS_GAUSSIAN ? launch_kind<LOSS_GAUSSIAN>(a, stream)
	                    : a->kind == LOSS_HETEROSCEDASTIC ? launch_kind<LOSS_HETEROSCEDASTIC>(a, stream)
	                                                      : launch_kind<LOSS_BERNOULLI>(a, stream);
	if (e != cudaSuccess || a->kind != LOSS_GAUSSIAN || !a->log_sd || !a->dlog_sd)
		return e;
	return LAUNCH(loss_log_sd_kernel, (unsigned)a->k, THREADS, 0, stream, *a);
}
