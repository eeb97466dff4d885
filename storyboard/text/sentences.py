"""Decides whether a sentence can be drawn with this cast: everybody is known, and each pronoun can mean somebody.

Knows neither torch, gradio nor stories; `captions.py` finds the names and pronouns. A sentence about nobody at all
("The lane at dawn.") is a scene and can be drawn.

There is no dictionary here, so the use of a word tells whether it is an unknown name. It is a capitalised word that is
not part of a longer name ("Maple Lane"), not a month or the like, and not in quotation marks. The word before it must
not make it a place or a thing ("to Paris", "a Batman mug").

Most such words may also be things, languages or kin ("plays Lego", "speaks Portuguese", "calls Mum"). They are drawn,
and the page names them (`find_outsiders`). A sentence is refused only if the word does what people do, or if people do
something to it: "Zelda waves", "hugs Zelda", "Rosa and Zelda dance". Every error says how to continue. Writing the word
in small letters always works, so a wrong guess costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from storyboard.errors import StoryError
from storyboard.text.captions import PRONOUN_FORMS, ReadSentence, clean_caption, read_sentence

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_QUOTED = re.compile(r'"[^"]*"|\u201c[^\u201d]*\u201d')
_SENTENCE_END = re.compile(r"[.!?:;\u2026\u2014][\"'\u201d\u2019)\s]*$")

_NOT_NAMES = frozenset(
    """i i'm i'll i'd i've mr mrs ms dr sir ok okay tv monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december christmas easter halloween
    english french german spanish italian chinese japanese american british european god earth mars sun
    moon""".split()
)
_BEFORE_THINGS = frozenset(
    """a an the this that these those my your his her its our their some every in into inside at to from of on onto
    near by down up along through across around past towards toward over under between behind beyond outside called
    named like than says reads visits visiting""".split()
)
_TOWARDS_PEOPLE = frozenset("waves waving talks talking speaks speaking smiles smiling sings singing".split())
# Verbs that are not spelt like a plural noun.
_SURE_VERBS = frozenset("is was has does goes gets comes holds sits says eats wears".split())
# What people do, and things, places and weather almost never do.
_VERBS = frozenset(
    """sits says eats wears walks waves sleeps reads drinks dances jumps smiles laughs cries sings feeds rides cooks
    paints draws throws catches kicks carries finds sees meets hugs talks asks tells wants climbs swims writes points
    watches hides chases digs builds sweeps knocks loves likes arrives""".split()
)
_OFTEN_THINGS_DO = frozenset(
    """is was has does goes gets comes holds runs plays stands looks opens closes gives takes makes rests waits puts
    picks helps pushes pulls enters wakes falls""".split()
)
# What is done to people, and almost never to things.
_DONE_TO_PEOPLE = frozenset(
    """hug hugs hugged hugging kiss kisses kissed kissing meet meets met meeting greet greets greeted greeting thank
    thanks thanked thanking marry marries married tickle tickles tickled comfort comforts comforted invite invites
    invited scold scolds scolded""".split()
)
_KIN = frozenset(
    """mum mummy mom mommy mama mamma mam ma mother dad daddy papa pa pop father grandma grandmother granny gran nan
    nanny nana grandpa grandfather grandad granddad gramps auntie aunt aunty uncle sis sister brother cousin baby oma
    opa mutti vati santa teacher doctor captain nurse""".split()
)
_AFTER_VERBS = frozenset(
    """a an the his her its their and or to at in into on onto up down out by for from with around along through
    across over under near behind beside outside inside away back home hello goodbye very quietly happily slowly
    alone""".split()
)
_COMMON_SUBJECTS = frozenset(
    """it he she they there here this that what who everyone everybody someone somebody nobody nothing something
    everything one all dawn dusk day night morning noon evening midnight today tomorrow spring summer autumn winter
    snow rain wind fog mist smoke water fire light sunlight moonlight music silence time dinner lunch
    breakfast""".split()
)
_OPENERS = frozenset(
    """then later now soon suddenly meanwhile afterwards finally next again today tonight and but so or because when
    while as after before in on at under over near behind beside inside outside with without by from for to still also
    maybe perhaps once""".split()
)
_PERSONAL = frozenset(form for key, forms in PRONOUN_FORMS.items() if key != "it" for form in forms)


def check_caption(text: str, number: int, names: Mapping[str, Sequence[str]], earlier: Iterable[str]) -> str:
    """Returns the cleaned sentence of frame `number`. StoryError if it cannot be drawn.

    names: from each name of the cast to its aliases. earlier: the sentences of the frames before this one.
    """
    sentence = read_sentence(clean_caption(text, what=f"Frame {number}"), names)
    check_everyone_known(sentence, number, names)
    check_pronouns(sentence, number, names, (read_sentence(one, names) for one in earlier))
    return sentence.text


def check_everyone_known(sentence: ReadSentence, number: int, names: Mapping[str, Sequence[str]]) -> None:
    """Raises StoryError if the sentence clearly names a person who is not in the cast."""
    stranger = find_stranger(sentence)
    if names and stranger:
        raise StoryError(
            f"Frame {number} names {stranger}, who is not in the cast ({', '.join(names)}); use one of them, add"
            f" {stranger} to the cast, or write {stranger.lower()} in small letters if it is not a person."
        )


def check_pronouns(
    sentence: ReadSentence,
    number: int,
    names: Mapping[str, Sequence[str]],
    earlier: Iterable[ReadSentence],
) -> None:
    """Raises StoryError if the sentence begins with he, she or they and nobody of the cast has been named."""
    word = find_dangling_pronoun(sentence)
    if not word or any(read.mentions for read in chain((sentence,), earlier)):
        return
    examples = f" ({', '.join(names)})" if names else ""
    raise StoryError(
        f'Frame {number} says "{word}", but nobody has been named by then; name a character{examples} in it or earlier.'
    )


def find_stranger(sentence: ReadSentence) -> str | None:
    """Returns the first word that is clearly a person's name and belongs to nobody mentioned, as written.

    None if there is no such word.
    """
    return next((word for word, clearly in _names_of_nobody(sentence) if clearly), None)


def find_outsiders(sentence: ReadSentence) -> tuple[str, ...]:
    """Returns words that may be names of people who are not mentioned, as written, each once: "Lego", "Grandma"."""
    return tuple(dict.fromkeys(word for word, _ in _names_of_nobody(sentence)))


def _names_of_nobody(sentence: ReadSentence) -> Iterator[tuple[str, bool]]:
    """Yields each word that may be an unknown name, and whether it is clearly a person's name."""
    caption = sentence.text
    taken = [(mention.start, mention.end) for mention in sentence.mentions]
    quoted = [match.span() for match in _QUOTED.finditer(caption)]
    words = list(_WORD.finditer(caption))
    for index, word in enumerate(words):
        name = re.sub(r"['\u2019].*", "", word.group())
        if not (name[:1].isupper() and name[1:].islower()) or name.lower() in _NOT_NAMES:
            continue
        if any(start < word.end() and word.start() < end for start, end in taken + quoted):
            continue
        if _is_hyphenated(caption, word):
            continue
        person = _is_person(caption, words, index, taken)
        if person is not None:
            yield name, person and name.lower() not in _KIN


