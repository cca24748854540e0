"""The module on photos: every kind of input, results and their memory, errors, threads."""

import asyncio
import gc
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import opsin
import pytest
from PIL import Image


def command_json(root: Path, image: Path) -> dict:
    out = subprocess.run([root / ".build/release/opsin", "classify", "--json", image], capture_output=True, text=True, check=True).stdout
    return json.loads(out)


def test_the_answer_is_the_commands_to_the_bit(root: Path, cat: Path) -> None:
    expected = command_json(root, cat)["classes"]
    found = opsin.classify(cat)
    assert json.loads(found.to_json("cat"))["classes"] == expected
    assert [(c.label_id, c.label) for c in found] == [(c["label_id"], c["label"]) for c in expected]
    assert found[0].label == "Egyptian cat" and len(found) == 5


def test_every_kind_of_input_gives_the_same_answer(cat: Path) -> None:
    expected = opsin.classify(cat)[0].score
    image = Image.open(cat).convert("RGB")
    rgb = np.asarray(image)
    framed = np.zeros((rgb.shape[0] + 4, rgb.shape[1] + 6, 3), np.uint8)
    framed[2:-2, 3:-3] = rgb
    alpha = np.dstack([rgb, np.zeros(rgb.shape[:2], np.uint8)])
    inputs = {
        "text": str(cat), "bytes": cat.read_bytes(), "bytearray": bytearray(cat.read_bytes()), "Pillow": image, "array": rgb, "view": framed[2:-2, 3:-3],
        "upside down": np.ascontiguousarray(rgb[::-1])[::-1], "columns first": np.asfortranarray(rgb), "alpha": alpha,
        "float": rgb.astype(np.float64) / 255, "float32": (rgb / np.float32(255)).astype(np.float32), "16 bits": rgb.astype(np.uint16) * 257,
    }
    for name, value in inputs.items():
        assert opsin.classify(value)[0].score == pytest.approx(expected, abs=1e-6), name
    assert opsin.classify(np.ascontiguousarray(rgb[:, :, ::-1]), color="bgr")[0].score == expected


def test_gray_and_rotated_pillow_images(cat: Path, tmp_path: Path) -> None:
    gray = Image.open(cat).convert("L")
    assert opsin.classify(gray)[0].score == opsin.classify(np.asarray(gray))[0].score
    # Exif's orientation 6: stored lying on its side.
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(cat).convert("RGB").rotate(90, expand=True).save(tmp_path / "side.png", exif=exif)
    expected = opsin.classify(tmp_path / "side.png")[0]
    assert opsin.classify(Image.open(tmp_path / "side.png"))[0] == expected
    assert opsin.classify(cat)[0].label == expected.label


