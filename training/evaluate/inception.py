"""Inception-v3 in plain torch, in its two forms, with the key names of the released weights.

`InceptionV3(classes)` is the classifier as torchvision builds it for ImageNet weights: with an auxiliary head, and with
the input changed from ImageNet's normalisation to -1..1. `InceptionV3(1008, fid=True)` is the network of the FID,
ported from the original of 2015. Its pools leave the padding out, and its last block takes a maximum. Needs no
torchvision. Contains no metric and no dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from storyboard.errors import StoryError
from training.released.weights_file import fit, read_weights, tensors_of

SIDE = 299
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FID_CLASSES = 1008
BATCH = 32

# A branch is a chain of convolutions (name, channels, kernel, stride). A pool may come first: "mean", "max", or
# "shrink", the maximum with stride 2. A tuple of two convolutions at the end is a fork whose outputs are joined.
WIDE, HIGH = (1, 7), (7, 1)


def _mixed_a(pool: int) -> list:
    return [
        [("branch1x1", 64, 1, 1)],
        [("branch5x5_1", 48, 1, 1), ("branch5x5_2", 64, 5, 1)],
        [("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 1), ("branch3x3dbl_3", 96, 3, 1)],
        ["mean", ("branch_pool", pool, 1, 1)],
    ]


def _mixed_b() -> list:
    return [
        [("branch3x3", 384, 3, 2)],
        [("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 1), ("branch3x3dbl_3", 96, 3, 2)],
        ["shrink"],
    ]


def _mixed_c(inner: int) -> list:
    kernels = [1, HIGH, WIDE, HIGH, WIDE]
    widths = [inner, inner, inner, inner, 192]
    return [
        [("branch1x1", 192, 1, 1)],
        [("branch7x7_1", inner, 1, 1), ("branch7x7_2", inner, WIDE, 1), ("branch7x7_3", 192, HIGH, 1)],
        [(f"branch7x7dbl_{i + 1}", w, k, 1) for i, (w, k) in enumerate(zip(widths, kernels, strict=True))],
        ["mean", ("branch_pool", 192, 1, 1)],
    ]


def _mixed_d() -> list:
    return [
        [("branch3x3_1", 192, 1, 1), ("branch3x3_2", 320, 3, 2)],
        [
            ("branch7x7x3_1", 192, 1, 1),
            ("branch7x7x3_2", 192, WIDE, 1),
            ("branch7x7x3_3", 192, HIGH, 1),
            ("branch7x7x3_4", 192, 3, 2),
        ],
        ["shrink"],
    ]


def _mixed_e(pool: str) -> list:
    return [
        [("branch1x1", 320, 1, 1)],
        [
            ("branch3x3_1", 384, 1, 1),
            (("branch3x3_2a", 384, (1, 3), 1), ("branch3x3_2b", 384, (3, 1), 1)),
        ],
        [
            ("branch3x3dbl_1", 448, 1, 1),
            ("branch3x3dbl_2", 384, 3, 1),
            (("branch3x3dbl_3a", 384, (1, 3), 1), ("branch3x3dbl_3b", 384, (3, 1), 1)),
        ],
        [pool, ("branch_pool", 192, 1, 1)],
    ]


Side = int | tuple[int, int]  # a pair is (down, across)


class _Convolution(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, width: int, out: int, kernel: Side, stride: int = 1, padding: Side = 0):
        super().__init__()
        self.conv = nn.Conv2d(width, out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class _Mixed(nn.Module):
    """Parallel branches over one input (B, C, h, w), joined along the channels."""

    def __init__(self, width: int, branches: list, count_padding: bool):
        super().__init__()
        self.branches, self.count_padding = branches, count_padding
        self.out = sum(self._build(width, branch) for branch in branches)

    def _build(self, width: int, branch: list) -> int:
        for step in branch:
            if isinstance(step, str):
                continue
            fork = step if isinstance(step[0], tuple) else (step,)
            for name, out, kernel, stride in fork:
                down, across = kernel if isinstance(kernel, tuple) else (kernel, kernel)
                same = (down // 2, across // 2) if stride == 1 else 0
                self.add_module(name, _Convolution(width, out, kernel, stride, same))
            width = sum(out for _, out, _, _ in fork)
        return width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self._run(x, branch) for branch in self.branches], dim=1)

    def _run(self, x: torch.Tensor, branch: list) -> torch.Tensor:
        for step in branch:
            if step == "mean":
                x = F.avg_pool2d(x, 3, 1, 1, count_include_pad=self.count_padding)
            elif step == "max":
                x = F.max_pool2d(x, 3, 1, 1)
            elif step == "shrink":
                x = F.max_pool2d(x, 3, 2)
            elif isinstance(step[0], tuple):
                x = torch.cat([getattr(self, name)(x) for name, *_ in step], dim=1)
            else:
                x = getattr(self, step[0])(x)
        return x


class _AuxiliaryHead(nn.Module):
    """Only its weights matter here: it is used only in training, and released files hold it."""

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.conv0 = _Convolution(width, 128, 1)
        self.conv1 = _Convolution(128, 768, 5)
        self.fc = nn.Linear(768, classes)


class InceptionV3(nn.Module):
    """Maps pictures (B, 3, H, W) of at least 75 pixels a side to logits (B, classes).

    `features` gives the (B, 2048) before.

    The classifier takes ImageNet-normalised pictures. The FID network (`fid`) takes pictures in -1..1.
    """

    def __init__(self, classes: int, fid: bool = False):
        super().__init__()
        self.fid = fid
        self.Conv2d_1a_3x3 = _Convolution(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, 3)
        self.Conv2d_2b_3x3 = _Convolution(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = _Convolution(80, 192, 3)
        blocks = {
            "Mixed_5b": _mixed_a(32), "Mixed_5c": _mixed_a(64), "Mixed_5d": _mixed_a(64),
            "Mixed_6a": _mixed_b(), "Mixed_6b": _mixed_c(128), "Mixed_6c": _mixed_c(160),
            "Mixed_6d": _mixed_c(160), "Mixed_6e": _mixed_c(192),
            "Mixed_7a": _mixed_d(), "Mixed_7b": _mixed_e("mean"), "Mixed_7c": _mixed_e("max" if fid else "mean"),
        }  # fmt: skip
        self.blocks, width = tuple(blocks), 192
        for name, branches in blocks.items():
            block = _Mixed(width, branches, count_padding=not fid)
            self.add_module(name, block)
            width = block.out
            if name == "Mixed_6e" and not fid:
                self.AuxLogits = _AuxiliaryHead(width, classes)
        self.fc = nn.Linear(width, classes)

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels if self.fid else _from_imagenet(pixels)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = F.max_pool2d(x, 3, 2)
        for name in self.blocks:
            x = getattr(self, name)(x)
        return x.mean(dim=(2, 3))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.fc(self.features(pixels))


def _from_imagenet(pixels: torch.Tensor) -> torch.Tensor:
    """Converts ImageNet's normalisation to -1..1."""
    mean = pixels.new_tensor(IMAGENET_MEAN)[:, None, None]
    std = pixels.new_tensor(IMAGENET_STD)[:, None, None]
    return 2 * (pixels * std + mean) - 1


