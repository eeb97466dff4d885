"""BLIP-2 at its smallest: LAVIS's names are translated, wrong files are refused, captions are made only once."""

import json

import pytest
import torch
from PIL import Image
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
)

from storyboard.errors import StoryError
from tests import tiny
from training.evaluate.captioning import Captioner, captioner_pixels, from_lavis, load_captioner, load_lavis
from training.evaluate.captions_file import CaptionsFile

WIDTH = 16

# One block of each kind: LAVIS's names, and transformers' own. They are written down from both, not made by the code.
VISION = {
    "visual_encoder.cls_token": "vision_model.embeddings.class_embedding",
    "visual_encoder.pos_embed": "vision_model.embeddings.position_embedding",
    "visual_encoder.patch_embed.proj.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual_encoder.patch_embed.proj.bias": "vision_model.embeddings.patch_embedding.bias",
    "visual_encoder.blocks.0.norm1.weight": "vision_model.encoder.layers.0.layer_norm1.weight",
    "visual_encoder.blocks.0.norm1.bias": "vision_model.encoder.layers.0.layer_norm1.bias",
    "visual_encoder.blocks.0.norm2.weight": "vision_model.encoder.layers.0.layer_norm2.weight",
    "visual_encoder.blocks.0.norm2.bias": "vision_model.encoder.layers.0.layer_norm2.bias",
    "visual_encoder.blocks.0.attn.qkv.weight": "vision_model.encoder.layers.0.self_attn.qkv.weight",
    "visual_encoder.blocks.0.attn.proj.weight": "vision_model.encoder.layers.0.self_attn.projection.weight",
    "visual_encoder.blocks.0.attn.proj.bias": "vision_model.encoder.layers.0.self_attn.projection.bias",
    "visual_encoder.blocks.0.mlp.fc1.weight": "vision_model.encoder.layers.0.mlp.fc1.weight",
    "visual_encoder.blocks.0.mlp.fc1.bias": "vision_model.encoder.layers.0.mlp.fc1.bias",
    "visual_encoder.blocks.0.mlp.fc2.weight": "vision_model.encoder.layers.0.mlp.fc2.weight",
    "visual_encoder.blocks.0.mlp.fc2.bias": "vision_model.encoder.layers.0.mlp.fc2.bias",
}
TRAINED = {
    "query_tokens": "query_tokens",
    "ln_vision.weight": "vision_model.post_layernorm.weight",
    "ln_vision.bias": "vision_model.post_layernorm.bias",
    "Qformer.bert.embeddings.LayerNorm.weight": "qformer.layernorm.weight",
    "Qformer.bert.embeddings.LayerNorm.bias": "qformer.layernorm.bias",
    "opt_proj.weight": "language_projection.weight",
    "opt_proj.bias": "language_projection.bias",
} | {
    f"Qformer.bert.encoder.layer.0.{theirs}.{kind}": f"qformer.encoder.layer.0.{ours}.{kind}"
    for theirs, ours in {
        "attention.self.query": "attention.attention.query",
        "attention.self.key": "attention.attention.key",
        "attention.self.value": "attention.attention.value",
        "attention.output.dense": "attention.output.dense",
        "attention.output.LayerNorm": "attention.output.LayerNorm",
        "crossattention.self.query": "crossattention.attention.query",
        "crossattention.self.key": "crossattention.attention.key",
        "crossattention.self.value": "crossattention.attention.value",
        "crossattention.output.dense": "crossattention.output.dense",
        "crossattention.output.LayerNorm": "crossattention.output.LayerNorm",
        "intermediate_query.dense": "intermediate_query.dense",
        "output_query.dense": "output_query.dense",
        "output_query.LayerNorm": "output_query.LayerNorm",
    }.items()
    for kind in ("weight", "bias")
}


@pytest.fixture(scope="module")
def tokenizer():
    return tiny.language_tokenizer()


