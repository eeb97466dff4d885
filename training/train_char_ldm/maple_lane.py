"""The examples of stage 1: Maple Lane's encoded pictures, or the clips of a dataset folder; and its sample sheets.

Captions and portraits of Maple Lane are made from the story of each picture, so only latents and masks are on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from transformers import CLIPImageProcessor

from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.portrait_canvas import canvas_of
from storyboard.models.stage import Spot, spots_of
from storyboard.people import Look
from storyboard.people.canvas import UNITS
from storyboard.text.captions import Mention, find_mentions
from training.data.dataset import StoryDataset, open_reader
from training.examples.captions import portraits_in
from training.examples.clips import CaptionFitter
from training.examples.latents import FRAMES, LatentCache
from training.examples.noise import noised_rows
from training.examples.portrait_features import Portrait, PortraitFeatures
from training.examples.portraits import PortraitViews
from training.maple_lane import KINDS, MapleStory, Scene, StoryFrame, story
from training.maple_lane.scene import feet_of
from training.maple_lane.words import canonical_caption, deed, facts_of
from training.train_char_ldm.arguments import CharLdmArguments
from training.train_char_ldm.batch import (
    CharacterBatch,
    CharacterExample,
    Samples,
    captions_of,
)
from training.train_char_ldm.clips import ClipExamples

Person = tuple[str, "str | Look"]  # a name, and an outfit of the cast or a look

SHEET = 6  # samples in a row
# So many views of each portrait are kept. Made again for each mention, they took a quarter of a step on a CPU, and most
# of a step on a GPU.
VIEWS, VIEWS_OF_ANYBODY = 64, 4
WITHOUT_CANVAS = 0.1  # the share of examples with an empty canvas: a reader may not know who is there
SHEET_SEED = 1_000_003  # the seed of the validation stories on the sheets


@dataclass(frozen=True)
class LaneExample(CharacterExample):
    """An example of Maple Lane. portraits: one for each span, (3, S, S), or (V,) if a frozen tower has seen them.

    canvas: (C + 1, h, w), None if the denoiser reads none.
    """

    portraits: list[torch.Tensor]
    canvas: torch.Tensor | None


class CharacterExamples:
    """Gives the examples of a step.

    They are captions with their names' spans, an augmented portrait and a mask for each mention, and latents.

    called: gives the word for somebody in a canonical caption (`CharacterConditioner.called`).
    deeds: whether such captions carry portraits on deeds.
    features: what a frozen tower sees in portraits; a batch then has these in place of portraits.
    patches: what of a portrait is put on a canvas (`encode_patch`).
    """

    def __init__(
        self,
        cache: LatentCache,
        processor: CLIPImageProcessor,
        args: CharLdmArguments,
        called: Callable[[str], str],
        deeds: bool,
        features: PortraitFeatures | None = None,
        patches: PortraitFeatures | None = None,
    ):
        self.cache, self.processor, self.args = cache, processor, args
        self.patches = patches
        self.called, self.deeds = called, deeds
        self.views, self.features = PortraitViews(processor), features

    def __call__(self, step: int, rows: range) -> CharacterBatch:
        picks, frames = noised_rows(self.cache, self.args, step, rows)
        examples = [self._example(g, index) for g, index in picks]
        batch: CharacterBatch = {**frames, **captions_of(examples, self.cache.masks.shape[-2:])}
        portraits = [portrait for e in examples for portrait in e.portraits]
        if portraits and self.features:
            batch["features"] = torch.stack(portraits)
        else:
            size = self.processor.crop_size["height"]
            batch["portraits"] = torch.stack(portraits) if portraits else torch.zeros(0, 3, size, size)
        canvases = [e.canvas for e in examples if e.canvas is not None]
        if canvases:
            batch["canvas"] = torch.stack(canvases)
        return batch

    def _example(self, g: torch.Generator, index: int) -> LaneExample:
        kind = float(torch.rand((), generator=g))
        if kind < self.args.no_condition:
            nothing = self.canvas_of([], [])
            return LaneExample("", [], [], fused=False, masked=False, portraits=[], canvas=nothing)
        tale, number = self.cache.story(index)
        frame = tale.frames[number]
        plain = float(torch.rand((), generator=g)) >= self.args.canonical and says_its_sky(tale, number)
        caption, mentions = _plain(frame) if plain else canonical_of(frame.scene, self.called, self.deeds)
        seen = {actor.name: self._view(actor.name, tale.wears(actor.name), g) for actor in frame.scene.actors}
        slots = {actor.name: slot for slot, actor in enumerate(frame.scene.actors)}
        masks = self.cache.mask(index)
        fused = kind >= self.args.no_condition + self.args.text_only
        empty = not fused or float(torch.rand((), generator=g)) < WITHOUT_CANVAS
        people = [] if empty else people_of(tale, frame.scene)
        canvas = self.canvas_of(people, spots_in(frame.scene) if people else [])
        return LaneExample(
            caption,
            [(m.start, m.end) for m in mentions],
            [masks[slots[m.name]] for m in mentions],
            fused=fused,
            masked=float(torch.rand((), generator=g)) < self.args.masked,
            portraits=[seen[m.name] for m in mentions],
            canvas=canvas,
        )

    def canvas_of(self, people: Sequence[Person], spots: Sequence[Spot]) -> torch.Tensor | None:
        """Returns the canvas (C + 1, h, w) with people at these spots; None if there is to be none."""
        seen = self.patches
        if seen is None:
            return None

        def patch(name: str, wears: str | Look, aside: int) -> torch.Tensor:
            return seen(name, Portrait(wears, aside))

        channels, height, width = self.cache.latents.shape[1:]
        return canvas_of([partial(patch, *person) for person in people], spots, (channels, height, width))

    def _view(self, name: str, wears: str | Look, g: torch.Generator) -> torch.Tensor:
        """Returns one of the portrait's views, as an upload may look (3, S, S), or what the tower sees in it (V,)."""
        views = VIEWS_OF_ANYBODY if isinstance(wears, Look) else VIEWS
        view = 1 + int(torch.randint(views, (), generator=g))
        return self.features(name, Portrait(wears, view)) if self.features else self.views(name, wears, view)


