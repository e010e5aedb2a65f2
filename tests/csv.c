/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* CSV files as the world has them: first lines, line ends, names, digits. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#include "src/data/csv_cell.h"
#include "src/data/dataset.h"
#include "src/data/summary.h"
#include "tests/tap.h"

static char warned[4096];

static void hear(const char *text)
{
	snprintf(warned, sizeof warned, "%s", text);
}

static const char *file(void)
{
	static char path[300];
	snprintf(path, sizeof path, "%s/x.csv", scratch_folder());
	return path;
}

static void put(const char *content)
{
	FILE *f = fopen(file(), "wb");
	MUST(f && fwrite(content, 1, strlen(content), f) == strlen(content) ? OK : ERR_IO);
	fclose(f);
}

static status get(struct dataset_request r, struct dataset *d)
{
	char spec[400];
	snprintf(spec, sizeof spec, "csv:%s", file());
	r.spec = spec;
	return dataset_open(&r, d);
}

static void refuse(const char *content, struct dataset_request r, const char *wanted)
{
	struct dataset d;
	put(content);
	status s = get(r, &d);
	if (!ok((s == ERR_INPUT || s == ERR_USAGE) && strstr(fail_words(s, "--"), wanted), "refused: %s", wanted))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	dataset_close(&d);
}

/* What the first line was taken for, and how many rows are left. */
static void first_line(const char *content, enum header asked, enum header wanted, size_t rows)
{
	struct dataset d;
	put(content);
	status s = get((struct dataset_request){.header = asked}, &d);
	if (!ok(s == OK && d.header == wanted && d.n == rows, "the first line of “%.*s” is %s", (int)strcspn(content, "\n"), content,
	        wanted == HEADER_YES ? "a header" : "data"))
		note("%s", s == OK ? "the other" : fail_words(s, "--"));
	dataset_close(&d);
}

static void test_first_lines(void)
{
	first_line("a,b\n1,2\n", HEADER_AUTO, HEADER_YES, 1);
	first_line("1,2\n3,4\n", HEADER_AUTO, HEADER_NO, 2);
	first_line(",a,b\n0,1,2\n", HEADER_AUTO, HEADER_YES, 1);
	first_line("\"a, or so\",b\n1,2\n", HEADER_AUTO, HEADER_YES, 1);
	first_line("1,2\n3,4\n", HEADER_YES, HEADER_YES, 1);
	first_line("1,NA\n3,4\n", HEADER_YES, HEADER_YES, 1);
	first_line("x,2\n3,4\n", HEADER_YES, HEADER_YES, 1);
	first_line(",5\n3,4\n", HEADER_YES, HEADER_YES, 1);
	first_line("RI,Na,Mg\n3,4,5\n", HEADER_AUTO, HEADER_YES, 1);
	first_line("Nan,nUll\n3,4\n", HEADER_AUTO, HEADER_YES, 1);
	first_line("\" 1\",\"2 \"\n3,4\n", HEADER_AUTO, HEADER_NO, 2);
	const struct dataset_request none = {0};
	refuse("1.5,?,0\n3,4,1\n", none, "x.csv:1: column 2: '?' stands for a missing value");
	refuse("nan,NA\n3,4\n", none, "x.csv:1: column 1: 'nan' stands for a missing value");
	refuse(",5\n3,4\n", none, "x.csv:1: column 1: is empty");
	refuse("1.5,inf,0\n3,4,1\n", none, "x.csv:1: column 2: 'inf' is not a number");
	refuse("1.5,0x10,0\n3,4,1\n", none, "x.csv:1: column 2: '0x10' is not a number");
	refuse("1.5,2.5O,0\n3,4,1\n", none, "x.csv:1: column 2: '2.5O' is no number, and column 1, '1.5', is one: the first line is "
	       "neither a header nor data; --header yes or --header no says which");
	refuse("RI,NA\n3,4\n", none, "x.csv:1: column 1: 'RI' is no number, and column 2, 'NA', stands for a missing value");
	refuse(",,\n3,4,1\n", none, "x.csv:1: all cells of the first line are empty");
	refuse("a,b\n1,2\n", (struct dataset_request){.header = HEADER_NO}, "x.csv:1: column 1: 'a' is not a number");
	refuse("a,b\n1,2\n3,-\n", none, "x.csv:3: column 2 (b): '-' stands for a missing value");
	static const char *const missing[] = {"?", "-", "--", ".", "na", "N/A", "#N/A", "<NA>", "NaN", "-nan", "NULL", "None", "NIL",
	                                      "-1.#IND"};
	static const char *const other[] = {"nab", "n", "..", "1.", ".5", "missing", "nanana", "|", "", "Na", "nA", "Nan", "NULl"};
	int right = 0;
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
		right += csv_kind(missing[i], DECIMAL_POINT) == CELL_MISSING;
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		right += csv_kind(other[i], DECIMAL_POINT) != CELL_MISSING;
	ok(right == 27, "words for a missing value are known, letter by letter");
	const struct dataset_request classes = {.class_targets = true};
	refuse("a,b\n1,0\n\n1,0.5\n", classes, "x.csv:4: column 2 (b): the target is '0.5'; classes 0, 1, 2 … were expected");
	refuse("0,-1\n", classes, "x.csv:1: column 2: the target is '-1'; classes 0, 1, 2 … were expected");
	refuse("0,1000000\n", classes, "x.csv:1: column 2: the target is '1000000'; classes");
	refuse("\xff\xfe" "a,b\n", none, "x.csv: is in UTF-16; UTF-8 is read");
}

