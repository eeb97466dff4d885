"""What a pipeline says it can draw: its words, and the optional entries of cast.json.

Those are "places", "actions", "example", "peopled" and "anybody". Imports neither torch nor Gradio. All of them are
suggestions, so what does not fit is left out instead of refused; `storyboard.studio.cast` checks the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from storyboard.models.place_words import phrases, places_in, read_object
from storyboard.models.reader_folder import FILE as READER_FILE
from storyboard.models.reader_folder import FOLDER as READER
from storyboard.models.reader_folder import WORDS
from storyboard.renderer import MAX_STEPS
from storyboard.story.values import MAX_FRAMES
from storyboard.text.captions import clean_text, find_mentions, find_pronouns, read_sentence
from storyboard.text.forms import first_forms, part_of
from storyboard.text.impersonal import is_impersonal
from storyboard.text.learned_words import lexicon_from
from storyboard.text.lexicon import Lexicon
from storyboard.text.places import Calling, called
from storyboard.text.word_classes import COUNTING, PREPOSITIONS

MAX_EXAMPLE = 180  # characters
MAX_UNKNOWN = 4  # a note names so many words
MAX_SIDE = 4096  # pixels
# How much a picture loses without a word. Most important are deeds and things, then their qualities, then manner.
_RANKS = {"verb": 0, "noun": 0, "foreign": 0, "other": 1, "manner": 2}
_WORD = re.compile(r"[^\W\d_]+")
_END = "</w>"  # how CLIP's tokenizer marks the end of a word
# Words that may be in any sentence and change no picture.
_SMALL_WORDS = frozenset(
    """a an and are as at be but by can do does for from had has have he her hers him his i if in into is it its me my
    no not of off on or our over she so some than that the their them then there they this to too under up us very was
    we were what when where which while who with you your""".split()
)


@dataclass(frozen=True)
class Hints:
    """What a pipeline can draw, and how it reads sentences. Values are empty, 0 or None if they are not known.

    places, actions: phrases that the page offers for a sentence.
    example: a sentence that this pipeline draws well.
    vocabulary: every word that the pipeline has learned as a whole.
    side: width and height of its pictures in pixels.
    reader: cuts a sentence into tokens.
    tokens: how many tokens the text encoder reads; 0 also if sentences are read to their end.
    steps: its number of denoising steps.
    context_frames: how many earlier frames it reads at most; 0: all.
    peopled: whether every picture that it draws shows one of its cast, because every picture it learned from did.
    anybody: whether it can draw everybody who has a look, and not only its own cast.
    styled: whether it can be told a style, and what no picture should show.
    style_pictures: whether it also looks at an example picture of the style.
    aspects: the shapes of picture that it draws; empty if there is only one.
    shows_attention: whether it says where a picture attended to whom.
    judges: whether it says what is wrong with a picture.
    lexicon: what its reader has learned about free wording.
    place_words: other words that its reader knows for the places.
    """

    places: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    example: str = ""
    vocabulary: frozenset[str] = frozenset()
    side: int = 0
    reader: Tokenizer | None = None
    tokens: int = 0
    steps: int = 0
    context_frames: int = 0
    peopled: bool = False
    anybody: bool = False
    styled: bool = False
    style_pictures: bool = False
    aspects: tuple[str, ...] = ()
    shows_attention: bool = True
    judges: bool = True
    lexicon: Lexicon = Lexicon()
    place_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Reads the tables of words now, which takes seconds, and not with the first sentence."""
        self.unknown_words("prepared", ())
        self.lexicon.closest(read_sentence("Somebody jumped in there.", {}), self.calling)

    @cached_property
    def calling(self) -> Calling:
        """What the places are called."""
        return called(self.places, self.place_words)

    def read_part(self, caption: str) -> str:
        """Returns the part of `caption`, cleaned, that this pipeline reads; "" if it reads all of it."""
        text = clean_text(caption)
        offsets = self.reader.encode(text, add_special_tokens=False).offsets if self.reader else []
        return text[: offsets[self.tokens - 1][1]] if len(offsets) > self.tokens > 0 else ""

    def unknown_words(self, caption: str, names: Iterable[str]) -> tuple[str, ...]:
        """Returns words of `caption` that this pipeline never learned, as they are written, at most MAX_UNKNOWN.

        `names` always count as known. Deeds and things come first, then their qualities, then manner. The result is ()
        if the pipeline has no vocabulary.
        """
        if not self.vocabulary:
            return ()
        known = {word.casefold() for name in names for word in _WORD.findall(name)}
        words = dict.fromkeys(_WORD.findall(clean_text(caption)))
        unknown = [word for word in words if not self._knows(word.casefold(), known)]
        return tuple(sorted(unknown, key=lambda word: _RANKS[part_of(word.casefold())])[:MAX_UNKNOWN])

    def shows_somebody_uninvited(self, caption: str, names: Mapping[str, Sequence[str]]) -> bool:
        """Returns whether the picture of `caption` shows one of the cast though `caption` mentions none of them.

        A mention is a name, an alias or a pronoun. Returns False if the pipeline is not `peopled`.
        """
        text = clean_text(caption)
        if not self.peopled or find_mentions(text, names):
            return False
        return all(is_impersonal(text, pronoun) for pronoun in find_pronouns(text))

    def _knows(self, word: str, names: set[str]) -> bool:
        if len(word) < 3 or word in names or word in _SMALL_WORDS | COUNTING | PREPOSITIONS:
            return True
        # A pipeline that knows "jump" also knows "jumps" and "jumping"; one that knows "quick" also knows "quickly".
        able = (word, word.removesuffix("ly"))
        return word in self.calling or any(self.lexicon.knows(one) or self._is_form(one) for one in able)

    def _is_form(self, word: str) -> bool:
        return not first_forms(word).isdisjoint(self._forms)

    @cached_property
    def _forms(self) -> frozenset[str]:
        return frozenset(form for word in self.vocabulary for form in first_forms(word))


