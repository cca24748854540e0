"""TCMonoDepth's small network in PyTorch for the benchmark, with the finest head: what the ONNX and ncnn files are traced from. Submodules carry the names of
the weights in Models/tcmonodepth_small, which are the trained ones."""
import torch
from torch import nn
from torch.nn import functional as F


def norm_relu(inputs, outputs, **how):
    """A convolution, its normalisation and ReLU."""
    return [nn.Conv2d(inputs, outputs, bias=False, **how), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def depthwise(channels, stride):
    """3 x 3, a kernel a channel."""
    return nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)


class Block(nn.Module):
    """ShuffleNetV2's: with stride 2 both branches see the map, else the odd channels alone are computed anew."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        half = outputs // 2
        self.stride, taken = stride, inputs if stride == 2 else half
        self.branch_main = nn.Sequential(
            *norm_relu(taken, half, kernel_size=1), depthwise(half, stride), nn.BatchNorm2d(half),
            *norm_relu(half, outputs - inputs if stride == 2 else half, kernel_size=1))  # fmt: skip
        if stride == 2:
            self.branch_proj = nn.Sequential(depthwise(inputs, 2), nn.BatchNorm2d(inputs), *norm_relu(inputs, inputs, kernel_size=1))

    def forward(self, x):
        if self.stride == 2:
            return torch.cat([self.branch_proj(x), self.branch_main(x)], 1)
        n, c, h, w = x.shape
        even, odd = x.reshape(n, c // 2, 2, h, w).unbind(2)
        return torch.cat([even, self.branch_main(odd)], 1)


class Separable(nn.Module):
    """A depthwise convolution and a 1 x 1 one."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Sequential(depthwise(inputs, 1), nn.BatchNorm2d(inputs), nn.ReLU(inplace=True), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x):
        return self.conv(x)


class Decoder(nn.Module):
    """The coarser map, enlarged, beside a narrowed one of the encoder."""

    def __init__(self, coarse, skip):
        super().__init__()
        self.skip_conv = nn.Sequential(*norm_relu(skip, coarse // 4, kernel_size=1))
        self.last_conv = nn.Sequential(Separable(coarse + coarse // 4, skip), nn.BatchNorm2d(skip), nn.ReLU(inplace=True))

    def forward(self, x, skip):
        up = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=False)
        return self.last_conv(torch.cat([up, self.skip_conv(skip)], 1))


class Encoder(nn.Module):
    """Maps of 1/2, 1/4, 1/8 and 1/16."""

    def __init__(self):
        super().__init__()
        self.first_conv = nn.Sequential(*norm_relu(3, 24, kernel_size=3, stride=2, padding=1))
        blocks, inputs = [], 24
        for outputs, depth in ((48, 4), (96, 8), (192, 4)):
            for index in range(depth):
                blocks.append(Block(inputs, outputs, 1 if index else 2))
                inputs = outputs
        self.features = nn.ModuleList(blocks)

    def forward(self, x):
        maps = [self.first_conv(x)]
        y = maps[0]
        for index, block in enumerate(self.features):
            y = block(y)
            if index in (3, 11, 15):
                maps.append(y)
        return maps


class Heads(nn.Module):
    """Three decoders and the finest head; the coarse heads of the file are not asked for."""

    def __init__(self):
        super().__init__()
        self.decoder3, self.decoder2, self.decoder1 = Decoder(192, 96), Decoder(96, 48), Decoder(48, 24)
        self.final = nn.Conv2d(24, 1, 3, padding=1)

    def forward(self, maps):
        y = self.decoder1(self.decoder2(self.decoder3(maps[3], maps[2]), maps[1]), maps[0])
        return F.relu(self.final(y))


class TCMonoDepth(nn.Module):
    """From [n, 3, h, w] in 0..1 to relative inverse depth [n, h, w]."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Heads()

    def forward(self, x):
        return F.interpolate(self.decoder(self.encoder(x)), size=x.shape[2:], mode="bilinear", align_corners=False).squeeze(1)


def load(folder):
    """The network with the weights of a folder, in fp32."""
    from safetensors.torch import load_file

    model = TCMonoDepth()
    weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items() if not name.startswith(("decoder.final2", "decoder.final3"))}
    missing, unknown = model.load_state_dict(weights, strict=False)
    if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
        raise SystemExit(f"{folder} does not fit: missing {missing[:3]}, unknown {unknown[:3]}")
    return model.eval().requires_grad_(False)
