/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which algorithm does a product: known from the device's choices, or the first of those that cuBLAS proposes. Nothing is
 * timed, so that a run's algorithms, and with them its last bits, are the same however busy the card was when it began. */
#include "src/cuda/matmul_choose.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/cuda/chosen.h"

enum { PROPOSALS = 32, TEXT = 256, WORDS = sizeof((cublasLtMatmulAlgo_t *)0)->data / sizeof(uint64_t) };

/* What an algorithm is made from, in the order of its text; in cublasLt's structure some are of 2 bytes. */
enum { ID, TILE, STAGES, SPLIT_K, REDUCTION, SWIZZLE, CUSTOM, INNER, CLUSTER, FIELDS };
static const struct {
	const char *name;
	cublasLtMatmulAlgoConfigAttributes_t attribute;
	size_t bytes;
} fields[FIELDS] = {
	[ID] = {"id", CUBLASLT_ALGO_CONFIG_ID, 4},
	[TILE] = {"tile", CUBLASLT_ALGO_CONFIG_TILE_ID, 4},
	[STAGES] = {"stages", CUBLASLT_ALGO_CONFIG_STAGES_ID, 4},
	[SPLIT_K] = {"splitk", CUBLASLT_ALGO_CONFIG_SPLITK_NUM, 4},
	[REDUCTION] = {"reduction", CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, 4},
	[SWIZZLE] = {"swizzle", CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, 4},
	[CUSTOM] = {"custom", CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, 4},
	[INNER] = {"inner", CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, 2},
	[CLUSTER] = {"cluster", CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, 2},
};

struct config {
	uint32_t of[FIELDS];
};

/* An algorithm with its text. */
struct choice {
	bool apart;                        /* cuBLAS does the product alone; text: "apart " in front */
	bool whole;                        /* its fields don't make it again; text: "whole …", all words, */
	struct config config;              /* else "id=…" */
	cublasLtMatmulAlgo_t algo;
};

/* ---- texts ---- */

/* How far an operand's addresses are aligned. */
static uint32_t alignment_of(const struct matmul *m, unsigned aligned, unsigned operand)
{
	const bool bf16 = operand == MATMUL_C ? m->shape.bf16_c : m->shape.bf16;
	return aligned & operand ? MATMUL_ALIGN : bf16 ? 2 : 4;
}

/* "matmul bf16-fp32 nt 128x10x784 bias aligned 16,16,4" */
static void write_key(const struct matmul *m, unsigned aligned, char key[TEXT])
{
	const struct matmul_shape *s = &m->shape;
	int n = snprintf(key, TEXT, "matmul %s%s %c%c %dx%dx%d%s", s->bf16 ? "bf16" : "fp32",
	                 s->bf16 == s->bf16_c ? "" : s->bf16_c ? "-bf16" : "-fp32", s->transpose_a ? 't' : 'n',
	                 s->transpose_b ? 't' : 'n', s->m, s->n, s->k, s->bias ? " bias" : "");
	if (aligned != (MATMUL_A | MATMUL_B | MATMUL_C))
		snprintf(key + n, (size_t)(TEXT - n), " aligned %u,%u,%u", alignment_of(m, aligned, MATMUL_A),
		         alignment_of(m, aligned, MATMUL_B), alignment_of(m, aligned, MATMUL_C));
}

static const char apart_word[] = "apart ", whole_word[] = "whole";

static void write_choice(const struct choice *c, char text[TEXT])
{
	int n = snprintf(text, TEXT, "%s", c->apart ? apart_word : "");
	if (c->whole) {
		n += snprintf(text + n, (size_t)(TEXT - n), "%s", whole_word);
		for (int i = 0; i < WORDS; i++)
			n += snprintf(text + n, (size_t)(TEXT - n), " %" PRIx64, c->algo.data[i]);
		return;
	}
	for (int i = 0; i < FIELDS; i++)
		n += snprintf(text + n, (size_t)(TEXT - n), "%s%s=%u", i ? " " : "", fields[i].name, c->config.of[i]);
}

static bool read_config(const char *at, struct config *c)
{
	for (int i = 0; i < FIELDS; i++) {
		at = strchr(at, '=');
		if (!at || sscanf(++at, "%u", &c->of[i]) != 1 || (fields[i].bytes == 2 && c->of[i] > UINT16_MAX))
			return false;
	}
	return true;
}

static bool read_whole(const char *at, cublasLtMatmulAlgo_t *algo)
{
	for (int i = 0; i < WORDS; i++) {
		at = strchr(at, ' ');
		if (!at || sscanf(++at, "%" SCNx64, &algo->data[i]) != 1)
			return false;
	}
	return true;
}

