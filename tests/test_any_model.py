"""Any text-to-image model as the renderer: tiny Stable Diffusion and XL with real shapes draw frames from requests."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from storyboard.errors import StoryError
from storyboard.models.hub import Wanted, place_of
from storyboard.pipeline.any_model import loras, open_model, opening
from storyboard.pipeline.any_model.adapter import choose_file, strips
from storyboard.pipeline.any_model.prompts import understand, write_prompt
from storyboard.pipeline.sturdy import SturdyRenderer
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Preview, Rendered, Style
from tests import hub_server, tiny_hub

RED, BLUE, GREEN = (Image.new("RGB", (20, 30), colour) for colour in ("red", "blue", "green"))
ROSA = CastMember("Rosa", "she", (), RED, ("a girl", "pigtails", "a red coat"))
MILO = CastMember("Milo", "he", ("the boy",), BLUE, ("a boy", "short hair"))
BOLT = CastMember("Bolt", "it", (), GREEN)
PARK = ContextFrame("Rosa waves to Milo in the park.", RED)
ALONE = FrameRequest("Rosa sings.", (ROSA, MILO, BOLT), (), seed=3, steps=4)
TOGETHER = replace(ALONE, caption="Rosa waves to Milo in the park.")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Returns models and adapters of both families, by name."""
    folder = tmp_path_factory.mktemp("hub")
    sd = tiny_hub.stable_diffusion(folder / "sd")
    xl = tiny_hub.stable_diffusion_xl(folder / "xl")
    return {
        "sd": sd,
        "xl": xl,
        "sd-adapter": tiny_hub.ip_adapter(folder / "sd-adapter", sd),
        "sd-plus": tiny_hub.ip_adapter(folder / "sd-plus", sd, "ip-adapter-plus_sd15.safetensors", True),
        "xl-adapter": tiny_hub.ip_adapter(folder / "xl-adapter", xl, "ip-adapter_sdxl_vit-h.safetensors"),
    }


@pytest.fixture(scope="module")
def opened(folders):
    """Opens a renderer by the names of its folders. Each is opened only once."""
    kept = {}

    def opening(model, adapter=None, **wanted):
        key = (model, adapter, *wanted.items())
        if key not in kept:
            named = str(folders[adapter]) if adapter else None
            kept[key] = open_model(Wanted(str(folders[model]), named, **wanted), lambda line: None)
        return kept[key]

    return opening


def drawn(hand, request):
    *_, last = hand.render(request)
    assert isinstance(last, Rendered)
    return last


def pixels(hand, request):
    return drawn(hand, request).picture.tobytes()


# -- What is asked of a model


def prompt(request, style="", most=10**6):
    return write_prompt(understand(request), style, lambda text: len(text) <= most)


def test_a_prompt_has_names_for_pronouns_the_place_left_unsaid_and_each_look():
    request = replace(ALONE, caption="She sits down beside him.", history=(PARK,))
    assert prompt(request, "soft watercolour, ") == (
        "soft watercolour. Rosa (a girl with pigtails and a red coat) sits down beside Milo (a boy with short hair), "
        "in the park."
    )


def test_a_look_does_not_tear_apart_whose_something_is():
    assert prompt(replace(ALONE, caption="Rosa's feet hurt.")) == (
        "Rosa's feet hurt. Rosa is a girl with pigtails and a red coat."
    )
    assert prompt(replace(ALONE, caption="Rosa's hat flies over Bolt.")) == "Rosa's hat flies over Bolt."


def test_where_there_is_little_room_the_least_telling_words_go_first_and_the_sentence_stays():
    request = replace(ALONE, history=(PARK,))
    full = prompt(request, "ink")
    assert full == "ink. Rosa (a girl with pigtails and a red coat) sings, in the park."
    assert prompt(request, "ink", len(full) - 1) == "ink. Rosa (a girl with pigtails) sings, in the park."
    assert prompt(request, "ink", 30) == "ink. Rosa sings, in the park."
    assert prompt(request, "ink", 20) == "ink. Rosa sings."
    assert prompt(request, "ink", 3) == "ink. Rosa sings."


