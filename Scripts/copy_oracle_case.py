#!/usr/bin/env python3
"""Copy oracle cases to where the tests look for them, without what follows from other files.

    copy_oracle_case.py ../shared/oracle Tests/Resources CASE...

Copies CASE's json files and small.safetensors as they are, expected.safetensors without `pixel_values` (it follows from the photo to the last
bit), and the photo once. A case whose weights are those of a trained model takes that folder's files instead, its weights as small.safetensors; its
tensors of more than 4096 values are kept as samples, `sample.NAME` (oracle/README.md), as are those that the oracle samples without saying so in the name.
"""
import json, shutil, struct, sys
from pathlib import Path


def without(data, name):
    """The bytes of a safetensors file that lacks the tensor `name`."""
    (n,) = struct.unpack("<Q", data[:8])
    header, body, at = json.loads(data[8:8 + n]), b"", 0
    kept = {}
    for key, t in header.items():
        if key == "__metadata__":
            kept[key] = t
        elif key != name:
            a, b = t["data_offsets"]
            kept[key] = {**t, "data_offsets": [at, at + b - a]}
            body, at = body + data[8 + n + a:8 + n + b], at + b - a
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def sampled(data, shapes):
    """The bytes of a safetensors file of float32 tensors with each tensor that is larger than a sample, or is one already, as `sample.NAME`."""
    (n,) = struct.unpack("<Q", data[:8])
    header, body, kept = json.loads(data[8:8 + n]), b"", {}
    for key, t in header.items():
        if key == "__metadata__":
            continue
        a, b = t["data_offsets"]
        values, count = data[8 + n + a:8 + n + b], (b - a) // 4
        if count > 4096 or list(t["shape"]) != shapes.get(key, t["shape"]):
            step = max(1, count // 4096)
            values = b"".join(values[4 * i:4 * i + 4] for i in range(0, count, step)[:4096])
            key, t = "sample." + key, {**t, "shape": [len(values) // 4]}
        kept[key] = {**t, "data_offsets": [len(body), len(body) + len(values)]}
        body += values
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def main(oracle, resources, names):
    for name in names:
        case, out = oracle / "cases" / name, resources / "cases" / name
        out.mkdir(parents=True, exist_ok=True)
        for f in ("case.json", "config.json", "preprocessor_config.json", "weights.json", "small.safetensors"):
            if (case / f).exists():
                shutil.copyfile(case / f, out / f)
        description = json.loads((case / "case.json").read_text())
        expected = without((case / "expected.safetensors").read_bytes(), "pixel_values")
        if "model" in description:
            # The files are here, so the case does not name the folder any more.
            kept = {key: value for key, value in description.items() if key != "model"}
            (out / "case.json").write_text(json.dumps(kept, indent=1) + "\n")
            model = (case / description["model"]).resolve()
            for f in ("config.json", "preprocessor_config.json"):
                shutil.copyfile(model / f, out / f)
            shutil.copyfile(model / "model.safetensors", out / "small.safetensors")
            (out / "weights.json").write_text("[]\n")
            expected = sampled(expected, description["expected"])
        (out / "expected.safetensors").write_bytes(expected)
        image = description["input"]["image"]
        (resources / "images").mkdir(exist_ok=True)
        shutil.copyfile(oracle / "images" / image, resources / "images" / image)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
