/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/launcher.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/processors.h"

/* The more particular first: within a job of Slurm, mpirun's processes see Slurm's variables too, which then are those of the
 * daemon that started them. Slurm's step is what srun starts: a batch script's own shell has a rank as well, but no such size. */
static const struct {
	const char *name, *rank, *ranks, *local[2], *locals;
} known[] = {
	{"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", {"OMPI_COMM_WORLD_LOCAL_RANK"}, "OMPI_COMM_WORLD_LOCAL_SIZE"},
	{"MPICH", "PMI_RANK", "PMI_SIZE", {"MPI_LOCALRANKID", "SLURM_LOCALID"}, "MPI_LOCALNRANKS"},
	{"Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", {"SLURM_LOCALID"}, NULL},
};

static status read_variable(const char *launcher, const char *name, int least, int *out)
{
	const char *text = getenv(name);
	char *end = NULL;
	long n = text ? strtol(text, &end, 10) : 0;
	if (!text)
		return OK;
	if (end == text || *end || n < least || n > INT_MAX)
		return fail(ERR_USAGE, "the environment's %s is “%s”, which is no number that %s gives a process", name, text, launcher);
	*out = (int)n;
	return OK;
}

/* Slurm's list of the ranks on this machine: how many; 0: it is not there. */
static int slurm_locals(void)
{
	const char *ranks = getenv("SLURM_GTIDS");
	int n = ranks ? 1 : 0;
	for (; ranks && *ranks; ranks++)
		n += *ranks == ',';
	return n;
}

/* Whether Slurm's variables are those of one step: a batch script that was handed in from within a step keeps that step's size,
 * while its rank and the list of the machine's ranks are its own. */
static bool is_one_step(void)
{
	const char *nodes = getenv("SLURM_STEP_NUM_NODES"), *size = getenv("SLURM_STEP_NUM_TASKS");
	return !slurm_locals() || !nodes || !size || strcmp(nodes, "1") != 0 || slurm_locals() == strtol(size, NULL, 10);
}

status launcher_find(struct launcher *out)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		*out = (struct launcher){.name = known[i].name, .ranks = 1, .locals = 1};
		if (!getenv(known[i].rank) || !getenv(known[i].ranks))
			continue;
		if (strcmp(known[i].name, "Slurm") == 0 && !is_one_step())
			continue;
		TRY(read_variable(out->name, known[i].rank, 0, &out->rank));
		TRY(read_variable(out->name, known[i].ranks, 1, &out->ranks));
		out->local = out->rank;
		for (int j = 1; j >= 0; j--)
			if (known[i].local[j])
				TRY(read_variable(out->name, known[i].local[j], 0, &out->local));
		if (known[i].locals && getenv(known[i].locals))
			TRY(read_variable(out->name, known[i].locals, 1, &out->locals));
		else if (slurm_locals())
			out->locals = slurm_locals();
		return out->rank < out->ranks ? OK
		     : fail(ERR_USAGE, "the environment's %s is %d, and %s is %d: the first process has rank 0", known[i].rank, out->rank,
		            known[i].ranks, out->ranks);
	}
	*out = (struct launcher){.ranks = 1, .locals = 1};
	return OK;
}

int launcher_processors(const struct launcher *l)
{
	int own = processors_available(), part = own / l->locals;
	if (own < sysconf(_SC_NPROCESSORS_ONLN))
		return own;
	return part > 1 ? part : 1;
}
