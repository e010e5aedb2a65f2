/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device can do: memory, a few fused vector verbs, gather, losses, layers. Nothing above this interface holds
 * device code. Vectors are float pointers into the device's memory; only src/cpu and src/cuda look inside. */
#ifndef BASIN_BACKEND_H
#define BASIN_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "src/err.h"
#include "src/slots.h"
#include "src/tensor.h"

struct layer;
struct layer_ops;

enum precision { PRECISION_FP32, PRECISION_BF16 };
#define PRECISION_WORDS "fp32|bf16"

/* An open device. A backend embeds this as the first member of its own struct. */
struct device {
	const struct backend *ops;
	int threads;
	json_t *choices;   /* every measured choice between algorithms, {"conv 64x32x32 …": "winograd"}: kept in checkpoints, and
	                    * what is in here is not measured again. The device's, owned by it */
};

/* How a tensor (n, c, h, w) lies in memory: in blocks of channels, (n, ⌈c/block⌉, h, w, block), every c a multiple of block;
 * block 1 is PyTorch's order, 0 stands for c: channels last. Float32, or bf16. */
struct format {
	bool bf16;
	int block;
};

static inline size_t format_bytes(struct format f)
{
	return f.bf16 ? 2 : sizeof(float);
}

/* Where a gradient is taken: θ + c·v + σξ, made in one pass on the way into the working weights. */
struct point {
	const float *theta;    /* device, n_params */
	const float *v;        /* device, or NULL */
	int v_coef;            /* slot of c */
	int sigma;             /* slot of σ, or SLOT_NONE */
	enum stream stream;    /* of ξ */
};

/* ---- affine: y = x[base] + Σ coef·x + noise_scale·ξ + prior_coef·prior·x[prior_at] ---- */

enum { AFFINE_INPUTS = 5, AFFINE_OUTPUTS = 2 };

struct affine_output {
	float *y;                  /* may be one of the inputs */
	int base;                  /* index of the input that enters with coefficient exactly 1, or −1. Steps are written as
	                            * increments to it: 1 − λδ would lose a small λδ to float32's rounding */
	int coef[AFFINE_INPUTS];   /* slots; SLOT_NONE for absent terms */
	int noise;                 /* slot of the noise's scale, or SLOT_NONE */
	enum stream stream;        /* of ξ; two outputs that name the same stream share one ξ */
	int prior;                 /* slot of the coefficient on the prior's gradient, or SLOT_NONE: the term is */
	int prior_at;              /* value[prior] · piece.prior · x[prior_at] */
};

struct affine {
	int n_in, n_out;
	const float *x[AFFINE_INPUTS];
	struct affine_output out[AFFINE_OUTPUTS];
};

/* ---- pointwise: the nonlinear element functions, one row each in pointwise.h ---- */

enum pointwise_fn {
	POINTWISE_CLIP,    /* y₀ = clamp(x₀, ±c₀) */
	POINTWISE_ADAMW,   /* (θ, m, v; g): Loshchilov & Hutter 2019, algorithm 2 */
	POINTWISE_PSGLD,   /* y₀ = v ← c₀v + (1−c₀)g²; y₁ = 1/(c₁ + √v): Li et al. 2016 */
	POINTWISE_ASAM,    /* y₀ = (|θ| + c₀)² g: the numerator of ASAM's perturbation, Kwon et al. 2021 */
	POINTWISE_FNS
};

enum { POINTWISE_INPUTS = 4, POINTWISE_OUTPUTS = 3, POINTWISE_COEFS = 6 };

struct pointwise {
	enum pointwise_fn fn;
	const float *x[POINTWISE_INPUTS];
	float *y[POINTWISE_OUTPUTS];     /* may be inputs */
	int coef[POINTWISE_COEFS];       /* slots */
};

/* ---- gather: rows of the resident set into a float batch ---- */

enum element { ELEMENT_U8, ELEMENT_F32 };
enum image_order { ORDER_CHW, ORDER_HWC };   /* PyTorch's flattening; what convolutions read */
enum augment { AUGMENT_NONE, AUGMENT_CROP_FLIP };  /* crop-flip: pad 4 with zeros before normalisation, crop, mirror ½ */
#define AUGMENT_WORDS "none|crop-flip"

enum { CHANNELS_MAX = 16 };

struct gather {
	const void *set;             /* device: n_set × (c·h·w), CHW, of type `element` */
	enum element element;
	int c, h, w;                 /* c = 1, h = 1 for tables */
	bool per_channel;            /* scale and shift below apply; else values are taken as they are */
	float scale[CHANNELS_MAX], shift[CHANNELS_MAX];  /* out = scale·value + shift, by channel */
	enum image_order order;
	enum augment augment;
	enum stream stream;          /* of the augmentation; its step is the slots', its element 4 × (first + position), so that
	                              * a batch in parts is augmented as in one */
	const uint32_t *index;       /* device: rows; NULL: rows first … first + n − 1 */
	size_t first;                /* offset into index, or the first row */
	int n;
	float *out;                  /* device: (n, c·h·w) in `order` */
};

