"""Pickles of dataset folders: they run no code, plain data stays the same, and `convert` rewrites them once."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from storyboard.errors import StoryError
from tests import story_folders
from tests.story_folders import clip_id
from training.data import StoryDataset, open_reader
from training.data.__main__ import main
from training.data.unpickle import read_pickle


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.fixture
def flintstones(tmp_path) -> Path:
    story_folders.flintstones(tmp_path / "flintstones")
    return tmp_path / "flintstones"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_does_not_run(tmp_path, protocol):
    path = tmp_path / "labels.pkl"
    path.write_bytes(pickle.dumps({"a": [Evil(tmp_path / "ran")]}, protocol))
    with pytest.raises(StoryError, match="labels.pkl was not opened: it asks for .*system"):
        read_pickle(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cbuiltins\ngetattr\n(cbuiltins\nlist\nS'append'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x0clist.__init__\x93.",
        b"ctorch.storage\n_load_from_bytes\n(S'junk'\ntR.",
        b"cnumpy\ndtype\n(S'O,O'\ntR.",
        b"\x80\x04.",
        b"",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"Pid\n.",
    ],
)
def test_hostile_and_broken_pickles_are_refused(tmp_path, program):
    path = tmp_path / "x.pkl"
    path.write_bytes(program)
    with pytest.raises(StoryError, match="x.pkl"):
        read_pickle(path)


def test_a_pickle_that_holds_itself_or_grows_without_end_is_refused(tmp_path):
    ring: list = []
    ring.append(ring)
    layers: list = ["x"]
    for _ in range(40):
        layers = [layers] * 10
    for value in (ring, layers):
        story_folders.write_pickle(tmp_path / "x.pkl", value)
        with pytest.raises(StoryError, match="nested"):
            read_pickle(tmp_path / "x.pkl")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_arrays_and_tensors_survive(tmp_path, protocol):
    torch.manual_seed(0)
    value: dict[str, Any] = {
        "list": [1, 2.5, True, None, "é", b"b"],
        "array": np.arange(6, dtype=">i4").reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "words": np.array(["a", "bc"]),
        "object": np.array(["x", "y"], dtype=object),
        "scalar": np.float32(1.5),
        "half": torch.randn(2, 3).half(),
        "brain": torch.randn(4).bfloat16(),
        "part": torch.arange(10)[4:8],
    }
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(value, protocol))
    read = read_pickle(tmp_path / "x.pkl")
    assert read.keys() == value.keys() and read["list"] == value["list"] and read["scalar"] == 1.5
    for key in ("array", "fortran", "words"):
        assert np.array_equal(read[key], value[key])
    assert read["object"] == ["x", "y"]
    for key in ("half", "brain", "part"):
        assert read[key].dtype == value[key].dtype and torch.equal(read[key], value[key])


def test_a_picture_file_that_is_a_pickle_does_not_run(flintstones, tmp_path):
    path = flintstones / "video_frames_sampled_4x" / f"{clip_id(1, 0, 0)}.npy"
    np.save(path, np.array([Evil(tmp_path / "ran")], dtype=object), allow_pickle=True)
    with pytest.raises(StoryError, match=path.name):
        StoryDataset(open_reader(flintstones), "test").story(0)
    assert not (tmp_path / "ran").exists()


def test_convert_writes_json_and_safetensors_which_are_preferred(flintstones, capsys):
    ids = [clip_id(1, 0, shot) for shot in range(3)]
    story_folders.write_conditions(flintstones, ids)
    before = StoryDataset(open_reader(flintstones), "test").story(0)
    assert main(["convert", str(flintstones)]) == 0
    assert capsys.readouterr().out.count("written as") == 4
    for pickled in flintstones.glob("*.pkl"):
        pickled.write_bytes(pickle.dumps(Evil(flintstones / "ran")))
    assert StoryDataset(open_reader(flintstones), "test").story(0) == before
    tensors = load_file(flintstones / "clip_emb_img.safetensors")
    assert sorted(tensors) == ids and tensors[ids[0]].shape == (1, 3, 4)
    assert main(["convert", str(flintstones)]) == 0
    assert capsys.readouterr().out.count("is there already") == 4


def test_convert_refuses_a_malicious_pickle_in_one_sentence(flintstones, capsys):
    (flintstones / "labels.pkl").write_bytes(pickle.dumps({"a": Evil(flintstones / "ran")}))
    assert main(["convert", str(flintstones)]) == 1
    assert "labels.pkl was not opened" in capsys.readouterr().err
    assert not (flintstones / "ran").exists() and not (flintstones / "labels.json").exists()
