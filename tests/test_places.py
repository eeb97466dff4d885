"""Where a frame is: places found in words, changed by the writer, continued from frame to frame, and kept."""

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline
from storyboard.models.place_words import load_places
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.story.inputs import inputs_of
from storyboard.story.values import new_story
from storyboard.story.where import where_frames_are
from storyboard.studio.session import StorySession
from storyboard.text.places import called, find_places, latest_place, place_said, places_said, wordings_for
from storyboard.text.wordings import Wording, check_wording, reworded
from tests.fakes import FlatRenderer, small_cast
from tests.writing import draw, ids, stale

PLACES = called(
    ("in the kitchen", "in the park", "on the beach", "at the train station"),
    {"on the beach": ("shore", "sea"), "in the park": ("lawn",), "in the kitchen": ("lawn",)},
)


@pytest.fixture
def session(tmp_path):
    pictures = PictureStore(tmp_path)
    return StorySession(new_story(small_cast(pictures)), FlatRenderer(steps=1), pictures, places=PLACES)


def where(session):
    return [
        (one["place"], one["by"], one["from"]) for one in where_frames_are(inputs_of(session.story), PLACES)
    ]


def drawn(session, number=1):
    return inputs_of(session.story).text(session.story.frames[number - 1])


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("In the Kitchen, Rosa reads.", "in the kitchen"),
        ("Rosa waits at the train station.", "at the train station"),
        ("Rosa leaves the STATION.", "at the train station"),
        ("Rosa runs along the shore.", "on the beach"),
        ("Rosa sits on the kitchen's floor.", "in the kitchen"),
        ("They swim in the sea.", "on the beach"),
        ("Milo, who learned it all at sea, grumbles.", None),
        ("Rosa paints the wall as blue as the sea.", None),
        ("Rosa waves him on towards the kitchen.", None),
        ("Rosa gives Milo the key to the kitchen.", None),
        ("“Let us go to the sea,” says Rosa.", None),
        ("“Let us go,” says Rosa in the kitchen.", "in the kitchen"),
        ("Rosa reads.", None),
        ("Rosa parks the car.", None),
        ("A park-keeper waves in season.", None),
        ("Rosa sits on the lawn.", None),  # two places share a name
        ("From the park to the beach.", None),
    ],
)
def test_a_place_is_one_that_a_sentence_names_alone(sentence, place):
    assert place_said(sentence, PLACES) == place


def test_a_longer_name_of_a_place_wins_and_several_stand_in_the_order_of_the_sentence():
    (station,) = find_places("At the train station.", PLACES)
    assert station.word == "train station"
    assert places_said("From the park to the sea and the shore.", PLACES) == ("in the park", "on the beach")
    assert find_places("Rosa reads.", ()) == ()


def test_the_place_is_that_of_the_last_sentence_that_names_one():
    assert latest_place(["She waves.", "In the kitchen.", "In the park."], PLACES) == ("in the kitchen", 1)
    assert latest_place(["From the park to the beach.", "In the kitchen."], PLACES) is None
    assert latest_place(["She waves."], PLACES) is None


@pytest.mark.parametrize(
    ("sentence", "drawn"),
    [
        ("She waves.", "In the kitchen, she waves."),
        ("Rosa waves in the sunny park.", "Rosa waves in the kitchen."),
        ("On the beach, Rosa waves.", "In the kitchen, Rosa waves."),
        ("Rosa walks to the train station.", "Rosa walks to the kitchen."),
        ("The park is empty.", "The kitchen is empty."),
        ("Rosa waves in Milo's park.", "Rosa waves in Milo's kitchen."),
        ("Rosa waves in her park.", "Rosa waves in her kitchen."),
        ("Rosa runs from the park to the sea.", "Rosa runs from the kitchen to the kitchen."),
        ("Rosa cooks in the kitchen.", "Rosa cooks in the kitchen."),
    ],
)
def test_a_sentence_is_drawn_at_the_place_that_the_writer_says(sentence, drawn):
    wordings = wordings_for("in the kitchen", sentence, PLACES)
    assert reworded(sentence, wordings) == drawn
    assert all(check_wording(one.written, one.drawn) == one for one in wordings)


