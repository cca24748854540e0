"""Opsin through its C header, for a device whose set-up is too long to be paid in each slice: opened once, in a worker's process, like a peer."""
import ctypes
import os

import numpy as np

RANK, CHANNELS_LAST, FP32, NO_FALLBACK = 8, 0, 1, 1


class RuntimeOptions(ctypes.Structure):
    """opsin_runtime_options"""

    _fields_ = [("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32)] + [(name, ctypes.c_char_p) for name in ("device", "cache_dir", "extra")]


class SessionOptions(ctypes.Structure):
    """opsin_session_options"""

    _fields_ = [
        (name, ctypes.c_uint32)
        for name in ("struct_size", "flags", "precision", "threads", "timeout_ms", "max_batch", "input_width", "input_height", "kept_plans", "depth_scale")
    ] + [("features", ctypes.c_char_p), ("extra", ctypes.c_char_p)]  # fmt: skip


class Tensor(ctypes.Structure):
    """opsin_tensor"""

    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("dtype", ctypes.c_int32), ("layout", ctypes.c_int32), ("rank", ctypes.c_uint32), ("dims", ctypes.c_int64 * RANK),
        ("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("byte_count", ctypes.c_uint64), ("buffer", ctypes.c_void_p), ("buffer_offset", ctypes.c_uint64),
    ]  # fmt: skip


class DeviceInfo(ctypes.Structure):
    """opsin_device_info"""

    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("kind", ctypes.c_int32), ("gpu_type", ctypes.c_int32), ("flags", ctypes.c_uint32), ("cores", ctypes.c_uint32),
        ("subgroup_size", ctypes.c_uint32), ("api_version", ctypes.c_uint32), ("vendor_id", ctypes.c_uint32), ("memory_bytes", ctypes.c_uint64),
        ("uuid", ctypes.c_uint8 * 16), ("id", ctypes.c_char * 64), ("name", ctypes.c_char * 256), ("driver", ctypes.c_char * 256),
        ("reason", ctypes.c_char * 256),
    ]  # fmt: skip


def filled(library, kind, what, **values):
    """A struct of the header, initialised by the library as the header asks."""
    made = kind()
    getattr(library, f"opsin_{what}_init")(ctypes.byref(made), ctypes.c_uint32(ctypes.sizeof(made)))
    for field, value in values.items():
        setattr(made, field, value)
    return made


def opsin_vulkan(folder, x, threads):
    """The best Vulkan device in fp32, without falling back on the CPU: (run, read the output, what it is)."""
    library = ctypes.CDLL(os.environ["OPSIN_LIBRARY"])
    library.opsin_last_error.restype = ctypes.c_char_p

    def call(name, *arguments):
        if getattr(library, "opsin_" + name)(*arguments) != 0:
            raise SystemExit(f"opsin_{name}: {library.opsin_last_error().decode()}")

    runtime, model, session, result = (ctypes.c_void_p() for _ in range(4))
    call("runtime_create", ctypes.byref(filled(library, RuntimeOptions, "runtime_options", device=b"vulkan", flags=NO_FALLBACK)), ctypes.byref(runtime))
    device = filled(library, DeviceInfo, "device_info")
    call("runtime_device", runtime, ctypes.byref(device))
    call("model_open", runtime, os.fsencode(folder), None, ctypes.byref(model))
    options = filled(library, SessionOptions, "session_options", precision=FP32, threads=threads, timeout_ms=60_000)
    call("session_create", model, ctypes.byref(options), ctypes.byref(session))
    image = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    shape = (ctypes.c_int64 * RANK)(*image.shape)
    tensor = filled(
        library, Tensor, "tensor", layout=CHANNELS_LAST, rank=image.ndim, dims=shape, name=b"pixel_values", data=image.ctypes.data, byte_count=image.nbytes
    )

    def run(image=image):  # named here so that the memory behind the tensor lives as long as the function
        library.opsin_result_release(result)
        result.value = None
        call("run_tensors", session, ctypes.byref(tensor), 1, ctypes.byref(result))

    def read():
        output = filled(library, Tensor, "tensor")
        call("result_tensor", result, 0, ctypes.byref(output))
        values = (ctypes.c_float * (output.byte_count // 4)).from_address(output.data)
        answer = np.array(values).reshape(output.dims[: output.rank])
        # Maps come channels last; torch, with whom the answer is compared, has them first.
        return answer.transpose(0, 3, 1, 2) if output.rank == 4 and output.layout == CHANNELS_LAST else answer

    return run, read, {"precision": "f32", "device_name": device.name.decode()}
