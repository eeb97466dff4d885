"""What the words of a story alone say about a frame, for a mapper that reads them: who may be there, and doing what.

Uses words only. Knows no condition and no picture, and of a portrait only the vector by which a mapper points at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from storyboard.models.prompt_tokens import Told
from storyboard.pipeline.features import Kept
from storyboard.renderer import CastMember
from storyboard.text.allowed import whom_words_allow, whom_words_rule_out, whom_words_show
from storyboard.text.candidates import read_for
from storyboard.text.captions import mentioned_names
from storyboard.text.lexicon import Doing, Lexicon
from storyboard.text.preferences import meant_by_words

KEPT_SENTENCES = 64


class AllowedPeople:
    """The people whom the words of a sentence allow.

    Results are cached, so redrawing and checking do not read them again.
    """

    def __init__(self) -> None:
        self._kept = Kept(KEPT_SENTENCES)

    def by_words(
        self, caption: str, told: Sequence[str], cast: Sequence[CastMember]
    ) -> tuple[frozenset[str] | None, frozenset[str]]:
        """Returns the people whom the words allow, or None if they leave that open, and the people whom they rule out.

        told: the sentences before it.
        """

        def compute() -> tuple[frozenset[str] | None, frozenset[str]]:
            sentence, earlier = read_for(cast, caption, told)
            allowed = whom_words_allow(sentence, cast, earlier)
            return allowed, whom_words_rule_out(sentence, cast, earlier) if allowed is None else frozenset()

        people = [(member.name, member.aliases, member.pronoun) for member in cast]
        return self._kept.get((caption, tuple(told), *people), compute)

    def at_most(
        self, places: int, caption: str, told: Sequence[str], cast: Sequence[CastMember]
    ) -> list[CastMember]:
        """Returns the people at whom a pointing mapper may point, at most `places`.

        Those are the people whom the words allow, or if that is open, all whom they do not rule out. People who are
        named come first. The mapper's most frequent mistake is to read somebody else into "She waves", and the words
        can prevent that.
        """
        if not places:
            return []
        allowed, ruled_out = self.by_words(caption, told, cast)
        able = [one for one in cast if one.name not in ruled_out and (allowed is None or one.name in allowed)]
        named = named_in([*told, caption], cast) if len(able) > places else set()
        first = sorted(able, key=lambda member: member.name not in named)[:places]
        kept = {member.name for member in first}
        return [member for member in able if member.name in kept]


def told_of(
    caption: str,
    earlier: Sequence[str],
    cast: Sequence[CastMember],
    lexicon: Lexicon,
    vectors: Sequence[torch.Tensor],
) -> Told:
    """Returns what a mapper is told of a caption.

    vectors: for each of the cast, the vector (D,) by which it is pointed at.
    """
    shown: frozenset[str] = frozenset()
    found: Mapping[str, Doing] = {}
    if cast:
        sentence, before = read_for(cast, caption, earlier)
        meant = meant_by_words(sentence, cast, before)
        shown = whom_words_show(sentence, meant)
        found = lexicon.doing_of(sentence, meant)
    doing = [found.get(member.name, Doing((), "")) for member in cast]
    return Told(
        caption,
        tuple((member.name, *member.aliases) for member in cast),
        tuple(member.pronoun for member in cast),
        torch.stack(list(vectors)) if vectors else None,
        tuple(member.name in shown for member in cast),
        tuple(one.deed for one in doing),
        tuple(lexicon.captioned(one.deed, one.clause) for one in doing),
    )


def names_of(cast: Sequence[CastMember]) -> dict[str, tuple[str, ...]]:
    """Returns each name with its aliases, as `storyboard.text.captions` takes them."""
    return {member.name: member.aliases for member in cast}


def named_in(captions: Sequence[str], cast: Sequence[CastMember]) -> set[str]:
    """Returns the cast members whom any of these captions mentions."""
    names = names_of(cast)
    return {name for caption in captions for name in mentioned_names(caption, names)}
