"""Pictures that may be wrong, on the page: the card says so, they can be visited one by one, and drawn again."""

import pytest

from storyboard.renderer import Verdict
from tests.pages import card, open_panel, story_in, wait_drawn, write_and_draw

pytestmark = [pytest.mark.browser, pytest.mark.own_hand("has no judge")]

MISSING = Verdict(missing=("Milo",), others=("Rosa",), place="beach")


def wrong(page, number):
    return card(page, number).locator(".sb-wrong")


def choose(page, words):
    page.locator(".sb-settings").click()
    group = page.get_by_role("dialog").get_by_role("group", name="Pictures that may be wrong")
    group.locator(".sb-tile", has_text=words).click()
    group.get_by_role("radio", name=words, checked=True).wait_for()
    page.keyboard.press("Escape")


def test_what_is_wrong_is_said_on_the_card_in_the_panel_and_over_the_board(app, page):
    app.renderer.verdicts = [Verdict(), MISSING]
    write_and_draw(page, "Rosa waves.", "Milo sings in the park.")
    said = "Milo is missing, Rosa is there too, it looks like another place (beach)"
    assert said in wrong(page, 2).inner_text() and wrong(page, 1).is_hidden()
    assert said in open_panel(page, 2).locator(".sb-facts").inner_text()
    page.get_by_text("1 picture may be wrong.").wait_for()
    page.get_by_role("button", name="Show only these").click()
    card(page, 1).wait_for(state="hidden")
    page.get_by_role("button", name="Show all").click()
    card(page, 1).wait_for()


def test_it_is_drawn_again_on_request_and_the_best_take_is_kept(app, page):
    app.renderer.verdicts = [MISSING, Verdict(missing=("Milo",)), MISSING, MISSING]
    write_and_draw(page, "Milo sings.")
    wrong(page, 1).get_by_role("button", name="keep the best").click()
    wait_drawn(page, 1, takes=4)
    page.wait_for_function("document.querySelector('.sb-take').textContent === '2/4'")
    assert "Milo is missing." in wrong(page, 1).inner_text()


def test_it_is_drawn_again_unasked_or_nothing_is_said_as_the_writer_wants(app, page):
    choose(page, "Draw them again")
    app.renderer.verdicts = [MISSING, Verdict()]
    write_and_draw(page, "Milo sings.")
    wait_drawn(page, 1, takes=2)
    assert wrong(page, 1).is_hidden() and story_in(app, page).checking == "always"
    choose(page, "Say nothing")
    app.renderer.verdicts = [MISSING]
    write_and_draw(page, "Milo waves.")
    wait_drawn(page, 2)
    assert wrong(page, 1).is_hidden() and wrong(page, 2).is_hidden()
    assert page.get_by_text("may be wrong").count() == 0
