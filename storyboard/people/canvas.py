"""The drawing surface: flat shapes with soft outlines, in picture units.

A picture is always 256 units wide and high, whatever its number of pixels. Everything is drawn enlarged, and averaged
down once at the end. Knows only shapes and colours, and nothing of characters, places or stories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

UNITS = 256
OUTLINE = 2.2  # width of a soft outline, in units
_PLUM = (74, 44, 62)
_SMOOTH = 6  # a curve gets so many points for each given one
_CIRCLE = [(math.cos(2 * math.pi * i / 28), math.sin(2 * math.pi * i / 28)) for i in range(28)]


def rgb(code: str) -> Colour:
    """Returns the colour of a hexadecimal code: (216, 67, 47) for `"#d8432f"` or `"d8432f"`."""
    code = code.lstrip("#")
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


@lru_cache(maxsize=4096)
def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Returns the colour that is `share` (0..1) of the way from a to b."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def dark(colour: Colour) -> Colour:
    """Returns the colour of the soft outline of a fill: its own hue, darkened towards plum."""
    return mix(colour, _PLUM, 0.62)


def shade(colour: Colour, share: float = 0.18) -> Colour:
    """Returns the darker second tone of a fill."""
    return mix(colour, _PLUM, share)


def light(colour: Colour, share: float = 0.3) -> Colour:
    return mix(colour, (255, 252, 240), share)


def brightness(colour: Colour) -> float:
    """Returns how bright a colour looks, 0..255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def gloss(colour: Colour, share: float) -> Colour:
    """Returns the tone of a shine. It is weaker on dark colours, where it would glare."""
    return light(colour, share * (0.45 if brightness(colour) < 70 else 1.0))


def enlargement(size: int) -> int:
    """Returns how many times larger than `size` a picture is drawn before it is averaged down."""
    return 3 if size <= 320 else 2


@lru_cache(maxsize=1)
def _curve_basis() -> np.ndarray:
    t = np.linspace(0, 1, _SMOOTH, endpoint=False)
    return 0.5 * np.stack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3], axis=1
    )


def smooth(points: Sequence[Point], closed: bool = True) -> list[Point]:
    """Returns a Catmull-Rom curve through the points."""
    return list(_curve(tuple(points), closed))


# Most shapes of a person do not depend on pose or clothes, so they are drawn again and again.
@lru_cache(maxsize=4096)
def _curve(points: tuple[Point, ...], closed: bool) -> tuple[Point, ...]:
    p = np.asarray(points, dtype=np.float64)
    if closed:
        # each point with the one before it and the two after it
        q = np.concatenate([p[-1:], p, p[:2]])
        rows = np.stack([q[:-3], p, q[2:-1], q[3:]], axis=1)
    else:
        q = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
        rows = np.stack([q[:-3], q[1:-2], q[2:-1], q[3:]], axis=1)
    curve = (_curve_basis() @ rows).reshape(-1, 2)
    if not closed:
        curve = np.concatenate([curve, p[-1:]])
    return tuple((x, y) for x, y in curve.tolist())


