/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Words, gaps and names of rows: what a table's columns become, and what a run knows them by again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/data/summary.h"
#include "src/json_text.h"
#include "tests/golden/table.h"
#include "tests/tap.h"

static const char *file(void)
{
	static char path[300];
	snprintf(path, sizeof path, "%s/x.csv", scratch_folder());
	return path;
}

static status get(const char *content, struct dataset_request r, struct dataset *d)
{
	char spec[400];
	FILE *f = fopen(file(), "wb");
	MUST(f && fwrite(content, 1, strlen(content), f) == strlen(content) ? OK : ERR_IO);
	fclose(f);
	snprintf(spec, sizeof spec, "csv:%s", file());
	r.spec = spec;
	return dataset_open(&r, d);
}

static void refuse(const char *content, struct dataset_request r, const char *wanted)
{
	struct dataset d;
	status s = get(content, r, &d);
	if (!ok((s == ERR_INPUT || s == ERR_USAGE) && strstr(fail_words(s, "--"), wanted), "refused: %s", wanted))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	dataset_close(&d);
}

static double at(const struct dataset *d, size_t i, int j)
{
	const size_t k = i * (size_t)d->w + (size_t)j;
	return d->x_wide ? d->x_wide[k] : (double)((const float *)d->x)[k];
}

/* Whether the features are those of `wanted` (n, w), to float32. */
static void features(const struct dataset *d, int w, const double *wanted, const char *name)
{
	double worst = 0;
	for (size_t i = 0; d->w == w && i < d->n; i++)
		for (int j = 0; j < w; j++)
			worst = fmax(worst, fabs(at(d, i, j) - wanted[i * (size_t)w + (size_t)j]) /
			             fmax(1, fabs(wanted[i * (size_t)w + (size_t)j])));
	if (!ok(d->w == w && worst < 2e-7, "%s", name))
		note("%d features of %d, off by %g", d->w, w, worst);
}

static void same_text(const char *got, const char *wanted, const char *name)
{
	if (!ok(got && !strcmp(got, wanted), "%s", name))
		note("got %s, want %s", got ? got : "nothing", wanted);
}

/* ---- numbers that one can see ---- */

static const char patients[] = "id,age,sex,dose,y\np1,10,m,1,1.5\np2,,f,1,2\np3,30,NA,1,3\np4,20,f,1,4\n";

static void test_mean(void)
{
	struct dataset d;
	const double wanted[] = {10, 0, 1, 1, 20, 1, 0, 1, 30, 2. / 3, 1. / 3, 1, 20, 1, 0, 1};
	MUST(get(patients, (struct dataset_request){.id = "id", .missing = MISSING_MEAN}, &d));
	features(&d, 4, wanted, "a gap has the mean, of words the levels' shares");
	ok(!d.standardize.x_mean && d.n_targets == 1 && d.target[3] == 4, "nothing is standardised that was not to be");
	ok(d.id && !strcmp(d.id[0], "p1") && !strcmp(d.id[3], "p4") && !strcmp(d.table.id, "id"), "rows keep their names");
	ok(d.columns.n == 4 && !strcmp(d.columns.name[0], "age") && d.columns.target == 3, "which are no column of the table");
	ok(d.table.at[0].gaps == 1 && d.table.at[1].gaps == 1 && !d.table.at[2].gaps && table_is_mixed(&d.table), "gaps are counted");
	dataset_close(&d);
}

static void test_indicator(void)
{
	struct dataset d;
	struct text name = {.n = 0};
	const double wanted[] = {10, 0, 0, 1, 0, 1, 20, 1, 1, 0, 0, 1, 30, 0, 0, 0, 1, 1, 20, 0, 1, 0, 0, 1};
	MUST(get(patients, (struct dataset_request){.id = "id", .missing = MISSING_INDICATOR}, &d));
	features(&d, 6, wanted, "a number's gap is marked, of words it is a level");
	for (size_t j = 0; j < 6; j++) {
		text_list(&name, "; ", "");
		table_feature(&d.table, &d.columns, j, &name);
	}
	same_text(name.at, "age; age (missing); sex = f; sex = m; sex (missing); dose", "features have names");
	same_text(summary_column(&d, 4), "sex", "and their columns'");
	dataset_close(&d);
}

