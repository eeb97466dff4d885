"""What a caption says that its picture shows. It is the truth that belongs to every free caption, with its form in
JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Shown:
    """A person the picture must show. action, prop: None if the caption leaves it open."""

    name: str
    action: str | None
    prop: str | None = None

    @property
    def does(self) -> str:
        """The action. ValueError if the caption leaves it open."""
        if self.action is None:
            raise ValueError(f"what {self.name} does was left open, so it cannot be told")
        return self.action


@dataclass(frozen=True)
class Shows:
    """What a caption says that its picture shows, for a reader of the captions before it.

    place_said: whether the caption itself says the place; else the place continues
    people: from left to right
    time, weather, things: as in FrameFacts
    """

    place: str
    place_said: bool
    people: tuple[Shown, ...] = ()
    time: str | None = None
    weather: str | None = None
    things: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Shows:
        """Returns the truth that `to_json` wrote. ValueError for anything else."""
        try:
            people = tuple(Shown(p["name"], p["action"], p["prop"]) for p in value["people"])
            time, weather, things = value["time"], value["weather"], tuple(value["things"])
            shows = cls(value["place"], value["place_said"], people, time, weather, things)
        except (TypeError, KeyError) as error:
            raise ValueError(f"{value!r} does not say what a caption shows: {error!r}") from error
        words = [shows.place, *things, *(p.name for p in people)]
        words += [w for p in people for w in (p.action, p.prop) if w is not None]
        words += [w for w in (time, weather) if w is not None]
        if not all(isinstance(word, str) for word in words) or not isinstance(shows.place_said, bool):
            raise ValueError(f"{value!r} does not say what a caption shows in words")
        return shows

    def __str__(self) -> str:
        people = "; ".join(
            f"{p.name}: {p.action or '?'}{f' ({p.prop})' if p.prop else ''}" for p in self.people
        )
        return f"{self.place}{'' if self.place_said else ' (as before)'} | {people or 'nobody'}"
