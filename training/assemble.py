"""Parts in, pipeline out: `python -m training.assemble --out assets/maple-lane`.

Puts the trained parts into one `StoryPipeline` folder, in half precision on disk, with the world's portraits and the
words that the page offers (`cast.json`). Using the folder needs nothing of `training`.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from diffusers import UNet2DConditionModel
from PIL import Image
from transformers import (
    AutoModelForCausalLM,
    CLIPImageProcessor,
    CLIPTextModel,
    CLIPTokenizerFast,
    CLIPVisionModel,
)

from storyboard.disk.durable import whole_folder
from storyboard.errors import StoryError
from storyboard.models.fusion import CharacterFuser
from storyboard.models.image_tokens import ImageTokens
from storyboard.models.judge.network import load_judge
from storyboard.models.language_model import save_reader
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.reader_folder import FOLDER, WORDS, ReaderIndex, read_language_model
from storyboard.pipeline import StoryPipeline
from training.configs.arguments import parsed
from training.configs.parts import config_file, load_image_encoder, load_scheduler, load_vae
from training.configs.settings import PipelineSettings
from training.examples.latents import colours_of, measured_vae
from training.maple_lane import ACTIONS, CAST, PLACES, draw_portrait, story
from training.maple_lane.actions import phrase_with
from training.maple_lane.more_actions import ALL_ACTIONS
from training.maple_lane.words.learned import write_learned_words
from training.released import cast
from training.released.language import load_tokenizer

PORTRAIT_SIZE = 256
JUDGE, SCORES = "judge", "scores.json"  # SCORES: the judge's own scores, on real frames
# Descriptions that fit only one member of the cast; a writer may use them in place of the name.
CALLED = {
    "Rosa": ["the red-haired woman", "the curly-haired woman"],
    "Milo": ["the tall man", "the thin man"],
    "Nana": ["the old woman", "the grandmother"],
    "Otto": ["the big man", "the bald man", "the bearded man"],
    "Pip": ["the boy", "the little boy"],
    "Juno": ["the tall woman", "the long-haired woman"],
    "Toggle": ["the robot", "the little robot"],
}


@dataclass
class AssembleArguments(PipelineSettings):
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of all trained parts"})
    out: str = field(default="assets/maple-lane", metadata={"help": "the pipeline folder to write"})
    stage: Literal[1, 2] = field(
        default=2, metadata={"help": "1: without the language model and its mappers"}
    )
    denoiser: str = field(
        default="char_ldm/unet", metadata={"help": "its denoiser; unet: the plain LDM, a baseline"}
    )
    steps: int = field(default=15, metadata={"help": "denoising steps of a frame, unless asked otherwise"})
    guidance: float = field(default=3.0, metadata={"help": "guidance scale, unless asked otherwise"})
    interleaved: bool = field(
        default=True, metadata={"help": "as stage 2 was trained; false: the rows Caption- of Table 4"}
    )
    context_frames: int = field(
        default=4, metadata={"help": "earlier frames the language model reads at most; 0: as many as fit"}
    )
    portraits: str | None = field(
        default=None,
        metadata={"help": "folder of pictures <name>.jpeg for the cast; by default Maple Lane's"},
    )
    named: str | None = field(
        default=None,
        metadata={
            "help": "a language model to be named, a stem in training/configs or a file: only the reader/ of --out is "
            "written, with the parts that training.align_llm.condition_mapper made for it"
        },
    )
    anybody: bool = field(
        default=False,
        metadata={
            "help": "the parts were trained on the open world: they draw whoever has a look, or nobody"
        },
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.anybody and self.portraits:
            raise StoryError("--anybody speaks of Maple Lane's own looks; leave it out with --portraits.")
        if self.named and (self.chosen() or self.scheduler):
            raise StoryError(
                "--named writes a reader alone, which draws as it was trained; leave out first frame, delay, cast "
                "prefix, portrait filter and scheduler."
            )


def load_pipeline(args: AssembleArguments) -> StoryPipeline:
    """Returns the pipeline of a parts folder, in float32."""
    parts = Path(args.parts)
    # Autoencoders from elsewhere have no statistics, and need none.
    vae = load_vae(parts) if args.portraits else measured_vae(parts)
    return StoryPipeline(
        vae=vae,
        unet=UNet2DConditionModel.from_pretrained(parts / args.denoiser),
        scheduler=args.sampler(load_scheduler(parts)),
        tokenizer=CLIPTokenizerFast.from_pretrained(parts / "tokenizer"),
        text_encoder=CLIPTextModel.from_pretrained(parts / "text_encoder"),
        image_encoder=load_image_encoder(parts / "char_ldm" / "image_encoder"),
        image_processor=CLIPImageProcessor.from_pretrained(parts / "image_processor"),
        fuser=CharacterFuser.from_pretrained(parts / "char_ldm" / "fuser"),
        **(language_parts(parts) if args.stage == 2 else {}),
        steps=args.steps,
        guidance=args.guidance,
        interleaved=args.interleaved,
        context_frames=args.context_frames or None,
        place_words=None if args.portraits else [place.noun.split()[-1] for place in PLACES.values()],
        portrait_fill="black" if args.portraits else maple_lane_background(),
        preview_colours=colours_of(vae),
        **args.chosen(),
    )


def write_named_reader(args: AssembleArguments, named: str, out: Path) -> None:
    """Writes the `reader/` of a pipeline folder: a language model by name, and parts in half precision.

    named: the stem of a file in training/configs, or a JSON file. Such a reader reads words only, also for first
    frames. It points at portraits, and does not look at pictures.
    """
    parts = Path(args.parts) / "aligned"
    ours = {
        "image_tokens": ImageTokens.from_pretrained(parts / "image_tokens").half(),
        "condition_mapper": ConditionMapper.from_pretrained(parts / "condition_mapper").half(),
    }
    settings = {
        "first_frame": "llm",
        "interleaved": False,
        "cast_prefix": False,
        "context_frames": args.context_frames or None,
        "nearest_caption": True,
    }
    name = read_language_model(config_file(named))
    save_reader(out, ReaderIndex(name, tuple(ours), settings), ours)
    cast_file = Path(args.out) / "cast.json"  # of the existing pipeline; `out` replaces it at the end
    drawn = json.loads(cast_file.read_text(encoding="utf-8")) if cast_file.is_file() else {}
    write_learned_words(out / FOLDER / WORDS, anybody=drawn.get("anybody") is True)


def maple_lane_background() -> str:
    """Returns the background colour of Maple Lane's portraits, as "#rrggbb"."""
    return "#" + bytes(draw_portrait(CAST[0].name, CAST[0].outfits[0], 16)[0, 0]).hex()


