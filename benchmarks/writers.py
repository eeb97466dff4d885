"""`python -m benchmarks.writers`: eight people write at once in one served app, and whether each keeps what is theirs.

The app is a process of its own, reached as programs reach it. Every writer writes, edits, draws again, undoes, moves,
removes, deletes and opens their own stories, and holds in mind what each must be by now. At the end the app is killed,
and what is on disk is compared with that. Knows the library's folder and the verbs for programs, not what is inside the
app.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import psutil
from gradio_client import Client
from gradio_client.exceptions import AppError

from benchmarks.app import served
from benchmarks.beliefs import Believed, FrameSeen, TakeSeen, differences, on_disk
from benchmarks.results import keep
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.story.values import new_id

WARM_UP = 0.2  # the share of the minutes before memory counts
MOST_STORIES, MOST_FRAMES = 3, 8  # for each writer, and in each story
LONGEST_ANSWER = 600  # seconds, on a machine that is busy with other work
MOST_MEMORY = 64  # MB that the app may use more than in the warm-up
DEEDS = ("waves", "runs", "dances", "reads a book", "sits down")


class Refused(Exception):
    """The refusal that a writer got instead of an answer."""


class Writer:
    """A person with a gradio client, a shelf and stories. `number` is in every text that this person writes."""

    def __init__(self, number: int, url: str) -> None:
        self.number, self.url = number, url
        self.shelf = f"shelf-{new_id()}"
        self.stories: dict[str, Believed] = {}
        self.deleted: list[str] = []
        self.verbs: Counter[str] = Counter()
        self.refusals: list[str] = []
        self.faults: list[str] = []  # sentences about everything that was wrong
        self._chance = random.Random(number)
        self._written = 0
        self._reference = ""
        self._client = self._connected()
        self._cast: list[str] = []

    def begin(self) -> None:
        """Draws the opening while nobody else draws.

        All later stories of this writer must begin with the same picture.
        """
        self.new_story()

    def write(self, until: float) -> None:
        """Does one thing after another until `until` on the monotonic clock."""
        verbs, weights = zip(*self._deeds().items(), strict=True)
        while time.monotonic() < until:
            (does,) = self._chance.choices(verbs, weights)
            story_id = self._chance.choice(list(self.stories)) if self.stories else None
            try:
                if story_id is None:
                    self.new_story()
                else:
                    does(story_id)
            except Refused as refusal:
                self.faults.append(f"refused without a cause: {refusal}")
                self._learn(story_id)
            time.sleep(self._chance.uniform(0, 0.3))

    def _deeds(self) -> dict[Any, int]:
        return {
            self.add: 8,
            self.edit: 8,
            self.draw_again: 3,
            self.undo: 4,
            self.redo: 2,
            self.move: 5,
            self.remove: 2,
            self.rename: 2,
            self.begin_or_delete: 2,
            self.open_again: 3,
            self.err: 2,
        }

    def new_story(self) -> str:
        """Begins a story like all of this writer's. Its first picture must equal the one drawn when nobody else drew.

        Returns its id.
        """
        title = self._marked("A day")
        story_id = self._ask("create_story", title=title, shelf=self.shelf)
        story = self.stories[story_id] = Believed("")
        story.changes()
        story.title = title
        if not self._cast:
            self._cast = [one["name"] for one in self._ask("get_story", story_id=story_id)["cast"]]
        opening = f'{self._cast[self.number % len(self._cast)]} waves and says "{self.number}-0".'
        frame = self._ask("add_frame", story_id=story_id, sentence=opening, draw=False)["id"]
        story.changes()
        story.frames.append((frame, opening))
        self._ask("keep_seed", story_id=story_id, frame_id=frame, seed=1000 + self.number)
        story.changes()
        told = self._ask("draw_frame", story_id=story_id, frame_id=frame)
        self._take(story, told)
        self._reference = self._reference or _key(told["picture"])
        if _key(told["picture"]) != self._reference:
            self.faults.append(f"crosstalk: writer {self.number}'s opening was drawn as another picture")
        return story_id

    def add(self, story_id: str) -> None:
        """Adds a sentence at the end or behind another one, and draws it with a chance of one in four."""
        story = self.stories[story_id]
        if len(story.frames) >= MOST_FRAMES:
            return self.edit(story_id)
        place = self._chance.randrange(len(story.frames) + 1)
        after = {"after_id": story.frames[place - 1][0]} if place else {}
        sentence, draw = self._sentence(), self._chance.random() < 0.25
        told = self._ask("add_frame", story_id=story_id, sentence=sentence, draw=draw, **after)
        story.changes()
        story.frames.insert(place or len(story.frames), (told["id"], sentence))
        self._take(story, told)

    def edit(self, story_id: str) -> None:
        """Writes another sentence for a frame, and draws it with a chance of one in four."""
        story = self.stories[story_id]
        if not story.frames:
            return self.add(story_id)
        place = self._chance.randrange(len(story.frames))
        frame, before = story.frames[place]
        sentence, draw = self._sentence(), self._chance.random() < 0.25
        named = {"story_id": story_id, "frame_id": frame}
        told = self._ask("edit_frame", **named, sentence=sentence, draw=draw, base=before)
        story.changes()
        story.frames[place] = (frame, sentence)
        self._take(story, told)

    def draw_again(self, story_id: str) -> None:
        story = self.stories[story_id]
        if not story.frames:
            return self.add(story_id)
        frame, _ = self._chance.choice(story.frames)
        self._take(story, self._ask("reroll_frame", story_id=story_id, frame_id=frame))

    def undo(self, story_id: str) -> None:
        story = self.stories[story_id]
        if story.past:
            self._ask("undo", story_id=story_id)
            story.rewind(story.past, story.future)

    def redo(self, story_id: str) -> None:
        story = self.stories[story_id]
        if story.future:
            self._ask("redo", story_id=story_id)
            story.rewind(story.future, story.past)

    def move(self, story_id: str) -> None:
        story = self.stories[story_id]
        if len(story.frames) < 2:
            return self.add(story_id)
        place, to = self._chance.sample(range(len(story.frames)), 2)
        self._ask("move_frame", story_id=story_id, frame_id=story.frames[place][0], number=to + 1)
        story.changes()
        story.frames.insert(to, story.frames.pop(place))

    def remove(self, story_id: str) -> None:
        story = self.stories[story_id]
        if not story.frames:
            return self.add(story_id)
        place = self._chance.randrange(len(story.frames))
        self._ask("remove_frame", story_id=story_id, frame_id=story.frames[place][0])
        story.changes()
        del story.frames[place]

    def rename(self, story_id: str) -> None:
        title = self._marked("Another day")
        self._ask("rename_story", story_id=story_id, title=title)
        self.stories[story_id].changes()
        self.stories[story_id].title = title

    def begin_or_delete(self, story_id: str) -> None:
        """Begins another story, or deletes one if there are enough. Half of the deleted stories come back."""
        if len(self.stories) < MOST_STORIES:
            self.new_story()
            return
        self._ask("delete_story", story_id=story_id)
        self._expect_refusal("get_story", story_id=story_id)
        if self._chance.random() < 0.5:
            self.deleted.append(story_id)
            del self.stories[story_id]
            return
        self._ask("restore_story", story_id=story_id)
        self.open_again(story_id)

    def open_again(self, story_id: str) -> None:
        """Like after a reload: another client lists the shelf and opens a story, which must not have changed."""
        self._client.close()
        self._client = self._connected()
        for deleted, mine in ((False, self.stories), (True, self.deleted)):
            told = self._ask("list_stories", shelf=self.shelf, deleted=deleted)["stories"]
            if {one["id"] for one in told} != set(mine):
                self.faults.append(f"crosstalk or loss: writer {self.number}'s shelf has {len(told)} stories")
        told = self._ask("get_story", story_id=story_id)
        self.faults += differences(self.stories[story_id], told["title"], _frames_told(told))

    def err(self, story_id: str) -> None:
        """Sends something wrong, which must be refused in one sentence."""
        story = {"story_id": story_id}
        verb, given = self._chance.choice(
            (
                ("edit_frame", story | {"frame_id": "nowhere", "sentence": self._sentence()}),
                ("add_frame", story | {"sentence": "Zelda waves."}),
                ("add_frame", story | {"sentence": " "}),
                ("get_story", {"story_id": new_id()}),
                ("set_look", story | {"look": "purple"}),
                ("move_frame", story | {"frame_id": "nowhere", "number": 1}),
            )
        )
        self._expect_refusal(verb, **given)

    def _connected(self) -> Client:
        return Client(
            self.url, verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": LONGEST_ANSWER}
        )

    def _expect_refusal(self, verb: str, **given: Any) -> None:
        try:
            self._ask(verb, **given)
        except Refused as refusal:
            self.refusals.append(str(refusal))
        else:
            self.faults.append(f"{verb} was not refused: {given}")

    def _ask(self, verb: str, **given: Any) -> Any:
        self.verbs[verb] += 1
        try:
            return self._client.predict(api_name=f"/{verb}", **given)
        except AppError as error:
            raise Refused(error.message) from error
        except Exception as error:  # any other error counts as a refusal too, but not as a good one
            raise Refused(repr(error)) from error

    def _learn(self, story_id: str | None) -> None:
        """Takes over the app's answer after a verb that should have worked.

        Earlier steps of undo are no longer known.
        """
        if story_id not in self.stories:
            return
        try:
            told = self._ask("get_story", story_id=story_id)
        except Refused as refusal:
            self.faults.append(f"lost: a story of writer {self.number} cannot be opened: {refusal}")
            del self.stories[story_id]
            return
        frames = _frames_told(told)
        story = self.stories[story_id] = Believed(told["title"], [(frame, text) for frame, text, _ in frames])
        story.takes = {frame: takes for frame, _, takes in frames}

    @staticmethod
    def _take(story: Believed, told: dict[str, Any]) -> None:
        """Remembers the takes of a frame from the app's answer."""
        story.takes[told["id"]] = _takes_told(told)

    def _sentence(self) -> str:
        name, deed = self._chance.choice(self._cast), self._chance.choice(DEEDS)
        return self._marked(f"{name} {deed} and says") + "."

    def _marked(self, words: str) -> str:
        self._written += 1
        return f'{words} "{self.number}-{self._written}"'