def test_a_place_is_carried_on_from_the_frame_that_said_it_and_not_past_a_new_scene(session):
    session.add_many(["Rosa waves.", "Rosa waves in the park.", "She sits.", "Milo reads.", "Milo naps."])
    session.see(ids(session)[3], 0)
    session.see(ids(session)[4], 3)
    assert where(session) == [
        (None, None, None),
        ("in the park", "words", None),
        ("in the park", "words", 2),
        (None, None, None),
        ("in the park", "words", 2),
    ]
    session.edit(ids(session)[1], "Rosa runs from the park to the sea.")
    assert where(session)[1:3] == [(None, None, None)] * 2
    assert list(where_frames_are(inputs_of(session.story), {})) == [None] * 5


def test_a_place_the_writer_chose_is_drawn_carried_on_undone_and_taken_back(session):
    session.add_many(["Rosa waves in the park.", "She sits."])
    first, second = ids(session)
    for frame in (first, second):
        draw(session, frame)
    session.set_place(second, "in the kitchen")
    assert session.story.frames[1].caption == "She sits."
    assert drawn(session, 2) == "In the kitchen, she sits."
    assert where(session)[1] == ("in the kitchen", "writer", None)
    assert stale(session) == [2]
    assert inputs_of(session.story).stale_cause(session.story.frames[1]) == "how its words are drawn changed"
    take = draw(session, second)
    assert session.renderer.requests[-1].resolved == take.text == "In the kitchen, she sits."
    session.add("She reads.")
    assert where(session)[2] == ("in the kitchen", "words", 2)
    assert session.request(ids(session)[2], 1).history[-1].caption == "In the kitchen, she sits."
    session.undo()
    assert session.undo() == "saying where frame 2 is"
    assert where(session)[1] == ("in the park", "words", 1)
    session.redo()
    session.set_place(second, None)
    assert session.story.frames[1].wordings == ()
    assert where(session)[1] == ("in the park", "words", 1)


def test_a_place_may_be_chosen_over_the_api_of_verbs(session):
    from storyboard.studio.verbs import EDITS

    frame = session.add("Rosa waves.").id
    EDITS["set_place"].do(session, {"frame": frame, "place": "in the kitchen"})
    assert drawn(session) == "In the kitchen, Rosa waves."
    with pytest.raises(StoryError, match="The place has to be text"):
        EDITS["set_place"].do(session, {"frame": frame, "place": 3})
    wordings = [{"written": "Castle", "drawn": "park"}, {"written": "lion", "drawn": "dog"}]
    added = EDITS["add_frame"].do(session, {"caption": "Milo naps in the castle.", "wordings": wordings})
    assert [one.written for one in added.wordings] == ["Castle"]
    for wrong in ("no", [1], [{"written": "a"}], [{"written": "a", "drawn": "his hat"}], [{}] * 13):
        with pytest.raises(StoryError):
            EDITS["add_frame"].do(session, {"caption": "Milo naps.", "wordings": wrong})


def test_an_earlier_take_brings_the_place_back_that_it_was_drawn_at(session):
    frame = session.add("Rosa waves in the park.").id
    plain = draw(session, frame)
    session.set_place(frame, "on the beach")
    beach = draw(session, frame)
    assert beach.text == "Rosa waves on the beach."
    session.choose_take(frame, plain.id)
    assert where(session) == [("in the park", "words", None)] and stale(session) == []
    session.choose_take(frame, beach.id)
    assert where(session) == [("on the beach", "writer", None)] and stale(session) == []


def test_other_words_for_the_place_win_over_what_was_chosen_before_and_others_leave_it(session):
    frame = session.add("Rosa waves in the park.").id
    session.set_place(frame, "in the kitchen")
    session.edit(frame, "Rosa dances in the park.")
    assert where(session) == [("in the kitchen", "writer", None)]
    session.edit(frame, "Rosa dances on the beach.")
    assert where(session) == [("on the beach", "words", None)]
    session.edit(frame, "Rosa dances.")
    session.set_place(frame, "in the kitchen")
    session.edit(frame, "Rosa sings.")
    assert drawn(session) == "In the kitchen, Rosa sings."


