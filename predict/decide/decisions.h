/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rules of decision that were learnt from labelled rows which no member was trained on, and the file that keeps them:
 * JSON, of format "basin-decisions". Guarantees are about its numbers, so it has a checksum over them. */
#ifndef BASIN_DECISIONS_H
#define BASIN_DECISIONS_H

#include <stdio.h>

#include <jansson.h>

#include "predict/decide/abstain.h"
#include "predict/decide/alarm.h"
#include "predict/decide/conformal_intervals.h"
#include "predict/decide/conformal_sets.h"
#include "predict/ood.h"
#include "predict/scaling.h"
#include "src/arena.h"
#include "src/words.h"

/* What coverages, risks, false alarms and confidences lie between. */
#define SHARE_LEAST 1e-6
#define SHARE_MOST 0.999999

/* Classes: the set of a row (conformal_sets.h), from the probabilities as they are. */
struct decided_sets {
	bool made;
	struct set_rule rule;
	double coverage;
	bool by_class;
	struct conformal *q;      /* (1), or by class (classes) */
};

/* Real targets: the interval of each (conformal_intervals.h). */
struct decided_intervals {
	bool made;
	enum interval_score score;
	double coverage;
	struct conformal *q;      /* (targets) */
};

/* Rows that are accepted, by their largest probability as it is. */
struct decided_abstention {
	bool made;
	struct abstention fit;
};

/* Rows that raise an alarm: by the threshold that is sure, as the word is meant in alarm.h. */
struct decided_alarm {
	bool made;
	enum ood_score score;
	struct alarm fit;         /* read from a file: of its thresholds `sure` alone */
};

/* What it points to lies in an arena of whoever made it, or read it. */
struct decisions {
	/* What the rules are for. */
	const char *likelihood;   /* NULL: probabilities of any program */
	int classes;              /* 0: real targets */
	const char *const *class_name;   /* (classes) as JSON has them (json_words.h), or NULL */
	int targets;              /* real targets of a row; 0: classes */
	/* What they were learnt from. */
	size_t n, snapshots;
	uint64_t ensemble, data;  /* fingerprints of the snapshots and of the rows; 0: probabilities of any program */
	bool held_by_class;       /* they were held out of training by class (dataset.h) */
	struct word precision;    /* with which the snapshots predicted (PRECISION_WORDS); empty: it is not known */
	struct scaling scaling;   /* of no rows where it was not asked for */
	struct decided_sets sets;
	struct decided_intervals intervals;
	struct decided_abstention abstention;
	struct decided_alarm alarm;
};

/* Whether the rules made come to nothing: the rows were too few. Each such rule says so in its guarantee. */
bool decisions_void(const struct decisions *d);

/* Whether there is a rule whose guarantee needs more than rows that are exchangeable class by class, and no more is known of those
 * that it was learnt from. */
bool decisions_weakened(const struct decisions *d);

/* What a rule promises, and what the rows were too few for; `whole`: also on what condition, which is the same for
 * all. NULL without memory. */
json_t *guarantee_scaling(const struct decisions *d);
json_t *guarantee_sets(const struct decisions *d, bool whole);
json_t *guarantee_intervals(const struct decisions *d, bool whole);
json_t *guarantee_abstention(const struct decisions *d, bool whole);
json_t *guarantee_alarm(const struct decisions *d, bool whole);
json_t *guarantee_condition(const struct decisions *d);

/* {name: {…, guarantee}} of those made; NULL without memory. */
json_t *decisions_rules(const struct decisions *d);

/* All of it but the checksum; takes over what the file says of where it was made from. NULL without memory. */
json_t *decisions_to_json(const struct decisions *d, const char *program, json_t *made_from);

/* Writes it with its checksum, and frees it. Whether the stream took it is for its owner to ask. Errors: ERR_MEMORY,
 * also for NULL. */
status decisions_write(FILE *to, json_t *whole);

/* Reads a file, whose every number is checked. Errors: ERR_INPUT for what is no such file or of another version,
 * naming the member; ERR_DAMAGE where it does not match its checksum; ERR_MEMORY. */
status decisions_read(const char *path, struct arena *a, struct decisions *out);

#endif
