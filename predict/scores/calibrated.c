/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/calibrated.h"

#include <math.h>

#include "predict/errors.h"
#include "predict/scaling.h"
#include "src/rng.h"

/* Examples order (n) of a mixture, as one by themselves. */
static status part_of(const struct mixture *m, const uint32_t *order, size_t n, struct arena *a, struct mixture *out)
{
	const size_t c = (size_t)m->c;
	int32_t *label;
	*out = (struct mixture){.n = n, .c = m->c, .members = m->members};
	TRY(ARENA_NEW(a, n * c, &out->p));
	TRY(ARENA_NEW(a, n, &label));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < c; k++)
			out->p[i * c + k] = m->p[order[i] * c + k];
		label[i] = m->label[order[i]];
	}
	out->label = label;
	return OK;
}

static status cross(const struct mixture *m, struct arena *a, struct calibrated *out)
{
	const size_t half = m->n / 2, size[2] = {half, m->n - half};
	struct mixture part[2];
	struct scaling fit[2];
	uint32_t *order;
	double *loss;
	TRY(ARENA_NEW(a, m->n, &order));
	TRY(ARENA_NEW(a, m->n, &loss));
	rng_permutation((struct rng_key){0, 0}, STREAM_HALVES, 0, order, m->n);
	for (int h = 0; h < 2; h++) {
		TRY(part_of(m, order + h * half, size[h], a, &part[h]));
		TRY(scaling_fit(&part[h], SCALING_PSEUDO, &fit[h]));
		out->temperature[h] = fit[h].t;
	}
	out->nll = 0;
	for (size_t i = 0; i < m->n; i++) {
		const int h = i >= half;
		loss[i] = scaling_loss(&part[h], h ? i - half : i, out->temperature[!h]);
		out->nll += loss[i] / (double)m->n;
	}
	out->nll_se = mean_error(loss, m->n);
	return OK;
}

status calibrated_nll(const struct mixture *m, struct calibrated *out)
{
	struct arena arena = {0};
	*out = (struct calibrated){NAN, NAN, {NAN, NAN}};
	status s = m->n < 2 || !m->members ? OK : cross(m, &arena, out);
	arena_free(&arena);
	return s;
}
