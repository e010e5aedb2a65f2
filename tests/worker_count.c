/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How many workers a run gets: by processors, chains and memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/workers.h"
#include "src/processors.h"
#include "tests/tap.h"

static int locals = 1;   /* processes that a launcher has started on this machine */

/* A machine's cards, and what is free on each. */
static size_t free_bytes;
static int cards = 1;
static const char *named = "cuda";

static size_t card_room(const struct device *d)
{
	(void)d;
	return free_bytes;
}

static int card_count(void)
{
	return cards;
}

/* Workers for so many chains of so many parameters on so many threads each. */
static int workers(const char *asked, int chains, int threads, size_t params, const char *device)
{
	char *words[] = {(char[]){"sample"}, (char[]){"--device"}, (char *)named, (char[]){"--workers"}, (char *)asked, NULL};
	struct opts *o;
	MUST(opts_parse(&o, sample_tables, asked ? 5 : 3, words));
	static const struct sampler sampler = {.name = "still", .vectors = {{.name = "theta"}}};
	const bool on_host = strcmp(device, "cpu") == 0;
	const struct backend ops = {.name = device, .on_host = on_host, .room = on_host ? NULL : card_room, .count = on_host ? NULL : card_count};
	struct device d = {.ops = &ops};
	struct potential potential = {.n_params = params, .device = &d};
	const struct problem p = {.options = o, .device = &d, .threads = threads, .plan.state = {.sampler = &sampler, .potential = &potential}};
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

	/* A chain of so many parameters has a gradient and θ, and θ once more beside the device. */
	const size_t each = 3 * 1000000 * sizeof(float);
	free_bytes = SIZE_MAX;
	ok(workers(NULL, 100, 1, 1000000, "cuda") == 64 && workers(NULL, 5, 1, 1000000, "cuda") == 5,
	   "where the device is no processor 64 take turns at most, and no more than chains");
	free_bytes = 2 * 10 * each;
	ok(workers(NULL, 100, 1, 1000000, "cuda") == 10, "as many as half of its free memory takes");
	ok(workers("20", 100, 1, 1000000, "cuda") == 20 && workers("200", 100, 1, 1000000, "cuda") == 100, "or as many as are asked for");
	locals = 4;
	ok(workers(NULL, 100, 1, 1000000, "cuda") == 2, "processes that share it have equal parts");
	cards = 2;
	ok(workers(NULL, 100, 1, 1000000, "cuda") == 5, "of the devices of a machine each has its processes");
	named = "cuda:1";
	ok(workers(NULL, 100, 1, 1000000, "cuda") == 2, "but for one that is named");
	free_bytes = each / 2;
	ok(workers(NULL, 100, 1, 1000000, "cuda") == 1, "and one there is always");
	return done_testing();
}
