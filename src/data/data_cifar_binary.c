/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The publishers' binary layout of CIFAR: records of one label byte (CIFAR-100: coarse, then fine) and 3 × 32 × 32 bytes,
 * red plane first. */
#include <string.h>

#include "src/data/data_cifar.h"
#include "src/data/input_file.h"

enum { COARSE_CLASSES = 20 };

/* Reads every file of the split to its place behind the one before, then closes the gaps that the label bytes leave. */
status cifar_read_binary(const struct cifar *f, const char *folder, const char *const *files, struct dataset *out)
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
	bool found;
	TRY(input_find_file(path, &found));
	return found ? dataset_class_names(out, path) : OK;
}
