"""Computes once a frozen language model's states of stories in words: `python -m training.align_llm.story_states`.

The states do not depend on what stage 2 trains, except for the rows of the image tokens, and those rows stay as they
begin. One pass reads a whole telling: the words of all its frames, and after each frame's words the image tokens that
would end its prompt. The image tokens of a frame see only their own prompt. The files are safetensors shards, and a
finished shard is never written again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from safetensors import safe_open
from tqdm.auto import tqdm

from storyboard.errors import StoryError
from storyboard.models.image_tokens import ImageTokens, mean_row_norm
from storyboard.models.language_model import load_language_model
from storyboard.models.prompt_tokens import Told
from storyboard.models.reader_folder import read_language_model
from storyboard.models.story_reader import StoryReader, states_at
from storyboard.people import Look
from storyboard.text.prompt import in_words
from training.align_llm.tellings import Telling, ToldFrame, sample_telling
from training.configs.arguments import parsed
from training.configs.parts import config_file, freeze, load_config
from training.examples.shards import missing_shards, write_shard
from training.loop.processes import make_accelerator
from training.maple_lane.words import Shows

TAIL = " Image:"  # the end of a prompt, before the image tokens


@dataclass
class StatesArguments:
    config: str = field(
        default="maple-lane-smollm2", metadata={"help": "a stem in training/configs or a file"}
    )
    language_model: str = field(
        default="smollm2-135m-instruct",
        metadata={"help": "which one: a stem in training/configs or a file that names it"},
    )
    out: str = field(default="runs/smollm2/states", metadata={"help": "folder of the shards"})
    stories: int = field(default=8192, metadata={"help": "tellings, in shards of 128"})
    split: Literal["train", "val"] = field(default="train", metadata={"help": "whose stories"})
    world: Literal["cast", "people", "open", "mixed"] = field(
        default="cast", metadata={"help": "which stories; mixed: half of them open, a quarter of the cast"}
    )
    seed: int = field(default=0, metadata={"help": "of the image tokens"})


@dataclass(frozen=True)
class ReadTelling:
    """A telling, and the language model's states of its words and of each frame's image tokens.

    states: (T, E), those of the words in the order of the frames
    names: (T,), for a word that names a person 1 + the person's place in `telling.pronouns`, else 0
    words: (frames, 2), where each frame's words begin and end
    images: last states of the image tokens (frames, R, E)
    """

    telling: Telling
    states: torch.Tensor
    names: torch.Tensor
    words: torch.Tensor
    images: torch.Tensor


class TellingReader:
    """Reads tellings with a frozen language model. It uses the reader's image tokens as they are.

    story_layer: the layer (counted from 1) whose states are kept for the words; None: the last states.
    """

    def __init__(self, reader: StoryReader, story_layer: int | None = None):
        self.reader, self.story_layer = reader, story_layer

    @torch.inference_mode()
    def __call__(self, telling: Telling) -> ReadTelling:
        reader = self.reader
        captions = [frame.caption for frame in telling.frames]
        parts = [part.removesuffix(TAIL) for part in in_words(captions[:-1], captions[-1])]
        names = Told(captions[-1], tuple((name,) for name in telling.pronouns))
        marks = reader.marks([*parts[:-1], parts[-1] + TAIL], names)
        embedded = [reader.embed_tokens([part]).embeddings for part in reader.tokenize(parts)]
        tail = torch.cat(
            [reader.embed([TAIL]).embeddings[-_count(reader, TAIL) :], reader.image_tokens(1)[0]]
        )
        ends = torch.tensor([len(part) for part in embedded]).cumsum(0)
        last, states = self._states(torch.cat(embedded), tail, ends)
        total, images = int(ends[-1]), reader.image_tokens.config.count
        start = reader.tokenizer.bos_token_id is not None  # the first token is then no word of the story
        begins = torch.cat([torch.tensor([int(start)]), ends[:-1]])
        return ReadTelling(
            telling,
            states[:total],
            torch.tensor([name for part in marks for name in part.speaks_of][:total]),
            torch.stack([begins, ends], 1),
            last[total:].unflatten(0, (len(ends), len(tail)))[:, -images:],
        )

    def _states(
        self, words: torch.Tensor, tail: torch.Tensor, ends: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The last states of the words and tails (T + n t, E), and their states at `story_layer` in the same shape.

        words: (T, E). tail: (t, E). The words are followed by one copy of the tail for each of the n `ends`, and a copy
        sees only the words before its end. The result is the same as if each prompt were read by itself, except for
        rounding.
        """
        total, length, tails = len(words), len(tail), len(ends)
        before = torch.arange(total)[None] < ends.repeat_interleave(length)[:, None]  # (tails * t, T)
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        seen = torch.block_diag(*[causal] * tails).bool()
        words_seen = torch.ones(total, total, dtype=torch.bool).tril()
        nothing = torch.zeros(total, tails * length, dtype=torch.bool)
        allowed = torch.cat([torch.cat([words_seen, nothing], 1), torch.cat([before, seen], 1)])
        positions = torch.cat([torch.arange(total), (ends[:, None] + torch.arange(length)).flatten()])
        model = self.reader.language_model.model
        device, dtype = model.device, model.dtype
        mask = torch.zeros(allowed.shape, dtype=dtype).masked_fill_(~allowed, torch.finfo(dtype).min)
        last, states = states_at(
            self.reader.language_model,
            self.story_layer,
            inputs_embeds=torch.cat([words, tail.repeat(tails, 1)])[None].to(device, dtype),
            attention_mask=mask[None, None].to(device),
            position_ids=positions[None].to(device),
            use_cache=False,
        )
        return last[0], states[0]


