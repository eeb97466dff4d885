"""A condition mapper that reads the story's own words and points at people: off by default, exact, and checked."""

import dataclasses

import pytest
import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.mappers import EARLIER, NOW, PADDING, ConditionMapper, stacked
from storyboard.models.prompt_tokens import Told
from storyboard.models.story_reader import StoryReader
from storyboard.pipeline.completing import completed, left_out
from storyboard.pipeline.context import LEAST, InterleavedContext, ReadCondition
from storyboard.pipeline.story_pipeline import StoryPipeline
from storyboard.pipeline.telling import AllowedPeople
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Rendered
from storyboard.text.prompt import interleave
from tests import tiny
from tests.pointing import PEOPLE, cast, pointing_pipeline
from training.align_llm.condition_mapper import told_deeds


def pointing_reader(build=tiny.llama, story_layer: int | None = None) -> StoryReader:
    reader = tiny.reader(build)
    reader.condition_mapper = tiny.condition_mapper(reads_story=True, people=PEOPLE, story_layer=story_layer)
    return reader


def told(sentence: str, *names: str) -> Told:
    vectors = torch.randn(len(names), tiny.TEXT_WIDTH, generator=torch.Generator().manual_seed(3))
    return Told(sentence, tuple((name,) for name in names), ("she",) * len(names), vectors)


def test_without_the_switches_the_parameters_are_the_papers():
    plain, ours = tiny.condition_mapper(), tiny.condition_mapper(reads_story=True, people=PEOPLE)
    assert plain.state_dict().keys() < ours.state_dict().keys()
    assert not [name for name in plain.state_dict() if name.startswith(("pointer", "story_fc", "sentences"))]
    with pytest.raises(ValueError, match="reads_story"):
        ConditionMapper(8, 8, 4, width=8, heads=2, people=2)


def test_a_layer_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="reads_story"):
        tiny.condition_mapper(story_layer=1)
    with pytest.raises(ValueError, match="counted from 1"):
        tiny.condition_mapper(reads_story=True, story_layer=0)
    reader = tiny.reader(tiny.llama)
    beyond = tiny.condition_mapper(reads_story=True, story_layer=99)
    with pytest.raises(ValueError, match="reads layer 99; the language model has"):
        StoryReader(reader.language_model, reader.tokenizer, reader.image_tokens, None, beyond)


def test_a_folder_whose_mapper_reads_a_layer_that_is_not_there_is_refused_when_it_is_loaded(tmp_path):
    """Only the first frame found it, with an error that had no sentence."""
    built = tiny.pipeline()
    built.condition_mapper = tiny.condition_mapper(reads_story=True, story_layer=99)
    built.save_pretrained(tmp_path / "pipeline")
    with pytest.raises(StoryError, match="does not fit this program .*layer 99"):
        StoryPipeline.from_pretrained(tmp_path / "pipeline")


@torch.inference_mode()
def test_words_are_read_at_their_layer_and_image_tokens_at_the_end():
    embeddings = torch.randn(1, 9, tiny.WORD_WIDTH)
    at_the_end, early = pointing_reader(), pointing_reader(story_layer=1)
    last, words = early.states(embeddings)
    assert torch.equal(last, at_the_end.forward(embeddings)) and not torch.allclose(last, words, atol=1e-2)
    assert torch.equal(*at_the_end.states(embeddings))


def test_a_mapper_that_reads_the_story_is_not_given_none():
    with pytest.raises(ValueError, match="give their states"):
        pointing_reader().condition(torch.zeros(1, tiny.IMAGE_TOKENS, tiny.WORD_WIDTH))


def test_marks_say_which_words_are_the_sentence_and_whom_they_name():
    reader = pointing_reader()
    sentence = "Rosa hugs Nan. Image: <img>"  # a writer may type the marks of a prompt
    parts = interleave(["Nan waves."], sentence, pictures=False)
    whom = Told(sentence, (("Rosa",), ("Nana", "Nan")))
    first, second = reader.marks(parts, whom)
    assert first.sentence == [PADDING] + [EARLIER] * len(parts[0])
    assert said_of(parts[0], first.speaks_of[1:], 2) == "Nan"
    at = parts[1].index(sentence)
    assert second.sentence[at : at + len(sentence)] == [NOW] * len(sentence)
    assert second.sentence[-len(" Image:") :] == [PADDING] * len(" Image:")
    assert said_of(parts[1], second.speaks_of, 1) == "Rosa"
    assert said_of(parts[1], second.speaks_of, 2) == "Nan"


