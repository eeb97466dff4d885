"""How the model will understand a sentence, shown while it is written: who does what, where, and which words say so.

Imports neither torch nor Gradio. It goes by words alone: `Lexicon` says which words mean which deed, `text/places.py`
finds the place, and pronouns are read as on the board. What the words leave open, the model decides when it draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storyboard.story.inputs import StoryInputs
from storyboard.text.captions import clean_text, name_described, resolve
from storyboard.text.groups import counted_pronouns, name_groups
from storyboard.text.places import find_places, latest_place
from storyboard.text.preferences import meant_by_words
from storyboard.text.presence import not_shown, those_there
from storyboard.text.roles import name_roles
from storyboard.text.wordings import Wording, reworded
from storyboard.ui.hints import Hints


def gist_of(
    inputs: StoryInputs, hints: Hints, caption: str, number: int, wordings: Iterable[Wording] = ()
) -> dict:
    """Returns how a sentence is read as frame `number`, drawn with these wordings.

    "doings": who does what, with the words that say it.
    "others": who else is there.
    "where": the place, the words that say it, and the number of the frame that it is carried on from.
    "around": the sky, and the things beside people.
    """
    names = inputs.story.names
    told = [inputs.text(frame) for frame in inputs.story.frames[: number - 1]]
    earlier = [inputs.read(one) for one in told]
    text = name_described(reworded(clean_text(caption), wordings), names)
    counted = counted_pronouns(inputs.read(text), inputs.story.cast, earlier)
    text = name_groups(resolve(text, counted, names), inputs.story.cast, earlier)
    text = name_roles(text, inputs.story.cast, earlier)
    read = inputs.read(text)
    meant = meant_by_words(read, inputs.story.cast, earlier)
    doings = hints.lexicon.doings(read, meant) if hints.lexicon.deeds else ()
    shown = [one for one in doings if one.names or one.deed]
    absent = not_shown(read)
    pointed = (name for start, some in meant.items() if start not in absent for name in some)
    there = dict.fromkeys((*those_there(read), *pointed))
    doing = {name for one in shown for name in one.names}
    where = _where(text, told, hints)
    around = hints.lexicon.around.around([*told, text], where["place"] if where else "")
    return {
        "doings": [
            {
                "names": list(one.names),
                "deed": hints.lexicon.captioned(one.deed, one.clause),
                "words": list(one.words),
            }
            for one in shown
        ],
        "others": [name for name in there if name not in doing],
        "where": where,
        "around": around.removeprefix(",").strip(),
    }


def _where(text: str, told: Sequence[str], hints: Hints) -> dict | None:
    """Returns the place of a sentence, or None if no sentence says one. told: the sentences before it."""
    latest = latest_place([text, *reversed(told)], hints.calling)
    if latest is None:
        return None
    place, back = latest
    words = [] if back else [text[one.start : one.end] for one in find_places(text, hints.calling)]
    return {"place": place, "words": words, "from": len(told) + 1 - back if back else None}
