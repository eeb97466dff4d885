"""Draws stories like the app: each text goes through a session, which reads it, then refuses it or draws it.

So the scores include what the app's own rules do: names in place of pronouns, and refused sentences. Knows no
classifier and no scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.renderer import Renderer
from storyboard.story.values import Character, new_story
from storyboard.studio.session import StorySession
from training.evaluate.drawing import KeptRenderer, Made, frame_seed, made_of, opened
from training.evaluate.free_stories import FreeFrame, FreeStory
from training.maple_lane import BY_NAME


class Refused(StoryError):
    """A text that the app does not draw, with the app's reason. Any other error is not the writer's fault."""


@dataclass(frozen=True)
class FreePicture:
    """The result of one frame of a story. number: from 0.

    path, made: the picture and how it was made. If the app refused the text, both are None and `refused` is the reason.
    """

    story: FreeStory
    number: int
    path: Path | None = None
    made: Made | None = None
    refused: str = ""

    @property
    def frame(self) -> FreeFrame:
        return self.story.frames[self.number]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Returns every kind of the frame (`FreeStory.kinds_of`)."""
        return self.story.kinds_of(self.number)

    def open(self) -> Image.Image | None:
        """Returns the picture as RGB, or None if there is none."""
        return opened(self.path) if self.path else None


def draw_free_story(
    story: FreeStory,
    cast: Sequence[Character],
    renderer: KeptRenderer,
    pictures: PictureStore,
    steps: int | None = None,
    drawn: Callable[[], object] = lambda: None,
    best: bool = False,
) -> list[FreePicture]:
    """Returns the story's frames in order. Each is drawn after the earlier ones; `drawn` is called after each.

    cast: everybody whom the app offers, including the story's people. pictures: the session's working store. best: the
    app draws a frame again while its judge finds faults, and keeps the best (`StorySession.draw_best`). StoryError if
    the cast lacks a person or an outfit of the story.
    """
    session = session_of(story, cast, renderer, pictures, steps)
    told = []
    for number in range(len(story.frames)):
        told.append(_draw(story, number, session, renderer, best))
        drawn()
    return told


def session_of(
    story: FreeStory,
    cast: Sequence[Character],
    renderer: Renderer,
    pictures: PictureStore,
    steps: int | None = None,
) -> StorySession:
    """Returns a session without frames, whose people wear the story's outfits. Arguments as in `draw_free_story`."""
    told = new_story(tuple(cast), title=story.id)
    session = StorySession(told, renderer, pictures, steps=steps, explain=True)  # as on the page
    for name, outfit in story.outfits.items():
        session.choose_portrait(name, _portrait_id(session.story.character(name), outfit))
    return session


def draw_text(
    session: StorySession, text: str, seed: int, renderer: KeptRenderer, best: bool = False
) -> Path:
    """Returns the kept picture of a text, which is drawn as the next frame of the session's story.

    Refused if the app does not accept the text. The text is then left out, because it never reaches the app's board.
    """
    try:
        added = session.add(text)
    except StoryError as error:
        raise Refused(str(error)) from error
    try:
        path = renderer.path_of(session.request(added.id, seed))
    except StoryError as error:
        session.remove(added.id)
        raise Refused(str(error)) from error
    for _ in session.draw(added.id, seed):
        pass
    if best:
        for _ in session.draw_best(added.id):
            pass
        chosen = session.story.frame(added.id).take
        path = renderer.path_of(session.request(added.id, chosen.seed)) if chosen else path
    return path


def _draw(
    story: FreeStory, number: int, session: StorySession, renderer: KeptRenderer, best: bool
) -> FreePicture:
    seed = frame_seed(story.id, number)
    try:
        path = draw_text(session, story.frames[number].text, seed, renderer, best)
    except Refused as error:
        return FreePicture(story, number, refused=str(error))
    return FreePicture(story, number, path, made_of(path))


def _portrait_id(character: Character, outfit: str) -> str:
    """Returns the id of the portrait that shows an outfit. The cast of a pipeline labels it with the world's words."""
    words = BY_NAME[character.name].wardrobe[outfit].words
    for portrait in character.portraits:
        if portrait.label == words:
            return portrait.id
    raise StoryError(
        f"The pipeline has no portrait of {character.name} in {words}; free stories need Maple Lane's own cast."
    )
