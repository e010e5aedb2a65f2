/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The options that choose snapshots, and what a report says of those chosen. */
#ifndef BASIN_SELECT_H
#define BASIN_SELECT_H

#include "predict/selection.h"
#include "src/data/dataset.h"
#include "src/options/opt.h"

/* --chain --role --from-step --to-step --every --last --skip-damaged */
extern const struct opt_table table_select;

/* Pools what lies behind the command's positional arguments and chooses by the options of table_select. Errors: ERR_USAGE
 * where there are no arguments, and selection_open's. */
status select_open(const struct opts *o, struct selection *out);
/* The same where a role is meant of files that can have it, and every role of the others; --role names another. */
status select_open_rather(const struct opts *o, const char *role, struct selection *out);

/* The same for a command that looks at snapshots one by one: without --last or --every at the last of each chain that the other
 * options leave. */
status select_open_each(const struct opts *o, const char *role, struct selection *out);

/* The same of these paths. */
status select_paths(const struct opts *o, const char *const *path, int n, struct selection *out);

/* Warns where a set is what the first run held out, and another's training rows may have been among it. */
void select_warn_seen(const struct selection *s, const struct dataset *d);

/* Refuses the options of table_select and others about runs (NULL-terminated) beside `option`, which names stored probabilities that
 * take a run's place; as it is to be shown. Errors: ERR_USAGE. */
status select_refuse_options(const struct opts *o, const char *option, const char *const *others);

/* Refuses runs, the options of table_select and others about runs (NULL-terminated) beside `option`, which names stored
 * probabilities that take a run's place. Errors: ERR_USAGE. */
status select_refuse(const struct opts *o, const char *option, const char *const *others);

/* Refuses files of n options that are among those that are read, which --overwrite would replace: the snapshots, what else their runs
 * are made of, and the runs' data (s: NULL where no run is read); and what the options `read` (NULL-terminated) name, data sets or files.
 * And the same of one path that an option has made. Errors: ERR_USAGE, ERR_MEMORY. select_spare.c */
status select_spare(const struct opts *o, const struct selection *s, const char *const *read, const char *const *option, int n);
status select_spare_path(const struct opts *o, const struct selection *s, const char *const *read, const char *option, const char *path);

/* Puts the roles chosen, in order of appearance, into a report; its temperature and target become null where the files
 * that were chosen from don't agree on them. */
void select_report(const struct selection *s, json_t **into);

/* Puts where the figures come from into a report for programs: the program's version, the runs given, and the fingerprints of
 * the sets that those chosen from were trained on, in order of appearance; s is NULL where no run is read. */
void select_origin(const struct opts *o, const struct selection *s, json_t **into);

/* What a report says of where its figures come from where these are --probs, and no run's. */
void select_stored(const struct opts *o, json_t **into);

/* The same where several selections are read: the fingerprints of one, those that the list lacks, and the rest with that list, which
 * it takes over. */
void select_trained(const struct selection *s, json_t **prints);
void select_origin_of(const struct opts *o, json_t *trained, json_t **into);

/* {file, chain, step, role} of choice i; and of each choice, in an array, in the order in which they are predicted. NULL
 * without memory. */
json_t *select_member(const struct selection *s, size_t i);
json_t *select_members(const struct selection *s);

#endif
