/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/network.h"

#include <string.h>

#include "src/json_words.h"
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

/* How the run's csv file is read. Of data that moved it is said beside their place, if only that nothing is. */
static const char *said_of_file(const json_t *data, const json_t *run, const char *name)
{
	const json_t *moved = json_object_get(data, name);
	return json_string_value(moved ? moved : json_object_get(run, name));
}

static status network_read_origin(const json_t *header, struct network *n)
{
	const json_t *data = json_object_get(header, "data"), *run = json_object_get(header, "sampler");
	TRY(json_words_read(json_object_get(data, "spec"), &n->arena, &n->origin.spec));
	TRY(json_words_read(json_object_get(data, "labels"), &n->arena, &n->origin.labels));
	TRY(json_words_read(json_object_get(run, "target"), &n->arena, &n->origin.target));
	n->origin.header = (enum header)(words_find(HEADER_WORDS, said_of_file(data, run, "header")) + 1);
	n->origin.decimal = words_find(DECIMAL_WORDS, said_of_file(data, run, "decimal")) == DECIMAL_COMMA ? DECIMAL_COMMA : DECIMAL_POINT;
	return json_words_read(json_object_get(run, "holdout"), &n->arena, &n->origin.holdout);
}

/* Whether the model that the header names has the elements that it lists: before memory is taken for a vector of them, which
 * a few bytes can ask for. Where the list is no file's, there is none. */
static status network_check_size(const json_t *header, const char *list, const struct segments *s)
{
	size_t i, j, elements = 0;
	const json_t *tensor, *side, *tensors = json_object_get(header, list);
	json_array_foreach((json_t *)tensors, i, tensor) {
		size_t count = 1;
		/* What snaps_open read, it has checked: no product is beyond 32 bits. */
		json_array_foreach(json_object_get(tensor, "shape"), j, side)
			count *= (size_t)json_integer_value(side);
		elements += count;
	}
	return !tensors || elements == s->count ? OK
	     : fail(ERR_INPUT, "the header lists %zu elements of %s; its model has %zu", elements,
	            strcmp(list, "params") == 0 ? "parameters" : "statistics", s->count);
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
	TRY(network_check_size(header, "params", &n->model.params));
	TRY(network_check_size(header, "stats", &n->model.stats));
	TRY(network_read_origin(header, n));
	/* Class targets are never standardised. */
	size_t inputs = shape_size(n->model.input), targets = (size_t)likelihood_targets(n->likelihood, n->model.outputs);
	TRY(table_from_json(json_object_get(header, "table"), &n->arena, &n->table));
	if (n->table.n && n->table.width != inputs)
		return fail(ERR_INPUT, "the header's table makes %zu features; its model takes %zu", n->table.width, inputs);
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

status network_class_names(const struct network *n, int classes, struct arena *a, const char *const **out)
{
	const json_t *names = json_object_get(n->header, "classes");
	const char **name;
	*out = NULL;
	if (!json_is_array(names))
		return OK;
	if (json_array_size(names) != (size_t)classes)
		return fail(ERR_INPUT, "the header names %zu classes; its model has %d", json_array_size(names), classes);
	TRY(ARENA_NEW(a, (size_t)classes, &name));
	for (int i = 0; i < classes; i++)
		if (!(name[i] = json_string_value(json_array_get(names, (size_t)i))))
			return fail(ERR_INPUT, "the header's name of class %d is no text", i);
	*out = name;
	return OK;
}

void network_place(struct network *n, struct device *d)
{
	n->device = d;
}

void network_close(struct network *n)
{
	if (n->device)
		n->device->ops->close(n->device);
	model_free(&n->model);
	arena_free(&n->arena);
	*n = (struct network){.header = NULL};
}
