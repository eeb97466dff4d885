"""The story library: stories kept in one folder, whatever happens to the process. `stories.py` says how it is used.

Knows neither torch nor gradio, and no sessions.
"""

from storyboard.library.lock import FolderUnusable
from storyboard.library.steps import MAX_UNDO_SAVED
from storyboard.library.stories import DAYS_KEPT, SHELF, Entry, Library, Saved, open_library

__all__ = [
    "DAYS_KEPT",
    "MAX_UNDO_SAVED",
    "SHELF",
    "Entry",
    "FolderUnusable",
    "Library",
    "Saved",
    "open_library",
]
