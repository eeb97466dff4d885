"""Edits of a story as a whole: its title, and how all its pictures are drawn, checked and shown.

As in `edits.py`, an edit is a function from a story to the story after it, and raises a StoryError for what does not
fit. Knows no frames.
"""

from __future__ import annotations

from dataclasses import replace

from storyboard.errors import StoryError
from storyboard.renderer import ASPECTS
from storyboard.story.values import CHECKINGS, CROPS, LOOKS, MAX_STYLE, MAX_TITLE, QUALITIES, Story
from storyboard.text.captions import clean_text, listed


def rename(story: Story, title: str) -> Story:
    """Returns the story under another title, which may be empty."""
    return replace(story, title=clean_text(title)[:MAX_TITLE].strip())


def set_crop(story: Story, crop: str) -> Story:
    """Returns the story with that shape, one of CROPS, marked on every picture."""
    if crop not in CROPS:
        raise StoryError("The frame of a story is none, 4:3 or 16:9; choose one of these.")
    return replace(story, crop=crop)


def set_look(story: Story, look: str) -> Story:
    """Returns the story shown in another look, on the board and in exports.

    No picture changes or becomes out of date.
    """
    if look not in LOOKS:
        raise StoryError(f"A story is shown in {', '.join(LOOKS[:-1])} or {LOOKS[-1]}; choose one of these.")
    return replace(story, look=look)


def set_checking(story: Story, checking: str) -> Story:
    """Returns the story whose pictures are checked in that way. StoryError if it is not in CHECKINGS."""
    if checking not in CHECKINGS:
        raise StoryError(
            f"Pictures that may be wrong are drawn again {', '.join(CHECKINGS)}; choose one of these."
        )
    return replace(story, checking=checking)


def set_quality(story: Story, quality: str) -> Story:
    """Returns the story whose next pictures take fewer or more denoising steps. Finished pictures stay as they are."""
    if quality not in QUALITIES:
        raise StoryError(f"A picture is drawn as {', '.join(QUALITIES)}; choose one of these.")
    return replace(story, quality=quality)


def set_style(story: Story, words: str, negative: str, aspect: str) -> Story:
    """Returns the story whose next pictures have another style and shape.

    This makes its finished pictures out of date. StoryError for words that are too long, and for a shape not in
    ASPECTS.
    """
    if aspect not in ASPECTS:
        raise StoryError(f"A picture is {listed(ASPECTS)}; choose one of these shapes.")
    told = []
    for what, text in (("The style", words), ("What no picture is to show", negative)):
        told.append(clean_text(text))
        if len(told[-1]) > MAX_STYLE:
            raise StoryError(f"{what} is {len(told[-1])} characters long; shorten it to {MAX_STYLE}.")
    return replace(story, style=replace(story.style, words=told[0], negative=told[1], aspect=aspect))


def set_style_picture(story: Story, picture: str) -> Story:
    """Returns the story with another example picture of its style.

    `picture` is the picture's key, "" for no example.
    """
    return replace(story, style=replace(story.style, picture=picture))
