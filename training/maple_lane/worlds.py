"""The kinds of stories that are learned from, and worlds that mix them: which kind story number n of a world is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .open_stories import sample_open_story
from .stories import MapleStory, sample_people_story, sample_story

# The seven; the same stories of people nobody has met; anybody, by night, in snow, with things, or nobody. Files name
# a kind by its place in this order, so a new one goes to the end.
KINDS: Mapping[str, Callable[[int, int, str], MapleStory]] = MappingProxyType(
    {"cast": sample_story, "people": sample_people_story, "open": sample_open_story}
)
# The kinds of a world's stories, over and over. Half of the mixed one is open stories, as only they have gestures,
# weather, things and frames of nobody.
WORLDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**{kind: (kind,) for kind in KINDS}, "mixed": ("open", "cast", "open", "people")}
)


def kind_of(world: str, seed: int) -> str:
    """Returns the kind of story number `seed` of a world."""
    kinds = WORLDS[world]
    return kinds[seed % len(kinds)]
