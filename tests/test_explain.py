"""Why a picture looks like this: for whom a pronoun can stand, whom the model took it for, and where it looked."""

import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.models.attention import finest_layers, record_cross_attention
from storyboard.models.denoise import denoise
from storyboard.pipeline.explain import (
    AttentionWatch,
    distances,
    read_pronouns,
    recorded_calls,
)
from storyboard.renderer import CastMember, ContextFrame
from storyboard.text.candidates import candidates
from storyboard.text.captions import find_pronouns, read_sentence
from storyboard.text.preferences import READINGS, SUREST, bindings_by_words
from tests import tiny

PICTURE = Image.new("RGB", (8, 8))
CAST = tuple(
    CastMember(name, pronoun, aliases, PICTURE)
    for name, pronoun, aliases in (
        ("Rosa", "she", ()),
        ("Milo", "he", ("Mi",)),
        ("Nana", "she", ()),
        ("Bolt", "it", ()),
        ("Sam", "they", ()),
    )
)
NAMES = {one.name: one.aliases for one in CAST}


def told(*captions: str) -> tuple[ContextFrame, ...]:
    return tuple(ContextFrame(caption, PICTURE) for caption in captions)


def who(sentence: str, *earlier: str, occurrence: int = 0) -> list[tuple[str, ...]]:
    read = read_sentence(sentence, NAMES)
    return candidates(read, read.pronouns[occurrence], CAST, [read_sentence(one, NAMES) for one in earlier])


def test_candidates_are_people_of_fitting_pronoun_whom_the_story_names_the_latest_first():
    assert who("She runs.", "Rosa waves to Milo.") == [("Rosa",)]
    assert who("She runs.", "Rosa waves.", "Nana and Milo read.") == [("Nana",), ("Rosa",)]
    assert who("He runs.", "Mi waves.") == [("Milo",)]
    assert who("She runs.", "Milo waves.") == []
    assert who("Rosa waves and she smiles.", "Nana reads.") == [("Rosa",), ("Nana",)]


def test_somebody_named_behind_the_pronoun_is_somebody_else_unless_it_owns():
    assert who("She waves to Rosa.", "Rosa and Nana read.") == [("Nana",)]
    assert who("In her garden, Rosa reads.", "Nana reads.") == [("Rosa",), ("Nana",)]
    assert who("They wave to Rosa.", "Rosa, Milo and Nana read.") == [("Nana", "Milo")]


@pytest.mark.parametrize(
    ("sentence", "people"),
    [
        ("Nana meets her and waves.", [("Rosa",)]),
        ("Nana picks a flower and gives it to her.", [("Rosa",)]),
        ("In the park, Nana hugs her.", [("Rosa",)]),
        ("Rosa dances and Nana meets her.", [("Rosa",)]),
        ("Nana gives Rosa a hat and hugs her.", [("Rosa",)]),
        ("Rosa and Nana wave to her.", []),
        ("Milo and Nana meet him.", []),
        ("Nana reads her book.", [("Nana",), ("Rosa",)]),
        ("Nana looks around her.", [("Nana",), ("Rosa",)]),
        ("Nana takes Bolt with her.", [("Nana",), ("Rosa",)]),
    ],
)
def test_who_does_something_to_somebody_is_not_that_somebody(sentence, people):
    """In "Nana meets her", "her" was read as Nana, at 60 %, and two Nanas were drawn."""
    pronoun = next(i for i, one in enumerate(find_pronouns(sentence)) if one.word in ("her", "him"))
    assert who(sentence, "Rosa dances.", occurrence=pronoun) == people


def test_them_leaves_out_who_meets_them():
    assert who("Nana meets them.", "Rosa and Milo wave.") == [("Milo", "Rosa")]


def test_theirs_can_be_read():
    """The forms of pronouns were in two lists, and one had no "theirs": a frame with "theirs" could not be drawn."""
    assert who("Rosa says the hat is theirs.", "Nana and Milo wave.") == [
        ("Rosa", "Milo"),
        ("Rosa", "Nana"),
        ("Milo", "Nana"),
        ("Rosa", "Milo", "Nana"),
    ]


def test_they_are_groups_or_one_whose_pronoun_it_is():
    assert who("They run.", "Rosa and Milo wave.") == [("Milo", "Rosa")]
    assert who("They run.", "Sam waves.", "Rosa reads.") == [("Sam",), ("Rosa", "Sam")]
    groups = who("They run.", "Rosa, Milo, Nana and Bolt wave.")
    assert {len(group) for group in groups} == {2, 3, 4} and len(groups) == 11


