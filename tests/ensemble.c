/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshots chosen, read, predicted with and averaged, against a plain forward pass in double. */
#include "predict/ensemble.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/select.h"
#include "predict/draws.h"
#include "src/likelihood.h"
#include "src/rng.h"
#include "tests/tap.h"

enum { ROWS = 37, COLUMNS = 3, HIDDEN = 5, OUTPUTS = 3, RECORDS = 4, POINTS = 5, PROBES = 2 };

static const struct opt_table *const tables[] = {&table_select, NULL};

static double table[ROWS][COLUMNS];
static int classes[ROWS];
static double target[ROWS];

/* ---- what is on disk ---- */

static const char *path_of(struct arena *a, const char *name)
{
	char *path;
	MUST(arena_text(a, &path, "%s/%s", scratch_folder(), name));
	return path;
}

static void write_tables(struct arena *a)
{
	FILE *f = fopen(path_of(a, "classes.csv"), "w"), *g = fopen(path_of(a, "real.csv"), "w");
	struct rng_key key = {3, 0};
	for (int i = 0; i < ROWS; i++) {
		for (int j = 0; j < COLUMNS; j++) {
			table[i][j] = (float)rng_normal(key, STREAM_PROBE, 0, (uint64_t)(i * COLUMNS + j));
			fprintf(f, "%.9g,", table[i][j]);
			fprintf(g, "%.9g,", table[i][j]);
		}
		classes[i] = i % OUTPUTS;
		target[i] = (float)(50 + 10 * rng_normal(key, STREAM_PROBE, 1, (uint64_t)i));
		fprintf(f, "%d\n", classes[i]);
		fprintf(g, "%.9g\n", target[i]);
	}
	fclose(f);
	fclose(g);
}

static json_t *header_of(const struct model *m, const char *likelihood, const char *csv, int seed, int chain)
{
	return json_pack("{s:o, s:{s:s, s:f}, s:n, s:n, s:i, s:{s:s}, s:s, s:i, s:i, s:f, s:b, s:{s:s, s:s+}}",
	                 "model", model_to_json(m), "likelihood", "name", likelihood, "noise_sd", 0.5, "normalize",
	                 "standardize", "classes", m->outputs, "sampler", "name", "sgld", "target", "a test", "seed", seed,
	                 "chain", chain, "temperature", 1.0, "fixed", 1, "data", "name", "csv", "spec", "csv:", csv);
}

static void fill(float *x, size_t n, int seed, int chain, int record)
{
	struct rng_key key = {(uint32_t)seed, (uint32_t)chain};
	for (size_t e = 0; e < n; e++)
		x[e] = (float)rng_normal(key, STREAM_INIT, (uint64_t)record, e);
}

static int blown_from = RECORDS;  /* records of theta from this one on are not finite */

/* RECORDS records of each role: theta and anchor at steps 10, 20, …; the anchor's record number is RECORDS + i. */
static const char *write_snaps(struct arena *a, const char *name, const struct model *m, json_t *header)
{
	static const char *const roles[] = {"theta", "anchor", NULL};
	struct snaps_writer *w;
	const char *path = path_of(a, name);
	int seed = (int)json_integer_value(json_object_get(header, "seed"));
	int chain = (int)json_integer_value(json_object_get(header, "chain"));
	float *x = calloc(m->params.count, sizeof *x);
	MUST(snaps_create(path, header, &m->params, &m->stats, roles, SNAPS_FLOAT32, &w));
	for (int i = 0; i < RECORDS; i++)
		for (int r = 0; r < 2; r++) {
			fill(x, m->params.count, seed, chain, i + r * RECORDS);
			if (r == 0 && i >= blown_from)
				x[m->params.count - 1] = INFINITY;
			MUST(snaps_write(w, (uint64_t)(10 * (i + 1)), i + 1, roles[r], 0.5, x, NULL));
		}
	MUST(snaps_close(w));
	free(x);
	json_decref(header);
	return path;
}

/* ---- the oracle ---- */

