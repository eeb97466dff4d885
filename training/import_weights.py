"""Turns the authors' released checkpoints into a `StoryPipeline` folder that draws as their code does.

`python -m training.import_weights --first-stage pytorch_model.bin --second-stage DIR --base SD15 --llm OPT-OR-LLAMA
--out DIR`. This is done once, offline. Pickled files are read only here, in a process of its own. The import is strict:
every key is either used or listed as a tolerated difference. The folder appears whole or not at all.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.models.digests import file_digest
from storyboard.pipeline import StoryPipeline
from training.configs.arguments import parsed
from training.configs.settings import PipelineSettings
from training.released import language as language_models
from training.released.cast import write_cast
from training.released.model_args import FILE, WEIGHTS, ModelArgs, find_second_stage, read_model_args
from training.released.parts import import_first_stage, import_second_stage, load_base
from training.released.unpickle import to_safetensors

# The authors' inference. It makes 31 denoiser calls. The first 16 read the text alone, unless the text names people
# only by pronouns. There are no portraits before the story, a space ends the prompt, and portraits are resized in their
# way.
RELEASED: dict[str, Any] = {
    "first_frame": "char-ldm",
    "steps": 30,
    "guidance": 5.0,
    "start_merge_step": 15,
    "cast_prefix": False,
    "prompt_tail": " ",
    "portrait_fill": "black",
    "portrait_filter": "bilinear",
}
FIRST_STAGE_FILE = "pytorch_model.bin"
RECORD = "import.json"


@dataclass
class ImportArguments(PipelineSettings):
    first_stage: str = field(metadata={"help": f"{FIRST_STAGE_FILE} of the first stage, or its folder"})
    base: str = field(metadata={"help": "Stable Diffusion 1.5: a folder, or its id on the Hub"})
    out: str = field(metadata={"help": "the pipeline folder to write; it must not exist yet"})
    second_stage: str | None = field(
        default=None, metadata={"help": f"unpacked folder of a second stage, with {FILE}"}
    )
    llm: str | None = field(
        default=None, metadata={"help": "the OPT or Llama it was trained with: a folder, or a Hub id"}
    )
    clip: str = field(
        default="openai/clip-vit-large-patch14", metadata={"help": "CLIP ViT-L/14: a folder, or a Hub id"}
    )
    portraits: str | None = field(
        default=None,
        metadata={"help": "folder of reference pictures <name>.jpeg; the app needs them for its cast"},
    )
    steps: int = field(
        default=RELEASED["steps"], metadata={"help": "denoising steps of a frame, unless asked otherwise"}
    )
    guidance: float = field(
        default=RELEASED["guidance"], metadata={"help": "guidance scale, unless asked otherwise"}
    )
    context_frames: int = field(
        default=0,
        metadata={"help": "earlier frames the language model reads at most; 0: as many as fit, as released"},
    )

    def settings(self) -> dict[str, Any]:
        """Returns the pipeline's settings: those of the authors' inference, with the given arguments in their place."""
        given = {
            "steps": self.steps,
            "guidance": self.guidance,
            "context_frames": self.context_frames or None,
        }
        return RELEASED | given | self.chosen()


@dataclass(frozen=True)
class _SecondStage:
    """The weights of a second stage, how it is built, and the language model with which it was trained."""

    weights: Path
    settings: ModelArgs
    language: language_models.Language


def import_weights(args: ImportArguments) -> list[str]:
    """Writes the folder. Returns the differences that were tolerated.

    If something does not fit, raises StoryError and writes nothing.
    """
    out = _free(Path(args.out))
    if (args.second_stage is None) != (args.llm is None):
        raise StoryError(
            "A second stage and its language model belong together; give --second-stage and --llm."
        )
    first = _first_stage_file(Path(args.first_stage))
    second = _second_stage(args.second_stage, args.llm) if args.second_stage and args.llm else None
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        scratch = Path(folder)
        sources = {first: scratch / "first.safetensors"}
        if second:
            sources[second.weights] = scratch / "second.safetensors"
        (scratch / "llm").mkdir()
        pickled = language_models.pickled_weights(second.language, scratch / "llm") if second else {}
        to_safetensors({**sources, **pickled})
        base = load_base(args.base, args.clip)
        fuser, tolerated = import_first_stage(first, load_file(sources[first]), base)
        parts: dict[str, Any] = {}
        if second:
            weights = load_file(sources[second.weights])
            parts, also = import_second_stage(second.weights, weights, second.settings, second.language, base)
            tolerated += also
            parts["language_tokenizer"] = second.language.tokenizer
            parts["language_model"] = language_models.load(second.language, scratch / "llm")
            parts["visual_encoder"] = base.visual_encoder
        pipeline = _assemble(base, fuser, parts, args)
        pipeline.save_pretrained(scratch / "pipeline")
        _write_record(scratch / "pipeline", list(sources), second.settings if second else None, tolerated)
        if args.portraits:
            write_cast(Path(args.portraits), scratch / "pipeline")
        _publish(scratch / "pipeline", out)
    return list(tolerated)


def _assemble(base: Any, fuser: Any, parts: dict[str, Any], args: ImportArguments) -> StoryPipeline:
    """Returns the pipeline as the authors run it: their denoiser and encoders, and the standard autoencoder."""
    return StoryPipeline(
        vae=base.vae,
        unet=base.unet,
        scheduler=args.sampler(base.scheduler),
        tokenizer=base.tokenizer,
        text_encoder=base.text_encoder,
        image_encoder=base.image_encoder,
        image_processor=base.image_processor,
        fuser=fuser,
        **parts,
        **args.settings(),
    )


def _free(out: Path) -> Path:
    """Returns `out` as an absolute path. StoryError if it exists already, or cannot be created."""
    out = out.absolute()
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise StoryError(f'"{out}" exists; give a new folder with --out, or remove that one.')
    if not out.parent.is_dir():
        raise StoryError(f'There is no folder "{out.parent}" to write in; create it, or give another --out.')
    return out


def _second_stage(folder: str, llm: str) -> _SecondStage:
    """Returns what is known of a second stage before anything is loaded. StoryError if its parts do not fit."""
    found = find_second_stage(Path(folder))
    settings, language = read_model_args(found / FILE), language_models.choose(llm)
    language_models.check_vocabulary(language, settings.first_image_token)
    return _SecondStage(found / WEIGHTS, settings, language)


def _first_stage_file(path: Path) -> Path:
    file = path / FIRST_STAGE_FILE if path.is_dir() else path
    if not file.is_file():
        raise StoryError(f'There is no first-stage checkpoint "{file}"; check --first-stage.')
    return file


def _write_record(
    folder: Path, sources: list[Path], settings: ModelArgs | None, tolerated: tuple[str, ...]
) -> None:
    """Writes what the folder was made from."""
    record = {
        "files": {path.name: file_digest(path) for path in sources},
        "model_args": asdict(settings) if settings else None,
        "tolerated": list(tolerated),
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def _publish(folder: Path, out: Path) -> None:
    """Gives the finished folder its name, in one step."""
    if out.is_dir():
        out.rmdir()  # it is empty, see `_free`; some platforms cannot rename onto an existing folder
    os.replace(folder, out)


def main(argv: list[str] | None = None) -> None:
    args = parsed(ImportArguments, argv)
    try:
        tolerated = import_weights(args)
    except StoryError as error:
        sys.exit(_refused(str(error)))
    except OSError as error:
        sys.exit(
            _refused(
                f"The folder cannot be written ({error.strerror or error}); free some space, or check it."
            )
        )
    for difference in tolerated:
        print(f"Tolerated: {difference}.")
    print(f"Wrote {args.out}.")
    if not args.portraits:
        print(
            "It has no cast, and the app does not start without one; give it portraits: "
            f"python -m training.released.cast --pipeline {args.out} --portraits FOLDER",
            file=sys.stderr,
        )


def _refused(sentence: str) -> int:
    print(f"import_weights: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
