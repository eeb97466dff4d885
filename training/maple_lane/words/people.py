"""How a caption speaks of people: by name, pronoun, description ("the old woman") or kinship, or as a group.

`mention` puts people into the sentence. Whatever way it chooses, a careful reader knows who is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .discourse import antecedents, group_antecedents, pronoun_form
from .sentence import Sentence, Subject
from .tables import pick


def mention(
    s: Sentence,
    names: tuple[str, ...],
    case: str = "subject",
    again: bool = False,
    plain: bool = False,
    doers: tuple[str, ...] = (),
) -> Subject:
    """Adds some people to the sentence. Returns them as a subject.

    again: they were mentioned just before, so that a pronoun is natural
    plain: by name alone
    doers: the people who do something to them; an object pronoun cannot mean the doers
    """
    if len(names) == 1:
        return _one(s, names[0], case, again, plain, doers)
    many = True
    if not plain and (word := _group_word(s, names, case, again)):
        words, many = word
        s.put(words, names)
        _note(s, names)
    else:
        _list(s, names, case, plain)
    return Subject(names, "they", many)


def is_certain(s: Sentence, name: str, doers: tuple[str, ...] = ()) -> bool:
    """Returns whether a pronoun for this person would be certain here."""
    mentioned = [other for other in s.mentioned if other not in doers]
    focus = [other for other in s.discourse.focus if other not in doers]
    if s.facts.person(name).pronoun == "they" and group_antecedents(s.discourse.shown, s.mentioned):
        return False
    return antecedents(_pronouns(s)[name], _pronouns(s), focus, mentioned) == (name,)


def subject_of(s: Sentence, names: tuple[str, ...]) -> Subject:
    """Returns people as a subject without adding them to the sentence. Other words can then agree with them."""
    pronoun = s.facts.person(names[0]).pronoun if len(names) == 1 else "they"
    return Subject(names, pronoun, len(names) > 1)


def by_pronoun(s: Sentence, subject: Subject) -> Subject:
    """Adds the pronoun of a subject that is not in the sentence yet. Returns the subject that the verb agrees with."""
    s.put(pronoun_form(subject.pronoun, "subject"), subject.names)
    return replace(subject, many=subject.several or subject.pronoun == "they")


def cataphora(s: Sentence, name: str) -> bool:
    """Returns whether a pronoun may come before the name. Nobody else with this pronoun may have been mentioned."""
    pronouns = _pronouns(s)
    others = [other for other in (*s.discourse.focus, *s.mentioned) if pronouns[other] == pronouns[name]]
    return all(other == name for other in others)


def absent_person(s: Sentence) -> str | None:
    """Returns a person who can be said to be away; None if nobody can.

    People who left since the last frame are preferred to other known people.
    """
    here = set(s.facts.names)
    left = [name for name in s.discourse.shown if name not in here]
    away = [person.name for person in s.facts.absent if person.name in s.discourse.known]
    found = left or away or [person.name for person in s.facts.absent]
    return s.rng.choice(found) if found else None


def name_in_passing(s: Sentence, name: str) -> None:
    """Notes that a person's name was said by others."""
    _note(s, (name,), named=True)


def _pronouns(s: Sentence) -> dict[str, str]:
    return {person.name: person.pronoun for person in (*s.facts.people, *s.facts.absent)}


def _note(s: Sentence, names: Sequence[str], named: bool = False) -> None:
    s.mentioned += [name for name in names if name not in s.mentioned]
    if named:
        s.named += [name for name in names if name not in s.named]


def _one(s: Sentence, name: str, case: str, again: bool, plain: bool, doers: tuple[str, ...] = ()) -> Subject:
    subject = subject_of(s, (name,))
    seen, known = name in s.mentioned, name in s.discourse.known or name in s.named
    share = 1.0 if again or seen else 0.55 if name in s.discourse.shown else 0.2
    if not plain and is_certain(s, name, doers) and s.chance(share):
        s.put(pronoun_form(subject.pronoun, case), (name,))
        subject = replace(subject, many=subject.pronoun == "they")
    elif not plain and case != "possessive" and _by_kin(s, name, known):
        pass
    elif not plain and known and (words := _described(s, name)) and s.chance(0.25 if seen else 0.2):
        s.put(words + ("'s" if case == "possessive" else ""))
        s.described.add(name)
    else:
        _by_name(s, name, case, known or plain)
    _note(s, (name,))
    return subject


