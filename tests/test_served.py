"""Drawing by replicas in a Ray cluster of two nodes on this machine. All tests share it and run in this order.

The losses are real: a replica's process is killed in the middle of a frame, and at the end the whole cluster.
"""

import importlib.util
import os
import signal
import threading
import time
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image

from storyboard.errors import StoryError
from storyboard.library import Library
from storyboard.pipeline.engine import open_fastest
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Preview, Rendered
from storyboard.served import Cluster, LocalRay, PipelineFolder, ServedRenderer
from storyboard.served.local import end_node, start_node
from storyboard.studio.model_name import model_name
from storyboard.studio.studio import Studio
from tests import tiny
from tests.fakes import small_cast
from tests.watched import Watched, entries

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed: pip install -r requirements-serve.txt",
)

ROSA = CastMember("Rosa", "she", (), Image.new("RGB", (20, 20), "red"))
MILO = CastMember("Milo", "he", (), Image.new("RGB", (20, 20), "blue"))
FIRST = FrameRequest("Rosa waves to Milo.", (ROSA, MILO), (), seed=1)
LATER = replace(
    FIRST, caption="She sings.", history=(ContextFrame(FIRST.caption, Image.new("RGB", (32, 32), "green")),)
)
STEPS = 40  # enough for a loss in between
PATIENCE = 300  # seconds; the machine may be busy with other work


def until(so, what):
    deadline = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline") / "tiny"
    tiny.pipeline().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def here(folder):
    """Opens the same pipeline in this process."""
    return open_fastest(folder, "torch")


@pytest.fixture(scope="module")
def served(folder, tmp_path_factory):
    """Runs two replicas on two nodes with a core each: .renderer, .diary of what they draw, .local: the first node."""
    diary = tmp_path_factory.mktemp("diary") / "diary"
    diary.touch()
    opens = Watched(PipelineFolder.of(folder, model_name(folder), "torch"), diary)
    local = LocalRay(cores=1)
    cluster = Cluster(local.address, "storyboard-test", opens, 2)
    renderer = ServedRenderer(cluster, local)
    second = None
    try:
        until(lambda: cluster.door, "the first node")
        second = start_node([], 1, {"address": local.node})
        until(lambda: cluster.drawing == 2, "both replicas")
        yield SimpleNamespace(renderer=renderer, diary=diary, local=local)
    finally:
        renderer.close()
        if second:
            end_node(second)


def same(event, expected):
    """Returns whether two finished drawings are equal bit for bit, except for their times."""
    plain = [replace(one, picture=one.picture.tobytes(), seconds=0.0) for one in (event, expected)]
    return plain[0] == plain[1]


@pytest.mark.parametrize("request_", [FIRST, LATER], ids=["first", "later"])
def test_pictures_are_those_of_this_process_bit_for_bit(served, here, request_):
    *previews, rendered = served.renderer.render(request_)
    *_, expected = here.render(request_)
    assert same(rendered, expected)
    steps = [one.step for one in previews]
    assert steps[0] == 1 and steps == sorted(set(steps)) and {one.steps for one in previews} == {4}
    assert any(one.picture and one.picture.size == expected.picture.size for one in previews)


def test_previews_that_come_faster_than_anybody_sees_them_are_not_sent():
    """Each of a frame's 15 previews was copied by four processes, on the cores that were to draw."""
    from storyboard.served.replica import PAUSE_SECONDS, Paced  # imports Ray

    paced, preview = Paced(), Preview(1, 4, None)
    sent = [at for at in (0.0, 0.1, 0.9, 1.0, 1.1, 3.0, 3.1) if paced.lets(preview, at * PAUSE_SECONDS)]
    assert sent == [0.0, 1.0, 3.0]
    assert paced.lets(Rendered(FIRST.cast[0].portrait, (), "text", 1, 4, 3.0, 1.0), 3.2 * PAUSE_SECONDS)


def test_a_refusal_is_the_same_sentence(served, here):
    wrong = replace(FIRST, guidance=1000.0)
    with pytest.raises(StoryError) as expected:
        list(here.render(wrong))
    with pytest.raises(StoryError) as refused:
        list(served.renderer.render(wrong))
    assert str(refused.value) == str(expected.value)


