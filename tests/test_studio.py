"""The studio and everything on it without a browser: verbs, views, and a renderer that loads late."""

import json
import threading
from contextlib import closing

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.studio.studio import Studio
from storyboard.ui.loading import LoadingRenderer
from storyboard.ui.view import board_view
from tests.fakes import FlatRenderer, small_cast
from tests.studios import calls_of, drawn, small_studio


@pytest.fixture
def renderer():
    return FlatRenderer()


@pytest.fixture
def studio(tmp_path, renderer):
    with small_studio(tmp_path, renderer) as studio:
        yield studio


@pytest.fixture
def calls(studio):
    return calls_of(studio)


def frame_view(studio, story, number=1):
    """Returns a frame as the board shows it. Its drawings come separately."""
    view = board_view(studio, story)
    frame = view["frames"][number - 1]
    job = next((job for job in view["jobs"] if job["frame"] == frame["id"]), None)
    return frame | {"job": job, "mentioned": [one["name"] for one in frame["who"] if one["how"] == "named"]}


def test_a_view_is_json_and_shows_picture_people_and_takes(studio):
    story = studio.create()
    drawn(studio, story, "Rosa waves to Milo.")
    view = json.loads(json.dumps(board_view(studio, story)))
    frame = frame_view(studio, story)
    assert (frame["number"], frame["caption"], frame["mentioned"]) == (
        1,
        "Rosa waves to Milo.",
        ["Rosa", "Milo"],
    )
    assert studio.pictures.path(frame["picture"]).is_file()
    assert (frame["stale"], frame["job"], frame["takes"]["chosen"]) == (False, None, 0)
    assert [person["name"] for person in view["cast"]] == ["Rosa", "Milo", "Bolt"]


def test_the_version_grows_with_every_step_and_stands_still_otherwise(studio, renderer, calls):
    story = studio.create()
    seen = ("boot", "revision", "jobs_version")
    before = calls["open_story"]({"story": story})["view"]
    drawn(studio, story, "Rosa waves.")
    news = calls["get_news"]({"story": story, **{key: before[key] for key in seen}})["view"]
    assert news["revision"] > before["revision"] and news["jobs_version"] > before["jobs_version"]
    asked = {"story": story, **{key: news[key] for key in seen}}
    assert calls["get_news"](asked) is None
    # Only drawings made progress.
    assert "frames" not in calls["get_news"](asked | {"jobs_version": 0})["view"]
    assert "frames" in calls["get_news"](asked | {"boot": "an earlier run"})["view"]


def test_a_running_drawing_shows_its_progress_and_those_behind_it_their_place(studio, renderer):
    renderer.gate = threading.Event()
    story = studio.create()
    jobs = [studio.add(story, sentence)[1] for sentence in ("Rosa waves.", "Milo reads.")]
    assert renderer.started.wait(30)
    first, second = board_view(studio, story)["jobs"]
    assert (first["state"], first["step"], first["steps"]) == ("drawing", 1, 3)
    assert first["preview"].startswith("data:image/jpeg;base64,")
    assert (second["state"], second["ahead"]) == ("queued", 1)
    renderer.gate.set()
    assert [studio.wait(job).state for job in jobs] == ["done", "done"]


def test_stopping_keeps_the_old_picture(studio, renderer):
    story = studio.create()
    (frame,) = drawn(studio, story, "Rosa waves.")
    old = frame_view(studio, story)["picture"]
    renderer.gate = threading.Event()
    job = studio.draw(story, frame, reroll=True)
    assert renderer.started.wait(30)
    studio.stop(story, frame)
    assert studio.wait(job).state == "cancelled"
    assert (frame_view(studio, story)["picture"], frame_view(studio, story)["job"]) == (old, None)


def test_a_failure_names_the_frame_and_goes_away_with_the_next_drawing(studio, renderer):
    story = studio.create()
    renderer.failure = StoryError("there is no more paint; buy some.")
    frame, job = studio.add(story, "Rosa waves.")
    studio.wait(job)
    failed = frame_view(studio, story)["job"]
    assert failed["state"] == "failed" and failed["error"].startswith("Frame 1 ")
    renderer.failure = None
    studio.wait(studio.draw(story, frame.id))
    assert frame_view(studio, story)["job"] is None


