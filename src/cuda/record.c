/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "src/cuda/cuda.h"

/* A list as long as this is given away before it grows: a step of the largest network has a tenth of it. */
enum { LIST_MOST = 1 << 20, LIST_LEAST = 1 << 14, LIST_ALIGN = 16 };
/* Fewer calls than this are launched by themselves as fast as by a graph. */
enum { GRAPH_LEAST = 3 };

/* What stands before a call's args in the list. */
struct head {
	cuda_run run;
	const char *what;
	size_t bytes;
};

static size_t padded(size_t bytes)
{
	return (bytes + LIST_ALIGN - 1) / LIST_ALIGN * LIST_ALIGN;
}

static const size_t head_room = (sizeof(struct head) + LIST_ALIGN - 1) / LIST_ALIGN * LIST_ALIGN;

/* The call at `at`, which moves on to the next one. */
static struct head call_at(const unsigned char *list, size_t *at, const void **args)
{
	struct head h;
	memcpy(&h, list + *at, sizeof h);
	*args = list + *at + head_room;
	*at += head_room + padded(h.bytes);
	return h;
}

static status make_room(struct record *r, size_t bytes)
{
	if (bytes <= r->room)
		return OK;
	size_t room = r->room ? r->room : LIST_LEAST;
	while (room < bytes)
		room *= 2;
	/* Aligned as args may be. */
	unsigned char *list = aligned_alloc(LIST_ALIGN, room);
	if (!list)
		return fail(ERR_MEMORY, "out of memory: calls that are put off");
	if (r->bytes)
		memcpy(list, r->list, r->bytes);
	free(r->list);
	r->list = list;
	r->room = room;
	return OK;
}

status cuda_later(struct device *d, const char *what, cuda_run run, const void *args, size_t bytes)
{
	struct cuda_device *cuda = cuda_of(d);
	struct record *r = &cuda->record;
	const struct head h = {run, what, bytes};
	size_t need = head_room + padded(bytes);
	if (r->bytes + need > LIST_MOST)
		TRY(cuda_flush(cuda));
	TRY(make_room(r, r->bytes + need));
	memset(r->list + r->bytes, 0, need);
	memcpy(r->list + r->bytes, &h, sizeof h);
	if (bytes)
		memcpy(r->list + r->bytes + head_room, args, bytes);
	r->newest = r->bytes;
	r->bytes += need;
	return OK;
}

void *cuda_last(struct device *d, cuda_run run)
{
	const struct record *r = &cuda_of(d)->record;
	struct head h;
	if (!r->bytes)
		return NULL;
	memcpy(&h, r->list + r->newest, sizeof h);
	return h.run == run ? r->list + r->newest + head_room : NULL;
}

/* ---- giving a list to the stream ---- */

static status run_list(struct cuda_device *cuda)
{
	const struct record *r = &cuda->record;
	for (size_t at = 0; at < r->bytes;) {
		const void *args;
		const struct head h = call_at(r->list, &at, &args);
		status s = h.run(cuda, args);
		if (s != OK)
			return fail_within(s, "%s: ", h.what);
	}
	return OK;
}

/* Whether the list has so many calls; the names of its first and last are noted. */
static int count_calls(struct record *r)
{
	int n = 0;
	for (size_t at = 0; at < r->bytes; n++) {
		const void *args;
		r->last = call_at(r->list, &at, &args).what;
		if (!r->first)
			r->first = r->last;
	}
	return n;
}

/* Whether a list of this hash came before. */
static bool seen_before(struct record *r, uint64_t hash)
{
	for (unsigned i = 0; i < RECORD_SEEN && i < r->n_seen; i++)
		if (r->seen[i] == hash)
			return true;
	r->seen[r->n_seen++ % RECORD_SEEN] = hash;
	return false;
}

static struct record_graph *graph_of_list(struct record *r)
{
	for (int i = 0; i < RECORD_GRAPHS; i++) {
		struct record_graph *g = &r->kept[i];
		if (g->list && g->bytes == r->bytes && memcmp(g->list, r->list, r->bytes) == 0)
			return g;
	}
	return NULL;
}

static void drop_graph(struct cuda_device *cuda, struct record_graph *g)
{
	if (g->list)
		cuda_keep(cuda, cuda_check(cudaGraphExecDestroy(g->graph), "cudaGraphExecDestroy", __FILE__));
	free(g->list);
	*g = (struct record_graph){.list = NULL};
}

/* A place for one more: a free one, or that of the graph that was not used for longest. NULL where all are in use: more lists that
 * take turns than there are places would make a graph each time, and replay none. */
static struct record_graph *place_for_graph(struct record *r)
{
	struct record_graph *oldest = &r->kept[0];
	for (int i = 1; i < RECORD_GRAPHS; i++)
		if (r->kept[i].used < oldest->used)
			oldest = &r->kept[i];
	return !oldest->list || r->clock - oldest->used > RECORD_SEEN ? oldest : NULL;
}

