"""Results as pictures: into arrays of the caller's, as Pillow images, and for notebooks."""

from __future__ import annotations

import ctypes
import html
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _header as header
from ._library import check, lib, made, out_handle
from .errors import ArgumentError
from .images import ImageLike, Pixels, pixels_of
from .options import one_of, real_number

_COLOR_MAPS = {
    "inferno": header.OPSIN_COLORMAP_INFERNO, "viridis": header.OPSIN_COLORMAP_VIRIDIS, "magma": header.OPSIN_COLORMAP_MAGMA,
    "turbo": header.OPSIN_COLORMAP_TURBO, "spectral": header.OPSIN_COLORMAP_SPECTRAL, "gray": header.OPSIN_COLORMAP_GRAY,
}
_STYLES = {"overlay": header.OPSIN_DRAW_OVERLAY, "map": header.OPSIN_DRAW_MAP}
_FORMATS = {
    ("rgb", 3): header.OPSIN_FORMAT_RGB8, ("bgr", 3): header.OPSIN_FORMAT_BGR8, ("rgb", 4): header.OPSIN_FORMAT_RGBA8,
    ("bgr", 4): header.OPSIN_FORMAT_BGRA8,
}


def draw_into(
    handle: int, array: npt.NDArray[np.uint8], *, color: str = "rgb", style: str = "overlay", labels: bool = True, legend: bool = False,
    colormap: str = "inferno", opacity: float = 0.0, line_width: float = 0.0, text_height: float = 0.0, near: float = 0.0, far: float = 0.0,
    palette: Sequence[Sequence[int]] | npt.NDArray[np.uint8] | None = None,
) -> None:
    """Draws a result into [height, width, 3 or 4] uint8 of the caller's; rows may lie anywhere, samples within a row must be dense."""
    if not isinstance(array, np.ndarray):
        raise ArgumentError(f"a canvas of type {type(array).__name__}, expected a numpy array [height, width, 3 or 4] of uint8")
    for name, value, known in (("style", style, _STYLES), ("colormap", colormap, _COLOR_MAPS), ("color", color, ("rgb", "bgr"))):
        one_of(name, value, known)
    dense = array.dtype == np.uint8 and array.ndim == 3 and array.flags.writeable and array.strides[2] == 1 and array.strides[1] == array.shape[2]
    format_ = _FORMATS.get((color, array.shape[2])) if dense else None
    if format_ is None:
        raise ArgumentError(
            f"a canvas of {array.dtype}{list(array.shape)}, expected a writable uint8 array [height, width, 3 or 4] with dense rows, in rgb or bgr")
    canvas = made(header.opsin_canvas)
    canvas.format, canvas.width, canvas.height, canvas.stride_bytes = format_, array.shape[1], array.shape[0], array.strides[0]
    canvas.data = array.ctypes.data
    options = made(header.opsin_draw_options)
    options.flags = (0 if labels else header.OPSIN_DRAW_NO_LABELS) | (header.OPSIN_DRAW_LEGEND if legend else 0)
    options.style, options.colormap = _STYLES[style], _COLOR_MAPS[colormap]
    options.opacity, options.line_width = real_number("opacity", opacity), real_number("line_width", line_width)
    options.text_height = real_number("text_height", text_height)
    options.near_value, options.far_value = real_number("near", near), real_number("far", far)
    if palette is not None:
        colors = np.ascontiguousarray(palette, np.uint8)
        if colors.ndim != 2 or colors.shape[1] != 3:
            raise ArgumentError(f"a palette of shape {colors.shape}, expected [labels, 3]")
        options.palette_count, options.palette = len(colors), ctypes.cast(colors.ctypes.data, type(options.palette))
    check(lib.opsin_result_draw(handle, ctypes.byref(options), ctypes.byref(canvas)))


def rgb_copy(image: ImageLike, color: str = "rgb") -> npt.NDArray[np.uint8]:
    """The pixels of any image, upright, in an array of their own: [height, width, 3] uint8, red first."""
    if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and color == "rgb":
        return np.array(image, order="C")
    pixels = pixels_of(image, color)
    width, height = pixels.struct.width, pixels.struct.height
    if pixels.struct.orientation >= 5:
        width, height = height, width
    # "Resized" to its own size: the library turns every format upright, and this is the same code that a run uses.
    address = out_handle()
    check(lib.opsin_picture_resize(ctypes.byref(pixels.struct), width, height, 0, ctypes.byref(address)))
    upright = made(header.opsin_image)
    picture = Pixels(upright, None, address.value)
    check(lib.opsin_picture_view(address, ctypes.byref(upright)))
    channels = 1 if upright.format == header.OPSIN_FORMAT_GRAY8 else 3
    data = ctypes.cast(upright.data, ctypes.POINTER(ctypes.c_uint8))
    samples = np.ctypeslib.as_array(data, (upright.height, upright.width, channels))
    copied = np.array(np.broadcast_to(samples, (upright.height, upright.width, 3)))
    del samples, picture
    return copied


def png(array: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file of [height, width, 3] uint8."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = array.shape[:2]
    # Each row begins with its filter's number: 0, none.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), array.reshape(height, width * 3)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 3)) + chunk(b"IEND", b"")


def table(rows: Sequence[Sequence[object]], names: Sequence[str]) -> str:
    """Rows as an HTML table."""

    def line(cells: Sequence[object], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + line(names, "th") + "".join(line(row, "td") for row in rows) + "</table>"


def pillow_or_array(array: npt.NDArray[np.uint8]) -> Any:
    """A Pillow image, or the array itself where Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return array
    return Image.fromarray(array)
