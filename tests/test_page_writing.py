"""Writing on the page: a sentence and Enter draws it; no typed word is lost or interrupted; a whole script at once."""

import threading

import pytest

from tests.pages import (
    card,
    menu,
    paste,
    picture,
    sentence,
    story_in,
    wait_drawn,
    wait_sentences,
    write,
    write_and_draw,
)

pytestmark = pytest.mark.browser


def test_a_sentence_and_enter_make_a_drawn_card_and_the_next_line_is_ready(page):
    page.locator("#sb-next:focus").wait_for()
    page.keyboard.type("Rosa waves in the park.")
    page.keyboard.press("Enter")
    wait_drawn(page, 1)
    assert page.input_value("#sb-next") == ""
    page.keyboard.type("She sits down.")
    page.keyboard.press("Enter")
    wait_drawn(page, 2)
    wait_sentences(page, "Rosa waves in the park.", "She sits down.")
    size = card(page, 2).locator(".sb-image").evaluate("image => [image.complete, image.naturalWidth]")
    assert size == [True, 32]
    assert "Saved" in page.locator(".sb-saved").inner_text()


def test_typing_in_one_card_is_not_disturbed_while_another_is_redrawn(app, page):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    old = picture(page, 1)
    app.renderer.gate = threading.Event()
    card(page, 1).locator(".sb-reroll").click()
    card(page, 1).locator(".sb-progress").wait_for()
    box = sentence(page, 2)
    box.click()
    box.press("End")
    page.keyboard.type(" He turns the page,", delay=30)
    assert picture(page, 1) == old  # it is not blank meanwhile
    app.renderer.gate.set()
    wait_drawn(page, 1, takes=2)
    page.keyboard.type(" slowly.", delay=30)
    assert box.input_value() == "Milo reads. He turns the page, slowly."
    assert box.evaluate("box => box === document.activeElement")
    box.press("Enter")
    wait_drawn(page, 2, takes=2)
    assert story_in(app, page).frames[1].caption == "Milo reads. He turns the page, slowly."


def test_a_box_being_typed_in_keeps_its_focus_and_words_when_cards_move_around_it(app, page):
    write_and_draw(page, "Rosa waves.", "Milo reads.", "Bolt sings.")
    box = sentence(page, 2)
    box.click()
    box.press("End")
    page.keyboard.type(" Aloud")
    story = story_in(app, page)
    app.studio.change(story.id, "move_frame", frame=story.frames[0].id, number=3)
    wait_sentences(page, "Milo reads. Aloud", "Bolt sings.", "Rosa waves.")
    page.keyboard.type(", too.")
    assert sentence(page, 1).input_value() == "Milo reads. Aloud, too."


def test_a_refused_sentence_comes_back_with_the_reason(page):
    write(page, "Zelda waves to everyone.")
    page.locator(".sb-composer .sb-problem:not([hidden])").wait_for()
    assert "Zelda" in page.locator(".sb-composer .sb-problem").inner_text()
    assert page.input_value("#sb-next") == "Zelda waves to everyone."
    assert page.locator(".sb-card").count() == 0
    assert page.locator(".sb-toast").count() == 0  # the reason is beside the line, and only there


def test_words_left_in_a_card_are_saved_without_drawing_and_shown_as_out_of_date_with_the_cause(app, page):
    write_and_draw(page, "Rosa waves.")
    sentence(page, 1).fill("Rosa sings.")
    page.focus("#sb-next")
    card(page, 1).locator(".sb-stale:not([hidden])").wait_for()
    assert card(page, 1).locator(".sb-cause").inner_text() == "Out of date: the sentence changed"
    (frame,) = story_in(app, page).frames
    assert (frame.caption, len(frame.takes)) == ("Rosa sings.", 1)


def test_all_that_is_out_of_date_is_updated_by_one_button_that_says_how_much(page):
    write_and_draw(page, "Rosa waves.", "She sings.", "Milo reads.", "Bolt sings.")
    sentence(page, 1).fill("Rosa sings.")
    sentence(page, 1).press("Enter")
    update = page.get_by_role("button", name="Update all (3 frames")
    update.wait_for()
    assert "about" in update.inner_text()
    assert card(page, 2).locator(".sb-cause").inner_text() == "Out of date: frame 1's picture changed"
    menu(page, 4, "Lock")
    page.get_by_role("button", name="Update all (2 frames").click()  # all but the locked one
    wait_drawn(page, 2, takes=2)
    wait_drawn(page, 3, takes=2)
    assert card(page, 4).locator(".sb-take").is_hidden()


