"""Any text-to-image model of diffusers as the drawing hand: the app reads the story, and writes it a prompt a frame.

`open_model` finds and loads one; what it gives is a `Renderer`. Knows nothing of stories, sessions or pages.
"""

from storyboard.pipeline.any_model.opening import open_model

__all__ = ["open_model"]
