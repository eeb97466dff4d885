"""Whom the words of short stories let a picture show: the score on written stories, and rules that must hold.

The stories are ours. Each frame has its truth in braces: exactly the people of whom it speaks as present. Lines behind
"--" of a kind were written together with the others, before the rules, but scored only after the rules were finished.
"""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.story.values import Character, Portrait, new_story
from storyboard.studio.session import StorySession
from storyboard.text.allowed import whom_words_allow, whom_words_rule_out
from storyboard.text.candidates import read_for
from storyboard.text.captions import read_sentence
from storyboard.text.presence import those_there, with_added
from tests.fakes import FlatRenderer

OURS = Path(__file__).parent.parent / "assets" / "maple-lane" / "cast.json"
STORIES = Path(__file__).with_name("shown_stories.txt")
INVENTED = {"Amara": "she", "Felix": "he", "Ingrid": "she", "Tobias": "he", "Biscuit": "it", "Robin": "they"}
_FRAME = re.compile(r"(?:^|/ )(.*?) \{(.*?)\}")


def stories(half: str) -> list[list[tuple[str, set[str]]]]:
    """Returns the stories of both halves of every kind: each frame's text, and whom it shows."""
    found, now = [], "seen"
    for line in STORIES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") or line == "--":
            now = "unseen" if line == "--" else "seen"
        elif now == half:
            found.append([(text, set(filter(None, who.split(", ")))) for text, who in _FRAME.findall(line)])
    return found


def cast_of(people: set[str], pictures: PictureStore) -> tuple[Character, ...]:
    """Returns the invented people if these are among them, otherwise the bundled cast with its aliases."""
    key = pictures.put(Image.new("RGB", (8, 8), "teal"))
    told = [(name, pronoun, ()) for name, pronoun in INVENTED.items()]
    if people.isdisjoint(INVENTED):
        bundled = json.loads(OURS.read_text(encoding="utf-8"))["characters"]
        told = [(one["name"], one["pronoun"], tuple(one["aliases"])) for one in bundled]
    return tuple(Character(*one, (Portrait(f"{one[0]}-a", "a", key),), f"{one[0]}-a") for one in told)


def as_read(frames, pictures):
    """Yields for each frame whom its words allow and whom it really shows, with the story told like on the board."""
    renderer = FlatRenderer(steps=1)
    cast = cast_of(set().union(*(truth for _, truth in frames)), pictures)
    session = StorySession(new_story(cast), renderer, pictures)
    for text, truth in frames:
        list(session.draw(session.add(text).id, seed=1))
        request = renderer.requests[-1]
        told = [one.caption for one in request.history]
        sentence, earlier = read_for(request.cast, request.resolved or request.caption, told)
        yield whom_words_allow(sentence, request.cast, earlier), truth


@pytest.mark.parametrize(
    ("half", "exact", "decided", "lost"), [("seen", 0.95, 0.95, 0), ("unseen", 0.88, 0.95, 2)]
)
def test_the_words_of_written_stories_allow_just_those_whom_they_show(half, exact, decided, lost, tmp_path):
    """Of 305 decided frames in a writer's own words, 61 allowed people who had gone, were thought of, or owned a coat.

    The reader then drew these people.
    """
    pictures = PictureStore(tmp_path)
    read = [one for frames in stories(half) for one in as_read(frames, pictures)]
    known = [(allowed, truth) for allowed, truth in read if allowed is not None]
    assert len(read) > 100
    assert len(known) >= decided * len(read)
    assert sum(allowed == truth for allowed, truth in known) >= exact * len(known)
    # Frames in which somebody is missing.
    assert sum(not allowed >= truth for allowed, truth in known) <= lost


@pytest.mark.parametrize(
    ("earlier", "sentence", "allowed"),
    [
        # people who have gone or are elsewhere, and people who are just going
        ([], "When Otto and Juno have gone home, Nana reads on.", {"Nana"}),
        ([], "Otto goes home and Nana reads on.", {"Otto", "Nana"}),
        ([], "Otto has gone to the window and waves to Nana.", {"Otto", "Nana"}),
        ([], "Milo is asleep at home while Rosa dances.", {"Rosa"}),
        ([], "Milo is asleep while Rosa dances.", {"Milo", "Rosa"}),
        ([], "Rosa has gone home.", {"Rosa"}),  # nobody else is there, so it is about her
        ([], "Milo does not dance.", {"Milo"}),
        (["Rosa and Milo wave."], "Once he has left, she reads.", {"Rosa"}),
        # people who are left out
        ([], "Milo dances without Rosa.", {"Milo"}),
        ([], "Milo never dances without Rosa.", {"Milo", "Rosa"}),
        ([], "Pip creeps past without Nana noticing.", {"Pip", "Nana"}),
        # people who are only talked about, thought of or awaited
        ([], "Rosa misses Nana.", {"Rosa"}),
        ([], "Rosa misses Pip, but there he is with a cake.", {"Rosa", "Pip"}),
        ([], "Rosa tells Milo about Nana.", {"Rosa", "Milo"}),
        ([], "Rosa waits for Milo.", {"Rosa"}),
        ([], "Rosa waits for Milo to finish.", {"Rosa", "Milo"}),
        ([], "“Milo is late,” says Nana.", {"Nana"}),
        ([], "“Sit down, Milo,” says Nana.", {"Milo", "Nana"}),
        ([], "Rosa hangs up a picture of Otto.", {"Rosa"}),
        ([], "Rosa takes a picture of Otto.", {"Rosa", "Otto"}),
        # things and owners
        (["Rosa and Juno pick apples."], "Otto washes them.", {"Otto"}),
        (["Rosa and Juno pick apples."], "Otto greets them.", {"Otto", "Rosa", "Juno"}),
        ([], "Pip wears Otto's coat.", {"Pip"}),
        ([], "Pip sits on Otto's knees.", {"Pip", "Otto"}),
        (["Nana and Rosa sit at the table."], "Nana opens her purse.", {"Nana"}),
        (["Nana and Rosa sit at the table."], "Nana takes her hand.", {"Nana", "Rosa"}),
    ],
)
def test_whom_a_sentence_shows(earlier, sentence, allowed, tmp_path):
    cast = cast_of({"Rosa"}, PictureStore(tmp_path))
    read, told = read_for(cast, sentence, earlier)
    assert whom_words_allow(read, cast, told) == allowed


def test_who_has_gone_is_ruled_out_where_the_rest_is_left_open(tmp_path):
    cast = cast_of({"Rosa"}, PictureStore(tmp_path))
    read, told = read_for(cast, "When Rosa has gone home, the two painters eat.", ["Rosa and Juno paint."])
    assert whom_words_allow(read, cast, told) is None
    assert whom_words_rule_out(read, cast, told) == {"Rosa"}


def test_who_is_said_to_be_away_has_no_chip_and_can_be_added_all_the_same():
    """A chip could not add them to the picture, because everybody who was named counted as present."""
    names = {"Rosa": (), "Milo": ()}
    caption = "When Milo has left, Rosa washes the bowls."
    assert those_there(read_sentence(caption, names)) == ("Rosa",)
    assert those_there(read_sentence("Milo has left.", names)) == ("Milo",)
    added = with_added(caption, ("Milo", "Rosa"), names)
    assert added == "When Milo has left, Rosa washes the bowls, with Milo."
    assert those_there(read_sentence(added, names)) == ("Milo", "Rosa")
