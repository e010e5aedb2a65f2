/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/stored.h"

#include <limits.h>
#include <math.h>

#include "predict/predictive.h"

static const double tolerance = 1e-3;

status stored_open(struct arena *a, const char *path, struct stored *out)
{
	struct npy *array = &out->array;
	*out = (struct stored){.path = path};
	TRY(npy_read(path, a, array));
	if (array->ndim != 2 && array->ndim != 3)
		return fail(ERR_INPUT, "%s: %d dimensions; expected (examples, classes) or (members, examples, classes)", path,
		            array->ndim);
	const int64_t *shape = array->shape + array->ndim - 2;
	if (array->count == 0 || shape[1] > INT_MAX)
		return fail(ERR_INPUT, "%s: there are no probabilities in it", path);
	out->members = array->ndim == 3 ? (size_t)array->shape[0] : 1;
	return mixture_open(a, (size_t)shape[0], (int)shape[1], false, &out->mixture);
}

static void add_logs(const struct mixture *m, const double *p, struct member_logs *logs)
{
	for (size_t i = 0; i < m->n; i++)
		logs->row[i] = log(p[i * (size_t)m->c + (size_t)m->label[i]]);
	member_logs_add(logs);
}

status stored_fill(struct stored *s, struct arena *a, struct figures *curve)
{
	struct mixture *m = &s->mixture;
	size_t each = m->n * (size_t)m->c, element = npy_size(s->array.type);
	double *p;
	TRY(ARENA_NEW(a, each, &p));
	for (size_t i = 0; i < s->members; i++) {
		struct npy member = s->array;
		member.data = (const char *)s->array.data + i * each * element;
		member.count = each;
		npy_double(&member, p);
		status st = mixture_add_probs(m, 0, m->n, p, tolerance);
		if (st != OK && s->members > 1)
			st = fail_within(st, "member %zu, ", i);
		if (st != OK)
			return fail_within(st, "%s: ", s->path);
		mixture_next(m);
		if (curve)
			TRY(predictive_score_classes(m, false, &curve[i]));
		if (s->logs)
			add_logs(m, p, s->logs);
	}
	return OK;
}

status stored_members(const struct stored *s, struct arena *a, float **out)
{
	TRY(ARENA_NEW(a, s->array.count, out));
	npy_float(&s->array, *out);
	return OK;
}

status stored_labels(struct arena *a, const char *path, struct mixture *m)
{
	struct npy array;
	int32_t *label;
	size_t n = m->n;
	TRY(npy_read(path, a, &array));
	if (!npy_is_integer(array.type))
		return fail(ERR_INPUT, "%s: elements are %s; labels are integers", path, npy_name(array.type));
	if (array.count != n || array.ndim < 1 || array.shape[0] != (int64_t)n)
		return fail(ERR_INPUT, "%s: %zu labels for %zu rows of probabilities", path, array.count, n);
	TRY(ARENA_NEW(a, n, &label));
	for (size_t i = 0; i < n; i++) {
		int64_t y = npy_integer(&array, i);
		if (y < 0 || y >= m->c)
			return fail(ERR_INPUT, "%s: label %zu is %lld; classes 0 to %d were expected, as the probabilities have", path,
			            i, (long long)y, m->c - 1);
		label[i] = (int32_t)y;
	}
	return mixture_label(a, m, label);
}
