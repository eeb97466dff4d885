"""Story-LDM, the baseline the paper is measured against, written from its description.

A latent diffusion model with an attention memory: every earlier frame stays as features of its latent pixels, and the
current sentence says softly which of them are meant. `python -m training.story_ldm --help` trains it.
"""
