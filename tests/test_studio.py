"""The studio and what is built on it without a browser: verbs, views, hostile messages, hints, the late renderer."""

import json
import threading
from contextlib import closing
from random import Random

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.people import random_look
from storyboard.people.colours import FUR
from storyboard.studio.maker import WORDS, look_of_seed, look_with, wardrobe
from storyboard.studio.studio import Studio
from storyboard.ui.board import board_calls
from storyboard.ui.calls import look_at_words
from storyboard.ui.files import uploaded_file
from storyboard.ui.hints import Hints, load_hints
from storyboard.ui.loading import LoadingRenderer
from storyboard.ui.view import board_view
from tests import tiny
from tests.fakes import FlatRenderer, small_cast

LOOK = random_look(Random(5)).to_json()


@pytest.fixture
def renderer():
    return FlatRenderer()


@pytest.fixture
def studio(tmp_path, renderer):
    pictures = PictureStore(tmp_path / "pictures")
    studio = Studio(renderer, small_cast(pictures), pictures)
    yield studio
    studio.close()


@pytest.fixture
def calls(studio):
    return {call.__name__: call for call in board_calls(studio)}


def drawn(studio, story, *sentences):
    """Add frames and wait until they are drawn; their ids."""
    ids = []
    for sentence in sentences:
        frame, job = studio.add(story, sentence)
        assert studio.wait(job).state == "done"
        ids.append(frame.id)
    return ids


def frame_view(studio, story, number=1):
    """A frame as the board shows it: what is drawn of it comes beside the frames."""
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
    assert "frames" not in calls["get_news"](asked | {"jobs_version": 0})["view"]  # only drawings went on
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
    assert studio.draw_stale(story) == 3  # as it was


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


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "x",
        {},
        {"story": None},
        {"story": ["a"]},
        {"story": {"a": 1}},
        {"story": "../../etc"},
        {"story": "x" * 10**6},
    ],
)
def test_a_forged_story_is_an_error_in_every_call(calls, message):
    for name, call in calls.items():
        answer = call(message)
        if name == "open_story":
            assert answer["view"]["frames"] == []  # a fresh one
        elif name == "get_news":
            assert answer == {"gone": True}
        elif name == "list_stories":
            assert answer == {"stories": [], "deleted": []}
        elif name == "restore_story":
            assert "library" in answer["error"]  # this studio has none
        else:
            assert set(answer) == {"error"} and "no story" in answer["error"]


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "nowhere", "x" * 10**6, "\0", "../x"])
def test_forged_values_are_errors_and_change_nothing(studio, calls, value):
    story = studio.create()
    drawn(studio, story, "Rosa waves.")
    before = board_view(studio, story)
    forged = dict.fromkeys(("frame", "take", "name", "portrait", "path"), value)
    # These take none of the forged values, or need none: with a story they are fine.
    fine = {"open_story", "get_news", "add_frame", "stop_frame", "cancel_job", "cancel_all", "resume", "undo"}
    fine |= {
        "draw_stale",
        "draw_missing",
        "retry_failed",
        "look_at_words",
        "list_stories",
        "remove_style_picture",
    }
    for name in set(calls) - fine:
        answer = calls[name]({"story": story, "caption": "Rosa sings.", **forged})
        assert isinstance(answer.get("error"), str), name
    if not isinstance(value, str):
        assert "has to be text" in calls["add_frame"]({"story": story, "caption": value})["error"]
    assert board_view(studio, story) == before


def test_what_belongs_to_another_story_is_refused_in_every_call(studio, calls):
    mine, theirs = studio.create(), studio.create()
    (own,) = drawn(studio, mine, "Rosa waves.")
    (frame,) = drawn(studio, theirs, "Milo waves.")
    take = studio.session(theirs).story.frames[0].take.id
    before = board_view(studio, mine), board_view(studio, theirs)
    forged = {
        "frame": frame,
        "take": take,
        "caption": "Rosa sings.",
        "number": 1,
        "name": "Rosa",
        "how": "out",
    }
    forged |= {
        "count": 2,
        "locked": True,
        "sees": 0,
        "seed": 1,
        "occurrence": 0,
        "names": ["Rosa"],
        "after": frame,
    }
    frame_calls = {
        *(
            "move_frame",
            "remove_frame",
            "lock_frame",
            "see_frames",
            "keep_seed",
            "use_portrait",
            "include_name",
        ),
        *(
            "rebind",
            "choose_take",
            "draw_frame",
            "add_frame",
            "edit_frame",
            "duplicate_frame",
            "reroll_frame",
        ),
        *("draw_variants", "frame_details", "export_frame"),
    }
    for name in frame_calls:
        assert isinstance(calls[name]({"story": mine, **forged}).get("error"), str), name
    assert "error" in calls["choose_take"]({"story": mine, "frame": own, "take": take})
    assert (board_view(studio, mine), board_view(studio, theirs)) == before


