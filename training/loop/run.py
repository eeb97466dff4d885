"""The training loop every step of the recipe shares: a generator over optimiser steps, resumable to the step.

A step's examples and noise are a pure function of (seed, step, row), never of what ran before, so an interrupted
run that resumes ends with the same weights, and several processes split one batch without changing it.
Knows nothing of stories, captions or diffusion: the module it trains returns its own loss.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Generic, Literal, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import (
    DistributedType,
    broadcast_object_list,
    is_tensorboard_available,
    is_trackio_available,
)
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from storyboard.disk.file_lock import lock
from storyboard.errors import StoryError
from training.loop.hub import HubCheckpoints
from training.loop.processes import make_accelerator

LOGGED = 10  # every so many steps the processes compare notes: losses, and whose clock says what
Batch = TypeVar("Batch")
SHARDING = {DistributedType.FSDP, DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM}


@dataclass
class LoopArguments:
    """What every training command takes."""

    output_dir: str = field(metadata={"help": "folder of this run: checkpoints, log.jsonl, samples"})
    steps: int = field(default=1000, metadata={"help": "optimiser steps in total"})
    batch: int = field(default=32, metadata={"help": "examples a step, over all processes"})
    lr: float = field(default=1e-3, metadata={"help": "peak learning rate"})
    schedule: Literal["cosine", "released"] = field(
        default="cosine",
        metadata={
            "help": "warmup, hold, decay; or the release's: 2000 steps up, a tenth from 12001 on, and so on"
        },
    )
    warmup: int = field(default=100, metadata={"help": "steps of linear warm-up"})
    decay: float = field(
        default=0.3, metadata={"help": "last part of the run with a cosine decay to 2 %% of lr"}
    )
    weight_decay: float = field(default=0.01, metadata={"help": "AdamW decay, on matrices only"})
    beta1: float = field(default=0.9, metadata={"help": "AdamW first-moment decay"})
    beta2: float = field(default=0.99, metadata={"help": "AdamW second-moment decay"})
    clip: float = field(default=1.0, metadata={"help": "gradient norm limit"})
    ema: float = field(default=0.0, metadata={"help": "weight average decay, 0 for none"})
    seed: int = field(default=0, metadata={"help": "seed of examples, noise and initial weights"})
    continued: bool = field(
        default=False, metadata={"help": "start from the part's weights in --parts, not afresh"}
    )
    workers: int = field(default=0, metadata={"help": "processes that prepare batches"})
    minutes: float = field(default=0.0, metadata={"help": "stop (resumably) after this long, 0 for no limit"})
    save_minutes: float = field(default=5.0, metadata={"help": "time between checkpoints and samples"})
    gradient_checkpointing: bool = field(
        default=False, metadata={"help": "compute activations twice instead of keeping them (stages 1 and 2)"}
    )
    mixed_precision: Literal["no", "bf16"] | None = field(
        default=None, metadata={"help": "no or bf16; by default what the launch config says"}
    )
    gradient_accumulation: int = field(
        default=1, metadata={"help": "parts of a batch computed one after another, to save memory"}
    )
    log_with: Literal["tensorboard", "trackio"] | None = field(
        default=None, metadata={"help": "draw the logged numbers there too, as curves"}
    )
    hub_repository: str | None = field(
        default=None,
        metadata={"help": "OWNER/NAME: send checkpoints to the Hub, and go on from there where none is here"},
    )


@dataclass(frozen=True)
class StepStats:
    """One optimiser step as the caller sees it."""

    step: int  # steps done, this one included
    metrics: dict[
        str, float
    ]  # "loss" and what else the module reported, over all processes; {} on unlogged steps
    lr: float
    saved: bool  # a checkpoint was written after this step: a good moment for sample pictures


def learning_rate(step: int, args: LoopArguments) -> float:
    """Linear warm-up, constant, cosine tail to 2 %; or the release's stairs. `step` counts from 0."""
    if args.schedule == "released":
        return args.lr * min(1.0, step / 2000) * 0.1 ** max(0, (step - 2001) // 10_000)
    if step < args.warmup:
        return args.lr * (step + 1) / args.warmup
    tail = max(1, round(args.steps * args.decay))
    into = step - (args.steps - tail)
    if args.decay <= 0 or into <= 0:
        return args.lr
    return args.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, into / tail))))


