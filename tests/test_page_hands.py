"""Hands and eyes on the page: keys of every layout, the browser's Back, overlapping parts, wide and narrow windows."""

import threading

import pytest

from storyboard.exports.project import write_project
from tests.pages import (
    PHONE,
    card,
    open_panel,
    sentences,
    serious_violations,
    story_in,
    story_of,
    wait_drawn,
    wait_sentences,
    write,
    write_and_draw,
)
from tests.serving import serving
from tests.stories import drawn_story

pytestmark = pytest.mark.browser


def press(page, selector, key, code, **more):
    """Sends a keydown like a browser with another keyboard layout or with an input method."""
    page.eval_on_selector(
        selector,
        """(node, told) => node.dispatchEvent(
            new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...told }))""",
        {"key": key, "code": code, **more},
    )


def test_the_enter_that_ends_a_composed_word_in_safari_draws_nothing(page):
    """Safari reports the end of the word first.

    The Enter comes after it and no longer says that it belongs to the word.
    """
    page.fill("#sb-next", "Rosa winkt.")
    press(page, "#sb-next", "Enter", "Enter", keyCode=229)
    page.wait_for_timeout(300)
    assert sentences(page) == [] and page.input_value("#sb-next") == "Rosa winkt."
    press(page, "#sb-next", "Enter", "Enter", keyCode=13)
    wait_sentences(page, "Rosa winkt.")


def test_shortcuts_work_where_the_layout_has_no_latin_letters(page):
    """With a Greek or Cyrillic layout the Z key gives "ζ" or "я", so Ctrl+Z undid nothing."""
    write_and_draw(page, "Rosa waves.", "She sings.")
    press(page, ".sb-open", "ζ", "KeyZ", ctrlKey=True)
    wait_sentences(page, "Rosa waves.")
    press(page, ".sb-open", "Я", "KeyZ", ctrlKey=True, shiftKey=True)
    wait_sentences(page, "Rosa waves.", "She sings.")
    press(page, ".sb-open", "в", "KeyD")
    wait_sentences(page, "Rosa waves.", "Rosa waves.", "She sings.")


def test_a_letter_typed_on_a_latin_layout_is_that_letter_wherever_its_key_is(page):
    """A French keyboard has W where others have Z: Ctrl+W closes the tab and must not undo."""
    write_and_draw(page, "Rosa waves.")
    press(page, ".sb-open", "w", "KeyZ", ctrlKey=True)
    page.wait_for_timeout(300)
    assert sentences(page) == ["Rosa waves."]


def test_back_returns_to_the_story_before(page):
    """Back left the page, because an opened story replaced the earlier one in the browser's history."""
    write_and_draw(page, "Rosa waves.")
    first = story_of(page)
    page.get_by_role("button", name="Stories").click()
    page.get_by_role("dialog").get_by_role("button", name="New story").click()
    page.wait_for_function("old => new URLSearchParams(location.search).get('story') !== old", arg=first)
    wait_sentences(page)
    second = story_of(page)
    page.go_back()
    wait_sentences(page, "Rosa waves.")
    assert story_of(page) == first
    page.go_forward()
    wait_sentences(page)
    assert story_of(page) == second


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["desk", "phone"])
def test_the_line_to_write_in_covers_neither_the_open_panel_nor_the_sentence_being_changed(visit, settings):
    """The line covered the takes of the open frame. On a phone nothing of them could be seen."""
    page = visit(**settings)
    write_and_draw(page, "Rosa waves.", "She sings.", "Milo reads.")
    open_panel(page, 1)
    page.wait_for_timeout(800)  # meanwhile the page scrolls there
    strip = page.locator(".sb-strip").bounding_box()
    line = page.locator(".sb-composer").bounding_box()
    assert strip["y"] >= 0 and strip["y"] + strip["height"] <= page.viewport_size["height"]
    assert line["y"] >= page.locator(".sb-panel").bounding_box()["y"] + 40
    assert page.evaluate(
        """() => {
            const box = document.querySelector(".sb-strip").getBoundingClientRect();
            return document.elementFromPoint(box.left + 20, box.top + 20).closest(".sb-panel") !== null;
        }"""
    )
    page.locator(".sb-panel-close").click()
    box = card(page, 3).locator("textarea")
    box.click()
    page.wait_for_timeout(300)
    assert box.evaluate(
        """node => {
            node.scrollIntoView({ block: "end" });
            const { left, top, width, height } = node.getBoundingClientRect();
            return document.elementFromPoint(left + width / 2, top + height / 2) === node;
        }"""
    )


