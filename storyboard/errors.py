"""The one exception a writer sees. Its text says what happened and what to do about it, and is shown as it is."""


class StoryError(Exception):
    """One sentence for the writer: what was wrong (naming the frame and the value) and the remedy."""
