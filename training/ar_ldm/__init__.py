"""AR-LDM, a system the paper is measured against, written from its description (Pan et al. 2022).

A latent diffusion model whose denoiser reads the current caption, as CLIP has it, and every earlier frame's caption and
picture, as BLIP's multimodal encoder has them. `python -m training.ar_ldm --help` trains it.
"""
