/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Pooling of (images, height, width, inner), where `inner` channels lie together: some of them to a thread. Every element is written
 * once, from all that goes into it, in an order that the shape alone decides. */
#include "src/cuda/launch.h"

#include "src/cuda/layers.h"
#include "src/cuda/quad.cuh"

enum { THREADS = 128, BLOCKS = 8 };  /* so many blocks share a multiprocessor at least */

/* Channels that one access moves: 16 bytes of the narrower type. */
template <typename T, int WIDTH> struct alignas(WIDTH * sizeof(T)) channels {
	T at[WIDTH];
};

template <int WIDTH, typename T> static __device__ __forceinline__ void load(const T *x, float v[WIDTH])
{
	const channels<T, WIDTH> all = *(const channels<T, WIDTH> *)x;
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		v[j] = number_of(all.at[j]);
}

template <int WIDTH, typename T> static __device__ __forceinline__ void store(T *y, const float v[WIDTH])
{
	channels<T, WIDTH> all;
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		number_set(&all.at[j], v[j]);
	*(channels<T, WIDTH> *)y = all;
}

/* What a thread works on: channels of a pixel of x or of y. */
struct place {
	size_t image;
	int y, x, channel;
};

/* Of images of so many rows and columns, of which `bunch` share blocks: without a division of 64 bits, which is a call. False: there
 * is none. */
template <int WIDTH>
static __device__ __forceinline__ bool place_of(const struct cuda_pool_args &a, int rows, int columns, unsigned bunch, struct place *p)
{
	const unsigned groups = (unsigned)(a.inner / WIDTH), line = groups * (unsigned)columns, each = line * (unsigned)rows;
	const unsigned blocks = (bunch * each + THREADS - 1) / THREADS, turn = blockIdx.x / blocks;
	const unsigned item = (blockIdx.x - turn * blocks) * THREADS + threadIdx.x;
	const unsigned image = item / each, within = item - image * each, rest = within % line;
	p->image = (size_t)turn * bunch + image;
	p->y = (int)(within / line);
	p->x = (int)(rest / groups);
	p->channel = (int)(rest % groups) * WIDTH;
	return image < bunch && p->image < a.images;
}

/* Along one axis: first … end − 1. */
struct span {
	int first, end;
};

/* The places of x in the window of output o. */
static __device__ __forceinline__ struct span window_of(const struct cuda_pool_args &a, int o, int size)
{
	const int first = o * a.stride - a.pad, end = first + a.kernel;
	const struct span s = {first > 0 ? first : 0, end < size ? end : size};
	return s;
}

/* The outputs in whose windows a place of x is. */
static __device__ __forceinline__ struct span outputs_of(const struct cuda_pool_args &a, int at, int outputs)
{
	const int before = at + a.pad - a.kernel, end = (at + a.pad) / a.stride + 1;
	const struct span s = {before < 0 ? 0 : before / a.stride + 1, end < outputs ? end : outputs};
	return s;
}

/* 1/n of the n places of a window; written out, as of a division compilers make a call, around which registers are saved. */
static __device__ __forceinline__ float share_of(struct span rows, struct span columns)
{
	const float n = (float)((rows.end - rows.first) * (columns.end - columns.first)), share = __fdividef(1.0f, n);
	return fmaf(fmaf(-n, share, 1.0f), share, share);
}

template <int WIDTH> static __device__ __forceinline__ void add_all(const float v[WIDTH], float sum[WIDTH])
{
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		sum[j] += v[j];
}

template <int WIDTH> static __device__ __forceinline__ void scale_all(float share, float v[WIDTH])
{
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		v[j] *= share;
}

/* ---- forward ---- */

/* What is no number counts as more than all others, so that it is seen; of equals the first counts. */
template <int WIDTH>
static __device__ __forceinline__ void take_maxima(const float v[WIDTH], int position, float best[WIDTH], int at[WIDTH])
{
	UNROLL
	for (int j = 0; j < WIDTH; j++) {
		const bool better = v[j] > best[j] || v[j] != v[j];
		best[j] = better ? v[j] : best[j];
		at[j] = better ? position : at[j];
	}
}

template <int WIDTH> static __device__ __forceinline__ void store_positions(unsigned char *to, const int at[WIDTH])
{
	channels<unsigned char, WIDTH> positions;
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		positions.at[j] = (unsigned char)at[j];
	*(channels<unsigned char, WIDTH> *)to = positions;
}