class Tensor:
    """What torch's tensors show of themselves."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: object) -> object:
        return self.array.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


def test_tensors_of_both_layouts(cat: Path) -> None:
    rgb = np.array(Image.open(cat).convert("RGB"))
    expected = opsin.classify(rgb)[0].score
    assert opsin.classify(Tensor(rgb))[0].score == expected
    assert opsin.classify(Tensor(np.ascontiguousarray(rgb.transpose(2, 0, 1))))[0].score == expected


def test_views_outlive_everything(cat: Path) -> None:
    with opsin.Runtime("cpu") as runtime, opsin.Model("classify", runtime) as model, opsin.Session(model) as session:
        result = session.run(cat, top_k=3)
        scores, ids = result.confidence, result.class_id
        expected = [c.score for c in result]
    del result, session, model, runtime
    gc.collect()
    assert scores.tolist() == expected and len(ids) == 3
    assert not scores.flags.writeable


def test_closed_handles_say_so(cat: Path) -> None:
    session = opsin.Session(opsin.Model("classify"))
    session.close()
    session.close()
    with pytest.raises(opsin.StateError, match="the session is closed"):
        session.run(cat)


def test_errors_have_classes_and_sentences(cat: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere.jpg"):
        opsin.classify("nowhere.jpg")
    (tmp_path / "text.jpg").write_bytes(b"no image")
    with pytest.raises(opsin.ImageError, match="text.jpg"):
        opsin.classify(tmp_path / "text.jpg")
    with pytest.raises(opsin.ArgumentError, match="shape"):
        opsin.classify(np.zeros((2, 2, 2, 2), np.uint8))
    with pytest.raises(opsin.ArgumentError, match="int64"):
        opsin.classify(np.zeros((2, 2, 3), np.int64))
    with pytest.raises(opsin.ArgumentError):
        opsin.classify(np.zeros((0, 5, 3), np.uint8))
    with pytest.raises(opsin.OpsinError, match="/nowhere"):
        opsin.classify(cat, model="/nowhere")
    with pytest.raises(opsin.NotFoundError, match="no such label"):
        opsin.classify(cat, allow=["no such label"])
    assert issubclass(opsin.ImageError, opsin.OpsinError) and opsin.ImageError("").status == -7


def test_hostile_files_raise(root: Path) -> None:
    folder = root / "Tests/VisionTests/Resources"
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and "malformed" in str(file) and file.suffix not in (".json", ".md")]
    assert len(files) > 50
    for file in files:
        try:
            opsin.classify(file)
        except opsin.OpsinError:
            continue
    assert opsin.classify(np.zeros((8, 8, 3), np.uint8))


def test_a_batch_keeps_its_good_results(cat: Path) -> None:
    session = opsin.Session(opsin.Model("classify"))
    results = session.run_batch([cat, "nowhere.jpg", cat], top_k=1)
    assert results[0][0] == results[2][0] and isinstance(results[1], opsin.NotFoundError)
    with pytest.raises(opsin.NotFoundError):
        list(session.map([cat, "nowhere.jpg"], on_error="raise"))
    seen = []
    list(session.map([cat, cat], progress=lambda images: (seen.append(1) or image for image in images)))
    assert len(seen) == 2


def test_threads_and_asyncio(cat: Path) -> None:
    expected = opsin.classify(cat)[0].score
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.append(opsin.classify(cat)[0].score)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
    session = opsin.Session(opsin.Model("classify"))
    assert asyncio.run(session.run_async(cat))[0].score == expected


def test_devices_and_reports(cat: Path) -> None:
    listed = opsin.devices()
    assert listed[0].id == "cpu" and listed[0].usable
    result = opsin.classify(cat, device="cpu")
    assert result.report["device"]["kind"] == "cpu" and result.timings["run"] > 0
    assert (result.width, result.height) == (451, 300)


def test_raw_outputs(cat: Path) -> None:
    session = opsin.Session(opsin.Model("classify"))
    result = session.run(cat, logits=True)
    logits = result.tensors["logits"]
    assert logits.shape[-1] == 1001 or logits.size == len(session.model.labels)


def test_the_module_is_the_command(root: Path, cat: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "opsin", "classify", "--json", str(cat)], capture_output=True, text=True, check=True, cwd=root / "bindings/python")
    assert json.loads(found.stdout)["classes"][0]["label"] == "Egyptian cat"


def test_a_fork_is_refused_clearly(cat: Path, root: Path) -> None:
    code = (
        "import os, opsin\n"
        f"opsin.classify({str(cat)!r})\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        f"    try: opsin.classify({str(cat)!r}); os._exit(1)\n"
        "    except opsin.StateError as error: os._exit(0 if 'fork' in str(error) else 2)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=root / "bindings/python", capture_output=True, text=True)
    assert done.returncode == 0, (done.returncode, done.stderr)


def test_import_use_and_exit_many_times(cat: Path, root: Path) -> None:
    code = f"import opsin; opsin.classify({str(cat)!r}); kept = opsin.Session(opsin.Model('classify'))"
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", code], cwd=root / "bindings/python", capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr
