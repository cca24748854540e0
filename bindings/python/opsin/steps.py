"""What goes between the three steps of a run: for who wants to know where an answer comes from."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import _header as header
from ._library import Handle, check, lib, made, text
from .buffers import BufferTensor
from .errors import ArgumentError
from .results import view

_DTYPES = {
    "float32": header.OPSIN_DTYPE_F32, "float16": header.OPSIN_DTYPE_F16, "int32": header.OPSIN_DTYPE_I32, "int64": header.OPSIN_DTYPE_I64,
    "uint8": header.OPSIN_DTYPE_U8, "int8": header.OPSIN_DTYPE_I8, "uint16": header.OPSIN_DTYPE_U16,
}


@dataclass(frozen=True)
class Geometry:
    """Where the image lies in the model's input: the part ``source`` of the image was resized to the part ``target`` of the input, both x, y, width, height."""

    struct: header.opsin_geometry

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height of the upright image."""
        return int(self.struct.image_width), int(self.struct.image_height)

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the model's input."""
        return int(self.struct.input_width), int(self.struct.input_height)

    @property
    def source(self) -> tuple[float, float, float, float]:
        """In pixels of the image."""
        return self.struct.source_x, self.struct.source_y, self.struct.source_width, self.struct.source_height

    @property
    def target(self) -> tuple[float, float, float, float]:
        """In pixels of the input; may reach beyond it, where the recipe crops."""
        return self.struct.target_x, self.struct.target_y, self.struct.target_width, self.struct.target_height


class _InputHandle(Handle):
    _release = "opsin_input_release"


class Input:
    """What preprocessing makes of an image."""

    def __init__(self, address: int | None) -> None:
        self._handle = _InputHandle(address)

    @property
    def tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """By name: [1, height, width, 3], scaled as the model wants it."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        for index in range(lib.opsin_input_tensor_count(self._handle.handle)):
            tensor = made(header.opsin_tensor)
            check(lib.opsin_input_tensor(self._handle.handle, index, ctypes.byref(tensor)))
            found[text(tensor.name)] = view(tensor.data, tuple(tensor.dims[: tensor.rank]), np.float32, self._handle)
        return found

    @property
    def geometry(self) -> Geometry:
        """Where the image lies in the tensors."""
        struct = made(header.opsin_geometry)
        check(lib.opsin_input_geometry(self._handle.handle, ctypes.byref(struct)))
        return Geometry(struct)


#: What a tensor is given as: an array, or what ``Buffer.tensor`` makes.
TensorLike = Union[npt.NDArray[Any], BufferTensor]


def tensor_array(tensors: Mapping[str, TensorLike]) -> tuple[Any, list[TensorLike]]:
    """Tensors as ``opsin_tensor[]``, and those whose memory they point at."""
    given = (header.opsin_tensor * max(len(tensors), 1))()
    kept: list[TensorLike] = []
    for place, (name, tensor) in zip(given, tensors.items()):
        dense = tensor if isinstance(tensor, BufferTensor) else np.ascontiguousarray(tensor)
        rank = len(dense.shape)
        if dense.dtype.name not in _DTYPES or rank > header.OPSIN_MAX_RANK:
            raise ArgumentError(f'tensor "{name}" is {dense.dtype} of {rank} dimensions, expected one of {", ".join(_DTYPES)} of at most 8')
        lib.opsin_tensor_init(ctypes.byref(place), ctypes.sizeof(place))
        place.dtype, place.rank = _DTYPES[dense.dtype.name], rank
        place.layout = header.OPSIN_LAYOUT_NHWC if rank == 4 else header.OPSIN_LAYOUT_FLAT
        place.dims[:rank] = dense.shape
        place.name, place.byte_count = name.encode(), dense.nbytes
        if isinstance(dense, BufferTensor):
            place.buffer, place.buffer_offset = dense.buffer.handle, dense.offset
        else:
            place.data = dense.ctypes.data
        kept.append(dense)
    return given, kept
