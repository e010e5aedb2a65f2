/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions as products: an image's pixels as a filter sees them are a matrix of (y's pixels, the filter's elements).
 * Rows are padded to LANES, so that the innermost loop has no rest. ThreadSanitizer does not see it: nothing here is
 * the device's memory. */
#include "cudnn_loops.h"

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(16), may_alias));

struct dnn_shape dnn_shape_of(const struct dnn_op *op)
{
	const bool filter = op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
	const bool data = op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
	const struct dnn_tensor *x = data ? &op->out[0] : &op->in[0], *w = filter ? &op->out[0] : &op->in[1];
	const struct dnn_tensor *y = data ? &op->in[0] : filter ? &op->in[1] : &op->out[0];
	const auto at = [](const struct dnn_tensor *t, int i) { return (size_t)t->dim[i]; };
	return {at(x, 0), at(x, 1), at(x, 2), at(x, 3), at(w, 0), at(w, 2), at(w, 3), at(w, 1), at(y, 2), at(y, 3),
	        at(x, 1) / at(w, 1), op->conv};
}

static size_t padded(size_t n)
{
	return (n + LANES - 1) / LANES * LANES;
}

/* Two rows (the second may be the first again) and LANES columns of c += a·b over p from … to. */
static UNSEEN void tile(const float *a, const float *second, size_t a_step, const float *b, size_t ldb, size_t from,
                        size_t to, float *c, float *other)
{
	lanes s0 = {}, s1 = {}, s2 = {}, s3 = {}, t0 = {}, t1 = {}, t2 = {}, t3 = {};
	for (size_t p = from; p < to; p++) {
		const lanes *row = (const lanes *)(b + p * ldb);
		const float u = a[p * a_step], v = second[p * a_step];
		s0 += u * row[0], s1 += u * row[1], s2 += u * row[2], s3 += u * row[3];
		t0 += v * row[0], t1 += v * row[1], t2 += v * row[2], t3 += v * row[3];
	}
	lanes *to_c = (lanes *)c, *to_other = (lanes *)other;
	to_c[0] += s0, to_c[1] += s1, to_c[2] += s2, to_c[3] += s3;
	if (other != c)
		to_other[0] += t0, to_other[1] += t1, to_other[2] += t2, to_other[3] += t3;
}

/* c (m, n) += a·b: a's element (i, p) is at i·a_row + p·a_step; n, which is b's and c's row too, is padded. The sums
 * over k are in parts. */
static UNSEEN void product(size_t m, size_t n, size_t k, unsigned parts, const float *a, size_t a_row, size_t a_step,
                           const float *b, float *c)
{
	for (unsigned part = 0; part < parts; part++) {
		const size_t from = k * part / parts, to = k * (part + 1) / parts;
		for (size_t j = 0; j < n && from < to; j += LANES)
			for (size_t i = 0; i < m; i += 2) {
				const size_t other = i + 1 < m ? i + 1 : i;
				tile(a + i * a_row, a + other * a_row, a_step, b + j, n, from, to, c + i * n + j,
				     c + other * n + j);
			}
	}
}

/* Element (i, j) of a filter at y's pixel p: x's pixel, or −1 where it lies outside. */
static UNSEEN long pixel(const struct dnn_shape *s, size_t p, size_t i, size_t j)
{
	const long y = (long)(p / s->y_w) * s->how.step[0] - s->how.pad[0] + (long)i * s->how.dilation[0];
	const long x = (long)(p % s->y_w) * s->how.step[1] - s->how.pad[1] + (long)j * s->how.dilation[1];
	return y < 0 || x < 0 || y >= (long)s->h || x >= (long)s->w ? -1 : y * (long)s->w + x;
}

