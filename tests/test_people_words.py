"""People in words: descriptions, short phrases, names of people and of clothes."""

from dataclasses import replace
from random import Random

import pytest

from storyboard.errors import StoryError
from storyboard.people import (
    Look,
    Part,
    facets,
    random_look,
)
from storyboard.people import wardrobe as w
from storyboard.people.colours import CLOTH, HAIR, SKIN
from storyboard.people.names import HERS, HIS, ITS, is_test_name, names_for, sample_name
from storyboard.people.words import describe_look, name_clothes, noun, phrases
from tests.looks import bare, people_of

# ---- words ----------------------------------------------------------------------------------------------------------


def test_words_and_facets_agree():
    for look in people_of(300):
        text, labels = describe_look(look), facets(look)
        said = [labels["skin"], labels["top_colour"], labels["bottom_colour"], labels["headwear_colour"]]
        said += [labels["hair_colour"], labels["footwear_colour"]]
        for colour in {str(label) for label in said} - {"none", "hidden"}:
            assert colour in text, (colour, text)
        assert noun(look).split()[-1] in text
        if look.beard != w.NONE:
            assert look.beard.split()[-1] in text
        if labels["pattern"] in ("stripes", "checks"):
            assert "striped" in text or "checked" in text
        for extra, _ in look.extras:
            assert extra.replace("heart ", "heart-shaped ") in text, text


def test_descriptions_are_correct_english():
    for look in people_of(500):
        text = describe_look(look)
        words = text.replace(",", "").split()
        for one, two in zip(words, words[1:], strict=False):
            assert one != two, text
            if one in ("a", "an"):
                assert (one == "an") == (two[0] in "aeiou"), text
                assert two not in ("trousers", "leggings", "shorts", "dungarees", "gloves", "braces"), text
        assert "  " not in text and "{" not in text and ",," not in text and " ," not in text, text
        assert text.split()[-1] not in ("and", "with", "in")


def test_what_a_description_says_of_some_people():
    grandmother = Look(
        age="old", height="tall", skin=SKIN["brown"], hair="bun", hair_colour=HAIR["grey"], glasses="round glasses",
        top="jumper", top_colour=CLOTH["green"], pattern="stripes", accent=CLOTH["white"], bottom_colour=CLOTH["blue"],
        footwear_colour=CLOTH["black"],
    )  # fmt: skip
    assert describe_look(grandmother) == (
        "a tall old woman with brown skin, a grey bun and round glasses, "
        "in a green and white striped jumper, blue trousers and black shoes"
    )
    robot = Look(
        kind="robot", pronoun="it", height="short", hair="dome", skin=CLOTH["orange"], hair_colour=CLOTH["red"],
        top=w.NONE, bottom=w.NONE, footwear="bare feet", extras=(Part("scarf", CLOTH["blue"]),),
    )  # fmt: skip
    assert describe_look(robot) == "a small orange robot with a round head and red ears, in a blue scarf"


def test_phrases_that_are_true_of_somebody_begin_with_the_plainest():
    boy = Look(pronoun="he", age="child", headwear="cap", headwear_colour=CLOTH["red"])
    found = phrases(replace(boy, extras=(Part("scarf", CLOTH["blue"]),)))
    assert found[0] == "the boy" and "the boy with the red cap" in found
    assert found[-1] == "the boy with the blue scarf"


# ---- names ----------------------------------------------------------------------------------------------------------


def test_names_are_many_each_once_and_of_one_split():
    everybody = [*HERS, *HIS, *ITS]
    assert len(set(HERS)) == len(HERS) and len(set(HIS)) == len(HIS) and not set(HERS) & set(HIS)
    assert len(set(everybody)) > 500 and all(
        name.isalpha() and name.istitle() and len(name) < 10 for name in everybody
    )
    kept = {name for name in everybody if is_test_name(name)}
    assert 0.1 < len(kept) / len(set(everybody)) < 0.3
    assert not {"Rosa", "Milo", "Nana", "Otto", "Pip", "Juno", "Toggle"} & set(everybody)
    assert {"Rose", "Will", "May"} <= set(everybody)


def test_a_name_fits_its_person_and_is_not_taken():
    woman, cat = Look(), bare("cat")
    assert set(names_for(woman, "train")) < set(HERS) and not set(names_for(woman, "test")) & set(
        names_for(woman, "train")
    )
    assert set(names_for(cat, "train")) & set(ITS)
    name = sample_name(woman, Random(1))
    assert sample_name(woman, Random(1), taken=[name]) != name
    with pytest.raises(StoryError, match="taken"):
        sample_name(woman, Random(1), taken=HERS)


@pytest.mark.parametrize("seed", range(12))
def test_clothes_have_a_short_name(seed):
    look = random_look(Random(seed))
    assert name_clothes(look) in describe_look(look) or look.top == w.NONE
