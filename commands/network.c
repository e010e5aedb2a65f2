/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "commands/network.h"

#include <string.h>

static status doubles(const json_t *owner, const char *name, struct arena *a, size_t n, const double **out)
{
	const json_t *list = json_object_get(owner, name);
	double *x;
	*out = NULL;
	if (!list || json_is_null(list))
		return OK;
	if (json_array_size(list) != n)
		return fail(ERR_INPUT, "the header's %s has %zu numbers; the model asks for %zu", name, json_array_size(list), n);
	TRY(ARENA_NEW(a, n, &x));
	for (size_t i = 0; i < n; i++)
		x[i] = json_number_value(json_array_get(list, i));
	*out = x;
	return OK;
}

static status read_normalize(const json_t *j, struct arena *a, struct normalize *out)
{
	const double *mean, *sd;
	size_t channels = json_array_size(json_object_get(j, "mean"));
	*out = (struct normalize){.on = false};
	if (!json_is_object(j))
		return OK;
	if (channels < 1 || channels > CHANNELS_MAX)
		return fail(ERR_INPUT, "the header's normalize has %zu channels; expected 1 to %d", channels, CHANNELS_MAX);
	TRY(doubles(j, "mean", a, channels, &mean));
	TRY(doubles(j, "sd", a, channels, &sd));
	if (!mean || !sd)
		return fail(ERR_INPUT, "the header's normalize lacks mean or sd");
	out->on = true;
	out->channels = (int)channels;
	for (size_t i = 0; i < channels; i++) {
		out->mean[i] = mean[i];
		out->sd[i] = sd[i];
	}
	return OK;
}

static status read_header(const json_t *header, struct network *n)
{
	const json_t *model = json_object_get(header, "model"), *likelihood = json_object_get(header, "likelihood");
	const json_t *standardize = json_object_get(header, "standardize");
	const char *kind = json_string_value(json_object_get(model, "kind"));
	const char *name = json_string_value(json_object_get(likelihood, "name"));
	if (kind && strcmp(kind, "analytic") == 0)
		return fail(ERR_USAGE, "the run's target is the analytic %s, which predicts nothing; basin info describes its "
		            "draws", json_string_value(json_object_get(model, "spec")));
	if (!name)
		return fail(ERR_INPUT, "the header names no likelihood");
	TRY(likelihood_find(name, &n->likelihood));
	n->noise_sd = json_number_value(json_object_get(likelihood, "noise_sd"));
	TRY(model_from_json(model, &n->model));
	size_t inputs = shape_size(n->model.input);
	TRY(doubles(standardize, "x_mean", &n->arena, inputs, &n->x_mean));
	TRY(doubles(standardize, "x_sd", &n->arena, inputs, &n->x_sd));
	/* Class targets are never standardised. */
	if (!n->likelihood->class_targets) {
		TRY(doubles(standardize, "target_mean", &n->arena, (size_t)n->model.outputs, &n->target_mean));
		TRY(doubles(standardize, "target_sd", &n->arena, (size_t)n->model.outputs, &n->target_sd));
	}
	return read_normalize(json_object_get(header, "normalize"), &n->arena, &n->normalize);
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
	const char *note = device_precision_note(n->device, n->precision);
	if (note)
		warning("%s; compare with {precision} fp32", note);
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
