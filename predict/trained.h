/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What snapshots were learnt from, as their header has it: the fingerprints of their run's training rows and of those of the runs
 * that it was begun with (--init), which earlier versions did not write. */
#ifndef BASIN_TRAINED_H
#define BASIN_TRAINED_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Their own run's; NULL: not known. And whether these are they. */
const char *trained_own(const json_t *header);
bool trained_is_own(const json_t *header, uint64_t print);
/* Of the rows that it held out; NULL: there are none, or an earlier version did not write it. */
const char *trained_held(const json_t *header);
/* Whether these are rows that the run, or one that it was begun with, was trained on. */
bool trained_on(const json_t *header, uint64_t print);
/* Whether a run that it was begun with was trained on other rows than these. */
bool trained_before_on_others(const json_t *header, uint64_t print);

/* Adds to a list those that it lacks: of the runs that it was begun with, and of all. */
void trained_add_before(const json_t *header, json_t **prints);
void trained_add(const json_t *header, json_t **prints);

#endif
