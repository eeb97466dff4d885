"""The studio: what can be done from outside to any of its stories. The page and the API both come through here.

Knows neither torch nor gradio. The verbs that change a story are spelled in `verbs.py`; here are those that also draw,
read an upload, write files, or concern a whole story. Values from outside are checked and refused with a StoryError.
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
    """The stories, what draws them, and every verb on them. Safe to call from several threads; close it when done."""

    def change(self, story_id: object, verb: str, **fields: object) -> Any:
        """Do one of `EDITS` to a story, and stop what is drawn of frames that it took away.

        Returns what the session's method returns: a frame, several, a phrase or nothing. StoryError where a field does
        not fit. `verb` is a name from the table, never from outside.
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
        """Add a frame after or before another one, or at the end, and queue its drawing if `draw`.

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
            session.remove(frame.id)  # the writer gets the sentence back instead
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
        """Add frames in one step, all or none, and queue their drawing if `draw`. Returns the frames."""
        fields = {"captions": captions, "after": after, "before": before, "boards": boards}
        frames = self.change(story_id, "add_script", **fields)
        if draw:
            self._queue_all(self.session(story_id), {frame.id for frame in frames})
        return frames

    def read_script(self, story_id: object, script: object, file: object = None) -> Script:
        """Returns a script, pasted or out of a file of that name, for the writer to look at before `add_many`."""
        names = self.session(story_id).story.names
        spellings = [spelling for name, aliases in names.items() for spelling in (name, *aliases)]
        return read_script(a_script(script), spellings, self.places, a_file_name(file) or "")

    def delete_story(self, story_id: object) -> None:
        """Delete a story, what is drawn of it included; `restore_story` brings it back."""
        deleted = self.session(story_id).story.id
        self.queue.cancel_all(deleted)
        library = self._kept()
        if library.has(deleted):  # not an empty one, which was never saved
            library.delete(deleted)
        self._sessions.drop(deleted)
        self._stale.pop(deleted, None)

    def add_character(
        self, story_id: object, name: object, pronoun: object, aliases: object, upload: Path
    ) -> Character:
        """Add one more cast member, wearing the picture in the file `upload`. Returns that character."""
        session, called = self.session(story_id), a_name(name)
        picture = read_upload(upload, what="The portrait")
        own = as_it_is(pronoun), names_in("The aliases")(aliases)
        return session.add_character(called, *own, picture, upload.stem)

    def add_portrait(self, story_id: object, name: object, upload: Path) -> Portrait:
        """Add one more portrait of a character, worn at once unless that makes a drawn frame out of date.

        Returns that portrait. StoryError where the file `upload` is no usable picture.
        """
        session = self.session(story_id)
        character = session.story.character(a_name(name))
        picture = read_upload(upload, what=f"The portrait for {character.name}")
        touched = frames_touched(session.story, character.name, portrait=True)
        return session.add_portrait(character.name, picture, upload.stem, wear=not touched)

    def set_style_picture(self, story_id: object, upload: Path) -> None:
        """An example of the style of a story. StoryError where the file `upload` is no usable picture."""
        picture = read_upload(upload, what="The example of the style")
        self.session(story_id).set_style_picture(picture)

    def frames_touched(self, story_id: object, name: object, portrait: bool = False) -> tuple[str, ...]:
        """Returns the ids of the drawn frames that a change to a character, or to its portrait, makes out of date."""
        return frames_touched(self.session(story_id).story, a_name(name), portrait)

    def import_project(self, path: Path, shelf: object = None, tell: Tell = untold) -> str:
        """Take in the story of a project file under a fresh id. Returns the id; `tell` hears of what cannot be read."""
        return self.adopt(read_project(path, self.pictures, tell), shelf)

    def import_frame(self, story_id: object, upload: Path) -> Frame:
        """A picture made here as a frame at the end of the story, as it was drawn. Returns the frame."""
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
        """Write the story as files of one kind into `folder`.

        Returns the files, the main one first, and the letters that no font here has and that are left out of them.
        """
        story = self.session(story_id).story
        options = ExportOptions(per_page=per_page, model=self.drawn_by)
        paths = export_story(story, self.pictures, kind, folder, options)
        return paths, () if kind in LETTERLESS else missing_letters(story)

    def export_frame(self, story_id: object, frame_id: object, folder: Path) -> Path:
        """Write a frame's picture, which then says how it was made, into `folder`. Returns the file."""
        story = self.session(story_id).story
        frame = story.frame(an_id(frame_id))
        number = story.frame_number(frame.id)
        if frame.take is None:
            raise StoryError(f"Frame {number} has no picture yet; draw it first.")
        path = folder / f"{number:02d}_{file_stem(story)}.png"
        path.write_bytes(frame_to_png(story, frame, self.pictures, self.drawn_by))
        return path
