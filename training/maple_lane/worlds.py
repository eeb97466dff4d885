"""The kinds of stories that models learn from, and worlds that mix them. A story's number decides its kind in a
world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .open_stories import sample_open_story, sample_scenery
from .stories import MapleStory, sample_people_story, sample_story

# Stories of the cast; the same stories of new people; open stories of anybody, by night, in snow, with things, or of
# nobody; and places without people. Files name a kind by its place in this order, so a new kind goes to the end.
KINDS: Mapping[str, Callable[[int, int, str], MapleStory]] = MappingProxyType(
    {
        "cast": sample_story,
        "people": sample_people_story,
        "open": sample_open_story,
        "scenery": sample_scenery,
    }
)
# The kinds of a world's stories, which repeat in this order. Half of the mixed world is open stories, because only
# they have gestures, weather, things and frames without people.
WORLDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**{kind: (kind,) for kind in KINDS}, "mixed": ("open", "cast", "open", "people")}
)


def kind_of(world: str, seed: int) -> str:
    """Returns the kind of story number `seed` of a world."""
    kinds = WORLDS[world]
    return kinds[seed % len(kinds)]
