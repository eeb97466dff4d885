"""Draws every shot of ViStoryBench's stories into the folders that its evaluator reads, and reports what differs.

The layout is OUT/METHOD/MODE/LANGUAGE/TIMESTAMP/STORY/shots/shot_01.png. It is the layout of the repository's
`read_outputs.py` and README since its code of August 2025, which reads the pictures in the order of their names. (Its
first README had METHOD/DATASET/STORY/TIMESTAMP, which that code does not read.) Contains no command line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from PIL import Image, PngImagePlugin

from storyboard.disk.durable import part_of, settle, write_whole
from storyboard.errors import StoryError
from storyboard.renderer import ContextFrame, Rendered, Renderer, finished
from storyboard.text.places import Calling, places_said
from training.evaluate.draw_stories import SETTING
from training.evaluate.vistorybench.dataset import BenchShot, BenchStory
from training.evaluate.vistorybench.shots import is_whole, request_for, wordings

_TIMESTAMP = re.compile(r"\d{8}_\d{6}")
SUMMARY = "summary.txt"
WORDING = "wording"  # the PNG text chunk with the sentence that a picture was drawn from


@dataclass(frozen=True)
class Hand:
    """A renderer, and what it can use.

    looks_back: whether it looks at the earlier pictures
    cast, places: the names and places that it has learned; None if it has learned no such list
    portraits: the number of portraits that it looks at in one picture; None if this is not known
    """

    renderer: Renderer
    looks_back: bool = False
    cast: frozenset[str] | None = None
    places: Calling | None = None
    portraits: int | None = None
    steps: int | None = None
    guidance: float | None = None


@dataclass
class Tally:
    """How many pictures were drawn, and how often something differed from what the dataset asks, by sentence."""

    drawn: int = 0
    shots: int = 0
    odd: Counter[str] = field(default_factory=Counter)

    def text(self) -> str:
        """Returns the summary, with a line for each kind of difference."""
        lines = [f"{self.drawn} pictures were drawn now, of {self.shots} shots."]
        return "\n".join([*lines, *(f"{count} times: {what}" for what, count in sorted(self.odd.items()))])


def run_folder(place: Path, setting: Mapping) -> Path:
    """Returns the folder of a run in `place`: the latest run that was drawn in this way, or a new one.

    The evaluator takes the folder's name as the time of the run.
    """
    runs = sorted(one for one in place.glob("*") if _TIMESTAMP.fullmatch(one.name)) if place.is_dir() else []
    for run in reversed(runs):
        try:
            if json.loads((run / SETTING).read_text("utf-8")) == setting:
                return run
        except (OSError, ValueError):
            continue
    run = place / datetime.now(timezone.utc).strftime("%Y%m%d_%H%M%S")
    if run.exists():
        raise StoryError(f"{run} was begun this second by another run; start again.")
    run.mkdir(parents=True)
    write_whole(run / SETTING, json.dumps(dict(setting), indent=1).encode())
    return run


def draw_story(
    hand: Hand, story: BenchStory, run: Path, tally: Tally, drawn: Callable[[], object] = lambda: None
) -> None:
    """Draws the missing pictures of a story, each shot after the shots before it.

    `drawn` is called after every shot.
    """
    folder = run / story.id / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    digits = max(2, len(str(len(story.shots))))  # names then have the same order as numbers
    history: list[ContextFrame] = []
    for shot in story.shots:
        path = folder / f"shot_{shot.index:0{digits}}.png"
        if not path.exists():
            _keep(path, *_drawn(hand, story, shot, history))
            tally.drawn += 1
        frame = _kept(path)
        tally.shots += 1
        tally.odd.update(_odd(hand, shot, frame.caption))
        if hand.looks_back:
            history.append(frame)
        drawn()


def _drawn(
    hand: Hand, story: BenchStory, shot: BenchShot, history: list[ContextFrame]
) -> tuple[Rendered, str]:
    """The picture and its wording. The wording is the first that the hand does not refuse."""
    refusal: StoryError | None = None
    for wording in wordings(shot):
        request = request_for(story, shot, wording, history, hand.steps, hand.guidance)
        try:
            rendered = finished(hand.renderer, request)
        except StoryError as error:
            refusal = refusal or error
            continue
        return rendered, wording
    why = refusal or "the names on stage are longer than a sentence may be; shorten them in story.json."
    raise StoryError(f"Shot {shot.index} of story {story.id} cannot be drawn: {why}") from refusal


def _keep(path: Path, rendered: Rendered, wording: str) -> None:
    chunk = PngImagePlugin.PngInfo()
    chunk.add_itxt(WORDING, wording)
    part = part_of(path)
    rendered.picture.convert("RGB").save(part, format="PNG", pnginfo=chunk)
    settle(part, path)


def _kept(path: Path) -> ContextFrame:
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            wording = str(picture.text[WORDING])  # type: ignore[attr-defined]  # a PNG picture has `text`
            return ContextFrame(wording, picture.convert("RGB"))
    except (OSError, KeyError, AttributeError) as error:
        raise StoryError(f"The picture {path} is damaged; remove it, and start again.") from error


def _odd(hand: Hand, shot: BenchShot, wording: str) -> Iterator[str]:
    """Yields what differs from what the dataset asks, each as a sentence that can follow a number of times."""
    if not is_whole(shot, wording):
        yield "the text was longer than the app takes, or was refused, and its end was left out"
    for name in shot.unknown:
        yield f"{name} was on stage, whom the story does not describe, and was left out"
    for one in shot.characters:
        if not one.pictures:
            yield f"{one.name} has no reference picture, and was drawn by name"
        elif hand.cast is not None and one.name not in hand.cast:
            yield "somebody was on stage whom the model was not trained on, and may look like somebody it was"
    if hand.places is not None and not places_said(shot.setting, hand.places):
        yield "the setting names no place that the model has learned"
    if hand.portraits is not None and len(shot.characters) > hand.portraits:
        yield f"more people were on stage than the {hand.portraits} whose reference pictures are looked at"
