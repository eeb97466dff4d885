"""Shared by the tests of a writer's changes: a short story in a session, and short names for looking at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.story.values import Story, Take, new_story
from storyboard.studio.session import StorySession
from tests.fakes import FlatRenderer, small_cast

STORY = ("Rosa waves to Milo.", "She sits on a bench.", "They dance.")


class FlatSession(StorySession):
    """A session with a flat renderer, so that a test can stop it, break it and see its requests."""

    renderer: FlatRenderer


def fresh(pictures: PictureStore, *captions: str, **options) -> FlatSession:
    session = FlatSession(new_story(small_cast(pictures)), FlatRenderer(steps=1), pictures, **options)
    if captions:
        session.add_many(captions)
    return session


def ids(session: StorySession) -> list[str]:
    return [frame.id for frame in session.story.frames]


def captions(session: StorySession) -> list[str]:
    return [frame.caption for frame in session.story.frames]


def draw(session: StorySession, frame_id: str, reroll: bool = False) -> Take:
    *_, take = session.reroll(frame_id) if reroll else session.draw(frame_id)
    assert isinstance(take, Take)
    return take


def stale(session: StorySession) -> list[int]:
    return [number for number, one in enumerate(session.story.frames, 1) if session.is_stale(one.id)]


def written(story: Story) -> Story:
    """Returns the story without everything that drawing added."""
    return replace(story, frames=tuple(replace(one, takes=(), chosen=None) for one in story.frames))


def blue() -> Image.Image:
    return Image.new("RGB", (8, 8), "blue")


# Every kind of change to frame `f` of STORY or around it, and the name of undoing it.
Act = Callable[[StorySession, str], object]
EVERY_CHANGE: list[tuple[Act, str]] = [
    (lambda s, f: s.add("Milo naps.", before=f), "adding frame 2"),
    (lambda s, f: s.add_many(["Milo naps.", "He wakes."]), "adding 2 frames"),
    (lambda s, f: s.edit(f, "She runs."), "changing the sentence of frame 2"),
    (lambda s, f: s.duplicate(f), "duplicating frame 2"),
    (lambda s, f: s.move(f, 3), "moving frame 2 to 3"),
    (lambda s, f: s.remove(f), "removing frame 2"),
    (lambda s, f: s.lock(f, True), "locking frame 2"),
    (lambda s, f: s.note(f, "close-up", None, None, 3), "changing what is noted of frame 2"),
    (lambda s, f: s.see(f, 1), "changing how much frame 2 sees"),
    (lambda s, f: s.keep_seed(f, 5), "keeping the seed of frame 2"),
    (lambda s, f: s.use_portrait(f, "Rosa", "rosa-dress"), "choosing Rosa's portrait in frame 2"),
    (lambda s, f: s.include(f, "Bolt", "in"), "changing whether Bolt is in frame 2"),
    (lambda s, f: s.rebind(f, 0, ["Rosa"]), "saying whom a pronoun of frame 2 stands for"),
    (lambda s, f: s.draw_as(f, "bench", "chair"), "saying how words of frame 2 are drawn"),
    (lambda s, f: s.choose_take(f, s.story.frame(f).takes[0].id), "choosing another take of frame 2"),
    (lambda s, f: s.rename("The lane"), "renaming the story"),
    (lambda s, f: s.set_look("ink"), "changing the look"),
    (lambda s, f: s.set_crop("16:9"), "changing the frame"),
    (lambda s, f: s.set_quality("draft"), "changing the quality"),
    (lambda s, f: s.set_style("ink", "", "wide"), "changing the style"),
    (lambda s, f: s.describe_portrait("Rosa", "rosa-dress", "a girl in green"), "describing Rosa"),
    (lambda s, f: s.set_style_picture(blue()), "changing the style's picture"),
    (lambda s, f: s.add_character("Ada", "she", [], blue()), "adding Ada to the cast"),
    (lambda s, f: s.edit_character("Rosa", "Ruby", "she", []), "changing Rosa"),
    (lambda s, f: s.remove_character("Rosa"), "removing Rosa from the cast"),
    (lambda s, f: s.choose_portrait("Rosa", "rosa-dress"), "choosing Rosa's portrait"),
    (lambda s, f: s.add_portrait("Rosa", blue()), "adding a portrait of Rosa"),
]
