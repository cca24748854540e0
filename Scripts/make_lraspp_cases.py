#!/usr/bin/env python3
"""Make the LR-ASPP cases of Tests/Resources/cases: random weights made again from their names, and what PyTorch answers for cat.jpg.

    make_lraspp_cases.py ../shared/oracle Tests/Resources [../shared/peers]

lraspp_mobilenet_v3_large is torchvision's own model, lraspp_mobilenetv4_conv_small timm's features under torchvision's head, lraspp_tiny_moat_0 (with
the third argument, which holds moat_ref.py) the same over MOAT's. The form of a case: oracle/materialize.py; what is stored is rounded to fp16. The
logits are those at an eighth of the input, before torchvision enlarges them. Needs torch, torchvision, timm, Pillow, numpy.
"""
import json, struct, sys
from pathlib import Path
import numpy as np, torch
from PIL import Image

LABELS = {str(i): f"label {i}" for i in range(7)}
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def write_safetensors(path, tensors):
    kinds = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16"}
    header, at = {}, 0
    for name, a in tensors.items():
        header[name] = {"dtype": kinds[a.dtype], "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(np.ascontiguousarray(a).tobytes() for a in tensors.values()))


def pixels(photo, height, width):
    """transformers' Pillow backend: bilinear, rescaled in double, normalised in fp32."""
    image = Image.open(photo).convert("RGB").resize((width, height), Image.BILINEAR)
    values = (np.asarray(image).astype(np.float64) * (1 / 255)).astype(np.float32)
    return torch.from_numpy(((values - MEAN) / STD).transpose(2, 0, 1)[None].copy())


def drawn(name, shape, statistics):
    """Small tensors: noise from the name's hash, as a trained network might have it."""
    random = np.random.default_rng(abs(hash_of(name)))
    if name.endswith(statistics): return random.uniform(0.5, 1.5, shape).astype(np.float16)
    return (random.uniform(0.8, 1.2, shape) if name.endswith(("weight", "gamma")) else random.uniform(-0.2, 0.2, shape)).astype(np.float16)


def hash_of(text):
    h = 0xCBF29CE484222325
    for b in text.encode(): h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def bound(name, shape):
    """sqrt(6 / inputs): activations keep their size through rectifiers. The last map has grown by then, and must not drown the other one."""
    return float(np.float32(np.sqrt(6 / np.prod(shape[1:])) / (32 if "high_classifier" in name else 1)))


class Head(torch.nn.Module):
    """torchvision's LRASPPHead over two maps of a backbone: (an eighth of the input, the last one)."""

    def __init__(self, low, high, classes):
        super().__init__()
        from torchvision.models.segmentation.lraspp import LRASPPHead
        self.classifier = LRASPPHead(low, high, classes, 128)

    def forward(self, low, high): return self.classifier({"low": low, "high": high})


def write(resources, name, config, size, tensors, weights, logits):
    out = resources / "cases" / name
    out.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "lraspp", "backbone": config, "image_size": list(size), "id2label": LABELS}
    preprocessor = {"image_processor_type": "MobileNetV2ImageProcessor", "do_resize": True, "size": {"height": size[0], "width": size[1]}, "resample": 2,
                    "do_center_crop": False, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.485, 0.456, 0.406],
                    "image_std": [0.229, 0.224, 0.225]}
    case = {"name": name, "task": "image-segmentation", "reference": f"torch {torch.__version__}, Scripts/make_lraspp_cases.py",
            "input": {"image": "cat.jpg"}, "expected": {"logits": list(logits.shape)}}
    for file, value in (("config.json", config), ("preprocessor_config.json", preprocessor), ("case.json", case)):
        (out / file).write_text(json.dumps(value, indent=1) + "\n")
    (out / "weights.json").write_text("[\n" + ",\n".join(json.dumps(w) for w in weights) + "\n]\n")
    write_safetensors(out / "small.safetensors", tensors)
    write_safetensors(out / "expected.safetensors", {"logits": logits.numpy().astype(np.float32)})
    print(name, list(logits.shape), float(logits.abs().max()), float(logits.std()))


