"""What the header says of threads, seen from Python: the interpreter goes on during a call, a session refuses a second one, models are shared."""

import threading
import time
from pathlib import Path

import numpy as np
import opsin
import pytest


def photo() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (300, 400, 3), np.uint8)


@pytest.fixture(scope="module")
def segmenter() -> opsin.Session:
    """A run of it takes long enough to look at: about a tenth of a second."""
    session = opsin.Session(opsin.Model("segment", opsin.Runtime("cpu")), threads=1)
    session.warm_up()
    return session


def test_the_interpreter_goes_on_during_a_call(segmenter: opsin.Session) -> None:
    image, took = photo(), []

    def call() -> None:
        start = time.perf_counter()
        segmenter.run(image)
        took.append(time.perf_counter() - start)

    worker = threading.Thread(target=call)
    worker.start()
    longest, last = 0.0, time.perf_counter()
    while worker.is_alive():
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    # With the lock held the longest pause of this thread would be the call itself.
    assert took[0] > 0.02 and longest < 0.6 * took[0], (longest, took)


def test_a_session_takes_one_call_at_a_time(segmenter: opsin.Session) -> None:
    image, answers = photo(), []
    expected = np.array(segmenter.run(image).mask)
    refused = 0

    def call() -> None:
        while not answers:  # The other thread may have been there first, for the millisecond that it takes.
            try:
                answers.append(segmenter.run(image))
            except opsin.BusyError:
                pass

    worker = threading.Thread(target=call)
    worker.start()
    while worker.is_alive():
        try:
            segmenter.preprocess(image)
        except opsin.BusyError as error:
            assert "session" in str(error)
            refused += 1
            time.sleep(0.002)
    worker.join()
    assert refused > 0 and np.array_equal(answers[0].mask, expected), "the call that was there first has its answer"
    assert np.array_equal(segmenter.run(image).mask, expected)


def test_sessions_of_a_model_work_side_by_side() -> None:
    model = opsin.Model("detect", opsin.Runtime("cpu"))
    image = photo()
    expected = list(opsin.Session(model, threads=1).run(image, threshold=-1.0, max_count=20))
    found: list[list[opsin.Detection]] = []

    def work() -> None:
        session = opsin.Session(model, threads=1)
        found.extend(list(session.run(image, threshold=-1.0, max_count=20)) for _ in range(5))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 20 and all(each == expected for each in found)
