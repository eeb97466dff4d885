"""Names: the keys of the authors' two checkpoints, and our names for the same tensors, in both directions.

Works on mappings from a name to anything, tensors or shapes. Knows no file, no size and no value.

The standard form of a key is that of the released files: without `module.` in front, and with the autoencoder's
attention named as in diffusers up to 0.16 (`query`, `key`, `value`, `proj_attn`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from storyboard.errors import StoryError

T = TypeVar("T")

DATA_PARALLEL = "module."
# Transformers before 5 has this level in a single text tower; the authors' file does not.
LEVEL = "text_model."
_ATTENTION = re.compile(r"((?:^|\.)mid_block\.attentions\.0\.)(to_q|to_k|to_v|to_out\.0)(\.(?:weight|bias))$")
_OLD_ATTENTION = re.compile(
    r"((?:^|\.)mid_block\.attentions\.0\.)(query|key|value|proj_attn)(\.(?:weight|bias))$"
)
_TO_OLD = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
_TO_NEW = {old: new for new, old in _TO_OLD.items()}


@dataclass(frozen=True)
class Section:
    """The keys of a checkpoint that begin with `released` are the keys of `part` that begin with `own`."""

    released: str
    part: str
    own: str = ""


@dataclass(frozen=True)
class Layout:
    """One of the two checkpoints. unused: keys that may be there and are not imported, with what they are."""

    sections: tuple[Section, ...]
    unused: Mapping[str, str]


FIRST_STAGE = Layout(
    (
        Section("text_encoder.", "text_encoder"),
        Section("image_encoder.", "image_encoder"),
        Section("vae.", "vae"),
        Section("unet.", "unet"),
        Section("postfuse_module.", "fuser"),
    ),
    {
        "text_encoder.embeddings.position_ids": "position ids",
        "image_encoder.vision_model.embeddings.position_ids": "position ids",
    },
)
SECOND_STAGE = Layout(
    (
        Section("model.input_embeddings.", "image_tokens"),
        Section("model.visual_embeddings.", "visual_mapper", "visual_embeddings."),
        Section("model.gen_text_hidden_fcs.0.", "condition_mapper"),
    ),
    {
        "model.logit_scale": "retrieval heads",
        "model.visual_fc.weight": "retrieval heads",
        "model.visual_fc.bias": "retrieval heads",
        "model.ret_text_hidden_fcs.0.model.weight": "retrieval heads",
        "model.ret_text_hidden_fcs.0.model.bias": "retrieval heads",
    },
)


@dataclass(frozen=True)
class Standard(Generic[T]):
    """A checkpoint by standard keys. `written`: each key as it is in the file.

    `tolerated`: the differences that were fixed.
    """

    used: dict[str, T]
    unused: dict[str, T]
    written: dict[str, str]
    tolerated: tuple[str, ...]


def standardise(layout: Layout, state: Mapping[str, T]) -> Standard[T]:
    """Returns the state with every key in its standard form. StoryError if two keys then mean the same tensor."""
    wrapped = bool(state) and all(key.startswith(DATA_PARALLEL) for key in state)
    tensors: dict[str, T] = {}
    written: dict[str, str] = {}
    tolerated = [f'a "{DATA_PARALLEL}" before every key'] if wrapped else []
    for key, value in state.items():
        name = key.removeprefix(DATA_PARALLEL) if wrapped else key
        if name.startswith("vae."):
            name = _ATTENTION.sub(lambda m: m[1] + _TO_OLD[m[2]] + m[3], name)
        if name in tensors:
            raise StoryError(
                f'The checkpoint holds "{written[name]}" and "{key}", which are the same tensor; get it again.'
            )
        tensors[name], written[name] = value, key
    if any(_ATTENTION.search(key) for key in state if key.removeprefix(DATA_PARALLEL).startswith("vae.")):
        tolerated.append("the autoencoder's attention under its newer names (to_q, to_k, to_v, to_out.0)")
    unused = {name: value for name, value in tensors.items() if name in layout.unused}
    tolerated += [f"{kind}, which nothing reads" for kind in sorted({layout.unused[name] for name in unused})]
    used = {name: value for name, value in tensors.items() if name not in unused}
    return Standard(used, unused, written, tuple(tolerated))


def from_released(layout: Layout, used: Mapping[str, T]) -> dict[str, dict[str, T]]:
    """Returns part -> its tensors by their own names, given standard keys. KeyError for a key in no section.

    Check `Standard.used` first.
    """
    parts: dict[str, dict[str, T]] = {section.part: {} for section in layout.sections}
    for key, value in used.items():
        section = section_of(layout, key)
        if section is None:
            raise KeyError(key)
        own = section.own + key.removeprefix(section.released)
        if section.part == "vae":
            own = _OLD_ATTENTION.sub(lambda m: m[1] + _TO_NEW[m[2]] + m[3], own)
        parts[section.part][own] = value
    return parts


def to_released(
    layout: Layout, parts: Mapping[str, Mapping[str, T]], unused: Mapping[str, T] | None = None
) -> dict[str, T]:
    """Returns the tensors of all parts under their standard keys, as an export needs them.

    parts: for each part, its tensors by their own names. unused: tensors that belong to no part, under their standard
    keys.
    """
    released: dict[str, T] = {}
    for section in layout.sections:
        for own, value in parts[section.part].items():
            name = own.removeprefix(LEVEL) if section.part == "text_encoder" else own
            if section.part == "vae":
                name = _ATTENTION.sub(lambda m: m[1] + _TO_OLD[m[2]] + m[3], name)
            released[section.released + name.removeprefix(section.own)] = value
    return released | dict(unused or {})


def section_of(layout: Layout, key: str) -> Section | None:
    """Returns the section that a standard key belongs to, or None."""
    return next((section for section in layout.sections if key.startswith(section.released)), None)