def test_hostile_words_stay_words(studio, calls):
    story = studio.create()
    caption = "Rosa says <img src=x onerror=alert(1)> ${7*7} {{7*7}} `x` \\u0041."
    view = calls["add_frame"]({"story": story, "caption": caption})["view"]
    assert view["frames"][0]["caption"] == caption


def test_too_long_a_sentence_is_refused_with_its_length(studio, calls):
    story = studio.create()
    answer = calls["add_frame"]({"story": story, "caption": "Rosa waves. " * 10_000})
    assert answer["error"].startswith("Frame 1 ") and board_view(studio, story)["frames"] == []


def test_a_bug_is_one_sentence_for_the_writer(studio, calls, monkeypatch):
    monkeypatch.setattr(studio, "add", lambda *_: 1 / 0)
    answer = calls["add_frame"]({"story": studio.create(), "caption": "Rosa waves."})
    assert "Something went wrong" in answer["error"] and "division" not in answer["error"]


def test_only_files_of_the_upload_folder_can_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    inside = tmp_path / "uploads" / "abc" / "a.png"
    inside.parent.mkdir(parents=True)
    inside.touch()
    outside = tmp_path / "secret.png"
    outside.touch()
    (inside.parent / "link.png").symlink_to(outside)
    assert uploaded_file(str(inside)) == inside.resolve()
    for path in (
        outside,
        inside.parent / ".." / ".." / "secret.png",
        inside.parent,
        inside.parent / "link.png",
    ):
        with pytest.raises(StoryError):
            uploaded_file(str(path))


def test_hints_are_taken_where_they_fit_and_left_out_elsewhere(tmp_path):
    assert load_hints(tmp_path) == Hints()
    path = tmp_path / "cast.json"
    path.write_text(
        json.dumps({"places": ["the park", 3, "", "x" * 500], "actions": "running", "example": 1})
    )
    assert load_hints(tmp_path) == Hints(places=("the park",))
    path.write_text('{"places": [')
    assert load_hints(tmp_path) == Hints()
    (tmp_path / "vae").mkdir()
    for side, taken in ((256, 256), (-1, 0), (10**9, 0), ("256", 0), (None, 0)):
        (tmp_path / "vae" / "config.json").write_text(json.dumps({"sample_size": side}))
        assert load_hints(tmp_path) == Hints(side=taken)
    (tmp_path / "vae" / "config.json").unlink()
    for steps, taken in ((15, 15), (0, 0), (10**9, 0), ("15", 0), (True, 0)):
        (tmp_path / "model_index.json").write_text(json.dumps({"steps": steps}))
        assert load_hints(tmp_path) == Hints(steps=taken)
    for frames, taken in ((4, 4), (None, 0), (-1, 0), ("4", 0)):
        (tmp_path / "model_index.json").write_text(json.dumps({"context_frames": frames}))
        assert load_hints(tmp_path) == Hints(context_frames=taken)
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader" / "reader.json").write_text('{"settings": {"context_frames": 8}}')
    assert load_hints(tmp_path) == Hints(context_frames=8)  # as the language model that is named reads


@pytest.mark.parametrize(
    "caption, uninvited",
    [
        ("Night falls over the park.", True),
        ("It rains in the park.", True),
        ("A girl waves.", True),
        ("Rosa waves.", False),
        ("The rosy one waves.", False),
        ("In the park, they dance.", False),
        ("Her book lies in the park.", False),
        ("It waves.", False),
    ],
)
def test_hints_tell_of_a_picture_that_shows_somebody_uninvited(tmp_path, caption, uninvited):
    names = {"Rosa": ("the rosy one",), "Bolt": ()}
    for written, said in ((True, uninvited), (False, False), ("yes", False)):
        (tmp_path / "cast.json").write_text(json.dumps({"peopled": written}))
        assert load_hints(tmp_path).shows_somebody_uninvited(caption, names) is said


# -- Made people


@pytest.mark.parametrize("written, anybody", [(True, True), (False, False), ("yes", False), (None, False)])
def test_the_pipeline_folder_says_whether_it_draws_anybody_with_a_look(tmp_path, written, anybody):
    (tmp_path / "cast.json").write_text(json.dumps({"anybody": written}))
    assert load_hints(tmp_path).anybody is anybody