/* Held-out rows have a say in levels and classes, none in means. */
static void test_training_rows(void)
{
	struct dataset train, held;
	const struct dataset_request r = {.id = "id", .missing = MISSING_MEAN, .holdout = "2", .standardize = STANDARDIZE_AUTO};
	struct dataset_request h = r;
	static const char table[] = "id,v,word,y\na,1,p,0\nb,2,q,1\nc,4,r,0\nd,8,s,1\ne,16,t,0\nf,,u,1\n";
	static const double value[] = {1, 2, 4, 8, 16, NAN};
	double sum = 0, squares = 0, n = 0;
	h.split = SPLIT_HOLDOUT;
	MUST(get(table, r, &train));
	MUST(get(table, h, &held));
	for (size_t i = 0; i < train.n; i++)
		if (!isnan(value[train.id[i][0] - 'a'])) {
			sum += value[train.id[i][0] - 'a'];
			n++;
		}
	const double mean = sum / n;
	for (size_t i = 0; i < train.n; i++) {
		const double v = value[train.id[i][0] - 'a'];
		squares += isnan(v) ? 0 : (v - mean) * (v - mean);
	}
	const double sd = sqrt(squares / (double)train.n);
	ok(train.n == 4 && held.n == 2 && train.table.at[1].n_levels == 6, "levels are those of all rows");
	near(train.table.fill[0], mean, 1e-12, "what fills a gap is the mean of the training rows");
	near(train.standardize.x_mean[0], mean, 1e-12, "they centre");
	near(train.standardize.x_sd[0], sd, 1e-12, "and scale, with the gaps filled");
	bool right = true;
	for (size_t i = 0; i < held.n; i++) {
		const double v = value[held.id[i][0] - 'a'];
		right = right && fabs(at(&held, i, 0) - (isnan(v) ? 0 : (v - mean) / sd)) < 1e-6;
	}
	ok(right && held.table.fill[0] == train.table.fill[0], "held-out rows likewise, each with its own name");
	right = true;
	for (int j = 1; j < 7; j++)
		right = right && !(train.standardize.x_mean[j] < 0 || train.standardize.x_mean[j] > 0) &&
		        train.standardize.x_sd[j] == 1;  /* NOLINT */
	ok(right, "indicators stay 0 and 1");
	dataset_close(&train);
	dataset_close(&held);
}

static void test_golden(void)
{
	struct dataset d;
	struct dataset_request r = {.missing = MISSING_MEAN, .standardize = STANDARDIZE_AUTO};
	double wrong = 0;
	MUST(get(golden_table, r, &d));
	features(&d, 8, golden_mean, "scikit-learn: means");
	for (size_t i = 0; i < d.n; i++)
		wrong = fmax(wrong, fabs((double)d.target[i] - golden_target[i]));
	ok(d.n == GOLDEN_ROWS && wrong < 2e-7, "scikit-learn: targets");
	dataset_close(&d);
	r.missing = MISSING_INDICATOR;
	MUST(get(golden_table, r, &d));
	features(&d, 10, golden_indicator, "scikit-learn: indicators");
	dataset_close(&d);
}

/* ---- what is learnt ---- */

static void test_numbers(void)
{
	struct dataset d;
	MUST(get("a,b,y\n1,2,3\n4,5,6\n", (struct dataset_request){.standardize = STANDARDIZE_AUTO}, &d));
	ok(!d.table.n && !d.standardize.x_mean && !d.x_wide && d.w == 2, "numbers without gaps teach nothing, and stay as they are");
	dataset_close(&d);
	MUST(get("a,b,y\n1,2,3\n4,5,6\n", (struct dataset_request){.standardize = STANDARDIZE_AUTO, .missing = MISSING_MEAN}, &d));
	ok(d.table.n == 2 && !d.standardize.x_mean && fabs(d.table.fill[0] - 2.5) < 1e-15, "but for what later gaps are to have");
	dataset_close(&d);
	MUST(get("a,b,y\n1,2,3\n4,,6\n", (struct dataset_request){.standardize = STANDARDIZE_AUTO, .missing = MISSING_MEAN}, &d));
	ok(d.table.n == 2 && d.standardize.x_mean && d.standardize.target_mean, "gaps are standardised where nobody says otherwise");
	dataset_close(&d);
	MUST(get("a,b,y\n1,2,u\n4,3,v\n", (struct dataset_request){.standardize = STANDARDIZE_AUTO}, &d));
	ok(d.table.n == 2 && d.standardize.x_mean && !d.standardize.target_mean, "so is what has a target of words");
	dataset_close(&d);
	MUST(get("a,b,y\n1,x,3\n4,z,6\n", (struct dataset_request){.standardize = STANDARDIZE_NO}, &d));
	ok(d.table.n == 2 && !d.standardize.x_mean && at(&d, 1, 0) == 4, "words are not standardised where that is not wanted");
	dataset_close(&d);
}

