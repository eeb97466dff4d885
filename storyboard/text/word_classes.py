"""Classes of English words for the rules of sentences: closed classes in full, open ones by their endings.

There is no dictionary here, so a test for a verb is only a good guess. Knows nothing of names and pronouns.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")

SUBORDINATORS = frozenset(
    """after although as because before if once since though till unless until when whenever where wherever whereas
    whether while""".split()
)
HAVING = frozenset("has have had having 's 've 'd".split())
PARTICLES = frozenset("up down off out over".split())  # "picks up a parcel": where nothing is
COORDINATORS = frozenset("and but or nor so yet then &".split())
COMPLEMENTERS = frozenset("that who which whom".split())
OPENING_ADVERBS = frozenset(
    """then later now soon suddenly meanwhile afterwards finally next again today tonight tomorrow yesterday perhaps
    maybe here there also still outside inside nearby""".split()
)
DETERMINERS = frozenset(
    """a an the this that these those some any no every each another both all my your his her its our their two three
    four five six seven eight nine ten several many few""".split()
)
PREPOSITIONS = frozenset(
    """about above across against along among around at behind below beneath beside besides between beyond by down
    during for from in inside into like near of off on onto opposite out outside over past round through to toward
    towards under underneath up upon via with within without""".split()
)
QUANTIFIED = frozenset(
    """everyone everybody someone somebody anyone anybody nobody each whoever no-one noone""".split()
)
# Words for people: a sentence with one of them speaks of a person without a name or a pronoun.
PEOPLE = QUANTIFIED - {"each"} | frozenset(
    """man men woman women boy boys girl girls child children kid kids baby lady ladies gentleman gentlemen lad lass
    fellow person people robot machine grandmother grandma granny gran grandfather grandpa grandson granddaughter
    grandchild grandchildren mother mum mom father dad parents aunt uncle cousin sister brother twins son daughter
    husband wife friend friends neighbour neighbours neighbor neighbors guest guests teacher baker painter
    painters gardener fisherman captain sailor farmer doctor inventor king queen prince princess family couple
    group crowd team gang trio twosome companion companions others ones stranger strangers owner owners
    visitor visitors villager villagers passenger passengers customer customers pupil pupils student students
    singer singers dancer dancers player players runner runners swimmer swimmers sleeper sleepers bride groom
    audience soldier soldiers pirate pirates policeman postman nurse grown-ups""".split()
)
# Words for numbers and ages that may stand for people by themselves: "all three wave", "the youngest laughs".
COUNTING = frozenset(
    """pair other both all two three four five six seven eight nine ten each one old young elder younger eldest youngest
    oldest smallest tallest""".split()
)
AUXILIARIES = frozenset(
    """is are was were am be been has have had do does did will would shall should can could may might must isn't
    aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't wouldn't can't couldn't
    shouldn't""".split()
)
_PAST = frozenset(
    """ate awoke beat became began bent bit blew bled bought bound broke brought built burnt came caught chose clung
    crept cried cut dealt did drank drew dreamt drove dug fed fell felt fled flew fought found froze gave got grew had
    heard held hid hit hung hurt kept knelt knew laid lay leant leapt learnt led left lent let lit lost made meant met
    paid put ran rang read rode rose said sang sank sat saw sent set shone shook shot shut slept slid smelt sought
    spoke spent spun stole stood stuck stung struck swam swept swore swung taught thought threw told took tore
    understood went wept woke won wore wound wove wrote""".split()
)  # of irregular verbs
# Plurals that do not end in "s".
_PLURALS = frozenset("mice feet teeth geese sheep fish deer oxen dozen hundred thousand children".split())
_NO_VERB_ENDINGS = ("ss", "us", "is", "'s", "\u2019s")
_NO_VERBS = frozenset(
    """always sometimes perhaps besides towards afterwards upstairs downstairs indoors outdoors as this his hers its
    theirs ours yes across hundreds red bed hundred tired sacred naked need seed feed weed indeed bored scared excited
    pleased worried""".split()
)
# Words that can stand between a subject and its verb and that are never verbs. Prepositions have their own list.
_MANNER = frozenset("never often always also still just soon already almost nearly both all then now".split())

