"""Measures reading a story: P1 to P6 with the paper's reader, which reads every frame, and the cost of the app's."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.arms import SENTENCES, Authors, Told, counting, open_carried, take_turns
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.context import ContextPool, outside_window
from storyboard.text.prompt import interleave

EXACT = 1e-5  # of the largest number in a condition; a larger difference is a mismatch


def measured(folder: Path, frames: int, repeats: int, edits: int, long: int) -> dict[str, dict[str, Any]]:
    """Returns P1 to P6.

    frames: the length of the story. edits: the number of random edits for P5. long: the length of the story for P6.
    """
    pipeline = open_carried(folder)
    story, authors = Told.of(pipeline, frames), Authors(pipeline)
    whole = longest(story)
    places = sorted({min(5, whole), whole // 2, whole})
    grown = {number: new_frame(story, authors, number, repeats) for number in places}
    first, last = grown[places[0]], grown[whole]
    changed = [max(2, frames // 10), frames // 2, whole - 1]
    return {
        "P1 a new frame is read": {f"frame {number}": found for number, found in grown.items()},
        "P2 last frame / fifth": {
            "ours": last["ours_ms"] / first["ours_ms"],
            "theirs": last["theirs_ms"] / first["theirs_ms"],
        },
        "P3 drawn again, another seed": drawn_again(story, authors, whole, repeats),
        "P4 a sentence is edited": {
            f"frame {number}": edited(story, authors, number, repeats) for number in changed
        },
        "P5 random edits": random_edits(pipeline, edits),
        "P6 a long story": long_story(pipeline, authors, long),
        "the app's reader": apps_reader(folder, frames, repeats),
    }


def longest(story: Told) -> int:
    """Returns the last frame of a story for which both arms can read all earlier frames.

    Later frames leave some out.
    """
    reader, names = story.pipeline.reader, [member.name for member in story.cast]
    for number in range(len(story.captions), 1, -1):
        tokens = reader.tokenize(interleave(story.captions[: number - 1], story.captions[number - 1], names))
        if reader.length(tokens) <= reader.max_tokens and not outside_window(reader, tokens):
            return number
    return 1


@torch.inference_mode()
def new_frame(story: Told, authors: Authors, number: int, repeats: int) -> dict[str, float]:
    """Returns the cost of reading frame `number` when the frames before it have been read."""
    conditions = story.pipeline._conditions
    before, now = story.request(number - 1), story.request(number)

    def known() -> None:
        story.pipeline.clear_caches()
        conditions.of(before, "llm")

    timed = take_turns(
        lambda: conditions.of(now, "llm"), lambda: authors.condition(now), repeats, known
    ).told()
    known()
    with counting(story.pipeline) as ours:
        condition = conditions.of(now, "llm").condition
    with counting(story.pipeline) as theirs:
        expected = authors.condition(now)
    return {
        **timed,
        "ours_tokens": ours.tokens,
        "theirs_tokens": theirs.tokens,
        "tokens_ratio": theirs.tokens / ours.tokens,
        "ours_pictures": ours.pictures,
        "theirs_pictures": theirs.pictures,
        "difference": _far(condition, expected),
    }


@torch.inference_mode()
def drawn_again(story: Told, authors: Authors, number: int, repeats: int) -> dict[str, float]:
    """Returns the cost of a frame's condition when it is needed again, for another seed."""
    conditions = story.pipeline._conditions
    again = story.request(number, seed=2)
    conditions.of(story.request(number), "llm")
    timed = take_turns(lambda: conditions.of(again, "llm"), lambda: authors.condition(again), repeats).told()
    with counting(story.pipeline) as ours:
        conditions.of(again, "llm")
    return {**timed, "ours_tokens": ours.tokens, "ours_pictures": ours.pictures}


@torch.inference_mode()
def edited(story: Told, authors: Authors, number: int, repeats: int) -> dict[str, float]:
    """Returns the cost of the condition of frame `number` after its sentence was edited.

    The whole story was drawn before, frame by frame.
    """
    conditions = story.pipeline._conditions
    sentence = "Rosa and Milo run in the park."
    now = replace(story.request(number), caption=sentence)

    def known() -> None:
        story.pipeline.clear_caches()
        for place in range(2, len(story.captions) + 1):
            conditions.of(story.request(place), "llm")

    timed = take_turns(
        lambda: conditions.of(now, "llm"), lambda: authors.condition(now), repeats, known
    ).told()
    known()
    with counting(story.pipeline) as ours:
        conditions.of(now, "llm")
    return {**timed, "ours_tokens": ours.tokens, "ours_pictures": ours.pictures}