def test_escape_brings_the_old_sentence_back(app, page):
    write_and_draw(page, "Rosa waves.")
    sentence(page, 1).fill("Rosa sin")
    sentence(page, 1).press("Escape")
    assert sentence(page, 1).input_value() == "Rosa waves."
    assert len(story_in(app, page).frames[0].takes) == 1


def test_a_frame_comes_in_before_and_after_another_and_is_told_what_that_touches(page):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    menu(page, 2, "Insert before")
    assert page.locator(".sb-composer label").inner_text() == "What happens before frame 2?"
    assert "1 picture after it would be out of date" in page.locator(".sb-place").inner_text()
    write(page, "Bolt sings.")
    wait_sentences(page, "Rosa waves.", "Bolt sings.", "Milo reads.")
    write(page, "Bolt sings again.")  # it continues behind the new one
    wait_sentences(page, "Rosa waves.", "Bolt sings.", "Bolt sings again.", "Milo reads.")
    page.get_by_role("button", name="Back to the end").click()
    write(page, "Rosa sings.")
    wait_sentences(page, "Rosa waves.", "Bolt sings.", "Bolt sings again.", "Milo reads.", "Rosa sings.")


def test_a_script_is_split_shown_thinned_out_and_accepted(page):
    page.get_by_role("button", name="Paste a script").click()
    page.fill(".sb-script-text", "Panel 1: Rosa waves. Milo reads.\n\n- Bolt sings.")
    lines = page.locator(".sb-split-words")
    lines.nth(2).wait_for()
    assert lines.all_inner_texts() == ["Rosa waves.", "Milo reads.", "Bolt sings."]
    page.get_by_role("button", name="Leave out: Milo reads.").click()
    page.get_by_role("button", name="Add 2 frames").click()
    wait_sentences(page, "Rosa waves.", "Bolt sings.")
    wait_drawn(page, 2)


def test_a_script_pasted_while_inserting_goes_where_a_sentence_would(page):
    """The script went to the end of the story."""
    for sentence_ in ("Rosa waves.", "Milo reads."):
        write(page, sentence_)
    wait_sentences(page, "Rosa waves.", "Milo reads.")
    menu(page, 1, "Insert after")
    page.get_by_role("button", name="Paste a script").click()
    page.fill(".sb-script-text", "Bolt sings. Bolt sleeps.")
    page.get_by_role("button", name="Add 2 frames").click()
    wait_sentences(page, "Rosa waves.", "Bolt sings.", "Bolt sleeps.", "Milo reads.")
    write(page, "Bolt wakes.")
    wait_sentences(page, "Rosa waves.", "Bolt sings.", "Bolt sleeps.", "Bolt wakes.", "Milo reads.")


def test_words_that_were_not_saved_survive_a_reload(page):
    write_and_draw(page, "Rosa waves.")
    page.fill("#sb-next", "She walks in the")
    sentence(page, 1).fill("Zelda waves to everyone.")  # it is refused, so it is not saved
    page.focus("#sb-next")
    card(page, 1).locator(".sb-problem:not([hidden])").wait_for()
    page.reload()
    page.wait_for_selector(".sb-ready")
    card(page, 1).wait_for()
    assert page.input_value("#sb-next") == "She walks in the"
    assert sentence(page, 1).input_value() == "Zelda waves to everyone."


@pytest.mark.own_hand("does not say which words it has learned")
def test_chips_write_themselves_into_the_sentence_and_a_word_never_learned_is_noted_gently(page):
    page.locator("#sb-next").focus()
    for chip in ("Rosa", "waves", "in the park"):
        page.locator(".sb-ideas").get_by_role("button", name=chip, exact=True).click()
    assert page.input_value("#sb-next") == "Rosa waves in the park"
    page.keyboard.type(" at a dragon")
    page.locator(".sb-unknown:not([hidden])").wait_for()
    assert "“dragon”" in page.locator(".sb-unknown").inner_text()
    page.keyboard.press("Enter")
    wait_drawn(page, 1)  # it is a note, not a refusal


