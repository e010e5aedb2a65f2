/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What an ensemble makes of its members' outputs under a likelihood: one static const struct each, found by the
 * likelihood's loss. Classes become a mixture of probabilities to which members are added one at a time; of real targets
 * every member's outputs are kept. */
#ifndef BASIN_PREDICTIVE_H
#define BASIN_PREDICTIVE_H

#include <stdio.h>

#include "predict/figures.h"
#include "predict/mixture.h"
#include "predict/regression.h"
#include "predict/subject.h"

struct member_draws;
struct decisions;

/* The predictions of one data set: 4 · n · classes + 8 · n · (classes + 6) bytes for classes, and 4 · members · n · outputs
 * for real targets. */
struct predictions {
	const struct predictive *how;
	const struct network *network;
	const struct subject *subject;
	size_t members;           /* that there will be */
	struct mixture mixture;   /* classes; else of no classes */
	float *outputs;           /* (members, n, outputs) where all are kept; else NULL */
	double *member_sd;        /* (members, targets): deviations that members sampled, in the outputs' units; NULL: none did */
	float *probs;             /* (n, classes): one member's; NULL without classes */
	FILE *each;               /* receives each member's probabilities (n, classes), float32; NULL: not wanted */
	float *kept;              /* (members, n, classes): likewise, in memory; NULL: not wanted */
	struct member_draws *draws;  /* receives numbers of each member's (draws.h); NULL: not wanted */
	const struct decisions *rules;  /* of decision, which rows are told by (decisions.h); NULL: none */
	struct figures *curve;    /* (members): figures of the first 1, 2, … members; NULL: not wanted */
	/* (members), NULL where nothing is scored: at the first member of each snapshot file, else NaN, the figure `guessed` of the
	 * file's members by themselves, and of its last one, where its chain ended. */
	double *alone, *ending;
};

struct predictive {
	/* Class probabilities that the mixture has for so many outputs, or 0 for real targets. */
	int (*classes)(int outputs);
	bool keeps_outputs;       /* of all members */
	/* Whether it can score a set by its targets. Errors: ERR_USAGE, naming the set and what differs. */
	status (*check)(const struct network *n, const struct dataset *d);
	/* Looks at member i's parameters θ (host) before its outputs come; NULL: nothing of them is needed. */
	void (*read)(struct predictions *p, size_t i, const float *theta);
	/* Adds rows first … first + count − 1 of a member's outputs (n, outputs), in any order and by several threads at a time.
	 * Errors: ERR_INPUT for outputs that are not finite. */
	status (*add)(struct predictions *p, const float *outputs, size_t first, size_t count);
	/* All rows of member i are added: writes them where each member's are wanted, and its point of the curve; NULL
	 * where outputs only have to lie in their place. Errors: ERR_IO, ERR_MEMORY. */
	status (*added)(struct predictions *p, size_t i);
	/* The figure that `guessed` names of members first … end − 1 by themselves, all of a file, whose last one was added. */
	double (*alone)(struct predictions *p, size_t first, size_t end);
	/* The same of member i by itself, the last one added; and its log-likelihood of an example's target: nats, density in own
	 * units. NaN where no targets are looked at. */
	double (*member)(const struct predictions *p, size_t i);
	double (*log_lik)(const struct predictions *p, size_t i, size_t example);
	double (*mean_log_lik)(const struct predictions *p, size_t i);  /* of all examples */
	/* The same figure of a guess that looks at no inputs, NaN where there is none; and what it is that is guessed. */
	double (*guess)(const struct predictions *p);
	const char *guessed, *guessed_title, *guess_words;
	/* The figures of all members, and the rest of the curve. Errors: ERR_INPUT, ERR_MEMORY. */
	status (*score)(const struct predictions *p, struct figures *out);
};

extern const struct predictive predictive_categorical, predictive_bernoulli, predictive_gaussian;

const struct predictive *predictive_of(const struct likelihood *l);

/* What becomes of predictions. */
enum scoring {
	SCORE_NOTHING,            /* the set's targets are not looked at */
	SCORE_MEMBERS,            /* of each member by itself, for what is drawn of it */
	SCORE_ALL,                /* of all members */
	SCORE_CURVE               /* of the first 1, 2, … members too */
};

/* Makes room for the predictions of so many members in the arena. Errors: ERR_MEMORY; ERR_INPUT for targets that can't be
 * scored, as `check` would have said. */
status predictions_open(struct arena *a, const struct network *n, const struct subject *subject, size_t members,
                        enum scoring scoring, struct predictions *out);

/* Predictions of real targets as they are scored. */
struct regression predictions_regression(const struct predictions *p);

/* Whether members' own probabilities are wanted, and not their sums alone. */
bool predictions_want_members(const struct predictions *p);

/* Where member i's outputs belong, if all are kept. */
float *predictions_place(const struct predictions *p, size_t i);

/* The figures of a mixture by its labels; `errors`: standard errors too. Errors: as metrics_classes'. */
status predictive_score_classes(const struct mixture *m, bool errors, struct figures *out);

#endif
