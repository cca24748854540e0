#!/usr/bin/env python3
"""The expected numbers of WindowedAttentionTests.ofTheReference: deeplab2's window partition and relative positions, in NumPy and float64.

    windowed_attention_golden.py
"""
import numpy as np

H, W, WH, WW, HEADS, SIZE, SCALE = 2, 6, 2, 3, 2, 2, 0.5
index = np.arange(H * W * HEADS * SIZE)
q, k, v = (a.reshape(H, W, HEADS * SIZE) for a in ((index * 7 % 11 - 5) / 4, (index * 5 % 13 - 6) / 4, (index * 3 % 7 - 3) / 2))
table = ((np.arange(HEADS * (2 * WH - 1) * (2 * WW - 1)) * 11 % 17 - 8) / 4).reshape(HEADS, 2 * WH - 1, 2 * WW - 1)


def windows(x):
    """[heads, windows, tokens, size]"""
    x = x.reshape(H // WH, WH, W // WW, WW, HEADS, SIZE).transpose(4, 0, 2, 1, 3, 5)
    return x.reshape(HEADS, -1, WH * WW, SIZE)


ys, xs = np.arange(WH), np.arange(WW)
dy = np.broadcast_to((ys[None, :] - ys[:, None] + WH - 1)[:, None, :, None], (WH, WW, WH, WW))
dx = np.broadcast_to((xs[None, :] - xs[:, None] + WW - 1)[None, :, None, :], (WH, WW, WH, WW))
bias = table[:, dy, dx].reshape(HEADS, 1, WH * WW, WH * WW)
scores = SCALE * windows(q) @ windows(k).swapaxes(-1, -2) + bias
p = np.exp(scores - scores.max(-1, keepdims=True))
y = p / p.sum(-1, keepdims=True) @ windows(v)
y = y.reshape(HEADS, H // WH, W // WW, WH, WW, SIZE).transpose(1, 3, 2, 4, 0, 5).reshape(-1)
print(", ".join(f"{value:.9g}" for value in y))
