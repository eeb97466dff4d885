"""Stage 2: image tokens, mappers, the story reader and its losses, on tiny OPT and Llama models."""

import pytest
import torch
import torch.nn.functional as F

from storyboard.models.image_tokens import mean_row_norm
from storyboard.models.losses import alignment_loss, generation_loss
from storyboard.models.mappers import ConditionMapper
from storyboard.text.prompt import PictureSlot, interleave
from tests import tiny

both_models = pytest.mark.parametrize("build", [tiny.opt, tiny.llama])


def prompts(reader, seed=0):
    """Returns two prompts of different length, the first with a cast."""
    torch.manual_seed(seed)
    features = torch.randn(4, tiny.VISION_WIDTH)
    visual = reader.visual_mapper(features)
    short = interleave(["Rosa walks."], "She runs.", ["Rosa"])
    long = interleave(["Rosa walks.", "Milo sits."], "They both run very far.")
    return [reader.embed(short, visual[:1], visual[3:]), reader.embed(long, visual[:2])]


def test_the_condition_mapper_has_the_released_names_and_shapes():
    with torch.device("meta"):
        mapper = ConditionMapper(input_width=4096, output_width=768, queries=77)
    shapes = {name: tuple(value.shape) for name, value in mapper.state_dict().items()}
    assert len(shapes) == 129
    assert sum(p.numel() for p in mapper.parameters()) == 31_958_784
    assert shapes["query_embs"] == (1, 77, 512)
    assert shapes["fc.weight"] == (512, 4096)
    assert shapes["model.weight"] == (768, 512)
    assert shapes["tfm.encoder.layers.3.linear1.weight"] == (2048, 512)
    assert shapes["tfm.decoder.layers.0.multihead_attn.in_proj_weight"] == (1536, 512)
    assert shapes["tfm.encoder.norm.weight"] == shapes["tfm.decoder.norm.bias"] == (512,)


def test_the_start_token_comes_once_and_pictures_stay_between_the_texts():
    reader = tiny.reader()
    parts = interleave(["Rosa walks."], "She runs.", ["Rosa"])
    tokens = reader.tokenize(parts)
    start = reader.tokenizer.bos_token_id
    flat = [token for part in tokens if isinstance(part, list) for token in part]
    assert flat.index(start) == 0 and flat.count(start) == 1
    assert [part for part in tokens if isinstance(part, PictureSlot)] == [
        p for p in parts if not isinstance(p, str)
    ]
    assert reader.tokenizer.decode(tokens[0][1:]) == parts[0]
    assert reader.length(tokens) == len(flat) + 2 * tiny.VISUAL_TOKENS


@both_models
@torch.no_grad()
def test_one_pass_over_all_image_tokens_equals_feeding_them_one_by_one(build):
    reader = tiny.reader(build)
    prompt = prompts(reader)[0]
    together = reader.read([prompt]).states[0]
    rows = reader.image_tokens.weight
    for r in range(tiny.IMAGE_TOKENS):
        hidden = reader.forward(torch.cat([prompt.embeddings, rows[: r + 1]])[None])
        torch.testing.assert_close(together[r], hidden[0, -1], atol=1e-5, rtol=1e-4)


