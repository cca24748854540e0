#!/usr/bin/env python3
"""Write Sources/OpsinModels/Folder/ImageNetLabels.swift from a file of 1001 lines, the first "background".

    imagenet_labels.py imagenet_labels.txt > Sources/OpsinModels/Folder/ImageNetLabels.swift
"""
import sys
from pathlib import Path

HEAD = '''/// The names of ImageNet-1k (ILSVRC 2012) in the order of the classes, after a background class: for the many timm folders that carry none.
///
/// Scripts/imagenet_labels.py writes this file.
package enum ImageNetLabels {
    /// 1001 names; without the first, those of a model of 1000 classes.
    package static let all = text.utf8.split(separator: UInt8(ascii: "|")).map { String(Substring($0)) }

    private static let text = """
'''


def main(path):
    names = Path(path).read_text().splitlines()
    assert len(names) == 1001 and names[0] == "background" and not any(c in n for n in names for c in '|"\\')
    lines = [""]
    for n in names:
        if len(lines[-1]) + len(n) > 145:
            lines.append("")
        lines[-1] += n + "|"
    lines[-1] = lines[-1].rstrip("|")
    print(HEAD + "\\\n".join("        " + line for line in lines) + '\n        """\n}')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
