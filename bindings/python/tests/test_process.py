"""The module among other processes and signals."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import opsin
import pytest
from opsin._library import check, lib, out_handle
from opsin.images import pixels_of
from opsin.results import result_of


def best(path: str) -> str:
    return opsin.classify(path, threads=1)[0].label


def test_spawned_workers_classify(cat: Path) -> None:
    before = opsin.classify(cat)[0].label
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(best, [str(cat)] * 4) == [before] * 4


def test_control_c_ends_a_long_batch(cat: Path, root: Path) -> None:
    code = (
        "import opsin, itertools, sys\n"
        "session = opsin.Session(opsin.Model('classify'))\n"
        f"for result in session.map(itertools.repeat({str(cat)!r})): print('one', flush=True)\n")
    running = subprocess.Popen(
        [sys.executable, "-c", code], cwd=root / "bindings/python", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None and running.stdout.readline() == "one\n"
    start = time.monotonic()
    os.kill(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=20)
    assert time.monotonic() - start < 10
    assert running.returncode in (-signal.SIGINT, 1, 130) and "KeyboardInterrupt" in errors


def test_the_examples_run(cat: Path, root: Path, tmp_path: Path) -> None:
    for task in ("detect", "segment", "depth"):
        try:
            opsin.Model(task)
        except opsin.OpsinError as error:
            pytest.skip(f"this build has no {task}: {error}")
    environment = {**os.environ, "PYTHONPATH": str(root / "bindings/python")}
    done = subprocess.run(
        [sys.executable, root / "Examples/python/tasks.py", str(cat), str(tmp_path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Egyptian cat" in done.stdout and done.stdout.count("cat") >= 3 and "relative" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"cat.{task}.png" for task in ("classify", "depth", "detect", "segment")]


def test_a_call_costs_little_more_than_c(cat: Path) -> None:
    """What Python does around the one call that works: the image on its way in, the result on its way out, with warm caches: about 15 microseconds."""
    session = opsin.Session(opsin.Model("classify"))
    image = np.zeros((64, 64, 3), np.uint8)
    before: list[float] = []
    after: list[float] = []
    addresses: list[int] = []
    for _ in range(200):
        start = time.perf_counter()
        pixels = pixels_of(image)
        before.append(time.perf_counter() - start)
    for _ in range(20):
        address = out_handle()
        check(lib.opsin_run(session.handle, ctypes.byref(pixels.struct), ctypes.byref(address)))
        addresses.append(int(address.value or 0))
    for value in addresses:
        start = time.perf_counter()
        result = result_of(value)
        after.append(time.perf_counter() - start)
        assert result is not None
    assert min(before) + min(after) < 50e-6, (min(before), min(after))
