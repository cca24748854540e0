#!/usr/bin/env python3
"""Write Sources/OpsinVision/Draw/FontData.swift: the outlines of the letters in which labels are drawn.

    label_font.py Roboto-Medium.ttf > Sources/OpsinVision/Draw/FontData.swift

Needs fonttools. The font: Roboto Medium (Debian's fonts-roboto-unhinted), Copyright 2015 Google Inc., Apache License 2.0.
"""
import base64
import sys

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

UNITS = 1024  # of the em square; the font's own 2048 are finer than a label of 100 pixels can show
PUNCTUATION = "‐‑–—‘’‚“”„†‡•…‰′″‹›€™−"
CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *map(ord, PUNCTUATION)]

HEAD = '''/// Outlines of Roboto Medium: ASCII, Latin-1, Latin Extended-A and punctuation. Copyright 2015 Google Inc., Apache License 2.0 (see NOTICE).
///
/// Scripts/label_font.py writes this file. Base64 of one record a letter: its Unicode number, its advance, its number of contours; a contour is its
/// number of points and the points; a point is twice the step in x from the one before, plus 1 where it lies on the outline, and the step in y.
/// Unsigned LEB128 throughout, steps in zigzag, 1024 units to the em, y upwards. Number 0 is the box for what the font does not have.
enum FontData {
    static let base64: StaticString = """
'''


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def zigzag(n):
    return n << 1 if n >= 0 else (-n << 1) - 1


def contours(glyphs, name):
    """Lists of (x, y, on) in the font's units; curves are quadratic, with implied points between two that lie off the outline."""
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    found = []
    for what, points in pen.value:
        if what == "moveTo":
            found.append([(*points[0], True)])
        elif what == "lineTo":
            found[-1].append((*points[0], True))
        elif what == "qCurveTo":
            if points[-1] is None:  # a closed curve without any point on it
                found.append([(*p, False) for p in points[:-1]])
            else:
                found[-1] += [(*p, False) for p in points[:-1]] + [(*points[-1], True)]
    for contour in found:
        if len(contour) > 1 and contour[0] == contour[-1]:
            contour.pop()
    return [c for c in found if len(c) > 2]


def record(font, number, name):
    scale = UNITS / font["head"].unitsPerEm
    out = varint(number) + varint(round(font["hmtx"][name][0] * scale))
    shapes = contours(font.getGlyphSet(), name)
    out += varint(len(shapes))
    x = y = 0
    for shape in shapes:
        out += varint(len(shape))
        for px, py, on in shape:
            nx, ny = round(px * scale), round(py * scale)
            out += varint(zigzag(nx - x) * 2 + on) + varint(zigzag(ny - y))
            x, y = nx, ny
    return out


def main(path):
    font = TTFont(path)
    names = font.getBestCmap()
    data = record(font, 0, ".notdef") + b"".join(record(font, c, names[c]) for c in CHARACTERS if c in names)
    text = base64.b64encode(data).decode()
    lines = [text[i:i + 148] for i in range(0, len(text), 148)]
    print(HEAD + "\\\n".join("        " + line for line in lines) + '\n        """\n}')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
