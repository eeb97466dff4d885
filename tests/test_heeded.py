"""Whether a way for portraits into the denoiser is heeded, measured on frames of people nobody has met."""

import pytest
import torch

from tests import tiny
from training.evaluate.heeded import ARMS, measure


@pytest.fixture
def drawing():
    pipeline = tiny.with_canvas(tiny.pipeline(language=False))
    colours = torch.randn(tiny.LATENT_CHANNELS + 1, 3, generator=torch.Generator().manual_seed(0))
    pipeline.register_to_config(preview_colours=colours.tolist())
    return pipeline


def test_a_canvas_that_is_not_heeded_gives_equal_errors_and_one_that_is_does_not(drawing):
    """Tokens of portraits were bundled for a day before anybody saw that the denoiser did not read them."""
    report = measure(drawing, stories=1)
    assert set(ARMS) <= set(report)
    assert report["own"]["mean"] != report["other beside"]["mean"] != report["none beside"]["mean"]
    assert report["own"]["mean"] != report["other on the name"]["mean"]
    with torch.no_grad():
        drawing.unet.conv_in.weight[:, tiny.LATENT_CHANNELS :] = 0
    report = measure(drawing, stories=1)
    assert report["own"] == report["other beside"] == report["none beside"]
