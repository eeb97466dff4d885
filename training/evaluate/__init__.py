"""How good the pictures are: `python -m training.evaluate` draws the stories of a split and scores them.

As in the paper, the scores come from a classifier, which `python -m training.evaluate.classifier` trains only on real
pictures of the train split. Its scores on the real frames of the same stories always stand beside them.
"""
