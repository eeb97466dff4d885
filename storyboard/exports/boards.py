"""The story as text: its sentences and what is noted beside them, as a Fountain script and as a CSV table.

Knows neither torch nor gradio. Both are read again by `text/script/board.py`, which knows how they are written.
"""

from __future__ import annotations

from pathlib import Path

from storyboard.exports.panels import panels_of
from storyboard.story.values import Story
from storyboard.text.script.board import board_script, board_table


def write_fountain(story: Story, path: Path) -> None:
    """Write the script. StoryError for a story without frames."""
    script = board_script(story.title, [(panel.caption, panel.board) for panel in panels_of(story)])
    path.write_text(script, encoding="utf-8", newline="\n")


def write_csv(story: Story, path: Path) -> None:
    """Write the table. StoryError for a story without frames."""
    table = board_table((panel.caption, panel.board) for panel in panels_of(story))
    path.write_text(table, encoding="utf-8-sig", newline="")  # without the mark, Excel reads no UTF-8
