"""2,000 images of varying sizes, the four tasks in turn: after the first 500 the process grows by less than 1 KiB an image. Run by `make check`.

    python bindings/python/tests/memory_check.py [--leak BYTES] [DEVICE...]   (cpu)

Two numbers, each with its limit. The peak of the process over the last 500 images against its peak over the first 500: the user's view. What malloc has given
out and not got back, at rest: the allocator keeps pages of each thread for later, which makes the first number rise in steps of a megabyte and then stand
still; the second is flat from the beginning, or something leaks. ``--leak`` keeps as many bytes an image, and the check must fail: it was seen to with 1200.
"""

import argparse
import ctypes
import gc
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bindings/python"), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import opsin  # noqa: E402
from small_models import TASKS, small_model  # noqa: E402

IMAGES, SETTLED, LIMIT = 2000, 500, 1024
#: Sizes that come again and again. With four tasks everything repeats after 500 images, so that 500 of them are like 500 others.
SIZES = 250
#: Bytes an image that malloc may have given out more at the end: nothing leaks, and Python's own small objects come and go.
LIVE_LIMIT = 256


class _MallInfo(ctypes.Structure):
    """glibc's ``struct mallinfo2``."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def resident() -> int:
    """Bytes of memory that the process has in use."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


def live() -> int:
    """Bytes that malloc has given out; 0 where it cannot say."""
    function = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if function is None:
        return 0
    function.restype = _MallInfo
    gc.collect()
    found = function()
    return int(found.uordblks + found.hblkhd)


def check(device: str, leak: int) -> None:
    """Runs the images on a device and holds both numbers against their limits."""
    numbers = np.random.default_rng(1)
    noise = numbers.integers(0, 256, (400, 400, 3), np.uint8)
    sizes = numbers.integers(64, 400, (SIZES, 2))
    peaks: list[int] = []
    kept: list[bytes] = []
    at, start = 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as work:
        runtime = opsin.Runtime(device, cpu_fallback=False)
        sessions = [opsin.Session(opsin.Model(small_model(task, Path(work)), runtime)) for task in TASKS]
        for count in range(IMAGES):
            height, width = sizes[count % SIZES]
            result = sessions[count % len(sessions)].run(noise[:height, :width])
            result.draw_on(noise[:height, :width].copy())
            result.to_json()
            kept.append(b"x" * leak)
            peaks.append(resident())
            del result
            if count == SETTLED - 1:
                at = live()
        grown = (max(peaks[-SETTLED:]) - max(peaks[:SETTLED])) / (IMAGES - SETTLED)
        held = (live() - at) / (IMAGES - SETTLED)
    each = (time.perf_counter() - start) / IMAGES * 1000
    print(f"memory_check: {device}: {grown:.0f} bytes an image, {held:.0f} of them given out by malloc, {each:.1f} ms an image")
    assert grown < LIMIT, f"{device}: grew by {grown:.0f} bytes an image, expected less than {LIMIT}"
    assert held < LIVE_LIMIT, f"{device}: {held:.0f} bytes an image are not given back, expected less than {LIVE_LIMIT}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--leak", type=int, default=0)
    parser.add_argument("devices", nargs="*", default=["cpu"])
    given = parser.parse_args()
    here = {device.kind: device for device in opsin.devices() if device.usable}
    for device in given.devices:
        if device in here:
            check(device, given.leak)
        else:
            print(f"memory_check: {device}: skipped, this machine has no usable device of that kind")


if __name__ == "__main__":
    main()
