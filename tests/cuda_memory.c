/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Memory of several devices on the stand-in: what they share of a card, what is counted, and that nothing goes away or changes
 * before the calls that were put off have had it. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

enum { N = 1000 };

static char heard[512];

static void hear(const char *text)
{
	snprintf(heard, sizeof heard, "%s", text);
}

static bool has(struct device *d, const float *at, float value)
{
	float got;
	download(d, &got, at, sizeof got);
	return got == value;
}

static void check_resident(void)
{
	static const float host[N] = {5}, other[N] = {6};
	struct device *a = open_cuda(), *b = open_cuda();
	const void *one, *two, *again, *elsewhere, *shorter;
	const size_t before = standin_in_use();
	float *out = device_take(b, sizeof *out);
	MUST(device_resident(a, host, sizeof host, &one));
	MUST(device_resident(b, host, sizeof host, &two));
	MUST(device_resident(b, host, sizeof host, &again));
	MUST(device_resident(a, other, sizeof other, &elsewhere));
	MUST(device_resident(a, host, sizeof host / 2, &shorter));
	ok(one == two && two == again && has(b, one, 5), "devices of a card share what is resident");
	ok(elsewhere != one && has(a, elsewhere, 6) && shorter != one, "but not other numbers, or less of them");
	device_release(a, one);
	device_release(b, two);
	MUST(b->ops->copy(b, out, again, sizeof *out));
	device_release(b, again);
	ok(has(b, out, 5), "it lasts until the last of its users has given it back, and what that put off is done");
	device_release(a, elsewhere);
	device_release(a, shorter);
	b->ops->free(b, out);
	ok(standin_in_use() == before, "and then its memory is nobody's");
	a->ops->close(a);
	b->ops->close(b);
}

static void check_cards(void)
{
	static const float host[N] = {5};
	extern const struct backend cuda_backend;
	struct device *a = open_cuda(), *b = NULL;
	const void *one, *two;
	status s = cuda_backend.open(1, 0, &b);
	ok(s == ERR_USAGE && !b && strstr(fail_message(s), "there is one CUDA device"), "there is no second card");
	standin_devices(2);
	s = cuda_backend.open(2, 0, &b);
	ok(s == ERR_USAGE && !b && strstr(fail_message(s), "cuda:0 to cuda:1"), "or no third");
	const size_t before = standin_calls("cudaSetDevice");
	MUST(cuda_backend.open(1, 0, &b));
	ok(standin_calls("cudaSetDevice") > before, "a card is made the thread's when it is opened");
	MUST(device_resident(a, host, sizeof host, &one));
	MUST(device_resident(b, host, sizeof host, &two));
	ok(one != two, "each card has its own copy of what is resident");
	device_release(a, one);
	device_release(b, two);
	a->ops->close(a);
	b->ops->close(b);
	standin_devices(1);
}

static void check_counts(void)
{
	struct device *d = open_cuda();
	const size_t held = device_held(d), room = device_room(d);
	float *x = device_take(d, N * sizeof *x), *y = device_take(d, 1);
	const size_t more = device_held(d) - held;
	ok(more >= N * sizeof *x + 1 && more < N * sizeof *x + 1000 && room - device_room(d) == more,
	   "what a device holds, and what the card has left, is counted");
	d->ops->free(d, x);
	d->ops->free(d, y);
	ok(device_held(d) == held && device_room(d) == room, "and what was given back");
	void *none = d;
	standin_memory(standin_in_use() + 1000);
	status s = d->ops->alloc(d, 5000, &none);
	ok(s == ERR_MEMORY && !none && strstr(fail_message(s), " kB asked for") && cudaPeekAtLastError() == cudaSuccess,
	   "too much is refused with its size, and no later call is blamed for it: %s", fail_message(s));
	standin_memory((size_t)4 << 30);
	none = d;
	standin_fail("cudaMallocHost", 1, cudaErrorMemoryAllocation);
	s = device_host_alloc(d, 5000, &none);
	ok(s == ERR_MEMORY && !none && strstr(fail_message(s), "out of pinned host memory: 5 kB asked for") &&
	   cudaPeekAtLastError() == cudaSuccess, "the host's pinned memory is not taken for the card's: %s", fail_message(s));
	d->ops->close(d);
}

/* Calls that were put off see memory as it was when they were made. */
static void check_waits(void)
{
	struct device *d = open_cuda();
	const float one = 1, two = 2;
	float *x = upload(d, &one, sizeof one), *y = upload(d, &two, sizeof two), *out = device_take(d, sizeof *out);
	MUST(d->ops->copy(d, out, x, sizeof *x));
	MUST(d->ops->put(d, x, &two, sizeof two));
	ok(has(d, out, 1) && has(d, x, 2), "a put waits for the calls before it");
	MUST(d->ops->copy(d, out, y, sizeof *y));
	d->ops->free(d, y);
	ok(has(d, out, 2), "memory is not given back before they are done");
	MUST(d->ops->copy(d, out, x, sizeof *x));
	standin_fail("cudaMemcpyAsync", 1, cudaErrorInvalidValue);
	status s = d->ops->get(d, &(float){0}, out, 0);
	ok(s == ERR_LIBRARY && cudaPeekAtLastError() == cudaSuccess, "a get of nothing waits too, and its error is nobody else's");
	MUST(d->ops->put(d, x, &two, sizeof two));
	d->ops->free(d, x);
	d->ops->free(d, out);
	d->ops->close(d);
}

/* What nobody was told of is said when the device goes. */
static void check_last_words(void)
{
	struct device *d = open_cuda();
	float *x = device_take(d, sizeof *x);
	heard[0] = '\0';
	standin_fail("cudaFree", 1, cudaErrorInvalidDevice);
	d->ops->free(d, x);
	d->ops->close(d);
	ok(strstr(heard, "cudaFree"), "a free that failed is told of when its device is closed: %s", heard);
	d = open_cuda();
	x = device_take(d, sizeof *x);
	standin_fail("cudaFree", 1, cudaErrorInvalidDevice);
	d->ops->free(d, x);
	heard[0] = '\0';
	ok(d->ops->sync(d) == ERR_LIBRARY, "or by a wait before that");
	d->ops->close(d);
	ok(!heard[0], "and then not again");
}

int main(void)
{
	test_prefix(cuda_label);
	warning_to(hear, "--");
	check_resident();
	check_cards();
	check_counts();
	check_waits();
	check_last_words();
	return done_testing();
}
