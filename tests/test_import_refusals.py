"""A file that is no checkpoint of the authors is refused with the key that shows it. Harmless differences are named."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from storyboard.errors import StoryError
from tests import released, tiny
from training import import_weights
from training.released import language, model_args, parts
from training.released.keys import SECOND_STAGE, standardise


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> released.Released:
    return released.Released(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def base(files):
    """A base for tests that refuse a file, or that do not touch the base."""
    return parts.load_base(str(files.base), str(files.clip))


def import_first(tensors, base):
    return parts.import_first_stage(Path("pytorch_model.bin"), tensors, base)


def test_known_differences_are_tolerated_and_named(files):
    renamed = {
        key.replace(".query.", ".to_q.")
        .replace(".key.", ".to_k.")
        .replace(".value.", ".to_v.")
        .replace(".proj_attn.", ".to_out.0."): tensor
        for key, tensor in files.first.items()
    }
    assert renamed.keys() != files.first.keys()
    positions = torch.arange(tiny.TEXT_TOKENS)[None]
    wrapped = {
        f"module.{key}": tensor
        for key, tensor in {**renamed, "text_encoder.embeddings.position_ids": positions}.items()
    }
    fuser, tolerated = import_first(wrapped, parts.load_base(str(files.base), str(files.clip)))
    assert torch.equal(fuser.layer_norm.bias, files.first["postfuse_module.layer_norm.bias"])
    assert tolerated == (
        'a "module." before every key',
        "the autoencoder's attention under its newer names (to_q, to_k, to_v, to_out.0)",
        "position ids, which nothing reads",
    )


Q = "text_encoder.encoder.layers.0.self_attn.q_proj.weight"


K = "text_encoder.encoder.layers.0.self_attn.k_proj.weight"


CONVOLUTION = "unet.conv_in.weight"


def swapped(state, one, other):
    return {**state, one: state[other], other: state[one]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {k: t for k, t in s.items() if k != K}, f'"{K}" is missing;'),
        (lambda s: dict(list(s.items())[:-3]), r"is missing \(2 more keys differ\)"),
        (lambda s: {**s, "unet.extra.weight": s[Q]}, '"unet.extra.weight" does not belong there'),
        (lambda s: {**s, "optimizer": s[Q]}, '"optimizer" does not belong there'),
        (lambda s: {**s, f"module.{Q}": s[Q]}, f'"module.{Q}" does not belong there'),
        (lambda s: {**s, CONVOLUTION: s[CONVOLUTION][:, :2]}, "conv_in.weight. is 8x2x3x3 and should be 8x4x3x3"),
        (lambda s: {**s, "unet.conv_in.bias": s[CONVOLUTION]}, "is 8x4x3x3 and should be 8;"),
        (lambda s: swapped(s, Q, K), "self_attn.k_proj.weight. is unlike the base's"),
        (lambda s: {**s, CONVOLUTION: -s[CONVOLUTION]}, "unet.conv_in.weight. is unlike the base's"),
        (lambda s: {**s, CONVOLUTION: s[CONVOLUTION] / 0}, "unet.conv_in.weight. holds values that are no finite"),
        (lambda s: {**s, Q: s[Q].long()}, "q_proj.weight. is int64 and should be float32"),
    ],
)  # fmt: skip
def test_a_first_stage_that_does_not_fit_is_refused_by_its_first_odd_key(files, base, change, message):
    with pytest.raises(StoryError, match=message) as caught:
        import_first(change(files.first), base)
    assert "\n" not in str(caught.value)


def test_one_tensor_under_two_names_is_refused(files, base):
    old = next(key for key in files.first if ".query.weight" in key)
    both = {**files.first, old.replace("query", "to_q"): files.first[old]}
    with pytest.raises(StoryError, match="are the same tensor"):
        import_first(both, base)


@pytest.fixture(scope="module")
def chosen(files) -> language.Language:
    return language.choose(files.llm)


def import_second(tensors, base, chosen, **changes):
    path = Path("pretrained_ckpt.pth.tar")
    args = model_args.ModelArgs(
        released.VISUAL_TOKENS, 8, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH, released.RETRIEVAL, 160, None
    )
    return parts.import_second_stage(path, tensors, replace(args, **changes), chosen, base)


MAPPER = "model.gen_text_hidden_fcs.0."


QUERIES = f"{MAPPER}query_embs"


@pytest.mark.parametrize(
    ("change", "args", "message"),
    [
        (lambda s: {k: t for k, t in s.items() if k != QUERIES}, {}, f'"{QUERIES}" is missing;'),
        (lambda s: {**s, "model.lm.weight": s[QUERIES]}, {}, '"model.lm.weight" does not belong there'),
        (
            lambda s: swapped(s, QUERIES, f"{MAPPER}fc.weight"),
            {},
            f'"{QUERIES}" is 512x20 and should be 1x32x512',
        ),
        (lambda s: s, {"visual_tokens": 4}, '"model.visual_embeddings.weight" is 60x24 and should be 80x24'),
        (lambda s: s, {"image_tokens": 4}, '"model.input_embeddings.weight" is 8x20 and should be 4x20'),
        (lambda s: s, {"retrieval_width": 7}, '"model.visual_fc.weight" is 6x24 and should be 7x24'),
        (lambda s: s, {"queries": 77}, "num_clip_tokens is 77 where it reads 32"),
        (lambda s: s, {"condition_width": 768}, "gen_emb_dim is 768 where the denoiser reads 16"),
        (lambda s: s, {"max_len": 600}, "600 positions and the language model has 512"),
    ],
)
def test_a_second_stage_that_does_not_fit_is_refused(files, base, chosen, change, args, message):
    with pytest.raises(StoryError, match=message):
        import_second(change(files.second), base, chosen, **args)


def test_a_second_stage_without_retrieval_heads_is_imported(files, base, chosen):
    bare = {k: t for k, t in files.second.items() if k in standardise(SECOND_STAGE, files.second).used}
    built, tolerated = import_second(bare, base, chosen)
    assert tolerated == ()
    assert torch.equal(built["image_tokens"].weight, files.second["model.input_embeddings.weight"])


def test_the_command_refuses_in_one_sentence_with_exit_code_2_and_leaves_nothing(files, tmp_path, capsys):
    odd = tmp_path / "in" / "odd.bin"
    odd.parent.mkdir()
    torch.save({"weights": torch.zeros(3)}, odd)
    (tmp_path / "out").mkdir()
    with pytest.raises(SystemExit) as caught:
        import_weights.main(files.arguments(tmp_path / "out" / "story", **{"first-stage": odd}))
    said = capsys.readouterr().err.strip()
    assert caught.value.code == 2 and list((tmp_path / "out").iterdir()) == []
    assert 'import_weights: odd.bin does not fit: "text_encoder.' in said
    assert "\n" not in said.partition("import_weights:")[2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first-stage": "nowhere.bin"}, 'no first-stage checkpoint "nowhere.bin"'),
        ({"second-stage": "nowhere"}, 'no second-stage folder "nowhere"'),
        ({"llm": None}, "belong together"),
        ({"llm": "nowhere/at/all"}, 'The config of the language model "nowhere/at/all" cannot be loaded'),
        ({"out": __file__}, "exists; give a new folder"),
        ({"out": "nowhere/at/all"}, "to write in; create it"),
    ],
)
def test_what_is_not_there_is_named_before_any_work(files, tmp_path, capsys, changes, message):
    with pytest.raises(SystemExit) as caught:
        import_weights.main(files.arguments(**{"out": tmp_path / "out", **changes}))
    assert caught.value.code == 2 and message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
