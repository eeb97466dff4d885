"""Story-LDM, the baseline that the paper compares with, written from the paper's description.

It is a latent diffusion model with an attention memory. Each earlier frame stays in the memory as features of its
latent pixels, and the current sentence gives each of these frames a soft weight. `python -m training.story_ldm --help`
trains it.
"""
