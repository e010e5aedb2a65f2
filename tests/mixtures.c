/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/mixtures.h"

#include "tests/tap.h"

struct mixture mixture_of(struct arena *arena, size_t members, size_t n, int c, const double *p, const int32_t *label)
{
	struct mixture m;
	MUST(mixture_open(arena, n, c, false, &m));
	if (label)
		MUST(mixture_label(arena, &m, label));
	for (size_t s = 0; s < members; s++) {
		MUST(mixture_add_probs(&m, 0, n, p + s * n * (size_t)c, 1e-3));
		mixture_next(&m);
	}
	return m;
}
