"""Remembers which drawings are queued or running, so that a crash does not lose them.

Knows the table `jobs`, but not how anything is drawn.
"""

from __future__ import annotations

import logging
import sqlite3

from storyboard.errors import StoryError
from storyboard.library.file import LibraryFile
from storyboard.story.job import Job

log = logging.getLogger(__name__)


class RememberedJobs:
    """The jobs in a library's file. Safe to call from several threads."""

    def __init__(self, file: LibraryFile):
        self._file = file

    def remember(self, job: Job) -> None:
        """Keeps a job that is queued or being drawn, and forgets a job that has ended.

        Use it as `DrawingQueue(remember=library.jobs.remember)`. Nothing is raised: a drawing that a crash would lose
        is still worth drawing.
        """
        try:
            with self._file.transaction() as connection:
                if job.finished and job.state != "interrupted":
                    connection.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
                else:
                    connection.execute(
                        "INSERT OR IGNORE INTO jobs (id, story, frame, reroll) VALUES (?, ?, ?, ?)",
                        (job.id, job.story_id, job.frame_id, job.reroll),
                    )
        except (StoryError, sqlite3.IntegrityError) as error:
            log.warning("job %s of story %s is not remembered: %s", job.id, job.story_id, error)

    def interrupted(self) -> tuple[Job, ...]:
        """Returns the jobs that were queued or being drawn when the last process ended, in order.

        Give them to `queue.recall` at the start.
        """
        rows = self._file.rows(
            """SELECT jobs.id, story, frame, reroll FROM jobs JOIN stories ON stories.id = story
            WHERE deleted IS NULL ORDER BY number"""
        )
        return tuple(
            Job(row["id"], row["story"], row["frame"], reroll=bool(row["reroll"]), state="interrupted")
            for row in rows
        )
