"""What `training.assemble` says of a pipeline's cast in `cast.json`, as the page reads it."""

import pytest

from storyboard.errors import StoryError
from storyboard.ui.hints import load_hints
from training.assemble import AssembleArguments, write_cast


@pytest.mark.parametrize("anybody", [False, True])
def test_the_folder_says_whether_its_parts_draw_anybody(tmp_path, anybody):
    """The page read "anybody" in cast.json, and nothing wrote it."""
    write_cast(tmp_path, anybody)
    hints = load_hints(tmp_path)
    assert (hints.anybody, hints.peopled) == (anybody, not anybody)
    assert ("sits" in hints.actions) is anybody and "waves" in hints.actions


def test_portraits_of_other_casts_are_not_anybody():
    with pytest.raises(StoryError, match="leave it out with --portraits"):
        AssembleArguments(portraits="chars", anybody=True)