static void forward(const struct model *m, const float *theta, const double *in, double *out)
{
	const float *w1 = theta + segments_find(&m->params, "fc1.weight")->offset;
	const float *b1 = theta + segments_find(&m->params, "fc1.bias")->offset;
	const float *w2 = theta + segments_find(&m->params, "fc2.weight")->offset;
	const float *b2 = theta + segments_find(&m->params, "fc2.bias")->offset;
	double hidden[HIDDEN];
	for (int h = 0; h < HIDDEN; h++) {
		hidden[h] = b1[h];
		for (int j = 0; j < COLUMNS; j++)
			hidden[h] += w1[h * COLUMNS + j] * in[j];
		hidden[h] = hidden[h] > 0 ? hidden[h] : 0;
	}
	for (int k = 0; k < m->outputs; k++) {
		out[k] = b2[k];
		for (int h = 0; h < HIDDEN; h++)
			out[k] += w2[k * HIDDEN + h] * hidden[h];
	}
}

/* ---- running the library ---- */

static struct opts *options(const char *const *words)
{
	struct opts *o;
	char *argv[16] = {"test"};
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	MUST(opts_parse(&o, tables, argc, argv));
	return o;
}

static void expect_choice(const char *what, const char *const *words, size_t n, uint64_t first, uint64_t last)
{
	struct opts *o = options(words);
	struct selection s;
	MUST(select_open(o, NULL, &s));
	ok(s.n == n && s.choice[0].step == first && s.choice[s.n - 1].step == last, "%s: %zu snapshots, steps %d to %d", what,
	   n, (int)first, (int)last);
	selection_close(&s);
	opts_free(o);
}

static void expect_refusal(const char *what, const char *const *words, status want, const char *message)
{
	struct opts *o = options(words);
	struct selection s;
	status got = select_open(o, NULL, &s);
	ok(got == want && strstr(fail_words(want, "--"), message), "%s: %s", what, fail_words(want, "--"));
	opts_free(o);
}

#define WORDS(...) (const char *const[]) {__VA_ARGS__, NULL}

static void choices(const char *a, const char *b)
{
	expect_choice("both roles", WORDS(a), 2 * RECORDS, 10, 40);
	expect_choice("one role", WORDS(a, "--role", "anchor"), RECORDS, 10, 40);
	expect_choice("from a step", WORDS(a, "--role", "theta", "--from-step", "20"), 3, 20, 40);
	expect_choice("up to a step", WORDS(a, "--role", "theta", "--to-step", "20"), 2, 10, 20);
	expect_choice("the last of each chain", WORDS(a, b, "--role", "theta", "--last", "1"), 2, 40, 40);
	expect_choice("one chain", WORDS(a, b, "--chain", "1"), 2 * RECORDS, 10, 40);
	expect_refusal("nothing left", WORDS(a, "--chain", "7"), ERR_USAGE, "no snapshots are left");
	expect_refusal("an unknown role", WORDS(a, "--role", "moon"), ERR_USAGE, "no snapshots are left");
}

/* Chosen snapshots, their network, its own data and room for predictions. */
struct run {
	struct opts *o;
	struct arena arena;
	struct selection chosen;
	struct network n;
	struct subject subject;
	struct predictions p;
	struct member_draws draws;
};

static void run_open_with(struct run *r, int threads, const char *const *words)
{
	*r = (struct run){.o = options(words)};
	MUST(select_open(r->o, NULL, &r->chosen));
	struct device *d;
	MUST(network_open(selection_header(&r->chosen), -1, CONV_AUTO, &r->n));
	MUST(backend_open("cpu", threads, &d));
	network_place(&r->n, d);
	MUST(subject_open(&r->n, &(struct subject_request){.split = -1, .batch = 10}, &r->subject));
	MUST(predictions_open(&r->arena, &r->n, &r->subject, r->chosen.n, SCORE_CURVE, &r->p));
	MUST(draws_open(&r->arena, &r->p, POINTS, PROBES, &r->draws));
}

static void run_open(struct run *r, const char *const *words)
{
	run_open_with(r, 2, words);
}

