/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/convergence.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

#include "src/arena.h"

/* What the figures are made from and in. */
struct work {
	size_t chains, draws;   /* as given */
	size_t m, n;            /* half chains, their draws */
	size_t padded;          /* a power of two ≥ 2n: no lag wraps round */
	double *given;          /* (chains, draws), scaled */
	double *series;         /* (chains, draws): a function of them */
	double *half;           /* (m, n): what is judged */
	double *sorted;         /* (chains, draws) */
	size_t *order;          /* (m, n) */
	double *fft, *spectrum; /* (padded); autocovariances are left in the latter */
	double *rho;            /* (n) */
};

static status work_open(struct work *w, struct arena *a, int chains, size_t draws)
{
	*w = (struct work){.chains = (size_t)chains, .draws = draws, .m = 2 * (size_t)chains, .n = draws / 2, .padded = 1};
	while (w->padded < 2 * w->n)
		w->padded *= 2;
	TRY(ARENA_NEW(a, w->chains * draws, &w->given));
	TRY(ARENA_NEW(a, w->chains * draws, &w->series));
	TRY(ARENA_NEW(a, w->chains * draws, &w->sorted));
	TRY(ARENA_NEW(a, w->m * w->n, &w->half));
	TRY(ARENA_NEW(a, w->m * w->n, &w->order));
	TRY(ARENA_NEW(a, w->padded, &w->fft));
	TRY(ARENA_NEW(a, w->padded, &w->spectrum));
	return ARENA_NEW(a, w->n, &w->rho);
}

/* The first and the last n draws of each chain. */
static void split(struct work *w, const double *x)
{
	for (size_t c = 0; c < w->chains; c++) {
		const double *chain = x + c * w->draws;
		memcpy(w->half + 2 * c * w->n, chain, w->n * sizeof *chain);
		memcpy(w->half + (2 * c + 1) * w->n, chain + (w->draws - w->n), w->n * sizeof *chain);
	}
}

/* ---- ranks made normal ---- */

/* z = Φ⁻¹((r − 3/8)/(S + 1/4)), r the mean rank of draws that are equal (Blom 1958). */
static void rank_normalise(struct work *w)
{
	const size_t s = w->m * w->n;
	gsl_sort_index(w->order, w->half, 1, s);
	for (size_t first = 0, end; first < s; first = end) {
		const double x = w->half[w->order[first]];
		for (end = first + 1; end < s && w->half[w->order[end]] <= x;)
			end++;
		const double rank = 0.5 * (double)(first + 1 + end);
		const double z = gsl_cdf_ugaussian_Pinv((rank - 0.375) / ((double)s + 0.25));
		for (size_t i = first; i < end; i++)
			w->half[w->order[i]] = z;
	}
}

/* Distances from the median of all. */
static void fold(struct work *w)
{
	const size_t s = w->m * w->n;
	memcpy(w->sorted, w->half, s * sizeof *w->sorted);
	gsl_sort(w->sorted, 1, s);
	const double median = gsl_stats_median_from_sorted_data(w->sorted, 1, s);
	for (size_t i = 0; i < s; i++)
		w->half[i] = fabs(w->half[i] - median);
}

/* ---- R̂ ---- */

static double mean_of(const struct work *w, size_t j)
{
	return gsl_stats_mean(w->half + j * w->n, 1, w->n);
}

/* n − 1, of the half chains' means. */
static double between(const struct work *w)
{
	double mean = 0, squares = 0;
	for (size_t j = 0; j < w->m; j++) {
		const double d = mean_of(w, j) - mean;
		mean += d / (double)(j + 1);
		squares += d * d * (double)j / (double)(j + 1);
	}
	return squares / (double)(w->m - 1);
}

static double rhat_of(const struct work *w)
{
	const double n = (double)w->n;
	double within = 0;
	for (size_t j = 0; j < w->m; j++)
		within += gsl_stats_variance(w->half + j * w->n, 1, w->n) / (double)w->m;
	return sqrt((n * between(w) / within + n - 1) / n);
}

