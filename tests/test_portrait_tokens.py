"""Portrait tokens: the denoiser reads the portraits of the people it draws, behind the caption."""

import dataclasses

import pytest
import torch
from PIL import Image

from storyboard.models.portrait_tokens import PortraitTokens
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, finished
from tests import tiny
from tests.pointing import cast, pointing_pipeline

SIZES = {"channels": tiny.LATENT_CHANNELS, "side": 8, "columns": 4, "patch": (1, 2)}


def tokens(width: int = 8) -> PortraitTokens:
    torch.manual_seed(0)
    return PortraitTokens(width, **SIZES)


@pytest.fixture
def drawing() -> StoryPipeline:
    pipeline = tiny.pipeline(language=False)
    pipeline.register_modules(portrait_tokens=tokens(pipeline.text_encoder.config.hidden_size))
    return pipeline


def test_the_tokens_of_missing_people_are_zeros_and_nobody_is_squeezed_in():
    part = tokens()
    assert part.each == 16 and part.length == 48
    condition, people = torch.randn(3, 5, 8), torch.randn(4, tiny.LATENT_CHANNELS, 8, 4)
    read = part.after(condition, [people[:2], torch.zeros(0), people])
    assert read.shape == (3, 53, 8) and torch.equal(read[:, :5], condition)
    assert not read[0, 37:].any() and not read[1, 5:].any()
    torch.testing.assert_close(read[2, 5:37], read[0, 5:37])  # the fourth person of row 2 has no room
    torch.testing.assert_close(read[2, 37:], part(people[2:3], torch.tensor([2]))[0])


def test_equal_portraits_of_two_people_differ_by_their_order():
    part, portrait = tokens(), torch.randn(1, tiny.LATENT_CHANNELS, 8, 4).expand(2, -1, -1, -1)
    first, second = part(portrait, torch.tensor([0, 1]))
    assert (first - second).abs().mean() > 0.1


def test_a_token_holds_its_own_part_of_the_portrait():
    part, portrait = tokens(), torch.zeros(2, tiny.LATENT_CHANNELS, 8, 8)
    portrait[1, :, 0, 2:4] = 1  # the upper left corner of the middle
    plain, changed = part(part.middle(portrait), torch.tensor([0, 0]))
    moved = (plain - changed).abs().sum(-1) > 1e-6
    assert moved.tolist() == [True] + [False] * 15


def test_patches_that_do_not_fill_the_portrait_are_refused():
    with pytest.raises(ValueError, match="3x2"):
        PortraitTokens(8, 4, side=8, columns=4, patch=(3, 2))


def test_the_denoiser_reads_the_portraits_of_whom_it_draws(drawing):
    people = cast("Rosa", "Nan")
    request = FrameRequest("Nan and Rosa wave.", people, (), seed=1)
    frame = drawing._conditions.of(request, "char-ldm")
    length = frame.condition.shape[1]
    read, null = frame.with_tokens(frame.condition), frame.without_tokens(frame.null)
    assert read.shape[1] == null.shape[1] == length + 48 and not null[:, length:].any()
    swapped = drawing._conditions.of(dataclasses.replace(request, caption="Rosa and Nan wave."), "char-ldm")
    assert not torch.allclose(read[:, length:], swapped.with_tokens(swapped.condition)[:, length:])
    nobody = drawing._conditions.of(dataclasses.replace(request, caption="Night falls."), "char-ldm")
    assert not nobody.tokens.any()
    assert not drawing._conditions.of(request, "text").tokens.any()


def test_a_portrait_changes_the_picture_by_its_tokens_alone(drawing):
    member = CastMember("Rosa", "she", (), Image.new("RGB", (32, 32), "red"))
    request = FrameRequest("Rosa waves.", (member,), (), seed=1)
    drawing.fuser.forward = lambda text, image: text  # the name carries no portrait
    red = finished(drawing, request).picture
    blue = dataclasses.replace(member, portrait=Image.new("RGB", (32, 32), "blue"))
    assert finished(drawing, dataclasses.replace(request, cast=(blue,))).picture.tobytes() != red.tobytes()
    with_red = drawing.generate_together([request, request])
    assert with_red[0].picture.size == red.size


def test_a_reader_that_points_gives_the_order_of_the_condition():
    pipeline = pointing_pipeline()
    pipeline.register_modules(portrait_tokens=tokens(pipeline.text_encoder.config.hidden_size))
    people, history = cast("Rosa", "Nan"), (ContextFrame("Rosa waits.", Image.new("RGB", (32, 32))),)
    frame = pipeline._conditions.of(FrameRequest("She waves and Nan sleeps.", people, history, seed=1), "llm")
    shown = [name for name, columns in frame.people.items() if columns]
    assert int(frame.tokens.view(3, 16, -1).abs().sum((1, 2)).gt(0).sum()) == len(shown)
