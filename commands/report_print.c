/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Reports as people read them: rows of names and values, and tables. */
#include "commands/report.h"

#include <stdlib.h>
#include <string.h>

#include "src/json_words.h"
#include "src/words.h"

/* Names as people write them; the rest are shown as they are. Members that end in _se stand beside their figure. */
struct title {
	const char *name, *label, *unit;
};

static const struct title words[] = {
	{"n", "examples", ""}, {"snapshots", "snapshots", ""},
	{"accuracy", "accuracy", ""}, {"nll", "NLL", " nats"}, {"brier", "Brier score", ""}, {"ece", "ECE (15 bins)", ""},
	{"ece_classwise", "ECE by class", ""}, {"ece_adaptive", "ECE, equal mass", ""}, {"smooth_ece", "smooth ECE", ""},
	{"nll_calibrated", "calibrated NLL", " nats"}, {"temperature_fitted", "its temperature", ""},
	{"aurc", "AURC", ""}, {"augrc", "AUGRC", ""}, {"accuracy_at_80", "accuracy at 80 %", ""}, {"aupr", "AUPR", ""},
	{"joint_nll", "joint NLL (τ = 10)", " nats"}, {"ambiguity", "ambiguity", ""},
	{"deep_ensemble_equivalent", "as a deep ensemble", " members"}, {"deep_ensemble_reason", "  that is", ""},
	{"entropy", "entropy", " nats"}, {"expected_entropy", "expected entropy", " nats"},
	{"mutual_information", "mutual information", " nats"},
	{"sd", "predictive deviation", ""}, {"rmse", "RMSE", ""}, {"crps", "CRPS", ""}, {"coverage", "95 % coverage", ""},
	{"auroc", "AUROC", ""}, {"aupr_out", "AUPR, OOD positive", ""}, {"aupr_in", "AUPR, ID positive", ""},
	{"fpr95", "FPR95, OOD positive", ""}, {"fpr95_in", "FPR95, ID positive", ""}, {"base_rate", "base rate", ""},
	{"n_id", "ID examples", ""}, {"n_ood", "OOD examples", ""}, {"id", "ID set", ""}, {"ood", "OOD set", ""},
	{"id_split", "ID split", ""}, {"ood_split", "OOD split", ""}, {"ood_normalize", "OOD normalised as", ""},
	{"a", "A", ""}, {"b", "B", ""}, {"agreement", "agreement", ""}, {"total_variation", "total variation", ""},
	{"w1", "W₁ of members", ""}, {"w2", "W₂", ""}, {"ceiling_by", "A's halves are by", ""},
	{"ceiling_agreement", "agreement of halves", ""}, {"ceiling_total_variation", "variation of halves", ""},
	{"ceiling_w1", "W₁ of halves", ""}, {"ceiling_w2", "W₂ of halves", ""}, {"ceiling_reason", "no halves", ""},
	{"accuracy_difference", "accuracy, B − A", ""}, {"nll_difference", "NLL, B − A", " nats"},
	{"brier_difference", "Brier score, B − A", ""}, {"mse_difference", "MSE, B − A", ""}, {"crps_difference", "CRPS, B − A", ""},
	{"nll_difference_reason", "no NLL difference", ""}, {"difference_reason", "no differences", ""},
	{"temperature_scaling", "temperature scaling", ""}, {"temperature_scaling_guarantee", "  guarantee", ""},
	{"sets_guarantee", "  guarantee", ""}, {"intervals_guarantee", "  guarantee", ""},
	{"abstention_guarantee", "  guarantee", ""}, {"alarm_guarantee", "  guarantee", ""},
	{"condition", "guaranteed if", ""},
	{"decide", "rules from", ""}, {"nll_scaled", "NLL, scaled", " nats"}, {"set_coverage", "sets hold the class", ""},
	{"set_size", "classes in a set", ""}, {"interval_coverage", "intervals hold", ""},
	{"interval_width", "width of intervals", ""}, {"accepted", "accepted", ""}, {"accepted_risk", "wrong ones of these", ""},
	{"alarms", "alarms", ""},
	{"n_params", "parameters", ""}, {"n_stats", "statistics", ""},
	{"shape", "channels, h, w", ""}, {"n_classes", "classes", ""}, {"n_targets", "real targets", ""},
	{"autocorrelation_time", "autocorrelation time", " draws"}, {"log_likelihood", "mean log-likelihood", " nats"},
	{"distance_within", "distance within", ""}, {"distance_between", "distance between", ""},
	{"chains_left_out", "chains left out", ""},
	{"has_test", "own test split", ""}, {"fitted_to", "fitted to", ""},
};

