"""A distance for each pixel of a photo: what the numbers mean, their range, and the map as depth.npy.

python depth.py cat.jpg
"""

import sys

import opsin

result = opsin.depth(sys.argv[1])
height, width = result.depth.shape  # float32
print(f"{width} x {height} values from {result.min:g} to {result.max:g} ({result.kind}), {result.depth[height // 2, width // 2]:g} in the middle")
result.save("depth.npy")
