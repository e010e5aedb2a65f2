/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Ensembles that can't be made: snapshots that don't belong together, are damaged, or predict what is not finite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/select.h"
#include "tests/ensemble_bench.h"
#include "tests/tap.h"

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
	struct reading r;
	size_t members = 0;
	reading_open(&r, 2, WORDS(path));
	status st = ensemble_run(&r.chosen, &r.n, &r.p, 1, count_members, &members);
	ok(st == ERR_DAMAGE && strcmp(fail_words(st, "--"), message) == 0, "an ensemble's run stops there with the same message");
	ok(members == whole, "after the %d snapshots before it", (int)whole);
	st = ensemble_run(&r.chosen, &r.n, &r.p, 1, enough, NULL);
	ok(st == ERR_CHECK && strstr(fail_words(st, "--"), "are enough"), "what stops a run is told, not what was being read");
	reading_close(&r);
}

/* Of several members that fail, the first is told, and those before it are predicted with, whatever the threads. */
static void first_failure(struct arena *a, const struct model *m, const char *csv, const char *whole)
{
	const char *path = ensemble_snaps(a, "blown.snaps", m, ensemble_header(m, "categorical", csv, 1, 5), 1);
	char want[1024];
	snprintf(want, sizeof want, "%s, step 20: the network's outputs for example 0 are not finite", path);
	bool told = true, counted = true;
	for (int i = 0; i < 30; i++) {
		struct reading r;
		size_t members = 0;
		reading_open(&r, 1 + i % 5, WORDS(whole, path, "--role", "theta"));
		status st = ensemble_run(&r.chosen, &r.n, &r.p, 1, count_members, &members);
		told = told && st == ERR_INPUT && strcmp(fail_words(st, "--"), want) == 0;
		counted = counted && members == RECORDS + 1 && r.p.mixture.members == members;
		reading_close(&r);
	}
	ok(told, "the first of several members that fail is told: %s", want);
	ok(counted, "after those before it, and no others");
}

static void failure_of_reals(struct arena *a)
{
	struct model m;
	struct reading r;
	int input[3] = {1, 1, COLUMNS};
	MUST(model_build("mlp:3-5-1", "relu", NULL, input, 1, &m));
	const char *path = ensemble_snaps(a, "blown-real.snaps", &m, ensemble_header(&m, "gaussian", ensemble_path(a, "real.csv"), 1, 6), 1);
	char want[1024];
	snprintf(want, sizeof want, "%s, step 20: the network's outputs for example 0 are not finite", path);
	reading_open(&r, 2, WORDS(path, "--role", "theta"));
	status st = ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL);
	ok(st == ERR_INPUT && strcmp(fail_words(st, "--"), want) == 0, "so is one of real targets: %s", st ? fail_words(st, "--") : "");
	reading_close(&r);
	model_free(&m);
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

	struct opts *o = ensemble_options(WORDS(path));
	struct selection s;
	struct snaps_record record;
	size_t whole = 0;
	char message[1024];
	MUST(select_open(o, &s));
	while (whole < s.n && selection_read(&s, whole, &record) == OK)
		whole++;
	snprintf(message, sizeof message, "%s", fail_words(ERR_DAMAGE, "--"));
	ok(whole == 5 && strstr(message, path) && strstr(message, "checksum; --skip-damaged leaves it out"), "a damaged record stops the reading: %s", message);
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
	const char *path = ensemble_snaps(a, "other.snaps", &other, ensemble_header(&other, "categorical", "x.csv", 1, 3), RECORDS);
	expect_refusal("another model", WORDS(first, path), ERR_USAGE, "models differ (mlp:3-5-3, mlp:3-4-3)");
	struct model curved;
	MUST(model_build("mlp:3-5-3", "tanh", NULL, input, OUTPUTS, &curved));
	path = ensemble_snaps(a, "curved.snaps", &curved, ensemble_header(&curved, "categorical", "x.csv", 1, 3), RECORDS);
	expect_refusal("another activation", WORDS(first, path), ERR_USAGE, "models differ (mlp:3-5-3; activation relu, tanh)");
	model_free(&curved);
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
	json_t *header = ensemble_header(&large, "categorical", "x.csv", 1, 0);
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
	const struct ensemble_files f = ensemble_write(&a, &m);
	misfits(&a, f.first);
	first_failure(&a, &m, f.csv, f.first);
	failure_of_reals(&a);
	damage(f.second);
	model_free(&m);
	arena_free(&a);
	return done_testing();
}
