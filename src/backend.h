/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a device can do: memory, a few fused vector verbs, gather, losses, layers. Nothing above this interface holds
 * device code. Vectors are float pointers into the device's memory; only src/cpu and src/cuda look inside. */
#ifndef BASIN_BACKEND_H
#define BASIN_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/err.h"
#include "src/slots.h"
#include "src/tensor.h"

struct json_t;  /* jansson's json_t */
struct layer;
struct layer_ops;

enum precision { PRECISION_FP32, PRECISION_BF16 };
#define PRECISION_WORDS "fp32|bf16"

/* An open device, for the thread that opened it alone. A backend embeds this as the first member of its own struct. */
struct device {
	const struct backend *ops;
};

/* How a tensor (n, c, h, w) lies in memory: in blocks of channels, (n, ⌈c/block⌉, h, w, block), every c a multiple of
 * block; block 1 is PyTorch's order, 0 stands for c: channels last. Float32, or bf16. */
struct format {
	bool bf16;
	int block;
};

/* How a batch lies in memory: in a format, with the data's channels or more, and then the others are 0. */
struct batch_format {
	struct format format;
	int channels;
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

/* ---- affine: y = x[base] + Σ coef·x + noise_scale·ξ + prior_coef·prior·h(x[prior_at]) ---- */

enum { AFFINE_INPUTS = 5, AFFINE_OUTPUTS = 2 };

struct affine_output {
	float *y;                  /* may be one of the inputs */
	int base;                  /* index of the input that enters with coefficient exactly 1, or −1. Steps are written as
	                            * increments to it: 1 − λδ would lose a small λδ to float32's rounding */
	int coef[AFFINE_INPUTS];   /* slots; SLOT_NONE for absent terms */
	int noise;                 /* slot of the noise's scale, or SLOT_NONE */
	enum stream stream;        /* of ξ; two outputs that name the same stream share one ξ */
	int prior;                 /* slot of the coefficient on the prior's gradient, or SLOT_NONE: the term is value[prior] · */
	int prior_at;              /* piece.prior · h(x[prior_at]), with prior.h's h of the piece's kind: x itself for gaussian */
};

struct affine {
	int n_in, n_out;
	const float *x[AFFINE_INPUTS];
	struct affine_output out[AFFINE_OUTPUTS];
};

/* ---- pointwise: the nonlinear element functions, one row each in pointwise.h, which says what it reads and writes ---- */

enum pointwise_fn {
	POINTWISE_CLIP,    /* y₀ = clamp(x₀, ±c₀) */
	POINTWISE_ADAMW,   /* (θ, m, v; g; prior): Loshchilov & Hutter 2019, algorithm 2 */
	POINTWISE_PSGLD,   /* y₀ = v ← c₀v + (1−c₀)g²; y₁ = 1/(c₁ + √v): Li et al. 2016 */
	POINTWISE_ASAM,    /* y₀ = (|θ| + c₀)² g: the numerator of ASAM's perturbation, Kwon et al. 2021 */
	POINTWISE_PSGLD_STEP,  /* (θ, v; g; prior, normal): a whole step of it */
	POINTWISE_QUANTISE,    /* y₀ = x₀ on a grid, rounded stochastically (uniform): Zhang et al. 2022 */
	POINTWISE_ADAM,        /* (θ, m, v; g; prior): adamw with the prior in g */
	POINTWISE_NEAREST,     /* y₀ = the nearest of x₀ on a grid */
	POINTWISE_CORRECTED_WIDE,   /* (θ; g; prior, normal, uniform): a Langevin step onto a grid, with its variance; */
	POINTWISE_CORRECTED_SMALL,  /* (θ; g; prior, uniform): where that is less than a quarter of the gap squared */
	POINTWISE_PSGLD_CORRECTED,  /* (θ, v; g, Hessian's diagonal; prior, normal): psgld_step with the term in G's derivative */
	POINTWISE_SIGN_STEP,        /* y₀ = x₀ ± c₀ (uniform) */
	POINTWISE_SIGN_DIFFERENCE,  /* y₀ = ±c₀(x₀ − x₁), the same sign */
	POINTWISE_FNS
};

enum { POINTWISE_INPUTS = 4, POINTWISE_OUTPUTS = 3, POINTWISE_COEFS = 6, POINTWISE_VARIATES = 2 };

struct pointwise {
	enum pointwise_fn fn;
	const float *x[POINTWISE_INPUTS];
	float *y[POINTWISE_OUTPUTS];     /* may be inputs */
	int coef[POINTWISE_COEFS];       /* slots */
	/* Where the row has a prior: it sees value[prior] · piece.prior · h(x[prior_at]), as in affine. */
	int prior, prior_at;
	/* Where it has variates, of these streams, the row's normals before its uniforms: a normal of a stream is the one that affine
	 * would add, a uniform is rng_fraction's. */
	enum stream stream[POINTWISE_VARIATES];
};

/* ---- scalar: arithmetic on slots, one row each in scalar.h ---- */

enum scalar_fn {
	SCALAR_COPY, SCALAR_PRODUCT, SCALAR_AXPY, SCALAR_EXP,
	SCALAR_ACCEPT,         /* Metropolis */
	SCALAR_INVERSE_NORM,   /* SAM's ρ/‖g‖ */
	SCALAR_CLIP,           /* min(1, b/‖g‖) */
	SCALAR_DUAL_CONE,      /* DCGD's two coefficients */
	SCALAR_THERMOSTAT,     /* SGNHT's */
	SCALAR_ESH,            /* microcanonical kick */
	SCALAR_FNS
};

enum { SCALAR_INPUTS = 6, SCALAR_OUTPUTS = 3 };

struct scalar {
	enum scalar_fn fn;
	int in[SCALAR_INPUTS];     /* slots; SLOT_NONE is 0 */
	int out[SCALAR_OUTPUTS];   /* slots of the device's, inputs among them or not; SLOT_NONE: not wanted */
};

/* ---- gather: rows of the resident set into a batch, as the network reads it ---- */

enum element { ELEMENT_U8, ELEMENT_F32 };
enum augment { AUGMENT_NONE, AUGMENT_CROP_FLIP };  /* crop-flip: pad 4 with zeros before normalisation, crop, mirror ½ */
#define AUGMENT_WORDS "none|crop-flip"

enum { CHANNELS_MAX = 16 };

struct gather {
	const void *set;             /* device: n_set × (c·h·w), CHW, of type `element` */
	enum element element;
	int c, h, w;                 /* c = 1, h = 1 for tables */
	bool per_channel;            /* scale and shift below apply; else values are taken as they are */
	float scale[CHANNELS_MAX], shift[CHANNELS_MAX];  /* out = scale·value + shift, by channel */
	enum augment augment;
	enum stream stream;          /* of the augmentation; its step is the slots', its element 4 × (first + position), so that
	                              * a batch in parts is augmented as in one */
	const uint32_t *index;       /* device: rows index[first … first + n − 1]; NULL: rows first … first + n − 1 */
	int row;                     /* first = value[row] + offset: SLOT_FIRST for what varies from step to step, or SLOT_NONE; */
	size_t offset;               /* and what does not */
	int n;
	struct format format;        /* of out */
	int channels;                /* of out: c, or more, and the others are 0 */
	void *out;                   /* device: (n, channels, h, w) in the format */
};

/* ---- losses ---- */

enum loss_kind { LOSS_CATEGORICAL, LOSS_GAUSSIAN, LOSS_BERNOULLI, LOSS_HETEROSCEDASTIC, LOSS_KINDS };

enum { LOSS_PARAMS = 2 };  /* vectors of parameters that a loss has at most */

struct loss {
	enum loss_kind kind;
	const float *output;         /* device: (n, k) logits, or means for gaussian; for heteroscedastic k/2 means, then as many log-variances */
	int n, k;
	const void *target;          /* device: int32 class per set row (categorical), else float (set rows, loss_targets) */
	const uint32_t *index;       /* rows of the set, as in gather */
	int row;
	size_t offset;
	const float *weight;         /* device: (n) factor on each ℓᵢ, or NULL for 1 */
	const float *class_weight;   /* device: (classes) and one by the class of example i's target, of losses of classes: LOSS_CATEGORICAL,
	                              * and LOSS_BERNOULLI with k = 1, whose classes are 0 and 1; or NULL for 1. What is summed has it,
	                              * whatever else it is weighted by; `each` has not */
	double noise_sd;             /* gaussian's σ, target units, where params[0] is NULL */
	/* device: parameters of the loss's own, or NULL; gaussian: [0] is (k), ln σ of each output */
	const float *params[LOSS_PARAMS];
	double scale;                /* the gradient is scale · Σ wᵢ ∇ℓᵢ; a mean over n has 1/n */
	bool count;                  /* add this batch to the running totals, and note whether its value is finite */
	bool add_value;              /* SLOT_NLL accumulates scale · Σ wᵢℓᵢ instead of being set to it */
	float *gradient;             /* device: (n, k), or NULL */
	float *dparams[LOSS_PARAMS]; /* device: gradients with respect to params, scaled as the other; NULL: not wanted */
	bool add_dparams;            /* add to what is there */
	float *each;                 /* device: (n), set to the unweighted ℓᵢ; or NULL */
};

/* Real targets of an example that has so many outputs. */
static inline int loss_targets(enum loss_kind kind, int k)
{
	return kind == LOSS_HETEROSCEDASTIC ? k / 2 : k;
}

/* The tangents of a loss along a direction in which its outputs and its parameters move. */
struct loss_dot {
	const float *output;             /* device: (n, k); NULL: 0 */
	const float *params[LOSS_PARAMS];    /* device, as loss.params; NULL: 0 */
	float *gradient;                 /* device: (n, k), set to the derivative of loss.gradient; NULL: not wanted */
	float *dparams[LOSS_PARAMS];     /* device: those of loss.dparams, set, or added to with loss.add_dparams; NULL: not wanted */
};

/* ---- weigh: weights of a batch's examples, of what their losses are at two points ---- */

/* wᵢ = n·pᵢ, p the softmax of value[rate]·|aᵢ − bᵢ|, in double with the largest exponent subtracted; rate ≥ 0. */
struct weigh {
	const float *a, *b;          /* device: (n) */
	int n;
	int rate;                    /* slot */
	float *weight;               /* device: (n); may be a or b */
};

/* ---- tally: what an ensemble of classifiers makes of its members' outputs, added up where they are ---- */

/* The sums are mixture.h's, in double, over rows of a set: to p[row] the softmax p_s is added, to entropy[row] H(p_s), to max_logit[row]
 * the largest logit, to energy[row] −logsumexp; and where there are labels y, log_p[row] and own[row] become log(e^· + p_s(y)) and
 * last[row] log p_s(y). A row with a logit that is not finite is left out, and noted. */
struct tally {
	const float *logits;         /* device, as all pointers here: (n, k) */
	int n, k;
	int classes;                 /* k; or 2 of k = 1, whose first has the logit 0 */
	int row;                     /* slot of the first row, or SLOT_NONE for 0 */
	int member;                  /* slot of this member's number, from 1 to 2³² − 1 */
	int fresh;                   /* slot: other than 0 where own begins with this member */
	const int32_t *label;        /* (rows), or NULL */
	double *p;                   /* (rows, classes) */
	double *entropy, *max_logit, *energy;   /* (rows) */
	double *log_p, *own, *last;  /* (rows), where there are labels */
	float *probs;                /* (rows, classes), set to p_s; or NULL */
	uint32_t *bad;               /* (rows): the first member that had to be left out, or 0 */
};

/* ---- the interface ---- */

/* A device carries calls out in the order in which they are made, but may put them off: only sync, get and slots_fetch
 * wait until all that came before is done, and an error of a call that was put off is returned by the call that waits
 * for it; ops that return nothing, but have to wait, leave it to the next that does. A call copies the structs that it
 * is given; the vectors they point at stay the caller's, and must live until the device has waited. Verbs read the
 * device's slots: a change of the host's copy counts once it was sent. The host does not look into device memory. Errors
 * of every op: ERR_LIBRARY, and what is said beside it.
 * Ops marked “or NULL” may be missing: they are called through the functions below the table. */
struct backend {
	const char *name;            /* "cpu" */
	bool on_host;                /* computes by the host's processors, in its memory */
	bool has_fast;               /* plan_request.fast has it sum in an order that varies from run to run, and float32 products
	                              * have factors of 11 bits, where that is faster; else it has no effect */