static void test_classes(void)
{
	struct dataset d;
	MUST(get("a,y\n1,no\n2,yes\n3,maybe\n4,no\n", (struct dataset_request){0}, &d));
	ok(d.n_classes == 3 && d.label && d.label[0] == 1 && d.label[1] == 2 && d.label[2] == 0 && !d.target, "a target of words has classes");
	same_text(d.class_names[2], "yes", "with their names, by their bytes");
	dataset_close(&d);
	MUST(get("y,a\n2,1\n10,2\n2,3\n", (struct dataset_request){.target = "y", .category = "y"}, &d));
	ok(d.n_classes == 2 && d.label[0] == 1 && !strcmp(d.class_names[0], "10"), "numbers that are words are classes, too");
	dataset_close(&d);
	MUST(get("grade,a\n2,1\n10,2\n02,3\n", (struct dataset_request){.category = "grade"}, &d));
	ok(d.w == 3 && d.table.at[0].n_levels == 3 && !strcmp(d.table.at[0].level[0], "02"), "or levels, letter by letter");
	dataset_close(&d);
	refuse("a,y\n1,no\n2,\n3,yes\n", (struct dataset_request){.missing = MISSING_MEAN},
	       "x.csv:3: column 2 (y): is empty; a training example needs its target");
	refuse("a,y\n1,no\n2,y\x01s\n", (struct dataset_request){0}, "x.csv:3: column 2 (y): the class name 'y?s' is not text: byte 2 is the control character 0x01");
	refuse("a,y\n1,no\n2,y\xe4\n", (struct dataset_request){0}, "is not UTF-8: byte 2 is 0xe4");
}

