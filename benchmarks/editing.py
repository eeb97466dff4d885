"""Measures how the cost of an edit grows with the story: stories of 5 and of 200 frames take turns.

Milliseconds are CPU time, without the time of the disk. Knows the studio and the library, no models and no pages.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.library import Library
from storyboard.story.edits import insert
from storyboard.story.inputs import inputs_of
from storyboard.story.values import Story, Take, new_id, new_story
from storyboard.studio.cast import load_cast
from storyboard.studio.requests import request_for
from storyboard.studio.session import StorySession

SHORT, LONG = 5, 200  # frames
SENTENCES = ("Rosa waves to Milo.", "She sits down.", "Toggle meets her.", "They dance.")


def drawn_story(cast: tuple, frames: int, pictures: Sequence[str]) -> Story:
    """Returns a story whose frames each have a take that read all earlier frames. They show these pictures in turn."""
    story, _ = insert(new_story(cast), [SENTENCES[place % len(SENTENCES)] for place in range(frames)])
    read: tuple[str, ...] = ()
    drawn = []
    for frame, picture in zip(story.frames, cycle(pictures), strict=False):
        take = Take(
            new_id(),
            frame.caption,
            1,
            15,
            3.0,
            picture,
            "llm",
            (),
            1.0,
            "",
            read=read,
            portraits=(("Rosa", picture),),
        )
        read = (*read, take.id)
        drawn.append(frame.with_take(take))
    story = replace(story, frames=tuple(drawn))
    inputs = inputs_of(story)
    fresh = [replace(one, takes=(replace(one.take, inputs=inputs.hash(one)),)) for one in story.frames]
    return replace(story, frames=tuple(fresh))


class Arm:
    """A story in its own library, and what is measured of it."""

    def __init__(self, folder: Path, pipeline: Path, frames: int) -> None:
        self.library = Library(folder)
        pictures = self.library.pictures
        picture = pictures.put(Image.linear_gradient("L"))
        self.story = drawn_story(load_cast(pipeline, pictures), frames, [picture])
        self.library.save(self.story, 1)
        saved = self.library.open(self.story.id)
        self.session = StorySession(
            saved.story, None, pictures, save=self.library.save, revision=saved.revision
        )
        self.pictures: PictureStore = pictures
        self._number = 0

    def edit(self, place: int) -> None:
        """Changes the sentence of the frame at `place`, saves it, and computes what is out of date then."""
        self._number += 1
        frame = self.session.story.frames[place]
        self.session.edit(frame.id, f"Rosa waves {self._number} times.")
        inputs = inputs_of(self.session.story)
        for one in self.session.story.frames:
            inputs.stale_cause(one)

    def edit_middle(self) -> None:
        self.edit(len(self.session.story.frames) // 2)

    def edit_last(self) -> None:
        self.edit(-1)

    def ask_for_last(self) -> None:
        """Makes the request that draws the last frame."""
        story = self.session.story
        request_for(story, story.frames[-1].id, 1, self.pictures, None, False)


MEASURED: dict[str, Callable[[Arm], None]] = {
    "edit_middle": Arm.edit_middle,
    "edit_last": Arm.edit_last,
    "request_last": Arm.ask_for_last,
}


def measured(pipeline: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Returns for each action the medians of both stories in CPU milliseconds, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        arms = [Arm(Path(folder) / str(frames), pipeline, frames) for frames in (SHORT, LONG)]
        results = {}
        for name, do in MEASURED.items():
            times: list[list[float]] = [[], []]
            for turn in range(repeats + 1):
                for arm, found in zip(arms, times, strict=True):
                    start = time.thread_time()
                    do(arm)
                    if turn:  # the first turn of each fills the caches
                        found.append(1000 * (time.thread_time() - start))
            short, long = (statistics.median(one) for one in times)
            results[name] = {f"ms_{SHORT}": short, f"ms_{LONG}": long, "ratio": long / short}
        for arm in arms:
            arm.library.close()
    return results
