"""Files that were made to do harm: an exception, or an answer; never the end of the process, which is this one."""

import json
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import opsin
import pytest
from small_models import TASKS, small_model


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, opsin.Session]:
    work = tmp_path_factory.mktemp("models")
    return {task: opsin.Session(opsin.Model(small_model(task, work), opsin.Runtime("cpu"))) for task in TASKS}


def refusals(calls: Iterator[Callable[[], object]]) -> int:
    """How many calls raised OpsinError with a sentence; any other exception, and any trap, fails the test."""
    count = 0
    for call in calls:
        try:
            call()
        except opsin.OpsinError as error:
            assert str(error) and len(str(error)) < 1024 and "\n" not in str(error)
            count += 1
    return count


@pytest.mark.parametrize("task", TASKS)
def test_malformed_images(task: str, sessions: dict[str, opsin.Session], root: Path) -> None:
    files = [file for file in sorted((root / "Tests/VisionTests/Resources/malformed/in").iterdir()) if file.is_file()]
    assert len(files) > 80
    by_path = refusals(lambda file=file: sessions[task].run(file) for file in files)
    by_bytes = refusals(lambda file=file: sessions[task].run(file.read_bytes()) for file in files)
    # Most are refused; some damage leaves pixels to look at. A path and its bytes are treated alike.
    assert by_path == by_bytes and len(files) * 0.6 < by_path < len(files)
    assert sessions[task].run(np.zeros((70, 70, 3), np.uint8)) is not None


def test_mutants_of_a_photo(sessions: dict[str, opsin.Session], cat: Path) -> None:
    photo, numbers = cat.read_bytes(), random.Random(9)

    def mutants() -> Iterator[Callable[[], object]]:
        for index in range(80):
            damaged = bytearray(photo[: numbers.choice([len(photo), numbers.randrange(len(photo))])])
            for _ in range(numbers.choice([1, 5, 50])):
                damaged[numbers.randrange(min(len(damaged), 700))] = numbers.randrange(256)
            session = sessions[TASKS[index % len(TASKS)]]
            yield lambda data=bytes(damaged), session=session: session.run(data)

    assert 10 < refusals(mutants()) < 80


def weights(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("task", TASKS)
def test_weights_that_lie(task: str, root: Path, tmp_path: Path) -> None:
    folder = small_model(task, tmp_path)
    file = folder / "model.safetensors"
    good = file.read_bytes()
    file.unlink()
    (length,) = struct.unpack("<Q", good[:8])
    header, data = json.loads(good[8 : 8 + length]), good[8 + length :]
    name = next(name for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F16")

    def changed(**fields: object) -> bytes:
        return weights({**header, name: {**header[name], **fields}}, data)

    hostile = [
        b"", good[:7], good[: len(good) // 2], good[:-1], good + b"\0", struct.pack("<Q", 1 << 63) + b"{}", struct.pack("<Q", (1 << 64) - 1),
        weights(b"nope", data), weights([]), weights({}), weights(b"[" * 20_000),
        changed(data_offsets=[-8, 8]), changed(data_offsets=[0, 1 << 62]), changed(data_offsets=[100, 50]),
        changed(data_offsets=[0.5, 8]), changed(shape=[1 << 62, 1 << 62]), changed(shape=[-1, -1001]), changed(shape=[1]), changed(dtype="Q9"),
        weights({key: value for key, value in header.items() if key != name}, data), weights({"n\n" * 500_000: header[name]}, data),
    ]

    def opened() -> Iterator[Callable[[], object]]:
        for content in hostile:
            file.write_bytes(content)
            yield lambda: opsin.Model(folder, runtime)

    runtime = opsin.Runtime("cpu")
    assert refusals(opened()) == len(hostile)
    file.write_bytes(good)
    assert opsin.Model(folder, runtime).task == task


def test_configurations_that_make_no_sense(tmp_path: Path) -> None:
    folder, runtime = small_model("classify", tmp_path), opsin.Runtime("cpu")
    for file in ("config.json", "preprocessor_config.json"):
        good = (folder / file).read_bytes()
        hostile = [
            b"[" * 20_000 + b"]" * 20_000, b"", b"{", b"[]", b"\x7b\xff\xfe\x00\x7d", b'{"model_type": "warp\\ndrive\\u0000"}',
            b'{"size": {"height": 0, "width": 5}}', b'{"model_type": "mobilenet_v2", "depth_multiplier": 1e308}', b'{"size": {"shortest_edge": 1e300}}']

        def opened() -> Iterator[Callable[[], object]]:
            for content in hostile:
                (folder / file).write_bytes(content)
                yield lambda: opsin.Model(folder, runtime)

        assert refusals(opened()) >= 6, file
        (folder / file).write_bytes(good)
    assert opsin.Model(folder, runtime).labels


def test_arrays_that_are_no_images(sessions: dict[str, opsin.Session]) -> None:
    huge = np.lib.stride_tricks.as_strided(np.zeros(4, np.uint8), (200_000, 200_000, 3), (0, 3, 1), writeable=False)
    bad = [
        np.zeros((0, 5, 3), np.uint8), np.zeros((5, 0), np.uint8), np.zeros(7, np.uint8), np.zeros((2, 2, 5), np.uint8), np.zeros((2, 2, 3), "U3"), huge[:, :0]]
    assert refusals(lambda image=image: sessions["classify"].run(image) for image in bad) == len(bad)
    # Numbers that are none are a picture of nothing in particular, not a crash.
    strange = np.full((70, 70, 3), np.nan, np.float32)
    strange[:20], strange[20:40] = np.inf, -1e38
    for session in sessions.values():
        refusals(iter([lambda session=session: session.run(strange)]))
    for name in ("", "\0", "x" * 100_000, "/", "\udcff.jpg"):
        with pytest.raises((opsin.OpsinError, ValueError)):
            sessions["classify"].run(name)
