/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which of a run's chains a process takes: launchers' variables, as they were seen to be set, and --only. */
#include <stdlib.h>
#include <string.h>

#include "commands/sample_options.h"
#include "commands/share.h"
#include "src/backend.h"
#include "tests/tap.h"

static const char *const all[] = {
	"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID",
	"SLURM_PROCID", "SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_NODES", "SLURM_LOCALID", "SLURM_GTIDS", NULL,
};

/* Sets these variables, NAME=VALUE, and no other of them. */
static status find(struct launcher *l, const char *const *set)
{
	for (const char *const *name = all; *name; name++)
		unsetenv(*name);
	for (; *set; set++) {
		char name[64];
		size_t n = strcspn(*set, "=");
		snprintf(name, sizeof name, "%.*s", (int)n, *set);
		setenv(name, *set + n + 1, 1);
	}
	return launcher_find(l);
}

#define SET(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool is(const char *const *set, const char *name, int rank, int ranks, int local)
{
	struct launcher l;
	if (find(&l, set) != OK)
		return false;
	note("%s: rank %d of %d, %d here", l.name ? l.name : "nobody", l.rank, l.ranks, l.local);
	return (name ? l.name && strcmp(l.name, name) == 0 : !l.name) && l.rank == rank && l.ranks == ranks && l.local == local;
}

static void ranks(void)
{
	struct launcher l;
	ok(is((const char *const[]){NULL}, NULL, 0, 1, 0), "without a launcher a process is alone");
	ok(is(SET("OMPI_COMM_WORLD_RANK=5", "OMPI_COMM_WORLD_SIZE=8", "OMPI_COMM_WORLD_LOCAL_RANK=1", "SLURM_PROCID=0",
	          "SLURM_STEP_NUM_TASKS=1", "SLURM_LOCALID=0"), "Open MPI", 5, 8, 1), "Open MPI, within a job of Slurm too");
	ok(is(SET("PMI_RANK=1", "PMI_SIZE=2", "MPI_LOCALRANKID=0", "SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=1"), "MPICH", 1, 2, 0),
	   "MPICH, within a job of Slurm too");
	ok(is(SET("PMI_RANK=3", "PMI_SIZE=4", "SLURM_PROCID=3", "SLURM_STEP_NUM_TASKS=4", "SLURM_LOCALID=1"), "MPICH", 3, 4, 1),
	   "srun --mpi=pmi2 has Slurm's local rank");
	ok(is(SET("SLURM_PROCID=6", "SLURM_STEP_NUM_TASKS=8", "SLURM_STEP_NUM_NODES=2", "SLURM_LOCALID=2", "SLURM_GTIDS=4,5,6,7"),
	      "Slurm", 6, 8, 2), "a task of srun");
	ok(is(SET("SLURM_PROCID=0", "SLURM_NTASKS=8", "SLURM_LOCALID=0", "SLURM_GTIDS=0"), NULL, 0, 1, 0),
	   "a batch script's own shell is nobody's rank");
	ok(is(SET("SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=4", "SLURM_STEP_NUM_NODES=1", "SLURM_LOCALID=0", "SLURM_GTIDS=0"), NULL, 0,
	      1, 0), "nor is one that was handed in from within another step");
	ok(find(&l, SET("PMI_RANK=one", "PMI_SIZE=2")) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "PMI_RANK is “one”"),
	   "what is no number is refused by its name");
	ok(find(&l, SET("PMI_RANK=2", "PMI_SIZE=2")) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "PMI_SIZE is 2"),
	   "and a rank that there is not");
	ok(find(&l, SET("OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=0")) == ERR_USAGE, "and a group of none");
}

/* The chains of so many that a process takes, "0 2 4"; or its error. */
static const char *share(const char *only, int rank, int ranks, int chains)
{
	static char text[256];
	char *words[] = {(char[]){"sample"}, (char[]){"--only"}, (char *)only, NULL};
	struct opts *o;
	struct share s;
	find(&(struct launcher){.name = NULL}, (const char *const[]){NULL});
	if (ranks) {
		char number[16];
		snprintf(number, sizeof number, "%d", rank);
		setenv("PMI_RANK", number, 1);
		snprintf(number, sizeof number, "%d", ranks);
		setenv("PMI_SIZE", number, 1);
	}
	MUST(opts_parse(&o, sample_tables, only ? 3 : 1, words));
	status got = share_open(o, &s);
	if (got == OK)
		got = share_check(&s, chains);
	opts_free(o);
	if (got != OK)
		return fail_words(got, "--");
	size_t n = 0;
	text[0] = 0;
	for (int k = 0; k < chains; k++)
		if (share_has(&s, k))
			n += (size_t)snprintf(text + n, sizeof text - n, n ? " %d" : "%d", k);
	return s.joins == (only || ranks) ? text : "joins?";
}

static bool takes(const char *only, int rank, int ranks, int chains, const char *want)
{
	const char *got = share(only, rank, ranks, chains);
	if (!strstr(got, want))
		note("%s", got);
	return *want ? strstr(got, want) != NULL : !*got;
}

static void shares(void)
{
	ok(takes(NULL, 0, 0, 4, "0 1 2 3"), "a process alone takes all chains");
	ok(takes("2", 0, 0, 4, "2") && takes("1-2", 0, 0, 4, "1 2") && takes("0-3", 0, 0, 4, "0 1 2 3"), "--only takes one, or a range");
	ok(takes(NULL, 1, 3, 8, "1 4 7"), "rank r of P takes those that are r modulo P");
	ok(takes("2-6", 1, 3, 8, "4") && takes("2-3", 1, 3, 8, ""), "and of --only's the same");
	ok(takes(NULL, 7, 8, 4, ""), "there may be more ranks than chains");
	ok(takes("4", 0, 0, 4, "--only: there is no chain 4; the run has 4, 0 to 3"), "a chain that there is not is refused");
	ok(takes("1", 0, 0, 1, "there is no chain 1; the run has one, number 0"), "of one chain too");
	static const char *const bad[] = {"", "x", "1-", "-1", "1-2-3", "1,2", " 1", "1 ", "+1", "0x1", "99999999999999999999999"};
	int refused = 0;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused += takes(bad[i], 0, 0, 4, "--only");
	ok(refused == sizeof bad / sizeof *bad, "and what is no chain's number");
	ok(takes("3-1", 0, 0, 4, "--only 3-1: the range ends before it begins"), "nor a range");
}

static int three(void)
{
	return 3;
}

static void devices(void)
{
	static const struct backend several = {.name = "several", .count = three}, one = {.name = "one"};
	ok(backend_number(&several, 0) == 0 && backend_number(&several, 2) == 2 && backend_number(&several, 4) == 1 &&
	   backend_number(&one, 5) == 0, "processes on a machine share its devices out by their local ranks");
}

int main(void)
{
	ranks();
	shares();
	devices();
	return done_testing();
}
