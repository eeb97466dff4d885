"""Undo and redo of everything that a writer does to a story. Drawing is never undone.

Imports neither torch nor Gradio, and knows neither files nor threads. A step is a phrase and the frozen story that it
leads back to. A finished drawing is no step: it changed nothing that the writer said, and its take stays in its frame
whatever is undone. There is one exception: redrawing all out-of-date pictures at once is a step. Undoing it puts the
earlier pictures back on the board.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from storyboard.errors import StoryError
from storyboard.story.values import Frame, Story

MAX_UNDO = 200
UPDATING = "updating the pictures"  # undoing this step changes only which pictures are on the board

Step = tuple[str, Story]  # the phrase for what is undone or redone, and the story that this leads to


@dataclass(frozen=True)
class Undoing:
    """The steps that can be undone and redone from a story. The next step of each is the last in its tuple."""

    undo: tuple[Step, ...] = ()
    redo: tuple[Step, ...] = ()

    @property
    def can_undo(self) -> str | None:
        """The phrase for what `undone` would undo, such as "removing frame 3"; None if there is nothing."""
        return self.undo[-1][0] if self.undo else None

    @property
    def can_redo(self) -> str | None:
        return self.redo[-1][0] if self.redo else None

    def after(self, phrase: str, before: Story) -> Undoing:
        """Returns the steps after a change to the story `before`. Undone steps can no longer be redone then."""
        return Undoing((*self.undo, (phrase, before))[-MAX_UNDO:], ())

    def undone(self, now: Story) -> tuple[Undoing, Story]:
        """Returns the steps and the story after the latest change is undone. StoryError if there is nothing to undo."""
        if not self.undo:
            raise StoryError("There is nothing to undo; every change so far is already taken back.")
        phrase, to = self.undo[-1]
        return Undoing(self.undo[:-1], (*self.redo, (phrase, now))), rewound(now, to, phrase == UPDATING)

    def redone(self, now: Story) -> tuple[Undoing, Story]:
        """Returns the steps and the story after the last undone change is redone.

        StoryError if there is nothing to redo.
        """
        if not self.redo:
            raise StoryError("There is nothing to redo; a new change ends what could be redone.")
        phrase, to = self.redo[-1]
        return Undoing((*self.undo, (phrase, now)), self.redo[:-1]), rewound(now, to, phrase == UPDATING)


def rewound(now: Story, to: Story, pictures: bool = False) -> Story:
    """Returns the story `to`, one step away from `now`, with all takes that were drawn in the meantime.

    A frame that the step does not touch keeps the picture it has now. If `pictures`, the step is about pictures, and
    frames go back to the pictures that they have in `to`.
    """
    present = {frame.id: frame for frame in now.frames}
    return replace(to, frames=tuple(_rewound(present.get(frame.id), frame, pictures) for frame in to.frames))


def _rewound(now: Frame | None, to: Frame, pictures: bool) -> Frame:
    if now is None or now is to:
        return to
    if pictures:
        return replace(to, takes=now.takes, chosen=to.chosen or now.chosen)
    drawn_since = now.chosen not in [take.id for take in to.takes]
    untouched = replace(now, takes=to.takes, chosen=to.chosen) == to
    # If only a drawing changed the frame, its new picture stays. If the writer did, its earlier picture comes back.
    chosen = now.chosen if to.chosen is None or (untouched and drawn_since) else to.chosen
    return replace(to, takes=now.takes, chosen=chosen)
