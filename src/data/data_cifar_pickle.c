/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The python version of CIFAR: each batch a pickled dict of "data", uint8 (n, 3072), and a list of n labels. */
#include <string.h>

#include "src/data/data_cifar.h"
#include "src/data/input_file.h"
#include "src/data/pickle.h"
#include "src/text.h"

static status parse_file(const char *path, struct arena *a, const struct pickle_value **out)
{
	uint8_t *bytes;
	size_t size;
	TRY(input_read(path, a, &bytes, &size));
	TRY(pickle_parse(path, bytes, size, a, out));
	if ((*out)->kind != PICKLE_DICT)
		return fail(ERR_INPUT, "%s: the pickle holds no dict", path);
	return OK;
}

static status member(const char *path, const struct pickle_value *dict, const char *key, enum pickle_kind kind,
                     const struct pickle_value **out)
{
	*out = pickle_get(dict, key);
	if (!*out || (*out)->kind != kind)
		return fail(ERR_INPUT, "%s: member '%s' is %s; %s was expected", path, key, *out ? "something else" : "missing",
		            kind == PICKLE_ARRAY ? "a uint8 array of shape (n, 3072)" : "a list");
	return OK;
}

/* Appends one batch to x and label, which hold `n` examples so far and are made at the first. */
static status read_batch(const struct cifar *f, const char *path, size_t batches, struct arena *scratch, struct arena *keep,
                         uint8_t **x, int32_t **label, size_t *per_batch, size_t n)
{
	const struct pickle_value *dict, *data, *labels;
	TRY(parse_file(path, scratch, &dict));
	TRY(member(path, dict, "data", PICKLE_ARRAY, &data));
	TRY(member(path, dict, f->labels_key, PICKLE_LIST, &labels));
	if (data->ndim != 2 || data->shape[1] != CIFAR_BYTES || data->shape[0] == 0) {
		struct text shape = {.n = 0};
		for (int d = 0; d < data->ndim; d++)
			text_add(&shape, "%s%zu", d ? ", " : "", data->shape[d]);
		return fail(ERR_INPUT, "%s: member 'data' has shape (%s%s); (n, 3072) was expected: reshape(len(data), 3072)", path,
		            shape.at, data->ndim == 1 ? "," : "");
	}
	if (labels->n != data->shape[0])
		return fail(ERR_INPUT, "%s: %zu images, but %zu of '%s'", path, data->shape[0], labels->n, f->labels_key);
	if (!*x) {
		*per_batch = labels->n;
		TRY(arena_take(keep, batches * labels->n, CIFAR_BYTES, x));
		TRY(arena_take(keep, batches * labels->n, sizeof **label, label));
	}
	if (labels->n != *per_batch)
		return fail(ERR_INPUT, "%s: holds %zu images; the batches were expected to be equally long, %zu each", path,
		            labels->n, *per_batch);
	memcpy(*x + n * CIFAR_BYTES, data->bytes, data->size);
	for (size_t i = 0; i < labels->n; i++) {
		const struct pickle_value *v = labels->item[i];
		if (v->kind != PICKLE_INTEGER)
			return fail(ERR_INPUT, "%s: element %zu of '%s' is not an integer", path, i, f->labels_key);
		TRY(cifar_label(path, i, v->integer, f->classes, "label"));
		(*label)[n + i] = (int32_t)v->integer;
	}
	return OK;
}

static status read_names(const struct cifar *f, const char *path, struct arena *scratch, struct dataset *out)
{
	const struct pickle_value *dict, *list;
	char **names;
	TRY(parse_file(path, scratch, &dict));
	TRY(member(path, dict, f->names_key, PICKLE_LIST, &list));
	if (list->n != (size_t)f->classes)
		return fail(ERR_INPUT, "%s: '%s' holds %zu names; %d were expected", path, f->names_key, list->n, f->classes);
	TRY(ARENA_NEW(&out->arena, list->n, &names));
	for (size_t i = 0; i < list->n; i++) {
		const struct pickle_value *v = list->item[i];
		if (v->kind != PICKLE_TEXT || v->size > 1000)
			return fail(ERR_INPUT, "%s: element %zu of '%s' is not a name", path, i, f->names_key);
		status s = class_name_check(v->bytes, v->size);
		if (s != OK)
			return fail_within(s, "%s: element %zu of '%s': the class name ", path, i, f->names_key);
		TRY(arena_text(&out->arena, &names[i], "%.*s", (int)v->size, v->bytes));
	}
	out->class_names = (const char *const *)names;
	return OK;
}

status cifar_read_pickles(const struct cifar *f, const char *folder, const char *const *files, struct dataset *out)
{
	char *path;
	uint8_t *x = NULL;
	int32_t *label = NULL;
	size_t batches = 0, per_batch = 0;
	while (files[batches])
		batches++;
	for (size_t k = 0; k < batches; k++) {
		struct arena scratch = {0};
		TRY(arena_text(&out->arena, &path, "%s/%s", folder, files[k]));
		status s = read_batch(f, path, batches, &scratch, &out->arena, &x, &label, &per_batch, k * per_batch);
		arena_free(&scratch);
		TRY(s);
	}
	dataset_images(out, batches * per_batch, 3, 32, 32, x, label, f->classes);
	TRY(arena_text(&out->arena, &path, "%s/%s", folder, f->names_pickle));
	bool found;
	TRY(input_find_file(path, &found));
	if (!found)
		return OK;
	struct arena scratch = {0};
	status s = read_names(f, path, &scratch, out);
	arena_free(&scratch);
	return s;
}
