/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options from and to configuration files and JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/options/opt.h"
#include "tests/opt_tables.h"
#include "tests/tap.h"

static char path[256], second[256];

static void write_file(const char *to, const char *text, size_t n)
{
	FILE *f = fopen(to, "w");
	must(f && fwrite(text, 1, n, f) == n && fclose(f) == 0 ? OK : ERR_IO, to, __FILE__, __LINE__);
}

/* Parses --config path and more words (ended by NULL) over a file with this text. */
static status with_file(struct opts **o, const char *text, const char *a, const char *b, const char *c)
{
	write_file(path, text, strlen(text));
	char *argv[] = {(char *)"test", (char *)"--config", path, (char *)a, (char *)b, (char *)c, NULL};
	int argc = 3;
	while (argv[argc])
		argc++;
	return opts_parse(o, test_tables, argc, argv);
}

static bool is(const char *got, const char *want, const char *name)
{
	bool same = got && strcmp(got, want) == 0;
	ok(same, "%s", name);
	if (!same)
		note("got “%s”, wanted “%s”", got ? got : "(none)", want);
	return same;
}

/* A file that is refused as bad input, in these words behind its name. */
static void refused(const char *text, const char *words)
{
	struct opts *o = (struct opts *)1;
	char want[512];
	snprintf(want, sizeof want, "%s%s", path, words);
	status s = with_file(&o, text, NULL, NULL, NULL);
	ok(s == ERR_INPUT && !o, "refused: %s", words);
	if (s == OK)
		opts_free(o);
	else
		is(fail_words(s, "--"), want, "… in the right words");
}

static void reading(void)
{
	struct opts *o;
	MUST(with_file(&o, "# a comment\n\n  lr=0.5 \n\tmodel =  mlp:3-4 # 5 \r\njson = yes\nnesterov = no\nout =\nbatch = 9", NULL,
	               NULL, NULL));
	ok(opts_real(o, "lr") == 0.5 && opts_given(o, "lr"), "blanks around a line don't matter");
	is(opts_text(o, "model"), "mlp:3-4", "a # behind a blank begins a comment");
	ok(opts_flag(o, "json") && !opts_flag(o, "nesterov"), "flags");
	is(opts_text(o, "out"), "", "an empty value");
	ok(opts_count(o, "batch") == 9, "a last line without its end");
	ok(opts_count(o, "seed") == 1 && !opts_given(o, "seed"), "what the file does not name has its default");
	opts_free(o);

	MUST(with_file(&o, "batch = 5\nlr = 2\nsampler = fsgld\nsigma = 3\n", "--batch", "6", "--json"));
	ok(opts_count(o, "batch") == 6 && opts_real(o, "lr") == 2 && opts_flag(o, "json"), "the command line wins");
	ok(opts_real(o, "sigma") == 3, "a file may select a table");
	opts_free(o);
	MUST(with_file(&o, "batch = 0\n", "--batch", "6", NULL));
	ok(opts_count(o, "batch") == 6, "a value that does not count is not checked");
	opts_free(o);

	MUST(with_file(&o, "offset = 5\n", "--steps", "6", NULL));
	ok(opts_count(o, "steps") == 6 && !opts_given(o, "offset"), "… over a rival of its options too");
	opts_free(o);
	ok(with_file(&o, "offset = 5\nsteps = 7\n", "--batch", "6", NULL) == ERR_INPUT &&
	   strstr(fail_words(ERR_INPUT, "--"), "conf:2: steps and offset (") && strstr(fail_message(ERR_INPUT), "conf:1) exclude each other"), "rivals of one file are refused by line");
	ok(with_file(&o, "batch = 5\n", "--steps=6", "--offset=1", NULL) == ERR_USAGE &&
	   strstr(fail_words(ERR_USAGE, "--"), "--steps and --offset exclude each other"), "so are those of the command line");

	MUST(with_file(&o, "\xEF\xBB\xBF" "batch = 5\r\nlr = 2 \t # two\r\nmodel = # none\r\n", NULL, NULL, NULL));
	ok(opts_count(o, "batch") == 5 && opts_real(o, "lr") == 2, "a byte-order mark is skipped");
	is(opts_text(o, "model"), "", "a value may be a comment alone");
	opts_free(o);
	MUST(with_file(&o, "\xEF\xBB\xBF# my run\nbatch = 5\n", NULL, NULL, NULL));
	ok(opts_count(o, "batch") == 5, "… in front of a comment too");
	opts_free(o);

	write_file(second, "lr = 3\nseed = 4\n", 16);
	MUST(with_file(&o, "lr = 2\nbatch = 5\n", "--config", second, NULL));
	ok(opts_real(o, "lr") == 3 && opts_count(o, "batch") == 5 && opts_count(o, "seed") == 4, "a later file wins");
	opts_free(o);
	write_file(second, "steps = 7\n", 10);
	MUST(with_file(&o, "offset = 5\n", "--config", second, NULL));
	ok(opts_count(o, "steps") == 7 && !opts_given(o, "offset"), "… over an earlier one's rival too");
	opts_free(o);
	write_file(second, "offset = 5\n", 11);
	MUST(with_file(&o, "steps = 7\n", "--config", second, NULL));
	ok(opts_count(o, "offset") == 5 && !opts_given(o, "steps"), "whichever of the two it is");
	opts_free(o);
}

