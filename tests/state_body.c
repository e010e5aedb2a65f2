/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A sampler without a run, and what methods may ask of it, on any device. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains/state.h"
#include "tests/chain_runs.h"
#include "tests/device_vec.h"
#include "tests/files.h"
#include "tests/state_body.h"
#include "tests/tap.h"

enum { PARAMS_MAX = 70000, EXAMPLES = 8 };

static const char *const table_words[] = {"--steps", "9", "--batch", "2", "--lr", "0.05", "--checkpoint-every", "3steps",
                                          NULL};

/* A problem on a device with its options, and a state of its method. */
struct subject {
	struct opts *o;
	struct problem p;
	struct state st;
	struct device *d;
	size_t n;
};

static void subject_open(struct subject *u, struct device *d, struct opts *o)
{
	static float host[PARAMS_MAX];
	*u = (struct subject){.o = o, .d = d};
	MUST(problem_open(o, d, NULL, &u->p));
	MUST(state_open(&u->st, &u->p.plan.state, (struct rng_key){3, 1}));
	u->n = u->p.potential->n_params;
	if (u->n > PARAMS_MAX)
		exit(99);
	segments_init(u->p.potential->params, (struct rng_key){3, 1}, host);
	MUST(state_put(&u->st, 0, host));
}

static void subject_close(struct subject *u)
{
	state_close(&u->st);
	problem_close(&u->p);
	opts_free(u->o);
}

/* The batch of the first step, and the coefficients that the tests name. */
enum { C = SLOT_SAMPLER, SIGMA };

static void begin_step(struct subject *u)
{
	struct sampler_state *s = &u->st.s;
	MUST(batches_at(&u->st.batches, 0, &s->slots, &s->batch));
	s->slots.value[C] = 0.3;
	s->slots.value[SIGMA] = 0.01;
	MUST(u->d->ops->slots_send(u->d, &s->slots));
}

static float *vector(struct subject *u)
{
	return device_take(u->d, u->n * sizeof(float));
}

static float *host_copy(struct subject *u, const float *v)
{
	return fetch(u->d, v, u->n * sizeof *v);
}

/* The largest difference, in units of b's largest element. */
static double apart(size_t n, const float *a, const float *b)
{
	double worst = 0, largest = 0;
	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
		largest = fmax(largest, fabs((double)b[i]));
	}
	return worst / largest;
}

/* ---- gradients ---- */

/* SAM's second gradient needs no vector of its own: where v is the gradient's buffer, the bits are those of a copy of v. */
static void check_alias(struct subject *u, const char *label)
{
	struct sampler_state *s = &u->st.s;
	float *copy = vector(u), *want = vector(u);
	begin_step(u);
	MUST(sampler_gradient(s, SLOT_NONE));
	MUST(u->d->ops->copy(u->d, copy, s->gradient, u->n * sizeof *copy));
	struct sampler_gradient_request r = {.at = {.theta = s->vector[0], .v = copy, .v_coef = C, .sigma = SIGMA, .stream = STREAM_PERTURB},
	                                     .gradient = want};
	MUST(sampler_gradient_at(s, &r));
	r.at.v = r.gradient = s->gradient;
	MUST(sampler_gradient_at(s, &r));
	float *a = host_copy(u, want), *b = host_copy(u, s->gradient), *first = host_copy(u, copy);
	ok(memcmp(a, b, u->n * sizeof *a) == 0 && memcmp(a, first, u->n * sizeof *a) != 0,
	   "%s: a gradient may be written over the v of its own point", label);
	MUST(sampler_gradient(s, SLOT_NONE));
	free(b);
	b = host_copy(u, s->gradient);
	ok(memcmp(b, first, u->n * sizeof *b) == 0, "%s: the same batch again is augmented alike", label);
	free(a), free(b), free(first);
	u->d->ops->free(u->d, copy);
	u->d->ops->free(u->d, want);
}

/* A batch in two parts, each ℓᵢ, and a value without a gradient. */
static void check_parts(struct subject *u, const char *label)
{
	struct sampler_state *s = &u->st.s;
	float *each, *whole, *parts, losses[EXAMPLES] = {0};
	begin_step(u);
	each = device_take(u->d, sizeof losses);
	MUST(sampler_gradient(s, SLOT_NONE));
	MUST(u->d->ops->slots_fetch(u->d, &s->slots));
	double value = s->slots.value[SLOT_NLL], seen = s->slots.value[SLOT_SEEN_TOTAL], sum = 0;
	whole = host_copy(u, s->gradient);
	int n = s->batch.n;
	for (int half = 0; half < 2; half++) {
		struct batch part = s->batch;
		part.offset += (size_t)(half * n / 2);
		part.n = n / 2;
		MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){
			.at = {.theta = s->vector[0]}, .batch = &part, .gradient = s->gradient, .accumulate = half, .each = each}));
		MUST(u->d->ops->get(u->d, losses + half * n / 2, each, (size_t)(n / 2) * sizeof *losses));
	}
	MUST(u->d->ops->slots_fetch(u->d, &s->slots));
	parts = host_copy(u, s->gradient);
	for (int i = 0; i < n; i++)
		sum += (double)losses[i] / n;
	near(apart(u->n, parts, whole), 0, 1e-5, "%s: a batch in two parts has the gradient of the whole", label);
	near(s->slots.value[SLOT_NLL], value, 1e-6 * fabs(value), "%s: and its value", label);
	near(sum, value, 1e-6 * fabs(value), "%s: which the examples' own losses add up to", label);
	ok(s->slots.value[SLOT_SEEN_TOTAL] == seen, "%s: only a step's first gradient counts", label);
	free(whole), free(parts);
	u->d->ops->free(u->d, each);
}

