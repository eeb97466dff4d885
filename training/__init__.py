"""Training, evaluation and data for StoryGPT-V. Uses `storyboard`; nothing in `storyboard` knows this package."""

from storyboard.models.threads import prepare_threads

prepare_threads()  # here, because every command imports torch with its first lines
