"""The files of a release: pickled files that may be damaged or hostile, model_args.json, and a language model."""

import json
import os
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from storyboard.errors import StoryError
from tests import released, tiny
from training.released import language, model_args, unpickle


class Attack:
    def __reduce__(self):
        return os.system, ("touch attacked",)


def cut_off(path: Path, state: dict) -> None:
    torch.save(state, path)
    path.write_bytes(path.read_bytes()[:-1000])


def flip_a_bit(path: Path, state: dict) -> None:
    torch.save(state, path)
    data = bytearray(path.read_bytes())
    at = data.index(state["b"].numpy().tobytes()) + 1
    data[at] ^= 1
    path.write_bytes(data)


def compress(path: Path, state: dict) -> None:
    torch.save(state, path)
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in records.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (cut_off, "is cut off or damaged"),
        (flip_a_bit, 'is damaged: "b" does not have its checksum'),
        (compress, "is compressed"),
        (lambda path, state: torch.save({**state, "c": Attack()}, path), "more than weights, which could run code"),
        (lambda path, state: torch.save({**state, "c": "text"}, path), "holds 'c', which is no plain tensor"),
        (lambda path, state: torch.save([state], path), "holds a list where named tensors belong"),
        (lambda path, state: torch.save({"state_dict": {}}, path), "holds nothing where named tensors belong"),
        (lambda path, state: torch.save({3: state["a"]}, path), "has a key that is no name"),
        (lambda path, state: path.write_bytes(b""), "is cut off or damaged"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_file_is_no_checkpoint(tmp_path, monkeypatch, write, message):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    path = tmp_path / "pytorch_model.bin"
    write(path, {"a": torch.randn(300), "b": torch.randn(400)})
    with pytest.raises(unpickle.Unreadable, match=message) as caught:
        unpickle.convert(path, tmp_path / "out.safetensors")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "attacked").exists() and not (tmp_path / "out.safetensors").exists()


def test_shared_and_transposed_tensors_are_converted_as_they_are(tmp_path):
    shared = torch.randn(4, 6)
    state = {"a": shared, "b": shared, "part": shared[1], "turned": shared.T, "half": shared.bfloat16()}
    torch.save(state, tmp_path / "x.bin")
    unpickle.convert(tmp_path / "x.bin", tmp_path / "x.safetensors")
    loaded = load_file(tmp_path / "x.safetensors")
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    assert loaded["half"].dtype == torch.bfloat16 and loaded.keys() == state.keys()


def test_a_file_that_swells_when_unpacked_is_stopped_in_its_own_process(tmp_path):
    torch.save({"bomb": torch.zeros(1).expand(1 << 38)}, tmp_path / "bomb.bin")
    assert (tmp_path / "bomb.bin").stat().st_size < 10_000
    with pytest.raises(StoryError, match="Reading bomb.bin was stopped"):
        unpickle.to_safetensors({tmp_path / "bomb.bin": tmp_path / "bomb.safetensors"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_tokens": None}, "num_tokens is null"),
        ({"n_visual_tokens": "4"}, 'n_visual_tokens is "4"'),
        ({"max_len": True}, "max_len is true"),
        ({"gen_emb_dim": 10**9}, "gen_emb_dim is 1000000000"),
        ({"text_fc_mode": "linear"}, 'text_fc_mode is "linear", and only "gill_mapper"'),
        ({"interleave": False}, "interleave is false"),
        ({"gen_token_idx": [1, 3]}, "gen_token_idx and retrieval_token_idx differ"),
        ({"gen_token_idx": [1, 3], "retrieval_token_idx": [1, 3]}, "should be 8 ids in a row"),
        ({"gen_token_idx": [], "retrieval_token_idx": []}, "should be 8 ids in a row"),
    ],
)
def test_model_args_are_read_and_checked(tmp_path, changes, message):
    path = tmp_path / "model_args.json"
    path.write_text(json.dumps(released.model_args(300, **changes)))
    with pytest.raises(StoryError, match=message):
        model_args.read_model_args(path)