@pytest.mark.parametrize("sentence", ["It rains.", "It is getting dark.", "Rosa finds a box and opens it."])
def test_an_it_that_is_the_weather_the_time_or_a_thing_is_nobody(sentence):
    assert who(sentence, "Bolt waves.") == []


@pytest.mark.parametrize(
    "sentence",
    ["It holds a parcel.", "Rosa hugs it.", "Its lamp glows.", "Rosa gives a box to Bolt and hugs it."],
)
def test_any_other_it_is_one_whose_pronoun_it_is(sentence):
    assert who(sentence, "Bolt waves.") == [("Bolt",)]
    assert who(sentence.replace("Bolt", "Rosa"), "Rosa waves.") == []


class Fused:
    """Gives conditions that follow from the sentence alone, and remembers for which sentences."""

    def __init__(self):
        self.asked: list[str] = []

    def __call__(self, sentences):
        self.asked += sentences
        return torch.stack([self.of(sentence) for sentence in sentences])

    @staticmethod
    def of(sentence: str) -> torch.Tensor:
        return torch.randn(6, 5, generator=torch.Generator().manual_seed(zlib.crc32(sentence.encode())))


def read(sentence: str, meant: str, *earlier: str, noise: float = 0.1):
    fused = Fused()
    condition = Fused.of(meant)[None] + noise * Fused.of("noise")
    return *read_pronouns(sentence, condition, CAST, told(*earlier), fused), fused


@pytest.mark.parametrize("name", ["Rosa", "Nana"])
def test_the_nearest_candidate_is_the_reading_and_its_names_are_put_in_place(name):
    earlier = ("Rosa waves.", "Nana reads.")
    readings, sentence, fused = read("Then she runs.", f"Then {name} runs.", *earlier)
    (reading,) = readings
    assert (reading.word, reading.start, reading.end) == ("she", 5, 8)
    assert (reading.names, reading.by) == ((name,), "model")
    assert sentence == f"Then {name} runs."
    assert sorted(fused.asked) == ["Then Nana runs.", "Then Rosa runs."]
    assert 0.8 < reading.confidence <= SUREST


@pytest.mark.parametrize(
    ("sentence", "earlier", "bound"),
    [
        ("Nana meets her and waves.", ["Rosa runs."], [("her", 0, "Rosa")]),
        ("Nana meets her.", ["Rosa runs.", "Rosa and Sam read."], [("her", 0, "Rosa")]),
        ("Nana meets them.", ["Rosa and Milo run."], [("them", 0, "Milo Rosa")]),
        ("Nana meets her while he waves.", ["Rosa and Milo run."], [("her", 0, "Rosa"), ("he", 1, "Milo")]),
        ("She meets him.", ["Rosa and Milo run."], [("she", 0, "Rosa"), ("him", 1, "Milo")]),
        ("She waves.", ["Rosa runs."], []),
        ("Nana reads her book.", ["Rosa runs."], []),
        ("Milo meets her.", ["Rosa and Nana run."], []),
        ("Nana meets her.", ["Milo runs."], []),
    ],
)
def test_the_words_say_who_is_meant_in_sentences_about_several(sentence, earlier, bound):
    """For "Nana meets her", in a story with Rosa as the only other woman, two Nanas were drawn."""
    sentence, earlier = read_sentence(sentence, NAMES), [read_sentence(one, NAMES) for one in earlier]
    found = bindings_by_words(sentence, (), CAST, earlier)
    assert [(one.word, one.occurrence, " ".join(sorted(one.names))) for one in found] == bound
    assert bindings_by_words(sentence, found, CAST, earlier) == ()


def test_confidence_falls_with_the_noise_and_is_shared_among_all_candidates():
    earlier = ("Rosa waves.", "Nana reads.")

    def confidence(noise):
        ((reading,), _, _) = read("She runs.", "Rosa runs.", *earlier, noise=noise)
        return reading.confidence

    assert SUREST >= confidence(0.01) > confidence(5.0) > confidence(30.0) >= 0.5 * SUREST


def test_pronouns_are_read_together():
    readings, sentence, fused = read(
        "She waves to him and her dog runs.",
        "Nana waves to Milo and Rosa's dog runs.",
        "Rosa, Milo and Nana read.",
    )
    assert [reading.names for reading in readings] == [("Nana",), ("Milo",), ("Rosa",)]
    assert sentence == "Nana waves to Milo and Rosa's dog runs."
    assert len(fused.asked) == 4


