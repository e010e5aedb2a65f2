/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/options/opt.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/opt_tables.h"
#include "tests/tap.h"

enum { WORDS = 32 };

/* Parses words separated by blanks; "\\1" in a word stands for a blank. The words live until the next call. */
static status parse(struct opts **o, const char *line)
{
	static char text[1024];
	static char *argv[WORDS];
	int argc = 1;
	snprintf(text, sizeof text, "%s", line);
	argv[0] = (char *)"test";
	for (char *rest = text, *word; (word = strsep(&rest, " "));)
		if (*word)
			argv[argc++] = word;
	for (char *c = text; c < text + sizeof text; c++)
		if (*c == 1)
			*c = ' ';
	return opts_parse(o, test_tables, argc, argv);
}

static struct opts *parsed(const char *line)
{
	struct opts *o;
	MUST(parse(&o, line));
	return o;
}

static bool is(const char *got, const char *want, const char *name)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	ok(same, "%s", name);
	if (!same)
		note("got “%s”, wanted “%s”", got ? got : "(none)", want ? want : "(none)");
	return same;
}

/* A line that is refused as wrong usage, in exactly these words. */
static void refused(const char *line, const char *words)
{
	struct opts *o = (struct opts *)1;
	status s = parse(&o, line);
	ok(s == ERR_USAGE && !o, "refused: %s", line);
	if (s != OK)
		is(fail_words(s, "--"), words, "… in the right words");
	else
		opts_free(o);
}

static void types(void)
{
	struct opts *o = parsed("");
	const char *const *p;
	ok(opts_positionals(o, &p) == 0, "no positionals");
	ok(opts_count(o, "batch") == 128 && !opts_given(o, "batch"), "default of a count");
	ok(opts_count(o, "offset") == LLONG_MIN, "no default of a count");
	ok(opts_real(o, "lr") == 0.1 && opts_real(o, "shift") == -2.5, "default of a real");
	ok(isnan(opts_real(o, "fraction")), "no default of a real");
	is(opts_text(o, "model"), "linear", "default of a text");
	is(opts_text(o, "sampling"), "shuffle", "default of a choice");
	is(opts_text(o, "out"), NULL, "no default of a path");
	ok(!opts_flag(o, "json") && !opts_flag(o, "help"), "flags are off");
	opts_free(o);

	o = parsed("--batch 7 --seed=4294967295 --offset -3 --lr 1e-3 --fraction 1 --shift -.5e1 --below -1e300 "
	           "--model=a=b --out --json --json --sampling iid");
	ok(opts_count(o, "batch") == 7 && opts_given(o, "batch"), "a count");
	ok(opts_count(o, "seed") == 4294967295LL, "--name=value, upper end of the range");
	ok(opts_count(o, "offset") == -3, "a negative number is a value");
	ok(opts_real(o, "lr") == 1e-3, "a real");
	ok(opts_real(o, "fraction") == 1 && opts_real(o, "shift") == -5 && opts_real(o, "below") == -1e300, "reals");
	is(opts_text(o, "model"), "a=b", "a value may have an equals sign");
	is(opts_text(o, "out"), "--json", "whatever stands behind an option that takes a value is its value");
	ok(opts_flag(o, "json"), "a flag");
	is(opts_text(o, "sampling"), "iid", "a choice");
	ok(opts_choice(o, "sampling") == 1 && opts_choice(o, "sampler") == 0, "the places of choices, given and by default");
	opts_free(o);

	MUST(opts_parse(&o, test_tables, 0, NULL));
	ok(opts_count(o, "batch") == 128 && opts_positionals(o, &p) == 0, "an empty command line");
	opts_free(o);

	o = parsed("--model= --offset +5");
	is(opts_text(o, "model"), "", "an empty text");
	ok(opts_given(o, "model") && opts_count(o, "offset") == 5, "an empty text is given; a plus sign");
	opts_free(o);
}

static void positionals(void)
{
	const char *const *p;
	struct opts *o = parsed("a --json b --batch 3 - c -- --lr -- d");
	int n = opts_positionals(o, &p);
	ok(n == 7, "positionals stand anywhere");
	static const char *const want[] = {"a", "b", "-", "c", "--lr", "--", "d"};
	bool same = n == 7;
	for (int i = 0; same && i < 7; i++)
		same = strcmp(p[i], want[i]) == 0;
	ok(same, "they keep their order; behind -- all are positionals");
	ok(opts_flag(o, "json") && opts_count(o, "batch") == 3 && !opts_given(o, "lr"), "options between them count");
	opts_free(o);
}

