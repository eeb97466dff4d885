"""Measures for whom pronouns stand, with Maple Lane's labels."""

from itertools import islice

import pytest

from storyboard.errors import StoryError
from storyboard.text.captions import Reading
from tests import tiny
from training.evaluate.references_resolved import (
    Answer,
    ResolvedArguments,
    answers,
    main,
    measure,
    pronoun_frames,
    summary,
)


def first_frames(count: int):
    return list(islice(pronoun_frames("test", 4), count))


def test_the_answer_is_always_among_the_candidates():
    for frame in first_frames(40):
        for reference, choices in zip(frame.truth.references, frame.choices, strict=True):
            assert set(reference.names) in [set(names) for names in choices]


def test_history_is_what_came_before_with_its_pronouns():
    frame = first_frames(1)[0]
    assert frame.request.caption == frame.truth.referential != frame.truth.plain
    assert frame.request.history and frame.request.history[0].picture.size == (128, 128)


def test_a_reading_is_right_where_it_has_exactly_the_names():
    frame = first_frames(1)[0]
    (reference,) = frame.truth.references
    end = reference.start + len(reference.word)

    def read(*names):
        return Reading(reference.word.lower(), reference.start, end, names, 0.8, "model")

    assert [one.right for one in answers(frame, (read(*reversed(reference.names)),))] == [True]
    assert [one.right for one in answers(frame, (read(*reference.names, "Nobody"),))] == [False]
    assert [(one.right, one.confidence) for one in answers(frame, ())] == [(False, 0.0)]


def test_the_summary_counts_only_pronouns_that_could_stand_for_several():
    found = [
        Answer("a", "she", 2, True, 0.9),
        Answer("a", "they", 4, False, 0.5),
        Answer("b", "he", 1, True, 1.0),
    ]
    told = summary(found)
    assert (told["right"], told["of"], told["value"]) == (1, 2, 50.0)
    assert told["by guessing"] == pytest.approx(37.5)
    assert told["mean confidence"] == pytest.approx(70.0)


def test_a_pipeline_is_measured_until_enough_pronouns_are_read():
    report = measure(tiny.pipeline(), ResolvedArguments(json="", pronouns=2))
    assert report["language model"]["of"] == report["perfect condition"]["of"] == 2
    assert 0 < report["language model"]["mean confidence"] < 100
    assert report["one candidate"]["right"] == report["one candidate"]["of"] > 0


def test_wrong_settings_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="the test stories have 4, 5, 50 frames"):
        ResolvedArguments(json="", frames=7)
    with pytest.raises(ValueError, match="at least one"):
        ResolvedArguments(json="", pronouns=0)


def test_a_missing_pipeline_is_one_sentence_and_no_file(tmp_path):
    with pytest.raises(StoryError, match="nothing"):
        main(["--json", str(tmp_path / "x.json"), "--pipeline", str(tmp_path / "nothing")])
    assert list(tmp_path.iterdir()) == []
