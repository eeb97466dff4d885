"""A pipeline folder that brings its own code: diffusers alone loads it where this program is not installed."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial

import huggingface_hub
import numpy as np
import pytest
import torch
from huggingface_hub import snapshot_download
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.carried import code, sources_of
from tests import hub_server, tiny
from training.evaluate.card import card, example

REMEDY = "where the change is meant, write the folder's code anew: python -m training.evaluate.card"
# What a person writes who has the folder and diffusers, and nothing of this repository.
ELSEWHERE = """
import importlib.util, sys
from PIL import Image
assert importlib.util.find_spec("storyboard") is None
import torch
from diffusers import DiffusionPipeline

folder, portrait, out = sys.argv[1:]
pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
cast = [{"name": "Rosa", "pronoun": "she", "portrait": Image.open(portrait)}]
draw = lambda sentence, history: pipe(
    sentence, cast, history, num_inference_steps=2, generator=torch.Generator().manual_seed(1)
).images[0]
first = draw("Rosa waves in the park.", [])
first.save(f"{out}/0.png")
draw("She sits down.", [("Rosa waves in the park.", first)]).save(f"{out}/1.png")
pipe.save_pretrained(f"{out}/saved")
"""


def run_elsewhere(script, out, *arguments, **reach):
    """Runs a script in a process that cannot import this repository. It reaches the Hub only if `reach` says how."""
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    settings |= {"HF_HOME": str(out / "hub")} | (reach or {"HF_HUB_OFFLINE": "1"})
    (out / "script.py").write_text(script)
    ran = subprocess.run(
        [sys.executable, "-I", out / "script.py", *arguments],
        env=settings,
        cwd=out,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


def drawn_elsewhere(folder, portrait, out, **reach):
    run_elsewhere(ELSEWHERE, out, folder, portrait, out, **reach)
    return [Image.open(out / f"{number}.png") for number in range(2)]


def drawn_here(folder, portrait):
    pipe = StoryPipeline.from_pretrained(folder, reader="carried")
    pipe.set_progress_bar_config(disable=True)
    cast = [{"name": "Rosa", "pronoun": "she", "portrait": Image.open(portrait)}]

    def draw(sentence, history):
        seeded = torch.Generator().manual_seed(1)
        return pipe(sentence, cast, history, num_inference_steps=2, generator=seeded).images[0]

    first = draw("Rosa waves in the park.", [])
    return [first, draw("She sits down.", [("Rosa waves in the park.", first)])]


@pytest.mark.parametrize("kept", ["saved", "bundled"])
def test_a_copied_folder_draws_the_same_where_the_program_is_not(tmp_path, kept):
    folder, portrait = tmp_path / "copied", tmp_path / "rosa.png"
    if kept == "saved":
        tiny.pipeline().save_half(folder)
        Image.new("RGB", (20, 30), "red").save(portrait)
    else:
        shutil.copytree(bundled_pipeline(), folder)
        shutil.copy(folder / "portraits" / "rosa-jumper.png", portrait)
    elsewhere, here = drawn_elsewhere(folder, portrait, tmp_path), drawn_here(folder, portrait)
    assert [one.tobytes() for one in elsewhere] == [one.tobytes() for one in here], REMEDY
    check_folder(tmp_path / "saved")  # saved again from there, it is complete
    assert (tmp_path / "saved" / "pipeline.py").read_text("utf-8") == (folder / "pipeline.py").read_text(
        "utf-8"
    )


@pytest.fixture
def repository(tmp_path):
    """A Hub with a pipeline in the repository nana/tiny, which is also in the folder "saved"."""
    tiny.pipeline(place_words=["park", "beach"]).save_half(tmp_path / "saved")
    with hub_server.hub() as server:
        server.repositories["nana/tiny"] = hub_server.Repository(private=True)
        server.repositories["nana/tiny"].commit(
            {
                file.relative_to(tmp_path / "saved").as_posix(): file.read_bytes()
                for file in (tmp_path / "saved").rglob("*")
                if file.is_file()
            }
        )
        yield server


def test_a_repository_of_the_hub_is_drawn_with_by_its_name(repository, tmp_path, monkeypatch):
    """diffusers looked in the repository for a module of every part, and thought that a list of words was a part."""
    portrait = tmp_path / "rosa.png"
    Image.new("RGB", (20, 30), "red").save(portrait)
    (tmp_path / "elsewhere").mkdir()
    reach = {"HF_ENDPOINT": repository.url, "HF_TOKEN": hub_server.TOKEN, "HF_HUB_DISABLE_XET": "1"}
    elsewhere = drawn_elsewhere("nana/tiny", portrait, tmp_path / "elsewhere", **reach)
    assert [one.tobytes() for one in elsewhere] == [
        one.tobytes() for one in drawn_here(tmp_path / "saved", portrait)
    ]
    asking = partial(snapshot_download, endpoint=repository.url, token=hub_server.TOKEN)
    monkeypatch.setattr("storyboard.pipeline.loading.snapshot_download", asking)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    here = StoryPipeline.from_pretrained("nana/tiny", cache_dir=tmp_path / "cache")
    assert type(here) is StoryPipeline and here.config.place_words == ["park", "beach"]
    with pytest.raises(StoryError, match='"nana/none" is neither a pipeline folder nor a Hub repository'):
        StoryPipeline.from_pretrained("nana/none", cache_dir=tmp_path / "cache")


def test_a_saved_folder_names_its_code_and_is_loaded_without_running_it(tmp_path):
    tiny.pipeline().save_pretrained(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text("utf-8"))
    assert index["_class_name"] == ["pipeline", "StoryPipeline"]
    (tmp_path / "pipeline.py").write_text("raise SystemExit('run')")
    assert type(StoryPipeline.from_pretrained(tmp_path)) is StoryPipeline


def test_the_code_holds_what_drawing_needs_and_nothing_else():
    names = set(sources_of("storyboard.pipeline"))
    assert {"storyboard", "storyboard.pipeline.story_pipeline", "storyboard.models.mappers"} <= names
    assert "storyboard.models.judge.network" in names  # its package imports it by a relative name
    rooms = {name.split(".")[1] for name in names if "." in name}
    assert rooms <= {"errors", "disk", "text", "people", "renderer", "models", "pipeline"}
    compile(code(), "pipeline.py", "exec")


# -- The notebook and the model card


def test_the_notebook_draws_two_frames_where_the_program_is_not(tmp_path):
    shutil.copytree(bundled_pipeline(), tmp_path / "maple-lane")
    code = example("maple-lane")
    assert len([line for line in code.splitlines() if line.strip()]) == 10
    run_elsewhere(f"{code}\nfirst.save('first.png')\nsecond.save('second.png')\n", tmp_path)
    first, second = (np.asarray(Image.open(tmp_path / f"{name}.png"), int) for name in ("first", "second"))
    assert first.shape == second.shape == (256, 256, 3)
    # Both have the same place and person, so the upper edge is the same sky. But they are not the same picture.
    assert abs(first[:16] - second[:16]).mean() < 16 and abs(first - second).max() > 64


def test_the_model_card_says_what_was_measured():
    """The card must have the latest numbers of measurements that are repeated and of parts that are trained again."""
    told = (bundled_pipeline() / "README.md").read_text("utf-8")
    assert told == card(bundled_pipeline()), "run: python -m training.evaluate.card"


def test_the_card_of_a_folder_that_names_no_language_model_is_refused_in_a_sentence(tmp_path):
    """The card says which model is named, and without one the command ended in an AttributeError."""
    with pytest.raises(StoryError, match="names no language model"):
        card(tmp_path)
