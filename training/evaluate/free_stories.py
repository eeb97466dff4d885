"""The held-out free stories: what writers type in their own words, and what each frame must show.

These are a hundred stories of four frames about Maple Lane's people and places, written by hand. They are for measuring
only: no training may read them. Knows no pictures, no models and no scores.

Three more files have the same form, for `--written`. Those of `free_stories_typed.json` are plainer, as people of many
trades type them: 143 stories of four frames and four of fifty. The rules for sentences were written with the faults of
these in view. Two files are for scores only, and people who work on the rules do not read them: the 40 stories of
`free_stories_unseen.json`, which are like those, and the four stories of fifty frames in `free_stories_long.json`.

The truth of a frame is what a careful reader is certain of:
- A frame shows the people whom its text speaks of as present, each once. People who have gone, who are only thought of,
  or who are only named in speech or as owners are not there.
- A frame whose text names no place has the place of the frame before.
- A person has an action if the text makes it certain. People who wait, watch or look on are `standing`, as in the
  world's own sentences. People who talk, feel, or do what the world cannot draw have none; `nearest` is then a pose
  that fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError
from storyboard.models.stage import MIDDLES
from storyboard.text.captions import clean_caption, mentioned_names
from training.maple_lane import ACTIONS, BY_NAME, PLACES, Actor, MapleStory, Scene, StoryFrame
from training.maple_lane.reading import NAMES

FREE_STORIES = Path(__file__).resolve().parent / "free_stories.json"
LONG = 20  # words
STRETCH = 10  # frames of a long story that are scored together
# The kinds of text, as the writer of each frame marks them.
KINDS: Mapping[str, str] = {
    "past": "told in the past tense",
    "present": "told in the present tense",
    "passive": "a verb in the passive",
    "participle": "a participle stands for a clause",
    "relative clause": "who, which or whose",
    "dialogue": "speech in quotation marks",
    "verb list": "one person does several things in a row",
    "group word": "both of them, the two women, all three",
    "description": "somebody is called by looks, kind or part played: the old woman, the robot, the captain",
    "pronoun": "somebody is there by a pronoun only",
    "cataphora": "the pronoun comes before the name",
    "place in other words": "the place is said without its usual noun",
    "place unsaid": "the place carries on from the frame before",
    "shows nothing": "words that no picture can show: of course, all at once",
    "undrawable": "things or deeds that the world has no drawing of",
    "negation": "what is not so, or is not done",
    "talked about": "somebody is thought or spoken of and is not there",
    "entering": "somebody comes in",
    "leaving": "somebody has gone",
}


@dataclass(frozen=True)
class FreeFrame:
    """A text and its truth.

    does: each person who should be seen, with the action, or None if the text leaves it open. nearest: for some people
    with None, the pose that fits best. kinds: keys of `KINDS`.
    """

    text: str
    place: str
    does: Mapping[str, str | None]
    nearest: Mapping[str, str]
    kinds: tuple[str, ...]

    @property
    def who(self) -> tuple[str, ...]:
        """Returns exactly the people who should be seen."""
        return tuple(self.does)

    @property
    def every_kind(self) -> tuple[str, ...]:
        """Returns `kinds`, and before them the kinds that can be counted from the truth and the text."""
        people, named = len(self.does), set(mentioned_names(self.text, NAMES))
        known = {action for action in self.does.values() if action}
        counted = {
            f"{people} {'person' if people == 1 else 'people'}": True,
            "different actions": len(known) > 1,
            f"1 person, {LONG} words or more": people == 1 and len(self.text.split()) >= LONG,
            "somebody unnamed": not named >= set(self.does),
            "somebody named is not there": not named <= set(self.does),
        }
        return (*(kind for kind, holds in counted.items() if holds), *self.kinds)


@dataclass(frozen=True)
class FreeStory:
    """Frames about the people of `outfits`, who wear these outfits in all frames."""

    id: str
    outfits: Mapping[str, str]
    frames: tuple[FreeFrame, ...]

    def kinds_of(self, number: int) -> tuple[str, ...]:
        """Returns every kind of frame `number`, from 0, and before them its stretch if the story is a long one."""
        first = number - number % STRETCH
        stretch = (f"frames {first + 1} to {first + STRETCH}",) if len(self.frames) > STRETCH else ()
        return (*stretch, *self.frames[number].every_kind)

    def as_maple_story(self) -> MapleStory:
        """Returns the story in the form of the world's own stories, so that its scenes can be drawn and scored.

        If the text leaves an action open, the scene has the nearest pose, or else `standing`.
        """
        frames = tuple(StoryFrame(self._scene(frame), frame.text, frame.text) for frame in self.frames)
        return MapleStory(self.id, frames, dict(self.outfits))

    def _scene(self, frame: FreeFrame) -> Scene:
        actors = []
        for name, x in zip(frame.who, MIDDLES[len(frame.who)], strict=True):
            action = frame.does[name] or frame.nearest.get(name, "standing")
            props = ACTIONS[action].props
            prop = next((prop for prop in props if prop in frame.text.lower()), props[0] if props else None)
            facing = "left" if x > 0.5 else "right"
            actors.append(Actor(name, self.outfits[name], action, prop, facing=facing, x=x))
        return Scene(frame.place, tuple(actors))


def load_free_stories(path: Path = FREE_STORIES) -> tuple[FreeStory, ...]:
    """Returns the stories in the order of the file. StoryError names the story, the frame and the wrong value."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_doubles)["stories"]
        stories = tuple(_story(entry) for entry in entries)
    except OSError as error:
        raise StoryError(
            f"{path} cannot be read ({error.strerror}); give the file of free stories."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoryError(f"{path} is no file of free stories (at {error}); correct it there.") from error
    ids = [story.id for story in stories]
    for one in ids:
        if ids.count(one) > 1:
            raise StoryError(f"Two free stories are called {one!r}; give one of them another id.")
    return stories


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object. It is refused if a key comes twice, because the later value would silently win."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise StoryError(
                f"{key!r} comes twice in one place ({', '.join(keys)}); each person is there once."
            )
    return dict(pairs)


