"""Which of Maple Lane's encoded pictures are learned from."""

from collections import Counter

import pytest

from training.maple_lane import sample_story
from training.pretrain.latents import FRAMES, FramePicker


def test_a_frame_is_picked_by_the_square_of_its_people():
    """Picked evenly, one frame in seven has three people, and of the three it mostly drew two."""
    seeds = range(40)
    people = [len(frame.scene.actors) for seed in seeds for frame in sample_story(seed, FRAMES).frames]
    pick, shares = FramePicker(seeds), 100_000
    picked = Counter(pick(share / shares) for share in range(shares))
    assert set(picked) == set(range(len(people)))
    total = sum(count**2 for count in people)
    for frame, count in enumerate(people):
        assert picked[frame] / shares == pytest.approx(count**2 / total, abs=2e-5)
