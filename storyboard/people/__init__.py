"""People as values, and the one drawing code that draws anybody.

Pillow and numpy only. It knows no story, no model and no page, so that the page and the training scripts share it.
"""

from .build import build
from .canvas import rgb
from .facets import FACETS, facets
from .figure import Body, Figure, Head, Outfit, Part
from .look import Look
from .portrait import draw_person
from .sampling import random_look, sample_look, split_of_look

__all__ = [
    "FACETS", "Body", "Figure", "Head", "Look", "Outfit", "Part", "build", "draw_person", "facets", "random_look",
    "rgb", "sample_look", "split_of_look",
]  # fmt: skip
