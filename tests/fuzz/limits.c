/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* For fuzzers of whole commands, linked with --wrap: no network and no run is so large that an input takes its
 * time, and whatever data set is named, the one of a small table is read. */
#include <stdio.h>
#include <string.h>

#include "commands/resume.h"
#include "src/files/run.h"
#include "tests/fuzz/fuzz.h"

status __real_model_from_json(const json_t *j, struct model *out);
status __wrap_model_from_json(const json_t *j, struct model *out);
status __real_model_build(const char *spec, const char *activation, const char *norm, const int input[3], int outputs,
                          struct model *out);
status __wrap_model_build(const char *spec, const char *activation, const char *norm, const int input[3], int outputs,
                          struct model *out);
status __real_run_open(const char *path, bool lock, struct run *out);
status __wrap_run_open(const char *path, bool lock, struct run *out);
status __real_resume_check(struct run *run, const struct problem *p, const struct opts *given, const struct opts *o,
                           const struct share *share);
status __wrap_resume_check(struct run *run, const struct problem *p, const struct opts *given, const struct opts *o,
                           const struct share *share);
status __real_dataset_open(const struct dataset_request *r, struct dataset *out);
status __wrap_dataset_open(const struct dataset_request *r, struct dataset *out);
status __wrap_command_device(const struct opts *o, int threads, const struct model *m, struct device **out);
status __wrap_command_twin(const struct opts *o, int threads, const struct device *first, struct device **out);

enum { LIMIT_PARAMS = 100000, LIMIT_CHAINS = 8, LIMIT_STEPS = 100 };

static status small(status s, struct model *m)
{
	if (s != OK || m->params.count <= LIMIT_PARAMS)
		return s;
	model_free(m);
	return fail(ERR_INPUT, "too large for a fuzzer");
}

status __wrap_model_from_json(const json_t *j, struct model *out)
{
	return small(__real_model_from_json(j, out), out);
}

status __wrap_model_build(const char *spec, const char *activation, const char *norm, const int input[3], int outputs,
                          struct model *out)
{
	return small(__real_model_build(spec, activation, norm, input, outputs, out), out);
}

status __wrap_run_open(const char *path, bool lock, struct run *out)
{
	status s = __real_run_open(path, lock, out);
	if (s != OK || out->chains <= LIMIT_CHAINS)
		return s;
	run_close(out);
	return fail(ERR_INPUT, "too many chains for a fuzzer");
}

status __wrap_resume_check(struct run *run, const struct problem *p, const struct opts *given, const struct opts *o,
                           const struct share *share)
{
	status s = __real_resume_check(run, p, given, o, share);
	if (s == OK && (p->plan.schedule.total > LIMIT_STEPS || p->plan.chains > LIMIT_CHAINS))
		return fail(ERR_INPUT, "too long for a fuzzer");
	return s;
}

/* Two columns, and classes or numbers. */
status __wrap_dataset_open(const struct dataset_request *r, struct dataset *out)
{
	static char classes[250], numbers[250];
	static const char table[] = "0.5,-1,0\n1.5,0,1\n-0.25,2,1\n0,0.75,0\n1,1,1\n-1,-1,0\n0.1,0.2,0\n2,-2,1\n";
	if (!classes[0]) {
		snprintf(classes, sizeof classes, "csv:%s", fuzz_path("classes.csv"));
		snprintf(numbers, sizeof numbers, "csv:%s", fuzz_path("numbers.csv"));
		fuzz_put("classes.csv", &(struct part){(const uint8_t *)table, sizeof table - 1});
		fuzz_put("numbers.csv", &(struct part){(const uint8_t *)table, sizeof table - 1});
	}
	struct dataset_request small = *r;
	small.spec = r->class_targets ? classes : numbers;
	return __real_dataset_open(&small, out);
}

status __wrap_command_device(const struct opts *o, int threads, const struct model *m, struct device **out)
{
	(void)o;
	(void)threads;
	(void)m;
	return backend_open(NULL, 1, out);
}

status __wrap_command_twin(const struct opts *o, int threads, const struct device *first, struct device **out)
{
	(void)first;
	return __wrap_command_device(o, threads, NULL, out);
}
