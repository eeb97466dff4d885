"""From a frame of a story to the request that draws it, and from the finished picture to the take that is kept.

Imports neither torch nor Gradio, and knows no sessions. The story that comes in stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import chain

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Preview, Rendered, Renderer, Style
from storyboard.story.descriptions import look_in_words
from storyboard.story.inputs import StoryInputs, inputs_of
from storyboard.story.values import MAX_MODEL, MAX_PROMPT, QUALITIES, Frame, Story, Take, frame_seed, new_id
from storyboard.text.captions import ReadSentence, clean_caption, clean_text
from storyboard.text.readings import place_readings
from storyboard.text.sentences import check_pronouns


def own_seed(story: Story, frame: Frame) -> int:
    """Returns the seed with which a frame is drawn if nobody asks for another.

    That is the seed kept with the frame. If there is none, it is the seed of the picture on the board, so that a
    redrawn frame differs only by what was changed. If there is no picture, it follows from the story's seed and the
    frame's place.
    """
    if frame.seed is not None:
        return frame.seed
    return frame.take.seed if frame.take else frame_seed(story, frame.id)


def request_for(
    story: Story, frame_id: str, seed: int, pictures: PictureStore, steps: int | None, explain: bool
) -> FrameRequest:
    """Returns the request that draws a frame. StoryError if a pronoun has nobody to stand for."""
    frame, number = story.frame(frame_id), story.frame_number(frame_id)
    inputs = inputs_of(story)
    text = inputs.text(frame)
    _check_pronouns_read(inputs, frame, number)
    if text != frame.caption:
        clean_caption(text, what=f"Frame {number} with names in place of its pronouns")
    cast = tuple(
        CastMember(
            one.name,
            one.pronoun,
            story.names[one.name],
            pictures.later(one.portrait_in(frame).picture),
            look_in_words(one, one.portrait_in(frame)),
        )
        for one in story.cast
        if one.name not in frame.excluded
    )
    return FrameRequest(
        caption=frame.caption,
        cast=cast,
        history=tuple(
            ContextFrame(take.text, pictures.later(take.picture)) for take in inputs.history(frame)
        ),
        seed=seed,
        steps=steps,
        effort=QUALITIES[story.quality],
        resolved=text if text != frame.caption else None,
        explain=explain,
        style=Style(
            story.style.words,
            story.style.negative,
            story.style.aspect,
            pictures.later(story.style.picture) if story.style.picture else None,
        ),
    )


def rendering(
    renderer: Renderer, request: FrameRequest, number: int, stopped: Callable[[], bool]
) -> Generator[Preview, None, Rendered | None]:
    """Passes on the previews of frame `number`. The generator's value is the Rendered, or None once stopped."""
    try:
        for event in renderer.render(request, stopped):
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


def take_of(
    story: Story,
    frame_id: str,
    request: FrameRequest,
    rendered: Rendered,
    pictures: PictureStore,
    model: str = "",
) -> Take:
    """Returns the take of a picture that `model` drew for the request that `request_for` made of `story`.

    Its pictures are in the store then.
    """
    frame = story.frame(frame_id)
    inputs = inputs_of(story)
    text = request.resolved or request.caption
    return Take(
        id=new_id(),
        caption=request.caption,
        seed=rendered.seed,
        steps=rendered.steps,
        guidance=rendered.guidance,
        picture=pictures.put(rendered.picture),
        conditioning=rendered.conditioning,
        mentioned=rendered.mentioned,
        seconds=rendered.seconds,
        inputs=inputs.hash(frame, rendered.conditioning),
        resolved=request.resolved or "",
        readings=place_readings(
            request.caption, frame.bindings, inputs.by_words(frame), text, rendered.readings
        ),
        attention=tuple({name: pictures.put(seen) for name, seen in rendered.attention}.items()),
        portraits=inputs.portraits(frame),
        read=tuple(take.id for take in inputs.history(frame)),
        model=clean_text(model)[:MAX_MODEL],
        verdict=rendered.verdict,
        style=story.style.digest,
        prompt=clean_text(rendered.prompt)[:MAX_PROMPT].strip(),
        wordings=frame.wordings,
    )


def _check_pronouns_read(inputs: StoryInputs, frame: Frame, number: int) -> None:
    """Raises StoryError if a pronoun has nobody to stand for.

    A frame that was fine when it was written may have lost the frame that named somebody, or may be drawn before that
    frame.
    """
    names, sentence = inputs.story.names, inputs.read(inputs.text(frame))

    # A function, so that nothing is read unless a pronoun has to be looked up, which few sentences need.
    def seen() -> Iterator[ReadSentence]:
        return (inputs.read(take.text) for take in inputs.history(frame))

    earlier = (inputs.read(inputs.text(one)) for one in inputs.story.frames[: number - 1])
    check_pronouns(sentence, number, names, chain(earlier, seen()))
    try:
        check_pronouns(sentence, number, names, seen())
    except StoryError as error:
        if frame.sees is None:
            why = "an earlier frame names, which has no picture yet; draw that first."
        else:
            why = "none of the frames it reads names; let it read more of the story, or say whom it means."
        raise StoryError(f"Frame {number} is about someone {why}") from error


def _naming_frame(number: int, error: StoryError) -> str:
    text = str(error)
    return text if text.startswith("Frame ") else f"Frame {number} could not be drawn: {text}"
