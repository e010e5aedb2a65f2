#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes adamw.h: a few steps of torch.optim.AdamW in double (made with PyTorch 1.13.1)."""
import torch

LR, BETA1, BETA2, EPS, DECAY, N, STEPS = 0.01, 0.9, 0.999, 1e-8, 0.05, 19, 6
torch.manual_seed(4)
theta = torch.randn(N).double().requires_grad_()
optimizer = torch.optim.AdamW([theta], lr=LR, betas=(BETA1, BETA2), eps=EPS, weight_decay=DECAY)


def row(x):
    return "{" + ", ".join("%.17g" % v for v in x.tolist()) + "}"


start, gradients, thetas = row(theta), [], []
for step in range(STEPS):
    theta.grad = (torch.randn(N) * 10.0 ** (step % 3 - 1)).double()
    gradients.append(row(theta.grad))
    optimizer.step()
    thetas.append(row(theta))

with open("adamw.h", "w") as f:
    f.write("/* SPDX-License-Identifier: GPL-3.0-or-later */\n/* SPDX-FileCopyrightText: 2026 the Basin contributors */\n/* Made by adamw.py. */\n")
    f.write("#define ADAMW_N %d\n#define ADAMW_STEPS %d\n#define ADAMW_LR %g\n#define ADAMW_BETA1 %g\n" % (N, STEPS, LR, BETA1))
    f.write("#define ADAMW_BETA2 %g\n#define ADAMW_EPS %g\n#define ADAMW_DECAY %g\n" % (BETA2, EPS, DECAY))
    f.write("static const float adamw_start[ADAMW_N] = %s;\n" % start)
    for kind, name, rows in (("float", "gradient", gradients), ("double", "theta", thetas)):
        f.write("static const %s adamw_%s[ADAMW_STEPS][ADAMW_N] = {\n\t%s,\n};\n" % (kind, name, ",\n\t".join(rows)))
