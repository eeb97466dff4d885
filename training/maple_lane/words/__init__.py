"""A writer of English: one canonical plain caption for each frame, and free captions in any number of wordings.

Works on text alone and uses neither pictures nor models. The words are in `data/*.txt`. A new action, place or person
needs a few lines there.

This is what training needs for a frame of any story `tale` (of the cast, of other people, or open):

    names = {name: () for name in (*tale.outfits, *tale.looks)}
    for frame, free in zip(tale.frames, free_captions(tale, telling), strict=True):
        target = canonical(frame.scene)                      # the people, what they do, and where
        mentions = find_mentions(target, names)              # each actor once, from left to right, with their span
        portraits = [draw_portrait(m.name, tale.wears(m.name)) for m in mentions]
        free.text, free.shows, free.references               # a writer's words, what they say, the pronouns' people

`find_mentions` is in `storyboard.text.captions`, and `draw_portrait` is in `training.maple_lane`. In a dataset folder,
a clip has the same as `canonical`, `portraits`, `free` and `shows`.
"""

from .canonical import NOBODY, canonical_caption, deed
from .captions import FreeCaption, free_caption, tell
from .discourse import Discourse
from .facts import FrameFacts, PersonFacts, facts_of
from .sentence import Reference
from .telling import canonical, free_captions, story_facts
from .truth import Shown, Shows

__all__ = [
    "NOBODY", "Discourse", "FrameFacts", "FreeCaption", "PersonFacts", "Reference", "Shown", "Shows", "canonical",
    "canonical_caption", "deed", "facts_of", "free_caption", "free_captions", "story_facts", "tell",
]  # fmt: skip
