"""From what Python programs call an image to ``opsin_image``, without a copy where the memory allows."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import _header as header
from ._library import check, lib, made, out_handle
from .errors import ArgumentError
from .options import path_of

#: A path, the bytes of an image file, a Pillow image, or an array: numpy, or anything with ``__dlpack__`` or ``__array__`` (torch on the CPU, OpenCV).
ImageLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, npt.NDArray[Any], Any]

#: Type and channels of a sample to ``OPSIN_FORMAT_*``.
FORMATS = {
    ("uint8", 1): header.OPSIN_FORMAT_GRAY8, ("uint8", 3): header.OPSIN_FORMAT_RGB8, ("uint8", 4): header.OPSIN_FORMAT_RGBA8,
    ("uint16", 1): header.OPSIN_FORMAT_GRAY16, ("uint16", 3): header.OPSIN_FORMAT_RGB16,
    ("float32", 1): header.OPSIN_FORMAT_GRAY_F32, ("float32", 3): header.OPSIN_FORMAT_RGB_F32,
}
#: The format of the same samples with blue first.
BLUE_FIRST = {header.OPSIN_FORMAT_RGB8: header.OPSIN_FORMAT_BGR8, header.OPSIN_FORMAT_RGBA8: header.OPSIN_FORMAT_BGRA8}


class Pixels:
    """An ``opsin_image`` together with what keeps its memory alive."""

    def __init__(self, struct: header.opsin_image, keeps: Any, picture: int | None = None) -> None:
        self.struct, self._keeps, self._picture = struct, keeps, picture

    def __del__(self) -> None:
        if getattr(self, "_picture", None) is not None and lib is not None:
            lib.opsin_picture_release(self._picture)


class PixelSource:
    """Something of this module's that has pixels already."""

    def pixels(self, color: str) -> Pixels:
        """As the library sees them."""
        raise NotImplementedError


def _decoded(address: Any, keeps: Any = None) -> Pixels:
    struct = made(header.opsin_image)
    check(lib.opsin_picture_view(address, ctypes.byref(struct)))
    return Pixels(struct, keeps, address.value)


def _of_array(array: npt.NDArray[Any], color: str) -> Pixels:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 4:
        raise ArgumentError(f"an image array of shape {array.shape} is a batch, expected one image: array[0], or Session.map for several")
    if array.ndim not in (2, 3):
        raise ArgumentError(f"an image array of shape {array.shape}, expected [height, width] or [height, width, 3 or 4]")
    if array.dtype == np.float64 or array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    channels = 1 if array.ndim == 2 else array.shape[2]
    format_ = FORMATS.get((array.dtype.name, channels))
    if channels not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        raise ArgumentError(f"an image array of shape {array.shape} has its channels first, expected [height, width, channels]: array.transpose(1, 2, 0)")
    if format_ is None:
        raise ArgumentError(
            f"an image array of {array.dtype} with {channels} channels, expected uint8 (1, 3 or 4), uint16 or float from 0 to 1 (1 or 3 channels)")
    if color == "bgr":
        if format_ in BLUE_FIRST:
            format_ = BLUE_FIRST[format_]
        elif channels == 3:
            array = array[:, :, ::-1]
    # Rows may lie anywhere, also upside down; within a row samples must be dense.
    dense = array.strides[-1] == array.itemsize and (array.ndim == 2 or array.strides[1] == array.itemsize * channels)
    if not dense or not array.dtype.isnative:
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    struct = made(header.opsin_image)
    struct.format, struct.width, struct.height = format_, array.shape[1], array.shape[0]
    struct.stride_bytes, struct.data = array.strides[0], array.ctypes.data
    return Pixels(struct, array)


def _of_pillow(image: Any) -> Pixels:
    orientation = 1
    if hasattr(image, "getexif"):
        orientation = int(image.getexif().get(0x0112, 1) or 1)
    if image.mode not in ("RGB", "L", "RGBA"):
        # 16-bit gray keeps its range; everything else (palettes, CMYK, masks) becomes RGB as Pillow makes it.
        if image.mode.startswith("I;16"):
            return _of_array(np.asarray(image).astype(np.uint16), "rgb")
        image = image.convert("RGB")
    pixels = _of_array(np.asarray(image), "rgb")
    pixels.struct.orientation = orientation if 1 <= orientation <= 8 else 1
    return pixels


def pixels_of(image: ImageLike, color: str = "rgb") -> Pixels:
    """Any image as the library sees it.

    Arrays are [height, width], [height, width, 3] or [height, width, 4] (alpha is ignored); uint8, uint16 over their whole range, float from 0 to 1.
    ``color="bgr"`` says that arrays have blue first, as OpenCV's do. A torch tensor may also be [3, height, width]. Pillow images and files are turned
    upright as their Exif data say.
    """
    if color not in ("rgb", "bgr"):
        raise ArgumentError(f"color is {color!r}, expected 'rgb' or 'bgr'")
    if isinstance(image, (str, os.PathLike)):
        address = out_handle()
        check(lib.opsin_picture_decode_file(path_of("image", image), None, ctypes.byref(address)))
        return _decoded(address)
    if isinstance(image, (bytes, bytearray, memoryview)):
        data = bytes(image)
        address = out_handle()
        check(lib.opsin_picture_decode_memory(data, len(data), None, ctypes.byref(address)))
        return _decoded(address)
    if isinstance(image, PixelSource):
        return image.pixels(color)
    if isinstance(image, np.ndarray):
        return _of_array(image, color)
    if hasattr(image, "getexif") or (hasattr(image, "mode") and hasattr(image, "convert")):
        return _of_pillow(image)
    if hasattr(image, "__dlpack__"):
        try:
            array = np.from_dlpack(image.detach() if hasattr(image, "detach") else image)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            what = f"{getattr(image, 'dtype', 'unknown dtype')} on {getattr(image, 'device', 'unknown device')}"
            raise ArgumentError(
                f"an image tensor of {what} is nothing that numpy can read ({error}), expected uint8, uint16 or float in the CPU's memory") from None
        channels = (1, 3, 4)
        if array.ndim == 3 and array.shape[0] in channels and array.shape[2] not in channels:
            array = array.transpose(1, 2, 0)
        return _of_array(array, color)
    if hasattr(image, "__array__"):
        return _of_array(np.asarray(image), color)
    raise ArgumentError(f"an image of type {type(image).__name__}, expected a path, bytes, a Pillow image or an array")
