"""The look of the page: warm paper and ink, maple red for everything that can be pressed, and a dark version.

Values only. The board's own style sheet takes its colours from the variables that this theme sets.
"""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils.colors import Color

MAPLE = Color(
    name="maple",
    c50="#fdf3ee",
    c100="#fae3d9",
    c200="#f4c7b5",
    c300="#eba387",
    c400="#e07c58",
    c500="#cf5b36",
    c600="#b24424",
    c700="#8f361e",
    c800="#722d1b",
    c900="#5d2718",
    c950="#33120a",
)
PAPER = Color(
    name="paper",
    c50="#fdfaf4",
    c100="#f7f1e6",
    c200="#ece3d3",
    c300="#dccfb9",
    c400="#b3a48d",
    c500="#857764",
    c600="#655a4b",
    c700="#4b4238",
    c800="#332d27",
    c900="#25211d",
    c950="#191613",
)
# Fonts that are on the reader's machine already, so nothing is downloaded.
TEXT_FONT = ["ui-sans-serif", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
CODE_FONT = ["ui-monospace", "Menlo", "Consolas", "monospace"]


def make_theme() -> gr.themes.Base:
    """Returns the theme with the colours of the page, for `launch`."""
    theme = gr.themes.Base(
        primary_hue=MAPLE, secondary_hue=MAPLE, neutral_hue=PAPER, font=TEXT_FONT, font_mono=CODE_FONT
    )
    return theme.set(
        body_background_fill="*neutral_100",
        body_background_fill_dark="*neutral_950",
        background_fill_primary="#fffdf9",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_950",
        body_text_color="#2c2620",
        body_text_color_dark="#f1eadf",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        color_accent="*primary_600",
        color_accent_soft="*primary_50",
        color_accent_soft_dark="*primary_950",
    )
