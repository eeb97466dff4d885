"""`python -m training.data check DIR` says what a dataset folder lacks; `convert DIR` rewrites its pickles safely.

`publish DIR OUT` writes a Maple Lane folder as a repository that the `datasets` library loads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from storyboard.errors import StoryError
from training.data.check import check
from training.data.dataset import READERS
from training.data.publish import publish
from training.data.tables import convert


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0 if all is well, 1 if something is missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("check", "what is missing or wrong, file by file"),
        ("convert", "write the tables as JSON and safetensors, once"),
        ("publish", "write a folder of Maple Lane as a repository of the datasets library"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("folder", type=Path)
        if name == "check":
            command.add_argument("--dataset", choices=READERS, help="default: what the folder's files tell")
        if name == "publish":
            command.add_argument("out", type=Path)
    args = parser.parse_args(argv)
    wrong = 0
    try:
        if args.command == "convert":
            if not args.folder.is_dir():
                raise StoryError(f"There is no folder {args.folder}.")
            for line in convert(args.folder):
                print(line)
        elif args.command == "publish":
            for split, frames in publish(args.folder, args.out).items():
                print(f"{split}: {frames} frames")
        else:
            for finding in check(args.folder, args.dataset):
                print(finding)
                wrong += finding.wrong
    except (StoryError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