	/* Sets what its libraries find in the environment as they are first called, unless it is set already. Before there are threads
	 * and before any other verb. Or NULL. */
	void (*prepare)(void);
	/* Opens device `number` with `threads` threads (0: all). Errors: ERR_USAGE (no such device here, and why), ERR_LIBRARY and
	 * ERR_MEMORY (it is here, and does not open). */
	status (*open)(int number, int threads, struct device **out);
	/* How many devices there are; or NULL: one. */
	int (*count)(void);
	void (*close)(struct device *d);
	/* What a run records: {"name", "instruction_set", "threads", "libraries": {"oneDNN": "2.6.3"}}. The caller's to free;
	 * NULL without memory. */
	struct json_t *(*describe)(const struct device *d);
	/* The libraries that it stands on, {"oneDNN": "2.6.3"}, as describe names them, where no device opens. The caller's to free;
	 * NULL without memory. Or NULL: a device always opens. */
	struct json_t *(*libraries)(void);
	/* What speaks against a precision on this device, for a warning; NULL: nothing. Or NULL. */
	const char *(*precision_note)(const struct device *d, enum precision precision);
	/* Measured choices between algorithms, {"conv 64x32x32 …": "winograd"}, as checkpoints keep them. load takes these
	 * in place of what there is; they are not measured again. bind: they are meant to give the same bits, and where those of
	 * another device are of no use here a warning says so. save adds all that there are to an object. Errors: ERR_MEMORY. */
	status (*choices_load)(struct device *d, const struct json_t *known, bool bind);
	status (*choices_save)(const struct device *d, struct json_t *into);

