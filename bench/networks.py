#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The convolutional part of `make bench`: Basin and PyTorch take turns, and what each row leaves to the machine's limit.

Reads BASIN's bench programs from $BENCH, the peer of record's Python from $PEER and, where there is one, that of a newer
PyTorch from $PEER2 (measured eager and compiled). ROUNDS is the number of rounds (5); THREADS (2) and BATCH (128) those of ResNet-18.
Every program stays in memory and is asked for one step or a few at a time, so that a round is A B C … within seconds.
Each peer is tuned first: the fastest of its memory layouts, and of AVX2 and AVX-512 for the peer of record.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.environ.get("BENCH", os.path.join(HERE, "..", "build", "bench"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
THREADS = int(os.environ.get("THREADS", "2"))
BATCH = int(os.environ.get("BATCH", "128"))
PARAMS = 11173962
# Multiplications and additions of an image: forward; and with the gradients of inputs (but the stem's) and of weights.
FORWARD_GFLOP, STEP_GFLOP = 1.1109, 3.3293


def median(values):
    values = sorted(values)
    n = len(values)
    return (values[n // 2] + values[(n - 1) // 2]) / 2


class Server:
    """A program that answers a line of JSON to each line it is given. Other lines of its output are kept in `said`."""

    def __init__(self, command, env=None):
        self.said = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, **(env or {})})
        for line in self.process.stdout:
            if line == "ready\n":
                return
            self.said.append(line)
        message = self.process.stderr.read().strip().splitlines()
        self.process.wait()
        raise RuntimeError("%s: %s" % (" ".join(command[1:]), message[-1] if message else "ended without a word"))

    def ask(self, line):
        self.process.stdin.write("%s\n" % line)
        self.process.stdin.flush()
        for answer in self.process.stdout:
            if answer.startswith("{"):
                return json.loads(answer)
            self.said.append(answer)
        raise RuntimeError("%s: ended: %s" % (" ".join(self.process.args[1:]), self.process.stderr.read().strip()))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()


class Absent:
    """Stands for what can't run here: every number is missing."""

    label = "-"

    def __init__(self, why):
        self.why = why

    def ask(self, line):
        return {}

    def close(self):
        pass


def basin(what, model, batch, threads, precision, env=None):
    command = [os.path.join(BENCH, "step"), what, "--data", "shapes", "--augment", "crop-flip", "--model", model,
               "--batch", str(batch), "--threads", str(threads), "--precision", precision, "--temperature", "1e-4",
               "--lr", "0.01", "--quiet"]
    try:
        server = Server(command, env)
    except RuntimeError as e:
        return Absent(str(e).split("bench/step: ")[-1])
    server.label = precision
    return server


def newest_env():
    return {"OPENBLAS_NUM_THREADS": "1"}


def tuned(python, what, model, batch, threads, precision, modes, envs, count, method="sgld"):
    """The fastest of the peer's ways; the others are closed."""
    best, best_ms, why = None, 0, "there is no such PyTorch here"
    for env in envs if python else []:
        for layout in ("nchw", "nhwc"):
            for mode in modes:
                command = [python, os.path.join(HERE, "peer_net.py"), what, model, str(batch), str(threads), precision,
                           layout, mode] + ([method] if what == "step" else [])
                try:
                    server = Server(command, env)
                    ms = sum(server.ask(count).values())
                except (OSError, RuntimeError) as e:
                    why = str(e)
                    continue
                server.label = " ".join([precision, layout, mode] + [v for k, v in env.items() if "ATEN" in k])
                server.layout = layout
                if best and ms >= best_ms:
                    server.close()
                    continue
                if best:
                    best.close()
                best, best_ms = server, ms
    return best or Absent(why)


def compiled(python, eager, what, model, batch, threads, precision):
    """torch.compile in the layout that was the faster one without it."""
    if isinstance(eager, Absent):
        return Absent(eager.why)
    command = [python, os.path.join(HERE, "peer_net.py"), what, model, str(batch), str(threads), precision, eager.layout,
               "compile"] + (["sgld"] if what == "step" else [])
    try:
        server = Server(command, newest_env())
    except (OSError, RuntimeError) as e:
        return Absent(str(e))
    server.label = "%s %s compiled" % (precision, eager.layout)
    return server


class Peers:
    def __init__(self):
        self.record, self.newest = os.environ.get("PEER"), os.environ.get("PEER2")
        self.envs = [{"ATEN_CPU_CAPABILITY": "avx2"}]
        with open("/proc/cpuinfo") as f:
            if re.search(r"\bavx512f\b", f.read()):
                self.envs.append({"ATEN_CPU_CAPABILITY": "avx512"})

    def all(self, what, model, batch, threads, precision, count):
        """[of record, newest eager, newest compiled] of one kind, tuned."""
        modes = ("eager",) if what == "step" else ("eager", "frozen")
        eager = tuned(self.newest, what, model, batch, threads, precision, ("eager",), [newest_env()], count)
        return [tuned(self.record, what, model, batch, threads, precision, modes, self.envs, count), eager,
                compiled(self.newest, eager, what, model, batch, threads, precision)]


def rounds(servers, count, key, n=None):
    """ms[server][round], the servers taking turns. `count` may be a list, one for each."""
    ms = [[] for _ in servers]
    for _ in range(n or ROUNDS):
        for i, server in enumerate(servers):
            answer = server.ask(count[i] if isinstance(count, list) else count)
            if key in answer:
                ms[i].append(answer[key])
    return ms


def number(ms):
    return "-" if not ms else "%.4g" % median(ms)


def ratio(peer, own):
    if not peer or not own:
        return "-"
    all_ = [p / o for p, o in zip(peer, own)]
    return "%.2f (%.2f to %.2f)" % (median(all_), min(all_), max(all_))


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def fastest(servers, ms):
    """The index of the smallest median, or None."""
    have = [i for i, values in enumerate(ms) if values]
    return min(have, key=lambda i: median(ms[i])) if have else None


def speed_row(name, own, peers):
    """Basin's ms, then ms and ratio for each peer."""
    return [name, number(own)] + [cell for p in peers for cell in (number(p), ratio(p, own))]


SPEED_HEADER = ["", "Basin, ms", "PyTorch of record, ms", "ratio", "newest, eager, ms", "ratio", "newest, compiled, ms",
                "ratio"]


def images_per_s(ms):
    return BATCH / median(ms) * 1e3


class Report:
    def __init__(self):
        self.peers = Peers()
        self.limits = Server([os.path.join(BENCH, "limits"), str(THREADS)], {"OMP_NUM_THREADS": str(THREADS)})
        self.limit = {"fp32": [], "bf16": [], "copy": []}
        self.speed, self.how, self.far, self.missing = [], [], [], []

    def measure_limits(self):
        for key, value in self.limits.ask(5).items():
            if value:
                self.limit[key].append(value)

    def interleave(self, servers, count, key, n=None):
        ms = [[] for _ in servers]
        for _ in range(n or ROUNDS):
            for all_, new in zip(ms, rounds(servers, count, key, 1)):
                all_ += new
            self.measure_limits()
        return ms

    def note(self, name, servers):
        self.how.append("%s: %s" % (name, "; ".join(s.label for s in servers)))
        for s in servers:
            if isinstance(s, Absent) and s.why not in self.missing:
                self.missing.append(s.why)

    def of_limit(self, name, gflop, ms, precision):
        """How fast a row computes, as if every product were direct, beside the best product of matrices."""
        if ms and self.limit[precision]:
            rate, best = gflop * BATCH / median(ms) * 1e3, median(self.limit[precision])
            self.far.append([name, "%.0f GFLOP/s" % rate, "%.0f GFLOP/s" % best, "%.2f" % (rate / best)])

    def steps(self):
        """SGLD on ResNet-18: both precisions, every peer, in the same rounds."""
        own = [basin("sgld", "resnet18", BATCH, THREADS, p) for p in ("fp32", "bf16")]
        fp32 = self.peers.all("step", "resnet18", BATCH, THREADS, "fp32", 1)
        bf16 = self.peers.all("step", "resnet18", BATCH, THREADS, "bf16", 1)
        servers = own + fp32 + bf16
        self.note("ResNet-18 SGLD step", servers)
        for server in servers[:2]:
            server.ask("shares")
        ms = self.interleave(servers, 1, "sgld")
        self.speed.append(speed_row("SGLD step, fp32", ms[0], ms[2:5]))
        self.speed.append(speed_row("SGLD step, Basin bf16, peers bf16", ms[1], ms[5:8]))
        best = fastest(own, ms[:2])
        if best is not None:
            self.speed.append(speed_row("SGLD step, Basin's faster (%s), peers bf16" % own[best].label, ms[best], ms[5:8]))
        for i in range(2):
            self.of_limit("SGLD step, Basin %s" % own[i].label, STEP_GFLOP, ms[i], own[i].label)
        shares = [server.ask("shares").get("sgld") for server in own]
        memory = [server.ask("memory") for server in [own[0]] + fp32]
        for server in servers:
            server.close()
        return shares, memory

    def differences(self):
        """What a method's step takes beyond SGD's, by steps that take turns in one process."""
        methods = "sgd,sgld,fsgld,entropy-mcmc"
        rows, cost = [], 2 * PARAMS * 4 / 1e6 / median(self.limit["copy"])
        servers = [basin(methods, "resnet18", BATCH, THREADS, p) for p in ("fp32", "bf16")]
        servers.append(tuned(self.peers.record, "step", "resnet18", BATCH, THREADS, "fp32", ("eager",),
                             self.peers.envs[-1:], 1, methods) if self.peers.record else Absent("no PyTorch"))
        names = ["Basin fp32", "Basin bf16", "PyTorch of record, fp32"]
        answers = [[] for _ in servers]
        for server in servers[:2]:
            server.ask("shares")
        for _ in range(ROUNDS):
            for server, got in zip(servers, answers):
                got.append(server.ask(1))
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
        own = [basin("infer", "resnet18", BATCH, THREADS, p) for p in ("fp32", "bf16")]
        fp32 = self.peers.all("infer", "resnet18", BATCH, THREADS, "fp32", 1)
        bf16 = self.peers.all("infer", "resnet18", BATCH, THREADS, "bf16", 1)
        servers = own + fp32 + bf16
        self.note("ResNet-18 inference", servers)
        ms = self.interleave(servers, 3, "infer")
        self.speed.append(speed_row("inference, fp32", ms[0], ms[2:5]))
        best = fastest(own, ms[:2])
        if best is not None:
            # The best of each peer, whatever its precision.
            peers = [min((a, b), key=lambda v: median(v) if v else float("inf")) for a, b in zip(ms[2:5], ms[5:8])]
            self.speed.append(speed_row("inference, Basin's faster (%s), peers' fastest" % own[best].label, ms[best],
                                        peers))
        for i in range(2):
            self.of_limit("inference, Basin %s" % own[i].label, FORWARD_GFLOP, ms[i], own[i].label)
        rates = [[s.label if i > 1 else "Basin " + s.label, "%.0f" % images_per_s(v)]
                 for i, (s, v) in enumerate(zip(servers, ms)) if v]
        for server in servers:
            server.close()
        return rates

    def lenet(self):
        for threads in (1, 2):
            own = basin("sgld", "lenet", 32, threads, "fp32")
            peers = self.peers.all("step", "lenet", 32, threads, "fp32", 50)
            servers = [own] + peers
            self.note("LeNet, %d thread%s" % (threads, "s" if threads > 1 else ""), servers)
            ms = self.interleave(servers, [200, 50, 50, 50], "sgld")
            self.speed.append(speed_row("LeNet SGLD step, batch 32, %d thread%s" % (threads, "s" if threads > 1 else ""),
                                        ms[0], ms[1:]))
            for server in servers:
                server.close()


VERBOSE = re.compile(r"^(?:dnnl|onednn)_verbose,.*?exec,cpu,([^,]*),([^,]*),([^,]*),.*,([0-9.]+)$")


def implementations(what, precision):
    """What oneDNN ran in one step (or batch): {(primitive, direction, implementation): [calls, ms]}."""
    server = basin(what, "resnet18", BATCH, THREADS, precision, {"DNNL_VERBOSE": "1", "ONEDNN_VERBOSE": "1"})
    if isinstance(server, Absent):
        return None
    server.said.clear()
    server.ask(1)
    used = {}
    for line in server.said:
        found = VERBOSE.match(line.strip())
        if found:
            kind, name, direction, ms = found.groups()
            entry = used.setdefault((kind, direction, name), [0, 0.0])
            entry[0] += 1
            entry[1] += float(ms)
    server.close()
    return used


def print_implementations():
    rows, seen = [], []
    for what in ("sgld", "infer"):
        for precision in ("fp32", "bf16"):
            used = implementations(what, precision)
            if used is None:
                continue
            ref = sum(calls for (_, _, name), (calls, _) in used.items() if re.search(r"\bref", name))
            rows.append(["%s, %s" % ("SGLD step" if what == "sgld" else "inference", precision),
                         sum(calls for calls, _ in used.values()), ref])
            for (kind, direction, name), (calls, ms) in sorted(used.items(), key=lambda e: -e[1][1]):
                seen.append([rows[-1][0], kind, direction, name, calls, "%.1f" % ms])
    print("oneDNN's primitives in a step, and how many of them are its reference implementation:\n")
    table(["", "calls", "`ref`"], rows)
    table(["", "primitive", "direction", "implementation", "calls", "ms"], seen)


def print_shares(shares):
    names = [n for n in ("gather", "weights", "conv forward", "conv backward", "norm forward", "norm backward",
                         "activation forward", "activation backward", "pool forward", "pool backward",
                         "flatten forward", "flatten backward", "linear forward", "linear backward", "loss", "update")
             if any(s and s.get(n) for s in shares)]
    rows = []
    for name in names:
        row = [name]
        for s in shares:
            row += ["%.1f" % s.get(name, 0), "%.1f %%" % (100 * s.get(name, 0) / s["step"])] if s else ["-", "-"]
        rows.append(row)
    rows.append(["step"] + [cell for s in shares for cell in (("%.1f" % s["step"], "") if s else ("-", "-"))])
    print("Where Basin's SGLD step goes (mean of the rounds; activations and residual sums are the norms'):\n")
    table(["", "fp32, ms", "share", "bf16, ms", "share"], rows)


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
          "convolutions, so that Winograd's may pass 1.\n" % median(report.limit["copy"]))
    table(["", "rate", "limit", "of the limit"], report.far)
    print_shares(shares)
    print_implementations()
    report.limits.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
