"""The training loop: an interrupted run ends with the same weights as an uninterrupted one."""

import json

import huggingface_hub
import pytest
import torch
from accelerate.state import AcceleratorState
from huggingface_hub import HfApi
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from storyboard.errors import StoryError
from tests import hub_server
from training.configs.arguments import parsed
from training.loop import LoopArguments, TrainingRun, learning_rate, row_generator


class Regression(nn.Module):
    """Learns a fixed linear map. One of its layers is frozen."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.learns, self.frozen = nn.Linear(4, 4), nn.Linear(4, 4).requires_grad_(False)

    def forward(self, batch):
        return {"loss": (self.learns(batch["x"]) - self.frozen(batch["x"])).square().mean()}


class NormedRegression(Regression):
    """Also changes running statistics, which have no gradient."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, batch):
        return super().forward({"x": self.norm(batch["x"])})


def batch_at(step: int, rows: range) -> dict:
    return {"x": torch.stack([torch.randn(4, generator=row_generator(0, step, row)) for row in rows])}


def run(folder, module=Regression, **changes) -> TrainingRun:
    args = LoopArguments(
        output_dir=str(folder), **{"steps": 40, "batch": 4, "lr": 1e-2, "ema": 0.9, **changes}
    )
    return TrainingRun(module(), batch_at, args)


def finish(training: TrainingRun, until: int | None = None) -> TrainingRun:
    for stats in training:
        if stats.step == until:
            training.save()
            break
    return training


@pytest.mark.parametrize("module", [Regression, NormedRegression])
def test_a_run_interrupted_at_20_of_40_steps_ends_with_bit_equal_weights(tmp_path, module):
    whole = finish(run(tmp_path / "whole", module))
    finish(run(tmp_path / "halves", module), until=20)
    resumed = run(tmp_path / "halves", module)
    assert resumed.step == 20
    finish(resumed)
    for name, weight in whole.module.state_dict().items():
        if name == "norm.num_batches_tracked":  # nothing is computed from it
            continue
        assert torch.equal(weight, resumed.module.state_dict()[name]), name
    for name, weight in whole.ema.weights.items():
        assert torch.equal(weight, resumed.ema.weights[name]), name


class Spans(Regression):
    """Receives what its batches contain besides tensors."""

    def forward(self, batch):
        self.seen = batch["spans"]
        return super().forward(batch)


def test_tuples_of_a_batch_are_still_tuples_at_the_model(tmp_path):
    """Tuples became lists on the way to the device, so spans no longer had the type they claim."""
    training = run(tmp_path, Spans, steps=1)
    training.batch_at = lambda step, rows: batch_at(step, rows) | {"spans": [((0, 2), (3, 4))]}
    assert finish(training).module.seen == [((0, 2), (3, 4))]


def test_two_runs_never_share_a_folder(tmp_path):
    """Two runs silently overwrote each other's checkpoints."""
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
    """The old checkpoint is moved away before the new one gets its name. A kill in between must not lose both."""
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
    """`accelerate launch` sets this variable, but a default of "no" used to win over it."""
    told = parsed(LoopArguments, ["--output_dir", str(tmp_path)])
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


@pytest.mark.parametrize("tracker", ["tensorboard", "trackio"])
def test_a_tracker_that_is_not_installed_is_named_before_anything_runs(tmp_path, monkeypatch, tracker):
    monkeypatch.setattr(f"training.loop.run.is_{tracker}_available", lambda: False)
    with pytest.raises(StoryError, match=f"pip install {tracker}"):
        run(tmp_path / "run", log_with=tracker)
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_interrupted_goes_on_in_its_trackio_run(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setattr("trackio.utils.TRACKIO_DIR", tmp_path / "trackio")
    finish(run(tmp_path / "day", log_with="trackio"), until=20)
    finish(run(tmp_path / "day", log_with="trackio"))
    from trackio.sqlite_storage import SQLiteStorage

    logged = [json.loads(line) for line in (tmp_path / "day" / "log.jsonl").read_text().splitlines()]
    assert SQLiteStorage.get_runs("storyboard") == ["day"]
    curve = [(one["step"], one["loss"]) for one in SQLiteStorage.get_logs("storyboard", "day")]
    assert curve == [(line["step"], pytest.approx(line["loss"])) for line in logged]


def test_a_batch_in_parts_takes_the_same_steps(tmp_path):
    whole, parts = (
        finish(run(tmp_path / str(number), gradient_accumulation=number, steps=10)) for number in (1, 4)
    )
    for name, weight in whole.module.state_dict().items():
        assert torch.allclose(weight, parts.module.state_dict()[name], atol=1e-6), name
    told = [json.loads((tmp_path / number / "log.jsonl").read_text())["loss"] for number in ("1", "4")]
    assert told[0] == pytest.approx(told[1], rel=1e-5)


@pytest.mark.parametrize("parts", [0, 3, 8])
def test_parts_that_a_batch_does_not_have_are_refused(tmp_path, parts):
    with pytest.raises(StoryError, match=f"--gradient_accumulation {parts} does not divide the 4 examples"):
        run(tmp_path / "run", gradient_accumulation=parts)


@pytest.fixture
def hub(monkeypatch):
    """Replaces the Hub for the loop."""
    with hub_server.hub() as server:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(
            "training.loop.hub.HfApi", lambda: HfApi(endpoint=server.url, token=hub_server.TOKEN)
        )
        yield server


def test_a_run_goes_on_from_the_hub_on_another_machine(hub, tmp_path):
    whole = finish(run(tmp_path / "whole"))
    finish(run(tmp_path / "here", hub_repository="nana/run"), until=20)
    assert hub.repositories["nana/run"].private
    resumed = run(tmp_path / "there", hub_repository="nana/run")
    assert resumed.step == 20
    finish(resumed)
    for name, weight in whole.module.state_dict().items():
        assert torch.equal(weight, resumed.module.state_dict()[name]), name
    sent = hub.repositories["nana/run"].files
    assert (
        json.loads(sent["checkpoint/step.json"])["step"] == 40
        and not (tmp_path / "there" / "checkpoint.sending").exists()
    )


def test_a_hub_that_fails_stops_no_training_and_gets_the_next_checkpoint(hub, tmp_path, caplog):
    training = run(tmp_path, hub_repository="nana/run")
    hub.failing = 403
    finish(training, until=20)
    assert "a checkpoint was not sent to nana/run" in caplog.text and training.step == 20
    hub.failing = None
    finish(run(tmp_path, hub_repository="nana/run"))
    assert json.loads(hub.repositories["nana/run"].files["checkpoint/step.json"])["step"] == 40


def test_a_repository_that_is_not_to_be_had_is_told_before_anything_runs(hub, tmp_path):
    hub.failing = 401
    with pytest.raises(
        StoryError, match="--hub_repository nana/run cannot be had .*; check the name and the token"
    ):
        run(tmp_path, hub_repository="nana/run")
