"""Draws the stories of a split with a renderer, and keeps every picture under a key of what made it.

The key depends on the pipeline's weights and on the whole request, including the pictures of the history. It does not
depend on the drawing code. To notice a change of the code, one kept picture is drawn again (`StoryArtist.check`,
`KeptRenderer`). Contains no classifier.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from storyboard.disk.durable import part_of, settle
from storyboard.errors import StoryError
from storyboard.models.reader_folder import FOLDER as READER
from storyboard.pipeline.carried import without_code
from storyboard.renderer import (
    CastMember,
    ContextFrame,
    FrameRequest,
    Picture,
    Preview,
    Rendered,
    Renderer,
    Verdict,
    finished,
)
from storyboard.text.captions import Reading, mentioned_names
from training.maple_lane import CAST, MapleStory, Scene, StoryFrame, draw, draw_portrait

PORTRAIT = 256  # side in pixels, as for the portraits and pictures of training
MADE = "made"  # the PNG text chunk that says how a picture was made
READS_PICTURES = ("llm", "story-ldm", "ar-ldm", "story-dalle")  # other conditionings read only the sentence
SAME_CODE = 3.0  # the mean difference in grey levels that rounding on another machine may cause


@dataclass(frozen=True)
class Made:
    """How a picture was made, as the renderer reported it."""

    conditioning: str
    seed: int
    steps: int
    guidance: float
    seconds: float
    readings: tuple[Reading, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True)
class DrawnFrame:
    story: MapleStory
    number: int  # counted from 0
    caption: str
    path: Path
    made: Made

    @property
    def truth(self) -> StoryFrame:
        return self.story.frames[self.number]

    def open(self) -> Image.Image:
        return opened(self.path)


@dataclass(frozen=True)
class System:
    """What draws the stories: one pipeline, used in one way."""

    pipeline: str  # hash of the pipeline's weights
    captions: str  # "plain" or "referential"
    conditioning: str  # "char-ldm", "llm" or "text"; for a baseline: its CONDITIONING
    steps: int | None = None
    guidance: float | None = None
    given: int = 0  # this number of opening frames of a story are given, and not drawn


class StoryArtist:
    """Draws whole stories, except for their given frames.

    Finished pictures are read from `folder`, so an interrupted run resumes.
    """

    def __init__(self, renderer: Renderer, system: System, folder: Path):
        self.renderer, self.system, self.folder = renderer, system, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def draw(self, story: MapleStory, drawn: Callable[[], None] = lambda: None) -> list[DrawnFrame]:
        """Returns the drawn frames of a story in order, without the given frames.

        Each frame reads the pictures drawn before it. `drawn` is called after every frame.
        """
        return self.draw_together([story], drawn)[0]

    def draw_together(
        self, stories: Sequence[MapleStory], drawn: Callable[[], None] = lambda: None
    ) -> list[list[DrawnFrame]]:
        """Returns the frames of each story, as `draw` does. The stories have equal lengths and are drawn side by side.

        The first frames of all stories are drawn first, then the second frames, and so on.
        """
        told: list[list[DrawnFrame]] = [[] for _ in stories]
        for number in range(self.system.given, len(stories[0].frames)):
            requests = [
                self._request(story, number, frames) for story, frames in zip(stories, told, strict=True)
            ]
            keys = [request_key(self.system.pipeline, request) for request in requests]
            paths = [self.folder / f"{key}.png" for key in keys]
            missing = [place for place, path in enumerate(paths) if not path.exists()]
            for place, rendered in zip(missing, self._render([requests[i] for i in missing]), strict=True):
                _write(paths[place], rendered)
            for story, frames, path in zip(stories, told, paths, strict=True):
                frame = story.frames[number]
                frames.append(DrawnFrame(story, number, self._caption(frame), path, made_of(path)))
                drawn()
        return told

    def check(self, frames: list[DrawnFrame]) -> None:
        """Draws the last picture of a story again. StoryError if it is not the kept picture."""
        *earlier, last = frames
        (rendered,) = self._render([self._request(last.story, last.number, earlier)])
        _check_same(rendered, last.path)

    def _request(self, story: MapleStory, number: int, earlier: list[DrawnFrame]) -> FrameRequest:
        reads = self.system.conditioning in READS_PICTURES
        # The first frame has no history. The pipeline itself chooses what it is drawn from.
        conditioning = None if reads and number == 0 else self.system.conditioning
        return FrameRequest(
            caption=self._caption(story.frames[number]),
            cast=cast_of(story),
            history=(*self._given(story), *(ContextFrame(f.caption, f.open()) for f in earlier))
            if reads
            else (),
            seed=frame_seed(story.id, number),
            steps=self.system.steps,
            guidance=self.system.guidance,
            conditioning=conditioning,  # type: ignore[arg-type]  # a compared system has its own conditioning
        )

    def _given(self, story: MapleStory) -> Iterator[ContextFrame]:
        for frame in story.frames[: self.system.given]:
            yield ContextFrame(self._caption(frame), world_picture(frame.scene))

    def _caption(self, frame: StoryFrame) -> str:
        return frame.plain if self.system.captions == "plain" else frame.referential

    def _render(self, requests: Sequence[FrameRequest]) -> Iterator[Rendered]:
        """Draws the requests one by one. If there are several and the renderer can draw them together, it does so."""
        if len(requests) > 1 and hasattr(self.renderer, "generate_together"):
            yield from self.renderer.generate_together(requests)
            return
        for request in requests:
            yield finished(self.renderer, request)


class KeptRenderer:
    """A renderer that draws a request only once: finished pictures are read from `folder`.

    pipeline: the hash of its weights. The first picture that is read from the folder is drawn again; StoryError if it
    has changed.
    """

    doing = notice = ""  # nobody waits for this renderer, so it reports nothing

    def __init__(self, renderer: Renderer, pipeline: str, folder: Path):
        self.renderer, self.pipeline, self.folder = renderer, pipeline, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._checked = False

    def path_of(self, request: FrameRequest) -> Path:
        """Returns the path of a request's picture, whether it exists or not."""
        return self.folder / f"{request_key(self.pipeline, request)}.png"

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """Yields one Rendered, without previews. Yields nothing once cancelled."""
        path = self.path_of(request)
        if not path.exists() or not self._checked:
            *_, rendered = (None, *self.renderer.render(request, cancelled))
            if not isinstance(rendered, Rendered):
                return
            if path.exists():
                _check_same(rendered, path)
                self._checked = True
            else:
                _write(path, rendered)
        mentioned = mentioned_names(
            request.resolved or request.caption, {who.name: who.aliases for who in request.cast}
        )
        made = made_of(path)
        yield Rendered(opened(path), mentioned, **{one.name: getattr(made, one.name) for one in fields(made)})