static struct title find(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i];
	return (struct title){name, name, ""};
}

/* The first byte of what a text of any bytes is read from, and *text moved on to the next; 0 at its end. */
typedef unsigned char take_byte(const char **text);

static unsigned char plain_byte(const char **text)
{
	return **text ? (unsigned char)*(*text)++ : 0;
}

static void print_bytes(const char *text, take_byte *take, FILE *to)
{
	while (*text) {
		unsigned char byte = take(&text);
		const char *second = text;
		unsigned char next = take(&second);
		/* U+0080 to U+009F are the other set of control characters. */
		bool wide = byte == 0xc2 && next >= 0x80 && next < 0xa0;
		if (wide)
			text = second;
		putc(byte < ' ' || byte == 0x7f || wide ? '?' : byte, to);
	}
}

void report_words(const char *words, FILE *to)
{
	print_bytes(words, json_words_byte, to);
}

void report_bytes(const char *bytes, FILE *to)
{
	print_bytes(bytes, plain_byte, to);
}

/* Blanks at which no line ends. */
enum { GLUE = '\1' };

static void print_value(FILE *to, const json_t *value)
{
	if (json_is_string(value)) {
		report_words(json_string_value(value), to);
	} else if (json_is_integer(value)) {
		fprintf(to, "%lld", (long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		fprintf(to, "%.5g", json_real_value(value));
	} else if (json_is_null(value)) {
		fputs("-", to);
	} else if (json_is_boolean(value)) {
		fputs(json_is_true(value) ? "yes" : "no", to);
	} else if (json_is_array(value)) {
		size_t i;
		const json_t *item;
		json_array_foreach((json_t *)value, i, item) {
			fputs(i ? ", " : "", to);
			print_value(to, item);
		}
	} else {
		const char *key;
		json_t *item;
		bool first = true;
		json_object_foreach((json_t *)value, key, item) {
			fputs(first ? "" : ", ", to);
			report_words(key, to);
			putc(GLUE, to);
			print_value(to, item);
			first = false;
		}
	}
}

int report_width(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void glue_equations(char *text)
{
	while ((text = strstr(text, " = "))) {
		text[0] = text[2] = GLUE;
		text += 3;
	}
}

static void print_word(const char *word)
{
	for (; *word; word++)
		putchar(*word == GLUE ? ' ' : *word);
}

/* A line of label and text, broken at blanks: a terminal would break it anywhere. */
static void print_wrapped(const char *label, char *text)
{
	enum { INDENT = 22, COLUMNS = 80 };
	int column = INDENT, used = report_width(label) < INDENT ? report_width(label) : INDENT - 1;
	glue_equations(text);
	char *rest, *word = strtok_r(text, " ", &rest);
	printf("%s%*s", label, INDENT - used, "");
	for (; word; word = strtok_r(NULL, " ", &rest)) {
		if (column > INDENT && column + 1 + report_width(word) > COLUMNS) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		}
		fputs(column > INDENT ? " " : "", stdout);
		print_word(word);
		column += report_width(word) + (column > INDENT);
	}
	putchar('\n');
}

/* How many examples have an own class of probability 0, which makes an NLL infinite. */
static long long zeros_of(const json_t *object)
{
	return json_integer_value(json_object_get(object, "zero_probabilities"));
}

/* Whether the null that JSON has for a figure stands for one without bounds. */
static bool is_infinite(const json_t *object, const char *key, const json_t *value)
{
	return json_is_null(value) && strcmp(key, "nll") == 0 && zeros_of(object) > 0;
}

/* The value with its standard error, the smallest that would have been found, and its unit. */
static status print_row(const json_t *object, const char *key, const json_t *value, const struct title *w)
{
	char error[64], *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		return fail(ERR_MEMORY, "out of memory: the report");
	if (is_infinite(object, key, value))
		fprintf(to, "infinite: probability 0 for the class of %lld example%s", zeros_of(object),
		        zeros_of(object) == 1 ? "" : "s");
	else
		print_value(to, value);
	snprintf(error, sizeof error, "%.40s_se", key);
	const json_t *se = json_object_get(object, error);
	if (json_is_real(se))
		fprintf(to, " ± %.2g", json_real_value(se));
	snprintf(error, sizeof error, "%.40s_detectable", key);
	const json_t *detectable = json_object_get(object, error);
	if (json_is_real(detectable))
		fprintf(to, " (%.2g would show)", json_real_value(detectable));
	fputs(json_is_null(value) ? "" : w->unit, to);
	bool good = fclose(to) == 0 && text;
	if (good)
		print_wrapped(w->label, text);
	free(text);
	return good ? OK : fail(ERR_MEMORY, "out of memory: the report");
}

/* The target's sentence ends with the note, which is a member of its own for programs. */
static bool said_before(const json_t *object, const char *key)
{
	const char *target = json_string_value(json_object_get(object, "target"));
	return strcmp(key, "note") == 0 && target && strstr(target, json_string_value(json_object_get(object, key)));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), of_end = strlen(end);
	return length > of_end && strcmp(text + length - of_end, end) == 0;
}

/* Whether a member has no row of its own. */
static bool is_silent(const json_t *object, const char *key, const json_t *value)
{
	return ends_with(key, "_se") || ends_with(key, "_detectable") || strcmp(key, "units") == 0 || strcmp(key, "verified") == 0 ||
	       strcmp(key, "zero_probabilities") == 0 || said_before(object, key) ||
	       (json_is_array(value) && (json_array_size(value) == 0 || json_is_object(json_array_get(value, 0)) ||
	                                 json_is_array(json_array_get(value, 0))));
}

status report_print(const json_t *object)
{
	const char *key;
	json_t *value;
	if (!object)
		return fail(ERR_MEMORY, "out of memory: the report");
	json_object_foreach((json_t *)object, key, value) {
		struct title w = find(key);
		/* An undefined figure is shown, a fact that isn't there isn't. */
		if (is_silent(object, key, value) || (json_is_null(value) && (w.label == key || strcmp(key, "ood_normalize") == 0)))
			continue;
		TRY(print_row(object, key, value, &w));
	}
	return OK;
}

/* Short enough for a curve to fit into 80 columns. */
static const char *heading(const char *key)
{
	return strcmp(key, "expected_entropy") == 0   ? "exp.entropy"
	     : strcmp(key, "mutual_information") == 0 ? "mut.info" : key;
}

static int columns_of(const char *key)
{
	int n = (int)strlen(heading(key)) + 2;
	return n < 9 ? 9 : n;
}

void report_table(const json_t *array)
{
	const char *key;
	json_t *value, *row;
	size_t i;
	json_object_foreach(json_array_get(array, 0), key, value)
		if (strcmp(key, "zero_probabilities") != 0)
			printf("%*s", columns_of(key), heading(key));
	putchar('\n');
	json_array_foreach((json_t *)array, i, row) {
		json_object_foreach(row, key, value) {
			if (strcmp(key, "zero_probabilities") == 0)
				continue;
			if (is_infinite(row, key, value))
				printf("%*s", columns_of(key), "infinite");
			else if (json_is_integer(value))
				printf("%*lld", columns_of(key), (long long)json_integer_value(value));
			else if (json_is_real(value))
				printf(" %*s", columns_of(key) - 1, words_number(json_real_value(value)).at);
			else
				printf("%*s", columns_of(key), "-");
		}
		putchar('\n');
	}
}
