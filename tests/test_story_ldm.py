"""Story-LDM: what the memory reads and what the pipeline keeps. It trains."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from storyboard.renderer import ContextFrame, FrameRequest
from tests import story_folders, tiny
from tests.parts_folder import CAPTION_TOKENS, write_latents, write_parts
from training.data.dataset import StoryDataset, open_reader
from training.evaluate.renderers import load_renderer
from training.examples.latents import LatentCache
from training.examples.stories import DatasetStories, MapleLaneStories
from training.story_ldm.__main__ import StoryExamples, StoryLdmArguments, main
from training.story_ldm.memory import MemoryAttention, StoryContext, StoryMemory, gather, joined
from training.story_ldm.pipeline import StoryLdmPipeline, read_captions


def memory_of(unet, spoken=True) -> StoryMemory:
    """spoken: whether its readers have an effect, as after training."""
    torch.manual_seed(0)
    memory = StoryMemory.for_unet(unet, tiny.TEXT_WIDTH)
    for reader in memory.readers if spoken else ():
        torch.nn.init.normal_(reader.to_out.weight)
    return memory.eval()


def written(memory, unet, count=3):
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(count, tiny.LATENT_CHANNELS, 8, 8, generator=generator)
    states = torch.randn(count, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH, generator=generator)
    return memory.write(unet, latents, states, torch.randn(count, tiny.TEXT_WIDTH, generator=generator))


@torch.no_grad()
def predicted(unet, memory=None, context=None, rows=2):
    generator = torch.Generator().manual_seed(2)
    noisy = torch.randn(rows, tiny.LATENT_CHANNELS, 8, 8, generator=generator)
    states = torch.randn(rows, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH, generator=generator)
    if memory is None:
        return unet(noisy, 500, encoder_hidden_states=states).sample
    with memory.reading(unet, context):
        return unet(noisy, 500, encoder_hidden_states=states).sample


def question(rows):
    return torch.randn(rows, tiny.TEXT_WIDTH, generator=torch.Generator().manual_seed(3))


def test_before_training_it_is_the_ldm_it_starts_from():
    unet = tiny.unet()
    memory = memory_of(unet, spoken=False)
    context = gather(written(memory, unet), [[0, 1], [0, 1, 2]], question(2))
    assert torch.equal(predicted(unet, memory, context), predicted(unet))


def test_what_was_drawn_before_changes_what_is_drawn_and_nothing_stays_behind():
    unet = tiny.unet()
    memory = memory_of(unet)
    plain, held = predicted(unet), written(memory, unet)
    one = predicted(unet, memory, gather(held, [[0], [0]], question(2)))
    other = predicted(unet, memory, gather(held, [[1], [1]], question(2)))
    assert not torch.allclose(one, plain, atol=1e-3) and not torch.allclose(one, other, atol=1e-3)
    assert torch.equal(predicted(unet), plain)
    assert torch.equal(predicted(unet, memory, None), plain)


def test_the_null_half_of_guidance_reads_no_memory():
    unet = tiny.unet()
    memory = memory_of(unet)
    plain = predicted(unet)
    read = predicted(unet, memory, gather(written(memory, unet), [[0, 1]], question(1)))
    assert torch.allclose(read[0], plain[0], atol=1e-6) and not torch.allclose(read[1], plain[1], atol=1e-3)


def test_a_frame_reads_the_same_whatever_else_is_in_its_batch():
    unet = tiny.unet()
    memory = memory_of(unet)
    held, asked = written(memory, unet), question(3)
    together = predicted(unet, memory, gather(held, [[0], [0, 1, 2], []], asked), rows=3)
    alone = predicted(unet, memory, gather(joined([held]), [[0], [0], [0]], asked), rows=3)
    assert torch.allclose(together[0], alone[0], atol=1e-5)
    assert torch.allclose(together[2], predicted(unet, rows=3)[2], atol=1e-5)  # nothing comes before it


def reference(reader, question, sentences, valid=None):
    count = len(sentences)
    ages = torch.arange(count, 0, -1)[None]
    valid = torch.ones(1, count, dtype=torch.bool) if valid is None else valid
    return reader.reference(StoryContext((), (), sentences[None], ages, valid, question[None])).exp()[0]


def test_the_sentence_says_which_frames_are_meant():
    torch.manual_seed(0)
    reader = MemoryAttention(width=8, heads=2, text_width=16)
    with torch.no_grad():
        reader.answer.weight.copy_(reader.ask.weight)
        reader.ask.weight.mul_(30)
    sentences = torch.nn.functional.normalize(torch.randn(4, 16), dim=-1) * 4
    weights = reference(reader, sentences[1], sentences)  # (heads, 1 + 4)
    assert torch.allclose(weights.sum(-1), torch.ones(2))
    assert (weights.argmax(-1) == 2).all()  # nothing, then frame 0, then frame 1


def test_of_equal_sentences_the_latest_is_meant_and_padding_never():
    reader = MemoryAttention(width=8, heads=2, text_width=16)
    sentences = torch.ones(3, 16)
    weights = reference(reader, torch.ones(16), sentences)[:, 1:]
    assert (weights.diff(dim=-1) > 0).all()
    valid = torch.tensor([[True, True, False]])
    assert (reference(reader, torch.ones(16), sentences, valid)[:, 3] == 0).all()


def pipeline() -> StoryLdmPipeline:
    tokenizer, unet = tiny.text_tokenizer(), tiny.unet()
    built = StoryLdmPipeline(
        vae=tiny.vae(),
        unet=unet,
        memory=memory_of(unet),
        scheduler=tiny.scheduler(),
        tokenizer=tokenizer,
        text_encoder=tiny.text_encoder(tokenizer),
        steps=2,
    )
    built.set_progress_bar_config(disable=True)
    return built


def drawn(renderer, caption, history=(), seed=1) -> Image.Image:
    *_, rendered = renderer.render(FrameRequest(caption, (), history, seed))
    return rendered.picture


def told(renderer, frames) -> list[ContextFrame]:
    history = []
    for number in range(frames):
        caption = f"She waves {number}."
        history.append(ContextFrame(caption, drawn(renderer, caption, tuple(history), number)))
    return history


def test_the_memory_grows_by_one_frame_a_frame_and_each_is_written_once(monkeypatch):
    renderer, writes = pipeline(), []
    write = StoryMemory.write
    monkeypatch.setattr(StoryMemory, "write", lambda *args: writes.append(1) or write(*args))
    sizes, history = [], []
    for number in range(5):
        history.append(ContextFrame(f"{number}", drawn(renderer, f"{number}", tuple(history), number)))
        sizes.append(sum(t.nbytes for m in renderer._held.values() for t in (*m.keys, *m.values)))
    assert len(writes) == 4 and sizes[0] == 0 and len(set(np.diff(sizes))) == 1
    drawn(renderer, "Another story.")
    assert not renderer._held


def test_a_picture_follows_from_its_request_alone():
    renderer = pipeline()
    history = tuple(told(renderer, 3))
    first = drawn(renderer, "She sings.", history)
    drawn(renderer, "Another story.")
    assert drawn(renderer, "She sings.", history).tobytes() == first.tobytes()
    edited = (*history[:1], ContextFrame(history[1].caption, history[0].picture), history[2])
    assert drawn(renderer, "She sings.", edited).tobytes() != first.tobytes()


def test_a_cancelled_drawing_ends_and_gives_the_unet_back():
    renderer = pipeline()
    history = tuple(told(renderer, 2))
    plain = predicted(renderer.unet)
    assert not list(renderer.render(FrameRequest("She sings.", (), history, 1), cancelled=lambda: True))
    assert torch.equal(predicted(renderer.unet), plain)


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
    write_parts(tmp_path / "parts")
    write_latents(tmp_path / "latents")
    return tmp_path


def command(recipe, *flags) -> list[str]:
    folders = {
        "parts": "parts",
        "latents": "latents",
        "output_dir": "run",
        "out": "systems/story-ldm",
    }
    paths = [word for flag, name in folders.items() for word in (f"--{flag}", str(recipe / name))]
    return [*paths, "--batch", "4", "--drawing_steps", "2", *flags]


def test_it_trains_resumes_and_draws(recipe):
    main(command(recipe, "--steps", "2"))
    main(command(recipe, "--steps", "3"))
    log = [json.loads(line) for line in (recipe / "run" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [2, 3]
    trained = {n.split(".")[0] for n in load_file(recipe / "run" / "checkpoint" / "trained.safetensors")}
    assert trained == {"unet", "memory"}
    assert (recipe / "run" / "sample-000003.png").is_file()
    memory = StoryMemory.from_pretrained(recipe / "parts" / "story_ldm" / "memory")
    assert any(reader.to_out.weight.abs().max() > 0 for reader in memory.readers)
    renderer = load_renderer(recipe / "systems" / "story-ldm")
    assert isinstance(renderer, StoryLdmPipeline) and renderer.unet.dtype == torch.float32
    assert told(renderer, 2)[1].picture.size == (32, 32)


def test_checkpointing_changes_memory_and_not_the_training(recipe):
    losses = []
    for run, on in (("plain", "false"), ("saving", "true")):
        flags = ["--steps", "2", "--output_dir", str(recipe / run), "--gradient_checkpointing", on]
        main(command(recipe, *flags))
        losses.append(json.loads((recipe / run / "log.jsonl").read_text().splitlines()[-1])["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_an_example_has_exactly_the_frames_before_it(recipe):
    args = StoryLdmArguments(output_dir="", batch=16, no_condition=0.2, plain=0.0)
    cache, tokenizer = LatentCache(recipe / "latents"), tiny.text_tokenizer()
    batch = StoryExamples(MapleLaneStories(cache, args), tokenizer)(0, range(16))
    counts = set()
    for row, places in enumerate(batch["earlier"]):
        index = next(
            i for i, one in enumerate(cache.latents) if torch.equal(one.float(), batch["latents"][row])
        )
        tale, number = cache.story(index)
        said = tokenizer.decode(batch["ids"][row], skip_special_tokens=True).strip()
        if not said:
            assert places == []
            continue
        counts.add(number)
        assert len(places) == number
        for earlier, place in enumerate(places):
            assert torch.equal(
                batch["earlier_latents"][place], cache.latents[index - number + earlier].float()
            )
            words = tokenizer.decode(batch["earlier_ids"][place], skip_special_tokens=True)
            assert words.replace(" ", "") == tale.frames[earlier].referential.lower().replace(" ", "")
    assert len(counts) > 2


def test_a_sentence_is_compared_by_its_end_state(recipe):
    tokenizer = tiny.text_tokenizer()
    encoder = tiny.text_encoder(tokenizer)
    states, sentences = read_captions(encoder, tokenizer, ["Rosa waves.", ""])
    end = len(tokenizer("Rosa waves.")["input_ids"]) - 1
    assert torch.equal(sentences[0], states[0, end]) and not torch.equal(sentences[0], sentences[1])


def test_it_trains_on_a_dataset_folder_too(recipe):
    story_folders.flintstones(recipe / "flintstones")
    main(command(recipe, "--steps", "5", "--data", str(recipe / "flintstones")))
    log = [json.loads(line) for line in (recipe / "run" / "log.jsonl").read_text().splitlines()]
    assert log[-1]["step"] == 5 and log[-1]["loss"] > 0
    assert isinstance(load_renderer(recipe / "systems" / "story-ldm"), StoryLdmPipeline)


def test_a_story_of_a_dataset_is_told_up_to_the_frame_that_is_learned(recipe):
    story_folders.flintstones(recipe / "flintstones")
    args = StoryLdmArguments(output_dir="", batch=12, no_condition=0.2, plain=0.5)
    dataset = StoryDataset(open_reader(recipe / "flintstones"), "train", 4, followers="own")
    batch = DatasetStories(dataset, tiny.vae(), tiny.text_tokenizer(), args)(3, range(12))
    assert [len(captions) - 1 for captions in batch["captions"]] == [len(row) for row in batch["earlier"]]
    assert sorted(place for row in batch["earlier"] for place in row) == list(
        range(len(batch["earlier_pixels"]))
    )
    assert batch["pixels"].shape == (12, 3, 32, 32) and batch["noise"].shape == (12, 4, 8, 8)
    told = {tuple(captions) for captions in batch["captions"]}
    assert ("",) in told and any(" waves." in "".join(captions) for captions in told)
    whole = {tuple(story.captions[:n]) for story in dataset for n in range(1, 5)}
    whole |= {tuple(story.referential[:n]) for story in dataset for n in range(1, 5)}
    assert told - {("",)} <= whole
