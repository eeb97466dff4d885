"""`python -m training.evaluate.study --drawn ours=FOLDER theirs=FOLDER --out FOLDER`: asks people which is better.

It serves a page that shows two systems' versions of a story and asks the paper's four questions. Votes are kept in
OUT/votes.jsonl. With --table it prints the results instead, which also works while people vote.
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.evaluate.study.pairs import open_study
from training.evaluate.study.results import tables
from training.evaluate.study.votes import Votes, read_votes


@dataclass
class StudyArguments:
    out: str = field(metadata={"help": "folder of the votes"})
    drawn: list[str] = field(
        default_factory=list,
        metadata={"help": "folders of drawn stories, two or more, as FOLDER or NAME=FOLDER"},
    )
    table: bool = field(default=False, metadata={"help": "print what the votes say, and serve nothing"})
    host: str = field(
        default="127.0.0.1", metadata={"help": "address to listen on; 0.0.0.0 for other machines"}
    )
    port: int | None = field(default=None, metadata={"help": "the first free one from 7860 by default"})


def main(argv: list[str] | None = None) -> None:
    args = parsed(StudyArguments, argv)
    folder = Path(args.out)
    if args.table:
        print(tables(*read_votes(folder)))
        return
    from training.evaluate.study.page import launch_page, make_page  # Gradio takes seconds to import

    study = open_study(args.drawn)
    with closing(Votes(folder, study)) as votes:
        print(
            f"{len(study.pairs)} pairs of {', '.join(study.systems)}; votes are kept in {folder}.", flush=True
        )
        launch_page(make_page(votes, folder), folder, server_name=args.host, server_port=args.port)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
