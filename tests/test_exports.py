"""Exports, each opened by a reader of its kind: pages, panels, durations, names, and how a picture was made."""

import io
import json
import re
import zipfile
from dataclasses import replace

import imageio.v3 as imageio
import pypdf
import pytest
from PIL import Image, ImageSequence
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports import KINDS, ExportOptions, export_story, missing_letters
from storyboard.exports.archive import story_from_folder
from storyboard.exports.frame_png import KEYWORD, frame_from_png, frame_to_png, rebuilt_frame
from storyboard.exports.motion import shots_of
from storyboard.exports.panels import reading_time, slug
from storyboard.story.values import new_story
from storyboard.text.captions import Binding
from tests.fakes import small_cast
from tests.stories import drawn_story

SENTENCES = (
    "Rosa waves to Milo in the park.",
    "She sits on a bench.",
    "Щёлк! Milo видит робота.",
    "Ἡ Rosa ᾄδει καλῶς.",
    "السلام عليكم يا Rosa",
    "Bolt, the robot, is żółty ő ñ ç.",
    "日本語の Rosa、「すし」。",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes the story, its pictures and a folder. Frame 2 is not drawn."""
    folder = tmp_path_factory.mktemp("exports")
    story, pictures = drawn_story(folder, *SENTENCES, undrawn=(2,))
    return story, pictures, folder


def exported(made, kind, **options):
    story, pictures, folder = made
    return export_story(story, pictures, kind, folder, ExportOptions(**options))


def words(text):
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("per_page, pages", [(1, 7), (2, 4), (4, 2), (6, 2), (9, 1)])
def test_a_pdf_has_its_pages_pictures_sentences_title_and_numbers(made, per_page, pages):
    (path,) = exported(made, "pdf", per_page=per_page)
    read = pypdf.PdfReader(path)
    assert (len(read.pages), read.metadata.title) == (pages, "Rosa's day")
    assert sum(len(page.images) for page in read.pages) == len(SENTENCES) - 1
    texts = [page.extract_text() for page in read.pages]
    for number, text in enumerate(texts, start=1):
        assert "Rosa's day" in text and f"{number} / {pages}" in text
    for number in (1, 2, 3, 4, 6, 7):
        wanted = set(words(f"{number}. {SENTENCES[number - 1]}"))
        assert any(wanted <= set(words(text)) for text in texts)


def test_right_to_left_text_is_joined_and_searchable(made):
    (path,) = exported(made, "pdf", per_page=1)
    page = pypdf.PdfReader(path).pages[4]
    assert {"السلام", "عليكم", "Rosa"} <= set(words(page.extract_text()))


def test_a_pdf_embeds_every_font_it_uses_and_only_a_part_of_it(made):
    (path,) = exported(made, "pdf", per_page=9)
    fonts = [font.get_object() for font in pypdf.PdfReader(path).pages[0]["/Resources"]["/Font"].values()]
    assert len(fonts) >= 3
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
    assert path.stat().st_size < 200_000


def test_a_sentence_that_looks_like_a_command_of_the_pdf_library_is_printed_as_it_is(tmp_path):
    story, pictures = drawn_story(tmp_path, "Rosa says {nb} **loud** <b>words</b>.")
    (path,) = export_story(story, pictures, "pdf", tmp_path)
    assert "{nb} **loud** <b>words</b>." in pypdf.PdfReader(path).pages[0].extract_text()


def test_a_contact_sheet_shows_every_frame_in_its_colour(made):
    story, pictures, _ = made
    (path,) = exported(made, "sheet")
    sheet = Image.open(path)
    colours = {colour for _, colour in sheet.getcolors(2**24)}
    assert sheet.format == "PNG" and sheet.width == 1600
    for frame in story.frames:
        if frame.take:
            assert pictures.open(frame.take.picture).getpixel((0, 0)) in colours


def test_a_comic_has_every_panel_and_more_pages_where_one_is_full(tmp_path, made):
    story, pictures, _ = made
    (path,) = exported(made, "comic")
    page = Image.open(path)
    assert page.width == 1600 and page.height <= 2200
    colours = {colour for _, colour in page.getcolors(2**24)}
    for frame in story.frames:
        if frame.take:
            assert pictures.open(frame.take.picture).getpixel((0, 0)) in colours
    long = replace(story, frames=story.frames[:1] * 9)
    pages = export_story(long, pictures, "comic", tmp_path)
    assert [page.name for page in pages] == ["rosa-s-day-comic.png", "rosa-s-day-comic-2.png"]


def test_a_zip_names_pictures_by_number_and_words_and_says_what_they_are(made):
    (path,) = exported(made, "zip", model="maple-lane")
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        names = file.namelist()
        index = json.loads(file.read("story.json"))
        pictures = {name: PngImageFile(io.BytesIO(file.read(name))) for name in names[:-1]}
    assert names[:2] == ["01_rosa-waves-to-milo-in-the-park.png", "03_щёлк-milo-видит-робота.png"]
    assert [entry["picture"] for entry in index["frames"]] == names[:-1]
    assert (index["title"], index["seed"], index["model"]) == ("Rosa's day", 5, "maple-lane")
    assert all(picture.size == (32, 32) for picture in pictures.values())
    assert index["frames"][0]["caption"] == SENTENCES[0] == pictures[names[0]].text["Description"]


def test_an_unpacked_zip_is_a_story_again(made, tmp_path):
    story, pictures, _ = made
    (path,) = exported(made, "zip")
    zipfile.ZipFile(path).extractall(tmp_path / "unpacked")
    store = PictureStore(tmp_path / "store")
    read = story_from_folder(tmp_path / "unpacked" / "story.json", store)
    drawn = [frame for frame in story.frames if frame.take]
    assert [frame.caption for frame in read.frames] == [frame.caption for frame in drawn]
    assert [one.take.picture for one in read.frames] == [one.take.picture for one in drawn]
    assert read.title == story.title and read.id != story.id


@pytest.mark.parametrize(
    "index",
    [
        "[]",
        "{",
        '{"frames": []}',
        '{"frames": [{"picture": "../a.png"}]}',
        '{"frames": [{"picture": "a.png"}]}',
    ],
)
def test_a_story_json_that_does_not_fit_is_refused(tmp_path, index):
    (tmp_path / "story.json").write_text(index)
    with pytest.raises(StoryError):
        story_from_folder(tmp_path / "story.json", PictureStore(tmp_path / "store"))


def test_a_gif_shows_each_frame_as_long_as_it_takes_to_read(made):
    story, _, _ = made
    (path,) = exported(made, "gif")
    animation = GifImageFile(path)
    durations = []
    for index in range(animation.n_frames):
        animation.seek(index)
        durations.append(animation.info["duration"] / 1000)
    assert durations == [shot.seconds for shot in shots_of(story)]
    assert len(durations) == 6 and animation.info["loop"] == 0
    assert animation.height > animation.width  # the sentence has its own band


def test_the_colours_of_a_gif_are_chosen_once_a_frame_and_not_by_pillow(made, monkeypatch):
    """Pillow's own choice of colours took almost all of the eleven seconds for a GIF of 50 frames."""
    chosen, converted = [], []
    quantize, convert = Image.Image.quantize, Image.Image.convert

    def choosing(picture, *given, **named):
        chosen.append((picture.tobytes(), named["method"]))
        return quantize(picture, *given, **named)

    def converting(picture, mode=None, *given, **named):
        converted.append((picture.mode, mode))
        return convert(picture, mode, *given, **named)

    monkeypatch.setattr(Image.Image, "quantize", choosing)
    monkeypatch.setattr(Image.Image, "convert", converting)
    (path,) = exported(made, "gif")
    monkeypatch.undo()
    assert len(chosen) == len(set(chosen)) == len(list(ImageSequence.Iterator(Image.open(path))))
    assert {method for _, method in chosen} == {Image.Quantize.FASTOCTREE}
    assert ("RGB", "P") not in converted
    shown, drawn = Image.open(path).convert("RGB").tobytes(), chosen[0][0]
    assert sum(map(lambda one, other: abs(one - other), shown, drawn)) / len(drawn) < 4  # of 255


def subtitles(text):
    """Returns SubRip as a player reads it: (start, end, text) in seconds."""
    entries = []
    for number, block in enumerate(text.strip().split("\n\n"), start=1):
        index, times, *lines = block.split("\n")
        assert index == str(number)
        start, end = (
            int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000
            for h, m, s, ms in re.findall(r"(\d\d):(\d\d):(\d\d),(\d\d\d)", times)
        )
        entries.append((start, end, "\n".join(lines)))
    return entries


def test_a_film_lasts_as_long_as_its_subtitles_and_each_shows_its_frame(made):
    story, pictures, _ = made
    film, texts = exported(made, "mp4", seconds=1)
    read = subtitles(texts.read_text(encoding="utf-8"))
    assert [text for _, _, text in read] == [SENTENCES[i] for i in (0, 2, 3, 4, 5, 6)]
    assert [(start, end) for start, end, _ in read] == [(i, i + 1) for i in range(6)]
    about = imageio.immeta(film)
    assert (about["codec"], about["duration"]) == ("h264", 6.0) and about["size"] == (1280, 720)
    stills = list(imageio.imiter(film))
    assert len(stills) == about["fps"] * 6
    drawn = [frame for frame in story.frames if frame.take]
    for second, frame in enumerate(drawn):
        still = stills[int((second + 0.5) * about["fps"])]
        expected = pictures.open(frame.take.picture).getpixel((0, 0))
        assert max(abs(int(a) - b) for a, b in zip(still[300, 640], expected, strict=True)) < 12
        assert still[640:].max() > 180  # the sentence, light on a dark ground


def test_reading_times_follow_length_and_script():
    assert reading_time("Rosa waves.") == 2.5 < reading_time("Rosa waves to Milo in the park, where " * 2)
    assert reading_time("word " * 120) == 10.0
    assert reading_time("日" * 20) > reading_time("a" * 20)


def test_letters_no_font_has_are_named_and_never_a_box(made, tmp_path):
    story, _, _ = made
    assert missing_letters(story) == ()
    nobody, pictures = drawn_story(tmp_path, "Rosa writes \U0001fbfe\u0378 here.")
    assert "\u0378" in missing_letters(nobody)
    (path,) = export_story(nobody, pictures, "pdf", tmp_path)
    assert "Rosa writes" in pypdf.PdfReader(path).pages[0].extract_text()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_show_is_said_so(kind, tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    story = new_story(small_cast(pictures))
    if kind == "project":
        (path,) = export_story(story, pictures, kind, tmp_path)
        assert zipfile.ZipFile(path).testzip() is None
        return
    with pytest.raises(StoryError, match="no frames yet"):
        export_story(story, pictures, kind, tmp_path)


def test_a_disk_that_does_not_take_it_is_a_sentence(made, tmp_path):
    story, pictures, _ = made
    for kind in KINDS:
        with pytest.raises(StoryError, match="could not be written"):
            export_story(story, pictures, kind, tmp_path / "no" / "such")


@pytest.mark.parametrize(
    "options",
    [{"per_page": 3}, {"per_page": True}, {"paper": "a5"}, {"seconds": 0}, {"seconds": float("nan")}],
)
def test_options_no_export_has_are_refused(options):
    with pytest.raises(StoryError):
        ExportOptions(**options)


def test_a_title_of_any_kind_is_a_safe_file_name(tmp_path):
    for title in ("../../etc/passwd", "a\\b:c*?", "", "…", "x" * 300):
        story, pictures = drawn_story(tmp_path, "Rosa waves.", title=title)
        (path,) = export_story(story, pictures, "zip", tmp_path)
        assert path.parent == tmp_path and re.fullmatch(r"[\w-]{1,60}\.zip", path.name)
    assert slug("Rosa & Milo: День!", "frame") == "rosa-milo-день"


# -- A picture that says how it was made


@pytest.fixture
def noted(tmp_path):
    story, pictures = drawn_story(tmp_path, "Rosa waves to Milo.", "She sits with him.")
    frame = replace(story.frames[1], bindings=(Binding("she", 0, ("Rosa",)),), excluded=("Bolt",), seed=77)
    return story.with_changed_frame(frame), pictures


def test_a_dropped_picture_rebuilds_its_frame(noted):
    story, pictures = noted
    frame = story.frames[1]
    read = frame_from_png(frame_to_png(story, frame, pictures, "maple-lane"))
    assert read.model == "maple-lane" and read.story.id != story.id
    rebuilt = rebuilt_frame(read, story, pictures)
    assert rebuilt.id != frame.id and rebuilt.take.id != frame.take.id
    for name in ("caption", "bindings", "excluded", "included", "seed"):
        assert getattr(rebuilt, name) == getattr(frame, name), name
    for name in ("caption", "resolved", "seed", "steps", "guidance", "conditioning", "mentioned", "picture"):
        assert getattr(rebuilt.take, name) == getattr(frame.take, name), name
    assert [one.name for one in read.story.cast] == ["Rosa", "Milo", "Bolt"]


def test_decisions_about_people_another_story_lacks_are_left_out(noted):
    story, pictures = noted
    data = frame_to_png(story, story.frames[1], pictures)
    other = new_story(small_cast(pictures)[1:])
    rebuilt = rebuilt_frame(frame_from_png(data), other, pictures)
    assert (rebuilt.bindings, rebuilt.excluded) == ((), ("Bolt",))


def test_a_saved_picture_does_not_carry_the_storys_link(noted):
    story, pictures = noted
    assert story.id.encode() not in frame_to_png(story, story.frames[1], pictures)


def with_notes(text, **more):
    notes = PngInfo()
    notes.add_itxt(KEYWORD, text, **more)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, format="PNG", pnginfo=notes)
    return buffer.getvalue()


def jpeg():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, format="JPEG")
    return buffer.getvalue()


