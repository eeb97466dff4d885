"""Bad input on the page: hostile words stay words, odd ones are taken or refused, a failing library loses nothing."""

import pytest

from tests.pages import (
    card,
    open_panel,
    sentence,
    sentences,
    story_in,
    wait_drawn,
    wait_sentences,
    write,
    write_and_draw,
)

pytestmark = pytest.mark.browser
HOSTILE = 'Rosa says <img src=x onerror="window.hit=1"> ${window.hit=1} {{7*7}} `${7*7}` </textarea><b>x</b>'


def is_inert(page):
    return (
        page.evaluate("window.hit") is None
        and page.locator("img[src=x], #storyboard b:text-is('x')").count() == 0
    )


def test_hostile_sentences_stay_words(page):
    write(page, HOSTILE)
    wait_drawn(page, 1)
    page.reload()
    page.wait_for_selector(".sb-ready")
    wait_drawn(page, 1)
    assert sentence(page, 1).input_value() == HOSTILE
    open_panel(page, 1).locator(".sb-facts").wait_for()
    page.get_by_role("button", name="Paste a script").click()
    page.fill(".sb-script-text", HOSTILE)
    page.locator(".sb-split-words").first.wait_for()
    assert is_inert(page)


def test_hostile_names_and_titles_stay_words(app, page):
    name = "<b>x</b>${window.hit=1}"
    story = story_in(app, page)
    app.studio.change(
        story.id,
        "edit_character",
        name="Rosa",
        new_name=name,
        pronoun="she",
        aliases=['"><img src=x onerror=window.hit=1>'],
    )
    app.studio.change(story.id, "rename_story", title=HOSTILE)
    page.get_by_role("button", name=f"{name}, she").click()
    assert page.get_by_role("dialog").get_by_label("Name").input_value() == name
    page.keyboard.press("Escape")
    write(page, f"{name} waves.")
    wait_drawn(page, 1)
    assert card(page, 1).locator(".sb-who .sb-chip").first.inner_text() == name
    page.get_by_role("button", name="Stories").click()
    page.locator(".sb-story-words").first.wait_for()
    assert page.input_value(".sb-story-title") == HOSTILE
    assert is_inert(page)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (
            "Rosa waves \U0001f389 \U0001f469\u200d\U0001f680.",
            "Rosa waves \U0001f389 \U0001f469\u200d\U0001f680.",
        ),
        ("Rosa \u202ewaves\u202c to \u2066Milo\u2069.", "Rosa waves to Milo."),
        (
            "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439, Rosa!",
            "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439, Rosa!",
        ),
        ("\u0633\u0644\u0627\u0645 Rosa", "\u0633\u0644\u0627\u0645 Rosa"),
    ],
)
def test_emoji_other_scripts_and_marks_of_direction_are_drawn_as_words(page, typed, kept):
    write(page, typed)
    wait_drawn(page, 1)
    assert sentences(page) == [kept]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Write a sentence first"),
        (" \u200b\u202e ", "Frame 1 has no words"),
        ("Rosa waves. " * 834, "characters long"),
    ],
)
def test_nothing_or_far_too_much_is_refused_and_stays_in_the_box(app, page, typed, reason):
    page.locator("#sb-next").evaluate(
        "box => box.removeAttribute('maxlength')"
    )  # as on a page that somebody changed
    write(page, typed)
    page.locator(".sb-composer .sb-problem", has_text=reason).wait_for()
    assert page.input_value("#sb-next") == typed
    assert story_in(app, page).frames == () and sentences(page) == []


def test_a_name_of_any_length_is_taken_or_refused_in_a_sentence(app, page):
    page.get_by_role("button", name="Rosa, she").click()
    dialog = page.get_by_role("dialog")
    for name in ("x" * 10_000, "", "\u202e"):
        dialog.get_by_label("Name").evaluate("(field, value) => { field.value = value }", name)
        dialog.get_by_role("button", name="Save").click()
        dialog.locator(".sb-problem:not([hidden])").wait_for()
        assert story_in(app, page).character("Rosa").name == "Rosa"
    dialog.get_by_label("Name").fill("R\u00f3\u017ca \U0001f339")
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="detached")
    write(page, "R\u00f3\u017ca \U0001f339 waves.")
    wait_drawn(page, 1)
    assert card(page, 1).locator(".sb-chip.sb-named").inner_text() == "R\u00f3\u017ca \U0001f339"


def test_a_library_that_turns_read_only_is_said_runs_nothing_and_loses_nothing(app, page):
    write_and_draw(page, "Rosa waves.")
    before, drawn = story_in(app, page), len(app.renderer.requests)
    connection = app.library._file._connection
    connection.execute("PRAGMA query_only = ON")
    try:
        write(page, "She sits down.")
        page.locator(".sb-composer .sb-problem", has_text="cannot be written").wait_for()
        assert page.input_value("#sb-next") == "She sits down."
        sentence(page, 1).fill("Rosa sings.")
        sentence(page, 1).press("Enter")
        card(page, 1).locator(".sb-problem", has_text="cannot be written").wait_for()
        assert sentence(page, 1).input_value() == "Rosa sings."
        assert story_in(app, page) == before and len(app.renderer.requests) == drawn
        assert card(page, 1).locator(".sb-image").is_visible()
    finally:
        connection.execute("PRAGMA query_only = OFF")
    sentence(page, 1).press("Enter")
    wait_drawn(page, 1, takes=2)
    page.press("#sb-next", "Enter")
    wait_sentences(page, "Rosa sings.", "She sits down.")


def test_a_full_disk_is_said_and_the_script_stays_in_its_box(app, page):
    write_and_draw(page, "Rosa waves.")
    connection = app.library._file._connection
    ((pages,),) = app.library._file.rows("PRAGMA page_count")
    connection.execute(f"PRAGMA max_page_count = {pages}")
    script = "\n".join(f"Rosa says {'la ' * 150}{number}." for number in range(60))
    try:
        page.get_by_role("button", name="Paste a script").click()
        page.fill(".sb-script-text", script)
        page.get_by_role("button", name="Add 60 frames").click()
        page.get_by_role("dialog").locator(".sb-problem", has_text="is full; free some space").wait_for()
        assert page.input_value(".sb-script-text") == script
        assert len(story_in(app, page).frames) == 1
    finally:
        connection.execute("PRAGMA max_page_count = 1000000000")
    page.get_by_role("checkbox", name="Draw them right away").uncheck()
    page.get_by_role("button", name="Add 60 frames").click()
    card(page, 61).wait_for()
