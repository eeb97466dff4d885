"""Decides whether an "it" means nobody of the cast: the weather, the time, or a thing that was just named.

Knows neither torch, gradio nor stories. The words decide this and not the model. The language model learned to put
somebody into every "it". So its condition is always nearer to that of the sentence with a robot's name than to that of
"It rains", whether the robot is meant or not.

There is no grammar here, so these rules decide only clear cases. Every other "it" may be a robot, a cat or a dog.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyboard.text.captions import Pronoun, ReadSentence
from storyboard.text.phrases import is_form_of
from storyboard.text.word_classes import (
    COMPLEMENTERS,
    COORDINATORS,
    PARTICLES,
    PEOPLE,
    PREPOSITIONS,
    SUBORDINATORS,
)

_HELPERS = """is was are be been being isn't wasn't has had have will would may might must could should can begins began
    starts started keeps kept stops stopped continues continued goes going to gets got getting becomes became becoming
    grows grew growing turns turned turning feels felt seems seemed looks looked stays stayed remains remained
    on""".split()
_ADVERBS = """not never still already almost nearly very so too quite really rather now soon suddenly finally only just
    hardly barely always often again about past half much all pretty a an the another this that first last such one
    two three four five six seven eight nine ten eleven twelve""".split()
_LINKS = frozenset(_HELPERS + _ADVERBS)
# What "it is" says of weather and time, and almost never of a person.
_STATES = frozenset(
    """rainy snowy sunny windy foggy misty cloudy stormy icy frosty humid dark darker late later early earlier cold
    colder hot hotter warm warmer chilly freezing dawn dusk day daytime night nighttime morning noon afternoon evening
    midnight sunrise sunset today tomorrow spring summer autumn winter monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november december christmas
    easter halloween weekend time lunchtime dinnertime bedtime teatime o'clock""".split()
)
_OCCASIONS = frozenset(
    "day night morning noon afternoon evening midnight time spring summer autumn winter".split()
)
_RAINS = re.compile("(?:rain|snow|hail|sleet|drizzl|thunder|pour)(?:e?s|e?d|ing|e)?")
_CONTRACTION = re.compile("['\u2019](?:s|ll|d)(?![^\\W\\d_])", re.IGNORECASE)
_SEEMS = re.compile(
    r"(?:seems|seemed|appears|appeared|happens|happened|turns out|turned out)\s+that\b", re.IGNORECASE
)
# "It was then that Otto came", "It is Rosa who waves", "It was under the bed that it slept".
_CLEFT = re.compile(
    r"it(?:\s+is|\s+was|['\u2019]s)\s+(?:only\s+|not\s+until\s+)?(?:\w+|"
    r"(?:at|in|on|from|under|behind|by|with|after|before)\s+(?:\w+\s+){1,4}?)\s*(?:that|who)\b",
    re.IGNORECASE,
)
# "She tells him the whole of it."
_AMOUNT_OF = re.compile(
    r"\b(?:whole|all|rest|most|none|half|some|much|any|enough|more|little|plenty|lots|bit|made|think|thought|heard)"
    r"\s+of\s+$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+|[.,;:!?\u2026]")
