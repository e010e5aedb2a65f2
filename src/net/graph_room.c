/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Words for memory that a device has not: what was asked for, what is free, and a batch with which it would do. */
#include <stdlib.h>

#include "src/net/graph_private.h"
#include "src/text.h"

/* Of what is free so much is not counted on: devices give memory out in larger blocks than was asked for. */
enum { SLACK = 16 };

/* The largest batch, below the graph's own, whose buffers take no more than so many bytes; 0: none. */
static int largest_batch(struct graph *g, size_t bytes)
{
	int fits = 0, least_that_does_not = g->options.batch;
	while (least_that_does_not - fits > 1) {
		int batch = fits + (least_that_does_not - fits) / 2;
		if (graph_bytes(g, batch) <= bytes)
			fits = batch;
		else
			least_that_does_not = batch;
	}
	return fits;
}

static size_t less(size_t bytes, size_t by)
{
	return bytes > by ? bytes - by : 0;
}

/* Of `what`, which lacks room beside buffers of so many bytes that are there, while so many are to come and some more may. */
static status say(struct graph *g, const char *what, size_t bytes, size_t held, size_t to_come, size_t perhaps)
{
	const size_t room = device_room(g->device), sure = less(held + room - room / SLACK, to_come);
	const int fits = largest_batch(g, less(sure, perhaps));
	struct text words = {.n = 0}, asked = {.n = 0}, left = {.n = 0};
	text_add(&words, "%s for %s, and %s are free", text_amount(&asked, bytes), what, text_amount(&left, room));
	const char *name = g->device->ops->name;
	if (fits)
		return fail(ERR_MEMORY, "out of memory on %s: %s; {batch} %d would fit", name, words.at, fits);
	return largest_batch(g, sure) ? fail(ERR_MEMORY, "out of memory on %s: %s; a smaller {batch} may fit", name, words.at)
	                              : fail(ERR_MEMORY, "out of memory on %s: %s; no {batch} would fit", name, words.at);
}

/* Working weights, as long as no plan tells; of a direction too, and what is read of that as it lies. */
static size_t most_working(const struct graph *g)
{
	return (g->options.tangents ? 3 : 1) * g->options.model->params.count * sizeof(float);
}

status graph_lacks(struct graph *g, status s, size_t bytes, const char *what)
{
	/* What failed with room enough has reasons of its own. */
	if (s != ERR_MEMORY || bytes <= device_room(g->device))
		return s;
	const size_t held = graph_bytes(g, g->options.batch), besides = g->options.besides;
	if (held == SIZE_MAX)
		return s;
	/* Before the first plan, its user's is still to come too. */
	return g->clock ? say(g, what, bytes, held, bytes, 0) : say(g, what, bytes, held, besides > bytes ? besides : bytes, most_working(g));
}

status graph_buffers_lack(struct graph *g, status s)
{
	if (s != ERR_MEMORY)
		return s;
	char *words = fail_copy();
	const size_t bytes = graph_bytes(g, g->options.batch);
	struct text what = {.n = 0};
	text_add(&what, "the network's buffers with batches of %d", g->options.batch);
	if (bytes <= device_room(g->device) || bytes == SIZE_MAX)
		s = fail_again(s, words);
	else
		s = say(g, what.at, bytes, 0, g->options.besides, most_working(g));
	free(words);
	return s;
}
