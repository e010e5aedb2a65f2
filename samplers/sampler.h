/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sampling method is: one static const struct. Chains, checkpoints, schedules, precision and priors are written
 * once, elsewhere; a method's file has its equations and nothing else. */
#ifndef BASIN_SAMPLER_H
#define BASIN_SAMPLER_H

#include "src/options/opt.h"
#include "src/potential.h"

enum {
	SAMPLER_VECTORS = 4,   /* state vectors at most; the first one is θ, where gradients are taken */
	SAMPLER_SCALARS = 4,
	SAMPLER_PARAMS = 8
};

/* A state vector: as long as θ, kept in checkpoints. */
struct sampler_vector {
	const char *name;      /* "theta", "velocity" */
	const char *role;      /* snapshots keep it under this role; NULL: never kept */
	const char *when;      /* exists only where this real option is not 0; NULL: always */
	bool zero;             /* starts at 0 instead of θ₀ */
};

/* One chain as its sampler sees it. */
struct sampler_state {
	struct potential *potential;
	struct slots slots;
	float *vector[SAMPLER_VECTORS];    /* device; NULL where absent */
	float *gradient;                   /* device */
	float *stats;                      /* device: θ's running statistics */
	double scalar[SAMPLER_SCALARS];    /* kept in checkpoints */
	double param[SAMPLER_PARAMS];      /* options, read once by init */
	double n, beta, decay;             /* N, β = N/T, δ */
	double lr;                         /* λ of this step */
	struct batch batch;                /* of this step */
};

struct sampler {
	const char *name, *help, *reference;
	const struct opt_table *options;               /* NULL: none of its own */
	struct sampler_vector vectors[SAMPLER_VECTORS];
	const char *scalars[SAMPLER_SCALARS];
	const char *params[SAMPLER_PARAMS];            /* options whose values param holds where they were not given; NULL: none */
	int gradients_per_step;
	/* Reads options into param, sets scalars; checks what can't work. Errors: ERR_USAGE. */
	status (*init)(struct sampler_state *s, const struct opts *o, double lr_max);
	/* Fills the sampler's slots for this step from lr, beta, decay, param. */
	void (*coef)(struct sampler_state *s);
	/* Issues the step's verbs. */
	status (*step)(struct sampler_state *s);
	/* The sentence that says what is sampled ("exp(−(N/T) u(θ)) …"), from the state; NULL where no target is claimed. */
	void (*target)(const struct sampler_state *s, char *text, size_t size);
};

extern const struct sampler sampler_sgd, sampler_sgld, sampler_fsgld, sampler_entropy_sgd, sampler_entropy_sgld,
	sampler_entropy_mcmc;
extern const struct opt_table table_sgd, table_fsgld, table_entropy_sgd, table_entropy_sgld, table_entropy_mcmc;
extern const struct sampler *const samplers[];  /* table.c; NULL-terminated */

/* Errors: ERR_USAGE, listing the names. */
status sampler_find(const char *name, const struct sampler **out);

/* The step's minibatch gradient at θ + σξ (sigma: slot, or SLOT_NONE for θ itself) into s->gradient. */
status sampler_gradient(struct sampler_state *s, int sigma);

/* δ with the largest --prior factor of a tensor that moves, times the largest curvature of a prior of its kind: what bounds on the
 * step size must hold for. */
double sampler_decay_most(const struct sampler_state *s, double decay);

/* The affine verb over the potential's pieces. */
status sampler_affine(struct sampler_state *s, const struct affine *a);

#endif
