"""PororoSV in the authors' layout: several captions per clip, and the order of clips only in `following_cache3`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any

from storyboard.errors import StoryError
from storyboard.text.captions import mentioned_names
from training.data.reader import Reader
from training.data.records import Clip, StoryFrame
from training.data.references import PORORO, ReferentialCaption, Rule, caption_index, extend_pororo


class Pororo(Reader):
    """PororoSV. The form of its ids is not known, so the order in an episode is read from the lists of followers."""

    kind = "pororo"
    names = {name: () for name in PORORO}
    # The order of the columns of its labels is not documented, so the captions say who is there.
    published = (10191, 2334, 2208)

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """id -> (episode, position in it), from the chains that the lists of followers form."""
        if not self.listed_followers:
            raise StoryError(
                f"{self.folder} has no following_cache3.json or .pkl, which says who follows whom."
            )
        next_one: dict[str, str] = {}
        for table in self.listed_followers.values():
            for clip, others in table.items():
                for one, other in zip((clip, *others), others, strict=False):
                    next_one.setdefault(one, other)
        led_to = set(next_one.values())
        known = sorted({*next_one, *led_to})
        heads = [clip for clip in known if clip not in led_to]
        places: dict[str, tuple[int, int]] = {}
        for episode, head in enumerate([*heads, *known]):  # `known` too, because a ring has no head
            at: str | None = head
            place = 0
            while at is not None and at not in places:
                places[at] = (episode, place)
                at, place = next_one.get(at), place + 1
        return places

    def ordered(self, ids: Iterable[str] | None = None) -> list[str]:
        last = (len(self._places) * 2, 0)
        return sorted(super().ordered(ids), key=lambda clip: (self._places.get(clip, last), clip))

    def episode(self, clip: str) -> Hashable:
        place = self._places.get(clip)
        return clip if place is None else place[0]

    def describe(self, clip: str, annotation: dict[str, Any]) -> dict[str, Any]:
        captions = annotation.get("captions")
        if not isinstance(captions, list) or not captions:
            raise self.wrong(clip, "has no captions")
        if not all(isinstance(caption, str) and caption.strip() for caption in captions):
            raise self.wrong(clip, "has a caption that is no sentence")
        present = mentioned_names(" ".join(captions), self.names)
        return {"captions": tuple(captions), "characters": present, "portraits": self.portraits}

    def caption(self, clip: Clip, number: int, rule: Rule, chance: float) -> str:
        """Returns any of the clip's captions in evaluation, and the caption at the picture's time in training.

        With Story-LDM's rule it is the first.
        """
        if rule == "training":
            return clip.captions[caption_index(number, len(clip.pictures()), len(clip.captions))]
        return clip.captions[int(chance * len(clip.captions)) if rule == "evaluation" else 0]

    def opening(self, frame: StoryFrame, rule: Rule, chance: float) -> str:
        """Returns any caption of the clip in the authors' evaluation, independently of the caption chosen before.

        With the other rules it is the frame's own caption.
        """
        captions = frame.clip.captions
        return captions[int(chance * len(captions))] if rule == "evaluation" else frame.caption

    def with_pronouns(self, frames: Sequence[StoryFrame], rule: Rule) -> tuple[ReferentialCaption, ...]:
        return extend_pororo([frame.caption for frame in frames], rule)