def test_a_cancelled_drawing_ends_in_the_replica_too_and_the_next_is_drawn(served, here):
    seen, long = [], replace(FIRST, seed=2, steps=STEPS)
    for event in served.renderer.render(long, lambda: len(seen) == 1):
        seen.append(event)
    assert len(seen) == 1
    until(lambda: entries(served.diary, 2, "stopped"), "the replica's end")
    assert len(entries(served.diary, 2, "step")) < STEPS
    *_, rendered = served.renderer.render(FIRST)
    *_, expected = here.render(FIRST)
    assert same(rendered, expected)


def test_the_frames_of_a_story_come_to_the_replica_that_has_read_it(served):
    for seed in range(10, 20):
        list(served.renderer.render(replace(LATER, seed=seed)))
        if seed == 11:
            time.sleep(1)  # the router must hear of it
    assert len({process for seed in range(12, 20) for process in entries(served.diary, seed, "drawn")}) == 1


def test_a_replica_killed_in_mid_frame_loses_nothing_of_two_stories_drawn_at_once(served, here, tmp_path):
    library = Library(tmp_path / "library")
    cast = small_cast(library.pictures)
    with (
        closing(library),
        closing(
            Studio(served.renderer, cast, library.pictures, library=library, steps=STEPS, workers=2)
        ) as studio,
    ):
        stories = [studio.create(), studio.create()]
        studio.add_many(stories[0], ("Rosa sings.", "She waves."), draw=True)
        studio.add_many(stories[1], ("Milo runs.", "He waves."), draw=True)
        until(lambda: all(studio.open_jobs(story)[0].step for story in stories), "both are being drawn")
        lost, seed, word = served.diary.read_text().splitlines()[-1].split()
        os.kill(int(lost), signal.SIGKILL)
        assert word == "step"
        for story in stories:
            for job in studio.queue.jobs_of(story):
                over = studio.wait(job)
                assert over.state == "done", over.error
            session = studio.session(story)
            for frame in session.story.frames:
                *_, expected = here.render(session.request(frame.id, frame.take.seed))
                assert studio.pictures.open(frame.take.picture).tobytes() == expected.picture.tobytes()
    assert int(lost) not in entries(served.diary, int(seed), "drawn")


def test_a_cluster_that_ended_is_said_and_drawing_goes_on_when_it_is_back(served, here):
    drawn, long = [], replace(FIRST, seed=3, steps=STEPS)
    drawing = threading.Thread(target=lambda: drawn.extend(served.renderer.render(long)))
    drawing.start()
    until(lambda: entries(served.diary, 3, "step"), "the first step")
    served.local.close()
    until(lambda: "does not answer" in served.renderer.notice, "the sentence")
    assert served.renderer.notice.endswith("frames wait, and are drawn once it is back.")
    assert list(served.renderer.render(FIRST, lambda: True)) == []
    drawing.join(PATIENCE)
    *_, expected = here.render(long)
    assert same(drawn[-1], expected)


@pytest.mark.parametrize(
    ("nodes", "replicas", "share"),
    [
        ([{"CPU": 8, "GPU": 2}, {"CPU": 8, "GPU": 1}], 3, {"num_cpus": 1, "num_gpus": 1}),
        ([{"CPU": 8, "GPU": 2}, {"CPU": 8, "GPU": 1}], 4, {"num_cpus": 1, "num_gpus": 0.5}),
        ([{"CPU": 8}, {"CPU": 4}, {"memory": 1}], 3, {"num_cpus": 2}),
        ([{"CPU": 2}], 4, {"num_cpus": 1}),
    ],
)
def test_replicas_share_gpus_else_cores_so_that_all_fit(nodes, replicas, share):
    from storyboard.served.door import shares

    assert shares(nodes, replicas) == share


def test_a_cluster_without_a_core_and_a_replica_that_cannot_open_its_pipeline_say_the_remedy():
    from storyboard.served.door import sentence_in, shares

    with pytest.raises(StoryError, match="has a core to spare; add one with: ray start --address"):
        shares([{"memory": 1}], 1)
    told = "The deployment failed to start.\n  File opens.py\nstoryboard.errors.StoryError: Gone; copy it.\n"
    assert sentence_in(told) == "Gone; copy it." and sentence_in("RuntimeError: no") == ""
