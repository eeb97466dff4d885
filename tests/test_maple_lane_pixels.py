"""The seven people of Maple Lane keep their pixels, because the bundled weights and all published numbers need them.

The digests come from the drawing code with which the bundled pipeline was trained. Change them only to train everything
again.
"""

import hashlib
from itertools import cycle

import pytest

from training.maple_lane import (
    ACTIONS,
    CAST,
    EXPRESSIONS,
    PLACES,
    Actor,
    Scene,
    draw_portrait,
    draw_with_things,
    sample_story,
)

FRAMES = {
    "Rosa": "50d508d1fd16a7f20d9c5472",
    "Milo": "ce095e01ddee5866ba9725ca",
    "Nana": "7583f3448b8eda5f6b8e4bb2",
    "Otto": "174f5f802408cb9c584da282",
    "Pip": "a0b8088b7dfcee0db415cc2a",
    "Juno": "0eacfb7764d498894f87c3a7",
    "Toggle": "c4d3fc64ad32b885f8dba813",
}
STORIES = "877ee18c345429f72dd90e0a"
PORTRAITS = "43804c02bafad7c907f34587"


def _digest(arrays) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def _layers(scene, size):
    picture, masks, things = draw_with_things(scene, size)
    return [picture, *masks.values(), things]


@pytest.mark.parametrize("who", CAST, ids=lambda who: who.name)
def test_everybody_is_drawn_as_before_in_every_outfit_action_and_prop(who):
    places, faces, sides = cycle(PLACES), cycle(EXPRESSIONS), cycle(("right", "left", "right"))
    layers = []
    for outfit in who.outfits:
        for action in ACTIONS.values():
            for prop in action.props or (None,):
                actor = Actor(who.name, outfit, action.name, prop, next(faces), next(sides), 0.4)
                layers += _layers(Scene(next(places), (actor,), 7 * len(layers)), 48)
    assert _digest(layers) == FRAMES[who.name]


def test_stories_are_drawn_as_before():
    frames = [frame for seed in range(20) for frame in sample_story(seed, 4).frames]
    assert _digest([layer for frame in frames for layer in _layers(frame.scene, 64)]) == STORIES


def test_portraits_are_drawn_as_before():
    sizes = (32, 128, 400)
    assert _digest(draw_portrait(w.name, o, s) for w in CAST for o in w.outfits for s in sizes) == PORTRAITS
