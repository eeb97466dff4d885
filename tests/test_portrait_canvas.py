"""The portrait canvas: the denoiser sees portraits where people will stand, beside the latents."""

import dataclasses
import random

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from PIL import Image

from storyboard.models.denoise import denoise
from storyboard.models.losses import colour_emphasis, diffusion_loss
from storyboard.models.portrait_canvas import (
    STEP,
    canvas_of,
    column_of,
    encode_patch,
    has_plain_ground,
    no_canvas,
    patch_pixels,
)
from storyboard.models.stage import Spot, spots_of
from storyboard.people import random_look
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, finished
from tests import tiny
from tests.pointing import cast, pointing_pipeline
from training.examples.pixels import pixels_of
from training.examples.portrait_features import Portrait
from training.maple_lane import Actor, Scene, draw_portrait
from training.maple_lane.scene import draw_layers
from training.train_char_ldm.maple_lane import spots_in
from training.train_char_ldm.train import portrait_patches

SHAPE = (tiny.LATENT_CHANNELS, 16, 16)


def photograph() -> Image.Image:
    """Returns a picture whose ground is not plain: rows of light and dark bricks."""
    picture = Image.new("RGB", (64, 64))
    picture.putdata([(60 + x * 3 % 180, 90 + y * 5 % 150, 40) for y in range(64) for x in range(64)])
    return picture


@pytest.fixture
def drawing() -> StoryPipeline:
    return tiny.with_canvas(tiny.pipeline(language=False))


def test_patches_are_put_at_their_columns_and_what_is_outside_is_cut_off():
    patches = [lambda aside, colour=colour: torch.full((4, 16, 8), colour) for colour in (1.0, 2.0)]
    canvas = canvas_of(
        patches, [Spot(2 / 16, 1), Spot(16 / 16, -1)], SHAPE
    )  # their first columns are -2 and 12
    assert canvas[0].sum(0).tolist() == [16] * 6 + [0] * 6 + [32] * 4
    assert canvas[-1, 0].tolist() == [1] * 6 + [0] * 6 + [-1] * 4
    assert not canvas_of([], [], SHAPE).any()


@pytest.mark.parametrize("middle", [0.5, 0.28, 0.72, 0.18, 0.82, 0.0, 1.0, 0.123])
def test_a_person_stands_at_the_very_pixel(middle):
    """Patches were put at whole columns. Half a column aside a latent says nothing of where an outline is."""
    first, aside = column_of(middle, 16)
    assert abs((first + 4) / 16 + aside * STEP - middle) <= STEP / 2 and abs(aside * STEP) <= 1 / 32


def test_everybody_whom_training_shows_stands_on_a_plain_ground_and_photographs_do_not():
    looks = map(random_look, map(random.Random, range(40)))
    assert all(has_plain_ground(pixels_of(draw_portrait("Ada", look, 128))) for look in looks)
    assert not has_plain_ground(pixels_of(np.asarray(photograph())))


