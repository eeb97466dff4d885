"""StoryDALL-E, a system that the paper compares with, written from its description (Maharana et al. 2022).

A picture is a sequence of tokens of a vector-quantised autoencoder. A transformer writes the tokens one after the
other, after the words of the caption. In every layer it also looks at the tokens of the source frame, which is given.
So the system continues stories. `python -m training.story_dalle --help` trains both halves.
"""
