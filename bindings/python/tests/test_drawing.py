"""Results as pictures."""

import io
from pathlib import Path

import numpy as np
import opsin
import pytest
from PIL import Image


def test_a_drawing_lies_on_the_photo(cat: Path) -> None:
    photo = np.array(Image.open(cat).convert("RGB"))
    result = opsin.classify(cat)
    drawn = result.draw()
    assert drawn.shape == photo.shape and drawn.dtype == np.uint8
    changed = (drawn != photo).any(axis=2)
    # A list of five names in the lower left corner, the rest of the photo as it was.
    assert 0.02 < changed.mean() < 0.5 and not changed[:100].any()
    assert np.array_equal(opsin.classify(photo).draw(), drawn)
    assert np.array_equal(opsin.classify(Image.open(cat)).draw(), drawn)
    assert np.array_equal(opsin.classify(np.ascontiguousarray(photo[:, :, ::-1]), color="bgr").draw(), drawn)
    assert np.array_equal(np.asarray(result.plot()), drawn)
    assert not np.array_equal(result.draw(text_height=20), drawn)
    assert np.array_equal(result.draw(labels=False), photo)
    green = np.zeros((len(opsin.Model("classify").labels), 3), np.uint8)
    green[:, 1] = 255
    assert not np.array_equal(result.draw(palette=green), drawn)


def test_into_the_callers_array(cat: Path) -> None:
    photo = np.array(Image.open(cat).convert("RGB"))
    result = opsin.classify(cat)
    expected = result.draw()
    frame = np.full((photo.shape[0] + 20, photo.shape[1] + 30, 3), 7, np.uint8)
    inside = frame[10:-10, 10:-20]
    inside[:] = photo[:, :, ::-1]
    result.draw_on(inside, color="bgr")
    assert np.array_equal(inside[:, :, ::-1], expected)
    assert (frame[:10] == 7).all() and (frame[:, :10] == 7).all() and (frame[-10:] == 7).all() and (frame[:, -20:] == 7).all()
    rgba = np.dstack([photo, np.full(photo.shape[:2], 9, np.uint8)])
    result.draw_on(rgba)
    assert np.array_equal(rgba[:, :, :3], expected) and (rgba[:, :, 3] == 9).all()
    for bad in (photo.astype(np.float32), photo[:, :, 0], photo[:, ::2], np.broadcast_to(photo[:1], photo.shape)):
        with pytest.raises(opsin.ArgumentError):
            result.draw_on(bad)
    for wrong in ({"colormap": "jet"}, {"style": "nice"}, {"opacity": 2.0}, {"palette": [1, 2, 3]}):
        with pytest.raises(opsin.ArgumentError):
            result.draw(**wrong)


def test_exif_gray_and_floats_are_drawn_upright(cat: Path, tmp_path: Path) -> None:
    photo = Image.open(cat).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.rotate(90, expand=True).save(tmp_path / "side.png", exif=exif)
    drawn = opsin.classify(tmp_path / "side.png").draw()
    assert np.array_equal(drawn, opsin.classify(photo).draw())
    assert np.array_equal(opsin.classify(Image.open(tmp_path / "side.png")).draw(), drawn)
    gray = np.asarray(photo.convert("L"))
    assert opsin.classify(gray).draw().shape == (*gray.shape, 3)
    assert opsin.classify(gray.astype(np.float32) / 255).draw().shape == (*gray.shape, 3)


def test_notebooks_show_it(cat: Path) -> None:
    result = opsin.classify(cat)
    shown = Image.open(io.BytesIO(result._repr_png_() or b""))
    assert np.array_equal(np.asarray(shown), result.draw())
    assert "Egyptian cat" in result._repr_html_()


def test_a_result_without_an_image_says_so(cat: Path) -> None:
    result = opsin.classify(cat)
    result._image = None
    assert result._repr_png_() is None
    with pytest.raises(opsin.ArgumentError, match="pass it"):
        result.draw()
    assert result.draw(cat).shape == (300, 451, 3)
