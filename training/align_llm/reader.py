"""The reader that stage 2 trains: the frozen language model of a parts folder, with fresh mappers around it."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoConfig, AutoModelForCausalLM

from storyboard.models.image_tokens import ImageTokens
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.story_reader import StoryReader
from training.released.language import load_tokenizer


def build_reader(parts: Path, config: dict, image_width: int, queries: int, output_width: int) -> StoryReader:
    """Returns a reader with the frozen language model of `parts`. All its trainable parts are fresh."""
    language_config = AutoConfig.from_pretrained(parts / "language_model")
    for name in ("dropout", "attention_dropout", "activation_dropout", "layerdrop"):
        if hasattr(language_config, name):
            setattr(language_config, name, 0.0)
    language_model = AutoModelForCausalLM.from_pretrained(parts / "language_model", config=language_config)
    tokenizer = load_tokenizer(parts / "language_tokenizer")
    width = language_model.get_input_embeddings().weight.shape[1]
    return StoryReader(
        language_model,
        tokenizer,
        ImageTokens(width, **config["image_tokens"]),
        VisualMapper(image_width, width, **config["visual_mapper"]),
        ConditionMapper(width, output_width, queries, **config["condition_mapper"]),
    )
