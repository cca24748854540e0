"""Several images through the network together, and inputs of another size."""

from pathlib import Path

import numpy as np
import opsin
import pytest
from small_models import small_model


@pytest.fixture(scope="module")
def model() -> opsin.Model:
    return opsin.Model("classify", opsin.Runtime("cpu"))


def test_a_batch_gives_what_single_runs_give(model: opsin.Model, cat: Path) -> None:
    frames = [np.full((40, 40, 3), 30 * number, np.uint8) for number in range(5)]
    images = [frames[0], cat, "nowhere.jpg", *frames[1:]]
    alone = opsin.Session(model).run_batch(images, top_k=3)
    for max_batch in (2, 3, 100):
        together = opsin.Session(model, max_batch=max_batch).run_batch(images, top_k=3)
        assert isinstance(together[2], opsin.NotFoundError) and len(together) == len(alone) == 7
        for one, other in zip(alone, together):
            if not isinstance(one, opsin.OpsinError):
                assert [(item.label, item.score) for item in one] == [(item.label, item.score) for item in other]
    assert opsin.Session(model, max_batch=4).run_batch([]) == []
    with pytest.raises(opsin.NotFoundError):
        opsin.Session(model, max_batch=4).run_batch(images, on_error="raise")
    with pytest.raises(opsin.ArgumentError, match="max_batch is 1025"):
        opsin.Session(model, max_batch=1025)


def test_an_input_of_another_size(model: opsin.Model, cat: Path) -> None:
    session = opsin.Session(model, input_size=(160, 256))
    assert session.preprocess(cat).tensors["pixel_values"].shape == (1, 160, 256, 3)
    assert session.run(cat)[0].label == "Egyptian cat" and session.run(cat).confidence[0] != opsin.Session(model).run(cat).confidence[0]
    with pytest.raises(opsin.ArgumentError, match="multiples of 32"):
        opsin.Session(opsin.Model("detect", model.runtime), input_size=(320, 321))
    with pytest.raises(opsin.ArgumentError, match="expected sides of 1"):
        opsin.Session(model, input_size=(0, 224))


def test_a_batch_on_vulkan_gives_the_same_within_rounding(cat: Path, tmp_path: Path) -> None:
    try:
        runtime = opsin.Runtime("vulkan", cpu_fallback=False)
    except opsin.DeviceError as error:
        pytest.skip(str(error))
    model = opsin.Model(small_model("classify", tmp_path), runtime)
    images = [cat, *(np.full((40, 40, 3), 60 * number, np.uint8) for number in range(3))]
    alone, together = opsin.Session(model).run_batch(images), opsin.Session(model, max_batch=4).run_batch(images)
    for one, other in zip(alone, together):
        assert [item.label for item in one] == [item.label for item in other]
        assert np.allclose(one.confidence, other.confidence, rtol=1e-4, atol=1e-6)
        assert other.report["device"]["kind"] == "vulkan"
