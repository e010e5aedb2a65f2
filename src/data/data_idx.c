/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MNIST (LeCun et al. 1998) and Fashion-MNIST (Xiao et al. 2017): IDX files, gzipped or not. Big-endian header: 0, 0, type 8
 * (unsigned byte), number of dimensions; then the dimensions, 4 bytes each; then the bytes. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"

enum { SIDE = 28, CLASSES = 10, GZIP_AT_MOST = 1032, READ_AT_ONCE = 1 << 30 };

static const char *const fashion[CLASSES] = {
	"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
};
static const char *const digits[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

/* Fills `to`, or says that the file ends or is damaged. */
static status take(gzFile file, const char *path, uint8_t *to, size_t bytes, const char *what)
{
	for (size_t done = 0; done < bytes;) {
		size_t left = bytes - done;
		int got = gzread(file, to + done, (unsigned)(left < READ_AT_ONCE ? left : READ_AT_ONCE));
		if (got <= 0) {
			int code;
			const char *why = gzerror(file, &code);
			if (got < 0)
				return fail(ERR_INPUT, "%s: damaged or truncated in %s: %s", path, what, why);
			return fail(ERR_INPUT, "%s: truncated: ends after %zu of %zu bytes of %s", path, done, bytes, what);
		}
		done += (size_t)got;
	}
	return OK;
}

/* An array of `dimensions`; the trailing ones must be SIDE, the first is *n. */
static status take_array(gzFile file, const char *path, size_t file_size, int dimensions, struct arena *a, uint8_t **x, size_t *n)
{
	uint8_t head[16], more;
	size_t bytes = 1;
	TRY(take(file, path, head, 4 + 4 * (size_t)dimensions, "its header"));
	if (head[0] || head[1] || head[2] != 8 || head[3] != dimensions)
		return fail(ERR_INPUT, "%s: magic number 0x%02x%02x%02x%02x; 0x0000080%d was expected (IDX, unsigned bytes, %d "
		            "dimension%s)", path, head[0], head[1], head[2], head[3], dimensions, dimensions,
		            dimensions > 1 ? "s" : "");
	for (int d = 0; d < dimensions; d++) {
		const uint8_t *p = head + 4 + 4 * d;
		size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
		if (d == 0)
			*n = size;
		else if (size != SIDE)
			return fail(ERR_INPUT, "%s: dimension %d is %zu; images of 28×28 were expected", path, d, size);
		bytes *= size;
	}
	if (*n == 0)
		return fail(ERR_INPUT, "%s: holds no examples", path);
	if (bytes / GZIP_AT_MOST > file_size || (gzdirect(file) && bytes > file_size))
		return fail(ERR_INPUT, "%s: truncated: its header announces %zu bytes, the file holds %zu", path, bytes, file_size);
	TRY(arena_take(a, bytes, 1, x));
	TRY(take(file, path, *x, bytes, "its data"));
	int got = gzread(file, &more, 1), code;
	gzerror(file, &code);
	if (got > 0)
		return fail(ERR_INPUT, "%s: longer than its header announces", path);
	if (got < 0 || code == Z_BUF_ERROR)
		return fail(ERR_INPUT, "%s: damaged or truncated at its end", path);
	return OK;
}

static status read_file(const char *folder, const char *name, int dimensions, struct arena *a, uint8_t **x, size_t *n,
                        char **path)
{
	size_t size;
	TRY(arena_text(a, path, "%s/%s", folder, name));
	if (!input_is_file(*path)) {
		TRY(arena_text(a, path, "%s/%s.gz", folder, name));
		if (!input_is_file(*path))
			return fail(ERR_INPUT, "%s: holds neither %s nor %s.gz", folder, name, name);
	}
	TRY(input_size(*path, &size));
	gzFile file = gzopen(*path, "rb");
	if (!file)
		return fail(ERR_INPUT, "%s: can't be opened", *path);
	gzbuffer(file, 1 << 17);
	status s = take_array(file, *path, size, dimensions, a, x, n);
	gzclose(file);
	return s;
}

static status read_idx(const char *folder, enum split split, const char *const *names, struct dataset *out)
{
	const char *images = split == SPLIT_TEST ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte";
	const char *labels = split == SPLIT_TEST ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte";
	uint8_t *x, *y;
	int32_t *label;
	size_t n, n_labels;
	char *path;
	if (!input_is_folder(folder))
		return fail(ERR_INPUT, "%s: %s; the folder that holds %s (or .gz) was expected", folder,
		            input_is_file(folder) ? "is a file" : "no such folder", images);
	TRY(read_file(folder, images, 3, &out->arena, &x, &n, &path));
	TRY(read_file(folder, labels, 1, &out->arena, &y, &n_labels, &path));
	if (n_labels != n)
		return fail(ERR_INPUT, "%s: holds %zu labels for %zu images", path, n_labels, n);
	TRY(ARENA_NEW(&out->arena, n, &label));
	for (size_t i = 0; i < n; i++) {
		if (y[i] >= CLASSES)
			return fail(ERR_INPUT, "%s: label %zu is %d; 0 to 9 were expected", path, i, y[i]);
		label[i] = y[i];
	}
	dataset_images(out, n, 1, SIDE, SIDE, x, label, CLASSES);
	out->class_names = names;
	return OK;
}

static status read_mnist(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	return read_idx(path, split, digits, out);
}

static status read_fashion(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r;
	return read_idx(path, split, fashion, out);
}

const struct dataset_reader reader_mnist = {
	.kind = "mnist", .path = "DIR", .has_test = true, .read = read_mnist,
	.help = "MNIST's four IDX files, gzipped or not: train-images-idx3-ubyte …",
};

const struct dataset_reader reader_fashion_mnist = {
	.kind = "fashion-mnist", .path = "DIR", .has_test = true, .read = read_fashion,
	.help = "Fashion-MNIST's four IDX files, named as MNIST's",
};