def test_pronouns_are_read_together_and_told_as_readings(opened):
    request = replace(ALONE, caption="She sits down beside him.", history=(PARK,), explain=True)
    made = drawn(opened("sd"), request)
    assert made.mentioned == ("Rosa", "Milo") and made.conditioning == "prompt"
    assert [(one.word, one.names, one.by) for one in made.readings] == [
        ("she", ("Rosa",), "model"),
        ("him", ("Milo",), "model"),
    ]
    assert all(0 < one.confidence <= 0.9 for one in made.readings)


def test_nobody_is_read_into_the_weather():
    assert understand(replace(ALONE, caption="It rains.", history=(PARK,))).shown == ()


def test_the_prompt_is_cut_to_what_the_text_encoder_reads(opened):
    """The tiny text encoder reads 30 letters, so the coat must be left out. A real one reads 75 tokens."""
    hand = opened("sd")
    assert hand.prompt(understand(ALONE), "") == "Rosa (a girl with pigtails) sings."


# -- Pictures


@pytest.mark.parametrize("model", ["sd", "xl"])
def test_a_frame_comes_with_previews_and_equal_requests_give_equal_pictures(opened, model):
    hand = opened(model, f"{model}-adapter")
    *previews, made = hand.render(TOGETHER)
    assert all(isinstance(one, Preview) for one in previews)
    assert [(one.step, one.steps) for one in previews] == [(step, 4) for step in range(1, 5)]
    assert previews[0].picture.size == made.picture.size == (32, 32)
    assert (made.seed, made.steps, made.guidance) == (3, 4, 7.5 if model == "sd" else 5.0)
    assert pixels(hand, TOGETHER) == made.picture.tobytes()
    assert pixels(hand, replace(TOGETHER, seed=4)) != made.picture.tobytes()


@pytest.mark.parametrize("adapter", ["sd-adapter", "sd-plus"])
def test_portraits_are_looked_at_only_with_an_adapter_and_only_of_who_is_there(opened, adapter):
    other = replace(ALONE, cast=(replace(ROSA, portrait=GREEN), MILO, BOLT))
    stranger = replace(ALONE, cast=(ROSA, replace(MILO, portrait=GREEN), BOLT))
    hand = opened("sd", adapter)
    assert pixels(hand, ALONE) != pixels(hand, other)
    assert pixels(hand, ALONE) == pixels(hand, stranger)
    assert pixels(opened("sd"), ALONE) == pixels(opened("sd"), other)
    assert "--ip-adapter" in opened("sd").notice and hand.notice == ""


@pytest.mark.parametrize("model", ["sd", "xl"])
def test_two_people_have_a_side_each(opened, model):
    """Exchanged portraits give another picture, so the model looks at each portrait in its own place."""
    hand = opened(model, f"{model}-adapter")
    swapped = replace(TOGETHER, cast=(replace(ROSA, portrait=BLUE), replace(MILO, portrait=RED), BOLT))
    assert pixels(hand, TOGETHER) != pixels(hand, swapped)


def test_strips_divide_a_frame_from_left_to_right():
    masks = strips(3, (4, 10))
    assert masks.shape == (1, 3, 4, 10) and torch.equal(masks.sum(1), torch.ones(1, 4, 10))
    assert masks[0, :, 0].argmax(0).tolist() == [0] * 3 + [1] * 3 + [2] * 4


