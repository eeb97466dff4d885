"""The training loop: an interrupted run ends with the weights of one that never stopped."""

import pytest
import torch
from torch import nn

from training.loop import LoopArguments, TrainingRun, learning_rate, row_generator


class Regression(nn.Module):
    """Fits a fixed linear map; one of its layers is frozen."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.learns, self.frozen = nn.Linear(4, 4), nn.Linear(4, 4).requires_grad_(False)

    def forward(self, batch):
        return {"loss": (self.learns(batch["x"]) - self.frozen(batch["x"])).square().mean()}


def batch_at(step: int, rows: range) -> dict:
    return {"x": torch.stack([torch.randn(4, generator=row_generator(0, step, row)) for row in rows])}


def run(folder, **changes) -> TrainingRun:
    args = LoopArguments(
        output_dir=str(folder), **{"steps": 40, "batch": 4, "lr": 1e-2, "ema": 0.9, **changes}
    )
    return TrainingRun(Regression(), batch_at, args)


def finish(training: TrainingRun, until: int | None = None) -> TrainingRun:
    for stats in training:
        if stats.step == until:
            training.save()
            break
    return training


def test_a_run_interrupted_at_20_of_40_steps_ends_with_bit_equal_weights(tmp_path):
    whole = finish(run(tmp_path / "whole"))
    finish(run(tmp_path / "halves"), until=20)
    resumed = run(tmp_path / "halves")
    assert resumed.step == 20
    finish(resumed)
    for name, weight in whole.module.state_dict().items():
        assert torch.equal(weight, resumed.module.state_dict()[name]), name
    for name, weight in whole.ema.weights.items():
        assert torch.equal(weight, resumed.ema.weights[name]), name


def test_a_checkpoint_holds_only_what_is_trained(tmp_path):
    from safetensors.torch import load_file

    finish(run(tmp_path))
    assert set(load_file(tmp_path / "checkpoint" / "trained.safetensors")) == {"learns.weight", "learns.bias"}


def test_a_crash_while_saving_leaves_the_last_complete_checkpoint(tmp_path):
    """The old checkpoint is moved aside before the new one takes its name; a kill between must not lose both."""
    finish(run(tmp_path), until=7)
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.old")
    assert run(tmp_path).step == 7


def test_averaged_weights_are_put_back(tmp_path):
    training = finish(run(tmp_path, steps=5))
    before = training.module.learns.weight.clone()
    with training.averaged():
        assert not torch.equal(before, training.module.learns.weight)
    assert torch.equal(before, training.module.learns.weight)


def test_a_checkpoint_of_another_model_is_refused_by_its_first_odd_key(tmp_path):
    finish(run(tmp_path, steps=3))
    other = nn.Sequential(nn.Linear(4, 4))
    with pytest.raises(ValueError, match="first key that differs is '0.bias'"):
        TrainingRun(other, batch_at, LoopArguments(output_dir=str(tmp_path), steps=3, batch=4, ema=0.9))


def test_learning_rate_warms_up_holds_and_decays():
    args = LoopArguments(output_dir="", steps=100, warmup=10, lr=1.0, decay=0.5)
    rates = [learning_rate(step, args) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == rates[49] == 1.0
    assert all(a >= b for a, b in zip(rates[50:], rates[51:], strict=False)) and rates[-1] < 0.03
