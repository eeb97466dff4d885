"""Maple Lane's base parts: what a run learns from, what it saves, and how a command ends that cannot continue."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch._subclasses.fake_tensor import FakeTensorMode

from storyboard.errors import StoryError
from storyboard.models.autoencoder import SharpAutoencoderKL, sharpened
from storyboard.models.latents import posterior_of, reconstruct
from storyboard.models.losses import IGNORED
from storyboard.models.portrait_encoder import PortraitEncoder
from tests import tiny
from tests.test_decoder import plain
from tests.test_training_chain import tiny_config
from training.configs.parts import load_vae
from training.pretrain import clip, portraits
from training.pretrain.__main__ import main as pretrain
from training.pretrain.autoencoder import AutoencoderTraining, Pictures, principal_components, with_channels
from training.pretrain.visual_mapper import answers_only


@pytest.fixture(scope="module")
def size(tmp_path_factory) -> list[str]:
    """Returns the flags of a parts folder with tokenizers."""
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
    """These commands accepted --ema and kept the average in their checkpoints, but saved the last step's weights."""
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
    """The noise came from the global source: a resumed run had other noise, and all processes had the same."""
    whole, half = pictures()(5, range(4)), pictures()(5, range(2, 4))
    assert (
        torch.equal(whole["noise"][2:], half["noise"]) and len({float(n.sum()) for n in whole["noise"]}) == 4
    )
    vae = tiny.vae()
    module = AutoencoderTraining(vae, 1e-3, *principal_components(vae, 2))
    assert torch.equal(module(whole)["loss"], module(whole)["loss"])


def test_nothing_is_anchored_where_nothing_is_to_be():
    """The first step was always anchored, even in a run that continued from trained weights without an anchor."""
    assert pictures(anchored=0)(0, range(1))["anchor"] == 0
    assert [pictures()(step, range(1))["anchor"] for step in (0, 5, 10)] == [1.0, 0.5, 0.0]


def test_more_latent_channels_keep_what_the_others_mean(tmp_path):
    """Twelve numbers for each patch had no room for anybody's eyes. The denoiser knows what these twelve mean."""
    old, pixels = tiny.vae(), torch.rand(1, 3, 32, 32) * 2 - 1
    has = old.config.latent_channels
    new = with_channels(old, has + 3).eval()
    before, after = posterior_of(old, pixels), posterior_of(new, pixels)
    assert torch.equal(before.mean, after.mean[:, :has]) and torch.equal(before.std, after.std[:, :has])
    assert (after.std[:, has:] < 0.2).all() and after.mean[:, has:].std() > 0
    off = (reconstruct(old, before.mean) - reconstruct(new, after.mean)).abs().mean()
    assert off < 0.1 * reconstruct(old, before.mean).abs().mean()
    assert with_channels(old, 0) is old and new.config.latents_mean is None
    with pytest.raises(StoryError, match=f"--latent_channels 1: the autoencoder has {has}"):
        with_channels(old, 1)


def test_an_autoencoder_goes_on_in_a_larger_world_and_keeps_its_head(tmp_path):
    """The pictures are then of anybody. The head for detail takes no part in the training, and is there afterwards."""
    assert not torch.equal(pictures()(0, range(2))["pixels"], pictures(world="open")(0, range(2))["pixels"])
    parts, flags = (
        tmp_path / "parts",
        ["--world", "mixed", "--latent_channels", "6", "--steps", "1", "--batch", "1"],
    )
    sharpened(plain()).save_pretrained(parts / "vae")
    pretrain(
        [
            "autoencoder",
            "--continued",
            "true",
            "--parts",
            str(parts),
            "--output_dir",
            str(tmp_path / "run"),
            *flags,
        ]
    )
    vae = load_vae(parts)
    assert isinstance(vae, SharpAutoencoderKL) and vae.config.latent_channels == 6
    trained = load_file(tmp_path / "run" / "checkpoint" / "trained.safetensors")
    assert torch.equal(trained["vae.decoder.conv_out.weight"], vae.decoder.conv_out.base.weight)
    assert not any("conv_out.ups" in name for name in trained)


def test_a_portrait_encoder_learns_anybody_and_resumes(size, tmp_path):
    """Its features depend on nothing but the picture, and a resumed run ends like an uninterrupted one."""
    parts, flags = Path(size[-1]), ["--batch", "4", "--probed", "40"]
    once, twice = tmp_path / "once", tmp_path / "twice"
    pretrain(["portraits", *size, *flags, "--steps", "4", "--output_dir", str(once)])
    weights = load_file(parts / "image_encoder" / "diffusion_pytorch_model.safetensors")
    pretrain(["portraits", *size, *flags, "--steps", "4", "--minutes", "1e-9", "--output_dir", str(twice)])
    pretrain(["portraits", *size, *flags, "--steps", "4", "--output_dir", str(twice)])
    again = load_file(parts / "image_encoder" / "diffusion_pytorch_model.safetensors")
    assert all(torch.allclose(weight, again[name], atol=1e-6) for name, weight in weights.items())
    encoder = PortraitEncoder.from_pretrained(parts / "image_encoder").eval()
    pixels = torch.randn(3, 3, 32, 32)
    alone = torch.cat([encoder(one[None]).image_embeds for one in pixels])
    assert torch.allclose(encoder(pixels).image_embeds, alone, atol=1e-5)
    assert len((once / "looks.jsonl").read_text().splitlines()) == 1


def test_portraits_come_again_and_are_seen_otherwise(monkeypatch):
    """Drawing a portrait costs as much as a training step."""
    monkeypatch.setattr(portraits, "WINDOW", 2)
    seen = portraits.Portraits(0, 2, tiny.image_processor())
    batches = [seen(step, range(2)) for step in range(2 * portraits.SHOWINGS + 1)]
    first, again, fresh = (batches[step]["looks"]["colours"] for step in (0, 2, 2 * portraits.SHOWINGS))
    assert torch.equal(first, again) and not torch.equal(first, fresh)
    assert not torch.equal(batches[0]["pixels"], batches[2]["pixels"])
    late = portraits.Portraits(0, 2, tiny.image_processor())(2, range(2))
    assert torch.equal(late["pixels"], batches[2]["pixels"])  # whatever came before it


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 widths and 1 blocks for 32 pixels"):
        PortraitEncoder(32, (8, 8), (1,))


def test_contrast_is_never_spread_over_processes(size, tmp_path, monkeypatch):
    """Each process compared only its own pictures, so two processes learned an easier task than one."""
    monkeypatch.setattr(clip, "loop_accelerator", lambda args: SimpleNamespace(num_processes=2))
    with pytest.raises(StoryError, match="2 processes"):
        pretrain(["clip", *size, "--output_dir", str(tmp_path)])


def test_questions_are_put_out_where_the_labels_are():
    """An index on the CPU left the questions out, which does not work with labels on a GPU."""
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
    """These commands ended in a traceback, with the useful sentence at its very end."""
    (tmp_path / "checkpoint").mkdir()  # the checkpoint of a run, but damaged
    monkeypatch.setattr(sys, "argv", [module, *(flag.format(tmp_path) for flag in flags)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert isinstance(ended.value.code, str) and len(ended.value.code) > 20
