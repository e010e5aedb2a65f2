/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The chains that a process takes: which comes next, how each is opened, and what has become of it. Whoever runs them, threads or
 * one thread in rounds, takes them from here; functions may be called by several threads. */
#ifndef BASIN_CREW_H
#define BASIN_CREW_H

#include "commands/share.h"
#include "commands/watch.h"

struct crew_result {
	int done, failed;       /* chains that this process brought to their end, or that ended as failed */
	int already_done;       /* that had come to their end before */
	int busy, broken;       /* that another process has; that could not go on, see `why` */
	int stopped;            /* that a signal stopped, under way or before they began */
	uint64_t step;          /* of the last one that was stopped */
	status why;             /* of the first one that is broken, or else busy; OK: none is */
	char *words;            /* its message, as fail_again takes it; the caller's to free */
};

/* The watch's lock guards what changes. */
struct crew {
	struct problem *problem;
	const struct share *share;
	struct watch *watch;
	json_t *choices;               /* measured choices between algorithms, for devices that are opened */
	bool resumed;
	int chains;                    /* that the share has */
	int next;                      /* chain of the run that is handed out next */
	struct crew_result result;
};

/* A chain that is open. */
struct crew_chain {
	struct chain *chain;           /* NULL: there was nothing to run */
	int k;
	bool fresh;                    /* it had not come to its end */
};

/* The next chain of the share, or −1: there is none, or a stop was asked for. */
int crew_next(struct crew *c);
/* Chains that were not handed out. */
int crew_left(const struct crew *c);

/* Opens chain k with a plan that is kept; one that had come to its end is accounted for here, and *out has no chain. Errors: as
 * chain_open's. */
status crew_open(struct crew *c, const struct chain_plan *plan, int k, struct crew_chain *out);
/* Takes back the chain that was handed out last, by the only thread that takes any, and closes it where it is open. */
void crew_return(struct crew *c, struct crew_chain *chain);
/* Accounts for a chain that could not be opened. */
void crew_refuse(struct crew *c, int k, status why);
/* Accounts for a chain that takes no more steps here, and closes it; s: what its last one returned. */
void crew_end(struct crew *c, struct crew_chain *chain, status s);

#endif
