"""A story that continues by itself: what is told next, and that it is drawn from what was told and drawn before."""

import pytest
import torch

from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from tests import story_folders, tiny
from training.data import StoryDataset, open_reader
from training.evaluate import continue_story
from training.evaluate.continue_story import ContinueArguments, go_on, main, next_sentence, sentence_in
from training.evaluate.told_stories import read_told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" Fred sits down. Then he sleeps.", "Fred sits down."),
        ("Caption: Fred\nsits down", "Fred sits down"),
        ("  ", ""),
        ("Caption: .", ""),
    ],
)
def test_one_sentence_is_taken_without_its_label(text, sentence):
    assert sentence_in(text) == sentence


def test_what_comes_next_follows_from_the_sentences_and_the_seed(monkeypatch):
    tokenizer = tiny.language_tokenizer()
    model, asked = tiny.opt(tokenizer), []
    answers = iter(["", "Caption: He runs. And", "Then. More"])

    def generate(ids, **settings):
        asked.append(tokenizer.decode(ids[0], skip_special_tokens=True))
        said = tokenizer(next(answers), add_special_tokens=False, return_tensors="pt")["input_ids"]
        return torch.cat([ids, said.long()], dim=1)

    monkeypatch.setattr(model, "generate", generate)
    assert next_sentence(model, tokenizer, [f"{n}." for n in range(6)], 1) == "He runs."
    assert asked[0] == asked[1] and asked[0].startswith("Caption: 2. Caption: 3. Caption: 4. Caption: 5. ")
    monkeypatch.undo()
    one, same = (next_sentence(model, tokenizer, ["She sings."], 7) for _ in range(2))
    assert one == same
    monkeypatch.setattr(model, "generate", lambda ids, **settings: ids)
    with pytest.raises(StoryError, match='tells nothing after "She sings."'):
        next_sentence(model, tokenizer, ["She sings."], 1)


def test_a_story_of_a_dataset_goes_on_and_is_told(tmp_path, monkeypatch):
    story_folders.flintstones(tmp_path / "data")
    story = StoryDataset(open_reader(tmp_path / "data"), "test").story(0)
    monkeypatch.setattr(
        continue_story, "next_sentence", lambda model, words, told, seed: f"Frame {len(told)}."
    )
    pipeline, requests = tiny.pipeline(steps=1), []
    render = StoryPipeline.render
    monkeypatch.setattr(
        StoryPipeline,
        "render",
        lambda self, request, *more: requests.append(request) or render(self, request, *more),
    )
    captions = go_on(pipeline, story, tmp_path / "out", 6)
    assert captions == [*story.referential, "Frame 4.", "Frame 5."]
    assert [[f.caption for f in r.history] for r in requests[4:]] == [captions[:4], captions[1:5]]
    (told,) = read_told(tmp_path / "out").values()
    assert told.captions == tuple(captions) and all(file.is_file() for file in told.pictures)
    with pytest.raises(StoryError, match="no language model"):
        go_on(tiny.pipeline(language=False), story, tmp_path / "out", 6)


def test_what_cannot_go_on_is_named(tmp_path):
    with pytest.raises(StoryError, match="--frames 4: a dataset's story has 4 already"):
        ContinueArguments("p", "d", "o", frames=4)
    story_folders.flintstones(tmp_path / "data")
    words = ["--pipeline", "p", "--dataset", str(tmp_path / "data"), "--out", "o", "--story", "9"]
    with pytest.raises(StoryError, match="--story 9: .* has 3 test stories"):
        main(words)
