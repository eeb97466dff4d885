"""A pasted script in frames: `split_script` gives one drawable sentence a frame.

Knows neither torch, gradio nor stories. Takes what writers paste: running prose, a line a frame, numbered or bulleted
lists, "Panel 3:" headings and screenplays, whose headings become a frame that shows the place and whose dialogue
becomes a frame in which somebody says it. Nothing is left out but marks, headings without words and cuts. The writer
sees the result before it becomes frames.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator

from storyboard.text.captions import clean_text

MAX_SCRIPT = 60_000  # characters read; a story holds no more
WRAPPED = 60  # characters: a longer line may have been wrapped after a full stop
MAX_MARKS = 4  # before a line: "> - **Panel 3:**"

_PART = r"panel|frame|shot|scene|page|board|picture|slide|beat|bild|szene|seite"
_LABEL = re.compile(
    rf"(?:{_PART})\s+(?:\d{{1,3}}|[ivx]{{1,5}}|one|two|three|four|five|six)\b\s*(?:[:.)\u2013\u2014-]+|$)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:\(\d{1,3}\)|\[\d{1,3}\]|#?\d{1,3}[.):\]])(?:\s+|$)|\d{1,3}\s+[\u2013\u2014-]\s+")
_BULLET = re.compile(r"(?:[-*+\u2022\u2023\u25e6\u2043\u2013\u2014]|>+|#{1,6})(?:\s+|$)")
_HEADING = re.compile(
    r"(?:(?i:(?:int\.?\s?/\s?ext|ext\.?\s?/\s?int|i\s?/\s?e|int|ext|est)\.\s*)|(?:INT/EXT|EXT/INT|I/E|INT|EXT)\s+)(.+)"
)
_CUT = re.compile(
    r"(?:fade (?:in|out|to black)|(?:smash |match |jump )?cut to(?: black)?|dissolve to|the end)\s*[:.]*",
    re.IGNORECASE,
)
_CUE = re.compile(r"@?([^\W\d_a-z][^\Wa-z_]*(?:[ '.\u2019-]+[^\Wa-z_]+){0,2}\.?)(?:\s*\([^()]{1,20}\))*")
_SPEECH = re.compile(r"([^\W\d_][^:\"\u201c]{0,39}?)\s*(?:\([^()]{1,20}\)\s*)?:\s+(.+)")
_ASIDE = re.compile(r"\([^()]{1,80}\)")
_NO_SPEAKERS = frozenset(
    """the a an int ext caption captions note notes narrator narration title titles sfx sound music text later morning
    noon evening night day dawn dusk today tomorrow meanwhile""".split()
)
_ABBREVIATIONS = frozenset(
    """mr mrs ms mx dr st prof rev hon capt lt sgt col gen sr jr vs eg e.g ie i.e etc no vol fig approx dept est int ext
    a.m p.m am pm u.s u.k""".split()
)
_OWN_ARTICLE = re.compile(
    r"(?:the|an?|my|our|his|her|its|their|this|that|in|on|at|[^\W\d_]+['\u2019]s?)\s|\W*\d|$", re.IGNORECASE
)
_NAMED_PLACE = re.compile(r"[^\W\d_]+\s+[^\Wa-z\d_]")  # "Maple Lane"
_VISIBLE = re.compile(r"\S")
_END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*")
_QUOTED = re.compile(r"\"[^\"]*\"|\u201c[^\u201c\u201d]*\u201d|\u300c[^\u300c\u300d]*\u300d")


def split_script(text: str, names: Iterable[str] = ()) -> list[str]:
    """The sentences of a script, in order, cleaned; none is empty, any may be too long or about a stranger.

    `names`, the cast and its aliases, tell "Rosa: Hello!", which is dialogue, from "Later: Rosa waves.".
    """
    known = {name.casefold() for name in names}
    paragraphs = _paragraphs(text[:MAX_SCRIPT], known)
    cleaned = [clean_text(sentence) for paragraph in paragraphs for sentence in _sentences(paragraph)]
    return [sentence for sentence in cleaned if any(character.isalnum() for character in sentence)]


def _paragraphs(text: str, known: set[str]) -> Iterator[str]:
    """Pieces of running text; a frame never spans two of them. Screenplay forms come out as sentences."""
    lines = [_plain(line) for line in text.splitlines()]
    piece: list[str] = []
    index = 0
    while index < len(lines):
        line, starts = lines[index]
        index += 1
        if piece and (starts or not line or not _goes_on(piece[-1], line)):
            yield " ".join(piece)
            piece = []
        if not line or _CUT.fullmatch(line):
            continue
        if heading := _HEADING.fullmatch(line):
            yield _place(heading.group(1))
        elif speaker := _cue(line, lines, index):
            spoken, index = _spoken(lines, index)
            yield f'{speaker} says "{spoken}"'
        elif speech := _speech(line, known):
            yield speech
        else:
            piece.append(line)
    if piece:
        yield " ".join(piece)


def _plain(line: str) -> tuple[str, bool]:
    """The line without numbering, bullets and emphasis marks, and whether it had any: then it starts a frame."""
    plain = line.replace("**", "").replace("__", "").strip()
    starts = False
    for _ in range(MAX_MARKS):
        mark = _LABEL.match(plain) or _NUMBER.match(plain) or _BULLET.match(plain)
        if mark is None:
            break
        plain = plain[mark.end() :].lstrip()
        starts = True
    return plain, starts


def _goes_on(before: str, line: str) -> bool:
    """Whether the line goes on with the text of the one before it, rather than being a frame of its own."""
    wrapped = len(before) > WRAPPED and before[-1] in '.!?\u2026"\u201d'
    return line[0].islower() or before[-1] in ",;" or wrapped


def _place(heading: str) -> str:
    """ "KITCHEN - DAY" -> "The kitchen, day": without an article a place at the beginning is no place to a model."""
    parts = [part.strip(" .") for part in re.split(r"\s+[\u2013\u2014-]+\s+", heading)]
    place = ", ".join(part for part in parts if part)
    place = place.lower() if place.isupper() else place
    if not (_OWN_ARTICLE.match(place) or _NAMED_PLACE.match(place)):
        place = f"the {place[:1].lower() + place[1:]}"
    return place[:1].upper() + place[1:]


def _cue(line: str, lines: list[tuple[str, bool]], index: int) -> str | None:
    """Who speaks, where `line` is a name in capitals on its own with words under it and nothing above."""
    cue = _CUE.fullmatch(line)
    alone = index < 2 or not lines[index - 2][0]
    if cue is None or not alone or index >= len(lines) or not lines[index][0]:
        return None
    return _speaker(cue.group(1))


def _spoken(lines: list[tuple[str, bool]], index: int) -> tuple[str, int]:
    """The words under a cue, without "(quietly)", and the index of the line after them."""
    words = []
    while index < len(lines) and lines[index][0]:
        if not _ASIDE.fullmatch(lines[index][0]):
            words.append(lines[index][0])
        index += 1
    return _inner_quotes(" ".join(words)), index


def _speech(line: str, known: set[str]) -> str | None:
    """'ROSA: Hello!' or, for someone known, 'Rosa: Hello!' as 'Rosa says "Hello!"'."""
    match = _SPEECH.fullmatch(line)
    if match is None:
        return None
    name, spoken = match.groups()
    if name.casefold() in known:
        speaker: str | None = name if not name.isupper() else _speaker(name)
    else:
        speaker = _speaker(name) if _CUE.fullmatch(name) else None
    spoken = _ASIDE.sub("", spoken).strip()
    return f'{speaker} says "{_inner_quotes(spoken)}"' if speaker and spoken else None


def _speaker(capitals: str) -> str | None:
    words = capitals.split()
    if not words or words[0].casefold().strip(".") in _NO_SPEAKERS or len(capitals) < 2:
        return None
    return " ".join(word[:1] + word[1:].lower() for word in words)


def _inner_quotes(spoken: str) -> str:
    """Spoken words as they stand inside quotation marks: none of their own."""
    return re.sub('["\u201c\u201d]', "", spoken).strip()


def _sentences(paragraph: str) -> Iterator[str]:
    """The paragraph's sentences; full stops in quotations and after abbreviations and initials end none."""
    quoted = [match.span() for match in _QUOTED.finditer(paragraph)]
    start = 0
    for end in _END.finditer(paragraph):
        quotation = quoted[place - 1] if (place := bisect(quoted, (end.start(), 0))) else (0, 0)
        if end.end() >= quotation[1] and _ends(paragraph, start, end, quotation):
            yield paragraph[start : end.end()]
            following = _VISIBLE.search(paragraph, end.end())
            start = following.start() if following else len(paragraph)
    yield paragraph[start:]


def _ends(paragraph: str, start: int, end: re.Match[str], quotation: tuple[int, int]) -> bool:
    """Whether the sentence that starts at `start` ends there; `quotation` is the latest one begun before."""
    following = _VISIBLE.search(paragraph, end.end())
    if following is None or end.group()[0] in "\u3002\uff01\uff1f":
        return True
    if following.group().islower():
        return False
    if end.group() == "." and _is_abbreviation(paragraph[max(start, end.start() - 12) : end.start()]):
        return False
    # '"Stop!" Rosa shouts.' is one sentence: so far there is nothing but the quotation.
    return not (quotation == (start, end.end()) and following.group().isalpha())


def _is_abbreviation(before: str) -> bool:
    """Whether the text before a full stop ends in one, or in an initial."""
    bare = "".join(before.split()[-1:]).lstrip("\"'(\u201c\u2018[").casefold()
    return bare in _ABBREVIATIONS or (len(bare) == 1 and bare.isalpha() and bare != "i")
