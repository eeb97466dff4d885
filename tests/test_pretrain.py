"""Maple Lane's base parts: what a run learns from, what it saves, and how a command that cannot go on ends."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch._subclasses.fake_tensor import FakeTensorMode

from storyboard.errors import StoryError
from storyboard.models.losses import IGNORED
from tests import tiny
from tests.test_training_chain import tiny_config
from training.pretrain import clip
from training.pretrain.__main__ import main as pretrain
from training.pretrain.autoencoder import AutoencoderTraining, Pictures, principal_components
from training.pretrain.visual_mapper import answers_only


@pytest.fixture(scope="module")
def size(tmp_path_factory) -> list[str]:
    """The flags of a parts folder that has tokenizers."""
    folder = tmp_path_factory.mktemp("base")
    flags = ["--config", str(tiny_config(folder)), "--parts", str(folder / "parts")]
    pretrain(["tokenizers", *flags, "--stories", "20"])
    return flags


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("autoencoder", ["vae"]),
        ("clip", ["text_encoder", "image_encoder"]),
        ("language-model", ["language_model"]),
    ],
)
def test_the_average_is_what_is_saved(name, parts, size, tmp_path):
    """These took --ema, kept the average in their checkpoints, and saved the last step's weights."""
    flags = ["--steps", "3", "--batch", "2", "--ema", "0.9", "--output_dir", str(tmp_path)]
    pretrain([name, *size, *flags])
    averages = list(load_file(tmp_path / "checkpoint" / "ema.safetensors").values())
    for part in parts:
        (file,) = (Path(size[-1]) / part).glob("*.safetensors")
        for key, weight in load_file(file).items():
            assert any(weight.shape == one.shape and torch.equal(weight, one) for one in averages), key


def pictures(**changes) -> Pictures:
    return Pictures(**{"seed": 0, "size": 32, "anchored": 10, "figures": 2.0, "latent": (4, 8, 8)} | changes)


def test_the_noise_of_a_picture_is_its_rows():
    """It came from the global source: a resumed run saw other noise, and all processes saw the same."""
    whole, half = pictures()(5, range(4)), pictures()(5, range(2, 4))
    assert (
        torch.equal(whole["noise"][2:], half["noise"]) and len({float(n.sum()) for n in whole["noise"]}) == 4
    )
    vae = tiny.vae()
    module = AutoencoderTraining(vae, 1e-3, *principal_components(vae, 2))
    assert torch.equal(module(whole)["loss"], module(whole)["loss"])


def test_nothing_is_anchored_where_nothing_is_to_be():
    """The first step was, also of a run that went on from trained weights."""
    assert pictures(anchored=0)(0, range(1))["anchor"] == 0
    assert [pictures()(step, range(1))["anchor"] for step in (0, 5, 10)] == [1.0, 0.5, 0.0]


def test_contrast_is_never_spread_over_processes(size, tmp_path, monkeypatch):
    """Each compared its own pictures alone, so that two processes learned an easier task than one."""
    monkeypatch.setattr(clip, "loop_accelerator", lambda args: SimpleNamespace(num_processes=2))
    with pytest.raises(StoryError, match="2 processes"):
        pretrain(["clip", *size, "--output_dir", str(tmp_path)])


def test_questions_are_put_out_where_the_labels_are():
    """An index on the CPU put them out, which the labels on a GPU refuse."""
    assert answers_only(torch.tensor([5, 6, 7, 8]), 2).tolist() == [IGNORED, IGNORED, 7, 8]
    with FakeTensorMode():
        assert answers_only(torch.zeros(4, dtype=torch.long, device="cuda"), 2).device.type == "cuda"


@pytest.mark.parametrize(
    ("module", "flags"),
    [
        ("training.pretrain", ["latents", "--stories", "300"]),
        ("training.assemble", ["--parts", "{}", "--out", "{}/out"]),
        ("training.story_ldm", ["--parts", "{}", "--output_dir", "{}/run"]),
        ("training.evaluate", ["--json", "{}/told.json", "--stories", "0"]),
        ("training.evaluate.attention_overlap", ["--pipeline", "{}", "--json", "{}/told.json"]),
        ("training.evaluate.classifier", ["--output_dir", "{}"]),
        ("training.evaluate.captioner", ["--output_dir", "{}"]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_what_cannot_go_on_ends_in_one_sentence(module, flags, tmp_path, monkeypatch):
    """These ended in a traceback, its sentence at the very bottom."""
    (tmp_path / "checkpoint").mkdir()  # of a run: one that is damaged
    monkeypatch.setattr(sys, "argv", [module, *(flag.format(tmp_path) for flag in flags)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert isinstance(ended.value.code, str) and len(ended.value.code) > 20
