"""A StoryPipeline on disk: loaded from a folder or the Hub, and saved so that it is the same elsewhere.

It works as in diffusers, with four additions: only safetensors are read, code in a folder is never run, a language
model can be named instead of included, and errors say what to do. Knows parts, but not how pictures are drawn.
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

# What happens without the language model that a folder names. The key: whether the folder includes another one.
UNTIL_THEN = {
    True: "Until then the story is read by the smaller language model that comes along.",
    False: "Until then every frame is drawn from its own sentence alone.",
}


class OnDisk(DiffusionPipeline):
    """The loading and saving of a `StoryPipeline`, which inherits from this class.

    named_reader: the index that names the language model, None if the folder includes it. learned: the words that the
    language model has learned, as its folder says. notice: what a writer should be told about how it was loaded.
    """

    notice = ""
    named_reader: ReaderIndex | None = None
    learned: Mapping[str, Any] = MappingProxyType({})

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words that it has learned, in the form in which sentences are read."""
        return lexicon_from(self.learned)

    @classmethod
    def from_pretrained(
        cls,
        path: str | Path,
        reader: Literal["named", "needed", "carried"] = "named",
        tell: Tell = silent,
        **kwargs: Any,
    ) -> Self:
        """Loads a folder or a Hub repository. Returns the pipeline. Reads safetensors only, and runs none of its code.

        kwargs: as in diffusers. The weights are in float32 unless `dtype`, or its older name `torch_dtype`, says
            otherwise. `variant` takes the weights that are saved under it, and all others as they are.
        reader: "named": the language model that the folder's `reader/` names replaces the one that the folder includes;
            if it cannot be loaded, the included one stays and `notice` says so. "needed": in that case StoryError is
            raised. "carried": `reader/` is ignored.
        tell: takes lines about what is being loaded.

        StoryError if the folder is missing, incomplete or has pickled weights, or if the repository cannot be reached.
        """
        folder = Path(path)
        # "assets/maple-lane" could be a Hub id too. It is taken as one only if no local folder can be meant.
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
        """Raises ValueError if the mappers do not fit the language model.

        Without this check, the first frame would be the first to show it.
        """
        if named and self.config.interleaved and self.visual_mapper is None:
            raise ValueError("its reader is to read pictures and has no visual_mapper")
        if self.condition_mapper is not None and self.language_model is not None:
            _ = self.reader

    @classmethod
    def load_config(cls, *args: Any, **kwargs: Any) -> Any:
        """Returns the config, as in diffusers.

        The class named there is replaced by this class: the folder's own code is for diffusers alone.
        """
        described = super().load_config(*args, **kwargs)
        if isinstance(described, dict) and "_class_name" in described:
            described["_class_name"] = cls.__name__
        return described

    @classmethod
    def extract_init_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Returns what diffusers returns, with parts and settings named as they were before `write_code`."""
        return super().extract_init_dict(without_code(config_dict), **kwargs)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Saves as diffusers does, always as safetensors, and adds the code that draws (see `carried`).

        A language model that was named is saved as a name again.
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
        """Saves the weights in float16, at half the size. Loading turns them into float32 again.

        This pipeline does not change.
        """

        def halved(name: str, part: Any) -> Any:
            kept = name == "language_model" and self.named_reader is not None
            return part if kept or not isinstance(part, nn.Module) else copy.deepcopy(part).half()

        halves = self._like(halved)
        halves.named_reader, halves.learned = self.named_reader, self.learned
        halves.save_pretrained(path)

    def _like(self, change: Callable[[str, Any], Any]) -> Self:
        """Returns a pipeline with the same settings.

        Each part is what `change` makes of its name and the present part.
        """
        settings = {name: self.config[name] for name in self._get_signature_keys(self)[1]}
        return type(self)(**{name: change(name, part) for name, part in self.components.items()}, **settings)
