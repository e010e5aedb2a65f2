/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/trained.h"

#include <string.h>

#include "src/data/fingerprint.h"
#include "src/json_build.h"

static bool is_print(const char *text, uint64_t print)
{
	return text && strcmp(text, fingerprint_text(print).at) == 0;
}

static const json_t *before(const json_t *header)
{
	return json_object_get(header, "init_fingerprints");
}

const char *trained_own(const json_t *header)
{
	return json_string_value(json_object_get(json_object_get(header, "data"), "fingerprint"));
}

const char *trained_held(const json_t *header)
{
	return json_string_value(json_object_get(json_object_get(header, "data"), "holdout_fingerprint"));
}

bool trained_is_own(const json_t *header, uint64_t print)
{
	return is_print(trained_own(header), print);
}

bool trained_on(const json_t *header, uint64_t print)
{
	bool found = trained_is_own(header, print);
	for (size_t i = 0; !found && i < json_array_size(before(header)); i++)
		found = is_print(json_string_value(json_array_get(before(header), i)), print);
	return found;
}

bool trained_before_on_others(const json_t *header, uint64_t print)
{
	for (size_t i = 0; i < json_array_size(before(header)); i++)
		if (!is_print(json_string_value(json_array_get(before(header), i)), print))
			return true;
	return false;
}

void trained_add_before(const json_t *header, json_t **prints)
{
	for (size_t i = 0; i < json_array_size(before(header)); i++) {
		const char *text = json_string_value(json_array_get(before(header), i));
		if (text)
			json_add_new(prints, text);
	}
}

void trained_add(const json_t *header, json_t **prints)
{
	if (trained_own(header))
		json_add_new(prints, trained_own(header));
	trained_add_before(header, prints);
}
