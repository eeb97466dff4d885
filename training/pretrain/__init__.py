"""Maple Lane's own base parts, what Stable Diffusion, CLIP and OPT are at full size. One command each:

python -m training.pretrain tokenizers|autoencoder|clip|language-model|latents|ldm --help
"""
