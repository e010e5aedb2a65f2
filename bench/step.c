/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Basin's side of the convolutional rows of `make bench`: steps of one or several methods on one network, through the
 * same calls as a chain's, or predictions.
 *
 *   bench/step METHOD[,METHOD…] OPTION…   the options of basin sample; the methods take turns step by step
 *   bench/step parts:METHOD[,METHOD…] OPTION…   the same where the device is not the host, and "shares" is asked
 *   bench/step infer OPTION…
 *
 * A METHOD is a sampler's name with options of its own where it takes any: sam+base=adamw+rho=0.1, sgd+nesterov.
 *
 * Warms up, prints "ready", then answers each line of standard input with one line of JSON:
 *   COUNT    {"METHOD": ms per step, …}, the median over COUNT steps; for infer {"infer": ms per batch}
 *   together COUNT   the same where each method makes COUNT steps and waits once
 *   memory   {"peak": MiB, "before": MiB}: the process's peak, and its size before there were data or a network
 *   shares   {"METHOD": {"steps": N, "step": ms, "weights": ms, …}, …}: where the mean step since the last such line
 *            went; what no layer takes is the update's and the rest's */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stopwatch.h"
#include "commands/problem.h"
#include "commands/wait_policy.h"
#include "chains/state.h"
#include "src/clock.h"

enum { METHODS_MAX = 16, COUNT_MAX = 100000, WARM_UP = 2, ARGS_MAX = 64, OWN_MAX = 8, OWN_LENGTH = 64 };

static const char *const kinds[LAYER_KINDS] = {"linear", "activation", "conv", "norm", "pool", "flatten"};

struct method {
	const char *name;                 /* as it was asked for, with its options */
	struct opts *options;
	struct state_plan plan;
	struct state state;
	uint64_t batches;                 /* infer: predicted so far */
	double ms[COUNT_MAX];
	/* since the last "shares" */
	struct stopwatch_times times;
	double seconds;
	uint64_t steps;
};

struct bench {
	struct problem problem;
	struct stopwatch watch;
	struct potential *predictor;      /* infer */
	float *logits;                    /* device */
	struct method *method[METHODS_MAX];
	int n;
	struct arena arena;
	double before;
};

/* "VmHWM" or "VmRSS" of this process, MiB; 0 where the system does not say. */
static double memory(const char *name)
{
	char line[256];
	size_t length = strlen(name);
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			kb = atof(line + length + 1);
	fclose(f);
	return kb / 1024;
}

/* ---- opening ---- */

/* A sampler and the options of its own. */
struct spec {
	char sampler[OWN_LENGTH], option[OWN_MAX][OWN_LENGTH];    /* an option as --NAME=VALUE */
	int n;
};

/* NAME+OPTION+OPTION=VALUE… */
static status read_spec(const char *words, struct spec *spec)
{
	size_t length = strcspn(words, "+");
	spec->n = 0;
	if (length >= OWN_LENGTH)
		return fail(ERR_USAGE, "%s: too long a name", words);
	snprintf(spec->sampler, sizeof spec->sampler, "%.*s", (int)length, words);
	for (const char *at = words + length; *at == '+'; at += length) {
		length = strcspn(++at, "+");
		if (spec->n == OWN_MAX || length + 3 > OWN_LENGTH)
			return fail(ERR_USAGE, "%s: too many options, or too long ones", words);
		snprintf(spec->option[spec->n++], OWN_LENGTH, "--%.*s", (int)length, at);
	}
	return OK;
}

static status parse(struct spec *spec, int argc, char **argv, struct opts **out)
{
	char *args[ARGS_MAX + OWN_MAX + 5];
	int n = 0;
	if (argc > ARGS_MAX)
		return fail(ERR_USAGE, "more than %d options", ARGS_MAX);
	args[n++] = (char *)"sample";
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	args[n++] = (char *)"--steps";
	args[n++] = (char *)"1";
	args[n++] = (char *)"--sampler";
	args[n++] = spec->sampler;
	for (int i = 0; i < spec->n; i++)
		args[n++] = spec->option[i];
	return opts_parse(out, sample_tables, n, args);
}

