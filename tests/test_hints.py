"""What a pipeline folder says it can draw: valid hints are used, and others are left out."""

import json

import pytest

from storyboard.ui.hints import Hints, load_hints
from tests import tiny


def test_hints_are_taken_where_they_fit_and_left_out_elsewhere(tmp_path):
    assert load_hints(tmp_path) == Hints()
    path = tmp_path / "cast.json"
    path.write_text(
        json.dumps({"places": ["the park", 3, "", "x" * 500], "actions": "running", "example": 1})
    )
    assert load_hints(tmp_path) == Hints(places=("the park",))
    path.write_text('{"places": [')
    assert load_hints(tmp_path) == Hints()
    (tmp_path / "vae").mkdir()
    for side, taken in ((256, 256), (-1, 0), (10**9, 0), ("256", 0), (None, 0)):
        (tmp_path / "vae" / "config.json").write_text(json.dumps({"sample_size": side}))
        assert load_hints(tmp_path) == Hints(side=taken)
    (tmp_path / "vae" / "config.json").unlink()
    for steps, taken in ((15, 15), (0, 0), (10**9, 0), ("15", 0), (True, 0)):
        (tmp_path / "model_index.json").write_text(json.dumps({"steps": steps}))
        assert load_hints(tmp_path) == Hints(steps=taken)
    for frames, taken in ((4, 4), (None, 0), (-1, 0), ("4", 0)):
        (tmp_path / "model_index.json").write_text(json.dumps({"context_frames": frames}))
        assert load_hints(tmp_path) == Hints(context_frames=taken)
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader" / "reader.json").write_text('{"settings": {"context_frames": 8}}')
    assert load_hints(tmp_path) == Hints(context_frames=8)  # as many as the named language model reads


@pytest.mark.parametrize(
    "caption, uninvited",
    [
        ("Night falls over the park.", True),
        ("It rains in the park.", True),
        ("A girl waves.", True),
        ("Rosa waves.", False),
        ("The rosy one waves.", False),
        ("In the park, they dance.", False),
        ("Her book lies in the park.", False),
        ("It waves.", False),
    ],
)
def test_hints_tell_of_a_picture_that_shows_somebody_uninvited(tmp_path, caption, uninvited):
    names = {"Rosa": ("the rosy one",), "Bolt": ()}
    for written, said in ((True, uninvited), (False, False), ("yes", False)):
        (tmp_path / "cast.json").write_text(json.dumps({"peopled": written}))
        assert load_hints(tmp_path).shows_somebody_uninvited(caption, names) is said


# -- Made people


@pytest.mark.parametrize("written, anybody", [(True, True), (False, False), ("yes", False), (None, False)])
def test_the_pipeline_folder_says_whether_it_draws_anybody_with_a_look(tmp_path, written, anybody):
    (tmp_path / "cast.json").write_text(json.dumps({"anybody": written}))
    assert load_hints(tmp_path).anybody is anybody


def test_hints_tell_where_a_long_sentence_stops_being_read(tmp_path):
    conditioner = tiny.conditioner()
    conditioner.tokenizer.save_pretrained(tmp_path / "tokenizer")
    conditioner.text_encoder.save_pretrained(tmp_path / "text_encoder")
    hints = load_hints(tmp_path)
    assert hints.read_part("go " * 15) == "" and hints.read_part("") == ""
    long = "go  " * 20
    assert hints.read_part(long) == conditioner.cut(" ".join(long.split())) == " ".join(["go"] * 15)
    mapper = tmp_path / "reader" / "condition_mapper" / "config.json"
    mapper.parent.mkdir(parents=True)
    mapper.write_text('{"reads_story": true}')
    assert load_hints(tmp_path).read_part(long) == ""  # such a reader gets whole sentences
    mapper.unlink()
    (tmp_path / "tokenizer" / "tokenizer.json").write_text("{")
    assert load_hints(tmp_path).read_part(long) == ""
