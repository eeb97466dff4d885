"""What stage 2 reads of Maple Lane's cached stories: which frames are told, and which pictures come with them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from storyboard.errors import StoryError
from storyboard.text.captions import mentioned_names
from storyboard.text.prompt import PictureSlot
from tests import tiny
from training.align_llm.arguments import AlignArguments
from training.align_llm.prompts import PromptFitter, Prompts, first_told
from training.examples.latents import FRAMES
from training.maple_lane import CAST, sample_story
from training.maple_lane.reading import NAMES

STORIES = 6


class NumberedCache(SimpleNamespace):
    """Cached stories whose picture features are their own numbers, (story, frame)."""

    def __init__(self):
        numbers = torch.cartesian_prod(torch.arange(STORIES), torch.arange(FRAMES))
        frames = (STORIES, FRAMES)
        super().__init__(
            seeds=list(range(STORIES)),
            features=numbers.reshape(*frames, 2).float(),
            conditions=torch.zeros(*frames, 4, 3),
            named=torch.zeros(*frames, 4, dtype=torch.bool),
            portraits={(who.name, outfit): torch.zeros(1, 2) for who in CAST for outfit in who.outfits},
            width=2,
        )

    def __len__(self):
        return STORIES

    def story(self, index):
        return sample_story(self.seeds[index], FRAMES, "train")


@pytest.fixture(scope="module")
def fit():
    return PromptFitter(tiny.reader())


def examples(fit, **args) -> list[tuple[str, list[list[int]], int]]:
    """Returns for many prompts the text, the (story, frame) of each picture, and the portraits."""
    batch = Prompts(NumberedCache(), AlignArguments(output_dir="unused", **args), fit)(0, range(40))
    pictures = batch["frames"].int().split(batch["frame_counts"])
    texts = ["".join(p for p in parts if not isinstance(p, PictureSlot)) for parts in batch["parts"]]
    return list(zip(texts, [p.tolist() for p in pictures], batch["portrait_counts"], strict=True))


def test_a_prompt_begins_with_the_story(fit):
    for _, pictures, _ in examples(fit):
        assert [frame for _, frame in pictures] == list(range(len(pictures)))


def test_a_window_begins_inside_the_story_and_shows_the_cast_of_all_of_it(fit):
    begun = set()
    for text, pictures, portraits in examples(fit, window_share=1.0):
        if not pictures:
            continue
        story, first = pictures[0]
        assert pictures == [[story, first + number] for number in range(len(pictures))]
        frames = sample_story(story, FRAMES, "train").frames[: first + len(pictures) + 1]
        begun.add((first, len(pictures)))
        if first:
            named = {name for frame in frames for name in mentioned_names(frame.plain, NAMES)}
            assert portraits == len(named)
            told = [(f.plain in text) or (f.referential in text) for f in frames[first:]]
            assert all(told)
    assert begun == {(0, 1), (1, 1), (1, 2), (2, 1)}


def test_pictures_of_other_stories_than_the_conditions_are_refused(fit):
    """Both caches had the same number of stories, so pictures of other stories stood beside the conditions in L_img."""
    args = AlignArguments(output_dir="unused", latents="there", conditions="here")
    Prompts(
        NumberedCache(), args, fit, SimpleNamespace(seeds=[0, 1, 2], kinds=["cast"] * 3)
    )  # fewer stories, but the same ones
    with pytest.raises(StoryError, match="there and here hold other stories"):
        Prompts(NumberedCache(), args, fit, SimpleNamespace(seeds=[128, 129, 130], kinds=["cast"] * 3))


def test_a_window_leaves_a_picture_in_sight():
    rng = np.random.default_rng(0)
    found = {number: {first_told(number, 1.0, rng) for _ in range(50)} for number in range(4)}
    assert found == {0: {0}, 1: {0}, 2: {1}, 3: {1, 2}}
