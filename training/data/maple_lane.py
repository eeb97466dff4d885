"""Maple Lane as `python -m training.maple_lane --out DIR` writes it: FlintstonesSV's layout, and a story table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError
from training.data import tables
from training.data.flintstones import Flintstones
from training.data.records import StoryFrame
from training.data.references import ReferentialCaption, Rule
from training.maple_lane import CAST, PLACES
from training.maple_lane.words.truth import Shows
from training.maple_lane.writer import portrait_file

STORIES = "stories.json"


class MapleLane(Flintstones):
    """Its pronouns are written with the stories, and each character's portrait is of the outfit worn."""

    kind = "maple-lane"
    names = {who.name: () for who in CAST}
    label_order = tuple(who.name for who in CAST)
    backgrounds = len(PLACES)
    published = None

    @cached_property
    def told(self) -> dict[str, tuple[dict[str, str], dict[str, Any]]]:
        """id -> what its story's characters wear, and the frame's entry in `stories.json`."""
        path = self.folder / STORIES
        rows = tables.read_json(path)
        try:
            return {
                frame["id"]: ({str(k): str(v) for k, v in row["outfits"].items()}, frame)
                for row in rows
                for frame in row["frames"]
            }
        except (TypeError, KeyError, AttributeError) as error:
            raise StoryError(f"{path} is no table of Maple Lane's stories: {error!r}.") from error

    def describe(self, clip: str, annotation: dict[str, Any]) -> dict[str, Any]:
        outfits, frame = self.told.get(clip, ({}, {}))
        referential = frame.get("referential")
        if not isinstance(referential, str):
            raise StoryError(f"{self.folder / STORIES} does not tell the frame {clip}.")
        original = self.originals.get(clip, {})
        worn = self._worn(outfits)
        return super().describe(clip, annotation) | {
            "characters": tuple(actor["name"] for actor in frame["actors"]),
            "setting": str(original.get("setting", "")),
            "portraits": worn,
            "referential": referential,
            **self._worded(clip, frame),
        }

    def _worded(self, clip: str, frame: dict[str, Any]) -> dict[str, Any]:
        """Canonical and free caption of a frame; a folder written before there were any has none."""
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

    def _worn(self, outfits: dict[str, str]) -> tuple[tuple[str, Path], ...]:
        """Portraits of the outfits of a story; a name that is none of the cast's would be a path of somebody's own."""
        known = {(who.name, outfit) for who in CAST for outfit in who.outfits}
        return tuple(
            (name, self.folder / "chars" / portrait_file(name, outfit))
            for name, outfit in outfits.items()
            if (name, outfit) in known
        )

    def with_pronouns(self, frames: Sequence[StoryFrame], rule: Rule) -> tuple[ReferentialCaption, ...]:
        """As written. The first frame of a story names everybody, wherever in a longer one it was."""
        first, *others = frames
        told = (first.caption, *(frame.clip.referential or frame.caption for frame in others))
        return tuple(ReferentialCaption(text, None) for text in told)
