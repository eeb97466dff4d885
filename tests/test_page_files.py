"""Files in and out of the page: every kind of export, a project and a picture brought back."""

import io
import zipfile

import imageio.v3 as imageio
import pypdf
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from tests.pages import menu, story_in, story_of, wait_drawn, wait_sentences, write_and_draw

pytestmark = pytest.mark.browser


def exported(page, words, tmp_path):
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=words, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.own_hand("draws no picture of one colour")
def test_pages_pictures_and_archives_are_downloaded_from_the_menu(app, page, tmp_path):
    write_and_draw(page, "Rosa waves.", "She sings.", "Milo reads.")
    story = story_in(app, page)
    pictures = [app.studio.pictures.open(frame.take.picture).convert("RGB") for frame in story.frames]
    colours = {picture.getpixel((0, 0)) for picture in pictures}
    for words, pages in (
        ("PDF, 1 frame a page", 3),
        ("PDF, 2 frames a page", 2),
        ("PDF, 9 frames a page", 1),
    ):
        read = pypdf.PdfReader(exported(page, words, tmp_path))
        text = "\n".join(one.extract_text() for one in read.pages)
        assert len(read.pages) == pages and sum(len(one.images) for one in read.pages) == 3
        assert all(frame.caption in text for frame in story.frames)
    for words in ("Contact sheet (PNG)", "Comic page (PNG)"):
        with Image.open(exported(page, words, tmp_path)) as sheet:
            assert sheet.format == "PNG"
            assert colours <= {
                colour for _, colour in sheet.convert("RGB").getcolors(sheet.width * sheet.height)
            }
    with zipfile.ZipFile(exported(page, "All pictures (ZIP)", tmp_path)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "01_rosa-waves.png",
            "02_she-sings.png",
            "03_milo-reads.png",
            "story.json",
        ]
        for name, picture in zip(archive.namelist(), pictures, strict=False):
            assert Image.open(io.BytesIO(archive.read(name))).convert("RGB").tobytes() == picture.tobytes()
    assert GifImageFile(exported(page, "Animation (GIF)", tmp_path)).n_frames == 3


@pytest.mark.own_hand("draws no picture of one colour")
def test_a_film_comes_with_its_subtitles(app, page, tmp_path):
    write_and_draw(page, "Rosa waves.")
    files = []
    page.on("download", lambda one: files.append(one))
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="Film (MP4)").click()
    for _ in range(300):
        page.wait_for_timeout(100)
        if len(files) == 2:
            break
    files.sort(key=lambda one: not one.suggested_filename.endswith(".mp4"))  # they arrive in any order
    film, subtitles = (tmp_path / one.suggested_filename for one in files)
    for one, path in zip(files, (film, subtitles), strict=True):
        one.save_as(path)
    assert "Rosa waves." in subtitles.read_text(encoding="utf-8")
    shown = imageio.imread(film, plugin="FFMPEG", index=5)
    wanted = (
        app.studio.pictures.open(story_in(app, page).frames[0].take.picture).convert("RGB").getpixel((0, 0))
    )
    middle = shown[shown.shape[0] // 3, shown.shape[1] // 2]
    assert all(abs(int(seen) - meant) < 24 for seen, meant in zip(middle, wanted, strict=True))


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
    """Drops a file on the board, like from a file manager."""
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
