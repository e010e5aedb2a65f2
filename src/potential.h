/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A potential is what samplers see: parameters, a minibatch value and gradient, and perhaps predictions. A network with
 * a likelihood on a data set is one; analytic targets are others. It gives the likelihood part alone: the prior is the
 * affine verb's, which knows every segment's factor. */
#ifndef BASIN_POTENTIAL_H
#define BASIN_POTENTIAL_H

#include "src/layer.h"

/* Which examples: rows index[first … first + n − 1] of the potential's set, first = value[row] + offset. What varies from step
 * to step is in the slots, so that a recorded step replays: whoever takes a step writes its batch's first row to SLOT_FIRST
 * before slots_send, and names it here. A part of that batch, a micro-batch, has an offset besides; rows that are the same at
 * every step, as those of a pass over all data, have SLOT_NONE and the offset alone. */
struct batch {
	const uint32_t *index; /* device, or NULL for consecutive rows */
	int row;               /* SLOT_FIRST, SLOT_FIRST_1 or SLOT_NONE */
	size_t offset;
	int n;
	const float *weight;   /* device: (n), beside those of the potential's own; or NULL for 1 */
	double scale;          /* of the sum over the batch; 1/n for its mean */
};

/* Weights that the batch's examples get once their ℓᵢ are known at the point, from what those are at another one, and before the
 * gradient is taken: weigh's, with a = ℓᵢ and b = `other`. */
struct reweight {
	const float *other;    /* device: (n) */
	int rate;              /* slot */
	float *weight;         /* device: (n), set to them */
};

struct gradient_request {
	struct point at;
	struct batch batch;
	float *gradient;       /* device, n_params; may be at.v, which is read before it is written; NULL: the value alone */
	bool accumulate;       /* add to gradient and to SLOT_NLL */
	bool count;            /* add to the running totals (the first gradient of a step does) */
	enum stats_policy policy;
	float *stats;          /* device, n_stats: running statistics that are updated or used */
	int stats_share;       /* STATS_CUMULATE: slot of this batch's share in the mean; 1/(k+1) after k batches of a pass */
	enum stream augment;   /* stream of this pass's augmentation */
	const struct reweight *reweight;  /* instead of the batch's weights, and with an `each`, not with accumulate: the value is that of
	                                   * Σ wᵢℓᵢ, what is counted that of Σ ℓᵢ; or NULL */
	float *each;           /* device: (n), set to the batch's unweighted ℓᵢ; or NULL */
};

struct potential;

struct potential_ops {
	/* Value to SLOT_NLL and gradient of scale · Σ wᵢ ℓᵢ(point). Errors: ERR_LIBRARY. */
	status (*value_grad)(struct potential *p, struct slots *s, const struct gradient_request *r);
	/* Outputs (logits, or means) of rows first … first + n − 1 to device memory out (n, outputs), n ≤ batch; θ and stats
	 * on the device too; nothing is augmented. prepare names both once per θ, and working weights are made of them when first
	 * needed. NULL where a potential predicts nothing. */
	status (*prepare)(struct potential *p, const float *theta, const float *stats);
	status (*predict)(struct potential *p, size_t first, int n, float *out);
	/* The same rows' outputs added to sums of the device's as those of a member (its number from 1; fresh: own begins with it). What
	 * backend.h's struct tally has of a batch is filled in here. NULL, or ERR_USAGE, where the device has no tally. */
	status (*tally)(struct potential *p, size_t first, int n, const struct tally *sums, size_t member, bool fresh);
	/* Exact Hessian–vector product: scale · Σ wᵢ ∇²ℓᵢ(point)·v to r->gradient, or added to it; v (n_params) is on the device, and may
	 * be r->gradient. Frozen parameters are held: what v has there counts as 0, and so has the product. Of r the point, batch,
	 * gradient, accumulate and stats, which are used, count; no slot changes. A network has it where it was opened with `tangents`.
	 * Or NULL. Errors: ERR_LIBRARY. */
	status (*hvp)(struct potential *p, struct slots *s, const struct gradient_request *r, const float *v);
	/* potential_lacks; NULL: no batch has a say. */
	status (*lacks)(struct potential *p, status s, size_t bytes, const char *what);
	/* What an analytic target is, in words; NULL for others. */
	const char *(*target_note)(const struct potential *p);
	void (*close)(struct potential *p);
};

/* The public part; each kind embeds it as its first member. */
struct potential {
	const struct potential_ops *ops;
	struct device *device;
	size_t n_params, n_stats;
	size_t n;                        /* N: training examples, or terms of an analytic target, mostly 1 */
	int batch;                       /* largest batch it was planned for */
	int least_batch;                 /* fewest examples that a gradient takes: 2 where one has no batch statistics; or 0 */
	int outputs;                     /* per example; 0 where nothing is predicted */
	bool fixed;                      /* u(θ) is one function: no batch norm, no augmentation */
	const struct segments *params, *stats;
	const struct pieces *pieces;     /* of params: prior factors and frozenness */
};

/* Of `what`, so many bytes, which the potential's device did not give: where s is ERR_MEMORY for want of room, the message says how
 * much was asked for and is free, and with which batch it would fit beside the potential. Returns s. */
status potential_lacks(struct potential *p, status s, size_t bytes, const char *what);

/* Closes any potential; NULL is fine. */
void potential_close(struct potential *p);

#endif
