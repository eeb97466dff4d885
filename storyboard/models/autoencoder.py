"""An autoencoder whose decoder works up to full resolution, so that pictures keep their hard edges.

It is diffusers' AutoencoderKL except for the decoder's last layer. The plain decoder ends with a convolution that
produces every patch of the picture at once. Here a head is added that works its way up to single pixels, and adds the
detail that the patches lack. Encoder and latents are those of the plain autoencoder. Knows nothing of how either is
trained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn


class SharpAutoencoderKL(AutoencoderKL, ModelMixin):
    """AutoencoderKL over patches of a picture, with a head for detail.

    detail_channels: the widths of the head, from the grid of patches up to single pixels. The resolution doubles from
    one to the next, so patches of 4x4 pixels need three. The other settings are AutoencoderKL's. (ModelMixin, which
    AutoencoderKL already is, is named because diffusers only loads parts of a pipeline whose module knows that name.)
    """

    @register_to_config
    def __init__(
        self,
        in_channels: int = 48,
        out_channels: int = 48,
        down_block_types: tuple[str, ...] = ("DownEncoderBlock2D",),
        up_block_types: tuple[str, ...] = ("UpDecoderBlock2D",),
        block_out_channels: tuple[int, ...] = (64,),
        layers_per_block: int = 1,
        act_fn: str = "silu",
        latent_channels: int = 4,
        norm_num_groups: int = 32,
        sample_size: int = 32,
        scaling_factor: float = 0.18215,
        shift_factor: float | None = None,
        latents_mean: tuple[float, ...] | None = None,
        latents_std: tuple[float, ...] | None = None,
        force_upcast: bool = True,
        use_quant_conv: bool = True,
        use_post_quant_conv: bool = True,
        mid_block_add_attention: bool = True,
        detail_channels: tuple[int, ...] = (96, 32, 16),
    ):
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            down_block_types=down_block_types,
            up_block_types=up_block_types,
            block_out_channels=block_out_channels,
            layers_per_block=layers_per_block,
            act_fn=act_fn,
            latent_channels=latent_channels,
            norm_num_groups=norm_num_groups,
            sample_size=sample_size,
            scaling_factor=scaling_factor,
            shift_factor=shift_factor,
            latents_mean=latents_mean,
            latents_std=latents_std,
            force_upcast=force_upcast,
            use_quant_conv=use_quant_conv,
            use_post_quant_conv=use_post_quant_conv,
            mid_block_add_attention=mid_block_add_attention,
        )
        self.decoder.conv_out = PictureHead(self.decoder.conv_out, detail_channels)


class PictureHead(nn.Module):
    """Turns features (B, F, h, w) into patches (B, 3 p p, h, w), p a power of two: a linear base plus detail.

    base: the convolution F -> 3 p p of a plain decoder. The detail of a new head is zero.
    """

    def __init__(self, base: nn.Conv2d, channels: Sequence[int]):
        super().__init__()
        self.patch = 2 ** (len(channels) - 1)
        if base.out_channels != 3 * self.patch**2:
            patch = math.isqrt(base.out_channels // 3)
            raise ValueError(
                f"detail_channels {list(channels)} end in patches of {self.patch}x{self.patch} pixels, and the "
                f"autoencoder has patches of {patch}x{patch}; give one width more a doubling."
            )
        self.base = base
        self.widen = _conv(base.in_channels, channels[0])
        # No block at full resolution, where convolutions cost most and few channels are slow.
        self.blocks = nn.ModuleList(Residual(width) for width in channels[:-1])
        self.ups = nn.ModuleList(
            _conv(below, 4 * above) for below, above in zip(channels, channels[1:], strict=False)
        )
        for parameter in self.ups.parameters():
            # The four pixels of a doubling begin equal: four random ones would print a grid on flat areas.
            parameter.data = parameter.data[::4].repeat_interleave(4, dim=0)
        self.out = _conv(channels[-1], 3)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        grid = self.widen(features)
        for block, up in zip(self.blocks, self.ups, strict=True):
            grid = F.pixel_shuffle(up(F.leaky_relu(block(grid), 0.1)), 2)
        return self.base(features) + F.pixel_unshuffle(self.out(F.leaky_relu(grid, 0.1)), self.patch)


class Residual(nn.Module):
    """Two convolutions with leaky ReLUs, added to their input.

    There is no normalisation: at full resolution it would cost more than the convolutions.
    """

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        return grid + self.second(F.leaky_relu(self.first(F.leaky_relu(grid, 0.1)), 0.1))


def _conv(below: int, above: int) -> nn.Conv2d:
    return nn.Conv2d(below, above, 3, padding=1)


def sharpened(vae: AutoencoderKL) -> SharpAutoencoderKL:
    """Returns `vae` with a new head, which draws as before until it is trained.

    Encoder and latents stay as they are.
    """
    sharp = SharpAutoencoderKL.from_config(vae.config)
    weights = {
        name.replace("decoder.conv_out.", "decoder.conv_out.base."): weight
        for name, weight in vae.state_dict().items()
    }
    fresh = {name: weight for name, weight in sharp.state_dict().items() if name not in weights}
    sharp.load_state_dict(weights | fresh)
    return sharp
