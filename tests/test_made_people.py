"""Looks from outside: changed part by part, made from a seed, worn, and known or unknown to a pipeline."""

from contextlib import closing
from random import Random

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.people import random_look
from storyboard.people.colours import FUR
from storyboard.studio.maker import WORDS, look_of_seed, look_with, wardrobe
from storyboard.studio.studio import Studio
from storyboard.ui.calls import look_at_words
from storyboard.ui.hints import Hints
from storyboard.ui.view import board_view
from tests.fakes import FlatRenderer, small_cast

LOOK = random_look(Random(5)).to_json()


@pytest.mark.parametrize("anybody", [False, True])
def test_who_is_learned_follows_the_portrait_they_wear(tmp_path, anybody):
    pictures = PictureStore(tmp_path / "pictures")
    Image.new("RGB", (9, 9), "pink").save(tmp_path / "pink.png")
    with closing(Studio(FlatRenderer(), small_cast(pictures), pictures, draws_anybody=anybody)) as studio:
        story = studio.create()
        studio.change(story, "make_character", name="Ada", pronoun="she", look=LOOK)
        studio.add_character(story, "Eve", "she", [], tmp_path / "pink.png")
        studio.change(story, "edit_character", name="Milo", new_name="Max", pronoun="he", aliases=[])
        learned = {one["name"]: one["portraits"][0]["learned"] for one in board_view(studio, story)["cast"]}
        assert learned == {"Rosa": True, "Max": True, "Bolt": True, "Ada": anybody, "Eve": False}
        look_at = look_at_words(Hints())
        said = look_at(studio, {"story": story, "caption": "Ada and Rosa wave to Eve."})
        assert said["strangers"] == (["Eve"] if anybody else ["Ada", "Eve"])


def test_changes_of_a_look_are_made_in_their_order_and_what_does_not_go_with_one_gives_way():
    worn = look_with(LOOK, [["kind", "human"], ["top", "dress"]])
    assert (worn.top, worn.bottom) == ("dress", "none")
    both = look_with(
        worn.to_json(), [["bottom", "dungarees"], ["skin", [1, 2, 3]], ["extras", {"cape": [9, 9, 9]}]]
    )
    assert (both.top, both.skin, dict(both.extras)) == ("t-shirt", (1, 2, 3), {"cape": (9, 9, 9)})
    cat = look_with(both.to_json(), [["kind", "cat"]])
    assert cat.skin in FUR.values() and look_with(cat.to_json()) == cat


@pytest.mark.parametrize(
    "changes",
    [None, "kind", [["kind"]], [[["kind"], "cat"]], [["wings", "two"]], [["wings", 2]], [["skin", [1, 2]]],
     [["kind", "ghost"]], [["kind", {}]], [["marks", "freckles"]], [["top", "dress"]] * 101],
)  # fmt: skip
def test_changes_that_are_none_are_refused_in_one_sentence(changes):
    with pytest.raises(StoryError, match=r"^.+\.$"):
        look_with(LOOK, changes)


@pytest.mark.parametrize("seed", [None, -1, 2**31, 1.5, True, "7"])
def test_a_seed_that_is_none_gives_nobody(seed):
    with pytest.raises(StoryError, match="The seed of a look is a whole number"):
        look_of_seed(seed)


def test_everything_the_page_offers_can_be_chosen_by_everybody():
    offered = wardrobe()["choices"]
    for kind, fields in offered.items():
        look = look_with(LOOK, [["kind", kind]]).to_json()
        for field, words in fields.items():
            for word in words if field in WORDS else ():
                assert getattr(look_with(look, [[field, word]]), field) == word
