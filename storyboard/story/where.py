"""Where each frame is according to the words: its own sentence, the writer's choice, or an earlier frame.

Imports neither torch nor Gradio. The names of places come from the pipeline; `storyboard.text.places` finds them in
words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from storyboard.story.inputs import StoryInputs
from storyboard.story.values import Frame
from storyboard.text.places import Calling, places_said


def where_frames_are(inputs: StoryInputs, places: Calling) -> Iterator[dict | None]:
    """Yields, for each frame of the story in order, its place and how that is known.

    "place": the place, or None if it is left open.
    "by": "writer" or "words", or None if the place is left open.
    "from": the number of the earlier frame that the place is carried on from, or None.
    "several": whether the sentence names more than one place.

    Yields None for every frame if the pipeline does not say which places it knows.
    """
    # The number of the last frame that said a place, and the places that it said.
    latest: tuple[int, tuple[str, ...]] = (0, ())
    for number, frame in enumerate(inputs.story.frames, start=1):
        if not places:
            yield None
            continue
        said = _said(inputs, frame, places)
        if said:
            latest = number, said
            writer = said != inputs.once(frame, "written places", partial(_written, frame, places))
            yield _where(said, "writer" if writer else "words")
        elif frame.sees is None or latest[0] >= number - frame.sees:
            yield _where(latest[1], "words", latest[0])
        else:
            yield _where((), "words")


def _where(said: tuple[str, ...], by: str, carried: int = 0) -> dict:
    place = said[0] if len(said) == 1 else None
    return {
        "place": place,
        "by": by if place else None,
        "from": carried if carried and place else None,
        "several": len(said) > 1 and not carried,
    }


def _said(inputs: StoryInputs, frame: Frame, places: Calling) -> tuple[str, ...]:
    return inputs.once(frame, "places", lambda: places_said(inputs.text(frame), places))


def _written(frame: Frame, places: Calling) -> tuple[str, ...]:
    return places_said(frame.caption, places)
