"""The command line: `storyboard COMMAND ...`, or `python -m storyboard COMMAND ...`; `--help` lists the commands.

`serve` opens the page. `draw` and `export` work on whole stories, `make-portrait` on a look. The other commands are the
verbs that programs have; each works on a project file or on a story in a running app. Progress goes to standard error.
The exit status is 0 when the work is done, 2 for a mistake in the input and 130 when interrupted. An error changes
nothing.

Torch is imported only after the arguments, the cast and every sentence have been checked. Gradio is imported only by
`serve`.
"""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from pathlib import Path

from storyboard.commands import people, whole
from storyboard.commands.options import add_cast, add_look, add_pipeline
from storyboard.commands.reference import print_verbs
from storyboard.commands.verbs import add_verb_commands
from storyboard.errors import StoryError
from storyboard.exports import KINDS, MAX_SECONDS, MIN_SECONDS, PAPERS, PER_PAGE
from storyboard.models.threads import prepare_threads

DISTRIBUTION = "storygpt-v-storyboard"
SERVE = "serve"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line. Returns its exit status."""
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
    _add_make_portrait(commands)
    add_verb_commands(commands)
    commands.add_parser("verbs", help="print what programs can do, as a table").set_defaults(run=print_verbs)
    return parser


def _version() -> str:
    """Returns the version that pip installed, or a note that this is a checkout which nobody installed."""
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
    add_cast(command)
    add_pipeline(command, steps=True)


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
    add_pipeline(command)


def _add_make_portrait(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("make-portrait", help="draw a look: portrait.png and look.json")
    command.set_defaults(run=people.make_portrait)
    add_look(command, required=True)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the two files")


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
