"""Maple Lane as a repository of the `datasets` library: what it loads is what the folder has."""

import json

import numpy as np
import pytest

from training.data.__main__ import main
from training.data.maple_lane import MapleLane
from training.maple_lane.writer import write_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maple-lane")
    for split, world in (("train", "cast"), ("val", "cast"), ("test", "cast"), ("test", "open")):
        write_dataset(folder, split, 2, 3, size=32, world=world)
    return folder


@pytest.fixture(scope="module")
def repository(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("published") / "repository"
    assert main(["publish", str(folder), str(out)]) == 0
    return out


def test_the_library_loads_what_the_folder_has(folder, repository, tmp_path):
    from datasets import load_dataset

    loaded = load_dataset(str(repository), cache_dir=str(tmp_path))
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 6, "validation": 6, "test": 12}
    reader = MapleLane(folder)
    frames = [
        (record, number, frame)
        for record in json.loads((folder / "stories.json").read_text())
        if record["split"] == "test"
        for number, frame in enumerate(record["frames"])
    ]
    for row, (record, number, frame) in zip(loaded["test"], frames, strict=True):
        clip = reader.clip(frame["id"])
        assert (row["story"], row["frame"], row["free"]) == (record["id"], number, frame["free"])
        assert np.array_equal(np.asarray(row["image"]), clip.pictures()[0])
        assert np.array_equal(np.asarray(row["mask"]), clip.mask(0))
        assert [name.lower() for name in row["people"]] == [one.word for one in clip.segments]
        assert row["outfit"] == [record["outfits"].get(name, "") for name in row["people"]]


def test_a_folder_without_stories_is_refused_and_nothing_is_written(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "stories.json").write_text("[]")
    assert main(["publish", str(tmp_path / "empty"), str(tmp_path / "out")]) == 1
    assert "has no stories" in capsys.readouterr().err and not (tmp_path / "out").exists()
    (tmp_path / "empty" / "stories.json").write_text("7")
    assert main(["publish", str(tmp_path / "empty"), str(tmp_path / "out")]) == 1
    assert "no table of Maple Lane's stories" in capsys.readouterr().err
