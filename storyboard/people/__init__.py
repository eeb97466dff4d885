"""People as values, and the code that draws everybody.

Imports only Pillow and numpy. It knows no story, no model and no page, so that the page and the training scripts can
share it.
"""

from .build import build
from .canvas import rgb
from .changes import changed, choices
from .facets import FACETS, facets
from .figure import Body, Figure, Head, Outfit, Part
from .likeness import nearest_look
from .look import Look
from .portrait import draw_person
from .sampling import random_look, sample_look, split_of_look
from .words import describe_look, name_clothes, telling_words

__all__ = [
    "FACETS", "Body", "Figure", "Head", "Look", "Outfit", "Part", "build", "changed", "choices", "describe_look",
    "draw_person", "facets", "name_clothes", "nearest_look", "random_look", "rgb", "sample_look", "split_of_look",
    "telling_words",
]  # fmt: skip