def language_parts(parts: Path) -> dict[str, Any]:
    """Returns the parts that stage 2 adds to a pipeline.

    `visual_encoder` is None if one tower sees both frames and portraits.
    """
    tower = parts / "visual_encoder"
    return {
        "visual_encoder": CLIPVisionModel.from_pretrained(tower) if tower.exists() else None,
        "language_model": AutoModelForCausalLM.from_pretrained(parts / "language_model"),
        "language_tokenizer": load_tokenizer(parts / "language_tokenizer"),
        "image_tokens": ImageTokens.from_pretrained(parts / "aligned" / "image_tokens"),
        "visual_mapper": VisualMapper.from_pretrained(parts / "aligned" / "visual_mapper"),
        "condition_mapper": ConditionMapper.from_pretrained(parts / "aligned" / "condition_mapper"),
    }


def write_cast(out: Path, anybody: bool = False) -> None:
    """Writes portraits of every outfit, and `cast.json`: the cast, and what the page offers and warns about.

    anybody: whether the pipeline was trained on the open world, so that it knows people of any look, gestures, and
    empty places.
    """
    (out / "portraits").mkdir(parents=True, exist_ok=True)
    characters = []
    for who in CAST:
        portraits = []
        for outfit in who.outfits:
            name = f"{who.name.lower()}-{outfit.replace(' ', '-')}"
            picture = Image.fromarray(draw_portrait(who.name, outfit, PORTRAIT_SIZE))
            picture.quantize(256).save(out / "portraits" / f"{name}.png", optimize=True)
            portraits.append(
                {"id": name, "label": who.wardrobe[outfit].words, "file": f"portraits/{name}.png"}
            )
        characters.append(
            {"name": who.name, "pronoun": who.pronoun, "aliases": CALLED[who.name], "portraits": portraits}
        )
    words = {
        "characters": characters,
        "places": [place.at for place in PLACES.values()],
        "actions": [
            phrase_with(action.phrases[0], action.props[0] if action.props else None).one
            for action in (ALL_ACTIONS if anybody else ACTIONS).values()
        ],
        "example": story("val", 0).frames[0].plain,
        "peopled": not anybody,  # the cast's stories have no scene without people
        "anybody": anybody,
    }
    (out / "cast.json").write_text(json.dumps(words, indent=1))


def main(argv: list[str] | None = None) -> None:
    args = parsed(AssembleArguments, argv)
    if args.named and not Path(args.out).is_dir():
        raise StoryError(
            f"--named: there is no pipeline folder {args.out} yet; assemble it without --named first."
        )
    with whole_folder(Path(args.out)) as out:  # an app may be reading the existing folder
        if args.named:
            write_named_reader(args, args.named, out)
            return
        pipeline, judge = load_pipeline(args), Path(args.out) / JUDGE
        if judge.is_dir():  # an existing judge is for this world, and continues to judge its pictures
            pipeline.register_modules(judge=load_judge(judge))
        pipeline.save_half(out)
        if (judge / SCORES).is_file():
            shutil.copy2(judge / SCORES, out / JUDGE)
        if args.portraits:
            cast.write_cast(Path(args.portraits), out)
        else:
            write_cast(out, args.anybody)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"assemble: {error}")
