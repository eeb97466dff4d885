"""The UNet in ONNX Runtime: the same prediction as torch's in about half the time on a CPU.

It is exported from the UNet's own weights on first use, and kept under their sha256 (`prepared.py`). If anything goes
wrong with it, the UNet in torch does the work, and the user notices nothing. Nothing here depends on the number of
channels of a UNet or on the length of a text. onnxruntime and onnx must not be imported before they are needed, because
both are extras.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import nn

from storyboard.disk.durable import whole_folder
from storyboard.models.digests import file_digest, weights_digest
from storyboard.models.prepared import alone, home_of
from storyboard.models.threads import waits_by_spinning

log = logging.getLogger(__name__)

KIND = "denoisers"
FORM = 1  # part of every key; increase it when `_Exported` or the way of exporting changes
PACKAGES = ("onnxruntime", "onnx")
# The most bytes of weights: an ONNX file cannot hold more, and an export has them in memory three times.
MOST_BYTES = 2**31
# The largest error of a prediction, relative to its largest value (or to 1 if that is smaller).
TOLERANCE = 1e-4
OPSET = 17
NETWORK, DIGEST = "unet.onnx", "sha256"  # the two files of a kept folder
TITLE = "ONNX Runtime"


class OnnxUNet:
    """Has the same call and results as a UNet. If ONNX Runtime fails once, torch does all later calls."""

    def __init__(self, unet: UNet2DConditionModel, key: str, session: Any):
        self.unet = unet
        self.key = key
        self._session = session

    def __call__(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor
    ) -> UNet2DConditionOutput:
        """Returns the noise predicted for `sample` (B, C, h, w) under a condition (B, L, D).

        timestep: a number, or one for each row.
        """
        if self._session is not None and sample.shape[1:] == _sample_shape(self.unet):
            try:
                return UNet2DConditionOutput(sample=self._run(sample, timestep, encoder_hidden_states))
            except Exception:  # the runtime's errors have no common base class
                log.warning("ONNX Runtime failed; torch draws from now on", exc_info=True)
                self._session = None
        return self.unet(sample, timestep, encoder_hidden_states=encoder_hidden_states)

    @property
    def works(self) -> bool:
        """Whether ONNX Runtime has not failed so far."""
        return self._session is not None

    def is_of(self, unet: nn.Module) -> bool:
        """Returns whether this is still the network of `unet` as it is now. All of its weights are hashed for that."""
        return self.unet is unet and self.key == key_of(unet)

    def _run(self, sample: torch.Tensor, timestep: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        times = torch.as_tensor(timestep, dtype=torch.float32).expand(len(sample))
        inputs = {"sample": sample, "timestep": times, "condition": condition}
        (prediction,) = self._session.run(
            None, {name: value.float().contiguous().numpy() for name, value in inputs.items()}
        )
        return torch.from_numpy(prediction)


def open_onnx(unet: nn.Module, tell: Callable[[str], None] = lambda line: None) -> OnnxUNet | None:
    """Returns the UNet in ONNX Runtime, from what was kept, or exported now, which takes seconds.

    Returns None if that is impossible: the packages are not installed, the UNet is not in float32 on a CPU or is larger
    than MOST_BYTES, nothing can be written, or the export does not predict the same. tell: takes lines about what is
    being done.
    """
    if missing := why_not(unet):
        log.info("the denoiser stays in torch: %s", missing)
        return None
    try:
        return _open(unet, tell)
    except Exception:  # exporter and runtime may raise any kind of error, and torch can do the work
        log.warning("the denoiser stays in torch", exc_info=True)
        return None


def why_not(unet: nn.Module) -> str:
    """Returns why a UNet cannot run in ONNX Runtime, "" if it can."""
    absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if absent:
        return f"{' and '.join(absent)} not installed"
    if not isinstance(unet, UNet2DConditionModel):
        return f"it is a {type(unet).__name__}"
    if unet.device.type != "cpu" or unet.dtype != torch.float32:
        return f"it is in {unet.dtype} on {unet.device}"
    if sum(tensor.numel() * tensor.element_size() for tensor in unet.state_dict().values()) >= MOST_BYTES:
        return "its weights are too large for one file"
    return ""


def key_of(unet: UNet2DConditionModel) -> str:
    """Returns the sha256 of a UNet's weights and settings, in hexadecimal."""
    settings = {name: value for name, value in unet.config.items() if not name.startswith("_")}
    made_of = f"{FORM} {json.dumps(settings, sort_keys=True, default=str)} {weights_digest(unet)}"
    return hashlib.sha256(made_of.encode()).hexdigest()


