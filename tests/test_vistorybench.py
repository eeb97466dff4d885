"""ViStoryBench: a folder in its layout is read, both renderers draw its shots, and the evaluator's folders are written.

The stories and pictures are our own. The layout is the one in the benchmark's repository.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PIL import Image

from storyboard.errors import StoryError
from tests import tiny, tiny_hub
from tests.fakes import FlatRenderer
from training.evaluate.vistorybench.__main__ import main
from training.evaluate.vistorybench.dataset import pronoun_of, read_stories
from training.evaluate.vistorybench.drawing import Hand, Tally, draw_story, run_folder
from training.evaluate.vistorybench.shots import is_whole, request_for, wordings

TILDA = {
    "tag": "unrealistic_human",
    "name_en": "Tilda Fenn",
    "name_ch": "蒂尔达",
    "prompt_en": "A tall ferrywoman with red hair, a green coat. Her boots are yellow.",
    "prompt_ch": "高个子的摆渡人，红头发，绿外套。",
    "num_of_appearances": 3,
}
BRUMM = {
    "tag": "non_human",
    "name_en": "Brumm",
    "name_ch": "布鲁姆",
    "prompt_en": "A small brown bear.",
    "prompt_ch": "一只小棕熊。",
    "num_of_appearances": 1,
}


def shot(index, description, who, setting="A harbour at dawn, grey water", ch="蒂尔达在划船。"):
    return {
        "index": index,
        "Plot Correspondence": {"en": "Tilda Fenn has waited all night.", "ch": "蒂尔达等了一整夜。"},
        "Setting Description": {"en": setting, "ch": "黎明的港口，灰色的水"},
        "Shot Perspective Design": {"en": "Medium shot, eye level", "ch": "中景，平视"},
        "Characters Appearing": {"en": who, "ch": ["蒂尔达"] * len(who)},
        "Static Shot Description": {"en": description, "ch": ch},
    }


def write(folder, story, shots):
    (folder / story).mkdir(parents=True, exist_ok=True)
    told = {
        "Story_type": {"en": "Tales of the sea", "ch": "海的故事"},
        "Characters": {"Tilda Fenn": TILDA, "Brumm": BRUMM},
        "Shots": shots,
    }
    (folder / story / "story.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8-sig")
    for number, (name, colour) in enumerate((("Tilda Fenn", "green"), ("Brumm", "brown"))):
        place = folder / story / "image" / name
        place.mkdir(parents=True, exist_ok=True)
        for picture in range(2 - number):
            Image.new("RGB", (24, 32), colour).save(place / f"{picture:02d}.jpg")


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "ViStory"
    shots = [
        shot(1, "Tilda Fenn rows the boat. Her oars drip.", ["Tilda Fenn"]),
        shot(2, "She waves to Brumm on the pier.", ["Tilda Fenn", "Brumm"]),
        shot(3, "The empty boat lies on the beach.", []),
    ]
    write(folder, "01", shots)
    write(folder, "02", [shot(1, "Brumm sleeps.", ["Brumm "], "A kitchen with a stove")])
    return folder


def one_story(data, number=0, language="en"):
    return read_stories(data, language)[number]


def test_a_folder_is_read_in_either_language(data):
    english, chinese = read_stories(data), read_stories(data, "ch")
    assert [(story.id, len(story.shots)) for story in english] == [("01", 3), ("02", 1)]
    assert [one.name for one in english[0].shots[1].characters] == ["Tilda Fenn", "Brumm"]
    assert [one.name for one in english[1].shots[0].characters] == ["Brumm"]
    assert len(english[0].characters[0].pictures) == 2
    assert [one.name for one in chinese[0].shots[0].characters] == ["蒂尔达"]
    assert chinese[0].shots[0].setting == "黎明的港口，灰色的水"
    assert [story.id for story in read_stories(data, wanted=["02"])] == ["02"]


def test_a_shot_is_asked_for_with_everybody_on_stage_by_name_portrait_and_look(data):
    story = one_story(data)
    first, second, _ = story.shots
    wording = wordings(second)[0]
    assert wording == "She waves to Brumm on the pier, with Tilda Fenn. A harbour at dawn, grey water"
    request = request_for(story, second, wording)
    tilda, brumm = request.cast
    assert (tilda.name, tilda.pronoun, brumm.name, brumm.pronoun) == ("Tilda Fenn", "she", "Brumm", "it")
    assert tilda.look == ("A tall ferrywoman with red hair", "a green coat", "Her boots are yellow")
    assert tilda.portrait.getpixel((0, 0))[1] > 100 and request.style.words == "Medium shot, eye level"
    assert request.seed != request_for(story, first, wordings(first)[0]).seed
    assert request == request_for(story, second, wording)


def test_in_chinese_a_missing_name_is_added_as_chinese_has_it(data):
    story = one_story(data, language="ch")
    assert wordings(story.shots[0])[0].startswith("蒂尔达在划船。 黎明的港口")
    assert "布鲁姆。" in wordings(story.shots[1])[0]


def test_a_text_that_is_too_long_loses_its_end_and_nobody(data):
    story = one_story(data)
    long = replace(story.shots[1], description="They talk. " * 70, setting="a pier, " * 40)
    wording = wordings(long)[0]
    assert len(wording) <= 600 and "Tilda Fenn" in wording and "Brumm" in wording
    assert not is_whole(long, wording) and all(is_whole(one, wordings(one)[0]) for one in story.shots)
    endless = replace(story.shots[1], description="word " * 300)
    assert all(len(one) <= 600 and "Brumm" in one for one in wordings(endless))
    clauses = replace(story.shots[1], description="Brumm runs, " * 60 + "Tilda Fenn rows.", setting="")
    assert wordings(clauses)[0].startswith("Brumm runs, Brumm runs") and "Tilda Fenn" in wordings(clauses)[0]


def test_pronouns_are_those_of_the_description(data):
    tilda, brumm = one_story(data).characters
    assert pronoun_of(tilda) == "she" and pronoun_of(brumm) == "it"
    assert pronoun_of(replace(brumm, english="A bear. His ears are round.")) == "he"
    assert pronoun_of(replace(tilda, english="Somebody in a coat.")) == "they"


def test_pictures_lie_where_the_evaluator_counts_them_and_a_run_goes_on(data, tmp_path):
    renderer, story = FlatRenderer(), one_story(data)
    run = run_folder(tmp_path / "en", {"steps": 3})
    draw_story(Hand(renderer, looks_back=True), story, run, tally := Tally())
    files = sorted((run / "01" / "shots").iterdir())
    assert [file.name for file in files] == ["shot_01.png", "shot_02.png", "shot_03.png"]
    assert [len(request.history) for request in renderer.requests] == [0, 1, 2]
    assert (tally.drawn, tally.shots) == (3, 3)
    last, others = files[-1].read_bytes(), renderer.requests
    files[-1].unlink()
    again = FlatRenderer()
    assert run_folder(tmp_path / "en", {"steps": 3}) == run
    draw_story(Hand(again, looks_back=True), story, run, tally := Tally())
    assert files[-1].read_bytes() == last and again.requests == others[-1:]
    assert (tally.drawn, tally.shots) == (1, 3)


def test_another_setting_is_another_run(data, tmp_path):
    run = run_folder(tmp_path, {"steps": 3})
    (run / "setting.json").write_text('{"steps": 4}')
    run.rename(earlier := tmp_path / "20250101_000000")
    assert run_folder(tmp_path, {"steps": 4}) == earlier
    assert run_folder(tmp_path, {"steps": 3}) != earlier


def test_a_shot_that_is_refused_is_drawn_from_less_of_its_text_and_that_is_said(data, tmp_path):
    class Refuses(FlatRenderer):
        def render(self, request, cancelled=lambda: False):
            if "harbour" in request.caption:
                raise StoryError("No harbours; write of something else.")
            yield from super().render(request, cancelled)

    story, tally = one_story(data), Tally()
    draw_story(Hand(Refuses()), story, tmp_path, tally)
    assert "3 times: the text was longer than the app takes, or was refused" in tally.text()

    class RefusesAll(FlatRenderer):
        def render(self, request, cancelled=lambda: False):
            raise StoryError("Nothing today; come again.")
            yield

    with pytest.raises(StoryError, match="Shot 1 of story 02 cannot be drawn: Nothing today"):
        draw_story(Hand(RefusesAll()), one_story(data, 1), tmp_path, tally)


def test_what_a_hand_has_not_learned_is_told(data, tmp_path):
    story = one_story(data)
    for file in (data / "01" / "image" / "Brumm").iterdir():
        file.unlink()
    story = one_story(data)
    shots = (story.shots[0], replace(story.shots[1], unknown=("Old Gull",)), story.shots[2])
    hand = Hand(FlatRenderer(), cast=frozenset({"Milo"}), places={"kitchen": "in the kitchen"}, portraits=1)
    draw_story(hand, replace(story, shots=shots), tmp_path, tally := Tally())
    told = tally.text()
    assert "2 times: somebody was on stage whom the model was not trained on" in told
    assert "1 times: Brumm has no reference picture" in told
    assert "1 times: Old Gull was on stage, whom the story does not describe" in told
    assert "3 times: the setting names no place that the model has learned" in told
    assert "1 times: more people were on stage than the 1 whose" in told


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ('{"Shots": [', "story.json is damaged"),
        ("[]", "is no story of ViStoryBench"),
        ('{"Characters": {}, "Shots": []}', "has no shots"),
        ('{"Characters": {}, "Shots": [{"index": 2}]}', "shot number 1 has the index 2"),
        ('{"Characters": {}, "Shots": [{"index": 1}]}', "shot 1 says nothing in 'en'"),
        ('{"Characters": {"../../up": {}}, "Shots": []}', "points out of the folder"),
    ],
)
def test_a_broken_story_is_named(data, broken, sentence):
    (data / "01" / "story.json").write_text(broken)
    with pytest.raises(StoryError, match=f"01.story.json.*{sentence}|{sentence}"):
        read_stories(data)


def test_folders_and_names_that_are_none_are_named(data, tmp_path):
    with pytest.raises(StoryError, match="no folder .*nowhere"):
        read_stories(tmp_path / "nowhere")
    with pytest.raises(StoryError, match="no stories called 01, 02"):
        read_stories(tmp_path)
    with pytest.raises(StoryError, match='no story "77"; it has 01 to 02'):
        read_stories(data, wanted=["77"])
    (data / "02" / "story.json").unlink()
    with pytest.raises(StoryError, match="02/story.json is missing"):
        read_stories(data)
    picture = data / "01" / "image" / "Tilda Fenn" / "00.jpg"
    picture.write_bytes(b"no picture")
    story = read_stories(data, wanted=["01"])[0]
    with pytest.raises(StoryError, match="reference picture .*00.jpg is not a PNG, JPEG"):
        request_for(story, story.shots[0], "Tilda Fenn rows.")
    with pytest.raises(StoryError, match="cannot be a folder"):
        main(["--data", str(data), "--method", "../up"])
    with pytest.raises(StoryError, match="go with --hand"):
        main(["--data", str(data), "--stories", "01", "--ip-adapter", "some/adapter"])


def test_the_command_draws_with_a_pipeline(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", 256)  # its tokenizer spells
    tiny.pipeline().save_pretrained(tmp_path / "pipeline")
    command = ["--data", str(data), "--out", str(tmp_path / "out"), "--pipeline", str(tmp_path / "pipeline")]
    main([*command, "--steps", "1", "--stories", "01"])
    (run,) = (tmp_path / "out" / "storygpt-v-storyboard" / "pipeline" / "en").iterdir()
    assert len(list((run / "01" / "shots").glob("shot_*.png"))) == 3
    told = capsys.readouterr().out
    assert "3 pictures were drawn now, of 3 shots" in told and told.endswith(
        (run / "summary.txt").read_text()
    )
    main([*command, "--steps", "1", "--stories", "01"])
    assert "0 pictures were drawn now, of 3 shots" in capsys.readouterr().out
    main([*command, "--steps", "1", "--stories", "02", "--language", "ch"])
    assert "have learned English" in capsys.readouterr().out


def test_the_command_draws_with_a_model_of_the_hub(data, tmp_path, capsys):
    model = tiny_hub.stable_diffusion(tmp_path / "sd")
    adapter = tiny_hub.ip_adapter(tmp_path / "adapter", model)
    command = ["--data", str(data), "--out", str(tmp_path / "out"), "--hand", str(model), "--steps", "1"]
    main([*command, "--ip-adapter", str(adapter)])
    (run,) = (tmp_path / "out" / "storygpt-v-storyboard" / "sd+ip-adapter" / "en").iterdir()
    assert sorted(one.name for one in run.iterdir() if one.is_dir()) == ["01", "02"]
    assert "4 pictures were drawn now, of 4 shots" in capsys.readouterr().out
    main([*command, "--stories", "02"])
    assert "Portraits are not looked at" in capsys.readouterr().out