	/* 64-byte aligned, zeroed; on a CPU padded to 64 bytes, into which its loops run. Errors: ERR_MEMORY. */
	status (*alloc)(struct device *d, size_t bytes, void **out);
	/* Waits where calls that were put off may use it; NULL is fine. */
	void (*free)(struct device *d, void *p);
	/* Bytes that alloc has given out and free has not had back. Or NULL. */
	size_t (*held)(const struct device *d);
	/* Bytes that alloc could still give out, whoever asks. Or NULL: those of the host's memory. */
	size_t (*room)(const struct device *d);
	/* A read-only copy of host memory where the device can read it; on a CPU the memory itself. Freed by release. Both, or
	 * both NULL. Errors: ERR_MEMORY. */
	status (*resident)(struct device *d, const void *host, size_t bytes, const void **out);
	void (*release)(struct device *d, const void *p);
	/* The host's memory may be used again when put returns, and is filled when get does. */
	status (*put)(struct device *d, void *to, const void *host, size_t bytes);
	status (*get)(struct device *d, void *host, const void *from, size_t bytes);
	status (*copy)(struct device *d, void *to, const void *from, size_t bytes);   /* from device to device */
	/* Host memory from which and to which copies go fastest, 64-byte aligned and zeroed; NULL is fine to free, which waits for
	 * what was begun. Both, or both NULL: any host memory is as good. Errors: ERR_MEMORY. */
	status (*host_alloc)(struct device *d, size_t bytes, void **out);
	void (*host_free)(struct device *d, void *p);
	/* A get that the calls behind it do not wait for: get_begin brings `from`, as the calls so far leave it, to memory of
	 * host_alloc on a way of its own, and get_end says whether all that was begun is there, or waits until it is. Until then
	 * `from` stays as it is, and the host does not look. Both, or both NULL: get. */
	status (*get_begin)(struct device *d, void *host, const void *from, size_t bytes);
	status (*get_end)(struct device *d, bool wait, bool *done);
	/* A put that the calls before it do not wait for: from memory of host_alloc on the same way, so that the calls behind it see what
	 * it brings. `to` is used by no call since the put_begin before this one. put_end waits until the host's memory may be used
	 * again. Both, or both NULL: put. */
	status (*put_begin)(struct device *d, void *to, const void *host, size_t bytes);
	status (*put_end)(struct device *d);
	status (*sync)(struct device *d);                                             /* waits for all that was put off */
	/* Has the device begin with what was put off, and does not wait: it works while the host does something else. Or NULL:
	 * it begins by itself. */
	status (*start)(struct device *d);

