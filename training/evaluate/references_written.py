"""How often words alone tell whom a pronoun means: `python -m training.evaluate.references_written [--json FILE]`.

The sentences are in `pronoun_sentences.py`. Each frame reads the frames before it with names in place of the pronouns
that the rules read there, as the app's later frames do. An answer is the likeliest reading. Nobody is also an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from storyboard.disk.durable import write_json
from storyboard.text.captions import Binding, ReadSentence, read_sentence, resolve
from storyboard.text.preferences import ranked
from training.configs.arguments import parsed
from training.evaluate.pronoun_sentences import PRONOUNS, STORIES

_MARKED = re.compile(r"(\w+)\{([\w+]*)\}")


@dataclass
class WrittenArguments:
    json: str = field(default="", metadata={"help": "file of the scores"})
    every: bool = field(default=False, metadata={"help": "print the right answers too"})


@dataclass(frozen=True)
class CastName:
    """A person of the cast, in the form that the rules need."""

    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """A pronoun of the sentences, and how it was read. `read` and `sure` are () and 0 if it was read as nobody."""

    kind: str
    unseen: bool  # scored only when the rules were finished
    frame: str
    word: str
    answer: frozenset[str]
    read: frozenset[str]
    sure: float

    @property
    def right(self) -> bool:
        return self.answer == self.read


CAST = tuple(CastName(name, pronoun) for name, pronoun in PRONOUNS.items())
NAMES = {one.name: one.aliases for one in CAST}


def reads() -> Iterator[Read]:
    """Yields every marked pronoun of the sentences, in their order."""
    for kind, lines in STORIES.items():
        unseen = False
        for line in filter(None, map(str.strip, lines.splitlines())):
            if line == "--":
                unseen = True
            else:
                yield from _story(kind, unseen, line)


def _story(kind: str, unseen: bool, line: str) -> Iterator[Read]:
    told: list[ReadSentence] = []
    for marked in line.split(" / "):
        text, answers = _unmarked(marked)
        sentence = read_sentence(text, NAMES)
        likely = ranked(sentence, CAST, told, {})
        bindings = []
        for occurrence, pronoun in enumerate(sentence.pronouns):
            names, sure = likely[pronoun.start][0] if pronoun.start in likely else ((), 0.0)
            if names:
                bindings.append(Binding(pronoun.word, occurrence, names, sure))
            if pronoun.start in answers:
                answer = answers[pronoun.start]
                yield Read(kind, unseen, line, pronoun.word, answer, frozenset(names), sure)
        told.append(read_sentence(resolve(text, bindings, NAMES), NAMES))


def _unmarked(marked: str) -> tuple[str, dict[int, frozenset[str]]]:
    """The sentence without its answers, and the answers by the positions of their pronouns."""
    text, answers, last = "", {}, 0
    for match in _MARKED.finditer(marked):
        text += marked[last : match.start()]
        answers[len(text)] = frozenset(filter(None, match.group(2).split("+")))
        text += match.group(1)
        last = match.end()
    return text + marked[last:], answers


def score(found: list[Read]) -> dict[str, float | int]:
    """Returns how many pronouns were read right, and the confidence of the surest wrong reading."""
    right = sum(one.right for one in found)
    wrong = [one.sure for one in found if not one.right]
    return {
        "right": right,
        "of": len(found),
        "value": 100 * right / len(found),
        "surest wrong": 100 * max(wrong, default=0.0),
    }


def main(argv: list[str] | None = None) -> None:
    args = parsed(WrittenArguments, argv)
    found = list(reads())
    for one in found:
        if args.every or not one.right:
            said = "+".join(sorted(one.read)) or "nobody"
            print(
                f"{'right' if one.right else 'WRONG'} {one.frame}: {one.word} = {said} {100 * one.sure:.0f} %"
            )
    report = {kind: score([one for one in found if one.kind == kind]) for kind in STORIES}
    report |= {
        "at hand": score([one for one in found if not one.unseen]),
        "unseen": score([one for one in found if one.unseen]),
        "all": score(found),
    }
    for name, scored in report.items():
        told = f"{scored['right']:3} of {scored['of']:3} = {scored['value']:5.1f} %"
        print(f"{name:30} {told}, surest wrong {scored['surest wrong']:.0f} %")
    if args.json:
        write_json(Path(args.json), report | {"reads": [_plain(one) for one in found]})


def _plain(one: Read) -> dict:
    return asdict(one) | {"answer": sorted(one.answer), "read": sorted(one.read), "right": one.right}


if __name__ == "__main__":
    main()
