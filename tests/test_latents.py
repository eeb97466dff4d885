"""Maple Lane's encoded pictures: which are learned from, and what counts in them."""

from collections import Counter

import pytest
from safetensors.torch import load_file, save_file

from storyboard.errors import StoryError
from tests import tiny
from training.maple_lane import sample_story
from training.pretrain import latents
from training.pretrain.latents import FRAMES, FramePicker, LatentCache


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


@pytest.fixture
def encoded(tmp_path, monkeypatch):
    """A folder with the one shard of four stories."""
    monkeypatch.setattr(latents, "SHARD_STORIES", 4)
    tiny.vae().save_pretrained(tmp_path / "vae")
    latents.main(["--parts", str(tmp_path), "--out", str(tmp_path / "latents"), "--stories", "4"])
    return tmp_path / "latents"


def test_what_somebody_holds_counts_as_the_character_does(encoded):
    """Books and apples weighed as little as the wall behind them, and were hardly ever drawn."""
    cache = LatentCache(encoded)
    for index in range(len(cache)):
        tale, number = cache.story(index)
        people = cache.mask(index).sum(0)
        more = cache.foreground(index) - people
        holds = any(actor.prop for actor in tale.frames[number].scene.actors)
        assert more.min() > -0.01 and (more.max() > 0.3 or not holds)


def test_masks_without_things_are_refused(encoded):
    (shard,) = encoded.glob("shard-*")
    kept = load_file(shard)
    save_file(kept | {"masks": kept["masks"][:, :3].contiguous()}, shard)
    with pytest.raises(StoryError, match="delete it and encode"):
        LatentCache(encoded)
