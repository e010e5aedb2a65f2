/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "predict/decide/decisions_private.h"
#include "src/backend.h"
#include "src/data/fingerprint.h"
#include "src/json_build.h"
#include "src/json_text.h"
#include "src/likelihood.h"

static const char format[] = "basin-decisions";
enum { FORMAT_VERSION = 1, CLASSES_MOST = 1 << 24 };

/* ---- writing ---- */

/* Over the file's JSON without the checksum, so that blanks and line ends don't count. Errors: ERR_MEMORY. */
static status sum_of(const json_t *whole, uint64_t *out)
{
	char *text = whole ? json_text(whole) : NULL;
	if (!text)
		return fail(ERR_MEMORY, "out of memory: decisions");
	*out = XXH3_64bits(text, strlen(text));
	free(text);
	return OK;
}

static json_t *classes_to_json(const struct decisions *d)
{
	if (!d->class_name)
		return d->classes ? json_integer(d->classes) : json_null();
	json_t *names = json_array();
	for (int i = 0; i < d->classes; i++)
		json_add(&names, json_string(d->class_name[i]));
	return names;
}

static json_t *print_to_json(uint64_t print)
{
	return print ? json_string(fingerprint_text(print).at) : json_null();
}

json_t *decisions_to_json(const struct decisions *d, const char *program, json_t *made_from)
{
	json_t *whole = json_object();
	json_put(&whole, "format", json_string(format));
	json_put(&whole, "version", json_integer(FORMAT_VERSION));
	json_put(&whole, "program", json_string(program));
	json_put(&whole, "likelihood", d->likelihood ? json_string(d->likelihood) : json_null());
	json_put(&whole, "classes", classes_to_json(d));
	json_put(&whole, "targets", d->targets ? json_integer(d->targets) : json_null());
	json_put(&whole, "n", json_integer((json_int_t)d->n));
	json_put(&whole, "snapshots", json_integer((json_int_t)d->snapshots));
	json_put(&whole, "ensemble_fingerprint", print_to_json(d->ensemble));
	json_put(&whole, "data_fingerprint", print_to_json(d->data));
	json_put(&whole, "held_by_class", json_boolean(d->held_by_class));
	json_put(&whole, "precision", *d->precision.at ? json_string(d->precision.at) : json_null());
	json_put(&whole, "made_from", made_from);
	json_put(&whole, "rules", decisions_rules(d));
	return whole;
}

status decisions_write(FILE *to, json_t *whole)
{
	uint64_t sum;
	const bool summed = sum_of(whole, &sum) == OK;
	json_put(&whole, "checksum", summed ? json_string(fingerprint_text(sum).at) : NULL);
	char *text = whole ? json_text(whole) : NULL;
	json_decref(whole);
	if (!text)
		return fail(ERR_MEMORY, "out of memory: decisions");
	fputs(text, to);
	putc('\n', to);
	free(text);
	return OK;
}

/* ---- reading ---- */

static status check_kind(const char *path, const json_t *whole)
{
	const char *is = json_string_value(json_object_get(whole, "format"));
	if (!is || strcmp(is, format) != 0)
		return fail(ERR_INPUT, "%s: not a file of decisions, as basin decide writes them", path);
	const json_int_t version = json_integer_value(json_object_get(whole, "version"));
	if (version != FORMAT_VERSION)
		return fail(ERR_INPUT, "%s: version %" JSON_INTEGER_FORMAT " of the format of decisions; this program reads version %d", path,
		            version, FORMAT_VERSION);
	return OK;
}

/* The checksum is taken out of it. */
static status check_sum(const char *path, json_t *whole)
{
	uint64_t sum;
	json_t *said = json_incref(json_object_get(whole, "checksum"));
	json_object_del(whole, "checksum");
	status s = sum_of(whole, &sum);
	const bool same = s == OK && json_is_string(said) && strcmp(json_string_value(said), fingerprint_text(sum).at) == 0;
	json_decref(said);
	TRY(s);
	if (!same)
		return fail(ERR_DAMAGE, "%s: does not match its checksum: it is damaged, or was changed by hand, which no guarantee outlives; "
		            "make it again with basin decide", path);
	return OK;
}

