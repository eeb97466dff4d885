"""The systems, their rows and their tables, on pipelines that draw only noise but really draw it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps, PngImagePlugin

from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from tests import tiny
from tests.parts_folder import CAPTION_TOKENS
from training.evaluate import drawing, figures, systems, table_text, tables
from training.evaluate.chart import Line, chart
from training.evaluate.compared import SYSTEMS
from training.evaluate.drawing import weights_hash
from training.evaluate.frame_classifier import FrameClassifier, save_classifier
from training.evaluate.labels import maple_lane_names
from training.evaluate.system_stories import artist_of, cut, kept_stories
from training.evaluate.systems import SystemsArguments
from training.evaluate.table_text import BEGIN, END, cell, put_between_markers
from training.maple_lane import story
from training.story_ldm.memory import StoryMemory
from training.story_ldm.pipeline import StoryLdmPipeline

NAMES = maple_lane_names()


def test_every_row_of_a_table_is_a_system_that_is_drawn_so():
    for captions, rows in tables.ROWS.values():
        for name in rows:
            assert SYSTEMS[name].conditioning(captions) is not None
    assert all(SYSTEMS[name].referential for name in tables.LONG_ROWS)


def story_ldm() -> StoryLdmPipeline:
    tokenizer, unet = tiny.text_tokenizer(), tiny.unet()
    encoder = tiny.text_encoder(tokenizer)
    memory = StoryMemory.for_unet(unet, tiny.TEXT_WIDTH)
    return StoryLdmPipeline(tiny.vae(), unet, memory, tiny.scheduler(), tokenizer, encoder, steps=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Draws two stories of Char-LDM, StoryGPT-V and Story-LDM, and writes an untrained classifier."""
    folder = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
        tiny.pipeline(language=False, steps=1).save_pretrained(folder / "systems" / "char-ldm")
        whole = tiny.reader(positions=4096)
        model = tiny.pipeline(steps=1)
        model.language_model = whole.language_model
        model.save_pretrained(folder / "systems" / "storygpt-v-opt")
        story_ldm().save_pretrained(folder / "systems" / "story-ldm")
    torch.manual_seed(0)
    save_classifier(
        FrameClassifier(**NAMES.as_config(), size=16, widths=(8, 8)).eval(), folder / "classifier"
    )
    for name in ("char-ldm", "storygpt-v-opt", "story-ldm"):
        systems.main(["draw", name, "--root", str(folder), "--stories", "2"])
    return folder


@pytest.fixture
def small(monkeypatch):
    """Makes tables want as many stories as `root` has."""
    rows = {table: (captions, dict.fromkeys(wanted, 2)) for table, (captions, wanted) in tables.ROWS.items()}
    monkeypatch.setattr(tables, "ROWS", rows)
    monkeypatch.setattr(tables, "LONG", 2)
    monkeypatch.setattr(tables, "LENGTHS", (2, 3))


def run(root, *flags) -> dict:
    file = root / "told.json"
    command = ["--json", str(file), "--root", str(root), "--classifier", str(root / "classifier")]
    tables.main([*command, *flags])
    return json.loads(file.read_text())


def test_tables_tell_what_is_drawn_and_leave_out_what_is_not(root, small, capsys):
    told = run(root)
    assert [row["system"] for row in told["table 1, plain"]] == ["story-ldm", "char-ldm"]
    referential = {row["system"]: row for row in told["table 1, referential"]}
    assert referential.keys() == {"story-ldm", "storygpt-v-opt"}
    ours = referential["storygpt-v-opt"]
    assert (ours["stories"], ours["frames"], ours["steps"]) == (2, 8, [1])
    for name, score in ours["scores"].items():
        assert score["of"] > 0 or score["value"] is None, name
        assert score["value"] is None or score["low"] <= score["high"]
    assert {"FID", "Place kept unsaid", "Outfit kept, unnamed"} <= ours["scores"].keys()
    assert "BLEU4" not in ours["scores"] and "FID, Inception" not in ours["scores"]
    assert told["table 3"] == told["table 4"] == told["table 5"] == []
    missing = "\n".join(told["left out"])
    for name in (
        "ldm",
        "storygpt-v-llama",
        "stage1-no-reg",
        "stage2-default",
        "figure 4",
        "BLEU4",
        "Inception",
    ):
        assert name in missing
    printed = capsys.readouterr().out
    assert "Table 1, captions with pronouns" in printed and "Table 3" not in printed
    assert "| FID, classifier's features ↓ |" in printed  # it was called FID, but it is not the standard one
    assert run(root) == told  # equal to the last digit


