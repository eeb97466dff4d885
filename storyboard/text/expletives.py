"""Idioms in which an "it" stands for nobody and nothing: "It takes Rosa all morning", "Milo makes it to the station".

A cast may have a robot or a dog, and each of these would be read as that one. Only wordings are listed here that are
hardly ever said of somebody. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re

from storyboard.text.captions import Pronoun

# Words that may stand between "it" and what is said of it.
_HELPERS = r"""(?:(?:['\u2019](?:s|d|ll)|(?:is|was|were|be|been|being|has|had|have|will|would|may|might|must|could|can
    |should|did|does|do)(?:n['\u2019]t)?|not|never|only|just|always|all|so|too|very|quite|rather
    |still|now|really|also|soon|hardly|far|much|often|once|then|suddenly|almost|going|to|got|getting|began|begins|
    starts?|started|seem(?:s|ed)?|sound(?:s|ed)?)(?:\s+|(?=['\u2019])))*"""
_TO_DO = r"to\s+(?!(?:the|an?|his|him|her|them|their|my|me|us|you|it)\b)[a-z]"  # "to wait", not "to Milo"
_EASE = r"""(?:hard|harder|easy|easier|difficult|impossible|possible|nice|nicer|good|better|best|fun|important|necessary
    |useless|clear|plain|obvious|true|certain|likely|strange|odd|funny|lovely|wonderful|sad|safe|safer|dangerous|wise
    |wiser|enough|clever|silly|polite|usual|pleasant|exciting|boring|cheaper|quicker|tempting)"""
_TIME = r"""(?:second|minute|moment|hour|day|week|month|year|age|while|morning|afternoon|evening|night|time|long
    |forever)s?\b"""
_NAME = r"(?:[A-Z][\w\u2019'-]*(?:\s+and\s+[A-Z][\w\u2019'-]*)?)"
_SO_MUCH = r"""(?:(?:an?|all|half|the|whole|several|many|some|no|so|too|very|quite|only|more|less|than|about|nearly|good
    |little|most|of|another|few|couple|\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred)\s+)*"""
_IS = r"""(?:['\u2019]s|\s+(?:is|was|were|has\s+been|had\s+been
    |(?:would|will|must|could|might|may)\s+(?:be|have\s+been)))"""
# What follows an "it" that is nobody.
_BEHIND = re.compile(
    rf"""\s*{_HELPERS}(?:
        (?:takes?|took|taken)\s+(?:(?:{_NAME}|him|her|them|both|everybody)\s+)?(?:{_SO_MUCH}{_TIME}
            |(?:courage|patience|practice|skill|strength|nerve|a\s+lot|two|three)\b)  # takes Rosa all morning
        |{_EASE}\s+(?:(?:for|of)\s+(?:[\w'\u2019]+\s+){{1,3}}?)?
            (?:{_TO_DO}|that\b|how\b|when\b|\w+ing\b)  # is hard for Milo to wait
        |(?:feels?|felt|sounds?|seems?|seemed|looks?|looked)\s+
            (?:as\s+(?:if|though)\s+(?!it\b)|{_EASE}\s+(?:to|that)\b)  # looks as if Milo will win
        |(?:feels?|felt|sounds?|seems?|seemed)\s+\w+\s+to\s+[A-Z]  # seems odd to Rosa
        |(?:hurt|pain|please|surprise|annoy|bother|amuse|delight|puzzle|worrie|trouble|upset|strike|struck)(?:s|d|ed)?
            \s+(?:[\w'\u2019]+\s+){{1,3}}?(?:to|that|how|when)\b  # hurts Pip to see her cry
        |(?:\w+['\u2019]s|his|her|their|its|my|your|our)\s+(?:\w+\s+)?(?:turn|birthday|fault|idea|job)\b
        |(?:makes?|made)\s+(?:\w+\s+){{0,2}}(?:sense|difference)\b|matter(?:s|ed)?\b|worth\b
        |(?:no|any)\s+(?:use|good|wonder|secret|trouble|matter)\b
        |(?:a|such\s+a)\s+(?:pity|shame|pleasure|relief|joy|mystery|wonder)\b
        |(?:about\s+|high\s+)?time\b|long\b(?=\s+before|\s+until|\s+since|[,.;])  # wasn't long before Otto came
        |over\b(?=\s*(?:[,.;:!?]|now|at\s+last|and|before|when|too|$))|far\s+(?:from|away)\b
        |(?:quiet|silent|noisy|crowded|still)\s+(?:enough\s+)?(?:that|in|on|at|there|here|everywhere|again)\b
        |occur(?:s|red)?\b|dawn(?:s|ed)?\s+on\b|happen(?:s|ed)?\b|goes\s+without\b
        |turn(?:s|ed)?\s+out\s+(?:to\s+be|that|well|fine|badly|later)\b
        |(?:comes?|came)\s+to\s+(?:nothing|an\s+end|light|pass|this|that|[a-z]+ing)\b
        |(?:goes|go|went)\s+on\b(?=[,.;:]|\s+(?:for|like|until|all|so)\b)
    )
    |{_IS}\s+(?:(?:only|just|not|really|surely|probably|perhaps)\s+)?(?:[A-Z]\w*|he|she|me|him)\b  # was Nana
    |{_IS}\s+(?:up\s+to|the\s+same\s+to|thanks\s+to|because\s+of|not\s+for)\s+\w|\s+weren['\u2019]t\s+for\b
    |{_IS}\s+all\s+(?:\w+\s+){{1,3}}(?:could|can)\s+do\b""",
    re.VERBOSE,
)
# What stands before one: "did it", "could not help it", "doesn't believe a word of it".
_BEFORE = re.compile(
    r"""\b(?:
        (?:do|does|did|done|doing|say|says|said|saying|mean|means|meant|believe[sd]?|admit(?:s|ted)?|den(?:y|ies|ied)
            |deserve[sd]?|mention(?:s|ed)?|overdo|overdid)
        |(?:can(?:not|['\u2019]t)|can\s+not|could(?:n['\u2019]t|\s+not))\s+help
        |(?:get|gets|got|getting)\s+(?:on\s+with|used\s+to)|put(?:s|ting)?\s+up\s+with|enough\s+of|word\s+of
        |(?:his|her|their|its)\s+(?:time|best)\s+(?:over|at|about)
        |the\s+(?:point|end|meaning|truth|thick|middle|bottom|sake)\s+of|see(?:s|n)?\s+to|saw\s+to
    )\s+$""",
    re.IGNORECASE | re.VERBOSE,
)
# And what stands on both sides: "asks what it is", "is it Milo?", "makes it to the station", "finds it hard to wait".
_WHAT = re.compile(r"\bwhat\s+$", re.IGNORECASE)
_WAS = re.compile(rf"{_IS}(?!\w)", re.VERBOSE)
_IS_IT = re.compile(r"\b(?:is|was|were|be)\s+$", re.IGNORECASE)
_SOMEBODY = re.compile(r"\s+(?:[A-Z]\w+|he|she|I|you|me|him|her)\b")
_MAKING = re.compile(r"\b(?:make|makes|made|making)\s+$", re.IGNORECASE)
_REACHED = re.compile(
    r"\s+(?:to\s+the|home|in\s+time|just\s+in|back|up\s+the|there|through|across|as\s+far|look|clear|plain|easier|harder)\b",
    re.IGNORECASE,
)
_FINDING = re.compile(
    r"\b(?:find|finds|found|think|thinks|thought|consider\w*|make|makes|made|call|calls|called)\s+$",
    re.IGNORECASE,
)
_HARD = re.compile(
    rf"\s+(?:(?:very|so|too|quite|rather|a\s+little)\s+)?{_EASE}\b", re.IGNORECASE | re.VERBOSE
)
# "Knows it by heart", "takes it in turns".
_SET = re.compile(
    r"\s+(?:by\s+heart|in\s+turns?|for\s+granted|at\s+that|a\s+day|or\s+not|to\s+the\s+full|all\s+(?:in|over)\b(?!\s+\w))",
    re.IGNORECASE,
)


def is_expletive(caption: str, pronoun: Pronoun) -> bool:
    """Returns whether this "it" belongs to an idiom and stands for nothing."""
    if pronoun.word != "it":
        return False
    before, behind = caption[: pronoun.start], caption[pronoun.end :]
    return bool(
        _BEHIND.match(behind)
        or _BEFORE.search(before)
        or (_MAKING.search(before) and _REACHED.match(behind))
        or (_FINDING.search(before) and _HARD.match(behind))
        or _SET.match(behind)
        or (_WHAT.search(before) and _WAS.match(behind))
        or (_IS_IT.search(before) and _SOMEBODY.match(behind))
    )
