"""The open world: time and weather, things, gestures and joint deeds; each of them visible and labelled exactly."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from storyboard.people import build, draw_person, sample_look
from storyboard.people.gestures import GESTURES, PAIR_POSES
from training.maple_lane import (
    ACTIONS,
    PLACES,
    SPLITS,
    Actor,
    Scene,
    Thing,
    candidates,
    describe,
    draw,
    draw_layers,
    draw_with_things,
    sample_open_story,
    sample_scenery,
)
from training.maple_lane.more_actions import ALL_ACTIONS, GESTURE_ACTIONS, PAIR_PHRASES
from training.maple_lane.sky import TIMES, WEATHERS
from training.maple_lane.things import THINGS_BESIDE

OUTDOORS = [name for name, place in PLACES.items() if place.outdoors]


def _frames(count, split="train"):
    return [frame for seed in range(count) for frame in sample_open_story(seed, 4, split).frames]


# ---- hour and weather -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", OUTDOORS)
def test_every_hour_and_every_weather_under_the_sky_looks_different(place):
    pictures = [draw(Scene(place, time=t, weather=w), 64).astype(int) for t in TIMES for w in WEATHERS]
    for one, other in combinations(pictures, 2):
        assert (np.abs(one - other).sum(-1) > 30).mean() > 0.02


def test_night_is_darker_than_dusk_and_dusk_than_day():
    for place in OUTDOORS:
        day, dusk, night = (draw(Scene(place, time=time), 64).mean() for time in ("day", "dusk", "night"))
        assert night < dusk < day


def test_under_a_roof_there_is_no_weather():
    plain = draw(Scene("kitchen"), 64)
    assert np.array_equal(plain, draw(Scene("kitchen", time="night", weather="snow"), 64))


def test_people_keep_their_own_colours_at_night():
    actor = Actor("Ada", "", "standing", look=sample_look(3))
    day = draw_layers(Scene("park", (actor,)), 96)
    night = draw_layers(Scene("park", (actor,), time="night", weather="rain"), 96)
    assert np.array_equal(day.people["Ada"], night.people["Ada"])
    inside = day.people["Ada"]
    same = (day.picture[inside] == night.picture[inside]).all(-1)
    assert same.mean() > 0.8  # everything but the seam, where pixels are partly ground


# ---- things ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", THINGS_BESIDE)
def test_a_thing_has_a_mask_of_its_own_that_holds_it_wholly(kind):
    empty = Scene("farm", layout=5)
    for x in (0.0, 0.5, 1.0):
        layers = draw_layers(replace(empty, things=(Thing(kind, x),)), 128)
        (mask,) = layers.things
        changed = np.abs(layers.picture.astype(int) - draw(empty, 128)).sum(-1) > 130  # but for the shadow
        assert mask.sum() > 60 and not layers.people and not layers.held.any()
        assert not (mask[0] | mask[-1]).any() and not (mask[:, 0] | mask[:, -1]).any()
        assert (changed & ~mask).sum() <= 0.12 * mask.sum()


def test_masks_of_people_and_things_do_not_overlap_and_all_can_be_seen():
    for frame in _frames(25):
        layers = draw_layers(frame.scene, 96)
        masks = [*layers.people.values(), *layers.things, layers.held]
        assert np.stack(masks).sum(0).max() <= 1
        assert all(mask.sum() > 0.008 * mask.size for mask in layers.people.values()), frame.plain
        for thing, mask in zip(frame.scene.things, layers.things, strict=True):
            alone = draw_layers(replace(frame.scene, actors=(), things=(thing,)), 96).things[0]
            assert mask.sum() > 0.3 * alone.sum(), frame.plain


def test_things_and_hours_leave_the_old_masks_as_they_are():
    scene = Scene("park", (Actor("Rosa", "dress", "carrying", "pumpkin", x=0.28),), 3)
    picture, masks, held = draw_with_things(scene, 96)
    layers = draw_layers(scene, 96)
    assert np.array_equal(picture, layers.picture) and np.array_equal(held, layers.held)
    assert list(masks) == list(layers.people) and not layers.things


def test_a_thing_faces_both_ways_and_takes_any_colour():
    left, right, blue = (draw(Scene("park", things=(thing,)), 96) for thing in (
        Thing("dog", facing="left"), Thing("dog"), Thing("dog", colour=(60, 90, 200))))  # fmt: skip
    assert not np.array_equal(left, right) and not np.array_equal(right, blue)


# ---- gestures -------------------------------------------------------------------------------------------------------


def test_every_action_can_be_told_from_every_other():
    who = build(sample_look(11))
    pictures = {action: draw_person(who, 96, action).astype(int) for action in (*ACTIONS, *GESTURES)}
    for one, other in combinations(pictures, 2):
        assert (np.abs(pictures[one] - pictures[other]).sum(-1) > 60).sum() > 100, (one, other)


def test_the_actions_of_the_benchmark_are_not_more_than_they_were():
    assert len(ACTIONS) == 11 and not set(ACTIONS) & set(GESTURE_ACTIONS)
    assert set(GESTURE_ACTIONS) == set(GESTURES) and set(PAIR_PHRASES) < set(PAIR_POSES)


@pytest.mark.parametrize("action", PAIR_PHRASES)
def test_two_who_touch_stand_together_whatever_their_size(action):
    for seed in range(6):
        one = Actor("Ada", "", action, "apple" if action == "giving" else None, "happy", "right", 0.28,
                    sample_look(seed), "Ben")  # fmt: skip
        does = "taking" if action == "giving" else action
        other = Actor("Ben", "", does, None, "happy", "left", 0.72, sample_look(seed + 50), "Ada")
        layers = draw_layers(Scene("library", (one, other)), 96)
        everything = layers.people["Ada"] | layers.people["Ben"] | layers.held
        columns = np.flatnonzero(everything.any(0))
        assert len(columns) == columns[-1] - columns[0] + 1, "a gap between them"
        middles = [np.flatnonzero(mask.any(0)).mean() for mask in layers.people.values()]
        assert middles[0] < middles[1] and all(mask.sum() > 150 for mask in layers.people.values())


# ---- stories --------------------------------------------------------------------------------------------------------


def test_equal_seeds_tell_equal_open_stories():
    assert sample_open_story(9) == sample_open_story(9)
    assert sample_open_story(9, 7).frames[:4] == sample_open_story(9).frames
    with pytest.raises(ValueError, match="'dev'"):
        sample_open_story(0, 4, "dev")


def test_no_scene_of_one_split_is_met_in_another_whoever_acts():
    def content(scene):
        deeds = sorted(f"{a.action}:{a.prop}" for a in scene.actors if a.action != "taking")
        if scene.actors and scene.actors[0].partner and "giving" not in str(deeds):
            deeds = deeds[:1]
        return scene.place, tuple(deeds), tuple(t.kind for t in scene.things), scene.time, scene.weather

    views = {
        split: [f.scene for seed in range(60) for f in sample_scenery(seed, 4, split).frames]
        for split in SPLITS
    }
    seen = {
        split: {content(s) for s in (*(f.scene for f in _frames(60, split)), *views[split])}
        for split in SPLITS
    }
    for one, other in combinations(SPLITS, 2):
        assert not seen[one] & seen[other]


def test_an_open_world_has_all_there_is_to_meet():
    frames = _frames(300)
    scenes = [frame.scene for frame in frames]
    assert {s.place for s in scenes} == set(PLACES)
    assert {s.time for s in scenes} == set(TIMES) and {s.weather for s in scenes} == set(WEATHERS)
    assert {a.action for s in scenes for a in s.actors} == {*ALL_ACTIONS, *PAIR_POSES}
    assert {t.kind for s in scenes for t in s.things} == set(THINGS_BESIDE)
    assert 0.02 < np.mean([not s.actors for s in scenes]) < 0.2
    assert all(PLACES[s.place].outdoors for s in scenes if (s.time, s.weather) != ("day", "clear"))


def test_scenery_is_mostly_empty_and_often_dark():
    """Frames of nobody had a thing in four of five cases, so "Night falls over the park." was drawn with one."""
    for split in SPLITS:
        scenes = [frame.scene for seed in range(40) for frame in sample_scenery(seed, 4, split).frames]
        assert not any(scene.actors for scene in scenes)
        assert np.mean([not scene.things for scene in scenes]) > 0.6
        assert {scene.time for scene in scenes} == set(TIMES)
    dark = [scene.time == "night" for seed in range(100) for scene in (sample_scenery(seed).frames[0].scene,)]
    assert np.mean(dark) > 0.2
    frame = sample_scenery(5).frames[0]
    assert frame.plain == "Nobody is in the park. Snow falls. It is night." and not frame.references


def test_captions_of_open_frames_name_all_that_is_there():
    for seed in range(150):
        tale = sample_open_story(seed)
        pronouns = {name: look.pronoun for name, look in tale.looks.items()}
        for before, frame in zip((None, *tale.frames), tale.frames, strict=False):
            words = frame.plain.replace(",", " ").replace(".", " ").split()
            assert {name for name in tale.looks if name in words} == {a.name for a in frame.scene.actors}
            assert PLACES[frame.scene.place].noun in frame.plain
            for thing in frame.scene.things:
                said = THINGS_BESIDE[thing.kind].words
                assert said in frame.plain.lower() and said in describe(frame.scene)
            assert "{" not in frame.plain + frame.referential + describe(frame.scene)
            for reference in frame.references:
                last = [actor.name for actor in before.scene.actors]
                named = [name for name in tale.looks if name in frame.referential[: reference.start].split()]
                assert sorted(candidates(reference.word, last, named, pronouns)) == sorted(reference.names)