	/* Who owns which slots is said in slots.h. open makes the device's table, all of it as the host's copy is; close does nothing
	 * to slots that were never opened. */
	status (*slots_open)(struct device *d, struct slots *s);
	void (*slots_close)(struct device *d, struct slots *s);
	status (*slots_send)(struct device *d, struct slots *s);   /* the host's own to the device, before a step */
	status (*slots_set)(struct device *d, struct slots *s);    /* the device's own, as the host's copy has them */
	status (*slots_fetch)(struct device *d, struct slots *s);  /* the device's own to the host, where it looks */

	/* Elementwise over the pieces; all inputs of an element are read before an output of it is written. Element e of a
	 * vector has noise element e. Frozen pieces: y = x[base] where base ≥ 0, else untouched. One such call is a whole
	 * SGLD, fSGLD or Entropy-MCMC update. Errors: ERR_USAGE (of prior_check). */
	status (*affine)(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a);
	/* value[slot] = Σ w·x·y (w may be NULL), accumulated in double in an order that threads don't change; `slot` is one of
	 * the device's. */
	status (*reduce)(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot);
	/* The same over the elements of the moving pieces. */
	status (*reduce_moving)(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
	                        const float *w, int slot);
	/* value[slot] = Σ piece.prior · e(x) over the moving pieces, with prior.h's e of the piece's kind; δ times that is the prior's
	 * part of u. Errors: ERR_USAGE (of prior_check). */
	status (*prior_energy)(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot);
	/* Elementwise; frozen pieces are left alone. Errors: ERR_USAGE (of prior_check). */
	status (*pointwise)(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w);

