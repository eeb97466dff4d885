"""accelerate can read the launch configs, and the numbers of docs/full-size.md are those of the models."""

import importlib
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
)

from storyboard.renderer import ContextFrame, FrameRequest
from tests import tiny
from training.align_llm.arguments import AlignArguments
from training.align_llm.clips import ConditionArguments
from training.assemble import AssembleArguments
from training.configs.arguments import parsed
from training.configs.parts import load_config
from training.released.base import BaseArguments
from training.released.cast import CastArguments
from training.train_char_ldm.arguments import CharLdmArguments

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "full-size.md").read_text(encoding="utf-8")
CONFIGS = sorted((ROOT / "training" / "accelerate").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_launch_config_is_read_and_says_what_its_name_says(path):
    config = load_config_from_file(str(path))
    expected = {
        "one-gpu": (DistributedType.NO, 1, 1),
        "eight-gpus": (DistributedType.MULTI_GPU, 1, 8),
        "two-nodes": (DistributedType.MULTI_GPU, 2, 16),
    }[path.stem]
    assert (config.distributed_type, config.num_machines, config.num_processes) == expected
    assert not config.use_cpu and config.mixed_precision == "bf16"


def test_what_a_spread_language_model_keeps_on_each_gpu_is_what_is_told():
    size = json.loads((ROOT / "training/configs/sd15-opt-6.7b.json").read_text())["language_model"]
    family = size.pop("model_type")
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **size))
    layers = count(model.model.decoder.layers)
    (one,) = {count(layer) for layer in model.model.decoder.layers}
    rest = count(model) - layers
    row = f"({layers / 1e6:,.1f} M / 8 in layers + {rest / 1e6:.1f} M besides) x 2, and two layers of {one / 1e6:.1f} M"
    total = (layers / 8 + rest + 2 * one) * 2 / 1e9
    assert f"{row} x 2 at a time | {total:.1f} GB" in DOCS


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("build", [tiny.opt, tiny.llama], ids=["opt", "llama"])
def test_the_lines_for_few_bits_load_a_pipeline_that_draws(build, bits, tmp_path, monkeypatch):
    """These lines named the number format twice and never ran.

    Without bitsandbytes they only say that it is missing.
    """
    monkeypatch.setattr(tiny, "WORD_WIDTH", 64)  # 4-bit numbers are packed in blocks of 64
    tokenizer = tiny.language_tokenizer()
    config = build(tokenizer).config
    config.update({"ffn_dim": 64, "intermediate_size": 64, "init_std": 0.1, "initializer_range": 0.1})
    whole = tiny.pipeline()
    whole.register_modules(language_model=AutoModelForCausalLM.from_config(config).eval())
    whole.save_pretrained(tmp_path / "flintstones")
    (lines,) = re.findall(r"```python\n(.+?)```", DOCS, re.DOTALL)
    lines = lines.replace("8bit", f"{bits}bit").replace("pipelines", str(tmp_path))
    told: dict = {}
    if importlib.util.find_spec("bitsandbytes") is None:
        with pytest.raises(ImportError, match="requires bitsandbytes"):
            exec(lines, told)
        return
    exec(lines, told)
    kinds = [type(module).__name__ for module in told["pipeline"].language_model.modules()]
    assert kinds.count({8: "Linear8bitLt", 4: "Linear4bit"}[bits]) >= 12
    history = (ContextFrame("Sun.", Image.new("RGB", (32, 32), "orange")),)
    *_, drawn = told["pipeline"].render(FrameRequest("Rain.", (), history, seed=1, steps=1))
    assert drawn.conditioning == "llm" and drawn.picture.size == (32, 32)
    readers = (told["pipeline"].reader, whole.reader)
    with torch.inference_mode():
        found, expected = (r.read([r.embed([" Caption: Rain. Image:"])]).condition.float() for r in readers)
    assert (found - expected).norm() < 0.2 * expected.norm()


