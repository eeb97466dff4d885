"""Several people write at the same time in a served app with tiny parts. Every fault would be noticed."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image

from benchmarks import writers
from benchmarks.beliefs import Believed, on_disk
from benchmarks.writers import is_one_sentence
from storyboard.library import Library
from tests.kept import SHELF, story_with, take


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny pipeline with a cast."""
    from tests import tiny  # needs torch, which the other tests here do not

    folder = tmp_path_factory.mktemp("written") / "tiny"
    tiny.pipeline().save_pretrained(folder)
    Image.new("RGB", (16, 16), "red").save(folder / "red.png")
    worn = [{"id": "plain", "label": "plain", "file": "red.png"}]
    cast = [
        {"name": name, "pronoun": pronoun, "portraits": worn}
        for name, pronoun in (("Rosa", "she"), ("Milo", "he"))
    ]
    (folder / "cast.json").write_text(json.dumps({"characters": cast}))
    return folder


def test_three_people_at_once_keep_what_is_theirs(folder, tmp_path, capsys):
    out = tmp_path / "results.json"
    words = ["--pipeline", str(folder), "--writers", "3", "--minutes", "0.1", "--out", str(out)]
    status = writers.main(words)
    found = json.loads(out.read_text())["measured"]["people who write at once"]
    assert found == json.loads(capsys.readouterr().out)
    assert found["faults"] == [] and (found["lost"], found["corrupt"], found["crosstalk"]) == (0, 0, 0)
    assert found["refusals_not_one_sentence"] == 0
    assert found["stories"] >= 3 and found["drawn"] >= 3 and found["verbs"] > 15
    assert status == (0 if found["memory_growth_mb"] <= writers.MOST_MEMORY else 1)


@pytest.fixture
def kept(tmp_path):
    """Returns a library with a story that is exactly as its writer believes: .folder, .writer, .story."""
    library = Library(tmp_path)
    story = story_with('Rosa waves and says "0-1".', title='A day "0-2"')
    picture = library.pictures.put(Image.new("RGB", (8, 8), "red"))
    story = story.with_changed_frame(story.frames[0].with_take(take(picture)))
    library.save(story, 1)
    library.shelves.put(SHELF, story.id)
    library.close()
    (frame,) = story.frames
    believed = Believed(
        story.title, [(frame.id, frame.caption)], {frame.id: [(frame.take.id, picture, frame.take.caption)]}
    )
    writer = SimpleNamespace(number=0, shelf=SHELF, stories={story.id: believed}, deleted=[])
    return SimpleNamespace(folder=tmp_path, writer=writer, story=story, believed=believed)


def seen(kept, *others) -> set[str]:
    return {fault.partition(":")[0] for fault in on_disk(kept.folder, [kept.writer, *others])}


def changed(kept, story) -> None:
    library = Library(kept.folder)
    library.save(story, 2)
    library.close()


def test_what_is_as_its_writer_believes_is_no_fault(kept):
    assert seen(kept) == set()


def test_a_sentence_a_title_or_a_picture_that_is_another_one_is_lost(kept):
    for field, value in (("title", "B"), ("frames", []), ("takes", {})):
        before = getattr(kept.believed, field)
        setattr(kept.believed, field, value)
        assert seen(kept) == {"lost"}
        setattr(kept.believed, field, before)
    kept.writer.stories = {}
    assert seen(kept) == {"lost"}


def test_words_and_pictures_of_another_writer_are_crosstalk(kept):
    frame = kept.story.frames[0]
    words = replace(frame, caption='Milo runs and says "1-7".')
    changed(kept, kept.story.with_changed_frame(words))
    assert seen(kept) == {"lost", "crosstalk"}
    kept.believed.frames = [(frame.id, words.caption)]
    assert seen(kept) == {"crosstalk"}


def test_a_picture_that_another_writer_was_told_of_is_crosstalk(kept):
    other = SimpleNamespace(number=1, shelf="another-writers", stories={}, deleted=["gone"])
    drawn = Believed("", takes=dict(kept.believed.takes))
    kept.believed.takes = {}
    other.stories = {"gone": drawn}
    assert seen(kept, other) >= {"lost", "crosstalk"}


def test_a_damaged_picture_or_library_is_corrupt(kept):
    (picture,) = (kept.folder / "pictures").iterdir()
    whole = picture.read_bytes()
    picture.write_bytes(whole[:-9])
    assert seen(kept) == {"corrupt"}
    picture.write_bytes(whole)
    library = Library(kept.folder)
    library._file._connection.execute("DELETE FROM parts")
    library.close()
    assert seen(kept) == {"corrupt"}


@pytest.mark.parametrize("said", [None, "", "a\nb.", "no end", "Traceback: x.", "y" * 700 + "."])
def test_what_is_no_sentence(said):
    assert not is_one_sentence(said)


def test_what_is_one():
    assert is_one_sentence("There is no story with that id; check the link, or begin a new one.")