@both_models
@torch.no_grad()
def test_a_padded_batch_equals_each_prompt_alone(build):
    reader = tiny.reader(build)
    batch = prompts(reader)
    together = reader.read(batch, logits=True)
    for i, prompt in enumerate(batch):
        alone = reader.read([prompt], logits=True)
        length = alone.logits.shape[1]
        torch.testing.assert_close(together.condition[i], alone.condition[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(together.logits[i, :length], alone.logits[0], atol=1e-4, rtol=1e-4)
        assert torch.equal(together.labels[i, :length], alone.labels[0])
        assert (together.labels[i, length:] == -100).all()


@both_models
@torch.no_grad()
def test_states_are_the_language_models_own_last_ones_and_logits_extend_its_head(build):
    reader = tiny.reader(build)
    prompt = prompts(reader)[1]
    output = reader.read([prompt], logits=True)
    embeddings = torch.cat([prompt.embeddings, reader.image_tokens.weight])[None]
    reference = reader.language_model(inputs_embeds=embeddings, output_hidden_states=True)
    hidden = reference.hidden_states[-1]
    torch.testing.assert_close(output.states, hidden[:, -tiny.IMAGE_TOKENS :], atol=1e-5, rtol=1e-4)
    vocabulary = reader.vocabulary
    torch.testing.assert_close(output.logits[..., :vocabulary], reference.logits, atol=1e-4, rtol=1e-4)
    extra = hidden @ reader.image_tokens.weight.T
    torch.testing.assert_close(output.logits[..., vocabulary:], extra, atol=1e-4, rtol=1e-4)
    source = output.states + reader.image_tokens.weight
    torch.testing.assert_close(
        output.condition, reader.condition_mapper(source, torch.zeros_like(source)), atol=1e-5, rtol=1e-4
    )


@both_models
def test_gradients_reach_what_is_trained_and_nothing_of_the_language_model(build):
    reader = tiny.reader(build)
    output = reader.read(prompts(reader), logits=True)
    generation = generation_loss(output.logits, output.labels, reader.vocabulary)
    (generation + alignment_loss(output.condition, torch.zeros_like(output.condition))).backward()
    for part in (reader.image_tokens, reader.visual_mapper, reader.condition_mapper):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters() if p.dim() > 1)
    assert all(p.grad is None for p in reader.language_model.parameters())


@both_models
def test_more_positions_than_the_model_has_is_an_error_before_the_model_runs(build):
    reader = tiny.reader(build, positions=64)
    with pytest.raises(ValueError, match="65 positions; the language model has 64"):
        reader.forward(torch.zeros(1, 65, tiny.WORD_WIDTH))


def test_history_is_cut_from_the_left_at_frame_borders_and_the_cast_stays():
    reader = tiny.reader()
    captions = ["Rosa walks.", "Milo sits.", "They look."]
    parts = interleave(captions, "She runs.", ["Rosa"])
    whole = reader.length(reader.tokenize(parts))
    assert reader.fit(parts, whole) == parts
    shorter = reader.fit(parts, whole - 1)
    slots = [part for part in shorter if isinstance(part, PictureSlot)]
    assert slots == [PictureSlot("portrait", 0), PictureSlot("frame", 1), PictureSlot("frame", 2)]
    assert [p for p in shorter if isinstance(p, str)] == [
        p for p in interleave(captions[1:], "She runs.", ["Rosa"]) if isinstance(p, str)
    ]
    with pytest.raises(ValueError, match="positions with one frame; 10 are left"):
        reader.fit(parts, 10)


def test_l_gen_supervises_all_image_tokens_or_words_and_the_first():
    vocabulary, logits = 5, torch.randn(1, 6, 8)
    labels = torch.tensor([[1, 4, -100, 5, 6, 7]])  # two words, a picture, three image tokens
    log_p = F.log_softmax(logits, dim=-1)[0]
    paper = -(log_p[2, 5] + log_p[3, 6] + log_p[4, 7]) / 3
    code = -(log_p[0, 4] + log_p[2, 5]) / 2
    torch.testing.assert_close(generation_loss(logits, labels, vocabulary), paper)
    torch.testing.assert_close(generation_loss(logits, labels, vocabulary, "code"), code)
    with pytest.raises(ValueError, match='"all"'):
        generation_loss(logits, labels, vocabulary, "all")


def test_l_align_is_squared_or_the_mean_length_of_a_tokens_error():
    predicted, target = torch.zeros(1, 2, 2), torch.tensor([[[3.0, 4.0], [0.0, 1.0]]])
    assert alignment_loss(predicted, target).item() == pytest.approx((25 + 1) / 4)
    assert alignment_loss(predicted, target, squared=False).item() == pytest.approx((5 + 1) / 2)


def test_image_tokens_take_the_mean_length_of_the_words():
    reader = tiny.reader()
    norm = mean_row_norm(reader.language_model)
    reader.image_tokens.rescale_to(norm)
    torch.testing.assert_close(
        reader.image_tokens.weight.norm(dim=-1), torch.full((tiny.IMAGE_TOKENS,), norm)
    )