def _count(reader: StoryReader, text: str) -> int:
    return len(reader.tokenizer(text, add_special_tokens=False)["input_ids"])


class StateCache:
    """The cached states: maps a number to a ReadTelling. States are in half precision, as they were written."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        shards = sorted(self.folder.glob("shard-*.safetensors"))
        if not shards:
            raise FileNotFoundError(f"{folder} has no states; run: python -m training.align_llm.story_states")
        self.story_layer = _one_layer(shards)
        self._read = [one for shard in shards for one in _open(shard)]

    def __len__(self) -> int:
        return len(self._read)

    def __getitem__(self, number: int) -> ReadTelling:
        return self._read[number]

    def image_tokens(self) -> ImageTokens:
        """Returns the image tokens with which the states were made."""
        return ImageTokens.from_pretrained(self.folder / "image_tokens")


def write_states(shard: Path, read: Sequence[ReadTelling], story_layer: int | None = None) -> None:
    """Writes a shard of tellings, and the layer that the states of their words come from."""
    lengths = torch.tensor([len(one.states) for one in read])
    tensors = {
        "lengths": lengths,
        "states": torch.cat([one.states for one in read]).half(),
        "names": torch.cat([one.names for one in read]).to(torch.int8),
        "words": torch.stack([one.words for one in read]),
        "images": torch.stack([one.images for one in read]).half(),
    }
    tellings = json.dumps([_as_json(one.telling) for one in read], ensure_ascii=False)
    write_shard(shard, tensors, {"tellings": tellings, "story_layer": json.dumps(story_layer)})


def _one_layer(shards: Sequence[Path]) -> int | None:
    """The layer that the states of the words come from, the same in every shard. StoryError if shards differ."""
    layers = {_story_layer(shard) for shard in shards}
    if len(layers) > 1:
        raise StoryError(
            f"{shards[0].parent} has shards of different layers ({', '.join(sorted(map(layer_name, layers)))}); "
            "make each kind in a folder of its own with training.align_llm.story_states."
        )
    return layers.pop()


def _story_layer(shard: Path) -> int | None:
    with safe_open(shard, framework="pt") as file:
        return json.loads(file.metadata().get("story_layer", "null"))  # older shards hold the last states


def layer_name(layer: int | None) -> str:
    """Returns the name of a language model's layer, for messages."""
    return "the end of the language model" if layer is None else f"layer {layer}"


def _open(shard: Path) -> list[ReadTelling]:
    with safe_open(shard, framework="pt") as file:
        tellings = json.loads(file.metadata()["tellings"])
        part = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    lengths = part["lengths"].tolist()
    rows = zip(
        tellings,
        part["states"].split(lengths),
        part["names"].long().split(lengths),
        part["words"],
        part["images"],
        strict=True,
    )
    return [ReadTelling(_telling(one), *tensors) for one, *tensors in rows]


def _as_json(telling: Telling) -> dict:
    frames = [{"caption": frame.caption, "shows": frame.shows.to_json()} for frame in telling.frames]
    looks = {name: look.to_json() for name, look in telling.looks.items()}
    return {"frames": frames, "pronouns": telling.pronouns, "looks": looks}


def _telling(value: dict) -> Telling:
    frames = (ToldFrame(frame["caption"], Shows.from_json(frame["shows"])) for frame in value["frames"])
    looks = value.get("looks", {})  # older shards have no looks: they hold stories of the cast
    return Telling(
        tuple(frames), value["pronouns"], {name: Look.from_json(look) for name, look in looks.items()}
    )


def load_reader(name: str, config: dict, seed: int) -> StoryReader:
    """Returns a reader for words alone.

    It has no mappers, and its image tokens are as long as an average word embedding.

    name: the language model, a stem in training/configs or a JSON file; see `storyboard.models.language_model`.
    """
    language_model, tokenizer = load_language_model(read_language_model(config_file(name)), print)
    torch.manual_seed(seed)
    image_tokens = ImageTokens(language_model.config.hidden_size, **config["image_tokens"])
    image_tokens.rescale_to(mean_row_norm(language_model))
    return StoryReader(language_model, tokenizer, freeze(image_tokens), None, None)


def main(argv: list[str] | None = None) -> None:
    args = parsed(StatesArguments, argv)
    out = Path(args.out)
    shards = missing_shards(out, args.stories)
    config = load_config(args.config)
    reader = load_reader(args.language_model, config, args.seed)
    story_layer = config["condition_mapper"].get("story_layer")
    reader.language_model.to(make_accelerator().device)
    out.mkdir(parents=True, exist_ok=True)
    if make_accelerator().is_main_process:
        reader.image_tokens.save_pretrained(out / "image_tokens")
    read = TellingReader(reader, story_layer)
    for shard, seeds in tqdm(shards, desc="states"):
        write_states(
            shard, [read(sample_telling(seed, args.split, args.world)) for seed in seeds], story_layer
        )


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"story_states: {error}")
