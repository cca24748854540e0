"""Runtime, Model and Session: for programs that look at more than one image."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from . import _header as header
from ._library import Handle, check, lib, made, out_handle, text
from .errors import ArgumentError, NotFoundError, OpsinError
from .images import ImageLike, Pixels, pixels_of
from .options import PathLike, Precision, RunOptions, one_of, path_of, real_number, whole_number, words_of
from .results import Result, result_of
from .steps import Geometry, Input, TensorLike, tensor_array
from .streams import DropName, Request, Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

Self = TypeVar("Self", bound="_Closing")
TaskName = Literal["classify", "detect", "segment", "depth"]

_TASKS = {
    "classify": header.OPSIN_TASK_CLASSIFY, "detect": header.OPSIN_TASK_DETECT, "segment": header.OPSIN_TASK_SEGMENT, "depth": header.OPSIN_TASK_DEPTH,
}
#: The tasks by name.
TASKS = tuple(_TASKS)
_TASK_NAMES = {number: name for name, number in _TASKS.items()}
_PRECISIONS = {
    "default": header.OPSIN_PRECISION_DEFAULT, "fp32": header.OPSIN_PRECISION_FP32, "fp16": header.OPSIN_PRECISION_FP16, "bf16": header.OPSIN_PRECISION_BF16,
    "int8": header.OPSIN_PRECISION_INT8, "auto": header.OPSIN_PRECISION_AUTO,
}


class _Closing(Handle):
    """A handle that a ``with`` block closes."""

    def __enter__(self: Self) -> Self:
        """The object itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def _shown(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'closed' if self._address is None else self._shown()})"


def _memory(function: Any, handle: int) -> dict[str, int]:
    found = made(header.opsin_memory)
    check(function(handle, ctypes.byref(found)))
    return {name: int(getattr(found, name)) for name, *_ in header.opsin_memory._fields_[2:]}


@dataclass(frozen=True)
class Device:
    """A device of this machine."""

    #: What ``Runtime(device=...)`` takes: ``"cpu"``, ``"vulkan:0"``.
    id: str
    #: ``"cpu"`` or ``"vulkan"``.
    kind: str
    #: As the driver or the processor calls itself.
    name: str
    #: Driver and its version; of the CPU the best instruction set.
    driver: str
    #: Memory of the device; for the CPU what the machine or its cgroup grants.
    memory_bytes: int
    #: Whether a runtime can be made on it.
    usable: bool
    #: Whether it is what ``"auto"`` takes.
    auto: bool
    #: Why it is, or is not, what ``"auto"`` takes; why it is not usable.
    reason: str
    #: Other drivers of the same GPU, a line each: id, name, why it is left out.
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


# What libopsin may call for as long as it computes, which no object of Python's knows the end of.
_queue_functions: list[Any] = []


def _queue_function(function: Callable[[], None]) -> Any:
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: function())


def _runtime_options(cpu_fallback: bool, cache_dir: PathLike | None) -> header.opsin_runtime_options:
    options = made(header.opsin_runtime_options)
    options.cache_dir = None if cache_dir is None else path_of("cache_dir", cache_dir)
    options.flags = 0 if cpu_fallback else header.OPSIN_RUNTIME_NO_CPU_FALLBACK
    return options


