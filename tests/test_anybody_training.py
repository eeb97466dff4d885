"""Training on anybody: both towers, the denoiser and the reader see more people than the seven of the cast."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file

from storyboard.errors import StoryError
from storyboard.models.conditioning import STAND_IN
from storyboard.models.judge.network import save_judge
from storyboard.models.portrait_encoder import PortraitEncoder
from storyboard.people import FACETS, Look, facets, sample_look
from storyboard.people.words import describe_look, telling_facts
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, FrameRequest
from tests import tiny
from tests.parts_folder import CAPTION_TOKENS, write_latents, write_parts
from tests.test_judge import tiny_judge
from tests.test_training_chain import tiny_config
from training import assemble
from training.align_llm.cache import load_conditioner as load_stage_1
from training.align_llm.cache import load_frame_tower, picture_features
from training.configs.parts import load_image_encoder, save_part
from training.examples.captions import fits
from training.examples.latents import LatentCache
from training.examples.portrait_features import Portrait, PortraitFeatures
from training.examples.portraits import PortraitViews
from training.loop.weights import trained_parameters
from training.maple_lane import (
    Actor,
    Scene,
    describe,
    describe_portrait_within,
    describe_within,
    draw_portrait,
    sample_open_story,
    sample_story,
)
from training.pretrain import clip
from training.pretrain.__main__ import main as pretrain
from training.pretrain.look_heads import CLASSES, COLOURS, LookHeads, look_targets
from training.pretrain.look_probe import LookProbe, holds_looks
from training.pretrain.portraits import keep_tower
from training.train_char_ldm import train as train_char_ldm
from training.train_char_ldm.arguments import CharLdmArguments
from training.train_char_ldm.maple_lane import CharacterExamples, canonical_of, mentions_of, says_its_sky
from training.train_char_ldm.start import last_layers, load_conditioner, load_unet
from training.train_char_ldm.train import CharLdmTraining


@pytest.fixture(scope="module")
def size(tmp_path_factory) -> list[str]:
    """Returns the flags of a parts folder with tokenizers."""
    folder = tmp_path_factory.mktemp("anybody")
    flags = ["--config", str(tiny_config(folder)), "--parts", str(folder / "parts")]
    pretrain(["tokenizers", *flags, "--stories", "20"])
    return flags


def test_facts_about_a_look_begin_with_hair_and_clothes_and_leave_nothing_out():
    for seed in range(40):
        look, facts = sample_look(seed), telling_facts(sample_look(seed))
        words = set(" ".join(facts).replace(",", "").split())
        said = set(describe_look(look).replace(",", "").split())
        assert len(facts) == len(set(facts))
        assert said - words <= {"a", "an", "with", "in", "and", "man", "woman", "old", "young", "boy", "girl"} | {
            look.kind, *str(facets(look)["skin"]).split()
        }  # fmt: skip
        if look.kind == "human" and facets(look)["hair"] not in ("hidden", "bald"):
            assert str(facets(look)["hair_colour"]) in facts[0]


def test_a_description_keeps_the_most_telling_facts_that_fit():
    look = sample_look(0)
    facts = telling_facts(look)
    whole = describe_portrait_within("Ada", look, lambda text: True)
    assert all(fact in whole for fact in facts)
    shorter = describe_portrait_within("Ada", look, lambda text: len(text) < len(whole))
    assert facts[0] in shorter and not shorter.endswith(f"{facts[-1]}.")
    scene = next(f.scene for f in sample_open_story(3).frames if f.scene.actors)
    least = describe_within(scene, lambda text: False)
    assert all(actor.name in least for actor in scene.actors) and len(least) < len(describe(scene))
    cast = sample_story(1).frames[0].scene
    assert describe_within(cast, lambda text: False) == describe(cast)


def test_pairs_of_anybody_say_whose_look_is_seen():
    tokenizer = tiny.text_tokenizer()
    pairs = clip.Pairs(0, tokenizer, tiny.image_processor(), anybody=0.8)
    batch = pairs(0, range(12))
    known = batch["looks"]["known"]
    assert 0 < known.sum() < 12  # some frames and some of the cast
    assert torch.equal(batch["pixels"][4:], pairs(0, range(4, 12))["pixels"])
    assert "looks" not in clip.Pairs(0, tokenizer, tiny.image_processor())(0, range(1))
    assert fits(tokenizer)("a") and not fits(tokenizer)("a" * 200)


def test_targets_name_what_is_seen_and_hide_the_rest():
    bald = Look(hair="bald", top="dress", bottom="none")
    targets = look_targets([bald, None])
    labels = [FACETS[facet][place] for facet, place in zip(CLASSES, targets["classes"][0], strict=True)]
    assert dict(zip(CLASSES, labels, strict=True))["top"] == "dress"
    seen = dict(zip(COLOURS, targets["seen"][0].tolist(), strict=True))
    assert seen["skin"] and seen["top_colour"] and not seen["bottom_colour"] and not seen["hair_colour"]
    assert targets["known"].tolist() == [True, False]


def test_heads_learn_from_known_rows_only():
    torch.manual_seed(0)
    heads, features = LookHeads(8), torch.randn(3, 8, requires_grad=True)
    looks = look_targets([sample_look(1), None, sample_look(2)])
    heads(features, looks).backward()
    assert features.grad[0].any() and features.grad[2].any() and not features.grad[1].any()
    nobody = heads(features, look_targets([None] * 3))
    assert nobody == 0 and nobody.requires_grad


def test_a_probe_knows_a_feature_that_holds_looks_from_one_that_does_not():
    """One feature is the look itself, the other one is noise."""
    probe = LookProbe(tiny.image_processor(), 400)
    both = (probe.train, probe.test)
    wide = [len(FACETS[facet]) for facet in CLASSES]
    told = []
    for people in both:
        classes = zip(people.targets["classes"].T, wide, strict=True)
        hot = [torch.nn.functional.one_hot(one, size).float() for one, size in classes]
        told.append(torch.cat([*hot, people.targets["colours"].flatten(1)], -1))
    rows = iter(row for people in told for row in people.split(100))
    good = probe(lambda pixels: next(rows))
    assert holds_looks(good), good
    noise = torch.Generator().manual_seed(0)
    bad = probe(lambda pixels: torch.randn(len(pixels), 16, generator=noise))
    assert not holds_looks(bad) and max(bad[f"{part}"] for part in ("skin", "hair", "top")) < 0.1
    with pytest.raises(StoryError, match="--probed 2"):
        LookProbe(tiny.image_processor(), 2)


def test_clip_learns_anybody_tells_how_well_and_leaves_words_alone_where_told(size, tmp_path, capsys):
    flags = ["--steps", "2", "--batch", "4", "--probed", "24"]
    pretrain(["clip", *size, *flags, "--output_dir", str(tmp_path / "first")])
    parts = Path(size[-1])
    words = {file.name: file.read_bytes() for file in (parts / "text_encoder").glob("*.safetensors")}
    more = [
        "--anybody",
        "0.9",
        "--continued",
        "true",
        "--text",
        "false",
        "--output_dir",
        str(tmp_path / "on"),
    ]
    pretrain(["clip", *size, *flags, *more])
    assert words == {file.name: file.read_bytes() for file in (parts / "text_encoder").glob("*.safetensors")}
    lines = [json.loads(line) for line in (tmp_path / "on" / "looks.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2] and not lines[0]["enough"]
    assert json.loads((tmp_path / "on" / "log.jsonl").read_text().splitlines()[-1])["looks"] > 0
    capsys.readouterr()
    pretrain(["looks", "--pipeline", str(parts), "--probed", "24"])
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert {name: told[name] for name in ("skin", "hair style")} == {
        name: lines[0][name] for name in ("skin", "hair style")
    }
    assert np.isfinite([lines[0][name] for name in ("skin", "hair", "top", "bottom")]).all()


@pytest.fixture(scope="module")
def stage_1(tmp_path_factory) -> Path:
    """Returns parts of stage 1, and two stories of each kind as latents."""
    root = tmp_path_factory.mktemp("stage-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
        write_parts(root / "parts")
    write_latents(root / "latents", 6)
    shard = root / "latents" / "shard-00000.safetensors"
    save_file(load_file(shard) | {"kinds": torch.tensor([0, 0, 1, 1, 2, 2], dtype=torch.uint8)}, shard)
    return root


def examples_of(folder: Path, deeds: bool = True, **switches) -> CharacterExamples:
    args = CharLdmArguments(output_dir="", batch=32, no_condition=0.0, **switches)
    called = tiny.conditioner().called
    return CharacterExamples(LatentCache(folder / "latents"), tiny.image_processor(), args, called, deeds)


def test_stage_1_shows_anybody_with_their_portraits_and_nobody_with_none(stage_1):
    batch = examples_of(stage_1, canonical=0.5)(0, range(32))
    assert "Nobody" in " ".join(batch["captions"])
    assert len(batch["portraits"]) == sum(batch["counts"]) > 0
    canonical_ones = 0
    for caption, spans, masks in zip(batch["captions"], batch["spans"], batch["masks"], strict=True):
        assert masks[: len(spans)].any((-1, -2)).all() and not masks[len(spans) :].any()
        assert ("Nobody" in caption or "nobody" in caption or "empty" in caption) or spans
        # The tiny tokenizer cuts all names into pieces. In the caption for the translation each is one word instead.
        if caption[slice(*spans[0])] == STAND_IN if spans else False:
            canonical_ones += 1
            assert {caption[start:end] for start, end in spans[::2]} == {STAND_IN}
            assert torch.equal(masks[: len(spans) : 2], masks[1 : len(spans) : 2])
    assert 4 < canonical_ones < 28


def test_a_portrait_is_on_a_name_and_on_the_end_of_the_deed_behind_it():
    """A name knows nothing of its verb, because the text encoder looks only back.

    So of two deeds, either could go to either person.
    """
    scene = Scene(
        "park", (Actor("Rose", "", "eating", "cake", look=Look()), Actor("Art", "", "painting", look=Look()))
    )
    called = {"Rose": "Rose", "Art": STAND_IN}.__getitem__
    caption, spots = canonical_of(scene, called, deeds=True)
    told = [(spot.name, caption[spot.start : spot.end]) for spot in spots]
    assert told == [("Rose", "Rose"), ("Rose", "cake"), ("Art", STAND_IN), ("Art", "picture")]
    assert canonical_of(scene, called, deeds=False) == (caption, spots[::2])
    assert not mentions_of("Hope waves.", scene)


def test_views_are_the_same_in_every_run_and_of_anybody_only_so_many_are_kept():
    looks, processor = [sample_look(seed) for seed in range(4)], tiny.image_processor()
    views, again = PortraitViews(processor, kept=2), PortraitViews(processor)
    drawn = draw_portrait("Ada", looks[0], 2 * tiny.PORTRAIT_SIZE)
    assert torch.equal(views("Ada", looks[0], 0), processor(drawn, return_tensors="pt")["pixel_values"][0])
    for view in (1, 2, 1):
        for look in looks:
            assert torch.equal(views("Ada", look, view), again("Bo", look, view))
        assert torch.equal(views("Rosa", "dress", view), again("Rosa", "dress", view))
    assert views._of_anybody.cache_info().currsize == 2 and views._of_cast.cache_info().currsize == 2
    assert not torch.equal(views("Rosa", "dress", 1), views("Rosa", "dress", 2))


def test_stage_1_trains_on_anybody(stage_1, tmp_path):
    flags = ["--parts", str(stage_1 / "parts"), "--latents", str(stage_1 / "latents"), "--batch", "4"]
    flags += [
        "--continued",
        "true",
        "--new_tower",
        "true",
        "--canonical",
        "1",
        "--no_condition",
        "0",
        "--steps",
        "2",
    ]
    train_char_ldm.main([*flags, "--output_dir", str(tmp_path)])
    log = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert log["denoising"] > 0 > log["regularization"]
    assert (tmp_path / "sample-000002.png").exists()


def test_a_frozen_tower_sees_every_portrait_once_also_when_a_run_resumes(stage_1, tmp_path, monkeypatch):
    """Each mention drew its person again, which took longer than the training step that learnt from it."""
    drawn = []
    monkeypatch.setattr(
        PortraitViews,
        "_made",
        lambda self, *which, made=PortraitViews._made: drawn.append(which) or made(self, *which),
    )
    logs, counts = [], []
    for attempt in ("first", "again"):
        # Because a run leaves its trained weights there.
        shutil.copytree(stage_1 / "parts", tmp_path / attempt)
        flags = ["--parts", str(tmp_path / attempt), "--latents", str(stage_1 / "latents"), "--batch", "8"]
        flags += [
            "--output_dir",
            str(tmp_path / "run"),
            "--continued",
            "true",
            "--steps",
            "4",
            "--vision_layers",
            "0",
        ]
        train_char_ldm.main(flags)
        logs.append((tmp_path / "run" / "log.jsonl").read_text())
        counts.append((len(drawn), len(set(drawn))))
        drawn.clear()
        shutil.rmtree(tmp_path / "run" / "checkpoint")
        (tmp_path / "run" / "log.jsonl").unlink()
    assert logs[0] == logs[1]
    assert counts[0][0] == counts[0][1] > counts[1][0]  # the people of the sheet are drawn again


def test_what_another_tower_has_seen_is_not_taken_for_what_this_one_sees(tmp_path):
    look, processor = sample_look(3), tiny.image_processor()
    ours, theirs = (PortraitFeatures(lambda pixels, k=k: pixels.mean((2, 3)) * k, processor) for k in (1, 2))
    ours("Ada", Portrait(look, 1))
    ours.save(tmp_path / "seen", "ours")
    theirs.load(tmp_path / "seen", "theirs")
    assert torch.equal(theirs("Ada", Portrait(look, 1)), 2 * ours("Ada", Portrait(look, 1)))
    again = PortraitFeatures(lambda pixels: pytest.fail("it was looked at again"), processor)
    again.load(tmp_path / "seen", "ours")
    assert torch.equal(again("Bo", Portrait(look, 1)), ours("Ada", Portrait(look, 1)))


def test_stage_1_goes_on_with_more_channels_and_a_portrait_encoder(stage_1, tmp_path):
    """The autoencoder for anybody has more channels than the denoiser, which must continue from its own weights."""
    parts = tmp_path / "parts"
    shutil.copytree(stage_1 / "parts", parts)
    old, channels = (
        UNet2DConditionModel.from_pretrained(parts / "char_ldm" / "unet"),
        tiny.LATENT_CHANNELS + 2,
    )
    args = CharLdmArguments(output_dir="", parts=str(parts), continued=True, new_tower=True)
    wide = load_unet(args, channels)
    latents, when, text = (
        torch.randn(1, channels, 8, 8),
        torch.tensor([5]),
        torch.randn(1, 3, old.config.cross_attention_dim),
    )
    with torch.no_grad():
        known = old(latents[:, : tiny.LATENT_CHANNELS], when, text).sample
        drawn = wide(latents, when, text).sample
    assert (
        torch.allclose(drawn[:, : tiny.LATENT_CHANNELS], known, atol=1e-5)
        and not drawn[:, tiny.LATENT_CHANNELS :].any()
    )
    with pytest.raises(StoryError, match=f"channels, and its autoencoder has {tiny.LATENT_CHANNELS - 1}"):
        load_unet(args, tiny.LATENT_CHANNELS - 1)
    width = load_image_encoder(parts / "image_encoder").config.projection_dim
    save_part(parts, "image_encoder", PortraitEncoder(tiny.PORTRAIT_SIZE, (8, 8), (0, 1), width))
    conditioner = load_conditioner(args)
    assert not list(last_layers(conditioner.image_encoder, 2))
    module = CharLdmTraining(conditioner, wide, DDPMScheduler(), args)
    names = trained_parameters(module)
    assert names and not any(name.startswith("image_encoder") for name in names)
    batch = examples_of(stage_1)(0, range(2))
    assert module.features(batch["portraits"]).shape == (len(batch["portraits"]), width)


def test_a_pipeline_with_a_portrait_encoder_draws_and_frames_keep_their_tower(stage_1, tmp_path):
    """Frames are read with CLIP's tower, because the language model was aligned with it.

    Portraits use the new encoder.
    """
    parts, out = tmp_path / "parts", tmp_path / "pipeline"
    shutil.copytree(stage_1 / "parts", parts)
    width = load_image_encoder(parts / "image_encoder").config.projection_dim
    keep_tower(parts)
    save_part(parts, "char_ldm/image_encoder", PortraitEncoder(tiny.PORTRAIT_SIZE, (8, 8), (0, 1), width))
    conditioner = load_stage_1(parts, "cpu")
    before = load_stage_1(stage_1 / "parts", "cpu")
    picture = [Image.new("RGB", (16, 16), "teal")]
    now, then = (
        picture_features(load_frame_tower(folder, some), tiny.image_processor(), picture)
        for folder, some in ((parts, conditioner), (stage_1 / "parts", before))
    )
    assert torch.equal(now, then)
    assemble.main(["--parts", str(parts), "--out", str(out), "--stage", "1", "--steps", "1"])
    pipeline = StoryPipeline.from_pretrained(out)
    pictures = [
        list(pipeline.generate(FrameRequest("Rosa waves.", (member,), (), seed=1)))[-1].picture.tobytes()
        for member in (
            CastMember("Rosa", "she", (), Image.new("RGB", (16, 16), colour)) for colour in ("red", "blue")
        )
    ]
    assert pictures[0] != pictures[1]


def test_a_judge_stays_with_a_pipeline_that_is_put_together_again(stage_1, tmp_path):
    """After new weights were written to the bundled folder, the judge that looks at their pictures was missing."""
    save_judge(tiny_judge(), tmp_path / "judge")
    assemble.main(["--parts", str(stage_1 / "parts"), "--out", str(tmp_path), "--stage", "1", "--steps", "1"])
    assert StoryPipeline.from_pretrained(tmp_path).judge is not None


def test_a_caption_that_leaves_out_the_night_is_not_learned_from():
    """A forest was drawn by night for a sentence that says nothing of it: stories say the hour once for each place."""
    tales = [sample_open_story(seed) for seed in range(60)]
    dark = [(t, n) for t in tales for n, f in enumerate(t.frames) if f.scene.time == "night"]
    told = {says_its_sky(tale, number) for tale, number in dark}
    assert told == {True, False}
    for tale, number in dark:
        said = any(word in tale.frames[number].plain for word in ("night", "dark"))
        assert said == says_its_sky(tale, number)
    assert says_its_sky(tales[0], 0)