template <bool MAX, int WIDTH, typename X, typename Y>
__global__ void __launch_bounds__(THREADS, BLOCKS) pool_kernel(const __grid_constant__ struct cuda_pool_args a, unsigned bunch)
{
	struct place p;
	if (!place_of<WIDTH>(a, a.oh, a.ow, bunch, &p))
		return;
	const struct span rows = window_of(a, p.y, a.h), columns = window_of(a, p.x, a.w);
	const int corner = (p.y * a.stride - a.pad) * a.kernel + p.x * a.stride - a.pad;
	const size_t to = ((p.image * (size_t)a.oh + (size_t)p.y) * (size_t)a.ow + (size_t)p.x) * (size_t)a.inner + (size_t)p.channel;
	const X *const from = (const X *)a.x + p.image * (size_t)a.h * (size_t)a.w * (size_t)a.inner + p.channel;
	float v[WIDTH], out[WIDTH];
	int at[WIDTH];
	UNROLL
	for (int j = 0; j < WIDTH; j++) {
		out[j] = MAX ? -INFINITY : 0;
		at[j] = rows.first * a.kernel + columns.first - corner;
	}
	for (int y = rows.first; y < rows.end; y++)
		for (int x = columns.first; x < columns.end; x++) {
			load<WIDTH>(from + ((size_t)y * (size_t)a.w + (size_t)x) * (size_t)a.inner, v);
			if (MAX)
				take_maxima<WIDTH>(v, y * a.kernel + x - corner, out, at);
			else
				add_all<WIDTH>(v, out);
		}
	if (!MAX)
		scale_all<WIDTH>(share_of(rows, columns), out);
	store<WIDTH>((Y *)a.y + to, out);
	if (MAX && a.position)
		store_positions<WIDTH>(a.position + to, at);
}

/* ---- backward ---- */

/* Only where the maximum was at that position. */
template <int WIDTH>
static __device__ __forceinline__ void keep_won(const channels<unsigned char, WIDTH> &at, int position, float g[WIDTH])
{
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		g[j] = at.at[j] == position ? g[j] : 0;
}

/* What an output's window hands to the place of x that is its `position`. */
template <bool MAX, int WIDTH, typename Y>
static __device__ __forceinline__ void collect(const struct cuda_pool_args &a, size_t from, int position, float share, float sum[WIDTH])
{
	float g[WIDTH], more[WIDTH];
	load<WIDTH>((const Y *)a.dy[0] + from, g);
	if (a.dy[1]) {
		load<WIDTH>((const Y *)a.dy[1] + from, more);
		add_all<WIDTH>(more, g);
	}
	if (MAX)
		keep_won<WIDTH>(*(const channels<unsigned char, WIDTH> *)(a.position + from), position, g);
	else
		scale_all<WIDTH>(share, g);
	add_all<WIDTH>(g, sum);
}

template <bool MAX, int WIDTH, typename X, typename Y>
__global__ void __launch_bounds__(THREADS, BLOCKS) pool_backward_kernel(const __grid_constant__ struct cuda_pool_args a, unsigned bunch)
{
	struct place p;
	if (!place_of<WIDTH>(a, a.h, a.w, bunch, &p))
		return;
	const struct span rows = outputs_of(a, p.y, a.oh), columns = outputs_of(a, p.x, a.ow);
	const size_t image = p.image * (size_t)a.oh * (size_t)a.ow * (size_t)a.inner + (size_t)p.channel;
	float sum[WIDTH] = {};
	for (int y = rows.first; y < rows.end; y++)
		for (int x = columns.first; x < columns.end; x++) {
			const int position = (p.y + a.pad - y * a.stride) * a.kernel + p.x + a.pad - x * a.stride;
			const float share = MAX ? 1 : share_of(window_of(a, y, a.h), window_of(a, x, a.w));
			const size_t from = image + ((size_t)y * (size_t)a.ow + (size_t)x) * (size_t)a.inner;
			collect<MAX, WIDTH, Y>(a, from, position, share, sum);
		}
	const size_t to = ((p.image * (size_t)a.h + (size_t)p.y) * (size_t)a.w + (size_t)p.x) * (size_t)a.inner + (size_t)p.channel;
	store<WIDTH>((X *)a.dx + to, sum);
}

/* ---- means of whole images, channels last ---- */

enum { MEAN_THREADS = 256, MEAN_LANES_MOST = 32 };