static void test_columns(void)
{
	struct dataset d;
	const struct dataset_request r = {.drop = "note, a,b ,z", .target = "y"};
	MUST(get("note,y,x,\"a,b\",z\nhello,1,2,q,5\n,3,4,,6\n", (struct dataset_request){.drop = "note,z", .id = "a,b", .target = "y"}, &d));
	ok(d.w == 1 && at(&d, 1, 0) == 4 && d.columns.n == 2 && d.table.n_dropped == 2 && !strcmp(d.table.dropped[1], "z") &&
	   !strcmp(d.id[0], "q") && !*d.id[1], "columns are left out, whatever they hold");
	dataset_close(&d);
	MUST(get("x,y,\"a,b\"\n2,1,q\n4,3,z\n", (struct dataset_request){.drop = "a,b"}, &d));
	ok(d.w == 1 && d.target[1] == 3, "a name may have a comma, and the target is the last that is left");
	dataset_close(&d);
	MUST(get("\"a,b\",c,\"d,e\",a,y\n1,2,3,4,5\n6,7,8,9,0\n", (struct dataset_request){.drop = "a,b , d,e,a"}, &d));
	ok(d.w == 1 && at(&d, 1, 0) == 7 && d.table.n_dropped == 3, "names with commas may stand in a list, the longest that fits first");
	dataset_close(&d);
	struct dataset run;
	MUST(get("id,x,y\np,1,2\nq,3,4\n", (struct dataset_request){.id = "id"}, &run));
	refuse("p,1,2\n", (struct dataset_request){.table = &run.table, .columns = &run.columns, .header = HEADER_NO},
	       "x.csv:1: 3 cells; the run's file had 2 columns besides those that it left out");
	dataset_close(&run);
	refuse("note,y,x,z\n1,2,3,4\n", r, "--drop a: ");
	refuse("x,y\n1,2\n", (struct dataset_request){.id = "q"}, "x.csv has no column of that name; its header has x, y");
	refuse("x,x,y\n1,1,2\n", (struct dataset_request){.category = "x"}, "more than one column of that name");
	refuse("1,2\n3,4\n", (struct dataset_request){.drop = "x"}, "x.csv has no header, and no names");
	refuse("x,y\n1,2\n", (struct dataset_request){.drop = "y", .target = "y"}, "--drop y: is the --target");
	refuse("\"a,b\",c,y\n1,2,3\n", (struct dataset_request){.drop = "a,b,d"}, "--drop d: ");
	refuse("x,y,z\n1,2,3\n", (struct dataset_request){.drop = "x", .id = "x"}, "--id x: is dropped");
	refuse("x,y,z\n1,2,3\n", (struct dataset_request){.drop = "x", .category = "x,y"}, "--category x: is dropped");
	refuse("x,y,z\n1,2,3\n", (struct dataset_request){.id = "x", .category = "x"}, "--category x: names the rows");
	refuse("x,y\n1,2\n", (struct dataset_request){.drop = "x,y"}, "--drop: leaves no column");
	refuse("x,y\n1,2\n", (struct dataset_request){.id = "x"}, "--drop, --id: leave one column of ");
	status s = dataset_open(&(struct dataset_request){.spec = "shapes", .drop = "x"}, &d);
	ok(s == ERR_USAGE && strstr(fail_words(s, "--"), "--drop x: only csv sets have named columns"), "images have no columns");
	s = dataset_open(&(struct dataset_request){.spec = "shapes", .missing = MISSING_MEAN}, &d);
	ok(s == ERR_USAGE && strstr(fail_words(s, "--"), "--missing: only csv sets"), "and no gaps");
}

static void test_refusals(void)
{
	const struct dataset_request none = {0}, mean = {.missing = MISSING_MEAN};
	refuse("a,b,y\n1,,3\nNA,5,6\n,,6\n7,8,9\n", none, "x.csv:2: column 2 (b): is empty, ");
	refuse("a,b,y\n1,,3\nNA,5,6\n,,6\n7,8,9\n", none, "x.csv:3: column 1 (a): 'NA' stands for a missing value, ");
	refuse("a,b,y\n1,,3\nNA,5,6\n,,6\n7,8,9\n", none, "x.csv:4: column 1 (a): is empty, and 1 more; a value was expected: --missing mean");
	refuse("a,b,y\n1,2,3\nx,5,6\n7,8,9\n", none, "x.csv:3: column 1 (a): 'x' is not a number, as line 2 has one: a column is of numbers "
	       "or of words; --category a takes all of it for words, --drop a leaves it out");
	refuse("a,b,y\nu,2,3\nx,5,6\n7.5,8,9\n", none, "x.csv:4: column 1 (a): is a number, 7.5, where line 2 has a word, 'u'");
	refuse("x,1\ny,2\n3,4\n", (struct dataset_request){.header = HEADER_NO}, "--category NAME takes all of it for words, --drop NAME leaves it "
	       "out, once the first line holds names");
	refuse("a b,,y\n1,,3\nx,,6\n7,,9\n", mean, "--category 'a b' takes all of it for words, --drop 'a b' leaves it out");
	refuse("a,,y\n1,,3\n2,,6\n", mean, "x.csv:2: column 2: none of the column's cells holds a value; --drop '' leaves it out");
	refuse("a,y\n1,no\n2,2\n3,yes\n", none, "x.csv:3: column 2 (y): the target has words, 'no', and numbers, 2; --category y takes all of it "
	       "for classes");
	refuse("a,b,y\n,2,3\n,5,6\n", mean, "x.csv:2: column 1 (a): none of the column's cells holds a value");
	char ids[400] = "who,y\n";
	for (int i = 0; i < 12; i++)
		snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "p%d,%d\n", i, i);
	refuse(ids, none, "x.csv:2: column 1 (who): the column has 12 different words in 12 rows, as names of the rows have; --id who");
	refuse(ids, (struct dataset_request){.target = "who"}, "the target has 12 different words in 12 rows, and so no classes; --target NAME says "
	       "which column it is, --category who that they are classes all the same");
	struct dataset d;
	MUST(get(ids, (struct dataset_request){.category = "who"}, &d));
	ok(d.w == 12, "unless they are wanted");
	dataset_close(&d);
}

