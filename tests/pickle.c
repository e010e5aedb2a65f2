/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "src/data/input_file.h"
#include "src/data/pickle.h"
#include "tests/tap.h"

static void load(struct arena *a, const char *name, uint8_t **bytes, size_t *size)
{
	char *path;
	const char *top = getenv("top_srcdir");
	MUST(arena_text(a, &path, "%s/tests/golden/%s", top ? top : ".", name));
	MUST(input_read(path, a, bytes, size));
}

static bool right(const struct pickle_value *v)
{
	const struct pickle_value *data = pickle_get(v, "data"), *labels = pickle_get(v, "labels");
	if (!data || data->kind != PICKLE_ARRAY || data->ndim != 2 || data->shape[0] != 2 || data->shape[1] != 3072)
		return false;
	for (size_t i = 0; i < data->size; i++)
		if (data->bytes[i] != ((i * 7 + 3) & 255))
			return false;
	const struct pickle_value *files = pickle_get(v, "filenames");
	return labels && labels->kind == PICKLE_LIST && labels->n == 2 && labels->item[0]->integer == 3 &&
		labels->item[1]->integer == 9 && files && files->n == 2 && files->item[1]->size == 5 &&
		!memcmp(files->item[1]->bytes, "b.png", 5) && !pickle_get(v, "nothing");
}

/* Parses a copy of exactly n bytes, so that a sanitizer sees every byte read beyond. */
static status parse_exactly(const uint8_t *bytes, size_t n)
{
	struct arena a = {0};
	const struct pickle_value *v;
	uint8_t *copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	status s = pickle_parse("x", copy, n, &a, &v);
	arena_free(&a);
	free(copy);
	return s;
}

/* Megabytes that parsing this takes, and what it says. */
static long taken(const uint8_t *bytes, size_t n, status *s)
{
	struct rusage before, after;
	getrusage(RUSAGE_SELF, &before);
	*s = parse_exactly(bytes, n);
	getrusage(RUSAGE_SELF, &after);
	return (after.ru_maxrss - before.ru_maxrss) / 1024;
}

/* Bytes that each ask for something: memory follows the file's size, or has a limit. */
static void test_memory(void)
{
	enum { BYTES = 16 << 20, TEXT = 100000 };
	static uint8_t bytes[BYTES];
	static const char *const hungry[] = {"]", "N\x85", "(", "h\x01", "]\x94"};
	static const char encode[] = "c_codecs\nencode\nq\x02" "0", again[] = "h\x02h\x01X\x06\0\0\0latin1\x86R";
	status s;
	long most = 0;
	bool refused = true;
	for (size_t k = 0; k < sizeof hungry / sizeof *hungry; k++) {
		size_t unit = strlen(hungry[k]), at = 5;
		memcpy(bytes, "\x80\x04]q\x01", at);
		for (; at + unit < BYTES; at += unit)
			memcpy(bytes + at, hungry[k], unit);
		bytes[at++] = '.';
		long mb = taken(bytes, at, &s);
		most = mb > most ? mb : most;
		refused = refused && s == ERR_INPUT && strstr(fail_words(s, "--"), "more than 524288 opcodes");
	}
	ok(refused && most < 192, "16 MiB of opcodes take at most %ld MiB and are refused", most);
	/* One text of 100 kB whose bytes are asked for 5000 times, then those of the bytes. */
	size_t at = 0;
	memcpy(bytes, "\x80\x02X\xa0\x86\x01", 7);
	memset(bytes + 7, 'x', TEXT);
	at = 7 + TEXT;
	memcpy(bytes + at, "q\x01", 2);
	at += 2;
	memcpy(bytes + at, encode, sizeof encode - 2);
	at += sizeof encode - 2;
	for (int i = 0; i < 5000; i++, at += sizeof again - 1)
		memcpy(bytes + at, again, sizeof again - 1);
	for (int i = 0; i < 5000; i++) {
		memcpy(bytes + at, "q\x01" "h\x02h\x01X\x06\0\0\0latin1\x86R", sizeof again + 1);
		at += sizeof again + 1;
	}
	bytes[at++] = 't';
	bytes[at++] = '.';
	memmove(bytes + 3, bytes + 2, at - 2);
	bytes[2] = '(';
	most = taken(bytes, at + 1, &s);
	if (!ok(s == OK && most < 16, "a text that is asked for ten thousand times takes %ld MiB", most))
		note("%s", fail_words(s, "--"));
}

int main(void)
{
	static const char *const good[] = {"batch-python2.pkl", "batch-protocol2.pkl", "batch-protocol3.pkl",
	                                   "batch-protocol4.pkl", "batch-protocol5.pkl"};
	struct arena a = {0};
	const struct pickle_value *v;
	uint8_t *bytes;
	size_t size;
	for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
		load(&a, good[k], &bytes, &size);
		MUST(pickle_parse(good[k], bytes, size, &a, &v));
		ok(right(v), "%s holds what was pickled", good[k]);
		size_t accepted = 0, crashed = 0;
		for (size_t n = 0; n < size; n++)
			accepted += parse_exactly(bytes, n) != ERR_INPUT;
		ok(accepted == 0, "%s: every truncation is refused", good[k]);
		/* Any single byte changed: refused or read, never a crash (which ends this program). */
		for (size_t i = 0; i < size; i += i < 700 || i + 300 > size ? 1 : 97)
			for (int bit = 0; bit < 8; bit++) {
				bytes[i] ^= (uint8_t)(1 << bit);
				status s = parse_exactly(bytes, size);
				crashed += s != OK && s != ERR_INPUT;
				bytes[i] ^= (uint8_t)(1 << bit);
			}
		ok(crashed == 0, "%s: a flipped bit is refused as input or read", good[k]);
	}
	static const uint8_t six[] = "\x80\x06N.";
	ok(pickle_parse("x", six, sizeof six - 1, &a, &v) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "protocol 6; 2 to 5"),
	   "protocol 6 is refused by its number");
	static const uint8_t buffer[] = "\x80\x05\x97.";
	ok(pickle_parse("x", buffer, sizeof buffer - 1, &a, &v) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "0x97"),
	   "a buffer that is kept elsewhere is refused");
	load(&a, "evil.pkl", &bytes, &size);
	ok(pickle_parse("x", bytes, size, &a, &v) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "os.system"),
	   "a global is refused by its name");
	load(&a, "floats.pkl", &bytes, &size);
	ok(pickle_parse("x", bytes, size, &a, &v) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "f8"),
	   "an array of another type is refused by its name");
	static const uint8_t inst[] = "\x80\x02(ios\nsystem\n.";
	ok(pickle_parse("x", inst, sizeof inst - 1, &a, &v) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "0x69 'i'"),
	   "an opcode beyond the list is refused by its number");
	static const uint8_t self[] = "\x80\x02]q\0h\0a.";
	ok(pickle_parse("x", self, sizeof self - 1, &a, &v) == OK && v->item[0] == v, "a list that holds itself does no harm");
	static const uint8_t nothing[] = "\x80\x02(t.";
	ok(pickle_parse("x", nothing, sizeof nothing - 1, &a, &v) == OK && v->kind == PICKLE_TUPLE && v->n == 0,
	   "a tuple of nothing, with nothing on the stack");
	arena_free(&a);
	test_memory();
	return done_testing();
}
