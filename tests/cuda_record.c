/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Lists of calls on the stand-in: which of them become graphs, which graphs are kept, and what is left of a list that failed. What
 * comes out is right each time. */
#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

enum { PLACES = 128 };

static struct device *device;
static float *numbers, *out;   /* PLACES of each, number i is i; on the device */

/* A list: `calls` copies of number `of` to the first places of out. */
static void put_off(int of, int calls)
{
	for (int i = 0; i < calls; i++)
		MUST(device->ops->copy(device, out + i, numbers + of, sizeof *out));
}

static bool came(int of, int calls)
{
	float got[PLACES];
	bool good = true;
	download(device, got, out, sizeof got);
	for (int i = 0; i < calls; i++)
		good = good && got[i] == (float)of;
	return good;
}

/* What becomes of the list: 0 where its calls are made one by one, 1 where it is replayed, 2 where it is captured before; −1 where
 * out is wrong then. */
static int give(int of, int calls)
{
	const long captures = standin_captures(), replays = standin_replays();
	put_off(of, calls);
	if (!came(of, calls))
		return -1;
	return (int)(standin_captures() - captures + (standin_replays() - replays));
}

static void begin(void)
{
	float host[PLACES];
	device = open_cuda();
	for (int i = 0; i < PLACES; i++)
		host[i] = (float)i;
	numbers = upload(device, host, sizeof host);
	out = device_take(device, sizeof host);
}

static void end(void)
{
	device->ops->free(device, numbers);
	device->ops->free(device, out);
	device->ops->close(device);
}

static status run_nothing(struct cuda_device *cuda, const void *args)
{
	(void)cuda, (void)args;
	return OK;
}

static void check_repeats(void)
{
	begin();
	ok(give(1, 3) == 0 && give(1, 3) == 2 && give(1, 3) == 1, "a list is captured when it comes again, and then replayed");
	ok(give(1, 2) == 0 && give(1, 2) == 0 && give(1, 2) == 0, "two calls are no graph");
	ok(give(2, 3) == 0 && give(2, 3) == 2 && give(1, 3) == 1 && give(2, 3) == 1, "lists of one length are told apart");
	ok(give(1, 4) == 0 && give(1, 4) == 2 && give(1, 3) == 1, "and one from another that begins like it");
	ok(give(3, 5) == 0 && give(3, 5) == 2 && give(3, 3) == 0, "or is its beginning");
	const long number = -1;
	MUST(cuda_later(device, "nothing", run_nothing, &number, sizeof number));
	ok(give(4, 9) == 0 && give(1, 3) == 1, "what lay in its place before makes no difference");
	bool good = true;
	for (int i = 10; i < 30; i++)
		good = good && give(i, 3) == 0;
	ok(good && give(10, 3) == 2, "a list that came once is known after nineteen others");
	for (int i = 30; i < 30 + RECORD_SEEN; i++)
		good = good && give(i, 3) == 0;
	ok(good && give(11, 3) == 0, "but not after as many as are remembered");
	end();
}

static void check_kept(void)
{
	begin();
	bool good = true;
	for (int i = 0; i < RECORD_GRAPHS; i++)
		good = good && give(i, 3) == 0 && give(i, 3) == 2;
	good = good && give(100, 3) == 0 && give(100, 3) == 0;
	for (int i = 0; i < RECORD_GRAPHS; i++)
		good = good && give(i, 3) == 1;
	ok(good, "one list more than graphs are kept, while all are in use, is given call by call");
	for (int i = 0; i <= RECORD_SEEN; i++)
		good = good && give(i % 2, 3) == 1;
	ok(good && give(100, 3) == 2 && give(3, 3) == 1 && give(2, 3) == 2,
	   "and takes the place of the one that was not used for longest, when that is long");
	end();
}

static void check_none(void)
{
	struct device *d = NULL;
	setenv("BASIN_CUDA_GRAPHS", "no", 1);
	begin();
	ok(give(1, 3) == 0 && give(1, 3) == 0 && give(1, 3) == 0, "BASIN_CUDA_GRAPHS=no: there are no graphs");
	end();
	setenv("BASIN_CUDA_GRAPHS", "maybe", 1);
	extern const struct backend cuda_backend;
	status s = cuda_backend.open(0, 0, &d);
	ok(s != OK && !d && strstr(fail_message(s), "BASIN_CUDA_GRAPHS=maybe"), "BASIN_CUDA_GRAPHS=maybe is refused");
	unsetenv("BASIN_CUDA_GRAPHS");
}

/* A list of any length begins while it is written, and has not grown beyond what it may be. */
static void check_long(void)
{
	enum { MANY = 40000 };
	begin();
	size_t before = standin_calls("cudaMemcpyAsync");
	for (int i = 0; i < MANY; i++)
		MUST(device->ops->copy(device, out + i % PLACES, numbers + i % 100, sizeof *out));
	ok(standin_calls("cudaMemcpyAsync") - before > MANY / 2 && cuda_of(device)->record.room <= 1 << 20,
	   "a list that becomes too long is given away before its end");
	float want[PLACES], got[PLACES];
	for (int i = 0; i < MANY; i++)
		want[i % PLACES] = (float)(i % 100);
	download(device, got, out, sizeof got);
	ok(!memcmp(want, got, sizeof want), "and nothing of it is lost");
	end();
}

