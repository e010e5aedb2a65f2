/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "commands/network.h"

#include <string.h>

static status read_header(const json_t *header, struct network *n)
{
	const json_t *model = json_object_get(header, "model");
	const char *kind = json_string_value(json_object_get(model, "kind"));
	if (kind && strcmp(kind, "analytic") == 0)
		return fail(ERR_USAGE, "the run's target is the analytic %s, which predicts nothing; basin info describes its "
		            "draws", json_string_value(json_object_get(model, "spec")));
	TRY(likelihood_from_json(json_object_get(header, "likelihood"), &n->likelihood, &n->noise_sd));
	TRY(model_from_json(model, &n->model));
	TRY(likelihood_append(n->likelihood, n->model.outputs, &n->model.params, &n->model.arena));
	/* Class targets are never standardised. */
	size_t inputs = shape_size(n->model.input), targets = n->likelihood->class_targets ? 0 : (size_t)n->model.outputs;
	TRY(standardize_from_json(json_object_get(header, "standardize"), &n->arena, inputs, targets, &n->standardize));
	return normalize_from_json(json_object_get(header, "normalize"), &n->normalize);
}

static status read_arithmetic(struct network *n, const struct opts *o)
{
	const json_t *run = json_object_get(json_object_get(n->header, "sampler"), "precision");
	const char *text = json_is_string(run) ? json_string_value(run) : "fp32";
	if (opts_given(o, "precision"))
		text = opts_text(o, "precision");
	if (strcmp(text, "fp32") != 0 && strcmp(text, "bf16") != 0)
		return fail(ERR_INPUT, "the header's precision is “%s”; expected fp32 or bf16", text);
	n->precision = strcmp(text, "bf16") == 0 ? PRECISION_BF16 : PRECISION_FP32;
	n->algo = (enum conv_algo)opts_choice(o, "conv-algo");
	if (n->algo != CONV_AUTO && !model_has(&n->model, LAYER_CONV))
		return fail(ERR_USAGE, "--conv-algo %s: the run's model %s has no convolutions", opts_text(o, "conv-algo"),
		            n->model.spec);
	return OK;
}

static status open_device(struct network *n, const struct opts *o)
{
	TRY(backend_open(opts_text(o, "device"), opts_given(o, "threads") ? (int)opts_count(o, "threads") : 0, &n->device));
	const char *note = n->device->ops->precision_note(n->device, n->precision);
	if (note)
		warn("%s", note);
	TRY(n->device->ops->alloc(n->device, n->model.params.count * sizeof(float), (void **)&n->theta));
	if (n->model.stats.count)
		TRY(n->device->ops->alloc(n->device, n->model.stats.count * sizeof(float), (void **)&n->stats));
	return OK;
}

status network_open(const json_t *header, const struct opts *o, struct network *out)
{
	*out = (struct network){.header = header};
	status s = read_header(header, out);
	if (s == OK)
		s = read_arithmetic(out, o);
	if (s == OK)
		s = open_device(out, o);
	if (s != OK)
		network_close(out);
	return s;
}

void network_close(struct network *n)
{
	if (n->device) {
		if (n->theta)
			n->device->ops->free(n->device, n->theta);
		if (n->stats)
			n->device->ops->free(n->device, n->stats);
		n->device->ops->close(n->device);
	}
	model_free(&n->model);
	arena_free(&n->arena);
	*n = (struct network){.header = NULL};
}

int network_classes(const struct network *n)
{
	return n->likelihood->loss == LOSS_GAUSSIAN ? 0 : n->likelihood->loss == LOSS_BERNOULLI ? 2 : n->model.outputs;
}
