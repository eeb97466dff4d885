"""FlintstonesSV in the authors' layout. For Story-LDM's rule, pronouns are put into the original captions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

from storyboard.errors import StoryError
from training.data import splits, tables
from training.data.reader import Reader, logger
from training.data.records import Clip, StoryFrame
from training.data.references import FLINTSTONES, ReferentialCaption, Rule, extend_flintstones

ORIGINAL_ANNOTATIONS = "flintstones_annotations_v1-0.json"


class Flintstones(Reader):
    """FlintstonesSV. Ids have the form `s_<season>_e_<episode>_shot_<start>_<end>`."""

    kind = "flintstones"
    names = {name.title(): () for name in FLINTSTONES}
    label_order: Sequence[str] = ("Wilma", "Fred", "Betty", "Barney", "Dino", "Pebbles", "Mr Slate")
    backgrounds = 323
    published: tuple[int, int, int] | None = (20132, 2071, 2309)

    @cached_property
    def originals(self) -> dict[str, dict[str, Any]]:
        """id -> its entry in the original annotations, which say who is there and where."""
        path = self.folder / ORIGINAL_ANNOTATIONS
        rows = tables.read_json(path)
        if not isinstance(rows, list) or not all(isinstance(r, dict) and "globalID" in r for r in rows):
            raise StoryError(f"{path} should be a list of annotations with a globalID.")
        return {str(row["globalID"]): row for row in rows}

    def episode(self, clip: str) -> Hashable:
        parts = clip.split("_")
        if len(parts) < 4 or not parts[1].isdigit() or not parts[3].isdigit():
            raise StoryError(f"{self.folder} has a clip {clip} whose id names no season and episode.")
        return int(parts[1]), int(parts[3])

    def fallback_split(self) -> dict[str, list[str]]:
        """Returns the original dataset's split, which is the published one.

        Without it, returns whole episodes divided in the same proportions.
        """
        original = self.folder / splits.ORIGINAL
        if original.is_file():
            found = splits.read_split(original)
            how = f"split.json is missing; the split is that of {splits.ORIGINAL}."
        else:
            found = splits.split_by_episode(self._all_clips(), self.episode, self._shares())
            how = (
                f"split.json and {splits.ORIGINAL} are missing; whole episodes are dealt out. Copy either file "
                "there for the published split."
            )
        logger.warning("%s: %s%s", self.folder, how, self._compared(found))
        return found

    def _compared(self, found: dict[str, list[str]]) -> str:
        ordered = sorted(one for ids in found.values() for one in ids)
        counts = splits.count_stories(found, ordered, self.episode)
        differs = self.published and splits.differs_from_published(counts, self.published)
        return f" {differs}" if differs else ""

    def _all_clips(self) -> list[str]:
        clips = [clip for clip in self.originals if clip in self.annotations]
        for clip in clips:
            self.check_id(clip)
        return clips

    def _shares(self) -> dict[str, float]:
        return dict(zip(splits.SPLITS, self.published or (8, 1, 1), strict=True))

    def describe(self, clip: str, annotation: dict[str, Any]) -> dict[str, Any]:
        caption, tokens = annotation.get("caption"), annotation.get("tokens", [])
        if not isinstance(caption, str) or not caption.strip():
            raise self.wrong(clip, "has no caption")
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise self.wrong(clip, "has tokens that are no words")
        original = self.originals.get(clip, {})
        return {
            "captions": (caption,),
            "tokens": tuple(tokens),
            "characters": tuple(_labels(original)),
            "setting": str(original.get("setting", "")),
            "portraits": self.portraits,
        }

    def caption(self, clip: Clip, number: int, rule: Rule, chance: float) -> str:
        if rule != "story-ldm":
            return clip.captions[0]
        description = self.originals.get(clip.id, {}).get("description")
        if not isinstance(description, str):
            raise StoryError(f"{self.folder / ORIGINAL_ANNOTATIONS} does not describe the clip {clip.id}.")
        return description

    def with_pronouns(self, frames: Sequence[StoryFrame], rule: Rule) -> tuple[ReferentialCaption, ...]:
        people = [frame.clip.characters for frame in frames]
        return extend_flintstones([frame.caption for frame in frames], people, rule)


def _labels(original: dict[str, Any]) -> list[str]:
    rows = original.get("characters", [])
    rows = rows if isinstance(rows, list) else []
    return [str(row["entityLabel"]).strip() for row in rows if isinstance(row, dict) and "entityLabel" in row]
