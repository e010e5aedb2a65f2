/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/ensemble_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/select.h"
#include "src/rng.h"
#include "tests/tap.h"

static const struct opt_table *const tables[] = {&table_select, NULL};

double ensemble_row[ROWS][COLUMNS];
int ensemble_class[ROWS];
double ensemble_target[ROWS];

/* ---- what is on disk ---- */

const char *ensemble_path(struct arena *a, const char *name)
{
	char *path;
	MUST(arena_text(a, &path, "%s/%s", scratch_folder(), name));
	return path;
}

static void ensemble_tables(struct arena *a)
{
	FILE *f = fopen(ensemble_path(a, "classes.csv"), "w"), *g = fopen(ensemble_path(a, "real.csv"), "w");
	struct rng_key key = {3, 0};
	for (int i = 0; i < ROWS; i++) {
		for (int j = 0; j < COLUMNS; j++) {
			ensemble_row[i][j] = (float)rng_normal(key, STREAM_PROBE, 0, (uint64_t)(i * COLUMNS + j));
			fprintf(f, "%.9g,", ensemble_row[i][j]);
			fprintf(g, "%.9g,", ensemble_row[i][j]);
		}
		ensemble_class[i] = i % OUTPUTS;
		ensemble_target[i] = (float)(50 + 10 * rng_normal(key, STREAM_PROBE, 1, (uint64_t)i));
		fprintf(f, "%d\n", ensemble_class[i]);
		fprintf(g, "%.9g\n", ensemble_target[i]);
	}
	fclose(f);
	fclose(g);
}

json_t *ensemble_header(const struct model *m, const char *likelihood, const char *csv, int seed, int chain)
{
	return json_pack("{s:o, s:{s:s, s:f}, s:n, s:n, s:i, s:{s:s}, s:s, s:i, s:i, s:f, s:b, s:{s:s, s:s+}}",
	                 "model", model_to_json(m), "likelihood", "name", likelihood, "noise_sd", 0.5, "normalize",
	                 "standardize", "classes", m->outputs, "sampler", "name", "sgld", "target", "a test", "seed", seed,
	                 "chain", chain, "temperature", 1.0, "fixed", 1, "data", "name", "csv", "spec", "csv:", csv);
}

void ensemble_theta(float *x, size_t n, int seed, int chain, int record)
{
	struct rng_key key = {(uint32_t)seed, (uint32_t)chain};
	for (size_t e = 0; e < n; e++)
		x[e] = (float)rng_normal(key, STREAM_INIT, (uint64_t)record, e);
}

const char *ensemble_snaps(struct arena *a, const char *name, const struct model *m, json_t *header, int blown_from)
{
	static const char *const roles[] = {"theta", "anchor", NULL};
	struct snaps_writer *w;
	const char *path = ensemble_path(a, name);
	int seed = (int)json_integer_value(json_object_get(header, "seed"));
	int chain = (int)json_integer_value(json_object_get(header, "chain"));
	float *x = calloc(m->params.count, sizeof *x);
	MUST(snaps_create(path, header, &m->params, &m->stats, roles, SNAPS_FLOAT32, &w));
	for (int i = 0; i < RECORDS; i++)
		for (int r = 0; r < 2; r++) {
			ensemble_theta(x, m->params.count, seed, chain, i + r * RECORDS);
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

void ensemble_forward(const struct model *m, const float *theta, const double *in, double *out)
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

struct opts *ensemble_options(const char *const *words)
{
	struct opts *o;
	char *argv[16] = {"test"};
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	MUST(opts_parse(&o, tables, argc, argv));
	return o;
}

void expect_choice(const char *what, const char *const *words, size_t n, uint64_t first, uint64_t last)
{
	struct opts *o = ensemble_options(words);
	struct selection s;
	MUST(select_open(o, &s));
	ok(s.n == n && s.choice[0].step == first && s.choice[s.n - 1].step == last, "%s: %zu snapshots, steps %d to %d", what,
	   n, (int)first, (int)last);
	selection_close(&s);
	opts_free(o);
}

void expect_refusal(const char *what, const char *const *words, status want, const char *message)
{
	struct opts *o = ensemble_options(words);
	struct selection s;
	status got = select_open(o, &s);
	ok(got == want && strstr(fail_words(want, "--"), message), "%s: %s", what, fail_words(want, "--"));
	opts_free(o);
}

void reading_open(struct reading *r, int threads, const char *const *words)
{
	*r = (struct reading){.o = ensemble_options(words)};
	MUST(select_open(r->o, &r->chosen));
	struct device *d;
	MUST(network_open(selection_header(&r->chosen), -1, CONV_AUTO, &r->n));
	MUST(backend_open("cpu", threads, &d));
	network_place(&r->n, d);
	MUST(subject_open(&r->n, &(struct subject_request){.split = -1, .batch = 10}, &r->subject));
	MUST(predictions_open(&r->arena, &r->n, &r->subject, r->chosen.n, SCORE_CURVE, &r->p));
	MUST(draws_open(&r->arena, &r->p, POINTS, PROBES, &r->draws));
}

void reading_close(struct reading *r)
{
	subject_close(&r->subject);
	network_close(&r->n);
	selection_close(&r->chosen);
	arena_free(&r->arena);
	opts_free(r->o);
}

struct ensemble_files ensemble_write(struct arena *a, struct model *m)
{
	int input[3] = {1, 1, COLUMNS};
	ensemble_tables(a);
	MUST(model_build("mlp:3-5-3", "relu", NULL, input, OUTPUTS, m));
	const char *csv = ensemble_path(a, "classes.csv");
	return (struct ensemble_files){
		csv, ensemble_snaps(a, "first.snaps", m, ensemble_header(m, "categorical", csv, 1, 0), RECORDS),
		ensemble_snaps(a, "second.snaps", m, ensemble_header(m, "categorical", csv, 1, 1), RECORDS),
	};
}
