#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""blackjax's side of `make bench`: SGLD on a network of one hidden layer, many chains under one jit.

    peer_blackjax.py describe                            the versions of blackjax and jax
    peer_blackjax.py step FOLDER SIZES BATCH CHAINS LR WAY EPOCHS
    peer_blackjax.py loss FOLDER SIZES BATCH CHAINS LR WAY EPOCHS BURN-IN

FOLDER has x.npy and y.npy (peer.py data), SIZES is INPUTS-HIDDEN-CLASSES. The target is Basin's: U(θ) of the whole set plus
N·δ|θ|²/2 with δ = 5e-4 at temperature 1, λ = LR on the mean, which makes LR/N the step size of blackjax; batches of a new
order of the set every epoch; PyTorch's default initial values. WAY is "vmap", chains vectorised over a scan of steps, or
"scan", a scan over steps of all chains at once, each chain with batches of its own in both; "shared", a scan whose batches
are the same ones for all chains; or "iid", vmap with batches drawn with replacement. What is compiled is EPOCHS epochs of
all chains.

step compiles, runs once, prints "ready" and answers each line "COUNT" of standard input by running COUNT times EPOCHS epochs:
{"rate": chain-steps a second}. loss prints {"mean": mean loss, "error": its standard error over chains}, in nats an
example, of the batches of EPOCHS epochs after BURN-IN epochs, each before its step, as Basin's log has it.
Exit status 3: blackjax or jax is missing.
"""
import json
import os
import sys
import time

DECAY = 5e-4


def network(jax, jnp, sizes):
    def initial(key):
        def uniform(key, inputs, *shape):
            return jax.random.uniform(key, shape, minval=-inputs ** -0.5, maxval=inputs ** -0.5)
        inputs, hidden, classes = sizes
        a, b, c, d = jax.random.split(key, 4)
        return {"w1": uniform(a, inputs, inputs, hidden), "b1": uniform(b, inputs, hidden),
                "w2": uniform(c, hidden, hidden, classes), "b2": uniform(d, hidden, classes)}

    def log_likelihood(p, example):
        x, y = example
        return jax.nn.log_softmax(jax.nn.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"])[y]

    return initial, log_likelihood


class Chains:
    """`run(state, keys)` goes on by `epochs` epochs with every chain."""

    def __init__(self, folder, sizes, batch, chains, lr, way, epochs, losses=False):
        import blackjax
        import jax
        import jax.numpy as jnp
        import numpy
        self.jax, self.chains, self.epochs = jax, chains, epochs
        x, y = (jnp.asarray(numpy.load(os.path.join(folder, name))) for name in ("x.npy", "y.npy"))
        n = x.shape[0]
        initial, log_likelihood = network(jax, jnp, sizes)

        def log_prior(p):
            return -0.5 * n * DECAY * sum(jnp.sum(v * v) for v in jax.tree.leaves(p))

        sgld = blackjax.sgld(blackjax.sgmcmc.gradients.grad_estimator(log_prior, log_likelihood, n))
        self.per_epoch = n // batch

        def step(p, key, rows):
            return sgld.step(key, p, (x[rows], y[rows]), lr / n)

        def batch_loss(p, rows):
            return -jax.vmap(log_likelihood, in_axes=(None, 0))(p, (x[rows], y[rows])).mean()

        def order_of(key):
            return jax.random.permutation(key, n)[:self.per_epoch * batch].reshape(self.per_epoch, batch)

        def drawn(key):
            return jax.random.randint(key, (self.per_epoch, batch), 0, n)

        def epoch(p, key):
            """One chain's: a scan over the batches of a new order."""
            shuffle, noise = jax.random.split(key)
            keys = jax.random.split(noise, self.per_epoch)
            batches = (drawn if way == "iid" else order_of)(shuffle)
            return jax.lax.scan(lambda p, a: (step(p, *a), batch_loss(p, a[1]) if losses else None), p, (keys, batches))

        def epoch_of_all(p, key):
            """All chains': a scan over steps that are vectorised over chains."""
            shuffle, noise = jax.random.split(key)
            orders = jax.vmap(order_of)(jax.random.split(shuffle, chains)).swapaxes(0, 1)
            keys = jax.random.split(noise, (self.per_epoch, chains))
            return jax.lax.scan(lambda p, a: (jax.vmap(step)(p, *a), None), p, (keys, orders))

        def shared_epoch(p, key):
            """All chains': the same batch for all in each step."""
            shuffle, noise = jax.random.split(key)
            keys = jax.random.split(noise, (self.per_epoch, chains))
            return jax.lax.scan(lambda p, a: (jax.vmap(step, in_axes=(0, 0, None))(p, *a), None), p,
                                (keys, order_of(shuffle)))

        def run_one(p, key):
            return jax.lax.scan(epoch, p, jax.random.split(key, epochs))

        def run_all(p, keys):
            return jax.lax.scan(shared_epoch if way == "shared" else epoch_of_all, p, jax.random.split(keys[0], epochs))

        keys = jax.random.split(jax.random.key(1), chains)
        self.state = jax.vmap(initial)(keys)
        self.run = jax.jit(jax.vmap(run_one) if way in ("vmap", "iid") else run_all)
        if chains == 1:
            # A user with one chain vectorises nothing.
            self.state = jax.tree.map(lambda v: v[0], self.state)
            self.run = jax.jit(lambda p, keys: run_one(p, keys[0]))
        self.key = jax.random.key(2)

    def go(self, count):
        jax = self.jax
        start = time.perf_counter()
        for _ in range(count):
            self.key, key = jax.random.split(self.key)
            self.state, self.losses = self.run(self.state, jax.random.split(key, self.chains))
        jax.block_until_ready(self.state)
        return time.perf_counter() - start


def serve(chains):
    chains.go(1)
    chains.go(1)
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        steps = count * chains.epochs * chains.per_epoch
        print(json.dumps({"rate": steps * chains.chains / chains.go(count)}), flush=True)


def print_loss(chains, burn_in):
    import numpy
    for _ in range(-(-burn_in // chains.epochs) + 1):
        chains.go(1)
    each = numpy.asarray(chains.losses).mean(axis=(1, 2))
    print(json.dumps({"mean": float(each.mean()), "error": float(each.std(ddof=1) / len(each) ** 0.5)}))


def main(args):
    try:
        import blackjax
        import jax
    except ImportError:
        return 3
    if args == ["describe"]:
        print("blackjax %s, jax %s" % (blackjax.__version__, jax.__version__))
        return 0
    if len(args) != {"step": 8, "loss": 9}.get(args[0] if args else ""):
        sys.stderr.write(__doc__)
        return 2
    sizes = tuple(map(int, args[2].split("-")))
    chains = Chains(args[1], sizes, int(args[3]), int(args[4]), float(args[5]), args[6], int(args[7]), args[0] == "loss")
    if args[0] == "step":
        serve(chains)
    else:
        print_loss(chains, int(args[8]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
