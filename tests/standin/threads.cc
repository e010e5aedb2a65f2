/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A block's threads. Each runs until it must wait; a fiber goes from one that ended to the next, so that only threads
 * that wait need a fiber of their own. In each pass over the block they come in another order. A pass in which nobody
 * moved is a barrier or a shuffle that somebody never reaches.
 *
 * To ThreadSanitizer each CUDA thread is a thread. Edges come from a launch's begin and end, from barriers and
 * __syncwarp alone; blocks are not ordered among themselves, and a block's threads take other identities than those of
 * the blocks before it, as far as there are enough. */
#include "fibers.h"
#include "inside.h"
#include "shared.h"

enum { MOST = 1024, WARP = 32 };
enum state { FRESH, READY, AT_BARRIER, AT_WARP, DONE };

struct cuda_thread {
	struct standin_place place;
	enum state at;
	const char *file;
	int line;
	struct standin_fiber *fiber;
	/* An exchange: what it brought, for whom, what it got. */
	unsigned mask, from;
	uint64_t value, got;
	unsigned ballot;
	unsigned warp_syncs;
};

struct standin_place *standin_me;
static struct cuda_thread threads[MOST];
static unsigned n_threads, n_done, arrived, generation;
static int said, said_before;
static unsigned waiting[MOST / WARP];        /* lanes of a warp in an exchange */
static unsigned asked[MOST / WARP];          /* the lanes that their masks name: masks are the same, or have no lane in common */
static struct cuda_thread *current;
static struct standin_order pass;
static unsigned pass_left;
static struct standin_fiber scheduler;
#if !defined(__SANITIZE_THREAD__)
static struct standin_fiber *idle[MOST];
static unsigned n_idle;
#endif
static struct standin_fiber *worker;         /* the running one */
static const struct standin_kernel *kernel;

UNSEEN const char *standin_running(void)
{
	return kernel ? kernel->name : "";
}

static void work(void);

/* ---- ThreadSanitizer ---- */

#if defined(__SANITIZE_THREAD__)
/* Fibers with an identity. Making one takes a third of a millisecond, so there are not many. Its stack is its own:
 * what another identity wrote there would look like a race. */
enum { POOLS = 2, IDENTITIES = MOST };
static struct { struct standin_fiber *of[IDENTITIES]; unsigned n; } identities[POOLS];
static unsigned identity_next, identity_most;
static size_t identity_pool;
static void *stream_identity;
static char launch_begins, launch_ends, barrier_order[2], warp_order[MOST / WARP][2];

static UNSEEN struct standin_fiber *identity_take(void)
{
	unsigned i = identity_next++ % identity_most;
	if (i >= identities[identity_pool].n) {
		struct standin_fiber *f = standin_fiber_make(work);
		f->tsan = __tsan_create_fiber(0);
		identities[identity_pool].of[identities[identity_pool].n++] = f;
	}
	return identities[identity_pool].of[i];
}
#define TSAN(...) __VA_ARGS__
#else
#define TSAN(...)
#endif

/* ---- fibers ---- */

static UNSEEN void enter(struct cuda_thread *t)
{
	current = t;
	standin_me = &t->place;
	TSAN(__tsan_switch_to_fiber(t->fiber->tsan, __tsan_switch_to_fiber_no_sync);)
}

/* The next of this pass that need not wait; NULL at its end. */
static UNSEEN struct cuda_thread *next_of_pass(void)
{
	while (pass_left) {
		struct cuda_thread *t = &threads[pass.at];
		standin_order_next(&pass);
		pass_left--;
		if (t->at == FRESH || t->at == READY)
			return t;
	}
	return NULL;
}

/* Leaves `from` for this thread, or where there is none for the scheduler. Who waits or ends goes on with the next one itself:
 * by way of the scheduler it would be two switches. */
static UNSEEN void go(struct standin_fiber *from, struct cuda_thread *t)
{
	if (!t) {
		TSAN(__tsan_switch_to_fiber(stream_identity, __tsan_switch_to_fiber_no_sync);)
		standin_fiber_switch(from, &scheduler);
		return;
	}
#if !defined(__SANITIZE_THREAD__)
	if (t->at == FRESH)
		t->fiber = n_idle ? idle[--n_idle] : standin_fiber_make(work);
#endif
	worker = t->fiber;
	if (t->at == FRESH)
		current = t;
	else
		enter(t);
	standin_fiber_switch(from, worker);
}

