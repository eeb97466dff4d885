"""Maple Lane, the benchmark world: a drawn cast, its places and its stories. Everything follows from seeds.

Uses only Pillow and numpy, and no models. `python -m training.maple_lane --help` tells how to write it to disk.
"""

from .actions import ACTIONS, PROPS
from .cast import BY_NAME, CAST, MapleCharacter
from .describe import describe, describe_portrait, describe_portrait_within, describe_within
from .grammar import Reference, candidates
from .open_stories import sample_open_story, sample_scenery
from .places import PLACES
from .scene import (
    EXPRESSIONS,
    Actor,
    Scene,
    Thing,
    draw,
    draw_layers,
    draw_portrait,
    draw_with_masks,
    draw_with_things,
)
from .stories import (
    FIXED,
    SPLITS,
    MapleStory,
    StoryFrame,
    sample_guest_story,
    sample_people_story,
    sample_story,
    split_of,
    story,
)
from .worlds import KINDS, WORLDS, kind_of

__all__ = [
    "ACTIONS", "BY_NAME", "CAST", "EXPRESSIONS", "FIXED", "KINDS", "PLACES", "PROPS", "SPLITS", "WORLDS",
    "Actor", "MapleCharacter", "MapleStory", "Reference", "Scene", "StoryFrame", "Thing", "candidates",
    "describe", "describe_portrait", "describe_portrait_within", "describe_within", "draw", "draw_layers",
    "draw_portrait", "draw_with_masks", "draw_with_things", "kind_of", "sample_open_story",
    "sample_guest_story", "sample_people_story", "sample_scenery", "sample_story", "split_of", "story",
]  # fmt: skip
