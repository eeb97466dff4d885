"""StoryDALL-E: pictures as tokens, what its transformer reads. Both halves train and draw."""

import json

import pytest
import torch
from diffusers import VQModel
from PIL import Image
from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.renderer import ContextFrame, FrameRequest
from tests import story_folders, tiny
from tests.parts_folder import CAPTION_TOKENS
from training.evaluate.renderers import load_renderer
from training.story_dalle.__main__ import main
from training.story_dalle.pipeline import StoryDallePipeline
from training.story_dalle.tokens import codes_of, picture_of
from training.story_dalle.transformer import StoryTransformer, sampled

VQ = {
    "down_block_types": ["DownEncoderBlock2D"] * 3, "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": [4, 4, 8], "latent_channels": 4, "vq_embed_dim": 4, "num_vq_embeddings": 8,
    "norm_num_groups": 2, "sample_size": 16, "mid_block_add_attention": False,
}  # fmt: skip
SIZE = {"n_embd": 16, "n_layer": 2, "n_head": 2}
PLACES = 16  # 4 x 4


def vq(**changes) -> VQModel:
    torch.manual_seed(0)
    model = VQModel(**VQ | changes).eval()
    torch.nn.init.normal_(model.quantize.embedding.weight)
    return model


def transformer(spoken: bool = True) -> StoryTransformer:
    """spoken: whether its retro cross-attention has an effect, as after training."""
    torch.manual_seed(1)
    words = len(tiny.text_tokenizer())
    made = StoryTransformer(SIZE, words, VQ["num_vq_embeddings"], tiny.TEXT_TOKENS, PLACES).eval()
    for name, weight in made.named_parameters():
        if weight.ndim > 1 and (spoken or "crossattention.c_proj" not in name):
            torch.nn.init.normal_(weight, std=0.3)
    return made


def test_a_picture_of_codes_has_those_codes():
    model = vq()
    pixels = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1
    codes = codes_of(model, pixels)
    assert codes.shape == (2, PLACES) and codes.unique().numel() > 1
    with torch.no_grad():
        assert torch.allclose(picture_of(model, codes), model(pixels).sample.clamp(-1, 1), atol=1e-5)


def inputs(batch: int = 2):
    g = torch.Generator().manual_seed(3)
    words = torch.randint(0, 500, (batch, tiny.TEXT_TOKENS), generator=g)
    source, codes = (torch.randint(0, 8, (batch, PLACES), generator=g) for _ in range(2))
    return torch.randn(batch, 16, generator=g), words, source, codes


@torch.no_grad()
def test_each_token_is_told_from_what_stands_before_it():
    model, (story, words, source, codes) = transformer(), inputs()
    to_word, to_code = model(story, words, source, codes)
    assert to_word.shape[:2] == (2, tiny.TEXT_TOKENS) and to_code.shape == (2, PLACES, 8)
    changed = codes.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 8
    _, later = model(story, words, source, changed)
    assert torch.allclose(to_code[:, :6], later[:, :6], atol=1e-5)
    assert not torch.allclose(to_code[:, 6:], later[:, 6:], atol=1e-3)
    others = words.clone()
    others[:, 4] += 1
    assert not torch.allclose(to_code, model(story, others, source, codes)[1], atol=1e-3)
    assert not torch.allclose(to_code, model(-9 * story, words, source, codes)[1], atol=1e-3)


@torch.no_grad()
def test_the_source_frame_is_read_in_every_layer_and_at_first_adds_nothing():
    story, words, source, codes = inputs()
    moved = source.roll(1, dims=1)
    for spoken in (True, False):
        model = transformer(spoken)
        one, other = (model(story, words, kept, codes)[1] for kept in (source, moved))
        assert torch.allclose(one, other, atol=1e-5) is not spoken


@torch.no_grad()
def test_what_is_written_step_by_step_is_what_is_likeliest_of_all_at_once():
    model, (story, words, source, _) = transformer(), inputs(1)
    *_, codes = model.write(story, words, source, torch.Generator(), temperature=0)
    assert torch.equal(model(story, words, source, codes)[1].argmax(-1), codes)


@torch.no_grad()
def test_the_story_embedding_reads_the_sentences_before_and_none_after():
    model = transformer()
    words = torch.arange(4 * 6).view(4, 6)
    mask = torch.ones_like(words)
    mask[0, 3:] = 0
    whole = model.story_embedding(words, mask, [[0, 1], [0, 1, 2]])
    assert torch.allclose(whole[:1], model.story_embedding(words, mask, [[0, 1]]), atol=1e-5)
    assert not torch.allclose(whole[1], model.story_embedding(words, mask, [[3, 1, 2]])[0], atol=1e-3)
    padded = words.clone()
    padded[0, 3:] = 7
    assert torch.allclose(whole, model.story_embedding(padded, mask, [[0, 1], [0, 1, 2]]), atol=1e-5)


def test_a_code_is_one_of_the_likeliest():
    logits = torch.tensor([0.0, 5.0, 4.0, -1.0])
    drawn = {int(sampled(logits, torch.Generator().manual_seed(n), 1.0, 2)) for n in range(40)}
    assert drawn == {1, 2}
    assert {int(sampled(logits, torch.Generator().manual_seed(n), 9.0, 0)) for n in range(40)} == {0, 1, 2, 3}


