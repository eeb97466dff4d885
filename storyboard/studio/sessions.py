"""The stories in memory: each has one session, which is opened from the library on demand and closed when idle.

Imports neither torch nor Gradio, and knows nothing of what is done to a story.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from storyboard.errors import StoryError
from storyboard.library import Library
from storyboard.story.undo import Undoing
from storyboard.story.values import MAX_SEED, Character, Story, new_story
from storyboard.studio.session import StorySession

MAX_OPEN = 200  # with a library, so many unused sessions are kept in memory


class Sessions:
    """The open stories, by id.

    `make` makes a session from the arguments of `StorySession` except renderer and pictures.

    With a library, the least recently used sessions are closed once there are more than `most`; everything in them is
    saved. Without a library, only stories without frames are dropped, and there are never more than `most`.
    """

    def __init__(self, make: Callable[..., StorySession], library: Library | None, most: int) -> None:
        self._make = make
        self._library = library
        self._most = most
        self._recent: OrderedDict[str, StorySession] = OrderedDict()  # least lately used first
        # A story keeps its one session as long as a drawing or a call still uses it.
        self._alive: WeakValueDictionary[str, StorySession] = WeakValueDictionary()
        self._lock = threading.Lock()

    def create(self, cast: tuple[Character, ...]) -> StorySession:
        """Returns a session of a new empty story, which is saved with its first change.

        StoryError if there is no room.
        """
        return self.show(new_story(cast, seed=secrets.randbelow(MAX_SEED + 1)))

    def show(self, story: Story) -> StorySession:
        """Returns a session of a story that nobody has opened yet. It is saved with its first change."""
        session = self._make(story, save=self._library.save if self._library else None)
        with self._lock:
            self._keep(session)
        return session

    def adopt(self, story: Story) -> StorySession:
        """Returns a session of a story that nobody has opened yet. It is saved at once."""
        if self._library is not None:
            self._library.save(story, 1)
            return self.get(story.id)
        session = self._make(story)
        with self._lock:
            self._keep(session)
        return session

    def has(self, story_id: str) -> bool:
        with self._lock:
            known = story_id in self._recent or story_id in self._alive
        return known or (self._library is not None and self._library.has(story_id))

    def get(self, story_id: str) -> StorySession:
        """Returns the session of that story. StoryError if there is no such story."""
        with self._lock:
            session = self._recent.get(story_id) or self._alive.get(story_id)
            if session is not None:
                self._keep(session)
                return session
        if self._library is None:
            raise StoryError(
                "There is no story with that id (a restart of the app ends them all); begin a new one."
            )
        opened = self._open(self._library, story_id)
        with self._lock:
            session = self._alive.get(story_id, opened)  # another thread may have been faster
            self._keep(session)
            return session

    def drop(self, story_id: str) -> None:
        """Forgets a story that was deleted. Nothing more can be saved through its session."""
        with self._lock:
            self._recent.pop(story_id, None)
            self._alive.pop(story_id, None)

    def _open(self, library: Library, story_id: str) -> StorySession:
        saved = library.open(story_id)
        return self._make(
            saved.story,
            save=library.save,
            revision=saved.revision,
            undoing=Undoing(saved.undo, saved.redo),
            saved_at=saved.updated,
        )

    def _keep(self, session: StorySession) -> None:
        story_id = session.story.id
        if story_id not in self._recent and len(self._recent) >= self._most:
            self._let_one_go()
        self._recent[story_id] = self._alive[story_id] = session
        self._recent.move_to_end(story_id)

    def _let_one_go(self) -> None:
        if self._library is not None:
            story_id, _ = self._recent.popitem(last=False)
            self._library.let_go(story_id)
            return
        for story_id, session in self._recent.items():
            if not session.story.frames:
                del self._recent[story_id]
                return
        raise StoryError(f"This app holds {self._most} stories, the most it can; try again later.")
