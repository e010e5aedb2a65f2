/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SAM and its kin on networks: beside the same step put together by hand, and what a second pass must leave alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samplers/sam.h"
#include "tests/ascent_bench.h"
#include "tests/device_vec.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

/* ---- reductions ---- */

/* Whatever else a step evaluates, running statistics are those of its first pass at θ: of sgd's step. */
static void check_first_pass(struct ascent *q, const char *name, const float *stats)
{
	static const struct {
		const char *method, *words[5];
	} cases[] = {
		{"sam", {NULL}},
		{"asam", {NULL}},
		{"rw-sam", {"--probe-size", "0.1", NULL}},
		{"tail-sgd", {"--heavy-batch", "same", NULL}},
		{"tail-sgd", {"--heavy-batch", "fresh", NULL}},
		{"tail-sgd", {"--heavy-batch", "full", "--clip", "0.1", NULL}},
		{"psgld", {"--correction", "probe", "--probe-size", "0.1", NULL}},
		{"sgnht", {NULL}},
	};
	for (size_t i = 0; q->p->n_stats && i < sizeof cases / sizeof *cases; i++) {
		struct outcome o = ascent_after(q, cases[i].method, cases[i].words, 1);
		ok(!memcmp(stats, o.stats, q->p->n_stats * sizeof *stats), "%s: %s%s%s leaves the running statistics of sgd's step", name,
		   cases[i].method, cases[i].words[0] ? " " : "", cases[i].words[0] ? cases[i].words[1] : "");
		outcome_free(&o);
	}
}

/* ρ = 0 is sgd to the last bit, statistics too, so both passes see the same images and statistics are the first one's; m-sam on
 * whole batches is sam. */
static void check_bits(struct ascent *q, const char *name)
{
	static const char *const methods[] = {"sam", "asam", "m-sam", "rw-sam"};
	struct outcome sgd = ascent_after(q, "sgd", (const char *[]){"--momentum", "0.9", NULL}, 3), other, first;
	for (int i = 0; i < 4; i++) {
		other = ascent_after(q, methods[i], (const char *[]){"--momentum", "0.9", "--rho", "0", NULL}, 3);
		ok(outcome_same(q, &sgd, &other), "%s: %s, ρ = 0, is sgd, bit for bit", name, methods[i]);
		outcome_free(&other);
	}
	outcome_free(&sgd);
	sgd = ascent_after(q, "sgd", NULL, 1);
	first = ascent_after(q, "sam", NULL, 1);
	other = ascent_after(q, "m-sam", (const char *[]){"--micro-batch", "5", NULL}, 1);
	ok(memcmp(sgd.theta, first.theta, q->n * sizeof(float)), "%s: sam is not sgd", name);
	ok(outcome_same(q, &first, &other), "%s: m-sam, m = B, is sam, bit for bit", name);
	check_first_pass(q, name, sgd.stats);
	const struct segment *frozen = segments_find(q->p->params, "conv1.weight");
	if (frozen && frozen->frozen)
		ok(!memcmp(first.theta + frozen->offset, q->start + frozen->offset, frozen->count * sizeof(float)), "%s: sam leaves alone what is frozen", name);
	outcome_free(&sgd), outcome_free(&first), outcome_free(&other);
}

/* ---- by hand ---- */

static double unit(const struct segments *params, size_t i, double theta, double eta)
{
	for (int q = 0; q < params->n; q++) {
		const struct segment *at = &params->at[q];
		if (i >= at->offset && i < at->offset + at->count)
			return strstr(at->name, ".weight") ? fabs(theta) + eta : 1;
	}
	return 1;
}

/* δ times the prior's factor of each element; 0 where it is frozen. The caller's to free. */
static double *pulls(const struct ascent *q)
{
	double *pull = host_doubles(q->n);
	for (int p = 0; p < q->p->pieces->n; p++)
		for (size_t i = q->p->pieces->at[p].offset, end = i + q->p->pieces->at[p].count; i < end; i++)
			pull[i] = q->p->pieces->at[p].frozen ? 0 : ascent_decay * q->p->pieces->at[p].prior;
	return pull;
}

