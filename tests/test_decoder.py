"""The decoder for hard edges: it starts as the plain one, learns without changing a latent, and is deployed."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.models.autoencoder import SharpAutoencoderKL, sharpened
from storyboard.models.latents import decode_latents, encode_pictures
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import FrameRequest
from tests import tiny
from training.configs.parts import load_vae
from training.loop import LoopArguments, TrainingRun
from training.pretrain.__main__ import main as pretrain
from training.pretrain.autoencoder import Pictures
from training.pretrain.decoder import DecoderTraining, NoisyPictures, initial_vae
from training.pretrain.discriminator import PatchDiscriminator
from training.pretrain.edges import edge_difference, tones

SIZE, SIDE = 32, 2  # pixels on each side of a picture, and latents


def plain() -> AutoencoderKL:
    """Returns a plain autoencoder with patches of 4x4 pixels: 32x32 pixels are 2x2 latents."""
    torch.manual_seed(5)
    return AutoencoderKL(
        in_channels=48,
        out_channels=48,
        block_out_channels=(4, 4, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=tiny.LATENT_CHANNELS,
        norm_num_groups=2,
        sample_size=SIZE,
        latents_mean=[0.1, 0.2, -0.1, 0.0],
        latents_std=[0.5, 1.0, 0.7, 0.9],
    ).eval()


def trained_a_little(vae: SharpAutoencoderKL) -> SharpAutoencoderKL:
    """Returns it with a head that adds something."""
    torch.nn.init.normal_(vae.decoder.conv_out.out.weight, std=0.1)
    return vae


@pytest.fixture
def parts(tmp_path) -> Path:
    """Returns a folder of parts with a plain autoencoder."""
    plain().save_pretrained(tmp_path / "parts" / "vae")
    return tmp_path / "parts"


def batches() -> NoisyPictures:
    return NoisyPictures(Pictures(0, SIZE, 0, 2.0, (tiny.LATENT_CHANNELS, SIDE, SIDE)), alone=2)


def run(parts: Path, folder: Path) -> TrainingRun:
    args = LoopArguments(output_dir=str(folder), steps=5, batch=2, ema=0.9, warmup=2)
    torch.manual_seed(0)
    return TrainingRun(DecoderTraining(initial_vae(parts), 0.5, 1.0), batches(), args)


def pixels() -> torch.Tensor:
    return batches()(0, range(2))["pixels"]


def test_a_fresh_head_changes_nothing():
    before, after = plain(), sharpened(plain())
    latents = encode_pictures(before, pixels())
    assert torch.equal(latents, encode_pictures(after, pixels()))
    torch.testing.assert_close(decode_latents(after, latents), decode_latents(before, latents))


def test_a_head_must_end_at_single_pixels():
    with pytest.raises(ValueError, match=r"patches of 2x2 pixels, and the autoencoder has patches of 4x4"):
        SharpAutoencoderKL.from_config(plain().config, detail_channels=(8, 4))


def test_training_touches_the_decoder_alone(parts, tmp_path):
    """All cached latents must stay valid, and so must the denoiser that was trained on them."""
    before = load_vae(parts)
    flags = ["--output_dir", str(tmp_path / "run"), "--steps", "3", "--world", "mixed"]
    pretrain(["decoder", "--parts", str(parts), *flags])
    after = load_vae(parts)
    assert isinstance(after, SharpAutoencoderKL)
    for part in ("encoder", "quant_conv"):
        for name, weight in getattr(before, part).state_dict().items():
            assert torch.equal(weight, getattr(after, part).state_dict()[name]), f"{part}.{name}"
    assert after.config.latents_mean == before.config.latents_mean
    assert after.config.latents_std == before.config.latents_std
    assert after.decoder.conv_out.out.weight.abs().max() > 0
    (file,) = (parts / "vae").glob("*.safetensors")
    averages = load_file(tmp_path / "run" / "checkpoint" / "ema.safetensors")
    assert torch.equal(load_file(file)["decoder.conv_in.weight"], averages["vae.decoder.conv_in.weight"])


def test_a_resumed_run_ends_with_bit_equal_weights_the_discriminators_too(parts, tmp_path):
    """Runs differ if a discriminator has state besides its weights, such as the vectors of a power iteration."""
    whole, halves = run(parts, tmp_path / "whole"), run(parts, tmp_path / "halves")
    for _ in whole:
        pass
    for stats in halves:
        if stats.step == 3:
            halves.save()
            break
    resumed = run(parts, tmp_path / "halves")
    assert resumed.step == 3
    for _ in resumed:
        pass
    for name, weight in whole.module.state_dict().items():
        assert torch.equal(weight, resumed.module.state_dict()[name]), name


def test_a_second_run_goes_on_from_the_first_ones_head(parts):
    trained_a_little(initial_vae(parts)).save_pretrained(parts / "vae")
    again = initial_vae(parts)
    assert torch.equal(again.decoder.conv_out.out.weight, load_vae(parts).decoder.conv_out.out.weight)


def test_statistics_are_measured_before_the_decoder_is_trained(parts, tmp_path):
    vae = plain()
    vae.register_to_config(latents_mean=None, latents_std=None)
    vae.save_pretrained(parts / "vae")
    with pytest.raises(StoryError, match="run: python -m training.pretrain latents"):
        pretrain(["decoder", "--parts", str(parts), "--output_dir", str(tmp_path / "run")])


def test_each_side_of_the_game_learns_by_its_own_loss_alone():
    torch.manual_seed(0)
    judge, real = PatchDiscriminator(8), pixels()
    drawn = (0.5 * real).requires_grad_()
    judge.mistakes(real, drawn).backward()
    untouched = drawn.grad
    assert untouched is None and all(p.grad is not None for p in judge.parameters())
    judge.zero_grad()
    judge.doubts(drawn).sum().backward()
    assert drawn.grad.abs().max() > 0 and all(p.grad is None for p in judge.parameters())


def test_the_adversary_is_not_heard_before_its_time(parts):
    """At first the adversary has learned nothing, and could lead a decoder anywhere."""
    assert [batches()(step, range(1))["heard"] for step in (0, 2, 3, 4, 9)] == [0, 0, 0.5, 1, 1]
    torch.manual_seed(0)
    training, batch = DecoderTraining(initial_vae(parts), 0.5, 1.0), batches()(1, range(2))
    gradients = {}
    for heard in (0.0, 0.5, 1.0):
        training.zero_grad()
        training({**batch, "heard": heard})["loss"].backward()
        gradients[heard] = training.vae.decoder.conv_out.base.weight.grad.clone()
        learns = any(p.grad.abs().max() > 0 for p in training.discriminator.parameters())
        assert learns == (heard > 0)
    half, whole = (gradients[heard] - gradients[0.0] for heard in (0.5, 1.0))
    assert whole.abs().max() > 0
    torch.testing.assert_close(2 * half, whole, rtol=1e-3, atol=1e-6)


def test_soft_edges_rings_and_dots_are_told_from_a_hard_edge_that_is_a_little_off():
    """The absolute error cannot tell them apart: it prefers a soft edge to a hard edge in the next pixel."""
    hard, shifted = torch.full((1, 3, SIZE, SIZE), -1.0), torch.full((1, 3, SIZE, SIZE), -1.0)
    hard[..., SIZE // 2 + 1 :], shifted[..., SIZE // 2 + 2 :] = 1, 1
    soft = F.avg_pool2d(F.pad(hard, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    rings, dots = hard.clone(), hard.clone()
    rings[..., SIZE // 2 + 2 : SIZE // 2 + 4] += 0.5
    dots[..., ::8, ::8] += 0.5
    weights = torch.ones(1, 1, SIZE, SIZE)
    off = {
        name: float(edge_difference(drawn, hard, weights))
        for name, drawn in {"soft": soft, "rings": rings, "dots": dots, "shifted": shifted}.items()
    }
    assert float(edge_difference(hard, hard, weights)) == 0
    assert off["shifted"] < 0.5 * min(off["soft"], off["rings"], off["dots"]), off


def test_the_adversary_cannot_move_broad_colours(parts):
    """The adversary made whole pictures green, because the colour of large areas is the easiest thing to object to."""
    drawn = pixels().requires_grad_()
    detail = drawn + tones(pixels()) - tones(drawn)
    (gradient,) = torch.autograd.grad(PatchDiscriminator(8).doubts(detail).sum(), drawn)
    assert gradient.mean(dim=(2, 3)).abs().max() < 0.02 * gradient.abs().mean()


def test_a_pipeline_with_a_sharp_decoder_is_saved_loaded_and_draws_and_an_old_one_still_does(tmp_path):
    for vae in (plain(), trained_a_little(sharpened(plain()))):
        pipeline = tiny.pipeline(language=False)
        pipeline.register_modules(vae=vae)
        folder = tmp_path / type(vae).__name__
        pipeline.save_pretrained(folder)
        loaded = StoryPipeline.from_pretrained(folder)
        loaded.set_progress_bar_config(disable=True)
        assert type(loaded.vae) is type(vae)
        request = FrameRequest("Rosa waves.", (), (), seed=3)
        (*_, before), (*_, after) = pipeline.render(request), loaded.render(request)
        assert before.picture.size == (128, 128) and before.picture.tobytes() == after.picture.tobytes()


@pytest.mark.parametrize("module", ["storyboard.pipeline", "training.story_ldm.pipeline"])
def test_a_pipeline_knows_the_sharp_decoder_without_anybody_else_importing_it(module):
    """diffusers loads a part only after its module has been imported, so the bundled folder was refused."""
    asked = f"import sys, {module}; sys.exit('{SharpAutoencoderKL.__module__}' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked]).returncode == 0
