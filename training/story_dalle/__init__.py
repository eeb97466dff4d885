"""StoryDALL-E, a system the paper is measured against, written from its description (Maharana et al. 2022).

Pictures are tokens of a vector-quantised autoencoder. A transformer writes them one after the other behind the
caption's words; in every layer it also looks at the tokens of the source frame, which is given. So it continues
stories. `python -m training.story_dalle --help` trains both halves.
"""
