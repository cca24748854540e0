"""Makes the models that the benchmark runs: a timm folder that Opsin opens, the same as ONNX, one input and torch's answer to it.

    Benchmarks/.venv/bin/python Benchmarks/export_models.py [NAME ...]

Writes Benchmarks/work/models/NAME/: config.json, model.safetensors, model.onnx, input.npy, expected.npy, input.safetensors, facts.json.
Weights are random, from a fixed seed: the time of a run does not depend on them, as long as no activation overflows or becomes denormal.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np

WORK = Path(__file__).resolve().parent / "work" / "models"
SEED = 20260

# Name of the architecture in timm, and the side of its square input.
MODELS = {
    "mobilenetv4_conv_small": 224,
    "mobilenetv4_conv_medium": 256,
    "mobilenetv4_hybrid_medium": 256,
    "mobilenetv2_100": 224,
}


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


def settle(model, images):
    """Gives every batch normalisation the statistics of its own input, so that activations stay of order one through the depth."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            module.momentum = None  # the mean over the batches seen: here one
    classifier = model.get_classifier()
    torch.nn.init.normal_(classifier.weight, 0, 1 / math.sqrt(classifier.in_features))
    model.train()
    with torch.no_grad():
        model(images)
    return model.eval().requires_grad_(False)


def export(name):
    """Writes the folder of one model; torch.onnx with a static shape, batch 1."""
    import torch
    from safetensors.numpy import save_file
    from torch.utils.flop_counter import FlopCounterMode

    timm = import_timm()
    side, folder = MODELS[name], WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    model = timm.create_model(name, pretrained=False, drop_rate=0.0, pretrained_cfg_overlay={"input_size": (3, side, side)})
    settle(model, torch.randn(8, 3, side, side))
    timm.models.save_for_hf(model, str(folder), safe_serialization=True)

    x = torch.randn(1, 3, side, side)
    with torch.inference_mode():
        expected = model(x)
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        model(x)
    torch.onnx.export(model, (x,), str(folder / "model.onnx"), dynamo=True, input_names=["x"], external_data=False, optimize=True, verbose=False)
    np.save(folder / "input.npy", x.numpy())
    np.save(folder / "expected.npy", expected.numpy())
    save_file({"pixel_values": x.numpy()}, folder / "input.safetensors")
    facts = {
        "name": name, "side": side, "seed": SEED, "torch": torch.__version__, "timm": timm.__version__,
        "parameters": sum(p.numel() for p in model.parameters()), "flops": flops.get_total_flops(),
    }  # fmt: skip
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(f"{name}: {facts['parameters']:,} parameters, {facts['flops'] / 1e9:.2f} GFLOP", file=sys.stderr)


def have(name):
    """True when the folder of this model is there and was made from this seed and size."""
    facts = WORK / name / "facts.json"
    if not facts.exists():
        return False
    found = json.loads(facts.read_text())
    return found.get("seed") == SEED and found.get("side") == MODELS[name]


if __name__ == "__main__":
    for name in sys.argv[1:] or MODELS:
        export(name)