_CLAUSE_END = frozenset(".,;:!?\u2026")
_ARTICLES = frozenset("a an the".split())
_BRINGING_IN = frozenset("a an some".split())
# Words that may follow an "it" that is an object: "opens it and reads", "gives it to Milo".
_AFTER_OBJECT = _CLAUSE_END | frozenset(
    """and or but then to in into on onto at for from with up down out away over under near behind beside inside off
    back home open together outside again all while as""".split()
)
# What things do by themselves, and robots and animals almost never do.
_OF_THINGS = frozenset(
    """break burst burn melt roll bounce float shine smell taste ring crack leak spill open close rip explode glitter
    sink""".split()
)
_KNOWN = _ARTICLES | frozenset("his her their my our your its this that".split())
# What people do to a robot or an animal, and almost never to a thing.
_TO_ANIMALS = frozenset(
    """hug kiss thank tell ask greet pat stroke wake teach meet help comfort chase follow scold tickle feed cuddle join
    invite visit call answer obey forgive tease console praise""".split()
)
# People sit on things, look into them and drink from them. They walk beside and wave to robots.
_TO_PLACES = frozenset(
    "in into inside on onto upon under underneath beneath through across from off of at".split()
)
# What else is said of a thing that the same sentence speaks of: "the cake, once it has cooled".
_OF_OBJECTS = _OF_THINGS | frozenset(
    """cool boil bake rise fall drip come leave arrive fit cost dry grow bloom land drift fade flicker tick strike
    whistle overflow cook crumble freeze thaw empty ready cold hot full broken heavy late done burnt stale
    ripe""".split()
)
# What is said of things and hardly ever of a robot or an animal: "It weighs a ton", "It was made of glass".
_QUALITIES = frozenset(
    """made finished built baked sewn ripe round square flat deep wide shallow delicious tasty sour salty juicy huge
    enormous gigantic immense heavier bigger taller red blue green yellow orange purple pink golden striped""".split()
)
_MEASURES = frozenset("weigh grow cost belong contain ripen swell reek".split())
_OPENING = SUBORDINATORS | COORDINATORS | COMPLEMENTERS
_SMALL = frozenset("up down out away off back again still then also just only never always soon".split())
_NO_VERB = _CLAUSE_END | frozenset(
    """and or but while as then when because that after before until if so with to near behind beside by for into in
    on onto at from of over under around about past than like next without against""".split()
)


def is_impersonal(caption: str, pronoun: Pronoun) -> bool:
    """Returns whether this "it" means the weather, the time, or what was told.

    Examples are "It is raining", "It grows dark", "It is a sunny morning" and "the whole of it".
    """
    if pronoun.word != "it":
        return False
    short = _CONTRACTION.match(caption, pronoun.end)
    following = caption[short.end() if short else pronoun.end :]
    if _SEEMS.match(following.lstrip()) or _CLEFT.match(caption, pronoun.start):
        return True
    if _AMOUNT_OF.search(caption, 0, pronoun.start):
        return True
    words = [word.replace("\u2019", "'").lower() for word in _WORD.findall(following)]
    places = (index for index, word in enumerate(words) if not (word in _LINKS or word.isdecimal()))
    told = next(places, len(words))  # the first word that says something
    linked, said = bool(short) or told > 0, words[told : told + 3]
    if said and _RAINS.fullmatch(said[0]):
        return not _has_object(said[1:])
    if said and said[0] in _STATES:
        return linked
    # "It is a sunny day": the noun decides, after at most two words that describe it.
    return linked and not _ARTICLES.isdisjoint(words[:told]) and _names_occasion(said)


def is_thing(caption: str, pronoun: Pronoun, since: int = 0) -> bool:
    """Returns whether this "it" is a thing that the same sentence names earlier: "Rosa finds a box and opens it."

    since: where the sentence last names a person that the "it" may be ("Rosa gives a box to Toggle and hugs it"); 0 if
    it names none. The words before that place are not read. The verb decides: people open boxes and hug robots, and
    trains come while robots wave.
    """
    if pronoun.word != "it":
        return False
    before = [word.lower() for word in _WORD.findall(caption[since : pronoun.start])]
    following = [word.lower() for word in _WORD.findall(caption[pronoun.end :])]
    if not before or not _speaks_of_thing(before):
        return False
    if before[-1] in _OPENING or before[-1] in _CLAUSE_END:
        return _is_done_by_objects(following)
    if before[-1] in _TO_PLACES and not since:
        return True
    if before[-1] in _NO_VERB or _has_object(following):
        return False
    return not any(is_form_of(word, _TO_ANIMALS) for word in before[-2:])


