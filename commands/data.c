/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin data: describes and checks a data set; writes one in a publisher's format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/csv_options.h"
#include "commands/data_columns.h"
#include "commands/data_fit.h"
#include "commands/output.h"
#include "commands/report.h"
#include "commands/word_lists.h"
#include "src/data/data_write.h"
#include "src/data/dataset.h"
#include "src/data/fingerprint.h"
#include "src/data/holdout.h"
#include "src/data/csv_separator.h"
#include "src/data/summary.h"
#include "src/data/survey.h"
#include "src/json_build.h"
#include "src/json_numbers.h"
#include "src/text.h"

static const struct param data_defs[] = {
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS, .fallback = "train",
	 .help = "part of the set that info describes"},
	{.name = "labels", .type = PARAM_PATH, .arg = "FILE.npy", .help = "labels that replace the training set's own"},
	{.name = "holdout", .type = PARAM_TEXT, .arg = HOLDOUT_ARG,
	 .help = "training examples set aside, always the same ones for the same set, drawn at random, or of each class a share where "
	         "that is said"},
	{.name = "target", .type = PARAM_TEXT, .arg = "NAME", .help = "target column of a csv file; without it the last"},
	CSV_HEADER_OPTION,
	{.name = "decimal", .type = PARAM_CHOICE, .arg = DECIMAL_WORDS,
	 .help = "what decimals of a csv file begin with; without it a point"},
	{.name = "drop", .type = PARAM_TEXT, .arg = "NAME[,NAME…]", .help = "columns of a csv file that are left out"},
	{.name = "id", .type = PARAM_TEXT, .arg = "NAME", .help = "column of a csv file that names its rows, and is left out too"},
	{.name = "category", .type = PARAM_TEXT, .arg = "NAME[,NAME…]", .help = "columns of a csv file whose numbers are words"},
	{.name = "missing", .type = PARAM_CHOICE, .arg = MISSING_WORDS, .fallback = "refuse",
	 .help = "what is done about cells of a csv file without a value, as basin sample has it"},
	{.name = "format", .type = PARAM_CHOICE, .arg = "cifar10|svhn", .help = "layout that write gives the set"},
	{.name = "out", .type = PARAM_PATH, .arg = "DIR", .help = "new folder that write makes"},
	OUTPUT_OVERWRITE,
	{0},
};
static const struct opt_table table_data = {.owner = "data", .heading = "Data set", .defs = data_defs};
static const struct opt_table *const tables[] = {&table_data, &table_report, NULL};
static const struct param arguments[] = {
	{.name = "what", .type = PARAM_CHOICE, .arg = "info|write"},
	{.name = "set", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets, .help = "data set"},
	{0},
};

/* {"kind", "spec", "split", "n", "shape", "element", "classes", "counts", "class_names", "targets", "mean", "sd",
 * "fingerprint", "header", "columns", "target_column", "distinct_targets", "distinct_whole_targets"}; null where the set
 * has none. And, by describe_columns, "separator", "table", "command"; of a file that can't be opened "kind", "spec", "n", "header"
 * and "error" with these. */