/* The separator is known by the rows that come of it: a, b, y or 1, 2, 9. */
static void separated(const char *content, const char *by)
{
	struct dataset d;
	put(content);
	status s = get((struct dataset_request){0}, &d);
	const float *x = d.x;
	if (!ok(s == OK && d.w == 2 && x[0] == 1 && x[1] == 2 && d.target[0] == 9, "by %s: “%.*s”", by, (int)strcspn(content, "\n"),
	        content))
		note("%s", s == OK ? "other values" : fail_words(s, "--"));
	dataset_close(&d);
}

static void test_separators(void)
{
	separated("a;b;y\n1;2;9\n", "semicolons");
	separated("a\tb\ty\n1\t 2\t9\n", "tabs");
	separated(" \t\n1;2;9\n", "semicolons");
	separated("a, mg;b;y, z\n1;2;9\n", "semicolons");
	separated("\"a;1\",b,y\n1,2,9\n", "commas");
	separated("\"a\n;1\",\"b\"\"\t;\",y\n1,2,9\n", "commas");
	separated("a\t, b,\ty\t\n1\t,\t2,9\n", "commas");
	separated("a, mg; 1\tb\ty\n1\t2\t9\n", "tabs");
	separated("\ta\ty\n1\t2\t9\n", "tabs");
	separated("\"a\"\t\"b\"\t\"y\"\n\"1\"\t2\t\"9\"\n", "tabs");
	separated("5\" pipe; b;y\n1;2;9\n", "semicolons");
	const struct dataset_request none = {0};
	refuse("a;b\n1,2\n", none, "x.csv:2: 1 cell; 2 were expected, as on the first line, with semicolons between them");
	refuse("a\t\n1\t\n", none, "x.csv:2: column 2: is empty");
	refuse("a\tb\n1\t2\n\t3\n", none, "x.csv:3: column 1 (a): is empty");
	refuse("a;b\n\"1\",2\n", none, "x.csv:2: column 1: something follows a quoted cell; a semicolon was expected");
	refuse("a\n1\n", none, "x.csv:1: one column; at least two were expected, with commas, semicolons or tabs between them");
}

