"""Reference pictures of characters for stage 1: crops of a frame with noise around the character, and their
augmentation.

This is the authors' recipe. Everything outside the character is replaced by random noise, and its box is cut out. Then
the crop is zoomed, squared, turned, coloured, blurred, greyed, mirrored and bent, each with some probability. Written
with Pillow and torch alone.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from training.data.records import Segment

ZOOM = 2.0  # the largest zoom into the top of a crop
DEGREES = 30
# Largest change of brightness, contrast and saturation, and of hue as a part of the colour circle.
JITTER = 0.5
BEND, SMOOTH = 25.0, 5.0  # size of an elastic bend in pixels, and the width of its smoothing


def pixel_box(segment: Segment, width: int, height: int) -> tuple[int, int, int, int]:
    """Returns the segment's box (x1, y1, x2, y2) in pixels of a picture.

    It is inside the picture, and at least one pixel wide and high.
    """
    x1, y1, x2, y2 = map(int, segment.box_in(width, height))
    left, top = min(x1, width - 1), min(y1, height - 1)
    return left, top, max(x2, left + 1), max(y2, top + 1)


def segment_mask(mask: np.ndarray | None, segment: Segment, width: int, height: int) -> np.ndarray:
    """Returns the character's area, (H, W) bool. It is the box if there is no mask or the mask lacks the character.

    The authors use an empty mask in that case, which turns the whole crop into noise.
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
    """Returns the character's box of the picture, with random noise around the character."""
    pixels = np.asarray(picture)
    noise = rng.integers(0, 256, pixels.shape, dtype=np.uint8)
    return Image.fromarray(np.where(where[..., None], pixels, noise)).crop(pixel_box(segment, *picture.size))


def squared(picture: Image.Image, size: int) -> Image.Image:
    """Returns the picture padded with black to a square, `size` pixels wide."""
    side = max(picture.size)
    square = ImageOps.pad(picture, (side, side), color=0)
    return square.resize((size, size), Image.Resampling.BILINEAR)


def augmented(picture: Image.Image, size: int, rng: np.random.Generator) -> Image.Image:
    """Returns a square of `size` pixels, augmented as in the authors' training."""
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
    """Returns a square of the crop's top, enlarged by a factor of 1 to ZOOM."""
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
    """Returns the picture with every pixel displaced by smooth noise. Black comes in at the borders."""
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
    """Returns weights that add up to 1, up to four sigma to each side."""
    offsets = torch.arange(-int(4 * sigma), int(4 * sigma) + 1).float()
    weights = (-offsets.square() / (2 * sigma * sigma)).exp()
    return weights / weights.sum()
