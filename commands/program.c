/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/options/suggest.h"
#include "commands/wait_policy.h"

/* A closed standard stream's number would go to the next file that is opened, and what is meant for the stream would end
 * in it. In its place comes /dev/null, the wrong way round, so that results which go nowhere are still an error. */
static status fill_standard_streams(void)
{
	static const int mode[3] = {O_WRONLY, O_RDONLY, O_WRONLY};
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode[fd]) != fd)
			return fail(ERR_IO, "/dev/null: %s", strerror(errno));
	return OK;
}

static status find(const struct command *const *commands, const char *name, const struct command **out)
{
	struct suggestion s = {.word = name};
	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			*out = commands[i];
			return OK;
		}
		suggest_from(&s, commands[i]->name);
	}
	if (s.best)
		return fail(ERR_USAGE, "unknown command %s; did you mean %s?", name, s.best);
	return fail(ERR_USAGE, "unknown command %s; basin --help lists the commands", name);
}

static void overview(const struct command *const *commands, FILE *to)
{
	fputs("Usage: basin COMMAND [options]\n"
	      "       basin help COMMAND\n"
	      "       basin --help|--version\n\n"
	      "Draws posterior samples of neural networks and averages their predictions.\n\nCommands:\n", to);
	for (int i = 0; commands[i]; i++)
		fprintf(to, "  %-12s%s\n", commands[i]->name, commands[i]->help);
}

static void command_help(const struct command *c, FILE *to)
{
	const char *way = c->synopsis;
	for (const char *lead = "Usage:"; way; lead = "      ") {
		int length = (int)strcspn(way, "\n");
		fprintf(to, "%s basin %s %.*s\n", lead, c->name, length, way);
		way = way[length] ? way + length + 1 : NULL;
	}
	fprintf(to, "\n%s\n", c->help);
	opts_help_arguments(c->arguments, to);
	opts_help(c->tables, to);
}

static status help(const struct command *const *commands, const char *name)
{
	const struct command *c;
	if (!name) {
		overview(commands, stdout);
		return report_end();
	}
	TRY(find(commands, name, &c));
	command_help(c, stdout);
	return report_end();
}

/* What the build makes the documentation from. */
static status dump(const struct command *const *commands, int argc, char **argv)
{
	const struct command *c;
	if (argc == 2 && strcmp(argv[1], "completion") == 0) {
		completion_print(commands, stdout);
	} else if (argc == 2 && strcmp(argv[1], "commands") == 0) {
		for (int i = 0; commands[i]; i++)
			puts(commands[i]->name);
	} else if (argc == 3 && strcmp(argv[1], "mdoc") == 0) {
		TRY(find(commands, argv[2], &c));
		opts_mdoc(c->tables, stdout);
	} else {
		return fail(ERR_USAGE, "--dump: expected commands, mdoc COMMAND or completion");
	}
	return report_end();
}

static void print_warning(const char *text)
{
	fprintf(stderr, "basin: warning: %s\n", text);
}

static bool wants_quiet(const struct command *c, const struct opts *o)
{
	for (int i = 0; c->tables[i]; i++)
		if (c->tables[i] == &table_progress)
			return opts_flag(o, "quiet");
	return false;
}

/* argv is main's. */
static status run_command(const struct program *p, const struct command *c, int argc, char **argv)
{
	struct opts *o;
	for (int i = 0; p->backends[i]; i++)
		if (p->backends[i]->prepare)
			p->backends[i]->prepare();
	/* Before anything is read: a --config may be a pipe. */
	if (c->computes)
		threads_wait_briefly(argv);
	TRY(opts_parse(&o, c->tables, argc - 1, argv + 1));
	status s = OK;
	warning_to(wants_quiet(c, o) ? NULL : print_warning, "--");
	if (opts_flag(o, "help"))
		command_help(c, stdout);
	else if (opts_flag(o, "version"))
		version_print(p->backends, stdout);
	else if (opts_flag(o, "dump-config"))
		opts_dump_config(o, stdout);
	else
		s = c->run(o);
	opts_free(o);
	return s == OK ? report_end() : s;
}

/* "--he" is enough for --help, as behind a command. */
static bool is_option(const char *word, const char *name)
{
	size_t n = strlen(word);
	return n > 2 && strncmp(word, name, n) == 0;
}

static status dispatch(const struct program *p, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct command *c;
	if (!word) {
		overview(p->commands, stderr);
		return fail(ERR_USAGE, "a command is missing");
	}
	const bool version = is_option(word, "--version"), topic = strcmp(word, "help") == 0;
	const int most = topic ? 3 : 2;
	if ((version || topic || is_option(word, "--help")) && argc > most)
		return fail(ERR_USAGE, "%s: takes no “%s”", word, argv[most]);
	if (topic || is_option(word, "--help"))
		return help(p->commands, topic ? argv[2] : NULL);
	if (version) {
		version_print(p->backends, stdout);
		return report_end();
	}
	if (strcmp(word, "--dump") == 0)
		return dump(p->commands, argc - 1, argv + 1);
	if (word[0] == '-')
		return fail(ERR_USAGE, "unknown option %s; the command comes first, and basin --help lists them", word);
	TRY(find(p->commands, word, &c));
	return run_command(p, c, argc, argv);
}

/* Each line goes out whole, whatever pieces it is made of: what several processes say to one terminal or log does not mix, and one
 * that is killed leaves no half of a line. */
static void write_whole_lines(FILE *to)
{
	static char line[1 << 14];
	setvbuf(to, line, _IOLBF, sizeof line);
}

int program_run(const struct program *p, int argc, char **argv)
{
	/* A reader that goes away must not end a run in the middle. */
	signal(SIGPIPE, SIG_IGN);
	/* A file-size limit then is a write that fails, with its message, like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	write_whole_lines(stderr);
	status s = fill_standard_streams();
	if (s == OK)
		s = dispatch(p, argc, argv);
	/* But once all is done the program ends as others do whose output nobody wants: by the signal, without words. */
	if (s == ERR_NO_READER) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	if (s != OK)
		fprintf(stderr, "basin: %s\n", fail_words(s, "--"));
	return fail_exit_status(s);
}