@pytest.mark.parametrize("model", ["sd", "xl"])
def test_style_negative_prompt_and_style_picture_change_a_picture_and_nobody_in_it(opened, model):
    hand = opened(model, f"{model}-adapter")
    plain = pixels(hand, TOGETHER)
    styles = (Style("ink"), Style(negative="fog"), Style(picture=GREEN))
    seen = {pixels(hand, replace(TOGETHER, style=style)) for style in styles}
    assert len(seen) == 3 and plain not in seen
    assert pixels(hand, TOGETHER) == plain  # nothing of the style remains
    assert drawn(hand, replace(TOGETHER, style=styles[0])).mentioned == ("Rosa", "Milo")


def test_a_style_picture_is_left_aside_where_nothing_looks_at_it(opened):
    styled = replace(ALONE, style=Style(picture=GREEN))
    assert pixels(opened("sd"), ALONE) == pixels(opened("sd"), styled)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [("square", (32, 32)), ("wide", (40, 24)), ("tall", (24, 40))],
)
def test_an_aspect_is_drawn_in_about_the_area_the_model_learned(opened, aspect, size):
    hand = opened("sd", "sd-adapter")
    assert drawn(hand, replace(TOGETHER, style=Style(aspect=aspect))).picture.size == size


def test_a_cancelled_drawing_stops_at_its_next_step_and_the_hand_draws_on(opened):
    hand, steps = opened("sd", "sd-adapter"), []
    for event in hand.render(replace(ALONE, steps=50), lambda: len(steps) > 1):
        steps.append(event)
    assert 2 <= len(steps) < 50 and not any(isinstance(one, Rendered) for one in steps)
    assert list(hand.render(ALONE, lambda: True)) == []
    abandoned = hand.render(replace(ALONE, steps=50))
    next(abandoned)
    abandoned.close()
    assert drawn(hand, ALONE).seed == 3


def test_memory_that_runs_out_while_drawing_is_told_and_drawing_goes_on(opened, monkeypatch):
    hand = opened("sd")
    decode = hand._pipe.vae.decode

    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(hand._pipe.vae, "decode", full)
    with pytest.raises(StoryError, match="not enough memory"):
        list(SturdyRenderer(hand).render(ALONE))
    monkeypatch.setattr(hand._pipe.vae, "decode", decode)
    assert drawn(SturdyRenderer(hand), ALONE).seed == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caption": "..."}, "has no words"),
        ({"steps": 0}, "in 0 steps"),
        ({"guidance": float("nan")}, "guidance nan is out of range"),
    ],
)
def test_a_request_that_cannot_be_drawn_is_refused_before_the_first_step(opened, change, message):
    with pytest.raises(StoryError, match=message):
        next(iter(opened("sd").render(replace(ALONE, **change))))


def test_two_models_opened_at_once_are_both_whole(folders):
    """What accelerate does for one thread, it does for all: both models were opened without weights."""
    with ThreadPoolExecutor(2) as pool:
        named = [Wanted(str(folders["sd"]), str(folders["sd-adapter"]))] * 2
        hands = list(pool.map(lambda wanted: open_model(wanted, lambda line: None), named))
    assert len({pixels(hand, ALONE) for hand in hands}) == 1


# -- What cannot be opened


def refused(model, adapter=None, **wanted):
    with pytest.raises(StoryError) as told:
        open_model(Wanted(str(model), str(adapter) if adapter else None, **wanted), lambda line: None)
    assert str(told.value).count(". ") == 0 and str(told.value).endswith((".", ".txt"))  # it is one sentence
    return str(told.value)


def test_an_adapter_of_another_family_names_both(folders, monkeypatch):
    other = folders["xl-adapter"] / "models/ip-adapter_sdxl_vit-h.safetensors"
    assert "does not fit the layers of this model; choose one made for it" in refused(folders["sd"], other)
    assert "no safetensors file for this model; name one" in refused(folders["sd"], folders["xl-adapter"])
    tiny_families = {
        tiny_hub.TEXT_WIDTH: "Stable Diffusion 1.5",
        2 * tiny_hub.TEXT_WIDTH: "Stable Diffusion XL",
    }
    monkeypatch.setattr("storyboard.pipeline.any_model.adapter.FAMILIES", tiny_families)
    assert (
        "was made for Stable Diffusion XL, and the model is Stable Diffusion 1.5; choose one made for it"
        in (refused(folders["sd"], other))
    )


