"""Runs every command of docs/full-size.md in order, exactly as written, with tiny stand-ins for large files.

Folders go into a folder of the test. Only steps, batches and sizes are smaller; nothing else of a command is changed.
"""

import importlib
import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import BlipConfig, BlipForImageTextRetrieval

from storyboard.disk.pictures import PictureStore
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import FrameRequest
from storyboard.studio.cast import load_cast
from tests import released, story_folders, tiny
from tests.test_ar_ldm import TEXT, VISION
from tests.test_captioning import model, tokenizer  # noqa: F401  fixtures
from tests.test_fid import sound
from tests.test_story_dalle import SIZE as STORY_TRANSFORMER
from tests.test_story_dalle import VQ
from training import masks
from training.evaluate import inception
from training.evaluate.inception import InceptionV3

DOCS = (Path(__file__).parents[1] / "docs" / "full-size.md").read_text(encoding="utf-8")
# The commands of the page, in its order: each module and its arguments.
COMMANDS = [
    (module, shlex.split(words.replace("\\\n", " ")))
    for module, words in re.findall(
        r"^(?:python|accelerate launch [^\n]*?) ?-m (training\.[\w.]+) ((?:[^\n]*\\\n)*[^\n]*)$",
        DOCS,
        re.MULTILINE,
    )
]
SMALLER = {"--steps": "2", "--batch": "2", "--workers": "0", "--drawing_steps": "2"}
FOLDERS = ("data/", "parts-", "runs/", "pipelines/")
SIZES = {
    "image_tokens": {"count": tiny.IMAGE_TOKENS},
    "visual_mapper": {"tokens": tiny.VISUAL_TOKENS},
    "condition_mapper": {"width": 16, "layers": 1, "heads": 2, "feedforward": 16},
    "vq": VQ,
    "story_transformer": STORY_TRANSFORMER,
}


class Nothing:
    """Takes the place of segment-anything, because the folders already have all masks."""


@pytest.fixture
def place(tmp_path, monkeypatch, model, tokenizer):  # noqa: F811
    """Makes a folder with both datasets and every download of the page, at tiny size."""
    monkeypatch.setattr(inception, "SIDE", 80)
    monkeypatch.setattr(masks, "load_predictor", lambda *_: Nothing())
    assert "\nmkdir -p pipelines\n" in DOCS
    for folder in ("data", "pipelines"):
        (tmp_path / folder).mkdir()
    story_folders.flintstones(tmp_path / "data" / "flintstones", clips=7)
    ids = story_folders.pororo(tmp_path / "data" / "pororo", clips=10)
    split = {"train": ids[:5], "val": [], "test": ids[5:]}
    story_folders.write_json(tmp_path / "data" / "pororo" / "split.json", split)
    made = released.Released(tmp_path / "download")
    model.save_pretrained(tmp_path / "captioner")
    tokenizer.save_pretrained(tmp_path / "captioner")
    words = TEXT | {"vocab_size": len(tiny.text_tokenizer()), "bos_token_id": 1, "sep_token_id": 2}
    BlipForImageTextRetrieval(BlipConfig(vision_config=VISION, text_config=words)).save_pretrained(
        tmp_path / "blip"
    )
    tiny.text_tokenizer().save_pretrained(tmp_path / "blip")
    torch.save(sound(InceptionV3(1008, fid=True)).state_dict(), tmp_path / "fid.pth")
    (tmp_path / "size.json").write_text(json.dumps(SIZES))
    stand_ins = {
        "SD15": made.base,
        "openai/clip-vit-large-patch14": made.clip,
        "facebook/opt-6.7b": made.llm,
        "OPT-OR-LLAMA": made.llm,
        "pytorch_model.bin": made.first_stage,
        "SECOND-STAGE-FOLDER": made.second_stage,
        "Salesforce/blip-itm-base-coco": tmp_path / "blip",
        "Salesforce/blip2-opt-2.7b-coco": tmp_path / "captioner",
        "pt_inception-2015-12-05-6726825d.pth": tmp_path / "fid.pth",
        "sd15-opt-6.7b": tmp_path / "size.json",
        "story-dalle": tmp_path / "size.json",
    }
    return tmp_path, {name: str(path) for name, path in stand_ins.items()}


def run(module: str, words: list[str], place: tuple[Path, dict[str, str]]) -> None:
    """Runs a command of the page with the stand-ins."""
    folder, stand_ins = place
    given = []
    for before, word in zip(["", *words], words, strict=False):
        name, equals, path = word.rpartition("=")
        here = str(folder / path) if path.startswith(FOLDERS) or path.endswith(".png") else path
        given.append(SMALLER.get(before, stand_ins.get(word, name + equals + here)))
    if module == "training.import_weights":
        given += ["--clip", stand_ins["openai/clip-vit-large-patch14"]]  # because its default is on the Hub
    found = importlib.util.find_spec(module)
    command = importlib.import_module(f"{module}.__main__" if found.submodule_search_locations else module)
    assert not command.main(given), module


def draws(folder: Path) -> None:
    """Does what the app does with a pipeline folder: loads its cast and draws a frame."""
    assert load_cast(folder, PictureStore(folder.parent / "pictures"))
    pipeline = StoryPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    *_, drawn = pipeline.render(FrameRequest("It rains.", (), (), seed=1))
    assert drawn.picture.size == (32, 32)


def test_every_command_runs_on_tiny_stand_ins(place, capsys):
    folder, _ = place
    modules = [module for module, _ in COMMANDS]
    assert len(COMMANDS) >= 20 and "training.masks" in modules and "training.evaluate.side_by_side" in modules
    for module, words in COMMANDS:
        if module == "training.train_char_ldm" and not (folder / "parts-ldm").exists():
            shutil.copytree(folder / "parts-flintstones", folder / "parts-ldm")
        if module == "training.released.cast":
            (folder / "pipelines" / "flintstones" / "cast.json").unlink()  # the folder already got one
        run(module, words, place)
    draws(folder / "pipelines" / "flintstones")
    scores = json.loads((folder / "runs" / "flintstones" / "scores.json").read_text())
    assert {"FID", "BLEU4", "CIDEr"} <= scores["corrected"].keys()
    assert Image.open(folder / "figure-3.png").width > 400


def test_the_same_commands_run_on_pororo(place):
    """The page says "the same with data/pororo".

    Its clips have several captions, and no portraits until somebody draws them.
    """
    folder, _ = place
    story_folders.write_portraits(folder / "data" / "pororo-chars", ("pororo", "crong", "loopy"))
    skipped = ("training.import_weights", "training.released.cast", "training.masks")
    for module, words in COMMANDS:
        words = [re.sub("flintstones|data/chars", _pororo, word) for word in words]
        if module == "training.train_char_ldm" and not (folder / "parts-ldm").exists():
            shutil.copytree(folder / "parts-pororo", folder / "parts-ldm")
        if module not in skipped:
            run(module, words, place)
    draws(folder / "pipelines" / "pororo")
    assert (folder / "runs" / "pororo" / "scores.json").is_file()


def _pororo(found: re.Match) -> str:
    return "pororo" if found[0] == "flintstones" else "data/pororo-chars"
