/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a sampling method is: one static const struct. States and their steps, chains, checkpoints, schedules, precision and
 * priors are written once, elsewhere; a method's file has its equations and nothing else. */
#ifndef BASIN_SAMPLER_H
#define BASIN_SAMPLER_H

#include "samplers/methods.h"
#include "src/param.h"
#include "src/potential.h"
#include "src/text.h"

enum {
	SAMPLER_VECTORS = 6,   /* state vectors at most; the first one is θ, where gradients are taken */
	SAMPLER_SCRATCH = 4,
	SAMPLER_LOSSES = 3,
	SAMPLER_SCALARS = 16,
	SAMPLER_PARAMS = 16,
	SAMPLER_BASE = 7,      /* parameters of the base update (samplers/base.h) */
	SAMPLER_REPORTS = 4,
	SAMPLER_ARRAYS = 2
};

/* A state vector: as long as θ, kept in checkpoints. */
struct sampler_vector {
	const char *name;      /* "theta", "velocity" */
	const char *role;      /* snapshots keep it under this role; NULL: never kept */
	const char *when;      /* exists only where this parameter is not 0; NULL: always */
	bool zero;             /* starts at 0 instead of θ₀ */
};

/* A slot that the log shows under a name: an acceptance rate, a kinetic temperature. */
struct sampler_report {
	const char *name;
	int slot;
};

enum array_shape {
	ARRAY_EXAMPLES,        /* (N): a number a training example */
	ARRAY_PARAMS           /* (n_params): a number a parameter, in the flat vector's order */
};

/* Numbers from a file, the one that the parameter of that name gives; absent where it is not given. */
struct sampler_array {
	const char *param;     /* of type PARAM_PATH */
	enum array_shape shape;
};

/* One chain as its method sees it. */
struct sampler_state {
	const struct sampler *sampler;
	struct potential *potential;
	struct slots slots;
	float *vector[SAMPLER_VECTORS];    /* device; NULL where absent */
	float *scratch[SAMPLER_SCRATCH];   /* device: as long as θ, of no meaning between steps */
	float *losses[SAMPLER_LOSSES];     /* device: (B), numbers of the batch's examples, of no meaning between steps */
	float *gradient;                   /* device */
	float *stats;                      /* device: θ's running statistics; NULL where the potential has none */
	float *array[SAMPLER_ARRAYS];      /* device; NULL where not given */
	double param[SAMPLER_PARAMS];      /* in the order of sampler->params; NaN where neither given nor with a default */
	int base[SAMPLER_BASE];            /* where those of the base update stand in param, or −1; of methods that have one */
	double n, beta, decay;             /* N, β = N/T, δ */
	int size;                          /* B; an epoch's last batch may hold fewer */
	double lr, lr_before;              /* λ of this step, and of the one before it; in the first one the same. Of a method that
	                                    * adapts it `lr` is the schedule's until coef, and then its own */
	double lr_max;                     /* the largest λ that any step has */
	uint64_t burn_in;                  /* steps of a chain, from its first, in which a method may still adapt itself */
	bool exploring;                    /* this step is one without injected noise; β and what is tied to it stay as they are */
	struct batch batch;                /* of this step; before the first one its n alone is there, B */
	struct batch further;              /* and a second one, where the method has it */
	int rest;                          /* examples of an epoch's last batch where they are fewer than B; or 0 */
	struct pieces weights, others;     /* θ's tensors of a name that ends in ".weight", and all others: these are moving pieces
	                                    * in the one and frozen in the other; frozen ones are so in both. Where the method's
	                                    * `weights` says so */
};

struct sampler {
	const char *name, *help, *reference;
	const struct param *params;                    /* its own; NULL: none */
	struct sampler_vector vectors[SAMPLER_VECTORS];
	int scratch;                                   /* scratch vectors that it needs, */
	const char *scratch_when;                      /* and only where this parameter is not 0; NULL: always */
	int losses;                                    /* vectors of a number an example of the batch */
	bool weights;                                  /* it treats weights and other tensors apart */
	bool explores;                                 /* it takes its noise from sampler_noise, and so can do without it */
	bool athermal;                                 /* T has no part in it */
	bool whole;                                    /* a step is one of all data, of which a batch is only the part that is computed at
	                                                * once: an epoch is a step. It compares energies, which must be those of one
	                                                * function in float32, and λ is constant but for what it does about it itself */
	const char *scalars[SAMPLER_SCALARS];          /* names of the slots SLOT_SCALAR + i: the device's own, kept in checkpoints */
	struct sampler_report reports[SAMPLER_REPORTS];
	struct sampler_array arrays[SAMPLER_ARRAYS];
	/* Fills in parameters that follow from others and refuses what can't work, for step sizes up to lr_max. Errors:
	 * ERR_USAGE. NULL: nothing to do. */
	status (*init)(struct sampler_state *s, double lr_max);
	/* How many examples a step's further batch has, which is drawn independently of its batch; 0: there is none. NULL: none. */
	int (*further)(const struct sampler_state *s);
	/* Fills the sampler's slots for this step from lr, beta, decay, param. */
	void (*coef)(struct sampler_state *s);
	/* Issues the step's verbs. */
	status (*step)(struct sampler_state *s);
	/* Fills slots of reports that its steps leave alone, where a line of the log is due. NULL: nothing to do. */
	status (*report)(struct sampler_state *s);
	/* The sentence that says what is sampled ("exp(−(N/T) u(θ)) …"), from the state; NULL where no target is claimed. */
	void (*target)(const struct sampler_state *s, struct text *to);
};

