"""The judge: a network that finds everybody in a picture, and says who they are, what they wear and what they do."""

from storyboard.models.judge.network import Judge, SeenFrame, SeenPerson, load_judge, save_judge

__all__ = ["Judge", "SeenFrame", "SeenPerson", "load_judge", "save_judge"]