static void names(void)
{
	struct opts *o = parsed("--ba 5 --js --se=9 --samplin iid");
	ok(opts_count(o, "batch") == 5 && opts_flag(o, "json") && opts_count(o, "seed") == 9, "unambiguous beginnings");
	is(opts_text(o, "sampling"), "iid", "a beginning that is longer than what two share");
	opts_free(o);
	o = parsed("--lr 3");
	ok(opts_real(o, "lr") == 3 && !opts_given(o, "lr-end"), "a whole name is not the beginning of another");
	opts_free(o);
	refused("--lr-=2x", "--lr-end 2x: expected a number ≥ 0");
	refused("--sampl x", "--sampl is ambiguous: it may be --sampler, --sampling");
	refused("--bacth 5", "unknown option --bacth; did you mean --batch?");
	refused("--batchs=5", "unknown option --batchs; did you mean --batch?");
	refused("--uot x", "unknown option --uot; did you mean --out?");
	refused("--zzz", "unknown option --zzz; --help lists the options");
	refused("--no-json", "unknown option --no-json; leave --json out instead");
	refused("-x", "unknown option -x; options begin with --, and --help lists them");
	refused("--=3", "unknown option --; --help lists the options");
	refused("--json=yes", "--json=yes: --json takes no value");
	refused("--batch", "--batch: its value is missing");
	refused("--lr 1 --batch 3 --lr=2", "--lr is given twice, as “1” and as “2”: give it once");
	refused("--batch 5 --ba 5", "--batch is given twice, as “5” and as “5”: give it once");
	refused("--lr x --lr 2", "--lr is given twice, as “x” and as “2”: give it once");
	refused("--sampling=iid --samplin shuffle", "--sampling is given twice, as “iid” and as “shuffle”: give it once");
	o = parsed("--json --js --nesterov --json");
	ok(opts_flag(o, "json") && opts_flag(o, "nesterov"), "a flag may be repeated");
	opts_free(o);
	o = parsed("--frac=.5 --help --zzz --batch");
	ok(opts_flag(o, "help"), "behind --help nothing is checked");
	opts_free(o);
	o = parsed("--batch x --version");
	ok(opts_flag(o, "version") && !opts_flag(o, "help"), "nor are values in front of --version");
	opts_free(o);
	refused("--zzz --help", "unknown option --zzz; --help lists the options");
}

static void values(void)
{
	refused("--batch 0", "--batch 0: expected an integer ≥ 1 (examples)");
	refused("--batch -5", "--batch -5: expected an integer ≥ 1 (examples)");
	refused("--batch 5e4", "--batch 5e4: expected an integer ≥ 1 (examples), written out: 50000");
	refused("--steps 1E15", "--steps 1E15: expected an integer from 0 to 1e15 (steps), written out: 1000000000000000");
	refused("--steps 1e16", "--steps 1e16: expected an integer from 0 to 1e15 (steps)");
	refused("--batch 25e-1", "--batch 25e-1: expected an integer ≥ 1 (examples)");
	refused("--batch 1.5", "--batch 1.5: expected an integer ≥ 1 (examples)");
	refused("--batch 5x", "--batch 5x: expected an integer ≥ 1 (examples)");
	refused("--batch 5-3", "--batch 5-3: expected an integer ≥ 1 (examples)");
	refused("--batch=", "--batch : expected an integer ≥ 1 (examples)");
	refused("--batch=\1" "5", "--batch  5: expected an integer ≥ 1 (examples)");
	refused("--batch 0x10", "--batch 0x10: expected an integer ≥ 1 (examples)");
	refused("--batch yes", "--batch yes: expected an integer ≥ 1 (examples)");
	refused("--batch 99999999999999999999", "--batch 99999999999999999999: expected an integer ≥ 1 (examples)");
	refused("--offset -", "--offset -: expected an integer");
	refused("--seed 4294967296", "--seed 4294967296: expected an integer from 0 to 4294967295");
	refused("--seed -1", "--seed -1: expected an integer from 0 to 4294967295");
	refused("--lr 0", "--lr 0: expected a number > 0");
	refused("--lr 1e-3x", "--lr 1e-3x: expected a number > 0");
	refused("--lr 1e", "--lr 1e: expected a number > 0");
	refused("--lr nan", "--lr nan: expected a number > 0");
	refused("--lr inf", "--lr inf: expected a number > 0");
	refused("--lr 1e999", "--lr 1e999: expected a number > 0");
	refused("--lr --batch 5", "--lr --batch: expected a number > 0");
	refused("--shift nan", "--shift nan: expected a number");
	refused("--shift -inf", "--shift -inf: expected a number");
	refused("--shift 0x1p3", "--shift 0x1p3: expected a number");
	refused("--shift 0x10", "--shift 0x10: expected a number");
	refused("--shift 1,5", "--shift 1,5: expected a number");
	refused("--fraction 1.01", "--fraction 1.01: expected a number from 0 to 1");
	refused("--fraction -1e-9", "--fraction -1e-9: expected a number from 0 to 1");
	refused("--below 3.5", "--below 3.5: expected a number ≤ 3 (nats)");
	refused("--scale 1e31", "--scale 1e31: expected a number > 1e-6 and ≤ 1e30");
	refused("--scale 1e-7", "--scale 1e-7: expected a number > 1e-6 and ≤ 1e30");
	refused("--sampling iidd", "--sampling iidd: expected shuffle or iid; did you mean iid?");
	refused("--sampling zz", "--sampling zz: expected shuffle or iid");
	refused("--sampler SGLD", "--sampler SGLD: expected sgld, fsgld, esgd, esgld or emcmc");
	refused("--sampling=", "--sampling : expected shuffle or iid");
}