/* Of the training rows none has a value, whichever they are: one row is left of two. */
static void test_no_mean(void)
{
	struct dataset d;
	const struct dataset_request r = {.missing = MISSING_MEAN, .holdout = "1"};
	const char *const tables[] = {"a,b,y\n1,1,3\n2,,6\n", "a,b,y\n1,,3\n2,1,6\n"};
	int refused = 0;
	for (int i = 0; i < 2; i++) {
		status s = get(tables[i], r, &d);
		refused += s == ERR_INPUT && strstr(fail_words(s, "--"), "b: no training row has a value; --drop leaves a column out");
		dataset_close(&d);
	}
	ok(refused == 1, "a mean of nothing is refused");
}

/* ---- later files ---- */

static void test_later_files(void)
{
	struct dataset run, d;
	static const char table[] = "age,sex,dose,y\n10,m,1,no\n,f,2,yes\n40,,3,no\n";
	MUST(get(table, (struct dataset_request){.missing = MISSING_INDICATOR}, &run));
	struct dataset_request r = {.table = &run.table, .columns = &run.columns, .class_targets = true};
	const double wanted[] = {7, 0, 0, 1, 0, 9, 25, 1, 0, 0, 1, 8};
	MUST(get("y,dose,extra,sex,age\nyes,9,1,m,7\nno,8,,NA,?\n", r, &d));
	features(&d, 6, wanted, "a later file has the run's features, whatever the order of its columns");
	ok(d.n_classes == 2 && d.label[0] == 1 && d.label[1] == 0, "and its classes");
	dataset_close(&d);
	refuse("age,sex,dose,y\n1,m,2,no\n2,x,3,no\n", r, "x.csv:3: column 2 (sex): 'x' is a word that the run has not learnt; it knows f, m; "
	       "--unknown other");
	refuse("age,sex,dose,y\n1,m,2,no\n2,f,,no\n", r, "x.csv:3: column 3 (dose): is empty, and the run has learnt of no missing value in");
	refuse("age,sex,dose,y\n1,m,2,no\n2,f,n/a,no\n", r, "x.csv:3: column 3 (dose): 'n/a' stands for a missing value, and the run");
	refuse("age,sex,dose,y\n1,m,2,no\n2,f,many,no\n", r, "x.csv:3: column 3 (dose): 'many' is not a number");
	refuse("age,sex,dose,y\n1,m,2,no\n2,f,3,perhaps\n", r, "the target is 'perhaps', which is no class that the run knows; they are no, yes");
	refuse("age,sex,dose,y\n1,m,2,no\n2,f,3,\n", r, "x.csv:3: column 4 (y): the target is empty; one of its classes was expected: no, yes");
	r.unknown = UNKNOWN_OTHER;
	const double other[] = {7, 0, 0, 0, 0, 2};
	MUST(get("age,sex,dose,y\n7,x,,yes\n", r, &d));
	features(&d, 6, other, "a word that is not known has no level, and a gap that is not marked the mean");
	dataset_close(&d);
	refuse("age,sex,dose,y\n1,m,2,no\n2,f,3,perhaps\n", r, "'perhaps', which is no class");
	r.need = NEED_NOTHING;
	MUST(get("sex,dose,age\nf,1,2\n", r, &d));
	ok(!d.label && !d.n_classes && d.w == 6, "where no labels are needed there may be none");
	dataset_close(&d);
	MUST(get("sex,dose,age,y\nf,1,2,\nf,1,2,yes\n", r, &d));
	ok(!d.label && d.unlabelled == 1, "or gaps");
	dataset_close(&d);
	refuse("sex,dose,age,y,y\nf,1,2,yes,no\n", r, "x.csv: more than one column is called 'y'");
	r.need = NEED_FOREIGN;
	MUST(get("sex,dose,age,y,y\nf,1,2,yes,no\n", r, &d));
	ok(!d.label && d.w == 6, "two columns that are called so are none");
	dataset_close(&d);
	dataset_close(&run);
}

