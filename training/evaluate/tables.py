"""The paper's tables on Maple Lane: `python -m training.evaluate.tables --json FILE [--results FILE]`.

It reads what is drawn (`training.evaluate.systems draw`) and what the figures measured (`training.evaluate.figures`).
It draws nothing itself. So it takes minutes, and the same command gives the same result to the last digit. A row
without weights or pictures is left out and listed. A row that is only partly drawn counts the stories that are
complete.

--earlier is the JSON of another run, perhaps on another machine. Its rows are used if there are none here, or fewer
stories. If the system has weights here, only rows with the same weights are used. With --results, the tables are also
written between the two markers of that file, which is docs/results.md in a checkout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from storyboard.disk.durable import write_json, write_whole
from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.evaluate.__main__ import CLASSIFIERS, usual_classifier, usual_judge
from training.evaluate.compared import BUNDLED, ROOT, SYSTEMS, Captions
from training.evaluate.drawing import DrawnFrame, StoryArtist
from training.evaluate.rows import Evaluators, load_evaluators, measure, measure_real
from training.evaluate.system_stories import artist_of, cut, first_stories, kept_stories
from training.evaluate.table_text import markdown, put_between_markers

HEADLINE, OTHERS, LONG = 250, 100, 20  # numbers of stories that a row should have
LENGTHS = (4, 10, 20, 40, 50)
# For each table: its captions, and its systems with the number of stories that they should have.
ROWS: dict[str, tuple[Captions, dict[str, int]]] = {
    "table 1, plain": (
        "plain",
        {"story-dalle": OTHERS, "ldm": OTHERS, "story-ldm": OTHERS, "char-ldm": HEADLINE, BUNDLED: HEADLINE},
    ),
    "table 1, referential": (
        "referential",
        {
            "story-dalle": OTHERS,
            "ldm": OTHERS,
            "story-ldm": OTHERS,
            "ar-ldm": OTHERS,
            "storygpt-v-opt": HEADLINE,
            "storygpt-v-llama": OTHERS,
            BUNDLED: HEADLINE,
        },
    ),
    "table 3": (
        "plain",
        dict.fromkeys(("stage1-no-reg", "stage1-text", "stage1-frozen-vision", "stage1-default"), OTHERS),
    ),
    "table 4": (
        "referential",
        dict.fromkeys(
            (
                "stage2-caption-text",
                "stage2-caption-fused",
                "stage2-interleave-text",
                "stage2-interleave-fused",
                "stage2-default",
            ),
            OTHERS,
        ),
    ),
}
LONG_ROWS = ("story-ldm", "storygpt-v-opt", "storygpt-v-llama")
FIGURES = {"figure 4": "figure-4.json", "figure 5": "figure-5.json"}


@dataclass
class TablesArguments:
    json: str = field(metadata={"help": "file of everything"})
    results: str | None = field(
        default=None,
        metadata={"help": "file with the markers, to put the tables in: docs/results.md; none: only --json"},
    )
    earlier: str | None = field(
        default=None, metadata={"help": "JSON of an earlier run, whose rows stand where there is less here"}
    )
    root: str = field(default=ROOT, metadata={"help": "folder of systems, pictures and figures"})
    classifier: str = field(
        default_factory=usual_classifier,
        metadata={"help": f"folder of the classifier; by default {' or '.join(CLASSIFIERS)}"},
    )
    judge: str | None = field(
        default=None,
        metadata={"help": "folder of the judge; by default the first of its usual ones that is there"},
    )
    captioner: str | None = field(
        default=None, metadata={"help": "folder of the captioner; ROOT/captioner by default, where it is"}
    )
    fid_weights: str | None = field(
        default=None, metadata={"help": "pt_inception-2015-12-05-6726825d.pth, for the FID with it"}
    )

    def __post_init__(self) -> None:
        if self.judge is None:
            self.judge = usual_judge()
        usual = Path(self.root) / "captioner"
        if self.captioner is None and (usual / "config.json").is_file():
            self.captioner = str(usual)


class Tables:
    """Fills the tables one after the other.

    left_out: what is missing, and why
    earlier: the JSON of another run
    """

    def __init__(self, root: Path, evaluators: Evaluators, earlier: dict | None = None):
        self.root, self.evaluators, self.earlier = root, evaluators, earlier or {}
        self.left_out: list[str] = []
        self.counted: dict[tuple[str, int], DrawnFrame] = {}  # every frame of stories of four frames, once

    def rows(self, table: str) -> list[dict]:
        captions, systems = ROWS[table]
        before = {row["system"]: row for row in self.earlier.get(table, ())}
        found = []
        for name, wanted in systems.items():
            artist = self._artist(name, captions)
            tales = first_stories(wanted, given=SYSTEMS[name].given)
            stories = kept_stories(artist, tales) if artist else []
            row = self._standing(f"{table}, {name}", before.get(name), artist, len(stories))
            if artist and _fuller(stories, row):
                row = self._row(name, artist, _frames(stories), captions)
            if row:
                found.append(row)
            self._miss(f"{table}, {name}", artist, row, len(stories), wanted)
        return found

    def lengths(self) -> list[dict]:
        """Returns table 5: the long stories up to each length.

        A story that is only partly drawn counts for the lengths that it reaches.
        """
        before = {row["system"]: row["lengths"] for row in self.earlier.get("table 5", ())}
        found = []
        for name in LONG_ROWS:
            artist = self._artist(name, "referential")
            columns: dict[str, dict] = {}
            for length in reversed(LENGTHS):
                tales = (cut(tale, length) for tale in first_stories(LONG, 50))
                stories = kept_stories(artist, tales) if artist else []
                what = f"table 5, {name}, {length} frames"
                column = self._standing(what, before.get(name, {}).get(str(length)), artist, len(stories))
                if artist and _fuller(stories, column):
                    column = self._column(artist, _frames(stories), "referential")
                if column:
                    columns[str(length)] = column
                self._miss(what, artist, column, len(stories), LONG)
            if columns:
                row = {"system": name, "row": SYSTEMS[name].row}
                found.append(row | {"lengths": dict(reversed(columns.items()))})
        return found

    def real(self) -> dict:
        """Returns the evaluators' scores on the real pictures of all frames that count.

        These are the frames that were scored in stories of four frames.
        """
        frames, before = list(self.counted.values()), self.earlier.get("real frames", {})
        if len(frames) < before.get("frames", 1):
            return before
        return {"frames": len(frames), "scores": measure_real(frames, self.evaluators)}

    def figures(self) -> dict:
        found = {}
        for name, file in FIGURES.items():
            path = self.root / "evaluate" / file
            if path.is_file():
                found[name] = json.loads(path.read_text("utf-8"))
            elif name in self.earlier:
                found[name] = self.earlier[name]
            else:
                self.left_out.append(f"{name}: not measured, run training.evaluate.figures")
        return found

    def _artist(self, name: str, captions: Captions) -> StoryArtist | None:
        """The artist of a system's row; None if the system has no weights here."""
        try:
            return artist_of(SYSTEMS[name], captions, self.root, draws=False)
        except FileNotFoundError:
            return None

    def _standing(self, what: str, row: dict | None, artist: StoryArtist | None, drawn: int) -> dict | None:
        """The earlier run's row or column; None if it belongs to other weights than the system has here.

        If this loses stories, because fewer are `drawn` here, the loss is noted.
        """
        if row is None or artist is None or row.get("pipeline") == _weights(artist):
            return row
        if drawn < row["stories"]:
            self.left_out.append(
                f"{what}: the earlier run's {row['stories']} stories, as they were drawn with other weights"
            )
        return None

    def _miss(self, what: str, artist: StoryArtist | None, row: dict | None, drawn: int, wanted: int) -> None:
        """Notes that a row, from here or from the earlier run, has fewer stories than wanted."""
        counted = row["stories"] if row else 0
        if artist is None and row is None:
            self.left_out.append(f"{what}: no weights")
        elif counted < wanted:
            self.left_out.append(f"{what}: {max(drawn, counted)} of {wanted} stories are drawn")

    def _column(self, artist: StoryArtist, frames: Sequence[DrawnFrame], captions: Captions) -> dict:
        return {
            "pipeline": _weights(artist),
            "stories": len({frame.story.id for frame in frames}),
            "frames": len(frames),
            "scores": measure(frames, self.evaluators, captions == "referential"),
        }

    def _row(self, name: str, artist: StoryArtist, frames: Sequence[DrawnFrame], captions: Captions) -> dict:
        self.counted |= {(frame.story.id, frame.number): frame for frame in frames}
        made = [frame.made for frame in frames]
        return {
            "system": name,
            "row": SYSTEMS[name].row,
            "conditioning": artist.system.conditioning,
            "steps": sorted({one.steps for one in made}),
            "guidance": sorted({one.guidance for one in made}),
            **self._column(artist, frames, captions),
        }


