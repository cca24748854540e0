#!/usr/bin/env python3
"""The expected numbers of MultiScaleDeformableAttentionTests.ofTheReference: transformers' definition with torch's grid_sample, in float64.

    deformable_attention_golden.py
"""
import torch
import torch.nn.functional as F

HEADS, SIZE, QUERIES = 2, 3, 3
LEVELS = [(3, 5, 2), (2, 1, 1)]  # height, width, points: odd sides, a map of one column, points a level


def numbers(count, factor, modulus, scale):
    index = torch.arange(count, dtype=torch.float64)
    return (index * factor % modulus - modulus // 2) / scale


def attention(references, boxes):
    points, tokens = sum(p for _, _, p in LEVELS), sum(h * w for h, w, _ in LEVELS)
    value = numbers(tokens * HEADS * SIZE, 7, 11, 4).reshape(tokens, HEADS, SIZE)
    offsets = numbers(QUERIES * HEADS * points * 2, 5, 13, 3).reshape(QUERIES, HEADS, points, 2)
    weights = numbers(QUERIES * HEADS * points, 3, 7, 2).reshape(QUERIES, HEADS, points).softmax(-1)
    result = torch.zeros(QUERIES, HEADS, SIZE, dtype=torch.float64)
    token = point = 0
    for level, (h, w, p) in enumerate(LEVELS):
        own = references[:, level, None, None, :]
        step = offsets[:, :, point : point + p]
        if boxes:
            places = own[..., :2] + step / p * own[..., 2:] * 0.5
        else:
            places = own + step / torch.tensor([w, h], dtype=torch.float64)
        maps = value[token : token + h * w].permute(1, 2, 0).reshape(HEADS, SIZE, h, w)
        grid = (2 * places - 1).transpose(0, 1)  # heads, queries, points, 2
        samples = F.grid_sample(maps, grid, mode="bilinear", padding_mode="zeros", align_corners=False)  # heads, size, queries, points
        result += torch.einsum("hcqp,qhp->qhc", samples, weights[:, :, point : point + p])
        token, point = token + h * w, point + p
    return result.flatten()


shared = numbers(QUERIES * 2, 3, 5, 8).reshape(QUERIES, 1, 2) + 0.5
each = numbers(QUERIES * 2 * 4, 7, 11, 16).reshape(QUERIES, 2, 4) + 0.5
for name, references, boxes in [("points", shared.expand(-1, 2, -1), False), ("boxes", each, True)]:
    print(name, ", ".join(f"{v:.9g}" for v in attention(references, boxes)))
