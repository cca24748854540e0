"""Preprocess, run, postprocess: one by one they give what a run gives."""

from pathlib import Path

import numpy as np
import opsin
import pytest


def test_three_steps_are_one_run(cat: Path) -> None:
    session = opsin.Session(opsin.Model("classify"))
    expected = session.run(cat, top_k=7)
    prepared = session.preprocess(cat)
    pixels = prepared.tensors["pixel_values"]
    assert pixels.shape == (1, 224, 224, 3) and -1.01 < pixels.min() < pixels.max() < 1.01
    geometry = prepared.geometry
    assert geometry.image_size == (451, 300) and geometry.input_size == (224, 224) and geometry.target[3] == 256
    del prepared
    outputs = session.run_tensors({"pixel_values": pixels})
    assert outputs["logits"].shape == (1, 1001)
    assert list(session.postprocess(outputs, geometry, top_k=7)) == list(expected)
    # The same numbers computed elsewhere: what counts is what is in the tensor.
    swapped = np.array(outputs["logits"])
    swapped[0, [3, expected[0].label_id]] = swapped[0, [expected[0].label_id, 3]]
    assert session.postprocess({"logits": swapped})[0].label_id == 3


def test_tensors_that_do_not_fit_are_refused(cat: Path) -> None:
    session = opsin.Session(opsin.Model("classify"))
    with pytest.raises(opsin.NotFoundError, match="no input|nothing|pixels"):
        session.run_tensors({"pixels": np.zeros((1, 224, 224, 3), np.float32)})
    for bad in (np.zeros((1, 224, 224), np.float32), np.zeros((1, 224, 224, 4), np.float32), np.zeros((1, 2, 2, 3), np.complex64)):
        with pytest.raises(opsin.OpsinError):
            session.run_tensors({"pixel_values": bad})
    with pytest.raises(opsin.OpsinError):
        session.run_tensors({})
    with pytest.raises(opsin.OpsinError):
        session.postprocess({"logits": np.zeros((1, 7), np.float32)})