def test_new_words_replace_a_drawing_of_the_old_ones(studio, renderer):
    renderer.gate = threading.Event()
    story = studio.create()
    frame, old = studio.add(story, "Rosa waves.")
    assert renderer.started.wait(30)
    studio.change(story, "edit_frame", frame=frame.id, caption="Milo waves.")
    new = studio.draw(story, frame.id)
    renderer.gate.set()
    assert (studio.wait(old).state, studio.wait(new).state) == ("cancelled", "done")
    assert frame_view(studio, story)["mentioned"] == ["Milo"]


def test_another_portrait_makes_only_the_frames_it_is_in_stale(studio):
    story = studio.create()
    drawn(studio, story, "Milo reads.", "Rosa waves.")
    studio.change(story, "choose_portrait", name="Rosa", portrait="rosa-dress")
    assert [frame["stale"] for frame in board_view(studio, story)["frames"]] == [False, True]
    studio.draw_stale(story)
    for job in studio.queue.jobs_of(story):
        studio.wait(job)
    assert not any(frame["stale"] for frame in board_view(studio, story)["frames"])


def test_taking_an_update_back_stops_what_still_waits_of_it(studio, renderer):
    story = studio.create()
    drawn(studio, story, "Rosa waves.", "Rosa sings.", "Rosa reads.")
    studio.change(story, "choose_portrait", name="Rosa", portrait="rosa-dress")
    before = [frame.chosen for frame in studio.session(story).story.frames]
    renderer.gate = threading.Event()
    renderer.started.clear()
    assert studio.draw_stale(story) == 3 and renderer.started.wait(60)
    assert studio.change(story, "undo") == "updating the pictures"
    renderer.gate.set()
    while not all(job.finished for job in studio.queue.jobs_of(story)):
        studio.queue.wait_for_change(story, studio.queue.version(story), timeout=0.1)
    assert {job.state for job in studio.queue.jobs_of(story)[-3:]} == {"cancelled"}
    assert [frame.chosen for frame in studio.session(story).story.frames] == before
    assert studio.draw_stale(story) == 3  # the number as before


def test_a_locked_frame_is_left_alone_by_everything_bulk_and_still_read_by_later_ones(studio, renderer):
    story = studio.create()
    first, second = drawn(studio, story, "Rosa waves.", "Rosa sings.")
    studio.change(story, "lock_frame", frame=first, locked=True)
    studio.change(story, "choose_portrait", name="Rosa", portrait="rosa-dress")
    assert studio.stale_frames(studio.session(story).story) == {first, second}
    assert studio.draw_stale(story) == 1
    while not all(job.finished for job in studio.queue.jobs_of(story)):
        studio.queue.wait_for_change(story, studio.queue.version(story), timeout=0.1)
    kept, redrawn = studio.session(story).story.frames
    assert (len(kept.takes), len(redrawn.takes)) == (1, 2)
    assert [frame.caption for frame in renderer.requests[-1].history] == ["Rosa waves."]
    (undrawn,) = studio.add_many(story, ["Milo reads."])
    studio.change(story, "lock_frame", frame=undrawn.id, locked=True)
    assert studio.draw_missing(story) == 0


def test_an_uploaded_portrait_is_worn_at_once_unless_a_drawn_frame_shows_another(studio, tmp_path):
    story = studio.create()
    Image.new("RGBA", (40, 30), "blue").save(tmp_path / "seaside.png")
    worn = studio.add_portrait(story, "Milo", tmp_path / "seaside.png")
    milo = board_view(studio, story)["cast"][1]
    assert [portrait["label"] for portrait in milo["portraits"]] == ["jumper", "seaside"]
    assert milo["chosen"] == milo["portraits"][1]["id"] == worn.id
    drawn(studio, story, "Milo reads.")
    studio.add_portrait(story, "Milo", tmp_path / "seaside.png")
    milo = board_view(studio, story)["cast"][1]
    assert (len(milo["portraits"]), milo["chosen"]) == (3, worn.id)
    assert not studio.stale_frames(studio.session(story).story)


