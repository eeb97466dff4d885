"""Makes somebody on the page: chosen part by part, recoloured, used in a story, and exported in a project file."""

import pytest
from PIL import Image

from storyboard.people import Look, build, draw_person
from tests.pages import (
    PHONE,
    card,
    serious_violations,
    story_in,
    story_of,
    wait_drawn,
    wait_sentences,
    write_and_draw,
)
from tests.test_page_files import exported

pytestmark = pytest.mark.browser

PORTRAIT = ".sb-maker-frame img:not([hidden])"


def load_dice(page):
    """Makes the dice give a human without extras every time, because a robot has no age and the test needs no scarf."""
    page.evaluate("() => { crypto.getRandomValues = (numbers) => numbers.fill(7); }")


def open_maker(page):
    load_dice(page)
    page.get_by_role("button", name="Make somebody").click()
    dialog = page.get_by_role("dialog", name="Make somebody")
    dialog.locator(PORTRAIT).wait_for()
    return dialog


def wait_words(dialog, words):
    dialog.locator(".sb-maker-words", has_text=words).wait_for()


def drag_colour(dialog, label, *colours):
    """Moves through these colours in the browser's colour picker. The last one is kept."""
    dialog.get_by_label(label, exact=True).evaluate(
        """(input, colours) => {
            for (const colour of colours) {
                input.value = colour;
                input.dispatchEvent(new Event("input"));
            }
            input.dispatchEvent(new Event("change"));
        }""",
        colours,
    )


@pytest.mark.own_hand("has learned nobody")
def test_somebody_is_made_recoloured_used_in_a_story_exported_and_imported(app, page, tmp_path):
    dialog = open_maker(page)
    assert "has not learned people made here yet: it draws Rosa, Milo or Bolt instead" in dialog.inner_text()
    dialog.get_by_label("Kind").select_option("cat")
    dialog.get_by_label("Top", exact=True).select_option("hoodie")
    dialog.get_by_role("button", name="scarf").click()
    wait_words(dialog, "hoodie")
    wait_words(dialog, "scarf")
    dialog.get_by_label("Name").fill("<b>Ada</b>")
    dialog.get_by_label("Name").press("Enter")
    dialog.wait_for(state="detached")
    page.get_by_role("button", name="<b>Ada</b>, ").click()  # the name is shown as text
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Name").fill("Ada")
    sheet.get_by_role("button", name="Save").click()
    sheet.wait_for(state="detached")
    made = story_in(app, page).character("Ada").portrait
    assert (made.look.kind, made.look.top) == ("cat", "hoodie") and "scarf" in dict(made.look.extras)

    page.fill("#sb-next", "Ada waves to Rosa.")
    page.locator(".sb-composer .sb-unknown", has_text="This model has not learned Ada; it draws").wait_for()
    write_and_draw(page, "Ada waves to Rosa.")
    card(page, 1).locator(".sb-unlearned", has_text="Not learned: Ada").wait_for()

    page.get_by_role("button", name="Ada, ").click()
    page.get_by_role("dialog").get_by_role("button", name="Change their look").click()
    dialog = page.get_by_role("dialog", name="How Ada looks")
    dialog.get_by_text("1 picture would be out of date: frame 1.").wait_for()
    drag_colour(dialog, "Top: colour", "#102030", "#405060", "#d23f3c")
    wait_words(dialog, "red hoodie")
    dialog.get_by_role("button", name="Wear this").click()
    dialog.wait_for(state="detached")
    ada = story_in(app, page).character("Ada")
    assert (len(ada.portraits), ada.portrait.look.top_colour) == (2, (0xD2, 0x3F, 0x3C))
    card(page, 1).locator(".sb-cause", has_text="Ada's portrait changed").wait_for()
    card(page, 1).get_by_role("button", name="Update").click()
    wait_drawn(page, 1, takes=2)

    project = exported(page, "Project file", tmp_path)
    old = story_of(page)
    page.set_input_files(".sb-import", project)
    page.wait_for_function("id => new URLSearchParams(location.search).get('story') !== id", arg=old)
    wait_sentences(page, "Ada waves to Rosa.")
    assert story_in(app, page).character("Ada") == ada


def test_the_dialog_goes_back_over_its_own_looks_and_asks_for_one_portrait_at_a_time(app, page):
    asked = []
    page.on(
        "request", lambda request: asked.append(request.post_data or "") if request.method == "POST" else None
    )
    dialog = open_maker(page)
    dialog.get_by_label("Kind").select_option("human")
    dialog.get_by_label("Top", exact=True).select_option("kimono")
    wait_words(dialog, "kimono")
    # Putting on the kimono removed it.
    assert dialog.get_by_label("Below", exact=True).input_value() == "none"
    before = dialog.locator(".sb-maker-words").inner_text()
    asked.clear()
    drag_colour(dialog, "Top: colour", *(f"#{part:02x}40a0" for part in range(0, 200, 2)), "#f4c93f")
    wait_words(dialog, "yellow")
    previews = [one for one in asked if "changes" in one]
    assert 1 <= len(previews) <= 5  # for 101 moves
    dialog.get_by_label("Top", exact=True).press("Control+z")
    wait_words(dialog, before)
    assert story_in(app, page).cast[-1].name == "Bolt"  # the story has nothing of it
    dialog.get_by_role("button", name="Add to the cast").click()
    dialog.locator(".sb-problem", has_text="The name has no letters").wait_for()


def test_a_picture_of_ones_own_begins_a_look_and_one_of_nobody_is_told_in_a_sentence(app, page, tmp_path):
    look = Look(
        skin=(177, 117, 74), hair="long straight hair", top_colour=(210, 63, 60), bottom_colour=(42, 63, 115)
    )
    Image.fromarray(draw_person(build(look), 256)).save(tmp_path / "ada.png")
    Image.new("RGB", (60, 40), "skyblue").save(tmp_path / "sky.png")
    dialog = open_maker(page)
    dialog.locator("input[type=file]").set_input_files(tmp_path / "ada.png")
    wait_words(dialog, "light brown skin and long straight brown hair, in a red t-shirt, dark blue trousers")
    dialog.locator(".sb-maker-upload img").wait_for()
    dialog.locator("input[type=file]").set_input_files(tmp_path / "sky.png")
    dialog.locator(".sb-problem", has_text="Nobody can be made out in the picture").wait_for()
    wait_words(dialog, "red t-shirt")  # it has the same colour again


def test_the_maker_is_usable_on_a_phone_by_screen_readers_and_in_german(visit):
    page = visit(**PHONE, reduced_motion="reduce")
    open_maker(page)
    assert serious_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".sb-maker").evaluate("box => box.scrollWidth <= box.clientWidth")
    page = visit(locale="de-DE")
    load_dice(page)
    page.get_by_role("button", name="Erschaffen").click()
    dialog = page.get_by_role("dialog", name="Jemanden erschaffen")
    dialog.locator(PORTRAIT).wait_for()
    shown = dialog.locator("option, .sb-chip").all_text_contents()
    assert {"Strohhut", "Schuhe", "erwachsen", "Schal"} <= set(shown)
    assert {"straw hat", "shoes", "adult", "scarf"}.isdisjoint(shown)


def test_a_pronoun_is_chosen_before_the_first_look_is_there(page):
    """The script failed: it asked the look for its shape before the look had come."""
    page.route("**/component_server/**", lambda route: route.abort())  # so the look does not come
    page.get_by_role("button", name="Make somebody").click()
    dialog = page.get_by_role("dialog", name="Make somebody")
    dialog.get_by_label("Pronoun").select_option("he")
    assert dialog.get_by_label("Pronoun").input_value() == "he"
