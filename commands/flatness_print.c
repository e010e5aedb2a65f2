/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What people are shown of curvatures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/flatness.h"
#include "commands/plot.h"
#include "commands/report.h"
#include "src/text.h"

enum { WIDTH = 22 };       /* columns of a row's name, as report_print has them */

/* NaN for null. */
static double number(const json_t *of, const char *key)
{
	const json_t *x = json_object_get(of, key);
	return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

static double nth(const json_t *of, const char *key, size_t i)
{
	const json_t *x = json_array_get(json_object_get(of, key), i);
	return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

/* "12.345 ± 0.0012"; without an error that is not known, or none. */
static void add_value(struct text *to, double value, double error)
{
	text_add(to, isfinite(value) ? "%.5g" : "-", value);
	if (isfinite(value) && isfinite(error) && error > 0)
		text_add(to, error < 99.5 || error >= 1e6 ? " ± %.2g" : " ± %.0f", error);
}

static void print_row(const char *name, double value, double error, const char *rest)
{
	struct text to = {.n = 0};
	add_value(&to, value, error);
	printf("  %s%*s%s%s\n", name, WIDTH - 2 - report_width(name), "", to.at, rest);
}

/* number: by which the table at the end has it; 0: there is none. */
static void print_place(const json_t *snapshot, size_t number)
{
	const json_t *chain = json_object_get(snapshot, "chain");
	putchar('\n');
	if (number)
		printf("%zu: ", number);
	report_words(json_string_value(json_object_get(snapshot, "file")), stdout);
	if (json_is_integer(chain))
		printf(", chain %lld", (long long)json_integer_value(chain));
	printf(", step %lld, ", (long long)json_integer_value(json_object_get(snapshot, "step")));
	report_words(json_string_value(json_object_get(snapshot, "role")), stdout);
	putchar('\n');
}

/* Behind what is known to no more than its bound. */
static const char *unsure(const json_t *of)
{
	return json_is_false(json_object_get(of, "converged")) ? "  not converged" : "";
}

static void print_eigenvalues(const json_t *snapshot)
{
	const size_t n = json_array_size(json_object_get(snapshot, "eigenvalues"));
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof name, i ? "%12s%zu" : "%-12s%zu", i ? "" : "eigenvalue", i + 1);
		print_row(name, nth(snapshot, "eigenvalues", i), nth(snapshot, "eigenvalue_errors", i), "");
	}
	if (n)
		print_row("least found", number(snapshot, "least"), number(snapshot, "least_error"), "");
	if (*unsure(snapshot))
		printf("  %-*s%s\n", WIDTH - 2, "converged", "no: larger eigenvalues may have been missed");
}

/* A tensor's largest eigenvalue and its trace. */
static void print_tensors(const json_t *tensors)
{
	const json_t *first = json_array_get(tensors, 0);
	const bool top = json_object_get(first, "eigenvalues"), trace = json_object_get(first, "trace");
	int widest = (int)strlen("tensor");
	size_t i;
	const json_t *tensor;
	json_array_foreach((json_t *)tensors, i, tensor) {
		const int n = (int)strlen(json_string_value(json_object_get(tensor, "name")));
		widest = n > widest ? n : widest;
	}
	printf("\n  %-*s  elements%s%s\n", widest, "tensor", top ? "  largest eigenvalue" : "", trace ? "  trace" : "");
	json_array_foreach((json_t *)tensors, i, tensor) {
		struct text largest = {.n = 0}, sum = {.n = 0};
		add_value(&largest, nth(tensor, "eigenvalues", 0), nth(tensor, "eigenvalue_errors", 0));
		add_value(&sum, number(tensor, "trace"), number(tensor, "trace_se"));
		printf("  %-*s  %8lld", widest, json_string_value(json_object_get(tensor, "name")),
		       (long long)json_integer_value(json_object_get(tensor, "n")));
		const int blanks = trace && report_width(largest.at) < 18 ? 18 - report_width(largest.at) : 0;
		if (top)
			printf("  %s%*s", largest.at, blanks, "");
		printf("%s%s%s\n", trace ? "  " : "", trace ? sum.at : "", unsure(tensor));
	}
}

static void print_snapshot(const struct flatness_plan *p, const json_t *snapshot, size_t number_of)
{
	const json_t *tensors = json_object_get(snapshot, "tensors"), *density = json_object_get(snapshot, "density");
	print_place(snapshot, number_of);
	print_row("loss", number(snapshot, "nll"), (double)NAN, " nats");
	print_row("gradient norm", number(snapshot, "gradient_norm"), (double)NAN, "");
	print_eigenvalues(snapshot);
	if (p->probes)
		print_row("trace", number(snapshot, "trace"), number(snapshot, "trace_se"), "");
	printf("  %-*s%lld\n", WIDTH - 2, "products", (long long)json_integer_value(json_object_get(snapshot, "products")));
	printf("  %-*s%.3g\n", WIDTH - 2, "seconds", number(snapshot, "seconds"));
	if (tensors)
		print_tensors(tensors);
	if (density)
		plot_density(density);
}

/* A line for each, where there are several. */
static void print_table(const struct flatness_plan *p, const json_t *snapshots)
{
	size_t i;
	const json_t *one;
	printf("\n%5s %12s  %-7s %9s %10s%s%s\n", "", "step", "role", "loss", "gradient", p->top ? "  largest eig." : "",
	       p->probes ? "  trace" : "");
	json_array_foreach((json_t *)snapshots, i, one) {
		struct text trace = {.n = 0};
		add_value(&trace, number(one, "trace"), number(one, "trace_se"));
		printf("%4zu: %12lld  %-7s %9.5g %10.4g", i + 1, (long long)json_integer_value(json_object_get(one, "step")),
		       json_string_value(json_object_get(one, "role")), number(one, "nll"), number(one, "gradient_norm"));
		if (p->top)
			printf("  %12.5g", nth(one, "eigenvalues", 0));
		printf("%s%s%s\n", p->probes ? "  " : "", p->probes ? trace.at : "", unsure(one));
	}
}

status flatness_print(const struct flatness_plan *p, const struct flatness_target *t, const json_t *report)
{
	const json_t *snapshots = json_object_get(report, "snapshots"), *one;
	size_t i;
	if (!report)
		return fail(ERR_MEMORY, "out of memory: the report");
	TRY(flatness_print_head(p, t, report));
	json_array_foreach((json_t *)snapshots, i, one)
		print_snapshot(p, one, json_array_size(snapshots) > 1 ? i + 1 : 0);
	if (json_array_size(snapshots) > 1)
		print_table(p, snapshots);
	return OK;
}
