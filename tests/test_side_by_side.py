"""Figure 3: the same stories of several systems in one picture, and names of missing ones."""

import numpy as np
import pytest
from PIL import Image

from storyboard.errors import StoryError
from tests import story_folders
from training.data import StoryDataset, open_reader
from training.evaluate import systems
from training.evaluate.drawing import world_picture
from training.evaluate.side_by_side import GAP, LABEL, TILE, SideBySideArguments, figure, main
from training.evaluate.system_stories import first_stories
from training.evaluate.told_stories import read_told, write_told

COLOURS = {"ldm": (200, 30, 30), "ours": (30, 30, 200)}


def drawn(folder, name: str, stories: tuple[str, ...] = ("one", "two")) -> str:
    for story in stories:
        files = [folder / name / story / f"{number}.png" for number in range(3)]
        write_told(folder / name, story, [(f"{story} {n}.", file) for n, file in enumerate(files)], ())
        for number, file in enumerate(files):
            Image.new("RGB", (8, 8), tuple(max(0, one - 10 * number) for one in COLOURS[name])).save(file)
    return f"{name}={folder / name}"


def tile(picture: Image.Image, bottom: int, column: int) -> tuple[int, ...]:
    """Returns the colour in the middle of a tile. Rows are counted from the last."""
    top = picture.height - 3 * GAP - bottom * (TILE + GAP) - TILE // 2
    red, green, blue = picture.getpixel((LABEL + column * (TILE + GAP) + TILE // 2, top))
    return red, green, blue


def test_rows_are_systems_and_columns_frames(tmp_path):
    args = SideBySideArguments(
        [drawn(tmp_path, "ldm"), drawn(tmp_path, "ours")], str(tmp_path / "f" / "3.png")
    )
    made = figure(args)
    for column in range(3):
        assert tile(made, 0, column) == tuple(max(0, one - 10 * column) for one in COLOURS["ours"])
        assert tile(made, 1, column) == tuple(max(0, one - 10 * column) for one in COLOURS["ldm"])
    one = figure(SideBySideArguments(args.drawn, args.out, stories=1))
    assert one.width == made.width == LABEL + 3 * (TILE + GAP) and one.height < made.height
    main(["--drawn", *args.drawn, "--out", args.out, "--story", "two"])
    assert Image.open(args.out).size == one.size


def test_only_stories_that_all_have_drawn_stand_side_by_side(tmp_path):
    both = [drawn(tmp_path, "ldm"), drawn(tmp_path, "ours", ("two", "three"))]
    args = SideBySideArguments(both, str(tmp_path / "3.png"))
    assert figure(args).size == figure(SideBySideArguments(both, args.out, story=["two"])).size
    with pytest.raises(StoryError, match="ours has not drawn the story one"):
        figure(SideBySideArguments(both, args.out, story=["one"]))
    (tmp_path / "ours" / "two" / "1.png").unlink()
    with pytest.raises(StoryError, match="The picture .*1.png of ours"):
        figure(args)
    alone = [both[0], drawn(tmp_path / "other", "ours", ("four",))]
    with pytest.raises(StoryError, match="no story that ldm, ours have all drawn"):
        figure(SideBySideArguments(alone, args.out))


def test_a_datasets_own_pictures_are_a_row_too(tmp_path):
    story_folders.flintstones(tmp_path / "flintstones")
    story = StoryDataset(open_reader(tmp_path / "flintstones"), "test").story(0)
    files = [tmp_path / "ours" / story.id / f"{n}.png" for n in range(4)]
    write_told(tmp_path / "ours", story.id, zip(story.captions, files, strict=True), ())
    for file in files:
        Image.new("RGB", (8, 8), COLOURS["ours"]).save(file)
    args = SideBySideArguments([str(tmp_path / "ours")], "", dataset=str(tmp_path / "flintstones"))
    made = figure(args)
    real = np.asarray(story.frames[2].picture().resize((TILE, TILE), Image.Resampling.LANCZOS))
    assert (
        tile(made, 1, 2) == tuple(real[TILE - TILE // 2, TILE // 2]) and tile(made, 0, 2) == COLOURS["ours"]
    )
    other = SideBySideArguments(args.drawn, "", dataset=args.dataset, split="val")
    with pytest.raises(StoryError, match=f"no val story {story.id} of 4 frames"):
        figure(other)


def test_maple_lanes_own_pictures_are_told_as_a_systems_are(tmp_path):
    systems.main(["tell", "real", "--stories", "1", "--out", str(tmp_path / "real")])
    (told,) = read_told(tmp_path / "real").values()
    (tale,) = first_stories(1)
    assert told.captions == tuple(frame.referential for frame in tale.frames)
    assert np.array_equal(
        np.asarray(Image.open(told.pictures[2])), np.asarray(world_picture(tale.frames[2].scene))
    )
    with pytest.raises(StoryError, match="Give a folder with --out"):
        systems.main(["tell", "real", "--stories", "1"])
