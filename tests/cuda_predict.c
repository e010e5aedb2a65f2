/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Ensembles whose sums are kept on the stand-in for a card: those that the host adds up from the same outputs, with no wait while
 * members are added. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/draws.h"
#include "predict/ensemble.h"
#include "predict/tallied.h"
#include "tests/backend_body.h"
#include "tests/chain_runs.h"
#include "tests/cuda_driver.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

enum { ROWS = 301, BATCH = 128, MEMBERS = 4, FRESH = 2, KEPT = 3, POINTS = 7 };

/* The largest difference in units of the larger of 1 and the number; infinite where one is no number. */
static double apart(const double *got, const double *want, size_t n)
{
	double worst = 0;
	for (size_t i = 0; i < n; i++) {
		const double d = got[i] == want[i] ? 0 : fabs(got[i] - want[i]) / fmax(1, fabs(want[i]));
		worst = d <= worst ? worst : isnan(d) ? (double)INFINITY : d;
	}
	return worst;
}

static double mixtures_apart(const struct mixture *got, const struct mixture *want)
{
	const size_t n = want->n;
	double worst = fmax(apart(got->p, want->p, n * (size_t)want->c), apart(got->entropy, want->entropy, n));
	worst = fmax(worst, fmax(apart(got->max_logit, want->max_logit, n), apart(got->energy, want->energy, n)));
	return want->log_p ? fmax(worst, apart(got->log_p, want->log_p, n)) : worst;
}

/* Logits of all sizes, one of which alone is not finite in the last member. */
static void make_logits(float *z, size_t n, struct draws *r, size_t bad)
{
	for (size_t i = 0; i < n; i++)
		z[i] = (float)(draw_normal(r) * (i % 11 == 3 ? 400 : 5));
	if (bad < n)
		z[bad] = bad % 2 ? NAN : INFINITY;
}

/* Of the last members, those by each of them. */
static void check_kept(struct tallied *t, const double *want, int k, bool labels)
{
	double got[KEPT * ROWS];
	if (!labels)
		return;
	MUST(tallied_get_kept(t, got));
	near(apart(got, want, KEPT * ROWS), 0, 1e-13, "%d logits: the log-likelihoods by each of %d members", k, KEPT);
	ok(t->n_kept == 0, "%d logits: which are kept no longer", k);
}

