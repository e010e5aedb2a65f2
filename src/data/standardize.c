/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/standardize.h"

#include <math.h>

#include "src/json_build.h"
#include "src/json_numbers.h"

static inline double value(const float *x, const double *wide, size_t i)
{
	return wide ? wide[i] : (double)x[i];
}

status standardize_moments(struct arena *a, const float *x, const double *wide, size_t n, size_t columns,
                           const uint8_t *left_out, double **mean, double **sd)
{
	double *m, *v;
	bool *varies;
	size_t rows = 0, first = 0;
	TRY(ARENA_NEW(a, columns, &m));
	TRY(ARENA_NEW(a, columns, &v));
	TRY(ARENA_NEW(a, columns, &varies));
	while (left_out && first + 1 < n && left_out[first])
		first++;
	for (size_t i = first; i < n; i++)
		if (!left_out || !left_out[i]) {
			rows++;
			for (size_t j = 0; j < columns; j++)
				m[j] += value(x, wide, i * columns + j);
		}
	for (size_t j = 0; j < columns; j++)
		m[j] /= (double)rows;
	for (size_t i = first; i < n; i++)
		if (!left_out || !left_out[i])
			for (size_t j = 0; j < columns; j++) {
				double at = value(x, wide, i * columns + j), r = at - m[j];
				v[j] += r * r;
				varies[j] |= at != value(x, wide, first * columns + j);
			}
	for (size_t j = 0; j < columns; j++) {
		m[j] = varies[j] ? m[j] : value(x, wide, first * columns + j);
		v[j] = varies[j] ? sqrt(v[j] / (double)rows) : 0;
	}
	*mean = m;
	*sd = v;
	return OK;
}

status standardize_measure(struct arena *a, const float *x, const double *wide, size_t n, size_t columns,
                           const uint8_t *left_out, double **mean, double **sd)
{
	TRY(standardize_moments(a, x, wide, n, columns, left_out, mean, sd));
	for (size_t j = 0; j < columns; j++)
		(*sd)[j] = (*sd)[j] > 0 ? (*sd)[j] : 1;
	return OK;
}

void standardize_rows(float *x, const double *wide, size_t n, size_t columns, const double *mean, const double *sd)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < columns; j++)
			x[i * columns + j] = (float)((value(x, wide, i * columns + j) - mean[j]) / sd[j]);
}

json_t *standardize_to_json(const struct standardize *s, int columns, int targets)
{
	if (!s->x_mean)
		return json_null();
	json_t *j = json_pack("{s:o, s:o}", "x_mean", json_numbers(s->x_mean, columns), "x_sd", json_numbers(s->x_sd, columns));
	json_put(&j, "target_mean", s->target_mean ? json_numbers(s->target_mean, targets) : json_null());
	json_put(&j, "target_sd", s->target_sd ? json_numbers(s->target_sd, targets) : json_null());
	/* Chains that an earlier version began and this one go together. */
	if (!s->single)
		json_put(&j, "float64", json_true());
	return j;
}

/* *out stays NULL where the list is absent. */
static status read_list(const json_t *j, const char *name, struct arena *a, size_t n, const double **out)
{
	double *x;
	bool found;
	TRY(ARENA_NEW(a, n, &x));
	TRY(json_numbers_read(j, name, n, x, &found));
	*out = found ? x : NULL;
	return OK;
}

bool standardize_was_single(const json_t *j)
{
	return json_is_object(j) && !json_is_true(json_object_get(j, "float64"));
}

static bool lists_alike(const json_t *a, const json_t *b, const char *mean, const char *sd)
{
	const json_t *mean_a = json_object_get(a, mean), *mean_b = json_object_get(b, mean);
	const json_t *sd_a = json_object_get(a, sd), *sd_b = json_object_get(b, sd);
	bool alike = true;
	for (size_t i = 0; i < json_array_size(mean_a) && i < json_array_size(mean_b); i++) {
		const double m = json_number_value(json_array_get(mean_a, i)), s = json_number_value(json_array_get(sd_a, i));
		const double within = 1e-6 * s + 1e-12 * fabs(m);
		alike = alike && fabs(json_number_value(json_array_get(mean_b, i)) - m) <= within &&
		        fabs(json_number_value(json_array_get(sd_b, i)) - s) <= within;
	}
	return alike;
}

bool standardize_alike(const json_t *a, const json_t *b)
{
	return lists_alike(a, b, "x_mean", "x_sd") && lists_alike(a, b, "target_mean", "target_sd");
}

status standardize_from_json(const json_t *j, struct arena *a, size_t columns, size_t targets, struct standardize *out)
{
	*out = (struct standardize){.single = standardize_was_single(j)};
	TRY(read_list(j, "x_mean", a, columns, &out->x_mean));
	TRY(read_list(j, "x_sd", a, columns, &out->x_sd));
	if (!targets)
		return OK;
	TRY(read_list(j, "target_mean", a, targets, &out->target_mean));
	return read_list(j, "target_sd", a, targets, &out->target_sd);
}