static void run_close(struct run *r)
{
	subject_close(&r->subject);
	network_close(&r->n);
	selection_close(&r->chosen);
	arena_free(&r->arena);
	opts_free(r->o);
}

static double figure(const struct figures *f, const char *name)
{
	for (int i = 0; i < f->count; i++)
		if (strcmp(f->at[i].name, name) == 0)
			return f->at[i].value;
	return NAN;
}

/* The scores, whose last point of the curve says the same. */
static void score(struct run *r, const char *what, struct figures *out)
{
	const struct figures *last = &r->p.curve[r->p.members - 1];
	MUST(r->p.how->check(&r->n, &r->subject.data));
	MUST(r->p.how->score(&r->p, out));
	double worst = 0;
	for (int i = 0; i < last->count; i++) {
		double error = fabs(last->at[i].value - figure(out, last->at[i].name));
		worst = error <= worst ? worst : error;
	}
	near(worst, 0, 1e-9, "%s: the last of %d figures of the curve are the ensemble's", what, last->count);
	ok(out->n == ROWS && out->members == r->p.members && last->members == r->p.members && r->p.curve[0].members == 1,
	   "%s: examples and members are counted", what);
}

/* What should have been drawn of a member, by its outputs and log-likelihoods of all rows; returns the largest difference. */
static double draws_apart(const struct member_draws *d, size_t member, double (*z)[OUTPUTS], const double *log_lik)
{
	double mean = 0, worst = 0;
	for (int row = 0; row < ROWS; row++)
		mean += log_lik[row] / ROWS;
	for (size_t i = 0; i < d->rows; i++) {
		const struct draws_row of = draws_row(d, i);
		const double want = of.example == SIZE_MAX ? mean : of.output < 0 ? log_lik[of.example] : z[of.example][of.output];
		const double error = fabs(d->value[i * d->members + member] - want);
		worst = error <= worst ? worst : error;
	}
	return worst;
}

/* Those of five middles of 37 examples, and of two. */
static void chosen_examples(const struct member_draws *d)
{
	static const size_t point[POINTS] = {3, 11, 18, 25, 33}, probe[PROBES] = {9, 27};
	ok(memcmp(d->point, point, sizeof point) == 0 && memcmp(d->probe, probe, sizeof probe) == 0 &&
	           d->rows == 1 + POINTS + PROBES * d->outputs,
	   "draws are of examples that lie evenly among all");
	const struct draws_row last = draws_row(d, d->rows - 1), first = draws_row(d, 1 + POINTS);
	ok(last.example == 27 && last.output == (int)d->outputs - 1 && first.example == 9 && first.output == 0 &&
	           draws_row(d, 1).example == 3 && draws_row(d, 0).example == SIZE_MAX,
	   "and their rows are the mean, points and outputs");
}

