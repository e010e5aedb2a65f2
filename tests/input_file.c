/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Files that are read whole, inflated or as they are. */
#include "src/data/input_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/files.h"
#include "tests/tap.h"

/* gzip.compress(b"hello, basin\n", mtime=0) of Python. */
static const uint8_t hello[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x48\x4a\x2c\xce\xcc"
	"\xe3\x02\x00\x1e\x14\x97\x5c\x0d\x00\x00";
enum { HELLO = sizeof hello };   /* the last byte is a zero, as the literal's */

static const char words[] = "hello, basin\n";
static const char *path;

/* Reads these bytes from a file; whether they give `text`. */
static status get(const void *bytes, size_t n, const char *text, bool *right)
{
	struct arena a = {0};
	uint8_t *data;
	size_t size;
	spit(path, bytes, n);
	status s = input_read_inflated(path, &a, &data, &size);
	*right = s == OK && size == strlen(text) && !memcmp(data, text, size + 1);
	arena_free(&a);
	return s;
}

static void refuse(const void *bytes, size_t n, const char *wanted, const char *what)
{
	bool right;
	status s = get(bytes, n, "", &right);
	const char *got = fail_words(s, "--");
	bool named = !strncmp(got, path, strlen(path)) && strstr(got, wanted);
	if (!ok(s == ERR_INPUT && named, "%s is refused, by the file's name", what))
		note("%s", s == OK ? "it was read" : got);
}

static void test_members(void)
{
	uint8_t two[2 * HELLO + 2];
	bool right;
	get(hello, HELLO, words, &right);
	ok(right, "what Python's gzip made is inflated, with a zero byte behind");
	get(words, strlen(words), words, &right);
	ok(right, "a file that is not gzip's is read as it is");
	get("\x1f", 1, "\x1f", &right);
	ok(right, "and one of a byte alone");
	get("", 0, "", &right);
	ok(right, "and an empty one");
	memcpy(two, hello, HELLO);
	memcpy(two + HELLO, hello, HELLO);
	get(two, 2 * HELLO, "hello, basin\nhello, basin\n", &right);
	ok(right, "members one after the other are all inflated");
	two[HELLO] = 'x';
	refuse(two, HELLO + 5, "5 bytes follow", "what follows the last member");
	memcpy(two + HELLO, hello, HELLO);
	refuse(two, HELLO + 12, "truncated", "a second member that is cut");
}

static void test_damage(void)
{
	uint8_t bytes[HELLO];
	int wrong = 0, accepted = 0;
	bool right;
	for (size_t n = 2; n < HELLO; n++)
		accepted += get(hello, n, words, &right) != ERR_INPUT;
	ok(accepted == 0, "every truncation is refused");
	for (size_t bit = 16; bit < 8 * HELLO; bit++) {
		memcpy(bytes, hello, HELLO);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		status s = get(bytes, HELLO, words, &right);
		wrong += s == OK ? !right : s != ERR_INPUT;
	}
	ok(wrong == 0, "a flipped bit is refused or changes nothing");
	memcpy(bytes, hello, HELLO);
	bytes[HELLO - 8] ^= 1;
	refuse(bytes, HELLO, "damaged: the compressed data are wrong before byte", "a wrong checksum");
}

/* A quarter of a megabyte that inflates to 256 and then is cut takes no memory for what it will not give. */
static void test_memory(void)
{
	enum { MIB = 1 << 20 };
	static uint8_t zeros[MIB];
	struct rusage before, after;
	size_t n;
	bool right;
	gzFile f = gzopen(path, "wb1");
	for (int i = 0; i < 256; i++)
		MUST(f && gzwrite(f, zeros, MIB) == MIB ? OK : ERR_IO);
	gzclose(f);
	uint8_t *bytes = slurp(path, &n);
	getrusage(RUSAGE_SELF, &before);
	status s = get(bytes, n - 1, words, &right);
	getrusage(RUSAGE_SELF, &after);
	ok(s == ERR_INPUT && after.ru_maxrss - before.ru_maxrss < 64 * 1024, "what is inflated is counted before memory is taken");
	free(bytes);
}

static void test_permission(void)
{
	struct arena a = {0};
	uint8_t *data;
	size_t size;
	spit(path, hello, HELLO);
	MUST(chmod(path, 0) || chmod(scratch_folder(), 0755) ? ERR_IO : OK);
	uid_t me = geteuid();
	if (me == 0 && seteuid(65534) != 0) {
		skip("a file without read permission", "no other user here");
		return;
	}
	status s = input_read_inflated(path, &a, &data, &size);
	ok(s == ERR_INPUT && strstr(fail_words(s, "--"), "Permission denied"), "a file without read permission gives that reason");
	MUST(seteuid(me) ? ERR_IO : OK);
	chmod(path, 0600);
	arena_free(&a);
}

int main(void)
{
	path = scratch_path("file");
	test_members();
	test_damage();
	test_memory();
	test_permission();
	return done_testing();
}
