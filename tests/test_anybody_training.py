"""Training on anybody: what both towers, the denoiser and the reader are shown beyond the seven of the cast."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from storyboard.errors import StoryError
from storyboard.people import FACETS, Look, facets, sample_look
from storyboard.people.words import describe_look, telling_facts
from tests import tiny
from tests.test_training_chain import tiny_config
from training.examples.captions import fits
from training.maple_lane import (
    describe,
    describe_portrait_within,
    describe_within,
    sample_open_story,
    sample_story,
)
from training.pretrain import clip
from training.pretrain.__main__ import main as pretrain
from training.pretrain.look_heads import CLASSES, COLOURS, LookHeads, look_targets
from training.pretrain.look_probe import LookProbe, holds_looks


@pytest.fixture(scope="module")
def size(tmp_path_factory) -> list[str]:
    """The flags of a parts folder that has tokenizers."""
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
    assert 0 < known.sum() < 12  # some of frames and of the cast
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
    """The one feature is the look itself, the other is noise."""
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
