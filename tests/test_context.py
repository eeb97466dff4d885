"""The interleaved context: whatever it has read before, the condition equals the one that is read from scratch."""

import random

import pytest
import torch

from storyboard.models.prompt_tokens import without_frames
from storyboard.models.story_reader import StoryReader
from storyboard.pipeline.context import FIRST_FRAMES, ContextPool, InterleavedContext, outside_window
from storyboard.text.prompt import PictureSlot, interleave
from tests import tiny

WORDS = [
    "She runs.",
    "They sit in the park with an umbrella.",
    "Rosa and Milo wave.",
    "It rains on the lane.",
]
CAST = ["Rosa", "Milo"]


def window(reader: StoryReader, tokens):
    """Returns the part of a tokenised prompt that fits."""
    return without_frames(tokens, outside_window(reader, tokens))


class Story:
    """Sentences and features of pictures. Tests edit them at random."""

    def __init__(self, seed: int, frames: int):
        self.random = random.Random(seed)
        self.torch = torch.Generator().manual_seed(seed)
        self.frames = [self.frame() for _ in range(frames)]
        self.portraits = torch.randn(2, tiny.VISION_WIDTH, generator=self.torch)

    def frame(self):
        return self.random.choice(WORDS), torch.randn(tiny.VISION_WIDTH, generator=self.torch)

    def edit(self):
        index = self.random.randrange(len(self.frames))
        match self.random.choice(["add", "add", "replace", "remove", "caption"]):
            case "add":
                self.frames.append(self.frame())
            case "replace":
                self.frames[index] = self.frame()
            case "remove" if len(self.frames) > 1:
                del self.frames[index]
            case "caption":
                self.frames[index] = self.random.choice(WORDS), self.frames[index][1]

    def prompt(self, drawn: int):
        """Returns the prompt for frame `drawn`."""
        captions = [caption for caption, _ in self.frames[:drawn]]
        pictures = torch.stack([picture for _, picture in self.frames[:drawn]]) if drawn else None
        return interleave(captions, self.frames[drawn][0], CAST), pictures, self.portraits


def from_scratch(reader: StoryReader, parts, frames, portraits):
    """Returns the condition from one pass over the windowed prompt, without any cache."""
    visual = [None if f is None else reader.visual_mapper(f) for f in (frames, portraits)]
    return reader.read([reader.embed_tokens(window(reader, reader.tokenize(parts)), *visual)]).condition


@pytest.mark.parametrize(("build", "positions"), [(tiny.opt, 1024), (tiny.llama, 1024), (tiny.opt, 256)])
@torch.inference_mode()
def test_any_order_of_edits_gives_the_condition_from_scratch(build, positions):
    reader = tiny.reader(build, positions)
    story, context = Story(seed=0, frames=3), InterleavedContext(reader)
    for _ in range(25):
        story.edit()
        prompt = story.prompt(story.random.randrange(len(story.frames)))
        condition = tiny.read_in(context, *prompt).condition
        torch.testing.assert_close(condition, from_scratch(reader, *prompt), atol=1e-5, rtol=1e-5)
        # They are equal bit for bit, so a frame that is drawn again after a restart gives the same picture.
        assert torch.equal(condition, tiny.read_in(InterleavedContext(reader), *prompt).condition)


@torch.inference_mode()
def test_a_new_frame_costs_what_is_new_and_an_edit_what_follows_it(monkeypatch):
    reader = tiny.reader(positions=2048)
    story, context = Story(seed=1, frames=16), InterleavedContext(reader)
    positions = tiny.lengths_read(reader, monkeypatch)
    tiny.read_in(context, *story.prompt(15))
    whole = sum(positions)
    positions.clear()
    story.frames.append(story.frame())
    tiny.read_in(context, *story.prompt(16))
    assert sum(positions) < whole / 4
    positions.clear()
    story.frames[14] = story.frame()
    tiny.read_in(context, *story.prompt(16))
    assert sum(positions) < whole / 3
    positions.clear()
    tiny.read_in(context, *story.prompt(16))
    assert len(positions) == 1  # only the open end and the image tokens are read