def pipeline() -> StoryDallePipeline:
    built = StoryDallePipeline(vq(), transformer(), tiny.text_tokenizer(), top_k=0)
    built.set_progress_bar_config(disable=True)
    return built


def picture(shade: int) -> Image.Image:
    return Image.linear_gradient("L").rotate(90 * shade).resize((32, 32)).convert("RGB")


def drawn(renderer, caption, history, seed=1) -> Image.Image:
    *_, rendered = renderer.render(FrameRequest(caption, (), tuple(history), seed))
    assert (rendered.steps, rendered.guidance, rendered.seed) == (PLACES, 1.0, seed)
    return rendered.picture


def test_a_picture_follows_from_the_source_frame_the_sentences_and_the_seed(monkeypatch):
    renderer = pipeline()
    history = [ContextFrame("Rosa waves.", picture(0)), ContextFrame("She sits.", picture(1))]
    first = drawn(renderer, "She sings.", history)
    assert first.size == (16, 16) and drawn(renderer, "She sings.", history).tobytes() == first.tobytes()
    others = (
        ("She runs.", history, 1),
        ("She sings.", [ContextFrame("Rosa waves.", picture(1)), history[1]], 1),
        ("She sings.", history, 2),
    )
    assert all(drawn(renderer, *other).tobytes() != first.tobytes() for other in others)
    between = [history[0], ContextFrame("She sits.", picture(2))]
    assert drawn(renderer, "She sings.", between).tobytes() == first.tobytes()
    told = []
    made = StoryTransformer.story_embedding
    monkeypatch.setattr(
        StoryTransformer, "story_embedding", lambda *args: told.append(args[1:]) or made(*args)
    )
    drawn(renderer, "She sings.", history)
    ((words, _, rows),) = told
    said = renderer.tokenizer.batch_decode(words, skip_special_tokens=True)
    assert [one.replace(" ", "") for one in said] == ["rosawaves.", "shesits.", "shesings."]
    assert list(rows[0]) == [0, 1, 2]
    request = FrameRequest("She sings.", (), tuple(history), 1)
    assert not list(renderer.render(request, cancelled=lambda: True))


def test_a_story_without_a_source_frame_is_refused_and_a_vq_model_of_another_size():
    with pytest.raises(StoryError, match="no source frame; give it the story's first picture"):
        list(pipeline().render(FrameRequest("Rosa waves.", (), (), 1)))
    with pytest.raises(StoryError, match="9 codes at 16 places .* writes 8 at 16"):
        StoryDallePipeline(vq(num_vq_embeddings=9), transformer(), tiny.text_tokenizer())
    with pytest.raises(StoryError, match="8 codes at 64 places"):
        StoryDallePipeline(vq(sample_size=32), transformer(), tiny.text_tokenizer())


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
    tiny.text_tokenizer().save_pretrained(tmp_path / "parts" / "tokenizer")
    (tmp_path / "size.json").write_text(json.dumps({"vq": VQ, "story_transformer": SIZE}))
    return tmp_path


def train(recipe, part: str, *flags: str) -> list[dict]:
    """Trains one half. Returns its log."""
    run = recipe / part
    paths = [
        "--parts",
        str(recipe / "parts"),
        "--config",
        str(recipe / "size.json"),
        "--output_dir",
        str(run),
    ]
    out = ["--out", str(recipe / "system")] if part == "transformer" else []
    main([part, *paths, *out, "--batch", "2", *flags])
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("data", [False, True], ids=["maple-lane", "dataset"])
def test_both_halves_train_resume_and_draw(recipe, data):
    flags = []
    if data:
        story_folders.flintstones(recipe / "flintstones")
        flags = ["--data", str(recipe / "flintstones")]
    with pytest.raises(StoryError, match="no VQ model; run: python -m training.story_dalle vq"):
        train(recipe, "transformer", "--steps", "1", *flags)
    train(recipe, "vq", "--steps", "3", *flags)
    log = train(recipe, "vq", "--steps", "5", *flags)
    assert [entry["step"] for entry in log] == [3, 5] and 0 < log[-1]["used"] <= 1
    train(recipe, "transformer", "--steps", "3", *flags)
    log = train(recipe, "transformer", "--steps", "5", *flags)
    assert [entry["step"] for entry in log] == [3, 5] and log[-1]["text"] > 0
    trained = load_file(recipe / "transformer" / "checkpoint" / "trained.safetensors")
    assert {name.split(".")[0] for name in trained} == {"transformer"}
    assert (recipe / "transformer" / "sample-000005.png").is_file()
    renderer = load_renderer(recipe / "system")
    assert isinstance(renderer, StoryDallePipeline) and renderer.transformer.dtype == torch.float32
    drawn(renderer, "She sings.", [ContextFrame("Rosa waves.", picture(0))])


def test_a_transformer_does_not_go_on_with_another_vq_model(recipe):
    train(recipe, "vq", "--steps", "1")
    train(recipe, "transformer", "--steps", "1")
    vq(num_vq_embeddings=9).save_pretrained(recipe / "parts" / "story_dalle" / "vq")
    again = ["--steps", "1", "--continued", "true", "--output_dir", str(recipe / "more")]
    with pytest.raises(StoryError, match="9 codes at 16 places"):
        train(recipe, "transformer", *again)


def test_the_codebook_begins_with_what_the_encoder_says(recipe):
    log = train(recipe, "vq", "--steps", "1", "--lr", "0")
    assert log[-1]["used"] > 0.4
