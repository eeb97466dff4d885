"""Writes a story with the code of whatever commit it is run in: a library folder, a project file, and what is in them.

`python -m tests.earlier.make` runs it in every commit it knows of. It uses what that commit can do and nothing of this
one, so modules are looked for where they have been.
"""

import importlib
import json
import shutil
import sys
from pathlib import Path


def of(name: str, *modules: str):
    """Returns `name` from the first of these modules that there is."""
    for module in modules:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError(name)


Library = of("Library", "storyboard.library")
StorySession = of("StorySession", "storyboard.studio.session", "storyboard.session")
new_story = of("new_story", "storyboard.story.values", "storyboard.story")
stale_frames = of("stale_frames", "storyboard.story.inputs", "storyboard.inputs")
write_project = of("write_project", "storyboard.exports.project")
FlatRenderer, small_cast = of("FlatRenderer", "tests.fakes"), of("small_cast", "tests.fakes")

SENTENCES = (
    "Rosa waves to Milo.",
    "She sings while he dances.",
    "The robot sweeps the floor in the kitchen.",
    "They dance.",
    "Milo hands Bolt a broom and it beeps.",
    "Rosa says goodbye to Milo, who leaves, and reads.",
    "The girl hugs him.",
    "All three run in the park.",
    "The two of them rest.",
)
SHELF = "the-shelf-of-a-browser"


def write(folder: Path) -> None:
    """Write `folder`/library, `folder`/story.storyboard and `folder`/expected.json."""
    library = Library(folder / "library")
    story = new_story(small_cast(library.pictures), seed=5, title="A day")
    drawing = StorySession(story, FlatRenderer(size=8), library.pictures, explain=True)
    decide(drawing, [drawing.add(sentence).id for sentence in SENTENCES])
    # A session of its own: every step of undo is kept, and these are enough.
    session = StorySession(drawing.story, FlatRenderer(size=8), library.pictures, save=library.save)
    put = getattr(library, "shelves", library)
    (put.put if hasattr(put, "put") else put.put_on_shelf)(SHELF, story.id)
    session.add("Rosa sits down.")
    session.rename("Rosa's day")
    session.rename("Nobody's day")
    session.undo()
    story = session.story
    assert not stale_frames(story)
    write_project(story, library.pictures, folder / "story.storyboard")
    saved = library.open(story.id)
    library.close()
    shutil.rmtree(folder / "library" / "backups", ignore_errors=True)
    (folder / "library" / "library.lock").unlink(missing_ok=True)
    told = {
        "id": story.id,
        "title": story.title,
        "frames": [
            {
                "caption": frame.caption,
                "locked": frame.locked,
                "chosen": frame.chosen,
                "takes": [[one.id, one.caption, one.picture] for one in frame.takes],
            }
            for frame in story.frames
        ],
        "undo": [name for name, _ in saved.undo],
        "redo": [name for name, _ in saved.redo],
        "shelf": SHELF,
    }
    (folder / "expected.json").write_text(json.dumps(told))


def decide(session: StorySession, frames: list[str]) -> None:
    """What a writer may say of frames and of the story, as far as this commit lets them; then everything is drawn."""
    session.use_portrait(frames[0], "Rosa", "rosa-dress")
    session.rebind(frames[3], 0, ["Rosa", "Milo"])
    session.include(frames[2], "Rosa", "in")
    session.include(frames[5], "Milo", "out")
    session.see(frames[7], 2)
    session.keep_seed(frames[1], 7)
    session.lock(frames[3], True)
    session.move(frames[4], 4)
    for name, given in (
        ("set_look", ("grey",)),
        ("set_crop", ("4:3",)),
        ("set_style", ("soft watercolour", "text", "square")),
        ("describe_portrait", ("Milo", "milo-jumper", "a man in red")),
        ("draw_as", (frames[5], "reads", "reads a book")),
        ("note", (frames[0], "wide", "Rosa: Hello!", "", 4)),
    ):
        if hasattr(session, name):
            getattr(session, name)(*given)
    for frame in session.story.frames:
        list(session.draw(frame.id))
    last = session.story.frames[-1]
    list(session.reroll(last.id))
    session.choose_take(last.id, last.takes[0].id)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
