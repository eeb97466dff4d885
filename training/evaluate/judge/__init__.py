"""Trains the judge of `storyboard.models.judge` on Maple Lane, and measures how good it is there."""
