"""One story while it is written: every edit as one step of undo, saved before it is made.

What the edits do is told in `edits.py`, `cast_edits.py` and `story_edits.py`; here each becomes one step of undo, is
saved, and then replaces the frozen `story` and raises `revision`. An error leaves everything as it was. Safe to call
from several threads: one lock guards the story, and it is held while a change is saved. Knows neither torch nor gradio,
and nothing of drawing. It is one long piece, as it is one class with a short method for every edit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.people import Look
from storyboard.story import cast_edits, edits, story_edits
from storyboard.story.undo import UPDATING, Step, Undoing
from storyboard.story.values import Character, Frame, Portrait, Story, Take
from storyboard.studio.maker import label_of, portrait_of
from storyboard.text.board_notes import BoardNotes
from storyboard.text.places import Calling
from storyboard.text.wordings import Wording, still_fitting

# Called with the story, its revision and the undo and redo steps before a change counts as made; gives the time.
Save = Callable[[Story, int, Sequence[Step], Sequence[Step]], float]


class EditedStory:
    """One story being written.

    `save` is asked to keep every change before it is made; `revision` and `undoing` are what it kept last, for a story
    that is opened again. `places`: what the places that the pipeline knows are called.
    """

    def __init__(
        self,
        story: Story,
        pictures: PictureStore,
        save: Save | None = None,
        revision: int = 0,
        undoing: Undoing | None = None,
        saved_at: float | None = None,
        places: Calling | None = None,
    ) -> None:
        self.pictures = pictures
        self._save = save
        self._story = story
        self._revision = revision
        self._undoing = undoing or Undoing()
        self._saved_at = saved_at
        self._places = places or {}
        self._lock = threading.RLock()

    @property
    def story(self) -> Story:
        """The story as it is now; the value itself never changes."""
        return self._story

    @property
    def revision(self) -> int:
        """Grows by one with every change."""
        return self._revision

    @property
    def saved_at(self) -> float | None:
        """When the latest change was saved, in seconds since 1970; None where nothing is."""
        return self._saved_at

    @property
    def can_undo(self) -> str | None:
        """What `undo` would undo, as a phrase, or None."""
        return self._undoing.can_undo

    @property
    def can_redo(self) -> str | None:
        return self._undoing.can_redo

    def undo(self) -> str:
        """Take the latest change back. Returns what it was, as a phrase: "removing frame 3".

        Takes drawn since then stay.
        """
        with self._lock:
            undoing, story = self._undoing.undone(self._story)
            self._commit(story, undoing)
            return undoing.redo[-1][0]

    def redo(self) -> str:
        """Make the change undone last once more. Returns what it was, as a phrase."""
        with self._lock:
            undoing, story = self._undoing.redone(self._story)
            self._commit(story, undoing)
            return undoing.undo[-1][0]

    def begin_update(self) -> None:
        """One step of undo before all out-of-date pictures are drawn anew; undoing it shows those of now again."""
        with self._lock:
            self._commit(self._story, self._undoing.after(UPDATING, self._story))

    def add(
        self,
        caption: str,
        after: str | None = None,
        before: str | None = None,
        wordings: Iterable[Wording] = (),
    ) -> Frame:
        """Add a frame after or before another, or at the end. Returns the new frame.

        StoryError for a sentence that cannot be drawn.
        wordings: what is drawn in place of its words; those that it does not have change nothing.
        """
        with self._lock:
            story, (frame,) = edits.insert(self._story, [caption], after, before)
            for one in still_fitting(wordings, frame.caption):
                story = edits.draw_as(story, frame.id, one.written, one.drawn)
            self._change(story, f"adding frame {story.frame_number(frame.id)}")
            return story.frame(frame.id)

    def add_many(
        self,
        captions: Sequence[str],
        after: str | None = None,
        before: str | None = None,
        boards: Sequence[BoardNotes] = (),
    ) -> tuple[Frame, ...]:
        """Add several frames in one step: all of them or, for one that cannot be drawn, none. Returns the new frames.

        boards: what stands beside the sentences, in the same order.
        """
        with self._lock:
            story, frames = edits.insert(self._story, captions, after, before, boards)
            self._change(story, f"adding {len(frames)} frames")
            return frames

    def take_in(self, frame: Frame) -> None:
        """A finished frame from elsewhere, its pictures already in the store, at the end of the story."""
        with self._lock:
            number = len(self._story.frames) + 1
            self._change(self._story.with_frame(frame, number), f"adding frame {number}")

    def edit(self, frame_id: str, caption: str, base: str | None = None) -> Frame:
        """Write another sentence for a frame, whose takes stay. Returns the changed frame.

        `base`: the sentence the writer started from.
        StoryError for a sentence that cannot be drawn, and where another one than `base` stands there by now.
        """
        with self._lock:
            story = edits.edit(self._story, frame_id, caption, base, self._places)
            self._change(story, f"changing the sentence of {self._called(frame_id)}")
            return story.frame(frame_id)

    def duplicate(self, frame_id: str) -> Frame:
        """Put a copy of a frame behind it, with its settings and the picture on the board. Returns the copy."""
        with self._lock:
            story, copy = edits.duplicate(self._story, frame_id)
            self._change(story, f"duplicating {self._called(frame_id)}")
            return copy

    def move(self, frame_id: str, number: int) -> None:
        """Make a frame the `number`-th of the story."""
        with self._lock:
            story = edits.move(self._story, frame_id, number)
            self._change(story, f"moving {self._called(frame_id)} to {number}")

    def remove(self, frame_id: str) -> Frame:
        """Take a frame out of the story. Returns that frame; `undo` brings it back with all its takes."""
        with self._lock:
            frame = self._story.frame(frame_id)
            self._change(self._story.without_frame(frame_id), f"removing {self._called(frame_id)}")
            return frame

    def lock(self, frame_id: str, locked: bool) -> None:
        """Keep a frame out of everything that is done in bulk, or let it take part again."""
        with self._lock:
            story = edits.lock(self._story, frame_id, locked)
            self._change(story, f"{'locking' if locked else 'unlocking'} {self._called(frame_id)}")

    def note(
        self, frame_id: str, shot: str | None, dialogue: str | None, notes: str | None, seconds: object
    ) -> None:
        """Another shot, dialogue, notes or time of a frame; None leaves what was, and 0 seconds ends its own time."""
        with self._lock:
            story = edits.note(self._story, frame_id, shot, dialogue, notes, seconds)
            self._change(story, f"changing what is noted of {self._called(frame_id)}")

    def see(self, frame_id: str, count: int | None) -> None:
        """How many frames before it a frame reads: None all, 0 none (a new scene), k the last k."""
        with self._lock:
            story = edits.see(self._story, frame_id, count)
            self._change(story, f"changing how much {self._called(frame_id)} sees")

    def keep_seed(self, frame_id: str, seed: int | None) -> None:
        """Draw a frame under this seed from now on (a reroll always takes a new one); None: no longer."""
        with self._lock:
            story = edits.keep_seed(self._story, frame_id, seed)
            self._change(
                story, f"{'freeing' if seed is None else 'keeping'} the seed of {self._called(frame_id)}"
            )

    def use_portrait(self, frame_id: str, name: str, portrait_id: str | None) -> None:
        """Choose what a character wears in one frame, with None what it wears everywhere."""
        with self._lock:
            story = edits.use_portrait(self._story, frame_id, name, portrait_id)
            who = story.character(name).name
            self._change(story, f"choosing {who}'s portrait in {self._called(frame_id)}")

    def include(self, frame_id: str, name: str, presence: edits.Presence) -> None:
        """Show a character in a frame ("in"), keep it out ("out"), or leave it to the sentence ("auto")."""
        with self._lock:
            story = edits.include(self._story, frame_id, name, presence)
            self._change(
                story, f"changing whether {story.character(name).name} is in {self._called(frame_id)}"
            )

    def rebind(self, frame_id: str, occurrence: int, names: Iterable[str] | None) -> None:
        """Whom the `occurrence`-th pronoun of a frame stands for; None leaves it to the model."""
        with self._lock:
            story = edits.rebind(self._story, frame_id, occurrence, names)
            self._change(story, f"saying whom a pronoun of {self._called(frame_id)} stands for")

    def set_place(self, frame_id: str, place: str | None) -> None:
        """Where a frame is, "in the kitchen"; None leaves it to its sentence and the frames before it."""
        with self._lock:
            story = edits.set_place(self._story, frame_id, place, self._places)
            self._change(story, f"saying where {self._called(frame_id)} is")

    def draw_as(self, frame_id: str, written: str, drawn: str | None) -> None:
        """What is drawn in place of words of a frame's sentence, which stays; None: those words themselves."""
        with self._lock:
            story = edits.draw_as(self._story, frame_id, written, drawn)
            self._change(story, f"saying how words of {self._called(frame_id)} are drawn")

    def choose_take(self, frame_id: str, take_id: str) -> Take:
        """Bring an earlier take back, and with it the sentence it was drawn from and its seed. Returns that take."""
        with self._lock:
            story = edits.choose_take(self._story, frame_id, take_id)
            self._change(story, f"choosing another take of {self._called(frame_id)}")
            return next(take for take in story.frame(frame_id).takes if take.id == take_id)

    def rename(self, title: str) -> None:
        """Another title for the story; it may be empty."""
        with self._lock:
            self._change(story_edits.rename(self._story, title), "renaming the story")

    def set_crop(self, crop: str) -> None:
        """The shape marked on every picture, which films show alone."""
        with self._lock:
            self._change(story_edits.set_crop(self._story, crop), "changing the frame")

    def set_look(self, look: str) -> None:
        """How the story's pictures are shown and exported."""
        with self._lock:
            self._change(story_edits.set_look(self._story, look), "changing the look")

    def set_checking(self, checking: str) -> None:
        """Whether pictures that may be wrong are marked, and drawn again unasked."""
        with self._lock:
            self._change(story_edits.set_checking(self._story, checking), "changing how pictures are checked")

    def set_quality(self, quality: str) -> None:
        """How the pictures to come are drawn."""
        with self._lock:
            self._change(story_edits.set_quality(self._story, quality), "changing the quality")

    def set_style(self, words: str, negative: str, aspect: str) -> None:
        """What all pictures to come are told of how to look, and their shape; an example of the style stays."""
        with self._lock:
            self._change(story_edits.set_style(self._story, words, negative, aspect), "changing the style")

    def set_style_picture(self, picture: Image.Image) -> None:
        """An example of the style. Pass uploads through `uploads.read_upload` first."""
        key = self.pictures.put(picture)
        with self._lock:
            self._change(story_edits.set_style_picture(self._story, key), "changing the style's picture")

    def remove_style_picture(self) -> None:
        """The style without its example."""
        with self._lock:
            self._change(story_edits.set_style_picture(self._story, ""), "changing the style's picture")

    def add_character(
        self, name: str, pronoun: str, aliases: Iterable[str], picture: Image.Image, label: str = ""
    ) -> Character:
        """Add one more cast member wearing `picture`. Returns that character.

        Pass uploads through `uploads.read_upload` first.
        """
        # Refused before the picture is written, and once more with it, as the cast may have changed meanwhile.
        aliases = tuple(aliases)
        cast_edits.add_character(self._story, name, pronoun, aliases, picture="")
        key = self.pictures.put(picture)
        with self._lock:
            story = cast_edits.add_character(self._story, name, pronoun, aliases, key, label)
            self._change(story, f"adding {story.cast[-1].name} to the cast")
            return story.cast[-1]

    def make_character(self, name: str, pronoun: str, aliases: Iterable[str] | None, look: Look) -> Character:
        """Add one more cast member, wearing a portrait drawn from `look`. Returns that character."""
        aliases = tuple(aliases or ())
        cast_edits.add_character(self._story, name, pronoun, aliases, picture="")  # refuse before drawing
        key, label = self.pictures.put(portrait_of(look)), label_of(look)
        with self._lock:
            story = cast_edits.add_character(self._story, name, pronoun, aliases, key, label, look)
            self._change(story, f"making {story.cast[-1].name}")
            return story.cast[-1]

    def change_look(self, name: str, look: Look) -> Portrait:
        """Add a portrait of a character drawn from `look`, worn from now on. Returns that portrait.

        One that is there already is only put on.
        """
        key, label = self.pictures.put(portrait_of(look)), label_of(look)
        with self._lock:
            story, known = self._story, self._story.character(name).portraits
            portrait = next((one for one in known if one.look == look), None)
            if portrait is None:
                story, portrait = cast_edits.add_portrait(story, name, key, label, look)
            story = cast_edits.choose_portrait(story, name, portrait.id)
            self._change(story, f"changing how {story.character(name).name} looks")
            return portrait

    def edit_character(self, name: str, new_name: str, pronoun: str, aliases: Iterable[str]) -> Character:
        """Give a character another name, pronoun or aliases. Returns the changed character.

        The old name stays an alias where sentences use it.
        """
        with self._lock:
            place = self._story.cast.index(self._story.character(name))
            story = cast_edits.edit_character(self._story, name, new_name, pronoun, aliases)
            self._change(story, f"changing {self._story.cast[place].name}")
            return story.cast[place]

    def remove_character(self, name: str) -> None:
        """Take a character out of the cast; sentences that name it stay as they are."""
        with self._lock:
            who = self._story.character(name).name
            self._change(cast_edits.remove_character(self._story, name), f"removing {who} from the cast")

    def choose_portrait(self, name: str, portrait_id: str) -> None:
        """What a character wears in the frames drawn from now on."""
        with self._lock:
            story = cast_edits.choose_portrait(self._story, name, portrait_id)
            self._change(story, f"choosing {story.character(name).name}'s portrait")

    def add_portrait(self, name: str, picture: Image.Image, label: str = "", wear: bool = False) -> Portrait:
        """Add one more portrait of a character, chosen if `wear`. Returns that portrait.

        Pass uploads through `uploads.read_upload` first.
        """
        cast_edits.add_portrait(self._story, name, "", label)  # refuse before anything is written
        key = self.pictures.put(picture)
        with self._lock:
            story, portrait = cast_edits.add_portrait(self._story, name, key, label)
            if wear:
                story = cast_edits.choose_portrait(story, name, portrait.id)
            self._change(story, f"adding a portrait of {story.character(name).name}")
            return portrait

    def describe_portrait(self, name: str, portrait_id: str, words: str) -> None:
        """What can be seen in a portrait, for what draws from words."""
        with self._lock:
            story = cast_edits.describe_portrait(self._story, name, portrait_id, words)
            self._change(story, f"describing {story.character(name).name}")

    def _called(self, frame_id: str) -> str:
        return f"frame {self._story.frame_number(frame_id)}"

    def _change(self, story: Story, phrase: str) -> None:
        """One step of undo, unless nothing changed."""
        if story != self._story:
            self._commit(story, self._undoing.after(phrase, self._story))

    def _commit(self, story: Story, undoing: Undoing) -> None:
        if self._save is not None:
            self._saved_at = self._save(story, self._revision + 1, undoing.undo, undoing.redo)
        self._story = story
        self._undoing = undoing
        self._revision += 1
