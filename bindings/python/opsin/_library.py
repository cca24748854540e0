"""Finds libopsin.so, loads it once, and turns its statuses into exceptions."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, TypeVar

from . import _header as header
from .errors import VersionError, error_of

_Struct = TypeVar("_Struct", bound=ctypes.Structure)
_NAME = "libopsin.so.0"


def library_path() -> str:
    """Where the library is: ``$OPSIN_LIBRARY``, beside this module, in the build folder of a source tree, or wherever the loader finds it."""
    chosen = os.environ.get("OPSIN_LIBRARY")
    if chosen:
        return chosen
    here = Path(__file__).resolve().parent
    for candidate in (here / _NAME, here.parents[2] / ".build/release/libopsin.so"):
        if candidate.exists():
            return str(candidate)
    return _NAME


def _load() -> ctypes.CDLL:
    path = library_path()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"{path}: libopsin cannot be loaded ({error}); OPSIN_LIBRARY names another file") from None
    try:
        found = int(library.opsin_abi_version())
    except AttributeError:
        raise ImportError(f"{path}: is no libopsin") from None
    if found < header.OPSIN_ABI_VERSION:
        raise VersionError(f"{path}: its interface is number {found}, expected at least {header.OPSIN_ABI_VERSION}")
    for name, (result, arguments) in header.PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


#: The loaded library. ctypes releases the interpreter's lock during its calls.
lib: Any = _load()


def check(status: int) -> None:
    """Raises the exception of a status that is a failure."""
    if status < 0:
        raise error_of(status, lib.opsin_last_error().decode("utf-8", "replace"))


def made(kind: type[_Struct]) -> _Struct:
    """A structure of zeros that knows its size: what its own opsin_..._init() makes of it, without a call (tests/test_header.py holds one against the other)."""
    value = kind()
    value.struct_size = ctypes.sizeof(kind)
    return value


def text(value: bytes | None) -> str:
    """A text of the library's."""
    return value.decode("utf-8", "replace") if value else ""


class Handle:
    """One counted reference to something of the library's; released by ``close()``, at the end of a ``with`` block, or with the object."""

    _release: str
    _address: int | None = None

    def __init__(self, address: int | None) -> None:
        self._address = address

    @property
    def handle(self) -> int:
        """The C handle. Raises ``StateError`` after ``close()``."""
        if self._address is None:
            raise error_of(header.OPSIN_E_STATE, f"the {type(self).__name__.lower()} is closed")
        return self._address

    def __reduce_ex__(self, _: object) -> Any:
        """Refused: a handle is this process's, and counts as one reference."""
        raise TypeError(
            f"a {type(self).__name__.strip('_').lower()} of Opsin cannot be copied or pickled: it is memory of this process. "
            "Take numpy.array(...) of what it shows, or to_json()")

    def close(self) -> None:
        """Gives the reference back. Views into results keep what they need."""
        address, self._address = self._address, None
        if address is not None:
            getattr(lib, self._release)(address)

    def __del__(self) -> None:
        # The library may be gone while the interpreter ends.
        if getattr(self, "_address", None) is not None and lib is not None:
            self.close()


def out_handle() -> Any:
    """Room for a handle that a call gives."""
    return ctypes.c_void_p()