static void average(const struct model *m, const char *a, const char *b)
{
	struct run r;
	struct figures all;
	float *theta = calloc(m->params.count, sizeof *theta);
	double want[ROWS][OUTPUTS] = {{0}}, worst = 0, alone[2] = {0}, ending[2] = {0}, drawn = 0, figures = 0;
	run_open(&r, WORDS(a, b, "--role", "theta"));
	ok(r.subject.fell_back && r.subject.data.split == SPLIT_TRAIN && r.subject.data.n == ROWS,
	   "a table has a train split alone");
	MUST(ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL));
	for (int chain = 0; chain < 2; chain++) {
		double own[ROWS] = {0};
		for (int i = 0; i < RECORDS; i++) {
			double out[ROWS][OUTPUTS], log_lik[ROWS], nll = 0;
			const size_t member = (size_t)(chain * RECORDS + i);
			fill(theta, m->params.count, 1, chain, i);
			for (int row = 0; row < ROWS; row++) {
				double *z = out[row], sum = 0;
				forward(m, theta, table[row], z);
				for (int k = 0; k < OUTPUTS; k++)
					sum += exp(z[k]);
				for (int k = 0; k < OUTPUTS; k++)
					want[row][k] += exp(z[k]) / sum / (2 * RECORDS);
				own[row] += exp(z[classes[row]]) / sum / RECORDS;
				log_lik[row] = log(exp(z[classes[row]]) / sum);
				nll -= log_lik[row] / ROWS;
			}
			ending[chain] = nll;
			drawn = fmax(drawn, draws_apart(&r.draws, member, out, log_lik));
			figures = fmax(figures, fabs(r.draws.figure[member] - nll));
		}
		for (int row = 0; row < ROWS; row++)
			alone[chain] -= log(own[row]) / ROWS;
	}
	for (int row = 0; row < ROWS; row++) {
		double got[OUTPUTS];
		mixture_mean(&r.p.mixture, (size_t)row, got);
		for (int k = 0; k < OUTPUTS; k++)
			worst = fmax(worst, fabs(got[k] - want[row][k]));
	}
	ok(r.p.mixture.members == 2 * RECORDS, "two chains are pooled");
	near(r.p.alone[0], alone[0], 1e-6, "the first chain's NLL by itself");
	near(r.p.alone[RECORDS], alone[1], 1e-6, "and the second one's");
	ok(isnan(r.p.alone[1]), "which stands at its first member alone");
	near(r.p.ending[0], ending[0], 1e-6, "the NLL of the first chain's last member");
	near(r.p.ending[RECORDS], ending[1], 1e-6, "and of the second one's");
	ok(worst < 2e-6, "averaged probabilities are the plain forward pass's (worst difference %.1e)", worst);
	ok(r.subject.data.label[4] == classes[4], "labels come with the data");
	chosen_examples(&r.draws);
	near(drawn, 0, 1e-5, "draws are each member's own log-likelihoods and logits");
	near(figures, 0, 1e-6, "with its NLL");
	score(&r, "classes", &all);
	run_close(&r);
	free(theta);
}

/* A run on a standardised table: columns go in as (x − mean)/sd, outputs come out as mean + sd · output. */
static void regression(struct arena *a)
{
	struct model m;
	int input[3] = {1, 1, COLUMNS};
	MUST(model_build("mlp:3-5-1", "relu", NULL, input, 1, &m));
	json_t *header = header_of(&m, "gaussian", path_of(a, "real.csv"), 1, 0);
	json_object_set_new(header, "standardize", json_pack("{s:[f,f,f], s:[f,f,f], s:[f], s:[f]}", "x_mean", 0.5, -0.25, 0.0,
	                                                     "x_sd", 2.0, 0.5, 1.0, "target_mean", 50.0, "target_sd", 10.0));
	const char *path = write_snaps(a, "real.snaps", &m, header);
	struct run r;
	struct figures got;
	float *theta = calloc(m.params.count, sizeof *theta);
	double nll = 0, square = 0, last = 0, outputs[RECORDS][ROWS][OUTPUTS], log_lik[RECORDS][ROWS], own[RECORDS] = {0};
	run_open(&r, WORDS(path, "--role", "theta"));
	MUST(ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL));
	score(&r, "real targets", &got);
	for (int row = 0; row < ROWS; row++) {
		double density = 0, mean = 0;
		for (int i = 0; i < RECORDS; i++) {
			double in[COLUMNS] = {(table[row][0] - 0.5) / 2, (table[row][1] + 0.25) / 0.5, table[row][2]}, out;
			fill(theta, m.params.count, 1, 0, i);
			forward(&m, theta, in, &out);
			double mu = 50 + 10 * out, z = (target[row] - mu) / 5;
			outputs[i][row][0] = out;
			log_lik[i][row] = -z * z / 2 - log(5 * sqrt(2 * M_PI));
			own[i] += (target[row] - mu) * (target[row] - mu) / ROWS;
			density += exp(-z * z / 2) / (5 * sqrt(2 * M_PI)) / RECORDS;
			mean += mu / RECORDS;
			last += i + 1 == RECORDS ? (target[row] - mu) * (target[row] - mu) / ROWS : 0;
		}
		nll -= log(density) / ROWS;
		square += (target[row] - mean) * (target[row] - mean) / ROWS;
	}
	near(figure(&got, "rmse"), sqrt(square), 1e-4, "a standardised run's RMSE is in the target's own units");
	near(figure(&got, "nll"), nll, 1e-4, "and so is the density in its NLL");
	near(r.p.alone[0], figure(&got, "rmse"), 1e-12, "a file by itself has the RMSE of an ensemble of it alone");
	near(r.p.ending[0], sqrt(last), 1e-4, "and its last member its own");
	double drawn = 0, figures = 0;
	for (size_t i = 0; i < RECORDS; i++) {
		drawn = fmax(drawn, draws_apart(&r.draws, i, outputs[i], log_lik[i]));
		figures = fmax(figures, fabs(r.draws.figure[i] - sqrt(own[i])));
	}
	near(drawn, 0, 1e-4, "draws are each member's log-densities in own units, and its outputs as they are");
	near(figures, 0, 1e-4, "with its RMSE");
	double middle = 0, spread = 0;
	for (int row = 0; row < ROWS; row++)
		middle += (double)target[row] / ROWS;
	for (int row = 0; row < ROWS; row++)
		spread += ((double)target[row] - middle) * ((double)target[row] - middle);
	near(r.p.how->guess(&r.p), sqrt(spread / (ROWS - 1)), 1e-9, "and guessing the targets' deviation");
	run_close(&r);
	model_free(&m);
	free(theta);
}