def frame_seed(story_id: str, number: int) -> int:
    """Returns the seed of a frame: 31 bits of a hash of the story's id and the frame's number.

    It is the same for every system and every run.
    """
    return int.from_bytes(hashlib.sha256(f"{story_id}/{number}".encode()).digest()[:4], "big") >> 1


def cast_of(story: MapleStory) -> tuple[CastMember, ...]:
    """Returns the story's characters in the order of the cast. Their portraits show the outfits of this story."""
    return tuple(
        CastMember(who.name, who.pronoun, (), _portrait(who.name, story.outfits[who.name]))
        for who in CAST
        if who.name in story.outfits
    )


@lru_cache(maxsize=64)
def world_picture(scene: Scene) -> Image.Image:
    """Returns a scene as the world itself draws it."""
    return Image.fromarray(draw(scene, PORTRAIT))


@lru_cache(maxsize=64)
def _portrait(name: str, outfit: str) -> Image.Image:
    return Image.fromarray(draw_portrait(name, outfit, PORTRAIT))


def weights_hash(folder: str | Path) -> str:
    """Returns a hash of everything that decides what a pipeline draws.

    This is model_index.json, the files of the parts that it lists, and `reader/`. FileNotFoundError if the folder is no
    pipeline.
    """
    folder = Path(folder)
    index = folder / "model_index.json"
    if not index.is_file():
        raise FileNotFoundError(f"{folder} is no pipeline folder: it has no model_index.json")
    parts = [name for name in [*json.loads(index.read_text()), READER] if (folder / name).is_dir()]
    digest = hashlib.sha256()
    described = _without_code(index)
    digest.update(f"{index.name} {len(described)}\n".encode() + described)
    for path in (p for part in sorted(parts) for p in _files(folder / part)):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _without_code(index: Path) -> bytes:
    """The index without the folder's own code, because that code draws the same as this program."""
    text = index.read_bytes()
    described = json.loads(text)
    if isinstance(described.get("_class_name"), str):
        return text
    return (json.dumps(without_code(described), indent=2, sort_keys=True) + "\n").encode()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def request_key(pipeline: str, request: FrameRequest) -> str:
    """Returns a name for the picture that this pipeline draws for this request."""
    words = {
        "pipeline": pipeline,
        "caption": request.caption,
        "cast": [[m.name, m.pronoun, m.aliases, _pixels_hash(m.portrait)] for m in request.cast],
        "history": [[f.caption, _pixels_hash(f.picture)] for f in request.history],
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "conditioning": request.conditioning,
    }
    if request.resolved is not None:
        words["resolved"] = request.resolved
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]


def _pixels_hash(picture: Picture) -> str:
    seen = picture.convert("RGB")
    return hashlib.sha256(f"{seen.size}".encode() + seen.tobytes()).hexdigest()


def _check_same(rendered: Rendered, path: Path) -> None:
    """StoryError if a kept picture differs from the picture that is drawn now."""
    new, kept = (np.asarray(p, np.float32) for p in (rendered.picture.convert("RGB"), opened(path)))
    if new.shape != kept.shape or np.abs(new - kept).mean() > SAME_CODE:
        raise StoryError(
            f"{path} was drawn by other code than there is now; remove {path.parent} or draw elsewhere."
        )


def _write(path: Path, rendered: Rendered) -> None:
    made = Made(**{one.name: getattr(rendered, one.name) for one in fields(Made)})
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text(MADE, json.dumps(asdict(made)))
    part = part_of(path)
    rendered.picture.convert("RGB").save(part, format="PNG", pnginfo=chunk)
    settle(part, path)


@lru_cache(maxsize=128)  # the pictures of a long story are read again for each of its frames
def opened(path: Path) -> Image.Image:
    """Returns the picture in a file as RGB."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def made_of(path: Path) -> Made:
    """Returns how a kept picture was made."""
    with Image.open(path) as picture:
        made = json.loads(picture.text[MADE])  # type: ignore[attr-defined]  # a PNG picture has `text`
    verdict = made.pop("verdict", None)
    readings = tuple(Reading(**_frozen(one)) for one in made.pop("readings", ()))
    return Made(**made, readings=readings, verdict=verdict and Verdict(**_frozen(verdict)))


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of JSON as a frozen dataclass keeps them: a list is a tuple."""
    return {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
