"""Whether "her" owns what follows: in "Nana takes her hat" it does, in "Nana takes her home" it does not."""

import pytest

from storyboard.text.captions import find_pronouns, is_possessive

OBJECTS = """
Milo walks her home.
Milo leads her indoors.
Nana makes her angry.
Nana hears her sing.
Rosa squeezes her tight.
Nana pours her coffee.
Nana sends her letters.
Nana gave her three plums.
Rosa tells her secrets
Nana lets her sleep.
Nana found her alone.
Milo thanks her warmly.
Nana helps her climb the wall.
Milo catches her singing.
They elect her because she is wise.
Nana wraps her in a blanket.
Behind her stands Milo.
"""
OWNERS = """
Milo paints her home.
Nana makes her bed.
Nana sees her brother.
Milo holds her blue umbrella.
Nana gives her flowers to Milo.
Nana helps her father.
Rosa opens her book.
Milo admires her lovely garden.
Nana brings her slippers.
Rosa washes her face.
She walks her dog.
Rosa eats her breakfast.
Rosa stands behind her house.
In her kitchen, Rosa sings.
Milo sits at her table.
"""


def owns(sentence: str) -> bool:
    return is_possessive(sentence, next(one for one in find_pronouns(sentence) if one.word == "her"))


@pytest.mark.parametrize("sentence", OBJECTS.strip().splitlines())
def test_her_is_no_owner_of_a_word_that_is_no_thing(sentence):
    """ "Nana takes her home" was read as a home that belongs to Nana."""
    assert not owns(sentence)


@pytest.mark.parametrize("sentence", OWNERS.strip().splitlines())
def test_her_is_the_owner_of_a_thing(sentence):
    assert owns(sentence)