def classifier_pixels(picture: Image.Image) -> torch.Tensor:
    """Returns pixels (3, 299, 299) for the released classifiers, ImageNet-normalised.

    The shortest side is scaled to 299, and the centre is cut out.
    """
    picture = picture.convert("RGB")
    shortest = min(picture.size)
    width, height = (SIDE if side == shortest else int(SIDE * side / shortest) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - SIDE) / 2), round((height - SIDE) / 2)
    unit = torch.from_numpy(np.array(small.crop((left, top, left + SIDE, top + SIDE)))).permute(2, 0, 1) / 255
    return (unit - torch.tensor(IMAGENET_MEAN)[:, None, None]) / torch.tensor(IMAGENET_STD)[:, None, None]


def fid_pixels(picture: Image.Image) -> torch.Tensor:
    """Returns pixels (3, 299, 299) in -1..1, resized as the FID is usually computed.

    The resizing is bilinear, without a filter before.
    """
    unit = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None] / 255
    return F.interpolate(unit, (SIDE, SIDE), mode="bilinear", align_corners=False)[0] * 2 - 1


def load_classifier(path: str | Path) -> InceptionV3:
    """Returns a released, fine-tuned classifier. StoryError if the file holds no classifier.

    The file is a whole state dict. It also decides the number of classes.
    """
    weights = tensors_of(read_weights(path), path)
    head = weights.get("fc.weight")
    if head is None or head.ndim != 2:
        raise StoryError(f"{path} is no Inception-v3 classifier: it has no 'fc.weight'")
    network = InceptionV3(len(head))
    fit(network, weights, path)
    return network.eval().requires_grad_(False)


def load_fid_network(path: str | Path) -> InceptionV3:
    """Returns the FID's network, pt_inception-2015-12-05-6726825d.pth. StoryError if the file is a different one."""
    network = InceptionV3(FID_CLASSES, fid=True)
    fit(network, tensors_of(read_weights(path), path), path)
    return network.eval().requires_grad_(False)


@torch.inference_mode()
def in_batches(
    function: Callable[[torch.Tensor], torch.Tensor], pictures: Iterable[torch.Tensor], device: torch.device
) -> np.ndarray:
    """Returns `function` of any number of pictures (3, H, W), computed in batches on `device`: (N, ...) float64."""
    parts, batch = [], []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            parts.append(function(torch.stack(batch).to(device)).double().cpu().numpy())
            batch = []
    if batch:
        parts.append(function(torch.stack(batch).to(device)).double().cpu().numpy())
    return np.concatenate(parts)