@pytest.mark.parametrize(
    "script, frames",
    [
        ("Rosa waves.\nMilo reads.\n\nBolt sings.\n", ["Rosa waves.", "Milo reads.", "Bolt sings."]),
        ("Rosa waves. " * 60, ["Rosa waves."] * 60),
    ],
    ids=["lines", "more than fits"],
)
def test_a_script_pasted_into_the_line_opens_in_its_window_whole(page, script, frames):
    """The line silently kept 600 characters of the script, and made one frame of all its lines."""
    page.fill("#sb-next", "And ")
    paste(page, page.locator("#sb-next"), script)
    dialog = page.get_by_role("dialog", name="Paste a script")
    lines = dialog.locator(".sb-split-words")
    lines.nth(len(frames) - 1).wait_for()
    assert lines.all_inner_texts() == frames
    assert dialog.locator(".sb-script-text").input_value() == script
    assert page.input_value("#sb-next") == "And "


def test_a_short_sentence_is_pasted_into_the_line_as_ever(page):
    paste(page, page.locator("#sb-next"), "Rosa waves. \n")
    assert page.input_value("#sb-next").strip() == "Rosa waves."
    assert page.get_by_role("dialog").count() == 0


def test_what_a_card_has_no_room_for_is_counted(page):
    """A sentence that was pasted into a card silently lost everything over the limit."""
    write_and_draw(page, "Rosa waves.")
    sentence(page, 1).fill("")
    paste(page, sentence(page, 1), "Rosa waves. " * 51)
    page.locator(".sb-toast", has_text="12 characters were left out: there is room for 600.").wait_for()
    assert sentence(page, 1).input_value() == "Rosa waves. " * 50


@pytest.mark.own_hand("does not say which words it has learned")
def test_a_card_carries_the_note_about_words_never_learned(page):
    """The note came after a pause in typing and disappeared with Enter, so that almost nobody saw it."""
    write_and_draw(page, "Rosa waves at a dragon.", "Milo waves.")
    mark = card(page, 1).locator(".sb-unlearned")
    mark.wait_for()
    assert mark.inner_text() == "Not learned: dragon"
    note = "“dragon” is a word this model has not learned; it may not show."
    assert mark.get_attribute("title") == mark.get_attribute("aria-label") == note
    mark.click()
    page.locator(".sb-toast", has_text=note).wait_for()
    assert card(page, 2).locator(".sb-unlearned").is_hidden()
    page.get_by_role("button", name="Paste a script").click()
    page.fill(".sb-script-text", "Bolt waves to a unicorn.")
    page.get_by_role("button", name="Add 1 frame").click()
    card(page, 3).locator(".sb-unlearned", has_text="Not learned: unicorn").wait_for()
    sentence(page, 1).fill("Rosa waves.")
    sentence(page, 1).press("Enter")
    mark.wait_for(state="hidden")


@pytest.mark.own_hand("can draw nobody")
def test_a_sentence_about_nobody_says_that_somebody_will_be_drawn(page):
    """The picture of "Night falls over the park." showed one of the cast, and nothing said why."""
    note = "This sentence is about nobody of the cast, and this model draws one of them all the same."
    page.fill("#sb-next", "In the park.")
    page.locator(".sb-composer .sb-unknown", has_text=note).wait_for()
    page.keyboard.press("Enter")
    wait_drawn(page, 1)  # it is a note, not a refusal
    mark = card(page, 1).locator(".sb-unlearned", has_text="Nobody named")
    mark.wait_for()
    assert mark.get_attribute("title") == note
    write_and_draw(page, "A dragon sings.")
    card(page, 2).locator(".sb-unlearned", has_text="Not learned: dragon · Nobody named").wait_for()


def test_sentences_typed_fast_stay_in_their_order_whatever_overtakes_what(page):
    """On a busy machine two requests at the same time arrived in the wrong order, and frame 3 came before frame 2."""
    held = []

    def hold(route):
        if not held and "add_frame" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/component_server/**", hold)
    write(page, "Rosa waves.", "Milo reads.", "Bolt sings.")
    page.wait_for_timeout(300)
    held[0].continue_()
    wait_sentences(page, "Rosa waves.", "Milo reads.", "Bolt sings.")
