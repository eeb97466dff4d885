"""From a frame's request to the prompt of a model that knows neither the story nor its cast.

Names replace pronouns. If the sentence says no place, the place of the frames before it is added. People who are named
are described. If the prompt is too long for the model's text encoder, the least telling words of looks are left out
first; the style and the sentence always stay. Knows no models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storyboard.renderer import CastMember, FrameRequest
from storyboard.text.candidates import Names, read_for
from storyboard.text.captions import (
    Binding,
    Mention,
    Reading,
    ReadSentence,
    clean_caption,
    find_mentions,
    listed,
    read_sentence,
    resolve,
)
from storyboard.text.preferences import SUREST, ranked, readings_together
from storyboard.text.presence import those_there
from storyboard.text.spellings import APOSTROPHES
from storyboard.text.whereabouts import unsaid_place

MOST_FACTS = 8  # the most phrases of a look
Fits = Callable[[str], bool]  # whether a model reads all of a prompt


@dataclass(frozen=True)
class Understood:
    """A frame's sentence as this renderer reads it.

    sentence: with names in place of pronouns.
    shown: the people whom it shows, in the sentence's order.
    place: where it is, if earlier frames say so and the sentence does not; otherwise "".
    readings: the readings of the pronouns in the request's sentence.
    """

    sentence: str
    shown: tuple[CastMember, ...]
    place: str
    readings: tuple[Reading, ...]


def understand(request: FrameRequest) -> Understood:
    """Returns how a frame is read, by its words alone. StoryError if it has no words or is too long."""
    text = clean_caption(request.caption if request.resolved is None else request.resolved)
    told = [frame.caption for frame in request.history]
    read, earlier = read_for(request.cast, text, told)
    readings = _readings(read, request.cast, earlier)
    names = {member.name: member.aliases for member in request.cast}
    occurrences = {pronoun.start: occurrence for occurrence, pronoun in enumerate(read.pronouns)}
    bindings = [Binding(one.word, occurrences[one.start], one.names) for one in readings]
    sentence = resolve(text, bindings, names)
    members = {member.name: member for member in request.cast}
    shown = those_there(read_sentence(sentence, names))
    return Understood(
        sentence, tuple(members[name] for name in shown), unsaid_place(sentence, told), readings
    )


def write_prompt(understood: Understood, style: str, fits: Fits) -> str:
    """Returns the prompt: the style, the sentence with what each person looks like, and the place left unsaid.

    It is the fullest prompt that `fits`. If not even the shortest fits, that one is returned, and the model ignores its
    end.
    """
    fullest = max((len(member.look) for member in understood.shown), default=0)
    prompt = ""
    for facts in range(min(fullest, MOST_FACTS), -1, -1):
        prompt = _prompt(understood, style, facts, understood.place)
        if fits(prompt):
            return prompt
    return _prompt(understood, style, 0, "")


def _prompt(understood: Understood, style: str, facts: int, place: str) -> str:
    sentence = _described(understood, facts)
    if place:
        end = len(sentence.rstrip(".!?\u2026"))
        sentence = f"{sentence[:end]}, {place}{sentence[end:]}"
    return f"{style.rstrip(' ,.;')}. {sentence}" if style.strip(" ,.;") else sentence


def _described(understood: Understood, facts: int) -> str:
    """Returns the sentence with `facts` phrases of everybody's look, in brackets after the first mention of them."""
    sentence, behind = understood.sentence, []
    names = {member.name: member.aliases for member in understood.shown}
    first: dict[str, Mention] = {}
    for mention in find_mentions(sentence, names):
        first.setdefault(mention.name, mention)
    for member in reversed(understood.shown):
        words = _in_words(member.look[:facts])
        mention = first[member.name]
        if not words:
            continue
        if sentence[mention.end : mention.end + 1] in tuple(APOSTROPHES):  # "Rosa's hat"
            behind.append(f" {member.name} is {words}.")
        else:
            sentence = f"{sentence[: mention.end]} ({words}){sentence[mention.end :]}"
    return sentence + "".join(reversed(behind))


def _in_words(facts: Sequence[str]) -> str:
    return facts[0] + (f" with {listed(facts[1:])}" if facts[1:] else "") if facts else ""


def _readings(
    read: ReadSentence, cast: Sequence[CastMember], earlier: Sequence[ReadSentence]
) -> tuple[Reading, ...]:
    """Returns the likeliest reading of each remaining pronoun; together the readings do not contradict each other."""
    if not read.pronouns:
        return ()
    together = readings_together(read, cast, earlier)[0].meant
    shares: dict[int, dict[Names, float]] = {
        start: dict(some) for start, some in ranked(read, cast, earlier, {}).items()
    }
    return tuple(
        Reading(
            one.word,
            one.start,
            one.end,
            together[one.start],
            shares.get(one.start, {}).get(together[one.start], SUREST),
            "model",
        )
        for one in read.pronouns
        if together.get(one.start)
    )
