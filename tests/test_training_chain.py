"""The whole recipe, from no weights to a pipeline that draws, at a size that trains in seconds."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline
from storyboard.models.fusion import CharacterFuser
from storyboard.models.portrait_canvas import inputs_with_canvas
from tests import tiny
from training import assemble, disassemble
from training.align_llm import cache as cache_conditions
from training.align_llm import train as align_llm
from training.configs.parts import load_config, load_scheduler
from training.examples import shards
from training.pretrain.__main__ import main as pretrain
from training.train_char_ldm import train as train_char_ldm
from training.train_char_ldm.start import ending_in_noise


def tiny_config(folder: Path) -> Path:
    """Returns the bundled recipe with every width made smaller. The structure stays."""
    config = load_config("maple-lane")
    config["resolution"] = 64
    config["vae"].update(block_out_channels=[8, 8, 8], latent_channels=4, sample_size=64)
    config["unet"].update(
        sample_size=4,
        in_channels=4,
        out_channels=4,
        block_out_channels=[32, 32, 32],
        cross_attention_dim=32,
        attention_head_dim=[2, 2, 2],
    )
    towers = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config["clip"]["text_config"].update(towers)
    config["clip"]["vision_config"].update(towers, image_size=32)
    config["clip"]["projection_dim"] = 32
    config["portrait_encoder"].update(image_size=32, widths=[8, 8], blocks=[0, 1], projection_dim=32)
    config["language_model"].update(
        hidden_size=32, word_embed_proj_dim=32, ffn_dim=32, num_hidden_layers=2, num_attention_heads=2
    )
    config["condition_mapper"].update(width=32, layers=1, heads=2, feedforward=32)
    path = folder / "tiny.json"
    path.write_text(json.dumps(config))
    return path


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """Returns a folder in which every base part has been trained for three steps."""
    folder = tmp_path_factory.mktemp("recipe")
    size = ["--config", str(tiny_config(folder)), "--parts", str(folder / "parts")]
    steps = ["--steps", "3", "--batch", "4"]
    pretrain(["tokenizers", *size, "--stories", "50"])
    pretrain(["autoencoder", *size, *steps, "--output_dir", str(folder / "autoencoder")])
    pretrain(["clip", *size, *steps, "--output_dir", str(folder / "clip")])
    pretrain(["language-model", *size, *steps, "--output_dir", str(folder / "language-model")])
    pretrain(["latents", *size[2:], "--out", str(folder / "latents"), "--stories", "128"])
    pretrain(
        ["ldm", *size, *steps, "--output_dir", str(folder / "ldm"), "--latents", str(folder / "latents")]
    )
    return folder


def stage_1(recipe: Path, name: str = "char-ldm", **switches) -> list[dict]:
    """Trains Char-LDM for five steps. Returns the log."""
    flags = [part for key, value in switches.items() for part in (f"--{key}", str(value))]
    train_char_ldm.main(
        [
            "--output_dir",
            str(recipe / name),
            "--parts",
            str(recipe / "parts"),
            "--latents",
            str(recipe / "latents"),
        ]
        + ["--steps", "5", "--batch", "4", *flags]
    )
    return [json.loads(line) for line in (recipe / name / "log.jsonl").read_text().splitlines()]


def stage_2(recipe: Path, name: str, **switches) -> dict:
    """Aligns the language model for five steps. Returns the last line of the log."""
    flags = [part for key, value in switches.items() for part in (f"--{key}", str(value))]
    folders = {"parts": "parts", "config": "tiny.json", "conditions": "conditions", "latents": "latents"}
    paths = [part for key, value in folders.items() for part in (f"--{key}", str(recipe / value))]
    align_llm.main([*paths, "--output_dir", str(recipe / name), "--steps", "5", "--batch", "4", *flags])
    return json.loads((recipe / name / "log.jsonl").read_text().splitlines()[-1])


@pytest.fixture(scope="module")
def aligned(recipe) -> Path:
    """Returns the recipe with both stages trained and put together."""
    stage_1(recipe)
    shared = ["--parts", str(recipe / "parts")]
    cache_conditions.main([*shared, "--out", str(recipe / "conditions"), "--stories", "128"])
    stage_2(recipe, "align", image_weight=0.1)
    assemble.main([*shared, "--out", str(recipe / "pipeline")])
    return recipe


@pytest.mark.parametrize(
    "switches", [{"reg_weight": 0}, {"vision_layers": 0}, {"text_only": 0.9}, {"masked": 0.3}]
)
def test_the_switches_of_table_3_train(recipe, switches):
    log = stage_1(recipe, "-".join(switches), **switches)
    assert log[-1]["step"] == 5 and log[-1]["denoising"] > 0


def test_stage_1_trains_the_fuser_the_unet_and_the_last_vision_layers_only(recipe):
    stage_1(recipe)
    trained = {n.split(".")[0] for n in load_file(recipe / "char-ldm" / "checkpoint" / "trained.safetensors")}
    assert trained == {"unet", "fuser", "image_encoder"}


def test_the_denoiser_alone_may_go_on_and_conditions_stay_true(recipe):
    stage_1(recipe)
    stage_1(recipe, "denoiser", continued=True, fuser=False, vision_layers=0)
    trained = load_file(recipe / "denoiser" / "checkpoint" / "trained.safetensors")
    assert {name.split(".")[0] for name in trained} == {"unet"}
    # The denoiser now knows portraits on deeds, so stage 2 may put them there.
    assert CharacterFuser.from_pretrained(recipe / "parts" / "char_ldm" / "fuser").config.deeds


def test_stage_1_learns_to_read_a_canvas_and_a_pipeline_keeps_it(recipe, tmp_path):
    stage_1(recipe)
    channels = UNet2DConditionModel.load_config(recipe / "parts" / "char_ldm" / "unet")["in_channels"]
    log = stage_1(
        recipe, "canvas", continued=True, fuser=False, vision_layers=0, portrait_canvas=True, colour_weight=3
    )
    assert log[-1]["denoising"] > 0 and (recipe / "canvas" / "patches.safetensors").exists()
    stage_1(
        recipe, "on", continued=True, fuser=False, vision_layers=0
    )  # a denoiser that reads one goes on reading it
    unet = UNet2DConditionModel.from_pretrained(recipe / "parts" / "char_ldm" / "unet")
    assert (
        unet.conv_in.weight.shape[1] == inputs_with_canvas(channels)
        and unet.conv_in.weight[:, channels:].any()
    )
    assemble.main(["--parts", str(recipe / "parts"), "--out", str(tmp_path / "pipeline"), "--stage", "1"])
    disassemble.main(["--pipeline", str(tmp_path / "pipeline"), "--parts", str(tmp_path / "parts")])
    kept = UNet2DConditionModel.from_pretrained(tmp_path / "parts" / "char_ldm" / "unet")
    torch.testing.assert_close(kept.conv_in.weight, unet.conv_in.weight, atol=1e-3, rtol=1e-3)
    with pytest.raises(StoryError, match="leave out --data"):
        stage_1(recipe, "data", data=tmp_path, portrait_canvas=True)


def test_a_schedule_that_ends_in_noise_stays_with_the_parts(recipe):
    """Night was drawn where the noise of a seed was dark, whatever the caption said: the last timestep showed it."""
    stage_1(recipe, "noise", zero_terminal_snr=True)
    scheduler = load_scheduler(recipe / "parts")
    noise = DDPMScheduler.from_config(scheduler.config)
    assert float(noise.alphas_cumprod[-1]) < 1e-6
    scheduler.set_timesteps(5)
    assert int(scheduler.timesteps[0]) == 999
    again = ending_in_noise(scheduler)
    assert again.config.rescale_betas_zero_snr and not again.config.use_karras_sigmas


def test_a_pipeline_taken_apart_and_put_together_is_the_same(aligned, tmp_path, monkeypatch):
    disassemble.main(["--pipeline", str(aligned / "pipeline"), "--parts", str(tmp_path / "parts")])
    assemble.main(["--parts", str(tmp_path / "parts"), "--out", str(tmp_path / "again")])
    files = [path.relative_to(aligned / "pipeline") for path in aligned.glob("pipeline/*/*.safetensors")]
    assert len(files) == 9
    for file in files:
        assert (tmp_path / "again" / file).read_bytes() == (aligned / "pipeline" / file).read_bytes(), file
    parts = ["--parts", str(tmp_path / "parts")]
    go_on = [*parts, "--config", str(aligned / "tiny.json"), "--continued", "true", "--steps", "1"]
    go_on += ["--batch", "4", "--output_dir", str(tmp_path / "on"), "--conditions"]
    with pytest.raises(StoryError, match="conditions of another stage 1"):  # its weights have been rounded
        align_llm.main([*go_on, str(aligned / "conditions")])
    monkeypatch.setattr(shards, "SHARD_STORIES", 4)
    cache_conditions.main([*parts, "--out", str(tmp_path / "conditions"), "--stories", "4"])
    align_llm.main([*go_on, str(tmp_path / "conditions")])
    with pytest.raises(StoryError, match="exists"):
        disassemble.main(["--pipeline", str(aligned / "pipeline"), "--parts", str(tmp_path / "parts")])


def test_stage_2_trains_image_tokens_and_mappers_only(aligned):
    trained = load_file(aligned / "align" / "checkpoint" / "trained.safetensors")
    assert {n.split(".")[0] for n in trained} == {"image_tokens", "visual_mapper", "condition_mapper"}
    log = json.loads((aligned / "align" / "log.jsonl").read_text().splitlines()[-1])
    assert {"alignment", "generation", "image"} <= log.keys()


def test_checkpointing_changes_memory_and_not_the_loss(aligned):
    plain, saving = (
        stage_2(aligned, f"align-{on}", gradient_checkpointing=on)["loss"] for on in (False, True)
    )
    assert saving == pytest.approx(plain, rel=1e-5)


def test_stage_2_starts_from_a_visual_mapper_that_learned_the_words(aligned):
    folder = aligned / "visual-mapper"
    paths = {"output_dir": folder, "parts": aligned / "parts", "conditions": aligned / "conditions"}
    flags = [part for key, value in paths.items() for part in (f"--{key}", str(value))]
    size = ["--config", str(aligned / "tiny.json"), "--steps", "3", "--batch", "4"]
    pretrain(["visual-mapper", *flags, *size])
    trained = load_file(folder / "checkpoint" / "trained.safetensors")
    assert {name.split(".")[0] for name in trained} == {"visual_mapper"}
    stage_2(aligned, "align-from", visual_mapper=aligned / "parts" / "visual_mapper", lr=0, ema=0)
    begun, ended = (
        load_file(aligned / "parts" / part / "diffusion_pytorch_model.safetensors")
        for part in ("visual_mapper", "aligned/visual_mapper")
    )
    assert all(torch.equal(begun[key], ended[key]) for key in begun)


@pytest.mark.parametrize(
    "switches",
    [{"target": "text"}, {"interleaved": False}, {"alignment_form": "norm"}, {"generation_form": "code"}],
)
def test_the_switches_of_table_4_train(aligned, switches):
    log = stage_2(aligned, "align-" + "-".join(switches), **switches)
    assert log["step"] == 5 and log["alignment"] > 0 and "image" not in log


def test_the_assembled_pipeline_draws_a_named_frame_and_a_referential_one(aligned):
    from PIL import Image

    from storyboard.pipeline import StoryPipeline
    from storyboard.renderer import CastMember, ContextFrame, FrameRequest

    pipeline = StoryPipeline.from_pretrained(aligned / "pipeline")
    entry = json.loads((aligned / "pipeline" / "cast.json").read_text())["characters"][0]
    portrait = Image.open(aligned / "pipeline" / entry["portraits"][0]["file"]).convert("RGB")
    cast = (CastMember(entry["name"], entry["pronoun"], (), portrait),)
    *_, first = pipeline.render(FrameRequest(f"{entry['name']} waves.", cast, (), seed=1, steps=2))
    history = (ContextFrame(f"{entry['name']} waves.", first.picture),)
    *_, second = pipeline.render(FrameRequest("She reads.", cast, history, seed=1, steps=2))
    assert (first.conditioning, second.conditioning) == ("char-ldm", "llm")
    assert first.picture.size == second.picture.size == (64, 64)


def test_latents_are_normalised_per_channel(recipe):
    shard = load_file(next((recipe / "latents").glob("*.safetensors")))
    spread = shard["latents"].float().std(dim=(0, 2, 3))
    assert torch.allclose(spread, torch.ones_like(spread), atol=0.3)


def test_stage_two_refuses_a_mapper_that_reads_the_storys_words():
    """It ended in a ValueError at the first step, because prompts of stage 2 do not mark people."""
    reader = tiny.reader()
    align_llm.check_reads_image_tokens(reader)
    reader.condition_mapper = tiny.condition_mapper(reads_story=True)
    with pytest.raises(StoryError, match="align_llm.condition_mapper"):
        align_llm.check_reads_image_tokens(reader)


def test_the_mappers_of_a_language_model_that_is_only_named_are_taken_apart_too(tmp_path):
    """The parts lacked the mappers with which the bundled SmolLM2 is aligned, so its training could not continue."""
    folder = bundled_pipeline()
    disassemble.main(["--pipeline", str(folder), "--parts", str(tmp_path / "parts"), "--reader", "needed"])
    file = Path("condition_mapper", "diffusion_pytorch_model.safetensors")
    parts, bundled = (load_file(path / file) for path in (tmp_path / "parts" / "aligned", folder / "reader"))
    assert parts.keys() == bundled.keys()
    assert all(torch.equal(parts[name], bundled[name].float()) for name in parts)
    assert not (tmp_path / "parts" / "language_model").exists()
