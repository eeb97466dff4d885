"""The one place where a story so far becomes a condition: pictures and sentences go in, (L, D) comes out.

The stage-2 losses and inference both use it. Prompts are lists of parts from `storyboard.text.prompt.interleave`. Each
text is tokenised by itself, so that a longer story never changes the tokens of a shorter one.

Positions are always passed, attention masks never. Prompts are padded on the right, where causal attention cannot see;
and OPT computes wrong positions from masks in half precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, overload

import torch

from storyboard.models.image_tokens import ImageTokens
from storyboard.models.losses import IGNORED
from storyboard.models.mappers import (
    EARLIER,
    NOW,
    PADDING,
    PRONOUNS,
    ConditionMapper,
    StoryStates,
    VisualMapper,
    stacked,
)
from storyboard.models.prompt_tokens import Marks, TokenPart, Told, frame_positions, without_frames
from storyboard.text.captions import find_mentions
from storyboard.text.prompt import Part, PictureSlot


class EmbeddedPrompt(NamedTuple):
    """A prompt as the language model receives it, without image tokens."""

    embeddings: torch.Tensor  # (T, E)
    labels: torch.Tensor  # (T,) token ids, -100 at pictures


@dataclass(frozen=True)
class ReaderOutput:
    """What reading gives, for a batch of B prompts.

    states: (B, R, E), the last (post-norm) states of the image tokens.
    condition: (B, L, D).
    pointed: (B, L, K), how strongly each token points at each of the cast; None if the mapper does not point.
    """

    states: torch.Tensor
    condition: torch.Tensor
    pointed: torch.Tensor | None


@dataclass(frozen=True)
class SpokenOutput(ReaderOutput):
    """A ReaderOutput with what L_gen needs in addition. T counts image tokens and padding."""

    logits: torch.Tensor  # (B, T, vocabulary + R)
    labels: torch.Tensor  # (B, T)


class StoryReader:
    """Turns a history into a condition through a frozen causal language model (OPT or Llama).

    A plain object over modules.
    """

    def __init__(
        self,
        language_model: Any,
        tokenizer: Any,
        image_tokens: ImageTokens,
        visual_mapper: VisualMapper | None,
        condition_mapper: ConditionMapper | None,
    ):
        """ValueError if the mapper reads words at a layer that the language model does not have."""
        wanted, layers = _story_layer(condition_mapper), language_model.config.num_hidden_layers
        if wanted is not None and wanted > layers:
            raise ValueError(f"The mapper reads layer {wanted}; the language model has {layers}.")
        self.language_model = language_model
        self.tokenizer = tokenizer
        self.image_tokens = image_tokens
        self.visual_mapper = visual_mapper
        self.condition_mapper = condition_mapper

    @property
    def vocabulary(self) -> int:
        """The number of rows of the word matrix. Image token r has the id vocabulary + r."""
        return self.language_model.config.vocab_size

    @property
    def max_tokens(self) -> int:
        """How many positions a prompt may fill, without those of the image tokens."""
        return self.language_model.config.max_position_embeddings - self.image_tokens.config.count

    def tokenize(self, parts: Sequence[Part]) -> list[TokenPart]:
        """Returns the token ids of each text part; picture slots stay as they are.

        The start token comes only once, at the very beginning.
        """
        tokens: list[TokenPart] = [
            part if isinstance(part, PictureSlot) else self._words(part) for part in parts
        ]
        start = self.tokenizer.bos_token_id
        if start is None:
            return tokens
        if tokens and isinstance(tokens[0], list):
            return [[start, *tokens[0]], *tokens[1:]]
        return [[start], *tokens]

    def marks(self, parts: Sequence[Part], told: Told) -> list[Marks]:
        """Returns, for each part of a prompt as `tokenize` splits it, what its tokens belong to.

        The marks say which sentence each token belongs to, and which person it names. The start token, and everything
        after the sentence to draw, is PADDING: it is no word of the story. ValueError if the prompt does not end with
        that sentence.
        """
        *earlier, last = parts
        if not isinstance(last, str):
            raise ValueError(f"a prompt ends with the sentence to draw, not with {last!r}")
        found = [self._marks(part, told) for part in earlier]
        begin = last.rindex(f" Caption: {told.sentence} Image:")
        found.append(self._marks(last, told, begin, begin + len(f" Caption: {told.sentence}")))
        if self.tokenizer.bos_token_id is not None:
            if isinstance(parts[0], PictureSlot):
                return [Marks([PADDING], [0]), *found]
            found[0] = Marks([PADDING, *found[0].sentence], [0, *found[0].speaks_of])
        return found

    def _marks(self, part: Part, told: Told, begin: int | None = None, end: int = 0) -> Marks:
        """Returns the marks of one part.

        begin, end: the span of the sentence to draw in it, if it has that sentence.
        """
        if isinstance(part, PictureSlot):
            tokens = self._mapped_tokens
            return Marks([EARLIER] * tokens, [0] * tokens)
        if isinstance(part, tuple):
            apart = [self._marks(one, told) for one in part]
            return Marks(*([mark for one in apart for mark in one[kind]] for kind in range(2)))
        mentions = find_mentions(part, {str(number): one for number, one in enumerate(told.names, 1)})
        offsets = self._tokenized(part, return_offsets_mapping=True)["offset_mapping"]
        sentence = [
            EARLIER if begin is None or stop <= begin else NOW if stop <= end else PADDING
            for _, stop in offsets
        ]
        speaks_of = [
            next((int(m.name) for m in mentions if start < m.end and stop > m.start), 0)
            for start, stop in offsets
        ]
        return Marks(sentence, speaks_of)

    def story_states(self, hidden: torch.Tensor, marks: Sequence[Marks], told: Told) -> StoryStates:
        """Returns what the mapper reads in addition to the image tokens: a prompt's states (T, E) with its `marks`.

        ValueError if the cast is larger than the number of places that the mapper has.
        """
        mapper = self._mapper
        device, places = hidden.device, mapper.config.people
        if len(told.names) > places > 0:
            raise ValueError(f"{len(told.names)} people are in the cast; the mapper has places for {places}.")
        width, known = mapper.config.output_width, len(told.names)
        cast = torch.zeros(1, places, width, device=device)
        pronouns, shown, doing = torch.zeros(3, 1, places, dtype=torch.long, device=device)
        if places and told.vectors is not None:
            deeds = ("", *mapper.config.deeds)
            cast[0, :known] = told.vectors.to(cast)
            pronouns[0, :known] = _numbers(told.pronouns, PRONOUNS, "they").to(device)
            shown[0, : len(told.shown)] = torch.tensor(told.shown, dtype=torch.long, device=device)
            doing[0, : len(told.doing)] = _numbers(told.doing, deeds, "").to(device)
        sentence, speaks_of = (
            torch.tensor([mark for part in kind for mark in part], device=device)[None]
            for kind in zip(*marks, strict=True)
        )
        return StoryStates(hidden[None], sentence, speaks_of, cast, pronouns, shown, doing)

    def length(self, tokens: Sequence[TokenPart]) -> int:
        """Returns T: how many positions a tokenised prompt fills, without the image tokens."""
        pictures = self._mapped_tokens
        return sum(pictures if isinstance(part, PictureSlot) else len(part) for part in tokens)

    def fit(self, parts: Sequence[Part], max_tokens: int) -> list[Part]:
        """Returns the prompt without its oldest frames, so that it fills at most `max_tokens` positions.

        A frame is left out as a whole. The cast, the last frame and the sentence to draw always stay; ValueError if
        these alone are too long.
        """
        kept, tokens = list(parts), self.tokenize(parts)
        while (length := self.length(tokens)) > max_tokens:
            if len(frame_positions(kept)) < 2:
                raise ValueError(
                    f"The prompt fills {length} positions with one frame; {max_tokens} are left."
                )
            kept, tokens = (without_frames(some, frame_positions(some)[:1]) for some in (kept, tokens))
        return kept

    def embed(
        self, parts: Sequence[Part], frames: torch.Tensor | None = None, portraits: torch.Tensor | None = None
    ) -> EmbeddedPrompt:
        """Returns an embedded prompt.

        Picture slot i takes row i of `frames` or `portraits`, visual tokens (n, m, E).
        """
        return self.embed_tokens(self.tokenize(parts), frames, portraits)

    def embed_tokens(
        self,
        tokens: Sequence[TokenPart],
        frames: Sequence[torch.Tensor] | torch.Tensor | None = None,
        portraits: Sequence[torch.Tensor] | torch.Tensor | None = None,
    ) -> EmbeddedPrompt:
        """Returns what `embed` does, for a prompt that is already tokenised. Each picture has (m, E) visual tokens.

        ValueError if the features of a picture are missing.
        """
        words = self.language_model.get_input_embeddings()
        device, dtype = words.weight.device, words.weight.dtype
        pictures = {"frame": frames, "portrait": portraits}
        embeddings, labels = [], []
        for part in tokens:
            if isinstance(part, PictureSlot):
                given = pictures[part.kind]
                if given is None:
                    raise ValueError(f"the prompt has a {part.kind} whose features are not given")
                vectors = given[part.index].to(device, dtype)
                ids = torch.full((len(vectors),), IGNORED, device=device)
            else:
                ids = torch.tensor(part, device=device, dtype=torch.long)
                vectors = words(ids)
            embeddings.append(vectors)
            labels.append(ids)
        return EmbeddedPrompt(torch.cat(embeddings), torch.cat(labels))

    @overload
    def read(self, prompts: Sequence[EmbeddedPrompt], logits: Literal[True]) -> SpokenOutput: ...

    @overload
    def read(
        self,
        prompts: Sequence[EmbeddedPrompt],
        logits: Literal[False] = False,
        told: Sequence[tuple[Sequence[Marks], Told]] | None = None,
    ) -> ReaderOutput: ...

    def read(
        self,
        prompts: Sequence[EmbeddedPrompt],
        logits: bool = False,
        told: Sequence[tuple[Sequence[Marks], Told]] | None = None,
    ) -> ReaderOutput:
        """Appends the image tokens to each prompt, and runs the language model once over all prompts.

        Returns the image tokens' last states and the condition. Differentiable with respect to the image tokens and
        both mappers. logits: whether to return what L_gen needs too. told: for each prompt, its `marks` and what they
        refer to, for a mapper that reads the story's words.
        """
        lengths = [len(prompt.embeddings) for prompt in prompts]
        tail = self.image_tokens(1)[0].to(prompts[0].embeddings)  # (R, E)
        embeddings = [torch.cat([prompt.embeddings, tail]) for prompt in prompts]
        hidden, words = self.states(torch.nn.utils.rnn.pad_sequence(embeddings, batch_first=True))
        states = torch.stack(
            [row[length : length + len(tail)] for row, length in zip(hidden, lengths, strict=True)]
        )
        story = None
        if told is not None:
            rows = [row[:length] for row, length in zip(words, lengths, strict=True)]
            story = stacked([self.story_states(row, *one) for row, one in zip(rows, told, strict=True)])
        condition, pointed = self.condition(states, story)
        if not logits:
            return ReaderOutput(states, condition, pointed)
        ids = torch.arange(len(tail), device=hidden.device) + self.vocabulary
        labels = [torch.cat([prompt.labels, ids]) for prompt in prompts]
        padded = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=IGNORED)
        word_logits = self.image_tokens.logits(hidden, self.language_model)
        return SpokenOutput(states, condition, pointed, word_logits, padded)

    def forward(self, embeddings: torch.Tensor, cache: Any = None) -> torch.Tensor:
        """Returns the post-norm last states (B, T, E) of `embeddings` (B, T, E), which follow those in `cache`."""
        return self.states(embeddings, cache)[0]

    def states(self, embeddings: torch.Tensor, cache: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns what `forward` does, and the states at the layer where the mapper reads the story's words.

        Both are the same unless the mapper names a layer. Word logits are never computed. ValueError if there are not
        enough positions, which would crash a GPU.
        """
        past = 0 if cache is None else cache.get_seq_length()
        end = past + embeddings.shape[1]
        limit = self.language_model.config.max_position_embeddings
        if end > limit:
            raise ValueError(f"The prompt fills {end} positions; the language model has {limit}.")
        positions = torch.arange(past, end, device=embeddings.device)[None].expand(len(embeddings), -1)
        return states_at(
            self.language_model,
            _story_layer(self.condition_mapper),
            inputs_embeds=embeddings,
            position_ids=positions,
            past_key_values=cache,
            use_cache=cache is not None,
        )

    def condition(
        self, states: torch.Tensor, story: StoryStates | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Turns the last states of the image tokens (B, R, E) into the condition of the denoiser (B, L, D).

        Returns it with how strongly each token points at each of the cast (B, L, K); None if the mapper does not point.
        """
        states = states.to(self._mapper.dtype)
        return self._mapper.read(states, self.image_tokens(len(states)), story)

    @property
    def _mapper(self) -> ConditionMapper:
        if self.condition_mapper is None:
            raise ValueError("this reader has no condition mapper yet; train stage 2")
        return self.condition_mapper

    @property
    def _mapped_tokens(self) -> int:
        """How many tokens a picture has.

        A reader of words only has no visual mapper, and its prompts have no pictures.
        """
        return self.visual_mapper.config.tokens if self.visual_mapper else 0

    def _words(self, text: str | tuple[str, str]) -> list[int]:
        if isinstance(text, tuple):
            return [token for one in text for token in self._words(one)]
        return self._tokenized(text)["input_ids"]

    def _tokenized(self, text: str, **asked: bool) -> Any:
        # A writer's "</s>" is text, and not the end token.
        return self.tokenizer(
            text, add_special_tokens=False, verbose=False, split_special_tokens=True, **asked
        )


def states_at(language_model: Any, layer: int | None, **inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns a language model's post-norm last states (B, T, E), and the states that leave `layer`, counted from 1.

    If `layer` is None, both are the last states. inputs: the arguments of the model's body.
    """
    read = language_model.model(**inputs, output_hidden_states=layer is not None)
    last = read.last_hidden_state
    return last, last if layer is None else read.hidden_states[layer]


def _numbers(values: Sequence[str | None], known: Sequence[str | None], otherwise: str) -> torch.Tensor:
    return torch.tensor([known.index(one if one in known else otherwise) for one in values], dtype=torch.long)


def _story_layer(mapper: ConditionMapper | None) -> int | None:
    return mapper.config.story_layer if mapper else None
