/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Buffers that share one block: whatever their lives, no two that live at a time overlap. */
#include "src/net/lifetimes.h"

#include <stdbool.h>

#include "src/rng.h"
#include "tests/tap.h"

enum { BUFFERS = 60, TRIALS = 200 };

static uint64_t below(uint64_t trial, uint32_t quad, uint64_t bound)
{
	return rng_below((struct rng_key){5, 0}, STREAM_PROBE, trial, quad, bound);
}

static bool apart(const struct lifetime *a, const struct lifetime *b)
{
	return a->to < b->from || b->to < a->from || a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
}

int main(void)
{
	bool all_apart = true, all_inside = true, aligned = true;
	for (uint64_t trial = 0; trial < TRIALS; trial++) {
		struct lifetime at[BUFFERS];
		for (uint32_t i = 0; i < BUFFERS; i++) {
			int from = (int)below(trial, 3 * i, 50);
			at[i] = (struct lifetime){.bytes = below(trial, 3 * i + 1, 1000), .from = from,
			                          .to = from + (int)below(trial, 3 * i + 2, 20)};
		}
		size_t total = lifetimes_place(at, BUFFERS);
		for (int i = 0; i < BUFFERS; i++) {
			aligned = aligned && at[i].offset % 64 == 0;
			all_inside = all_inside && at[i].offset + at[i].bytes <= total;
			for (int j = 0; j < i; j++)
				all_apart = all_apart && (!at[i].bytes || !at[j].bytes || apart(&at[i], &at[j]));
		}
	}
	ok(all_apart, "what lives at the same time lies apart, %d times %d buffers", TRIALS, BUFFERS);
	ok(all_inside, "everything lies inside the block");
	ok(aligned, "every offset is a multiple of 64");

	struct lifetime chain[] = {{.bytes = 1000, .from = 0, .to = 1}, {.bytes = 1000, .from = 1, .to = 2},
	                           {.bytes = 1000, .from = 2, .to = 3}, {.bytes = 1000, .from = 3, .to = 4}};
	ok(lifetimes_place(chain, 4) == 2 * 1024, "a chain, each read by the next, takes two buffers");
	struct lifetime none[] = {{.bytes = 0, .from = 0, .to = 9}, {.bytes = 64, .from = 0, .to = 9}};
	ok(lifetimes_place(none, 2) == 64, "an empty buffer takes nothing");
	return done_testing();
}
