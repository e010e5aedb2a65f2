/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* CIFAR-10 and CIFAR-100 (Krizhevsky 2009, "Learning multiple layers of features from tiny images"): what the two sets are,
 * and which of their two distributions lies in a folder. */
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

static status read_cifar(const struct cifar *f, const char *path, enum split split, struct dataset *out)
{
	const char *const *files = f->files[split == SPLIT_TEST];
	char *folder, *file;
	bool found;
	if (input_is_file(path))
		return fail(ERR_INPUT, "%s: is a file; the folder that holds %s.bin or %s was expected", path, files[0], files[0]);
	TRY(input_find_folder(path, &found));
	if (!found)
		return fail(ERR_INPUT, "%s: no such folder; the one that holds %s.bin or %s was expected", path, files[0], files[0]);
	for (const char *const *place = f->places; *place; place++) {
		TRY(arena_text(&out->arena, &folder, "%s/%s", path, *place));
		folder[strlen(folder) - 1] = 0;
		TRY(arena_text(&out->arena, &file, "%s/%s.bin", folder, files[0]));
		TRY(input_find_file(file, &found));
		if (found)
			return cifar_read_binary(f, folder, files, out);
		TRY(arena_text(&out->arena, &file, "%s/%s", folder, files[0]));
		TRY(input_find_file(file, &found));
		if (found)
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

/* All that lies in a place of either version. */
static const char *const files10[] = {"*_batch*", "batches.meta*", "cifar-10-batches-bin/*", "cifar-10-batches-py/*", NULL};
static const char *const files100[] = {"train", "test", "meta", "train.bin", "test.bin", "*_label_names.txt", "cifar-100-binary/*",
                                       "cifar-100-python/*", NULL};

const struct dataset_reader reader_cifar10 = {
	.kind = "cifar10", .path = "DIR", .has_test = true, .files = files10, .read = read_cifar10,
	.help = "CIFAR-10: data_batch_1 … 5 and test_batch, binary (.bin) or python version",
};

const struct dataset_reader reader_cifar100 = {
	.kind = "cifar100", .path = "DIR", .has_test = true, .files = files100, .read = read_cifar100,
	.help = "CIFAR-100 with its 100 fine classes: train and test, binary (.bin) or python version",
};
