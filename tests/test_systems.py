"""The compared systems: how each is trained, and what their parts share."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from storyboard.errors import StoryError
from tests.fakes import FlatRenderer
from training import assemble
from training.align_llm import cache as cache_conditions
from training.configs.arguments import parsed
from training.evaluate import systems
from training.evaluate.compared import SYSTEMS, link_parts
from training.evaluate.drawing import StoryArtist, System, weights_hash
from training.evaluate.drawing import cast_of as artist_cast
from training.evaluate.system_stories import KeptOnly, first_stories, kept_stories
from training.evaluate.systems import TRAININGS
from training.evaluate.told_stories import read_told
from training.maple_lane import draw
from training.train_char_ldm import train as train_char_ldm


def test_every_command_is_one_that_can_be_run():
    arguments = TRAININGS | {
        "training.cache_conditions": cache_conditions.CacheArguments,
        "training.assemble": assemble.AssembleArguments,
    }
    for spec in SYSTEMS.values():
        for command in spec.commands(Path("runs")):
            module, _, words = command.removeprefix("python -m ").partition(" --")
            read = parsed(arguments[module], f"--{words}".split())
            assert (module in TRAININGS) == ("--output_dir" in command)
            assert "{" not in command and str(read.parts).startswith("runs/parts")


def test_the_baseline_never_sees_a_portrait_and_the_rows_differ_in_one_thing():
    def read(name):
        (command,) = (c for c in SYSTEMS[name].commands(Path("r")) if "train_char" in c)
        return parsed(train_char_ldm.CharLdmArguments, command.split()[3:])

    assert read("ldm").no_condition + read("ldm").text_only == pytest.approx(1)
    assert (read("ldm").reg_weight, read("ldm").vision_layers) == (0, 0)
    default = vars(read("stage1-default"))
    for name, switch in (
        ("stage1-no-reg", "reg_weight"),
        ("stage1-text", "text_only"),
        ("stage1-frozen-vision", "vision_layers"),
    ):
        odd = {key for key, value in vars(read(name)).items() if value != default[key]}
        assert odd == {"parts", "output_dir", switch}


def leave_checkpoint(words: list[str], step: int) -> None:
    """Leaves what a training command leaves when it stops after `step` steps.

    Commands without a folder leave nothing.
    """
    if "--output_dir" in words:
        folder = Path(words[words.index("--output_dir") + 1], "checkpoint")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "step.json").write_text(json.dumps({"step": step}))


def test_training_runs_the_commands_with_their_limits(tmp_path, monkeypatch):
    (tmp_path / "parts").mkdir()
    ran, failing = [], []

    def run(words, check):
        ran.append(" ".join(words[2:]))
        leave_checkpoint(words, 10_000)
        return SimpleNamespace(returncode=int(bool(failing)))

    monkeypatch.setattr(systems.subprocess, "run", run)
    flags = ["--root", str(tmp_path), "--minutes", "5", "--steps", "9", "--processes", "2"]
    systems.main(["train", "storygpt-v-llama", *flags])
    modules = [next(w for w in words.split() if w.startswith("training.")) for words in ran]
    assert modules == [
        "training.cache_conditions",
        "training.pretrain",
        "training.pretrain",
        "training.align_llm",
        "training.assemble",
    ]
    assert [("--minutes 5" in words, "--steps 9" in words) for words in ran] == [
        (False, False),
        (True, False),
        (True, False),
        (True, True),
        (False, False),
    ]
    assert [words.startswith("torch.distributed.run") for words in ran] == [True] * 4 + [False]
    failing.append(True)
    with pytest.raises(StoryError, match="training.story_ldm of story-ldm"):
        systems.main(["train", "story-ldm", *flags])


def test_nothing_is_built_on_a_part_that_is_half_trained(tmp_path, monkeypatch, capsys):
    """A command that --minutes stopped ends without an error, so the next stage began with half-trained parts."""
    (tmp_path / "parts").mkdir()
    ran, reached = [], {"training.pretrain": 1500, "training.align_llm": 7}

    def run(words, check):
        ran.append(words[2])
        leave_checkpoint(words, reached.get(words[2], 0))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(systems.subprocess, "run", run)
    command = ["train", "storygpt-v-llama", "--root", str(tmp_path), "--minutes", "5", "--steps", "9"]
    systems.main(command)
    assert ran == [
        "training.cache_conditions",
        "training.pretrain",
        "training.pretrain",
        "training.align_llm",
    ]
    assert "training.align_llm of storygpt-v-llama has 2 steps to go" in capsys.readouterr().out
    reached["training.align_llm"] = 9
    systems.main(command)
    assert ran[-1] == "training.assemble"


def test_parts_of_another_run_are_never_trained_over(tmp_path, monkeypatch):
    (tmp_path / "parts" / "char_ldm").mkdir(parents=True)

    def run(words, check):
        leave_checkpoint(words, 10_000)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(systems.subprocess, "run", run)
    with pytest.raises(StoryError, match="another run"):
        systems.main(["train", "char-ldm", "--root", str(tmp_path)])
    systems.main(["train", "stage1-no-reg", "--root", str(tmp_path)])  # this one has its own
    (tmp_path / "system-runs" / "char-ldm").mkdir(parents=True)
    systems.main(["train", "char-ldm", "--root", str(tmp_path)])  # this one continues


def test_drawn_stories_are_copied_for_people_to_look_at(tmp_path):
    folder = tmp_path / "systems" / "story-ldm"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "StoryLdmPipeline"}')
    system = System(weights_hash(folder), "referential", "story-ldm")
    artist = StoryArtist(FlatRenderer(), system, tmp_path / "systems" / "pictures")
    tales = list(first_stories(2))
    for tale in tales:
        artist.draw(tale)
    words = ["tell", "story-ldm", "--root", str(tmp_path)]
    systems.main([*words, "--stories", "2", "--out", str(tmp_path / "told")])
    told = read_told(tmp_path / "told")
    assert list(told) == [tale.id for tale in tales]
    for tale in tales:
        assert told[tale.id].captions == tuple(frame.referential for frame in tale.frames)
        assert all(file.is_file() for file in told[tale.id].pictures)
        assert [name for name, _ in told[tale.id].portraits] == [who.name for who in artist_cast(tale)]
    with pytest.raises(StoryError, match="2 of 3 such stories of story-ldm are drawn"):
        systems.main([*words, "--stories", "3", "--out", str(tmp_path / "told")])
    with pytest.raises(StoryError, match="Give a folder with --out"):
        systems.main([*words, "--stories", "2"])


def test_a_parts_folder_of_its_own_links_what_is_shared(tmp_path):
    for part in ("unet", "language_model", "aligned", "char_ldm/unet"):
        (tmp_path / "parts" / part).mkdir(parents=True)
    folder = link_parts(SYSTEMS["storygpt-v-llama"], tmp_path)
    assert {p.name for p in folder.iterdir()} == {"unet", "char_ldm"}
    assert all(p.is_symlink() for p in folder.iterdir())
    assert link_parts(SYSTEMS["storygpt-v-llama"], tmp_path) == folder  # again, with nothing new
    assert link_parts(SYSTEMS["char-ldm"], tmp_path) == tmp_path / "parts"
    with pytest.raises(StoryError, match="base parts"):
        link_parts(SYSTEMS["char-ldm"], tmp_path / "nothing")


def test_a_system_that_continues_stories_is_given_their_first_frame_and_draws_four(tmp_path):
    renderer, spec = FlatRenderer(), SYSTEMS["story-dalle"]
    artist = StoryArtist(renderer, System("w", "referential", "story-dalle", given=spec.given), tmp_path)
    (tale,) = first_stories(1, given=spec.given)
    frames = artist.draw(tale)
    assert [frame.number for frame in frames] == [1, 2, 3, 4] and len(tale.frames) == 5
    assert [frame.caption for frame in frames] == [frame.referential for frame in tale.frames[1:]]
    for number, request in enumerate(renderer.requests, start=1):
        assert [f.caption for f in request.history] == [f.referential for f in tale.frames[:number]]
        source = request.history[0].picture
        assert np.array_equal(np.asarray(source), draw(tale.frames[0].scene, 256))
    assert frames[0].truth == tale.frames[1]
    artist.check(frames)
    assert kept_stories(StoryArtist(KeptOnly(), artist.system, tmp_path), [tale]) == [frames]
