"""One story while it is being written. Every edit is one step of undo, and is saved before it is made.

`edits.py`, `cast_edits.py` and `story_edits.py` say what the edits do. Here each becomes a step of undo, is saved, and
then replaces the frozen `story` and increases `revision`. An error leaves everything as it was. Safe to call from
several threads: one lock guards the story, and it is held while a change is saved. Imports neither torch nor Gradio,
and knows nothing of drawing. The module is long because it is one class with a short method for every edit.
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

# Called with the story, its revision, and the undo and redo steps, before a change counts as made. Returns the time.
Save = Callable[[Story, int, Sequence[Step], Sequence[Step]], float]


class EditedStory:
    """A story that is being written.

    `save` has to store every change before the change is made. `revision` and `undoing` are what was stored last, for a
    story that is opened again. `places`: what the places that the pipeline knows are called.
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
        """The story as it is now. The value itself never changes."""
        return self._story

    @property
    def revision(self) -> int:
        """A number that grows by one with every change."""
        return self._revision

    @property
    def saved_at(self) -> float | None:
        """When the latest change was saved, in seconds since 1970; None if none was saved."""
        return self._saved_at

    @property
    def can_undo(self) -> str | None:
        """What `undo` would undo, as a phrase, or None."""
        return self._undoing.can_undo

    @property
    def can_redo(self) -> str | None:
        return self._undoing.can_redo

    def undo(self) -> str:
        """Takes the latest change back. Returns what it was, as a phrase such as "removing frame 3".

        Takes that were drawn since then stay.
        """
        with self._lock:
            undoing, story = self._undoing.undone(self._story)
            self._commit(story, undoing)
            return undoing.redo[-1][0]

    def redo(self) -> str:
        """Makes the last undone change again. Returns what it was, as a phrase."""
        with self._lock:
            undoing, story = self._undoing.redone(self._story)
            self._commit(story, undoing)
            return undoing.undo[-1][0]

    def begin_update(self) -> None:
        """Adds a step of undo before all out-of-date pictures are redrawn.

        Undoing it shows the present pictures again.
        """
        with self._lock:
            self._commit(self._story, self._undoing.after(UPDATING, self._story))

    def add(
        self,
        caption: str,
        after: str | None = None,
        before: str | None = None,
        wordings: Iterable[Wording] = (),
    ) -> Frame:
        """Adds a frame after or before another frame, or at the end. Returns the new frame.

        wordings: what is drawn in place of words of the sentence; those that do not occur in it are ignored. StoryError
        for a sentence that cannot be drawn.
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
        """Adds several frames in one step. Returns the new frames.

        If one of them cannot be drawn, none is added. boards: the board notes of the sentences, in the same order.
        """
        with self._lock:
            story, frames = edits.insert(self._story, captions, after, before, boards)
            self._change(story, f"adding {len(frames)} frames")
            return frames

    def take_in(self, frame: Frame) -> None:
        """Adds a finished frame from elsewhere at the end of the story. Its pictures must be in the store already."""
        with self._lock:
            number = len(self._story.frames) + 1
            self._change(self._story.with_frame(frame, number), f"adding frame {number}")

    def edit(self, frame_id: str, caption: str, base: str | None = None) -> Frame:
        """Gives a frame another sentence. Its takes stay. Returns the changed frame.

        `base`: the sentence that the writer started from. StoryError for a sentence that cannot be drawn, and if the
        frame has another sentence than `base` by now.
        """
        with self._lock:
            story = edits.edit(self._story, frame_id, caption, base, self._places)
            self._change(story, f"changing the sentence of {self._called(frame_id)}")
            return story.frame(frame_id)

    def duplicate(self, frame_id: str) -> Frame:
        """Puts a copy of a frame right after it, with its settings and the picture on the board. Returns the copy."""
        with self._lock:
            story, copy = edits.duplicate(self._story, frame_id)
            self._change(story, f"duplicating {self._called(frame_id)}")
            return copy

    def move(self, frame_id: str, number: int) -> None:
        """Makes a frame number `number` of the story."""
        with self._lock:
            story = edits.move(self._story, frame_id, number)
            self._change(story, f"moving {self._called(frame_id)} to {number}")

    def remove(self, frame_id: str) -> Frame:
        """Takes a frame out of the story. Returns that frame; `undo` brings it back with all its takes."""
        with self._lock:
            frame = self._story.frame(frame_id)
            self._change(self._story.without_frame(frame_id), f"removing {self._called(frame_id)}")
            return frame

    def lock(self, frame_id: str, locked: bool) -> None:
        """Locks or unlocks a frame. Bulk changes leave locked frames out."""
        with self._lock:
            story = edits.lock(self._story, frame_id, locked)
            self._change(story, f"{'locking' if locked else 'unlocking'} {self._called(frame_id)}")

    def note(
        self, frame_id: str, shot: str | None, dialogue: str | None, notes: str | None, seconds: object
    ) -> None:
        """Changes the shot, dialogue, notes or seconds of a frame.

        None leaves a value as it is; 0 seconds remove its own time.
        """
        with self._lock:
            story = edits.note(self._story, frame_id, shot, dialogue, notes, seconds)
            self._change(story, f"changing what is noted of {self._called(frame_id)}")

    def see(self, frame_id: str, count: int | None) -> None:
        """Sets how many earlier frames a frame reads: None all, 0 none (a new scene), k the last k."""
        with self._lock:
            story = edits.see(self._story, frame_id, count)
            self._change(story, f"changing how much {self._called(frame_id)} sees")

    def keep_seed(self, frame_id: str, seed: int | None) -> None:
        """Sets the seed with which a frame is drawn from now on. None removes it. A reroll always takes a new seed."""
        with self._lock:
            story = edits.keep_seed(self._story, frame_id, seed)
            self._change(
                story, f"{'freeing' if seed is None else 'keeping'} the seed of {self._called(frame_id)}"
            )

    def use_portrait(self, frame_id: str, name: str, portrait_id: str | None) -> None:
        """Sets the portrait that a character wears in one frame. None: the portrait it wears elsewhere."""
        with self._lock:
            story = edits.use_portrait(self._story, frame_id, name, portrait_id)
            who = story.character(name).name
            self._change(story, f"choosing {who}'s portrait in {self._called(frame_id)}")

    def include(self, frame_id: str, name: str, presence: edits.Presence) -> None:
        """Shows a character in a frame ("in"), keeps it out ("out"), or leaves it to the sentence ("auto")."""
        with self._lock:
            story = edits.include(self._story, frame_id, name, presence)
            self._change(
                story, f"changing whether {story.character(name).name} is in {self._called(frame_id)}"
            )

    def rebind(self, frame_id: str, occurrence: int, names: Iterable[str] | None) -> None:
        """Sets the names for which the `occurrence`-th pronoun of a frame stands. None leaves it to the model."""
        with self._lock:
            story = edits.rebind(self._story, frame_id, occurrence, names)
            self._change(story, f"saying whom a pronoun of {self._called(frame_id)} stands for")

    def set_place(self, frame_id: str, place: str | None) -> None:
        """Sets the place of a frame, such as "in the kitchen". None leaves it to its sentence and earlier frames."""
        with self._lock:
            story = edits.set_place(self._story, frame_id, place, self._places)
            self._change(story, f"saying where {self._called(frame_id)} is")

    def draw_as(self, frame_id: str, written: str, drawn: str | None) -> None:
        """Sets what is drawn in place of words of a frame's sentence, which stays as it is.

        None: those words themselves.
        """
        with self._lock:
            story = edits.draw_as(self._story, frame_id, written, drawn)
            self._change(story, f"saying how words of {self._called(frame_id)} are drawn")

    def choose_take(self, frame_id: str, take_id: str) -> Take:
        """Brings an earlier take back, with the sentence and the seed it was drawn from. Returns that take."""
        with self._lock:
            story = edits.choose_take(self._story, frame_id, take_id)
            self._change(story, f"choosing another take of {self._called(frame_id)}")
            return next(take for take in story.frame(frame_id).takes if take.id == take_id)

    def rename(self, title: str) -> None:
        """Gives the story another title, which may be empty."""
        with self._lock:
            self._change(story_edits.rename(self._story, title), "renaming the story")

    def set_crop(self, crop: str) -> None:
        """Sets the shape that is marked on every picture. Films show only what is inside it."""
        with self._lock:
            self._change(story_edits.set_crop(self._story, crop), "changing the frame")

    def set_look(self, look: str) -> None:
        """Sets how the story's pictures are shown and exported."""
        with self._lock:
            self._change(story_edits.set_look(self._story, look), "changing the look")

    def set_checking(self, checking: str) -> None:
        """Sets whether pictures that may be wrong are marked, and whether they are redrawn without being asked."""
        with self._lock:
            self._change(story_edits.set_checking(self._story, checking), "changing how pictures are checked")

    def set_quality(self, quality: str) -> None:
        """Sets the quality of the next pictures."""
        with self._lock:
            self._change(story_edits.set_quality(self._story, quality), "changing the quality")

    def set_style(self, words: str, negative: str, aspect: str) -> None:
        """Sets the style and the shape of all next pictures. The example picture of the style stays."""
        with self._lock:
            self._change(story_edits.set_style(self._story, words, negative, aspect), "changing the style")

    def set_style_picture(self, picture: Image.Image) -> None:
        """Sets the example picture of the style. Pass uploads through `uploads.read_upload` first."""
        key = self.pictures.put(picture)
        with self._lock:
            self._change(story_edits.set_style_picture(self._story, key), "changing the style's picture")

    def remove_style_picture(self) -> None:
        """Removes the example picture of the style."""
        with self._lock:
            self._change(story_edits.set_style_picture(self._story, ""), "changing the style's picture")

    def add_character(
        self, name: str, pronoun: str, aliases: Iterable[str], picture: Image.Image, label: str = ""
    ) -> Character:
        """Adds a cast member who wears `picture`. Returns that character.

        Pass uploads through `uploads.read_upload` first.
        """
        # Checked once before the picture is written, and again with it, because the cast may have changed meanwhile.
        aliases = tuple(aliases)
        cast_edits.add_character(self._story, name, pronoun, aliases, picture="")
        key = self.pictures.put(picture)
        with self._lock:
            story = cast_edits.add_character(self._story, name, pronoun, aliases, key, label)
            self._change(story, f"adding {story.cast[-1].name} to the cast")
            return story.cast[-1]

    def make_character(self, name: str, pronoun: str, aliases: Iterable[str] | None, look: Look) -> Character:
        """Adds a cast member who wears a portrait drawn from `look`. Returns that character."""
        aliases = tuple(aliases or ())
        cast_edits.add_character(self._story, name, pronoun, aliases, picture="")  # refuse before drawing
        key, label = self.pictures.put(portrait_of(look)), label_of(look)
        with self._lock:
            story = cast_edits.add_character(self._story, name, pronoun, aliases, key, label, look)
            self._change(story, f"making {story.cast[-1].name}")
            return story.cast[-1]

    def change_look(self, name: str, look: Look) -> Portrait:
        """Adds a portrait drawn from `look` to a character, who wears it from now on. Returns that portrait.

        If the character has a portrait of that look already, that one is chosen.
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
        """Gives a character another name, pronoun and aliases. Returns the changed character.

        If sentences use the old name, it stays as an alias.
        """
        with self._lock:
            place = self._story.cast.index(self._story.character(name))
            story = cast_edits.edit_character(self._story, name, new_name, pronoun, aliases)
            self._change(story, f"changing {self._story.cast[place].name}")
            return story.cast[place]

    def remove_character(self, name: str) -> None:
        """Takes a character out of the cast. Sentences that name it stay as they are."""
        with self._lock:
            who = self._story.character(name).name
            self._change(cast_edits.remove_character(self._story, name), f"removing {who} from the cast")

    def choose_portrait(self, name: str, portrait_id: str) -> None:
        """Sets the portrait that a character wears in frames drawn from now on."""
        with self._lock:
            story = cast_edits.choose_portrait(self._story, name, portrait_id)
            self._change(story, f"choosing {story.character(name).name}'s portrait")

    def add_portrait(self, name: str, picture: Image.Image, label: str = "", wear: bool = False) -> Portrait:
        """Adds a portrait to a character, and chooses it if `wear`. Returns that portrait.

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
        """Sets the words for what can be seen in a portrait, for models that draw from words."""
        with self._lock:
            story = cast_edits.describe_portrait(self._story, name, portrait_id, words)
            self._change(story, f"describing {story.character(name).name}")

    def _called(self, frame_id: str) -> str:
        return f"frame {self._story.frame_number(frame_id)}"

    def _change(self, story: Story, phrase: str) -> None:
        """Makes one step of undo, unless nothing changed."""
        if story != self._story:
            self._commit(story, self._undoing.after(phrase, self._story))

    def _commit(self, story: Story, undoing: Undoing) -> None:
        if self._save is not None:
            self._saved_at = self._save(story, self._revision + 1, undoing.undo, undoing.redo)
        self._story = story
        self._undoing = undoing
        self._revision += 1
