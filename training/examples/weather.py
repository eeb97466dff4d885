"""Augmentation: the flaws of generated pictures and of uploads, which every reader of pictures must tolerate."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter


def weather(picture: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Returns the picture with the softness and the specks of generated pictures and of uploads."""
    image = Image.fromarray(picture)
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.2))))
    if rng.random() < 0.3:
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=int(rng.integers(30, 90)))
        image = Image.open(packed).convert("RGB")
    if rng.random() < 0.5:
        tint = rng.uniform(0.9, 1.1, 3)
        image = Image.fromarray((np.asarray(image) * tint).clip(0, 255).astype(np.uint8))
    return image


def as_uploaded(portrait: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Returns the canonical portrait as a writer might upload it: soft, tinted, shifted, mirrored."""
    picture = weather(portrait, rng)
    side, room = picture.width, picture.width // 8
    left, top = (int(rng.integers(room + 1)) for _ in range(2))
    if rng.random() < 0.5:
        picture = picture.crop((left, top, left + side - room, top + side - room))
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.3 else picture
