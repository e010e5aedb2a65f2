/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The likelihoods: values are summed in double, gradients are float32. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes_across.h"
#include "src/heteroscedastic.h"

static size_t set_row(const struct loss *l, int i)
{
	return l->index ? l->index[l->offset + (size_t)i] : l->offset + (size_t)i;
}

/* A row of at most LANES outputs: exp(x − max) stays in a register until Σ is known. Whether output y is the first of the largest
 * comes from all lanes at once, since nobody could predict a branch that depends on labels. */
static inline double short_row(const float *x, int k, int32_t y, vf *e, float *max, bool *answer)
{
	vf v = k == LANES ? load(x) : load_part(x, (size_t)k, -INFINITY);
	*max = lane_max(v);
	*answer = (lane_bits(v == *max) & ((UINT32_C(2) << y) - 1)) == UINT32_C(1) << y;
	*e = lane_exp(v - *max);
	vd sum = __builtin_convertvector(*e, vd);
	return lane_sum(&sum);
}

/* A row of any length: exp(x − max) into e (may be NULL), max into *max; returns Σ exp(x − max). */
static double long_row(const float *x, int k, float *e, float *max)
{
	vf high = (vf){0} - INFINITY;
	int whole = k - k % LANES, rest = k % LANES;
	for (int j = 0; j < whole; j += LANES) {
		vf v = load(x + j);
		high = pick((vi)(v > high), v, high);
	}
	vf last = load_part(x + whole, (size_t)rest, -INFINITY);
	*max = lane_max(pick((vi)(last > high), last, high));
	vd sum = {0};
	for (int j = 0; j < whole; j += LANES) {
		vf v = lane_exp(load(x + j) - *max);
		sum += __builtin_convertvector(v, vd);
		if (e)
			store(e + j, v);
	}
	if (rest) {
		vf v = lane_exp(last - *max);
		sum += __builtin_convertvector(v, vd);
		if (e)
			store_part(e + whole, v, (size_t)rest);
	}
	return lane_sum(&sum);
}

/* The first of the largest outputs is the answer. */
static bool is_answer(const float *x, int32_t y, float max)
{
	if (!(x[y] == max))
		return false;
	for (int32_t j = 0; j < y; j++)
		if (x[j] == max)
			return false;
	return true;
}

/* ℓ = ln Σ exp(x) − x_y; ∇ℓ = softmax(x) − onehot(y) */
static void categorical(const struct loss *l, int first, int n, struct loss_sums *sums)
{
	const int k = l->k;
	const int32_t *label = l->target;
	/* Where only Σ ℓ is asked for, logarithms add up to that of a product: one for many rows. */
	const bool apart = l->weight || l->class_weight || l->each;
	double plain = 0, product = 1;
	int correct = 0;
	for (int i = first; i < first + n; i++) {
		const float *x = l->output + (size_t)i * (size_t)k;
		float *g = l->gradient ? l->gradient + (size_t)i * (size_t)k : NULL, max;
		int32_t y = label[set_row(l, i)];
		double own = l->class_weight ? l->class_weight[y] : 1, weight = own * (l->weight ? l->weight[i] : 1);
		vf e;
		bool answer = false;
		double sum = k <= LANES ? short_row(x, k, y, &e, &max, &answer) : long_row(x, k, g, &max);
		if (apart) {
			double value = log(sum) + ((double)max - x[y]);
			sums->weighted += weight * value;
			plain += own * value;
			if (l->each)
				l->each[i] = (float)value;
		} else {
			plain += (double)max - x[y];
			product *= sum;
			if (product > 1e200) {
				plain += log(product);
				product = 1;
			}
		}
		correct += k <= LANES ? answer : is_answer(x, y, max);
		if (!g)
			continue;
		/* For the label p − 1 is −Σ over the others, which keeps its accuracy where p is near 1. */
		double f = l->scale * weight / sum;
		float label_term = (float)(-f * (sum - (k <= LANES ? e[y] : g[y])));
		if (k < LANES)
			store_part(g, e * (float)f, (size_t)k);
		else if (k == LANES)
			store(g, e * (float)f);
		for (int j = 0; k > LANES && j < k; j++)
			g[j] *= (float)f;
		g[y] = label_term;
	}
	plain += log(product);
	sums->plain += plain;
	sums->correct += correct;
	if (!apart)
		sums->weighted += plain;
}

/* own: the factor that the example has by its class. */
static void add_of_class(const struct loss *l, int i, double own, double value, struct loss_sums *sums)
{
	sums->weighted += own * (l->weight ? (double)l->weight[i] : 1) * value;
	sums->plain += own * value;
	if (l->each)
		l->each[i] = (float)value;
}

static void add_example(const struct loss *l, int i, double weight, double value, struct loss_sums *sums)
{
	sums->weighted += weight * value;
	sums->plain += value;
	if (l->each)
		l->each[i] = (float)value;
}

static const double half_log_2pi = 0.91893853320467274178;

/* ℓ = Σ ½((x − y)/σ)² + ½ ln 2πσ²; ∇ℓ = (x − y)/σ² */
static void gaussian(const struct loss *l, int first, int n, struct loss_sums *sums)
{
	const int k = l->k;
	const double precision = 1 / (l->noise_sd * l->noise_sd);
	const double constant = k * (log(l->noise_sd) + half_log_2pi);
	for (int i = first; i < first + n; i++) {
		const float *x = l->output + (size_t)i * (size_t)k;
		const float *y = (const float *)l->target + set_row(l, i) * (size_t)k;
		double weight = l->weight ? l->weight[i] : 1, squares = 0;
		for (int j = 0; j < k; j++) {
			double d = (double)x[j] - (double)y[j];
			squares += d * d;
			if (l->gradient)
				l->gradient[(size_t)i * (size_t)k + (size_t)j] = (float)(l->scale * weight * precision * d);
		}
		add_example(l, i, weight, precision * squares / 2 + constant, sums);
	}
}