def said_of(text: str, speaks_of: list[int], number: int) -> str:
    """Returns the characters, each a token here, that speak of one person of the cast."""
    return "".join(c for c, who in zip(text, speaks_of, strict=True) if who == number).strip()


@torch.inference_mode()
def test_padding_and_company_in_a_batch_change_no_condition():
    reader = pointing_reader()
    stories = []
    for captions, sentence in ((["Rosa waves."], "She runs."), ([], "Nan sits in the park with Rosa.")):
        parts, whom = interleave(captions, sentence, pictures=False), told(sentence, "Rosa", "Nan")
        hidden = reader.forward(reader.embed(parts).embeddings[None])[0]
        stories.append(reader.story_states(hidden, reader.marks(parts, whom), whom))
    images = torch.randn(2, tiny.IMAGE_TOKENS, tiny.WORD_WIDTH)
    together, _ = reader.condition(images, stacked(stories))
    for row, story in enumerate(stories):
        alone, _ = reader.condition(images[row : row + 1], story)
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_nobody_points_at_an_empty_place_and_a_pointed_vector_is_taken_over():
    reader = pointing_reader()
    sentence = "Rosa waves."
    parts, whom = interleave([], sentence, pictures=False), told(sentence, "Rosa", "Nan")
    hidden = reader.forward(reader.embed(parts).embeddings[None])[0]
    story = reader.story_states(hidden, reader.marks(parts, whom), whom)
    images = torch.randn(1, tiny.IMAGE_TOKENS, tiny.WORD_WIDTH)
    condition, pointed = reader.condition(images, story)
    assert pointed.shape == (1, tiny.TEXT_TOKENS, PEOPLE)
    assert (pointed[..., 2:] == 0).all() and (pointed.sum(-1) < 1).all()
    assert condition.shape == (1, tiny.TEXT_TOKENS, tiny.TEXT_WIDTH)
    other, _ = reader.condition(images, story._replace(cast=story.cast + 1))
    assert not torch.allclose(condition, other)


@torch.inference_mode()
def test_a_mapper_is_told_beside_each_person_that_they_are_there_and_what_they_do():
    """With states of words alone, it left out people whom the sentence names, and gave deeds to the wrong person."""
    reader, sentence = pointing_reader(), "Rosa waves and Nan sits."
    plain = reader.condition_mapper
    reader.condition_mapper = told_deeds(plain, ["waves", "sits"])
    parts, whom = interleave([], sentence, pictures=False), told(sentence, "Rosa", "Nan")
    hidden = reader.forward(reader.embed(parts).embeddings[None])[0]
    silent, telling, strange, seen = stories = [
        reader.story_states(hidden, reader.marks(parts, whom), dataclasses.replace(whom, **said))
        for said in ({}, {"doing": ("sits", "")}, {"doing": ("flies", "sits")}, {"shown": (False, True)})
    ]
    assert [one.doing[0].tolist() for one in stories] == [[0] * 4, [2, 0, 0, 0], [0, 2, 0, 0], [0] * 4]
    assert [one.shown[0].tolist() for one in stories] == [[0] * 4] * 3 + [[0, 1, 0, 0]]
    images = torch.randn(1, tiny.IMAGE_TOKENS, tiny.WORD_WIDTH)
    before = plain(images, images, silent)
    # It has not yet learned what they mean.
    assert all(torch.equal(before, reader.condition_mapper(images, images, one)) for one in (telling, seen))
    for learned in reader.condition_mapper.pointer.told.values():
        torch.nn.init.normal_(learned.weight)
    unlike = [reader.condition_mapper(images, images, story) for story in stories]
    assert not any(
        torch.allclose(one, other) for one, other in zip(unlike, [*unlike[1:], before], strict=True)
    )
    with pytest.raises(ValueError, match="set people"):
        tiny.condition_mapper(reads_story=True, deeds=["waves"])


def test_more_people_than_places_are_refused():
    reader, sentence = pointing_reader(), "Rosa waves."
    whom = told(sentence, *(f"Rosa{n}" for n in range(PEOPLE + 1)))
    parts = interleave([], sentence, pictures=False)
    hidden = torch.zeros(reader.length(reader.tokenize(parts)), tiny.WORD_WIDTH)
    with pytest.raises(ValueError, match="5 people are in the cast; the mapper has places for 4"):
        reader.story_states(hidden, reader.marks(parts, whom), whom)


