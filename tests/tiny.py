"""Every model part at the smallest size that still has its real shape, with seeded random weights.

Nothing is downloaded: tokenizers know bytes and two merges. There is one function for each part, and `pipeline()` for
the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedTokenizerFast,
)

from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.fusion import CharacterFuser
from storyboard.models.image_tokens import ImageTokens
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.portrait_canvas import inputs_with_canvas
from storyboard.models.prompt_tokens import Told
from storyboard.models.story_reader import StoryReader
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.context import InterleavedContext, ReadCondition, split
from storyboard.text.prompt import Part

TEXT_WIDTH = 16  # D
TEXT_TOKENS = 32  # L
PORTRAIT_WIDTH = 12  # V of the fuser: projected image embeddings
VISION_WIDTH = 24  # V of the visual mapper: pooled vision states
WORD_WIDTH = 20  # E
IMAGE_TOKENS = 8  # R
VISUAL_TOKENS = 2  # m
PORTRAIT_SIZE = 16
LATENT_CHANNELS = 4


def text_tokenizer() -> CLIPTokenizer:
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*symbols, *(symbol + "</w>" for symbol in symbols), "ro", "sa</w>"]
    vocabulary = {piece: i for i, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    merges = [("r", "o"), ("s", "a</w>")]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=TEXT_TOKENS)


def text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    torch.manual_seed(1)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=TEXT_TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
    )
    return CLIPTextModel(config).eval()


def image_encoder() -> CLIPVisionModelWithProjection:
    torch.manual_seed(2)
    config = CLIPVisionConfig(
        hidden_size=VISION_WIDTH,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=PORTRAIT_SIZE,
        patch_size=8,
        projection_dim=PORTRAIT_WIDTH,
        initializer_range=0.5,
    )
    return CLIPVisionModelWithProjection(config).eval()


def image_processor() -> CLIPImageProcessorPil:
    size = {"height": PORTRAIT_SIZE, "width": PORTRAIT_SIZE}
    return CLIPImageProcessorPil(size={"shortest_edge": PORTRAIT_SIZE}, crop_size=size)


def fuser() -> CharacterFuser:
    torch.manual_seed(3)
    return CharacterFuser(TEXT_WIDTH, PORTRAIT_WIDTH).eval()


def unet(sample_size: int = 8) -> UNet2DConditionModel:
    """Returns a UNet of three levels with cross-attention in each, so that the choice of recorded layers matters."""
    torch.manual_seed(4)
    return UNet2DConditionModel(
        sample_size=sample_size,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(8, 8, 16),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=2,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()


def vae() -> AutoencoderKL:
    """f = 4: 32x32 pixels are 8x8 latents, normalised per channel."""
    torch.manual_seed(5)
    return AutoencoderKL(
        block_out_channels=(4, 4, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=2,
        latents_mean=[0.1, 0.2, -0.1, 0.0],
        latents_std=[0.5, 1.0, 0.7, 0.9],
    ).eval()


def scheduler() -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(
        prediction_type="v_prediction", use_karras_sigmas=True, timestep_spacing="trailing"
    )


def language_tokenizer() -> PreTrainedTokenizerFast:
    symbols = ["<pad>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE(vocab={symbol: i for i, symbol in enumerate(symbols)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="</s>", eos_token="</s>", pad_token="<pad>"
    )


def opt(tokenizer: PreTrainedTokenizerFast, positions: int = 512) -> OPTForCausalLM:
    torch.manual_seed(6)
    config = OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=WORD_WIDTH,
        ffn_dim=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=positions,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        init_std=0.5,
    )
    return OPTForCausalLM(config).eval().requires_grad_(False)


def llama(tokenizer: PreTrainedTokenizerFast, positions: int = 512) -> LlamaForCausalLM:
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WORD_WIDTH,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=positions,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
    )
    return LlamaForCausalLM(config).eval().requires_grad_(False)


def image_tokens() -> ImageTokens:
    torch.manual_seed(8)
    return ImageTokens(width=WORD_WIDTH, count=IMAGE_TOKENS).eval()


def visual_mapper() -> VisualMapper:
    torch.manual_seed(9)
    return VisualMapper(VISION_WIDTH, WORD_WIDTH, VISUAL_TOKENS).eval()


def condition_mapper(**switches) -> ConditionMapper:
    """switches: `reads_story` and `people`."""
    torch.manual_seed(10)
    mapper = ConditionMapper(
        input_width=WORD_WIDTH,
        output_width=TEXT_WIDTH,
        queries=TEXT_TOKENS,
        width=16,
        layers=1,
        heads=2,
        feedforward=16,
        **switches,
    )
    return mapper.eval()


def conditioner() -> CharacterConditioner:
    tokenizer = text_tokenizer()
    return CharacterConditioner(tokenizer, text_encoder(tokenizer), image_encoder(), fuser())


def reader(build=opt, positions: int = 512) -> StoryReader:
    """`build`: `opt` or `llama`."""
    tokenizer = language_tokenizer()
    return StoryReader(
        build(tokenizer, positions), tokenizer, image_tokens(), visual_mapper(), condition_mapper()
    )


def lengths_read(reader: StoryReader, patch: pytest.MonkeyPatch) -> list[int]:
    """Returns a list of the length of every text that its language model reads from now on."""
    lengths: list[int] = []
    states = reader.states

    def noted(embeddings, cache=None):
        lengths.append(embeddings.shape[1])
        return states(embeddings, cache)

    patch.setattr(reader, "states", noted)
    return lengths


def read_in(
    context: InterleavedContext,
    parts: Sequence[Part],
    *features: torch.Tensor | None,
    told: Told | None = None,
) -> ReadCondition:
    """Returns the condition that a context makes of a prompt.

    features: those of the prompt's pictures, as `split` takes them.
    """
    return context.read(split(context.reader, parts, *features, told=told), told)


def pipeline(language: bool = True, **settings) -> StoryPipeline:
    """Returns a pipeline for 32x32 pictures in 4 steps. language=False: as after stage 1."""
    parts = reader() if language else None
    ours = conditioner()
    built = StoryPipeline(
        vae=vae(),
        unet=unet(),
        scheduler=scheduler(),
        tokenizer=ours.tokenizer,
        text_encoder=ours.text_encoder,
        image_encoder=ours.image_encoder,
        image_processor=image_processor(),
        fuser=ours.fuser,
        language_model=parts and parts.language_model,
        language_tokenizer=parts and parts.tokenizer,
        image_tokens=parts and parts.image_tokens,
        visual_mapper=parts and parts.visual_mapper,
        condition_mapper=parts and parts.condition_mapper,
        **{"steps": 4, **settings},
    )
    built.set_progress_bar_config(disable=True)
    return built


def with_canvas(pipeline: StoryPipeline) -> StoryPipeline:
    """Returns the pipeline with a denoiser that reads a canvas."""
    unet = pipeline.unet
    torch.manual_seed(0)
    inputs = inputs_with_canvas(unet.config.out_channels)
    unet.conv_in = torch.nn.Conv2d(inputs, unet.conv_in.out_channels, 3, padding=1)
    unet.register_to_config(in_channels=inputs)
    return pipeline
