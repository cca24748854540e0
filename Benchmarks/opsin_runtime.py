"""Opsin as one of the runtimes: each slice is one call of `opsin bench`, whose own clock times the runs."""
import json
import subprocess
import time
from pathlib import Path

import numpy as np


# One call at the most: the rest of a run must not wait for a command that hangs.
LONGEST_CALL_S = 60


class OpsinFailed(Exception):
    """The command could not do what it was asked for; the text is its own line."""


def call(binary, *arguments):
    """Standard output of one call."""
    try:
        done = subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=LONGEST_CALL_S)
    except subprocess.TimeoutExpired:
        raise OpsinFailed(f"opsin {arguments[0]} took longer than {LONGEST_CALL_S} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise OpsinFailed(lines[-1] if lines else f"opsin {arguments[0]} ended with {done.returncode}")
    return done.stdout


class Opsin:
    """The same face as a worker of another runtime: a slice is asked for in seconds, and answers min and median."""

    def __init__(self, binary, folder, threads, precision, device="cpu"):
        self.binary, self.folder, self.threads, self.precision, self.device = binary, folder, threads, precision, device

    def options(self):
        """What both calls below are given."""
        return ["--device", self.device, *(["--threads", self.threads] if self.device == "cpu" else []), "--precision", self.precision]

    def bench(self, *arguments):
        """One run of `opsin bench`, as its JSON has it."""
        height, width = np.load(Path(self.folder) / "input.npy", mmap_mode="r").shape[2:]
        options = [*self.options(), "--json", "--size", f"{height}x{width}"]
        try:
            run = json.loads(call(self.binary, "bench", self.folder, *options, *arguments))["runs"][0]
            if run["device"] != self.device:
                raise OpsinFailed(f"opsin bench ran on {run['device']} where {self.device} was asked for")
            return run
        except (ValueError, KeyError, IndexError) as wrong:
            raise OpsinFailed(f"opsin bench does not answer as CLI.md says: {wrong!r}") from None

    def slice(self, seconds):
        """Runs for that long in a process of its own."""
        latency = self.bench("--duration", seconds, "--iters", 3, "--latency")["latency_ms"]
        return {"min_ms": latency["min"], "median_ms": latency["median"]}

    def roof_share(self):
        """Share of the machine's own peak over the whole model: each op's share, weighted by its time. None where the table has none."""
        try:
            ops = [op for op in self.bench("--ops", "--duration", 0.5, "--iters", 3).get("ops", []) if op.get("roof_share") is not None]
        except OpsinFailed:
            return None
        whole = sum(op["ms"] for op in ops)
        return round(sum(op["ms"] * op["roof_share"] for op in ops) / whole, 3) if whole > 0 else None

    def run_once(self):
        """Runs the stored input; the path of the outputs."""
        folder = Path(self.folder)
        call(self.binary, "run", folder, "--input", folder / "input.safetensors", "--output", folder / "opsin.safetensors", *self.options())
        return folder / "opsin.safetensors"

    def difference(self):
        """Largest difference from torch's answer over its largest value."""
        from safetensors.numpy import load_file

        (output, *_), expected = load_file(self.run_once()).values(), np.load(Path(self.folder) / "expected.npy")
        return float(np.abs(output - expected).max() / np.abs(expected).max())

    def cold_start_ms(self):
        """From the start of the process to its end: opens the model, runs it once, writes the logits."""
        start = time.perf_counter()
        self.run_once()
        return (time.perf_counter() - start) * 1e3
