"""Whom pronouns stand for, in the writer's words: names take their places, and readings get these places back."""

import pytest

from storyboard.text.captions import Binding, Reading, find_mentions, find_pronouns, resolve
from storyboard.text.presence import with_added
from storyboard.text.readings import as_understood, place_readings

NAMES = {"Rosa": (), "Milo": (), "Bolt": ("the robot",), "the grey cat": ()}


def bound(caption: str, *names: str, occurrence: int = 0) -> str:
    """Returns `caption` with one of its pronouns bound to `names`."""
    word = find_pronouns(caption)[occurrence].word
    return resolve(caption, [Binding(word, occurrence, names)], NAMES)


@pytest.mark.parametrize(
    ("caption", "resolved"),
    [
        ("She waves.", "Rosa waves."),
        ("Then she waves.", "Then Rosa waves."),
        ("Milo waves to her.", "Milo waves to Rosa."),
        ("Milo waves to her, happily.", "Milo waves to Rosa, happily."),
        ("Her hat falls.", "Rosa's hat falls."),
        ("Milo holds her red hat.", "Milo holds Rosa's red hat."),
        ("Milo gives her a hat.", "Milo gives Rosa a hat."),
        ("Milo follows her into the park.", "Milo follows Rosa into the park."),
        ("Milo sees her run.", "Milo sees Rosa run."),
        ("Milo watches her dancing.", "Milo watches Rosa dancing."),
        ("Milo sees her dog.", "Milo sees Rosa's dog."),
        ("The hat is hers.", "The hat is Rosa's."),
        ("SHE WAVES.", "Rosa WAVES."),
        ("She's happy.", "Rosa's happy."),
        ("She\u2019ll wave.", "Rosa will wave."),
        ("She'd wave.", "Rosa would wave."),
    ],
)
def test_she_becomes_a_name_in_the_form_the_sentence_needs(caption, resolved):
    assert bound(caption, "Rosa") == resolved


@pytest.mark.parametrize(
    ("caption", "names", "resolved"),
    [
        ("He waves his hat.", ("Milo",), "Milo waves his hat."),
        ("His hat falls.", ("Milo",), "Milo's hat falls."),
        ("Rosa waves to him.", ("Milo",), "Rosa waves to Milo."),
        ("They wave.", ("Rosa", "Milo"), "Rosa and Milo wave."),
        ("They wave.", ("Rosa", "Milo", "Bolt"), "Rosa, Milo and Bolt wave."),
        ("They're happy.", ("Rosa", "Milo"), "Rosa and Milo are happy."),
        ("They've hats.", ("Rosa", "Milo"), "Rosa and Milo have hats."),
        ("They're happy.", ("Rosa",), "Rosa is happy."),
        ("Bolt sees them.", ("Rosa", "Milo"), "Bolt sees Rosa and Milo."),
        ("Their hats fall.", ("Rosa", "Milo"), "Rosa and Milo's hats fall."),
        ("The hats are theirs.", ("Rosa", "Milo"), "The hats are Rosa and Milo's."),
        ("It beeps.", ("Bolt",), "Bolt beeps."),
        ("Rosa oils it.", ("Bolt",), "Rosa oils Bolt."),
        ("Rosa oils its wheels.", ("Bolt",), "Rosa oils Bolt's wheels."),
        ("It naps.", ("the grey cat",), "The grey cat naps."),
        ("Rosa pets it.", ("the grey cat",), "Rosa pets the grey cat."),
    ],
)
def test_the_other_pronouns_do_too(caption, names, resolved):
    assert bound(caption, *names) == resolved


def test_only_the_pronoun_that_was_bound_is_replaced():
    caption = "She sees her and she waves to them."
    assert bound(caption, "Rosa", occurrence=2) == "She sees her and Rosa waves to them."
    both = [Binding("she", 0, ("Rosa",)), Binding("them", 3, ("Milo", "Bolt"))]
    assert resolve(caption, both, NAMES) == "Rosa sees her and she waves to Milo and Bolt."


