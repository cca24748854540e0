"""Makes the models that the benchmark runs: a folder that Opsin opens, the same as ONNX (and ncnn), one input and torch's answer to it.

    Benchmarks/.venv/bin/python Benchmarks/export_models.py [--ncnn] [NAME ...]

Writes Benchmarks/work/models/NAME/: config.json, model.safetensors, model.onnx, input.npy, expected.npy, input.safetensors, facts.json; with --ncnn also
ncnn.param and ncnn.bin, which pnnx makes of model.onnx in fp32. What is there already stays. Weights are random, from a fixed seed: the time of a run does
not depend on them, as long as no activation overflows or becomes denormal.
"""
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

WORK = Path(__file__).resolve().parent / "work" / "models"
SEED = 20260

# Name of the architecture, in timm, in moat.py, tcmonodepth.py or below, and the side of its square input, or its height and width.
MODELS = {
    "mobilenetv4_conv_small": 224,
    "mobilenetv4_conv_medium": 256,
    "mobilenetv4_hybrid_medium": 256,
    "mobilenetv2_100": 224,
    "tiny_moat_0": 224,
    "moat_0": 224,
    "deeplabv3_mobilenet_v2_os16": 513,
    "deeplabv3_mobilenet_v2_os8": 513,
    "tcmonodepth_small": (256, 448),
    "depth_anything_v2_small": 518,
    "deimv2_hgnetv2_atto_coco": 320,
    "deformable_detr_r50": 512,
}


def size(name):
    """Height and width of a model's input."""
    side = MODELS[name]
    return (side, side) if isinstance(side, int) else side


def import_timm():
    """timm, where torchvision is PyPI's build for CUDA and torch is the one without: torchvision then asks for two operators by name when it is
    imported and never calls them here, so it is enough that their names exist."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in ("nms(Tensor boxes, Tensor scores, float threshold) -> Tensor", "qnms(Tensor boxes, Tensor scores, float threshold) -> Tensor"):
        try:
            library.define(schema)
        except RuntimeError:
            pass
    import timm

    timm.torchvision_operators = library  # the names go when the library object does
    return timm


def settle(model, images, classifier=None):
    """Gives every batch normalisation the statistics of its own input, so that activations stay of order one through the depth."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            module.momentum = None  # the mean over the batches seen: here one
    classifier = classifier or model.get_classifier()
    torch.nn.init.normal_(classifier.weight, 0, 1 / math.sqrt(classifier.weight[0].numel()))
    model.train()
    with torch.no_grad():
        model(images)
    return model.eval().requires_grad_(False)


def logits_of(model):
    """A model of transformers that answers with its logits alone."""
    import torch

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(pixel_values=x).logits

    return Logits().eval()


def make_timm(name, side, folder):
    """A timm model, saved as timm saves for the hub; and timm's version."""
    import torch

    timm = import_timm()
    model = timm.create_model(name, pretrained=False, drop_rate=0.0, pretrained_cfg_overlay={"input_size": (3, side, side)})
    settle(model, torch.randn(8, 3, side, side))
    timm.models.save_for_hf(model, str(folder), safe_serialization=True)
    return model, {"timm": timm.__version__}


def make_moat(name, side, folder):
    """A model of moat.py, saved under TensorFlow's names."""
    import torch
    from safetensors.numpy import save_file

    import moat

    model = moat.make(name)
    settle(model, torch.randn(8, 3, side, side))
    save_file(moat.variables(model), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(moat.config(name), indent=1) + "\n")
    return model, {}


def make_deeplab(name, side, folder):
    """transformers' DeepLabV3 on MobileNetV2, whose output stride ends the name; saved as transformers saves."""
    import torch

    import_timm()  # for torchvision's operators
    import transformers

    config = transformers.MobileNetV2Config(output_stride=int(name.rpartition("os")[2]), image_size=side, num_labels=21, classifier_dropout_prob=0.0)
    model = transformers.MobileNetV2ForSemanticSegmentation(config)
    settle(model, torch.randn(2, 3, side, side), model.segmentation_head.classifier.convolution)
    model.save_pretrained(folder)
    recipe = {"image_processor_type": "MobileNetV2ImageProcessor", "size": {"height": side, "width": side}, "do_center_crop": False}
    (folder / "preprocessor_config.json").write_text(json.dumps(recipe) + "\n")

    return logits_of(model), {"transformers": transformers.__version__}