/* Runs the current thread to its end, and those behind it that have not begun, for which its fiber will do. */
static UNSEEN struct cuda_thread *run_fresh(void)
{
	for (struct cuda_thread *t = current;;) {
		t->at = READY;
		enter(t);
		TSAN(__tsan_acquire(&launch_begins);)
		kernel->body();
		TSAN(__tsan_release(&launch_ends);)
		current->at = DONE;
		n_done++;
		t = next_of_pass();
#if defined(__SANITIZE_THREAD__)
		return t;
#else
		if (!t || t->at != FRESH)
			return t;
		t->fiber = worker;
#endif
	}
}

static UNSEEN void work(void)
{
	standin_fiber_began();
	for (;;) {
		struct cuda_thread *next = run_fresh();
		struct standin_fiber *me = worker;
#if !defined(__SANITIZE_THREAD__)
		idle[n_idle++] = me;
#endif
		go(me, next);
	}
}

/* ---- waiting ---- */

static UNSEEN void wait(enum state how, const char *file, int line)
{
	current->at = how;
	current->file = file;
	current->line = line;
	go(worker, next_of_pass());
}

static UNSEEN bool other_place(const struct cuda_thread *t, const char *file, int line)
{
	return t->line != line || (t->file != file && strcmp(t->file, file) != 0);
}

UNSEEN int standin_barrier(int mine, const char *file, int line)
{
	static const char *first_file = "";
	static int first_line;
	if (arrived && (first_line != line || strcmp(first_file, file) != 0))
		standin_fatal("__syncthreads at %s:%d while other threads wait in the one at %s:%d", file, line,
		              first_file, first_line);
	first_file = file;
	first_line = line;
	TSAN(const unsigned turn = generation & 1;)
	TSAN(__tsan_release(&barrier_order[turn]);)
	said += mine;
	if (++arrived == n_threads) {
		arrived = 0;
		generation++;
		said_before = said;
		said = 0;
		for (unsigned i = 0; i < n_threads; i++)
			if (threads[i].at == AT_BARRIER)
				threads[i].at = READY;
	} else {
		wait(AT_BARRIER, file, line);
	}
	TSAN(__tsan_acquire(&barrier_order[turn]);)
	return said_before;
}

/* All lanes of the mask are there: each gets what it asked for. */
static UNSEEN void exchange(unsigned warp, unsigned mask)
{
	unsigned ballot = 0;
	for (unsigned lane = 0; lane < WARP; lane++)
		if (mask >> lane & 1)
			ballot |= (unsigned)(threads[warp * WARP + lane].value != 0) << lane;
	for (unsigned lane = 0; lane < WARP; lane++)
		if (mask >> lane & 1) {
			struct cuda_thread *t = &threads[warp * WARP + lane];
			t->got = threads[warp * WARP + t->from].value;
			t->ballot = ballot;
			t->at = READY;
		}
	waiting[warp] &= ~mask;
	asked[warp] &= ~mask;
}

/* What is wrong with this lane's exchange, before it waits. */
static UNSEEN void exchange_check(unsigned mask, unsigned from, const char *file, int line)
{
	const unsigned warp = current->place.warp, lane = current->place.lane, left = n_threads - warp * WARP;
	const unsigned there = left < WARP ? (1u << left) - 1 : 0xffffffffu;
	if (!(mask >> lane & 1))
		standin_fatal("%s:%d: a lane takes part in an exchange whose mask %08x leaves it out", file, line, mask);
	if (!(mask >> from & 1))
		standin_fatal("%s:%d: a shuffle from lane %u, which the mask %08x leaves out", file, line, from, mask);
	if (mask & ~there)
		standin_fatal("%s:%d: the mask %08x names lanes that the block has not", file, line, mask);
	if (!(asked[warp] & mask))
		return;
	/* Who has a lane of this mask in its own: one stands for all who have the same. */
	unsigned rest = waiting[warp];
	while (!(threads[warp * WARP + (unsigned)__builtin_ctz(rest)].mask & mask))
		rest &= rest - 1;
	const struct cuda_thread *t = &threads[warp * WARP + (unsigned)__builtin_ctz(rest)];
	if (t->mask != mask)
		standin_fatal("%s:%d: lanes of one exchange have the masks %08x and %08x", file, line, mask, t->mask);
	if (other_place(t, file, line))
		standin_fatal("%s:%d: an exchange whose other lanes wait in the one at %s:%d", file, line, t->file,
		              t->line);
}