def test_a_row_drawn_in_part_counts_what_is_complete_and_says_so(root, small, monkeypatch):
    monkeypatch.setitem(tables.ROWS, "table 1, plain", ("plain", {"char-ldm": 3}))
    told = run(root)
    assert told["table 1, plain"][0]["stories"] == 2
    assert "table 1, plain, char-ldm: 2 of 3 stories are drawn" in told["left out"]


def test_rows_of_an_earlier_run_stand_where_there_is_less_here(root, small, tmp_path, monkeypatch):
    first = run(root)
    earlier = tmp_path / "earlier.json"
    only_there = first["table 1, plain"][1] | {"system": "ldm", "stories": 1}
    fuller = first["table 1, referential"][0] | {"stories": 3}
    told = first | {
        "table 1, plain": [only_there],
        "table 1, referential": [fuller],
        "table 5": [{"system": "storygpt-v-llama", "row": "L", "lengths": {"2": {"stories": 2}}}],
        "figure 5": {"frames": 60},
        "real frames": first["real frames"] | {"frames": 999},
    }
    earlier.write_text(json.dumps(told))
    monkeypatch.setattr(tables, "markdown", lambda told: "")
    found = run(root, "--earlier", str(earlier))
    assert found["table 1, plain"] == [only_there, *first["table 1, plain"]]
    assert found["table 1, referential"] == [fuller, first["table 1, referential"][1]]
    assert (
        found["table 5"][0]["lengths"] == told["table 5"][0]["lengths"]
        and found["figure 5"] == told["figure 5"]
    )
    assert found["real frames"]["frames"] == 999
    missing = found["left out"]
    assert "table 1, plain, ldm: 1 of 2 stories are drawn" in missing
    assert not any("figure 5" in reason or "llama, 2 frames" in reason for reason in missing)


def test_rows_of_weights_that_are_no_longer_here_make_way(root, small, tmp_path):
    """After a system was trained again, its old row stayed until the same number of stories had been drawn again."""
    artist = artist_of(SYSTEMS["story-ldm"], "referential", root, draws=True)
    for index in range(2):
        artist.draw(cut(story("test", index, 50), 3))
    told = run(root)
    row = told["table 1, plain"][1]
    told["table 1, plain"] = [row | {"stories": 250, "pipeline": "0" * 16}]
    (long,) = told["table 5"]
    assert long["lengths"]["2"]["pipeline"] == weights_hash(root / "systems" / "story-ldm")[:16]
    without_hash = {key: value for key, value in long["lengths"]["2"].items() if key != "pipeline"}
    same = long["lengths"]["3"] | {"stories": 20}
    told["table 5"] = [long | {"lengths": {"2": without_hash | {"stories": 20}, "3": same}}]
    (tmp_path / "earlier.json").write_text(json.dumps(told))
    found = run(root, "--earlier", str(tmp_path / "earlier.json"))
    assert found["table 1, plain"][1] == row
    assert found["table 5"][0]["lengths"] == {"2": long["lengths"]["2"], "3": same}
    missing = "\n".join(found["left out"])
    assert "table 1, plain, char-ldm: the earlier run's 250 stories, as they were drawn with other" in missing
    assert "table 5, story-ldm, 2 frames: the earlier run's 20 stories" in missing
    assert "story-ldm, 3 frames: the earlier" not in missing


