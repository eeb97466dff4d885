"""The sky and things beside people, from the words of a story."""

from storyboard.text.circumstances import Circumstances
from storyboard.text.learned_words import lexicon_from
from training.maple_lane import ACTIONS
from training.maple_lane.more_actions import ALL_ACTIONS
from training.maple_lane.words.learned import learned_words

AROUND = Circumstances(
    skies=(
        {"": ("day", "morning"), "at night": ("night", "moon")},
        {"": ("sunny",), "in the rain": ("rain",), "in the snow": ("snow",)},
    ),
    things={"a dog": ("dog",), "a boat": ("boat",)},
    indoors=frozenset(("in the kitchen",)),
    nobody="Nobody is",
)


def around(*sentences, place="in the park"):
    return AROUND.around(sentences, place)


def test_a_sky_is_told_by_its_words_and_stays_until_another_is():
    assert around("Night falls.") == " at night"
    assert around("Under the moon it rained.", "Rosa waves.") == " at night in the rain"
    assert around("Night falls.", "It snowed.", "The next morning Rosa waves.") == " in the snow"
    assert around("The night was over, and the day was sunny.") == "" == around() == around("Rosa waves.")


def test_a_room_has_no_sky():
    assert around("Night falls.", place="in the kitchen") == ""


def test_things_are_there_while_they_are_spoken_of():
    assert around("Two brown dogs run to a boat.") == ", with a dog and a boat"
    assert around("Rosa pats her dog in the rain.") == " in the rain, with a dog"
    assert around("A dog barks.", "Rosa waves.") == ""
    assert around("No dog is there.") == around("It was the boating, and dogs are far.") == ""


def test_a_pipeline_without_such_captions_says_nothing():
    assert Circumstances().around(("Night falls on the dogs.",), "in the park") == ""


def test_the_open_world_writes_what_the_page_reads():
    lexicon = lexicon_from(learned_words((), ALL_ACTIONS))
    story = ("It was a rainy night.", "A dog and a bicycle stood there.")
    assert lexicon.around.around(story, "in the park") == " at night in the rain, with a dog and a bicycle"
    assert lexicon.around.around(story[:1], "in the kitchen") == "" and lexicon.around.nobody == "Nobody is"
    # A thing that she holds is not beside her.
    assert lexicon.around.things_in("Rosa carries a suitcase and kicks a ball.") == ()
    assert lexicon_from(learned_words((), ACTIONS)).around == Circumstances()


def test_the_thing_of_a_deed_is_the_one_that_is_named():
    lexicon = lexicon_from(learned_words((), ACTIONS))
    assert lexicon.captioned("eats an apple", " munches a slice of birthday cake.") == "eats a cake"
    assert lexicon.captioned("eats an apple", " munches.") == "eats an apple"
    assert lexicon.captioned("carries a basket", " lugs two heavy crates") == "carries a parcel"
    assert lexicon.captioned("eats an apple", " watched the old man and his dog eat.") == "eats an apple"


def test_damaged_lists_of_what_is_around_are_left_out():
    damaged = {
        "skies": [3, {"at night": 1, "at dusk": ["dusk", 2]}],
        "things": [],
        "indoors": 1,
        "nobody": " ",
    }
    found = lexicon_from({**damaged, "props": {"eats": 3, "waves": {"waves": "x"}}})
    assert found.around == Circumstances(skies=({}, {"at dusk": ("dusk",)}))
    assert found.props == {"eats": {}, "waves": {}}
