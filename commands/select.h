/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The snapshots that a command reads: those of runs and single .snaps files, pooled, less what the options leave out. */
#ifndef BASIN_SELECT_H
#define BASIN_SELECT_H

#include <jansson.h>

#include "src/arena.h"
#include "src/options/opt.h"
#include "src/files/snaps.h"

/* --chain --role --from-step --to-step --last --skip-damaged */
extern const struct opt_table table_select;

/* One snapshot file. */
struct snaps_source {
	const char *path;
	uint64_t committed;   /* bytes that the chain's checkpoint counts, or 0 */
	json_t *header;
	json_t *checkpoint;   /* the chain's, or NULL */
};

struct choice {
	size_t source, record;
	uint64_t step;
	const char *role;
};

struct selection {
	struct arena arena;
	struct snaps_source *source;
	size_t n_sources;
	struct choice *choice;      /* in the order of the paths given, their chains, their records */
	size_t n;
	struct snaps_reader *reader;  /* the one file that is open */
	size_t reading;
};

/* The snapshot files behind a path, in the order of their chains: all of a run's, or the one it names. Chains that have
 * not begun are left out with a warning. Errors: ERR_INPUT (neither a run nor a snapshot file), ERR_DAMAGE. */
status select_sources(struct selection *s, const char *path);

/* Opens source i and closes the one before. *out is the selection's. Errors: as snaps_open's. */
status select_reader(struct selection *s, size_t i, struct snaps_reader **out);

/* Pools what lies behind the command's positional arguments and chooses by the options of table_select. Warns about
 * chains that are not done, torn tails, and sources that share seed and chain or differ in target or training data. With --skip-damaged, records that can't be
 * read are left out with a warning. Errors: ERR_USAGE where nothing is left or sources don't belong together (model,
 * likelihood, input transform), ERR_DAMAGE. */
status select_open(const struct opts *o, struct selection *out);

/* Refuses runs, the options of table_select and others about runs (NULL-terminated) beside `option`, which names stored
 * probabilities that take a run's place. Errors: ERR_USAGE. */
status select_refuse(const struct opts *o, const char *option, const char *const *others);

/* Reads choice i; the record is valid until the next call. Errors: as snaps_read's. */
status select_read(struct selection *s, size_t i, struct snaps_record *out);

/* Puts the roles chosen, in order of appearance, into a report; its temperature and target become null where the files
 * that were chosen from don't agree on them. */
void select_report(const struct selection *s, json_t *into);

void select_close(struct selection *s);

#endif
