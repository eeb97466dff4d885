"""Kill -9 during writing and drawing: no confirmed edit is lost, and the library is never broken.

Fifty processes (or STORYBOARD_KILLS) write in one library, one after another. Each is killed at a random moment, some
while they still open it. A writer sends "trying" before each verb, and the whole story after it. The library must then
have that story, or that story with the verb that was running.
"""

import hashlib
import io
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from storyboard.library import Library, Saved
from storyboard.story.values import Story
from storyboard.studio.studio import Studio
from tests.fakes import FlatRenderer, small_cast

KILLS = int(os.environ.get("STORYBOARD_KILLS", "50"))
SHELF = "the-writers-shelf"
LONGEST = 0.12  # seconds a writer lives after its start, or after it has sent enough messages
MOST_SAID = 60  # messages; a verb sends two, and a frame one

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")


def texts(story: Story) -> list[tuple[str, str]]:
    """Returns what the writer wrote: the title and every sentence, in order."""
    return [("title", story.title), *((frame.id, frame.caption) for frame in story.frames)]


def write(folder: Path, story_id: str | None, seed: int, told) -> None:
    """A writer: opens the library, continues interrupted drawings, and edits until it is killed."""
    chance = random.Random(seed)
    library = Library(folder)
    studio = Studio(FlatRenderer(steps=2), small_cast(library.pictures), library.pictures, library=library)
    if story_id is None:
        story_id = studio.create(SHELF)
        studio.add(story_id, "Rosa waves.")
    told.send(("story", story_id, texts(studio.session(story_id).story)))
    drawn = {take.id for frame in studio.session(story_id).story.frames for take in frame.takes}
    studio.resume(story_id)
    for number in range(10_000):
        verb = chance.choice(("add", "add", "edit", "edit", "rename", "remove", "undo", "redo", "draw"))
        told.send(("trying", verb))
        job = edit_once(studio, story_id, verb, f"{verb} {seed}, {number}", chance)
        story = studio.session(story_id).story
        told.send(("done", texts(story), job))
        for frame in story.frames:
            fresh = [take.id for take in frame.takes if take.id not in drawn]
            drawn.update(fresh)
            told.send(("takes", frame.id, fresh))


def edit_once(studio: Studio, story_id: str, verb: str, words: str, chance: random.Random) -> tuple | None:
    """Calls one verb.

    If it queued a drawing, returns the job's id, the frame's id and the frame's number of takes before.
    """
    session = studio.session(story_id)
    frames = session.story.frames
    frame = chance.choice(frames)
    if verb == "add" and len(frames) < 10:
        added, job = studio.add(story_id, f"Rosa says {words}.", after=frame.id)
        return job.id, added.id, 0
    if verb == "edit":
        studio.change(story_id, "edit_frame", frame=frame.id, caption=f"Milo says {words}.")
    if verb == "rename":
        studio.change(story_id, "rename_story", title=words)
    if verb == "remove" and len(frames) > 3:
        studio.change(story_id, "remove_frame", frame=frame.id)
    if verb == "undo" and session.can_undo and len(frames) > 1:
        studio.change(story_id, "undo")
    if verb == "redo" and session.can_redo and len(frames) > 1:
        studio.change(story_id, "redo")
    if verb == "draw":
        before = len(frame.takes)
        return studio.draw(story_id, frame.id, reroll=True).id, frame.id, before
    return None


def killed_writer(context, folder: Path, story_id: str | None, seed: int) -> list[tuple]:
    """Lets a writer send a random number of messages and work on for a random moment, then kills it.

    Returns all messages. They are counted, because on a busy machine a short time was over before the first edit.
    """
    chance = random.Random(-seed - 1)
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=write, args=(folder, story_id, seed, writer))
    process.start()
    writer.close()
    said = []
    if story_id is None or chance.random() < 0.8:
        for _ in range(chance.randrange(1, MOST_SAID)):
            assert reader.poll(60)
            said.append(reader.recv())
    time.sleep(chance.uniform(0, LONGEST))
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    try:
        # Because the pipe may stay open after the process is killed, and then no end is reported.
        while reader.poll(10):
            said.append(reader.recv())
    except EOFError:
        pass
    return said


def check_edits(saved: Saved, said: list[tuple]) -> None:
    known = [
        message[-1] if message[0] == "story" else message[1]
        for message in said
        if message[0] in ("story", "done")
    ]
    now = texts(saved.story)
    if said[-1][0] == "trying":  # a verb changes, adds or removes one text
        assert len(set(now) ^ set(known[-1])) <= 2
    else:
        assert now == known[-1]


def check_drawings(library: Library, saved: Saved, said: list[tuple]) -> None:
    """Every take that the writer saw must be there. Every promised drawing must be there too, or be offered again."""
    frames = {frame.id: frame for frame in saved.story.frames}
    for _, frame_id, takes in (message for message in said if message[0] == "takes"):
        if frame_id in frames:
            assert set(takes) <= {take.id for take in frames[frame_id].takes}
    if said and said[-1][0] == "trying" and said[-1][1] not in ("add", "edit", "rename"):
        return  # it was stopping a drawing to queue another one, or to remove its frame
    offered = {job.id for job in library.jobs.interrupted()}
    for frame_id, (job_id, before) in promised(said).items():
        assert job_id in offered or len(frames[frame_id].takes) > before


def promised(said: list[tuple]) -> dict[str, tuple[str, int]]:
    """Returns the latest queued drawing of each frame, and the number of takes before it.

    A new one replaces a running one.
    """
    promises: dict[str, tuple[str, int]] = {}
    for _, now, queued in (message for message in said if message[0] == "done"):
        there = {frame_id for frame_id, _ in now}
        promises = {frame_id: promise for frame_id, promise in promises.items() if frame_id in there}
        if queued:
            job_id, frame_id, before = queued
            promises[frame_id] = (job_id, before)
    return promises


def check_pictures(library: Library, saved: Saved, whole: set[str]) -> None:
    """No file is half a picture, and every picture of the story is there. whole: files that were already checked."""
    for name in set(os.listdir(library.pictures.folder)) - whole:
        data = (library.pictures.folder / name).read_bytes()
        assert f"{hashlib.sha256(data).hexdigest()}.png" == name
        Image.open(io.BytesIO(data)).load()
        whole.add(name)
    takes = [take for frame in saved.story.frames for take in frame.takes]
    keys = {take.picture for take in takes} | {key for take in takes for _, key in take.attention}
    assert {f"{key}.png" for key in keys} <= whole


def test_killed_at_any_moment_nothing_that_was_acknowledged_is_lost(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.test_crash"])
    story_id, last, whole = None, [], set()
    verbs = takes = 0
    for seed in range(KILLS):
        said = killed_writer(context, tmp_path, story_id, seed)
        if story_id is None:
            story_id = said[0][1]
        # A writer that is killed before its first message leaves what the one before it left.
        last = said or last[-1:]
        library = Library(tmp_path)
        assert library.notices == ()
        assert library._file.rows("PRAGMA integrity_check")[0][0] == "ok"
        saved = library.open(story_id)
        assert [entry.story_id for entry in library.shelves.list(SHELF)] == [story_id]
        check_edits(saved, last)
        check_drawings(library, saved, said)
        check_pictures(library, saved, whole)
        library.close()
        last = [("story", story_id, texts(saved.story))]
        verbs += sum(message[0] == "done" for message in said)
        takes += sum(len(message[2]) for message in said if message[0] == "takes")
    assert verbs > KILLS and takes > KILLS / 5  # they were killed during work, not before it