def people_of(tale: MapleStory, scene: Scene) -> list[Person]:
    """Returns the people of a scene, from left to right."""
    return [(actor.name, tale.wears(actor.name)) for actor in scene.actors]


def spots_in(scene: Scene) -> list[Spot]:
    """Returns where the people of a scene stand in its picture, from left to right.

    Half of them stand within a pixel of `spots_of`, where a pipeline puts them. From a canvas that is sometimes wrong
    the denoiser would learn to trust none.
    """
    facing = {"right": 1, "left": -1}
    return [
        Spot(x / UNITS, facing[actor.facing])
        for actor, (x, _) in zip(scene.actors, feet_of(scene), strict=True)
    ]


def says_its_sky(tale: MapleStory, number: int) -> bool:
    """Returns whether a frame's own plain caption says the hour and weather, where they are not those of a fair day.

    A story says them once for each place. A denoiser that learned from the frames after that drew night unasked.
    """
    scene = tale.frames[number].scene
    moved = number == 0 or tale.frames[number - 1].scene.place != scene.place
    return moved or (scene.time, scene.weather) == ("day", "clear")


def mentions_of(caption: str, scene: Scene) -> tuple[Mention, ...]:
    """Returns where a caption names the people of a scene. Elsewhere, a stranger's name may be an ordinary word."""
    return find_mentions(caption, {actor.name: () for actor in scene.actors})


def _plain(frame: StoryFrame) -> tuple[str, tuple[Mention, ...]]:
    return frame.plain, mentions_of(frame.plain, frame.scene)


def canonical_of(scene: Scene, called: Callable[[str], str], deeds: bool) -> tuple[str, tuple[Mention, ...]]:
    """Returns the canonical caption of a scene and its `portraits_in`. `called` gives the words for strangers.

    deeds: False for portraits on names only.
    """
    facts = facts_of(scene)
    people = tuple(replace(person, name=called(person.name)) for person in facts.people)
    caption = canonical_caption(replace(facts, people=people))
    spots = portraits_in(caption, facts.names, [deed(person) for person in facts.people], called)
    return caption, spots if deeds else spots[::2]


def clip_examples(
    folder: str,
    args: CharLdmArguments,
    vae: AutoencoderKL,
    processor: CLIPImageProcessor,
    conditioner: CharacterConditioner,
) -> tuple[ClipExamples, Samples]:
    """Returns training examples of a dataset folder, and six of its other clips for sample sheets."""
    reader = open_reader(folder)
    fit = CaptionFitter(conditioner.tokenizer, conditioner.max_tokens)
    # Stories of one frame, because longer ones continue into clips of other splits.
    train = ClipExamples(StoryDataset(reader, "train", 1), vae, processor, fit, args, args.references)
    shown = StoryDataset(reader, "val" if reader.splits["val"] else "train", 1)
    still = ClipExamples(shown, vae, processor, fit, args, args.references, augment=False)
    return train, still.samples(SHEET)


def maple_lane_examples(
    args: CharLdmArguments,
    processor: CLIPImageProcessor,
    conditioner: CharacterConditioner,
    features: PortraitFeatures | None = None,
    patches: PortraitFeatures | None = None,
) -> tuple[CharacterExamples, Samples]:
    """Returns training examples of encoded Maple Lane, and six validation frames for sample sheets.

    In the latter, nothing is dropped or augmented. The frames are of those kinds of stories that have been encoded.
    Captions are plain for the cast, and otherwise canonical.
    """
    cache = LatentCache(Path(args.latents))
    called, deeds = conditioner.called, conditioner.fuser.config.deeds
    examples = CharacterExamples(cache, processor, args, called, deeds, features, patches)
    kinds = [kind for kind in KINDS if kind in cache.kinds]
    captions, spans, pixels = [], [], []
    canvases: list[torch.Tensor] = []
    for index in range(SHEET):
        kind = kinds[index % len(kinds)]
        tale = story("val", index) if kind == "cast" else KINDS[kind](SHEET_SEED + index, FRAMES, "val")
        frame = tale.frames[index % FRAMES]
        caption, mentions = _plain(frame) if kind == "cast" else canonical_of(frame.scene, called, deeds)
        captions.append(caption)
        spans.append([(m.start, m.end) for m in mentions])
        pixels += [examples.views(m.name, tale.wears(m.name), 0) for m in mentions]
        people = people_of(tale, frame.scene)
        canvas = examples.canvas_of(people, spots_of(len(people)))
        canvases += [] if canvas is None else [canvas]
    return examples, Samples(
        captions, spans, torch.stack(pixels), torch.stack(canvases) if canvases else None
    )
