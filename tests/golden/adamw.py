#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes adamw.h: a few steps of torch.optim.AdamW and of torch.optim.Adam in double (made with PyTorch 1.13.1)."""
import torch

LR, BETA1, BETA2, EPS, DECAY, N, STEPS = 0.01, 0.9, 0.999, 1e-8, 0.05, 19, 6
torch.manual_seed(4)
start = torch.randn(N).double()
gradient = [(torch.randn(N) * 10.0 ** (step % 3 - 1)).double() for step in range(STEPS)]


def row(x):
    return "{" + ", ".join("%.17g" % v for v in x.tolist()) + "}"


def thetas(kind):
    theta = start.clone().requires_grad_()
    optimizer = kind([theta], lr=LR, betas=(BETA1, BETA2), eps=EPS, weight_decay=DECAY)
    for g in gradient:
        theta.grad = g.clone()
        optimizer.step()
        yield row(theta)


tables = (("float", "gradient", [row(g) for g in gradient]), ("double", "theta", thetas(torch.optim.AdamW)),
          ("double", "coupled", thetas(torch.optim.Adam)))
with open("adamw.h", "w") as f:
    f.write("/* SPDX-License-Identifier: GPL-3.0-or-later */\n/* SPDX-FileCopyrightText: 2026 the Basin contributors */\n/* Made by adamw.py. */\n")
    f.write("#define ADAMW_N %d\n#define ADAMW_STEPS %d\n#define ADAMW_LR %g\n#define ADAMW_BETA1 %g\n" % (N, STEPS, LR, BETA1))
    f.write("#define ADAMW_BETA2 %g\n#define ADAMW_EPS %g\n#define ADAMW_DECAY %g\n" % (BETA2, EPS, DECAY))
    f.write("static const float adamw_start[ADAMW_N] = %s;\n" % row(start))
    for kind, name, rows in tables:
        f.write("static const %s adamw_%s[ADAMW_STEPS][ADAMW_N] = {\n\t%s,\n};\n" % (kind, name, ",\n\t".join(rows)))
