"""The story library: stories kept in one folder, whatever happens to the process. `stories.py` says how to use it.

Imports neither torch nor Gradio, and knows no sessions.
"""

from storyboard.library.lock import FolderUnusable
from storyboard.library.mirror import Mirror
from storyboard.library.opening import open_library
from storyboard.library.shelves import SHELF, Entry
from storyboard.library.steps import MAX_UNDO_SAVED
from storyboard.library.stories import DAYS_KEPT, Kept, Library, Saved

__all__ = [
    "DAYS_KEPT",
    "MAX_UNDO_SAVED",
    "SHELF",
    "Entry",
    "FolderUnusable",
    "Kept",
    "Library",
    "Mirror",
    "Saved",
    "open_library",
]
