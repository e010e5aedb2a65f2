/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "predict/selection.h"
#include "src/json_build.h"
#include "src/json_text.h"

/* All that a header says but where its data lay, which a copy of the run may have elsewhere. */
static status header_sum(const json_t *header, uint64_t *out)
{
	json_t *facts = json_object();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)header, key, value) {
		const json_t *data = strcmp(key, "data") == 0 ? json_object_get(value, "fingerprint") : value;
		json_put_shared(&facts, key, data ? data : json_null());
	}
	char *text = facts ? json_text(facts) : NULL;
	json_decref(facts);
	if (!text)
		return fail(ERR_MEMORY, "out of memory: what snapshots are known by");
	*out = XXH3_64bits(text, strlen(text));
	free(text);
	return OK;
}

status selection_fingerprint(const struct selection *s, uint64_t *out)
{
	const json_t *known = NULL;
	uint64_t header = 0;
	*out = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct choice *c = &s->choice[i];
		const struct source *source = &s->sources.source[c->source];
		if (source->header != known)
			TRY(header_sum(source->header, &header));
		known = source->header;
		const uint64_t facts[] = {header, (uint64_t)source->chain, c->step, XXH3_64bits(c->role, strlen(c->role))};
		*out += XXH3_64bits(facts, sizeof facts);
	}
	return OK;
}
