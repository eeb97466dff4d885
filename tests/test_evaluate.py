"""The scores, the evaluator and the drawing of stories for scores, each at the smallest size that is real."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.judge.detections import to_pixels
from storyboard.pipeline.carried import write_code
from storyboard.renderer import FrameRequest, Preview, Rendered
from tests import tiny
from training.evaluate import classifier as training_run
from training.evaluate.__main__ import main
from training.evaluate.classifier import RealFrames, real_picture, soften
from training.evaluate.drawing import StoryArtist, System, cast_of, frame_seed, weights_hash
from training.evaluate.frame_classifier import FrameClassifier, load_classifier, save_classifier
from training.evaluate.labels import maple_lane_names
from training.evaluate.metrics import (
    ABSENT,
    attribute_accuracy,
    bootstrap,
    char_accuracy,
    micro_f1,
    score,
)
from training.evaluate.report import look_at, report, sheet_of, table
from training.maple_lane import draw, draw_portrait, story

TRUTH = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1]], dtype=bool)
SEEN = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0]], dtype=bool)
STORIES = np.array(["a", "a", "b"])


def value(ratio) -> float:
    return ratio.above.sum() / ratio.below.sum()


def test_char_accuracy_wants_the_whole_set_right():
    assert value(char_accuracy(TRUTH, SEEN)) == pytest.approx(1 / 3)


def test_micro_f1_by_hand():
    # 4 true positives, 1 false positive, 1 false negative: precision = recall = 4/5
    assert value(micro_f1(TRUTH, SEEN)) == pytest.approx(0.8)
    # 2 of 4 found and nothing else: precision 1, recall 1/2, harmonic mean 2/3
    assert value(micro_f1(np.ones((2, 2), bool), np.eye(2, dtype=bool))) == pytest.approx(2 / 3)


def test_micro_f1_of_nothing_seen_is_zero():
    assert value(micro_f1(TRUTH, np.zeros_like(TRUTH))) == 0


def test_an_outfit_counts_only_on_a_character_who_is_there_and_found():
    truth = np.array([[2, 0, ABSENT], [ABSENT, 1, 3]])
    seen = np.array([[2, 1, 0], [0, 1, 3]])
    found = np.array([[1, 1, 1], [0, 1, 0]], dtype=bool)
    ratio = attribute_accuracy(truth, seen, found)
    assert (ratio.above.tolist(), ratio.below.tolist()) == ([1, 1], [2, 2])


def test_bootstrap_counts_are_exact_and_its_interval_holds_the_score():
    told = bootstrap(char_accuracy(TRUTH, SEEN), STORIES)
    assert (told.value, told.right, told.of) == (pytest.approx(100 / 3), 1, 3)
    # resampling two stories with 1/2 and 0/1 right can give 0, 1/3 or 1/2
    assert (told.low, told.high) == (0.0, 50.0)
    assert told == bootstrap(char_accuracy(TRUTH, SEEN), STORIES)


def test_bootstrap_resamples_stories_and_not_frames():
    right = np.repeat([1, 0], 50)
    ratio = char_accuracy(np.ones((100, 1), bool), right[:, None].astype(bool))
    by_story = bootstrap(ratio, np.repeat(np.arange(4), 25))
    by_frame = bootstrap(ratio, np.arange(100))
    assert by_story.high - by_story.low > 3 * (by_frame.high - by_frame.low)


def test_a_score_with_nothing_to_count_is_none_and_not_a_number():
    nobody = np.full((3, 2), ABSENT)
    told = bootstrap(attribute_accuracy(nobody, np.zeros((3, 2), int), np.ones((3, 2), bool)), STORIES)
    assert (told.value, told.low, told.high, told.of) == (None, None, None, 0)


def test_perfect_sight_scores_a_hundred_everywhere():
    scenes = [frame.scene for frame in story("test", 0).frames]
    truth = maple_lane_names().labels_of(scenes)
    scores = score(truth, truth, np.zeros(len(scenes)))
    assert {s.value for s in scores.values()} == {100.0}
    assert list(scores) == ["Char-Acc", "Char-F1", "BG-Acc", "BG-F1", "Outfit-Acc", "Action-Acc"]


def test_labels_say_in_words_what_the_scene_says():
    tale, names = story("test", 1), maple_lane_names()
    labels = names.labels_of([frame.scene for frame in tale.frames])
    for row, frame in enumerate(tale.frames):
        told = names.in_words(labels, row)
        assert told["places"] == [frame.scene.place]
        assert told["characters"] == {
            a.name: {"outfit": a.outfit, "action": a.action}
            for a in sorted(frame.scene.actors, key=lambda a: names.characters.index(a.name))
        }


def tiny_classifier() -> FrameClassifier:
    torch.manual_seed(0)
    return FrameClassifier(**maple_lane_names().as_config(), size=16, widths=(8, 8)).eval()


def test_training_and_scored_pictures_are_reduced_to_the_same():
    scene = story("test", 0).frames[0].scene
    size = FrameClassifier(**maple_lane_names().as_config(), widths=(8,)).config.size
    trained = to_pixels(Image.fromarray(draw(scene, 2 * size)), size)
    scored = to_pixels(real_picture(scene), size)
    assert np.abs(trained - scored).mean() < 0.02  # 2.5 of 255 levels


def test_softening_keeps_the_picture_recognisable():
    picture = draw(story("test", 0).frames[0].scene, 64)
    for seed in range(20):
        soft = np.asarray(soften(picture, np.random.default_rng(seed)), float)
        assert soft.shape == picture.shape and np.abs(soft - picture).mean() < 20


def test_a_batch_depends_on_its_step_and_rows_only():
    frames = RealFrames(0, 16, maple_lane_names())
    whole, half = frames(3, range(2)), frames(3, range(1, 2))
    assert all(
        torch.equal(both[1:], alone) for both, alone in zip(whole.values(), half.values(), strict=True)
    )
    assert torch.equal(whole["outfits"] != ABSENT, whole["characters"] > 0)


def test_a_saved_classifier_sees_the_same_and_is_small(tmp_path):
    classifier = tiny_classifier()
    pictures = [real_picture(frame.scene) for frame in story("test", 0).frames]
    save_classifier(classifier.half().float(), tmp_path / "c")
    again = load_classifier(tmp_path / "c")
    assert again.dtype == torch.float32
    for one, other in zip(
        vars(classifier.see(pictures)).values(), vars(again.see(pictures)).values(), strict=True
    ):
        assert np.array_equal(one, other)
    full_size = FrameClassifier(**maple_lane_names().as_config())
    assert 2 * sum(p.numel() for p in full_size.parameters()) < 3_000_000


def test_a_classifier_of_another_world_is_refused(tmp_path):
    names = maple_lane_names().as_config() | {"places": ["the moon"]}
    save_classifier(FrameClassifier(**names, size=16, widths=(8,)), tmp_path / "c")
    with pytest.raises(ValueError, match="places"):
        load_classifier(tmp_path / "c")
    with pytest.raises(FileNotFoundError, match="train one"):
        load_classifier(tmp_path / "nothing")


def test_an_outfit_a_character_does_not_own_is_never_seen():
    names = maple_lane_names().as_config()
    first = names["characters"][0]
    names["outfits"][first] = names["outfits"][first][:1]
    torch.manual_seed(0)
    logits = FrameClassifier(**names, size=16, widths=(8,))(torch.randn(32, 3, 16, 16))
    assert (logits["outfits"][:, 0].argmax(-1) == 0).all()


def test_the_classifier_trains_resumes_and_publishes_its_own_scores(tmp_path, monkeypatch):
    monkeypatch.setattr(training_run, "CHECKED_STORIES", 1)
    monkeypatch.setattr(training_run, "PUBLISHED_STORIES", 2)
    command = [
        "--output_dir",
        str(tmp_path / "run"),
        "--out",
        str(tmp_path / "c"),
        "--batch",
        "2",
        "--workers",
        "0",
    ]
    training_run.main([*command, "--steps", "2"])
    training_run.main([*command, "--steps", "3"])
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [2, 3]
    published = json.loads((tmp_path / "c" / "scores.json").read_text())
    assert published["steps"] == 3 and 0 <= published["scores"]["Char-Acc"]["value"] <= 100
    assert load_classifier(tmp_path / "c").config.size == 96


class FlatRenderer:
    """Draws a colour that follows from the request, and remembers its requests."""

    doing = notice = ""

    def __init__(self, shift: int = 0):
        self.requests: list[FrameRequest] = []
        self.shift = shift

    def render(self, request, cancelled=lambda: False):
        self.requests.append(request)
        yield Preview(1, 2, None)
        colour = ((request.seed + self.shift) % 256, len(request.history), len(request.caption) % 256)
        yield Rendered(
            Image.new("RGB", (32, 32), colour),
            (),
            request.conditioning or "char-ldm",
            request.seed,
            2,
            3.0,
            0.5,
        )


class FlatArtist(StoryArtist):
    renderer: FlatRenderer


def artist(folder, captions="referential", conditioning="llm", shift=0) -> FlatArtist:
    return FlatArtist(FlatRenderer(shift), System("weights", captions, conditioning), folder)


def test_referential_frames_read_the_generated_pictures_before_them(tmp_path):
    painter, tale = artist(tmp_path), story("test", 0)
    frames = painter.draw(tale)
    asked = painter.renderer.requests
    assert [r.caption for r in asked] == [f.referential for f in tale.frames]
    assert [r.conditioning for r in asked] == [None, "llm", "llm", "llm"]
    assert [len(r.history) for r in asked] == [0, 1, 2, 3]
    assert asked[3].history[1].caption == tale.frames[1].referential
    assert asked[3].history[1].picture.tobytes() == frames[1].open().tobytes()
    assert [m.name for m in asked[0].cast] == [m.name for m in cast_of(tale)]


@pytest.mark.parametrize("conditioning", ["char-ldm", "text"])
def test_other_systems_see_each_sentence_alone(tmp_path, conditioning):
    painter, tale = artist(tmp_path, "plain", conditioning), story("test", 0)
    painter.draw(tale)
    asked = painter.renderer.requests
    assert [r.caption for r in asked] == [f.plain for f in tale.frames]
    assert all(r.history == () and r.conditioning == conditioning for r in asked)


def test_the_cast_wears_what_the_story_says():
    tale = story("test", 0)
    for member in cast_of(tale):
        assert np.array_equal(
            np.asarray(member.portrait), draw_portrait(member.name, tale.outfits[member.name], 256)
        )


def test_seeds_are_the_same_for_every_system_and_run():
    assert frame_seed("test-00000", 0) == frame_seed("test-00000", 0) < 2**31
    assert len({frame_seed(f"test-{s}", n) for s in range(20) for n in range(4)}) == 80


def test_a_second_run_draws_nothing_and_tells_the_same(tmp_path):
    tale = story("test", 0)
    first = artist(tmp_path).draw(tale)
    second = artist(tmp_path)
    again = second.draw(tale)
    assert second.renderer.requests == []
    assert [(f.path, f.made) for f in again] == [(f.path, f.made) for f in first]


def test_stories_drawn_side_by_side_are_those_drawn_one_by_one(tmp_path):
    sizes = []

    class Together(FlatRenderer):
        def generate_together(self, requests):
            sizes.append(len(requests))
            return [list(self.render(request))[-1] for request in requests]

    tales = [story("test", index) for index in range(3)]
    painter = artist(tmp_path / "together")
    painter.renderer = Together()
    together = painter.draw_together(tales)
    assert sizes == [3, 3, 3, 3]
    alone = [artist(tmp_path / "alone").draw(tale) for tale in tales]
    assert [[f.path.name for f in frames] for frames in together] == [
        [f.path.name for f in frames] for frames in alone
    ]
    # A picture that only one story lacks is drawn alone.
    together[1][3].path.unlink()
    painter.draw_together(tales)
    assert sizes == [3, 3, 3, 3]
    assert together[1][3].open().tobytes() == alone[1][3].open().tobytes()


def test_an_interrupted_run_draws_what_is_missing_only(tmp_path):
    tale = story("test", 0)
    artist(tmp_path).draw(tale)[2].path.unlink()
    second = artist(tmp_path)
    second.draw(tale)
    assert [r.caption for r in second.renderer.requests] == [tale.frames[2].referential]


def test_other_weights_or_steps_are_other_pictures(tmp_path):
    tale = story("test", 0)
    names = {
        StoryArtist(FlatRenderer(), system, tmp_path).draw(tale)[0].path.name
        for system in (
            System("weights", "plain", "char-ldm"),
            System("other weights", "plain", "char-ldm"),
            System("weights", "plain", "char-ldm", steps=8),
            System("weights", "plain", "text"),
        )
    }
    assert len(names) == 4


def test_pictures_of_changed_code_are_noticed(tmp_path):
    tale = story("test", 0)
    frames = artist(tmp_path).draw(tale)
    artist(tmp_path).check(frames)
    with pytest.raises(StoryError, match="other code"):
        artist(tmp_path, shift=40).check(frames)


def test_the_hash_of_a_pipeline_follows_its_parts_and_nothing_else(tmp_path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "weights.safetensors").write_bytes(b"one")
    (tmp_path / "model_index.json").write_text(
        '{"_class_name": "StoryPipeline", "unet": ["diffusers", "UNet"]}'
    )
    before = weights_hash(tmp_path)
    (tmp_path / "README.md").write_text("words")
    (tmp_path / "evaluator").mkdir()
    (tmp_path / "evaluator" / "config.json").write_text("{}")
    assert weights_hash(tmp_path) == before
    (tmp_path / "model_index.json").write_text(
        json.dumps({"_class_name": "StoryPipeline", "unet": ["diffusers", "UNet"]}, indent=2) + "\n"
    )
    before = weights_hash(tmp_path)
    write_code(tmp_path)
    assert weights_hash(tmp_path) == before
    (tmp_path / "unet" / "weights.safetensors").write_bytes(b"two")
    changed = weights_hash(tmp_path)
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader" / "reader.json").write_text("{}")
    assert len({before, changed, weights_hash(tmp_path)}) == 3
    with pytest.raises(FileNotFoundError, match="model_index"):
        weights_hash(tmp_path / "unet")


def test_a_report_puts_the_real_frames_beside_and_survives_json(tmp_path):
    classifier = tiny_classifier()
    frames = [f for index in range(2) for f in artist(tmp_path).draw(story("test", index))]
    scored = look_at(classifier, frames)
    told = report(scored, frames, classifier.names)
    assert told == json.loads(json.dumps(told))
    assert told["scores"].keys() == told["real frames"].keys()
    assert told["drawn by"] == {"char-ldm": 2, "llm": 6} and told["seconds per frame"]["mean"] == 0.5
    assert [row["of"] for row in told["by frame number"]] == [2, 2, 2, 2]
    setting = {
        "pipeline": "p",
        "split": "test",
        "stories": 2,
        "captions": "referential",
        "conditioning": "llm",
    }
    printed = table(setting | told)
    assert all(name in printed for name in told["scores"]) and "real" in printed
    sheet = sheet_of(told, frames)
    assert sheet.width > sheet.height > 176


def test_real_pictures_seen_as_drawn_ones_score_the_same(tmp_path):
    tale = story("test", 0)

    class Copyist:
        def render(self, request, cancelled=lambda: False):
            scene = next(f.scene for f in tale.frames if f.plain == request.caption)
            yield Rendered(real_picture(scene), (), "char-ldm", request.seed, 1, 1.0, 0.1)

    frames = StoryArtist(Copyist(), System("w", "plain", "char-ldm"), tmp_path).draw(tale)
    scored = look_at(tiny_classifier(), frames)
    for drawn, real in zip(vars(scored.drawn).values(), vars(scored.real).values(), strict=True):
        assert np.array_equal(drawn, real)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Writes a real pipeline and a real classifier, both untrained."""
    monkeypatch.setattr(
        tiny, "TEXT_TOKENS", 256
    )  # the tiny tokenizer spells, so Maple Lane's whole sentences are long
    tiny.pipeline().save_pretrained(tmp_path / "pipeline")
    save_classifier(tiny_classifier(), tmp_path / "classifier")
    return ["--pipeline", str(tmp_path / "pipeline"), "--classifier", str(tmp_path / "classifier")] + [
        *("--out", str(tmp_path / "pictures"), "--stories", "2", "--frames", "2", "--steps", "1")
    ]


def evaluate(folders, file, *flags) -> dict:
    main([*folders, "--json", str(file), *flags])
    return json.loads(file.read_text())


def test_the_command_draws_scores_and_tells_the_same_twice(folders, tmp_path, capsys):
    told = evaluate(folders, tmp_path / "scores" / "one.json", "--captions", "referential")
    assert told["frames"] == 4 and told["drawn by"] == {"char-ldm": 2, "llm": 2} and told["steps"] == [1]
    assert "Char-Acc" in capsys.readouterr().out
    assert Image.open(tmp_path / "scores" / "one.png").width > 176
    assert evaluate(folders, tmp_path / "two.json", "--captions", "referential") == told


@pytest.mark.parametrize(
    ("flags", "drawn_by"),
    [
        ([], "char-ldm"),
        (["--conditioning", "text"], "text"),
        (["--captions", "referential", "--conditioning", "char-ldm"], "char-ldm"),
    ],
)
def test_captions_choose_the_conditioning_unless_it_is_given(folders, tmp_path, flags, drawn_by):
    assert evaluate(folders, tmp_path / "s.json", *flags)["drawn by"] == {drawn_by: 4}
