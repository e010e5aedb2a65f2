# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The programs that bench/networks.py lets take turns: each stays in memory and is asked for one step or a few at a time,
so that a round is A B C … within seconds. Each peer is tuned first: the fastest of its memory layouts, and of AVX2 and
AVX-512 for the peer of record.
"""
import json
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.environ.get("BENCH", os.path.join(HERE, "..", "build", "bench"))


class Server:
    """A program that answers a line of JSON to each line it is given. Other lines of its output are kept in `said`."""

    def __init__(self, command, env=None):
        self.said, self.command, self.env = [], command, env
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, **(env or {})})
        for line in self.process.stdout:
            if line == "ready\n":
                return
            self.said.append(line)
        message = self.process.stderr.read().strip().splitlines()
        self.process.wait()
        raise RuntimeError("%s: %s" % (" ".join(command[1:]), message[-1] if message else "ended without a word"))

    def begin(self, line):
        self.process.stdin.write("%s\n" % line)
        self.process.stdin.flush()

    def ask(self, line):
        self.begin(line)
        return self.finish()

    def finish(self):
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


def basin(what, model, batch, threads, precision, env=None, more=("--augment", "crop-flip")):
    command = [os.path.join(BENCH, "step"), what, "--data", "shapes", "--model", model, "--batch", str(batch),
               "--threads", str(threads), "--precision", precision, "--temperature", "1e-4", "--lr", "0.01", "--quiet",
               *more]
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
            self.bf16 = bool(re.search(r"\bavx512f\b", f.read()))  # without it peers emulate bf16
        if self.bf16:
            self.envs.append({"ATEN_CPU_CAPABILITY": "avx512"})

    def all(self, what, model, batch, threads, precision, count):
        """[of record, newest eager, newest compiled] of one kind, tuned."""
        modes = ("eager",) if what == "step" else ("eager", "frozen")
        eager = tuned(self.newest, what, model, batch, threads, precision, ("eager",), [newest_env()], count)
        return [tuned(self.record, what, model, batch, threads, precision, modes, self.envs, count), eager,
                compiled(self.newest, eager, what, model, batch, threads, precision)]


def ask_together(servers, line):
    """The answers of programs that work side by side."""
    for server in servers:
        server.begin(line)
    return [server.finish() for server in servers]


def take_turns(servers, count, key, ms):
    """One round: appends each server's answer to its list in `ms`. `count` may be a list, one for each."""
    for i, server in enumerate(servers):
        answer = server.ask(count[i] if isinstance(count, list) else count)
        if key in answer:
            ms[i].append(answer[key])
