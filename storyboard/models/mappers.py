"""The two bridges between pictures and the frozen language model: Mapper_LLM (into it) and Mapper_LDM (out of it).

Parameter names are those of the released second-stage checkpoints, so that these load by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn

EARLIER, NOW, PADDING = 0, 1, -1  # which sentence a token of a story belongs to
PRONOUNS = (None, "he", "she", "it", "they")  # None: nobody is there


class VisualMapper(ModelMixin, ConfigMixin):
    """Mapper_LLM: a linear map W_v2t from a picture's feature (N, V) to its m visual tokens (N, m, E)."""

    @register_to_config
    def __init__(self, image_width: int, width: int, tokens: int = 4):
        super().__init__()
        self.visual_embeddings = nn.Linear(image_width, tokens * width)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.visual_embeddings(features).unflatten(-1, (self.config.tokens, self.config.width))


class StoryStates(NamedTuple):
    """A story's words as the language model understands them, and the people whom they can mean, for B stories.

    A cast has K places, and `cast` has the width D of the condition's tokens. An empty place has the number 0 in
    `pronouns`, and is never pointed at.
    """

    states: torch.Tensor  # (B, T, E): states of all words and pictures, at the layer that the mapper reads
    sentence: torch.Tensor  # (B, T): EARLIER, NOW (the sentence to draw) or PADDING
    speaks_of: torch.Tensor  # (B, T): 1 + the place in the cast of the person whom the token names, 0: nobody
    cast: torch.Tensor  # (B, K, D): the fused vector (Eq. 1) of everybody's name and portrait
    pronouns: torch.Tensor  # (B, K): indices in PRONOUNS, 0: the place is empty
    shown: torch.Tensor  # (B, K): 1 if the words alone say that the person is in the picture, else 0
    doing: torch.Tensor  # (B, K): 1 + the index of the mapper's deed that the words say of each, 0: none


def stacked(stories: Sequence[StoryStates]) -> StoryStates:
    """Returns several stories as one batch, padded to the longest."""
    pad = nn.utils.rnn.pad_sequence
    rows = [[value for one in stories for value in getattr(one, name)] for name in StoryStates._fields]
    states, sentence, speaks_of, *people = rows
    return StoryStates(
        pad(states, batch_first=True),
        pad(sentence, batch_first=True, padding_value=PADDING),
        pad(speaks_of, batch_first=True),
        *map(torch.stack, people),
    )