static UNSEEN void exchange_wait(unsigned mask, uint64_t bits, unsigned from, const char *file, int line)
{
	const unsigned warp = current->place.warp;
	exchange_check(mask, from, file, line);
	current->value = bits;
	current->from = from;
	current->mask = mask;
	waiting[warp] |= 1u << current->place.lane;
	asked[warp] |= mask;
	if ((waiting[warp] & mask) == mask)
		exchange(warp, mask);
	else
		wait(AT_WARP, file, line);
}

UNSEEN uint64_t standin_exchange(unsigned mask, uint64_t bits, unsigned from, bool order, const char *file, int line)
{
	(void)order;
#if defined(__SANITIZE_THREAD__)
	/* Two names in turns: who is late must not see what others did behind this one. */
	char *name = &warp_order[current->place.warp][current->warp_syncs & 1];
	if (order) {
		current->warp_syncs++;
		__tsan_release(name);
	}
#endif
	exchange_wait(mask, bits, from, file, line);
	TSAN(if (order) __tsan_acquire(name);)
	return current->got;
}

UNSEEN unsigned standin_ballot(unsigned mask, bool mine, const char *file, int line)
{
	exchange_wait(mask, mine, current->place.lane, file, line);
	return current->ballot;
}

/* ---- blocks ---- */

[[noreturn]] static UNSEEN void stuck(void)
{
	struct cuda_thread *t = threads;
	for (unsigned i = 0; i < n_threads; i++)
		if (threads[i].at == AT_BARRIER || (threads[i].at == AT_WARP && t->at != AT_BARRIER && t->at != AT_WARP))
			t = &threads[i];
	standin_me = &t->place;
	if (t->at == AT_BARRIER)
		standin_fatal("the barrier at %s:%d is divergent: %u of %u threads reach it, %u have ended", t->file,
		              t->line, arrived, n_threads, n_done);
	standin_fatal("the exchange at %s:%d is divergent: lanes of its mask %08x never reach it (%08x do)", t->file,
	              t->line, t->mask, waiting[t->place.warp]);
}

/* What is the same for all blocks of a launch. */
static UNSEEN void threads_begin(const struct standin_kernel *k)
{
	const dim3 b = k->block;
	n_threads = b.x * b.y * b.z;
	for (unsigned i = 0; i < n_threads; i++)
		threads[i].place = {{i % b.x, i / b.x % b.y, i / (b.x * b.y)}, {0, 0, 0}, b, k->grid, i % WARP, i / WARP};
}

static UNSEEN void block_begin(uint3 at)
{
	for (unsigned i = 0; i < n_threads; i++) {
		struct cuda_thread *t = &threads[i];
		t->place.block = at;
		t->at = FRESH;
		t->warp_syncs = 0;
		TSAN(t->fiber = identity_take();)
	}
	for (unsigned w = 0; w * WARP < n_threads; w++)
		waiting[w] = asked[w] = 0;
	n_done = arrived = 0;
	said = 0;
	standin_shared_begin(kernel->shared);
	TSAN(__tsan_release(&launch_begins);)
}

static UNSEEN void block_run(uint3 at)
{
	block_begin(at);
	while (n_done < n_threads) {
		pass = standin_order_of(n_threads);
		pass_left = n_threads;
		struct cuda_thread *t = next_of_pass();
		if (!t)
			stuck();
		for (; t; t = next_of_pass())
			go(&scheduler, t);
	}
	standin_shared_end();
}

UNSEEN void standin_run_grid(const struct standin_kernel *k, size_t pool)
{
	(void)pool;
	kernel = k;
	threads_begin(k);
#if defined(__SANITIZE_THREAD__)
	identity_pool = pool % POOLS;
	identity_next = 0;
	/* What they know of each other costs. */
	identity_most = 2 * n_threads < IDENTITIES ? 2 * n_threads : (unsigned)IDENTITIES;
	stream_identity = __tsan_get_current_fiber();
#endif
	const uint64_t x = k->grid.x, y = k->grid.y, blocks = x * y * k->grid.z;
	struct standin_order order = standin_order_of(blocks);
	for (uint64_t j = 0; j < blocks; j++, standin_order_next(&order)) {
		const uint64_t b = order.at;
		block_run({(unsigned)(b % x), (unsigned)(b / x % y), (unsigned)(b / (x * y))});
	}
	TSAN(__tsan_acquire(&launch_ends);)
	standin_me = NULL;
	kernel = NULL;
}
