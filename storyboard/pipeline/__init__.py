"""The real renderer: Char-LDM and the aligned language model, from a frame's request to its picture.

`from storyboard.pipeline import StoryPipeline` is how saved folders, the README and other programs name it. Knows
nothing of stories, sessions or pages.
"""

from storyboard.pipeline.story_pipeline import StoryPipeline

__all__ = ["StoryPipeline"]
