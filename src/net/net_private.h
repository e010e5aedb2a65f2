/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the net*.c files share; nobody else includes this. */
#ifndef BASIN_NET_PRIVATE_H
#define BASIN_NET_PRIVATE_H

#include "src/net/graph.h"
#include "src/net/net.h"

struct net {
	struct potential base;
	struct arena arena;
	struct net_options options;
	struct pieces pieces;
	struct graph graph;
	struct gather gather;      /* what stays the same from batch to batch */
	struct loss loss;
	const void *set, *target;  /* device */
	float *class_weight;       /* device: (classes), or NULL */
	const struct segment *own[LOSS_PARAMS];  /* the likelihood's parameters; NULL: no more */
	float *point;              /* device: those, where they are not θ's own; NULL where there are none */
	/* what predict uses: where its rows begin, and, from prepare, */
	struct slots slots;
	const float *theta;
	float *stats;
	bool stale;                /* θ is new: the working weights are of another one */
};

/* net_gradient.c: whether a batch may have so many examples. Errors: ERR_USAGE. */
status net_check_batch(const struct net *net, int n);

/* From a request's rows to the network's outputs at its point, by a plan with gradients. Errors: ERR_USAGE, ERR_MEMORY, ERR_LIBRARY. */
status net_forward(struct net *net, const struct slots *s, const struct gradient_request *r, struct graph_plan **plan);

/* The loss of them, as far as the request says: its value, its gradient where r has one, and where that of its parameters goes,
 * zeros where they are frozen. Errors: ERR_LIBRARY. */
status net_loss(struct net *net, const struct slots *s, const struct gradient_request *r, struct loss *loss);

status net_value_grad(struct potential *base, struct slots *s, const struct gradient_request *r);

/* net_hvp.c: the potential's, of networks with tangents; and whether the options are such that they can have them. Errors of the
 * latter: ERR_USAGE. */
status net_hvp(struct potential *base, struct slots *s, const struct gradient_request *r, const float *v);
status net_check_tangents(const struct net_options *o);

#endif
