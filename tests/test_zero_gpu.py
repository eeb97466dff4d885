"""Drawing on a GPU that is lent to another process: what is sent to it, what it requests, and how it ends."""

import contextvars
import pickle
import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.context import LocalContext
from PIL import Image
from starlette.requests import Request

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.library import Library
from storyboard.renderer import CastMember, FrameRequest, Preview, Rendered
from storyboard.story.values import new_story
from storyboard.studio.jobs import DrawingQueue
from storyboard.studio.session import StorySession
from storyboard.ui import serve
from storyboard.ui.loading import LoadingRenderer
from storyboard.ui.zero_gpu import FIRST_SECONDS, LEAST_SECONDS, BorrowedGpuRenderer, borrow_gpu, draw_for
from tests.fakes import FlatRenderer, small_cast

REQUEST = FrameRequest(
    "Rosa waves.", (CastMember("Rosa", "she", (), Image.new("RGB", (8, 8), "red")),), (), seed=1
)


class Lending:
    """Works like `spaces.GPU` in this process: pickles everything in and out, and asks for `duration` each time."""

    def __init__(self, failure: Exception | None = None):
        self.failure = failure
        self.durations: list[int] = []
        self.closed = 0

    def __call__(self, task, duration):
        def lent(request):
            self.durations.append(duration(request))
            if self.failure is not None:
                raise self.failure
            events = task(pickle.loads(pickle.dumps(request)))
            try:
                for event in events:
                    yield pickle.loads(pickle.dumps(event))
            finally:
                events.close()
                self.closed += 1

        return lent


def test_requests_and_pictures_cross_over_whole():
    *previews, rendered = BorrowedGpuRenderer(FlatRenderer(), Lending()).render(REQUEST)
    *_, expected = FlatRenderer().render(REQUEST)
    assert len(previews) == 3 and all(isinstance(event, Preview) for event in previews)
    assert rendered.picture.tobytes() == expected.picture.tobytes()
    assert replace(rendered, picture=expected.picture) == expected


def test_the_time_asked_for_follows_the_slowest_frame():
    lending, seconds = Lending(), iter([0.5, 30.0, 2.0])

    class Timed(FlatRenderer):
        def render(self, request, cancelled=lambda: False):
            for event in super().render(request, cancelled):
                yield replace(event, seconds=next(seconds)) if isinstance(event, Rendered) else event

    renderer = BorrowedGpuRenderer(Timed(), lending)
    for _ in range(3):
        list(renderer.render(REQUEST))
    assert lending.durations == [FIRST_SECONDS, LEAST_SECONDS, 60]
    assert renderer.seconds(replace(REQUEST, effort=2.0)) == 120  # for twice the steps


def test_a_cancelled_frame_closes_the_stream_and_asks_for_no_gpu_before_it_began():
    lending, seen = Lending(), []
    renderer = BorrowedGpuRenderer(FlatRenderer(), lending)
    for event in renderer.render(REQUEST, cancelled=lambda: len(seen) == 2):
        seen.append(event)
    assert len(seen) == 2 and lending.closed == 1
    assert list(renderer.render(REQUEST, cancelled=lambda: True)) == []
    assert len(lending.durations) == 1


def test_the_writer_reads_the_same_sentence_as_without_the_other_process():
    plain = FlatRenderer()
    plain.failure = StoryError("Milo has no portrait; add one.")
    with pytest.raises(StoryError, match="^Milo has no portrait; add one.$"):
        list(BorrowedGpuRenderer(plain, Lending()).render(REQUEST))


def test_no_gpu_is_one_sentence_that_says_why():
    lending = Lending(gr.Error("You have exceeded your free ZeroGPU quota. Try again in 3:00:00. "))
    with pytest.raises(StoryError, match=r"quota\. Try again in 3:00:00\); draw it again in a while"):
        list(BorrowedGpuRenderer(FlatRenderer(), lending).render(REQUEST))


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (
            gr.Error("RuntimeError", title="ZeroGPU worker error"),
            "could not be drawn on the GPU (RuntimeError); draw",
        ),
        (gr.Error("GPU task aborted", title="ZeroGPU worker error"), "GPU (GPU task aborted); draw it again"),
        (
            gr.Error("Expired ZeroGPU proxy token", title="ZeroGPU client error"),
            "no GPU for this picture (Expired ZeroGPU proxy token); reload the page",
        ),
        (
            RuntimeError("ZeroGPU API /schedule error: 500"),
            "GPUs cannot be reached (RuntimeError); draw it again",
        ),
    ],
)
def test_what_else_goes_wrong_is_not_called_missing_quota(failure, sentence):
    """After a model failed on the GPU, the writer was told to sign in for a larger share."""
    with pytest.raises(StoryError) as told:
        list(BorrowedGpuRenderer(FlatRenderer(), Lending(failure)).render(REQUEST))
    assert sentence in str(told.value) and "larger share" not in str(told.value)


