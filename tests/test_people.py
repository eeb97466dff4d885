"""People as values: every look can be saved, changed and told from others. Training and test share nobody."""

import hashlib
import json
from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pytest

from storyboard.errors import StoryError
from storyboard.people import (
    FACETS,
    Look,
    Part,
    build,
    draw_person,
    facets,
    random_look,
    sample_look,
    split_of_look,
)
from storyboard.people import wardrobe as w
from storyboard.people.changes import changed, choices
from storyboard.people.colours import CLOTH, FUR, HAIR, SKIN, name_in
from storyboard.people.facets import body_key, clothes_key
from storyboard.people.sampling import SPLITS
from tests.looks import people_of

# ---- values ---------------------------------------------------------------------------------------------------------


def test_equal_seeds_give_equal_people():
    assert people_of(20) == people_of(20)
    assert sample_look(3, "train") != sample_look(4, "train")
    assert random_look(Random(5)) == random_look(Random(5))


def test_the_test_people_stay_who_they_are():
    """Scores of different days must be of the same people. A new hat in the lists must not silently change them."""
    people = json.dumps([look.to_json() for look in people_of(40, "test")])
    assert hashlib.blake2b(people.encode(), digest_size=8).hexdigest() == "e2bf10d1eca78fc3"


def test_json_keeps_every_look():
    for look in people_of(500):
        assert Look.from_json(json.loads(json.dumps(look.to_json()))) == look


def test_a_look_is_a_value_that_can_be_a_key():
    assert len({look: 1 for look in (Look(), Look(), Look(hair="bob"))}) == 2
    with pytest.raises(StoryError, match="tuple"):
        Look(skin=[1, 2, 3])


def test_what_json_leaves_out_has_its_default():
    assert Look.from_json({}) == Look()
    assert Look.from_json({"hair": "afro"}) == Look(hair="afro")


@pytest.mark.parametrize(
    "data",
    [
        "afro",
        None,
        ["hair"],
        {"hat": "cap"},
        {"__class__": "Look"},
        {"hair": "<script>alert(1)</script>"},
        {"hair": "x" * 100_000},
        {"hair": ["afro"]},
        {"hair": {"afro": 1}},
        {"hair": None},
        {"kind": "dragon"},
        {"skin": [0, 0, 256]},
        {"skin": [0, -1, 0]},
        {"skin": [1, 2]},
        {"skin": [1, 2, 3.5]},
        {"skin": [True, 2, 3]},
        {"skin": "#ff0000"},
        {"skin": None},
        {"marks": "freckles"},
        {"marks": ["scales"]},
        {"marks": ["freckles", "freckles"]},
        {"marks": [["freckles"]]},
        {"extras": ["scarf"]},
        {"extras": {"scarf": "red"}},
        {"extras": {"wings": [1, 2, 3]}},
        {"extras": {"dial": [1, 2, 3]}},
        {"extras": {name: [1, 2, 3] for name in w.EXTRAS[:5]}},
        {"pronoun": "it"},
        {"top": "none"},
        {"top": "dress", "bottom": "trousers"},
        {"top": "jumper", "bottom": "none"},
        {"top": "hoodie", "bottom": "dungarees"},
        {"top": "coat", "bottom": "tutu"},
        {"kind": "robot", "hair": "dome"},
        {"kind": "cat", "hair": "plain fur", "beard": "goatee"},
        {"kind": "cat", "hair": "plain fur", "age": "old"},
        {"kind": "cat", "hair": "plain fur", "headwear": "turban"},
        {"kind": "cat", "hair": "bob"},
    ],
)
def test_a_look_that_cannot_be_is_refused_in_one_sentence(data):
    with pytest.raises(StoryError) as error:
        Look.from_json(data)
    text = str(error.value)
    assert text.endswith(".") and len(text) < 700 and "\n" not in text and "xxxxx" * 20 not in text


def test_a_sampled_colour_goes_by_the_name_of_its_palette():
    for palette in (CLOTH, HAIR, SKIN, FUR):
        assert all(name_in(palette, colour) == name for name, colour in palette.items())


# ---- one choice changed ---------------------------------------------------------------------------------------------

MENUS = {"kind": w.KINDS, "age": w.AGES, "hair": w.HAIR_OF["human"], "top": (w.NONE, *w.TOPS), "bottom": w.BOTTOMS,
         "headwear": w.HEADWEAR, "beard": w.BEARD_NAMES}  # fmt: skip


def test_every_choice_of_a_menu_can_be_taken_and_all_else_is_refused():
    for look in people_of(25):
        for field, words in MENUS.items():
            offered = choices(look, field)
            for word in words:
                if word in offered:
                    assert getattr(changed(look, field, word), field) == word
                else:
                    with pytest.raises(StoryError):
                        changed(look, field, word)


