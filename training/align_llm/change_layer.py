"""`python -m training.align_llm.change_layer`: makes a trained mapper read the story's words at another layer.

Only one linear layer of the mapper has to change: the layer that reads the states of the words. A least-squares fit
gives it new weights, so that it answers the new layer's states as it answered the old ones. Then `condition_mapper
--continued true` goes on from what the mapper has learned. A mapper that began from nothing took a thousand steps
before it looked at the words at all.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from tqdm.auto import tqdm

from storyboard.errors import StoryError
from storyboard.models.mappers import ConditionMapper
from training.align_llm.condition_mapper import Scale
from training.align_llm.story_states import TellingReader, layer_name, load_reader
from training.align_llm.tellings import sample_telling
from training.configs.arguments import parsed
from training.configs.parts import load_config, save_part

RIDGE = 1e-4  # ridge penalty of the fit, for states that are scaled to a spread of one
KEPT_BACK = 0.1  # share of the words that are kept back to measure the fit on


@dataclass
class LayerArguments:
    config: str = field(
        default="maple-lane-smollm2",
        metadata={"help": "a stem in training/configs or a file; it says the layer"},
    )
    language_model: str = field(
        default="smollm2-135m-instruct",
        metadata={"help": "which one: a stem in training/configs or a file that names it"},
    )
    parts: str = field(default="runs/smollm2/parts", metadata={"help": "folder with the trained mapper"})
    stories: int = field(default=400, metadata={"help": "tellings of the train split to fit on"})
    world: Literal["cast", "people", "open", "mixed"] = field(default="cast", metadata={"help": "which ones"})


def moved(
    mapper: ConditionMapper, before: torch.Tensor, after: torch.Tensor, layer: int | None
) -> tuple[ConditionMapper, float]:
    """Returns a mapper that reads `layer`, and the share of variance that its new weights explain on words kept back.

    before, after: states (T, E) of the same words, at the layer that `mapper` reads and at the new layer.
    """
    settings = {name: value for name, value in mapper.config.items() if not name.startswith("_")}
    new = ConditionMapper.from_config({**settings, "story_layer": layer})
    with torch.no_grad():
        wanted = mapper.story_fc(before.float())
    scale = Scale.of(after)
    read = torch.cat([scale(after), torch.ones(len(after), 1)], 1).double()
    learnt = max(1, int(len(read) * (1 - KEPT_BACK)))
    ridge = RIDGE * learnt * torch.eye(read.shape[1], dtype=torch.double)
    ridge[-1, -1] = 0  # the constant term gets no penalty
    square = read[:learnt].T @ read[:learnt] + ridge
    fit = torch.linalg.solve(square, read[:learnt].T @ wanted[:learnt].double())
    fitted = nn.Linear(mapper.story_fc.in_features, mapper.story_fc.out_features)
    with torch.no_grad():
        fitted.weight.copy_(fit[:-1].T)
        fitted.bias.copy_(fit[-1])
    scale.into(fitted)
    new.load_state_dict(
        {**mapper.state_dict(), **{f"story_fc.{k}": v for k, v in fitted.state_dict().items()}}
    )
    kept, said = wanted[learnt:], (read[learnt:] @ fit).float()
    return new, 1 - float((said - kept).square().sum() / (kept - kept.mean(0)).square().sum())


def main(argv: list[str] | None = None) -> None:
    args = parsed(LayerArguments, argv)
    config, parts = load_config(args.config), Path(args.parts)
    mapper = ConditionMapper.from_pretrained(parts / "aligned" / "condition_mapper")
    old, new = mapper.config.story_layer, config["condition_mapper"].get("story_layer")
    if old == new:
        raise StoryError(
            f"This mapper reads {layer_name(new)} already; --config names another layer to move to."
        )
    reader = load_reader(args.language_model, config, seed=0)
    tellings = [sample_telling(seed, world=args.world) for seed in range(args.stories)]
    before, after = (
        torch.cat([TellingReader(reader, layer)(one).states for one in tqdm(tellings, layer_name(layer))])
        for layer in (old, new)
    )
    mapper, explained = moved(mapper, before.float(), after.float(), new)
    save_part(parts, "aligned/condition_mapper", mapper)
    print(f"It reads {layer_name(new)} now; {explained:.0%} of what it took in is explained there.")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"change_layer: {error}")
