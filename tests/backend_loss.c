/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Losses against the plain double ones, and what they leave in the slots. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/ref/loss.h"
#include "tests/tap.h"

enum { SET = 300 };
static const double noise_sd = 0.6;

struct loss_case {
	enum loss_kind kind;
	int n, k;
	bool weighted, indexed, gradient;
	double spread;  /* of the outputs */
	bool each, own; /* examples' losses are wanted; the loss has parameters of its own: a σ for each output */
	bool classed;   /* and factors by class */
};

static const char *const names[LOSS_KINDS] = {"categorical", "gaussian", "bernoulli", "heteroscedastic"};

static void targets(struct draws *r, const struct loss_case *c, int32_t *label, float *y)
{
	for (int i = 0; i < SET; i++)
		label[i] = draw(r, c->k);
	for (int i = 0; i < SET * c->k; i++)
		y[i] = c->kind == LOSS_BERNOULLI ? (float)draw(r, 2) : (float)draw_normal(r);
}

static double own_log_sd(int j)
{
	return (float)(0.1 * (j % 7) - 0.4);
}

/* ℓ of one row and its gradient g (k); where the loss has its own σ, its gradient is added to dparams (k), times w. */
static double row_loss(const struct loss_case *c, const double *x, int label, const double *y, double w, double *g,
                       double *dparams)
{
	double value = 0;
	if (!c->own)
		return ref_loss(c->kind, c->k, x, label, y, noise_sd, g);
	for (int j = 0; j < c->k; j++) {
		double sd = exp(own_log_sd(j)), z = (x[j] - y[j]) / sd;
		value += ref_loss(c->kind, 1, x + j, 0, y + j, sd, g + j);
		dparams[j] += w * (1 - z * z);
	}
	return value;
}

/* The examples' losses and the gradient of the loss's own parameters, which is added to 2 or set. */
static void check_extras(struct device *d, const char *label, const struct loss_case *c, const struct loss *l,
                         const double *each, const double *dparams)
{
	float *got = host_take((size_t)(c->n + c->k) * sizeof *got);
	double worst = 0, start = l->add_dparams ? 2 : 0;
	if (c->each)
		download(d, got, l->each, (size_t)c->n * sizeof *got);
	for (int i = 0; c->each && i < c->n; i++)
		worst = fmax(worst, fabs((double)got[i] - each[i]) / (1 + fabs(each[i])));
	near(worst, 0, 3e-7, "%s: %s, %d × %d: the examples' losses", label, names[c->kind], c->n, c->k);
	worst = 0;
	if (c->own)
		download(d, got, l->dparams[0], (size_t)c->k * sizeof *got);
	for (int j = 0; c->own && j < c->k; j++)
		worst = fmax(worst, fabs((double)got[j] - start - 0.37 * dparams[j]) / (1 + fabs(dparams[j])));
	near(worst, 0, 3e-7, "%s: %s, %d × %d: the gradient of its own parameters", label, names[c->kind], c->n, c->k);
	free(got);
}

/* A case with everything it needs on the host and on the device. */
struct loss_run {
	const struct loss_case *c;
	float *x, *g, *y;                /* (n, k), (n, k), (SET, k) */
	float *weight;                   /* (n) */
	float factor[SET];               /* by class */
	int32_t classes[SET];
	uint32_t *index;                 /* n + 5 */
	struct slots s;
	struct loss l;
	int targets;
	double *each, *dparams;          /* what is expected: (n), (k) */
	double value, plain, correct;    /* with the class's factor cᵢ: Σ wᵢcᵢℓᵢ, Σ cᵢℓᵢ; right answers */
	double size, gradient_error;     /* of what went into value; the worst, relative */
};