class ConditionMapper(ModelMixin, ConfigMixin):
    """Mapper_LDM: last states and embeddings of the image tokens (B, R, E) -> condition (B, L, D).

    It is a pre-norm encoder-decoder transformer. The encoder reads states + embeddings. The decoder reads L learned
    queries, which are its only information on position.

    Three additions go beyond the paper, and are off by default. With `reads_story`, the encoder also reads the states
    of the story's own words: those that leave layer `story_layer` of the language model (counted from 1), or its last
    states if that is None. With `people`, the largest number of a cast, it also reads everybody's fused vector (Eq. 1),
    and each token of the condition may point at one person and take over that vector. So a person's looks need not pass
    through the language model. With `deeds`, phrases for what can be drawn, the mapper gets beside each person what the
    story's words alone say of them: that they are in the picture, and what they do.
    """

    @register_to_config
    def __init__(
        self,
        input_width: int,
        output_width: int,
        queries: int,
        width: int = 512,
        layers: int = 4,
        heads: int = 4,
        feedforward: int = 2048,
        reads_story: bool = False,
        people: int = 0,
        story_layer: int | None = None,
        deeds: Sequence[str] = (),
    ):
        super().__init__()
        if deeds and not people:
            raise ValueError(f"{len(deeds)} deeds: what people do is told beside them; set people")
        if people and not reads_story:
            raise ValueError(
                f"people={people}: the mapper points at people whom the story names; set reads_story"
            )
        if story_layer is not None and (not reads_story or story_layer < 1):
            raise ValueError(
                f"story_layer={story_layer}: layers are counted from 1, and read with reads_story alone"
            )
        self.fc = nn.Linear(input_width, width)
        self.tfm = _transformer(width, layers, heads, feedforward)
        self.model = nn.Linear(width, output_width)
        self.query_embs = nn.Parameter(torch.randn(1, queries, width))
        if reads_story:
            self.story_fc = nn.Linear(input_width, width)
            self.sentences = nn.Embedding(2, width)  # EARLIER and NOW
        if people:
            self.pointer = Pointer(width, output_width, people, len(deeds))

    def forward(
        self, states: torch.Tensor, embeddings: torch.Tensor, story: StoryStates | None = None
    ) -> torch.Tensor:
        """Returns the condition (B, L, D).

        story: needed with `reads_story`, unused without it.
        """
        return self.read(states, embeddings, story)[0]

    def read(
        self, states: torch.Tensor, embeddings: torch.Tensor, story: StoryStates | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns the condition (B, L, D), and how strongly each of its tokens points at each of the cast (B, L, K).

        The second value is None without `people`. ValueError if the mapper reads the story and gets none.
        """
        source, unseen = self.fc(states + embeddings), None  # (B, R, width)
        if self.config.reads_story:
            if story is None:
                raise ValueError("This mapper reads the story's words too; give their states.")
            source, unseen = self._with_story(source, story)
        memory = self.tfm.encoder(source, src_key_padding_mask=unseen)
        queries = self.query_embs.expand(len(source), -1, -1)
        hidden = self.tfm.decoder(queries, memory, memory_key_padding_mask=unseen)
        condition = self.model(hidden)
        if story is None or not self.config.people:
            return condition, None
        people = memory[:, -self.config.people :]
        pointed = self.pointer(hidden, people, story.pronouns > 0)
        return condition + pointed @ story.cast.to(condition), pointed

    def _with_story(self, source: torch.Tensor, story: StoryStates) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the image tokens, the story's words and the cast in a row, and a mask of those that must not be
        attended to.
        """
        words = self.story_fc(story.states.to(source)) + self.sentences(story.sentence.clamp(min=0))
        parts, unseen = (
            [source, words],
            [torch.zeros_like(source[..., 0], dtype=torch.bool), story.sentence < 0],
        )
        if self.config.people:
            parts[1] = words + self.pointer.named(story.speaks_of)
            parts.append(self.pointer.introduce(story))
            unseen.append(story.pronouns == 0)
        return torch.cat(parts, 1), torch.cat(unseen, 1)


def _transformer(width: int, layers: int, heads: int, feedforward: int) -> nn.Transformer:
    shape: dict[str, Any] = {
        "dim_feedforward": feedforward,
        "dropout": 0.0,
        "batch_first": True,
        "norm_first": True,
    }
    return nn.Transformer(
        width,
        heads,
        num_decoder_layers=layers,
        # torch's own encoder with its defaults. It is built here only to turn off nested tensors, which pre-norm cannot
        # use and which would cause a warning.
        custom_encoder=nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, heads, **shape),
            layers,
            nn.LayerNorm(width),
            enable_nested_tensor=False,
        ),
        **shape,
    )


class Pointer(nn.Module):
    """Points from tokens of a condition at people of a cast. A mark ties a person to the words that name them."""

    def __init__(self, width: int, vector_width: int, people: int, deeds: int = 0):
        super().__init__()
        self.places = nn.Embedding(people + 1, width)  # 0: nobody is named
        self.pronouns = nn.Embedding(len(PRONOUNS), width)
        self.vectors = nn.Linear(vector_width, width)
        self.asks, self.answers = nn.Linear(width, width), nn.Linear(width, width)
        self.nobody = nn.Parameter(torch.zeros(1, 1, width))
        self.told = nn.ModuleDict()  # embeddings of what the words say of each person
        if deeds:
            self.told["shown"], self.told["doing"] = nn.Embedding(2, width), nn.Embedding(deeds + 1, width)
        for weight in self.told.parameters():
            nn.init.zeros_(weight)  # so a mapper that gets them for the first time reads as before

    def named(self, speaks_of: torch.Tensor) -> torch.Tensor:
        """Returns the mark (B, T, width) of the person whom each token names."""
        return self.places(speaks_of)

    def introduce(self, story: StoryStates) -> torch.Tensor:
        """Returns the cast (B, K, D) in the form that the encoder reads, (B, K, width)."""
        cast = story.cast.to(self.vectors.weight)
        numbers = torch.arange(1, cast.shape[1] + 1, device=cast.device)
        people = self.vectors(cast) + self.places(numbers) + self.pronouns(story.pronouns)
        return people + sum(learned(getattr(story, what)) for what, learned in self.told.items())

    def forward(self, hidden: torch.Tensor, people: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Returns how strongly each token points at each person (B, L, K).

        hidden: (B, L, width). people: (B, K, width). there: (B, K), whether a place of the cast is taken. A row sums to
        less than one; the rest points at nobody.
        """
        keys = torch.cat([self.nobody.expand(len(people), -1, -1), self.answers(people)], 1)
        scores = self.asks(hidden) @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5
        absent = torch.cat([torch.zeros_like(there[:, :1]), ~there], 1)
        return scores.masked_fill(absent[:, None], -torch.inf).softmax(-1)[..., 1:]
