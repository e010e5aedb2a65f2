/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The Hessian of a mean loss as an operator: on all moving parameters, or on some tensors' own. */
#ifndef BASIN_HESSIAN_H
#define BASIN_HESSIAN_H

#include "curvature/curvature.h"
#include "src/potential.h"

/* What a Hessian is of. */
struct hessian_options {
	struct potential *potential;  /* whose hvp is there; kept, with its largest batch */
	const float *theta;           /* host: (n_params), and */
	const float *stats;           /* host: (n_stats), used as they are; NULL where there are none. Both are copied */
	const uint32_t *rows;         /* host: (n_rows) of the potential's set, copied; NULL: all, whatever n_rows is */
	size_t n_rows;
	const bool *tensor;           /* (segments of params): which are the operator's; the others are held, and those that are frozen
	                               * always. NULL: all that are not frozen. Not kept */
	double decay;                 /* δ: adds δ·factor·h′(θ) of each tensor's prior to the diagonal; 0: the loss alone */
	double deviation;             /* 1/√(Nδ) as SLOT_PRIOR has it, for priors other than gaussian */
	curvature_tick *tick;         /* or NULL */
	void *tick_of;
};

/* The block of the Hessian of (1/n_rows) Σ ℓᵢ, +prior, that the chosen tensors' elements make, in the order of memory. Batches
 * are summed where the device computes, in float32. Of priors, gaussian adds δ·factor, student-t what is negative beyond
 * √((ν−2)s²), and laplace 0, which its second derivative is wherever it has one. Errors: ERR_USAGE (the potential has no hvp: the
 * device has no exact tangents; no element moves; a row that is not there; no deviation; under a laplace prior an element at its
 * kink, 0), ERR_MEMORY, ERR_LIBRARY. */
status hessian_open(const struct hessian_options *h, struct curvature **out);
void hessian_close(struct curvature *c);

/* What the Hessian is of: (1/n_rows) Σ ℓᵢ in *loss, without the prior, and in gradient (n), on the host, that of the operator's
 * elements, with the prior's part where the Hessian has it. Errors: the tick's; ERR_LIBRARY. */
status hessian_loss(struct curvature *c, double *loss, float *gradient);

/* Where element 0 of a segment lies in the operator's vectors; SIZE_MAX where it is held. */
size_t hessian_offset(const struct curvature *c, int segment);

#endif
