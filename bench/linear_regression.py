#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""A Bayesian linear regression, sampled by Basin, with its closed-form posterior beside it.

usage: linear_regression.py BASIN      (needs numpy and msgpack)
"""
import subprocess, sys, tempfile

import msgpack
import numpy as np

N, NOISE, DECAY, RATE = 200, 0.5, 0.01, 0.005
rng = np.random.default_rng(1)
x = rng.standard_normal((N, 3)) @ np.array([[1, 0.6, 0], [0, 0.8, 0.3], [0, 0, 0.5]])
y = x @ [1.0, -2.0, 0.5] + 0.3 + NOISE * rng.standard_normal(N)

# π ∝ exp(−(1/2σ²) Σ (yᵢ − xᵢᵀθ)² − (Nδ/2)‖θ‖²): precision XᵀX/σ² + Nδ I, the bias a column of ones.
X = np.column_stack([x, np.ones(N)]).astype(np.float32).astype(float)
precision = X.T @ X / NOISE**2 + N * DECAY * np.eye(4)
covariance = np.linalg.inv(precision)
mean = covariance @ X.T @ y.astype(np.float32) / NOISE**2

with tempfile.TemporaryDirectory() as folder:
    np.savetxt(f"{folder}/data.csv", np.column_stack([x, y]), delimiter=",", header="a,b,c,y", comments="", fmt="%.9g")
    command = (f"{sys.argv[1]} sample --data csv:{folder}/data.csv --model linear --noise-sd {NOISE} --batch 0 --lr {RATE} "
               f"--weight-decay {DECAY} --steps 500000 --burn-in 20000 --keep-every 20 --chains 4 --threads 1 "
               f"--out {folder}/run --quiet")
    print(command.replace(folder, "DIR"))
    subprocess.run(command.split(), check=True)
    draws = []
    for chain in range(4):
        with open(f"{folder}/run/chain-{chain}.snaps", "rb") as f:
            records = msgpack.Unpacker(f, max_buffer_size=0)
            next(records)
            draws += [np.frombuffer(r["params"], "<f4") for r in records]
draws = np.array(draws, float)
print(f"{len(draws)} draws\n\n| parameter | mean, closed form | sampled | deviation, closed form | sampled | ratio |")
print("|---|---|---|---|---|---|")
for i, name in enumerate(["a", "b", "c", "bias"]):
    sd, got = np.sqrt(covariance[i, i]), draws[:, i].std()
    print(f"| {name} | {mean[i]:.5f} | {draws[:, i].mean():.5f} | {sd:.5f} | {got:.5f} | {got / sd:.4f} |")
correlation = np.corrcoef(draws.T)
exact = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
print(f"\nlargest difference of a correlation: {np.abs(correlation - exact).max():.4f}")
step = RATE * np.linalg.eigvalsh(precision / N)
print(f"expected from the step size: variances too large by up to {100 * (1 / (1 - step.max() / 2) - 1):.1f} %")