@pytest.mark.parametrize(
    "binding",
    [
        Binding("he", 0, ("Milo",)),  # another word is in this place
        Binding("she", 1, ("Rosa",)),  # there is no second pronoun
        Binding("she", 0, ("Zelda",)),  # nobody of the cast
        Binding("she", 0, ()),
    ],
)
def test_a_binding_that_does_not_fit_changes_nothing(binding):
    assert resolve("She waves.", [binding], NAMES) == "She waves."


@pytest.mark.parametrize(
    ("caption", "included", "resolved"),
    [
        ("Rosa waves.", ("Bolt",), "Rosa waves, with Bolt."),
        ("Rosa waves", ("Bolt", "Milo"), "Rosa waves, with Bolt and Milo"),
        ("Rosa waves!?", ("Bolt",), "Rosa waves, with Bolt!?"),
        ("The lane at dawn.", ("Rosa",), "The lane at dawn, with Rosa."),
        ('Rosa says "Hi."', ("Milo",), 'Rosa says "Hi.", with Milo'),
        # The name is there already.
        ("Rosa waves to the robot.", ("Rosa", "Bolt"), "Rosa waves to the robot."),
        ("Rosa waves.", ("Zelda",), "Rosa waves."),
        ("Rosa waves.", ("Bolt", "Bolt"), "Rosa waves, with Bolt."),
    ],
)
def test_added_characters_come_at_the_end_unless_they_are_there(caption, included, resolved):
    assert with_added(caption, included, NAMES) == resolved


def test_somebody_a_pronoun_is_bound_to_is_not_added_again():
    assert (
        with_added(resolve("She waves.", [Binding("she", 0, ("Rosa",))], NAMES), ("Rosa",), NAMES)
        == "Rosa waves."
    )


@pytest.mark.parametrize("caption", ["She waves to her.", "They're here; her hat is theirs.", "It's his."])
def test_a_resolved_sentence_names_whom_it_was_bound_to(caption):
    bindings = [Binding(one.word, place, ("Rosa",)) for place, one in enumerate(find_pronouns(caption))]
    text = resolve(caption, bindings, NAMES)
    assert [one.name for one in find_mentions(text, NAMES)] == ["Rosa"] * len(bindings)
    assert find_pronouns(text) == ()


def test_readings_come_back_to_their_places_in_the_sentence_as_written():
    caption = "She waves to him and her."
    bindings = (Binding("she", 0, ("Rosa",)),)
    text = with_added(resolve(caption, bindings, NAMES), ("Bolt",), NAMES)
    assert text == "Rosa waves to him and her, with Bolt."
    read = [Reading("him", 14, 17, ("Milo",), 0.9, "model"), Reading("her", 22, 25, ("Rosa",), 0.6, "model")]
    assert [text[one.start : one.end] for one in read] == ["him", "her"]
    placed = place_readings(caption, bindings, (), text, read)
    assert [(caption[one.start : one.end], one.names, one.confidence, one.by) for one in placed] == [
        ("She", ("Rosa",), 1.0, "writer"),
        ("him", ("Milo",), 0.9, "model"),
        ("her", ("Rosa",), 0.6, "model"),
    ]


def test_a_reading_of_no_pronoun_is_dropped():
    wrong = [Reading("she", 5, 8, ("Rosa",), 0.9, "model"), Reading("he", 0, 2, ("Milo",), 0.9, "model")]
    assert place_readings("She waves.", (), (), "She waves.", wrong) == ()


def test_a_sentence_is_understood_with_names_where_the_writer_bound_and_the_model_read_somebody():
    caption = "She waves to him and her, and it rains."
    bindings = (Binding("she", 0, ("Rosa",)),)
    text = with_added(resolve(caption, bindings, NAMES), ("Bolt",), NAMES)
    read = [Reading("him", 14, 17, ("Milo",), 0.9, "model"), Reading("it", 31, 33, (), 0.8, "model")]
    placed = place_readings(caption, bindings, (), text, read)
    understood = as_understood(caption, text, placed, NAMES)
    assert understood == "Rosa waves to Milo and her, and it rains, with Bolt."


def test_whoever_left_the_cast_is_not_named_in_a_sentence_as_it_was_understood():
    read = [Reading("she", 0, 3, ("Zelda",), 0.9, "model")]
    assert as_understood("She waves.", "She waves.", read, NAMES) == "She waves."