def fill(module, prefix, materialize, skip=()):
    """Fills a module's state from the names `prefix + name`; answers what is stored and what is generated."""
    small, weights, state = {}, [], module.state_dict()
    for key, value in state.items():
        name = prefix + key
        if key.endswith("num_batches_tracked") or key.startswith(skip): continue
        if value.dim() >= 2:
            weights.append({"name": name, "shape": list(value.shape), "bound": bound(name, value.shape)})
            array = materialize.generate(name, list(value.shape), weights[-1]["bound"])
        else:
            small[name] = drawn(name, tuple(value.shape), "running_var")
            array = small[name].astype(np.float32)
        state[key] = torch.from_numpy(array.copy())
    module.load_state_dict(state)
    return small, weights


def torchvision_case(oracle, resources, materialize):
    from torchvision.models.segmentation import lraspp_mobilenet_v3_large
    size = (129, 161)
    model = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=len(LABELS)).eval()
    small, weights = fill(model, "", materialize)
    with torch.no_grad(): logits = model.classifier(model.backbone(pixels(oracle / "images/cat.jpg", *size)))
    write(resources, "lraspp_mobilenet_v3_large", "mobilenet_v3_large", size, small, weights, logits)


def timm_case(oracle, resources, materialize):
    import timm
    size, name = (128, 160), "mobilenetv4_conv_small"
    model = timm.create_model(name, pretrained=False).eval()
    skip = ("conv_head.", "norm_head.", "classifier.")
    small, weights = fill(model, "backbone.", materialize, skip)
    maps = {}
    for stage in (1, 4): model.blocks[stage].register_forward_hook(lambda m, i, y, stage=stage: maps.__setitem__(stage, y))
    with torch.no_grad():
        model.forward_features(pixels(oracle / "images/cat.jpg", *size))
        head = Head(maps[1].shape[1], maps[4].shape[1], len(LABELS)).eval()
        more, later = fill(head, "", materialize)
        logits = head(maps[1], maps[4])
    write(resources, "lraspp_" + name, name, size, small | more, weights + later, logits)


def moat_case(oracle, resources, materialize, peers):
    sys.path.insert(0, str(peers))
    import moat_ref
    size, source = (128, 128), oracle / "cases/tiny_moat_0"
    unread = ("moat/final_layer_norm/", "moat/logits_head/")
    small = {"backbone." + k: v.astype(np.float16) for k, v in materialize.read_safetensors(source / "small.safetensors").items() if not k.startswith(unread)}
    weights = [{**w, "name": "backbone." + w["name"]} for w in json.loads((source / "weights.json").read_text()) if not w["name"].startswith(unread)]
    variables = {k[9:]: v.astype(np.float32) for k, v in small.items()}
    variables |= {w["name"][9:]: materialize.generate(w["name"], w["shape"], w["bound"]) for w in weights}
    model = moat_ref.Moat(moat_ref.MoatConfig("tiny-moat-0", None, 3)).eval()
    moat_ref.load_tf(model, variables)
    with torch.no_grad():
        maps = model(pixels(oracle / "images/cat.jpg", *size))
        maps = list(maps.values()) if isinstance(maps, dict) else list(maps)
        low, high = (torch.nn.functional.gelu(m) for m in (maps[2], maps[4]))
        head = Head(low.shape[1], high.shape[1], len(LABELS)).eval()
        more, later = fill(head, "", materialize)
        logits = head(low, high)
    write(resources, "lraspp_tiny_moat_0", "tiny-moat-0", size, small | more, weights + later, logits)


def main(oracle, resources, peers=None):
    sys.path.insert(0, str(oracle))
    import materialize
    torchvision_case(oracle, resources, materialize)
    timm_case(oracle, resources, materialize)
    if peers: moat_case(oracle, resources, materialize, peers)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
