#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes mlp_torch.h: outputs, losses and gradients of small networks from PyTorch, in double.

Run with a Python that has torch (made with torch 2.15.0; 1.13 gives the same numbers): python3 mlp_torch.py > mlp_torch.h
The inputs are rounded to float32 first, so that what Basin reads is what PyTorch read.
"""
import torch

ROWS = 11
ACTIVATIONS = {"relu": torch.nn.ReLU, "silu": torch.nn.SiLU, "tanh": torch.nn.Tanh}


def numbers(name, tensor):
    values = tensor.detach().flatten().tolist()
    lines = [", ".join("%.9g" % v for v in values[i:i + 8]) for i in range(0, len(values), 8)]
    return "static const double %s[] = {\n\t%s,\n};\n" % (name, ",\n\t".join(lines))


def case(name, widths, activation, likelihood, noise_sd):
    layers = []
    for i in range(len(widths) - 1):
        layers.append(torch.nn.Linear(widths[i], widths[i + 1]))
        if i < len(widths) - 2:
            layers.append(ACTIVATIONS[activation]())
    net = torch.nn.Sequential(*layers).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(p.float().double())
    x = torch.randn(ROWS, widths[0]).double()
    if likelihood == "categorical":
        target = torch.randint(widths[-1], (ROWS,))
    elif likelihood == "bernoulli":
        target = torch.randint(2, (ROWS, widths[-1])).double()
    elif likelihood == "heteroscedastic":
        target = torch.randn(ROWS, widths[-1] // 2).double()
    else:
        target = torch.randn(ROWS, widths[-1]).double()
    output = net(x)
    if likelihood == "categorical":
        loss = torch.nn.functional.cross_entropy(output, target)
    elif likelihood == "bernoulli":
        loss = torch.nn.functional.binary_cross_entropy_with_logits(output, target, reduction="sum") / ROWS
    elif likelihood == "heteroscedastic":
        # Means first, then log-variances; its smallest variance, which it may not fall below, is far from any here.
        mean, log_variance = output.chunk(2, dim=1)
        loss = torch.nn.GaussianNLLLoss(full=True, eps=1e-12, reduction="sum")(mean, target, log_variance.exp()) / ROWS
    else:
        loss = -torch.distributions.Normal(output, noise_sd).log_prob(target).sum() / ROWS
    loss.backward()
    print(numbers(name + "_theta", torch.cat([p.flatten() for p in net.parameters()])))
    print(numbers(name + "_x", x))
    print(numbers(name + "_target", target.double()))
    print(numbers(name + "_output", output))
    print(numbers(name + "_gradient", torch.cat([p.grad.flatten() for p in net.parameters()])))
    row = '\t{"mlp:%s", "%s", "%s", %g, %d, %d, %.17g, %s_theta, %s_x, %s_target, %s_output, %s_gradient},'
    return row % ("-".join(map(str, widths)), activation, likelihood, noise_sd, widths[0], widths[-1], loss.item(),
                  name, name, name, name, name)


def main():
    torch.manual_seed(3)
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* SPDX-FileCopyrightText: 2026 the Basin contributors */")
    print("/* Made by mlp_torch.py with torch %s; don't edit. */\n" % torch.__version__.split("+")[0])
    print("enum { GOLDEN_ROWS = %d };\n" % ROWS)
    rows = [case("relu", [7, 9, 6, 4], "relu", "categorical", 0),
            case("tanh", [5, 8, 2], "tanh", "gaussian", 0.3),
            case("silu", [6, 5, 1], "silu", "bernoulli", 0),
            case("own", [4, 7, 6], "tanh", "heteroscedastic", 0)]
    print("""struct golden {
	const char *model, *activation, *likelihood;
	double noise_sd;
	int inputs, outputs;
	double loss;  /* mean over the rows */
	const double *theta, *x, *target, *output, *gradient;
};

static const struct golden goldens[] = {""")
    print("\n".join(rows))
    print("};")


main()