@pytest.mark.parametrize("anybody", [False, True])
def test_who_is_learned_follows_the_portrait_they_wear(tmp_path, anybody):
    pictures = PictureStore(tmp_path / "pictures")
    Image.new("RGB", (9, 9), "pink").save(tmp_path / "pink.png")
    with closing(Studio(FlatRenderer(), small_cast(pictures), pictures, draws_anybody=anybody)) as studio:
        story = studio.create()
        studio.change(story, "make_character", name="Ada", pronoun="she", look=LOOK)
        studio.add_character(story, "Eve", "she", [], tmp_path / "pink.png")
        studio.change(story, "edit_character", name="Milo", new_name="Max", pronoun="he", aliases=[])
        learned = {one["name"]: one["portraits"][0]["learned"] for one in board_view(studio, story)["cast"]}
        assert learned == {"Rosa": True, "Max": True, "Bolt": True, "Ada": anybody, "Eve": False}
        look_at = look_at_words(Hints())
        said = look_at(studio, {"story": story, "caption": "Ada and Rosa wave to Eve."})
        assert said["strangers"] == (["Eve"] if anybody else ["Ada", "Eve"])


def test_changes_of_a_look_are_made_in_their_order_and_what_does_not_go_with_one_gives_way():
    worn = look_with(LOOK, [["kind", "human"], ["top", "dress"]])
    assert (worn.top, worn.bottom) == ("dress", "none")
    both = look_with(
        worn.to_json(), [["bottom", "dungarees"], ["skin", [1, 2, 3]], ["extras", {"cape": [9, 9, 9]}]]
    )
    assert (both.top, both.skin, dict(both.extras)) == ("t-shirt", (1, 2, 3), {"cape": (9, 9, 9)})
    cat = look_with(both.to_json(), [["kind", "cat"]])
    assert cat.skin in FUR.values() and look_with(cat.to_json()) == cat


@pytest.mark.parametrize(
    "changes",
    [None, "kind", [["kind"]], [[["kind"], "cat"]], [["wings", "two"]], [["wings", 2]], [["skin", [1, 2]]],
     [["kind", "ghost"]], [["kind", {}]], [["marks", "freckles"]], [["top", "dress"]] * 101],
)  # fmt: skip
def test_changes_that_are_none_are_refused_in_one_sentence(changes):
    with pytest.raises(StoryError, match=r"^.+\.$"):
        look_with(LOOK, changes)


@pytest.mark.parametrize("seed", [None, -1, 2**31, 1.5, True, "7"])
def test_a_seed_that_is_none_gives_nobody(seed):
    with pytest.raises(StoryError, match="The seed of a look is a whole number"):
        look_of_seed(seed)


def test_everything_the_page_offers_can_be_chosen_by_everybody():
    offered = wardrobe()["choices"]
    for kind, fields in offered.items():
        look = look_with(LOOK, [["kind", kind]]).to_json()
        for field, words in fields.items():
            for word in words if field in WORDS else ():
                assert getattr(look_with(look, [[field, word]]), field) == word


def test_every_quality_says_its_steps_and_how_long_a_picture_takes(tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    with closing(Studio(FlatRenderer(), small_cast(pictures), pictures, own_steps=15)) as studio:
        story = studio.create()
        view = board_view(studio, story)
        assert [one["steps"] for one in view["qualities"]] == [8, 15, 30]
        assert [one["seconds"] for one in view["qualities"]] == [None] * 3  # nothing was drawn yet
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


def test_hints_tell_where_a_long_sentence_stops_being_read(tmp_path):
    conditioner = tiny.conditioner()
    conditioner.tokenizer.save_pretrained(tmp_path / "tokenizer")
    conditioner.text_encoder.save_pretrained(tmp_path / "text_encoder")
    hints = load_hints(tmp_path)
    assert hints.read_part("go " * 15) == "" and hints.read_part("") == ""
    long = "go  " * 20
    assert hints.read_part(long) == conditioner.cut(" ".join(long.split())) == " ".join(["go"] * 15)
    mapper = tmp_path / "reader" / "condition_mapper" / "config.json"
    mapper.parent.mkdir(parents=True)
    mapper.write_text('{"reads_story": true}')
    assert load_hints(tmp_path).read_part(long) == ""  # it is given whole sentences
    mapper.unlink()
    (tmp_path / "tokenizer" / "tokenizer.json").write_text("{")
    assert load_hints(tmp_path).read_part(long) == ""


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