def test_an_upload_that_is_no_picture_changes_nothing(studio, tmp_path):
    story = studio.create()
    before = board_view(studio, story)
    (tmp_path / "portrait.png").write_text("not a picture")
    with pytest.raises(StoryError, match="The portrait for Milo"):
        studio.add_portrait(story, "Milo", tmp_path / "portrait.png")
    assert board_view(studio, story) == before


def test_stories_do_not_see_each_other(studio):
    first, second = studio.create(), studio.create()
    (frame,) = drawn(studio, first, "Rosa waves.")
    assert board_view(studio, second)["frames"] == []
    for attack in (
        lambda: studio.change(second, "edit_frame", frame=frame, caption="Milo waves."),
        lambda: studio.draw(second, frame),
        lambda: studio.change(second, "remove_frame", frame=frame),
    ):
        with pytest.raises(StoryError):
            attack()
    assert frame_view(studio, first)["caption"] == "Rosa waves."


def test_a_full_studio_lets_empty_stories_go_but_never_one_with_frames(tmp_path, renderer):
    pictures = PictureStore(tmp_path)
    studio = Studio(renderer, small_cast(pictures), pictures, max_stories=2)
    kept, dropped = studio.create(), studio.create()
    drawn(studio, kept, "Rosa waves.")
    third = studio.create()
    drawn(studio, third, "Milo reads.")
    assert (studio.has(kept), studio.has(dropped), studio.has(third)) == (True, False, True)
    with pytest.raises(StoryError, match="2 stories"):
        studio.create()
    studio.close()


def test_every_quality_says_its_steps_and_how_long_a_picture_takes(tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    with closing(Studio(FlatRenderer(), small_cast(pictures), pictures, own_steps=15)) as studio:
        story = studio.create()
        view = board_view(studio, story)
        assert [one["steps"] for one in view["qualities"]] == [8, 15, 30]
        assert [one["seconds"] for one in view["qualities"]] == [None] * 3  # nothing has been drawn yet
        drawn(studio, story, "Rosa waves.")
        studio.change(story, "set_quality", quality="fine")
        view = board_view(studio, story)
        draft, standard, fine = (one["seconds"] for one in view["qualities"])
        assert 0 < draft < standard < fine
        assert view["quality"] == "fine" and view["seconds"] == pytest.approx(fine, rel=0.5)
    with closing(Studio(FlatRenderer(), small_cast(pictures), pictures, steps=4, own_steps=15)) as studio:
        assert [studio.steps_in(name) for name in ("draft", "standard", "fine")] == [2, 4, 8]
    with closing(Studio(FlatRenderer(), small_cast(pictures), pictures)) as studio:
        assert studio.steps_in("fine") is None


def test_a_renderer_that_still_loads_is_waited_for(tmp_path, renderer):
    gate = threading.Event()

    def load(tell):
        gate.wait(30)
        return renderer

    pictures = PictureStore(tmp_path)
    studio = Studio(LoadingRenderer(load), small_cast(pictures), pictures)
    _, job = studio.add(studio.create(), "Rosa waves.")
    gate.set()
    assert studio.wait(job).state == "done"
    studio.close()


@pytest.mark.parametrize("failure", [StoryError("The folder is damaged; get it again."), ZeroDivisionError()])
def test_a_renderer_that_cannot_be_loaded_fails_the_frame_with_the_reason(tmp_path, failure):
    def load(tell):
        raise failure

    pictures = PictureStore(tmp_path)
    studio = Studio(LoadingRenderer(load), small_cast(pictures), pictures)
    _, job = studio.add(studio.create(), "Rosa waves.")
    error = studio.wait(job).error
    assert error.startswith("Frame 1 ") and (str(failure) in error or "ZeroDivisionError" in error)
    studio.close()
