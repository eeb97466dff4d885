"""Shortens a view to what has changed: of a long story, a page gets only the frames that it does not have yet.

Knows views as plain values, but no stories. A frame in a view stays the same object while nothing of it changes.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict

STORIES = 64  # the views of so many stories are remembered
VIEWS = 8  # so many views of each story; a page that has none of them gets everything


class SentViews:
    """The views that pages have been sent.

    `boot` distinguishes the stamps of one run of the app from those of another.
    """

    def __init__(self, boot: str) -> None:
        self._boot = boot
        self._count = itertools.count(1)
        self._lock = threading.Lock()
        self._sent: OrderedDict[str, OrderedDict[str, list[dict]]] = OrderedDict()  # by story and stamp

    def shortened(self, view: dict, have: object) -> dict:
        """Returns the view with a `stamp`, shortened if the page has an earlier view.

        If that view, with the stamp `have`, is remembered, unchanged frames are replaced by their ids, and `since` is
        its stamp.
        """
        frames = view["frames"]
        with self._lock:
            sent = self._sent.setdefault(view["story"], OrderedDict())
            self._sent.move_to_end(view["story"])
            if len(self._sent) > STORIES:
                self._sent.popitem(last=False)
            known = sent.get(have) if isinstance(have, str) else None
            stamp = f"{self._boot}.{next(self._count)}"
            sent[stamp] = frames
            if len(sent) > VIEWS:
                sent.popitem(last=False)
        if known is None:
            return view | {"stamp": stamp}
        there = {id(frame) for frame in known}
        changed = [frame["id"] if id(frame) in there else frame for frame in frames]
        return view | {"stamp": stamp, "since": have, "frames": changed}