/* ---- losses ---- */

enum loss_kind { LOSS_CATEGORICAL, LOSS_GAUSSIAN, LOSS_BERNOULLI, LOSS_KINDS };

enum { LOSS_PARAMS = 2 };  /* vectors of parameters that a loss has at most */

struct loss {
	enum loss_kind kind;
	const float *output;         /* device: (n, k) logits, or means for gaussian */
	int n, k;
	const void *target;          /* device: int32 class per set row (categorical), else float (set rows, k) */
	const uint32_t *index;       /* rows of the set, as in gather */
	size_t first;
	const float *weight;         /* device: (n) factor on each ℓᵢ, or NULL for 1 */
	double noise_sd;             /* gaussian's σ, target units, where params[0] is NULL */
	/* device: parameters of the loss's own, or NULL; gaussian: [0] is (k), ln σ of each output */
	const float *params[LOSS_PARAMS];
	double scale;                /* the gradient is scale · Σ wᵢ ∇ℓᵢ; a mean over n has 1/n */
	bool count;                  /* add this batch to the running totals */
	bool add_value;              /* SLOT_NLL accumulates scale · Σ wᵢℓᵢ instead of being set to it */
	float *gradient;             /* device: (n, k), or NULL */
	float *dparams[LOSS_PARAMS]; /* device: gradients with respect to params, scaled as the other; NULL: not wanted */
	bool add_dparams;            /* add to what is there */
	float *each;                 /* device: (n), set to the unweighted ℓᵢ; or NULL */
};

/* ---- the interface ---- */

struct backend {
	const char *name;            /* "cpu" */

	/* Opens device `number` with `threads` threads (0: all). Errors: ERR_USAGE (no such device), ERR_LIBRARY. */
	status (*open)(int number, int threads, struct device **out);
	void (*close)(struct device *d);
	/* Adds what a run records: {"name", "instruction_set", "threads", "libraries": {"oneDNN": "2.6.3"}}. */
	void (*describe)(const struct device *d, json_t *into);
	/* What speaks against a precision on this device, for a warning; NULL: nothing. */
	const char *(*precision_note)(const struct device *d, enum precision precision);

	status (*alloc)(struct device *d, size_t bytes, void **out);  /* 64-byte aligned, zeroed, padded to 64 bytes */
	void (*free)(struct device *d, void *p);
	/* A read-only copy of host memory where the device can read it; on a CPU the memory itself. Freed by release. */
	status (*resident)(struct device *d, const void *host, size_t bytes, const void **out);
	void (*release)(struct device *d, const void *p);
	status (*put)(struct device *d, void *to, const void *host, size_t bytes);
	status (*get)(struct device *d, void *host, const void *from, size_t bytes);
	status (*copy)(struct device *d, void *to, const void *from, size_t bytes);
	status (*sync)(struct device *d);

	status (*slots_open)(struct device *d, struct slots *s);
	void (*slots_close)(struct device *d, struct slots *s);
	status (*slots_send)(struct device *d, struct slots *s);   /* host to device, before a step */
	status (*slots_fetch)(struct device *d, struct slots *s);  /* device to host, where the host looks */

	/* Elementwise over the pieces; all inputs of an element are read before an output of it is written. Element e of a
	 * vector has noise element e. Frozen pieces: y = x[base] where base ≥ 0, else untouched. One such call is a whole
	 * SGLD, fSGLD or Entropy-MCMC update. */
	status (*affine)(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a);
	/* value[slot] = Σ w·x·y (w may be NULL), accumulated in double in an order that threads don't change. */
	status (*reduce)(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot);
	/* Elementwise; frozen pieces are left alone. */
	status (*pointwise)(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w);

	/* out[i] = element offset + i of θ + c·v + σξ, i < count; of θ alone where `frozen`. */
	status (*point)(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
	                float *out);
	/* y += x over the `count` elements of two tensors of a format. */
	status (*add)(struct device *d, struct format f, size_t count, void *y, const void *x);

	/* s may be NULL where nothing is augmented. */
	status (*gather)(struct device *d, const struct slots *s, const struct gather *g);
	/* Writes SLOT_NLL, the totals, SLOT_BAD and SLOT_GOOD_NLL, and the gradient with respect to the output. */
	status (*loss)(struct device *d, struct slots *s, const struct loss *l);

	/* How a network's tensors lie here: its input, float32, and each layer's output. A convolution's has its input's type, so
	 * that the first one works in float32 in any precision; what a linear layer reads is flat, and the last layer's output is
	 * float32. */
	void (*formats)(const struct device *d, const struct layer *layers, int n, enum precision precision, struct format *input,
	                struct format *out);
	const struct layer_ops *const *layers;  /* by enum layer_kind */
};

/* The backends of this build, NULL-terminated, and the one --device names ("cpu", "cuda", "cuda:N"; NULL: the best).
 * Errors: ERR_USAGE, naming what the build has. */
extern const struct backend *const backends[];
status backend_open(const char *device, int threads, struct device **out);

#endif
