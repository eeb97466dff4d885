"""A caption while it is written: its words in order, the people they refer to, and what is still to be said.

A `Sentence` grows from left to right, because the words before a pronoun decide which people it can stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias, TypeVar

from .discourse import Discourse
from .facts import FrameFacts
from .inflection import article
from .tables import fitting

NEAR_SHARE = 0.22
Found = TypeVar("Found")
# A function that writes a sentence about some groups of people, its weight, its cost in the budget, and its condition.
Plan: TypeAlias = tuple[Callable[..., None], int, int, Callable[..., bool] | None]


@dataclass(frozen=True)
class Token:
    """Some words. names: for a pronoun, the people it stands for. glued: whether there is no space before the words."""

    text: str
    names: tuple[str, ...] = ()
    glued: bool = False
    opens: bool = False  # a new sentence begins here


@dataclass(frozen=True)
class Subject:
    """The people of a verb.

    many: whether the verb is plural. "Everyone" is several people, but its verb is singular.
    """

    names: tuple[str, ...]
    pronoun: str
    many: bool

    @property
    def several(self) -> bool:
        return len(self.names) > 1


@dataclass(frozen=True)
class Reference:
    """A pronoun for `names`, or "both of them": `text[start:start + len(word)] == word`."""

    word: str
    start: int
    names: tuple[str, ...]


def sure(found: Found | None) -> Found:
    """Returns what a plan or a template needs. It was chosen only because this exists; ValueError if it does not."""
    if found is None:
        raise ValueError(
            "what a sentence was chosen for is not there; mend the condition of its plan or phrase"
        )
    return found


class Sentence:
    """A caption while it is written; see the top of the file. budget: how many ornaments it may still have."""

    def __init__(self, facts: FrameFacts, discourse: Discourse, rng: Random, budget: int):
        self.facts, self.discourse, self.rng, self.budget = facts, discourse, rng, budget
        self.tokens: list[Token] = []
        self.mentioned: list[str] = []
        self.named: list[str] = []
        self.kin: set[tuple[str, str]] = set()
        self.used: set[str] = set()
        self.moved = discourse.place != facts.place
        self.circumstances = [
            new for new in (facts.time, facts.weather) if new and new not in discourse.circumstances
        ]
        if discourse.circumstances and not (facts.time or facts.weather):
            self.circumstances = ["day"]
        self.things = tuple(thing for thing in facts.things if self.moved or thing not in discourse.things)
        self.place_pending, self.place_said = self.moved, False
        self.open_actions: set[str] = set()
        self.things_said: set[str] = set()
        self.manner_said = self.state_said = False
        self.described: set[str] = set()
        self.doubled = False  # whether the name of a person comes after their description
        # People whose action is told as something that the world cannot draw, with the same pose.
        self.near = {name for group in facts.groups if rng.random() < NEAR_SHARE for name in group}
        self._opens = True

    # ---- choices ----------------------------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def spend(self, share: float, cost: int = 1) -> bool:
        """Returns whether to add an ornament. If so, its cost is taken from the budget."""
        if self.budget < cost or not self.chance(share):
            return False
        self.budget -= cost
        return True

    def tags(self, names: Sequence[str] = ()) -> set[str]:
        """Returns the tags of the moment and of these people: place, number, action, mood, age."""
        facts = self.facts
        tags = {facts.place, *fitting("places", f"kind {facts.place}", ()), facts.time or "day"}
        tags.add(facts.weather or "clear")
        tags.add(
            "moved" if self.moved and self.discourse.place else "same" if self.discourse.place else "first"
        )
        tags.add("past" if self.discourse.past else "present")
        if len(facts.people) < 2:
            tags.add("alone" if facts.people else "nobody")
        if facts.absent:
            tags.add("has-away")
        if any(person.action in ("running", "walking") for person in facts.people):
            tags.add("moving")
        people = [facts.person(name) for name in names]
        tags.add("many" if len(people) > 1 else "one")
        if len(people) == 2:
            tags.add("two")
        for attribute in ("action", "mood", "age", "prop", "pronoun"):
            values = {getattr(person, attribute) for person in people}
            if len(values) == 1:
                tags.add(str(*values))
        if names and self.near.issuperset(names):
            tags = {f"~{tag}" if tag == people[0].action else tag for tag in tags}
        return tags

    def fresh(self, name: str, section: str, tags: set[str]) -> str | None:
        """Returns a phrase of a table that this story has not used, and marks it as used.

        None if there is no such phrase.
        """
        spent = self.used.union(self.discourse.used)
        found = [text for text in fitting(name, section, tags) if text not in spent]
        if not found:
            return None
        chosen = self.rng.choice(found)
        self.used.add(chosen)
        return chosen

    def available(self, name: str, section: str, names: Sequence[str]) -> bool:
        """Returns whether `fresh` would find a phrase."""
        spent = self.used.union(self.discourse.used)
        return any(text not in spent for text in fitting(name, section, self.tags(names)))

    # ---- words ------------------------------------------------------------------------------------------------------

    def put(self, text: str, names: tuple[str, ...] = (), glued: bool = False) -> None:
        """Adds words as they are."""
        if not text:
            return
        glued = glued or text[0] in ",;"
        if glued and not self.tokens:
            return
        self.tokens.append(Token(text, names, glued, self._opens))
        self._opens = False

    def comma(self) -> None:
        if (
            self.tokens
            and self.tokens[-1].text[-1] not in ",.!?;:"
            and not self.tokens[-1].text.endswith('"')
        ):
            self.put(",", glued=True)

    def stop(self, mark: str = ".") -> None:
        """Ends a sentence."""
        if self.tokens[-1].text == ",":
            self.tokens.pop()
        if not self.tokens[-1].text.endswith((".", "!", "?", '."', '!"', '?"')):
            self.put(mark, glued=True)
        self._opens = True

    # ---- the text ---------------------------------------------------------------------------------------------------

    def text(self) -> tuple[str, tuple[Reference, ...]]:
        """Returns the caption, and its pronouns for people."""
        self._agree_articles()
        text = ""
        references: list[Reference] = []
        for token in self.tokens:
            words = token.text
            if token.opens:
                at = 1 if words[0] in '"\u201c' else 0
                words = words[:at] + words[at : at + 1].upper() + words[at + 1 :]
            text += "" if token.glued or not text else " "
            if token.names:
                references.append(Reference(words, len(text), token.names))
            text += words
        return text, tuple(references)

    def _agree_articles(self) -> None:
        """Corrects "a" and "an" for the words that follow them."""
        for index, token in enumerate(self.tokens):
            following = self.tokens[index + 1].text if index + 1 < len(self.tokens) else ""
            words = token.text.split(" ")
            for at, word in enumerate(words):
                after = words[at + 1] if at + 1 < len(words) else following
                if word.lower() in ("a", "an") and after:
                    words[at] = word[0] + article(after)[1:]
            self.tokens[index] = Token(" ".join(words), token.names, token.glued, token.opens)
