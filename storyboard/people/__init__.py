"""People as values, and the one drawing code that draws anybody.

Pillow and numpy only. It knows no story, no model and no page, so that the page and the training scripts share it.
"""

from .canvas import rgb
from .figure import Body, Figure, Head, Outfit, Part
from .portrait import draw_person

__all__ = ["Body", "Figure", "Head", "Outfit", "Part", "draw_person", "rgb"]
