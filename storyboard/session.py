"""The session manager: one story, what may be done to it, and what drawing a frame of it reads and leaves behind.

Knows neither torch nor gradio, and nothing of queues or pages. Every change replaces the frozen `story` by a new one
and raises `revision`; an error leaves both as they were. Safe to call from several threads: one lock guards the
story and is never held while a picture is drawn or written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator

from PIL import Image

from storyboard.captions import clean_text
from storyboard.errors import StoryError
from storyboard.pictures import PictureStore
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Preview, Rendered, Renderer
from storyboard.sentences import check_caption, check_pronouns
from storyboard.story import (
    MAX_SEED,
    MAX_STEPS,
    Frame,
    Portrait,
    Story,
    Take,
    frame_seed,
    history,
    inputs_hash,
    new_id,
)


def _never() -> bool:
    return False


class StorySession:
    """One story being written and drawn. `steps` is for every frame drawn here; None leaves it to the renderer."""

    def __init__(
        self, story: Story, renderer: Renderer, pictures: PictureStore, steps: int | None = None
    ) -> None:
        if steps is not None and not 1 <= steps <= MAX_STEPS:
            raise StoryError(f"{steps} steps is out of range; use 1 to {MAX_STEPS}.")
        self.renderer = renderer
        self.pictures = pictures
        self.steps = steps
        self._story = story
        self._revision = 0
        self._lock = threading.RLock()

    @property
    def story(self) -> Story:
        """The story as it is now; the value itself never changes."""
        return self._story

    @property
    def revision(self) -> int:
        """Grows by one with every change."""
        return self._revision

    def add(self, caption: str, after: str | None = None) -> Frame:
        """A new frame after the frame `after`, or at the end. StoryError for a sentence that cannot be drawn."""
        with self._lock:
            story = self._story
            number = len(story.frames) + 1 if after is None else story.frame_number(after) + 1
            frame = Frame(id=new_id(), caption=self._checked(caption, number))
            self._change(story.with_frame(frame, number))
            return frame

    def edit(self, frame_id: str, caption: str) -> Frame:
        """Another sentence for a frame; its takes stay. StoryError for a sentence that cannot be drawn."""
        with self._lock:
            frame = self._story.frame(frame_id)
            edited = frame.with_caption(self._checked(caption, self._story.frame_number(frame_id)))
            if edited != frame:
                self._change(self._story.with_changed_frame(edited))
            return edited

    def remove(self, frame_id: str) -> Frame:
        """Take a frame out of the story and return it."""
        with self._lock:
            frame = self._story.frame(frame_id)
            self._change(self._story.without_frame(frame_id))
            return frame

    def choose_portrait(self, name: str, portrait_id: str) -> None:
        """What a character wears in the frames drawn from now on."""
        with self._lock:
            character = self._story.character(name)
            if character.chosen != portrait_id:
                self._change(self._story.with_character(character.choosing(portrait_id)))

    def add_portrait(self, name: str, picture: Image.Image, label: str = "") -> Portrait:
        """One more portrait of a character, not yet chosen. Pass uploads through `pictures.read_upload` first."""
        self._story.character(name)  # refuse an unknown name before anything is written
        key = self.pictures.put(picture)
        with self._lock:
            character = self._story.character(name)
            label = clean_text(label)[:40] or f"portrait {len(character.portraits) + 1}"
            portrait = Portrait(id=new_id(), label=label, picture=key)
            self._change(self._story.with_character(character.with_portrait(portrait)))
            return portrait

    def choose_take(self, frame_id: str, take_id: str) -> Take:
        """Bring an earlier take back, and the sentence it was drawn from with it."""
        with self._lock:
            frame = self._story.frame(frame_id)
            take = next((one for one in frame.takes if one.id == take_id), None)
            if take is None:
                number = self._story.frame_number(frame_id)
                raise StoryError(f"Frame {number} has no such take; choose one of its {len(frame.takes)}.")
            if (frame.chosen, frame.caption) != (take.id, take.caption):
                self._change(self._story.with_changed_frame(frame.choosing(take)))
            return take

    def is_stale(self, frame_id: str) -> bool:
        """Whether the frame's picture no longer answers to its sentence, the portraits in play or the frames it reads.

        A frame without a picture is not out of date, only not drawn.
        """
        story = self._story
        take = story.frame(frame_id).take
        return take is not None and take.inputs != inputs_hash(story, frame_id)

    def request(self, frame_id: str, seed: int) -> FrameRequest:
        """What the renderer is asked for this frame now. StoryError where a pronoun has nobody to stand for."""
        return self._request(self._story, frame_id, seed)

    def draw(
        self, frame_id: str, seed: int | None = None, cancelled: Callable[[], bool] = _never
    ) -> Iterator[Preview | Take]:
        """Draw a frame: previews, then its new chosen take. Ends without a take once cancelled or the frame removed.

        `seed` None: the story's seed and the frame's place decide, so an equal story gives equal pictures.
        The story read is the one at the first step; what is edited meanwhile makes the take stale, never lost.
        """
        story = self._story
        number = story.frame_number(frame_id)
        seed = frame_seed(story, frame_id) if seed is None else seed
        if not 0 <= seed <= MAX_SEED:
            raise StoryError(f"Frame {number} has the seed {seed}; use a whole number from 0 to {MAX_SEED}.")
        request = self._request(story, frame_id, seed)

        def stopped() -> bool:
            return cancelled() or not self._story.has_frame(frame_id)

        rendered = yield from self._render(request, number, stopped)
        if rendered is None:
            return
        take = Take(
            id=new_id(),
            caption=request.caption,
            seed=rendered.seed,
            steps=rendered.steps,
            guidance=rendered.guidance,
            picture=self.pictures.put(rendered.picture),
            conditioning=rendered.conditioning,
            mentioned=rendered.mentioned,
            seconds=rendered.seconds,
            inputs=inputs_hash(story, frame_id),
        )
        if self._keep(frame_id, take, stopped):
            yield take

    def reroll(self, frame_id: str, cancelled: Callable[[], bool] = _never) -> Iterator[Preview | Take]:
        """Draw a frame once more under a new seed, which follows from how many takes it has, so it is repeatable."""
        story = self._story
        return self.draw(frame_id, frame_seed(story, frame_id, len(story.frame(frame_id).takes)), cancelled)

    def _checked(self, caption: str, number: int) -> str:
        earlier = [frame.caption for frame in self._story.frames[: number - 1]]
        return check_caption(caption, number, self._story.names, earlier)

    def _change(self, story: Story) -> None:
        self._story = story
        self._revision += 1

    def _request(self, story: Story, frame_id: str, seed: int) -> FrameRequest:
        frame = story.frame(frame_id)
        read = history(story, frame_id)
        self._check_pronouns_read(story, frame, [take.caption for take in read])
        cast = tuple(
            CastMember(one.name, one.pronoun, one.aliases, self.pictures.open(one.portrait.picture))
            for one in story.cast
        )
        context = tuple(ContextFrame(take.caption, self.pictures.open(take.picture)) for take in read)
        return FrameRequest(caption=frame.caption, cast=cast, history=context, seed=seed, steps=self.steps)

    @staticmethod
    def _check_pronouns_read(story: Story, frame: Frame, read: list[str]) -> None:
        """A frame that was fine when written may have lost the one that named somebody, or be drawn before it."""
        number = story.frame_number(frame.id)
        check_pronouns(
            frame.caption, number, story.names, [one.caption for one in story.frames[: number - 1]] + read
        )
        try:
            check_pronouns(frame.caption, number, story.names, read)
        except StoryError as error:
            raise StoryError(
                f"Frame {number} is about someone an earlier frame names, which has no picture yet; draw that first."
            ) from error

    def _render(
        self, request: FrameRequest, number: int, stopped: Callable[[], bool]
    ) -> Generator[Preview, None, Rendered | None]:
        """Pass previews on; the generator's value is the Rendered, or None once stopped."""
        try:
            for event in self.renderer.render(request, stopped):
                if stopped():
                    return None
                if isinstance(event, Rendered):
                    return event
                yield event
        except StoryError as error:
            raise StoryError(_naming_frame(number, error)) from error
        if stopped():
            return None
        raise StoryError(f"Frame {number} was left unfinished by the renderer; draw it again.")

    def _keep(self, frame_id: str, take: Take, stopped: Callable[[], bool]) -> bool:
        with self._lock:
            if stopped():
                return False
            self._change(self._story.with_changed_frame(self._story.frame(frame_id).with_take(take)))
            return True


def _naming_frame(number: int, error: StoryError) -> str:
    text = str(error)
    return text if text.startswith("Frame ") else f"Frame {number} could not be drawn: {text}"
