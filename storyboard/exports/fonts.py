"""Which font draws which letter: a chain of fonts that is searched in order.

Knows neither stories nor paper. The first font of the chain that has a letter draws it:
 1. the fonts in the folder that STORYBOARD_FONTS names, in the order of their file names: a writer's own choice;
 2. the fonts that come with the requirements: Source Sans 3 (Latin, Greek, Cyrillic), Kurinto Sans (Arabic, Hebrew,
    Indic, Thai, Georgian, Armenian, Ethiopic, symbols) and its Chinese, Japanese and Korean companions; on Python
    3.10, for which no package has those, Noto Sans (Latin, Greek, Cyrillic);
 3. the system's fonts, opened only for a letter that the others lack (Khmer, Burmese, newer emoji).
A letter that no font has is left out, and `missing` names it; an empty box is never drawn.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import uharfbuzz as hb
from fontTools.unicodedata import script

FONTS_FOLDER = "STORYBOARD_FONTS"  # environment variable
_ENDINGS = (".ttf", ".otf", ".ttc")
_KURINTO = "static/weblate_fonts/kurinto/ttf/KurintoSans{}-Rg.ttf"
_BUNDLED = (
    ("weblate_fonts", "static/weblate_fonts/source-sans/ttf/SourceSans3-Regular.ttf"),
    ("weblate_fonts", _KURINTO.format("")),
    ("weblate_fonts", _KURINTO.format("SC")),
    ("weblate_fonts", _KURINTO.format("TC")),
    ("weblate_fonts", _KURINTO.format("JP")),
    ("weblate_fonts", _KURINTO.format("KR")),
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
)
_SYSTEM_FOLDERS = {
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
}
_UNIX_FOLDERS = ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts")
_IGNORABLE = frozenset("\u200c\u200d\ufe0e\ufe0f")  # joiners and variation selectors, which are invisible
# The scripts of spaces, punctuation, digits and marks, which take the font of their neighbours.
_SHARED_SCRIPTS = ("Zyyy", "Zinh", "Zzzz")


class Typeface:
    """A font file: the letters it has, their widths, and how to draw them. Lengths are in units of the em."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.face = hb.Face(hb.Blob.from_file_path(str(path)))
        self.font = hb.Font(self.face)
        tables = self.face.table_tags
        # A font of colour bitmaps lists letters, but has no outlines to draw.
        self.letters = self.face.unicodes if {"glyf", "CFF ", "CFF2"} & set(tables) else hb.Set()

    def has(self, cluster: str) -> bool:
        """Returns whether the font has every visible part of a letter with its marks."""
        return all(character in _IGNORABLE or ord(character) in self.letters for character in cluster)

    def subset(self, characters: Iterable[str]) -> bytes:
        """Returns a font file with only these characters and the shaping tables that they need.

        A variable font is fixed at its default.
        """
        wanted = hb.SubsetInput()
        wanted.unicode_set.update(map(ord, characters))
        if self.face.axis_infos:
            wanted.pin_all_axes_to_default(self.face)
        return bytes(wanted.subset(self.face).blob.data)


class FontChain:
    """Typefaces in the order in which they are tried.

    `more`: further files, opened only for a letter that all others lack.
    """

    def __init__(self, first: Sequence[Path], more: Iterable[Path] = ()) -> None:
        self._faces = [Typeface(path) for path in first]
        self._more = iter(more)
        self._extra: list[Typeface] = []
        self._searching = threading.Lock()

    def assign(self, text: str) -> list[tuple[str, Typeface | None]]:
        """Returns every letter of `text`, with the marks on it, and the typeface that draws it.

        The typeface is None if no font has the letter. Spaces and punctuation keep the typeface of the letter before
        them, if it has them.
        """
        faces = self._in_order_for(text)
        assigned: list[tuple[str, Typeface | None]] = []
        last: Typeface | None = None
        for cluster in clusters(text):
            if last is None or script(cluster[0]) not in _SHARED_SCRIPTS or not last.has(cluster):
                found = self._find(cluster, faces)
                last = found or last
            else:
                found = last
            assigned.append((cluster, found))
        return assigned

    def missing(self, text: str) -> tuple[str, ...]:
        """Returns the letters of `text` that no font has, each once."""
        return tuple(dict.fromkeys(cluster for cluster, face in self.assign(text) if face is None))

    def _in_order_for(self, text: str) -> list[Typeface]:
        """Returns the typefaces in the best order for this text.

        Han characters look different in Chinese, Japanese and Korean; the other letters of the text say which language
        it is.
        """
        scripts = {script(character) for character in text}
        wanted = "KR" if "Hang" in scripts else "JP" if scripts & {"Hira", "Kana"} else ""
        named = f"Sans{wanted}-"
        # Right after the first typeface: the general one also has kana, which do not match these Han characters.
        place = {face: 0.5 if wanted and named in face.path.name else i for i, face in enumerate(self._faces)}
        return sorted(self._faces, key=place.__getitem__)

    def _find(self, cluster: str, faces: list[Typeface]) -> Typeface | None:
        for wanted in (cluster, unicodedata.normalize("NFC", cluster[0])):
            for face in (*faces, *self._extra):
                if face.has(wanted):
                    return face
            found = self._search_system(wanted)
            if found:
                return found
        return None

    def _search_system(self, cluster: str) -> Typeface | None:
        with self._searching:  # all threads use the same chain
            for path in self._more:
                face = Typeface(path)
                self._extra.append(face)
                if face.has(cluster):
                    return face
        return None


@functools.lru_cache(maxsize=1)
def installed_fonts() -> FontChain:
    """Returns the font chain of this machine. It is looked for only once."""
    own = os.environ.get(FONTS_FOLDER)
    first = [*(font_files(Path(own)) if own else ()), *_bundled()]
    return FontChain(first, _system_fonts())


def font_files(folder: Path) -> list[Path]:
    """Returns the font files in a folder, sorted by name."""
    return sorted(path for path in folder.expanduser().glob("*") if path.suffix.lower() in _ENDINGS)


def clusters(text: str) -> Iterator[str]:
    """Yields the letters of a text, each with the marks on it. Emoji that are connected by a joiner stay together."""
    start = 0
    for index in range(1, len(text)):
        category = unicodedata.category(text[index])
        joined = category in ("Mn", "Mc", "Me") or text[index] in _IGNORABLE
        joined = joined or text[index - 1] == "\u200d" or "\U0001f3fb" <= text[index] <= "\U0001f3ff"
        if not joined:
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _bundled() -> list[Path]:
    found = []
    for package, file in _BUNDLED:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            path = Path(spec.submodule_search_locations[0], file)
            if path.is_file():
                found.append(path)
    return found


def _system_fonts() -> Iterator[Path]:
    """Yields the system's upright regular fonts. Noto fonts come first, because they are made to cover all scripts."""
    folders = [Path(name).expanduser() for name in _SYSTEM_FOLDERS.get(sys.platform, _UNIX_FOLDERS)]
    paths = [
        path
        for folder in folders
        if folder.is_dir()
        for path in folder.rglob("*")
        if path.suffix.lower() in _ENDINGS and not _is_a_variant(path.stem.lower())
    ]
    yield from sorted(paths, key=lambda path: ("notosans" not in path.name.lower(), path.name, str(path)))


def _is_a_variant(stem: str) -> bool:
    return any(word in stem for word in ("bold", "italic", "oblique", "light", "thin", "black", "mono"))
