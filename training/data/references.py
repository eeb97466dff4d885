"""The co-referential extension of FlintstonesSV and PororoSV: names of earlier frames become He, She and They.

There are three rules. They are kept with their peculiarities, because the published numbers were made with them:
- "evaluation", the default: the rule with which the authors of StoryGPT-V evaluate.
- "training": the rule with which their stage 2 trains. It has a mistake: anybody alone on FlintstonesSV becomes "He".
- "story-ldm": the rule of Story-LDM, which the authors follow.
Text in, text out: knows no files of datasets, and no story of the storyboard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storyboard.errors import StoryError
from storyboard.text.captions import Mention

Rule = Literal["evaluation", "training", "story-ldm"]
RULES = ("evaluation", "training", "story-ldm")

FLINTSTONES = ("fred", "wilma", "barney", "betty", "pebbles", "mr slate", "dino")
FLINTSTONES_SHE = ("wilma", "betty", "pebbles")
PORORO = ("Pororo", "Loopy", "Crong", "Eddy", "Poby", "Petty", "Tongtong", "Rody", "Harry")
PORORO_SHE = ("Petty", "Loopy", "petty", "loopy")
_PORORO_SPELLINGS = PORORO + tuple(name.lower() for name in PORORO)


@dataclass(frozen=True)
class ReferentialCaption:
    """A caption with its pronouns.

    refers: the authors' flag for a caption that needs the story before it. Such a frame is denoised without the
    text-only steps of delayed conditioning. It is False for the first frame, and None if no rule of theirs was applied.
    """

    text: str
    refers: bool | None = False


def extend_flintstones(
    captions: Sequence[str], characters: Sequence[Sequence[str]], rule: Rule = "evaluation"
) -> tuple[ReferentialCaption, ...]:
    """Returns the captions of a story with pronouns, given the people whom each frame's annotation names, in its order.

    The people of a frame are replaced if they are the same as in the last frame that changed them. Two people are
    replaced where the caption says "A and B", three where it says "A, B and C", with only the first letter in upper
    case. The text is replaced wherever it occurs, even inside words.
    """
    _check(rule)
    people, stale = list(characters[0]), None
    made = [ReferentialCaption(captions[0])]
    for caption, present in zip(captions[1:], characters[1:], strict=True):
        same = list(present) == people if rule == "story-ldm" else sorted(present) == sorted(people)
        if not same:
            people = list(present)
            made.append(ReferentialCaption(caption))
            continue
        phrase, word = _phrase(people, caption), _pronoun(people, rule)
        if rule != "evaluation" and people:
            # Four or more people have no phrase of their own here; the phrase replaced last is looked for again.
            phrase = stale = phrase or stale
        if phrase and word:
            caption = caption.replace(phrase, word)
        # Two frames without people refer to nobody; the authors' code stops with an error there.
        refers = bool(people) and not (rule == "evaluation" and mark_names(caption))
        made.append(ReferentialCaption(caption, refers))
    return tuple(made)


def mark_names(caption: str, names: Sequence[str] = FLINTSTONES) -> tuple[Mention, ...]:
    """Returns the names on which the authors' story loop puts a portrait.

    They are words between single spaces that are a name, in upper or lower case. So a name that is followed by a comma,
    a full stop or 's is not found, nor is a name of two words.
    """
    found, start = [], 0
    for word in caption.split(" "):
        if word.lower() in names:
            found.append(Mention(word.lower(), start, start + len(word)))
        start += len(word) + 1
    return tuple(found)


def extend_pororo(captions: Sequence[str], rule: Rule = "evaluation") -> tuple[ReferentialCaption, ...]:
    """Returns the captions of a story with pronouns, given one caption for each frame.

    If a caption begins with the same names as the last caption that was kept, these become They (not in Story-LDM).
    Then the frame's main name becomes She or He, wherever it occurs, if it is also the main name of the frame before.
    """
    _check(rule)
    # Story-LDM takes the first caption with its full stop, after which there is an empty last sentence.
    first = captions[0] + (";" if rule == "story-ldm" else "")
    main, before = main_name(first), captions[0]
    made = [ReferentialCaption(captions[0])]
    for caption in captions[1:]:
        opening = shared_names(before, caption) if rule != "story-ldm" else ()
        if len(opening) > 1:
            caption = caption.replace(" ".join(opening), "They", 1 if rule == "training" else -1)
        name = main_name(caption)
        refers = bool(name) and name == main
        if refers:
            before = caption
            caption = caption.replace(name, "She" if name in PORORO_SHE else "He")
        else:
            main = name
        made.append(ReferentialCaption(caption, refers))
    return tuple(made)


def main_name(caption: str) -> str:
    """Returns the character whom a PororoSV caption is about, or "".

    That is the only name in it, or else the first listed name of its last sentence. Names are found inside words too.
    The last character of the caption does not count as the end of a sentence.
    """
    names = [name for name in _PORORO_SPELLINGS if name in caption]
    sentences = caption[:-1].split(".")
    if len(names) > 1 and len(sentences) > 1:
        names = [name for name in names if name in sentences[-1]]
    return names[0] if names else ""


def shared_names(before: str, caption: str) -> tuple[str, ...]:
    """Returns the words of the names with which both captions begin: (Pororo, and, Crong) for "Pororo and Crong are".

    Names continue over every word that has a comma or "and" in it, even "standing". The last shared word never counts,
    because the captions may differ in the middle of it.
    """
    length = next(
        (i for i, pair in enumerate(zip(before, caption, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(caption)),
    )
    opening = caption[:length].split(" ")
    for number, word in enumerate(opening):
        bare = word.replace(",", "").replace("'", "").strip()
        if bare not in _PORORO_SPELLINGS and "," not in word and "and" not in word:
            return tuple(opening[:number])
    return tuple(opening[:-1])


def caption_index(number: int, frames: int, captions: int) -> int:
    """Returns which of a PororoSV clip's captions the authors' training takes for picture `number` of `frames`.

    The rounding is theirs: if there is more than one caption, the first is never taken.
    """
    return min(math.ceil((number + 1) / frames * captions), captions - 1)


def _phrase(people: Sequence[str], caption: str) -> str | None:
    """Returns how people are named together, in the order of their annotation.

    Two people may be named in reverse order.
    """
    names = [name.capitalize() for name in people]
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        phrase = f"{names[0]} and {names[1]}"
        return phrase if phrase in caption else f"{names[1]} and {names[0]}"
    return f"{names[0]}, {names[1]} and {names[2]}" if len(names) == 3 else None


def _pronoun(people: Sequence[str], rule: Rule) -> str | None:
    if len(people) > 1:
        return "They"
    if rule != "evaluation":
        return "He"
    name = people[0] if people else ""
    if name in FLINTSTONES_SHE:
        return "She"
    return "He" if name in FLINTSTONES else None


def _check(rule: str) -> None:
    if rule not in RULES:
        raise StoryError(f'There is no rule "{rule}" for pronouns; choose {", ".join(RULES)}.')