def _by_name(s: Sentence, name: str, case: str, bare: bool) -> None:
    s.doubled = s.doubled or name in s.described  # "the boy ... Pip" would read as two people
    epithet = None if bare or not s.chance(0.07) else pick("people", f"epithet {name}", (), s.rng)
    words = epithet or name
    s.put(words + ("'s" if case == "possessive" else ""))
    _note(s, (name,), named=True)


def _described(s: Sentence, name: str) -> str | None:
    """A description like "the old woman", if it fits only one person of the story."""
    everybody = (*s.facts.people, *s.facts.absent)
    others = {look for person in everybody if person.name != name for look in person.looks}
    own = [look for look in s.facts.person(name).looks if look not in others]
    by_pronoun = name in s.mentioned and name not in s.named  # "he ... the old man" would read as two people
    if name in s.described or by_pronoun:
        return None
    return f"the {s.rng.choice(own)}" if own else None


def _by_kin(s: Sentence, name: str, known: bool) -> bool:
    """Says "her grandson" or "her grandson Pip", if this caption has already mentioned whose grandson he is."""
    person = s.facts.person(name)
    owners = [owner for owner in person.kin if owner in s.mentioned and owner != name]
    # In "Nana and Toggle saw its friend" a reader has to guess whose friend it is.
    alone = len(s.mentioned) == 1
    if not owners or not alone or name in s.mentioned or not s.chance(0.6):
        return False
    owner = owners[0]
    if antecedents(_pronouns(s)[owner], _pronouns(s), s.discourse.focus, s.mentioned) == (owner,):
        s.put(pronoun_form(s.facts.person(owner).pronoun, "possessive"), (owner,))
    else:
        s.put(f"{owner}'s")
    s.put(person.kin[owner])
    told = (owner, name) in s.discourse.kin
    s.kin.add((owner, name))
    if not (told and known and s.chance(0.7)):
        s.put(name)
        _note(s, (name,), named=True)
    return True


def _group_word(s: Sentence, names: Sequence[str], case: str, again: bool) -> tuple[str, bool] | None:
    """A word that certainly means this group, and whether its verb is plural. None if there is no such word."""
    groups = group_antecedents(s.discourse.shown, s.mentioned)
    if frozenset(names) not in groups or (len(groups) > 1 and not again):
        return None
    alike = any(_pronouns(s)[name] == "they" for name in (*s.discourse.focus, *s.mentioned))
    if not alike and s.chance(0.9 if again else 0.55):
        return pronoun_form("they", case), True
    if (
        case != "subject" or again or not s.chance(0.75)
    ):  # "the pair ..., the two friends" would read as four people
        return None
    tags = {"two" if len(names) == 2 else "three" if len(names) == 3 else "more"}
    tags.add("all" if set(names) == set(s.facts.names) else "some")
    if all(s.facts.person(name).age == "adult" for name in names):
        tags.add("adults")
    words = pick("people", "group", tags, s.rng)
    return (words, not words.startswith("every")) if words else None


def _list(s: Sentence, names: Sequence[str], case: str, plain: bool) -> None:
    """Says "Rosa and Milo", "she and Milo" or "Nana and her grandson". Known people come first."""
    order = sorted(
        names, key=lambda name: (name not in s.discourse.shown, _is_kin_of_another(s, name, names))
    )
    if s.chance(0.15) and not any(_is_kin_of_another(s, name, names) for name in names):
        s.rng.shuffle(order)
    pronoun_first = (
        case == "subject" and len(order) == 2 and is_certain(s, order[0]) and not plain and s.chance(0.3)
    )
    pronoun_first = pronoun_first and s.facts.person(order[0]).pronoun in ("he", "she")
    for index, name in enumerate(order):
        if index:
            s.put("and") if index == len(order) - 1 else s.comma()
        if index or not pronoun_first:
            taken_by_kin = (
                index
                and len(order) == 2
                and case == "subject"
                and _by_kin(s, name, name in s.discourse.known)
            )
            if not taken_by_kin:
                last = index == len(order) - 1
                _by_name(s, name, case if last else "subject", bare=True)
            _note(s, (name,))
        else:
            _one(s, name, case, again=True, plain=False)


def _is_kin_of_another(s: Sentence, name: str, names: Sequence[str]) -> bool:
    return any(owner in names for owner in s.facts.person(name).kin)
