"""The session manager: one story, what may be done to it, and what drawing a frame of it reads and leaves behind.

Knows neither torch nor gradio, and nothing of queues or pages. How a story is edited and saved is `edited_story.py`'s,
whose lock is never held while a picture is drawn or written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.renderer import MAX_STEPS, FrameRequest, Preview, Renderer
from storyboard.story.inputs import inputs_of
from storyboard.story.values import MAX_SEED, MAX_TAKES, Story, Take, frame_seed
from storyboard.studio.edited_story import EditedStory
from storyboard.studio.requests import own_seed, rendering, request_for, take_of

BEST_OF = 4  # takes of a frame at most, where the first ones have faults


def _never() -> bool:
    return False


class StorySession(EditedStory):
    """One story being written and drawn.

    `steps` is for every frame drawn here; None leaves it to the renderer. `explain`: takes also keep where the
    picture looked at whom, and whom pronouns were taken to mean. `model`: what draws, noted in every take. The rest is
    as `EditedStory` takes it.
    """

    def __init__(
        self,
        story: Story,
        renderer: Renderer,
        pictures: PictureStore,
        steps: int | None = None,
        explain: bool = False,
        model: str = "",
        **kept: Any,
    ) -> None:
        if steps is not None and not 1 <= steps <= MAX_STEPS:
            raise StoryError(f"{steps} steps is out of range; use 1 to {MAX_STEPS}.")
        super().__init__(story, pictures, **kept)
        self.renderer = renderer
        self.steps = steps
        self.explain = explain
        self.model = model

    def is_stale(self, frame_id: str) -> bool:
        """Returns whether the frame's picture is out of date.

        It then no longer answers to its sentence, the portraits in play or the frames it reads.
        A frame without a picture is not out of date, only not drawn.
        """
        story = self._story
        return inputs_of(story).is_stale(story.frame(frame_id))

    def request(self, frame_id: str, seed: int) -> FrameRequest:
        """Returns what the renderer is asked for this frame now. StoryError where a pronoun has nobody to stand for."""
        return request_for(self._story, frame_id, seed, self.pictures, self.steps, self.explain)

    def draw(
        self, frame_id: str, seed: int | None = None, cancelled: Callable[[], bool] = _never
    ) -> Iterator[Preview | Take]:
        """Draw a frame: previews, then its new chosen take. Ends without a take once cancelled or the frame removed.

        `seed` None: the one kept with the frame, else that of the picture on the board, so that a change of the
        sentence shows as nothing else, else the story's seed and the frame's place decide, so an equal story gives
        equal pictures. The story read is the one at the first step; what is edited meanwhile makes the take stale,
        never lost.
        """
        story = self._story
        frame, number = story.frame(frame_id), story.frame_number(frame_id)
        seed = own_seed(story, frame) if seed is None else seed
        if not 0 <= seed <= MAX_SEED:
            raise StoryError(f"Frame {number} has the seed {seed}; use a whole number from 0 to {MAX_SEED}.")
        if len(frame.takes) >= MAX_TAKES:
            raise StoryError(
                f"Frame {number} has {MAX_TAKES} takes, the most there can be; duplicate it and go on there."
            )
        request = request_for(story, frame_id, seed, self.pictures, self.steps, self.explain)

        def stopped() -> bool:
            return cancelled() or not self._story.has_frame(frame_id)

        rendered = yield from rendering(self.renderer, request, number, stopped)
        if rendered is None:
            return
        take = take_of(story, frame_id, request, rendered, self.pictures, self.model)
        if self._keep(frame_id, take, stopped):
            yield take

    def reroll(self, frame_id: str, cancelled: Callable[[], bool] = _never) -> Iterator[Preview | Take]:
        """Draw a frame once more under a new seed, which follows from how many takes it has, so it is repeatable."""
        story = self._story
        return self.draw(frame_id, frame_seed(story, frame_id, len(story.frame(frame_id).takes)), cancelled)

    def draw_best(self, frame_id: str, cancelled: Callable[[], bool] = _never) -> Iterator[Preview | Take]:
        """Redraw a frame until nothing is wrong with its picture, BEST_OF takes of it at most; the best one is chosen.

        Draws nothing where nobody checked the picture or nothing is wrong with it, and stops where the frame is edited
        meanwhile. The takes that are not chosen stay.
        """
        first = self._story.frame(frame_id).take
        tried = [first] if first else []
        while tried and len(tried) < BEST_OF and all(one.verdict and one.verdict.faults for one in tried):
            take = None
            for event in self.reroll(frame_id, cancelled) if self._asks_for(tried[0], frame_id) else ():
                take = event if isinstance(event, Take) else None
                yield event
            if take is None:
                break
            tried.append(take)
        self._choose_best(frame_id, tried)

    def _choose_best(self, frame_id: str, tried: Sequence[Take]) -> None:
        """No step of undo: as with any drawing, the writer asked for a picture and has it."""
        best = min(tried, key=lambda one: one.verdict.faults if one.verdict else len(tried), default=None)
        with self._lock:
            if best and self._asks_for(best, frame_id) and self._story.frame(frame_id).take in tried:
                chosen = self._story.frame(frame_id).choosing(best)
                if chosen != self._story.frame(frame_id):
                    self._commit(self._story.with_changed_frame(chosen), self._undoing)

    def _asks_for(self, take: Take, frame_id: str) -> bool:
        """Whether the frame, as it is now, would be drawn from what this take was drawn from."""
        story = self._story
        if not story.has_frame(frame_id):
            return False
        return inputs_of(story).hash(story.frame(frame_id), take.conditioning) == take.inputs

    def _keep(self, frame_id: str, take: Take, stopped: Callable[[], bool]) -> bool:
        with self._lock:
            if stopped():
                return False
            drawn = self._story.frame(frame_id).with_take(take)
            self._commit(self._story.with_changed_frame(drawn), self._undoing)
            return True
