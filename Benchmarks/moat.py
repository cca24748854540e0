"""MOAT (arXiv:2210.01820) in PyTorch for the benchmark: what the ONNX and ncnn files are traced from, and the weights for Opsin's folder.

Classification at 224 x 224 only: there the tables of relative positions have the maps' own size, so that nothing is resampled. Submodules carry the names of
the released TensorFlow checkpoints (`moat/block_02_03/attention/q/...`), so a variable's name follows from a parameter's.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

SIDE = 224
# Width of the stem, channels of the four stages; the depths are the same for the sizes that are timed here.
WIDTHS = {"tiny_moat_0": (32, (32, 64, 128, 256)), "moat_0": (64, (96, 192, 384, 768))}
DEPTHS = (2, 3, 7, 2)
# Side of the map that a stage attends over; the first two stages have squeeze and excitation instead.
ATTENDED = (None, None, 14, 7)
HEAD = 32
# What the checkpoints call a parameter or statistic of torch.
LEAVES = {"BatchNorm2d": {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"},
          "LayerNorm": {"weight": "gamma", "bias": "beta"}, "Conv2d": {"weight": "kernel", "bias": "bias"}}  # fmt: skip


def norm(channels):
    """TensorFlow's default epsilon, not torch's."""
    return nn.BatchNorm2d(channels, eps=1e-3)


class Same(nn.Conv2d):
    """3 x 3 with TensorFlow's SAME padding of an even map: stride 2 pads below and to the right only."""

    def forward(self, x):
        return super().forward(F.pad(x, (0, 1, 0, 1) if self.stride[0] == 2 else (1, 1, 1, 1)))


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.reduce_conv2d, self.expand_conv2d = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.expand_conv2d(F.silu(self.reduce_conv2d(x.mean((2, 3), keepdim=True)))))


class Attention(nn.Module):
    """Multi-head attention over all positions, with a bias read from a table by the difference of two positions."""

    def __init__(self, channels, side):
        super().__init__()
        self.heads, self.side = channels // HEAD, side
        self.q, self.k, self.v, self.o = (nn.Linear(channels, channels) for _ in range(4))
        self.relative_position_embedding = nn.Parameter(torch.randn(self.heads, 2 * side - 1, 2 * side - 1) * 0.02)
        at = torch.arange(side)
        apart = at[None, :] - at[:, None] + side - 1  # [query, key]
        index = apart[:, None, :, None] * (2 * side - 1) + apart[None, :, None, :]
        self.register_buffer("index", index.reshape(-1), persistent=False)
        self.register_buffer("bias", torch.zeros(1, self.heads, side**2, side**2), persistent=False)

    def freeze(self):
        """Reads the table once: the bias is a constant of the traced graph, as it is of any runtime's plan."""
        self.bias = self.relative_position_embedding.detach().flatten(1)[:, self.index].reshape(self.bias.shape).clone()

    def forward(self, tokens):
        split = [f(tokens).reshape(tokens.shape[0], -1, self.heads, HEAD).transpose(1, 2) for f in (self.q, self.k, self.v)]
        mixed = F.scaled_dot_product_attention(*split, attn_mask=self.bias)
        return self.o(mixed.transpose(1, 2).reshape(tokens.shape[0], -1, self.heads * HEAD))


