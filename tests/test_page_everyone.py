"""The page for everyone: accessibility rules, phone, German, reduced motion, announcements; and how fast it is."""

import re
import threading
from pathlib import Path

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from storyboard.exports import export_story
from storyboard.exports.frame_png import frame_from_png
from storyboard.exports.project import read_project
from storyboard.library import Library
from storyboard.story.as_json import story_from_json
from storyboard.story.values import Story
from tests.kept import save_all, story_with
from tests.pages import (
    PHONE,
    card,
    open_panel,
    sentence,
    serious_violations,
    story_of,
    wait_drawn,
    write,
    write_and_draw,
)
from tests.photos import HEIC
from tests.stories import drawn_story
from tests.writing import EVERY_CHANGE, STORY, blue, fresh

pytestmark = pytest.mark.browser
LANGUAGES = Path(__file__).parents[1] / "storyboard" / "ui" / "static" / "language"


@pytest.mark.parametrize("theme, screen", [("light", {}), ("dark", {}), ("light", PHONE)])
def test_axe_finds_nothing_serious_on_the_board_or_in_what_opens(app, visit, theme, screen):
    page = visit(f"{app.url}?__theme={theme}", **screen)
    assert serious_violations(page) == []
    write_and_draw(page, "Rosa waves to Milo.", "She sits down.", "They dance.")
    first = app.studio.session(story_of(page)).story.frames[0]
    app.studio.change(story_of(page), "edit_frame", frame=first.id, caption="Rosa waves to Bolt.")
    card(page, 1).locator(".sb-reroll").click()
    wait_drawn(page, 1, takes=2)
    card(page, 2).locator(".sb-stale:not([hidden])").wait_for()
    open_panel(page, 2).locator(".sb-facts").wait_for()
    assert serious_violations(page) == []
    for opener in (".sb-more", ".sb-pronoun"):
        card(page, 2).locator(opener).click()
        assert serious_violations(page) == [], opener
        page.keyboard.press("Escape")
    openers = (
        "Stories",
        "Settings",
        "Paste a script",
        "Keys and help",
        "Rosa, she",
        "Add someone",
        "Compare with",
    )
    open_panel(page, 1)
    for opener in openers:
        page.locator("#storyboard").get_by_role("button", name=opener).click()
        page.get_by_role("dialog").wait_for()
        page.wait_for_timeout(100)
        assert serious_violations(page) == [], opener
        page.keyboard.press("Escape")


def test_a_phone_shows_the_page_without_sideways_scrolling_and_with_targets_for_fingers(visit):
    page = visit(**PHONE)
    write_and_draw(page, "Rosa waves.", "She sings.")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#sb-next").evaluate("box => box.getBoundingClientRect().bottom <= innerHeight")
    small = page.eval_on_selector_all(
        "#storyboard button",
        "all => all.filter((one) => one.offsetParent && !one.matches('.sb-open, .sb-knot')).map((one) =>"
        " [one.className, one.getBoundingClientRect()]).filter(([, box]) => box.width < 44 || box.height < 43.5)"
        ".map(([name, box]) => `${name} ${box.width}x${box.height}`)",
    )
    assert small == []
    card(page, 1).locator(".sb-open").tap()
    page.locator(".sb-panel").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_german_browser_reads_german_and_may_switch(visit):
    page = visit(locale="de-DE")
    write(page, "Rosa waves.")
    wait_drawn(page, 1)
    assert page.locator(".sb-composer label").inner_text() == "Wie geht es weiter?"
    assert card(page, 1).locator(".sb-reroll").inner_text() == "Neue Fassung"
    page.fill("#sb-next", "She")
    page.select_option(".sb-languages", "en")
    page.wait_for_function("document.querySelector('.sb-composer label')?.innerText === 'What happens next?'")
    wait_drawn(page, 1)
    assert page.input_value("#sb-next") == "She"


