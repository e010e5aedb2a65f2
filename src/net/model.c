/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/net/model.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "src/json_build.h"
#include "src/net/nets.h"
#include "src/text.h"

static const char *const activation_names[] = {
	[ACTIVATION_RELU] = "relu",
	[ACTIVATION_SILU] = "silu",
	[ACTIVATION_TANH] = "tanh",
};
enum { ACTIVATIONS = sizeof activation_names / sizeof *activation_names };

static status find_activation(const char *name, enum activation *out)
{
	for (int i = 0; i < ACTIVATIONS; i++)
		if (!strcmp(name, activation_names[i])) {
			*out = (enum activation)i;
			return OK;
		}
	return fail(ERR_USAGE, "{activation} %s: expected relu, silu or tanh", name);
}

static const char *const norm_names[] = {[NORM_BATCH] = "bn", [NORM_FILTER_RESPONSE] = "frn"};

static status find_norm(const char *spec, const struct net_kind *kind, const char *name, struct model *m)
{
	m->normed = kind->normed;
	if (!name)
		return OK;
	if (!kind->normed)
		return fail(ERR_USAGE, "{norm} %s: {model} %s has no norms", name, spec);
	for (int i = 0; i < (int)(sizeof norm_names / sizeof *norm_names); i++)
		if (!strcmp(name, norm_names[i])) {
			m->norm = (enum norm)i;
			return OK;
		}
	return fail(ERR_USAGE, "{norm} %s: expected bn or frn", name);
}

const char *model_norm(const struct model *m)
{
	return m->normed ? norm_names[m->norm] : NULL;
}

static status find_kind(const char *spec, const struct net_kind **out)
{
	size_t length = strcspn(spec, ":");
	for (const struct net_kind *const *k = net_kinds; *k; k++)
		if (strlen((*k)->name) == length && !strncmp(spec, (*k)->name, length)) {
			*out = *k;
			return OK;
		}
	struct text known = {.n = 0};
	for (const struct net_kind *const *k = net_kinds; *k; k++)
		text_list(&known, ", ", (*k)->usage);
	return fail(ERR_USAGE, "{model} %s: no such model; there are %s", spec, known.at);
}

static status build(const char *spec, const char *activation, const char *norm, const int input[3], int outputs,
                    struct model *m)
{
	const struct net_kind *kind;
	TRY(find_kind(spec, &kind));
	TRY(find_activation(activation ? activation : "relu", &m->activation));
	TRY(find_norm(spec, kind, norm, m));
	long long inputs = 1;
	for (int i = 0; i < 3; i++) {
		if (input[i] < 1 || (inputs *= input[i]) > INT_MAX)
			return fail(ERR_USAGE, "{model} %s: inputs of %d×%d×%d can't be used", spec, input[0], input[1], input[2]);
		m->input[i] = input[i];
	}
	if (outputs < 1)
		return fail(ERR_USAGE, "{model} %s: %d outputs can't be used", spec, outputs);
	char *text;
	TRY(arena_text(&m->arena, &text, "%s", spec));
	m->spec = text;
	m->kind = kind->name;
	m->outputs = outputs;
	const char *colon = strchr(m->spec, ':');
	return kind->build(m, colon ? colon + 1 : NULL);
}

status model_build(const char *spec, const char *activation, const char *norm, const int input[3], int outputs,
                   struct model *out)
{
	*out = (struct model){0};
	status s = build(spec, activation, norm, input, outputs, out);
	if (s != OK)
		model_free(out);
	return s;
}

bool model_is(const char *text, const char *spec)
{
	static const char digits[] = "0123456789";
	const char *in = strstr(text, ":in-"), *out = strrchr(text, '-');
	while (*text && *spec) {
		if (in && text == in + 1) {
			text += strlen("in");
			spec += strspn(spec, digits);
		} else if (out && text == out + 1 && !strcmp(text, "out")) {
			text += strlen("out");
			spec += strspn(spec, digits);
		} else if (*text++ != *spec++) {
			return false;
		}
	}
	return !*text && !*spec;
}

