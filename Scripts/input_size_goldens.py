#!/usr/bin/env python3
"""Makes Tests/Resources/input_sizes.json: what PyTorch gives for the models that ship at other input sizes than their recipes'.

    Scripts/input_size_goldens.py        needs torch, transformers and Pillow

A photo goes through transformers' own processor, made with the other size, and through its model with the weights that ship; TCMonoDepth, which transformers
does not have, through Benchmarks/tcmonodepth.py on the waves of `Model.patternInput`. Kept are the sizes and every `step`-th value of the first output.
"""
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Benchmarks"))

import tcmonodepth  # noqa: E402
import torch  # noqa: E402
from export_models import import_timm  # noqa: E402
from PIL import Image  # noqa: E402


def mobilenets():
    """Classification and segmentation, from a photo."""
    import_timm()  # torchvision, which transformers imports, then finds its operators' names
    from transformers import MobileNetV2ForImageClassification, MobileNetV2ForSemanticSegmentation
    from transformers.models.mobilenet_v2.image_processing_pil_mobilenet_v2 import MobileNetV2ImageProcessorPil

    photo = Image.open(ROOT / "Examples/images/cat.jpg").convert("RGB")
    # A square crop keeps its share of the shorter side: 256 * 160 / 224.
    for task, folder, kind, size, how in (
        ("classify", "mobilenet_v2_1.0_224", MobileNetV2ForImageClassification, (160, 160),
         {"size": {"shortest_edge": 183}, "crop_size": {"height": 160, "width": 160}}),
        ("segment", "deeplabv3_mobilenet_v2_1.0_513", MobileNetV2ForSemanticSegmentation, (257, 321), {"size": {"height": 257, "width": 321}}),
    ):
        processor = MobileNetV2ImageProcessorPil.from_pretrained(ROOT / "Models" / folder, **how)
        pixels = processor(photo, return_tensors="pt")["pixel_values"]
        assert tuple(pixels.shape[2:]) == size, pixels.shape
        model = kind.from_pretrained(ROOT / "Models" / folder, dtype=torch.float32).eval()
        yield task, folder, size, model(pixels).logits


def depth():
    """From the pattern."""
    height, width = 160, 224
    index = torch.arange(3 * height * width)
    pixels = 0.7 * ((index % 97) / 48.5 - 1) - 0.3 * ((index % 331) / 165.5 - 1)
    model = tcmonodepth.load(ROOT / "Models/tcmonodepth_small")
    yield "depth", "tcmonodepth_small", (height, width), model(pixels.float().reshape(1, 3, height, width))


def main():
    cases = []
    with torch.no_grad():
        for task, folder, (height, width), output in (*mobilenets(), *depth()):
            values = output.flatten()
            step = max(1, values.numel() // 256)
            cases.append({"task": task, "model": folder, "height": height, "width": width, "shape": list(output.shape), "step": step,
                          "values": [float(f"{value:.7g}") for value in values[::step]]})  # fmt: skip
    (ROOT / "Tests/Resources/input_sizes.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
