"""Fewer steps, or no guidance in the last part: what is then computed, and how a loss of quality is measured."""

import json

import numpy as np
import pytest
import torch

from storyboard.errors import StoryError
from storyboard.models.denoise import denoise
from storyboard.models.folder import bundled_pipeline
from tests import tiny
from training.evaluate.metrics import Ratio
from training.evaluate.shortcuts import Way, compared, main


@torch.no_grad()
@pytest.mark.parametrize(("guided", "rows"), [(1.0, [2] * 5), (0.6, [2, 2, 2, 1, 1]), (0.0, [1] * 5)])
def test_calls_after_the_guided_part_read_the_condition_alone(guided, rows):
    unet, seen = tiny.unet(), []
    torch.manual_seed(0)
    noise, condition = torch.randn(1, 4, 8, 8), torch.randn(1, 7, tiny.TEXT_WIDTH)
    unet.register_forward_pre_hook(
        lambda _, args, given: seen.append(given["encoder_hidden_states"]), with_kwargs=True
    )
    settings = {"steps": 5, "guidance": 3.0, "guided": guided}
    list(denoise(unet, tiny.scheduler(), noise, condition, torch.zeros_like(condition), **settings))
    assert [len(call) for call in seen] == rows
    assert all(torch.equal(call[-1:], condition) for call in seen)


def test_a_pipeline_draws_with_the_part_that_it_says_and_keeps_it_when_saved(tmp_path):
    from storyboard.pipeline import StoryPipeline

    pipeline = tiny.pipeline(guided=0.5)
    assert pipeline.config.guided == 0.5
    pipeline.save_pretrained(tmp_path / "saved")
    assert StoryPipeline.from_pretrained(tmp_path / "saved").config.guided == 0.5
    assert tiny.pipeline().config.guided == 1.0


def test_a_way_is_read_and_counted():
    assert Way.read("10") == Way(10) and Way.read("15:0.6") == Way(15, 0.6)
    assert (Way(15).rows, Way(10).rows, Way(15, 0.6).rows) == (30, 20, 24)
    for wrong in ("", "0", "ten", "15:2", "15:x", "101"):
        with pytest.raises(StoryError, match="no way to draw"):
            Way.read(wrong)


def test_a_loss_is_found_and_none_is_invented():
    """Tests eighty stories of four frames, in which one frame is worse: that is a loss.

    Equal frames are no loss. With few stories there is no verdict.
    """
    stories, ones = np.repeat(np.arange(80), 4), np.ones(320, int)
    right = np.tile([1, 1, 1, 0], 80)
    first = {"Each once": Ratio(right, ones), "Doubles": Ratio(1 - right, ones)}
    same = compared(first, first, stories)
    assert all(one["difference"]["value"] == 0 and one["no_loss"] for one in same.values())
    worse = np.tile([1, 1, 0, 0], 80)
    told = compared({"Each once": Ratio(worse, ones), "Doubles": Ratio(1 - worse, ones)}, first, stories)
    assert told["Each once"]["difference"]["value"] == -25 and told["Doubles"]["difference"]["value"] == 25
    assert not told["Each once"]["no_loss"] and not told["Doubles"]["no_loss"]
    better = compared({"Each once": Ratio(ones, ones), "Doubles": Ratio(0 * ones, ones)}, first, stories)
    assert better["Each once"]["no_loss"] and better["Doubles"]["no_loss"]
    few = {"Each once": Ratio(ones[:8], ones[:8])}
    assert compared(few, few, stories[:8])["Each once"]["no_loss"] is None


def test_the_command_draws_each_way_and_compares_it_with_the_first(tmp_path):
    out, folder = tmp_path / "scores.json", tmp_path / "tiny"
    tiny.pipeline().save_pretrained(folder)
    main(
        [
            *("--json", str(out), "--stories", "1", "--ways", "2", "2:0.5"),
            *("--pipeline", str(folder), "--out", str(tmp_path / "pictures")),
            *("--judge", str(bundled_pipeline() / "judge")),
        ]
    )
    told = json.loads(out.read_text())["captions"]
    assert set(told) == {"plain", "referential"}
    for ways in told.values():
        assert {way: entry["rows"] for way, entry in ways.items()} == {"2 steps": 4, "2 steps, guided 50%": 3}
        assert set(ways["2 steps"]["scores"]) == {"Each once", "Doubles", "Right place", "Action"}
        assert all(one["difference"]["value"] == 0 for one in ways["2 steps"]["scores"].values())
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 16
