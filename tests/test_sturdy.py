"""Models that fail in strange ways: a folder with a part of another, no memory left, numbers that are not finite."""

import json
import shutil
import tracemalloc
from dataclasses import replace

import pytest
import torch

from storyboard.disk.durable import whole_folder
from storyboard.errors import StoryError
from storyboard.exports.reading import MAX_MEMORY, read_json
from storyboard.models.folder import check_folder
from storyboard.pipeline.sturdy import SturdyRenderer, is_out_of_memory
from storyboard.renderer import FrameRequest, Rendered
from tests import tiny

REQUEST = FrameRequest("a lane at dawn", cast=(), history=(), seed=1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline")
    tiny.pipeline().save_pretrained(folder)
    return folder


def other_weights(folder):
    shutil.copy(folder / "text_encoder" / "model.safetensors", folder / "image_encoder" / "model.safetensors")


def unet_with_weights_of_the_vae(folder):
    name = "diffusion_pytorch_model.safetensors"
    shutil.copy(folder / "vae" / name, folder / "unet" / name)


def setting(part, **values):
    def change(folder):
        path = folder / part / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


def text(name, content):
    return lambda folder: (folder / name).write_text(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (other_weights, "other weights in image_encoder than a CLIPVisionModelWithProjection has"),
        (unet_with_weights_of_the_vae, "other weights in unet than a UNet2DConditionModel has"),
        (setting("language_model", _attn_implementation="somebody/kernel"), "asks for code from elsewhere"),
        (setting("text_encoder", inner={"attn_implementation_internal": "a/b"}), "code from elsewhere"),
        (setting("text_encoder", auto_map={"AutoModel": "x--y.Z"}), "code from elsewhere"),
        (setting("unet", block_out_channels=[4, 10**9]), "unet of unreasonable size .block_out_channels"),
        (setting("unet", sample_size=10**8), "unreasonable size .sample_size"),
        (text("model_index.json", "[" * 100_000), "model_index.json cannot be read"),
        (text("model_index.json", "[1, 2]"), "model_index.json cannot be read"),
        (text("unet/config.json", "[" * 900 + "]" * 900), "unet/config.json cannot be read"),
        (text("unet/model.safetensors.index.json", "[]"), "unet/model.safetensors.index.json cannot be read"),
        (text("unet/model.safetensors.index.json", '{"weight_map": {"a": 5}}'), "index.json cannot be read"),
        (text("unet/model.safetensors.index.json", '{"weight_map": {"a": "../x"}}'), "unet/x is missing"),
    ],
)
def test_a_folder_that_lies_about_a_part_is_refused_by_name(saved, tmp_path, damage, message):
    """Wrong weights were loaded as random ones, and wrong indexes ended in a traceback."""
    folder = tmp_path / "damaged"
    shutil.copytree(saved, folder)
    check_folder(folder)
    damage(folder)
    with pytest.raises(StoryError, match=message) as caught:
        check_folder(folder)
    assert "\n" not in str(caught.value)


def failing(pipeline, errors):
    """Makes the UNet raise these errors, one at each call."""

    def fail(*_):
        if errors:
            raise errors.pop()

    return pipeline.unet.register_forward_pre_hook(fail)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("x: can't allocate memory: you tried"),
    ],
)
def test_a_frame_for_which_memory_ran_out_is_drawn_once_more_without_what_was_kept(error):
    """The frame failed while the contexts of all other stories were still in memory."""
    pipeline = tiny.pipeline()
    expected = list(pipeline.render(REQUEST))[-1]
    assert isinstance(expected, Rendered) and len(pipeline._conditions._conditions._results)
    kept = pipeline._conditions._conditions
    failing(pipeline, [error])
    *_, drawn = SturdyRenderer(pipeline).render(REQUEST)
    assert drawn.picture.tobytes() == expected.picture.tobytes()
    assert pipeline._conditions._conditions is not kept


def test_memory_that_runs_out_twice_is_said():
    pipeline = tiny.pipeline()
    failing(pipeline, [MemoryError(), MemoryError()])
    with pytest.raises(StoryError, match="not enough memory"):
        list(SturdyRenderer(pipeline).render(REQUEST))
    *_, drawn = SturdyRenderer(pipeline).render(REQUEST)
    assert isinstance(drawn, Rendered)


def test_other_errors_are_not_taken_for_memory():
    assert not is_out_of_memory(RuntimeError("shapes do not fit")) and not is_out_of_memory(KeyError("out"))
    pipeline = tiny.pipeline()
    failing(pipeline, [RuntimeError("shapes do not fit")])
    with pytest.raises(RuntimeError, match="shapes"):
        list(SturdyRenderer(pipeline).render(REQUEST))


def test_numbers_out_of_range_are_no_picture():
    """A broken UNet added a grey picture to the takes."""
    pipeline = tiny.pipeline()
    hook = pipeline.unet.register_forward_hook(lambda *_: replace_sample(_[-1], float("nan")))
    with pytest.raises(StoryError, match="came to no picture"):
        list(pipeline.render(replace(REQUEST, seed=2)))
    hook.remove()
    assert isinstance(list(pipeline.render(replace(REQUEST, seed=2)))[-1], Rendered)


def replace_sample(output, value):
    output.sample = torch.full_like(output.sample, value)
    return output


def test_json_of_millions_of_parts_is_refused_before_it_is_read():
    """31 MB of brackets in a project file took 864 MB of memory."""
    for part in (b"[],", b"{},", b'"",', b"999,"):
        bomb = b"[" + part * (11 * 2**20 // len(part)) + b"0]"
        tracemalloc.start()
        with pytest.raises(StoryError, match="far too many parts"):
            read_json(bomb, "The file")
        assert tracemalloc.get_traced_memory()[1] < MAX_MEMORY / 10
        tracemalloc.stop()


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    """Assembling wrote one part after another into a folder that an app may be reading."""
    folder = tmp_path / "assets"
    for name, content in (("unet/config.json", "old"), ("judge/config.json", "kept")):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content)
    with pytest.raises(OSError), whole_folder(folder) as fresh:
        (fresh / "unet").mkdir()
        raise OSError("no space")
    assert (folder / "unet" / "config.json").read_text() == "old"
    with whole_folder(folder) as fresh:
        (fresh / "unet").mkdir()
        (fresh / "unet" / "weights").write_text("new")
        assert (folder / "unet" / "config.json").read_text() == "old"
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["config.json", "weights"]
    assert [path.name for path in tmp_path.iterdir()] == ["assets"]
