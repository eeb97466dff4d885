"""Whole stories on the page: reloads, links, the list, several tabs and several visitors at once."""

import threading

import pytest

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
    app.studio.edit(story.id, story.frames[0].id, "Rosa reads.")  # the other tab
    card(page, 1).locator(".sb-clash", has_text="Rosa reads.").wait_for()
    box.press("Enter")
    card(page, 1).locator(".sb-problem", has_text="changed elsewhere").wait_for()
    assert (box.input_value(), story_in(app, page).frames[0].caption) == ("Rosa sings.", "Rosa reads.")
    card(page, 1).get_by_role("button", name="Keep mine").click()
    card(page, 1).locator(".sb-clash").wait_for(state="hidden")
    assert story_in(app, page).frames[0].caption == "Rosa sings."


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


def test_a_first_visit_is_shown_the_finished_example_and_the_next_one_is_not(visit, tmp_path, app):
    from storyboard.exports.project import write_project
    from storyboard.ui.board import board_calls

    page = visit()
    write_and_draw(page, "Rosa waves.", "She sings.")
    path = tmp_path / "example.storyboard"
    write_project(story_in(app, page), app.studio.pictures, path)
    calls = {call.__name__: call for call in board_calls(app.studio, example=path)}
    shown = calls["open_story"]({"shelf": "a-shelf-of-a-browser", "first": True})
    assert shown["example"] and [frame["caption"] for frame in shown["view"]["frames"]] == [
        "Rosa waves.",
        "She sings.",
    ]
    assert not any(frame["stale"] for frame in shown["view"]["frames"])
    assert calls["open_story"]({"shelf": "a-shelf-of-a-browser"})["view"]["frames"] == []
