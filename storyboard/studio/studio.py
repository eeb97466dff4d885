"""The studio: everything that can be done to a story from outside. The page and the API both come through here.

Imports neither torch nor Gradio. `verbs.py` has the verbs that only change a story. Here are the verbs that also draw,
read an upload, write files, or concern a whole story. Values from outside are checked; bad ones raise a StoryError.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from storyboard.disk.uploads import MAX_UPLOAD_BYTES, read_upload
from storyboard.errors import StoryError
from storyboard.exports import LETTERLESS, ExportOptions, export_story, missing_letters
from storyboard.exports.frame_png import frame_from_png, frame_to_png, rebuilt_frame
from storyboard.exports.panels import file_stem
from storyboard.exports.project import read_project
from storyboard.story.as_json import Tell, untold
from storyboard.story.inputs import frames_touched
from storyboard.story.job import Job
from storyboard.story.undo import UPDATING
from storyboard.story.values import Character, Frame, Portrait
from storyboard.studio.drawings import Drawings
from storyboard.studio.verbs import EDITS, a_file_name, a_name, a_script, an_id, as_it_is, names_in
from storyboard.text.script import Script, read_script


class Studio(Drawings):
    """The stories, what draws them, and every verb on them. Safe to call from several threads. Close it when done."""

    def change(self, story_id: object, verb: str, **fields: object) -> Any:
        """Does one of `EDITS` to a story, and stops the drawings of frames that it removed.

        Returns what the session's method returns: a frame, several, a phrase or nothing. StoryError if a field does not
        fit. `verb` is a name from the table and never comes from outside.
        """
        result = EDITS[verb].do(self.session(story_id), fields)
        self._stop_removed(story_id)
        if verb == "undo" and result == UPDATING:
            self._stop_updating(story_id)
        return result

    def add(
        self,
        story_id: object,
        caption: object,
        after: object = None,
        before: object = None,
        wordings: object = None,
        draw: bool = True,
    ) -> tuple[Frame, Job | None]:
        """Adds a frame after or before another frame, or at the end, and queues its drawing if `draw`.

        Returns the frame and its job, which is None without `draw`.
        """
        fields = {"caption": caption, "after": after, "before": before, "wordings": wordings}
        frame = self.change(story_id, "add_frame", **fields)
        if not draw:
            return frame, None
        session = self.session(story_id)
        try:
            return frame, self.queue.submit(session, frame.id)
        except StoryError:
            session.remove(frame.id)  # so the writer keeps the sentence in the text field
            raise

    def add_many(
        self,
        story_id: object,
        captions: object,
        after: object = None,
        before: object = None,
        boards: object = None,
        draw: bool = False,
    ) -> tuple[Frame, ...]:
        """Adds frames in one step, all or none, and queues their drawing if `draw`. Returns the frames."""
        fields = {"captions": captions, "after": after, "before": before, "boards": boards}
        frames = self.change(story_id, "add_script", **fields)
        if draw:
            self._queue_all(self.session(story_id), {frame.id for frame in frames})
        return frames

    def read_script(self, story_id: object, script: object, file: object = None) -> Script:
        """Returns a script, pasted or from a file with that name, for the writer to look at before `add_many`."""
        names = self.session(story_id).story.names
        spellings = [spelling for name, aliases in names.items() for spelling in (name, *aliases)]
        return read_script(a_script(script), spellings, self.places, a_file_name(file) or "")

    def delete_story(self, story_id: object) -> None:
        """Deletes a story and stops its drawings. `restore_story` brings it back."""
        deleted = self.session(story_id).story.id
        self.queue.cancel_all(deleted)
        library = self._kept()
        if library.has(deleted):  # an empty story was never saved
            library.delete(deleted)
        self._sessions.drop(deleted)
        self._stale.pop(deleted, None)

    def add_character(
        self, story_id: object, name: object, pronoun: object, aliases: object, upload: Path
    ) -> Character:
        """Adds a cast member who wears the picture in the file `upload`. Returns that character."""
        session, called = self.session(story_id), a_name(name)
        picture = read_upload(upload, what="The portrait")
        own = as_it_is(pronoun), names_in("The aliases")(aliases)
        return session.add_character(called, *own, picture, upload.stem)

    def add_portrait(self, story_id: object, name: object, upload: Path) -> Portrait:
        """Adds a portrait to a character. It is worn at once unless that would make a drawn frame out of date.

        Returns that portrait. StoryError if the file `upload` is no usable picture.
        """
        session = self.session(story_id)
        character = session.story.character(a_name(name))
        picture = read_upload(upload, what=f"The portrait for {character.name}")
        touched = frames_touched(session.story, character.name, portrait=True)
        return session.add_portrait(character.name, picture, upload.stem, wear=not touched)

    def set_style_picture(self, story_id: object, upload: Path) -> None:
        """Sets the example picture of a story's style. StoryError if the file `upload` is no usable picture."""
        picture = read_upload(upload, what="The example of the style")
        self.session(story_id).set_style_picture(picture)

    def frames_touched(self, story_id: object, name: object, portrait: bool = False) -> tuple[str, ...]:
        """Returns the ids of the drawn frames that a change to a character would make out of date.

        `portrait`: only the chosen portrait changes.
        """
        return frames_touched(self.session(story_id).story, a_name(name), portrait)

    def import_project(self, path: Path, shelf: object = None, tell: Tell = untold) -> str:
        """Takes in the story of a project file under a fresh id. Returns the id.

        `tell` gets a sentence for what cannot be read.
        """
        return self.adopt(read_project(path, self.pictures, tell), shelf)

    def import_frame(self, story_id: object, upload: Path) -> Frame:
        """Adds a picture that was made here as a frame at the end of the story, as it was drawn. Returns the frame."""
        if upload.stat().st_size > MAX_UPLOAD_BYTES:
            raise StoryError(
                f"The picture is over {MAX_UPLOAD_BYTES // 2**20} MB, so it was not made here; choose another."
            )
        session = self.session(story_id)
        frame = rebuilt_frame(frame_from_png(upload.read_bytes()), session.story, self.pictures)
        session.take_in(frame)
        return frame

    def export(
        self, story_id: object, kind: str, per_page: int, folder: Path
    ) -> tuple[tuple[Path, ...], tuple[str, ...]]:
        """Writes the story as files of one kind into `folder`.

        Returns the files, the main one first, and the letters that are missing in them because no font here has them.
        """
        story = self.session(story_id).story
        options = ExportOptions(per_page=per_page, model=self.drawn_by)
        paths = export_story(story, self.pictures, kind, folder, options)
        return paths, () if kind in LETTERLESS else missing_letters(story)

    def export_frame(self, story_id: object, frame_id: object, folder: Path) -> Path:
        """Writes a frame's picture into `folder`, with notes on how it was made. Returns the file."""
        story = self.session(story_id).story
        frame = story.frame(an_id(frame_id))
        number = story.frame_number(frame.id)
        if frame.take is None:
            raise StoryError(f"Frame {number} has no picture yet; draw it first.")
        path = folder / f"{number:02d}_{file_stem(story)}.png"
        path.write_bytes(frame_to_png(story, frame, self.pictures, self.drawn_by))
        return path