/* Over all four rows of the table: the mean of the two batches of an epoch. */
static void check_full(struct subject *u, const char *label)
{
	struct sampler_state *s = &u->st.s;
	float mean[D] = {0}, got[D];
	for (uint64_t k = 0; k < 2; k++) {
		float part[D];
		MUST(batches_at(&u->st.batches, k, &s->slots, &s->batch));
		MUST(u->d->ops->slots_send(u->d, &s->slots));
		MUST(sampler_gradient(s, SLOT_NONE));
		MUST(u->d->ops->get(u->d, part, s->gradient, sizeof part));
		for (int j = 0; j < D; j++)
			mean[j] += part[j] / 2;
	}
	MUST(sampler_full_gradient(s, &(struct point){.theta = s->vector[0]}, false, s->gradient));
	MUST(u->d->ops->get(u->d, got, s->gradient, sizeof got));
	near(apart(D, got, mean), 0, 1e-6, "%s: the gradient over all data, in chunks", label);
}

/* A value that is only looked at may be anything; a counted one that is not finite is remembered. */
static void check_trial(struct subject *u, const char *label)
{
	struct sampler_state *s = &u->st.s;
	float far[D] = {INFINITY, 1, 1}, *there = vector(u);
	begin_step(u);
	MUST(u->d->ops->put(u->d, there, far, sizeof far));
	MUST(sampler_gradient(s, SLOT_NONE));
	MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = there}}));
	MUST(u->d->ops->slots_fetch(u->d, &s->slots));
	ok(!isfinite(s->slots.value[SLOT_NLL]) && s->slots.value[SLOT_BAD] == 0 && isfinite(s->slots.value[SLOT_GOOD_NLL]),
	   "%s: a proposal's value may be infinite", label);
	MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = there}, .first = true}));
	MUST(u->d->ops->slots_fetch(u->d, &s->slots));
	ok(s->slots.value[SLOT_BAD] == 1, "%s: a counted one is remembered", label);
	u->d->ops->free(u->d, there);
}

/* ---- turns ---- */

/* Two states of one potential, a step each in turns, and one of them alone. */
static void check_turns(struct subject *u, const char *label)
{
	struct state pair[3];
	float x[3][D], start[D] = {0.3f, -0.7f, 0.2f};
	for (int i = 0; i < 3; i++) {
		MUST(state_open(&pair[i], &u->p.plan.state, (struct rng_key){9, i == 2 ? 0 : (uint32_t)i}));
		MUST(state_put(&pair[i], 0, start));
	}
	for (int k = 0; k < 7; k++)
		for (int i = 0; i < 2; i++)
			MUST(state_step(&pair[i], 0.05, 1));
	for (int k = 0; k < 7; k++)
		MUST(state_step(&pair[2], 0.05, 1));
	for (int i = 0; i < 3; i++) {
		MUST(state_get(&pair[i], 0, x[i]));
		state_close(&pair[i]);
	}
	ok(memcmp(x[0], x[2], sizeof start) == 0 && memcmp(x[0], x[1], sizeof start) != 0,
	   "%s: states that take turns have the bits of one alone", label);
}

/* ---- a method that uses everything ---- */

enum { GAIN = SLOT_SAMPLER, ONE_COEF, SHIFT };

static const struct param probe_params[] = {
	{.name = "shift-file", .type = PARAM_PATH, .arg = "FILE.npy", .help = "what is added in each step"},
	{0},
};

static void probe_coef(struct sampler_state *s)
{
	s->slots.value[GAIN] = 1.5;
	s->slots.value[ONE_COEF] = 1;
	s->slots.value[SHIFT] = s->lr;
}

