"""A writer of English: for every frame one canonical plain caption, and free captions in any number of wordings.

Text only: knows neither pictures nor models. The words are in `data/*.txt`; a new action, place or person is a few
lines there.

What training needs of a frame, of any story `tale` (the seven's, other people's, open ones):

    names = {name: () for name in (*tale.outfits, *tale.looks)}
    for frame, free in zip(tale.frames, free_captions(tale, telling), strict=True):
        target = canonical(frame.scene)                      # who with what they do, where
        mentions = find_mentions(target, names)              # each actor once, from left to right, with their span
        portraits = [draw_portrait(m.name, tale.wears(m.name)) for m in mentions]
        free.text, free.shows, free.references               # a writer's words, what they say, whom pronouns mean

`find_mentions` is in `storyboard.text.captions`, `draw_portrait` in `training.maple_lane`. In a dataset folder the same
are a clip's `canonical`, `portraits`, `free` and `shows`.
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