def changed(noted, change):
    story, pictures = noted
    data = frame_to_png(story, story.frames[1], pictures)
    described = json.loads(PngImageFile(io.BytesIO(data)).text[KEYWORD])
    change(described)
    return with_notes(json.dumps(described))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(version=99),
        lambda one: one.update(version=None),
        lambda one: one.update(model=7),
        lambda one: one.update(story=[]),
        lambda one: one["story"].update(frames=[]),
        lambda one: one["story"]["frames"][0].update(caption="<b>" * 9000),
        lambda one: one["story"]["frames"][0].update(caption="a\u202eb"),
        lambda one: one["story"]["frames"][0]["takes"][0].update(seed=-1),
        lambda one: one["story"]["frames"][0]["takes"][0].update(picture="../../x"),
        lambda one: one["story"]["frames"][0].update(
            bindings=[{"word": "she", "occurrence": 0, "names": ["X"]}]
        ),
        lambda one: one["story"]["frames"].append(one["story"]["frames"][0]),
    ],
)
def test_notes_changed_by_hand_are_refused(noted, change):
    with pytest.raises(StoryError):
        frame_from_png(changed(noted, change))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        with_notes("{"),
        with_notes("[" * 100_000),
        with_notes('{"version": 1, "model": "", "story": ' + "[" * 30 + "]" * 30 + "}"),
        with_notes("x" * 3_000_000, zip=True),
        with_notes("[]")[:-30],
        jpeg(),
    ],
    ids=["empty", "header", "half", "deep", "nested", "bomb", "cut", "jpeg"],
)
def test_pictures_that_are_no_frames_are_refused(data):
    with pytest.raises(StoryError):
        frame_from_png(data)


def test_a_picture_from_elsewhere_says_so():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, format="PNG")
    with pytest.raises(StoryError, match="does not say how it was made"):
        frame_from_png(buffer.getvalue())
