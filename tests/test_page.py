"""The page as people and programs meet it: real Gradio, real chromium, a renderer that paints flat colours.

The browser tests need a chromium on PATH; without one they are skipped, which CI does not allow.
"""

import io
import os
import shutil
import threading
import urllib.request
from types import SimpleNamespace

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from app import main
from storyboard.errors import StoryError
from storyboard.pictures import PictureStore
from storyboard.ui.hints import Hints
from storyboard.ui.page import launch_page, make_page
from storyboard.ui.studio import Studio
from tests.fakes import FlatRenderer, small_cast

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium on PATH: apt-get install chromium"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A launched page: .url, .studio and .renderer (set its gate to hold a drawing, its failure to break it)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        pictures = PictureStore(tmp_path_factory.mktemp("pictures"))
        renderer = FlatRenderer(size=32)
        studio = Studio(renderer, small_cast(pictures), pictures)
        page = make_page(studio, Hints(places=("in the park",), actions=("waves",), example="Rosa waves."))
        _, url, _ = launch_page(page, studio, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
        yield SimpleNamespace(url=url, studio=studio, renderer=renderer)
        page.close()
        studio.close()


@pytest.fixture(autouse=True)
def willing_renderer(app):
    yield
    if app.renderer.gate is not None:
        app.renderer.gate.set()
    app.renderer.gate = app.renderer.failure = None


# -- the API ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(app):
    client = Client(app.url, verbose=False)
    yield client
    client.close()


def test_a_program_writes_a_story_and_fetches_its_pictures(client):
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves in the park.", api_name="/add_frame")
    second = client.predict(story, "She sits down.", api_name="/add_frame")
    assert [first["number"], second["number"]] == [1, 2]
    assert (first["mentioned"], first["stale"], second["conditioning"]) == (["Rosa"], False, "llm")
    with urllib.request.urlopen(first["picture"]) as answer:
        assert Image.open(io.BytesIO(answer.read())).size == (32, 32)
    described = client.predict(story, api_name="/get_story")
    assert described["frames"] == [first, second]
    assert [one["name"] for one in described["cast"]] == ["Rosa", "Milo", "Bolt"]


def test_a_program_edits_and_rerolls_one_frame(client):
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves.", api_name="/add_frame")
    edited = client.predict(story, first["id"], "Milo waves.", api_name="/edit_frame")
    again = client.predict(story, first["id"], api_name="/reroll_frame")
    assert (edited["mentioned"], edited["takes"], again["takes"]) == (["Milo"], 2, 3)
    assert again["seed"] != edited["seed"] and again["picture"] != edited["picture"]


def test_the_endpoints_are_typed_and_nothing_else_is_public(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/create_story", "/get_story", "/add_frame", "/edit_frame", "/reroll_frame"}
    parameters = [
        (one["parameter_name"], one["python_type"]["type"]) for one in endpoints["/add_frame"]["parameters"]
    ]
    assert parameters == [("story_id", "str"), ("sentence", "str")]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("nobody-knows", "Rosa waves.", "/add_frame"), "no story with that id"),
        (("STORY", "  ", "/add_frame"), "Frame 1 "),
        (("STORY", "Zelda waves to everyone.", "/add_frame"), "Zelda"),
        (("STORY", "forged", "Rosa waves.", "/edit_frame"), "frame is no longer"),
    ],
)
def test_a_program_gets_the_writers_sentence_as_its_error(client, call, words):
    *arguments, name = call
    story = client.predict(api_name="/create_story")
    with pytest.raises(AppError, match=words):
        client.predict(*[story if one == "STORY" else one for one in arguments], api_name=name)
    assert client.predict(story, api_name="/get_story")["frames"] == []


def test_a_failed_drawing_is_an_error_and_the_sentence_is_kept(app, client):
    story = client.predict(api_name="/create_story")
    app.renderer.failure = StoryError("there is no more paint; buy some.")
    with pytest.raises(AppError, match="Frame 1 could not be drawn: there is no more paint"):
        client.predict(story, "Rosa waves.", api_name="/add_frame")
    (frame,) = client.predict(story, api_name="/get_story")["frames"]
    assert (frame["caption"], frame["picture"]) == ("Rosa waves.", None)


