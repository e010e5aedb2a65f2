/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the values of options may be, from the tables of data sets, networks, methods, likelihoods and backends: for
 * completion, and some for help. */
#ifndef BASIN_WORD_LISTS_H
#define BASIN_WORD_LISTS_H

#include "src/param.h"

extern const struct param_words words_data_sets;        /* shown in help */
extern const struct param_words words_data_sets_alone;  /* the same, where help has said it elsewhere */
extern const struct param_words words_models;           /* networks and analytic targets */
extern const struct param_words words_methods;
extern const struct param_words words_likelihoods;
extern const struct param_words words_devices;

#endif
