"""What the model read in the pronouns of a drawn sentence: their places in the writer's words, and names for them.

Knows neither torch nor gradio. `storyboard.text.captions` knows what a pronoun is, and puts a name in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from storyboard.text.captions import Binding, ReadBy, Reading, find_pronouns, resolve


def place_readings(
    caption: str,
    bindings: Iterable[Binding],
    by_words: Iterable[Binding],
    text: str,
    readings: Iterable[Reading],
) -> tuple[Reading, ...]:
    """Returns readings of the pronouns with their places in `caption`. `resolve` made `text` of `caption`.

    The result includes the writer's own bindings and the bindings by words, which are names in `text`. Readings that
    fit no pronoun are dropped.
    """
    bound: dict[int, tuple[Binding, ReadBy]] = {one.occurrence: (one, "words") for one in by_words}
    bound |= {one.occurrence: (one, "writer") for one in bindings}
    placed, unbound = [], []
    for occurrence, pronoun in enumerate(find_pronouns(caption)):
        found = bound.get(occurrence)
        if found is not None and found[0].word == pronoun.word:
            binding, by = found
            placed.append(
                Reading(pronoun.word, pronoun.start, pronoun.end, binding.names, binding.confidence, by)
            )
        else:
            unbound.append(pronoun)
    # Names replaced the bound pronouns, so the other pronouns have the same order in both sentences.
    left = find_pronouns(text)
    origins = dict(zip((one.start for one in left), unbound, strict=False))
    for reading in readings:
        origin = origins.get(reading.start)
        if origin is not None and origin.word == reading.word:
            placed.append(replace(reading, start=origin.start, end=origin.end))
    return tuple(sorted(placed, key=lambda reading: reading.start))


def as_understood(
    caption: str, text: str, readings: Iterable[Reading], names: Mapping[str, Sequence[str]]
) -> str:
    """Returns `text` with names also for the pronouns in which the model read somebody. `resolve` made it of `caption`.

    "She waves to him." becomes "Rosa waves to Milo." A pronoun stays if the model read nobody in it, or names that are
    not in `names`.
    """
    readings = tuple(readings)
    bound = {one.start for one in readings if one.by != "model"}
    # As in `place_readings`: the other pronouns have the same order in both sentences.
    left = [pronoun.start for pronoun in find_pronouns(caption) if pronoun.start not in bound]
    occurrences = {start: occurrence for occurrence, start in enumerate(left)}
    read = [one for one in readings if one.by == "model" and one.start in occurrences]
    return resolve(text, [Binding(one.word, occurrences[one.start], one.names) for one in read], names)
