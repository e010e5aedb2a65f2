/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/program.h"

static const struct command *const commands[] = {
	&command_sample,
	&command_swag,
	&command_predict,
	&command_decide,
	&command_ood,
	&command_diagnose,
	&command_compare,
	&command_flatness,
	&command_info,
	&command_data,
	&command_export,
	NULL,
};

int main(int argc, char **argv)
{
	return program_run(&(struct program){.commands = commands, .backends = backends}, argc, argv);
}
