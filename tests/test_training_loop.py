"""The training loop: an interrupted run ends with the weights of one that never stopped."""

import json

import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from transformers import HfArgumentParser

from storyboard.errors import StoryError
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


def test_two_runs_never_share_a_folder(tmp_path):
    """They used to write their checkpoints over each other's without a word."""
    first = iter(run(tmp_path))
    next(first)
    with pytest.raises(StoryError, match="Another run is training"):
        next(iter(run(tmp_path)))
    first.close()
    assert next(iter(run(tmp_path))).step == 1


def test_a_checkpoint_holds_only_what_is_trained(tmp_path):
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
    args = LoopArguments(output_dir=str(tmp_path), steps=3, batch=4, ema=0.9)
    with pytest.raises(StoryError, match="first key that differs is '0.bias', nothing there and .4,. here"):
        TrainingRun(other, batch_at, args)
    wide = Regression()
    wide.learns = nn.Linear(4, 5)
    with pytest.raises(StoryError, match="first key that differs is 'learns.bias', .4,. there and .5,. here"):
        TrainingRun(wide, batch_at, args)


@pytest.mark.parametrize("name", ["trained.safetensors", "optimizer.pt", "step.json"])
def test_a_damaged_checkpoint_is_told(tmp_path, name):
    finish(run(tmp_path, steps=3))
    path = tmp_path / "checkpoint" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoryError, match="checkpoint is damaged"):
        run(tmp_path, steps=3)


def test_precision_is_what_the_launch_config_says_unless_told(tmp_path, monkeypatch):
    """`accelerate launch` hands it over in this variable; a default of "no" used to overrule it."""
    (told,) = HfArgumentParser(LoopArguments).parse_args_into_dataclasses(["--output_dir", str(tmp_path)])
    assert told.mixed_precision is None
    try:
        for precision, asked, expected in (("bf16", None, "bf16"), ("bf16", "no", "no"), ("no", None, "no")):
            AcceleratorState._reset_state(True)
            monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", precision)
            assert run(tmp_path / "run", mixed_precision=asked).accelerator.mixed_precision == expected
        AcceleratorState._reset_state(True)
        monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp16")
        with pytest.raises(StoryError, match="fp16.*choose bf16"):
            run(tmp_path / "run")
    finally:
        AcceleratorState._reset_state(True)


def test_masters_and_checkpoints_stay_in_full_precision_under_bf16(tmp_path):
    try:
        AcceleratorState._reset_state(True)
        finish(run(tmp_path, mixed_precision="bf16", steps=3))
        weights = load_file(tmp_path / "checkpoint" / "trained.safetensors").values()
        assert {tensor.dtype for tensor in weights} == {torch.float32}
    finally:
        AcceleratorState._reset_state(True)


def test_learning_rate_warms_up_holds_and_decays():
    args = LoopArguments(output_dir="", steps=100, warmup=10, lr=1.0, decay=0.5)
    rates = [learning_rate(step, args) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == rates[49] == 1.0
    assert all(a >= b for a, b in zip(rates[50:], rates[51:], strict=False)) and rates[-1] < 0.03


def test_a_run_that_is_interrupted_goes_on_in_its_tensorboard_curves(tmp_path):
    finish(run(tmp_path, log_with="tensorboard"), until=20)
    finish(run(tmp_path, log_with="tensorboard"))
    written = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    curve = [(event.step, event.value) for event in written.Scalars("loss")]
    assert curve == [(line["step"], pytest.approx(line["loss"])) for line in logged]
    assert [step for step, _ in curve] == [10, 20, 30, 40]
    assert [event.value for event in written.Scalars("lr")] == [
        pytest.approx(learning_rate(step - 1, LoopArguments(str(tmp_path), steps=40, lr=1e-2)))
        for step in (10, 20, 30, 40)
    ]


def test_a_tracker_that_is_not_installed_is_named_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("training.loop.run.is_tensorboard_available", lambda: False)
    with pytest.raises(StoryError, match="pip install tensorboard"):
        run(tmp_path / "run", log_with="tensorboard")
    assert not (tmp_path / "run").exists()
