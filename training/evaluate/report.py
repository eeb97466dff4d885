"""The report of a run: JSON with every score beside the classifier's own score on real frames, a table, a contact
sheet.

Works on frames that are already drawn. It must not use pipelines or draw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median

import numpy as np
from PIL import Image

from storyboard.models.judge import Judge
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import DrawnFrame, Made
from training.evaluate.frame_classifier import FrameClassifier
from training.evaluate.labels import LabelNames
from training.evaluate.metrics import Labels, Score, ratios, score
from training.evaluate.people_scores import Staged
from training.evaluate.sheet import SheetFrame, contact_sheet
from training.evaluate.staging import judged, judged_real


@dataclass(frozen=True)
class Judged:
    """What the judge finds: who is who in the drawn frames, and the scores of the drawn and of the real frames."""

    frames: list[Staged]
    drawn: dict[str, dict]
    real: dict[str, dict]


@dataclass(frozen=True)
class Scored:
    """Labels of the same frames in three versions.

    truth: what the frames should show
    drawn: what is seen in the drawn pictures
    real: what is seen in the real pictures
    """

    groups: np.ndarray  # (F,) story ids
    numbers: np.ndarray  # (F,) frame numbers, counted from 1
    truth: Labels
    drawn: Labels
    real: Labels
    stage: Judged | None = None


def look_at(classifier: FrameClassifier, frames: list[DrawnFrame], judge: Judge | None = None) -> Scored:
    scenes = [frame.truth.scene for frame in frames]
    return Scored(
        np.array([frame.story.id for frame in frames]),
        np.array([frame.number + 1 for frame in frames]),
        classifier.names.labels_of(scenes),
        classifier.see(frame.open() for frame in frames),
        classifier.see(real_picture(scene) for scene in scenes),
        Judged(*judged(judge, frames), judged_real(judge, frames)) if judge else None,
    )


def by_frame(scored: Scored) -> list[dict]:
    """Returns the scores at each frame number.

    The first frame has no history. Later frames show what is lost along a story.
    """
    rows = []
    for number in np.unique(scored.numbers):
        at = scored.numbers == number
        here = ratios(scored.truth[at], scored.drawn[at])
        values = {name: _percent(r.above.sum(), r.below.sum()) for name, r in here.items()}
        rows.append({"frame": int(number), "of": int(at.sum()), **values})
    return rows


def report(scored: Scored, frames: list[DrawnFrame], names: LabelNames) -> dict:
    """Returns the results of one run as JSON. `frames` are the scored frames, in the same order."""
    stage = scored.stage
    return {
        "frames": len(frames),
        **how_made([frame.made for frame in frames]),
        "scores": plain(score(scored.truth, scored.drawn, scored.groups))
        | rounded(stage.drawn if stage else {}),
        "real frames": plain(score(scored.truth, scored.real, scored.groups))
        | rounded(stage.real if stage else {}),
        "by frame number": by_frame(scored),
        "pictures": [
            {
                "story": frame.story.id,
                "frame": frame.number + 1,
                "caption": frame.caption,
                "file": frame.path.name,
                "seed": frame.made.seed,
                "truth": names.in_words(scored.truth, row),
                "seen": names.in_words(scored.drawn, row),
                **({"on stage": on_stage(stage.frames[row])} if stage else {}),
            }
            for row, frame in enumerate(frames)
        ],
    }


def how_made(made: Sequence[Made]) -> dict:
    """Returns as JSON how the pictures of a run were drawn, and how long a picture took. There must be at least one."""
    seconds = [m.seconds for m in made]
    return {
        "drawn by": dict(Counter(m.conditioning for m in made)),
        "steps": sorted({m.steps for m in made}),
        "guidance": sorted({m.guidance for m in made}),
        "seeds": "the first 31 bits of sha256('STORY ID/FRAME NUMBER FROM 0'); bootstrap 0",
        "seconds per frame": {"mean": round(mean(seconds), 3), "median": round(median(seconds), 3)},
    }


def _percent(above: int, below: int) -> float | None:
    return round(100 * int(above) / int(below), 2) if below else None


def plain(scores: dict[str, Score]) -> dict[str, dict]:
    """Returns the scores as JSON, rounded to two decimals."""
    return rounded({name: asdict(s) for name, s in scores.items()})


def rounded(scores: dict[str, dict]) -> dict[str, dict]:
    """Returns scores that are already JSON, rounded to two decimals."""
    return {
        name: {key: round(v, 2) if isinstance(v, float) else v for key, v in s.items()}
        for name, s in scores.items()
    }


def on_stage(frame: Staged) -> dict:
    """Returns as JSON how often each wanted person is there, and how many other people are there."""
    counts = {one.name: count for one, count in zip(frame.wanted, frame.counts, strict=True)}
    return {"counts": counts, "others": frame.extras}


def table(told: dict) -> str:
    """Returns the text to print: each score of the drawn frames, beside the classifier's own on the real frames."""
    lines = [
        f"{told['pipeline']}, {told['stories']} {told['split']} stories, {told['frames']} frames, "
        f"{told['captions']} captions, {told['conditioning']}",
        f"{'':20}{'drawn':>8}  {'95 %':13}{'right/of':>10}{'real':>10}  {'95 %':13}{'right/of':>10}",
    ]
    for name, drawn in told["scores"].items():
        lines.append(f"{name:20}{_cells(drawn)}  {_cells(told['real frames'][name])}")
    seconds = told["seconds per frame"]
    drawn_by = ", ".join(f"{count} by {how}" for how, count in told["drawn by"].items())
    lines.append(
        f"{seconds['mean']} s a frame (median {seconds['median']}), steps {told['steps']}, "
        f"guidance {told['guidance']}, {drawn_by}; seeds: {told['seeds']}"
    )
    return "\n".join(lines)


def _cells(s: dict) -> str:
    if s["value"] is None:
        return f"{'-':>8}  {'':13}{'0/0':>10}"
    interval = f"{s['low']:.1f}-{s['high']:.1f}"
    counts = f"{s['right']}/{s['of']}" if "right" in s else f"{s['of']}"  # a mean has no "right"
    return f"{s['value']:8.1f}  {interval:13}{counts:>10}"


def sheet_of(told: dict, frames: list[DrawnFrame]) -> Image.Image:
    blocks: dict[str, list[SheetFrame]] = {}
    for entry, frame in zip(told["pictures"], frames, strict=True):
        wrong = complaint(entry["truth"], entry["seen"]) or miscounted(entry.get("on stage"))
        shown = SheetFrame(frame.open(), frame.caption, wrong)
        blocks.setdefault(frame.story.id, []).append(shown)
    return contact_sheet(list(blocks.items()))


def miscounted(stage: dict | None) -> str:
    """Returns the people who are not there exactly once; empty if everybody is there once and nobody else."""
    if stage is None:
        return ""
    told = [f"{name} {count} times" for name, count in stage["counts"].items() if count != 1]
    return ", ".join([*told, *([f"{stage['others']} others"] if stage["others"] else [])])


def complaint(truth: dict, seen: dict) -> str:
    """Returns what was seen, if it differs from the truth; empty if the people and the place are right."""
    if truth["places"] == seen["places"] and truth["characters"].keys() == seen["characters"].keys():
        return ""
    return f"seen: {', '.join(seen['characters']) or 'nobody'}; {', '.join(seen['places']) or 'nowhere'}"