def test_the_german_page_refuses_in_german_and_asks_for_english_sentences(visit):
    """Refusals were in English on the German page, and nothing beside the line said that the model reads English."""
    page = visit(locale="de-DE")
    assert "Sätze bitte auf Englisch schreiben" in page.locator("#sb-next").get_attribute("placeholder")
    write(page, "Zelda waves to everyone.")
    problem = page.locator(".sb-composer .sb-problem")
    problem.get_by_text("Bild 1 nennt Zelda, und so heißt niemand in der Besetzung (Rosa, ").wait_for()
    page.fill("#sb-next", "Rosa waves.")
    page.press("#sb-next", "Enter")
    wait_drawn(page, 1)
    assert page.locator("#sb-next").get_attribute("placeholder") == "Und dann? Bitte auf Englisch."
    sentence(page, 1).fill("")
    sentence(page, 1).press("Enter")
    words = "Bild 1 hat keine Worte; schreibe, was das Bild zeigen soll."
    card(page, 1).locator(".sb-problem", has_text=words).wait_for()
    page.locator(".sb-toast", has_text=words).wait_for()


LOW = {"width": 1280, "height": 720}
# Returns how much of the focused element is under the line to write in or above the window, and nothing if none is.
HIDDEN = """() => {
    const { activeElement: held } = document;
    const bar = document.querySelector('.sb-composer');
    if (!held.closest('.sb-cards') || bar.contains(held)) return 0;
    const { top, bottom } = held.getBoundingClientRect();
    return Math.max(0, -top, bottom - bar.getBoundingClientRect().top);
}"""


def test_nothing_that_has_the_focus_lies_under_the_line_to_write_in(visit):
    """Sentences, chips and buttons got the focus behind the line, where nobody could see it (WCAG 2.4.11)."""
    page = visit(viewport=LOW)
    write_and_draw(page, *["Rosa waves to Milo.", "She sings.", "They dance in the park."] * 2)
    page.evaluate("scrollTo(0, 0)")
    page.locator(".sb-people button").last.focus()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(50):
            page.keyboard.press(key)
            page.wait_for_timeout(20)
            assert page.evaluate(HIDDEN) == 0, page.evaluate("document.activeElement.outerHTML")
    page.evaluate("scrollTo(0, 0)")
    box = sentence(page, 5)
    box.focus()
    page.keyboard.type(" And so on, for more than one line.\n" * 2, delay=5)
    assert page.evaluate(HIDDEN) == 0


def test_a_press_on_what_lies_half_under_the_line_is_not_lost(visit):
    """A focused element moves out from under the line, but not away from the pointer that is on it."""
    page = visit(viewport=LOW)
    write_and_draw(page, "Rosa waves.", "Milo reads.")
    reroll = card(page, 1).locator(".sb-reroll")
    bar = page.locator(".sb-composer").bounding_box()
    page.evaluate("by => scrollBy(0, by)", reroll.bounding_box()["y"] + 8 - bar["y"])
    place = reroll.bounding_box()
    assert place["y"] < bar["y"] < place["y"] + place["height"]
    page.mouse.click(place["x"] + 20, place["y"] + 4)
    wait_drawn(page, 1, takes=2)


def test_a_first_look_at_a_low_window_shows_the_sentences(visit):
    """The line to write in covered them."""
    page = visit(viewport=LOW)
    write_and_draw(
        page, "Rosa waves.", "Milo reads.", "Bolt sings.", "Rosa reads and Milo waves to her all day."
    )
    page.reload()
    wait_drawn(page, 4)
    bar = page.locator(".sb-composer").bounding_box()
    boxes = [sentence(page, number).bounding_box() for number in range(1, 5)]
    assert page.evaluate("scrollY") == 0
    assert all(box["y"] + box["height"] <= bar["y"] for box in boxes)


def test_light_or_dark_is_chosen_on_the_page_and_stays_whatever_the_device_says(visit):
    page = visit(color_scheme="dark")
    dark = "document.body.classList.contains('dark')"
    assert page.evaluate(dark)
    page.select_option(".sb-themes", "light")
    assert not page.evaluate(dark)
    page.reload()
    page.wait_for_selector(".sb-ready")
    assert not page.evaluate(dark)
    page.emulate_media(color_scheme="light")
    page.select_option(".sb-themes", "dark")
    page.emulate_media(color_scheme="dark")
    page.emulate_media(color_scheme="light")
    assert page.evaluate(dark)
    page.select_option(".sb-themes", "system")
    assert not page.evaluate(dark)


@pytest.mark.own_hand("draws more than one size")
def test_what_the_model_draws_is_said_honestly(page):
    assert (
        page.locator(".sb-limits").inner_text()
        == "This model, flat, draws square pictures of 32 by 32 pixels."
    )


