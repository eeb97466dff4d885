"""Numbers that the authors' code is known to produce: token sequences, ids, learning rates, timesteps.

The numbers of co-reference and of the scores are tested with their code.
"""

import pytest
import torch
from diffusers import PNDMScheduler
from transformers import PreTrainedTokenizerFast

from storyboard.models.denoise import denoise
from storyboard.models.story_reader import StoryReader
from storyboard.text.prompt import PictureSlot, interleave
from tests import released, tiny
from training.configs.parts import load_config
from training.import_weights import RELEASED
from training.loop import LoopArguments, learning_rate
from training.released.language import load_tokenizer

EARLIER, SENTENCE = ["Fred waves.", "He runs."], "He waves."

# The pieces of a prompt as the authors' tokenizers cut it, picture by picture: for training, then for inference.
OPT_TRAINING = [
    "</s> ĠImage : Ġ< img >",
    "</ img > ĠCaption : ĠFred Ġwaves . ĠImage : Ġ< img >",
    "</ img > ĠCaption : ĠHe Ġruns . ĠCaption : ĠHe Ġwaves . ĠImage :",
]
OPT_INFERENCE = [*OPT_TRAINING[:2], f"{OPT_TRAINING[2]} Ġ"]
LLAMA_TRAINING = [
    "<s> ▁ ▁Image : ▁< img >",
    "▁</ img > ▁Caption : ▁Fred ▁waves . ▁Image : ▁< img >",
    "▁</ img > ▁Caption : ▁He ▁runs . ▁Caption : ▁He ▁waves . ▁Image :",
]
LLAMA_INFERENCE = [
    LLAMA_TRAINING[0],
    "▁</ img > ▁Caption : ▁Fred ▁waves . ▁ ▁Image : ▁< img >",
    "▁</ img > ▁Caption : ▁He ▁runs . ▁ ▁Caption : ▁He ▁waves . ▁Image : ▁",
]


@pytest.fixture(scope="module")
def readers(tmp_path_factory) -> dict[str, StoryReader]:
    """Writes tokenizers in their published form and loads them like the importer.

    Saves and loads them again, as in use.
    """
    folder = tmp_path_factory.mktemp("language")
    released.write_opt(folder / "opt")
    released.write_llama(folder / "llama")
    readers = {}
    for name, build in (("opt", tiny.opt), ("llama", tiny.llama)):
        load_tokenizer(folder / name).save_pretrained(folder / f"{name}-saved")
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / f"{name}-saved")
        parts = (tiny.image_tokens(), tiny.visual_mapper(), tiny.condition_mapper())
        readers[name] = StoryReader(build(tiny.language_tokenizer()), tokenizer, *parts)
    return readers


def pieces(reader: StoryReader, parts: list) -> list[str]:
    tokens = reader.tokenize(parts)
    assert [part for part in tokens if isinstance(part, PictureSlot)] == [
        PictureSlot("frame", index) for index in range(len(EARLIER))
    ]
    texts = [part for part in tokens if not isinstance(part, PictureSlot)]
    return [" ".join(reader.tokenizer.convert_ids_to_tokens(ids)) for ids in texts]


@pytest.mark.parametrize(
    ("family", "training", "inference"),
    [("opt", OPT_TRAINING, OPT_INFERENCE), ("llama", LLAMA_TRAINING, LLAMA_INFERENCE)],
)
def test_prompts_are_the_authors_token_by_token(readers, family, training, inference):
    reader = readers[family]
    assert pieces(reader, interleave(EARLIER, SENTENCE)) == training
    assert pieces(reader, interleave(EARLIER, SENTENCE, tail=RELEASED["prompt_tail"])) == inference


@torch.no_grad()
@pytest.mark.parametrize("family", ["opt", "llama"])
def test_the_image_tokens_follow_the_prompt_at_once_and_are_eight(readers, family):
    reader = tiny.reader(tiny.opt if family == "opt" else tiny.llama)
    prompt = reader.embed([" Image:"])
    read = reader.read([prompt], logits=True)
    words = len(prompt.labels)
    assert read.labels[0, words:].tolist() == [reader.vocabulary + r for r in range(8)]
    assert read.labels[0, :words].tolist() == prompt.labels.tolist()


def test_the_learning_rate_is_the_releases():
    args = LoopArguments(output_dir="", lr=1e-3, schedule="released")
    vectors = {0: 0, 1000: 5e-4, 2000: 1e-3, 12000: 1e-3, 12001: 1e-4, 22000: 1e-4, 22001: 1e-5}
    for step, rate in vectors.items():
        assert learning_rate(step, args) == pytest.approx(rate, rel=1e-9), step


def test_thirty_pndm_steps_visit_the_authors_31_timesteps():
    scheduler = PNDMScheduler(**load_config("sd15-opt-6.7b")["scheduler"])
    scheduler.set_timesteps(RELEASED["steps"])
    timesteps = scheduler.timesteps.tolist()
    assert timesteps == [958, 925, *range(925, 0, -33)]
    assert (len(timesteps), timesteps[:4], timesteps[-2:]) == (31, [958, 925, 925, 892], [34, 1])


@torch.no_grad()
@pytest.mark.parametrize(("start_merge_step", "text_only"), [(RELEASED["start_merge_step"], 16), (0, 1)])
def test_delayed_conditioning_reads_the_text_alone_on_the_authors_calls(start_merge_step, text_only):
    torch.manual_seed(0)
    unet, seen = tiny.unet(), []
    unet.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["encoder_hidden_states"]), with_kwargs=True
    )
    noise, condition, text, null = torch.randn(1, 4, 8, 8), *torch.randn(3, 1, 7, tiny.TEXT_WIDTH)
    steps = denoise(
        unet,
        PNDMScheduler(**load_config("sd15-opt-6.7b")["scheduler"]),
        noise,
        condition,
        null[None] if null.ndim == 2 else null,
        steps=RELEASED["steps"],
        guidance=RELEASED["guidance"],
        text=text,
        start_merge_step=start_merge_step,
    )
    assert len(list(steps)) == 31
    assert [torch.equal(call[1:], text) for call in seen] == [True] * text_only + [False] * (31 - text_only)
