"""Looks for the tests of people: random ones, and the plainest one of a kind."""

from storyboard.people import Look, sample_look
from storyboard.people import wardrobe as w


def people_of(count, split="train", first=0):
    return [sample_look(seed, split) for seed in range(first, first + count)]


def bare(kind):
    """Returns the plainest look of a kind."""
    hair = w.HAIR_OF[kind][0]
    return Look() if kind == "human" else Look(kind=kind, pronoun="it", hair=hair, top=w.NONE, bottom=w.NONE)
