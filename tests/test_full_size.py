"""The full-size table from end to end: stories are drawn and scored in both ways, with tiny real models."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import Preview, Rendered
from tests import story_folders, tiny
from tests.test_captioning import model, tokenizer  # noqa: F401  fixtures
from tests.test_fid import sound
from training.ar_ldm.pipeline import ArLdmPipeline
from training.data import StoryDataset, open_reader
from training.evaluate import draw_stories, full_size, inception
from training.evaluate.draw_stories import (
    DrawArguments,
    check_setting,
    draw_story,
    given_frames,
    picture_file,
    way_of,
)
from training.evaluate.full_size import FullSizeArguments, classified, evaluate, fids, gather, table
from training.evaluate.inception import InceptionV3
from training.evaluate.told_stories import read_told
from training.maple_lane.writer import write_dataset
from training.story_dalle.pipeline import StoryDallePipeline

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full-size") / "data"
    write_dataset(folder, "test", 17, size=32)
    return folder


@pytest.fixture
def small(monkeypatch):
    """Sets pictures to 80 pixels. The networks take any size, and tests have little time."""
    monkeypatch.setattr(inception, "SIDE", 80)


class FlatRenderer:
    def __init__(self):
        self.requests = []

    def render(self, request, cancelled=lambda: False):
        self.requests.append(request)
        yield Preview(1, 2, None)
        colour = (request.seed % 256, len(request.history) * 40, len(request.caption) % 256)
        yield Rendered(Image.new("RGB", (32, 32), colour), (), "llm", request.seed, 2, 5.0, 0.1)


def stories(dataset, count=2):
    opened = StoryDataset(open_reader(dataset), "test")
    return [opened.story(index) for index in range(count)]


def arguments(dataset, out, captions="referential") -> DrawArguments:
    return DrawArguments(pipeline="p", dataset=str(dataset), out=str(out), captions=captions)


def drawn_story(renderer, story, folder, args, built=StoryPipeline) -> int:
    return draw_story(renderer, story, folder, args, way_of(args, built))


@pytest.fixture
def drawn(dataset, tmp_path):
    """Writes every story, with its real pictures slightly changed."""
    for number, story in enumerate(stories(dataset, 17)):
        for frame in range(len(story.frames)):
            path = picture_file(tmp_path / "drawn", story, frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = np.asarray(story.frames[frame].picture()).astype(int) + 3 * (number + 1)
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path)
    return tmp_path / "drawn"


def test_a_story_is_drawn_from_its_own_pictures_and_never_twice(dataset, tmp_path):
    story, renderer, args = stories(dataset)[0], FlatRenderer(), arguments(dataset, tmp_path)
    assert drawn_story(renderer, story, tmp_path, args) == 4
    asked = renderer.requests
    assert [r.caption for r in asked] == list(story.referential)
    assert [r.conditioning for r in asked] == [None, "llm", "llm", "llm"]
    assert [len(r.history) for r in asked] == [0, 1, 2, 3]
    assert {m.name for m in asked[0].cast} >= {c.title() for c in story.frames[0].clip.characters}
    picture_file(tmp_path, story, 2).unlink()
    again = FlatRenderer()
    assert drawn_story(again, story, tmp_path, args) == 1
    assert again.requests[0].history == asked[2].history and again.requests[0].seed == asked[2].seed


def test_a_pororo_story_opens_with_a_caption_of_its_own_and_is_remembered_by_another(tmp_path):
    story_folders.pororo(tmp_path / "pororo")
    opened = StoryDataset(open_reader(tmp_path / "pororo"), "test")
    told = (opened.story(0, draw) for draw in range(60))
    story, renderer = next(s for s in told if s.opening != s.captions[0]), FlatRenderer()
    drawn_story(renderer, story, tmp_path / "out", arguments(tmp_path / "pororo", tmp_path / "out"))
    first, second = renderer.requests[:2]
    assert first.caption == story.opening and second.history[0].caption == story.captions[0]


def test_the_authors_flag_decides_how_long_the_text_stands_alone(tmp_path):
    """The flag was computed but never used.

    "Mr Slate talks." after another frame of him has a name, and still refers back.
    """
    story_folders.flintstones(tmp_path / "flintstones")
    story = StoryDataset(open_reader(tmp_path / "flintstones"), "test").story(0)
    extended = tuple(replace(one, refers=bool(n % 2)) for n, one in enumerate(story.extended))
    renderer, args = FlatRenderer(), arguments(tmp_path / "flintstones", tmp_path / "out")
    drawn_story(renderer, replace(story, extended=extended), tmp_path / "out", args)
    assert [request.refers for request in renderer.requests] == [False, True, False, True]
    pipeline = tiny.pipeline(start_merge_step=2)
    delays = []
    for refers in (None, True, False):
        request = replace(renderer.requests[1], caption="Mr Slate talks.", cast=(), refers=refers)
        with torch.inference_mode():
            frame = pipeline._conditions.of(request, "llm")
        delays.append(pipeline._delay(frame))
    assert delays == [2, 0, 2]


def test_the_release_opens_without_the_portraits_of_names_that_touch_a_mark(dataset, tmp_path):
    found = (sorted({c.title() for f in s.frames for c in f.clip.characters}) for s in stories(dataset, 17))
    number, (one, other, *_) = next((n, names) for n, names in enumerate(found) if len(names) > 1)
    story = replace(stories(dataset, 17)[number], opening=f"{one} waves to {other}.")
    shown = {}
    for rule in ("all", "released"):
        args, renderer = replace(arguments(dataset, tmp_path / rule), marked=rule), FlatRenderer()
        drawn_story(renderer, story, tmp_path / rule, args)
        shown[rule] = [{member.name for member in request.cast} for request in renderer.requests]
    assert {one, other} <= shown["all"][0] and shown["released"][0] == {one}
    assert shown["released"][1:] == shown["all"][1:]


def test_plain_captions_are_drawn_one_by_one(dataset, tmp_path):
    story, renderer = stories(dataset)[0], FlatRenderer()
    drawn_story(renderer, story, tmp_path, arguments(dataset, tmp_path, "plain"))
    assert [r.caption for r in renderer.requests] == list(story.captions)
    assert all(r.history == () and r.conditioning == "char-ldm" for r in renderer.requests)


@pytest.mark.parametrize("captions", ["plain", "referential"])
def test_an_ldm_reads_each_caption_alone_and_sees_no_portrait(dataset, tmp_path, captions):
    """With captions that have pronouns it stopped at the second frame, and captions with names came with portraits."""
    args = replace(arguments(dataset, tmp_path, captions), conditioning="text")
    story, renderer = stories(dataset)[0], FlatRenderer()
    assert drawn_story(renderer, story, tmp_path, args) == 4
    assert {(r.conditioning, r.cast, r.history) for r in renderer.requests} == {("text", (), ())}
    told = story.captions if captions == "plain" else story.referential
    assert [r.caption for r in renderer.requests] == list(told)


def test_a_system_of_its_own_reads_the_story_so_far_with_either_captions(dataset, tmp_path):
    story, args = stories(dataset)[0], arguments(dataset, tmp_path, "plain")
    renderer = FlatRenderer()
    drawn_story(renderer, story, tmp_path, args, ArLdmPipeline)
    assert [(r.conditioning, r.cast, len(r.history)) for r in renderer.requests] == [
        (None, (), number) for number in range(4)
    ]
    with pytest.raises(StoryError, match="ArLdmPipeline, which draws as it was trained; leave it out"):
        way_of(replace(args, conditioning="text"), ArLdmPipeline)


def test_a_system_that_continues_stories_is_given_the_first_clip_and_scored_on_the_others(dataset, tmp_path):
    story, args = stories(dataset)[0], arguments(dataset, tmp_path)
    renderer = FlatRenderer()
    assert drawn_story(renderer, story, tmp_path, args, StoryDallePipeline) == 3
    assert [len(r.history) for r in renderer.requests] == [1, 2, 3]
    source = renderer.requests[0].history[0]
    assert source.caption == story.referential[0]
    assert np.array_equal(np.asarray(source.picture), np.asarray(story.frames[0].picture()))
    assert not picture_file(tmp_path, story, 0).exists()
    (told,) = read_told(tmp_path).values()
    assert told.captions == story.referential[1:] and told.pictures[0].is_file()
    assert given_frames(tmp_path) == 0
    check_setting(tmp_path, {"given": 1})
    scored = replace(FullSizeArguments(str(dataset), str(tmp_path), str(tmp_path / "t.json")), frames=3)
    scores = evaluate(replace(scored, stories=1), CPU)
    assert (scores["given"], scores["frames"]) == (1, 3)


def test_a_folder_holds_pictures_of_one_setting(tmp_path):
    check_setting(tmp_path / "out", {"steps": 30, "captions": "plain"})
    check_setting(tmp_path / "out", {"steps": 30, "captions": "plain"})
    with pytest.raises(StoryError, match="another steps"):
        check_setting(tmp_path / "out", {"steps": 20, "captions": "plain"})


def test_the_command_draws_with_a_real_pipeline(dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", 256)  # its tokenizer spells
    tiny.pipeline().save_pretrained(tmp_path / "pipeline")
    command = [
        "--pipeline",
        str(tmp_path / "pipeline"),
        "--dataset",
        str(dataset),
        "--out",
        str(tmp_path / "out"),
    ]
    command += ["--stories", "1", "--steps", "1"]
    draw_stories.main(command)
    assert "process 0: 4 pictures" in capsys.readouterr().out
    assert len(gather(stories(dataset, 1), tmp_path / "out").drawn) == 4
    draw_stories.main(command)
    assert "process 0: 0 pictures" in capsys.readouterr().out
    with pytest.raises(StoryError, match="another guidance"):
        draw_stories.main([*command, "--guidance", "7"])


def test_a_missing_picture_is_named(dataset, drawn):
    told = stories(dataset, 2)
    picture_file(drawn, told[1], 1).unlink()
    picture_file(drawn, told[1], 3).unlink()
    with pytest.raises(StoryError, match=f"{told[1].frames[1].clip.id}.png is missing, and 1 more"):
        gather(told, drawn)


def test_a_real_picture_is_looked_at_once_and_stands_where_it_belongs(dataset, drawn):
    told = stories(dataset, 2)
    pictures = gather([told[0], told[1], told[0]], drawn)
    assert len(pictures.real) == 8 and pictures.place.tolist() == [*range(8), *range(4)]
    assert pictures.groups.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    looked = []

    def see(opened):
        looked.append(len(opened))
        return np.array([np.asarray(picture()).mean() for picture in opened])

    drawn_values, real_values = pictures.look(see)
    assert looked == [12, 8] and drawn_values.shape == real_values.shape == (12,)
    assert np.allclose(real_values[:4], real_values[8:])


def test_a_classifier_that_is_always_right_scores_a_hundred(dataset, drawn, small):
    pictures = gather(stories(dataset, 2), drawn)
    width = len(pictures.frames[0].clip.labels)

    class Knows(torch.nn.Module):
        """Returns the truth of the next frame."""

        def __init__(self, order):
            super().__init__()
            self.fc, self.order = torch.nn.Linear(1, width), iter(order)

        def forward(self, pixels):
            rows = [next(self.order) for _ in pixels]
            return torch.tensor([frame.clip.labels for frame in rows]).float() * 2 - 1

    found = classified(
        pictures, Knows([*pictures.frames, *pictures.real]), ("Char-Acc", "Char-F1"), "labels", CPU
    )
    assert found["drawn"]["Char-Acc"]["value"] == found["real"]["Char-F1"]["value"] == 100
    with pytest.raises(StoryError, match="different datasets"):
        classified(pictures, Knows([]), ("BG-Acc", "BG-F1"), "background", CPU)


class Colours(torch.nn.Module):
    """Takes the place of the FID's network in tests of which pictures are chosen."""

    def __init__(self):
        super().__init__()
        self.batches = 0

    def features(self, pixels):
        self.batches += len(pixels)
        return pixels.mean(dim=(2, 3))


