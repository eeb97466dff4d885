"""The tables as Markdown, and their place in docs/results.md.

Uses the JSON of `training.evaluate.tables` and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storyboard.errors import StoryError

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
PAPER = ("Char-Acc", "Each once", "Char-F1", "BG-Acc", "BG-F1", "FID", "FID, Inception", "BLEU4", "CIDEr")
ABLATION = ("Char-Acc", "Each once", "Char-F1", "BG-Acc", "BG-F1", "FID")
CONTINUITY = (
    "Outfit-Acc",
    "Outfit kept, unnamed",
    "Place kept unsaid",
    "Pronoun, two of that gender",
    "Action-Acc",
)
STAGE = (
    "Right people",
    "Each once",
    "Doubles",
    "OCCM",
    "Action, alone",
    "Action, same",
    "Action, different",
    "CIDS, cross",
    "CIDS, self",
    "Copy-paste",
)
LOOKS = (
    "Look, hair",
    "Look, hair colour",
    "Look, skin",
    "Look, top",
    "Look, top colour",
    "Look, bottom",
    "Look, bottom colour",
    "Look, extras",
)
LOWER_IS_BETTER = ("FID", "FID, Inception", "Doubles", "Copy-paste")
# "FID" uses the features of the small classifier, and "FID, Inception" uses the standard features.
SHOWN = {"FID": "FID, classifier's features"}
COUNTED = (*CONTINUITY, *STAGE, *LOOKS)  # columns whose cells give their own count
DIGITS = {"BLEU4": 3, "CIDEr": 3, "FID": 2}


def put_between_markers(page: str, text: str, path: Path) -> str:
    """Returns `page` with `text` between its markers.

    StoryError if each marker is not there once, in the right order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise StoryError(
            f"{path} needs one line {BEGIN!r} and, below it, one line {END!r}; the tables go between."
        )
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"


def markdown(told: dict) -> str:
    """Returns every table that has at least one row."""
    blocks = [
        _table("Table 1, captions with names", told["table 1, plain"], PAPER),
        _table("Table 1, captions with pronouns", told["table 1, referential"], PAPER),
        _given(told),
        _table("Table 3, stage 1", told["table 3"], ABLATION),
        _table("Table 4, stage 2", told["table 4"], ABLATION),
        _lengths(told["table 5"]),
        _table("What the paper could not measure", told["table 1, referential"], CONTINUITY),
        *(
            _table(f"{title}, captions with {what}", told[f"table 1, {captions}"], columns)
            for title, columns in (
                ("Who is on stage and does what", STAGE),
                ("Looks against the portrait", LOOKS),
            )
            for captions, what in (("plain", "names"), ("referential", "pronouns"))
        ),
        _attention(told.get("figure 4")),
        _cost(told.get("figure 5")),
        _real(told["real frames"]),
    ]
    if told["left out"]:
        blocks.append("Left out:\n\n" + "\n".join(f"- {reason}" for reason in told["left out"]))
    return "\n\n".join(block for block in blocks if block)


def cell(score: dict | None, digits: int = 1) -> str:
    """Returns a value and its interval; a dash if there is nothing to count."""
    if score is None or score["value"] is None:
        return "-"
    return f"{score['value']:.{digits}f} [{score['low']:.{digits}f}, {score['high']:.{digits}f}]"


def grid(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table with its title above it."""
    lines = [f"**{title}**", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _table(title: str, rows: Sequence[dict], columns: Sequence[str]) -> str:
    if not rows:
        return ""
    kept = [name for name in columns if any(name in row["scores"] for row in rows)]
    if not kept:
        return ""
    head = [
        "",
        *(f"{SHOWN.get(name, name)} {'↓' if name in LOWER_IS_BETTER else '↑'}" for name in kept),
        "frames",
    ]
    body = [
        [
            row["row"],
            *(_counted(row["scores"].get(name), name, row["frames"]) for name in kept),
            str(row["frames"]),
        ]
        for row in rows
    ]
    return grid(title, head, body)


def _given(told: dict) -> str:
    """What the dagger of Table 1 means, if a row has it."""
    rows = [*told["table 1, plain"], *told["table 1, referential"]]
    if not any("†" in row["row"] for row in rows):
        return ""
    return "† continues stories: it is given the first picture of five, and draws the four others, which are scored."


def _counted(score: dict | None, name: str, frames: int) -> str:
    """A cell. It also gives its own count if that is not the number of frames."""
    text = cell(score, DIGITS.get(name, 1))
    if score is None or name not in COUNTED or score["of"] == frames or text == "-":
        return text
    return f"{text} of {score['of']}"


def _lengths(rows: Sequence[dict]) -> str:
    if not rows:
        return ""
    lengths = sorted({length for row in rows for length in row["lengths"]}, key=int)
    body = [
        [
            row["row"],
            SHOWN.get(name, name),
            *(
                cell(row["lengths"].get(n, {}).get("scores", {}).get(name), DIGITS.get(name, 1))
                for n in lengths
            ),
        ]
        for row in rows
        for name in ("Char-Acc", "Each once", "FID")
        if any(name in column["scores"] for column in row["lengths"].values())
    ]
    frames = {n: max(row["lengths"][n]["frames"] for row in rows if n in row["lengths"]) for n in lengths}
    head = ["", "", *(f"{n} ({frames[n]} frames)" for n in lengths)]
    return grid("Table 5, the first frames of long stories, with pronouns", head, body)


def _attention(figure: dict | None) -> str:
    if figure is None:
        return ""
    body = [
        [name, cell(one["mean IoU"], 3), cell(one["mass inside"], 3), str(one["maps"])]
        for name, one in figure.items()
    ]
    return grid(
        "Figure 4, attention of a name against its character's mask", ["", "IoU ↑", "inside ↑", "maps"], body
    )


def _cost(figure: dict | None) -> str:
    if figure is None:
        return ""
    body = [
        [
            name,
            cell(one["seconds, first frames"], 2),
            cell(one["seconds, last frames"], 2),
            cell(one["last / first"], 2),
            f"{one['MiB kept at the end']:.1f}",
            f"{one['KiB a frame at the end']:.0f}",
        ]
        for name, one in figure["systems"].items()
    ]
    head = ["", "s a frame, first", "last", "last / first", "MiB kept", "KiB a frame more"]
    ratio = figure["Story-LDM / StoryGPT-V at the end"]
    text = f"At the end Story-LDM takes {cell(ratio['seconds'], 2)} times the seconds and keeps {ratio['kept']:.1f} "
    title = f"Figure 5, a story of {figure['frames']} frames"
    return f"{grid(title, head, body)}\n\n{text}times the bytes."


def _real(real: dict) -> str:
    if not real:
        return ""
    scores = ", ".join(f"{name} {cell(score)}" for name, score in real["scores"].items())
    return f"The evaluator on the {real['frames']} real frames of these stories: {scores}."
