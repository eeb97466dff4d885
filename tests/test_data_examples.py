"""Records as examples for both stages: names, masks, references, and batches that the training modules accept."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from PIL import Image

from storyboard.errors import StoryError
from storyboard.text.prompt import PictureSlot
from tests import story_folders, tiny
from tests.story_folders import BOXES, SIZE, clip_id
from training.align_llm import clips as conditions
from training.align_llm.arguments import AlignArguments
from training.align_llm.cache import check_conditions
from training.align_llm.clips import ClipConditions, StoryPrompts
from training.align_llm.prompts import PromptFitter
from training.align_llm.train import AlignTraining
from training.data import StoryDataset, open_reader
from training.data.crops import augmented, pixel_box, reference_crop, segment_mask, squared
from training.data.records import Clip, Segment
from training.examples.clips import CaptionFitter
from training.examples.encoding import latents_of
from training.maple_lane.writer import write_dataset
from training.train_char_ldm.arguments import CharLdmArguments
from training.train_char_ldm.clips import ClipExamples, named_segments
from training.train_char_ldm.train import CharLdmTraining


@pytest.fixture
def flintstones(tmp_path) -> Path:
    story_folders.flintstones(tmp_path / "flintstones")
    return tmp_path / "flintstones"


def vae():
    """Returns the tiny autoencoder for the size of the folders' pictures: latents of 8x8."""
    model = tiny.vae()
    model.register_to_config(sample_size=SIZE)
    return model


def fitter() -> CaptionFitter:
    return CaptionFitter(tiny.text_tokenizer(), tiny.TEXT_TOKENS)


def examples(folder: Path, references: str = "crops", augment: bool = True, split: str = "train", **changed):
    settings = {"no_condition": 0.0, "text_only": 0.0, **changed}
    args = CharLdmArguments(output_dir="unused", batch=4, **settings)
    dataset = StoryDataset(open_reader(folder), split)
    return ClipExamples(
        dataset,
        vae(),
        tiny.image_processor(),
        fitter(),
        args,
        references=references,
        augment=augment,
    )


def clip(caption: str, tokens: tuple[str, ...], *segments: tuple[str, int, int]) -> Clip:
    made = tuple(
        Segment(i + 1, word, start, end, (0, 0, 9, 9)) for i, (word, start, end) in enumerate(segments)
    )
    return Clip("c", Path(), (caption,), tokens, segments=made)


def said(of: Clip, caption: str | None = None) -> list[str]:
    caption = of.captions[0] if caption is None else caption
    return [caption[named.start : named.end] for named in named_segments(of, caption)]


# Names


def test_names_stand_where_their_tokens_do():
    caption = "A Fred is here. Fred, Mr Slate and the tall man sit."
    tokens = (
        "A",
        "Fred",
        "is",
        "here",
        ".",
        "Fred",
        ",",
        "Mr",
        "Slate",
        "and",
        "the",
        "tall",
        "man",
        "sit",
        ".",
    )
    of = clip(caption, tokens, ("barney", 10, 13), ("fred", 5, 6), ("mr slate", 7, 9))
    assert said(of) == ["Fred", "Mr Slate", "the tall man"]
    assert named_segments(of, caption)[0].start == 16


def test_tokens_that_are_not_the_caption_leave_the_label_to_be_found():
    of = clip("Fred waves. Wilma's dog barks.", ("something", "else"), ("wilma", 0, 1), ("betty", 1, 2))
    assert said(of) == ["Wilma"]


def test_without_tokens_the_words_between_spaces_count():
    of = clip("", (), ("loopy", 0, 1), ("pororo", 2, 3))
    assert said(of, "Loopy and Pororo, together.") == ["Loopy", "Pororo"]
    assert said(of, "Here Pororo sits with Loopy.") == ["Pororo", "Loopy"]
    assert said(of, "Nobody is here.") == []


def test_two_segments_never_share_a_name():
    assert said(clip("Fred meets Fred.", (), ("fred", 0, 0), ("fred", 0, 0))) == ["Fred", "Fred"]
    assert said(clip("Fred waves.", (), ("fred", 0, 0), ("fred", 0, 0))) == ["Fred"]


