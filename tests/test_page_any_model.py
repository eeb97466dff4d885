"""The page with any text-to-image model: what it offers, what it hides, and a story in another style.

The page's own tests that are imported here run again with it. tests/open_hand.py says how to run all of them so.
"""

import pytest
from PIL import Image

from storyboard.library import Library
from storyboard.ui import any_model
from storyboard.ui.page import launch_page, make_page
from tests import tiny_hub
from tests.pages import card, open_panel, story_in, story_of, wait_drawn, write_and_draw
from tests.serving import serving
from tests.test_any_model_studio import options_of
from tests.test_page_cards import test_undo_and_redo_reach_through_everything_text_included  # noqa: F401
from tests.test_page_files import (
    test_a_picture_saved_here_and_dropped_back_rebuilds_its_frame,  # noqa: F401
)
from tests.test_page_settings import (
    test_a_quality_says_its_steps_and_seconds_and_the_next_picture_is_drawn_so,  # noqa: F401
)
from tests.test_page_stories import test_a_reload_keeps_the_story_and_its_running_drawing  # noqa: F401
from tests.test_page_takes import (
    test_a_failure_is_on_the_card_and_only_what_failed_is_retried,  # noqa: F401
    test_an_older_take_brings_its_sentence_and_seed_back,  # noqa: F401
    test_stopping_keeps_the_old_picture_and_cancel_all_empties_the_queue,  # noqa: F401
)
from tests.test_page_who import (
    test_a_pronoun_is_underlined_says_who_it_is_and_is_bound_to_somebody_else_by_a_click,  # noqa: F401
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Replaces the page that other files share. Such a model draws it."""
    with serving(tmp_path_factory.mktemp("library"), any_model=True) as app:
        yield app


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    """Serves a page with a tiny model. Returns its address and its studio."""
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
    # The placeholder was "And then?", because a model of the Hub has no example sentence.
    assert page.locator("#sb-next").get_attribute("placeholder") == "One sentence becomes one picture"
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


def test_a_story_drawn_by_both_hands_is_on_one_board_of_takes(visit, tmp_path):
    with serving(tmp_path, any_model=False) as before:
        page = visit(before.url)
        write_and_draw(page, "Rosa waves.")
        story = story_of(page)
        page.close()
    with serving(tmp_path, any_model=True) as after:
        page = visit(f"{after.url}?story={story}")
        card(page, 1).locator(".sb-reroll").click()
        wait_drawn(page, 1, takes=2)
        open_panel(page, 1).get_by_role("button", name="Compare with").click()
        dialog = page.get_by_role("dialog")
        sources = [side.get_attribute("src") for side in dialog.locator(".sb-side img").all()]
        takes = story_in(after, page).frames[0].takes
        assert [take.conditioning for take in takes] == ["char-ldm", "prompt"]
        assert all(take.picture in source for take, source in zip(takes, reversed(sources), strict=True))
        dialog.get_by_role("button", name="Use this one").nth(1).click()
        card(page, 1).locator(".sb-take:text-is('1/2')").wait_for()
        assert story_in(after, page).frames[0].chosen == takes[0].id
