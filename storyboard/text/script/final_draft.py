"""Final Draft scripts (.fdx): paragraphs of XML, each with its type.

Knows neither torch, gradio nor stories. A file may come from anywhere, so nothing in it is ever expanded or fetched. A
file that declares entities is refused. Of a damaged file, everything before the damage is read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from storyboard.errors import StoryError
from storyboard.text.script.elements import Element, Read
from storyboard.text.script.fountain import place_of
from storyboard.text.script.plain import elements_of

_DECLARATION = re.compile(r"<\?xml[^>]{0,200}\?>")
_CONTENT = ["FinalDraft", "Content"]
_BESIDE = frozenset(("ScriptNote", "SceneProperties", "Summary"))
_HEADINGS = frozenset(("Scene Heading",))
_SKIPPED = frozenset(("Transition", "Cast List", "New Act", "End of Act", "Show/Ep. Title"))
_SPOKEN = frozenset(("Dialogue", "Lyrics", "Singing"))


def looks_like_final_draft(text: str) -> bool:
    """Returns whether a text is Final Draft's XML or says that it is, perhaps with declarations before it."""
    bare = _bare(text)
    return bare.startswith("<FinalDraft") or (bare.startswith("<!") and "<FinalDraft" in bare)


def read_final_draft(text: str, known: frozenset[str]) -> Read:
    """Returns what a Final Draft script says. StoryError if it declares entities or if nothing in it can be read."""
    source = io.BytesIO(_bare(text).encode("utf-8", "replace"))
    lines: list[str | Element] = []
    notices: tuple[str, ...] = ()
    try:
        for kind, words in _paragraphs(source):
            lines.extend(_lines(kind, words))
    except DefusedXmlException:
        raise StoryError(
            "This Final Draft file declares things that no script needs and that could harm; save it once more in"
            " Final Draft."
        ) from None
    except ParseError:
        if not lines:
            raise StoryError(
                "This Final Draft file is damaged at its beginning; save it once more in Final Draft."
            ) from None
        notices = ("This Final Draft file is damaged, and what comes after the damage is missing here.",)
    return Read(tuple(elements_of(lines, known, articles=True)), notices)


def _bare(text: str) -> str:
    """Returns the text without the line that names its encoding, because the text is already decoded."""
    text = text.strip()
    declaration = _DECLARATION.match(text)
    return text[declaration.end() :].lstrip() if declaration else text


def _paragraphs(source: io.BytesIO) -> Iterator[tuple[str, str]]:
    """Yields the type and words of each paragraph of the script itself, without notes and title page."""
    inside: list[str] = []
    for event, node in iterparse(source, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            inside.append(node.tag)
            continue
        if node.tag == "Paragraph" and inside[:2] == _CONTENT and _BESIDE.isdisjoint(inside):
            yield node.get("Type", "Action"), _words(node)
        inside.pop()
        if node.tag in ("Paragraph", "ScriptNote"):
            node.clear()


def _words(paragraph: Node) -> str:
    return " ".join("".join("".join(text.itertext()) for text in paragraph.findall("Text")).split())


def _lines(kind: str, words: str) -> Iterator[str | Element]:
    """Yields the paragraph as lines of a screenplay. A cue stands alone, and its speech follows directly."""
    if not words or kind in _SKIPPED:
        return
    if kind in _HEADINGS:
        yield place_of(words)
    elif kind == "Character":
        yield ""
        yield f"@{words.upper()}"
    elif kind == "Parenthetical":
        yield f"({words.strip('() ')})"
    elif kind in _SPOKEN:
        yield words
    else:
        yield ""
        yield words
        yield ""