def test_a_caption_the_text_encoder_cannot_read_is_cut_with_a_warning_that_names_it(caplog):
    cut = fitter()
    with caplog.at_level(logging.WARNING):
        assert cut("rosa sits", "short") == "rosa sits"
        kept = cut("rosa " * 40, "s_01_e_02")
        cut("rosa " * 40, "s_01_e_02")
    assert kept == " ".join(["rosa"] * 15)
    assert len(tiny.conditioner().tokenizer(kept)["input_ids"]) == tiny.TEXT_TOKENS
    assert len(caplog.records) == 1
    assert "s_01_e_02 is longer than the 30 tokens the text encoder reads" in caplog.text


def test_names_that_were_cut_off_bring_no_portrait(flintstones):
    path = flintstones / "cleaned_annotations.json"
    caption = f"Fred waves {'ro ' * 30}to Wilma."
    segments = [
        {"id": 5, "word": "fred", "start": 0, "end": 1, "bbox": [0, 0, 9, 9]},
        {"id": 6, "word": "wilma", "start": 33, "end": 34, "bbox": [0, 0, 9, 9]},
    ]
    annotation = {"caption": caption, "tokens": caption.replace(".", " .").split(), "segments": segments}
    table = dict.fromkeys(open_reader(flintstones).annotations, annotation)
    story_folders.write_json(path, table)
    batch = examples(flintstones)(0, range(4))
    assert batch["counts"] == [1] * 4 and batch["spans"][0] == [(0, 4)]
    assert all(caption.startswith(kept) and len(kept) < len(caption) for kept in batch["captions"])


# Masks and references


def test_a_box_stands_in_for_a_missing_mask():
    segment = Segment(7, "fred", 0, 1, BOXES[0])
    empty = segment_mask(None, segment, SIZE, SIZE)
    assert np.array_equal(empty, segment_mask(np.zeros((SIZE, SIZE), int), segment, SIZE, SIZE))
    assert empty.sum() == (64 - 8) // 4 * ((120 - 16) // 4)
    one = np.zeros((SIZE, SIZE), int)
    one[3, 4] = 7
    assert np.argwhere(segment_mask(one, segment, SIZE, SIZE)).tolist() == [[3, 4]]


@pytest.mark.parametrize(
    "box", [(-50, -50, -1, -1), (127, 127, 500, 500), (64, 64, 64, 64), (90, 90, 10, 10)]
)
def test_boxes_stay_inside_the_picture_and_never_vanish(box):
    x1, y1, x2, y2 = pixel_box(Segment(1, "fred", 0, 1, box), 40, 24)
    assert 0 <= x1 < x2 <= 40 and 0 <= y1 < y2 <= 24


def test_a_reference_crop_is_the_character_in_its_box_with_noise_around():
    rng = np.random.default_rng(0)
    picture = Image.fromarray(np.full((SIZE, SIZE, 3), 77, dtype=np.uint8))
    where = np.zeros((SIZE, SIZE), dtype=bool)
    where[10:20, 5:15] = True
    crop = np.array(reference_crop(picture, where, Segment(1, "fred", 0, 1, (8, 16, 72, 96)), rng))
    assert crop.shape == (20, 16, 3)
    inside = where[4:24, 2:18]
    assert (crop[inside] == 77).all()
    assert 100 < crop[~inside].mean() < 155 and crop[~inside].std() > 60


def test_references_are_padded_with_black_to_a_square():
    square = np.array(squared(Image.new("RGB", (10, 20), (255, 0, 0)), 16))
    assert square.shape == (16, 16, 3)
    assert square[:, :3].max() == 0 and square[:, 6:10, 0].min() == 255


def test_augmentation_varies_what_it_is_given_and_repeats_with_its_seed():
    drawn = np.zeros((30, 20, 3), dtype=np.uint8)
    drawn[5:20, 3:12] = (200, 60, 30)
    made = [
        np.array(augmented(Image.fromarray(drawn), 16, np.random.default_rng(seed))) for seed in range(40)
    ]
    again = np.array(augmented(Image.fromarray(drawn), 16, np.random.default_rng(3)))
    assert np.array_equal(made[3], again)
    assert all(picture.shape == (16, 16, 3) and picture.any() for picture in made)
    assert len({picture.tobytes() for picture in made}) == 40
    grey = sum((np.ptp(picture, axis=-1) <= 2).all() for picture in made)
    assert 0 < grey < 15


