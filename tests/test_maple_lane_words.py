"""Free captions of Maple Lane: English that agrees, pronouns that can be resolved, and true statements."""

import hashlib
import json
import re
import subprocess
import sys
from functools import cache
from random import Random

import pytest

from storyboard.errors import StoryError
from training.data.maple_lane import MapleLane
from training.maple_lane import BY_NAME, PLACES, Actor, Scene, Thing, sample_people_story, sample_story
from training.maple_lane.actions import ACTIONS
from training.maple_lane.words import (
    Discourse,
    FrameFacts,
    PersonFacts,
    Shows,
    canonical,
    canonical_caption,
    facts_of,
    free_caption,
    free_captions,
    story_facts,
    tell,
)
from training.maple_lane.words.discourse import FORMS
from training.maple_lane.words.inflection import article, finite, other_form, plural
from training.maple_lane.words.tables import fitting, table
from training.maple_lane.writer import write_dataset

STORIES = 300
QUOTED = r'"[^"]*"|\u201c[^\u201c\u201d]*\u201d'
PRONOUNS = {form: key for key, forms in FORMS.items() for form in forms}


@cache
def _told(stories=STORIES):
    """Returns [(story, its free captions)], written once for all tests."""
    tales = [sample_story(seed) for seed in range(stories)]
    return [(tale, free_captions(tale)) for tale in tales]


def _frames():
    """Yields (frame, caption, caption before it or None) of every story."""
    for tale, captions in _told():
        yield from zip(tale.frames, captions, (None, *captions), strict=False)


def _unquoted(text):
    return re.sub(QUOTED, " ", text)


def _words(text):
    return re.findall(r"[a-z]+(?:['-][a-z]+)*", text.lower())


# ---- canonical captions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actors", "place", "caption"),
    [
        ([], "park", "Nobody is in the park."),
        ([("Otto", "sleeping", "blanket")], "beach", "Otto sleeps on the beach."),
        (
            [("Otto", "sleeping", "blanket"), ("Nana", "standing", None)],
            "classroom",
            "Otto sleeps and Nana stands still in the classroom.",
        ),
        (
            [("Pip", "eating", "apple"), ("Rosa", "carrying", "pumpkin"), ("Toggle", "waving", None)],
            "station",
            "Pip eats an apple, Rosa carries a pumpkin and Toggle waves at the train station.",
        ),
    ],
)
def test_the_canonical_caption_has_one_form(actors, place, caption):
    cast = tuple(Actor(name, BY_NAME[name].outfits[0], action, prop) for name, action, prop in actors)
    assert canonical(Scene(place, cast)) == caption


def test_the_canonical_caption_says_what_another_world_has_too():
    ada = PersonFacts("Ada", "she", "running")
    facts = FrameFacts("park", (ada,), time="night", weather="rain", things=("a dog", "a kite"))
    assert canonical_caption(facts) == "Ada runs in the park at night in the rain, with a dog and a kite."


def test_the_tables_know_every_action_and_place():
    verbs, places = table("verbs"), table("places")
    for action in ACTIONS:
        assert len(verbs[action]) >= 25 and len(verbs[f"{action} near"]) >= 15, action
    for place in PLACES:
        for section in ("at", "to", "reach", "through", "spot", "sight", "scene", "empty"):
            assert places[f"{section} {place}"], (section, place)


# ---- English --------------------------------------------------------------------------------------------------------


def test_verbs_nouns_and_articles_have_their_forms():
    forms = {
        "run": "runs ran running run",
        "stop": "stops stopped stopping stopped",
        "carry": "carries carried carrying carried",
        "lie": "lies lay lying lain",
        "unwrap": "unwraps unwrapped unwrapping unwrapped",
        "dance": "dances danced dancing danced",
        "have": "has had having had",
        "be": "is was being been",
        "picnic": "picnics picnicked picnicking picnicked",
    }
    for verb, expected in forms.items():
        made = [finite(verb, past, many=False) for past in (False, True)]
        made += [other_form(verb, form) for form in ("ing", "done")]
        assert " ".join(made) == expected
    assert (plural("a slice of cake"), plural("a loaf"), plural("an apple")) == (
        "slices of cake",
        "loaves",
        "apples",
    )
    assert [article(w) for w in ("apple", "unicorn", "hour", "old", "one", "umbrella")] == [
        "an", "a", "an", "an", "a", "an",
    ]  # fmt: skip