def test_older_model_args_without_token_ids_are_read(tmp_path):
    path = tmp_path / "model_args.json"
    args = released.model_args(300)
    del args["gen_token_idx"], args["retrieval_token_idx"], args["interleave"]
    path.write_text(json.dumps({**args, "opt_version": "facebook/opt-6.7b"}))
    read = model_args.read_model_args(path)
    assert (read.visual_tokens, read.image_tokens, read.first_image_token) == (
        released.VISUAL_TOKENS,
        8,
        None,
    )
    path.write_text("[" * 100_000)
    with pytest.raises(StoryError, match="cannot be read"):
        model_args.read_model_args(path)


def test_a_llama_in_a_folder_called_opt_is_a_llama(tmp_path):
    released.write_opt(tmp_path / "llama")
    released.write_llama(tmp_path / "opt" / "facebook-opt")
    chosen = language.choose(tmp_path / "llama")
    llama = language.choose(tmp_path / "opt" / "facebook-opt")
    assert (llama.family, llama.width) == ("Llama", tiny.WORD_WIDTH)
    assert (chosen.family, chosen.width, chosen.positions) == ("OPT", tiny.WORD_WIDTH, 512)
    # Only the vocabulary shows a second stage that was trained with the other family. The shapes are the same.
    first = len(released.opt_vocabulary()) + 1
    language.check_vocabulary(chosen, first)
    with pytest.raises(StoryError, match="give the language model it was trained with"):
        language.check_vocabulary(llama, first)


def shard(folder: Path) -> None:
    """Writes pickled weights as two files and an index, like published large models."""
    torch.manual_seed(30)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).bfloat16()
    state = list(model.state_dict().items())
    weight_map = {}
    for number, part in enumerate((state[:9], state[9:]), start=1):
        name = f"pytorch_model-0000{number}-of-00002.bin"
        torch.save(dict(part), folder / name)
        weight_map |= {key: name for key, _ in part}
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def load_language(folder: Path, scratch: Path):
    scratch.mkdir()
    chosen = language.choose(folder)
    for source, target in language.pickled_weights(chosen, scratch).items():
        unpickle.convert(source, target)
    return language.load(chosen, scratch)


def test_a_sharded_pickled_language_model_is_loaded_whole_in_its_precision_or_not_at_all(tmp_path):
    folder = tmp_path / "llama"
    released.write_llama(folder)
    shard(folder)
    loaded = load_language(folder, tmp_path / "scratch").state_dict()
    shards = [torch.load(path, weights_only=True) for path in sorted(folder.glob("*.bin"))]
    expected = shards[0] | shards[1]
    assert loaded.keys() == expected.keys()
    assert all(
        torch.equal(loaded[key], value) and value.dtype == torch.bfloat16 for key, value in expected.items()
    )
    lost = next(iter(shards[1]))
    del shards[1][lost]
    torch.save(shards[1], folder / "pytorch_model-00002-of-00002.bin")
    with pytest.raises(StoryError, match=f'lacks weights \\("{lost}"'):
        load_language(folder, tmp_path / "again")


def test_pickled_weights_of_the_hub_are_fetched_and_converted(tmp_path, monkeypatch):
    """On the Hub, OPT has only pickled weights, and its id was refused with "weights cannot be loaded"."""
    folder, fetched = tmp_path / "snapshot", []
    released.write_opt(folder)
    (folder / "tf_model.h5").write_bytes(b"left there")

    def get(place, file):
        assert place.repository == "facebook/opt-6.7b"
        fetched.append(file)
        return folder / file

    monkeypatch.setattr(language.HubPlace, "files", lambda place: [path.name for path in folder.iterdir()])
    monkeypatch.setattr(language.HubPlace, "get", get)
    loaded = load_language("facebook/opt-6.7b", tmp_path / "scratch").state_dict()
    (pickled,) = folder.glob("*.bin")
    assert pickled.name in fetched and "config.json" in fetched and "tf_model.h5" not in fetched
    stored = torch.load(pickled, weights_only=True)
    assert all(torch.equal(loaded[key], value) for key, value in stored.items() if key in loaded)
    assert language.choose(folder).source == folder  # nobody asks the Hub for a folder


def test_another_family_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(StoryError, match="of type gpt2; the second stages are for OPT and Llama"):
        language.choose(tmp_path)
