"""From a FrameRequest to what the denoiser reads: checks, portraits, history, and everything that is kept.

A condition does not depend on the seed, so it is kept: drawing a frame again runs neither CLIP nor language model.
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
    """What one frame is drawn from. Conditions are (1, L, D)."""

    condition: torch.Tensor
    text: torch.Tensor | None  # the caption alone; None without delayed conditioning
    null: torch.Tensor  # the empty caption, for guidance
    conditioning: Conditioning
    sentence: str  # what is drawn: the caption, or what the writer made of it, as far as it is read
    mentioned: tuple[str, ...]
    referential: bool  # says who only by pronouns, so that the text alone tells little
    # The columns that a pointing mapper gave each of the cast; None of one that does not point.
    people: Mapping[str, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class _Prompt:
    """A prompt, and the pictures of its slots: of earlier frames, and of the cast."""

    parts: list[Part]
    pictures: list[Hashed]
    portraits: list[Hashed]


class FrameConditions:
    """The conditions of a pipeline's frames. `pipeline` is a StoryPipeline; its parts are read at each use."""

    def __init__(self, pipeline: Any):
        self.pipeline = pipeline
        self.clear()

    def check(self, request: FrameRequest) -> Conditioning:
        """Returns the conditioning to use. StoryError when the request cannot be drawn; computes nothing."""
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
        """Returns the condition of a checked request, from what is kept or computed now."""
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
        return FrameCondition(
            condition,
            text=self._from_text(caption) if self.pipeline.config.start_merge_step >= 0 else None,
            null=self._from_text(""),
            conditioning=conditioning,
            sentence=caption,
            mentioned=mentioned,
            referential=by_words if request.refers is None else request.refers,
            people=people,
        )

    def explain(
        self, request: FrameRequest, frame: FrameCondition
    ) -> tuple[tuple[Reading, ...], dict[str, list[int]]]:
        """Returns whom the language model took each pronoun for, and by character the columns that carry them.

        The LLM's condition is aligned with that of the sentence with names, so a "she" has the columns of her name.
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

        None where it cannot tell what should be there.
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
        """Returns by name the columns of a condition that carry a character: the last token of each of its mentions."""
        mentions = find_mentions(caption, names_of(cast))
        (columns,) = self.pipeline.conditioner.columns([caption], [spans(mentions)])
        found: dict[str, list[int]] = {}
        for mention, column in zip(mentions, columns, strict=True):
            if column is not None:
                found.setdefault(mention.name, []).append(column)
        return found

    def clear(self) -> None:
        """Forget everything; needed after weights, devices or parts change."""
        # New ones rather than emptied ones: a frame that is being drawn goes on with those it has.
        self._conditions = Kept(KEPT_CONDITIONS)
        self._features = PictureFeatures(self.pipeline)
        self._fused = FusedSentences(self.pipeline, self._features)
        self._readings = Kept(KEPT_CONDITIONS)
        self._looks = Kept(KEPT_FEATURES)
        self._allowed = AllowedPeople()
        self._mended = Mender(self.pipeline, self._fused)
        self._contexts: ContextPool | None = None

    def _cut(self, caption: str, conditioning: str) -> str:
        """A sentence as far as it is read: to its end by a mapper that reads the story's words.

        Else as far as the text encoder reads, whose condition the paper's mapper is aligned with.
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
        """The condition, and the columns of each of the cast where the mapper points at them."""
        told = [self._cut(frame.caption, "llm") for frame in request.history]
        prompt = self._prompt(caption, told, request)
        mapper = self.pipeline.condition_mapper.config
        known = self._allowed.at_most(mapper.people, caption, told, request.cast)
        people = [(m.name, m.aliases, m.pronoun, Hashed(m.portrait).digest) for m in known]
        # Words are read back to the story's first sentence, which the prompt may have left out.
        words = tuple(told) if mapper.reads_story else ()
        found = self._conditions.get(
            ("llm", words, *prompt.parts, *digests([*prompt.pictures, *prompt.portraits]), *people),
            lambda: self._read(prompt, caption, told, known),
        )
        if found.pointed is None:
            return found.condition, None
        return found.condition, pointed_at(found.pointed[0], [member.name for member in known])

    def _prompt(self, caption: str, told: Sequence[str], request: FrameRequest) -> _Prompt:
        """What the language model reads before it tells the condition of `caption`, which follows `told`."""
        cast, config = self._seen_cast([*told, caption], request.cast), self.pipeline.config
        # A language model is at a loss in a story longer than any it was aligned on.
        most = config.context_frames or len(told)
        read = frames_to_read(told, caption, most, config.place_words or ())
        names, seen = [member.name for member in cast], config.interleaved
        parts = interleave([told[i] for i in read], caption, names, tail=config.prompt_tail, pictures=seen)
        pictures = [Hashed(request.history[i].picture) for i in read] if seen else []
        return _Prompt(parts, pictures, [Hashed(member.portrait) for member in cast])

    def _read(
        self, prompt: _Prompt, caption: str, told: Sequence[str], known: Sequence[CastMember]
    ) -> ReadCondition:
        """What the language model tells, put right by the words where its mapper reads them."""
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
        """Everyone mentioned so far, in the order of the cast."""
        if not (self.pipeline.config.cast_prefix and self.pipeline.config.interleaved):
            return []
        seen = named_in(captions, cast)
        return [member for member in cast if member.name in seen]


def sentence_of(request: FrameRequest) -> str:
    """Returns what is drawn, in clean form. StoryError where it has no words or is too long."""
    return clean_caption(request.caption if request.resolved is None else request.resolved)


def _seen_in(name: str, portrait: Hashed, judge: Judge) -> Wanted | None:
    """As `known_by`; the portrait is brought to pixels only when it is asked."""
    return known_by(name, portrait.rgb, judge)
