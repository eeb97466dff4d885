"""Scripts on the page: pasted or from a file, they are recognised, shown and made into frames."""

import pytest

from tests.pages import story_in, wait_drawn, wait_sentences, write

pytestmark = pytest.mark.browser

FOUNTAIN = """Title: The Lane

EXT. PARK - NIGHT

Rosa waves. [[how?]]

ROSA
Hello!

MILO ^
Hi!

INT. OLD MILL - DAY

She sings.
"""
FDX = """<?xml version="1.0" encoding="UTF-8"?>
<FinalDraft DocumentType="Script" Version="5"><Content>
<Paragraph Type="Scene Heading"><Text>INT. KITCHEN - DAY</Text></Paragraph>
<Paragraph Type="Action"><Text>Rosa waves.</Text></Paragraph>
<Paragraph Type="Character"><Text>MILO</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Hello!</Text></Paragraph>
</Content></FinalDraft>"""


def open_dialog(page):
    page.get_by_role("button", name="Paste a script").click()
    return page.get_by_role("dialog", name="Paste a script")


def wait_recognised(dialog, words):
    dialog.get_by_role("status").filter(has_text=words).wait_for()


@pytest.mark.own_hand("knows no places")
def test_a_pasted_fountain_script_is_recognised_shown_and_becomes_frames(page):
    dialog = open_dialog(page)
    dialog.locator(".sb-script-text").fill(FOUNTAIN)
    wait_recognised(dialog, "Fountain script, 2 scenes, 4 frames")
    expected = (
        "In the park at night, Rosa waves.",
        'Rosa says "Hello!"',
        'Milo says "Hi!"',
        "In the old mill, she sings.",
    )
    assert dialog.locator(".sb-split-words").all_inner_texts() == list(expected)
    dialog.get_by_role("button", name="Add 4 frames").click()
    wait_sentences(page, *expected)
    wait_drawn(page, 4)


def test_a_chosen_final_draft_file_is_recognised_and_becomes_frames(page, tmp_path):
    path = tmp_path / "lane.fdx"
    path.write_text(FDX, encoding="utf-8")
    dialog = open_dialog(page)
    dialog.locator("input[type=file]").set_input_files(path)
    wait_recognised(dialog, "Final Draft script, 1 scene, 2 frames")
    assert dialog.locator(".sb-script-name").inner_text() == "lane.fdx"
    dialog.get_by_role("button", name="Add 2 frames").click()
    wait_sentences(page, "In the kitchen, Rosa waves.", 'Milo says "Hello!"')


@pytest.mark.parametrize(
    ("name", "data", "words", "frame"),
    [
        (
            "lane.srt",
            b"1\n00:00:01,000 --> 00:00:02,000\nRosa waves.\n",
            "Subtitles (SRT), 1 frame",
            "Rosa waves.",
        ),
        ("lane.csv", b"1,Rosa waves.\n2,Milo naps.\n", "Table (CSV), 2 frames", "Rosa waves."),
        ("lane.txt", "\ufeffZo\u00eb waves.".encode("utf-16-le"), "Text, 1 frame", "Zo\u00eb waves."),
        ("lane.md", "Zo\u00eb waves.".encode("cp1252"), "Text, 1 frame", "Zo\u00eb waves."),
    ],
)
def test_a_script_file_where_project_files_are_opens_in_its_window(page, tmp_path, name, data, words, frame):
    (tmp_path / name).write_bytes(data)
    page.set_input_files(".sb-import", tmp_path / name)
    dialog = page.get_by_role("dialog", name="Paste a script")
    wait_recognised(dialog, words)
    assert dialog.locator(".sb-split-words").first.inner_text() == frame


def test_what_cannot_be_read_is_said_in_a_sentence_and_the_text_stays(page, tmp_path):
    dialog = open_dialog(page)
    text = f'<!DOCTYPE FinalDraft [<!ENTITY a "b">]>{FDX.partition("?>")[2]}'
    dialog.locator(".sb-script-text").fill(text)
    dialog.locator(".sb-problem", has_text="This Final Draft file declares things").wait_for()
    assert dialog.locator(".sb-script-text").input_value() == text
    (tmp_path / "lane.txt").write_bytes(b"\x00\x01\x02")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "lane.txt")
    dialog.locator(".sb-problem", has_text="That file is no text").wait_for()
    assert dialog.locator(".sb-script-text").input_value() == text


def test_a_script_longer_than_a_story_goes_on_where_the_writer_says(app, page):
    write(page, "Rosa waves.")
    wait_sentences(page, "Rosa waves.")
    dialog = open_dialog(page)
    dialog.locator(".sb-script-text").fill(
        "\n".join(f"Milo reads book {number}." for number in range(1, 251))
    )
    dialog.get_by_text("The script has 250 frames and this story has room for 199").wait_for()
    assert dialog.locator(".sb-split-words").count() == 199
    dialog.get_by_label("Begin with frame").fill("249")
    dialog.get_by_label("Begin with frame").press("Enter")
    dialog.get_by_role("button", name="Add 2 frames").click()
    wait_sentences(page, "Rosa waves.", "Milo reads book 249.", "Milo reads book 250.")
    assert len(story_in(app, page).frames) == 3
