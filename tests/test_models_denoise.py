"""The denoising loop and the diffusion loss."""

import pytest
import torch
from diffusers import DDPMScheduler, PNDMScheduler, StableDiffusionPipeline

from storyboard.models.denoise import denoise
from storyboard.models.losses import diffusion_loss
from tests import tiny


def stable_diffusion_scheduler() -> PNDMScheduler:
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
        set_alpha_to_one=False,
    )


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    return torch.randn(1, 4, 8, 8), torch.randn(1, 7, tiny.TEXT_WIDTH), torch.randn(1, 7, tiny.TEXT_WIDTH)


def conditions_seen(unet, seen):
    return unet.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["encoder_hidden_states"]), with_kwargs=True
    )


@torch.no_grad()
@pytest.mark.parametrize(("start_merge_step", "text_only"), [(15, 16), (0, 1), (-1, 0)])
def test_thirty_pndm_steps_are_31_calls_and_delay_counts_from_zero(inputs, start_merge_step, text_only):
    noise, condition, text = inputs
    unet, seen = tiny.unet(), []
    hook = conditions_seen(unet, seen)
    steps = list(
        denoise(
            unet,
            stable_diffusion_scheduler(),
            noise,
            condition,
            torch.zeros_like(text),
            steps=30,
            guidance=5,
            text=text,
            start_merge_step=start_merge_step,
        )
    )
    hook.remove()
    assert len(steps) == steps[-1].total == len(seen) == 31
    assert [torch.equal(call[1:], text) for call in seen] == [True] * text_only + [False] * (31 - text_only)
    assert all(torch.equal(call[1:], condition) for call in seen[text_only:])


@torch.no_grad()
def test_without_characters_the_loop_is_stable_diffusions(inputs):
    noise, condition, null = inputs
    tokenizer = tiny.text_tokenizer()
    reference = StableDiffusionPipeline(
        tiny.vae(),
        tiny.text_encoder(tokenizer),
        tokenizer,
        tiny.unet(),
        stable_diffusion_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    reference.set_progress_bar_config(disable=True)
    expected = reference(
        prompt_embeds=condition,
        negative_prompt_embeds=null,
        latents=noise,
        num_inference_steps=6,
        guidance_scale=5.0,
        output_type="latent",
        height=32,
        width=32,
    ).images
    *_, last = denoise(tiny.unet(), reference.scheduler, noise, condition, null, steps=6, guidance=5.0)
    assert torch.equal(last.latents, expected)


@torch.no_grad()
def test_two_prompts_in_a_batch_equal_each_alone(inputs):
    noise, condition, null = inputs
    unet, scheduler = tiny.unet(), tiny.scheduler()
    noises, conditions = torch.cat([noise, -noise]), torch.cat([condition, 2 * condition])
    *_, both = denoise(unet, scheduler, noises, conditions, null, steps=4, guidance=3)
    for i in range(2):
        one_noise, one_condition = noises[i : i + 1], conditions[i : i + 1]
        *_, one = denoise(unet, scheduler, one_noise, one_condition, null, steps=4, guidance=3)
        torch.testing.assert_close(both.latents[i : i + 1], one.latents, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_two_loops_on_one_scheduler_do_not_disturb_each_other(inputs):
    # A known trap: diffusers' schedulers count their steps, so a shared one runs out in the middle.
    noise, condition, null = inputs
    unet, scheduler = tiny.unet(), tiny.scheduler()

    def loop():
        return denoise(unet, scheduler, noise, condition, null, steps=5, guidance=3)

    alone = [step.latents for step in loop()]
    together = [(a.latents, b.latents) for a, b in zip(loop(), loop(), strict=True)]
    assert all(torch.equal(x, a) and torch.equal(x, b) for x, (a, b) in zip(alone, together, strict=True))
    assert scheduler.num_inference_steps is None


@torch.no_grad()
def test_the_last_predicted_picture_is_the_finished_one(inputs):
    noise, condition, null = inputs
    *_, last = denoise(tiny.unet(), tiny.scheduler(), noise, condition, null, steps=8, guidance=3)
    torch.testing.assert_close(last.predicted_clean, last.latents, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_guidance_of_one_skips_the_null_half(inputs):
    noise, condition, null = inputs
    unet, seen = tiny.unet(), []
    hook = conditions_seen(unet, seen)
    list(denoise(unet, tiny.scheduler(), noise, condition, null, steps=2, guidance=1))
    hook.remove()
    assert [len(call) for call in seen] == [1, 1]


def test_delay_without_text_is_refused(inputs):
    noise, condition, null = inputs
    with pytest.raises(ValueError, match="start_merge_step=3"):
        next(
            denoise(
                tiny.unet(), tiny.scheduler(), noise, condition, null, steps=2, guidance=3, start_merge_step=3
            )
        )


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@torch.no_grad()
def test_the_diffusion_loss_is_the_error_of_the_chosen_target(inputs, kind):
    latents, condition, _ = inputs
    unet, scheduler = tiny.unet(), DDPMScheduler(prediction_type=kind)
    noise, timesteps = torch.randn_like(latents), torch.tensor([300])
    signal = scheduler.alphas_cumprod[300]
    noisy = signal.sqrt() * latents + (1 - signal).sqrt() * noise
    velocity = signal.sqrt() * noise - (1 - signal).sqrt() * latents
    target = noise if kind == "epsilon" else velocity
    prediction = unet(noisy, timesteps, condition).sample
    error = (prediction - target).square()

    def loss(**options):
        return diffusion_loss(unet, scheduler, latents, condition, noise, timesteps, **options)

    torch.testing.assert_close(loss(), error.mean())
    mask = (torch.rand(1, 1, 8, 8) > 0.5).float()
    torch.testing.assert_close(loss(weights=mask), (error * mask).mean())