static status describe(const struct dataset *d, struct arena *a, const char *split, const size_t *counts, json_t **out)
{
	double *mean, *sd;
	int n;
	TRY(summary_moments(d, a, &n, &mean, &sd));
	json_t *per_class = d->label ? json_array() : json_null(), *names = d->class_names ? json_array() : json_null();
	for (int k = 0; k < d->n_classes; k++) {
		if (d->label)
			json_add(&per_class, json_integer((json_int_t)counts[k]));
		if (d->class_names)
			json_add(&names, json_words(d->class_names[k]));
	}
	*out = json_pack("{s:s, s:o, s:s, s:I, s:[iii], s:s, s:i, s:o, s:o, s:i, s:o, s:o, s:s}", "kind", d->kind, "spec",
	                 json_words(d->spec), "split", split, "n", (json_int_t)d->n, "shape", d->c, d->h, d->w, "element",
	                 d->element == ELEMENT_U8 ? "uint8" : "float32", "classes", d->n_classes, "counts", per_class,
	                 "class_names", names, "targets", d->n_targets, "mean", json_numbers(mean, n), "sd",
	                 json_numbers(sd, n),
	                 "fingerprint", fingerprint_text(d->fingerprint).at);
	json_put(out, "header", d->header == HEADER_AUTO ? json_null() : json_boolean(d->header == HEADER_YES));
	columns_to_json(&d->columns, out);
	json_put(out, "distinct_targets", d->distinct ? json_integer((json_int_t)d->distinct) : json_null());
	json_put(out, "distinct_whole_targets", d->distinct ? json_integer((json_int_t)d->whole) : json_null());
	return *out ? OK : fail(ERR_MEMORY, "out of memory: the JSON report");
}

static void print_target(const struct dataset *d)
{
	fputs("target       ", stdout);
	report_words(d->columns.n ? d->columns.name[d->columns.target] : "real", stdout);
	printf(": %zu distinct value%s", d->distinct, d->distinct == 1 ? "" : "s");
	if (d->whole == d->distinct)
		puts(d->distinct == 1 ? ", a whole number" : ", all whole numbers");
	else
		printf(", %zu of them whole numbers\n", d->whole);
}

/* "age", or of a column that makes several "sex = female". */
static void print_feature(const struct dataset *d, int j)
{
	struct text name = {.n = 0};
	if (d->table.n)
		table_feature(&d->table, &d->columns, (size_t)j, &name);
	report_words(d->table.n ? name.at : summary_column(d, j), stdout);
}

static status print_table(const struct dataset *d, struct arena *a, const char *split, const size_t *counts)
{
	enum { COLUMNS_SHOWN = 16, CLASSES_SHOWN = 100 };
	double *mean, *sd;
	int n;
	TRY(summary_moments(d, a, &n, &mean, &sd));
	fputs("set          ", stdout);
	report_bytes(d->spec, stdout);
	putchar('\n');
	printf("split        %s%s\n", split, d->has_test ? "" : " (this kind has no test split)");
	printf("examples     %zu\n", d->n);
	if (d->image)
		printf("each         %d×%d×%d bytes (channels, height, width)\n", d->c, d->h, d->w);
	else
		printf("each         %d float32 value%s\n", d->w, d->w == 1 ? "" : "s");
	if (d->header != HEADER_AUTO)
		printf("header       %s\n", d->header == HEADER_YES ? "yes: the first line holds names"
		                                                    : "no: the first line is data");
	if (d->distinct)
		print_target(d);
	else if (d->n_targets)
		printf("targets      %d real\n", d->n_targets);
	if (d->label)
		printf("classes      %d\n", d->n_classes);
	printf("fingerprint  %s\n\n%-12s %12s %12s%s\n", fingerprint_text(d->fingerprint).at, d->image ? "channel" : "feature", "mean",
	       "sd", d->columns.n ? "  of column" : "");
	for (int i = 0; i < n && i < COLUMNS_SHOWN; i++) {
		printf("%-12d %12.6g %12.6g", i, mean[i], sd[i]);
		if (d->columns.n) {
			fputs("  ", stdout);
			print_feature(d, i);
		}
		putchar('\n');
	}
	if (n > COLUMNS_SHOWN)
		printf("… and %d more (--json has them all)\n", n - COLUMNS_SHOWN);
	if (d->label)
		printf("\n%-12s %12s\n", "class", "examples");
	for (int k = 0; k < d->n_classes && k < CLASSES_SHOWN; k++)
		printf("%-3d %-20s %zu\n", k, d->class_names ? d->class_names[k] : "", counts[k]);
	if (d->n_classes > CLASSES_SHOWN)
		printf("… and %d more (--json has them all)\n", d->n_classes - CLASSES_SHOWN);
	return OK;
}

