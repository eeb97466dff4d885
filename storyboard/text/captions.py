"""Text rules, in one home: who a caption mentions, its pronouns and whom they stand for, cleaning.

Training, the pipeline and the session all call these functions, so a caption means the same everywhere.
Knows neither torch, gradio nor stories. Whom a sentence needs that the story does not have is `sentences.py`'s, and
the prompt that a language model reads is `prompt.py`'s.

Where a name stands in a sentence, however it is typed, is `spellings.py`'s. An apostrophe ends a name in "Rosa's" and
"Rosa'll" but not in "don't" (for a Don), and a hyphen joins words: "Anne-Marie" is no mention of Anne.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from storyboard.errors import StoryError
from storyboard.text.possessives import owns
from storyboard.text.spellings import APOSTROPHES, find_spelling, is_whole_word

MAX_CAPTION = 600  # characters

PRONOUN_FORMS = {  # the form a cast member's pronoun has -> all its forms in a sentence
    "he": ("he", "him", "his"),
    "she": ("she", "her", "hers"),
    "they": ("they", "them", "their", "theirs"),
    "it": ("it", "its"),
}
_PRONOUN = re.compile(
    "|".join(sorted((form for forms in PRONOUN_FORMS.values() for form in forms), key=len, reverse=True)),
    re.IGNORECASE,
)  # longer ones first
_OWNERS = frozenset(["his", "hers", "their", "theirs", "its"])  # and "her", where something owned follows
_VERB_ENDING = re.compile(f"[{APOSTROPHES}](ll|re|ve|d)(?!\\w)", re.IGNORECASE)
BARE_KIN = frozenset(["grandma", "granny", "grandpa"])  # called so without an article, too
_COUNT_OF = re.compile(
    r"(?<![\w-])(?:(?:all\s+|the(?:\s+other)?\s+)?(?:two|three|four)|both|the\s+pair)\s+of\s+\Z",
    re.IGNORECASE,
)
_DESCRIBING = re.compile(r"(?:the|our|my|his|her|their|that|this)\s", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # invisible, but they shape Persian words and compound emoji


@dataclass(frozen=True)
class Mention:
    """A cast member's name in a caption: `caption[start:end]` is the name or alias as written."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Pronoun:
    """A third-person pronoun in a caption: `word` is `caption[start:end]` in small letters."""

    word: str
    start: int
    end: int


