/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/info_logs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samplers/sampler.h"
#include "src/files/log_read.h"

/* Bytes at the end of a log, of any length: a thousand lines or more. */
enum { LOG_PART = 1 << 18 };
enum { ACCEPTANCE, KINETIC, REPORTS };
static const char *const names[REPORTS + 1] = {"acceptance", "kinetic_temperature", NULL};

/* Whether the method that the header names reports one of them. */
static bool reports_any(const json_t *header)
{
	const struct sampler *s = sampler_named(json_string_value(json_object_get(json_object_get(header, "sampler"), "name")));
	return s && (sampler_reported(s, names[ACCEPTANCE]) >= 0 || sampler_reported(s, names[KINETIC]) >= 0);
}

static status read_row(const struct source *source, struct arena *a, struct info_chain *row)
{
	const json_int_t burn_in = json_integer_value(json_object_get(json_object_get(source->header, "sampler"), "burn-in"));
	struct log_series log;
	char *path;
	TRY(log_path_beside(source->path, a, &path));
	if (!path)
		return OK;
	TRY(log_read(path, burn_in > 0 ? (uint64_t)burn_in : 0, LOG_PART, names, a, &log));
	/* The one is a mean already; of the other a line has that of one step. */
	row->acceptance = log.n ? log.value[ACCEPTANCE][log.n - 1] : (double)NAN;
	row->kinetic = log_mean(log.value[KINETIC], log.n);
	return OK;
}

status info_logs_read(const struct source *source, struct info_chain *row)
{
	struct arena a = {0};
	if (!reports_any(source->header))
		return OK;
	status s = read_row(source, &a, row);
	arena_free(&a);
	if (s != ERR_DAMAGE)
		return s;
	warning("%s; what it says is left out", fail_words(s, "--"));
	return OK;
}

/* ---- for people ---- */

/* "acceptance            0.81 (chain 3) to 0.85 (chain 0)" */
static bool print_range(const char *what, const struct info_chain *c, size_t n, double (*of)(const struct info_chain *c))
{
	const struct info_chain *least = NULL, *most = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(of(&c[i])))
			continue;
		least = !least || of(&c[i]) < of(least) ? &c[i] : least;
		most = !most || of(&c[i]) > of(most) ? &c[i] : most;
	}
	if (!least)
		return false;
	printf("%s: %.3g", what, of(least));
	if (n > 1)
		printf(" (chain %lld) to %.3g (chain %lld)", (long long)least->chain, of(most), (long long)most->chain);
	return true;
}

static double acceptance_of(const struct info_chain *c)
{
	return c->acceptance;
}

static double kinetic_of(const struct info_chain *c)
{
	return c->kinetic;
}

void info_logs_print(const struct info_chain *c, size_t n, double temperature)
{
	if (print_range("acceptance of trajectories", c, n, acceptance_of))
		putchar('\n');
	if (print_range("kinetic temperature", c, n, kinetic_of))
		printf("; T = %g\n", temperature);
}
