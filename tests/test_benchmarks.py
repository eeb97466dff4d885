"""The benchmark of long stories measures what it says, on stories that are what it says. No test looks at its times."""

import json

from storyboard.models.folder import bundled_pipeline
from storyboard.story.inputs import stale_frames
from training.evaluate import benchmarks


def test_both_stories_are_edited_and_their_ratio_written(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "LONG", 8)
    out = tmp_path / "results.json"
    benchmarks.main(["--pipeline", str(bundled_pipeline()), "--repeats", "1", "--out", str(out)])
    results = json.loads(out.read_text())
    assert set(results) == set(benchmarks.MEASURED)
    assert all(set(one) == {"ms_5", "ms_8", "ratio"} and min(one.values()) > 0 for one in results.values())


def test_an_arm_is_a_drawn_story_that_an_edit_is_saved_of(tmp_path):
    arm = benchmarks.Arm(tmp_path, bundled_pipeline(), 6)
    assert not stale_frames(arm.story) and len(arm.story.frames[-1].take.read) == 5
    arm.edit_middle()
    assert arm.library.open(arm.story.id).story == arm.session.story
    assert stale_frames(arm.session.story) == {arm.story.frames[3].id}
    arm.library.close()
