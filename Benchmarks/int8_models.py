"""The quantised forms of an exported model: ONNX Runtime's own (static QDQ, u8 activations, s8 weights, a scale an output), and a folder of `opsin quantize`."""
import os
import subprocess
from pathlib import Path

import export_models

# The models that have rows in int8: those that ONNX Runtime's quantisation takes whole.
MODELS = ("mobilenetv4_conv_small", "mobilenetv4_conv_medium", "mobilenetv4_hybrid_medium", "mobilenetv2_100")
PHOTOS = Path(__file__).resolve().parent.parent / "Examples/images"
# What the folder of bytes shares with the one that it was made of.
SHARED = ("input.npy", "input.safetensors", "expected.npy")


class Stored:
    """The stored input as calibration data: ranges change numbers, not times."""

    def __init__(self, name, x):
        self.rows = iter([{name: x}])

    def get_next(self):
        return next(self.rows, None)


def onnx(name):
    """Writes model_int8.onnx beside the model."""
    import numpy as np
    import onnxruntime as ort
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static, shape_inference

    folder = export_models.WORK / name
    made, plain = folder / "model_int8.onnx", folder / "model_int8_plain.onnx"
    if made.exists():
        return
    shape_inference.quant_pre_process(str(folder / "model.onnx"), str(plain))
    session = ort.InferenceSession(str(plain), providers=["CPUExecutionProvider"])
    reader = Stored(session.get_inputs()[0].name, np.load(folder / "input.npy"))
    quantize_static(str(plain), str(made), reader, quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8)  # fmt: skip
    plain.unlink()


def folder(name):
    """The folder of bytes that Opsin runs."""
    return export_models.WORK / name / "opsin_int8"


def make_folder(name, opsin):
    """Writes that folder anew, since the command may have changed."""
    source, made = export_models.WORK / name, folder(name)
    done = subprocess.run([opsin, "quantize", source, "--images", PHOTOS, "-o", made, "--quiet"], capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr.strip() or f"opsin quantize ended with {done.returncode}")
    for shared in SHARED:
        # Relative, so that the folder of models can be moved.
        (made / shared).unlink(missing_ok=True)
        os.symlink(Path("..") / shared, made / shared)
