"""StoryGPT-V Storyboard as an app: `python app.py`, then open the address it prints. A Space runs this file too.

Exit status: 0 after Ctrl+C, 2 for a pipeline folder that is missing, half-written or unsafe.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from storyboard.cast import load_cast
from storyboard.errors import StoryError
from storyboard.models.folder import check_folder
from storyboard.pictures import PictureStore
from storyboard.renderer import Renderer
from storyboard.story import MAX_STEPS
from storyboard.ui.hints import load_hints
from storyboard.ui.loading import LoadingRenderer
from storyboard.ui.page import launch_page, make_page
from storyboard.ui.studio import Studio

BUNDLED_PIPELINE = Path(__file__).resolve().parent / "assets" / "maple-lane"


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until it is interrupted, and return the exit status."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="storyboard-") as folder:
        try:
            studio = build(options.pipeline, PictureStore(folder), options.steps)
        except StoryError as error:
            print(f"storyboard: {error}", file=sys.stderr)
            return 2
        try:
            page = make_page(studio, load_hints(options.pipeline))
            launch_page(page, studio, server_name=options.host, server_port=options.port)
        finally:
            studio.close()
    return 0


def build(pipeline: Path, pictures: PictureStore, steps: int | None = None) -> Studio:
    """The studio for a pipeline folder, whose models go on loading. StoryError for a folder that is not whole."""
    cast = load_cast(pipeline, pictures)
    check_folder(pipeline)
    return Studio(LoadingRenderer(lambda: load_pipeline(pipeline)), cast, pictures, steps=steps)


def load_pipeline(folder: Path) -> Renderer:
    """The pipeline on the best device there is."""
    import torch  # seconds to import, and the page opens without it

    from storyboard.pipeline import StoryPipeline

    pipeline = StoryPipeline.from_pretrained(folder)
    return pipeline.to("cuda") if torch.cuda.is_available() else pipeline


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="Write a story and see every sentence drawn.")
    parser.add_argument(
        "--pipeline",
        type=Path,
        default=BUNDLED_PIPELINE,
        metavar="FOLDER",
        help="a pipeline folder; default: assets/maple-lane",
    )
    parser.add_argument(
        "--host", help="address to listen on; default: this machine only, or GRADIO_SERVER_NAME"
    )
    parser.add_argument(
        "--port", type=int, help="default: the first free one from 7860, or GRADIO_SERVER_PORT"
    )
    parser.add_argument("--steps", type=_steps, help="denoising steps a frame; default: the pipeline's own")
    return parser


def _steps(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_STEPS:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {MAX_STEPS}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
