/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The card's memory: blocks, data that several devices of a card share, and the ways between host and card. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/text.h"

/* A block that alloc gave out. */
struct cuda_block {
	struct cuda_block *next;
	void *at;
	size_t bytes;
};

static status no_room(const struct cuda_device *cuda, size_t bytes)
{
	struct text asked = {.n = 0}, left = {.n = 0}, all = {.n = 0}, own = {.n = 0};
	size_t room = 0, total = 0;
	text_amount(&asked, bytes);
	if (cudaMemGetInfo(&room, &total) != cudaSuccess) {
		(void)cudaGetLastError();
		return fail(ERR_MEMORY, "out of device memory: %s asked for on cuda:%d", asked.at, cuda->number);
	}
	return fail(ERR_MEMORY, "out of device memory: %s asked for, and of cuda:%d's %s %s are free (%s are this chain's)", asked.at,
	            cuda->number, text_amount(&all, total), text_amount(&left, room), text_amount(&own, cuda->held));
}

static status take(struct cuda_device *cuda, size_t bytes, void **out)
{
	cudaError_t e = cudaMalloc(out, bytes);
	if (e != cudaErrorMemoryAllocation)
		return cuda_check(e, "cudaMalloc", __FILE__);
	(void)cudaGetLastError();
	return no_room(cuda, bytes);
}

status cuda_alloc(struct device *d, size_t bytes, void **out)
{
	struct cuda_device *cuda = cuda_of(d);
	*out = NULL;
	if (bytes > SIZE_MAX / 2)
		return fail(ERR_MEMORY, "out of device memory: %zu bytes asked for", bytes);
	/* Not more than was asked for: what goes beyond is to be seen by whoever looks for it. */
	size_t room = bytes ? bytes : 1;
	struct cuda_block *b = malloc(sizeof *b);
	if (!b)
		return fail(ERR_MEMORY, "out of memory: a block's place");
	*b = (struct cuda_block){cuda->blocks, NULL, room};
	status s = take(cuda, room, &b->at);
	if (s == OK) {
		s = cuda_check(cudaMemsetAsync(b->at, 0, room, cuda->stream), "cudaMemsetAsync", __FILE__);
		if (s != OK)
			(void)cudaFree(b->at);
	}
	if (s != OK) {
		free(b);
		return s;
	}
	cuda->blocks = b;
	cuda->held += room;
	*out = b->at;
	return OK;
}

void cuda_free(struct device *d, void *p)
{
	struct cuda_device *cuda = cuda_of(d);
	struct cuda_block **at = &cuda->blocks;
	if (!p)
		return;
	cuda_beside_settle(cuda);
	cuda_settle(cuda);
	while (*at && (*at)->at != p)
		at = &(*at)->next;
	struct cuda_block *b = *at;
	if (!b)
		return;
	*at = b->next;
	cuda->held -= b->bytes;
	cuda_keep(cuda, cuda_check(cudaFree(p), "cudaFree", __FILE__));
	free(b);
}

size_t cuda_held(const struct device *d)
{
	return cuda_of(d)->held;
}

size_t cuda_room(const struct device *d)
{
	size_t room = 0, total = 0;
	(void)d;
	if (cudaMemGetInfo(&room, &total) == cudaSuccess)
		return room;
	(void)cudaGetLastError();
	return 0;
}

/* ---- data that stay as they are: one copy for all devices of a card ---- */

struct resident {
	struct resident *next;
	const void *host;
	size_t bytes;
	int card, users;
	void *at;                  /* device */
};

static struct resident *residents;
static pthread_mutex_t residents_lock = PTHREAD_MUTEX_INITIALIZER;

static status resident_load(struct cuda_device *cuda, const void *host, size_t bytes, struct resident **out)
{
	struct resident *r = malloc(sizeof *r);
	if (!r)
		return fail(ERR_MEMORY, "out of memory: a block's place");
	*r = (struct resident){residents, host, bytes, cuda->number, 0, NULL};
	status s = take(cuda, bytes ? bytes : 1, &r->at);
	if (s == OK) {
		s = cuda_put(&cuda->device, r->at, host, bytes);
		/* Other devices' streams may read it from now on. */
		if (s == OK)
			s = cuda_wait(cuda);
		if (s != OK)
			(void)cudaFree(r->at);
	}
	if (s != OK) {
		free(r);
		return s;
	}
	*out = residents = r;
	return OK;
}

status cuda_resident(struct device *d, const void *host, size_t bytes, const void **out)
{
	struct cuda_device *cuda = cuda_of(d);
	*out = NULL;
	pthread_mutex_lock(&residents_lock);
	struct resident *r = residents;
	while (r && !(r->host == host && r->bytes == bytes && r->card == cuda->number))
		r = r->next;
	status s = r ? OK : resident_load(cuda, host, bytes, &r);
	if (s == OK) {
		r->users++;
		*out = r->at;
	}
	pthread_mutex_unlock(&residents_lock);
	return s;
}

void cuda_release(struct device *d, const void *p)
{
	if (!p)
		return;
	cuda_settle(cuda_of(d));
	pthread_mutex_lock(&residents_lock);
	struct resident **at = &residents;
	while (*at && (*at)->at != p)
		at = &(*at)->next;
	struct resident *r = *at;
	if (r && --r->users == 0) {
		*at = r->next;
		cuda_keep(cuda_of(d), cuda_check(cudaFree(r->at), "cudaFree", __FILE__));
		free(r);
	}
	pthread_mutex_unlock(&residents_lock);
}