def test_rows_that_another_classifier_scored_are_refused(root, small, tmp_path):
    told = run(root)
    told["scored by"]["classifier"] = "0" * 16
    (tmp_path / "earlier.json").write_text(json.dumps(told))
    with pytest.raises(StoryError, match="scored by another classifier"):
        run(root, "--earlier", str(tmp_path / "earlier.json"))


def test_long_stories_are_scored_up_to_each_length(root, small, monkeypatch):
    # Two of the long stories, drawn up to the third frame.
    artist = artist_of(SYSTEMS["story-ldm"], "referential", root, draws=True)
    for index in range(2):
        artist.draw(cut(story("test", index, 50), 3))
    (row,) = run(root)["table 5"]
    assert row["row"] == "Story-LDM" and list(row["lengths"]) == ["2", "3"]
    assert [row["lengths"][n]["frames"] for n in ("2", "3")] == [4, 6]


def test_a_story_cut_short_is_drawn_the_same(root):
    artist = artist_of(SYSTEMS["storygpt-v-opt"], "referential", root, draws=False)
    (whole,) = kept_stories(artist, [story("test", 0)])
    (short,) = kept_stories(artist, [cut(story("test", 0), 2)])
    assert [f.path for f in short] == [f.path for f in whole[:2]]
    assert kept_stories(artist, [story("test", 5)]) == []


def test_the_tables_go_between_the_markers_of_the_results(root, small, tmp_path):
    results = tmp_path / "results.md"
    results.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    run(root, "--results", str(results))
    text = results.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| Char-LDM |" in text
    run(root, "--results", str(results))
    assert results.read_text() == text


@pytest.mark.parametrize("text", ["no markers", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_results_without_their_markers_are_refused_and_left_as_they_are(tmp_path, text):
    results = tmp_path / "results.md"
    results.write_text(text)
    with pytest.raises(StoryError, match="needs one line"):
        tables.main(["--json", str(tmp_path / "t.json"), "--results", str(results)])
    assert results.read_text() == text and not (tmp_path / "t.json").exists()
    with pytest.raises(StoryError):
        put_between_markers(text, "tables", results)


def test_a_cell_has_its_interval_or_is_a_dash():
    assert cell({"value": 90.36, "low": 88.04, "high": 92.5}) == "90.4 [88.0, 92.5]"
    assert cell({"value": None, "low": None, "high": None}) == cell(None) == "-"


def test_bad_input_is_one_sentence():
    with pytest.raises(StoryError, match="stories"):
        SystemsArguments(stories=21, frames=50)
    with pytest.raises(StoryError, match="Which system"):
        systems.main(["draw", "nobody"])
    with pytest.raises(StoryError, match="no action"):
        systems.main(["dance"])
    with pytest.raises(StoryError, match="not drawn with referential"):
        artist_of(SYSTEMS["char-ldm"], "referential", Path("runs"), draws=False)


def test_pictures_that_other_code_drew_are_noticed(root, tmp_path):
    copy = tmp_path / "root"
    shutil.copytree(root, copy)
    systems.main(["draw", "char-ldm", "--root", str(copy), "--stories", "1"])
    artist = artist_of(SYSTEMS["char-ldm"], "plain", copy, draws=False)
    last = artist.draw(story("test", 0))[-1].path
    picture = PngImagePlugin.PngImageFile(last)
    told = PngImagePlugin.PngInfo()
    told.add_text("made", picture.text["made"])
    ImageOps.invert(picture.convert("RGB")).save(last, pnginfo=told)
    drawing.opened.cache_clear()
    with pytest.raises(StoryError, match="other code"):
        systems.main(["draw", "char-ldm", "--root", str(copy), "--stories", "1"])


def test_list_says_what_there_is(root, capsys):
    systems.main(["list", "--root", str(root)])
    printed = capsys.readouterr().out
    assert "no weights" in printed and "plain 2 stories of 4 and 0 of 50" in printed


def test_sentences_alone_are_read_where_the_pipeline_says_so(root):
    from storyboard.renderer import ContextFrame, FrameRequest

    pipeline = StoryPipeline.from_pretrained(root / "systems" / "storygpt-v-opt")
    pipeline.set_progress_bar_config(disable=True)
    red, blue = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))

    def picture(shown):
        history = (ContextFrame("Rosa waves.", ImageOps.mirror(shown)),)
        *_, drawn = pipeline.render(FrameRequest("She sings.", (), history, seed=1))
        return drawn.picture.tobytes()

    assert picture(red) != picture(blue)
    pipeline.register_to_config(interleaved=False)
    pipeline.clear_caches()
    assert picture(red) == picture(blue)