/* An image's matrix, of one group; and back, where each pixel gets the sum. */
static UNSEEN void unfold(const struct dnn_shape *s, const float *image, size_t group, float *to, size_t row)
{
	for (size_t p = 0; p < s->y_h * s->y_w; p++)
		for (size_t i = 0; i < s->filter_h * s->filter_w; i++) {
			const long from = pixel(s, p, i / s->filter_w, i % s->filter_w);
			float *mine = to + p * row + i * s->in;
			for (size_t c = 0; c < s->in; c++)
				mine[c] = from < 0 ? 0 : image[(size_t)from * s->c + group * s->in + c];
		}
}

static UNSEEN void fold(const struct dnn_shape *s, const float *from, size_t row, size_t group, float *image)
{
	for (size_t p = 0; p < s->y_h * s->y_w; p++)
		for (size_t i = 0; i < s->filter_h * s->filter_w; i++) {
			const long to = pixel(s, p, i / s->filter_w, i % s->filter_w);
			const float *mine = from + p * row + i * s->in;
			for (size_t c = 0; to >= 0 && c < s->in; c++)
				image[(size_t)to * s->c + group * s->in + c] += mine[c];
		}
}

void dnn_forward(const struct dnn_shape *s, unsigned parts, const float *x, const float *w, float *y)
{
	const size_t pixels = s->y_h * s->y_w, k = s->filter_h * s->filter_w * s->in, each = s->out / s->groups;
	const size_t row = padded(each);
	std::vector<float> seen(pixels * k), turned(k * row), sums(pixels * row);
	for (size_t g = 0; g < s->groups; g++) {
		for (size_t i = 0; i < each; i++)
			for (size_t p = 0; p < k; p++)
				turned[p * row + i] = w[(g * each + i) * k + p];
		for (size_t n = 0; n < s->n; n++) {
			unfold(s, x + n * s->h * s->w * s->c, g, seen.data(), k);
			sums.assign(sums.size(), 0);
			product(pixels, row, k, parts, seen.data(), k, 1, turned.data(), sums.data());
			for (size_t p = 0; p < pixels; p++)
				memcpy(y + (n * pixels + p) * s->out + g * each, &sums[p * row], sizeof(float) * each);
		}
	}
}

void dnn_backward_filter(const struct dnn_shape *s, unsigned parts, const float *x, const float *dy, float *dw)
{
	const size_t pixels = s->y_h * s->y_w, k = s->filter_h * s->filter_w * s->in, each = s->out / s->groups;
	const size_t row = padded(k);
	std::vector<float> seen(pixels * row), sums(each * row);
	for (size_t g = 0; g < s->groups; g++) {
		sums.assign(sums.size(), 0);
		for (size_t n = 0; n < s->n; n++) {
			unfold(s, x + n * s->h * s->w * s->c, g, seen.data(), row);
			product(each, row, pixels, parts, dy + n * pixels * s->out + g * each, 1, s->out, seen.data(), sums.data());
		}
		for (size_t i = 0; i < each; i++)
			memcpy(dw + (g * each + i) * k, &sums[i * row], sizeof(float) * k);
	}
}

void dnn_backward_data(const struct dnn_shape *s, unsigned parts, const float *dy, const float *w, float *dx)
{
	const size_t pixels = s->y_h * s->y_w, k = s->filter_h * s->filter_w * s->in, each = s->out / s->groups;
	const size_t row = padded(k), image = s->h * s->w * s->c;
	std::vector<float> seen(pixels * row), filter(each * row);
	memset(dx, 0, sizeof(float) * s->n * image);
	for (size_t g = 0; g < s->groups; g++) {
		for (size_t i = 0; i < each; i++)
			memcpy(&filter[i * row], w + (g * each + i) * k, sizeof(float) * k);
		for (size_t n = 0; n < s->n; n++) {
			seen.assign(seen.size(), 0);
			product(pixels, row, each, parts, dy + n * pixels * s->out + g * each, s->out, 1, filter.data(),
			        seen.data());
			fold(s, seen.data(), row, g, dx + n * image);
		}
	}
}