def asking(**headers):
    """Returns a request as the page's calls find it."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


def drawn_for(request, headers):
    """Returns the headers that the place of drawing finds after a page's headers were taken in."""

    def run():
        LocalContext.request.set(request)
        draw_for(headers)
        return LocalContext.request.get().headers

    return contextvars.copy_context().run(run)


def test_what_the_hub_says_of_a_visitor_is_found_by_whoever_draws():
    """The page's own calls did not carry this, so every drawing counted as one of an anonymous visitor."""
    found = drawn_for(asking(host="x.hf.space", x_ip_token="a.b.c"), {"X-IP-Token": "d.e.f", "Cookie": "no"})
    assert (found["x-ip-token"], found["host"], found.get("cookie")) == ("d.e.f", "x.hf.space", None)
    for nothing in (None, {}, [], "x", {"x-other": "1"}):
        assert drawn_for(asking(x_ip_token="a.b.c"), nothing)["x-ip-token"] == "a.b.c"


@pytest.mark.parametrize(
    "token", ["", "x", 7, ["a.b.c"], "a.b.c\r\nHost: y", "a.b.ü", "a." + "b" * 9000 + ".c"]
)
def test_a_forged_word_of_the_hub_is_refused_in_a_sentence(token):
    with pytest.raises(StoryError, match="reload the page"):
        drawn_for(asking(), {"x-ip-token": token})


def test_elsewhere_nothing_is_borrowed_or_loaded(monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert borrow_gpu(lambda: pytest.fail("loaded")) is None


def test_a_queued_frame_is_drawn_in_the_context_it_was_asked_for_in(tmp_path):
    visitor: contextvars.ContextVar[str] = contextvars.ContextVar("visitor", default="nobody")
    seen, done = [], threading.Event()

    class Watching(FlatRenderer):
        def render(self, request, cancelled=lambda: False):
            seen.append(visitor.get())
            done.set()
            yield from super().render(request, cancelled)

    pictures = PictureStore(tmp_path)
    session = StorySession(new_story(small_cast(pictures)), Watching(), pictures)
    frame = session.add("Rosa waves.")
    queue = DrawingQueue()
    try:
        visitor.set("somebody")
        queue.submit(session, frame.id)
        assert done.wait(10)
    finally:
        queue.close()
    assert seen == ["somebody"]


@pytest.fixture
def buildable(monkeypatch, tmp_path):
    """Returns what `serve.build` takes, and what it loaded. The pipeline's models are a FlatRenderer."""
    loaded = []
    monkeypatch.setattr(serve, "load_cast", lambda folder, pictures: small_cast(pictures))
    monkeypatch.setattr(
        serve, "load_pipeline", lambda folder, tell, engine: loaded.append(folder) or FlatRenderer()
    )
    library = Library(tmp_path / "library")
    yield tmp_path, library, loaded
    library.close()


def test_on_such_a_space_the_app_draws_with_the_gpu_it_borrows_and_has_its_models_before_the_page(
    buildable, monkeypatch
):
    folder, library, loaded = buildable
    lending = Lending()
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lending))
    studio = serve.build(folder, library)
    try:
        assert isinstance(studio.renderer, BorrowedGpuRenderer) and loaded == [folder]
        story = studio.create()
        frame, job = studio.add(story, "Rosa waves.")
        assert studio.wait(job).state == "done" and lending.durations == [FIRST_SECONDS]
    finally:
        studio.close()


def test_elsewhere_the_app_is_as_it_was_and_never_asks_for_the_package(buildable, monkeypatch):
    folder, library, _ = buildable
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    monkeypatch.setitem(sys.modules, "spaces", None)  # an import would be an error
    studio = serve.build(folder, library)
    studio.close()
    assert isinstance(studio.renderer, LoadingRenderer)
