"""Makes the cast of a pipeline folder from portraits: `python -m training.released.cast --pipeline FOLDER --portraits
chars`.

The app needs a cast. The folder of portraits is like the authors' `data/chars`: one picture per character, named after
the character.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from storyboard.disk.durable import write_whole
from storyboard.disk.uploads import SUFFIXES, read_upload
from storyboard.errors import StoryError
from storyboard.story.values import MAX_CAST, MAX_NAME
from storyboard.text.captions import clean_text
from training.configs.arguments import parsed
from training.data.references import FLINTSTONES, FLINTSTONES_SHE, PORORO, PORORO_SHE

SHE = {name.lower() for name in (*FLINTSTONES_SHE, *PORORO_SHE)}
HE = {name.lower() for name in (*FLINTSTONES, *PORORO)} - SHE


@dataclass
class CastArguments:
    pipeline: str = field(metadata={"help": "the pipeline folder, which has no cast yet"})
    portraits: str = field(metadata={"help": "folder of reference pictures <name>.jpeg"})


def write_cast(portraits: Path, folder: Path) -> list[str]:
    """Writes `cast.json`, and the portraits that it names, into `folder`. Returns the characters' names.

    After a StoryError there is no cast.
    """
    # So that an unreadable picture is reported, not ignored.
    known = {*SUFFIXES, *Image.registered_extensions()}
    files = sorted(path for path in portraits.glob("*") if path.suffix.lower() in known)
    if not files:
        raise StoryError(f'There are no pictures in "{portraits}"; check --portraits.')
    if len(files) > MAX_CAST:
        raise StoryError(f'"{portraits}" has {len(files)} pictures; a cast is at most {MAX_CAST}.')
    named: dict[str, Path] = {}
    for path in files:
        name = clean_text(path.stem.replace("_", " ")).title()
        if not 1 <= len(name) <= MAX_NAME:
            raise StoryError(
                f'"{path.name}" names nobody; call it after its character, in {MAX_NAME} letters.'
            )
        if name in named:
            raise StoryError(
                f'"{named[name].name}" and "{path.name}" in "{portraits}" are both {name}; keep one.'
            )
        named[name] = path
    opened = {name: read_upload(path, f'The portrait "{path}"') for name, path in named.items()}
    (folder / "portraits").mkdir(exist_ok=True)
    characters = []
    for number, (name, picture) in enumerate(opened.items()):
        file = f"portraits/{number}.png"
        picture.save(folder / file)
        # An id of letters and digits, whatever the script of the name is.
        portrait = {
            "id": f"{number}-{re.sub(r'[^a-z0-9]+', '-', name.lower())}"[:100],
            "label": name,
            "file": file,
        }
        pronoun = "she" if name.lower() in SHE else "he" if name.lower() in HE else "they"
        characters.append({"name": name, "pronoun": pronoun, "aliases": [], "portraits": [portrait]})
    write_whole(folder / "cast.json", json.dumps({"characters": characters}, indent=1).encode())
    return list(named)


def main(argv: list[str] | None = None) -> None:
    args = parsed(CastArguments, argv)
    folder = Path(args.pipeline)
    if not (folder / "model_index.json").is_file():
        raise StoryError(f'"{folder}" is no pipeline folder; check --pipeline.')
    if (folder / "cast.json").exists():
        raise StoryError(f'"{folder}" has a cast; remove its cast.json and portraits to give it another.')
    print(f"The cast of {folder}: {', '.join(write_cast(Path(args.portraits), folder))}.")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"cast: {error}")
