"""Votes as a table: which system is preferred in what, with intervals over stories, and how much people agree.

Uses votes and numpy, no pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations

import numpy as np

from training.evaluate.intervals import estimate
from training.evaluate.metrics import Ratio, bootstrap
from training.evaluate.study.votes import QUESTIONS, Vote
from training.evaluate.table_text import cell, grid


def tables(systems: Sequence[str], votes: Sequence[Vote]) -> str:
    """Returns a Markdown table for every two systems that have votes. If there are no votes, returns a sentence."""
    blocks = []
    for one, other in combinations(systems, 2):
        mine = [vote for vote in votes if {vote.a, vote.b} == {one, other}]
        if mine:
            blocks.append(f"{_table(one, other, mine)}\n\n{_sides(mine)}")
    return "\n\n".join(blocks) or "Nobody has voted yet."


def _table(one: str, other: str, votes: Sequence[Vote]) -> str:
    people, stories = (len({getattr(vote, what) for vote in votes}) for what in ("person", "story"))
    title = f"{one} or {other}: {len(votes)} votes of {people} people on {stories} stories"
    head = ["", f"{one}, %", "no difference, %", f"{other}, %", "agreement, alpha"]
    return grid(
        title,
        head,
        [
            [question, *_shares(question, (one, None, other), votes), _agreement(question, votes)]
            for question in QUESTIONS
        ],
    )


def _shares(question: str, choices: Sequence[str | None], votes: Sequence[Vote]) -> list[str]:
    """The share of votes for each choice."""
    stories = np.array([vote.story for vote in votes])
    said = [vote.preferred(question) for vote in votes]
    ones = np.ones(len(votes), dtype=int)
    return [
        cell(asdict(bootstrap(Ratio(np.array([one == choice for one in said], dtype=int), ones), stories)))
        for choice in choices
    ]


def _agreement(question: str, votes: Sequence[Vote]) -> str:
    stories = sorted({vote.story for vote in votes})
    choices = [None, *sorted({vote.a for vote in votes} | {vote.b for vote in votes})]
    counts = np.zeros((len(stories), len(choices)))
    for vote in votes:
        counts[stories.index(vote.story), choices.index(vote.preferred(question))] += 1
    found = estimate(lambda rows: alpha(counts[rows]), np.array(stories))
    if math.isnan(found.value):
        return "-"
    # A resample may contain only one kind of answer. Then there is no interval.
    return f"{found.value:.2f}" if math.isnan(found.low) else cell(asdict(found), 2)


def alpha(counts: np.ndarray) -> float:
    """Returns Krippendorff's alpha for nominal answers: 1 if all agree, 0 if they agree only as much as by chance.

    counts: (U, K), how many people gave each of K answers to each of U units. People may leave out any unit. NaN if no
    unit has two answers, or if all answers are the same: then nothing can be compared with chance.
    """
    people = counts.sum(axis=1)
    counts, people = counts[people > 1], people[people > 1]
    of_answer = counts.sum(axis=0)
    total = of_answer.sum()
    differ_by_chance = total**2 - (of_answer**2).sum()
    if differ_by_chance == 0:
        return math.nan
    # All ordered pairs of people within a unit whose answers differ, with weights so that each answer counts once.
    differ = ((people**2 - (counts**2).sum(axis=1)) / (people - 1)).sum()
    return float(1 - (total - 1) * differ / differ_by_chance)


def _sides(votes: Sequence[Vote]) -> str:
    """How often the version called A was preferred. It is one half, unless people have a habit of choosing one side."""
    pairs = [(vote.story, vote.answers[question]) for vote in votes for question in QUESTIONS]
    told = [(story, answer == "a") for story, answer in pairs if answer != "same"]
    if not told:
        return "No version was preferred in any answer."
    first = np.array([is_first for _, is_first in told], dtype=int)
    share = bootstrap(Ratio(first, np.ones(len(told), dtype=int)), np.array([story for story, _ in told]))
    return f"Of {len(told)} answers that prefer a version, {cell(asdict(share))} % prefer the one shown as A."
