"""Prepares pictures for the judge, finds boxes of people in its maps, and cuts these people out for a closer look.

These are exact functions of arrays. They know no network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

UNITS = 256  # the side of a picture in the units of boxes, which are those of the drawing code
MOST_PEOPLE = 12
SURE = 0.35  # a higher peak of the heat map means that somebody is there
_MARGIN = 96  # a piece may reach this many units beyond the border of a picture
# Units added above, below and beside a box, for arms and for things that are held; and the smallest width of a piece.
_ABOVE, _BELOW, _BESIDE, _NARROWEST = 20.0, 6.0, 8.0, 96.0


def heat_map(boxes: np.ndarray, cells: int) -> np.ndarray:
    """Returns the target map (cells, cells).

    It is 1 at the middle of each box (N, 4), and falls to 0 within a cell or two.
    """
    heat = np.zeros((cells, cells), np.float32)
    for left, top, right, bottom in boxes * (cells / UNITS):
        x, y = (left + right) / 2, (top + bottom) / 2
        column, row = cell_of(x, cells), cell_of(y, cells)
        across = np.exp(-((np.arange(cells) - column) ** 2) / (2 * 0.8**2))
        down = np.exp(-((np.arange(cells) - row) ** 2) / (2 * 1.1**2))
        heat = np.maximum(heat, down[:, None] * across)
    return heat


def cell_of(middle: float, cells: int) -> int:
    """Returns the cell of a coordinate that is given in cells. Beyond the border, it is the outermost cell."""
    return int(min(max(middle, 0), cells - 1))


def shape_of(box: np.ndarray, row: int, column: int, cells: int) -> np.ndarray:
    """Returns what the detector should say at a cell about a box (4,).

    These are the box's middle relative to the middle of the cell, in cells, then its log width and its log height.
    """
    left, top, right, bottom = box * (cells / UNITS)
    place = (left + right) / 2 - column - 0.5, (top + bottom) / 2 - row - 0.5
    return np.array([*place, np.log(right - left), np.log(bottom - top)], np.float32)


def boxes_of(heat: torch.Tensor, shapes: torch.Tensor, sure: float = SURE) -> tuple[np.ndarray, np.ndarray]:
    """Returns the boxes (N, 4), in units and from left to right, and how sure each is (N,).

    heat: (h, w) in 0..1, with a person at each peak above `sure`. shapes: (4, h, w), values as in `shape_of`.
    """
    around = F.max_pool2d(heat[None, None], 3, stride=1, padding=1)[0, 0]
    rows, columns = torch.where((heat == around) & (heat > sure))
    best = heat[rows, columns].argsort(descending=True)[:MOST_PEOPLE]
    rows, columns = rows[best], columns[best]
    x, y, wide, high = shapes[:, rows, columns].float()
    x, y = x + columns + 0.5, y + rows + 0.5
    wide, high = wide.clamp(-2, 4).exp() / 2, high.clamp(-2, 4).exp() / 2
    boxes = torch.stack([x - wide, y - high, x + wide, y + high], 1) * (UNITS / heat.shape[-1])
    order = x.argsort()
    return boxes[order].cpu().numpy(), heat[rows, columns][order].float().cpu().numpy()


def pieces(picture: Image.Image, boxes: np.ndarray | Sequence, size: tuple[int, int]) -> np.ndarray:
    """Returns the people in boxes (N, 4), with their arms and what they hold: (N, 3, h, w) float32 in -1..1."""
    high, wide = size
    if not len(boxes):
        return np.zeros((0, 3, high, wide), np.float32)
    values = np.asarray(picture.convert("RGB").resize((UNITS, UNITS), Image.Resampling.BOX))
    room = np.pad(values, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
    padded, last = Image.fromarray(room), UNITS + 2 * _MARGIN
    found = []
    for left, top, right, bottom in np.asarray(boxes, np.float64):
        middle, half = (left + right) / 2, max(right - left + 2 * _BESIDE, _NARROWEST) / 2
        window = (middle - half, top - _ABOVE, middle + half, bottom + _BELOW)
        x0, y0, x1, y1 = (min(max(edge + _MARGIN, 0), last) for edge in window)
        box = (min(x0, last - 2), min(y0, last - 2), max(x1, x0 + 2), max(y1, y0 + 2))
        found.append(np.asarray(padded.resize((wide, high), Image.Resampling.BILINEAR, box), np.float32))
    return np.stack(found).transpose(0, 3, 1, 2) / 127.5 - 1


def to_pixels(picture: Image.Image, size: int) -> np.ndarray:
    """Returns an RGB picture as (3, S, S) float32 in -1..1. Training and scoring both shrink pictures this way.

    A box filter averages areas. So a picture drawn at 2 S and one drawn at 256 become the same.
    """
    small = picture.resize((size, size), Image.Resampling.BOX)
    return np.asarray(small, np.float32).transpose(2, 0, 1) / 127.5 - 1
