"""Who does what a clause tells: "Rosa meets her" is about two people, as nobody meets oneself under another word.

English has "herself" for that. There is no parser here: a clause begins where a sentence does, behind a stop or a
conjunction, and its subject is the first name in it. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re

from storyboard.text.captions import Mention, Pronoun, ReadSentence

_OBJECTS = frozenset(["him", "her", "them"])
# "Rosa looks around her", "Nana takes Bolt with her": the one place where the plain pronoun may be the subject's own.
_ABOUT_ONESELF = re.compile(
    r"(?<!\w)(?:(?:behind|around|beside|above|below|under|over|near|about|in front of)"
    r"|(?:takes?|brings?|carries|carry|has|have|keeps?)(?!\w).*\swith)\s+$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:,|,?\s*(?:and|&))\s*", re.IGNORECASE)
# What stands before the first word of a clause: nothing, a stop, or a word that opens one.
_OPENING = re.compile(
    r"(?:^|[.!?;:,\u2026\u2014\u2013]|(?<!\w)(?:and|but|so|or|because|when|while|as|after|before|until|if|that|then"
    r"|later|now|soon|suddenly|meanwhile|finally|today|tonight))[\"'\u201c\u2018\s]*$",
    re.IGNORECASE,
)


def subject_of(sentence: ReadSentence, pronoun: Pronoun) -> tuple[str, ...]:
    """The names that are the subject of the verb whose object `pronoun` is; empty where it is no object.

    "Rosa dances and Nana meets her" gives Nana, "Rosa gives Nana a hat and hugs her" Rosa, "Rosa and Milo meet her"
    both.
    """
    text = sentence.text
    if pronoun.word not in _OBJECTS or _ABOUT_ONESELF.search(text[: pronoun.start]):
        return ()
    groups: list[list[Mention]] = []
    for mention in sentence.mentions:
        if mention.start > pronoun.start:
            break
        if groups and _JOINED.fullmatch(text, groups[-1][-1].end, mention.start):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    subjects = [group for group in groups if _OPENING.search(text[: group[0].start])]
    found = subjects[-1] if subjects else groups[0] if groups else []
    return tuple(mention.name for mention in found)