def measured(pipeline: Path, writers: int, minutes: float, steps: int | None = None) -> dict[str, Any]:
    """Returns what was lost, damaged or mixed up, how often something was refused, and how much memory grew."""
    with tempfile.TemporaryDirectory() as place:
        workshop = Path(place)
        library = workshop / "library"
        with served(pipeline, library, workshop, steps) as (url, process):
            people = [Writer(number, url) for number in range(writers)]
            for one in people:
                one.begin()
            warm, peak = _write_together(people, 60 * minutes, process)
        found = [fault for one in people for fault in one.faults] + on_disk(library, people)
    refusals = [refusal for one in people for refusal in one.refusals]
    kinds = Counter(fault.partition(":")[0] for fault in found)
    return {
        "writers": writers,
        "minutes": minutes,
        "verbs": sum(sum(one.verbs.values()) for one in people),
        "drawn": sum(
            len(takes) for one in people for story in one.stories.values() for takes in story.takes.values()
        ),
        "stories": sum(len(one.stories) + len(one.deleted) for one in people),
        "lost": kinds["lost"],
        "corrupt": kinds["corrupt"],
        "crosstalk": kinds["crosstalk"],
        "other_faults": sum(kinds.values()) - kinds["lost"] - kinds["corrupt"] - kinds["crosstalk"],
        "refusals": len(refusals),
        "refusals_not_one_sentence": sum(not is_one_sentence(refusal) for refusal in refusals),
        "memory_mb": [warm / 2**20, peak / 2**20],
        "memory_growth_mb": (peak - warm) / 2**20,
        "faults": found[:20],
    }


