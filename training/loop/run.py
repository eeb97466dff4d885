"""The training loop that every step of the recipe uses: a generator over optimiser steps that can resume at any step.

The examples and the noise of a step are a pure function of (seed, step, row), and never depend on earlier steps. So an
interrupted run that resumes ends with the same weights, and several processes can divide a batch without changing it.
Knows nothing of stories, captions or diffusion: the trained module returns its own loss.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import (
    DistributedType,
    broadcast_object_list,
    is_tensorboard_available,
    is_trackio_available,
    send_to_device,
)
from torch import nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from storyboard.disk.file_lock import lock
from storyboard.errors import StoryError
from training.loop.arguments import LoopArguments, learning_rate
from training.loop.checkpoints import Checkpoint, checkpoint_in
from training.loop.hub import HubCheckpoints
from training.loop.processes import make_accelerator
from training.loop.weights import Ema, averaged, changing_state, copy_exactly, trained_parameters

LOGGED = 10  # every so many steps the processes exchange losses, and agree on saving and stopping
Batch = TypeVar("Batch")
SHARDING = {DistributedType.FSDP, DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM}


@dataclass(frozen=True)
class StepStats:
    """An optimiser step as the caller sees it."""

    step: int  # how many steps are done, including this one
    # "loss" and other values that the module reported, over all processes; {} on steps that are not logged
    metrics: dict[str, float]
    lr: float
    saved: bool  # whether a checkpoint was written after this step, which is a good time for sample pictures


def row_generator(seed: int, step: int, row: int) -> torch.Generator:
    """Returns the random generator of one example of one step."""
    return torch.Generator().manual_seed(((seed * 1_000_003 + step) * 65_537 + row) % (2**63))


class Objective(nn.Module, Generic[Batch]):
    """What is trained. Its call returns the loss of a batch."""

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Returns "loss", a scalar tensor, and any other scalar tensors to log."""
        raise NotImplementedError


class _Steps(torch.utils.data.Dataset[list[Batch]]):
    """For each step, this process's part of the batch, divided into parts that are computed one after another."""

    def __init__(self, batch_at: Callable[[int, range], Batch], parts: Sequence[range], steps: int):
        self.batch_at, self.parts, self.steps = batch_at, parts, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> list[Batch]:
        return [self.batch_at(step, rows) for rows in self.parts]


def loop_accelerator(args: LoopArguments) -> Accelerator:
    """Returns the accelerator of these arguments. StoryError for launch configs with which a run would not be exact.

    StoryError also if the package of `log_with` is not installed; accelerate alone would silently leave the tracker
    out.
    """
    installed = {"tensorboard": is_tensorboard_available, "trackio": is_trackio_available}
    if args.log_with and not installed[args.log_with]():
        raise StoryError(
            f"--log_with {args.log_with} needs one more package; run: pip install {args.log_with}"
        )
    tracking = {"log_with": args.log_with, "project_dir": args.output_dir} if args.log_with else {}
    accelerator = make_accelerator(mixed_precision=args.mixed_precision, **tracking)
    if accelerator.mixed_precision not in ("no", "bf16"):
        raise StoryError(
            f"The launch config asks for {accelerator.mixed_precision}, whose loss scale no checkpoint holds; "
            "choose bf16."
        )
    if accelerator.distributed_type in SHARDING:
        raise StoryError(
            f"The launch config asks for {accelerator.distributed_type.value}, and checkpoints hold whole weights; "
            "launch data-parallel, with --shard_language_model true where stage 2's language model does not fit."
        )
    if args.batch % accelerator.num_processes:
        raise StoryError(f"--batch {args.batch} does not divide over {accelerator.num_processes} processes.")
    share = args.batch // accelerator.num_processes
    if args.gradient_accumulation < 1 or share % args.gradient_accumulation:
        raise StoryError(
            f"--gradient_accumulation {args.gradient_accumulation} does not divide the {share} examples that a process "
            "has of a batch; choose one of its divisors."
        )
    return accelerator


