/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/unlabelled.h"

#include <math.h>
#include <stdlib.h>

static struct figures class_figures(const struct mixture *m, double *p)
{
	double entropy = 0, expected = 0;
	const double n = (double)m->n, members = (double)m->members;
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, p);
		entropy += entropy_of(p, m->c) / n;
		expected += m->entropy[i] / members / n;
	}
	return (struct figures){m->n, m->members, 3, {
		{"entropy", entropy, false}, {"expected_entropy", expected, false},
		{"mutual_information", m->members > 1 ? fmax(0, entropy - expected) : (double)NAN, false},
	}};
}

status unlabelled_classes(const struct mixture *m, struct figures *out)
{
	double *p = malloc((size_t)m->c * sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: %d classes", m->c);
	*out = class_figures(m, p);
	free(p);
	return OK;
}

struct figures unlabelled_reals(const struct intervals *of)
{
	const size_t count = of->n * (size_t)of->k;
	double sd = 0;
	for (size_t e = 0; e < count; e++)
		sd += of->sd[e] / (double)count;
	return (struct figures){of->n, of->members, 1, {{"sd", sd, false}}};
}
