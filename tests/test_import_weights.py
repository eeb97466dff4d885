"""The authors' checkpoints become a pipeline folder that draws like their code. Portraits become its cast."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    LlamaForCausalLM,
)

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models.folder import PICKLED, check_folder
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest
from storyboard.studio.cast import load_cast
from tests import released, tiny
from tests.photos import HEIC
from training import import_weights
from training.align_llm.reader import build_reader
from training.released import base as base_parts
from training.released import cast
from training.released.keys import FIRST_STAGE, SECOND_STAGE, from_released, standardise
from training.released.language import load_tokenizer


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> released.Released:
    return released.Released(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def imported(files, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    portraits = folder / "chars"
    portraits.mkdir()
    for name, colour in (("fred", "orange"), ("mr slate", "grey"), ("zora", "green")):
        Image.new("RGB", (20, 30), colour).save(portraits / f"{name}.jpeg")
    import_weights.main(files.arguments(folder / "flintstones", portraits=portraits))
    assert sorted(path.name for path in folder.iterdir()) == ["chars", "flintstones"]
    return folder / "flintstones"


def test_a_tiny_release_is_imported_reloaded_and_draws(imported):
    pipeline = StoryPipeline.from_pretrained(imported)
    pipeline.set_progress_bar_config(disable=True)
    cast = (CastMember("Fred", "he", (), Image.new("RGB", (20, 30), "orange")),)
    seen = []
    pipeline.unet.register_forward_pre_hook(lambda *_: seen.append(1))
    for history, conditioning in (((), "char-ldm"), ((ContextFrame("Fred", cast[0].portrait),), "llm")):
        seen.clear()
        *_, rendered = pipeline.generate(FrameRequest("Fred waves.", cast, history, seed=1))
        assert rendered.picture.size == (32, 32) and rendered.conditioning == conditioning
        assert (len(seen), rendered.steps, rendered.guidance) == (31, 30, 5.0)


def test_a_second_stage_over_a_llama_in_a_folder_called_opt_is_imported_and_draws(files, tmp_path):
    folder = tmp_path / "opt" / "facebook-opt"
    released.write_llama(folder)
    torch.manual_seed(31)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).half()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    second = tmp_path / "second-stage"
    second.mkdir()
    torch.save({"state_dict": files.second}, second / "pretrained_ckpt.pth.tar")
    args = released.model_args(first_image_token=model.config.vocab_size + 1)
    (second / "model_args.json").write_text(json.dumps(args))
    changes = {"second-stage": second, "llm": folder}
    import_weights.main(files.arguments(tmp_path / "story", **changes))
    pipeline = StoryPipeline.from_pretrained(tmp_path / "story")
    assert isinstance(pipeline.language_model, LlamaForCausalLM)
    assert torch.equal(pipeline.image_tokens.weight, files.second["model.input_embeddings.weight"].float())
    history = (ContextFrame("Fred waves.", Image.new("RGB", (32, 32), "orange")),)
    *_, rendered = pipeline.generate(FrameRequest("He runs.", (), history, seed=1, steps=2))
    assert rendered.conditioning == "llm" and rendered.picture.size == (32, 32)


def test_the_imported_folder_holds_the_released_numbers_in_their_precision(files, imported):
    saved = {
        part: load_file(path)
        for part in ("text_encoder", "image_encoder", "unet", "fuser", "image_tokens", "visual_mapper")
        for path in (imported / part).glob("*.safetensors")
    }
    released_tensors = files.first | files.second
    states = from_released(FIRST_STAGE, files.first) | from_released(
        SECOND_STAGE, standardise(SECOND_STAGE, files.second).used
    )
    for part, tensors in saved.items():
        assert tensors.keys() == states[part].keys()
        for name, tensor in tensors.items():
            assert tensor.dtype == states[part][name].dtype and torch.equal(tensor, states[part][name])
    precisions = {tensor.dtype for tensor in saved["image_encoder"].values()}
    assert precisions == {torch.float32, torch.bfloat16} and len(released_tensors) > 300
    # The autoencoder that decodes is the original one, not the rounded one of the checkpoint.
    stock = tiny.vae().state_dict()
    vae = load_file(imported / "vae" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(vae[name], stock[name]) for name in stock)


def test_the_imported_folder_draws_as_the_released_code(files, imported):
    index = json.loads((imported / "model_index.json").read_text())
    expected = {
        "first_frame": "char-ldm",
        "steps": 30,
        "guidance": 5.0,
        "start_merge_step": 15,
        "cast_prefix": False,
        "prompt_tail": " ",
        "portrait_fill": "black",
        "portrait_filter": "bilinear",
    }
    assert {key: index[key] for key in expected} == expected
    assert index["scheduler"][1] == "PNDMScheduler" and index["visual_encoder"][1] == "CLIPVisionModel"
    with safe_open(imported / "language_model" / "model.safetensors", "pt") as weights:
        name = next(iter(weights.keys()))
        assert weights.get_tensor(name).dtype == torch.float16  # the type in its pickled file
    record = json.loads((imported / "import.json").read_text())
    assert record["model_args"]["visual_tokens"] == released.VISUAL_TOKENS
    assert record["model_args"]["max_len"] == 160
    assert record["tolerated"] == ["retrieval heads, which nothing reads"]
    assert set(record["files"]) == {"pytorch_model.bin", "pretrained_ckpt.pth.tar"}


def test_how_an_imported_pipeline_draws_can_be_chosen(files, tmp_path, imported):
    released_index = json.loads((imported / "model_index.json").read_text())
    assert released_index["scheduler"] == ["diffusers", "PNDMScheduler"]
    chosen = {
        "first_frame": "llm", "start_merge_step": 3, "cast_prefix": "true", "portrait_filter": "lanczos",
        "scheduler": "dpm", "context_frames": 2, "steps": 12, "guidance": 4,
    }  # fmt: skip
    import_weights.main(files.arguments(tmp_path / "out", **chosen))
    told = json.loads((tmp_path / "out" / "model_index.json").read_text())
    assert told["scheduler"] == ["diffusers", "DPMSolverMultistepScheduler"]
    assert [told[name] for name in chosen if name not in ("scheduler", "cast_prefix")] == [
        "llm", 3, "lanczos", 2, 12, 4.0,
    ]  # fmt: skip
    assert told["cast_prefix"] is True and told["prompt_tail"] == " "
    noise = [
        json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
        for folder in (imported, tmp_path / "out")
    ]
    assert noise[0]["beta_schedule"] == noise[1]["beta_schedule"] == "scaled_linear"
    with pytest.raises(StoryError, match="--start_merge_step -2"):
        import_weights.ImportArguments("", "", "", start_merge_step=-2)


def test_portraits_named_after_characters_become_the_cast(imported):
    made = json.loads((imported / "cast.json").read_text())["characters"]
    assert [(c["name"], c["pronoun"]) for c in made] == [("Fred", "he"), ("Mr Slate", "he"), ("Zora", "they")]
    assert all((imported / c["portraits"][0]["file"]).is_file() for c in made)


def test_portraits_of_the_cast_are_read_as_uploads_are(tmp_path):
    """One portrait lay on its side, one was on black, one was silently left out, and Mr_Slate was called "they"."""
    chars = tmp_path / "chars"
    chars.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    Image.new("RGB", (40, 20), "orange").save(chars / "Mr_Slate.jpg", exif=exif)
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(chars / "wilma.png")
    (chars / "fred.heic").write_bytes(HEIC)
    assert cast.write_cast(chars, tmp_path) == ["Mr Slate", "Fred", "Wilma"]
    made = json.loads((tmp_path / "cast.json").read_text())["characters"]
    assert [one["pronoun"] for one in made] == ["he", "he", "she"]
    slate, fred, wilma = (Image.open(tmp_path / one["portraits"][0]["file"]) for one in made)
    assert (slate.size, fred.size, wilma.getpixel((0, 0))) == ((20, 40), (48, 32), (255, 255, 255))
    Image.new("RGB", (4, 4)).save(chars / "barney.gif")
    with pytest.raises(StoryError, match='barney.gif" is not a PNG'):
        cast.write_cast(chars, tmp_path / "other")


def test_the_app_takes_the_cast_of_an_imported_folder(imported, tmp_path):
    """The id of a portrait was "mr slate", but ids may have no spaces."""
    check_folder(imported)
    people = load_cast(imported, PictureStore(tmp_path))
    assert [one.name for one in people] == ["Fred", "Mr Slate", "Zora"]
    assert [one.portraits[0].id for one in people] == ["0-fred", "1-mr-slate", "2-zora"]


def test_without_portraits_it_says_how_to_give_the_folder_a_cast(files, tmp_path, capsys):
    folder = tmp_path / "story"
    import_weights.main(files.arguments(folder, **{"second-stage": None, "llm": None}))
    said = capsys.readouterr().err
    assert f"python -m training.released.cast --pipeline {folder} --portraits FOLDER" in said
    with pytest.raises(StoryError, match="no cast.json.*training.released.cast"):
        load_cast(folder, PictureStore(tmp_path / "pictures"))
    (tmp_path / "chars").mkdir()
    Image.new("RGB", (20, 30), "orange").save(tmp_path / "chars" / "wilma.jpeg")
    command = ["--pipeline", str(folder), "--portraits", str(tmp_path / "chars")]
    cast.main(command)
    (wilma,) = load_cast(folder, PictureStore(tmp_path / "pictures"))
    assert (wilma.name, wilma.pronoun) == ("Wilma", "she")
    with pytest.raises(StoryError, match="has a cast; remove"):
        cast.main(command)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no pictures"),
        (["fred.png", "Fred.jpeg"], '"Fred.jpeg" and "fred.png" in .* are both Fred'),
        ([f"{number}.png" for number in range(13)], "has 13 pictures; a cast is at most 12"),
        (["f" * 61 + ".png"], "names nobody"),
        (["fred.txt", "broken.png"], 'broken.png" is not a PNG'),
    ],
)
def test_portraits_that_are_no_cast_are_refused_and_nothing_is_written(tmp_path, names, message):
    (tmp_path / "chars").mkdir()
    (tmp_path / "out").mkdir()
    for name in names:
        path = tmp_path / "chars" / name
        path.write_bytes(b"no picture") if "broken" in name else Image.new("L", (3, 4)).save(path, "PNG")
    with pytest.raises(StoryError, match=message):
        cast.write_cast(tmp_path / "chars", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_base_parts_are_gathered_as_both_stages_read_them(files, tmp_path, capsys):
    """The authors published OPT as pickled weights. The folder that training reads has none."""
    out = tmp_path / "parts"
    command = [
        "--base",
        str(files.base),
        "--clip",
        str(files.clip),
        "--llm",
        str(files.llm),
        "--out",
        str(out),
    ]
    base_parts.main(command)
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]
    assert {path.name for path in out.iterdir()} == {
        *("vae", "unet", "scheduler", "tokenizer", "text_encoder", "image_encoder", "image_processor"),
        *("language_model", "language_tokenizer"),
    }
    assert not [path for path in out.rglob("*") if path.suffix in PICKLED]
    noise = DDPMScheduler.from_config(DPMSolverMultistepScheduler.from_pretrained(out / "scheduler").config)
    assert (noise.config.prediction_type, noise.config.beta_schedule) == ("epsilon", "scaled_linear")
    assert load_tokenizer(out / "language_tokenizer").bos_token == "</s>"
    sizes = {"image_tokens": {"count": 8}, "visual_mapper": {"tokens": 4}}
    sizes["condition_mapper"] = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}
    reader = build_reader(out, sizes, tiny.VISION_WIDTH, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH)
    assert reader.language_model.dtype == torch.float16
    with pytest.raises(StoryError, match="exists; give a new folder"):
        base_parts.main(command)
