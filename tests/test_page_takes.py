"""Takes on the page: added, chosen, compared, drawn again with a seed; variants; stopping and retrying."""

import threading

import pytest

from storyboard.errors import StoryError
from tests.pages import (
    card,
    menu,
    open_panel,
    picture,
    sentence,
    story_in,
    wait_drawn,
    write,
    write_and_draw,
)

pytestmark = pytest.mark.browser


def test_an_older_take_brings_its_sentence_and_seed_back(app, page):
    write_and_draw(page, "Rosa waves.")
    first = picture(page, 1)
    sentence(page, 1).fill("Rosa sings.")
    sentence(page, 1).press("Enter")
    wait_drawn(page, 1, takes=2)
    assert picture(page, 1) != first
    panel = open_panel(page, 1)
    panel.locator(".sb-thumb").first.click()
    page.wait_for_function(
        "old => document.querySelector('.sb-image').getAttribute('src') === old", arg=first
    )
    assert sentence(page, 1).input_value() == "Rosa waves."
    (frame,) = story_in(app, page).frames
    assert panel.locator(".sb-seed").inner_text() == str(frame.takes[0].seed)
    assert not card(page, 1).locator(".sb-stale").is_visible()


def test_variants_are_shown_as_each_lands(app, page):
    write_and_draw(page, "Rosa waves.")
    panel = open_panel(page, 1)
    app.renderer.gate = threading.Event()
    panel.get_by_role("button", name="Draw 4 variants of frame 1").click()
    panel.locator("span.sb-thumb").nth(3).wait_for()  # four places are kept
    assert panel.locator("button.sb-thumb").count() == 1
    page.get_by_role("button", name="Queue", exact=True).click()
    told = page.locator(".sb-queue-rows .sb-row").all_inner_texts()
    assert ["".join(row.split()) for row in told] == [f"1Rosawaves.{n}of4" for n in (1, 2, 3, 4)]
    app.renderer.gate.set()
    panel.locator("button.sb-thumb").nth(4).wait_for()
    takes = story_in(app, page).frames[0].takes
    assert len({take.seed for take in takes}) == 5


def test_two_takes_are_compared_side_by_side_and_one_is_used(app, page):
    write_and_draw(page, "Rosa waves.")
    card(page, 1).locator(".sb-reroll").click()
    wait_drawn(page, 1, takes=2)
    open_panel(page, 1).get_by_role("button", name="Compare with").click()
    sides = page.get_by_role("dialog").locator(".sb-side img")
    assert sides.count() == 2
    assert sides.nth(0).get_attribute("src") != sides.nth(1).get_attribute("src")
    page.get_by_role("dialog").get_by_role("button", name="Use this one").nth(1).click()
    card(page, 1).locator(".sb-take:text-is('1/2')").wait_for()
    frame = story_in(app, page).frames[0]
    assert frame.chosen == frame.takes[0].id


def test_a_frame_is_drawn_again_under_a_seed_of_the_writers_and_keeps_it(app, page):
    write_and_draw(page, "Rosa waves.")
    panel = open_panel(page, 1)
    panel.locator(".sb-seed-field").fill("4711")
    panel.locator(".sb-seed-field").press("Enter")
    wait_drawn(page, 1, takes=2)
    frame = story_in(app, page).frames[0]
    assert (frame.take.seed, frame.seed) == (4711, 4711)
    panel.get_by_role("button", name="Keep this seed").click()
    panel.locator(".sb-keep-seed[aria-pressed=false]").wait_for()
    assert story_in(app, page).frames[0].seed is None
    panel.locator(".sb-seed-field").fill("seven")
    panel.locator(".sb-seed-field").press("Enter")
    page.locator(".sb-toast", has_text="whole number").wait_for()


def test_stopping_keeps_the_old_picture_and_cancel_all_empties_the_queue(app, page):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    old = picture(page, 1)
    app.renderer.gate = threading.Event()
    card(page, 1).locator(".sb-reroll").click()
    card(page, 1).locator(".sb-stop").click()
    card(page, 1).locator(".sb-progress").wait_for(state="hidden")
    assert picture(page, 1) == old
    for number in (1, 2):
        card(page, number).locator(".sb-reroll").click()
        card(page, number).locator(".sb-progress").wait_for()
    assert "1 more waiting" in page.locator(".sb-queue-text").inner_text()
    page.get_by_role("button", name="Queue", exact=True).click()
    page.get_by_role("button", name="Cancel frame 2").click()
    card(page, 2).locator(".sb-progress").wait_for(state="hidden")
    page.get_by_role("button", name="Cancel all").click()
    page.locator(".sb-queue").wait_for(state="hidden")
    assert [len(frame.takes) for frame in story_in(app, page).frames] == [1, 1]


def test_a_drawing_says_how_far_it_is_how_long_it_takes_and_how_many_of_others_come_first(app, page, visit):
    write_and_draw(page, "Rosa waves.")
    app.renderer.gate = threading.Event()
    card(page, 1).locator(".sb-reroll").click()
    card(page, 1).locator(".sb-status", has_text="Drawing, 33 %").wait_for()
    assert card(page, 1).locator(".sb-bar").get_attribute("aria-valuenow") == "33"
    told = page.locator(".sb-queue-text").inner_text()
    assert told.startswith("Drawing frame 1, 33 %") and "left" in told
    other = visit()
    write(other, "Milo reads.")
    other.locator(".sb-queue-text", has_text="Others are drawing: 1 before yours").wait_for()
    assert card(other, 1).locator(".sb-status").inner_text() == "Waiting, 1 before it"
    app.renderer.gate.set()
    wait_drawn(other, 1)


def test_a_failure_is_on_the_card_and_only_what_failed_is_retried(app, page):
    write_and_draw(page, "Rosa waves.")
    app.renderer.failure = StoryError("there is no more paint; buy some.")
    write(page, "Milo reads.")
    card(page, 2).locator(".sb-problem:not([hidden])").wait_for()
    assert card(page, 2).locator(".sb-problem").inner_text().startswith("Frame 2 could not be drawn")
    app.renderer.failure = None
    page.get_by_role("button", name="Retry the failed one").click()
    wait_drawn(page, 2)
    assert card(page, 2).locator(".sb-problem").is_hidden()
    assert len(story_in(app, page).frames[0].takes) == 1


def test_the_missing_ones_are_drawn_by_one_button(app, page):
    write_and_draw(page, "Rosa waves.")
    story = story_in(app, page)
    app.studio.add_many(story.id, ["Milo reads.", "Bolt sings."])
    page.get_by_role("button", name="Draw the 2 missing").click()
    wait_drawn(page, 3)
    assert not page.get_by_role("button", name="Draw the").is_visible()


def test_four_variants_come_from_the_menu_too(app, page):
    write_and_draw(page, "Rosa waves.")
    menu(page, 1, "Draw 4 variants")
    wait_drawn(page, 1, takes=5)