#define SAMPLER_EXTERN(id, name, title) extern const struct sampler sampler_##id;
METHODS(SAMPLER_EXTERN)
#undef SAMPLER_EXTERN
extern const struct sampler *const samplers[];  /* table.c; NULL-terminated */

/* The method of that name; NULL: there is none, or no name. */
const struct sampler *sampler_named(const char *name);
/* Errors: ERR_USAGE, listing the names. */
status sampler_find(const char *name, const struct sampler **out);

/* Vectors of the device's that a state of the method has at most: its own, scratch and the gradient. */
size_t sampler_vectors(const struct sampler *s);
/* Those of them that snapshots hold. */
size_t sampler_kept(const struct sampler *s);

/* Where a parameter stands in `params` and so in a state's `param`; −1: it is none of this method's. */
int sampler_param(const struct sampler *s, const char *name);

/* Where a number that the log shows stands in `reports`; −1: it is none of this method's. */
int sampler_reported(const struct sampler *s, const char *name);

/* √(2λ/β), the deviation of a Langevin step's noise; 0 in a step that explores. */
double sampler_noise(const struct sampler_state *s);

/* The step's minibatch gradient at θ + σξ (sigma: slot, or SLOT_NONE for θ itself) into s->gradient. */
status sampler_gradient(struct sampler_state *s, int sigma);

/* A gradient of the step beyond the usual one: at any point, of the batch or of a part of it. */
struct sampler_gradient_request {
	struct point at;
	const struct batch *batch; /* NULL: the step's */
	float *gradient;           /* device, n_params; may be at.v; NULL: the value alone */
	bool first;                /* the step's first pass over these examples: it counts, and updates running statistics */
	bool accumulate;           /* add to gradient and to the value */
	enum stream augment;       /* of its examples; 0: STREAM_AUGMENT */
	float *each;               /* device: (examples of the batch), set to their ℓᵢ; NULL: not wanted */
	const struct reweight *reweight;   /* as in struct gradient_request, or NULL */
};

/* Errors: ERR_LIBRARY. */
status sampler_gradient_at(struct sampler_state *s, const struct sampler_gradient_request *r);

/* The gradient of the mean over n examples, those that begin where a batch does, in chunks of what the potential was planned for;
 * the value in SLOT_NLL. Statistics stay, nothing is counted. Errors: ERR_LIBRARY. */
status sampler_gradient_over(struct sampler_state *s, const struct point *at, const struct batch *rows, size_t n,
                             enum stream augment, float *gradient);

/* The gradient of the mean over all N examples at a point, in chunks of what the potential was planned for, nothing
 * augmented otherwise than a step's batch; the value in SLOT_NLL. first: the step's first pass over them, which counts and, as
 * sampler_gradient's, updates statistics; else those stay. Errors: ERR_LIBRARY. */
status sampler_full_gradient(struct sampler_state *s, const struct point *at, bool first, float *gradient);

/* δ with the largest prior factor of a tensor that moves, times the largest curvature of a prior of its kind: what bounds on the
 * step size must hold for. */
double sampler_decay_most(const struct sampler_state *s, double decay);

/* Whether the priors of all tensors that move are Gaussian. */
bool sampler_prior_is_gaussian(const struct sampler_state *s);

/* The affine verb over the potential's pieces. */
status sampler_affine(struct sampler_state *s, const struct affine *a);

/* The pointwise verb over pieces. */
status sampler_pointwise(struct sampler_state *s, const struct pieces *p, const struct pointwise *w);

/* θ + hz into a vector, h a slot, with the step's random signs z (STREAM_RADEMACHER); frozen tensors stay. Errors: ERR_LIBRARY. */
status sampler_probe(struct sampler_state *s, int h, float *to);

/* How many parameters move; 1 where none does. */
double sampler_moving(const struct sampler_state *s);

/* value[slot] = Σ x·y over the parameters that move. */
status sampler_product(struct sampler_state *s, const float *x, const float *y, int slot);

#endif
