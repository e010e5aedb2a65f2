/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The options of `basin sample`; a method's own are in its file. */
#include "commands/sample_options.h"

#include "commands/command.h"
#include "commands/csv_options.h"
#include "commands/word_lists.h"
#include "samplers/sampler.h"
#include "src/data/class_weight.h"
#include "src/data/dataset.h"
#include "src/data/holdout.h"
#include "src/files/run.h"
#include "src/files/snaps.h"
#include "src/layer.h"
#include "src/likelihood.h"
#include "src/schedule.h"

static const struct param data_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets, .help = "data set"},
	{.name = "labels", .type = PARAM_PATH, .arg = "FILE.npy", .help = "labels that replace the training set's own"},
	{.name = "holdout", .type = PARAM_TEXT, .arg = HOLDOUT_ARG,
	 .help = "training examples set aside, always the same ones for the same set, drawn at random, or of each class a share where "
	         "that is said"},
	{.name = "target", .type = PARAM_TEXT, .arg = "NAME", .help = "target column of a csv file; without it the last"},
	CSV_HEADER_OPTION,
	{.name = "decimal", .type = PARAM_CHOICE, .arg = DECIMAL_WORDS,
	 .help = "what decimals of a csv file begin with; without it a point"},
	{.name = "drop", .type = PARAM_TEXT, .arg = "NAME[,NAME…]", .help = "columns of a csv file that are left out"},
	{.name = "id", .type = PARAM_TEXT, .arg = "NAME", .help = "column of a csv file that names its rows, and is left out too"},
	{.name = "category", .type = PARAM_TEXT, .arg = "NAME[,NAME…]",
	 .help = "columns of a csv file whose numbers are words: each of them is a level, or a class, not an amount"},
	{.name = "missing", .type = PARAM_CHOICE, .arg = MISSING_WORDS, .fallback = "refuse",
	 .help = "what is done about cells of a csv file without a value: they are refused, or have the mean of their column over the "
	         "training rows, or also a feature that marks them"},
	{.name = "unknown", .type = PARAM_CHOICE, .arg = UNKNOWN_WORDS, .fallback = "refuse",
	 .help = "what is done about words of later csv files that the training file had not: they are refused, or taken for none of its "
	         "words"},
	{.name = "standardize", .type = PARAM_FLAG, .rival = "no-standardize",
	 .help = "bring the columns and targets of a csv file or float array to mean 0 and deviation 1, as is done without it where a csv "
	         "file has words or gaps"},
	{.name = "no-standardize", .type = PARAM_FLAG, .rival = "standardize", .help = "leave them as they are"},
	{.name = "normalize", .type = PARAM_TEXT, .arg = "data|none|MEAN:SD", .fallback = "data",
	 .help = "what is done to pixels in 0..1: the training set's own mean and deviation by channel, nothing, or these "
	         "(comma-separated by channel)"},
	{.name = "augment", .type = PARAM_CHOICE, .arg = AUGMENT_WORDS, .fallback = "none",
	 .help = "training augmentation: crop after padding by 4, and mirror every other image"},
	{0},
};
static const struct opt_table table_data = {.owner = "data", .heading = "Data", .defs = data_defs};

