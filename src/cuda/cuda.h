/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CUDA backend's parts, for its own C files. A device is a stream of one card with what belongs to it: several may be open on
 * a card, and each is used by the thread that opened it. */
#ifndef BASIN_CUDA_H
#define BASIN_CUDA_H

#include <cublasLt.h>

#include "src/cuda/error.h"
#include "src/cuda/kernels.h"
#include "src/cuda/record.h"

enum {
	CUDA_WORKSPACE = 32 << 20,         /* bytes for cuBLAS: what NVIDIA recommends for Hopper */
	CUDA_STAGE = 512 << 10,            /* bytes that put may leave on their way: an order of all examples of most sets, */
	CUDA_STAGES = 2,                   /* so many times */
	CUDA_PACE_MARKS = 4
};

/* A part of put's way. */
struct cuda_stage {
	unsigned char *at;                 /* host, pinned, CUDA_STAGE bytes */
	cudaEvent_t left;                  /* recorded behind its last copy when the host turned to another part */
};

/* The way beside the calls, to the host and from it. */
struct cuda_beside {
	cudaStream_t stream;
	cudaEvent_t ready, done;           /* in the device's stream, what is to be brought is there; here, all that was begun is over */
	cudaEvent_t before;                /* in the device's stream: where put_begin was called last */
	bool busy;                         /* something was begun that the host does not know to be over */
};

/* How far the host is ahead of the card: slots.c. */
struct cuda_pace {
	cudaEvent_t mark[CUDA_PACE_MARKS]; /* places in the stream, the next to be recorded being the oldest */
	int next, sends, stride;           /* sends since the last mark; between two */
	double waited;                     /* when the host last waited for a mark; monotonic seconds */
};

/* Of what there are choices: chosen.h. */
enum cuda_chosen_kind { CUDA_CHOSEN_CONV, CUDA_CHOSEN_MATMUL, CUDA_CHOSEN_KINDS };

struct cuda_block;
struct cuda_dnn;
struct cuda_table;

struct cuda_device {
	struct device device;
	int number;                        /* of the card */
	struct cudaDeviceProp card;
	cudaStream_t stream;
	cublasLtHandle_t blas;
	struct cuda_dnn *dnn;              /* owned: cuDNN, from the first convolution on */
	void *workspace;                   /* device, CUDA_WORKSPACE bytes: of the stream's products, one at a time */
	double *parts;                     /* device, CUDA_REDUCE_PARTS: of the stream's sums, one at a time */
	void *scratch;                     /* device, scratch_bytes: of one layer's pass at a time, its contents of no meaning */
	size_t scratch_bytes;
	double *slots_back;                /* host, pinned, SLOTS: the way of slots_fetch */
	struct cuda_stage stage[CUDA_STAGES];
	int staging;                       /* the part that put fills, of which so many bytes may still be on their way */
	size_t staged;
	struct cuda_beside beside;
	struct cuda_pace pace;
	struct record record;              /* calls that were put off */
	status failed;                     /* of what could not be told when it failed, until somebody can be; with its words: */
	char *words;
	bool told;                         /* some failure was */
	struct cuda_block *blocks;         /* given out by alloc */
	size_t held;                       /* bytes of them */
	struct cuda_table *tables;         /* of pieces, as they were seen */
	struct json_t *choices;            /* owned: what choices_load and choices_save are about */
	bool elsewhere[CUDA_CHOSEN_KINDS]; /* it was said, or need not be, that there are such of another library or card */
};

static inline struct cuda_device *cuda_of(const struct device *d)
{
	return (struct cuda_device *)d;
}

/* The device's table behind the host's; NULL stays NULL. */
static inline struct cuda_slots *cuda_slots_of(const struct slots *s)
{
	return s ? (struct cuda_slots *)s->device : NULL;
}

/* ---- calls that are put off: record.c ---- */

/* Keeps a call until the next flush; its args (`bytes` of them, padding included, which must be 0) are copied. `what` names it in
 * messages and must live as long as the device's calls do. Errors: ERR_MEMORY, or of a flush, where the list is full. */
status cuda_later(struct device *d, const char *what, cuda_run run, const void *args, size_t bytes);

/* The args of the call that was put off last, where it is one of `run` and not yet given away: they may be changed until the next
 * call is put off. NULL: it is not. */
void *cuda_last(struct device *d, cuda_run run);

