"""The pipeline called like diffusers' own ones, and loaded in the precision and the variant that the caller wants."""

import numpy as np
import pytest
import torch
from diffusers import PNDMScheduler
from diffusers.callbacks import PipelineCallback
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.latents import decode_latents, to_picture
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest
from tests import tiny

RED, GREEN = (Image.new("RGB", (32, 32), colour) for colour in ("red", "green"))
CAST = [{"name": "Rosa", "pronoun": "she", "portrait": RED}, {"name": "Milo", "portrait": GREEN}]
HISTORY = [("Rosa waves.", GREEN)]


@pytest.fixture(scope="module")
def pipe() -> StoryPipeline:
    return tiny.pipeline()


def seeded(*seeds):
    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


def rendered(pipe, request):
    return list(pipe.generate(request))[-1].picture


def apart(one, other):
    return int(abs(np.asarray(one, int) - np.asarray(other, int)).max())


def test_a_call_draws_what_a_request_draws(pipe):
    people = (CastMember("Rosa", "she", (), RED), CastMember("Milo", "they", (), GREEN))
    history = (ContextFrame("Rosa waves.", GREEN),)
    first = pipe("Rosa waves.", cast=CAST, generator=seeded(3)[0])
    later = pipe("She runs.", cast=CAST, history=HISTORY, num_inference_steps=2, generator=seeded(5)[0])
    assert first.images[0].tobytes() == rendered(pipe, FrameRequest("Rosa waves.", people, (), 3)).tobytes()
    request = FrameRequest("She runs.", people, history, 5, steps=2)
    assert later.images[0].tobytes() == rendered(pipe, request).tobytes()
    assert (first.mentioned, first.conditioning) == ([("Rosa",)], ["char-ldm"])
    assert (later.mentioned, later.conditioning) == ([()], ["llm"])
    same = pipe("She runs.", people, history, 2, generator=seeded(5)[0], return_dict=False)
    assert len(same) == 1 and same[0][0].tobytes() == later.images[0].tobytes()


def test_guidance_and_conditioning_are_those_asked_for(pipe):
    asked = {"cast": CAST, "latents": torch.ones(1, 4, 8, 8), "output_type": "latent"}
    plain = pipe("Rosa waves.", **asked).images
    assert not torch.equal(pipe("Rosa waves.", guidance_scale=7, **asked).images, plain)
    words = pipe("Rosa waves.", conditioning="text", **asked)
    assert words.conditioning == ["text"] and not torch.equal(words.images, plain)