# Verbs whose object does the next thing: "asks Rosa to help", "sees Rosa wave".
_TO_CONTROL = frozenset(
    """advise allow ask beg command convince encourage expect forbid force get help invite like need order permit
    persuade remind request teach tell urge want warn wish""".split()
)
_BARE_CONTROL = frozenset(
    "feel find catch have hear help leave let make notice observe overhear see spot spy watch witness".split()
)
# Implicit causality (Garvey and Caramazza 1974) says whose doing a "because" tells of. With these verbs it is the
# object's ...
_OBJECT_CAUSES = frozenset(
    """admire adore applaud appreciate blame celebrate comfort congratulate console criticise dislike distrust envy
    fear fire forgive hate help hug like love mock notice pity praise punish reward scold thank trust value""".split()
)
# ... and with these it is the subject's. All other verbs leave it open.
_SUBJECT_CAUSES = frozenset(
    """amaze amuse annoy apologise apologize approach astonish bore bother call charm confess disappoint disturb
    frighten impress inspire interrupt invite lie phone please promise scare shock surprise telephone upset visit
    worry""".split()
)
_SAYING = frozenset(
    """add announce answer believe dream explain feel find forget guess hear hope imagine insist know learn mean
    notice promise read realise remember reply say see shout sing suspect swear tell think understand whisper wish
    wonder write""".split()
)
_SAID = frozenset("dreamt knew meant said sang swore thought understood wrote".split())
_IRREGULAR = {
    "told": "tell", "taught": "teach", "made": "make", "saw": "see", "heard": "hear", "felt": "feel", "found": "find",
    "caught": "catch", "let": "let", "begged": "beg", "got": "get", "left": "leave", "forbade": "forbid", "has": "have",
    "had": "have", "forgave": "forgive", "lied": "lie", "gave": "give", "brought": "bring", "threw": "throw",
    "sent": "send",
}  # fmt: skip


def stem(word: str) -> str:
    """Returns a guess at a verb's first form: "ask" for "asks", "asked" and "asking"; "try" for "tries"."""
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, instead in (("ies", "y"), ("ied", "y"), ("es", "e"), ("ed", "e"), ("ing", "e"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            bare = word[: len(word) - len(ending)] + instead
            return bare
    return word


def is_one_of(word: str, verbs: frozenset[str]) -> bool:
    """Returns whether a word is spelt like a form of one of these verbs."""
    bare = stem(word)
    return word.lower() in verbs or bare in verbs or bare.removesuffix("e") in verbs


def is_saying(verb: str) -> bool:
    """Returns whether a clause may be the object of this verb: "thinks Rosa is late"."""
    return verb.lower() in _SAID or is_one_of(verb, _SAYING)


def causes(verb: str) -> str | None:
    """Returns whose doing a "because" after this verb tells of: "subject", "object", or None if that is open."""
    if is_one_of(verb, _OBJECT_CAUSES):
        return "object"
    return "subject" if is_one_of(verb, _SUBJECT_CAUSES) else None


def controls(verb: str, following: str) -> bool:
    """Returns whether the object of `verb` does what comes next. following: the first word behind the object."""
    if following == "to":
        return is_one_of(verb, _TO_CONTROL)
    return is_one_of(verb, _BARE_CONTROL) and is_bare_verb(following)


def is_bare_verb(word: str) -> bool:
    """Returns whether a word behind a person may tell what others see this person do.

    "wave" and "dancing" may; "a", "in" and "quickly" may not.
    """
    word = word.lower()
    small = DETERMINERS | PREPOSITIONS | COORDINATORS | SUBORDINATORS | COMPLEMENTERS | OPENING_ADVERBS
    return bool(word) and word not in small and not word.endswith("ly")


def is_finite(word: str) -> bool:
    """Returns whether a word may be a verb that has a subject: "waves", "waved", "ran", "is"."""
    word = word.lower()
    if word in AUXILIARIES or word in _PAST:
        return True
    if word in _NO_VERBS or word in QUANTIFIED or len(word) < 3:
        return False
    return (word.endswith("s") and not word.endswith(_NO_VERB_ENDINGS)) or word.endswith("ed")


def is_counted(word: str) -> bool:
    """Returns whether a word after a number of two or more may be the counted thing.

    If so, it is not a verb for what these people do.
    """
    word = word.lower()
    return (word.endswith("s") and word not in PREPOSITIONS | SUBORDINATORS) or word in _PLURALS | DETERMINERS


def is_manner(word: str) -> bool:
    """Returns whether a word may stand between a subject and its verb: "quickly", "never"."""
    return word.lower() in _MANNER or word.lower().endswith("ly")
