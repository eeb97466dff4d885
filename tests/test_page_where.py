"""Where a frame is, on the page: a chip says how this is known, and a menu chooses another place."""

import pytest

from tests.pages import card, story_in, wait_drawn, write, write_and_draw

pytestmark = [pytest.mark.browser, pytest.mark.own_hand("knows no places")]


def place_chip(page, number):
    return card(page, number).locator(".sb-where")


def shown(page, number):
    return place_chip(page, number).locator("span").first.inner_text()


def choose(page, number, words):
    place_chip(page, number).click()
    page.get_by_role("menuitemradio", name=words).click()


def test_a_place_is_shown_as_said_or_carried_on_and_another_one_is_drawn_when_chosen(app, page):
    write_and_draw(page, "Rosa waves.", "Rosa reads in the park.", "She sits.")
    place_chip(page, 3).wait_for()
    assert [shown(page, number) for number in (1, 2, 3)] == [
        "where = ?",
        "in the park",
        "in the park (from frame 2)",
    ]
    assert place_chip(page, 2).get_attribute("title") == "The sentence says so"
    choose(page, 3, "in the kitchen")
    place_chip(page, 3).get_by_text("in the kitchen", exact=True).wait_for()
    assert place_chip(page, 3).get_attribute("title") == "You said so"
    card(page, 3).locator(".sb-cause", has_text="how its words are drawn changed").wait_for()
    assert card(page, 3).locator("textarea").input_value() == "She sits."
    card(page, 3).get_by_role("button", name="Update").click()
    wait_drawn(page, 3, takes=2)
    assert story_in(app, page).frames[2].take.resolved == "In the kitchen, she sits."
    write(page, "She sings.")
    place_chip(page, 4).get_by_text("in the kitchen (from frame 3)").wait_for()
    choose(page, 3, "As the story says")
    place_chip(page, 3).get_by_text("in the park (from frame 2)").wait_for()
    page.keyboard.press("Control+z")
    place_chip(page, 3).get_by_text("in the kitchen", exact=True).wait_for()


def test_a_new_scene_carries_no_place_on_and_may_be_taken_back(app, page):
    write_and_draw(page, "Rosa reads in the park.", "Milo sings.")
    choose(page, 2, "A new scene")
    place_chip(page, 2).get_by_text("where = ?").wait_for()
    assert story_in(app, page).frames[1].sees == 0
    choose(page, 2, "A new scene")
    place_chip(page, 2).get_by_text("in the park (from frame 1)").wait_for()


def test_the_menu_of_places_opens_and_chooses_by_keys(app, page):
    write_and_draw(page, "Rosa waves.")
    place_chip(page, 1).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    place_chip(page, 1).get_by_text("in the kitchen", exact=True).wait_for()
    assert page.evaluate("document.activeElement.classList.contains('sb-where')")


def test_what_a_sentence_is_read_as_stands_under_the_line_with_the_words_it_came_from(page):
    write_and_draw(page, "Rosa waves to Milo in the park.")
    page.fill("#sb-next", "She greets him.")
    gist = page.locator(".sb-gist")
    gist.get_by_text(
        "Read as: Rosa waves (\u201cgreets\u201d) \u00b7 with Milo \u00b7 in the park (from frame 1)"
    ).wait_for()
    page.fill("#sb-next", "")
    gist.wait_for(state="hidden")


def test_the_closest_is_drawn_with_one_press_and_the_writers_words_stay(app, page):
    page.fill("#sb-next", "Rosa jumps in the old castle.")
    page.get_by_role(
        "button", name="Draw \u201cin the old castle\u201d as \u201cin the kitchen\u201d"
    ).click()
    page.locator(".sb-gist", has_text="in the kitchen").wait_for()
    assert page.input_value("#sb-next") == "Rosa jumps in the old castle."
    page.get_by_role("button", name="\u201cin the old castle\u201d is drawn as").wait_for()
    page.press("#sb-next", "Enter")
    wait_drawn(page, 1)
    frame = story_in(app, page).frames[0]
    assert (frame.caption, frame.take.text) == (
        "Rosa jumps in the old castle.",
        "Rosa jumps in the kitchen.",
    )
    assert page.locator(".sb-closest").is_hidden() and page.locator(".sb-gist").is_hidden()
    card(page, 1).locator(".sb-unlearned").click()
    page.get_by_role("menuitem", name="jumps").click()
    card(page, 1).get_by_text("\u201cjumps\u201d drawn as \u201cwaves\u201d").wait_for()
    card(page, 1).get_by_text("\u201cjumps\u201d drawn as \u201cwaves\u201d").click()
    card(page, 1).get_by_text("\u201cjumps\u201d drawn as").wait_for(state="detached")
    assert len(story_in(app, page).frames[0].wordings) == 1