static void selectors(void)
{
	refused("--sigma 1", "--sigma belongs to --sampler fsgld; this run has --sampler sgld");
	refused("--sampler fsgld --coupling 1",
	        "--coupling belongs to --sampler esgd|esgld|emcmc; this run has --sampler fsgld");
	refused("--width 3", "--width belongs to --model mlp; this run has --model linear");
	refused("--model mlpx:3 --width 3", "--width belongs to --model mlp; this run has --model mlpx:3");
	struct opts *o = parsed("--sigma 0.5 --sampler fsgld");
	ok(opts_real(o, "sigma") == 0.5 && opts_real(o, "eta") == 0.1, "a selected table's options, in any order");
	ok(isnan(opts_real(o, "coupling")) && opts_text(o, "restart") == NULL, "those of other tables have no value");
	opts_free(o);
	o = parsed("--sampler esgld");
	ok(opts_real(o, "coupling") == 1e-3, "the default is the selected table's: one");
	is(opts_text(o, "restart"), "none", "its neighbour");
	opts_free(o);
	o = parsed("--sampler emcmc");
	ok(opts_real(o, "coupling") == 4e-4, "the default is the selected table's: the other");
	is(opts_text(o, "restart"), NULL, "its neighbour has none");
	opts_free(o);
	o = parsed("--model mlp:3-4-5 --width 8");
	ok(opts_real(o, "fraction") == 0.75, "a selected table goes before the main one");
	ok(opts_count(o, "width") == 8, "an owner with details behind a colon");
	opts_free(o);
	refused("--model mlp --fraction 0.4", "--fraction 0.4: expected a number from 0.5 to 1");
	refused("--model mlp --width 5000", "--width 5000: expected an integer from 1 to 4096");
}

static void setting(void)
{
	struct opts *o = parsed("--sampler fsgld --sigma 2");
	MUST(opts_set(o, "batch", "3"));
	ok(opts_count(o, "batch") == 3 && opts_given(o, "batch"), "a value is set");
	ok(opts_set(o, "batch", "0") == ERR_USAGE && opts_count(o, "batch") == 3, "a bad one is refused and changes nothing");
	is(fail_words(ERR_USAGE, "--"), "--batch 0: expected an integer ≥ 1 (examples)", "… in the right words");
	ok(opts_set(o, "zzz", "0") == ERR_USAGE, "an unknown name");
	ok(opts_set(o, "coupling", "1") == ERR_USAGE, "a name whose table is off");
	ok(opts_set(o, "sampler", "sgld") == ERR_USAGE, "a selector can't leave a given option behind");
	is(opts_text(o, "sampler"), "fsgld", "and keeps its value");
	MUST(opts_set(o, "json", "yes"));
	ok(opts_flag(o, "json"), "a flag is set");
	MUST(opts_set(o, "json", "no"));
	ok(!opts_flag(o, "json") && opts_set(o, "json", "1") == ERR_USAGE, "a flag is yes or no");
	opts_free(o);
}

