"""The systems that are compared, each with one name: its row in the tables, its folders, and how it is made.

A system is a pipeline folder ROOT/systems/NAME, or a link to such a folder. A system that shares most of its parts with
the default parts folder gets its own folder ROOT/parts-NAME, in which the shared parts are links. Holds commands as
text and runs no commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from storyboard.errors import StoryError
from training.story_dalle.pipeline import StoryDallePipeline

Captions = Literal["plain", "referential"]
ROOT = "runs/maple-lane"


@dataclass(frozen=True)
class SystemSpec:
    """How a system is made and used.

    plain, referential: its conditioning for such captions; None: it does not draw them
    given: this number of opening frames of a story are given to the system, which continues the story
    makes: what its training puts into the parts folder
    apart: whether that goes into a folder of its own, with everything else shared
    training: commands with the fields {root}, {parts}, {run} and {folder}; several processes share each command but the
        last
    """

    name: str
    row: str
    plain: str | None
    referential: str | None
    makes: tuple[str, ...]
    apart: bool
    training: tuple[str, ...]
    given: int = 0

    def conditioning(self, captions: Captions) -> str | None:
        return self.plain if captions == "plain" else self.referential

    def folder(self, root: Path) -> Path:
        return root / "systems" / self.name

    def parts(self, root: Path) -> Path:
        return root / (f"parts-{self.name}" if self.apart else "parts")

    def run(self, root: Path) -> Path:
        return root / "system-runs" / self.name

    def commands(self, root: Path) -> list[str]:
        places = {
            "root": root,
            "parts": self.parts(root),
            "run": self.run(root),
            "folder": self.folder(root),
        }
        return [f"python -m {command.format(**places)}" for command in self.training]


def _stage_1(name: str, row: str, switches: str = "", conditioning: str = "char-ldm") -> SystemSpec:
    train = f"training.train_char_ldm --parts {{parts}} --latents {{root}}/latents --output_dir {{run}} {switches}"
    put = "training.assemble --stage 1 --parts {parts} --out {folder}"
    referential, apart = "text" if name == "ldm" else None, name != "char-ldm"
    return SystemSpec(name, row, conditioning, referential, ("char_ldm",), apart, (train.strip(), put))


def _stage_2(name: str, row: str, switches: str = "", llama: bool = False) -> SystemSpec:
    conditions = "--conditions {root}/conditions"
    mapper = "{parts}/visual_mapper" if llama else "{root}/parts/visual_mapper"
    kind = " --config maple-lane-llama" if llama else ""
    language = (
        f"training.pretrain language-model{kind} --parts {{parts}} --output_dir {{run}}-language-model",
        f"training.pretrain visual-mapper{kind} --parts {{parts}} {conditions} --output_dir {{run}}-visual-mapper",
    )
    commands = (
        "training.cache_conditions --parts {root}/parts --out {root}/conditions",
        *(language if llama else ()),
        f"training.align_llm{kind} --parts {{parts}} {conditions} --latents {{root}}/latents "
        f"--visual_mapper {mapper} --output_dir {{run}} {switches}".strip(),
        "training.assemble --parts {parts} --out {folder}"
        + (" --interleaved false" if "--interleaved false" in switches else ""),
    )
    makes = ("language_model", "visual_mapper", "aligned") if llama else ("aligned",)
    return SystemSpec(name, row, None, "llm", makes, name != "storygpt-v-opt", commands)


# The parts of the compared systems in the parts folder. Only the system that makes such a part reads it.
APART = ("story_ldm", "ar_ldm", "story_dalle")
TEXT_ONLY = "--text_only 0.9"  # the other tenth is unconditional, so there is never a portrait
REGULARIZED = "--reg_weight 0.1"  # with the paper's 1e-3, a run as short as ours moves no attention map
PIXELS = "--image_weight 0.1"
_STORY_LDM = "training.story_ldm --parts {parts} --latents {root}/latents --output_dir {run} --out {folder}"
_AR_LDM = "training.ar_ldm --parts {parts} --latents {root}/latents --output_dir {run} --out {folder}"
_STORY_DALLE = (
    "training.story_dalle vq --parts {parts} --output_dir {run}-vq",
    "training.story_dalle transformer --parts {parts} --output_dir {run} --out {folder}",
)

BUNDLED = "bundled"  # the included pipeline: the weights of the open world, with SmolLM2 as the reader
_BUNDLED = (
    "training.assemble --anybody true --parts {parts} --out {folder}",
    "training.assemble --named smollm2-135m-instruct --parts {parts} --out {folder}",
)

SYSTEMS = {
    spec.name: spec
    for spec in (
        _stage_1("ldm", "LDM", f"{TEXT_ONLY} --reg_weight 0 --vision_layers 0", "text"),
        SystemSpec(
            "story-dalle",
            "StoryDALL-E †",
            "story-dalle",
            "story-dalle",
            ("story_dalle",),
            False,
            _STORY_DALLE,
            given=StoryDallePipeline.GIVEN,
        ),
        SystemSpec("story-ldm", "Story-LDM", "story-ldm", "story-ldm", ("story_ldm",), False, (_STORY_LDM,)),
        SystemSpec("ar-ldm", "AR-LDM", "ar-ldm", "ar-ldm", ("ar_ldm",), False, (_AR_LDM,)),
        _stage_1("char-ldm", "Char-LDM", REGULARIZED),
        _stage_2("storygpt-v-opt", "StoryGPT-V (OPT)", PIXELS),
        _stage_2("storygpt-v-llama", "StoryGPT-V (Llama)", PIXELS, llama=True),
        SystemSpec(BUNDLED, "bundled (SmolLM2)", "char-ldm", "llm", (), False, _BUNDLED),
        _stage_1("stage1-no-reg", "w/o L_reg", "--reg_weight 0"),
        _stage_1("stage1-text", "w/o augmented text", f"{REGULARIZED} {TEXT_ONLY}", "text"),
        _stage_1("stage1-frozen-vision", "freeze vis", f"{REGULARIZED} --vision_layers 0"),
        _stage_1("stage1-default", "Our stage1 (default)", REGULARIZED),
        _stage_2("stage2-caption-text", "Caption-Emb_text", "--interleaved false --target text"),
        _stage_2("stage2-caption-fused", "Caption-Emb_fuse", "--interleaved false"),
        _stage_2("stage2-interleave-text", "Interleave-Emb_text", "--target text"),
        _stage_2("stage2-interleave-fused", "Interleave-Emb_fuse w/o L_img"),
        _stage_2("stage2-default", "Interleave-Emb_fuse w L_img (default)", PIXELS),
    )
}


def link_parts(spec: SystemSpec, root: Path) -> Path:
    """Returns the parts folder of the system. Everything that the system does not make is a link to the default folder.

    StoryError if there is no default parts folder.
    """
    shared, own = root / "parts", spec.parts(root)
    if not shared.is_dir():
        raise StoryError(f"There is no parts folder {shared}; train the base parts first.")
    own.mkdir(parents=True, exist_ok=True)
    if own == shared:
        return own
    for part in shared.iterdir():
        place = own / part.name
        if part.name not in (*spec.makes, *APART) and not place.is_symlink() and not place.exists():
            place.symlink_to(part.resolve(), target_is_directory=part.is_dir())
    return own
