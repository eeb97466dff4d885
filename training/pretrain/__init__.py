"""Maple Lane's own base parts. They play the roles that Stable Diffusion, CLIP and OPT play at full size.

Each part has one command:

python -m training.pretrain tokenizers|autoencoder|clip|language-model|latents|ldm --help
"""
