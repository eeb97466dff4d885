"""What a frame's picture depends on, whether it is therefore out of date, and which change made it so.

Imports neither torch nor Gradio and knows no files; several threads may ask at once. Whether a picture is stale is
computed, never stored. A take keeps the hash of the inputs that it was drawn from, and its picture is out of date when
the same hash, computed now, differs. The seed and the settings of the sampler are not part of the hash: they belong to
the take, and another take of the same sentence does not make the first one wrong. Undoing a change makes the pictures
fresh again that it had made stale.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from itertools import accumulate
from typing import Any, TypeVar

from storyboard.renderer import Conditioning
from storyboard.story.values import Character, Frame, Story, Take
from storyboard.text.captions import Binding, ReadSentence, listed, name_described, read_sentence, resolve
from storyboard.text.groups import counted_pronouns, counts_people, name_groups
from storyboard.text.preferences import bindings_by_words
from storyboard.text.presence import with_added
from storyboard.text.readings import as_understood
from storyboard.text.roles import may_call_by_role, name_roles
from storyboard.text.wordings import reworded

STORIES_KNOWN = 64  # so many stories keep the inputs of their latest value

T = TypeVar("T")


class StoryInputs:
    """The inputs of every frame of one story value. What several frames share is computed once.

    `before`: the inputs of the story before the last edit. What they know of a frame is kept as long as the frame, the
    cast and everything that the frame reads are still the same objects. Make one with `inputs_of`, which finds
    `before`.
    """

    def __init__(self, story: Story, before: StoryInputs | None = None) -> None:
        self.story = story
        self._names = story.names
        self._places = {frame.id: place for place, frame in enumerate(story.frames)}
        self._holders: dict[str, int] | None = None
        self._order = object()  # stays the same object while no older frame changes its number
        # The chosen takes in order; then how many of them come before each frame, and last their total.
        takes = [frame.take for frame in story.frames]
        self._takes = [take for take in takes if take is not None]
        self._counts = list(accumulate((take is not None for take in takes), initial=0))
        self._sentences: dict[str, ReadSentence] = {}
        self._digests: dict[tuple[str, str], str] = {}
        self._known: dict[str, dict[Hashable, Any]] = {}
        if before is not None:
            self._digests = before._digests
            if before._names == self._names:
                self._sentences = before._sentences
            if before.story.cast == story.cast and before.story.style == story.style:
                self._keep(before)

    def _keep(self, before: StoryInputs) -> None:
        """Takes over what `before` knows of frames for which nothing has changed."""
        if list(self._places)[: len(before._places)] == list(before._places):
            self._order = before._order
        pairs = zip(self._takes, before._takes, strict=False)
        common = next((place for place, (one, other) in enumerate(pairs) if one is not other), None)
        common = min(len(self._takes), len(before._takes)) if common is None else common
        for frame in self.story.frames:
            place = before._places.get(frame.id)
            if place is None or before.story.frames[place] is not frame or frame.id not in before._known:
                continue
            span, old = self._span(frame), before._span(frame)
            if span == old and (span[1] <= common or self._read(span) == before._read(old)):
                self._known[frame.id] = before._known[frame.id]

    def _span(self, frame: Frame) -> tuple[int, int]:
        """Returns the start and end, among the chosen takes, of those that a frame reads."""
        if frame.id not in self._places:
            self.story.frame(frame.id)  # raises the StoryError for a frame that was removed
        place = self._places[frame.id]
        first = 0 if frame.sees is None else max(0, place - frame.sees)
        return self._counts[first], self._counts[place]

    def _read(self, span: tuple[int, int]) -> list[int]:
        return [id(take) for take in self._takes[slice(*span)]]

    def once(self, frame: Frame, what: Hashable, compute: Callable[[], T]) -> T:
        """Returns what `compute` gives for a frame of this story, and remembers it under the key `what`.

        It is computed again when something changes that it may depend on: the frame, the cast or the takes that the
        frame reads. It must not depend on the frame's number or on other frames.
        """
        place = self._places.get(frame.id)
        if place is None or self.story.frames[place] is not frame:
            return compute()  # this value of the frame is not in the story, so nothing is remembered of it
        known = self._known.setdefault(frame.id, {})
        if what not in known:
            known[what] = compute()
        return known[what]

    def text(self, frame: Frame) -> str:
        """Returns the sentence as the model reads it: bound pronouns replaced, included characters added."""
        return self.once(frame, "text", lambda: self.bound(frame, frame.included))

    def bound(self, frame: Frame, included: Iterable[str] = ()) -> str:
        """Returns the frame's sentence with names in it and the characters of `included` added.

        Words that are drawn otherwise are replaced first. Names then stand in place of pronouns that are bound by the
        writer or by the words, of descriptions such as "the old woman", of counted people such as "all three", and of
        what the story has said that somebody is: "the captain".
        """
        bindings = (*frame.bindings, *self.by_words(frame))
        sentence = reworded(frame.caption, frame.wordings)
        text = resolve(name_described(sentence, self._names), bindings, self._names)
        text = with_added(text, included, self._names)
        if counts_people(text):
            text = name_groups(text, *self._readable(frame))
        return name_roles(text, *self._readable(frame)) if may_call_by_role(text) else text

    def by_words(self, frame: Frame) -> tuple[Binding, ...]:
        """Returns bindings of pronouns that the writer left open and the words decide (`bindings_by_words`)."""
        return self.once(frame, "by words", lambda: self._bindings_by_words(frame))

    def _bindings_by_words(self, frame: Frame) -> tuple[Binding, ...]:
        sentence = self.read(frame.caption)
        if not sentence.pronouns:
            return ()
        cast, earlier = self._readable(frame)
        sentence = sentence.among({one.name for one in cast})
        by_writer = {one.occurrence for one in frame.bindings}
        counted = [
            one for one in counted_pronouns(sentence, cast, earlier) if one.occurrence not in by_writer
        ]
        return (*counted, *bindings_by_words(sentence, (*frame.bindings, *counted), cast, earlier))

    def _readable(self, frame: Frame) -> tuple[list[Character], list[ReadSentence]]:
        """Returns the characters that a frame may mean, and the sentences that it reads.

        Of the mentions in those sentences, only the mentions of these characters are kept.
        """

        def compute() -> tuple[list[Character], list[ReadSentence]]:
            cast = [one for one in self.story.cast if one.name not in frame.excluded]
            names = {one.name for one in cast}
            return cast, [self._understood(take).among(names) for take in self.history(frame)]

        return self.once(frame, "readable", compute)

    def _understood(self, take: Take) -> ReadSentence:
        """Returns the sentence that a picture was drawn from, with names also for the pronouns that the model read."""
        return self.read(as_understood(take.caption, take.text, take.readings, self._names))

    def history(self, frame: Frame) -> tuple[Take, ...]:
        """Returns what the frame reads: the chosen takes of the earlier frames that it sees, oldest first.

        A picture is always read with the sentence of its own take. So a sentence that was edited and not yet redrawn is
        not read with a picture that shows something else.
        """
        return tuple(self._takes[slice(*self._span(frame))])

    def in_play(self, frame: Frame) -> tuple[Character, ...]:
        """Returns the cast members that the frame or the takes it reads mention, in the cast's order.

        A pronoun can mean any of these. Characters that the writer keeps out of the frame are not among them.
        """
        return self.once(frame, "in play", lambda: self._in_play(frame))

    def _in_play(self, frame: Frame) -> tuple[Character, ...]:
        mentioned = set(self.read(self.text(frame)).names)
        for take in self.history(frame):
            mentioned.update(self.read(take.text).names)
        mentioned.difference_update(frame.excluded)
        return tuple(character for character in self.story.cast if character.name in mentioned)

    def portraits(self, frame: Frame) -> tuple[tuple[str, str], ...]:
        """Returns, for each character in play, its name and the picture key of the portrait that it wears here."""
        return tuple((one.name, one.portrait_in(frame).picture) for one in self.in_play(frame))

    def hash(self, frame: Frame, conditioning: Conditioning | None = None) -> str:
        """Returns a hash of what a picture of this frame depends on.

        That is the sentence, the portraits in play, the takes that the frame reads, and the story's style if it has
        one. A picture drawn from a prompt (`conditioning` "prompt") depends on the sentences of those takes, not on
        their pictures.
        """
        kind = "words" if conditioning == "prompt" else "hash"
        return self.once(frame, kind, lambda: self._hash(frame, self.text(frame), kind == "hash"))

    def _hash(self, frame: Frame, text: str, seen: bool = True) -> str:
        inputs: dict[str, object] = {
            "text": text,
            # With their places, because a new alias may turn an ordinary word into a mention.
            "mentions": [
                [one.name, one.start, one.end]
                for one in self.read(text).mentions
                if one.name not in frame.excluded
            ],
            "portraits": self.portraits(frame),
            "history": [self._digest(take) if seen else take.text for take in self.history(frame)],
        }
        said = [(one.name, one.portrait_in(frame).words) for one in self.in_play(frame)]
        if any(words for _, words in said):
            inputs["looks"] = said
        if self.story.style.digest:  # so pictures of stories that never had a style stay fresh
            inputs["style"] = self.story.style.digest
        return _sha256(inputs)

    def is_stale(self, frame: Frame) -> bool:
        """Returns whether the frame's picture was drawn from other inputs than those it has now.

        A frame without a picture is not out of date. Neither is a take without a hash, of which nothing is known.
        """
        take = frame.take
        if take is None or take.inputs in ("", self.hash(frame, take.conditioning)):
            return False
        return take.inputs != self.once(frame, "hash before", lambda: self._hash_before(frame, take))

    def _hash_before(self, frame: Frame, take: Take) -> str | None:
        """Returns the hash as older versions computed it, before the words bound pronouns, descriptions and groups.

        Returns None if the model read a pronoun differently from what the words say.
        """
        read = {(one.word, one.names): one.by for one in take.readings}
        by = [read.get((one.word, one.names)) for one in self.by_words(frame)]
        said = {one.word for one in take.readings}
        if any(who is None and one.word in said for one, who in zip(self.by_words(frame), by, strict=True)):
            return None
        # Only those that the words had bound when the take was drawn: older versions had fewer rules.
        then = (one for one, who in zip(self.by_words(frame), by, strict=True) if who == "words")
        bindings = (*frame.bindings, *then)
        sentence = reworded(frame.caption, frame.wordings)
        sentences = (sentence, name_described(sentence, self._names))
        resolved = (resolve(one, bindings, self._names) for one in sentences)
        texts = (with_added(one, frame.included, self._names) for one in resolved)
        return self._hash(frame, take.text, take.conditioning != "prompt") if take.text in texts else None

    def stale_cause(self, frame: Frame) -> str | None:
        """Returns what made a frame's picture out of date, such as "frame 2's picture changed".

        None if it is not out of date.
        """
        latest: dict[str, tuple[object, str | None]] = self.once(frame, "cause", dict)
        order, cause = latest.get("cause", (None, None))
        if order is not self._order:
            cause = self._stale_cause(frame)
            latest["cause"] = (self._order, cause)
        return cause

    def _stale_cause(self, frame: Frame) -> str | None:
        take = frame.take
        if take is None or not self.is_stale(frame):
            return None
        return (
            _text_cause(self, frame, take)
            or ("the style changed" if take.style != self.story.style.digest else None)
            or _portrait_cause(self, frame, take)
            or _history_cause(self, frame, take)
            or _look_cause(self, frame, take)
            or "who is in it changed"
        )

    def read(self, text: str) -> ReadSentence:
        """Returns a sentence with its pronouns and the cast members that it mentions. Each text is read once."""
        if text not in self._sentences:
            self._sentences[text] = read_sentence(text, self._names)
        return self._sentences[text]

    def holders(self) -> dict[str, int]:
        """Returns the id of each take -> the number of the frame that has it."""
        if self._holders is None:
            self._holders = {
                take.id: number for number, frame in enumerate(self.story.frames, 1) for take in frame.takes
            }
        return self._holders

    def _digest(self, take: Take) -> str:
        key = (take.text, take.picture)
        if key not in self._digests:
            self._digests[key] = _sha256(key)
        return self._digests[key]


_LATEST: OrderedDict[str, StoryInputs] = OrderedDict()
_LOCK = threading.Lock()


def inputs_of(story: Story) -> StoryInputs:
    """Returns the inputs of a story. They take over what is still true of the last value of this story."""
    with _LOCK:
        known = _LATEST.get(story.id)
        if known is None or known.story is not story:
            known = _LATEST[story.id] = StoryInputs(story, known)
            if len(_LATEST) > STORIES_KNOWN:
                _LATEST.popitem(last=False)
        _LATEST.move_to_end(story.id)
        return known


def stale_frames(story: Story) -> frozenset[str]:
    """Returns the ids of the frames whose picture is out of date."""
    inputs = inputs_of(story)
    return frozenset(frame.id for frame in story.frames if inputs.is_stale(frame))


def frames_touched(story: Story, name: str, portrait: bool = False) -> tuple[str, ...]:
    """Returns the ids of the drawn frames that a change to a character makes out of date, in the story's order.

    `portrait`: only the chosen portrait changes, so frames that have their own portrait for the character stay fresh.
    """
    inputs = inputs_of(story)
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
    if frame.wordings != take.wordings:
        return "how its words are drawn changed"
    # Added characters stand at the end of the sentence, so the two texts differ only there.
    bound = inputs.bound(frame).rstrip(".!?")
    return "who is in it changed" if take.text.startswith(bound) else "whom a pronoun stands for changed"


def _portrait_cause(inputs: StoryInputs, frame: Frame, take: Take) -> str | None:
    drawn_with = dict(take.portraits)
    changed = [name for name, key in inputs.portraits(frame) if drawn_with.get(name, key) != key]
    if len(changed) == 1:
        return f"{changed[0]}'s portrait changed"
    return f"the portraits of {listed(changed)} changed" if changed else None


def _look_cause(inputs: StoryInputs, frame: Frame, take: Take) -> str | None:
    """Returns the cause that is left when no other was found; takes do not keep the words of portraits to compare."""
    same = set(take.mentioned) == set(inputs.read(inputs.text(frame)).names)
    described = any(portrait.words for one in inputs.story.cast for portrait in one.portraits)
    return "how somebody is described changed" if same and described else None


def _history_cause(inputs: StoryInputs, frame: Frame, take: Take) -> str | None:
    now = [one.id for one in inputs.history(frame)]
    if now == list(take.read):
        return None
    holders = inputs.holders()
    # If the frames and their order are the same, only pictures have changed.
    if [holders.get(one) for one in take.read] != [holders.get(one) for one in now]:
        return "the frames it reads changed"
    numbers = [str(holders[new]) for old, new in zip(take.read, now, strict=True) if old != new]
    if len(numbers) == 1:
        return f"frame {numbers[0]}'s picture changed"
    return f"the pictures of frames {listed(numbers)} changed"


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).hexdigest()
