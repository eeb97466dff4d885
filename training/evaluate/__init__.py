"""How good the pictures are: `python -m training.evaluate` draws the stories of a split and scores them.

The scores are a classifier's (`python -m training.evaluate.classifier` trains it on real pictures of the train split
only), as in the paper, and its own scores on the real frames of the same stories always stand beside them.
"""
