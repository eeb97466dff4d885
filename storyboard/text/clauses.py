"""Finds who does what in each clause of a sentence: its subject, objects and owners, as far as rules can tell.

There is no parser here. A clause begins at the start of a sentence, behind a stop or behind a conjunction. A person
there who is followed by a verb is the subject. Everything behind the verb is done to others: "Rosa meets her" is about
two people, because English would say "herself" for Rosa. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from storyboard.text import word_classes as words
from storyboard.text.captions import Mention, Pronoun, ReadSentence, is_possessive
from storyboard.text.forms import may_be_verb

_SUBJECTS = frozenset(["he", "she", "they"])
_OBJECTS = frozenset(["him", "her", "them"])
# "Rosa looks around her", "Nana takes Bolt with her": only here can the plain pronoun mean the subject itself.
_ABOUT_ONESELF = re.compile(
    r"(?<!\w)(?:(?:behind|around|beside|above|below|under|over|near|about|in front of)"
    r"|(?:takes?|took|brings?|brought|carries|carry|carried|has|have|had|keeps?|kept)(?!\w).*\swith)\s+$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:,|,?\s*(?:and|&))\s*", re.IGNORECASE)
# "Juno, his teacher, reads": words that only say more of a person stand before the verb.
_APPOSED = re.compile(
    r",\s(?:the|a|an|his|her|its|their|my|our|still|now|always)\s[^,.;:!?]{1,40},(?=\s)", re.IGNORECASE
)
_NAMING = re.compile(r"\b(?:whose\s+name\s+(?:is|was)|called|named)\s+$", re.IGNORECASE)
_VERB_BEHIND_NAME = re.compile(r",?\s+([^\W\d_]+)")
_STOP = re.compile(r"[.!?;:\u2026\u2014]")
_NO_BARE_VERBS = words.PREPOSITIONS | words.COORDINATORS | words.DETERMINERS
_OPENERS = words.SUBORDINATORS | words.COORDINATORS | words.COMPLEMENTERS | words.OPENING_ADVERBS
# Words behind an "'s" that means "is" or "has".
_NOT_OWNED = frozenset("not very so too gone got come".split())
FOLLOWING = -1  # the doer is named only in the next clause
_BREAK = re.compile(r"[,.!?;:\u2026\u2014]|\b(?:and|but|so|or)\b", re.IGNORECASE)
_NIGHTS = frozenset("that this one night day morning evening afternoon".split())
_WINDOW = 60  # the characters before an expression that decide its role


@dataclass(frozen=True)
class Expression:
    """A word for a person in a sentence: the name or pronoun at [start:end], with its role in its clause.

    clause: the number of its clause.
    role: "subject", "object" or "owner" (of what follows).
    group: the number of its group. Expressions with only "and" or a comma between them are one group.
    doer: the group that acts on an object, or on what somebody owns. FOLLOWING: the subject of the next clause. None:
    nobody of the cast.
    """

    what: Mention | Pronoun
    role: str
    group: int
    clause: int
    doer: int | None

    @property
    def pronoun(self) -> Pronoun:
        """Returns the pronoun that this expression is. TypeError if it is a name."""
        if not isinstance(self.what, Pronoun):
            raise TypeError(f"{self.what.name} is a name and no pronoun")
        return self.what

    @property
    def start(self) -> int:
        return self.what.start

    @property
    def end(self) -> int:
        return self.what.end


@dataclass
class Clause:
    """A clause of a sentence.

    opener: the word that joins it to what comes before it, or "".
    leading: True if it stands before the clause that it belongs to.
    """

    start: int
    opener: str
    subject: int | None = None  # a group; None if the subject is nobody of the cast
    leading: bool = False
    begun: bool = True  # False while its subject has not been read


@dataclass
class Analysis:
    """The expressions of a sentence in order, and its clauses."""

    expressions: list[Expression] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)

    def of(self, what: Mention | Pronoun) -> Expression:
        """Returns the expression for a mention or pronoun of this sentence."""
        return next(one for one in self.expressions if one.start == what.start)


@lru_cache(maxsize=4096)
def analyse(sentence: ReadSentence) -> Analysis:
    """Returns who does what in a sentence. The value is shared, so callers must not change it."""
    return _Reader(sentence).read()


def is_about_oneself(text: str, pronoun: Pronoun) -> bool:
    """Returns whether an object pronoun may mean the subject itself at this place: "Rosa looks around her"."""
    return _ABOUT_ONESELF.search(text[max(0, pronoun.start - _WINDOW) : pronoun.start]) is not None


class _Reader:
    """Reads one sentence from left to right."""

    def __init__(self, sentence: ReadSentence) -> None:
        self.sentence = sentence
        self.text = sentence.text
        self.done = Analysis()
        self.group = -1
        # The group that does what follows, and where that begins.
        self.embedded: tuple[int, int] | None = None

    def read(self) -> Analysis:
        found: list[Mention | Pronoun] = sorted(
            [*self.sentence.mentions, *self.sentence.pronouns], key=lambda one: one.start
        )
        before: Mention | Pronoun | None = None
        for what in found:
            self._unnamed_subjects(before.end if before else 0, what.start)
            role = self._role(what, before)
            joined = role != "owner" and before is not None and self._is_joined(before, what, role)
            if joined:
                role = self.done.expressions[-1].role
            else:
                self.group += 1
                if role == "subject":
                    self._start_clause(what.start, self.group)
            self._add(what, role)
            before = what
        self._mark_leading()
        return self.done

    def _add(self, what: Mention | Pronoun, role: str) -> None:
        if not self.done.clauses:
            self.done.clauses.append(Clause(0, "", begun=False))
        clause = len(self.done.clauses) - 1
        doer = self._doer(what) if role != "subject" else None
        self.done.expressions.append(Expression(what, role, self.group, clause, doer))
        if role == "object" and self._does_what_follows(what):
            self.embedded = (self.group, what.end)

    def _doer(self, what: Mention | Pronoun) -> int | None:
        """Returns the group that does something to `what`, or to what it owns. FOLLOWING, None: as in `Expression`."""
        clause = self.done.clauses[-1]
        if self.embedded is not None and self.embedded[0] != self.group:
            between = self.text[self.embedded[1] : what.start]
            if not self._resumes(between):
                return self.embedded[0]
        if clause.subject is not None:
            return clause.subject
        return FOLLOWING if self._is_participle(clause, what) else None

    def _resumes(self, between: str) -> bool:
        """Returns whether the main subject acts again after an embedded one: "asks Rosa to sit and hugs her"."""
        found = words.WORD.findall(between.lower())
        pairs = zip(found, found[1:], strict=False)
        return any(one in words.COORDINATORS and words.is_finite(two) for one, two in pairs)

    def _is_participle(self, clause: Clause, what: Mention | Pronoun) -> bool:
        """Returns whether a participle opens the clause, so that the doer comes later: "Seeing her, Nana smiles"."""
        found = words.WORD.findall(self.text[clause.start : what.start].lower())
        return any(word.endswith("ing") and len(word) > 4 for word in found[:2])

    def _does_what_follows(self, what: Mention | Pronoun) -> bool:
        before = words.WORD.findall(self.text[max(0, what.start - _WINDOW) : what.start])
        after = words.WORD.match(self.text, what.end + 1)
        return bool(before and after and words.controls(before[-1].lower(), after.group().lower()))

    def _role(self, what: Mention | Pronoun, before: Mention | Pronoun | None) -> str:
        if isinstance(what, Pronoun):
            if is_possessive(self.text, what):
                return "owner"
            if what.word in _SUBJECTS:
                return "subject"
            if what.word in _OBJECTS:
                return "object"
        elif self._owns(what):
            return "owner"
        if self._opened(what.start) or self._is_naming(what):
            return "subject"
        previous = self._previous(what.start)
        # "“Wait!” roared Rosa, and Milo ran": what Milo does is not done by her.
        end = what.end if words.is_finite(previous) else self._joined_end(what.end)
        placed = previous in words.PREPOSITIONS - words.SUBORDINATORS and not self._is_reason(what.start)
        if not self._verb_behind(end, several=end > what.end) or placed:
            return "object"
        clause = self.done.clauses[-1] if self.done.clauses else None
        begins = (
            clause is None or not clause.begun or words.is_saying(previous) or previous in ("than", "for")
        )
        if begins or self._is_behind_circumstance(what.start) or self._is_behind_leading(what.start):
            return "subject"
        return "object"

    def _is_naming(self, what: Mention | Pronoun) -> bool:
        """Whether a clause only says who its subject is: "The teacher, whose name was Milo, knelt down"."""
        verb = _VERB_BEHIND_NAME.match(self.text, what.end)
        named = _NAMING.search(self.text[max(0, what.start - _WINDOW) : what.start])
        return bool(named and verb and words.is_finite(verb.group(1)))

    def _is_reason(self, place: int) -> bool:
        """Whether a "for" before `place` says why: "Juno reads alone, for Otto has left"."""
        before = self.text[:place].rstrip().lower()
        return before.endswith("for") and before[:-3].rstrip()[-1:] in (",", ";")

    def _is_behind_leading(self, place: int) -> bool:
        """Whether a clause that leads is complete at `place`, without a comma: "When the rain came Rosa danced"."""
        clause = self.done.clauses[-1]
        told = words.WORD.findall(self.text[clause.start : place])
        return clause.opener in words.SUBORDINATORS and any(map(words.is_finite, told))

    def _is_behind_circumstance(self, place: int) -> bool:
        """Whether only when or where stands between `place` and what joins clauses: "so that night in the park"."""
        before = _BREAK.split(self.text[max(0, place - _WINDOW) : place])[-1]
        found = words.WORD.findall(before.lower())
        while found and (found[0] in words.OPENING_ADVERBS or found[0] in _NIGHTS):
            del found[0]
        return found[:1] != [] and found[0] in words.PREPOSITIONS and not any(map(words.is_finite, found))

    def _owns(self, mention: Mention) -> bool:
        """Returns whether a name owns what follows: "Rosa's hat", but not "Rosa's running" or "Rosa's in the park"."""
        match = re.compile(r"['\u2019]s?\s+([^\W\d_]+)").match(self.text, mention.end)
        if match is None:
            return False
        word = match.group(1).lower()
        small = words.DETERMINERS | words.PREPOSITIONS | words.COORDINATORS | words.AUXILIARIES | _NOT_OWNED
        return word not in small and not word.endswith("ing")

    def _is_joined(self, before: Mention | Pronoun, what: Mention | Pronoun, role: str) -> bool:
        """Returns whether the two are one group: "Rosa and Milo run", not "Rosa hugs Nana and Milo runs"."""
        last = self.done.expressions[-1]
        if last.role == "owner" or not _JOINED.fullmatch(self.text, before.end, what.start):
            return False
        if last.role == "subject":
            leading = self.done.clauses[-1].opener in words.SUBORDINATORS
            if (
                "and" not in self.text[before.end : what.start].lower()
                and leading
                and self._verb_behind(what.end)
            ):
                return False  # "When she wakes, Rosa ...": Rosa has her own verb
            return True
        return role == "object" or not (self._verb_behind(what.end) or isinstance(what, Pronoun))

    def _opened(self, place: int) -> bool:
        """Returns whether a clause can begin at `place`."""
        before = self.text[:place].rstrip(" \"'\u201c\u2018")
        if not before or before[-1] in ".!?;:,\u2026\u2014\u2013":
            return not before or before[-1] != "," or self._comma_opens(place)
        return self._previous(place) in _OPENERS

    def _comma_opens(self, place: int) -> bool:
        """Returns whether the comma here may begin a clause. In a list it does not: "to Nana, Milo and Juno"."""
        last = self.done.expressions[-1] if self.done.expressions else None
        listed = last and last.role == "object" and _JOINED.fullmatch(self.text, last.end, place)
        return not listed or self._verb_behind_any(place)

    def _verb_behind_any(self, place: int) -> bool:
        following = words.WORD.findall(self.text[place : place + _WINDOW])
        return len(following) > 1 and words.is_finite(following[1])

    def _previous(self, place: int) -> str:
        found = words.WORD.findall(self.text[max(0, place - _WINDOW) : place])
        bare = self.text[:place].rstrip()
        return found[-1].lower() if found and bare[-1:].isalpha() else ""

    def _joined_end(self, place: int) -> int:
        """Where those end whom "and" joins to whoever ends at `place`: "Rosa and Pip were asleep"."""
        for mention in self.sentence.mentions:
            if mention.start > place and _JOINED.fullmatch(self.text, place, mention.start):
                place = mention.end
        return place

    def _verb_behind(self, place: int, several: bool = False) -> bool:
        """Whether a verb follows. several: whether it is a verb for several people: "Rosa and Pip run"."""
        apposed = _APPOSED.match(self.text, place)
        match = words.WORD.match(self.text, (apposed.end() if apposed else place) + 1)
        while match is not None and words.is_manner(match.group()):
            match = words.WORD.match(self.text, match.end() + 1)
        if match is None:
            return False
        word = match.group().lower()
        bare = several and may_be_verb(word) and word not in _NO_BARE_VERBS
        return words.is_finite(match.group()) or bare

    def _start_clause(self, place: int, subject: int | None) -> None:
        previous = self._previous(place)
        bare = self.text[:place].rstrip()
        opener = previous if previous in _OPENERS else ""
        before = words.WORD.findall(bare[-_WINDOW:].lower())
        if opener in words.OPENING_ADVERBS and len(before) > 1 and before[-2] in _OPENERS:
            opener = before[-2]
        if opener in ("who", "which", "that") and self.done.expressions:
            last = self.done.expressions[-1]
            subject = subject if subject is not None else last.group
        self.done.clauses.append(Clause(place, opener, subject))
        self.embedded = None

    def _unnamed_subjects(self, start: int, end: int) -> None:
        """Adds the clauses between two expressions whose subject is nobody of the cast, and clauses with "who"."""
        stretch = self.text[start:end]
        for match in words.WORD.finditer(stretch):
            place = start + match.start()
            word = match.group().lower()
            if word == "who" and self.done.expressions and stretch[: match.start()].strip() in ("", ","):
                self.done.clauses.append(Clause(place, "who", self.done.expressions[-1].group))
                self.embedded = None
            elif (
                word in words.DETERMINERS and self._opened(place) and self._has_verb(match.end() + start, end)
            ):
                self._start_clause(place, None)
        if self.done.expressions and _STOP.search(stretch):
            self.done.clauses.append(Clause(end, "", begun=False))
            self.embedded = None

    def _has_verb(self, start: int, end: int) -> bool:
        """Returns whether a verb follows a noun within four words: "the dog follows"."""
        found = words.WORD.findall(self.text[start:end])[:4]
        stopped = next((i for i, one in enumerate(found) if one.lower() in _OPENERS), len(found))
        return any(words.is_finite(one) for one in found[1:stopped])

    def _mark_leading(self) -> None:
        """Marks clauses that stand before the clause they belong to: "When she wakes, Rosa sings"."""
        for clause, following in zip(self.done.clauses, self.done.clauses[1:], strict=False):
            between = self.text[clause.start : following.start]
            fresh = clause.opener in words.SUBORDINATORS and self._begins(clause)
            clause.leading = (
                fresh and not _STOP.search(between) and following.opener not in words.COORDINATORS
            )

    def _begins(self, clause: Clause) -> bool:
        """Returns whether nothing stands before a clause in its sentence except the words that open it."""
        before = _STOP.split(self.text[: clause.start])[-1]
        found = words.WORD.findall(before.lower())
        return all(word in _OPENERS or word in words.PREPOSITIONS for word in found) or found[-2:-1] == [
            "soon"
        ]
