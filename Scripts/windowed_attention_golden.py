#!/usr/bin/env python3
"""Makes Tests/OpTests/WindowedAttentionGolden.swift: what PyTorch gives for windows of random shapes.

    windowed_attention_golden.py > Tests/OpTests/WindowedAttentionGolden.swift

Needs torch. Queries, keys, values and position biases come from the tests' own generator (`numbers` of Harness.swift), so that only sizes and some of the
results are written down. Windows are cut by reshape and permute, biases are gathered by an index table, and scaled_dot_product_attention in double does
the rest: deeplab2's partition and relative positions (moat_attention.py) in other words than the kernels have them.
"""
import random

import torch
from torch.nn.functional import scaled_dot_product_attention


def numbers(count, seed):
    """`count` numbers in -1...1."""
    state, values = (seed * 0x9E3779B97F4A7C15 + 1) % 2**64, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values.append((state >> 40) / 2**23 - 1)
    return torch.tensor(values, dtype=torch.float64)


def windows(x, wh, ww, heads):
    """[n, h, w, c] to [n * windows, heads, tokens, size]"""
    n, h, w, c = x.shape
    x = x.reshape(n, h // wh, wh, w // ww, ww, heads, c // heads).permute(0, 1, 3, 5, 2, 4, 6)
    return x.reshape(-1, heads, wh * ww, c // heads)


def attention(n, h, w, wh, ww, heads, size, biased):
    shape = (n, h, w, heads * size)
    q, k, v = (windows(numbers(n * h * w * heads * size, seed).reshape(shape), wh, ww, heads) for seed in (1, 2, 3))
    mask = None
    if biased:
        table = numbers(heads * (2 * wh - 1) * (2 * ww - 1), 9).reshape(heads, 2 * wh - 1, 2 * ww - 1)
        at = torch.stack(torch.meshgrid(torch.arange(wh), torch.arange(ww), indexing="ij")).flatten(1)
        apart = at[:, None, :] - at[:, :, None]  # key minus query
        mask = table[:, apart[0] + wh - 1, apart[1] + ww - 1]
    y = scaled_dot_product_attention(q, k, v, attn_mask=mask)
    y = y.reshape(n, h // wh, w // ww, heads, wh, ww, size).permute(0, 1, 4, 2, 5, 3, 6)
    return y.reshape(-1)


random.seed(6)
print("// Made by Scripts/windowed_attention_golden.py with torch " + torch.__version__.split("+")[0] + ": every stride-th element of each output, 24 of them.")
print("extension WindowedAttentionTests {")
print("    static let golden: [(sizes: Sizes, expected: [Double])] = [")
for _ in range(10):
    n, across, down, heads = random.randint(1, 2), random.randint(1, 3), random.randint(1, 3), random.randint(1, 4)
    wh, ww, size = random.randint(1, 14), random.randint(1, 14), random.choice([random.randint(1, 48), 32, 64])
    biased = random.random() < 0.7
    y = attention(n, wh * down, ww * across, wh, ww, heads, size, biased)
    picked = y[:: max(1, y.numel() // 24)][:24]
    print(f"        (")
    print(f"            Sizes(images: {n}, map: ({wh * down}, {ww * across}), window: ({wh}, {ww}), heads: {heads}, headSize: {size}, hasBias: {str(biased).lower()}),")
    print("            [")
    for row in picked.split(8):
        print("                " + ", ".join(f"{value:.9g}" for value in row.tolist()) + ",")
    print("            ]")
    print("        ),")
print("    ]")
print("}")