static void test_decimals(void)
{
	const struct dataset_request comma = {.decimal = DECIMAL_COMMA}, point = {0};
	struct dataset d;
	put("1,5;-,25e1;3\n2,5;\"+4,\";1E-2\n");
	status s = get(comma, &d);
	const float *x = d.x;
	ok(s == OK && d.header == HEADER_NO && d.n == 2 && x[0] == 1.5f && x[1] == -2.5f && x[2] == 2.5f && x[3] == 4 &&
	   d.target[1] == .01f, "decimals may begin with a comma");
	dataset_close(&d);
	put("a,y\n\"1,5\",2\n");
	s = get(comma, &d);
	ok(s == OK && ((const float *)d.x)[0] == 1.5f, "between commas, too, where they are quoted");
	dataset_close(&d);
	refuse("a;b\n1,5;2\n", point, "x.csv:2: column 1 (a): '1,5' is not a number: decimals begin with a point unless --decimal comma");
	refuse("1,5;2\n", point, "x.csv:1: column 1: '1,5' is not a number: decimals begin with a point unless --decimal comma");
	refuse("a,b\n\"1,234,567\",2\n", point, "'1,234,567' is not a number: if these are thousands, save");
	refuse("a;b\n1.234,5;2\n", point, "x.csv:2: column 1 (a): '1.234,5' is not a number: it has points and commas; save the table");
	refuse("a;b\n1.234,5;2\n", comma, "x.csv:2: column 1 (a): '1.234,5' is not a number: it has points and commas; save the table");
	refuse("a;b\n2;1.234\n", comma, "x.csv:2: column 2 (b): '1.234' is not a number: decimals begin with a comma, as --decimal comma");
	refuse("a;b\n2;1.234.567\n", comma, "'1.234.567' is not a number: decimals begin with a comma");
	static const char *const words[] = {"12.05.2021", "2021-05-12", "1,2,3", "1.2.3", "e", "-", "4+5"};
	static const char *const others[] = {"1.234,5", "1,234.5", "1e999", "inf", "0x10"};
	int right = 0;
	for (int i = 0; i < 7; i++)
		right += !csv_is_foreign(words[i], DECIMAL_POINT) && !csv_is_foreign(words[i], DECIMAL_COMMA);
	for (int i = 0; i < 5; i++)
		right += csv_is_foreign(others[i], DECIMAL_POINT) && csv_is_foreign(others[i], DECIMAL_COMMA);
	right += csv_is_foreign("1,5", DECIMAL_POINT) && csv_is_foreign("1.5", DECIMAL_COMMA);
	ok(right == 13, "dates and lists are words, numbers in other notations are not");
	s = dataset_open(&(struct dataset_request){.spec = "shapes", .decimal = DECIMAL_COMMA}, &d);
	ok(s == ERR_USAGE && strstr(fail_words(s, "--"), "--decimal: only csv sets"), "images have no decimals");
}

/* ---- rows in memory ---- */

static status get_text(const char *bytes, size_t line, bool again, struct dataset *d)
{
	const struct csv_text text = {.bytes = bytes, .size = strlen(bytes), .line = line, .again = again};
	return dataset_open(&(struct dataset_request){.spec = "csv:-", .option = "--data", .text = &text}, d);
}

static void test_memory_rows(void)
{
	struct dataset d;
	MUST(get_text("a,b,y\n1,2,9\n", 2, false, &d));
	ok(d.n == 1 && d.w == 2 && d.target[0] == 9 && !strcmp(d.spec, "csv:-"), "rows in memory are read");
	dataset_close(&d);
	MUST(get_text("a,b,y\n", 2, false, &d));
	ok(d.n == 0 && d.w == 2 && d.columns.n == 3, "also when there are none yet");
	dataset_close(&d);
	MUST(get_text("7,8,9\n1,2,9\n", 2, true, &d));
	ok(d.n == 1 && ((const float *)d.x)[0] == 1, "a first row that was there before is no row again");
	dataset_close(&d);
	status s = get_text("\n\"a\nb\",y\n\n1,x\n1,3\n", 41, true, &d);
	ok(s == ERR_INPUT && strstr(fail_words(s, "--"), "--data csv:-: standard input:42: column 2 (y): 'x'"), "lines are counted in the stream");
	s = get_text("\n\"a\nb\n", 41, true, &d);
	ok(s == ERR_INPUT && strstr(fail_words(s, "--"), "standard input:2: column 1: a quoted cell begins"), "as they are in its first row");
	s = get_text("\x1f\x8b\x08", 2, false, &d);
	ok(s == ERR_INPUT && strstr(fail_words(s, "--"), "standard input: is compressed"), "compressed rows are refused");
	const struct csv_text zero = {.bytes = "a,y\n1,2\n\n3,\0\n", .size = 13, .line = 2, .rows = 1}, all = {.bytes = zero.bytes, .size = zero.size, .line = 2};
	struct dataset_request q = {.spec = "csv:-", .option = "--data", .text = &zero};
	MUST(dataset_open(&q, &d));
	ok(d.n == 1 && d.line && d.line[0] == 2, "a row before a zero byte is read, and keeps its line");
	dataset_close(&d);
	q.text = &all;
	s = dataset_open(&q, &d);
	ok(s == ERR_INPUT && strstr(fail_words(s, "--"), "standard input:4: holds a zero byte"), "which is told by its line: %s", fail_words(s, "--"));
	s = dataset_open(&(struct dataset_request){.spec = "csv:-", .option = "--data"}, &d);
	ok(s == ERR_INPUT && strstr(fail_words(s, "--"), "--data csv:-: rows from a pipe can be predicted as they come"),
	   "without them csv:- is refused");
}