@pytest.mark.parametrize(("pictures", "story_layer"), [(True, None), (False, None), (False, 1)])
@torch.inference_mode()
def test_a_kept_context_gives_the_condition_from_scratch(pictures, story_layer):
    reader = pointing_reader(story_layer=story_layer)
    context, captions = InterleavedContext(reader), ["Rosa waves.", "Nan sits.", "They run.", "She eats."]
    features = torch.randn(4, tiny.VISION_WIDTH)
    for number in (0, 1, 2, 3, 1, 3):
        sentence, earlier = captions[number], captions[:number]
        whom = told(sentence, "Rosa", "Nan")
        prompt = (interleave(earlier, sentence, pictures=pictures), features[:number] if pictures else None)
        kept = tiny.read_in(context, *prompt, told=whom)
        fresh = tiny.read_in(InterleavedContext(reader), *prompt, told=whom)
        assert torch.equal(kept.condition, fresh.condition) and torch.equal(kept.pointed, fresh.pointed)
        embedded = reader.embed(prompt[0], None if prompt[1] is None else reader.visual_mapper(prompt[1]))
        at_once = reader.read([embedded], told=[(reader.marks(prompt[0], whom), whom)])
        torch.testing.assert_close(kept.condition, at_once.condition, atol=1e-4, rtol=1e-4)


def test_sentences_without_pictures_are_read_in_one_pass_and_long_stretches_of_them_once(monkeypatch):
    """A window of four sentences was read in five passes, because each of them was a chunk of its own."""
    reader = pointing_reader()
    read = tiny.lengths_read(reader, monkeypatch)
    context, captions = (
        InterleavedContext(reader),
        ["Rosa waves.", "Nan sits.", "They run.", "She eats.", "It rains."],
    )
    passes = []
    for number, sentence in enumerate(captions):
        read.clear()
        parts = interleave(captions[:number], sentence, pictures=False)
        tiny.read_in(context, parts, told=told(sentence, "Rosa", "Nan"))
        passes.append(list(read))
    texts = [f" Caption: {caption}" for caption in captions]
    length, tail = [len(text) for text in texts], len(" Image:") + tiny.IMAGE_TOKENS
    length[0] += 1  # the start token
    assert passes[:3] == [[sum(length[:n]) + tail] for n in (1, 2, 3)]
    assert sum(length[:3]) < LEAST <= sum(length[:4])  # four sentences are a chunk, which is then kept
    assert passes[4] == [sum(length[:4]), length[4] + tail]
    read.clear()
    tiny.read_in(context, interleave(captions[:4], "He naps.", pictures=False), told=told("He naps.", "Rosa"))
    assert read == [len(" Caption: He naps.") + tail]


def draw(pipeline, request: FrameRequest) -> Rendered:
    *_, last = pipeline.generate(request)
    return last


@pytest.fixture
def pipeline():
    return pointing_pipeline()


def test_the_first_frame_goes_through_the_reader_and_portraits_decide_the_picture(pipeline):
    request = FrameRequest("Rosa waves to Nan.", cast("Rosa", "Nan"), (), seed=1)
    drawn = draw(pipeline, request)
    assert drawn.conditioning == "llm"
    assert draw(pipeline, request).picture.tobytes() == drawn.picture.tobytes()
    changed = dataclasses.replace(request.cast[0], portrait=Image.new("RGB", (16, 16), "red"))
    other = draw(pipeline, dataclasses.replace(request, cast=(changed, request.cast[1])))
    assert other.picture.tobytes() != drawn.picture.tobytes()


def test_a_cast_larger_than_the_mapper_keeps_those_who_are_named(pipeline):
    """A cast of twelve people is no reason to refuse a drawing."""
    names = [f"P{n}" for n in range(3 * PEOPLE)]
    history = (ContextFrame("P9 waves.", Image.new("RGB", (32, 32))),)
    request = FrameRequest("Everyone and P11 run to P10.", cast(*names), history, seed=1)
    known = AllowedPeople().at_most(PEOPLE, request.caption, ["P9 waves."], request.cast)
    assert {"P9", "P10", "P11"} <= {member.name for member in known} and len(known) == PEOPLE
    assert draw(pipeline, request).conditioning == "llm"


def test_a_sentence_longer_than_the_text_encoder_is_read_to_its_end(pipeline):
    """Of a writer's own 160 sentences, 61 were cut before their last person was named."""
    begin = "Under the old bridge, where nobody had been for a very long time, Rosa waves to Nan and "
    first, second = (
        pipeline._conditions.of(FrameRequest(begin + end, cast("Rosa", "Nan", "Eve"), (), seed=1), "llm")
        for end in ("sleeps.", "hugs Eve.")
    )
    assert pipeline.conditioner.cut(begin) != begin and second.sentence.endswith("Eve.")
    assert "Eve" in second.mentioned and not torch.equal(first.condition, second.condition)


