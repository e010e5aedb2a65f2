/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/ritz.h"

#include <gsl/gsl_eigen.h>

status ritz_open(struct ritz *r, size_t room, struct arena *a)
{
	*r = (struct ritz){.room = room};
	TRY(ARENA_NEW(a, room, &r->value));
	TRY(ARENA_NEW(a, room * room, &r->vector));
	return ARENA_NEW(a, room * (room + 4), &r->work);
}

void ritz_solve(struct ritz *r, const double *h, size_t from, size_t n)
{
	/* GSL's workspace has the size of its matrix, which grows here from call to call: four vectors of its own, that this one
	 * shares out. */
	double *own = r->work + r->room * r->room;
	gsl_eigen_symmv_workspace w = {n, own, own + n, own + 2 * n, own + 3 * n};
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			r->work[i * n + j] = r->work[j * n + i] = h[(from + i) * r->room + from + j];
	gsl_matrix_view m = gsl_matrix_view_array(r->work, n, n), vectors = gsl_matrix_view_array_with_tda(r->vector, n, n, r->room);
	gsl_vector_view values = gsl_vector_view_array(r->value, n);
	gsl_eigen_symmv(&m.matrix, &values.vector, &vectors.matrix, &w);
	gsl_eigen_symmv_sort(&values.vector, &vectors.matrix, GSL_EIGEN_SORT_VAL_DESC);
}
