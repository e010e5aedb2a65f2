/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The methods there are, a row each: X(identifier, name, title). samplers/table.c makes the table of them, and whoever lists
 * methods in another form makes it of these rows too. */
#ifndef BASIN_METHODS_H
#define BASIN_METHODS_H

#define METHODS(X)							\
	X(sgd, "sgd", "SGD")						\
	X(adamw, "adamw", "AdamW")					\
	X(sam, "sam", "SAM")						\
	X(asam, "asam", "ASAM")						\
	X(m_sam, "m-sam", "m-SAM")					\
	X(rw_sam, "rw-sam", "RW-SAM")					\
	X(tail_sgd, "tail-sgd", "Tail SGD")				\
	X(sgld, "sgld", "SGLD")						\
	X(fsgld, "fsgld", "fSGLD")					\
	X(psgld, "psgld", "pSGLD")					\
	X(sgld_cv, "sgld-cv", "SGLD-CV")				\
	X(low_precision_sgld, "low-precision-sgld", "Low-precision SGLD")\
	X(sghmc, "sghmc", "SGHMC")					\
	X(sgnht, "sgnht", "SGNHT")					\
	X(hmc, "hmc", "HMC")						\
	X(entropy_sgd, "entropy-sgd", "Entropy-SGD")			\
	X(entropy_sgld, "entropy-sgld", "Entropy-SGLD")			\
	X(entropy_mcmc, "entropy-mcmc", "Entropy-MCMC")

#endif
