"""Maple Lane as `python -m training.maple_lane --out DIR` writes it: FlintstonesSV's layout, and a table of stories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError
from storyboard.people import Look
from training.data import tables
from training.data.flintstones import Flintstones
from training.data.records import StoryFrame
from training.data.references import ReferentialCaption, Rule
from training.maple_lane import CAST, PLACES
from training.maple_lane.words.truth import Shows
from training.maple_lane.writer import look_file, portrait_file

STORIES = "stories.json"


@dataclass(frozen=True)
class Told:
    """What the story table says about a frame. outfits, looks: of the whole story, by name.

    frame: the frame's own entry.
    """

    outfits: Mapping[str, str]
    looks: Mapping[str, Look]
    frame: Mapping[str, Any]


class MapleLane(Flintstones):
    """Maple Lane. Its captions with pronouns are written with the stories.

    Each portrait shows the outfit that is worn in the story, or the look that somebody has. The labels have columns
    only for the cast: a frame of other people has none of them.
    """

    kind = "maple-lane"
    names = {who.name: () for who in CAST}
    label_order = tuple(who.name for who in CAST)
    backgrounds = len(PLACES)
    published = None

    @cached_property
    def told(self) -> dict[str, Told]:
        """id -> what `stories.json` says about the frame. StoryError if the file is no such table."""
        path = self.folder / STORIES
        rows = tables.read_json(path)
        found: dict[str, Told] = {}
        try:
            for row in rows:
                outfits = {str(name): str(outfit) for name, outfit in row["outfits"].items()}
                # An older folder has no looks.
                looks = {str(name): Look.from_json(look) for name, look in row.get("looks", {}).items()}
                found |= {frame["id"]: Told(outfits, looks, frame) for frame in row["frames"]}
        except (TypeError, KeyError, AttributeError) as error:
            raise StoryError(f"{path} is no table of Maple Lane's stories: {error!r}.") from error
        except StoryError as error:
            raise StoryError(f"{path} has a look that is none. {error}") from error
        return found

    def describe(self, clip: str, annotation: dict[str, Any]) -> dict[str, Any]:
        told = self.told.get(clip, Told({}, {}, {}))
        frame = told.frame
        referential = frame.get("referential")
        if not isinstance(referential, str):
            raise StoryError(f"{self.folder / STORIES} does not tell the frame {clip}.")
        original = self.originals.get(clip, {})
        return super().describe(clip, annotation) | {
            "characters": tuple(actor["name"] for actor in frame["actors"]),
            "setting": str(original.get("setting", "")),
            "portraits": (*self._worn(told.outfits), *self._seen(told.looks)),
            "looks": dict(told.looks),
            "referential": referential,
            **self._worded(clip, frame),
        }

    def _worded(self, clip: str, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the canonical and the free caption of a frame. It is empty for a folder from before they existed."""
        if "free" not in frame:
            return {}
        canonical, free = frame.get("canonical"), frame["free"]
        if not isinstance(canonical, str) or not isinstance(free, str):
            raise StoryError(
                f"{self.folder / STORIES} has no canonical or no free caption in words of {clip}."
            )
        try:
            return {"canonical": canonical, "free": free, "shows": Shows.from_json(frame.get("shows"))}
        except ValueError as error:
            raise StoryError(f"The frame {clip} of {self.folder / STORIES}: {error}.") from error

    def _seen(self, looks: Mapping[str, Look]) -> tuple[tuple[str, Path], ...]:
        """Returns portraits of people outside the cast. Their files are named after their looks."""
        return tuple((name, self.folder / "chars" / look_file(look)) for name, look in looks.items())

    def _worn(self, outfits: Mapping[str, str]) -> tuple[tuple[str, Path], ...]:
        """Returns portraits of the outfits of a story.

        Names that are not in the cast are left out: they might be paths.
        """
        known = {(who.name, outfit) for who in CAST for outfit in who.outfits}
        return tuple(
            (name, self.folder / "chars" / portrait_file(name, outfit))
            for name, outfit in outfits.items()
            if (name, outfit) in known
        )

    def with_pronouns(self, frames: Sequence[StoryFrame], rule: Rule) -> tuple[ReferentialCaption, ...]:
        """Returns the captions as they are written.

        The first frame names everybody, even if it was a later frame of a longer story.
        """
        first, *others = frames
        told = (first.caption, *(frame.clip.referential or frame.caption for frame in others))
        return tuple(ReferentialCaption(text, None) for text in told)