/* What write_choice writes, and nothing else. */
static bool read_choice(const char *text, struct choice *c)
{
	char again[TEXT];
	const char *at = text;
	memset(c, 0, sizeof *c);
	c->apart = strncmp(at, apart_word, strlen(apart_word)) == 0;
	at += c->apart ? strlen(apart_word) : 0;
	c->whole = strncmp(at, whole_word, strlen(whole_word)) == 0;
	at += c->whole ? strlen(whole_word) : 0;
	if (!(c->whole ? read_whole(at, &c->algo) : read_config(at, &c->config)))
		return false;
	write_choice(c, again);
	return strcmp(text, again) == 0;
}

/* ---- cublasLt's structures ---- */

static status get_config(const cublasLtMatmulAlgo_t *algo, struct config *c)
{
	for (int i = 0; i < FIELDS; i++) {
		size_t written;
		uint16_t half = 0;
		void *to = fields[i].bytes == sizeof half ? (void *)&half : &c->of[i];
		BLAS_TRY(cublasLtMatmulAlgoConfigGetAttribute(algo, fields[i].attribute, to, fields[i].bytes, &written));
		if (to == &half)
			c->of[i] = half;
	}
	return OK;
}

static status set_config(const struct config *c, cublasLtMatmulAlgo_t *algo)
{
	for (int i = ID + 1; i < FIELDS; i++) {
		const uint16_t half = (uint16_t)c->of[i];
		const void *from = fields[i].bytes == sizeof half ? (const void *)&half : &c->of[i];
		BLAS_TRY(cublasLtMatmulAlgoConfigSetAttribute(algo, fields[i].attribute, from, fields[i].bytes));
	}
	return OK;
}

/* Whether this cuBLAS does this product on this card by it. */
static status check_algorithm(struct cuda_device *cuda, const struct matmul *m, const cublasLtMatmulAlgo_t *algo)
{
	cublasLtMatmulHeuristicResult_t found = {0};
	BLAS_TRY(cublasLtMatmulAlgoCheck(cuda->blas, m->desc, m->b, m->a, m->c, m->c, algo, &found));
	return found.workspaceSize <= CUDA_WORKSPACE ? OK
	     : fail(ERR_LIBRARY, "it needs a workspace of %zu bytes", found.workspaceSize);
}

/* The algorithm that fields say, checked. */
static status make_algorithm(struct cuda_device *cuda, const struct matmul *m, const struct config *c,
                             cublasLtMatmulAlgo_t *out)
{
	const cudaDataType_t ab = m->shape.bf16 ? CUDA_R_16BF : CUDA_R_32F, cd = m->shape.bf16_c ? CUDA_R_16BF : CUDA_R_32F;
	const int id = (int)c->of[ID];
	BLAS_TRY(cublasLtMatmulAlgoInit(cuda->blas, CUBLAS_COMPUTE_32F, CUDA_R_32F, ab, ab, cd, cd, id, out));
	TRY(set_config(c, out));
	return check_algorithm(cuda, m, out);
}

/* ---- choosing ---- */

static status set_preference(cublasLtMatmulPreference_t p, const struct matmul *m, unsigned aligned)
{
	const uint64_t workspace = CUDA_WORKSPACE;
	/* a is cublasLt's B, and b its A. */
	const uint32_t a = alignment_of(m, aligned, MATMUL_B), b = alignment_of(m, aligned, MATMUL_A);
	const uint32_t c = alignment_of(m, aligned, MATMUL_C);
	BLAS_TRY(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
	                                              sizeof workspace));
	BLAS_TRY(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &a, sizeof a));
	BLAS_TRY(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &b, sizeof b));
	BLAS_TRY(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &c, sizeof c));
	BLAS_TRY(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &c, sizeof c));
	return OK;
}

/* None at all is no failure. */
static status ask(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, cublasLtMatmulHeuristicResult_t *found,
                  int *n)
{
	cublasLtMatmulPreference_t preference;
	*n = 0;
	BLAS_TRY(cublasLtMatmulPreferenceCreate(&preference));
	status s = set_preference(preference, m, aligned);
	if (s == OK) {
		const cublasStatus_t e = cublasLtMatmulAlgoGetHeuristic(cuda->blas, m->desc, m->b, m->a, m->c, m->c, preference,
		                                                        PROPOSALS, found, n);
		if (e == CUBLAS_STATUS_NOT_SUPPORTED)
			*n = 0;
		else
			s = cuda_check_blas(e, "cublasLtMatmulAlgoGetHeuristic", __FILE__);
	}
	cuda_keep(cuda, cuda_check_blas(cublasLtMatmulPreferenceDestroy(preference), "cublasLtMatmulPreferenceDestroy",
	                                __FILE__));
	return s;
}

