#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The part of `make bench` about many chains: chain-steps a second on two cores, Basin and its peers in turn.

    chains.py            the table
    chains.py only PART  some of it: mlp, lenet, resnet

Basin is the program as it is used, log and checkpoints included, timed by two lengths of run whose difference leaves the
start out. Its peers stay in memory: blackjax ($JAX, a Python that has it), its chains vectorised under one jit, and the
PyTorch of record ($PEER), a process on each core. Every way of a peer is measured in every round, and its row is the
fastest's. Processor time is what all threads used: it moves less than the clock where others use the machine.
$BASIN is the program, $BENCH the folder of the built bench programs; ROUNDS (7) is the number of rounds.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from statistics import median

from chains_peers import BATCH, CHAINS, CORES, LR, ROWS, SIZES, best, blackjax_ways, pytorch_lenet, pytorch_mlp
from servers import BENCH, HERE, Server, ask_together
from tables import table

BASIN = os.environ.get("BASIN", os.path.join(HERE, "..", "build", "basin"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
# Multiplications and additions of a batch: forward, and the gradients of weights and of what is not the data.
MLP_GFLOP, LENET_GFLOP = 0.000647168, 32 * 0.0032047
# Where the targets are compared, far more steps go by in the same time: the chains mix faster by as much as λ is larger.
CHECK_LR, CHECK_CHAINS, CHECK_EPOCHS, CHECK_BURN_IN = "0.1", 16, 50, 150


class Work:
    """A scratch folder with the small set, and runs in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        subprocess.run([sys.executable, os.path.join(HERE, "peer.py"), "data", self.folder, "64", "10", str(ROWS)],
                       check=True)
        x, y = (os.path.join(self.folder, name) for name in ("x.npy", "y.npy"))
        self.mlp = ["--data", "npy:%s,%s" % (x, y), "--model", "mlp:" + SIZES, "--batch", str(BATCH), "--lr", LR]
        self.lenet = ["--data", "shapes", "--augment", "crop-flip", "--model", "lenet", "--batch", "32", "--lr", "0.01",
                      "--temperature", "1e-4"]
        self.resnet = self.lenet[:5] + ["resnet20", "--batch", "128"] + self.lenet[8:]

    def run(self, options, chains, steps, workers, threads):
        """(seconds, processor seconds) of a whole run, which is left in the folder `run`."""
        run = os.path.join(self.folder, "run")
        shutil.rmtree(run, ignore_errors=True)
        command = [BASIN, "sample", "--quiet", "--sampler", "sgld", "--out", run, "--chains", str(chains), "--steps",
                   str(steps), "--workers", str(workers), "--threads", str(threads)] + options
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("bench: ended with %d: %s" % (process.returncode, " ".join(command)))
        return seconds, used.ru_utime + used.ru_stime

    def close(self):
        shutil.rmtree(self.folder)


class Own:
    """Basin's chains, measured like a Way: by a run and one of a tenth its length."""

    label = ""

    def __init__(self, work, options, chains, steps, workers, threads):
        self.work, self.options, self.chains, self.steps, self.on = work, options, chains, steps, (workers, threads)
        self.rates, self.cpu = [], []

    def measure(self):
        short, long = self.steps // 10, self.steps
        spent = [self.work.run(self.options, self.chains, steps, *self.on) for steps in (short, long)]
        wall, cpu = (b - a for a, b in zip(*spent))
        self.rates.append(self.chains * (long - short) / wall)
        self.cpu.append(cpu / self.chains / (long - short) * 1e6)

    def close(self):
        pass


def ratio(own, other):
    all_ = [a / b for a, b in zip(own, other)]
    return "%.2f (%.2f to %.2f)" % (median(all_), min(all_), max(all_))


def rate(values):
    m = median(values)
    return "%.1f" % m if m < 1000 else "{:,.0f}".format(m)


class Rows:
    """The two tables: chain-steps a second, and processor time of a chain-step."""

    def __init__(self):
        self.rates, self.cpu = [], []

    def add(self, name, own, beside, at_least="", aim=""):
        if not beside:
            self.rates.append([name.rstrip(": "), rate(own.rates), "-", "-", at_least, aim])
            return
        name += beside.label
        self.rates.append([name, rate(own.rates), rate(beside.rates), ratio(own.rates, beside.rates), at_least, aim])
        self.cpu.append([name, "%.4g" % median(own.cpu), "%.4g" % median(beside.cpu), ratio(beside.cpu, own.cpu)])

    def print(self):
        table(["", "Basin", "beside it", "ratio", "at least", "aim"], self.rates)
        print("Processor time of a chain-step, µs, of all threads; ratio: what is beside it over Basin. Where Basin is "
              "beside itself, 1 means\nthat nothing is lost to company.\n")
        table(["", "Basin", "beside it", "ratio"], self.cpu)


class Limits:
    """A program on every core at once that measures what that core can do."""

    def __init__(self, gflop, small):
        """`small`: with the update and the rows of the small network's step."""
        self.gflop, self.small = gflop, small
        command = [os.path.join(BENCH, "limits"), "1"]
        self.servers = [Server(command, {"OMP_NUM_THREADS": "1"}) for _ in range(CORES)]
        self.seen, self.rates, self.cpu, self.label = [], [], [], ", of the limit"

    def measure(self):
        answers = ask_together(self.servers, 5)
        self.seen += answers
        us = [self.us(a) for a in answers]
        self.rates.append(sum(1e6 / v for v in us))
        self.cpu.append(sum(us) / len(us))

    def us(self, a):
        return self.gflop / a["fp32"] * 1e6 + (a["update"] + a["rows"] if self.small else 0)

    def print(self):
        fp32, update, rows = (median(a[key] for a in self.seen) for key in ("fp32", "update", "rows"))
        print("The limit, one thread on each core at once: %.0f GFLOP/s a core (oneDNN's product, 2048 × 2048). A step of "
              "mlp:%s at\nbatch %d: products %.2f µs, the update with noise of its 4,810 parameters %.2f µs, its rows "
              "copied out of the set %.2f µs.\nLeNet's: the products alone.\n" %
              (fp32, SIZES, BATCH, MLP_GFLOP / fp32 * 1e6, update, rows))

    def close(self):
        for server in self.servers:
            server.close()


def losses(work):
    """The mean loss where both have run as long: that they sample the same."""
    if not os.environ.get("JAX"):
        return
    progress("the two targets")
    per_epoch = ROWS // BATCH
    options = work.mlp[:-1] + [CHECK_LR, "--log-every", str(per_epoch)]
    work.run(options, CHECK_CHAINS, (CHECK_BURN_IN + CHECK_EPOCHS) * per_epoch, CORES, 1)
    own = []
    for k in range(CHECK_CHAINS):
        with open(os.path.join(work.folder, "run", "chain-%d.log.jsonl" % k)) as f:
            lines = [json.loads(line) for line in f]
        own.append(sum(line["nll"] for line in lines[-CHECK_EPOCHS:]) / CHECK_EPOCHS)
    mean = sum(own) / CHECK_CHAINS
    error = (sum((v - mean) ** 2 for v in own) / (CHECK_CHAINS - 1) / CHECK_CHAINS) ** 0.5
    command = [os.environ["JAX"], os.path.join(HERE, "peer_blackjax.py"), "loss", work.folder, SIZES, str(BATCH),
               str(CHECK_CHAINS), CHECK_LR, "vmap", str(CHECK_EPOCHS), str(CHECK_BURN_IN)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return
    other = json.loads(done.stdout)
    print("The same target: λ = %s, epochs %d to %d of %d chains have a mean batch loss of %.4f ± %.4f (Basin) and %.4f "
          "± %.4f (blackjax).\n" % (CHECK_LR, CHECK_BURN_IN + 1, CHECK_BURN_IN + CHECK_EPOCHS, CHECK_CHAINS, mean, error,
                                    other["mean"], other["error"]))


def in_turn(what, ways):
    for k in range(ROUNDS):
        progress("%s, round %d of %d" % (what, k + 1, ROUNDS))
        for w in ways:
            w.measure()


def mlp(work, rows):
    what = "mlp:" + SIZES
    progress("%s, the peers start" % what)
    limits, torch = Limits(MLP_GFLOP, True), pytorch_mlp()
    many, cheap, one = blackjax_ways(work.folder)
    two, alone = Own(work, work.mlp, CHAINS, 5000, 2, 1), Own(work, work.mlp, CHAINS, 2500, 1, 1)
    single = Own(work, work.mlp, 1, 100000, 1, 1)
    in_turn(what, [two] + many + [alone] + cheap + torch + [limits, single] + one)
    name = "%d chains of %s, batch %d" % (CHAINS, what, BATCH)
    alone.label = ", 2 workers over 1"
    rows.add(name + ": ", two, best(many), "3.2")
    if cheap:
        rows.add("the same: ", two, best(cheap))
    rows.add("the same: ", two, best(torch), "9")
    rows.add("the same", two, limits, "", "0.80")
    rows.add("the same", two, alone, "1.8", "1.95")
    rows.add("one chain, 1 thread: ", single, best(one))
    limits.print()
    for w in many + cheap + torch + one + [limits]:
        w.close()
    return many + cheap + torch + one


def lenet(work, rows):
    progress("LeNet, the peers start")
    limits, ways = Limits(LENET_GFLOP, False), pytorch_lenet()
    two, alone = Own(work, work.lenet, 8, 500, 2, 1), Own(work, work.lenet, 8, 300, 1, 1)
    in_turn("LeNet", [two] + ways + [alone, limits])
    alone.label = ", 2 workers over 1"
    rows.add("8 chains of LeNet, batch 32: ", two, best(ways), "3", "4")
    rows.add("the same", two, limits)
    rows.add("the same", two, alone, "1.8", "1.95")
    for w in ways + [limits]:
        w.close()
    return ways


def resnet(work, rows):
    side, after = Own(work, work.resnet, 2, 40, 2, 1), Own(work, work.resnet, 2, 40, 1, 2)
    in_turn("ResNet-20", [side, after])
    after.label = ", side by side over one after another on 2 threads"
    rows.add("2 chains of ResNet-20, batch 128", side, after, "1.05", "1.2")
    return []


def progress(what):
    """Where it is, for who waits; the table is on standard output."""
    print("bench: %s" % what, file=sys.stderr, flush=True)


def processor():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "unknown")


def print_head():
    print("\nMany chains on %d cores: chain-steps a second; %d rounds, interleaved; medians; ratio: Basin over what is "
          "beside it, median of the\nrounds' (least to greatest). Processor: %s, %d cores.\n" %
          (CORES, ROUNDS, processor(), os.cpu_count()))
    for name, script, libraries in (("PEER", "peer.py", "PyTorch"), ("JAX", "peer_blackjax.py", "blackjax and jax")):
        python = os.environ.get(name)
        what = subprocess.run([python, os.path.join(HERE, script), "describe"], stdout=subprocess.PIPE,
                              text=True).stdout.strip() if python else ""
        print("* " + (what or "skipped: %s names no Python with %s" % (name, libraries)))
    print(flush=True)


def main(args):
    parts = {"mlp": mlp, "lenet": lenet, "resnet": resnet}
    wanted = args[1:] if args[:1] == ["only"] else list(parts)
    if any(name not in parts for name in wanted) or args and args[0] != "only":
        sys.stderr.write(__doc__)
        return 2
    # Also where there are more: a peer takes all that it is given.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    work, rows, ways = Work(), Rows(), []
    try:
        print_head()
        for name in wanted:
            ways += parts[name](work, rows)
        rows.print()
        if ways:
            print("The peers' ways, medians:\n")
            table(["", "chain-steps a second", "processor time, µs"],
                  [[w.label, rate(w.rates), "%.4g" % median(w.cpu)] for w in ways])
        if "mlp" in wanted:
            losses(work)
    finally:
        work.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
