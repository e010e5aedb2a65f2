/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Products with the Hessian of a batch's loss, in the network's parameters and the likelihood's own. */
#include "src/net/net_private.h"

status net_check_tangents(const struct net_options *o)
{
	if (o->infer_only)
		return fail(ERR_USAGE, "a network for prediction only has no products with the Hessian");
	if (o->precision != PRECISION_FP32)
		return fail(ERR_USAGE, "{precision} bf16: products with the Hessian are made in fp32");
	if (o->augment != AUGMENT_NONE)
		return fail(ERR_USAGE, "{augment}: products with the Hessian are of the data as they are");
	return OK;
}

/* The value of a loss counts among slots, which are to stay: it goes into the network's own. So the batch's row is found here. */
static status output_gradient(struct net *net, const struct slots *s, struct loss *loss)
{
	loss->offset = slots_row(s, loss->row, loss->offset);
	loss->row = SLOT_NONE;
	return net->base.device->ops->loss(net->base.device, &net->slots, loss);
}

/* The tangents of the loss's gradients; those of its parameters are done then. */
static status output_gradient_dot(struct net *net, const struct gradient_request *r, struct loss *loss)
{
	struct device *d = net->base.device;
	struct loss_dot dot = {.output = graph_output_dot(&net->graph), .gradient = graph_output_gradient_dot(&net->graph)};
	loss->add_dparams = r->accumulate;
	for (int i = 0; i < LOSS_PARAMS && net->own[i]; i++) {
		const struct segment *seg = net->own[i];
		dot.params[i] = seg->frozen ? NULL : net->graph.direction + seg->offset;
		TRY(graph_slice(&net->graph, seg, r->gradient, r->accumulate, &dot.dparams[i]));
	}
	return d->ops->loss_dot(d, &net->slots, loss, &dot);
}

status net_hvp(struct potential *base, struct slots *s, const struct gradient_request *r, const float *v)
{
	struct net *net = (struct net *)base;
	const struct gradient_request forward = {.at = r->at, .batch = r->batch, .policy = STATS_USE, .stats = r->stats};
	struct graph_plan *plan;
	struct loss loss;
	TRY(net_forward(net, s, &forward, &plan));
	TRY(net_loss(net, s, &forward, &loss));
	loss.gradient = graph_output_gradient(&net->graph);
	TRY(output_gradient(net, s, &loss));
	TRY(graph_direction(&net->graph, plan, v));
	TRY(graph_jvp(&net->graph, plan));
	TRY(output_gradient_dot(net, r, &loss));
	return graph_hvp(&net->graph, plan, r->stats, r->gradient, r->accumulate);
}
