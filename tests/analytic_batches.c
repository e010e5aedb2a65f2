/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batches of an analytic target's terms, on the CPU and where the host may not look: which terms, their weights and parts; and
 * the noise that gradients can be given. */
#include <math.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/far_device.h"
#include "tests/tap.h"

enum { N = 4, D = 2 };

static const struct rng_key key = {5, 1};
static const double m[N][D] = {{1, 2}, {-0.5, 0}, {4, -1}, {0, 3}}, h[N] = {2, 3, 0.25, 1};
static const float at[D] = {0.3f, -0.7f};
#define TERMS "quadratics:1/2/2,-0.5/0/3,4/-1/0.25,0/3/1"

static struct device *d;
static struct potential *p;
static struct slots slots;
static float *theta, *gradient, *weight, *each;
static uint32_t *row;

static void *take(size_t bytes)
{
	void *out;
	MUST(d->ops->alloc(d, bytes, &out));
	return out;
}

static void open(const char *spec)
{
	MUST(analytic_open(spec, d, &p));
	slots = (struct slots){.key = key};
	MUST(d->ops->slots_open(d, &slots));
	theta = take(sizeof at);
	gradient = take(sizeof at);
	weight = take(N * sizeof(float));
	each = take(N * sizeof(float));
	row = take(N * sizeof(uint32_t));
	MUST(d->ops->put(d, theta, at, sizeof at));
}

static void close(void)
{
	void *const all[] = {theta, gradient, weight, each, row};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		d->ops->free(d, all[i]);
	d->ops->slots_close(d, &slots);
	potential_close(p);
}

static double term(uint32_t i, double *slope)
{
	double value = 0;
	for (int j = 0; j < D; j++) {
		slope[j] = h[i] * ((double)at[j] - m[i][j]);
		value += slope[j] * ((double)at[j] - m[i][j]) / 2;
	}
	return value;
}

/* Whether the request's gradient and value are factor[0], factor[1], … times the terms' of rows[0], rows[1], … */
static bool is_sum(const struct gradient_request *r, const uint32_t *rows, const double *factor, int n)
{
	double want[D] = {0}, value = 0, slope[D];
	float got[D], one[N];
	bool right = true;
	MUST(d->ops->slots_send(d, &slots));
	MUST(p->ops->value_grad(p, &slots, r));
	MUST(d->ops->get(d, got, gradient, sizeof got));
	MUST(d->ops->get(d, one, each, sizeof one));
	for (int i = 0; i < n; i++) {
		double u = term(rows[i], slope);
		value += factor[i] * u;
		if (r->each)
			right = right && fabs((double)one[i] - u) < 1e-6 * u;
		for (int j = 0; j < D; j++)
			want[j] += factor[i] * slope[j];
	}
	for (int j = 0; j < D; j++)
		right = right && fabs((double)got[j] - want[j]) < 1e-6 * (1 + fabs(want[j]));
	return right && fabs(slots.value[SLOT_NLL] - value) < 1e-12 * fabs(value);
}

