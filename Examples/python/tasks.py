"""Four tasks, one photo.

python tasks.py cat.jpg [FOLDER]: prints what is found, and writes a picture of each result into FOLDER.
"""

import sys
from pathlib import Path

import opsin


def main() -> None:
    photo = sys.argv[1] if len(sys.argv) > 1 else "cat.jpg"
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None

    classes = opsin.classify(photo, top_k=3)
    print("classify:", ", ".join(f"{found.label} {found.score:.1%}" for found in classes))

    things = opsin.detect(photo)
    for thing in things:
        x0, y0, x1, y1 = thing.box
        print(f"detect: {thing.label} {thing.score:.1%} from ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f})")

    mask = opsin.segment(photo)
    print("segment:", ", ".join(f"{part.label} {part.share:.1%}" for part in mask.segments))

    depth = opsin.depth(photo)
    print(f"depth: {depth.depth.shape[1]} x {depth.depth.shape[0]} values from {depth.min:g} to {depth.max:g} ({depth.kind})")

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, result in (("classify", classes), ("detect", things), ("segment", mask), ("depth", depth)):
            (folder / f"{Path(photo).stem}.{name}.png").write_bytes(result._repr_png_() or b"")


if __name__ == "__main__":
    main()
