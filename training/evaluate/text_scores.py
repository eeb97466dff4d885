"""BLEU and CIDEr-D of captions as the COCO caption evaluation counts them, combined in two ways.

`authors_scores` repeats the released evaluation, including its mistakes. `scores` is what the paper describes: five
captions of the drawn picture against five captions of the real picture. Works on lists of sentences alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

LONGEST = 4  # longest n-grams, in words
SIGMA = 6.0  # width of CIDEr-D's penalty for a different length
TINY, SMALL = 1e-15, 1e-9  # they keep ratios of zero to zero finite, as in the COCO evaluation

Words = list[str]


def words(sentence: str) -> Words:
    """Returns the words and numbers in lower case. Punctuation is left out, but an apostrophe stays in its word."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", sentence.lower())


def ngrams(sentence: Sequence[str]) -> Counter:
    """Returns the number of each n-gram of 1 to 4 words."""
    return Counter(
        tuple(sentence[i : i + n]) for n in range(1, LONGEST + 1) for i in range(len(sentence) - n + 1)
    )


def bleu(hypotheses: Sequence[Words], references: Sequence[Sequence[Words]]) -> list[float]:
    """Returns BLEU-1 to BLEU-4 of a corpus. Each item has one hypothesis and any number of references.

    For the length penalty, the reference with the closest length counts.
    """
    counted = [bleu_counts(h, targets) for h, targets in zip(hypotheses, references, strict=True)]
    return bleu_of([sum(column) for column in zip(*counted, strict=True)])


def bleu_counts(hypothesis: Words, targets: Sequence[Words]) -> list[int]:
    """Returns what one item adds to a corpus.

    It is a list: the matched n-grams for n = 1 to 4, the existing n-grams for n = 1 to 4, the length of the hypothesis,
    and the wanted length.
    """
    matched = [0] * LONGEST
    most: Counter[Words] = Counter()
    for target in targets:
        most |= ngrams(target)
    for gram, count in ngrams(hypothesis).items():
        matched[len(gram) - 1] += min(count, most[gram])
    possible = [max(0, len(hypothesis) - n) for n in range(LONGEST)]
    wanted = min((abs(len(t) - len(hypothesis)), len(t)) for t in targets)[1]
    return [*matched, *possible, len(hypothesis), wanted]


def bleu_of(counts: Sequence[float]) -> list[float]:
    """Returns BLEU-1 to BLEU-4 for sums of `bleu_counts`."""
    matched, possible, (length, wanted) = counts[:LONGEST], counts[LONGEST : 2 * LONGEST], counts[-2:]
    ratio = (length + TINY) / (wanted + SMALL)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    found, product = [], 1.0
    for n in range(LONGEST):
        product *= (matched[n] + TINY) / (possible[n] + SMALL)
        found.append(product ** (1 / (n + 1)) * penalty)
    return found


def cider(hypotheses: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """Returns CIDEr-D of a corpus: the mean over its items."""
    each = cider_of_each(hypotheses, references)
    return sum(each) / len(each)


def cider_of_each(hypotheses: Sequence[Words], references: Sequence[Sequence[Words]]) -> list[float]:
    """Returns CIDEr-D of every item. The rarity of an n-gram is counted over the references of all items."""
    counted = [[ngrams(target) for target in targets] for targets in references]
    seen = Counter(gram for targets in counted for gram in set().union(*targets))
    items = math.log(len(references))

    def weigh(counts: Counter) -> dict:
        return {gram: count * (items - math.log(max(1, seen[gram]))) for gram, count in counts.items()}

    each = []
    for hypothesis, targets in zip(hypotheses, counted, strict=True):
        mine = ngrams(hypothesis)
        likeness = [_likeness(mine, weigh(mine), target, weigh(target)) for target in targets]
        each.append(10 * sum(likeness) / len(likeness))
    return each


def _likeness(mine: Counter, weighed: dict, target: Counter, wanted: dict) -> float:
    """The mean over n of the clipped cosine between two sentences. It is lower if their lengths differ."""
    # Lengths are numbers of word pairs, as in the COCO evaluation.
    apart = sum(c for g, c in mine.items() if len(g) == 2) - sum(c for g, c in target.items() if len(g) == 2)
    norms = [
        [math.sqrt(sum(v * v for g, v in vector.items() if len(g) == n + 1)) for n in range(LONGEST)]
        for vector in (weighed, wanted)
    ]
    dots = [0.0] * LONGEST
    for gram, value in weighed.items():
        if gram in wanted:
            dots[len(gram) - 1] += min(value, wanted[gram]) * wanted[gram]
    cosines = [d / (a * b) if a * b else d for d, a, b in zip(dots, *norms, strict=True)]
    return sum(cosines) / LONGEST * math.exp(-(apart**2) / (2 * SIGMA**2))


def authors_bleu(drawn: str, real: str) -> list[float]:
    """Returns BLEU-1 to BLEU-4 of one picture, with the roles of the captions exchanged.

    The real picture's caption is the hypothesis, and words are separated by spaces. The released evaluation averages
    all four values and prints the mean as BLEU4.
    """
    return bleu([real.split()], [[drawn.split()]])


def authors_scores(drawn: Sequence[str], real: Sequence[Sequence[str]]) -> dict[str, float]:
    """Returns what the released evaluation prints, for one caption of each drawn picture.

    real: five captions of each real picture.
    """
    pairs = [authors_bleu(caption, targets[0]) for caption, targets in zip(drawn, real, strict=True)]
    mean = sum(sum(pair) / LONGEST for pair in pairs) / len(pairs)
    references = [[target.split() for target in targets] for targets in real]
    return {"BLEU4": mean, "CIDEr": cider([caption.split() for caption in drawn], references)}


def scores(drawn: Sequence[Sequence[str]], real: Sequence[Sequence[str]]) -> dict[str, float]:
    """Returns BLEU-4 and CIDEr, averaged over the ranks of the drawn pictures' captions.

    The captions of each rank are compared with all captions of the real pictures.

    drawn, real: the captions of each picture, with the best caption first. Every drawn picture has the same number.
    """
    ranks = by_rank(drawn, real)
    fourth = [bleu_of([sum(column) for column in zip(*counts, strict=True)])[-1] for counts, _ in ranks]
    likeness = [sum(each) / len(each) for _, each in ranks]
    return {"BLEU4": sum(fourth) / len(ranks), "CIDEr": sum(likeness) / len(ranks)}


def by_rank(
    drawn: Sequence[Sequence[str]], real: Sequence[Sequence[str]]
) -> list[tuple[list[list[int]], list[float]]]:
    """Returns what `scores` averages: for every rank, the `bleu_counts` and the CIDEr of every picture."""
    references = [[words(target) for target in targets] for targets in real]
    found = []
    for rank in range(min(len(captions) for captions in drawn)):
        hypotheses = [words(captions[rank]) for captions in drawn]
        counts = [bleu_counts(one, targets) for one, targets in zip(hypotheses, references, strict=True)]
        found.append((counts, cider_of_each(hypotheses, references)))
    return found
