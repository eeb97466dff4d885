"""Who is shown what, and what they answered: votes on disk, a separate order for each person, and no pair twice.

The order of the pairs, and which version is called A, depend only on the person and the pair. So a person who comes
back continues where they stopped, even if the study was started again. Contains no page and no score.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from storyboard.disk.file_lock import lock
from storyboard.errors import StoryError
from training.evaluate.kept_lines import KeptLines, read_lines
from training.evaluate.study.pairs import Pair, Study

# The questions of the paper (section 4.2). Their wording is not published, so this wording is ours.
QUESTIONS = {
    "visual quality": "Which pictures are better drawn?",
    "text-image alignment": "Which pictures show more of what the sentences say?",
    "character accuracy": "Which show the right people, looking as they should?",
    "temporal consistency": "In which do people and places stay more alike from picture to picture?",
}
ANSWERS = ("a", "same", "b")
FILE, LOCK = "votes.jsonl", "votes.lock"
_PERSON = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Shown:
    """A pair as one person sees it. `a` and `b` are its systems, in the order of that person."""

    pair: Pair
    a: str
    b: str


@dataclass(frozen=True)
class Vote:
    """A person's answers about a pair: one of ANSWERS for each question."""

    person: str
    story: str
    a: str  # the system that was called A
    b: str
    answers: Mapping[str, str]

    def preferred(self, question: str) -> str | None:
        """Returns the preferred system; None for no difference."""
        return {"a": self.a, "b": self.b, "same": None}[self.answers[question]]


class Votes:
    """The votes of a study in a folder.

    One process serves the folder at a time, and its threads may call at the same time.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        """StoryError if the folder holds votes of another study, or if another process serves it."""
        self.study = study
        self._pairs = {pair.id: pair for pair in study.pairs}
        self._turn = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._held = open(folder / LOCK, "ab")
        try:
            lock(self._held.fileno())
            self._lines = _open_lines(folder / FILE, study)
            self._seen: dict[str, set[str]] = {}
            self._remember(read_votes(folder)[1])
        except BlockingIOError:
            self._held.close()
            raise StoryError(f"{folder} is served already; stop that study, or give another --out.") from None
        except StoryError:
            self._held.close()
            raise

    def close(self) -> None:
        """Lets another process serve the folder."""
        self._held.close()

    def new_person(self) -> str:
        """Returns a code that no other person has."""
        return secrets.token_urlsafe(9)

    def progress(self, person: str) -> tuple[int, int]:
        """Returns how many pairs a person has answered, and how many pairs there are.

        StoryError for an invalid code.
        """
        with self._turn:
            return len(self._seen.get(checked_person(person), ())), len(self._pairs)

    def next(self, person: str) -> Shown | None:
        """Returns the next pair for a person; None after the last pair."""
        with self._turn:
            seen = self._seen.get(checked_person(person), set())
        left = (pair for pair in self.study.pairs if pair.id not in seen)
        pair = min(left, key=lambda one: _chance(person, one.id, "order"), default=None)
        return None if pair is None else _shown(person, pair)

    def vote(self, person: Any, pair: Any, answers: Any) -> None:
        """Stores a person's answers. They are on the disk when this returns. An earlier answer to the same pair stays.

        StoryError for a pair or a question that is not in this study, and for missing answers.
        """
        checked_person(person)
        if not isinstance(pair, str) or pair not in self._pairs:
            raise StoryError("That pair is not of this study; load the page again.")
        check_answers(answers)
        shown = _shown(person, self._pairs[pair])
        row = {
            "person": person,
            "story": shown.pair.story.id,
            "a": shown.a,
            "b": shown.b,
            "answers": {question: answers[question] for question in QUESTIONS},
            "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        with self._turn:
            seen = self._seen.setdefault(person, set())
            if pair in seen:  # the vote was sent twice, or from a second window
                return
            try:
                self._lines.append([row])
            except OSError as error:
                raise StoryError(
                    f"The answers could not be kept ({error.strerror}); tell whoever runs this study, and try again."
                ) from error
            seen.add(pair)

    def _remember(self, votes: list[Vote]) -> None:
        of = {(frozenset(pair.systems), pair.story.id): pair.id for pair in self.study.pairs}
        for vote in votes:
            pair = of.get((frozenset((vote.a, vote.b)), vote.story))
            if pair is not None:
                self._seen.setdefault(vote.person, set()).add(pair)


def read_votes(folder: Path) -> tuple[tuple[str, ...], list[Vote]]:
    """Returns the systems of a study and its votes so far. StoryError for a file with other contents."""
    path = folder / FILE
    head, rows = read_lines(path, "votes", "give the --out folder of a study")
    systems = head.get("systems")
    if not isinstance(systems, list) or not all(isinstance(name, str) for name in systems):
        raise StoryError(f"{path} does not say which systems it compares; give the --out folder of a study.")
    votes = []
    for number, row in enumerate(rows, start=2):
        try:
            check_answers(row["answers"])
            vote = Vote(row["person"], row["story"], row["a"], row["b"], row["answers"])
            known = vote.a != vote.b and {vote.a, vote.b} <= set(systems) and isinstance(vote.story, str)
        except (KeyError, TypeError):
            known = False
        except StoryError as error:
            raise StoryError(f"{path}, line {number}: {error}") from error
        if not known:
            raise StoryError(
                f"{path}, line {number} is no vote about two of {', '.join(systems)}; remove the line."
            )
        votes.append(vote)
    return tuple(systems), votes


def checked_person(person: Any) -> str:
    """Returns the code of a person. StoryError for an invalid code."""
    if not isinstance(person, str) or not _PERSON.fullmatch(person):
        raise StoryError(
            f'"{str(person)[:40]}" is no code of a person; use letters, digits, dots and dashes, up to 64 of them.'
        )
    return person


def check_answers(answers: Any) -> None:
    """StoryError if a question is unknown or has no answer, or if an answer is not one of ANSWERS."""
    if not isinstance(answers, Mapping):
        raise StoryError(f"There are no answers; answer every question: {', '.join(QUESTIONS)}.")
    for question, answer in answers.items():
        if question not in QUESTIONS:
            raise StoryError(
                f'The question "{question[:60]}" is not asked; the questions are {", ".join(QUESTIONS)}.'
            )
        if answer not in ANSWERS:
            raise StoryError(f'"{str(answer)[:40]}" is no answer to {question}; answer {", ".join(ANSWERS)}.')
    for question in QUESTIONS:
        if question not in answers:
            raise StoryError(f"{question.capitalize()} is not answered yet; choose A, B or no difference.")


def _open_lines(path: Path, study: Study) -> KeptLines:
    head = {"systems": list(study.systems), "digest": study.digest, "questions": QUESTIONS}
    return KeptLines(path, head, "votes", "study", "give another --out")


def _shown(person: str, pair: Pair) -> Shown:
    one, other = pair.systems
    return Shown(pair, one, other) if _chance(person, pair.id, "side") < 0.5 else Shown(pair, other, one)


def _chance(person: str, pair: str, what: str) -> float:
    """An evenly distributed number from 0 to 1, without 1 itself."""
    digest = hashlib.blake2b(f"{person}/{pair}/{what}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
