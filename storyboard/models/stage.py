"""Where people stand in a picture, by how many there are. The world draws them there, and the denoiser expects them.

Knows no torch, so that the world can be drawn without it.
"""

from typing import NamedTuple

MIDDLES: dict[int, tuple[float, ...]] = {
    1: (0.5,),
    2: (0.28, 0.72),
    3: (0.18, 0.5, 0.82),
}  # parts of the width


class Spot(NamedTuple):
    """Where somebody stands. middle: a part of the picture's width. facing: 1 for the right, -1 for the left."""

    middle: float
    facing: int


def spots_of(count: int) -> tuple[Spot, ...]:
    """Returns where so many people stand, from left to right.

    They face the middle of the picture. Whoever stands there faces the right.
    """
    middles = MIDDLES.get(count) or tuple((place + 0.5) / count for place in range(count))
    return tuple(Spot(middle, -1 if middle > 0.5 else 1) for middle in middles)
