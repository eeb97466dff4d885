"""Stories of anybody on Maple Lane: people with looks play the parts of the cast, and the splits share nobody."""

import json

import numpy as np
import pytest

from storyboard.people import FACETS, split_of_look
from storyboard.people.names import is_test_name
from training.maple_lane import (
    BY_NAME,
    CAST,
    SPLITS,
    Actor,
    Scene,
    candidates,
    describe,
    describe_portrait,
    draw,
    draw_portrait,
    draw_with_masks,
    sample_people_story,
    split_of,
)
from training.maple_lane.cast_facets import cast_facets


def _stories(count, split="train", frames=5):
    return [sample_people_story(seed, frames, split) for seed in range(count)]


def test_equal_seeds_tell_equal_stories():
    assert sample_people_story(4) == sample_people_story(4)
    assert sample_people_story(4, 9).frames[:4] == sample_people_story(4).frames
    assert sample_people_story(4) != sample_people_story(5)
    with pytest.raises(ValueError, match="'dev'"):
        sample_people_story(0, 4, "dev")


@pytest.mark.parametrize("split", SPLITS)
def test_names_looks_and_scenes_are_all_of_the_split(split):
    for tale in _stories(25, split):
        for name, look in tale.looks.items():
            assert split_of_look(look) == split and is_test_name(name) == (split == "test")
            assert name not in BY_NAME
        for frame in tale.frames:
            assert split_of(frame.scene) == split
            assert all(actor.look == tale.looks[actor.name] for actor in frame.scene.actors)


def test_captions_name_everybody_and_pronouns_have_one_antecedent():
    spoken = 0
    for tale in _stories(120):
        pronouns = {name: look.pronoun for name, look in tale.looks.items()}
        for before, frame in zip((None, *tale.frames), tale.frames, strict=False):
            words = frame.plain.replace(",", " ").replace(".", " ").split()
            present = {actor.name for actor in frame.scene.actors}
            assert {name for name in tale.looks if name in words} == present
            for reference in frame.references:
                last = [actor.name for actor in before.scene.actors]
                named = [name for name in tale.looks if name in frame.referential[: reference.start].split()]
                found = candidates(reference.word, last, named, pronouns)
                assert sorted(found) == sorted(reference.names), frame.referential
                spoken += 1
    assert spoken > 50


def test_a_scene_with_looks_has_pictures_masks_and_a_description():
    scene = next(f.scene for tale in _stories(20) for f in tale.frames if len(f.scene.actors) > 1)
    picture, masks = draw_with_masks(scene, 96)
    assert np.array_equal(picture, draw(scene, 96)) and list(masks) == [actor.name for actor in scene.actors]
    assert np.stack(list(masks.values())).sum(0).max() == 1
    assert all(mask.sum() > 100 for mask in masks.values())
    assert all(actor.name in describe(scene) for actor in scene.actors)


def test_the_portrait_is_the_person_of_the_scene():
    """The same code draws portrait and scene, so a person's portrait has the same colours as the mask in the scene."""
    for tale in _stories(6):
        frame = tale.frames[0]
        picture, masks = draw_with_masks(frame.scene, 128)
        for actor in frame.scene.actors:
            portrait = draw_portrait(actor.name, tale.wears(actor.name), 128)
            seen = {tuple(c) for c in portrait.reshape(-1, 3) // 8}
            covered = picture[masks[actor.name]] // 8
            assert np.mean([tuple(c) in seen for c in covered]) > 0.6
        assert describe_portrait(actor.name, tale.wears(actor.name)).startswith(f"{actor.name}, a")


def test_the_cast_has_the_labels_of_any_look():
    seen = set()
    for who in CAST:
        for outfit in who.outfits:
            labels = cast_facets(who.name, outfit)
            assert labels.keys() == FACETS.keys()
            for key, label in labels.items():
                assert set(label if isinstance(label, tuple) else (label,)) <= set(FACETS[key]), (
                    who.name,
                    outfit,
                    key,
                )
            seen.add(json.dumps(labels))
    assert len(seen) == sum(len(who.outfits) for who in CAST)
    rosa = cast_facets("Rosa", "dress")
    assert (rosa["hair"], rosa["hair_colour"], rosa["top"], rosa["top_colour"]) == (
        "curls",
        "red",
        "dress",
        "green",
    )
    nana = cast_facets("Nana", "apron")
    assert (nana["hair"], nana["hair_colour"], nana["glasses"]) == ("bun", "white", "round glasses")
    assert nana["extras"] == ("apron",) and cast_facets("Toggle", "scarf")["extras"] == ("scarf", "dial")


def test_the_cast_and_anybody_share_a_stage():
    look = sample_people_story(1).looks.popitem()[1]
    rosa, guest = (
        Actor("Rosa", "dress", "waving", x=0.28),
        Actor("Ada", "", "reading", "book", x=0.72, look=look),
    )
    _, masks = draw_with_masks(Scene("park", (rosa, guest)), 96)
    assert masks["Rosa"].any() and masks["Ada"].any()
