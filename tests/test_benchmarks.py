"""The benchmarks measure what they say, on tiny parts. No test looks at the times."""

import json
import mmap
import subprocess

import pytest
import torch
from PIL import Image

from benchmarks import __main__ as benchmarks
from benchmarks import commits, editing, exporting, history, reading, soak
from benchmarks.arms import Authors, Told, counting
from benchmarks.results import KEPT, PAGE, README, keep, quoting, table
from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.context import InterleavedContext
from storyboard.story.inputs import stale_frames
from tests import tiny
from tests.fakes import FlatRenderer
from training.evaluate.table_text import put_between_markers

SMALL = ("--repeats", "1", "--frames", "6", "--edits", "5", "--long", "20", "--cancels", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarked") / "tiny"
    tiny.pipeline().save_pretrained(folder)
    return folder


def test_every_group_is_printed_and_written(folder, tmp_path, capsys):
    out = tmp_path / "results.json"
    groups = ("--only", "reading", "--only", "memory", "--only", "drawing")
    assert benchmarks.main([*SMALL, *groups, "--pipeline", str(folder), "--out", str(out)]) == 0
    found, printed = json.loads(out.read_text()), capsys.readouterr().out
    measured = found["measured"]
    assert {name.partition(" ")[0] for name in measured} >= {f"P{number}" for number in range(1, 13)}
    assert all(name in printed for name in measured)
    assert found["machine"]["threads"] == torch.get_num_threads() and found["settings"]["long"] == 20
    last = measured["P1 a new frame is read"]["frame 6"]
    assert (last["ours_pictures"], last["theirs_pictures"]) == (1, 8) and last["difference"] < 1e-5
    again = measured["P3 drawn again, another seed"]
    assert (again["ours_tokens"], again["ours_pictures"]) == (0, 0)
    assert measured["P5 random edits"] | {"worst": 0} == {"edits": 5, "mismatches": 0, "worst": 0}
    assert measured["P6 a long story"]["theirs_fails_at"] < 20
    apps = measured["the app's reader"]
    assert 0 < apps["tokens_of_5"] <= apps["tokens_of_last"] and apps["again_to_denoiser_ms"] > 0
    rows = measured["P9 a frame, authors' steps"]
    assert rows["theirs_rows"] == 60 and rows["ours_rows"] < 60
    assert measured["engine: the same frame"]["runtime"] is True
    assert measured["engine: the same frame"]["worst_of_255"] <= 1
    assert measured["alone, and beside a program on every core"]["ratio"] > 0
    assert measured["P10 recording attention"]["same_picture"] and measured["P11 cancelling"]["same_picture"]


def test_a_folder_that_is_none_is_refused_in_a_sentence(tmp_path, capsys):
    assert benchmarks.main(["--pipeline", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.startswith("benchmarks: ")


@torch.inference_mode()
def test_the_authors_way_reads_everything_twice_and_comes_to_the_same_condition(folder):
    pipeline = StoryPipeline.from_pretrained(folder)
    story, authors = Told.of(pipeline, 4), Authors(pipeline)
    request = story.request(4)
    parts, frames, portraits = authors.prompt(request)
    length = pipeline.reader.length(pipeline.reader.tokenize(parts))
    with counting(pipeline) as count:
        condition = authors.condition(request)
    assert count.tokens == 2 * length + pipeline.image_tokens.config.count
    assert count.pictures == len(frames) + len(portraits) == 3 + 3
    expected = pipeline._conditions.of(request, "llm").condition
    torch.testing.assert_close(condition, expected, atol=1e-5, rtol=0)


def test_a_cache_that_never_looks_what_it_holds_is_counted_as_mismatches(folder, monkeypatch):
    pipeline = StoryPipeline.from_pretrained(folder)
    monkeypatch.setattr(
        InterleavedContext, "shared", lambda self, chunks: min(len(self._held), len(chunks) - 1)
    )
    assert reading.random_edits(pipeline, 12)["mismatches"] > 0


def test_both_stories_are_edited_and_their_ratio_written(monkeypatch):
    monkeypatch.setattr(editing, "LONG", 8)
    results = editing.measured(bundled_pipeline(), 1)
    assert set(results) == set(editing.MEASURED)
    assert all(set(one) == {"ms_5", "ms_8", "ratio"} and min(one.values()) > 0 for one in results.values())


def test_an_arm_is_a_drawn_story_that_an_edit_is_saved_of(tmp_path):
    arm = editing.Arm(tmp_path, bundled_pipeline(), 6)
    assert not stale_frames(arm.story) and len(arm.story.frames[-1].take.read) == 5
    arm.edit_middle()
    assert arm.library.open(arm.story.id).story == arm.session.story
    assert stale_frames(arm.session.story) == {arm.story.frames[3].id}
    arm.library.close()


def test_a_soak_finds_a_renderer_that_keeps_every_picture(monkeypatch):
    """The renderer keeps 4 MB of each reroll.

    They are mapped, because memory that is only allocated may be resident before.
    """

    class Hoarding(FlatRenderer):
        kept = []

        def render(self, request, cancelled=lambda: False):
            block = mmap.mmap(-1, 4_000_000)
            block.write(b"x" * 4_000_000)
            self.kept.append(block)
            yield from super().render(request, cancelled)

    told = soak.measured(Hoarding(), bundled_pipeline(), 20, steps=2)
    assert told["rerolls"] == 20 and told["kb_a_reroll"] > 1000
    assert soak.slope([5, 7, 9]) == pytest.approx(2)


def test_what_is_measured_anew_takes_the_place_of_its_last_result(tmp_path):
    path = tmp_path / "results.json"
    keep(path, {"one": {"n": 1}, "other": {"n": 1}}, machine={"cores": 2})
    keep(path, {"one": {"n": 2}})
    assert json.loads(path.read_text()) == {
        "machine": {"cores": 2},
        "measured": {"one": {"n": 2}, "other": {"n": 1}},
    }
    keep(None, {"one": {}})


def test_the_table_has_both_arms_beside_each_other():
    timed = {"ours_ms": 12.34, "theirs_ms": 2468.0, "ratio": 200.0, "ratio_low": 190.0, "ratio_high": 210.0}
    measured = {
        "a": {"of 5": timed | {"ours_tokens": 5, "theirs_tokens": 1000, "same": True}},
        "b": {"lost": 0, "faults": [], "mb": [1.5, 2]},
    }
    assert table(measured).splitlines()[2:] == [
        "| a, of 5 | 12.3 ms | 2.47 s | 200 (190 to 210) | same yes |",
        "| a, of 5: tokens | 5 | 1,000 | 200 |  |",
        "| b |  |  |  | lost 0, mb 1.5, 2 |",
    ]


def test_performance_and_readme_say_what_was_measured():
    """The table was written by hand, so a number could stay after its measurement had changed."""
    page = PAGE.read_text(encoding="utf-8")
    measured = json.loads(KEPT.read_text(encoding="utf-8"))["measured"]
    assert put_between_markers(page, table(measured), PAGE) == page
    readme = README.read_text(encoding="utf-8")
    assert quoting(readme, measured) == readme
    faster = {"engine: the same frame": {"ratio": 2.345}}
    assert "makes drawing 2.3 times as fast on a CPU" in quoting(readme, faster)
    with pytest.raises(StoryError, match="README has to say"):
        quoting("Nothing.", measured)


def test_a_gif_is_made_in_both_ways():
    told = exporting.measured(bundled_pipeline(), 1, 2)
    assert min(told["ours_ms"], told["theirs_ms"]) > 0


@pytest.fixture
def before(tmp_path):
    """Returns a repository whose one commit has an app in the form of 19f2c39's, and which takes its time."""
    code = tmp_path / "repository"
    (code / "storyboard").mkdir(parents=True)
    (code / "storyboard" / "__init__.py").touch()
    (code / "storyboard" / "renderer.py").write_text(
        "from collections import namedtuple\n"
        "CastMember = namedtuple('CastMember', 'name pronoun aliases portrait')\n"
        "ContextFrame = namedtuple('ContextFrame', 'caption picture')\n"
        "FrameRequest = namedtuple('FrameRequest', 'caption cast history seed steps explain')\n"
    )
    (code / "storyboard" / "pipeline.py").write_text(
        "import time\n"
        "from types import SimpleNamespace\n"
        "class StoryPipeline:\n"
        "    @classmethod\n"
        "    def from_pretrained(cls, folder):\n"
        "        print('loading')  # which is no answer\n"
        "        return cls()\n"
        "    def generate(self, request):\n"
        "        assert request.cast and request.explain and request.steps == 3\n"
        "        time.sleep(0.01 * (1 + len(request.history)))\n"
        "        yield SimpleNamespace(picture=None)\n"
    )
    (code / "assets" / "maple-lane").mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(code / "assets" / "maple-lane" / "rosa.png")
    cast = [{"name": "Rosa", "pronoun": "she", "portraits": [{"file": "rosa.png"}]}]
    (code / "assets" / "maple-lane" / "cast.json").write_text(json.dumps({"characters": cast}))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(code)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Before"]):
        subprocess.run([*git, *words], check=True)
    return code


def test_two_commits_draw_the_same_story_in_turn(before, monkeypatch):
    for module in (commits, history):  # both must use the same commit
        monkeypatch.setattr(module, "CHECKOUT", before)
    found = commits.measured(before / "assets" / "maple-lane", 2, 2, steps=3, commit="HEAD")
    assert set(found) == {"first frame", "later frame"}
    assert all(9 < one["ours_ms"] and 9 < one["theirs_ms"] for one in found.values())
    assert found["later frame"]["ours_ms"] > found["first frame"]["ours_ms"]


def test_what_cannot_be_drawn_with_another_commit_is_one_sentence(before, monkeypatch):
    for module in (commits, history):
        monkeypatch.setattr(module, "CHECKOUT", before)
    with pytest.raises(StoryError, match="with all its history"):
        commits.measured(before, 1, 1, commit="19f2c39")
    with pytest.raises(StoryError, match="ended with 1; it says above why"):
        commits.measured(before / "nowhere", 1, 1, commit="HEAD")