static void batches(void)
{
	static const uint32_t rows[N] = {2, 0, 3, 1};
	static const double quarter[N] = {0.25, 0.25, 0.25, 0.25};
	open(TERMS);
	ok(p->n == N && p->n_params == D && p->batch == N && !p->least_batch, "N terms are N examples");
	ok(strstr(p->ops->target_note(p), "N = 4") && strstr(p->ops->target_note(p), "1.5625"), "its note: %s", p->ops->target_note(p));
	struct gradient_request r = {.at = {.theta = theta}, .batch = {.n = N, .scale = 0.25}, .gradient = gradient, .each = each, .count = true};
	ok(is_sum(&r, (const uint32_t[N]){0, 1, 2, 3}, quarter, N), "all of them: the mean, and each term's own value");
	double u = analytic_energy(p, (const double[D]){(double)at[0], (double)at[1]});
	near(slots.value[SLOT_NLL], u, 1e-14, "which is the energy");
	near(slots.value[SLOT_NLL_TOTAL], 4 * u, 1e-12, "counted as a sum");
	ok(slots.value[SLOT_SEEN_TOTAL] == N, "of so many examples");

	MUST(d->ops->put(d, row, rows, sizeof rows));
	MUST(d->ops->put(d, weight, (const float[N]){0.5f, 2, 0, 7}, N * sizeof(float)));
	r.count = false;
	r.batch = (struct batch){.index = row, .row = SLOT_FIRST, .offset = 1, .n = 2, .scale = 0.5};
	slots.value[SLOT_FIRST] = 1;
	ok(is_sum(&r, rows + 2, (const double[]){0.5, 0.5}, 2), "rows by an index, from the slot's and the offset on");
	r.batch.weight = weight;
	ok(is_sum(&r, rows + 2, (const double[]){0.25, 1}, 2), "weighted, and each without its weight");
	r.batch = (struct batch){.row = SLOT_FIRST, .n = 3, .scale = 1};
	ok(is_sum(&r, (const uint32_t[]){1, 2, 3}, (const double[]){1, 1, 1}, 3), "rows in their order");
	r.each = NULL;
	r.accumulate = true;
	r.batch = (struct batch){.n = 1, .scale = 2};
	ok(is_sum(&r, (const uint32_t[]){1, 2, 3, 0}, (const double[]){1, 1, 1, 2}, 4), "a part that is added");
	ok(slots.value[SLOT_SEEN_TOTAL] == N && slots.value[SLOT_NLL_TOTAL] == 4 * u, "what does not count is not counted");

	double mean[D] = {0}, full[D], slope[D] = {(double)at[0], (double)at[1]};
	float got[D];
	analytic_gradient(p, slope, full);
	r = (struct gradient_request){.at = {.theta = theta}, .gradient = gradient};
	for (uint32_t i = 0; i < N; i++)
		for (uint32_t k = 0; k < N; k++) {
			MUST(d->ops->put(d, row, (const uint32_t[]){i, k}, 2 * sizeof i));
			r.batch = (struct batch){.index = row, .n = 2, .scale = 0.5};
			MUST(p->ops->value_grad(p, &slots, &r));
			MUST(d->ops->get(d, got, gradient, sizeof got));
			for (int j = 0; j < D; j++)
				mean[j] += (double)got[j] / (N * N);
		}
	for (int j = 0; j < D; j++)
		near(mean[j], full[j], 1e-6, "the mean over all batches of two is the full gradient, element %d", j);

	float *v = take(sizeof at);
	MUST(d->ops->put(d, v, (const float[D]){1, -2}, sizeof at));
	MUST(d->ops->put(d, gradient, (const float[D]){10, 20}, sizeof at));
	r.accumulate = true;
	r.batch = (struct batch){.offset = 1, .n = 2, .scale = 0.5, .weight = weight};
	MUST(p->ops->hvp(p, &slots, &r, v));
	MUST(d->ops->get(d, got, gradient, sizeof got));
	/* ½(0.5·3 + 2·0.25) = 1 */
	ok(got[0] == 11 && got[1] == 18, "a batch's Hessian times a vector, weighted and added: %g, %g", (double)got[0], (double)got[1]);
	r.accumulate = false;
	MUST(p->ops->hvp(p, &slots, &r, gradient));
	MUST(d->ops->get(d, got, gradient, sizeof got));
	ok(got[0] == 11 && got[1] == 18, "in place, too");
	d->ops->free(d, v);

	MUST(d->ops->put(d, row, (const uint32_t[]){0, N}, 2 * sizeof *row));
	r.batch = (struct batch){.index = row, .n = 2, .scale = 0.5};
	ok(p->ops->value_grad(p, &slots, &r) == ERR_USAGE, "a term that there is not: %s", fail_words(ERR_USAGE, "--"));
	r.batch = (struct batch){.n = N + 1, .scale = 0.5};
	ok(p->ops->value_grad(p, &slots, &r) == ERR_USAGE, "more terms than there are: %s", fail_words(ERR_USAGE, "--"));
	close();
}

/* Weights that the terms give themselves: exp(c·|ℓᵢ − 0|), their mean 1. What is counted has none. */
static void reweighted(void)
{
	double one[N], slope[D], sum = 0, weighted = 0, plain = 0;
	open(TERMS);
	float *other = take(N * sizeof *other);
	const struct reweight by = {.other = other, .rate = SLOT_SAMPLER, .weight = weight};
	MUST(d->ops->put(d, other, (const float[N]){0}, N * sizeof *other));
	slots.value[SLOT_SAMPLER] = 0.25;
	MUST(d->ops->slots_send(d, &slots));
	for (uint32_t i = 0; i < N; i++) {
		one[i] = term(i, slope);
		sum += exp(0.25 * one[i]);
		plain += one[i] / N;
	}
	for (int i = 0; i < N; i++)
		weighted += exp(0.25 * one[i]) / sum * one[i];
	const struct gradient_request r = {.at = {.theta = theta}, .batch = {.n = N, .scale = 1.0 / N}, .gradient = gradient, .count = true,
	                                   .each = each, .reweight = &by};
	MUST(p->ops->value_grad(p, &slots, &r));
	near(slots.value[SLOT_NLL] / weighted, 1, 1e-6, "terms that weigh themselves: the value");
	near(slots.value[SLOT_GOOD_NLL] / plain, 1, 1e-6, "and the one that counts, of all alike");
	near(slots.value[SLOT_NLL_TOTAL] / N / plain, 1, 1e-6, "and in the total");
	ok(fabs(weighted - plain) > 1e-3 * plain, "which are two");
	d->ops->free(d, other);
	close();
}

/* ---- noise ---- */

