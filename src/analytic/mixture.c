/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* mixture: u(θ) = −log (1/K) Σₖ exp(−‖θ − mₖ‖²/(2V)), whose density at β = 1 is that of K Gaussians of equal weight and
 * covariance V·I. Centres are given one by one, or as a grid of ROWS × COLUMNS in two dimensions about the origin. */
#include <math.h>
#include <string.h>

#include "src/analytic/target.h"
#include "src/number.h"

static const char form[] = "X/Y/…,X/Y/…@V or ROWSxCOLUMNS:SPACING@V";

static bool whole(double x)
{
	return x >= 1 && x <= TERMS_MAX && x == floor(x);
}

/* Reads "ROWSxCOLUMNS:SPACING". */
static bool grid_read(const char *text, size_t length, double grid[3])
{
	const char *by = memchr(text, 'x', length), *colon = memchr(text, ':', length);
	return by && colon && by < colon && number_whole(text, (size_t)(by - text), &grid[0]) &&
	       number_whole(by + 1, (size_t)(colon - by) - 1, &grid[1]) &&
	       number_whole(colon + 1, (size_t)(text + length - colon) - 1, &grid[2]) && whole(grid[0]) && whole(grid[1]) &&
	       grid[0] * grid[1] <= TERMS_MAX && grid[2] > 0;
}

static status centres(struct target *t, const char *text, size_t length, struct peaks **out)
{
	if (!memchr(text, 'x', length)) {
		struct rows r;
		TRY(rows_read(t, text, length, 1, DIMENSIONS_MAX, "a centre, X/Y/… with as many numbers as the first", &r));
		t->d = r.parts;
		TRY(peaks_open(t, r.n, out));
		memcpy((*out)->centre, r.at, r.n * (size_t)r.parts * sizeof *r.at);
		return OK;
	}
	double grid[3];
	if (!grid_read(text, length, grid))
		return fail(ERR_USAGE, "{model} %s: expected a grid ROWSxCOLUMNS:SPACING, of at most %d centres", t->spec, TERMS_MAX);
	size_t columns = (size_t)grid[1];
	t->d = 2;
	TRY(peaks_open(t, (size_t)grid[0] * columns, out));
	for (size_t k = 0; k < (*out)->n; k++) {
		(*out)->centre[2 * k] = grid[2] * ((double)(k % columns) - (grid[1] - 1) / 2);
		(*out)->centre[2 * k + 1] = grid[2] * ((double)(k / columns) - (grid[0] - 1) / 2);
	}
	return OK;
}

static status mixture_open(struct target *t, const char *rest)
{
	const char *at = strchr(rest, '@');
	struct peaks *p;
	double variance;
	if (!at)
		return fail(ERR_USAGE, "{model} %s: expected mixture:%s", t->spec, form);
	if (!number_whole(at + 1, strlen(at + 1), &variance) || variance <= 0)
		return fail(ERR_USAGE, "{model} %s: \"%s\" after @: expected a variance above 0", t->spec, at + 1);
	TRY(centres(t, rest, (size_t)(at - rest), &p));
	double square = 0;
	for (size_t k = 0; k < p->n; k++) {
		p->precision[k] = 1 / variance;
		p->height[k] = -log((double)p->n);
		for (int j = 0; j < t->d; j++)
			square += p->centre[k * (size_t)t->d + (size_t)j] * p->centre[k * (size_t)t->d + (size_t)j] / (double)p->n;
	}
	t->spread = sqrt(square / t->d + variance);
	return arena_text(t->arena, &t->note, "%zu Gaussian%s of equal weight in %d dimension%s, variance %g in each", p->n, p->n == 1 ? "" : "s",
	                  t->d, t->d == 1 ? "" : "s", variance);
}

const struct analytic_kind analytic_mixture = {.name = "mixture", .rest = form, .open = mixture_open, .value = peaks_value,
                                               .hvp = peaks_hvp};
