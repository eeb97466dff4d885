"""How the judge of `storyboard.models.judge` is trained on Maple Lane, and how good it is there."""
