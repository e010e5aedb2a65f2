/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What several commands share: options, and the end of a report. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/launcher.h"
#include "commands/word_lists.h"
#include "src/json_text.h"

#define DEVICE_PARAM                                                                                            \
	{.name = "device", .type = PARAM_TEXT, .arg = "cpu|cuda|cuda:N", .words = &words_devices,               \
	 .help = "where to compute; without it what BASIN_DEVICE names, or else a GPU where this build and machine have one that can run "  \
	         "the model, else the CPU; cuda needs an NVIDIA card of compute capability 8.0 or later, its driver, cuBLASLt and, for "  \
	         "convolutions, cuDNN: see Devices in basin(1)"}

static const struct param device[] = {
	DEVICE_PARAM,
	{.name = "threads", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = THREADS_MAX,
	 .help = "processor threads; by default all"},
	{0},
};

static const struct param workers[] = {
	DEVICE_PARAM,
	{.name = "threads", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = THREADS_MAX,
	 .help = "processor threads of a chain; without it as many as a step of the model can use, which a run keeps"},
	{.name = "workers", .type = PARAM_COUNT, .arg = "W", .min = 1, .max = THREADS_MAX,
	 .help = "chains that run side by side: each on threads of its own, or on a GPU in turns; without it as many as there are "
	         "processors and memory for, and 64 at most on a GPU; no chain's numbers depend on it"},
	{0},
};

static const struct param report[] = {
	{.name = "json", .type = PARAM_FLAG, .help = "print one JSON object instead of a table"},
	{0},
};

static const struct param progress[] = {
	{.name = "quiet", .type = PARAM_FLAG, .help = "show no progress and no warnings"},
	{.name = "progress", .type = PARAM_FLAG,
	 .help = "show progress as plain lines, also where standard error is no terminal"},
	{0},
};

const struct opt_table table_device = {.owner = "device", .heading = "Device options", .defs = device};
const struct opt_table table_workers = {.owner = "device", .heading = "Device options", .defs = workers};
const struct opt_table table_report = {.owner = "report", .heading = "Output options", .defs = report};
const struct opt_table table_progress = {.owner = "progress", .heading = "Progress options", .defs = progress};

/* Said by one process of those that a launcher starts on a machine. A driver that is missing is no reason to stop: most machines
 * have none. But who has a card, and did not know that it is left alone, should. */
static void say_passed(const struct device *d, const struct launcher *l, status passed)
{
	if (passed == OK || l->local > 0)
		return;
	const char *name = d->ops->name;
	fail_within(passed, "computing on the %s (BASIN_DEVICE=%s does so without a warning): ", strcmp(name, "cpu") == 0 ? "CPU" : name, name);
	warning_failed(passed);
}

static status open_named(const struct opts *o, const char *name, int threads, struct device **out)
{
	struct launcher l;
	status passed;
	TRY(launcher_find(&l));
	if (!threads && opts_given(o, "threads"))
		threads = (int)opts_count(o, "threads");
	status s = backend_open_turn(name, l.local, threads, out, &passed);
	/* Nobody has typed the device that is refused. */
	if (s == ERR_USAGE && name && !opts_text(o, "device") && fail_is_about("device"))
		return fail_within(s, "BASIN_DEVICE: ");
	TRY(s);
	say_passed(*out, &l, passed);
	return OK;
}

const char *command_device_named(const struct opts *o)
{
	const char *name = opts_text(o, "device");
	if (!name)
		name = getenv("BASIN_DEVICE");
	return name && *name ? name : NULL;
}

status command_device(const struct opts *o, int threads, const struct model *m, struct device **out)
{
	const char *named = command_device_named(o);
	TRY(open_named(o, named, threads, out));
	const char *lacks = m ? model_lacks(m, *out) : NULL;
	if (!lacks || named)
		return OK;
	warning("%s has no %s yet, which {model} %s needs: the CPU is used", (*out)->ops->name, lacks, m->spec);
	(*out)->ops->close(*out);
	return open_named(o, "cpu", threads, out);
}

status command_twin(const struct opts *o, int threads, const struct device *first, struct device **out)
{
	const char *named = command_device_named(o);
	return open_named(o, named ? named : first->ops->name, threads, out);
}

void command_precision(const struct device *d, enum precision precision)
{
	const char *note = device_precision_note(d, precision);
	if (note)
		warning("%s; compare with {precision} fp32", note);
}

void command_fast(const struct device *d, bool fast)
{
	if (fast && d->ops->has_fast)
		warning("{fast}: convolutions may sum in an order that varies, and in float32 have factors of 11 bits: results do not "
		        "repeat to the bit");
	else if (fast)
		warning("{fast} has no effect on {device} %s", d->ops->name);
}

status report_json(json_t *object)
{
	if (!object)
		return fail(ERR_MEMORY, "out of memory: the JSON report");
	char *text = json_text(object);
	json_decref(object);
	if (!text)
		return fail(ERR_MEMORY, "out of memory: the JSON report");
	puts(text);
	free(text);
	return report_end();
}

static bool pipe_without_reader(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

status report_end(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return OK;
	if (errno == EPIPE || pipe_without_reader(STDOUT_FILENO))
		return fail(ERR_NO_READER, "standard output: its reader is gone");
	/* An earlier write may have failed, and its reason is gone. */
	const char *reason = errno == EBADF ? "it is closed" : errno ? strerror(errno) : "an earlier write failed";
	return fail(ERR_IO, "standard output: %s; the results are incomplete", reason);
}
