/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How many workers a run gets: by processors, chains and memory. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/workers.h"
#include "src/processors.h"
#include "tests/tap.h"

static int locals = 1;   /* processes that a launcher has started on this machine */

/* Workers for so many chains of so many parameters on so many threads each. */
static int workers(const char *asked, int chains, int threads, size_t params, const char *device)
{
	char *words[] = {(char[]){"sample"}, (char[]){"--workers"}, (char *)asked, NULL};
	static const struct sampler sampler = {.name = "still", .vectors = {{.name = "theta"}}};
	const struct backend ops = {.name = device};
	struct device d = {.ops = &ops};
	struct potential potential = {.n_params = params, .device = &d};
	const struct problem p = {.device = &d, .threads = threads, .plan.state = {.sampler = &sampler, .potential = &potential}};
	struct opts *o;
	MUST(opts_parse(&o, sample_tables, asked ? 3 : 1, words));
	int n = workers_choose(&p, o, &(struct launcher){.ranks = 1, .locals = locals}, chains);
	opts_free(o);
	return n;
}

int main(void)
{
	setenv("OMP_NUM_THREADS", "8", 1);
	ok(processors_available() == 8, "OMP_NUM_THREADS says how many processors there are");
	ok(workers(NULL, 100, 1, 1000, "cpu") == 8, "a worker a processor");
	ok(workers(NULL, 100, 3, 1000, "cpu") == 2 && workers(NULL, 100, 16, 1000, "cpu") == 1, "by the threads that each has");
	ok(workers(NULL, 5, 1, 1000, "cpu") == 5 && workers(NULL, 0, 1, 1000, "cpu") == 1, "no more than chains");
	ok(workers("3", 100, 1, 1000, "cpu") == 3 && workers("20", 100, 4, 1000, "cpu") == 20 && workers("20", 5, 1, 1000, "cpu") == 5,
	   "or as many as are asked for");
	char all[16];
	snprintf(all, sizeof all, "%ld", sysconf(_SC_NPROCESSORS_ONLN) * 4);
	setenv("OMP_NUM_THREADS", all, 1);
	locals = 4;
	ok(workers(NULL, 100, 1, 1000, "cpu") == sysconf(_SC_NPROCESSORS_ONLN), "processes that are bound to none share the machine's");
	locals = 1;
	setenv("OMP_NUM_THREADS", "8", 1);
	ok(workers(NULL, 100, 1, (size_t)1 << 50, "cpu") == 1, "and no more than memory takes");
	ok(workers(NULL, 100, 1, 1000, "cuda") == 1, "a device of its own has one");
	return done_testing();
}