/* What is shown of a file: all, or of one that can't be read as it is what was seen of it. */
struct info {
	const struct dataset *d;      /* NULL: could not be opened */
	struct survey survey;         /* csv; else zeroed */
	struct text command;          /* that fits it; empty: none was found */
};

static status describe_columns(const struct info *i, const char *spec, json_t **out)
{
	if (!i->d) {
		*out = json_pack("{s:s, s:o, s:I, s:b}", "kind", "csv", "spec", json_words(spec), "n", (json_int_t)i->survey.n, "header",
		                 (int)(i->survey.header == HEADER_YES));
		json_put(out, "error", json_words(fail_words(ERR_INPUT, "--")));
	}
	json_put(out, "separator", i->survey.n ? json_sprintf("%c", i->survey.separator) : json_null());
	json_put(out, "table", i->survey.n ? data_columns_json(&i->survey) : json_null());
	json_put(out, "command", i->command.n ? json_words(i->command.at) : json_null());
	return *out ? OK : fail(ERR_MEMORY, "out of memory: the JSON report");
}

static status report_json_of(const struct info *i, struct arena *a, const struct opts *o, const char *spec, const size_t *counts)
{
	json_t *object = NULL;
	if (i->d)
		TRY(describe(i->d, a, opts_text(o, "split"), counts, &object));
	TRY(describe_columns(i, spec, &object));
	return report_json(object);
}

/* As it can be pasted: broken in front of options, outside quotation marks. */
static void print_command(const char *command)
{
	enum { INDENT = 13, WIDTH = 80 - 2 };
	size_t at = INDENT;
	bool quoted = false;
	for (const char *from = command; *from;) {
		const char *to = from;
		do {
			quoted ^= *to == '\'';
			to += !quoted && *to == '\\' && to[1] ? 2 : 1;
		} while (*to && (quoted || strncmp(to, " --", 3)));
		struct text part = {.n = 0};
		text_add(&part, "%.*s", (int)(to - from), from);
		const size_t wide = (size_t)report_width(part.at);
		if (from > command && at + wide > WIDTH) {
			printf(" \\\n%*s", INDENT + 3, "");
			at = INDENT + 3;
		}
		report_bytes(part.at, stdout);
		at += wide;
		from = to;
	}
	putchar('\n');
}

static void print_columns(const struct info *i, const char *spec)
{
	const struct survey *s = &i->survey;
	if (!i->d) {
		fputs("set          ", stdout);
		report_bytes(spec, stdout);
		printf("\nrows         %zu\nheader       %s\n", s->n, s->header == HEADER_YES ? "yes" : "no");
	}
	if (s->n)
		data_columns_print(s);
	if (i->command.n) {
		fputs("\nfitted by    ", stdout);
		print_command(i->command.at);
	}
}

static status report(const struct info *i, const struct opts *o, const char *spec)
{
	struct arena a = {0};
	size_t *counts;
	const struct dataset *d = i->d;
	status s = ARENA_NEW(&a, d ? (size_t)d->n_classes + 1 : 1, &counts);
	for (size_t k = 0; s == OK && d && d->label && k < d->n; k++)
		counts[d->label[k]]++;
	if (s == OK && opts_flag(o, "json")) {
		s = report_json_of(i, &a, o, spec, counts);
	} else if (s == OK) {
		s = d ? print_table(d, &a, opts_text(o, "split"), counts) : OK;
		if (s == OK)
			print_columns(i, spec);
		s = s == OK ? report_end() : s;
	}
	arena_free(&a);
	return s;
}

