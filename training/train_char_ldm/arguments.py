"""The arguments of stage 1: what it learns from, and the rows of the paper's Table 3 as switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.examples.arguments import DenoiserArguments

References = Literal["crops", "portraits"]


@dataclass
class CharLdmArguments(DenoiserArguments):
    """A denoiser's arguments, and the rows of the paper's Table 3 as switches."""

    references: References = field(
        default="crops",
        metadata={
            "help": "with --data, what names carry: the frame's own characters, or canonical portraits"
        },
    )
    no_condition: float = field(
        default=0.1, metadata={"help": "share of examples without caption and portraits"}
    )
    text_only: float = field(
        default=0.1, metadata={"help": "share of examples without portraits; 0.9: the row w/o augmented text"}
    )
    canonical: float = field(
        default=0.5,
        metadata={
            "help": "share of Maple Lane's captions that are canonical, as stage 2 may translate into them"
        },
    )
    new_tower: bool = field(
        default=False,
        metadata={"help": "with --continued: the vision tower that pretrain clip left, not stage 1's own"},
    )
    reg_weight: float = field(
        default=1e-3, metadata={"help": "weight of L_reg; 0: the row w/o L_reg of Table 3"}
    )
    vision_layers: int = field(
        default=2, metadata={"help": "trained last vision layers; 0: the row freeze vis"}
    )
    fuser: bool = field(
        default=True,
        metadata={
            "help": "train the fuser; false, with --vision_layers 0: the denoiser alone, conditions stay as they are"
        },
    )
    portrait_canvas: bool = field(
        default=False,
        metadata={
            "help": "on Maple Lane: the denoiser also sees portraits where people will stand; the paper has none"
        },
    )
    colour_weight: float = field(
        default=1.0, metadata={"help": "how much the error of colours counts, on Maple Lane; released: 1"}
    )
    zero_terminal_snr: bool = field(
        default=False,
        metadata={
            "help": "the last timestep is noise alone (arXiv 2305.08891), in training and in the parts' scheduler"
        },
    )
    figures: float = field(
        default=2.0,
        metadata={
            "help": "extra weight of the latents of characters, on Maple Lane of their things too; released: 0"
        },
    )
    masked: float = field(
        default=0.0,
        metadata={"help": "share of examples whose error counts on characters only; released: 0.3"},
    )
