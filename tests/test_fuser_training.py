"""A fuser that keeps what portraits of strangers show, and does not change the cast's vectors."""

import torch
from safetensors.torch import load_file

from storyboard.models.fusion import CharacterFuser
from tests import tiny
from tests.parts_folder import CAPTION_TOKENS, write_parts
from training.loop import TrainingRun
from training.pretrain import fuser as command
from training.pretrain.fuser import FuserArguments, FuserExamples, FuserTraining, Seen, kept

WORDS, FEATURES = 24, 12


def test_what_portraits_show_is_in_the_fused_vectors_and_the_cast_stays(tmp_path):
    """A fuser that was trained only through the denoiser lost half of what makes strangers different."""
    torch.manual_seed(0)
    shown = torch.randn(FEATURES, 20)

    def seen(count: int) -> Seen:
        features = torch.randn(count, FEATURES)
        return Seen(features, features @ shown)

    words, strangers, others, cast = torch.randn(9, WORDS), seen(300), seen(60), seen(4)
    module = FuserTraining(CharacterFuser(WORDS, FEATURES), strangers.latents)
    assert kept(module, words, others) < 0.05
    args = FuserArguments(output_dir=str(tmp_path), steps=500, batch=32, lr=3e-3, warmup=10)
    for _ in TrainingRun(module, FuserExamples(0, words, strangers, cast), args):
        pass
    assert kept(module, words, others) > 0.5
    with torch.no_grad():
        batch = words[:4], cast.features
        moved = (module.fuser(*batch) - module.before(*batch)).square().mean()
        apart = (module.fuser(words[:4], others.features[:4]) - module.before(*batch)).square().mean()
    assert moved < 0.1 * apart


def test_examples_follow_from_seed_and_step():
    words, people = torch.randn(9, WORDS), Seen(torch.randn(30, FEATURES), torch.randn(30, 5))
    examples = FuserExamples(0, words, people, people)
    one, again, next_one = examples(3, range(4)), examples(3, range(4)), examples(4, range(4))
    assert all(torch.equal(*pair) for pair in zip(one.values(), again.values(), strict=True))
    assert not torch.equal(one["features"], next_one["features"])


def test_the_command_trains_the_fuser_of_a_folder_and_keeps_its_portraits(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
    monkeypatch.setattr(command, "PORTRAIT", 32)
    monkeypatch.setattr(command, "TELLINGS", 3)
    write_parts(tmp_path / "parts")
    before = load_file(tmp_path / "parts/char_ldm/fuser/diffusion_pytorch_model.safetensors")
    flags = ["--parts", str(tmp_path / "parts"), "--output_dir", str(tmp_path / "run")]
    flags += ["--strangers", "20", "--batch", "4"]
    command.main([*flags, "--steps", "2"])
    seen = tmp_path / "run/seen.safetensors"
    drawn = seen.stat().st_mtime_ns
    after = load_file(tmp_path / "parts/char_ldm/fuser/diffusion_pytorch_model.safetensors")
    assert before.keys() == after.keys() and any(
        not torch.equal(before[name], after[name]) for name in before
    )
    assert "of the portraits of people not met" in capsys.readouterr().out
    command.main([*flags, "--steps", "3"])
    assert seen.stat().st_mtime_ns == drawn
