"""Memory that Python shares with a device, and a device that Python made."""

import gc
import os
import threading
from pathlib import Path

import numpy as np
import opsin
import pytest
from PIL import Image
from small_models import small_model
from vulkan_device import VulkanDevice, vulkan_device


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model("classify", tmp_path_factory.mktemp("buffers"))


@pytest.fixture(scope="module", params=["cpu", "vulkan"])
def runtime(request: pytest.FixtureRequest) -> opsin.Runtime:
    try:
        return opsin.Runtime(request.param, cpu_fallback=False)
    except opsin.DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def session(runtime: opsin.Runtime, folder: Path) -> opsin.Session:
    return opsin.Session(opsin.Model(folder, runtime))


@pytest.fixture(scope="module")
def photo(cat: Path) -> np.ndarray:
    return np.asarray(Image.open(cat).convert("RGB"))


def host_buffer(runtime: opsin.Runtime, count: int) -> opsin.Buffer:
    try:
        return opsin.Buffer.allocate(runtime, count)
    except opsin.UnsupportedError as error:
        pytest.skip(str(error))


def test_an_image_is_read_where_it_lies(runtime: opsin.Runtime, session: opsin.Session, photo: np.ndarray) -> None:
    height, width, _ = photo.shape
    expected = list(session.run(photo))
    with host_buffer(runtime, photo.nbytes + 100) as buffer:
        assert buffer.byte_count % 4096 == 0 and "bytes" in repr(buffer)
        image = buffer.image(width, height, offset=100, timestamp_us=7)
        buffer.memory[100 : 100 + photo.nbytes] = photo.reshape(-1)
        found = session.run(image)
        assert list(found) == expected and found.timestamp_us == 7
        # What is written later counts: nothing was copied.
        buffer.memory[100 : 100 + photo.nbytes] = photo[:, :, ::-1].reshape(-1)
        assert list(session.run(image)) != expected and list(session.run(image, color="bgr")) == expected
        with pytest.raises(opsin.ArgumentError, match="outside of a buffer"):
            session.run(buffer.image(width, height, offset=buffer.byte_count - 5))
    with pytest.raises(opsin.StateError, match="buffer is closed"):
        session.run(image)


def test_a_tensor_is_read_where_it_lies(runtime: opsin.Runtime, session: opsin.Session, photo: np.ndarray) -> None:
    pixels = session.preprocess(photo).tensors["pixel_values"]
    expected = {name: np.array(value) for name, value in session.run_tensors({"pixel_values": pixels}).items()}
    buffer = host_buffer(runtime, pixels.nbytes + 64)
    tensor = buffer.tensor(pixels.shape, offset=64)
    assert tensor.nbytes == pixels.nbytes
    buffer.memory[64 : 64 + pixels.nbytes] = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
    # The buffer is kept by what lies in it.
    del buffer
    gc.collect()
    found = session.run_tensors({"pixel_values": tensor})
    assert found.keys() == expected.keys() and all(found[name].tobytes() == expected[name].tobytes() for name in expected)
    with pytest.raises(opsin.ArgumentError, match="multiple of 16"):
        session.run_tensors({"pixel_values": tensor.buffer.tensor(pixels.shape, offset=68)})


def test_descriptors_go_from_runtime_to_runtime(runtime: opsin.Runtime) -> None:
    other = opsin.Runtime(runtime.device.id, cpu_fallback=False)
    exported = 0
    for kind in ("opaque_fd", "dma_buf"):
        try:
            mine, fd = opsin.Buffer.export(runtime, 8192, kind)
        except opsin.UnsupportedError:
            continue
        exported += 1
        with mine, opsin.Buffer.from_fd(other, os.dup(fd), 8192, kind) as theirs:
            assert theirs.byte_count == mine.byte_count == 8192
            with pytest.raises(opsin.UnsupportedError, match="Python does not see"):
                mine.memory
        os.close(fd)
    assert exported == 0 or runtime.device.kind == "vulkan"


def test_wrong_buffers_are_named(runtime: opsin.Runtime) -> None:
    with pytest.raises(opsin.ArgumentError, match="behind a page"):
        opsin.Buffer.of_array(runtime, np.zeros(8192 + 64, np.uint8)[64:])
    with pytest.raises(opsin.ArgumentError, match="dense"):
        opsin.Buffer.of_array(runtime, np.zeros((64, 64), np.float32)[:, ::2])
    with pytest.raises(opsin.ArgumentError, match="fd is -1"):
        opsin.Buffer.from_fd(runtime, -1, 4096)
    with pytest.raises(opsin.ArgumentError, match="kind is 'socket'"):
        opsin.Buffer.from_fd(runtime, 0, 4096, "socket")  # type: ignore[arg-type]
    with pytest.raises(opsin.ArgumentError, match="VkBuffer"):
        opsin.Buffer.from_vulkan(runtime, 0, 4096)
    with pytest.raises(opsin.UnsupportedError):
        opsin.Buffer.from_vulkan(runtime, 1 << 20, 4096)
    with pytest.raises(opsin.ArgumentError, match="byte_count"):
        opsin.Buffer.export(runtime, -1)
    with host_buffer(runtime, 4096) as buffer, pytest.raises(opsin.ArgumentError, match="float16 with 3 channels"):
        buffer.image(4, 4, dtype=np.float16)


@pytest.fixture(scope="module")
def own() -> VulkanDevice:
    device = vulkan_device()
    if device is None:
        pytest.skip("no Vulkan device")
    return device


def test_a_runtime_on_a_device_of_ones_own(own: VulkanDevice, folder: Path, photo: np.ndarray) -> None:
    expected = opsin.Session(opsin.Model(folder, opsin.Runtime("cpu"))).run(photo)
    lock, uses = threading.Lock(), []
    with opsin.Runtime.from_vulkan(
        **own.handles, cpu_fallback=False, lock_queue=lambda: uses.append(lock.acquire()), unlock_queue=lock.release,
    ) as runtime, opsin.Model(folder, runtime) as model, opsin.Session(model) as session:
        assert runtime.device.kind == "vulkan"
        found = session.run(photo)
        assert [item.label for item in found] == [item.label for item in expected]
        assert np.allclose(found.confidence, expected.confidence, atol=1e-5)
        assert uses and not lock.locked()


def test_wrong_handles_are_named(own: VulkanDevice) -> None:
    for change, text in (
        ({"device": -1}, "device is -1"), ({"queue": 0}, "queue"), ({"api_version": 1 << 22}, "1.1"), ({"lock_queue": print}, "both or none"),
        ({"extensions": "VK_KHR_16bit_storage"}, "expected several"),
    ):
        with pytest.raises(opsin.ArgumentError, match=text):
            opsin.Runtime.from_vulkan(**{**own.handles, **change})
    with pytest.raises(opsin.DeviceError, match="queue family 99"):
        opsin.Runtime.from_vulkan(**{**own.handles, "queue_family": 99})