class Block(nn.Module):
    """Inverted residual with the normalisation first; then squeeze and excitation within it, or attention after it."""

    def __init__(self, inner, outer, stride, attended):
        super().__init__()
        wide, self.stride = 4 * outer, stride
        self.pre_norm, self.expand_conv, self.expand_norm = norm(inner), nn.Conv2d(inner, wide, 1, bias=False), norm(wide)
        self.depthwise_conv, self.depthwise_norm = Same(wide, wide, 3, stride, groups=wide, bias=False), norm(wide)
        self.shrink_conv = nn.Conv2d(wide, outer, 1)
        self.shortcut_conv = nn.Conv2d(inner, outer, 1) if inner != outer else nn.Identity()
        self.se = nn.Identity() if attended else Gate(wide, outer // 4)
        if attended:
            self.attention_norm, self.attention = nn.LayerNorm(outer, eps=1e-5), Attention(outer, attended)

    def forward(self, x):
        y = F.gelu(self.expand_norm(self.expand_conv(self.pre_norm(x))))
        y = self.shrink_conv(self.se(F.gelu(self.depthwise_norm(self.depthwise_conv(y)))))
        y = y + self.shortcut_conv(F.avg_pool2d(x, 2) if self.stride == 2 else x)
        if not hasattr(self, "attention"):
            return y
        tokens = self.attention(self.attention_norm(y.flatten(2).transpose(1, 2)))
        return y + tokens.transpose(1, 2).reshape(y.shape)


class Moat(nn.Module):
    """Two convolutions, four stages, the mean over the map, a classifier."""

    def __init__(self, name):
        super().__init__()
        stem, widths = WIDTHS[name]
        self.stem = nn.Module()
        self.stem.conv_0, self.stem.norm_0, self.stem.conv_1 = Same(3, stem, 3, 2), norm(stem), Same(stem, stem, 3)
        self.order, inner = [], stem
        for stage, (depth, width) in enumerate(zip(DEPTHS, widths)):
            for place in range(depth):
                self.order.append(f"block_{stage:02}_{place:02}")
                self.add_module(self.order[-1], Block(inner, width, 1 if place else 2, ATTENDED[stage]))
                inner = width
        self.final_layer_norm, self.logits_head = nn.LayerNorm(inner, eps=1e-5), nn.Linear(inner, 1000)

    def get_classifier(self):
        """As timm's models have it."""
        return self.logits_head

    def forward(self, x):
        x = self.stem.conv_1(F.gelu(self.stem.norm_0(self.stem.conv_0(x))))
        for name in self.order:
            x = getattr(self, name)(x)
        return self.logits_head(self.final_layer_norm(x.mean((2, 3))))


def make(name):
    """A model with random weights that keep activations of order one."""
    model = Moat(name)
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, 0, 1 / math.sqrt(module.weight[0].numel()))
            if module.bias is not None:
                nn.init.normal_(module.bias, 0, 0.02)
        if isinstance(module, Attention):
            module.freeze()
    return model


def linear_variable(path, leaf, tensor):
    """An attention projection or the classifier in the checkpoints' shape: inputs first, heads apart."""
    if path == "logits_head":
        return (leaf, tensor) if leaf == "bias" else ("kernel", tensor.t()[None, None])
    if leaf == "bias":
        return leaf, tensor if path.endswith(".o") else tensor.reshape(-1, HEAD)
    rows = tensor.t()
    return leaf, rows.reshape(-1, HEAD, rows.shape[1]) if path.endswith(".o") else rows.reshape(rows.shape[0], -1, HEAD)


def variables(model):
    """Everything under its name and in its layout of the TensorFlow checkpoints."""
    modules, found = dict(model.named_modules()), {}
    for full, tensor in model.state_dict().items():
        path, leaf = full.rsplit(".", 1)
        if leaf == "num_batches_tracked":
            continue
        module = modules[path]
        if isinstance(module, nn.Linear):
            leaf, tensor = linear_variable(path, leaf, tensor)
        elif isinstance(module, nn.Conv2d) and leaf == "weight":
            depthwise = module.groups > 1
            leaf, tensor = "depthwise_kernel" if depthwise else "kernel", tensor.permute(2, 3, 0, 1) if depthwise else tensor.permute(2, 3, 1, 0)
        elif not isinstance(module, Attention):
            leaf = LEAVES["Conv2d" if isinstance(module, nn.Conv2d) else type(module).__name__][leaf]
        found["moat/" + path.replace(".", "/") + "/" + leaf] = tensor.contiguous().numpy()
    return found


def config(name):
    """config.json of the folder."""
    return {
        "model_type": "moat", "architecture": name.replace("_", "-"), "num_classes": 1000, "pool_size": 2, "position_embedding": True,
        "window_size": [None] * 4, "global_attention_at_end_of_moat_stage": False,
        "pretrained_cfg": {
            "input_size": [3, SIDE, SIDE], "interpolation": "bicubic", "crop_pct": 1.0, "crop_mode": "squash",
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        },
    }  # fmt: skip
