"""Reference pictures of characters for stage 1: crops of a frame before noise, and how they are varied.

The authors' recipe: what is not the character becomes random noise, its box is cut out, and the crop is zoomed,
squared, turned, coloured, blurred, greyed, mirrored and bent, each by chance. Written with Pillow and torch alone.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from training.data.records import Segment

ZOOM = 2.0  # most, of a crop's top
DEGREES = 30
JITTER = 0.5  # of brightness, contrast, saturation, and of the whole colour circle
BEND, SMOOTH = 25.0, 5.0  # pixels of an elastic bend, and the width of its smoothing


def pixel_box(segment: Segment, width: int, height: int) -> tuple[int, int, int, int]:
    """Returns the segment's box (x1, y1, x2, y2) in a picture's pixels, at least one pixel wide and high, inside it."""
    x1, y1, x2, y2 = map(int, segment.box_in(width, height))
    left, top = min(x1, width - 1), min(y1, height - 1)
    return left, top, max(x2, left + 1), max(y2, top + 1)


def segment_mask(mask: np.ndarray | None, segment: Segment, width: int, height: int) -> np.ndarray:
    """Returns where the character is, (H, W) bool: its box, where no mask was made or the mask does not have it.

    The authors take an empty mask there, which makes the whole crop noise.
    """
    if mask is not None and mask.shape == (height, width):
        found = np.asarray(mask) == segment.id
        if found.any():
            return found
    left, top, right, bottom = pixel_box(segment, width, height)
    found = np.zeros((height, width), dtype=bool)
    found[top:bottom, left:right] = True
    return found


def reference_crop(
    picture: Image.Image, where: np.ndarray, segment: Segment, rng: np.random.Generator
) -> Image.Image:
    """Returns the character's box of the picture, random noise around it."""
    pixels = np.asarray(picture)
    noise = rng.integers(0, 256, pixels.shape, dtype=np.uint8)
    return Image.fromarray(np.where(where[..., None], pixels, noise)).crop(pixel_box(segment, *picture.size))


def squared(picture: Image.Image, size: int) -> Image.Image:
    """Returns the picture padded with black to a square, then `size` pixels wide."""
    side = max(picture.size)
    square = ImageOps.pad(picture, (side, side), color=0)
    return square.resize((size, size), Image.Resampling.BILINEAR)


def augmented(picture: Image.Image, size: int, rng: np.random.Generator) -> Image.Image:
    """Returns a square of `size` pixels, varied as in the authors' training."""
    if rng.random() < 0.5:
        picture = _zoomed(picture, rng)
    picture = squared(picture, size)
    if rng.random() < 0.75:
        picture = picture.rotate(float(rng.uniform(-DEGREES, DEGREES)))
    if rng.random() < 0.5:
        picture = _jittered(picture, rng)
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.1, 2.0))))
    if rng.random() < 0.1:
        picture = picture.convert("L").convert("RGB")
    if rng.random() < 0.5:
        picture = ImageOps.mirror(picture)
    return _bent(picture, rng) if rng.random() < 0.5 else picture


def _zoomed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A square of the crop's top, once to twice as near."""
    side = max(1, round(min(picture.size) / rng.uniform(1.0, ZOOM)))
    left = (picture.width - side) // 2
    return picture.crop((left, 0, left + side, side))


def _jittered(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = enhance(picture).enhance(float(rng.uniform(1 - JITTER, 1 + JITTER)))
    hue, *others = picture.convert("HSV").split()
    turn = int(rng.uniform(-JITTER, JITTER) * 255)
    hue = hue.point([(value + turn) % 256 for value in range(256)])
    return Image.merge("HSV", (hue, *others)).convert("RGB")


def _bent(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Every pixel displaced by smooth noise; black comes in at the borders."""
    width, height = picture.size
    displacement = torch.from_numpy(rng.uniform(-1, 1, (1, 2, height, width)).astype(np.float32))
    kernel = _gaussian(SMOOTH)
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        taps = kernel.view(shape).expand(2, 1, *kernel.view(shape).shape[2:])
        displacement = F.conv2d(displacement, taps, padding="same", groups=2)
    scale = torch.tensor([2 * BEND / width, 2 * BEND / height])
    straight = F.affine_grid(torch.eye(2, 3)[None], [1, 3, height, width], align_corners=False)
    grid = straight + displacement.permute(0, 2, 3, 1) * scale
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float()
    moved = F.grid_sample(pixels, grid, align_corners=False)[0].permute(1, 2, 0)
    return Image.fromarray(moved.round().clamp(0, 255).byte().numpy())


def _gaussian(sigma: float) -> torch.Tensor:
    """Weights that add up to 1, four sigma to each side."""
    offsets = torch.arange(-int(4 * sigma), int(4 * sigma) + 1).float()
    weights = (-offsets.square() / (2 * sigma * sigma)).exp()
    return weights / weights.sum()
