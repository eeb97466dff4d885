"""What stage 1 begins with: the parts of a folder, and a denoiser that fits the autoencoder's latents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizerFast, CLIPVisionModelWithProjection

from storyboard.errors import StoryError
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.fusion import CharacterFuser
from storyboard.models.latents import downsampling
from storyboard.models.portrait_encoder import PortraitEncoder
from storyboard.models.portrait_tokens import PortraitTokens
from training.configs.parts import Scheduler, load_image_encoder
from training.train_char_ldm.arguments import CharLdmArguments

TOKENS = "char_ldm/portrait_tokens"  # where a parts folder has what stage 1 learned of them


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


def load_portrait_tokens(args: CharLdmArguments, vae: AutoencoderKL) -> PortraitTokens | None:
    """Returns the portrait tokens that the denoiser reads; None if it reads none.

    A denoiser that goes on keeps those that it knows. StoryError if they are asked for with a dataset folder.
    """
    folder = Path(args.parts) / TOKENS
    known = args.continued and folder.exists()
    if args.data and (known or args.portrait_tokens):
        raise StoryError(
            "Portrait tokens are learned on Maple Lane alone; leave out --data, or use other parts."
        )
    if known:
        return PortraitTokens.from_pretrained(folder).train()
    if not args.portrait_tokens:
        return None
    width = CLIPTextModel.config_class.from_pretrained(Path(args.parts) / "text_encoder").hidden_size
    side = vae.config.sample_size // downsampling(vae)
    patch = max(1, side // 8), side // 4
    return PortraitTokens(width, vae.config.latent_channels, side, side // 2, patch)


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
    """Returns the denoiser of the parts, for latents of so many channels.

    If the autoencoder has got more channels, the denoiser keeps those that it knows. It ignores the new ones at first,
    and predicts nothing for them. StoryError if it has more channels than the autoencoder.
    """
    parts = Path(args.parts)
    unet = UNet2DConditionModel.from_pretrained((parts / "char_ldm" if args.continued else parts) / "unet")
    known = unet.config.in_channels
    if known > channels:
        raise StoryError(
            f"The denoiser of {parts} draws latents of {known} channels, and its autoencoder has {channels}; put the "
            "autoencoder back that it was trained with."
        )
    if known < channels:
        unet.conv_in, unet.conv_out = (
            _wider(unet.conv_in, inputs=channels),
            _wider(unet.conv_out, outputs=channels),
        )
        unet.register_to_config(in_channels=channels, out_channels=channels)
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