@dataclass(frozen=True)
class ReadSentence:
    """A sentence read once, and then handed on: whom it mentions, and its pronouns, both in its own order."""

    text: str
    mentions: tuple[Mention, ...]
    pronouns: tuple[Pronoun, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Who is mentioned, each once, in order of first mention."""
        return tuple(dict.fromkeys(mention.name for mention in self.mentions))

    def among(self, names: Container[str]) -> ReadSentence:
        """Returns this sentence with the mentions of these people alone."""
        return replace(self, mentions=tuple(one for one in self.mentions if one.name in names))


@dataclass(frozen=True)
class Binding:
    """Whom a pronoun stands for, by the writer or the words around it: the `occurrence`-th of its sentence, from 0."""

    word: str  # the pronoun in small letters, as `Pronoun.word`
    occurrence: int
    names: tuple[str, ...]
    confidence: float = 1.0  # 0 to 1; the writer's own is certain


ReadBy = Literal["model", "writer", "words"]


@dataclass(frozen=True)
class Reading:
    """Whom a pronoun of a drawn sentence was taken to stand for: `word` at [start:end], and how sure that is."""

    word: str
    start: int
    end: int
    names: tuple[str, ...]
    confidence: float  # 0 to 1
    by: ReadBy


def find_mentions(caption: str, names: Mapping[str, Sequence[str]]) -> tuple[Mention, ...]:
    """Returns every mention of the cast in text order, none overlapping; `names` maps each name to its aliases.

    A longer name wins over a shorter one inside it ("Mr Slate" over "Slate"); an alias two characters share goes
    to the first of them. Caption and names are expected in the form `clean_caption` gives (NFC).
    """
    found = [
        (start - end, start, caption[start:end].casefold() != spelling.casefold(), Mention(name, start, end))
        for name, aliases in names.items()
        for spelling in (name, *aliases)
        for start, end in find_spelling(spelling, caption)
    ]
    # Longest first, then leftmost, then those spelt so: "Zoe" is Zoe where the cast has a Zoë beside her.
    found.sort(key=lambda one: one[:3])
    claimed = bytearray(len(caption))
    kept = []
    for *_, mention in found:
        if not any(claimed[mention.start : mention.end]):
            claimed[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
            kept.append(mention)
    return tuple(sorted(kept, key=lambda mention: mention.start))


def read_sentence(text: str, names: Mapping[str, Sequence[str]]) -> ReadSentence:
    """Returns `text` with whom it mentions of `names`, as `find_mentions` takes them, and its pronouns."""
    return ReadSentence(text, find_mentions(text, names), find_pronouns(text))


def mentioned_names(caption: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Returns the names `caption` mentions, each once, in order of first mention."""
    return tuple(dict.fromkeys(mention.name for mention in find_mentions(caption, names)))


def find_pronouns(caption: str) -> tuple[Pronoun, ...]:
    """Returns every third-person pronoun in text order."""
    return tuple(
        Pronoun(match.group().lower(), match.start(), match.end())
        for match in _PRONOUN.finditer(caption)
        if is_whole_word(caption, match.start(), match.end())
    )


def resolve(caption: str, bindings: Iterable[Binding], names: Mapping[str, Sequence[str]]) -> str:
    """Returns the sentence with names where the writer said whom a pronoun stands for.

    "She waves." with she = Rosa is "Rosa waves.", "her hat" is "Rosa's hat". A binding of another word than the one now
    in that place, and names not in `names` (the cast), change nothing.
    """
    bound = {one.occurrence: one for one in bindings}
    if not bound:
        return caption  # nearly always
    pronouns = find_pronouns(caption)
    text = caption
    for occurrence in sorted(bound, reverse=True):  # from the end, so that earlier places stay right
        who = [name for name in bound[occurrence].names if name in names]
        if who and occurrence < len(pronouns) and pronouns[occurrence].word == bound[occurrence].word:
            text = _with_names(text, pronouns[occurrence], who)
    return clean_text(text)


def name_described(caption: str, names: Mapping[str, Sequence[str]]) -> str:
    """Returns the sentence with names in place of what says who somebody is: "The old woman waves." is "Nana waves.".

    Only of those whom it does not name as well, as "Nana, the old woman" is one person. Other aliases stay.
    """
    mentions = find_mentions(caption, names)
    described = [one for one in mentions if _describes(caption[one.start : one.end])]
    if not described:
        return caption  # nearly always
    named = {one.name for one in mentions if one not in described}
    for one in reversed(described):
        if one.name not in named and not _describes(one.name):
            caption = caption[: one.start] + one.name + caption[one.end :]
    return caption


def _describes(spelling: str) -> bool:
    """Whether an alias says what somebody is, "the robot", rather than another name."""
    return _DESCRIBING.match(spelling) is not None or spelling.casefold() in BARE_KIN


def listed(names: Iterable[str]) -> str:
    """Returns the names as a sentence lists them: "Rosa, Milo and Bolt"."""
    names = list(names)
    if len(names) < 2:
        return names[0] if names else "nobody yet"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def clean_caption(text: str, what: str = "The sentence") -> str:
    """Returns `text` as stored and drawn: NFC, no control or direction-changing characters, single spaces.

    Raises StoryError, its sentence opening with `what`, when nothing is left or more than MAX_CAPTION characters.
    """
    cleaned = clean_text(text)
    if not any(character.isalnum() for character in cleaned):
        raise StoryError(f"{what} has no words; write what the picture should show.")
    if len(cleaned) > MAX_CAPTION:
        raise StoryError(
            f"{what} is {len(cleaned)} characters long; shorten it to {MAX_CAPTION} or split it over two frames."
        )
    return cleaned


def clean_text(text: str) -> str:
    """Returns a short text of a writer's (caption, label, title) in the one form that is stored.

    It may come out empty.
    """
    # A hostile text is cut before the costlier steps; nothing that long is accepted anyway.
    text = text[: 100 * MAX_CAPTION]
    if text.isascii() and text.isprintable():  # most text, and a story read from disk has thousands
        return " ".join(text.split())
    normal = unicodedata.normalize("NFC", text)
    visible = (" " if character.isspace() else character for character in normal if _is_visible(character))
    return unicodedata.normalize("NFC", " ".join("".join(visible).split()))


def _with_names(text: str, pronoun: Pronoun, who: Sequence[str]) -> str:
    """`text` with the people in the pronoun's place, in its form: "her hat" is "Rosa's hat", "he'll" "Milo will".

    "Both of them" are the people, without being counted again.
    """
    people = listed(who)
    start, end = counted_from(text, pronoun), pronoun.end
    if text[start].isupper():
        people = people[0].upper() + people[1:]
    ending = _VERB_ENDING.match(text, end)
    if is_possessive(text, pronoun):
        people += "'s"
    elif ending:
        be = "is" if len(who) == 1 else "are"
        verb = {"ll": "will", "re": be, "ve": "have", "d": "would"}[ending.group(1).lower()]
        people, end = f"{people} {verb}", ending.end()
    return text[:start] + people + text[end:]


def counted_from(text: str, pronoun: Pronoun) -> int:
    """Returns where the words begin that count whom a pronoun stands for, "the two of them"; else where it stands."""
    found = _COUNT_OF.search(text, 0, pronoun.start)
    return found.start() if found else pronoun.start


def is_possessive(text: str, pronoun: Pronoun) -> bool:
    """Returns whether a pronoun of `text` says whose something is.

    That is "his", and "her" in "her hat" but not in "to her".
    """
    return pronoun.word in _OWNERS or (pronoun.word == "her" and owns(text, pronoun.start, pronoun.end))


def _is_visible(character: str) -> bool:
    if character.isspace() or character in _JOINERS:
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs")