def _speaks_of_thing(before: Sequence[str]) -> bool:
    """Returns whether these words name a thing, "the cake" or "her umbrella", that is neither a person nor a place."""
    return any(
        word in _KNOWN
        and (previous not in PREPOSITIONS or previous in PARTICLES)
        and noun not in _NO_VERB | PEOPLE
        for previous, word, noun in zip(["", *before], before, before[1:], strict=False)
    )


def _is_done_by_objects(following: Sequence[str]) -> bool:
    verb = next((one for one in following[:4] if one not in _LINKS | _SMALL and not one.endswith("ly")), "")
    return is_form_of(verb, _OF_OBJECTS)


def is_said_of_things(caption: str, pronoun: Pronoun, last: Sequence[str]) -> bool:
    """Returns whether what is said of this "it" fits only things, and the last sentences name one: "It weighs a ton".

    So does a noun that they use of it: "It is the biggest pumpkin" after "Nana waters the pumpkin."
    """
    if pronoun.word != "it":
        return False
    words = [word.lower() for text in last for word in (*_WORD.findall(text), ".")]
    named = (
        {noun for article, noun in zip(words, words[1:], strict=False) if article in _KNOWN}
        - PEOPLE
        - _NO_VERB
    )
    if not named:
        return False
    following = [word.lower() for word in _WORD.findall(caption[pronoun.end :])]
    ends = (index for index, word in enumerate(following) if word in _NO_VERB | PREPOSITIONS)
    said = following[: next(ends, len(following))]
    rest = [word for word in said if word not in _LINKS | _SMALL]
    if not rest:
        return bool(said) and (_compares(following) or is_form_of(said[0], _MEASURES))
    linked = len(rest) < len(said)
    if linked and not _ARTICLES.isdisjoint(said):
        return rest[-1] in named
    return (linked and rest[0] in _QUALITIES) or is_form_of(rest[0], _MEASURES)


def _compares(following: Sequence[str]) -> bool:
    """Returns whether something is compared by its size: "was as big as a cart"."""
    sizes = ("big", "large", "tall", "heavy", "round", "long", "wide")
    pairs = zip(following, following[1:], following[2:], strict=False)
    return any(one == "as" and two in sizes and three == "as" for one, two, three in pairs)


def is_left_thing(caption: str, pronoun: Pronoun, last: ReadSentence) -> bool:
    """Returns whether this "it" is the thing that the last frame introduced: "Milo finds a box." / "He opens it."

    last: the sentence of that frame, with only the mentions that the "it" may mean. If it names a person behind the
    thing, the result is False. It is also False if it names anybody and the "it" itself does something.
    """
    words = [word.lower() for word in _WORD.findall(last.text)]
    named = [word.lower() for one in last.mentions for word in _WORD.findall(last.text[one.start : one.end])]
    since = max((index for index, word in enumerate(words) if word in named), default=-1)
    # A noun follows its article. In "in a park" it only says where something happens.
    pairs = zip(words[since + 1 :], words[since + 2 : -1], strict=False)
    brought = any(word in _BRINGING_IN and previous not in PREPOSITIONS for previous, word in pairs)
    if not brought:
        return False
    before = [word.lower() for word in _WORD.findall(caption[: pronoun.start])]
    if before and before[-1] not in _NO_VERB:
        return not is_form_of(before[-1], _TO_ANIMALS)  # it is an object
    following = [word.lower() for word in _WORD.findall(caption[pronoun.end :])]
    return not named and bool(following) and is_form_of(following[0], _OF_THINGS)


def _has_object(words: Sequence[str]) -> bool:
    """Returns whether a clause has an object: "pours tea", "it water a plant", but not "pours outside"."""
    return bool(words) and words[0] not in _AFTER_OBJECT | _LINKS and not words[0].endswith("ly")


def _names_occasion(words: Sequence[str]) -> bool:
    for word in words:
        if word in _OCCASIONS:
            return True
        if word in _CLAUSE_END:
            return False
    return False
