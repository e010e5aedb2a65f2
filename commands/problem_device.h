/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The devices of a problem: how many threads a chain has there, and its potential on each. */
#ifndef BASIN_PROBLEM_DEVICE_H
#define BASIN_PROBLEM_DEVICE_H

#include "commands/problem.h"

/* Refuses a --model that begins with the word of no network and of no analytic target, with those that there are. Errors: ERR_USAGE. */
status problem_check_model(const char *spec);

/* Refuses the options that would do nothing with an analytic target, which --model names. Errors: ERR_USAGE. */
status problem_check_analytic(const struct opts *o);

/* Opens that target with its noise. Errors: ERR_USAGE, ERR_MEMORY. */
status problem_place_analytic(const struct opts *o, struct device *d, struct potential **out);

/* Opens the problem's device, where it has none yet, and its potential there; data and model are there already. choices: as
 * problem_open's. Errors: as problem_open's. */
status problem_place(struct problem *p, const json_t *choices);

/* The measured choices between algorithms that the problem's device has by now, {device's name: {…}}; the caller's to free, NULL
 * without memory. */
json_t *problem_choices(const struct problem *p);

/* A device like the problem's, for the calling thread, and the problem's potential on it, with the same choices between
 * algorithms; data and model are shared. One thread at a time. The caller closes both. Errors: as problem_open's. */
status problem_twin(const struct problem *p, const json_t *choices, struct device **d, struct potential **out);

#endif