static void gradient_of(struct batch b, float got[D])
{
	const struct gradient_request r = {.at = {.theta = theta}, .batch = b, .gradient = gradient};
	MUST(d->ops->slots_send(d, &slots));
	MUST(p->ops->value_grad(p, &slots, &r));
	MUST(d->ops->get(d, got, gradient, D * sizeof *got));
}

static void noise(void)
{
	enum { STEPS = 20000 };
	const struct batch all = {.n = N, .scale = 0.25}, own = {.row = SLOT_FIRST, .n = N, .scale = 0.25},
	                   half = {.row = SLOT_FIRST, .offset = 2, .n = 2, .scale = 0.25};
	float clean[D], part[D], got[D], other[D];
	open(TERMS);
	slots.value[SLOT_FIRST] = 0;
	slots.step = 3;
	gradient_of(own, clean);
	gradient_of(half, part);
	MUST(analytic_noise(p, "0.5,3"));
	ok(strstr(p->ops->target_note(p), "0.5,3"), "its note: %s", p->ops->target_note(p));
	double value = slots.value[SLOT_NLL];
	gradient_of(own, got);
	for (int j = 0; j < D; j++)
		near((double)got[j] - (double)clean[j], (j ? 3 : 0.5) * rng_normal(key, STREAM_GRADIENT, 3, (uint64_t)j), 1e-6,
		     "the deviation times a normal of the step, element %d", j);
	gradient_of(own, other);
	ok(memcmp(got, other, sizeof got) == 0, "a second gradient of the step has the same");
	gradient_of(half, other);
	for (int j = 0; j < D; j++)
		near((double)other[j] - (double)part[j], ((double)got[j] - (double)clean[j]) / 2, 1e-6, "and half a batch half of it, element %d", j);
	gradient_of(all, other);
	ok(memcmp(clean, other, sizeof clean) == 0, "a pass over all terms has none");
	gradient_of(half, other);
	ok(slots.value[SLOT_NLL] == value, "nor have values");
	slots.value[SLOT_FIRST_1] = 0;
	gradient_of((struct batch){.row = SLOT_FIRST_1, .n = N, .scale = 0.25}, other);
	for (int j = 0; j < D; j++)
		near((double)other[j] - (double)clean[j], (j ? 3 : 0.5) * rng_normal(key, STREAM_GRADIENT, 3, (uint64_t)(D + j)), 1e-6,
		     "a further batch of the step has another, element %d", j);
	slots.key.chain++;
	gradient_of(own, other);
	ok(other[0] != got[0] && other[1] != got[1], "another chain has other noise");
	slots.key.chain--;

	double sum[D] = {0}, square[D][D] = {{0}}, between = 0, last = 0;
	for (slots.step = 0; slots.step < STEPS; slots.step++) {
		double e[D];
		gradient_of(own, got);
		for (int j = 0; j < D; j++)
			e[j] = ((double)got[j] - (double)clean[j]) / (j ? 3 : 0.5);
		for (int j = 0; j < D; j++) {
			sum[j] += e[j];
			for (int k = 0; k < D; k++)
				square[j][k] += e[j] * e[k];
		}
		between += e[0] * last;
		last = e[0];
	}
	/* Deviations of a mean, a variance and a covariance of so many. */
	const double one = 1 / sqrt(STEPS);
	for (int j = 0; j < D; j++) {
		near(sum[j] / STEPS, 0, 4 * one, "over many steps its mean is 0, element %d", j);
		near(square[j][j] / STEPS, 1, 4 * sqrt(2) * one, "and its variance what was asked for, element %d", j);
	}
	near(square[0][1] / STEPS, 0, 4 * one, "elements are independent");
	near(between / STEPS, 0, 4 * one, "and steps");
	close();

	static const char *const bad[] = {"", "-1", "1,", "1,2,3", "x", "1,inf", "nan", " 1"};
	open(TERMS);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(analytic_noise(p, bad[i]) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--gradient-noise "), "refused: %s",
		   fail_words(ERR_USAGE, "--"));
	MUST(analytic_noise(p, "2"));
	slots.step = 3;
	gradient_of(own, got);
	for (int j = 0; j < D; j++)
		near((double)got[j] - (double)clean[j], 2 * rng_normal(key, STREAM_GRADIENT, 3, (uint64_t)j), 1e-6,
		     "one deviation is that of all dimensions, element %d", j);
	MUST(analytic_noise(p, "0"));
	gradient_of(own, got);
	ok(memcmp(got, clean, sizeof got) == 0, "none of deviation 0");
	close();
}

int main(void)
{
	for (int far = 0; far < 2; far++) {
		MUST(far ? far_open(2, &d) : backend_open("cpu", 1, &d));
		test_prefix(far ? "far" : "cpu");
		batches();
		reweighted();
		noise();
		d->ops->close(d);
	}
	return done_testing();
}
