#!/usr/bin/env python3
"""Writes bindings/python/opsin/_header.py from include/opsin.h: constants, structures and prototypes for ctypes, so that no line of them is typed by hand.

    Scripts/python_header.py          writes the file
    Scripts/python_header.py --check  says whether it is what the header gives; exit 1 when not (bindings/python/tests)
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "bindings/python/opsin/_header.py"

SCALARS = {
    "int32_t": "ctypes.c_int32", "uint32_t": "ctypes.c_uint32", "int64_t": "ctypes.c_int64", "uint64_t": "ctypes.c_uint64", "uint8_t": "ctypes.c_uint8",
    "uint16_t": "ctypes.c_uint16", "float": "ctypes.c_float", "double": "ctypes.c_double", "char": "ctypes.c_char", "opsin_status": "ctypes.c_int32",
}
CALLBACKS = {
    "opsin_log_fn": "ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)",
    "opsin_done_fn": "ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)",
}


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def constants(text: str) -> list[str]:
    """Every `#define OPSIN_NAME number`."""
    lines = []
    for name, value in re.findall(r"^#define (OPSIN_[A-Z0-9_]+) +(.+)$", text, flags=re.M):
        value = re.sub(r"\(\(opsin_status\)(-?\d+)\)", r"\1", value.strip())
        if number := re.fullmatch(r"(-?(?:0x[0-9a-fA-F]+|\d+))u?", value):
            lines.append(f"{name} = {number[1]}")
    return lines


def ctype(declared: str, structs: set[str]) -> str:
    """The ctypes type of a C type with its stars, names and qualifiers apart."""
    words = [word for word in re.sub(r"\*", " * ", declared).split() if word not in ("const", "struct")]
    stars = words.count("*")
    base = next(word for word in words if word != "*")
    if base in CALLBACKS and not stars:
        return base
    if base == "char" and stars:
        kind, stars = "ctypes.c_char_p", stars - 1
    elif base == "void" or base not in SCALARS and base not in structs:
        # void and the handles: what they point at is nobody's business here.
        kind, stars = ("ctypes.c_void_p", stars - 1) if stars else ("None", 0)
    else:
        kind = SCALARS.get(base, base)
    for _ in range(stars):
        kind = f"ctypes.POINTER({kind})"
    return kind


def structures(text: str) -> tuple[list[str], set[str]]:
    """One ctypes class a struct, fields in order."""
    found = re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, flags=re.S)
    names = {name for name, _ in found}
    lines = []
    for name, body in found:
        lines += ["", "", f"class {name}(ctypes.Structure):", "    _fields_ = ["]
        for field in (field.strip() for field in body.split(";")):
            if not field:
                continue
            if pointer := re.fullmatch(r"void \(\*(\w+)\)\(void \*user\)", field):
                lines.append(f'        ("{pointer[1]}", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),')
                continue
            parts = re.fullmatch(r"(.*?[ *])(\w+)(?:\[(\w+)\])?", field)
            assert parts, field
            kind = ctype(parts[1], names)
            lines.append(f'        ("{parts[2]}", {kind}{f" * {parts[3]}" if parts[3] else ""}),')
        lines.append("    ]")
    return lines, names


def prototypes(text: str, structs: set[str]) -> list[str]:
    """Name to result and argument types of every function."""
    lines = ["", "", "#: Name of every function to its result and its arguments.", "PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {"]
    for result, name, arguments in re.findall(r"OPSIN_API (.*?[ *])(opsin_\w+)\((.*?)\);", text, flags=re.S):
        given = [] if arguments.strip() == "void" else [" ".join(argument.split()) for argument in arguments.split(",")]
        kinds = [ctype(re.sub(r"\w+$", "", argument), structs) for argument in given]
        lines.append(f'    "{name}": ({ctype(result, structs)}, [{", ".join(kinds)}]),')
    return lines + ["}"]


def generated() -> str:
    text = without_comments((ROOT / "include/opsin.h").read_text())
    structs, names = structures(text)
    head = ['"""opsin.h for ctypes. Made by Scripts/python_header.py; not to be edited."""', "", "import ctypes", "from typing import Any", ""]
    callbacks = ["", *(f"{name} = {kind}" for name, kind in CALLBACKS.items())]
    return "\n".join(head + constants(text) + callbacks + structs + prototypes(text, names)) + "\n"


if __name__ == "__main__":
    made = generated()
    if "--check" in sys.argv:
        if TARGET.read_text() != made:
            sys.exit(f"{TARGET}: is not what include/opsin.h gives (run Scripts/python_header.py)")
    else:
        TARGET.write_text(made)
