# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Whole runs of the program BASIN on a linear regression, made here, beside the methods' equations in NumPy: batches in their order
with a short last one, factors of the prior, a temperature, two cycles of the step size, all noise from a Philox of this script's own,
and the losses that the log counts. A line "yes NAME" or "no NAME" for each run."""
import json
import math
import os
import subprocess

import msgpack
import numpy as np

N, D, B, STEPS, RATE = 10, 3, 4, 40, 0.05
TEMPERATURE, DECAY, SEED = 0.6, 0.2, 9
BETA = N / TEMPERATURE
FACTOR = np.array([2, 2, 1.0])   # fc.weight, fc.bias
SHUFFLE, LANGEVIN, RADEMACHER, HEAVY, MOMENTUM, QUANTISE, QUANTISE_1, SHUFFLE_1 = 1, 5, 12, 13, 14, 16, 17, 19


# ---- random numbers (Salmon et al. 2011) ----

def words(stream, step, quad):
    c, k = [quad, stream, step & 0xFFFFFFFF, step >> 32], [SEED, 0]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def fractions(stream, step):
    return np.array([(words(stream, step, e // 4)[e % 4] >> 8) / 2**24 for e in range(D)])


def normals(stream, step):
    out = []
    for e in range(0, D + 1, 2):
        w = words(stream, step, e // 4)[e % 4:]
        r, phi = math.sqrt(-2 * math.log((w[0] + 0.5) / 2**32)), 2 * math.pi * (w[1] - (w[1] >> 31 << 32)) / 2**32
        out += [r * math.cos(phi), r * math.sin(phi)]
    return np.array(out[:D])


def signs(step):
    return np.where(fractions(RADEMACHER, step) < 0.5, -1.0, 1.0)


def rows(step, stream=SHUFFLE, size=B):
    batches = -(-N // size) if stream == SHUFFLE else N // size
    order = list(range(N))
    for i in range(N - 1, 0, -1):
        w = words(stream, step // batches, i // 2)[i % 2 * 2:]
        j = (w[1] << 32 | w[0]) * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
    first = step % batches * size
    return order[first:first + size]


# ---- the model ----

draws = np.random.default_rng(3)
data = draws.normal(size=(N, 3)).round(3)
np.savetxt("line.csv", data, delimiter=",", fmt="%.3f")
X, Y = np.c_[data[:, :2], np.ones(N)], data[:, 2]
ALL = list(range(N))


def gradient(theta, at, weight=None):
    residual = X[at] @ theta - Y[at]
    return X[at].T @ (residual * (1 / len(at) if weight is None else weight))


def losses(theta, at):
    return (X[at] @ theta - Y[at])**2 / 2 + math.log(2 * math.pi) / 2


def pull(theta):
    return DECAY * FACTOR * theta


def noise(k, rate):
    return math.sqrt(2 * rate / BETA) * normals(LANGEVIN, k)


# ---- the methods: a step k from θ at step size λ, with what it remembers in `s` ----

def psgld(k, theta, rate, s, probe):
    at = rows(k)
    g, alpha = gradient(theta, at), 0.9 if k else 0
    s.square = alpha * s.square + (1 - alpha) * g * g
    G = 1 / (0.3 + np.sqrt(s.square))
    new = theta - rate * G * (g + pull(theta)) + np.sqrt(G) * noise(k, rate)
    if probe:
        z = signs(k)
        diagonal = z * (gradient(theta + 0.1 * z, at) - g) / 0.1
        new -= rate / BETA * (1 - alpha) * g * diagonal * G * G / np.sqrt(s.square)
    return new


def rw_sam(k, theta, rate, s, decay_in_loss):
    at, inside = rows(k), float(decay_in_loss)
    n = np.abs(losses(theta + 0.1 * signs(k), at) - losses(theta, at)) / 0.1
    p = np.exp(2 * n) / np.exp(2 * n).sum()
    g = gradient(theta, at, p) + inside * pull(theta)
    there = theta + 0.3 * g / np.sqrt(g @ g)
    s.velocity = 0.9 * s.velocity + gradient(there, at) + pull(there if decay_in_loss else theta)
    return theta - rate * s.velocity


def tail_sgd(k, theta, rate, s, word, large):
    u = (words(HEAVY, k, 0)[0] + 0.5) / 2**32
    w = 0.5 * ((1 - u)**(-1 / 1.4) - 1)
    small = gradient(theta, rows(k))
    far = gradient(theta, rows(k, SHUFFLE_1, large) if large < N else ALL)
    star = gradient(theta, rows(k, SHUFFLE_1, large if large < N else B)[:B]) if word == "fresh" else small
    move = rate * ((far if word == "full" else small) + w * (star - far) + pull(theta))
    return theta - move * min(1, 0.1 / np.sqrt(move @ move))


def sgld_cv(k, theta, rate, s, refresh):
    if k % refresh == 0:
        s.centre, s.full = theta, gradient(theta, ALL)
    g = gradient(theta, rows(k)) - gradient(s.centre, rows(k)) + s.full
    return theta - rate * (g + pull(theta)) + noise(k, rate)


def sghmc(k, theta, rate, s):
    velocity = math.sqrt(rate / s.rate) * s.velocity if k else math.sqrt(rate / BETA) * normals(MOMENTUM, 0)
    injected = math.sqrt(0.3 - 0.1 * rate / RATE)
    s.velocity = 0.7 * velocity - rate * (gradient(theta, rows(k)) + pull(theta)) + injected * noise(k, rate)
    return theta + s.velocity


def sgnht(k, theta, rate, s):
    root = math.sqrt(rate / s.rate)
    s.excess *= root
    s.velocity = (0.8 - s.excess) * root * s.velocity - rate * (gradient(theta, rows(k)) + pull(theta)) + math.sqrt(0.2) * noise(k, rate)
    s.excess += (s.velocity @ s.velocity / D - rate / BETA) / 0.05
    return theta + s.velocity


def on_grid(x, u, gap, bits):
    low = np.floor(x / gap)
    half = gap * 2**(bits - 1)
    return np.clip(gap * (low + (x / gap - low > u)), -half, half - gap)


def low_precision(k, theta, rate, s, variant, bits, fraction):
    gap, u, v = 2.0**-fraction, fractions(QUANTISE, k), 2 * rate / BETA
    if k == 0 and variant != "full":
        theta = on_grid(theta + gap / 2, 2, gap, bits)
    g = gradient(on_grid(theta, u, gap, bits) if variant == "full" else theta, rows(k))
    g = on_grid(g, fractions(QUANTISE_1, k), 2.0**-5, bits)
    mean = theta - rate * (g + pull(theta))
    if variant == "full":
        return mean + noise(k, rate)
    if variant == "naive":
        return on_grid(mean + noise(k, rate), u, gap, bits)
    if v >= gap**2 / 4:
        x = mean + math.sqrt(v - gap**2 / 4) * normals(LANGEVIN, k)
        q = np.floor(x / gap + 0.5)
        r = x / gap - q
        up, down = (0.25 + r * r + abs(r)) / 2, (0.25 + r * r - abs(r)) / 2
        q += np.where(r < 0, -1, 1) * (1.0 * (u < up) - 1.0 * (u >= 1 - down))
    else:
        q = np.floor(mean / gap)
        f = mean / gap - q
        left, lacks = np.where(u < f, u / np.maximum(f, 1e-9), (u - f) / (1 - f)), (v / gap**2 - f * (1 - f)) / 2
        q += 1.0 * (u < f) + (left < lacks) - (left >= 1 - lacks)
    return np.clip(gap * q, -gap * 2**(bits - 1), gap * (2**(bits - 1) - 1))


# ---- runs ----

class Memory:
    def __init__(self, rate):
        self.square, self.velocity, self.excess, self.rate = np.zeros(D), np.zeros(D), 0, rate


def sample(name, *options):
    subprocess.run([os.environ["BASIN"], "sample", "--data", "csv:line.csv", "--model", "linear", "--threads", "1", "--quiet", "--seed",
                    str(SEED), "--temperature", str(TEMPERATURE), "--out", name, *options], check=True)
    with open(name + "/chain-0.snaps", "rb") as file:
        stream = msgpack.Unpacker(file)
        next(stream)
        return [np.frombuffer(r["params"], "<f4").astype(np.float64) for r in stream]


begin = sample("begin", "--sampler", "sgd", "--steps", "1")[-1]
runs = 0


def check(step, of, method, *options, counted=True):
    global runs
    runs += 1
    got = sample(f"steps-{runs}", "--init", "begin", "--steps", str(STEPS), "--keep-every", "1", "--log-every", "1", "--batch", str(B), "--lr",
                 str(RATE), "--schedule", "cyclical", "--cycles", "2", "--weight-decay", str(DECAY), "--prior", "gaussian,*.weight=2",
                 "--sampler", method, *options)
    with open(f"steps-{runs}/chain-0.log.jsonl") as log:
        logged = [json.loads(line)["nll"] for line in log]
    theta, s, worst = begin, Memory(RATE), 0 if len(got) == len(logged) == STEPS else math.inf
    for k in range(min(len(got), len(logged))):
        rate = RATE / 2 * (math.cos(math.pi * (2 * k % STEPS) / STEPS) + 1)
        if counted:
            worst = max(worst, abs(logged[k] - losses(theta, rows(k)).mean()))
        theta = step(k, theta, rate, s, *of)
        s.rate = rate
        worst = max(worst, np.abs(got[k] - theta).max())
    print("yes" if worst < 5e-6 else "no", f"{method} {' '.join(options)}: {STEPS} steps are those of its equation ({worst:.1e})")


check(psgld, [False], "psgld", "--rms-decay", "0.9", "--rms-eps", "0.3")
check(psgld, [True], "psgld", "--rms-decay", "0.9", "--rms-eps", "0.3", "--correction", "probe", "--probe-size", "0.1")
for inside in [], ["--perturb-decay"]:
    check(rw_sam, [bool(inside)], "rw-sam", "--reweight", "2", "--probe-size", "0.1", "--rho", "0.3", "--momentum", "0.9", *inside)
for word in "same", "fresh", "full":
    check(tail_sgd, [word, N], "tail-sgd", "--heavy-batch", word, "--clip", "0.1")
    if word != "full":
        check(tail_sgd, [word, 8], "tail-sgd", "--heavy-batch", word, "--clip", "0.1", "--large-batch", "8")
check(sgld_cv, [7], "sgld-cv", "--refresh", "7")
check(sgld_cv, [STEPS], "sgld-cv")
check(sghmc, [], "sghmc", "--friction", "0.3", "--noise-estimate", "0.1", "--momentum-init", "normal")
check(sgnht, [], "sgnht", "--friction", "0.2", "--thermostat-mass", "0.05")
for variant in "full", "naive", "corrected":
    for bits, fraction in (10, 1), (12, 5):
        # Its losses are those of rounded parameters, also in the first step.
        check(low_precision, [variant, bits, fraction], "low-precision-sgld", "--variant", variant, "--bits", str(bits), "--fraction",
              str(fraction), "--gradient-fraction", "5", counted=False)