@pytest.mark.parametrize("start_merge_step", [-1, 2])
def test_a_batch_is_the_sentences_one_by_one(start_merge_step):
    """Also with delayed conditioning: a sentence with a pronoun waits one call, and one with a name three."""
    pipe = tiny.pipeline(start_merge_step=start_merge_step)
    sentences = ["She runs.", "Rosa sits."]
    batch = pipe(sentences, CAST, HISTORY, num_images_per_prompt=2, generator=seeded(1, 2, 3, 4))
    assert batch.mentioned == [(), (), ("Rosa",), ("Rosa",)]
    for place, one in enumerate(batch.images):
        alone = pipe(sentences[place // 2], CAST, HISTORY, generator=seeded(place + 1)[0])
        assert apart(one, alone.images[0]) <= 1
    assert len({one.tobytes() for one in batch.images}) == 4


def test_one_picture_in_every_kind_of_output(pipe):
    kinds = {
        kind: pipe(["Rosa waves."] * 2, CAST, generator=seeded(1, 2), output_type=kind).images
        for kind in ("pil", "np", "pt", "latent")
    }
    assert [one.size for one in kinds["pil"]] == [(32, 32)] * 2
    assert (kinds["np"].shape, kinds["pt"].shape) == ((2, 32, 32, 3), (2, 3, 32, 32))
    np.testing.assert_array_equal(kinds["np"], kinds["pt"].permute(0, 2, 3, 1).numpy())
    assert 0 <= kinds["np"].min() and kinds["np"].max() <= 1
    assert apart(kinds["pil"][0], kinds["np"][0] * 255 + 0.5) <= 1
    assert kinds["latent"].shape == (2, 4, 8, 8) and not kinds["latent"].is_inference()
    with torch.no_grad():
        assert apart(to_picture(decode_latents(pipe.vae, kinds["latent"][:1])), kinds["pil"][0]) == 0


def test_a_callback_sees_every_step_and_may_change_the_latents(pipe):
    seen = []

    def watching(pipeline, step, timestep, tensors):
        seen.append((step, int(timestep), tuple(tensors["latents"].shape)))
        assert pipeline is pipe and pipe.num_timesteps == 4

    plain = pipe("Rosa waves.", CAST, generator=seeded(1)[0], callback_on_step_end=watching)
    assert [step for step, *_ in seen] == [0, 1, 2, 3] and {shape for *_, shape in seen} == {(1, 4, 8, 8)}
    assert sorted({time for _, time, _ in seen}, reverse=True) == [time for _, time, _ in seen]

    def replacing(pipeline, step, timestep, tensors):
        return {"latents": torch.zeros_like(tensors["latents"]) if step == 1 else tensors["latents"]}

    emptied = [
        pipe("Rosa waves.", CAST, generator=one, callback_on_step_end=replacing).images[0]
        for one in seeded(1, 1)
    ]
    assert emptied[0].tobytes() == emptied[1].tobytes() != plain.images[0].tobytes()
    handed = []
    pipe(
        "Rosa waves.",
        CAST,
        callback_on_step_end=lambda *given: handed.append(given[-1]),
        callback_on_step_end_tensor_inputs=[],
    )
    assert handed == [{}] * 4


def test_a_callback_may_stop_the_drawing(pipe):
    steps = []

    def stopping(pipeline, step, timestep, tensors):
        steps.append(step)
        pipeline._interrupt = step == 1
        return tensors

    pipe("Rosa waves.", CAST, callback_on_step_end=stopping)
    assert steps == [0, 1]
    pipe("Rosa waves.", CAST, generator=seeded(1)[0])
    assert not pipe.interrupt and not pipe._lock.locked()


def test_a_callback_that_fails_leaves_the_pipeline_free(pipe):
    def failing(*_):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        pipe("Rosa waves.", CAST, callback_on_step_end=failing)
    assert len(pipe("Rosa waves.", CAST).images) == 1


def test_the_progress_bar_is_that_of_diffusers(capsys):
    pipe = tiny.pipeline()
    pipe.scheduler = PNDMScheduler(skip_prk_steps=True)
    pipe.set_progress_bar_config(disable=False, desc="Drawing Rosa")
    pipe("Rosa waves.", CAST)
    assert (
        "Drawing Rosa: 100%" in (told := capsys.readouterr().err) and "5/5" in told
    )  # one more than 4 steps


class Cutoff(PipelineCallback):
    tensor_inputs = ["prompt_embeds"]

    def callback_fn(self, pipeline, step_index, timestep, callback_kwargs):
        return callback_kwargs


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"prompt": []}, "prompt is a sentence"),
        ({"prompt": ["Rosa waves.", 3]}, "prompt is a sentence"),
        ({"prompt": " "}, "no words"),
        ({"cast": {"Rosa": RED}}, "cast is a list of people"),
        ({"cast": [{"name": "Rosa"}]}, "need a name and a portrait"),
        ({"cast": [{**CAST[0], "mood": "gay"}]}, "need a name and a portrait"),
        ({"cast": [{"name": "Rosa", "portrait": "rosa.png"}]}, "Rosa's portrait is str"),
        ({"cast": [{**CAST[0], "pronoun": "xe"}]}, "choose one of he, she, they, it"),
        ({"cast": CAST[:1] * 2}, "have one name"),
        ({"cast": ["Rosa"]}, "is 'Rosa'; give a name"),
        ({"history": ["Rosa waves."]}, "Frame 1 of the history is 'Rosa waves.'"),
        ({"history": [("Rosa waves.", None)]}, "picture of frame 1 of the history is NoneType"),
        ({"num_inference_steps": 0}, "0 steps"),
        ({"num_inference_steps": 2.5}, "num_inference_steps is a number"),
        ({"guidance_scale": "strong"}, "guidance_scale is a number"),
        ({"guidance_scale": float("nan")}, "guidance nan"),
        ({"num_images_per_prompt": 0}, "num_images_per_prompt is 0"),
        ({"num_images_per_prompt": 65}, "draws 1 to 64 pictures"),
        ({"generator": [torch.Generator()] * 2}, "2 generators for 1 pictures"),
        ({"generator": 7}, "torch.Generator, not 7"),
        ({"latents": torch.zeros(1, 4, 4, 4)}, r"they need \(1, 4, 8, 8\)"),
        ({"conditioning": "magic"}, '"magic"; choose char-ldm'),
        ({"output_type": "jpeg"}, 'no output type "jpeg"'),
        ({"callback_on_step_end": Cutoff()}, '"prompt_embeds"; a callback can have latents'),
        ({"callback_on_step_end_tensor_inputs": ["noise"]}, '"noise"; a callback can have latents'),
    ],
)
def test_what_cannot_be_drawn_from_is_named_before_the_first_step(pipe, changed, words):
    steps = []
    hook = pipe.unet.register_forward_pre_hook(lambda *_: steps.append(1))
    with pytest.raises(StoryError, match=words):
        pipe(**{"prompt": "Rosa waves.", "cast": CAST, **changed})
    hook.remove()
    assert steps == []


# -- Precision and variants


@pytest.fixture(scope="module")
def saved(pipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline") / "whole"
    pipe.save_pretrained(folder)
    return folder


def precisions(pipe):
    return {
        parameter.dtype
        for part in pipe.components.values()
        if isinstance(part, torch.nn.Module)
        for parameter in part.parameters()
    }


@pytest.mark.parametrize("name", ["dtype", "torch_dtype"])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_precision_asked_for_is_loaded_and_draws(saved, name, precision):
    """`torch_dtype`, the usual name of this argument, was refused, and the error blamed the folder."""
    loaded = StoryPipeline.from_pretrained(saved, **{name: precision})
    loaded.set_progress_bar_config(disable=True)
    assert precisions(loaded) == {precision}
    for history in ((), HISTORY):
        assert loaded("Rosa waves.", CAST, history).images[0].size == (32, 32)


def test_two_precisions_and_what_is_none_are_refused(saved):
    with pytest.raises(StoryError, match="leave one out"):
        StoryPipeline.from_pretrained(saved, dtype=torch.float32, torch_dtype=torch.float16)
    with pytest.raises(StoryError, match="'half'; give a precision"):
        StoryPipeline.from_pretrained(saved, dtype="half")


def test_a_variant_is_saved_and_loaded_beside_the_rest(pipe, tmp_path):
    other = tiny.pipeline()
    with torch.no_grad():
        other.unet.conv_out.bias += 1
    pipe.save_pretrained(tmp_path)
    other.save_pretrained(tmp_path, variant="ema")
    loaded = {one: StoryPipeline.from_pretrained(tmp_path, variant=one) for one in (None, "ema")}
    for one, expected in ((None, pipe), ("ema", other)):
        assert torch.equal(loaded[one].unet.conv_out.bias, expected.unet.conv_out.bias)
    with pytest.raises(StoryError, match='no weights of the variant "fp16"; leave variant out'):
        StoryPipeline.from_pretrained(tmp_path, variant="fp16")