static const struct param model_defs[] = {
	{.name = "model", .type = PARAM_TEXT, .arg = "MODEL", .words = &words_models,
	 .help = "a network, linear, mlp:IN-HIDDEN-OUT with any number of hidden layers and, for IN and OUT, also the words in and out for "
	         "what the data have, lenet, resnet20, or resnet18, resnet34 "
	         "or resnet50 with :cifar or :imagenet where the image's size is not to choose the stem; or an analytic target, "
	         "gaussian:, double-well:, banana:, mixture:, wells:, basins: or quadratics: and its numbers"},
	{.name = "gradient-noise", .type = PARAM_TEXT, .arg = "SD[,SD…]",
	 .help = "of an analytic target: normal noise of this deviation, or one for each dimension, on the gradients of a step's batch"},
	{.name = "activation", .type = PARAM_CHOICE, .arg = ACTIVATION_WORDS, .fallback = "relu",
	 .help = "nonlinearity between layers"},
	{.name = "norm", .type = PARAM_CHOICE, .arg = NORM_WORDS,
	 .help = "norm of a residual network, without it bn: batch norm, or filter response norm, which depends on no batch and whose "
	         "learned threshold stands for relu"},
	{.name = "init", .type = PARAM_PATH, .arg = "RUN|FILE.snaps",
	 .help = "start every chain from the last snapshot, θ where it was kept, of a run's chain 0 or a snapshot file instead of "
	         "PyTorch's default initialisation"},
	{.name = "freeze", .type = PARAM_TEXT, .arg = "PATTERN[,PATTERN…]",
	 .help = "tensors that keep their initial values, by shell patterns on their names"},
	{.name = "likelihood", .type = PARAM_CHOICE, .arg = LIKELIHOOD_WORDS, .words = &words_likelihoods,
	 .help = "without it categorical, and gaussian for real targets"},
	{.name = "noise-sd", .type = PARAM_REAL, .arg = "SD|" NOISE_SD_LEARN, .word = NOISE_SD_LEARN, .fallback = "1", .above_min = true,
	 .max = 1e30,
	 .help = "standard deviation of the gaussian likelihood, in the units the model sees; learn: one of each target is sampled, the "
	         "tensor noise.log_sd, by its logarithm, whose prior is normal with mean 0 and deviation 1 at T = 1"},
	{.name = "class-weight", .type = PARAM_TEXT, .arg = CLASS_WEIGHT_WORDS,
	 .help = "factors on the likelihoods of classes, by name or number, 1 for those that aren't named; balanced: each class counts the "
	         "same in all, N/(K n) for one of n of the N training examples and K classes"},
	{.name = "prior", .type = PARAM_TEXT, .arg = "KIND[,PATTERN=FACTOR…]", .fallback = "gaussian",
	 .help = "the prior: gaussian, laplace or student-t:NU (NU above 2), each with variance 1/(N·δ) at T = 1, and "
	         "factors on the weight decay δ of the tensors that match a shell pattern; on noise.log_sd one on its own precision of 1"},
	{.name = "weight-decay", .type = PARAM_REAL, .arg = "DELTA", .min = 0, .max = 1e6, .unit = "per example",
	 .help = "weight decay δ: a prior of precision N·δ, gaussian or of --prior's kind; without it 5e-4, and 0 for analytic targets"},
	{.name = "temperature", .type = PARAM_REAL, .arg = "T", .fallback = "1", .above_min = true, .max = 1e30, .rival = "beta",
	 .help = "temperature T of the target exp(−(N/T) u(θ)); 1 is the Bayes posterior"},
	{.name = "beta", .type = PARAM_REAL, .arg = "BETA", .above_min = true, .max = 1e30, .unit = "examples", .rival = "temperature",
	 .help = "inverse temperature β = N/T, another way to give T"},
	{0},
};
static const struct opt_table table_model = {.owner = "model", .heading = "Model and target", .defs = model_defs};

#define METHOD_WORD(id, name, title) "|" name

static const struct param chain_defs[] = {
	{.name = "sampler", .type = PARAM_CHOICE, .arg = METHODS(METHOD_WORD) + 1, .fallback = "sgld",
	 .words = &words_methods, .help = "method"},
	{.name = "epochs", .type = PARAM_COUNT, .arg = "E", .min = 1, .max = 1e9, .unit = "epochs", .rival = "steps",
	 .help = "length of each chain"},
	{.name = "steps", .type = PARAM_COUNT, .arg = "K", .min = 1, .max = 1e15, .unit = "steps", .rival = "epochs",
	 .help = "length of each chain, instead of --epochs"},
	{.name = "batch", .type = PARAM_COUNT, .arg = "B", .min = 0, .max = 1e8, .unit = "examples",
	 .help = "minibatch size; 0 is the full set; without it 128, or all examples where there are fewer"},
	{.name = "sampling", .type = PARAM_CHOICE, .arg = "shuffle|iid", .fallback = "shuffle",
	 .help = "minibatches from a new order every epoch, or drawn independently with replacement"},
	{.name = "lr", .type = PARAM_REAL, .arg = "RATE", .fallback = "0.1", .above_min = true, .max = 1e6,
	 .help = "step size λ on the mean-potential scale"},
	{.name = "lr-end", .type = PARAM_REAL, .arg = "RATE", .fallback = "0", .min = 0, .max = 1e6,
	 .help = "step size at the end of a cosine, or of swa's descent"},
	{.name = "schedule", .type = PARAM_CHOICE, .arg = SCHEDULE_WORDS, .fallback = "constant",
	 .help = "how the step size changes"},
	{.name = "cycles", .type = PARAM_COUNT, .arg = "M", .fallback = "4", .min = 1, .max = 1e6, .unit = "cycles",
	 .help = "cosine cycles of the cyclical schedule"},
	{.name = "explore", .type = PARAM_REAL, .arg = "F", .fallback = "0", .min = 0, .max = 1,
	 .help = "first share of each cycle without injected noise; where the schedule is not cyclical the run is one cycle"},
	{.name = "milestones", .type = PARAM_TEXT, .arg = "E1[,E2…]",
	 .help = "epochs (or Nsteps) at which the step schedule multiplies λ by --gamma"},
	{.name = "gamma", .type = PARAM_REAL, .arg = "FACTOR", .fallback = "0.1", .above_min = true, .max = 1,
	 .help = "factor of the step schedule"},
	{.name = "swa-start", .type = PARAM_TEXT, .arg = "E",
	 .help = "epochs (or Nsteps) after which states are to be averaged: the swa schedule falls from half of them to nine tenths; "
	         "without it half the run"},
	{.name = "chains", .type = PARAM_COUNT, .arg = "C", .fallback = "1", .min = 1, .max = RUN_CHAINS_MOST, .unit = "chains",
	 .help = "independent chains; --resume may be given more of them"},
	{.name = "only", .type = PARAM_TEXT, .arg = "K[-L]",
	 .help = "run chain K alone, or K to L, counted from 0, of a run that others work on too: it is made, or joined where it is "
	         "there with the same options and data"},
	{.name = "seed", .type = PARAM_COUNT, .arg = "SEED", .fallback = "1", .min = 0, .max = 4294967295.,
	 .help = "all randomness of chain k follows from the seed and k"},
	{0},
};
static const struct opt_table table_chain = {.owner = "chain", .heading = "Chains", .defs = chain_defs};