def make_tcmonodepth(name, side, folder):
    """The trained network that ships with Opsin."""
    import tcmonodepth

    model = Path(__file__).resolve().parents[1] / "Models" / name
    for file in ("config.json", "preprocessor_config.json", "model.safetensors"):
        shutil.copy(model / file, folder)
    return tcmonodepth.load(model), {}


def make_depth_anything(name, side, folder):
    """Depth Anything V2 of transformers, saved as it saves for the hub."""
    import torch

    library = import_timm().torchvision_operators  # transformers imports torchvision too
    import transformers

    backbone = transformers.Dinov2Config(
        hidden_size=384, num_attention_heads=6, image_size=side, patch_size=14, out_indices=[3, 6, 9, 12], reshape_hidden_states=False)
    model = transformers.DepthAnythingForDepthEstimation(transformers.DepthAnythingConfig(backbone_config=backbone)).eval().requires_grad_(False)
    model.head.conv3.bias.fill_(1.0)  # so that the last ReLU leaves something to compare
    model.save_pretrained(folder)
    recipe = {"image_processor_type": "DPTImageProcessor", "size": {"height": side, "width": side}, "keep_aspect_ratio": True, "ensure_multiple_of": 14}
    (folder / "preprocessor_config.json").write_text(json.dumps(recipe, indent=1) + "\n")

    class Depth(torch.nn.Module):
        """The one tensor of the answer."""

        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(pixel_values=x).predicted_depth

    del library
    return Depth(), {"transformers": transformers.__version__}


def make_deimv2(name, side, folder):
    """The trained detector that ships with Opsin, in transformers' class, made to compute what upstream trained but for the queries' positions, which that
    class computes in each layer: the folder says so, and Opsin does the same."""
    import torch

    library = import_timm().torchvision_operators  # transformers imports torchvision too
    import transformers
    from transformers.models.deimv2 import modeling_deimv2

    modeling_deimv2.torch_compilable_check = lambda *_, **__: None  # a check of shapes that has no ONNX form
    source = Path(__file__).resolve().parents[1] / "Models" / name
    for file in ("preprocessor_config.json", "model.safetensors"):
        shutil.copy(source / file, folder)
    config = json.loads((source / "config.json").read_text()) | {"query_position_per_layer": True}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    model = transformers.Deimv2ForObjectDetection.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    from safetensors.torch import load_file

    stored = {key: value.float() for key, value in load_file(folder / "model.safetensors").items()}
    heads = [*model.model.decoder.bbox_embed, model.model.enc_bbox_head, model.model.decoder.pre_bbox_head, *(q.reg_conf for q in model.model.decoder.lqe_layers)]
    for head in heads:
        head.act = torch.nn.SiLU()
    # One box head for all layers, which the file holds once; the class loads it for none of them.
    for head in model.model.decoder.bbox_embed:
        head.load_state_dict({key.removeprefix("model.decoder.bbox_embed.0."): v for key, v in stored.items() if "bbox_embed.0." in key})
    model.model.enc_output = torch.nn.Identity()
    model.requires_grad_(False)

    # The scores, which hang on all boxes but the last.
    del library
    return logits_of(model), {"transformers": transformers.__version__}


