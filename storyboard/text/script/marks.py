"""Finds what stands before a line's words and is no part of them: numbers, bullets, labels, times, camera directions.

English and German. Knows no format, and neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_MARKS = 4  # before a line: "> - **Panel 3:**"
MAX_SYMBOLS = 4  # characters of one symbol: a hand, its colour, and what joins the two
_PICTURES = ("So", "Sm", "No", "Cf", "Mn", "Sk")

_PART = (
    "panel|frame|shot|scene|page|board|picture|slide|beat|step|act|chapter|part|sequence"
    "|bild|szene|seite|einstellung|folie|schritt|akt|kapitel|teil|sequenz"
)
_COUNT = (
    r"\d{1,3}[a-z]?|[ivx]{1,5}|one|two|three|four|five|six|seven|eight|nine|ten"
    "|eins|zwei|drei|vier|f\u00fcnf|sechs|sieben|acht|neun|zehn"
)
_LABEL = re.compile(
    rf"(?:(?:{_PART})\s+(?:{_COUNT})\b|n[or]\.?\s*\d{{1,3}}\b)\s*(?:[:.)\u2013\u2014-]+|$)", re.IGNORECASE
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
_NUMBER = re.compile(
    r"(?:\(\d{1,3}\)|\[\d{1,3}\]|#?\d{1,3}[.):\]/])(?:\s+|$)"
    r"|#\d{1,3}\s+"
    r"|\d{1,3}\s*[\u2013\u2014-](?:\s+|$)"
    r"|\d{1,3}(?:\.\d{1,3})+[.):]?\s+(?=[^\Wa-z\d_])"
    r"|(?:\([a-zA-Z]\)|[a-zA-Z]\)|\((?:ii|iii|iv|vi{0,3}|ix)\)|(?:ii|iii|iv|vi{0,3}|ix)\))(?:\s+|$)"
    r"|\d\ufe0f?\u20e3\s*"
    rf"|(?:\[{_TIME}\]|\({_TIME}\))\s*"
    rf"|{_TIME}(?:\s*[\u2013\u2014-]\s*{_TIME})?(?:\s*[\u2013\u2014|:-]\s+|\s{{2,}}|$)",
)
_BULLET = re.compile(
    r"(?:--|[-*+~\u00b7\u2022\u2023\u2027\u2219\u25e6\u2043\u204c\u204d\u30fb\uff65\u2013\u2014]|>+|#{1,6})(?:\s+|$)"
    r"|\[[ xX\u2713\u2714]?\](?:\s+|$)"
)
_LETTERED = re.compile(r"([a-zA-Z]|[ivxIVX]{1,5})\.\s+")
_EMPHASIS = re.compile(
    r"(?<![\w*\\])\*([^*\s][^*]*)(?<!\\)\*(?![\w*])|(?<![\w_\\])_([^_\s][^_]*)(?<!\\)_(?![\w_])"
)
_ESCAPED = re.compile(r"\\([*_])")

_SHOT = (
    r"(?:another|low|high|new|reverse|wide|dutch)?\s*angle|(?:[^\W\d_]+['\u2019]s )?pov|point of view|inserts?"
    r"|(?:extreme |medium |big )?close[- ]?up|close(?: shot)?|[em]?cu|[mwlf]s|els|ots|super(?:impose)?|title card"
    r"|(?:extreme |medium |very )?(?:wide|long|full|two|tracking|aerial|establishing|crane|dolly|drone|reaction)"
    r"[- ]shot|insert shot|medium(?: shot)?|wide|establishing|over[- ]the[- ]shoulder(?: shot)?|pan|tilt|zoom"
    r"|dolly(?: in| out)?|track(?:ing)?|camera|focus|flashback|flash cut|end (?:of )?flashback|(?:end (?:of )?)?montage"
    r"|(?:a )?series of shots"
    r"|intercut|back to scene|split screen|freeze frame|slow motion|on screen|match on|dream sequence"
    r"|chyron|(?:extreme )?nahaufnahme|gro\u00dfaufnahme|grossaufnahme|detail(?:aufnahme)?|nah|gro\u00df|gross"
    r"|halbnah|halbtotale|totale|supertotale|amerikanische?|schwenk|kamera(?:fahrt|schwenk)?|fahrt|untersicht"
    r"|aufsicht|vogelperspektive|froschperspektive|subjektive|gegenschuss|gegenschu\u00df|(?:text)?einblendung"
    r"|zwischentitel|(?:ende (?:der )?)?r\u00fcckblende|zeitlupe|parallelmontage"
)
_TOWARDS = r"in on|on|of|at|to|over|auf|von|\u00fcber|zu"
_DIRECTION = re.compile(
    rf"(?:{_SHOT})(?:\s+(?:{_TOWARDS}))?\s*(?::+\s*|\s[\u2013\u2014-]+\s+|$)", re.IGNORECASE
)
_LOOK_AT = re.compile(rf"(?:{_SHOT})\s+(?:{_TOWARDS})\s+(?=\S)", re.IGNORECASE)
_CUT = re.compile(
    r"(?:fade (?:in|out|to (?:black|white))|(?:smash |match |jump |hard )?cut to(?: black)?|dissolve to|wipe to"
    r"|iris (?:in|out)|the end|\(?continued\)?|\(more\)|(?:harter )?schnitt(?: auf| zu| in)?"
    r"|\u00fcberblendung(?: auf| zu| in)?|(?:auf|ab|schwarz|wei\u00df)blende|ende|\((?:fortsetzung|weiter)\))\s*[:.]*",
    re.IGNORECASE,
)
_CAPITAL_CUT = re.compile(r"[^\Wa-z\d_][^a-z:]{0,40}\s(?:TO|AUF|ZU):")


def without_marks(line: str, lettered: bool = False) -> tuple[str, bool]:
    """Returns the line without marks and emphasis, and whether it had marks. A line with marks starts a frame.

    lettered: whether "a." and "iv." are marks here too, as `has_letters` says for a whole text.
    """
    plain = without_emphasis(line).strip()
    starts = False
    for _ in range(MAX_MARKS):
        if not (end := _mark_end(plain, lettered)):
            break
        plain = plain[end:].lstrip()
        starts = True
    return plain, starts


def without_emphasis(line: str) -> str:
    """Returns the line without the stars and underscores that make words bold or italic."""
    return _ESCAPED.sub(r"\1", _EMPHASIS.sub(r"\1\2", line.replace("**", "").replace("__", "")))


def has_letters(lines: Iterable[str]) -> bool:
    """Returns whether lines are numbered a., b. or i., ii. A single line does not tell these from initials."""
    found = {match.group(1) for line in lines if (match := _LETTERED.match(line.strip()))}
    return any(set(first) <= found for first in (("a", "b"), ("A", "B"), ("i", "ii"), ("I", "II")))


def without_direction(line: str) -> tuple[str, bool]:
    """Returns what a camera direction shows ("CLOSE UP: a hand" gives "A hand"), and whether there was one."""
    if not line[:1].isupper():
        return line, False
    match = _DIRECTION.match(line)
    if match and match.end() == len(line) and not (line.isupper() or line.endswith(":")):
        return line, False  # "Camera" as an item of a list
    if match is None and (looks := _LOOK_AT.match(line)) and looks.group().isupper():
        match = looks  # "ANGLE ON MILO"; in small letters these words belong to a sentence
    if match is None:
        return line, False
    shown = line[match.end() :].strip()
    return shown[:1].upper() + shown[1:], True


def is_direction(words: str) -> bool:
    """Returns whether the words in the place of a speaker begin like a camera direction."""
    return bool(_DIRECTION.match(words) or _LOOK_AT.match(words))


def is_cut(line: str) -> bool:
    """Returns whether a line says only how the next picture follows: "CUT TO:", "ABBLENDE"."""
    return bool(_CUT.fullmatch(line) or _CAPITAL_CUT.fullmatch(line))


def _mark_end(line: str, lettered: bool) -> int:
    """Returns the length of the first mark of `line` in characters; 0 if it has none."""
    match = _LABEL.match(line) or _NUMBER.match(line) or _BULLET.match(line)
    if match is None and lettered:
        match = _LETTERED.match(line)
    return match.end() if match else _symbols(line)


def _symbols(line: str) -> int:
    """Returns how many characters at the start of `line` are symbols in place of a bullet: ticks, arrows, balls, hands.

    In "\U0001f436 barks" the symbol is a word of the sentence.
    """
    end = 0
    while end < min(len(line), MAX_SYMBOLS) and unicodedata.category(line[end]) in _PICTURES:
        end += 1
    if not any(unicodedata.category(one) in ("So", "No", "Sm") for one in line[:end]):
        return 0
    return 0 if line[end:].lstrip()[:1].islower() else end