/* What stands behind "model =" and what is meant. */
static void quotes(void)
{
	static const struct {
		const char *line, *value;
	} rows[] = {
		{" mlp:3#4", "mlp:3#4"},
		{"#x", ""},
		{" a #", "a"},
		{" a\t#b", "a"},
		{" \"a # b\"", "a # b"},
		{" \"a # b\" # c", "a # b"},
		{" ' a '\t\t# it's", " a "},
		{" 'it''s'", "it's"},
		{" \"it's\"", "it's"},
		{" \"a\"\"b\"", "a\"b"},
		{" \"\"", ""},
		{" ''''", "'"},
		{" it's 'one' # two", "it's 'one'"},
		{" a\\nb", "a\\nb"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int dos = 0; dos < 2; dos++) {
			char text[128];
			struct opts *o;
			snprintf(text, sizeof text, "model =%s%sbatch = 3%s", rows[i].line, dos ? "\r\n" : "\n", dos ? "\r\n" : "\n");
			MUST(with_file(&o, text, NULL, NULL, NULL));
			is(opts_text(o, "model"), rows[i].value, rows[i].line);
			opts_free(o);
		}
	refused("model = 'a\n", ":1: model: the value begins with ', and a second one that ends it is missing");
	refused("\nmodel = \"a\"\"\n", ":2: model: the value begins with \", and a second one that ends it is missing");
	refused("model = \"a\" b \n",
	        ":1: model: nothing but a comment may follow a value in quotes, not “b”; inside it two \" stand for one");
	refused("model = 'a'#b\n",
	        ":1: model: nothing but a comment may follow a value in quotes, not “#b”; inside it two ' stand for one");
}

static void errors(void)
{
	refused("lr = 1\nbatch = 0\n", ":2: batch = 0: expected an integer ≥ 1 (examples)");
	refused("batch = 5# five\n", ":1: batch = 5# five: expected an integer ≥ 1 (examples)");
	refused("json = true\n", ":1: json = true: expected yes or no");
	refused("sampling = idd\n", ":1: sampling = idd: expected shuffle or iid; did you mean iid?");
	refused("\n\nbacth = 5\n", ":3: unknown option bacth; did you mean batch?");
	refused("zzz = 5\n", ":1: unknown option zzz");
	refused("batc = 5\n", ":1: unknown option batc; did you mean batch?");
	refused("--batch = 5\n", ":1: --batch: options are written without -- here");
	refused("batch 5\n", ":1: expected “option = value”, not “batch 5”");
	refused("= 5\n", ":1: unknown option ");
	refused("help = yes\n", ":1: help is for the command line alone");
	refused("config = x\n", ":1: config is for the command line alone");
	refused("lr = 1\n\nlr = 2\n", ":3: lr is given on line 1 already");
	refused("# x\nsigma = 1\n", ":2: sigma belongs to --sampler fsgld; this run has --sampler sgld");
	struct opts *o;
	write_file(path, "lr = 1\nba\0tch = 2\n", 18);
	char *argv[] = {(char *)"test", (char *)"--config", path};
	ok(opts_parse(&o, test_tables, 3, argv) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), ":2: not a text file"),
	   "a zero byte");
	write_file(path, "\xFF\xFE" "b\0=\0", 6);
	ok(opts_parse(&o, test_tables, 3, argv) == ERR_INPUT &&
	   strstr(fail_words(ERR_INPUT, "--"), ": is in UTF-16; UTF-8 is read"), "a file in UTF-16");
	argv[2] = (char *)"/nonexistent/x";
	ok(opts_parse(&o, test_tables, 3, argv) == ERR_INPUT, "a missing file");
	is(fail_words(ERR_INPUT, "--"), "--config /nonexistent/x: No such file or directory", "… is named");
	argv[2] = (char *)scratch_folder();
	ok(opts_parse(&o, test_tables, 3, argv) == ERR_INPUT, "a folder");
}

