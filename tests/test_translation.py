"""Stage 2 on cached states: what is told, what a frozen language model makes of it, and the mapper for these states."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

import numpy as np
import pytest
import torch
from diffusers.configuration_utils import FrozenDict
from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.models import layout
from storyboard.models.conditioning import STAND_IN
from storyboard.models.mappers import NOW, PADDING, ConditionMapper
from storyboard.models.reader_folder import read_reader
from storyboard.people import sample_look
from storyboard.text.prompt import interleave
from tests import tiny
from tests.parts_folder import CAPTION_TOKENS, write_parts
from training import assemble
from training.align_llm import condition_mapper
from training.align_llm.cache import load_conditioner
from training.align_llm.condition_mapper import check_layer
from training.align_llm.readings import nearest_caption, right_people
from training.align_llm.story_states import StateCache, TellingReader, write_states
from training.align_llm.targets import UNTOLD, Targets
from training.align_llm.tellings import FRAMES, ToldFrame, sample_telling, tell_story
from training.align_llm.translation import Translations, TranslationTraining, collated
from training.examples.captions import portraits_in
from training.examples.portrait_features import Portrait, PortraitFeatures
from training.maple_lane import BY_NAME, sample_story
from training.maple_lane.words import Shown, Shows

SWITCHES = {"reads_story": True, "people": 8}
SIZE = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns parts of stage 1, and the cached states of four told stories and of two others for checks."""
    root = tmp_path_factory.mktemp("translation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny, "TEXT_TOKENS", CAPTION_TOKENS)
        write_parts(root / "parts")
    read = TellingReader(tiny.reader(tiny.llama, positions=4096))
    for name, seeds, split in (("states", range(4), "train"), ("states-val", range(2), "val")):
        (root / name).mkdir()
        write_states(root / name / "shard-00000.safetensors", [read(sample_telling(s, split)) for s in seeds])
        read.reader.image_tokens.save_pretrained(root / name / "image_tokens")
    config = {"image_tokens": {"count": tiny.IMAGE_TOKENS}, "condition_mapper": SIZE | SWITCHES}
    (root / "config.json").write_text(json.dumps(config))
    return root


@pytest.fixture(scope="module")
def targets(folder) -> Iterator[Targets]:
    conditioner = load_conditioner(folder / "parts", "cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "WIDTH", 24)  # the tiny tokenizer spells
        yield Targets(conditioner, PortraitFeatures(conditioner.encode_portraits, tiny.image_processor()))


def test_a_telling_says_who_is_there_in_the_order_of_its_words_with_nothing_left_open():
    open_captions = 0
    for seed in range(12):
        telling = sample_telling(seed)
        assert telling == sample_telling(seed) and len(telling.frames) == FRAMES
        for frame in telling.frames:
            named = [one.name for one in frame.shows.people if one.name in frame.caption]
            assert named == sorted(named, key=frame.caption.index)
            assert all(one.action for one in frame.shows.people)
            assert set(telling.pronouns) >= {one.name for one in frame.shows.people}
    for seed in range(40):
        story = sample_story(seed, FRAMES)
        for told, meant in zip(tell_story(story, Random(0)).frames, story.frames, strict=True):
            does = {actor.name: actor.action for actor in meant.scene.actors}
            assert set(does) == {one.name for one in told.shows.people}
            open_captions += any(one.action != does[one.name] for one in told.shows.people)
    assert 0 < open_captions < 40  # in a caption that leaves a person's action open, the person stands


@pytest.mark.parametrize(("build", "story_layer"), [(tiny.opt, None), (tiny.llama, None), (tiny.llama, 1)])
@torch.inference_mode()
def test_one_pass_over_a_telling_gives_the_states_of_every_prompt_by_itself(build, story_layer):
    reader = tiny.reader(build, positions=4096)
    reader.condition_mapper = tiny.condition_mapper(reads_story=True, story_layer=story_layer)
    telling = sample_telling(5)
    captions = [frame.caption for frame in telling.frames]
    read = TellingReader(reader, story_layer)(telling)
    for number in range(FRAMES):
        prompt = reader.embed(interleave(captions[:number], captions[number], pictures=False)).embeddings
        last, words = reader.states(torch.cat([prompt, reader.image_tokens(1)[0]])[None])
        end = int(read.words[number, 1])
        torch.testing.assert_close(read.states[:end], words[0, :end], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(read.images[number], last[0, -tiny.IMAGE_TOKENS :], atol=1e-4, rtol=1e-4)


def test_states_of_another_layer_than_the_mapper_reads_are_refused(folder, tmp_path):
    read = TellingReader(tiny.reader(tiny.llama, positions=4096), 1)
    for number, layer in enumerate((1, None)):
        write_states(tmp_path / f"shard-0000{number}.safetensors", [read(sample_telling(0))], layer)
    with pytest.raises(StoryError, match="shards of different layers"):
        StateCache(tmp_path)
    (tmp_path / "shard-00001.safetensors").unlink()
    cache = StateCache(tmp_path)
    check_layer(tiny.condition_mapper(reads_story=True, story_layer=1), cache)
    with pytest.raises(StoryError, match="holds states of layer 1, and this mapper reads the end"):
        check_layer(tiny.condition_mapper(**SWITCHES), cache)


def test_cached_tellings_come_back_as_they_were(folder):
    cache = StateCache(folder / "states")
    assert len(cache) == 4 and cache[3].telling == sample_telling(3)
    assert cache[0].words[0, 0] == 1  # the start token is no word of the story
    names = list(cache[3].telling.pronouns)
    assert set(cache[3].names.tolist()) <= {0, *range(1, len(names) + 1)}
    with pytest.raises(FileNotFoundError, match="training.align_llm.story_states"):
        StateCache(folder / "nothing")


def test_an_example_points_at_whom_its_caption_means(folder, targets):
    examples = Translations(StateCache(folder / "states"), targets, 8, seed=0)
    rng = np.random.default_rng(0)
    outfits = examples.dressed(1, rng)
    example = examples.example(1, 2, outfits, rng)
    shows = examples.read[1].telling.frames[2].shows
    target, columns, worded, words = targets.condition(shows, outfits)
    assert torch.equal(example.targets, target) and torch.equal(example.worded, worded)
    told = targets.conditioner.tokenizer.decode(words[words != UNTOLD])
    assert shows.place in told and not any(name.lower() in told for name in columns.values())
    assert set(columns.values()) == {one.name for one in shows.people}
    for column, name in columns.items():
        place = int(example.points[column]) - 1
        assert torch.equal(example.story.cast[place], targets.person(name, outfits[name]))
    assert (example.points > 0).sum() == len(columns)
    said = examples._said(1, 2)
    there = len(outfits) if said.allowed is None else len(said.allowed & outfits.keys())
    assert (example.story.pronouns > 0).sum() == there and example.story.shown.sum() == len(said.shown)
    now = example.story.sentence == NOW
    assert now.any() and now[-1] and (example.story.sentence != PADDING).any()
    assert int(example.story.speaks_of.max()) <= 8


def test_anybody_is_translated_as_they_look_and_nobody_as_a_place(folder, targets, tmp_path):
    """Told stories of a mixed world go to disk and back. Frames of nobody have a target and no points."""
    read = TellingReader(tiny.reader(tiny.llama, positions=4096))
    empty = next(seed for seed in range(0, 400, 2) if () in shown(sample_telling(seed, world="mixed")))
    tellings = [sample_telling(seed, world="mixed") for seed in (3, empty, 1)]
    assert [bool(one.looks) for one in tellings] == [True, True, False]
    write_states(tmp_path / "shard-00000.safetensors", [read(one) for one in tellings])
    cache = StateCache(tmp_path)
    assert [cache[number].telling for number in range(3)] == tellings
    examples = Translations(cache, targets, 8, seed=0)
    cast = examples.dressed(1, np.random.default_rng(1))
    looks = tellings[1].looks
    assert {name: cast[name].wears for name in looks} == looks
    assert list(cast)[: len(looks)] == list(tellings[1].pronouns)
    number = shown(tellings[1]).index(())
    example = examples.example(1, number, cast, np.random.default_rng(0))
    assert not example.points.any() and example.targets.any()
    batch = collated([example])
    mapper = ConditionMapper(tiny.WORD_WIDTH, *targets.shape[::-1], **SIZE, **SWITCHES)
    weights = condition_mapper.MapperArguments(output_dir="")
    tokenizer = targets.conditioner.tokenizer
    images = torch.zeros(tiny.IMAGE_TOKENS, tiny.WORD_WIDTH)
    learnt = TranslationTraining(mapper, images, weights, len(tokenizer))(batch)
    assert torch.isfinite(learnt["loss"]) and learnt["names"] == 0
    views = {
        examples.dressed(0, np.random.default_rng(seed))[next(iter(tellings[0].looks))] for seed in range(8)
    }
    assert len(views) == 2  # as drawn, and as a person may upload it
    name = next(iter(tellings[0].looks))
    plain, uploaded = sorted(views, key=lambda portrait: portrait.view)
    assert not torch.equal(targets.person(name, plain), targets.person(name, uploaded))
    same = condition_mapper.Scale(torch.zeros(tiny.WORD_WIDTH), torch.ones(tiny.WORD_WIDTH))
    scales = {"words": same, "images": same, "embeddings": torch.zeros(tiny.IMAGE_TOKENS, tiny.WORD_WIDTH)}
    checked = condition_mapper.ScaledTranslations(cache, targets, 8, 0, learning=False, **scales)
    told = condition_mapper.read_right(mapper, checked, targets, 3)
    assert {"who", "where", "what", "who, anybody", "where, anybody"} <= told.keys()


def shown(telling) -> list[tuple]:
    return [frame.shows.people for frame in telling.frames]


def test_who_takes_something_takes_what_the_other_gives():
    """A caption was "Ada took a None": the data names the thing only for the giver, or for nobody."""
    found = 0
    for seed in range(0, 120, 2):
        for frame in sample_telling(seed, world="mixed").frames:
            does = {one.action: one for one in frame.shows.people}
            if "giving" in does:
                found += 1
                assert does["giving"].prop and does["taking"].prop == does["giving"].prop
            assert "None" not in frame.target
    assert found


def test_clothes_are_in_the_target_and_not_in_the_words(folder, targets):
    examples = Translations(StateCache(folder / "states"), targets, 8, seed=0, learning=False)
    outfits = examples.dressed(0, np.random.default_rng(0))
    changed = {
        name: Portrait(next(o for o in BY_NAME[name].outfits if o != worn.wears))
        for name, worn in outfits.items()
    }
    one, other = (examples.example(0, 0, worn, np.random.default_rng(0)) for worn in (outfits, changed))
    assert torch.equal(one.story.states, other.story.states) and torch.equal(one.images, other.images)
    differs = (one.targets != other.targets).any(-1)
    assert torch.equal(differs, one.points > 0)


@pytest.mark.parametrize("deeds", [False, True])
def test_words_stand_in_fixed_places_and_none_is_lost(targets, deeds, monkeypatch):
    """The second name came directly after the first verb, so a mapper unsure of the verb spread it over two tokens.

    Also, a target had portraits on deeds for a denoiser that had never seen such portraits.
    """
    targets = Targets(targets.conditioner, targets.features)
    fuser = targets.conditioner.fuser
    monkeypatch.setattr(fuser, "_internal_dict", FrozenDict(fuser.config | {"deeds": deeds}))
    monkeypatch.setattr(
        targets.conditioner, "called", lambda name: name
    )  # the tiny tokenizer spells all names
    outfits = {name: Portrait(BY_NAME[name].outfits[0]) for name in ("Rosa", "Milo")}
    waves, sleeps = (
        Shows("park", True, (Shown("Rosa", does), Shown("Milo", "running")))
        for does in ("waving", "sleeping")
    )
    one, other = targets.condition(waves, outfits), targets.condition(sleeps, outfits)
    assert one.named == other.named and set(one.named.values()) == {"Rosa", "Milo"}
    caption = ToldFrame("", waves).target
    spots = portraits_in(caption, ("Rosa", "Milo"), ("waves", "runs"), str)
    assert len(one.named) == (4 if deeds else 2)
    spots = spots if deeds else spots[::2]
    plain = targets.conditioner(
        [caption],
        [[(m.start, m.end) for m in spots]],
        [torch.stack([targets.features(m.name, outfits[m.name]) for m in spots])],
    ).fused[0]
    apart = torch.cdist(one.condition, plain)
    assert max(apart.amin(0).max(), apart.amin(1).max()) < 1e-2 and not torch.equal(one.condition, plain)


def test_a_mapper_learns_from_those_whom_the_words_allow_as_it_will_be_asked(folder, targets):
    """The mapper was asked about fewer people than in training, and left out some of whom the words are sure."""
    read = StateCache(folder / "states")[0]
    said = {
        "Rosa waves at Milo in the park.": {"Rosa", "Milo"},
        "He eats an apple.": {"Milo"},
        "She hugs everyone.": None,
        "Suddenly there is a cat.": None,
    }
    people = (("Rosa", "Milo"), ("Milo",), ("Rosa", "Milo"), ())
    frames = tuple(
        ToldFrame(caption, Shows("park", True, tuple(Shown(name, "standing") for name in names)))
        for caption, names in zip(said, people, strict=True)
    )
    telling = replace(read.telling, frames=frames, pronouns={"Rosa": "she", "Milo": "he", "Otto": "he"})
    examples = Translations([replace(read, telling=telling)], targets, 8, seed=0)
    assert [examples._said(0, number).allowed for number in range(4)] == [
        names and frozenset(names) for names in said.values()
    ]
    for number, names in enumerate(said.values()):
        cast = examples.dressed(0, np.random.default_rng(number))
        example = examples.example(0, number, cast, np.random.default_rng(number))
        assert (example.story.pronouns > 0).sum() == len(names or cast)
        assert len(set(example.points.tolist()) - {0}) == len(people[number])


def test_a_name_of_many_pieces_takes_one_place_whatever_it_is(targets):
    """A stranger's name took one place for each of its pieces, which happens in no story.

    Of the frames of strangers, only 42 % were right.
    """
    assert targets.conditioner.called("Rosa") == STAND_IN  # because the tiny tokenizer spells
    looks = [Portrait(sample_look(seed)) for seed in range(2)]
    short, long = (
        targets.condition(
            Shows("park", True, (Shown(one, "waving"), Shown(other, "running"))),
            dict(zip((one, other), looks, strict=True)),
        )
        for one, other in (("Al", "Bo"), ("Wilhelmina", "Hypatia of Alexandria"))
    )
    assert torch.equal(short.condition, long.condition) and torch.equal(short.words, long.words)
    assert list(short.named) == list(long.named)
    assert list(long.named.values()) == ["Wilhelmina", "Hypatia of Alexandria"]
    one, other = (short.condition[column] for column in short.named)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("starts", "lasts", "tail", "words", "length", "expected"),
    [
        (
            [1],
            [3],
            5,
            7,
            25,
            [0, 1, 3, 2, 4, 24, 23, *range(22, 16, -1), *range(16, 10, -1), 5, 6, *range(7, 11)],
        ),
        ([], [], 2, 3, 24, [0, 1, *range(23, 5, -1), 2, 3, 4, 5]),
        ([1, 3, 5, 7], [2, 4, 6, 8], 9, 11, 24, list(range(24))),  # four people
        ([1], [2], 9, 11, 24, list(range(24))),  # a long stretch
        ([1], [2], 3, 5, 12, list(range(12))),  # without padding to fill the stretches
    ],
)
def test_a_layout_keeps_what_has_no_room(starts, lasts, tail, words, length, expected, monkeypatch):
    monkeypatch.setattr(layout, "WIDTH", 6)
    order = layout.layout(starts, lasts, tail, words, length)
    assert order == expected and sorted(order) == list(range(length))


def test_the_scores_know_right_from_wrong(targets):
    shows = Shows("park", True, (Shown("Rosa", "waving"), Shown("Milo", "running")))
    outfits = {name: Portrait(BY_NAME[name].outfits[0]) for name in ("Rosa", "Milo")}
    right = targets.condition(shows, outfits).condition
    assert nearest_caption(right, shows, outfits, targets) == (True, [True, True])
    elsewhere = Shows("kitchen", True, (Shown("Rosa", "waving"), Shown("Milo", "sleeping")))
    wrong = targets.condition(elsewhere, outfits).condition
    assert nearest_caption(wrong, shows, outfits, targets) == (False, [True, False])
    points = torch.tensor([0, 2, 0])
    assert right_people(torch.tensor([[0.1, 0.2], [0.1, 0.8], [0.0, 0.0]]), points)
    assert not right_people(torch.tensor([[0.1, 0.2], [0.8, 0.1], [0.0, 0.0]]), points)
    assert not right_people(torch.tensor([[0.1, 0.7], [0.1, 0.8], [0.0, 0.0]]), points)


def train(folder, name: str, *flags: str) -> None:
    paths = {"parts": "parts", "config": "config.json", "states": "states", "val_states": "states-val"}
    where = [part for key, value in paths.items() for part in (f"--{key}", str(folder / value))]
    fast = ["--batch", "2", "--save_minutes", "0"]
    condition_mapper.main(["--output_dir", str(folder / name), *fast, *flags, *where])


def test_the_mapper_trains_resumes_and_reads_states_as_they_are(folder, monkeypatch, capsys):
    """The mapper learns on scaled states. The saved one must read the language model's own states."""
    monkeypatch.setattr(condition_mapper, "CHECKED", 1)
    scaled = {}

    def kept(mapper, examples, *rest):
        outfits = examples.dressed(0, np.random.default_rng(0))
        batch = collated([examples.example(0, 0, outfits, np.random.default_rng(0))])
        with torch.inference_mode():
            zeros = torch.zeros_like(batch["images"])
            scaled["last"] = mapper.read(batch["images"], zeros, batch["story"])[0]
        return {"who": 0.0}

    monkeypatch.setattr(condition_mapper, "read_right", kept)
    train(folder, "run", "--steps", "2")
    train(folder, "run", "--steps", "3")
    steps = [json.loads(line)["step"] for line in (folder / "run" / "val.jsonl").read_text().splitlines()]
    assert steps[0] == 1 and steps[-1] == 3 and steps == sorted(steps)
    saved = ConditionMapper.from_pretrained(folder / "parts" / "aligned" / "condition_mapper")
    cache = StateCache(folder / "states-val")
    examples = Translations(cache, _targets(folder), 8, seed=0, learning=False)
    outfits = examples.dressed(0, np.random.default_rng(0))
    batch = collated([examples.example(0, 0, outfits, np.random.default_rng(0))])
    tokens = cache.image_tokens()
    with torch.inference_mode():
        plain = saved(batch["images"], tokens(1), batch["story"])
    torch.testing.assert_close(plain, scaled["last"], atol=1e-3, rtol=1e-3)
    train(folder, "more", "--steps", "1", "--continued", "true")


def _targets(folder) -> Targets:
    conditioner = load_conditioner(folder / "parts", "cpu")
    return Targets(conditioner, PortraitFeatures(conditioner.encode_portraits, tiny.image_processor()))


def test_a_frame_says_its_target():
    shows = Shows("beach", True, (Shown("Milo", "sleeping"), Shown("Rosa", "waving")))
    assert ToldFrame("He dozed.", shows).target == "Milo sleeps and Rosa waves on the beach."


def test_a_pipeline_folder_gets_a_reader_beside_what_it_holds(tmp_path, monkeypatch):
    few = partial(assemble.write_learned_words, stories=8)  # all stories would take a quarter of a minute
    monkeypatch.setattr(assemble, "write_learned_words", few)
    parts, out = tmp_path / "parts", tmp_path / "pipeline"
    tiny.image_tokens().save_pretrained(parts / "aligned" / "image_tokens")
    tiny.condition_mapper(**SWITCHES).save_pretrained(parts / "aligned" / "condition_mapper")
    named = ["--parts", str(parts), "--out", str(out), "--named", "smollm2-135m-instruct"]
    with pytest.raises(StoryError, match="assemble it without --named first"):
        assemble.main(named)
    out.mkdir()
    (out / "cast.json").write_text("{}")
    assemble.main(named)
    words = out / "reader" / "words.json"
    assert "nobody" not in json.loads(words.read_text(encoding="utf-8"))
    # A pipeline that draws anybody had the words of a pipeline that draws only the cast.
    (out / "cast.json").write_text('{"anybody": true}')
    assemble.main(named)
    assert json.loads(words.read_text(encoding="utf-8"))["nobody"] == "Nobody is"
    index = read_reader(out)
    assert index.language_model.file.startswith("SmolLM2") and not index.settings["interleaved"]
    assert index.settings["first_frame"] == "llm" and index.parts == ("image_tokens", "condition_mapper")
    kept = load_file(out / "reader" / "condition_mapper" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in kept.values()} == {torch.float16}
    assert (out / "cast.json").exists()
