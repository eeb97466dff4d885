"""Who is in a frame, on the page: chips, pronouns and their people, what a frame reads, why it looks so; the cast."""

from dataclasses import replace

import pytest
from PIL import Image

from tests.pages import card, open_panel, story_in, wait_drawn, write, write_and_draw
from tests.photos import HEIC

pytestmark = pytest.mark.browser


def chip(page, number, name):
    return card(page, number).locator(".sb-who").get_by_text(name, exact=True)


def test_a_chip_leaves_somebody_out_and_lets_them_in_again(app, page):
    write_and_draw(page, "Rosa waves to Milo.")
    chip(page, 1, "Milo").click()
    card(page, 1).locator(".sb-out", has_text="Milo").wait_for()
    assert story_in(app, page).frames[0].excluded == ("Milo",)
    card(page, 1).locator(".sb-stale:not([hidden])").wait_for()
    chip(page, 1, "Milo").click()
    card(page, 1).locator(".sb-named", has_text="Milo").wait_for()
    card(page, 1).locator(".sb-stale").wait_for(state="hidden")  # like when it was drawn


def test_somebody_the_sentence_does_not_name_is_added_in_the_panel(app, page):
    write_and_draw(page, "Rosa waves.")
    panel = open_panel(page, 1)
    panel.get_by_role("button", name="Add Bolt to this frame").click()
    card(page, 1).locator(".sb-added", has_text="Bolt").wait_for()
    assert story_in(app, page).frames[0].included == ("Bolt",)


def test_a_pronoun_is_underlined_says_who_it_is_and_is_bound_to_somebody_else_by_a_click(app, page):
    write_and_draw(page, "Rosa waves to Milo.", "She sits down.", "Bolt sings.")
    assert card(page, 2).locator(".sb-mirror u").inner_text() == "She"
    bound = card(page, 2).locator(".sb-pronoun")
    assert bound.inner_text().split("\n")[0].startswith("she = Rosa (from frame 1)")
    (reading,) = story_in(app, page).frames[1].take.readings
    assert f"{reading.confidence * 100:.0f} %" in bound.inner_text()
    bound.click()
    page.get_by_role("menuitemradio", name="Milo").click()
    card(page, 2).locator(".sb-pronoun", has_text="she = Milo (from frame 1)").wait_for()
    card(page, 2).locator(".sb-cause", has_text="whom a pronoun stands for changed").wait_for()
    assert [card(page, number).locator(".sb-stale").is_visible() for number in (1, 3)] == [False, False]
    card(page, 2).get_by_role("button", name="Update").click()
    wait_drawn(page, 2, takes=2)
    assert story_in(app, page).frames[1].take.resolved == "Milo sits down."


def test_a_new_scene_is_chosen_between_two_cards_and_seen_there(app, page):
    write_and_draw(page, "Rosa waves.", "Milo reads.", "Bolt sings.")
    card(page, 3).hover()
    card(page, 3).locator(".sb-knot").click()
    page.get_by_role("menuitemradio", name="Nothing: a new scene").click()
    card(page, 3).locator(".sb-reads", has_text="New scene").wait_for()
    assert story_in(app, page).frames[2].sees == 0
    card(page, 3).locator(".sb-cause", has_text="the frames it reads changed").wait_for()


@pytest.mark.own_hand("does not say where it looked")
def test_the_attention_of_a_character_lies_over_the_picture_in_their_colour(app, page):
    write_and_draw(page, "Rosa waves to Milo.")
    panel = open_panel(page, 1)
    panel.get_by_role("button", name="Show where Milo was drawn").click()
    look = card(page, 1).locator(".sb-look")
    assert look.count() == 1
    take = story_in(app, page).frames[0].take
    assert dict(take.attention)["Milo"] in look.evaluate("node => node.style.maskImage")
    hue = "node => node.style.getPropertyValue('--sb-hue')"
    assert look.evaluate(hue) == card(page, 1).locator(".sb-chip", has_text="Milo").evaluate(hue)
    panel.get_by_role("button", name="Show where Milo was drawn").click()
    assert look.count() == 0


@pytest.mark.own_hand("has no language model and looks at no earlier picture")
def test_a_panel_lists_what_the_picture_was_drawn_with(app, page):
    write_and_draw(page, "Rosa waves.", "She sits down.")
    facts = open_panel(page, 2).locator(".sb-facts")
    take = story_in(app, page).frames[1].take
    words = facts.inner_text()
    for expected in (
        "She sits down.",
        "Rosa sits down.",
        str(take.seed),
        str(take.steps),
        "the language model",
    ):
        assert expected in words
    assert facts.locator("img").count() == 2  # Rosa's portrait, and frame 1


