"""The systems that are compared, each under one name: `python -m training.evaluate.systems ACTION`.

    systems list                                    what there is of each: weights, complete stories
    systems commands storygpt-v-llama               how it is trained
    systems train story-ldm --minutes 60 --processes 2      trains it (resumable) and, once it is whole, writes its
                                                            pipeline folder
    systems draw char-ldm --stories 250 --minutes 30        draws the stories of its row (resumable)
    systems draw storygpt-v-opt --frames 50 --stories 20    draws the long ones of Table 5
    systems tell story-ldm --out runs/told/story-ldm        copies drawn stories, with what they tell, for people to
                                                            look at (the human study, Figure 3)
    systems tell real --out runs/told/real                  the same of the world's own pictures

A system is a pipeline folder ROOT/systems/NAME (or a link to one). Those that share most of their parts with the
default parts folder get one of their own, ROOT/parts-NAME, in which the shared ones are links. Hours on two cores, at
the default budgets: ldm, story-ldm and every stage-1 row 2 to 3, language model 0.7, every stage-2 row 0.5 to 1; a
frame is drawn in 1 to 2 seconds. Knows no scores.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tqdm.auto import tqdm

from storyboard.disk.durable import write_whole
from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered
from training.align_llm.arguments import AlignArguments
from training.ar_ldm.__main__ import ArLdmArguments
from training.configs.arguments import parsed
from training.evaluate.drawing import (
    DrawnFrame,
    StoryArtist,
    System,
    cast_of,
    weights_hash,
    world_picture,
)
from training.evaluate.renderers import load_renderer
from training.evaluate.told_stories import write_told
from training.loop import LoopArguments, checkpoint_in, steps_done
from training.maple_lane import FIXED, MapleStory, story
from training.pretrain.language_model import LanguageModelArguments
from training.pretrain.visual_mapper import VisualMapperArguments
from training.story_dalle.pipeline import StoryDallePipeline
from training.story_dalle.train_transformer import StoryDalleArguments
from training.story_dalle.train_vq import VqArguments
from training.story_ldm.__main__ import StoryLdmArguments
from training.train_char_ldm.arguments import CharLdmArguments

Captions = Literal["plain", "referential"]
ROOT = "runs/maple-lane"
WHERE_TO = "Where to? Give a folder with --out."
TOGETHER = 8  # stories drawn side by side, which takes two thirds of the time


@dataclass(frozen=True)
class SystemSpec:
    """How a system is made and drawn. `plain`, `referential`: its conditioning for such captions, None: not drawn.

    given: so many opening frames of a story are given as they are, for the system to continue.
    makes: what its training puts into the parts folder. apart: into one of its own, everything else shared.
    training: commands, with {root}, {parts}, {run} and {folder} left open; each but the last is shared by processes.
    """

    name: str
    row: str
    plain: str | None
    referential: str | None
    makes: tuple[str, ...]
    apart: bool
    training: tuple[str, ...]
    given: int = 0

    def conditioning(self, captions: Captions) -> str | None:
        return self.plain if captions == "plain" else self.referential

    def folder(self, root: Path) -> Path:
        return root / "systems" / self.name

    def parts(self, root: Path) -> Path:
        return root / (f"parts-{self.name}" if self.apart else "parts")

    def run(self, root: Path) -> Path:
        return root / "system-runs" / self.name

    def commands(self, root: Path) -> list[str]:
        places = {
            "root": root,
            "parts": self.parts(root),
            "run": self.run(root),
            "folder": self.folder(root),
        }
        return [f"python -m {command.format(**places)}" for command in self.training]


def _stage_1(name: str, row: str, switches: str = "", conditioning: str = "char-ldm") -> SystemSpec:
    train = f"training.train_char_ldm --parts {{parts}} --latents {{root}}/latents --output_dir {{run}} {switches}"
    put = "training.assemble --stage 1 --parts {parts} --out {folder}"
    referential, apart = "text" if name == "ldm" else None, name != "char-ldm"
    return SystemSpec(name, row, conditioning, referential, ("char_ldm",), apart, (train.strip(), put))


def _stage_2(name: str, row: str, switches: str = "", llama: bool = False) -> SystemSpec:
    conditions = "--conditions {root}/conditions"
    mapper = "{parts}/visual_mapper" if llama else "{root}/parts/visual_mapper"
    kind = " --config maple-lane-llama" if llama else ""
    language = (
        f"training.pretrain language-model{kind} --parts {{parts}} --output_dir {{run}}-language-model",
        f"training.pretrain visual-mapper{kind} --parts {{parts}} {conditions} --output_dir {{run}}-visual-mapper",
    )
    commands = (
        "training.cache_conditions --parts {root}/parts --out {root}/conditions",
        *(language if llama else ()),
        f"training.align_llm{kind} --parts {{parts}} {conditions} --latents {{root}}/latents "
        f"--visual_mapper {mapper} --output_dir {{run}} {switches}".strip(),
        "training.assemble --parts {parts} --out {folder}"
        + (" --interleaved false" if "--interleaved false" in switches else ""),
    )
    makes = ("language_model", "visual_mapper", "aligned") if llama else ("aligned",)
    return SystemSpec(name, row, None, "llm", makes, name != "storygpt-v-opt", commands)


# The commands among them that take optimiser steps, and what their flags say.
TRAININGS: dict[str, type[LoopArguments]] = {
    "training.train_char_ldm": CharLdmArguments,
    "training.align_llm": AlignArguments,
    "training.story_ldm": StoryLdmArguments,
    "training.ar_ldm": ArLdmArguments,
    "training.story_dalle vq": VqArguments,
    "training.story_dalle transformer": StoryDalleArguments,
    "training.pretrain language-model": LanguageModelArguments,
    "training.pretrain visual-mapper": VisualMapperArguments,
}
# What systems of their own put into the parts folder: nobody else reads it.
APART = ("story_ldm", "ar_ldm", "story_dalle")
TEXT_ONLY = "--text_only 0.9"  # with a tenth unconditional: never a portrait
REGULARIZED = "--reg_weight 0.1"  # with the paper's 1e-3, as few steps as here move no map
PIXELS = "--image_weight 0.1"
_STORY_LDM = "training.story_ldm --parts {parts} --latents {root}/latents --output_dir {run} --out {folder}"
_AR_LDM = "training.ar_ldm --parts {parts} --latents {root}/latents --output_dir {run} --out {folder}"
_STORY_DALLE = (
    "training.story_dalle vq --parts {parts} --output_dir {run}-vq",
    "training.story_dalle transformer --parts {parts} --output_dir {run} --out {folder}",
)

SYSTEMS = {
    spec.name: spec
    for spec in (
        _stage_1("ldm", "LDM", f"{TEXT_ONLY} --reg_weight 0 --vision_layers 0", "text"),
        SystemSpec(
            "story-dalle",
            "StoryDALL-E †",
            "story-dalle",
            "story-dalle",
            ("story_dalle",),
            False,
            _STORY_DALLE,
            given=StoryDallePipeline.GIVEN,
        ),
        SystemSpec("story-ldm", "Story-LDM", "story-ldm", "story-ldm", ("story_ldm",), False, (_STORY_LDM,)),
        SystemSpec("ar-ldm", "AR-LDM", "ar-ldm", "ar-ldm", ("ar_ldm",), False, (_AR_LDM,)),
        _stage_1("char-ldm", "Char-LDM", REGULARIZED),
        _stage_2("storygpt-v-opt", "StoryGPT-V (OPT)", PIXELS),
        _stage_2("storygpt-v-llama", "StoryGPT-V (Llama)", PIXELS, llama=True),
        _stage_1("stage1-no-reg", "w/o L_reg", "--reg_weight 0"),
        _stage_1("stage1-text", "w/o augmented text", f"{REGULARIZED} {TEXT_ONLY}", "text"),
        _stage_1("stage1-frozen-vision", "freeze vis", f"{REGULARIZED} --vision_layers 0"),
        _stage_1("stage1-default", "Our stage1 (default)", REGULARIZED),
        _stage_2("stage2-caption-text", "Caption-Emb_text", "--interleaved false --target text"),
        _stage_2("stage2-caption-fused", "Caption-Emb_fuse", "--interleaved false"),
        _stage_2("stage2-interleave-text", "Interleave-Emb_text", "--target text"),
        _stage_2("stage2-interleave-fused", "Interleave-Emb_fuse w/o L_img"),
        _stage_2("stage2-default", "Interleave-Emb_fuse w L_img (default)", PIXELS),
    )
}


def link_parts(spec: SystemSpec, root: Path) -> Path:
    """The system's parts folder: everything that it does not make is a link into the default one."""
    shared, own = root / "parts", spec.parts(root)
    if not shared.is_dir():
        raise StoryError(f"There is no parts folder {shared}; train the base parts first.")
    own.mkdir(parents=True, exist_ok=True)
    if own == shared:
        return own
    for part in shared.iterdir():
        place = own / part.name
        if part.name not in (*spec.makes, *APART) and not place.is_symlink() and not place.exists():
            place.symlink_to(part.resolve(), target_is_directory=part.is_dir())
    return own