	/* Arithmetic on slots; all inputs are read before an output is written. Or NULL. */
	status (*scalar)(struct device *d, struct slots *s, const struct scalar *w);

	/* out[i] = element offset + i of θ + c·v + σξ, i < count; of θ alone where `frozen`. */
	status (*point)(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
	                float *out);
	/* y += x over the `count` elements of two tensors of a format. */
	status (*add)(struct device *d, struct format f, size_t count, void *y, const void *x);

	/* Errors: of gather_check: ERR_INPUT (more channels than CHANNELS_MAX), ERR_USAGE (channels that the format has not). */
	status (*gather)(struct device *d, const struct slots *s, const struct gather *g);
	/* Writes SLOT_NLL, the totals, SLOT_BAD and SLOT_GOOD_NLL, and the gradient with respect to the output. */
	status (*loss)(struct device *d, struct slots *s, const struct loss *l);

	/* The derivative of the loss's gradients: of l the outputs, targets, weights, scale and params count, and its gradient and dparams
	 * are neither read nor written. No slot changes. Or NULL: the device has no exact tangents, and no layer has a jvp. */
	status (*loss_dot)(struct device *d, const struct slots *s, const struct loss *l, const struct loss_dot *dot);

	status (*weigh)(struct device *d, const struct slots *s, const struct weigh *w);

	/* Adds a batch of a member's outputs. Or NULL: whoever wants them gets the outputs. */
	status (*tally)(struct device *d, const struct slots *s, const struct tally *t);

	/* How a network's tensors lie here: the batch, whose channels are the data's and may become more, and each layer's
	 * output. What a linear layer reads is flat, and the last layer's output is float32. */
	void (*formats)(const struct device *d, const struct layer *layers, int n, enum precision precision,
	                struct batch_format *batch, struct format *out);
	const struct layer_ops *const *layers;  /* by enum layer_kind */
};

/* The backends of this build, NULL-terminated, and the one --device names ("cpu", "cuda", "cuda:N"; NULL: the best).
 * Errors: ERR_USAGE, naming what the build has. */
extern const struct backend *const backends[];
status backend_open(const char *device, int threads, struct device **out);
/* The device of a kind that is number `turn`'s, modulo how many there are. */
int backend_number(const struct backend *b, int turn);
/* backend_open for one of several processes on a machine, which share its devices out: where no number is named, the device of
 * its turn. *passed: OK; or where no device is named, and one better than *out is not to be had here, why, in recorded words. */
status backend_open_turn(const char *device, int turn, int threads, struct device **out, status *passed);

/* What a backend asks before it evaluates priors, if slot_may_count says that their coefficient may: whether value[SLOT_PRIOR], which
 * kinds other than gaussian need, is a deviation. Errors: ERR_USAGE where it is not. */
status prior_check(const struct slots *s, const struct pieces *p);

/* What a backend asks before it gathers. Errors: ERR_INPUT, ERR_USAGE. */
status gather_check(const struct gather *g);

/* ---- ops that may be NULL are called through these, which say what then stands in for them ---- */

/* Nothing is known: 0. */
size_t device_held(const struct device *d);

/* What the host's memory has (memory_available). */
size_t device_room(const struct device *d);

/* Nothing is to be done. Errors: ERR_LIBRARY. */
status device_start(struct device *d);

/* Memory of malloc's. Errors: ERR_MEMORY. */
status device_host_alloc(struct device *d, size_t bytes, void **out);
void device_host_free(struct device *d, void *p);

/* get: done when it returns. Errors: ERR_LIBRARY. */
status device_get_begin(struct device *d, void *host, const void *from, size_t bytes);
status device_get_end(struct device *d, bool wait, bool *done);

/* put: the host's memory may be used again when it returns. Errors: ERR_LIBRARY. */
status device_put_begin(struct device *d, void *to, const void *host, size_t bytes);
status device_put_end(struct device *d);

/* Nothing speaks against any precision. */
const char *device_precision_note(const struct device *d, enum precision precision);

/* Memory of the device, filled by put, and free. `host` must stay as it is until the release. Errors: ERR_MEMORY, ERR_LIBRARY. */
status device_resident(struct device *d, const void *host, size_t bytes, const void **out);
void device_release(struct device *d, const void *p);

/* Arithmetic on slots; without an op of its own, on the host, between a fetch and a set. Errors: ERR_USAGE where an output is not
 * the device's; ERR_LIBRARY. */
status device_scalar(struct device *d, struct slots *s, const struct scalar *w);

#endif