static status count_members(void *context, size_t done, size_t total)
{
	*(size_t *)context = done;
	return done <= total ? OK : fail(ERR_CHECK, "too many");
}

static status enough(void *context, size_t done, size_t total)
{
	(void)context, (void)total;
	return fail(ERR_CHECK, "%zu are enough", done);
}

/* Snapshots are read ahead, and yet those before a damaged one are predicted with before it is told. */
static void damage_ahead(const char *path, size_t whole, const char *message)
{
	struct run r;
	size_t members = 0;
	run_open(&r, WORDS(path));
	status st = ensemble_run(&r.chosen, &r.n, &r.p, 1, count_members, &members);
	ok(st == ERR_DAMAGE && strcmp(fail_words(st, "--"), message) == 0, "an ensemble's run stops there with the same message");
	ok(members == whole, "after the %d snapshots before it", (int)whole);
	st = ensemble_run(&r.chosen, &r.n, &r.p, 1, enough, NULL);
	ok(st == ERR_CHECK && strstr(fail_words(st, "--"), "are enough"), "what stops a run is told, not what was being read");
	run_close(&r);
}

/* Of several members that fail, the first is told, and those before it are predicted with, whatever the threads. */
static void first_failure(struct arena *a, const struct model *m, const char *csv, const char *whole)
{
	blown_from = 1;
	const char *path = write_snaps(a, "blown.snaps", m, header_of(m, "categorical", csv, 1, 5));
	blown_from = RECORDS;
	char want[1024];
	snprintf(want, sizeof want, "%s, step 20: the network's outputs for example 0 are not finite", path);
	bool told = true, counted = true;
	for (int i = 0; i < 30; i++) {
		struct run r;
		size_t members = 0;
		run_open_with(&r, 1 + i % 5, WORDS(whole, path, "--role", "theta"));
		status st = ensemble_run(&r.chosen, &r.n, &r.p, 1, count_members, &members);
		told = told && st == ERR_INPUT && strcmp(fail_words(st, "--"), want) == 0;
		counted = counted && members == RECORDS + 1 && r.p.mixture.members == members;
		run_close(&r);
	}
	ok(told, "the first of several members that fail is told: %s", want);
	ok(counted, "after those before it, and no others");
}

/* The very sums, whatever the number of threads. */
static void same_sums(const char *a, const char *b)
{
	static const int threads[] = {1, 2, 5};
	double first[ROWS * OUTPUTS], drawn[2 * 2 * RECORDS * (1 + POINTS + PROBES * OUTPUTS)];
	bool same = true;
	for (int i = 0; i < 3; i++) {
		struct run r;
		run_open_with(&r, threads[i], WORDS(a, b));
		MUST(ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL));
		if (i == 0)
			memcpy(first, r.p.mixture.p, sizeof first);
		if (i == 0)
			memcpy(drawn, r.draws.value, sizeof drawn);
		same = same && memcmp(first, r.p.mixture.p, sizeof first) == 0 && memcmp(drawn, r.draws.value, sizeof drawn) == 0;
		run_close(&r);
	}
	ok(same, "1, 2 and 5 threads: the same sums, and the same draws");
}

