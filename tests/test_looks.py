"""The looks of a story: one finish for the board and every export, over pictures that do not change."""

import io
import json
import zipfile
from dataclasses import replace

import imageio.v3 as imageio
import pypdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports import ExportOptions, export_story
from storyboard.exports.archive import story_from_folder
from storyboard.exports.frame_png import DRAWN, KEYWORD, frame_from_png, frame_to_png, rebuilt_frame
from storyboard.exports.project import read_project
from storyboard.story.looks import CURVES, finished
from storyboard.story.values import LOOKS, Story
from tests.stories import drawn_story

RAMP = Image.merge("RGB", [Image.linear_gradient("L")] * 3)


def near(seen, meant, most=1):
    return all(abs(one - other) <= most for one, other in zip(seen, meant, strict=True))


def test_every_look_but_colour_has_its_curves():
    assert {"colour", *CURVES} == set(LOOKS)
    assert all(len(curves) == 3 for curves in CURVES.values())


def test_colour_leaves_a_picture_as_it_is():
    assert finished(RAMP, "colour") is RAMP


def test_grey_is_the_brightness_of_each_colour():
    picture = Image.new("RGB", (4, 4), (200, 40, 90))
    brightness = round(0.299 * 200 + 0.587 * 40 + 0.114 * 90)
    assert near(finished(picture, "grey").getpixel((0, 0)), (brightness,) * 3)
    assert picture.getpixel((0, 0)) == (200, 40, 90)


def test_ink_runs_from_ink_to_paper_along_its_curves():
    inked = finished(RAMP, "ink")
    ends = [tuple(curve[end] for curve in CURVES["ink"]) for end in (0, -1)]
    assert [inked.getpixel((0, y)) for y in (0, 255)] == ends
    middle = [curve[3] for curve in CURVES["ink"]]  # of seven values
    assert near(inked.getpixel((0, 127)), middle, most=2)
    brightness = [sum(inked.getpixel((0, y))) for y in range(256)]
    assert brightness == sorted(brightness)


@pytest.fixture
def inked(tmp_path) -> tuple[Story, PictureStore]:
    """Returns a drawn story with the look "ink", and its pictures."""
    story, pictures = drawn_story(tmp_path / "a", "Rosa waves to Milo.", "She sits.", "Bolt sings.")
    return replace(story, look="ink"), pictures


def shown_colours(story, pictures, look="ink"):
    return [finished(pictures.open(one.take.picture), look).getpixel((0, 0)) for one in story.frames]


def export(inked: tuple[Story, PictureStore], kind, folder):
    folder.mkdir(exist_ok=True)
    return export_story(*inked, kind, folder, ExportOptions(seconds=0.5))


@pytest.mark.parametrize("kind", ["sheet", "comic"])
def test_sheets_and_comics_show_the_look(inked, tmp_path, kind):
    (path,) = export(inked, kind, tmp_path / "out")
    with Image.open(path) as page:
        colours = {colour for _, colour in page.convert("RGB").getcolors(page.width * page.height)}
    assert set(shown_colours(*inked)) <= colours
    assert not set(shown_colours(*inked, look="colour")) & colours


def test_a_pdf_shows_the_look(inked, tmp_path):
    (path,) = export(inked, "pdf", tmp_path / "out")
    images = [one.image.convert("RGB") for page in pypdf.PdfReader(path).pages for one in page.images]
    assert [image.getpixel((0, 0)) for image in images] == shown_colours(*inked)


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_animations_and_films_show_the_look(inked, tmp_path, kind):
    path = export(inked, kind, tmp_path / "out")[0]
    first = imageio.imread(path, index=2 if kind == "mp4" else 0)
    seen = first[first.shape[0] // 3, first.shape[1] // 2][:3]
    assert near([int(value) for value in seen], shown_colours(*inked)[0], most=24)  # both are compressed


def test_a_zip_shows_the_look_and_is_the_same_story_again(inked, tmp_path):
    story, pictures = inked
    (path,) = export(inked, "zip", tmp_path / "out")
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "unpacked")
    shown = sorted((tmp_path / "unpacked").glob("*.png"))
    assert [Image.open(one).getpixel((0, 0)) for one in shown] == shown_colours(*inked)
    again = story_from_folder(tmp_path / "unpacked" / "story.json", PictureStore(tmp_path / "b"))
    assert again.look == "ink"
    assert [one.take.picture for one in again.frames] == [one.take.picture for one in story.frames]


def test_a_project_file_has_the_pictures_as_they_were_drawn_and_the_look_beside_them(inked, tmp_path):
    story, _ = inked
    story = replace(story, quality="fine")
    (path,) = export((story, inked[1]), "project", tmp_path / "out")
    again = read_project(path, PictureStore(tmp_path / "b" / "pictures"))
    assert (again.look, again.quality) == ("ink", "fine")
    assert [one.take.picture for one in again.frames] == [one.take.picture for one in story.frames]


def test_a_saved_picture_shows_the_look_and_gives_the_drawn_one_back(inked, tmp_path):
    story, pictures = inked
    data = frame_to_png(story, story.frames[0], pictures)
    assert Image.open(io.BytesIO(data)).getpixel((0, 0)) == shown_colours(*inked)[0]
    frame = rebuilt_frame(frame_from_png(data), story, PictureStore(tmp_path / "b"))
    assert frame.take.picture == story.frames[0].take.picture
    plain = frame_to_png(replace(story, look="colour"), story.frames[0], pictures)
    assert DRAWN not in plain and DRAWN in data


def with_drawn(data, held, tmp_path):
    """Returns the PNG `data` with the bytes `held` in place of the original picture."""
    notes = PngInfo()
    picture = PngImageFile(io.BytesIO(data))
    notes.add_itxt(KEYWORD, picture.text[KEYWORD])
    notes.add(DRAWN, held)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=notes)
    return buffer.getvalue()


@pytest.mark.parametrize("held", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_held_picture_changed_by_hand_is_refused(inked, tmp_path, held):
    story, pictures = inked
    forged = with_drawn(frame_to_png(story, story.frames[0], pictures), held, tmp_path)
    with pytest.raises(StoryError, match="The picture"):
        frame_from_png(forged)


def test_a_held_picture_larger_than_any_drawn_here_is_refused(inked, tmp_path):
    story, pictures = inked
    buffer = io.BytesIO()
    Image.new("RGB", (5000, 300)).save(buffer, format="PNG")
    forged = with_drawn(frame_to_png(story, story.frames[0], pictures), buffer.getvalue(), tmp_path)
    with pytest.raises(StoryError, match="larger than any this app draws"):
        frame_from_png(forged)


def test_the_curves_are_plain_numbers_for_the_page():
    assert json.loads(json.dumps(CURVES)) == {
        look: [list(one) for one in some] for look, some in CURVES.items()
    }