def row_generator(seed: int, step: int, row: int) -> torch.Generator:
    """The random source of one example of one step."""
    return torch.Generator().manual_seed(((seed * 1_000_003 + step) * 65_537 + row) % (2**63))


class Objective(nn.Module, Generic[Batch]):
    """What is trained, and what it learns from a batch: the loss."""

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Returns "loss", a scalar tensor, and any other scalar tensors to log."""
        raise NotImplementedError


class _Steps(torch.utils.data.Dataset[list[Batch]]):
    """Step number -> this process's part of the batch, in the parts that are computed one after another."""

    def __init__(self, batch_at: Callable[[int, range], Batch], parts: Sequence[range], steps: int):
        self.batch_at, self.parts, self.steps = batch_at, parts, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> list[Batch]:
        return [self.batch_at(step, rows) for rows in self.parts]


class Ema:
    """A running average of the trained parameters, as the weights that are exported."""

    def __init__(self, module: nn.Module, decay: float):
        self.decay = decay
        self.weights = {n: p.detach().float().clone() for n, p in trained_parameters(module).items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))  # early weights are forgotten quickly
        current = trained_parameters(module)
        averages = list(self.weights.values())
        torch._foreach_lerp_(averages, [current[n].detach().float() for n in self.weights], 1 - decay)


def trained_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """Name -> parameter for everything that takes a gradient: all that a checkpoint holds."""
    return {n: p for n, p in module.named_parameters() if p.requires_grad}


@contextmanager
def averaged(module: nn.Module, ema: Ema | None) -> Iterator[None]:
    """Inside, `module` carries the averaged weights; the training weights are put back after."""
    if ema is None:
        yield
        return
    parameters = trained_parameters(module)
    kept = {n: p.detach().clone() for n, p in parameters.items()}
    try:
        with torch.no_grad():
            for n, p in parameters.items():
                p.copy_(ema.weights[n])
        yield
    finally:
        with torch.no_grad():
            for n, p in parameters.items():
                p.copy_(kept[n])


def loop_accelerator(args: LoopArguments) -> Accelerator:
    """The accelerator of these arguments. StoryError for launch configs under which a run would not be exact.

    StoryError too where the package that `log_with` names is not installed: accelerate would only leave it out.
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


def checkpoint_in(folder: Path) -> Path | None:
    """The last complete checkpoint of a run's folder."""
    return next((f for f in (folder / "checkpoint", folder / "checkpoint.old") if f.exists()), None)


def steps_done(checkpoint: Path | None) -> int:
    return int(json.loads((checkpoint / "step.json").read_text())["step"]) if checkpoint else 0