@pytest.fixture
def model(tokenizer):
    torch.manual_seed(0)
    tower = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = Blip2Config(
        vision_config=Blip2VisionConfig(**tower, image_size=28, patch_size=14).to_dict(),
        qformer_config=Blip2QFormerConfig(
            **tower, encoder_hidden_size=WIDTH, cross_attention_frequency=1, vocab_size=8
        ).to_dict(),
        text_config=OPTConfig(
            vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16,
            word_embed_proj_dim=WIDTH, max_position_embeddings=96, bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, init_std=0.5,
        ).to_dict(),
        num_query_tokens=4,
    )  # fmt: skip
    made = Blip2ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for parameter in made.parameters():  # because some start as zeros and could not be told apart
            parameter.add_(torch.randn_like(parameter) * 0.3)
        # the biases of attention; keys have none
        made.vision_model.encoder.layers[0].self_attn.qkv.bias[WIDTH : 2 * WIDTH] = 0
    return made


def as_lavis(model, frozen=False) -> dict[str, torch.Tensor]:
    """Returns the model's weights as LAVIS would have written them."""
    state = model.state_dict()
    names = TRAINED if frozen else TRAINED | VISION
    weights = {theirs: state[ours].clone() for theirs, ours in names.items()}
    if not frozen:
        q, _, v = state["vision_model.encoder.layers.0.self_attn.qkv.bias"].chunk(3)
        weights |= {
            "visual_encoder.blocks.0.attn.q_bias": q.clone(),
            "visual_encoder.blocks.0.attn.v_bias": v.clone(),
        }
    return weights


def blank(model) -> Blip2ForConditionalGeneration:
    other = Blip2ForConditionalGeneration(model.config).eval()
    other.language_model.load_state_dict(model.language_model.state_dict())
    return other


def pictures(count=2) -> list[Image.Image]:
    return [Image.linear_gradient("L").rotate(90 * i).convert("RGB") for i in range(count)]


def test_every_weight_but_the_language_models_has_a_name_in_lavis(model):
    found = from_lavis(as_lavis(model), "captioner.pth")
    own = {k: v for k, v in model.state_dict().items() if not k.startswith("language_model.")}
    assert found.keys() == own.keys() and all(torch.equal(found[k], own[k]) for k in own)


def test_a_checkpoint_of_lavis_says_the_same(model, tokenizer, tmp_path):
    held = {
        "model": as_lavis(model),
        "epoch": 4,
        "optimizer": {"state": {}},
        "scaler": None,
        "config": {"run": {}},
    }
    torch.save(held, tmp_path / "captioner.pth")
    other = blank(model)
    load_lavis(other, tmp_path / "captioner.pth")
    assert Captioner(other, tokenizer).captions(pictures()) == Captioner(model, tokenizer).captions(
        pictures()
    )


def test_a_frozen_tower_stays_the_bases(model, tmp_path):
    torch.save({"model": as_lavis(model, frozen=True)}, tmp_path / "c.pth")
    other = blank(model)
    before = other.vision_model.embeddings.position_embedding.clone()
    load_lavis(other, tmp_path / "c.pth")
    assert torch.equal(other.vision_model.embeddings.position_embedding, before)
    assert torch.equal(other.vision_model.post_layernorm.weight, model.vision_model.post_layernorm.weight)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda w: w.update(itm_head=torch.zeros(2)), "unknown weight 'itm_head'"),
        (lambda w: w.pop("query_tokens"), "'query_tokens' is missing"),
        (lambda w: w.pop("visual_encoder.blocks.0.attn.v_bias"), "one of the two biases"),
        (lambda w: w.pop("visual_encoder.pos_embed"), "position_embedding' is missing"),
        (
            lambda w: w.update(query_tokens=torch.zeros(1, 3, WIDTH)),
            r"\(1, 3, 16\) and should be \(1, 4, 16\)",
        ),
    ],
)
def test_odd_checkpoints_name_what_differs(model, tmp_path, spoil, told):
    weights = as_lavis(model)
    spoil(weights)
    torch.save({"model": weights}, tmp_path / "c.pth")
    with pytest.raises(StoryError, match=told):
        load_lavis(model, tmp_path / "c.pth")


