"""Free captions: the same frame in any number of wordings, each with the truth about what it shows.

`tell` writes the captions of a story in order. Each caption builds on what a reader knows from the captions before it.
A draft that does not read well (a word twice, no place, too long) is thrown away, and another draft is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from storyboard.people.gestures import PAIR_POSES

from .circumstances import end_circumstances, front_circumstance
from .discourse import Discourse
from .facts import FrameFacts, PersonFacts
from .nobody import describe_nobody
from .plans_one import PLANS_ONE
from .plans_pair import PLANS_GIVING, PLANS_TOUCHING
from .plans_three import PLANS_MORE, PLANS_THREE
from .plans_two import PLANS_TWO
from .sentence import Reference, Sentence
from .tables import fitting
from .truth import Shown, Shows

MOST_WORDS = 46
_DRAFTS = 60
_REMEMBERED = 120  # phrases; those of about fifteen frames
_PAST_SHARE, _CURLY_SHARE = 0.55, 0.15  # shares of stories in the past tense, and with curly quotation marks
_BUDGETS = (0, 1, 1, 1, 1, 2, 2, 2, 3)
_COMMON = frozenset(
    """about after again against because before behind beside between could every everyone first from have into might
    never other their them themselves there these they this those three through together under until watch watches
    watched watching what when where which while with without would still werebeen being down just over""".split()
)
_SHORT = frozenset(
    "and are but can did for had has her him his its not now off one out she the two was who".split()
)


@dataclass(frozen=True)
class FreeCaption:
    """A caption in a writer's own words.

    shows: what the caption says that its picture shows
    references: the caption's pronouns for people
    after: what a reader knows after it
    """

    text: str
    shows: Shows
    references: tuple[Reference, ...]
    after: Discourse


def tell(frames: Sequence[FrameFacts], rng: Random) -> tuple[FreeCaption, ...]:
    """Returns a free caption for every frame of a story. They are written in order."""
    discourse = Discourse(past=rng.random() < _PAST_SHARE, curly=rng.random() < _CURLY_SHARE)
    told = []
    for facts in frames:
        told.append(free_caption(facts, discourse, rng))
        discourse = told[-1].after
    return tuple(told)


def free_caption(facts: FrameFacts, discourse: Discourse, rng: Random) -> FreeCaption:
    """Returns one wording of a frame, for a reader who knows `discourse`."""
    for _ in range(_DRAFTS):
        sentence = Sentence(facts, discourse, rng, rng.choice(_BUDGETS))
        front_circumstance(sentence)
        if not facts.people:
            describe_nobody(sentence)
        else:
            _write(sentence)
        end_circumstances(sentence)
        sentence.stop()
        text, references = sentence.text()
        if not sentence.place_pending and not sentence.doubled and _reads_well(text):
            text = _curled(text) if discourse.curly else text
            return _finished(sentence, text, references)
    raise RuntimeError(f"no caption of {_DRAFTS} for {facts} reads well; the last: {text!r}")


def _write(sentence: Sentence) -> None:
    groups = sentence.facts.groups
    if len(groups) > 1 and sentence.chance(0.35):
        groups = groups[::-1]
    if len(groups) == 2 and _action(sentence, groups[0]) == "standing" and sentence.chance(0.8):
        groups = groups[::-1]
    plans = {1: PLANS_ONE, 2: PLANS_TWO, 3: PLANS_THREE}.get(len(groups), PLANS_MORE)
    if len(groups) == 1 and _action(sentence, groups[0]) in PAIR_POSES:
        plans = PLANS_TOUCHING
    elif giver := next((names for names in groups if _action(sentence, names) == "giving"), None):
        plans, groups = PLANS_GIVING, (giver, *(names for names in groups if names != giver))
    able = [
        (plan, weight, cost)
        for plan, weight, cost, when in plans
        if cost <= sentence.budget and (when is None or when(sentence, *groups))
    ]
    plan, _, cost = sentence.rng.choices(able, [weight for _, weight, _ in able])[0]
    sentence.budget -= cost
    plan(sentence, *groups)


def _action(sentence: Sentence, names: tuple[str, ...]) -> str:
    return sentence.facts.person(names[0]).action


def _reads_well(text: str) -> bool:
    words = re.findall(r"[a-z]+", text.lower())
    if len(words) > MOST_WORDS or re.search(
        r"\b(?!had )(\w+) \1\b", text
    ):  # for example "looks on on the beach"
        return False
    stems = [_stem(word) for word in words if len(word) > 3 and word not in _COMMON]
    short = [word for word in words if len(word) == 3 and word not in _SHORT]
    once = all(
        words.count(word) < 2
        for word in ("with", "while", "because", "who", "where", "for", "from", "there", "under")
    )
    roots = [stem[:5] for stem in stems if len(stem) > 4]  # for example "cheerfully gave a cheery wave"
    return once and all(len(found) == len(set(found)) for found in (stems, roots, short))


def _curled(text: str) -> str:
    """The text with curly quotation marks and apostrophes, as many programs write them. Its length stays the same."""
    opened = re.sub(r'"([^"]*)"', "\u201c\\1\u201d", text)
    return opened.replace("'", "\u2019")


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s|ly|e|y|er)$", "", word)


def _finished(sentence: Sentence, text: str, references: tuple[Reference, ...]) -> FreeCaption:
    facts, before = sentence.facts, sentence.discourse
    people = tuple(_shown(sentence, person) for person in facts.people)
    after = replace(
        before,
        known=tuple(dict.fromkeys((*before.known, *sentence.named))),
        focus=tuple(sentence.mentioned),
        shown=facts.names,
        place=facts.place,
        circumstances=frozenset(filter(None, (facts.time, facts.weather))),
        things=frozenset(facts.things),
        kin=before.kin | sentence.kin,
        used=(*before.used, *sorted(sentence.used))[-_REMEMBERED:],
    )
    return FreeCaption(
        text,
        Shows(facts.place, sentence.place_said, people, facts.time, facts.weather, facts.things),
        references,
        after,
    )


def _shown(sentence: Sentence, person: PersonFacts) -> Shown:
    """What the caption says about a person.

    If an action has several possible things, the thing is known only if it was said.
    """
    if person.name in sentence.open_actions:
        return Shown(person.name, None)
    chosen = any("{prop" in text for text in fitting("verbs", f"{person.action} canonical", ()))
    vague = person.name in sentence.near or (chosen and person.name not in sentence.things_said)
    return Shown(person.name, person.action, None if vague else person.prop)