/* ---- effective numbers ---- */

/* The mean over half chains of their autocovariances at lags 0 … n − 1, divided by n: the mean of their spectra, and
 * back. */
static void autocovariances(struct work *w)
{
	const size_t half = w->padded / 2;
	memset(w->spectrum, 0, w->padded * sizeof *w->spectrum);
	for (size_t j = 0; j < w->m; j++) {
		const double mean = mean_of(w, j);
		memset(w->fft, 0, w->padded * sizeof *w->fft);
		for (size_t i = 0; i < w->n; i++)
			w->fft[i] = w->half[j * w->n + i] - mean;
		gsl_fft_real_radix2_transform(w->fft, 1, w->padded);
		w->spectrum[0] += w->fft[0] * w->fft[0];
		w->spectrum[half] += w->fft[half] * w->fft[half];
		for (size_t k = 1; k < half; k++)
			w->spectrum[k] += w->fft[k] * w->fft[k] + w->fft[w->padded - k] * w->fft[w->padded - k];
	}
	gsl_fft_halfcomplex_radix2_inverse(w->spectrum, 1, w->padded);
	for (size_t t = 0; t < w->n; t++)
		w->spectrum[t] /= (double)w->n * (double)w->m;
}

/* Autocorrelations over all chains, in pairs (ρ₀ + ρ₁), (ρ₂ + ρ₃) …: as long as a pair is positive, and each made no
 * greater than that before it. 1 + 2 Σ ρ, with the first of the pair where that ended, if positive, counted once: what
 * is missing beyond it is better guessed so than as nothing. */
static double time_of(struct work *w)
{
	const double n = (double)w->n, *acov = w->spectrum;
	const double within = acov[0] * n / (n - 1), all = acov[0] + between(w);
	const ptrdiff_t most = (ptrdiff_t)w->n - 3;
	double *rho = w->rho, even = 1, odd = 1 - (within - acov[1]) / all, sum = 0;
	ptrdiff_t t = 1;
	memset(rho, 0, w->n * sizeof *rho);
	rho[0] = even;
	rho[1] = odd;
	for (; t < most && even + odd > 0; t += 2) {
		even = 1 - (within - acov[t + 1]) / all;
		odd = 1 - (within - acov[t + 2]) / all;
		if (even + odd >= 0) {
			rho[t + 1] = even;
			rho[t + 2] = odd;
		}
	}
	const ptrdiff_t last = t - 2;
	if (even > 0)
		rho[last + 1] = even;
	for (t = 1; t <= last - 2; t += 2)
		if (rho[t + 1] + rho[t + 2] > rho[t - 1] + rho[t])
			rho[t + 1] = rho[t + 2] = (rho[t - 1] + rho[t]) / 2;
	for (t = 0; t <= last; t++)
		sum += rho[t];
	return 2 * sum - 1 + rho[last + 1];
}

/* Of what `half` holds; 0 where that is all the same. The time is bounded below, as an estimate near or below 0 would
 * make any number of effective draws of a few antithetic ones. */
static double effective(struct work *w)
{
	const double s = (double)(w->m * w->n);
	double lowest, highest;
	gsl_stats_minmax(&lowest, &highest, w->half, 1, w->m * w->n);
	if (lowest >= highest)
		return 0;
	autocovariances(w);
	return s / fmax(time_of(w), 1 / log10(s));
}

static double effective_of(struct work *w, const double *x)
{
	split(w, x);
	return effective(w);
}

/* Of being at most the quantile q of all draws, interpolated (type 7 of Hyndman & Fan 1996): between equal draws to that
 * very number, which GSL's formula may miss by a rounding. */
static double effective_below(struct work *w, double q)
{
	const size_t s = w->chains * w->draws;
	const double at = (double)(s - 1) * q, k = floor(at);
	const double *x = w->sorted + (size_t)k;
	const double quantile = x[0] + (at - k) * (at > k ? x[1] - x[0] : 0);
	for (size_t j = 0; j < s; j++)
		w->series[j] = w->given[j] <= quantile;
	return effective_of(w, w->series);
}

