/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/data_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/data/mat.h"
#include "src/files/output_file.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE, IMAGE = 3 * PIXELS, CLASSES = 10, BATCHES = 5, FILES_MOST = 8 };

/* The files of one set, which get their names when all of them are written. */
struct set_files {
	struct arena *a;
	const char *folder;
	bool overwrite;
	struct output_file at[FILES_MOST];
	const char *path[FILES_MOST];
	int n;
};

/* A failed write stays in the file, for output_close. */
static status add_file(struct set_files *f, const char *name, FILE **to)
{
	char *path;
	struct output_file *file = &f->at[f->n];
	TRY(arena_text(f->a, &path, "%s/%s", f->folder, name));
	TRY(output_open(file, f->a, "out", path, f->overwrite));
	f->path[f->n++] = path;
	*to = file->to;
	return OK;
}

/* None gets its name before the disk is known to hold them all. */
static status close_files(struct set_files *f, status so_far)
{
	for (int i = 0; so_far == OK && i < f->n; i++)
		if (fflush(f->at[i].to) != 0)
			so_far = fail(ERR_IO, "{out} %s: can't be written", f->at[i].path);
	for (int i = 0; i < f->n; i++)
		so_far = output_close(&f->at[i], so_far);
	return so_far;
}

/* ---- CIFAR-10: records of a label byte and three planes ---- */

static status write_records(struct set_files *f, const char *name, const struct dataset *d, size_t first, size_t n)
{
	FILE *to;
	const uint8_t *x = d->x;
	TRY(add_file(f, name, &to));
	for (size_t i = first; i < first + n; i++) {
		putc(d->label[i], to);
		fwrite(x + i * IMAGE, 1, IMAGE, to);
	}
	return OK;
}

static status write_cifar10(struct set_files *f, const struct dataset *train, const struct dataset *test)
{
	size_t n = train->n / BATCHES;
	char *name;
	FILE *to;
	if (train->n % BATCHES)
		return fail(ERR_USAGE, "{format} cifar10: %zu training images don't make five equal batches", train->n);
	for (size_t k = 0; k < BATCHES; k++) {
		TRY(arena_text(f->a, &name, "data_batch_%zu.bin", k + 1));
		TRY(write_records(f, name, train, k * n, n));
	}
	TRY(write_records(f, "test_batch.bin", test, 0, test->n));
	if (!train->class_names)
		return OK;
	TRY(add_file(f, "batches.meta.txt", &to));
	for (int k = 0; k < train->n_classes; k++)
		fprintf(to, "%s\n", train->class_names[k]);
	return OK;
}

/* ---- SVHN: MATLAB 5, columns first, class 0 as 10 ---- */

static status write_split(struct set_files *f, const char *name, const struct dataset *d)
{
	uint8_t *x, *y;
	FILE *to;
	const uint8_t *from = d->x;
	TRY(arena_take(f->a, d->n, IMAGE, &x));
	TRY(ARENA_NEW(f->a, d->n, &y));
	for (size_t p = 0; p < d->n * 3; p++)
		for (size_t i = 0; i < PIXELS; i++)
			x[p * PIXELS + i % SIDE * SIDE + i / SIDE] = from[p * PIXELS + i];
	for (size_t i = 0; i < d->n; i++)
		y[i] = (uint8_t)(d->label[i] ? d->label[i] : CLASSES);
	TRY(add_file(f, name, &to));
	mat_write_start(to);
	TRY(mat_write_bytes(to, "X", 4, (const size_t[]){SIDE, SIDE, 3, d->n}, x));
	return mat_write_bytes(to, "y", 2, (const size_t[]){d->n, 1}, y);
}

static status write_svhn(struct set_files *f, const struct dataset *train, const struct dataset *test)
{
	TRY(write_split(f, "train_32x32.mat", train));
	return write_split(f, "test_32x32.mat", test);
}

/* ---- the folder ---- */

static const struct {
	const char *name;
	status (*write)(struct set_files *f, const struct dataset *train, const struct dataset *test);
} formats[] = {
	{"cifar10", write_cifar10},
	{"svhn", write_svhn},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static status check_shape(const struct dataset *d, const char *format)
{
	if (d->image && d->element == ELEMENT_U8 && d->c == 3 && d->h == SIDE && d->w == SIDE && d->n_classes == CLASSES)
		return OK;
	return fail(ERR_USAGE, "{format} %s: %s holds %d×%d×%d values an example in %d classes; 3×32×32 bytes in 10 classes were "
	            "expected", format, d->spec, d->c, d->h, d->w, d->n_classes);
}

/* Into a folder that is there. */
static status write_into(struct set_files *f, size_t format, const struct dataset *train, const struct dataset *test)
{
	return close_files(f, formats[format].write(f, train, test));
}

/* Into a new one, which appears when all of it is there. */
static status write_new(struct set_files *f, size_t format, const struct dataset *train, const struct dataset *test)
{
	const char *folder = f->folder;
	char *temporary;
	size_t length = strlen(folder);
	while (length > 1 && folder[length - 1] == '/')
		length--;
	TRY(arena_text(f->a, &temporary, "%.*s.tmp-%ld", (int)length, folder, (long)getpid()));
	if (mkdir(temporary, 0777) != 0)
		return fail(ERR_IO, "{out} %s: can't be made: %s", folder, strerror(errno));
	f->folder = temporary;
	status s = write_into(f, format, train, test);
	if (s == OK && rename(temporary, folder) != 0)
		s = fail(ERR_IO, "{out} %s: %s", folder, strerror(errno));
	if (s == OK)
		return OK;
	for (int i = 0; i < f->n; i++)
		unlink(f->path[i]);
	rmdir(temporary);
	return s;
}

static status write_folder(struct set_files *f, const char *format, const struct dataset *train, const struct dataset *test)
{
	struct stat st;
	size_t k = 0;
	if (!*f->folder)
		return fail(ERR_USAGE, "{out} \"\": a folder's name was expected");
	if (strcmp(f->folder, "-") == 0)
		return fail(ERR_USAGE, "{out} -: several files can't go to standard output; a folder's name was expected");
	while (k < FORMATS && strcmp(formats[k].name, format))
		k++;
	if (k == FORMATS)
		return fail(ERR_USAGE, "{format} %s: cifar10 or svhn was expected", format);
	TRY(check_shape(train, format));
	TRY(check_shape(test, format));
	if (lstat(f->folder, &st) != 0)
		return write_new(f, k, train, test);
	if (!f->overwrite)
		return fail(ERR_USAGE, "{out} %s: exists already; {overwrite} replaces its files", f->folder);
	if (stat(f->folder, &st) != 0 || !S_ISDIR(st.st_mode))
		return fail(ERR_USAGE, "{out} %s: is no folder; a folder's name was expected", f->folder);
	return write_into(f, k, train, test);
}

status data_write(const struct dataset *train, const struct dataset *test, const char *format, const char *folder,
                  bool overwrite)
{
	struct arena a = {0};
	struct set_files files = {.a = &a, .folder = folder, .overwrite = overwrite};
	status s = write_folder(&files, format, train, test);
	arena_free(&a);
	return s;
}
