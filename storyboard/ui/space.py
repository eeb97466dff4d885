"""A Hugging Face Space: its disk is empty after every restart, so its stories are copied elsewhere.

Knows what a Space says about itself in its environment, but no stories.
"""

from __future__ import annotations

import os
import signal

from huggingface_hub import get_token

from storyboard.library import Mirror

NO_MIRROR = "none"


def on_space() -> bool:
    """Returns whether this app runs on a Space, whose disk is emptied when the app ends."""
    return bool(os.environ.get("SPACE_ID"))


def chosen_mirror(named: str | None) -> Mirror | None:
    """Returns the copy of the library: in the named repository, or in the one that STORYBOARD_MIRROR names.

    If none is named, it is in a repository beside the Space, if there is a Space and a token to write with; otherwise
    None. StoryError if the name cannot be the name of a repository.
    """
    name = named or os.environ.get("STORYBOARD_MIRROR", "")
    if not name and on_space() and get_token():
        name = f"{os.environ['SPACE_ID']}-stories"
    return Mirror(name) if name and name != NO_MIRROR else None


def end_in_order() -> None:
    """Makes SIGTERM, which ends a Space, end this app as Ctrl+C does, so that the last changes are copied first.

    Forked processes end at once, because those that draw on a lent GPU would wait for their next frame.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