void model_free(struct model *m)
{
	arena_free(&m->arena);
	*m = (struct model){0};
}

const char *model_lacks(const struct model *m, const struct device *d)
{
	static const char *const kinds[LAYER_KINDS] = {
		[LAYER_LINEAR] = "linear layers", [LAYER_ACTIVATION] = "activations", [LAYER_CONV] = "convolutions",
		[LAYER_NORM] = "norms", [LAYER_POOL] = "pooling", [LAYER_FLATTEN] = "flattening of maps",
	};
	for (int i = 0; i < m->n_layers; i++)
		if (!d->ops->layers[m->layer[i].kind])
			return kinds[m->layer[i].kind];
	return NULL;
}

bool model_has(const struct model *m, enum layer_kind kind)
{
	for (int i = 0; i < m->n_layers; i++)
		if (m->layer[i].kind == kind)
			return true;
	return false;
}

double model_products(const struct model *m)
{
	double all = 0;
	for (int i = 0; i < m->n_layers; i++) {
		const struct layer *l = &m->layer[i];
		double out = (double)shape_size(l->out);
		if (l->kind == LAYER_LINEAR)
			all += out * (double)shape_size(l->in);
		else if (l->kind == LAYER_CONV)
			all += out * l->kernel * l->kernel * l->in[0] / l->groups;
	}
	return all;
}

bool model_has_winograd(const struct model *m)
{
	for (int i = 0; i < m->n_layers; i++)
		if (m->layer[i].kind == LAYER_CONV && m->layer[i].kernel == 3 && m->layer[i].stride == 1)
			return true;
	return false;
}

bool model_norms_one_pixel(const struct model *m)
{
	for (int i = 0; i < m->n_layers; i++)
		if (m->layer[i].kind == LAYER_NORM && m->layer[i].in[1] == 1 && m->layer[i].in[2] == 1)
			return true;
	return false;
}

json_t *model_to_json(const struct model *m)
{
	json_t *sizes = json_array();
	for (int i = 0; i < m->n_layers; i++) {
		const struct layer *l = &m->layer[i];
		if (l->kind != LAYER_LINEAR)
			continue;
		if (!json_array_size(sizes))
			json_add(&sizes, json_integer(l->in[0]));
		json_add(&sizes, json_integer(l->out[0]));
	}
	return json_pack("{s:s, s:s, s:o, s:s?, s:s, s:[i,i,i], s:i}", "kind", m->kind, "spec", m->spec, "sizes", sizes,
	                 "norm", model_norm(m), "activation", activation_names[m->activation], "input", m->input[0], m->input[1],
	                 m->input[2], "outputs", m->outputs);
}

status model_from_json(const json_t *j, struct model *out)
{
	const char *kind, *spec, *activation, *norm = json_string_value(json_object_get(j, "norm"));
	int input[3], outputs;
	json_error_t error;
	*out = (struct model){0};
	/* jansson's unpack takes the object without const, and changes nothing. */
	errno = 0;
	if (json_unpack_ex((json_t *)j, &error, 0, "{s:s, s:s, s:s, s:[i,i,i!], s:i}", "kind", &kind, "spec", &spec,
	                   "activation", &activation, "input", &input[0], &input[1], &input[2], "outputs", &outputs))
		return fail_within(json_failed(ERR_INPUT, error.text), "model: ");
	status built = model_build(spec, activation, norm, input, outputs, out);
	if (built != OK)
		return fail(built == ERR_MEMORY ? built : ERR_INPUT, "model: %s", fail_message(built));
	if (strcmp(kind, out->kind)) {
		status s = fail(ERR_INPUT, "model: kind is “%s”, but spec is “%s”", kind, spec);
		model_free(out);
		return s;
	}
	return OK;
}
