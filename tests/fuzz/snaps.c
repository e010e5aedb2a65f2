/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshot files: header and records, read, and gone on with. */
#include <stdlib.h>
#include <string.h>

#include "src/files/snaps.h"
#include "src/json_text.h"
#include "tests/files.h"
#include "tests/fuzz/fuzz.h"

static void read_all(struct snaps_reader *r)
{
	volatile double sum = 0;
	for (size_t i = 0; i < snaps_count(r) && i < 64; i++) {
		struct snaps_record record;
		uint64_t step;
		const char *role;
		if (snaps_peek(r, i, &step, &role) == OK)
			sum += (double)strlen(role);
		if (snaps_read(r, i, &record) != OK)
			continue;
		for (size_t k = 0; k < snaps_params(r)->count; k++)
			sum += record.params[k];
		for (size_t k = 0; record.stats && k < snaps_stats(r)->count; k++)
			sum += record.stats[k];
	}
	(void)sum;
	free(json_text(snaps_meta(r)));
}

/* A second file whose header is the first one's but for a bit, read with the first's known, as those of a run's chains are. */
static void read_second(const struct part *part, unsigned how, struct snaps_shared *first)
{
	static const char *path;
	struct snaps_shared *second;
	struct snaps_own own;
	uint8_t *changed = malloc(part->size);
	if (!changed)
		return;
	memcpy(changed, part->data, part->size);
	changed[how * part->size / 256] ^= 1;
	if (!path)
		path = fuzz_path("y.snaps");
	fuzz_put("y.snaps", &(struct part){changed, part->size});
	free(changed);
	if (snaps_shared_read(path, first, &second, &own) == OK && second != first)
		snaps_shared_free(second);
}

static void share(const char *path, uint64_t committed, unsigned how, const struct part *part)
{
	struct snaps_shared *first;
	struct snaps_own own;
	struct snaps_reader *r;
	if (snaps_shared_read(path, NULL, &first, &own) != OK)
		return;
	read_second(part, how, first);
	if (snaps_open_shared(path, committed, first, &r) == OK) {
		read_all(r);
		snaps_reader_close(r);
	}
	snaps_shared_free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct small_model model;
	static const char *path;
	struct snaps_reader *r;
	struct snaps_writer *w;
	struct part part[2];
	fuzz_parts(data, size, part, 2);
	unsigned how = fuzz_choice(&part[1]);
	uint64_t committed = how & 1 ? part[0].size : how & 2 ? how * part[0].size / 256 : 0;
	if (!path) {
		small_model_open(&model, 1);
		path = fuzz_path("x.snaps");
	}
	fuzz_put("x.snaps", &part[0]);
	if (snaps_open(path, committed, &r) == OK) {
		read_all(r);
		snaps_reader_close(r);
	}
	share(path, committed, how, &part[0]);
	if (snaps_append(path, committed ? committed : part[0].size, &model.params, &model.stats, &w) == OK) {
		(void)snaps_write(w, 7, 1, "theta", 1, model.theta, model.running);
		(void)snaps_close(w);
	}
	return 0;
}
