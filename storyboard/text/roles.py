"""People whom a sentence calls by what the story has said of them: "the librarian", "the sleeper", "his grandmother".

"Rosa, the librarian, reads." makes Rosa the librarian until the story gives that part to somebody else. The sleeper is
whoever slept last. Kin follows from aliases: "Pip's grandmother" is whoever is called "the grandmother". Knows neither
torch, gradio nor stories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from storyboard.text.candidates import Person
from storyboard.text.captions import ReadSentence, read_sentence
from storyboard.text.deeds import told_of
from storyboard.text.phrases import is_form_of
from storyboard.text.preferences import meant_by_words
from storyboard.text.speech import unspoken
from storyboard.text.word_classes import WORD

_ROLES = frozenset(
    """actor actress artist astronaut author babysitter baker ballerina barber bride builder burglar butcher captain
    carpenter champion chef clown coach cobbler conductor cook cowboy dentist detective doctor driver explorer farmer
    fisherman florist gardener goalkeeper groom guard guide hairdresser hero heroine hunter inspector inventor janitor
    judge keeper king knight landlady landlord librarian lifeguard magician mayor mechanic milkman musician nurse
    painter patient photographer pilot pirate plumber poet policeman policewoman postman postwoman prince princess
    prisoner professor queen referee sailor scientist sculptor sergeant sheriff shepherd shopkeeper shoemaker
    singer skipper spy storyteller tailor teacher thief vet villain waiter waitress winner witch witness wizard
    writer""".split()
)
_KIN = {
    **dict.fromkeys("grandmother grandma granny gran".split(), ("the grandmother", "the old woman")),
    **dict.fromkeys("grandfather grandpa grandad".split(), ("the grandfather", "the old man")),
    "grandson": ("the boy",),
    "granddaughter": ("the girl",),
}  # with the aliases of whoever it can be
# A noun for whoever does something -> the verb, in forms that a sentence may have told it by.
_DOERS = {
    "sleeper": frozenset(["sleep", "asleep", "doze", "nap"]),
    "baker": frozenset(["bake"]),
    "builder": frozenset(["build"]),
    "climber": frozenset(["climb"]),
    "cook": frozenset(["cook"]),
    "dancer": frozenset(["dance"]),
    "painter": frozenset(["paint"]),
    "reader": frozenset(["read"]),
    "rider": frozenset(["ride"]),
    "runner": frozenset(["run"]),
    "seeker": frozenset(["seek"]),
    "singer": frozenset(["sing"]),
    "swimmer": frozenset(["swim"]),
    "writer": frozenset(["write"]),
}
_DOING_LASTS = 3  # so many sentences back somebody may have slept who is called the sleeper
_ROLE = "|".join(sorted(_ROLES))
_NOUN = "|".join(sorted(_ROLES | frozenset(_DOERS)))
_SOME = r"(?:(?!(?:other|another|new|next|last|former|real|second|first)\b)[a-z][\w'\u2019-]*\s+)"  # "the poor baker"
_WHOSE = r"(?:(?i:an?|the|our|his|her|its|their)|[A-Z]\w+['\u2019]s)"
# "Milo, a baker, carries", "Otto, a captain who waits", "Juno is the new teacher", "Toggle works as a librarian".
_IS_ONE = re.compile(
    rf"""(?:\s*,\s+|\s+(?:is|was|becomes|became|plays?|played|(?:works?|worked)(?:\s+\w+)?\s+as)\s+(?:now\s+|still\s+)?)
    {_WHOSE}\s+(?:[a-z][\w'\u2019-]*\s+){{0,3}}?(?P<role>{_ROLE})(?=\s*[,.;:!?\u2014)]|\s+(?:who|with|of|in|on|at|from|and|now)\b|\s*$)
    (?!,?\s+and\s+[A-Z])""",
    re.VERBOSE,
)
# "Captain Pip", "the baker Milo", "its captain, Pip, ...", "the teacher, whose name was Milo".
_ONE_CALLED = re.compile(
    rf"""(?<!\w)(?:
        (?P<title>(?=[A-Z])(?i:{_ROLE}))
        |{_WHOSE}\s+(?:[a-z][\w'\u2019-]*\s+){{0,2}}?(?P<role>{_ROLE})(?:,?\s+(?:called|named|whose\s+name\s+(?:is|was))|(?P<apart>,))?
    )\s+$""",
    re.VERBOSE,
)
_THE_ONE = re.compile(
    rf"(?<!\w)(?:the|our)\s+{_SOME}?(?P<role>{_NOUN})(?![\w-])",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    rf"""(?<!\w)(?:(?i:his|her|its|their)|(?P<owner>[A-Z]\w+)['\u2019]s?)\s+{_SOME}?
    (?P<kin>{"|".join(_KIN)})(?![\w'\u2019-])""",
    re.VERBOSE,
)


def may_call_by_role(caption: str) -> bool:
    """Returns whether a sentence may call somebody by a part or as kin. Earlier sentences are read only if it may."""
    return _THE_ONE.search(caption) is not None or _RELATIVE.search(caption) is not None


def name_roles(caption: str, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> str:
    """Returns the sentence with names in place of parts and kin: "The captain runs." becomes "Otto runs.".

    earlier: the sentences before it, oldest first, read for the names of `cast`. What is said in quotation marks, what
    nobody or several people fit, and people whom the sentence also names stay as they are.
    """
    read = read_sentence(caption, {one.name: one.aliases for one in cast})
    told = unspoken(caption)
    spots = [
        (found.span(), _player(found["role"].lower(), read, cast, earlier))
        for found in _THE_ONE.finditer(told)
    ]
    spots += [(found.span("kin"), _relative(found, read, cast)) for found in _RELATIVE.finditer(told)]
    for (start, end), name in sorted(spots, reverse=True):
        if name and name not in read.names and not _is_named(read, start, end):
            caption = caption[:start] + name + caption[end:]
    return caption


def _is_named(read: ReadSentence, start: int, end: int) -> bool:
    """Returns whether words belong to an alias, or stand beside the name of the person: "the baker Milo"."""
    return any(one.start < end + 3 and start < one.end + 3 for one in read.mentions)


def _player(role: str, read: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> str:
    """Returns whom the latest sentence that tells it calls a `role`; "" if nobody or several fit.

    If the story gives the part to nobody, it is whoever did last what the noun says.
    """
    for sentence in (read, *reversed(earlier)):
        if role in sentence.text.lower():
            names = {name for name, part in _parts(sentence) if part == role}
            if names:
                return names.pop() if len(names) == 1 else ""
    for back in range(len(earlier) - 1, max(-1, len(earlier) - 1 - _DOING_LASTS), -1):
        names = _doers(_DOERS.get(role, frozenset()), earlier[back], cast, earlier[:back])
        if names:
            return names.pop() if len(names) == 1 else ""
    return ""


def _doers(
    verbs: frozenset[str], sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> set[str]:
    """Returns the people of whom a sentence tells one of these verbs."""
    if not any(is_form_of(word.lower(), verbs) for word in WORD.findall(sentence.text)):
        return set()
    told = told_of(sentence, meant_by_words(sentence, cast, earlier))
    return {
        name
        for names, clause in told
        if any(is_form_of(word.lower(), verbs) for word in WORD.findall(clause))
        for name in names
    }


def _parts(sentence: ReadSentence) -> Iterator[tuple[str, str]]:
    """Yields names with the parts that a sentence says these people have."""
    told = unspoken(sentence.text)
    for one in sentence.mentions:
        behind, before = _IS_ONE.match(told, one.end), _ONE_CALLED.search(told[: one.start])
        if behind:
            yield one.name, behind["role"]
        # "When she sees the baker, Rosa runs": a comma alone does not make them one person.
        if before and (not before["apart"] or told[one.end : one.end + 1] == ","):
            yield one.name, (before["title"] or before["role"]).lower()


def _relative(found: re.Match[str], read: ReadSentence, cast: Sequence[Person]) -> str:
    """Returns who is meant by "his grandmother" or "Pip's grandmother"; "" if nobody or several fit."""
    fitting = list(_called(_KIN[found["kin"].lower()], cast))
    owner = next((one for one in read.mentions if one.start == found.start("owner")), None)
    return fitting[0] if len(fitting) == 1 and (owner is None or owner.name != fitting[0]) else ""


def _called(aliases: Iterable[str], cast: Sequence[Person]) -> Iterator[str]:
    known = set(aliases)
    return (one.name for one in cast if known.intersection(alias.casefold() for alias in one.aliases))