static char *dumped(const struct opts *o)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	opts_dump_config(o, f);
	fclose(f);
	return text;
}

/* Every applying option's value and whether it was given. */
static bool same_options(const struct opts *a, const struct opts *b)
{
	json_t *x = opts_to_json(a), *y = opts_to_json(b);
	bool same = json_equal(x, y);
	const char *name;
	json_t *value;
	json_object_foreach(x, name, value)
		same &= opts_given(a, name) == opts_given(b, name);
	json_decref(x);
	json_decref(y);
	return same;
}

static char *const full[] = {
	(char *)"test", (char *)"--sampler=emcmc", (char *)"--coupling=0.30000000000000004", (char *)"--lr=1e-3",
	(char *)"--shift=-7", (char *)"--offset=-9223372036854775807", (char *)"--json", (char *)"--out=a b#c=d",
	(char *)"--model=mlp:1-2", (char *)"--width=3", (char *)"--seed=4294967295",
};
enum { FULL = sizeof full / sizeof *full };

static void dumping(void)
{
	struct opts *a, *b;
	MUST(opts_parse(&a, test_tables, FULL, (char **)full));
	char *text = dumped(a);
	ok(strstr(text, "\ncoupling = 0.30000000000000004\n") && strstr(text, "\n#batch = 128\n") && strstr(text, "\njson = yes\n"),
	   "what was given stands in the file, defaults as comments");
	ok(!strstr(text, "sigma") && !strstr(text, "restart") && !strstr(text, "dump-config"), "what does not apply is left out");
	char *once = strstr(text, "fraction =");
	ok(once && strstr(once, "#escape") && !strstr(once + 1, "fraction ="), "an option of two tables stands once");
	MUST(with_file(&b, text, NULL, NULL, NULL));
	ok(same_options(a, b), "the file that is written gives the same values");
	char *again = dumped(b);
	is(again, text, "and the same file");
	free(again);
	free(text);
	opts_free(b);
	MUST(opts_set(a, "out", "a\nb"));
	text = dumped(a);
	ok(strstr(text, "\n# out: its value does not fit on a line") && !strstr(text, "\nout"), "a value that can't be written");
	MUST(with_file(&b, text, NULL, NULL, NULL));
	ok(!opts_given(b, "out"), "leaves a file that can be read");
	free(text);
	opts_free(a);
	opts_free(b);
}

/* Any value that fits on a line reads back as it was: all short ones of the characters that mean something. */
static void round_trips(void)
{
	static const char letters[] = "a \t\r#'\"=\\";
	enum { LETTERS = sizeof letters - 1, LENGTH = 3 };
	char value[LENGTH + 1];
	int wrong = 0, tried = 0;
	for (int length = 0; length <= LENGTH; length++) {
		int all = 1;
		for (int i = 0; i < length; i++)
			all *= LETTERS;
		for (int k = 0; k < all; k++) {
			struct opts *a, *b;
			char *none[] = {(char *)"test"}, *text;
			for (int i = 0, rest = k; i < length; i++, rest /= LETTERS)
				value[i] = letters[rest % LETTERS];
			value[length] = 0;
			if (!in_turn())
				continue;
			MUST(opts_parse(&a, test_tables, 1, none));
			MUST(opts_set(a, "out", value));
			text = dumped(a);
			MUST(with_file(&b, text, NULL, NULL, NULL));
			tried++;
			if (strcmp(opts_text(b, "out"), value) != 0 && wrong++ < 5)
				note("“%s” read back as “%s”", value, opts_text(b, "out"));
			free(text);
			opts_free(a);
			opts_free(b);
		}
	}
	ok(wrong == 0, "%d values that are written read back as they were", tried);
}

