"""What a pipeline says it can draw: its words, and the optional "places", "actions", "example", "peopled", "anybody"
of cast.json.

Knows neither torch nor gradio. All of it is suggestions, so what does not fit is left out instead of refused;
`storyboard.studio.cast` is the one that checks the file.
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
MAX_UNKNOWN = 4  # words a note names
MAX_SIDE = 4096  # pixels
# How much a picture lacks without a word: what is done and things, then what they are like, then how it is done.
_RANKS = {"verb": 0, "noun": 0, "foreign": 0, "other": 1, "manner": 2}
_WORD = re.compile(r"[^\W\d_]+")
_END = "</w>"  # how CLIP's tokenizer marks the end of a word
# Words that every sentence may have and that change no picture.
_SMALL_WORDS = frozenset(
    """a an and are as at be but by can do does for from had has have he her hers him his i if in into is it its me my
    no not of off on or our over she so some than that the their them then there they this to too under up us very was
    we were what when where which while who with you your""".split()
)


@dataclass(frozen=True)
class Hints:
    """Words that write themselves into a sentence, and one sentence this pipeline draws well (or "").

    `vocabulary` is every word the pipeline has learned as a whole; empty where that is not known. `side` is how many
    pixels wide and high its pictures are, `steps` in how many steps it draws them; 0 where that is not known. `reader`
    cuts a sentence into the tokens of which the text encoder reads `tokens`; None where that is not known, and 0 where
    sentences are read to their end.
    `context_frames` is how many earlier frames it reads at most; 0 for as many as there are. `peopled`: every picture
    it learned from shows one of its cast, and so does every picture it draws. `anybody`: it has learned to draw whoever
    has a look, not its cast alone. `styled`: it can be told a style and what no picture is to show; `style_pictures`:
    it looks at an example of the style, too; `aspects`: the shapes of picture it draws, none where there is only one.
    `shows_attention`: it says where a picture looked at whom; `judges`: and what is wrong with one.
    `lexicon`: what its reader has learned of free wording, `place_words` what else the
    places are called there.
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
        """Read the tables of words now, which takes seconds, rather than with the first sentence."""
        self.unknown_words("prepared", ())
        self.lexicon.closest(read_sentence("Somebody jumped in there.", {}), self.calling)

    @cached_property
    def calling(self) -> Calling:
        """What the places are called."""
        return called(self.places, self.place_words)

    def read_part(self, caption: str) -> str:
        """As much of `caption` as this pipeline reads; "" where that is all of it.

        Returns the caption in clean form, up to there.
        """
        text = clean_text(caption)
        offsets = self.reader.encode(text, add_special_tokens=False).offsets if self.reader else []
        return text[: offsets[self.tokens - 1][1]] if len(offsets) > self.tokens > 0 else ""

    def unknown_words(self, caption: str, names: Iterable[str]) -> tuple[str, ...]:
        """Words of `caption` this pipeline never learned, as written, at most MAX_UNKNOWN; `names` are known anyway.

        What is done, and things, come first, then what they are like, then how it is done.
        Returns none where the pipeline has no vocabulary.
        """
        if not self.vocabulary:
            return ()
        known = {word.casefold() for name in names for word in _WORD.findall(name)}
        words = dict.fromkeys(_WORD.findall(clean_text(caption)))
        unknown = [word for word in words if not self._knows(word.casefold(), known)]
        return tuple(sorted(unknown, key=lambda word: _RANKS[part_of(word.casefold())])[:MAX_UNKNOWN])

    def shows_somebody_uninvited(self, caption: str, names: Mapping[str, Sequence[str]]) -> bool:
        """Whether `caption` speaks of none of the cast, by name, alias or pronoun, and its picture shows one.

        Returns False where the pipeline is not `peopled`.
        """
        text = clean_text(caption)
        if not self.peopled or find_mentions(text, names):
            return False
        return all(is_impersonal(text, pronoun) for pronoun in find_pronouns(text))

    def _knows(self, word: str, names: set[str]) -> bool:
        if len(word) < 3 or word in names or word in _SMALL_WORDS | COUNTING | PREPOSITIONS:
            return True
        # "jumps" is no news to one who knows "jump", nor "jumping"; and "quickly" none to one who knows "quick".
        able = (word, word.removesuffix("ly"))
        return word in self.calling or any(self.lexicon.knows(one) or self._is_form(one) for one in able)

    def _is_form(self, word: str) -> bool:
        return not first_forms(word).isdisjoint(self._forms)

    @cached_property
    def _forms(self) -> frozenset[str]:
        return frozenset(form for word in self.vocabulary for form in first_forms(word))


def load_hints(folder: Path) -> Hints:
    """The hints of a pipeline folder; empty where it gives none.

    Returns them as one `Hints`.
    """
    described, settings = (read_object(folder / name) for name in ("cast.json", "model_index.json"))
    learned = read_object(folder / READER / WORDS)
    own = read_object(folder / READER / READER_FILE).get("settings")
    mapper = read_object(folder / READER / "condition_mapper" / "config.json")
    settings |= own if isinstance(own, dict) else {}  # of the language model that the folder names
    example = described.get("example")
    places, place_words = places_in(folder)
    return Hints(
        places=places,
        actions=phrases(described.get("actions")),
        example=clean_text(example)[:MAX_EXAMPLE] if isinstance(example, str) else "",
        vocabulary=_vocabulary(read_object(folder / "tokenizer" / "tokenizer.json")),
        # What the autoencoder was made for, which is what the pipeline draws.
        side=_number(read_object(folder / "vae" / "config.json").get("sample_size"), MAX_SIDE),
        reader=_reader(folder / "tokenizer" / "tokenizer.json"),
        # A mapper that reads the story's words is given whole sentences.
        tokens=0 if mapper.get("reads_story") is True else _tokens(folder),
        steps=_number(settings.get("steps"), MAX_STEPS),
        context_frames=_number(settings.get("context_frames"), MAX_FRAMES),
        peopled=described.get("peopled") is True,
        anybody=described.get("anybody") is True,
        lexicon=lexicon_from(learned),
        place_words=place_words,
    )


def _number(value: object, most: int) -> int:
    """A whole number from 1 to `most`; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else 0


def _reader(path: Path) -> Tokenizer | None:
    try:
        reader = Tokenizer.from_file(str(path))
    except Exception:  # the library raises nothing more special, for a missing file and for a damaged one
        return None
    reader.no_truncation()
    reader.no_padding()
    return reader


def _tokens(folder: Path) -> int:
    """Tokens the text encoder reads, without those that start and end a sentence; 0 where that is not known."""
    limits = (
        read_object(folder / "tokenizer" / "tokenizer_config.json").get("model_max_length"),
        read_object(folder / "text_encoder" / "config.json").get("max_position_embeddings"),
    )
    known = [limit for limit in limits if isinstance(limit, int)]
    return max(min(known) - 2, 0) if known else 0


def _vocabulary(tokenizer: dict) -> frozenset[str]:
    """The whole words of a byte-pair tokenizer: one that was frequent in training became a token of its own."""
    model = tokenizer.get("model")
    tokens = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(tokens, dict):
        return frozenset()
    whole = (token.removesuffix(_END) for token in tokens if token.endswith(_END))
    return frozenset(word.casefold() for word in whole if word.isalpha() and len(word) > 2)
