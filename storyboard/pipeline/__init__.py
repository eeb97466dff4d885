"""The real renderer: Char-LDM and the aligned language model, from a frame's request to its picture.

Saved folders, the README and other programs import it as `from storyboard.pipeline import StoryPipeline`. Knows nothing
of stories, sessions or pages.
"""

from storyboard.pipeline.story_pipeline import StoryPipeline

__all__ = ["StoryPipeline"]