def test_captions_are_well_formed():
    for _, caption, _ in _frames():
        text = caption.text
        assert text[0].isupper() or text[0] in '"\u201c' and text[1].isupper(), text
        assert re.search(r'[.!?]["\u201d]?$', text) and not re.search(r'["\u201c\u201d]', _unquoted(text)), (
            text
        )
        assert not re.search(r"\s\s|\s[,.;!?]|[{}*^~+|@]|,,|,\.|\.\.", text), text
        assert not re.search(r"\b(?:a [aeio]\w|an [^aeiouh\W])", text, re.IGNORECASE), text
        assert not re.search(r"\b(?!had )(\w+) \1\b", text), text
        assert 2 <= len(_words(text)) <= 46, text


def test_subjects_agree_with_their_verbs():
    """It checks forms of "be" and "have" beside a pronoun or two names: "they is", "she are", "Rosa and Milo was"."""
    wrong = re.compile(
        r"\b(?:they (?:is|was|has)|(?:he|she) (?:are|were|have)|(?:everyone|everybody|nobody) (?:are|were|have))\b",
        re.IGNORECASE,
    )
    names = "|".join(BY_NAME)
    pair = re.compile(rf"^(?:{names}) and (?:{names}) (?:is|was|has)\b")
    lone = re.compile(rf"^(?:{names}) (?:are|were|have)\b")
    for _, caption, _ in _frames():
        text = _unquoted(caption.text)
        assert not wrong.search(text) and not pair.search(text) and not lone.search(text), text


def test_simple_present_and_past_do_not_mix_in_a_story():
    be = {True: re.compile(r"\b(?:is|are|has)\b"), False: re.compile(r"\b(?:was|were|had)\b")}
    for _, captions in _told():
        for caption in captions:
            text = re.sub(
                r"\b(?:to have|ha(?:s|ve) (?:just )?had|as if .*|as though .*)", "", _unquoted(caption.text)
            )
            assert not be[caption.after.past].search(text), caption.text


