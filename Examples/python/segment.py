"""A label for each pixel of a photo: the shares of the labels, and the mask as mask.png.

python segment.py cat.jpg
"""

import sys

import opsin

result = opsin.segment(sys.argv[1])
for found in result.segments:
    print(f"{found.share:6.1%}  {found.label}")
height, width = result.mask.shape  # uint16
print(f"label {result.mask[height // 2, width // 2]} in the middle")
result.save("mask.png")
