/* SPDX-License-Identifier: GPL-3.0-or-later */
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
	json_t *plain = json_words("/home/für/δ"), *odd = json_words("/home/\xfc/x");
	ok(strcmp(json_string_value(plain), "/home/für/δ") == 0, "a text in UTF-8 is kept");
	ok(strcmp(json_string_value(odd), "/home/?/x") == 0, "another one is shown as far as it can be");
	json_decref(plain);
	json_decref(odd);
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
	check_text();
	check_read();
	return done_testing();
}