status cuda_capture(struct cuda_device *cuda, status (*calls)(struct cuda_device *cuda, const void *of), const void *of,
                    cudaGraphExec_t *out)
{
	cudaGraph_t graph = NULL;
	/* Other threads have streams of their own, and may allocate meanwhile. */
	CUDA_TRY(cudaStreamBeginCapture(cuda->stream, cudaStreamCaptureModeThreadLocal));
	status s = calls(cuda, of);
	char *words = s == OK ? NULL : fail_copy();
	status ended = cuda_check(cudaStreamEndCapture(cuda->stream, &graph), "cudaStreamEndCapture", __FILE__);
	if (s == OK && ended == OK)
		s = cuda_check(cudaGraphInstantiate(out, graph, 0), "cudaGraphInstantiate", __FILE__);
	else if (s != OK)
		fail_again(s, words);
	free(words);
	if (graph)
		cuda_keep(cuda, cuda_check(cudaGraphDestroy(graph), "cudaGraphDestroy", __FILE__));
	return s == OK ? ended : s;
}

/* run_list, as cuda_capture takes calls. */
static status capture_list(struct cuda_device *cuda, const void *none)
{
	(void)none;
	return run_list(cuda);
}

static status keep_graph(struct cuda_device *cuda, struct record_graph *g)
{
	struct record *r = &cuda->record;
	unsigned char *list = malloc(r->bytes);
	if (!list)
		return fail(ERR_MEMORY, "out of memory: a list of calls");
	drop_graph(cuda, g);
	status s = cuda_capture(cuda, capture_list, NULL, &g->graph);
	if (s != OK) {
		free(list);
		return s;
	}
	memcpy(list, r->list, r->bytes);
	g->list = list;
	g->bytes = r->bytes;
	return OK;
}

/* A card that makes no graphs still does what is in them. What was captured has not run. */
static status run_without(struct cuda_device *cuda, status why)
{
	warning_failed(fail_within(why, "no CUDA graph could be made, and calls are given to the card one by one from now on: "));
	cuda->record.graphs = false;
	return run_list(cuda);
}

static status give_list(struct cuda_device *cuda)
{
	struct record *r = &cuda->record;
	if (count_calls(r) < GRAPH_LEAST || !r->graphs)
		return run_list(cuda);
	r->clock++;
	struct record_graph *g = graph_of_list(r);
	if (!g) {
		g = seen_before(r, XXH3_64bits(r->list, r->bytes)) ? place_for_graph(r) : NULL;
		if (!g)
			return run_list(cuda);
		const status s = keep_graph(cuda, g);
		if (s != OK)
			return run_without(cuda, s);
	}
	g->used = r->clock;
	CUDA_TRY(cudaGraphLaunch(g->graph, cuda->stream));
	return OK;
}

status cuda_flush(struct cuda_device *cuda)
{
	struct record *r = &cuda->record;
	if (!r->bytes)
		return OK;
	status s = give_list(cuda);
	r->bytes = 0;
	return s;
}

/* ---- waiting ---- */

/* Of a card's own fault, such as an address that is not there, which shows when somebody waits. */
static status within_calls(const struct record *r, status s)
{
	if (s == OK || !r->first)
		return s;
	return r->first == r->last ? fail_within(s, "during %s: ", r->first)
	                           : fail_within(s, "during one of the calls from %s to %s: ", r->first, r->last);
}

static status wait_for_stream(struct cuda_device *cuda)
{
	struct record *r = &cuda->record;
	status s = within_calls(r, cuda_check(cudaStreamSynchronize(cuda->stream), "cudaStreamSynchronize", __FILE__));
	r->first = r->last = NULL;
	if (s == OK)
		cuda->staged = 0;
	return s;
}

status cuda_wait_for(struct cuda_device *cuda, cudaEvent_t event)
{
	return within_calls(&cuda->record, cuda_check(cudaEventSynchronize(event), "cudaEventSynchronize", __FILE__));
}

static status all_done(struct cuda_device *cuda)
{
	status given = cuda_flush(cuda);
	char *words = given == OK ? NULL : fail_copy();
	status waited = wait_for_stream(cuda);
	if (given != OK)
		fail_again(given, words);
	free(words);
	return given != OK ? given : waited;
}

status cuda_wait(struct cuda_device *cuda)
{
	status s = all_done(cuda), before = cuda->failed;
	cuda->told = cuda->told || s != OK || before != OK;
	if (before == OK)
		return s;
	/* What came first is why. */
	fail_again(before, cuda->words);
	free(cuda->words);
	cuda->words = NULL;
	cuda->failed = OK;
	return before;
}

void cuda_keep(struct cuda_device *cuda, status s)
{
	if (s == OK || cuda->failed != OK)
		return;
	cuda->failed = s;
	cuda->words = fail_copy();
}

void cuda_settle(struct cuda_device *cuda)
{
	cuda_keep(cuda, all_done(cuda));
}

void cuda_forget(struct cuda_device *cuda)
{
	struct record *r = &cuda->record;
	cuda_settle(cuda);
	for (int i = 0; i < RECORD_GRAPHS; i++)
		drop_graph(cuda, &r->kept[i]);
	r->n_seen = 0;
}
