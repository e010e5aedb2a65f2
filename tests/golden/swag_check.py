# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The runs of tests/swag.t, read by their man page alone, and the fit computed in NumPy: a line "yes NAME" or "no NAME" each."""
import msgpack
import numpy as np

TYPES = {"float32": "<f4", "float16": "<f2", "bfloat16": "<u2"}


def read(path):
    with open(path, "rb") as file:
        stream = msgpack.Unpacker(file, max_buffer_size=2**32 - 1)
        header = next(stream)
        kept = [(r["step"], r["params"]) for r in stream]
    return header, [step for step, _ in kept], [np.frombuffer(p, TYPES[header["dtype"]]) for _, p in kept]


def widened(x):
    return (x.astype(np.uint32) << 16).view(np.float32) if x.dtype == np.uint16 else x


def to_bfloat(x):
    """To nearest, ties to even, of the double itself: the float below it, and the halves of what is between two."""
    low = (x.astype(np.float32).view(np.uint32) & 0xFFFF0000)
    best = None
    for move in (-0x10000, 0, 0x10000):
        word = (low.astype(np.int64) + move).astype(np.uint32)
        gap = np.abs(word.view(np.float32).astype(np.float64) - x)
        if best is None:
            best, least = word, gap
            continue
        better = (gap < least) | ((gap == least) & ((word >> 16) % 2 == 0))
        best, least = np.where(better, word, best), np.where(better, gap, least)
    return (best >> 16).astype(np.uint16)


def say(good, name):
    print("yes" if good else "no", name)


# SWA: the mean of one chain, to the bit.
_, _, snapshots = read("run/chain-0.snaps")
_, _, drawn = read("swa/chain-0.snaps")
mean = np.sum([x.astype(np.float64) for x in snapshots], axis=0) / len(snapshots)
say(np.array_equal(drawn[0].view(np.uint32), mean.astype(np.float32).view(np.uint32)), "the mean is NumPy's to the bit, in float32")
for dtype, rounded in ("float16", lambda x: x.astype(np.float16).view(np.uint16)), ("bfloat16", to_bfloat):
    _, _, snapshots = read(f"run-{dtype}/chain-0.snaps")
    _, _, drawn = read(f"mean-{dtype}/chain-0.snaps")
    mean = np.sum([widened(x).astype(np.float64) for x in snapshots], axis=0) / len(snapshots)
    say(np.array_equal(drawn[0].view(np.uint16), rounded(mean)), f"and in {dtype}")

# What the draws are made of, by subtraction: with the same seed ξ₂ is the same, and so the rank-4 draws less those of the diagonal
# alone are D ξ₂ √(s/3).
chains = [read(f"run/chain-{k}.snaps") for k in range(2)]
order = sorted((step, k, i) for k, (_, steps, _) in enumerate(chains) for i, step in enumerate(steps))
collected = [chains[k][2][i].astype(np.float64) for _, k, i in order]
mean, columns = np.zeros_like(collected[0]), []
for n, theta in enumerate(collected):
    mean = (n * mean + theta) / (n + 1)
    columns.append(theta - mean)
variance = np.mean([x * x for x in collected], axis=0) - mean * mean
_, steps, full = read("draws/chain-0.snaps")
_, _, flat = read("flat/chain-0.snaps")
say(steps == [1, 2, 3], "draws are numbered from 1")
D = np.array(columns[-4:]).T
low = np.array([a.astype(np.float64) - b for a, b in zip(full, flat)])
xi = np.linalg.lstsq(D * np.sqrt(0.5 / 3), low.T, rcond=None)[0]
rest = low.T - D * np.sqrt(0.5 / 3) @ xi
say(np.abs(rest).max() < 1e-6 and np.abs(low).max() > 1e-3 and 0.3 < xi.std() < 3,
    "the low-rank part lies in the last deviations of both chains, step by step")
moved = variance > 1e-12
diagonal = np.array([(x.astype(np.float64) - mean)[moved] / np.sqrt(0.5 * variance[moved]) for x in flat])
say(abs(diagonal.std() - 1) < 5 / np.sqrt(2 * diagonal.size) and abs(diagonal.mean()) < 5 / np.sqrt(diagonal.size),
    "and the rest has the snapshots' variances")
frozen = next(row for row in chains[0][0]["params"] if row["name"] == "fc1.bias")
place = slice(frozen["offset"], frozen["offset"] + int(np.prod(frozen["shape"])))
_, _, one = read("one-chain/chain-0.snaps")
say(all(np.array_equal(x[place], chains[0][2][0][place]) for x in one) and not np.array_equal(one[0], one[1]),
    "frozen tensors stay what they are")