static void loss_run_values(struct loss_run *q)
{
	const struct loss_case *c = q->c;
	struct draws r = {71 + (uint32_t)c->k, 0};
	size_t outputs = (size_t)(c->n * c->k);
	q->targets = loss_targets(c->kind, c->k);
	q->x = host_take(outputs * sizeof *q->x);
	q->g = host_take(outputs * sizeof *q->g);
	q->y = host_take((size_t)(SET * c->k) * sizeof *q->y);
	q->weight = host_take((size_t)c->n * sizeof *q->weight);
	q->index = host_take(((size_t)c->n + 5) * sizeof *q->index);
	q->each = host_doubles((size_t)c->n);
	q->dparams = host_doubles((size_t)c->k);
	for (size_t i = 0; i < outputs; i++)
		q->x[i] = (float)(c->spread * draw_normal(&r));
	/* Ties for the largest, which the first of them wins, wherever the others are. */
	for (int i = 0; c->k > 2 && c->kind != LOSS_HETEROSCEDASTIC && i < c->n; i += 3)
		for (int j = 1; j < c->k; j += c->spread < 10 && i % 2 ? 1 : 8)
			q->x[i * c->k + j] = 10;
	targets(&r, c, q->classes, q->y);
	for (int i = 0; i < c->n + 5; i++)
		q->index[i] = (uint32_t)draw(&r, SET);
	for (int i = 0; i < c->n; i++)
		q->weight[i] = (float)draw(&r, 4) / 2;
	for (int j = 0; j < SET; j++)
		q->factor[j] = 0.25f + 1.5f * (float)(j % 3);
	for (int i = 0; c->k > 2 && c->spread < 10 && i < c->n; i += 6)
		q->classes[c->indexed ? q->index[5 + i] : (uint32_t)i] = 1 + i / 6 % 2 * ((c->k - 2) / 8 * 8);
}

static void loss_run_open(struct device *d, struct loss_run *q)
{
	const struct loss_case *c = q->c;
	const size_t outputs = (size_t)(c->n * c->k), n = (size_t)c->n, k = (size_t)c->k;
	loss_run_values(q);
	float *log_sd = host_take(k * sizeof *log_sd), *twos = host_take(k * sizeof *twos);
	for (int j = 0; j < c->k; j++) {
		log_sd[j] = (float)own_log_sd(j);
		twos[j] = 2;
	}
	q->s.value[SLOT_NLL] = 4;
	q->s.value[SLOT_SEEN_TOTAL] = 1000;
	q->s.value[SLOT_FIRST] = 3;
	MUST(d->ops->slots_open(d, &q->s));
	MUST(d->ops->slots_send(d, &q->s));
	q->l = (struct loss){
		.kind = c->kind, .n = c->n, .k = c->k, .row = c->indexed ? SLOT_FIRST : SLOT_NONE,
		.offset = c->indexed ? 2 : 0, .noise_sd = noise_sd, .scale = 0.37,
		.output = upload(d, q->x, outputs * sizeof *q->x), .count = true, .add_value = c->weighted,
		.target = c->kind == LOSS_CATEGORICAL ? upload(d, q->classes, sizeof q->classes)
		                                      : upload(d, q->y, (size_t)SET * (size_t)q->targets * sizeof *q->y),
		.index = c->indexed ? upload(d, q->index, (n + 5) * sizeof *q->index) : NULL,
		.weight = c->weighted ? upload(d, q->weight, n * sizeof *q->weight) : NULL,
		.class_weight = c->classed ? upload(d, q->factor, (k > 1 ? k : 2) * sizeof *q->factor) : NULL,
		.gradient = c->gradient ? upload(d, q->g, outputs * sizeof *q->g) : NULL,
		.params = {c->own ? upload(d, log_sd, k * sizeof *log_sd) : NULL}, .add_dparams = c->n % 2,
		.dparams = {c->own ? upload(d, twos, k * sizeof *twos) : NULL},
		.each = c->each ? upload(d, q->weight, n * sizeof *q->weight) : NULL,
	};
	free(log_sd);
	free(twos);
}

static void loss_run_close(struct device *d, struct loss_run *q)
{
	void *device[] = {(void *)q->l.params[0], q->l.dparams[0], q->l.each, (void *)q->l.output, (void *)q->l.target,
	                  (void *)q->l.index, (void *)q->l.weight, (void *)q->l.class_weight, q->l.gradient};
	void *host[] = {q->x, q->g, q->y, q->weight, q->index, q->each, q->dparams};
	for (size_t i = 0; i < sizeof device / sizeof *device; i++)
		d->ops->free(d, device[i]);
	for (size_t i = 0; i < sizeof host / sizeof *host; i++)
		free(host[i]);
	d->ops->slots_close(d, &q->s);
}

