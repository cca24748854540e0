#!/usr/bin/env python3
"""Make the cases of DEIMv2 that the tests take: what transformers, and upstream's way of it, answer for weights that are in the repository.

    deimv2_golden.py ../shared Tests/Resources        # needs torch, transformers (5.23) and safetensors, none of which the product needs

`cases/deimv2_atto_f16`: the plain implementation (../shared/peers/scripts/deimv2_plain.py), which equals the published ONNX, in float64 on the shipped
weights (Models/deimv2_hgnetv2_atto_coco, fp16) and astronaut.jpg. `cases/deimv2_tiny_*`: small models of transformers' class with random weights in its own
way (projection of tokens, ReLU heads, positions in each layer): the lite encoder without gates and one shared box head, the hybrid encoder with gates.
"""
import sys
sys.modules["torchvision"] = None  # transformers then takes its Pillow processors
import importlib.util, json
from pathlib import Path
import torch
from safetensors.torch import save_file
torch.set_grad_enabled(False)

HG = dict(num_channels=3, embedding_size=8, hidden_act="relu", use_learnable_affine_block=True, stem_strides=[2, 1, 1, 2, 1])
LITE = dict(
    encoder_type="lite", encoder_hidden_dim=16, encoder_in_channels=[24], encoder_layers=0, hidden_expansion=0.5, depth_mult=0.5, d_model=16,
    num_queries=10, decoder_in_channels=[16, 16], decoder_ffn_dim=24, num_feature_levels=2, decoder_n_points=[3, 2], decoder_layers=3,
    decoder_attention_heads=4, num_denoising=0, use_gateway=False, share_bbox_head=True, max_num_bins=8, lqe_hidden_dim=8, feat_strides=[16, 32], num_labels=5,
    backbone_config=dict(HG, model_type="hgnet_v2", depths=[2, 2, 2], hidden_sizes=[16, 24, 24], stem_channels=[3, 8, 8], stage_in_channels=[8, 16, 24],
                         stage_mid_channels=[8, 8, 8], stage_out_channels=[16, 24, 24], stage_num_blocks=[1, 1, 2], stage_downsample=[False, True, True],
                         stage_light_block=[False, False, True], stage_kernel_size=[3, 3, 5], stage_numb_of_layers=[2, 2, 2], out_indices=[3]))
HYBRID = dict(
    encoder_type="hybrid", encoder_hidden_dim=16, encoder_in_channels=[24, 32], encoder_layers=1, encoder_ffn_dim=24, encoder_attention_heads=4,
    encode_proj_layers=[1], hidden_expansion=0.5, depth_mult=0.5, d_model=24, num_queries=12, decoder_in_channels=[16, 16], decoder_ffn_dim=32,
    num_feature_levels=2, decoder_n_points=[2, 2], decoder_layers=2, decoder_attention_heads=4, decoder_activation_function="silu", num_denoising=4,
    use_gateway=True, share_bbox_head=False, max_num_bins=8, lqe_hidden_dim=8, feat_strides=[16, 32], num_labels=5,
    backbone_config=dict(HG, model_type="hgnet_v2", depths=[1, 1, 1, 1], hidden_sizes=[16, 24, 24, 32], stem_channels=[3, 8, 8],
                         stage_in_channels=[8, 16, 24, 24], stage_mid_channels=[8, 8, 8, 8], stage_out_channels=[16, 24, 24, 32],
                         stage_num_blocks=[1, 1, 1, 1], stage_downsample=[False, True, True, True], stage_light_block=[False, False, True, True],
                         stage_kernel_size=[3, 3, 5, 5], stage_numb_of_layers=[1, 1, 1, 1], out_indices=[3, 4]))


def shipped(shared, out):
    """The shipped weights through the plain implementation."""
    spec = importlib.util.spec_from_file_location("plain", next(shared.glob("peers/**/deimv2_plain.py")))
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    from safetensors.torch import load_file
    case = shared / "oracle/cases/deimv2_atto"
    net = plain.Net(Path("Models/deimv2_hgnetv2_atto_coco"), torch.float64)
    net(load_file(str(case / "expected.safetensors"))["pixel_values"].double())
    out.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, value in net.seen.items():
        value = value.float().reshape(value.shape)
        whole = name in ("logits", "pred_boxes", "quality", "query_tokens") or name.startswith(("layer_boxes", "init"))
        tensors[name if whole else "sample." + name] = value.contiguous() if whole else value.reshape(-1)[::max(1, value.numel() // 4096)][:4096].contiguous()
    save_file(tensors, str(out / "expected.safetensors"))
    (out / "case.json").write_text(json.dumps({"name": out.name, "model": "../../../../Models/deimv2_hgnetv2_atto_coco", "input": {"image": "astronaut.jpg"}}) + "\n")


def tiny(name, options, out, seed):
    """A model of transformers' class with random weights, and what it gives for a fixed input."""
    from transformers import Deimv2Config, Deimv2ForObjectDetection
    torch.manual_seed(seed)
    config = Deimv2Config(**options)
    model = Deimv2ForObjectDetection(config).eval()
    for key, value in model.state_dict().items():
        if key.endswith(("num_points_scale", "decoder.up", "decoder.reg_scale", "num_batches_tracked")) or not value.is_floating_point():
            continue
        if key.endswith("running_var"): value.uniform_(0.5, 1.5)
        elif key.endswith(("lab.scale", "norm.weight", "normalization.weight", "enc_output.1.weight")): value.uniform_(0.5, 1.5)
        elif key.endswith(("bias", "running_mean")): value.uniform_(-0.3, 0.3)
        else: value.uniform_(-1, 1).mul_((3 / max(1, value[0].numel())) ** 0.5 if value.dim() > 1 else 1)
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    pixels = ((torch.arange(3 * 96 * 64) * 37 % 251).float() / 251).reshape(1, 3, 96, 64)
    double = model.double()
    answer = double(pixel_values=pixels.double())
    tensors = {"logits": answer.logits.float(), "pred_boxes": answer.pred_boxes.float(), "pixel_values": pixels}
    save_file({k: v.contiguous() for k, v in tensors.items()}, str(folder / "expected.safetensors"))
    model.float().save_pretrained(folder)
    text = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({k: v for k, v in text.items() if "loss" not in k and "matcher" not in k}, indent=1) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(
        {"image_processor_type": "RTDetrImageProcessor", "do_normalize": False, "do_pad": False, "size": {"height": 96, "width": 64}}) + "\n")
    # Without what only training needs: other layers' scores and the denoising table.
    last = config.decoder_layers - 1
    training = [f".{head}.{i}." for head in ("class_embed", "lqe_layers") for i in range(last)] + ["denoising_class_embed"]
    count = sum(p.numel() for n, p in model.named_parameters() if not any(t in "." + n for t in training))
    (folder / "case.json").write_text(json.dumps({"name": name, "parameters": count}) + "\n")
    print(name, count, "parameters", answer.logits.abs().max())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    resources = Path(sys.argv[2])
    shipped(Path(sys.argv[1]), resources / "cases/deimv2_atto_f16")
    tiny("deimv2_tiny_lite", LITE, resources / "cases", 1)
    tiny("deimv2_tiny_hybrid", HYBRID, resources / "cases", 2)