static void test_line_ends(void)
{
	static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n"};
	static const char *const names[] = {"LF", "CRLF", "CR", "CRCRLF"};
	for (size_t i = 0; i < 4; i++) {
		char text[200];
		const char *e = ends[i];
		struct dataset d;
		snprintf(text, sizeof text, "\"a%s(m)\",b%s%s1,\"2\"%s  %s\"3\" , 4", e, e, e, e, e);
		put(text);
		status s = get((struct dataset_request){0}, &d);
		const float *x = d.x;
		ok(s == OK && d.n == 2 && x[1] == 3 && d.target[1] == 4 && !strcmp(d.columns.name[0], "a\n(m)"),
		   "%s ends lines, behind quotes and in them", names[i]);
		dataset_close(&d);
		snprintf(text, sizeof text, "\"a%sb\",c%s%s1,2%sx,4", e, e, e, e);
		/* Two lines of header, a blank one, a good one. */
		refuse(text, (struct dataset_request){0}, "x.csv:5: column 1 (a?b): 'x'");
	}
	refuse("a,b\n1,\"2\n3,4\n", (struct dataset_request){0}, "x.csv:2: column 2: a quoted cell begins here and does not end");
	struct dataset d;
	gzFile f = gzopen(file(), "wb");
	gzputs(f, "a,b\n1,2\n3,4\n");
	gzclose(f);
	MUST(get((struct dataset_request){0}, &d));
	ok(d.n == 2 && d.target[1] == 4, "a compressed file is read");
	dataset_close(&d);
}

/* A request by a run that knows these columns, the target among them. */
static struct dataset_request by(const struct columns *c, enum header header, bool foreign)
{
	return (struct dataset_request){.columns = c, .header = header, .need = foreign ? NEED_FOREIGN : NEED_TARGETS, .width = c->n - 1};
}

static bool read_as(const char *content, struct dataset_request r, float a, float b)
{
	struct dataset d;
	put(content);
	*warned = 0;
	status s = get(r, &d);
	const float *x = d.x;
	bool good = s == OK && d.w == 2 && x[0] == a && x[1] == b && (r.need ? !d.target : d.target[0] == 9);
	if (!good)
		note("%s", s == OK ? "other values" : fail_words(s, "--"));
	dataset_close(&d);
	return good;
}

