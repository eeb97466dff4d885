"""A renderer without a model that draws one flat colour for each request. Tests of stories take milliseconds with it.

The colour follows from everything on which a picture may depend: sentence, seed, portraits and the frames read. So two
pictures are equal exactly if their requests are. If a request wants an explanation, there is a map of everybody who is
named, and a reading of every pronoun. Knows neither torch nor gradio.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from PIL import Image

from storyboard.renderer import FrameRequest, Preview, Rendered, Verdict, steps_for
from storyboard.story.values import Character, Portrait
from storyboard.text.captions import Reading, find_pronouns, mentioned_names
from storyboard.text.impersonal import is_impersonal, is_thing

_SUBJECTS = {
    word: words.split()[0]
    for words in ("he him his", "she her hers", "they them their theirs", "it its")
    for word in words.split()
}


class FlatRenderer:
    """Yields `steps` previews and a flat picture.

    failure: raised after the first preview.
    gate: if set, it waits there until the event is set or the drawing is cancelled.
    started: set by every render.
    """

    doing = notice = ""

    def __init__(self, steps: int = 3, size: int = 16) -> None:
        self.steps = steps
        self.size = size
        self.failure: BaseException | None = None
        self.gate: threading.Event | None = None
        self.started = threading.Event()
        self.requests: list[FrameRequest] = []
        self.verdicts: list[
            Verdict | None
        ] = []  # of the next pictures, in order; later pictures have no verdict

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        self.requests.append(in_memory(request))
        picture = Image.new("RGB", (self.size, self.size), self._colour(request))
        steps = steps_for(request.steps or self.steps, request.effort)
        for step in range(1, steps + 1):
            yield Preview(step, steps, picture if step == 1 else None)
            self.started.set()
            while self.gate is not None and not self.gate.wait(0.005) and not cancelled():
                pass
            if cancelled():
                return
            if self.failure is not None:
                raise self.failure
        text = request.resolved or request.caption
        names = {member.name: member.aliases for member in request.cast}
        mentioned = mentioned_names(text, names)
        yield Rendered(
            picture=picture,
            mentioned=mentioned,
            conditioning=request.conditioning or ("llm" if request.history else "char-ldm"),
            seed=request.seed,
            steps=steps,
            guidance=request.guidance or 7.5,
            seconds=0.01,
            attention=tuple((name, self._map(name)) for name in mentioned) if request.explain else (),
            readings=self._readings(text, request) if request.explain else (),
            verdict=self.verdicts.pop(0) if self.verdicts else None,
        )

    def _map(self, name: str) -> Image.Image:
        return Image.new("L", (self.size, self.size), len(name))

    @staticmethod
    def _readings(text: str, request: FrameRequest) -> tuple[Reading, ...]:
        """Returns a reading of every pronoun: the first cast member with this pronoun.

        An "it" that means nobody has none.
        """
        return tuple(
            Reading(pronoun.word, pronoun.start, pronoun.end, (member.name,), 0.75, "model")
            for pronoun in find_pronouns(text)
            if not (is_impersonal(text, pronoun) or is_thing(text, pronoun))
            for member in [one for one in request.cast if _SUBJECTS[pronoun.word] == one.pronoun][:1]
        )

    @staticmethod
    def _colour(request: FrameRequest) -> tuple[int, int, int]:
        digest = hashlib.sha256(f"{request.resolved or request.caption}/{request.seed}".encode())
        for picture in [member.portrait for member in request.cast] + [
            frame.picture for frame in request.history
        ]:
            digest.update(picture.convert("RGB").tobytes())
        red, green, blue = digest.digest()[:3]
        return red, green, blue


def in_memory(request: FrameRequest) -> FrameRequest:
    """Returns the request with its pictures in memory, because a store's folder may be gone when a test looks at it."""
    cast = tuple(replace(one, portrait=one.portrait.convert("RGB")) for one in request.cast)
    history = tuple(replace(one, picture=one.picture.convert("RGB")) for one in request.history)
    return replace(request, cast=cast, history=history)


def small_cast(pictures) -> tuple[Character, ...]:
    """Returns Rosa with two outfits, Milo, and Bolt ("the robot").

    Their portraits are in the picture store `pictures`.
    """

    def portrait(portrait_id: str, colour: str) -> Portrait:
        return Portrait(
            portrait_id, portrait_id.split("-")[1], pictures.put(Image.new("RGB", (8, 8), colour))
        )

    return (
        Character(
            "Rosa",
            "she",
            (),
            (portrait("rosa-raincoat", "yellow"), portrait("rosa-dress", "green")),
            "rosa-raincoat",
        ),
        Character("Milo", "he", (), (portrait("milo-jumper", "red"),), "milo-jumper"),
        Character("Bolt", "it", ("the robot",), (portrait("bolt-steel", "grey"),), "bolt-steel"),
    )
