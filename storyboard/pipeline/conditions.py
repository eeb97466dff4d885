"""From a FrameRequest to what the denoiser reads: checks, portraits, history, and a cache of conditions.

A condition does not depend on the seed. So it is kept, and drawing a frame again runs neither CLIP nor language model.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.judge import Judge
from storyboard.models.judge.matching import Wanted
from storyboard.models.portrait_canvas import canvas_of, reads_canvas
from storyboard.models.stage import spots_of
from storyboard.pipeline.checking import compare, known_by, who_is_meant
from storyboard.pipeline.context import ContextPool, ReadCondition
from storyboard.pipeline.explain import pointed_at, read_pointed, read_pronouns
from storyboard.pipeline.features import KEPT_FEATURES, Hashed, Kept, PictureFeatures, digests
from storyboard.pipeline.fused import FusedSentences, spans
from storyboard.pipeline.mending import Mender
from storyboard.pipeline.telling import AllowedPeople, named_in, names_of, told_of
from storyboard.renderer import CastMember, Conditioning, FrameRequest, Verdict
from storyboard.text.captions import Mention, Reading, clean_caption, find_mentions, find_pronouns
from storyboard.text.prompt import Part, frames_to_read, interleave

log = logging.getLogger(__name__)

KNOWN: tuple[Conditioning, ...] = ("char-ldm", "llm", "text")
KEPT_CONDITIONS = 64


@dataclass(frozen=True)
class FrameCondition:
    """What a frame is drawn from. Conditions have the shape (1, L, D).

    canvas: (1, C + 1, h, w), the portraits of the people that are shown where they will stand, which the denoiser reads
        beside the latents. None if it reads none.
    """

    condition: torch.Tensor
    text: torch.Tensor | None  # the condition of the caption alone; None without delayed conditioning
    null: torch.Tensor  # the condition of the empty caption, for guidance
    conditioning: Conditioning
    # The text that is drawn (`resolved`, else the caption), cut where the encoder stops reading.
    sentence: str
    mentioned: tuple[str, ...]
    referential: bool  # whether it names people only by pronouns, so that the text alone says little
    # For each cast member, the columns with which a pointing mapper points at it; None if the mapper does not point.
    people: Mapping[str, tuple[int, ...]] | None = None
    canvas: torch.Tensor | None = None


@dataclass(frozen=True)
class _Prompt:
    """A prompt, and the pictures for its slots: pictures of earlier frames, and portraits of the cast."""

    parts: list[Part]
    pictures: list[Hashed]
    portraits: list[Hashed]


class FrameConditions:
    """The conditions of a pipeline's frames. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""

    def __init__(self, pipeline: Any):
        self.pipeline = pipeline
        self.clear()

    def check(self, request: FrameRequest) -> Conditioning:
        """Returns the conditioning to use. StoryError if the request cannot be drawn. Computes nothing."""
        caption = sentence_of(request)
        wanted = request.conditioning or self._default(request)
        if wanted not in KNOWN:
            raise StoryError(f'There is no conditioning "{wanted}"; choose {" or ".join(KNOWN)}.')
        if wanted == "llm" and self.pipeline.language_model is None:
            raise StoryError('This pipeline has no language model; choose the conditioning "char-ldm".')
        kept = self._cut(caption, wanted)
        if kept != caption:
            log.warning(
                "A sentence is longer than the text encoder reads, and is drawn up to %r only: %r",
                kept[-40:],
                caption,
            )
        return wanted

    def of(self, request: FrameRequest, conditioning: Conditioning) -> FrameCondition:
        """Returns the condition of a checked request. It is taken from the cache, or computed now."""
        caption = self._cut(sentence_of(request), conditioning)
        mentions = find_mentions(caption, names_of(request.cast))
        mentioned = tuple(dict.fromkeys(mention.name for mention in mentions))
        people = None
        if conditioning == "llm":
            condition, people = self._from_history(caption, request)
        elif conditioning == "char-ldm":
            condition = self._from_portraits(caption, mentions, request.cast)
        else:
            condition = self._from_text(caption)
        by_words = not mentioned and bool(find_pronouns(caption))
        shown = _in_order(mentioned, people) if conditioning != "text" else []
        return FrameCondition(
            condition,
            text=self._from_text(caption) if self.pipeline.config.start_merge_step >= 0 else None,
            null=self._from_text(""),
            conditioning=conditioning,
            sentence=caption,
            mentioned=mentioned,
            referential=by_words if request.refers is None else request.refers,
            people=people,
            canvas=self._canvas(shown, request.cast),
        )

    def _canvas(self, shown: Sequence[str], cast: Sequence[CastMember]) -> torch.Tensor | None:
        """Returns the canvas (1, C + 1, h, w) with these people from left to right; None if the denoiser reads none.

        People in photographs are left out, because the denoiser knows portraits on a plain ground only.
        """
        unet = self.pipeline.unet
        if not reads_canvas(unet):
            return None
        portraits = {member.name: Hashed(member.portrait) for member in cast if member.name in shown}
        placed = [
            (partial(self._features.patch, portraits[name]), spot)
            for name, spot in zip(shown, spots_of(len(shown)), strict=True)
            if self._features.has_plain_ground(portraits[name])
        ]
        patches, spots = [patch for patch, _ in placed], [spot for _, spot in placed]
        side = unet.config.sample_size
        return canvas_of(patches, spots, (unet.config.out_channels, side, side))[None]

    def explain(
        self, request: FrameRequest, frame: FrameCondition
    ) -> tuple[tuple[Reading, ...], dict[str, list[int]]]:
        """Returns how the language model read each pronoun, and for each character the columns that carry it.

        The condition of the language model is aligned with that of the sentence with names. So the columns of a "she"
        are those that her name would have.
        """
        sentence, cast, history = frame.sentence, request.cast, request.history
        if frame.conditioning != "llm":
            return (), self.columns(sentence, cast)
        if frame.people is not None:
            return read_pointed(sentence, frame.people, cast, history), {
                name: list(columns) for name, columns in frame.people.items() if columns
            }
        portraits = {member.name: Hashed(member.portrait) for member in cast}
        key = (
            sentence,
            hashlib.sha256(frame.condition.float().cpu().numpy().tobytes()).digest(),
            tuple((m.name, m.pronoun, m.aliases, portraits[m.name].digest) for m in cast),
            tuple(earlier.caption for earlier in history),
        )

        def fuse(sentences: Sequence[str]) -> torch.Tensor:
            return self._fused(sentences, [find_mentions(s, names_of(cast)) for s in sentences], portraits)

        readings, resolved = self._readings.get(
            key, lambda: read_pronouns(sentence, frame.condition, cast, history, fuse)
        )
        return readings, self.columns(resolved, cast)

    def verdict(
        self,
        request: FrameRequest,
        frame: FrameCondition,
        readings: Sequence[Reading],
        picture: Image.Image,
    ) -> Verdict | None:
        """Returns what the judge finds wrong with the finished picture.

        Returns None if it cannot tell what should be there.
        """
        judge = self.pipeline.judge
        if judge is None:
            return None
        meant = who_is_meant(frame.sentence, readings, request.cast, request.history)
        if not meant:
            return None
        portraits = {member.name: Hashed(member.portrait) for member in request.cast}
        known = {
            name: self._looks.get((name, one.digest), partial(_seen_in, name, one, judge))
            for name, one in portraits.items()
        }
        if any(known[name] is None for name in meant):
            return None
        told = [one.caption for one in request.history]
        open_to_others = self._allowed.by_words(frame.sentence, told, request.cast)[0] is None
        cast = {name: one for name, one in known.items() if one}
        return compare(judge, picture, frame.sentence, meant, cast, open_to_others)

    def columns(self, caption: str, cast: Sequence[CastMember]) -> dict[str, list[int]]:
        """Returns, by name, the columns of a condition that carry a character.

        Those are the last tokens of its mentions.
        """
        mentions = find_mentions(caption, names_of(cast))
        (columns,) = self.pipeline.conditioner.columns([caption], [spans(mentions)])
        found: dict[str, list[int]] = {}
        for mention, column in zip(mentions, columns, strict=True):
            if column is not None:
                found.setdefault(mention.name, []).append(column)
        return found

    def clear(self) -> None:
        """Empties all caches. Needed after weights, devices or parts have changed."""
        # New caches, not emptied ones, because a frame that is being drawn still uses the old ones.
        self._conditions = Kept(KEPT_CONDITIONS)
        self._features = PictureFeatures(self.pipeline)
        self._fused = FusedSentences(self.pipeline, self._features)
        self._readings = Kept(KEPT_CONDITIONS)
        self._looks = Kept(KEPT_FEATURES)
        self._allowed = AllowedPeople()
        self._mended = Mender(self.pipeline, self._fused)
        self._contexts: ContextPool | None = None

    def _cut(self, caption: str, conditioning: str) -> str:
        """Returns a sentence cut where reading it stops.

        A mapper that reads the story's words reads all of it. Otherwise the text encoder sets the limit, because the
        paper's mapper is aligned with that encoder's condition.
        """
        mapper = self.pipeline.condition_mapper
        if conditioning == "llm" and mapper is not None and mapper.config.reads_story:
            return caption
        return self.pipeline.conditioner.cut(caption)

    def _default(self, request: FrameRequest) -> str:
        if self.pipeline.language_model is None:
            return "char-ldm"
        return "llm" if request.history else self.pipeline.config.first_frame

    def _from_text(self, caption: str) -> torch.Tensor:
        return self._conditions.get(
            ("text", caption), lambda: self.pipeline.conditioner.encode_text([caption])
        )

    def _from_portraits(
        self, caption: str, mentions: Sequence[Mention], cast: Sequence[CastMember]
    ) -> torch.Tensor:
        named = {mention.name for mention in mentions}
        portraits = {member.name: Hashed(member.portrait) for member in cast if member.name in named}
        shown = digests([portraits[mention.name] for mention in mentions])
        return self._conditions.get(
            ("char-ldm", caption, tuple(spans(mentions)), *shown),
            lambda: self._fused([caption], [mentions], portraits),
        )

    def _from_history(
        self, caption: str, request: FrameRequest
    ) -> tuple[torch.Tensor, Mapping[str, tuple[int, ...]] | None]:
        """Returns the condition, and the columns that point at each of the cast if the mapper points."""
        told = [self._cut(frame.caption, "llm") for frame in request.history]
        prompt = self._prompt(caption, told, request)
        mapper = self.pipeline.condition_mapper.config
        known = self._allowed.at_most(mapper.people, caption, told, request.cast)
        people = [(m.name, m.aliases, m.pronoun, Hashed(m.portrait).digest) for m in known]
        # A mapper that reads words reads all sentences of the story, also those that the prompt leaves out.
        words = tuple(told) if mapper.reads_story else ()

        def read() -> tuple[torch.Tensor, Mapping[str, tuple[int, ...]] | None]:
            found = self._read(prompt, caption, told, known)
            if found.pointed is None:
                return found.condition, None
            return found.condition, pointed_at(found.pointed[0], [member.name for member in known])

        return self._conditions.get(
            ("llm", words, *prompt.parts, *digests([*prompt.pictures, *prompt.portraits]), *people), read
        )

    def _prompt(self, caption: str, told: Sequence[str], request: FrameRequest) -> _Prompt:
        """Returns what the language model reads to predict the condition of `caption`.

        told: the sentences before it.
        """
        cast, config = self._seen_cast([*told, caption], request.cast), self.pipeline.config
        # A language model fails on stories that are longer than those it was aligned on.
        most = config.context_frames or len(told)
        read = frames_to_read(told, caption, most, config.place_words or ())
        names, seen = [member.name for member in cast], config.interleaved
        parts = interleave([told[i] for i in read], caption, names, tail=config.prompt_tail, pictures=seen)
        pictures = [Hashed(request.history[i].picture) for i in read] if seen else []
        return _Prompt(parts, pictures, [Hashed(member.portrait) for member in cast])

    def _read(
        self, prompt: _Prompt, caption: str, told: Sequence[str], known: Sequence[CastMember]
    ) -> ReadCondition:
        """Returns the condition that the language model predicts, corrected by the words if its mapper reads them."""
        contexts = self._contexts or ContextPool(self.pipeline.reader)
        self._contexts = contexts
        frames = [self._features.of_frame(one) for one in prompt.pictures]
        faces = [self._features.of_face(one) for one in prompt.portraits]
        says = None
        if self.pipeline.condition_mapper.config.reads_story:
            vectors = [self._fused.person(member) for member in known]
            says = told_of(caption, told, known, self.pipeline.lexicon, vectors)
        try:
            found = contexts.condition_for(
                prompt.parts,
                torch.stack(frames) if frames else None,
                torch.stack(faces) if faces else None,
                says,
            )
        except ValueError as error:
            raise StoryError(
                f"The sentence and the one before it are too long together ({error}); shorten one of them."
            ) from error
        return found if says is None else self._mended(found, says, told, known)

    def _seen_cast(self, captions: Sequence[str], cast: Sequence[CastMember]) -> list[CastMember]:
        """Returns everyone who was mentioned so far, in the order of the cast."""
        if not (self.pipeline.config.cast_prefix and self.pipeline.config.interleaved):
            return []
        seen = named_in(captions, cast)
        return [member for member in cast if member.name in seen]


def _in_order(mentioned: Sequence[str], people: Mapping[str, tuple[int, ...]] | None) -> list[str]:
    """Returns the people who are shown, in the order of the condition: those pointed at, else those mentioned."""
    if people is None:
        return list(mentioned)
    return sorted((name for name, columns in people.items() if columns), key=lambda name: min(people[name]))


def sentence_of(request: FrameRequest) -> str:
    """Returns the text to draw, cleaned. StoryError if it has no words or is too long."""
    return clean_caption(request.caption if request.resolved is None else request.resolved)


def _seen_in(name: str, portrait: Hashed, judge: Judge) -> Wanted | None:
    """Returns what `known_by` does. The portrait is read from disk only if this is called."""
    return known_by(name, portrait.rgb, judge)
