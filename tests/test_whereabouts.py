"""Where a sentence says that it is, and which place a sentence without one has from earlier sentences."""

import pytest

from storyboard.text.whereabouts import find_place, unsaid_place


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("Rosa waves in the park.", "in the park"),
        ("Rosa runs into the old kitchen.", "in the old kitchen"),
        ("Milo goes to a small dark cave.", "in the small dark cave"),
        ("They wait at the train station.", "at the train station"),
        ("From the front row of the classroom Pip sings.", "in the classroom"),
        ("Nana walks out of the house and into the garden.", "in the garden"),
        ("Otto comes from the bakery.", ""),
        ("Otto walks from the bakery to the beach.", "on the beach"),
        ("Juno is at school.", "in school"),
        ("A picture of a castle hangs crooked.", ""),
        ("He stands in front, and the library is closed.", ""),
        ("Rosa reads by the light of the moon.", ""),
        ("They wave at him to stop.", ""),
        ("Rosa sings.", ""),
        ("", ""),
    ],
)
def test_a_place_is_said_as_one_is_there(sentence, place):
    assert find_place(sentence) == place


def test_an_unsaid_place_is_the_latest_one():
    told = ["Rosa wakes in the bedroom.", "She runs into the kitchen.", "She sings."]
    assert unsaid_place("She eats a bun.", told) == "in the kitchen"
    assert unsaid_place("She eats a bun in the garden.", told) == ""
    assert unsaid_place("She eats a bun.", []) == ""
