"""What stage 1 begins with: the parts of a folder, and a denoiser that fits the autoencoder's latents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizerFast, CLIPVisionModelWithProjection

from storyboard.errors import StoryError
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.fusion import CharacterFuser
from storyboard.models.portrait_canvas import inputs_with_canvas, reads_canvas
from storyboard.models.portrait_encoder import PortraitEncoder
from training.configs.parts import Scheduler, load_image_encoder
from training.train_char_ldm.arguments import CharLdmArguments


def load_conditioner(args: CharLdmArguments) -> CharacterConditioner:
    """Returns the text and vision towers with which stage 1 starts, and a fuser.

    The fuser is new unless a run is continued. A fuser that trains on Maple Lane also learns portraits on deeds, and
    its config says so from then on.
    """
    parts = Path(args.parts)
    start = parts / "char_ldm" if args.continued else parts
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder", dtype=torch.float32)
    image_encoder = load_image_encoder((parts if args.new_tower else start) / "image_encoder")
    if args.continued:
        fuser = CharacterFuser.from_pretrained(start / "fuser").train()
    else:
        fuser = CharacterFuser(text_encoder.config.hidden_size, image_encoder.config.projection_dim)
    if not args.data:
        fuser.register_to_config(deeds=True)
    tokenizer = CLIPTokenizerFast.from_pretrained(parts / "tokenizer")
    return CharacterConditioner(tokenizer, text_encoder, image_encoder, fuser)


def ending_in_noise(scheduler: Scheduler) -> Scheduler:
    """Returns a scheduler whose last timestep has no signal, so that drawing begins as training does.

    Otherwise training shows a little of the picture there, and a denoiser learns whether it is night from the mean of
    what it takes for noise, not from the caption. Karras' sigmas would spend most steps near the end of this schedule.
    """
    return type(scheduler).from_config(
        {**scheduler.config, "rescale_betas_zero_snr": True, "use_karras_sigmas": False}
    )


def last_layers(encoder: CLIPVisionModelWithProjection | PortraitEncoder, count: int) -> Sequence[nn.Module]:
    """Returns the last `count` layers of a vision tower. A portrait encoder has no layers for stage 1 to train."""
    if isinstance(encoder, PortraitEncoder):
        return ()
    layers = encoder.vision_model.encoder.layers
    return layers[len(layers) - count :]


def load_unet(args: CharLdmArguments, channels: int) -> UNet2DConditionModel:
    """Returns the denoiser of the parts, for latents of so many channels, and a canvas if it is to read one.

    If the autoencoder has got more channels, the denoiser keeps those that it knows. It ignores the new ones at first,
    and predicts nothing for them. A canvas, too, it ignores at first. One that reads a canvas goes on reading it.
    StoryError if it has more channels than the autoencoder, or is to read a canvas of a dataset folder's portraits.
    """
    parts = Path(args.parts)
    unet = UNet2DConditionModel.from_pretrained((parts / "char_ldm" if args.continued else parts) / "unet")
    read = reads_canvas(unet) or args.portrait_canvas
    if read and args.data:
        raise StoryError(
            "A portrait canvas is learned on Maple Lane alone; leave out --data, or use other parts."
        )
    known = unet.config.out_channels
    if known > channels:
        raise StoryError(
            f"The denoiser of {parts} draws latents of {known} channels, and its autoencoder has {channels}; put the "
            "autoencoder back that it was trained with."
        )
    if reads_canvas(unet) and known < channels:
        raise StoryError(
            f"The denoiser of {parts} reads a canvas of {known} channels, and its autoencoder has {channels}; widen a "
            "denoiser without a canvas."
        )
    inputs = inputs_with_canvas(channels) if read else channels
    if unet.config.in_channels < inputs:
        unet.conv_in = _wider(unet.conv_in, inputs=inputs)
    if known < channels:
        unet.conv_out = _wider(unet.conv_out, outputs=channels)
    unet.register_to_config(in_channels=inputs, out_channels=channels)
    return unet


@torch.no_grad()
def _wider(layer: nn.Conv2d, inputs: int | None = None, outputs: int | None = None) -> nn.Conv2d:
    """Returns a convolution with more inputs or outputs. Its additional weights are zero."""
    wider = nn.Conv2d(
        inputs or layer.in_channels,
        outputs or layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]  # torch takes two numbers, but its types say any number
        padding=layer.padding,  # type: ignore[arg-type]
    )
    for name, weight in wider.named_parameters():
        old = getattr(layer, name)
        weight.zero_()
        weight[tuple(slice(size) for size in old.shape)] = old
    return wider
