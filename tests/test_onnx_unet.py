"""The UNet in ONNX Runtime: it predicts like torch and is kept for its weights. If anything fails, torch takes over."""

import logging
from functools import partial

import pytest
import torch
from huggingface_hub import cached_assets_path

from storyboard.models import onnx_unet, prepared
from storyboard.models.onnx_unet import OnnxUNet, key_of, open_onnx, why_not
from storyboard.pipeline.engine import quickened
from storyboard.renderer import CastMember, FrameRequest
from storyboard.text.captions import clean_caption
from tests import tiny


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder for prepared denoisers: nothing of this machine itself is read or written."""
    assets = tmp_path / "assets"
    monkeypatch.setattr(prepared, "cached_assets_path", partial(cached_assets_path, assets_dir=assets))
    return assets / "storyboard" / onnx_unet.KIND / "default"


@pytest.fixture
def exported(monkeypatch):
    """Returns the list of exported files, in order."""
    done, export = [], onnx_unet._export
    monkeypatch.setattr(onnx_unet, "_export", lambda unet, file: (done.append(file), export(unet, file)))
    return done


def noise(unet, rows=2, tokens=tiny.TEXT_TOKENS):
    generator = torch.Generator().manual_seed(1)
    size, width = unet.config.sample_size, unet.config.cross_attention_dim
    sample = torch.randn(rows, unet.config.in_channels, size, size, generator=generator)
    return sample, torch.tensor(321), torch.randn(rows, tokens, width, generator=generator)


@torch.inference_mode()
def both(opened, unet, inputs):
    sample, timestep, condition = inputs
    return [one(sample, timestep, encoder_hidden_states=condition).sample for one in (opened, unet)]


@pytest.mark.parametrize(("rows", "tokens"), [(1, 7), (2, 32), (5, 77)])
def test_any_batch_and_length_of_text_is_predicted_as_torch_does(rows, tokens):
    unet = tiny.unet()
    opened = open_onnx(unet)
    found, expected = both(opened, unet, noise(unet, rows, tokens))
    assert opened.works and found.std() > 0.01
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_a_unet_of_other_channels_and_size_is_exported_as_well():
    """Latents will change from twelve to twenty-four channels, so no code may depend on the number."""
    torch.manual_seed(0)
    settings = tiny.unet().config | {"in_channels": 6, "out_channels": 6, "sample_size": 16}
    unet = type(tiny.unet()).from_config(settings).eval()
    found, expected = both(open_onnx(unet), unet, noise(unet))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_rows_of_different_timesteps_are_predicted_as_each_alone():
    unet = tiny.unet()
    opened, (sample, _, condition) = open_onnx(unet), noise(unet)
    times = torch.tensor([900, 20])
    together = opened(sample, times, encoder_hidden_states=condition).sample
    alone = [
        opened(sample[i : i + 1], times[i], encoder_hidden_states=condition[i : i + 1]).sample for i in (0, 1)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=0)


def test_it_is_exported_once_and_anew_for_other_weights(cache, exported):
    unet, told = tiny.unet(), []
    first = open_onnx(unet, told.append)
    again = open_onnx(tiny.unet(), told.append)
    assert len(exported) == 1 and first.key == again.key and (cache / first.key).is_dir()
    assert told == ["Preparing ONNX Runtime, once on this machine"]
    with torch.no_grad():
        unet.conv_out.bias += 0.1
    assert not first.is_of(unet) and again.is_of(again.unet)
    other = open_onnx(unet)
    assert len(exported) == 2 and other.key != first.key
    found, expected = both(other, unet, noise(unet))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "no digest"])
def test_a_damaged_file_is_made_anew(cache, exported, damage):
    unet = tiny.unet()
    folder = cache / open_onnx(unet).key
    file, digest = folder / onnx_unet.NETWORK, folder / onnx_unet.DIGEST
    whole = file.read_bytes()
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    if damage == "flipped":
        file.write_bytes(whole[:5000] + bytes([whole[5000] ^ 64]) + whole[5001:])
    if damage == "gone":
        file.unlink()
    if damage == "no digest":
        digest.unlink()
    opened = open_onnx(unet)
    assert len(exported) == 2 and opened.works
    found, expected = both(opened, unet, noise(unet))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_a_whole_file_of_other_weights_is_found_out_and_made_anew(cache, exported):
    """The digest beside it is right, so only its predictions show that it is wrong."""
    unet, other = tiny.unet(), tiny.unet()
    with torch.no_grad():
        other.conv_out.weight *= 2
    theirs, ours = cache / open_onnx(other).key, cache / key_of(unet)
    theirs.rename(ours)
    found, expected = both(open_onnx(unet), unet, noise(unet))
    assert len(exported) == 2
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_where_nothing_can_be_written_torch_stays(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    nowhere = partial(cached_assets_path, assets_dir=tmp_path / "file" / "assets")
    monkeypatch.setattr(prepared, "cached_assets_path", nowhere)
    assert open_onnx(tiny.unet()) is None


def test_where_the_disk_fills_up_torch_stays_and_nothing_half_is_left(cache, monkeypatch):
    def full(unet, file):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(onnx_unet, "_export", full)
    assert open_onnx(tiny.unet()) is None
    assert [path for path in cache.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("package", onnx_unet.PACKAGES)
def test_without_the_extra_torch_stays_and_says_which_package_is_missing(package, monkeypatch, caplog):
    find = onnx_unet.importlib.util.find_spec
    monkeypatch.setattr(
        onnx_unet.importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    with caplog.at_level(logging.INFO):
        assert open_onnx(tiny.unet()) is None
    assert f"{package} not installed" in caplog.text


def test_half_precision_and_other_networks_stay_in_torch():
    assert why_not(tiny.unet()) == ""
    assert "float16" in why_not(tiny.unet().half())
    assert "Linear" in why_not(torch.nn.Linear(2, 2))


def test_where_the_runtime_fails_torch_answers_from_then_on(caplog):
    unet = tiny.unet()
    opened = open_onnx(unet)

    class Broken:
        def run(self, *_):
            raise RuntimeError("no memory")

    opened._session = Broken()
    for _ in range(2):
        found, expected = both(opened, unet, noise(unet))
        assert torch.equal(found, expected)
    assert not opened.works and caplog.text.count("ONNX Runtime failed") == 1


def requests(**changes):
    from PIL import Image

    cast = (CastMember("Rosa", "she", (), Image.linear_gradient("L").convert("RGB").resize((16, 16))),)
    given = {"caption": clean_caption("Rosa waves."), "cast": cast, "history": (), "seed": 3, "steps": 6}
    return FrameRequest(**given | changes)


def test_a_pipeline_draws_the_same_picture_and_records_the_same_attention():
    """torch makes the recorded calls, and ONNX Runtime the others."""
    pipeline = tiny.pipeline()
    *_, plain = pipeline.generate(requests(explain=True))
    quick = quickened(tiny.pipeline())
    calls, called = [], []
    quick.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    run = quick.network._run
    quick.network._run = lambda *inputs: (called.append(1), run(*inputs))[1]
    *_, drawn = quick.generate(requests(explain=True))
    assert len(calls) + len(called) == 6 and len(calls) < len(called)
    far = (
        torch.tensor(list(plain.picture.tobytes())).int() - torch.tensor(list(drawn.picture.tobytes())).int()
    )
    assert far.abs().max() <= 1
    assert [name for name, _ in drawn.attention] == [name for name, _ in plain.attention] == ["Rosa"]
    maps = [torch.tensor(list(one.attention[0][1].tobytes())).int() for one in (plain, drawn)]
    assert (maps[0] - maps[1]).abs().max() <= 2


def test_weights_that_change_are_drawn_with_once_the_caches_are_cleared():
    pipeline = quickened(tiny.pipeline())
    pipeline.clear_caches()
    list(pipeline.generate(requests()))
    assert isinstance(pipeline.network, OnnxUNet) and pipeline.network.works  # nothing has changed
    with torch.no_grad():
        pipeline.unet.conv_out.weight *= 2
    pipeline.clear_caches()
    *_, drawn = pipeline.generate(requests())
    assert pipeline.network is None
    plain = tiny.pipeline()
    with torch.no_grad():
        plain.unet.conv_out.weight *= 2
    *_, expected = plain.generate(requests())
    assert drawn.picture.tobytes() == expected.picture.tobytes()
