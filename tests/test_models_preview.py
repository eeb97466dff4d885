"""Rough pictures while a frame is drawn: calm from the first one on, with the same content as the model's guess."""

import torch

from storyboard.models.denoise import DenoiseStep
from storyboard.models.preview import Previewer, calmed, linear_colours

COLOURS = [[0.3, 0.1, 0.0], [0.0, 0.3, 0.1], [0.1, 0.0, 0.3], [0.1, 0.1, 0.1], [0.2, 0.2, 0.2]]  # (C + 1, 3)


def latents(deviation: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return deviation * torch.randn(2, 4, 8, 8, generator=generator)


def test_a_guess_that_guidance_pushed_apart_is_calmed_and_any_other_left_as_it_is():
    garish, calm = latents(3.0), latents(0.6)
    torch.testing.assert_close(calmed(garish).std(dim=(1, 2, 3)), torch.ones(2))
    torch.testing.assert_close(calmed(garish) * garish.std(dim=(1, 2, 3), keepdim=True), garish)
    assert torch.equal(calmed(calm), calm)


def test_each_picture_is_calmed_by_itself():
    both = torch.cat([latents(4.0)[:1], latents(0.6)[:1]])
    assert torch.equal(calmed(both)[1:], both[1:])


def test_an_early_look_shows_the_calmed_guess():
    guess = latents(5.0)[:1]
    previewer = Previewer(vae=None, colours=COLOURS, decode_seconds=0)
    seen = previewer.look(DenoiseStep(0, 15, torch.tensor(999), guess, guess), (16, 16))
    assert torch.equal(seen, linear_colours(calmed(guess), COLOURS, (16, 16)))
    clipped = (linear_colours(guess, COLOURS, (16, 16)).abs() == 1).float().mean()
    assert (seen.abs() == 1).float().mean() < 0.1 * clipped