def test_words_are_drawn_as_others_and_stay_in_the_sentence(session):
    frame = session.add("Rosa fences in the castle.").id
    session.draw_as(frame, "fences", "waves")
    session.draw_as(frame, "castle", "park")
    assert drawn(session) == "Rosa waves in the park."
    assert where(session) == [("in the park", "writer", None)]
    assert session.story.frames[0].caption == "Rosa fences in the castle."
    session.draw_as(frame, "fences", None)
    assert drawn(session) == "Rosa fences in the park."


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda s, f: s.set_place(f, "on the moon"),
            'no place called "on the moon"; choose one of these: in the',
        ),
        (lambda s, f: s.draw_as(f, "castle", "park"), 'Frame 1 does not say "castle"'),
        (lambda s, f: s.draw_as(f, "", "park"), 'Frame 1 does not say ""'),
        (lambda s, f: s.draw_as(f, "waves", ""), "no words to draw"),
        (lambda s, f: s.draw_as(f, "waves", "waves to her"), '"waves to her" has a pronoun'),
        (lambda s, f: s.draw_as(f, "waves", "hugs Milo"), "Milo is one of the cast"),
        (lambda s, f: s.draw_as(f, "waves", "x" * 61), "has 61 characters; use at most 60"),
    ],
)
def test_what_cannot_be_drawn_instead_is_refused_and_changes_nothing(session, act, sentence):
    frame = session.add("Rosa waves.").id
    before = session.story
    with pytest.raises(StoryError, match=sentence):
        act(session, frame)
    assert session.story is before


def test_a_pipeline_without_places_says_so(tmp_path):
    pictures = PictureStore(tmp_path)
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures)
    frame = session.add("Rosa waves.").id
    with pytest.raises(StoryError, match="write it into the sentence"):
        session.set_place(frame, "in the kitchen")


def test_what_is_drawn_otherwise_comes_back_from_json_and_older_stories_have_none(session):
    frame = session.add("Rosa waves.").id
    session.set_place(frame, "in the kitchen")
    draw(session, frame)
    data = story_to_json(session.story)
    assert story_from_json(data) == session.story
    del data["frames"][0]["wordings"], data["frames"][0]["takes"][0]["wordings"]
    assert story_from_json(data).frames[0].wordings == ()
    for damaged in (
        "kitchen",
        [["a"]],
        [["", ""]],
        [["", "in her room"]],
        [["", " in  the kitchen"]],
        [[1, 2]],
    ):
        data["frames"][0]["wordings"] = damaged
        with pytest.raises(StoryError, match=r"frames\[0\].wordings"):
            story_from_json(data)


def test_the_places_of_pronouns_are_those_in_the_writers_words(session):
    """A reading is placed by the order of pronouns in both sentences, so other words before it must not matter."""
    session.add_many(["Rosa waves to Milo.", "She hugs him in the park."])
    second = ids(session)[1]
    draw(session, ids(session)[0])
    session.set_place(second, "in the kitchen")
    take = draw(session, second)
    assert take.text == "Rosa hugs Milo in the kitchen."
    assert [(one.word, one.start) for one in take.readings] == [("she", 0), ("him", 9)]


def test_a_wording_is_found_whole_and_in_any_case():
    assert (
        reworded("Parks in the park. Park!", [Wording("park", "kitchen")]) == "Parks in the kitchen. Kitchen!"
    )


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("Pip cannot sleep and kicks his bed.", "in the bedroom"),
        ("Rosa runs through the streets with a lantern.", "in the street"),
        ("A hen has laid an egg in the hayloft.", "on the farm"),
        ("Among the silent firs Milo hears a saw.", "in the forest"),
        ("Nana hangs her apron next to the stove.", "in the kitchen"),
        ("She waves until the kite is out of sight.", None),
        ("Otto digs a new flower bed.", "in the garden"),
    ],
)
def test_what_is_found_in_one_place_alone_says_that_place(sentence, place):
    """A story that moved on "among the firs" was drawn in the park, which an earlier sentence had named."""
    calling = load_places(bundled_pipeline())
    latest = latest_place([sentence, "They meet in the park."], calling)
    assert latest == ((place, 0) if place else ("in the park", 1))