static void test_names(void)
{
	struct columns c = {.n = 3, .name = (const char *const[]){"a", "y", "b"}, .target = 1};
	ok(read_as("a,y,b\n1,9,2\n", by(&c, HEADER_AUTO, false), 1, 2) && !*warned, "the run's own order");
	ok(read_as("b,a,y\n2,1,9\n", by(&c, HEADER_AUTO, false), 1, 2) && !*warned, "another order is matched by name");
	ok(read_as("\" b\", a\t,\"y \"\n2,\" 1 \",9\n", by(&c, HEADER_AUTO, false), 1, 2), "whatever blanks are around, also in quotes");
	ok(read_as("id,b,a,y,note\nx7,2,1,9,\"good, so far\"\n", by(&c, HEADER_AUTO, false), 1, 2) &&
	   strstr(warned, "2 columns that the run does not know are left out: id, note"),
	   "other columns are named and left out, whatever they hold");
	ok(read_as("b,a\n2,1\n", by(&c, HEADER_AUTO, true), 1, 2) && !*warned, "a foreign set needs no target");
	ok(read_as("b,y,a\n2,unknown,1\n", by(&c, HEADER_AUTO, true), 1, 2) && !*warned, "and what it has there is not looked at");
	ok(read_as("b,y,a,y\n2,,1,\n", by(&c, HEADER_AUTO, true), 1, 2), "nor whether it is there twice");
	ok(read_as("1,9,2\n", by(&c, HEADER_NO, false), 1, 2), "--header no takes columns in the run's order");
	ok(read_as("1,2\n", by(&c, HEADER_NO, true), 1, 2), "of a foreign set without its target, too");
	refuse("b,y\n2,9\n", by(&c, HEADER_AUTO, false), "has no column 'a': its columns are b, y; the run's are a, y, b");
	refuse("a,b\n1,2\n", by(&c, HEADER_AUTO, false), "has no column 'y': its columns are a, b; the run's are a, y, b");
	refuse("A,y,b\n1,9,2\n", by(&c, HEADER_AUTO, true), "has no column 'a'");
	refuse("b,a,y,a\n2,1,9,1\n", by(&c, HEADER_AUTO, false), "more than one column is called 'a'");
	refuse("1,9,2\n", by(&c, HEADER_AUTO, false), "has no header, and the run knows its columns by name: a, y, b; --header no");
	refuse("1,9,2,4\n", by(&c, HEADER_NO, false), "4 cells; the run's file had 3 columns");

	struct columns numbers = {.n = 3, .name = (const char *const[]){"1", "NA", "3"}, .target = 1};
	ok(read_as("3,1,NA\n2,1,9\n", by(&numbers, HEADER_AUTO, false), 1, 2), "names that look like numbers are known again");
	struct columns twins = {.n = 3, .name = (const char *const[]){"a", "y", "a"}, .target = 1};
	ok(read_as("a,y,a\n1,9,2\n", by(&twins, HEADER_AUTO, false), 1, 2), "a name may come twice in the run's own order");
	refuse("a,a,y\n1,2,9\n", by(&twins, HEADER_AUTO, false), "more than one column is called 'a'");
	refuse("y,a,q\n1,2,9\n", by(&twins, HEADER_AUTO, false), "more than one column is called 'a'");
	refuse("y,a,y\n1,2,9\n", (struct dataset_request){0}, "columns 3 and 1 are both called 'y', which is the target");

	struct columns none = {.n = 0};
	ok(read_as("p,q,r\n1,2,9\n", by(&none, HEADER_AUTO, false), 1, 2), "a run without names takes columns by position");
	struct dataset_request foreign = {.need = NEED_FOREIGN, .width = 2};
	ok(read_as("1,2\n", foreign, 1, 2) && read_as("1,2,?\n", foreign, 1, 2) && read_as("p,q\n1,2\n", foreign, 1, 2),
	   "also of a foreign set, with a target or without");
}

