"""Whom pronouns mean by the words alone: the score on our own sentences, and kinds of sentences once read wrongly.

`python -m training.evaluate.references_written` prints the score.
"""

import pytest

from storyboard.text.captions import MAX_CAPTION, read_sentence
from storyboard.text.preferences import SUREST, bindings_by_words, ranked
from training.evaluate.pronoun_sentences import STORIES
from training.evaluate.references_written import CAST, NAMES, main, reads, score


def read(sentence: str, *earlier: str) -> dict[str, tuple[str, float]]:
    """Returns for each pronoun, in small letters, the likeliest reading and how sure it is; "" if it means nobody."""
    caption, told = read_sentence(sentence, NAMES), [read_sentence(one, NAMES) for one in earlier]
    likely = ranked(caption, CAST, told, {})
    best = {one.word: likely.get(one.start, [((), 0.0)])[0] for one in caption.pronouns}
    return {word: ("+".join(sorted(names)), sure) for word, (names, sure) in best.items()}


@pytest.mark.parametrize("kind", STORIES)
def test_most_pronouns_of_every_kind_are_read_right_and_none_wrong_with_confidence(kind):
    found = [one for one in reads() if one.kind == kind]
    told = score(found)
    assert told["of"] >= 7 and told["value"] >= 85
    assert told["surest wrong"] < 100 * SUREST


def test_the_score_is_printed_with_what_was_read_wrong(capsys, tmp_path):
    main(["--json", str(tmp_path / "scores.json")])
    printed = capsys.readouterr().out
    wrong = [one for one in reads() if not one.right]
    assert printed.count("WRONG ") == len(wrong) and "unseen" in printed
    assert (tmp_path / "scores.json").stat().st_size > 1000


@pytest.mark.parametrize(
    ("earlier", "sentence"),
    [
        ("Rosa and Milo dance.", "They find him in bed."),
        ("Rosa and Milo sing.", "They carry him home."),
        ("Rosa and Milo wave.", "He hears them."),
        ("Rosa and Milo sit.", "He gives them apples to eat."),
        ("Rosa and Milo read.", "They paint him."),
        ("Rosa and Milo swim.", "They cannot see him."),
        ("Rosa and Milo work.", "In the evening they help him."),
        ("Rosa and Milo wait.", "They open the door and hug him."),
        ("Rosa and Milo play.", "They build him a boat."),
        ("Rosa and Milo run.", "He joins them."),
    ],
)
def test_who_does_something_and_to_whom_are_different_people_when_both_are_pronouns(earlier, sentence):
    """In "They wake him up", Otto was both among "they" and "him"."""
    meant = read(sentence, earlier, "Otto naps.")
    him = meant.get("him") or meant["he"]
    them = meant.get("they") or meant["them"]
    assert (them[0], him[0]) == ("Milo+Rosa", "Otto")


@pytest.mark.parametrize(
    "sentence",
    [
        "Before she sleeps, Nana reads.",
        "When she had eaten, Nana slept.",
        "While she waits for the bus, Nana knits.",
        "As she opens the door, Nana laughs.",
        "After she came home, Nana lit the stove.",
        "Because she is tired, Nana sits down.",
        "Although she is old, Nana dances.",
        "If she has time, Nana bakes.",
        "Once she was alone, Nana cried.",
        "Since she likes roses, Nana buys ten.",
    ],
)
def test_a_clause_before_the_sentence_may_be_about_its_subject(sentence):
    """The pronoun was read, at 100 %, as the person who had been named one frame before."""
    name, sure = read(sentence, "Rosa sings in the kitchen.")["she"]
    assert name == "Nana" and sure < SUREST


@pytest.mark.parametrize("sentence", ["Rosa runs.", "They wave."])
def test_nobody_else_being_there_does_not_make_a_reading_certain(sentence):
    for _, sure in read(f"She smiles. {sentence}", "Nana and Otto sing.").values():
        assert sure <= SUREST


def test_what_a_frame_before_brought_in_is_an_it_but_whoever_was_named_since_comes_first():
    assert read("He paints it.", "Toggle waves.", "Milo buys a boat.")["it"][0] == ""
    assert read("He paints it.", "Milo buys a boat.", "Milo waves to Toggle.")["it"][0] == "Toggle"
    assert read("It bounces away.", "Toggle waves.", "Milo throws a ball.")["it"][0] == ""
    assert read("It waves back.", "Toggle waves.", "Milo throws a ball.")["it"][0] == "Toggle"


def test_they_may_be_one_whose_pronoun_it_is_or_one_alone():
    assert read("They smile.", "Sam sings.")["they"][0] == "Sam"
    assert read("They smile.", "Juno sings.")["they"][0] == "Juno"
    assert read("Everybody takes off their hat.", "Rosa and Milo meet.")["their"][0] == ""


def test_a_pronoun_that_the_writer_bound_tells_whom_the_others_mean():
    caption = read_sentence("She waves to her.", NAMES)
    told = [read_sentence("Rosa and Nana meet.", NAMES)]
    bound = {caption.pronouns[0].start: ("Nana",)}
    assert ranked(caption, CAST, told, bound)[caption.pronouns[1].start][0][0] == ("Rosa",)


def test_a_sentence_of_nothing_but_pronouns_is_read_in_no_time():
    told = [read_sentence("Rosa, Nana, Juno, Milo, Otto, Pip and Toggle meet.", NAMES)]
    for words in ("they ", "she her ", "he and she and they and it "):
        caption = read_sentence((words * MAX_CAPTION)[:MAX_CAPTION], NAMES)
        assert len(bindings_by_words(caption, (), CAST, told)) <= len(caption.pronouns)
