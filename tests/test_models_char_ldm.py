"""Stage 1: fusion, conditioning, attention recording, L_reg, and normalised latents."""

import pytest
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel

from storyboard.models.attention import default_layers, record_cross_attention, regularization_loss
from storyboard.models.fusion import CharacterFuser
from storyboard.models.latents import decode_latents, encode_pictures
from tests import tiny


def test_the_fuser_is_the_released_mlp_and_has_its_names_and_shapes():
    fuser = CharacterFuser(768, 768)
    shapes = {name: tuple(value.shape) for name, value in fuser.state_dict().items()}
    expected = {
        **_mlp("mlp1", 1536, 768),
        **_mlp("mlp2", 768, 768),
        "layer_norm.weight": (768,),
        "layer_norm.bias": (768,),
    }
    assert shapes == expected
    assert sum(p.numel() for p in fuser.parameters()) == 2_958_336


def _mlp(name, wide, narrow):
    return {
        f"{name}.layernorm.weight": (wide,),
        f"{name}.layernorm.bias": (wide,),
        f"{name}.fc1.weight": (narrow, wide),
        f"{name}.fc1.bias": (narrow,),
        f"{name}.fc2.weight": (narrow, narrow),
        f"{name}.fc2.bias": (narrow,),
    }


def test_the_fuser_computes_equation_1_step_by_step():
    fuser = tiny.fuser()
    text, image = torch.randn(3, tiny.TEXT_WIDTH), torch.randn(3, tiny.PORTRAIT_WIDTH)
    w = fuser.state_dict()

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x, name):
        scaled = (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu(x):
        return x * 0.5 * (1 + torch.erf(x / 2**0.5))

    joined = torch.cat([text, image], dim=-1)
    b = text + linear(gelu(linear(norm(joined, "mlp1.layernorm"), "mlp1.fc1")), "mlp1.fc2")
    c = b + linear(gelu(linear(norm(b, "mlp2.layernorm"), "mlp2.fc1")), "mlp2.fc2")
    torch.testing.assert_close(fuser(text, image), norm(c, "layer_norm"))


def test_only_the_last_token_of_each_name_is_replaced():
    conditioner = tiny.conditioner()
    portraits = torch.randn(2, tiny.PORTRAIT_WIDTH)
    caption = "Rosa's hat,  Milo"
    condition = conditioner([caption, "No one."], [[(0, 4), (13, 17)], []], [portraits, portraits[:0]])
    tokens = conditioner.tokenizer.convert_ids_to_tokens(conditioner.tokenizer(caption)["input_ids"])
    rosa, milo = condition.columns[0]
    assert (tokens[rosa], tokens[milo]) == ("sa</w>", "o</w>")  # not the "'s" behind Rosa
    changed = (condition.fused != condition.text).any(-1)
    assert changed[0].nonzero().flatten().tolist() == [rosa, milo]
    assert not changed[1].any()
    expected = conditioner.fuser(condition.text[0, [rosa, milo]], portraits)
    torch.testing.assert_close(condition.fused[0, [rosa, milo]], expected)


def test_a_name_beyond_the_length_limit_has_no_column_and_the_end_token_stays():
    conditioner = tiny.conditioner()
    caption = "a " * 28 + "Milo"  # 28 + 4 tokens, of which 30 fit: the name is cut in the middle
    condition = conditioner([caption], [[(56, 60)]], [torch.randn(1, tiny.PORTRAIT_WIDTH)])
    assert condition.columns == [[None]]
    torch.testing.assert_close(condition.fused, condition.text)
    ids = conditioner._tokenize([caption])["input_ids"][0]
    assert len(ids) == tiny.TEXT_TOKENS and ids[-1] == conditioner.tokenizer.eos_token_id
    assert len(conditioner.tokenizer(caption)["input_ids"]) == 34


def test_a_batch_of_captions_equals_each_alone():
    conditioner = tiny.conditioner()
    portraits = torch.randn(2, tiny.PORTRAIT_WIDTH)
    captions, spans = ["Rosa runs", "See Milo"], [[(0, 4)], [(4, 8)]]
    both = conditioner(captions, spans, [portraits[:1], portraits[1:]]).fused
    for i in range(2):
        one = conditioner(captions[i : i + 1], spans[i : i + 1], [portraits[i : i + 1]]).fused
        torch.testing.assert_close(both[i : i + 1], one)


def test_a_span_without_portrait_is_refused():
    with pytest.raises(ValueError, match="One span per portrait"):
        tiny.conditioner()(["Rosa"], [[(0, 4)]], [torch.zeros(0, tiny.PORTRAIT_WIDTH)])


@torch.no_grad()
def test_recording_changes_no_bit_of_the_output_and_leaves_nothing_behind():
    unet = tiny.unet()
    inputs = torch.randn(2, 4, 8, 4), 5, torch.randn(2, 7, tiny.TEXT_WIDTH)
    before = unet(*inputs).sample
    processors = dict(unet.attn_processors)
    with record_cross_attention(unet, [[1, 3], [2]]) as record:
        during = unet(*inputs).sample
    with pytest.raises(RuntimeError), record_cross_attention(unet, [[1, 3], [2]]):
        raise RuntimeError("stopped in the middle")
    assert torch.equal(before, during)
    assert unet.attn_processors == processors
    assert not any(module._forward_pre_hooks for module in unet.modules())
    assert {tuple(m.shape[-2:]) for _, m in record.maps} == {(8, 4), (4, 2), (2, 1)}
    assert all(m.shape[:2] == (2, 2) for _, m in record.maps)
    assert all(m[1, 1].abs().sum() == 0 for _, m in record.maps)  # the second sample has only one column


@torch.no_grad()
def test_recorded_maps_are_the_attention_probabilities():
    unet = tiny.unet()
    name = "mid_block.attentions.0.transformer_blocks.0.attn2"
    seen = {}
    layer = unet.get_submodule(name)
    hook = layer.register_forward_pre_hook(
        lambda _, args, kwargs: seen.update(x=args[0], text=kwargs["encoder_hidden_states"]), with_kwargs=True
    )
    text = torch.randn(2, 7, tiny.TEXT_WIDTH)
    with record_cross_attention(unet, [[4, 0]], layers=["mid_block"], rows=slice(1, None)) as record:
        unet(torch.randn(2, 4, 8, 8), 5, text)
    hook.remove()
    query, key = layer.head_to_batch_dim(layer.to_q(seen["x"])), layer.head_to_batch_dim(layer.to_k(text))
    probabilities = (
        layer.get_attention_scores(query, key).unflatten(0, (2, layer.heads)).mean(1)
    )  # (B, hw, L)
    ((recorded_name, maps),) = record.maps
    assert recorded_name == name
    torch.testing.assert_close(maps[0].flatten(1), probabilities[1].T[[4, 0]])


def test_stable_diffusions_default_layers_are_the_eleven_of_the_reference():
    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=64,
            block_out_channels=(32, 32, 32, 32),
            cross_attention_dim=8,
            attention_head_dim=1,
        )
    groups = [name.split(".attentions")[0] for name in default_layers(unet)]
    assert {group: groups.count(group) for group in groups} == {
        "down_blocks.1": 2,
        "down_blocks.2": 2,
        "mid_block": 1,
        "up_blocks.1": 3,
        "up_blocks.2": 3,
    }
    assert len(default_layers(tiny.unet(sample_size=16))) == 7  # all layers, because none is finer than 32x32
    with pytest.raises(ValueError, match="mid_blok"):
        record_cross_attention(tiny.unet(), [[0]], layers=["mid_blok"]).__enter__()


