"""Whether the denoiser heeds portraits: `python -m training.evaluate.heeded --pipeline DIR --json FILE`.

Real frames of people whom the model has never met are noised and denoised for one step with their canonical caption:
with their own portraits, with somebody else's, and with none. A way for portraits into the denoiser that it does not
heed gives equal errors. The error counts on people alone, and once more in the three directions of a latent that say
colours.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from tqdm.auto import tqdm

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.models.losses import colour_emphasis, denoising_error, of_colours
from storyboard.people import Look
from storyboard.pipeline import StoryPipeline
from training.configs.arguments import parsed
from training.evaluate.attention_overlap import beside
from training.examples.latents import FRAMES, encode_story
from training.maple_lane import MapleStory, draw_portrait, sample_guest_story
from training.train_char_ldm.maple_lane import canonical_of

TIMESTEPS = (125, 375, 625, 875)  # out of 1000
# Whose portrait is on the name (Eq. 1), and whose is beside the latents (canvas).
ARMS = ("own", "other on the name", "other beside", "none beside")


@dataclass
class HeedArguments:
    json: str = field(metadata={"help": "file of the errors"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    stories: int = field(
        default=40, metadata={"help": "stories of four frames with people of the test split"}
    )


class Heed:
    """Measures the errors of a pipeline's denoiser on real frames."""

    def __init__(self, pipeline: StoryPipeline):
        self.pipeline = pipeline
        self.noise_of = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.colours = colour_emphasis(torch.tensor(pipeline.config.preview_colours), weight=2)

    @torch.inference_mode()
    def __call__(self, number: int) -> Iterator[tuple[str, int, float, float]]:
        """Yields (arm, timestep, error on people, its error of colours) of each frame of guest story `number`."""
        tale = sample_guest_story(number, FRAMES)
        latents, masks = encode_story(self.pipeline.vae, tale)
        for frame, clean, mask in zip(tale.frames, latents, masks, strict=True):
            people = {actor.name: tale.wears(actor.name) for actor in frame.scene.actors}
            if not people:
                continue
            others = dict(zip(people, _others(number, len(people)), strict=True))
            caption, mentions = canonical_of(
                frame.scene, self.pipeline.conditioner.called, self.pipeline.fuser.config.deeds
            )
            spots = [(mention.start, mention.end) for mention in mentions], [m.name for m in mentions]
            shown = F.interpolate(
                mask[None, :-1].float().amax(1, keepdim=True) / 255, clean.shape[-2:], mode="area"
            )
            noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(number))[None]
            for arm in ARMS:
                on_name = others if arm == "other on the name" else people
                by = {"other beside": others, "none beside": {}}.get(arm, people)
                condition = self._condition(caption, spots, on_name)
                side = self.pipeline.vae.config.sample_size
                portraits = {name: draw_portrait(name, wears, side) for name, wears in by.items()}
                canvas = beside(self.pipeline, clean[None], portraits)[:, len(clean) :]
                off = denoising_error(
                    self.pipeline.unet,
                    self.noise_of,
                    clean.expand(len(TIMESTEPS), -1, -1, -1),
                    condition.expand(len(TIMESTEPS), -1, -1),
                    noise.expand(len(TIMESTEPS), -1, -1, -1),
                    torch.tensor(TIMESTEPS),
                    canvas.expand(len(TIMESTEPS), -1, -1, -1) if canvas.shape[1] else None,
                )
                even = _mean_on(shown, off)
                # Three directions hold all of it, so the mean over channels is divided by more zeros than it should be.
                coloured = _mean_on(shown, of_colours(off, self.colours)) * len(clean) / 3
                yield from (
                    (arm, *one) for one in zip(TIMESTEPS, even.tolist(), coloured.tolist(), strict=True)
                )

    def _condition(
        self,
        caption: str,
        spots: tuple[list[tuple[int, int]], list[str]],
        on_name: dict[str, str | Look],
    ) -> torch.Tensor:
        """Returns the condition (1, L, D). spots: the spans that carry portraits, and whose."""
        spans, names = spots
        features = self.pipeline.conditioner.encode_portraits(self._pixels([(n, on_name[n]) for n in names]))
        return self.pipeline.conditioner([caption], [spans], [features]).fused

    def _pixels(self, people: list[tuple[str, Any]]) -> torch.Tensor:
        drawn = [draw_portrait(name, wears, 256) for name, wears in people]
        return self.pipeline.image_processor(drawn, return_tensors="pt")["pixel_values"]


def _mean_on(shown: torch.Tensor, off: torch.Tensor) -> torch.Tensor:
    """Returns the mean square (B,) of errors (B, C, h, w) where people are shown, (1, 1, h, w) in 0..1."""
    return (off.square() * shown).mean(dim=(1, 2, 3)) / shown.mean()


def _others(number: int, count: int) -> list[str | Look]:
    """Returns the looks of so many people of other guest stories."""
    found: list[str | Look] = []
    while len(found) < count:
        number += 1000
        tale: MapleStory = sample_guest_story(number, FRAMES)
        found += tale.looks.values()
    return found[:count]


def measure(pipeline: StoryPipeline, stories: int) -> dict[str, Any]:
    """Returns the mean errors of each arm: by timestep, and over all of them."""
    heed = Heed(pipeline)
    found: dict[str, dict[int, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for number in tqdm(range(stories), desc="stories"):
        for arm, timestep, *errors in heed(number):
            found[arm][timestep].append((errors[0], errors[1]))
    report: dict[str, Any] = {"stories": stories, "timesteps": TIMESTEPS}
    for arm, by_timestep in found.items():
        means = np.array([np.mean(by_timestep[timestep], axis=0) for timestep in TIMESTEPS])
        report[arm] = {
            "people": means[:, 0].tolist(), "colours": means[:, 1].tolist(), "mean": means.mean(0).tolist(),
        }  # fmt: skip
    return report


def main(argv: list[str] | None = None) -> None:
    args = parsed(HeedArguments, argv)
    if args.stories < 1:
        raise StoryError(f"--stories {args.stories}: at least one is needed.")
    report = measure(StoryPipeline.from_pretrained(args.pipeline, reader="needed"), args.stories)
    for arm in ARMS:
        people, colours = report[arm]["mean"]
        print(f"{arm:18} people {people:.3f}  their colours {colours:.3f}")
    write_json(Path(args.json), report)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"heeded: {error}")