def test_every_language_has_every_sentence():
    keys = [
        set(re.findall(r'(?:^|[{,]|  )\s*(\w+): "', (LANGUAGES / f"{name}.js").read_text(encoding="utf-8")))
        for name in ("english", "german")
    ]
    assert len(keys[0]) > 200 and keys[0] == keys[1]


def has_german_words(said: str) -> bool:
    patterns = re.findall(r"\[/(\^.+?\$)/,\s", (LANGUAGES / "german.js").read_text(encoding="utf-8"))
    return any(re.match(pattern, said) for pattern in patterns)


def test_every_change_and_cause_the_server_names_has_german_words():
    causes = ["frame 2's picture changed", "the pictures of frames 1 and 2 changed", "the sentence changed"]
    causes += [
        "the style changed",
        "how somebody is described changed",
        "who is in it changed",
        "whom a pronoun stands for changed",
        "the frames it reads changed",
    ]
    causes += ["Rosa's portrait changed", "the portraits of Rosa and Milo changed"]
    phrases = [phrase for _, phrase in EVERY_CHANGE]
    phrases += ["unlocking frame 1", "freeing the seed of frame 1"]
    said = phrases + causes
    assert [one for one in said if not has_german_words(one)] == []


NOISE = b"not a picture"
REFUSED = [
    lambda s, f: s.add("Zelda waves to everyone."),
    lambda s, f: s.add("She waves.", before=s.story.frames[0].id),
    lambda s, f: s.add(" "),
    lambda s, f: s.add("Rosa waves. " * 60),
    lambda s, f: s.add_many([]),
    lambda s, f: s.add_many(["Rosa waves."] * 1000),
    lambda s, f: s.edit(f, "Rosa sings.", "what stood there before"),
    lambda s, f: s.edit("gone", "Rosa sings."),
    lambda s, f: s.edit_character("Zelda", "Ruby", "she", []),
    lambda s, f: s.add_character("?", "she", [], blue()),
    lambda s, f: s.add_character("Ada", "she", ["?"], blue()),
    lambda s, f: s.add_character("Ada" * 30, "she", [], blue()),
    lambda s, f: s.add_character("Ada", "she", ["Bea" * 30], blue()),
    lambda s, f: s.add_character("Ada", "she", [f"Ada {letter}" for letter in "bcdefghijklmnopqrst"], blue()),
    lambda s, f: s.add_character("She", "she", [], blue()),
    lambda s, f: s.add_character("Rosa", "she", [], blue()),
    lambda s, f: [
        s.add_character(f"Ada {letter}", "she", [], blue()) for letter in "bcdefghijklmnopqrstuvwx"
    ],
    lambda s, f: [s.add_portrait("Rosa", blue()) for _ in range(20)],
    lambda s, f: s.set_style("ink " * 200, "", "square"),
    lambda s, f: s.describe_portrait("Rosa", "rosa-dress", "tall " * 100),
    lambda s, f: s.set_style("", "fog " * 200, "square"),
    lambda s, f: s.note(f, "x" * 61, None, None, None),
    lambda s, f: s.note(f, None, "x" * 601, None, None),
    lambda s, f: s.note(f, None, None, "x" * 1001, None),
    lambda s, f: s.note(f, None, None, None, 90),
    lambda s, f: s.note(f, None, None, None, "long"),
    lambda s, f: s.set_crop("21:9"),
    lambda s, f: read_upload(HEIC[:90], what="The portrait"),
    lambda s, f: read_upload(NOISE, what="The portrait"),
    lambda s, f: read_upload(NOISE, what="The example of the style"),
    lambda s, f: read_upload(NOISE, what="The portrait for Rosa"),
    lambda s, f: read_upload(NOISE * 2**22, what="The portrait"),
]


@pytest.mark.parametrize("act", REFUSED)
def test_what_the_server_refuses_has_german_words(act, tmp_path):
    """Refusals were in English on the German page."""
    session = fresh(PictureStore(tmp_path), *STORY)
    with pytest.raises(StoryError) as refused:
        act(session, session.story.frames[1].id)
    assert has_german_words(str(refused.value)), refused.value


def deleted(library):
    story = story_with("Rosa waves.")
    library.save(story, 1)
    library.delete(story.id)
    return story


def changed_elsewhere(library):
    story = story_with("Rosa waves.")
    save_all(library, story, story)
    library.save(story, 2)


