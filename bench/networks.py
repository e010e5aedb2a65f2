#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The convolutional part of `make bench`: Basin and PyTorch take turns, and what each row leaves to the machine's limit.

Reads BASIN's bench programs from $BENCH, the peer of record's Python from $PEER and, where there is one, that of a newer
PyTorch from $PEER2 (measured eager and compiled). ROUNDS is the number of rounds (5); THREADS (2) and BATCH (128) are
those of ResNet-18.
servers.py has the programs and how they take turns, tables.py the cells, step_parts.py the parts of a step.
"""
import os
import sys
from statistics import median

from servers import BENCH, Absent, Peers, Server, basin, take_turns, tuned
from step_parts import print_implementations, print_shares
from tables import SPEED_HEADER, fastest, speed_row, table

ROUNDS = int(os.environ.get("ROUNDS", "5"))
THREADS = int(os.environ.get("THREADS", "2"))
BATCH = int(os.environ.get("BATCH", "128"))
PARAMS = 11173962
# Multiplications and additions of an image: forward; and with the gradients of inputs (but the first layer's) and of weights.
FORWARD_GFLOP, STEP_GFLOP = 1.1109, 3.3293
LENET_BATCH, LENET_STEP_GFLOP = 32, 0.0032047


def images_per_s(ms):
    return BATCH / median(ms) * 1e3


def limits_of(threads):
    return Server([os.path.join(BENCH, "limits"), str(threads)], {"OMP_NUM_THREADS": str(threads)})


class Report:
    def __init__(self):
        self.peers = Peers()
        self.limits = limits_of(THREADS)
        self.copy = []
        self.speed, self.how, self.far, self.missing = [], [], [], []

    def interleave(self, servers, count, key, limits=None):
        """ms[server][round], and the numbers of the limits' program, taken at the end of each round, in a dictionary."""
        ms, limit = [[] for _ in servers], {}
        for _ in range(ROUNDS):
            take_turns(servers, count, key, ms)
            for name, value in (limits or self.limits).ask(5).items():
                if value:
                    limit.setdefault(name, []).append(value)
        return ms, limit

    def note(self, name, servers):
        self.how.append("%s: %s" % (name, "; ".join(s.label for s in servers)))
        for s in servers:
            if isinstance(s, Absent) and s.why not in self.missing:
                self.missing.append(s.why)

    def of_limit(self, name, gflop, ms, limit):
        """How fast a row computes, as if every product were direct, beside the best product of matrices."""
        if ms and limit:
            rate, best = gflop / median(ms) * 1e3, median(limit)
            self.far.append([name, "%.0f GFLOP/s" % rate, "%.0f GFLOP/s" % best, "%.2f" % (rate / best)])

    def resnet(self, name, key, peers_do, count, gflop):
        """ResNet-18 on Basin in both precisions and on every peer in both, in the same rounds: the eight servers, ms."""
        servers = [basin(key, "resnet18", BATCH, THREADS, p) for p in ("fp32", "bf16")]
        servers += self.peers.all(peers_do, "resnet18", BATCH, THREADS, "fp32", 1)
        servers += self.peers.all(peers_do, "resnet18", BATCH, THREADS, "bf16", 1) if self.peers.bf16 else \
            [Absent("bf16: this processor has no AVX-512")] * 3
        self.note("ResNet-18 " + name, servers)
        for server in servers[:2] if key != "infer" else []:
            server.ask("shares")
        ms, limit = self.interleave(servers, count, key)
        self.copy += limit["copy"]
        for server, values in zip(servers[:2], ms):
            self.of_limit("%s, Basin %s" % (name, server.label), gflop * BATCH, values, limit.get(server.label))
        return servers, ms

    def steps(self):
        """SGLD steps, where one goes, and the memory it takes."""
        servers, ms = self.resnet("SGLD step", "sgld", "step", 1, STEP_GFLOP)
        own = servers[:2]
        self.speed.append(speed_row("SGLD step, fp32", ms[0], ms[2:5]))
        self.speed.append(speed_row("SGLD step, Basin bf16, peers bf16", ms[1], ms[5:8]))
        best = fastest(own, ms[:2])
        if best is not None:
            self.speed.append(speed_row("SGLD step, Basin's faster (%s), peers bf16" % own[best].label, ms[best], ms[5:8]))
        shares = [server.ask("shares").get("sgld") for server in own]
        memory = [server.ask("memory") for server in own[:1] + servers[2:5]]
        for server in servers:
            server.close()
        return shares, memory

    def differences(self):
        """What a method's step takes beyond SGD's, by steps that take turns in one process."""
        methods = "sgd,sgld,fsgld,entropy-mcmc"
        rows, cost = [], 2 * PARAMS * 4 / 1e6 / median(self.copy)
        servers = [basin(methods, "resnet18", BATCH, THREADS, p) for p in ("fp32", "bf16")]
        servers.append(tuned(self.peers.record, "step", "resnet18", BATCH, THREADS, "fp32", ("eager",),
                             self.peers.envs[-1:], 1, methods) if self.peers.record else Absent("no PyTorch"))
        names = ["Basin fp32", "Basin bf16", "PyTorch of record, fp32"]
        answers = [[] for _ in servers]
        for server in servers[:2]:
            server.ask("shares")
        for _ in range(ROUNDS):
            for server, got in zip(servers, answers):
                got.append(server.ask(3))
        for name, server, got in zip(names, servers, answers):
            row = [name]
            for method in ("sgld", "fsgld", "entropy-mcmc"):
                extra = [g[method] - g["sgd"] for g in got if g]
                row.append("%.1f (%.1f to %.1f)" % (median(extra), min(extra), max(extra)) if extra else "-")
            rows.append(row)
        for name, server in zip(names[:2], servers[:2]):
            s = server.ask("shares")
            outside = {m: v["weights"] + v["update"] for m, v in s.items()}
            rows.append([name + ", weights and update alone"] +
                        ["%.1f" % (outside[m] - outside["sgd"]) if s else "-" for m in ("sgld", "fsgld", "entropy-mcmc")])
        for server in servers:
            server.close()
        rows.append(["limit: the copy's bandwidth", "0", "%.1f" % cost, "%.1f" % cost])
        return rows

    def inference(self):
        servers, ms = self.resnet("inference", "infer", "infer", 3, FORWARD_GFLOP)
        own = servers[:2]
        self.speed.append(speed_row("inference, fp32", ms[0], ms[2:5]))
        best = fastest(own, ms[:2])
        if best is not None:
            # The best of each peer, whatever its precision.
            peers = [min((a, b), key=lambda v: median(v) if v else float("inf")) for a, b in zip(ms[2:5], ms[5:8])]
            self.speed.append(speed_row("inference, Basin's faster (%s), peers' fastest" % own[best].label, ms[best],
                                        peers))
        rates = [[s.label if i > 1 else "Basin " + s.label, "%.0f" % images_per_s(v)]
                 for i, (s, v) in enumerate(zip(servers, ms)) if v]
        for server in servers:
            server.close()
        return rates

    def lenet(self):
        for threads in (1, 2):
            own = basin("sgld", "lenet", LENET_BATCH, threads, "fp32")
            peers = self.peers.all("step", "lenet", LENET_BATCH, threads, "fp32", 50)
            servers, limits = [own] + peers, limits_of(threads)
            name = "LeNet SGLD step, batch %d, %d thread%s" % (LENET_BATCH, threads, "s" if threads > 1 else "")
            self.note(name, servers)
            ms, limit = self.interleave(servers, [200, 50, 50, 50], "sgld", limits)
            self.speed.append(speed_row(name, ms[0], ms[1:]))
            self.of_limit(name, LENET_STEP_GFLOP * LENET_BATCH, ms[0], limit.get("fp32"))
            for server in servers + [limits]:
                server.close()