static void json(void)
{
	struct opts *a, *b;
	MUST(opts_parse(&a, test_tables, FULL, (char **)full));
	json_t *j = opts_to_json(a);
	ok(json_is_real(json_object_get(j, "lr")) && json_real_value(json_object_get(j, "lr")) == 1e-3, "reals are numbers");
	ok(json_integer_value(json_object_get(j, "offset")) == -9223372036854775807LL, "counts are integers");
	ok(json_is_true(json_object_get(j, "json")) && json_is_false(json_object_get(j, "nesterov")), "flags are true or false");
	ok(json_is_null(json_object_get(j, "below")), "unset is null");
	is(json_string_value(json_object_get(j, "model")), "mlp:1-2", "text is text");
	ok(json_integer_value(json_object_get(j, "batch")) == 128, "defaults are in it");
	ok(!json_object_get(j, "sigma") && !json_object_get(j, "restart") && !json_object_get(j, "help"),
	   "what does not apply is not");

	/* Through text, as run.json goes. */
	char *text = json_dumps(j, 0);
	json_t *read = json_loads(text, 0, NULL);
	char *argv[] = {(char *)"test", (char *)"--sampler", (char *)"fsgld", (char *)"--sigma", (char *)"2", (char *)"--batch",
	                (char *)"3"};
	MUST(opts_parse(&b, test_tables, 7, argv));
	MUST(opts_from_json(b, read));
	ok(same_options(a, b), "JSON gives the same values again, and forgets what was there");
	ok(opts_real(b, "coupling") == 0.30000000000000004, "to the last bit");
	free(text);
	json_decref(read);

	static const struct {
		const char *name, *value, *words;
	} bad[] = {
		{"batch", "0", "--batch 0: expected an integer ≥ 1 (examples)"},
		{"batch", "1.5", "batch: expected an integer, not a number with a fraction"},
		{"batch", "\"5\"", "batch: expected an integer, not text"},
		{"lr", "\"5\"", "lr: expected a number, not text"},
		{"json", "1", "json: expected true or false, not an integer"},
		{"model", "[]", "model: expected text, not an array"},
		{"model", "\"a\\u0000b\"", "model: expected text, not text with a zero byte"},
		{"sampling", "\"x\"", "--sampling x: expected shuffle or iid"},
		{"sigma", "1", "--sigma belongs to --sampler fsgld; this run has --sampler emcmc"},
		{"zzz", "1", "unknown option zzz"},
		{"help", "true", "unknown option help"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *copy = json_deep_copy(j);
		json_object_set_new(copy, bad[i].name, json_loads(bad[i].value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
		status s = opts_from_json(b, copy);
		ok(s == ERR_INPUT, "JSON with %s: %s is refused", bad[i].name, bad[i].value);
		is(fail_words(s, "--"), bad[i].words, "… in the right words");
		json_decref(copy);
	}
	ok(opts_from_json(b, json_object_get(j, "lr")) == ERR_INPUT, "no object");
	json_object_set_new(j, "lr", json_integer(2));
	MUST(opts_from_json(b, j));
	ok(opts_real(b, "lr") == 2, "an integer will do for a real");
	json_decref(j);
	opts_free(a);
	opts_free(b);
}

int main(void)
{
	snprintf(path, sizeof path, "%s/conf", scratch_folder());
	snprintf(second, sizeof second, "%s/second", scratch_folder());
	reading();
	quotes();
	errors();
	dumping();
	round_trips();
	json();
	return done_testing();
}
