"""Opsin: an image goes in; labels, boxes, a mask or a depth map come out.

>>> import opsin
>>> opsin.classify("cat.jpg")[0].label
'Egyptian cat'

An image is a path, the bytes of a file, a Pillow image or an array (see ``opsin.images.pixels_of``). The four functions keep one session for each thread,
task, model and device; for more control make a ``Runtime``, a ``Model`` and a ``Session`` yourself.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from ._header import OPSIN_VERSION_MAJOR, OPSIN_VERSION_MINOR, OPSIN_VERSION_PATCH
from ._library import library_path
from .errors import (
    ArgumentError, BusyError, CancelledError, DeviceError, ImageError, InputOutputError, InternalError, MemoryExhaustedError, ModelError, NotFoundError,
    OpsinError, StateError, TimeoutExpiredError, UnsupportedError, VersionError)
from .images import ImageLike
from .results import Classes, Classification, Depth, Detection, Detections, Features, Region, Result, Segment, Segmentation
from .session import Device, Model, Runtime, Session, devices

__version__ = f"{OPSIN_VERSION_MAJOR}.{OPSIN_VERSION_MINOR}.{OPSIN_VERSION_PATCH}"

__all__ = [
    "ArgumentError", "BusyError", "CancelledError", "Classes", "Classification", "Depth", "Detection", "Detections", "Device", "DeviceError", "Features",
    "ImageError", "ImageLike", "InputOutputError", "InternalError", "MemoryExhaustedError", "Model", "ModelError", "NotFoundError", "OpsinError", "Region",
    "Result", "Runtime", "Segment", "Segmentation", "Session", "StateError", "TimeoutExpiredError", "UnsupportedError", "VersionError", "classify", "depth",
    "detect", "devices", "library_path", "segment",
]

# Runtimes and models are shared between threads; a session takes one call at a time, so each thread has its own.
_lock = threading.Lock()
_runtimes: dict[str, Runtime] = {}
_models: dict[tuple[str, str], Model] = {}
_sessions = threading.local()


def _session(task: str, model: str | os.PathLike[str] | Model | None, device: str, precision: str, threads: int) -> Session:
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


def _run(task: str, image: ImageLike, model: Any, device: str, precision: str, threads: int, color: str, options: dict[str, Any]) -> Any:
    session = _session(task, model, device, precision, threads)
    session.configure(**options)
    return session.run(image, color=color)


def classify(
    image: ImageLike, *, top_k: int = 5, model: str | os.PathLike[str] | Model | None = None, device: str = "auto", precision: str = "default",
    threads: int = 0, color: str = "rgb", **options: Any,
) -> Classes:
    """What is on an image, best first. ``options`` are those of ``Session.configure``."""
    found: Classes = _run("classify", image, model, device, precision, threads, color, {"top_k": top_k, **options})
    return found


def detect(
    image: ImageLike, *, threshold: float = 0.0, model: str | os.PathLike[str] | Model | None = None, device: str = "auto", precision: str = "default",
    threads: int = 0, color: str = "rgb", **options: Any,
) -> Detections:
    """The objects on an image with their boxes, best first. ``threshold`` 0 is the model's own. ``options`` are those of ``Session.configure``."""
    found: Detections = _run("detect", image, model, device, precision, threads, color, {"threshold": threshold, **options})
    return found


def segment(
    image: ImageLike, *, fit: str = "model", model: str | os.PathLike[str] | Model | None = None, device: str = "auto", precision: str = "default",
    threads: int = 0, color: str = "rgb", **options: Any,
) -> Segmentation:
    """A label for each pixel of an image. ``options`` are those of ``Session.configure``."""
    found: Segmentation = _run("segment", image, model, device, precision, threads, color, {"fit": fit, **options})
    return found


def depth(
    image: ImageLike, *, model: str | os.PathLike[str] | Model | None = None, device: str = "auto", precision: str = "default", threads: int = 0,
    color: str = "rgb", **options: Any,
) -> Depth:
    """A distance for each pixel of an image; ``kind`` says what the numbers mean. ``options`` are those of ``Session.configure``."""
    found: Depth = _run("depth", image, model, device, precision, threads, color, options)
    return found
