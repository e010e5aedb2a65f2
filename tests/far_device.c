/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/far_device.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/layer.h"

/* Addresses reserved for the device's memory; pages are taken as they are used, and never given to a second block. */
static const size_t ROOM = (size_t)1 << 36;

/* Memory that was asked for and not given back: whole pages, which are opened while calls run. */
struct block {
	struct block *next;
	unsigned char *start;
	size_t bytes;
};

/* A call that was put off, with copies of the structs that it was given. */
struct call {
	struct call *next;
	status (*run)(struct device *cpu, const void *args);
	_Alignas(64) unsigned char args[];
};

struct far {
	struct device base;
	struct device *cpu;
	struct backend table;
	struct layer_ops ops[LAYER_KINDS];
	const struct layer_ops *layers[LAYER_KINDS];
	unsigned char *memory;
	size_t used;             /* bytes of it, whole pages */
	struct block *blocks;
	struct call *first, **last;
	status failed;           /* of what was put off, until somebody can be told */
	size_t put_off;
};

static struct far *far_of(const struct device *d)
{
	return (struct far *)d;
}

/* ---- putting off ---- */

static status far_later(struct device *d, status (*run)(struct device *cpu, const void *args), const void *args, size_t bytes)
{
	struct far *f = far_of(d);
	struct call *c = aligned_alloc(64, (sizeof *c + bytes + 63) / 64 * 64);
	if (!c)
		return fail(ERR_MEMORY, "out of memory: a call that is put off");
	c->next = NULL;
	c->run = run;
	memcpy(c->args, args, bytes);
	*f->last = c;
	f->last = &c->next;
	f->put_off++;
	return OK;
}

/* Whether anybody may touch the device's memory now; what was given back stays shut, and costs nothing. */
static void far_open_memory(struct far *f, bool open)
{
	for (struct block *b = f->blocks; b; b = b->next)
		if (mprotect(b->start, b->bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE) != 0)
			abort();
}

/* Does everything that was put off, in order, up to what fails, which is kept until somebody can be told. The memory is
 * open. */
static void far_run(struct far *f)
{
	status s = f->failed;
	for (struct call *c = f->first, *next; c; c = next) {
		next = c->next;
		if (s == OK)
			s = c->run(f->cpu, c->args);
		free(c);
	}
	f->first = NULL;
	f->last = &f->first;
	f->failed = s;
}

static void far_do(struct far *f)
{
	if (!f->first)
		return;
	far_open_memory(f, true);
	far_run(f);
	far_open_memory(f, false);
}

static status far_wait(struct far *f)
{
	far_do(f);
	status s = f->failed;
	f->failed = OK;
	return s;
}

/* ---- memory ---- */

static status far_alloc(struct device *d, size_t bytes, void **out)
{
	struct far *f = far_of(d);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (bytes + page) / page * page;
	*out = NULL;
	if (bytes > ROOM / 2 || room > ROOM - f->used)
		return fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
	struct block *b = malloc(sizeof *b);
	if (!b)
		return fail(ERR_MEMORY, "out of memory: a block's place");
	*b = (struct block){f->blocks, f->memory + f->used, room};
	f->blocks = b;
	f->used += room;
	*out = b->start;
	return OK;
}

static void far_free(struct device *d, void *p)
{
	struct far *f = far_of(d);
	if (!p)
		return;
	far_do(f);
	struct block **at = &f->blocks;
	while (*at && (*at)->start != p)
		at = &(*at)->next;
	struct block *b = *at;
	if (!b)
		abort();
	*at = b->next;
	(void)madvise(b->start, b->bytes, MADV_DONTNEED);
	free(b);
}

struct put_args {
	void *to;
	size_t bytes;
	unsigned char data[];
};

static status run_put(struct device *cpu, const void *args)
{
	const struct put_args *a = args;
	return cpu->ops->put(cpu, a->to, a->data, a->bytes);
}

static status far_put(struct device *d, void *to, const void *host, size_t bytes)
{
	struct put_args *a = malloc(sizeof *a + bytes);
	if (!a)
		return fail(ERR_MEMORY, "out of memory: %zu bytes on their way", bytes);
	a->to = to;
	a->bytes = bytes;
	if (bytes)
		memcpy(a->data, host, bytes);
	status s = far_later(d, run_put, a, sizeof *a + bytes);
	free(a);
	return s;
}

