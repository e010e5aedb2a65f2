/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin info says of chains: a row each, of about 130 bytes, whatever the chain kept. */
#ifndef BASIN_INFO_CHAINS_H
#define BASIN_INFO_CHAINS_H

#include "predict/sources.h"

/* One chain. */
struct info_chain {
	json_int_t chain, step;
	const char *state;              /* NULL where no checkpoint says it */
	uint64_t snapshots, damaged;    /* all, and those of them that can't be read */
	uint64_t first, last;           /* steps of the first and the last whole one */
	uint64_t torn_bytes;
	double acceptance, kinetic;     /* by its log (info_logs.h); NaN where that is not known */
	const struct snaps_shared *of;  /* whose roles these are: */
	uint64_t role[SNAPS_ROLES];     /* how many there are of each, in the header's order */
	uint8_t order[SNAPS_ROLES];     /* those that occur, in the order in which they first do */
	uint8_t roles;                  /* how many occur; 0: first and last have no meaning */
	bool numbered, has_step;        /* chain and step have a meaning */
};

/* The row of a chain whose reader this is, by the heads of its records alone. Errors: as snaps_peek's, but for ERR_DAMAGE, which
 * is counted. */
status info_chain_read(const struct source *source, struct snaps_reader *r, struct info_chain *out);

/* Prints rows as the objects of an array that is a member of a whole report. As JSON values they would take twenty times their
 * memory, and a call for it that fails here would leave half a report. */
void info_chains_json(const struct info_chain *c, size_t n);

/* Prints rows for people: a line of totals where there are many, then a line for each chain or, of consecutive ones that
 * differ in nothing, for all. missing: chains that have not begun. */
void info_chains_print(const struct info_chain *c, size_t n, size_t missing);

#endif
