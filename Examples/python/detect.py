"""The objects on a photo with their boxes.

python detect.py cat.jpg
"""

import sys

import opsin

for found in opsin.detect(sys.argv[1]):
    x0, y0, x1, y1 = found.box  # pixels of the upright photo
    print(f"{found.score:6.1%}  {found.label} at ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f})")
