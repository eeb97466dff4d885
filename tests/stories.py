"""Finished stories without a model, for whatever takes a story and its pictures: exports, project files, commands."""

from __future__ import annotations

from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.story.values import Story, new_story
from storyboard.studio.session import StorySession
from tests.fakes import FlatRenderer, small_cast


def drawn_story(
    folder: Path, *sentences: str, title: str = "Rosa's day", undrawn: tuple[int, ...] = ()
) -> tuple[Story, PictureStore]:
    """A story of these sentences, drawn but for the frames numbered in `undrawn`, and its pictures in `folder`."""
    pictures = PictureStore(folder / "pictures")
    story = new_story(small_cast(pictures), seed=5, title=title)
    session = StorySession(story, FlatRenderer(size=32), pictures, explain=True)
    for number, sentence in enumerate(sentences, start=1):
        frame = session.add(sentence)
        if number not in undrawn:
            list(session.draw(frame.id))
    return session.story, pictures
