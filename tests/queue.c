/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The work of an ensemble among several threads: what must be in order is, whatever takes how long, and the first failure in
 * order is the one that counts. */
#include "predict/queue.h"

#include <string.h>
#include <unistd.h>

#include "predict/division.h"
#include "src/rng.h"
#include "tests/tap.h"

enum { MEMBERS = 40, SEATS = 5, PIECES = 3, SLICES = 2, WORKERS_MOST = 5 };

/* What happened, noted by many threads. */
static struct {
	pthread_mutex_t lock;
	struct queue queue;
	unsigned turn;           /* of the delays */
	bool delays;
	int failing[JOB_END + 1];    /* the member whose first job of the kind fails; −1: none */
	int reads, pieces[MEMBERS], slices[MEMBERS], ends;
	int most;                /* members under way at a time */
	bool in_order;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void expect(bool condition)
{
	seen.in_order = seen.in_order && condition;
}

/* What may have begun by now, seen by those that begin or end. */
static void note_begun(const struct job *job)
{
	int m = (int)job->member;
	if (job->kind == JOB_READ) {
		expect(seen.reads == m && m < seen.ends + SEATS);
		seen.most = m + 1 - seen.ends > seen.most ? m + 1 - seen.ends : seen.most;
	} else if (job->kind == JOB_PIECE) {
		expect(m < seen.reads && seen.ends <= m);
	} else {
		expect(seen.ends == m && seen.pieces[m] == PIECES && (job->kind == JOB_SLICE || seen.slices[m] == SLICES));
	}
}

static void note_ended(const struct job *job)
{
	int *const counts[] = {&seen.reads, &seen.pieces[job->member], &seen.slices[job->member], &seen.ends};
	++*counts[job->kind];
}

static void delay(void)
{
	uint32_t w[4];
	rng_words((struct rng_key){5, 0}, STREAM_PROBE, seen.turn++, 0, w);
	unsigned wait = seen.delays ? w[0] % 300 : 0;
	pthread_mutex_unlock(&seen.lock);
	usleep(wait);
	pthread_mutex_lock(&seen.lock);
}

static void do_jobs(bool reader)
{
	struct job job;
	while (queue_take(&seen.queue, reader, &job)) {
		pthread_mutex_lock(&seen.lock);
		note_begun(&job);
		delay();
		bool fails = seen.failing[job.kind] == (int)job.member && job.part == 0;
		if (!fails)
			note_ended(&job);
		pthread_mutex_unlock(&seen.lock);
		queue_done(&seen.queue, &job, fails ? fail(ERR_CHECK, "kind %d of member %zu", job.kind, job.member) : OK);
	}
}

static void *reader(void *unused)
{
	do_jobs(true);
	return unused;
}

static void *worker(void *unused)
{
	do_jobs(false);
	queue_leave(&seen.queue);
	return unused;
}

static status run(size_t workers, bool has_reader)
{
	struct arena a = {0};
	pthread_t thread[WORKERS_MOST], reads;
	seen.turn = seen.reads = seen.ends = seen.most = 0;
	seen.in_order = true;
	memset(seen.pieces, 0, sizeof seen.pieces);
	memset(seen.slices, 0, sizeof seen.slices);
	MUST(queue_open(&seen.queue, &a, MEMBERS, SEATS, PIECES, SLICES));
	queue_join(&seen.queue, workers, has_reader);
	if (has_reader)
		pthread_create(&reads, NULL, reader, NULL);
	for (size_t i = 0; i < workers; i++)
		pthread_create(&thread[i], NULL, worker, NULL);
	for (size_t i = 0; i < workers; i++)
		pthread_join(thread[i], NULL);
	if (has_reader)
		pthread_join(reads, NULL);
	status s = queue_result(&seen.queue);
	queue_close(&seen.queue);
	arena_free(&a);
	return s;
}

static bool all_done(void)
{
	bool all = seen.reads == MEMBERS && seen.ends == MEMBERS;
	for (int i = 0; i < MEMBERS; i++)
		all = all && seen.pieces[i] == PIECES && seen.slices[i] == SLICES;
	return all;
}

static void order(void)
{
	for (size_t workers = 1; workers <= WORKERS_MOST; workers += 2)
		for (int has_reader = 0; has_reader < 2; has_reader++) {
			status s = run(workers, has_reader);
			ok(s == OK && all_done() && seen.in_order, "%zu workers%s: all is done once, and in order", workers,
			   has_reader ? " and a reader" : "");
			ok(seen.most <= SEATS && (workers == 1 || seen.most > 1), "%zu workers: members under way, never more than seats",
			   workers);
		}
}

/* Later members fail as well, and mostly before. */
static void failure(enum job_kind kind, int member, const char *what)
{
	static const char *const text[] = {"kind 0 of member", "kind 1 of member", "kind 2 of member", "kind 3 of member"};
	bool same = true, before = true;
	for (int i = 0; i < 4; i++)
		seen.failing[i] = -1;
	seen.failing[JOB_PIECE] = seen.failing[JOB_READ] = member + 2;
	seen.failing[kind] = member;
	for (int i = 0; i < 20; i++) {
		char want[64];
		status s = run(1 + (size_t)i % WORKERS_MOST, i % 2);
		snprintf(want, sizeof want, "%s %d", text[kind], member);
		same = same && s == ERR_CHECK && strcmp(fail_message(s), want) == 0;
		before = before && seen.ends == member && seen.in_order;
	}
	ok(same, "%s that fails is told, not what fails behind it", what);
	ok(before, "%s that fails: members before it are ended, none behind", what);
	for (int i = 0; i < 4; i++)
		seen.failing[i] = -1;
}

static void nobody(void)
{
	struct arena a = {0};
	struct job job;
	MUST(queue_open(&seen.queue, &a, MEMBERS, SEATS, PIECES, SLICES));
	queue_join(&seen.queue, 1, true);
	queue_leave(&seen.queue);
	ok(!queue_take(&seen.queue, true, &job), "without workers there is nothing to read for");
	queue_close(&seen.queue);
	arena_free(&a);
}

/* ---- among how many ---- */

static void divides(const struct work *w, size_t threads, size_t available, struct division want, const char *what)
{
	struct division got;
	work_divide(w, threads, available, &got);
	if (!ok(got.workers == want.workers && got.pieces == want.pieces && got.seats == want.seats, "%s", what))
		note("%zu workers, %zu pieces, %zu seats", got.workers, got.pieces, got.seats);
}

static void division(void)
{
	const struct work small = {.members = 64, .batches = 100, .worker = 10, .seat = 1};
	const struct work large = {.members = 1, .batches = 79, .worker = 1000, .seat = 100};
	const struct work wide = {.members = 64, .batches = 100, .worker = 10, .seat = 1, .outputs = 40};
	const struct work few = {.members = 2, .batches = 1, .worker = 1000, .seat = 100};
	divides(&small, 2, SIZE_MAX, (struct division){2, 1, 4}, "many members: each is a piece");
	divides(&small, 1, SIZE_MAX, (struct division){1, 1, 2}, "one thread: one worker, and a member ahead");
	divides(&large, 2, SIZE_MAX, (struct division){2, 32, 1}, "one member: its batches go side by side");
	divides(&large, 64, SIZE_MAX, (struct division){64, 79, 1}, "each of them, with many threads");
	divides(&large, 500, SIZE_MAX, (struct division){79, 79, 1}, "and no more workers than batches");
	divides(&few, 8, SIZE_MAX, (struct division){2, 1, 2}, "nor than members of one batch");
	divides(&small, 64, 2 * (20 * 10 + 6), (struct division){20, 5, 6}, "half of the memory bounds the workers");
	divides(&large, 64, 2 * (5 * 1000 + 100), (struct division){5, 79, 1}, "and members under way count");
	divides(&large, 64, 2 * (5 * 1000 + 99), (struct division){4, 64, 1}, "to the byte");
	divides(&wide, 2, 2 * (2 * (10 + 40) + 4), (struct division){2, 1, 4}, "and room for each worker's outputs");
	divides(&wide, 2, 2 * (2 * (10 + 40) + 3), (struct division){1, 1, 2}, "of a whole member, where it is a piece");
	divides(&large, 64, 0, (struct division){1, 1, 1}, "one is always there");
}

int main(void)
{
	seen.delays = true;
	for (int i = 0; i < 4; i++)
		seen.failing[i] = -1;
	order();
	failure(JOB_READ, 7, "a member's reading");
	failure(JOB_PIECE, 7, "a piece");
	failure(JOB_SLICE, 7, "a slice");
	failure(JOB_END, 7, "an end");
	nobody();
	division();
	return done_testing();
}
