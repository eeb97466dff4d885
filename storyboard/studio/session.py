"""The session of one story: what can be done to it, and what drawing one of its frames reads and leaves behind.

Imports neither torch nor Gradio, and knows nothing of queues or pages. `edited_story.py` edits and saves the story; its
lock is never held while a picture is drawn or written.
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

BEST_OF = 4  # the most takes that are tried for a frame whose first takes have faults


def _never() -> bool:
    return False


class StorySession(EditedStory):
    """A story that is being written and drawn.

    steps: denoising steps for every frame drawn here; None: the renderer decides.
    explain: whether takes keep attention maps and readings of pronouns.
    model: the model that draws, which is noted in every take.

    All other arguments are as in `EditedStory`.
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

        It then no longer fits its sentence, the portraits in play or the frames that it reads. A frame without a
        picture is not out of date.
        """
        story = self._story
        return inputs_of(story).is_stale(story.frame(frame_id))

    def request(self, frame_id: str, seed: int) -> FrameRequest:
        """Returns the request that draws this frame as it is now. StoryError if a pronoun has nobody to stand for."""
        return request_for(self._story, frame_id, seed, self.pictures, self.steps, self.explain)

    def draw(
        self, frame_id: str, seed: int | None = None, cancelled: Callable[[], bool] = _never
    ) -> Iterator[Preview | Take]:
        """Draws a frame: yields previews, then its new take, which becomes the chosen one.

        Ends without a take once cancelled or the frame is removed. `seed`: if it is None, `own_seed` decides, so equal
        stories get equal pictures. What is drawn is the story as it is at the first step. If it is edited meanwhile,
        the take is out of date, but not lost.
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
        """Draws a frame once more with a new seed.

        The seed follows from how many takes the frame has, so it is repeatable.
        """
        story = self._story
        return self.draw(frame_id, frame_seed(story, frame_id, len(story.frame(frame_id).takes)), cancelled)

    def draw_best(self, frame_id: str, cancelled: Callable[[], bool] = _never) -> Iterator[Preview | Take]:
        """Redraws a frame until nothing is wrong with its picture, with at most BEST_OF takes. The best take is chosen.

        Draws nothing if no judge checked the picture or nothing is wrong with it. Stops if the frame is edited
        meanwhile. Takes that are not chosen stay.
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
        """Chooses the take with the fewest faults.

        This is no step of undo: as with any drawing, the writer asked for a picture and has it.
        """
        best = min(tried, key=lambda one: one.verdict.faults if one.verdict else len(tried), default=None)
        with self._lock:
            if best and self._asks_for(best, frame_id) and self._story.frame(frame_id).take in tried:
                chosen = self._story.frame(frame_id).choosing(best)
                if chosen != self._story.frame(frame_id):
                    self._commit(self._story.with_changed_frame(chosen), self._undoing)

    def _asks_for(self, take: Take, frame_id: str) -> bool:
        """Returns whether the frame, as it is now, would be drawn from the same inputs as this take."""
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