/* A block has an image's channels from `slice`·WIDTH·n on, and its threads take so many pixels in turn. */
template <int WIDTH, typename X, typename Y>
__global__ void __launch_bounds__(MEAN_THREADS) pool_whole_kernel(const __grid_constant__ struct cuda_pool_args a, int lanes, float share)
{
	SHARED(float, part, MEAN_THREADS * WIDTH);
	const int slice = MEAN_THREADS / lanes, group = (int)threadIdx.x % slice, lane = (int)threadIdx.x / slice;
	const int pixels = a.h * a.w, slices = (a.inner / WIDTH + slice - 1) / slice;
	const size_t image = blockIdx.x / (unsigned)slices;
	const int first = (int)(blockIdx.x % (unsigned)slices) * slice * WIDTH, channel = first + group * WIDTH;
	const X *const x = (const X *)a.x + image * (size_t)pixels * (size_t)a.inner + channel;
	float sum[WIDTH] = {}, v[WIDTH];
	for (int i = lane; channel < a.inner && i < pixels; i += lanes) {
		load<WIDTH>(x + (size_t)i * (size_t)a.inner, v);
		add_all<WIDTH>(v, sum);
	}
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		part[(lane * slice + group) * WIDTH + j] = sum[j];
	__syncthreads();
	for (int c = (int)threadIdx.x; c < slice * WIDTH && first + c < a.inner; c += MEAN_THREADS) {
		float all = part[c];
		for (int i = 1; i < lanes; i++)
			all += part[i * slice * WIDTH + c];
		number_set((Y *)a.y + image * (size_t)a.inner + (size_t)(first + c), all * share);
	}
}

/* So many of a block's threads share a channel's pixels: about four to each, more where channels are few. */
static int lanes_of(const struct cuda_pool_args *a, int width)
{
	int lanes = 1;
	while (lanes < MEAN_LANES_MOST && (lanes * 4 < a->h * a->w || MEAN_THREADS / lanes / 2 >= a->inner / width))
		lanes *= 2;
	return lanes;
}

template <int WIDTH, typename X, typename Y>
static cudaError_t launch_whole(const struct cuda_pool_args *a, cudaStream_t stream)
{
	const int lanes = lanes_of(a, WIDTH), slice = MEAN_THREADS / lanes;
	const size_t slices = (size_t)((a->inner / WIDTH + slice - 1) / slice);
	return LAUNCH((pool_whole_kernel<WIDTH, X, Y>), (unsigned)(a->images * slices), MEAN_THREADS, 0, stream, *a, lanes,
	              1.0f / (float)(a->h * a->w));
}

/* ---- which kernel ---- */

enum { BUNCH_ITEMS = 64 * THREADS };  /* of a bunch at least, so that few threads have nothing to do */

static bool whole_images(const struct cuda_pool_args *a)
{
	return !a->max && a->oh == 1 && a->ow == 1 && !a->pad && a->kernel == a->h && a->kernel == a->w;
}

#define POOL(kernel) LAUNCH(kernel, blocks, THREADS, 0, stream, *a, (unsigned)bunch)

template <int WIDTH, typename X, typename Y>
static cudaError_t launch_width(const struct cuda_pool_args *a, bool backward, cudaStream_t stream)
{
	const size_t each = (size_t)(backward ? a->h * a->w : a->oh * a->ow) * (size_t)(a->inner / WIDTH);
	const size_t least = (BUNCH_ITEMS + each - 1) / each, bunch = least < a->images ? least : a->images;
	const unsigned blocks = (unsigned)((a->images + bunch - 1) / bunch * ((bunch * each + THREADS - 1) / THREADS));
	if (backward)
		return a->max ? POOL((pool_backward_kernel<true, WIDTH, X, Y>)) : POOL((pool_backward_kernel<false, WIDTH, X, Y>));
	return a->max ? POOL((pool_kernel<true, WIDTH, X, Y>)) : POOL((pool_kernel<false, WIDTH, X, Y>));
}

template <typename X, typename Y>
static cudaError_t launch_types(const struct cuda_pool_args *a, bool backward, cudaStream_t stream)
{
	constexpr int width = sizeof(X) + sizeof(Y) == 2 * sizeof(float) ? 4 : 8;
	if (a->inner % width)
		return launch_width<1, X, Y>(a, backward, stream);
	if (!backward && whole_images(a))
		return launch_whole<width, X, Y>(a, stream);
	return launch_width<width, X, Y>(a, backward, stream);
}

static cudaError_t launch_pool(const struct cuda_pool_args *a, bool backward, cudaStream_t stream)
{
	if (a->x_bf16)
		return a->y_bf16 ? launch_types<uint16_t, uint16_t>(a, backward, stream)
		                 : launch_types<uint16_t, float>(a, backward, stream);
	return a->y_bf16 ? launch_types<float, uint16_t>(a, backward, stream) : launch_types<float, float>(a, backward, stream);
}

cudaError_t cuda_launch_pool(const struct cuda_pool_args *a, cudaStream_t stream)
{
	return launch_pool(a, false, stream);
}

cudaError_t cuda_launch_pool_backward(const struct cuda_pool_args *a, cudaStream_t stream)
{
	return launch_pool(a, true, stream);
}
