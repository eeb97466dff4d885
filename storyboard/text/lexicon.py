"""What a pipeline has learned to read: which words tell which deed, which it knows, and what is nearest to the rest.

Knows no pictures, stories or files. It reads a sentence by its words alone, so it says only what is likely to be drawn.
In the end the model decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from operator import itemgetter

from storyboard.text.candidates import Meant, Names
from storyboard.text.captions import ReadSentence
from storyboard.text.circumstances import Circumstances
from storyboard.text.deeds import told_of, without_load
from storyboard.text.forms import first_forms, in_form_of, part_of
from storyboard.text.places import Calling, find_places, is_where, wording_at
from storyboard.text.synonyms import is_clause_verb, told_plainly
from storyboard.text.telling import may_tell, tells_nothing, without_past
from storyboard.text.word_classes import AUXILIARIES, DETERMINERS, PREPOSITIONS, WORD
from storyboard.text.wordings import Wording

SHARE = 0.4  # a deed must have this share of the scores of all deeds in a clause
DOUBT = 1.0  # other phrases that each word is counted in besides its own, so that rare words say less
ENOUGH = 1.0  # the score that a deed needs at least; the first verb counts twice
SURE = 0.6  # a word tells a deed surely from this share on
CLEAR = 0.05  # a word must tell its deed this much more surely than another word tells another deed
# "Milo, who ran the kiosk, carried pies": first what he is, then what he does. So too "Milo, humming a waltz, ran".
_TOLD_APART = re.compile(r"^\s*,\s*(?:who|which|whose|\w+ing)\b[^,]*,(?=\s*\w)", re.IGNORECASE)
PLAIN = 0.9  # the share of a synonym of the plain verb for a deed
FEELING = ("laugh", "cry", "think")
STAYING = frozenset(("stand", "sit", "wait", "stay"))
GOING = frozenset("walk run race rush hurry stroll march jog dash sprint wander tiptoe".split())
_TO_A_PLACE = re.compile(
    r"\s+(?:(?:over|out|back|up|down|along|all the way)\s+)?(?:to|into)\s+(?:the|a|an|his|her|their)\b",
    re.IGNORECASE,
)
MOST = 4  # words of a sentence that get an offer, at most
SPELT = 0.8  # two spellings that are so alike may be the same word
_OVER = re.compile(r"\s*(?:had|'d)\s", re.IGNORECASE)
_BEGINNING = frozenset("begin start stop continue keep try want learn".split())  # what is begun says more
_BEFORE_NOUNS = tuple(f" {word} " for word in DETERMINERS)
_SMALL = (
    DETERMINERS | PREPOSITIONS | AUXILIARIES | frozenset("be and or but not who which that so then".split())
)


@dataclass(frozen=True)
class Doing:
    """What somebody does, by the words of a sentence.

    deed: the pipeline's own phrase for it; "" if no word tells one.
    words: the words that tell the deed, as written.
    sure: whether these words almost never tell another deed.
    clause: all words that tell something of these people.
    """

    names: tuple[str, ...]
    deed: str
    words: tuple[str, ...] = ()
    sure: bool = False
    clause: str = ""


@dataclass(frozen=True)
class _Telling:
    """Words of a clause, at [start:end], that tell a deed. share: how surely. verb: whether they are its verb."""

    deed: str
    share: float
    words: str
    start: int
    end: int
    verb: bool


@dataclass(frozen=True)
class Lexicon:
    """The words of a pipeline. All fields but `known` and `around` are mappings.

    deeds: from the phrase for a deed to how often each word tells it.
    nearest: from a word that tells neither a place nor a deed to the nearest place or deed.
    known: all other words that were learned.
    places: from a place to its other names.
    captions: from a deed to the phrase in captions, if it is another one.
    props: from a deed to its phrases in captions with a thing, each with the nouns for that thing.
    around: the sky, things beside people, and scenes without people.
    """

    deeds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    nearest: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    props: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    around: Circumstances = Circumstances()

    def captioned(self, deed: str, clause: str = "") -> str:
        """Returns a deed in the words of the captions from which the model learned: "paints a picture" for "paints".

        clause: what the sentence tells of the person. It may name a thing that belongs to the deed: "eats a cake".
        """
        told = frozenset(form for word in WORD.findall(clause) for form in first_forms(word.lower()))
        for caption, nouns in self.props.get(deed, {}).items():
            if not told.isdisjoint(nouns):
                return caption
        return self.captions.get(deed, deed)

    @cached_property
    def _telling(self) -> dict[str, dict[str, float]]:
        """For each word: from each deed to its share in all uses of the word."""
        told: dict[str, Counter[str]] = {}
        for deed, words in self.deeds.items():
            for word, count in words.items():
                if word not in _SMALL:
                    told.setdefault(word, Counter())[deed] += count
        return {
            word: {deed: count / (deeds.total() + DOUBT) for deed, count in deeds.items()}
            for word, deeds in told.items()
        }

    def _deed(self, word: str) -> str:
        """The deed that a word tells most often, "" for one that tells none."""
        return max(self._shares(word).items(), key=itemgetter(1), default=("", 0.0))[0]

    @cached_property
    def _postures(self) -> frozenset[str]:
        """The deeds of who only stands or sits there; whatever else they do says more."""
        return frozenset(map(self._deed, ("stand", "sit"))) - {""}

    @cached_property
    def _feelings(self) -> frozenset[str]:
        return frozenset(map(self._deed, FEELING)) - {""}

    @cached_property
    def _forms(self) -> frozenset[str]:
        return frozenset(form for word in (*self.known, *self._telling) for form in first_forms(word))

    def knows(self, word: str) -> bool:
        """Returns whether a word in small letters was learned, or any other form of it."""
        return not self._forms.isdisjoint(first_forms(word))

    def closest(self, sentence: ReadSentence, calling: Calling) -> tuple[Wording, ...]:
        """Returns what is drawn instead of words that were not learned, and of places that the pipeline does not have.

        calling: the names of the pipeline's own places. If the sentence has one of them, no other place is offered.
        """
        found: dict[Wording, None] = {}
        misspelt = 0
        for match in WORD.finditer(sentence.text):
            word = match.group().lower()
            named = any(one.start <= match.start() < one.end for one in sentence.mentions)
            if named or word in _SMALL or word in calling or len(found) == MOST:
                continue
            near = self._closest(sentence.text, *match.span(), calling)
            # A capital letter begins a name, which may be spelt in any way.
            if near is None and match.group() == word and part_of(word) == "foreign" and not self.knows(word):
                misspelt += 1
                near = self._spelt(word, calling) if misspelt <= MOST else None
            if near:
                found[near] = None
        return tuple(found)

    def _closest(self, text: str, start: int, end: int, calling: Calling) -> Wording | None:
        word = text[start:end].lower()
        nearest = next((self.nearest[form] for form in sorted(first_forms(word)) if form in self.nearest), "")
        if nearest in calling.values():
            said = find_places(text, calling)
            return wording_at(text, start, end, nearest) if is_where(text, start) and not said else None
        if nearest in self.deeds and part_of(word) in ("verb", "noun") and not is_where(text, start):
            if self._shares(word) or text[:start].lower().endswith(_BEFORE_NOUNS):
                return None
            verb, _, rest = nearest.partition(" ")
            first = min(first_forms(verb) - {verb}, default=verb)
            after = WORD.match(text, end + 1)
            if after and after.group().lower() in DETERMINERS:
                rest = ""  # the sentence has its own object: "buys a pear", not "carries a basket a pear"
            return Wording(text[start:end], f"{in_form_of(first, word)} {rest}".strip())
        return None

    def _spelt(self, word: str, calling: Calling) -> Wording | None:
        """Returns the learned word with almost the same spelling, for a word of no language; None if there is none."""
        spelt = get_close_matches(word, [*self._spellings, *calling], n=1, cutoff=SPELT)
        return Wording(word, spelt[0]) if spelt else None

    @cached_property
    def _spellings(self) -> list[str]:
        return sorted({*self.known, *self._telling})

    def doings(self, sentence: ReadSentence, meant: Meant) -> tuple[Doing, ...]:
        """Returns who does what in a sentence, in its order. meant: whom the pronouns are taken for."""
        return tuple(self._doing(names, clause) for names, clause in told_of(sentence, meant))

    def _doing(self, names: Names, clause: str) -> Doing:
        now = without_past(clause)
        bare = without_load(now)
        surely = self._surely(_TOLD_APART.sub("", bare)) or self._surely(bare)
        if bare != now and (surely is None or surely[0] in {*self._postures, self._deed("walk")}):
            surely = self._surely("carries") or surely
        deed, words = surely or self._likely(clause)
        return Doing(names, deed, words, bool(surely), clause)

    def doing_of(self, sentence: ReadSentence, meant: Meant) -> dict[str, Doing]:
        """Returns for each name the first thing that this person does. A deed that is told surely wins over others.

        People without a deed are left out. meant: as in `doings`.
        """
        found: dict[str, Doing] = {}
        doings = self.doings(sentence, meant) if self.deeds else ()
        for one in sorted(doings, key=self._says_less):
            for name in one.names if one.deed else ():
                found.setdefault(name, one)
        return found

    def _says_less(self, one: Doing) -> tuple[bool, bool, bool]:
        """Whether a doing is not sure, was over before, or is only standing or sitting there."""
        return not one.sure, _OVER.match(one.clause) is not None, one.deed in self._postures

    def deeds_of(self, sentence: ReadSentence, meant: Meant) -> dict[str, str]:
        """Returns the deeds of `doing_of` by name."""
        return {name: one.deed for name, one in self.doing_of(sentence, meant).items()}

    def surely_tells(self, word: str) -> bool:
        """Returns whether a word in small letters almost always tells the same deed."""
        return max(self._shares(word).values(), default=0.0) >= SURE

    def _surely(self, clause: str) -> tuple[str, tuple[str, ...]] | None:
        """Returns the deed that the sure words of a clause tell, with those words; None if there is no such deed.

        If sure words tell several deeds, inflected verbs decide: "carries sandwiches" is carrying. Words for staying
        somewhere, for going somewhere ("walks to the beach and dances") or for feeling count only if there is no other
        deed. Words that are denied, and words for things nearby, do not count.
        """
        told: list[list[_Telling]] = [[], [], []]
        for one in self._telling_in(clause):
            if may_tell(clause, one.start, one.end, one.verb):
                told[self._how_little(clause, one)].append(one)
        said = next(filter(None, told), [])
        surest = _surest(said)
        words = dict.fromkeys(one.words for one in said if one.deed == surest)
        return (surest, tuple(words)) if surest else None

    def _telling_in(self, clause: str) -> Iterator[_Telling]:
        """Yields the words of a clause that surely tell a deed, in text order."""
        plainly = [(one, self._deed(one.plain)) for one in told_plainly(clause)]
        behind = 0
        for match in WORD.finditer(clause):
            start, end = match.span()
            if start < behind:
                continue
            told = next(((one, deed) for one, deed in plainly if one.start == start and deed), None)
            if told is not None:
                behind = told[0].end
                yield _Telling(told[1], PLAIN, clause[start:behind], start, behind, verb=True)
                continue
            deed, share = max(
                self._shares(match.group().lower()).items(), key=itemgetter(1), default=("", 0.0)
            )
            if share >= SURE:
                yield _Telling(deed, share, match.group(), start, end, is_clause_verb(clause, match))

    def _how_little(self, clause: str, one: _Telling) -> int:
        """Returns 2 for words of going somewhere, 1 for those of staying, walking or feeling, 0 for all others.

        Whatever else people do says more.
        """
        forms = first_forms(one.words.lower())
        walking = one.deed == self._deed("walk")
        if (walking or not GOING.isdisjoint(forms)) and _TO_A_PLACE.match(clause, one.end):
            return 2
        return int(walking or one.deed in self._postures | self._feelings or not STAYING.isdisjoint(forms))

    def _likely(self, clause: str) -> tuple[str, tuple[str, ...]]:
        """Returns the deed that all words of a clause tell together, with the words that say so.

        "" and () if there is none. The first verb counts most.
        """
        scores: dict[str, float] = {}
        said: dict[str, list[tuple[float, str]]] = {}
        weight = 2.0
        for match in WORD.finditer(clause):
            word = match.group().lower()
            verb = is_clause_verb(clause, match)
            shares = {} if tells_nothing(clause, *match.span(), verb) else self._shares(word)
            for deed, share in shares.items():
                scores[deed] = scores.get(deed, 0.0) + weight * share
                said.setdefault(deed, []).append((weight * share, match.group()))
            if shares and weight > 1:
                weight = 1.0
        if not scores:
            return "", ()
        deed, score = max(scores.items(), key=itemgetter(1))
        if score < max(ENOUGH, SHARE * sum(scores.values())):
            return "", ()
        most = max(said[deed])[0]
        return deed, tuple(dict.fromkeys(word for share, word in said[deed] if 2 * share >= most))

    def _shares(self, word: str) -> Mapping[str, float]:
        if word in _SMALL or len(word) < 3 or not _BEGINNING.isdisjoint(first_forms(word)):
            return {}
        telling = [self._telling[form] for form in sorted(first_forms(word)) if form in self._telling]
        return max(telling, key=lambda shares: max(shares.values()), default={})


def _surest(told: Sequence[_Telling]) -> str:
    """Returns which of several deeds is told, or "" if that is not clear.

    It is the deed that all verbs tell. Otherwise it is the deed that some word tells more surely, by CLEAR, than any
    word tells another one.
    """
    verbs = {one.deed for one in told if one.verb}
    if len(verbs) == 1:
        return verbs.pop()
    best: dict[str, float] = {}
    for one in told:
        if one.verb or not verbs:
            best[one.deed] = max(best.get(one.deed, 0.0), one.share)
    *_, second, first = sorted([0.0, 0.0, *best.values()])
    return max(best, key=best.__getitem__) if first - second >= CLEAR else ""
