"""Records of any dataset as examples of stage 1.

At each step, pictures are mirrored, cropped and augmented again, as the authors do. They are encoded on the training
device. Knows no dataset by name, and no loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from transformers import CLIPImageProcessor

from storyboard.errors import StoryError
from storyboard.text.captions import find_mentions
from training.data.crops import augmented, reference_crop, segment_mask, squared
from training.data.dataset import StoryDataset
from training.data.reader import name_end
from training.data.records import Clip, Segment, StoryFrame
from training.examples.clips import CaptionFitter, open_portrait, portrait_file
from training.examples.encoding import PictureFitter
from training.loop import row_generator
from training.train_char_ldm.arguments import CharLdmArguments, References
from training.train_char_ldm.batch import CharacterBatch, CharacterExample, Samples, captions_of

MARKS = ".,;:!?'\"()"
MOST_NAMES = 4  # at most so many names of a caption carry a reference picture


@dataclass(frozen=True)
class NamedSegment:
    """A segment, and where the caption says its name: `caption[start:end]`."""

    segment: Segment
    start: int
    end: int

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


def named_segments(clip: Clip, caption: str) -> tuple[NamedSegment, ...]:
    """Returns the segments whose name the caption says, in its order. No two have the same place in the caption.

    Names are found by the tokens of the annotation if these make up the caption (PororoSV: words between spaces),
    otherwise by the segment's label. Segments that the caption does not name are left out, because no token could carry
    them.
    """
    tokens = clip.tokens or tuple(caption.split(" "))
    places = token_places(tokens, caption) or []
    found: dict[tuple[int, int], NamedSegment] = {}
    homeless = []
    for segment in clip.segments:
        span = _span(tokens, places, segment, bool(clip.tokens))
        if span is None or span in found:
            homeless.append(segment)
        else:
            found[span] = NamedSegment(segment, *span)
    for segment in homeless:
        taken = {named.end for named in found.values()}
        mentions = find_mentions(caption, {segment.word: ()})
        span = next(((m.start, m.end) for m in mentions if m.end not in taken), None)
        if span:
            found[span] = NamedSegment(segment, *span)
    return tuple(sorted(found.values(), key=lambda named: named.end))


def token_places(tokens: Sequence[str], caption: str) -> list[tuple[int, int]] | None:
    """Returns the span of each token in the caption; None if the tokens are not its words."""
    places, after = [], 0
    for token in tokens:
        start = caption.find(token, after)
        if start < 0 or caption[after:start].strip():
            return None
        after = start + len(token)
        places.append((start, after))
    return places


def _span(
    tokens: Sequence[str], places: Sequence[tuple[int, int]], segment: Segment, annotated: bool
) -> tuple[int, int] | None:
    """Returns the span from the segment's first token to its last, or None.

    If the tokens are only the words of the caption, they must be the label itself.
    """
    end = segment.end
    if not annotated:
        bare = [token.strip(MARKS).lower() for token in tokens]
        end = name_end(bare, segment.word, segment.start, end)
        if bare[end - 1 : end] != segment.word.split()[-1:]:
            return None
    if not 0 < end <= len(places):
        return None
    first = places[min(segment.start, end - 1)][0]
    last = tokens[end - 1]
    return first, places[end - 1][1] - (0 if annotated else len(last) - len(last.rstrip(MARKS)))


@dataclass(frozen=True)
class ClipExample(CharacterExample):
    """An example of a clip.

    portraits: one for each span. pixels: (3, S, S) of the frame. people: (side, side), the area of its characters.
    """

    portraits: list[Image.Image]
    pixels: torch.Tensor
    people: torch.Tensor


class ClipExamples:
    """Gives the examples of a step.

    They are captions with their names' spans, a reference picture and a mask for each name, pixels and noise. Masks
    have the resolution of latents. fit: cuts captions. references: "crops" are cut from the frame itself, with noise
    around the character, as in the authors' training. "portraits" are canonical portraits, as in drawing; a segment
    without a portrait then carries nothing.
    """

    def __init__(
        self,
        dataset: StoryDataset,
        vae: AutoencoderKL,
        processor: CLIPImageProcessor,
        fit: CaptionFitter,
        args: CharLdmArguments,
        references: References = "crops",
        augment: bool = True,
    ):
        self.dataset, self.pictures, self.processor, self.args = dataset, PictureFitter(vae), processor, args
        self.references, self.augment, self.fit = references, augment, fit
        self.clips = [clip for clip in dataset.clips if dataset.reader.clip(clip).segments]
        if not self.clips:
            raise StoryError(
                f"{dataset.reader.folder} has no {dataset.split} clip with a segment to learn from."
            )

    def __len__(self) -> int:
        return len(self.clips)

    def __call__(self, step: int, rows: range) -> CharacterBatch:
        sources = [row_generator(self.args.seed, step, row) for row in rows]
        examples = [self._example(np.random.default_rng(source.initial_seed())) for source in sources]
        pixels, people = [e.pixels for e in examples], [e.people for e in examples]
        side = self.pictures.side
        return {
            **self.pictures.noised(pixels, people, self.args, step, rows),
            **captions_of(examples, (side, side)),
            "portraits": self._pixel_values([picture for e in examples for picture in e.portraits]),
        }

    def samples(self, count: int) -> Samples:
        """Returns whole captions, with the references of their names, of clips from all parts of the split."""
        captions, spans, references = [], [], []
        for index in np.linspace(0, len(self.clips) - 1, min(count, len(self.clips))).astype(int):
            rng, frame = np.random.default_rng(index), self.dataset.frame(self.clips[index])
            caption, picture, whole = self.fit(frame.caption, frame.clip.id), frame.picture(), frame.mask()
            named = self._chosen(frame, caption, rng)
            captions.append(caption)
            spans.append([n.span for n in named])
            for segment in (n.segment for n in named):
                where = segment_mask(whole, segment, *picture.size)
                references.append(self._reference(frame, picture, where, segment, rng))
        return Samples(captions, spans, self._pixel_values(references))

    def _example(self, rng: np.random.Generator) -> ClipExample:
        clip = self.clips[rng.integers(len(self.clips))]
        frame = self.dataset.frame(clip, draw=int(rng.integers(2**31)))
        picture, mirrored = frame.picture(), self.augment and rng.random() < 0.5
        caption, kind = self.fit(frame.caption, clip), rng.random()
        dropped = kind < self.args.no_condition
        whole = frame.mask()
        everybody = [segment_mask(whole, s, *picture.size) for s in frame.clip.segments]
        named = () if dropped else self._chosen(frame, caption, rng)
        where = [segment_mask(whole, n.segment, *picture.size) for n in named]
        portraits = [
            self._reference(frame, picture, mask, n.segment, rng)
            for n, mask in zip(named, where, strict=True)
        ]
        return ClipExample(
            "" if dropped else caption,
            [n.span for n in named],
            [self.pictures.mask(mask, mirrored) for mask in where],
            fused=kind >= self.args.no_condition + self.args.text_only,
            masked=not dropped and rng.random() < self.args.masked,
            portraits=portraits,
            pixels=self.pictures.pixels(picture, mirrored),
            people=self.pictures.mask(np.logical_or.reduce(everybody), mirrored),
        )

    def _chosen(self, frame: StoryFrame, caption: str, rng: np.random.Generator) -> list[NamedSegment]:
        """Returns at most MOST_NAMES segments that the caption names, in its order. The caption may have been cut."""
        named = tuple(n for n in named_segments(frame.clip, frame.caption) if n.end <= len(caption))
        if self.references == "portraits":
            named = tuple(n for n in named if portrait_file(frame.clip, n.segment.word))
        kept = rng.permutation(len(named))[:MOST_NAMES]
        return [named[i] for i in sorted(kept)]

    def _reference(
        self,
        frame: StoryFrame,
        picture: Image.Image,
        mask: np.ndarray,
        segment: Segment,
        rng: np.random.Generator,
    ) -> Image.Image:
        if self.references == "portraits":
            reference = open_portrait(frame.clip, segment.word)
        else:
            reference = reference_crop(picture, mask, segment, rng)
        size = self.processor.crop_size["height"]
        return augmented(reference, size, rng) if self.augment else squared(reference, size)

    def _pixel_values(self, pictures: list[Image.Image]) -> torch.Tensor:
        """Returns the pictures as (N, 3, S, S), in the form that the vision tower reads."""
        if not pictures:
            size = self.processor.crop_size["height"]
            return torch.zeros(0, 3, size, size)
        return self.processor(pictures, return_tensors="pt")["pixel_values"]