class Runtime(_Closing):
    """A device ready for work. Threads may share it.

    ``device``: ``"auto"``, ``"cpu"``, ``"vulkan"``, ``"vulkan:N"`` or ``"vulkan:UUID"``. A GPU that cannot be used falls back to the CPU, and ``report``
    says why, unless ``cpu_fallback`` is false. Do not ``fork`` while one lives: use the ``spawn`` start method of multiprocessing.
    """

    _release = "opsin_runtime_release"

    def __init__(self, device: str = "auto", *, cpu_fallback: bool = True, cache_dir: PathLike | None = None) -> None:
        if not isinstance(device, str):
            raise ArgumentError(f'device is {device!r}, expected "auto", "cpu", "vulkan", "vulkan:N" or "vulkan:UUID"')
        options = _runtime_options(cpu_fallback, cache_dir)
        options.device = device.encode()
        address = out_handle()
        check(lib.opsin_runtime_create(ctypes.byref(options), ctypes.byref(address)))
        super().__init__(address.value)

    @classmethod
    def from_vulkan(
        cls, *, instance: int, physical_device: int, device: int, queue: int, queue_family: int, api_version: int, extensions: Iterable[str] = (),
        get_instance_proc_addr: int = 0, lock_queue: Callable[[], None] | None = None, unlock_queue: Callable[[], None] | None = None,
        cpu_fallback: bool = True, cache_dir: PathLike | None = None,
    ) -> Runtime:
        """A runtime on a Vulkan device that the program made, which must outlive it and everything made from it; nothing of it is destroyed here.

        Handles are numbers, as ctypes and the Vulkan modules give them. ``api_version``: with which the instance was made, packed as Vulkan does it.
        ``extensions``: of the device, enabled with their features. ``get_instance_proc_addr``: address of the function; 0: libvulkan's own.
        ``lock_queue``, ``unlock_queue``: called around every use of the queue, on the thread that computes, with the interpreter's lock; without them
        nobody else may use the queue meanwhile. They must not raise and must not call Opsin, and are kept until the process ends.
        """
        handles = made(header.opsin_vulkan_handles)
        given = {"instance": instance, "physical_device": physical_device, "device": device, "queue": queue, "get_instance_proc_addr": get_instance_proc_addr}
        for name, number in given.items():
            if not isinstance(number, int) or not 0 <= number < 1 << 64:
                raise ArgumentError(f"{name} is {number!r}, expected the number of a handle")
            setattr(handles, name, number or None)
        handles.queue_family, handles.api_version = whole_number("queue_family", queue_family), whole_number("api_version", api_version)
        if (lock_queue is None) != (unlock_queue is None):
            raise ArgumentError("one of lock_queue and unlock_queue is None, expected both or none")
        names = [name.encode() for name in words_of("extensions", extensions)]
        handles.extensions, handles.extension_count = (ctypes.c_char_p * max(len(names), 1))(*names), len(names)
        if lock_queue is not None and unlock_queue is not None:
            calls = tuple(_queue_function(function) for function in (lock_queue, unlock_queue))
            handles.lock_queue, handles.unlock_queue = calls
            _queue_functions.append(calls)
        address = out_handle()
        check(lib.opsin_runtime_create_from_vulkan(ctypes.byref(handles), ctypes.byref(_runtime_options(cpu_fallback, cache_dir)), ctypes.byref(address)))
        runtime = cls.__new__(cls)
        _Closing.__init__(runtime, address.value)
        return runtime

    @property
    def device(self) -> Device:
        """The device that really works."""
        info = made(header.opsin_device_info)
        check(lib.opsin_runtime_device(self.handle, ctypes.byref(info)))
        return _device(info)

    @property
    def report(self) -> dict[str, Any]:
        """``device`` (kind and name), ``isa``, and ``fallbacks``: what did not run where it was asked for, and why."""
        found = ctypes.c_char_p()
        check(lib.opsin_runtime_report_json(self.handle, ctypes.byref(found)))
        return dict(json.loads(text(found.value)))

    @property
    def memory(self) -> dict[str, int]:
        """Bytes, now and at the highest moment: ``host_now``, ``host_peak``, ``device_now``, ``device_peak``, and of these ``weights``, ``activations``,
        ``staging`` and ``cache``."""
        return _memory(lib.opsin_runtime_memory, self.handle)

    def trim(self) -> None:
        """Gives back what is kept for later: plans and staging memory that no call uses now."""
        check(lib.opsin_runtime_trim(self.handle))

    def _shown(self) -> str:
        device = self.device
        return f"{device.id!r}, {device.name}"


