"""Decides whether "her" is a possessive: in "Nana takes her hat" it is, in "Nana takes her home" it is not.

English has the same word for both, so the words around it decide. What follows a possessive is a thing, perhaps with a
word that describes it. What follows an object is where ("home"), how ("tight", "gently"), a result ("happy"), what that
person does ("sees her run") or what she is given ("brings her tea"). If the words leave it open, "her" counts as a
possessive, because most are. Knows nothing of names.
"""

from __future__ import annotations

import re

from storyboard.text.forms import may_be_verb
from storyboard.text.word_classes import (
    COORDINATORS,
    DETERMINERS,
    PREPOSITIONS,
    SUBORDINATORS,
    WORD,
    controls,
    is_one_of,
)

_CLOSE = 80  # characters around the word that are read
_NEXT = re.compile(r"\s+([^\W\d_]+)")
_FUNCTION = (
    (PREPOSITIONS | SUBORDINATORS | COORDINATORS | DETERMINERS)
    - frozenset("both two three four five six seven eight nine ten several many few".split())
) | frozenset(
    """how what why which where who whom he she it they there here now then again today tonight tomorrow yesterday
    soon later always never once twice instead too also anyway hello goodbye goodnight thanks very so
    almost""".split()
)
_NUMBERS = frozenset("two three four five six seven eight nine ten several many few more".split())
# Words for where somebody goes. "Her home" is a house, but "drives her home" is not.
_PLACES = frozenset("home back upstairs downstairs indoors outdoors".split())
_ONLY_PLACES = frozenset(
    """outside inside upstairs downstairs indoors outdoors everywhere anywhere somewhere nowhere abroad away forward
    forwards onward alone together forever""".split()
)
_MOVING = frozenset(
    """accompany bring call carry chase drag drive escort fetch fly follow guide help invite lead lift march order
    pull push ride row send see show sneak take taxi throw tow walk want welcome wheel""".split()
)
_MOVED = frozenset("brought drove flew led rode sent saw took threw".split())
_GIVING = frozenset(
    """bake bring build buy cook deliver draw feed fetch find get give hand lend make offer order owe paint pass pay
    play pour promise read sell send serve show sing teach tell throw toss wish write""".split()
)
_GAVE = frozenset(
    "brought bought built drew found gave got lent made read sang sent sold taught told threw wrote".split()
)
# Things that need no "a" or "some" although they are singular. Plurals need none either.
_SUBSTANCES = frozenset(
    """advice bread breakfast butter cheese chocolate cocoa coffee comfort courage credit dinner directions fish flour
    food fruit happiness help honey ice jam jelly juice lemonade luck lunch medicine milk money music news paper pasta
    porridge rice salad salt shelter soup space sugar supper tea time toast water wine""".split()
)
# What people own themselves, so that in "brings her shoes" the shoes are hers.
_OWN = frozenset(
    """arms boots braces cheeks clothes ears eyes feelings feet fingers friends glasses gloves grandparents hands keys
    knees legs lips mittens nails parents pockets pyjamas sandals shoes shoulders sisters brothers slippers socks
    spectacles teeth thoughts toes trousers tears""".split()
)
_ADJECTIVES = frozenset(
    """afraid alive alone angry annoyed asleep aware awake bad better blue bold brave bright busy calm clean clever
    close cold comfortable cool cosy cross dead deaf dirty dizzy dry dumb famous fast fine firm fit free glad good
    green hard hot ill jealous laughing late lonely loud mad near nervous nice old open pretty proud quick quiet ready
    red rich rough sad safe shy sick silent silly sleepy slow small smart soft sore sorry steady still stiff strong
    stupid sweet tall thin tight tired upright upset warm weak welcome well wet white wild wise young""".split()
)
_ADJECTIVE_ENDINGS = ("ful", "less", "ous", "able", "ible")
# Nouns that end in -ly and -able.
_FAMILY_LIKE = frozenset(
    "family belly jelly lily ally bully fly butterfly table stable vegetable cable fable constable timetable".split()
)
_BARE_VERBS = frozenset(
    """answer appear arrive bake bathe be become begin believe bend blow bounce bow breathe bring build burn buy call
    carry catch cheer choose clap clean climb close come cook cough crawl cry cut dance decorate dig dive draw dream
    dress drink drive eat enter escape explain fall feed feel fetch fight find finish float fly forget get giggle give
    go grow hide hit hold hop hum hurry jog jump juggle kneel knit know laugh lead lean learn leave lie lift listen
    live look lose make meet move open pack paint pass pay pick plant play pour practise pray pull push put reach read
    relax remember rest ride rise row run sail scream search see sew shake shout sing sit skate skip sleep slide slip
    smile sneeze snore sob speak spin stand start stay step stir stop study sweep swim swing take talk tell think
    throw tidy travel trip try turn type understand unpack wade wait wake walk wander wash watch wave wear weep
    whisper whistle win wish wonder work write yawn yell""".split()
)


