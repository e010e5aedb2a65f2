/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <gsl/gsl_version.h>
#include <msgpack.h>
#include <xxhash.h>
#include <zip.h>
#include <zlib.h>

#include "commands/program.h"

/* What the device says of itself, such as "back end cpu: x86-64-v3, 2 threads", and the libraries it stands on. */
static void print_backend(const struct backend *b, FILE *to)
{
	struct device *d = NULL;
	if (b->open(0, 0, &d) != OK) {
		fprintf(to, "back end %s: not usable here: %s\n", b->name, fail_message(ERR_LIBRARY));
		return;
	}
	json_t *facts = b->describe(d);
	b->close(d);
	if (!facts) {
		fprintf(to, "back end %s: out of memory\n", b->name);
		return;
	}
	const char *isa = json_string_value(json_object_get(facts, "instruction_set")), *library;
	json_int_t threads = json_integer_value(json_object_get(facts, "threads"));
	json_t *version;
	fprintf(to, "back end %s: %s%s%" JSON_INTEGER_FORMAT " thread%s\n", b->name, isa ? isa : "", isa ? ", " : "",
	        threads, threads == 1 ? "" : "s");
	json_object_foreach(json_object_get(facts, "libraries"), library, version)
		fprintf(to, "%s %s\n", library, json_is_string(version) ? json_string_value(version) : "");
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