/* Defines run_NAME: the call whose args are those of cuda_launch_NAME. */
#define CUDA_RUN(name)                                                            \
	static status run_##name(struct cuda_device *cuda, const void *args)      \
	{                                                                         \
		CUDA_TRY(cuda_launch_##name(args, cuda->stream));                 \
		return OK;                                                        \
	}

/* Gives the stream all that was put off. Errors: what a call's library says. */
status cuda_flush(struct cuda_device *cuda);

/* Waits for all that was put off. Errors: as cuda_flush, and what failed since the last wait. */
status cuda_wait(struct cuda_device *cuda);

/* Waits for what get_begin has begun, and leaves an error to the next wait. */
void cuda_beside_settle(struct cuda_device *cuda);

/* Waits until the stream has come to where the event was recorded; not at all, where it never was. What comes behind it goes on.
 * Errors: as cuda_wait. */
status cuda_wait_for(struct cuda_device *cuda, cudaEvent_t event);

/* cuda_wait for ops that return nothing: the error is left to the next wait. */
void cuda_settle(struct cuda_device *cuda);

/* Keeps a failure for the next wait to tell, or close to warn of, unless there is one already; OK is nothing. */
void cuda_keep(struct cuda_device *cuda, status s);

/* What these calls give the device's stream, as a graph that the caller destroys. The stream is as it was, also where that fails.
 * Errors: of the calls, ERR_LIBRARY. */
status cuda_capture(struct cuda_device *cuda, status (*calls)(struct cuda_device *cuda, const void *of), const void *of,
                    cudaGraphExec_t *out);

/* Waits, and forgets the graphs that were made: to be called where something goes away that a call's args point at, but for device
 * memory, whose address is all that a graph has of it. */
void cuda_forget(struct cuda_device *cuda);

/* ---- memory.c, ways.c, slots.c, pieces.c ---- */

/* What the ways and the pace of a device need, and its end, also of one that did not open. Errors: ERR_LIBRARY. */
status cuda_stage_open(struct cuda_device *cuda);
void cuda_stage_close(struct cuda_device *cuda);
status cuda_beside_open(struct cuda_device *cuda);
void cuda_beside_close(struct cuda_device *cuda);
status cuda_pace_open(struct cuda_device *cuda);
void cuda_pace_close(struct cuda_device *cuda);

/* Pinned memory of the host, which cudaFreeHost gives back; bytes: not 0. Errors: ERR_MEMORY, ERR_LIBRARY. */
status cuda_pinned(size_t bytes, void **out);

/* As struct backend describes them. */
status cuda_alloc(struct device *d, size_t bytes, void **out);
void cuda_free(struct device *d, void *p);
size_t cuda_held(const struct device *d);
size_t cuda_room(const struct device *d);
status cuda_resident(struct device *d, const void *host, size_t bytes, const void **out);
void cuda_release(struct device *d, const void *p);
status cuda_put(struct device *d, void *to, const void *host, size_t bytes);
status cuda_get(struct device *d, void *host, const void *from, size_t bytes);
status cuda_host_alloc(struct device *d, size_t bytes, void **out);
void cuda_host_free(struct device *d, void *p);
status cuda_get_begin(struct device *d, void *host, const void *from, size_t bytes);
status cuda_get_end(struct device *d, bool wait, bool *done);
status cuda_put_begin(struct device *d, void *to, const void *host, size_t bytes);
status cuda_put_end(struct device *d);
status cuda_copy(struct device *d, void *to, const void *from, size_t bytes);
status cuda_sync(struct device *d);
status cuda_start(struct device *d);
status cuda_slots_open(struct device *d, struct slots *s);
void cuda_slots_close(struct device *d, struct slots *s);
status cuda_slots_send(struct device *d, struct slots *s);
status cuda_slots_set(struct device *d, struct slots *s);
status cuda_slots_fetch(struct device *d, struct slots *s);

/* Makes scratch so large at least, as a layer that needs it asks when it is planned; where it lies may change with every such call.
 * Errors: ERR_MEMORY, ERR_LIBRARY. */
status cuda_scratch(struct device *d, size_t bytes);

/* Closes cuDNN, with what is kept of it. */
void cuda_dnn_close(struct cuda_device *cuda);

/* The device's copy of a table of pieces, made when it is first seen and kept until the device is closed. Errors: ERR_MEMORY,
 * ERR_LIBRARY. */
status cuda_pieces_of(struct device *d, const struct pieces *p, struct cuda_pieces *out);
void cuda_pieces_close(struct cuda_device *cuda);

/* ---- the verbs, as struct backend describes them: a file each ---- */

status cuda_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a);
status cuda_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot);
status cuda_reduce_moving(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
                          const float *w, int slot);
status cuda_prior_energy(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot);
status cuda_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w);
status cuda_scalar(struct device *d, struct slots *s, const struct scalar *w);
status cuda_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
                  float *out);
status cuda_add(struct device *d, struct format f, size_t count, void *y, const void *x);
status cuda_gather(struct device *d, const struct slots *s, const struct gather *g);
status cuda_loss(struct device *d, struct slots *s, const struct loss *l);
status cuda_weigh(struct device *d, const struct slots *s, const struct weigh *w);
status cuda_tally(struct device *d, const struct slots *s, const struct tally *t);
void cuda_formats(const struct device *d, const struct layer *layers, int n, enum precision precision, struct batch_format *batch,
                  struct format *out);

extern const struct layer_ops *const cuda_layers[LAYER_KINDS];
extern const struct backend cuda_backend;

#endif
