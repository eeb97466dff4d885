"""What a frame's picture depends on, and so whether it is out of date, and since which change.

Knows neither torch, gradio, files nor threads. Staleness is derived, never stored: a take keeps the hash of the
story it was drawn from, and its picture is out of date when the same hash, computed now, differs. The seed and the
sampler's settings are no part of it: they belong to the take, and another take of the same sentence does not make
the first one wrong. Undoing a change makes fresh again what it made stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from storyboard.story.values import Character, Frame, Story, Take
from storyboard.text.candidates import bindings_by_words
from storyboard.text.captions import Binding, ReadSentence, listed, read_sentence, resolve


class StoryInputs:
    """The inputs of every frame of one story value; what several frames share is worked out once."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._names = story.names
        self._sentences: dict[str, ReadSentence] = {}
        self._digests: dict[tuple[str, str], str] = {}
        self._by_words: dict[str, tuple[Binding, ...]] = {}

    def text(self, frame: Frame) -> str:
        """The frame's sentence as the model is to read it: bound pronouns replaced, characters added."""
        return self.bound(frame, frame.included)

    def bound(self, frame: Frame, included: Iterable[str] = ()) -> str:
        """The frame's sentence with bound pronouns replaced, by the writer and by the words, and these added."""
        bindings = (*frame.bindings, *self.by_words(frame))
        return resolve(frame.caption, bindings, included, self._names)

    def by_words(self, frame: Frame) -> tuple[Binding, ...]:
        """Bindings of pronouns that the writer left open and the words do not (`bindings_by_words`)."""
        if frame.id not in self._by_words:
            cast = [one for one in self.story.cast if one.name not in frame.excluded]
            bound = {one.occurrence for one in frame.bindings}
            names = {one.name for one in cast}
            earlier = [self.read(take.text).among(names) for take in self.history(frame)]
            sentence = self.read(frame.caption).among(names)
            self._by_words[frame.id] = bindings_by_words(sentence, bound, cast, earlier)
        return self._by_words[frame.id]

    def history(self, frame: Frame) -> tuple[Take, ...]:
        """What the frame reads: the chosen takes of the earlier frames it sees that have one, oldest first.

        A take's own sentence goes with its picture, so one edited but not yet redrawn is not read under a picture
        that shows something else.
        """
        number = self.story.frame_number(frame.id)
        first = 0 if frame.sees is None else max(0, number - 1 - frame.sees)
        return tuple(one.take for one in self.story.frames[first : number - 1] if one.take is not None)

    def in_play(self, frame: Frame) -> tuple[Character, ...]:
        """The cast members the frame or anything it reads mentions, in the cast's order: whom a pronoun can mean.

        Those the writer keeps out of the frame are not among them.
        """
        mentioned = set(self.read(self.text(frame)).names)
        for take in self.history(frame):
            mentioned.update(self.read(take.text).names)
        mentioned.difference_update(frame.excluded)
        return tuple(character for character in self.story.cast if character.name in mentioned)

    def portraits(self, frame: Frame) -> tuple[tuple[str, str], ...]:
        """The name of each character in play and the picture key of the portrait it wears in this frame."""
        return tuple((one.name, one.portrait_in(frame).picture) for one in self.in_play(frame))

    def hash(self, frame: Frame) -> str:
        """Hash of what a picture of this frame depends on: its sentence, portraits in play, the frames it reads."""
        text = self.text(frame)
        inputs = {
            "text": text,
            # With their places: another alias may make one of the cast of what was only a word.
            "mentions": [
                [one.name, one.start, one.end]
                for one in self.read(text).mentions
                if one.name not in frame.excluded
            ],
            "portraits": self.portraits(frame),
            "history": [self._digest(take) for take in self.history(frame)],
        }
        return _sha256(inputs)

    def is_stale(self, frame: Frame) -> bool:
        """Whether the frame's picture answers another question than the one asked now.

        A frame without a picture is not out of date, only not drawn; of a take without a hash nothing is known.
        """
        take = frame.take
        return take is not None and take.inputs != "" and take.inputs != self.hash(frame)

    def stale_cause(self, frame: Frame) -> str | None:
        """Returns what made a frame's picture out of date, as one phrase, or None where it is not.

        "frame 2's picture changed"
        """
        take = frame.take
        if take is None or not self.is_stale(frame):
            return None
        return (
            _text_cause(self, frame, take)
            or _portrait_cause(self, frame, take)
            or _history_cause(self, frame, take)
            or "who is in it changed"
        )

    def read(self, text: str) -> ReadSentence:
        """Returns a sentence with the cast members it mentions and its pronouns; each text is read once."""
        if text not in self._sentences:
            self._sentences[text] = read_sentence(text, self._names)
        return self._sentences[text]

    def _digest(self, take: Take) -> str:
        key = (take.text, take.picture)
        if key not in self._digests:
            self._digests[key] = _sha256(key)
        return self._digests[key]


def stale_frames(story: Story) -> frozenset[str]:
    """The ids of the frames whose picture is out of date."""
    inputs = StoryInputs(story)
    return frozenset(frame.id for frame in story.frames if inputs.is_stale(frame))


def frames_touched(story: Story, name: str, portrait: bool = False) -> tuple[str, ...]:
    """The ids of the drawn frames that a change to a character makes out of date, in the story's order.

    `portrait`: a change of the chosen portrait, which frames with a portrait of their own do not feel.
    """
    inputs = StoryInputs(story)
    character = story.character(name)
    return tuple(
        frame.id
        for frame in story.frames
        if frame.take is not None
        and character in inputs.in_play(frame)
        and not (portrait and character.name in dict(frame.portraits))
    )


def _text_cause(inputs: StoryInputs, frame: Frame, take: Take) -> str | None:
    if frame.caption != take.caption:
        return "the sentence changed"
    if inputs.text(frame) == take.text:
        return None
    # Added characters stand behind the sentence, so the two differ at the end only.
    bound = inputs.bound(frame).rstrip(".!?")
    return "who is in it changed" if take.text.startswith(bound) else "whom a pronoun stands for changed"


def _portrait_cause(inputs: StoryInputs, frame: Frame, take: Take) -> str | None:
    drawn_with = dict(take.portraits)
    changed = [name for name, key in inputs.portraits(frame) if drawn_with.get(name, key) != key]
    if len(changed) == 1:
        return f"{changed[0]}'s portrait changed"
    return f"the portraits of {listed(changed)} changed" if changed else None


def _history_cause(inputs: StoryInputs, frame: Frame, take: Take) -> str | None:
    now = [one.id for one in inputs.history(frame)]
    if now == list(take.read):
        return None
    holders = {one.id: number for number, held in enumerate(inputs.story.frames, 1) for one in held.takes}
    # Still the same frames in the same order: only their pictures are other ones.
    before, after = [holders.get(one) for one in take.read], [holders.get(one) for one in now]
    if before != after:
        return "the frames it reads changed"
    numbers = [str(holders[new]) for old, new in zip(take.read, now, strict=True) if old != new]
    if len(numbers) == 1:
        return f"frame {numbers[0]}'s picture changed"
    return f"the pictures of frames {listed(numbers)} changed"


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).hexdigest()