class Model(_Closing):
    """A network with its weights, labels and recipe, read from the folder in which its publisher ships it. Threads may share it.

    ``source``: a folder, or a task (``"classify"``, ``"detect"``, ``"segment"``, ``"depth"``) for the model that ships with Opsin; a folder of such
    a name is ``"./classify"``.
    ``runtime``: where it is to run; None: a new one on ``"auto"``. ``use_test_size``: preprocess at timm's ``test_input_size`` where the folder has one.
    Raises ``NotFoundError`` for a folder that is not there, ``ModelError`` for one that is wrong; the sentence names the file or tensor.
    """

    _release = "opsin_model_release"

    def __init__(self, source: PathLike, runtime: Runtime | None = None, *, use_test_size: bool = False) -> None:
        if runtime is not None and not isinstance(runtime, Runtime):
            raise ArgumentError(f"runtime is {runtime!r}, expected a Runtime, such as Runtime('cpu')")
        path = path_of("source", source)
        #: Where it runs.
        self.runtime: Runtime = runtime if runtime is not None else Runtime()
        options = made(header.opsin_model_options)
        options.flags = header.OPSIN_MODEL_USE_TEST_SIZE if use_test_size else 0
        address = out_handle()
        if isinstance(source, str) and source in _TASKS:
            check(lib.opsin_model_open_default(self.runtime.handle, _TASKS[source], ctypes.byref(options), ctypes.byref(address)))
        else:
            status = lib.opsin_model_open(self.runtime.handle, path, ctypes.byref(options), ctypes.byref(address))
            if status == header.OPSIN_E_NOT_FOUND and re.fullmatch(rb"[\w.-]+/[\w.-]+", path) and not os.path.exists(path):
                sentence = text(lib.opsin_last_error())
                raise NotFoundError(f"{sentence} (a repository of the hub? opsin.Model(opsin.hub.folder({os.fsdecode(path)!r})))")
            check(status)
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
        """What ``opsin info --json`` prints (``architecture``, ``parameters``, ``input`` as [height, width], ``flops``, ``weights_bytes``), and the recipe:
        ``preprocess``."""
        found = ctypes.c_char_p()
        check(lib.opsin_model_info_json(self.handle, ctypes.byref(found)))
        return dict(json.loads(text(found.value)))

    def _shown(self) -> str:
        return f"{self.architecture!r}, {self.task}, {lib.opsin_model_label_count(self.handle)} labels"


def _texts(values: tuple[str, ...]) -> Any:
    encoded = [value.encode() for value in values]
    return (ctypes.c_char_p * len(encoded))(*encoded), len(encoded)


