/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors: every function that can fail returns a status, 0 for success; the words for a person are kept beside it. */
#ifndef BASIN_ERR_H
#define BASIN_ERR_H

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
	X(ERR_NO_READER, "the reader of standard output is gone", 141)

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
 * The text names the option, file, line, member or tensor, and says what to do. Errors: none. */
status fail(status s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts words in front of the recorded message ("--data cifar10:DIR: ") and returns s unchanged. */
status fail_within(status s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same functions, with a return value that compilers and analyzers see: what follows a TRY() is then known to run
 * only where the call before it worked. */
#define fail(s, ...) ({ const status fail_status_ = (s); fail(fail_status_, __VA_ARGS__); fail_status_; })
#define fail_within(s, ...) ({ const status fail_status_ = (s); fail_within(fail_status_, __VA_ARGS__); fail_status_; })

/* The last recorded message; the status's own meaning where none was recorded. Valid until the next fail(). */
const char *fail_message(status s);

/* The program's exit status for s: 0 to 3; 141, what a shell calls an end by SIGPIPE. */
int fail_exit_status(status s);

/* Prints "basin: warning: …" on standard error, unless warnings are switched off. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warn_quiet(int quiet);

#endif
