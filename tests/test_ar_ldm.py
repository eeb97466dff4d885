"""AR-LDM: what its denoiser reads of earlier frames; it trains on both kinds of data, and draws."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import BlipConfig, BlipForImageTextRetrieval

from storyboard.errors import StoryError
from storyboard.renderer import ContextFrame, FrameRequest
from tests import story_folders, tiny
from tests.parts_folder import CAPTION_TOKENS, write_latents, write_parts
from training.ar_ldm.__main__ import main
from training.ar_ldm.history import Condition, HistoryEncoder
from training.ar_ldm.pipeline import ArLdmPipeline, guided_network
from training.evaluate.renderers import load_renderer

VISION = {
    "hidden_size": 12, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 16, "patch_size": 8, "initializer_range": 0.5,
}  # fmt: skip
TEXT = {
    "hidden_size": tiny.TEXT_WIDTH, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "max_position_embeddings": tiny.TEXT_TOKENS, "initializer_range": 0.5,
}  # fmt: skip


def encoder(frames: int = 4) -> HistoryEncoder:
    torch.manual_seed(0)
    tokenizer = tiny.text_tokenizer()
    return HistoryEncoder(VISION, TEXT | {"vocab_size": len(tokenizer), "pad_token_id": 0}, frames).eval()


def told(
    history: HistoryEncoder, captions: list[str], shade: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    words = history.tokens(tiny.text_tokenizer(), captions)
    pixels = torch.full((len(captions), 3, 32, 32), shade)
    with torch.no_grad():
        return history.encode(words, pixels), words["attention_mask"]


def test_a_caption_reads_its_picture_and_padding_changes_nothing():
    history = encoder()
    alone, mask = told(history, ["She waves."])
    dark, _ = told(history, ["She waves."], -1.0)
    assert not torch.allclose(alone, dark, atol=1e-3)
    together, masks = told(history, ["She waves.", "Both go home and sing."])
    assert torch.allclose(together[0, : mask.sum()], alone[0], atol=1e-5) and masks[0].sum() == mask.sum()


def test_a_frame_reads_all_before_it_each_in_its_place_and_no_padding():
    history, current = encoder(), torch.randn(3, 5, tiny.TEXT_WIDTH)
    states, mask = told(history, ["One.", "Two and more."])
    with torch.no_grad():
        read = history(current, states, mask, [[], [0], [0, 1]])
        swapped = history(current, states, mask, [[], [0], [1, 0]])
    tokens = mask.sum(1)
    assert read.mask.sum(1).tolist() == [5, 5 + int(tokens[0]), 5 + int(tokens.sum())]
    assert torch.equal(read.states[:, :5], current)  # the embeddings of kinds are zero at first
    assert not torch.allclose(read.states[2, 5:], swapped.states[2, 5:])
    longest = states.shape[1]
    assert torch.allclose(read.states[1, 5 : 5 + longest], states[0] + history.places.weight[0], atol=1e-6)


def test_of_a_longer_story_the_last_frames_are_read():
    history, current = encoder(frames=1), torch.randn(1, 5, tiny.TEXT_WIDTH)
    states, mask = told(history, ["One.", "Two and more."])
    with torch.no_grad():
        both, last = history(current, states, mask, [[0, 1]]), history(current, states, mask, [[1]])
    assert torch.equal(both.states, last.states) and torch.equal(both.mask, last.mask)


def test_the_null_half_of_guidance_has_no_history():
    unet = tiny.unet()
    states = torch.randn(1, 9, tiny.TEXT_WIDTH)
    condition = Condition(states, torch.ones(1, 9, dtype=torch.bool))
    null = Condition(states[:, :5], torch.ones(1, 5, dtype=torch.bool))
    network, padded = guided_network(unet, condition, null)
    latents = torch.randn(1, tiny.LATENT_CHANNELS, 8, 8)
    with torch.no_grad():
        both = network(
            latents.repeat(2, 1, 1, 1), 500, encoder_hidden_states=torch.cat([padded, states])
        ).sample
        alone = unet(latents, 500, encoder_hidden_states=states[:, :5]).sample
        only = network(latents, 500, encoder_hidden_states=states).sample
    assert torch.allclose(both[:1], alone, atol=1e-5) and torch.allclose(both[1:], only, atol=1e-5)


def pipeline() -> ArLdmPipeline:
    tokenizer = tiny.text_tokenizer()
    built = ArLdmPipeline(
        vae=tiny.vae(),
        unet=tiny.unet(),
        history_encoder=encoder(),
        history_tokenizer=tokenizer,
        scheduler=tiny.scheduler(),
        tokenizer=tokenizer,
        text_encoder=tiny.text_encoder(tokenizer),
        steps=2,
    )
    built.set_progress_bar_config(disable=True)
    return built


def drawn(renderer, caption, history=(), seed=1) -> Image.Image:
    *_, rendered = renderer.render(FrameRequest(caption, (), tuple(history), seed))
    return rendered.picture


def test_a_picture_follows_from_its_request_alone_and_reads_words_and_pictures_before_it(monkeypatch):
    renderer, read = pipeline(), []
    encode = HistoryEncoder.encode
    monkeypatch.setattr(HistoryEncoder, "encode", lambda *args: read.append(1) or encode(*args))
    history = [ContextFrame(f"{n}", Image.new("RGB", (32, 32), (80 * n, 90, 120))) for n in range(3)]
    first = drawn(renderer, "She sings.", history)
    assert len(read) == 3
    others = (
        [ContextFrame("Other.", history[0].picture), *history[1:]],
        [*history[:2], ContextFrame("2", history[0].picture)],
        history[:2],
        [],
    )
    assert all(drawn(renderer, "She sings.", other).tobytes() != first.tobytes() for other in others)
    assert drawn(renderer, "She sings.", history).tobytes() == first.tobytes()
    assert not list(renderer.render(FrameRequest("She sings.", (), (), 1), cancelled=lambda: True))


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
    write_parts(tmp_path / "parts")
    write_latents(tmp_path / "latents")
    text = TEXT | {"max_position_embeddings": CAPTION_TOKENS}
    size = {"history_encoder": {"vision": VISION, "text": text}}
    (tmp_path / "size.json").write_text(json.dumps(size))
    return tmp_path


def command(recipe, *flags) -> list[str]:
    folders = {
        "parts": "parts",
        "latents": "latents",
        "output_dir": "run",
        "out": "system",
        "config": "size.json",
    }
    paths = [word for flag, name in folders.items() for word in (f"--{flag}", str(recipe / name))]
    return [*paths, "--batch", "4", "--drawing_steps", "2", *flags]


def logged(recipe) -> list[dict]:
    return [json.loads(line) for line in (recipe / "run" / "log.jsonl").read_text().splitlines()]


def test_it_trains_resumes_goes_on_and_draws(recipe):
    main(command(recipe, "--steps", "3"))
    main(command(recipe, "--steps", "5"))
    assert [entry["step"] for entry in logged(recipe)] == [3, 5]
    trained = {n.split(".")[0] for n in load_file(recipe / "run" / "checkpoint" / "trained.safetensors")}
    assert trained == {"unet", "history_encoder"}
    assert (recipe / "run" / "sample-000005.png").is_file()
    renderer = load_renderer(recipe / "system")
    assert isinstance(renderer, ArLdmPipeline) and renderer.unet.dtype == torch.float32
    first = ContextFrame("Rosa waves.", drawn(renderer, "Rosa waves."))
    assert drawn(renderer, "She sings.", [first]).size == (32, 32)
    again = command(recipe, "--steps", "1", "--continued", "true", "--output_dir", str(recipe / "more"))
    main(again)
    assert (recipe / "more" / "checkpoint").is_dir()


def test_it_trains_on_a_dataset_folder_from_blip(recipe):
    story_folders.flintstones(recipe / "flintstones")
    sizes = {"vision_config": VISION, "text_config": TEXT | {"max_position_embeddings": CAPTION_TOKENS}}
    sizes["text_config"] |= {"vocab_size": len(tiny.text_tokenizer())}
    blip = BlipForImageTextRetrieval(BlipConfig(**sizes))
    blip.save_pretrained(recipe / "blip")
    tiny.text_tokenizer().save_pretrained(recipe / "blip")
    read = HistoryEncoder.from_blip(str(recipe / "blip"), 4)
    assert torch.equal(
        read.text_encoder.embeddings.word_embeddings.weight,
        blip.text_encoder.embeddings.word_embeddings.weight,
    )
    flags = ["--data", str(recipe / "flintstones"), "--blip", str(recipe / "blip"), "--steps", "5"]
    main(command(recipe, *flags, "--gradient_checkpointing", "true"))
    assert logged(recipe)[-1]["step"] == 5 and logged(recipe)[-1]["loss"] > 0
    assert isinstance(load_renderer(recipe / "system"), ArLdmPipeline)


def test_what_does_not_fit_is_named(recipe):
    text = TEXT | {"hidden_size": 8}
    (recipe / "narrow.json").write_text(json.dumps({"history_encoder": {"vision": VISION, "text": text}}))
    with pytest.raises(StoryError, match="8 wide .* reads 16"):
        main(command(recipe, "--steps", "1", "--config", str(recipe / "narrow.json")))
    (recipe / "none.json").write_text("{}")
    with pytest.raises(StoryError, match="no size of a history encoder"):
        main(command(recipe, "--steps", "1", "--config", str(recipe / "none.json")))
    with pytest.raises(StoryError, match='BLIP ".*nowhere" cannot be loaded'):
        main(command(recipe, "--steps", "1", "--blip", str(recipe / "nowhere")))
