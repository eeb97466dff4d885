"""The interleaved context of a story: what the language model has read so far, kept as a KV cache.

Drawing a new frame costs only the reading of what is new, and an edit costs the reading of what follows it. Knows parts
of prompts and features, but no stories.

The cache only saves time. A prompt is always read in the same chunks (see `split`), whether they are in the cache or
not. So the arithmetic and the shapes are the same, and the condition is equal, bit for bit, to one that is read from
the beginning. A frame that is redrawn after a restart is the same picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache

from storyboard.models.prompt_tokens import Marks, TokenPart, Told, frame_positions, without_frames
from storyboard.models.story_reader import StoryReader
from storyboard.text.prompt import Part, PictureSlot

FIRST_FRAMES = 2  # so many first frames always stay in the window, because they introduce people and places
LEAST = 64  # tokens of a chunk of sentences; reading fewer at once takes about as long
RESERVE = 4  # 1/RESERVE of the positions is reserved for the latest frame and the sentence to draw


@dataclass(frozen=True)
class Chunk:
    """A piece of a prompt. Equal keys after equal chunks mean equal states."""

    key: bytes
    embeddings: torch.Tensor  # (T, E)
    marks: tuple[Marks, ...] = ()  # marks of its parts, for a mapper that reads the story's words


@dataclass(frozen=True)
class ReadCondition:
    """A condition (1, L, D).

    pointed: (1, L, K), how strongly each of its L tokens points at each of the K cast members; None if the mapper does
    not point.
    """

    condition: torch.Tensor
    pointed: torch.Tensor | None = None


def outside_window(reader: StoryReader, tokens: Sequence[TokenPart]) -> list[int]:
    """Returns the positions, in a tokenised prompt, of the pictures whose frames do not fit, for `without_frames`.

    The cast, the first frames, the latest frames and the sentence to draw stay. The result depends on the prompt only.
    ValueError if even the last frame alone does not fit.
    """
    frames = frame_positions(tokens)
    # The last frame stays.
    costs = [reader.length(tokens[position : position + 2]) for position in frames[:-1]]
    prefix = reader.length(tokens[: frames[0]]) if frames else 0
    budget = reader.max_tokens * (RESERVE - 1) // RESERVE - prefix
    dropped = list(range(FIRST_FRAMES, _first_kept(costs, budget)))
    # If a long last frame or sentence still does not fit, more old frames are dropped; the very first frames go last.
    spare = sorted(set(range(len(costs))) - set(dropped), key=lambda i: (i < FIRST_FRAMES, i))
    total = reader.length(tokens) - sum(costs[i] for i in dropped)
    while total > reader.max_tokens:
        if not spare:
            raise ValueError(
                f"The prompt fills {total} positions with one frame; {reader.max_tokens} are left."
            )
        total -= costs[spare[0]]
        dropped.append(spare.pop(0))
    return [frames[i] for i in dropped]


def _first_kept(costs: Sequence[int], budget: int) -> int:
    """Returns the index of the first of the latest frames, as if frames with these costs had come one by one.

    When they exceed the budget, the oldest frames after the first ones are dropped until half of it is free. So the
    window moves, and the cache is rebuilt, only now and then.
    """
    start = min(FIRST_FRAMES, len(costs))
    used = sum(costs[:start])
    for end in range(start, len(costs)):
        used += costs[end]
        if used > budget:
            while start < end and used > budget // 2:
                used -= costs[start]
                start += 1
    return start


def split(
    reader: StoryReader,
    parts: Sequence[Part],
    frames: torch.Tensor | None = None,
    portraits: torch.Tensor | None = None,
    told: Told | None = None,
) -> list[Chunk]:
    """Cuts a prompt to the window and embeds it. Returns its chunks; the last of them is the open end.

    Each other chunk ends with an earlier frame's picture. In a prompt without pictures, it ends with the first sentence
    by which it has LEAST tokens.

    frames, portraits: image features (n, V) and (k, V) for its picture slots. told: the people of the words, for a
        mapper that reads words.
    """
    tokens = reader.tokenize(parts)
    outside = outside_window(reader, tokens)
    marks = without_frames(reader.marks(parts, told), outside) if told else []
    tokens = without_frames(tokens, outside)
    features, mapper = {"frame": frames, "portrait": portraits}, reader.visual_mapper
    # One by one, because a matrix product over all of them would round differently for each number of rows.
    visual = {
        kind: [mapper(row[None])[0] for row in rows] if mapper and rows is not None else None
        for kind, rows in features.items()
    }
    ends = [*_inner_ends(reader, tokens), len(tokens)]
    chunks = []
    for start, end in zip([0, *ends], ends, strict=False):
        stretch = tokens[start:end]
        key = hashlib.blake2b(digest_size=16)
        for part in stretch:
            if isinstance(part, PictureSlot):
                seen = features[part.kind]
                if seen is None:
                    raise ValueError(f"the prompt has a {part.kind} whose features are not given")
                key.update(seen[part.index].float().cpu().numpy().tobytes())
            else:
                key.update(repr(part).encode())
        embedded = reader.embed_tokens(stretch, visual["frame"], visual["portrait"])
        chunks.append(Chunk(key.digest(), embedded.embeddings, tuple(marks[start:end])))
    return chunks


def _inner_ends(reader: StoryReader, tokens: Sequence[TokenPart]) -> list[int]:
    """Returns where the chunks before the open end are cut, as numbers of parts. They depend on earlier parts only."""
    if any(isinstance(part, PictureSlot) for part in tokens):
        return [position + 1 for position in frame_positions(tokens)]
    ends: list[int] = []
    for end in range(1, len(tokens)):
        if reader.length(tokens[ends[-1] if ends else 0 : end]) >= LEAST:
            ends.append(end)
    return ends


class InterleavedContext:
    """The KV cache of one story, as a row of chunks. Editing a frame rolls it back to what comes before that frame."""

    def __init__(self, reader: StoryReader):
        self.reader = reader
        self._cache: DynamicCache | None = None
        self._held: list[Chunk] = []
        self._states: list[torch.Tensor] = []  # the states (T, E) of each held chunk

    def __len__(self) -> int:
        """The number of positions held."""
        return sum(len(chunk.embeddings) for chunk in self._held)

    def shared(self, chunks: Sequence[Chunk]) -> int:
        """Returns how many leading chunks are already held. The open end is never held."""
        count = 0
        for held, wanted in zip(self._held, chunks[:-1], strict=False):
            if held.key != wanted.key:
                break
            count += 1
        return count

    def forked(self, count: int) -> InterleavedContext:
        """Returns a new context that holds the first `count` chunks of this one. This one stays as it is."""
        other = InterleavedContext(self.reader)
        other._held, other._states = self._held[:count], self._states[:count]
        length = len(other)
        # Views are enough: reading more appends to them, which makes a copy.
        layers = self._cache.layers if self._cache is not None else ()
        kept = [(layer.keys[:, :, :length], layer.values[:, :, :length]) for layer in layers]
        other._cache = DynamicCache(kept, config=self.reader.language_model.config)
        return other

    def read(self, chunks: Sequence[Chunk], told: Told | None = None) -> ReadCondition:
        """Reads a prompt, and keeps its chunks. Returns the condition.

        Shared chunks are kept, the rest of the cache is rolled back. Then new chunks are read, and last the open end
        with the image tokens.
        """
        shared = self.shared(chunks)
        cache, held, states = self._cache, self._held, self._states[:shared]
        # So a pass that fails leaves an empty context, never a wrong one.
        self._cache, self._held, self._states = None, [], []
        if cache is None:
            cache = DynamicCache(config=self.reader.language_model.config)
        if dropped := sum(len(chunk.embeddings) for chunk in held[shared:]):
            cache.crop(-dropped)  # not for 0, with which older versions of transformers would drop everything
        states += [self.reader.states(chunk.embeddings[None], cache)[1][0] for chunk in chunks[shared:-1]]
        image_tokens = self.reader.image_tokens(1)[0].to(chunks[-1].embeddings)  # (R, E)
        end = torch.cat([chunks[-1].embeddings, image_tokens])
        last, words = self.reader.states(end[None], cache)
        cache.crop(-len(end))
        self._cache, self._held, self._states = cache, list(chunks[:-1]), states
        story = None
        if told:
            marks = [one for chunk in chunks for one in chunk.marks]
            states = [*states, words[0, : -len(image_tokens)]]
            story = self.reader.story_states(torch.cat(states), marks, told)
        return ReadCondition(*self.reader.condition(last[:, -len(image_tokens) :], story))


class ContextPool:
    """Contexts of the few stories that are being drawn. The least recently used one is dropped for a new one.

    The context for a prompt is found by what they share, so callers need to know nothing of stories.
    """

    def __init__(self, reader: StoryReader, limit: int = 2):
        self.reader = reader
        self.limit = limit
        self._contexts: list[InterleavedContext] = []  # least recently used first

    def condition_for(
        self,
        parts: Sequence[Part],
        frames: torch.Tensor | None = None,
        portraits: torch.Tensor | None = None,
        told: Told | None = None,
    ) -> ReadCondition:
        """Returns the condition for a prompt.

        Its picture slots have the features frames (n, V) and portraits (k, V).
        """
        chunks = split(self.reader, parts, frames, portraits, told)
        context = self._take(chunks)
        self._contexts.append(context)
        return context.read(chunks, told)

    def _take(self, chunks: Sequence[Chunk]) -> InterleavedContext:
        """Takes the context that shares most with these chunks out of the pool. Returns it, or a new context.

        A new context is made if using the best one would throw away most of another story. It begins with the shared
        chunks, so after an edit in the middle of a story nothing before the edit is read again.
        """
        best = max(self._contexts, key=lambda context: context.shared(chunks), default=None)
        shared = best.shared(chunks) if best is not None else 0
        if best is not None and 2 * shared >= len(best._held):
            self._contexts.remove(best)
            return best
        taken = best.forked(shared) if best is not None and shared else InterleavedContext(self.reader)
        if len(self._contexts) >= self.limit:
            self._contexts.pop(0)
        return taken
