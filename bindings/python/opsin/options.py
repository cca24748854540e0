"""What may be asked of a run, of a drawing and of a session: the keyword arguments that many functions share, and how they are checked."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypedDict, Union

import numpy as np
import numpy.typing as npt

from .errors import ArgumentError

__all__ = ["DrawOptions", "PathLike", "Precision", "RunOptions"]

PathLike = Union[str, "os.PathLike[str]"]

#: Of the network's numbers: ``"default"`` and ``"fp32"`` are the reference's answer on every device, ``"fp16"`` is for GPUs, ``"bf16"`` for CPUs,
#: ``"auto"`` is the fastest that passed its self-test.
Precision = Literal["default", "fp32", "fp16", "bf16", "int8", "auto"]


class RunOptions(TypedDict, total=False):
    """What a run shall give: the keyword arguments of ``Session.configure``, ``Session.run`` and the four functions."""

    #: classify: how many labels, 0 to the number of the model's; 0: 5.
    top_k: int
    #: detect: how many objects at most; 0: the model's own number.
    max_count: int
    #: Least score. 0: none for classes, the model's own for objects; below 0: none.
    threshold: float
    #: Only these labels, by name or by id. Scores do not change.
    allow: Iterable[str | int]
    #: Not these labels. Not together with ``allow``.
    deny: Iterable[str | int]
    #: ``"model"``: the recipe's crop, the reference's answer; ``"whole"``: the whole image, padded.
    fit: Literal["model", "whole"]
    #: detect: boxes are cut off at the image's border. True.
    clip: bool
    #: segment: the probability of each pixel's label in ``Segmentation.confidence``.
    confidence: bool
    #: segment: connected regions with their outlines in ``Segmentation.regions``.
    regions: bool
    #: The model's raw outputs in ``Result.tensors``.
    logits: bool
    #: A tensor of each label's probability at the image's size in ``Result.tensors``.
    probabilities: bool


class DrawOptions(TypedDict, total=False):
    """How a result is drawn: the keyword arguments of ``Result.draw``, ``Result.draw_on`` and ``Result.plot``."""

    #: ``"overlay"``: over the photo; ``"map"``: mask or depth alone, in colours. Depth maps: ``"map"``, others ``"overlay"``.
    style: Literal["overlay", "map"]
    #: Boxes with names and scores. True.
    labels: bool
    #: Names of the colours, or the scale of a depth map, in a corner. True for masks and depth maps.
    legend: bool
    #: Of a depth map: inferno, viridis, magma, turbo, spectral or gray.
    colormap: Literal["inferno", "viridis", "magma", "turbo", "spectral", "gray"]
    #: Of mask and depth over the photo, 0 to 1; 0: 0.55.
    opacity: float
    #: Pixels; 0: by the size of the picture.
    line_width: float
    #: Pixels; 0: by the size of the picture.
    text_height: float
    #: Depth value at the near end of the colours; this and ``far`` 0: the map's own ends.
    near: float
    #: Depth value at the far end of the colours.
    far: float
    #: [labels, 3] uint8, red first: the colour of each label; None: the model's.
    palette: Sequence[Sequence[int]] | npt.NDArray[np.uint8] | None


def whole_number(name: str, value: Any) -> int:
    """A count that C takes as ``uint32_t``. Raises ``ArgumentError`` that names it."""
    try:
        number = value.__index__()
    except AttributeError:
        raise ArgumentError(f"{name} is {value!r}, expected a whole number") from None
    if not 0 <= number <= 0xFFFF_FFFF:
        raise ArgumentError(f"{name} is {value}, expected 0 or more")
    return int(number)


def real_number(name: str, value: Any) -> float:
    """A finite number. Raises ``ArgumentError`` that names it."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is {value!r}, expected a number") from None
    if not math.isfinite(number):
        raise ArgumentError(f"{name} is {value}, expected a finite number")
    return number


def one_of(name: str, value: Any, known: Iterable[str]) -> str:
    """A word among those that are known. Raises ``ArgumentError`` that names it and lists them."""
    words = tuple(known)
    if value not in words:
        raise ArgumentError(f"{name} is {value!r}, expected one of {', '.join(map(repr, words))}")
    return str(value)


def words_of(name: str, values: Any) -> tuple[str, ...]:
    """Several words: not one string, whose letters would be meant otherwise. Raises ``ArgumentError`` that names it."""
    if isinstance(values, (str, bytes)):
        raise ArgumentError(f"{name} is {values!r}, expected several: [{values!r}]")
    try:
        return tuple(str(value) for value in values)
    except TypeError:
        raise ArgumentError(f"{name} is {values!r}, expected several names or ids") from None


def path_of(name: str, value: Any) -> bytes:
    """A path as the library takes it. Raises ``ArgumentError`` that names it."""
    try:
        encoded = os.fsencode(value)
    except TypeError:
        raise ArgumentError(f"{name} is {value!r}, expected a path") from None
    if b"\0" in encoded:
        raise ArgumentError(f"{name} has a zero byte in it, expected a path")
    return encoded
