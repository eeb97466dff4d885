"""Undo and redo over everything a writer does to a story, pictures excepted: those are never undone.

Knows neither torch, gradio, files nor threads. A step is a phrase and the frozen story it leads back to. A drawing
that ended is no step: it changed nothing a writer said, and whatever is undone, its take stays in its frame's list.
The one exception is all out-of-date pictures drawn anew at a press: undoing that shows the pictures of before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from storyboard.errors import StoryError
from storyboard.story.values import Frame, Story

MAX_UNDO = 200
UPDATING = "updating the pictures"  # the step whose undoing takes pictures back, and nothing else

Step = tuple[str, Story]  # what undoing (or redoing) is called, and the story it leads to


@dataclass(frozen=True)
class Undoing:
    """The steps back and forward from a story; each stack's top stands last."""

    undo: tuple[Step, ...] = ()
    redo: tuple[Step, ...] = ()

    @property
    def can_undo(self) -> str | None:
        """What `undone` would undo, as a phrase: "removing frame 3"."""
        return self.undo[-1][0] if self.undo else None

    @property
    def can_redo(self) -> str | None:
        return self.redo[-1][0] if self.redo else None

    def after(self, phrase: str, before: Story) -> Undoing:
        """Returns the steps after a change to `before`; what had been undone can no longer be redone."""
        return Undoing((*self.undo, (phrase, before))[-MAX_UNDO:], ())

    def undone(self, now: Story) -> tuple[Undoing, Story]:
        """Returns the steps and the story after undoing the latest change. StoryError where there is none."""
        if not self.undo:
            raise StoryError("There is nothing to undo; every change so far is already taken back.")
        phrase, to = self.undo[-1]
        return Undoing(self.undo[:-1], (*self.redo, (phrase, now))), rewound(now, to, phrase == UPDATING)

    def redone(self, now: Story) -> tuple[Undoing, Story]:
        """Returns the steps and the story after redoing what was undone last. StoryError where there is nothing."""
        if not self.redo:
            raise StoryError("There is nothing to redo; a new change ends what could be redone.")
        phrase, to = self.redo[-1]
        return Undoing((*self.undo, (phrase, now)), self.redo[:-1]), rewound(now, to, phrase == UPDATING)


def rewound(now: Story, to: Story, pictures: bool = False) -> Story:
    """Returns `to`, one step away from `now`, with every take that was drawn meanwhile.

    A frame the step does not touch keeps the picture it has now, except where the step is one of `pictures`.
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
    # Where only a drawing changed the frame, its picture stays; where the writer did, the picture of then comes back.
    chosen = now.chosen if to.chosen is None or (untouched and drawn_since) else to.chosen
    return replace(to, takes=now.takes, chosen=chosen)
