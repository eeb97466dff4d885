"""What a pipeline has learned to read: forms of words, which words tell a deed, and what is nearest to other words."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from storyboard.models.folder import bundled_pipeline
from storyboard.story import edits
from storyboard.story.inputs import inputs_of
from storyboard.story.values import new_story
from storyboard.text.captions import read_sentence
from storyboard.text.circumstances import Circumstances
from storyboard.text.forms import first_forms, in_form_of, part_of
from storyboard.text.learned_words import lexicon_from
from storyboard.text.lexicon import Lexicon
from storyboard.text.places import called
from storyboard.text.preferences import meant_by_words
from storyboard.text.wordings import Wording, reworded
from storyboard.ui.gist import gist_of
from storyboard.ui.hints import Hints, load_hints
from tests.fakes import small_cast
from training.maple_lane import ACTIONS, PLACES
from training.maple_lane.more_actions import ALL_ACTIONS
from training.maple_lane.words.learned import deed_words, learned_words
from training.maple_lane.words.tables import table

PLACES_SAID = called(("in the kitchen", "in the forest", "on the beach"), {"on the beach": ("shore",)})
LEXICON = Lexicon(
    deeds={
        "waves": {"wave": 20, "hand": 4, "greet": 3, "give": 2},
        "reads": {"read": 20, "book": 9, "give": 2},
        "eats an apple": {"eat": 9, "apple": 5, "munch": 3},
    },
    nearest={"castle": "in the forest", "jump": "waves", "buy": "eats an apple", "river": "on the beach"},
    known=frozenset(("carried", "basket", "child", "quick", "slept")),
)
HINTS = Hints(
    places=("in the kitchen", "in the forest", "on the beach"),
    vocabulary=frozenset(("swim", "knife", "leaves")),
    lexicon=LEXICON,
    place_words={"on the beach": ("shore",)},
)


@dataclass(frozen=True)
class Somebody:
    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


def read(text, names=("Rosa", "Milo")):
    return read_sentence(text, {name: () for name in names})


@pytest.mark.parametrize(
    "word",
    """carrying carries carry baskets children quickly quicker sleeping sleeps swam swum swimming knives leaf leaving
    read reading books waved greeting gave munched eaten kitchen shore""".split(),
)
def test_no_form_of_a_known_word_is_unknown(word):
    """A model that knows "run", "sleep" and "knife" did not know "ran", "slept" and "knives"."""
    assert HINTS.unknown_words(f"Rosa {word}.", ("Rosa",)) == ()


def test_unknown_words_are_named_with_what_is_done_and_things_first():
    caption = "Gleefully, Rosa juggles enormous pineapples on a frobnicator and Milo sneezes rudely."
    found = HINTS.unknown_words(caption, ("Rosa", "Milo"))
    assert found == ("juggles", "pineapples", "frobnicator", "sneezes")
    assert HINTS.unknown_words("Rosa gleefully juggles enormous pineapples.", ("Rosa",)) == (
        "juggles",
        "pineapples",
        "enormous",
        "gleefully",
    )


def test_forms_of_words():
    assert first_forms("left") == {"left", "leave"}
    assert first_forms("frobnicated") == {"frobnicated"}
    assert [part_of(word) for word in ("juggles", "castle", "enormous", "slowly", "kichen")] == [
        *("verb", "noun", "other", "manner", "foreign")
    ]
    assert [in_form_of("wave", form) for form in ("jumped", "jumping", "jumps", "jump")] == [
        *("waved", "waving", "waves", "wave")
    ]


@pytest.mark.parametrize(
    ("text", "doings"),
    [
        ("Rosa greets Milo.", [(("Rosa",), "waves", ("greets",))]),
        ("Rosa and Milo ate.", [(("Rosa", "Milo"), "eats an apple", ("ate",))]),
        (
            "Rosa reads a book while Milo munches an apple.",
            [
                (("Rosa",), "reads", ("reads", "book")),
                (("Milo",), "eats an apple", ("munches", "apple")),
            ],
        ),
        # People had no deed if only a participle, a "who" or a verb before them tells of them.
        (
            "Rosa saw Milo reading.",
            [(("Rosa",), "", ()), (("Milo",), "reads", ("reading",))],
        ),
        (
            "In the window stood Rosa, munching.",
            [(("Rosa",), "eats an apple", ("munching",))],
        ),
        ("There was Rosa, who was eating.", [(("Rosa",), "eats an apple", ("eating",))]),
        # All words counted together, including those of the next sentence and those after a preposition.
        ("Rosa waves. There is an apple.", [(("Rosa",), "waves", ("waves",))]),
        ("Rosa waves among the books.", [(("Rosa",), "waves", ("waves",))]),
        ("Rosa would not read and munched.", [(("Rosa",), "eats an apple", ("munched",))]),
        ("Rosa waved a book.", [(("Rosa",), "waves", ("waved",))]),
        ("Rosa ponders.", [(("Rosa",), "", ())]),
        ("Rosa gives.", [(("Rosa",), "", ())]),  # "waves" and "reads" have equal shares in it
        ("The lane is empty.", []),
    ],
)
def test_who_does_what_is_read_with_the_words_it_came_from(text, doings):
    assert [(one.names, one.deed, one.words) for one in LEXICON.doings(read(text), {})] == doings


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Rosa waves in the old castle.", "Rosa waves in the forest."),
        ("Rosa walks to the castle.", "Rosa walks to the forest."),
        ("In the castle, Rosa waves.", "In the forest, Rosa waves."),
        ("Rosa swims in a river.", "Rosa swims on the beach."),
        ("Rosa jumped.", "Rosa waved."),
        ("Rosa is jumping.", "Rosa is waving."),
        ("Rosa buys a pear.", "Rosa eats a pear."),
        ("Rosa buys.", "Rosa eats an apple."),
        ("Rosa sits in the kichen.", "Rosa sits in the kitchen."),
    ],
)
def test_the_closest_is_offered_in_the_form_of_the_words_and_drawn(text, drawn):
    assert reworded(text, LEXICON.closest(read(text), PLACES_SAID)) == drawn


@pytest.mark.parametrize(
    "text",
    [
        "Rosa reads a book about castles.",  # it names no place
        "Rosa waves in the kitchen, far from the castle.",  # it names a known place
        "Rosa waves.",
        "Rosa makes a jump.",
        "Frobnicators gleam.",
        "Caried waves.",  # perhaps a name
        "",
    ],
)
def test_nothing_is_offered_where_nothing_is_nearer(text):
    assert LEXICON.closest(read(text), PLACES_SAID) == ()


@pytest.fixture
def story(tmp_path):
    from storyboard.disk.pictures import PictureStore

    story = new_story(small_cast(PictureStore(tmp_path)))
    return edits.insert(story, ["Rosa waves to Milo at the shore."])[0]


def test_the_gist_of_a_sentence_reads_on_from_the_story(story):
    gist = gist_of(inputs_of(story), HINTS, "She greets him.", 2)
    assert gist == {
        "doings": [{"names": ["Rosa"], "deed": "waves", "words": ["greets"]}],
        "others": ["Milo"],
        "where": {"place": "on the beach", "words": [], "from": 1},
        "around": "",
    }
    first = gist_of(inputs_of(story), HINTS, "Bolt reads in the castle.", 1)
    assert first["where"] is None and first["doings"][0]["names"] == ["Bolt"]
    drawn = [Wording("in the castle", "in the forest")]
    chosen = gist_of(inputs_of(story), HINTS, "Bolt reads in the castle.", 1, drawn)
    assert chosen["where"] == {"place": "in the forest", "words": ["forest"], "from": None}


def test_the_gist_says_with_what_and_what_is_around(story):
    """A person who ate a cake was read as eating an apple."""
    props = {"eats an apple": {"eats an apple": ("apple",), "eats a cake": ("cake",)}}
    around = Circumstances(({"at night": ("night",)},), {"a dog": ("dog",)})
    hints = replace(HINTS, lexicon=replace(LEXICON, props=props, around=around))
    gist = gist_of(inputs_of(story), hints, "That night Milo ate his cake beside a dog.", 2)
    assert gist["doings"] == [{"names": ["Milo"], "deed": "eats a cake", "words": ["ate"]}]
    assert gist["around"] == "at night, with a dog"
    dog = gist_of(inputs_of(story), hints, "A dog waits for Milo.", 2)
    assert dog["around"] == "with a dog"


def test_the_tables_tell_the_pages_own_phrases_and_name_places_and_deeds_there_are():
    words = learned_words([])
    assert set(words["places"]) == {place.at for place in PLACES.values()}
    assert len(words["deeds"]) == len(ACTIONS)
    assert set(table("nearest")) <= {*ACTIONS, *PLACES}
    assert "wave" in words["deeds"]["waves"] and "shore" in words["places"]["on the beach"]
    assert words["nearest"]["castle"] == "in the library"
    assert not {"waves", "floor", "table"} & {one for some in words["places"].values() for one in some}


def test_the_bundled_reader_reads_free_wording():
    hints = load_hints(bundled_pipeline())
    caption = "Nana was munching a pear while Pip jogged along the shore."
    doings = hints.lexicon.doings(read(caption, ("Nana", "Pip")), {})
    assert [(one.names[0], one.deed) for one in doings] == [("Nana", "eats an apple"), ("Pip", "runs")]
    assert hints.unknown_words(caption, ("Nana", "Pip")) == ()
    assert hints.calling["shore"] == "on the beach"


def test_a_damaged_list_of_words_is_left_out(tmp_path):
    (tmp_path / "reader").mkdir()
    for text in (
        "no",
        "[]",
        '{"deeds": [], "nearest": 3, "known": {}, "places": 1}',
        '{"deeds": {"waves": {"wave": "x"}}}',
    ):
        Path(tmp_path / "reader" / "words.json").write_text(text)
        assert load_hints(tmp_path).lexicon.doings(read("Rosa waves."), {})[0].deed == ""


def test_people_who_are_counted_are_in_the_gist(story):
    gist = gist_of(inputs_of(story), HINTS, "The two of them read.", 2)
    assert gist["doings"] == [{"names": ["Rosa", "Milo"], "deed": "reads", "words": ["read"]}]


def test_deeds_are_told_by_name_also_of_pronouns_that_leave_one_only():
    cast = (Somebody("Rosa", "she"), Somebody("Milo", "he"))
    sentence, before = read("He munched an apple while Rosa read."), [read("Milo waves.")]
    meant = meant_by_words(sentence, cast, before)
    assert LEXICON.deeds_of(sentence, meant) == {
        "Milo": "eats an apple",
        "Rosa": "reads",
    }
    assert LEXICON.deeds_of(read("Rosa gives, and Rosa reads."), {}) == {"Rosa": "reads"}
    assert LEXICON.deeds_of(read("Somebody waves."), {}) == {}
    assert Lexicon().deeds_of(sentence, meant) == {}


def test_words_that_were_learned_have_every_form_so_that_a_folder_reads_without_tables(monkeypatch):
    """The code in a pipeline folder runs with diffusers alone, where there are no tables of English forms."""
    lexicon = lexicon_from({"deeds": deed_words(ACTIONS)})
    cast, sentence = (Somebody("Rosa", "she"),), read("Rosa waved.")
    meant = meant_by_words(sentence, cast, [])
    with_tables = lexicon.deeds_of(sentence, meant)
    for cached in (first_forms, part_of):
        cached.cache_clear()
    monkeypatch.setitem(sys.modules, "lemminflect", None)
    meant = meant_by_words(sentence, cast, [])
    assert lexicon_from({"deeds": dict(lexicon.deeds)}).deeds_of(sentence, meant) == with_tables != {}
    for cached in (first_forms, part_of):
        cached.cache_clear()


def test_captions_say_a_deed_in_their_own_words():
    """ "Rosa paints" gave no easel in six pictures, and "Rosa paints a picture" gave four."""
    learned = learned_words((), ALL_ACTIONS)
    lexicon = lexicon_from(learned)
    assert lexicon.captioned("paints") == "paints a picture" and lexicon.captioned("waves") == "waves"
    assert lexicon.captioned("juggles") == "juggles"
    bundled = json.loads((bundled_pipeline() / "reader" / "words.json").read_text(encoding="utf-8"))
    assert bundled["captions"] == learned["captions"]
    damaged = lexicon_from(
        {"captions": {"waves": 3, "reads": " "}, "places": {"in the park": 1, "at home": [2]}}
    )
    assert damaged.captions == {} and damaged.places == {"at home": ()}


@pytest.mark.parametrize(
    ("sentence", "deeds"),
    [
        # who is the subject
        (
            "That night in the kitchen Rosa and Milo ate the soup.",
            {"Rosa": "eats an apple", "Milo": "eats an apple"},
        ),
        ("At one end Rosa runs and at the other Milo reads.", {"Rosa": "runs", "Milo": "reads"}),
        ("When the rain came Rosa danced.", {"Rosa": "dances"}),
        ("By the last page Rosa and Milo were asleep.", {"Rosa": "sleeps", "Milo": "sleeps"}),
        ("“But I am a bear!” roared Rosa, and Milo ran.", {"Rosa": "laughs", "Milo": "runs"}),
        ("It is Rosa that waters the garden.", {"Rosa": "waters a flower"}),
        ("Down the path run Rosa and Milo.", {"Rosa": "runs", "Milo": "runs"}),
        # others of whom a verb tells
        ("The cake is eaten by Rosa.", {"Rosa": "eats an apple"}),
        ("Rosa dances with Milo.", {"Rosa": "dances", "Milo": "dances"}),
        ("Rosa chases Milo.", {"Rosa": "runs", "Milo": "runs"}),
        # which of several words tells it
        ("Rosa looked up and waved.", {"Rosa": "waves"}),
        ("Rosa begins to run.", {"Rosa": "runs"}),
        ("Rosa sat down on the rug, and Milo and Rosa read on.", {"Rosa": "reads", "Milo": "reads"}),
        ("Rosa did not have an umbrella so Rosa ran.", {"Rosa": "runs"}),
        ("Rosa huddles under a tiny pink umbrella.", {"Rosa": "holds an umbrella"}),
        ("Milo, who ran the kiosk, carried two hot pies.", {"Milo": "carries a basket"}),
        ("Rosa, who was eating an ice cream, was crowned.", {"Rosa": "eats an apple"}),
        ("Rosa marches in with a big drum in her arms.", {"Rosa": "carries a basket"}),
        ("With a heap of blankets in her arms Rosa tiptoes in.", {"Rosa": "carries a basket"}),
        ("Milo sleeps by the stove, the crust is eaten and the kettle sings.", {"Milo": "sleeps"}),
        # words that captions have seldom or never
        ("Rosa dropped off in front of the fire.", {"Rosa": "sleeps"}),
        ("Milo pegged it across the yard.", {"Milo": "runs"}),
        ("Rosa and Milo tore along the promenade.", {"Rosa": "runs", "Milo": "runs"}),
        ("Rosa did a slow tango by the lamp.", {"Rosa": "dances"}),
        ("Milo thumbs through a catalogue.", {"Milo": "reads"}),
        ("Rosa looks up from her newspaper.", {"Rosa": "reads"}),
        ("Milo wolfed his dinner down.", {"Milo": "eats an apple"}),
        ("Rosa was gripping a heavy spade.", {"Rosa": "carries a basket"}),
        ("Milo holds his breath.", {}),
        ("Rosa gives the marigolds and the other flowers a drink.", {"Rosa": "waters a flower"}),
        ("Milo unfurled his umbrella.", {"Milo": "holds an umbrella"}),
        ("Rosa keeps watch by the well.", {"Rosa": "stands still"}),
        # what is told besides, over or denied
        ("Milo giggles and waters the ferns.", {"Milo": "waters a flower"}),
        ("Rosa strolls along eating a peach.", {"Rosa": "eats an apple"}),
        ("Milo guards the sandwiches.", {"Milo": "stands still"}),
        ("Rosa paints the sleeping cat.", {"Rosa": "paints"}),
        ("Milo stopped reading and ran.", {"Milo": "runs"}),
        ("Rosa has swept the hall and is painting the stairs.", {"Rosa": "paints"}),
        ("Milo laid the table and waited.", {"Milo": "stands still"}),
        ("Rosa hands the key to Milo and sprints off.", {"Rosa": "runs"}),
        ("Milo came in with a heavy book.", {"Milo": "carries a basket"}),
        ("Rosa walked in with a lantern in each hand.", {"Rosa": "carries a basket"}),
        ("Milo cried out and ran.", {"Milo": "runs"}),
        ("Rosa runs a small hotel.", {}),
        ("Milo has run out of flour.", {}),
        ("Rosa lied to the guard.", {}),
        ("Milo has forgotten his umbrella.", {}),
        ("Rosa left the sandwiches on the train.", {}),
        ("Milo never stops dancing.", {"Milo": "dances"}),
        ("Rosa is too cross to dance.", {}),
        ("Milo wears an old green hat.", {}),
        ("Rosa has a puppy in her arms.", {"Rosa": "carries a basket"}),
        ("Neither Rosa nor Milo dances.", {}),
        ("Milo strode in waving a flag.", {"Milo": "waves"}),
        ("Rosa and Milo were having their lunch.", {"Rosa": "eats an apple", "Milo": "eats an apple"}),
        # whose deed it is
        ("Rosa saw Milo wave.", {"Milo": "waves"}),
        ("Rosa taught Milo how to dance.", {"Milo": "dances"}),
        ("“Soon,” says Rosa to Milo, and goes on reading.", {"Rosa": "reads"}),
        ("“Never,” said Milo, not even looking up from his book.", {"Milo": "reads"}),
        ("Behind the counter Rosa, the owner, reads.", {"Rosa": "reads"}),
        ("During the last song Rosa and Milo dance.", {"Rosa": "dances", "Milo": "dances"}),
        ("Rosa reads alone, for Milo has dozed off.", {"Rosa": "reads", "Milo": "sleeps"}),
        ("Rosa eats a plum with Milo.", {"Rosa": "eats an apple", "Milo": "eats an apple"}),
    ],
)
def test_the_words_tell_what_everybody_does(sentence, deeds):
    """The words told two in three people's deeds in a writer's own sentences, and the picture follows the words."""
    lexicon = load_hints(bundled_pipeline()).lexicon
    assert lexicon.deeds_of(read(sentence, ("Rosa", "Milo")), {}) == deeds


@pytest.mark.parametrize(
    ("sentence", "deed"),
    [
        ("Rosa and Milo walk to the beach and run.", "runs"),
        ("Milo runs into the kitchen and reads.", "reads"),
        ("Milo walks to the kitchen and eats an apple.", "eats an apple"),
        ("Milo walks over to the bakery.", "walks"),
        ("Rosa dances to the music.", "dances"),
    ],
)
def test_how_somebody_gets_to_a_place_counts_only_where_they_do_nothing_there(sentence, deed):
    """ "They walk to the beach and run" was drawn as walking after walking to a place had become a separate deed."""
    doings = load_hints(bundled_pipeline()).lexicon.doings(read(sentence, ("Rosa", "Milo")), {})
    assert {one.deed for one in doings} == {deed}
