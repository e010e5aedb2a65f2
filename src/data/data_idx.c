/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* MNIST (LeCun et al. 1998) and Fashion-MNIST (Xiao et al. 2017): IDX files, gzipped or not. Big-endian header: 0, 0, type 8
 * (unsigned byte), number of dimensions; then the dimensions, 4 bytes each; then the bytes. */
#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"

enum { SIDE = 28, CLASSES = 10 };

/* The publishers' names, and the same with a dot for the hyphen before "idx", as some programs unpack and hand them on. */
enum { IMAGES, LABELS };
static const char *const names[][2][2] = {
	[SPLIT_TRAIN] = {{"train-images-idx3-ubyte", "train-images.idx3-ubyte"},
	                 {"train-labels-idx1-ubyte", "train-labels.idx1-ubyte"}},
	[SPLIT_TEST] = {{"t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"},
	                {"t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"}},
};

/* A set, and where torchvision puts its files below the folder that it is given. */
struct set {
	const char *const *class_names;
	const char *place;
};

static const char *const fashion[CLASSES] = {
	"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
};
static const char *const digits[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static const struct set mnist = {digits, "MNIST/raw"}, fashion_mnist = {fashion, "FashionMNIST/raw"};

/* An array of `dimensions`; the trailing ones must be SIDE, the first is *n. */
static status take_array(const char *path, uint8_t *file, size_t size, int dimensions, uint8_t **x, size_t *n)
{
	const uint8_t *head = file;
	size_t bytes = 1, start = 4 + 4 * (size_t)dimensions;
	if (size < 4)
		return fail(ERR_INPUT, "%s: truncated: ends after %zu bytes of its header", path, size);
	if (head[0] || head[1] || head[2] != 8 || head[3] != dimensions)
		return fail(ERR_INPUT, "%s: magic number 0x%02x%02x%02x%02x; 0x0000080%d was expected (IDX, unsigned bytes, %d "
		            "dimension%s)", path, head[0], head[1], head[2], head[3], dimensions, dimensions,
		            dimensions > 1 ? "s" : "");
	if (size < start)
		return fail(ERR_INPUT, "%s: truncated: ends after %zu of %zu bytes of its header", path, size, start);
	for (int d = 0; d < dimensions; d++) {
		const uint8_t *p = head + 4 + 4 * d;
		size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
		if (d == 0)
			*n = length;
		else if (length != SIDE)
			return fail(ERR_INPUT, "%s: dimension %d is %zu; images of 28×28 were expected", path, d, length);
		bytes *= length;
	}
	if (*n == 0)
		return fail(ERR_INPUT, "%s: holds no examples", path);
	if (size - start < bytes)
		return fail(ERR_INPUT, "%s: truncated: ends after %zu of the %zu bytes that its header announces", path, size - start,
		            bytes);
	if (size - start > bytes)
		return fail(ERR_INPUT, "%s: longer than its header announces", path);
	*x = file + start;
	return OK;
}

/* The name of a file that is in `folder` under one of two names, gzipped or not; NULL: none is. */
static status find_file(const char *folder, const char *const name[2], struct arena *a, char **path)
{
	bool found;
	for (int i = 0; i < 4; i++) {
		TRY(arena_text(a, path, "%s/%s%s", folder, name[i / 2], i % 2 ? ".gz" : ""));
		TRY(input_find_file(*path, &found));
		if (found)
			return OK;
	}
	*path = NULL;
	return OK;
}

static status read_file(const char *path, int dimensions, struct arena *a, uint8_t **x, size_t *n)
{
	uint8_t *file;
	size_t size;
	TRY(input_read_inflated(path, a, &file, &size));
	return take_array(path, file, size, dimensions, x, n);
}

static status check_folder(const char *folder, const char *images)
{
	bool found;
	if (input_is_file(folder))
		return fail(ERR_INPUT, "%s: is a file; the folder that holds %s (or .gz) was expected", folder, images);
	TRY(input_find_folder(folder, &found));
	return found ? OK : fail(ERR_INPUT, "%s: no such folder; the one that holds %s (or .gz) was expected", folder, images);
}

/* The images and the labels of a split, which lie in one folder. */
static status find_pair(const struct set *set, const char *folder, enum split split, struct arena *a, char **images,
                        char **labels)
{
	const char *const *name = names[split][IMAGES];
	char *place;
	TRY(check_folder(folder, name[0]));
	TRY(arena_text(a, &place, "%s", folder));
	TRY(find_file(place, name, a, images));
	if (!*images) {
		TRY(arena_text(a, &place, "%s/%s", folder, set->place));
		TRY(find_file(place, name, a, images));
	}
	if (!*images)
		return fail(ERR_INPUT, "%s: holds neither %s nor %s, gzipped (.gz) or not, in itself or %s", folder, name[0], name[1],
		            set->place);
	name = names[split][LABELS];
	TRY(find_file(place, name, a, labels));
	return *labels ? OK : fail(ERR_INPUT, "%s: holds neither %s nor %s, gzipped (.gz) or not, the labels of %s", place,
	                           name[0], name[1], *images);
}

static status read_idx(const struct set *set, const char *folder, enum split split, struct dataset *out)
{
	struct arena *a = &out->arena;
	uint8_t *x, *y;
	int32_t *label;
	size_t n, n_labels;
	char *images, *labels;
	TRY(find_pair(set, folder, split, a, &images, &labels));
	TRY(read_file(images, 3, a, &x, &n));
	TRY(read_file(labels, 1, a, &y, &n_labels));
	if (n_labels != n)
		return fail(ERR_INPUT, "%s: holds %zu labels for %zu images", labels, n_labels, n);
	TRY(ARENA_NEW(a, n, &label));
	for (size_t i = 0; i < n; i++) {
		if (y[i] >= CLASSES)
			return fail(ERR_INPUT, "%s: label %zu is %d; 0 to 9 were expected", labels, i, y[i]);
		label[i] = y[i];
	}
	dataset_images(out, n, 1, SIDE, SIDE, x, label, CLASSES);
	out->class_names = set->class_names;
	return OK;
}

static status read_mnist(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	return read_idx(&mnist, path, split, out);
}

static status read_fashion(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	return read_idx(&fashion_mnist, path, split, out);
}

static const char *const mnist_files[] = {"*-ubyte", "*-ubyte.gz", "MNIST/raw/*-ubyte", "MNIST/raw/*-ubyte.gz", NULL};
static const char *const fashion_files[] = {"*-ubyte", "*-ubyte.gz", "FashionMNIST/raw/*-ubyte", "FashionMNIST/raw/*-ubyte.gz", NULL};

const struct dataset_reader reader_mnist = {
	.kind = "mnist", .path = "DIR", .has_test = true, .files = mnist_files, .read = read_mnist,
	.help = "MNIST's four IDX files, gzipped or not: train-images-idx3-ubyte …",
};

const struct dataset_reader reader_fashion_mnist = {
	.kind = "fashion-mnist", .path = "DIR", .has_test = true, .files = fashion_files, .read = read_fashion,
	.help = "Fashion-MNIST's four IDX files, named as MNIST's",
};
