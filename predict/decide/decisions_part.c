/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Members of a file of decisions, of which none is believed. */
#include <math.h>
#include <string.h>

#include "predict/decide/decisions_private.h"
#include "src/words.h"

status part_wrong(const struct part *p, const char *member, const char *expected)
{
	return fail(ERR_INPUT, "%s: %s%s%s: %s expected", p->path, p->name, *p->name ? "." : "", member, expected);
}

status part_number(const struct part *p, const char *member, double low, double high, double *out)
{
	const json_t *j = json_object_get(p->j, member);
	char expected[80];
	*out = json_is_number(j) ? json_number_value(j) : (double)NAN;
	snprintf(expected, sizeof expected, "a number from %g to %g is", low, high);
	return *out >= low && *out <= high ? OK : part_wrong(p, member, expected);
}

status part_count(const struct part *p, const char *member, size_t low, size_t high, size_t *out)
{
	const json_t *j = json_object_get(p->j, member);
	const json_int_t is = json_is_integer(j) ? json_integer_value(j) : -1;
	char expected[80];
	snprintf(expected, sizeof expected, "a whole number from %zu to %zu is", low, high);
	*out = is < 0 ? 0 : (size_t)is;
	return is >= 0 && *out >= low && *out <= high ? OK : part_wrong(p, member, expected);
}

status part_flag(const struct part *p, const char *member, bool *out)
{
	const json_t *j = json_object_get(p->j, member);
	*out = json_is_true(j);
	return json_is_boolean(j) ? OK : part_wrong(p, member, "true or false is");
}

status part_word(const struct part *p, const char *member, const char *words, int *out)
{
	const json_t *j = json_object_get(p->j, member);
	char expected[80];
	*out = words_find(words, json_string_value(j));
	snprintf(expected, sizeof expected, "one of %s is", words);
	return *out >= 0 ? OK : part_wrong(p, member, expected);
}

status part_threshold(const struct part *p, const char *member, double *out)
{
	const json_t *j = json_object_get(p->j, member);
	*out = json_is_null(j) ? (double)INFINITY : json_number_value(j);
	return json_is_null(j) || json_is_number(j) ? OK : part_wrong(p, member, "a number or null is");
}