# Stage 1


def test_a_batch_is_whole_and_the_masks_cover_who_is_named(flintstones):
    batch = examples(flintstones, augment=False)(0, range(4))
    assert batch["noise"].shape == (4, 4, 8, 8) and batch["pixels"].shape == (4, 3, SIZE, SIZE)
    assert latents_of(batch, vae()).shape == batch["noise"].shape
    assert batch["figures"].shape == (4, 1, 8, 8)
    assert len(batch["portraits"]) == sum(batch["counts"]) == sum(map(len, batch["spans"]))
    for row, caption in enumerate(batch["captions"]):
        names = [caption[start:end] for start, end in batch["spans"][row]]
        assert names and set(names) <= {"Fred", "Wilma"}
        for slot in range(len(names)):
            x1, y1, x2, y2 = (v // 4 for v in BOXES[slot])
            whole = torch.zeros(1, SIZE, SIZE)
            whole[:, y1:y2, x1:x2] = 1
            assert torch.allclose(batch["masks"][row, slot], F.avg_pool2d(whole, 4)[0])
        assert not batch["masks"][row, len(names) :].any()
        assert torch.allclose(batch["figures"][row, 0], batch["masks"][row].amax(0))


def test_a_batch_depends_on_step_and_row_alone(flintstones):
    whole, halves = examples(flintstones), examples(flintstones)
    one = whole(3, range(4))
    two = [halves(3, range(2, 4)), halves(3, range(2))][::-1]
    for key in ("pixels", "noise", "timesteps", "figures"):
        assert torch.equal(one[key], torch.cat([h[key] for h in two])), key
    assert torch.equal(one["portraits"], torch.cat([h["portraits"] for h in two]))
    assert one["captions"] == two[0]["captions"] + two[1]["captions"]
    assert not torch.equal(one["pixels"], whole(4, range(4))["pixels"])


def test_pictures_and_masks_are_mirrored_together(flintstones):
    maker = examples(flintstones)
    seen = set()
    for step in range(6):
        batch = maker(step, range(4))
        for row, caption in enumerate(batch["captions"]):
            if caption == "Fred waves.":
                columns = batch["masks"][row, 0].sum(0)
                seen.add("left" if columns[:4].sum() > columns[4:].sum() else "right")
    assert seen == {"left", "right"}


def test_the_shares_of_dropped_conditions(flintstones):
    dropped = examples(flintstones, no_condition=1.0, masked=1.0)(0, range(4))
    assert dropped["captions"] == [""] * 4 and dropped["counts"] == [0] * 4
    assert dropped["portraits"].shape == (0, 3, tiny.PORTRAIT_SIZE, tiny.PORTRAIT_SIZE)
    assert not dropped["fused"].any() and not dropped["masked"].any()
    text = examples(flintstones, text_only=1.0, masked=1.0)(0, range(4))
    assert all(text["captions"]) and not text["fused"].any() and text["masked"].all()


def test_canonical_portraits_stand_for_those_who_have_one(flintstones):
    (flintstones.parent / "chars" / "wilma.jpeg").unlink()
    batch = examples(flintstones, references="portraits", augment=False)(0, range(8))
    names = {c[a:b] for c, spans in zip(batch["captions"], batch["spans"], strict=True) for a, b in spans}
    assert names == {"Fred"}


def test_a_portrait_that_is_no_picture_is_named(flintstones):
    (flintstones.parent / "chars" / "fred.jpeg").write_bytes(b"not a picture")
    with pytest.raises(StoryError, match="fred.jpeg is not a PNG"):
        examples(flintstones, references="portraits")(0, range(8))


def test_a_split_without_segments_is_refused(flintstones):
    table = open_reader(flintstones).annotations
    story_folders.write_json(
        flintstones / "cleaned_annotations.json", {k: v | {"segments": []} for k, v in table.items()}
    )
    with pytest.raises(StoryError, match="no train clip with a segment"):
        examples(flintstones)


@pytest.mark.parametrize("kind", ["flintstones", "pororo", "maple-lane"])
def test_stage_1_learns_from_every_dataset(tmp_path, kind):
    folder = tmp_path / "data"
    if kind == "flintstones":
        story_folders.flintstones(folder)
    elif kind == "pororo":
        story_folders.pororo(folder)
    else:
        folder.mkdir()
        write_dataset(folder, "test", 1, 4, size=SIZE)
    maker = examples(folder, "portraits" if kind == "maple-lane" else "crops", split="test")
    batch = maker(0, range(4))
    assert sum(batch["counts"]) > 0
    noise = DDPMScheduler.from_config(tiny.scheduler().config)
    module = CharLdmTraining(tiny.conditioner(), tiny.unet(), noise, maker.args, vae()).train()
    out = module(batch)
    out["loss"].backward()
    assert torch.isfinite(out["loss"]) and out["regularization"] != 0
    assert module.fuser.parameters().__next__().grad.abs().sum() > 0


# Stage 2


@pytest.fixture
def parts(tmp_path) -> Path:
    """Returns a folder of parts after stage 1 with everything that the cache needs."""
    conditioner, folder = tiny.conditioner(), tmp_path / "parts"
    conditioner.tokenizer.save_pretrained(folder / "tokenizer")
    conditioner.text_encoder.save_pretrained(folder / "text_encoder")
    conditioner.image_encoder.save_pretrained(folder / "char_ldm" / "image_encoder")
    conditioner.fuser.save_pretrained(folder / "char_ldm" / "fuser")
    tiny.image_processor().save_pretrained(folder / "image_processor")
    return folder


def cache_conditions(folder: Path, parts: Path, out: Path) -> ClipConditions:
    conditions.main(["--folder", str(folder), "--split", "test", "--parts", str(parts), "--out", str(out)])
    return ClipConditions(out)


@pytest.fixture
def cached(flintstones, parts, tmp_path, monkeypatch) -> tuple[StoryDataset, ClipConditions]:
    """Returns the test stories of the folder, with their conditions in two shards."""
    monkeypatch.setattr(conditions, "SHARD_CLIPS", 4)
    cache = cache_conditions(flintstones, parts, tmp_path / "conditions")
    return StoryDataset(open_reader(flintstones), "test"), cache


def test_shards_that_are_there_are_not_made_again(cached, flintstones, parts, tmp_path):
    shards = sorted((tmp_path / "conditions").glob("shard-*"))
    assert len(shards) == 2
    shards[1].unlink()
    before = shards[0].stat().st_mtime_ns
    again = cache_conditions(flintstones, parts, tmp_path / "conditions")
    assert shards[0].stat().st_mtime_ns == before
    for clip in cached[0].clips:
        assert torch.equal(again.of(clip, "conditions"), cached[1].of(clip, "conditions"))


def test_conditions_of_an_earlier_stage_1_are_not_kept_in_silence(cached, flintstones, parts, tmp_path):
    """After stage 1 was trained again, its new conditions were never written because the shards existed.

    Stage 2 read old ones.
    """
    check_conditions(tmp_path / "conditions", parts)
    conditioner = tiny.conditioner()
    with torch.no_grad():
        next(conditioner.fuser.parameters()).add_(1)
    conditioner.fuser.save_pretrained(parts / "char_ldm" / "fuser")
    with pytest.raises(StoryError, match="conditions of an earlier stage 1; delete it"):
        cache_conditions(flintstones, parts, tmp_path / "conditions")
    with pytest.raises(StoryError, match="conditions of another stage 1 than .*parts"):
        check_conditions(tmp_path / "conditions", parts)


def test_cached_conditions_carry_the_portrait_on_the_name(cached):
    dataset, cache = cached
    clip, caption = clip_id(1, 0, 5), "Fred waves."
    conditioner = tiny.conditioner()
    plain = conditioner.encode_text([caption])[0]
    made, named = cache.of(clip, "conditions").float(), cache.of(clip, "named")
    assert named.sum() == 1
    assert torch.allclose(made[~named], plain[~named], atol=1e-2)
    assert not torch.allclose(made[named], plain[named], atol=1e-1)
    assert cache.of(clip, "features").shape == (2, tiny.VISION_WIDTH)
    assert set(cache.portraits) == {"fred.jpeg", "wilma.jpeg"} and len(cache) == 6


def align_args(**changed) -> AlignArguments:
    return AlignArguments(output_dir="unused", batch=4, **changed)


def prompts(cached: tuple[StoryDataset, ClipConditions], **changed) -> StoryPrompts:
    args = align_args(**changed)
    fit = PromptFitter(tiny.reader(), pictures=args.interleaved)
    return StoryPrompts(*cached, args, fit, tiny.text_tokenizer(), vae() if args.image_weight else None)


def test_prompts_are_the_story_before_with_its_pictures(cached):
    batch = prompts(cached)(0, range(12))
    for parts, count, faces in zip(
        batch["parts"], batch["frame_counts"], batch["portrait_counts"], strict=True
    ):
        slots = [part.kind for part in parts if isinstance(part, PictureSlot)]
        assert slots.count("frame") == count and slots.count("portrait") == faces
        assert parts[-1].endswith(" Image:")
    assert set(batch["frame_counts"]) == {0, 1, 2, 3} and any(batch["portrait_counts"])
    assert len(batch["frames"]) == sum(batch["frame_counts"])
    assert any("They laugh." in str(parts) for parts in batch["parts"])
    assert batch["targets"].shape == (12, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH)


def test_prompts_may_begin_inside_the_story(cached):
    batch = prompts(cached, window_share=1.0)(0, range(40))
    assert set(batch["frame_counts"]) == {0, 1, 2}  # from 0 to 3 frames before
    for parts, count in zip(batch["parts"], batch["frame_counts"], strict=True):
        assert sum(isinstance(part, PictureSlot) and part.kind == "frame" for part in parts) == count


def test_captions_alone_bring_no_pictures(cached):
    batch = prompts(cached, interleaved=False)(0, range(8))
    assert sum(batch["frame_counts"]) == sum(batch["portrait_counts"]) == 0
    assert all(isinstance(part, str) for parts in batch["parts"] for part in parts)


def test_clips_without_conditions_are_refused_by_name(cached, flintstones):
    with pytest.raises(StoryError, match=f"lack {clip_id(1, 2, 0)} and 5 more"):
        prompts((StoryDataset(open_reader(flintstones), "train"), cached[1]))


def test_stage_2_learns_with_all_its_losses(cached):
    args = align_args(image_weight=0.1, target="text")
    conditioner = tiny.conditioner()
    batch = prompts(cached, image_weight=0.1, target="text")(0, range(4))
    assert batch["drawn"]["pixels"].shape == (4, 3, SIZE, SIZE)
    assert batch["ids"].shape == (4, tiny.TEXT_TOKENS)
    noise = DDPMScheduler.from_config(tiny.scheduler().config)
    module = AlignTraining(tiny.reader(), args, tiny.unet(), noise, conditioner.text_encoder, vae())
    out = module.train()(batch)
    out["loss"].backward()
    assert torch.isfinite(out["loss"]) and {"alignment", "generation", "image"} <= out.keys()
    assert module.image_tokens.parameters().__next__().grad.abs().sum() > 0


def test_a_folder_without_conditions_says_which_command_makes_them(tmp_path):
    with pytest.raises(StoryError, match="python -m training.data.conditions"):
        ClipConditions(tmp_path)


def test_how_many_captions_have_names_is_an_argument(flintstones):
    story = StoryDataset(open_reader(flintstones), "train").story(0)
    rng = np.random.default_rng(0)
    assert conditions._told(story, 3, 1.0, rng) == list(story.captions)
    assert conditions._told(story, 3, 0.0, rng) == list(story.referential)
    assert story.captions != story.referential
    with pytest.raises(StoryError, match="--cast_share 2: a share is from 0 to 1"):
        AlignArguments(output_dir="", cast_share=2)
