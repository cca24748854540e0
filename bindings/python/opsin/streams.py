"""Request and Stream: images on their way while the program does something else."""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from . import _header as header
from ._library import Handle, check, lib, made, out_handle, text
from .errors import ArgumentError, OpsinError, TimeoutExpiredError, error_of
from .images import ImageLike, pixels_of
from .results import Result, result_of

if TYPE_CHECKING:
    from .session import Session

DropName = Literal["nothing", "oldest", "newest"]

_DROPS = {"nothing": header.OPSIN_DROP_NOTHING, "oldest": header.OPSIN_DROP_OLDEST, "newest": header.OPSIN_DROP_NEWEST}
#: Longest wait within the library, in seconds, so that Ctrl-C is heard.
_SLICE = 0.1


def _slices(timeout: float | None) -> Iterator[int]:
    """Waits in microseconds that add up to ``timeout`` seconds; None is without end."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _SLICE if end is None else min(_SLICE, end - time.monotonic())
        yield max(0, int(left * 1e6))
        if end is not None and time.monotonic() >= end:
            return


class Request(Handle):
    """One image on its way through a session, as ``Session.submit`` gives it. ``await`` it, or ask ``result()``. Closing it does not end the work."""

    _release = "opsin_request_release"

    def __init__(self, address: int | None, image: ImageLike, color: str) -> None:
        super().__init__(address)
        self._image, self._color = image, color
        self._found: Any = None

    def done(self) -> bool:
        """Whether it has ended: with a result, an error, or cancelled."""
        return bool(lib.opsin_request_status(self.handle) != header.OPSIN_PENDING)

    def cancelled(self) -> bool:
        """Whether it was cancelled before it was done."""
        return bool(lib.opsin_request_status(self.handle) == header.OPSIN_E_CANCELLED)

    def cancel(self) -> None:
        """Asks it to end early: at once while it waits, else between two ops or before the next submission. One that is done stays as it is."""
        check(lib.opsin_request_cancel(self.handle))

    def result(self, timeout: float | None = None) -> Any:
        """What ``Session.run`` gives. Raises ``TimeoutExpiredError`` after ``timeout`` seconds, ``CancelledError``, or why the image failed."""
        if self._found is not None:
            return self._found
        for wait in _slices(timeout):
            status = lib.opsin_request_wait(self.handle, wait)
            if status == header.OPSIN_PENDING:
                continue
            if status < 0:
                raise error_of(status, text(lib.opsin_request_error(self.handle)))
            address = out_handle()
            check(lib.opsin_request_take_result(self.handle, ctypes.byref(address)))
            found = result_of(int(address.value or 0))
            if isinstance(found, OpsinError):
                raise found
            found._image, found._color = self._image, self._color
            self._found = found
            return found
        raise TimeoutExpiredError(f"the request did not end within {timeout} s")

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        try:
            return await asyncio.to_thread(self.result)
        except asyncio.CancelledError:
            self.cancel()
            raise


@dataclass(frozen=True)
class StreamStats:
    """What a stream has done since it was opened. ``latency_ms`` and ``per_second`` are of the last 100 frames."""

    waiting: int
    pushed: int
    done: int
    dropped: int
    failed: int
    latency_ms: float
    per_second: float


class Stream(Handle):
    """Frames in, results out, with a bounded queue between: several frames are worked on at the same time. The session is lent to it until ``close()``.

    ``queue_depth``: frames that may wait, 1 to 1024. ``drop``: what happens when the queue is full: ``"nothing"`` (``push`` waits), ``"oldest"`` (the oldest
    waiting frame makes room: a live camera), ``"newest"`` (the frame that comes is not taken). ``in_flight``: frames worked on at once, 1 to 16.
    """

    _release = "opsin_stream_release"

    def __init__(self, session: Session, *, queue_depth: int = 4, drop: DropName = "nothing", in_flight: int = 2, ordered: bool = True) -> None:
        if drop not in _DROPS:
            raise ArgumentError(f'drop is "{drop}", expected one of {", ".join(_DROPS)}')
        if not 1 <= queue_depth <= 1024 or not 1 <= in_flight <= 16:
            raise ArgumentError(f"queue_depth is {queue_depth}, in_flight is {in_flight}, expected 1 to 1024 and 1 to 16")
        options = made(header.opsin_stream_options)
        options.queue_depth, options.in_flight, options.drop = queue_depth, in_flight, _DROPS[drop]
        options.flags = 0 if ordered else header.OPSIN_STREAM_UNORDERED
        address = out_handle()
        check(lib.opsin_stream_create(session.handle, ctypes.byref(options), ctypes.byref(address)))
        super().__init__(address.value)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def push(self, image: ImageLike, *, color: str = "rgb", timestamp_us: int = 0) -> bool:
        """Gives the stream its next frame, which is copied. False: it was not taken (``drop="newest"``). ``timestamp_us`` comes back with the result."""
        pixels = pixels_of(image, color)
        pixels.struct.timestamp_us = timestamp_us
        status = lib.opsin_stream_push(self.handle, ctypes.byref(pixels.struct))
        check(status)
        return bool(status != header.OPSIN_PENDING)

    def poll(self, timeout: float | None = 0.0) -> Result | OpsinError | None:
        """The next result, or the error of a frame that failed; None when none came within ``timeout`` seconds.

        With ``timeout=None`` it waits as long as frames are under way.
        """
        address = out_handle()
        for wait in _slices(timeout):
            status = lib.opsin_stream_poll(self.handle, wait, ctypes.byref(address))
            check(status)
            if status != header.OPSIN_PENDING:
                return result_of(int(address.value or 0))
            if timeout is None and lib.opsin_stream_flush(self.handle, 0) == header.OPSIN_OK:
                # What was under way may have become ready in between.
                check(lib.opsin_stream_poll(self.handle, 0, ctypes.byref(address)))
                return result_of(int(address.value)) if address.value else None
        return None

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until every frame that was pushed is done or dropped; False when ``timeout`` seconds were too short."""
        for wait in _slices(timeout):
            status = lib.opsin_stream_flush(self.handle, wait)
            check(status)
            if status != header.OPSIN_PENDING:
                return True
        return False

    @property
    def stats(self) -> StreamStats:
        """What the stream has done."""
        found = made(header.opsin_stream_stats)
        check(lib.opsin_stream_stats_get(self.handle, ctypes.byref(found)))
        return StreamStats(
            int(found.waiting), int(found.pushed), int(found.done), int(found.dropped), int(found.failed), float(found.latency_ms), float(found.per_second))

    def __iter__(self) -> Iterator[Result | OpsinError]:
        """The results of the frames that are under way; ends when none is."""
        while (found := self.poll(None)) is not None:
            yield found

    def map(self, frames: Iterable[ImageLike], *, color: str = "rgb") -> Iterator[Result | OpsinError]:
        """The results of frames as they are done, while the next ones are read; an ``OpsinError`` takes the place of a frame that failed."""
        for frame in frames:
            self.push(frame, color=color)
            while (found := self.poll()) is not None:
                yield found
        yield from self
