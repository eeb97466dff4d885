"""The judge: boxes from maps, who is who, scores counted by hand, its training and its folder."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.judge import Judge, load_judge, save_judge
from storyboard.models.judge.detections import boxes_of, cell_of, heat_map, pieces, shape_of, to_pixels
from storyboard.models.judge.vocabulary import SETS, SOMEBODY_ELSE
from storyboard.people import sample_look
from storyboard.renderer import Rendered
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import StoryArtist, System
from training.evaluate.frame_classifier import FrameClassifier
from training.evaluate.judge import __main__ as command
from training.evaluate.judge.frames import (
    APART,
    CrowdFrame,
    body_box,
    broken_frame,
    sample_frame,
    story_frame,
    worn,
)
from training.evaluate.judge.training import JudgeExamples, JudgeTraining, focal_loss, shape_loss
from training.evaluate.judge.vocabulary import (
    labels_of,
    load_maple_lane_judge,
    maple_lane_vocabulary,
    numbers_of,
)
from training.evaluate.labels import maple_lane_names
from training.evaluate.metrics import ABSENT
from training.evaluate.people_scores import (
    Staged,
    action_ratios,
    cids_cross,
    cids_self,
    copy_paste,
    doubles,
    each_once,
    look_ratios,
    occm,
    owner_of,
    people_scores,
    right_people,
    wanted_of,
)
from training.evaluate.report import look_at, report, table
from training.evaluate.staging import VIEWS, portrait_traits, view_traits
from training.maple_lane import Actor, Scene, draw_with_masks, sample_people_story, story

VOCABULARY = maple_lane_vocabulary()
ROSA = Actor("Rosa", "dress", "waving", x=0.28)
OTTO = Actor("Otto", "coat", "reading", "book", x=0.72)
ADA, BO = (Actor(name, "", "standing", look=sample_look(seed)) for name, seed in (("Ada", 1), ("Bo", 2)))


def tiny_judge() -> Judge:
    torch.manual_seed(0)
    sizes = {"size": 32, "piece": (32, 16), "finding": (8, 8, 8, 8), "reading": (8, 8, 8, 8)}
    return Judge(**VOCABULARY.as_config(), **sizes, trait_width=16, deed_width=8).eval()


@dataclass(frozen=True)
class Seen:
    """A detection that a test makes by hand."""

    said: dict
    traits: np.ndarray
    sure: float = 0.9


def seen(actor: Actor, traits=(1.0, 0.0), sure=0.9, **others) -> Seen:
    """Returns a detection of somebody exactly as they are, except for these labels."""
    labels = labels_of(actor) | others
    said = {head: _certain(head, labels.get(head)) for head in (*VOCABULARY.choices, *SETS)}
    return Seen(said, np.array(traits), sure)


def _certain(head: str, label) -> np.ndarray:
    names = VOCABULARY.labels(head)
    worn_or_one = label if isinstance(label, tuple) else (label,)
    return np.array([float(name in worn_or_one) for name in names])


def on_stage(wanted: tuple[Actor, ...], people: tuple[Seen, ...]) -> Staged:
    should = wanted_of(wanted)
    return Staged(should, people, tuple(owner_of(p, should, VOCABULARY) for p in people), "park", ("park",))


def value(ratio) -> float:
    return ratio.above.sum() / ratio.below.sum()


def test_boxes_are_read_off_the_maps_that_were_written_of_them():
    boxes = np.array([[20.0, 90, 70, 240], [90, 120, 150, 245], [128, 60, 190, 240]])
    cells = 24
    heat, shapes = heat_map(boxes, cells), np.zeros((4, cells, cells), np.float32)
    for box in boxes:
        x, y = (box[:2] + box[2:]) / 2 * cells / 256
        row, column = cell_of(y, cells), cell_of(x, cells)
        shapes[:, row, column] = shape_of(box, row, column, cells)
    found, sure = boxes_of(torch.from_numpy(heat), torch.from_numpy(shapes))
    assert np.allclose(found, boxes, atol=1e-3) and np.allclose(sure, 1)


def test_two_of_the_same_person_next_to_each_other_are_two_boxes():
    """The earlier classifier saw who is there but not how often: of 28 drawings with a double it noticed none."""
    boxes = np.array([[60.0, 90, 110, 240], [60 + APART, 90, 110 + APART, 240]])
    found, _ = boxes_of(torch.from_numpy(heat_map(boxes, 24)), torch.zeros(4, 24, 24))
    assert len(found) == 2


def test_a_map_without_a_peak_is_a_picture_of_nobody():
    boxes, sure = boxes_of(torch.full((24, 24), 0.2), torch.zeros(4, 24, 24))
    assert boxes.shape == (0, 4) and sure.shape == (0,)


def test_somebody_half_out_of_the_picture_is_still_looked_at():
    picture = Image.new("RGB", (256, 256), (255, 0, 0))
    boxes = np.array([[-40.0, 90, 10, 240], [230, 90, 300, 240], [-900, -900, -800, -700]])
    found = pieces(picture, boxes, (32, 16))
    assert found.shape == (3, 3, 32, 16) and np.allclose(found[:, 0], 1) and np.allclose(found[:, 1], -1)
    assert pieces(picture, np.zeros((0, 4)), (32, 16)).shape == (0, 3, 32, 16)


def test_the_box_of_a_body_holds_its_mask_and_little_more():
    for index in range(3):
        scene = story("train", index).frames[0].scene
        frame = story_frame(scene)
        _, masks = draw_with_masks(scene)
        for actor, box in zip(scene.actors, frame.boxes, strict=True):
            rows = np.flatnonzero(masks[actor.name].any(1))
            assert abs(rows[-1] - box[3]) < 16 and box[1] - 14 < rows[0] < box[3]
            columns = np.argwhere(masks[actor.name])[:, 1]
            assert box[0] < np.median(columns) < box[2]


def test_frames_are_reproducible_and_show_everybody_apart():
    assert sample_frame(3).scene == sample_frame(3).scene != sample_frame(4).scene
    crowds = [sample_frame(number) for number in range(40)]
    assert any(len({a.look or a.name for a in c.scene.actors}) < len(c.scene.actors) for c in crowds)
    for how, more in (("twice", 1), ("missing", -1), ("extra", 1)):
        scene, frame = broken_frame(5, how, "val", how == "extra")
        assert len(frame.scene.actors) == len(scene.actors) + more
        xs = sorted(x for x, _ in frame.feet)
        assert all(b - a >= APART - 1e-6 for a, b in zip(xs, xs[1:], strict=False))
    assert frame.picture().shape == (256, 256, 3)


def test_wear_leaves_a_picture_recognisable():
    picture = story_frame(story("test", 0).frames[0].scene).picture()
    for seed in range(10):
        soft = np.asarray(worn(picture, np.random.default_rng(seed)), float)
        assert soft.shape == picture.shape and np.abs(soft - picture).mean() < 25


def test_everybody_has_a_target_in_every_head():
    for actor in (ROSA, ADA):
        numbers = numbers_of(VOCABULARY, actor)
        assert VOCABULARY.labels("action")[numbers["action"]] == actor.action
        assert set(numbers) == {*VOCABULARY.choices, *SETS}
    assert VOCABULARY.labels("outfit")[numbers_of(VOCABULARY, ROSA)["outfit"]] == "Rosa: dress"
    assert numbers_of(VOCABULARY, ADA)["outfit"] == ABSENT
    assert VOCABULARY.labels("identity")[numbers_of(VOCABULARY, ADA)["identity"]] == SOMEBODY_ELSE


def test_the_seven_are_known_by_name_and_others_by_their_looks():
    frame = on_stage((ROSA, ADA, BO), (seen(BO), seen(ROSA), seen(ADA)))
    assert frame.owners == (2, 0, 1) and frame.each_once
    # A person whom nobody asked for belongs to nobody.
    assert on_stage((ROSA,), (seen(OTTO),)).owners == (None,)
    assert on_stage((ADA,), (seen(BO),)).owners == (None,)


def test_a_double_spoils_each_once_and_not_the_set_of_people():
    frames = [
        on_stage((ROSA, OTTO), (seen(ROSA), seen(OTTO))),
        on_stage((ROSA, OTTO), (seen(ROSA), seen(OTTO), seen(ROSA))),
        on_stage((ROSA, OTTO), (seen(ROSA),)),
        on_stage((ROSA,), (seen(ROSA), seen(OTTO))),
        on_stage((), ()),
    ]
    assert value(right_people(frames)) == 3 / 5
    assert value(each_once(frames)) == 2 / 5
    assert value(doubles(frames)) == 1 / 5


def test_occm_is_the_formula_of_the_benchmark():
    frames = [
        on_stage((ROSA, OTTO), (seen(ROSA), seen(OTTO))),
        on_stage((ROSA, OTTO), (seen(ROSA), seen(ROSA), seen(OTTO))),
        on_stage((ROSA,), ()),
        on_stage((), ()),
    ]
    assert occm(frames) == pytest.approx([100, 100 * np.exp(-1 / 2), 100 * np.exp(-1), 100], abs=1e-3)


def test_actions_are_told_apart_by_what_the_others_do():
    both = Actor("Otto", "coat", "waving")
    frames = [
        on_stage((ROSA,), (seen(ROSA),)),
        on_stage((ROSA, both), (seen(ROSA), seen(both, action="reading"))),
        on_stage((ROSA, OTTO), (seen(ROSA, action="reading"), seen(OTTO, action="waving"))),
        on_stage((ROSA, OTTO), (seen(ROSA),)),
    ]
    found = {name: (r.above.sum(), r.below.sum()) for name, r in action_ratios(frames, VOCABULARY).items()}
    assert found == {"Action, alone": (1, 1), "Action, same": (1, 2), "Action, different": (1, 4)}


def test_of_somebody_twice_the_surer_one_counts():
    frame = on_stage((ROSA,), (seen(ROSA, sure=0.5, action="reading"), seen(ROSA, sure=0.8)))
    assert value(action_ratios([frame], VOCABULARY)["Action, alone"]) == 1


def test_looks_are_compared_part_by_part_and_who_is_missing_has_none_right():
    frames = [on_stage((ADA,), (seen(ADA, hair="mohawk"),)), on_stage((ADA,), ())]
    found = look_ratios(frames, VOCABULARY)
    assert value(found["Look, hair"]) == 0 and value(found["Look, top"]) == 1 / 2


def test_cids_is_the_mean_cosine_of_drawings_and_of_drawing_and_portrait():
    frames = [on_stage((ROSA, OTTO), (seen(ROSA, (1, 0)),)), on_stage((ROSA,), (seen(ROSA, (0, 2)),))]
    stories = np.array(["s", "s"])
    assert cids_self(frames, stories) == pytest.approx({("s", "Rosa"): 0, ("s", "Otto"): 0}, abs=1e-6)
    portraits = {("s", "Rosa"): np.array([1.0, 0.0]), ("s", "Otto"): np.array([1.0, 0.0])}
    assert cids_cross(frames, stories, portraits) == pytest.approx({("s", "Rosa"): 0.5, ("s", "Otto"): 0})


def test_copy_paste_is_one_for_the_portrait_itself_and_none_for_another_view_of_the_person():
    portrait, view, between = (1.0, 0.0), (0.0, 2.0), (1.0, 1.0)

    def score(drawn, views=(view,)):
        key = ("s", "Rosa")
        frame = on_stage((ROSA, OTTO), (seen(ROSA, drawn),))
        traits = [np.array(one) for one in views]
        told = copy_paste(
            [frame], np.array(["s"]), {key: np.array(portrait), ("s", "Otto"): np.array(view)}, {key: traits}
        )
        assert set(told) == {key}  # Otto, who is not there, copies nothing
        return told[key]

    assert score(portrait) == pytest.approx(1) and score((3.0, 0.0)) == pytest.approx(1)
    assert score(view) == pytest.approx(0) and score(between) == pytest.approx(0.5)
    assert score(portrait, (portrait,)) == 0.5
    assert score(portrait, (view, portrait)) == pytest.approx(0.75)
    assert score((-1.0, 0.0)) == pytest.approx(0.5 * (1 + (2**0.5 - 2) / 2**0.5))


def test_views_of_everybody_are_seen_in_other_poses_than_the_portrait():
    """If the judge saw nobody, there were no portraits to compare with, and every drawing was unlike its person."""
    judge, tale = tiny_judge(), sample_people_story(2, 1)
    views, portraits = view_traits(judge, [tale]), portrait_traits(judge, [tale])
    assert views.keys() == portraits.keys() == {(tale.id, name) for name in tale.looks}
    for key, traits in views.items():
        assert len(traits) == len(VIEWS)
        assert all(
            one.shape == portraits[key].shape and not np.allclose(one, portraits[key]) for one in traits
        )


def test_the_scores_survive_json_and_a_frame_of_nobody():
    told = people_scores(
        [on_stage((), ()), on_stage((ROSA,), (seen(ROSA),))], np.array(["a", "b"]), VOCABULARY
    )
    assert told == json.loads(json.dumps(told))
    assert told["Each once"]["right"] == 2 and told["Look, hair"]["of"] == 1


def test_losses_are_least_where_the_maps_are_right():
    heat = torch.from_numpy(heat_map(np.array([[60.0, 90, 110, 240]]), 24))[None]
    right = torch.where(heat > 0.999, 12.0, -12.0)
    assert focal_loss(right, heat) < 1e-3 < focal_loss(torch.full_like(heat, -12.0), heat)
    wanted = torch.full((1, 4, 2, 2), float("nan"))
    assert shape_loss(torch.ones(1, 4, 2, 2), wanted) == 0  # nobody is there
    wanted[0, :, 0, 0] = 1.0
    assert shape_loss(torch.zeros(1, 4, 2, 2), wanted) == 1


def test_a_batch_depends_on_its_step_and_rows_only():
    examples = JudgeExamples(0, tiny_judge(), 2)
    whole, half = examples(3, range(2)), examples(3, range(1, 2))
    for name in ("pixels", "heat", "places"):
        assert torch.equal(whole[name][1:], half[name])
    people, last = whole["labels"]["identity"], half["labels"]["identity"]
    assert torch.equal(people[len(people) - len(last) :], last)


def test_a_frame_of_nobody_can_be_learned_from():
    judge = tiny_judge()
    batch = JudgeExamples(0, judge, 1)(0, range(1))
    batch |= {
        "shapes": torch.full_like(batch["shapes"], float("nan")),
        "people": batch["people"][:0],
        "labels": {name: labels[:0] for name, labels in batch["labels"].items()},
    }
    losses = JudgeTraining(judge)(batch)
    assert losses["loss"].isfinite()


def test_a_saved_judge_sees_the_same_and_a_foreign_folder_is_refused(tmp_path):
    """The saved config sorted the facets by name. So a loaded judge read hair from the outputs for age."""
    judge = tiny_judge().half().float()
    pictures = [Image.fromarray(story_frame(f.scene).picture()) for f in story("test", 0).frames[:2]]
    save_judge(judge, tmp_path / "j")
    again = load_judge(tmp_path / "j")
    for one, other in zip(judge.look(pictures), again.look(pictures), strict=True):
        assert np.array_equal(one.places, other.places) and len(one.people) == len(other.people)
    people = torch.randn(3, 3, 32, 16)
    for head, logits in judge.look_closer(people).items():
        assert torch.equal(logits, again.look_closer(people)[head]), head
    assert sum(p.numel() for p in Judge(**VOCABULARY.as_config()).parameters()) < 3_000_000
    with pytest.raises(FileNotFoundError, match="train one"):
        load_judge(tmp_path / "nothing")
    (tmp_path / "j" / "config.json").write_text('{"_class_name": "FrameClassifier"}')
    with pytest.raises(StoryError, match="FrameClassifier"):
        load_judge(tmp_path / "j")


def test_a_judge_of_another_world_is_refused(tmp_path):
    sizes = {"size": 32, "piece": (32, 16), "finding": (8, 8, 8, 8), "reading": (8, 8, 8, 8)}
    save_judge(Judge(**VOCABULARY.as_config() | {"places": ["the moon"]}, **sizes), tmp_path / "j")
    assert load_judge(tmp_path / "j").vocabulary.places == ("the moon",)
    with pytest.raises(StoryError, match="places"):
        load_maple_lane_judge(tmp_path / "j")


@pytest.mark.parametrize(
    "written", ["{", "[]", '{"_class_name": "Judge"}', '{"_class_name": "Judge", "size": "x"}']
)
def test_a_damaged_config_is_one_sentence(tmp_path, written):
    save_judge(tiny_judge(), tmp_path / "j")
    (tmp_path / "j" / "config.json").write_text(written)
    with pytest.raises(StoryError, match="judge"):
        load_judge(tmp_path / "j")


def test_the_judge_trains_resumes_and_publishes_its_own_scores(tmp_path, monkeypatch, capsys):
    for name, count in (("CHECKED_STORIES", 1), ("CHECKED_BROKEN", 1), ("PUBLISHED_STORIES", 1)):
        monkeypatch.setattr(command, name, count)
    monkeypatch.setattr(command, "PUBLISHED_BROKEN", 2)
    monkeypatch.setattr(command, "Judge", lambda **config: tiny_judge().train())
    flags = ["--output_dir", str(tmp_path / "run"), "--out", str(tmp_path / "out"), "--batch", "1"]
    command.main([*flags, "--steps", "2"])
    assert (tmp_path / "run" / "checkpoint" / "step.json").read_text() == '{"step": 2}'
    capsys.readouterr()
    command.main([*flags, "--steps", "3"])
    assert "step 3" in (printed := capsys.readouterr().out) and "step 2" not in printed
    own = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert own["steps"] == 3 and own["anybody"]["twice, found"]["of"] == 2
    assert load_judge(tmp_path / "out").vocabulary == VOCABULARY


def test_a_tiny_judge_learns_to_count_a_double():
    """It takes a few steps on two easy frames: one person, and the same person twice."""
    torch.manual_seed(0)
    judge = tiny_judge().train()
    scenes = [Scene("park", (ROSA,)), Scene("park", (ROSA, ROSA))]
    feet = [((128.0, 242.0),), ((70.0, 242.0), (190.0, 242.0))]
    frames = [CrowdFrame(scene, spots) for scene, spots in zip(scenes, feet, strict=True)]
    pictures = [Image.fromarray(frame.picture()) for frame in frames]
    pixels = torch.from_numpy(np.stack([to_pixels(picture, 32) for picture in pictures]))
    heat = torch.from_numpy(np.stack([heat_map(frame.boxes, judge.cells) for frame in frames]))
    optimizer = torch.optim.Adam(judge.parameters(), 0.01)
    for _ in range(120):
        loss = focal_loss(judge(pixels)["heat"], heat)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert [len(frame.people) for frame in judge.eval().look(pictures)] == [1, 2]


def test_the_box_of_a_jumper_leaves_the_ground():
    still, up = (body_box(Actor("Rosa", "dress", action), 128, 242) for action in ("standing", "jumping"))
    assert up[3] < still[3] - 10


def test_people_stories_are_told_in_the_same_labels():
    tale = sample_people_story(0, 1, "test")
    assert all(labels_of(a)["identity"] == SOMEBODY_ELSE for a in tale.frames[0].scene.actors)


def test_the_judges_scores_stand_beside_the_classifiers_and_those_of_real_frames(tmp_path):
    tale = story("test", 0)

    class Copyist:
        def render(self, request, cancelled=lambda: False):
            scene = next(f.scene for f in tale.frames if f.plain == request.caption)
            yield Rendered(real_picture(scene), (), "char-ldm", request.seed, 1, 1.0, 0.1)

    frames = StoryArtist(Copyist(), System("w", "plain", "char-ldm"), tmp_path).draw(tale)
    classifier = FrameClassifier(**maple_lane_names().as_config(), size=16, widths=(8, 8)).eval()
    told = report(look_at(classifier, frames, tiny_judge()), frames, classifier.names)
    assert told == json.loads(json.dumps(told))
    for name in ("Char-Acc", "Each once", "OCCM", "Action, different", "Look, hair", "CIDS, cross"):
        assert told["scores"][name] == told["real frames"][name]
    assert told["pictures"][0]["on stage"]["counts"].keys() == {a.name for a in tale.frames[0].scene.actors}
    setting = {
        "pipeline": "p",
        "split": "test",
        "stories": 1,
        "captions": "plain",
        "conditioning": "char-ldm",
    }
    assert "Each once" in table(setting | told)
