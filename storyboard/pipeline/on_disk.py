"""A StoryPipeline on disk: loaded from a folder or the Hub, and saved so that it is the same elsewhere.

As diffusers does it, and beyond that: only safetensors, none of a folder's code, a language model that is named instead
of carried, and errors that say what to do. Knows parts, not how pictures are drawn.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from torch import nn

from storyboard.models.folder import check_folder
from storyboard.models.language_model import Tell, save_reader, silent
from storyboard.models.place_words import read_object
from storyboard.models.reader_folder import FOLDER, PARTS, WORDS, ReaderIndex, read_reader
from storyboard.pipeline.carried import without_code, write_code
from storyboard.pipeline.loading import fetched, language_model_of, options_of, stage_2_of, unfit
from storyboard.text.learned_words import lexicon_from
from storyboard.text.lexicon import Lexicon

if TYPE_CHECKING:
    from typing_extensions import Self

# By whether the folder carries a language model: what is done without the one it names.
UNTIL_THEN = {
    True: "Until then the story is read by the smaller language model that comes along.",
    False: "Until then every frame is drawn from its own sentence alone.",
}


class OnDisk(DiffusionPipeline):
    """The loading and saving of a `StoryPipeline`, which this class is a part of.

    named_reader: what names the language model, where that is not one the folder carries. learned: which words it has
    learned, as its folder says. notice: what a writer should be told of how it was loaded.
    """

    notice = ""
    named_reader: ReaderIndex | None = None
    learned: Mapping[str, Any] = MappingProxyType({})

    @cached_property
    def lexicon(self) -> Lexicon:
        """What it has learned, as sentences are read with it."""
        return lexicon_from(self.learned)

    @classmethod
    def from_pretrained(
        cls,
        path: str | Path,
        reader: Literal["named", "needed", "carried"] = "named",
        tell: Tell = silent,
        **kwargs: Any,
    ) -> Self:
        """Loads a folder or a Hub repository: safetensors only, and none of its code. Returns the pipeline.

        kwargs: as in diffusers. The weights are in float32 unless `dtype`, or its older name `torch_dtype`, says
        otherwise; `variant` takes those saved under it, and the rest as they are.
        reader: "named": the language model that the folder's `reader/` names takes the place of the one it carries;
        where it is not to be had, the latter stays and `notice` says so. "needed": StoryError then. "carried":
        `reader/` counts for nothing. tell: takes lines about what is loaded.
        StoryError when the folder is missing, incomplete or holds pickled weights, or the repository is not to be had.
        """
        folder = Path(path)
        # "assets/maple-lane" could be a Hub id too; it is one only where no folder of that name could be meant.
        local = folder.exists() or folder.parent.is_dir()
        if not local:
            folder, kwargs = fetched(str(path), kwargs)
        check_folder(folder)
        index = read_reader(folder) if reader != "carried" else None
        model, notice = language_model_of(index, reader == "needed", tell)
        index = index if model else None
        tell(f"Loading {folder.resolve().name if local else path}")
        kwargs = {**options_of(folder, kwargs), "trust_remote_code": False}
        try:
            named = stage_2_of(folder, index, model, kwargs["dtype"]) if index and model else {}
            pipeline = super().from_pretrained(str(folder), **{**named, **kwargs})
            pipeline._check_reader(bool(named))
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise unfit(path, error) from error
        if notice:
            pipeline.notice = f"{notice} {UNTIL_THEN[pipeline.language_model is not None]}"
        pipeline.named_reader = index
        if index is not None:
            pipeline.learned = read_object(folder / FOLDER / WORDS)
        return pipeline

    def _check_reader(self, named: bool) -> None:
        """ValueError where its mappers do not fit its language model: else the first frame would find it."""
        if named and self.config.interleaved and self.visual_mapper is None:
            raise ValueError("its reader is to read pictures and has no visual_mapper")
        if self.condition_mapper is not None and self.language_model is not None:
            _ = self.reader

    @classmethod
    def load_config(cls, *args: Any, **kwargs: Any) -> Any:
        """Returns the config, as in diffusers.

        A folder's own code is for diffusers alone; here it is this class that is loaded.
        """
        described = super().load_config(*args, **kwargs)
        if isinstance(described, dict) and "_class_name" in described:
            described["_class_name"] = cls.__name__
        return described

    @classmethod
    def extract_init_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Returns what diffusers does, with parts and settings as they were before `write_code` named them anew."""
        return super().extract_init_dict(without_code(config_dict), **kwargs)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """As in diffusers, always as safetensors, and with the code that draws (see `carried`).

        A language model that is named is named again, not carried.
        """
        carried = self
        if self.named_reader is not None:
            stage_2 = {"language_model", "language_tokenizer", *PARTS}
            carried = self._like(lambda name, part: None if name in stage_2 else part)
            parts = {name: getattr(self, name) for name in PARTS if getattr(self, name) is not None}
            settings = {name: self.config[name] for name in self.named_reader.settings}
            index = replace(self.named_reader, parts=tuple(parts), settings=settings)
            save_reader(Path(save_directory), index, parts, self.learned)
        super(OnDisk, carried).save_pretrained(str(save_directory), **{**kwargs, "safe_serialization": True})
        write_code(Path(save_directory))

    def save_half(self, path: str | Path) -> None:
        """Save with weights in float16, half the size; loading brings them back to float32. This one stays as it is."""

        def halved(name: str, part: Any) -> Any:
            kept = name == "language_model" and self.named_reader is not None
            return part if kept or not isinstance(part, nn.Module) else copy.deepcopy(part).half()

        halves = self._like(halved)
        halves.named_reader, halves.learned = self.named_reader, self.learned
        halves.save_pretrained(path)

    def _like(self, change: Callable[[str, Any], Any]) -> Self:
        """A pipeline of the same settings, with what `change` makes of each part's name and the part."""
        settings = {name: self.config[name] for name in self._get_signature_keys(self)[1]}
        return type(self)(**{name: change(name, part) for name, part in self.components.items()}, **settings)
