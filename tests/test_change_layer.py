"""A mapper that was trained on one layer of a language model continues at another layer."""

import pytest
import torch

from storyboard.errors import StoryError
from storyboard.models.mappers import ConditionMapper
from tests import tiny
from training.align_llm import change_layer
from training.configs import parts as configs


def test_what_is_a_linear_function_of_the_old_layer_is_taken_in_as_it_was():
    mapper = tiny.condition_mapper(reads_story=True, people=4)
    width = mapper.config.input_width
    torch.manual_seed(0)
    before, turn = torch.randn(60 * width, width), torch.linalg.qr(torch.randn(width, width))[0]
    after = (
        before @ turn * torch.linspace(0.1, 300, width) + 5
    )  # the numbers of different layers have very different sizes
    moved, explained = change_layer.moved(mapper, before, after, 2)
    assert explained > 0.999 and moved.config.story_layer == 2 and mapper.config.story_layer is None
    assert torch.allclose(moved.story_fc(after), mapper.story_fc(before), atol=0.02)
    others = mapper.state_dict().keys() - {"story_fc.weight", "story_fc.bias"}
    assert all(torch.equal(mapper.state_dict()[name], moved.state_dict()[name]) for name in others)


def test_noise_explains_nothing():
    mapper = tiny.condition_mapper(reads_story=True)
    before, after = torch.randn(2, 400, mapper.config.input_width).unbind()
    assert change_layer.moved(mapper, before, after, 1)[1] < 0.2


def test_the_command_writes_the_mapper_where_it_was(tmp_path, monkeypatch, capsys):
    reader = tiny.reader(tiny.llama, positions=4096)
    mapper = tiny.condition_mapper(reads_story=True, people=4)
    configs.save_part(tmp_path, "aligned/condition_mapper", mapper)
    monkeypatch.setattr(change_layer, "load_reader", lambda *_, **__: reader)
    config = tmp_path / "config.json"
    config.write_text('{"condition_mapper": {"story_layer": 1}}')
    asked = ["--parts", str(tmp_path), "--config", str(config), "--stories", "2"]
    change_layer.main(asked)
    assert "It reads layer 1 now" in capsys.readouterr().out
    written = ConditionMapper.from_pretrained(tmp_path / "aligned" / "condition_mapper")
    assert written.config.story_layer == 1 and written.config.people == 4
    with pytest.raises(StoryError, match="layer 1 already"):
        change_layer.main(asked)
