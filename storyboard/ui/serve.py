"""Serves the page from a pipeline folder and a library folder: `storyboard serve`, or `python app.py` in a checkout.

The exit status is 0 after Ctrl+C. It is 2 for a pipeline folder that is missing, half-written or unsafe, and for a
library folder that cannot be used. Knows how models are loaded, but not what they do.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.library import Library, Mirror, open_library
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.models.threads import prepare_threads
from storyboard.renderer import ENGINES, MAX_STEPS, Engine, Renderer
from storyboard.served import PipelineFolder
from storyboard.studio.cast import load_cast
from storyboard.studio.model_name import model_name
from storyboard.studio.studio import Studio
from storyboard.ui import any_model
from storyboard.ui.hints import Hints, load_hints
from storyboard.ui.loading import LoadingRenderer
from storyboard.ui.page import launch_page, make_page
from storyboard.ui.replicas import Replicas, add_replicas
from storyboard.ui.space import chosen_mirror, end_in_order, on_space
from storyboard.ui.zero_gpu import borrow_gpu

log = logging.getLogger(__name__)

EXAMPLE_STORY = "example-story.storyboard"  # lies beside the bundled pipeline; shown on a first visit
BUDGET = 20  # GB
MCP_REMEDY = "pip install 'storygpt-v-storyboard[mcp]', or in a checkout: pip install -r requirements-mcp.txt"


def main(arguments: list[str] | None = None, program: str = "storyboard serve") -> int:
    """Serves the page until it is interrupted. Returns the exit status.

    `program`: the name of the command in its help.
    """
    prepare_threads()
    options = _parser(program).parse_args(arguments)
    try:
        if options.mcp:
            check_mcp()
        replicas = Replicas.of(options)
        make_studio, hints, example = _hand(options, replicas)
        library = choose_library(options.library, options.budget, chosen_mirror(options.mirror))
    except StoryError as error:
        return _refused(error)
    with closing(library), closing(replicas):
        if library.mirror is not None:
            end_in_order()
        for notice in library.notices:
            print(f"storyboard: {notice}", file=sys.stderr)
        try:
            studio = make_studio(library)
        except StoryError as error:
            return _refused(error)
        with closing(studio):
            launch_page(
                make_page(studio, hints, example),
                studio,
                origins=options.origin,
                server_name=options.host,
                server_port=options.port,
                mcp_server=options.mcp or None,  # None: GRADIO_MCP_SERVER decides
            )
    return 0


def _hand(
    options: argparse.Namespace, replicas: Replicas
) -> tuple[Callable[[Library], Studio], Hints, Path | None]:
    """Returns what is needed to draw, after checking it.

    That is a function that makes the studio, the hints, and the story for a first visit.
    """
    if options.hand:
        place = any_model.check(options)
        return partial(any_model.build, options, place, replicas=replicas), any_model.hints_of(options), None
    any_model.refuse_alone(options)
    check_folder(options.pipeline)
    folder = options.pipeline
    studio = partial(build, folder, steps=options.steps, engine=options.engine, replicas=replicas)
    return studio, load_hints(folder), example_of(folder)


def example_of(pipeline: Path) -> Path | None:
    """Returns the project file that is shown on a first visit; None if `pipeline` is not the bundled one."""
    bundled = bundled_pipeline()
    return bundled.parent / EXAMPLE_STORY if pipeline.resolve() == bundled else None


def choose_library(named: Path | None, budget: float = BUDGET, mirror: Mirror | None = None) -> Library:
    """Returns the open library: in the named folder, else in STORYBOARD_LIBRARY, else in ~/.storyboard.

    A named folder has to work (StoryError). If one of the other two does not work, a temporary library is opened, which
    says so: the app should run even if nobody has set it up. `budget`: the most GB that its pictures may take.
    `mirror`: where it is copied to.
    """
    most = round(budget * 2**30)
    if named is not None:
        return open_library(named, budget=most, mirror=mirror)
    chosen = os.environ.get("STORYBOARD_LIBRARY")
    lasting = bool(chosen) or not on_space()
    return open_library(chosen or Path("~/.storyboard"), True, most, mirror, lasting)


def build(
    pipeline: Path,
    library: Library,
    steps: int | None = None,
    engine: Engine = "auto",
    replicas: Replicas | None = None,
) -> Studio:
    """Returns the studio for a checked pipeline folder. StoryError for a cast that does not fit.

    The models are still being loaded when this returns, except on a ZeroGPU Space, which needs them before the page
    opens. replicas: where pictures are drawn, if not in this program.
    """
    cast, hints = load_cast(pipeline, library.pictures), load_hints(pipeline)
    drawn_by = model_name(pipeline)

    def load(tell: Callable[[str], None]) -> Renderer:
        hints.prepare()
        return load_pipeline(pipeline, tell, engine)

    served = replicas.renderer(PipelineFolder.of(pipeline, drawn_by, engine), library) if replicas else None
    if served:
        threading.Thread(target=hints.prepare, name="words", daemon=True).start()
    renderer = served or borrow_gpu(lambda: load(log.info)) or LoadingRenderer(load)
    return Studio(
        renderer,
        cast,
        library.pictures,
        steps=steps,
        workers=replicas.workers if replicas else 1,
        library=library,
        model=pipeline.resolve().name,
        own_steps=hints.steps,
        drawn_by=drawn_by,
        draws_anybody=hints.anybody,
        places=hints.calling,
    )


def check_mcp() -> None:
    """Raises StoryError if the package for MCP, which is an extra, is not installed."""
    if importlib.util.find_spec("mcp") is None:
        raise StoryError(f"Serving MCP needs one more package; run: {MCP_REMEDY}")


def load_pipeline(folder: Path, tell: Callable[[str], None], engine: Engine = "auto") -> Renderer:
    """Returns the pipeline on the best device there is, as a `SturdyRenderer`.

    What it has to do without is also printed on standard error.
    """
    # These import torch, which takes seconds; the page opens without it.
    from storyboard.pipeline.engine import open_fastest
    from storyboard.pipeline.sturdy import SturdyRenderer

    pipeline = open_fastest(folder, engine, tell)
    if pipeline.notice:
        print(f"storyboard: {pipeline.notice}", file=sys.stderr)
    return SturdyRenderer(pipeline)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Write a story and see every sentence drawn.")
    parser.add_argument(
        "--pipeline",
        type=Path,
        default=bundled_pipeline(),
        metavar="FOLDER",
        help="a pipeline folder; default: the bundled one, Maple Lane",
    )
    _add_library(parser)
    _add_server(parser)
    parser.add_argument("--steps", type=_steps, help="denoising steps a frame; default: the pipeline's own")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help='what computes the pictures: auto is ONNX Runtime on a CPU, where the extra "onnx" is installed, and'
        " torch elsewhere; compiled is torch.compile, for a GPU; default: auto",
    )
    any_model.add_arguments(parser)
    add_replicas(parser)
    return parser


def _add_library(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that say where stories are kept."""
    parser.add_argument(
        "--library",
        type=Path,
        metavar="FOLDER",
        help="where stories are kept; default: STORYBOARD_LIBRARY, or ~/.storyboard",
    )
    parser.add_argument(
        "--budget",
        type=_gigabytes,
        default=BUDGET,
        metavar="GB",
        help=f"most its pictures take; default {BUDGET}",
    )
    parser.add_argument(
        "--mirror",
        metavar="OWNER/NAME",
        help="a private dataset repository of the Hub that a copy of the library is kept in and fetched from at the "
        "start; none: no copy; default: STORYBOARD_MIRROR, and on a Space with a token one beside it (docs/spaces.md)",
    )


def _add_server(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that say how the page can be reached."""
    parser.add_argument(
        "--host", help="address to listen on; default: this machine only, or GRADIO_SERVER_NAME"
    )
    parser.add_argument(
        "--port", type=int, help="default: the first free one from 7860, or GRADIO_SERVER_PORT"
    )
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="an address a proxy shows this app under, whose pages may use it; may be repeated",
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="also serve the API as MCP tools; default: as GRADIO_MCP_SERVER says",
    )


def _refused(error: StoryError) -> int:
    print(f"storyboard: {error}", file=sys.stderr)
    return 2


def _gigabytes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:  # also refuses NaN
        raise argparse.ArgumentTypeError(f"{text!r} is no size in GB")
    return value


def _steps(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_STEPS:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {MAX_STEPS}")
    return int(text)
