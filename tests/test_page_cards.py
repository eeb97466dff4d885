"""Cards on the page: order by drag, keys and menu; duplicate, remove and take back; lock; undo of everything."""

import pytest

from tests.pages import (
    card,
    menu,
    sentence,
    story_in,
    wait_drawn,
    wait_sentences,
    write,
    write_and_draw,
)

pytestmark = pytest.mark.browser
THREE = ("Rosa waves.", "Milo reads.", "Bolt sings.")


def drag(page, number, onto, **place):
    """Drops a card's picture on that of card `onto`, at a place in it."""
    target = card(page, onto).locator(".sb-picture")
    card(page, number).locator(".sb-picture").drag_to(target, target_position=place)


def test_cards_are_reordered_by_dragging(page):
    write_and_draw(page, *THREE)
    drag(page, 1, 3, x=200, y=60)
    wait_sentences(page, "Milo reads.", "Bolt sings.", "Rosa waves.")
    drag(page, 3, 2, x=10, y=60)
    wait_sentences(page, "Milo reads.", "Rosa waves.", "Bolt sings.")


def test_in_one_column_words_stand_beside_their_picture_and_cards_are_dragged_up_and_down(visit):
    page = visit(viewport={"width": 1280, "height": 1700})
    write_and_draw(page, *THREE)
    page.locator(".sb-columns").fill("1")
    box, picture = sentence(page, 1).bounding_box(), card(page, 1).locator(".sb-picture").bounding_box()
    assert box["x"] >= picture["x"] + picture["width"] and box["y"] < picture["y"] + 20
    drag(page, 1, 2, x=10, y=300)
    wait_sentences(page, "Milo reads.", "Rosa waves.", "Bolt sings.")
    drag(page, 3, 2, x=200, y=60)
    wait_sentences(page, "Milo reads.", "Bolt sings.", "Rosa waves.")


def test_cards_are_reordered_by_keys_and_keep_the_focus(page):
    write_and_draw(page, *THREE)
    card(page, 1).locator(".sb-open").focus()
    page.keyboard.press("Alt+ArrowRight")
    wait_sentences(page, "Milo reads.", "Rosa waves.", "Bolt sings.")
    page.keyboard.press("Alt+ArrowRight")
    wait_sentences(page, "Milo reads.", "Bolt sings.", "Rosa waves.")
    page.keyboard.press("Alt+ArrowLeft")
    wait_sentences(page, "Milo reads.", "Rosa waves.", "Bolt sings.")
    assert card(page, 2).locator(".sb-open").evaluate("button => button === document.activeElement")


def test_cards_are_reordered_by_menu(page):
    write_and_draw(page, *THREE)
    menu(page, 3, "Move to the beginning")
    wait_sentences(page, "Bolt sings.", "Rosa waves.", "Milo reads.")
    menu(page, 1, "Move later")
    wait_sentences(page, "Rosa waves.", "Bolt sings.", "Milo reads.")


def test_a_frame_is_removed_at_once_and_comes_back_from_the_message(app, page):
    write_and_draw(page, *THREE)
    menu(page, 2, "Remove")
    wait_sentences(page, "Rosa waves.", "Bolt sings.")
    page.locator(".sb-toast").get_by_role("button", name="Undo").click()
    wait_sentences(page, *THREE)
    assert len(story_in(app, page).frames[1].takes) == 1
    assert card(page, 2).locator(".sb-image").is_visible()


def test_a_copy_stands_behind_its_original_with_its_picture(page):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    card(page, 1).locator(".sb-open").focus()
    page.keyboard.press("d")
    wait_sentences(page, "Rosa waves.", "Rosa waves.", "Milo reads.")
    wait_drawn(page, 2)


