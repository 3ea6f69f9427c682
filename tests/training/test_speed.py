"""Measured speed: in a process of its own, one at a time, once for everybody."""

import threading
import time

import pytest

from cnnviz.specs.catalog import spec_of
from cnnviz.training.speed import Speed, Timing, measure_apart
from cnnviz.training.speedometer import Speedometer

LENET = spec_of("lenet")


def test_a_process_of_its_own_times_forward_and_backward_with_their_spread():
    wide = spec_of("lenet", channels=(24, 64))
    small, large = measure_apart([LENET, wide], 64, seconds=0.2)
    assert small.batch_size == 64 and small.threads >= 1
    for speed in (small, large):
        assert 0 < speed.forward.median < speed.step.median, "a training step is the forward pass and more"
        assert speed.forward.spread >= 0 and speed.forward.blocks >= 1
        assert speed.images_per_second == pytest.approx(64 / speed.step.median)
    assert large.step.median > small.step.median


def test_a_network_that_cannot_be_timed_ends_in_an_error_and_not_in_silence():
    with pytest.raises(RuntimeError):
        list(measure_apart([LENET], batch_size=-1, seconds=0.1))


class Counted:
    """A measurement that says how often and by how many at once it was asked."""

    def __init__(self, fail=False):
        self.calls, self.at_once, self.most, self.fail = 0, 0, 0, fail
        self.lock = threading.Lock()

    def __call__(self, specs, batch_size):
        with self.lock:
            self.calls += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.02)
        with self.lock:
            self.at_once -= 1
        if self.fail:
            raise RuntimeError("no memory")
        yield Speed(batch_size, 1, Timing(0.1, 0.01, 5), Timing(0.3, 0.02, 5))


def finished(desk, specs):
    end = time.monotonic() + 10
    while any(desk.waits(spec, 8) for spec in specs):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_thirty_who_ask_at_once_are_served_by_one_measurement_of_each():
    measure = Counted()
    desk = Speedometer(measure)
    specs = [spec_of("lenet", channels=(6 + n, 16)) for n in range(4)]
    asking = [threading.Thread(target=desk.ask, args=(specs, 8)) for _ in range(30)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    finished(desk, specs)
    assert (measure.calls, measure.most) == (4, 1)
    assert all(desk.answer(spec, 8) for spec in specs)


def test_a_failure_is_told_and_may_be_tried_again():
    measure = Counted(fail=True)
    desk = Speedometer(measure)
    desk.ask([LENET], 8)
    finished(desk, [LENET])
    assert desk.failed(LENET, 8) and desk.answer(LENET, 8) is None
    measure.fail = False
    desk.ask([LENET], 8)
    finished(desk, [LENET])
    assert desk.answer(LENET, 8) and not desk.failed(LENET, 8)


def test_a_full_line_refuses_more():
    desk = Speedometer(Counted())
    specs = [spec_of("lenet", channels=(1 + n, 16)) for n in range(60)]
    assert not desk.ask(specs, 8)
