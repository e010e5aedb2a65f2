/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <gsl/gsl_version.h>
#include <msgpack.h>
#include <xxhash.h>
#include <zip.h>
#include <zlib.h>

#include "commands/program.h"

static void print_libraries(const json_t *libraries, FILE *to)
{
	const char *name;
	json_t *version;
	json_object_foreach((json_t *)libraries, name, version)
		fprintf(to, "%s %s\n", name, json_is_string(version) ? json_string_value(version) : "");
}

/* "x86-64-v3, 2 threads", or "NVIDIA H100, compute capability 9.0". */
static void print_facts(const json_t *facts, FILE *to)
{
	const char *isa = json_string_value(json_object_get(facts, "instruction_set"));
	const char *card = json_string_value(json_object_get(facts, "card"));
	json_int_t threads = json_integer_value(json_object_get(facts, "threads"));
	if (card)
		fprintf(to, "%s, compute capability %s", card, json_string_value(json_object_get(facts, "compute_capability")));
	if (isa)
		fprintf(to, "%s, ", isa);
	if (threads)
		fprintf(to, "%" JSON_INTEGER_FORMAT " thread%s", threads, threads == 1 ? "" : "s");
}

/* What the device says of itself, such as "back end cpu: x86-64-v3, 2 threads", and the libraries it stands on. */
static void print_backend(const struct backend *b, FILE *to)
{
	struct device *d = NULL;
	fprintf(to, "back end %s: ", b->name);
	status s = b->open(0, 0, &d);
	if (s != OK) {
		json_t *libraries = b->libraries ? b->libraries() : NULL;
		fprintf(to, "not usable here: %s\n", fail_message(s));
		print_libraries(libraries, to);
		json_decref(libraries);
		return;
	}
	json_t *facts = b->describe(d);
	b->close(d);
	if (facts)
		print_facts(facts, to);
	else
		fputs("out of memory", to);
	fputs("\n", to);
	print_libraries(json_object_get(facts, "libraries"), to);
	json_decref(facts);
}

void version_print(const struct backend *const *backends, FILE *to)
{
	unsigned xxhash = XXH_versionNumber();
	fputs("basin " PACKAGE_VERSION "\n", to);
	for (int i = 0; backends[i]; i++)
		print_backend(backends[i], to);
	fprintf(to, "GSL %s\n", gsl_version);
	fputs("jansson " JANSSON_VERSION "\n", to);
	fprintf(to, "libzip %s\n", zip_libzip_version());
	fprintf(to, "msgpack-c %s\n", msgpack_version());
	fprintf(to, "xxHash %u.%u.%u\n", xxhash / 10000, xxhash / 100 % 100, xxhash % 100);
	fprintf(to, "zlib %s\n", zlibVersion());
}
