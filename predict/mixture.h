/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A mixture of class probabilities over ensemble members, one member added at a time: what every classification metric
 * and OOD score is made of. Sums are double and in the members' order, so threads don't change them. */
#ifndef BASIN_MIXTURE_H
#define BASIN_MIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/arena.h"

struct mixture {
	size_t n;            /* examples */
	int c;               /* classes */
	size_t members;      /* S, added so far */
	double *p;           /* (n, c): Σ of the members' probabilities */
	double *entropy;     /* (n): Σ of H(p_s), nats */
	double *max_logit;   /* (n): Σ of the largest logit; NULL where members have no logits */
	double *energy;      /* (n): Σ of −logsumexp of the logits; NULL likewise */
	const int32_t *label;  /* (n): the examples' own classes y; NULL: not known */
	double *log_p;       /* (n): log Σ p_s(y), which stays finite where p_s(y) itself is too small for a double; NULL without
	                      * labels or logits, and where members are asked about by themselves alone */
	double *own;         /* (n): the same of the members since mixture_part; NULL likewise */
	double *last;        /* (n): log p_s(y) of the last member; NULL without labels or logits */
	size_t own_members;
	const size_t *line;  /* (n): the lines of standard input that the examples come from, for messages; NULL: of no such */
};

/* log(e^a + e^b); −∞ stands for no term. */
double log_add(double a, double b);

/* H(p) = −Σ p log p over c probabilities, in nats; 0 log 0 is 0. */
double entropy_of(const double *p, int c);

/* An empty mixture whose arrays lie in the arena; `logits`: members will have logits. Errors: ERR_MEMORY. */
status mixture_open(struct arena *a, size_t n, int c, bool logits, struct mixture *m);

/* Tells the examples' labels (n), which are kept, not copied; where members have logits, before the first of them.
 * Errors: ERR_INPUT for one that is no class, naming the example, from 0; ERR_MEMORY. */
status mixture_label(struct arena *a, struct mixture *m, const int32_t *label);

/* The same where members are asked about by themselves alone: of the examples' log-likelihoods the last member's are kept, and
 * mixture_loss goes by probabilities. */
status mixture_label_members(struct arena *a, struct mixture *m, const int32_t *label);

/* Adds a part of the current member: the softmax of `count` rows of logits (count, k) for examples first …. One logit in
 * a mixture of two classes is a Bernoulli's: its classes have logits (0, z). `p` (count, c) receives the member's
 * probabilities unless it is NULL. Several threads may add different rows. Errors: ERR_INPUT for a logit that is not
 * finite, naming the example, from 0, or its line. */
status mixture_add_logits(struct mixture *m, size_t first, size_t count, const float *logits, int k, float *p);

/* Says so of an example's outputs, line as in a mixture; ERR_INPUT. */
status mixture_not_finite(const size_t *line, size_t example);

/* The same from probabilities (count, c). Each is ≥ 0 and a row sums to 1 ± tolerance; they are taken as they are.
 * Errors: ERR_INPUT, naming the row, from 0. */
status mixture_add_probs(struct mixture *m, size_t first, size_t count, const double *p, double tolerance);

/* The current member is complete. */
void mixture_next(struct mixture *m);

/* The mean probabilities of example i into p (c). */
void mixture_mean(const struct mixture *m, size_t i, double *p);

/* −log p̄(y) of example i, nats: ∞ where p̄(y) is 0, which logits never give. */
double mixture_loss(const struct mixture *m, size_t i);

/* A new part of the members begins. */
void mixture_part(struct mixture *m);

/* The NLL of the mixture of the part's members alone; NaN without labels or logits. */
double mixture_part_nll(const struct mixture *m);

/* The NLL of the last member alone; NaN likewise. */
double mixture_last_nll(const struct mixture *m);

#endif
