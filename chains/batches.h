/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which examples each step sees: every example once an epoch in a new order, independent draws, or all of them. */
#ifndef BASIN_BATCHES_H
#define BASIN_BATCHES_H

#include "src/potential.h"

struct batches {
	struct device *device;
	struct rng_key key;
	size_t n;                 /* N */
	int size;                 /* B ≤ N; the last batch of an epoch holds what is left */
	bool iid;
	enum stream stream;       /* of the order */
	int row;                  /* slot of the batch's first row */
	uint64_t epoch_steps;     /* ⌈N/B⌉; of whole batches ⌊N/B⌋ */
	uint32_t *order;          /* host: (N) of the epoch, or (B) drawn with replacement; NULL where it is never needed */
	uint32_t *order_device;
	bool have_order;
	uint64_t epoch;           /* that `order` holds */
};

/* Allocates the order from the arena and on the device. Errors: ERR_MEMORY. */
status batches_open(struct batches *b, struct arena *a, struct device *d, struct rng_key key, size_t n, int size, bool iid);
/* A further batch a step beside those: in an order of its own (STREAM_SHUFFLE_1) with its first row in SLOT_FIRST_1, and always of
 * `size` examples: what is left of an order is left out. Errors: ERR_MEMORY. */
status batches_open_further(struct batches *b, struct arena *a, struct device *d, struct rng_key key, size_t n, int size, bool iid);
/* Whether every batch has `least` examples or more, where `rest` says that N examples are gone through in order, the last
 * batch holding what is left. Errors: ERR_USAGE, naming the nearest sizes that would do. */
status batches_check(size_t n, int size, bool rest, int least);
void batches_close(struct batches *b);

/* The batch of a step, a function of key and step alone, with its first row in its slot of s, which is sent by the caller. With
 * B = N, drawn without replacement, all rows in order. Errors: ERR_LIBRARY. */
status batches_at(struct batches *b, uint64_t step, struct slots *s, struct batch *out);

#endif
