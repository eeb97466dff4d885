"""Hair styles by name: the shape in front of the face, the shape behind it, and what a hat leaves of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import long_hair as long
from . import short_hair as short
from .canvas import Colour, Pen, Point

Drawn = Callable[[Pen, Colour, Colour], None]  # pen, hair colour, skin colour


class Style(NamedTuple):
    """A hair style. `low` and `under` are its back and its front with a hat on.

    `made_for`: the head that it is drawn for.
    """

    front: Drawn
    back: Drawn | None = None
    under: Drawn = short.draw_under_hat
    low: Drawn | None = None
    made_for: Point = (23.0, 24.0)
    crown: float = 34.0  # height above the middle of the head


STYLES: dict[str, Style] = {
    "bald": Style(short.draw_bald, under=short.draw_bald, crown=26),
    "balding": Style(short.draw_balding, under=short.draw_balding, made_for=(26.0, 25.0), crown=27),
    "buzz cut": Style(short.draw_buzz, crown=28),
    "short hair": Style(short.draw_short),
    "pixie cut": Style(short.draw_pixie),
    "quiff": Style(short.draw_quiff, crown=46),
    "bowl cut": Style(short.draw_bowl),
    "short curls": Style(short.draw_short_curls, crown=39),
    "afro": Style(short.draw_afro, short.draw_afro_back, crown=59),
    "flat top": Style(short.draw_flat_top, made_for=(20.0, 24.0), crown=45),
    "tuft": Style(short.draw_tuft, made_for=(23.0, 22.0), crown=41),
    "spiky hair": Style(short.draw_spiky, crown=46),
    "mohawk": Style(short.draw_mohawk, crown=54),
    "cornrows": Style(short.draw_cornrows, crown=30),
    "curls": Style(long.draw_curls, long.draw_curls_back, low=long.draw_curls_low, crown=43),
    "bun": Style(long.draw_swept, long.draw_bun_back, made_for=(24.0, 23.0), crown=45),
    "two buns": Style(long.draw_swept, long.draw_two_buns_back, crown=42),
    "bob": Style(long.draw_fringe, long.draw_bob_back, low=long.draw_bob_back),
    "long straight hair": Style(
        long.draw_fringe, long.draw_long_back, low=long.draw_long_back, made_for=(20.5, 24.0), crown=33
    ),
    "long wavy hair": Style(long.draw_parted, long.draw_wavy_back, low=long.draw_wavy_back),
    "ponytail": Style(long.draw_swept, long.draw_ponytail_back, low=long.draw_ponytail_back),
    "pigtails": Style(
        long.draw_pigtails, long.draw_pigtails_back, long.draw_pigtails, long.draw_pigtails_back
    ),
    "plaits": Style(long.draw_plaits, under=long.draw_plaits),
    "side plait": Style(long.draw_side_plait, under=long.draw_side_plait),
    "locs": Style(long.draw_locs, long.draw_locs_back, long.draw_locs, long.draw_locs_back),
    "undercut": Style(long.draw_undercut, under=long.draw_undercut),
}


def draw_hair(pen: Pen, style: str, head: Point, hair: Colour, skin: Colour, hatted: bool) -> None:
    """Draws the hair in front of the skull."""
    shape = STYLES[style]
    (shape.under if hatted else shape.front)(_fitted(pen, shape, head), hair, skin)


def draw_back_hair(pen: Pen, style: str, head: Point, hair: Colour, skin: Colour, hatted: bool) -> None:
    """Draws the hair behind body and face."""
    shape = STYLES[style]
    back = shape.low if hatted else shape.back
    if back is not None:
        back(_fitted(pen, shape, head), hair, skin)


def _fitted(pen: Pen, style: Style, head: Point) -> Pen:
    return pen.at(0, 0, stretch=(head[0] / style.made_for[0], head[1] / style.made_for[1]))
