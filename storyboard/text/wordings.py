"""What is drawn in place of words of a sentence, if the writer said so. The writer's sentence itself does not change.

Knows no pictures, stories or pipelines. A wording has no pronoun and no name on either side. So pronouns have the same
order in both sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storyboard.errors import StoryError
from storyboard.text.captions import clean_text, find_pronouns
from storyboard.text.spellings import is_whole_word

MAX_WORDINGS = 12  # in one sentence
MAX_WORDS = 60  # characters on either side

_SMALL_AT_FIRST = frozenset(
    """the a an this that these those he she they it his her their its there then one two three four five some many all
    both another each every no someone somebody everyone everybody nobody""".split()
)


@dataclass(frozen=True)
class Wording:
    """`drawn` takes the place of `written` in the drawn sentence.

    If `written` is "", `drawn` comes before the sentence.
    """

    written: str
    drawn: str


def reworded(sentence: str, wordings: Iterable[Wording]) -> str:
    """Returns the sentence with what is drawn in place of the writer's words.

    With "runs" for "jogs", "In the park, Rosa jogs." is "In the park, Rosa runs.".
    """
    for one in wordings:
        if not one.written:
            sentence = fronted(one.drawn, sentence)
            continue
        for start, end in reversed(_places_of(one.written, sentence)):
            drawn = _large_at_first(one.drawn) if sentence[start].isupper() else one.drawn
            sentence = sentence[:start] + drawn + sentence[end:]
    return sentence


def still_fitting(wordings: Iterable[Wording], sentence: str) -> tuple[Wording, ...]:
    """Returns the wordings whose `written` words are also in another sentence."""
    return tuple(one for one in wordings if not one.written or _places_of(one.written, sentence))


def check_wording(written: str, drawn: str) -> Wording:
    """Returns a wording in the form that is stored.

    StoryError if it is too long, has a pronoun, or has no words to draw.
    """
    wording = Wording(clean_text(written), clean_text(drawn))
    for words in (wording.written, wording.drawn):
        if len(words) > MAX_WORDS:
            raise StoryError(f'"{words[:20]}..." has {len(words)} characters; use at most {MAX_WORDS}.')
        if find_pronouns(words):
            raise StoryError(f'"{words}" has a pronoun; say whom that stands for at its chip instead.')
    if not any(character.isalnum() for character in wording.drawn):
        raise StoryError("There are no words to draw; write what the picture should show instead.")
    return wording


def fronted(words: str, sentence: str) -> str:
    """Returns the sentence with these words before it: "In the kitchen, she waves."."""
    return f"{_large_at_first(words)}, {_going_on(sentence)}"


def _going_on(sentence: str) -> str:
    """Returns the sentence in its form after a comma: a common first word begins with a small letter."""
    first = sentence.split(maxsplit=1)[0] if sentence else ""
    bare = re.sub(r"['\u2019].*", "", first).casefold()
    return sentence[:1].lower() + sentence[1:] if bare in _SMALL_AT_FIRST else sentence


def _large_at_first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _places_of(words: str, sentence: str) -> list[tuple[int, int]]:
    found = re.finditer(re.escape(words), sentence, re.IGNORECASE)
    return [match.span() for match in found if is_whole_word(sentence, *match.span())]