static const struct param network_defs[] = {
	{.name = "precision", .type = PARAM_CHOICE, .arg = PRECISION_WORDS, .fallback = "fp32",
	 .help = "arithmetic of convolutions and matrix products; parameters, sums, norms and losses are float32 in either"},
	{.name = "conv-algo", .type = PARAM_CHOICE, .arg = CONV_ALGO_WORDS, .fallback = "auto",
	 .help = "how convolutions are computed: the fastest way for each shape, measured once and kept for --resume; oneDNN's "
	         "direct one; Winograd's where there is one; or direct, with the gradient of the weights as one matrix product; a CUDA "
	         "device has auto, of cuDNN's engines, and direct, without those that transform"},
	{.name = "fast", .type = PARAM_FLAG,
	 .help = "on a CUDA device, let convolutions sum in an order that varies from run to run and, in fp32, have factors of 11 bits, "
	         "where that is faster: the run then does not repeat to the bit"},
	{.name = "bn-stats", .type = PARAM_CHOICE, .arg = "run|recompute", .fallback = "run",
	 .help = "batch-norm statistics that θ is kept with: those of the run's own passes, or of one pass over the training set "
	         "at the state that is kept, as anchors always have"},
	{0},
};
static const struct opt_table table_network = {.owner = "network", .heading = "Arithmetic", .defs = network_defs};

static const struct param keep_defs[] = {
	{.name = "out", .type = PARAM_PATH, .arg = "RUN", .help = "folder that is made for the run"},
	{.name = "resume", .type = PARAM_PATH, .arg = "RUN",
	 .help = "go on with a run; only workers, chains to take, threads, device, logging, checkpointing, the paths of data and "
	         "labels, more chains and, under a constant schedule, the length may then be given"},
	{.name = "keep-last", .type = PARAM_COUNT, .arg = "E", .min = 1, .max = 1e9, .unit = "epochs", .rival = "keep-every",
	 .help = "keep the state at the end of each of the last E epochs of every cycle"},
	{.name = "keep-every", .type = PARAM_COUNT, .arg = "S", .min = 1, .max = 1e15, .unit = "steps", .rival = "keep-last",
	 .help = "keep the state at every multiple of S steps beyond --burn-in; without either the last state is kept"},
	{.name = "burn-in", .type = PARAM_COUNT, .arg = "S", .fallback = "0", .min = 0, .max = 1e15, .unit = "steps",
	 .help = "steps, counted in --steps, whose states are not kept, and in which hmc adapts its step size"},
	{.name = "snapshot-dtype", .type = PARAM_CHOICE, .arg = SNAPS_DTYPE_WORDS, .fallback = "float32",
	 .help = "how snapshots store parameters"},
	{.name = "log-every", .type = PARAM_COUNT, .arg = "S", .fallback = "100", .min = 1, .max = 1e15, .unit = "steps",
	 .help = "steps between two lines of the log"},
	{.name = "checkpoint-every", .type = PARAM_TEXT, .arg = "SECONDS|Nsteps", .fallback = "60",
	 .help = "time or steps between two checkpoints"},
	{0},
};
static const struct opt_table table_keep = {.owner = "keep", .heading = "Run and snapshots", .defs = keep_defs};

/* ---- the methods' own ---- */

#define METHOD_TABLE(id, word, title)                                                                                     \
	static const struct opt_table table_##id = {.owner = word, .heading = title " options", .selector = "sampler", \
	                                            .declared = &sampler_##id.params};
METHODS(METHOD_TABLE)

#define METHOD_ENTRY(id, word, title) &table_##id,

const struct opt_table *const sample_tables[] = {
	&table_data, &table_model, &table_network, &table_chain, &table_keep, METHODS(METHOD_ENTRY) &table_workers,
	&table_progress, NULL,
};
