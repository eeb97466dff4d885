"""How long frames take: medians of earlier frames, and no estimate before there is one."""

import pytest

from storyboard.studio.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def draw(pace: Pace, clock: Clock, lead: float, step: float, tail: float, steps: int = 4) -> None:
    """Draws one whole frame."""
    pace.started("job")
    clock.now += lead
    for number in range(1, steps + 1):
        clock.now += step if number > 1 else 0
        pace.stepped("job", number, steps)
    clock.now += tail
    pace.ended("job", whole=True)


def test_nothing_is_claimed_before_two_steps_were_seen(clock):
    pace = Pace(1, clock)
    assert (pace.frame(), pace.seconds_left([(0, 0), (0, 0)])) == (None, [None, None])
    pace.started("job")
    clock.now += 30
    pace.stepped("job", 1, 4)
    assert pace.seconds_left([(1, 4)]) == [None]
    clock.now += 2
    pace.stepped("job", 2, 4)
    assert pace.seconds_left([(2, 4), (0, 0)]) == [4.0, 4.0 + 8.0]


def test_loading_the_models_is_not_taken_for_the_speed_of_drawing(clock):
    pace = Pace(1, clock)
    draw(pace, clock, lead=60, step=1, tail=0.5)
    assert pace.frame() == 4.5
    draw(pace, clock, lead=2, step=1, tail=0.5)
    assert pace.frame() == 6.5


def test_a_frame_of_more_steps_takes_longer_by_those_steps(clock):
    pace = Pace(1, clock)
    draw(pace, clock, lead=60, step=1, tail=0.5)
    assert (pace.frame(), pace.frame(4), pace.frame(8)) == (4.5, 4.5, 8.5)


def test_one_slow_frame_does_not_spoil_the_estimate(clock):
    pace = Pace(1, clock)
    for lead, step in ((1, 1), (1, 1), (50, 40), (1, 1)):
        draw(pace, clock, lead, step, tail=1, steps=10)
    assert pace.frame() == 1 + 10 * 1 + 1


def test_who_waits_adds_what_is_before_it_and_workers_share_that(clock):
    for workers, expected in ((1, [3.5, 10.0, 16.5, 23.0]), (2, [3.5, 6.5, 11.5, 14.75])):
        pace = Pace(workers, clock)
        for _ in range(2):
            draw(pace, clock, lead=2, step=1, tail=0.5)
        assert pace.seconds_left([(1, 4), (0, 4), (0, 0), (0, 0)]) == expected


def test_steps_that_are_not_all_reported_are_counted(clock):
    pace = Pace(1, clock)
    pace.started("job")
    pace.stepped("job", 1, 11)
    clock.now += 10
    pace.stepped("job", 6, 11)
    assert pace.seconds_left([(6, 11)]) == [10.0]


def test_a_cancelled_frame_says_nothing_about_how_a_frame_ends(clock):
    pace = Pace(1, clock)
    draw(pace, clock, lead=1, step=1, tail=1)
    pace.started("job")
    clock.now += 100
    pace.ended("job", whole=False)
    assert pace.frame() == 5.0