def _story(entry: dict[str, Any]) -> FreeStory:
    name, outfits, frames = entry["id"], entry["outfits"], entry["frames"]
    where = f"Free story {name!r}"
    if not frames:
        raise StoryError(f"{where} has no frames; write one.")
    for who, outfit in outfits.items():
        _check(who, BY_NAME, f"{where}: person")
        _check(outfit, BY_NAME[who].wardrobe, f"{where}: outfit of {who}")
    told = []
    for number, frame in enumerate(frames, start=1):
        told.append(_frame(frame, outfits, f"{where}, frame {number}"))
        if "place unsaid" in told[-1].kinds and (number == 1 or told[-2].place != told[-1].place):
            raise StoryError(
                f"{where}, frame {number}: place {told[-1].place!r} is unsaid, yet it is a new one."
            )
    absent = set(outfits) - {who for frame in told for who in frame.who}
    if absent:
        raise StoryError(f"{where} dresses {', '.join(sorted(absent))}, who is in no frame; leave that out.")
    return FreeStory(name, outfits, tuple(told))


def _frame(entry: dict[str, Any], outfits: Mapping[str, str], where: str) -> FreeFrame:
    does, nearest, kinds = entry["does"], entry.get("nearest", {}), tuple(entry["kinds"])
    _check(entry["place"], PLACES, f"{where}: place")
    if len(does) not in MIDDLES:
        raise StoryError(f"{where} shows {len(does)} people; a frame has 1 to {max(MIDDLES)}.")
    for who, action in does.items():
        _check(who, outfits, f"{where}: person")
        if action is not None:
            _check(action, ACTIONS, f"{where}: action of {who}")
    for who, pose in nearest.items():
        _check(who, [one for one, action in does.items() if action is None], f"{where}: nearest pose for")
        _check(pose, ACTIONS, f"{where}: nearest pose of {who}")
    for kind in kinds:
        _check(kind, KINDS, f"{where}: kind")
    if len({"past", "present"} & set(kinds)) != 1 or len(set(kinds)) < len(kinds):
        raise StoryError(f"{where}: kinds {', '.join(kinds)}; give each once, and one of past and present.")
    text = clean_caption(entry["text"], what=where)
    return FreeFrame(text, entry["place"], does, nearest, kinds)


def _check(value: str, known: Any, what: str) -> None:
    if value not in known:
        raise StoryError(f"{what} {value!r} is unknown; use one of {', '.join(known) or 'nobody'}.")
