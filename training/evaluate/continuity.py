"""Scores that the paper could not measure: outfits kept, places kept although unsaid, and "she" drawn as the right
person.

They are ratios over drawn frames, from the truth about the frames and from what a classifier sees. Uses no pictures and
no models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from storyboard.text.captions import mentioned_names
from training.evaluate.drawing import DrawnFrame
from training.evaluate.labels import LabelNames
from training.evaluate.metrics import Labels, Ratio
from training.maple_lane import BY_NAME, Reference
from training.maple_lane.reading import NAMES


def continuity(
    frames: Sequence[DrawnFrame], names: LabelNames, truth: Labels, seen: Labels
) -> dict[str, Ratio]:
    """Returns the ratios by name. The frames were drawn from referential captions."""
    return {
        "Outfit kept, unnamed": outfits_kept(frames, names, truth, seen),
        "Place kept unsaid": places_kept(frames, truth, seen),
        "Pronoun, two of that gender": pronouns_right(frames, names, seen),
    }


def outfits_kept(frames: Sequence[DrawnFrame], names: LabelNames, truth: Labels, seen: Labels) -> Ratio:
    """Returns, of the people whom the caption does not name, the ratio who wear what their portrait shows.

    Outfit-Acc counts all people instead.
    """
    above, below = np.zeros(len(frames), int), np.zeros(len(frames), int)
    for row, frame in enumerate(frames):
        said = mentioned_names(frame.caption, NAMES)
        for column, name in enumerate(names.characters):
            if truth.characters[row, column] and name not in said:
                right = seen.characters[row, column] and (
                    seen.outfits[row, column] == truth.outfits[row, column]
                )
                below[row] += 1
                above[row] += bool(right)
    return Ratio(above, below)


def places_kept(frames: Sequence[DrawnFrame], truth: Labels, seen: Labels) -> Ratio:
    """Returns the ratio of right places, over frames that continue the place of the frame before without saying it."""
    below = np.array([_unsaid(frame) for frame in frames], dtype=int)
    right = (truth.places == seen.places).all(axis=1)
    return Ratio(below * right, below)


def _unsaid(frame: DrawnFrame) -> bool:
    """Whether the referential caption leaves the place out.

    The grammar does so if it is the place of the frame before.
    """
    if frame.number == 0:
        return False
    return frame.story.frames[frame.number - 1].scene.place == frame.truth.scene.place


def pronouns_right(frames: Sequence[DrawnFrame], names: LabelNames, seen: Labels) -> Ratio:
    """Returns the ratio of pronouns for one person that are drawn right.

    A pronoun counts only if the story has already shown another person with the same pronoun who is not in this frame.
    It is right if the person is seen and none of these other people is seen.
    """
    above, below = np.zeros(len(frames), int), np.zeros(len(frames), int)
    for row, frame in enumerate(frames):
        there = {name for column, name in enumerate(names.characters) if seen.characters[row, column]}
        for reference in frame.truth.references:
            others = rivals(frame, reference)
            if others:
                below[row] += 1
                above[row] += reference.names[0] in there and not others & there
    return Ratio(above, below)


def rivals(frame: DrawnFrame, reference: Reference) -> set[str]:
    """Returns the people with the same pronoun who were in an earlier frame and are not in this frame.

    Empty for "they".
    """
    if len(reference.names) > 1:
        return set()
    pronoun = BY_NAME[reference.names[0]].pronoun
    here = {actor.name for actor in frame.truth.scene.actors}
    shown = {a.name for earlier in frame.story.frames[: frame.number] for a in earlier.scene.actors}
    return {name for name in shown - here if BY_NAME[name].pronoun == pronoun}
