/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/opt_tables.h"

#include <math.h>

static const struct param main_defs[] = {
	{.name = "sampler", .type = PARAM_CHOICE, .arg = "sgld|fsgld|esgd|esgld|emcmc", .fallback = "sgld", .help = "method"},
	{.name = "sampling", .type = PARAM_CHOICE, .arg = "shuffle|iid", .fallback = "shuffle", .help = "order of examples"},
	{.name = "batch", .type = PARAM_COUNT, .arg = "N", .fallback = "128", .min = 1, .max = INFINITY, .unit = "examples",
	 .help = "examples a step"},
	{.name = "seed", .type = PARAM_COUNT, .arg = "N", .fallback = "1", .max = 4294967295., .help = "seed of everything"},
	{.name = "steps", .type = PARAM_COUNT, .arg = "K", .max = 1e15, .unit = "steps", .rival = "offset", .help = "length"},
	{.name = "offset", .type = PARAM_COUNT, .arg = "N", .help = "any integer"},
	{.name = "lr", .type = PARAM_REAL, .arg = "RATE", .fallback = "0.1", .max = INFINITY, .above_min = true,
	 .help = "step size λ"},
	{.name = "lr-end", .type = PARAM_REAL, .arg = "RATE", .fallback = "0", .max = INFINITY, .help = "last step size"},
	{.name = "fraction", .type = PARAM_REAL, .arg = "F", .min = 0, .max = 1, .help = "share"},
	{.name = "shift", .type = PARAM_REAL, .arg = "X", .fallback = "-2.5", .help = "any number"},
	{.name = "below", .type = PARAM_REAL, .arg = "X", .min = -INFINITY, .max = 3, .unit = "nats", .help = "upper bound"},
	{.name = "scale", .type = PARAM_REAL, .arg = "X", .min = 1e-6, .max = 1e30, .above_min = true,
	 .help = "far bounds"},
	{.name = "model", .type = PARAM_TEXT, .arg = "SPEC", .fallback = "linear", .help = "network"},
	{.name = "out", .type = PARAM_PATH, .arg = "FILE", .help = "where to write"},
	{.name = "json", .type = PARAM_FLAG, .help = "print JSON"},
	{.name = "nesterov", .type = PARAM_FLAG, .help = "look ahead"},
	{0},
};

static const struct param fsgld_defs[] = {
	{.name = "sigma", .type = PARAM_REAL, .arg = "SD", .max = INFINITY, .help = "perturbation"},
	{.name = "eta", .type = PARAM_REAL, .arg = "ETA", .fallback = "0.1", .help = "exponent"},
	{0},
};

/* Two tables that read the same, as two methods of one family have them. */
#define ENTROPY_OPTIONS                                                                                       \
	{.name = "coupling", .type = PARAM_REAL, .arg = "KAPPA", .fallback = "1e-3", .max = INFINITY, .above_min = true, \
	 .help = "coupling κ"},                                                                                \
	{.name = "restart", .type = PARAM_CHOICE, .arg = "none|x", .fallback = "none", .help = "what restarts"}

static const struct param esgd_defs[] = {ENTROPY_OPTIONS, {0}};
static const struct param esgld_defs[] = {ENTROPY_OPTIONS, {0}};

static const struct param emcmc_defs[] = {
	{.name = "coupling", .type = PARAM_REAL, .arg = "KAPPA", .fallback = "4e-4", .max = INFINITY, .above_min = true,
	 .help = "coupling κ"},
	{0},
};

static const struct param mlp_defs[] = {
	/* Stands in the main table too: where this one is on, its default and range count. */
	{.name = "fraction", .type = PARAM_REAL, .arg = "F", .fallback = "0.75", .min = 0.5, .max = 1, .help = "larger share"},
	{.name = "escape", .type = PARAM_TEXT, .arg = "TEXT", .fallback = "-1", .help = "'a\\b' as --is-it, well-known"},
	{.name = "width", .type = PARAM_COUNT, .arg = "N", .fallback = "16", .min = 1, .max = 4096, .help = "hidden units"},
	{0},
};

static const struct opt_table table_main = {.owner = "test", .heading = "Main options", .defs = main_defs};
static const struct opt_table table_fsgld = {.owner = "fsgld", .heading = "fSGLD options", .selector = "sampler", .defs = fsgld_defs};
static const struct opt_table table_esgd = {.owner = "esgd", .heading = "E-SGD options", .selector = "sampler", .defs = esgd_defs};
static const struct opt_table table_esgld = {.owner = "esgld", .heading = "E-SGLD options", .selector = "sampler", .defs = esgld_defs};
static const struct opt_table table_emcmc = {.owner = "emcmc", .heading = "Entropy-MCMC options", .selector = "sampler", .defs = emcmc_defs};
static const struct opt_table table_mlp = {.owner = "mlp", .heading = "MLP options", .selector = "model", .defs = mlp_defs};

const struct opt_table *const test_tables[] = {
	&table_main, &table_fsgld, &table_esgd, &table_esgld, &table_emcmc, &table_mlp, NULL,
};