class TrainingRun(Generic[Batch]):
    """A resumable run of one module in one folder.

    `batch_at(step, rows)` returns the examples `rows` of the batch of `step`. Its tensors are moved to the module's
    device.
    """

    def __init__(
        self, module: Objective[Batch], batch_at: Callable[[int, range], Batch], args: LoopArguments
    ):
        self.args, self.folder = args, Path(args.output_dir)
        self.accelerator = loop_accelerator(args)
        rank, share = self.accelerator.process_index, args.batch // self.accelerator.num_processes
        self.rows = range(rank * share, (rank + 1) * share)
        self.module, self.batch_at = module, batch_at
        self.optimizer = torch.optim.AdamW(self._groups(), lr=args.lr, betas=(args.beta1, args.beta2))
        self.wrapped, self.optimizer = self.accelerator.prepare(module, self.optimizer)
        self.ema = Ema(module, args.ema) if args.ema else None
        self.step = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hub = HubCheckpoints(args.hub_repository, self.folder) if args.hub_repository else None
        if self.hub and checkpoint_in(self.folder) is None:
            with self.accelerator.main_process_first():
                self.hub.fetch()
        self._resume()

    def _groups(self) -> list[dict[str, Any]]:
        parameters = trained_parameters(self.module).values()
        return [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.args.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]

    def __iter__(self) -> Generator[StepStats, None, None]:
        with self._claimed(), self._tracked(), self.hub or nullcontext():
            yield from self._steps()

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """Locks the folder.

        StoryError for a second run in it, because the runs would overwrite each other's checkpoints.
        """
        if not self.accelerator.is_main_process:
            yield
            return
        with open(self.folder / "lock", "ab") as file:
            try:
                lock(file.fileno())
            except BlockingIOError as error:
                raise StoryError(
                    f"Another run is training in {self.folder}; let it end, or choose another --output_dir."
                ) from error
            yield

    @contextmanager
    def _tracked(self) -> Iterator[None]:
        """Inside, logged values also go to the tracker of `log_with`. A resumed run continues its curves."""
        if self.args.log_with:
            plain = {k: v for k, v in vars(self.args).items() if isinstance(v, (bool, int, float, str))}
            run = {"trackio": {"name": self.folder.name, "resume": "allow", "embed": False}}
            project = "storyboard" if self.args.log_with == "trackio" else self.args.log_with
            self.accelerator.init_trackers(project, config=plain, init_kwargs=run)
        try:
            yield
        finally:
            # Not `end_training`, which would also end the group of processes; sampling and evaluation still run in it.
            for tracker in self.accelerator.trackers:
                tracker.finish()
            self.accelerator.trackers.clear()

    def _steps(self) -> Iterator[StepStats]:
        started = saved_at = time.monotonic()
        dataset = _Steps(self.batch_at, self._parts(), self.args.steps)
        loader = DataLoader(
            dataset,
            batch_size=None,
            sampler=range(self.step, self.args.steps),
            num_workers=self.args.workers,
            collate_fn=_as_it_is,
        )
        bar = tqdm(total=self.args.steps, initial=self.step, desc=self.folder.name, mininterval=5)
        bar.disable = not self.accelerator.is_main_process
        for parts in loader:
            metrics = self._optimise(parts)
            due, out_of_time = self._due(started, saved_at)
            bar.update()
            logged = {}
            if self.step % LOGGED == 0 or due:
                logged = self._reduced(metrics)
                bar.set_postfix({k: f"{v:.4f}" for k, v in logged.items()})
                self._log(logged)
            if due:
                self.save()
                saved_at = time.monotonic()
            yield StepStats(self.step, logged, self.optimizer.param_groups[0]["lr"], due)
            if out_of_time:
                break
        bar.close()

    def _due(self, started: float, saved_at: float) -> tuple[bool, bool]:
        """Returns whether to save now, and whether to stop.

        Clocks differ, and processes that disagree would wait for one another forever. So the clock of the first process
        counts. It is asked only every LOGGED steps, because asking means waiting for the slowest process.
        """
        finished, several = self.step == self.args.steps, self.accelerator.num_processes > 1
        if several and self.step % LOGGED:
            return finished, False
        now = time.monotonic()
        late = bool(self.args.minutes) and now - started > self.args.minutes * 60
        verdict = [finished or late or now - saved_at > self.args.save_minutes * 60, late]
        if several:
            broadcast_object_list(verdict)
        return verdict[0], verdict[1]

    def _parts(self) -> list[range]:
        """Returns which rows of the batch are computed together.

        All parts have equal size, because a module's loss is a mean.
        """
        size = len(self.rows) // self.args.gradient_accumulation
        return [self.rows[start : start + size] for start in range(0, len(self.rows), size)]

    def _optimise(self, parts: list[Batch]) -> dict[str, torch.Tensor]:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.args)
        told = [self._backward(part, 1 / len(parts), last=part is parts[-1]) for part in parts]
        if self.args.clip:
            self.accelerator.clip_grad_norm_(trained_parameters(self.module).values(), self.args.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.ema:
            self.ema.update(self.module, self.step)
        return {name: torch.stack([one[name].float() for one in told]).mean() for name in told[0]}

    def _backward(self, batch: Batch, share: float, last: bool) -> dict[str, torch.Tensor]:
        """Adds the gradients of a part. With the last part, processes exchange their gradients."""
        batch = send_to_device(batch, self.accelerator.device, non_blocking=True)
        with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
            with self.accelerator.autocast():
                metrics = self.wrapped(batch)
            self.accelerator.backward(metrics["loss"] * share)
        return {name: value.detach() for name, value in metrics.items()}

    def _reduced(self, metrics: dict[str, torch.Tensor]) -> dict[str, float]:
        return {k: float(self.accelerator.reduce(v.float(), "mean")) for k, v in metrics.items()}

    def _log(self, metrics: dict[str, float]) -> None:
        if self.accelerator.is_main_process:
            with open(self.folder / "log.jsonl", "a") as log:
                log.write(json.dumps({"step": self.step, **metrics}) + "\n")
            self.accelerator.log(metrics | {"lr": self.optimizer.param_groups[0]["lr"]}, step=self.step)

    def averaged(self) -> AbstractContextManager[None]:
        """Gives a context in which the module has the weights for sampling and export."""
        return averaged(self.module, self.ema)

    def save(self) -> None:
        """Writes a checkpoint of what is trained. A checkpoint counts only once it is complete."""
        if not self.accelerator.is_main_process:
            return
        averages = self.ema.weights if self.ema else {}
        trained = changing_state(self.module)
        Checkpoint(trained, averages, self.optimizer.state_dict(), self.step).save(self.folder)
        if self.hub:
            self.hub.send(self.step)

    def _resume(self) -> None:
        folder = checkpoint_in(self.folder)
        if folder is None:
            return
        kept = Checkpoint.load(folder, averaged=self.ema is not None)
        copy_exactly(kept.trained, changing_state(self.module), folder)
        if self.ema:
            copy_exactly(kept.averages, self.ema.weights, folder)
        self.optimizer.load_state_dict(kept.optimizer)
        self.step = kept.step


def _as_it_is(parts: list[Batch]) -> list[Batch]:
    """Returns the batches unchanged. The loader's own conversion would turn their tuples into lists."""
    return parts
