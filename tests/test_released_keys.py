"""The keys and shapes of the released checkpoints at full size: each becomes a weight of ours and comes back."""

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from storyboard.models.fusion import CharacterFuser
from storyboard.models.image_tokens import ImageTokens
from storyboard.models.mappers import ConditionMapper, VisualMapper
from training.configs.parts import build_unet, build_vae, load_config
from training.released import parts
from training.released.check import shapes_of
from training.released.keys import FIRST_STAGE, SECOND_STAGE, from_released, standardise, to_released

TABLES = Path(__file__).parent / "reference_keys"


FULL_SIZES = ("sd15-opt-6.7b", "sd15-llama-2-7b")


def table(name: str) -> dict[str, tuple[int, ...]]:
    rows = [line.split("\t") for line in (TABLES / f"{name}.tsv").read_text().splitlines()]
    return {key: tuple(map(int, shape.split("x"))) if shape else () for key, shape in rows}


def size(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(torch.Size(shape).numel() for shape in shapes.values())


def first_stage_parts(config: dict) -> dict:
    clip = config["clip"]
    with torch.device("meta"):
        return {
            "text_encoder": CLIPTextModel(CLIPTextConfig(**clip["text_config"])),
            "image_encoder": CLIPVisionModelWithProjection(
                CLIPVisionConfig(**clip["vision_config"], projection_dim=clip["projection_dim"])
            ),
            "vae": build_vae(config),
            "unet": build_unet(config),
            "fuser": CharacterFuser(clip["text_config"]["hidden_size"], clip["projection_dim"]),
        }


def second_stage_parts(config: dict) -> dict:
    sizes = dict(config["language_model"])
    words = AutoConfig.for_model(sizes.pop("model_type"), **sizes)
    text, vision = config["clip"]["text_config"], config["clip"]["vision_config"]
    with torch.device("meta"):
        width = AutoModelForCausalLM.from_config(words).get_input_embeddings().weight.shape[1]
        return {
            "image_tokens": ImageTokens(width, **config["image_tokens"]),
            "visual_mapper": VisualMapper(vision["hidden_size"], width, **config["visual_mapper"]),
            "condition_mapper": ConditionMapper(
                width, text["hidden_size"], text["max_position_embeddings"], **config["condition_mapper"]
            ),
        }


def states_of(modules: dict) -> dict:
    return {name: shapes_of(module.state_dict()) for name, module in modules.items()}


def test_full_size_char_ldm_has_the_1536_released_keys_and_maps_both_ways():
    states = states_of(first_stage_parts(load_config(FULL_SIZES[0])))
    expected = table("first-stage")
    assert to_released(FIRST_STAGE, states) == expected
    assert (len(expected), size(expected)) == (1536, 1_373_159_851)
    back = from_released(FIRST_STAGE, standardise(FIRST_STAGE, expected).used)
    assert back == states


@pytest.mark.parametrize("name", FULL_SIZES)
def test_full_size_alignment_has_the_137_released_keys_and_maps_both_ways(name):
    states = states_of(second_stage_parts(load_config(name)))
    heads = parts.retrieval_shapes(256, 1024, 4096)
    expected = table("second-stage")
    assert to_released(SECOND_STAGE, states, heads) == expected
    assert (len(expected), size(expected)) == (137, 50_096_385)
    found = standardise(SECOND_STAGE, expected)
    assert (from_released(SECOND_STAGE, found.used), found.unused) == (states, heads)
