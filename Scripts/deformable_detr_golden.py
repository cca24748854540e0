#!/usr/bin/env python3
"""Makes oracle cases of small Deformable DETRs that a clone can carry, of the forms that ../shared/oracle lacks.

    deformable_detr_golden.py ../shared/oracle Tests/Resources/cases

Needs torch, timm, transformers and Pillow. The form is that of ../shared/oracle (its README): weights of two or more dimensions follow from their names, the
others are in small.safetensors, the input follows from the photo. The models run in double.
- deformable_detr_hf_resnet: transformers' own ResNet (`use_timm_backbone: false`), two stages of it and two more levels, box refinement, other heads and points
- deformable_detr_dc5: timm's resnet50 with a dilated last stage, one level
"""
import json, sys
from pathlib import Path

import torch
from PIL import Image
from transformers import DeformableDetrConfig, DeformableDetrForObjectDetection, DeformableDetrImageProcessorPil, ResNetConfig

oracle, resources = Path(sys.argv[1]), Path(sys.argv[2])
sys.path.insert(0, str(oracle))
import materialize  # noqa: E402

common = dict(num_labels=7, d_model=64, encoder_ffn_dim=96, decoder_ffn_dim=80, encoder_layers=2, decoder_layers=2, num_queries=20, disable_custom_kernels=True)
backbone = ResNetConfig(embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 2, 1, 2], out_features=["stage3", "stage4"])
cases = {
    "deformable_detr_hf_resnet": DeformableDetrConfig(
        **common, backbone_config=backbone, use_timm_backbone=False, num_feature_levels=4, encoder_attention_heads=4, decoder_attention_heads=8,
        encoder_n_points=3, decoder_n_points=2, with_box_refine=True),
    "deformable_detr_dc5": DeformableDetrConfig(
        **common, backbone="resnet50", use_timm_backbone=True, use_pretrained_backbone=False, dilation=True, num_feature_levels=1, encoder_attention_heads=4,
        decoder_attention_heads=4),
}


def make(name, config):
    out = resources / name
    out.mkdir(parents=True, exist_ok=True)
    model = DeformableDetrForObjectDetection(config).double().eval()
    torch.manual_seed(1)
    weights, small, seen = [], {}, {}
    state = model.state_dict(keep_vars=True)
    for key, tensor in state.items():
        if "num_batches_tracked" in key or tensor.data_ptr() in seen:
            continue
        seen[tensor.data_ptr()] = key
        # The hub's names: transformers renames when it loads.
        hub = key.replace("model.backbone.model.", "model.backbone.conv_encoder.model.").replace(".self_attn.o_proj.", ".self_attn.out_proj.")
        hub = hub.replace(".mlp.fc", ".fc")
        shape = list(tensor.shape)
        with torch.no_grad():
            if len(shape) > 1:
                bound = 1.0 if "embed" in key and "bbox" not in key and "class" not in key else (3 / tensor[0].numel()) ** 0.5
                weights.append({"name": hub, "shape": shape, "bound": bound})
                values = torch.from_numpy(materialize.generate(hub, shape, bound)).reshape(shape)
            else:
                is_scale = key.endswith(("running_var", "norm.weight", "normalization.weight")) or ".bn" in key and key.endswith("weight") or ".1.weight" in key
                values = (torch.rand(shape) - 0.5) * (4 if "sampling_offsets" in key else 0.4) + (1 if is_scale else 0)
                small[hub] = values.float().numpy()
            tensor.copy_(values.float().double())

    processor = DeformableDetrImageProcessorPil(size={"shortest_edge": 128, "longest_edge": 213})
    pixels = processor(Image.open(oracle / "images/cat.jpg").convert("RGB"), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        result = model(pixels.double())
    expected = {"logits": result.logits.float().numpy(), "pred_boxes": result.pred_boxes.float().numpy()}

    written = json.loads(config.to_json_string())
    if name.endswith("dc5"):
        # As the hub has it: transformers 5 turns these keys into a backbone_config.
        del written["backbone_config"]
        written |= {"backbone": "resnet50", "use_timm_backbone": True, "dilation": True}
    else:
        written["use_timm_backbone"] = False
    json.dump(written, open(out / "config.json", "w"), indent=1)
    recipe = json.loads(processor.to_json_string())
    keys = ("do_resize", "size", "resample", "do_rescale", "rescale_factor", "do_normalize", "image_mean", "image_std", "do_pad")
    recipe = {"image_processor_type": "DeformableDetrImageProcessor", **{k: recipe[k] for k in keys if k in recipe}}
    json.dump(recipe, open(out / "preprocessor_config.json", "w"), indent=1)
    json.dump(weights, open(out / "weights.json", "w"), indent=0)
    materialize.write_safetensors(out / "small.safetensors", small)
    materialize.write_safetensors(out / "expected.safetensors", expected)
    json.dump(
        {"name": name, "task": "object-detection", "reference": "transformers, made by Scripts/deformable_detr_golden.py, in double",
         "input": {"image": "cat.jpg"}, "expected": {k: list(v.shape) for k, v in expected.items()}}, open(out / "case.json", "w"), indent=1)
    boxes, logits = result.pred_boxes, result.logits
    print(name, list(pixels.shape), "logits", float(logits.std()), "boxes", boxes.std((0, 1)).tolist(), len(weights), len(small))


for name, config in cases.items():
    make(name, config)