class NotDrawn(Exception):
    """A picture is asked for that is not kept, and nothing here draws."""


class KeptOnly:
    """The renderer of a system whose pictures are only read back."""

    doing = notice = ""  # no writer waits for it

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        raise NotDrawn(request.caption)


def artist_of(spec: SystemSpec, captions: Captions, root: Path, draws: bool) -> StoryArtist:
    """StoryError where the system has no such row, FileNotFoundError where it has no weights."""
    conditioning = spec.conditioning(captions)
    if conditioning is None:
        raise StoryError(f"{spec.name} is not drawn with {captions} captions.")
    folder = spec.folder(root)
    system = System(weights_hash(folder), captions, conditioning, given=spec.given)
    return StoryArtist(load_renderer(folder) if draws else KeptOnly(), system, root / "systems" / "pictures")


def first_stories(count: int, frames: int = 4, given: int = 0) -> Iterable[MapleStory]:
    """The first test stories with so many frames to draw; given: and so many before these."""
    return (story("test", index, frames + given) for index in range(count))


def cut(tale: MapleStory, frames: int) -> MapleStory:
    """A story's first frames: drawn alone they are the same pictures, as no frame reads a later one."""
    return replace(tale, frames=tale.frames[:frames])


def kept_stories(artist: StoryArtist, tales: Iterable[MapleStory]) -> list[list[DrawnFrame]]:
    """The stories whose pictures are all there, from the first up to one that is not."""
    found = []
    for tale in tales:
        try:
            found.append(artist.draw(tale))
        except NotDrawn:
            break
    return found


