/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "predict/network.h"

#include <string.h>

#include "src/words.h"

const json_t *network_run_option(const struct network *n, const char *name)
{
	return json_object_get(json_object_get(n->header, "sampler"), name);
}

static status network_read_precision(const json_t *run, enum precision *out)
{
	const char *word = json_is_string(run) ? json_string_value(run) : "fp32";
	int precision = words_find(PRECISION_WORDS, word);
	if (precision < 0)
		return fail(ERR_INPUT, "the header's precision is “%s”; expected fp32 or bf16", word);
	*out = (enum precision)precision;
	return OK;
}

static status network_read(const json_t *header, struct network *n)
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
	size_t inputs = shape_size(n->model.input), targets = (size_t)likelihood_targets(n->likelihood, n->model.outputs);
	TRY(standardize_from_json(json_object_get(header, "standardize"), &n->arena, inputs, targets, &n->standardize));
	return normalize_from_json(json_object_get(header, "normalize"), &n->normalize);
}

status network_open(const json_t *header, int precision, enum conv_algo algo, struct network *out)
{
	*out = (struct network){.header = header, .algo = algo, .precision = (enum precision)precision};
	status s = network_read(header, out);
	if (s == OK && precision < 0)
		s = network_read_precision(network_run_option(out, "precision"), &out->precision);
	if (s != OK)
		network_close(out);
	return s;
}

status network_place(struct network *n, struct device *d)
{
	n->device = d;
	TRY(d->ops->alloc(d, n->model.params.count * sizeof(float), (void **)&n->theta));
	return n->model.stats.count ? d->ops->alloc(d, n->model.stats.count * sizeof(float), (void **)&n->stats) : OK;
}

void network_close(struct network *n)
{
	if (n->device) {
		n->device->ops->free(n->device, n->theta);
		n->device->ops->free(n->device, n->stats);
		n->device->ops->close(n->device);
	}
	model_free(&n->model);
	arena_free(&n->arena);
	*n = (struct network){.header = NULL};
}
