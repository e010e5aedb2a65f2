/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/rounds.h"

#include <stdlib.h>

#include "commands/problem_device.h"

/* A place for a chain, which the next one takes when it ends. */
struct seat {
	struct device *device;         /* NULL: closed */
	struct potential *potential;
	struct chain_plan plan;        /* the problem's, with this potential */
	struct crew_chain at;
};

struct rounds {
	struct crew *crew;
	struct chain_watch calls;
	struct seat *seat;             /* (most) */
	int seats, most;               /* that were opened; that may be */
	int running;                   /* chains that are open */
};

/* ---- seats ---- */

static void seat_close(struct rounds *r, struct seat *s)
{
	if (s->device != r->crew->problem->device) {
		potential_close(s->potential);
		s->device->ops->close(s->device);
	}
	*s = (struct seat){.device = NULL};
}

static status seat_open(struct rounds *r, struct seat *s)
{
	struct problem *p = r->crew->problem;
	*s = (struct seat){.device = p->device, .potential = p->potential, .plan = p->plan};
	if (r->seats > 0) {
		s->device = NULL;
		TRY(problem_twin(p, r->crew->choices, &s->device, &s->potential));
	}
	s->plan.state.potential = s->potential;
	s->plan.watch = &r->calls;
	return OK;
}

/* No seat is opened any more. */
static void rounds_lack(struct rounds *r, status why)
{
	r->most = r->seats;
	watch_say(r->crew->watch, WATCH_WORKER, "no more than %d chain%s go%s on side by side: %s", r->running,
	          r->running == 1 ? "" : "s", r->running == 1 ? "es" : "", fail_words(why, "--"));
}

/* The chain takes no more steps here. */
static void seat_end(struct rounds *r, struct seat *s, status done)
{
	crew_end(r->crew, &s->at, done);
	/* What its device still had to say is not the next chain's. */
	if (done != OK)
		(void)s->device->ops->sync(s->device);
}

/* Gives a seat the next chain that begins; false: there is none for it. What lacks room while others run waits until one of them
 * has left its own; a chain's first step may take memory too. */
static bool seat_fill(struct rounds *r, struct seat *s)
{
	for (int k; (k = crew_next(r->crew)) >= 0;) {
		status begun = crew_open(r->crew, &s->plan, k, &s->at);
		if (s->at.chain)
			begun = chain_begin_step(s->at.chain);
		if (begun == ERR_MEMORY && r->running > 0) {
			rounds_lack(r, begun);
			crew_return(r->crew, &s->at);
			return false;
		}
		if (begun == OK && s->at.chain && chain_phase(s->at.chain) == CHAIN_RUNNING) {
			r->running++;
			return true;
		}
		if (s->at.chain)
			seat_end(r, s, begun);
		else if (begun != OK)
			crew_refuse(r->crew, k, begun);
	}
	return false;
}

/* One seat more, with its chain; the first is always there. */
static void rounds_grow(struct rounds *r)
{
	struct seat *s = &r->seat[r->seats];
	status opened = seat_open(r, s);
	if (opened != OK) {
		rounds_lack(r, opened);
		return;
	}
	r->seats++;
	if (seat_fill(r, s))
		return;
	seat_close(r, s);
	r->most = r->seats;
}

/* ---- rounds ---- */

/* Ends the step that is with the device, and hands over the next one at once: then the thread may wait at the next seat, and all
 * devices have work. */
static void seat_turn(struct rounds *r, struct seat *s)
{
	struct chain *chain = s->at.chain;
	status done = chain_end_step(chain);
	if (done == OK)
		done = chain_begin_step(chain);
	if (done == OK && chain_phase(chain) == CHAIN_RUNNING)
		return;
	seat_end(r, s, done);
	r->running--;
	if (!seat_fill(r, s))
		seat_close(r, s);
}

status rounds_run(struct crew *c, int most)
{
	struct rounds r = {.crew = c, .calls = watch_calls(&c->watch->post[0]), .most = most};
	r.seat = calloc((size_t)most, sizeof *r.seat);
	if (!r.seat)
		return fail(ERR_MEMORY, "out of memory: %d chains side by side", most);
	do {
		/* One a round: those that are there go on meanwhile. */
		if (r.seats < r.most)
			rounds_grow(&r);
		for (int i = 0; i < r.seats; i++)
			if (r.seat[i].at.chain)
				seat_turn(&r, &r.seat[i]);
	} while (r.running > 0);
	free(r.seat);
	return OK;
}
