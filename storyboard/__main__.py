"""The command line: `python -m storyboard draw STORY.txt --out DIR`.

Draws a text file, one sentence a line (empty lines are skipped), into 01.png, 02.png, ... and story.json. The whole
story is drawn in a temporary folder beside DIR and moved in at the end, story.json last, so an error or Ctrl+C leaves
DIR as it was. Progress goes to standard error. Exit status: 0 done, 2 a mistake in the input, 130 interrupted.

Torch is imported only once the arguments, the cast and every sentence are found to be fine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from storyboard.cast import load_cast
from storyboard.errors import StoryError
from storyboard.pictures import PictureStore, read_upload
from storyboard.renderer import MAX_STEPS, Preview, Renderer
from storyboard.sentences import check_caption
from storyboard.session import StorySession
from storyboard.story import (
    MAX_FRAMES,
    MAX_SEED,
    Character,
    Portrait,
    Story,
    Take,
    new_id,
    new_story,
)

BUNDLED_PIPELINE = Path(__file__).resolve().parent.parent / "assets" / "maple-lane"
MAX_STORY_BYTES = 2**20


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        draw(options)
    except StoryError as error:
        print(f"storyboard: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("storyboard: interrupted, nothing was written.", file=sys.stderr)
        return 130
    return 0


def draw(options: argparse.Namespace) -> None:
    """The draw command. StoryError for anything wrong in what the user gave."""
    sentences = read_sentences(options.story)
    out = _checked_out(options.out)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as workshop:
        pictures = PictureStore(Path(workshop) / "pictures")
        story = cast_story(load_cast(options.pipeline, pictures), options.cast, options.seed, pictures)
        check_sentences(story, sentences)
        session = StorySession(story, open_pipeline(options.pipeline), pictures, steps=options.steps)
        finished = Path(workshop) / "finished"
        finished.mkdir()
        draw_story(session, sentences, finished)
        move_into(finished, out)


def read_sentences(path: Path) -> list[str]:
    """The story's sentences, one a line. StoryError for a file that cannot be read or holds none, or too many."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_STORY_BYTES + 1)
        if len(data) > MAX_STORY_BYTES:
            raise StoryError(
                f"{path} is over {MAX_STORY_BYTES // 2**20} MB; give a text of one sentence a line."
            )
        sentences = [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except OSError as error:
        raise StoryError(
            f"{path} cannot be read ({error.strerror}); give the path of a text file."
        ) from error
    except UnicodeDecodeError as error:
        raise StoryError(f"{path} is not UTF-8 text; save it as UTF-8, one sentence a line.") from error
    if not sentences:
        raise StoryError(f"{path} has no sentences; write one a line.")
    if len(sentences) > MAX_FRAMES:
        raise StoryError(
            f"{path} has {len(sentences)} sentences; a story has at most {MAX_FRAMES}, so split it."
        )
    return sentences


def cast_story(
    cast: tuple[Character, ...], uploads: list[tuple[str, Path]], seed: int, pictures: PictureStore
) -> Story:
    """An empty story in which every character of `uploads` wears the given picture."""
    story = new_story(cast, seed=seed)
    for name, path in uploads:
        character = story.character(name)
        picture = read_upload(path, what=f"The portrait {path} of {character.name}")
        portrait = Portrait(id=new_id(), label=path.stem[:40], picture=pictures.put(picture))
        story = story.with_character(character.with_portrait(portrait).choosing(portrait.id))
    return story


def check_sentences(story: Story, sentences: list[str]) -> None:
    """StoryError for the first sentence that cannot be drawn: found before a model is loaded, not an hour in."""
    for number, sentence in enumerate(sentences, start=1):
        check_caption(sentence, number, story.names, sentences[: number - 1])


def open_pipeline(folder: Path) -> Renderer:
    from storyboard.pipeline import StoryPipeline  # torch: seconds to import, and only drawing needs it

    return StoryPipeline.from_pretrained(folder)


def draw_story(session: StorySession, sentences: list[str], folder: Path) -> None:
    """Draw every sentence and write its picture, then story.json, into `folder`."""
    digits = max(2, len(str(len(sentences))))
    entries = []
    for number, sentence in enumerate(sentences, start=1):
        frame = session.add(sentence)
        take = _drawn(session, frame.id, f"Frame {number} of {len(sentences)}")
        name = f"{number:0{digits}}.png"
        (folder / name).write_bytes(session.pictures.path(take.picture).read_bytes())
        entries.append(_entry(name, take))
    described = {"seed": session.story.seed, "frames": entries}
    (folder / "story.json").write_text(
        json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def move_into(finished: Path, out: Path) -> None:
    """Move the finished files into `out`, story.json last, replacing files of the same names."""
    try:
        out.mkdir(exist_ok=True)
        for file in sorted(finished.iterdir()):  # "story.json" sorts after every number
            os.replace(file, out / file.name)
    except OSError as error:
        raise StoryError(
            f"The pictures cannot be written to {out} ({error.strerror}); give another --out."
        ) from error


def _drawn(session: StorySession, frame_id: str, title: str) -> Take:
    for event in session.draw(frame_id):
        if isinstance(event, Preview):
            _progress(f"{title}: step {event.step} of {event.steps}", over=False)
        else:
            _progress(f"{title}: {event.steps} steps, {event.seconds:.1f} s", over=True)
            return event
    raise StoryError(f"{title} was not drawn; run the command again.")


def _progress(line: str, over: bool) -> None:
    """One line a frame, rewritten in place on a terminal; elsewhere only its last state."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="\n" if over else "", file=sys.stderr, flush=True)
    elif over:
        print(line, file=sys.stderr, flush=True)


def _entry(picture: str, take: Take) -> dict:
    return {
        "picture": picture,
        "caption": take.caption,
        "mentioned": list(take.mentioned),
        "seed": take.seed,
        "steps": take.steps,
        "guidance": take.guidance,
        "seconds": round(take.seconds, 3),
        "conditioning": take.conditioning,
    }


def _checked_out(out: Path) -> Path:
    out = out.absolute()
    if out.exists() and not out.is_dir():
        raise StoryError(f"{out} is a file; give --out a folder.")
    if not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise StoryError(
            f"{out.parent} is no folder that can be written to; create it or give another --out."
        )
    return out


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m storyboard", description="Draw a story, one picture a sentence."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("draw", help="draw a text file, one sentence a line")
    command.add_argument("story", type=Path, metavar="STORY.txt", help="UTF-8 text, one sentence a line")
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for 01.png ... and story.json"
    )
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
    command.add_argument(
        "--steps", type=_whole(1, MAX_STEPS), help="denoising steps; default: the pipeline's own"
    )
    command.add_argument(
        "--pipeline", type=Path, default=BUNDLED_PIPELINE, metavar="PATH", help="a pipeline folder"
    )
    return parser


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


if __name__ == "__main__":
    sys.exit(main())
