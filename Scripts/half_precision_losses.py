#!/usr/bin/env python3
"""What timm's models lose in fp16 on the processor, module by module: what Tests/VulkanTests/OracleOnVulkanTests.swift asks of fp16 storage.

    Scripts/half_precision_losses.py ORACLE CASE...    (torch and timm; ORACLE holds materialize.py and cases/)

Prints for each case the root mean square of the difference over the deviation of the fp32 values: of the logits and of the worst module, once with everything
in fp16, once with fp32 arithmetic whose weights and outputs alone are rounded to fp16, which is what Opsin's storage does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Benchmarks"))
from export_models import import_timm

timm = import_timm()
import torch
from safetensors.torch import load_file


def outputs(model, image, names, rounds=False):
    """The flattened outputs of the modules called `names`, and the logits."""
    found = {}
    for name, module in model.named_modules():
        if name in names:
            module.register_forward_hook(lambda _m, _i, out, name=name: found.__setitem__(name, out.detach().float().flatten()))
        if rounds and name and not list(module.children()):
            module.register_forward_hook(lambda _m, _i, out: out.half().float())
    with torch.no_grad():
        found["logits"] = model(image).float().flatten()
    return found


def main(oracle, cases):
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, oracle / "materialize.py", oracle / "cases" / case, folder], check=True)
            config, weights = json.loads(Path(folder, "config.json").read_text()), load_file(f"{folder}/model.safetensors")
        expected = load_file(oracle / "cases" / case / "expected.safetensors")
        names = {key[7:] for key in expected if key.startswith("sample.")}

        def model(weights):
            made = timm.create_model(config["architecture"], num_classes=config.get("num_classes", 1000))
            made.load_state_dict(weights)
            return made.eval()

        image = expected["pixel_values"]
        exact = outputs(model(weights), image, names)
        half = outputs(model(weights).half(), image.half(), names)
        stored = {key: value.half().float() if value.ndim > 1 else value for key, value in weights.items()}
        storage = outputs(model(stored), image.half().float(), names, rounds=True)

        def loss(found, key):
            return ((found[key] - exact[key]).pow(2).mean().sqrt() / exact[key].std()).item()

        for title, found in (("all fp16", half), ("fp16 storage", storage)):
            worst = max(names, key=lambda key: loss(found, key))
            print(f"{case}, {title}: logits {loss(found, 'logits'):.4f}, worst module {worst} {loss(found, worst):.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
