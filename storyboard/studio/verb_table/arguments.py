"""Arguments that several verbs for programs share, each defined once, and the type of a look.

Imports neither torch nor Gradio.
"""

from typing import Literal, TypedDict

from storyboard.people import wardrobe as w
from storyboard.story.values import PRONOUNS
from storyboard.studio.verb_table.verb import Argument

Pronoun = Literal[PRONOUNS]


class LookFields(TypedDict, total=False):
    """A look as JSON; a field that is left out has its default, and a colour is [red, green, blue], each 0 to 255."""

    kind: Literal[w.KINDS]
    pronoun: Literal[w.PRONOUNS]
    age: Literal[w.AGES]
    height: Literal[w.HEIGHTS]
    girth: Literal[w.GIRTHS]
    skin: list[int]
    hair: Literal[sum(w.HAIR_OF.values(), ())]
    hair_colour: list[int]
    beard: Literal[w.BEARD_NAMES]
    glasses: Literal[w.GLASSES]
    marks: list[Literal[w.MARKS]]
    headwear: Literal[w.HEADWEAR]
    headwear_colour: list[int]
    top: Literal[(w.NONE, *w.TOPS)]
    top_colour: list[int]
    pattern: Literal[w.PATTERNS]
    accent: list[int]
    bottom: Literal[w.BOTTOMS]
    bottom_colour: list[int]
    footwear: Literal[w.FOOTWEAR]
    footwear_colour: list[int]
    extras: dict[str, list[int]]


class WordingFields(TypedDict):
    """Words of a sentence, and what is drawn in their place."""

    written: str
    drawn: str


class BoardFields(TypedDict, total=False):
    """What stands beside a sentence; what is left out is empty."""

    shot: str
    dialogue: str
    notes: str
    seconds: float | None


STORY = Argument("story_id", str, "the id create_story gave", kind="story")
FRAME = Argument("frame_id", str, "the frame's id, from get_story", kind="frame")
TAKE = Argument("take_id", str, "the id of one of the frame's takes, from get_story", kind="take")
AFTER = FRAME.optional("after_id", "the frame it comes after; left out, it comes at the end")
BEFORE = FRAME.optional("before_id", "the frame it comes before, instead of after one")
NAME = Argument("name", str, "their name in the cast")
LOOK = Argument("look", LookFields, "fields of a look; those left out have their defaults", kind="look")
PORTRAIT = Argument("portrait", str, "one of their portraits: its label or its id, from get_story")
ALIASES = Argument("aliases", list[str], "other names sentences may use", option="alias")
PRONOUN = Argument("pronoun", Pronoun, f"{', '.join(PRONOUNS[:-1])} or {PRONOUNS[-1]}")
WORDINGS = Argument(
    "wordings",
    list[WordingFields],
    "what is drawn in place of words of the sentence, which stays as it is; those it does not have change nothing",
    kind="wordings",
    option="wording",
)
BOARDS = Argument(
    "boards",
    list[BoardFields],
    "what is noted beside the sentences, in the same order, as read_script gives it",
    kind="boards",
    option="board",
)
SHELF = Argument(
    "shelf", str, "a secret of yours under which stories are listed: 10 to 64 letters, digits, - and _"
)
SEED = Argument("seed", int, "a whole number; an equal one gives the equal result")


def a_file(name: str, what: str) -> Argument:
    """Returns the argument for a file. `what` says what file it is; each door decides how it comes in."""
    return Argument(name, str, what, kind="file")
