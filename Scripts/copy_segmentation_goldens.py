#!/usr/bin/env python3
"""Copy the segmentation goldens of oracle/vision to where the tests look for them.

    copy_segmentation_goldens.py ../shared/oracle/vision/postprocess Tests/VisionTests/Resources/postprocess

Writes segmentation.json and segmentation.safetensors: logits, and the maps that transformers made of them.
"""
import json, struct, sys
from pathlib import Path


def main(source, out):
    cases = json.loads((source / "cases.json").read_text())
    kept = [c for c in cases["cases"] if c["task"] == "image-segmentation"]
    data = (source / "tensors.safetensors").read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header, body, at = json.loads(data[8:8 + n]), b"", 0
    names = {name for c in kept for name in c["inputs"] + [c["outputs"]]}
    tensors = {}
    for name in sorted(names):
        a, b = header[name]["data_offsets"]
        tensors[name] = {**header[name], "data_offsets": [at, at + b - a]}
        body, at = body + data[8 + n + a:8 + n + b], at + b - a
    text = json.dumps(tensors).encode()
    text += b" " * (-len(text) % 8)
    (out / "segmentation.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    lines = ",\n".join("  " + json.dumps(c) for c in kept)
    (out / "segmentation.json").write_text('{"reference": %s,\n "cases": [\n%s\n ]}\n' % (json.dumps(cases["reference"]), lines))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
