"""Training in several processes: the batch is divided, the run is the same, and one clock counts.

One pair of processes runs everything that needs two, because their start takes longer than all the rest.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from storyboard.text.prompt import interleave
from tests import tiny
from tests.test_training_loop import run as new_run
from training.align_llm.arguments import AlignArguments
from training.align_llm.sharding import shard_language_model
from training.align_llm.train import AlignTraining
from training.configs.parts import freeze
from training.loop import TrainingRun, loop_accelerator, row_generator
from training.loop import run as loop

STEPS = 12
FAMILIES = {"opt": tiny.opt, "llama": tiny.llama}


def train(folder: Path, until: int = STEPS) -> None:
    """Runs one process's part of a run."""
    for stats in new_run(folder, steps=STEPS, batch=8, save_minutes=1e9):
        if stats.step == until:
            break


def train_with_clocks(folder: Path, fast: int) -> None:
    """Runs for at most a minute. The clock of process `fast` moves a minute each time it is read."""
    training, time = new_run(folder, steps=30, batch=8, minutes=1.0), loop.time.monotonic
    ticks = iter(range(0, 10**6, 61))
    if training.accelerator.process_index == fast:
        loop.time.monotonic = lambda: next(ticks)
    try:
        steps = [stats.step for stats in training if stats.saved]
    finally:
        loop.time.monotonic = time
    (folder / f"saved-{training.accelerator.process_index}.json").write_text(json.dumps(steps))


def prompts(step: int, rows: range) -> dict:
    """Rows 0 and 1 show no picture, so the first of two processes has none."""
    sources = [row_generator(5, step, row) for row in rows]
    counts = [row // 2 for row in rows]
    frames = [torch.randn(n, tiny.VISION_WIDTH, generator=g) for n, g in zip(counts, sources, strict=True)]
    condition = (tiny.TEXT_TOKENS, tiny.TEXT_WIDTH)
    return {
        "parts": [interleave(["Sun."] * n, f"Rain {row}.") for n, row in zip(counts, rows, strict=True)],
        "frames": torch.cat(frames),
        "frame_counts": counts,
        "portraits": torch.zeros(0, tiny.VISION_WIDTH),
        "portrait_counts": [0] * len(counts),
        "targets": torch.stack([torch.randn(condition, generator=g) for g in sources]),
        "named": torch.zeros(len(counts), tiny.TEXT_TOKENS, dtype=torch.bool),
    }


def align(folder: Path, family: str, shard: bool) -> AlignTraining:
    """Runs stage 2 for six steps, resumed after three.

    The language model is whole, or divided between the processes.
    """
    for steps in (3, 6):
        torch.manual_seed(0)
        args = AlignArguments(
            output_dir=str(folder), steps=steps, batch=4, decay=0, warmup=1,
            shard_language_model=shard, gradient_checkpointing=True,
        )  # fmt: skip
        reader = tiny.reader(FAMILIES[family])
        for name in ("dropout", "attention_dropout"):
            for module in reader.language_model.modules():
                if isinstance(getattr(module, name, None), float):
                    setattr(module, name, 0.0)
        if shard:
            accelerator = loop_accelerator(args)
            shard_language_model(freeze(reader.language_model), accelerator.device, accelerator.num_processes)
        module = AlignTraining(reader, args)
        for _ in TrainingRun(module, prompts, args):
            pass
    return module


def everything(folder: Path) -> None:
    """Does everything that each of the two processes below does."""
    train(folder / "two")
    train(folder / "two")  # it is finished, so it resumes and has nothing to do
    for fast in (0, 1):
        train_with_clocks(folder / f"fast-{fast}", fast)
    for family in FAMILIES:
        module = align(folder / f"sharded-{family}", family, shard=True)
        held = sum(p.to_local().numel() for p in sharded(module))
        (folder / f"held-{family}-{os.environ['RANK']}.json").write_text(json.dumps(held))
        align(folder / f"data-parallel-{family}", family, shard=False)


def sharded(module: AlignTraining) -> list:
    return [p for p in module.reader.language_model.parameters() if hasattr(p, "to_local")]


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """Returns a folder with what two processes made."""
    folder = tmp_path_factory.mktemp("processes")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    shared |= {"LOCAL_WORLD_SIZE": "2"}
    root = Path(__file__).parents[1]
    shared["PYTHONPATH"] = os.pathsep.join([str(root), str(root / "tests")])
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.test_training_processes", str(folder)],
            cwd=root,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    try:
        assert [process.wait(300) for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()
    return folder


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


def trained(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "checkpoint" / "trained.safetensors")


def test_two_processes_give_the_losses_of_one(two, tmp_path):
    """Resuming in several processes failed, because their device is "cpu:0", which torch.load does not know."""
    train(tmp_path / "one")
    assert len(losses(two / "two")) == 2
    assert losses(two / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)


@pytest.mark.parametrize(("fast", "saved"), [(0, [10]), (1, [30])])
def test_the_first_process_alone_says_when_time_is_up(two, fast, saved):
    """Each process looked at its own clock, so one that continued waited for ever for one that had stopped."""
    assert [json.loads((two / f"fast-{fast}" / f"saved-{rank}.json").read_text()) for rank in (0, 1)] == [
        saved
    ] * 2


@pytest.mark.parametrize("family", FAMILIES)
def test_a_language_model_spread_over_two_processes_teaches_what_a_whole_one_does(two, tmp_path, family):
    """One process had no picture in its prompts, and DDP waited for the visual mapper's gradient."""
    align(tmp_path / "one", family, shard=False)
    parallel, spread = two / f"data-parallel-{family}", two / f"sharded-{family}"
    for folder in (parallel, spread):
        assert losses(folder) == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    whole = trained(parallel)
    assert whole.keys() == trained(tmp_path / "one").keys()
    for name, weight in trained(spread).items():
        assert torch.allclose(weight, whole[name], atol=1e-6), name


@pytest.mark.parametrize("family", FAMILIES)
def test_each_process_holds_half_of_every_layer_and_no_checkpoint_any(two, family):
    model = FAMILIES[family](tiny.language_tokenizer()).model
    layers = sum(p.numel() for p in getattr(model, "decoder", model).layers.parameters())
    held = [json.loads((two / f"held-{family}-{rank}.json").read_text()) for rank in (0, 1)]
    assert sum(held) == layers and min(held) > 0.4 * layers
    saved = trained(two / f"sharded-{family}")
    assert {name.split(".")[0] for name in saved} == {"image_tokens", "visual_mapper", "condition_mapper"}


if __name__ == "__main__":
    everything(Path(sys.argv[1]))