def test_l_reg_equals_the_formula_by_hand_and_skips_empty_slots():
    attention = torch.tensor([[[[0.4, 0.2], [0.1, 0.3]], [[9.0, 9.0], [9.0, 9.0]]]])  # (1, 2, 2, 2)
    masks = torch.zeros(1, 2, 2, 2)
    masks[0, 0, 0] = 1  # the upper half
    loss = regularization_loss([("layer", attention)], masks, torch.tensor([[True, False]]))
    assert loss.item() == pytest.approx((0.1 + 0.3) / 2 - (0.4 + 0.2) / 2, abs=1e-4)
    nobody = regularization_loss([("layer", attention)], masks, torch.tensor([[False, False]]))
    assert nobody.item() == 0


def test_l_reg_pulls_attention_into_the_mask():
    unet = tiny.unet()
    text = torch.randn(1, 7, tiny.TEXT_WIDTH, requires_grad=True)
    masks = torch.zeros(1, 1, 32, 32)
    masks[..., :16] = 1
    with record_cross_attention(unet, [[2]]) as record:
        unet(torch.randn(1, 4, 8, 8), 5, text)
    regularization_loss(record.maps, masks, torch.tensor([[True]])).backward()
    assert text.grad.abs().sum() > 0


@torch.no_grad()
def test_latents_are_normalised_by_the_autoencoders_own_statistics():
    vae, pixels = tiny.vae(), torch.rand(2, 3, 32, 32) * 2 - 1
    raw = vae.encode(pixels).latent_dist.mode()
    mean = torch.tensor(vae.config.latents_mean).view(1, -1, 1, 1)
    std = torch.tensor(vae.config.latents_std).view(1, -1, 1, 1)
    latents = encode_pictures(vae, pixels)
    torch.testing.assert_close(latents, (raw - mean) / std)
    torch.testing.assert_close(decode_latents(vae, latents), vae.decode(raw).sample.clamp(-1, 1))
    vae.register_to_config(latents_mean=None, latents_std=None, scaling_factor=0.18215)
    torch.testing.assert_close(encode_pictures(vae, pixels), raw * 0.18215)
    torch.testing.assert_close(
        F.relu(decode_latents(vae, raw * 0.18215)), F.relu(vae.decode(raw).sample.clamp(-1, 1))
    )