@pytest.mark.parametrize(
    ("xl", "chosen"),
    [
        (False, "models/ip-adapter-plus_sd15.safetensors"),
        (True, "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors"),
    ],
)
def test_of_a_repository_the_file_is_taken_that_sees_most_of_a_picture(tmp_path, xl, chosen):
    """The files have the names in h94/IP-Adapter."""
    for kind in ("_sd15", "_sd15_light", "_sd15_vit-G", "-plus_sd15", "-plus-face_sd15", "-full-face_sd15"):
        touched(tmp_path / "models" / f"ip-adapter{kind}.safetensors")
    for kind in ("_sdxl", "_sdxl_vit-h", "-plus_sdxl_vit-h", "-plus-face_sdxl_vit-h"):
        touched(tmp_path / "sdxl_models" / f"ip-adapter{kind}.safetensors")
        touched(tmp_path / "sdxl_models" / f"ip-adapter{kind}.bin")
    touched(tmp_path / "models" / "image_encoder" / "model.safetensors")
    assert choose_file(place_of(str(tmp_path), "The IP-Adapter"), xl) == chosen


def touched(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_what_is_no_adapter_says_so(folders, tmp_path):
    file = tmp_path / "weights.safetensors"
    save_file({"weight": torch.zeros(1)}, file)
    assert "holds no IP-Adapter" in refused(folders["sd"], file)
    file.write_bytes(b"nonsense")
    assert "is damaged" in refused(folders["sd"], file)
    pickled = tmp_path / "adapter.bin"
    pickled.touch()
    assert "could run code" in refused(folders["sd"], pickled)
    assert "neither a folder here nor the name" in refused(folders["sd"], "no-such-adapter")


def test_an_adapter_of_face_codes_is_refused(folders, tmp_path):
    file = folders["sd-adapter"] / "models" / "ip-adapter_sd15.safetensors"
    weights = load_file(file) | {"ip_adapter.0.to_q_lora.down.weight": torch.zeros(1, 1)}
    save_file(weights, tmp_path / "faces.safetensors")
    assert "FaceID" in refused(folders["sd"], tmp_path / "faces.safetensors")


def test_an_adapter_without_its_image_encoder_says_which_it_needs(folders, tmp_path):
    shutil.copy(
        folders["sd-adapter"] / "models" / "ip-adapter_sd15.safetensors", tmp_path / "alone.safetensors"
    )
    assert "no image encoder whose projection_dim is 12" in refused(
        folders["sd"], tmp_path / "alone.safetensors"
    )


def test_a_folder_that_is_no_text_to_image_model_says_so(folders, tmp_path):
    assert "no text-to-image model of diffusers" in refused(tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": "DanceDiffusionPipeline"}')
    assert "is no text-to-image model" in refused(tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": ["pipeline", "Own"]}')
    assert "code of its own" in refused(tmp_path)
    (tmp_path / "model_index.json").write_text("{")
    assert "no text-to-image model of diffusers" in refused(tmp_path)
    assert "is a single file" in refused(folders["sd"] / "model_index.json")


def test_a_damaged_model_and_one_of_pickled_weights_are_refused(folders, tmp_path):
    damaged, pickled = tmp_path / "damaged", tmp_path / "pickled"
    shutil.copytree(folders["sd"], damaged)
    (damaged / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"half")
    assert "could not be loaded" in refused(damaged)
    shutil.copytree(folders["sd"], pickled)
    unet = pickled / "unet" / "diffusion_pytorch_model.safetensors"
    unet.rename(unet.with_suffix(".bin"))
    assert "choose a model with safetensors" in refused(pickled)


def test_memory_that_runs_out_while_loading_is_told(folders, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(opening.AutoPipelineForText2Image, "from_pretrained", full)
    said = refused(folders["sd"])
    assert "not enough memory to load" in said and "close other programs, or choose a smaller model" in said


# -- From the Hub

# Prints what happens to models and their adapters, one line for each. It runs in its own process, because the Hub's
# client reads its address only once.
OPEN = """
import json, sys
from storyboard.errors import StoryError
from storyboard.models.hub import Wanted, check_model
from storyboard.pipeline.any_model import open_model
for line in sys.stdin:
    named = json.loads(line)
    try:
        if len(named) == 1:
            told = check_model(*named).files()
        else:
            told = type(open_model(Wanted(*named), lambda line: None)).__name__
    except StoryError as error:
        told = str(error)
    print(json.dumps(told), flush=True)
"""


def files_in(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_model_is_downloaded_once_and_half_a_model_is_no_model_where_the_network_is_gone(folders, tmp_path):
    """If the Hub did not answer, a complete download was not opened.

    An incomplete download was said to have pickled weights. Also, files could not be listed for a GPU, because files
    that are never downloaded counted as missing.
    """
    with hub_server.hub() as hub:
        for name, folder in {"tiny": "sd", "late": "sd", "adapter": "sd-adapter"}.items():
            hub.repositories[f"nana/{name}"] = made = hub_server.Repository(private=False)
            made.commit(files_in(folders[folder]) | {f"{name}.ckpt": b"pickled"})
        hubs = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_TOKEN": hub_server.TOKEN}
        client = subprocess.Popen(
            [sys.executable, "-c", OPEN],
            env={**os.environ, **hubs, "NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_XET": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

        def told(*named):
            client.stdin.write(f"{json.dumps(named)}\n")
            client.stdin.flush()
            return json.loads(client.stdout.readline())

        with client:
            assert told("nana/tiny", "nana/adapter") == "AnyModelRenderer"
            assert "late.ckpt" in told("nana/late")
            hub.mute = True
            assert told("nana/tiny", "nana/adapter") == "AnyModelRenderer"
            there = told("nana/tiny")
            assert "unet/diffusion_pytorch_model.safetensors" in there and "tiny.ckpt" not in there
            assert '"nana/late" is not on this machine yet' in told("nana/late", None)


# -- LoRAs


@pytest.fixture(scope="module")
def watercolour(folders):
    return tiny_hub.lora(folders["sd"].parent / "watercolour", folders["sd"])


def test_a_lora_changes_pictures_by_its_weight(folders, opened, watercolour):
    pytest.importorskip("peft", reason="pip install -r requirements-lora.txt")
    plain = pixels(opened("sd", "sd-adapter"), TOGETHER)
    whole, half = (
        pixels(opened("sd", "sd-adapter", loras=(named,)), TOGETHER)
        for named in (str(watercolour.parent), f"{watercolour}=0.5")
    )
    assert len({plain, whole, half}) == 3


def test_a_lora_that_does_not_fit_or_is_not_there_is_refused(folders, watercolour, tmp_path):
    pytest.importorskip("peft", reason="pip install -r requirements-lora.txt")
    save_file({"unet.nowhere.to_q.lora_A.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    assert "does not fit a StableDiffusionPipeline" in refused(
        folders["sd"], loras=(str(tmp_path / "other.safetensors"),)
    )
    assert "there are several" in refused(folders["sd"], loras=(str(folders["sd-adapter"]),))
    assert "is none; give a number above 0" in refused(folders["sd"], loras=(f"{watercolour}=9",))
    assert "neither a folder here nor the name" in refused(folders["sd"], loras=("nonsense",))


def test_without_its_package_a_lora_says_which(folders, watercolour, monkeypatch):
    monkeypatch.setattr(loras, "find_spec", lambda name: None)
    assert "requirements-lora.txt" in refused(folders["sd"], loras=(str(watercolour),))