def _open(unet: UNet2DConditionModel, tell: Callable[[str], None]) -> OnnxUNet | None:
    home, key = home_of(KIND), key_of(unet)
    if home is None:
        return None
    if (opened := _opened(unet, key, home / key)) is not None:
        return opened
    with alone(home, key, lambda: tell(f"Another process is preparing {TITLE}")) as held:
        if not held:
            return None
        if (opened := _opened(unet, key, home / key)) is not None:
            return opened  # another process was first
        tell(f"Preparing {TITLE}, once on this machine")
        shutil.rmtree(home / key, ignore_errors=True)  # removes a damaged older one
        with whole_folder(home / key) as part:
            _export(unet, part / NETWORK)
            (part / DIGEST).write_text(file_digest(part / NETWORK), encoding="ascii")
    return _opened(unet, key, home / key)


def _opened(unet: UNet2DConditionModel, key: str, folder: Path) -> OnnxUNet | None:
    """Returns what a folder has kept; None if it is missing or damaged, or predicts something else than `unet`."""
    file = folder / NETWORK
    try:
        if file_digest(file) != (folder / DIGEST).read_text(encoding="ascii"):
            raise ValueError("it is damaged")
        opened = OnnxUNet(unet, key, _session(file))
        if not _agree(opened, unet):
            raise ValueError("it predicts something else than the weights it is named by")
    except FileNotFoundError:
        return None
    except Exception:  # whatever is wrong with it, it is exported again
        log.warning("%s cannot be used", file, exc_info=True)
        return None
    return opened


@torch.inference_mode()
def _agree(opened: OnnxUNet, unet: UNet2DConditionModel) -> bool:
    """Returns whether both predict the same for two rows of noise."""
    sample, times, condition = _example(unet)
    expected = unet(sample, times, encoder_hidden_states=condition).sample
    worst = (opened._run(sample, times, condition) - expected).abs().max()
    return bool(worst <= TOLERANCE * max(1.0, float(expected.abs().max())))  # False for NaN


def _session(file: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    spinning = "1" if waits_by_spinning() else "0"
    options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
    options.log_severity_level = 3  # errors only; otherwise it warns about graphs that it optimises
    return onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])


class _Exported(nn.Module):
    """The UNet with tensors as positional arguments and a tensor as its result, for the exporter."""

    def __init__(self, unet: nn.Module):
        super().__init__()
        self.unet = unet

    def forward(self, sample: torch.Tensor, timestep: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        return self.unet(sample, timestep, encoder_hidden_states=condition, return_dict=False)[0]


@torch.no_grad()
def _export(unet: UNet2DConditionModel, file: Path) -> None:
    """Exports the UNet for any number of rows and any length of text. The size of the picture is the UNet's own."""
    rows = {0: "rows"}
    with warnings.catch_warnings():
        # It would warn about each branch that depends on a shape, and that the newer exporter is the default.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Exported(unet),
            _example(unet),
            str(file),
            input_names=["sample", "timestep", "condition"],
            output_names=["prediction"],
            dynamic_axes={
                "sample": rows,
                "timestep": rows,
                "condition": {0: "rows", 1: "tokens"},
                "prediction": rows,
            },
            opset_version=OPSET,
            dynamo=False,  # twenty times faster than the newer exporter, and the result runs as fast
        )


def _example(unet: UNet2DConditionModel) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns two rows of seeded noise (2, C, h, w), their timesteps (2,) and conditions (2, L, D)."""
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(2, *_sample_shape(unet), generator=generator)
    width = unet.config.cross_attention_dim
    return sample, torch.tensor([500.0, 20.0]), torch.randn(2, 7, width, generator=generator)


def _sample_shape(unet: UNet2DConditionModel) -> tuple[int, int, int]:
    """Returns the shape (C, h, w) of the latents that the UNet denoises."""
    size = unet.config.sample_size
    height, width = (size, size) if isinstance(size, int) else size
    return unet.config.in_channels, height, width
