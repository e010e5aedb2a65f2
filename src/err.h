/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Errors: every function that can fail returns a status, 0 for success; the words for a person are kept beside it.
 *
 * Words name a parameter in braces, "{lr} must be above 0": what stands before it, "--" on a command line, is for whoever
 * shows them to say. Only the format's own braces mean that; those of a file's name or of a value stay as they are. */
#ifndef BASIN_ERR_H
#define BASIN_ERR_H

#include <stdbool.h>

/* X(name, meaning, exit status of the program) */
#define STATUS_LIST(X)                                                       \
	X(OK, "done", 0)                                                     \
	X(ERR_USAGE, "wrong usage", 2)                                       \
	X(ERR_INPUT, "unreadable or malformed input", 2)                     \
	X(ERR_DAMAGE, "damaged file", 2)                                     \
	X(ERR_IO, "input or output failed", 1)                               \
	X(ERR_MEMORY, "out of memory", 1)                                    \
	X(ERR_LIBRARY, "a library call failed", 1)                           \
	X(ERR_DIVERGED, "a chain diverged", 1)                               \
	X(ERR_CHECK, "a check found a problem", 1)                           \
	X(ERR_INTERRUPTED, "interrupted", 3)                                 \
	X(ERR_NO_READER, "the reader of standard output is gone", 141)       \
	X(ERR_BUSY, "another process is at work on it", 2)

#define STATUS_NAME(name, meaning, code) name,
typedef enum status { STATUS_LIST(STATUS_NAME) STATUS_COUNT } status;
#undef STATUS_NAME

/* Passes a failure up to the caller. */
#define TRY(expr)                                                            \
	do {                                                                 \
		status try_status_ = (expr);                                 \
		if (try_status_ != OK)                                       \
			return try_status_;                                  \
	} while (0)

/* Records what went wrong (printf format, no newline) and returns s, for `return fail(ERR_INPUT, "%s: …", path)`.
 * The text names the parameter, file, line, member or tensor, and says what to do. Errors: none. */
status fail(status s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts words in front of the recorded message ("chain 2: ") and returns s unchanged. */
status fail_within(status s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same functions, with a return value that compilers and analyzers see: what follows a TRY() is then known to run
 * only where the call before it worked. */
#define fail(s, ...) ({ const status fail_status_ = (s); fail(fail_status_, __VA_ARGS__); fail_status_; })
#define fail_within(s, ...) ({ const status fail_status_ = (s); fail_within(fail_status_, __VA_ARGS__); fail_status_; })

/* The last recorded message, `before` in front of each parameter's name; the status's own meaning where none was recorded.
 * Valid until this thread's next call of a fail_ function. */
const char *fail_words(status s, const char *before);
/* The same with bare names. */
const char *fail_message(status s);

/* Whether the recorded message begins with this parameter's name. */
bool fail_is_about(const char *name);

/* The recorded message as fail_again takes it, to carry it from a thread to another; the caller's to free, NULL without
 * memory. And recording it again, or with NULL that nothing is known but the status: returns s. */
char *fail_copy(void);
status fail_again(status s, const char *copy);

/* The program's exit status for s: 0 to 3; 141, what a shell calls an end by SIGPIPE. */
int fail_exit_status(status s);

/* Tells whoever listens (printf format, no newline, names in braces) of something that is no failure. */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the recorded message of a failure that is passed over. */
void warning_failed(status s);

/* From now on this one hears the process's warnings, names after `before`; NULL: nobody, as at the start. Call it before
 * there are threads. */
void warning_to(void (*hear)(const char *text), const char *before);

#endif