def test_the_authors_fid_leaves_the_last_story_out(dataset, drawn, small):
    told = stories(dataset, 17)
    network = Colours()
    whole = fids(gather(told, drawn), network, CPU)
    assert network.batches == 2 * 2 * 17 * 4
    without = fids(gather(told[:16], drawn), Colours(), CPU)
    assert (
        whole["authors"] == pytest.approx(without["authors"]) and whole["corrected"] != without["corrected"]
    )
    assert whole["authors"] > 0 and whole["authors"] != pytest.approx(whole["corrected"])
    assert fids(gather(told[:15], drawn), Colours(), CPU)["authors"] is None


def test_the_whole_table(dataset, drawn, tmp_path, small, model, tokenizer, capsys):  # noqa: F811
    model.save_pretrained(tmp_path / "blip")
    tokenizer.save_pretrained(tmp_path / "blip")
    width = len(stories(dataset)[0].frames[0].clip.labels)
    torch.save(sound(InceptionV3(width)).state_dict(), dataset / "classifier_char.pt")
    torch.save(sound(InceptionV3(1008, fid=True)).state_dict(), tmp_path / "fid.pth")
    command = ["--dataset", str(dataset), "--drawn", str(drawn), "--json", str(tmp_path / "s" / "t.json")]
    command += [
        "--stories",
        "1",
        "--fid_weights",
        str(tmp_path / "fid.pth"),
        "--captioner",
        str(tmp_path / "blip"),
    ]
    full_size.main(command)
    printed = capsys.readouterr().out
    told = json.loads((tmp_path / "s" / "t.json").read_text())
    assert told["frames"] == 4 and told["authors"]["FID"]["value"] is None
    assert told["corrected"]["FID"]["value"] > 0
    assert told["authors"]["Char-Acc"] == told["corrected"]["Char-Acc"] and "Char-Acc" in told["real"]
    assert {"BLEU4", "CIDEr"} <= told["authors"].keys() == told["corrected"].keys()
    assert len(told["left out"]) == 1 and "BG-Acc" in told["left out"][0]
    assert "CIDEr" in printed and "left out: BG-Acc" in printed and "all splits" in printed
    assert len((tmp_path / "s" / "t.captions.jsonl").read_text().splitlines()) == 1 + 8


def test_without_any_weights_it_says_what_is_left_out(dataset, drawn, tmp_path):
    (dataset / "classifier_char.pt").unlink(missing_ok=True)
    args = FullSizeArguments(str(dataset), str(drawn), str(tmp_path / "t.json"), stories=1)
    told = evaluate(args, CPU)
    assert len(told["left out"]) == 4 and told["authors"] == {}
    assert table(told).count("left out") == 4
    with pytest.raises(StoryError, match="no test stories"):
        evaluate(FullSizeArguments(str(dataset), str(drawn), str(tmp_path / "t.json"), stories=0), CPU)
