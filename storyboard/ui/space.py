"""What a Hugging Face Space brings and what it forgets: its disk is empty after every restart.

Knows what a Space says of itself in its environment, no stories.
"""

from __future__ import annotations

import os
import signal

from huggingface_hub import get_token

from storyboard.library import Mirror

NO_MIRROR = "none"


def on_space() -> bool:
    """Returns whether this app runs on a Space, whose disk does not outlive it."""
    return bool(os.environ.get("SPACE_ID"))


def chosen_mirror(named: str | None) -> Mirror | None:
    """Returns the copy of the library: in the repository named, else in STORYBOARD_MIRROR's.

    Else on a Space in one beside it, where there is a token to write it with; else None. StoryError for what is no
    repository's name.
    """
    name = named or os.environ.get("STORYBOARD_MIRROR", "")
    if not name and on_space() and get_token():
        name = f"{os.environ['SPACE_ID']}-stories"
    return Mirror(name) if name and name != NO_MIRROR else None


def end_in_order() -> None:
    """Have SIGTERM, which ends a Space, end this app as Ctrl+C does: the last changes are written to the copy first.

    Processes that are forked from it end at once: those that draw on a lent GPU would wait for their next frame.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
