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

What the systems are is `compared.py`'s. Hours on two cores, at the default budgets: ldm, story-ldm and every stage-1
row 2 to 3, language model 0.7, every stage-2 row 0.5 to 1; a frame is drawn in 1 to 2 seconds. Knows no scores.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.auto import tqdm

from storyboard.disk.durable import write_whole
from storyboard.errors import StoryError
from training.align_llm.arguments import AlignArguments
from training.ar_ldm.__main__ import ArLdmArguments
from training.configs.arguments import parsed
from training.evaluate.compared import ROOT, SYSTEMS, Captions, SystemSpec, link_parts
from training.evaluate.drawing import cast_of, world_picture
from training.evaluate.system_stories import artist_of, first_stories, kept_stories
from training.evaluate.told_stories import write_told
from training.loop import LoopArguments, checkpoint_in, steps_done
from training.maple_lane import FIXED
from training.pretrain.language_model import LanguageModelArguments
from training.pretrain.visual_mapper import VisualMapperArguments
from training.story_dalle.train_transformer import StoryDalleArguments
from training.story_dalle.train_vq import VqArguments
from training.story_ldm.__main__ import StoryLdmArguments
from training.train_char_ldm.arguments import CharLdmArguments

WHERE_TO = "Where to? Give a folder with --out."
TOGETHER = 8  # stories that are drawn side by side, which takes two thirds of the time
# The commands of `compared.py` that take optimiser steps, and the classes of their arguments.
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
    """Returns the number of optimiser steps that a command of `training` still has to take.

    Its flags say how many it takes in all. Returns 0 if the command takes no steps.
    """
    flags = next(number for number, word in enumerate(command) if word.startswith("--"))
    arguments = TRAININGS.get(" ".join(command[:flags]))
    if arguments is None:
        return 0
    asked = parsed(arguments, command[flags:])
    return max(0, asked.steps - steps_done(checkpoint_in(Path(asked.output_dir))))


def train(spec: SystemSpec, args: SystemsArguments) -> None:
    """Runs the system's commands one after the other. Each command continues where it stopped.

    It never trains over parts of other runs. A command that runs out of time ends it: later commands would use a part
    that is only half trained.
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
    """Draws the first stories for each kind of captions. Existing pictures are only read.

    If they are from an earlier run, the last picture of the first story is drawn again and compared with it.
    """
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
    """Copies drawn stories to `args.out` in the form of `told_stories.py`. StoryError if not all of them are drawn."""
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
    """Writes Maple Lane's own pictures of the stories to `args.out`, in the same form as `tell`."""
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
    """Returns one line: whether there are weights, and how many stories are complete."""
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
