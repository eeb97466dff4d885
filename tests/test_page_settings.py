"""The settings of a story on the page: its look, the quality of later pictures, and the size that the model draws."""

import io
import threading

import pytest
from PIL import Image
from playwright.sync_api import expect

from storyboard.story.looks import finished
from tests.pages import card, open_panel, sentence, story_in, wait_drawn, write, write_and_draw

pytestmark = pytest.mark.browser


def settings(page):
    page.locator(".sb-settings").click()
    page.get_by_role("dialog").wait_for()
    return page.get_by_role("dialog")


def choose(page, words):
    settings(page).locator(".sb-tile", has_text=words).click()
    page.get_by_role("dialog").get_by_role("radio", name=words, checked=True).wait_for()


def shown(page, number=1):
    """Returns the colour in the middle of a card's picture, as the screen shows it."""
    data = card(page, number).locator(".sb-picture").screenshot()
    with Image.open(io.BytesIO(data)) as seen:
        return seen.convert("RGB").getpixel((seen.width // 2, seen.height // 2))


def drawn(app, page, number=1):
    return app.studio.pictures.open(story_in(app, page).frames[number - 1].take.picture)


@pytest.mark.own_hand("draws no picture of one colour")
@pytest.mark.parametrize(("words", "look"), [("Grey", "grey"), ("Ink", "ink")])
def test_a_look_is_on_the_board_just_as_exports_have_it(app, page, words, look):
    write_and_draw(page, "Rosa waves.", "She sings.")
    plain = drawn(app, page)
    choose(page, words)
    page.keyboard.press("Escape")
    page.locator(".sb-root[data-look]").wait_for()
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)
    meant = finished(plain, look).getpixel((8, 8))
    assert all(abs(one - other) <= 3 for one, other in zip(shown(page), meant, strict=True))
    story = story_in(app, page)
    assert story.look == look and drawn(app, page).tobytes() == plain.tobytes()
    assert page.locator(".sb-stale:not([hidden])").count() == 0


def test_a_look_is_undone_and_survives_a_reload_and_takes_show_it_too(app, page):
    write_and_draw(page, "Rosa waves.")
    choose(page, "Ink")
    page.keyboard.press("Escape")
    page.reload()
    page.locator(".sb-root[data-look=ink]").wait_for()
    thumb = open_panel(page, 1).locator(".sb-thumb img").first
    assert "sb-look-ink" in thumb.evaluate("image => getComputedStyle(image).filter")
    page.get_by_role("button", name="Undo changing the look").click()
    page.locator(".sb-root[data-look=colour]").wait_for()
    assert story_in(app, page).look == "colour"
    page.get_by_role("button", name="Redo changing the look").click()
    page.locator(".sb-root[data-look=ink]").wait_for()


def test_a_first_picture_grows_softly_and_in_the_look(app, page):
    app.renderer.gate = threading.Event()
    write(page, "Rosa waves.")
    preview = card(page, 1).locator(".sb-preview:not([hidden])")
    preview.wait_for()
    expect(preview).to_have_css("filter", "blur(1.5px)")
    choose(page, "Ink")
    expect(preview).to_have_css("filter", 'blur(1.5px) url("#sb-look-ink")')


def test_settings_are_chosen_by_keys_and_said_aloud(app, page):
    write_and_draw(page, "Rosa waves.")
    page.locator(".sb-settings").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Settings of this story")
    dialog.get_by_role("group", name="Look").get_by_role("radio", name="Colour", checked=True).wait_for()
    page.keyboard.press("ArrowRight")
    dialog.get_by_role("radio", name="Grey", checked=True).wait_for()
    page.locator(".sb-said", has_text="The story is shown in: Grey.").wait_for(state="attached")
    quality = dialog.get_by_role("group", name="Quality")
    for _ in range(9):  # a model with styles has its fields in between
        page.keyboard.press("Tab")
        if quality.evaluate("group => group.contains(document.activeElement)"):
            break
    page.keyboard.press("ArrowLeft")
    quality.get_by_role("radio", name="Draft", checked=True).wait_for()
    page.locator(".sb-said", has_text="Pictures to come: Draft.").wait_for(state="attached")
    assert (story_in(app, page).look, story_in(app, page).quality) == ("grey", "draft")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.classList.contains('sb-settings')")


def test_a_quality_says_its_steps_and_seconds_and_the_next_picture_is_drawn_so(app, page):
    write_and_draw(page, "Rosa waves.")
    dialog = settings(page)
    assert (
        dialog.locator(".sb-tile", has_text="Standard")
        .inner_text()
        .split("\n")[1]
        .startswith("3 steps, about ")
    )
    assert "6 steps" in dialog.locator(".sb-tile", has_text="Fine").inner_text()
    page.keyboard.press("Escape")
    choose(page, "Fine")
    page.keyboard.press("Escape")
    card(page, 1).locator(".sb-reroll").click()
    wait_drawn(page, 1, takes=2)
    assert [take.steps for take in story_in(app, page).frames[0].takes] == [3, 6]


@pytest.mark.own_hand("draws more than one size")
def test_the_size_the_model_draws_is_said_plainly(page, visit):
    said = "Pictures are 32 by 32 pixels and square: that is what this model, flat, draws."
    assert said in settings(page).inner_text()
    assert "32 mal 32 Punkte" in settings(visit(locale="de-DE")).inner_text()


def test_settings_are_german_too(visit):
    page = visit(locale="de-DE")
    words = settings(page).inner_text()
    for one in ("Aussehen", "Tusche", "Entwurf"):
        assert one in words


@pytest.mark.own_hand("does not say which words it has learned")
def test_the_note_about_unknown_words_is_under_a_cards_own_box_too(page):
    write_and_draw(page, "Rosa waves.")
    note = card(page, 1).locator(".sb-unknown")
    assert not note.is_visible()
    sentence(page, 1).fill("Rosa waves a xylophone.")
    note.get_by_text("“xylophone” is a word this model has not learned").wait_for()
    sentence(page, 1).fill("Rosa waves.")
    note.wait_for(state="hidden")


@pytest.mark.parametrize("width", [1280, 1024, 700])
def test_everyone_of_the_cast_and_the_tile_for_one_more_are_in_sight(visit, width):
    page = visit(viewport={"width": width, "height": 800})
    edges = page.eval_on_selector_all(
        ".sb-person-open",
        "all => all.map((one) => one.getBoundingClientRect()).map((box) => [box.left, box.right])",
    )
    row = page.locator(".sb-people").bounding_box()
    assert all(row["x"] <= left and right <= row["x"] + row["width"] for left, right in edges)
    assert page.locator(".sb-people").evaluate("row => row.scrollWidth <= row.clientWidth")
