/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/program.h"

/* bash splits "--lr=0.1" into three words, since = is among its word breaks, and so is the colon of cifar10:DIR. What
 * stands behind a colon is a file; the words of an argument depend on how many there are before it. */
static const char head[] =
	"# SPDX-License-Identifier: GPL-3.0-or-later\n"
	"# SPDX-FileCopyrightText: 2026 the Basin contributors\n"
	"# bash completion for basin. Made from the option tables by `make update-docs`: edit those.\n"
	"_basin()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=${COMP_WORDS[1]} options= words= files= flags= arguments=() place=0 i\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $cur == : || $option == : ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"${cur#:}\")\n"
	"\t\treturn\n"
	"\telif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $option == = ]]; then\n"
	"\t\toption=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n";

static const char tail[] =
	"\tesac\n"
	"\tif [[ $words || $files ]]; then\n"
	"\t\t:\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\twords=$options\n"
	"\telif [[ $option != --* && ${arguments-} ]]; then\n"
	"\t\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	"\t\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t\t:) ((i++)) ;;\n"
	"\t\t\t--*)\n"
	"\t\t\t\t[[ $flags == *\" ${COMP_WORDS[i]} \"* ]] || ((i++))\n"
	"\t\t\t\t[[ ${COMP_WORDS[i]} != = ]] || ((i++)) ;;\n"
	"\t\t\t*) ((place++)) ;;\n"
	"\t\t\tesac\n"
	"\t\tdone\n"
	"\t\t((place < ${#arguments[@]})) || place=$((${#arguments[@]} - 1))\n"
	"\t\twords=${arguments[place]}\n"
	"\t\t[[ $words != /* ]] || files=yes words=${words#/}\n"
	"\tfi\n"
	"\t[[ ! $files ]] || compopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen ${files:+-f} -W \"$words\" -- \"$cur\")\n"
	"\t[[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace 2>/dev/null\n"
	"}\n"
	"complete -F _basin basin\n";

static void names(const struct command *const *commands, FILE *to)
{
	for (int i = 0; commands[i]; i++)
		fprintf(to, "%s%s", i ? " " : "", commands[i]->name);
}

void completion_print(const struct command *const *commands, FILE *to)
{
	fputs(head, to);
	fputs("\tif ((COMP_CWORD == 1)); then\n\t\tmapfile -t COMPREPLY < <(compgen -W '", to);
	names(commands, to);
	fputs(" help --help --version' -- \"$cur\")\n\t\treturn\n\tfi\n\tcase $command in\n\thelp)\n\t\t((COMP_CWORD == 2)) && words='", to);
	names(commands, to);
	fputs("' || option=-- ;;\n", to);
	for (int i = 0; commands[i]; i++)
		opts_complete(commands[i]->tables, commands[i]->arguments, commands[i]->name, to);
	fputs(tail, to);
}
