#!/usr/bin/env python3
"""Makes an oracle case of a small Depth Anything V2, metric, that a clone can carry: Tests/Resources/cases/depth_anything_tiny.

    depth_anything_golden.py ../shared/oracle Tests/Resources/cases/depth_anything_tiny

Needs torch, transformers and Pillow. The form is that of ../shared/oracle (its README): weights of two or more dimensions follow from their names, the
others are in small.safetensors, the input follows from the photo. The model runs in double. Unlike the published small network, it has heads of 32,
features of five depths with other factors, a metric head, and a position table that is resized both ways (5 x 8 patches of a table of 7 x 7).
"""
import json, sys, tempfile
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessorPil

oracle, out = Path(sys.argv[1]), Path(sys.argv[2])
sys.path.insert(0, str(oracle))
import materialize  # noqa: E402

out.mkdir(parents=True, exist_ok=True)
backbone = Dinov2Config(
    hidden_size=96, num_hidden_layers=6, num_attention_heads=3, image_size=98, patch_size=14, mlp_ratio=4,
    out_indices=[1, 2, 3, 5, 6], reshape_hidden_states=False)
config = DepthAnythingConfig(
    backbone_config=backbone, reassemble_hidden_size=96, neck_hidden_sizes=[16, 24, 40, 48, 56], reassemble_factors=[4, 3, 2, 1, 0.5],
    fusion_hidden_size=32, head_hidden_size=16, depth_estimation_type="metric", max_depth=20)

# The names of a file, which are not those of the modules.
with tempfile.TemporaryDirectory() as folder:
    DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    torch.manual_seed(1)
    weights, small, tensors = [], {}, {}
    for name, tensor in load_file(f"{folder}/model.safetensors").items():
        shape = list(tensor.shape)
        if len(shape) > 1:
            # A transposed convolution [inputs, outputs, side, side] whose stride is its kernel sums over its inputs alone.
            fan_in = shape[0] if "reassemble_stage" in name and "resize" in name and shape[2] == config.reassemble_factors[int(name.split(".")[3])] else tensor[0].numel()
            bound = 1.0 if "embeddings" in name and "projection" not in name else (3 / fan_in) ** 0.5
            weights.append({"name": name, "shape": shape, "bound": bound})
            tensors[name] = torch.from_numpy(materialize.generate(name, shape, bound)).reshape(shape)
        else:
            tensors[name] = (torch.rand(shape) - 0.5) * 0.4 + (1 if name.endswith((".weight", "lambda1")) else 0)
            small[name] = tensors[name].numpy()
    save_file(tensors, f"{folder}/model.safetensors", metadata={"format": "pt"})
    model = DepthAnythingForDepthEstimation.from_pretrained(folder, dtype=torch.float64).eval()

processor = DPTImageProcessorPil(
    size={"height": 70, "width": 112}, keep_aspect_ratio=True, ensure_multiple_of=14, resample=3, do_pad=False,
    image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
pixels = processor(Image.open(oracle / "images/cat.jpg").convert("RGB"), return_tensors="pt")["pixel_values"]
with torch.no_grad():
    depth = model(pixels.double()).predicted_depth
    stages = model.backbone(pixels.double()).feature_maps

expected = {"predicted_depth": depth.float().numpy()}
h, w = pixels.shape[2] // 14, pixels.shape[3] // 14
for index, stage in zip(backbone.out_indices, stages):
    flat = stage[:, 1:].transpose(1, 2).reshape(-1)
    expected[f"sample.backbone.stage{index}"] = flat[:: max(1, flat.numel() // 4096)][:4096].float().numpy()
count = sum(p.numel() for p in model.parameters())

json.dump(json.loads(config.to_json_string()), open(out / "config.json", "w"), indent=1)
keys = ("do_resize", "size", "keep_aspect_ratio", "ensure_multiple_of", "resample", "do_rescale", "rescale_factor", "do_normalize", "image_mean", "image_std", "do_pad")
recipe = json.loads(processor.to_json_string())
json.dump({"image_processor_type": "DPTImageProcessor", **{k: recipe[k] for k in keys}}, open(out / "preprocessor_config.json", "w"), indent=1)
json.dump(weights, open(out / "weights.json", "w"), indent=0)
materialize.write_safetensors(out / "small.safetensors", small)
materialize.write_safetensors(out / "expected.safetensors", expected)
shapes = {k: list(v.shape) for k, v in expected.items()}
json.dump(
    {"name": out.name, "task": "depth-estimation", "reference": "transformers 5.23, made by Scripts/depth_anything_golden.py, in double",
     "input": {"image": "cat.jpg"}, "parameters": count, "expected": shapes}, open(out / "case.json", "w"), indent=1)
print(shapes, list(pixels.shape), "depth", float(depth.min()), float(depth.max()), "parameters", count)