@torch.inference_mode()
def random_edits(pipeline: StoryPipeline, edits: int) -> dict[str, float]:
    """Returns how often and how much two readings differ, for a story with random edits.

    After each edit a frame is read twice: with the caches, and in one pass without them.
    """
    chance, generator = random.Random(0), torch.Generator().manual_seed(0)
    width = pipeline.visual_mapper.config.image_width
    pool, reader = ContextPool(pipeline.reader), pipeline.reader

    def frame() -> tuple[str, torch.Tensor]:
        return chance.choice(SENTENCES), torch.randn(width, generator=generator)

    frames, worst, mismatches = [frame() for _ in range(4)], 0.0, 0
    for _ in range(edits):
        place = chance.randrange(len(frames))
        kind = chance.choice(("add", "edit", "picture", "remove"))
        if kind == "add" and len(frames) < 12:
            frames.insert(place, frame())
        elif kind == "edit":
            frames[place] = (chance.choice(SENTENCES), frames[place][1])
        elif kind == "picture":
            frames[place] = (frames[place][0], frame()[1])
        elif kind == "remove" and len(frames) > 2:
            del frames[place]
        drawn = chance.randrange(1, len(frames))
        parts = interleave([caption for caption, _ in frames[:drawn]], frames[drawn][0])
        pictures = torch.stack([picture for _, picture in frames[:drawn]])
        kept = pool.condition_for(parts, pictures).condition
        fresh = reader.read([reader.embed(parts, reader.visual_mapper(pictures))]).condition
        far = _far(kept, fresh)
        worst, mismatches = max(worst, far), mismatches + (far > EXACT)
    return {"edits": edits, "mismatches": mismatches, "worst": worst}


@torch.inference_mode()
def long_story(pipeline: StoryPipeline, authors: Authors, frames: int) -> dict[str, Any]:
    """Returns how many tokens are read for a frame, in a story longer than the language model's positions.

    It also says at which frame the authors' way fails.
    """
    reader, generator = pipeline.reader, torch.Generator().manual_seed(0)
    pictures = torch.randn(frames, pipeline.visual_mapper.config.image_width, generator=generator)
    captions = [SENTENCES[place % len(SENTENCES)] for place in range(frames)]
    pool, tokens, failed = ContextPool(reader), [], None
    for number in range(2, frames + 1):
        parts = interleave(captions[: number - 1], captions[number - 1])
        with counting(pipeline) as count:
            condition = pool.condition_for(parts, pictures[: number - 1]).condition
        assert torch.isfinite(condition).all()
        tokens.append(count.tokens)
        if failed is None and reader.length(reader.tokenize(parts)) > reader.max_tokens:
            failed = _fails(authors, parts, pictures[: number - 1]) and number
    return {
        "frames": frames,
        "theirs_fails_at": failed,
        "tokens_a_frame": statistics.mean(tokens),
        "tokens_steady": statistics.median(tokens),
        "mean_over_steady": statistics.mean(tokens) / statistics.median(tokens),
    }


@torch.inference_mode()
def apps_reader(folder: Path, frames: int, repeats: int) -> dict[str, float]:
    """Returns what the reader that the app opens costs.

    That is the milliseconds and tokens of a new frame, as the fifth and as the last of a story, their ratio, and how
    long a frame that is drawn again takes to its first UNet call.
    """
    pipeline = StoryPipeline.from_pretrained(folder)
    story, conditions = Told.of(pipeline, frames), pipeline._conditions
    fifth: list[float] = []
    last: list[float] = []
    tokens = {}
    for _ in range(repeats + 1):
        for number, found in ((5, fifth), (frames, last)):
            pipeline.clear_caches()
            conditions.of(story.request(number - 1), "llm")
            now = story.request(number)
            with counting(pipeline) as count:
                start = time.perf_counter()
                conditions.of(now, "llm")
                found.append(1000 * (time.perf_counter() - start))
            tokens[number] = count.tokens
    del fifth[0], last[0]  # the first turn does not count
    return {
        "frame_5_ms": statistics.median(fifth),
        "last_frame_ms": statistics.median(last),
        "last_over_5": statistics.median(b / a for a, b in zip(fifth, last, strict=True)),
        "tokens_of_5": tokens[5],
        "tokens_of_last": tokens[frames],
        "again_to_denoiser_ms": _to_denoiser(story, frames, repeats),
    }


def _to_denoiser(story: Told, number: int, repeats: int) -> float:
    """Returns the milliseconds from the request for another seed of a frame to its first UNet call, the median."""
    called: list[float] = []
    hook = story.pipeline.unet.register_forward_pre_hook(lambda *_: called.append(time.perf_counter()))
    waits = []
    try:
        for seed in range(repeats + 1):
            again = story.request(number, seed=seed, steps=1)
            called.clear()
            start = time.perf_counter()
            for _ in story.pipeline.generate(again):
                pass
            waits.append(1000 * (called[0] - start))
    finally:
        hook.remove()
    return statistics.median(waits[1:])


def _fails(authors: Authors, parts: list, pictures: torch.Tensor) -> bool:
    """Returns whether the authors' way ends in an error for a prompt."""
    reader = authors.pipeline.reader
    try:
        authors.read(reader.embed(parts, reader.visual_mapper(pictures)).embeddings)
    except (IndexError, RuntimeError):
        return True
    return False


def _far(one: torch.Tensor, other: torch.Tensor) -> float:
    """Returns the largest difference, relative to the largest number."""
    return float((one - other).abs().max() / other.abs().max())
