"""Tiny pipelines with a mapper that reads words and points at people, and a cast for them."""

from PIL import Image

from storyboard.pipeline.story_pipeline import StoryPipeline
from storyboard.renderer import CastMember
from tests import tiny

PEOPLE = 4  # people for whom the mapper has a place


def cast(*names: str) -> tuple[CastMember, ...]:
    return tuple(
        CastMember(name, "she", (), Image.new("RGB", (16, 16), (40 * n, 90, 200)))
        for n, name in enumerate(names)
    )


def pointing_pipeline() -> StoryPipeline:
    built = tiny.pipeline(interleaved=False, first_frame="llm", context_frames=4)
    mapper = tiny.condition_mapper(reads_story=True, people=PEOPLE)
    built.register_modules(condition_mapper=mapper, visual_mapper=None)  # a reader of words does not need one
    return built
