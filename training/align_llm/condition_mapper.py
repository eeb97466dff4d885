"""`python -m training.align_llm.condition_mapper`: stage 2 on cached states, without running the language model.

Trains the condition mapper alone (§3.3's Mapper_LDM), at thousands of steps an hour on one core. The mapper learns to
translate: whatever the wording of the story, its output is the condition of the frame's canonical caption. The command
prints and logs how often the people, the place and everybody's action are right on stories of the val split.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import CLIPImageProcessor

from storyboard.errors import StoryError
from storyboard.models.mappers import ConditionMapper
from storyboard.text.lexicon import Lexicon
from training.align_llm.arguments import MapperArguments
from training.align_llm.cache import load_conditioner
from training.align_llm.readings import nearest_caption, right_people
from training.align_llm.story_states import StateCache, layer_name
from training.align_llm.targets import Targets
from training.align_llm.translation import (
    Translation,
    Translations,
    TranslationTraining,
    collated,
    read_pointing,
)
from training.configs.arguments import parsed
from training.configs.parts import load_config, save_part
from training.examples.portrait_features import PortraitFeatures
from training.loop import TrainingRun
from training.maple_lane.more_actions import ALL_ACTIONS
from training.maple_lane.words.learned import deed_words

MEASURED = 256  # tellings whose states give the mean and the spread of states
CHECKED = 96  # frames of the val split that every checkpoint is checked on


@dataclass(frozen=True)
class Scale:
    """The mean and the spread (E,) of what a linear layer reads.

    With them a mapper learns on inputs of mean 0 and spread 1.

    Some numbers of a language model's states are a hundred times larger than others, and no step size fits both.
    """

    mean: torch.Tensor
    spread: torch.Tensor

    @classmethod
    def of(cls, states: torch.Tensor) -> Scale:
        """Returns the scale of states (..., E)."""
        flat = states.float().flatten(0, -2)
        return cls(flat.mean(0), flat.std(0).clamp(min=1e-3))

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        return (states.float() - self.mean) / self.spread

    def into(self, layer: nn.Linear) -> None:
        """Changes a layer that reads scaled states into a layer that reads the states as they are."""
        with torch.no_grad():
            layer.weight.div_(self.spread)
            layer.bias.sub_(layer.weight @ self.mean)

    def out_of(self, layer: nn.Linear) -> None:
        """The inverse of `into`."""
        with torch.no_grad():
            layer.bias.add_(layer.weight @ self.mean)
            layer.weight.mul_(self.spread)


class ScaledTranslations(Translations):
    """Translations with scaled states of the words and scaled states of the image tokens."""

    def __init__(self, *told: Any, words: Scale, images: Scale, embeddings: torch.Tensor, **switches: Any):
        super().__init__(*told, **switches)
        self.words, self.images, self.embeddings = words, images, embeddings

    def example(self, *frame: Any) -> Translation:
        one = super().example(*frame)
        story = one.story._replace(states=self.words(one.story.states))
        return replace(one, story=story, images=self.images(one.images + self.embeddings))


def main(argv: list[str] | None = None) -> None:
    args = parsed(MapperArguments, argv)
    torch.manual_seed(args.seed)
    parts, cache = Path(args.parts), StateCache(Path(args.states))
    conditioner = load_conditioner(parts, "cpu")
    processor = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    targets = Targets(conditioner, PortraitFeatures(conditioner.encode_portraits, processor))
    image_tokens = cache.image_tokens()
    lexicon = Lexicon(deed_words(ALL_ACTIONS))
    mapper = _mapper(args, parts, image_tokens.config.width, targets, list(lexicon.deeds))
    val_cache = StateCache(Path(args.val_states))
    for some in (cache, val_cache):
        check_layer(mapper, some)
    embeddings = image_tokens.weight.detach()
    scales = _scales(cache, embeddings)
    if args.continued:
        scales["images"].out_of(mapper.fc)
        scales["words"].out_of(mapper.story_fc)
    people = mapper.config.people
    learnt, checked = (
        ScaledTranslations(
            some, targets, people, args.seed, learning, lexicon, embeddings=embeddings, **scales
        )
        for some, learning in ((cache, True), (val_cache, False))
    )
    module = TranslationTraining(
        mapper, torch.zeros_like(embeddings), args, len(targets.conditioner.tokenizer)
    )
    run = TrainingRun(module, learnt, args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                _tell(Path(args.output_dir), stats.step, read_right(mapper, checked, targets, CHECKED))
    if run.accelerator.is_main_process:
        with run.averaged():
            _tell(Path(args.output_dir), run.step, read_right(mapper, checked, targets, 4 * CHECKED))
            scales["images"].into(mapper.fc)
            scales["words"].into(mapper.story_fc)
            save_part(parts, "aligned/condition_mapper", mapper)
            save_part(parts, "aligned/image_tokens", image_tokens)


def _scales(cache: StateCache, embeddings: torch.Tensor) -> dict[str, Scale]:
    """The scales of the words' states and of the image tokens' states, measured on a part of the cache."""
    seen = [cache[number] for number in range(min(MEASURED, len(cache)))]
    return {
        "words": Scale.of(torch.cat([one.states for one in seen])),
        "images": Scale.of(torch.cat([one.images for one in seen]) + embeddings),
    }


def _mapper(
    args: MapperArguments, parts: Path, width: int, targets: Targets, deeds: list[str]
) -> ConditionMapper:
    """A fresh mapper, or with --continued the trained one. If it has `people`, it is told these deeds."""
    if args.continued:
        trained = ConditionMapper.from_pretrained(parts / "aligned" / "condition_mapper")
        return told_deeds(trained, deeds).train()
    queries, output_width = targets.shape
    settings = load_config(args.config)["condition_mapper"]
    if settings.get("people"):
        settings["deeds"] = deeds
    return ConditionMapper(width, output_width, queries, **settings)


def told_deeds(mapper: ConditionMapper, deeds: Sequence[str]) -> ConditionMapper:
    """Returns the mapper as a mapper that is told these deeds.

    It reads as before until it has learned what the deeds say.
    """
    if not mapper.config.people or list(mapper.config.deeds) == list(deeds):
        return mapper
    settings = {name: value for name, value in mapper.config.items() if not name.startswith("_")}
    new = ConditionMapper.from_config({**settings, "deeds": list(deeds)})
    kept = {
        name: value for name, value in mapper.state_dict().items() if not name.startswith("pointer.told.")
    }
    new.load_state_dict(new.state_dict() | kept)
    return new.train(mapper.training)


def check_layer(mapper: ConditionMapper, cache: StateCache) -> None:
    """StoryError if the cached states come from another layer than the layer that the mapper reads."""
    wanted = mapper.config.story_layer
    if cache.story_layer != wanted:
        raise StoryError(
            f"{cache.folder} holds states of {layer_name(cache.story_layer)}, and this mapper reads "
            f"{layer_name(wanted)}; make states with the same --config, or train afresh (--continued false)."
        )


@torch.inference_mode()
def read_right(
    mapper: ConditionMapper, examples: Translations, targets: Targets, count: int
) -> dict[str, float]:
    """Returns how often readings are right, in per cent.

    It counts the frames whose people are all right, the frames whose place is right, and the people whose action is
    right. Stories of the cast and stories of other people are counted separately.
    """
    mapper.eval()
    right: dict[str, list[bool]] = defaultdict(list)
    for number in range(count):
        index = number % len(examples.read)
        telling, rng = examples.read[index].telling, np.random.default_rng(number)
        frame, cast = number % len(telling.frames), examples.dressed(index, rng)
        batch = collated([examples.example(index, frame, cast, rng)])
        images = batch["images"]
        condition, pointed = read_pointing(mapper, images, torch.zeros_like(images), batch["story"])
        place, actions = nearest_caption(condition[0], telling.frames[frame].shows, cast, targets)
        whose = ", anybody" if telling.looks else ""
        right[f"who{whose}"].append(right_people(pointed[0], batch["points"][0]))
        right[f"where{whose}"].append(place)
        right[f"what{whose}"] += actions
    mapper.train()
    return {name: 100 * float(np.mean(found)) for name, found in right.items() if found}


def _tell(folder: Path, step: int, right: dict[str, float]) -> None:
    line = {"step": step, **{name: round(value, 1) for name, value in right.items()}}
    print(f"\n{json.dumps(line)}", flush=True)
    with (folder / "val.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"condition_mapper: {error}")
