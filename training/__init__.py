"""Training, evaluation and data for StoryGPT-V. Uses `storyboard`; nothing in `storyboard` knows this package."""

from storyboard.models.threads import prepare_threads

prepare_threads()  # must run here, because every command imports torch in its first lines
