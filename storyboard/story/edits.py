"""Every edit of the frames of a story. An edit is a function from a story to the story after it.

Imports neither torch nor Gradio, and knows neither pictures nor sessions. Undo works because the old story stays as it
was. An edit that does not fit raises a StoryError. Edits of the cast are in `cast_edits.py`, those of the story as a
whole in `story_edits.py`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Literal

from storyboard.errors import StoryError
from storyboard.story.inputs import inputs_of
from storyboard.story.values import (
    MAX_FRAMES,
    MAX_SEED,
    Frame,
    Story,
    Take,
    new_id,
)
from storyboard.text.board_notes import BoardNotes, changed_notes
from storyboard.text.captions import (
    Binding,
    clean_caption,
    clean_text,
    find_pronouns,
    listed,
    mentioned_names,
    read_sentence,
    resolve,
)
from storyboard.text.places import Calling, is_about_place, place_said, wordings_for
from storyboard.text.presence import those_there
from storyboard.text.sentences import check_everyone_known, check_pronouns
from storyboard.text.wordings import MAX_WORDINGS, Wording, check_wording, reworded, still_fitting

Presence = Literal["in", "out", "auto"]


def insert(
    story: Story,
    captions: Sequence[str],
    after: str | None = None,
    before: str | None = None,
    boards: Sequence[BoardNotes] = (),
) -> tuple[Story, tuple[Frame, ...]]:
    """Returns the story with a new frame for each of these sentences, and the new frames.

    The new frames stand after or before a given frame, or else at the end. If one sentence is refused, none is
    inserted.

    `boards`: the board notes of the sentences, in the same order. Sentences beyond its end get none.
    """
    if after is not None and before is not None:
        raise StoryError("A frame goes after one frame or before one; give only one of the two.")
    if not captions:
        raise StoryError("There is no sentence to add; write one for every frame.")
    number = len(story.frames) + 1
    if after is not None:
        number = story.frame_number(after) + 1
    elif before is not None:
        number = story.frame_number(before)
    if len(story.frames) + len(captions) > MAX_FRAMES > len(story.frames) and len(captions) > 1:
        raise StoryError(
            f"These are {len(captions)} frames and the story has room for {MAX_FRAMES - len(story.frames)};"
            " leave some out or start another story with them."
        )
    inserted = []
    for place, (caption, board) in enumerate(zip_longest(captions, boards[: len(captions)]), start=number):
        frame = Frame(new_id(), _checked(story, caption, place), board=board or BoardNotes())
        story = story.with_frame(frame, place)
        inserted.append(frame)
    return story, tuple(inserted)


def edit(
    story: Story, frame_id: str, caption: str, base: str | None = None, places: Calling | None = None
) -> Story:
    """Returns the story with another sentence for a frame. The frame keeps its takes.

    `base`: the sentence that the writer started from. If the frame has yet another sentence by now, the edit is refused
    with a StoryError, so that nobody overwrites somebody else's words. `places`: what the places of the pipeline are
    called. If the new sentence says another place than the old one, the place that the writer had set for the frame is
    dropped.
    """
    frame, number = story.frame(frame_id), story.frame_number(frame_id)
    cleaned = clean_caption(caption, what=f"Frame {number}")
    if base is not None and frame.caption not in (clean_text(base), cleaned):
        raise StoryError(
            f'Frame {number} was changed elsewhere meanwhile and now says "{frame.caption}"; copy your words, then edit'
            " it again from there."
        )
    bindings = _still_fitting(frame.bindings, cleaned)
    wordings = still_fitting(frame.wordings, cleaned)
    if places and place_said(frame.caption, places) != place_said(cleaned, places):
        wordings = tuple(one for one in wordings if not is_about_place(one, places))
    caption = _checked(story, cleaned, number, bindings)
    return story.with_changed_frame(replace(frame, caption=caption, bindings=bindings, wordings=wordings))


def duplicate(story: Story, frame_id: str) -> tuple[Story, Frame]:
    """Returns the story with a copy of a frame right after it, and that copy.

    The copy has the sentence and settings of the frame and the picture on the board. It is unlocked.
    """
    frame = story.frame(frame_id)
    takes = (replace(frame.take, id=new_id()),) if frame.take else ()
    chosen = takes[0].id if takes else None
    copy = replace(frame, id=new_id(), takes=takes, chosen=chosen, locked=False)
    return story.with_frame(copy, story.frame_number(frame_id) + 1), copy


def move(story: Story, frame_id: str, number: int) -> Story:
    """Returns the story in which a frame is frame `number`; the other frames close the gap."""
    frame = story.frame(frame_id)
    if not _is_whole(number, 1, len(story.frames)):
        raise StoryError(
            f"Frame {story.frame_number(frame_id)} cannot become frame {number}; choose 1 to {len(story.frames)}."
        )
    return story.without_frame(frame_id).with_frame(frame, number)


def lock(story: Story, frame_id: str, locked: bool) -> Story:
    """Returns the story in which a frame is locked or unlocked. Bulk changes leave locked frames out."""
    return story.with_changed_frame(replace(story.frame(frame_id), locked=bool(locked)))


def note(
    story: Story,
    frame_id: str,
    shot: str | None = None,
    dialogue: str | None = None,
    notes: str | None = None,
    seconds: object = None,
) -> Story:
    """Returns the story in which a frame has other board notes: shot, dialogue, notes or seconds.

    `board_notes.changed_notes` says which values are allowed. None leaves a note as it is.
    """
    frame = story.frame(frame_id)
    board = changed_notes(frame.board, shot, dialogue, notes, seconds)
    return story.with_changed_frame(replace(frame, board=board))


def see(story: Story, frame_id: str, count: int | None) -> Story:
    """Returns the story in which a frame reads `count` frames before it.

    None stands for all, 0 for none (a new scene), k for the last k.
    """
    frame = story.frame(frame_id)
    if count is not None and not _is_whole(count, 0, MAX_FRAMES):
        raise StoryError(
            f"Frame {story.frame_number(frame_id)} cannot see {count} frames; choose 0 to {MAX_FRAMES}, or all."
        )
    return story.with_changed_frame(replace(frame, sees=count))


def keep_seed(story: Story, frame_id: str, seed: int | None) -> Story:
    """Returns the story in which a frame is always drawn with that seed.

    If it is None, the seed follows from the picture on the board, or else from the frame's place.
    """
    frame = story.frame(frame_id)
    if seed is not None and not _is_whole(seed, 0, MAX_SEED):
        number = story.frame_number(frame_id)
        raise StoryError(f"Frame {number} has the seed {seed}; use a whole number from 0 to {MAX_SEED}.")
    return story.with_changed_frame(replace(frame, seed=seed))


def use_portrait(story: Story, frame_id: str, name: str, portrait_id: str | None) -> Story:
    """Returns the story in which a character wears that portrait in one frame.

    None: the portrait it wears elsewhere.
    """
    frame, character = story.frame(frame_id), story.character(name)
    others = tuple(pair for pair in frame.portraits if pair[0] != character.name)
    if portrait_id is not None:
        others += ((character.name, character.find_portrait(portrait_id).id),)
    return story.with_changed_frame(replace(frame, portraits=others))


def include(story: Story, frame_id: str, name: str, presence: Presence) -> Story:
    """Returns the story in which a character is shown in a frame, kept out of it, or left to the sentence.

    `presence` is "in", "out" or "auto" for these.
    """
    frame, name = story.frame(frame_id), story.character(name).name
    if presence not in ("in", "out", "auto"):
        raise StoryError(f'{name} can be "in", "out" or "auto" in a frame; choose one of these.')
    included = tuple(one for one in frame.included if one != name)
    excluded = tuple(one for one in frame.excluded if one != name)
    if presence == "in":
        included += (name,)
    elif presence == "out":
        excluded += (name,)
    return story.with_changed_frame(replace(frame, included=included, excluded=excluded))


def rebind(story: Story, frame_id: str, occurrence: int, names: Iterable[str] | None) -> Story:
    """Returns the story in which pronoun number `occurrence` (from 0) of a frame's sentence stands for `names`.

    If `names` is None, the model decides.
    """
    frame, number = story.frame(frame_id), story.frame_number(frame_id)
    pronouns = find_pronouns(frame.caption)
    if not _is_whole(occurrence, 0, len(pronouns) - 1):
        raise StoryError(
            f"Frame {number} has {len(pronouns)} pronouns and no other one to bind; choose one of these."
        )
    bindings = tuple(one for one in frame.bindings if one.occurrence != occurrence)
    if names is not None:
        word = pronouns[occurrence].word
        people = tuple(dict.fromkeys(story.character(name).name for name in names))
        if not people:
            raise StoryError(
                f'Say whom "{word}" in frame {number} stands for; choose one or more of the cast.'
            )
        bindings += (Binding(word, occurrence, people),)
    changed = replace(frame, bindings=tuple(sorted(bindings, key=lambda one: one.occurrence)))
    return story.with_changed_frame(changed)


def draw_as(story: Story, frame_id: str, written: str, drawn: str | None) -> Story:
    """Returns the story in which `drawn` is drawn in place of the words `written` of a frame's sentence.

    The sentence itself stays as it is. If `drawn` is None, the words are drawn as they are written.
    """
    frame, number = story.frame(frame_id), story.frame_number(frame_id)
    wordings = tuple(one for one in frame.wordings if one.written != clean_text(written))
    if drawn is not None:
        wording = check_wording(written, drawn)
        if not wording.written or not still_fitting((wording,), frame.caption):
            raise StoryError(
                f'Frame {number} does not say "{wording.written}"; choose words of its sentence.'
            )
        named = mentioned_names(f"{wording.written}. {wording.drawn}", story.names)
        if named:
            raise StoryError(f"{named[0]} is one of the cast; say who is in frame {number} at its chips.")
        wordings += (wording,)
    return _with_wordings(story, frame, wordings)


def set_place(story: Story, frame_id: str, place: str | None, places: Calling) -> Story:
    """Returns the story in which a frame is at that place, whatever its sentence and earlier frames say.

    If `place` is None, the sentence and the earlier frames decide. `places`: what the places that the pipeline knows
    are called. StoryError if `place` is none of them.
    """
    frame = story.frame(frame_id)
    others = tuple(one for one in frame.wordings if not is_about_place(one, places))
    if place is None:
        return _with_wordings(story, frame, others)
    if place not in places.values():
        known = f"choose one of these: {listed(dict.fromkeys(places.values()))}." if places else ""
        raise StoryError(
            f'This model knows no place called "{clean_text(place)[:40]}"; {known or "write it into the sentence."}'
        )
    return _with_wordings(story, frame, (*others, *wordings_for(place, frame.caption, places)))


def choose_take(story: Story, frame_id: str, take_id: str) -> Story:
    """Returns the story with an earlier take of a frame on the board again.

    The take's sentence, the people its pronouns were bound to and, if the frame keeps a seed, its seed come back with
    it.
    """
    frame = story.frame(frame_id)
    take = next((one for one in frame.takes if one.id == take_id), None)
    if take is None:
        number = story.frame_number(frame_id)
        raise StoryError(f"Frame {number} has no such take; choose one of its {len(frame.takes)}.")
    bindings = _bindings_of(story, take, ("writer",))
    drawn = reworded(take.caption, take.wordings)
    bound = resolve(drawn, _bindings_of(story, take, ("writer", "words")), story.names)
    present = those_there(read_sentence(bound, story.names))
    shown = those_there(read_sentence(take.text, story.names))
    included = tuple(name for name in shown if name not in present)
    chosen = replace(
        frame,
        chosen=take.id,
        caption=take.caption,
        seed=None if frame.seed is None else take.seed,
        bindings=bindings,
        included=included,
        excluded=tuple(name for name in frame.excluded if name not in included),
        wordings=take.wordings,
    )
    return story.with_changed_frame(chosen)


def _bindings_of(story: Story, take: Take, by: Container[str]) -> tuple[Binding, ...]:
    """Returns the bindings of a take's pronouns that were made by one of `by`.

    Bindings to people who have left the cast are not among them.
    """
    places = {one.start: number for number, one in enumerate(find_pronouns(take.caption))}
    return tuple(
        Binding(one.word, places[one.start], one.names)
        for one in take.readings
        if one.by in by and one.start in places and all(name in story.names for name in one.names)
    )


def _with_wordings(story: Story, frame: Frame, wordings: tuple[Wording, ...]) -> Story:
    if len(wordings) > MAX_WORDINGS:
        number = story.frame_number(frame.id)
        raise StoryError(f"Frame {number} has {MAX_WORDINGS} words drawn otherwise, the most; write it anew.")
    return story.with_changed_frame(replace(frame, wordings=wordings))


def _still_fitting(bindings: Iterable[Binding], caption: str) -> tuple[Binding, ...]:
    """Returns the bindings whose pronoun stands at the same place in the new sentence."""
    words = [pronoun.word for pronoun in find_pronouns(caption)]
    return tuple(one for one in bindings if words[one.occurrence : one.occurrence + 1] == [one.word])


def _checked(story: Story, caption: str, number: int, bindings: Iterable[Binding] = ()) -> str:
    """Returns the cleaned sentence of frame `number`. StoryError if it cannot be drawn."""
    cleaned = clean_caption(caption, what=f"Frame {number}")
    inputs, names = inputs_of(story), story.names
    check_everyone_known(inputs.read(cleaned), number, names)
    earlier = (inputs.read(inputs.text(frame)) for frame in story.frames[: number - 1])
    check_pronouns(inputs.read(resolve(cleaned, bindings, names)), number, names, earlier)
    return cleaned


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
