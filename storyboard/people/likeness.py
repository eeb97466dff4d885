"""Finds the nearest look of a picture of one person, from the colours of skin, hair and clothes and their positions.

It looks only at colours, in a few regions around the face, and uses no model. What it cannot see keeps its default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from storyboard.errors import StoryError

from .canvas import Colour
from .colours import SKIN, distance
from .look import Look

_SIDE = 128  # the picture is shrunk to so many pixels along its longer side
_COLOURS = 32  # the picture is reduced to so many colours
# Largest distances in CIELAB: of the ground from a colour of the border, of two shades of one thing, and of skin from
# the nearest skin tone.
_GROUND = 6.0
_ALIKE = 12.0
_SKIN = 10.0
_LEAST_PERSON = 0.03  # least part of the picture that is a person
_LEAST_FACE = 0.02  # least part of the person that is face
_LEAST_HAIR = 0.12  # least part of the head's upper half that is hair; with less, the head is bald


@dataclass(frozen=True)
class _Reduced:
    """A picture in few colours. `index`: (height, width), numbers of colours in `colours`."""

    index: np.ndarray
    colours: tuple[Colour, ...]

    def where(self, chosen: set[int]) -> np.ndarray:
        return np.isin(self.index, list(chosen))

    def alike(self, colour: Colour | None) -> set[int]:
        """Returns the numbers of the colours that look almost like this one."""
        if colour is None:
            return set()
        return {n for n, one in enumerate(self.colours) if distance(one, colour) < _ALIKE}

    def most(self, mask: np.ndarray) -> Colour | None:
        """Returns the most frequent colour in a mask, counting similar colours with it; None if the mask is empty."""
        if not mask.any():
            return None
        counts = np.bincount(self.index[mask], minlength=len(self.colours))

        def weight(one: int) -> int:
            return int(counts[list(self.alike(self.colours[one]))].sum()) if counts[one] else 0

        return self.colours[max(range(len(self.colours)), key=lambda one: (weight(one), counts[one]))]


def nearest_look(picture: Image.Image) -> Look:
    """Returns a look in the colours of the one person in an RGB picture. StoryError if no person can be found."""
    reduced = _reduced(picture)
    person = ~reduced.where(_ground(reduced))
    tone = _tone(reduced, person)
    skin = person & reduced.where(reduced.alike(tone))
    face = _face(person, skin)
    if person.mean() < _LEAST_PERSON or face is None:
        raise StoryError(
            "Nobody can be made out in the picture; choose one of a single person before a plain ground."
        )
    rest = person & ~skin
    values = {"skin": tone, **_hair(reduced, rest, face), **_clothes(reduced, rest, face)}
    return Look(**values)  # type: ignore[arg-type]  # fields by name, each of its own type


def _reduced(picture: Image.Image) -> _Reduced:
    small = picture.convert("RGB")
    small.thumbnail((_SIDE, _SIDE))
    few = small.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    flat = few.getpalette() or []
    colours = tuple((flat[i], flat[i + 1], flat[i + 2]) for i in range(0, len(flat), 3))
    return _Reduced(np.asarray(few), colours)


def _ground(reduced: _Reduced) -> set[int]:
    index = reduced.index
    border = np.concatenate([index[0], index[:, 0], index[:, -1]])  # feet may stand on the lower edge
    counts = np.bincount(border, minlength=len(reduced.colours))
    wide = [reduced.colours[n] for n in np.flatnonzero(counts >= 0.1 * len(border))]
    return {
        n for n, one in enumerate(reduced.colours) if any(distance(one, other) < _GROUND for other in wide)
    }


def _tone(reduced: _Reduced, person: np.ndarray) -> Colour | None:
    """Returns the most frequent skin tone in the middle of the person's upper half, where there is no hair."""
    if not person.any():
        return None
    rows = np.flatnonzero(person.any(axis=1))
    high = rows[-1] - rows[0]
    upper = person.copy()
    upper[rows[0] + int(0.45 * high) :] = False
    upper[: rows[0] + int(0.1 * high)] = False
    columns = np.flatnonzero(upper.any(axis=0))
    if not len(columns):
        return None
    middle, wide = int(np.median(np.nonzero(upper)[1])), columns[-1] - columns[0]
    core = _within(upper, (0, len(person), middle - int(0.18 * wide), middle + int(0.18 * wide)))
    tones = {n for n, colour in enumerate(reduced.colours) if _is_skin(colour)}
    return reduced.most(core & reduced.where(tones))


def _is_skin(colour: Colour) -> bool:
    return min(distance(colour, tone) for tone in SKIN.values()) < _SKIN


def _face(person: np.ndarray, skin: np.ndarray) -> tuple[int, int, int, int] | None:
    """Returns top, bottom, left and right of the skin in the person's upper half; None if there is too little."""
    if not person.any():
        return None
    rows = np.flatnonzero(person.any(axis=1))
    upper = skin.copy()
    upper[(rows[0] + rows[-1]) // 2 :] = False
    if upper.sum() < _LEAST_FACE * person.sum():
        return None
    down, across = np.nonzero(upper)
    top, bottom = np.percentile(down, (5, 90))
    left, right = np.percentile(across, (8, 92))
    return int(top), int(bottom), int(left), int(right)


def _within(mask: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    top, bottom, left, right = box
    kept = np.zeros_like(mask)
    kept[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = mask[
        max(top, 0) : bottom + 1, max(left, 0) : right + 1
    ]
    return kept


def _hair(reduced: _Reduced, rest: np.ndarray, face: tuple[int, int, int, int]) -> dict[str, object]:
    top, bottom, left, right = face
    wide, high = right - left + 1, bottom - top + 1
    head = (top - high, (top + bottom) // 2, left - wide // 3, right + wide // 3)
    above = _within(rest, head)
    colour = reduced.most(above)
    if colour is None or above.sum() < _LEAST_HAIR * wide * high:
        return {"hair": "bald"}
    low = _within(
        rest & reduced.where(reduced.alike(colour)),
        (bottom, bottom + high // 2, left - wide // 2, right + wide // 2),
    )
    return {
        "hair": "long straight hair" if low.sum() > 0.1 * wide * high else "short hair",
        "hair_colour": colour,
    }


def _clothes(reduced: _Reduced, rest: np.ndarray, face: tuple[int, int, int, int]) -> dict[str, object]:
    _, bottom, left, right = face
    rows = np.flatnonzero(rest.any(axis=1))
    below = int(rows[-1]) - bottom if len(rows) else 0
    found: dict[str, object] = {}
    for field, start, end in (("top_colour", 0.12, 0.42), ("bottom_colour", 0.55, 0.8)):
        part = _within(rest, (bottom + int(start * below), bottom + int(end * below), left, right))
        colour = reduced.most(part)
        if colour is not None:
            found[field] = colour
    return found