def make_deformable_detr(name, side, folder):
    """Deformable DETR of transformers on its own ResNet-50, saved as it saves for the hub."""
    import torch

    library = import_timm().torchvision_operators  # transformers imports torchvision too
    import transformers

    backbone = transformers.ResNetConfig(out_features=["stage2", "stage3", "stage4"])
    config = transformers.DeformableDetrConfig(backbone_config=backbone, num_labels=91, disable_custom_kernels=True)
    model = transformers.DeformableDetrForObjectDetection(config).eval().requires_grad_(False)
    # As it is made, every query samples the same places with equal weights and no box is refined.
    for key, parameter in model.named_parameters():
        if key.endswith(("sampling_offsets.weight", "attention_weights.weight", "bbox_embed.layers.2.weight")):
            parameter.normal_(0, 0.05)
    model.save_pretrained(folder)
    recipe = {"image_processor_type": "DeformableDetrImageProcessor", "size": {"height": side, "width": side}}
    (folder / "preprocessor_config.json").write_text(json.dumps(recipe) + "\n")

    # The scores, which hang on everything but the last layer's boxes.
    del library
    return logits_of(model), {"transformers": transformers.__version__}


# Who makes a model, by a part of its name.
MAKERS = {
    "deimv2": make_deimv2, "deformable_detr": make_deformable_detr, "tcmonodepth": make_tcmonodepth, "moat": make_moat, "deeplabv3": make_deeplab,
    "depth_anything": make_depth_anything, "": make_timm,
}  # fmt: skip


def maker(name):
    """What makes the model of that name."""
    return next(make for part, make in MAKERS.items() if part in name)


def export(name):
    """Writes the folder of one model; torch.onnx with a static shape, batch 1."""
    import torch
    from safetensors.numpy import save_file
    from torch.utils.flop_counter import FlopCounterMode

    side, folder = MODELS[name], WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    model, made_with = maker(name)(name, side, folder)

    x = torch.randn(1, 3, *size(name)) if maker(name) not in (make_tcmonodepth, make_deimv2) else torch.rand(1, 3, *size(name))
    with torch.inference_mode():
        expected = model(x)
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        model(x)
    torch.onnx.export(model, (x,), str(folder / "model.onnx"), dynamo=True, input_names=["x"], external_data=False, optimize=True, verbose=False)
    np.save(folder / "input.npy", x.numpy())
    np.save(folder / "expected.npy", expected.numpy())
    save_file({"pixel_values": x.numpy()}, folder / "input.safetensors")
    facts = {
        "name": name, "side": side, "seed": SEED, "torch": torch.__version__, **made_with,
        "parameters": sum(p.numel() for p in model.parameters()), "flops": flops.get_total_flops(),
    }  # fmt: skip
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(f"{name}: {facts['parameters']:,} parameters, {facts['flops'] / 1e9:.2f} GFLOP", file=sys.stderr)


def export_ncnn(name):
    """ncnn's files from the ONNX file. pnnx writes some twenty files beside its input, so it works elsewhere."""
    (height, width), folder = size(name), WORK / name
    with tempfile.TemporaryDirectory() as elsewhere:
        shutil.copy(folder / "model.onnx", elsewhere)
        command = [Path(sys.executable).parent / "pnnx", "model.onnx", f"inputshape=[1,3,{height},{width}]", "fp16=0"]
        done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
        made = [Path(elsewhere) / f"model.ncnn.{part}" for part in ("bin", "param")]
        if not all(path.exists() for path in made):
            raise SystemExit(f"pnnx did not convert {name} (exit code {done.returncode}): {(done.stderr or done.stdout).strip()[-200:]}")
        for path in made:
            shutil.copy(path, folder / path.name.removeprefix("model."))


def have_ncnn(name):
    """True when ncnn's files are there, and not older than the model."""
    made, source = WORK / name / "ncnn.param", WORK / name / "model.onnx"
    return made.exists() and made.stat().st_mtime >= source.stat().st_mtime


def have(name):
    """True when the folder of this model is there and was made from this seed and size."""
    facts = WORK / name / "facts.json"
    if not facts.exists():
        return False
    found = json.loads(facts.read_text())
    return found.get("seed") == SEED and found.get("side") in (MODELS[name], list(size(name)))


if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if word != "--ncnn"]
    for name in names or MODELS:
        if not have(name):
            export(name)
        if "--ncnn" in sys.argv and not have_ncnn(name):
            export_ncnn(name)