static void damage(const char *path)
{
	FILE *f = fopen(path, "r+b");
	fseek(f, 0, SEEK_END);
	/* Among the parameters of the third theta or anchor from the end. */
	long at = ftell(f) * 3 / 4 + 100;
	int byte;
	fseek(f, at, SEEK_SET);
	byte = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(byte ^ 0x10, f);
	fclose(f);

	struct opts *o = options(WORDS(path));
	struct selection s;
	struct snaps_record record;
	size_t whole = 0;
	char message[1024];
	MUST(select_open(o, NULL, &s));
	while (whole < s.n && selection_read(&s, whole, &record) == OK)
		whole++;
	snprintf(message, sizeof message, "%s", fail_words(ERR_DAMAGE, "--"));
	ok(whole == 5 && strstr(message, path) && strstr(message, "checksum"), "a damaged record stops the reading: %s", message);
	selection_close(&s);
	opts_free(o);
	damage_ahead(path, whole, message);
	expect_choice("damage left out", WORDS(path, "--skip-damaged"), 2 * RECORDS - 1, 10, 40);
}

static void misfits(struct arena *a, const char *first)
{
	struct model other;
	int input[3] = {1, 1, COLUMNS};
	MUST(model_build("mlp:3-4-3", "relu", NULL, input, OUTPUTS, &other));
	const char *path = write_snaps(a, "other.snaps", &other, header_of(&other, "categorical", "x.csv", 1, 3));
	expect_refusal("another model", WORDS(first, path), ERR_USAGE, "models differ (mlp:3-5-3, mlp:3-4-3)");
	expect_refusal("no file", WORDS("/nowhere/run"), ERR_INPUT, "/nowhere/run");
	json_t *analytic = json_pack("{s:{s:s, s:s}}", "model", "kind", "analytic", "spec", "gaussian:1,2");
	struct network n;
	status got = network_open(analytic, -1, CONV_AUTO, &n);
	ok(got == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "gaussian:1,2"),
	   "an analytic target predicts nothing: %s", fail_words(ERR_USAGE, "--"));
	json_decref(analytic);
	model_free(&other);
	/* A header of a few bytes that names 1.6 GB of parameters, and lists fifteen. */
	struct model large;
	MUST(model_build("mlp:3-20000-20000-1", "relu", NULL, input, 1, &large));
	json_t *header = header_of(&large, "categorical", "x.csv", 1, 0);
	MUST(json_object_set_new(header, "params", json_pack("[{s:s, s:[i,i]}]", "name", "fc1.weight", "shape", 5, 3)));
	got = network_open(header, -1, CONV_AUTO, &n);
	ok(got == ERR_INPUT && strstr(fail_message(ERR_INPUT), "lists 15 elements of parameters; its model has 400120001"),
	   "sizes are compared before memory is taken: %s", fail_message(ERR_INPUT));
	json_decref(header);
	model_free(&large);
}

int main(void)
{
	struct arena a = {0};
	struct model m;
	int input[3] = {1, 1, COLUMNS};
	write_tables(&a);
	MUST(model_build("mlp:3-5-3", "relu", NULL, input, OUTPUTS, &m));
	const char *csv = path_of(&a, "classes.csv");
	const char *first = write_snaps(&a, "first.snaps", &m, header_of(&m, "categorical", csv, 1, 0));
	const char *second = write_snaps(&a, "second.snaps", &m, header_of(&m, "categorical", csv, 1, 1));
	choices(first, second);
	average(&m, first, second);
	regression(&a);
	misfits(&a, first);
	same_sums(first, second);
	first_failure(&a, &m, csv, first);
	damage(second);
	model_free(&m);
	arena_free(&a);
	return done_testing();
}