class Session(_Closing):
    """One stream of work over a model. Takes one call at a time (``BusyError`` for a second one): make one for each thread, over a shared model.

    ``precision``: ``"default"`` (fp32), ``"fp32"``, ``"fp16"`` (GPU), ``"bf16"`` (CPU), ``"auto"`` (the fastest that passed its self-test).
    ``threads``: of the CPU, 1 to 256; 0 is one per physical core, at most 8. ``features``: names of the network's inner maps to give in ``Result.tensors``.
    ``depth_scale``: which head of a depth model with several, 1, 4 or 8; 0: the finest. ``timeout_ms``: longest wait for the GPU; 0: ten seconds.
    ``kept_plans``: input shapes that stay compiled; 0: the library's choice. ``profile``: time every op, for the property of that name.
    ``max_batch``: images that ``run_batch`` brings through the network together, 1 to 1024; 0: 1. ``input_size``: (height, width) of the network's input
    in the place of the recipe's, which else stays as it is; what does not fit the network is an ``ArgumentError`` that says what does.
    """

    _release = "opsin_session_release"

    def __init__(
        self, model: Model, *, precision: Precision = "default", threads: int = 0, features: Iterable[str] = (), depth_scale: int = 0, timeout_ms: int = 0,
        kept_plans: int = 0, profile: bool = False, max_batch: int = 0, input_size: tuple[int, int] | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise ArgumentError(f"model is {model!r}, expected a Model, such as Model('classify')")
        options = made(header.opsin_session_options)
        options.precision = _PRECISIONS[one_of("precision", precision, _PRECISIONS)]
        options.threads, options.depth_scale = whole_number("threads", threads), whole_number("depth_scale", depth_scale)
        options.timeout_ms, options.kept_plans = whole_number("timeout_ms", timeout_ms), whole_number("kept_plans", kept_plans)
        options.flags = header.OPSIN_SESSION_PROFILE if profile else 0
        options.max_batch = whole_number("max_batch", max_batch)
        if input_size is not None:
            height, width = input_size
            options.input_height, options.input_width = whole_number("input_size", height), whole_number("input_size", width)
        names = ",".join(words_of("features", features))
        options.features = names.encode() if names else None
        address = out_handle()
        check(lib.opsin_session_create(model.handle, ctypes.byref(options), ctypes.byref(address)))
        super().__init__(address.value)
        #: What it runs.
        self.model: Model = model
        self._max_batch = max(1, max_batch)
        self._configured: Any = None

    def configure(
        self, *, top_k: int = 0, max_count: int = 0, threshold: float = 0.0, allow: Iterable[str | int] = (), deny: Iterable[str | int] = (),
        fit: Literal["model", "whole"] = "model", clip: bool = True, confidence: bool = False, regions: bool = False, logits: bool = False,
        probabilities: bool = False,
    ) -> None:
        """Says what the runs that follow shall give; what is not named becomes the default again.

        - ``top_k``: classify: how many labels; 0: 5. ``max_count``: detect: how many objects at most; 0: the model's own number.
        - ``threshold``: least score; 0: none for classes, the model's own for objects; below 0: none.
        - ``allow``, ``deny``: only these labels, or not these, by name or id. Scores do not change.
        - ``fit``: ``"model"``: the recipe's crop, the reference's answer; ``"whole"``: the whole image, padded.
        - ``clip``: boxes are cut off at the image's border. ``confidence``, ``regions``: of masks, ``Segmentation`` has them then.
        - ``logits``: the raw outputs in ``Result.tensors``. ``probabilities``: there too, a tensor of each label's probability at the image's size.

        Raises ``ArgumentError`` or ``NotFoundError`` (a label) and then leaves everything as it was.
        """
        asked = (top_k, max_count, threshold, words_of("allow", allow), words_of("deny", deny), fit, clip, confidence, regions, logits, probabilities)
        if asked == self._configured:
            return
        options = made(header.opsin_task_options)
        options.top_k, options.max_count = whole_number("top_k", top_k), whole_number("max_count", max_count)
        options.threshold = real_number("threshold", threshold)
        options.fit = header.OPSIN_FIT_WHOLE if one_of("fit", fit, ("model", "whole")) == "whole" else header.OPSIN_FIT_MODEL
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

    def run(self, image: ImageLike, *, color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions]) -> Any:
        """One image to the task's answer: ``Classes``, ``Detections``, ``Segmentation``, ``Depth`` or ``Features``.

        ``image``: a path, the bytes of a file, a Pillow image, or an array: [height, width], [height, width, 3] or [height, width, 4]; uint8, uint16 over its
        whole range, or float from 0 to 1. ``color="bgr"``: arrays have blue first, as OpenCV's do. ``options`` are those of ``configure``; without
        any, those of the last call hold. Raises ``OpsinError``: ``NotFoundError`` and ``ImageError`` for the image, ``BusyError`` inside another thread's call.
        """
        if options:
            self.configure(**options)
        address = out_handle()
        if isinstance(image, (str, os.PathLike)):
            check(lib.opsin_run_file(self.handle, path_of("image", image), ctypes.byref(address)))
        else:
            pixels = pixels_of(image, color)
            check(lib.opsin_run(self.handle, ctypes.byref(pixels.struct), ctypes.byref(address)))
        result = result_of(int(address.value or 0))
        if isinstance(result, OpsinError):
            raise result
        result._image, result._color = image, color
        return result

    def preprocess(self, image: ImageLike, *, color: Literal["rgb", "bgr"] = "rgb") -> Input:
        """The first step of ``run`` alone: an image to the model's input, and where the image lies in it. ``image`` and ``color`` as for ``run``."""
        pixels = pixels_of(image, color)
        address = out_handle()
        check(lib.opsin_preprocess(self.handle, ctypes.byref(pixels.struct), ctypes.byref(address)))
        return Input(address.value)

    def run_tensors(self, tensors: Mapping[str, TensorLike]) -> dict[str, npt.NDArray[np.float32]]:
        """The second step alone: tensors by name to the model's outputs by name, float32.

        Images are [count, height, width, channels], red first, scaled as the recipe in ``Model.info`` says: what ``preprocess`` gives, or a
        ``Buffer.tensor`` that the device reads where it lies. The outputs are
        views into the library's memory, which they keep alive.
        """
        given, kept = tensor_array(tensors)
        address = out_handle()
        check(lib.opsin_run_tensors(self.handle, given, len(kept), ctypes.byref(address)))
        result = result_of(int(address.value or 0))
        if isinstance(result, OpsinError):
            raise result
        return result.tensors

    def postprocess(self, outputs: Mapping[str, npt.NDArray[Any]], geometry: Geometry | None = None, **options: Unpack[RunOptions]) -> Any:
        """The third step alone: the outputs of one image, wherever they were computed, to what ``run`` would give; boxes are not clipped to the image.

        ``outputs``: every output of the model by name, shaped as ``run_tensors`` gives it. ``geometry``: from ``Input.geometry``; None: the image is as
        large as the model's input.
        """
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
        self, images: Iterable[ImageLike], *, on_error: Literal["raise", "return"] = "return", color: Literal["rgb", "bgr"] = "rgb",
        progress: Callable[[Iterable[Any]], Iterable[Any]] | None = None, **options: Unpack[RunOptions],
    ) -> Iterator[Result | OpsinError]:
        """The results of many images, one by one and in order, each as it is done; Ctrl-C works between them.

        One bad image costs only its own result: an ``OpsinError`` takes its place (``on_error="return"``) or is raised. ``progress`` wraps the images:
        ``progress=tqdm.tqdm``.
        """
        one_of("on_error", on_error, ("raise", "return"))
        for image in progress(images) if progress is not None else images:
            try:
                yield self.run(image, color=color, **options)
            except OpsinError as error:
                if on_error == "raise":
                    raise
                yield error

    def run_batch(
        self, images: Iterable[ImageLike], *, on_error: Literal["raise", "return"] = "return", color: Literal["rgb", "bgr"] = "rgb",
        progress: Callable[[Iterable[Any]], Iterable[Any]] | None = None, **options: Unpack[RunOptions],
    ) -> list[Result | OpsinError]:
        """``map`` as a list: all results at once, in the images' order; with ``max_batch`` neighbours go through the network together.

        On the CPU in fp32 the answers are those of ``run``, to the bit; on a GPU and in bf16 within rounding.
        """
        if self._max_batch == 1:
            return list(self.map(images, on_error=on_error, color=color, progress=progress, **options))
        one_of("on_error", on_error, ("raise", "return"))
        if options:
            self.configure(**options)
        found: list[Result | OpsinError] = []
        waiting: list[tuple[ImageLike, Pixels | OpsinError]] = []
        for image in progress(images) if progress is not None else images:
            try:
                waiting.append((image, pixels_of(image, color)))
            except OpsinError as error:
                waiting.append((image, error))
            if len(waiting) == self._max_batch:
                found += self._run_together(waiting, color)
                waiting = []
        found += self._run_together(waiting, color)
        for result in found:
            if on_error == "raise" and isinstance(result, OpsinError):
                raise result
        return found

    def _run_together(self, images: list[tuple[ImageLike, Pixels | OpsinError]], color: str) -> Iterator[Result | OpsinError]:
        good = [pixels for _, pixels in images if isinstance(pixels, Pixels)]
        addresses = (ctypes.c_void_p * max(len(good), 1))()
        if good:
            pointers = (ctypes.POINTER(header.opsin_image) * len(good))(*(ctypes.pointer(pixels.struct) for pixels in good))
            status = lib.opsin_run_batch(self.handle, pointers, len(good), addresses)
            if status != header.OPSIN_E_PARTIAL:
                check(status)
        places = iter(addresses)
        for image, pixels in images:
            if isinstance(pixels, OpsinError):
                yield pixels
                continue
            result = result_of(int(next(places) or 0))
            if not isinstance(result, OpsinError):
                result._image, result._color = image, color
            yield result

    def submit(self, image: ImageLike, *, color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions]) -> Request:
        """Puts an image into the session's queue of 64 and returns: ``result()`` of the request waits, ``await`` works too.

        The image is copied. Requests are done one at a time, in their order; other calls of the session raise ``BusyError`` until they are.
        """
        if options:
            self.configure(**options)
        pixels = pixels_of(image, color)
        address = out_handle()
        # Always a copy: nobody could keep the pixels of a request that its owner has forgotten.
        nobody = header.opsin_done_fn()
        check(lib.opsin_submit(self.handle, ctypes.byref(pixels.struct), header.OPSIN_SUBMIT_COPY, nobody, None, ctypes.byref(address)))
        return Request(address.value, image, color)

    def stream(
        self, *, queue_depth: int = 4, drop: DropName = "nothing", in_flight: int = 2, ordered: bool = True, **options: Unpack[RunOptions],
    ) -> Stream:
        """Lends the session to a stream of frames, whose results are as ``options``, those of ``configure``, say. See ``Stream``."""
        if options:
            self.configure(**options)
        return Stream(self, queue_depth=queue_depth, drop=drop, in_flight=in_flight, ordered=ordered)

    async def run_async(self, image: ImageLike, *, color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions]) -> Any:
        """``run`` on another thread, for asyncio. Await one call of a session before the next."""
        return await asyncio.to_thread(self.run, image, color=color, **options)

    @property
    def memory(self) -> dict[str, int]:
        """Bytes of this session, as ``Runtime.memory``; without the weights, which the sessions of a model share."""
        return _memory(lib.opsin_session_memory, self.handle)

    @property
    def profile(self) -> dict[str, Any]:
        """Mean milliseconds of every op over the runs so far; needs ``profile=True`` when the session was made."""
        found = ctypes.c_char_p()
        check(lib.opsin_session_profile_json(self.handle, ctypes.byref(found)))
        return dict(json.loads(text(found.value)))

    def _shown(self) -> str:
        return f"{self.model!r}"
