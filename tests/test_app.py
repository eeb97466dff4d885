"""Where the app keeps its stories, and what it says if that does not work. Nothing is launched here."""

import os
from pathlib import Path

import pytest

from storyboard.errors import StoryError
from storyboard.library import FolderUnusable, Library
from storyboard.models.folder import bundled_pipeline
from storyboard.ui import serve
from storyboard.ui.space import chosen_mirror


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.delenv("STORYBOARD_LIBRARY", raising=False)
    return tmp_path / "home"


@pytest.fixture
def unusable(tmp_path):
    (tmp_path / "file").touch()
    return tmp_path / "file" / "library"


def folder_of(named: Path | None) -> Path:
    library = serve.choose_library(named)
    library.close()
    assert library.kept == "disk" and library.notices == ()
    return library.folder


def test_the_flag_goes_before_the_environment_and_that_before_the_home(home, tmp_path, monkeypatch):
    assert folder_of(None) == home / ".storyboard"
    monkeypatch.setenv("STORYBOARD_LIBRARY", str(tmp_path / "named"))
    assert folder_of(None) == tmp_path / "named"
    assert folder_of(tmp_path / "flag") == tmp_path / "flag"
    assert (tmp_path / "flag" / "pictures").is_dir()


@pytest.mark.parametrize("name", ["STORYBOARD_LIBRARY", "HOME"])
def test_without_a_usable_folder_stories_are_kept_for_now_and_the_app_says_so(
    home, unusable, monkeypatch, name
):
    monkeypatch.setenv(name, str(unusable))
    library = serve.choose_library(None)
    assert (
        library.kept == "nowhere"
        and str(unusable) in library.notices[0]
        and "--library" in library.notices[0]
    )
    library.close()


def test_a_folder_named_has_to_work(unusable):
    with pytest.raises(FolderUnusable):
        serve.choose_library(unusable)


def fake_pipeline(monkeypatch) -> list[str]:
    """Nothing is launched, and no pipeline is looked at. Returns a list of what would have been."""
    done = []
    monkeypatch.setattr(serve, "check_folder", lambda folder: None)
    monkeypatch.setattr(serve, "build", lambda *_, **__: _Studio(done))
    monkeypatch.setattr(serve, "make_page", lambda studio, hints, example: done.append(example))
    monkeypatch.setattr(serve, "launch_page", lambda *_, **__: done.append("launched"))
    return done


class _Studio:
    def __init__(self, done: list[str]) -> None:
        self.done = done

    def close(self) -> None:
        self.done.append("studio closed")


def test_a_library_in_use_ends_the_app_with_one_sentence(tmp_path, monkeypatch, capsys):
    done = fake_pipeline(monkeypatch)
    library = Library(tmp_path)
    assert serve.main(["--library", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "already open" in told and done == []
    library.close()
    assert serve.main(["--library", str(tmp_path)]) == 0
    assert (
        done == [bundled_pipeline().parent / serve.EXAMPLE_STORY, "launched", "studio closed"]
        and capsys.readouterr().err == ""
    )
    Library(tmp_path).close()  # it opens, because nothing else holds it


def test_the_example_is_the_bundled_pipelines_own(tmp_path, monkeypatch):
    done = fake_pipeline(monkeypatch)
    (tmp_path / "other").mkdir()
    assert serve.main(["--library", str(tmp_path / "library"), "--pipeline", str(tmp_path / "other")]) == 0
    assert done == [None, "launched", "studio closed"]


def test_a_temporary_library_is_told_at_the_start(home, unusable, monkeypatch, capsys):
    fake_pipeline(monkeypatch)
    monkeypatch.setenv("STORYBOARD_LIBRARY", str(unusable))
    assert serve.main([]) == 0
    told = capsys.readouterr().err
    assert told.startswith("storyboard: No stories can be kept in") and told.count("\n") == 1


def test_a_cast_that_does_not_fit_lets_go_of_the_library(tmp_path, monkeypatch, capsys):
    fake_pipeline(monkeypatch)

    def fail(*_, **__):
        raise StoryError("The cast is empty; get it again.")

    monkeypatch.setattr(serve, "build", fail)
    assert serve.main(["--library", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "storyboard: The cast is empty; get it again.\n"
    Library(tmp_path).close()


@pytest.fixture
def space(home, monkeypatch):
    """Sets the environment of a Space, whose disk is emptied at every restart."""
    monkeypatch.setenv("SPACE_ID", "nana/storyboard")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "STORYBOARD_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("storyboard.ui.space.get_token", lambda: os.environ.get("HF_TOKEN"))
    return monkeypatch


def test_a_space_without_a_copy_says_that_it_forgets(space, tmp_path):
    """The page said "Kept in this app's library", although the Space's disk is emptied at every restart."""
    assert chosen_mirror(None) is None
    library = serve.choose_library(None)
    assert library.kept == "nowhere" and "only until the app restarts" in library.notices[0]
    library.close()
    library = serve.choose_library(tmp_path / "disk")  # a folder that somebody named needs no notice
    assert library.kept == "disk" and library.notices == ()
    library.close()


def test_a_space_with_a_token_keeps_a_copy_beside_it(space):
    space.setenv("HF_TOKEN", "hf_x")
    assert chosen_mirror(None).repository == "nana/storyboard-stories"
    space.setenv("STORYBOARD_MIRROR", "nana/elsewhere")
    assert chosen_mirror(None).repository == "nana/elsewhere"
    assert chosen_mirror("nana/named").repository == "nana/named"
    assert chosen_mirror("none") is None
    space.setenv("STORYBOARD_MIRROR", "none")
    assert chosen_mirror(None) is None


def test_elsewhere_a_token_alone_copies_nothing(space):
    space.setenv("HF_TOKEN", "hf_x")
    space.delenv("SPACE_ID")
    assert chosen_mirror(None) is None


def test_a_copy_that_is_no_repository_ends_the_app_with_one_sentence(space, capsys):
    assert serve.main(["--mirror", "my stories"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "'my stories' is no repository of the Hub" in told
