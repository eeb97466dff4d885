"""Stable Diffusion 1.5 and XL, their IP-Adapters and a LoRA, in folders like on the Hub, with tiny random parts.

The classes of diffusers and transformers build them from configs, so shapes and keys are real and the weights are not.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from tests import tiny

SIDE = 32  # pixels of a square picture
TEXT_WIDTH = 16
PROJECTION = 12  # of the image encoder
VISION_WIDTH = 24
IMAGE_TOKENS = 4  # of an IP-Adapter
RESAMPLER_LAYERS, RESAMPLER_HEAD = 4, 64  # of a "plus" adapter; diffusers expects these numbers


def stable_diffusion(folder: Path) -> Path:
    """Saves a pipeline like Stable Diffusion 1.5. Returns the folder."""
    torch.manual_seed(20)
    tokenizer = tiny.text_tokenizer()
    pipe = StableDiffusionPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text_config(tokenizer)),
        tokenizer=tokenizer,
        unet=_unet(TEXT_WIDTH),
        scheduler=_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)
    return folder


def stable_diffusion_xl(folder: Path) -> Path:
    """Saves a pipeline like Stable Diffusion XL. Returns the folder."""
    torch.manual_seed(21)
    tokenizer = tiny.text_tokenizer()
    second = CLIPTextModelWithProjection(_text_config(tokenizer))
    unet = _unet(
        2 * TEXT_WIDTH,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + TEXT_WIDTH,
        # As in the real model, only the coarse levels have attention, and the first block up has three such layers.
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    pipe = StableDiffusionXLPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text_config(tokenizer)),
        text_encoder_2=second,
        tokenizer=tokenizer,
        tokenizer_2=tiny.text_tokenizer(),
        unet=unet,
        scheduler=_scheduler(),
    )
    pipe.save_pretrained(folder)
    return folder


def ip_adapter(
    folder: Path, model: Path, name: str = "ip-adapter_sd15.safetensors", plus: bool = False
) -> Path:
    """Saves an IP-Adapter for a model's folder, and its image encoder, in the layout of h94/IP-Adapter.

    plus: whether it reads the image encoder's states through a resampler. Returns the folder.
    """
    torch.manual_seed(22)
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    width = unet.config.cross_attention_dim
    weights = {f"image_proj.{key}": value for key, value in _projection(width, plus).items()}
    cross = [one for one in unet.attn_processors if not one.endswith("attn1.processor")]
    for number, processor in enumerate(cross):
        layer = unet.get_submodule(processor.removesuffix(".processor"))
        for part in ("to_k_ip", "to_v_ip"):
            value = torch.randn(layer.to_k.out_features, width)
            weights[f"ip_adapter.{2 * number + 1}.{part}.weight"] = value
    (folder / "models").mkdir(parents=True)
    save_file(weights, folder / "models" / name)
    # Another family's encoder is beside it, like on the Hub.
    image_encoder(PROJECTION + 4, VISION_WIDTH + 8).save_pretrained(folder / "sdxl_models" / "image_encoder")
    image_encoder(PROJECTION, VISION_WIDTH).save_pretrained(folder / "models" / "image_encoder")
    return folder


def lora(folder: Path, model: Path, name: str = "watercolour.safetensors") -> Path:
    """Saves a LoRA for the attention of a model's folder. Returns its file."""
    torch.manual_seed(23)
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    weights = {}
    for processor in unet.attn_processors:
        layer = processor.removesuffix(".processor")
        query = unet.get_submodule(layer).to_q
        weights[f"unet.{layer}.to_q.lora_A.weight"] = torch.randn(2, query.in_features)
        weights[f"unet.{layer}.to_q.lora_B.weight"] = torch.randn(query.out_features, 2)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / name)
    return folder / name


def image_encoder(projection: int, width: int) -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        projection_dim=projection,
        initializer_range=0.5,
    )
    return CLIPVisionModelWithProjection(config)


def _projection(width: int, plus: bool) -> dict[str, torch.Tensor]:
    if not plus:
        return {
            "proj.weight": torch.randn(IMAGE_TOKENS * width, PROJECTION),
            "proj.bias": torch.randn(IMAGE_TOKENS * width),
            "norm.weight": torch.ones(width),
            "norm.bias": torch.zeros(width),
        }
    projection = {
        "latents": torch.randn(1, IMAGE_TOKENS, width),
        "proj_in.weight": torch.randn(width, VISION_WIDTH),
        "proj_in.bias": torch.zeros(width),
        "proj_out.weight": torch.randn(width, width),
        "proj_out.bias": torch.zeros(width),
        "norm_out.weight": torch.ones(width),
        "norm_out.bias": torch.zeros(width),
    }
    for layer in range(RESAMPLER_LAYERS):
        parts = {
            "0.norm1.weight": torch.ones(width),
            "0.norm1.bias": torch.zeros(width),
            "0.norm2.weight": torch.ones(width),
            "0.norm2.bias": torch.zeros(width),
            "0.to_q.weight": torch.randn(RESAMPLER_HEAD, width),
            "0.to_kv.weight": torch.randn(2 * RESAMPLER_HEAD, width),
            "0.to_out.weight": torch.randn(width, RESAMPLER_HEAD),
            "1.0.weight": torch.ones(width),
            "1.0.bias": torch.zeros(width),
            "1.1.weight": torch.randn(4 * width, width),
            "1.3.weight": torch.randn(width, 4 * width),
        }
        projection |= {f"layers.{layer}.{name}": value for name, value in parts.items()}
    return projection


def _text_config(tokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tiny.TEXT_TOKENS,
        projection_dim=TEXT_WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
    )


def _unet(width: int, **switches) -> UNet2DConditionModel:
    sizes = {
        "sample_size": SIDE // 2,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "cross_attention_dim": width,
        "attention_head_dim": 2,
        "norm_num_groups": 4,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    return UNet2DConditionModel(**(sizes | switches))


def _vae() -> AutoencoderKL:
    """f = 2: 32x32 pixels are 16x16 latents."""
    return AutoencoderKL(
        block_out_channels=(4, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        norm_num_groups=2,
    )


def _scheduler() -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )
