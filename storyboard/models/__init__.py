"""The parts of StoryGPT-V in PyTorch. Nothing here knows of stories, pages or training runs.

Shape alphabet used in every comment and docstring of this package:

    B batch            L text tokens the denoiser reads      R image tokens
    P frames           D text width                          m visual tokens of one picture
    K characters       V image-feature width                 E language-model width
    T prompt length    C h w latent                          H W pixels
"""