/* The method's vectors, with a chain's initial values. */
static status open_state(struct bench *b, struct method *m)
{
	const struct potential *p = b->problem.potential;
	struct rng_key key = {b->problem.plan.seed, 0};
	float *host;
	TRY(state_open(&m->state, &m->plan, key));
	TRY(ARENA_NEW(&b->arena, p->n_params > p->n_stats ? p->n_params : p->n_stats, &host));
	segments_init(p->params, key, host);
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (state_has(&m->state, i) && !m->plan.sampler->vectors[i].zero)
			TRY(state_put(&m->state, i, host));
	segments_init(p->stats, key, host);
	return state_put_stats(&m->state, host);
}

static status open_method(struct bench *b, const char *name, int argc, char **argv)
{
	struct spec spec;
	TRY(read_spec(b->predictor ? "sgld" : name, &spec));
	struct method *m = calloc(1, sizeof *m);
	if (!m || b->n == METHODS_MAX) {
		free(m);
		return fail(ERR_MEMORY, "no room for another method");
	}
	b->method[b->n++] = m;
	m->name = name;
	TRY(parse(&spec, argc, argv, &m->options));
	m->plan = b->problem.plan.state;
	m->plan.potential = b->problem.potential;
	TRY(sampler_find(spec.sampler, &m->plan.sampler));
	opts_numbers(m->options, m->plan.sampler->params, m->plan.param);
	return open_state(b, m);
}

/* The problem's network gives way to one that is timed, and that only predicts where `infer`. */
static status open_timed(struct bench *b, const struct opts *o, bool infer, bool parts)
{
	struct problem *p = &b->problem;
	const struct net_options net = {
		.model = &p->model, .data = &p->data, .normalize = &p->normalize, .likelihood = p->likelihood,
		.noise_sd = p->noise_sd, .augment = (enum augment)opts_choice(o, "augment"),
		.precision = (enum precision)opts_choice(o, "precision"), .algo = (enum conv_algo)opts_choice(o, "conv-algo"),
		.batch = p->plan.state.batch, .infer_only = infer,
	};
	potential_close(p->potential);
	p->potential = NULL;
	if (p->device->ops->on_host || parts)
		stopwatch_start(&b->watch, p->device);
	TRY(net_open(&net, p->device, &p->potential));
	p->plan.state.potential = p->potential;
	if (!infer)
		return OK;
	b->predictor = p->potential;
	return p->device->ops->alloc(p->device, (size_t)p->plan.state.batch * (size_t)p->potential->outputs * sizeof(float),
	                             (void **)&b->logits);
}

static status take(struct bench *b, struct method *m);