def _weights(artist: StoryArtist) -> str:
    """The weights of a row, as its JSON gives them."""
    return artist.system.pipeline[:16]


def _fuller(stories: Sequence, row: dict | None) -> bool:
    """Whether to score these stories instead of keeping the earlier row. A row needs at least two stories."""
    return len(stories) > 1 and len(stories) >= (row["stories"] if row else 0)


def _frames(stories: Sequence[Sequence[DrawnFrame]]) -> list[DrawnFrame]:
    return [frame for tale in stories for frame in tale]


def read_earlier(file: str | None, scored_by: dict) -> dict:
    """Returns the JSON of an earlier run; empty if no file is given. StoryError if other networks scored it.

    If a network is missing here, for example the captioner, new rows have a dash for its scores.
    """
    if file is None:
        return {}
    told = json.loads(Path(file).read_text("utf-8"))
    for name, weights in scored_by.items():
        before = told.get("scored by", {})
        if name == "judge" and name not in before:
            continue  # older rows, without a judge, are used; they have a dash for the judge's scores
        if weights is not None and before.get(name) != weights:
            raise StoryError(
                f"{file} was scored by another {name}: its rows cannot stand beside those of today. Give the {name} it "
                "was made with, or leave --earlier out."
            )
    return told


def build(args: TablesArguments) -> dict:
    """Returns all results as JSON."""
    root = Path(args.root)
    evaluators = load_evaluators(
        args.classifier, args.captioner, args.fid_weights, args.judge, root / "evaluate"
    )
    earlier = read_earlier(args.earlier, evaluators.scored_by)
    tables = Tables(root, evaluators, earlier)
    scored_before = earlier.get("scored by", {})
    told: dict = {
        "split": "test",
        "classifier": args.classifier,
        "captioner": args.captioner,
        "judge": args.judge,
        "scored by": {name: one or scored_before.get(name) for name, one in evaluators.scored_by.items()},
        "seeds": "pictures: the first 31 bits of sha256('STORY ID/FRAME NUMBER FROM 0'); bootstrap: 0",
        "intervals": "95 %, stories drawn with replacement",
    }
    for table in tqdm(ROWS, desc="tables"):
        told[table] = tables.rows(table)
    told["table 5"] = tables.lengths()
    told |= tables.figures()
    told["real frames"] = tables.real()
    if args.judge is None:
        tables.left_out.append(
            "Each once and what else counts people: train the judge, training.evaluate.judge"
        )
    if args.captioner is None:
        tables.left_out.append("BLEU4 and CIDEr: train the captioner, training.evaluate.captioner")
    if args.fid_weights is None:
        tables.left_out.append("FID with the standard Inception network: give --fid_weights")
    told["left out"] = tables.left_out
    return rounded(told)


def rounded(told: Any) -> Any:
    """Returns JSON with numbers rounded to six decimals.

    The last bits of a sum depend on the number of threads.
    """
    if isinstance(told, dict):
        return {key: rounded(value) for key, value in told.items()}
    if isinstance(told, list):
        return [rounded(value) for value in told]
    return round(told, 6) if isinstance(told, float) else told


def main(argv: list[str] | None = None) -> None:
    args = parsed(TablesArguments, argv)
    results = Path(args.results) if args.results else None
    if results:
        put_between_markers(results.read_text("utf-8"), "", results)  # fails before the work, not after it
    told = build(args)
    write_json(Path(args.json), told)
    text = markdown(told)
    if results:
        write_whole(results, put_between_markers(results.read_text("utf-8"), text, results).encode())
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError, ValueError) as error:  # the message says what to change
        sys.exit(str(error))
