/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A sub-command: one static const struct, listed in main.c. */
#ifndef BASIN_COMMAND_H
#define BASIN_COMMAND_H

#include "src/net/model.h"
#include "src/options/opt.h"

struct command {
	const char *name;                        /* "predict" */
	const char *synopsis;                    /* "RUN… [options]"; a line for each way */
	const char *help;                        /* one line */
	const struct opt_table *const *tables;   /* NULL-terminated */
	/* Runs with parsed options. Results go to standard output, one JSON object with --json. */
	status (*run)(const struct opts *o);
	bool computes;                           /* runs networks on several threads, see wait_policy.h */
	/* What stands in its line besides options, in order, for help and completion; the last one again and again; NULL:
	 * files. */
	const struct param *arguments;
};

extern const struct command command_sample, command_predict, command_ood, command_diagnose, command_compare, command_info,
	command_data, command_decide, command_export, command_swag, command_flatness;

/* Options that several commands share, each in one place (command.c). */
extern const struct opt_table table_device;    /* --device --threads */
extern const struct opt_table table_workers;   /* --device --threads --workers, of a command that runs chains */
extern const struct opt_table table_report;    /* --json */
extern const struct opt_table table_progress;  /* --quiet --progress */

enum { THREADS_MAX = 4096 };

/* Opens the device of --device, or of BASIN_DEVICE, or the best, with so many threads (0: those of --threads, or all). Of several
 * devices of a kind the processes that a launcher starts on a machine take one each in turn. Where none is named and the best is not
 * to be had here, or can't run the model, which may be NULL, another is taken with a warning. Errors: as backend_open's. */
status command_device(const struct opts *o, int threads, const struct model *m, struct device **out);
/* What --device or BASIN_DEVICE names; NULL: nothing. */
const char *command_device_named(const struct opts *o);
/* The same device once more, for another chain, without a word. Errors: as backend_open's. */
status command_twin(const struct opts *o, int threads, const struct device *first, struct device **out);
/* Warns where a device is not made for a precision. */
void command_precision(const struct device *d, enum precision precision);
/* Warns of what --fast lets a device do, or that it has nothing to let go of. */
void command_fast(const struct device *d, bool fast);

/* Prints one JSON object and a newline on standard output, then frees it. Errors: ERR_IO when it can't be written. */
status report_json(json_t *object);

/* Ends a report that was printed row by row: flushes standard output and notices a full disk. Errors: ERR_IO;
 * ERR_NO_READER where standard output is a pipe that nobody reads any more. */
status report_end(void);

#endif