static void check_tally(struct device *d, int k, bool labels)
{
	const int c = k == 1 ? 2 : k;
	const size_t outputs = ROWS * (size_t)k;
	enum { MEMBER = SLOT_SAMPLER, IS_FRESH };
	struct arena a = {0};
	struct mixture host, there;
	struct tallied t;
	struct slots s = {.step = 0};
	struct draws r = {(uint32_t)k, 0};
	int32_t label[ROWS];
	double log_lik[KEPT * ROWS];
	float *z = host_take(outputs * sizeof *z), *p = host_take(ROWS * (size_t)c * sizeof *p), *q = host_take(ROWS * (size_t)c * sizeof *q);
	MUST(mixture_open(&a, ROWS, c, true, &host));
	MUST(mixture_open(&a, ROWS, c, true, &there));
	for (int i = 0; i < ROWS; i++)
		label[i] = draw(&r, c);
	if (labels) {
		MUST(mixture_label(&a, &host, label));
		MUST(mixture_label(&a, &there, label));
	}
	MUST(tallied_open(d, &there, true, labels ? KEPT : 0, &t));
	MUST(d->ops->slots_open(d, &s));
	for (int m = 0; m < MEMBERS; m++) {
		make_logits(z, outputs, &r, SIZE_MAX);
		if (m == FRESH)
			mixture_part(&host);
		MUST(mixture_add_logits(&host, 0, ROWS, z, k, p));
		float *logits = upload(d, z, outputs * sizeof *z);
		for (int first = 0; first < ROWS; first += BATCH) {
			s.value[SLOT_FIRST] = first;
			s.value[MEMBER] = m + 1;
			s.value[IS_FRESH] = m == 0 || m == FRESH;
			MUST(d->ops->slots_send(d, &s));
			struct tally batch = t.sums;
			batch.logits = logits + (size_t)first * (size_t)k;
			batch.n = ROWS - first < BATCH ? ROWS - first : BATCH;
			batch.k = k;
			batch.row = SLOT_FIRST, batch.member = MEMBER, batch.fresh = IS_FRESH;
			MUST(d->ops->tally(d, &s, &batch));
		}
		d->ops->free(d, logits);
		if (labels && m > 0) {
			memcpy(log_lik + (size_t)(m - 1) * ROWS, host.last, ROWS * sizeof *log_lik);
			MUST(tallied_keep(&t));
		}
	}
	check_kept(&t, log_lik, k, labels);
	MUST(tallied_get(&t));
	MUST(tallied_get_part(&t));
	MUST(tallied_get_last(&t));
	MUST(tallied_get_probs(&t, q));
	double worst = mixtures_apart(&there, &host), off = 0;
	if (labels)
		worst = fmax(worst, fmax(apart(there.own, host.own, ROWS), apart(there.last, host.last, ROWS)));
	for (size_t i = 0; i < ROWS * (size_t)c; i++)
		off = fmax(off, fabs((double)p[i] - (double)q[i]));
	near(worst, 0, 1e-13, "%d logits%s: the sums of %d members are the host's", k, labels ? ", labels" : "", MEMBERS);
	near(off, 0, 1e-7, "%d logits: and the last one's probabilities", k);
	bool found;
	size_t member = 0, example = 0;
	MUST(tallied_bad(&t, &found, &member, &example));
	ok(!found, "%d logits: all of them are finite", k);
	for (int m = 0; m < 2; m++) {
		/* The later member's is in an earlier row. */
		make_logits(z, outputs, &r, (m ? 7 : 150) * (size_t)k + (size_t)k - 1);
		float *logits = upload(d, z, outputs * sizeof *z);
		struct tally all = t.sums;
		s.value[SLOT_FIRST] = 0;
		s.value[MEMBER] = 10 + m;
		MUST(d->ops->slots_send(d, &s));
		all.logits = logits, all.n = ROWS, all.k = k, all.row = SLOT_NONE, all.member = MEMBER, all.fresh = IS_FRESH;
		MUST(d->ops->tally(d, &s, &all));
		d->ops->free(d, logits);
	}
	MUST(tallied_bad(&t, &found, &member, &example));
	ok(found && member == 9 && example == 150, "%d logits: the first member that has others is known, with its example", k);
	tallied_close(&t);
	d->ops->slots_close(d, &s);
	arena_free(&a);
	free(z), free(p), free(q);
}

/* ---- whole ensembles ---- */

struct ensemble_run {
	struct arena arena;
	struct selection chosen;
	struct network net;
	struct subject subject;
	struct predictions p;
	struct member_draws draws;
	size_t waits;
};

/* The last snapshots of a run's chains on a new device, which adds up by itself or not. */
static void predict(struct ensemble_run *r, const char *folder, size_t last, enum scoring scoring, size_t points, size_t probes,
                    bool there)
{
	static struct backend without;
	const struct selection_request all = {.chain = -1, .to = UINT64_MAX, .last = last};
	struct device *d = open_cuda();
	without = *d->ops;
	without.tally = NULL;
	without.put_begin = NULL;
	without.put_end = NULL;
	if (!there)
		d->ops = &without;
	*r = (struct ensemble_run){.waits = 0};
	MUST(selection_open(&folder, 1, &all, &r->chosen));
	MUST(network_open(selection_header(&r->chosen), -1, CONV_AUTO, &r->net));
	network_place(&r->net, d);
	MUST(subject_open(&r->net, &(struct subject_request){.option = "data", .split = -1, .batch = 20}, &r->subject));
	MUST(predictions_open(&r->arena, &r->net, &r->subject, r->chosen.n, scoring, &r->p));
	if (points)
		MUST(draws_open(&r->arena, &r->p, points, probes, &r->draws));
	r->waits = standin_calls("cudaStreamSynchronize");
	MUST(ensemble_run(&r->chosen, &r->net, &r->p, 1, NULL, NULL));
	r->waits = standin_calls("cudaStreamSynchronize") - r->waits;
}

static void predict_close(struct ensemble_run *r)
{
	subject_close(&r->subject);
	network_close(&r->net);
	selection_close(&r->chosen);
	arena_free(&r->arena);
}

static double figures_apart(const struct figures *a, const struct figures *b)
{
	double worst = 0;
	for (int i = 0; i < b->count; i++)
		if (!(isnan(a->at[i].value) && isnan(b->at[i].value)))
			worst = fmax(worst, apart(&a->at[i].value, &b->at[i].value, 1));
	return worst;
}

