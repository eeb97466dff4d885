"""Maple Lane with a Llama instead of OPT: the same size, trained and frozen, aligned, put together, drawing."""

import json

import pytest
import torch
from PIL import Image
from transformers import PreTrainedTokenizerFast

from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest
from tests import tiny
from tests.parts_folder import CAPTION_TOKENS, write_latents, write_parts
from training import assemble
from training.align_llm import cache as cache_conditions
from training.align_llm import train as align_llm
from training.configs.parts import build_language_model, load_config
from training.examples import shards
from training.pretrain.__main__ import main as pretrain

STEPS = ["--steps", "5", "--batch", "2"]
STORIES = 4  # a shard


def test_both_backbones_have_the_same_budget():
    tokenizer = tiny.language_tokenizer()
    sizes = []
    for name in ("maple-lane", "maple-lane-llama"):
        model = build_language_model(load_config(name), tokenizer)
        sizes.append((model.config.model_type, sum(p.numel() for p in model.parameters())))
    assert [kind for kind, _ in sizes] == ["opt", "llama"]
    assert sizes[0][1] == pytest.approx(sizes[1][1], rel=0.01)
    ours, theirs = (load_config(name) for name in ("maple-lane", "maple-lane-llama"))
    # The systems that read with neither model have their own settings.
    assert {key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]} == {"language_model"}
    assert theirs.keys() <= ours.keys()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """Pretrains and aligns a tiny Llama over untrained parts, and makes its pipeline."""
    folder = tmp_path_factory.mktemp("llama")
    config = load_config("maple-lane-llama")
    config["language_model"].update(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
    )
    config["condition_mapper"] = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}
    (folder / "tiny.json").write_text(json.dumps(config))
    size = ["--config", str(folder / "tiny.json"), "--parts", str(folder / "parts")]
    conditions = ["--conditions", str(folder / "conditions")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
        patch.setattr(shards, "SHARD_STORIES", STORIES)
        write_parts(folder / "parts")
        write_latents(folder / "latents", STORIES)
        pretrain(["language-model", *size, *STEPS, "--frames", "2", "--output_dir", str(folder / "lm")])
        cache_conditions.main([*size[2:], "--out", conditions[1], "--stories", str(STORIES)])
        pretrain(["visual-mapper", *size, *STEPS, *conditions, "--output_dir", str(folder / "vm")])
    more = ["--latents", str(folder / "latents"), "--image_weight", "0.1"]
    more += ["--visual_mapper", str(folder / "parts" / "visual_mapper")]
    align_llm.main([*size, *STEPS, *conditions, *more, "--output_dir", str(folder / "align")])
    assemble.main([*size[2:], "--out", str(folder / "pipeline"), "--steps", "1"])
    assemble.main([*size[2:], "--out", str(folder / "stage-1"), "--stage", "1"])
    return folder


def test_it_is_a_llama_with_our_own_words(recipe):
    pipeline = StoryPipeline.from_pretrained(recipe / "pipeline")
    assert type(pipeline.language_model).__name__ == "LlamaForCausalLM"
    tokenizer = PreTrainedTokenizerFast.from_pretrained(recipe / "parts" / "language_tokenizer")
    assert pipeline.language_model.config.vocab_size == len(tokenizer)
    assert pipeline.language_model.config.tie_word_embeddings


def test_stage_2_aligns_it(recipe):
    log = json.loads((recipe / "align" / "log.jsonl").read_text().splitlines()[-1])
    assert log["step"] == 5 and all(
        torch.isfinite(torch.tensor(log[name])) for name in ("alignment", "generation", "image")
    )


def test_it_draws_a_story_and_what_it_reads_counts(recipe):
    pipeline = StoryPipeline.from_pretrained(recipe / "pipeline")
    pipeline.set_progress_bar_config(disable=True)
    cast = (CastMember("Rosa", "she", (), Image.new("RGB", (32, 32), "yellow")),)

    def second(caption):
        history = (ContextFrame(caption, Image.new("RGB", (32, 32), "green")),)
        *_, drawn = pipeline.render(FrameRequest("She reads.", cast, history, seed=1))
        return drawn

    one, other = second("Rosa waves."), second("Rosa sleeps in the library.")
    assert one.conditioning == "llm" and one.picture.size == (32, 32)
    assert one.picture.tobytes() != other.picture.tobytes()


def test_a_pipeline_of_stage_1_has_no_language_model(recipe):
    pipeline = StoryPipeline.from_pretrained(recipe / "stage-1")
    assert pipeline.language_model is None and pipeline.condition_mapper is None
    *_, drawn = pipeline.render(FrameRequest("A cat.", (), (), seed=1, steps=1))
    assert drawn.conditioning == "char-ldm"
