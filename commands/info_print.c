/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/info_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/info_logs.h"
#include "commands/report.h"
#include "commands/tensor_list.h"
#include "src/json_build.h"
#include "src/json_text.h"
#include "src/likelihood.h"
#include "src/text.h"

/* "resnet20, norm frn, activation relu", or what of it a network has; one whose spec says it all is left as it is. */
static void shorten_model(json_t **report)
{
	const json_t *model = json_object_get(*report, "model");
	const char *spec = json_string_value(json_object_get(model, "spec")), *norm = json_string_value(json_object_get(model, "norm"));
	const char *kind = json_string_value(json_object_get(model, "kind"));
	const char *activation = json_string_value(json_object_get(model, "activation"));
	if (spec && kind && activation && strcmp(kind, "linear") != 0)
		json_put(report, "model", json_sprintf("%s%s%s, activation %s", spec, norm ? ", norm " : "", norm ? norm : "", activation));
}

/* The sampler's options that have a value, without what the report says elsewhere. */
static json_t *sampler_options(const json_t *sampler)
{
	const char *name;
	json_t *value, *options = json_object();
	json_object_foreach((json_t *)sampler, name, value) {
		bool elsewhere = strcmp(name, "name") == 0 || strcmp(name, "reference") == 0 || strcmp(name, "sampler") == 0;
		if (!elsewhere && !json_is_null(value) && !json_is_false(value))
			json_put_shared(&options, name, value);
	}
	return options;
}

/* "age; sex: f, m": a table's columns, with the levels of words, as far as a line goes. */
static void shorten_table(json_t **report)
{
	struct text line = {.n = 0};
	size_t i, k;
	json_t *column, *level, *columns = json_object_get(json_object_get(*report, "table"), "columns");
	json_array_foreach(columns, i, column) {
		const char *name = json_string_value(json_object_get(column, "name"));
		json_t *levels = json_object_get(column, "levels");
		text_list(&line, "; ", name && *name ? name : "(no name)");
		json_array_foreach(levels, k, level)
			text_add(&line, "%s%s", k ? ", " : ": ", json_string_value(level));
	}
	if (columns)
		json_put(report, "table", json_words(line.at));
}

/* What says the same in fewer words to a person: a model by its spec, a sampler by its name, and its options in a row of
 * their own. */
static void shorten(json_t **report)
{
	static const char *const by[][2] = {{"model", "spec"}, {"sampler", "name"}, {"likelihood", "name"}, {"data", "spec"}};
	const char *name = json_string_value(json_object_get(json_object_get(*report, "likelihood"), "name"));
	const struct likelihood *likelihood;
	bool deviation = name && likelihood_find(name, &likelihood) == OK && likelihood->noise_sd;
	shorten_model(report);
	shorten_table(report);
	json_put(report, "options", sampler_options(json_object_get(*report, "sampler")));
	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		json_t *word = json_object_get(json_object_get(*report, by[i][0]), by[i][1]);
		if (word && !(deviation && strcmp(by[i][0], "likelihood") == 0))
			json_put_shared(report, by[i][0], word);
	}
}

static void print_count(const json_t *counts, const char *what, const char *before)
{
	long long n = json_integer_value(json_object_get(counts, what));
	printf("%s%lld %.*s", before, n, (int)strlen(what) - (n == 1), what);
}

/* "verified: 16 records, 2 checkpoints and the headers of 2 files match their checksums" */
static void print_verified(const json_t *counts)
{
	print_count(counts, "records", "verified: ");
	print_count(counts, "checkpoints", ", ");
	print_count(counts, "files", " and the headers of ");
	puts(" match their checksums");
}

status info_print(struct info_report *whole)
{
	size_t i;
	json_t *row;
	shorten(&whole->json);
	const json_t *report = whole->json, *verified = json_object_get(report, "verified"), *damage = json_object_get(report, "damage");
	TRY(report_print(report));
	puts("");
	info_chains_print(whole->chain, whole->n, whole->missing);
	const json_t *temperature = json_object_get(report, "temperature");
	info_logs_print(whole->chain, whole->n, json_is_number(temperature) ? json_number_value(temperature) : (double)NAN);
	if (json_object_get(report, "tensors"))
		puts("");
	const json_t *const tensors[] = {json_object_get(report, "tensors"), json_object_get(report, "statistics")};
	tensor_list_print(tensors, 2);
	json_array_foreach((json_t *)damage, i, row) {
		fputs("damaged: ", stdout);
		report_words(json_string_value(row), stdout);
		putchar('\n');
	}
	if (verified && json_array_size(damage) == 0)
		print_verified(verified);
	return report_end();
}

/* ---- for programs ---- */

status info_print_json(const struct info_report *report)
{
	/* No string has a line's end in it, and no other member of this name stands that far left. */
	static const char member[] = "\n  \"chains\": ";
	char *text = report->json ? json_text(report->json) : NULL, *place = text ? strstr(text, member) : NULL;
	if (!place) {
		free(text);
		return fail(ERR_MEMORY, "out of memory: the JSON report");
	}
	char *rest = place + sizeof member - 1;
	fwrite(text, 1, (size_t)(rest - text), stdout);
	info_chains_json(report->chain, report->n);
	puts(rest + strlen("null"));
	free(text);
	return report_end();
}