/* scratch ← θ; θ ← scratch + λ·array; the scalar grows by the factor 1.5, wherever it lives. */
static status probe_step(struct sampler_state *s)
{
	const struct affine keep = {.n_in = 1, .n_out = 1, .x = {s->vector[0]}, .out = {{.y = s->scratch[1], .base = 0}}};
	const struct affine move = {.n_in = 2, .n_out = 1, .x = {s->scratch[1], s->array[0]},
	                            .out = {{.y = s->vector[0], .base = 0, .coef = {SLOT_NONE, SHIFT}}}};
	const struct scalar grow = {.fn = SCALAR_PRODUCT, .in = {SLOT_SCALAR, GAIN}, .out = {SLOT_SCALAR}};
	const struct scalar add = {.fn = SCALAR_AXPY, .in = {ONE_COEF, ONE_COEF, SLOT_SCALAR}, .out = {SLOT_SCALAR}};
	TRY(sampler_gradient(s, SLOT_NONE));
	TRY(sampler_affine(s, &keep));
	TRY(sampler_affine(s, &move));
	TRY(device_scalar(s->potential->device, &s->slots, &grow));
	return device_scalar(s->potential->device, &s->slots, &add);
}

static const struct sampler probe = {
	.name = "probe",
	.help = "a test",
	.reference = "none",
	.params = probe_params,
	.vectors = {{.name = "theta", .role = "theta"}},
	.scratch = 2,
	.scalars = {"growth"},
	.reports = {{"growth", SLOT_SCALAR}},
	.arrays = {{"shift-file", ARRAY_PARAMS}},
	.coef = probe_coef,
	.step = probe_step,
};

static double last_growth(const char *folder)
{
	char path[600];
	size_t n;
	double growth = NAN;
	snprintf(path, sizeof path, "%s/chain-0.log.jsonl", folder);
	char *text = (char *)slurp(path, &n);
	for (char *line = text; line < text + n; line += strcspn(line, "\n") + 1) {
		json_t *j = json_loadb(line, strcspn(line, "\n"), 0, NULL);
		growth = json_number_value(json_object_get(j, "growth"));
		json_decref(j);
	}
	free(text);
	return growth;
}

/* A chain of it, stopped after four of nine steps: scratch, array, the device's scalar and its report. */
static void check_probe(struct device *d, const char *label)
{
	static const atomic_int never;
	static const float shift[D] = {1, -2, 4};
	char folder[512];
	struct opts *o = parse(table_words);
	struct problem p;
	struct run run;
	struct chain *c;
	snprintf(folder, sizeof folder, "%s/probe-%s", scratch_folder(), label);
	MUST(problem_open(o, d, NULL, &p));
	p.plan.state.sampler = &probe;
	p.plan.state.array[0] = shift;
	p.plan.log_every = 1;
	json_t *json = facts_run(&p, o);
	MUST(run_create(folder, json, &run));
	p.plan.run = &run;
	p.plan.stop = &never;
	double want = 0;
	for (int part = 0; part < 2; part++) {
		MUST(chain_open(&p.plan, 0, &c));
		ok(chain_step(c) == (part ? 3 : 0), "%s: part %d of the chain begins at its checkpoint", label, part);
		while (chain_phase(c) == CHAIN_RUNNING && (part || chain_step(c) < 4))
			MUST(chain_advance(c));
		chain_close(c);
	}
	for (int k = 0; k < 9; k++)
		want = 1.5 * want + 1;
	float start[D];
	struct snaps_record r;
	struct snaps_reader *reader = open_chain(folder, 0);
	segments_init(p.potential->params, (struct rng_key){p.plan.seed, 0}, start);
	MUST(snaps_read(reader, 0, &r));
	double worst = 0;
	for (int j = 0; j < D; j++)
		worst = fmax(worst, fabs((double)r.params[j] - ((double)start[j] + 9 * 0.05 * (double)shift[j])));
	near(worst, 0, 1e-6, "%s: scratch vectors and an array of the method's, across a resume", label);
	near(last_growth(folder), want, 1e-9 * want, "%s: a scalar of the device's lasts across a resume, and the log shows it", label);
	snaps_reader_close(reader);
	json_decref(json);
	run_close(&run);
	problem_close(&p);
	opts_free(o);
}

void check_state(struct device *(*open)(void), const char *const *images, const char *label)
{
	struct subject u;
	char name[64];
	subject_open(&u, open(), parse(table_words));
	snprintf(name, sizeof name, "%s, linear", label);
	check_alias(&u, name);
	check_parts(&u, name);
	check_full(&u, name);
	check_turns(&u, name);
	check_trial(&u, name);
	subject_close(&u);
	subject_open(&u, open(), parse_all(images));
	snprintf(name, sizeof name, "%s, %s", label, u.p.model.kind);
	check_alias(&u, name);
	check_parts(&u, name);
	subject_close(&u);
	subject_open(&u, open(), parse_all((const char *[]){"--model", "gaussian:1,2,3@0.2", "--steps", "3", NULL}));
	snprintf(name, sizeof name, "%s, gaussian", label);
	check_alias(&u, name);
	subject_close(&u);
	check_probe(open(), label);
}
