/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	static const char *const good[] = {"batch-python2.pkl", "batch-protocol2.pkl", "batch-protocol3.pkl",
	                                   "batch-protocol4.pkl"};
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
	load(&a, "batch-protocol5.pkl", &bytes, &size);
	ok(pickle_parse("x", bytes, size, &a, &v) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "protocol 5"),
	   "protocol 5 is refused by its number");
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
	arena_free(&a);
	return done_testing();
}
