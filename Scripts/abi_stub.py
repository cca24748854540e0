#!/usr/bin/env python3
"""Writes, from include/opsin.h, a C file that defines every function of it with an empty body.

Compiled with debug information it holds what abidw needs to know of the interface, its types included: the real library is Swift inside, whose debug
information says nothing in C's words. Tests/ABITests/abi.sh compares it with the baseline.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "include/opsin.h").read_text(), flags=re.S)
    out = ["#include <opsin.h>"]
    for result, name, arguments in re.findall(r"^OPSIN_API ([^;(]*?[ *])(opsin_\w+)\(([^;]*?)\);", text, flags=re.M | re.S):
        body = "" if result.strip() == "void" else "return 0;"
        names = [] if arguments.strip() == "void" else [re.split(r"[ *]", part.strip())[-1] for part in arguments.split(",")]
        unused = "".join(f"(void){parameter}; " for parameter in names)
        out.append(f"{result.strip()} {name}({' '.join(arguments.split())}) {{ {unused}{body} }}")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