@pytest.mark.parametrize("given", ["missing", "half-written"])
def test_the_app_names_a_bad_pipeline_folder_and_stops(tmp_path, capsys, given):
    folder = tmp_path / "pipeline"
    if given == "half-written":
        folder.mkdir()
        (folder / "cast.json").write_text('{"characters": [')
    assert main(["--pipeline", str(folder)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(folder) in told


# -- the browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or "/usr/bin/chromium", args=list(QUIET)
        )
        yield browser
        browser.close()


@pytest.fixture
def page(app, browser):
    """An empty story, open."""
    page = browser.new_page()
    page.set_default_timeout(60_000)  # only a machine that is busy with other work comes near it
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_page(page, app.url)
    yield page
    page.context.close()
    assert errors == []


def open_page(page, url):
    page.goto(url)
    page.wait_for_selector(".sb-ready")


def write(page, sentence):
    page.fill("#sb-next", sentence)
    page.press("#sb-next", "Enter")


def card(page, number):
    return page.locator(".sb-card").nth(number - 1)


def wait_drawn(page, number, takes=1):
    card(page, number).locator(".sb-image:not([hidden])").wait_for()
    card(page, number).locator(".sb-progress").wait_for(state="hidden")
    if takes > 1:
        card(page, number).locator(f".sb-take:text-is('{takes}/{takes}')").wait_for()


@pytest.mark.browser
@needs_chromium
def test_a_sentence_and_enter_make_a_drawn_card_and_the_next_line_is_ready(page):
    write(page, "Rosa waves in the park.")
    wait_drawn(page, 1)
    assert page.input_value("#sb-next") == ""
    assert page.evaluate("document.activeElement.id") == "sb-next"
    page.keyboard.type("She sits down.")
    page.keyboard.press("Enter")
    wait_drawn(page, 2)
    assert card(page, 1).locator(".sb-chip").inner_text() == "Rosa"
    assert card(page, 2).locator("textarea").input_value() == "She sits down."
    size = card(page, 2).locator(".sb-image").evaluate("image => [image.complete, image.naturalWidth]")
    assert size == [True, 32]


@pytest.mark.browser
@needs_chromium
def test_typing_in_one_card_is_not_disturbed_while_another_is_redrawn(app, page):
    write(page, "Rosa waves.")
    write(page, "Milo reads.")
    wait_drawn(page, 2)
    old = card(page, 1).locator(".sb-image").get_attribute("src")
    app.renderer.gate = threading.Event()
    card(page, 1).locator(".sb-reroll").click()
    card(page, 1).locator(".sb-progress").wait_for()
    box = card(page, 2).locator("textarea")
    box.click()
    box.press("End")
    page.keyboard.type(" He turns the page,", delay=30)
    assert card(page, 1).locator(".sb-image").get_attribute("src") == old  # not blanked meanwhile
    app.renderer.gate.set()
    wait_drawn(page, 1, takes=2)
    page.keyboard.type(" slowly.", delay=30)
    assert box.input_value() == "Milo reads. He turns the page, slowly."
    assert card(page, 2).locator("textarea").evaluate("box => box === document.activeElement")
    box.press("Enter")
    wait_drawn(page, 2, takes=2)
    assert (
        app.studio.session(story_of(page)).story.frames[1].caption == "Milo reads. He turns the page, slowly."
    )


def story_of(page):
    return page.evaluate("new URLSearchParams(location.search).get('story')")


@pytest.mark.browser
@needs_chromium
def test_hostile_words_stay_words(page):
    hostile = (
        'Rosa says <img src=x onerror="window.hit=1"> ${window.hit=1} {{7*7}} `${7*7}` </textarea><b>x</b>'
    )
    write(page, hostile)
    wait_drawn(page, 1)
    page.reload()
    page.wait_for_selector(".sb-ready")
    wait_drawn(page, 1)
    assert card(page, 1).locator("textarea").input_value() == hostile
    assert card(page, 1).locator("img[src=x], b").count() == 0
    assert page.evaluate("window.hit") is None


@pytest.mark.browser
@needs_chromium
def test_a_reload_keeps_the_story_and_its_running_drawing(app, page):
    write(page, "Rosa waves.")
    wait_drawn(page, 1)
    app.renderer.gate = threading.Event()
    write(page, "She sits down.")
    card(page, 2).locator(".sb-preview:not([hidden])").wait_for()
    page.reload()
    wait_drawn(page, 1)
    card(page, 2).locator(".sb-preview:not([hidden])").wait_for()
    app.renderer.gate.set()
    wait_drawn(page, 2)


@pytest.mark.browser
@needs_chromium
def test_a_failure_is_on_the_card_and_retry_draws_it(app, page):
    app.renderer.failure = StoryError("there is no more paint; buy some.")
    write(page, "Rosa waves.")
    card(page, 1).locator(".sb-problem:not([hidden])").wait_for()
    assert card(page, 1).locator(".sb-problem").inner_text().startswith("Frame 1 could not be drawn")
    app.renderer.failure = None
    card(page, 1).locator("button:text-is('Retry')").click()
    wait_drawn(page, 1)
    assert card(page, 1).locator(".sb-problem").is_hidden()


@pytest.mark.browser
@needs_chromium
def test_a_refused_sentence_comes_back_with_the_reason(page):
    write(page, "Zelda waves to everyone.")
    page.locator(".sb-composer .sb-problem:not([hidden])").wait_for()
    assert "Zelda" in page.locator(".sb-composer .sb-problem").inner_text()
    assert page.input_value("#sb-next") == "Zelda waves to everyone."
    assert page.locator(".sb-card").count() == 0


@pytest.mark.browser
@needs_chromium
def test_words_left_in_a_card_are_saved_without_drawing_and_shown_as_out_of_date(app, page):
    write(page, "Rosa waves.")
    wait_drawn(page, 1)
    card(page, 1).locator("textarea").fill("Rosa sings.")
    page.focus("#sb-next")
    card(page, 1).locator(".sb-stale:not([hidden])").wait_for()
    (frame,) = app.studio.session(story_of(page)).story.frames
    assert (frame.caption, len(frame.takes)) == ("Rosa sings.", 1)


@pytest.mark.browser
@needs_chromium
def test_another_portrait_is_worn_and_an_upload_that_is_no_picture_changes_nothing(app, page, tmp_path):
    rosa = page.locator(".sb-person").first
    before = rosa.locator(".sb-portrait").get_attribute("src")
    rosa.locator(".sb-outfit").nth(1).click()
    rosa.locator(".sb-outfit[aria-checked=true]").nth(0).wait_for()
    page.wait_for_function("old => document.querySelector('.sb-portrait').src !== old", arg=before)
    story = app.studio.session(story_of(page)).story
    assert story.character("Rosa").chosen == "rosa-dress"
    (tmp_path / "letter.png").write_text("not a picture")
    rosa.locator("input[type=file]").set_input_files(tmp_path / "letter.png")
    rosa.locator(".sb-problem:not([hidden])").wait_for()
    assert "The portrait for Rosa is not a PNG" in rosa.locator(".sb-problem").inner_text()
    assert app.studio.session(story.id).story == story
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "seaside.png")
    rosa.locator("input[type=file]").set_input_files(tmp_path / "seaside.png")
    rosa.locator(".sb-label:text-is('seaside')").wait_for()
    assert rosa.locator(".sb-problem").is_hidden() and rosa.locator(".sb-outfit").count() == 3


@pytest.mark.browser
@needs_chromium
def test_a_frame_is_removed_after_a_second_press(page):
    write(page, "Rosa waves.")
    write(page, "Milo reads.")
    wait_drawn(page, 2)
    remove = card(page, 1).locator(".sb-remove")
    remove.click()
    assert page.locator(".sb-card").count() == 2
    remove.click()
    page.wait_for_function("document.querySelectorAll('.sb-card').length === 1")
    assert card(page, 1).locator("textarea").input_value() == "Milo reads."
    assert card(page, 1).locator(".sb-number").inner_text() == "1"


@pytest.mark.browser
@needs_chromium
def test_an_unknown_story_opens_a_new_one_and_says_so(app, page):
    open_page(page, f"{app.url}?story=gone-for-good")
    assert "not here any more" in page.locator(".sb-notice").inner_text()
    assert app.studio.has(story_of(page)) and story_of(page) != "gone-for-good"


@pytest.mark.browser
@needs_chromium
def test_a_phone_shows_the_page_without_sideways_scrolling(app, page):
    write(page, "Rosa waves.")
    wait_drawn(page, 1)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#sb-next").evaluate("box => box.getBoundingClientRect().bottom <= innerHeight")