/* The host waits as often for few snapshots as for many. */
static void check_waits(const char *name, const char *folder)
{
	struct ensemble_run there, few;
	predict(&there, folder, SIZE_MAX, SCORE_NOTHING, 0, 0, true);
	predict(&few, folder, 2, SCORE_NOTHING, 0, 0, true);
	ok(few.chosen.n < there.chosen.n && few.waits == there.waits, "%s: the host waits %zu times for %zu snapshots, %zu times for %zu",
	   name, few.waits, few.chosen.n, there.waits, there.chosen.n);
	predict_close(&there);
	predict_close(&few);
}

/* The draws of the last member of a few, against those of the last of all. */
static double last_apart(const struct ensemble_run *few, const struct ensemble_run *all)
{
	double worst = 0;
	for (size_t i = 1; i <= all->draws.rows; i++)
		worst = fmax(worst, apart(&few->draws.value[i * few->chosen.n - 1], &all->draws.value[i * all->chosen.n - 1], 1));
	return worst;
}

/* Outputs that are wanted come to the host, and then all is added there. */
static void check_outputs(const char *name, const char *folder, const struct ensemble_run *here)
{
	struct ensemble_run there;
	predict(&there, folder, 1, SCORE_ALL, POINTS, 1, true);
	const size_t members = there.chosen.n, scores = here->draws.rows * members, example = there.draws.probe[0];
	double total = 0, off = 0;
	for (size_t k = 1; k <= 10; k++)
		total += exp(there.draws.value[scores + k * members - 1]);
	for (size_t k = 1; k <= 10; k++)
		off = fmax(off, fabs(exp(there.draws.value[scores + k * members - 1]) / total - (double)there.p.probs[example * 10 + k - 1]));
	near(last_apart(&there, here), 0, 1e-12, "%s: also where outputs are wanted", name);
	near(off, 0, 1e-6, "%s: whose softmax is the last member's", name);
	predict_close(&there);
	predict(&there, folder, 1, SCORE_MEMBERS, POINTS, 0, true);
	near(last_apart(&there, here), 0, 1e-12, "%s: and where members are scored by themselves alone", name);
	predict_close(&there);
}

static void check_ensemble(const char *name, const char *const *words)
{
	char folder[512];
	struct device *cpu;
	struct ensemble_run there, here;
	MUST(backend_open("cpu", 1, &cpu));
	sample_on(cpu, 0, name, parse_all(words), folder, sizeof folder);
	predict(&there, folder, SIZE_MAX, SCORE_CURVE, POINTS, 0, true);
	predict(&here, folder, SIZE_MAX, SCORE_CURVE, POINTS, 0, false);
	double curve = 0, alone = 0;
	for (size_t i = 0; i < here.chosen.n; i++) {
		curve = fmax(curve, figures_apart(&there.p.curve[i], &here.p.curve[i]));
		if (!isnan(here.p.alone[i]))
			alone = fmax(alone, fmax(apart(&there.p.alone[i], &here.p.alone[i], 1), apart(&there.p.ending[i], &here.p.ending[i], 1)));
	}
	near(mixtures_apart(&there.p.mixture, &here.p.mixture), 0, 1e-12, "%s: %zu snapshots are the host's ensemble of them", name,
	     here.chosen.n);
	near(curve, 0, 1e-12, "%s: with its figures after each of them", name);
	near(alone, 0, 1e-12, "%s: and those of each chain's own", name);
	near(apart(there.draws.value, here.draws.value, here.draws.rows * here.chosen.n), 0, 1e-12, "%s: and the draws of each", name);
	near(apart(there.draws.figure, here.draws.figure, here.chosen.n), 0, 1e-12, "%s: with its own NLL", name);
	predict_close(&there);
	check_outputs(name, folder, &here);
	check_waits(name, folder);
	predict_close(&here);
}

int main(void)
{
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	static const int logits[] = {1, 2, 3, 10, 16, 17, 33, 700};
	for (size_t i = 0; i < sizeof logits / sizeof *logits; i++)
		check_tally(d, logits[i], i % 3 != 2);
	d->ops->close(d);
	check_ensemble("mlp", (const char *const[]){"--data", "shapes", "--model", "mlp:3072-16-10", "--lr", "0.01", "--batch", "32", "--steps", "24",
	                                            "--keep-every", "2", "--chains", "2", NULL});
	return done_testing();
}
