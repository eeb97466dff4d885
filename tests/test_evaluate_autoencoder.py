"""The scores of an autoencoder: how much of a picture is left after the way to latents and back."""

import json

import numpy as np
import pytest
from PIL import Image, ImageFilter

from storyboard.errors import StoryError
from tests import tiny
from tests.test_evaluate import tiny_classifier
from training.evaluate import autoencoder
from training.evaluate.autoencoder import sharpness
from training.evaluate.classifier import real_picture
from training.evaluate.frame_classifier import save_classifier
from training.maple_lane import story


def real(frames: int = 4) -> list[Image.Image]:
    return [real_picture(frame.scene) for frame in story("test", 0, frames).frames]


def test_sharpness_is_one_for_the_same_less_for_soft_and_more_for_dotted():
    pictures, groups = real(), np.arange(4)
    soft = [picture.filter(ImageFilter.GaussianBlur(1)) for picture in pictures]
    dotted = [np.array(picture) for picture in pictures]
    for picture in dotted:
        picture[::8, ::8] = 255 - picture[::8, ::8]
    assert sharpness(pictures, pictures, groups).value == 1
    assert sharpness(soft, pictures, groups).high < 0.3
    assert sharpness(map(Image.fromarray, dotted), pictures, groups).low > 1.2


def test_the_command_tells_what_is_kept_and_how_sharp_what_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(autoencoder, "SHOWN", 2)
    monkeypatch.setattr(tiny, "TEXT_TOKENS", 256)  # the tiny tokenizer spells
    tiny.pipeline(language=False).save_pretrained(tmp_path / "pipeline")
    save_classifier(tiny_classifier(), tmp_path / "classifier")
    file = tmp_path / "told" / "kept.json"
    flags = ["--pipeline", tmp_path / "pipeline", "--classifier", tmp_path / "classifier", "--json", file]
    flags += ["--stories", "2", "--drawn", "1", "--out", tmp_path / "drawn"]
    autoencoder.main([str(flag) for flag in flags])
    told = json.loads(file.read_text())
    assert told["frames"] == 8 and told["drawn"]["frames"] == 4
    assert told["L1 of -1..1"]["value"] > 0 and told["sharpness"]["value"] > 0
    assert told["decoded"].keys() == told["real"].keys() and "Action-Acc" in told["real"]
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 4
    sheet = Image.open(file.with_suffix(".png"))
    assert np.array_equal(np.array(sheet)[:256, :256], np.array(real()[0]))
    assert file.with_name("kept-drawn.png").exists()


def test_more_cannot_be_drawn_than_there_is(tmp_path):
    with pytest.raises(StoryError, match="--stories 2 --drawn 3"):
        autoencoder.main(["--json", str(tmp_path / "x.json"), "--stories", "2", "--drawn", "3"])
