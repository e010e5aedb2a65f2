/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/cuda_orders.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/tap.h"

/* The lines of this program with "bits", on a stand-in that takes threads, blocks and streams in another order. */
static size_t bits_of(int seed, char *text, size_t size)
{
	char self[512], command[640];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return 0;
	self[n] = '\0';
	snprintf(command, sizeof command, "STANDIN_SEED=%d '%s' bits", seed, self);
	FILE *f = popen(command, "r");
	size_t got = f ? fread(text, 1, size, f) : 0;
	return f && pclose(f) == 0 ? got : 0;
}

void check_orders(const char *what, int seeds)
{
	char first[1024], other[1024];
	size_t n = bits_of(1, first, sizeof first);
	bool same = n > 0;
	for (int seed = 2; seed <= seeds; seed++)
		same = same && bits_of(seed, other, sizeof other) == n && memcmp(first, other, n) == 0;
	ok(same, "%s: the same bits in any order of threads and blocks", what);
}
