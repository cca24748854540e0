#!/usr/bin/env python3
"""Make Tests/Resources/masks: what transformers answers for the segmentation model that ships, on the photos that ship, as gray PNGs of label ids.

    segmentation_masks.py Models/deeplabv3_mobilenet_v2_1.0_513 Examples/images Tests/Resources/masks

PHOTO.squash.png is the folder's recipe (stretched to 513 x 513): `torch.nn.functional.interpolate` (bilinear, align_corners=False) of the logits to the
photo's size, then argmax, as `post_process_semantic_segmentation` does it. PHOTO.crop.png is Google's other recipe (shorter side 545, middle 513 x 513):
the logits are sampled at the photo's pixel centres (`grid_sample`, bilinear, align_corners=False, border), and 255 stands where the crop cut off. Needs
torch, transformers, Pillow, numpy.
"""
import sys
from pathlib import Path
import numpy as np, torch
from PIL import Image
from transformers import MobileNetV2ForSemanticSegmentation


def pixels(image):
    """transformers' Pillow backend: rescaled in double, normalised in fp32 with mean and deviation 0.5."""
    values = (np.asarray(image).astype(np.float64) * (1 / 255)).astype(np.float32)
    return torch.from_numpy(((values - np.float32(0.5)) / np.float32(0.5)).transpose(2, 0, 1)[None].copy())


def squash(model, photo):
    logits = model(pixels(photo.resize((513, 513), Image.BILINEAR))).logits
    return torch.nn.functional.interpolate(logits, size=(photo.height, photo.width), mode="bilinear", align_corners=False)[0].argmax(0).numpy()


def crop(model, photo):
    short = min(photo.size)
    width, height = (545 if side == short else int(545 * side / short) for side in photo.size)
    left, top = (width - 513) // 2, (height - 513) // 2
    logits = model(pixels(photo.resize((width, height), Image.BILINEAR).crop((left, top, left + 513, top + 513)))).logits.double()
    # Where each pixel's centre lies in the input, of 513.
    x = (torch.arange(photo.width, dtype=torch.float64) + 0.5) * width / photo.width - left
    y = (torch.arange(photo.height, dtype=torch.float64) + 0.5) * height / photo.height - top
    grid = torch.stack(torch.meshgrid(x * 2 / 513 - 1, y * 2 / 513 - 1, indexing="xy"), -1)[None]
    mask = torch.nn.functional.grid_sample(logits, grid, mode="bilinear", padding_mode="border", align_corners=False)[0].argmax(0)
    seen = ((x >= 0) & (x < 513))[None, :] & ((y >= 0) & (y < 513))[:, None]
    return torch.where(seen, mask, 255).numpy()


def main(folder, photos, out):
    out = Path(out)
    out.mkdir(exist_ok=True)
    model = MobileNetV2ForSemanticSegmentation.from_pretrained(folder, dtype=torch.float32).eval()
    for path in sorted(Path(photos).glob("*.jpg")):
        photo = Image.open(path).convert("RGB")
        for name, recipe in ("squash", squash), ("crop", crop):
            with torch.no_grad():
                mask = recipe(model, photo)
            Image.fromarray(mask.astype(np.uint8)).save(out / f"{path.stem}.{name}.png", optimize=True)
            print(path.stem, name, dict(zip(*np.unique(mask, return_counts=True))))


main(*sys.argv[1:])
