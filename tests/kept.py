"""Shared by the tests of the library: a clock that stands still, and saving stories."""

from __future__ import annotations

from dataclasses import replace

from storyboard.library import Library
from storyboard.story.values import Frame, Story, Take, new_id, new_story

SHELF, OTHER_SHELF = "a-browsers-own-id", "some-other-browser"
DAY = 24 * 3600


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def reopened(library: Library) -> Library:
    library.close()
    return Library(library.folder, library._clock)


def story_with(*captions: str, title: str = "") -> Story:
    story = new_story((), title=title)
    for number, caption in enumerate(captions, start=1):
        story = story.with_frame(Frame(new_id(), caption), number)
    return story


def take(picture: str) -> Take:
    return Take(new_id(), "Rosa waves.", 1, 20, 5.0, picture, "llm", ("Rosa",), 0.5, "")


def titled(story: Story, title: str) -> Story:
    return replace(story, title=title)


def save_all(library: Library, *stories: Story) -> None:
    """Saves each story as the next revision of the one before."""
    for revision, story in enumerate(stories, start=1):
        library.save(story, revision)
