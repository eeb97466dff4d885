"""A call of every verb of the table: its arguments, the same as command-line words, and what is true after it.

In arguments and words, STORY, FIRST, SECOND and THIRD (frames), TAKE (the first one of the first frame), BLUE, FACE,
LOOK, PROJECT and PICTURE (files) stand for those of the test's own story and files.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from storyboard.errors import StoryError
from storyboard.renderer import Verdict
from storyboard.story.job import Job

SHELF = "shelf-of-the-tests"
TEXT = "1. Rosa waves.\n2. Milo naps."


@dataclass(frozen=True)
class Call:
    """A call of a verb.

    before: called first, with the test's `made`.
    holds: checks the story after the call and all drawing, with the verb's answer and the test's `made`.
    """

    verb: str
    given: dict[str, Any]
    words: str
    holds: Callable[[Any, Any, Any], object]
    before: Callable[[Any], object] = lambda made: None


def fail(made):
    made.renderer.failure = StoryError("there is no paint.")
    assert made.studio.wait(made.studio.draw(made.STORY, made.THIRD)).state == "failed"
    made.renderer.failure = None


def hold(made):
    made.renderer.gate = threading.Event()
    made.renderer.started.clear()
    made.studio.draw(made.STORY, made.THIRD)
    assert made.renderer.started.wait(60)


def interrupt(made):
    made.studio.queue.recall([Job(id="from-before", story_id=made.STORY, frame_id=made.THIRD)])


def blame(made):
    """Makes the judge find faults in the next picture of the first frame, and none in the one after it."""
    made.renderer.verdicts[:] = [Verdict(missing=("Rosa",)), Verdict()]
    made.studio.wait(made.studio.draw(made.STORY, made.FIRST, reroll=True))


def captions(story) -> list[str]:
    return [frame.caption for frame in story.frames]


STORY = {"story_id": "STORY"}
FIRST = STORY | {"frame_id": "FIRST"}
CALLS = (
    Call(
        "create_story",
        {"title": "Told", "shelf": SHELF},
        "APP --title Told --shelf " + SHELF,
        lambda story, told, made: made.studio.session(told).story.title == "Told",
    ),
    Call(
        "get_story",
        STORY,
        "STORY",
        before=lambda made: made.studio.change(
            made.STORY, "set_place", frame=made.FIRST, place="in the kitchen"
        ),
        holds=lambda story, told, made: (
            [one["caption"] for one in told["frames"]] == captions(story)
            and [(one["place"], one["place_by"], one["place_from"]) for one in told["frames"][:2]]
            == [("in the kitchen", "writer", None), ("in the kitchen", "words", 1)]
            and "in the kitchen" in told["places"]
        ),
    ),
    Call(
        "list_stories",
        {"shelf": SHELF},
        "APP " + SHELF,
        lambda story, told, made: made.STORY in {one["id"] for one in told["stories"]},
    ),
    Call(
        "rename_story",
        STORY | {"title": "Night"},
        "STORY Night",
        lambda story, told, made: story.title == told["title"] == "Night",
    ),
    Call(
        "duplicate_story",
        STORY,
        "STORY",
        lambda story, told, made: captions(made.studio.session(told).story) == captions(story),
    ),
    Call("delete_story", STORY, "STORY", lambda story, told, made: not made.studio.has(made.STORY)),
    Call(
        "restore_story",
        STORY,
        "STORY",
        lambda story, told, made: told["id"] == story.id,
        before=lambda made: made.studio.delete_story(made.STORY),
    ),
    Call(
        "import_story",
        {"project": "PROJECT"},
        "APP PROJECT",
        lambda story, told, made: (
            captions(made.studio.session(told["story_id"]).story) == ["Rosa waves to Milo."]
        ),
    ),
    Call(
        "export_story",
        STORY | {"kind": "pdf", "per_page": 2},
        "STORY pdf --per-page 2 --out OUT",
        lambda story, told, made: told["files"][0]["name"].endswith(".pdf"),
    ),
    Call("set_look", STORY | {"look": "ink"}, "STORY ink", lambda story, told, made: story.look == "ink"),
    Call("set_crop", STORY | {"crop": "16:9"}, "STORY 16:9", lambda story, told, made: story.crop == "16:9"),
    Call(
        "set_quality",
        STORY | {"quality": "draft"},
        "STORY draft",
        lambda story, told, made: story.quality == "draft",
    ),
    Call(
        "set_style",
        STORY | {"words": "soft watercolour", "aspect": "wide"},
        "STORY --words 'soft watercolour' --aspect wide",
        before=lambda made: made.studio.change(
            made.STORY, "set_style", words="ink", negative="text", aspect="tall"
        ),
        holds=lambda story, told, made: (
            (story.style.words, story.style.negative, story.style.aspect)
            == tuple(told["style"][name] for name in ("words", "negative", "aspect"))
            == ("soft watercolour", "text", "wide")
        ),
    ),
    Call(
        "set_style_picture",
        STORY | {"picture": "BLUE"},
        "STORY BLUE",
        lambda story, told, made: story.style.picture == told["style"]["picture"] != "",
    ),
    Call(
        "remove_style_picture",
        STORY,
        "STORY",
        before=lambda made: made.studio.set_style_picture(made.STORY, made.files["BLUE"]),
        holds=lambda story, told, made: story.style.picture == told["style"]["picture"] == "",
    ),
    Call(
        "set_checking",
        STORY | {"checking": "always"},
        "STORY always",
        lambda story, told, made: story.checking == told["checking"] == "always",
    ),
    Call(
        "undo",
        STORY,
        "STORY",
        lambda story, told, made: told["phrase"] == "making Ada" and len(story.cast) == 3,
    ),
    Call(
        "redo",
        STORY,
        "STORY",
        lambda story, told, made: told["phrase"] == "making Ada" and len(story.cast) == 4,
        before=lambda made: made.studio.change(made.STORY, "undo"),
    ),
    Call(
        "read_script",
        STORY | {"text": TEXT},
        f"STORY '{TEXT}'",
        lambda story, told, made: told["sentences"] == ["Rosa waves.", "Milo naps."],
    ),
    Call(
        "add_script",
        STORY
        | {"sentences": ["Rosa runs.", "Milo naps."], "boards": [{"shot": "detail"}], "after_id": "FIRST"},
        "STORY 'Rosa runs.' 'Milo naps.' --board '{\"shot\": \"detail\"}' --after 1",
        lambda story, told, made: (
            captions(story)[1:3] == ["Rosa runs.", "Milo naps."] and story.frames[1].board.shot == "detail"
        ),
    ),
    Call(
        "duplicate_frame",
        FIRST,
        "STORY 1",
        lambda story, told, made: told["number"] == 2 and captions(story)[0] == captions(story)[1],
    ),
    Call(
        "move_frame",
        FIRST | {"number": 2},
        "STORY 1 2",
        lambda story, told, made: story.frames[1].id == told["frames"][1]["id"] == made.FIRST,
    ),
    Call("remove_frame", FIRST, "STORY 1", lambda story, told, made: not story.has_frame(made.FIRST)),
    Call("lock_frame", FIRST, "STORY 1", lambda story, told, made: story.frames[0].locked and told["locked"]),
    Call(
        "note_frame",
        FIRST | {"shot": "close-up", "dialogue": "Rosa: Hello!", "notes": "rain", "seconds": 2.5},
        "STORY 1 --shot close-up --dialogue 'Rosa: Hello!' --notes rain --seconds 2.5",
        lambda story, told, made: (
            asdict(story.frames[0].board)
            == told["board"]
            == {"shot": "close-up", "dialogue": "Rosa: Hello!", "notes": "rain", "seconds": 2.5}
        ),
    ),
    Call(
        "see_frames",
        STORY | {"frame_id": "SECOND", "sees": 0},
        "STORY 2 --sees 0",
        lambda story, told, made: story.frames[1].sees == told["sees"] == 0,
    ),
    Call(
        "keep_seed",
        FIRST | {"seed": 7},
        "STORY 1 --seed 7",
        lambda story, told, made: story.frames[0].seed == told["kept_seed"] == 7,
    ),
    Call(
        "use_portrait",
        FIRST | {"name": "Rosa", "portrait": "dress"},
        "STORY 1 Rosa --portrait dress",
        lambda story, told, made: story.frames[0].portraits == (("Rosa", "rosa-dress"),),
    ),
    Call(
        "include_name",
        FIRST | {"name": "Bolt", "how": "in"},
        "STORY 1 Bolt in",
        lambda story, told, made: story.frames[0].included == tuple(told["included"]) == ("Bolt",),
    ),
    Call(
        "choose_take",
        FIRST | {"take_id": "TAKE"},
        "STORY 1 1",
        lambda story, told, made: story.frames[0].chosen == told["take"] == made.TAKE,
    ),
    Call(
        "rebind",
        STORY | {"frame_id": "SECOND", "occurrence": 0, "names": ["Milo"]},
        "STORY 2 1 Milo",
        lambda story, told, made: told["pronouns"][0]["names"] == ["Milo"],
    ),
    Call(
        "set_place",
        FIRST | {"place": "in the kitchen"},
        "STORY 1 --place 'in the kitchen'",
        lambda story, told, made: (told["place"], told["place_by"]) == ("in the kitchen", "writer"),
    ),
    Call(
        "draw_as",
        STORY | {"frame_id": "SECOND", "written": "sits down", "drawn": "waves"},
        "STORY 2 'sits down' --drawn waves",
        lambda story, told, made: (
            told["wordings"] == [{"written": "sits down", "drawn": "waves"}]
            and captions(story)[1] == told["caption"] == "She sits down."
        ),
    ),
    Call(
        "import_frame",
        STORY | {"picture": "PICTURE"},
        "STORY PICTURE",
        lambda story, told, made: captions(story)[3] == told["caption"] == captions(story)[0],
    ),
    Call(
        "export_frame",
        FIRST,
        "STORY 1 --out OUT",
        lambda story, told, made: told["files"][0]["name"].startswith("01_"),
    ),
    Call(
        "frame_details",
        FIRST,
        "STORY 1",
        lambda story, told, made: {one["name"] for one in told["attention"]} == {"Rosa", "Milo"},
    ),
    Call(
        "add_frame",
        STORY
        | {
            "sentence": "Milo jigs.",
            "before_id": "FIRST",
            "wordings": [{"written": "jigs", "drawn": "waves"}],
        },
        "STORY 'Milo jigs.' --before 1 --wording jigs=waves",
        lambda story, told, made: (
            captions(story)[0] == told["drawn_caption"] == "Milo jigs." and told["resolved"] == "Milo waves."
        ),
    ),
    Call(
        "edit_frame",
        FIRST | {"sentence": "Milo waves.", "draw": False},
        "STORY 1 'Milo waves.' --no-draw",
        lambda story, told, made: captions(story)[0] == "Milo waves." and len(told["takes"]) == 2,
    ),
    Call(
        "draw_frame",
        STORY | {"frame_id": "THIRD"},
        "STORY 3",
        lambda story, told, made: len(told["takes"]) == 1,
    ),
    Call(
        "reroll_frame",
        FIRST,
        "STORY 1",
        lambda story, told, made: len({one["seed"] for one in told["takes"]}) == 3,
    ),
    Call(
        "draw_best",
        FIRST,
        "STORY 1",
        before=blame,
        holds=lambda story, told, made: (
            len(told["takes"]) == 4
            and told["checked"]
            and told["wrong"] is None
            and told["takes"][2]["wrong"]["missing"] == ["Rosa"]
        ),
    ),
    Call(
        "draw_variants", FIRST | {"count": 2}, "STORY 1 2", lambda story, told, made: len(told["takes"]) == 4
    ),
    Call(
        "draw_missing",
        STORY,
        "STORY",
        lambda story, told, made: told == {"queued": 1} and story.frames[2].take,
    ),
    Call(
        "draw_stale",
        STORY,
        "STORY",
        lambda story, told, made: told == {"queued": 1},
        before=lambda made: made.studio.change(
            made.STORY, "edit_frame", frame=made.SECOND, caption="Rosa naps."
        ),
    ),
    Call(
        "retry_failed",
        STORY,
        "STORY",
        lambda story, told, made: told == {"queued": 1} and story.frames[2].take,
        before=fail,
    ),
    Call(
        "resume",
        STORY,
        "STORY",
        lambda story, told, made: told == {"queued": 1} and story.frames[2].take,
        before=interrupt,
    ),
    Call(
        "progress",
        STORY,
        "STORY",
        before=fail,
        holds=lambda story, told, made: (
            [(one["number"], one["state"]) for one in told["jobs"]] == [(3, "failed")]
            and "no paint" in told["jobs"][0]["error"]
        ),
    ),
    Call(
        "cancel",
        STORY | {"frame_id": "THIRD"},
        "STORY --frame 3",
        before=hold,
        holds=lambda story, told, made: story.frames[2].take is None,
    ),
    Call(
        "create_character",
        STORY | {"name": "Ben", "look": {"glasses": "round glasses"}, "aliases": ["Benny"]},
        "STORY Ben --look LOOK --alias Benny",
        lambda story, told, made: (
            story.cast[-1].name == told["name"] == "Ben" and told["aliases"] == ["Benny"]
        ),
    ),
    Call(
        "edit_character",
        STORY | {"name": "Ada", "new_name": "Eve"},
        "STORY Ada --new-name Eve",
        lambda story, told, made: story.cast[-1].name == told["name"] == "Eve",
    ),
    Call(
        "change_look",
        STORY | {"name": "Ada", "look": {"glasses": "round glasses"}},
        "STORY Ada --look LOOK",
        lambda story, told, made: told["look"]["glasses"] == "round glasses",
    ),
    Call(
        "add_portrait",
        STORY | {"name": "Bolt", "picture": "BLUE"},
        "STORY Bolt BLUE",
        lambda story, told, made: len(told["portraits"]) == len(story.character("Bolt").portraits) == 2,
    ),
    Call(
        "choose_portrait",
        STORY | {"name": "Rosa", "portrait": "dress"},
        "STORY Rosa dress",
        lambda story, told, made: (
            story.character("Rosa").chosen == "rosa-dress" and told["portrait"] == "dress"
        ),
    ),
    Call(
        "describe_portrait",
        STORY | {"name": "Rosa", "portrait": "dress", "words": "a girl in a green dress"},
        "STORY Rosa dress 'a girl in a green dress'",
        lambda story, told, made: (
            story.character("Rosa").portraits[1].words == "a girl in a green dress" and told["name"] == "Rosa"
        ),
    ),
    Call(
        "frames_touched",
        STORY | {"name": "Rosa"},
        "STORY Rosa",
        lambda story, told, made: told == {"frame_ids": [made.FIRST, made.SECOND]},
    ),
    Call(
        "remove_character",
        STORY | {"name": "Ada"},
        "STORY Ada",
        lambda story, told, made: told["cast"] == list(story.names) == ["Rosa", "Milo", "Bolt"],
    ),
    Call(
        "preview_look",
        {"look": {"glasses": "round glasses"}},
        "--look LOOK --out OUT",
        lambda story, told, made: "glasses" in told["words"],
    ),
    Call(
        "random_look",
        {"seed": 7},
        "7 --out OUT",
        lambda story, told, made: told["look"]["kind"] and told["words"],
    ),
    Call(
        "look_of_picture",
        {"picture": "FACE"},
        "FACE --out OUT",
        lambda story, told, made: told["look"]["kind"] == "human",
    ),
)
