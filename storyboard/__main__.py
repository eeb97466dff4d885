"""The command line: `storyboard COMMAND ...`, or `python -m storyboard COMMAND ...`; `--help` lists the commands.

`serve` is the page, `draw` and `export` work on whole stories, the others are the API's verbs on a project file.
Progress goes to standard error. Exit status: 0 done, 2 a mistake in the input, 130 interrupted; after an error nothing
is changed.

Torch is imported only once the arguments, the cast and every sentence are found to be fine; Gradio only by `serve`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from storyboard.commands import frames, people, whole
from storyboard.errors import StoryError
from storyboard.exports import KINDS, MAX_SECONDS, MIN_SECONDS, PAPERS, PER_PAGE
from storyboard.models.folder import bundled_pipeline
from storyboard.models.threads import prepare_threads
from storyboard.renderer import MAX_STEPS
from storyboard.story.values import MAX_FRAMES, MAX_SEED, MAX_TAKES, PRONOUNS

DISTRIBUTION = "storygpt-v-storyboard"
SERVE = "serve"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    prepare_threads()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == [SERVE]:
        from storyboard.ui.serve import main as serve  # gradio: seconds to import; it reads its own arguments

        return serve(words[1:])
    options = _parser().parse_args(words)
    try:
        options.run(options)
    except StoryError as error:
        print(f"storyboard: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("storyboard: interrupted, nothing was written.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="storyboard", description="Write, draw and export stories, on a page or without a browser."
    )
    parser.add_argument("--version", action="version", version=f"storyboard {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(SERVE, help="open the page: write a story in a browser", add_help=False)
    _add_draw(commands)
    _add_export(commands)
    _add_project_commands(commands)
    _add_people_commands(commands)
    return parser


def _version() -> str:
    """Returns the version that pip installed; in a checkout nobody installed, that it is one."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "(a checkout, not installed)"


def _add_draw(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("draw", help="draw a text file, one sentence a line")
    command.set_defaults(run=whole.draw)
    command.add_argument("story", type=Path, metavar="STORY.txt", help="UTF-8 text, one sentence a line")
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for 01.png ..., story.json and story.storyboard",
    )
    command.add_argument("--title", default="", help="what the story is called")
    _add_cast(command)
    _add_pipeline(command, steps=True)


def _add_export(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("export", help="make PDF, pictures, film or project file of a story")
    command.set_defaults(run=whole.export)
    command.add_argument(
        "story", type=Path, metavar="STORY", help="a project file, or a story.json of `draw`"
    )
    command.add_argument("kinds", nargs="+", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    command.add_argument(
        "--per-page", type=int, choices=PER_PAGE, default=4, help="frames a page of a PDF; default 4"
    )
    command.add_argument("--paper", choices=PAPERS, default=PAPERS[0], help="of a PDF; default a4")
    command.add_argument(
        "--seconds", type=_seconds, help="a frame of a GIF or film; default: as long as it takes to read"
    )
    _add_pipeline(command)


def _add_project_commands(commands: argparse._SubParsersAction) -> None:
    def add(name: str, run: Callable, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        command.add_argument("project", type=Path, metavar="PROJECT", help="a .storyboard file")
        return command

    created = add("create-story", frames.create_story, "begin a project file with the pipeline's cast")
    created.add_argument("--title", default="", help="what the story is called")
    _add_cast(created)
    _add_pipeline(created)
    add("get-story", frames.get_story, "print the story as JSON")
    added = add("add-frame", frames.add_frame, "add a frame and draw it")
    added.add_argument("sentence", metavar="SENTENCE")
    added.add_argument("--after", type=_whole(1, MAX_FRAMES), metavar="N", help="default: at the end")
    _add_pipeline(added, steps=True)
    edited = add("edit-frame", frames.edit_frame, "give a frame another sentence and draw it")
    _add_frame(edited)
    edited.add_argument("sentence", metavar="SENTENCE")
    _add_pipeline(edited, steps=True)
    for name, run, text in (
        ("draw-frame", frames.draw_frame, "draw a frame as it stands"),
        ("reroll-frame", frames.reroll_frame, "draw a frame with another seed"),
    ):
        drawn = add(name, run, text)
        _add_frame(drawn)
        _add_pipeline(drawn, steps=True)
    chosen = add("choose-take", frames.choose_take, "bring back an earlier take of a frame")
    _add_frame(chosen)
    chosen.add_argument("take", type=_whole(1, MAX_TAKES), metavar="TAKE", help="its number, oldest first")
    _add_pipeline(chosen)
    bound = add("rebind", frames.rebind, "say whom a pronoun of a frame stands for")
    _add_frame(bound)
    bound.add_argument("occurrence", type=_whole(1, 1000), metavar="PRONOUN", help="its number, from 1")
    bound.add_argument("names", nargs="*", metavar="NAME", help="none: leave it to the model")
    _add_pipeline(bound)


def _add_people_commands(commands: argparse._SubParsersAction) -> None:
    def add(name: str, run: Callable, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        look = command.add_mutually_exclusive_group(required=True)
        look.add_argument("--look", type=Path, metavar="LOOK.json", help="what they look like")
        look.add_argument(
            "--anybody", type=_whole(0, MAX_SEED), metavar="N", help="somebody at random; equal N, equal look"
        )
        return command

    portrait = add("make-portrait", people.make_portrait, "draw a look: portrait.png and look.json")
    portrait.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the two files")
    added = add("add-character", people.add_character, "make somebody and take them into the cast")
    changed = add("change-look", people.change_look, "give somebody of the cast another look")
    for command in (added, changed):
        command.add_argument("project", type=Path, metavar="PROJECT", help="a .storyboard file")
        command.add_argument("name", metavar="NAME", help="what sentences call them")
        _add_pipeline(command)
    added.add_argument("--pronoun", choices=PRONOUNS, help="default: as the look says")
    added.add_argument("--alias", action="append", metavar="NAME", help="also called; may be repeated")


def _add_frame(command: argparse.ArgumentParser) -> None:
    command.add_argument("frame", type=_whole(1, MAX_FRAMES), metavar="N", help="the frame's number, from 1")


def _add_cast(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cast",
        type=_name_and_picture,
        action="append",
        default=[],
        metavar="NAME=IMAGE",
        help="the portrait a character wears; may be repeated",
    )
    command.add_argument(
        "--seed", type=_whole(0, MAX_SEED), default=0, help="default 0; equal seed, equal pictures"
    )


def _add_pipeline(command: argparse.ArgumentParser, steps: bool = False) -> None:
    command.add_argument(
        "--pipeline", type=Path, default=bundled_pipeline(), metavar="PATH", help="a pipeline folder"
    )
    if steps:
        command.add_argument(
            "--steps", type=_whole(1, MAX_STEPS), help="denoising steps; default: the pipeline's own"
        )


def _name_and_picture(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name.strip() and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=IMAGE, as in Rosa=rosa.png")
    return name.strip(), Path(path)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return parse


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not MIN_SECONDS <= value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {MIN_SECONDS} to {MAX_SECONDS:g}")
    return value


if __name__ == "__main__":
    sys.exit(main())