@torch.inference_mode()
def test_a_story_that_only_grows_crops_nothing(monkeypatch):
    """Some versions of transformers read crop(-0) as "drop everything": the story was silently forgotten."""
    cropped = []
    monkeypatch.setattr(
        "storyboard.pipeline.context.DynamicCache.crop", lambda self, length: cropped.append(length)
    )
    context, story = InterleavedContext(tiny.reader()), Story(0, 3)
    for drawn in range(3):
        tiny.read_in(context, *story.prompt(drawn))
    assert len(cropped) == 3 and 0 not in cropped  # only the open end of each prompt


@torch.inference_mode()
def test_a_failed_pass_leaves_no_wrong_cache():
    reader = tiny.reader()
    story, context = Story(seed=2, frames=4), InterleavedContext(reader)
    tiny.read_in(context, *story.prompt(2))
    layer = reader.language_model.model.decoder.layers[1]
    calls = iter([False, True])

    def fail(*_):
        if next(calls):
            raise RuntimeError("out of memory")

    hook = layer.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError):
        tiny.read_in(context, *story.prompt(3))
    hook.remove()
    assert len(context) == 0
    prompt = story.prompt(3)
    assert torch.equal(
        tiny.read_in(context, *prompt).condition, tiny.read_in(InterleavedContext(reader), *prompt).condition
    )


def test_the_window_keeps_cast_first_and_latest_frames_and_moves_seldom():
    reader = tiny.reader(positions=1024)
    captions = [f"Frame {i:02d} shows Rosa." for i in range(60)]
    starts = []
    for count in range(1, 60):
        parts = interleave(captions[:count], "She runs.", CAST)
        tokens = window(reader, reader.tokenize(parts))
        assert reader.length(tokens) <= reader.max_tokens
        slots = [part for part in tokens if isinstance(part, PictureSlot)]
        frames = [slot.index for slot in slots if slot.kind == "frame"]
        assert [slot.index for slot in slots if slot.kind == "portrait"] == [0, 1]
        assert frames[-1] == count - 1
        assert frames[:FIRST_FRAMES] == list(range(min(FIRST_FRAMES, count)))
        latest = frames[FIRST_FRAMES:]
        assert latest == list(range(latest[0], count)) if latest else True
        starts.append(latest[0] if latest else 0)
        text = reader.tokenizer.decode([t for part in tokens if isinstance(part, list) for t in part])
        assert all(captions[i] in text for i in frames)
    moves = sum(a != b for a, b in zip(starts, starts[1:], strict=False))
    assert 1 < moves < 60 / 5


def test_a_sentence_that_leaves_no_room_is_an_error():
    reader = tiny.reader(positions=64)
    parts = interleave(["A short one."], "A sentence that is far too long for so small a model.")
    with pytest.raises(ValueError, match="with one frame; 56 are left"):
        window(reader, reader.tokenize(parts))


@torch.inference_mode()
def test_two_stories_keep_their_own_contexts():
    reader = tiny.reader(positions=1024)
    pool = ContextPool(reader, limit=2)
    stories = [Story(seed, frames=6) for seed in (3, 4, 5)]
    for drawn in (3, 4, 5):
        for story in stories[:2]:
            prompt = story.prompt(drawn)
            assert torch.equal(
                pool.condition_for(*prompt).condition,
                tiny.read_in(InterleavedContext(reader), *prompt).condition,
            )
    assert len(pool._contexts) == 2
    third = stories[2].prompt(5)
    assert torch.equal(
        pool.condition_for(*third).condition, tiny.read_in(InterleavedContext(reader), *third).condition
    )
    assert len(pool._contexts) == 2


@torch.inference_mode()
def test_an_edit_early_in_a_long_story_reads_nothing_before_it_again(monkeypatch):
    """A context that shared less than half of its tokens was not used, and the whole story was read again."""
    reader = tiny.reader(positions=2048)
    story, pool = Story(seed=1, frames=16), ContextPool(reader)
    pool.condition_for(*story.prompt(15))
    positions = tiny.lengths_read(reader, monkeypatch)
    story.frames[6] = WORDS[1], story.frames[6][1]
    edited = story.prompt(6)
    found = pool.condition_for(*edited)
    assert len(positions) == 1  # only the open end and the image tokens
    assert torch.equal(found.condition, tiny.read_in(InterleavedContext(reader), *edited).condition)
    later = story.prompt(15)  # both contexts can continue with it
    assert torch.equal(
        pool.condition_for(*later).condition, tiny.read_in(InterleavedContext(reader), *later).condition
    )