static double effective_tail(struct work *w, double bulk)
{
	const size_t s = w->chains * w->draws;
	memcpy(w->sorted, w->given, s * sizeof *w->sorted);
	gsl_sort(w->sorted, 1, s);
	const double low = effective_below(w, 0.05), high = effective_below(w, 0.95);
	if (low > 0 && high > 0)
		return fmin(low, high);
	return low > 0 || high > 0 ? fmax(low, high) : bulk;
}

/* Makes deviations of what was given, by a mean and then by what its rounding left: a small spread about a large
 * number keeps its digits so. Ranks need what was given, as two small draws far from the mean may become one. */
static void centre(struct work *w, double mean)
{
	const size_t s = w->chains * w->draws;
	for (size_t i = 0; i < s; i++)
		w->given[i] -= mean;
	const double left = gsl_stats_mean(w->given, 1, s);
	for (size_t i = 0; i < s; i++)
		w->given[i] -= left;
}

/* sd² = mean x² of deviations x, whose error is known as that of any mean; of sd it is that over 2 sd. */
static double mcse_sd(struct work *w)
{
	const size_t s = w->chains * w->draws;
	double second = 0, fourth = 0;
	for (size_t i = 0; i < s; i++) {
		w->series[i] = w->given[i] * w->given[i];
		second += w->series[i] / (double)s;
		fourth += w->series[i] * w->series[i] / (double)s;
	}
	const double of_squares = fourth - second * second;
	return of_squares > 0 ? sqrt(of_squares / effective_of(w, w->series) / second) / 2 : 0;
}

static void judge(struct work *w, struct convergence *out)
{
	const size_t s = w->chains * w->draws;
	out->mean = gsl_stats_mean(w->given, 1, s);
	out->sd = gsl_stats_sd_m(w->given, 1, s, out->mean);
	split(w, w->given);
	rank_normalise(w);
	const double bulk = rhat_of(w);
	out->ess_bulk = effective(w);
	split(w, w->given);
	fold(w);
	rank_normalise(w);
	out->rhat = fmax(bulk, rhat_of(w));
	out->ess_tail = effective_tail(w, out->ess_bulk);
	centre(w, out->mean);
	out->ess_mean = effective_of(w, w->given);
	out->tau = (double)(w->m * w->n) / out->ess_mean;
	out->mcse_mean = out->sd / sqrt(out->ess_mean);
	out->mcse_sd = mcse_sd(w);
}

/* By a power of two, which rounds nothing, so that no square leaves the range. */
static status judge_scaled(const double *x, int chains, size_t n, double largest, struct convergence *out)
{
	struct arena arena = {0};
	struct work w;
	int exponent;
	frexp(largest, &exponent);
	status s = work_open(&w, &arena, chains, n);
	if (s == OK) {
		for (size_t i = 0; i < w.chains * n; i++)
			w.given[i] = ldexp(x[i], -exponent);
		judge(&w, out);
		out->mean = ldexp(out->mean, exponent);
		out->sd = ldexp(out->sd, exponent);
		out->mcse_mean = ldexp(out->mcse_mean, exponent);
		out->mcse_sd = ldexp(out->mcse_sd, exponent);
	}
	arena_free(&arena);
	return s;
}

status convergence_of(const double *x, int chains, size_t n, struct convergence *out)
{
	*out = (struct convergence){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (chains < 1 || n < CONVERGENCE_MIN_DRAWS)
		return OK;
	double largest = 0;
	bool same = true;
	for (size_t i = 0; i < (size_t)chains * n; i++) {
		if (!isfinite(x[i]))
			return OK;
		largest = fmax(largest, fabs(x[i]));
		same &= x[i] <= x[0] && x[i] >= x[0];
	}
	if (same) {
		*out = (struct convergence){x[0], 0, NAN, 0, 0, 0, NAN, NAN, INFINITY};
		return OK;
	}
	return judge_scaled(x, chains, n, largest, out);
}