@dataclass
class SystemsArguments:
    root: str = field(default=ROOT, metadata={"help": "folder of parts, runs and systems"})
    captions: Captions | None = field(
        default=None,
        metadata={"help": "draw: which half; by default all the system has. tell: with pronouns"},
    )
    out: str | None = field(default=None, metadata={"help": "tell: folder of the stories"})
    stories: int = field(default=100, metadata={"help": "draw: how many"})
    first: int = field(default=0, metadata={"help": "draw: number of the first of them, to share them out"})
    frames: int = field(default=4, metadata={"help": "draw: frames a story, 4 or 50"})
    minutes: float = field(default=0.0, metadata={"help": "stop (resumably) after this long, 0 for no limit"})
    processes: int = field(default=1, metadata={"help": "train: processes that share each step"})
    steps: int = field(
        default=0, metadata={"help": "train: optimiser steps of its own training, 0 for the default"}
    )
    batch: int = field(default=0, metadata={"help": "train: examples a step of it, 0 for the default"})

    def __post_init__(self) -> None:
        limit = FIXED.get(("test", self.frames))
        if limit is None or self.stories < 1 or not 0 <= self.first <= limit - self.stories:
            sizes = ", ".join(
                f"{count} of {frames}" for (split, frames), count in FIXED.items() if split == "test"
            )
            raise StoryError(
                f"--stories {self.stories} --first {self.first} --frames {self.frames}: the test stories are {sizes}."
            )


def steps_left(command: Sequence[str]) -> int:
    """Optimiser steps between where a command of `training` stopped and what its flags ask for; 0 where it has none."""
    flags = next(number for number, word in enumerate(command) if word.startswith("--"))
    arguments = TRAININGS.get(" ".join(command[:flags]))
    if arguments is None:
        return 0
    asked = parsed(arguments, command[flags:])
    return max(0, asked.steps - steps_done(checkpoint_in(Path(asked.output_dir))))


def train(spec: SystemSpec, args: SystemsArguments) -> None:
    """Run the system's commands one after the other; each goes on where it stopped. Never over parts of other runs.

    One that ran out of time ends it: what comes after would learn from, or put together, a part that is half trained.
    """
    root = Path(args.root)
    parts = link_parts(spec, root)
    made = [name for name in spec.makes if (parts / name).exists()]
    if made and not any(spec.run(root).parent.glob(f"{spec.name}*")):
        raise StoryError(
            f"{parts / made[0]} was trained by another run; move it away to train it anew, or put it together with the "
            f"last line of: python -m training.evaluate.systems commands {spec.name}"
        )
    budget = {"--steps": args.steps, "--batch": args.batch}
    for command in spec.commands(root):
        _, _, *words = shlex.split(command)
        limits = {"--minutes": args.minutes} if "--output_dir" in words else {}
        if str(spec.run(root)) in words:
            limits |= budget
        words += [str(word) for flag, value in limits.items() if value for word in (flag, value)]
        launch = [sys.executable, "-m"]
        if args.processes > 1 and words[0] != "training.assemble":
            launch += ["torch.distributed.run", f"--nproc_per_node={args.processes}", "-m"]
        print(shlex.join([*launch, *words]), flush=True)
        if subprocess.run([*launch, *words], check=False).returncode:
            raise StoryError(f"{words[0]} of {spec.name} stopped with an error; its own message is above.")
        left = steps_left(words)
        if left:
            print(
                f"{words[0]} of {spec.name} has {left} steps to go; the same command goes on there.",
                flush=True,
            )
            return


