"""Reads ViStoryBench's dataset: stories of shots, and characters with a description and reference pictures.

It is written from the text of the repository ViStoryBench/vistorybench (its READMEs, dataset loader and CIDS evaluator,
from May 2025 on). The dataset itself was not available. The repository says:

- The folders are `NN/story.json` and `NN/image/CHARACTER/*.jpg`.
- Each of the keys below has "en" and "ch".
- A shot names its characters by the English name, which is their key.
- For a shot, the evaluator takes picture number `index` - 1 of a story, in the order of the file names. So every shot
  from 1 on needs a picture.

Uses no model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from storyboard.errors import StoryError
from storyboard.text.captions import clean_text

Language = Literal["en", "ch"]
PLOT, SETTING, CAMERA, CHARACTERS, DESCRIPTION = (
    "Plot Correspondence",
    "Setting Description",
    "Shot Perspective Design",
    "Characters Appearing",
    "Static Shot Description",
)
PICTURES = (".png", ".jpg", ".jpeg")
REMEDY = "get the dataset again"


@dataclass(frozen=True)
class BenchCharacter:
    """A person of a story. `english` is the description in English. `pictures` may be empty."""

    name: str
    description: str
    english: str
    tag: str  # "realistic_human", "unrealistic_human" or "non_human"
    pictures: tuple[Path, ...]


@dataclass(frozen=True)
class BenchShot:
    """One picture to draw. Texts are "" if the dataset leaves them out. index: counted from 1."""

    index: int
    plot: str
    description: str  # what can be seen
    setting: str
    camera: str
    characters: tuple[BenchCharacter, ...]  # who is on stage
    unknown: tuple[str, ...] = ()  # other names of the shot, which the story does not describe


@dataclass(frozen=True)
class BenchStory:
    id: str
    characters: tuple[BenchCharacter, ...]
    shots: tuple[BenchShot, ...]


def read_stories(
    folder: Path, language: Language = "en", wanted: Iterable[str] | None = None
) -> list[BenchStory]:
    """Returns the stories of a dataset folder in order. wanted: the ids of some stories; None for all stories.

    StoryError for a folder with other contents and for a story that cannot be drawn. It names the story and what is
    wrong.
    """
    if not folder.is_dir():
        raise StoryError(
            f"There is no folder {folder}; give the folder of ViStoryBench's stories, 01, 02 and so on."
        )
    there = sorted((one.name for one in folder.iterdir() if one.is_dir() and one.name.isdecimal()), key=int)
    if not there:
        raise StoryError(
            f"{folder} holds no stories called 01, 02 and so on; give the folder that holds them."
        )
    ids = there if wanted is None else list(wanted)
    for one in ids:
        if one not in there:
            raise StoryError(f'{folder} has no story "{one[:20]}"; it has {there[0]} to {there[-1]}.')
    return [_read_story(folder / one, language) for one in ids]


def _read_story(folder: Path, language: Language) -> BenchStory:
    path = folder / "story.json"
    try:
        told = json.loads(path.read_text("utf-8-sig"))  # some files begin with a byte order mark
        characters = {
            clean_text(key): _character(folder, key, one, language) for key, one in told["Characters"].items()
        }
        shots = tuple(_shot(one, number, characters, language) for number, one in enumerate(told["Shots"], 1))
    except FileNotFoundError:
        raise StoryError(f"{path} is missing; {REMEDY}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoryError(f"{path} is damaged; {REMEDY}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise StoryError(f"{path} is no story of ViStoryBench (at {error}); {REMEDY}.") from error
    except StoryError as error:
        raise StoryError(f"{path}: {error}") from error
    if not shots:
        raise StoryError(f"{path} has no shots; {REMEDY}.")
    return BenchStory(folder.name, tuple(characters.values()), shots)


def _character(folder: Path, key: str, told: Mapping[str, Any], language: Language) -> BenchCharacter:
    place = folder / "image" / key
    if not place.resolve().is_relative_to((folder / "image").resolve()):
        raise StoryError(f'the character "{key[:40]}" points out of the folder of pictures; {REMEDY}.')
    files = sorted(one for one in place.rglob("*") if one.suffix.lower() in PICTURES and one.is_file())
    english = _text(told.get("prompt_en"))
    return BenchCharacter(
        _text(told.get(f"name_{language}")) or clean_text(key),
        _text(told.get(f"prompt_{language}")) or english,
        english,
        _text(told.get("tag")),
        tuple(files),
    )


def _shot(
    told: Mapping[str, Any], number: int, characters: Mapping[str, BenchCharacter], language: Language
) -> BenchShot:
    if int(told.get("index", number)) != number:
        raise StoryError(
            f"its shot number {number} has the index {told['index']}, and pictures are told apart by it; {REMEDY}."
        )
    texts = {name: _in(told.get(name), language) for name in (PLOT, SETTING, CAMERA, DESCRIPTION)}
    named = dict.fromkeys(clean_text(one) for one in dict(told.get(CHARACTERS) or {}).get("en", ()))
    if not any((*named, texts[PLOT], texts[DESCRIPTION], texts[SETTING])):
        raise StoryError(f"its shot {number} says nothing in {language!r} that could be drawn; {REMEDY}.")
    return BenchShot(
        number,
        texts[PLOT],
        texts[DESCRIPTION],
        texts[SETTING],
        texts[CAMERA],
        tuple(characters[name] for name in named if name in characters),
        tuple(name for name in named if name not in characters),
    )


def _in(told: Any, language: Language) -> str:
    return _text(told.get(language)) if isinstance(told, Mapping) else ""


def _text(told: Any) -> str:
    return clean_text(told) if isinstance(told, str) else ""


_HE = re.compile(r"\b(?:he|his|him|himself|boy|man|father|king|prince)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|her|hers|herself|girl|woman|mother|queen|princess)\b", re.IGNORECASE)


def pronoun_of(character: BenchCharacter) -> str:
    """Returns the pronoun of a character. The dataset does not give it, so it is read from the English description."""
    he, she = (len(words.findall(character.english)) for words in (_HE, _SHE))
    if he != she:
        return "he" if he > she else "she"
    return "it" if character.tag == "non_human" else "they"