def load_hints(folder: Path) -> Hints:
    """Returns the hints of a pipeline folder. They are empty if the folder gives none."""
    described, settings = (read_object(folder / name) for name in ("cast.json", "model_index.json"))
    learned = read_object(folder / READER / WORDS)
    own = read_object(folder / READER / READER_FILE).get("settings")
    mapper = read_object(folder / READER / "condition_mapper" / "config.json")
    settings |= own if isinstance(own, dict) else {}  # settings for the language model that the folder names
    example = described.get("example")
    places, place_words = places_in(folder)
    return Hints(
        places=places,
        actions=phrases(described.get("actions")),
        example=clean_text(example)[:MAX_EXAMPLE] if isinstance(example, str) else "",
        vocabulary=_vocabulary(read_object(folder / "tokenizer" / "tokenizer.json")),
        # The size that the autoencoder was made for is the size that the pipeline draws.
        side=_number(read_object(folder / "vae" / "config.json").get("sample_size"), MAX_SIDE),
        reader=_reader(folder / "tokenizer" / "tokenizer.json"),
        # A mapper that reads the story's words gets whole sentences.
        tokens=0 if mapper.get("reads_story") is True else _tokens(folder),
        steps=_number(settings.get("steps"), MAX_STEPS),
        context_frames=_number(settings.get("context_frames"), MAX_FRAMES),
        peopled=described.get("peopled") is True,
        anybody=described.get("anybody") is True,
        lexicon=lexicon_from(learned),
        place_words=place_words,
    )


def _number(value: object, most: int) -> int:
    """Returns the value if it is a whole number from 1 to `most`, otherwise 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else 0


def _reader(path: Path) -> Tokenizer | None:
    try:
        reader = Tokenizer.from_file(str(path))
    except Exception:  # the library raises a plain Exception for missing and damaged files
        return None
    reader.no_truncation()
    reader.no_padding()
    return reader


def _tokens(folder: Path) -> int:
    """Returns how many tokens the text encoder reads, without the start and end tokens; 0 if that is not known."""
    limits = (
        read_object(folder / "tokenizer" / "tokenizer_config.json").get("model_max_length"),
        read_object(folder / "text_encoder" / "config.json").get("max_position_embeddings"),
    )
    known = [limit for limit in limits if isinstance(limit, int)]
    return max(min(known) - 2, 0) if known else 0


def _vocabulary(tokenizer: dict) -> frozenset[str]:
    """Returns the whole words of a byte-pair tokenizer.

    Words that were frequent in its training are tokens of their own.
    """
    model = tokenizer.get("model")
    tokens = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(tokens, dict):
        return frozenset()
    whole = (token.removesuffix(_END) for token in tokens if token.endswith(_END))
    return frozenset(word.casefold() for word in whole if word.isalpha() and len(word) > 2)
