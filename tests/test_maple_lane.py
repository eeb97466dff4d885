"""Maple Lane: pictures contain what their labels say, stories are consistent, and splits share nothing."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from storyboard.models.stage import MIDDLES
from training.maple_lane import (
    ACTIONS,
    BY_NAME,
    CAST,
    EXPRESSIONS,
    FIXED,
    PLACES,
    SPLITS,
    Actor,
    Scene,
    candidates,
    describe,
    describe_portrait,
    draw,
    draw_portrait,
    draw_with_masks,
    draw_with_things,
    sample_story,
    split_of,
    story,
)
from training.maple_lane.sheet import save_sheet
from training.maple_lane.writer import frame_ids, write_dataset


def _stories(count=150, split="train", frames=6):
    return [sample_story(seed, frames, split) for seed in range(count)]


def _prop(action):
    return ACTIONS[action].props[0] if ACTIONS[action].props else None


# ---- pictures -------------------------------------------------------------------------------------------------------


def test_a_picture_follows_from_its_scene_alone():
    scene = story("val", 3).frames[1].scene
    first = draw(scene, 96)
    draw(story("val", 4).frames[0].scene, 96)
    assert first.shape == (96, 96, 3) and first.dtype == np.uint8
    assert np.array_equal(first, draw(scene, 96))


def test_asking_for_masks_does_not_change_the_picture():
    scene = story("val", 0).frames[0].scene
    picture, masks = draw_with_masks(scene, 96)
    assert np.array_equal(picture, draw(scene, 96))
    assert list(masks) == [actor.name for actor in scene.actors]


@pytest.mark.parametrize("size", [64, 200, 400])
def test_pictures_are_drawn_at_any_size(size):
    assert draw(story("val", 0).frames[0].scene, size).shape == (size, size, 3)


def test_a_mask_holds_the_pixels_that_change_when_the_character_changes_clothes():
    before = Actor("Rosa", "raincoat", "standing", x=0.28)
    other = Actor("Milo", "suit", "reading", "book", x=0.72)
    one, masks = draw_with_masks(Scene("park", (before, other), 5), 128)
    after = Actor("Rosa", "dungarees", "standing", x=0.28)
    two, later = draw_with_masks(Scene("park", (after, other), 5), 128)
    changed = np.abs(one.astype(int) - two).sum(-1) > 60
    assert changed.sum() > 200
    inside = masks["Rosa"] | later["Rosa"]
    assert (changed & inside).sum() > 0.9 * changed.sum()
    assert not (changed & masks["Milo"]).any()


def test_masks_do_not_overlap_and_everybody_is_well_visible():
    for tale in _stories(15, frames=4):
        for frame in tale.frames:
            _, masks = draw_with_masks(frame.scene, 64)
            layers = np.stack(list(masks.values()))
            assert layers.sum(0).max() == 1
            assert layers.sum((1, 2)).min() > 0.02 * 64 * 64, frame.plain


def test_a_held_thing_belongs_to_nobody():
    empty = Scene("farm", (Actor("Pip", "cape", "standing", x=0.5),), 1)
    laden = Scene("farm", (Actor("Pip", "cape", "carrying", "pumpkin", x=0.5),), 1)
    (_, bare, nothing), (_, partly, pumpkin) = (draw_with_things(scene, 128) for scene in (empty, laden))
    assert partly["Pip"].sum() < bare["Pip"].sum()
    assert pumpkin.sum() > 100 and not nothing.any() and not (pumpkin & partly["Pip"]).any()


@pytest.mark.parametrize("x", [MIDDLES[3][0], MIDDLES[3][2]])
@pytest.mark.parametrize("facing", ["left", "right"])
def test_nobody_is_cut_off_at_a_border(x, facing):
    empty = draw(Scene("garden", (), 7), 128).astype(int)
    for who in CAST:
        for index, action in enumerate(ACTIONS):
            outfit = who.outfits[index % len(who.outfits)]
            actor = Actor(who.name, outfit, action, _prop(action), "happy", facing, x)
            scene = Scene("garden", (actor,), 7)
            # Every difference from the empty garden stays inside the borders, props too. Shadows do not count (100).
            changed = np.abs(draw(scene, 128) - empty).sum(-1) > 100
            edge = np.concatenate([changed[0], changed[-1], changed[:, 0], changed[:, -1]])
            assert not edge.any(), (who.name, action)


def test_three_people_side_by_side_stay_inside_and_apart():
    for tale in _stories(60, frames=4):
        for frame in tale.frames:
            if len(frame.scene.actors) == 3:
                _, masks = draw_with_masks(frame.scene, 64)
                for name, mask in masks.items():
                    assert not (mask[:, 0] | mask[:, -1]).any() and not (mask[0] | mask[-1]).any(), name


def test_an_adult_takes_about_two_thirds_of_the_height():
    for name in ("Rosa", "Milo", "Otto", "Juno"):
        mask = draw_with_masks(Scene("park", (Actor(name, BY_NAME[name].outfits[0], "standing"),)), 128)[1][
            name
        ]
        rows = np.flatnonzero(mask.any(1))
        assert 0.57 < (rows[-1] - rows[0]) / 128 < 0.74, name


def test_every_face_every_outfit_and_every_place_looks_different():
    def all_differ(pictures):
        small = [picture.astype(int) for picture in pictures]
        for i, one in enumerate(small):
            for other in small[:i]:
                assert (np.abs(one - other).sum(-1) > 60).mean() > 0.001

    for who in CAST:
        all_differ([draw_portrait(who.name, outfit, 96) for outfit in who.outfits])
        faces = [Actor(who.name, who.outfits[0], "standing", expression=e) for e in EXPRESSIONS]
        all_differ([draw(Scene("park", (face,)), 96) for face in faces])
    all_differ([draw(Scene(place, ()), 64) for place in PLACES])
    everybody = [draw_portrait(who.name, who.outfits[0], 64) for who in CAST]
    all_differ(everybody)


def test_a_portrait_shows_the_whole_character_on_a_plain_ground():
    for who in CAST:
        for outfit in who.outfits:
            picture = draw_portrait(who.name, outfit, 64).astype(int)
            ground = picture[0, 0]
            edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
            assert (edge == ground).all(), (who.name, outfit)
            assert (np.abs(picture - ground).sum(-1) > 40).mean() > 0.06


# ---- stories --------------------------------------------------------------------------------------------------------


def test_equal_seeds_tell_equal_stories_and_a_longer_one_begins_alike():
    assert sample_story(11, 4) == sample_story(11, 4)
    assert sample_story(11, 9).frames[:4] == sample_story(11, 4).frames
    assert sample_story(11, 4).frames != sample_story(12, 4).frames


def test_splits_share_no_scene():
    def content(scene):
        return scene.place, tuple(sorted((a.name, a.action, a.prop or "") for a in scene.actors))

    seen = {split: {content(f.scene) for s in _stories(150, split) for f in s.frames} for split in SPLITS}
    assert (
        not seen["train"] & seen["val"]
        and not seen["train"] & seen["test"]
        and not seen["val"] & seen["test"]
    )
    for split in SPLITS:
        assert all(split_of(frame.scene) == split for frame in story(split, 0, 20).frames)


def test_looks_and_places_on_the_stage_do_not_decide_the_split():
    scene = story("test", 5).frames[0].scene
    other = [Actor(a.name, a.outfit, a.action, a.prop, "sad", "left", 0.1) for a in reversed(scene.actors)]
    assert split_of(Scene(scene.place, tuple(other), 99)) == "test"


def test_fixed_sets_have_their_size():
    assert FIXED[("val", 4)] == 200 and FIXED[("test", 4)] == 500 and FIXED[("test", 50)] == 20
    assert len(story("test", 19, frames=50).frames) == 50
    with pytest.raises(ValueError, match="500 stories"):
        story("test", 500)
    with pytest.raises(ValueError, match="'dev'"):
        sample_story(0, 4, "dev")


def test_clothes_stay_for_a_whole_story_and_are_never_said():
    for tale in _stories():
        for frame in tale.frames:
            for actor in frame.scene.actors:
                assert tale.outfits[actor.name] == actor.outfit
                words = BY_NAME[actor.name].wardrobe[actor.outfit].words
                assert words not in frame.plain and words not in frame.referential
                assert words in describe(frame.scene)
                assert words in describe_portrait(actor.name, actor.outfit)


def test_places_persist_and_people_come_and_go():
    stayed = moved = entered = left = 0
    for tale in _stories():
        for one, two in zip(tale.frames, tale.frames[1:], strict=False):
            stayed += one.scene.place == two.scene.place
            moved += one.scene.place != two.scene.place
            before, after = ({a.name for a in f.scene.actors} for f in (one, two))
            entered += bool(after - before)
            left += bool(before - after)
            if one.scene.place == two.scene.place:
                assert one.scene.layout == two.scene.layout  # the same view of the same place
    assert stayed > 2 * moved > 0 and entered and left


def test_the_plain_caption_names_everybody_and_the_place():
    for tale in _stories():
        for frame in tale.frames:
            words = frame.plain.replace(",", " ").replace(".", " ").split()
            assert f"the {PLACES[frame.scene.place].noun}" in frame.plain
            for who in CAST:
                present = who.name in {a.name for a in frame.scene.actors}
                assert words.count(who.name) == int(present), frame.plain
            assert frame.plain[0].isupper() and frame.plain.endswith(".")


def test_the_referential_caption_leaves_out_a_place_that_persists():
    for tale in _stories():
        assert tale.frames[0].referential == tale.frames[0].plain and not tale.frames[0].references
        for one, two in zip(tale.frames, tale.frames[1:], strict=False):
            said = any(f"the {place.noun}" in two.referential for place in PLACES.values())
            assert said == (one.scene.place != two.scene.place)


def test_an_unsaid_place_has_one_position_in_the_plain_caption():
    """The place was at the front, in the middle or at the end by chance, and stage 2 learned a mix of the three."""
    positions = {}
    for tale in _stories(600):
        for one, two in zip(tale.frames, tale.frames[1:], strict=False):
            if one.scene.place == two.scene.place:
                at = PLACES[two.scene.place].at
                sentence = re.sub("|".join(BY_NAME), "X", two.plain)
                assert sentence.count(f" {at}") == 1
                rest, position = sentence.replace(f" {at}", ""), sentence.index(at)
                assert positions.setdefault(rest, position) == position, two.plain
    assert len(positions) > 500


def test_every_pronoun_has_exactly_one_antecedent_by_the_rule():
    pronouns = {"he", "him", "she", "her", "it", "they", "them"}
    met = set()
    for tale in _stories(400):
        for one, two in zip(tale.frames, tale.frames[1:], strict=False):
            last = [a.name for a in one.scene.actors]
            text = two.referential
            for reference in two.references:
                assert text[reference.start : reference.start + len(reference.word)] == reference.word
                named = [name for name in BY_NAME if name in text[: reference.start]]
                assert sorted(candidates(reference.word, last, named)) == sorted(reference.names), text
                met.add(reference.word.lower())
            spoken = [w for w in text.replace(",", " ").replace(".", " ").split() if w.lower() in pronouns]
            assert sorted(spoken) == sorted(r.word for r in two.references), text
            # Named people and meant people together are the people in the picture.
            meant = {name for r in two.references for name in r.names} | {n for n in BY_NAME if n in text}
            assert meant == {a.name for a in two.scene.actors}
    assert met == pronouns


def test_two_people_of_one_pronoun_are_never_he_or_she():
    assert candidates("she", ["Rosa", "Milo"], []) == ("Rosa",)
    assert candidates("her", ["Rosa"], ["Nana"]) == ("Rosa", "Nana")
    assert candidates("they", ["Rosa"], ["Milo"]) == ()
    for tale in _stories(200):
        for one, two in zip(tale.frames, tale.frames[1:], strict=False):
            ladies = [a.name for a in one.scene.actors if BY_NAME[a.name].pronoun == "she"]
            if len(ladies) > 1:
                assert not any(r.word.lower() in ("she", "her") for r in two.references)


def test_every_action_has_many_sentences():
    forms = {}
    for tale in _stories(400, frames=4):
        for frame in tale.frames:
            if len(frame.scene.actors) == 1:
                actor = frame.scene.actors[0]
                text = frame.plain.replace(actor.name, "X").replace(PLACES[frame.scene.place].at, "P")
                forms.setdefault(actor.action, set()).add(text)
    assert set(forms) == set(ACTIONS)
    assert all(len(found) >= 6 for found in forms.values())


# ---- on disk --------------------------------------------------------------------------------------------------------


def test_the_dataset_on_disk_has_the_layout_of_flintstones(tmp_path):
    write_dataset(tmp_path, "val", 2, size=64)
    write_dataset(tmp_path, "test", 1, size=64)
    write_dataset(tmp_path, "val", 2, size=64)  # again, so it is replaced and not doubled

    def load(name):
        return json.loads((tmp_path / f"{name}.json").read_text("utf-8"))

    split = load("split")
    assert {key: len(ids) for key, ids in split.items()} == {"val": 8, "test": 4}
    ids = split["val"] + split["test"]
    assert len(load("flintstones_annotations_v1-0")) == 12 and len(load("stories")) == 3
    assert (
        set(load("cleaned_annotations")) == set(load("labels")) == set(load("labels_bg")["label"]) == set(ids)
    )
    first = frame_ids("val", 0, 4)
    assert load("following_cache3")[first[0]] == first[1:]
    tale = story("val", 0)
    for frame_id, frame in zip(first, tale.frames, strict=True):
        film = np.load(tmp_path / "video_frames_sampled_4x" / f"{frame_id}.npy")
        assert film.shape == (1, 64, 64, 3) and np.array_equal(film[0], draw(frame.scene, 64))
        mask = np.load(tmp_path / "seg_mask_4x_comb" / f"{frame_id}-frame0.npy")
        entry = load("cleaned_annotations")[frame_id]
        for segment in entry["segments"]:
            assert entry["tokens"][segment["start"]].lower() == segment["word"]
            ys, xs = np.nonzero(mask == segment["id"])
            assert segment["bbox"] == [2 * xs.min(), 2 * ys.min(), 2 * xs.max() + 2, 2 * ys.max() + 2]
        present = [who.name for who, here in zip(CAST, load("labels")[frame_id], strict=True) if here]
        assert set(present) == {actor.name for actor in frame.scene.actors}
    assert len(list((tmp_path / "chars").glob("*.png"))) == sum(len(who.outfits) for who in CAST)


def test_a_sheet_shows_every_story_and_portrait(tmp_path):
    save_sheet(tmp_path / "sheet.png", [story("val", 0)])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 4 * 256 and sheet.height > 256


def test_too_many_stories_are_refused_before_anything_is_written(tmp_path):
    out = tmp_path / "new"
    command = [
        sys.executable,
        "-m",
        "training.maple_lane",
        "--out",
        str(out),
        "--split",
        "val",
        "--stories",
        "201",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "200 stories" in done.stderr and not out.exists()
