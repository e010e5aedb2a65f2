/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU as a backend: opening it, its memory, and the table of its verbs. */
#include "src/cpu/cpu.h"

#include <assert.h>
#include <dnnl.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/choices.h"
#include "src/json_words.h"
#include "src/processors.h"

enum { ALIGN = 64, HUGE_PAGE = 1 << 21, THREADS_MAX = 4096 };

static status cpu_open(int number, int threads, struct device **out)
{
	*out = NULL;
	if (number != 0)
		return fail(ERR_USAGE, "{device} cpu:%d: there is one CPU device, cpu", number);
	if (threads < 0 || threads > THREADS_MAX)
		return fail(ERR_USAGE, "{threads} %d: expected 0 (all) to %d", threads, THREADS_MAX);
	const struct kernels *kernels;
	TRY(kernels_pick(&kernels));
	struct cpu_device *cpu = calloc(1, sizeof *cpu);
	if (!cpu)
		return fail(ERR_MEMORY, "out of memory");
	cpu->device.ops = &cpu_backend;
	cpu->threads = threads ? threads : processors_available();
	cpu->kernels = kernels;
	cpu->choices = json_object();
	if (!cpu->choices) {
		free(cpu);
		return fail(ERR_MEMORY, "out of memory");
	}
	omp_set_num_threads(cpu->threads);  /* of this thread; oneDNN's follow */
	*out = &cpu->device;
	return OK;
}

static void cpu_close(struct device *d)
{
	struct cpu_device *cpu = (struct cpu_device *)d;
	json_decref(cpu->choices);
	free(cpu->scratch);
	free(cpu);
}

/* The processor's name for people, as the kernel tells it; empty where it does not. */
static void processor_name(char *name, size_t size)
{
	char text[4096];
	int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = file >= 0 ? read(file, text, sizeof text - 1) : 0;
	if (file >= 0)
		close(file);
	text[n > 0 ? n : 0] = '\0';
	const char *line = strstr(text, "model name"), *value = line ? strstr(line, ": ") : NULL;
	snprintf(name, size, "%.*s", value ? (int)strcspn(value + 2, "\n") : 0, value ? value + 2 : "");
}

static json_t *cpu_describe(const struct device *d)
{
	char isa[32], name[256], version[32];
	const char *kernels = kernels_of(d)->name;
	const dnnl_version_t *v = dnnl_version();
	snprintf(isa, sizeof isa, kernels[0] == 'v' ? "x86-64-%s" : "%s", kernels);
	snprintf(version, sizeof version, "%d.%d.%d", v->major, v->minor, v->patch);
	processor_name(name, sizeof name);
	return json_pack("{s:s, s:s, s:i, s:o, s:{s:s}}", "name", "cpu", "instruction_set", isa, "threads", cpu_threads(d),
	                 "cpu", json_words(name), "libraries", "oneDNN", version);
}

/* oneDNN's own view, since its products are what bf16 is for. Its instruction sets are bits, each with those it builds
 * on. */
static const char *cpu_precision_note(const struct device *d, enum precision precision)
{
	(void)d;
	const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), amx = (unsigned)dnnl_cpu_isa_avx512_core_amx;
	return precision == PRECISION_BF16 && (isa & amx) != amx
	       ? "this CPU has no AMX: bf16 may be slower than fp32 here" : NULL;
}

static status cpu_choices_load(struct device *d, const json_t *known, bool bind)
{
	(void)bind;  /* there are no others */
	return choices_replace(&((struct cpu_device *)d)->choices, known);
}

static status cpu_choices_save(const struct device *d, json_t *into)
{
	return choices_add(((const struct cpu_device *)d)->choices, into);
}

static status cpu_alloc(struct device *d, size_t bytes, void **out)
{
	*out = NULL;
	size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGN;
	if (bytes > SIZE_MAX / 2)
		return fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
	size_t padded = bytes ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	void *p;
	/* aligned_alloc would want whole huge pages. */
	if (posix_memalign(&p, align, padded) != 0)
		return fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
	if (align == HUGE_PAGE)
		madvise(p, padded, MADV_HUGEPAGE);  /* fewer misses in the address cache; a refusal costs nothing */
	*out = memset(p, 0, padded);
	((struct cpu_device *)d)->held += malloc_usable_size(p);
	return OK;
}

static void cpu_free(struct device *d, void *p)
{
	if (p)
		((struct cpu_device *)d)->held -= malloc_usable_size(p);
	free(p);
}

static size_t cpu_held(const struct device *d)
{
	return ((const struct cpu_device *)d)->held;
}

status cpu_scratch(struct device *d, size_t bytes, void **out)
{
	struct cpu_device *cpu = (struct cpu_device *)d;
	assert(!cpu->scratch_held);
	if (bytes > cpu->scratch_bytes) {
		cpu_free(d, cpu->scratch);
		cpu->scratch_bytes = 0;
		TRY(cpu_alloc(d, bytes, &cpu->scratch));
		cpu->scratch_bytes = bytes;
	}
	*out = cpu->scratch;
	cpu->scratch_held = true;
	return OK;
}

void cpu_scratch_return(struct device *d)
{
	((struct cpu_device *)d)->scratch_held = false;
}

static status cpu_resident(struct device *d, const void *host, size_t bytes, const void **out)
{
	(void)d, (void)bytes;
	*out = host;
	return OK;
}

static void cpu_release(struct device *d, const void *p)
{
	(void)d, (void)p;
}

static status cpu_copy(struct device *d, void *to, const void *from, size_t bytes)
{
	(void)d;
	if (bytes)
		memmove(to, from, bytes);
	return OK;
}

static status cpu_sync(struct device *d)
{
	(void)d;
	return OK;
}

/* The slots are the host's own: nothing to open, or to move either way. */
static status cpu_slots_open(struct device *d, struct slots *s)
{
	(void)d;
	s->device = NULL;
	return OK;
}

static void cpu_slots_close(struct device *d, struct slots *s)
{
	(void)d, (void)s;
}

static status cpu_slots_move(struct device *d, struct slots *s)
{
	(void)d, (void)s;
	return OK;
}

const struct backend cpu_backend = {
	.name = "cpu",
	.on_host = true,
	.open = cpu_open,
	.close = cpu_close,
	.describe = cpu_describe,
	.precision_note = cpu_precision_note,
	.choices_load = cpu_choices_load,
	.choices_save = cpu_choices_save,
	.alloc = cpu_alloc,
	.free = cpu_free,
	.held = cpu_held,
	.resident = cpu_resident,
	.release = cpu_release,
	.put = cpu_copy,
	.get = cpu_copy,
	.copy = cpu_copy,
	.sync = cpu_sync,
	.slots_open = cpu_slots_open,
	.slots_close = cpu_slots_close,
	.slots_send = cpu_slots_move,
	.slots_set = cpu_slots_move,
	.slots_fetch = cpu_slots_move,
	.affine = cpu_affine,
	.reduce = cpu_reduce,
	.reduce_moving = cpu_reduce_moving,
	.prior_energy = cpu_prior_energy,
	.pointwise = cpu_pointwise,
	.point = cpu_point,
	.add = cpu_add,
	.gather = cpu_gather,
	.loss = cpu_loss,
	.loss_dot = cpu_loss_dot,
	.weigh = cpu_weigh,
	.formats = cpu_formats,
	.layers = cpu_layers,
};
