"""The one place where a story so far becomes a condition: pictures and sentences in, (L, D) out.

Used by the stage-2 losses and at inference. Prompts are lists of parts from `storyboard.text.prompt.interleave`;
each text is tokenised by itself, so that a longer story never changes the tokens of a shorter one.

Positions are always passed and attention masks never are: prompts are padded on the right, where causal
attention cannot see, and OPT's own positions go wrong with masks in half precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from storyboard.models.image_tokens import ImageTokens
from storyboard.models.losses import IGNORED
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.text.prompt import PictureSlot

Part = str | tuple[str, str] | PictureSlot  # as written; a pair is one text after the other
TokenPart = list[int] | PictureSlot  # as tokenised


class EmbeddedPrompt(NamedTuple):
    """One prompt as the language model receives it, without image tokens."""

    embeddings: torch.Tensor  # (T, E)
    labels: torch.Tensor  # (T,) token ids, -100 where a picture stands


@dataclass(frozen=True)
class ReaderOutput:
    """states: last (post-norm) states of the image tokens (B, R, E). condition: (B, L, D).

    logits (B, T, vocabulary + R) and labels (B, T) only when asked for; T counts image tokens and padding.
    """

    states: torch.Tensor
    condition: torch.Tensor
    logits: torch.Tensor | None = None
    labels: torch.Tensor | None = None


class StoryReader:
    """History -> condition through a frozen causal language model, OPT or Llama. A plain object over modules."""

    def __init__(
        self,
        language_model: Any,
        tokenizer: Any,
        image_tokens: ImageTokens,
        visual_mapper: VisualMapper,
        condition_mapper: ConditionMapper,
    ):
        self.language_model = language_model
        self.tokenizer = tokenizer
        self.image_tokens = image_tokens
        self.visual_mapper = visual_mapper
        self.condition_mapper = condition_mapper

    @property
    def vocabulary(self) -> int:
        """Rows of the word matrix; image token r has the id vocabulary + r."""
        return self.language_model.config.vocab_size

    @property
    def max_tokens(self) -> int:
        """Positions a prompt may fill, those of the image tokens taken off."""
        return self.language_model.config.max_position_embeddings - self.image_tokens.config.count

    def tokenize(self, parts: Sequence[Part]) -> list[TokenPart]:
        """Token ids of each text part, picture slots as they are; the start token once, at the very start."""
        tokens: list[TokenPart] = [
            part if isinstance(part, PictureSlot) else self._words(part) for part in parts
        ]
        start = self.tokenizer.bos_token_id
        if start is None:
            return tokens
        if tokens and isinstance(tokens[0], list):
            return [[start, *tokens[0]], *tokens[1:]]
        return [[start], *tokens]

    def length(self, tokens: Sequence[TokenPart]) -> int:
        """T: positions a tokenised prompt fills, without the image tokens."""
        pictures = self.visual_mapper.config.tokens
        return sum(pictures if isinstance(part, PictureSlot) else len(part) for part in tokens)

    def fit(self, parts: Sequence[Part], max_tokens: int) -> list[Part]:
        """Drop the oldest frames, whole, until the prompt fills at most `max_tokens` positions.

        Cast, last frame and the sentence to draw always stay; ValueError when they alone are too long.
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
        """Embed a prompt; slot i takes row i of `frames` or `portraits`, visual tokens (n, m, E)."""
        return self.embed_tokens(self.tokenize(parts), frames, portraits)

    def embed_tokens(
        self,
        tokens: Sequence[TokenPart],
        frames: Sequence[torch.Tensor] | torch.Tensor | None = None,
        portraits: Sequence[torch.Tensor] | torch.Tensor | None = None,
    ) -> EmbeddedPrompt:
        """`embed` for a prompt that is already tokenised; (m, E) per picture."""
        words = self.language_model.get_input_embeddings()
        device, dtype = words.weight.device, words.weight.dtype
        pictures = {"frame": frames, "portrait": portraits}
        embeddings, labels = [], []
        for part in tokens:
            if isinstance(part, PictureSlot):
                vectors = pictures[part.kind][part.index].to(device, dtype)
                ids = torch.full((len(vectors),), IGNORED, device=device)
            else:
                ids = torch.tensor(part, device=device, dtype=torch.long)
                vectors = words(ids)
            embeddings.append(vectors)
            labels.append(ids)
        return EmbeddedPrompt(torch.cat(embeddings), torch.cat(labels))

    def read(self, prompts: Sequence[EmbeddedPrompt], logits: bool = False) -> ReaderOutput:
        """Append the image tokens to each prompt and run the language model once over all of them.

        Differentiable with respect to image tokens and both mappers. `logits`: also return what L_gen needs.
        """
        lengths = [len(prompt.embeddings) for prompt in prompts]
        tail = self.image_tokens(1)[0].to(prompts[0].embeddings)  # (R, E)
        embeddings = [torch.cat([prompt.embeddings, tail]) for prompt in prompts]
        hidden = self.forward(torch.nn.utils.rnn.pad_sequence(embeddings, batch_first=True))  # (B, T, E)
        states = torch.stack(
            [row[length : length + len(tail)] for row, length in zip(hidden, lengths, strict=True)]
        )
        output = ReaderOutput(states, self.condition(states))
        if not logits:
            return output
        ids = torch.arange(len(tail), device=hidden.device) + self.vocabulary
        labels = [torch.cat([prompt.labels, ids]) for prompt in prompts]
        padded = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=IGNORED)
        return ReaderOutput(
            states, output.condition, self.image_tokens.logits(hidden, self.language_model), padded
        )

    def forward(self, embeddings: torch.Tensor, cache: Any = None) -> torch.Tensor:
        """Post-norm last states (B, T, E) of `embeddings` (B, T, E), which follow what `cache` holds.

        Never computes word logits. ValueError when positions run out; a GPU would not survive the attempt.
        """
        past = 0 if cache is None else cache.get_seq_length()
        end = past + embeddings.shape[1]
        limit = self.language_model.config.max_position_embeddings
        if end > limit:
            raise ValueError(f"The prompt fills {end} positions; the language model has {limit}.")
        positions = torch.arange(past, end, device=embeddings.device)[None].expand(len(embeddings), -1)
        return self.language_model.model(
            inputs_embeds=embeddings,
            position_ids=positions,
            past_key_values=cache,
            use_cache=cache is not None,
        ).last_hidden_state

    def condition(self, states: torch.Tensor) -> torch.Tensor:
        """Last states of the image tokens (B, R, E) -> condition of the denoiser (B, L, D)."""
        return self.condition_mapper(states.to(self.condition_mapper.dtype), self.image_tokens(len(states)))

    def _words(self, text: str | tuple[str, str]) -> list[int]:
        if isinstance(text, tuple):
            return [token for one in text for token in self._words(one)]
        # A writer's "</s>" is text, not a token of ours.
        ids = self.tokenizer(text, add_special_tokens=False, verbose=False, split_special_tokens=True)
        return ids["input_ids"]


def frame_positions(parts: Sequence[Part | TokenPart]) -> list[int]:
    """Where in a prompt the earlier frames' pictures stand, oldest first."""
    return [i for i, part in enumerate(parts) if isinstance(part, PictureSlot) and part.kind == "frame"]


def without_frames(parts: Sequence[Part | TokenPart], positions: Sequence[int]) -> list[Any]:
    """The prompt without the frames whose pictures stand at `positions`; the last frame cannot be dropped.

    A picture goes with the text behind it, "</img> Caption: ... Image: <img>": the text before it ends in
    "Image: <img>" too, and so leads to the next picture.
    """
    dropped = {index for position in positions for index in (position, position + 1)}
    return [part for index, part in enumerate(parts) if index not in dropped]
