/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/net/net_private.h"

status net_check_batch(const struct net *net, int n)
{
	if (!net->options.data)
		return fail(ERR_USAGE, "this network has no data set");
	if (n < 1 || n > net->base.batch)
		return fail(ERR_USAGE, "a batch of %d examples, but the network was made for 1 to %d", n, net->base.batch);
	return OK;
}

/* The likelihood's parameters at the point, and where their gradients go: zeros where they are frozen. */
static status net_place_params(struct net *net, const struct slots *s, const struct gradient_request *r, struct loss *loss)
{
	struct device *d = net->base.device;
	float *copy = net->point;
	loss->add_dparams = r->accumulate;
	for (int i = 0; i < LOSS_PARAMS && net->own[i]; i++) {
		const struct segment *seg = net->own[i];
		if (!r->at.v && r->at.sigma == SLOT_NONE) {
			loss->params[i] = r->at.theta + seg->offset;
		} else {
			TRY(d->ops->point(d, s, &r->at, seg->offset, seg->count, seg->frozen, copy));
			loss->params[i] = copy;
			copy += seg->count;
		}
		if (r->gradient)
			TRY(graph_slice(&net->graph, seg, r->gradient, r->accumulate, &loss->dparams[i]));
	}
	return OK;
}

/* The loss by itself, counted as it is asked for, and the weights that it gets from what comes out. */
static status net_reweight(struct net *net, struct slots *s, const struct reweight *by, struct loss *loss)
{
	struct device *d = net->base.device;
	struct loss plain = *loss;
	plain.weight = NULL;
	plain.gradient = NULL;
	plain.dparams[0] = plain.dparams[1] = NULL;
	TRY(d->ops->loss(d, s, &plain));
	TRY(d->ops->weigh(d, s, &(struct weigh){loss->each, by->other, loss->n, by->rate, by->weight}));
	loss->weight = by->weight;
	loss->count = false;
	loss->each = NULL;
	return OK;
}

/* With tangents the statistics are constants, so that one example has a gradient, too. */
static status check_request(const struct net *net, const struct gradient_request *r)
{
	const int n = r->batch.n, least = net->base.least_batch;
	TRY(net_check_batch(net, n));
	if (net->options.infer_only)
		return fail(ERR_USAGE, "this network was opened for prediction only");
	if (n < least)
		return fail(ERR_USAGE, "a batch of %d, but batch norm over 1×1 pixels needs %d examples or more", n, least);
	if (net->options.tangents && net->base.n_stats && r->policy != STATS_USE)
		return fail(ERR_USAGE, "this network was opened for the Hessian, where batch norm uses its running statistics");
	return OK;
}

status net_forward(struct net *net, const struct slots *s, const struct gradient_request *r, struct graph_plan **plan)
{
	const struct batch *b = &r->batch;
	struct gather gather = net->gather;
	TRY(check_request(net, r));
	TRY(graph_plan(&net->graph, b->n, net->options.tangents ? PLAN_TANGENT : PLAN_TRAIN, plan));
	TRY(graph_weights(&net->graph, *plan, s, &r->at, r->stats));
	gather.augment = net->options.augment;
	gather.stream = r->augment;
	gather.index = b->index;
	gather.row = b->row;
	gather.offset = b->offset;
	gather.n = b->n;
	TRY(net->base.device->ops->gather(net->base.device, s, &gather));
	return graph_forward(&net->graph, *plan, r->stats, r->policy, s, r->stats_share);
}

status net_loss(struct net *net, const struct slots *s, const struct gradient_request *r, struct loss *loss)
{
	const struct batch *b = &r->batch;
	*loss = net->loss;
	loss->n = b->n;
	loss->index = b->index;
	loss->row = b->row;
	loss->offset = b->offset;
	loss->weight = b->weight;
	loss->scale = b->scale;
	loss->count = r->count;
	loss->add_value = r->accumulate;
	loss->each = r->each;
	if (!r->gradient)
		loss->gradient = NULL;
	return net_place_params(net, s, r, loss);
}

status net_value_grad(struct potential *base, struct slots *s, const struct gradient_request *r)
{
	struct net *net = (struct net *)base;
	struct graph_plan *plan;
	struct loss loss;
	TRY(net_forward(net, s, r, &plan));
	TRY(net_loss(net, s, r, &loss));
	if (r->reweight)
		TRY(net_reweight(net, s, r->reweight, &loss));
	TRY(base->device->ops->loss(base->device, s, &loss));
	if (!r->gradient)
		return OK;
	return graph_backward(&net->graph, plan, r->stats, r->gradient, r->accumulate);
}
