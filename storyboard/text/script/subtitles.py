"""Subtitles, SubRip (.srt) and WebVTT (.vtt): each is one frame, in the order of the file.

Knows neither torch, gradio nor stories. Only the words count here, so times may overlap, run backwards or be damaged.
This reader exists because those on PyPI need correct times and silently drop a subtitle without them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from storyboard.text.script.elements import Element, Read, Speech, Text
from storyboard.text.script.plain import elements_of, split_lines
from storyboard.text.script.sentences import ends_a_sentence

_TIME = r"\d{1,3}(?::\d{1,3}){1,2}(?:[.,:]\d{1,4})?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-+>\s*{_TIME}.*")
_VTT = re.compile(r"WEBVTT(?:\s|$)")
_NUMBER = re.compile(r"\s*\d+\s*")
_SET_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]{1,60})>")
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<\d[\d:.]{0,20}>|\{\\[^{}]{0,200}\}")
_SPEAKERS = re.compile(r"(?:^|\n)\s*[-\u2013\u2014]\s*")


def looks_like_vtt(text: str) -> bool:
    """Returns whether a text has the heading of WebVTT."""
    return bool(_VTT.match(text.lstrip()))


def looks_like_srt(text: str) -> bool:
    """Returns whether a line of the text has the times of a subtitle."""
    return "->" in text and any(_TIMING.fullmatch(line) for line in split_lines(text))


def read_subtitles(text: str, known: frozenset[str]) -> Read:
    """Returns what subtitles say. A sentence over several subtitles is one frame, and a direct repeat counts once."""
    elements: list[Element] = []
    said = ""
    for cue in _cues(split_lines(text)):
        for element in _elements(cue, known):
            last = elements[-1] if elements else None
            words = element.words
            if words == said:
                continue
            said = words
            if isinstance(element, Text) and isinstance(last, Text) and _goes_on(last.words, words):
                elements[-1] = Text(f"{last.words} {words}", whole=True)
            else:
                elements.append(element)
    return Read(tuple(elements))


def _cues(lines: Sequence[str]) -> Iterator[str]:
    """Yields the words of each subtitle, line by line, without numbers, names of cues, notes and styles."""
    words: list[str] = []
    timed = False  # whether a time has been read
    aside = False
    for index, line in enumerate(lines):
        if _TIMING.fullmatch(line):
            yield "\n".join(words)
            words, timed, aside = [], True, False
        elif not line.strip():
            aside = False
        elif (
            aside
            or (not timed and _VTT.match(line.lstrip()))
            or _SET_ASIDE.match(line)
            and _starts_block(lines, index)
        ):
            aside = True
        elif not _names_cue(lines, index):
            words.append(line)
    yield "\n".join(words)


def _starts_block(lines: Sequence[str], index: int) -> bool:
    return index == 0 or not lines[index - 1].strip()


def _names_cue(lines: Sequence[str], index: int) -> bool:
    """Returns whether a line is the number or name of the subtitle whose times are in the next line."""
    if index + 1 >= len(lines) or not _TIMING.fullmatch(lines[index + 1]):
        return False
    return bool(_NUMBER.fullmatch(lines[index])) or _starts_block(lines, index)


def _elements(cue: str, known: frozenset[str]) -> Iterator[Text | Speech]:
    """Yields the elements of a subtitle: one for each marked voice, or as in any text if it names its speaker."""
    voices = _VOICE.split(cue)
    if len(voices) > 1:
        yield from _of_words(voices[0], known)
        for name, words in zip(voices[1::2], voices[2::2], strict=True):
            if spoken := _bare(words):
                yield Speech(name.strip(), spoken)
        return
    for part in _SPEAKERS.split(cue):
        yield from _of_words(part, known)


def _of_words(part: str, known: frozenset[str]) -> Iterator[Text | Speech]:
    if not (words := _bare(part)):
        return
    read = [element for element in elements_of([words], known) if isinstance(element, (Text, Speech))]
    if len(read) == 1 and isinstance(read[0], Speech):
        yield read[0]
    elif words := " ".join(element.words for element in read):
        yield Text(words, whole=True)


def _bare(words: str) -> str:
    """Returns the words without tags, on one line."""
    return " ".join(html.unescape(_TAGS.sub("", words)).replace("\u266a", " ").split())


def _goes_on(before: str, words: str) -> bool:
    return not ends_a_sentence(before) and (words[:1].islower() or before[-1:] in ",;")
