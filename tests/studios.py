"""Shared by the tests of a whole studio: a studio with a small cast, the calls of its page, and drawn frames."""

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
    """Returns a studio with a library in the folder and one flat picture for every frame."""
    library = Library(folder)
    studio = Studio(FlatRenderer(), small_cast(library.pictures), library.pictures, library=library)
    yield studio
    studio.close()
    library.close()


def calls_of(studio):
    """Returns all calls of the page by name."""
    return {call.__name__: call for call in board_calls(studio)}


def drawn(studio, story, *sentences):
    """Adds frames and waits until they are drawn. Returns their ids."""
    ids = []
    for sentence in sentences:
        frame, job = studio.add(story, sentence)
        assert studio.wait(job).state == "done"
        ids.append(frame.id)
    return ids
