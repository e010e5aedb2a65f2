/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* wells: u(x) = −log Σₖ exp(Dₖ − (x − cₖ)²/(2wₖ²)) in one dimension. Where a well stands alone u is −Dₖ + (x − cₖ)²/(2wₖ²) there;
 * at β = 1 its share of the mass is that of wₖ exp(Dₖ). */
#include <math.h>
#include <string.h>

#include "src/analytic/target.h"

static status wells_open(struct target *t, const char *rest)
{
	struct rows r;
	struct peaks *p;
	t->d = 1;
	TRY(rows_read(t, rest, strlen(rest), 3, 3, "CENTRE/WIDTH/DEPTH", &r));
	TRY(rows_above_zero(t, &r, 1, "width"));
	TRY(peaks_open(t, r.n, &p));
	for (size_t k = 0; k < r.n; k++) {
		const double *row = r.at + 3 * k;
		p->centre[k] = row[0];
		p->precision[k] = 1 / (row[1] * row[1]);
		p->height[k] = row[2];
		t->spread = fmax(t->spread, fabs(row[0]) + row[1]);
	}
	return arena_text(t->arena, &t->note, "%zu smooth well%s, u(x) = −log Σ exp(D − (x − c)²/(2w²))", r.n, r.n == 1 ? "" : "s");
}

const struct analytic_kind analytic_wells = {.name = "wells", .rest = "CENTRE/WIDTH/DEPTH,…", .open = wells_open,
                                             .value = peaks_value, .hvp = peaks_hvp};
