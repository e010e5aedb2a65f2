/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Headers that several snapshot files share: which are one, and what of each stays its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/files.h"
#include "tests/tap.h"

static const char *const roles[] = {"theta", NULL};

enum { NO_CHAIN = -1 };

/* A file of one record, of this chain, with a fact of its own. */
static const char *write_chain(struct small_model *m, const char *name, int chain, const char *fact)
{
	struct snaps_writer *w;
	const char *path = scratch_path(name);
	unlink(path);
	json_object_set_new(m->meta, "chain", json_integer(chain));
	if (chain == NO_CHAIN)
		json_object_del(m->meta, "chain");
	json_object_set_new(m->meta, "fact", json_string(fact));
	m->theta[0] = (float)chain;
	MUST(snaps_create(path, m->meta, &m->params, &m->stats, roles, SNAPS_FLOAT32, &w));
	MUST(snaps_write(w, 10, 1, "theta", 0.5, m->theta, m->running));
	MUST(snaps_close(w));
	return path;
}

static void chains(struct small_model *m)
{
	struct snaps_shared *first, *other;
	struct snaps_own own;
	struct snaps_reader *r;
	struct snaps_record record;
	const char *path = write_chain(m, "c0.snaps", 0, "same");
	MUST(snaps_shared_read(path, NULL, &first, &own));
	ok(own.numbered && own.chain == 0 && snaps_shared_role(first, 0) && !snaps_shared_role(first, 1), "a header read alone");
	int good = 0;
	for (int k = 1; k <= 300; k += 23) {
		json_t *meta;
		uint64_t checksum;
		path = write_chain(m, "ck.snaps", k, "same");
		MUST(snaps_shared_read(path, first, &other, &own));
		MUST(snaps_header(path, &meta, &checksum));
		good += other == first && own.numbered && own.chain == k && own.checksum == checksum;
		json_decref(meta);
	}
	ok(good == 14, "those of other chains are the same one, their numbers and checksums are their own");
	MUST(snaps_open_shared(path, 0, first, &r));
	ok(snaps_count(r) == 1 && snaps_read(r, 0, &record) == OK && record.params[0] == 300 - 300 % 23 + 1 && record.step == 10,
	   "records are read through it");
	snaps_reader_close(r);
	path = write_chain(m, "other.snaps", 1, "else");
	MUST(snaps_shared_read(path, first, &other, &own));
	ok(other != first && own.chain == 1, "a header with another fact is another one");
	ok(snaps_open_shared(path, 0, first, &r) == ERR_INPUT && !r && strstr(fail_message(ERR_INPUT), path),
	   "through which the file is not read");
	snaps_shared_free(other);
	snaps_shared_free(first);
}

static void without_number(struct small_model *m)
{
	struct snaps_shared *first, *again;
	struct snaps_own own;
	MUST(snaps_shared_read(write_chain(m, "a.snaps", NO_CHAIN, "none"), NULL, &first, &own));
	MUST(snaps_shared_read(write_chain(m, "b.snaps", NO_CHAIN, "none"), first, &again, &own));
	ok(again == first && !own.numbered, "headers without a chain's number are one where they are equal");
	MUST(snaps_shared_read(write_chain(m, "b.snaps", NO_CHAIN, "nine"), first, &again, &own));
	ok(again != first, "and only there");
	snaps_shared_free(again);
	snaps_shared_free(first);
}

/* A number below 0, or a writer of another program, has another encoding. */
static void otherwise_encoded(struct small_model *m)
{
	struct snaps_shared *first, *again;
	struct snaps_own own;
	MUST(snaps_shared_read(write_chain(m, "a.snaps", -3, "same"), NULL, &first, &own));
	ok(own.numbered && own.chain == -3, "a number of another encoding");
	MUST(snaps_shared_read(write_chain(m, "b.snaps", -3, "same"), first, &again, &own));
	ok(again == first && own.numbered && own.chain == -3, "is told of a second file too");
	snaps_shared_free(first);
}

/* No byte of a header may be wrong because another file's is known. */
static void damage(struct small_model *m)
{
	struct snaps_shared *known, *other;
	struct snaps_own own;
	int found = 0, cut = 0, cases = 0;
	size_t n;
	MUST(snaps_shared_read(write_chain(m, "k.snaps", 3, "same"), NULL, &known, &own));
	const char *path = write_chain(m, "bad.snaps", 4, "same");
	uint8_t *data = slurp(path, &n);
	struct snaps_writer *w;
	unlink(path);
	MUST(snaps_create(path, m->meta, &m->params, &m->stats, roles, SNAPS_FLOAT32, &w));
	size_t header = snaps_length(w);
	MUST(snaps_close(w));
	for (size_t i = 0; i < header; i++, cases++) {
		data[i] ^= 0x04;
		spit(path, data, n);
		data[i] ^= 0x04;
		status s = snaps_shared_read(path, known, &other, &own);
		found += s == ERR_DAMAGE || s == ERR_INPUT;
		spit(path, data, i);
		s = snaps_shared_read(path, known, &other, &own);
		cut += s == ERR_DAMAGE || s == ERR_INPUT;
	}
	ok(found == cases && cut == cases, "a wrong byte or a missing end of a header is found beside a known one (%d places)", cases);
	free(data);
	snaps_shared_free(known);
}

int main(void)
{
	struct small_model m;
	small_model_open(&m, 1);
	chains(&m);
	otherwise_encoded(&m);
	without_number(&m);
	damage(&m);
	small_model_close(&m);
	return done_testing();
}
