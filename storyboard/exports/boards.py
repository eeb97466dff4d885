"""The story as text, with its sentences and board notes: a Fountain script and a CSV table.

Imports neither torch nor Gradio. `text/script/board.py` knows the two formats, and also reads them back.
"""

from __future__ import annotations

from pathlib import Path

from storyboard.exports.panels import panels_of
from storyboard.story.values import Story
from storyboard.text.script.board import board_script, board_table


def write_fountain(story: Story, path: Path) -> None:
    """Writes the story as a Fountain script. StoryError for a story without frames."""
    script = board_script(story.title, [(panel.caption, panel.board) for panel in panels_of(story)])
    path.write_text(script, encoding="utf-8", newline="\n")


def write_csv(story: Story, path: Path) -> None:
    """Writes the story as a CSV table. StoryError for a story without frames."""
    table = board_table((panel.caption, panel.board) for panel in panels_of(story))
    # Without the byte order mark, Excel does not read UTF-8.
    path.write_text(table, encoding="utf-8-sig", newline="")