static void test_words_without_names(void)
{
	struct dataset run, d;
	MUST(get("m,I,no\nf,II,yes\nm,II,no\n", (struct dataset_request){.header = HEADER_NO}, &run));
	struct dataset_request r = {.table = &run.table, .columns = &run.columns, .class_targets = true, .width = run.table.n};
	refuse("f,I,no\nm,I,yes\n", r, "x.csv:1: the first line may hold names or words that the run has learnt");
	r.header = HEADER_NO;
	MUST(get("f,I,no\nm,I,yes\n", r, &d));
	ok(d.n == 2, "words without names are data where that is said");
	dataset_close(&d);
	r.header = HEADER_YES;
	MUST(get("sex,stage,y\nm,I,yes\n", r, &d));
	ok(d.n == 1 && d.label[0] == 1, "and names are names");
	dataset_close(&d);
	dataset_close(&run);
}

/* Words of any bytes. */
static void test_json(void)
{
	struct dataset run;
	struct arena a = {0};
	struct table back;
	MUST(get("\"i\xff\",age,\"s\\x41\",y\nu,1,M\xe4nner,no\nv,,\\x41,yes\nw,3,Frauen,no\n",
	         (struct dataset_request){.id = "i\xff", .missing = MISSING_INDICATOR, .unknown = UNKNOWN_OTHER}, &run));
	json_t *j = table_to_json(&run.table, &run.columns);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	same_text(text, "{\"columns\":[{\"name\":\"age\",\"use\":\"number\",\"gaps\":1,\"marked\":true},{\"name\":\"s\\\\x5Cx41\",\"use\":\"words\","
	          "\"gaps\":0,\"marked\":false,\"levels\":[\"Frauen\",\"M\\\\xE4nner\",\"\\\\x5Cx41\"]}],\"fill\":[2.0,0.33333333333333331,"
	          "0.33333333333333331,0.33333333333333331,0.33333333333333331],\"missing\":\"indicator\",\"unknown\":\"other\",\"classes\":["
	          "\"no\",\"yes\"],\"id\":\"i\\\\xFF\",\"dropped\":[]}", "a header says what was learnt");
	MUST(table_from_json(j, &a, &back));
	json_t *again = table_to_json(&back, &run.columns);
	ok(again && json_equal(j, again) && back.width == 5 && back.at[1].first == 2, "and is read as it was");
	same_text(back.at[1].level[1], "M\xe4nner", "byte by byte");
	static const char *const bad[] = {"{}", "[]", "{\"missing\":\"mean\",\"unknown\":\"refuse\"}",
		"{\"missing\":\"mean\",\"unknown\":\"other\",\"columns\":[{\"use\":\"sound\"}],\"fill\":[1]}",
		"{\"missing\":\"mean\",\"unknown\":\"other\",\"columns\":[{\"use\":\"number\"}],\"fill\":[1,2]}",
		"{\"missing\":\"mean\",\"unknown\":\"other\",\"columns\":[{\"use\":\"number\"}]}",
		"{\"missing\":\"mean\",\"unknown\":\"other\",\"columns\":[{\"use\":\"words\",\"levels\":[\"b\",\"a\"]}],\"fill\":[1,2]}",
		"{\"missing\":\"mean\",\"unknown\":\"other\",\"columns\":[{\"use\":\"words\",\"levels\":[\"b\",1]}],\"fill\":[1,2]}"};
	int refused = 0;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *b = json_loads(bad[i], 0, NULL);
		refused += table_from_json(b, &a, &back) == ERR_INPUT;
		json_decref(b);
	}
	ok(refused == sizeof bad / sizeof *bad, "what is no table is refused");
	ok(table_from_json(NULL, &a, &back) == OK && !back.n, "earlier runs have none");
	free(text);
	json_decref(again);
	json_decref(j);
	arena_free(&a);
	dataset_close(&run);
}

int main(void)
{
	test_mean();
	test_indicator();
	test_training_rows();
	test_golden();
	test_numbers();
	test_classes();
	test_columns();
	test_refusals();
	test_no_mean();
	test_later_files();
	test_words_without_names();
	test_json();
	return done_testing();
}
