"""A view as what changed in it: of a long story only the frames that a page has not been sent yet.

Knows views as plain values whose frames stay the same objects while nothing of them changes, and no stories.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict

STORIES = 64  # whose latest views are remembered
VIEWS = 8  # of each: a page that has seen none of these is sent everything


class SentViews:
    """What pages have been sent. `boot` tells the stamps of one run of the app from another's."""

    def __init__(self, boot: str) -> None:
        self._boot = boot
        self._count = itertools.count(1)
        self._lock = threading.Lock()
        self._sent: OrderedDict[str, OrderedDict[str, list[dict]]] = OrderedDict()  # by story and stamp

    def shortened(self, view: dict, have: object) -> dict:
        """Returns the view with a `stamp`; where the page says it has the view stamped `have`, the frames that are as
        they were there are only their ids, and `since` is that stamp."""
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