/* Prints into memory. */
static char *printed(const struct opts *o, void (*print)(const struct opt_table *const *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (print)
		print(test_tables, f);
	else
		opts_dump_config(o, f);
	fclose(f);
	return text;
}

static int occurrences(const char *text, const char *what)
{
	int n = 0;
	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void help(void)
{
	char *text = printed(NULL, opts_help);
	ok(strstr(text, "  --lr RATE               step size λ (default 0.1; > 0)\n"), "help: type, default, range");
	ok(strstr(text, "  --batch N               examples a step (examples; default 128; ≥ 1)\n"), "help: unit");
	ok(strstr(text, "  --steps K               length (steps; 0 to 1e15)\n"), "help: a large bound");
	ok(strstr(text, "  --below X               upper bound (nats; ≤ 3)\n"), "help: unit without default");
	ok(strstr(text, "  --sampling shuffle|iid  order"), "help: choices, widest label");
	ok(strstr(text, "  --sampler sgld|fsgld|esgd|esgld|emcmc\n                          method (default sgld)\n"),
	   "help: a long label has a line of its own");
	ok(occurrences(text, "E-SGD options, E-SGLD options (--sampler esgd|esgld):") == 1 && occurrences(text, "--restart") == 1,
	   "help: tables of the same options are one section");
	ok(strstr(text, "Entropy-MCMC options (--sampler emcmc):"), "help: says what switches a section on");
	ok(occurrences(text, "--dump-config") == 1 && occurrences(text, "--version") == 1, "help: the built-in ones once");
	size_t longest = 0;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		size_t wide = 0;
		for (char *c = line; c < end; c++)
			wide += ((unsigned char)*c & 0xC0) != 0x80;
		longest = wide > longest ? wide : longest;
	}
	ok(longest <= 80, "help: no line is wider than 80 columns (%zu)", longest);
	free(text);
}

static void mdoc(void)
{
	char *text = printed(NULL, opts_mdoc);
	ok(strstr(text, ".It Fl Fl lr Ar RATE\nStep size λ (default 0.1; > 0).\n"), "mdoc: an item");
	ok(strstr(text, ".It Fl Fl sampling Cm shuffle | iid\n"), "mdoc: choices");
	ok(strstr(text, ".It Fl Fl json\n"), "mdoc: a flag");
	ok(strstr(text, ".Ss E-SGD options, E-SGLD options (\\-\\-sampler esgd|esgld)\n"), "mdoc: a selected section");
	ok(strstr(text, "\n\\&'a\\eb' as \\-\\-is\\-it, well-known (default \\-1).\n"), "mdoc: escapes");
	ok(occurrences(text, ".Bl ") == occurrences(text, ".El\n") && occurrences(text, ".Bl ") == 6, "mdoc: lists are closed");
	free(text);
}

/* A method that shares most of its options with another. */
static void shared(void)
{
#define THREE {.name = "one", .type = PARAM_FLAG, .help = "first"}, {.name = "two", .type = PARAM_FLAG, .help = "second"}, \
	{.name = "three", .type = PARAM_FLAG, .help = "third"}
	static const struct param choice[] = {{.name = "sampler", .type = PARAM_CHOICE, .arg = "a|b|c", .fallback = "a", .help = "method"}, {0}};
	static const struct param a[] = {THREE, {0}};
	static const struct param b[] = {{.name = "own", .type = PARAM_FLAG, .help = "alone"}, THREE, {0}};
	static const struct param c[] = {{.name = "one", .type = PARAM_FLAG, .help = "first"}, {.name = "two", .type = PARAM_FLAG, .help = "second"},
	                                 {.name = "three", .type = PARAM_FLAG, .help = "of another kind"}, {0}};
	static const struct opt_table choices = {.owner = "test", .heading = "Main options", .defs = choice};
	static const struct opt_table first = {.owner = "a", .heading = "A options", .selector = "sampler", .defs = a};
	static const struct opt_table second = {.owner = "b", .heading = "B options", .selector = "sampler", .defs = b};
	static const struct opt_table third = {.owner = "c", .heading = "C options", .selector = "sampler", .defs = c};
	static const struct opt_table *const tables[] = {&choices, &first, &second, &third, NULL};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	opts_help(tables, f);
	fclose(f);
	ok(strstr(text, "  --own                   alone\n  as with a               --one, --two, --three\n\nC options"),
	   "help: options that another section has are named in the second one");
	ok(occurrences(text, "  --one ") == 2 && strstr(text, "of another kind"), "help: two in common are too few for that");
	free(text);
	f = open_memstream(&text, &size);
	opts_mdoc(tables, f);
	fclose(f);
	ok(strstr(text, "Alone.\n.It As with Fl Fl sampler Cm a\n\\-\\-one, \\-\\-two, \\-\\-three.\n.El\n"), "mdoc: the same");
	free(text);
#undef THREE
}

int main(void)
{
	types();
	positionals();
	names();
	values();
	selectors();
	setting();
	help();
	mdoc();
	shared();
	return done_testing();
}
