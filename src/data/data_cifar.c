/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CIFAR-10 and CIFAR-100 (Krizhevsky 2009, "Learning multiple layers of features from tiny images") in the publishers'
 * binary layout: records of one label byte (CIFAR-100: coarse, then fine) and 3 × 32 × 32 bytes, red plane first. */
#include <stdio.h>
#include <string.h>

#include "src/data/data_cifar.h"
#include "src/data/input_file.h"

static const char *const train10[] = {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", NULL};
static const char *const test10[] = {"test_batch", NULL}, *const train100[] = {"train", NULL}, *const test100[] = {"test", NULL};
static const char *const places10[] = {"", "cifar-10-batches-bin/", "cifar-10-batches-py/", NULL};
static const char *const places100[] = {"", "cifar-100-binary/", "cifar-100-python/", NULL};

static const struct cifar cifar10 = {
	.classes = 10, .label_bytes = 1, .files = {train10, test10}, .places = places10,
	.names_text = "batches.meta.txt", .names_pickle = "batches.meta",
	.labels_key = "labels", .names_key = "label_names",
}, cifar100 = {
	.classes = 100, .label_bytes = 2, .files = {train100, test100}, .places = places100,
	.names_text = "fine_label_names.txt", .names_pickle = "meta",
	.labels_key = "fine_labels", .names_key = "fine_label_names",
};

enum { COARSE_CLASSES = 20 };

status cifar_label(const char *file, size_t record, int64_t label, int classes, const char *what)
{
	if (label < 0 || label >= classes)
		return fail(ERR_INPUT, "%s: record %zu has %s %lld; 0 to %d were expected", file, record, what, (long long)label,
		            classes - 1);
	return OK;
}

/* Reads every file of the split to its place behind the one before, then closes the gaps that the label bytes leave. */
static status read_binary(const struct cifar *f, const char *folder, const char *const *files, struct dataset *out)
{
	size_t record = (size_t)f->label_bytes + CIFAR_BYTES, size = 0, first = 0, total = 0;
	char *path;
	uint8_t *x;
	int32_t *label;
	for (int k = 0; files[k]; k++) {
		TRY(arena_text(&out->arena, &path, "%s/%s.bin", folder, files[k]));
		TRY(input_size(path, &size));
		if (size == 0 || size % record)
			return fail(ERR_INPUT, "%s: holds %zu bytes; records of %zu bytes were expected (%d label byte%s and 32×32×3 "
			            "pixels): %s", path, size, record, f->label_bytes, f->label_bytes > 1 ? "s" : "",
			            size ? "truncated, or another format" : "the file is empty");
		if (k && size != first)
			return fail(ERR_INPUT, "%s: holds %zu records, %s.bin %zu; the batches were expected to be equally long", path,
			            size / record, files[0], first / record);
		first = size;
		total += size;
	}
	size_t n = total / record;
	TRY(ARENA_NEW(&out->arena, total, &x));
	TRY(ARENA_NEW(&out->arena, n, &label));
	for (size_t k = 0; files[k]; k++) {
		TRY(arena_text(&out->arena, &path, "%s/%s.bin", folder, files[k]));
		TRY(input_read_into(path, x + k * size, size));
		for (size_t i = 0; i < size / record; i++) {
			size_t row = k * (size / record) + i;
			const uint8_t *at = x + row * record;
			if (f->label_bytes == 2)
				TRY(cifar_label(path, i, at[0], COARSE_CLASSES, "coarse label"));
			label[row] = at[f->label_bytes - 1];
			TRY(cifar_label(path, i, label[row], f->classes, "label"));
			memmove(x + row * CIFAR_BYTES, at + f->label_bytes, CIFAR_BYTES);
		}
	}
	dataset_images(out, n, 3, 32, 32, x, label, f->classes);
	TRY(arena_text(&out->arena, &path, "%s/%s", folder, f->names_text));
	return input_is_file(path) ? dataset_class_names(out, path) : OK;
}

static status read_cifar(const struct cifar *f, const char *path, enum split split, struct dataset *out)
{
	const char *const *files = f->files[split == SPLIT_TEST];
	char *folder, *file;
	if (input_is_file(path))
		return fail(ERR_INPUT, "%s: is a file; the folder that holds %s.bin or %s was expected", path, files[0], files[0]);
	if (!input_is_folder(path))
		return fail(ERR_INPUT, "%s: no such folder; the one that holds %s.bin or %s was expected", path, files[0], files[0]);
	for (const char *const *place = f->places; *place; place++) {
		TRY(arena_text(&out->arena, &folder, "%s/%s", path, *place));
		folder[strlen(folder) - 1] = 0;
		TRY(arena_text(&out->arena, &file, "%s/%s.bin", folder, files[0]));
		if (input_is_file(file))
			return read_binary(f, folder, files, out);
		TRY(arena_text(&out->arena, &file, "%s/%s", folder, files[0]));
		if (input_is_file(file))
			return cifar_read_pickles(f, folder, files, out);
	}
	return fail(ERR_INPUT, "%s: holds neither %s.bin (binary version) nor %s (python version), in itself, %.*s or %.*s", path,
	            files[0], files[0], (int)strlen(f->places[1]) - 1, f->places[1], (int)strlen(f->places[2]) - 1, f->places[2]);
}

static status read_cifar10(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	return read_cifar(&cifar10, path, split, out);
}

static status read_cifar100(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	return read_cifar(&cifar100, path, split, out);
}

const struct dataset_reader reader_cifar10 = {
	.kind = "cifar10", .path = "DIR", .has_test = true, .read = read_cifar10,
	.help = "CIFAR-10: data_batch_1 … 5 and test_batch, binary (.bin) or python version",
};

const struct dataset_reader reader_cifar100 = {
	.kind = "cifar100", .path = "DIR", .has_test = true, .read = read_cifar100,
	.help = "CIFAR-100 with its 100 fine classes: train and test, binary (.bin) or python version",
};