/* A file that can't be read as it is is described as far as it was seen; what is wrong with it is the command's end. */
static status info_of(const struct opts *o, struct dataset_request *r, struct dataset *d, struct info *i)
{
	r->survey = &i->survey;
	const status opened = dataset_open(r, d);
	if (opened != OK && (opened == ERR_MEMORY || !i->survey.n))
		return opened;
	char *why = opened == OK ? NULL : fail_copy();
	i->d = opened == OK ? d : NULL;
	const bool single = opened == OK && d->n_classes == 1;
	status s = i->survey.n && !single ? data_fit(r, i->d, &i->command) : OK;
	if (opened != OK)
		fail_again(opened, why);
	if (s == OK)
		s = report(i, o, r->spec);
	if (opened != OK)
		s = s == OK ? fail_again(opened, why) : s;
	else if (single && s == OK)
		s = fail(ERR_INPUT, "%s: its target has one class alone, and basin sample needs 2 or more", r->spec);
	free(why);
	return s;
}

static status run_info(const struct opts *o, const char *spec)
{
	struct dataset_request r = {
		.spec = spec, .split = (enum split)opts_choice(o, "split"), .labels = opts_text(o, "labels"),
		.holdout = opts_text(o, "holdout"), .target = opts_text(o, "target"),
		.header = (enum header)(opts_choice(o, "header") + 1), .distinct = true,
		.decimal = opts_choice(o, "decimal") == DECIMAL_COMMA ? DECIMAL_COMMA : DECIMAL_POINT,
		.drop = opts_text(o, "drop"), .id = opts_text(o, "id"), .category = opts_text(o, "category"),
		.missing = (enum missing)opts_choice(o, "missing"),
	};
	struct dataset d;
	struct info i = {.d = NULL};
	static const char *const of_write[] = {"format", "out", "overwrite"};
	for (size_t k = 0; k < sizeof of_write / sizeof *of_write; k++)
		if (opts_given(o, of_write[k]))
			return fail(ERR_USAGE, "--%s: basin data info writes nothing; that is basin data write", of_write[k]);
	status s = info_of(o, &r, &d, &i);
	dataset_close(&d);
	survey_close(&i.survey);
	return s;
}

static status run_write(const struct opts *o, const char *spec)
{
	static const char *const idle[] = {"split", "labels", "holdout", "target", "header", "decimal", "drop", "id", "category", "missing", "json"};
	struct dataset train, test;
	const char *format = opts_text(o, "format"), *folder = opts_text(o, "out");
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (opts_given(o, idle[i]))
			return fail(ERR_USAGE, "--%s: basin data write writes the whole set as it is; that is for basin data info",
			            idle[i]);
	if (!format || !folder)
		return fail(ERR_USAGE, "basin data write: --%s is missing: basin data write KIND --format cifar10|svhn --out DIR",
		            format ? "out" : "format");
	TRY(dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TRAIN}, &train));
	if (!train.has_test) {
		dataset_close(&train);
		return fail(ERR_USAGE, "%s: has no test split, and --format %s holds training and test images", spec, format);
	}
	status s = dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TEST}, &test);
	if (s == OK)
		s = data_write(&train, &test, format, folder, opts_flag(o, "overwrite"));
	if (s == OK) {
		struct text written = {.n = 0};
		text_add(&written, "%s:%s", format, folder);
		report_bytes(train.spec, stdout);
		printf(": %zu training and %zu test images, as %s\n", train.n, test.n,
		       text_path(&(struct text){.n = 0}, written.at));
		s = report_end();
	}
	dataset_close(&test);
	dataset_close(&train);
	return s;
}

static status run(const struct opts *o)
{
	const char *const *words;
	int n = opts_positionals(o, &words);
	if (n == 2 && !strcmp(words[0], "info"))
		return run_info(o, words[1]);
	if (n == 2 && !strcmp(words[0], "write"))
		return run_write(o, words[1]);
	return fail(ERR_USAGE, "basin data: info KIND[:PATH], or write KIND[:PATH] --format cifar10|svhn --out DIR, was expected");
}

const struct command command_data = {
	.name = "data",
	.synopsis = "info KIND[:PATH] [options]\nwrite KIND[:PATH] --format FORMAT --out DIR",
	.help = "describe, check and write data sets",
	.arguments = arguments,
	.tables = tables,
	.run = run,
};
