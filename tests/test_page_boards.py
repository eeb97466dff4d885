"""Boards of professionals on the page: notes beside a sentence, scripts and tables out and in, and playback."""

import pytest

from storyboard.text.board_notes import BoardNotes
from tests.pages import (
    card,
    open_panel,
    serious_violations,
    story_in,
    wait_drawn,
    wait_sentences,
    write_and_draw,
)

pytestmark = pytest.mark.browser


def note(panel, label, text):
    box = panel.get_by_label(label, exact=True)
    box.fill(text)
    box.blur()


def test_notes_are_typed_in_the_panel_seen_on_the_card_and_undone(app, page):
    write_and_draw(page, "Rosa waves.", "She sings.")
    panel = open_panel(page, 1)
    note(panel, "Shot", "Close-up")
    note(panel, "Seconds", "3.5")
    note(panel, "Dialogue", "Rosa: Hello!\nMilo: Hi.")
    note(panel, "Notes", "Low sun.")
    line = card(page, 1).locator(".sb-noted")
    line.locator("span", has_text="Low sun.").wait_for()
    assert "Close-up · 3.5 s" in line.inner_text() and "Rosa: Hello! / Milo: Hi." in line.inner_text()
    expected = BoardNotes("Close-up", "Rosa: Hello!\nMilo: Hi.", "Low sun.", 3.5)
    assert story_in(app, page).frames[0].board == expected
    assert not card(page, 1).locator(".sb-stale").is_visible()
    assert serious_violations(page) == []
    page.locator(".sb-undo").click()
    line.locator("span", has_text="Low sun.").wait_for(state="detached")
    assert panel.get_by_label("Notes", exact=True).input_value() == ""
    note(panel, "Seconds", "900")
    panel.locator(".sb-problem", has_text="cannot be seen for 900 seconds; choose 0.5 to 60").wait_for()
    assert story_in(app, page).frames[0].board.seconds == 3.5


def test_what_is_typed_beside_a_sentence_stays_while_another_frame_is_drawn(app, page):
    """The panel is painted at every step of a drawing.

    If its box were made again, its words and the caret would be lost.
    """
    write_and_draw(page, "Rosa waves.")
    panel = open_panel(page, 1)
    box = panel.get_by_label("Notes", exact=True)
    box.type("Camera ")
    app.studio.add(story_in(app, page).id, "Milo reads.")
    wait_drawn(page, 2)
    box.type("low")
    assert box.input_value() == "Camera low"
    box.blur()
    card(page, 1).locator(".sb-noted", has_text="Camera low").wait_for()


@pytest.mark.parametrize("words, ending", [("Script (Fountain)", "fountain"), ("Table (CSV)", "csv")])
def test_a_board_goes_out_as_a_file_and_comes_back_with_its_notes(app, page, tmp_path, words, ending):
    write_and_draw(page, "Rosa waves.", "She sings.")
    story = story_in(app, page)
    app.studio.change(
        story.id, "note_frame", frame=story.frames[0].id, shot="Close-up", dialogue="Rosa: Hello!", seconds=3
    )
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=words, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    assert path.suffix == f".{ending}"
    download.value.save_as(path)
    page.set_input_files(".sb-import", path)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add 2 frames").click()
    wait_sentences(page, "Rosa waves.", "She sings.", "Rosa waves.", "She sings.")
    frames = story_in(app, page).frames
    assert frames[2].board == frames[0].board == BoardNotes("Close-up", "Rosa: Hello!", "", 3.0)
    assert frames[3].board == BoardNotes()


def test_the_story_is_played_with_keys_and_for_as_long_as_each_frame_lasts(app, page):
    write_and_draw(page, "Rosa waves.", "She sings.", "Milo reads.")
    story = story_in(app, page)
    app.studio.change(story.id, "note_frame", frame=story.frames[0].id, dialogue="Rosa: Hello!", seconds=0.5)
    card(page, 1).locator(".sb-noted").wait_for()
    page.get_by_role("button", name="Play", exact=True).click()
    play = page.locator(".sb-play")
    play.get_by_text("She sings.").wait_for()  # this takes half a second
    page.keyboard.press("Space")
    play.get_by_role("button", name="Play on").wait_for()
    page.keyboard.press("ArrowLeft")
    assert play.locator(".sb-play-said").inner_text() == "Rosa: Hello!"
    page.wait_for_timeout(800)
    assert play.locator(".sb-play-words").inner_text() == "Rosa waves."  # the board is paused
    assert serious_violations(page) == []
    page.keyboard.press("End")
    assert play.locator(".sb-play-place").inner_text() == "3 / 3"
    page.keyboard.press("Escape")
    play.wait_for(state="detached")
    assert page.evaluate("document.activeElement.closest('.sb-card').dataset.frame") == story.frames[2].id
    page.keyboard.press("p")
    page.locator(".sb-play-words", has_text="Milo reads.").wait_for()


@pytest.mark.own_hand("has shapes of its own")
def test_the_frame_is_chosen_in_the_settings_and_marked_on_every_picture(app, page):
    write_and_draw(page, "Rosa waves.")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("group", name="Frame").get_by_text("16:9").click()
    page.wait_for_function("document.querySelector('.sb-root').dataset.crop === '16:9'")
    assert story_in(app, page).crop == "16:9" and serious_violations(page) == []
    page.keyboard.press("Escape")
    wide, tall = (
        card(page, 1)
        .locator(".sb-picture")
        .evaluate(
            """box => {
            const { width, height } = getComputedStyle(box, "::after");
            return [parseFloat(width), parseFloat(height)];
        }"""
        )
    )
    assert abs(wide / tall - 16 / 9) < 0.02
    page.locator(".sb-undo").click()
    page.wait_for_function("document.querySelector('.sb-root').dataset.crop === 'none'")


def test_nothing_drawn_is_said_and_not_played(page):
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator(".sb-toast", has_text="Nothing is drawn yet").wait_for()
    assert page.locator(".sb-play").count() == 0


def test_notes_and_player_speak_german_and_fit_a_phone(visit):
    page = visit(locale="de-DE", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    write_and_draw(page, "Rosa waves.")
    panel = open_panel(page, 1)
    note(panel, "Einstellung", "Totale")
    card(page, 1).locator(".sb-noted", has_text="Totale").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert serious_violations(page) == []
    page.get_by_role("button", name="Abspielen", exact=True).click()
    page.get_by_role("button", name="Anhalten").wait_for()