class TrainingRun(Generic[Batch]):
    """One resumable run of one module in one folder.

    `batch_at(step, rows)` gives the examples `rows` of the batch of `step`; tensors land on the module's device.
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

    def __iter__(self) -> Iterator[StepStats]:
        with self._claimed(), self._tracked(), self.hub or nullcontext():
            yield from self._steps()

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """Two runs in one folder would write their checkpoints over each other's: StoryError for the second."""
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
        """Inside, what is logged goes to the tracker of `log_with` too. A run that resumes goes on in its curves."""
        if self.args.log_with:
            plain = {k: v for k, v in vars(self.args).items() if isinstance(v, (bool, int, float, str))}
            run = {"trackio": {"name": self.folder.name, "resume": "allow", "embed": False}}
            project = "storyboard" if self.args.log_with == "trackio" else self.args.log_with
            self.accelerator.init_trackers(project, config=plain, init_kwargs=run)
        try:
            yield
        finally:
            # Not `end_training`, which would end the processes' group too: sampling and evaluation go on in it.
            for tracker in self.accelerator.trackers:
                tracker.finish()
            self.accelerator.trackers.clear()

    def _steps(self) -> Iterator[StepStats]:
        started = saved_at = time.monotonic()
        dataset = _Steps(self.batch_at, self._parts(), self.args.steps)
        loader = DataLoader(
            dataset, batch_size=None, sampler=range(self.step, self.args.steps), num_workers=self.args.workers
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
        """Whether to save now, and whether to stop.

        Clocks differ, and processes that did not do the same would wait for one another for ever: the first one's
        counts, and it is asked every LOGGED steps, as asking is waiting for the slowest.
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
        """Which of the batch's rows are computed together; a module's loss is a mean, so that all have as many."""
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
        """Add the gradients of a part; processes compare theirs with the last one."""
        batch = _to(batch, self.accelerator.device)
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
        """Context in which the module carries the weights to sample with and to export."""
        return averaged(self.module, self.ema)

    def save(self) -> None:
        """Write a checkpoint of what is trained; the last complete one is the one that counts."""
        if not self.accelerator.is_main_process:
            return
        part = self.folder / "checkpoint.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        weights = {n: p.detach().cpu().contiguous() for n, p in trained_parameters(self.module).items()}
        save_file(weights, part / "trained.safetensors")
        if self.ema:
            save_file({n: w.cpu() for n, w in self.ema.weights.items()}, part / "ema.safetensors")
        torch.save(self.optimizer.state_dict(), part / "optimizer.pt")
        (part / "step.json").write_text(json.dumps({"step": self.step}))
        final, old = self.folder / "checkpoint", self.folder / "checkpoint.old"
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        part.rename(final)
        shutil.rmtree(old, ignore_errors=True)
        if self.hub:
            self.hub.send(self.step)

    def _resume(self) -> None:
        folder = checkpoint_in(self.folder)
        if folder is None:
            return
        try:
            trained = load_file(folder / "trained.safetensors")
            averages = load_file(folder / "ema.safetensors") if self.ema else {}
            # Always to the CPU first: with several CPU processes the device is "cpu:0", which torch.load refuses.
            state = torch.load(folder / "optimizer.pt", map_location="cpu", weights_only=True)
            step = steps_done(folder)
        except (
            OSError,
            SafetensorError,
            RuntimeError,
            UnpicklingError,
            ValueError,
            KeyError,
            EOFError,
        ) as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise StoryError(f"{folder} is damaged ({reason}); remove it to start this run again.") from error
        _copy_exactly(trained, trained_parameters(self.module), folder)
        if self.ema:
            _copy_exactly(averages, self.ema.weights, folder)
        self.optimizer.load_state_dict(state)
        self.step = step


@torch.no_grad()
def _copy_exactly(
    source: Mapping[str, torch.Tensor], target: Mapping[str, torch.Tensor], folder: Path
) -> None:
    """StoryError naming the first key that is missing, unknown or of another shape; nothing is copied then."""
    shapes, wanted = ({name: tuple(t.shape) for name, t in some.items()} for some in (source, target))
    odd = min(
        (name for name in shapes.keys() | wanted.keys() if shapes.get(name) != wanted.get(name)), default=None
    )
    if odd is not None:
        there, here = (str(some.get(odd, "nothing")) for some in (shapes, wanted))
        raise StoryError(
            f"{folder} does not fit this model: first key that differs is {odd!r}, {there} there and {here} here."
        )
    for name, tensor in source.items():
        target[name].copy_(tensor)


def _to(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {k: _to(v, device) for k, v in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(_to(v, device) for v in batch))
    if isinstance(batch, (list, tuple)):
        return [_to(v, device) for v in batch]
    return batch