static status open_bench(struct bench *b, char *methods, int argc, char **argv, struct opts **o)
{
	bool infer = strcmp(methods, "infer") == 0, parts = strncmp(methods, "parts:", 6) == 0;
	methods += parts ? 6 : 0;
	b->before = memory("VmRSS");
	TRY(parse(&(struct spec){.sampler = "sgld"}, argc, argv, o));
	TRY(problem_open(*o, NULL, NULL, &b->problem));
	if (!b->problem.has_data)
		return fail(ERR_USAGE, "a network is needed, not an analytic target");
	TRY(open_timed(b, *o, infer, parts));
	char *rest;
	for (char *name = strtok_r(methods, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
		TRY(open_method(b, name, argc, argv));
	for (int i = 0; i < WARM_UP; i++)
		for (int j = 0; j < b->n; j++)
			TRY(take(b, b->method[j]));
	for (int j = 0; j < b->n; j++)
		b->method[j]->times = (struct stopwatch_times){.weights = 0};
	return OK;
}

static void close_bench(struct bench *b)
{
	for (int j = 0; j < b->n; j++) {
		struct method *m = b->method[j];
		state_close(&m->state);
		opts_free(m->options);
		free(m);
	}
	if (b->logits)
		b->problem.device->ops->free(b->problem.device, b->logits);
	problem_close(&b->problem);
	arena_free(&b->arena);
}

/* ---- running ---- */

static status take_step(const struct bench *b, struct method *m)
{
	return state_step(&m->state, b->problem.plan.schedule.lr, m->plan.temperature);
}

/* Working weights are made once a snapshot, so the first batch alone pays for them. */
static status take_prediction(struct bench *b, struct method *m)
{
	struct potential *p = b->predictor;
	size_t batch = (size_t)m->plan.batch, batches = m->plan.n / batch;
	if (m->batches == 0)
		TRY(p->ops->prepare(p, m->state.s.vector[0], m->state.s.stats));
	return p->ops->predict(p, m->batches++ % batches * batch, (int)batch, b->logits);
}

/* One more step or batch, which the device may put off. */
static status give(struct bench *b, struct method *m)
{
	return b->predictor ? take_prediction(b, m) : take_step(b, m);
}

static status take(struct bench *b, struct method *m)
{
	struct device *d = b->problem.device;
	b->watch.times = &m->times;
	TRY(give(b, m));
	return d->ops->sync(d);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static status run(struct bench *b, int count)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < b->n; j++) {
			struct method *m = b->method[j];
			double start = clock_seconds();
			TRY(take(b, m));
			double seconds = clock_seconds() - start;
			m->ms[i] = seconds * 1e3;
			m->seconds += seconds;
			m->steps++;
		}
	for (int j = 0; j < b->n; j++) {
		double *ms = b->method[j]->ms;
		qsort(ms, (size_t)count, sizeof *ms, compare);
		printf("%s\"%s\": %.6f", j ? ", " : "{", b->method[j]->name, (ms[count / 2] + ms[(count - 1) / 2]) / 2);
	}
	printf("}\n");
	return OK;
}

static status run_together(struct bench *b, int count)
{
	struct device *d = b->problem.device;
	b->watch.times = NULL;
	for (int j = 0; j < b->n; j++) {
		double start = clock_seconds();
		for (int i = 0; i < count; i++)
			TRY(give(b, b->method[j]));
		TRY(d->ops->sync(d));
		printf("%s\"%s\": %.6f", j ? ", " : "{", b->method[j]->name, (clock_seconds() - start) * 1e3 / count);
	}
	printf("}\n");
	return OK;
}

static void shares(struct bench *b)
{
	for (int j = 0; j < b->n; j++) {
		struct method *m = b->method[j];
		const struct stopwatch_times *t = &m->times;
		double ms = m->steps ? 1e3 / (double)m->steps : 0, rest = m->seconds - t->weights - t->gather - t->loss;
		printf("%s\"%s\": {\"steps\": %llu, \"step\": %.4f, \"weights\": %.4f, \"gather\": %.4f, \"loss\": %.4f", j ? ", " : "{",
		       m->name, (unsigned long long)m->steps, m->seconds * ms, t->weights * ms, t->gather * ms, t->loss * ms);
		for (int k = 0; k < LAYER_KINDS; k++) {
			rest -= t->forward[k] + t->backward[k];
			if (t->forward[k] > 0)
				printf(", \"%s forward\": %.4f", kinds[k], t->forward[k] * ms);
			if (t->backward[k] > 0)
				printf(", \"%s backward\": %.4f", kinds[k], t->backward[k] * ms);
		}
		printf(", \"update\": %.4f}", rest * ms);
		m->times = (struct stopwatch_times){.weights = 0};
		m->seconds = 0;
		m->steps = 0;
	}
	printf("}\n");
}

static status serve(struct bench *b)
{
	char line[64];
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		bool together = strncmp(line, "together ", 9) == 0;
		int count = atoi(line + (together ? 9 : 0));
		if (strcmp(line, "memory\n") == 0)
			printf("{\"peak\": %.1f, \"before\": %.1f}\n", memory("VmHWM"), b->before);
		else if (strcmp(line, "shares\n") == 0)
			shares(b);
		else if (count > 0 && count <= COUNT_MAX)
			TRY(together ? run_together(b, count) : run(b, count));
		else
			return fail(ERR_USAGE, "\"%.*s\": expected a count, together and a count, memory or shares", (int)strcspn(line, "\n"), line);
		fflush(stdout);
	}
	return OK;
}

int main(int argc, char **argv)
{
	struct bench b = {.n = 0};
	struct opts *o = NULL;
	if (argc < 2) {
		fprintf(stderr, "usage: bench/step [parts:]METHOD[,METHOD…]|infer OPTION-OF-BASIN-SAMPLE…\n");
		return 2;
	}
	threads_wait_briefly(argv);
	status s = open_bench(&b, argv[1], argc - 2, argv + 2, &o);
	if (s == OK)
		s = serve(&b);
	if (s != OK)
		fprintf(stderr, "bench/step: %s\n", fail_words(s, "--"));
	close_bench(&b);
	opts_free(o);
	return s == OK ? 0 : 1;
}