static void test_digits(void)
{
	/* Seconds since 1970 and a Julian date: float32 holds neither to more than 128 and 0.25. */
	struct dataset d, narrow, held;
	put("t,day\n1609459200,2459215.5\n1609459201,2459215.625\n1609459202,2459215.75\n1609459207,2459216\n");
	MUST(get((struct dataset_request){.standardize = STANDARDIZE_YES}, &d));
	/* Offsets 0, 1, 2, 7: mean 2.5, population variance 7.25. Days 0, 1/8, 2/8, 4/8: mean 7/32. */
	const double offset[] = {0, 1, 2, 7}, day[] = {0, .125, .25, .5};
	double worst = 0, day_sd = sqrt((0 + .015625 + .0625 + .25) / 4 - (7. / 32) * (7. / 32));
	for (int i = 0; i < 4; i++) {
		worst = fmax(worst, fabs((double)((const float *)d.x)[i] - (offset[i] - 2.5) / sqrt(7.25)));
		worst = fmax(worst, fabs((double)d.target[i] - (day[i] - 7. / 32) / day_sd));
	}
	ok(worst < 1e-6 && d.standardize.x_mean[0] == 1609459202.5 && !d.x_wide && !d.target_wide,
	   "values are centred and scaled before they are rounded: off by %.2g", worst);
	MUST(get((struct dataset_request){.standardize = STANDARDIZE_YES, .single = true}, &narrow));
	const float *x = narrow.x;
	ok(x[0] == x[2] && narrow.standardize.single && !d.standardize.single && narrow.train_fingerprint == d.train_fingerprint,
	   "and after it where an earlier version's run goes on; the fingerprint is the same");
	dataset_close(&narrow);
	dataset_close(&d);
	MUST(get((struct dataset_request){.distinct = true}, &d));
	ok(d.x_wide && d.x_wide[3] == 1609459207 && d.target_wide[1] == 2459215.625 && d.distinct == 4 && d.whole == 1,
	   "what is not standardised keeps its digits, too");
	dataset_close(&d);
	MUST(get((struct dataset_request){.holdout = "1"}, &d));
	MUST(get((struct dataset_request){.holdout = "1", .split = SPLIT_HOLDOUT}, &held));
	double sum = held.x_wide[0];
	for (size_t i = 0; i < d.n; i++)
		sum += d.x_wide[i];
	ok(d.n == 3 && held.n == 1 && sum == 4 * 1609459202.5, "rows are divided with their digits");
	dataset_close(&held);
	dataset_close(&d);
	put("1,0.5\n2,-3\n");
	MUST(get((struct dataset_request){0}, &d));
	ok(!d.x_wide && d.target_wide[1] == -3, "columns that float32 holds are kept once");
	dataset_close(&d);
}

/* The sum of a hundred 0.1 is not ten: its deviation would be 2e-16, and 0.2 a billion deviations away. */
static void test_constant(void)
{
	static char text[2000];
	struct dataset d;
	size_t used = 0;
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "0.1,%d,0.3\n", i);
	put(text);
	MUST(get((struct dataset_request){.standardize = STANDARDIZE_YES, .holdout = "30"}, &d));
	const struct standardize *s = &d.standardize;
	const float *x = d.x;
	ok(s->x_mean[0] == .1 && s->x_sd[0] == 1 && x[0] == 0 && s->target_mean[0] == .3 && s->target_sd[0] == 1 && d.target[0] == 0,
	   "a column of one value is 0 when standardised");
	ok(s->x_sd[1] > 25 && s->x_sd[1] < 33, "and its neighbour is not");
	dataset_close(&d);
	struct arena a = {0};
	double *mean, *sd;
	int n;
	MUST(get((struct dataset_request){0}, &d));
	MUST(summary_moments(&d, &a, &n, &mean, &sd));
	ok(n == 2 && mean[0] == .1 && sd[0] == 0 && fabs(sd[1] - sqrt((100. * 100 - 1) / 12)) < 1e-12, "its deviation is 0");
	arena_free(&a);
	dataset_close(&d);
}

/* A line of a million cells: room for one row, not for a fixed number of them. */
static void test_memory(void)
{
	enum { CELLS = 1000000 };
	struct rlimit was, limit;
	struct dataset d;
	FILE *f = fopen(file(), "wb");
	for (int i = 0; f && i < CELLS; i++)
		fputs(i ? ",1" : "1", f);
	MUST(f ? OK : ERR_IO);
	fclose(f);
#ifdef __SANITIZE_ADDRESS__
	(void)was, (void)limit;
	skip("a wide line takes memory for what it holds", "AddressSanitizer wants all addresses");
	(void)d;
#else
	getrlimit(RLIMIT_AS, &was);
	limit = was;
	limit.rlim_cur = (rlim_t)600 << 20;
	setrlimit(RLIMIT_AS, &limit);
	status s = get((struct dataset_request){0}, &d);
	setrlimit(RLIMIT_AS, &was);
	if (!ok(s == OK && d.n == 1 && d.w == CELLS - 1, "a wide line takes memory for what it holds"))
		note("%s", fail_words(s, "--"));
	dataset_close(&d);
#endif
}

int main(void)
{
	warning_to(hear, "--");
	test_first_lines();
	test_separators();
	test_decimals();
	test_memory_rows();
	test_line_ends();
	test_names();
	test_digits();
	test_constant();
	test_memory();
	return done_testing();
}