def test_a_wide_window_is_used_and_takes_eight_columns(visit):
    page = visit(viewport={"width": 1920, "height": 1080})
    write(page, *[f"Rosa waves {number} times." for number in range(1, 10)])
    wait_drawn(page, 9)
    assert page.locator(".sb-cards").bounding_box()["width"] > 1780
    page.locator(".sb-columns").fill("8")
    tops = page.eval_on_selector_all(".sb-card", "all => all.map((one) => one.getBoundingClientRect().top)")
    assert tops[:8] == [tops[0]] * 8 and tops[8] > tops[0]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920


def test_the_dots_between_cards_are_as_large_as_a_finger(visit):
    page = visit(**PHONE)
    write_and_draw(page, "Rosa waves.", "She sings.")
    card(page, 2).scroll_into_view_if_needed()
    reach = (
        card(page, 2)
        .locator(".sb-knot")
        .evaluate(
            """knot => {
            const { width, height } = getComputedStyle(knot, "::after");
            return [parseFloat(width), parseFloat(height)];
        }"""
        )
    )
    assert min(reach) >= 44


def test_one_button_draws_on_after_a_restart(tmp_path, visit):
    """ "Draw on" and "Draw the missing" were side by side and did almost the same."""
    with serving(tmp_path) as app:
        page = visit(app.url)
        write_and_draw(page, "Rosa waves.")
        story = story_of(page)
        app.renderer.gate = threading.Event()
        write(page, "She sings.", "Milo reads.")
        card(page, 2).locator(".sb-progress:not([hidden])").wait_for()
        wait_sentences(page, "Rosa waves.", "She sings.", "Milo reads.")  # the server has all three
        # Otherwise it would ask the next server, perhaps on the same port, for what this one knew.
        page.close()
        app.studio.queue.close()
        app.renderer.gate.set()
    with serving(tmp_path) as app:
        page = visit(f"{app.url}?story={story}")
        todo = page.locator(".sb-todo")
        todo.get_by_role("button", name="Draw on").wait_for()
        assert todo.get_by_role("button").count() == 1
        todo.get_by_role("button", name="Draw on").click()
        wait_drawn(page, 2)
        wait_drawn(page, 3)


def test_undo_of_update_all_shows_the_pictures_of_before_in_one_step(app, page):
    write_and_draw(page, "Rosa waves.", "She sings.", "She dances.")
    before = [frame.chosen for frame in story_in(app, page).frames]
    app.studio.change(
        story_of(page), "edit_frame", frame=story_in(app, page).frames[0].id, caption="Milo waves."
    )
    page.locator(".sb-todo-draw_stale").click()
    wait_drawn(page, 1, takes=2)
    page.wait_for_function("document.querySelector('.sb-queue').hidden")
    assert [frame.chosen for frame in story_in(app, page).frames] != before
    page.locator(".sb-undo").click()
    # The first card's label: the later frames, which read its picture, have theirs before the undo too.
    card(page, 1).locator(".sb-stale:not([hidden])").wait_for()
    story = story_in(app, page)
    assert [frame.chosen for frame in story.frames] == before and story.frames[0].caption == "Milo waves."


def test_first_visits_write_no_copy_of_the_example_until_it_is_changed(tmp_path, browser):
    """Every first visit added a story with all its pictures to the library."""
    story, pictures = drawn_story(tmp_path / "made", "Rosa waves.", "She sings.")
    example = tmp_path / "example.storyboard"
    write_project(story, pictures, example)
    with serving(tmp_path / "library", example=example) as app:
        contexts = [browser.new_context() for _ in range(2)]
        pages = [context.new_page() for context in contexts]
        for page in pages:
            page.goto(app.url)
            wait_sentences(page, "Rosa waves.", "She sings.")
        ids = [story_of(page) for page in pages]
        assert len(set(ids)) == 2 and not any(app.library.has(one) for one in ids)
        write(pages[0], "Milo reads.")
        wait_sentences(pages[0], "Rosa waves.", "She sings.", "Milo reads.")
        assert app.library.has(ids[0]) and not app.library.has(ids[1])
        wait_sentences(pages[1], "Rosa waves.", "She sings.")
        app.studio._sessions.drop(ids[1])  # like after a restart
        pages[1].reload()
        wait_sentences(pages[1], "Rosa waves.", "She sings.")
        assert not pages[1].locator(".sb-notice", has_text="not here any more").is_visible()
        for context in contexts:
            context.close()


def test_nothing_of_this_troubles_axe(visit):
    page = visit(**PHONE)
    write_and_draw(page, "Rosa waves.", "She sings.")
    open_panel(page, 1)
    assert serious_violations(page) == []