def test_a_human_can_wear_everything_and_become_anybody():
    woman = Look()
    for field in ("kind", "hair", "headwear", "beard", "pattern", "footwear"):
        assert set(choices(woman, field)) == set(dict(MENUS, pattern=w.PATTERNS, footwear=w.FOOTWEAR)[field])
    assert set(choices(woman, "top")) == set(w.TOPS) and set(choices(woman, "bottom")) == set(w.BOTTOMS)
    for look in people_of(60):
        assert set(choices(look, "kind")) == set(w.KINDS)


def test_what_no_longer_goes_is_mended_and_the_rest_stays():
    woman = Look(top="jumper", bottom="trousers", hair="bob", extras=(Part("scarf", CLOTH["red"]),))
    dressed = changed(woman, "top", "dress")
    assert (dressed.bottom, dressed.hair, dressed.extras) == (w.NONE, "bob", woman.extras)
    assert changed(dressed, "bottom", "dungarees").top == "t-shirt"
    assert changed(woman, "bottom", "skirt").top == "jumper"
    robot = changed(woman, "kind", "robot")
    assert (robot.top, robot.hair, robot.extras) == (w.NONE, "screen", woman.extras)
    assert changed(changed(woman, "kind", "cat"), "kind", "human").top == "jumper"
    with pytest.raises(StoryError, match="wings"):
        changed(woman, "wings", "two")
    with pytest.raises(StoryError, match="dragon"):
        changed(woman, "kind", "dragon")


# ---- facets and splits ----------------------------------------------------------------------------------------------


def test_every_facet_has_a_known_label():
    for look in people_of(200):
        labels = facets(look)
        assert labels.keys() == FACETS.keys()
        for key, label in labels.items():
            assert set(label if isinstance(label, tuple) else (label,)) <= set(FACETS[key]), (key, label)


def test_every_style_and_every_garment_is_met_in_training():
    met = {key: set() for key in FACETS}
    for look in people_of(1200):
        for key, label in facets(look).items():
            met[key] |= set(label if isinstance(label, tuple) else (label,))
    for key in ("kind", "age", "height", "girth", "hair", "beard", "glasses", "marks", "headwear", "top", "bottom",
                "pattern", "footwear", "extras"):  # fmt: skip
        assert not set(FACETS[key]) - met[key], key
    assert set(SKIN) <= met["skin"] and set(HAIR) <= met["hair_colour"] and set(CLOTH) <= met["top_colour"]


def test_hair_that_a_hat_hides_has_no_label():
    afro = Look(hair="afro", hair_colour=HAIR["red"])
    assert facets(afro)["hair"] == "afro" and facets(afro)["hair_colour"] == "red"
    assert facets(replace(afro, headwear="cap"))["hair"] == "short hair"
    assert facets(replace(afro, headwear="flower"))["hair"] == "afro"
    covered = facets(replace(afro, headwear="headscarf"))
    assert covered["hair"] == "hidden" and covered["hair_colour"] == "hidden"
    assert facets(replace(afro, hair="plaits", headwear="cap"))["hair"] == "plaits"


def test_what_has_one_label_looks_alike_where_it_is_hidden():
    """If something has the label "hidden", no part of it may be visible."""
    scarf = Look(headwear="headscarf")
    same = [replace(scarf, hair=hair) for hair in ("afro", "mohawk", "long wavy hair", "plaits")]
    first, *others = [draw_person(build(look), 96) for look in same]
    assert all(np.array_equal(first, other) for other in others)
    cap = Look(headwear="cap")
    under = [
        draw_person(build(replace(cap, hair=hair)), 96)
        for hair in ("short hair", "afro", "mohawk", "two buns")
    ]
    assert all(np.array_equal(under[0], other) for other in under[1:])
    star = Look(top="coat", pattern="star")
    assert facets(star)["pattern"] == "plain"
    assert np.array_equal(
        draw_person(build(star), 96), draw_person(build(replace(star, pattern="plain")), 96)
    )


def test_no_body_and_no_clothes_of_one_split_are_met_in_another():
    people = {split: people_of(150, split) for split in SPLITS}
    for key in (body_key, clothes_key):
        seen = {split: {key(look) for look in looks} for split, looks in people.items()}
        for one, other in combinations(SPLITS, 2):
            assert not seen[one] & seen[other]
    for split, looks in people.items():
        assert {split_of_look(look) for look in looks} == {split}
    with pytest.raises(StoryError, match="'dev'"):
        sample_look(0, "dev")


def test_every_split_has_people_of_every_kind():
    for split in SPLITS:
        assert {look.kind for look in people_of(120, split)} == set(w.KINDS)


def test_a_thousand_people_are_all_different():
    people = people_of(1000)
    labels = {json.dumps(facets(look)) for look in people}
    pictures = {draw_person(build(look), 48).tobytes() for look in people}
    assert len(labels) == len(pictures) == 1000