def test_keys_walk_over_the_cards_edit_lock_and_remove(app, page):
    write_and_draw(page, *THREE)
    card(page, 1).locator(".sb-open").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    card(page, 2).locator(".sb-lock[aria-pressed=true]").wait_for()
    page.keyboard.press("e")
    assert sentence(page, 2).evaluate("box => box === document.activeElement")
    page.keyboard.type("lll")  # these are letters, not commands
    page.keyboard.press("Escape")
    card(page, 2).locator(".sb-open").focus()
    page.keyboard.press("Delete")
    wait_sentences(page, "Rosa waves.", "Bolt sings.")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_undo_and_redo_reach_through_everything_text_included(app, page):
    empty = story_in(app, page)
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    sentence(page, 1).fill("Rosa sings.")
    page.focus("#sb-next")
    card(page, 1).locator(".sb-stale:not([hidden])").wait_for()
    menu(page, 1, "Move later")
    wait_sentences(page, "Milo reads.", "Rosa sings.")
    menu(page, 1, "Lock")
    card(page, 1).locator(".sb-lock[aria-pressed=true]").wait_for()
    menu(page, 2, "Remove")
    wait_sentences(page, "Milo reads.")
    page.focus("#sb-next")
    for expected in (
        ["Milo reads.", "Rosa sings."],
        None,
        ["Rosa sings.", "Milo reads."],
        ["Rosa waves.", "Milo reads."],
    ):
        page.keyboard.press("Control+z")
        if expected:
            wait_sentences(page, *expected)
        else:
            card(page, 1).locator(".sb-lock[aria-pressed=false]").wait_for()
    page.keyboard.press("Control+z")
    wait_sentences(page, "Rosa waves.")
    page.keyboard.press("Control+z")
    wait_sentences(page)
    assert story_in(app, page).frames == empty.frames
    for _ in range(3):
        page.locator(".sb-redo").click()
        page.wait_for_timeout(50)
    wait_sentences(page, "Rosa sings.", "Milo reads.")
    assert len(story_in(app, page).frames[0].takes) == 1  # frames came back with their pictures


def test_undo_in_a_box_with_unsaved_words_is_the_browsers_own(app, page):
    write_and_draw(page, "Rosa waves.")
    box = sentence(page, 1)
    box.click()
    box.press("End")
    page.keyboard.type("x")
    page.keyboard.press("Control+z")
    assert box.input_value() == "Rosa waves."
    assert len(story_in(app, page).frames) == 1


def test_the_grid_has_one_to_four_columns_and_remembers_it(page):
    write(page, *THREE)
    wait_drawn(page, 3)
    columns = "getComputedStyle(document.querySelector('.sb-cards')).gridTemplateColumns.split(' ').length"
    for count in (1, 2, 3, 4):
        page.locator(".sb-columns").fill(str(count))
        assert page.evaluate(columns) == count
    page.locator(".sb-columns").fill("2")
    page.reload()
    page.wait_for_selector(".sb-ready")
    assert page.evaluate(columns) == 2


def test_the_panel_opens_under_the_row_of_its_card(page):
    write_and_draw(page, *THREE)
    page.locator(".sb-columns").fill("2")
    card(page, 1).locator(".sb-open").click()
    order = "[...document.querySelector('.sb-cards').children].map((one) => one.className.split(' ')[0])"
    assert page.evaluate(order) == ["sb-card", "sb-card", "sb-panel", "sb-card"]
    page.locator(".sb-columns").fill("4")
    assert page.evaluate(order) == ["sb-card", "sb-card", "sb-card", "sb-panel"]
    page.keyboard.press("Escape")
    page.locator(".sb-panel").wait_for(state="detached")


@pytest.mark.own_hand("reads all there is")
def test_what_a_frame_reads_is_offered_as_far_as_the_model_reads(page):
    """The page offered "Everything before it" although the model reads only the last frames."""
    write_and_draw(page, *THREE, "Rosa reads.")

    def offered(number):
        card(page, number).locator(".sb-knot").click()
        words = page.get_by_role("menuitemradio").all_inner_texts()
        page.keyboard.press("Escape")
        return words

    assert offered(3) == ["Everything before it", "Only the last frame", "Nothing: a new scene"]
    most = "As much as this model reads: 2 frames"
    assert offered(4) == [most, "Only the last frame", "Nothing: a new scene"]


def test_what_was_undone_is_said_and_shown_and_can_be_done_again(visit):
    """Ctrl+Z changed something out of sight, and only screen readers were told what it was."""
    page = visit(viewport={"width": 1280, "height": 720})
    page.locator(".sb-columns").fill("1")
    write_and_draw(page, *THREE, "Rosa sings.")
    menu(page, 4, "Lock")
    card(page, 4).locator(".sb-lock[aria-pressed=true]").wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.focus("#sb-next")
    page.keyboard.press("Control+z")
    toast = page.locator(".sb-toast")
    toast.get_by_text("Undone: locking frame 4.").wait_for()
    in_sight = (
        "card => card.getBoundingClientRect().top > 0 && card.getBoundingClientRect().top < innerHeight / 2"
    )
    page.wait_for_function(in_sight, arg=card(page, 4).element_handle())
    page.keyboard.press("Control+z")
    toast.get_by_text("Undone: adding frame 4.").wait_for()
    wait_sentences(page, *THREE)
    assert toast.count() == 1  # only the latest one, whose button works
    toast.get_by_role("button", name="Redo").click()
    toast.get_by_text("Redone: adding frame 4.").wait_for()
    wait_sentences(page, *THREE, "Rosa sings.")
    toast.get_by_role("button", name="Undo").click()
    wait_sentences(page, *THREE)
