"""What the tests of a whole studio share: one with a small cast, what its page calls, frames added and drawn."""

from contextlib import contextmanager

from storyboard.disk.pictures import PictureStore
from storyboard.library import Library
from storyboard.studio.studio import Studio
from storyboard.ui.board import board_calls
from tests.fakes import FlatRenderer, small_cast


@contextmanager
def small_studio(folder, renderer):
    pictures = PictureStore(folder / "pictures")
    studio = Studio(renderer, small_cast(pictures), pictures)
    yield studio
    studio.close()


@contextmanager
def kept_studio(folder):
    """With a library in the folder, and one flat picture for every frame."""
    library = Library(folder)
    studio = Studio(FlatRenderer(), small_cast(library.pictures), library.pictures, library=library)
    yield studio
    studio.close()
    library.close()


def calls_of(studio):
    """By name all that the page may ask."""
    return {call.__name__: call for call in board_calls(studio)}


def drawn(studio, story, *sentences):
    """Add frames and wait until they are drawn; their ids."""
    ids = []
    for sentence in sentences:
        frame, job = studio.add(story, sentence)
        assert studio.wait(job).state == "done"
        ids.append(frame.id)
    return ids
