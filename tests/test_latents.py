"""Maple Lane's encoded pictures: which of them training uses, and what counts in them."""

from collections import Counter

import pytest
from safetensors.torch import load_file, save_file

from storyboard.errors import StoryError
from tests import tiny
from tests.parts_folder import CAPTION_TOKENS, write_parts
from training import assemble
from training.align_llm import cache as cache_conditions
from training.examples import shards
from training.examples.latents import DIFFERENT, FRAMES, NOBODY, FramePicker, LatentCache, crowds_of
from training.maple_lane import KINDS, WORLDS, sample_open_story, sample_story
from training.pretrain import latents, ldm
from training.story_ldm import __main__ as story_ldm
from training.train_char_ldm import train as train_char_ldm


def test_a_frame_is_picked_by_the_square_of_its_people():
    """With equal chances only one frame in seven had three people, and the model mostly drew two of the three.

    Frames in which people do different things are picked even more often. Frames without people are picked too.
    """
    tales = [*(sample_story(seed, FRAMES) for seed in range(30)), *map(sample_open_story, range(8))]
    crowds = [crowd for tale in tales for crowd in crowds_of(tale)]
    assert (0, 0) in crowds
    pick, shares = FramePicker(crowds), 100_000
    picked = Counter(pick(share / shares) for share in range(shares))
    assert set(picked) == set(range(len(crowds)))
    counts = [(people**2 or NOBODY) * (DIFFERENT if deeds > 1 else 1) for people, deeds in crowds]
    for frame, count in enumerate(counts):
        assert picked[frame] / shares == pytest.approx(count / sum(counts), abs=2e-5)


@pytest.fixture
def encoded(tmp_path, monkeypatch):
    """A folder with one shard of four stories."""
    monkeypatch.setattr(shards, "SHARD_STORIES", 4)
    tiny.vae().save_pretrained(tmp_path / "vae")
    latents.main(["--parts", str(tmp_path), "--out", str(tmp_path / "latents"), "--stories", "4"])
    return tmp_path / "latents"


def test_what_somebody_holds_counts_as_the_character_does(encoded):
    """Books and apples had as little weight as the wall behind them, and were almost never drawn."""
    cache = LatentCache(encoded)
    for index in range(len(cache)):
        tale, number = cache.story(index)
        people = cache.mask(index).sum(0)
        more = cache.foreground(index) - people
        holds = any(actor.prop for actor in tale.frames[number].scene.actors)
        assert more.min() > -0.01 and (more.max() > 0.3 or not holds)


def test_a_mixed_world_is_encoded_beside_the_shards_of_before_there_were_kinds(encoded):
    (shard,) = encoded.glob("shard-*")
    kept = {name: tensor for name, tensor in load_file(shard).items() if name not in ("kinds", "crowds")}
    save_file(kept, shard)
    more = ["--parts", str(encoded.parent), "--out", str(encoded), "--stories", "16", "--world", "mixed"]
    latents.main(more)
    cache = LatentCache(encoded)
    kinds = [WORLDS["mixed"][seed % 4] for seed in range(4, 16)]
    assert cache.kinds == ["cast"] * 4 + kinds and set(kinds) == set(WORLDS["mixed"])
    empty = 0
    for index in range(len(cache)):
        tale, number = cache.story(index)
        assert tale == KINDS[cache.kinds[index // FRAMES]](index // FRAMES, FRAMES, "train")
        scene, masks = tale.frames[number].scene, cache.mask(index)
        assert [bool(mask.any()) for mask in masks] == [k < len(scene.actors) for k in range(3)]
        things = cache.foreground(index) - masks.sum(0)
        assert not scene.things or things.max() > 0.3
        empty += not scene.actors
    assert empty
    picked = {cache.pick(share / 400) for share in range(400)}
    assert any(not cache.story(index)[0].frames[index % FRAMES].scene.actors for index in picked)


@pytest.mark.parametrize("main", [latents.main, cache_conditions.main])
def test_stories_that_fill_no_shard_are_refused(main, tmp_path):
    """Of 300 stories only 256 were encoded, and of 100 none, without any message."""
    for stories, remedy in (("300", "choose 384 or 256"), ("100", "choose 128.$"), ("0", "choose 128.$")):
        with pytest.raises(StoryError, match=f"--stories {stories}: a shard holds 128; {remedy}"):
            main(["--parts", str(tmp_path), "--out", str(tmp_path / "out"), "--stories", stories])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "command",
    [
        (ldm.main, "--output_dir"),
        (train_char_ldm.main, "--output_dir"),
        (story_ldm.main, "--output_dir"),
        (assemble.main, "--out"),
    ],
)
def test_latents_of_an_earlier_autoencoder_are_not_used(command, tmp_path, monkeypatch):
    """A new autoencoder has no statistics yet, but its latents were used as they were: pictures became grey."""
    monkeypatch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
    write_parts(tmp_path)
    vae = tiny.vae()
    vae.register_to_config(latents_mean=None, latents_std=None)
    vae.save_pretrained(tmp_path / "vae")
    main, folder = command
    with pytest.raises(StoryError, match="run: python -m training.pretrain latents --parts"):
        main(["--parts", str(tmp_path), folder, str(tmp_path / "run")])


def test_masks_without_things_are_refused(encoded):
    (shard,) = encoded.glob("shard-*")
    kept = load_file(shard)
    save_file(kept | {"masks": kept["masks"][:, :3].contiguous()}, shard)
    with pytest.raises(StoryError, match="delete it and encode"):
        LatentCache(encoded)
