"""Bootstrap intervals of any number: how wide they are, and what is resampled."""

import numpy as np
import pytest

from training.evaluate.fid import fid
from training.evaluate.intervals import estimate


def test_an_interval_of_a_mean_is_as_wide_as_theory_says_and_the_same_twice():
    values = np.random.default_rng(0).normal(5, 2, 400)
    found = estimate(lambda rows: float(values[rows].mean()), np.arange(400), resamples=1000)
    assert found.value == pytest.approx(values.mean()) and found.of == 400
    assert found.high - found.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.1)
    assert found == estimate(lambda rows: float(values[rows].mean()), np.arange(400), resamples=1000)


def test_frames_of_one_story_are_drawn_together():
    values = np.repeat([0.0, 1.0], 50)
    by_story = estimate(lambda rows: float(values[rows].mean()), np.repeat([0, 1], 50))
    by_frame = estimate(lambda rows: float(values[rows].mean()), np.arange(100))
    assert by_story.high - by_story.low > 3 * (by_frame.high - by_frame.low)


def test_the_interval_of_a_fid_holds_it_although_repeats_move_it_up():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(60, 16)), rng.normal(0.5, 1, size=(60, 16))
    found = estimate(lambda rows: fid(one[rows], other[rows]), np.arange(60), centred=True)
    assert found.low < found.value < found.high