def draw(spec: SystemSpec, args: SystemsArguments) -> None:
    """Draw the first stories of each half; pictures that are there are only read, of the first story checked."""
    started = time.monotonic()
    for captions in ("plain", "referential"):
        if spec.conditioning(captions) is None or args.captions not in (None, captions):
            continue
        artist = artist_of(spec, captions, Path(args.root), draws=True)
        before = set(artist.folder.iterdir())
        with tqdm(total=args.stories * args.frames, desc=f"{spec.name} {captions}", mininterval=5) as bar:
            tales = list(first_stories(args.first + args.stories, args.frames, spec.given))[args.first :]
            for first in range(0, len(tales), TOGETHER):
                if args.minutes and time.monotonic() - started > args.minutes * 60:
                    return
                drawn = artist.draw_together(tales[first : first + TOGETHER], bar.update)
                if first == 0 and drawn[0][-1].path in before:
                    artist.check(drawn[0])


def tell(spec: SystemSpec, args: SystemsArguments) -> None:
    """Copy drawn stories to `args.out` as `told_stories.py` has them. StoryError where not all of them are drawn."""
    captions: Captions = args.captions or "referential"
    artist = artist_of(spec, captions, Path(args.root), draws=False)
    wanted = list(first_stories(args.first + args.stories, args.frames, spec.given))[args.first :]
    drawn = kept_stories(artist, wanted)
    if args.out is None or len(drawn) < len(wanted):
        missing = f"{len(drawn)} of {len(wanted)} such stories of {spec.name} are drawn; draw them first"
        raise StoryError(f"{missing}." if args.out else WHERE_TO)
    for frames in drawn:
        tale = frames[0].story
        files = [Path(args.out, tale.id, f"{frame.number}.png") for frame in frames]
        write_told(
            Path(args.out), tale.id, zip((f.caption for f in frames), files, strict=True), cast_of(tale)
        )
        for frame, file in zip(frames, files, strict=True):
            write_whole(file, frame.path.read_bytes())
    print(f"{len(drawn)} stories of {spec.name} are in {args.out}.")


def tell_real(args: SystemsArguments) -> None:
    """Write Maple Lane's own pictures of the stories to `args.out`, as `tell` writes those of a system."""
    if args.out is None:
        raise StoryError(WHERE_TO)
    folder, captions = Path(args.out), args.captions or "referential"
    for tale in list(first_stories(args.first + args.stories, args.frames))[args.first :]:
        files = [folder / tale.id / f"{number}.png" for number in range(len(tale.frames))]
        said = [f.plain if captions == "plain" else f.referential for f in tale.frames]
        write_told(folder, tale.id, zip(said, files, strict=True), cast_of(tale))
        for frame, file in zip(tale.frames, files, strict=True):
            world_picture(frame.scene).save(file)
    print(f"{args.stories} stories as Maple Lane has them are in {folder}.")


def state(spec: SystemSpec, root: Path) -> str:
    """One line: weights, and stories that are complete."""
    told = []
    for captions in ("plain", "referential"):
        try:
            artist = artist_of(spec, captions, root, draws=False)
        except StoryError:
            continue
        except FileNotFoundError:
            return f"{spec.name:24} no weights"
        counts = [
            len(kept_stories(artist, first_stories(FIXED["test", frames], frames, spec.given)))
            for frames in (4, 50)
        ]
        told.append(f"{captions} {counts[0]} stories of 4 and {counts[1]} of 50")
    return f"{spec.name:24} {', '.join(told)}"


def main(argv: list[str] | None = None) -> None:
    words = sys.argv[1:] if argv is None else argv
    actions = ("list", "commands", "link", "train", "draw", "tell")
    action = words[0] if words else ""
    if action not in actions:
        print(f"{__doc__}\nsystems: {', '.join(SYSTEMS)}")
        if action not in ("", "-h", "--help"):
            raise StoryError(f'There is no action "{action}"; choose {", ".join(actions)}.')
        return
    names = [word for word in words[1:2] if not word.startswith("-")]
    args = parsed(SystemsArguments, words[1 + len(names) :])
    root = Path(args.root)
    if action == "list":
        for spec in SYSTEMS.values():
            print(state(spec, root))
        return
    if action == "tell" and names == ["real"]:
        return tell_real(args)
    if not names or names[0] not in SYSTEMS:
        raise StoryError(f"Which system? Choose one of {', '.join(SYSTEMS)}.")
    spec = SYSTEMS[names[0]]
    if action == "commands":
        print("\n".join(spec.commands(root)))
    elif action == "link":
        print(link_parts(spec, root))
    else:
        {"train": train, "draw": draw, "tell": tell}[action](spec, args)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