static status far_get(struct device *d, void *host, const void *from, size_t bytes)
{
	struct far *f = far_of(d);
	far_open_memory(f, true);
	far_run(f);
	status s = f->failed;
	f->failed = OK;
	if (s == OK)
		s = f->cpu->ops->get(f->cpu, host, from, bytes);
	far_open_memory(f, false);
	return s;
}

static status far_sync(struct device *d)
{
	return far_wait(far_of(d));
}

/* ---- slots ---- */

static bool is_the_devices(int slot)
{
	return slot > SLOT_NONE && slot < SLOT_FIRST;
}

static status far_slots_open(struct device *d, struct slots *s)
{
	TRY(far_alloc(d, sizeof *s, &s->device));
	return far_put(d, s->device, s, sizeof *s);
}

static void far_slots_close(struct device *d, struct slots *s)
{
	far_free(d, s->device);
	s->device = NULL;
}

struct slots_args {
	struct slots from, *to;
	bool devices;
};

static status run_slots(struct device *cpu, const void *args)
{
	const struct slots_args *a = args;
	(void)cpu;
	for (int i = 0; i < SLOTS; i++)
		if (is_the_devices(i) == a->devices)
			a->to->value[i] = a->from.value[i];
	if (!a->devices) {
		a->to->step = a->from.step;
		a->to->key = a->from.key;
	}
	return OK;
}

static status far_slots_send(struct device *d, struct slots *s)
{
	const struct slots_args a = {.from = *s, .to = s->device};
	return far_later(d, run_slots, &a, sizeof a);
}

static status far_slots_set(struct device *d, struct slots *s)
{
	const struct slots_args a = {.from = *s, .to = s->device, .devices = true};
	return far_later(d, run_slots, &a, sizeof a);
}

static status far_slots_fetch(struct device *d, struct slots *s)
{
	struct slots there;
	TRY(far_get(d, &there, s->device, sizeof there));
	for (int i = 0; i < SLOTS; i++)
		if (is_the_devices(i))
			s->value[i] = there.value[i];
	return OK;
}

/* The device's table behind the host's; NULL stays NULL. */
static struct slots *slots_there(const struct slots *s)
{
	return s ? s->device : NULL;
}

/* ---- verbs: each is put off with its arguments. MEMBERS are those of struct VERB_args, CALL the CPU's own ---- */

#define FAR_VERB(verb, MEMBERS, ...)                                        \
	struct verb##_args MEMBERS;                                         \
	static status run_##verb(struct device *cpu, const void *args)      \
	{                                                                   \
		const struct verb##_args *a = args;                         \
		return cpu->ops->verb(cpu, __VA_ARGS__);                    \
	}

#define FAR_LATER(verb, ...)                                                \
	far_later(d, run_##verb, &(const struct verb##_args){__VA_ARGS__}, sizeof(struct verb##_args))

FAR_VERB(copy, { void *to; const void *from; size_t bytes; }, a->to, a->from, a->bytes)
FAR_VERB(affine, { struct slots *s; const struct pieces *p; struct affine w; }, a->s, a->p, &a->w)
FAR_VERB(reduce, { struct slots *s; size_t n; const float *x; const float *y; const float *w; int slot; },
         a->s, a->n, a->x, a->y, a->w, a->slot)
FAR_VERB(reduce_moving, { struct slots *s; const struct pieces *p; const float *x; const float *y; const float *w; int slot; },
         a->s, a->p, a->x, a->y, a->w, a->slot)
FAR_VERB(prior_energy, { struct slots *s; const struct pieces *p; const float *x; int slot; }, a->s, a->p, a->x, a->slot)
FAR_VERB(pointwise, { struct slots *s; const struct pieces *p; struct pointwise w; }, a->s, a->p, &a->w)
FAR_VERB(point, { struct slots *s; struct point at; size_t offset; size_t count; bool frozen; float *out; },
         a->s, &a->at, a->offset, a->count, a->frozen, a->out)
FAR_VERB(add, { struct format f; size_t count; void *y; const void *x; }, a->f, a->count, a->y, a->x)
FAR_VERB(gather, { struct slots *s; struct gather g; }, a->s, &a->g)
FAR_VERB(loss, { struct slots *s; struct loss l; }, a->s, &a->l)

static status far_copy(struct device *d, void *to, const void *from, size_t bytes)
{
	return FAR_LATER(copy, to, from, bytes);
}

/* What was asked wrongly is said at once, by what the host knows. */
static status far_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a)
{
	for (int o = 0; o < a->n_out; o++)
		if (slot_may_count(s, a->out[o].prior))
			TRY(prior_check(s, p));
	return FAR_LATER(affine, slots_there(s), p, *a);
}

