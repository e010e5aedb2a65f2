/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/net/nets.h"

#include <math.h>
#include <string.h>

const struct net_kind *const net_kinds[] = {
	&net_linear, &net_mlp, &net_lenet, &net_resnet18, &net_resnet20, &net_resnet34, &net_resnet50, NULL,
};

const int *nets_shape(const struct model *m, int input)
{
	return input < 0 ? m->input : m->layer[input].out;
}

/* Appends a layer that has no tensors yet and whose output has its input's shape. */
static struct layer *append_layer(struct model *m, enum layer_kind kind, int input)
{
	struct layer *l = &m->layer[m->n_layers++];
	*l = (struct layer){.kind = kind, .input = {input, INPUT_NONE}};
	memcpy(l->in, nets_shape(m, input), sizeof l->in);
	memcpy(l->out, l->in, sizeof l->out);
	return l;
}

static void set_flat(int shape[3], int width)
{
	shape[0] = width;
	shape[1] = shape[2] = 1;
}

/* Adds the tensor NAME.LAST of so many channels (0: a single number), all of them `value`. place, where not NULL, is
 * set to 1 + its index. */
static status constant_tensor(struct model *m, struct segments *s, const char *name, const char *last, int channels,
                              double value, int *place)
{
	char *text;
	if (place)
		*place = 1 + s->n;
	TRY(arena_text(&m->arena, &text, "%s.%s", name, last));
	return segments_add(s, &m->arena, text, channels ? 1 : 0, (int64_t[]){channels}, INIT_CONSTANT, value, NULL);
}

/* ---- layers with weights ---- */

static status add_weights(struct model *m, struct layer *l, const char *name, int ndim, const int64_t *shape,
                          int fan_in, bool bias)
{
	double bound = 1 / sqrt(fan_in);
	char *text;
	TRY(arena_text(&m->arena, &text, "%s.weight", name));
	l->param[PARAM_WEIGHT] = 1 + m->params.n;
	TRY(segments_add(&m->params, &m->arena, text, ndim, shape, INIT_UNIFORM, bound, NULL));
	if (!bias)
		return OK;
	TRY(arena_text(&m->arena, &text, "%s.bias", name));
	l->param[PARAM_BIAS] = 1 + m->params.n;
	return segments_add(&m->params, &m->arena, text, 1, shape, INIT_UNIFORM, bound, NULL);
}

status nets_linear(struct model *m, const char *name, int input, int out)
{
	struct layer *l = append_layer(m, LAYER_LINEAR, input);
	int in = (int)shape_size(l->in);
	set_flat(l->in, in);
	set_flat(l->out, out);
	return add_weights(m, l, name, 2, (int64_t[]){out, in}, in, true);
}

/* How many windows fit along one side. */
static int windows(int in, int kernel, int stride, int pad)
{
	return (in + 2 * pad - kernel) / stride + 1;
}

static void set_window(struct layer *l, int kernel, int stride, int pad)
{
	l->kernel = kernel;
	l->stride = stride;
	l->pad = pad;
	l->groups = 1;
	for (int i = 1; i < 3; i++)
		l->out[i] = windows(l->in[i], kernel, stride, pad);
}

status nets_conv(struct model *m, const char *name, int input, struct conv_shape shape)
{
	struct layer *l = append_layer(m, LAYER_CONV, input);
	int in = l->in[0], k = shape.kernel;
	set_window(l, k, shape.stride, shape.pad);
	l->out[0] = shape.out;
	return add_weights(m, l, name, 4, (int64_t[]){shape.out, in, k, k}, in * k * k, shape.bias);
}

status nets_norm_tensors(struct model *m, const char *name, int channels, bool activated, struct layer *norm)
{
	*norm = (struct layer){.kind = LAYER_NORM, .norm = m->norm,
	                       .activation = activated ? m->activation : ACTIVATION_NONE};
	TRY(constant_tensor(m, &m->params, name, "weight", channels, 1, &norm->param[PARAM_WEIGHT]));
	TRY(constant_tensor(m, &m->params, name, "bias", channels, 0, &norm->param[PARAM_BIAS]));
	if (m->norm == NORM_BATCH) {
		TRY(constant_tensor(m, &m->stats, name, "running_mean", channels, 0, &norm->stat));
		TRY(constant_tensor(m, &m->stats, name, "running_var", channels, 1, NULL));
		return constant_tensor(m, &m->stats, name, "num_batches_tracked", 0, 0, NULL);
	}
	if (norm->activation != ACTIVATION_RELU)
		return OK;
	norm->activation = ACTIVATION_THRESHOLD;
	return constant_tensor(m, &m->params, name, "tau", channels, 0, &norm->param[PARAM_THRESHOLD]);
}

void nets_norm(struct model *m, const struct layer *norm, int input, int residual)
{
	struct layer *l = append_layer(m, LAYER_NORM, input), shape = *l;
	*l = *norm;
	memcpy(l->in, shape.in, sizeof l->in);
	memcpy(l->out, shape.out, sizeof l->out);
	l->input[0] = input;
	l->input[1] = residual;
}

/* ---- layers without ---- */

void nets_activation(struct model *m, int input)
{
	append_layer(m, LAYER_ACTIVATION, input)->activation = m->activation;
}

void nets_pool(struct model *m, int input, enum pool pool, int kernel, int stride, int pad)
{
	struct layer *l = append_layer(m, LAYER_POOL, input);
	l->pool = pool;
	set_window(l, kernel, stride, pad);
}

void nets_flatten(struct model *m, int input)
{
	struct layer *l = append_layer(m, LAYER_FLATTEN, input);
	set_flat(l->out, (int)shape_size(l->in));
}
