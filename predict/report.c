/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *report_number(double x)
{
	/* Fifteen digits: what the arithmetic behind a figure can vouch for, and 0.1 prints as 0.1. */
	char text[32];
	snprintf(text, sizeof text, "%.15g", x);
	return isfinite(x) ? json_real(strtod(text, NULL)) : json_null();
}

static void set(json_t *into, const char *name, double x)
{
	json_object_set_new(into, name, report_number(x));
}

void report_classes(json_t *into, const struct class_metrics *m)
{
	json_object_set_new(into, "n", json_integer((json_int_t)m->n));
	json_object_set_new(into, "snapshots", json_integer((json_int_t)m->members));
	set(into, "accuracy", m->accuracy);
	set(into, "nll", m->nll);
	set(into, "brier", m->brier);
	set(into, "ece", m->ece);
	set(into, "entropy", m->entropy);
	set(into, "expected_entropy", m->expected_entropy);
	set(into, "mutual_information", m->mutual_information);
	set(into, "accuracy_se", m->accuracy_se);
	set(into, "nll_se", m->nll_se);
}

void report_regression(json_t *into, const struct regression_metrics *m)
{
	json_object_set_new(into, "n", json_integer((json_int_t)m->n));
	json_object_set_new(into, "snapshots", json_integer((json_int_t)m->members));
	set(into, "nll", m->nll);
	set(into, "nll_se", m->nll_se);
	set(into, "rmse", m->rmse);
	set(into, "crps", m->crps);
	set(into, "coverage", m->coverage);
}

void report_roc(json_t *into, const struct roc *r)
{
	set(into, "auroc", r->auroc);
	set(into, "auroc_se", r->auroc_se);
	set(into, "aupr_out", r->aupr_out);
	set(into, "aupr_in", r->aupr_in);
	set(into, "fpr95", r->fpr95);
	set(into, "fpr95_in", r->fpr95_in);
	set(into, "base_rate", r->base_rate);
	json_object_set_new(into, "n_id", json_integer((json_int_t)r->n_id));
	json_object_set_new(into, "n_ood", json_integer((json_int_t)r->n_ood));
}

void report_facts(json_t *into, const json_t *header)
{
	static const char *const facts[] = {"temperature", "target", NULL};
	json_object_set_new(into, "units", json_string("nats"));
	for (int i = 0; facts[i]; i++) {
		json_t *fact = json_object_get(header, facts[i]);
		json_object_set_new(into, facts[i], fact ? json_incref(fact) : json_null());
	}
	if (json_is_false(json_object_get(header, "fixed")))
		json_object_set_new(into, "note", json_string("not the posterior of a fixed model; "
		                                              "for one, use --norm frn --augment none"));
}

/* ---- for people ---- */

/* Names as people write them; the rest are shown as they are. Members that end in _se stand beside their figure. */
struct word {
	const char *name, *label, *unit;
};

static const struct word words[] = {
	{"n", "examples", ""}, {"snapshots", "snapshots", ""},
	{"accuracy", "accuracy", ""}, {"nll", "NLL", " nats"}, {"brier", "Brier score", ""}, {"ece", "ECE (15 bins)", ""},
	{"entropy", "entropy", " nats"}, {"expected_entropy", "expected entropy", " nats"},
	{"mutual_information", "mutual information", " nats"},
	{"rmse", "RMSE", ""}, {"crps", "CRPS", ""}, {"coverage", "95 % coverage", ""},
	{"auroc", "AUROC", ""}, {"aupr_out", "AUPR, OOD positive", ""}, {"aupr_in", "AUPR, ID positive", ""},
	{"fpr95", "FPR95, OOD positive", ""}, {"fpr95_in", "FPR95, ID positive", ""}, {"base_rate", "base rate", ""},
	{"n_id", "ID examples", ""}, {"n_ood", "OOD examples", ""}, {"id", "ID set", ""}, {"ood", "OOD set", ""},
	{"id_split", "ID split", ""}, {"ood_split", "OOD split", ""}, {"ood_normalize", "OOD normalised as", ""},
	{"n_params", "parameters", ""}, {"n_stats", "statistics", ""},
};

static struct word find(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i];
	return (struct word){name, name, ""};
}

static void print_value(const json_t *value)
{
	if (json_is_string(value)) {
		fputs(json_string_value(value), stdout);
	} else if (json_is_integer(value)) {
		printf("%lld", (long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		printf("%.5g", json_real_value(value));
	} else if (json_is_null(value)) {
		fputs("-", stdout);
	} else if (json_is_boolean(value)) {
		fputs(json_is_true(value) ? "yes" : "no", stdout);
	} else if (json_is_array(value)) {
		size_t i;
		const json_t *item;
		json_array_foreach((json_t *)value, i, item) {
			fputs(i ? ", " : "", stdout);
			print_value(item);
		}
	} else {
		const char *key;
		json_t *item;
		bool first = true;
		json_object_foreach((json_t *)value, key, item) {
			printf("%s%s ", first ? "" : ", ", key);
			print_value(item);
			first = false;
		}
	}
}

/* Columns that a UTF-8 text takes: its characters. */
static int width(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

void report_print(const json_t *object)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value) {
		size_t length = strlen(key);
		char error[64];
		if ((length > 3 && strcmp(key + length - 3, "_se") == 0) || strcmp(key, "units") == 0 ||
		    (json_is_array(value) && (json_array_size(value) == 0 || json_is_object(json_array_get(value, 0)))))
			continue;
		struct word w = find(key);
		/* An undefined figure is shown, a fact that isn't there isn't. */
		if (json_is_null(value) && (w.label == key || strcmp(key, "ood_normalize") == 0))
			continue;
		printf("%s%*s ", w.label, 21 - width(w.label), "");
		print_value(value);
		snprintf(error, sizeof error, "%.40s_se", key);
		const json_t *se = json_object_get(object, error);
		if (json_is_real(se))
			printf(" ± %.2g", json_real_value(se));
		puts(w.unit);
	}
}

void report_print_table(const json_t *array)
{
	const char *key;
	json_t *value, *row;
	size_t i;
	json_object_foreach(json_array_get(array, 0), key, value)
		printf("%*s", (int)strlen(key) + 2 < 11 ? 11 : (int)strlen(key) + 2, key);
	putchar('\n');
	json_array_foreach((json_t *)array, i, row) {
		json_object_foreach(row, key, value) {
			int columns = (int)strlen(key) + 2 < 11 ? 11 : (int)strlen(key) + 2;
			if (json_is_integer(value))
				printf("%*lld", columns, (long long)json_integer_value(value));
			else if (json_is_real(value))
				printf("%*.4f", columns, json_real_value(value));
			else
				printf("%*s", columns, "-");
		}
		putchar('\n');
	}
}
