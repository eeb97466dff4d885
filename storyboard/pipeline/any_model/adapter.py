"""An IP-Adapter: lets a model that knows no cast look at portraits, and at a picture whose style it should take.

The weights are loaded twice, for people and for the style, so that each has its own scale. Knows diffusers' pipelines
of Stable Diffusion 1.5 and XL, but no prompts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from PIL import Image, ImageOps
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import CLIPVisionModelWithProjection

from storyboard.errors import StoryError
from storyboard.models.hub import HubPlace, place_of

PEOPLE_SCALE = 0.6  # a higher scale also copies a portrait's pose and ground, a lower one loses the face
STYLE_SCALE = 0.5  # for models in which a picture's style cannot be separated from its content
# In SDXL a single block draws almost only style, so the style picture goes to that block alone, at full scale.
STYLE_BLOCKS = {"up": {"block_0": [0.0, 1.0, 0.0]}}
MOST_PEOPLE = 4  # the most portraits used in one frame; each gets a strip of it
GREY = (128, 128, 128)
FAMILIES = {768: "Stable Diffusion 1.5", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
State = dict[str, dict[str, torch.Tensor]]


class PortraitAdapter:
    """An IP-Adapter on `pipe`. It is set up again for every frame."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._style_scale: float | dict = STYLE_BLOCKS if _has_style_block(pipe) else STYLE_SCALE

    def arguments(
        self, portraits: Sequence[Image.Image], style: Image.Image | None, size: tuple[int, int]
    ) -> dict[str, Any]:
        """Returns the arguments of the pipeline's call for a frame of (H, W) `size`, and sets the scales.

        portraits: from left to right. If there are several, each is used only in its own strip of the frame.
        """
        people = [_squared(one) for one in portraits[:MOST_PEOPLE]]
        self._pipe.set_ip_adapter_scale(
            [PEOPLE_SCALE if people else 0.0, 0.0 if style is None else self._style_scale]
        )
        blank = Image.new("RGB", (32, 32), GREY)  # has scale 0: the layers need a picture in any case
        examples = [_squared(style)] if style is not None else [blank]
        given: dict[str, Any] = {"ip_adapter_image": [people or [blank], examples]}
        if len(people) > 1:
            masks = [strips(len(people), size), torch.ones(1, 1, *size)]
            given["cross_attention_kwargs"] = {"ip_adapter_masks": masks}
        return given