def test_one_candidate_needs_no_comparison_and_none_has_no_reading():
    readings, sentence, fused = read("She runs.", "anything", "Rosa waves.")
    assert (readings[0].names, readings[0].confidence, fused.asked) == (("Rosa",), SUREST, [])
    assert read("She runs.", "anything", "Milo waves.")[:2] == ((), "She runs.")
    assert read("Rosa runs.", "anything", "Milo waves.")[:2] == ((), "Rosa runs.")


def test_an_it_is_somebody_however_near_the_sentence_with_the_word_left_in_it_is():
    readings, sentence, _ = read("It holds a parcel.", "It holds a parcel.", "Bolt waves.", noise=0)
    assert (readings[0].names, sentence) == (("Bolt",), "Bolt holds a parcel.")
    assert read("It rains.", "Bolt rains.", "Bolt waves.")[:2] == ((), "It rains.")


def test_many_pronouns_and_a_large_cast_stay_affordable():
    cast = tuple(CastMember(f"N{i}", "she", (), PICTURE) for i in range(30))
    history = told(" and ".join(member.name for member in cast))
    fused = Fused()
    sentence = "She and they see her and them and her."
    readings, _ = read_pronouns(sentence, Fused.of("x")[None], cast, history, fused)
    assert len(readings) == 5 and 1 < len(fused.asked) <= READINGS


def test_the_distance_is_the_mean_length_of_the_tokens_difference():
    condition, fused = torch.zeros(1, 2, 2), torch.tensor([[[3.0, 4.0], [0.0, 1.0]]])
    assert distances(condition, fused).tolist() == [3.0]


@pytest.mark.parametrize(
    ("total", "after", "recorded"),
    [(15, -1, [6, 8, 10]), (31, 15, [16, 18, 20, 22]), (31, 0, [12, 14, 16, 18, 20, 22]), (4, -1, [1])],
)
def test_calls_in_the_middle_are_recorded_that_read_the_condition(total, after, recorded):
    assert list(recorded_calls(total, after)) == recorded


@pytest.mark.parametrize("total", range(1, 12))
def test_some_call_is_always_recorded(total):
    for after in (-1, 0, 5, 15):
        assert set(recorded_calls(total, after)) <= set(range(total)) and recorded_calls(total, after)


def test_the_finest_layers_are_those_before_halving():
    assert [name.split(".attentions")[0] for name in finest_layers(tiny.unet())] == [
        "down_blocks.0",
        "up_blocks.2",
        "up_blocks.2",
    ]
    assert {name.split(".attentions")[0] for name in finest_layers(tiny.unet(sample_size=64))} == {
        "down_blocks.1",
        "up_blocks.1",
    }


@torch.no_grad()
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_maps_are_the_stretched_mean_of_the_recorded_attention(guidance):
    unet, columns = tiny.unet(), {"Rosa": [1, 4], "Milo": [2], "Nobody": []}
    torch.manual_seed(0)
    noise, condition = torch.randn(1, 4, 8, 8), torch.randn(1, 7, tiny.TEXT_WIDTH)
    watch, expected = AttentionWatch(unet, columns), []

    def around(index, total):
        if index in recorded_calls(total):  # the same call again, recorded by hand
            with record_cross_attention(unet, [[1, 4, 2]], finest_layers(unet)) as record:
                unet(steps[-1].latents, timesteps[index], condition)
            expected.extend(record.maps)
        return watch.around_call(index, total)

    scheduler = tiny.scheduler()
    scheduler.set_timesteps(5)
    timesteps, steps = scheduler.timesteps, []
    null = torch.zeros(1, 7, tiny.TEXT_WIDTH)
    loop = denoise(unet, scheduler, noise, condition, null, steps=5, guidance=guidance, around_call=around)
    for step in loop:
        steps.append(step)
    mean = torch.stack([one[0] for _, one in expected]).mean(0)  # (3, 8, 8): all of the finest grid
    for (name, picture), attention in zip(watch.maps((8, 8)), (mean[:2].mean(0), mean[2]), strict=True):
        assert name in ("Rosa", "Milo") and picture.mode == "L" and picture.size == (8, 8)
        scaled = (attention - attention.min()) / (attention.max() - attention.min()) * 255
        np.testing.assert_allclose(np.asarray(picture), scaled, atol=0.51)


def test_nothing_is_recorded_of_nobody():
    unet = tiny.unet()
    watch = AttentionWatch(unet, {})
    with watch.around_call(2, 5):
        assert not any("Recording" in type(p).__name__ for p in unet.attn_processors.values())
    assert watch.maps((8, 8)) == ()
