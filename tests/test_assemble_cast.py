"""What `training.assemble` writes beside the weights: the cast in the page's format, and the settings for drawing."""

import pytest
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler

from storyboard.errors import StoryError
from storyboard.ui.hints import load_hints
from tests.parts_folder import write_parts
from training import assemble
from training.assemble import AssembleArguments, load_pipeline, write_cast


@pytest.mark.parametrize("anybody", [False, True])
def test_the_folder_says_whether_its_parts_draw_anybody(tmp_path, anybody):
    """The page read "anybody" in cast.json, but nothing wrote it."""
    write_cast(tmp_path, anybody)
    hints = load_hints(tmp_path)
    assert (hints.anybody, hints.peopled) == (anybody, not anybody)
    assert ("sits" in hints.actions) is anybody and "waves" in hints.actions


def test_portraits_of_other_casts_are_not_anybody():
    with pytest.raises(StoryError, match="leave it out with --portraits"):
        AssembleArguments(portraits="chars", anybody=True)


def test_a_pipeline_draws_as_its_parts_and_its_arguments_say(tmp_path, monkeypatch):
    """The scheduler of parts with Stable Diffusion's PNDM became DPM-Solver when they were put together."""
    monkeypatch.setattr(assemble, "colours_of", lambda vae: None)
    write_parts(tmp_path)
    parts = {"parts": str(tmp_path), "stage": 1}
    assert type(load_pipeline(AssembleArguments(**parts)).scheduler) is DPMSolverMultistepScheduler
    PNDMScheduler(beta_schedule="scaled_linear", skip_prk_steps=True).save_pretrained(tmp_path / "scheduler")
    kept = load_pipeline(AssembleArguments(**parts))
    assert type(kept.scheduler) is PNDMScheduler
    assert (kept.config.first_frame, kept.config.start_merge_step, kept.config.cast_prefix) == (
        "char-ldm",
        -1,
        True,
    )
    given = {
        "first_frame": "llm", "start_merge_step": 4, "cast_prefix": False, "portrait_filter": "bilinear",
    }  # fmt: skip
    chosen = load_pipeline(AssembleArguments(**parts, **given, scheduler="ddim"))
    assert type(chosen.scheduler) is DDIMScheduler
    assert chosen.scheduler.config.beta_schedule == "scaled_linear"
    assert {name: chosen.config[name] for name in given} == given
    EulerDiscreteScheduler().save_pretrained(tmp_path / "scheduler")
    with pytest.raises(StoryError, match="is EulerDiscreteScheduler; save it as one of DPMSolver"):
        load_pipeline(AssembleArguments(**parts))


def test_a_named_reader_has_no_say_in_how_the_folder_draws():
    with pytest.raises(StoryError, match="a reader alone"):
        AssembleArguments(named="smollm2-135m-instruct", start_merge_step=3)