/* What the plain losses say of example i, and how far its gradient is from that. */
static void loss_run_row(struct loss_run *q, int i)
{
	const struct loss_case *c = q->c;
	size_t at = c->indexed ? q->index[5 + i] : (size_t)i, k = (size_t)c->k;
	double *x = host_doubles(3 * k), *y = x + k, *g = y + k;
	int class_of = c->kind == LOSS_CATEGORICAL ? q->classes[at] : q->y[at] > 0;
	double own = c->classed ? q->factor[class_of] : 1, w = own * (c->weighted ? q->weight[i] : 1);
	for (size_t j = 0; j < k; j++)
		x[j] = q->x[(size_t)i * k + j];
	for (size_t j = 0; j < (size_t)q->targets; j++)
		y[j] = q->y[at * (size_t)q->targets + j];
	double one = q->each[i] = row_loss(c, x, q->classes[at], y, w, g, q->dparams);
	q->value += w * one;
	q->plain += own * one;
	q->size += fabs(own * one) + (c->kind == LOSS_CATEGORICAL ? c->spread : 0);
	q->correct += ref_correct(c->kind, c->k, x, q->classes[at], y);
	for (size_t j = 0; c->gradient && j < k; j++) {
		double want = 0.37 * w * g[j], error = fabs(q->g[(size_t)i * k + j] - want);
		error /= fmax(fabs(want), c->kind == LOSS_CATEGORICAL ? 1e-30 : 1e-9);
		q->gradient_error = error <= q->gradient_error ? q->gradient_error : error;
	}
	free(x);
}

static void check_case(struct device *d, const char *label, const struct loss_case *c)
{
	struct loss_run q = {.c = c, .size = 1};
	loss_run_open(d, &q);
	MUST(d->ops->loss(d, &q.s, &q.l));
	MUST(d->ops->slots_fetch(d, &q.s));
	if (c->gradient)
		download(d, q.g, q.l.gradient, (size_t)(c->n * c->k) * sizeof *q.g);
	for (int i = 0; i < c->n; i++)
		loss_run_row(&q, i);
	const char *kind = names[c->kind];
	const double *got = q.s.value, start = c->weighted ? 4 : 0;
	near(got[SLOT_NLL], start + 0.37 * q.value, 2e-7 * q.size, "%s: %s, %d × %d: value", label, kind, c->n, c->k);
	near(got[SLOT_NLL_TOTAL], q.plain, 2e-7 * q.size, "%s: %s, %d × %d: total", label, kind, c->n, c->k);
	ok(got[SLOT_CORRECT_TOTAL] == q.correct && got[SLOT_SEEN_TOTAL] == 1000 + c->n,
	   "%s: %s, %d × %d: right answers and examples", label, kind, c->n, c->k);
	ok(got[SLOT_BAD] == 0 && got[SLOT_GOOD_NLL] == got[SLOT_NLL], "%s: %s: the value is finite", label, kind);
	if (c->gradient)
		near(q.gradient_error, 0, 3e-7 * (5 + c->spread), "%s: %s, %d × %d: relative error of the gradient", label, kind,
		     c->n, c->k);
	check_extras(d, label, c, &q.l, q.each, q.dparams);
	loss_run_close(d, &q);
}

/* So many equal outputs that a product of the rows' sums would overflow: every ℓ is ln k. */
static void check_many_classes(struct device *d, const char *label)
{
	enum { ROWS = 64, K = 70000 };
	float *x = host_take((size_t)ROWS * K * sizeof *x);
	int32_t y[ROWS] = {0};
	struct slots s = {0};
	MUST(d->ops->slots_open(d, &s));
	const struct loss l = {.kind = LOSS_CATEGORICAL, .n = ROWS, .k = K, .scale = 1.0 / ROWS,
	                       .output = upload(d, x, (size_t)ROWS * K * sizeof *x), .target = upload(d, y, sizeof y)};
	MUST(d->ops->loss(d, &s, &l));
	MUST(d->ops->slots_fetch(d, &s));
	near(s.value[SLOT_NLL], log(K), 1e-12, "%s: 70000 equal outputs cost ln 70000", label);
	d->ops->free(d, (void *)l.output);
	d->ops->free(d, (void *)l.target);
	d->ops->slots_close(d, &s);
	free(x);
}

