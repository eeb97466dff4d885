"""What people say, in quotation marks, with a verb of saying that fits the punctuation mark."""

from __future__ import annotations

import re

from .inflection import finite
from .people import absent_person, mention, name_in_passing
from .sentence import Sentence, Subject, Token, sure
from .tables import one_of

_ALONE = re.compile(r"\b(?:I|I'\w+|my|me|My|Me)\b")  # words that only a single speaker can say


def choose_line(s: Sentence, names: tuple[str, ...], to: tuple[str, ...] = ()) -> str | None:
    """Returns a line that one of these people, or all of them together, could say now, perhaps `to` somebody by name.

    None if there is no such line.
    """
    by_name = len(to) == 1 and s.chance(0.5)
    for _ in range(8):
        line = s.fresh("dialogue", "line to" if by_name else "line", s.tags(names))
        if line is None or len(names) == 1 or not _ALONE.search(line):
            return line and _with_names(s, line, to)
    return None


def _with_names(s: Sentence, line: str, to: tuple[str, ...]) -> str:
    if "{you}" in line:
        line = line.replace("{you}", to[0])
    if "{away}" in line:
        line = line.replace("{away}", sure(absent_person(s)))
    return line


def quote(s: Sentence, line: str, goes_on: bool) -> None:
    """Adds the words in quotation marks. A full stop becomes a comma if the sentence goes on.

    From here on, a reader knows the people whom the words name.
    """
    for person in (*s.facts.people, *s.facts.absent):
        if re.search(rf"\b{re.escape(person.name)}\b", line):
            name_in_passing(s, person.name)
    if goes_on and line.endswith("."):
        line = line[:-1] + ","
    s.put(f'"{line}"')


def say_verb(s: Sentence, line: str, subject: Subject) -> str:
    """Returns a verb of saying: "asks" after a question, "cries" after an exclamation, "murmurs" ..."""
    mark = {"?": "ask", "!": "cry"}.get(line[-1], "say")
    verb, _, rest = one_of("dialogue", mark, s.tags(subject.names), s.rng).partition(" ")
    return f"{finite(verb, s.discourse.past, subject.many)} {rest}".strip()


def said_by(s: Sentence, line: str, names: tuple[str, ...], plain: bool = False) -> Subject:
    """Adds "said Rosa" or "she said" after a quotation. Returns the speaker as a subject."""
    before = len(s.tokens)
    subject = mention(s, names, plain=plain)
    spoken = s.tokens[before:]
    verb = say_verb(s, line, subject)
    if not spoken[0].names and len(verb.split()) < 3 and (plain or s.chance(0.6)):
        s.tokens[before:before] = [Token(verb)]
    else:
        s.put(verb)
    return subject
