"""Runtime, Model and Session: for programs that look at more than one image."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from . import _header as header
from ._library import Handle, check, lib, made, out_handle, text
from .errors import ArgumentError, OpsinError
from .images import ImageLike, pixels_of
from .results import Result, result_of
from .steps import Geometry, Input, tensor_array

Self = TypeVar("Self", bound="_Closing")
TaskName = Literal["classify", "detect", "segment", "depth"]

_TASKS = {
    "classify": header.OPSIN_TASK_CLASSIFY, "detect": header.OPSIN_TASK_DETECT, "segment": header.OPSIN_TASK_SEGMENT, "depth": header.OPSIN_TASK_DEPTH,
}
_TASK_NAMES = {number: name for name, number in _TASKS.items()}
_PRECISIONS = {
    "default": header.OPSIN_PRECISION_DEFAULT, "fp32": header.OPSIN_PRECISION_FP32, "fp16": header.OPSIN_PRECISION_FP16, "bf16": header.OPSIN_PRECISION_BF16,
    "int8": header.OPSIN_PRECISION_INT8, "auto": header.OPSIN_PRECISION_AUTO,
}


class _Closing(Handle):
    """A handle that a ``with`` block closes."""

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Device:
    """A device of this machine. ``id`` is what ``Runtime(device=...)`` takes; ``reason`` says why "auto" does or does not take it."""

    id: str
    kind: str
    name: str
    driver: str
    memory_bytes: int
    usable: bool
    auto: bool
    reason: str
    #: Other drivers of the same GPU, which are not in the list: ``"vulkan:1: AMDVLK ...: why it is left out"``.
    other_drivers: tuple[str, ...] = ()


def _device(info: header.opsin_device_info) -> Device:
    return Device(
        id=text(info.id), kind="vulkan" if info.kind == header.OPSIN_DEVICE_VULKAN else "cpu", name=text(info.name), driver=text(info.driver),
        memory_bytes=int(info.memory_bytes), usable=bool(info.flags & header.OPSIN_DEVICE_USABLE), auto=bool(info.flags & header.OPSIN_DEVICE_AUTO),
        reason=text(info.reason), other_drivers=tuple(text(info.other_drivers).splitlines()))


def devices() -> list[Device]:
    """Every device of this machine; the CPU is the first."""
    count = ctypes.c_uint32()
    check(lib.opsin_device_count(ctypes.byref(count)))
    out = []
    for index in range(count.value):
        info = made(header.opsin_device_info)
        check(lib.opsin_device_get(index, ctypes.byref(info)))
        out.append(_device(info))
    return out


class Runtime(_Closing):
    """A device ready for work. Threads may share it.

    ``device``: ``"auto"``, ``"cpu"``, ``"vulkan"``, ``"vulkan:N"`` or ``"vulkan:UUID"``. A GPU that cannot be used falls back to the CPU, and ``report``
    says why, unless ``cpu_fallback`` is false. Do not ``fork`` while one lives: use the ``spawn`` start method of multiprocessing.
    """

    _release = "opsin_runtime_release"

    def __init__(self, device: str = "auto", *, cpu_fallback: bool = True, cache_dir: str | None = None) -> None:
        options = made(header.opsin_runtime_options)
        options.device = device.encode()
        options.cache_dir = None if cache_dir is None else os.fsencode(cache_dir)
        options.flags = 0 if cpu_fallback else header.OPSIN_RUNTIME_NO_CPU_FALLBACK
        address = out_handle()
        check(lib.opsin_runtime_create(ctypes.byref(options), ctypes.byref(address)))
        super().__init__(address.value)

    @property
    def device(self) -> Device:
        """The device that really works."""
        info = made(header.opsin_device_info)
        check(lib.opsin_runtime_device(self.handle, ctypes.byref(info)))
        return _device(info)

    @property
    def report(self) -> dict[str, Any]:
        """Device, instruction set, and what fell back and why."""
        found = ctypes.c_char_p()
        check(lib.opsin_runtime_report_json(self.handle, ctypes.byref(found)))
        return dict(json.loads(text(found.value)))


class Model(_Closing):
    """A network with its weights, labels and recipe, read from the folder in which its publisher ships it. Threads may share it.

    ``source``: a folder, or a task (``"classify"``, ``"detect"``, ``"segment"``, ``"depth"``) for the model that ships with Opsin. An existing folder wins.
    """

    _release = "opsin_model_release"

    def __init__(self, source: str | os.PathLike[str], runtime: Runtime | None = None) -> None:
        self.runtime = runtime if runtime is not None else Runtime()
        address = out_handle()
        if isinstance(source, str) and source in _TASKS and not os.path.exists(source):
            check(lib.opsin_model_open_default(self.runtime.handle, _TASKS[source], None, ctypes.byref(address)))
        else:
            check(lib.opsin_model_open(self.runtime.handle, os.fsencode(source), None, ctypes.byref(address)))
        super().__init__(address.value)

    @property
    def task(self) -> str:
        """``classify``, ``detect``, ``segment``, ``depth``, or ``features``."""
        return _TASK_NAMES.get(lib.opsin_model_task(self.handle), "features")

    @property
    def architecture(self) -> str:
        """Such as ``mobilenet_v2``."""
        return text(lib.opsin_model_architecture(self.handle))

    @property
    def labels(self) -> list[str]:
        """Names of the classes by index."""
        return [text(lib.opsin_model_label(self.handle, index)) for index in range(lib.opsin_model_label_count(self.handle))]

    @property
    def info(self) -> dict[str, Any]:
        """What ``opsin info --json`` prints, and the recipe."""
        found = ctypes.c_char_p()
        check(lib.opsin_model_info_json(self.handle, ctypes.byref(found)))
        return dict(json.loads(text(found.value)))


def _texts(values: Iterable[str]) -> Any:
    encoded = [value.encode() for value in values]
    return (ctypes.c_char_p * len(encoded))(*encoded), len(encoded)


class Session(_Closing):
    """One stream of work over a model. Takes one call at a time (``BusyError`` for a second one): make one for each thread, over a shared model.

    ``precision``: ``"default"`` (fp32), ``"fp32"``, ``"fp16"`` (GPU), ``"bf16"`` (CPU), ``"auto"`` (the fastest that passed its self-test).
    ``threads``: of the CPU; 0 is one per physical core, at most 8. ``features``: named endpoints to give as tensors. ``depth_scale``: 1, 4 or 8.
    """

    _release = "opsin_session_release"

    def __init__(
        self, model: Model, *, precision: str = "default", threads: int = 0, features: Iterable[str] = (), depth_scale: int = 0
    ) -> None:
        if precision not in _PRECISIONS:
            raise ArgumentError(f'precision is "{precision}", expected one of {", ".join(_PRECISIONS)}')
        options = made(header.opsin_session_options)
        options.precision, options.threads, options.depth_scale = _PRECISIONS[precision], threads, depth_scale
        names = ",".join(features)
        options.features = names.encode() if names else None
        address = out_handle()
        check(lib.opsin_session_create(model.handle, ctypes.byref(options), ctypes.byref(address)))
        super().__init__(address.value)
        self.model = model
        self._configured: Any = None

    def configure(
        self, *, top_k: int = 0, max_count: int = 0, threshold: float = 0.0, allow: Iterable[str] = (), deny: Iterable[str] = (), fit: str = "model",
        clip: bool = True, confidence: bool = False, regions: bool = False, logits: bool = False, probabilities: bool = False,
    ) -> None:
        """What the runs that follow shall give.

        ``top_k`` (classes; 0: 5), ``max_count`` (objects; 0: the model's own), ``threshold`` (0: none for classes, the model's own for objects; below 0:
        none), ``allow`` or ``deny`` (labels by name or id), ``fit`` (``"model"``, ``"whole"``), ``clip`` (boxes to the image), ``confidence`` and
        ``regions`` (masks), ``logits`` (raw outputs in ``Result.tensors``), ``probabilities`` (a tensor at the image's size).
        """
        asked = (top_k, max_count, threshold, tuple(map(str, allow)), tuple(map(str, deny)), fit, clip, confidence, regions, logits, probabilities)
        if asked == self._configured:
            return
        if fit not in ("model", "whole"):
            raise ArgumentError(f'fit is "{fit}", expected "model" or "whole"')
        options = made(header.opsin_task_options)
        options.top_k, options.max_count, options.threshold = top_k, max_count, threshold
        options.fit = header.OPSIN_FIT_WHOLE if fit == "whole" else header.OPSIN_FIT_MODEL
        flags = (
            (not clip, header.OPSIN_TASK_NO_CLIP), (confidence, header.OPSIN_TASK_CONFIDENCE), (regions, header.OPSIN_TASK_REGIONS),
            (logits, header.OPSIN_TASK_LOGITS), (probabilities, header.OPSIN_TASK_PROBABILITIES))
        options.flags = sum(flag for wanted, flag in flags if wanted)
        options.allow, options.allow_count = _texts(asked[3])
        options.deny, options.deny_count = _texts(asked[4])
        check(lib.opsin_session_configure(self.handle, ctypes.byref(options)))
        self._configured = asked

    def warm_up(self) -> None:
        """Compiles the plan for the model's own size and runs it once, so that the first photo is as fast as the second."""
        check(lib.opsin_session_warmup(self.handle, 1))

    def run(self, image: ImageLike, *, color: str = "rgb", **options: Any) -> Any:
        """One image to the task's answer: ``Classes``, ``Detections``, ``Segmentation``, ``Depth`` or ``Features``.

        ``options`` are those of ``configure``; without any, those of the last call of ``configure`` hold. Raises ``OpsinError``.
        """
        if options:
            self.configure(**options)
        address = out_handle()
        if isinstance(image, (str, os.PathLike)):
            check(lib.opsin_run_file(self.handle, os.fsencode(image), ctypes.byref(address)))
        else:
            pixels = pixels_of(image, color)
            check(lib.opsin_run(self.handle, ctypes.byref(pixels.struct), ctypes.byref(address)))
        result = result_of(int(address.value or 0))
        if isinstance(result, OpsinError):
            raise result
        result._image, result._color = image, color
        return result

    def preprocess(self, image: ImageLike, *, color: str = "rgb") -> Input:
        """The first step of ``run`` alone: an image to the model's input, and where the image lies in it."""
        pixels = pixels_of(image, color)
        address = out_handle()
        check(lib.opsin_preprocess(self.handle, ctypes.byref(pixels.struct), ctypes.byref(address)))
        return Input(address.value)

    def run_tensors(self, tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.float32]]:
        """The second step alone: tensors to the model's outputs. Images are [count, height, width, channels], scaled as the recipe in ``Model.info`` says."""
        given, kept = tensor_array(tensors)
        address = out_handle()
        check(lib.opsin_run_tensors(self.handle, given, len(kept), ctypes.byref(address)))
        result = result_of(int(address.value or 0))
        if isinstance(result, OpsinError):
            raise result
        return result.tensors

    def postprocess(self, outputs: Mapping[str, npt.NDArray[Any]], geometry: Geometry | None = None, **options: Any) -> Any:
        """The third step alone: the outputs of one image, wherever they were computed, to what ``run`` would give; boxes are not clipped to the image."""
        if options:
            self.configure(**options)
        given, kept = tensor_array(outputs)
        address = out_handle()
        shape = ctypes.byref(geometry.struct) if geometry is not None else None
        check(lib.opsin_postprocess(self.handle, given, len(kept), shape, ctypes.byref(address)))
        result = result_of(int(address.value or 0))
        if isinstance(result, OpsinError):
            raise result
        return result

    def map(
        self, images: Iterable[ImageLike], *, on_error: Literal["raise", "return"] = "return", color: str = "rgb",
        progress: Callable[[Iterable[Any]], Iterable[Any]] | None = None, **options: Any,
    ) -> Iterator[Result | OpsinError]:
        """The results of many images, one by one and in order, each as it is done; Ctrl-C works between them.

        One bad image costs only its own result: an ``OpsinError`` takes its place (``on_error="return"``) or is raised. ``progress`` wraps the images:
        ``progress=tqdm.tqdm``.
        """
        for image in progress(images) if progress is not None else images:
            try:
                yield self.run(image, color=color, **options)
            except OpsinError as error:
                if on_error == "raise":
                    raise
                yield error

    def run_batch(self, images: Iterable[ImageLike], **options: Any) -> list[Result | OpsinError]:
        """``map`` as a list."""
        return list(self.map(images, **options))

    async def run_async(self, image: ImageLike, **options: Any) -> Any:
        """``run`` on another thread, for asyncio. Await one call of a session before the next."""
        return await asyncio.to_thread(self.run, image, **options)
