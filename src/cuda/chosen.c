/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/chosen.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "src/cuda/cudnn.h"

enum { NAME = 768 };

static const char *blas_version(char text[DNN_VERSION_TEXT])
{
	snprintf(text, DNN_VERSION_TEXT, "%zu", cublasLtGetVersion());
	return text;
}

static const struct {
	const char *library, *tasks;
	const char *(*version)(char text[DNN_VERSION_TEXT]);
} kinds[CUDA_CHOSEN_KINDS] = {
	[CUDA_CHOSEN_CONV] = {"cuDNN", "convolutions", dnn_version},
	[CUDA_CHOSEN_MATMUL] = {"cuBLAS", "matrix products", blas_version},
};

static void write_name(const struct cuda_device *cuda, enum cuda_chosen_kind kind, const char *key, char name[NAME])
{
	char version[DNN_VERSION_TEXT];
	snprintf(name, NAME, "%s of %s %s on %s", key, kinds[kind].library, kinds[kind].version(version), cuda->card.name);
}

static void say_elsewhere(struct cuda_device *cuda, enum cuda_chosen_kind kind, const char *key)
{
	char begin[NAME];
	const char *name;
	json_t *text;
	const size_t n = (size_t)snprintf(begin, NAME, "%s of %s ", key, kinds[kind].library);
	json_object_foreach(cuda->choices, name, text) {
		if (cuda->elsewhere[kind] || strncmp(name, begin, n) != 0)
			continue;
		warning("the algorithms of %s were chosen before by another %s or on another card (%s: %s); here they are chosen anew, and "
		        "may round otherwise", kinds[kind].tasks, kinds[kind].library, name, json_string_value(text));
		cuda->elsewhere[kind] = true;
	}
}

const char *cuda_chosen(struct cuda_device *cuda, enum cuda_chosen_kind kind, const char *key)
{
	char name[NAME];
	write_name(cuda, kind, key, name);
	const char *text = json_string_value(json_object_get(cuda->choices, name));
	if (!text)
		say_elsewhere(cuda, kind, key);
	return text;
}

status cuda_chosen_keep(struct cuda_device *cuda, enum cuda_chosen_kind kind, const char *key, const char *text)
{
	char name[NAME];
	write_name(cuda, kind, key, name);
	if (json_object_set_new(cuda->choices, name, json_string(text)))
		return fail(ERR_MEMORY, "out of memory: the choices of algorithms");
	return OK;
}