struct case_by_hand {
	const char *method, *words[6];
	double rho, eta;         /* η below 0: T = 1 */
	int m;
	bool loss;               /* the ascent_decay is part of it */
};

/* One step of the method from the start: e of each part of m, and the mean of the gradients there. */
static void by_hand(struct ascent *q, const struct case_by_hand *c, double *want)
{
	struct bench b;
	float *g = host_take(q->n * sizeof *g), *there = host_take(q->n * sizeof *there);
	double *pull = pulls(q);
	ascent_begin(&b, q, "sgd", NULL, ascent_decay);
	struct sampler_state *s = &b.state.s;
	MUST(batches_at(&b.state.batches, 0, &s->slots, &s->batch));
	MUST(q->d->ops->slots_send(q->d, &s->slots));
	for (size_t i = 0; i < q->n; i++)
		want[i] = q->start[i] - (c->loss ? 0 : ascent_lr * pull[i] * q->start[i]);
	for (int first = 0; first < ASCENT_BATCH; first += c->m) {
		int count = ASCENT_BATCH - first < c->m ? ASCENT_BATCH - first : c->m;
		double square = 0;
		ascent_gradient(s, q->n, q->start, (size_t)first, count, g);
		for (size_t i = 0; i < q->n; i++) {
			double t = c->eta < 0 ? 1 : unit(q->p->params, i, q->start[i], c->eta), sum = g[i] + c->loss * pull[i] * q->start[i];
			square += t * t * sum * sum;
			there[i] = (float)(t * t * sum);
		}
		for (size_t i = 0; i < q->n; i++)
			there[i] = (float)(q->start[i] + c->rho / sqrt(square) * there[i]);
		ascent_gradient(s, q->n, there, (size_t)first, count, g);
		for (size_t i = 0; i < q->n; i++)
			want[i] -= ascent_lr * count / ASCENT_BATCH * (g[i] + c->loss * pull[i] * there[i]);
	}
	bench_close(&b);
	free(g), free(there), free(pull);
}

static void check_by_hand(struct ascent *q, const char *name, double tolerance)
{
	static const struct case_by_hand cases[] = {
		{"sam", {"--rho", "0.4", NULL}, 0.4, -1, ASCENT_BATCH, false},
		{"asam", {"--rho", "0.6", "--asam-eta", "0.1", NULL}, 0.6, 0.1, ASCENT_BATCH, false},
		{"m-sam", {"--rho", "0.4", "--micro-batch", "2", NULL}, 0.4, -1, 2, false},
		{"m-sam", {"--rho", "0.4", "--micro-batch", "2", "--perturb-decay", NULL}, 0.4, -1, 2, true},
	};
	double *want = host_doubles(q->n);
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct outcome o = ascent_after(q, cases[c].method, cases[c].words, 1);
		double worst = 0, moved = 0;
		by_hand(q, &cases[c], want);
		for (size_t i = 0; i < q->n; i++) {
			worst = fmax(worst, fabs(o.theta[i] - want[i]));
			moved = fmax(moved, fabs(want[i] - q->start[i]));
		}
		near(worst / moved, 0, tolerance, "%s: %s%s is the step put together by hand", name, cases[c].method,
		     cases[c].loss ? ", the ascent_decay in the loss," : "");
		outcome_free(&o);
	}
	free(want);
}

void check_ascent_nets(struct device *d)
{
	static const struct {
		const char *name, *spec, *freeze;
		enum precision precision;
		double tolerance;
	} nets[] = {
		{"mlp", "mlp:192-16-3", NULL, PRECISION_FP32, 1e-5},
		{"resnet20", "resnet20", "conv1.weight", PRECISION_FP32, 1e-3},
		{"mlp, bf16", "mlp:192-16-3", NULL, PRECISION_BF16, 5e-2},
	};
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		struct ascent q;
		if (ascent_open(&q, d, nets[i].spec, nets[i].precision, nets[i].freeze)) {
			check_bits(&q, nets[i].name);
			check_by_hand(&q, nets[i].name, nets[i].tolerance);
		}
		ascent_close(&q);
	}
	check_ascent_laws(d);
}