def with_a_picture_gone(folder) -> tuple[Story, PictureStore]:
    story, pictures = drawn_story(folder, "Rosa waves.")
    pictures.path(story.frames[0].take.picture).unlink()
    return story, pictures


REFUSED_FILES = [
    lambda tmp, lib: read_project(noise_in(tmp), lib.pictures),
    lambda tmp, lib: read_project(tmp / "nowhere", lib.pictures),
    lambda tmp, lib: frame_from_png(NOISE),
    lambda tmp, lib: frame_from_png(pictures_png(lib)),
    lambda tmp, lib: story_from_json({"version": 1000}),
    lambda tmp, lib: story_from_json({}),
    lambda tmp, lib: export_story(story_with(), lib.pictures, "pdf", tmp),
    lambda tmp, lib: export_story(story_with("Rosa waves."), lib.pictures, "gif", tmp),
    lambda tmp, lib: export_story(*with_a_picture_gone(tmp), "project", tmp),
    lambda tmp, lib: lib.open("nowhere"),
    lambda tmp, lib: lib.open(deleted(lib).id),
    lambda tmp, lib: lib.save(deleted(lib), 2),
    lambda tmp, lib: lib.restore("nowhere"),
    lambda tmp, lib: changed_elsewhere(lib),
    lambda tmp, lib: (lib.close(), lib.save(story_with(), 1)),
]


def noise_in(folder):
    path = folder / "noise.storyboard"
    path.write_bytes(NOISE)
    return path


def pictures_png(library):
    return library.pictures.path(library.pictures.put(blue())).read_bytes()


@pytest.mark.parametrize("act", REFUSED_FILES)
def test_what_is_wrong_with_files_exports_and_keeping_has_german_words(act, tmp_path):
    """A German writer with a damaged project file read the reason in English."""
    library = Library(tmp_path)
    with pytest.raises(StoryError) as refused:
        act(tmp_path, library)
    library.close()
    assert has_german_words(str(refused.value)), refused.value


def test_progress_is_announced_and_nothing_moves_for_those_who_asked(app, visit):
    """The start was not said of a frame whose drawing had begun when the page first saw it."""
    page = visit(reduced_motion="reduce")
    said = page.locator(".sb-said")
    app.renderer.gate = threading.Event()
    write(page, "Rosa waves.")
    said.get_by_text("Frame 1 is being drawn.").wait_for(state="attached")
    assert said.get_attribute("aria-live") == "polite"
    assert page.eval_on_selector_all(
        "#storyboard *", "all => all.every((one) => getComputedStyle(one).animationName === 'none')"
    )
    app.renderer.gate.set()
    said.get_by_text("Frame 1 is drawn.").wait_for(state="attached")


WATCH = """
    window.seen = {};
    new MutationObserver(() => {
        if (!seen.page && document.querySelector('.sb-composer')) seen.page = performance.now();
        if (!seen.ready && document.querySelector('.sb-ready')) seen.ready = performance.now();
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] });
"""


def test_sixty_frames_open_soon_and_a_key_shows_at_once_while_one_is_drawn(app, page):
    story = story_of(page)
    names = ("Rosa waves to Milo.", "She sings.", "Bolt reads.", "They dance in the park.")
    app.studio.add_many(story, [names[number % 4] for number in range(60)])
    page.add_init_script(WATCH)
    page.reload()
    page.wait_for_selector(".sb-ready")
    assert page.locator(".sb-card").count() == 60
    opened = page.evaluate("seen.ready - seen.page")
    app.renderer.gate = threading.Event()
    card(page, 1).locator(".sb-draw").click()
    card(page, 1).locator(".sb-preview:not([hidden])").wait_for()
    page.focus("#sb-next")
    # The time from the key to the next frame: what the writer waits for, without the test driver's own time.
    page.evaluate(
        "window.waits = []; document.querySelector('#sb-next').addEventListener('keydown', (event) =>"
        " requestAnimationFrame(() => waits.push(performance.now() - event.timeStamp)))"
    )
    page.keyboard.type("Rosa waves and sings.", delay=40)
    waits = sorted(page.evaluate("waits"))
    print(
        f"60 frames are on the board {opened:.0f} ms after the page; a key shows after"
        f" {waits[len(waits) // 2]:.0f} ms (median), {waits[-1]:.0f} ms at most"
    )
    assert page.input_value("#sb-next") == "Rosa waves and sings."
    assert len(waits) == len("Rosa waves and sings.")
