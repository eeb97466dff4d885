"""From a FrameRequest to what the denoiser reads: checks, portraits, history, and everything that is kept.

A condition does not depend on the seed, so it is kept: drawing a frame again runs neither CLIP nor language model.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.judge import Judge
from storyboard.models.judge.matching import Wanted
from storyboard.models.layout import layout
from storyboard.models.story_reader import Told
from storyboard.pipeline.checking import compare, known_by, who_is_meant
from storyboard.pipeline.completing import completed, left_out
from storyboard.pipeline.context import ContextPool, ReadCondition
from storyboard.pipeline.explain import pointed_at, read_pointed, read_pronouns
from storyboard.pipeline.features import KEPT_FEATURES, Hashed, Kept, PictureFeatures, digests
from storyboard.pipeline.retelling import Reteller, Retold, Shown, place_of
from storyboard.renderer import CastMember, Conditioning, FrameRequest, Verdict
from storyboard.text.allowed import whom_words_allow, whom_words_rule_out, whom_words_show
from storyboard.text.candidates import read_for
from storyboard.text.captions import (
    Mention,
    Reading,
    clean_caption,
    find_mentions,
    find_pronouns,
    mentioned_names,
)
from storyboard.text.lexicon import Doing
from storyboard.text.places import called, places_said
from storyboard.text.preferences import meant_by_words
from storyboard.text.prompt import frames_to_read, interleave

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


class FrameConditions:
    """The conditions of a pipeline's frames. `pipeline` is a StoryPipeline; its parts are read at each use."""

    def __init__(self, pipeline: Any):
        self.pipeline = pipeline
        self.clear()

    def check(self, request: FrameRequest) -> Conditioning:
        """The conditioning to use. StoryError when the request cannot be drawn; computes nothing."""
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
        """The condition of a checked request, from what is kept or computed now."""
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
        """Whom the language model took the pronouns for, and by name the columns that carry a character.

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
        """What the judge finds wrong with the finished picture; None where it cannot tell what should be there."""
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
        open_to_others = self._allowed(frame.sentence, told, request.cast)[0] is None
        cast = {name: one for name, one in known.items() if one}
        return compare(judge, picture, frame.sentence, meant, cast, open_to_others)

    def columns(self, caption: str, cast: Sequence[CastMember]) -> dict[str, list[int]]:
        """By name the columns of a condition that carry a character: the last token of each of its mentions."""
        mentions = find_mentions(caption, names_of(cast))
        (columns,) = self.pipeline.conditioner.columns([caption], [_spans(mentions)])
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
        self._people = Kept(KEPT_FEATURES)
        self._readings = Kept(KEPT_CONDITIONS)
        self._looks = Kept(KEPT_FEATURES)
        self._allowing = Kept(KEPT_CONDITIONS)
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
            ("char-ldm", caption, tuple(_spans(mentions)), *shown),
            lambda: self._fused([caption], [mentions], portraits),
        )

    def _fused(
        self,
        captions: Sequence[str],
        mentions: Sequence[Sequence[Mention]],
        portraits: Mapping[str, Hashed],
    ) -> torch.Tensor:
        features = []
        for named in mentions:
            rows = [self._features.projected(portraits[one.name]) for one in named]
            features.append(torch.stack(rows) if rows else torch.zeros(0, 0))
        return self.pipeline.conditioner(captions, [_spans(named) for named in mentions], features).fused

    def _from_history(
        self, caption: str, request: FrameRequest
    ) -> tuple[torch.Tensor, Mapping[str, tuple[int, ...]] | None]:
        """The condition, and the columns of each of the cast where the mapper points at them."""
        told = [self._cut(frame.caption, "llm") for frame in request.history]
        cast = self._seen_cast([*told, caption], request.cast)
        config = self.pipeline.config
        # A language model is at a loss in a story longer than any it was aligned on.
        most = config.context_frames or len(told)
        read = frames_to_read(told, caption, most, config.place_words or ())
        captions, history = [told[i] for i in read], [request.history[i] for i in read]
        portraits = [Hashed(member.portrait) for member in cast]
        seen = config.interleaved
        pictures = [Hashed(frame.picture) for frame in history] if seen else []
        names, tail = [m.name for m in cast], config.prompt_tail
        parts = interleave(captions, caption, names, tail=tail, pictures=seen)
        known = self._known_cast(caption, told, request.cast)

        def compute() -> ReadCondition:
            contexts = self._contexts or ContextPool(self.pipeline.reader)
            self._contexts = contexts
            frames = [self._features.of_frame(p) for p in pictures]
            faces = [self._features.of_face(p) for p in portraits]
            says = self._told(caption, told, known) if reads_story else None
            try:
                found = contexts.condition_for(
                    parts,
                    torch.stack(frames) if frames else None,
                    torch.stack(faces) if faces else None,
                    says,
                )
            except ValueError as error:
                raise StoryError(
                    f"The sentence and the one before it are too long together ({error}); shorten one of them."
                ) from error
            if says is None:
                return found
            if config.nearest_caption:
                return self._retold(found, says, told, known)
            return self._with_everybody(found, says, known)

        reads_story = self.pipeline.condition_mapper.config.reads_story
        people = [(m.name, m.aliases, m.pronoun, Hashed(m.portrait).digest) for m in known]
        found = self._conditions.get(("llm", *parts, *digests([*pictures, *portraits]), *people), compute)
        if found.pointed is None:
            return found.condition, None
        return found.condition, pointed_at(found.pointed[0], [member.name for member in known])

    def _known_cast(self, caption: str, told: Sequence[str], cast: Sequence[CastMember]) -> list[CastMember]:
        """Whom a mapper that points may point at: those whom the words allow, else all.

        At most as many as it has places, those named first. Somebody else read into "She waves" is what it does wrong
        most often, and of the words that much is sure.
        """
        places = self.pipeline.condition_mapper.config.people
        if not places:
            return []
        allowed, ruled_out = self._allowed(caption, told, cast)
        able = [one for one in cast if one.name not in ruled_out and (allowed is None or one.name in allowed)]
        named = _named([*told, caption], cast) if len(able) > places else set()
        first = sorted(able, key=lambda member: member.name not in named)[:places]
        kept = {member.name for member in first}
        return [member for member in able if member.name in kept]

    def _allowed(
        self, caption: str, told: Sequence[str], cast: Sequence[CastMember]
    ) -> tuple[frozenset[str] | None, frozenset[str]]:
        """Whom the words allow, after the sentences `told`, or None where they leave that open; and whom they rule out.

        Kept: a long story is not read again for a reroll, nor for the verdict on its picture.
        """

        def compute() -> tuple[frozenset[str] | None, frozenset[str]]:
            sentence, earlier = read_for(cast, caption, told)
            allowed = whom_words_allow(sentence, cast, earlier)
            return allowed, whom_words_rule_out(sentence, cast, earlier) if allowed is None else frozenset()

        people = [(member.name, member.aliases, member.pronoun) for member in cast]
        return self._allowing.get((caption, tuple(told), *people), compute)

    def _told(self, caption: str, earlier: Sequence[str], cast: Sequence[CastMember]) -> Told:
        vectors = [self._person(member) for member in cast]
        shown, doing = self._by_words(caption, earlier, cast)
        return Told(
            caption,
            tuple((member.name, *member.aliases) for member in cast),
            tuple(member.pronoun for member in cast),
            torch.stack(vectors) if vectors else None,
            tuple(member.name in shown for member in cast),
            tuple(doing[member.name].deed if member.name in doing else "" for member in cast),
        )

    def _by_words(
        self, caption: str, earlier: Sequence[str], cast: Sequence[CastMember]
    ) -> tuple[frozenset[str], dict[str, Doing]]:
        """Of whom the words are sure that they are there, and what they say that each does."""
        if not cast:
            return frozenset(), {}
        sentence, before = read_for(cast, caption, earlier)
        meant = meant_by_words(sentence, cast, before)
        return whom_words_show(sentence, meant), self.pipeline.lexicon.doing_of(sentence, meant)

    def _with_everybody(self, found: ReadCondition, told: Told, known: Sequence[CastMember]) -> ReadCondition:
        """The condition with those in it too of whom the words are sure and whom the mapper has left out.

        The words are right about 99 of 100 people they are sure of (docs/LOG.md); the mapper misses more.
        """
        if found.pointed is None or not known:
            return found
        missing = left_out(found.pointed[0, :, : len(known)])
        return completed(
            found,
            {
                place: self._shown_as(member, told.doing[place])
                for place, member in enumerate(known)
                if told.shown[place] and place in missing
            },
        )

    def _retold(
        self, found: ReadCondition, says: Told, told: Sequence[str], known: Sequence[CastMember]
    ) -> ReadCondition:
        """The condition of the caption nearest to what was read, with all of whom the words are sure.

        As it is where that is too long, or shows nobody and there are no such captions.
        """
        lexicon, conditioner = self.pipeline.lexicon, self.pipeline.conditioner
        if found.pointed is None or not (lexicon.deeds and lexicon.places):
            return found
        names = [member.name for member in known]
        _, told_of = self._by_words(says.sentence, told, known)
        doing = {name: lexicon.captioned(one.deed, one.clause) for name, one in told_of.items()}
        columns = pointed_at(found.pointed[0], names)
        people = [
            Shown(name, conditioner.called(name), doing.get(name, ""), columns[name])
            for name, sure in zip(names, says.shown, strict=True)
            if sure or columns[name]
        ]
        if not (people or lexicon.around.nobody):
            return found
        calling = called(lexicon.places, lexicon.places)
        story = [*told, says.sentence]
        where = place_of(story, lambda text: places_said(text, calling))
        deeds = {lexicon.captioned(deed): words for deed, words in lexicon.deeds.items()}
        retell = Reteller(deeds, tuple(lexicon.places), self._laid_out, lexicon.around.nobody)
        retold = retell(found.condition[0], people, where, partial(lexicon.around.around, story))
        if conditioner.cut(retold.caption) != retold.caption:
            return found
        spots = [*retold.names, *(retold.deeds if self.pipeline.fuser.config.deeds else ())]
        portraits = {member.name: Hashed(member.portrait) for member in known}
        condition = self._fused([retold.caption], [spots], portraits)
        (tokens,) = conditioner.columns([retold.caption], [_spans(spots)])
        pointed = torch.zeros_like(found.pointed)
        for spot, column in zip(spots, tokens, strict=True):
            pointed[0, column, names.index(spot.name)] = 1
        return ReadCondition(condition.to(found.condition), pointed)

    def _laid_out(self, told: Sequence[Retold]) -> torch.Tensor:
        """The text conditions (K, L, D) of captions, their words in the places that a mapper gives them."""
        conditioner, captions = self.pipeline.conditioner, [one.caption for one in told]
        tails = [(len(one.caption) - one.tail, len(one.caption) - one.tail + 1) for one in told]
        spans = [
            [*_spans(one.names), *_spans(one.deeds), tail] for one, tail in zip(told, tails, strict=True)
        ]
        rows = []
        for caption, states, columns in zip(
            captions, conditioner.encode_text(captions), conditioner.columns(captions, spans), strict=True
        ):
            *people, tail = [len(states) if column is None else column for column in columns]
            starts, lasts = people[: len(people) // 2], people[len(people) // 2 :]
            words = min(len(conditioner.tokenizer(caption)["input_ids"]), len(states))
            rows.append(states[layout(starts, lasts, tail, words, len(states))])
        return torch.stack(rows)

    def _shown_as(self, member: CastMember, deed: str) -> torch.Tensor:
        """The tokens (n, D) of a canonical caption that show somebody doing that, or of their name alone."""
        portrait, called = Hashed(member.portrait), self.pipeline.conditioner.called(member.name)
        caption = f"{called} {deed}".rstrip()
        name = Mention(member.name, 0, len(called))
        end = replace(name, start=caption.rindex(" ") + 1, end=len(caption)) if deed else name
        ((first, last),) = self.pipeline.conditioner.columns([caption], [_spans([name, end])])
        shown = [name, end] if deed and self.pipeline.fuser.config.deeds else [name]
        return self._fused([caption], [shown], {member.name: portrait})[0, first : last + 1]

    def _person(self, member: CastMember) -> torch.Tensor:
        """The fused vector (D,) of Eq. 1 for what a canonical caption calls somebody: what a mapper points at."""
        portrait, called = Hashed(member.portrait), self.pipeline.conditioner.called(member.name)
        whole = (Mention(member.name, 0, len(called)),)

        def fuse() -> torch.Tensor:
            ((column,),) = self.pipeline.conditioner.columns([called], [_spans(whole)])
            return self._fused([called], [whole], {member.name: portrait})[0, column]

        return self._people.get((called, portrait.digest), fuse)

    def _seen_cast(self, captions: Sequence[str], cast: Sequence[CastMember]) -> list[CastMember]:
        """Everyone mentioned so far, in the order of the cast."""
        if not (self.pipeline.config.cast_prefix and self.pipeline.config.interleaved):
            return []
        seen = _named(captions, cast)
        return [member for member in cast if member.name in seen]


def sentence_of(request: FrameRequest) -> str:
    """What is drawn, in clean form. StoryError where it has no words or is too long."""
    return clean_caption(request.caption if request.resolved is None else request.resolved)


def names_of(cast: Sequence[CastMember]) -> dict[str, tuple[str, ...]]:
    """Each name and its aliases, as `storyboard.text.captions` wants them."""
    return {member.name: member.aliases for member in cast}


def _named(captions: Sequence[str], cast: Sequence[CastMember]) -> set[str]:
    """Whom of the cast any of these captions mentions."""
    names = names_of(cast)
    return {name for caption in captions for name in mentioned_names(caption, names)}


def _spans(mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    return [(mention.start, mention.end) for mention in mentions]


def _seen_in(name: str, portrait: Hashed, judge: Judge) -> Wanted | None:
    """As `known_by`; the portrait is brought to pixels only when it is asked."""
    return known_by(name, portrait.rgb, judge)