def test_a_file_without_a_model_is_refused(model, tmp_path):
    torch.save(as_lavis(model), tmp_path / "c.pth")
    with pytest.raises(StoryError, match="has no 'model'"):
        load_lavis(model, tmp_path / "c.pth")


def test_five_captions_of_each_picture_that_follow_from_it(model, tokenizer):
    captioner = Captioner(model, tokenizer)
    made = captioner.captions(pictures(3))
    assert [len(captions) for captions in made] == [5, 5, 5]
    assert made[:1] == captioner.captions(pictures(1))  # another picture in the batch changes nothing
    assert made[0] != made[1]


def test_the_beams_are_those_of_transformers_own_captioning(model, tokenizer):
    model.config.image_token_index = 0  # the place where its own generate puts the output of the Q-Former
    pixels = torch.stack([captioner_pixels(pictures()[0], 28)])
    prompt = tokenizer(["a photo of"], return_tensors="pt").input_ids
    tokens = model.generate(
        pixels, torch.cat([torch.zeros(1, 4, dtype=torch.long), prompt], 1),
        num_beams=5, num_return_sequences=5, do_sample=False, max_new_tokens=30, min_new_tokens=1,
        eos_token_id=tokenizer("\n", add_special_tokens=False).input_ids[0], pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    expected = [text.strip() for text in tokenizer.batch_decode(tokens, skip_special_tokens=True)]
    found = Captioner(model, tokenizer).captions(pictures(1))[0]
    assert [text.removeprefix("a photo of").strip() for text in expected] == found


def test_pictures_are_squeezed_and_not_cut():
    wide = Image.new("RGB", (200, 100), "white")
    wide.paste("black", (0, 0, 20, 100))
    pixels = captioner_pixels(wide, 28)
    assert pixels.shape == (3, 28, 28) and pixels[0, 14, 0] < -1.5 and pixels[0, 14, 14] > 1.5


def test_a_folder_is_loaded_with_the_released_weights_over_it(model, tokenizer, tmp_path):
    blank(model).save_pretrained(tmp_path / "blip")
    tokenizer.save_pretrained(tmp_path / "blip")
    torch.save({"model": as_lavis(model)}, tmp_path / "captioner.pth")
    cpu = torch.device("cpu")
    captioner = load_captioner(tmp_path / "blip", tmp_path / "captioner.pth", cpu)
    assert captioner.captions(pictures()) == Captioner(model, tokenizer).captions(pictures())
    with pytest.raises(StoryError, match="no BLIP-2"):
        load_captioner(tmp_path / "nothing", None, cpu)


class Counts:
    def __init__(self):
        self.seen = 0

    def captions(self, pictures):
        self.seen += len(pictures)
        return [[f"{p.getpixel((0, 0))} {i}" for i in range(5)] for p in pictures]


def test_a_caption_is_made_once_and_survives_a_broken_line(tmp_path):
    path, made_by = tmp_path / "c.jsonl", {"captioner": "c"}
    first = CaptionsFile(path, made_by).of(pictures(3), Counts())
    with open(path, "a") as file:
        file.write('{"picture": "half')
    counts = Counts()
    again = CaptionsFile(path, made_by)
    assert again.of(pictures(3), counts) == first and counts.seen == 0
    assert again.of(pictures(4), counts)[:3] == first and counts.seen == 1
    assert len(CaptionsFile(path, made_by).known) == 4
    with pytest.raises(StoryError, match="another captioner"):
        CaptionsFile(path, {"captioner": "d"})
    path.write_text(json.dumps(made_by) + "\n[]\n")
    with pytest.raises(StoryError, match="no file of captions"):
        CaptionsFile(path, made_by)
