"""Opsin: an image goes in; labels, boxes, a mask or a depth map come out.

>>> import opsin
>>> opsin.classify("cat.jpg")[0].label
'Egyptian cat'

Four functions, one a task: ``classify``, ``detect``, ``segment``, ``depth``. An image is

- a path, or the bytes of a JPEG, PNG, WebP, BMP, PPM or PGM file; turned upright as its Exif data say,
- a Pillow image, turned upright too,
- an array [height, width], [height, width, 3] or [height, width, 4] (alpha is ignored) of uint8, uint16 over its whole range (1 or 3 channels), or float from 0
  to 1; ``color="bgr"`` for OpenCV's order; torch tensors and everything with ``__dlpack__`` on the CPU too, those also as [3, height, width].

Boxes, masks and depth maps are in pixels of the upright image, the origin at its top left corner. The functions keep a session for each thread, model and
device until the thread ends; for more control make a ``Runtime``, a ``Model`` and a ``Session``. Failures are an ``OpsinError``, one class for each kind.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Literal

from ._header import OPSIN_VERSION_MAJOR, OPSIN_VERSION_MINOR, OPSIN_VERSION_PATCH
from ._library import library_path
from .buffers import Buffer, BufferImage, BufferTensor
from .errors import (
    ArgumentError, BusyError, CancelledError, DeviceError, ImageError, InputOutputError, InternalError, MemoryExhaustedError, ModelError, NotFoundError,
    OpsinError, StateError, TimeoutExpiredError, UnsupportedError, VersionError)
from .images import ImageLike
from .options import DrawOptions, PathLike, Precision, RunOptions
from .results import Classes, Classification, Depth, Detection, Detections, Features, Region, Result, Segment, Segmentation
from .session import Device, Model, Runtime, Session, devices
from .steps import Geometry, Input
from .streams import Request, Stream, StreamStats

if TYPE_CHECKING:
    from typing_extensions import Unpack

__version__ = f"{OPSIN_VERSION_MAJOR}.{OPSIN_VERSION_MINOR}.{OPSIN_VERSION_PATCH}"

__all__ = [
    "ArgumentError", "Buffer", "BufferImage", "BufferTensor", "BusyError", "CancelledError", "Classes", "Classification", "Depth", "Detection",
    "Detections", "Device", "DeviceError", "DrawOptions", "Features", "Geometry", "ImageError", "ImageLike", "Input", "InputOutputError", "InternalError", "MemoryExhaustedError", "Model",
    "ModelError", "NotFoundError", "OpsinError", "Region", "Request", "Result", "RunOptions", "Runtime", "Segment", "Segmentation", "Session", "StateError",
    "Stream", "StreamStats", "TimeoutExpiredError", "UnsupportedError", "VersionError", "classify", "depth", "detect", "devices", "library_path", "segment",
]

# Runtimes and models are shared between threads; a session takes one call at a time, so each thread has its own.
_lock = threading.Lock()
_runtimes: dict[str, Runtime] = {}
_models: dict[tuple[str, str], Model] = {}
_sessions = threading.local()


def _session(task: str, model: PathLike | Model | None, device: str, precision: Precision, threads: int) -> Session:
    if isinstance(model, Model):
        key: tuple[Any, ...] = (id(model), precision, threads)
    else:
        key = (os.fspath(model) if model is not None else task, device, precision, threads)
    kept: dict[tuple[Any, ...], Session] = _sessions.__dict__.setdefault("kept", {})
    if key in kept:
        return kept[key]
    if isinstance(model, Model):
        opened = model
    else:
        with _lock:
            if device not in _runtimes:
                _runtimes[device] = Runtime(device)
            place = (str(key[0]), device)
            if place not in _models:
                _models[place] = Model(str(key[0]), _runtimes[device])
            opened = _models[place]
    if opened.task != task:
        raise ArgumentError(f"the model is one to {opened.task}, expected one to {task}")
    kept[key] = Session(opened, precision=precision, threads=threads)
    return kept[key]


def _run(
    task: str, image: ImageLike, model: PathLike | Model | None, device: str, precision: Precision, threads: int, color: Literal["rgb", "bgr"],
    options: RunOptions,
) -> Any:
    session = _session(task, model, device, precision, threads)
    session.configure(**options)
    return session.run(image, color=color)


def classify(
    image: ImageLike, *, model: PathLike | Model | None = None, device: str = "auto", precision: Precision = "default", threads: int = 0,
    color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions],
) -> Classes:
    """What is on an image: labels with probabilities from 0 to 1, best first.

    >>> opsin.classify("cat.jpg", top_k=3)[0].label
    'Egyptian cat'

    - ``image``: see ``help(opsin)``. ``color``: ``"bgr"`` for arrays with blue first.
    - ``model``: a folder as timm or transformers writes it, or a ``Model``; None: the one that ships.
    - ``device``: ``"auto"``, ``"cpu"``, ``"vulkan"``, ``"vulkan:N"``. ``precision``: ``"fp32"``, ``"fp16"``, ``"bf16"``, ``"auto"``. ``threads``: of the
      CPU; 0: one per physical core. All three are the model's and the session's own where ``model`` is a ``Model``.
    - ``options``: as ``Session.configure``: ``top_k`` (5), ``threshold``, ``allow``, ``deny``, ``fit``, ``logits``.
    """
    found: Classes = _run("classify", image, model, device, precision, threads, color, options)
    return found


def detect(
    image: ImageLike, *, model: PathLike | Model | None = None, device: str = "auto", precision: Precision = "default", threads: int = 0,
    color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions],
) -> Detections:
    """The objects on an image, best first: label, score from 0 to 1, box (x0, y0, x1, y1) in pixels of the upright image.

    >>> for thing in opsin.detect("street.jpg", threshold=0.5):
    ...     print(thing.label, thing.score, thing.box)

    Arguments as ``classify``; ``options``: ``threshold`` (0: the model's own), ``max_count``, ``allow``, ``deny``, ``clip``, ``logits``.
    """
    found: Detections = _run("detect", image, model, device, precision, threads, color, options)
    return found


def segment(
    image: ImageLike, *, model: PathLike | Model | None = None, device: str = "auto", precision: Precision = "default", threads: int = 0,
    color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions],
) -> Segmentation:
    """A label for each pixel of an image: ``mask`` is uint16 [height, width], ``segments`` names the labels and their shares.

    >>> opsin.segment("cat.jpg").mask.shape
    (300, 451)

    Arguments as ``classify``; ``options``: ``fit``, ``confidence`` (the probability of each pixel's label), ``regions`` (connected parts with outlines),
    ``allow``, ``deny``, ``probabilities``, ``logits``.
    """
    found: Segmentation = _run("segment", image, model, device, precision, threads, color, options)
    return found


def depth(
    image: ImageLike, *, model: PathLike | Model | None = None, device: str = "auto", precision: Precision = "default", threads: int = 0,
    color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[RunOptions],
) -> Depth:
    """A distance for each pixel of an image: ``depth`` is float32 [height, width]; ``kind`` says what the numbers mean.

    ``relative_inverse``: larger is nearer; ``relative``: larger is farther; neither has a scale. ``metric``: metres.

    Arguments as ``classify``; ``options``: ``fit``, ``logits``.
    """
    found: Depth = _run("depth", image, model, device, precision, threads, color, options)
    return found
