/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A network with a likelihood on a data set: what samplers see of it is a potential. */
#ifndef BASIN_NET_H
#define BASIN_NET_H

#include "src/likelihood.h"
#include "src/net/model.h"
#include "src/potential.h"

struct dataset;
struct normalize;

struct net_options {
	const struct model *model;        /* kept, not copied; the likelihood's parameters are appended, freeze and prior set */
	const struct dataset *data;       /* kept; NULL: no data, prediction and gradients are refused */
	const struct normalize *normalize;
	const struct likelihood *likelihood;
	double noise_sd;                  /* of likelihoods that have one; in the units of the targets as stored */
	const double *class_weight;       /* (classes): factors on the ℓ of each class's examples, of class targets; or NULL for 1. Copied */
	enum augment augment;
	enum precision precision;
	enum conv_algo algo;              /* of the convolutions */
	bool fast;                        /* as plan_request has it */
	int batch;                        /* largest batch */
	int rest;                         /* of the data's last batch, where that is smaller and will come: it is planned at once too, so
	                                   * that what is measured for it is known when the network is open; or 0 */
	bool infer_only;                  /* forward only; likelihood and targets are then not looked at */
	bool tangents;                    /* the potential has hvp; batch norm uses its running statistics, in gradients too (policy
	                                   * STATS_USE). Not with infer_only, bf16 or augmentation, nor where the device has no tangents */
	size_t besides;                   /* bytes that its user will take of the device besides, as far as is known: where memory
	                                   * lacks, a batch that is said to fit leaves them free */
};

/* Errors: ERR_USAGE (likelihood and data do not fit, tangents that can't be had), ERR_MEMORY, ERR_LIBRARY. */
status net_open(const struct net_options *o, struct device *d, struct potential **out);

#endif
