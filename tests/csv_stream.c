/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows from a pipe: however it is cut into pieces, they are the rows of the same bytes in a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/data/csv_file.h"
#include "src/data/csv_stream.h"
#include "src/philox.h"
#include "tests/tap.h"

/* A pair of sockets whose packets are read one at a time. */
static int end[2];

static void begin(struct csv_stream *s)
{
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end) == 0 ? OK : ERR_IO);
	csv_stream_begin(s, end[0]);
}

static void finish(struct csv_stream *s)
{
	csv_stream_end(s);
	close(end[0]);
	if (end[1] >= 0)
		close(end[1]);
}

static void say(const char *bytes, size_t size)
{
	MUST(write(end[1], bytes, size) == (ssize_t)size ? OK : ERR_IO);
}

static void hang_up(void)
{
	close(end[1]);
	end[1] = -1;
}

/* What is handed out next is this, behind the first row. */
static void next_is(struct csv_stream *s, const char *first, const char *rows, size_t line, bool again)
{
	struct csv_text t;
	char wanted[200];
	snprintf(wanted, sizeof wanted, "%s%s", first, rows);
	MUST(csv_stream_next(s, &t));
	if (!ok(t.size == strlen(wanted) && !memcmp(t.bytes, wanted, t.size) && t.line == line && t.again == again,
	        "handed out: %zu bytes behind the first row, from line %zu", strlen(rows), line))
		note("%.*s, behind line %zu", (int)t.size, t.bytes, t.line);
}

static void test_answers(void)
{
	struct csv_stream s;
	struct csv_text t;
	begin(&s);
	say("a,\"b", 4);
	say("\nc\",y\n", 6);
	next_is(&s, "a,\"b\nc\",y\n", "", 3, false);
	say("1,2,3\n", 6);
	next_is(&s, "a,\"b\nc\",y\n", "1,2,3\n", 3, true);
	say("4,5,6\n7,", 8);
	next_is(&s, "a,\"b\nc\",y\n", "4,5,6\n", 4, true);
	say("8,9\r", 4);
	say("\n1,\"2\n\n\",3\r\n\n", 13);
	next_is(&s, "a,\"b\nc\",y\n", "7,8,9\r\n1,\"2\n\n\",3\r\n", 5, true);
	say("\n\n10,11,12", 10);
	hang_up();
	next_is(&s, "a,\"b\nc\",y\n", "\n\n\n10,11,12", 9, true);
	MUST(csv_stream_next(&s, &t));
	ok(t.size == 0, "and nothing more");
	MUST(csv_stream_next(&s, &t));
	ok(t.size == 0, "however often it is asked for");
	finish(&s);
}

static void refused(const char *bytes, size_t size, const char *wanted)
{
	struct csv_stream s;
	struct csv_text t;
	begin(&s);
	if (size)
		say(bytes, size);
	hang_up();
	status got = csv_stream_next(&s, &t);
	ok(got == ERR_INPUT && strstr(fail_words(got, "--"), wanted), "refused: %s", wanted);
	finish(&s);
}

/* A quote that is never closed, from a file with a hole where nothing has to be written. */
static void test_row_without_end(void)
{
	char path[300];
	struct csv_stream s;
	struct csv_text t;
	snprintf(path, sizeof path, "%s/long", scratch_folder());
	FILE *f = fopen(path, "w+");
	MUST(f && fputs("a,b\n1,2\n\"", f) >= 0 && !fflush(f) && !ftruncate(fileno(f), CSV_STREAM_ROW + 1000000) ? OK : ERR_IO);
	csv_stream_begin(&s, fileno(f));
	s.most = 1;
	MUST(lseek(fileno(f), 0, SEEK_SET) == 0 ? OK : ERR_IO);
	MUST(csv_stream_next(&s, &t));
	status got = csv_stream_next(&s, &t);
	if (!ok(got == ERR_INPUT && strstr(fail_words(got, "--"), "standard input:3: a row begins here that does not end within 64 MiB"),
	        "a row without an end is refused"))
		note("%s", got == OK ? "it was not" : fail_words(got, "--"));
	csv_stream_end(&s);
	fclose(f);
}

