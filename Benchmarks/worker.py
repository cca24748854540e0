"""One runtime, one model, one number of threads, in a process of its own: loads, then times slices when it is told to.

    worker.py RUNTIME MODEL_FOLDER THREADS

Speaks JSON lines. After loading it writes what it is ({"ready": ...}); for each line {"seconds": S} on stdin it runs the model for S seconds and writes
{"min_ms", "median_ms", "runs"}; it ends with its input. While it waits, it sleeps in a read, so that only the worker that was asked runs.
"""
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from opsin_library import opsin_vulkan

STARTED = time.perf_counter()
RUNTIMES = ("onnxruntime", "onnxruntime_int8", "openvino", "openvino_bf16", "ncnn_vulkan", "opsin_vulkan")


def onnxruntime(folder, x, threads, model="model.onnx"):
    """The CPU provider with everything bound once: no copy of the input, none of the output."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(str(folder / model), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input(session.get_inputs()[0].name, x)
    binding.bind_output(session.get_outputs()[0].name)
    return lambda: session.run_with_iobinding(binding), lambda: binding.copy_outputs_to_cpu()[0], {"version": ort.__version__, "precision": "int8" if "int8" in model else "f32"}


def openvino(folder, x, threads, precision):
    """The CPU plugin for latency. Its precision is set in every run: by itself it takes bf16 where the machine has AMX."""
    import openvino as ov

    core = ov.Core()
    wanted = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(folder / "model.onnx"), "CPU", wanted)
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(x, shared_memory=True))
    found = str(compiled.get_property("INFERENCE_PRECISION_HINT")).lower()
    if precision == "bf16" and "bfloat16" not in found and "bf16" not in found:
        raise SystemExit(f"openvino runs {found} where bf16 was asked for")
    return request.infer, lambda: np.array(request.get_output_tensor(0).data), {"version": ov.__version__.split("-")[0], "precision": precision}


def ncnn_vulkan(folder, x, threads):
    """ncnn on its default Vulkan device in fp32 throughout: by itself it stores and computes in fp16 where the driver has it. `threads` are for the layers
    that ncnn leaves on the CPU."""
    import ncnn

    if ncnn.get_gpu_count() < 1:
        raise SystemExit("ncnn sees no Vulkan device")
    net, vulkan = ncnn.Net(), ncnn.get_gpu_info(ncnn.get_default_gpu_index())
    net.opt.use_vulkan_compute, net.opt.num_threads = True, threads
    for half in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_packed", "bf16_storage"):
        setattr(net.opt, "use_" + half, False)
    if net.load_param(str(folder / "ncnn.param")) or net.load_model(str(folder / "ncnn.bin")):
        raise SystemExit(f"ncnn does not open {folder}/ncnn.param")
    # The copy has ncnn's own distance between channels: numpy's is wrong for it where width x height is no multiple of 4.
    image, source, target = ncnn.Mat(x[0]).clone(), net.input_names()[0], net.output_names()[0]

    def run():
        extractor = net.create_extractor()
        extractor.input(source, image)
        return extractor.extract(target)[1]

    return run, lambda: np.array(run()), {"version": ncnn.__version__, "precision": "f32", "device_name": vulkan.device_name()}


def load(runtime, folder, x, threads):
    """(run, read the output, what it is)"""
    if runtime == "opsin_vulkan":
        return opsin_vulkan(folder, x, threads)
    if runtime == "ncnn_vulkan":
        return ncnn_vulkan(folder, x, threads)
    if runtime == "onnxruntime":
        return onnxruntime(folder, x, threads)
    if runtime == "onnxruntime_int8":
        return onnxruntime(folder, x, threads, "model_int8.onnx")
    return openvino(folder, x, threads, "bf16" if runtime.endswith("bf16") else "f32")


def time_slice(run, seconds):
    """Runs for that long, at least three times; wall time of each run."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return {"min_ms": min(times), "median_ms": statistics.median(times), "runs": len(times)}


def main():
    runtime, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    # What a library prints goes to the errors, not among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    x, expected = np.load(folder / "input.npy"), np.load(folder / "expected.npy")
    run, read, facts = load(runtime, folder, x, threads)
    loaded = time.perf_counter()
    run()
    output = read()
    first = time.perf_counter()
    facts |= {
        "load_ms": (loaded - STARTED) * 1e3, "first_run_ms": (first - loaded) * 1e3,
        "difference": float(np.abs(output.reshape(-1) - expected.reshape(-1)).max() / np.abs(expected).max()),
    }  # fmt: skip
    print(json.dumps({"ready": facts}), file=answers, flush=True)
    time_slice(run, 0.5)
    for line in sys.stdin:
        print(json.dumps(time_slice(run, json.loads(line)["seconds"])), file=answers, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OPENVINO_TELEMETRY_DISABLE", "1")
    main()
