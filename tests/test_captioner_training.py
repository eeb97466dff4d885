"""The world's captioner trains on real frames and captions pictures like any BLIP-2."""

import json

import numpy as np
import pytest
import torch

from training.configs.arguments import parsed
from training.evaluate import captioner as training_run
from training.evaluate.captioner import (
    CaptionedFrames,
    CaptionerArguments,
    CaptionerTraining,
    build_captioner,
    build_tokenizer,
    main,
)
from training.evaluate.captioning import PROMPT, load_captioner
from training.evaluate.captions_file import CaptionsFile
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import DrawnFrame, Made
from training.evaluate.frame_classifier import FrameClassifier
from training.evaluate.labels import maple_lane_names
from training.evaluate.rows import Evaluators, measure
from training.maple_lane import story

SMALL = ["--image_size", "32", "--width", "16", "--heads", "2", "--tower_layers", "1", "--layers", "1"]


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(30)


def test_a_batch_depends_on_its_step_and_rows_only_and_its_labels_are_the_caption(tokenizer):
    frames = CaptionedFrames(0, 32, tokenizer)
    whole, last = frames(3, range(3)), frames(3, range(2, 3))
    assert torch.equal(whole["pixels"][2:], last["pixels"])
    for row in range(3):
        ids, labels = whole["ids"][row], whole["labels"][row]
        kept = labels >= 0
        assert torch.equal(ids[kept], labels[kept])
        text = tokenizer.decode(ids[ids != tokenizer.pad_token_id])
        caption = tokenizer.decode(labels[kept])
        assert text == f"</s>{PROMPT}{caption}" and caption.startswith(" ") and caption.endswith("\n")


def test_what_is_trained_is_what_captions_go_through(tokenizer):
    args = parsed(CaptionerArguments, ["--output_dir", "", *SMALL])
    torch.manual_seed(0)
    module = CaptionerTraining(build_captioner(args, tokenizer))
    module(CaptionedFrames(0, 32, tokenizer)(0, range(2)))["loss"].backward()
    assert [name for name, weight in module.named_parameters() if weight.grad is None] == []
    queries = module.query_tokens[0]
    assert not torch.allclose(queries[0], queries[1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captioner")
    command = ["--output_dir", str(folder / "run"), "--out", str(folder / "c"), "--batch", "2"]
    command += ["--workers", "0", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_run, "CHECKED_STORIES", 1)
        patch.setattr(training_run, "PUBLISHED_STORIES", 1)
        main([*command, "--steps", "2"])
        main([*command, "--steps", "3"])
    return folder


def test_it_trains_resumes_and_publishes_its_own_scores(trained):
    log = [json.loads(line) for line in (trained / "run" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [2, 3]
    published = json.loads((trained / "c" / "scores.json").read_text())
    assert published["steps"] == 3 and published["scores"].keys() == {"BLEU4", "CIDEr"}


def test_captions_are_scored_five_against_five_with_their_intervals(trained, tmp_path):
    captioner = load_captioner(trained / "c", None, torch.device("cpu"))
    tale = story("test", 0)
    assert [len(made) for made in captioner.captions([real_picture(tale.frames[0].scene)])] == [5]
    frames = []
    for index in range(2):
        for number, frame in enumerate(story("test", index).frames[:2]):
            path = tmp_path / f"{index}-{number}.png"
            real_picture(frame.scene).save(path)
            made = Made("llm", 0, 1, 1.0, 0.1)
            frames.append(DrawnFrame(story("test", index), number, frame.referential, path, made))
    torch.manual_seed(0)
    classifier = FrameClassifier(**maple_lane_names().as_config(), size=16, widths=(8, 8)).eval()

    class Parrot:
        """Says something true of every picture: five captions with the picture's mean colour in words."""

        def captions(self, pictures):
            shades = [int(np.asarray(picture).mean()) for picture in pictures]
            return [[f"a photo of shade {s} number {n} in the park" for n in range(5)] for s in shades]

    file = CaptionsFile(tmp_path / "captions.jsonl", {"captioner": "parrot"})
    told = measure(frames, Evaluators(classifier, Parrot(), file), referential=True)
    # Drawn and real pictures are the same, so every caption is among its references.
    assert told["BLEU4"]["value"] == pytest.approx(1.0, abs=1e-6) and told["BLEU4"]["of"] == 4
    assert told["CIDEr"]["value"] > 1 and told["CIDEr"]["low"] <= told["CIDEr"]["high"]
    assert told["FID"]["value"] == pytest.approx(0, abs=1e-6)