def test_a_portrait_says_which_pictures_it_touches_before_it_is_worn(app, page):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    page.get_by_role("button", name="Rosa, she: raincoat").click()
    dialog = page.get_by_role("dialog", name="Rosa in this story")
    dialog.get_by_role("button", name="Rosa wears: dress").click()
    dialog.get_by_text("pictures would be out of date").or_(
        dialog.get_by_text("picture would be out of date")
    ).wait_for()
    assert story_in(app, page).character("Rosa").chosen == "rosa-raincoat"
    dialog.get_by_role("button", name="Wear this").click()
    dialog.locator(".sb-portrait[aria-pressed=true]", has_text="dress").wait_for()
    assert story_in(app, page).character("Rosa").chosen == "rosa-dress"
    page.keyboard.press("Escape")
    card(page, 1).locator(".sb-cause", has_text="Rosa's portrait changed").wait_for()


def test_an_uploaded_portrait_says_which_pictures_it_touches_before_it_is_worn(app, page, tmp_path):
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "seaside.png")
    page.get_by_role("button", name="Rosa, she").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "seaside.png")
    dialog.get_by_text("would be out of date").wait_for()
    assert story_in(app, page).character("Rosa").chosen == "rosa-raincoat"
    assert not card(page, 1).locator(".sb-stale").is_visible()
    dialog.get_by_role("button", name="Wear this").click()
    dialog.locator(".sb-portrait[aria-pressed=true]", has_text="seaside").wait_for()
    page.keyboard.press("Escape")
    card(page, 1).locator(".sb-cause", has_text="Rosa's portrait changed").wait_for()


def test_a_photo_of_an_iphone_is_seen_and_kept_though_the_browser_cannot_show_it(app, page, tmp_path):
    """The page asked the browser whether a file is a picture, and browsers do not know HEIC."""
    (tmp_path / "IMG_0042.heic").write_bytes(HEIC)
    (tmp_path / "broken.heic").write_bytes(HEIC[:90])
    page.get_by_role("button", name="Add someone").click()
    dialog = page.get_by_role("dialog", name="Someone new")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "broken.heic")
    dialog.locator(".sb-problem", has_text="is a HEIC photo that cannot be read").wait_for()
    dialog.locator("input[type=file]").set_input_files(tmp_path / "IMG_0042.heic")
    page.wait_for_function("document.querySelector('.sb-new-portrait')?.naturalWidth === 48")
    assert not dialog.locator(".sb-problem").is_visible()
    dialog.get_by_label("Name").fill("Ada")
    dialog.get_by_role("button", name="Add to the cast").click()
    dialog.wait_for(state="detached")
    worn = story_in(app, page).character("Ada").portrait
    assert worn.label == "IMG_0042" and app.studio.pictures.open(worn.picture).size == (48, 32)


def test_one_frame_wears_a_portrait_of_its_own(app, page):
    write_and_draw(page, "Rosa waves.", "Rosa sings.")
    panel = open_panel(page, 1)
    panel.get_by_role("button", name="Rosa in this frame only").click()
    page.get_by_role("menuitemradio", name="dress").click()
    card(page, 1).locator(".sb-stale:not([hidden])").wait_for()
    assert story_in(app, page).frames[0].portraits == (("Rosa", "rosa-dress"),)
    assert not card(page, 2).locator(".sb-stale").is_visible()


@pytest.mark.own_hand("has learned nobody")
def test_whom_this_model_has_learned_is_said_where_somebody_new_is_added(page):
    """A portrait of somebody else became one of the people whom the model knows, and nothing had said so."""
    page.get_by_role("button", name="Add someone").click()
    assert "This model has learned Rosa, Milo" in page.get_by_role("dialog", name="Someone new").inner_text()