def strips(count: int, size: tuple[int, int]) -> torch.Tensor:
    """Returns masks (1, N, H, W) that divide a frame of (H, W) `size` into N vertical strips, from left to right."""
    height, width = size
    masks = torch.zeros(1, count, height, width)
    for place in range(count):
        masks[0, place, :, width * place // count : width * (place + 1) // count] = 1
    return masks


def load_adapter(pipe: Any, named: str) -> PortraitAdapter:
    """Returns an IP-Adapter that is loaded on a pipeline. StoryError for other weights or an unsuitable model."""
    unet = getattr(pipe, "unet", None)
    if not (isinstance(unet, UNet2DConditionModel) and hasattr(pipe, "load_ip_adapter")):
        raise StoryError(
            f"A {type(pipe).__name__} takes no IP-Adapter here; start without --ip-adapter, or with a model of the "
            "families Stable Diffusion 1.5 or XL."
        )
    place = place_of(named, "The IP-Adapter")
    state = read_state(place, place.file or choose_file(place, is_xl(pipe)))
    check_family(unet, state, place)
    encoder = _image_encoder(place, state)
    pipe.register_modules(image_encoder=encoder.to(pipe.dtype).requires_grad_(False).eval())
    try:
        pipe.load_ip_adapter([state, state], subfolder="", weight_name=["", ""], image_encoder_folder=None)
    except (KeyError, ValueError, RuntimeError) as error:
        raise StoryError(
            f'The IP-Adapter "{place.name}" is of a kind that diffusers does not read; choose another, such as '
            "h94/IP-Adapter."
        ) from error
    return PortraitAdapter(pipe)


def choose_file(place: HubPlace, xl: bool) -> str:
    """Returns the file of a repository that fits, judged by its name. StoryError if none fits.

    Files that see more of a picture ("plus") are preferred, and files for faces alone come last. `xl`: for SDXL.
    """
    files = [file for file in place.files() if file.endswith(".safetensors") and "image_encoder" not in file]
    words = [(file, file.lower()) for file in files]
    fitting = [(file, said) for file, said in words if ("sdxl" in said) == xl and "faceid" not in said]
    if not fitting:
        raise StoryError(
            f'The IP-Adapter "{place.name}" has no safetensors file for {"SDXL" if xl else "this model"}; name one '
            f'as in "{place.name}/FOLDER/FILE.safetensors".'
        )
    return min(
        fitting, key=lambda one: ("face" in one[1], "light" in one[1], "plus" not in one[1], len(one[1]))
    )[0]


def read_state(place: HubPlace, file: str) -> State:
    """Returns the two parts of an IP-Adapter's weights. StoryError for pickled files and for other weights."""
    if not file.endswith(".safetensors"):
        raise StoryError(
            f'The IP-Adapter file "{file}" is no safetensors, and could run code; choose the .safetensors beside it.'
        )
    try:
        weights = load_file(place.get(file))
    except (OSError, SafetensorError) as error:
        raise StoryError(f'The IP-Adapter file "{file}" is damaged; get it again.') from error
    state: State = {"image_proj": {}, "ip_adapter": {}}
    for key, value in weights.items():
        part, _, name = key.partition(".")
        if part in state:
            state[part][name] = value
    if not all(state.values()):
        raise StoryError(
            f'"{place.name}/{file}" holds no IP-Adapter; name the file of one, such as those of h94/IP-Adapter.'
        )
    return state


def check_family(unet: UNet2DConditionModel, state: State, place: HubPlace) -> None:
    """Raises StoryError if an IP-Adapter is for another family of models, or reads face codes instead of pictures."""
    projection = state["image_proj"]
    of_codes = any(name.startswith("perceiver_resampler") for name in projection)
    of_codes |= {"proj.0.weight", "norm.weight"} <= projection.keys()
    if of_codes or any("lora" in name for name in state["ip_adapter"]):
        raise StoryError(
            f'The IP-Adapter "{place.name}" reads face codes (FaceID), which this app does not make; choose one that '
            "reads pictures."
        )
    wanted = {}
    cross = [name for name in unet.attn_processors if not name.endswith("attn1.processor")]
    ids = [2 * number + 1 for number in range(len(unet.attn_processors) // 2)]
    for number, name in zip(ids, cross, strict=False):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        wanted[f"{number}.to_k_ip.weight"] = (layer.to_k.out_features, _width(unet))
    found = {key: tuple(value.shape) for key, value in state["ip_adapter"].items() if "to_k_ip" in key}
    if found != wanted:
        its, ours = (FAMILIES.get(width) for width in (_heard(found), _width(unet)))
        why = f"was made for {its}, and the model is {ours}" if its and ours and its != ours else None
        raise StoryError(
            f'The IP-Adapter "{place.name}" {why or "does not fit the layers of this model"}; choose one made for it.'
        )


def _heard(shapes: dict[str, tuple[int, ...]]) -> int:
    """Returns the width of the conditions that an IP-Adapter was made for, or 0 if that is unknown."""
    return next((shape[-1] for shape in shapes.values()), 0)


def _image_encoder(place: HubPlace, state: State) -> CLIPVisionModelWithProjection:
    """Returns the image encoder that fits the adapter. Repositories for SDXL have two, of which one fits."""
    setting, size = _reads(state["image_proj"])
    configs = [
        file
        for file in place.files()
        if file.endswith("config.json") and "image_encoder" in file.split("/")[-2:-1]
    ]
    for file in configs:
        path = place.get(file)
        try:
            found = json.loads(path.read_text(encoding="utf-8")).get(setting)
        except (OSError, ValueError, AttributeError):
            continue
        if found == size:
            place.get(f"{file.removesuffix('config.json')}model.safetensors")
            return _loaded_encoder(path.parent, place)
    raise StoryError(
        f'The IP-Adapter "{place.name}" has no image encoder whose {setting} is {size}, which its weights need; '
        "name one that lies in a repository with its image_encoder folder, such as h94/IP-Adapter."
    )


def _loaded_encoder(folder: Path, place: HubPlace) -> CLIPVisionModelWithProjection:
    try:
        return CLIPVisionModelWithProjection.from_pretrained(
            folder, use_safetensors=True, local_files_only=True
        )
    except Exception as error:  # the library may raise any kind of error
        raise StoryError(f'The image encoder of "{place.name}" is damaged; get it again.') from error


def _reads(projection: dict[str, torch.Tensor]) -> tuple[str, int]:
    """Returns what an image projection needs: the name of a setting of the image encoder, and its value."""
    if "proj.weight" in projection:
        return "projection_dim", projection["proj.weight"].shape[1]
    if "proj.0.weight" in projection:  # full face
        return "hidden_size", projection["proj.0.weight"].shape[1]
    return "hidden_size", projection["proj_in.weight"].shape[1] if "proj_in.weight" in projection else 0


def is_xl(pipe: Any) -> bool:
    """Returns whether a pipeline is of the family of SDXL."""
    return type(pipe).__name__.startswith("StableDiffusionXL")


def _has_style_block(pipe: Any) -> bool:
    """Returns whether it is built like SDXL, whose first upward block has three layers of attention."""
    return is_xl(pipe) and len(getattr(pipe.unet.up_blocks[0], "attentions", ())) == 3


def _width(unet: UNet2DConditionModel) -> int:
    width = unet.config.cross_attention_dim
    return width if isinstance(width, int) else width[0]


def _squared(picture: Image.Image) -> Image.Image:
    """Returns the picture padded to a square, so that the image processor's centre crop cuts off neither head nor
    feet.
    """
    side = max(picture.size)
    return ImageOps.pad(picture, (side, side), color=GREY)
