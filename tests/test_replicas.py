"""`--serve` before it asks any cluster: its flags, what a replica opens, and what it receives. Without Ray."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore, StoredPicture
from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Style
from storyboard.served import PipelineFolder
from storyboard.served.parcels import packed, story_key
from storyboard.ui import replicas, serve

PLAIN = FrameRequest("Rosa waves.", (), (), seed=1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--replicas", "2"], "--replicas goes with --serve"),
        (["--serve", "http://head:10001"], 'neither "local" nor like ray://HOST:10001'),
        (["--serve", "ray://head"], 'neither "local" nor like ray://HOST:10001'),
        (["--serve", "local", "--replicas", "0"], "no whole number from 1 to 256"),
    ],
)
def test_a_mistake_in_a_flag_ends_the_app_with_one_sentence(flags, message, tmp_path, capsys):
    try:
        status: str | int | None = serve.main([*flags, "--library", str(tmp_path / "library")])
    except SystemExit as ended:  # argparse ends a program like this
        status = ended.code
    assert status == 2 and message in capsys.readouterr().err
    assert not (tmp_path / "library").exists()


def test_without_ray_the_remedy_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(replicas.importlib.util, "find_spec", lambda name: None)
    assert serve.main(["--serve", "local", "--library", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "requirements-serve.txt" in told and told.count("\n") == 1


def test_ray_is_imported_only_once_it_is_asked_for():
    script = "import sys, storyboard.ui.replicas; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_request_takes_its_pictures_along_and_keeps_their_keys(tmp_path):
    store = PictureStore(tmp_path)
    red, green, blue = (
        store.later(store.put(Image.new("RGB", (4, 4), one))) for one in ("red", "green", "blue")
    )
    request = FrameRequest(
        "She waves.",
        (CastMember("Rosa", "she", (), red),),
        (ContextFrame("Rosa sings.", green), ContextFrame("She runs.", Image.new("RGB", (4, 4), "white"))),
        seed=1,
        style=Style(picture=blue),
    )
    sent = pickle.dumps(packed(request))
    for one in (red, green, blue):
        one.path.unlink()
    there = pickle.loads(sent)
    pictures = [there.cast[0].portrait, *(frame.picture for frame in there.history), there.style.picture]
    assert [one.convert("RGB").getpixel((0, 0)) for one in pictures] == [
        (255, 0, 0),
        (0, 128, 0),
        (255, 255, 255),
        (0, 0, 255),
    ]
    assert isinstance(there.cast[0].portrait, StoredPicture) and there.cast[0].portrait.key == red.key
    with pytest.raises(StoryError, match="is missing"):
        packed(request)


def test_all_frames_of_a_story_have_one_key_and_other_stories_others():
    later = replace(
        PLAIN, caption="She sings.", history=(ContextFrame("Rosa waves.", Image.new("RGB", (4, 4))),)
    )
    pronoun = replace(PLAIN, caption="She waves.", resolved="Rosa waves.")
    assert story_key(PLAIN) == story_key(later) == story_key(pronoun)
    assert story_key(PLAIN) != story_key(replace(PLAIN, caption="Milo waves."))


def test_a_replica_opens_the_bundled_pipeline_wherever_it_is_and_no_other_weights():
    here = PipelineFolder.of(bundled_pipeline(), "maple-lane of another day")
    assert (
        here.folder is None
        and PipelineFolder.of(Path("elsewhere"), "x").folder == Path("elsewhere").resolve()
    )
    with pytest.raises(StoryError, match='and "maple-lane of another day" on the app\'s; copy it from here'):
        here.open(lambda line: None)