/* Whether sums are made in one piece: parts that are added up later are another order, and one that more may decide. */
static bool in_one_piece(const struct config *c)
{
	return c->of[SPLIT_K] <= 1 && c->of[REDUCTION] == CUBLASLT_REDUCTION_SCHEME_NONE;
}

/* A proposal whose fields are known, made again from them, or where that does not work as it is: NVIDIA lets the structure be kept
 * for the same version. */
static status take_proposal(struct cuda_device *cuda, const struct matmul *m, const char *key,
                            const cublasLtMatmulAlgo_t *proposed, struct choice *c)
{
	c->whole = false;
	status s = make_algorithm(cuda, m, &c->config, &c->algo);
	if (s == OK)
		return OK;
	warning_failed(fail_within(s, "%s: an algorithm that cuBLAS proposes is not made again from its fields, and kept as it is: ",
	                           key));
	c->whole = true;
	c->algo = *proposed;
	return check_algorithm(cuda, m, proposed);
}

/* The first proposal, those in one piece before the others. */
static status choose_new(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, const char *key, struct choice *c,
                         bool *chosen)
{
	cublasLtMatmulHeuristicResult_t found[PROPOSALS];
	int n;
	*chosen = false;
	TRY(ask(cuda, m, aligned, found, &n));
	for (int whole = 1; whole >= 0; whole--)
		for (int i = 0; i < n; i++) {
			if (found[i].state != CUBLAS_STATUS_SUCCESS)
				continue;
			TRY(get_config(&found[i].algo, &c->config));
			if (in_one_piece(&c->config) != whole)
				continue;
			status s = take_proposal(cuda, m, key, &found[i].algo, c);
			*chosen = s == OK;
			if (*chosen)
				return OK;
			warning_failed(fail_within(s, "%s: an algorithm that cuBLAS proposes itself is passed over: ", key));
		}
	return OK;
}

static status keep_choice(struct cuda_device *cuda, const char *key, const struct choice *c)
{
	char text[TEXT];
	write_choice(c, text);
	return cuda_chosen_keep(cuda, CUDA_CHOSEN_MATMUL, key, text);
}

status matmul_set_bias(const struct matmul *m, bool apart, const float *bias)
{
	const cublasLtEpilogue_t epilogue = apart ? CUBLASLT_EPILOGUE_DEFAULT : CUBLASLT_EPILOGUE_BIAS;
	BLAS_TRY(cublasLtMatmulDescSetAttribute(m->desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue));
	BLAS_TRY(cublasLtMatmulDescSetAttribute(m->desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias));
	return OK;
}

/* Bias pointers are known where the product runs; till then one that is aligned like them stands for them. */
static status set_bias_like(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, bool apart)
{
	const char *like = (const char *)cuda->workspace + (aligned & MATMUL_C ? 0 : sizeof(float));
	return m->shape.bias ? matmul_set_bias(m, apart, (const float *)(const void *)like) : OK;
}

/* What a text says, if it still can be done. */
static status make_known(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, const char *text, struct choice *c)
{
	if (!read_choice(text, c) || (c->apart && !m->shape.bias))
		return fail(ERR_INPUT, "no such text is known");
	TRY(set_bias_like(cuda, m, aligned, c->apart));
	return c->whole ? check_algorithm(cuda, m, &c->algo) : make_algorithm(cuda, m, &c->config, &c->algo);
}

static bool choose_known(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, const char *key, struct choice *c)
{
	const char *text = cuda_chosen(cuda, CUDA_CHOSEN_MATMUL, key);
	if (!text)
		return false;
	status s = make_known(cuda, m, aligned, text, c);
	if (s == OK)
		return true;
	warning_failed(fail_within(s, "%s: the algorithm that was chosen before (%s) is not had here, and another one may round "
	                              "otherwise: ", key, text));
	return false;
}

status matmul_choose(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, struct matmul_algorithm *out)
{
	struct choice c;
	char key[TEXT];
	write_key(m, aligned, key);
	bool chosen = choose_known(cuda, m, aligned, key, &c);
	if (!chosen) {
		memset(&c, 0, sizeof c);
		for (int apart = 0; apart <= m->shape.bias && !chosen; apart++) {
			c.apart = apart;
			TRY(set_bias_like(cuda, m, aligned, apart));
			status s = choose_new(cuda, m, aligned, key, &c, &chosen);
			if (s != OK)
				return fail_within(s, "%s: ", key);
		}
		if (!chosen)
			return fail(ERR_LIBRARY, "%s: cuBLAS has no algorithm that it can be told to use", key);
		TRY(keep_choice(cuda, key, &c));
	}
	out->apart = c.apart;
	out->algo = c.algo;
	return OK;
}
