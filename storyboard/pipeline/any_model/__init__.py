"""Draws with any text-to-image model of diffusers: the app reads the story, and writes a prompt for each frame.

`open_model` finds and loads a model, and returns a `Renderer`. Knows nothing of stories, sessions or pages.
"""

from storyboard.pipeline.any_model.opening import open_model

__all__ = ["open_model"]
