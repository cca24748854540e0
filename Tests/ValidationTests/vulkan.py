"""The Python module on a Vulkan device, for the validation layer to look at: four tasks, both precisions, arrays, a thread pool, a runtime alive at the end.

vulkan.py PHOTO
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import opsin


def main(photo: str) -> None:
    runtime = opsin.Runtime("vulkan", cpu_fallback=False)
    assert runtime.device.kind == "vulkan", runtime.device
    assert any(device.kind == "vulkan" for device in opsin.devices())
    for task in (opsin.classify, opsin.detect, opsin.segment, opsin.depth):
        task(photo, device="vulkan")
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: opsin.classify(photo, device="vulkan"), range(4)))
    assert {result[0].label for result in found} == {"Egyptian cat"}
    model = opsin.Model("classify", runtime)
    for precision in ("fp32", "fp16"):
        session = opsin.Session(model, precision=precision)
        assert session.run(photo)[0].label == "Egyptian cat"
        image = np.zeros((1, 64, 96, 3), np.float32)
        assert all(np.isfinite(values).all() for values in session.run_tensors({"pixel_values": image}).values())


if __name__ == "__main__":
    main(sys.argv[1])
