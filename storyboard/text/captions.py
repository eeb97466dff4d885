"""Finds in a caption whom it mentions, its pronouns and whom they stand for; and cleans captions.

Training, the pipeline and the session all call these functions, so a caption means the same everywhere. Knows neither
torch, gradio nor stories. `sentences.py` says whom a sentence needs that the story does not have. `prompt.py` has the
prompt that a language model reads.

`spellings.py` finds a name in a sentence, however it is typed. An apostrophe ends a name in "Rosa's" and "Rosa'll" but
not in "don't" (for a Don). A hyphen joins words: "Anne-Marie" does not mention Anne.
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

PRONOUN_FORMS = {  # the pronoun of a cast member -> all its forms in a sentence
    "he": ("he", "him", "his"),
    "she": ("she", "her", "hers"),
    "they": ("they", "them", "their", "theirs"),
    "it": ("it", "its"),
}
_PRONOUN = re.compile(
    "|".join(sorted((form for forms in PRONOUN_FORMS.values() for form in forms), key=len, reverse=True)),
    re.IGNORECASE,
)  # longer forms come first
# "Her" is one too, if the thing that she owns follows.
_OWNERS = frozenset(["his", "hers", "their", "theirs", "its"])
_VERB_ENDING = re.compile(f"[{APOSTROPHES}](ll|re|ve|d)(?!\\w)", re.IGNORECASE)
BARE_KIN = frozenset(["grandma", "granny", "grandpa"])  # people also write these without an article
_COUNT_OF = re.compile(
    r"(?<![\w-])(?:(?:all\s+|the(?:\s+other)?\s+)?(?:two|three|four)|both|the\s+pair)\s+of\s+\Z",
    re.IGNORECASE,
)
_DESCRIBING = re.compile(r"(?:the|our|that|this)\s", re.IGNORECASE)
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
    """A sentence that has been read, with its mentions and its pronouns. Both are in the order of the sentence."""

    text: str
    mentions: tuple[Mention, ...]
    pronouns: tuple[Pronoun, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names of the people who are mentioned, each once, in order of first mention."""
        return tuple(dict.fromkeys(mention.name for mention in self.mentions))

    def among(self, names: Container[str]) -> ReadSentence:
        """Returns this sentence with only the mentions of these people."""
        return replace(self, mentions=tuple(one for one in self.mentions if one.name in names))


@dataclass(frozen=True)
class Binding:
    """Whom a pronoun stands for, by the writer or by the words.

    The pronoun is the `occurrence`-th of its sentence, counted from 0.
    """

    word: str  # the pronoun in small letters, as `Pronoun.word`
    occurrence: int
    names: tuple[str, ...]
    confidence: float = 1.0  # 0 to 1; what the writer chose is certain


ReadBy = Literal["model", "writer", "words"]


@dataclass(frozen=True)
class Reading:
    """Whom a pronoun of a drawn sentence was taken for: `word` at [start:end], and how sure that is."""

    word: str
    start: int
    end: int
    names: tuple[str, ...]
    confidence: float  # 0 to 1
    by: ReadBy


