/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/data/data_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/data/mat.h"
#include "src/files/output_file.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE, IMAGE = 3 * PIXELS, CLASSES = 10, BATCHES = 5 };

/* ---- CIFAR-10: records of a label byte and three planes ---- */

static status write_records(struct arena *a, const char *folder, const char *name, const struct dataset *d, size_t first, size_t n)
{
	struct output_file f;
	char *path;
	const uint8_t *x = d->x;
	TRY(arena_text(a, &path, "%s/%s.bin", folder, name));
	TRY(output_open(&f, a, path, false));
	/* A failed write stays in the stream's error flag, which output_commit looks at. */
	for (size_t i = first; i < first + n; i++) {
		putc(d->label[i], f.to);
		fwrite(x + i * IMAGE, 1, IMAGE, f.to);
	}
	return output_commit(&f);
}

static status write_cifar10(struct arena *a, const char *folder, const struct dataset *train, const struct dataset *test)
{
	size_t n = train->n / BATCHES;
	struct output_file f;
	char *text;
	if (train->n % BATCHES)
		return fail(ERR_USAGE, "{format} cifar10: %zu training images don't make five equal batches", train->n);
	for (size_t k = 0; k < BATCHES; k++) {
		TRY(arena_text(a, &text, "data_batch_%zu", k + 1));
		TRY(write_records(a, folder, text, train, k * n, n));
	}
	TRY(write_records(a, folder, "test_batch", test, 0, test->n));
	if (!train->class_names)
		return OK;
	TRY(arena_text(a, &text, "%s/batches.meta.txt", folder));
	TRY(output_open(&f, a, text, false));
	for (int k = 0; k < train->n_classes; k++)
		fprintf(f.to, "%s\n", train->class_names[k]);
	return output_commit(&f);
}

/* ---- SVHN: MATLAB 5, columns first, class 0 as 10 ---- */

static status write_split(struct arena *a, const char *folder, const char *name, const struct dataset *d)
{
	struct output_file f;
	uint8_t *x, *y;
	char *path;
	const uint8_t *from = d->x;
	TRY(arena_take(a, d->n, IMAGE, &x));
	TRY(ARENA_NEW(a, d->n, &y));
	for (size_t p = 0; p < d->n * 3; p++)
		for (size_t i = 0; i < PIXELS; i++)
			x[p * PIXELS + i % SIDE * SIDE + i / SIDE] = from[p * PIXELS + i];
	for (size_t i = 0; i < d->n; i++)
		y[i] = (uint8_t)(d->label[i] ? d->label[i] : CLASSES);
	TRY(arena_text(a, &path, "%s/%s", folder, name));
	TRY(output_open(&f, a, path, false));
	mat_write_start(f.to);
	status s = mat_write_bytes(f.to, "X", 4, (size_t[]){SIDE, SIDE, 3, d->n}, x);
	if (s == OK)
		s = mat_write_bytes(f.to, "y", 2, (size_t[]){d->n, 1}, y);
	if (s != OK) {
		output_abandon(&f);
		return fail_within(s, "%s: ", path);
	}
	return output_commit(&f);
}

static status write_svhn(struct arena *a, const char *folder, const struct dataset *train, const struct dataset *test)
{
	TRY(write_split(a, folder, "train_32x32.mat", train));
	return write_split(a, folder, "test_32x32.mat", test);
}

/* ---- the folder ---- */

static const struct {
	const char *name;
	status (*write)(struct arena *a, const char *folder, const struct dataset *train, const struct dataset *test);
	const char *files[8];   /* everything that may have been written */
} formats[] = {
	{"cifar10", write_cifar10, {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
	                            "data_batch_5.bin", "test_batch.bin", "batches.meta.txt"}},
	{"svhn", write_svhn, {"train_32x32.mat", "test_32x32.mat"}},
};

static status check_shape(const struct dataset *d, const char *format)
{
	if (d->image && d->element == ELEMENT_U8 && d->c == 3 && d->h == SIDE && d->w == SIDE && d->n_classes == CLASSES)
		return OK;
	return fail(ERR_USAGE, "{format} %s: %s holds %d×%d×%d values an example in %d classes; 3×32×32 bytes in 10 classes were "
	            "expected", format, d->spec, d->c, d->h, d->w, d->n_classes);
}

static status write_folder(struct arena *a, const struct dataset *train, const struct dataset *test, const char *format,
                           const char *folder)
{
	struct stat st;
	char *temporary, *path;
	size_t k = 0;
	while (k < sizeof formats / sizeof *formats && strcmp(formats[k].name, format))
		k++;
	if (k == sizeof formats / sizeof *formats)
		return fail(ERR_USAGE, "{format} %s: cifar10 or svhn was expected", format);
	TRY(check_shape(train, format));
	TRY(check_shape(test, format));
	if (lstat(folder, &st) == 0)
		return fail(ERR_USAGE, "{out} %s: exists already; nothing is overwritten", folder);
	size_t length = strlen(folder);
	while (length > 1 && folder[length - 1] == '/')
		length--;
	TRY(arena_text(a, &temporary, "%.*s.tmp-%ld", (int)length, folder, (long)getpid()));
	if (mkdir(temporary, 0777) != 0)
		return fail(ERR_IO, "{out} %s: %s: %s", folder, temporary, strerror(errno));
	status s = formats[k].write(a, temporary, train, test);
	if (s == OK && rename(temporary, folder) != 0)
		s = fail(ERR_IO, "{out} %s: %s", folder, strerror(errno));
	if (s == OK)
		return OK;
	for (int i = 0; formats[k].files[i]; i++)
		if (arena_text(a, &path, "%s/%s", temporary, formats[k].files[i]) == OK)
			unlink(path);
	rmdir(temporary);
	return s;
}

status data_write(const struct dataset *train, const struct dataset *test, const char *format, const char *folder)
{
	struct arena a = {0};
	status s = write_folder(&a, train, test, format, folder);
	arena_free(&a);
	return s;
}
