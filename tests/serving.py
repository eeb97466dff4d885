"""Serves the page with a renderer that takes milliseconds: `serving` launches it and shuts it down again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from storyboard.library import Library
from storyboard.studio.studio import Studio
from storyboard.text.lexicon import Lexicon
from storyboard.ui.hints import Hints
from storyboard.ui.page import launch_page, make_page
from tests import open_hand
from tests.fakes import FlatRenderer, small_cast

HINTS = Hints(
    places=("in the park", "in the kitchen"),
    actions=("waves",),
    example="Rosa waves.",
    vocabulary=frozenset(("park", "wave", "read", "sing")),
    side=32,
    context_frames=2,
    peopled=True,
    lexicon=Lexicon(
        deeds={"waves": {"wave": 9, "greet": 3}, "reads": {"read": 9, "book": 4}},
        nearest={"castle": "in the kitchen", "jump": "waves"},
    ),
)


@contextmanager
def serving(
    folder: Path, port: int | None = None, example: Path | None = None, any_model: bool | None = None
) -> Iterator[SimpleNamespace]:
    """Launches a page on the library in `folder` and yields .url, .port, .studio, .library and .renderer.

    Set the renderer's `gate` to stop a drawing, and its `failure` to make it fail. example: the story of a first visit.
    any_model: whether any text-to-image model draws; None: as the environment says.
    """
    library = Library(folder)
    if any_model is None:
        any_model = open_hand.is_asked_for()
    renderer: FlatRenderer | open_hand.HeldHand = FlatRenderer(size=32)
    hints = HINTS
    if any_model:
        renderer, hints = open_hand.opened(folder / "hub")
    studio = Studio(
        renderer,
        small_cast(library.pictures),
        library.pictures,
        library=library,
        model="flat",
        own_steps=renderer.steps,
        knows_no_cast=any_model,
        places=hints.calling,
    )
    page = make_page(studio, hints, example)
    _, url, _ = launch_page(
        page, studio, server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True
    )
    try:
        yield SimpleNamespace(
            url=url, port=page.server_port, studio=studio, library=library, renderer=renderer
        )
    finally:
        page.close()
        studio.close()
        library.close()
