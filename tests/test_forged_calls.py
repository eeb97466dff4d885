"""Forged and hostile messages: every call of the page answers them in one sentence and changes nothing."""

import pytest

from storyboard.errors import StoryError
from storyboard.ui.files import uploaded_file
from storyboard.ui.view import board_view
from tests.fakes import FlatRenderer
from tests.studios import calls_of, drawn, small_studio


@pytest.fixture
def studio(tmp_path):
    with small_studio(tmp_path, FlatRenderer()) as studio:
        yield studio


@pytest.fixture
def calls(studio):
    return calls_of(studio)


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
            assert answer["view"]["frames"] == []  # a new, empty story
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
    # These use none of the forged values, or need none. With a story they succeed.
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
