/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct backend cpu_backend;

/* The best first: without --device, the first one that opens is used. */
const struct backend *const backends[] = {&cpu_backend, NULL};

static status open_best(int threads, struct device **out)
{
	status s = ERR_LIBRARY;
	for (int i = 0; backends[i] && s != OK; i++)
		s = backends[i]->open(0, threads, out);
	return s;
}

/* Reads "NAME" or "NAME:N". */
static bool is_device(const char *text, const char *name, int *number)
{
	size_t n = strlen(name);
	*number = 0;
	if (strncmp(text, name, n) != 0)
		return false;
	if (!text[n])
		return true;
	if (text[n] != ':' || text[n + 1] < '0' || text[n + 1] > '9')
		return false;
	char *end;
	unsigned long value = strtoul(text + n + 1, &end, 10);
	*number = value < 1024 ? (int)value : 1024;
	return !*end;
}

status backend_open(const char *device, int threads, struct device **out)
{
	*out = NULL;
	if (!device)
		return open_best(threads, out);
	char have[256] = "";
	for (int i = 0; backends[i]; i++) {
		int number;
		if (is_device(device, backends[i]->name, &number))
			return backends[i]->open(number, threads, out);
		size_t n = strlen(have);
		snprintf(have + n, sizeof have - n, "%s%s", i ? ", " : "", backends[i]->name);
	}
	return fail(ERR_USAGE, "{device} %s: this build has %s", device, have);
}
