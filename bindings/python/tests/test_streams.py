"""Requests and streams from Python."""

import asyncio
from pathlib import Path

import numpy as np
import opsin
import pytest


@pytest.fixture(scope="module")
def session() -> opsin.Session:
    return opsin.Session(opsin.Model("classify"))


def test_a_request_gives_what_a_run_gives(session: opsin.Session, cat: Path) -> None:
    expected = list(session.run(cat, top_k=3))
    request = session.submit(cat, top_k=3)
    assert list(request.result(timeout=30)) == expected and request.done() and not request.cancelled()
    assert request.result() is request.result()
    array = np.zeros((32, 32, 3), np.uint8)
    requests = [session.submit(array) for _ in range(6)]
    with pytest.raises(opsin.BusyError):
        session.run(cat)
    with pytest.raises(opsin.TimeoutExpiredError):
        requests[5].result(timeout=0)
    assert len({tuple(request.result()) for request in requests}) == 1


def test_a_request_is_awaited(session: opsin.Session, cat: Path) -> None:
    async def both() -> list[str]:
        first, second = session.submit(cat), session.submit(str(cat))
        return [(await first)[0].label, (await second)[0].label]

    assert asyncio.run(both()) == ["Egyptian cat"] * 2


def test_a_request_is_cancelled(session: opsin.Session, cat: Path) -> None:
    requests = [session.submit(cat) for _ in range(8)]
    requests[7].cancel()
    assert requests[7].cancelled() and requests[7].done()
    with pytest.raises(opsin.CancelledError, match="cancelled"):
        requests[7].result()
    assert requests[6].result()[0].label == "Egyptian cat"

    async def late() -> None:
        waiting = [session.submit(cat) for _ in range(8)]
        task = asyncio.ensure_future(asyncio.wait_for(waiting[7], 0.0001))
        with pytest.raises((asyncio.TimeoutError, opsin.CancelledError)):
            await task
        assert waiting[7].done()
        for request in waiting[:7]:
            await request

    asyncio.run(late())


def test_a_stream_gives_every_frame_in_order(session: opsin.Session, cat: Path) -> None:
    with session.stream(queue_depth=3, top_k=1) as stream:
        for number in range(12):
            assert stream.push(cat, timestamp_us=number)
        found = list(stream)
        assert [result.timestamp_us for result in found] == list(range(12))
        assert {result[0].label for result in found} == {"Egyptian cat"}
        stats = stream.stats
        assert (stats.pushed, stats.done, stats.dropped, stats.failed, stats.waiting) == (12, 12, 0, 0, 0) and stats.per_second > 0
        assert stream.poll() is None and stream.poll(None) is None and stream.flush()
        with pytest.raises(opsin.BusyError):
            session.run(cat)
    with pytest.raises(opsin.StateError):
        stream.push(cat)
    assert session.run(cat)[0].label == "Egyptian cat"


def test_a_stream_maps_frames_as_they_come(session: opsin.Session) -> None:
    frames = (np.full((24, 24, 3), 20 * number, np.uint8) for number in range(9))
    with session.stream(in_flight=3) as stream:
        assert len(list(stream.map(frames))) == 9


def test_a_stream_drops(session: opsin.Session) -> None:
    frame = np.zeros((24, 24, 3), np.uint8)
    with session.stream(queue_depth=2, drop="newest") as stream:
        taken = [stream.push(frame, timestamp_us=number) for number in range(20)]
        assert [result.timestamp_us for result in stream] == [number for number, was in enumerate(taken) if was]
        assert stream.stats.dropped == taken.count(False) > 0
    with session.stream(queue_depth=2, drop="oldest") as stream:
        assert all(stream.push(frame, timestamp_us=number) for number in range(20))
        assert [result.timestamp_us for result in stream][-2:] == [18, 19]
    with pytest.raises(opsin.ArgumentError, match="oldest"):
        session.stream(drop="some")  # type: ignore[arg-type]
    with pytest.raises(opsin.ArgumentError, match="17"):
        session.stream(in_flight=17)
