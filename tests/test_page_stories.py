"""Whole stories on the page: reloads, links, the list, several tabs and several visitors at the same time."""

import threading

import pytest

from storyboard.exports.project import write_project
from tests.pages import (
    card,
    menu,
    sentence,
    sentences,
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


def test_a_reload_keeps_the_story_and_its_running_drawing(app, page):
    write_and_draw(page, "Rosa waves.")
    app.renderer.gate = threading.Event()
    write(page, "She sits down.")
    card(page, 2).locator(".sb-preview:not([hidden])").wait_for()
    page.reload()
    wait_drawn(page, 1)
    card(page, 2).locator(".sb-preview:not([hidden])").wait_for()
    app.renderer.gate.set()
    wait_drawn(page, 2)


def test_what_the_models_load_and_what_they_go_on_without_is_said(app, page, monkeypatch):
    app.renderer.gate = threading.Event()
    monkeypatch.setattr(app.renderer, "doing", "Downloading Tiny: 1 of 2 MB")
    write(page, "Rosa waves.")
    page.locator(".sb-queue-text", has_text="Downloading Tiny: 1 of 2 MB").wait_for()
    monkeypatch.setattr(app.renderer, "doing", "")
    monkeypatch.setattr(app.renderer, "notice", "Tiny is missing; get it.")
    page.locator(".sb-notice", has_text="Tiny is missing; get it.").wait_for()
    page.locator(".sb-queue-text", has_text="Drawing frame 1").wait_for()
    app.renderer.gate.set()
    wait_drawn(page, 1)
    page.reload()
    page.locator(".sb-notice", has_text="Tiny is missing; get it.").wait_for()


def test_an_unknown_story_opens_a_new_one_and_says_so(app, visit):
    page = visit(f"{app.url}?story=gone-for-good")
    assert "not here any more" in page.locator(".sb-notice").inner_text()
    assert app.studio.has(story_of(page)) and story_of(page) != "gone-for-good"


def test_three_visitors_draw_three_stories_at_once_without_seeing_each_other(app, visit):
    pages = [visit() for _ in range(3)]
    names = ("Rosa", "Milo", "Bolt")
    for page, name in zip(pages, names, strict=True):
        write(page, f"{name} waves.", f"{name} sings.")
    for page, name in zip(pages, names, strict=True):
        wait_drawn(page, 1)
        wait_drawn(page, 2)
        assert sentences(page) == [f"{name} waves.", f"{name} sings."]
        assert len(story_in(app, page).frames) == 2
    assert len({story_of(page) for page in pages}) == 3


def test_a_second_tab_sees_what_the_first_one_does(app, page):
    write_and_draw(page, "Rosa waves.")
    second = page.context.new_page()
    second.goto(page.url)
    second.wait_for_selector(".sb-ready")
    wait_drawn(second, 1)
    write(page, "She sits down.")
    wait_drawn(second, 2)
    menu(page, 1, "Move later")
    wait_sentences(second, "She sits down.", "Rosa waves.")


def test_an_edit_whose_sentence_changed_in_another_tab_is_not_lost_and_overwrites_nothing(app, page):
    write_and_draw(page, "Rosa waves.")
    box = sentence(page, 1)
    box.click()
    box.fill("Rosa sings.")
    story = story_in(app, page)
    app.studio.change(
        story.id, "edit_frame", frame=story.frames[0].id, caption="Rosa reads."
    )  # in the other tab
    card(page, 1).locator(".sb-clash", has_text="Rosa reads.").wait_for()
    assert card(page, 1).locator(".sb-hint").is_hidden()  # it would cover the choice
    box.press("Enter")
    card(page, 1).locator(".sb-problem", has_text="changed elsewhere").wait_for()
    assert (box.input_value(), story_in(app, page).frames[0].caption) == ("Rosa sings.", "Rosa reads.")
    card(page, 1).get_by_role("button", name="Keep mine").click()
    card(page, 1).locator(".sb-clash").wait_for(state="hidden")
    assert story_in(app, page).frames[0].caption == "Rosa sings."


def test_two_tabs_type_in_one_frame_and_neither_loses_its_words(app, page):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    second = page.context.new_page()
    second.goto(page.url)
    second.wait_for_selector(".sb-ready")
    wait_drawn(second, 2)
    sentence(page, 1).fill("Rosa sings.")
    sentence(second, 1).fill("Rosa reads.")
    sentence(second, 2).fill("Milo sings.")  # this leaves the first box, which saves it
    card(page, 1).locator(".sb-clash", has_text="Rosa reads.").wait_for()
    sentence(page, 1).press("Enter")
    card(page, 1).locator(".sb-problem", has_text="changed elsewhere").wait_for()
    assert sentence(page, 1).input_value() == "Rosa sings."
    sentence(second, 2).press("Enter")
    wait_drawn(second, 2, takes=2)
    card(page, 1).get_by_role("button", name="Take theirs").click()
    wait_sentences(page, "Rosa reads.", "Milo sings.")
    assert [frame.caption for frame in story_in(app, page).frames] == ["Rosa reads.", "Milo sings."]


def test_the_list_of_stories_opens_renames_copies_deletes_and_brings_back(app, page):
    write_and_draw(page, "Rosa waves.")
    first = story_of(page)
    page.fill(".sb-story-title", "A day out")
    page.press(".sb-story-title", "Enter")
    page.get_by_role("button", name="Stories").click()
    dialog = page.get_by_role("dialog", name="Your stories")
    dialog.get_by_role("button", name="Open A day out", exact=True).wait_for()
    assert dialog.locator(".sb-story-face img").count() == 1
    dialog.get_by_role("button", name="Duplicate A day out", exact=True).click()
    dialog.get_by_role("button", name="Rename A day out (copy)").click()
    dialog.locator(".sb-rename").fill("A night in")
    dialog.locator(".sb-rename").press("Enter")
    dialog.get_by_role("button", name="Delete A day out", exact=True).click()
    page.locator(".sb-toast", has_text="is deleted").wait_for()
    page.wait_for_function("old => new URLSearchParams(location.search).get('story') !== old", arg=first)
    assert not app.studio.has(first)
    page.get_by_role("button", name="Stories").click()
    dialog.get_by_text("Deleted", exact=True).click()
    dialog.get_by_role("button", name="Restore").click()
    dialog.get_by_role("button", name="Open A day out", exact=True).click()
    wait_sentences(page, "Rosa waves.")
    assert story_of(page) == first


def test_a_story_renamed_by_two_quick_presses_is_renamed_once_more(page):
    """The answer to the second press came after the row of the first was gone, and the script failed."""
    write_and_draw(page, "Rosa waves.")
    page.get_by_role("button", name="Stories").click()
    dialog = page.get_by_role("dialog", name="Your stories")
    dialog.get_by_role("button", name="Rename Rosa waves.").click()
    dialog.locator(".sb-rename").fill("A night in")
    box = dialog.locator(".sb-rename").element_handle()
    press = "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}))"
    box.evaluate(press)
    dialog.get_by_role("button", name="Open A night in", exact=True).wait_for()
    with page.expect_response(lambda one: "rename_story" in (one.request.post_data or "")):
        box.evaluate(press)
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")  # so that the answer can take effect


def test_the_list_of_one_browser_is_not_that_of_another_but_a_link_opens_anywhere(app, page, visit):
    write_and_draw(page, "Rosa waves.")
    other = visit()
    other.get_by_role("button", name="Stories").click()
    other.get_by_text("No stories yet").wait_for()
    other.goto(page.url)
    other.wait_for_selector(".sb-ready")
    wait_drawn(other, 1)
    other.get_by_role("button", name="Stories").click()
    other.get_by_role("button", name="Open Rosa waves.").wait_for()


def test_a_first_visit_is_shown_the_finished_example_and_the_next_one_is_not(visit, tmp_path):
    path = tmp_path / "example.storyboard"
    write_project(*drawn_story(tmp_path, "Rosa waves.", "She sings."), path)
    with serving(tmp_path / "library", example=path) as example_app:
        page = visit(example_app.url)
        wait_sentences(page, "Rosa waves.", "She sings.")
        for number in (1, 2):
            wait_drawn(page, number)
            assert card(page, number).locator(".sb-stale").is_hidden()
        assert "finished example" in page.locator(".sb-notice").inner_text()
        page.locator(".sb-notice").get_by_role("button", name="New story").click()
        page.locator(".sb-empty").wait_for()
        # The focus stayed on the button, which was gone, so typed words went nowhere.
        page.locator("#sb-next:focus").wait_for()
        page.goto(example_app.url)  # again, without the story's link
        page.wait_for_selector(".sb-ready")
        assert sentences(page) == [] and page.locator(".sb-notice").is_hidden()
        assert example_app.renderer.requests == []


def test_a_restart_brings_the_board_back_and_offers_what_was_being_drawn(visit, tmp_path):
    with serving(tmp_path) as before:
        page = visit(before.url)
        write_and_draw(page, "Rosa waves.")
        before.renderer.gate = threading.Event()
        write(page, "She sits down.")
        card(page, 2).locator(".sb-preview:not([hidden])").wait_for()
    write(page, "Milo reads.")  # nobody is there to receive it
    page.locator(".sb-composer .sb-problem:not([hidden])").wait_for()
    assert page.input_value("#sb-next") == "Milo reads."
    with serving(tmp_path, port=before.port) as after:
        page.locator(".sb-todo", has_text="1 drawing was interrupted.").wait_for()
        assert sentences(page) == ["Rosa waves.", "She sits down."]
        assert card(page, 1).locator(".sb-image").is_visible()
        page.get_by_role("button", name="Draw on").click()
        wait_drawn(page, 2)
        page.press("#sb-next", "Enter")
        wait_drawn(page, 3)
        assert [frame.caption for frame in story_in(after, page).frames] == [
            "Rosa waves.",
            "She sits down.",
            "Milo reads.",
        ]