/* ---- any bytes in any pieces ---- */

/* All rows in words: their lines, and their cells. */
static status write_rows(struct csv_file *c, bool without_first, char **to, size_t *used)
{
	for (status s = csv_next(c); ; s = csv_next(c)) {
		if (s != OK)
			return s;
		if (!c->n)
			return OK;
		if (!without_first)
			*used += (size_t)sprintf(*to + *used, "%zu:", c->line);
		for (size_t i = 0; !without_first && i < c->n; i++)
			*used += (size_t)sprintf(*to + *used, "[%s]", c->cell[i]);
		without_first = false;
	}
}

enum { BYTES = 120, WORDS = 20 * BYTES };

/* Feeds the bytes in pieces of up to `piece` bytes each; `most` as the stream has it. False where they are not the rows. */
static bool same_rows(const char *bytes, size_t size, uint32_t piece, size_t most)
{
	static char whole[WORDS], parts[WORDS];
	char *at[] = {whole, parts};
	size_t used[2] = {0, 0};
	struct csv_file c;
	struct csv_stream s;
	struct csv_text t = {.bytes = bytes, .size = size};
	memset(whole, 0, sizeof whole);
	memset(parts, 0, sizeof parts);
	MUST(csv_open_text(&t, &c));
	status one = write_rows(&c, false, &at[0], &used[0]), other = OK;
	csv_close(&c);
	begin(&s);
	s.most = most;
	for (size_t i = 0; i < size; i += piece)
		say(bytes + i, size - i < piece ? size - i : piece);
	hang_up();
	while (other == OK) {
		other = csv_stream_next(&s, &t);
		if (other != OK && !used[1])
			other = strstr(fail_words(other, "--"), "is empty") ? OK : other;
		if (other != OK || !t.size)
			break;
		other = csv_open_text(&t, &c);
		other = other == OK ? write_rows(&c, t.again, &at[1], &used[1]) : other;
		csv_close(&c);
	}
	finish(&s);
	return one == other && !strcmp(whole, parts);
}

static void test_pieces(void)
{
	static const char letters[] = "ab1 \t,,;\"\"\n\n\r\r\xef\xbb\xbf";
	int wrong = 0, cases = 0, quoted = 0;
	for (uint32_t k = 0; k < 3000; k++) {
		char bytes[BYTES + 1];
		uint32_t draws[4];
		if (!in_turn())
			continue;
		philox_words(k, 0, 0, 0, 0, draws);
		size_t size = draws[0] % BYTES;
		uint32_t piece = 1 + draws[1] % 7, kinds = 3 + draws[2] % (sizeof letters - 4);
		for (size_t i = 0; i < size; i++) {
			philox_words(k, 0, 0, 1 + i, 0, draws);
			bytes[i] = letters[draws[0] % kinds];
			bytes[i] = draws[1] % 4 ? bytes[i] : letters[5 + draws[1] / 4 % 9];
		}
		bytes[size] = 0;
		cases++;
		quoted += strchr(bytes, '"') != NULL;
		if (!same_rows(bytes, size, piece, k % 2 ? 1 : CSV_STREAM_TEXT) && !wrong++)
			note("%u, in pieces of %u: %s", k, piece, bytes);
	}
	ok(wrong == 0, "%d texts, %d of them with quotes, are the same rows in pieces as whole: %d are not", cases, quoted, wrong);
}

int main(void)
{
	test_answers();
	refused("", 0, "standard input: is empty; rows of numbers were expected");
	refused("\n \t\n\r", 5, "standard input: is empty");
	test_row_without_end();
	test_pieces();
	return done_testing();
}