def test_people_are_as_large_as_in_a_scene_and_stand_on_its_ground():
    """All portraits were shrunk alike, so small people, whom a portrait enlarges, had their outlines elsewhere."""
    off = []
    for look in map(random_look, map(random.Random, range(9))):
        mask = draw_layers(Scene("park", (Actor("Ada", "", "standing", look=look),))).people["Ada"]
        there = mask.any(1).nonzero()[0]
        pixels = patch_pixels(pixels_of(draw_portrait("Ada", look, 256)), 0)
        rows = ((pixels - pixels[:, :1, :1]).abs().sum(0) > 0.3).any(1).nonzero().flatten().tolist()
        assert abs(rows[-1] - there[-1]) <= 6
        off.append(abs(rows[0] - there[0]))
    assert sorted(off)[len(off) // 2] <= 3 and max(off) <= 14


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_however_many_people_stand_from_left_to_right(count):
    middles = [spot.middle for spot in spots_of(count)]
    assert len(middles) == count and middles == sorted(middles) and 0 < middles[0] <= middles[-1] < 1


def test_people_face_each_other_and_one_alone_faces_the_right():
    """Nobody knew which way a runner faced who is alone, so the picture began as the mean of both, with two heads."""
    assert [spot.facing for count in (1, 2, 3) for spot in spots_of(count)] == [1, 1, -1, 1, 1, -1]
    scene = Scene(
        "park",
        tuple(
            Actor(name, "", "running", facing=way, x=x, look=random_look(random.Random(1)))
            for name, way, x in (("Ada", "left", 0.3), ("Bo", "right", 0.7))
        ),
    )
    assert [spot.facing for spot in spots_in(scene)] == [-1, 1]


def test_an_empty_ground_leaves_no_trace_whatever_its_colour():
    vae = tiny.vae()
    side = vae.config.sample_size
    for colour in (-0.5, 0.9):
        assert encode_patch(vae, torch.full((3, side, side // 2), colour)).abs().max() < 1e-5
    somebody = torch.full((3, side, side), 0.9)
    somebody[..., side // 4 :, side // 2 - 2 : side // 2 + 2] = -1
    assert encode_patch(vae, patch_pixels(somebody, 0)).abs().max() > 0.01


def test_training_puts_all_channels_of_a_portrait_on_the_canvas():
    """One channel of sixteen was taken for the portrait of everybody whose patch was not in a file yet."""
    vae = tiny.vae()
    seen = portrait_patches(vae)("Rosa", Portrait("raincoat", -3))
    portrait = pixels_of(draw_portrait("Rosa", "raincoat", vae.config.sample_size))
    torch.testing.assert_close(seen, encode_patch(vae, patch_pixels(portrait, -3)).half())


def test_the_denoiser_sees_whom_it_draws_in_their_order(drawing):
    people = cast("Rosa", "Nan")
    request = FrameRequest("Nan and Rosa wave.", people, (), seed=1)
    canvas = drawing._conditions.of(request, "char-ldm").canvas
    swapped = drawing._conditions.of(dataclasses.replace(request, caption="Rosa and Nan wave."), "char-ldm")
    assert canvas.any() and not torch.allclose(canvas, swapped.canvas)
    nobody = drawing._conditions.of(dataclasses.replace(request, caption="Night falls."), "char-ldm")
    assert not nobody.canvas.any() and not drawing._conditions.of(request, "text").canvas.any()


def test_a_portrait_changes_the_picture_by_its_canvas_alone(drawing):
    side = drawing.vae.config.sample_size
    red, blue = (Image.new("RGB", (side, side), "white") for _ in range(2))
    red.paste("red", (side // 3, 2, 2 * side // 3, side))
    blue.paste("blue", (side // 3, 2, 2 * side // 3, side))
    drawing.fuser.forward = lambda text, image: text  # the name carries no portrait
    drawn = []
    for portrait in (red, blue):
        request = FrameRequest("Rosa waves.", (CastMember("Rosa", "she", (), portrait),), (), seed=1)
        drawn.append(finished(drawing, request).picture)
        assert drawing.generate_together([request, request])[1].picture.size == drawn[0].size
    assert drawn[0].tobytes() != drawn[1].tobytes()


def test_a_denoiser_from_before_facing_was_told_reads_the_rest_of_the_canvas(drawing):
    channels = drawing.unet.config.out_channels
    narrow = torch.nn.Conv2d(2 * channels, drawing.unet.conv_in.out_channels, 3, padding=1)
    drawing.unet.conv_in = narrow
    drawing.unet.register_to_config(in_channels=2 * channels)
    request = FrameRequest("Rosa waves.", cast("Rosa"), (), seed=1)
    assert finished(drawing, request).picture.size == (drawing.vae.config.sample_size,) * 2


def test_a_photograph_is_not_put_on_the_canvas(drawing):
    """Of a photograph a patch is a small picture in the picture, and no training has shown one."""
    people = (CastMember("Rosa", "she", (), photograph()),)
    assert not drawing._conditions.of(
        FrameRequest("Rosa waves.", people, (), seed=1), "char-ldm"
    ).canvas.any()


def test_a_reader_that_points_says_who_is_on_the_canvas():
    pipeline = tiny.with_canvas(pointing_pipeline())
    people, history = cast("Rosa", "Nan"), (ContextFrame("Rosa waits.", Image.new("RGB", (32, 32))),)
    frame = pipeline._conditions.of(FrameRequest("She waves and Nan sleeps.", people, history, seed=1), "llm")
    shown = [name for name, columns in frame.people.items() if columns]
    assert frame.canvas.any() == bool(shown)


def test_the_null_half_and_calls_before_the_merge_see_an_empty_canvas():
    seen = []

    def network(sample, timestep, encoder_hidden_states):
        seen.append(sample[:, tiny.LATENT_CHANNELS :])
        return type("Out", (), {"sample": torch.zeros_like(sample[:, : tiny.LATENT_CHANNELS])})

    noise, states = torch.randn(1, *SHAPE), torch.randn(1, 3, 8)
    list(
        denoise(
            network,
            tiny.scheduler(),
            noise,
            states,
            states,
            steps=2,
            guidance=2,
            text=states,
            start_merge_step=0,
            canvas=no_canvas(noise) + 1,
        )  # fmt: skip
    )
    first, second = seen
    assert not first.any() and not second[0].any() and second[1].all()


def test_an_error_of_colours_counts_as_often_as_it_is_told():
    colours = torch.cat(
        [torch.eye(4)[:, :3], torch.zeros(1, 3)]
    )  # (C + 1, 3): the first three channels are colours

    def loss(off: torch.Tensor, emphasis: torch.Tensor | None) -> float:
        def network(sample, timestep, encoder_hidden_states):
            return type("Out", (), {"sample": noise + off.view(1, 4, 1, 1)})

        return float(
            diffusion_loss(
                network, DDPMScheduler(), latents, None, noise, torch.tensor([500]), colours=emphasis
            )
        )

    latents, noise = torch.randn(2, 1, *SHAPE)
    emphasis = colour_emphasis(colours, 5)
    red, shape = torch.tensor([1.0, 0, 0, 0]), torch.tensor([0, 0, 0, 1.0])
    assert loss(red, emphasis) == pytest.approx(5 * loss(red, None))
    assert loss(shape, emphasis) == pytest.approx(loss(shape, None))