/* Nothing that a call names may go before it has run. */
static void check_forget(void)
{
	begin();
	size_t before = standin_calls("cudaMemcpyAsync");
	put_off(8, 3);
	cuda_forget(cuda_of(device));
	ok(standin_calls("cudaMemcpyAsync") == before + 3, "calls are made before what they name is forgotten");
	ok(give(8, 3) == 0, "and no graph is left of them");
	end();
}

/* ---- failures ---- */

static void check_failed(void)
{
	begin();
	const float seven = 7;
	put_off(5, 3);
	standin_fail("cudaMemcpyAsync", 2, cudaErrorInvalidValue);
	ok(device->ops->sync(device) == ERR_LIBRARY, "a list fails");
	MUST(device->ops->put(device, out, &seven, sizeof seven));
	float got[3];
	download(device, got, out, sizeof got);
	ok(got[0] == 7 && got[2] == 0 && device->ops->sync(device) == OK, "and is not given again");
	put_off(6, 3);
	standin_fail("cudaStreamSynchronize", 1, cudaErrorIllegalAddress);
	status s = device->ops->sync(device);
	ok(s == ERR_LIBRARY && strstr(fail_message(s), "during copy: src/cuda/record.c: cudaStreamSynchronize: "),
	   "what a card finds later names the calls that may be why");
	standin_fail("cudaStreamSynchronize", 1, cudaErrorIllegalAddress);
	s = device->ops->sync(device);
	ok(s == ERR_LIBRARY && !strstr(fail_message(s), "during"), "and no calls that were waited for before");
	end();
}

/* What a free, which returns nothing, found is told by the next wait: once, and what came first. */
static void check_kept_failures(void)
{
	begin();
	float *other = device_take(device, sizeof *other), *third = device_take(device, sizeof *third);
	put_off(5, 1);
	standin_fail("cudaMemcpyAsync", 1, cudaErrorInvalidValue);
	device->ops->free(device, other);
	put_off(6, 1);
	standin_fail("cudaFree", 1, cudaErrorInvalidDevice);
	device->ops->free(device, third);
	status s = device->ops->sync(device);
	ok(s == ERR_LIBRARY && strstr(fail_message(s), "copy: src/cuda/ways.c: cudaMemcpyAsync: "),
	   "the first of two failures that nobody could be told is told");
	ok(device->ops->sync(device) == OK && came(6, 1), "once, and the device goes on");
	end();
}

static status run_taking(struct cuda_device *cuda, const void *args)
{
	void *p;
	(void)cuda, (void)args;
	CUDA_TRY(cudaMalloc(&p, 64));
	CUDA_TRY(cudaFree(p));
	return OK;
}

static char heard[512];

static void hear(const char *text)
{
	snprintf(heard, sizeof heard, "%s", text);
}

/* The call that spoils a capture is why there are no graphs from then on, and not the capture's end. */
static void check_spoiled(void)
{
	begin();
	for (int i = 0; i < 2; i++) {
		heard[0] = '\0';
		MUST(cuda_later(device, "what allocates", run_taking, NULL, 0));
		put_off(9, 3);
		ok(device->ops->sync(device) == OK && came(9, 3), i ? "what may not be captured is done without" : "call by call a list may do anything");
		ok(i ? strstr(heard, "what allocates: ") && strstr(heard, "cudaMalloc: ") : !heard[0], "and that is %s", i ? "told" : "no news");
	}
	ok(give(1, 3) == 0 && give(1, 3) == 0, "and no graph is tried again");
	end();
}

/* ---- another thread ---- */

static void *take_memory(void *error)
{
	void *p = NULL;
	cudaError_t e = cudaMalloc(&p, 64);
	*(cudaError_t *)error = e != cudaSuccess ? e : cudaFree(p);
	return NULL;
}

static status run_beside(struct cuda_device *cuda, const void *args)
{
	(void)cuda;
	pthread_t thread;
	pthread_create(&thread, NULL, take_memory, *(void *const *)args);
	pthread_join(thread, NULL);
	return OK;
}

static void check_capture_beside(void)
{
	begin();
	cudaError_t error = cudaErrorUnknown;
	void *const at = &error;
	bool good = true;
	for (int i = 0; i < 2; i++) {
		MUST(cuda_later(device, "another thread", run_beside, &at, sizeof at));
		good = give(3, 3) == 2 * i && error == cudaSuccess && good;
	}
	ok(good, "a capture leaves other threads their allocations");
	end();
}

int main(void)
{
	test_prefix(cuda_label);
	warning_to(hear, "--");
	check_repeats();
	check_kept();
	check_none();
	check_long();
	check_forget();
	check_failed();
	check_spoiled();
	check_kept_failures();
	check_capture_beside();
	return done_testing();
}
