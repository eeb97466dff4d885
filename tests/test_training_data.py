"""Both stages over dataset folders, through their commands, from base parts at tiny size; OPT and Llama."""

import json
import shutil
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaForCausalLM, OPTForCausalLM

from storyboard.errors import StoryError
from storyboard.text.prompt import PictureSlot
from tests import released, story_folders, tiny
from training import assemble
from training.align_llm import clips as conditions
from training.align_llm import train as align_llm
from training.align_llm.prompts import PromptFitter
from training.configs.parts import build_unet, load_config
from training.loop import run as loop
from training.maple_lane.writer import write_dataset
from training.train_char_ldm import train as train_char_ldm
from training.train_char_ldm.maple_lane import clip_examples
from training.train_char_ldm.train import checkpoint_unrecorded

KINDS = ("flintstones", "pororo", "maple-lane")
SIZES = {
    "image_tokens": {"count": tiny.IMAGE_TOKENS},
    "visual_mapper": {"tokens": tiny.VISUAL_TOKENS},
    "condition_mapper": {"width": 16, "layers": 1, "heads": 2, "feedforward": 16},
}


def write_parts(parts: Path) -> None:
    """Writes the folder with which stage 1 starts, with a tiny OPT."""
    conditioner, vae, tokenizer = tiny.conditioner(), tiny.vae(), tiny.language_tokenizer()
    vae.register_to_config(sample_size=story_folders.SIZE)
    for name, part in {
        "vae": vae,
        "unet": tiny.unet(),
        "scheduler": tiny.scheduler(),
        "tokenizer": conditioner.tokenizer,
        "text_encoder": conditioner.text_encoder,
        "image_encoder": conditioner.image_encoder,
        "image_processor": tiny.image_processor(),
        "language_model": tiny.opt(tokenizer),
        "language_tokenizer": tokenizer,
    }.items():
        part.save_pretrained(parts / name)
    (parts / "size.json").write_text(json.dumps(SIZES))


def write_data(kind: str, folder: Path) -> None:
    """Writes a dataset with a split for training."""
    if kind == "flintstones":
        story_folders.flintstones(folder)
    elif kind == "pororo":
        ids = story_folders.pororo(folder)
        story_folders.write_json(folder / "split.json", {"train": ids, "val": [], "test": []})
    else:
        folder.mkdir(parents=True)
        write_dataset(folder, "train", 1, 4, size=story_folders.SIZE)


def stage_1(folder: Path, run: str = "char-ldm", **flags) -> list[dict]:
    """Trains five steps on the dataset in `folder`. Returns the log."""
    given = {"steps": 5, "batch": 2, "parts": folder / "parts", "data": folder / "set" / "data", **flags}
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    train_char_ldm.main(["--output_dir", str(folder / run), *words])
    return log_of(folder / run)


def cache(folder: Path, **flags) -> None:
    given = {
        "folder": folder / "set" / "data",
        "parts": folder / "parts",
        "out": folder / "conditions",
        **flags,
    }
    conditions.main([word for name, value in given.items() for word in (f"--{name}", str(value))])


def stage_2(folder: Path, run: str = "align", **flags) -> list[dict]:
    given = {"steps": 5, "batch": 2, "parts": folder / "parts", "config": folder / "parts" / "size.json"}
    given |= {"data": folder / "set" / "data", "conditions": folder / "conditions", **flags}
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    align_llm.main(["--output_dir", str(folder / run), *words])
    return log_of(folder / run)