def test_somebody_new_joins_is_renamed_and_leaves(app, page, tmp_path):
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "ada.png")
    page.get_by_role("button", name="Add someone").click()
    dialog = page.get_by_role("dialog", name="Someone new")
    dialog.get_by_label("Name").fill("Ada")
    dialog.get_by_label("Also called").fill("the pilot, Captain Ada")
    dialog.get_by_role("button", name="Add to the cast").click()
    assert "portrait" in dialog.locator(".sb-problem").inner_text()
    dialog.locator("input[type=file]").set_input_files(tmp_path / "ada.png")
    dialog.locator(".sb-new-portrait").wait_for()
    dialog.get_by_role("button", name="Add to the cast").click()
    dialog.wait_for(state="detached")
    ada = story_in(app, page).character("Ada")
    assert (ada.pronoun, ada.aliases) == ("she", ("the pilot", "Captain Ada"))
    assert ada.portrait.label == "ada"  # like its file; it was always "portrait 1"
    page.get_by_role("button", name="Ada, she").click()
    dialog = page.get_by_role("dialog", name="Ada in this story")
    dialog.get_by_label("Name").fill("Bea")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Bea, she").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove from the cast").click()
    page.get_by_role("button", name="Bea, she").wait_for(state="detached")
    page.locator(".sb-toast").get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Bea, she").wait_for()


def test_an_upload_that_is_no_picture_changes_nothing_and_one_that_is_is_worn(app, page, tmp_path):
    before = story_in(app, page)
    page.get_by_role("button", name="Rosa, she").click()
    dialog = page.get_by_role("dialog")
    (tmp_path / "letter.png").write_text("not a picture")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "letter.png")
    dialog.locator(".sb-problem:not([hidden])").wait_for()
    assert "The portrait for Rosa is not a PNG" in dialog.locator(".sb-problem").inner_text()
    assert story_in(app, page) == before
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "seaside.png")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "seaside.png")
    dialog.locator(".sb-portrait[aria-pressed=true]", has_text="seaside").wait_for()
    assert dialog.locator(".sb-problem").is_hidden()


def test_an_it_that_is_the_weather_has_no_chip_and_one_that_is_a_thing_may_still_be_bound(app, page):
    write_and_draw(page, "Bolt waves.", "It rains.", "It sings.")
    write_and_draw(page, "Rosa finds a box and opens it.")
    wait_drawn(page, 4)
    assert card(page, 2).locator(".sb-pronoun").count() == 0
    assert "it = Bolt (from frame 1)" in card(page, 3).locator(".sb-pronoun").inner_text()
    chip = card(page, 4).locator(".sb-pronoun")
    page.wait_for_function(
        "chip => chip.title === 'Read as a thing, not as somebody'", arg=chip.element_handle()
    )
    chip.click()
    page.get_by_role("menuitemradio", name="Bolt").click()
    chip.get_by_text("it = Bolt").wait_for()
    assert story_in(app, page).frames[3].bindings[0].names == ("Bolt",)


@pytest.mark.own_hand("reads pronouns in its own way")
def test_how_sure_a_reading_is_is_said_only_where_there_was_a_choice(app, page, monkeypatch):
    """A pronoun that can be only one person was shown with "100 %", although nothing had been compared."""
    read = app.renderer._readings
    sole = lambda *asked: tuple(replace(one, confidence=1.0) for one in read(*asked))  # noqa: E731
    monkeypatch.setattr(app.renderer, "_readings", sole)
    write_and_draw(page, "Rosa waves.", "She sits down.")
    chip = card(page, 2).locator(".sb-pronoun", has_text="she = Rosa")
    chip.wait_for()
    assert "%" not in chip.inner_text()
    assert chip.get_attribute("title") == "Nobody else it could be"


def test_a_bad_picture_of_somebody_new_is_told_when_chosen_and_forgotten_with_a_good_one(page, tmp_path):
    """The page said so only after "Add", and the message stayed in red after a good picture was chosen."""
    page.get_by_role("button", name="Add someone").click()
    dialog = page.get_by_role("dialog", name="Someone new")
    (tmp_path / "letter.png").write_text("not a picture")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "letter.png")
    dialog.locator(".sb-problem", has_text="The portrait is not a PNG").wait_for()
    assert dialog.locator(".sb-new-portrait").count() == 0
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "ada.png")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "ada.png")
    dialog.locator(".sb-new-portrait").wait_for()
    assert dialog.locator(".sb-problem").is_hidden()


def test_who_the_woman_is_is_asked_once_and_remembered_in_this_story(app, page):
    write(page, "Rosa waves.", "The woman sings.", "Milo meets the woman.")
    card(page, 3).locator(".sb-pronoun", has_text="the woman = ?").wait_for()
    card(page, 2).locator(".sb-pronoun", has_text="the woman = ?").click()
    page.get_by_role("menuitem", name="Rosa").click()
    card(page, 2).locator(".sb-named", has_text="Rosa").wait_for()
    card(page, 3).locator(".sb-named", has_text="Rosa").wait_for()
    assert page.locator(".sb-pronoun", has_text="the woman").count() == 0
    assert story_in(app, page).character("Rosa").aliases == ("the woman",)
