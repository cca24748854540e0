#!/usr/bin/env python3
"""The tables of Sources/CKernels/gelu_table.h: t * Q(t), Q the upper tail of the normal distribution, as sixteen polynomials in t - n * 13/32.

    Scripts/fit_gelu.py > Sources/CKernels/gelu_table.h

Needs numpy. Each polynomial interpolates at Chebyshev's points, in double precision, which is within a third of the minimax error; the last one is zero, so
that large arguments give exact results. Prints the errors to stderr, against the tables rounded to fp32.
"""
import math
import sys

import numpy as np

WIDTH = 13 / 32
DEGREES = {"": 5, "_short": 3}


def tail(t):
    return np.array([x * 0.5 * math.erfc(x / math.sqrt(2)) for x in t])


def fit(segment, degree):
    """Coefficients, constant first, of the polynomial around segment * WIDTH."""
    if segment == 15:
        return np.zeros(degree + 1)
    low, high = (0.0 if segment == 0 else -WIDTH / 2), WIDTH / 2
    nodes = np.cos((2 * np.arange(degree + 1) + 1) / (2 * degree + 2) * math.pi) * (high - low) / 2 + (high + low) / 2
    return np.polynomial.polynomial.polyfit(nodes, tail(nodes + segment * WIDTH), degree)


def table(suffix, degree):
    values = np.array([fit(segment, degree) for segment in range(16)]).astype(np.float32)
    values[0, 0] = 0  # nothing at zero
    t = np.linspace(0, 6.2, 400_001)
    n = np.minimum(np.rint(t / WIDTH), 15).astype(int)
    r = t - n * WIDTH
    error = sum(values[n, power].astype(np.float64) * r**power for power in range(degree + 1)) - tail(t)
    print(f"degree {degree}: largest error {np.abs(error).max():.2e}", file=sys.stderr)
    print(f"// Largest error {np.abs(error).max():.0e}.\nstatic const float gelu_table{suffix}[{degree + 1}][16] = {{")
    for power in range(degree + 1):
        words = ["0.0f" if v == 0 else f"{v:.9g}f" for v in values[:, power]]
        print("    {" + ", ".join(words[:8]) + ",\n     " + ", ".join(words[8:]) + "},")
    print("};")


print("// t * Q(t), Q the upper tail of the normal distribution: coefficient [power][n] of t - n * 13/32. Made by Scripts/fit_gelu.py.\n#pragma once")
for suffix, degree in DEGREES.items():
    table(suffix, degree)