def holds(found: dict[str, Any]) -> bool:
    """Returns whether nothing was lost, damaged, mixed up or wrongly refused, and memory stayed within MOST_MEMORY."""
    zero = ("lost", "corrupt", "crosstalk", "other_faults", "refusals_not_one_sentence")
    return not any(found[name] for name in zero) and found["memory_growth_mb"] <= MOST_MEMORY


def is_one_sentence(said: object) -> bool:
    """Returns whether a refusal is one that a writer can read."""
    if not isinstance(said, str) or not said.strip() or "\n" in said or len(said) >= 600:
        return False
    ends = said.rstrip().endswith((".", "?", ")"))
    return ends and "Traceback" not in said and "reload" not in said


def _write_together(people: list[Writer], seconds: float, process: psutil.Process) -> tuple[int, int]:
    """Lets all write for `seconds`. Returns the app's highest memory in the warm-up and after it, in bytes."""
    start = time.monotonic()
    warm = peak = process.memory_info().rss
    with ThreadPoolExecutor(len(people)) as pool:
        writing = [pool.submit(one.write, start + seconds) for one in people]
        while wait(writing, timeout=0.2).not_done:
            now = process.memory_info().rss
            if time.monotonic() < start + WARM_UP * seconds:
                warm = max(warm, now)
            peak = max(peak, now)
    for one in writing:
        one.result()
    return warm, peak


def _key(address: str) -> str:
    return Path(address).stem


def _takes_told(frame: dict[str, Any]) -> list[TakeSeen]:
    return [(one["id"], _key(one["picture"]), one["caption"]) for one in frame["takes"]]


def _frames_told(story: dict[str, Any]) -> list[FrameSeen]:
    return [(one["id"], one["caption"], _takes_told(one)) for one in story["frames"]]


def main(argv: list[str] | None = None) -> int:
    """Prints the measurements as JSON. Returns the exit status: 1 if anything was lost, damaged or mixed up."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.writers", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--pipeline", type=Path, default=bundled_pipeline(), metavar="FOLDER")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--steps", type=int, help="of each picture; default: the pipeline's own")
    parser.add_argument("--out", type=Path, help="JSON file that the results are put into")
    options = parser.parse_args(argv)
    check_folder(options.pipeline)
    found = measured(options.pipeline, options.writers, options.minutes, options.steps)
    print(json.dumps(found, indent=1))
    keep(options.out, {"people who write at once": found})
    return 0 if holds(found) else 1


if __name__ == "__main__":
    sys.exit(main())