def find_dangling_pronoun(sentence: ReadSentence) -> str | None:
    """Returns the first personal pronoun, as written, if nothing before it in the sentence can be what it means.

    "She waves" and "Then in the rain he runs" have one. The result is None for "A woman waves her hand".
    """
    caption = sentence.text
    first = next((pronoun for pronoun in sentence.pronouns if pronoun.word in _PERSONAL), None)
    if first is None:
        return None
    before = [match.group().lower() for match in _WORD.finditer(caption[: first.start])]
    if before and (before[0] not in _OPENERS or {"a", "an", "two", "some"} & set(before)):
        return None
    return caption[first.start : first.end]


def _is_hyphenated(caption: str, word: re.Match[str]) -> bool:
    """Returns whether a word is only a part of a longer word, as in "Coca-Cola" and "T-shirt", and so not a name."""
    return caption[word.start() - 1 : word.start()] in ("-", "\u2011") or caption[
        word.end() : word.end() + 1
    ] in (
        "-",
        "\u2011",
    )


def _is_person(
    caption: str, words: list[re.Match[str]], index: int, taken: list[tuple[int, int]]
) -> bool | None:
    """Returns whether the capitalised word `words[index]`, which is no name of the cast, is clearly used for a person.

    None if it seems to be no name at all.
    """
    word = words[index]
    before = words[index - 1] if index else None
    after = words[index + 1] if index + 1 < len(words) else None
    # A capitalised neighbour, with only a space between, makes a longer name: "Maple Lane", "Eiffel Tower".
    if after and after.group()[0].isupper() and caption[word.end() : after.start()] == " ":
        return None
    acts = _is_joined(caption, words, index, taken) or _is_subject(caption, words, index)
    if before is None or _SENTENCE_END.search(caption[: word.start()]):
        if word.group().lower() in _COMMON_SUBJECTS:
            return None
        return acts or (False if _is_subject(caption, words, index, _OFTEN_THINGS_DO) else None)
    name_before = before.group()[0].isupper() and before.group().lower() not in _OPENERS  # not "Then Zelda"
    if name_before and caption[before.end() : word.start()] == " ":
        return None
    previous = before.group().lower()
    if previous in ("at", "to") and index > 1 and words[index - 2].group() in _TOWARDS_PEOPLE:
        return True
    if previous in _BEFORE_THINGS:
        return None
    return acts or previous in _DONE_TO_PEOPLE


def _is_joined(caption: str, words: list[re.Match[str]], index: int, taken: list[tuple[int, int]]) -> bool:
    """Returns whether only "and" stands between the word and a name of the cast: "Zelda and Rosa", "Rosa and Zelda"."""
    start, end = words[index].span()
    following = min((first for first, _ in taken if first >= end), default=end)
    before = max((last for _, last in taken if last <= start), default=start)
    return bool({caption[end:following].strip(), caption[before:start].strip()} & {"and", "&"})


def _is_subject(caption: str, words: list[re.Match[str]], index: int, verbs: frozenset[str] = _VERBS) -> bool:
    """Returns whether one of these verbs follows the word, and then the end or a word that follows verbs.

    "Zelda waves to everyone" is an example. In "Ocean waves crash" the second word also looks like a verb, but another
    verb comes after it.
    """
    if index + 1 >= len(words) or words[index + 1].group() not in verbs:
        return False
    if caption[words[index].end() : words[index + 1].start()] != " ":
        return False
    if words[index + 1].group() in _SURE_VERBS or index + 2 >= len(words):
        return True
    if not caption[words[index + 1].end() : words[index + 2].start()].isspace():
        return True
    following = words[index + 2].group()
    return following[0].isupper() or following in _AFTER_VERBS