/* A loss that is not finite is remembered, and so is the last one that was. */
static void check_sticky(struct device *d, const char *label, enum loss_kind kind, float bad)
{
	float x[4] = {1, 2, 3, 4};
	int32_t classes[2] = {0, 1};
	struct slots s = {.step = 6};
	MUST(d->ops->slots_open(d, &s));
	struct loss l = {
		.kind = kind, .n = 2, .k = 2, .output = upload(d, x, sizeof x), .noise_sd = 1, .scale = 0.5, .count = true,
		.target = kind == LOSS_CATEGORICAL ? upload(d, classes, sizeof classes) : upload(d, (float[4]){1, 0, 1}, sizeof x),
	};
	double good = 0;
	for (int i = 0; i < 3; i++) {
		x[2] = i == 1 ? bad : 3;
		MUST(d->ops->put(d, (void *)l.output, x, sizeof x));
		MUST(d->ops->loss(d, &s, &l));
		MUST(d->ops->slots_fetch(d, &s));
		if (i == 0)
			good = s.value[SLOT_NLL];
		if (i == 1)
			ok(s.value[SLOT_BAD] == 7 && s.value[SLOT_GOOD_NLL] == good && isfinite(good),
			   "%s: %s: an output of %g is noticed and the last finite loss kept", label, names[kind], bad);
	}
	s.step = 8;
	x[2] = bad;
	MUST(d->ops->put(d, (void *)l.output, x, sizeof x));
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->loss(d, &s, &l));
	MUST(d->ops->slots_fetch(d, &s));
	ok(s.value[SLOT_BAD] == 7, "%s: %s: the first bad loss stays known", label, names[kind]);
	double seen = s.value[SLOT_SEEN_TOTAL];
	s.value[SLOT_BAD] = 0;
	MUST(d->ops->slots_set(d, &s));
	l.count = false;
	MUST(d->ops->loss(d, &s, &l));
	MUST(d->ops->slots_fetch(d, &s));
	ok(s.value[SLOT_BAD] == 0 && s.value[SLOT_GOOD_NLL] == good && s.value[SLOT_SEEN_TOTAL] == seen && !isfinite(s.value[SLOT_NLL]),
	   "%s: %s: what does not count leaves totals and the marks of a bad loss alone", label, names[kind]);
	d->ops->free(d, (void *)l.output);
	d->ops->free(d, (void *)l.target);
	d->ops->slots_close(d, &s);
}

void check_loss(struct device *d, const char *label)
{
	static const int outputs[] = {1, 2, 10, 16, 37, 100};
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		for (int i = 0; i < (int)(sizeof outputs / sizeof *outputs); i++) {
			if (!in_turn())
				continue;
			struct loss_case c = {(enum loss_kind)kind, 32 + i, outputs[i], i % 2, i % 3 != 2, i != 3, i == 4 ? 30 : 2,
			                      i != 2, false, false};
			/* A mean and a log-variance each. */
			c.k += kind == LOSS_HETEROSCEDASTIC && c.k % 2;
			check_case(d, label, &c);
			c.own = kind == LOSS_GAUSSIAN;
			if (c.own)
				check_case(d, label, &c);
		}
	check_case(d, label, &(struct loss_case){LOSS_CATEGORICAL, 1, 10, false, true, true, 2, false, false, false});
	check_case(d, label, &(struct loss_case){LOSS_CATEGORICAL, 5000, 10, true, true, true, 2, false, false, false});
	check_case(d, label, &(struct loss_case){LOSS_CATEGORICAL, 2500, 17, true, true, true, 2, true, false, false});
	check_case(d, label, &(struct loss_case){LOSS_GAUSSIAN, 5000, 3, true, true, true, 2, true, true, false});
	check_case(d, label, &(struct loss_case){LOSS_HETEROSCEDASTIC, 5000, 6, true, true, true, 2, true, false, false});
	for (int weighted = 0; weighted < 2; weighted++) {
		check_case(d, label, &(struct loss_case){LOSS_CATEGORICAL, 32, 10, weighted, true, true, 2, weighted, false, true});
		check_case(d, label, &(struct loss_case){LOSS_CATEGORICAL, 65, 37, weighted, !weighted, true, 2, !weighted, false, true});
		check_case(d, label, &(struct loss_case){LOSS_BERNOULLI, 40, 1, weighted, true, true, 2, true, false, true});
	}
	check_case(d, label, &(struct loss_case){LOSS_CATEGORICAL, 5000, 10, false, true, true, 2, false, false, true});
	check_many_classes(d, label);
	check_sticky(d, label, LOSS_CATEGORICAL, NAN);
	check_sticky(d, label, LOSS_CATEGORICAL, INFINITY);
	check_sticky(d, label, LOSS_GAUSSIAN, NAN);
	check_sticky(d, label, LOSS_HETEROSCEDASTIC, NAN);
	check_sticky(d, label, LOSS_GAUSSIAN, 1e38f * 10);
	check_sticky(d, label, LOSS_BERNOULLI, NAN);
}
