"""Reading comprehension: Maple Lane's stories as text, and questions about the frame to draw.

A document begins with the prompt of `storyboard.text.prompt.interleave`, with words at the places of pictures. After
its last `Image:` come the answers that a careful reader would give. Questions ask only what the prompt reveals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from storyboard.text.captions import find_mentions, mentioned_names
from storyboard.text.prompt import Part, PictureSlot, interleave

from . import CAST, MapleStory, StoryFrame, describe, describe_portrait

NAMES = {who.name: () for who in CAST}
CAST_SHARE = 0.5  # the share of documents that begin with portraits
ASKED_SHARE = 0.6  # the share of the possible questions that a lesson asks
BLIND_SHARE = 0.15  # the share of pictures of which the reader sees nothing
ORDINALS = ("First", "Second", "Third")
WARDROBE = {(who.name, key): outfit.words for who in CAST for key, outfit in who.wardrobe.items()}


@dataclass(frozen=True)
class Lesson:
    """A prompt for the last frame of a story, and some questions about that frame with their answers, in random order.

    cast: the people whose portraits open the prompt
    blind: (frames - 1,), True for a picture of which the reader sees nothing
    """

    parts: list[Part]
    cast: list[str]
    blind: np.ndarray
    answers: str


def lesson(story: MapleStory, rng: np.random.Generator, blind_share: float = BLIND_SHARE) -> Lesson:
    """Returns a lesson on a story.

    The answers can be read in the prompt, or seen in those of its pictures that are not blind.
    """
    *earlier, last = story.frames
    captions = [f.plain if rng.random() < 0.2 else f.referential for f in earlier]
    caption = last.plain if rng.random() < 0.2 else last.referential
    cast = cast_so_far(story.frames) if rng.random() < CAST_SHARE else []
    blind = rng.random(len(earlier)) < blind_share
    seen = set(cast) | {
        actor.name for f, hidden in zip(earlier, blind, strict=True) if not hidden for actor in f.scene.actors
    }
    answers = _answers(story, last, caption, seen)
    asked = rng.permutation(len(answers))[: max(1, round(ASKED_SHARE * len(answers)))]
    shuffled = "".join(answers[i] for i in asked)
    return Lesson(interleave(captions, caption, cast), cast, blind, shuffled)


def document(story: MapleStory, rng: np.random.Generator) -> tuple[str, str]:
    """Returns a lesson as text only, with words at the places of pictures: the prompt, and the answers."""
    read = lesson(story, rng)
    return "".join(_words(part, story, read.cast, read.blind) for part in read.parts), read.answers


def cast_so_far(frames: Sequence[StoryFrame]) -> list[str]:
    """Returns the names in the plain captions of `frames`, in the order of the cast.

    The portraits of these people open the prompt.
    """
    named = {name for frame in frames for name in mentioned_names(frame.plain, NAMES)}
    return [name for name in NAMES if name in named]


def _words(part: Part, story: MapleStory, cast: list[str], blind: np.ndarray) -> str:
    if not isinstance(part, PictureSlot):
        return "".join(part)
    if part.kind == "portrait":
        name = cast[part.index]
        return f" {describe_portrait(name, story.outfits[name])} "
    return " " if blind[part.index] else f" {describe(story.frames[part.index].scene)} "


def _answers(story: MapleStory, frame: StoryFrame, caption: str, seen: set[str]) -> list[str]:
    actors = frame.scene.actors
    answers = [
        f" Named? {frame.plain}",
        f" Who? {_listed([a.name for a in actors])}.",
        f" Where? {frame.scene.place}.",
        " What? " + " ".join(f"{a.name}: {a.action}." for a in actors),
    ]
    worn = [f"{a.name}: {WARDROBE[a.name, a.outfit]}." for a in actors if a.name in seen]
    if worn:
        answers.append(" Wearing? " + " ".join(worn))
    if caption == frame.referential:
        answers += [f" {r.word}? {_listed(r.names)}." for r in frame.references]
    return answers + _answers_at_once(frame, seen)


def _answers_at_once(frame: StoryFrame, seen: set[str]) -> list[str]:
    """Answers about each person by their place in the plain caption. The first word of an answer tells everything.

    An image token cannot spell. So the language model must know what the token should carry before it says a first
    word.
    """
    acting = {actor.name: actor for actor in frame.scene.actors}
    answers = []
    for ordinal, mention in zip(ORDINALS, find_mentions(frame.plain, NAMES), strict=False):
        actor = acting[mention.name]
        answers += [f" {ordinal}? {actor.name}.", f" {ordinal} does? {actor.action}."]
        if actor.name in seen:
            answers.append(f" {ordinal} wears? {actor.outfit}.")
    return answers


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
