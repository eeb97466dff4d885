"""Training, evaluation and data for StoryGPT-V. Uses `storyboard`; nothing in `storyboard` knows this package."""
