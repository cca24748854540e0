#!/usr/bin/env python3
"""Copy one task's cases of ../shared/oracle/vision/postprocess to where the tests look for them.

    copy_postprocess_cases.py ../shared/oracle object-detection Tests/VisionTests/Resources/postprocess/detection

Writes OUT.json (the required cases, in the oracle's words) and OUT.safetensors (their tensors, integers as float32).
"""
import json, struct, sys
from pathlib import Path


def main(oracle, task, out):
    folder = Path(oracle) / "vision/postprocess"
    whole = json.loads((folder / "cases.json").read_text())
    cases = [c for c in whole["cases"] if c["task"] == task and c.get("level") != "optional"]
    names = [c["name"] for c in cases]
    data = (folder / "tensors.safetensors").read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header, body, kept = json.loads(data[8:8 + n]), b"", {}
    for key, t in header.items():
        if key.split(".")[0] in names:
            a, b = t["data_offsets"]
            values = data[8 + n + a:8 + n + b]
            if t["dtype"] == "I64":
                values = struct.pack(f"<{len(values) // 8}f", *struct.unpack(f"<{len(values) // 8}q", values))
            kept[key] = {"dtype": "F32", "shape": t["shape"], "data_offsets": [len(body), len(body) + len(values)]}
            body += values
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 8)
    out.with_suffix(".safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    out.with_suffix(".json").write_text(json.dumps({**whole, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
