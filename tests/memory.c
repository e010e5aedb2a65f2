/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How much memory is left, of systems that are made of files. */
#include "src/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/files.h"
#include "tests/tap.h"

static const char *root;

/* Writes a file below the root, and the folders that it needs. */
static void put(const char *path, const char *text)
{
	char at[4096];
	snprintf(at, sizeof at, "%s%s", root, path);
	for (char *slash = strchr(at + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(at, 0777);
		*slash = '/';
	}
	spit(at, text, strlen(text));
}

static void begin(const char *name, const char *meminfo, const char *cgroup)
{
	root = scratch_path(name);
	mkdir(root, 0777);
	if (meminfo)
		put("/proc/meminfo", meminfo);
	if (cgroup)
		put("/proc/self/cgroup", cgroup);
}

static void is(size_t want, const char *name)
{
	size_t got = memory_available_at(root);
	if (!ok(got == want, "%s", name))
		note("%zu, expected %zu", got, want);
}

static const char meminfo[] = "MemTotal:       24684092 kB\nMemAvailable:       1000 kB\nBuffers: 1 kB\n";

int main(void)
{
	begin("nothing", NULL, NULL);
	is(SIZE_MAX, "a system that says nothing has no bound");
	begin("plain", meminfo, NULL);
	is(1024000, "MemAvailable, of a system without groups");
	begin("old-kernel", "MemTotal:       24684092 kB\n", NULL);
	is(SIZE_MAX, "a kernel without MemAvailable says nothing");

	begin("two", meminfo, "0::/user/job\n");
	put("/sys/fs/cgroup/user/job/memory.max", "max\n");
	put("/sys/fs/cgroup/user/job/memory.current", "600000\n");
	is(1024000, "a group without a limit is none");
	put("/sys/fs/cgroup/user/job/memory.max", "1000000\n");
	is(400000, "version 2: what is left of the limit");
	put("/sys/fs/cgroup/user/job/memory.stat", "anon 1\nfile 300000\ninactive_file 60000\nactive_file 40000\n");
	is(500000, "its pages of files count as free");
	put("/sys/fs/cgroup/user/job/memory.high", "900000\n");
	is(400000, "the limit from which it is throttled counts as well");
	put("/sys/fs/cgroup/user/memory.max", "700000\n");
	put("/sys/fs/cgroup/user/memory.current", "690000\n");
	is(10000, "the group above leaves less");
	put("/sys/fs/cgroup/user/memory.current", "800000\n");
	is(0, "a group beyond its limit leaves nothing");

	begin("one", meminfo, "5:devices:/\n4:hugetlb,memory:/job\n3:cpuset:/\n0::/\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "5\n");
	is(1024000, "version 1: the root's number that stands for no limit");
	put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "100000\n");
	put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "70000\n");
	put("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 9\ntotal_inactive_file 600\ntotal_active_file 400\n");
	is(31000, "version 1, among other controllers, with the pages of groups below");

	begin("container", meminfo, "4:memory:/docker/0123\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "50000\n");
	put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "20000\n");
	is(30000, "a container's own group is the mount");

	ok(memory_available() > 0, "this system leaves something");
	return done_testing();
}