def test_there_are_many_words_and_most_captions_are_short():
    told = [caption for _, caption, _ in _frames()]
    counts = sorted(len(_words(caption.text)) for caption in told)
    assert len({word for caption in told for word in _words(caption.text)}) > 1800
    assert 8 <= counts[len(counts) // 2] <= 16 and counts[-len(counts) // 20] >= 20
    assert len({caption.text for caption in told}) > 0.99 * len(told)


# ---- whom and what it says ------------------------------------------------------------------------------------------


def test_every_pronoun_stands_for_somebody_of_that_pronoun_whom_a_reader_has_met():
    met = set()
    for _, captions in _told():
        for number, caption in enumerate(captions):
            known = {name for earlier in captions[: number + 1] for name in earlier.after.known}
            text, spans = caption.text, set()
            for reference in caption.references:
                assert text[reference.start : reference.start + len(reference.word)] == reference.word
                if len(reference.names) == 1:
                    own = BY_NAME[reference.names[0]].pronoun
                    assert reference.word.lower() in FORMS[own], text
                else:
                    assert PRONOUNS.get(reference.word.lower(), "they") == "they", text
                assert known.issuperset(reference.names), (text, known)
                spans |= set(range(reference.start, reference.start + len(reference.word)))
                met.add(reference.word.lower())
            quoted = [range(*m.span()) for m in re.finditer(QUOTED, text)]
            for word in re.finditer(
                r"\b(?:he|she|him|his|himself|herself|them|their)\b", text, re.IGNORECASE
            ):
                assert word.start() in spans or any(word.start() in span for span in quoted), text
    assert met >= {"he", "she", "it", "they", "him", "her", "them", "his", "their", "its"}


def test_a_pronoun_for_one_person_has_one_candidate():
    """The candidates are people named earlier in its caption.

    If there are none, they are those of the caption before.
    """
    for _, caption, before in _frames():
        focus = before.after.focus if before else ()
        for reference in caption.references:
            if reference.word.lower() in ("he", "she"):
                (name,) = reference.names
                alike = {n for n in BY_NAME if BY_NAME[n].pronoun == BY_NAME[name].pronoun}
                here = {n for n in alike if _speaks_of(n, caption, reference.start)}
                before_it = {n for n in focus if n in alike}
                assert here == {name} or not here and before_it <= {name}, caption.text


def _speaks_of(name, caption, end):
    called = (name, *fitting("people", f"looks {name}", ()), *(["grandson"] if name == "Pip" else []))
    referred = any(
        name in r.names and r.start < end and r.word.lower() != "their" for r in caption.references
    )
    return referred or any(re.search(rf"\b{words}\b", caption.text[:end]) for words in called)


def test_whoever_is_shown_is_said_and_whoever_is_away_is_not_shown():
    away = 0
    for frame, caption, _ in _frames():
        shown = [person.name for person in caption.shows.people]
        assert shown == [actor.name for actor in frame.scene.actors]
        assert set(shown) <= set(caption.after.focus), caption.text
        for name in set(caption.after.focus) - set(shown):
            assert re.search(rf"\b{name}\b", caption.text)
            away += 1
        named = {name for name in BY_NAME if re.search(rf"\b{name}\b", caption.text)}
        assert named <= set(caption.after.focus), caption.text
    assert away > 20


def test_the_truth_says_what_each_does_or_leaves_it_open():
    open_, said = 0, 0
    for frame, caption, _ in _frames():
        assert caption.shows.place == frame.scene.place
        for shown, actor in zip(caption.shows.people, frame.scene.actors, strict=True):
            assert shown.action in (actor.action, None) and shown.prop in (actor.prop, None)
            open_, said = open_ + (shown.action is None), said + 1
    assert 0 < open_ < 0.12 * said


def test_a_new_place_is_said_and_nobody_who_is_new_is_a_pronoun():
    for frame, caption, before in _frames():
        if before is None or before.shows.place != frame.scene.place:
            assert caption.shows.place_said, caption.text
        if before is None:
            for person in caption.shows.people:
                assert re.search(rf"\b{person.name}\b", caption.text), caption.text


def test_free_captions_speak_of_people_of_any_name_and_of_nobody():
    people = (
        PersonFacts("Zoltan", "he", "reading", ("man in the hat",)),
        PersonFacts("Wren", "they", "running"),
    )
    discourse, rng = Discourse(), Random(4)
    for _ in range(40):
        told = free_caption(FrameFacts("garden", people), Discourse(), rng)
        assert "Zoltan" in told.text and "Wren" in told.text
        empty = free_caption(FrameFacts("beach"), discourse, rng)
        assert not empty.shows.people and not re.search(r"Zoltan|Wren", empty.text)


def test_stories_of_people_nobody_has_met_speak_of_each_in_their_pronoun():
    described = 0
    for seed in range(60):
        tale = sample_people_story(seed)
        for caption in free_captions(tale):
            shown = {person.name for person in caption.shows.people}
            assert shown <= set(caption.after.focus), caption.text
            named = {name for name in tale.looks if re.search(rf"\b{name}\b", caption.text)}
            assert named <= set(caption.after.focus), caption.text
            for reference in caption.references:
                if len(reference.names) == 1:
                    (name,) = reference.names
                    assert reference.word.lower() in FORMS[tale.looks[name].pronoun], caption.text
            described += not shown <= named | {name for r in caption.references for name in r.names}
    assert described > 3  # "the boy with the red cap"


def test_an_actor_of_any_look_a_thing_and_the_sky_are_facts():
    tale = sample_people_story(1)
    (name, look), *_ = tale.looks.items()
    actor = Actor(name, "", "sitting", look=look)
    facts = facts_of(
        Scene("park", (actor,), things=(Thing("dog"),), time="night", weather="snow"), tale.looks
    )
    assert (facts.time, facts.weather, facts.things) == ("night", "snow", ("a dog",))
    assert canonical_caption(facts) == f"{name} sits in the park at night in the snow, with a dog."
    assert facts.people[0].pronoun == look.pronoun and len(facts.absent) == len(tale.looks) - 1
    assert (
        facts_of(Scene("kitchen", (actor,), time="night", weather="snow")).time is None
    )  # weather cannot be seen under a roof


def test_a_person_of_the_pronoun_they_has_the_right_verbs():
    wren = PersonFacts("Wren", "they", "sleeping", ("runner",), mood="happy")
    for seed in range(150):
        first, second = tell([FrameFacts("garden", (wren,)), FrameFacts("garden", (wren,))], Random(seed))
        for told in (first, second):
            text = _unquoted(told.text)
            assert not re.search(r"\b(?:Wren|runner) (?:are|were|have)\b|\b[Tt]hey (?:is|was|has)\b", text), (
                text
            )
            assert not re.search(
                r"\bWren (?:sleep|doze|nap|snore)\b|\b[Tt]hey (?:sleeps|dozes|naps|snores)\b", text
            ), text


def test_time_weather_and_things_are_said_where_they_are_new():
    ada = PersonFacts("Ada", "she", "running")
    night = FrameFacts("park", (ada,), time="night", weather="rain", things=("a dog",))
    words = {
        "night": r"night|moon|stars|dark",
        "rain": r"rain|shower|downpour|wet|drizzle",
        "dog": r"\bdog\b",
    }
    for seed in range(60):
        first, same, day = tell([night, night, FrameFacts("park", (ada,))], Random(seed))
        assert all(re.search(pattern, first.text) for pattern in words.values()), first.text
        assert (first.shows.time, first.shows.weather, first.shows.things) == ("night", "rain", ("a dog",))
        assert not re.search(r"moonlight|It (?:is|was) (?:raining|night)", same.text), same.text
        assert re.search(r"\bsun\b|sky|next (?:day|morning)|following day", day.text), day.text


def test_a_long_story_is_told_to_its_end():
    tale = sample_story(5, frames=60)
    assert len({caption.text for caption in free_captions(tale)}) == 60


def test_equal_seeds_give_equal_captions_and_other_tellings_other_words():
    tale = sample_story(7)
    assert free_captions(tale, 3) == free_captions(tale, 3)
    tellings = {free_captions(tale, telling)[0].text for telling in range(30)}
    assert len(tellings) > 25


def test_facts_follow_the_scene():
    tale = sample_story(3)
    for frame, facts in zip(tale.frames, story_facts(tale, Random(0)), strict=True):
        assert facts.names == tuple(actor.name for actor in frame.scene.actors)
        assert {p.name for p in (*facts.people, *facts.absent)} == set(tale.outfits)


def test_four_people_with_four_deeds_are_all_said():
    doing = zip(
        ("Ann", "Bob", "Cleo", "Dan"),
        ("she", "he", "she", "he"),
        ("running", "sitting", "crying", "reading"),
        strict=True,
    )
    people = tuple(PersonFacts(name, pronoun, action) for name, pronoun, action in doing)
    for seed in range(20):
        (caption,) = tell([FrameFacts("beach", people)], Random(seed))
        assert all(person.name in caption.text for person in people), caption.text


def test_facts_that_no_table_knows_are_refused():
    with pytest.raises(ValueError, match="no place 'moon'"):
        FrameFacts("moon")
    with pytest.raises(ValueError, match="no action 'flying'"):
        FrameFacts("park", (PersonFacts("Ada", "she", "flying"),))


def test_people_who_are_away_are_spoken_of_and_stay_away():
    """ "Where is Otto?" does not ask to draw Otto. "Look, Otto!" speaks to somebody who is there."""
    quoted = {True: 0, False: 0}
    for _, caption, _ in _frames():
        shown = {person.name for person in caption.shows.people}
        for words in re.findall(QUOTED, caption.text):
            for name in BY_NAME:
                if re.search(rf"\b{name}\b", words):
                    quoted[name in shown] += 1
    assert quoted[True] > 3 and quoted[False] > 3


def test_conditions_of_a_table_are_kept():
    assert "wave at the passing train" in fitting("verbs", "waving", {"station", "one"})
    assert "wave at the passing train" not in fitting("verbs", "waving", {"park", "one"})
    assert "play tag" not in fitting("verbs", "running near", {"one"})


# ---- what was there before, and what is on disk ---------------------------------------------------------------------


def test_the_grammar_says_what_it_said():
    """Trained weights depend on its sentences, so new words must not change them."""
    told = "|".join(f"{f.plain}/{f.referential}" for seed in range(200) for f in sample_story(seed).frames)
    assert hashlib.blake2b(told.encode(), digest_size=8).hexdigest() == "b317037db0db8cdb"


def test_a_dataset_has_free_captions_and_older_folders_still_read(tmp_path):
    write_dataset(tmp_path, "val", 1, size=64)
    reader = MapleLane(tmp_path)
    for clip in reader.ordered():
        record = reader.clip(clip)
        assert record.canonical.endswith(".") and record.free
        assert [person.name for person in record.shows.people] == list(record.characters)
    table_file = tmp_path / "stories.json"
    stories = json.loads(table_file.read_text("utf-8"))
    for frame in stories[0]["frames"]:
        for key in ("canonical", "free", "shows"):
            frame.pop(key)
    table_file.write_text(json.dumps(stories), "utf-8")
    older = MapleLane(tmp_path)
    assert all(older.clip(clip).free is None and older.clip(clip).referential for clip in older.ordered())


@pytest.mark.parametrize("broken", [None, {"place": 3, "place_said": True, "people": []}, {"place": "park"}])
def test_a_truth_that_is_none_is_refused(tmp_path, broken):
    with pytest.raises(ValueError, match="does not say what a caption shows"):
        Shows.from_json(broken)
    write_dataset(tmp_path, "val", 1, size=64)
    table_file = tmp_path / "stories.json"
    stories = json.loads(table_file.read_text("utf-8"))
    stories[0]["frames"][0]["shows"] = broken
    table_file.write_text(json.dumps(stories), "utf-8")
    reader = MapleLane(tmp_path)
    with pytest.raises(StoryError, match="does not say what a caption shows"):
        reader.clip(reader.ordered()[0])


def test_the_command_prints_stories_with_their_truth():
    command = [sys.executable, "-m", "training.maple_lane", "--free", "1", "--seed", "2", "--frames", "3"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == 1 + 3 * 3 and " | " in lines[3]