class Pen:
    """Draws in a local frame (moved, turned, mirrored, scaled) of one picture, and of its mask if it has one.

    `label` is the value that this pen paints into the mask: a person's number, drawing.THINGS, or 0 for everything
    else.
    """

    def __init__(self, image: Image.Image, scale: float, mask: Image.Image | None = None) -> None:
        self._draw = ImageDraw.Draw(image)
        self._mask = ImageDraw.Draw(mask) if mask is not None else None
        self._matrix = (scale, 0.0, 0.0, scale, 0.0, 0.0)
        self._unit = scale
        self._straight = True
        self.label = 0

    def at(
        self,
        x: float,
        y: float,
        *,
        flip: float = 1,
        scale: float = 1.0,
        turn: float = 0.0,
        stretch: Point = (1.0, 1.0),
    ) -> Pen:
        """Returns a pen whose origin is at (x, y) of this pen's frame.

        `turn` is in degrees, clockwise. A `flip` of -1 mirrors left and right. `stretch` scales the positions of points
        in width and height; what is drawn round stays round.
        """
        pen = object.__new__(Pen)
        pen._draw, pen._mask, pen.label = self._draw, self._mask, self.label
        a, b, c, d, e, f = self._matrix
        angle = math.radians(turn)
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        # local (u, v) -> (flip * (cos u - sin v) + x, sin u + cos v + y)
        wide, high = stretch
        p, q, r, s = flip * cos * wide, -flip * sin * high, sin * wide, cos * high
        pen._matrix = (
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            a * x + b * y + e,
            c * x + d * y + f,
        )
        pen._unit = self._unit * scale * math.sqrt(wide * high)
        pen._straight = self._straight and turn == 0
        return pen

    def labelled(self, label: int) -> Pen:
        """Returns the same pen with another label."""
        pen = self.at(0, 0)
        pen.label = label
        return pen

    def _map(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self._matrix
        return [(a * x + b * y + e, c * x + d * y + f) for x, y in points]

    def _fill(self, pixels: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon(pixels, fill=colour)
        if self._mask is not None:
            self._mask.polygon(pixels, fill=self.label)

    def _disc(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        box = (x - rx, y - ry, x + rx, y + ry)
        self._draw.ellipse(box, fill=colour)
        if self._mask is not None:
            self._mask.ellipse(box, fill=self.label)

    def poly(self, points: Sequence[Point], fill: Colour, line: bool = False, width: float = OUTLINE) -> None:
        """Draws a filled polygon; with `line`, it gets a soft outline."""
        pixels = self._map(points)
        if line:
            self._fill(_grown(tuple(pixels), width * self._unit), dark(fill))
        self._fill(pixels, fill)

    def blob(self, points: Sequence[Point], fill: Colour, line: bool = False, width: float = OUTLINE) -> None:
        """Draws a filled closed curve through the points."""
        self.poly(smooth(points), fill, line, width)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, line: bool = False) -> None:
        if self._straight:
            (cx, cy), u = self._map([(x, y)])[0], self._unit
            if line:
                self._disc(cx, cy, (rx + OUTLINE) * u, (ry + OUTLINE) * u, dark(fill))
            self._disc(cx, cy, rx * u, ry * u, fill)
            return
        if line:
            ring = [(x + (rx + OUTLINE) * c, y + (ry + OUTLINE) * s) for c, s in _CIRCLE]
            self._fill(self._map(ring), dark(fill))
        self._fill(self._map([(x + rx * c, y + ry * s) for c, s in _CIRCLE]), fill)

    def box(
        self, x: float, y: float, w: float, h: float, fill: Colour, r: float = 0.0, line: bool = False
    ) -> None:
        """Draws a rectangle from its upper left corner, with corners rounded by the radius r."""
        if not self._straight or self._matrix[0] < 0:
            self.poly(_round_corners(x, y, w, h, r), fill, line)
            return
        (x0, y0), (x1, y1) = self._map([(x, y), (x + w, y + h)])
        u = self._unit
        if line:
            self._box(
                x0 - OUTLINE * u,
                y0 - OUTLINE * u,
                x1 + OUTLINE * u,
                y1 + OUTLINE * u,
                (r + OUTLINE) * u,
                dark(fill),
            )
        self._box(x0, y0, x1, y1, r * u, fill)

    def _box(self, x0: float, y0: float, x1: float, y1: float, r: float, colour: Colour) -> None:
        # Pillow includes the last row and column.
        box = (round(x0), round(y0), max(round(x0), round(x1) - 1), max(round(y0), round(y1) - 1))
        for draw, fill in ((self._draw, colour), (self._mask, self.label)):
            if draw is not None and r > 0:
                draw.rounded_rectangle(box, radius=r, fill=fill)
            elif draw is not None:
                draw.rectangle(box, fill=fill)

    def limb(
        self, points: Sequence[Point], width: float, fill: Colour, line: bool = False, curve: bool = True
    ) -> None:
        """Draws a stroke with round ends along the points."""
        path = smooth(points, closed=False) if curve and len(points) > 2 else points
        pixels = self._map(path)
        # A disc on both ends and on every bend rounds the joints.
        joints = self._map(points)
        widths = [(width + 2 * OUTLINE, dark(fill)), (width, fill)] if line else [(width, fill)]
        for w, colour in widths:
            r = w * self._unit / 2
            if path is points:
                for a, b in zip(pixels, pixels[1:], strict=False):
                    self._fill(_ribbon((a, b), r), colour)
            else:
                self._fill(_ribbon(tuple(pixels), r), colour)
            for x, y in joints:
                self._disc(x, y, r, r, colour)


@lru_cache(maxsize=4096)
def _grown(points: tuple[Point, ...], by: float) -> tuple[Point, ...]:
    """Returns a closed shape with its edge moved outwards. Corners stay corners, but are limited to a short spike."""
    p = np.asarray(points)
    after = np.concatenate([p[1:], p[:1]])
    edge = after - p
    edge /= np.maximum(np.hypot(edge[:, 0], edge[:, 1]), 1e-6)[:, None]
    x, y = p[:, 0], p[:, 1]
    turn = 1.0 if (x * after[:, 1] - after[:, 0] * y).sum() > 0 else -1.0
    normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1) * turn
    both = normal + np.concatenate([normal[-1:], normal[:-1]])
    corner = both / np.maximum((both**2).sum(1, keepdims=True) / 2, 0.5)
    return tuple((x, y) for x, y in (p + by * corner).tolist())


@lru_cache(maxsize=4096)
def _ribbon(points: tuple[Point, ...], r: float) -> tuple[Point, ...]:
    """Returns the outline of a stroke of half width r."""
    if len(points) == 2:
        (ax, ay), (bx, by) = points
        length = math.hypot(bx - ax, by - ay) or 1e-6
        nx, ny = (ay - by) / length * r, (bx - ax) / length * r
        return (ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)
    p = np.asarray(points)
    way = np.gradient(p, axis=0)
    way /= np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-6)[:, None]
    side = r * np.stack([-way[:, 1], way[:, 0]], axis=1)
    return tuple((x, y) for x, y in np.concatenate([p + side, (p - side)[::-1]]).tolist())


def _round_corners(x: float, y: float, w: float, h: float, r: float) -> list[Point]:
    if r <= 0:
        return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    r = min(r, w / 2, h / 2)
    corners = (
        (x + w - r, y + r, -90),
        (x + w - r, y + h - r, 0),
        (x + r, y + h - r, 90),
        (x + r, y + r, 180),
    )
    points = []
    for cx, cy, start in corners:
        for step in range(5):
            angle = math.radians(start + 22.5 * step)
            points.append((cx + r * math.cos(angle), cy + r * math.sin(angle)))
    return points


def average_down(image: Image.Image, factor: int) -> np.ndarray:
    """Returns the finished picture, (H, W, 3) uint8. Each pixel is the mean of factor x factor drawn pixels."""
    return np.array(image.reduce(factor))
