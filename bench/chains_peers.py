# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""What chains.py lets take turns with Basin: the ways of each peer to advance many chains on two cores."""
import os
import sys
from statistics import median

from servers import HERE, Absent, Peers, Server, ask_together

CORES = 2
SIZES, ROWS, BATCH, CHAINS, LR = "64-64-10", 4096, 32, 64, "1e-3"


def processor_seconds(server):
    """What all threads of a program have used so far."""
    folder, total = "/proc/%d/task" % server.process.pid, 0
    for thread in os.listdir(folder):
        with open(os.path.join(folder, thread, "schedstat")) as f:
            total += int(f.read().split()[0])
    return total / 1e9


class Way:
    """One or more programs that together advance chains, each by `steps` chain-steps for a line "COUNT". `rates` adds theirs
    up; `cpu` has the processor time of a chain-step, in microseconds."""

    def __init__(self, label, servers, count, steps, key):
        self.label, self.servers, self.count, self.steps, self.key = label, servers, count, steps, key
        self.rates, self.cpu = [], []

    def measure(self):
        before = sum(processor_seconds(s) for s in self.servers)
        answers = ask_together(self.servers, self.count)
        used = sum(processor_seconds(s) for s in self.servers) - before
        self.rates.append(sum(a["rate"] if self.key == "rate" else 1e3 / a[self.key] for a in answers))
        self.cpu.append(used / self.steps / len(self.servers) * 1e6)

    def close(self):
        for server in self.servers:
            server.close()


def way(label, commands, count, steps, env=None, key="rate"):
    """None where one of the programs does not start."""
    servers = []
    try:
        for command in commands:
            servers.append(Server(command, env))
    except (OSError, RuntimeError) as e:
        print("bench: %s: %s" % (label, e), file=sys.stderr)
        for server in servers:
            server.close()
        return None
    return Way(label, servers, count, steps, key)


def best(ways):
    return max(ways, key=lambda w: median(w.rates)) if ways else None


def blackjax(folder, label, chains, name, epochs, count, env=None, cores=None):
    """`count` times `epochs` epochs of so many chains, in a process, or in one on each of `cores`."""
    command = [os.environ["JAX"], os.path.join(HERE, "peer_blackjax.py"), "step", folder, SIZES, str(BATCH), str(chains),
               LR, name, str(epochs)]
    commands = [["taskset", "-c", str(core)] + command for core in cores] if cores else [command]
    return way("blackjax, " + label, commands, count, count * epochs * (ROWS // BATCH) * chains, env)


def blackjax_ways(folder):
    """([64 chains, each with batches of its own, a new order every epoch], [64 with cheaper batches], [one chain])."""
    if not os.environ.get("JAX"):
        return [], [], []
    # What random numbers were by default before jax 0.5.
    older, cores = {"JAX_THREEFRY_PARTITIONABLE": "0"}, sorted(os.sched_getaffinity(0))
    share = CHAINS // len(cores)
    own = [blackjax(folder, "vmap of a scan", CHAINS, "vmap", 2, 2),
           blackjax(folder, "vmap of a scan, older threefry", CHAINS, "vmap", 2, 2, older),
           blackjax(folder, "scan of a vmap", CHAINS, "scan", 2, 2),
           blackjax(folder, "vmap of a scan, older threefry, a process on each core", share, "vmap", 4, 1, older, cores)]
    cheap = [blackjax(folder, "batches with replacement, older threefry", CHAINS, "iid", 2, 2, older),
             blackjax(folder, "one batch for all chains, older threefry", CHAINS, "shared", 2, 2, older),
             blackjax(folder, "one batch for all chains, older threefry, a process on each core", share, "shared", 4, 1,
                      older, cores)]
    one = [blackjax(folder, "scan", 1, "vmap", 50, 1), blackjax(folder, "scan, older threefry", 1, "vmap", 50, 1, older)]
    return [w for w in own if w], [w for w in cheap if w], [w for w in one if w]


def pytorch_mlp():
    python, ways = os.environ.get("PEER"), []
    for env in Peers().envs if python else []:
        command = [python, os.path.join(HERE, "peer.py"), "serve", "full", SIZES, str(BATCH), "1"]
        w = way("2 PyTorch processes, " + env["ATEN_CPU_CAPABILITY"], [command] * CORES, 5000, 5000, env)
        if w:
            ways.append(w)
    return ways


def pytorch_lenet():
    """PyTorch of record and the newest, each as fast as one process is found to be; two of it."""
    peers, ways = Peers(), []
    names = ["2 processes of PyTorch of record", "2 processes of the newest PyTorch", None]
    for name, server in zip(names, peers.all("step", "lenet", 32, 1, "fp32", 50)):
        if name and not isinstance(server, Absent):
            w = way("%s, %s" % (name, server.label), [server.command] * CORES, 200, 200, server.env, "sgld")
            if w:
                ways.append(w)
        server.close()
    return ways