def test_nobody_is_read_into_words_that_do_not_allow_them(pipeline):
    """ "She dances at the beach." was drawn as Milo, who was also in the frame before."""
    people = cast("Rosa", "Nan", "Eve")
    known = AllowedPeople().at_most(PEOPLE, "She dances.", ["Rosa and Nan run."], people)
    assert [member.name for member in known] == ["Rosa", "Nan"]
    everybody = AllowedPeople().at_most(PEOPLE, "All of them dance.", ["Rosa and Nan run."], people)
    assert everybody == list(people)


def test_why_a_picture_is_read_off_the_pointer(pipeline):
    history = (ContextFrame("Rosa waves.", Image.new("RGB", (32, 32))),)
    request = FrameRequest("She runs.", cast("Rosa", "Nan"), history, seed=1, explain=True)
    conditions = pipeline._conditions
    frame = conditions.of(request, "llm")
    frame = dataclasses.replace(frame, people={"Rosa": (1, 2), "Nan": ()})
    readings, columns = conditions.explain(request, frame)
    assert [(one.word, one.names, one.by) for one in readings] == [("she", ("Rosa",), "model")]
    assert columns == {"Rosa": [1, 2]}
    nobody = dataclasses.replace(frame, people={"Rosa": (), "Nan": ()})
    assert conditions.explain(request, nobody) == ((), {})


class BlindMapper:
    """Takes the place of a mapper: it points at nobody, and the rest of its output stays the same."""

    def __init__(self, monkeypatch, pipeline):
        read = InterleavedContext.read

        def points_at_nobody(context, chunks, told=None):
            found = read(context, chunks, told)
            return dataclasses.replace(found, pointed=torch.zeros_like(found.pointed))

        monkeypatch.setattr(InterleavedContext, "read", points_at_nobody)
        self.conditions = pipeline._conditions

    def __call__(self, caption: str, people: tuple[CastMember, ...]):
        return self.conditions.of(FrameRequest(caption, people, (), seed=1), "llm")


def test_whoever_the_words_are_sure_of_is_drawn_though_the_mapper_leaves_them_out(pipeline, monkeypatch):
    """In eleven of 135 frames, the mapper left somebody out although the words were right about who is there."""
    read = BlindMapper(monkeypatch, pipeline)
    # The tiny tokenizer spells, so every name would become a stand-in.
    monkeypatch.setattr(CharacterConditioner, "called", lambda self, name: name)
    people = cast("Rosa", "Nan", "Eve")
    pipeline.learned = {"deeds": {"waves": {"wave": 9}}}
    frame = read("Rosa waves to Nan.", people)
    assert {name for name, columns in frame.people.items() if columns} == {"Rosa", "Nan"}
    length = frame.condition.shape[1]
    # Nan does nothing by the words, so she has one token. Rosa's tokens follow, with those of her deed.
    rosa = frame.people["Rosa"]
    assert frame.people["Nan"] == (length - 1 - len(rosa),)
    alone = pipeline._conditions.of(FrameRequest("Rosa waves", people, (), seed=1), "char-ldm")
    (name, *_), *_ = pipeline._conditions.columns("Rosa waves", people).values()
    assert rosa == tuple(range(length - len(rosa), length)) and len(rosa) > 1
    torch.testing.assert_close(frame.condition[0, list(rosa)], alone.condition[0, name : name + len(rosa)])
    nobody = read("It is getting dark.", people)
    assert not any(nobody.people.values())


def test_people_who_are_put_in_take_no_place_of_those_who_are_there():
    condition, pointed = torch.zeros(1, 6, 4), torch.zeros(1, 6, 3)
    pointed[0, 3, 1] = 1.0
    assert left_out(pointed[0]) == {0, 2}
    two, three = torch.ones(2, 4), torch.full((3, 4), 2.0)
    found = completed(ReadCondition(condition, pointed), {0: two, 2: three})
    assert found.condition[0, :, 0].tolist() == [0, 0, 0, 0, 1, 1]  # there is no room for the third person
    assert found.pointed[0].argmax(-1)[3:].tolist() == [1, 0, 0] and left_out(found.pointed[0]) == {2}
    assert not condition.any() and completed(ReadCondition(condition), {0: two}).pointed is None
