/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/far_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Addresses reserved for the device's memory; pages are taken as they are used, and never given to a second block. */
static const size_t ROOM = (size_t)1 << 36;

static size_t limit = SIZE_MAX, held_by_all;
static unsigned lacking;

void far_limit(size_t bytes)
{
	limit = bytes;
}

void far_lack(unsigned kinds)
{
	lacking = kinds;
}

/* ---- putting off ---- */

status far_later(struct device *d, status (*run)(struct device *cpu, const void *args), const void *args, size_t bytes)
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

void far_do(struct far *f)
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

static size_t far_room(const struct device *d)
{
	(void)d;
	return held_by_all < limit ? limit - held_by_all : 0;
}

static size_t far_held(const struct device *d)
{
	return far_of(d)->held;
}

/* A block comes, or goes. */
static void far_hold(struct far *f, const struct block *b, bool comes)
{
	f->held = comes ? f->held + b->bytes : f->held - b->bytes;
	held_by_all = comes ? held_by_all + b->bytes : held_by_all - b->bytes;
}

static status far_alloc(struct device *d, size_t bytes, void **out)
{
	struct far *f = far_of(d);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (bytes + page) / page * page;
	*out = NULL;
	if (bytes > ROOM / 2 || room > ROOM - f->used || room > far_room(d))
		return fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
	struct block *b = malloc(sizeof *b);
	if (!b)
		return fail(ERR_MEMORY, "out of memory: a block's place");
	*b = (struct block){f->blocks, f->memory + f->used, room};
	f->blocks = b;
	f->used += room;
	far_hold(f, b, true);
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
	far_hold(f, b, false);
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

static status far_start(struct device *d)
{
	far_of(d)->started++;
	return OK;
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

static status far_choices_load(struct device *d, const struct json_t *known, bool bind)
{
	return far_of(d)->cpu->ops->choices_load(far_of(d)->cpu, known, bind);
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
		far_hold(f, b, false);
		free(b);
	}
	munmap(f->memory, ROOM);
	f->cpu->ops->close(f->cpu);
	free(f);
}

static status far_open_number(int number, int threads, struct device **out)
{
	*out = NULL;
	return number == 0 ? far_open(threads, out) : fail(ERR_USAGE, "{device} far:%d: there is one far device", number);
}

/* far_open adds the verbs and the layers. resident, release, scalar and precision_note are missing, so that what stands in for them
 * is tried too. */
const struct backend far_backend = {
	.name = "far",
	.open = far_open_number,
	.close = far_close,
	.describe = far_describe,
	.choices_load = far_choices_load,
	.choices_save = far_choices_save,
	.alloc = far_alloc,
	.free = far_free,
	.held = far_held,
	.room = far_room,
	.put = far_put,
	.get = far_get,
	.host_alloc = far_host_alloc,
	.host_free = far_host_free,
	.get_begin = far_get_begin,
	.get_end = far_get_end,
	.sync = far_sync,
	.start = far_start,
	.slots_open = far_slots_open,
	.slots_close = far_slots_close,
	.slots_send = far_slots_send,
	.slots_set = far_slots_set,
	.slots_fetch = far_slots_fetch,
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
	far_verbs(&f->table);
	f->table.layers = f->layers;
	f->base.ops = &f->table;
	f->memory = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	status s = f->memory == MAP_FAILED ? fail(ERR_MEMORY, "no addresses for the far device") : backend_open("cpu", threads, &f->cpu);
	if (s != OK) {
		free(f);
		return s;
	}
	far_layers(f, lacking);
	*out = &f->base;
	return OK;
}

size_t far_put_off(const struct device *d)
{
	return far_of(d)->put_off;
}

size_t far_started(const struct device *d)
{
	return far_of(d)->started;
}

static status run_fail(struct device *cpu, const void *args)
{
	(void)cpu;
	(void)args;
	return fail(ERR_LIBRARY, "a call that was made to fail");
}

status far_fail(struct device *d)
{
	return far_later(d, run_fail, "", 0);
}
