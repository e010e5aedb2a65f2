/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Measured choices between algorithms: into the checkpoints, and out of them into the device of a resumed run. */
#include <stdio.h>
#include <string.h>

#include "tests/chain_runs.h"
#include "src/files/checkpoint.h"
#include "commands/resume.h"
#include "tests/tap.h"

static json_t *text(const char *s)
{
	json_t *j = json_loads(s, 0, NULL);
	return j ? j : json_null();
}

static void write_checkpoint(struct run *run, int k, const char *choices)
{
	const char *path;
	json_t *meta = json_pack("{s:i}", "step", 3);
	if (choices)
		json_object_set_new(meta, "choices", text(choices));
	MUST(run_file(run, &run->arena, k, "ckpt", &path));
	MUST(checkpoint_write(path, meta, NULL, 0));
	json_decref(meta);
}

static void check_union(void)
{
	struct run run;
	char path[512];
	json_t *json = json_pack("{s:s, s:i}", "format", "basin-run", "chains", 4), *got;
	snprintf(path, sizeof path, "%s/several", scratch_folder());
	MUST(run_create(path, json, &run));
	MUST(resume_choices(&run, &got));
	ok(json_is_object(got) && json_object_size(got) == 0, "without checkpoints nothing was chosen");
	json_decref(got);
	/* Chain 1 has not begun; chain 3's is from before there were choices. */
	write_checkpoint(&run, 0, "{\"cpu\": {\"conv a\": \"winograd\", \"conv b\": \"gemm\"}}");
	write_checkpoint(&run, 2, "{\"cpu\": {\"conv b\": \"direct\", \"conv c\": \"direct\"}, \"other\": {\"conv a\": \"7\"}}");
	write_checkpoint(&run, 3, NULL);
	MUST(resume_choices(&run, &got));
	json_t *want = text("{\"cpu\": {\"conv a\": \"winograd\", \"conv b\": \"gemm\", \"conv c\": \"direct\"}, "
	                    "\"other\": {\"conv a\": \"7\"}}");
	ok(json_equal(got, want), "chains' choices are put together, by device; the first one's win");
	json_decref(got);
	json_decref(want);
	json_decref(json);
	run_close(&run);
}

static void check_way(void)
{
	static const atomic_int never;
	struct opts *o = parse((const char *[]){"--steps", "4", NULL});
	json_t *known = text("{\"cpu\": {\"conv 64x32\": \"winograd\"}, \"other\": {\"conv 64x32\": \"7\"}}"), *got;
	struct problem p;
	struct run run;
	struct chain *c;
	char path[512];
	MUST(problem_open(o, NULL, known, &p));
	json_t *own = json_object();
	MUST(p.device->ops->choices_save(p.device, own));
	ok(json_equal(own, json_object_get(known, "cpu")), "a device gets its own choices");
	snprintf(path, sizeof path, "%s/one", scratch_folder());
	json_t *json = facts_run(&p, o);
	MUST(run_create(path, json, &run));
	p.plan.run = &run;
	p.plan.stop = &never;
	MUST(chain_open(&p.plan, 0, &c));
	/* What is measured later is in the next checkpoint. */
	json_object_set_new(own, "conv 64x32", json_string("direct"));
	json_object_set_new(own, "conv 8x8", json_string("gemm"));
	MUST(p.device->ops->choices_load(p.device, own, true));
	json_decref(own);
	MUST(chain_run(c));
	chain_close(c);
	MUST(resume_choices(&run, &got));
	json_t *both = text("{\"cpu\": {\"conv 64x32\": \"winograd\", \"conv 8x8\": \"gemm\"}}");
	ok(json_equal(got, both), "run.json says what was chosen before the first step, checkpoints what came later");
	json_decref(got);
	json_object_del(run.json, "choices");
	MUST(resume_choices(&run, &got));
	json_t *want = text("{\"cpu\": {\"conv 64x32\": \"direct\", \"conv 8x8\": \"gemm\"}}");
	ok(json_equal(got, want), "and checkpoints hold them all, where run.json is from before it did");
	json_decref(both);
	json_decref(got);
	json_decref(want);
	json_decref(known);
	json_decref(json);
	run_close(&run);
	problem_close(&p);
	opts_free(o);
}

int main(void)
{
	write_csv();
	check_union();
	check_way();
	return done_testing();
}
