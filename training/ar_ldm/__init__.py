"""AR-LDM, a system that the paper compares with, written from its description (Pan et al. 2022).

It is a latent diffusion model whose denoiser reads the current caption, encoded by CLIP. It also reads every earlier
frame's caption and picture, encoded together by BLIP's multimodal encoder. `python -m training.ar_ldm --help` trains
it.
"""
