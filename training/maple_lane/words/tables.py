"""The word tables: `data/*.txt`, with one phrase a line under `[section]` headings, and conditions after the phrase.

    run across the grass @park,garden
    sleep like a log     @-robot

`@a,b` asks for one of these tags among the tags of the moment (place, action, mood, age, number ...). `@-a,b` asks for
none of them. Several conditions must all hold. A moment's tag "~sleeping" excludes what `@-sleeping` excludes, but it
fulfils no condition. A line that begins with # is a comment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from random import Random

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Entry:
    """A phrase of a table.

    needs: sets of tags; the moment must have a tag of each set
    never: tags that the moment must not have
    """

    text: str
    needs: tuple[frozenset[str], ...] = ()
    never: frozenset[str] = frozenset()

    def fits(self, tags: frozenset[str], bars: frozenset[str]) -> bool:
        """Returns whether the conditions hold. `bars` are the tags without "~"."""
        return self.never.isdisjoint(bars) and not any(need.isdisjoint(tags) for need in self.needs)


def lines(name: str) -> list[str]:
    """Returns the lines of `data/NAME.txt`, without comments and empty lines."""
    text = (_DATA / f"{name}.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def table(name: str) -> dict[str, tuple[Entry, ...]]:
    """Returns the entries of `data/NAME.txt` by section."""
    sections: dict[str, list[Entry]] = {}
    for line in lines(name):
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        else:
            current.append(_entry(line))
    return {section: tuple(entries) for section, entries in sections.items()}


def fitting(name: str, section: str, tags: Collection[str]) -> tuple[str, ...]:
    """Returns the phrases of a section whose conditions hold. It is empty if there is no such section."""
    return _fitting(name, section, frozenset(tags))


def first_fitting(name: str, section: str, otherwise: str) -> str:
    """Returns the first phrase of a section that has no conditions; `otherwise` if there is none."""
    return next(iter(fitting(name, section, ())), otherwise)


@lru_cache(maxsize=65536)
def _fitting(name: str, section: str, tags: frozenset[str]) -> tuple[str, ...]:
    bars = frozenset(tag.lstrip("~") for tag in tags)
    return tuple(entry.text for entry in table(name).get(section, ()) if entry.fits(tags, bars))


def pick(name: str, section: str, tags: Collection[str], rng: Random) -> str | None:
    """Returns a random phrase of `fitting`; None if there is none."""
    found = fitting(name, section, tags)
    return rng.choice(found) if found else None


def one_of(name: str, section: str, tags: Collection[str], rng: Random) -> str:
    """Returns a random phrase of `fitting`. ValueError if the table has none, so that gaps in a table are found."""
    found = pick(name, section, tags, rng)
    if found is None:
        raise ValueError(f"the table of {name} has nothing for {section!r}")
    return found


def _entry(line: str) -> Entry:
    text, *conditions = (part.strip() for part in line.split("@"))
    needs: list[frozenset[str]] = []
    never: set[str] = set()
    for condition in conditions:
        if condition.startswith("-"):
            never |= set(condition[1:].split(","))
        else:
            needs.append(frozenset(condition.split(",")))
    return Entry(text, tuple(needs), frozenset(never))
