"""Files in and out of the page: every kind of export, a project and a picture brought back."""

import io
import zipfile

import pytest
from PIL import Image

from tests.pages import menu, story_in, story_of, wait_drawn, wait_sentences, write_and_draw

pytestmark = pytest.mark.browser


def exported(page, words, tmp_path):
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=words, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_pages_pictures_and_archives_are_downloaded_from_the_menu(page, tmp_path):
    write_and_draw(page, "Rosa waves.", "She sings.")
    assert exported(page, "PDF with captions · 2", tmp_path).read_bytes().startswith(b"%PDF-")
    for words in ("Contact sheet (PNG)", "Comic page (PNG)"):
        assert Image.open(exported(page, words, tmp_path)).format == "PNG"
    names = zipfile.ZipFile(exported(page, "All pictures (ZIP)", tmp_path)).namelist()
    assert "01_rosa-waves.png" in names
    assert Image.open(exported(page, "Animation (GIF)", tmp_path)).n_frames == 2


def test_a_film_comes_with_its_subtitles(page, tmp_path):
    write_and_draw(page, "Rosa waves.")
    files = []
    page.on("download", lambda one: files.append(one))
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="Film (MP4)").click()
    for _ in range(300):
        page.wait_for_timeout(100)
        if len(files) == 2:
            break
    film, subtitles = (tmp_path / one.suggested_filename for one in files)
    for one, path in zip(files, (film, subtitles), strict=True):
        one.save_as(path)
    assert film.read_bytes()[4:8] == b"ftyp" and "Rosa waves." in subtitles.read_text(encoding="utf-8")


def test_a_project_file_opens_as_a_story_of_its_own_and_a_broken_one_changes_nothing(app, page, tmp_path):
    write_and_draw(page, "Rosa waves.", "She sings.")
    before = story_of(page)
    path = exported(page, "Project file", tmp_path)
    page.set_input_files(".sb-import", path)
    page.wait_for_function("old => new URLSearchParams(location.search).get('story') !== old", arg=before)
    wait_sentences(page, "Rosa waves.", "She sings.")
    wait_drawn(page, 2)
    after = story_of(page)
    broken = tmp_path / "broken.storyboard"
    broken.write_bytes(path.read_bytes()[:-40])
    page.set_input_files(".sb-import", broken)
    page.locator(".sb-toast").last.wait_for()
    assert story_of(page) == after and len(story_in(app, page).frames) == 2


def test_a_picture_saved_here_and_dropped_back_rebuilds_its_frame(app, page, tmp_path):
    write_and_draw(page, "Rosa waves.")
    with page.expect_download() as download:
        menu(page, 1, "Save the picture")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    first = story_in(app, page).frames[0].take
    menu(page, 1, "Remove")
    wait_sentences(page)
    drop(page, path)
    wait_sentences(page, "Rosa waves.")
    take = story_in(app, page).frames[0].take
    assert (take.seed, take.picture) == (first.seed, first.picture)


def test_a_picture_from_elsewhere_is_refused_with_a_sentence(page, tmp_path):
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "sea.png")
    drop(page, tmp_path / "sea.png")
    page.locator(".sb-toast").last.wait_for()
    assert page.locator(".sb-card").count() == 0


def drop(page, path):
    """Drop a file on the board, as from a file manager."""
    data = list(io.BytesIO(path.read_bytes()).getvalue())
    page.evaluate(
        """([bytes, name]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            for (const kind of ["dragover", "drop"]) {
                document.querySelector(".sb-cast").dispatchEvent(
                    new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }
        }""",
        [data, path.name],
    )
