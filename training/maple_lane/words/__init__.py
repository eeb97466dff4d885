"""A writer of English: for every frame one canonical plain caption, and free captions in any number of wordings.

Text only: knows neither pictures nor models. The words are in `data/*.txt`; a new action, place or person is a few
lines there.
"""

from .canonical import canonical_caption
from .captions import FreeCaption, free_caption, tell
from .discourse import Discourse
from .facts import FrameFacts, PersonFacts, facts_of
from .sentence import Reference
from .telling import canonical, free_captions, story_facts
from .truth import Shown, Shows

__all__ = [
    "Discourse", "FrameFacts", "FreeCaption", "PersonFacts", "Reference", "Shown", "Shows", "canonical",
    "canonical_caption",
    "facts_of", "free_caption", "free_captions", "story_facts", "tell",
]  # fmt: skip