static status far_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot)
{
	TRY(slot_writable(slot));
	return FAR_LATER(reduce, slots_there(s), n, x, y, w, slot);
}

static status far_reduce_moving(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
                                const float *w, int slot)
{
	TRY(slot_writable(slot));
	return FAR_LATER(reduce_moving, slots_there(s), p, x, y, w, slot);
}

static status far_prior_energy(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot)
{
	TRY(slot_writable(slot));
	TRY(prior_check(s, p));
	return FAR_LATER(prior_energy, slots_there(s), p, x, slot);
}

static status far_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w)
{
	if (slot_may_count(s, w->prior))
		TRY(prior_check(s, p));
	return FAR_LATER(pointwise, slots_there(s), p, *w);
}

static status far_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count,
                        bool frozen, float *out)
{
	return FAR_LATER(point, slots_there(s), *at, offset, count, frozen, out);
}

static status far_add(struct device *d, struct format f, size_t count, void *y, const void *x)
{
	return FAR_LATER(add, f, count, y, x);
}

static status far_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	if (g->c < 1 || g->c > CHANNELS_MAX || g->channels < g->c || (g->format.block > 1 && g->channels % g->format.block))
		return far_of(d)->cpu->ops->gather(far_of(d)->cpu, s, g);
	return FAR_LATER(gather, slots_there(s), *g);
}

static status far_loss(struct device *d, struct slots *s, const struct loss *l)
{
	return FAR_LATER(loss, slots_there(s), *l);
}

/* ---- layers ---- */

struct layer_plan {
	struct far *far;
	const struct layer_ops *ops;
	struct layer_plan *own;
};

struct layer_args {
	const struct layer_ops *ops;
	struct layer_plan *own;
	bool backward;
	struct layer_io io;
};

static status run_layer(struct device *cpu, const void *args)
{
	const struct layer_args *a = args;
	(void)cpu;
	return a->backward ? a->ops->backward(a->own, &a->io) : a->ops->forward(a->own, &a->io);
}

struct materialise_args {
	const struct layer_ops *ops;
	struct layer_plan *own;
	struct weight_source from;
	struct point at;
	void *working;
};

static status run_materialise(struct device *cpu, const void *args)
{
	const struct materialise_args *a = args;
	struct weight_source from = a->from;
	(void)cpu;
	from.at = &a->at;
	return a->ops->materialise(a->own, &from, a->working);
}

static const struct layer_ops *cpu_ops(const struct far *f, const struct plan_request *r)
{
	return f->cpu->ops->layers[r->layer->kind];
}

static status far_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	struct layer_plan *p = malloc(sizeof *p);
	*out = NULL;
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a layer's plan");
	*p = (struct layer_plan){.far = far_of(d), .ops = cpu_ops(far_of(d), r)};
	status s = p->ops->plan(p->far->cpu, r, &p->own);
	if (s != OK) {
		free(p);
		return s;
	}
	*out = p;
	return OK;
}

static void far_drop(struct layer_plan *p)
{
	if (!p)
		return;
	far_do(p->far);
	p->ops->drop(p->own);
	free(p);
}

static status far_forward(struct layer_plan *p, const struct layer_io *io)
{
	const struct layer_args a = {.ops = p->ops, .own = p->own, .io = *io};
	return far_later(&p->far->base, run_layer, &a, sizeof a);
}

