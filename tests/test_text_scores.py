"""BLEU and CIDEr by hand, the authors' mistakes, and the COCO caption evaluation if it is installed."""

import math
import random

import pytest

from training.evaluate.text_scores import authors_bleu, authors_scores, bleu, cider, scores, words

DRAWN, REAL = "fred and barney are talking in a room", "fred is talking to barney in the room"


def test_the_authors_bleu_of_the_known_pair():
    found = authors_bleu(DRAWN, REAL)
    assert found[0] == pytest.approx(0.625) and found[1] == pytest.approx(9.4e-9, rel=0.01)
    assert found[2] < 1e-10 and found[3] < 1e-11
    other = ["a dog runs", "the sky", "a tree", "two men"]
    assert authors_scores([DRAWN], [[REAL, *other]])["BLEU4"] == pytest.approx(0.15625, abs=1e-8)


def test_the_authors_exchange_the_roles():
    short, long = "fred talks", "fred talks in a room"
    # The real one is the hypothesis. If the short one is drawn, its length brings no penalty.
    assert authors_bleu(short, long)[0] == pytest.approx(2 / 5)
    assert authors_bleu(long, short)[0] == pytest.approx(math.exp(1 - 5 / 2))


def test_bleu_by_hand():
    hypothesis = "the cat sat on the mat".split()
    assert bleu([hypothesis], [["a dog".split(), hypothesis]]) == pytest.approx([1] * 4)
    # "the" counts as often as in the reference that has it most often; 3 of 4 words, 1 of 3 pairs.
    found = bleu(["the the cat runs".split()], [["the cat sleeps now".split(), "the the".split()]])
    assert found[0] == pytest.approx(3 / 4) and found[1] == pytest.approx(math.sqrt(3 / 4 * 2 / 3))


def test_bleu_sums_over_the_corpus_before_it_divides():
    items = (["a b c d".split(), "x".split()], [["a b c d".split()], ["y".split()]])
    assert bleu(*items)[0] == pytest.approx(4 / 5)


def test_bleu_of_nothing_in_common_is_next_to_nothing_and_finite():
    assert bleu([["a"]], [[["b"]]])[3] < 1e-3 and bleu([[]], [[["b"]]])[0] == 0


def test_cider_rewards_what_is_rare():
    references = [["a red house".split()], ["a blue car".split()], ["a green tree".split()]]
    assert cider([r[0] for r in references], references) == pytest.approx(
        10 * 3 / 4
    )  # no sentence has four words
    everywhere = cider([["a"], ["a"], ["a"]], references)
    rare = cider([["house"], ["car"], ["tree"]], references)
    assert everywhere == 0 < rare


def test_cider_takes_less_for_another_length():
    references = [["fred is in a room".split()], ["barney drives his car".split()]]
    right = [r[0] for r in references]
    longer = [right[0] + "fred is in a room".split(), right[1]]
    assert cider(longer, references) < cider(right, references)


def test_words_leave_marks_and_capitals_out():
    assert words("Fred's car, a red one; it's 3 o'clock.") == "fred's car a red one it's 3 o'clock".split()


def test_the_corrected_scores_average_every_caption():
    real = [["Fred walks in a room."] * 5, ["Barney sits on a chair."] * 5]
    right, wrong = (
        ["fred walks in a room", "barney sits on a chair"],
        ["betty sleeps now", "a dog barks here"],
    )
    perfect = scores([[c] * 5 for c in right], real)
    assert perfect == pytest.approx({"BLEU4": 1.0, "CIDEr": 10.0})
    mixed = scores([[r, r, r, r, w] for r, w in zip(right, wrong, strict=True)], real)
    assert mixed["BLEU4"] == pytest.approx(0.8, abs=0.01) and mixed["CIDEr"] == pytest.approx(8.0, abs=0.5)


def test_both_are_what_the_coco_evaluation_counts():
    """Needs pycocoevalcap; see requirements-full-size.txt."""
    library = pytest.importorskip("pycocoevalcap.bleu.bleu")
    cider_library = pytest.importorskip("pycocoevalcap.cider.cider")
    rng = random.Random(0)
    known = "fred barney wilma is are talking in the room a car with to house drives".split()

    def sentence():
        return " ".join(rng.choice(known) for _ in range(rng.randint(3, 12)))

    hypotheses = {i: [sentence()] for i in range(30)}
    references = {i: [sentence() for _ in range(rng.randint(1, 5))] for i in range(30)}
    split = [h[0].split() for h in hypotheses.values()], [[t.split() for t in r] for r in references.values()]
    assert bleu(*split) == pytest.approx(
        library.Bleu(4).compute_score(references, hypotheses, verbose=0)[0], rel=1e-9
    )
    assert cider(*split) == pytest.approx(
        cider_library.Cider().compute_score(references, hypotheses)[0], rel=1e-9
    )
