/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* csv:- in pieces of some bytes: the rows of the same bytes in one piece. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/data/csv_file.h"
#include "src/data/csv_stream.h"
#include "tests/fuzz/fuzz.h"

enum { PIECES_MOST = 100 };   /* that wait in a socket */

static void must(bool good)
{
	if (!good)
		fuzz_broken("a pair of sockets was to be had");
}

/* The rows of a text, but the first where it was there before, are the next ones of `whole`. */
static status same_rows(const struct csv_text *t, struct csv_file *whole)
{
	struct csv_file part;
	status s = csv_open_text(t, &part);
	bool skip = t->again;
	while (s == OK) {
		s = csv_next(&part);
		if (s == OK && part.n && skip) {
			skip = false;
			continue;
		}
		if (s == OK && !part.n)
			break;
		if (csv_next(whole) != s)
			fuzz_broken("a row in a piece is refused as in the whole");
		if (s == OK && (whole->n != part.n || whole->line != part.line))
			fuzz_broken("a row in a piece has its cells and its line");
		for (size_t i = 0; s == OK && i < part.n; i++)
			if (strcmp(whole->cell[i], part.cell[i]) != 0)
				fuzz_broken("a cell in a piece is what it is in the whole");
	}
	csv_close(&part);
	return s;
}

static void feed(struct csv_stream *s, int out, const struct part *p, size_t piece)
{
	struct csv_file whole;
	struct csv_text t = {.bytes = (const char *)p->data, .size = p->size};
	status got = csv_open_text(&t, &whole);
	for (size_t i = 0; i < p->size; i += piece) {
		size_t n = p->size - i < piece ? p->size - i : piece;
		must(write(out, p->data + i, n) == (ssize_t)n);
	}
	close(out);
	/* What is no text is refused, with all of it or the piece that shows it. */
	const bool text = got == OK;
	while (text && got == OK) {
		got = csv_stream_next(s, &t);
		if (got != OK || !t.size)
			break;
		got = same_rows(&t, &whole);
	}
	if (text && got == OK && (csv_next(&whole) != OK || whole.n))
		fuzz_broken("all rows are handed out");
	csv_close(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part part[2];
	struct csv_stream s;
	int end[2];
	fuzz_parts(data, size, part, 2);
	unsigned how = fuzz_choice(&part[1]);
	size_t piece = 1 + how / 2, least = 1 + part[0].size / PIECES_MOST;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end) == 0);
	csv_stream_begin(&s, end[0]);
	s.most = how & 1 ? 1 : CSV_STREAM_TEXT;
	feed(&s, end[1], &part[0], piece < least ? least : piece);
	csv_stream_end(&s);
	close(end[0]);
	return 0;
}
