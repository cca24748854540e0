"""What is on a photo, best first.

python classify.py cat.jpg
"""

import sys

import opsin

for found in opsin.classify(sys.argv[1]):
    print(f"{found.score:6.1%}  {found.label}")
