"""The model card of the bundled pipeline: `python -m training.evaluate.card` writes README.md into its folder.

Every number comes from where it was measured: scores from docs/maple-lane-tables.json, and sizes from the weights. The
example comes from docs/draw.ipynb. The command also writes the folder's own code, `pipeline.py`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from safetensors import safe_open

from storyboard.errors import StoryError
from storyboard.models.folder import INDEX, bundled_pipeline
from storyboard.models.reader_folder import read_reader
from storyboard.pipeline.carried import without_code, write_code
from training.evaluate.compared import BUNDLED

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCORES = {
    "right people (Char-Acc)": "Char-Acc",
    "people (Char-F1)": "Char-F1",
    "place (BG-Acc)": "BG-Acc",
    "outfit": "Outfit-Acc",
    "action": "Action-Acc",
}
COLUMNS = {
    "plain captions, portraits read": ("table 1, plain", BUNDLED),
    "captions with pronouns, story read": ("table 1, referential", BUNDLED),
}

CARD = """---
license: mit
library_name: diffusers
pipeline_tag: text-to-image
language: en
tags:
- story-visualization
- character-consistency
---

# Maple Lane: StoryGPT-V in miniature

Draws a story sentence by sentence: the same people, in the same clothes, also where a sentence says only *she*.
A small copy of StoryGPT-V (Shen and Elhoseiny, CVPR 2025): a latent diffusion model that reads portraits, and a frozen
language model that reads the story so far and was aligned to it. Every part was trained from nothing on Maple Lane, a
world drawn by code. Pictures are {side} by {side}.

## Use

With diffusers and transformers, and this folder; nothing else has to be installed:

```python
{example}
```

`trust_remote_code=True` runs `pipeline.py` of this folder, which holds the program's own modules as they are. `cast` is
whom sentences may name, `history` the frames before, oldest first. Arguments, batches, `output_type` and
`callback_on_step_end` are as in diffusers' own pipelines. `from_pretrained` takes the name of a repository of the Hub
as well, and fetches what draws, not the portraits; `huggingface_hub.snapshot_download(REPOSITORY)` fetches all.

## How well it draws

{stories} test stories of Maple Lane, {frames} frames, {steps} steps, guidance {guidance}, scored by a classifier that
was trained on real frames only; per cent, in brackets bootstrap 95 % intervals over stories.

{scores}

The story was read by the language model that `reader/` names, as the program reads it. FID is not given here: it was
measured in the features of that small classifier and compares with no other.

## What it cannot do

- It knows the seven people in `portraits/` best. Of anybody else it takes hair, hat, skin and clothes from one portrait
  of this world's kind, on a plain ground. Who is alone and runs is often partly drawn twice.
- A third of what people do is drawn wrong, most of all small gestures and things held in a hand; of plain captions
  half.
- diffusers alone loads the language model that comes along, which wants sentences worded much as in training: with it
  {free} per cent of frames in free English had the right people, each once, under earlier weights. The program
  reads with the one that `reader/` names: {free_program}.
- Of frames of nobody at night one in a hundred has somebody, and nine are dusk.
- Far into a long story it is read worse than at its beginning.

## What is in the folder

{parts}

Weights are in float16; unless `torch_dtype` says otherwise a call computes in float32.

## Licences

Code, weights, portraits and the stories trained on are under the MIT licence. No weights or pictures were taken from
others. `reader/` names {named} (Apache-2.0), which is not in this folder.
"""


def card(folder: Path) -> str:
    """Returns the text of a pipeline folder's README.md. StoryError if the folder names no language model."""
    reader = read_reader(folder)
    if reader is None:
        raise StoryError(
            f"{folder} names no language model, and its card tells of one; assemble it with --named."
        )
    tables = json.loads((DOCS / "maple-lane-tables.json").read_text(encoding="utf-8"))
    rows = [_row(tables[table], system) for table, system in COLUMNS.values()]
    plain = rows[0]
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    free, free_program = _free()
    return CARD.format(
        side=_side(folder),
        example=example("maple-lane"),
        stories=plain["stories"],
        frames=f"{plain['frames']:,}",
        steps=plain["steps"][0],
        guidance=f"{plain['guidance'][0]:g}",
        scores=_scores([*rows, tables["real frames"]]),
        parts=_parts(folder, index),
        free=free,
        free_program=free_program,
        named=reader.language_model.repository,
    )


def example(folder: str) -> str:
    """Returns the code of docs/draw.ipynb, with `folder` in place of the pipeline's folder."""
    notebook = json.loads((DOCS / "draw.ipynb").read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    return code.replace('"../assets/maple-lane"', f'"{folder}"')


def _row(rows: list[dict[str, Any]], system: str) -> dict[str, Any]:
    (found,) = (row for row in rows if row["system"] == system)
    return found


def _scores(rows: list[Mapping[str, Any]]) -> str:
    lines = [f"| | {' | '.join(COLUMNS)} | real frames |", "|---|---|---|---|"]
    for name, score in SCORES.items():
        cells = []
        for row in rows:
            one = row["scores"][score]
            cells.append(f"{one['value']:.1f} [{one['low']:.1f}, {one['high']:.1f}]")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _free() -> tuple[str, str]:
    """The shares of frames with the right people, in free English.

    The first value is for the language model that is included, and the second is for the named language model.
    """
    results = (DOCS / "results.md").read_text(encoding="utf-8")
    cell = r"([\d.]+ \[[\d., ]+\])"
    (ours,) = re.findall(rf"right people, each once, {cell} and", results)
    (named,) = re.findall(rf"\| right people, each once \| {cell} \|", results)
    return ours, named


def _parts(folder: Path, index: Mapping[str, Any]) -> str:
    lines = ["| part | class | parameters |", "|---|---|---|"]
    for name, value in without_code(index).items():
        weights = sorted((folder / name).glob("*.safetensors"))
        if weights:
            count = sum(_parameters(path) for path in weights)
            lines.append(f"| `{name}` | {value[1]} | {count:,} |")
    return "\n".join(lines)


def _parameters(path: Path) -> int:
    with safe_open(path, framework="np") as opened:
        return sum(prod(opened.get_slice(name).get_shape()) for name in opened.keys())


def _side(folder: Path) -> int:
    """The side of a picture in pixels."""
    return json.loads((folder / "vae" / "config.json").read_text(encoding="utf-8"))["sample_size"]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write the model card and the code of a pipeline folder.")
    parser.add_argument("--pipeline", type=Path, default=bundled_pipeline(), metavar="FOLDER")
    folder = parser.parse_args(argv).pipeline
    write_code(folder)
    (folder / "README.md").write_text(card(folder), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
