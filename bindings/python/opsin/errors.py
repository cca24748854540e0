"""Exceptions, one class a status of opsin.h."""

from __future__ import annotations

from . import _header as header

__all__ = [
    "OpsinError", "ArgumentError", "VersionError", "BusyError", "UnsupportedError", "NotFoundError", "InputOutputError", "ImageError", "ModelError",
    "DeviceError", "MemoryExhaustedError", "TimeoutExpiredError", "CancelledError", "StateError", "InternalError",
]


class OpsinError(RuntimeError):
    """A call that failed. The text is the library's: what is wrong, what was expected, what was found. ``status`` is the number of opsin.h."""

    status: int = header.OPSIN_E_INTERNAL


class ArgumentError(OpsinError, ValueError):
    """A size, a name or a value that the call cannot take."""

    status = header.OPSIN_E_ARGUMENT


class VersionError(OpsinError):
    """The library is older than this module."""

    status = header.OPSIN_E_VERSION


class BusyError(OpsinError):
    """The session is inside another call: it takes one at a time."""

    status = header.OPSIN_E_BUSY


class UnsupportedError(OpsinError):
    """This build, model or device cannot do that."""

    status = header.OPSIN_E_UNSUPPORTED


class NotFoundError(OpsinError, FileNotFoundError):
    """No such file, folder, default model, tensor, label or device."""

    status = header.OPSIN_E_NOT_FOUND

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class InputOutputError(OpsinError):
    """A file is there and cannot be read or written."""

    status = header.OPSIN_E_IO


class ImageError(OpsinError, ValueError):
    """The bytes are no image, are damaged, or are larger than the limit."""

    status = header.OPSIN_E_IMAGE


class ModelError(OpsinError):
    """Configuration or weights are wrong or do not fit each other."""

    status = header.OPSIN_E_MODEL


class DeviceError(OpsinError):
    """The device failed or is absent, and falling back to the CPU was forbidden."""

    status = header.OPSIN_E_DEVICE


class MemoryExhaustedError(OpsinError, MemoryError):
    """Not enough memory on the host or the device."""

    status = header.OPSIN_E_MEMORY


class TimeoutExpiredError(OpsinError, TimeoutError):
    """The deadline passed."""

    status = header.OPSIN_E_TIMEOUT

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class CancelledError(OpsinError):
    """The request was cancelled."""

    status = header.OPSIN_E_CANCELLED


class StateError(OpsinError):
    """Not at this moment: a closed handle, a process that forked, a result of another task."""

    status = header.OPSIN_E_STATE


class InternalError(OpsinError):
    """A fault of the library; the text is worth a bug report."""

    status = header.OPSIN_E_INTERNAL


_CLASSES = {kind.status: kind for kind in (
    ArgumentError, VersionError, BusyError, UnsupportedError, NotFoundError, InputOutputError, ImageError, ModelError, DeviceError, MemoryExhaustedError,
    TimeoutExpiredError, CancelledError, StateError, InternalError)}


def error_of(status: int, message: str) -> OpsinError:
    """The exception of a status."""
    error = _CLASSES.get(status, OpsinError)(message)
    error.status = status
    return error
