"""2,000 images of varying sizes: after the first 500 the process grows by less than 1 KiB an image. Run by `make check`.

    python bindings/python/tests/memory_check.py [DEVICE...]   (cpu)
"""

import gc
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))

import numpy as np  # noqa: E402
import opsin  # noqa: E402

IMAGES, SETTLED, LIMIT = 2000, 500, 1024


def resident() -> int:
    """Bytes of memory that the process has in use."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


def main() -> None:
    numbers = np.random.default_rng(1)
    noise = numbers.integers(0, 256, (400, 400, 3), np.uint8)
    for device in sys.argv[1:] or ["cpu"]:
        session = opsin.Session(opsin.Model("classify", opsin.Runtime(device, cpu_fallback=False)))
        at, start = 0, time.perf_counter()
        for count in range(IMAGES):
            height, width = numbers.integers(8, 400, 2)
            result = session.run(noise[:height, :width], top_k=3)
            result.draw_on(noise[:height, :width].copy())
            result.to_json()
            if count == SETTLED:
                gc.collect()
                at = resident()
        gc.collect()
        grown = (resident() - at) / (IMAGES - SETTLED)
        print(f"memory_check: {device}: {grown:.0f} bytes an image, {(time.perf_counter() - start) / IMAGES * 1000:.1f} ms an image")
        assert grown < LIMIT, f"{device}: grew by {grown:.0f} bytes an image, expected less than {LIMIT}"


if __name__ == "__main__":
    main()
