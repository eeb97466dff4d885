"""A pipeline opened to draw as fast as the machine can: what a GPU would run, on a CPU at tiny size."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from huggingface_hub import cached_assets_path
from PIL import Image

from storyboard.models import prepared
from storyboard.models.onnx_unet import OnnxUNet
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.engine import WHOLE, mixed, open_fastest, precisions, quickened
from storyboard.renderer import CastMember, ContextFrame, FrameRequest
from tests import tiny

PORTRAIT = Image.linear_gradient("L").convert("RGB").resize((16, 16))
FIRST = FrameRequest("Rosa waves.", (CastMember("Rosa", "she", (), PORTRAIT),), (), 3, explain=True)
LATER = replace(FIRST, caption="She sits down.", history=(ContextFrame("Rosa waves.", PORTRAIT),))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder for prepared denoisers: nothing of this machine itself is read or written."""
    kept = partial(cached_assets_path, assets_dir=tmp_path / "assets")
    monkeypatch.setattr(prepared, "cached_assets_path", kept)


@pytest.fixture
def folder(tmp_path):
    tiny.pipeline().save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def drawn(pipeline, request):
    *_, rendered = pipeline.generate(request)
    return rendered


def pixels(rendered):
    return np.asarray(rendered.picture, np.float32)


@pytest.mark.parametrize("request_", [FIRST, LATER], ids=["first", "later"])
def test_in_half_precision_it_draws_nearly_the_same_and_explains_it(folder, request_):
    """Half of the precision was lost at every step, because the latents were rounded to the precision of the UNet."""
    half = StoryPipeline.from_pretrained(folder, dtype=mixed(torch.bfloat16))
    assert half.unet.dtype == half.language_model.dtype == half.text_encoder.dtype == torch.bfloat16
    assert {getattr(half, name).dtype for name in WHOLE if getattr(half, name) is not None} == {torch.float32}
    found, expected = drawn(half, request_), drawn(tiny.pipeline(), request_)
    assert np.abs(pixels(found) - pixels(expected)).mean() < 3
    assert [name for name, _ in found.attention] == [name for name, _ in expected.attention]
    steps = list(half._denoise(half._noise([1]), [half._conditions.of(request_, "text")], 2, 3.0))
    assert {step.latents.dtype for step in steps} == {torch.float32}


def test_frames_drawn_together_in_half_precision_are_those_drawn_alone(folder):
    half = StoryPipeline.from_pretrained(folder, dtype=mixed(torch.bfloat16))
    requests = [replace(FIRST, seed=seed, explain=False) for seed in range(3)]
    for together, alone in zip(half.generate_together(requests), requests, strict=True):
        assert np.abs(pixels(together) - pixels(drawn(half, alone))).mean() < 3


def test_a_cpu_draws_in_full_precision_and_cuda_in_bfloat16_where_it_has_it(monkeypatch):
    assert precisions(torch.device("cpu")) == torch.float32
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert precisions(torch.device("cuda")) == mixed(torch.bfloat16)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert precisions(torch.device("cuda")) == torch.float32


def test_a_folder_is_opened_with_the_engine_that_is_asked_for(folder):
    assert isinstance(open_fastest(folder, device="cpu").network, OnnxUNet)
    assert open_fastest(folder, "torch", device="cpu").network is None


def test_compiled_it_draws_the_same_and_records_with_the_unet_itself(monkeypatch):
    """It is compiled by dynamo, without a C++ compiler, which a machine may lack."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    pipeline = quickened(tiny.pipeline(), "compiled")
    found, expected = drawn(pipeline, FIRST), drawn(tiny.pipeline(), FIRST)
    assert np.abs(pixels(found) - pixels(expected)).max() <= 1
    assert found.attention[0][1].tobytes() == expected.attention[0][1].tobytes()