def test_figure_5_measures_both_systems_on_one_story(root, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "WINDOW", 3)
    args = figures.CostArguments(
        storygpt=str(root / "systems" / "storygpt-v-opt"),
        story_ldm=str(root / "systems" / "story-ldm"),
        frames=7,
        picture=str(tmp_path / "cost.png"),
    )
    told = figures.cost_figure(args)
    kept = told["systems"]["Story-LDM"]["by frame"]["bytes kept"]
    assert len(kept) == 7 and kept[0] < kept[3] < kept[6]
    memory = sum(2 * 4 * side * side * width for side, width in memory_layers())
    assert told["systems"]["Story-LDM"]["KiB a frame at the end"] * 1024 == pytest.approx(memory, rel=0.05)
    ratio = told["Story-LDM / StoryGPT-V at the end"]["seconds"]
    assert 0 < ratio["low"] <= ratio["high"]
    assert Image.open(tmp_path / "cost.png").width > 900


def memory_layers():
    """Returns (side, width) of the layers in which the tiny UNet reads text: down 0 and 1, up 1 and 2, the middle."""
    return [(8, 8), (4, 8), (4, 8), (4, 8), (8, 8), (8, 8), (2, 16)]


def test_figure_5_compares_the_ends_of_a_story_by_hand():
    flat, rising = [1.0] * 30, [float(n) for n in range(1, 31)]
    told = figures.cost_numbers(
        {"StoryGPT-V": (flat, [1024 * 50] * 30), "Story-LDM": (rising, [1024 * n for n in range(1, 31)])}
    )
    ldm, ours = told["systems"]["Story-LDM"], told["systems"]["StoryGPT-V"]
    assert ldm["seconds, first frames"]["value"] == 6.5 and ldm["seconds, last frames"]["value"] == 25.5
    assert ours["last / first"] == {"value": 1.0, "low": 1.0, "high": 1.0, "of": 10}
    assert (ldm["KiB a frame at the end"], ours["KiB a frame at the end"]) == (1.0, 0.0)
    assert told["Story-LDM / StoryGPT-V at the end"]["kept"] == pytest.approx(0.6)


def test_figure_4_measures_and_shows_both_pipelines(root, tmp_path):
    folder = str(root / "systems" / "char-ldm")
    args = figures.AttentionArguments(
        without=folder, withreg=folder, stories=1, picture=str(tmp_path / "a.png")
    )
    told = figures.attention_figure(args)
    assert told["without L_reg"] == told["with L_reg"] and told["with L_reg"]["maps"] > 0
    assert Image.open(tmp_path / "a.png").width == 3 * (figures.TILE + 8)  # the picture and two people


def test_a_chart_draws_higher_values_higher():
    low, high = (
        np.asarray(chart([("t", [Line("a", [v] * 10), Line("b", [10.0] * 10)])], "x")) for v in (1.0, 9.0)
    )

    def height(picture):
        return np.flatnonzero((picture[:, 300] == (192, 57, 43)).all(axis=1)).mean()

    assert height(high) < height(low)


def test_what_the_dagger_means_is_said_where_a_row_has_one():
    told = {"table 1, plain": [{"row": "LDM"}], "table 1, referential": [{"row": "StoryDALL-E †"}]}
    assert table_text._given(told).startswith("† continues stories: it is given the first picture")
    assert table_text._given(told | {"table 1, referential": []}) == ""
