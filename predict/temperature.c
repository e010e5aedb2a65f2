/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/temperature.h"

/* Of a parameter with a prior factor. */
static double extra_precision(const struct law *l, double factor)
{
	const double anchor = l->anchor_decay * factor;
	return l->coupling > 0 && anchor > 0 ? l->coupling * anchor / (l->coupling + anchor) : 0;
}

static struct prior_curve curve_of(const struct law *l, const struct piece *p)
{
	return prior_curve(p->kind, p->nu, p->prior, prior_deviation(l->n, l->decay));
}

double temperature_virial(const struct law *l, const float *theta, const double *centre, const float *gradient)
{
	double virial = 0;
	for (int i = 0; i < l->pieces->n; i++) {
		const struct piece *p = &l->pieces->at[i];
		const double strength = l->decay * p->prior, extra = extra_precision(l, p->prior);
		const struct prior_curve curve = strength > 0 ? curve_of(l, p) : (struct prior_curve){.kind = PRIOR_GAUSSIAN};
		for (size_t j = p->offset; !p->frozen && j < p->offset + p->count; j++) {
			double slope = gradient[j] + extra * theta[j];
			if (strength > 0)
				slope += strength * prior_gradient(&curve, theta[j]);
			virial += (theta[j] - centre[j]) * slope;
		}
	}
	return virial * l->n / (double)pieces_moving(l->pieces);
}
