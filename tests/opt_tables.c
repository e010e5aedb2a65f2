/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/opt_tables.h"

#include <math.h>

static const struct opt_def main_defs[] = {
	{.name = "sampler", .type = OPT_CHOICE, .arg = "sgld|fsgld|esgd|esgld|emcmc", .fallback = "sgld", .help = "method"},
	{.name = "sampling", .type = OPT_CHOICE, .arg = "shuffle|iid", .fallback = "shuffle", .help = "order of examples"},
	{.name = "batch", .type = OPT_COUNT, .arg = "N", .fallback = "128", .min = 1, .max = INFINITY, .unit = "examples",
	 .help = "examples a step"},
	{.name = "seed", .type = OPT_COUNT, .arg = "N", .fallback = "1", .max = 4294967295., .help = "seed of everything"},
	{.name = "steps", .type = OPT_COUNT, .arg = "K", .max = 1e15, .unit = "steps", .rival = "offset", .help = "length"},
	{.name = "offset", .type = OPT_COUNT, .arg = "N", .help = "any integer"},
	{.name = "lr", .type = OPT_REAL, .arg = "RATE", .fallback = "0.1", .max = INFINITY, .above_min = true,
	 .help = "step size λ"},
	{.name = "lr-end", .type = OPT_REAL, .arg = "RATE", .fallback = "0", .max = INFINITY, .help = "last step size"},
	{.name = "fraction", .type = OPT_REAL, .arg = "F", .min = 0, .max = 1, .help = "share"},
	{.name = "shift", .type = OPT_REAL, .arg = "X", .fallback = "-2.5", .help = "any number"},
	{.name = "below", .type = OPT_REAL, .arg = "X", .min = -INFINITY, .max = 3, .unit = "nats", .help = "upper bound"},
	{.name = "model", .type = OPT_TEXT, .arg = "SPEC", .fallback = "linear", .help = "network"},
	{.name = "out", .type = OPT_PATH, .arg = "FILE", .help = "where to write"},
	{.name = "json", .type = OPT_FLAG, .help = "print JSON"},
	{.name = "nesterov", .type = OPT_FLAG, .help = "look ahead"},
	{0},
};

static const struct opt_def fsgld_defs[] = {
	{.name = "sigma", .type = OPT_REAL, .arg = "SD", .max = INFINITY, .help = "perturbation"},
	{.name = "eta", .type = OPT_REAL, .arg = "ETA", .fallback = "0.1", .help = "exponent"},
	{0},
};

/* Two tables that read the same, as two methods of one family have them. */
#define ENTROPY_OPTIONS                                                                                       \
	{.name = "coupling", .type = OPT_REAL, .arg = "KAPPA", .fallback = "1e-3", .max = INFINITY, .above_min = true, \
	 .help = "coupling κ"},                                                                                \
	{.name = "restart", .type = OPT_CHOICE, .arg = "none|x", .fallback = "none", .help = "what restarts"}

static const struct opt_def esgd_defs[] = {ENTROPY_OPTIONS, {0}};
static const struct opt_def esgld_defs[] = {ENTROPY_OPTIONS, {0}};

static const struct opt_def emcmc_defs[] = {
	{.name = "coupling", .type = OPT_REAL, .arg = "KAPPA", .fallback = "4e-4", .max = INFINITY, .above_min = true,
	 .help = "coupling κ"},
	{0},
};

static const struct opt_def mlp_defs[] = {
	/* Stands in the main table too: where this one is on, its default and range count. */
	{.name = "fraction", .type = OPT_REAL, .arg = "F", .fallback = "0.75", .min = 0.5, .max = 1, .help = "larger share"},
	{.name = "escape", .type = OPT_TEXT, .arg = "TEXT", .fallback = "-1", .help = "'a\\b' as --is-it, well-known"},
	{.name = "width", .type = OPT_COUNT, .arg = "N", .fallback = "16", .min = 1, .max = 4096, .help = "hidden units"},
	{0},
};

static const struct opt_table table_main = {.owner = "test", .heading = "Main options", .defs = main_defs};
static const struct opt_table table_fsgld = {"fsgld", "fSGLD options", "sampler", fsgld_defs};
static const struct opt_table table_esgd = {"esgd", "E-SGD options", "sampler", esgd_defs};
static const struct opt_table table_esgld = {"esgld", "E-SGLD options", "sampler", esgld_defs};
static const struct opt_table table_emcmc = {"emcmc", "Entropy-MCMC options", "sampler", emcmc_defs};
static const struct opt_table table_mlp = {"mlp", "MLP options", "model", mlp_defs};

const struct opt_table *const test_tables[] = {
	&table_main, &table_fsgld, &table_esgd, &table_esgld, &table_emcmc, &table_mlp, NULL,
};