_STANDS_BEHIND = re.compile(
    r"(?:^|[.!?;,]\s+|\band\s+)(?:right\s+|just\s+)?(?:behind|beside|before|above|below|opposite|near|with|around|after|next\s+to)\s+$",
    re.IGNORECASE,
)
_POSTURES = frozenset(
    """stands stand stood sits sit sat lies lie lay sleeps slept comes come came runs ran waits walks walked went
    goes""".split()
)
_AFTER_VERBS = frozenset("a an the him them it into up away".split())


def owns(text: str, start: int, end: int) -> bool:
    """Returns whether the "her" at [start:end] is a possessive, as in "her hat".

    It is not one in "sees her run" and "to her".
    """
    first = _NEXT.match(text, end)
    if first is None:
        return False
    word = first.group(1).lower()
    if word in _FUNCTION or word in _ONLY_PLACES:
        return False
    found = WORD.findall(text[max(0, start - _CLOSE) : start].lower())
    verb = found[-1] if found else ""
    second = _NEXT.match(text, first.end())
    if (
        _STANDS_BEHIND.search(text[:start])
        and word in _POSTURES
        and second
        and _begins_subject(second.group(1))
    ):
        return False  # "Behind her stands Milo"
    following = second.group(1).lower() if second else ""
    return not (
        _is_where(verb, word)
        or _is_how(word, following)
        or (controls(verb, word) and _is_doing(word, following))
        or _is_given(verb, word, following, text[first.end() : first.end() + _CLOSE])
    )


def _begins_subject(word: str) -> bool:
    return word[0].isupper() or word in ("a", "an", "the", "two", "three")


def _is_doing(word: str, following: str) -> bool:
    """Returns whether she does something: "sees her run", "watches her bite into an apple".

    Not so "sees her bag" and "hears her song".
    """
    if word in _BARE_VERBS or (word.endswith("ing") and len(word) > 5):
        return True
    return following in _AFTER_VERBS and may_be_verb(word)


def _is_where(verb: str, word: str) -> bool:
    """Returns whether the word says where she goes: "drives her home", but not "paints her home" and "in her home"."""
    return word in _PLACES and (verb in _MOVED or is_one_of(verb, _MOVING))


def _is_how(word: str, following: str) -> bool:
    """Returns whether the word says how: "makes her happy", "hugs her tight", "kisses her gently". No noun follows."""
    closed = not following or following in _FUNCTION
    if not closed or word in _FAMILY_LIKE:
        return False
    return word in _ADJECTIVES or word.endswith(_ADJECTIVE_ENDINGS) or word.endswith("ly") or _is_happy(word)


def _is_happy(word: str) -> bool:
    """Returns whether a word is one of the adjectives in -y that describe a person: "happy", "angry", "sleepy"."""
    return word in frozenset(
        """angry bossy clumsy crazy cranky dizzy dreamy dusty easy empty fancy funny fussy gloomy greedy grumpy guilty
    happy healthy heavy hungry itchy lazy lucky merry messy moody muddy naughty noisy rosy sandy shaky sleepy smelly
    sticky stuffy sunny thirsty tiny ugly unhappy unlucky wealthy weary worthy""".split()
    )


def _is_given(verb: str, word: str, following: str, rest: str) -> bool:
    """Returns whether she is given something: "brings her tea", "gives her two flowers".

    Not so "gives her flowers to Milo" and "brings her bag".
    """
    if not (verb in _GAVE or is_one_of(verb, _GIVING)) or re.search(
        r"(?<!\w)(?:to|for)\s", rest.split(".")[0]
    ):
        return False
    if word in _NUMBERS:
        return True
    closed = not following or following in _FUNCTION
    thing = word if closed else following
    plural = thing.endswith("s") and not thing.endswith(("ss", "us", "is"))
    return (thing in _SUBSTANCES or plural) and thing not in _OWN