static status far_backward(struct layer_plan *p, const struct layer_io *io)
{
	const struct layer_args a = {.ops = p->ops, .own = p->own, .io = *io, .backward = true};
	return far_later(&p->far->base, run_layer, &a, sizeof a);
}

static size_t far_kept_bytes(const struct device *d, const struct plan_request *r)
{
	return cpu_ops(far_of(d), r)->kept_bytes(far_of(d)->cpu, r);
}

static size_t far_working_bytes(const struct layer_plan *p)
{
	return p->ops->working_bytes(p->own);
}

static status far_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	struct materialise_args a = {.ops = p->ops, .own = p->own, .from = *from, .at = *from->at, .working = working};
	a.from.slots = slots_there(from->slots);
	return far_later(&p->far->base, run_materialise, &a, sizeof a);
}

static void far_layers(struct far *f)
{
	for (int k = 0; k < LAYER_KINDS; k++) {
		struct layer_ops *o = &f->ops[k];
		*o = *f->cpu->ops->layers[k];
		o->plan = far_plan;
		o->drop = far_drop;
		o->forward = far_forward;
		o->backward = far_backward;
		o->kept_bytes = o->kept_bytes ? far_kept_bytes : NULL;
		o->working_bytes = o->working_bytes ? far_working_bytes : NULL;
		o->materialise = o->materialise ? far_materialise : NULL;
		o->jvp = o->hvp = NULL;
		f->layers[k] = o;
	}
}

/* ---- the device ---- */

static void far_formats(const struct device *d, const struct layer *layers, int n, enum precision precision,
                        struct batch_format *batch, struct format *out)
{
	far_of(d)->cpu->ops->formats(far_of(d)->cpu, layers, n, precision, batch, out);
}

static struct json_t *far_describe(const struct device *d)
{
	return far_of(d)->cpu->ops->describe(far_of(d)->cpu);
}

static status far_choices_load(struct device *d, const struct json_t *known)
{
	return far_of(d)->cpu->ops->choices_load(far_of(d)->cpu, known);
}

static status far_choices_save(const struct device *d, struct json_t *into)
{
	return far_of(d)->cpu->ops->choices_save(far_of(d)->cpu, into);
}

static void far_close(struct device *d)
{
	struct far *f = far_of(d);
	far_do(f);
	while (f->blocks) {
		struct block *b = f->blocks;
		f->blocks = b->next;
		free(b);
	}
	munmap(f->memory, ROOM);
	f->cpu->ops->close(f->cpu);
	free(f);
}

/* resident, release, scalar and precision_note are missing, so that what stands in for them is tried too. */
static const struct backend far_backend = {
	.name = "far",
	.close = far_close,
	.describe = far_describe,
	.choices_load = far_choices_load,
	.choices_save = far_choices_save,
	.alloc = far_alloc,
	.free = far_free,
	.put = far_put,
	.get = far_get,
	.copy = far_copy,
	.sync = far_sync,
	.slots_open = far_slots_open,
	.slots_close = far_slots_close,
	.slots_send = far_slots_send,
	.slots_set = far_slots_set,
	.slots_fetch = far_slots_fetch,
	.affine = far_affine,
	.reduce = far_reduce,
	.reduce_moving = far_reduce_moving,
	.prior_energy = far_prior_energy,
	.pointwise = far_pointwise,
	.point = far_point,
	.add = far_add,
	.gather = far_gather,
	.loss = far_loss,
	.formats = far_formats,
};

status far_open(int threads, struct device **out)
{
	struct far *f = calloc(1, sizeof *f);
	*out = NULL;
	if (!f)
		return fail(ERR_MEMORY, "out of memory: the far device");
	f->last = &f->first;
	f->table = far_backend;
	f->table.layers = f->layers;
	f->base.ops = &f->table;
	f->memory = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	status s = f->memory == MAP_FAILED ? fail(ERR_MEMORY, "no addresses for the far device") : backend_open("cpu", threads, &f->cpu);
	if (s != OK) {
		free(f);
		return s;
	}
	far_layers(f);
	*out = &f->base;
	return OK;
}

size_t far_put_off(const struct device *d)
{
	return far_of(d)->put_off;
}