/* The same with a σ for each output. */
static void gaussian_own(const struct loss *l, int first, int n, struct loss_sums *sums)
{
	const int k = l->k;
	double value[ROW_BLOCK] = {0};
	for (int j = 0; j < k; j++) {
		const double log_sd = (double)l->params[0][j], precision = exp(-2 * log_sd);
		for (int i = first; i < first + n; i++) {
			size_t at = (size_t)i * (size_t)k + (size_t)j;
			double y = (double)((const float *)l->target)[set_row(l, i) * (size_t)k + (size_t)j];
			double d = (double)l->output[at] - y;
			value[i - first] += precision * d * d / 2 + log_sd + half_log_2pi;
			if (l->gradient)
				l->gradient[at] = (float)(l->scale * (l->weight ? (double)l->weight[i] : 1) * precision * d);
		}
	}
	for (int i = first; i < first + n; i++)
		add_example(l, i, l->weight ? (double)l->weight[i] : 1, value[i - first], sums);
}

/* ∂ℓ/∂ ln σ = 1 − ((x − y)/σ)² */
static void gaussian_params(const struct loss *l)
{
	const int k = l->k;
	for (int j = 0; j < k; j++) {
		const double precision = exp(-2 * (double)l->params[0][j]);
		double sum = 0;
		for (int i = 0; i < l->n; i++) {
			double y = (double)((const float *)l->target)[set_row(l, i) * (size_t)k + (size_t)j];
			double d = (double)l->output[(size_t)i * (size_t)k + (size_t)j] - y;
			sum += (l->weight ? (double)l->weight[i] : 1) * (1 - precision * d * d);
		}
		float *out = &l->dparams[0][j];
		*out = (float)(l->scale * sum + (l->add_dparams ? (double)*out : 0));
	}
}

/* ℓ = Σ ½ e^−v (x − y)² + ½ v + ½ ln 2π, v the log-variance that the output s behind the means stands for (heteroscedastic.h);
 * ∂ℓ/∂x = e^−v (x − y), ∂ℓ/∂s = ½ (1 − e^−v (x − y)²) v′(s). */
static void heteroscedastic(const struct loss *l, int first, int n, struct loss_sums *sums)
{
	const size_t k = (size_t)l->k, targets = k / 2;
	for (int i = first; i < first + n; i++) {
		const float *x = l->output + (size_t)i * k, *s = x + targets;
		const float *y = (const float *)l->target + set_row(l, i) * targets;
		float *g = l->gradient ? l->gradient + (size_t)i * k : NULL;
		double weight = l->weight ? l->weight[i] : 1, value = 0;
		for (size_t j = 0; j < targets; j++) {
			double slope, v = log_variance((double)s[j], &slope), precision = exp(-v), d = (double)x[j] - (double)y[j];
			value += precision * d * d / 2 + v / 2 + half_log_2pi;
			if (!g)
				continue;
			g[j] = (float)(l->scale * weight * precision * d);
			g[targets + j] = (float)(l->scale * weight * slope * (1 - precision * d * d) / 2);
		}
		add_example(l, i, weight, value, sums);
	}
}

/* ℓ = Σ ln(1 + eˣ) − y·x; ∇ℓ = 1/(1 + e⁻ˣ) − y */
static void bernoulli(const struct loss *l, int first, int n, struct loss_sums *sums)
{
	const int k = l->k;
	for (int i = first; i < first + n; i++) {
		const float *x = l->output + (size_t)i * (size_t)k;
		const float *y = (const float *)l->target + set_row(l, i) * (size_t)k;
		double own = l->class_weight ? l->class_weight[y[0] > 0.5f] : 1, weight = own * (l->weight ? l->weight[i] : 1), value = 0;
		for (int j = 0; j < k; j++) {
			double e = exp(-fabs((double)x[j]));  /* never overflows */
			double p = x[j] > 0 ? 1 / (1 + e) : e / (1 + e);
			value += log1p(e) + (x[j] > 0 ? x[j] : 0) - (double)y[j] * x[j];
			if (l->gradient)
				l->gradient[(size_t)i * (size_t)k + (size_t)j] = (float)(l->scale * weight * (p - y[j]));
		}
		add_of_class(l, i, own, value, sums);
		if (k == 1)
			sums->correct += (x[0] > 0) == (y[0] > 0.5f);
	}
}

void KERNEL(loss)(const struct loss *l, int first, int n, struct loss_sums *sums)
{
	switch (l->kind) {
	case LOSS_CATEGORICAL:
		categorical(l, first, n, sums);
		return;
	case LOSS_GAUSSIAN:
		if (l->params[0])
			gaussian_own(l, first, n, sums);
		else
			gaussian(l, first, n, sums);
		return;
	case LOSS_HETEROSCEDASTIC:
		heteroscedastic(l, first, n, sums);
		return;
	default:
		bernoulli(l, first, n, sums);
	}
}

void KERNEL(loss_params)(const struct loss *l)
{
	if (l->kind == LOSS_GAUSSIAN && l->params[0] && l->dparams[0])
		gaussian_params(l);
}
