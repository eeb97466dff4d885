"""Hostile words on the page stay words, wherever they are shown."""

import pytest

from tests.pages import card, open_panel, sentence, story_in, wait_drawn, write

pytestmark = pytest.mark.browser
HOSTILE = 'Rosa says <img src=x onerror="window.hit=1"> ${window.hit=1} {{7*7}} `${7*7}` </textarea><b>x</b>'


def is_inert(page):
    return (
        page.evaluate("window.hit") is None
        and page.locator("img[src=x], #storyboard b:text-is('x')").count() == 0
    )


def test_hostile_sentences_stay_words(page):
    write(page, HOSTILE)
    wait_drawn(page, 1)
    page.reload()
    page.wait_for_selector(".sb-ready")
    wait_drawn(page, 1)
    assert sentence(page, 1).input_value() == HOSTILE
    open_panel(page, 1).locator(".sb-facts").wait_for()
    page.get_by_role("button", name="Paste a script").click()
    page.fill(".sb-script-text", HOSTILE)
    page.locator(".sb-split-words").first.wait_for()
    assert is_inert(page)


def test_hostile_names_and_titles_stay_words(app, page):
    name = "<b>x</b>${window.hit=1}"
    story = story_in(app, page)
    app.studio.edit_character(story.id, "Rosa", name, "she", ['"><img src=x onerror=window.hit=1>'])
    app.studio.rename(story.id, HOSTILE)
    page.get_by_role("button", name=f"{name}, she").click()
    assert page.get_by_role("dialog").get_by_label("Name").input_value() == name
    page.keyboard.press("Escape")
    write(page, f"{name} waves.")
    wait_drawn(page, 1)
    assert card(page, 1).locator(".sb-who .sb-chip").first.inner_text() == name
    page.get_by_role("button", name="Stories").click()
    page.locator(".sb-story-words").first.wait_for()
    assert page.input_value(".sb-story-title") == HOSTILE
    assert is_inert(page)
