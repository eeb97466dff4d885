"""The page with any text-to-image model as the hand: what it offers, what it hides, and a story in another style."""

import pytest
from PIL import Image

from storyboard.library import Library
from storyboard.ui import any_model
from storyboard.ui.page import launch_page, make_page
from tests import tiny_hub
from tests.pages import card, open_panel, story_of, wait_drawn, write_and_draw
from tests.test_any_model_studio import options_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    """A page served by a tiny hand: its address and its studio."""
    folder = tmp_path_factory.mktemp("hub")
    model = tiny_hub.stable_diffusion(folder / "stable-diffusion")
    options = options_of(
        ["--hand", str(model), "--ip-adapter", str(tiny_hub.ip_adapter(folder / "adapter", model))]
    )
    library = Library(folder / "library")
    studio = any_model.build(options, any_model.check(options), library)
    page = make_page(studio, any_model.hints_of(options))
    _, url, _ = launch_page(page, studio, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield url, studio
    page.close()
    studio.close()
    library.close()


def test_a_writer_sets_a_style_and_a_shape_and_draws_the_story_again(hand, visit, tmp_path):
    url, studio = hand
    page = visit(url)
    portrait = tmp_path / "rosa.png"
    Image.new("RGB", (40, 60), "red").save(portrait)
    page.locator("[data-key=person-add]").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(portrait)
    dialog.locator(".sb-new-portrait").wait_for()
    dialog.get_by_label("Name").fill("Rosa")
    dialog.locator(".sb-filled").click()
    page.locator("[data-key=person-Rosa]").click()
    page.get_by_role("dialog").get_by_label("Looks like").fill("a cat")
    page.keyboard.press("Tab")
    page.locator(".sb-said", has_text="What Rosa looks like").wait_for(state="attached")
    page.keyboard.press("Escape")
    write_and_draw(page, "Rosa waves in the park.", "She sings.")
    assert page.get_by_text("Not learned").count() == 0
    panel = open_panel(page, 2)
    panel.get_by_text("Rosa (a cat) sings, in the park.").wait_for()
    assert panel.locator(".sb-part-looked").count() == 0

    page.locator(".sb-settings").click()
    dialog = page.get_by_role("dialog", name="Settings of this story")
    assert dialog.get_by_text("Pictures that may be wrong").count() == 0
    dialog.get_by_label("Every picture is").fill("soft watercolour")
    dialog.get_by_label("And never").fill("fog")
    dialog.get_by_label("Shape").select_option("wide")
    page.locator(".sb-said", has_text="have this style").wait_for(state="attached")
    dialog.get_by_label("Choose a picture whose style is taken").set_input_files(portrait)
    dialog.get_by_role("button", name="Without the example").wait_for()
    page.keyboard.press("Escape")

    card(page, 1).locator(".sb-cause", has_text="the style changed").wait_for()
    box = card(page, 1).locator(".sb-picture").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.02)
    page.locator(".sb-todo").get_by_role("button").first.click()
    for number in (1, 2):
        wait_drawn(page, number, takes=2)
    story = studio.session(story_of(page)).story
    assert (story.style.words, story.style.negative, story.style.aspect) == (
        "soft watercolour",
        "fog",
        "wide",
    )
    assert story.style.picture and [one.take.mentioned for one in story.frames] == [("Rosa",), ("Rosa",)]
    assert studio.pictures.open(story.frames[0].take.picture).size == (40, 24)
    page.reload()
    page.locator(".sb-ready").wait_for()
    assert page.locator(".sb-stale:not([hidden])").count() == 0
