/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the ensemble*.c files share; nobody else includes this. */
#ifndef BASIN_ENSEMBLE_PRIVATE_H
#define BASIN_ENSEMBLE_PRIVATE_H

#include "predict/division.h"
#include "predict/ensemble.h"
#include "predict/queue.h"
#include "predict/tallied.h"

/* A member under way, in host memory. */
struct seat {
	float *theta, *stats;     /* device_host_alloc (ensemble_floats); where ensemble_stats has them */
	float **outputs;          /* (sets): (n, outputs); NULL where the set keeps them itself, or they stay on the device */
};

struct ensemble {
	struct selection *from;
	struct network *network;
	struct predictions *sets;
	int n_sets;
	ensemble_watcher *watcher;
	void *context;
	struct arena arena;
	struct work work;
	struct division division;
	struct seat *seat;        /* (division.seats) */
	size_t *slices;           /* (sets): of each set's rows */
	struct tallied *tallied;  /* (sets): on the only worker's device; without a device, where the host adds */
	struct queue queue;
	struct worker *worker;    /* as many as there may be; the first is the caller */
};

/* A thread's own things. */
struct worker {
	struct ensemble *of;
	pthread_t thread;
	struct device *device;         /* of its own, or the network's */
	struct potential **potential;  /* (sets) */
	size_t *prepared;              /* (sets): the member whose parameters the potential has; SIZE_MAX: none */
	float *out;                    /* device: outputs of a set in a piece */
	float *place[2];               /* device (ensemble_floats): members in turns; NULL where the host's memory is the device's */
};

/* ensemble_worker.c. What a worker has is made, used and closed by one thread: oneDNN keeps scratch memory by thread. */

/* Takes its device and plans predictions of every set. Close it whether that worked or not. Errors: the backend's. */
status worker_open(struct worker *w);
/* Does what there is to do. */
void worker_run(struct worker *w);
void worker_close(struct worker *w);

/* A member's parameters with its statistics behind them, where the model has any, in one piece: how many floats, and where in it the
 * statistics are, or NULL. */
size_t ensemble_floats(const struct model *m);
float *ensemble_stats(const struct model *m, float *theta);

/* Where the outputs of a member for set j belong. */
float *ensemble_outputs(const struct ensemble *e, size_t member, int j);

/* Puts a member's file and step before a failure's words, and returns s. */
status ensemble_within(const struct ensemble *e, size_t member, status s);

/* ensemble.c: does a job that no device takes part in. Errors: as ensemble_run's. */
status ensemble_do(struct ensemble *e, const struct job *job);

#endif
