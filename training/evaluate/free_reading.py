"""`python -m training.evaluate.free_reading --json FILE`: which people the language model reads in the free stories.

Nothing is drawn. Each frame is read as in the app, after real pictures of the scenes before it. It counts as right if
the condition has exactly the people of its truth. This takes half a second for each frame. It shows how many points of
the scores in `training.evaluate.free` the reading alone costs.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm.auto import tqdm
from transformers import HfArgumentParser

from storyboard.disk.durable import write_json
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.conditions import FrameConditions
from storyboard.renderer import FrameRequest, Rendered
from storyboard.story.values import Character
from storyboard.studio.cast import load_cast
from storyboard.text.allowed import whom_words_allow
from storyboard.text.candidates import read_for
from training.evaluate.classifier import real_picture
from training.evaluate.free_drawing import session_of
from training.evaluate.free_stories import FREE_STORIES, FreeStory, load_free_stories
from training.evaluate.metrics import Ratio, bootstrap


@dataclass
class FreeReadingArguments:
    json: str = field(metadata={"help": "file of what was read"})
    stories: int | None = field(default=None, metadata={"help": "how many, from the first; all by default"})
    written: str = field(default=str(FREE_STORIES), metadata={"help": "file of the stories"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})


@dataclass(frozen=True)
class ReadFrame:
    """One frame as it was read.

    truth, read: who should be seen, and who is in the condition; `read` is None if the app refuses the text.
    words: whom the words alone allow; None if they leave it open or if the app refuses the text.
    """

    story: str
    text: str
    truth: tuple[str, ...]
    read: tuple[str, ...] | None
    words: tuple[str, ...] | None

    @property
    def right(self) -> bool:
        return self.read is not None and set(self.read) == set(self.truth)


class ReadingRenderer:
    """A renderer that reads a request and returns the given picture. read: the people in the last condition."""

    doing, notice = "", ""

    def __init__(self, pipeline: StoryPipeline):
        self.conditions = FrameConditions(pipeline)
        self.picture = Image.new("RGB", (1, 1))
        self.request: FrameRequest | None = None
        self.read: tuple[str, ...] = ()

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Rendered]:
        """Yields one Rendered, the given picture. StoryError if the condition does not say whom it shows."""
        self.request, conditioning = request, self.conditions.check(request)
        frame = self.conditions.of(request, conditioning)
        if frame.people is None:
            raise StoryError(
                "This pipeline's condition mapper does not point at people; give --pipeline one whose does."
            )
        self.read = tuple(name for name, columns in frame.people.items() if columns)
        # As in the app, later sentences are read with what the model read in the pronouns of this one.
        readings, _ = self.conditions.explain(request, frame)
        yield Rendered(
            self.picture, frame.mentioned, conditioning, request.seed, 0, 0.0, 0.0, readings=readings
        )


def read_story(
    story: FreeStory, cast: Sequence[Character], renderer: ReadingRenderer, pictures: PictureStore
) -> list[ReadFrame]:
    """Returns the frames of a story in order. Later frames are read without a refused text before them."""
    session = session_of(story, cast, renderer, pictures)
    scenes = story.as_maple_story().frames
    found = []
    for frame, scene in zip(story.frames, scenes, strict=True):
        renderer.picture, renderer.request = real_picture(scene.scene), None
        try:
            for _ in session.draw(session.add(frame.text).id):
                pass
        except StoryError:
            if renderer.request is not None:  # the text is not the reason
                raise
        read, words = (
            (None, None) if renderer.request is None else (renderer.read, _by_words(renderer.request))
        )
        found.append(ReadFrame(story.id, frame.text, frame.who, read, words))
    return found


def _by_words(request: FrameRequest) -> tuple[str, ...] | None:
    told = [frame.caption for frame in request.history]
    sentence, earlier = read_for(request.cast, request.resolved or request.caption, told)
    allowed = whom_words_allow(sentence, request.cast, earlier)
    return None if allowed is None else tuple(sorted(allowed))


def report(frames: Sequence[ReadFrame]) -> dict:
    """Returns the share of right frames with its interval over stories, and how words and reading contribute to it."""
    groups = np.array([one.story for one in frames])
    right = Ratio(np.array([int(one.right) for one in frames]), np.ones(len(frames), dtype=int))
    decided = [one for one in frames if one.words is not None]
    return {
        "frames": len(frames),
        "right": asdict(bootstrap(right, groups)),
        "words decide": len(decided),
        "words right": sum(set(one.words or ()) == set(one.truth) for one in decided),
        "right where words decide": sum(one.right for one in decided),
        "read": [asdict(one) for one in frames],
    }


def main(argv: list[str] | None = None) -> None:
    (args,) = HfArgumentParser(FreeReadingArguments).parse_args_into_dataclasses(argv)
    if args.stories is not None and args.stories < 1:
        raise StoryError(f"--stories {args.stories}: at least one is needed.")
    renderer = ReadingRenderer(StoryPipeline.from_pretrained(args.pipeline, reader="needed"))
    frames: list[ReadFrame] = []
    with tempfile.TemporaryDirectory() as workshop:
        pictures = PictureStore(Path(workshop))
        cast = load_cast(args.pipeline, pictures)
        for story in tqdm(
            load_free_stories(Path(args.written))[: args.stories], desc="stories", mininterval=2
        ):
            frames += read_story(story, cast, renderer, pictures)
    told = {"pipeline": args.pipeline} | report(frames)
    write_json(Path(args.json), told)
    print(json.dumps({name: value for name, value in told.items() if name != "read"}, indent=1))


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"free_reading: {error}")