def find_mentions(caption: str, names: Mapping[str, Sequence[str]]) -> tuple[Mention, ...]:
    """Returns every mention of the cast in text order. Mentions do not overlap. names: from each name to its aliases.

    A longer name wins over a shorter name inside it ("Mr Slate" over "Slate"). An alias that two characters share
    belongs to the first of them. Caption and names must have the form that `clean_caption` gives (NFC).
    """
    found = [
        (start - end, start, caption[start:end].casefold() != spelling.casefold(), Mention(name, start, end))
        for name, aliases in names.items()
        for spelling in (name, *aliases)
        for start, end in find_spelling(spelling, caption)
    ]
    # The longest first, then the leftmost, then exact spellings: "Zoe" means Zoe if the cast has both a Zoe and a Zoë.
    found.sort(key=lambda one: one[:3])
    claimed = bytearray(len(caption))
    kept = []
    for *_, mention in found:
        if not any(claimed[mention.start : mention.end]):
            claimed[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
            kept.append(mention)
    return tuple(sorted(kept, key=lambda mention: mention.start))


def read_sentence(text: str, names: Mapping[str, Sequence[str]]) -> ReadSentence:
    """Returns `text` with its mentions of these people and its pronouns. names: as in `find_mentions`."""
    return ReadSentence(text, find_mentions(text, names), find_pronouns(text))


def mentioned_names(caption: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Returns the names that `caption` mentions, each once, in order of first mention."""
    return tuple(dict.fromkeys(mention.name for mention in find_mentions(caption, names)))


def find_pronouns(caption: str) -> tuple[Pronoun, ...]:
    """Returns every third-person pronoun in text order."""
    return tuple(
        Pronoun(match.group().lower(), match.start(), match.end())
        for match in _PRONOUN.finditer(caption)
        if is_whole_word(caption, match.start(), match.end())
    )


def resolve(caption: str, bindings: Iterable[Binding], names: Mapping[str, Sequence[str]]) -> str:
    """Returns the sentence with names in place of the pronouns that these bindings explain.

    "She waves." with she = Rosa is "Rosa waves."; "her hat" is "Rosa's hat". A binding changes nothing if another word
    is now in its place, or if its names are not in `names` (the cast).
    """
    bound = {one.occurrence: one for one in bindings}
    if not bound:
        return caption  # almost always
    pronouns = find_pronouns(caption)
    text = caption
    for occurrence in sorted(bound, reverse=True):  # from the end, so that earlier positions stay valid
        who = [name for name in bound[occurrence].names if name in names]
        if who and occurrence < len(pronouns) and pronouns[occurrence].word == bound[occurrence].word:
            text = _with_names(text, pronouns[occurrence], who)
    return clean_text(text)


def name_described(caption: str, names: Mapping[str, Sequence[str]]) -> str:
    """Returns the sentence with names in place of aliases that describe: "The old woman waves." is "Nana waves.".

    It replaces a description only if the sentence does not also have the person's name: "Nana, the old woman" is one
    person. Other aliases stay.
    """
    mentions = find_mentions(caption, names)
    described = [one for one in mentions if _describes(caption[one.start : one.end])]
    if not described:
        return caption  # almost always
    named = {one.name for one in mentions if one not in described}
    for one in reversed(described):
        if one.name not in named and not _describes(one.name):
            caption = caption[: one.start] + one.name + caption[one.end :]
    return caption


def _describes(spelling: str) -> bool:
    """Returns whether an alias describes a person, as "the robot" does. Other aliases are names."""
    return _DESCRIBING.match(spelling) is not None or spelling.casefold() in BARE_KIN


def listed(names: Iterable[str]) -> str:
    """Returns the names in the form of a list in a sentence: "Rosa, Milo and Bolt"."""
    names = list(names)
    if len(names) < 2:
        return names[0] if names else "nobody yet"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def clean_caption(text: str, what: str = "The sentence") -> str:
    """Returns `text` as it is stored and drawn: NFC, single spaces, no control or direction-changing characters.

    StoryError if nothing is left or if it has more than MAX_CAPTION characters. `what` is the beginning of the error's
    sentence.
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
    """Returns a writer's short text (caption, label, title) in the form that is stored.

    The result may be empty.
    """
    # A hostile text is cut before the slower steps. Nothing that long is accepted anyway.
    text = text[: 100 * MAX_CAPTION]
    if text.isascii() and text.isprintable():  # most texts; a story on disk has thousands
        return " ".join(text.split())
    normal = unicodedata.normalize("NFC", text)
    visible = (" " if character.isspace() else character for character in normal if _is_visible(character))
    return unicodedata.normalize("NFC", " ".join("".join(visible).split()))


def _with_names(text: str, pronoun: Pronoun, who: Sequence[str]) -> str:
    """Returns `text` with the people in the pronoun's place, in the same form.

    "Her hat" becomes "Rosa's hat", and "he'll" becomes "Milo will". "Both of them" becomes the names alone, without
    "both of".
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
    """Returns where a pronoun starts, or where its counting words start: "the two of them"."""
    found = _COUNT_OF.search(text, 0, pronoun.start)
    return found.start() if found else pronoun.start


def is_possessive(text: str, pronoun: Pronoun) -> bool:
    """Returns whether a pronoun of `text` is a possessive.

    "His" is one. "Her" is one in "her hat" but not in "to her".
    """
    return pronoun.word in _OWNERS or (pronoun.word == "her" and owns(text, pronoun.start, pronoun.end))


def _is_visible(character: str) -> bool:
    if character.isspace() or character in _JOINERS:
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs")
