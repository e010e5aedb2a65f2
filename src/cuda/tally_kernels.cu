/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a member adds to the sums of an ensemble: a row has some neighbouring lanes of a warp, and nobody else writes to its sums. All
 * is in double, in an order that the number of classes alone decides. */
#include "src/cuda/launch.h"

#include "src/cuda/lanes.cuh"
#include "src/cuda/rows.h"

enum { THREADS = 256 };

/* log(e^a + e^b); −∞ stands for no term. */
static __device__ __forceinline__ double log_add(double a, double b)
{
	const double top = fmax(a, b);
	return top == -INFINITY ? top : top + log1p(exp(fmin(a, b) - top));
}

/* A softmax: its logits less the largest, t, are summed as Σ eᵗ and Σ eᵗ·t. */
struct softmax {
	double top, total, mean;
};

/* What the first of two classes has whose logit is no output but 0. */
static __device__ __forceinline__ double absent(double top)
{
	return exp(-top);
}

/* shift: 1 where the first class has no output, else 0. Only `there` differs among a warp's lanes: the shuffles are everybody's. */
template <int lanes>
static __device__ __forceinline__ bool softmax_of(const float *z, int k, int shift, int lane, bool there, struct softmax *out)
{
	float top = shift ? 0 : -INFINITY;
	int finite = 1;
	for (int j = lane; there && j < k; j += lanes) {
		finite = finite && isfinite(z[j]);
		top = fmaxf(top, z[j]);
	}
	finite = row_min<lanes>(finite);
	out->top = (double)row_max<lanes>(top);
	double total = 0, mean = 0;
	for (int j = lane; there && finite && j < k; j += lanes) {
		const double t = (double)z[j] - out->top, e = exp(t);
		total += e;
		mean += e * t;
	}
	out->total = row_sum<lanes>(total);
	out->mean = row_sum<lanes>(mean);
	if (shift) {
		out->total += absent(out->top);
		out->mean -= absent(out->top) * out->top;
	}
	return finite != 0;
}

/* What a row has once, beside its classes. */
static __device__ __forceinline__ void add_row(const struct tally &t, size_t row, const float *z, int shift,
                                               const struct softmax &s, bool fresh)
{
	const double log_total = log(s.total);
	/* H = log Σ eᵗ − Σ p t: no logarithm of a probability that is too small for a double. */
	t.entropy[row] += fmax(0.0, log_total - s.mean / s.total);
	/* As the processor's (predict/mixture.c): a Bernoulli's two logits are −z/2 and z/2. */
	const double middle = shift ? (double)z[0] / 2 : 0.0;
	t.max_logit[row] += s.top - middle;
	t.energy[row] -= s.top + log_total - middle;
	if (!t.label)
		return;
	const int y = t.label[row];
	const double log_p = (y < shift ? 0.0 : (double)z[y - shift]) - s.top - log_total;
	t.log_p[row] = log_add(t.log_p[row], log_p);
	t.own[row] = fresh ? log_p : log_add(t.own[row], log_p);
	t.last[row] = log_p;
}

template <int lanes> __global__ void __launch_bounds__(THREADS) tally_kernel(const struct cuda_tally_args a)
{
	enum { ROWS = THREADS / lanes };
	const struct tally &t = a.t;
	const int lane = (int)threadIdx.x % lanes, shift = t.classes - t.k;
	const size_t i = (size_t)blockIdx.x * ROWS + threadIdx.x / lanes, row = slots_row_of(a.slots, t.row, i);
	const bool there = i < (size_t)t.n;
	const float *const z = t.logits + i * (size_t)t.k;
	struct softmax s;
	const bool finite = softmax_of<lanes>(z, t.k, shift, lane, there, &s);
	if (!there)
		return;
	if (!finite) {
		if (lane == 0 && t.bad[row] == 0)
			t.bad[row] = (uint32_t)a.slots->value[t.member];
		return;
	}
	for (int j = lane; j < t.classes; j += lanes) {
		const size_t at = row * (size_t)t.classes + (size_t)j;
		const double p = (j < shift ? absent(s.top) : exp((double)z[j - shift] - s.top)) / s.total;
		t.p[at] += p;
		if (t.probs)
			t.probs[at] = (float)p;
	}
	if (lane == 0)
		add_row(t, row, z, shift, s, a.slots->value[t.fresh] != 0);
}

template <int lanes> static cudaError_t launch_rows(const struct cuda_tally_args *a, cudaStream_t stream)
{
	const int rows = THREADS / lanes;
	return LAUNCH((tally_kernel<lanes>), (unsigned)((a->t.n + rows - 1) / rows), THREADS, 0, stream, *a);
}

/* As many lanes as a row keeps busy. */
cudaError_t cuda_launch_tally(const struct cuda_tally_args *a, cudaStream_t stream)
{
	return a->t.classes <= 2 ? launch_rows<1>(a, stream) : a->t.classes <= 16 ? launch_rows<8>(a, stream) : launch_rows<WARP>(a, stream);
}
