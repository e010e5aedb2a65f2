/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The tables of scores that people read. */
#include "commands/scores.h"

#include <stdio.h>
#include <string.h>

#include "commands/report.h"
#include "src/json_words.h"

enum { NAME_MOST = 24 };

/* A class by its name, or by its number; at most so many columns of it. */
static void class_name(const json_t *row, char out[4 * NAME_MOST + 1])
{
	const char *words = json_string_value(json_object_get(row, "name"));
	snprintf(out, 4 * NAME_MOST + 1, "%lld", (long long)json_integer_value(json_object_get(row, "class")));
	if (!words)
		return;
	int columns = 0;
	size_t used = 0;
	while (*words && used < 4 * NAME_MOST - 4) {
		const unsigned char byte = (unsigned char)*words;
		columns += (byte & 0xc0) != 0x80;
		if (columns > NAME_MOST)
			break;
		out[used++] = *words++;
	}
	out[used] = 0;
}

static int widest(const json_t *classes, int least)
{
	char name[4 * NAME_MOST + 1];
	size_t i;
	const json_t *row;
	json_array_foreach((json_t *)classes, i, row) {
		class_name(row, name);
		least = report_width(name) > least ? report_width(name) : least;
	}
	return least;
}

static void print_name(const json_t *row, int wide)
{
	char name[4 * NAME_MOST + 1];
	class_name(row, name);
	report_words(name, stdout);
	printf("%*s", wide - report_width(name), "");
}

/* A figure with its standard error, in 16 columns. */
static void print_share(const json_t *row, const char *name)
{
	char error[64], text[48] = "-";
	snprintf(error, sizeof error, "%s_se", name);
	const json_t *value = json_object_get(row, name), *se = json_object_get(row, error);
	if (json_is_real(value) && json_is_real(se))
		snprintf(text, sizeof text, "%.4f ± %.2g", json_real_value(value), json_real_value(se));
	else if (json_is_real(value))
		snprintf(text, sizeof text, "%.4f", json_real_value(value));
	printf("  %s%*s", text, 16 - report_width(text) > 0 ? 16 - report_width(text) : 0, "");
}

static void print_count(const json_t *value, int wide)
{
	printf("%*lld", wide, (long long)json_integer_value(value));
}

static void print_classes(const json_t *classes)
{
	const int wide = widest(classes, (int)strlen("class"));
	size_t i;
	const json_t *row;
	printf("\n%-*s  %-16s  %-16s  %-16s  support\n", wide, "class", "precision", "recall", "F1");
	json_array_foreach((json_t *)classes, i, row) {
		print_name(row, wide);
		print_share(row, "precision");
		print_share(row, "recall");
		print_share(row, "f1");
		print_count(json_object_get(row, "support"), 9);
		putchar('\n');
	}
}

static int digits(long long n)
{
	char text[32];
	return snprintf(text, sizeof text, "%lld", n);
}

static void print_confusion(const json_t *confusion, const json_t *classes)
{
	const int wide = widest(classes, (int)strlen("label"));
	int column = digits((long long)json_array_size(confusion));
	size_t i, k;
	const json_t *row, *count;
	json_array_foreach((json_t *)confusion, i, row)
		json_array_foreach((json_t *)row, k, count)
			column = digits(json_integer_value(count)) > column ? digits(json_integer_value(count)) : column;
	printf("\n%-*s  said to be of class\n%*s", wide, "label", wide, "");
	for (k = 0; k < json_array_size(confusion); k++)
		printf("%*zu", column + 2, k);
	putchar('\n');
	json_array_foreach((json_t *)confusion, i, row) {
		print_name(json_array_get(classes, i), wide);
		json_array_foreach((json_t *)row, k, count)
			print_count(count, column + 2);
		putchar('\n');
	}
}

static void print_bins(const json_t *bins)
{
	size_t i;
	const json_t *row;
	printf("\n%-16s  %9s  %10s  %s\n", "confidence", "examples", "mean", "accuracy");
	json_array_foreach((json_t *)bins, i, row) {
		const json_t *mean = json_object_get(row, "confidence");
		printf("%.4f to %.4f  ", json_real_value(json_object_get(row, "from")), json_real_value(json_object_get(row, "to")));
		print_count(json_object_get(row, "count"), 9);
		if (json_is_real(mean))
			printf("  %10.4f", json_real_value(mean));
		else
			printf("  %10s", "-");
		print_share(row, "accuracy");
		putchar('\n');
	}
}

static void print_intervals(const json_t *levels)
{
	size_t i;
	const json_t *row;
	printf("\n%-8s  %9s  coverage\n", "interval", "targets");
	json_array_foreach((json_t *)levels, i, row) {
		printf("%6.0f %%  ", 100 * json_real_value(json_object_get(row, "level")));
		print_count(json_object_get(row, "count"), 9);
		print_share(row, "coverage");
		putchar('\n');
	}
}

void report_scores_print(const json_t *figures)
{
	const json_t *classes = json_object_get(figures, "classes"), *confusion = json_object_get(figures, "confusion");
	const json_t *reliability = json_object_get(figures, "reliability");
	if (json_array_size(classes))
		print_classes(classes);
	if (json_array_size(confusion))
		print_confusion(confusion, classes);
	if (json_object_get(json_array_get(reliability, 0), "level"))
		print_intervals(reliability);
	else if (json_array_size(reliability))
		print_bins(reliability);
}
