"""Stories drawn by any text-to-image model, a tiny one, through the studio and its queue: style, takes, staleness."""

from argparse import ArgumentParser

import pytest
from PIL import Image

from storyboard.errors import StoryError
from storyboard.library import Library
from storyboard.people import Look
from storyboard.story.inputs import inputs_of
from storyboard.studio.studio import Studio
from storyboard.ui import any_model, serve
from storyboard.ui.loading import LoadingRenderer
from tests import tiny, tiny_hub
from tests.fakes import small_cast


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Returns the flags of a model with an IP-Adapter."""
    folder = tmp_path_factory.mktemp("hub")
    model = tiny_hub.stable_diffusion(folder / "stable-diffusion")
    return ["--hand", str(model), "--ip-adapter", str(tiny_hub.ip_adapter(folder / "adapter", model))]


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path / "library")
    yield library
    library.close()


@pytest.fixture
def studio(named, library):
    studio = studio_of(named, library)
    yield studio
    studio.close()


def options_of(flags):
    """Returns the flags as `app.py` reads them, for pictures in two steps."""
    parser = ArgumentParser()
    parser.add_argument("--steps", type=int, default=2)
    any_model.add_arguments(parser)
    return parser.parse_args(flags)


def studio_of(flags, library):
    options = options_of(flags)
    studio = any_model.build(options, any_model.check(options), library)
    assert isinstance(studio.renderer, LoadingRenderer)
    studio.renderer._over.wait(60)  # so that no other test makes a model meanwhile
    return studio


def written(studio, *sentences):
    """Returns the id of a story with these frames drawn. Rosa is made from a look, and Milo from an upload."""
    story = studio.create()
    session = studio.session(story)
    session.make_character("Rosa", "she", (), Look())
    session.add_character("Milo", "he", ("the tall boy in the red coat",), Image.new("RGB", (9, 9), "red"))
    for sentence in sentences:
        _, job = studio.add(story, sentence)
        over = studio.wait(job)
        assert over.state == "done", over.error
    return story


def redrawn(studio, story, frame):
    over = studio.wait(studio.draw(story, frame.id))
    assert over.state == "done", over.error


def test_two_frames_are_drawn_through_the_studio_and_its_queue(studio):
    story = studio.session(written(studio, "Rosa waves to Milo in the park.", "She meets him.")).story
    first, second = (frame.take for frame in story.frames)
    assert first.mentioned == second.mentioned == ("Rosa", "Milo")
    assert {first.conditioning, second.conditioning} == {"prompt"}
    assert first.model.startswith("stable-diffusion ") and first.model.endswith("adapter")
    assert studio.pictures.open(first.picture).size == (32, 32)
    assert second.text == "Rosa meets Milo." or [one.names for one in second.readings] == [
        ("Rosa",),
        ("Milo",),
    ]


def test_looks_reach_the_hand_in_words_made_or_typed(studio):
    story = written(studio, "Rosa waves to Milo.")
    session = studio.session(story)
    rosa, milo = session.request(session.story.frames[0].id, 1).cast
    assert rosa.look[0].startswith("a ") and len(rosa.look) > 3
    assert milo.look == ("a tall boy in the red coat",)


def test_what_the_writer_says_of_a_portrait_counts_before_all_else_and_is_seen_in_the_prompt(studio, library):
    story = written(studio, "Rosa sings.")
    session = studio.session(story)
    (frame,) = session.story.frames
    rosa = session.story.character("Rosa")
    assert frame.take.prompt.startswith("Rosa (") or frame.take.prompt == "Rosa sings."
    studio.change(story, "describe_portrait", name="Rosa", portrait=rosa.chosen, words="a tall cat. ")
    assert session.request(frame.id, 1).cast[0].look == ("a tall cat",)
    assert inputs_of(session.story).stale_cause(frame) == "how somebody is described changed"
    redrawn(studio, story, frame)
    assert session.story.frames[0].take.prompt == "Rosa (a tall cat) sings."
    assert library.open(story).story == session.story
    studio.change(story, "describe_portrait", name="Rosa", portrait=rosa.chosen, words="")
    assert session.request(frame.id, 1).cast[0].look[0] != "a tall cat"


def test_everybody_is_drawn_alike_so_nobody_is_a_stranger(studio):
    session = studio.session(written(studio))
    assert all(studio.has_learned(one.portrait) for one in session.story.cast)


def test_another_style_redraws_the_whole_story_with_the_people_kept(studio):
    story = written(studio, "Rosa waves to Milo.", "Rosa sings.")
    session = studio.session(story)
    before = [frame.take for frame in session.story.frames]
    studio.change(story, "set_style", words="ink", negative="fog", aspect="wide")
    assert [inputs_of(session.story).stale_cause(one) for one in session.story.frames] == [
        "the style changed",
        "the style changed",
    ]
    assert studio.draw_stale(story) == 2
    for job in studio.queue.jobs_of(story):
        assert studio.wait(job).state == "done"
    after = [frame.take for frame in session.story.frames]
    assert studio.stale_frames(session.story) == frozenset()
    for old, new in zip(before, after, strict=True):
        assert (new.seed, new.mentioned, new.portraits) == (old.seed, old.mentioned, old.portraits)
        assert new.picture != old.picture and studio.pictures.open(new.picture).size == (40, 24)
    session.undo()  # takes the update back
    assert [frame.take for frame in session.story.frames] == before
    assert len(studio.stale_frames(session.story)) == 2
    session.undo()  # takes the style back
    assert studio.stale_frames(session.story) == frozenset()


def test_an_example_of_the_style_is_kept_with_the_story_and_taken_away(studio, library, tmp_path):
    story = written(studio, "Rosa sings.")
    example = tmp_path / "example.png"
    Image.new("RGB", (20, 20), "green").save(example)
    studio.set_style_picture(story, example)
    session = studio.session(story)
    (frame,) = session.story.frames
    assert session.request(frame.id, 1).style.picture.convert("RGB").getpixel((0, 0)) == (0, 128, 0)
    assert library.open(story).story == session.story
    redrawn(studio, story, frame)
    studio.change(story, "remove_style_picture")
    assert session.story.style.picture == "" and studio.stale_frames(session.story) == {frame.id}
    with pytest.raises(StoryError, match="example of the style is not a PNG"):
        example.write_bytes(b"nothing")
        studio.set_style_picture(story, example)


def test_another_picture_of_an_earlier_frame_puts_none_out_of_date_that_reads_words_alone(studio):
    """Every reroll would have made the whole story out of date, although this model looks at no earlier picture."""
    story = written(studio, "Rosa waves in the park.", "She sings.")
    session = studio.session(story)
    first, second = session.story.frames
    assert studio.wait(studio.draw(story, first.id, reroll=True)).state == "done"
    assert studio.stale_frames(session.story) == frozenset()
    session.edit(first.id, "Rosa waves on the beach.")
    redrawn(studio, story, first)
    assert studio.stale_frames(session.story) == {second.id}


def test_a_story_drawn_by_both_hands_is_on_one_board_of_takes(named, library):
    cast = small_cast(library.pictures)
    pipeline = Studio(tiny.pipeline(), cast, library.pictures, library=library, model="tiny", steps=2)
    story = pipeline.create()
    for sentence in ("Rosa sings.", "She waves."):
        _, job = pipeline.add(story, sentence)
        assert pipeline.wait(job).state == "done"
    pipeline.close()
    library.let_go(story)
    hand = studio_of(named, library)
    session = hand.session(story)
    for frame in session.story.frames:
        redrawn(hand, story, frame)
    hand.close()
    board = [frame.takes for frame in session.story.frames]
    assert [[take.conditioning for take in takes] for takes in board] == [
        ["char-ldm", "prompt"],
        ["llm", "prompt"],
    ]
    for first, second in board:
        assert first.model == "tiny" and second.model.startswith("stable-diffusion")
        assert first.picture != second.picture and first.seed == second.seed
    session.choose_take(session.story.frames[1].id, board[1][0].id)
    assert library.open(story).story.frames[1].take == board[1][0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"words": "ink " * 100, "negative": "", "aspect": "square"}, "The style is 399 characters"),
        ({"words": "", "negative": "", "aspect": "round"}, "square, landscape, wide, portrait and tall"),
        ({"words": None, "negative": "", "aspect": "square"}, "The style has to be text"),
        ({"words": "", "negative": "", "aspect": ["square"]}, "The shape has to be text"),
    ],
)
def test_a_style_that_cannot_be_is_refused(studio, fields, message):
    story = studio.create()
    with pytest.raises(StoryError, match=message):
        studio.change(story, "set_style", **fields)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--hand", "no/such/model.bin"], "is a single file"),
        (["--hand", "nonsense"], "neither a folder here nor the name of a model"),
        (["--hand", "{empty}"], "no text-to-image model of diffusers"),
        (["--hand", "{model}", "--ip-adapter", "nonsense"], "The IP-Adapter"),
        (["--hand", "{model}", "--cast", "{empty}"], "has no cast.json"),
        (["--ip-adapter", "h94/IP-Adapter"], "--ip-adapter goes with --hand"),
        (["--lora", "a/b"], "--lora goes with --hand"),
    ],
)
def test_a_mistake_in_a_flag_ends_the_app_with_one_sentence(named, flags, message, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    told = [flag.format(empty=empty, model=named[1]) for flag in flags]
    assert serve.main([*told, "--library", str(tmp_path / "library")]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_a_model_that_cannot_be_loaded_is_said_by_every_drawing_and_no_sentence_is_lost(named, library):
    studio = studio_of([*named[:2], "--ip-adapter", named[1]], library)
    story = studio.create()
    frame, job = studio.add(story, "A lane at dawn.")
    over = studio.wait(job)
    assert over.state == "failed" and "IP-Adapter" in over.error
    assert [one.caption for one in studio.session(story).story.frames] == [frame.caption]
    studio.close()