static status read_print(const struct part *p, const char *member, uint64_t *out)
{
	const json_t *j = json_object_get(p->j, member);
	const char *text = json_string_value(j);
	char *end;
	*out = 0;
	if (!text)
		return !j || json_is_null(j) ? OK : part_wrong(p, member, "a fingerprint or null");
	*out = strtoull(text, &end, 16);
	return *out && strcmp(text, fingerprint_text(*out).at) == 0 ? OK : part_wrong(p, member, "a fingerprint of 16 digits");
}

static status read_likelihood(const struct part *p, struct decisions *d)
{
	const struct likelihood *l;
	const json_t *j = json_object_get(p->j, "likelihood");
	if (!j || json_is_null(j))
		return OK;
	if (!json_is_string(j) || likelihood_find(json_string_value(j), &l) != OK)
		return part_wrong(p, "likelihood", "one of " LIKELIHOOD_WORDS " or null");
	d->likelihood = l->name;
	return OK;
}

/* Files of earlier versions don't say it. */
static status read_precision(const struct part *p, struct decisions *d)
{
	int precision;
	const json_t *j = json_object_get(p->j, "precision");
	if (!j || json_is_null(j))
		return OK;
	TRY(part_word(p, "precision", PRECISION_WORDS, &precision));
	d->precision = words_at(PRECISION_WORDS, precision);
	return OK;
}

static status read_names(const struct part *p, const json_t *list, struct decisions *d)
{
	const char **names;
	TRY(ARENA_NEW(p->arena, json_array_size(list), &names));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *name = json_array_get(list, i);
		char *copy;
		if (!json_is_string(name))
			return part_wrong(p, "classes", "names, a number of classes, or null");
		TRY(arena_text(p->arena, &copy, "%s", json_string_value(name)));
		names[i] = copy;
	}
	d->class_name = names;
	return OK;
}

/* Rules are for classes, or for real targets. */
static status read_outputs(const struct part *p, struct decisions *d)
{
	const json_t *classes = json_object_get(p->j, "classes"), *targets = json_object_get(p->j, "targets");
	size_t n = json_is_array(classes) ? json_array_size(classes) : 0;
	if (n > CLASSES_MOST)
		return part_wrong(p, "classes", "fewer of them");
	if (n)
		TRY(read_names(p, classes, d));
	else if (classes && !json_is_null(classes))
		TRY(part_count(p, "classes", 1, CLASSES_MOST, &n));
	d->classes = (int)n;
	n = 0;
	if (targets && !json_is_null(targets))
		TRY(part_count(p, "targets", 1, CLASSES_MOST, &n));
	d->targets = (int)n;
	return !d->classes == !d->targets ? part_wrong(p, "classes", "classes or targets, one of them") : OK;
}

static status read_whole(const struct part *p, struct decisions *d)
{
	TRY(read_likelihood(p, d));
	TRY(read_outputs(p, d));
	TRY(part_count(p, "n", 1, SIZE_MAX >> 16, &d->n));
	TRY(part_count(p, "snapshots", 1, SIZE_MAX >> 16, &d->snapshots));
	TRY(read_print(p, "ensemble_fingerprint", &d->ensemble));
	TRY(read_print(p, "data_fingerprint", &d->data));
	d->held_by_class = json_is_true(json_object_get(p->j, "held_by_class"));
	TRY(read_precision(p, d));
	return rules_read(p, d);
}

status decisions_read(const char *path, struct arena *a, struct decisions *out)
{
	json_t *whole;
	*out = (struct decisions){.n = 0};
	TRY(json_text_read(path, &whole));
	status s = check_kind(path, whole);
	if (s == OK)
		s = check_sum(path, whole);
	if (s == OK)
		s = read_whole(&(struct part){whole, path, "", a}, out);
	json_decref(whole);
	return s;
}
