/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Cells that are written: quoted where they have to be, and read again as they were. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/csv_file.h"
#include "src/data/csv_write.h"
#include "src/philox.h"
#include "tests/tap.h"

static char *written;
static size_t size;

static FILE *begin(void)
{
	free(written);
	FILE *to = open_memstream(&written, &size);
	MUST(to ? OK : ERR_MEMORY);
	return to;
}

static const char *number(double x)
{
	FILE *to = begin();
	csv_put_number(to, x);
	fclose(to);
	return written;
}

static void words(const char *text, const char *wanted)
{
	FILE *to = begin();
	csv_put_words(to, text);
	fclose(to);
	if (!ok(strcmp(written, wanted) == 0, "%s", wanted))
		note("%s", written);
}

static void test_words(void)
{
	words("plain", "plain");
	words("", "");
	words("with blanks within", "with blanks within");
	words(" before", "\" before\"");
	words("behind\t", "\"behind\t\"");
	words("a,b", "\"a,b\"");
	words("a;b", "\"a;b\"");
	words("5\" pipe", "\"5\"\" pipe\"");
	words("two\nlines", "\"two\nlines\"");
	words("a\rb", "\"a\rb\"");
	/* What JSON escapes is the byte that it stands for, which may be a quote. */
	words("Gr\\xF6\\xDFe", "Gr\xf6\xdf" "e");
	words("\\x22", "\"\"\"\"");
}

/* Every double: by bits that are drawn. */
static void test_numbers(void)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {{0.1, "0.1"}, {-0.0, "-0"}, {1, "1"}, {1e22, "1e+22"}, {2.0 / 3, "0.6666666666666666"}, {(double)NAN, ""},
	             {(double)INFINITY, "inf"}, {123456789, "123456789"}, {5e-324, "4.94065645841247e-324"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (!ok(strcmp(number(cases[i].x), cases[i].text) == 0, "%g is written as “%s”", cases[i].x, cases[i].text))
			note("%s", written);
	enum { DRAWS = 20000 };
	size_t wrong = 0, longer = 0;
	for (uint32_t i = 0; i < DRAWS; i++) {
		uint32_t bits[4];
		double x;
		philox_words(0, 0, 0, 0, i, bits);
		const uint64_t both = (uint64_t)bits[0] << 32 | bits[1];
		memcpy(&x, &both, sizeof x);
		if (isnan(x))
			continue;
		wrong += strtod(number(x), NULL) != x;
		char shorter[40];
		snprintf(shorter, sizeof shorter, "%.15g", x);
		longer += strtod(shorter, NULL) == x && strlen(written) > strlen(shorter);
	}
	ok(wrong == 0, "numbers are read as they were");
	ok(longer == 0, "and are no longer than that needs");
}

/* As the program's own reader takes it. */
static void test_read_again(void)
{
	static const char *const cells[] = {"id", "a,b", "5\" pipe", "two\nlines", "semi;colon", "tab\tbed", "z"};
	enum { N = sizeof cells / sizeof *cells };
	char path[300];
	struct csv_file c;
	snprintf(path, sizeof path, "%s/cells.csv", scratch_folder());
	FILE *to = fopen(path, "wb");
	MUST(to ? OK : ERR_IO);
	for (size_t i = 0; i < N; i++) {
		fputs(i ? "," : "", to);
		csv_put_words(to, cells[i]);
	}
	fputs("\n", to);
	fclose(to);
	MUST(csv_open(path, &c));
	MUST(csv_next(&c));
	size_t same = 0;
	for (size_t i = 0; i < N && i < c.n; i++)
		same += strcmp(c.cell[i], cells[i]) == 0;
	ok(c.n == N && same == N, "cells are read as they were");
	csv_close(&c);
}

int main(void)
{
	test_words();
	test_numbers();
	test_read_again();
	free(written);
	return done_testing();
}
