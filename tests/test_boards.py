"""Notes beside a sentence: written, undone, kept and printed, and out to Fountain and CSV and back."""

import csv
import io
import json
from dataclasses import replace

import pypdf
import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports import ExportOptions, export_story
from storyboard.exports.motion import shots_of
from storyboard.exports.panels import drawn_panels, frame_in
from storyboard.exports.project import read_project
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.text.board_notes import BoardNotes
from storyboard.text.script import read_script
from storyboard.text.script.board import board_script, board_table
from tests.stories import drawn_story
from tests.writing import STORY, draw, fresh, ids, stale

BOARDS = [
    (
        "Rosa waves to Milo.",
        BoardNotes("Close-up", "Rosa: Hello, Milo!\nA bell rings.", "Low sun.\n- no music", 3.5),
    ),
    ("She sits on a bench.", BoardNotes()),
    ("Milo: the end.", BoardNotes(dialogue="Milo: Tschüß! [[ :-) ]\nBolt: 再见。", seconds=0.5)),
    ('"Go!", she says; they run.', BoardNotes(shot="=SUM(A1:A9)", notes='@home, "quoted", + more')),
]


@pytest.fixture
def session(tmp_path):
    return fresh(PictureStore(tmp_path), *STORY)


@pytest.fixture
def noted(tmp_path):
    """Returns a drawn story with BOARDS, and its pictures."""
    story, pictures = drawn_story(tmp_path / "made", *(sentence for sentence, _ in BOARDS))
    frames = (replace(frame, board=board) for frame, (_, board) in zip(story.frames, BOARDS, strict=True))
    return replace(story, frames=tuple(frames)), pictures


def test_notes_make_no_picture_out_of_date_and_are_undone_and_kept(session):
    for frame in ids(session):
        draw(session, frame)
    second = ids(session)[1]
    session.note(second, " Close-up ", "Rosa:  Hello!\n\n Bye. ", None, 2)
    session.note(second, None, None, "rain", None)
    board = session.story.frames[1].board
    assert board == BoardNotes("Close-up", "Rosa: Hello!\nBye.", "rain", 2.0) and stale(session) == []
    assert story_from_json(json.loads(json.dumps(story_to_json(session.story)))) == session.story
    assert session.undo() == "changing what is noted of frame 2"
    assert session.story.frames[1].board == replace(board, notes="")
    session.note(second, "", "", "", 0)
    assert session.story.frames[1].board == BoardNotes()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("x" * 61, None, None, None), "The shot of a frame is 61 characters long; shorten it to 60"),
        ((None, "x" * 601, None, None), "The dialogue of a frame is 601 characters long"),
        ((None, None, None, 61), "cannot be seen for 61 seconds; choose 0.5 to 60"),
        ((None, None, None, float("nan")), "give a number"),
        ((None, None, None, "3"), "give a number"),
        ((None, None, None, True), "give a number"),
    ],
)
def test_notes_that_do_not_fit_are_refused_and_change_nothing(session, given, reason):
    before = session.story
    with pytest.raises(StoryError, match=reason):
        session.note(ids(session)[0], *given)
    assert session.story is before


def test_a_story_from_before_there_were_notes_still_opens(session):
    told = story_to_json(session.story)
    for frame in told["frames"]:
        del frame["board"]
    assert story_from_json(told) == session.story


@pytest.mark.parametrize("write", [board_script, board_table])
def test_a_board_written_as_a_script_or_table_is_read_again_exactly(write):
    script = read_script("\ufeff" + write("The lane", BOARDS) if write is board_script else write(BOARDS))
    assert script.frames == tuple(sentence for sentence, _ in BOARDS) and script.notices == ()
    assert script.boards == tuple(board for _, board in BOARDS)
    assert script.kind == ("fountain" if write is board_script else "csv")


def test_a_table_that_a_program_saved_again_is_read_and_no_cell_of_it_is_a_formula():
    rows = list(csv.reader(io.StringIO(board_table(BOARDS), newline="")))
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]
    saved = io.StringIO(newline="")
    csv.writer(saved, delimiter=";").writerows(rows)
    assert read_script(saved.getvalue()).boards == tuple(board for _, board in BOARDS)


def test_other_programs_find_the_dialogue_of_the_script_and_none_of_its_notes():
    """Without this program's mark it reads like any Fountain script: it has the same sentences and the speeches."""
    script = read_script(board_script("The lane", BOARDS[:2]).replace("Source:", "Credit:"), names=("Rosa",))
    assert script.frames == ("Rosa waves to Milo.", 'Rosa says "Hello, Milo!"', "She sits on a bench.")


def test_notes_that_fit_no_frame_are_left_out_and_told():
    script = read_script(board_script("", BOARDS[:1]).replace("Seconds: 3.5", "Seconds: 900"))
    assert script.frames == ("Rosa waves to Milo.",) and script.boards == ()
    (notice,) = script.notices
    assert notice.startswith('What is noted beside "Rosa waves to Milo." was left out')


def test_a_script_brings_its_notes_into_the_story(session):
    script = read_script(board_table(BOARDS))
    added = session.add_many(script.frames[:2], boards=script.boards[:2])
    assert [frame.board for frame in added] == [board for _, board in BOARDS[:2]]


def test_a_pdf_prints_what_is_said_and_noted_and_a_project_keeps_it(noted, tmp_path):
    story, pictures = noted
    (path,) = export_story(story, pictures, "pdf", tmp_path, ExportOptions(per_page=2))
    assert path.name == "rosa-s-day-2-a-page.pdf"
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    for words in (
        "1. Close-up, 3.5 s: Rosa waves to Milo.",
        "Rosa: Hello, Milo!",
        "A bell rings.",
        "Low sun.",
    ):
        assert words in text
    (path,) = export_story(story, pictures, "project", tmp_path)
    read = read_project(path, PictureStore(tmp_path / "read"))
    assert [frame.board for frame in read.frames] == [board for _, board in BOARDS]


def test_a_film_shows_a_frame_as_long_as_its_notes_say(noted):
    story, _ = noted
    shots = shots_of(story)
    assert (shots[0].seconds, shots[2].seconds) == (3.5, 0.5)
    assert shots[1].seconds == 2.5  # this is how long it takes to read
    assert [shot.seconds for shot in shots_of(story, 2)] == [2.0] * 4


def test_a_film_shows_what_is_inside_the_frame_and_a_pdf_marks_it(noted, tmp_path):
    story, pictures = noted
    panels = drawn_panels(replace(story, crop="16:9"))
    whole = panels[0].open(pictures)
    assert (panels[0].cut(pictures).size, panels[0].marked(pictures).size) == ((32, 18), (32, 32))
    marked = panels[0].marked(pictures)
    assert marked.getpixel((16, 16)) == whole.getpixel((16, 16)) != marked.getpixel((16, 2))
    assert drawn_panels(story)[0].marked(pictures).tobytes() == whole.tobytes()
    assert frame_in((100, 50), "4:3") == (16, 0, 83, 50)


def test_the_pages_of_a_pdf_are_about_equally_full(tmp_path):
    """Five frames, with four on a page, became a full page and a page with one small picture in a corner."""
    story, pictures = drawn_story(
        tmp_path / "made", *[f"Rosa waves {number} times." for number in range(1, 6)]
    )
    (path,) = export_story(story, pictures, "pdf", tmp_path, ExportOptions(per_page=4))
    assert [len(page.images) for page in pypdf.PdfReader(path).pages] == [2, 3]
