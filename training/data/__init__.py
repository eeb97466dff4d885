"""Story datasets on disk as one record type: FlintstonesSV, PororoSV and Maple Lane, in the authors' layout.

`python -m training.data check DIR` reports what a folder lacks. `convert DIR` turns its pickles into JSON and
safetensors.
"""

from .dataset import READERS, StoryDataset, open_reader
from .records import Clip, Segment, Story, StoryFrame

__all__ = ["READERS", "Clip", "Segment", "Story", "StoryDataset", "StoryFrame", "open_reader"]
