"""Where people stand in a picture, by how many there are. The world draws them there, and the denoiser expects them.

Knows no torch, so that the world can be drawn without it.
"""

MIDDLES: dict[int, tuple[float, ...]] = {
    1: (0.5,),
    2: (0.28, 0.72),
    3: (0.18, 0.5, 0.82),
}  # parts of the width


def middles_of(count: int) -> tuple[float, ...]:
    """Returns where so many people stand, from left to right: their middles, as parts of the picture's width."""
    return MIDDLES.get(count) or tuple((place + 0.5) / count for place in range(count))
