"""Free and canonical captions of Maple Lane's stories."""

from __future__ import annotations

from random import Random

from storyboard.people import Look

from ..scene import Scene
from ..stories import MapleStory
from .canonical import canonical_caption
from .captions import FreeCaption, tell
from .facts import FrameFacts, facts_of
from .tables import fitting

_RELATED_SHARE = 0.25  # the share of stories that tell a relation between two people


def canonical(scene: Scene) -> str:
    """Returns the canonical plain caption of a scene."""
    return canonical_caption(facts_of(scene))


def free_captions(story: MapleStory, telling: int = 0) -> tuple[FreeCaption, ...]:
    """Returns a free caption for every frame. Each number `telling` gives another wording of the whole story."""
    rng = Random(f"{story.id}/{telling}/free")
    return tell(story_facts(story, rng), rng)


def story_facts(story: MapleStory, rng: Random) -> tuple[FrameFacts, ...]:
    """Returns the facts of every frame. In some stories two people are friends, cousins or another relation."""
    looks = _looks(story)
    kin = _relation(story, rng) if rng.random() < _RELATED_SHARE else {}
    return tuple(facts_of(frame.scene, looks, kin) for frame in story.frames)


def _looks(story: MapleStory) -> dict[str, Look | None]:
    return {**dict.fromkeys(story.outfits), **story.looks}


def _relation(story: MapleStory, rng: Random) -> dict[tuple[str, str], str]:
    """{(whose, who): "cousin"} for two people of the story who have no relatives in the cast's table. Else {}."""
    first = facts_of(story.frames[0].scene, _looks(story))
    everybody = (*first.people, *first.absent)
    if len(everybody) < 2:
        return {}
    whose, who = rng.sample(everybody, 2)
    if who.kin or whose.kin:
        return {}
    tags = {who.age, who.pronoun, f"to-{whose.age}"} | ({"robot"} if whose.age == "robot" else set())
    return {(whose.name, who.name): rng.choice(fitting("people", "relation", tags))}
