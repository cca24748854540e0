"""Through ctypes comes what the command prints and writes, to the bit, for the four tasks and for each step of a run."""

import json
import struct
import subprocess
from pathlib import Path

import numpy as np
import opsin
import pytest
from PIL import Image

TASKS = {
    "classify": "mobilenet_v2_1.0_224", "detect": "deimv2_hgnetv2_atto_coco", "segment": "deeplabv3_mobilenet_v2_1.0_513", "depth": "tcmonodepth_small",
}


def command(root: Path, *arguments: object) -> str:
    return subprocess.run([root / ".build/release/opsin", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def tensors(file: Path) -> dict[str, np.ndarray]:
    """The float32 tensors of a safetensors file."""
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    found = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            assert entry["dtype"] == "F32", entry
            first, end = entry["data_offsets"]
            found[name] = np.frombuffer(data[8 + length + first : 8 + length + end], np.float32).reshape(entry["shape"])
    return found


def answer(line: str) -> dict:
    """What the command's line says of the photo: neither its name nor how long it took."""
    return {key: value for key, value in json.loads(line).items() if key not in ("image", "timings_ms")}


@pytest.mark.parametrize("photo", ["cat.jpg", "astronaut.jpg"])
@pytest.mark.parametrize("task", TASKS)
def test_an_answer_is_the_commands(task: str, photo: str, root: Path, tmp_path: Path) -> None:
    image = root / "Examples/images" / photo
    written = {"segment": ["--mask", tmp_path / "mask.png"], "depth": ["--output", tmp_path / "depth.npy"]}.get(task, [])
    line = command(root, task, "--json", *written, image)
    result = getattr(opsin, task)(image)
    assert answer(result.to_json()) == answer(line)
    if task in ("classify", "detect"):
        # The shortest decimal that is this float32 and no other: nothing is rounded away in the line.
        printed = next(value for value in answer(line).values() if isinstance(value, list))
        assert np.array([item["score"] for item in printed], np.float32).tobytes() == result.confidence.tobytes()
    if task == "detect":
        assert np.array([item["box"] for item in printed], np.float32).tobytes() == result.xyxy.tobytes()
    if task == "segment":
        mask = np.asarray(Image.open(tmp_path / "mask.png"))
        assert np.array_equal(mask, np.where(result.mask == 65535, 255, result.mask)) and len(np.unique(mask)) > 1
    if task == "depth":
        assert np.load(tmp_path / "depth.npy").tobytes() == result.depth.tobytes()


@pytest.mark.parametrize("task", TASKS)
def test_each_step_is_the_commands(task: str, root: Path, cat: Path, tmp_path: Path) -> None:
    model = root / "Models" / TASKS[task]
    session = opsin.Session(opsin.Model(model))
    command(root, "preprocess", model, "--image", cat, "--output", tmp_path / "in.safetensors")
    command(root, "run", model, "--input", tmp_path / "in.safetensors", "--output", tmp_path / "out.safetensors")
    prepared = session.preprocess(cat)
    expected = tensors(tmp_path / "in.safetensors")["pixel_values"]
    pixels = prepared.tensors["pixel_values"]
    assert pixels.tobytes() in (expected.tobytes(), np.ascontiguousarray(expected.transpose(0, 2, 3, 1)).tobytes())
    outputs, wanted = session.run_tensors(prepared.tensors), tensors(tmp_path / "out.safetensors")
    assert outputs.keys() == wanted.keys() and outputs
    for name, values in outputs.items():
        forms = [wanted[name].tobytes()]
        if wanted[name].ndim == 4:
            forms.append(np.ascontiguousarray(wanted[name].transpose(0, 2, 3, 1)).tobytes())
        assert np.ascontiguousarray(values).tobytes() in forms, name
    whole, stepped = session.run(cat), session.postprocess(outputs, prepared.geometry)
    assert type(whole) is type(stepped)
    if task == "depth":
        assert whole.depth.tobytes() == stepped.depth.tobytes()
    elif task == "segment":
        assert np.array_equal(whole.mask, stepped.mask)
    else:
        assert [(found.label_id, found.score) for found in whole] == [(found.label_id, found.score) for found in stepped]