def log_of(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_no_stage_learns_from_a_clip_of_another_split(tmp_path):
    """Frames that follow in a training story were learned too, even if they were clips of the test split."""
    write_parts(tmp_path / "parts")
    parts = story_folders.flintstones(tmp_path / "set" / "data")
    own, other = parts["test"][:5], parts["test"][5:]
    split = {"train": own, "val": [], "test": other}
    story_folders.write_json(tmp_path / "set" / "data" / "split.json", split)
    args = train_char_ldm.CharLdmArguments("unused", data=str(tmp_path / "set" / "data"))
    train, _ = clip_examples(args.data, args, tiny.vae(), tiny.image_processor(), tiny.conditioner())
    assert set(train.clips) <= set(own)
    stage_1(tmp_path)
    cache(tmp_path)
    assert other[0] not in conditions.ClipConditions(tmp_path / "conditions")
    stage_2(tmp_path)
    with pytest.raises(StoryError, match="cached conditions lack"):
        stage_2(tmp_path, "released", followers="any")


@pytest.fixture(scope="module", params=KINDS)
def trained(request, tmp_path_factory) -> SimpleNamespace:
    """Returns a dataset of each kind with both stages trained on it."""
    folder = tmp_path_factory.mktemp("full") / "opt"
    write_parts(folder / "parts")
    write_data(request.param, folder / "set" / "data")
    made = SimpleNamespace(folder=folder, kind=request.param)
    made.first = stage_1(folder, references="portraits" if request.param == "maple-lane" else "crops")
    cache(folder)
    made.second = stage_2(folder, image_weight=0.1)
    return made


@pytest.fixture
def apart(trained, tmp_path) -> Path:
    """Returns a copy of its folder, so that training stage 1 again does not make other conditions out of date."""
    return shutil.copytree(trained.folder, tmp_path / "opt")


def test_both_stages_train_on_a_dataset_folder(trained):
    assert trained.first[-1]["step"] == 5 and trained.first[-1]["denoising"] > 0
    assert {"step", "loss", "alignment", "names", "generation", "image"} == trained.second[-1].keys()
    assert all(torch.isfinite(torch.tensor(value)) for value in trained.second[-1].values())
    assert (trained.second[-1]["names"] > 0) == (trained.kind != "pororo")  # PororoSV has no portraits
    sheet = trained.folder / "char-ldm" / "sample-000005.png"
    assert sheet.stat().st_size > 0
    for part in ("char_ldm/unet", "char_ldm/fuser", "char_ldm/image_encoder", "aligned/image_tokens"):
        assert (trained.folder / "parts" / part / "config.json").is_file()


def test_what_was_trained_moved_and_nothing_else(trained):
    weights = load_file(trained.folder / "align" / "checkpoint" / "trained.safetensors")
    assert {name.split(".")[0] for name in weights} == set(align_llm.TRAINED)
    norms = weights["image_tokens.weight"].norm(dim=-1)
    exported = load_file(next((trained.folder / "parts" / "aligned" / "image_tokens").glob("*.safetensors")))
    rows = exported["weight"].norm(dim=-1)
    assert torch.allclose(rows, rows[:1].expand(8)) and not torch.equal(norms, rows)
    vision = load_file(trained.folder / "char-ldm" / "checkpoint" / "trained.safetensors")
    assert {name.split(".")[0] for name in vision} == {"unet", "fuser", "image_encoder"}


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
@pytest.mark.parametrize("stage", [stage_1, stage_2])
def test_a_run_interrupted_half_way_ends_with_bit_equal_weights(apart, stage, monkeypatch):
    """The clock moves a minute each time it is read, so the first half of the run stops after two steps."""
    extra = {} if stage is stage_1 else {"image_weight": 0.1}
    flags = {"steps": 4, "save_minutes": 1e9, **extra}
    stage(apart, "whole", **flags)
    ticks = count()
    monkeypatch.setattr(loop.time, "monotonic", lambda: 60.0 * next(ticks))
    assert stage(apart, "halves", minutes=1.5, **flags)[-1]["step"] == 2
    monkeypatch.undo()
    assert [line["step"] for line in stage(apart, "halves", **flags)] == [2, 4]
    for name in ("trained", "ema"):
        whole, halves = (
            load_file(apart / run / "checkpoint" / f"{name}.safetensors") for run in ("whole", "halves")
        )
        assert whole.keys() == halves.keys() and all(torch.equal(whole[key], halves[key]) for key in whole)


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_the_trained_parts_become_a_pipeline_the_app_takes(trained, tmp_path):
    from storyboard.disk.pictures import PictureStore
    from storyboard.pipeline import StoryPipeline
    from storyboard.studio.cast import load_cast

    chars = trained.folder / "set" / "chars"
    shared = ["--parts", str(trained.folder / "parts"), "--portraits", str(chars)]
    assemble.main([*shared, "--out", str(tmp_path / "pipeline"), "--steps", "2"])
    cast = load_cast(tmp_path / "pipeline", PictureStore(tmp_path / "pictures"))
    assert [(one.name, one.pronoun) for one in cast] == [("Fred", "he"), ("Wilma", "she")]
    assert StoryPipeline.from_pretrained(tmp_path / "pipeline").config.portrait_fill == "black"


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_batches_may_be_made_in_processes_of_their_own(apart):
    here, there = (stage_1(apart, f"workers-{n}", workers=n, steps=2)[-1] for n in (0, 1))
    assert here["step"] == 2 and here == there


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
@pytest.mark.parametrize(
    "switches",
    [
        {"target": "text", "image_weight": 0.1},
        {"interleaved": False},
        {"alignment_form": "norm", "generation_form": "code", "generation_weight": 0.5},
        {"rule": "training", "figures": 0, "name_weight": 0, "image_weight": 1, "ema": 0},
        {"schedule": "released", "lr": 1e-3, "beta2": 0.95},
    ],
    ids=lambda switches: next(iter(switches)),
)
def test_table_4_and_the_release_are_switches(trained, switches):
    log = stage_2(trained.folder, "align-" + "-".join(switches), **switches)
    assert log[-1]["step"] == 5 and torch.isfinite(torch.tensor(log[-1]["loss"]))


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
@pytest.mark.parametrize(
    "switches",
    [{"no_condition": 1.0}, {"figures": 0, "masked": 0.3}, {"references": "portraits"}],
    ids=lambda switches: next(iter(switches)),
)
def test_stage_1_trains_whoever_is_there(apart, switches):
    """A batch without names used to stop in the vision tower, which cannot read an empty batch."""
    log = stage_1(apart, "-".join(switches), **switches)
    assert log[-1]["step"] == 5 and torch.isfinite(torch.tensor(log[-1]["loss"]))


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_checkpointing_of_stage_1_changes_memory_and_not_the_loss(apart):
    """The second computation of a block whose attention is recorded used to fail."""
    plain, saving = (
        stage_1(apart, f"saving-{on}", gradient_checkpointing=on)[-1]["loss"] for on in (False, True)
    )
    assert saving == pytest.approx(plain, rel=1e-5)


def test_at_full_size_the_largest_blocks_are_checkpointed_and_the_recorded_ones_are_not():
    with torch.device("meta"):
        unet = build_unet(load_config("sd15-opt-6.7b"))
    checkpoint_unrecorded(unet)
    saving = {
        name for name, module in unet.named_modules() if getattr(module, "gradient_checkpointing", False)
    }
    assert {"down_blocks.0", "down_blocks.3", "up_blocks.0", "up_blocks.3"} <= saving
    assert not {"down_blocks.1", "down_blocks.2", "mid_block", "up_blocks.1", "up_blocks.2"} & saving
    assert not {name for name in saving if name.startswith(("down_blocks.1", "mid_block", "up_blocks.2"))}


# Llama


@pytest.fixture
def llama(apart) -> Path:
    """Returns the same parts with a Llama and its tokenizer as published, under a path that contains "opt"."""
    for name in ("language_model", "language_tokenizer"):
        shutil.rmtree(apart / "parts" / name)
    released.write_llama(apart / "llama")
    tokenizer = tiny.language_tokenizer()
    model = tiny.llama(tokenizer)
    model.resize_token_embeddings(json.loads((apart / "llama" / "config.json").read_text())["vocab_size"])
    model.save_pretrained(apart / "parts" / "language_model")
    (apart / "llama" / "config.json").unlink()
    (apart / "llama").rename(apart / "parts" / "language_tokenizer")
    return apart


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_a_llama_in_a_folder_called_opt_trains_and_reads_as_the_released_one(llama):
    log = stage_2(llama, image_weight=0.1)
    assert log[-1]["step"] == 5 and torch.isfinite(torch.tensor(log[-1]["loss"]))
    reader = align_llm.build_reader(
        llama / "parts", SIZES, tiny.VISION_WIDTH, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH
    )
    assert isinstance(reader.language_model, LlamaForCausalLM)
    (ids,) = reader.tokenize([" Image: <img>"])
    assert reader.tokenizer.convert_ids_to_tokens(ids) == "<s> ▁ ▁Image : ▁< img >".split(" ")


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_the_family_follows_from_the_config(trained):
    parts = trained.folder / "parts"
    reader = align_llm.build_reader(parts, SIZES, tiny.VISION_WIDTH, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH)
    assert isinstance(reader.language_model, OPTForCausalLM)


# Long stories


def slots(parts: list) -> list[int]:
    return [part.index for part in parts if isinstance(part, PictureSlot) and part.kind == "frame"]


def test_a_story_too_long_is_cut_from_the_left_at_frame_borders():
    reader = tiny.reader()
    captions = [f"Frame {number}." for number in range(6)]
    whole = PromptFitter(reader)(captions, ["Rosa"])
    assert slots(whole) == [0, 1, 2, 3, 4]
    length = reader.length(reader.tokenize(whole))
    cut = PromptFitter(reader, length - 1 + tiny.IMAGE_TOKENS)(captions, ["Rosa"])
    assert slots(cut) == [1, 2, 3, 4] and cut[-1] == whole[-1] and cut[0] == whole[0]
    assert not [part for part in cut if isinstance(part, str) and "Frame 0" in part]
    limits = range(40 + tiny.IMAGE_TOKENS, length + tiny.IMAGE_TOKENS)
    for limit in limits:
        parts = PromptFitter(reader, limit)(captions, ["Rosa"])
        assert slots(parts) == list(range(5 - len(slots(parts)), 5))
        assert reader.length(reader.tokenize(parts)) + tiny.IMAGE_TOKENS <= limit
        assert parts[-1].endswith(" Caption: Frame 5. Image:")


def test_the_cast_goes_before_the_last_frame_and_the_sentence_never():
    reader = tiny.reader()

    def kinds(limit):
        parts = PromptFitter(reader, limit + tiny.IMAGE_TOKENS)(["Sun.", "Rain."], ["Rosa"])
        return [part.kind for part in parts if isinstance(part, PictureSlot)]

    assert kinds(100) == ["portrait", "frame"] and kinds(60) == ["frame"] and kinds(30) == []
    with pytest.raises(StoryError, match='"Rain." fills 23 positions and 20 are left'):
        kinds(20)
    with pytest.raises(StoryError, match="has 512 positions.*choose 9 to 512"):
        kinds(600)


def test_captions_alone_are_cut_at_frame_borders_too():
    reader = tiny.reader()
    fitter = PromptFitter(reader, 45 + tiny.IMAGE_TOKENS, pictures=False)
    assert fitter(["Sun.", "Rain.", "Snow."]) == [" Caption: Rain.", " Caption: Snow. Image:"]


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_long_stories_train_within_a_short_limit(trained, monkeypatch):
    """The image tokens follow the sentence to draw, whatever was cut.

    With the authors' fixed length both overlapped.
    """
    lengths = []
    whole = align_llm.StoryReader.read

    def read(self, prompts, logits=False):
        lengths.extend(len(prompt.labels) for prompt in prompts)
        out = whole(self, prompts, logits)
        for row, prompt in zip(out.labels, prompts, strict=True):
            tail = row[len(prompt.labels) :][: tiny.IMAGE_TOKENS]
            assert tail.tolist() == [self.vocabulary + r for r in range(tiny.IMAGE_TOKENS)]
        return out

    monkeypatch.setattr(align_llm.StoryReader, "read", read)
    cache(trained.folder, out=trained.folder / "long", length=6)
    limit = 120
    log = stage_2(
        trained.folder, "long", conditions=trained.folder / "long", length=6, max_length=limit, batch=4
    )
    assert log[-1]["step"] == 5
    assert max(lengths) + tiny.IMAGE_TOKENS <= limit and max(lengths) > limit // 2


@pytest.mark.parametrize("trained", ["flintstones"], indirect=True)
def test_bad_input_is_told_in_one_sentence(trained, tmp_path):
    with pytest.raises(StoryError, match="no conditions"):
        stage_2(trained.folder, "bad", conditions=tmp_path)
    with pytest.raises(StoryError, match="There is no folder"):
        stage_1(trained.folder, "bad", data=tmp_path / "nowhere")
    with pytest.raises(StoryError, match="choose 9 to 512"):
        stage_2(trained.folder, "bad", max_length=5)
