"""Time of day and weather at a place under the sky: turns a finished daytime background into dusk, night, rain or snow.

People are drawn afterwards in their own colours, so that nobody's looks depend on the hour.
"""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image, ImageDraw

from storyboard.people.canvas import UNITS, brightness, rgb

TIMES = ("day", "dusk", "night")
WEATHERS = ("clear", "rain", "snow")
_LIGHT = {
    "dusk": ((1.0, 0.76, 0.72), (20, 2, 18)),
    "night": ((0.38, 0.44, 0.66), (6, 10, 34)),
}  # for each time: a factor and an added colour
_SUNS = (rgb("ffe28a"), rgb("fff3c4"))  # colours of the sun at the beach and in the garden
_BRIGHT = 200  # a darker upper third shows a wood, not the sky
_GROUND = 186  # the height in units below which snow lies
_SKY_SHARE = 0.2  # a colour with a smaller share of the upper third is no sky


def under_sky(picture: Image.Image, place: str, time: str, weather: str) -> Image.Image:
    """Returns the background at that time and in that weather. Equal arguments give an equal picture."""
    sky = _sky_of(picture)
    pixels = np.array(picture, dtype=np.float32)
    if sky is not None and (time == "night" or weather != "clear"):
        day = np.asarray(picture)
        for sun in _SUNS:  # the sun is hidden
            pixels[(day == sun).all(-1)] = pixels[sky][0]
    if weather == "snow":
        pixels = _snowed_in(pixels)
    elif weather == "rain":
        pixels = pixels * np.array([0.76, 0.8, 0.86], np.float32) + np.array([8, 10, 16], np.float32)
    if time in _LIGHT:
        factor, added = _LIGHT[time]
        pixels = pixels * np.array(factor, np.float32) + np.array(added, np.float32)
    changed = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    rng = Random(f"{place}/{time}/{weather}")
    if time == "night" and weather == "clear" and sky is not None:
        _stars(changed, sky, rng)
    if weather == "rain":
        _rain(changed, rng)
    elif weather == "snow":
        _flakes(changed, rng)
    return changed


def _sky_of(picture: Image.Image) -> np.ndarray | None:
    """Where the open sky is, (H, W) bool: the most frequent colour of the upper third. None if there is no sky."""
    pixels = np.asarray(picture)
    upper = pixels[: pixels.shape[0] // 3].reshape(-1, 3)
    colours, counts = np.unique(upper[::7], axis=0, return_counts=True)
    most = counts.argmax()
    if counts[most] < _SKY_SHARE * counts.sum() or brightness(tuple(colours[most].tolist())) < _BRIGHT:
        return None
    return (pixels == colours[most]).all(-1)


def _snowed_in(pixels: np.ndarray) -> np.ndarray:
    """The picture with paler colours, and with white on the ground."""
    height = pixels.shape[0]
    rows = np.arange(height, dtype=np.float32) * UNITS / height
    share = 0.24 + 0.56 / (1 + np.exp(-(rows - _GROUND) / 2.5))
    white = np.array([244, 248, 253], np.float32)
    return pixels + (white - pixels) * share[:, None, None]


def _stars(picture: Image.Image, sky: np.ndarray, rng: Random) -> None:
    scale, pen = picture.height / UNITS, ImageDraw.Draw(picture)

    def clear(x: float, y: float, r: float) -> bool:
        x0, x1 = max(0, round((x - r) * scale)), round((x + r) * scale)
        y0, y1 = max(0, round((y - r) * scale)), round((y + r) * scale)
        spot = sky[y0:y1, x0:x1]
        return spot.size > 0 and bool(spot.all())

    spots = [(rng.uniform(4, picture.width / scale - 4), rng.uniform(4, 100)) for _ in range(110)]
    moon = next(((x, y) for x, y in spots if 20 < y < 60 and clear(x, y, 17)), None)
    for x, y in spots:
        far = moon is None or abs(x - moon[0]) + abs(y - moon[1]) > 26
        if far and clear(x, y, 2.5):
            _disc(pen, x, y, rng.uniform(0.6, 1.3), scale, (255, 246, 214))
    if moon:
        _disc(pen, *moon, 13, scale, (252, 240, 200))
        _disc(pen, moon[0] - 4, moon[1] - 3, 2.6, scale, (236, 220, 176))
        _disc(pen, moon[0] + 4, moon[1] + 4, 3.4, scale, (236, 220, 176))


def _disc(
    pen: ImageDraw.ImageDraw, x: float, y: float, r: float, scale: float, colour: tuple[int, int, int]
) -> None:
    pen.ellipse(((x - r) * scale, (y - r) * scale, (x + r) * scale, (y + r) * scale), fill=colour)


def _rain(picture: Image.Image, rng: Random) -> None:
    scale, pen = picture.height / UNITS, ImageDraw.Draw(picture)
    wide = picture.width / scale
    for _ in range(9):
        x, y, r = rng.uniform(0, wide), rng.uniform(214, 250), rng.uniform(9, 20)
        box = ((x - r) * scale, (y - r * 0.2) * scale, (x + r) * scale, (y + r * 0.2) * scale)
        pen.ellipse(box, fill=(150, 176, 200))
    for _ in range(150):
        x, y, length = rng.uniform(0, wide), rng.uniform(-6, 250), rng.uniform(7, 13)
        pen.line((x * scale, y * scale, (x - length * 0.3) * scale, (y + length) * scale), (205, 224, 240),
                 max(1, round(1.1 * scale)))  # fmt: skip


def _flakes(picture: Image.Image, rng: Random) -> None:
    scale, pen = picture.height / UNITS, ImageDraw.Draw(picture)
    for _ in range(110):
        x, y = rng.uniform(0, picture.width / scale), rng.uniform(0, 230)
        _disc(pen, x, y, rng.uniform(1.2, 2.8), scale, (255, 255, 255))
