/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Building JSON, and its text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/json_build.h"
#include "src/json_numbers.h"
#include "src/json_text.h"
#include "tests/files.h"
#include "tests/tap.h"

static void check_build(void)
{
	json_t *object = json_object(), *array = json_array();
	json_put(&object, "n", json_integer(3));
	json_put_shared(&object, "same", json_object_get(object, "n"));
	json_add(&array, json_true());
	json_put(&object, "list", array);
	ok(object && json_object_size(object) == 3 && json_array_size(json_object_get(object, "list")) == 1 &&
	   json_object_get(object, "same") == json_object_get(object, "n"), "members and elements are put in their place");
	json_t *more = json_pack("{s:i, s:i}", "n", 4, "m", 5);
	ok(json_add_missing(object, more) && json_integer_value(json_object_get(object, "n")) == 3 &&
	   json_integer_value(json_object_get(object, "m")) == 5, "what is missing is added, what is there stays");
	json_decref(more);
	json_put(&object, "none", NULL);
	ok(!object, "an object that lacks a member is none");
	json_put(&object, "n", json_integer(3));
	json_add(&object, json_integer(3));
	ok(!object && !json_add_missing(object, NULL), "and stays none");
}

static void check_words(void)
{
	/* What is UTF-8 and what not: Unicode 15, table 3-7. */
	static const char *const cases[][2] = {
		{"/home/für/δ𝄞", "/home/für/δ𝄞"}, {"", ""}, {"\xfc/x", "\\xFC/x"}, {"a\\b\\x", "a\\b\\x"},
		{"\\x41", "\\x5Cx41"}, {"\\xfc", "\\xfc"}, {"\\\\xFC", "\\\\x5CxFC"}, {"\\x00", "\\x5Cx00"},
		{"\xc0\xaf", "\\xC0\\xAF"}, {"\xe0\x9f\xbf", "\\xE0\\x9F\\xBF"}, {"\xed\xa0\x80", "\\xED\\xA0\\x80"},
		{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}, {"\xe2\x82", "\\xE2\\x82"}, {"\x80", "\\x80"}, {"\xff", "\\xFF"},
		{"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"}, {"\\x4\xe9", "\\x4\\xE9"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *j = json_words(cases[i][0]), *checked = json_string(cases[i][1]);
		ok(checked && json_equal(j, checked) && json_words_are(j, cases[i][0]), "bytes as words: %s", cases[i][1]);
		json_decref(j);
		json_decref(checked);
	}
}

/* Texts of the bytes that an escape, or a character, is made of, in every order. */
static void check_round_trips(void)
{
	static const char bytes[] = "\\\\x4Af5C\xc3\xa9\xed\xa0\xf4\x8f\xff";
	struct arena arena = {0};
	uint32_t random = 1;
	int same = 0, valid = 0;
	for (int i = 0; i < 20000; i++) {
		char text[12];
		const char *back;
		size_t n = random >> 8 & 7;
		for (size_t k = 0; k < n; k++) {
			random = random * 1664525 + 1013904223;
			text[k] = bytes[(random >> 16) % (sizeof bytes - 1)];
		}
		random = random * 1664525 + 1013904223;
		text[n] = 0;
		json_t *j = json_words(text), *checked = json_string(json_string_value(j));
		MUST(json_words_read(j, &arena, &back));
		same += strcmp(back, text) == 0 && json_words_are(j, text);
		valid += checked != NULL;
		json_decref(j);
		json_decref(checked);
		arena_free(&arena);
	}
	ok(same == 20000, "any bytes come back: %d of 20000", same);
	ok(valid == 20000, "and what is kept is UTF-8 to jansson too");
	json_t *number = json_integer(1), *zero = json_stringn("a\0b", 3);
	const char *back;
	MUST(json_words_read(number, &arena, &back));
	bool none = !back;
	MUST(json_words_read(zero, &arena, &back));
	ok(none && !back && !json_words_are(zero, "a") && !json_words_are(NULL, ""), "what is no name has no bytes");
	json_decref(number);
	json_decref(zero);
}

/* Whether a list of numbers has this text. */
static bool reads(const double *x, int n, const char *expected)
{
	json_t *numbers = json_numbers(x, n);
	char *text = json_text(numbers);
	bool same = text && strcmp(text, expected) == 0;
	if (text && !same)
		note("%s", text);
	free(text);
	json_decref(numbers);
	return same;
}

static void check_text(void)
{
	ok(reads((double[]){0.1, -2.5}, 2, "[\n  0.1,\n  -2.5\n]"), "0.1 has one digit");
	ok(reads((double[]){0.1, 0.1 + 0.2}, 2, "[\n  0.10000000000000001,\n  0.30000000000000004\n]"),
	   "the number that asks for the most digits says how many");
	ok(reads((double[]){1 / 3.0}, 1, "[\n  0.3333333333333333\n]"), "which may be 16");
	ok(reads((double[]){1, NAN, INFINITY}, 3, "[\n  1.0,\n  null,\n  null\n]"), "what is not finite is null");
}

static void check_read(void)
{
	json_t *read;
	const char *path = scratch_path("facts.json");
	spit(path, "{\"n\": 3}", 8);
	ok(json_text_read(path, &read) == OK && json_integer_value(json_object_get(read, "n")) == 3, "a file is read");
	json_decref(read);
	spit(path, "{\"n\": 3,\n\"n\": 4}", 17);
	ok(json_text_read(path, &read) == ERR_INPUT && !read && strstr(fail_message(ERR_INPUT), "facts.json:2: "),
	   "a key that comes twice is refused with its line");
	unlink(path);
	ok(json_text_read(path, &read) == ERR_INPUT && !read, "a file that is not there");
}

int main(void)
{
	check_build();
	check_words();
	check_round_trips();
	check_text();
	check_read();
	return done_testing();
}