def progress(what):
    """Where it is, for who waits; the tables are on standard output."""
    print("bench: %s" % what, file=sys.stderr, flush=True)


def main():
    report = Report()
    print("\nConvolutional networks: ResNet-18 (CIFAR stem), batch %d, %d threads; %d rounds, interleaved; medians; ratio: peer / "
          "Basin,\nmedian of the rounds' (least to greatest). Basin's steps draw, crop, flip and normalise their batch; the "
          "peers' batch is ready.\n" % (BATCH, THREADS, ROUNDS), flush=True)
    progress("ResNet-18, SGLD steps")
    shares, memory = report.steps()
    progress("ResNet-18, inference")
    rates = report.inference()
    progress("LeNet")
    report.lenet()
    progress("ResNet-18, methods beside SGD")
    differences = report.differences()
    progress("implementations")
    table(SPEED_HEADER, report.speed)
    print("Ways, the fastest of each peer's: Basin fp32; Basin bf16; then of record, newest eager and newest compiled:\n")
    for line in report.how:
        print("* " + line)
    for line in report.missing:
        print("* missing: " + line)
    print()
    table(["inference", "images/s"], rates)
    print("Beyond an SGD step, ms (median of the rounds' differences, least to greatest):\n")
    table(["", "SGLD", "fSGLD", "Entropy-MCMC"], differences)
    print("Peak memory of the process after SGLD steps in fp32, MiB, and without what it held before the network:\n")
    table(["", "Basin", "of record", "newest, eager", "newest, compiled"],
          [["peak"] + ["%.0f" % m["peak"] if m else "-" for m in memory],
           ["above the start"] + ["%.0f" % (m["peak"] - m["before"]) if m else "-" for m in memory]])
    print("Beside the limit: oneDNN's product of 2048 × 2048 matrices in the same rounds; copying: %.1f GB/s. Counted as direct\n"
          "convolutions, so that Winograd's may pass 1.\n" % median(report.copy))
    table(["", "rate", "limit", "of the limit"], report.far)
    print_shares(shares)
    print_implementations(BATCH, THREADS)
    report.limits.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