def test_every_config_and_module_that_is_named_exists():
    for path in re.findall(r"training/accelerate/[\w-]+\.yaml", DOCS):
        assert (ROOT / path).is_file(), path
    modules = set(re.findall(r"-m ((?:training|storyboard)[\w.]*)", DOCS))
    assert {"training.masks", "training.evaluate.full_size"} <= modules
    for module in modules:
        assert importlib.util.find_spec(module), module


# Each module, its part if it has several, and its flags.
COMMANDS = [
    (command[1], command[2], sorted(set(re.findall(r"(?<=\s)--[\w-]+", command[3]))))
    for command in re.finditer(
        r"-m (training\.[\w.]+)((?: (?:vq|transformer)\b)?)((?:[^\n]*\\\n)*[^\n]*)", DOCS
    )
    if "--" in command[3]
]


@pytest.mark.parametrize(
    ("module", "part", "flags"), COMMANDS, ids=[module + part for module, part, _ in COMMANDS]
)
def test_every_flag_that_is_named_exists(module, part, flags, capsys):
    found = importlib.util.find_spec(module)
    command = importlib.import_module(f"{module}.__main__" if found.submodule_search_locations else module)
    with pytest.raises(SystemExit):
        command.main([*part.split(), "--help"])
    known = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    assert flags and not set(flags) - known


def words_of(module: str) -> list[str]:
    """Returns the arguments of the module's first command, which is StoryGPT-V's own."""
    command, *_ = re.findall(rf"-m {re.escape(module)} ((?:[^\n]*\\\n)*[^\n]*)", DOCS)
    return shlex.split(command.replace("\\\n", " "))


def test_the_commands_of_training_follow_from_one_another():
    """The parsers check types and choices. Each command reads what earlier commands wrote."""
    kinds = {
        "training.released.base": BaseArguments,
        "training.train_char_ldm": CharLdmArguments,
        "training.data.conditions": ConditionArguments,
        "training.align_llm": AlignArguments,
        "training.assemble": AssembleArguments,
        "training.released.cast": CastArguments,
    }
    made = {module: parsed(kind, words_of(module)) for module, kind in kinds.items()}
    base, first, cached, second, whole, cast = made.values()
    assert base.out == first.parts == cached.parts == second.parts == whole.parts
    assert first.data == cached.folder == second.data and cached.out == second.conditions
    assert whole.out == cast.pipeline and f"app.py --pipeline {whole.out}" in DOCS
    load_config(second.config)


def told(part: str) -> int:
    row = re.search(rf"^\| {re.escape(part)} \| ([\d,]+) \|$", DOCS, re.MULTILINE)
    return int(row[1].replace(",", ""))


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("name", "part"), [("sd15-opt-6.7b", "OPT-6.7B"), ("sd15-llama-2-7b", "Llama-2-7B")])
def test_language_models_have_the_size_that_is_told(name, part):
    size = json.loads((ROOT / f"training/configs/{name}.json").read_text())["language_model"]
    family = size.pop("model_type")
    with torch.device("meta"):
        assert count(AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **size))) == told(part)


def test_the_denoiser_and_autoencoder_have_the_size_that_is_told():
    size = json.loads((ROOT / "training/configs/sd15-opt-6.7b.json").read_text())
    with torch.device("meta"):
        assert count(UNet2DConditionModel(**size["unet"])) == told("UNet")
        assert count(AutoencoderKL(**size["vae"])) == told("autoencoder")


def test_the_captioner_has_the_size_that_is_told():
    config = Blip2Config(
        vision_config=Blip2VisionConfig(image_size=364).to_dict(),
        qformer_config=Blip2QFormerConfig().to_dict(),
        text_config=OPTConfig(
            hidden_size=2560, word_embed_proj_dim=2560, num_hidden_layers=32, num_attention_heads=32,
            ffn_dim=10240, vocab_size=50304,
        ).to_dict(),
        num_query_tokens=32,
    )  # fmt: skip
    with torch.device("meta"):
        assert count(Blip2ForConditionalGeneration(config)) == told("BLIP-2 with OPT-2.7B")
