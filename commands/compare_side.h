/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* One of the two ensembles that basin compare is given: a run, or probabilities in a file. */
#ifndef BASIN_COMPARE_SIDE_H
#define BASIN_COMPARE_SIDE_H

#include "predict/compare.h"
#include "predict/ensemble.h"
#include "predict/stored.h"
#include "src/options/opt.h"

struct side {
	const char *path;
	bool stored;
	struct stored file;        /* of stored probabilities */
	struct selection chosen;   /* of a run, with what follows */
	struct network network;
	struct subject subject;
	struct predictions predictions;
	struct mixture *mixture;   /* of classes; else NULL */
	struct class_votes votes;  /* of classes */
	struct regression real;    /* of real targets */
	size_t n, members;
	size_t chains;             /* of a run: snapshot files that members were chosen from; else 0 */
	size_t half;               /* members in the first half of its chains or, where it has one chain or none, of its members; 0: no halves */
	struct figures figures;    /* none without labels */
};

/* Reads stored probabilities, or opens a run with what it is to predict; on the device of `beside`, unless that is NULL or has none.
 * Close it whether that worked or not. Errors: as network_run's and stored_open's. */
status side_open(const struct opts *o, const char *path, const struct side *beside, struct arena *a, struct side *out);
void side_close(struct side *s);

/* Whether both predict the same for the same examples. Errors: ERR_USAGE, naming what differs. */
status side_check(const struct side *a, const struct side *b);

/* Makes the predictions. Errors: ensemble_run's, stored_fill's. */
status side_predict(const struct opts *o, struct side *s, struct arena *a);

/* Scores them; of stored probabilities by these labels (n), unless they are NULL. Errors: ERR_MEMORY, ERR_INPUT. */
status side_score(struct side *s, const int32_t *label, struct arena *a);

/* What a report for programs and one for people say of it; NULL without memory. */
json_t *side_facts(const struct side *s);
json_t *side_words(const struct side *s);

#endif
