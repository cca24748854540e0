"""Memory that a runtime's device reads where it lies, without a copy of the host's."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from . import _header as header
from ._library import Handle, check, lib, made, out_handle
from .errors import ArgumentError, UnsupportedError
from .images import BLUE_FIRST, FORMATS, Pixels, PixelSource
from .options import one_of, whole_number

#: What a descriptor of memory is: Vulkan's own kind, or a dma-buf of Linux.
DescriptorKind = Literal["opaque_fd", "dma_buf"]

Self = TypeVar("Self", bound="Buffer")
_KINDS = {"opaque_fd": header.OPSIN_BUFFER_OPAQUE_FD, "dma_buf": header.OPSIN_BUFFER_DMA_BUF}
_PAGE = 4096


class BufferTensor:
    """A dense tensor in a ``Buffer``: what ``Buffer.tensor`` makes, for ``Session.run_tensors``."""

    def __init__(self, buffer: Buffer, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> None:
        #: Where its bytes are.
        self.buffer = buffer
        #: Of an element.
        self.dtype = dtype
        #: Outermost first.
        self.shape = shape
        #: Bytes from the start of the buffer.
        self.offset = offset

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


class BufferImage(PixelSource):
    """Pixels in a ``Buffer``: what ``Buffer.image`` makes, for everything that takes an image."""

    def __init__(self, buffer: Buffer, struct: header.opsin_image) -> None:
        #: Where the pixels are.
        self.buffer = buffer
        self._struct = struct

    def pixels(self, color: str) -> Pixels:
        """As the library sees them."""
        struct = header.opsin_image.from_buffer_copy(self._struct)
        struct.buffer = self.buffer.handle
        if color == "bgr":
            struct.format = BLUE_FIRST.get(struct.format, struct.format)
        return Pixels(struct, self)


class Buffer(Handle):
    """Memory that the device of a runtime reads where it lies; ``Buffer.image`` and ``Buffer.tensor`` say what is in it.

    Made by ``allocate``, ``of_array``, ``from_fd``, ``from_vulkan`` or ``export``. ``close()``, or the end of a ``with`` block, waits for the runs that
    read it. Nobody may write the bytes while a run reads them. ``UnsupportedError``: the runtime's device cannot share memory in that way.
    """

    _release = "opsin_buffer_release"

    def __init__(self, address: int | None, runtime: Handle, byte_count: int, memory: npt.NDArray[np.uint8] | None) -> None:
        super().__init__(address)
        self._runtime, self._memory = runtime, memory
        #: Bytes that may be used.
        self.byte_count = byte_count

    def __enter__(self: Self) -> Self:
        """The object itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def __repr__(self) -> str:
        return f"Buffer({'closed' if self._address is None else f'{self.byte_count} bytes'})"

    @classmethod
    def allocate(cls: type[Self], runtime: Handle, byte_count: int) -> Self:
        """Fresh memory of whole pages, for who writes frames from Python: ``memory`` is its bytes."""
        count = whole_number("byte_count", byte_count)
        pages = mmap.mmap(-1, max(1, -(-count // _PAGE)) * _PAGE)
        return cls.of_array(runtime, np.frombuffer(pages, np.uint8))

    @classmethod
    def of_array(cls: type[Self], runtime: Handle, array: npt.NDArray[Any]) -> Self:
        """An array's own memory: dense, its address and its size multiples of 4096. What is written into the array later counts."""
        if not isinstance(array, np.ndarray) or not array.flags.c_contiguous:
            raise ArgumentError("array is no dense numpy array, expected one whose memory begins and ends at pages of 4096 bytes")
        if array.ctypes.data % _PAGE or array.nbytes % _PAGE or not array.nbytes:
            raise ArgumentError(
                f"array begins {array.ctypes.data % _PAGE} bytes behind a page and has {array.nbytes} bytes, expected multiples of {_PAGE} (Buffer.allocate)")
        memory = array.reshape(-1).view(np.uint8)
        return cls._imported(runtime, header.OPSIN_BUFFER_HOST, array.ctypes.data, -1, array.nbytes, memory)

    @classmethod
    def from_fd(cls: type[Self], runtime: Handle, fd: int, byte_count: int, kind: DescriptorKind = "opaque_fd") -> Self:
        """Memory of another device's or program's by its file descriptor, which belongs to the library from then on unless this raises."""
        number = _KINDS[one_of("kind", kind, _KINDS)]
        return cls._imported(runtime, number, None, _descriptor(fd), whole_number("byte_count", byte_count), None)

    @classmethod
    def from_vulkan(cls: type[Self], runtime: Handle, buffer: int, byte_count: int) -> Self:
        """A ``VkBuffer`` of the device of ``Runtime.from_vulkan`` by its handle, with ``VK_BUFFER_USAGE_TRANSFER_SRC_BIT``; yours until ``close()``."""
        if not isinstance(buffer, int) or buffer <= 0:
            raise ArgumentError(f"buffer is {buffer!r}, expected the number of a VkBuffer")
        return cls._imported(runtime, header.OPSIN_BUFFER_VULKAN, buffer, -1, whole_number("byte_count", byte_count), None)

    @classmethod
    def export(cls: type[Self], runtime: Handle, byte_count: int, kind: DescriptorKind = "opaque_fd") -> tuple[Self, int]:
        """Memory of the runtime's device that others can import, and its file descriptor, which the caller closes (``os.close``)."""
        number, count = _KINDS[one_of("kind", kind, _KINDS)], whole_number("byte_count", byte_count)
        address, fd = out_handle(), ctypes.c_int32(-1)
        check(lib.opsin_buffer_export(runtime.handle, number, count, ctypes.byref(address), ctypes.byref(fd)))
        return cls(address.value, runtime, count, None), int(fd.value)

    @classmethod
    def _imported(
        cls: type[Self], runtime: Handle, kind: int, handle: int | None, fd: int, byte_count: int, memory: npt.NDArray[np.uint8] | None,
    ) -> Self:
        source = made(header.opsin_buffer_source)
        source.kind, source.handle, source.fd, source.byte_count = kind, handle, fd, byte_count
        address = out_handle()
        check(lib.opsin_buffer_import(runtime.handle, ctypes.byref(source), ctypes.byref(address)))
        return cls(address.value, runtime, byte_count, memory)

    @property
    def memory(self) -> npt.NDArray[np.uint8]:
        """The bytes of ``allocate`` and ``of_array``. ``UnsupportedError`` for memory that Python does not see."""
        if self._memory is None:
            raise UnsupportedError("the buffer is memory of a device's, which Python does not see")
        return self._memory

    def image(
        self, width: int, height: int, *, channels: Literal[1, 3, 4] = 3, dtype: npt.DTypeLike = np.uint8, offset: int = 0, stride: int = 0,
        timestamp_us: int = 0,
    ) -> BufferImage:
        """Pixels in the buffer, ``offset`` bytes from its start, ``stride`` bytes from a row to the next (0: no gap); red first unless ``color="bgr"``.

        The host reads them where they lie: memory that it does not see (``from_vulkan``) is ``UnsupportedError`` when it is run.
        """
        name = np.dtype(dtype).name
        if (name, channels) not in FORMATS:
            raise ArgumentError(f"an image of {name} with {channels} channels, expected uint8 (1, 3 or 4), uint16 or float32 (1 or 3 channels)")
        struct = made(header.opsin_image)
        struct.format, struct.width, struct.height = FORMATS[name, channels], whole_number("width", width), whole_number("height", height)
        struct.buffer_offset, struct.stride_bytes, struct.timestamp_us = whole_number("offset", offset), stride, timestamp_us
        return BufferImage(self, struct)

    def tensor(self, shape: Sequence[int], dtype: npt.DTypeLike = np.float32, offset: int = 0) -> BufferTensor:
        """A dense tensor in the buffer, ``offset`` bytes from its start, a multiple of 16: images are [count, height, width, channels].

        On Vulkan in fp32 the device copies it into its plan by itself; elsewhere the host reads it.
        """
        return BufferTensor(self, np.dtype(dtype), tuple(whole_number("shape", side) for side in shape), whole_number("offset", offset))


def _descriptor(fd: int) -> int:
    if not isinstance(fd, int) or not 0 <= fd <= 0x7FFF_FFFF:
        raise ArgumentError(f"fd is {fd!r}, expected an open file descriptor")
    return fd
