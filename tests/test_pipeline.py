"""StoryPipeline: requests in, pictures out. It is saved, loaded, cancelled, and refuses what it cannot draw."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import PNDMScheduler
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.preview import fit_colours, linear_colours
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Preview, Rendered
from tests import tiny
from training.configs.parts import load_config
from training.import_weights import RELEASED


def picture(colour: str, size: tuple[int, int] = (32, 32)) -> Image.Image:
    return Image.new("RGB", size, colour)


CAST = (
    CastMember("Rosa", "she", (), picture("red", (20, 30))),
    CastMember("Milo", "he", ("Lo",), picture("blue")),
)
FIRST = FrameRequest("Rosa waves to Milo.", CAST, (), seed=3)
LATER = FrameRequest("She runs.", CAST, (ContextFrame("Rosa waves.", picture("green")),), seed=3)


@pytest.fixture(scope="module")
def pipeline() -> StoryPipeline:
    return tiny.pipeline()


@pytest.fixture(scope="module")
def saved(pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline") / "whole"
    pipeline.save_pretrained(folder)
    return folder


def draw(pipeline: StoryPipeline, request: FrameRequest) -> Rendered:
    *previews, rendered = pipeline.generate(request)
    assert all(isinstance(preview, Preview) for preview in previews)
    assert isinstance(rendered, Rendered)
    return rendered


def pixels(rendered: Rendered) -> bytes:
    return rendered.picture.tobytes()


def calls(*modules) -> tuple[list, list]:
    counted = []
    return counted, [m.register_forward_pre_hook(lambda module, _: counted.append(module)) for m in modules]


def test_the_first_frame_reads_portraits_and_later_ones_the_story(pipeline):
    first, later = draw(pipeline, FIRST), draw(pipeline, LATER)
    assert (first.conditioning, first.mentioned) == ("char-ldm", ("Rosa", "Milo"))
    assert (later.conditioning, later.mentioned) == ("llm", ())
    assert first.picture.size == (32, 32) and first.picture.mode == "RGB"
    assert (first.seed, first.steps, first.guidance) == (3, 4, 3.0)
    assert draw(pipeline, replace(FIRST, conditioning="llm")).conditioning == "llm"
    assert draw(tiny.pipeline(first_frame="llm"), FIRST).conditioning == "llm"


@pytest.mark.parametrize(
    ("asked", "effort", "steps"), [(None, 0.5, 2), (None, 2.0, 8), (5, 0.5, 3), (80, 2.0, 100), (1, 0.5, 1)]
)
def test_effort_multiplies_the_steps_and_stays_in_their_range(pipeline, asked, effort, steps):
    rendered = draw(pipeline, replace(FIRST, steps=asked, effort=effort))
    assert rendered.steps == steps


def test_equal_requests_give_equal_pictures_whatever_was_drawn_between(pipeline):
    for request in (FIRST, LATER):
        before = draw(pipeline, request)
        draw(pipeline, replace(request, caption="Milo sits.", seed=5))
        draw(pipeline, replace(request, history=(*request.history, ContextFrame("Milo", picture("pink")))))
        assert pixels(draw(pipeline, request)) == pixels(before) == pixels(draw(tiny.pipeline(), request))


def test_a_picture_depends_on_seed_portrait_history_and_caption(pipeline):
    recast = (replace(CAST[0], portrait=picture("yellow", (20, 30))), CAST[1])
    redrawn = (ContextFrame("Rosa waves.", picture("orange")),)
    others = [
        (FIRST, replace(FIRST, seed=4)),
        (FIRST, replace(FIRST, cast=recast)),
        (FIRST, replace(FIRST, caption="Milo waves to Rosa.")),
        (FIRST, replace(FIRST, conditioning="text")),
        (LATER, replace(LATER, cast=recast)),
        (LATER, replace(LATER, history=redrawn)),
    ]
    for request, other in others:
        assert pixels(draw(pipeline, request)) != pixels(draw(pipeline, other))


def test_a_reroll_runs_neither_clip_nor_language_model():
    pipeline = tiny.pipeline()
    for request in (FIRST, LATER):
        draw(pipeline, request)
    parts = (pipeline.text_encoder, pipeline.image_encoder.vision_model, pipeline.language_model.model)
    counted, hooks = calls(*parts)
    for request in (FIRST, LATER):
        draw(pipeline, replace(request, seed=99))
    assert counted == []
    pipeline.clear_caches()
    draw(pipeline, LATER)
    assert set(counted) == set(parts)
    for hook in hooks:
        hook.remove()


def test_a_new_frame_encodes_only_the_new_picture():
    pipeline = tiny.pipeline()
    draw(pipeline, LATER)
    counted, hooks = calls(pipeline.image_encoder.vision_model)
    draw(pipeline, replace(LATER, history=(*LATER.history, ContextFrame("She runs.", picture("cyan")))))
    assert len(counted) == 1
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize("after", range(5))
def test_a_cancelled_frame_stops_at_once_and_leaves_no_trace(pipeline, after):
    expected = pixels(draw(pipeline, LATER))
    seen, unet_calls = [], []
    hook = pipeline.unet.register_forward_pre_hook(lambda *_: unet_calls.append(1))
    for event in pipeline.generate(replace(LATER, seed=8), cancelled=lambda: len(seen) >= after):
        seen.append(event)
    hook.remove()
    assert len(seen) == after and all(isinstance(event, Preview) for event in seen)
    assert len(unet_calls) == after
    assert pixels(draw(pipeline, LATER)) == expected


def test_an_abandoned_stream_lets_the_next_request_in(pipeline):
    stream = pipeline.generate(FIRST)
    next(stream)
    waiting = list(
        pipeline.generate(FIRST, cancelled=lambda: True)
    )  # without a question it would wait for ever
    assert waiting == []
    stream.close()
    draw(pipeline, FIRST)
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caption": " "}, "no words"),
        ({"conditioning": "magic"}, '"magic"; choose char-ldm'),
        ({"steps": 0}, "0 steps; choose 1 to 100"),
        ({"steps": 101}, "101 steps"),
        ({"guidance": float("nan")}, "guidance nan"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_a_request_that_cannot_be_drawn_says_why_before_the_first_step(pipeline, change, message):
    with pytest.raises(StoryError, match=message):
        next(pipeline.generate(replace(FIRST, **change)))


def test_history_too_long_for_the_language_model_is_reported(pipeline):
    small = tiny.pipeline()
    small.language_model = tiny.opt(small.language_tokenizer, positions=40)
    with pytest.raises(StoryError, match="shorten one of them"):
        draw(small, LATER)


def test_no_more_frames_are_read_than_stage_2_was_trained_with():
    """From the tenth frame on, people were wrong in seven of ten frames: stage 2 never saw such long prompts."""
    pipeline = tiny.pipeline()
    pipeline.register_to_config(context_frames=2)
    older = (ContextFrame("Milo sits.", picture("red")), *(ContextFrame("Sun.", picture("blue")),) * 2)
    request = replace(LATER, history=older)
    drawn = pixels(draw(pipeline, request))
    forgotten = replace(older[0], picture=picture("green"))
    assert pixels(draw(pipeline, replace(request, history=(forgotten, *older[1:])))) == drawn
    assert pixels(draw(pipeline, replace(request, history=(*older[:2], LATER.history[0])))) != drawn
    # A person who is named only in a frame that is no longer read is still introduced.
    nobody = replace(older[0], caption="Rain.")
    assert pixels(draw(pipeline, replace(request, history=(nobody, *older[1:])))) != drawn


def test_the_frame_that_last_said_where_is_read_however_long_ago_it_was():
    pipeline = tiny.pipeline(context_frames=2, place_words=["park"])
    park = ContextFrame("In the park Milo sits.", picture("red"))
    request = replace(LATER, history=(park, *(ContextFrame("Sun.", picture("blue")),) * 2))
    drawn = pixels(draw(pipeline, request))
    elsewhere = replace(park, picture=picture("green"))
    assert pixels(draw(pipeline, replace(request, history=(elsewhere, *request.history[1:])))) != drawn


@pytest.mark.parametrize("start_merge_step", [-1, 2])
def test_frames_drawn_together_are_those_drawn_one_by_one(start_merge_step):
    """Also with delayed conditioning: a sentence with a pronoun beside a sentence with names."""
    pipeline = tiny.pipeline(start_merge_step=start_merge_step)
    requests = [FIRST, LATER, replace(FIRST, seed=4), replace(LATER, caption="She sings.")]
    together = pipeline.generate_together(requests)
    for request, found in zip(requests, together, strict=True):
        alone = draw(pipeline, request)
        made = ("mentioned", "conditioning", "seed", "steps", "guidance")
        assert [getattr(found, name) for name in made] == [getattr(alone, name) for name in made]
        difference = np.asarray(found.picture, int) - np.asarray(alone.picture, int)
        assert abs(difference).max() <= 1
    assert len({pixels(one) for one in together}) == len(together)
    with pytest.raises(ValueError, match="same steps"):
        pipeline.generate_together([FIRST, replace(FIRST, steps=pipeline.config.steps + 1)])


def test_delayed_conditioning_follows_the_caption():
    pipeline, seen = tiny.pipeline(start_merge_step=2), []
    pipeline.unet.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["encoder_hidden_states"][1]), with_kwargs=True
    )
    for request, text_only in ((FIRST, 3), (LATER, 1)):
        seen.clear()
        draw(pipeline, request)
        with torch.inference_mode():
            text = pipeline.conditioner.encode_text([request.caption])[0]
        assert [torch.equal(call, text) for call in seen] == [True] * text_only + [False] * (4 - text_only)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_explaining_changes_no_bit_and_says_where_and_who(pipeline, guidance):
    history = (ContextFrame("Rosa and Nana wave.", picture("green")),)
    cast = (*CAST, CastMember("Nana", "she", (), picture("pink")))
    ambiguous = replace(LATER, cast=cast, history=history)
    for request, named in ((FIRST, {"Rosa", "Milo"}), (LATER, {"Rosa"}), (ambiguous, None)):
        request = replace(request, guidance=guidance)
        plain, explained = draw(pipeline, request), draw(pipeline, replace(request, explain=True))
        assert pixels(plain) == pixels(explained)
        assert plain.attention == plain.readings == ()
        maps = dict(explained.attention)
        assert {(one.mode, one.size) for one in maps.values()} == {("L", (8, 8))}
        assert set(maps) == (named or set(explained.readings[0].names))
    assert draw(pipeline, replace(FIRST, explain=True)).readings == ()
    (reading,) = draw(pipeline, replace(ambiguous, explain=True)).readings
    assert (reading.word, reading.start, reading.end, reading.by) == ("she", 0, 3, "model")
    assert reading.names in (("Rosa",), ("Nana",)) and 0.5 <= reading.confidence < 1


def test_a_reroll_is_explained_without_clip_or_language_model():
    pipeline = tiny.pipeline()
    request = replace(LATER, explain=True, history=(ContextFrame("Milo waves to Lo, Rosa.", picture("red")),))
    first = draw(pipeline, request)
    parts = (pipeline.text_encoder, pipeline.image_encoder.vision_model, pipeline.language_model.model)
    counted, hooks = calls(*parts)
    assert draw(pipeline, replace(request, seed=99)).readings == first.readings
    assert counted == []
    for hook in hooks:
        hook.remove()


def test_what_the_writer_made_of_the_sentence_is_drawn_in_its_place(pipeline):
    bound = replace(LATER, resolved="Rosa runs.")
    named = replace(LATER, caption="Rosa runs.")
    assert pixels(draw(pipeline, bound)) == pixels(draw(pipeline, named)) != pixels(draw(pipeline, LATER))
    explained = draw(pipeline, replace(bound, explain=True))
    assert (explained.mentioned, explained.readings) == (("Rosa",), ())
    assert [name for name, _ in explained.attention] == ["Rosa"]


def test_a_sentence_too_long_is_drawn_as_far_as_it_is_read_with_a_warning(pipeline, caplog):
    long, read = "go " * 20, ("go " * 15).strip()
    for request in (FIRST, LATER):
        with caplog.at_level("WARNING"):
            drawn = draw(pipeline, replace(request, caption=long))
        assert pixels(drawn) == pixels(draw(pipeline, replace(request, caption=read)))
    assert len(caplog.records) == 2 and f"up to '{read[-40:]}' only" in caplog.text
    earlier = (replace(LATER.history[0], caption=long), *LATER.history[1:])
    shorter = (replace(LATER.history[0], caption=read), *LATER.history[1:])
    one, other = (draw(pipeline, replace(LATER, history=history)) for history in (earlier, shorter))
    assert pixels(one) == pixels(other)


def test_the_released_settings_make_the_calls_of_the_authors_code():
    """31 calls of [null, condition].

    The text is alone in 16 of them for a name, in 1 for a pronoun. The prompt has a tail.
    """
    pipeline, calls_seen, prompts = tiny.pipeline(**RELEASED), [], []
    pipeline.scheduler = PNDMScheduler(**load_config("sd15-opt-6.7b")["scheduler"])
    pipeline.unet.register_forward_pre_hook(
        lambda _, args, kwargs: calls_seen.append(kwargs["encoder_hidden_states"]), with_kwargs=True
    )
    pipeline.language_model.model.register_forward_pre_hook(
        lambda _, args, kwargs: prompts.append(kwargs["inputs_embeds"]), with_kwargs=True
    )
    named = replace(LATER, caption="Rosa runs.")
    scene = replace(LATER, caption="A quiet street.")
    for request, text_only in ((FIRST, 16), (named, 16), (LATER, 1), (scene, 16)):
        calls_seen.clear()
        rendered = draw(pipeline, request)
        assert (rendered.steps, rendered.guidance, len(calls_seen)) == (30, 5.0, 31)
        with torch.inference_mode():
            null, text = pipeline.conditioner.encode_text(["", request.caption])
        assert all(torch.equal(call[0], null) for call in calls_seen)
        assert [torch.equal(call[1], text) for call in calls_seen] == [True] * text_only + [False] * (
            31 - text_only
        )
        if request is FIRST:
            assert prompts == []  # the fuser makes the first frame, not the language model
    image_tokens = pipeline.image_tokens(1)[0]
    ends = [one[0] for one in prompts if torch.equal(one[0, -len(image_tokens) :], image_tokens)]
    space = pipeline.reader.embed([" "]).embeddings[-1]
    assert [torch.equal(one[-len(image_tokens) - 1], space) for one in ends] == [True] * 3


def test_portraits_reach_the_encoder_through_the_filter_that_is_asked_for():
    striped = Image.fromarray(np.arange(40 * 20 * 3, dtype=np.uint8).reshape(40, 20, 3) * 7)
    seen = []
    for portrait_filter in ("bilinear", None):
        pipeline = tiny.pipeline(portrait_filter=portrait_filter)
        pipeline.image_encoder.register_forward_pre_hook(
            lambda _, args, kwargs: seen.append(kwargs["pixel_values"]), with_kwargs=True
        )
        draw(pipeline, replace(FIRST, caption="Rosa waves.", cast=(replace(CAST[0], portrait=striped),)))
    square = Image.new("RGB", (40, 40))
    square.paste(striped, (10, 0))
    expected = pipeline.image_processor(
        square.resize((tiny.PORTRAIT_SIZE,) * 2, Image.Resampling.BILINEAR), return_tensors="pt"
    )
    assert torch.equal(seen[0], expected["pixel_values"])
    assert not torch.equal(seen[0], seen[1])


def test_a_saved_pipeline_loads_and_draws_the_equal_picture(pipeline, saved):
    loaded = StoryPipeline.from_pretrained(saved)
    assert loaded.config.steps == 4
    for request in (FIRST, LATER):
        assert pixels(draw(loaded, request)) == pixels(draw(pipeline, request))


def test_half_precision_is_half_the_size_and_loads_as_float32(pipeline, saved, tmp_path):
    expected = pixels(draw(pipeline, LATER))
    pipeline.save_half(tmp_path / "half")
    assert pixels(draw(pipeline, LATER)) == expected  # saving did not round the weights that are in use
    weights = {path.relative_to(saved): path for path in saved.rglob("*.safetensors")}
    for name, path in weights.items():
        assert (tmp_path / "half" / name).stat().st_size < 0.75 * path.stat().st_size
    loaded = StoryPipeline.from_pretrained(tmp_path / "half")
    modules = [part for part in loaded.components.values() if isinstance(part, torch.nn.Module)]
    assert {p.dtype for part in modules for p in part.parameters()} == {torch.float32}
    assert loaded.config.steps == 4
    draw(loaded, LATER)


def test_a_pipeline_without_stage_2_draws_saves_and_loads(tmp_path):
    pipeline = tiny.pipeline(language=False)
    assert draw(pipeline, LATER).conditioning == "char-ldm"
    with pytest.raises(StoryError, match="no language model"):
        draw(pipeline, replace(LATER, conditioning="llm"))
    pipeline.save_pretrained(tmp_path / "stage1")
    loaded = StoryPipeline.from_pretrained(tmp_path / "stage1")
    assert pixels(draw(loaded, FIRST)) == pixels(draw(pipeline, FIRST))


def remove_weights(folder):
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()


def cut_weights(folder):
    path = folder / "language_model" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def break_index(folder):
    (folder / "model_index.json").write_text('{"vae": ["diff')


def remove_part(folder):
    shutil.rmtree(folder / "fuser")


def add_pickle(folder):
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")


def swap_class(folder):
    index = json.loads((folder / "model_index.json").read_text())
    index["fuser"] = ["os", "system"]
    (folder / "model_index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_weights, "incomplete: the weights of unet are missing"),
        (cut_weights, "language_model/model.safetensors is cut off"),
        (break_index, "model_index.json cannot be read"),
        (remove_part, "fuser is missing"),
        (add_pickle, "pickled weights .unet/diffusion_pytorch_model.bin."),
        (swap_class, "does not fit this program"),
    ],
)
def test_a_damaged_or_unsafe_folder_is_refused_in_one_sentence(saved, tmp_path, damage, message):
    folder = tmp_path / "damaged"
    shutil.copytree(saved, folder)
    damage(folder)
    with pytest.raises(StoryError, match=message) as caught:
        StoryPipeline.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_and_a_single_file_are_refused(tmp_path):
    with pytest.raises(StoryError, match="no pipeline folder"):
        StoryPipeline.from_pretrained(tmp_path / "nothing")
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x04.")
    with pytest.raises(StoryError, match="single file"):
        StoryPipeline.from_pretrained(tmp_path / "model.ckpt")


def test_linear_colours_recover_a_linear_picture():
    torch.manual_seed(0)
    latents = torch.randn(8, 4, 8, 8)
    weights = torch.randn(5, 3) * 0.1
    small = torch.einsum("bchw,cd->bdhw", latents, weights[:-1]) + weights[-1].view(1, 3, 1, 1)
    fitted = fit_colours(latents, small.repeat_interleave(4, -1).repeat_interleave(4, -2))
    torch.testing.assert_close(torch.tensor(fitted), weights, atol=1e-4, rtol=1e-3)
    assert linear_colours(latents, fitted, (32, 32)).shape == (8, 3, 32, 32)


def test_previews_are_pictures_of_full_size_and_change_nothing():
    plain, coloured = tiny.pipeline(), tiny.pipeline(preview_colours=[[0.1, 0.0, 0.0]] * 5)
    *previews, rendered = coloured.generate(FIRST)
    shown = [preview.picture for preview in previews if preview.picture is not None]
    assert len(shown) == 3  # the last step is shown as the finished picture
    assert {look.size for look in shown} == {(32, 32)}
    assert [preview.step for preview in previews] == [1, 2, 3, 4]
    assert pixels(rendered) == pixels(draw(plain, FIRST))


def test_requests_of_several_threads_wait_for_one_another(pipeline):
    requests = [replace(LATER, seed=seed) for seed in range(3)]
    expected = [pixels(draw(pipeline, request)) for request in requests]
    pipeline.clear_caches()
    with ThreadPoolExecutor(3) as threads:
        drawn = threads.map(lambda request: pixels(draw(pipeline, request)), requests * 2)
    assert list(drawn) == expected * 2
