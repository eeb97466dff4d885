"""Finished stories without a model, for tests of exports, project files and commands."""

from __future__ import annotations

from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.story.values import Story, new_story
from storyboard.studio.session import StorySession
from tests.fakes import FlatRenderer, small_cast


def drawn_story(
    folder: Path, *sentences: str, title: str = "Rosa's day", undrawn: tuple[int, ...] = ()
) -> tuple[Story, PictureStore]:
    """Returns a story of these sentences, and its pictures in `folder`. The frames numbered in `undrawn` have none."""
    pictures = PictureStore(folder / "pictures")
    story = new_story(small_cast(pictures), seed=5, title=title)
    session = StorySession(story, FlatRenderer(size=32), pictures, explain=True)
    for number, sentence in enumerate(sentences, start=1):
        frame = session.add(sentence)
        if number not in undrawn:
            list(session.draw(frame.id))
    return session.story, pictures
